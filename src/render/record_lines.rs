//! The lines of a state before and after a run.

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::AssetId;
use crate::render::hunks::Sort;
use crate::state::format::record_line;
use crate::state::{Catalogue, Record};

/// One line of the document, written only when it is shown.
#[derive(Debug, Clone, Copy)]
pub(super) enum Line<'plan> {
    Text(&'plan str),
    Record {
        id: AssetId,
        record: &'plan Record,
        /// What is known of the asset.
        known: &'plan Catalogue,
        /// The files that version stacks were found to hold.
        files: &'plan BTreeMap<AssetId, BTreeSet<AssetId>>,
        /// Whether that is other than before.
        anew: bool,
        comma: bool,
    },
}

impl Line<'_> {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one == other,
            (
                Self::Record {
                    id,
                    record,
                    known: _,
                    files: _,
                    anew,
                    comma,
                },
                Self::Record {
                    id: other_id,
                    record: other_record,
                    known: _,
                    files: _,
                    anew: other_anew,
                    comma: other_comma,
                },
            ) => (id, record, anew, comma) == (other_id, other_record, other_anew, other_comma),
            (Self::Text(_), Self::Record { .. }) | (Self::Record { .. }, Self::Text(_)) => false,
        }
    }

    pub(super) fn append(self, line: &mut String) {
        match self {
            Self::Text(text) => line.push_str(text),
            Self::Record {
                id,
                record,
                known,
                files,
                anew: _,
                comma,
            } => {
                record_line(id, record, &[known], files, line);
                if comma {
                    line.push(',');
                }
            }
        }
    }
}

/// A line before and after; at least one of them is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'plan> {
    pub(super) old: Option<Line<'plan>>,
    pub(super) new: Option<Line<'plan>>,
}

impl<'plan> Pair<'plan> {
    pub(super) fn of(old: Option<&'plan str>, new: Option<&'plan str>) -> Self {
        let (old, new) = (old.map(Line::Text), new.map(Line::Text));
        Self { old, new }
    }

    pub(super) fn sort(&self) -> Sort {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) if old.is_same(new) => Sort::Same,
            (Some(_), Some(_)) => Sort::Changed,
            (Some(_), None) => Sort::Removed,
            (None, Some(_) | None) => Sort::Added,
        }
    }
}
