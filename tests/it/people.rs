//! Random trees and manifests, and people who move, rename, add, mark, delete and restore: whatever
//! they do between a review and its run, or between two runs, nothing that is to stay is deleted.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};

use frameio_retire::asset::{AssetId, Kind};
use frameio_retire::sandbox::seed::{Asset, Seed};
use frameio_retire::sandbox::world::World;
use frameio_retire::sandbox::world::edit::Change;
use serde_json::Value;

use crate::harness::{Desk, Done, seed};
use crate::rig::Dice;
use crate::soak::Served;

/// How many trees of each version are played.
const SEEDS: u64 = 8;

/// How many assets a tree has.
const NODES: u64 = 26;

/// The one project of a [`seed`].
const PROJECT: &str = "7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e";

/// Settings that let guards refuse nothing, and marks where the API has them.
const OPEN: &str = "version = 1
max-404-percent = 100
max-failure-percent = 100
[guards]
max-percent = 100
min-age = \"0 s\"
";

const MARKS: &str = "[marks]\nfield = \"Retention\"\nhold = [\"Hold\"]\n";

fn id(number: u64) -> AssetId {
    format!("00000000-0000-4000-8000-{number:012x}")
        .parse()
        .unwrap()
}

/// What the test knows of an asset.
#[derive(Debug, Clone)]
struct Node {
    kind: Kind,
    name: String,
    size: u64,
    parent: Option<AssetId>,
    marked: bool,
}

/// What the manifest says of an asset.
#[derive(Debug, Clone, Default)]
struct Listed {
    deferred: bool,
    size: Option<u64>,
    name: Option<String>,
}

type Nodes = BTreeMap<AssetId, Node>;

struct Play {
    api: &'static str,
    served: Served,
    desk: Desk,
    dice: Dice,
    nodes: Nodes,
    listed: BTreeMap<AssetId, Listed>,
    holds: BTreeSet<AssetId>,
    is_project_held: bool,
    /// What people have deleted, with all that was in it.
    others: BTreeSet<AssetId>,
    /// What runs have deleted.
    ours: BTreeSet<AssetId>,
    /// What came back after a run had deleted it.
    back: BTreeSet<AssetId>,
    next: u64,
}

impl Play {
    fn new(api: &'static str, number: u64) -> Self {
        let mut dice = Dice::new(number ^ 0x5eed);
        let mut nodes = Nodes::new();
        for number in 1..=NODES {
            let kind = match dice.below(6) {
                _ if number <= 3 => Kind::Folder,
                0 | 1 => Kind::Folder,
                2 => Kind::VersionStack,
                _ => Kind::File,
            };
            let node = Node {
                kind,
                name: format!("n{number}"),
                size: 1 + dice.below(9),
                parent: place(&mut dice, &nodes, kind),
                marked: kind == Kind::File && dice.below(12) == 0,
            };
            nodes.insert(id(number), node);
        }
        let mut listed = BTreeMap::new();
        for (id, node) in &nodes {
            if dice.below(10) < 4 {
                let wrong = dice.below(8) == 0;
                let size = (node.kind == Kind::File && dice.below(3) == 0)
                    .then_some(node.size + u64::from(wrong));
                let name = (dice.below(4) == 0).then(|| node.name.clone());
                let deferred = dice.below(10) == 0;
                let entry = Listed {
                    deferred,
                    size,
                    name,
                };
                listed.insert(*id, entry);
            }
        }
        let holds = nodes.keys().filter(|_| dice.below(16) == 0).copied();
        let holds = holds.collect();
        let is_project_held = dice.below(20) == 0;
        let text = format!("limits: off\n{}", seed(&assets(&nodes, None, 14)));
        let text = text.replace(
            "    name: Tidewater\n",
            "    name: Tidewater\n    fields:\n      - {id: 00000000-0000-4000-8000-0000000000f1, name: Retention, type: select, options: [Keep, Hold]}\n",
        );
        let world = World::from_seed(Seed::parse("sandbox.yaml", &text).unwrap());
        let play = Self {
            api,
            served: Served::new(world),
            desk: Desk::new(),
            dice,
            nodes,
            listed,
            holds,
            is_project_held,
            others: BTreeSet::new(),
            ours: BTreeSet::new(),
            back: BTreeSet::new(),
            next: 1_000,
        };
        let marks = if api == "v4" { MARKS } else { "" };
        play.desk.write("retire.toml", format!("{OPEN}{marks}"));
        play.desk.write("retire.yaml", play.manifest());
        play
    }

    fn manifest(&self) -> String {
        let mut text = "version: 1\n".to_owned();
        if !self.listed.is_empty() {
            text.push_str("assets:\n");
        }
        for (id, listed) in &self.listed {
            let kind = kind(self.nodes[id].kind);
            text.push_str(&format!("- {{id: {id}, kind: {kind}"));
            if listed.deferred {
                text.push_str(", not_before: 2999-01-01");
            }
            let size = listed.size.map(|size| format!("filesize: {size}"));
            let name = listed.name.as_ref().map(|name| format!("name: {name}"));
            let pin: Vec<String> = size.into_iter().chain(name).collect();
            if !pin.is_empty() {
                text.push_str(&format!(", pin: {{{}}}", pin.join(", ")));
            }
            text.push_str("}\n");
        }
        if self.is_project_held || !self.holds.is_empty() {
            text.push_str("holds:\n");
        }
        for id in &self.holds {
            text.push_str(&format!("- {{id: {id}, reason: legal}}\n"));
        }
        if self.is_project_held {
            text.push_str(&format!("- {{project: {PROJECT}, reason: claim}}\n"));
        }
        text
    }

