//! The steps of a probe, one after another: what is asked next, and what an answer shows. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::app::probe::names::Mark;
use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{Unmade, Unread};
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::changes_answer::{Changed, Refusal};
use crate::inventory::Shown;
use crate::probe::Findings;
use crate::probe::thing::Thing;

mod changed;
mod shown;
#[cfg(test)]
mod tests;

/// The pauses before something is looked at again: what takes longer is not waited for.
pub(super) const PAUSES: [Duration; 7] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
    Duration::from_secs(15),
];

/// How long it waits in all, so that with what cleans up it is over in two minutes.
const LONGEST: Duration = Duration::from_secs(76);

/// All the pauses: what is in a deleted folder and is still there then does not go. What is looked at
/// before leaves time for that.
const ALL_PAUSES: Duration = Duration::from_millis(45_500);

/// How long something that is restored is waited for before it is said that it does not come back.
const FOR_NO: Duration = Duration::from_secs(30);

/// What is asked next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// Make something.
    Make(Thing, Change),
    Change(Change),
    /// Read an asset as one of a kind.
    Read(Kind, AssetId),
    /// List what is in a folder.
    List(AssetId),
    /// The same before it is deleted, and what of it is somebody else's.
    LookInto(AssetId),
    /// List what was deleted from the project, until these are found: a folder, and a file in it.
    Lines([AssetId; 2]),
    /// Wait, and ask again.
    Wait(Duration),
}

/// What the reading of an asset says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) is_there: bool,
    /// What it lies in, where it is there and the answer says so.
    pub(super) parent: Option<AssetId>,
}

/// What is in a folder that is about to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inside {
    pub(super) shown: Vec<Shown>,
    /// What of it the probe did not put there, or did not alone: a version stack in which a file of
    /// somebody else's is.
    pub(super) foreign: Vec<AssetId>,
}

/// What was deleted from the project, as far as it was listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Deleted {
    pub(super) ids: BTreeSet<AssetId>,
    /// Whether all is listed that was deleted when the folder was, or later.
    pub(super) is_whole: bool,
}

/// What came of what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    Changed(Result<Result<Changed, Refusal>, Unmade>),
    Read(Result<Seen, Unread>),
    /// Nothing where there is no such folder.
    Listed(Result<Option<Vec<Shown>>, Unread>),
    LookedInto(Result<Option<Inside>, Unread>),
    Lines(Result<Deleted, Unread>),
    Waited,
}

/// How a probe ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// At its end, whatever could not be found out.
    Whole,
    /// Where something could not be made that all else needs.
    Early(String),
    /// Since nothing can be asked any more.
    Stopped(StopReason),
}

/// A step; each asks for one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Make(Thing),
    Delete,
    Deleted,
    DeleteAgain,
    Restore,
    Restored,
    Never,
    Move,
    MoveAgain,
    MoveOne,
    MoveBad,
    MoveSame,
    Look,
    DeleteDrawer,
    Cascade,
    Lines,
    RestoreDrawer,
    Whole,
    LookIntoBox,
    DeleteBox,
    /// The stack is seen to be gone, so that it is seen to come back.
    StackGone,
    RestoreBox,
    RestoreStack,
    StackRestored,
}

/// What came of a change that may fail without an end to all.
enum Said {
    Done(Changed),
    Refused(Refusal),
    /// Nobody knows.
    Unknown,
}

/// The steps of one probe, and what they have shown so far.
#[derive(Debug)]
pub(super) struct Script {
    mark: Mark,
    top: Arc<str>,
    root: AssetId,
    ids: BTreeMap<Thing, AssetId>,
    step: Option<Step>,
    /// How often the same was looked at.
    looks: usize,
    pauses: bool,
    /// How long it has waited in all, and for what it looks at now.
    waited: Duration,
    looked: Duration,
    /// What else than 404 the same was answered with: that is asked for once more.
    odd: Option<u16>,
    /// How many the first move says it moved.
    moved: Option<usize>,
    /// What the others were answered with: whether it was refused.
    again: Option<bool>,
    bad: Option<bool>,
    same: Option<bool>,
    /// The files that are moved last: with an id that is none.
    third: Thing,
    /// What was in the drawer when it was deleted.
    kept: BTreeSet<AssetId>,
    /// Whether the drawer was seen to be deleted.
    is_drawer_gone: bool,
    /// Whether the version stack may come back, by itself or with its folder.
    comes: bool,
    pub(super) findings: Findings,
    ended: Ended,
}

