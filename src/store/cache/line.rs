//! The lines of the file.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::AssetId;
use crate::inventory::{Definition, Facts, ListPart, ProjectsPart, Shown};

/// A line of the file; the first one is the scope with the version of the layout.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// A page of a list of what is directly in a folder or a version stack.
    Page {
        of: AssetId,
        list: Arc<str>,
        /// How many lists show all of it.
        lists: usize,
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Arc<str>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Arc<str>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<usize>,
        items: Vec<Shown>,
    },
    /// An asset that was read by itself.
    Asset {
        id: AssetId,
        at: Timestamp,
        facts: Box<Facts>,
    },
    /// A page of all projects of the account.
    Projects { at: Timestamp, page: ProjectsPart },
    /// The custom fields of the account.
    Fields {
        at: Timestamp,
        definitions: Vec<Definition>,
    },
    /// Assets of which a run has changed something: no list that names one of them counts any more.
    Changed { assets: Vec<AssetId> },
}

/// Writes a line.
pub(super) fn add(sink: &mut dyn Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *sink, line)?;
    sink.write_all(b"\n")
}

/// What is told of a project, with the first asset of it alone.
fn told_once(mut items: Vec<Shown>) -> Vec<Shown> {
    let mut told = BTreeSet::new();
    for item in &mut items {
        let project = item.project.take();
        item.project = project.filter(|(id, _)| told.insert(*id) || item.facts.project.is_none());
    }
    items
}

impl Line {
    pub(super) fn page(of: AssetId, at: Timestamp, page: ListPart) -> Self {
        let ListPart {
            list,
            lists,
            after,
            items,
            next,
            total,
        } = page;
        let items = told_once(items);
        Self::Page {
            of,
            list,
            lists,
            at,
            after,
            next,
            total,
            items,
        }
    }
}
