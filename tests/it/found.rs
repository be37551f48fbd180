//! Random accounts in a sandbox: what `find` finds is what brute force finds in the same account,
//! and what it lists can be reviewed, planned and applied until nothing is found any more.
#![cfg(unix)]

use std::cmp::Reverse;
use std::collections::BTreeSet;

use frameio_retire::asset::{AssetId, Kind};
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use serde_json::{Value, json};

use crate::harness::{Desk, Done};
use crate::rig::Dice;
use crate::soak::Served;

/// How many accounts are played.
const SEEDS: u64 = 6;

/// How many searches are made in each.
const SEARCHES: usize = 6;

/// How many assets an account has.
const NODES: u64 = 40;

/// Settings with which no guard refuses a plan.
const OPEN: &str = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0 s\"\n";

/// Names that mean something to YAML, to a glob, to a path or to a terminal.
const NAMES: [&str; 18] = [
    "a.mov",
    "A.MOV",
    "ab.wav",
    "b # c.wav",
    "x\ny.mov",
    "\"q\".mov",
    "\u{202e}b.mov",
    "film \u{1f3ac}.wav",
    "- dash",
    "key: value.MOV",
    "'s",
    "null",
    "[x]*.mov",
    "{y}",
    "a\\b",
    "a/b.mov",
    "# end of retire find",
    "\u{85}\u{2028}\t",
];

#[derive(Debug)]
struct Node {
    id: AssetId,
    kind: Kind,
    name: &'static str,
    size: u64,
    /// How many days ago it was made, and changed.
    days: [u64; 2],
    creator: &'static str,
    media: &'static str,
    upload: &'static str,
    status: Option<&'static str>,
    /// The place of what it lies in.
    above: Option<usize>,
}

/// Whether the asset at a place of an account passes.
type Passes = Box<dyn Fn(&Account, usize) -> bool>;

/// One filter, and which assets of an account pass it.
struct Filter {
    arguments: Vec<String>,
    passes: Passes,
}

#[derive(Debug)]
struct Account(Vec<Node>);

fn pick<T: Copy>(dice: &mut Dice, from: &[T]) -> T {
    let place = dice.below(from.len() as u64);
    from[usize::try_from(place).unwrap()]
}

fn filter(arguments: &[&str], passes: impl Fn(&Account, usize) -> bool + 'static) -> Filter {
    Filter {
        arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
        passes: Box::new(passes),
    }
}

