//! What the world of a rig has and what its manifest lists, for each version of the API.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;

use crate::harness::seed;

/// The assets of a rig.
pub(crate) struct Cast {
    /// The version of the API.
    pub(crate) api: &'static str,
    /// The manifest.
    pub(crate) manifest: String,
    /// What is to be deleted, missing ones and refused ones included.
    pub(crate) listed: BTreeSet<AssetId>,
    /// What the server refuses to delete, or to delete wholly.
    pub(crate) refused: BTreeSet<AssetId>,
    /// What is to be deleted, and never was there.
    pub(crate) missing: BTreeSet<AssetId>,
    /// What is there and must stay: not listed, or held.
    pub(crate) spared: BTreeSet<AssetId>,
    /// The files of each version stack; with V4 the stack goes with the last of them.
    pub(crate) stacks: BTreeMap<AssetId, Vec<AssetId>>,
    /// What goes with its folder.
    pub(crate) inside: BTreeMap<AssetId, AssetId>,
    /// The assets of the project, as the seed has them.
    assets: String,
}

fn asset(number: u64) -> AssetId {
    AssetId::parse(&format!("00000000-0000-4000-8000-{number:012x}")).unwrap()
}

impl Cast {
    fn empty(api: &'static str) -> Self {
        Self {
            api,
            manifest: "version: 1\nassets:\n".to_owned(),
            listed: BTreeSet::new(),
            refused: BTreeSet::new(),
            missing: BTreeSet::new(),
            spared: BTreeSet::new(),
            stacks: BTreeMap::new(),
            inside: BTreeMap::new(),
            assets: String::new(),
        }
    }

    /// For v2: `count` files that are to be deleted, and some that may not be.
    pub(crate) fn v2(count: u64) -> Self {
        let mut cast = Self::empty("v2");
        for number in 1..=count {
            let id = cast.file(number, "");
            cast.list(id, Some("file"));
        }
        for number in 1..=2 {
            cast.list(asset(count + number), Some("file"));
            cast.missing.insert(asset(count + number));
        }
        for number in 3..=4 {
            let id = cast.file(count + number, ", refuse: true");
            cast.list(id, Some("file"));
            cast.refused.insert(id);
        }
        let held = cast.file(count + 5, "");
        let line = format!("- {{id: {held}, kind: file}}\n");
        cast.manifest.push_str(&line);
        cast.spared.insert(held);
        for number in 6..=7 {
            let id = cast.file(count + number, "");
            cast.spared.insert(id);
        }
        cast.hold(&[held]);
        cast
    }

    /// For V4: `count` files, folders and version stacks that are to be deleted, of some of which
    /// the manifest does not say the kind, and some that may not be deleted.
    pub(crate) fn v4(count: u64) -> Self {
        let mut cast = Self::empty("v4");
        for number in 1..=count {
            let (id, kind) = match number % 8 {
                0..4 => (cast.file(number, ""), Some("file")),
                4 => (cast.file(number, ""), None),
                5 => (cast.folder(number, ""), Some("folder")),
                6 => (cast.stack(number, ""), Some("version_stack")),
                _ => (cast.stack(number, ""), None),
            };
            cast.list(id, kind);
        }
        cast.list(asset(count + 1), None);
        cast.list(asset(count + 2), Some("file"));
        cast.missing
            .extend([1, 2].map(|number| asset(count + number)));
        let refusal = ", refuse: true";
        let refused = [
            (cast.file(count + 3, refusal), Some("file")),
            (cast.folder(count + 4, refusal), None),
            // One file of it stays.
            (cast.stack(count + 5, refusal), Some("version_stack")),
        ];
        for (id, kind) in refused {
            cast.list(id, kind);
            cast.refused.insert(id);
        }
        let held = cast.file(count + 6, "");
        cast.manifest.push_str(&format!("- {held}\n"));
        let stack = cast.stack(count + 7, "");
        let line = format!("- {{id: {stack}, kind: version_stack}}\n");
        cast.manifest.push_str(&line);
        let files = cast.stacks[&stack].clone();
        cast.spared
            .extend(files.iter().copied().chain([held, stack]));
        let unlisted = cast.file(count + 8, "");
        cast.spared.insert(unlisted);
        cast.hold(&[held, files[1]]);
        cast
    }

    /// Adds an asset to the world; `more` are further fields of it.
    fn add(&mut self, number: u64, kind: &str, more: &str) -> AssetId {
        let id = asset(number);
        let line = format!("              - {{id: {id}, name: a, type: {kind}{more}}}\n");
        self.assets.push_str(&line);
        id
    }

    fn file(&mut self, number: u64, more: &str) -> AssetId {
        self.add(number, "file", more)
    }

    fn folder(&mut self, number: u64, more: &str) -> AssetId {
        let inside = asset(0x1_0000 + number);
        let children = format!(", children: [{{id: {inside}, name: b}}]{more}");
        let id = self.add(number, "folder", &children);
        self.inside.insert(inside, id);
        id
    }

    /// A version stack of two files; `more` are further fields of the second.
    fn stack(&mut self, number: u64, more: &str) -> AssetId {
        let files = [asset(0x2_0000 + number), asset(0x3_0000 + number)];
        let [one, other] = files;
        let children =
            format!(", children: [{{id: {one}, name: b}}, {{id: {other}, name: c{more}}}]");
        let id = self.add(number, "version_stack", &children);
        self.stacks.insert(id, files.to_vec());
        id
    }

    /// Has the manifest list an asset that is to be deleted.
    fn list(&mut self, id: AssetId, kind: Option<&str>) {
        let line = match kind {
            Some(kind) => format!("- {{id: {id}, kind: {kind}}}\n"),
            None => format!("- {id}\n"),
        };
        self.manifest.push_str(&line);
        self.listed.insert(id);
    }

    /// Ends the manifest with what is held.
    fn hold(&mut self, ids: &[AssetId]) {
        self.manifest.push_str("holds:\n");
        for id in ids {
            let line = format!("- {{id: {id}, reason: legal}}\n");
            self.manifest.push_str(&line);
        }
    }

    /// The world.
    pub(crate) fn world(&self) -> World {
        // A minute has room for so few calls of V4 that a test would do nothing but wait.
        let limits = if self.api == "v2" {
            "documented"
        } else {
            "off"
        };
        let text = format!("limits: {limits}\n{}", seed(&self.assets));
        World::from_seed(Seed::parse("sandbox.yaml", &text).unwrap())
    }

    /// The version stack that a file is in.
    pub(crate) fn stack_of(&self, file: AssetId) -> Option<AssetId> {
        let mut stacks = self.stacks.iter();
        let found = stacks.find(|(_, files)| files.contains(&file));
        found.map(|(stack, _)| *stack)
    }
}