impl Script {
    /// Begins with a folder in this one.
    pub(super) fn new(mark: Mark, (top, root): (&str, AssetId), never: AssetId) -> Self {
        Self {
            mark,
            top: top.into(),
            root,
            ids: BTreeMap::from([(Thing::Never, never)]),
            step: Some(Step::Make(Thing::Top)),
            looks: 0,
            pauses: false,
            waited: Duration::ZERO,
            looked: Duration::ZERO,
            odd: None,
            moved: None,
            again: None,
            bad: None,
            same: None,
            third: Thing::Third,
            kept: BTreeSet::new(),
            is_drawer_gone: false,
            comes: false,
            findings: Findings::default(),
            ended: Ended::Whole,
        }
    }

    /// How it ended.
    pub(super) fn into_end(self) -> (Findings, Ended) {
        (self.findings, self.ended)
    }

    /// Ends it, since nothing can be asked any more.
    pub(super) fn stop(&mut self, reason: StopReason) {
        self.ended = Ended::Stopped(reason);
        self.step = None;
    }

    fn id(&self, thing: Thing) -> Option<AssetId> {
        self.ids.get(&thing).copied()
    }

    fn ids(&self, things: &[Thing]) -> Option<Arc<[AssetId]>> {
        things.iter().map(|thing| self.id(*thing)).collect()
    }

    /// What is asked next; nothing at the end.
    pub(super) fn ask(&self) -> Option<Ask> {
        let step = self.step?;
        if self.pauses {
            let pause = PAUSES.get(self.looks.checked_sub(1)?)?;
            return Some(Ask::Wait(*pause));
        }
        let file = |thing| Some(Ask::Read(Kind::File, self.id(thing)?));
        match step {
            Step::Make(thing) => Some(Ask::Make(thing, self.making(thing)?)),
            Step::Delete | Step::DeleteAgain => {
                let id = self.id(Thing::Third)?;
                Some(Ask::Change(Change::DeleteFile(id)))
            }
            Step::Deleted | Step::Restored => file(Thing::Third),
            Step::Restore => self.restore(Thing::Third),
            Step::Never => file(Thing::Never),
            Step::Move | Step::MoveAgain => self.moving(&[Thing::First, Thing::Second]),
            Step::MoveOne => Some(Ask::Change(Change::MoveFile {
                id: self.id(Thing::First)?,
                to: self.id(Thing::Drawer)?,
            })),
            // The good one first: a server that moves one by one has moved it by then.
            Step::MoveBad => self.moving(&[self.third, Thing::Never]),
            Step::MoveSame => self.moving(&[Thing::Fourth]),
            Step::Look => Some(Ask::LookInto(self.id(Thing::Drawer)?)),
            Step::Whole => Some(Ask::List(self.id(Thing::Drawer)?)),
            Step::DeleteDrawer => {
                let id = self.id(Thing::Drawer)?;
                Some(Ask::Change(Change::DeleteFolder(id)))
            }
            Step::Cascade => Some(Ask::Read(Kind::File, self.witness()?)),
            Step::Lines => Some(Ask::Lines([self.id(Thing::Drawer)?, self.witness()?])),
            Step::RestoreDrawer => self.restore(Thing::Drawer),
            Step::LookIntoBox => Some(Ask::LookInto(self.id(Thing::Box)?)),
            Step::DeleteBox => {
                let id = self.id(Thing::Box)?;
                Some(Ask::Change(Change::DeleteFolder(id)))
            }
            Step::RestoreBox => self.restore(Thing::Box),
            Step::RestoreStack => self.restore(Thing::Stack),
            Step::StackGone | Step::StackRestored => {
                let id = self.id(Thing::Stack)?;
                Some(Ask::Read(Kind::VersionStack, id))
            }
        }
    }

