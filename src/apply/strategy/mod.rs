//! What differs between the versions of the API: which calls delete and read, and what an answer
//! means for what is still to be done; and the words in which both say it.
//!
//! [`bulk`] asks for many assets at once (v2), [`direct`] for one a call (V4).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::apply::breaker::Tally;
use crate::asset::AssetId;
use crate::event::{RateLimit, RunEvent, StopReason, Task};
use crate::frameio::Reply;
use crate::frameio::call::Call;
use crate::frameio::retry::Retries;
use crate::frameio::verdict::{Verdict, is_denied};
use crate::outcome::{AssetOutcome, Evidence, Failure, Outcome};
use crate::plan::approve::{Approved, Resolve};
use crate::state::{Record, State, Status};

mod asks;
mod bulk;
mod direct;
mod folders;
mod stacks;
mod times;
mod tries;
mod way;

pub(crate) use asks::Direct;
pub(crate) use bulk::Bulk;
pub(crate) use tries::Tries;

/// How one version of the API deletes.
pub(crate) trait Strategy:
    Debug + Clone + Copy + PartialEq + Eq + Send + Sync + Sized + 'static
{
    /// The calls that it makes.
    type Call: Call + Debug + Clone + PartialEq + Eq + 'static;
    /// What a job is for, beyond what its call asks.
    type Aim: Debug + Clone + Default + PartialEq + Eq + Send + Sync;
    /// What an answer tells.
    type Answer;
    /// How far an asset is that takes several calls.
    type Progress: Debug + Clone + PartialEq + Eq;

    /// Whether a refusal for want of a right speaks of one asset alone.
    const TELLS_RIGHTS: bool;

    /// Whether everything that is deleted was read before: then the server has spoken as the API.
    const READS_FIRST: bool;

    /// The assets to delete in the order in which they go.
    fn in_order(approved: &Approved) -> Cow<'_, [AssetId]>;

    /// What deletes the first of some assets, or as many of them as one call can, or finds out how
    /// to.
    fn delete(ids: &[AssetId], approved: &Approved) -> Job<Self>;

    /// What reads an asset whose earlier delete was not answered, or that is missing.
    fn read(resolve: Resolve) -> Job<Self>;

    /// What reads an asset that the delete of a job did not settle.
    fn read_again(job: &Job<Self>, id: AssetId, approved: &Approved) -> Job<Self>;

    /// The assets that a job asks for.
    fn targets(job: &Job<Self>) -> &[AssetId];

    /// The version stack that they are files of, where they are deleted in its place.
    fn stack(job: &Job<Self>) -> Option<AssetId>;

    /// What goes along with what a job deletes, of what the plan knows.
    fn along(job: &Job<Self>, known: &Known<'_, Self>) -> Vec<AssetId>;

    /// What an answer means.
    fn judge(job: &Job<Self>, reply: &Reply) -> Verdict<Self::Answer>;

    /// What follows from what an answer tells.
    fn on_answer(job: Job<Self>, told: Self::Answer, known: &Known<'_, Self>) -> Vec<Effect<Self>>;

    /// What follows where the server refuses to say what a job asks.
    fn on_refusal(job: Job<Self>, detail: String, known: &Known<'_, Self>) -> Vec<Effect<Self>>;

    /// What follows where a delete is not made after all, since its asset, or what that lies in, is
    /// other than it was approved. What was not sent stays as it was; of a folder or a version stack
    /// that goes one by one some may be gone already.
    fn left_alone(job: &Job<Self>, known: &Known<'_, Self>) -> Vec<Effect<Self>>;

    /// What follows where a delete is not made since that is not there any more in place of which it
    /// was to be; nothing where its own asset is to be read.
    fn whole_absent(job: &Job<Self>, known: &Known<'_, Self>) -> Option<Vec<Effect<Self>>>;

    /// What follows where a job went wrong too often and is not made again.
    fn given_up(job: &Job<Self>, known: &Known<'_, Self>) -> Vec<Effect<Self>>;

    /// What follows from the outcome of one asset.
    fn on_outcome(subject: Subject, outcome: Outcome, known: &Known<'_, Self>)
    -> Vec<Effect<Self>>;

    /// What follows where an asset is unknown and stays so.
    fn on_unknown(subject: Subject, known: &Known<'_, Self>) -> Vec<Effect<Self>>;

    /// What an answer says instead, where the API is not served any more.
    fn ended(reply: &Reply) -> Option<String>;
}

/// When a job goes: files before version stacks, and these before folders, so that each has an
/// answer of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Files, and whatever is only read.
    #[default]
    File,
    Stack,
    Folder,
}

impl Rank {
    /// All of them, in order.
    pub(super) const ALL: [Self; 3] = [Self::File, Self::Stack, Self::Folder];
}

/// One request that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job<S: Strategy> {
    pub(super) call: S::Call,
    /// What it is for, beyond what its call asks.
    pub(super) aim: S::Aim,
    /// The assets that its answer speaks of; of a file of a version stack, the stack.
    pub(super) ids: Arc<[AssetId]>,
    pub(super) rank: Rank,
    /// Whether its assets may be deleted; only readings of unlisted assets may not.
    pub(super) listed: bool,
    /// Whether its assets were read and found alive, so that reading them again tells nothing.
    pub(super) looked: bool,
    /// Whether it is no part of an earlier job.
    pub(super) fresh: bool,
    /// How often this request went wrong.
    pub(super) tries: Tries,
    /// How often the delete of its assets went wrong.
    pub(super) sent: Tries,
    /// What the delete of its asset was refused with, where a reading finds it alive.
    pub(super) refusal: Option<Box<Failure>>,
}

impl<S: Strategy> Job<S> {
    pub(super) fn new(call: S::Call, ids: impl Into<Arc<[AssetId]>>) -> Self {
        Self {
            call,
            aim: S::Aim::default(),
            ids: ids.into(),
            rank: Rank::default(),
            listed: true,
            looked: false,
            fresh: false,
            tries: Tries::default(),
            sent: Tries::default(),
            refusal: None,
        }
    }

    /// The rate limit that it counts against.
    pub(super) fn rate_limit(&self) -> RateLimit {
        self.call.rate_limit()
    }

    /// What it asks for.
    pub(super) fn task(&self) -> Task {
        self.call.task()
    }
}

/// What the dispatcher does because of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect<S: Strategy> {
    /// Closes the job, and writes down what became of its assets.
    Record(Vec<AssetOutcome>),
    /// Keeps what a stop for missing assets would take back: it is written down at the end. Until
    /// then it is as it was for whoever finds the run dead, and the next run finds it out again.
    HoldBack(AssetOutcome),
    /// Looks for an asset in the lists of recently deleted assets.
    Seek(Subject),
    /// Remembers which files a version stack holds whose delete begins.
    Opened(AssetId, Arc<[AssetId]>),
    /// Remembers what became of a file that is deleted in place of its version stack.
    FileDone(FileDone),
    /// Drops the record of an asset that lives and that nobody wants gone.
    Forget(AssetId),
    /// Sends jobs before everything else.
    Requeue(Vec<Job<S>>),
    /// Deletes an asset that a reading found alive, together with others.
    Found(AssetId, Tries),
    /// Sends jobs after a pause.
    RetryAfter(Retry<S>),
    Warn(String),
    /// Ends the small first deletes: one came back sane.
    Sane,
    /// Counts what may stop the run.
    Count(Tally),
    /// Counts a request that came to nothing, and lets its rate limit take a breath.
    Strain(RateLimit, String),
    /// Remembers that deletes were sent then and not answered.
    Intended(Vec<AssetId>, Duration),
    /// Remembers that assets are alive.
    Alive(Arc<[AssetId]>),
    /// Remembers that the server did not know assets when it was to delete them: until something
    /// is recorded of one, nobody knows what became of it.
    Doubt(Vec<AssetId>),
    /// Has an asset read again before anything more is deleted of it.
    Distrust(AssetId),
    /// Says that what was in a folder is deleted and has sizes of its own: nothing goes along with
    /// the folder any more.
    Emptied(AssetId),
    /// Remembers how far an asset is that takes several calls; nothing where it is done with.
    Progress(AssetId, Option<S::Progress>),
    Stop(StopReason),
}

/// What became of a file that is deleted in place of its version stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileDone {
    pub(super) stack: AssetId,
    pub(super) file: AssetId,
    /// What shows that we deleted it; nothing where we did not.
    pub(super) retired: Option<Evidence>,
}

impl FileDone {
    /// What happened, as the answer to a batch told it.
    pub(super) const fn event(self, batch: u64) -> RunEvent {
        let Self {
            stack,
            file,
            retired,
        } = self;
        RunEvent::FileDone {
            batch,
            stack,
            file,
            retired,
        }
    }
}

/// A request that is made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retry<S: Strategy> {
    pub(super) jobs: Vec<Job<S>>,
    /// How many assets it asks for.
    pub(super) assets: usize,
    /// How often it went wrong so far.
    pub(super) count: u32,
    pub(super) longest: Duration,
    /// The rate limit that rests as long, if one does.
    pub(super) rests: Option<RateLimit>,
    pub(super) why: String,
}

impl<S: Strategy> Retry<S> {
    /// What happened: a batch went wrong, and is made again after a pause.
    pub(super) fn event(&self, batch: u64, at: Timestamp, wait: Duration) -> RunEvent {
        RunEvent::Retried {
            batch,
            at,
            assets: self.assets,
            tries: self.count,
            wait,
            why: self.why.clone(),
        }
    }
}

/// An asset, and the version stack that it is a file of, where it is deleted as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(super) id: AssetId,
    pub(super) stack: Option<AssetId>,
}

impl Subject {
    /// An asset that is deleted for itself.
    pub(super) const fn alone(id: AssetId) -> Self {
        Self { id, stack: None }
    }
}

/// What a run has learned; only effects change it.
#[derive(Debug)]
pub(crate) struct Memory<S: Strategy> {
    /// When the deletes were sent that were not answered, the last of each asset.
    pub(super) intents: HashMap<AssetId, Duration>,
    /// When assets were seen alive, the last time of each.
    pub(super) alive: HashMap<AssetId, Duration>,
    /// When the run began, as far as answers had told the time by then, and the same as a count.
    pub(super) began: Option<(Timestamp, Duration)>,
    /// Whether the server has told the time, so that the run goes by it.
    pub(super) has_told_time: bool,
    /// Whether the server has answered as the API does.
    pub(super) has_spoken: bool,
    /// What it answers instead.
    pub(super) ended: Option<String>,
    /// The assets that were refused before this run: that they are refused again says nothing.
    pub(super) refused_before: HashSet<AssetId>,
    /// How far assets are that take several calls.
    pub(super) progress: HashMap<AssetId, S::Progress>,
    /// What is written down at the end, unless the run stops since too much is missing; with each
    /// the batch that found out.
    pub(super) held: BTreeMap<AssetId, (u64, Outcome)>,
}

impl<S: Strategy> Memory<S> {
    /// What is known when a run begins with a state.
    pub(super) fn new(state: &State) -> Self {
        let refused = |(id, record): (&AssetId, &Record)| {
            matches!(record.status, Status::Failed(_)).then_some(*id)
        };
        Self {
            intents: HashMap::new(),
            alive: HashMap::new(),
            began: None,
            has_told_time: false,
            has_spoken: S::READS_FIRST,
            ended: None,
            refused_before: state.assets.iter().filter_map(refused).collect(),
            progress: HashMap::new(),
            held: BTreeMap::new(),
        }
    }

    /// The same of a run that began then.
    pub(super) const fn since(mut self, time: Timestamp, elapsed: Duration) -> Self {
        self.began = Some((time, elapsed));
        self
    }

    /// Takes notice of what an answer tells of the server itself: its clock, and whether the API
    /// is served.
    pub(super) fn learn(&mut self, reply: &Reply) {
        self.has_told_time |= reply.date().is_some();
        if let Some(detail) = S::ended(reply) {
            self.ended = Some(detail);
        } else if let Some((status, body)) = reply.answer() {
            self.has_spoken |= !is_denied(status, body);
        }
    }

    /// Remembers that deletes were sent then and not answered.
    pub(super) fn intended(&mut self, ids: Vec<AssetId>, at: Duration) {
        self.intents.extend(ids.into_iter().map(|id| (id, at)));
    }

    /// Remembers that assets were alive then.
    pub(super) fn saw_alive(&mut self, ids: &[AssetId], at: Duration) {
        self.alive.extend(ids.iter().map(|id| (*id, at)));
    }

    /// Remembers how far an asset is; nothing where it is done with.
    pub(super) fn keep_progress(&mut self, id: AssetId, progress: Option<S::Progress>) {
        match progress {
            Some(progress) => drop(self.progress.insert(id, progress)),
            None => drop(self.progress.remove(&id)),
        }
    }

    /// Takes notice of what is written down: what was held back of it is no news any more.
    pub(super) fn settle(&mut self, outcomes: &[AssetOutcome]) {
        if self.held.is_empty() {
            return;
        }
        for (id, _) in outcomes {
            self.held.remove(id);
        }
    }

    /// Lets go of what was held back, by batch.
    pub(super) fn release(&mut self) -> BTreeMap<u64, Vec<AssetOutcome>> {
        let mut batches: BTreeMap<u64, Vec<AssetOutcome>> = BTreeMap::new();
        for (id, (batch, outcome)) in std::mem::take(&mut self.held) {
            batches.entry(batch).or_default().push((id, outcome));
        }
        batches
    }

    /// Why nothing is to be hoped for: the API is not served any more, as nothing else was ever
    /// answered.
    pub(super) fn api_ended(&self) -> Option<StopReason> {
        let detail = self.ended.clone().filter(|_| !self.has_spoken)?;
        Some(StopReason::Ended { detail })
    }
}

/// What the run knows when an answer comes in.
#[derive(Debug)]
pub(crate) struct Known<'run, S: Strategy> {
    pub(super) approved: &'run Approved,
    pub(super) state: &'run State,
    pub(super) memory: &'run Memory<S>,
    pub(super) retries: Retries,
    /// The time, counted from the start of the run.
    pub(super) now: Duration,
    /// The same by the run's clock.
    pub(super) time: Timestamp,
    /// When the job was given out, counted from the start of the run.
    pub(super) sent: Duration,
    /// Whether the server is silent: the answer did not come in its time, and no other has come
    /// since it was asked for.
    pub(super) is_silent: bool,
    /// Whether nothing was sent since whoever gives tokens does not answer.
    pub(super) has_no_token: bool,
    /// For how long the run waits until what goes along with a folder is not there any more.
    pub(super) cascade_wait: Duration,
    /// How long the job's rate limit stays closed, where that is too long to wait for it, and which
    /// limit keeps it so.
    pub(super) late: Option<(Duration, RateLimit)>,
}

impl<S: Strategy> Known<'_, S> {
    pub(super) fn status(&self, id: AssetId) -> Option<&Status> {
        self.state.assets.get(&id).map(Record::status)
    }

    /// What shows that an asset is deleted, and whether we did it.
    pub(super) fn evidence(&self, id: AssetId) -> Option<(bool, Evidence)> {
        if let Some((_, Outcome::Gone(evidence))) = self.memory.held.get(&id) {
            return Some((false, *evidence));
        }
        let status = self.status(id)?;
        Some((matches!(status, Status::Retired(_)), status.evidence()?))
    }

    /// Whether a delete of ours was not answered.
    pub(super) fn is_unknown(&self, id: AssetId) -> bool {
        self.memory.intents.contains_key(&id)
            || matches!(self.status(id), Some(Status::Unknown { .. }))
    }

    /// Whether the delete of a folder tells of an asset in it: it is not known to be deleted
    /// already, and what the server refused to delete in this run may have stayed.
    pub(super) fn goes_along(&self, id: AssetId) -> bool {
        if matches!(self.memory.held.get(&id), Some((_, Outcome::Gone(_)))) {
            return false;
        }
        let Some(Record { status, run, at: _ }) = self.state.assets.get(&id) else {
            return true;
        };
        match status {
            // What an earlier run has deleted is back, and is to go again.
            Status::Retired(_)
            | Status::Gone(_)
            | Status::Failed(_)
            | Status::Restored { .. }
            | Status::Rescued => *run < self.state.serial,
            // It goes with its staging folder.
            Status::Staged(_) => false,
            Status::Unknown { .. } | Status::Missing => true,
        }
    }

    /// How a request that went wrong may be made again: counted once more, after a pause that is
    /// no longer than this.
    pub(super) fn retry(&self, tries: Tries) -> Option<(Tries, Duration)> {
        let since = tries.since.unwrap_or(self.sent);
        let waited = self.now.saturating_sub(since);
        let longest = self.retries.pause(tries.count, waited)?;
        let again = Tries {
            count: tries.count + 1,
            since: Some(since),
        };
        Some((again, longest))
    }
}
