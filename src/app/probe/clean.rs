//! Removes what a probe has made: what stands in its journal or bears its mark, and nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::app::probe::hand::Hand;
use crate::app::probe::script::PAUSES as OF_SCRIPT;
use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{Unmade, Unread};
use crate::frameio::v4::call::List;
use crate::frameio::v4::changes::Change;
use crate::inventory::Shown;
use crate::outcome::FailureKind;
use crate::probe::thing::Thing;

/// The pauses before something is looked at again; what is still there then is deleted by itself.
const PAUSES: &[Duration] = OF_SCRIPT.split_at(5).0;

/// For how long a folder that nobody saw being made may still turn up: the server answers within half
/// a minute (docs/frameio-api.md, "Bulk delete (v2)"), or not at all.
const LATE: SignedDuration = SignedDuration::from_mins(2);

/// What is left of what a probe has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    Nothing,
    /// Nothing is to be found, and the folder may have been asked for so lately that it turns up.
    MayCome,
    /// Something is.
    Some {
        /// How much is in the folder that the probe did not put there: it stays, and so does the
        /// folder.
        foreign: usize,
        /// How much of its own the server did not delete.
        live: usize,
    },
}

/// How carefully it is looked whether something is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Each thing is looked for.
    All,
    /// A few are, since it was seen on the way that what is in a deleted folder goes.
    Few,
}

/// What was found in the folder of a probe, and what of it was deleted on the way.
#[derive(Debug, Default)]
struct Found {
    /// The folders, each behind what is in it; the topmost last.
    folders: Vec<AssetId>,
    /// The folders in which something foreign is, at whatever depth.
    shared: BTreeSet<AssetId>,
    /// A file that lies as deep as any.
    witness: Option<AssetId>,
    /// All that was seen.
    seen: BTreeSet<AssetId>,
    foreign: BTreeSet<AssetId>,
    /// Whether the server refused to delete a folder.
    is_refused: bool,
}

/// Removes all that is left; `now` is compared with when the probe began.
///
/// # Errors
///
/// Returns why nothing can be asked any more; the journal says then what is left.
pub(super) async fn clean(hand: &mut Hand, care: Care, now: Timestamp) -> Result<Rest, StopReason> {
    let told = hand.journal.told();
    if told.meant.is_empty() {
        return Ok(Rest::Nothing);
    }
    let is_young = now.duration_since(told.header.at) < LATE;
    let mut tops: Vec<AssetId> = told.ids(Thing::Top).collect();
    if tops.is_empty() {
        tops = find(hand, is_young).await?;
    }
    if tops.is_empty() {
        return Ok(if is_young {
            Rest::MayCome
        } else {
            Rest::Nothing
        });
    }
    let mut rest = Rest::Nothing;
    for top in tops {
        let of_top = clean_folder(hand, top, care).await?;
        if of_top != Rest::Nothing {
            rest = of_top;
        }
    }
    Ok(rest)
}

