//! Restoring what was deleted: one call an asset, each intended before and confirmed by a reading.
//!
//! Nothing here is under way side by side: the API takes a hundred of these calls a minute, which one
//! after another is fast enough for.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::apply::ledger::Ledger;
use crate::apply::run::NotSaved;
use crate::apply::staged;
use crate::apply::staged::unstage::Heard;
use crate::asset::{AssetId, Kind};
use crate::crash;
use crate::event::{Ending, Listener, RunEvent, RunInfo, StopReason, Task};
use crate::inventory::{Inventory, Seen};
use crate::outcome::{AssetOutcome, Evidence, Outcome};
use crate::plan::restore::Part;
use crate::state::{Record, State, Status};
use crate::store::Session;

mod confirm;
mod moved;
mod pieces;
#[cfg(test)]
mod tests;
mod whole;

/// In which order the kinds of an asset are tried that nobody knows.
const KINDS: [Kind; 3] = [Kind::File, Kind::VersionStack, Kind::Folder];

/// How often a restored folder is looked into until all is there that was in it.
const GLANCE: Duration = Duration::from_secs(2);

/// For how long is looked for what the server says it has restored, or may have.
const BRIEFLY: Duration = Duration::from_secs(10);

/// An asset that is to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) id: AssetId,
    /// What sort of asset it was, where something tells.
    pub(crate) kind: Option<Kind>,
    /// What was recorded as deleted with it: it comes back with it.
    pub(crate) with: Arc<[AssetId]>,
    /// What was deleted in its place: that comes back by itself, or with it.
    pub(crate) parts: Arc<[AssetId]>,
    /// How many bytes were in it, where it is a folder of which that is known.
    pub(crate) bytes: Option<u64>,
    /// Whether a reading has shown it alive, so that it is only recorded.
    pub(crate) is_back: bool,
    /// Whether it is a staging folder, which is none of the assets.
    pub(crate) is_staging: bool,
}

impl Wanted {
    /// How many assets come back with it, itself among them.
    fn assets(&self) -> usize {
        usize::from(!self.is_staging) + self.with.len()
    }
}

/// Why the server does not restore an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Whether it does not know such an asset of that kind.
    pub(crate) is_other_kind: bool,
    /// The server's own words.
    pub(crate) detail: String,
}

/// What became of a call that was to restore an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The server says that it is back.
    Restored,
    Refused(Refused),
    /// Nobody knows whether the server has done it.
    Unknown,
    /// The same, and nothing more can be asked.
    Denied(StopReason),
    /// The server was not asked, and nothing can be.
    Stop(StopReason),
}

/// Whether this run has asked the server to restore an asset: only then is it recorded so where
/// nobody sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Yes,
    /// A reading has shown it alive.
    No,
}

/// What is said of what a reading has shown alive, or should be in something that is, and is not.
const NOT_THERE: &str =
    "what it lay in is back, or it was itself a moment ago, and it is not there";

/// Who asks the server.
pub(crate) trait Server {
    /// Asks it to restore an asset as one of a kind.
    fn restore(&mut self, kind: Kind, id: AssetId) -> Answer;

    /// Reads some assets, and what is in those of them that are `folders`.
    ///
    /// # Errors
    ///
    /// Returns why nothing can be read.
    fn read(
        &mut self,
        assets: &[(AssetId, Option<Kind>)],
        folders: &BTreeSet<AssetId>,
    ) -> Result<Inventory, StopReason>;

    /// Who moves assets, where anybody does.
    fn mover(&mut self) -> Option<&mut dyn staged::Server> {
        None
    }

    /// Waits.
    ///
    /// # Errors
    ///
    /// Returns what ended it early.
    fn pause(&mut self, time: Duration) -> Result<(), StopReason>;

    /// Hears how many assets were asked for.
    fn tell(&mut self, done: usize, of: usize);

    /// What time it is.
    fn now(&self) -> Timestamp;
}

/// A run that restores assets, about to begin.
pub(crate) struct Restoring<'run, Se> {
    pub(crate) info: RunInfo,
    pub(crate) state: State,
    pub(crate) session: &'run mut Se,
    /// What a reading has told of earlier deletes that were not answered.
    pub(crate) settled: Vec<AssetOutcome>,
    /// What is to come back, in the order in which it is asked for.
    pub(crate) wanted: Vec<Wanted>,
    /// For how long a folder is looked into until all is there that was in it.
    pub(crate) patience: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Restored {
    /// How many assets are shown to be back, those in folders among them.
    pub(crate) back: usize,
    /// What is there, and not all that was in it.
    pub(crate) partial: BTreeMap<AssetId, Part>,
    /// What was asked for and is not seen, in the order of the ids.
    pub(crate) unseen: Vec<AssetId>,
    /// What is still deleted, and why.
    pub(crate) failed: BTreeMap<AssetId, String>,
    /// What was not asked for, since the run stopped before.
    pub(crate) left: usize,
    /// What else is to be said.
    pub(crate) said: Vec<String>,
    pub(crate) stop: Option<StopReason>,
    /// What could not be written down.
    pub(crate) not_saved: Option<NotSaved>,
}

