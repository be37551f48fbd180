//! How many assets of a state came to what, and how many bytes were deleted.

use crate::measure;
use crate::outcome::Evidence;
use crate::state::Status;

/// How many bytes were deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deleted {
    /// How many, as far as that is known.
    pub bytes: u64,
    /// Of how many assets it is not known.
    pub unmeasured: usize,
}

impl Deleted {
    /// Adds one asset that was deleted.
    pub const fn add(&mut self, evidence: Evidence, bytes: Option<u64>) {
        match (evidence, bytes) {
            // The folder that it was deleted with has counted it.
            (Evidence::With(_), _) => {}
            (_, bytes) => {
                if !measure::add(&mut self.bytes, bytes) {
                    self.unmeasured += 1;
                }
            }
        }
    }
}

/// How many assets came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Deleted, and confirmed.
    pub retired: usize,
    /// Found already deleted.
    pub gone: usize,
    /// Refused by the server.
    pub failed: usize,
    /// Sent, and not confirmed.
    pub unknown: usize,
    /// Not found, and not shown to be deleted.
    #[serde(default)]
    pub missing: usize,
    /// Deleted, and restored.
    #[serde(default, skip_serializing_if = "is_none")]
    pub restored: usize,
    /// Moved aside.
    #[serde(default, skip_serializing_if = "is_none")]
    pub staged: usize,
    /// Taken back by people before they were deleted.
    #[serde(default, skip_serializing_if = "is_none")]
    pub rescued: usize,
}

/// Whether there are none; what an earlier version did not count is left out then.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_none(count: &usize) -> bool {
    *count == 0
}

/// What a run came to, as it was when the next one began: a later run that records the same assets
/// changes nothing of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Came {
    /// How many assets it had recorded, and as what.
    pub counts: Counts,
    /// How many bytes those had that it deleted, as far as that is known.
    pub bytes: u64,
    /// Of how many of these it is not known.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unmeasured: usize,
}

impl Came {
    /// What was deleted.
    #[must_use]
    pub const fn deleted(self) -> Deleted {
        let Self {
            bytes, unmeasured, ..
        } = self;
        Deleted { bytes, unmeasured }
    }
}

impl Counts {
    /// How many there are.
    #[must_use]
    pub const fn total(&self) -> usize {
        let Self {
            retired,
            gone,
            failed,
            unknown,
            missing,
            restored,
            staged,
            rescued,
        } = *self;
        retired + gone + failed + unknown + missing + restored + staged + rescued
    }

    /// Counts one more asset.
    pub const fn add(&mut self, status: &Status) {
        match status {
            Status::Retired(_) => self.retired += 1,
            Status::Gone(_) => self.gone += 1,
            Status::Failed(_) => self.failed += 1,
            Status::Unknown { .. } => self.unknown += 1,
            Status::Missing => self.missing += 1,
            Status::Restored { .. } => self.restored += 1,
            Status::Staged(_) => self.staged += 1,
            Status::Rescued => self.rescued += 1,
        }
    }
}
