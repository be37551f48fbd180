//! What `plan` and `apply` read of the live assets before they show the plan.

use std::collections::BTreeSet;

use crate::asset::{AssetId, Kind};
use crate::cli::call::Call;
use crate::cli::failure::Failure;
use crate::cli::reach::Reached;
use crate::cli::settings::{Server, Settings};
use crate::cli::work::Work;
use crate::diagnostic::in_words;
use crate::frameio::places::{Ask, PlaceReader, find_places};
use crate::frameio::survey::survey;
use crate::frameio::trash::{Deleted, recently_deleted};
use crate::inventory::{Facts, Inventory, Lies, Places, Seen};
use crate::manifest::document::Manifests;
use crate::plan::approve::Approved;
use crate::plan::shelter::{self, Shelter, Wanted};
use crate::render::{count, counted};
use crate::state::Api;

/// How many assets are read at most before the plan is shown; a run reads the others just
/// before it deletes them.
const MOST: usize = 1_000;

/// After how many assets people are told how far it is.
const EACH: usize = 100;

/// How many ids are named at most.
const NAMED: usize = 5;

/// Whether something must be read before the plan is shown.
pub(in crate::cli) fn is_needed(work: &Work) -> bool {
    !open(work).is_empty() || work.plan.shelter == Shelter::NotChecked
}

/// Whether something can be read.
pub(in crate::cli) fn is_possible(settings: &Settings) -> bool {
    settings.access.token.is_some() || settings.server.value == Server::Sandbox
}

/// The assets of a plan whose kind V4 needs and nobody says, and the version stacks, whose
/// files are deleted in their place.
fn open(work: &Work) -> Vec<(AssetId, Option<Kind>)> {
    if work.home.api != Api::V4 {
        return Vec::new();
    }
    let steps = work.plan.steps.iter();
    let open = steps.filter_map(|step| match step.kind() {
        None | Some(Kind::VersionStack) => Some((step, step.kind())),
        Some(Kind::File | Kind::Folder) => None,
    });
    open.filter(|(step, _)| step.decision.may_delete())
        .filter(|(step, _)| !work.plan.stacks.contains_key(&step.id))
        .map(|(step, kind)| (step.id, kind))
        .collect()
}

/// Reads what is open and what protected assets are connected with, and makes the plan again
/// with what was found.
///
/// # Errors
///
/// Returns why the account is not clear, or why nothing may be read.
pub(in crate::cli) fn look(
    call: &Call,
    server: &Reached,
    (manifests, settings): (&Manifests, &Settings),
    mut work: Work,
) -> Result<Work, Failure> {
    let account = match server.account(work.wanted.as_ref()) {
        Ok(account) => account,
        Err(why @ Failure::Who(_)) => {
            let why = in_words(&why);
            call.console.warn(&format!("no asset was read: {why}"));
            return Ok(work);
        }
        Err(why) => return Err(why),
    };
    let open = open(&work);
    let mut read = if open.is_empty() {
        Inventory::default()
    } else {
        look_at(call, server, account.as_deref(), &open)?
    };
    if account.is_some() {
        work.home.account.clone_from(&account);
    }
    work = work.again(manifests, settings, &read);
    if let Some(wanted) = shelter::wanted(&work.plan) {
        let places = look_around(call, server, account.as_deref(), &wanted)?;
        add(&mut read, places);
        work = work.again(manifests, settings, &read);
    }
    Ok(work)
}

/// Reads what sort of assets some are, and what is in version stacks.
fn look_at(
    call: &Call,
    server: &Reached,
    account: Option<&str>,
    open: &[(AssetId, Option<Kind>)],
) -> Result<Inventory, Failure> {
    let reader = server.v4(account.unwrap_or_default());
    let wanted = &open[..open.len().min(MOST)];
    let assets = counted(wanted.len(), "asset", "assets");
    call.console.message(&format!("Reading {assets} …"));
    let told = |done: usize| {
        if done.is_multiple_of(EACH) && done < wanted.len() {
            call.console
                .message(&format!("{} of {assets} read", count(done)));
        }
    };
    let mut read = server
        .runtime
        .block_on(survey(&reader, wanted, told))
        .map_err(Failure::Stopped)?;
    let missing: BTreeSet<AssetId> = read.missing().collect();
    let lists = if missing.is_empty() {
        Deleted::default()
    } else {
        let most = requests(missing.len());
        let search = recently_deleted(&reader, &missing, most);
        server.runtime.block_on(search)
    };
    for id in &lists.found {
        read.assets.insert(*id, Seen::Deleted(None));
    }
    tell(call, &read, lists.complete, open.len() - wanted.len());
    Ok(read)
}

