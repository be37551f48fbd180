//! The first decision table: what a plan can say of one asset.

use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
pub use crate::event::{Path, Waypoint, Why};
use crate::inventory::{Mark, Seen};
use crate::manifest::document::Entry;
use crate::outcome::{Evidence, FailureKind};
pub use crate::plan::case::{Case, HoldInForce};
use crate::plan::pin::{Compared, Difference, differences};
pub use crate::plan::recorded::Recorded;
use crate::state::{Record, Status};

/// What is to happen to one asset, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Delete it: it is listed, and nothing is known of it.
    Retire,
    /// Delete it again: the server refused before.
    Retry {
        /// How often a delete was tried and not confirmed.
        attempts: u32,
        /// What sort of refusal the last one was.
        kind: FailureKind,
        /// The server's own words.
        message: Arc<str>,
    },
    /// Read it live, since an earlier delete was not answered, or the server did not know it;
    /// then delete it where it is there and listed.
    Resolve {
        /// Whether it is listed; only then is it deleted again.
        listed: bool,
        /// How often a delete was tried and not confirmed; 0 where it is missing.
        attempts: u32,
        /// The folder that we have deleted, and with which it is on its way out: then it is only
        /// read, be it listed or not.
        with: Option<AssetId>,
    },
    /// Write down that it is gone, and send nothing.
    Record {
        /// What shows it.
        evidence: Evidence,
        /// The run of ours that has deleted the folder with which it went; nothing where it was
        /// deleted by others.
        run: Option<u64>,
    },
    /// Leave it: a live reading did not find it, and nothing shows that it was deleted.
    Missing,
    /// Leave it: it may not be read.
    Unreadable {
        /// The server's own words.
        message: Arc<str>,
    },
    /// Leave it: it was refused too often.
    Blocked {
        /// How often a delete was tried and not confirmed.
        attempts: u32,
        /// What sort of refusal the last one was.
        kind: FailureKind,
        /// The server's own words.
        message: Arc<str>,
    },
    /// Leave it until its date.
    Defer {
        /// The moment from which it may be deleted.
        until: Timestamp,
    },
    /// Send nothing for it: it goes along with a folder or version stack that is deleted.
    Covered {
        /// The outermost of those in which it lies.
        by: AssetId,
        /// What would happen to it alone.
        alone: Box<Decision>,
    },
    /// Leave it where it was moved aside to, until its date.
    Staged {
        /// The moment from which it is deleted.
        until: Timestamp,
    },
    /// Leave it: it is protected, or connected with something that is.
    Held {
        /// What protects it.
        why: Why,
        /// The moment up to which it is protected, where that is known.
        until: Option<Timestamp>,
        /// What connects it with the asset that is protected; nothing where it is itself.
        path: Option<Arc<Path>>,
    },
    /// Leave it: it could not be read, so nobody knows what it is.
    Unread,
    /// Refuse it: it is other than its entry says, or not shown to be the same.
    Mismatch(Arc<[Difference]>),
    /// Leave it, and write that down: somebody has taken it out of where it was moved aside to.
    Rescued,
    /// Leave it: it is recorded as deleted, and is there all the same.
    Drift {
        /// What is recorded.
        recorded: Recorded,
        /// When that was.
        at: Timestamp,
        /// The run that has deleted it again, where its entry says `again: true` since then.
        again: Option<u64>,
    },
    /// Move it back to where it was, and drop its record: it is moved aside and no longer listed.
    Unstage,
    /// Drop its record: it failed or is missing, and is no longer listed.
    Forget,
    /// Nothing: it is deleted already.
    Unchanged {
        /// Whether it is listed; history otherwise.
        listed: bool,
    },
}

impl Decision {
    /// Whether carrying it out may delete the asset.
    #[must_use]
    pub const fn may_delete(&self) -> bool {
        match self {
            Self::Retire | Self::Retry { .. } | Self::Resolve { listed: true, .. } => true,
            Self::Resolve { listed: false, .. }
            | Self::Covered { .. }
            | Self::Record { .. }
            | Self::Missing
            | Self::Unreadable { .. }
            | Self::Blocked { .. }
            | Self::Defer { .. }
            | Self::Staged { .. }
            | Self::Held { .. }
            | Self::Unread
            | Self::Mismatch(_)
            | Self::Rescued
            | Self::Drift { .. }
            | Self::Unstage
            | Self::Forget
            | Self::Unchanged { .. } => false,
        }
    }

    /// Whether a run sends or records something of the asset, its record's end apart.
    #[must_use]
    pub const fn is_carried_out(&self) -> bool {
        match self {
            Self::Retire
            | Self::Retry { .. }
            | Self::Resolve { .. }
            | Self::Covered { .. }
            | Self::Record { .. }
            | Self::Missing
            | Self::Unreadable { .. } => true,
            Self::Blocked { .. }
            | Self::Defer { .. }
            | Self::Staged { .. }
            | Self::Held { .. }
            | Self::Unread
            | Self::Mismatch(_)
            | Self::Rescued
            | Self::Drift { .. }
            | Self::Unstage
            | Self::Forget
            | Self::Unchanged { .. } => false,
        }
    }