impl Account {
    fn new(dice: &mut Dice) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        for number in 1..=NODES {
            let kind = match dice.below(8) {
                _ if number == 1 => Kind::Folder,
                0 | 1 => Kind::Folder,
                2 => Kind::VersionStack,
                _ => Kind::File,
            };
            let places = nodes.iter().enumerate();
            let fits = places.filter(|(_, above)| match above.kind {
                Kind::Folder => true,
                Kind::VersionStack => kind == Kind::File,
                Kind::File => false,
            });
            let fits: Vec<Option<usize>> = fits.map(|(place, _)| Some(place)).collect();
            // Never on a boundary that a filter asks for.
            let made = 5 + 10 * dice.below(12);
            nodes.push(Node {
                id: format!("00000000-0000-4000-8000-{number:012x}")
                    .parse()
                    .unwrap(),
                kind,
                name: pick(dice, &NAMES),
                size: dice.below(9),
                days: [made, 5 + 10 * dice.below(1 + made / 10)],
                creator: pick(dice, &["ada@studio.example", "bo@studio.example"]),
                media: pick(dice, &["video/quicktime", "video/mp4", "audio/wav"]),
                upload: pick(dice, &["created", "uploaded", "transcoded"]),
                status: pick(dice, &[None, None, Some("Hold"), Some("Done: \"x\" # y")]),
                above: if fits.is_empty() || dice.below(6) == 0 {
                    None
                } else {
                    pick(dice, &fits)
                },
            });
        }
        Self(nodes)
    }

    fn tree(&self, above: Option<usize>) -> Value {
        let nodes = self.0.iter().enumerate();
        let assets = nodes.filter(|(_, node)| node.above == above);
        let assets = assets.map(|(place, node)| {
            let [made, changed] = node.days.map(|days| format!("{days}d ago"));
            let mut asset = json!({
                "id": node.id.to_string(),
                "name": node.name,
                "type": node.kind.name(),
                "inserted_at": made,
                "updated_at": changed,
                "creator": node.creator,
            });
            if node.kind == Kind::File {
                asset["filesize"] = node.size.into();
                asset["filetype"] = node.media.into();
                asset["upload"] = node.upload.into();
                asset["fields"] = node
                    .status
                    .map_or(json!({}), |status| json!({"Status": status}));
            } else {
                asset["children"] = self.tree(Some(place));
            }
            asset
        });
        assets.collect()
    }

    fn world(&self) -> World {
        let options = json!(["Hold", "Done: \"x\" # y"]);
        let people = ["ada@studio.example", "bo@studio.example"].map(|email| {
            let id = format!("00000000-0000-4000-9000-{:012x}", email.len());
            json!({"id": id, "name": "Ada", "email": email})
        });
        let seed = json!({
            "version": 1,
            "limits": "off",
            "people": people,
            "accounts": [{
                "id": "5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60",
                "name": "Tidewater",
                "fields": [{
                    "id": "00000000-0000-4000-8000-0000000000f1",
                    "name": "Status",
                    "type": "select",
                    "options": options,
                }],
                "teams": [{
                    "id": "6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
                    "name": "Post",
                    "projects": [{
                        "id": "7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e",
                        "name": "Tide",
                        "assets": self.tree(None),
                    }],
                }],
            }],
        });
        let seed = Seed::parse("sandbox.yaml", &seed.to_string());
        World::from_seed_at(seed.unwrap(), jiff::Timestamp::now())
    }

    fn lies_in(&self, place: usize, top: usize) -> bool {
        let above = self.0[place].above;
        above.is_some_and(|above| above == top || self.lies_in(above, top))
    }

    fn all_in(&self, top: usize) -> impl Iterator<Item = &Node> {
        let inside = self.0.iter().enumerate();
        let inside = inside.filter(move |(place, _)| self.lies_in(*place, top));
        inside.map(|(_, node)| node)
    }

    fn bytes(&self, place: usize) -> u64 {
        let of = |node: &Node| {
            if node.kind == Kind::File {
                node.size
            } else {
                0
            }
        };
        of(&self.0[place]) + self.all_in(place).map(of).sum::<u64>()
    }

    /// How many days ago it or anything in it was made or changed last.
    fn days(&self, place: usize, by: usize) -> u64 {
        let own = self.0[place].days[by];
        self.all_in(place)
            .map(|node| node.days[by])
            .fold(own, u64::min)
    }

    /// Which version it is in its stack, the newest being 0.
    fn version(&self, place: usize) -> Option<usize> {
        let stack = self.0[place].above?;
        if self.0[stack].kind != Kind::VersionStack {
            return None;
        }
        let nodes = self.0.iter().enumerate();
        let versions = nodes.filter(|(_, node)| node.above == Some(stack));
        let mut versions: Vec<usize> = versions.map(|(place, _)| place).collect();
        // The sandbox calls that the head which stands last.
        let head = versions.last().copied();
        versions.sort_by_key(|place| {
            let node = &self.0[*place];
            (Reverse(Some(*place) == head), node.days[0], node.id)
        });
        versions.iter().position(|version| *version == place)
    }

    fn ids(&self, finds: impl Fn(usize) -> bool) -> BTreeSet<AssetId> {
        let places = (0..self.0.len()).filter(|place| finds(*place));
        places.map(|place| self.0[place].id).collect()
    }
}