/// Reads what protected assets are connected with.
fn look_around(
    call: &Call,
    server: &Reached,
    account: Option<&str>,
    wanted: &Wanted,
) -> Result<Places, Failure> {
    call.console.message("Reading where protected assets lie …");
    let told = |requests: usize| {
        if requests.is_multiple_of(EACH) {
            let requests = counted(requests, "request", "requests");
            call.console.message(&format!("{requests} made so far"));
        }
    };
    let Wanted {
        holds,
        protected,
        listed,
        containers,
    } = wanted;
    let ask = Ask {
        holds,
        protected,
        listed,
        containers,
    };
    let reader = server.places(account);
    let search = find_places(&reader, ask, told);
    let mut places = server.runtime.block_on(search).map_err(Failure::Stopped)?;
    if let PlaceReader::V4(reader) = &reader {
        let missing = holds.iter().chain(protected);
        let missing = missing.filter(|id| places.lies.get(id) == Some(&Lies::Missing));
        let missing: BTreeSet<AssetId> = missing.copied().collect();
        if !missing.is_empty() {
            // What is deleted protects nothing any more, and holds no folder back.
            let search = recently_deleted(reader, &missing, requests(missing.len()));
            for id in server.runtime.block_on(search).found {
                places.lies.insert(id, Lies::Deleted);
                places.held.remove(&id);
            }
        }
    }
    Ok(places)
}

/// Adds what was read around protected assets to what is known of the others.
fn add(read: &mut Inventory, places: Places) {
    for (id, kind) in &places.kinds {
        read.assets.entry(*id).or_insert_with(|| {
            Seen::There(Facts {
                kind: *kind,
                name: places.names.get(id).cloned(),
                project: None,
                parent: None,
                bytes: None,
                files: None,
            })
        });
    }
    for (id, lies) in &places.lies {
        if *lies == Lies::Deleted {
            read.assets.insert(*id, Seen::Deleted(None));
        }
    }
    read.places = Some(places);
}

/// How many requests the lists of recently deleted assets are worth for so many assets: they
/// must not take much longer than to read the assets one by one.
fn requests(assets: usize) -> usize {
    (20 + 2 * assets).min(500)
}

/// Looks in the lists of recently deleted assets for those whose earlier delete was not answered;
/// those that are not found there are read one by one in the run.
pub(in crate::cli) fn settle_unknown(
    call: &Call,
    server: &Reached,
    account: Option<&str>,
    approved: &mut Approved,
) {
    let unknown: BTreeSet<AssetId> = approved.resolve().iter().map(|read| read.id).collect();
    let Some(account) = account.filter(|_| server.api() == Api::V4 && !unknown.is_empty()) else {
        return;
    };
    let unanswered = counted(unknown.len(), "asset", "assets");
    call.console.message(&format!(
        "Looking for {unanswered} of unknown fate among the recently deleted …"
    ));
    let reader = server.v4(account);
    let search = recently_deleted(&reader, &unknown, requests(unknown.len()));
    let lists = server.runtime.block_on(search);
    approved.found_deleted(&lists.found);
}

/// Tells of the assets that a run found gone whether they were deleted before, or probably never
/// were there, as far as the lists of recently deleted assets show it.
pub(in crate::cli) fn tell_gone(
    call: &Call,
    server: &Reached,
    account: Option<&str>,
    gone: &BTreeSet<AssetId>,
) {
    let Some(account) = account.filter(|_| server.api() == Api::V4 && !gone.is_empty()) else {
        return;
    };
    let reader = server.v4(account);
    let search = recently_deleted(&reader, gone, requests(gone.len()));
    let lists = server.runtime.block_on(search);
    let deleted = lists.found.len();
    if deleted > 0 {
        let deleted = counted(deleted, "asset was", "assets were");
        call.console
            .message(&format!("{deleted} deleted already, by somebody else"));
    }
    let absent: Vec<String> = gone
        .difference(&lists.found)
        .map(|id| format!("`{id}`"))
        .collect();
    if lists.complete && !absent.is_empty() {
        let named = absent[..absent.len().min(NAMED)].join(", ");
        let more = if absent.len() > NAMED { ", …" } else { "" };
        let absent = counted(absent.len(), "asset is", "assets are");
        call.console.warn(&format!(
            "{absent} neither there nor among the recently deleted: check {named}{more}, which may never have been there"
        ));
    }
}

/// Tells what is missing, and what was not read; `complete` says that the missing ones were
/// looked for in all lists of recently deleted assets.
fn tell(call: &Call, read: &Inventory, complete: bool, more: usize) {
    let missing = read.missing().count();
    if missing > 0 {
        let missing = counted(missing, "asset is", "assets are");
        let lists = if complete {
            "and not among the recently deleted: check the ids"
        } else {
            "or deleted long ago"
        };
        call.console.warn(&format!(
            "{missing} not there, {lists}; a run asks for them all the same"
        ));
    }
    let unread = read.unread + more;
    if unread > 0 {
        call.console.warn(&format!(
            "{} not read; a run reads them before it deletes them",
            counted(unread, "asset was", "assets were")
        ));
    }
}
