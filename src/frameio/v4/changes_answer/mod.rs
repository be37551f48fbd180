//! What the answer to a change of V4 means. Nothing counts as done that is not said to be, in the
//! documented form and of the very assets that were asked for.
//!
//! Source: docs/frameio-api.md, "Changes (V4)", "Deletes (V4)", "Errors (V4)".

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::asset::{AssetId, Kind};
use crate::frameio::odd::{Odd, parse};
use crate::frameio::reply::{Body, Reply};
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::wire::{self, Wrapped};
use crate::frameio::verdict::{Answer, Verdict, undocumented};
use crate::frameio::words::{detail, odd_success};
use crate::outcome::FailureKind;

/// An asset, as the answer to a change tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub kind: Kind,
    pub id: AssetId,
    pub name: Arc<str>,
    /// The folder or version stack that it lies in now.
    pub parent: AssetId,
    pub project: AssetId,
}

/// What a change did, as its answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// This was made, in the folder that it was to be made in.
    Created(Placed),
    /// These were moved: each is one of those that were asked for, and stands here once. They may
    /// be fewer, and where each lies is what the answer says and not what was asked for.
    Moved(Vec<Placed>),
    /// It was deleted, and said so with this status: 204 as it is documented.
    Deleted(u16),
    /// This is back; what was in it may follow later.
    Restored(Placed),
}

/// That the server does not make a change, in the API's own words: nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub kind: FailureKind,
    /// The server's own words.
    pub detail: String,
}

/// Judges the answer to a change: what it did, or why the server does not make it.
///
/// Whatever else comes leaves it unknown whether the change was made, above all a success of
/// another form; only a 429, or a request that never went out, is known to have changed nothing.
#[must_use]
pub fn judge_change(change: &Change, reply: &Reply) -> Verdict<Result<Changed, Refusal>> {
    let Answer { status, wait, body } = match Verdict::answer(reply) {
        Ok(answer) => answer,
        Err(verdict) => return verdict,
    };
    match status {
        200..=299 => match done(change, status, body) {
            Ok(changed) => Verdict::Told(Ok(changed)),
            Err(detail) => Verdict::Unknown { detail },
        },
        429 => Verdict::SlowDown { wait },
        400 | 403 | 404 | 409 | 410 | 413 | 422 if wire::is_error(body) => {
            Verdict::Told(Err(Refusal {
                status,
                kind: match status {
                    403 => FailureKind::Permission,
                    404 | 410 => FailureKind::NotFound,
                    409 => FailureKind::Conflict,
                    _ => FailureKind::Invalid,
                },
                detail: detail(status, body),
            }))
        }
        300..=399 | 401..=403 | 405 => Verdict::denied(status, body),
        _ => Verdict::Unknown {
            detail: detail(status, body),
        },
    }
}

/// What a success did; else what is odd about it.
fn done(change: &Change, status: u16, body: &Body) -> Result<Changed, String> {
    let bytes = match body {
        Body::Whole(bytes) => bytes,
        Body::Cut { detail } => return Err(format!("the answer was cut short: {detail}")),
    };
    let odd = |odd| match odd {
        Odd::Foreign(why) | Odd::Field(why) => undocumented(&why),
    };
    let is_documented = match change {
        Change::DeleteFile(_) | Change::DeleteFolder(_) => {
            return if wire::is_success(body) {
                Ok(Changed::Deleted(status))
            } else {
                Err(odd_success(status, body))
            };
        }
        Change::CreateFolder { .. } | Change::CreateFile { .. } | Change::CreateStack { .. } => {
            matches!(status, 200 | 201)
        }
        Change::MoveFiles { .. }
        | Change::MoveFolders { .. }
        | Change::MoveFile { .. }
        | Change::MoveStack { .. }
        | Change::Restore(..) => status == 200,
    };
    if !is_documented {
        return Err(odd_success(status, body));
    }
    let one = |of: (Kind, Option<AssetId>)| placed(bytes, of);
    let changed = match change {
        Change::CreateFolder { parent, .. } => {
            made_in(*parent, one((Kind::Folder, None))).map(Changed::Created)
        }
        Change::CreateFile { parent, .. } => {
            made_in(*parent, one((Kind::File, None))).map(Changed::Created)
        }
        Change::CreateStack { parent, .. } => {
            made_in(*parent, one((Kind::VersionStack, None))).map(Changed::Created)
        }
        Change::MoveFiles { ids, .. } => moved(bytes, Kind::File, ids),
        Change::MoveFolders { ids, .. } => moved(bytes, Kind::Folder, ids),
        Change::MoveFile { id, .. } => moved_one(one((Kind::File, Some(*id)))),
        Change::MoveStack { id, .. } => moved_one(one((Kind::VersionStack, Some(*id)))),
        Change::Restore(kind, id) => one((*kind, Some(*id))).map(Changed::Restored),
        Change::DeleteFile(_) | Change::DeleteFolder(_) => Ok(Changed::Deleted(status)),
    };
    changed.map_err(odd)
}