/// A filter at random that goes by the asset alone.
fn any_filter(dice: &mut Dice) -> Filter {
    let days = 10 * dice.below(12);
    let size = dice.below(9);
    let (by, word) = pick(dice, &[(0, "created"), (1, "updated")]);
    match dice.below(11) {
        0 => filter(&["--name", "*.MOV"], |of, place| {
            of.0[place].name.to_lowercase().ends_with(".mov")
        }),
        1 => filter(&["--not-name", "a*", "--not-name", "*#*"], |of, place| {
            let name = of.0[place].name.to_lowercase();
            !name.starts_with('a') && !name.contains('#')
        }),
        2 => filter(
            &["--older-than", &format!("{days}d"), "--by", word],
            move |of, place| of.days(place, by) > days,
        ),
        3 => filter(
            &["--newer-than", &format!("{days}d"), "--by", word],
            move |of, place| of.days(place, by) < days,
        ),
        4 => filter(
            &["--larger-than", &format!("{size} B")],
            move |of, place| of.bytes(place) > size,
        ),
        5 => filter(
            &["--smaller-than", &format!("{size}B")],
            move |of, place| of.bytes(place) < size,
        ),
        6 => filter(&["--creator", "ADA@studio.example"], |of, place| {
            of.0[place].creator.starts_with("ada")
        }),
        7 => filter(&["--media-type", "Video/*"], |of, place| {
            of.0[place].kind == Kind::File && of.0[place].media.starts_with("video/")
        }),
        8 => filter(
            &[
                "--field",
                "status=hold",
                "--field",
                "Status=done: \"x\" # y",
            ],
            |of, place| of.0[place].status.is_some(),
        ),
        9 => filter(&["--field", "Status="], |of, place| {
            of.0[place].status.is_none()
        }),
        _ => filter(&["--uploads", "unfinished"], |of, place| {
            let node = &of.0[place];
            node.kind == Kind::File && node.upload == "created" && node.days[0] > 7
        }),
    }
}

/// A search: one or two filters, perhaps somewhere, perhaps of folders and stacks or old versions.
fn search(dice: &mut Dice, account: &Account) -> (Filter, bool) {
    let mut filters = vec![any_filter(dice), any_filter(dice)];
    // Two of one sort would be joined by or.
    if dice.below(2) == 0 || filters[0].arguments[0] == filters[1].arguments[0] || {
        let is_by = |filter: &Filter| filter.arguments.contains(&"--by".to_owned());
        filters.iter().all(is_by)
    } {
        filters.pop();
    }
    let has_fields = filters
        .iter()
        .any(|filter| filter.arguments[0] == "--field");
    let kinds: Vec<Kind> = match dice.below(5) {
        // Whether folders have fields the API does not say.
        0 if !has_fields => {
            filters.push(filter(&["--kind", "folder,version_stack"], |_, _| true));
            vec![Kind::Folder, Kind::VersionStack]
        }
        1 => {
            let keep = 1 + dice.below(2);
            let flags = ["--old-versions", "--keep", &keep.to_string()];
            filters.push(filter(&flags, move |of, place| {
                let version = of.version(place);
                version.is_some_and(|version| version as u64 >= keep)
            }));
            vec![Kind::File]
        }
        _ => vec![Kind::File],
    };
    let holds = |place: &usize| account.0[*place].kind != Kind::File;
    let places: Vec<usize> = (0..account.0.len()).filter(holds).collect();
    let top = (dice.below(3) == 0).then(|| pick(dice, &places));
    if let Some(top) = top {
        let id = account.0[top].id.to_string();
        filters.push(filter(&[&id], move |of, place| {
            let is_stack = of.0[place].kind == Kind::VersionStack;
            of.lies_in(place, top) || place == top && is_stack
        }));
    }
    let is_of_files = kinds == [Kind::File];
    let arguments = filters.iter().flat_map(|filter| filter.arguments.clone());
    let arguments = arguments.collect();
    let passes = move |of: &Account, place: usize| {
        let mut all = filters.iter();
        kinds.contains(&of.0[place].kind) && all.all(|filter| (filter.passes)(of, place))
    };
    let passes = Box::new(passes);
    (Filter { arguments, passes }, is_of_files)
}

struct Play {
    served: Served,
    desk: Desk,
}

