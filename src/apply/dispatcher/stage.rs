//! What a run moves before it sends anything else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::RecvTimeoutError;

use crate::apply::dispatcher::{Dispatcher, TICK};
use crate::apply::readings::{Look, Pass, Readings, Reread};
use crate::apply::run::Clock;
use crate::apply::staged::{Anew, Stage, Stager};
use crate::apply::strategy::Strategy;
use crate::apply::worker::{Inbox, News};
use crate::asset::AssetId;
use crate::event::{Other, StopReason};
use crate::plan::approve::Approved;
use crate::state::State;
use crate::store::Session;

impl<S: Strategy, Se: Session> Dispatcher<'_, S, Se> {
    /// Moves assets aside and back, and deletes what is due of them, before anything else is sent.
    pub(crate) fn stage(&mut self, stage: Option<Stage<'_>>) {
        let Some(Stage { server, terms }) = stage else {
            return;
        };
        let is_swept = self.ledger.state().idle_staging().is_empty();
        if (self.approved.staging().is_empty() && is_swept) || !self.commit() {
            return;
        }
        let run = self.ledger.run();
        let mut anew = Again {
            readings: &mut self.readings,
            inbox: &self.workers.inbox,
            clock: self.clock,
            approved: self.approved,
            heard: Vec::new(),
        };
        let mut stager = Stager {
            ledger: &mut self.ledger,
            server,
            approved: Some(self.approved),
            terms: &terms,
            batches: self.traffic.batches,
            anew: Some(&mut anew),
            homes: BTreeSet::new(),
            stop: None,
        };
        stager.run(run);
        let Stager {
            batches,
            homes,
            stop,
            ..
        } = stager;
        let heard = anew.heard;
        if batches != self.traffic.batches {
            // What was moved back, be it held, may lie in what is deleted next.
            self.readings.distrust_all();
            let keeps = around(homes, self.approved, self.ledger.state());
            self.readings.keep(keeps);
        }
        self.traffic.batches = batches;
        if let Some(reason) = stop {
            self.stop(reason);
        }
        for news in heard {
            self.on_news(news);
        }
    }
}

/// How many assets that are moved next are read again at once.
const AT_ONCE: usize = 500;

/// Has read again what is moved, and waits for that.
struct Again<'stage, 'run, S: Strategy> {
    readings: &'stage mut Readings<'run>,
    inbox: &'stage Inbox<S>,
    clock: &'run dyn Clock,
    approved: &'run Approved,
    /// What came in meanwhile.
    heard: Vec<News<S>>,
}

impl<S: Strategy> Again<'_, '_, S> {
    fn wait(&mut self) -> Result<Reread, StopReason> {
        loop {
            match self.inbox.wait(TICK) {
                Ok(News::Reread(reread)) => return reread,
                Ok(News::Signal(number)) => {
                    self.heard.push(News::Signal(number));
                    return Err(StopReason::Signal { number });
                }
                Ok(
                    news @ (News::Answered(..)
                    | News::Broken(_)
                    | News::Waits(..)
                    | News::Sought(_)),
                ) => self.heard.push(news),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let detail = "nobody is left to read again what is to be moved".to_owned();
                    return Err(StopReason::Broken { detail });
                }
            }
        }
    }
}

impl<S: Strategy> Anew for Again<'_, '_, S> {
    fn other(
        &mut self,
        next: &[AssetId],
        behind: &mut dyn Iterator<Item = AssetId>,
        state: &dyn Fn() -> State,
    ) -> Result<BTreeMap<AssetId, Other>, StopReason> {
        if self.readings.are_fresh(next, self.clock.elapsed()) {
            return Ok(BTreeMap::new());
        }
        // A list of what they lie in shows the others as well.
        let place = |id: &AssetId| self.approved.place(*id).parent;
        let mut ids: BTreeSet<AssetId> = next.iter().copied().collect();
        ids.extend((&mut *behind).take(AT_ONCE.saturating_sub(next.len())));
        let parents: BTreeSet<_> = ids.iter().filter_map(place).collect();
        let is_beside = |id: &AssetId| place(id).is_some_and(|parent| parents.contains(&parent));
        ids.extend(behind.filter(is_beside));
        self.readings.begin(Pass {
            ids,
            state: state(),
            look: Look::Wide,
        });
        let reread = self.wait()?;
        // What was not found is left to the next run, which finds out what became of it.
        drop(self.readings.end(&reread));
        let other = next.iter().filter(|id| !reread.same.contains(id));
        let of = |id: &AssetId| reread.other.get(id).copied().unwrap_or(Other::Unread);
        Ok(other.map(|id| (*id, of(id))).collect())
    }
}

/// Some folders, and all that lies around them as far as a plan or a state knows.
fn around(folders: BTreeSet<AssetId>, approved: &Approved, state: &State) -> BTreeSet<AssetId> {
    let lies = approved.lies();
    let mut all = BTreeSet::new();
    let mut open: Vec<AssetId> = folders.into_iter().collect();
    while let Some(id) = open.pop() {
        if all.insert(id) {
            let place = approved.place(id).parent;
            let known = [lies.get(&id).copied(), place, state.catalogue.parent(id)];
            open.extend(known.into_iter().flatten());
        }
    }
    all
}