    /// Whether the asset stays for now, whatever is recorded of it.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        match self {
            Self::Held { .. }
            | Self::Defer { .. }
            | Self::Staged { .. }
            | Self::Unread
            | Self::Mismatch(_)
            | Self::Rescued
            | Self::Drift { .. } => true,
            Self::Retire
            | Self::Retry { .. }
            | Self::Resolve { .. }
            | Self::Covered { .. }
            | Self::Record { .. }
            | Self::Missing
            | Self::Unreadable { .. }
            | Self::Blocked { .. }
            | Self::Unstage
            | Self::Forget
            | Self::Unchanged { .. } => false,
        }
    }

    /// Whether the asset goes, for itself or with what it lies in.
    #[must_use]
    pub const fn goes(&self) -> bool {
        self.may_delete() || matches!(self, Self::Covered { .. })
    }

    /// What happens to the asset, or would if nothing took it along.
    #[must_use]
    pub fn alone(&self) -> &Self {
        match self {
            Self::Covered { alone, .. } => alone,
            Self::Retire
            | Self::Retry { .. }
            | Self::Resolve { .. }
            | Self::Held { .. }
            | Self::Record { .. }
            | Self::Missing
            | Self::Unreadable { .. }
            | Self::Blocked { .. }
            | Self::Defer { .. }
            | Self::Staged { .. }
            | Self::Unread
            | Self::Mismatch(_)
            | Self::Rescued
            | Self::Drift { .. }
            | Self::Unstage
            | Self::Forget
            | Self::Unchanged { .. } => self,
        }
    }

    /// Why a listed asset that stays keeps the folders and stacks around it, beside a hold, and
    /// up to which moment.
    pub(super) fn waits(&self) -> Option<(Why, Option<Timestamp>)> {
        match self {
            // What waits aside does not go with a folder that somebody has moved it to.
            Self::Defer { until } | Self::Staged { until } => Some((Why::Deferred, Some(*until))),
            Self::Mismatch(_) => Some((Why::Pinned, None)),
            Self::Unread | Self::Unreadable { .. } => Some((Why::Unread, None)),
            Self::Rescued | Self::Drift { .. } => Some((Why::Drift, None)),
            Self::Blocked { .. } => Some((Why::Blocked, None)),
            // It is held by where it lies, and not by what anybody said of it.
            Self::Held {
                why: Why::Unrecorded,
                ..
            } => Some((Why::Unrecorded, None)),
            Self::Retire
            | Self::Retry { .. }
            | Self::Resolve { .. }
            | Self::Covered { .. }
            | Self::Record { .. }
            | Self::Missing
            | Self::Held { .. }
            | Self::Unstage
            | Self::Forget
            | Self::Unchanged { .. } => None,
        }
    }

    /// Whether the asset is listed and missing, as far as is known.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Resolve {
                listed, attempts, ..
            } => *listed && *attempts == 0,
            Self::Retire
            | Self::Retry { .. }
            | Self::Covered { .. }
            | Self::Record { .. }
            | Self::Unreadable { .. }
            | Self::Blocked { .. }
            | Self::Defer { .. }
            | Self::Staged { .. }
            | Self::Held { .. }
            | Self::Unread
            | Self::Mismatch(_)
            | Self::Rescued
            | Self::Drift { .. }
            | Self::Unstage
            | Self::Forget
            | Self::Unchanged { .. } => false,
        }
    }
}

/// The settings that a decision depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How many refusals block an asset.
    pub max_attempts: u32,
    /// Whether blocked assets are tried all the same.
    pub retry_blocked: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            retry_blocked: false,
        }
    }
}

