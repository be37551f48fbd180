(() => {
  "use strict";
  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find("data").textContent);
  // The cells of a row, as the page has them.
  const [GROUP, PLACE, NAME, KIND, BYTES, SIZE, CHANGED, AGE, SAID, ID, PROJECT] = Array(11).keys();
  const PAGE = 100;
  const PRINTED = 2000;
  const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  const table = find("table");
  const body = table.tBodies[0];
  const path = (row) => (row[PLACE] === null ? "" : data.places[row[PLACE]] + "/") + (row[NAME] ?? "");
  const words = data.rows.map((row) => `${path(row)}\n${row[SAID]}\n${row[ID]}`.toLowerCase());
  const number = new Intl.NumberFormat("en");
  const all = data.rows.map((_, at) => at);
  let shown = all;
  let page = 0;
  let sort = { key: null, up: true };
  // The one folder that is shown: what it is called, and which places are in it.
  let within = null;

  const orders = {
    group: (row) => row[GROUP],
    path: (row) => path(row),
    bytes: (row) => row[BYTES] ?? -1,
    changed: (row) => row[CHANGED] ?? Number.MAX_SAFE_INTEGER,
  };

  // On a narrow screen a row is laid out as a card: the roles keep it a row of a table.
  const ROLES = { tr: "row", th: "rowheader", td: "cell" };
  const element = (name, text, kind) => {
    const made = document.createElement(name);
    if (ROLES[name]) made.setAttribute("role", ROLES[name]);
    // Every text comes in here, and never as markup.
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };

  const line = (at) => {
    const row = data.rows[at];
    const tr = element("tr");
    tr.append(element("td", data.groups[row[GROUP]], "what"));
    const asset = element("th");
    asset.scope = "row";
    if (row[PLACE] !== null) {
      const place = element("bdi", data.places[row[PLACE]] + "/", "folder-of");
      asset.append(place);
    }
    const label = element("bdi", row[NAME] ?? row[ID]);
    const project = row[PROJECT] === null ? undefined : data.projects[row[PROJECT]];
    if (project && UUID.test(project) && UUID.test(row[ID])) {
      const link = element("a");
      link.href = `https://next.frame.io/project/${project}/view/${row[ID]}`;
      link.rel = "noopener noreferrer";
      link.target = "_blank";
      link.append(label);
      asset.append(link);
    } else {
      asset.append(label);
    }
    if (row[KIND]) asset.append(` (${row[KIND]})`);
    if (row[NAME] !== null) asset.append(element("span", row[ID], "id"));
    tr.append(asset);
    tr.append(element("td", row[SIZE] ?? "", "number"));
    tr.append(element("td", row[AGE] ?? "", "when"));
    const why = element("td", undefined, "why");
    why.append(element("bdi", row[SAID]));
    tr.append(why);
    return tr;
  };

  const draw = (from, most) => {
    body.replaceChildren(...shown.slice(from, from + most).map(line));
  };

  const show = () => {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    page = Math.min(page, pages - 1);
    draw(page * PAGE, PAGE);
    find("page").textContent = `Page ${number.format(page + 1)} of ${number.format(pages)}`;
    find("previous").disabled = page === 0;
    find("next").disabled = page === pages - 1;
    const of = `${number.format(shown.length)} of ${number.format(all.length)} assets`;
    const folder = within ? `, ${within.words}${within.label}` : "";
    find("status").textContent = (shown.length === 0 ? "No asset matches" : of) + folder;
  };

  const choose = () => {
    const asked = find("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const group = find("group").value;
    const fits = (at) =>
      (group === "" || data.rows[at][GROUP] === Number(group)) &&
      (within === null || within.has(data.rows[at][PLACE])) &&
      asked.every((word) => words[at].includes(word));
    const isAll = asked.length === 0 && group === "" && within === null;
    shown = isAll ? all.slice() : all.filter(fits);
    if (sort.key) {
      const keys = new Map(shown.map((at) => [at, orders[sort.key](data.rows[at])]));
      const sign = sort.up ? 1 : -1;
      shown.sort((one, other) => {
        const [a, b] = [keys.get(one), keys.get(other)];
        return a < b ? -sign : a > b ? sign : one - other;
      });
    }
    page = 0;
    show();
  };

  // A folder is chosen by what lies in it: the words of its path may fit others as well.
  const enter = (folder) => {
    within = folder;
    const chip = find("within");
    chip.hidden = folder === null;
    if (folder) {
      find("within-how").textContent = folder.words;
      find("within-folder").textContent = folder.label;
      chip.setAttribute("aria-label", `Only what lies ${folder.words}${folder.label}: show all again`);
    }
    choose();
  };
  const inside = (at, label) => {
    const places = data.folders[at];
    if (places === null) return { label, words: "", has: (place) => place === null };
    const all = new Set(places);
    return { label, words: "right in ", has: (place) => all.has(place) };
  };

  let waiting;
  find("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(choose, 120);
  });
  find("group").addEventListener("change", choose);
  const turn = (by) => {
    page += by;
    show();
    table.parentElement.scrollTop = 0;
  };
  find("previous").addEventListener("click", () => turn(-1));
  find("next").addEventListener("click", () => turn(1));
  for (const head of table.tHead.rows[0].cells) {
    const key = head.dataset.key;
    if (!key) continue;
    head.firstElementChild.addEventListener("click", () => {
      // The largest is looked for first.
      const first = key !== "bytes";
      sort = { key, up: sort.key === key ? !sort.up : first };
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", sort.up ? "ascending" : "descending");
      choose();
    });
  }
  for (const place of document.querySelectorAll(".place")) {
    place.addEventListener("click", () => {
      find("search").value = "";
      find("group").value = "";
      enter(inside(Number(place.dataset.folder), place.textContent));
      find("assets").scrollIntoView();
      find("within").focus();
    });
  }
  find("within").addEventListener("click", () => {
    enter(null);
    find("search").focus();
  });
  addEventListener("beforeprint", () => {
    draw(0, PRINTED);
    if (shown.length <= PRINTED) return;
    const [first, total] = [number.format(PRINTED), number.format(shown.length)];
    find("status").textContent = `The first ${first} of ${total} assets; search for less to print all of it`;
  });
  addEventListener("afterprint", show);
  choose();
})();
