//! The manifests and states that are measured.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use frameio_retire::asset::AssetId;
use frameio_retire::inventory::{Known, Location};
use frameio_retire::outcome::Evidence;
use frameio_retire::state::{Api, Record, State, Status, Target, format};
use jiff::Timestamp;
use tempfile::TempDir;
use uuid::Uuid;

/// The documented limits that are met, as requests in milliseconds (docs/frameio-api.md, "Rate
/// limits").
const LIMITS: [(&str, u32, u32); 19] = [
    ("v4_me", 100, 60_000),
    ("v4_accounts", 100, 60_000),
    ("v4_projects", 100, 60_000),
    ("v4_fields", 100, 60_000),
    ("v4_file_read", 10, 1_000),
    ("v4_folder_read", 100, 60_000),
    ("v4_stack_read", 100, 60_000),
    ("v4_folder_children", 100, 60_000),
    ("v4_folder_files", 5, 1_000),
    ("v4_folder_folders", 5, 1_000),
    ("v4_folder_stacks", 5, 1_000),
    ("v4_stack_children", 100, 60_000),
    ("v4_file_delete", 100, 60_000),
    ("v4_folder_delete", 60, 60_000),
    ("v4_folder_create", 3, 1_000),
    ("v4_files_move", 60, 60_000),
    ("v4_folders_move", 10, 60_000),
    ("v4_stack_move", 10, 60_000),
    ("v4_recently_deleted", 5, 1_000),
];

/// These limits in the words of a sandbox's seed, with time so much faster.
pub(crate) fn limits(scale: u32) -> String {
    let limits: Vec<String> = LIMITS
        .iter()
        .map(|(call, most, window)| format!("{call}: {most}/{}ms", window / scale))
        .collect();
    limits.join(", ")
}

/// A folder with manifests and a state of a size.
pub(crate) struct Desk {
    folder: TempDir,
    /// The ids that the manifests list.
    pub(crate) ids: Vec<AssetId>,
}

impl Desk {
    pub(crate) fn new(size: usize) -> Self {
        Self::filled(size, false)
    }

    /// The same, whose state keeps a name, a folder and a size of each.
    pub(crate) fn named(size: usize) -> Self {
        Self::filled(size, true)
    }

    fn filled(size: usize, has_names: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ids: Vec<AssetId> = (1..=size as u128)
            .map(|number| {
                let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
                AssetId::parse(&Uuid::from_u128(spread).to_string()).unwrap()
            })
            .collect();
        let desk = Self { folder, ids };
        desk.fill(has_names);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn create(&self, name: &str) -> BufWriter<File> {
        BufWriter::new(File::create(self.path(name)).unwrap())
    }

    fn fill(&self, has_names: bool) {
        let (mut bare, mut full) = (self.create("bare.yaml"), self.create("full.yaml"));
        let mut lines = self.create("ids.txt");
        for sink in [&mut bare, &mut full] {
            // More assets than a plan may delete without anybody's leave.
            let waiver =
                "{guard: max-assets, limit: 100000000, reason: benchmark, expires: 2100-01-01}";
            write!(sink, "version: 1\nwaivers: [{waiver}]\nassets:\n").unwrap();
        }
        for id in &self.ids {
            writeln!(bare, "  - {id}").unwrap();
            writeln!(lines, "{id}").unwrap();
            writeln!(
                full,
                "  - id: {id}\n    reason: superseded by v2\n    ticket: POST-1182"
            )
            .unwrap();
        }
        let target = Target {
            api: Api::V2,
            endpoint: "https://api.frame.io".to_owned(),
            account: None,
        };
        let mut state = State::new(Uuid::from_u128(1), target);
        state.serial = 1;
        state.assets = self
            .ids
            .iter()
            .map(|id| {
                let record = Record {
                    status: Status::Retired(Evidence::Answer),
                    run: 1,
                    at: Timestamp::UNIX_EPOCH,
                };
                (*id, record)
            })
            .collect();
        if has_names {
            for (number, id) in self.ids.iter().enumerate() {
                let location = Location {
                    project: Some("The Long Tide".into()),
                    folder: format!("dailies/day {}", number / 50).into(),
                };
                let known = Known {
                    name: Some(format!("A001_C{number:07}_0412.mov").into()),
                    location: Some(Arc::new(location)),
                    parent: None,
                    bytes: Some(73_400_320),
                };
                state.catalogue.insert(*id, known);
            }
        }
        let mut bytes = Vec::new();
        format::write(&state, &mut bytes).unwrap();
        fs::write(self.path("known.json"), bytes).unwrap();
    }
}
