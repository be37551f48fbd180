//! V4: what a run asks, and what it is told.

use std::sync::Arc;

use crate::apply::strategy::{Job, Rank, Subject};
use crate::asset::{AssetId, Kind};
use crate::frameio::v4::wire::Page;
use crate::frameio::v4::{Call, Read};
use crate::frameio::verdict::{Deletion, Live};

/// Deletes one asset a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Direct;

/// What a job is for, beyond what its call asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Aim {
    /// To delete an asset.
    #[default]
    Delete,
    /// To delete a file of the version stack that the job is for, or a part of the folder.
    Member(AssetId),
    /// To read an asset, by asking for one kind after another.
    Look(Look),
    /// To read what a version stack holds.
    Open,
    /// To read whether a version stack holds something still.
    Close,
}

/// How far the reading of an asset is whose kind may be any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// The kind that is asked for.
    pub(super) kind: Kind,
    /// The kinds that are asked for next.
    pub(super) next: &'static [Kind],
    /// The kind of which somebody says that it is.
    pub(super) said: Option<Kind>,
    /// The file of the version stack or the part of the folder that the job is for, where it is one.
    pub(super) member: Option<AssetId>,
    /// The folder that it was to go along with, where that is deleted.
    pub(super) with: Option<AssetId>,
    /// What it lies in as the server says, where it was to go along with a folder.
    pub(super) parent: Option<AssetId>,
    /// Whether the server has said of a kind that it knows no such asset, rather than that the
    /// asset is none of that kind.
    pub(super) missing: bool,
}

/// What an answer of V4 tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// What became of the asset of a delete.
    Deleted(Deletion),
    /// What the server says of an asset that was read as one of a kind.
    Read(Look, Live),
    /// A page of the files of a version stack, or what the server says where it is not there.
    Opened(Result<Page<AssetId>, Live>),
    /// The same, of a version stack whose files are deleted.
    Closed(Result<Page<AssetId>, Live>),
}

/// What deletes an asset of a kind, or finds out how to.
pub(super) fn delete(id: AssetId, kind: Option<Kind>) -> Job<Direct> {
    match kind {
        Some(Kind::File) => Job::new(Call::DeleteFile(id), [id]),
        Some(Kind::Folder) => Job {
            rank: Rank::Folder,
            ..Job::new(Call::DeleteFolder(id), [id])
        },
        Some(Kind::VersionStack) => open(id, None),
        None => show_asset(id, None),
    }
}

/// Reads an asset as one kind after another, the one first that somebody said.
pub(super) fn show_asset(id: AssetId, said: Option<Kind>) -> Job<Direct> {
    let [kind, next @ ..] = said.map_or(&Kind::ALL, Kind::first);
    let look = Look {
        kind: *kind,
        next,
        said,
        member: None,
        with: None,
        parent: None,
        missing: false,
    };
    let job = Job::new(Call::Read(Read::Show(*kind, id)), [id]);
    Job {
        aim: Aim::Look(look),
        ..job
    }
}

/// Reads a file of a version stack, or a part of a folder.
pub(super) fn look_at_member(whole: AssetId, part: AssetId, kind: Kind) -> Job<Direct> {
    let [kind, next @ ..] = kind.first();
    let look = Look {
        kind: *kind,
        next,
        said: None,
        member: Some(part),
        with: None,
        parent: None,
        missing: false,
    };
    Job {
        aim: Aim::Look(look),
        ..Job::new(Call::Read(Read::Show(*kind, part)), [whole])
    }
}

/// Reads an asset that was to go along with a folder. Other folders need not wait for it.
pub(super) fn look_at_gone(folder: AssetId, id: AssetId, kind: Option<Kind>) -> Job<Direct> {
    let job = show_asset(id, kind);
    let Aim::Look(look) = job.aim else {
        return job;
    };
    let look = Look {
        // As what it is known to be it is not there, and so it is as nothing.
        next: kind.map_or(look.next, |_| &[]),
        with: Some(folder),
        ..look
    };
    Job {
        aim: Aim::Look(look),
        rank: Rank::Folder,
        listed: false,
        ..job
    }
}

/// Deletes a part of a folder that is taken apart.
pub(super) fn delete_part(whole: AssetId, part: AssetId, kind: Kind) -> Job<Direct> {
    let call = match kind {
        Kind::Folder => Call::DeleteFolder(part),
        Kind::File | Kind::VersionStack => Call::DeleteFile(part),
    };
    Job {
        aim: Aim::Member(part),
        rank: Rank::Folder,
        ..Job::new(call, [whole])
    }
}

/// Reads a page of what a version stack holds.
pub(super) fn open(stack: AssetId, after: Option<Arc<str>>) -> Job<Direct> {
    let read = Read::Children(Kind::VersionStack, stack, after);
    Job {
        aim: Aim::Open,
        rank: Rank::Stack,
        ..Job::new(Call::Read(read), [stack])
    }
}

/// Reads a page of what a version stack holds still.
pub(super) fn close(stack: AssetId, after: Option<Arc<str>>) -> Job<Direct> {
    Job {
        aim: Aim::Close,
        ..open(stack, after)
    }
}

/// Deletes one file of a version stack.
pub(super) fn delete_member(stack: AssetId, file: AssetId) -> Job<Direct> {
    Job {
        aim: Aim::Member(file),
        rank: Rank::Stack,
        ..Job::new(Call::DeleteFile(file), [stack])
    }
}

/// The asset that a job asks for.
pub(super) fn target(job: &Job<Direct>) -> &AssetId {
    match &job.aim {
        Aim::Member(file)
        | Aim::Look(Look {
            member: Some(file), ..
        }) => file,
        Aim::Delete | Aim::Look(_) | Aim::Open | Aim::Close => &job.ids[0],
    }
}

pub(super) fn subject(job: &Job<Direct>) -> Subject {
    let id = *target(job);
    let stack = match &job.aim {
        Aim::Member(_)
        | Aim::Look(Look {
            member: Some(_), ..
        }) => Some(job.ids[0]),
        Aim::Delete | Aim::Look(_) | Aim::Open | Aim::Close => None,
    };
    Subject { id, stack }
}