impl Play {
    fn run(&self, words: &[&str], more: &[String]) -> Done {
        let sandbox = &self.served.sandbox;
        let url = sandbox.url();
        let variables = [
            ("FRAMEIO_TOKEN", sandbox.token()),
            ("RETIRE_API", "v4"),
            ("RETIRE_ENDPOINT", &url),
        ];
        let words = words.iter().copied();
        let arguments: Vec<&str> = words.chain(more.iter().map(String::as_str)).collect();
        self.desk.run_with(&variables, &arguments)
    }

    fn found(&self, search: &Filter) -> BTreeSet<AssetId> {
        let done = self.run(&["find", "-q", "--format", "ids"], &search.arguments);
        let done = done.expect(0);
        let ids: Vec<AssetId> = done.out.lines().map(|line| line.parse().unwrap()).collect();
        let set: BTreeSet<AssetId> = ids.iter().copied().collect();
        assert_eq!(set.len(), ids.len(), "found twice: {}", done.out);
        set
    }
}

fn listed(text: &str) -> BTreeSet<AssetId> {
    let manifest: Value = serde_yaml::from_str(text).unwrap();
    let assets = manifest["assets"].as_array().unwrap().iter();
    assets
        .map(|entry| entry["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

fn play(number: u64) {
    let dice = &mut Dice::new(number ^ 0xf17d);
    let account = Account::new(dice);
    let played = Play {
        served: Served::new(account.world()),
        desk: Desk::new(),
    };
    played.desk.write("retire.toml", OPEN);
    let mut to_list = None;
    for _ in 0..SEARCHES {
        let (search, is_of_files) = search(dice, &account);
        let expected = account.ids(|place| (search.passes)(&account, place));
        assert_eq!(
            played.found(&search),
            expected,
            "{:?} in {account:#?}",
            search.arguments
        );
        if is_of_files && !expected.is_empty() {
            to_list = Some((search, expected));
        }
    }
    let (search, expected) = to_list.unwrap_or_else(|| {
        let search = filter(&["--kind", "file"], |_, _| true);
        (
            search,
            account.ids(|place| account.0[place].kind == Kind::File),
        )
    });
    let reason = ["--reason", "a: \"b\" # c"].map(str::to_owned);
    let list = [&search.arguments[..], &reason].concat();
    played
        .run(&["find", "--out", "retire.yaml"], &list)
        .expect(0);
    let written = played.desk.read("retire.yaml");
    assert_eq!(listed(&written), expected, "{written}");
    played.run(&["validate"], &[]).expect(0);
    // What people add stays, and what was found already is not listed anew.
    let edited = written.replacen("  - id: ", "  # ask Bo\n  - id: ", 1) + "holds: []  # none\n";
    let edited = edited.replacen(
        "    reason: ",
        "    ticket: POST-1  # theirs\n    reason: ",
        1,
    );
    played.desk.write("retire.yaml", &edited);
    for _ in 0..2 {
        played
            .run(&["find", "--update", "retire.yaml"], &list)
            .expect(0);
        assert_eq!(played.desk.read("retire.yaml"), edited);
    }
    played.run(&["plan"], &[]).expect(0);
    played.run(&["apply", "--auto-approve"], &[]).expect(0);
    let dead = |id: AssetId| {
        played
            .served
            .sandbox
            .with_world(|world| !world.is_alive(id))
    };
    let files = account.ids(|place| account.0[place].kind == Kind::File);
    let deleted: BTreeSet<AssetId> = files.into_iter().filter(|id| dead(*id)).collect();
    assert_eq!(deleted, expected);
    assert_eq!(
        played.found(&search),
        BTreeSet::new(),
        "{:?}",
        search.arguments
    );
    played
        .run(&["find", "--update", "retire.yaml"], &list)
        .expect(0);
    assert_eq!(listed(&played.desk.read("retire.yaml")), BTreeSet::new());
    played.served.stop();
}

/// `FOUND_FROM` and `FOUND_COUNT` play other accounts, and more of them.
#[test]
fn what_is_found_is_what_brute_force_finds_and_goes_when_it_is_applied() {
    let number =
        |name: &str, usual| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let first = number("FOUND_FROM", 0);
    for seed in first..first + number("FOUND_COUNT", SEEDS) {
        eprintln!("seed {seed}");
        play(seed);
    }
}