/// Restores assets, and writes down what came of each.
pub(crate) fn run<Se: Session>(restoring: Restoring<'_, Se>, server: &mut dyn Server) -> Restored {
    let Restoring {
        info,
        state,
        session,
        settled,
        wanted,
        patience,
    } = restoring;
    let mut heard = Heard::default();
    let listeners = vec![&mut heard as &mut dyn Listener];
    let mut run = Run {
        ledger: Ledger::new(info.number, state, session, listeners),
        server,
        patience,
        batch: 0,
        pieced: Vec::new(),
        done: Restored::default(),
    };
    run.commit(vec![RunEvent::Started(info)]);
    if !settled.is_empty() {
        run.answered(settled);
    }
    run.restore_all(wanted);
    run.judge_pieced();
    let mut done = run.end();
    done.said = heard.into_said();
    done
}

struct Run<'run, 'server, Se> {
    ledger: Ledger<'run, Se>,
    server: &'server mut dyn Server,
    patience: Duration,
    batch: u64,
    /// What is asked for, or there, and is judged once all of its parts are asked for as well.
    pieced: Vec<Pieced>,
    done: Restored,
}

/// Something whose parts come back by themselves.
struct Pieced {
    wanted: Wanted,
    kind: Kind,
    asked: Asked,
}

impl<Se: Session> Run<'_, '_, Se> {
    /// Writes events down; says whether they last.
    fn commit(&mut self, events: Vec<RunEvent>) -> bool {
        let journalled = self.ledger.journal(&events);
        let lasts = journalled.is_ok();
        self.ledger.spread(events, lasts);
        if let Err(reason) = journalled {
            self.done.stop.get_or_insert(reason);
        }
        lasts
    }

    /// Asks for one after the other; what is refused is asked for again as long as that brings
    /// something back, since it may have lain in it.
    fn restore_all(&mut self, wanted: Vec<Wanted>) {
        let mut refused = wanted;
        loop {
            let before = self.helped();
            let mut again = Vec::new();
            let of = refused.len();
            for (done, wanted) in refused.into_iter().enumerate() {
                self.server.tell(done, of);
                if self.is_settled(&wanted) {
                    continue;
                }
                if self.done.stop.is_some() {
                    self.done.left += wanted.assets();
                    continue;
                }
                if let Some(detail) = self.restore(&wanted) {
                    again.push((wanted, detail));
                }
            }
            let still = self.look_at(again);
            let is_helped = self.helped() > before;
            if still.is_empty() || !is_helped || self.done.stop.is_some() {
                for (wanted, detail) in still {
                    self.fail(&wanted, detail);
                }
                return;
            }
            refused = still.into_iter().map(|(wanted, _)| wanted).collect();
        }
    }

    /// How much has come back, of which something else may have lain in it.
    fn helped(&self) -> usize {
        self.done.back + self.done.partial.len() + self.pieced.len()
    }

    /// Says why an asset is still deleted, and what went with it.
    fn fail(&mut self, wanted: &Wanted, detail: String) {
        for id in wanted.with.iter().copied() {
            if !self.is_seen(id) {
                let why = format!("it went with `{}`, which is not back", wanted.id);
                self.done.failed.entry(id).or_insert(why);
            }
        }
        self.done.failed.insert(wanted.id, detail);
    }

    /// Restores one asset; returns the server's words where it refuses.
    fn restore(&mut self, wanted: &Wanted) -> Option<String> {
        if let Some(whole) = self.whole(wanted) {
            self.bring_back(&whole);
            return None;
        }
        self.batch += 1;
        if wanted.is_back {
            let kind = wanted.kind.unwrap_or(Kind::File);
            self.confirm((wanted, kind), Asked::No, self.patience);
            return None;
        }
        let intent = RunEvent::Intent {
            batch: self.batch,
            task: Task::Restore,
            ids: [wanted.id].into(),
            stack: None,
            with: self.along(wanted),
            at: None,
        };
        if !self.commit(vec![intent]) {
            self.done.left += wanted.assets();
            return None;
        }
        crash::point("restore.send");
        let known = wanted.kind.map(|kind| [kind]);
        let kinds = known.as_ref().map_or(&KINDS[..], |kind| &kind[..]);
        let mut words = String::new();
        for kind in kinds {
            match self.server.restore(*kind, wanted.id) {
                answer @ (Answer::Restored | Answer::Unknown) => {
                    crash::point("restore.answered");
                    let is_slow = answer == Answer::Restored && *kind != Kind::File;
                    let briefly = BRIEFLY.min(self.patience);
                    let longest = if is_slow { self.patience } else { briefly };
                    self.confirm((wanted, *kind), Asked::Yes, longest);
                    return None;
                }
                Answer::Refused(Refused {
                    is_other_kind,
                    detail,
                }) => {
                    words = detail;
                    if !is_other_kind {
                        break;
                    }
                }
                Answer::Denied(reason) => {
                    // Its parts are asked for by themselves, and it may have brought them along.
                    let along = self.along(wanted);
                    self.unseen(wanted, &along);
                    self.done.stop = Some(reason);
                    return None;
                }
                Answer::Stop(reason) => {
                    self.answered(Vec::new());
                    self.done.stop = Some(reason);
                    self.done.left += wanted.assets();
                    return None;
                }
            }
        }
        self.answered(Vec::new());
        Some(words)
    }

