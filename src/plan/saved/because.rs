//! Why an asset of a plan document stays, where that is neither a hold nor a mark.

use serde::{Deserialize, Serialize};

use crate::plan::decide::Why;

/// Why an asset stays without a hold, and with it what it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// Its date is ahead.
    Deferred,
    /// It is other than its entry says.
    Pinned,
    /// It was refused too often.
    Blocked,
    /// It could not be read.
    Unread,
    /// It is recorded as deleted, and is there all the same.
    Drift,
    /// It is, or lies in, a staging folder, and no record says where it was before.
    Unrecorded,
}

impl Because {
    /// The same in the document's words; nothing of what has a field of its own.
    pub(super) const fn new(why: &Why) -> Option<Self> {
        match why {
            Why::Hold(_) | Why::Marked(_) => None,
            Why::Deferred => Some(Self::Deferred),
            Why::Pinned => Some(Self::Pinned),
            Why::Blocked => Some(Self::Blocked),
            Why::Unread => Some(Self::Unread),
            Why::Drift => Some(Self::Drift),
            Why::Unrecorded => Some(Self::Unrecorded),
        }
    }

    /// Why it stays.
    pub(super) const fn why(self) -> Why {
        match self {
            Self::Deferred => Why::Deferred,
            Self::Pinned => Why::Pinned,
            Self::Blocked => Why::Blocked,
            Self::Unread => Why::Unread,
            Self::Drift => Why::Drift,
            Self::Unrecorded => Why::Unrecorded,
        }
    }
}
