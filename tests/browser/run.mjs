// Opens pages of `retire` in Chromium, and looks at them as people and programs do.
//
// Usage: node run.mjs FOLDER [PICTURES]
//
// FOLDER has the pages: hostile.html of names that want to be more than names, folders.html of
// folders of similar names, and large.html of many assets. Ends with 1 and words on standard error where something is wrong.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import binary from "@sparticuz/chromium";
import { chromium } from "playwright-core";

const [folder, pictures] = process.argv.slice(2).map((path) => resolve(path));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Opens a page, and hears of all that it must not do. */
async function open(name, options = {}) {
  // What is a page of its own has a browser of its own: this one does not outlive a closed page.
  const browser = await chromium.launch({
    executablePath: await binary.executablePath(),
    args: ["--no-sandbox", "--disable-gpu"],
    headless: true,
  });
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  const own = pathToFileURL(join(folder, name)).href;
  page.on("console", (message) => wrong.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url() !== own) wrong.push(`request: ${request.url()}`);
  });
  await page.goto(own);
  await page.waitForFunction(() => document.getElementById("status").textContent !== "");
  return { page, wrong, close: () => browser.close() };
}

/** What a program that reads pages for people finds wrong. */
async function barriers(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run());
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
}

/** How many assets have a row at most: MOST_ROWS of src/render/model. */
const ROWS = 100_000;

const rows = (page) => page.locator("#table tbody tr");
const status = (page) => page.locator("#status").textContent();

async function hostile() {
  for (const colorScheme of ["light", "dark"]) {
    const { page, wrong, close } = await open("hostile.html", { colorScheme });
    assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
    const names = JSON.parse(readFileSync(join(folder, "names.json"), "utf8"));
    const shown = await page.locator("#table tbody th").allTextContents();
    for (const name of names) {
      assert.ok(shown.some((text) => text.includes(name)), `${name} in ${shown.join("\n")}`);
    }
    const made = await page.evaluate(() =>
      ["img", "iframe", "object", "b", "form", "base", "link"].filter((name) =>
        document.querySelector(name),
      ),
    );
    assert.deepEqual(made, [], "no element is made of a name");
    assert.equal(await page.locator("script").count(), 2);
    const links = await page.evaluate(() => [...document.links].map((link) => link.href));
    assert.ok(links.length > 1);
    for (const link of links) {
      assert.match(link, /^(https:\/\/(next|app)\.frame\.io\/|file:.*#assets$)/);
    }
    // The policy holds: what is added afterwards does not run.
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.hacked = true";
      document.body.append(script);
    });
    assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
    const refused = wrong.filter((words) => words.includes("Content Security Policy"));
    assert.equal(refused.length, 1, wrong.join("\n"));
    assert.deepEqual(wrong.filter((words) => !refused.includes(words)), []);
    assert.ok(await page.locator("th[data-key=changed]").isVisible());
    assert.deepEqual(await barriers(page), [], colorScheme);
    if (pictures) {
      await page.screenshot({ path: join(pictures, `hostile-${colorScheme}.png`), fullPage: true });
    }
    await close();
  }
}

async function keyboard() {
  const { page, wrong, close } = await open("hostile.html");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "search");
  await page.keyboard.type("no such asset");
  await page.waitForFunction(() => document.getElementById("status").textContent.startsWith("No "));
  assert.equal(await rows(page).count(), 0);
  const size = page.locator("th[data-key=bytes]");
  await page.locator("#search").fill("");
  await page.waitForFunction(() => document.querySelector("#table tbody tr"));
  await size.locator("button").focus();
  await page.keyboard.press("Enter");
  assert.equal(await size.getAttribute("aria-sort"), "descending");
  await page.keyboard.press("Space");
  assert.equal(await size.getAttribute("aria-sort"), "ascending");
  assert.deepEqual(wrong, []);
  await page.emulateMedia({ media: "print" });
  assert.ok(!(await page.locator(".controls").isVisible()));
  await close();
}

