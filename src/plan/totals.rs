//! How many assets each decision of a plan concerns.

use crate::plan::decide::Decision;

/// How many assets each decision concerns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// To be deleted for the first time.
    pub retire: usize,
    /// To be tried again.
    pub retry: usize,
    /// To be read live, and then decided.
    pub resolve: usize,
    /// To go along with folders or version stacks.
    #[serde(default, skip_serializing_if = "is_none")]
    pub covered: usize,
    /// Found deleted, and only to be recorded so.
    pub record: usize,
    /// Not found, and not shown to be deleted.
    #[serde(default, skip_serializing_if = "is_none")]
    pub missing: usize,
    /// Not to be read.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unreadable: usize,
    /// Refused too often.
    pub blocked: usize,
    /// Left until their date.
    pub defer: usize,
    /// Left where they were moved aside to, until their date.
    #[serde(default, skip_serializing_if = "is_none")]
    pub staged: usize,
    /// Held.
    pub held: usize,
    /// Other than their entries say, or not shown to be the same.
    pub mismatch: usize,
    /// Not read, since the server had trouble.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unread: usize,
    /// Taken out of where they were moved aside to.
    #[serde(default, skip_serializing_if = "is_none")]
    pub rescued: usize,
    /// Recorded as deleted, and there all the same.
    #[serde(default, skip_serializing_if = "is_none")]
    pub drift: usize,
    /// Moved back to where they were, since nobody lists them any more.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unstage: usize,
    /// Records to be dropped.
    pub forget: usize,
    /// Listed, and deleted already.
    pub unchanged: usize,
    /// Of those that are listed and deleted already: taken back since, so that they are there again.
    #[serde(default, skip_serializing_if = "is_none")]
    pub taken_back: usize,
    /// Deleted already and no longer listed.
    pub history: usize,
    /// How many files go: every version counts as one, and so does what was not listed to its end.
    #[serde(default)]
    pub files: usize,
    /// How many bytes they have, as far as that is known.
    #[serde(default)]
    pub bytes: u64,
    /// Of how many of them it is not known.
    #[serde(default)]
    pub unmeasured: usize,
}

/// Whether there are none; what an earlier version did not count is left out then.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_none(total: &usize) -> bool {
    *total == 0
}

impl Totals {
    /// Every figure with its name, in the order of documents.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, usize); 19] {
        let Self {
            retire,
            retry,
            resolve,
            covered,
            record,
            missing,
            unreadable,
            blocked,
            defer,
            staged,
            held,
            mismatch,
            unread,
            rescued,
            drift,
            unstage,
            forget,
            unchanged,
            history,
            // They count no decisions of their own.
            taken_back: _,
            files: _,
            bytes: _,
            unmeasured: _,
        } = *self;
        [
            ("retire", retire),
            ("retry", retry),
            ("resolve", resolve),
            ("covered", covered),
            ("record", record),
            ("missing", missing),
            ("unreadable", unreadable),
            ("blocked", blocked),
            ("defer", defer),
            ("staged", staged),
            ("held", held),
            ("mismatch", mismatch),
            ("unread", unread),
            ("rescued", rescued),
            ("drift", drift),
            ("unstage", unstage),
            ("forget", forget),
            ("unchanged", unchanged),
            ("history", history),
        ]
    }

    /// What no action of a document tells: how many assets need none, and the figures of files.
    pub(super) fn without_actions(&self) -> Self {
        Self {
            unchanged: self.unchanged,
            taken_back: self.taken_back,
            history: self.history,
            files: self.files,
            bytes: self.bytes,
            unmeasured: self.unmeasured,
            ..Self::default()
        }
    }

    pub(super) fn count(&mut self, decision: &Decision) {
        *self.count_mut(decision) += 1;
    }

    /// Counts an asset no more.
    pub(super) fn uncount(&mut self, decision: &Decision) {
        *self.count_mut(decision) -= 1;
    }

    /// Counts an asset elsewhere than before.
    pub(super) fn recount(&mut self, before: &Decision, now: &Decision) {
        self.uncount(before);
        self.count(now);
    }

    const fn count_mut(&mut self, decision: &Decision) -> &mut usize {
        match decision {
            Decision::Retire => &mut self.retire,
            Decision::Retry { .. } => &mut self.retry,
            Decision::Resolve { .. } => &mut self.resolve,
            Decision::Covered { .. } => &mut self.covered,
            Decision::Record { .. } => &mut self.record,
            Decision::Missing => &mut self.missing,
            Decision::Unreadable { .. } => &mut self.unreadable,
            Decision::Blocked { .. } => &mut self.blocked,
            Decision::Defer { .. } => &mut self.defer,
            Decision::Staged { .. } => &mut self.staged,
            Decision::Held { .. } => &mut self.held,
            Decision::Mismatch(_) => &mut self.mismatch,
            Decision::Unread => &mut self.unread,
            Decision::Rescued => &mut self.rescued,
            Decision::Drift { .. } => &mut self.drift,
            Decision::Unstage => &mut self.unstage,
            Decision::Forget => &mut self.forget,
            Decision::Unchanged { listed: true } => &mut self.unchanged,
            Decision::Unchanged { listed: false } => &mut self.history,
        }
    }

    /// How many assets may be deleted if the plan is carried out.
    #[must_use]
    pub const fn deletes(&self) -> usize {
        self.retire + self.retry + self.resolve
    }

    /// How many assets go if the plan is carried out, for themselves or along with others.
    #[must_use]
    pub const fn going(&self) -> usize {
        self.deletes() + self.covered
    }

    /// The number that whoever approves the plan types: that of the files that go, or of the assets
    /// where these are folders without any.
    #[must_use]
    pub const fn to_type(&self) -> usize {
        if self.files > 0 {
            self.files
        } else {
            self.deletes()
        }
    }

    /// How many assets or records the plan would change, those apart that are only read.
    #[must_use]
    pub const fn changes(&self) -> usize {
        self.going() + self.record + self.missing + self.unreadable + self.unstage + self.forget
    }
}
