//! Servers that hide, refuse, restore, and answer oddly and late: whatever they do, no asset that
//! lives is recorded as deleted, and none that was deleted is without a record.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use serde_json::Value;

use crate::harness::{Desk, Done, seed};
use crate::rig::Dice;
use crate::soak::Served;

/// How many servers of each version lie.
const SEEDS: u64 = 6;

/// How many assets are listed.
const ASSETS: u64 = 24;

/// What goes wrong with deletes and with readings of assets.
const LIES: [&str; 14] = [
    "page/404",
    "page/410",
    "odd/errors",
    "odd/code",
    "odd/failure",
    "odd/foreign",
    "odd/other",
    "404",
    "422",
    "503",
    "drop-before",
    "drop-after",
    "cut",
    "garbage",
];

fn id(number: u64) -> AssetId {
    format!("00000000-0000-4000-8000-{number:012x}")
        .parse()
        .unwrap()
}

fn is_deleted(record: &Value) -> bool {
    record["status"] == "retired" || record["status"] == "gone"
}

/// A server, what is listed, and what is known to be true of both.
struct Lie {
    served: Served,
    desk: Desk,
    dice: Dice,
    api: &'static str,
    listed: Vec<AssetId>,
    /// The files of each version stack; V4 deletes them in its place.
    stacks: BTreeMap<AssetId, [AssetId; 2]>,
    /// What lies in each folder.
    folders: BTreeMap<AssetId, AssetId>,
    /// Whether the lists of the recently deleted leave out what went with its folder.
    has_only_tops: bool,
    /// What was deleted before the first run.
    others: BTreeSet<AssetId>,
    /// What the record called deleted after the last run.
    confirmed: BTreeSet<AssetId>,
    /// What somebody has brought back.
    restored: BTreeSet<AssetId>,
}

impl Lie {
    fn new(api: &'static str, number: u64) -> Self {
        let mut dice = Dice::new(number);
        let (mut assets, mut manifest) = (String::new(), "version: 1\nassets:\n".to_owned());
        let (mut listed, mut others) = (Vec::new(), BTreeSet::new());
        let (mut stacks, mut folders) = (BTreeMap::new(), BTreeMap::new());
        for number in 1..=ASSETS {
            let (of, inside) = (id(number), id(1_000 + number));
            // Every sixth is a folder, in which something lies that is listed too, and every sixth
            // is a version stack, whose files are not.
            let kind = match number % 6 {
                0 => "folder",
                3 => "version_stack",
                _ => "file",
            };
            let newer = id(3_000 + number);
            let more = match dice.below(8) {
                0 => ", deaf: true",
                1 => ", hidden: true",
                2 => ", refuse: true",
                3 => ", deleted_at: 2026-10-01T08:00:00Z",
                _ => "",
            };
            let is_deleted = more.contains("deleted_at");
            if is_deleted {
                others.extend([of, inside, newer]);
            }
            let all = if is_deleted { more } else { "" };
            let child = format!("{{id: {inside}, name: b{more}}}");
            let child = match kind {
                "folder" => format!(", children: [{child}]"),
                "version_stack" => {
                    format!(", children: [{{id: {newer}, name: c{all}}}, {child}]")
                }
                _ => String::new(),
            };
            if kind == "version_stack" {
                stacks.insert(of, [newer, inside]);
            }
            let line =
                format!("              - {{id: {of}, name: a, type: {kind}{more}{child}}}\n");
            assets.push_str(&line);
            manifest.push_str(&format!("- {{id: {of}, kind: {kind}}}\n"));
            listed.push(of);
            if kind == "folder" {
                manifest.push_str(&format!("- {{id: {inside}, kind: file}}\n"));
                listed.push(inside);
                folders.insert(of, inside);
            }
        }
        // What is held has the folders listed.
        let held = id(2_000);
        let line = format!("              - {{id: {held}, name: a, type: file}}\n");
        assets.push_str(&line);
        manifest.push_str(&format!("holds:\n- {{id: {held}, reason: legal}}\n"));
        let lists = [
            "recently_deleted: all",
            "recently_deleted: all, stale_lists: true",
            "recently_deleted: all, late_lists: 1",
            "recently_deleted: tops",
        ];
        let behaviour = lists[usize::try_from(dice.below(4)).unwrap()];
        let text = format!("limits: off\nbehaviour: {{{behaviour}}}\n{}", seed(&assets));
        Self {
            served: Served::new(World::from_seed(
                Seed::parse("sandbox.yaml", &text).unwrap(),
            )),
            desk: Desk::with(&manifest),
            dice,
            api,
            listed,
            stacks,
            folders,
            has_only_tops: behaviour.ends_with("tops"),
            others,
            confirmed: BTreeSet::new(),
            restored: BTreeSet::new(),
        }
    }

    /// Some of the listed assets.
    fn some(&mut self, most: u64) -> Vec<AssetId> {
        let count = self.dice.below(most + 1);
        let places = u64::try_from(self.listed.len()).unwrap();
        let pick = |dice: &mut Dice| usize::try_from(dice.below(places)).unwrap();
        (0..count)
            .map(|_| self.listed[pick(&mut self.dice)])
            .collect()
    }