    /// How something is made; nothing for what is not.
    fn making(&self, thing: Thing) -> Option<Change> {
        let name = self.mark.name(thing);
        let folder = |parent| Change::CreateFolder {
            parent,
            name: Arc::clone(&name),
        };
        let file = |parent| Change::CreateFile {
            parent,
            name: Arc::clone(&name),
            bytes: 1,
        };
        match thing {
            Thing::Top => Some(Change::CreateFolder {
                parent: self.root,
                name: Arc::clone(&self.top),
            }),
            Thing::Drawer | Thing::Box => Some(folder(self.id(Thing::Top)?)),
            Thing::First | Thing::Second | Thing::Third | Thing::Spare | Thing::Fourth => {
                Some(file(self.id(Thing::Top)?))
            }
            Thing::OldVersion | Thing::NewVersion => Some(file(self.id(Thing::Box)?)),
            Thing::Stack => Some(Change::CreateStack {
                parent: self.id(Thing::Box)?,
                files: self.ids(&[Thing::OldVersion, Thing::NewVersion])?,
            }),
            Thing::Never | Thing::StrayFile | Thing::StrayFolder | Thing::StrayStack => None,
        }
    }

    fn moving(&self, things: &[Thing]) -> Option<Ask> {
        Some(Ask::Change(Change::MoveFiles {
            ids: self.ids(things)?,
            to: self.id(Thing::Drawer)?,
        }))
    }

    fn restore(&self, thing: Thing) -> Option<Ask> {
        let id = self.id(thing)?;
        Some(Ask::Change(Change::Restore(thing.kind(), id)))
    }

    /// The file by which it is seen what becomes of the drawer: one that was not deleted by itself
    /// before, since a list may still show that.
    fn witness(&self) -> Option<AssetId> {
        let third = self.id(Thing::Third);
        let mut others = self.kept.iter().rev().filter(|id| Some(**id) != third);
        others.next().or_else(|| self.kept.last()).copied()
    }

    /// Takes in what came of what was asked.
    pub(super) fn hear(&mut self, heard: Heard) {
        let Some(step) = self.step else {
            return;
        };
        match heard {
            Heard::Waited => self.pauses = false,
            Heard::Changed(answer) => self.changed(step, answer),
            Heard::Read(Ok(seen)) => self.read(step, Some(seen)),
            Heard::Listed(Ok(listed)) => self.whole(Some(listed.as_deref().unwrap_or_default())),
            Heard::LookedInto(Ok(inside)) => self.looked_into(step, inside.as_ref()),
            Heard::Lines(Ok(lines)) => self.lines(&lines),
            Heard::Read(Err(why))
            | Heard::Listed(Err(why))
            | Heard::LookedInto(Err(why))
            | Heard::Lines(Err(why)) => {
                self.unread(step, why);
            }
        }
    }

    fn go(&mut self, step: Step) {
        self.step = Some(step);
        self.looks = 0;
        self.looked = Duration::ZERO;
        self.odd = None;
    }

    fn unread(&mut self, step: Step, why: Unread) {
        let is_refused = matches!(why, Unread::Refused(_));
        match why.why() {
            Err(reason) => self.stop(reason),
            Ok(_detail) => match step {
                Step::Look | Step::LookIntoBox => self.step = None,
                // What is deleted may not be listed, where the server says so of it.
                Step::Whole if is_refused => self.whole(None),
                Step::Whole => self.go_to_stack(),
                Step::Lines => self.go(Step::RestoreDrawer),
                Step::Cascade
                | Step::Deleted
                | Step::Restored
                | Step::Never
                | Step::StackGone
                | Step::StackRestored
                | Step::Make(_)
                | Step::Delete
                | Step::DeleteAgain
                | Step::Restore
                | Step::Move
                | Step::MoveAgain
                | Step::MoveOne
                | Step::MoveBad
                | Step::MoveSame
                | Step::DeleteDrawer
                | Step::RestoreDrawer
                | Step::DeleteBox
                | Step::RestoreBox
                | Step::RestoreStack => self.read(step, None),
            },
        }
    }
}