/// Finds the folder of a probe by its name, which is nobody else's.
async fn find(hand: &mut Hand, is_young: bool) -> Result<Vec<AssetId>, StopReason> {
    let header = hand.journal.told().header.clone();
    let looks = if is_young { 4 } else { 1 };
    for look in 0..looks {
        if look > 0 {
            hand.pause(PAUSES[look - 1]).await.map_err(unread)?;
        }
        let folders = match hand.pages(List::Folders, header.root).await {
            Ok(folders) => folders,
            Err(why) => {
                no_project(why)?;
                return Ok(Vec::new());
            }
        };
        let named = folders
            .iter()
            .filter(|folder| folder.facts.name.as_deref() == Some(&*header.name));
        let found: Vec<AssetId> = named.map(|folder| folder.id).collect();
        for id in &found {
            record(hand, Thing::Top, *id)?;
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// Goes on where the project is not there any more, and what was in it neither.
fn no_project(why: Unread) -> Result<(), StopReason> {
    match why {
        Unread::Absent(_) => Ok(()),
        Unread::Trouble { .. } | Unread::Refused(_) | Unread::Malformed(_) | Unread::Stop(_) => {
            Err(unread(why))
        }
    }
}

/// Why something could not be read, as what stops all.
fn unread(why: Unread) -> StopReason {
    match why.why() {
        Ok(detail) => StopReason::NotReachable { detail },
        Err(reason) => reason,
    }
}

async fn clean_folder(hand: &mut Hand, top: AssetId, care: Care) -> Result<Rest, StopReason> {
    let found = take_down(hand, top).await?;
    if found.foreign.is_empty() && !found.is_refused {
        let looked_for = match care {
            Care::All => all(hand, &found),
            Care::Few => few(hand, (top, &found)),
        };
        if still_there(hand, looked_for).await? == 0 {
            return Ok(Rest::Nothing);
        }
    }
    one_by_one(hand, &found).await?;
    let live = still_there(hand, all(hand, &found)).await?;
    Ok(match (found.foreign.len(), live) {
        (0, 0) => Rest::Nothing,
        (foreign, live) => Rest::Some { foreign, live },
    })
}

/// The files of the journal; the id that none has is none of them.
fn files(hand: &Hand) -> impl Iterator<Item = AssetId> {
    let made = hand.journal.told().made.iter();
    made.filter(|(thing, _)| thing.kind() == Kind::File && *thing != Thing::Never)
        .map(|(_, id)| *id)
}

/// Whether a file is one of the version stack, in which no walk looks.
fn is_version(hand: &Hand, id: AssetId) -> bool {
    let told = hand.journal.told();
    let mut versions = [Thing::OldVersion, Thing::NewVersion].into_iter();
    versions.any(|thing| told.ids(thing).any(|version| version == id))
        && told.ids(Thing::Stack).next().is_some()
}

/// What tells whether all is gone: a file deep in the folder, else the folder itself, and what was
/// elsewhere.
fn few(hand: &Hand, (top, found): (AssetId, &Found)) -> Vec<(Kind, AssetId)> {
    let witness = found.witness.map(|id| (Kind::File, id));
    let mut few = vec![witness.unwrap_or((Kind::Folder, top))];
    let away = files(hand).filter(|id| !found.seen.contains(id) && !is_version(hand, *id));
    few.extend(away.map(|id| (Kind::File, id)));
    few
}

/// All that must not be there any more at the end.
fn all(hand: &Hand, found: &Found) -> Vec<(Kind, AssetId)> {
    let made = hand.journal.told().made.iter();
    let made = made.filter(|(thing, _)| *thing != Thing::Never);
    made.map(|(thing, id)| (thing.kind(), *id))
        .filter(|(_, id)| !found.shared.contains(id))
        .collect()
}

/// Looks through the folder of a probe, and deletes each folder in which nothing foreign is: the
/// deepest first, and each right after it was looked into. What somebody puts there is lost where that
/// happens between the two, and at no other time.
async fn take_down(hand: &mut Hand, top: AssetId) -> Result<Found, StopReason> {
    let mut found = Found::default();
    let mut ways: Vec<Vec<AssetId>> = vec![vec![top]];
    let mut is_home = false;
    while let Some(way) = ways.pop() {
        let Some(&folder) = way.last() else {
            continue;
        };
        let Some(inside) = hand.look_into(folder).await.map_err(unread)? else {
            continue;
        };
        found.seen.insert(folder);
        if !inside.foreign.is_empty() {
            found.foreign.extend(&inside.foreign);
            found.shared.extend(&way);
        }
        let mut below = Vec::new();
        for Shown { id, facts, .. } in inside.shown {
            found.seen.insert(id);
            if inside.foreign.contains(&id) {
                continue;
            }
            match facts.kind {
                Kind::Folder if found.folders.contains(&id) => {}
                Kind::Folder => below.push(way.iter().copied().chain([id]).collect()),
                Kind::File => found.witness = Some(id),
                Kind::VersionStack => {}
            }
        }
        // Once that is gone this one is looked into again.
        let mut is_due = below.is_empty();
        if is_due && folder == top && !is_home {
            is_home = true;
            is_due = !bring_home(hand, (top, &found)).await?;
        }
        if !is_due {
            ways.push(way);
            ways.extend(below);
            continue;
        }
        found.folders.push(folder);
        if !found.shared.contains(&folder) {
            found.is_refused |= !delete(hand, &Change::DeleteFolder(folder)).await?;
        }
    }
    Ok(found)
}

/// Writes something down that was found.
fn record(hand: &mut Hand, thing: Thing, id: AssetId) -> Result<(), StopReason> {
    let recorded = hand.journal.record(thing, id);
    recorded.map_err(|error| StopReason::NotRecorded {
        detail: error.to_string(),
    })
}

/// Moves a version stack back into the folder that came back at the top of the project: it has no
/// delete of its own. Says whether there was one.
async fn bring_home(hand: &Hand, (top, found): (AssetId, &Found)) -> Result<bool, StopReason> {
    let root = hand.journal.told().header.root;
    let stacks: Vec<AssetId> = hand.journal.told().ids(Thing::Stack).collect();
    let mut is_moved = false;
    for id in stacks {
        if found.seen.contains(&id) {
            continue;
        }
        let seen = hand.read(Kind::VersionStack, id).await.map_err(unread)?;
        if seen.is_there && seen.parent == Some(root) {
            let change = Change::MoveStack { id, to: top };
            made(hand.change(&change).await)?;
            is_moved = true;
        }
    }
    Ok(is_moved)
}

/// Deletes something; says whether it is deleted, or was before.
async fn delete(hand: &Hand, change: &Change) -> Result<bool, StopReason> {
    for _ in 0..2 {
        match hand.change(change).await {
            Ok(Ok(_)) => return Ok(true),
            Ok(Err(refusal)) => return Ok(refusal.kind == FailureKind::NotFound),
            // To delete what is deleted does no harm.
            Err(Unmade::Unknown { .. }) => {}
            Err(Unmade::Denied(reason) | Unmade::Stop(reason)) => return Err(reason),
        }
    }
    Ok(false)
}

/// Goes on whatever came of a change, unless nothing can be asked any more.
fn made<T, E>(answer: Result<Result<T, E>, Unmade>) -> Result<(), StopReason> {
    match answer {
        Ok(_) | Err(Unmade::Unknown { .. }) => Ok(()),
        Err(Unmade::Denied(reason) | Unmade::Stop(reason)) => Err(reason),
    }
}

/// Deletes each file, and then each folder in which nothing foreign is, the deepest first.
async fn one_by_one(hand: &mut Hand, found: &Found) -> Result<(), StopReason> {
    let files: Vec<AssetId> = files(hand).collect();
    for id in files {
        delete(hand, &Change::DeleteFile(id)).await?;
    }
    for id in &found.folders {
        if found.shared.contains(id) {
            continue;
        }
        let inside = match hand.look_into(*id).await {
            // What cannot be listed stays, and so does the journal, while the rest goes.
            Err(Unread::Refused(_)) => continue,
            listed => listed.map_err(unread)?,
        };
        if inside.is_some_and(|inside| inside.foreign.is_empty()) {
            delete(hand, &Change::DeleteFolder(*id)).await?;
        }
    }
    Ok(())
}

/// How much of this is there, however long anybody waits.
async fn still_there(hand: &Hand, mut left: Vec<(Kind, AssetId)>) -> Result<usize, StopReason> {
    for look in 0..=PAUSES.len() {
        let mut there = Vec::new();
        for (kind, id) in left {
            if hand.read(kind, id).await.map_err(unread)?.is_there {
                there.push((kind, id));
            }
        }
        left = there;
        match PAUSES.get(look) {
            Some(pause) if !left.is_empty() => hand.pause(*pause).await.map_err(unread)?,
            Some(_) | None => break,
        }
    }
    Ok(left.len())
}
