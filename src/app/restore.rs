//! Taking back what was deleted: which assets, what the server says of them, and the run that
//! restores them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use crate::app::back::{Order, lost};
use crate::app::connect::Connection;
use crate::app::error::{Error, stopped};
use crate::app::live::remaining;
use crate::app::staged::{self as staged_live, read};
use crate::apply::NotSaved;
use crate::apply::restore::{Answer, Refused, Restored, Restoring, Server, Wanted, run};
use crate::apply::staged;
use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::changer::ChangingClient;
use crate::frameio::client::Unmade;
use crate::frameio::v4::changes::Change;
use crate::inventory::Inventory;
use crate::outcome::AssetOutcome;
use crate::plan::restore::{Candidate, Restore, Settled, Standing, Unanswered, settle, standing};
use crate::render::{count, counted};
use crate::state::State;
use crate::store::file::{FileSession, Rescue};

/// Reads what the server says of each.
///
/// # Errors
///
/// Returns why nothing can be read.
pub(crate) fn plan(
    at: (&Connection, Option<&str>),
    candidates: Vec<Candidate>,
    now: Timestamp,
) -> Result<Restore, Error> {
    let mut ids: BTreeMap<AssetId, Option<Kind>> = candidates
        .iter()
        .map(|candidate| (candidate.id, candidate.is_staging().then_some(Kind::Folder)))
        .collect();
    // What something went with tells whether that is there for good.
    for with in candidates.iter().filter_map(|one| one.went_with) {
        ids.entry(with).or_insert(None);
    }
    let ids: Vec<(AssetId, Option<Kind>)> = ids.into_iter().collect();
    let read = read_assets(at, &ids, &BTreeSet::new(), &candidates)?;
    let rows = candidates.into_iter();
    let rows = rows.map(|candidate| {
        let standing = standing(&read, &candidate, now);
        (candidate, standing)
    });
    Ok(Restore::new(rows.collect()))
}

/// Finds out what became of deletes that were not answered.
///
/// # Errors
///
/// Returns why nothing can be read.
pub(crate) fn find_out(
    at: (&Connection, Option<&str>),
    (unanswered, state): (&Unanswered, &State),
    now: Timestamp,
) -> Result<Settled, Error> {
    let assets = unanswered.to_read(state);
    let project = |id: AssetId| {
        let into = unanswered.assets.get(&id).copied().flatten();
        let mut folders = into.into_iter().chain([id]);
        let folder = folders.find_map(|folder| state.staging(folder));
        folder.map(|folder| folder.project)
    };
    let place = |id: AssetId| [project(id), state.catalogue.parent(id)];
    let within = |id: AssetId| {
        let with = unanswered.assets.get(&id).copied().flatten();
        with.or_else(|| state.catalogue.parent(id))
    };
    let wanted = staged::Wanted {
        assets: &assets,
        whole: &BTreeSet::new(),
        place: &place,
        within: &within,
    };
    let read = read(at, wanted)?;
    Ok(settle(unanswered, state, (&read, now)))
}

/// What of it is asked for.
fn wanted(plan: &Restore) -> Vec<Wanted> {
    let asked = plan.rows.iter().filter(|(_, standing)| standing.is_asked());
    let wanted = asked.map(|(candidate, standing)| {
        let kind = standing.kind();
        let is_back = matches!(standing, Standing::Back { .. } | Standing::Waits);
        Wanted {
            id: candidate.id,
            kind,
            with: Arc::clone(&candidate.with),
            parts: candidate.parts_as(kind),
            bytes: candidate.known.bytes,
            is_back,
            is_staging: candidate.is_staging(),
        }
    });
    wanted.collect()
}

fn read_assets(
    at: (&Connection, Option<&str>),
    assets: &[(AssetId, Option<Kind>)],
    folders: &BTreeSet<AssetId>,
    candidates: &[Candidate],
) -> Result<Inventory, Error> {
    let parents: BTreeMap<AssetId, AssetId> = candidates
        .iter()
        .filter_map(|candidate| Some((candidate.id, candidate.known.parent?)))
        .collect();
    let place = |id: AssetId| [None, parents.get(&id).copied()];
    let wanted = staged::Wanted {
        assets,
        whole: folders,
        place: &place,
        within: &|_| None,
    };
    read(at, wanted)
}

/// After how many assets people are told how far it is: about each half minute.
const EACH: usize = 50;

/// Restores what was agreed to, after it has written down what is `settled`. What could not be written down comes with what is left of it.
pub(crate) fn restore(
    (order, settled): (Order<'_, Restore>, Vec<AssetOutcome>),
    (connection, account): (&Connection, Option<&str>),
    mut session: FileSession,
) -> (Restored, Option<(NotSaved, Rescue)>) {
    let Order {
        info,
        state,
        plan,
        agreed,
        patience,
        now,
    } = order;
    session.begin(&state);
    let restoring = Restoring {
        info,
        state,
        session: &mut session,
        settled,
        wanted: wanted(plan),
        patience,
    };
    let began = Instant::now();
    let time = || connection.time(now());
    let mut server = Live {
        began,
        mover: staged_live::Live::new((connection, account), agreed, None, &time),
        client: ChangingClient::new(connection.client(account), agreed),
        connection,
        account,
        now,
    };
    let mut restored = run(restoring, &mut server);
    let not_saved = lost(restored.not_saved.take(), &mut session);
    (restored, not_saved)
}

/// The server of a connection.
struct Live<'run> {
    began: Instant,
    mover: staged_live::Live<'run>,
    client: ChangingClient,
    connection: &'run Connection,
    account: Option<&'run str>,
    now: fn() -> Timestamp,
}

impl Server for Live<'_> {
    fn restore(&mut self, kind: Kind, id: AssetId) -> Answer {
        let change = Change::Restore(kind, id);
        // What is cut off may have been sent.
        match self.connection.wait_for(self.client.make(&change)) {
            Ok(Ok(Ok(_))) => Answer::Restored,
            Ok(Ok(Err(refusal))) => Answer::Refused(Refused {
                is_other_kind: matches!(refusal.status, 404 | 422),
                detail: refusal.detail,
            }),
            Ok(Err(Unmade::Unknown { .. })) => Answer::Unknown,
            Ok(Err(Unmade::Denied(reason))) => Answer::Denied(reason),
            Ok(Err(Unmade::Stop(reason))) => Answer::Stop(reason),
            Err(error) => Answer::Denied(stopped(error)),
        }
    }

    fn read(
        &mut self,
        assets: &[(AssetId, Option<Kind>)],
        folders: &BTreeSet<AssetId>,
    ) -> Result<Inventory, StopReason> {
        read_assets((self.connection, self.account), assets, folders, &[]).map_err(stopped)
    }

    fn mover(&mut self) -> Option<&mut dyn staged::Server> {
        Some(&mut self.mover)
    }

    fn pause(&mut self, time: Duration) -> Result<(), StopReason> {
        let paused = self.connection.wait_for(async { sleep(time).await });
        paused.map_err(stopped)
    }

    fn tell(&mut self, done: usize, of: usize) {
        if done > 0 && done.is_multiple_of(EACH) && done < of {
            let left = remaining(self.began.elapsed(), done, of - done);
            let (done, of) = (count(done), counted(of, "asset", "assets"));
            let text = format!("{done} of {of} asked for; about {left} left");
            self.connection.host.message(&text);
        }
    }

    fn now(&self) -> Timestamp {
        self.connection.time((self.now)())
    }
}
