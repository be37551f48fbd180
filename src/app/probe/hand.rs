//! Asks the server for what the steps of a probe want, and writes down what is made before anything
//! else is done to it.

use std::time::Duration;

use crate::app::connect::PAGES;
use crate::app::probe::names::Mark;
use crate::app::probe::script::{Ask, Deleted, Heard, Inside, Seen};
use crate::asset::{AssetId, Kind};
use crate::crash;
use crate::event::StopReason;
use crate::frameio::Reply;
use crate::frameio::changer::ChangingClient;
use crate::frameio::client::{CutOff, Unmade, Unread};
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::{judge_deleted, judge_list, judge_place};
use crate::frameio::v4::call::List;
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::changes_answer::{Changed, Refusal};
use crate::frameio::v4::wire;
use crate::frameio::verdict::{Live, Verdict};
use crate::inventory::Shown;
use crate::probe::thing::Thing;
use crate::store::probe::Journal;

/// How many pages of what was deleted are looked through: the newest stand on the first.
const PAGES_OF_DELETED: usize = 5;

/// What came of a change: what it did, why the server does not make it, or why nobody knows.
pub(super) type Answer = Result<Result<Changed, Refusal>, Unmade>;

/// Asks, and writes down.
#[derive(Debug)]
pub(super) struct Hand {
    client: ChangingClient,
    cut_off: CutOff,
    pub(super) journal: Journal,
    mark: Mark,
}

impl Hand {
    pub(super) fn new((client, cut_off): (ChangingClient, CutOff), journal: Journal) -> Self {
        let mark = Mark(journal.told().header.mark.clone());
        Self {
            client,
            cut_off,
            journal,
            mark,
        }
    }

    /// Does what the next step of the script asks for.
    pub(super) async fn ask(&mut self, ask: Ask) -> Heard {
        match ask {
            Ask::Make(thing, change) => Heard::Changed(self.make(thing, &change).await),
            Ask::Change(change) => Heard::Changed(self.change(&change).await),
            Ask::Read(kind, id) => Heard::Read(self.read(kind, id).await),
            Ask::List(folder) => Heard::Listed(self.list(folder).await),
            Ask::LookInto(folder) => Heard::LookedInto(self.look_into(folder).await),
            Ask::Lines(wanted) => Heard::Lines(self.lines(wanted).await),
            Ask::Wait(pause) => match self.pause(pause).await {
                Ok(()) => Heard::Waited,
                Err(why) => Heard::Read(Err(why)),
            },
        }
    }

    /// Waits, unless all is cut off.
    pub(super) async fn pause(&self, pause: Duration) -> Result<(), Unread> {
        self.cut_off.unless(tokio::time::sleep(pause)).await
    }

    /// Makes something: that it is about to be is on the disk before, and its id right after.
    async fn make(&mut self, thing: Thing, change: &Change) -> Answer {
        let meant = self.journal.mean(thing);
        meant.map_err(|error| Unmade::Stop(not_recorded(&error)))?;
        let made = self.change(change).await;
        if let Ok(Ok(Changed::Created(placed))) = &made {
            let recorded = self.journal.record(thing, placed.id);
            recorded.map_err(|error| Unmade::Stop(not_recorded(&error)))?;
            crash::point("probe.recorded");
        }
        made
    }

    /// Makes a change of what stands in the journal.
    pub(super) async fn change(&self, change: &Change) -> Answer {
        crash::point("probe.send");
        let answer = self.client.make(change).await;
        crash::point("probe.answered");
        answer
    }

    /// Reads an asset as one of a kind.
    pub(super) async fn read(&self, kind: Kind, id: AssetId) -> Result<Seen, Unread> {
        let judge = |reply: &Reply| judge_seen((kind, id), reply);
        let read = Read::Show(kind, id);
        self.client.reading().read(&read, judge).await
    }

    /// Lists what is in a folder; what bears the mark of the probe goes into the journal.
    pub(super) async fn list(&mut self, folder: AssetId) -> Result<Option<Vec<Shown>>, Unread> {
        let shown = match self.pages(List::Children, folder).await {
            Ok(shown) => shown,
            Err(Unread::Absent(_)) => return Ok(None),
            Err(why) => return Err(why),
        };
        for Shown { id, facts, .. } in &shown {
            let name = facts.name.as_deref().unwrap_or_default();
            if self.mark.is_in(name) && !self.journal.told().has(*id) {
                let recorded = self.journal.record(Thing::stray(facts.kind), *id);
                recorded.map_err(|error| Unread::Stop(not_recorded(&error)))?;
            }
        }
        Ok(Some(shown))
    }