/** A folder shows what lies right in it, which a chip says and takes back. */
async function folders() {
  const { page, wrong, close } = await open("folders.html");
  const all = await status(page);
  const names = async () => (await page.locator("#table tbody th bdi:not(.folder-of)").allTextContents()).sort();
  const chip = page.locator("#within");
  assert.ok(!(await chip.isVisible()));
  const expected = {
    Tide: ["top.mov"],
    "Tide/day 1": ["a.mov", "b.mov"],
    "Tide/day 21": ["c.mov"],
  };
  for (const [folder, assets] of Object.entries(expected)) {
    await page.locator("#search").fill("no such asset");
    await page.getByRole("button", { name: folder, exact: true }).focus();
    await page.keyboard.press("Enter");
    assert.deepEqual(await names(), assets, folder);
    assert.equal(await status(page), `${assets.length} of 4 assets, right in ${folder}`);
    assert.equal(await page.locator("#search").inputValue(), "");
    assert.equal(await page.evaluate(() => document.activeElement.id), "within");
    const label = `Only what lies right in ${folder}: show all again`;
    assert.ok(await page.getByRole("button", { name: label, exact: true }).isVisible());
    // What is searched for is searched for in it.
    await page.locator("#search").fill(".mov");
    await page.waitForTimeout(300);
    assert.deepEqual(await names(), assets, folder);
  }
  assert.deepEqual(await barriers(page), []);
  if (pictures) await page.screenshot({ path: join(pictures, "folders.png"), fullPage: true });
  await chip.focus();
  await page.keyboard.press("Enter");
  assert.ok(!(await chip.isVisible()));
  assert.equal(await page.evaluate(() => document.activeElement.id), "search");
  await page.locator("#search").fill("");
  await page.waitForTimeout(300);
  assert.equal(await status(page), all);
  assert.deepEqual(wrong, []);
  await close();
}

async function large() {
  const { page, wrong, close } = await open("large.html");
  const number = new Intl.NumberFormat("en");
  const total = Number(readFileSync(join(folder, "large.txt"), "utf8"));
  const counted = number.format(ROWS);
  assert.equal(await status(page), `${counted} of ${counted} assets`);
  assert.equal(await page.locator("#assets-title").textContent(), `Assets (${number.format(total)})`);
  assert.match(
    await page.locator("#assets").textContent(),
    new RegExp(`${number.format(total - ROWS)} more assets have no row`),
  );
  assert.equal(await rows(page).count(), 100);
  await page.locator(".place").click();
  assert.equal(await status(page), `${counted} of ${counted} assets, nobody knows where`);
  await page.locator("#within").click();
  // Nothing here has a last change, so there is no column of blanks.
  assert.ok(!(await page.locator("th[data-key=changed]").isVisible()));
  await page.locator("#next").click();
  assert.match(await page.locator("#page").textContent(), /^Page 2 of /);
  const last = await page.locator("#table tbody th").last().textContent();
  await page.locator("#search").fill(last);
  await page.waitForFunction(() => document.getElementById("status").textContent.startsWith("1 of"));
  assert.equal(await rows(page).count(), 1);
  await page.locator("#search").fill("");
  await page.locator("th[data-key=path] button").click();
  await page.waitForFunction(
    () => document.querySelector("th[data-key=path]").ariaSort === "ascending",
  );
  if (pictures) await page.screenshot({ path: join(pictures, "large.png") });
  // Paper has the first of them, and says so.
  // The search that was emptied may still be on its way, and would lay out the table once more.
  await page.waitForTimeout(1000);
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await rows(page).count(), 2000);
  assert.match(await status(page), new RegExp(`^The first 2,000 of ${counted} assets`));
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.equal(await rows(page).count(), 100);
  assert.deepEqual(wrong, []);
  await close();
}

/** On a telephone, each asset is a card: nothing lies beyond the edge but the picture, which moves. */
async function narrow() {
  const viewport = { width: 400, height: 800 };
  const { page, wrong, close } = await open("hostile.html", { viewport });
  const beyond = await page.evaluate(() =>
    [...document.querySelectorAll("body *")]
      .filter((one) => !one.closest("svg, .skip") && one.getBoundingClientRect().right > innerWidth)
      .map((one) => one.outerHTML),
  );
  assert.deepEqual(beyond, []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), viewport.width);
  assert.deepEqual(await barriers(page), []);
  await page.locator("th[data-key=bytes] button").click();
  const sizes = await page.locator("#table tbody td.number").allTextContents();
  assert.equal(sizes[0], "18 MB");
  assert.deepEqual(wrong, []);
  if (pictures) await page.screenshot({ path: join(pictures, "narrow.png"), fullPage: true });
  await close();
}

/** On paper, all is dark on white, however the screen is. */
async function printed() {
  const { page, wrong, close } = await open("hostile.html", { colorScheme: "dark" });
  await page.emulateMedia({ media: "print" });
  const light = await page.evaluate(() =>
    [...document.querySelectorAll("h1, p, th, td, svg text")]
      .filter((one) => {
        const style = getComputedStyle(one);
        const colour = one instanceof SVGElement ? style.fill : style.color;
        return Math.max(...colour.match(/\d+/g).slice(0, 3).map(Number)) > 0x50;
      })
      .map((one) => one.outerHTML),
  );
  assert.deepEqual(light, []);
  assert.deepEqual(wrong, []);
  await close();
}

await hostile();
await keyboard();
await folders();
await large();
await narrow();
await printed();