    /// Has the server lie in some ways, and others change something.
    fn trouble(&mut self) {
        const CALLS: &str =
            "bulk_delete+asset_read+v4_file_delete+v4_folder_delete+v4_file_read+v4_stack_children";
        let many = u64::try_from(LIES.len()).unwrap();
        let rules = (0..4).map(|_| {
            let lie = LIES[usize::try_from(self.dice.below(many)).unwrap()];
            let rule = format!("{lie}={}%@{CALLS}", 2 + self.dice.below(9));
            rule.parse().unwrap()
        });
        let rules = rules.collect();
        let seed = self.dice.roll();
        self.served.sandbox.set_faults(Faults { seed, rules });
        let hidden = self.some(4);
        self.served.sandbox.hide(hidden);
        let before = self.dead();
        for id in self.some(2) {
            self.served.sandbox.restore(id);
        }
        // What was deleted with its folder comes back with it.
        for id in before.difference(&self.dead()) {
            self.restored.insert(*id);
            self.others.remove(id);
        }
    }

    /// Whether an asset lives; with V4 a version stack does as long as one of its files does.
    fn lives(&self, id: AssetId) -> bool {
        let is_alive = |id| self.served.sandbox.with_world(|world| world.is_alive(id));
        match self.stacks.get(&id) {
            Some(files) if self.api == "v4" => files.iter().any(|file| is_alive(*file)),
            Some(_) | None => is_alive(id),
        }
    }

    /// The assets that do not, the files of version stacks among them.
    fn dead(&self) -> BTreeSet<AssetId> {
        let files = self.stacks.values().flatten();
        let all = self.listed.iter().chain(files).copied();
        all.filter(|id| !self.lives(*id)).collect()
    }

    fn apply(&mut self) -> Done {
        let arguments = [
            "--api",
            self.api,
            "--canary",
            "0",
            "--retries",
            "0",
            "--batch-size",
            "4",
            "--max-404-percent",
            "100",
            "--max-failure-percent",
            "100",
            "--max-failed-batches",
            "1000",
            "--retry-blocked",
        ];
        let done = self.served.apply(&self.desk, &arguments);
        assert!(matches!(done.code, 0 | 1 | 3 | 4 | 7 | 9), "{done:?}");
        self.check(&done);
        done
    }

    fn records(&self) -> Value {
        if !self.desk.path("state.json").exists() {
            return Value::Null;
        }
        let mut state: Value = serde_json::from_str(&self.desk.read("state.json")).unwrap();
        state["assets"].take()
    }

    /// Compares the record with the truth.
    fn check(&mut self, done: &Done) {
        let (code, said) = (done.code, done.transcript());
        let records = self.records();
        let mut confirmed = BTreeSet::new();
        for id in &self.listed {
            let record = &records[id.to_string()];
            let alive = self.lives(*id);
            let is_deleted = is_deleted(record);
            if is_deleted {
                let is_back = self.confirmed.contains(id) && self.restored.contains(id);
                assert!(!alive || is_back, "`{id}` lives, and has {record}: {said}");
                assert!(!record["evidence"].is_null(), "`{id}` has {record}");
                confirmed.insert(*id);
            }
            let is_ours = !alive && !self.others.contains(id);
            assert!(
                !is_ours || !record.is_null(),
                "`{id}` was deleted, and has no record: {said}"
            );
            assert!(
                is_deleted || code != 0,
                "`{id}` is open, and the exit code is 0"
            );
        }
        assert!(confirmed.is_superset(&self.confirmed), "a record was lost");
        self.confirmed = confirmed;
        for (stack, files) in self.stacks.iter().filter(|_| self.api == "v4") {
            for file in files {
                let record = &records[file.to_string()];
                let alive = self.lives(*file);
                let lies = is_deleted(record) && alive && !self.restored.contains(file);
                assert!(!lies, "`{file}` lives, and has {record}");
                let is_ours = !alive && !self.others.contains(file);
                let is_covered = !record.is_null() || self.confirmed.contains(stack);
                assert!(
                    !is_ours || is_covered,
                    "`{file}` was deleted, and has no record: {said}"
                );
            }
        }
    }

    /// Has the server tell the truth, until all that can be is settled.
    fn settle(mut self) {
        self.served.sandbox.set_faults(Faults::default());
        self.served.sandbox.hide([]);
        let mut said = String::new();
        for _ in 0..3 {
            said = self.apply().transcript();
        }
        let records = self.records();
        for id in &self.listed {
            let record = &records[id.to_string()];
            let alive = self.lives(*id);
            let status = record["status"].as_str();
            if self.confirmed.contains(id) {
                continue;
            }
            // What lay in a folder has no line of its own where the folder stands for it.
            let is_shown = alive || !self.has_only_tops;
            let is_told = match status {
                Some("failed") => alive,
                Some("missing" | "unknown") => !is_shown,
                Some(_) => false,
                // Somebody has brought back what lies in it, which keeps it; or it goes along with a
                // folder that is refused.
                None => {
                    let inside = self.folders.get(id);
                    let is_back = |id| self.restored.contains(id) && self.confirmed.contains(id);
                    let mut around = self.folders.iter().filter(|(_, inside)| *inside == id);
                    let is_refused =
                        |folder: &AssetId| records[folder.to_string()]["status"] == "failed";
                    alive
                        && (inside.is_some_and(is_back)
                            || around.any(|(folder, _)| is_refused(folder)))
                }
            };
            assert!(is_told, "`{id}` {alive} has {record}: {said}");
        }
        self.served.stop();
    }
}

fn lie(api: &'static str) {
    for number in 0..SEEDS {
        eprintln!("{api}, seed {number}");
        let mut lie = Lie::new(api, number);
        for _ in 0..4 {
            lie.trouble();
            lie.apply();
        }
        lie.settle();
    }
}

#[test]
fn whatever_a_server_of_v2_says_the_record_is_true() {
    lie("v2");
}

#[test]
fn whatever_a_server_of_v4_says_the_record_is_true() {
    lie("v4");
}
