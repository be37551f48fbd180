//! What a run makes of times: all that are compared are the server's.

use std::time::Duration;

use jiff::Timestamp;

use crate::apply::strategy::{Known, Strategy, Subject};
use crate::asset::AssetId;
use crate::event::Task;
use crate::frameio::clocks::{earlier, later};
use crate::state::Status;

impl<S: Strategy> Known<'_, S> {
    /// When a delete is about to be sent, for runs that come later.
    pub(crate) fn intended_at(&self, task: Task) -> Option<Timestamp> {
        (task == Task::Delete).then_some(self.time)
    }

    /// When the delete of an asset was sent that was not answered, by the run's clock, or before; of
    /// those of earlier runs when the run began: what somebody else has deleted since is shown as well.
    pub(crate) fn intent_of(&self, id: AssetId) -> Option<Timestamp> {
        if let Some(intent) = self.memory.intents.get(&id) {
            return Some(self.time_at(*intent));
        }
        let record = self.state.assets.get(&id)?;
        match record.status {
            Status::Unknown { .. } => Some(self.state.runs.get(&record.run)?.at),
            Status::Retired(_)
            | Status::Gone(_)
            | Status::Failed(_)
            | Status::Missing
            | Status::Restored { .. }
            | Status::Staged(_)
            | Status::Rescued => None,
        }
    }

    /// What time it was at a moment of this run, as answers have told the time up to now: the first
    /// of them may have come from somebody's cache.
    fn time_at(&self, moment: Duration) -> Timestamp {
        earlier(self.time, self.now.saturating_sub(moment))
    }

    /// A time of before the run, with what answers have told since of the time then.
    fn time_before(&self, time: Timestamp) -> Timestamp {
        let Some((began, moment)) = self.memory.began else {
            return time;
        };
        let more = self.time_at(moment).duration_since(began);
        let more = Duration::try_from(more).unwrap_or_default();
        later(time, more)
    }

    /// Whether an asset was deleted by a delete of ours that was not answered: it is not older
    /// than that.
    ///
    /// Both times are the server's. Where it tells none they cannot be compared, and what cannot be
    /// compared is not ours: whoever takes back what a run deleted must not take back what others did.
    pub(crate) fn is_ours(&self, id: AssetId, at: Timestamp) -> bool {
        let is_earlier = !self.memory.intents.contains_key(&id);
        let sent = self.state.sent.get(&id).filter(|_| is_earlier);
        let began = self.intent_of(id).filter(|_| self.memory.has_told_time);
        let intent = began.map(|began| sent.map_or(began, |sent| began.max(*sent)));
        // Neither time need have more than seconds.
        intent.is_some_and(|intent| at.as_second() >= intent.as_second())
    }

    /// Whether an asset that is alive may still go by a delete of ours: it is on its way out with a
    /// folder, or that delete, its own or that of what it lay in, was not answered a short while ago.
    pub(crate) fn may_go(&self, id: AssetId) -> bool {
        let is_going = match self.state.unanswered.get(&id) {
            Some(folder) => self.state.is_going(*folder, self.time),
            None => self.state.may_come_true(id, self.time),
        };
        is_going || self.approved.leaves_with(id).is_some()
    }

    /// Whether an asset without a record is on its way out with a folder, and what is kept of it says
    /// that it lies in that.
    pub(crate) fn lies_in_what_goes(&self, id: AssetId) -> bool {
        let state = self.state;
        let folder = self.approved.leaves_with(id);
        let is_shown = |folder| {
            state
                .going_with((id, None), |here| here == folder)
                .is_some()
        };
        !state.assets.contains_key(&id) && folder.is_some_and(is_shown)
    }

    /// The folder that we have deleted with which an asset went, where nobody knows what became of the
    /// asset, and it is not there.
    pub(crate) fn went_with(&self, Subject { id, stack }: Subject) -> Option<AssetId> {
        let (folder, record) = self.state.went_with(id).filter(|_| stack.is_none())?;
        matches!(record.status, Status::Retired(_)).then_some(folder)
    }

    /// Whether an asset was seen alive after it is said to have been deleted: it was restored since.
    pub(crate) fn was_back(&self, subject: Subject, deleted_at: Timestamp) -> bool {
        let Subject { id, stack } = subject;
        let seen = self.memory.alive.get(&id);
        let seen = seen.map(|moment| self.time_at(*moment));
        let before = || self.approved.alive_after(id, stack);
        let seen = seen.or_else(|| before().map(|time| self.time_before(time)));
        let seen = seen.or_else(|| self.state.alive_at(id));
        // Neither time need have more than seconds.
        seen.is_some_and(|seen| deleted_at.as_second() + 1 < seen.as_second())
    }
}