    fn is_alive(&self, id: AssetId) -> bool {
        self.served.sandbox.with_world(|world| world.is_alive(id))
    }

    fn above(&self, id: AssetId) -> Vec<AssetId> {
        above(&self.nodes, id)
    }

    /// People change something; what cannot be done is left.
    fn meddle(&mut self) {
        for _ in 0..self.dice.below(5) {
            let all: Vec<AssetId> = self.nodes.keys().copied().collect();
            let id = all[usize::try_from(self.dice.below(all.len() as u64)).unwrap()];
            let what = self.dice.below(7);
            self.change(id, what);
        }
    }

    fn change(&mut self, id: AssetId, what: u64) {
        let kind = self.nodes[&id].kind;
        match what {
            0 | 1 => {
                let Some(to) = place(&mut self.dice, &self.nodes, kind) else {
                    return;
                };
                let inside = to == id || self.above(to).contains(&id);
                if !inside && self.try_to(Change::Move { id, to }) {
                    self.nodes.get_mut(&id).unwrap().parent = Some(to);
                }
            }
            2 => {
                let name = format!("r{}", self.next);
                self.next += 1;
                let rename = Change::Rename {
                    id,
                    name: name.clone(),
                };
                if self.try_to(rename) {
                    self.nodes.get_mut(&id).unwrap().name = name;
                }
            }
            3 => {
                let Some(to) = place(&mut self.dice, &self.nodes, Kind::File) else {
                    return;
                };
                let new = self::id(self.next);
                let name = format!("new{}", self.next);
                self.next += 1;
                let text = format!("{{\"id\": \"{new}\", \"name\": \"{name}\", \"filesize\": 3}}");
                let asset: Asset = serde_json::from_str(&text).unwrap();
                let asset = Box::new(asset);
                if self.try_to(Change::Add { asset, to }) {
                    let node = Node {
                        kind: Kind::File,
                        name,
                        size: 3,
                        parent: Some(to),
                        marked: false,
                    };
                    self.nodes.insert(new, node);
                }
            }
            4 if kind == Kind::File => {
                let marked = self.dice.below(3) > 0;
                let value = if marked { "Hold" } else { "Keep" };
                let fields = BTreeMap::from([("Retention".to_owned(), Value::from(value))]);
                if self.try_to(Change::Mark { id, fields }) {
                    self.nodes.get_mut(&id).unwrap().marked = marked;
                }
            }
            5 => {
                let before = self.dead();
                self.try_to(Change::Delete { id });
                self.others.extend(self.dead().difference(&before));
            }
            _ => {
                let before = self.dead();
                self.try_to(Change::Restore { id });
                for id in before.difference(&self.dead()) {
                    self.others.remove(id);
                    if self.ours.remove(id) {
                        self.back.insert(*id);
                    }
                }
            }
        }
    }

    fn try_to(&self, change: Change) -> bool {
        self.served.sandbox.change(change).is_ok()
    }

    fn dead(&self) -> BTreeSet<AssetId> {
        let all = self.nodes.keys().copied();
        all.filter(|id| !self.is_alive(*id)).collect()
    }

    /// What must not be deleted, as the tree is now.
    fn staying(&self) -> BTreeSet<AssetId> {
        let stays = |id: &AssetId| {
            let node = &self.nodes[id];
            let above = self.above(*id);
            let held = self.is_project_held
                || self.holds.contains(id)
                || above.iter().any(|id| self.holds.contains(id));
            let marked = self.api == "v4" && node.marked;
            let listed = self.listed.get(id);
            let kept = listed.is_some_and(|listed| {
                let other_size = listed.size.is_some_and(|size| size != node.size);
                let other_name = listed.name.as_ref().is_some_and(|name| *name != node.name);
                listed.deferred || other_size || other_name
            });
            let goes = listed.is_some() || above.iter().any(|id| self.listed.contains_key(id));
            // V2 does not read what is in a folder, so that it finds nothing there that is back.
            let back = self.api == "v4" && self.back.contains(id);
            held || marked || kept || !goes || back
        };
        self.nodes.keys().copied().filter(stays).collect()
    }

    fn run(&self, arguments: &[&str]) -> Done {
        let url = self.served.sandbox.url();
        let mut all = arguments.to_vec();
        all.extend(["--endpoint", &url, "--api", self.api, "--state", "s.json"]);
        let token = ("FRAMEIO_TOKEN", self.served.sandbox.token());
        self.desk.run_with(&[token], &all)
    }

