//! Where an asset stands.

use std::sync::Arc;

use jiff::Timestamp;

use crate::outcome::{Aside, Evidence, FailureKind};

/// Where an asset stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Deletion by us, and this shows it.
    Retired(Evidence),
    /// Deletion by somebody else, and this shows it.
    Gone(Evidence),
    /// The server refused; boxed, since most records are not failures.
    Failed(Box<Failed>),
    /// Sent, and no answer that can be trusted came back.
    Unknown {
        /// In how many runs a delete was tried and not confirmed.
        attempts: u32,
    },
    /// The server does not know it, and nothing shows that it was deleted.
    Missing,
    /// Deletion by us and restored by us.
    Restored {
        /// What had shown that it was deleted.
        was: Evidence,
        /// Whether a reading has shown it alive since then, and a folder with all that was in it.
        seen: bool,
        /// By which run and when, so that the number of that run brings it back until it is seen;
        /// boxed, since most records are not restored.
        deleted: Option<Box<Deletion>>,
    },
    /// Moved aside, to be deleted on a date; boxed, since most records are not.
    Staged(Box<Staged>),
    /// Taken by somebody out of where we had moved it aside to.
    Rescued,
}

/// When we deleted an asset that we have restored since, or asked the server to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Deletion {
    /// The number of the run that has recorded it.
    pub run: u64,
    /// The moment of that: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub at: Timestamp,
}

/// An asset that is moved aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// Where it is, and until when.
    pub aside: Aside,
    /// In how many runs a delete was tried before that, and not confirmed.
    pub attempts: u32,
}

/// The last refusal of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What sort of refusal it is.
    pub kind: FailureKind,
    /// The server's own words; shared, since thousands of refusals say the same.
    pub message: Arc<str>,
    /// In how many runs a delete was tried and not confirmed.
    pub attempts: u32,
}

impl Status {
    /// The status's name, as it stands in documents.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Retired(_) => "retired",
            Self::Gone(_) => "gone",
            Self::Failed(_) => "failed",
            Self::Unknown { .. } => "unknown",
            Self::Missing => "missing",
            Self::Restored { .. } => "restored",
            Self::Staged(_) => "staged",
            Self::Rescued => "rescued",
        }
    }

    /// In how many runs a delete was tried and not confirmed; nothing where that says nothing.
    #[must_use]
    pub fn tries(&self) -> Option<u32> {
        match self {
            Self::Retired(_)
            | Self::Gone(_)
            | Self::Missing
            | Self::Restored { .. }
            | Self::Rescued => None,
            Self::Staged(staged) => Some(staged.attempts).filter(|attempts| *attempts > 0),
            Self::Failed(failed) => Some(failed.attempts),
            Self::Unknown { attempts } => Some(*attempts),
        }
    }

    /// The same, and none where that says nothing.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.tries().unwrap_or_default()
    }

    /// The last refusal, where it was refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&Failed> {
        match self {
            Self::Failed(failed) => Some(failed),
            Self::Retired(_)
            | Self::Gone(_)
            | Self::Unknown { .. }
            | Self::Missing
            | Self::Restored { .. }
            | Self::Staged(_)
            | Self::Rescued => None,
        }
    }

    /// How it stands aside, where it does.
    #[must_use]
    pub const fn aside(&self) -> Option<&Aside> {
        match self {
            Self::Staged(staged) => Some(&staged.aside),
            Self::Retired(_)
            | Self::Gone(_)
            | Self::Failed(_)
            | Self::Unknown { .. }
            | Self::Missing
            | Self::Restored { .. }
            | Self::Rescued => None,
        }
    }

    /// Whether it was restored by us, or taken by somebody out of where we had moved it aside to.
    #[must_use]
    pub const fn is_taken_back(&self) -> bool {
        match self {
            Self::Restored { .. } | Self::Rescued => true,
            Self::Retired(_)
            | Self::Gone(_)
            | Self::Failed(_)
            | Self::Unknown { .. }
            | Self::Missing
            | Self::Staged(_) => false,
        }
    }

    /// Whether a restored one was seen alive, and when it had been deleted.
    #[must_use]
    pub fn restored(&self) -> Option<(bool, Option<&Deletion>)> {
        match self {
            Self::Restored { seen, deleted, .. } => Some((*seen, deleted.as_deref())),
            Self::Retired(_)
            | Self::Gone(_)
            | Self::Failed(_)
            | Self::Unknown { .. }
            | Self::Missing
            | Self::Staged(_)
            | Self::Rescued => None,
        }
    }

    /// What shows that it is deleted; nothing where it is not, or where an earlier version did not
    /// keep it.
    #[must_use]
    pub const fn evidence(&self) -> Option<Evidence> {
        match self {
            Self::Retired(Evidence::Earlier)
            | Self::Gone(Evidence::Earlier)
            | Self::Failed(_)
            | Self::Unknown { .. }
            | Self::Missing
            | Self::Restored { .. }
            | Self::Staged(_)
            | Self::Rescued => None,
            Self::Retired(evidence) | Self::Gone(evidence) => Some(*evidence),
        }
    }

    /// What shows that we deleted it, or did before we restored it.
    pub(crate) const fn was_shown_by(&self) -> Option<Evidence> {
        match self {
            Self::Retired(evidence) | Self::Restored { was: evidence, .. } => Some(*evidence),
            Self::Gone(_)
            | Self::Failed(_)
            | Self::Unknown { .. }
            | Self::Missing
            | Self::Staged(_)
            | Self::Rescued => None,
        }
    }
}