    /// Writes down that an asset was asked for, and that nobody knows whether it is back, nor of what
    /// may have come along.
    fn unseen(&mut self, wanted: &Wanted, along: &[AssetId]) {
        self.done.unseen.push(wanted.id);
        self.done.unseen.extend(wanted.with.iter().copied());
        let all = [wanted.id].into_iter().chain(along.iter().copied());
        let outcomes = all.map(|id| (id, Outcome::Restored { seen: false }));
        self.answered(outcomes.collect());
    }

    fn answered(&mut self, outcomes: Vec<AssetOutcome>) {
        self.answered_at(self.server.now(), outcomes);
    }

    fn answered_at(&mut self, at: Timestamp, outcomes: Vec<AssetOutcome>) {
        let batch = self.batch;
        self.commit(vec![RunEvent::Answered {
            batch,
            at,
            outcomes,
        }]);
    }

    /// Reads what was refused: it may be back by other means. Returns what is not.
    fn look_at(&mut self, refused: Vec<(Wanted, String)>) -> Vec<(Wanted, String)> {
        if refused.is_empty() || self.done.stop.is_some() {
            return refused;
        }
        let ids: Vec<(AssetId, Option<Kind>)> = refused
            .iter()
            .map(|(wanted, _)| (wanted.id, wanted.kind))
            .collect();
        let read = match self.server.read(&ids, &BTreeSet::new()) {
            Ok(read) => read,
            Err(reason) => {
                self.done.stop = Some(reason);
                return refused;
            }
        };
        let mut still = Vec::new();
        for (wanted, detail) in refused {
            let Some(Seen::There(facts)) = read.assets.get(&wanted.id) else {
                self.take_back(&wanted, &read);
                still.push((wanted, detail));
                continue;
            };
            let kind = facts.kind;
            self.batch += 1;
            self.confirm((&wanted, kind), Asked::No, self.patience);
        }
        still
    }

    /// An earlier run did not know whether it was restored, and it is shown that it was not: it is as
    /// it was since it was deleted. Of what went with it nothing is shown.
    fn take_back(&mut self, wanted: &Wanted, read: &Inventory) {
        let Some(Seen::Deleted { .. }) = read.assets.get(&wanted.id) else {
            return;
        };
        let record = self.ledger.state().assets.get(&wanted.id);
        let deleted = record.and_then(Record::deleted);
        if let Some(was) = record.and_then(|record| was_before(&record.status)) {
            let at = deleted.map_or_else(|| self.server.now(), |deleted| deleted.at);
            self.answered_at(at, vec![(wanted.id, Outcome::Retired(was))]);
        }
    }

    fn end(mut self) -> Restored {
        for (batch, outcomes) in self.ledger.give_up() {
            let at = self.server.now();
            self.commit(vec![RunEvent::Answered {
                batch,
                at,
                outcomes,
            }]);
        }
        let ending = match &self.done.stop {
            Some(reason) => Ending::Stopped(reason.clone()),
            None => Ending::Done,
        };
        let at = self.server.now();
        self.commit(vec![RunEvent::Ended { at, ending }]);
        crash::point("restore.ended");
        // What was asked for without an answer may have come along with its version stack since.
        let mut done = mem::take(&mut self.done);
        let partial = &done.partial;
        done.unseen
            .retain(|id| !self.is_seen(*id) && !partial.contains_key(id));
        done.failed.retain(|id, _| !self.is_seen(*id));
        done.not_saved = self.ledger.save().err();
        done.unseen.sort_unstable();
        done
    }
}

/// What had shown that an asset was deleted, where nobody knows whether it was restored.
const fn was_before(status: &Status) -> Option<Evidence> {
    match status {
        Status::Restored {
            was, seen: false, ..
        } => Some(*was),
        Status::Restored { seen: true, .. }
        | Status::Retired(_)
        | Status::Gone(_)
        | Status::Failed(_)
        | Status::Unknown { .. }
        | Status::Missing
        | Status::Staged(_)
        | Status::Rescued => None,
    }
}
