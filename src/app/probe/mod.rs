//! Finds out how the API of an account behaves where its documentation leaves it open, in a folder
//! of its own that is gone afterwards.
//!
//! Nothing is touched that does not stand in the journal of the probe, which is on the disk before:
//! whoever finds the journal of a probe that died removes what it left.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};

use crate::app::connect::{AskedAccount, Connection, choose, is_same_server};
use crate::app::error::Error;
use crate::app::probe::clean::{Care, clean};
use crate::app::probe::hand::Hand;
use crate::app::probe::names::Mark;
use crate::app::probe::script::Script;
use crate::app::provenance::random;
use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::Reply;
use crate::frameio::changer::ChangingClient;
use crate::frameio::client::{Client, Unread};
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::{judge_list, judge_project};
use crate::frameio::v4::call::List;
use crate::inventory::Shown;
use crate::plan::approve::Consent;
use crate::plan::consent::Agreed;
use crate::probe::thing::Thing;
use crate::probe::{Cascade, Findings};
use crate::store::probe::{Header, Journal, Left, left};

mod clean;
mod hand;
mod names;
mod script;

pub(crate) use clean::Rest;
use script::{Ask, Ended, Heard};

/// How many assets a project may have in which a probe makes and deletes things unasked.
const CROWD: usize = 20;

/// How often it is looked whether somebody stops a pause.
const LOOK: Duration = Duration::from_millis(50);

/// Where a probe is to be made.
#[derive(Debug)]
pub(crate) struct Site {
    header: Header,
    /// The name of the project, where the server says it.
    pub(crate) project: Option<Arc<str>>,
    mark: Mark,
}

impl Site {
    /// The name of the folder that all of it will be in.
    pub(crate) fn folder(&self) -> &str {
        &self.header.name
    }

    pub(crate) fn account(&self) -> &str {
        &self.header.account
    }
}

/// Where journals are kept.
#[derive(Debug)]
pub(crate) enum Journals {
    /// In this folder.
    In(PathBuf),
    /// Nowhere, since the server goes with this process.
    Nowhere,
}

/// What came of a probe.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) findings: Findings,
    /// Why it did not come to its end.
    pub(crate) early: Option<Early>,
    /// What is left of what it made; nothing where that could not be found out.
    pub(crate) rest: Option<Rest>,
}

/// Why a probe did not come to its end.
#[derive(Debug)]
pub(crate) enum Early {
    /// The server did not make what all else needs, or somebody came in between.
    Because(String),
    Stopped(StopReason),
}

/// What an earlier probe left, and what became of it.
#[derive(Debug)]
pub(crate) enum Earlier {
    /// It is gone: the folder with this name, and all in it.
    Removed(String),
    /// Something is left of it.
    Left(String, Rest),
    /// It is of another server or account.
    Elsewhere {
        name: String,
        server: String,
        account: String,
    },
    /// Its journal cannot be read.
    Odd(PathBuf),
}

/// The account that is asked for, else the only one of the token.
///
/// # Errors
///
/// Returns why there is none to work in.
pub(crate) fn account(
    connection: &Connection,
    wanted: Option<&AskedAccount>,
) -> Result<String, Error> {
    choose(&connection.accounts()?, wanted)
}

/// Removes what earlier probes of this server and account have left: somebody agreed to them.
///
/// # Errors
///
/// Returns why nothing can be asked, or what the system says of their journals.
pub(crate) fn clean_up(
    connection: &Connection,
    (server, account): (&str, &str),
    folder: &Path,
    now: Timestamp,
) -> Result<Vec<Earlier>, Error> {
    let journals = left(folder).map_err(|source| Error::ProbeJournal { source })?;
    let mut earlier = Vec::with_capacity(journals.len());
    for journal in journals {
        let journal = match journal {
            Left::Open(journal) => *journal,
            Left::Odd(path) => {
                earlier.push(Earlier::Odd(path));
                continue;
            }
        };
        let header = journal.told().header.clone();
        if header.account != account || !is_same_server(&header.server, server) {
            earlier.push(Earlier::Elsewhere {
                name: header.name,
                server: header.server,
                account: header.account,
            });
            continue;
        }
        let agreed = Agreed::to(0, Consent::Saved)?;
        let client = ChangingClient::new(connection.client(Some(account)), &agreed);
        let client = (client, connection.cut_off().clone());
        let mut hand = Hand::new(client, journal);
        let rest = connection.wait_for(clean(&mut hand, Care::All, now))?;
        let rest = rest.map_err(Error::Stopped)?;
        let Hand { journal, .. } = hand;
        match rest {
            Rest::Nothing => {
                let was_there = journal.told().ids(Thing::Top).next().is_some();
                journal
                    .remove()
                    .map_err(|source| Error::ProbeJournal { source })?;
                if was_there {
                    earlier.push(Earlier::Removed(header.name));
                }
            }
            Rest::MayCome => {}
            Rest::Some { .. } => earlier.push(Earlier::Left(header.name, rest)),
        }
    }
    Ok(earlier)
}

/// Looks at the project in which a probe is to be made.
///
/// # Errors
///
/// Returns that there is none, or that there is more in it than a probe should come close to.
pub(crate) fn site(
    connection: &Connection,
    (server, account): (&str, &str),
    (project, is_welcome): (AssetId, bool),
    now: Timestamp,
) -> Result<Site, Error> {
    let client = connection.client(Some(account));
    let judge = |reply: &Reply| judge_project(project, reply);
    let read = connection.wait_for(client.read(&Read::Project(project), judge))?;
    let found = read.map_err(not_there)?;
    let root = found.root;
    let root =
        root.ok_or_else(|| Error::NoProbeProject("it has no folder at its top".to_owned()))?;
    if !is_welcome {
        let count = connection.wait_for(count(&client, root))?;
        if count.map_err(not_there)? > CROWD {
            return Err(Error::Crowded(CROWD));
        }
    }
    let mark = Mark::of(random());
    let name = mark.top(now);
    Ok(Site {
        header: Header::new(
            (server.to_owned(), account.to_owned()),
            (project, root),
            (mark.0.clone(), name),
            now,
        ),
        project: found.name,
        mark,
    })
}