    /// Lists what is in a folder, and in each version stack there: whatever goes with the folder when
    /// that is deleted, but for what is in folders further down. Nothing where there is no such folder.
    pub(super) async fn look_into(&mut self, folder: AssetId) -> Result<Option<Inside>, Unread> {
        let Some(shown) = self.list(folder).await? else {
            return Ok(None);
        };
        let mut foreign = Vec::new();
        for Shown { id, facts, .. } in &shown {
            if !self.is_ours((facts.kind, *id)).await? {
                foreign.push(*id);
            }
        }
        Ok(Some(Inside { shown, foreign }))
    }

    /// Whether something is the probe's own: it stands in the journal; of a version stack, all that is
    /// in it does, since somebody may have put a file of their own on top.
    async fn is_ours(&mut self, (kind, id): (Kind, AssetId)) -> Result<bool, Unread> {
        let is_known = self.journal.told().has(id);
        if kind != Kind::VersionStack {
            return Ok(is_known);
        }
        let versions = match self.pages(List::Versions, id).await {
            Ok(versions) => versions,
            // An empty one is told like one that is not there.
            Err(Unread::Absent(_)) => return Ok(is_known),
            Err(why) => return Err(why),
        };
        let told = self.journal.told();
        if !versions.iter().all(|version| told.has(version.id)) {
            return Ok(false);
        }
        if !is_known {
            if versions.is_empty() {
                return Ok(false);
            }
            let recorded = self.journal.record(Thing::StrayStack, id);
            recorded.map_err(|error| Unread::Stop(not_recorded(&error)))?;
        }
        Ok(true)
    }

    /// Reads a list to its end.
    pub(super) async fn pages(&self, list: List, of: AssetId) -> Result<Vec<Shown>, Unread> {
        let pages = self.client.reading().pages(
            |cursor| Read::List(list, of, cursor),
            |reply: &Reply| judge_list(list, reply),
        );
        pages.all(PAGES).await
    }

    /// What was deleted from the project, up to the page on which both of these stand, or what was
    /// deleted before the folder; the newest stand first.
    async fn lines(&self, [folder, file]: [AssetId; 2]) -> Result<Deleted, Unread> {
        let project = self.journal.told().header.project.to_string();
        let mut pages = self.client.reading().pages(
            |cursor| Read::RecentlyDeleted(project.as_str().into(), cursor),
            judge_deleted,
        );
        let mut found = Deleted::default();
        let mut of_folder = None;
        for _ in 0..PAGES_OF_DELETED {
            let Some(page) = pages.next().await? else {
                found.is_whole = true;
                break;
            };
            for line in page {
                let Some(at) = line.at else {
                    continue;
                };
                found.ids.insert(line.id);
                if line.id == folder {
                    of_folder = Some(at);
                }
                found.is_whole |= of_folder.is_some_and(|of_folder| at < of_folder);
            }
            let both = found.ids.contains(&folder) && found.ids.contains(&file);
            if both || found.is_whole {
                break;
            }
        }
        Ok(found)
    }
}

/// What the reading of an asset says, also where the server refuses it in its own words.
fn judge_seen(asked: (Kind, AssetId), reply: &Reply) -> Verdict<Seen> {
    if let Some((status @ (400 | 403 | 404 | 409 | 410 | 422), body)) = reply.answer()
        && wire::is_error(body)
    {
        return Verdict::Told(Seen {
            status,
            is_there: false,
            parent: None,
        });
    }
    judge_place(asked, reply).map(|(live, parent)| Seen {
        status: 200,
        is_there: match live {
            Live::There => true,
            Live::Deleted(_) | Live::Missing | Live::OtherKind { .. } => false,
        },
        parent,
    })
}

fn not_recorded(error: &std::io::Error) -> StopReason {
    StopReason::NotRecorded {
        detail: error.to_string(),
    }
}