    /// Looks at what a run has deleted; `reviewed` is what a saved plan was made from.
    fn check(&mut self, done: &Done, before: &BTreeSet<AssetId>, reviewed: Option<&Nodes>) {
        assert!(matches!(done.code, 0 | 3 | 4 | 5), "{done:?}");
        let staying = self.staying();
        let deleted: BTreeSet<AssetId> = self.dead().difference(before).copied().collect();
        for id in &deleted {
            assert!(!staying.contains(id), "`{id}` was to stay: {done:?}");
            // V2 deletes a folder unread.
            let Some(then) = reviewed.filter(|_| self.api == "v4") else {
                continue;
            };
            let is_same = |id: &AssetId| {
                let (then, now) = (then.get(id), &self.nodes[id]);
                then.is_some_and(|then| (then.parent, &then.name) == (now.parent, &now.name))
            };
            let with: Vec<AssetId> = std::iter::once(*id).chain(above(then, *id)).collect();
            // V4 deletes the files of a version stack, which itself goes on.
            let went =
                |id: &AssetId| deleted.contains(id) || self.nodes[id].kind == Kind::VersionStack;
            let mut with = with.iter();
            let goes = with.any(|id| self.listed.contains_key(id) && went(id) && is_same(id));
            assert!(goes, "nobody has reviewed that `{id}` goes: {done:?}");
        }
        self.ours.extend(deleted);
    }

    fn go(mut self, is_saved: bool) -> usize {
        let mut all = 0;
        for _ in 0..3 {
            if is_saved {
                let planned = self.run(&["plan", "--out", "plan.json"]);
                assert!(matches!(planned.code, 0 | 3 | 4), "{planned:?}");
            }
            let reviewed = self.nodes.clone();
            self.meddle();
            let before = self.dead();
            let (done, reviewed) = if is_saved {
                (self.run(&["apply", "plan.json"]), Some(&reviewed))
            } else {
                (self.run(&["apply", "--auto-approve"]), None)
            };
            self.check(&done, &before, reviewed);
            all = self.ours.len();
            self.meddle();
        }
        self.served.stop();
        all
    }
}

/// Where an asset of a kind may lie; nothing for the root.
fn place(dice: &mut Dice, nodes: &Nodes, kind: Kind) -> Option<AssetId> {
    let takes = |node: &Node| match node.kind {
        Kind::Folder => true,
        Kind::VersionStack => kind == Kind::File,
        Kind::File => false,
    };
    let all: Vec<AssetId> = nodes
        .iter()
        .filter(|(_, node)| takes(node))
        .map(|(id, _)| *id)
        .collect();
    let at = usize::try_from(dice.below(all.len() as u64 + 1)).unwrap();
    all.get(at).copied()
}

/// The folders and version stacks that an asset lies in.
fn above(nodes: &Nodes, id: AssetId) -> Vec<AssetId> {
    let mut above = Vec::new();
    let mut at = nodes.get(&id).and_then(|node| node.parent);
    while let Some(id) = at {
        above.push(id);
        at = nodes.get(&id).and_then(|node| node.parent);
    }
    above
}

/// A kind as manifests and seeds have it.
const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Folder => "folder",
        Kind::VersionStack => "version_stack",
    }
}

/// The assets of a folder as a seed has them.
fn assets(nodes: &Nodes, parent: Option<AssetId>, indent: usize) -> String {
    let mut text = String::new();
    for (id, node) in nodes.iter().filter(|(_, node)| node.parent == parent) {
        let pad = " ".repeat(indent);
        let kind = kind(node.kind);
        let (name, size) = (&node.name, node.size);
        let mut line = format!("{pad}- {{id: {id}, name: {name}, type: {kind}, age: 90d");
        if node.kind == Kind::File {
            line.push_str(&format!(", filesize: {size}"));
            if node.marked {
                line.push_str(", fields: {Retention: Hold}");
            }
            text.push_str(&line);
            text.push_str("}\n");
            continue;
        }
        let inside = assets(nodes, Some(*id), indent + 4);
        let block = line
            .replacen("- {", "- ", 1)
            .replace(", ", &format!("\n{pad}  "));
        text.push_str(&block);
        if inside.is_empty() {
            text.push('\n');
        } else {
            text.push_str(&format!("\n{pad}  children:\n{inside}"));
        }
    }
    text
}

/// `PEOPLE_FROM` and `PEOPLE_COUNT` play other trees, and more of them.
fn play(api: &'static str, is_saved: bool) {
    let first = std::env::var("PEOPLE_FROM").map_or(0, |text| text.parse().unwrap());
    let count = std::env::var("PEOPLE_COUNT").map_or(SEEDS, |text| text.parse().unwrap());
    let mut deleted = 0;
    for number in first..first + count {
        eprintln!("{api}, seed {number}");
        deleted += Play::new(api, number).go(is_saved);
    }
    assert!(deleted > 0, "nothing was ever deleted");
}

#[test]
fn what_is_to_stay_stays_with_v2() {
    play("v2", false);
}

#[test]
fn what_is_to_stay_stays_with_v4() {
    play("v4", false);
}

#[test]
fn what_nobody_has_reviewed_stays_with_v2() {
    play("v2", true);
}

#[test]
fn what_nobody_has_reviewed_stays_with_v4() {
    play("v4", true);
}