/// Decides what is to happen to one asset.
///
/// The order is that of safety: what is deleted already is left alone, then a hold, a date and
/// a pin each keep an asset, and only then is something sent. `None` where there is nothing to
/// say: neither listed nor recorded.
#[must_use]
pub fn decide(case: Case<'_>, rules: Rules, now: Timestamp) -> Option<Decision> {
    let Case {
        entry,
        record,
        hold,
        mark,
        seen,
        is_there,
        again,
        was_in: _,
        files,
        held,
        is_unopened,
        is_checked,
        leaves,
        went,
    } = case;
    let status = record.map(|record| &record.status);
    let Some(entry) = entry else {
        return status.map(|status| unlisted(status, leaves));
    };
    let facts = seen.and_then(Seen::facts);
    if let Some(record) = record
        && let Some(recorded) = Recorded::of(&record.status)
    {
        // A version stack without files is none that is back.
        let is_shell = facts.is_some_and(|facts| facts.kind == Kind::VersionStack);
        if (facts.is_none() || is_shell) && !is_there {
            return Some(Decision::Unchanged { listed: true });
        }
        // Who took it out of its staging folder was heard, and that was said.
        let is_used = !entry.goes_again() || again.is_some();
        if record.status == Status::Rescued && is_used {
            return Some(Decision::Unchanged { listed: true });
        }
        // It is said for once.
        let again = again.filter(|_| entry.goes_again());
        if !entry.goes_again() || again.is_some() {
            return Some(drift(recorded, record, again));
        }
    }
    if let Some(held) = protected(hold, mark) {
        return Some(held);
    }
    // What became of a delete that was never answered is found out in the run, not before it.
    let is_unanswered = matches!(status, Some(Status::Unknown { .. }));
    let absent = seen.filter(|_| !is_unanswered);
    if let Some(evidence) = shown_deleted(entry, absent) {
        return Some(match went {
            Some((folder, run)) if evidence != Evidence::ByHand => Decision::Record {
                evidence: Evidence::With(folder),
                run: Some(run),
            },
            Some(_) | None => Decision::Record {
                evidence,
                run: None,
            },
        });
    }
    // A delete of its own would find nothing, and say nothing of it.
    if leaves.is_some() {
        return Some(Decision::Resolve {
            listed: false,
            attempts: status.map_or(0, Status::attempts),
            with: leaves,
        });
    }
    if let Some(details) = &entry.details {
        if let Some(until) = details.not_before.filter(|until| *until > now) {
            return Some(Decision::Defer { until });
        }
        let mut other = facts.map_or_else(Vec::new, |facts| differences(details, facts, files));
        other.retain(|other| !(is_unopened && other.field == Compared::Contents));
        if !other.is_empty() {
            return Some(Decision::Mismatch(other.into()));
        }
    }
    if let Some(decision) = not_there(absent, held.is_some()) {
        return Some(decision);
    }
    if is_checked && seen.is_none() {
        return Some(Decision::Unread);
    }
    Some(sent_before(status, seen, rules))
}

/// What is to happen to a listed asset that nothing keeps, by what is recorded of it.
fn sent_before(status: Option<&Status>, seen: Option<&Seen>, rules: Rules) -> Decision {
    match status {
        // Where nothing was read before the plan, the run reads it before it sends anything.
        Some(Status::Missing) if seen.is_none() => Decision::Resolve {
            listed: true,
            attempts: 0,
            with: None,
        },
        None
        | Some(
            Status::Retired(_)
            | Status::Gone(_)
            | Status::Missing
            | Status::Restored { .. }
            | Status::Staged(_)
            | Status::Rescued,
        ) => Decision::Retire,
        Some(Status::Unknown { attempts }) => Decision::Resolve {
            listed: true,
            attempts: *attempts,
            with: None,
        },
        Some(Status::Failed(failed)) => {
            let (attempts, kind) = (failed.attempts, failed.kind);
            let message = Arc::clone(&failed.message);
            if attempts >= rules.max_attempts && !rules.retry_blocked {
                Decision::Blocked {
                    attempts,
                    kind,
                    message,
                }
            } else {
                Decision::Retry {
                    attempts,
                    kind,
                    message,
                }
            }
        }
    }
}

/// Why an asset is protected by itself, where it is: a hold counts before a mark.
pub(super) fn protected(hold: Option<&HoldInForce>, mark: Option<&Mark>) -> Option<Decision> {
    let (why, until) = match (hold, mark) {
        (Some(hold), _) => (Why::Hold(Arc::clone(&hold.reason)), hold.until),
        (None, Some(mark)) => (Why::Marked(mark.clone()), None),
        (None, None) => return None,
    };
    Some(Decision::Held {
        why,
        until,
        path: None,
    })
}

/// What is said of a listed asset that a reading has not found; `has_held` says whether the files are
/// known that it held.
fn not_there(absent: Option<&Seen>, has_held: bool) -> Option<Decision> {
    match absent? {
        // The run reads its files.
        Seen::Missing if has_held => Some(Decision::Resolve {
            listed: true,
            attempts: 0,
            with: None,
        }),
        Seen::Missing => Some(Decision::Missing),
        Seen::Refused { message } => {
            let message = Arc::clone(message);
            Some(Decision::Unreadable { message })
        }
        Seen::There(_) | Seen::Deleted { .. } => None,
    }
}

/// What shows that a listed asset is deleted, if anything does.
fn shown_deleted(entry: &Entry, absent: Option<&Seen>) -> Option<Evidence> {
    match absent? {
        Seen::Deleted { evidence, .. } => Some(*evidence),
        Seen::Missing => entry.accepts_missing().then_some(Evidence::ByHand),
        Seen::There(_) | Seen::Refused { .. } => None,
    }
}

const fn drift(recorded: Recorded, record: &Record, again: Option<u64>) -> Decision {
    Decision::Drift {
        recorded,
        at: record.at,
        again,
    }
}

fn unlisted(status: &Status, leaves: Option<AssetId>) -> Decision {
    match status {
        Status::Retired(_) | Status::Gone(_) | Status::Restored { .. } | Status::Rescued => {
            Decision::Unchanged { listed: false }
        }
        Status::Staged(_) => Decision::Unstage,
        Status::Failed(_) | Status::Missing => Decision::Forget,
        Status::Unknown { attempts } => Decision::Resolve {
            listed: false,
            attempts: *attempts,
            with: leaves,
        },
    }
}
