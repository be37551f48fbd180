//! How what a probe makes is called: all of it bears the mark that was drawn for the probe.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::probe::thing::Thing;

/// What was drawn for one probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark(pub(super) String);

impl Mark {
    /// That of something drawn: eight letters and digits are enough to be nobody else's.
    pub(super) fn of(drawn: Uuid) -> Self {
        let mut text = drawn.simple().to_string();
        text.truncate(8);
        Self(text)
    }

    /// The name of the folder that all of it is in.
    pub(super) fn top(&self, at: Timestamp) -> String {
        format!("_retire probe {} {}", at.strftime("%Y-%m-%d"), self.0)
    }

    /// The name of something in it.
    pub(super) fn name(&self, thing: Thing) -> Arc<str> {
        let mark = &self.0;
        // One is called like another, to see whether that is allowed.
        let thing = match thing {
            Thing::Fourth => Thing::First,
            Thing::Top
            | Thing::Drawer
            | Thing::Box
            | Thing::First
            | Thing::Second
            | Thing::Third
            | Thing::Spare
            | Thing::OldVersion
            | Thing::NewVersion
            | Thing::Stack
            | Thing::Never
            | Thing::StrayFile
            | Thing::StrayFolder
            | Thing::StrayStack => thing,
        };
        format!("retire probe {mark} {}", thing.name()).into()
    }

    /// Whether a name is one of this probe: nobody else's has what was drawn for it.
    pub(super) fn is_in(&self, name: &str) -> bool {
        name.contains(&format!("retire probe {} ", self.0))
    }
}