#[derive(Deserialize)]
struct Asset {
    id: AssetId,
    #[serde(rename = "type")]
    kind: Kind,
    name: Arc<str>,
    parent_id: AssetId,
    project_id: AssetId,
    #[serde(default)]
    deleted_at: Value,
}

impl Asset {
    /// The asset, where it is of this kind and there.
    fn placed(self, kind: Kind) -> Result<Placed, Odd> {
        let Self {
            id,
            kind: said,
            name,
            parent_id: parent,
            project_id: project,
            deleted_at,
        } = self;
        if said != kind {
            return Err(wire::other_kind(said.name(), kind));
        }
        if !deleted_at.is_null() {
            let why = format!("it says that `{id}` is deleted: {deleted_at}");
            return Err(Odd::Foreign(why));
        }
        Ok(Placed {
            kind,
            id,
            name,
            parent,
            project,
        })
    }
}

/// The one asset of an answer: of this kind, and the one that was asked for, where one was.
fn placed(bytes: &[u8], (kind, asked): (Kind, Option<AssetId>)) -> Result<Placed, Odd> {
    let Wrapped { data } = parse::<Wrapped<Asset>>(bytes)?;
    let placed = data.placed(kind)?;
    match asked {
        Some(asked) if !is_asked(placed.id, &[asked]) => {
            let why = format!("it speaks of `{}` instead of `{asked}`", placed.id);
            Err(Odd::Foreign(why))
        }
        Some(_) | None => Ok(placed),
    }
}

/// Checks that what was made lies where it was to be made.
fn made_in(parent: AssetId, made: Result<Placed, Odd>) -> Result<Placed, Odd> {
    let made = made?;
    if is_asked(made.parent, &[parent]) {
        return Ok(made);
    }
    let why = format!("it says that it was made in `{}`", made.parent);
    Err(Odd::Foreign(why))
}

fn moved_one(moved: Result<Placed, Odd>) -> Result<Changed, Odd> {
    moved.map(|moved| Changed::Moved(vec![moved]))
}

/// What a move of several moved: of this kind, each of them asked for and named once.
fn moved(bytes: &[u8], kind: Kind, asked: &[AssetId]) -> Result<Changed, Odd> {
    let Wrapped { data } = parse::<Wrapped<Vec<Asset>>>(bytes)?;
    let mut seen = HashSet::with_capacity(data.len());
    let moved = data.into_iter().map(|asset| {
        let moved = asset.placed(kind)?;
        if !is_asked(moved.id, asked) {
            let why = format!("it speaks of `{}`, which was not asked for", moved.id);
            return Err(Odd::Foreign(why));
        }
        if !seen.insert(moved.id) {
            return Err(Odd::Foreign(format!("it names `{}` twice", moved.id)));
        }
        Ok(moved)
    });
    moved.collect::<Result<_, _>>().map(Changed::Moved)
}

/// Whether an id is one of those that were asked for. What is asked for by an id of Adobe's storage
/// answers with its own.
fn is_asked(id: AssetId, asked: &[AssetId]) -> bool {
    asked.contains(&id) || asked.iter().any(|asked| asked.is_adobe())
}

#[cfg(test)]
mod tests;