fn not_there(why: Unread) -> Error {
    match why.why() {
        Ok(detail) => Error::NoProbeProject(detail),
        Err(reason) => Error::Stopped(reason),
    }
}

/// Counts what is in a folder, as far as it matters.
async fn count(client: &Client, root: AssetId) -> Result<usize, Unread> {
    let mut waiting = vec![(List::Children, root)];
    let mut count = 0;
    while let Some((list, of)) = waiting.pop() {
        let mut pages = client.pages(
            |cursor| Read::List(list, of, cursor),
            |reply: &Reply| judge_list(list, reply),
        );
        while let Some(page) = pages.next().await? {
            count += page.len();
            if count > CROWD {
                return Ok(count);
            }
            waiting.extend(page.iter().filter_map(within));
        }
    }
    Ok(count)
}

/// The list of what is in something.
const fn within(shown: &Shown) -> Option<(List, AssetId)> {
    match shown.facts.kind {
        Kind::File => None,
        Kind::Folder => Some((List::Children, shown.id)),
        Kind::VersionStack => Some((List::Versions, shown.id)),
    }
}

/// Makes a probe, and removes what it has made.
///
/// The first signal ends it in good order; a second one leaves the rest to the next start.
///
/// # Errors
///
/// Returns that nothing could be written down before anything was sent.
pub(crate) fn run(
    connection: &Connection,
    site: Site,
    journals: &Journals,
    (agreed, now): (&Agreed, fn() -> Timestamp),
) -> Result<Outcome, Error> {
    let Site { header, mark, .. } = site;
    let (name, root) = (header.name.clone(), header.root);
    let client = ChangingClient::new(connection.client(Some(&header.account)), agreed);
    let broken = |source: io::Error| Error::ProbeJournal { source };
    let mut journal = match journals {
        Journals::In(folder) => Journal::create(folder, header).map_err(broken)?,
        Journals::Nowhere => Journal::nowhere(header),
    };
    let never = AssetId::from_uuid(random());
    journal.record(Thing::Never, never).map_err(broken)?;
    let mut script = Script::new(mark, (&name, root), never);
    let client = (client, connection.cut_off().clone());
    let mut hand = Hand::new(client, journal);
    let began = Instant::now();
    // What it makes has to be removed within that time as well.
    let enough = connection.left().map(|left| left * 3 / 4);
    let stop = hear_signals(connection);
    let work = async {
        while let Some(ask) = script.ask() {
            match stop.load(Ordering::Relaxed) {
                0 if enough.is_some_and(|enough| began.elapsed() > enough) => {
                    script.stop(StopReason::TimeBudget);
                }
                0 => {
                    let heard = match ask {
                        // Whoever stops it does not wait for the end of a pause.
                        Ask::Wait(pause) => wait(pause, &stop).await,
                        ask @ (Ask::Make(..)
                        | Ask::Change(_)
                        | Ask::Read(..)
                        | Ask::List(_)
                        | Ask::LookInto(_)
                        | Ask::Lines(_)) => hand.ask(ask).await,
                    };
                    script.hear(heard);
                }
                number => script.stop(StopReason::Signal { number }),
            }
        }
        let care = match script.findings.folder_delete_cascade {
            Some(Cascade::AtOnce | Cascade::Delayed) => Care::Few,
            Some(Cascade::NotSeen) | None => Care::All,
        };
        clean(&mut hand, care, now()).await
    };
    let rest = connection.handle().block_on(async {
        match connection.left() {
            Some(left) => timeout(left, work).await.ok(),
            None => Some(work.await),
        }
    });
    connection.host.take_signals_back();
    let (findings, ended) = script.into_end();
    let mut early = match ended {
        Ended::Whole => None,
        Ended::Early(why) => Some(Early::Because(why)),
        Ended::Stopped(reason) => Some(Early::Stopped(reason)),
    };
    let rest = match rest {
        Some(Ok(rest)) => Some(rest),
        Some(Err(reason)) => {
            early.get_or_insert(Early::Stopped(reason));
            None
        }
        None => {
            early.get_or_insert(Early::Stopped(StopReason::TimeBudget));
            None
        }
    };
    if rest == Some(Rest::Nothing) {
        hand.journal.remove().map_err(broken)?;
    }
    Ok(Outcome {
        findings,
        early,
        rest,
    })
}

/// Waits, or until somebody stops it.
async fn wait(pause: Duration, stop: &AtomicI32) -> Heard {
    let end = Instant::now() + pause;
    while stop.load(Ordering::Relaxed) == 0 && Instant::now() < end {
        let left = end.saturating_duration_since(Instant::now());
        sleep(left.min(LOOK)).await;
    }
    Heard::Waited
}

/// Keeps the first signal for who looks; the second one cuts off what is asked.
fn hear_signals(connection: &Connection) -> Arc<AtomicI32> {
    let stop = Arc::new(AtomicI32::new(0));
    let (heard, cut_off) = (Arc::clone(&stop), connection.cut_off().clone());
    connection.host.give_signals(Box::new(move |number| {
        let first = heard.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
        first.is_ok() || cut_off.signal(number)
    }));
    stop
}
