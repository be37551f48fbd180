//! What `plan` and `apply` read of the live assets before they show the plan.

use std::collections::BTreeSet;

use crate::apply::breaker::SAMPLE;
use crate::asset::{AssetId, Kind};
use crate::cli::call::Call;
use crate::cli::failure::Failure;
use crate::cli::reach::Reached;
use crate::cli::settings::Settings;
use crate::cli::settings::server::Server;
use crate::cli::work::Work;
use crate::event::StopReason;
use crate::frameio::client::Client;
use crate::frameio::places::{Ask, PlaceReader, find_places};
use crate::frameio::recently_deleted::{self, recently_deleted, requests};
use crate::frameio::survey::survey;
use crate::inventory::{Facts, Inventory, Lies, Places, Seen};
use crate::manifest::document::Manifests;
use crate::outcome::Evidence;
use crate::plan::shelter::{self, Shelter, Wanted};
use crate::render::{count, counted};
use crate::state::Api;

/// How many assets are read at most before the plan is shown; a run reads the others just
/// before it deletes them.
const MOST: usize = 1_000;

/// After how many assets people are told how far it is.
const EACH: usize = 100;

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
        // Whether it is missing still is known only from a reading.
        Some(Kind::File | Kind::Folder) if step.decision.is_missing() => Some((step, step.kind())),
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
/// Returns why the account is not clear, or why nothing may be read; with the plan as it was
/// before, where only nobody answered.
pub(in crate::cli) fn look(
    call: &Call,
    server: &Reached,
    (manifests, settings): (&Manifests, &Settings),
    work: Work,
) -> Result<Work, (Failure, Option<Box<Work>>)> {
    let account = match server.account(work.wanted.as_ref()) {
        Ok(account) => account,
        Err(why @ Failure::Who(_)) => return Err((why, Some(Box::new(work)))),
        Err(why) => return Err((why, None)),
    };
    look_in(call, server, account.as_ref(), (manifests, settings), work).map_err(|why| (why, None))
}

fn look_in(
    call: &Call,
    server: &Reached,
    account: Option<&String>,
    (manifests, settings): (&Manifests, &Settings),
    mut work: Work,
) -> Result<Work, Failure> {
    let open = open(&work);
    let mut read = if open.is_empty() {
        Inventory::default()
    } else {
        look_at(
            call,
            server,
            account.map(String::as_str),
            (manifests, &work),
            &open,
        )?
    };
    if let Some(account) = account {
        work.home.account = Some(account.clone());
    }
    work = work.again(manifests, settings, &read);
    if let Some(wanted) = shelter::wanted(&work.plan) {
        let places = look_around(call, server, account.map(String::as_str), &wanted)?;
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
    (manifests, work): (&Manifests, &Work),
    open: &[(AssetId, Option<Kind>)],
) -> Result<Inventory, Failure> {
    let reader = server.client(account);
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
        .wait_for(survey(&reader, wanted, told))?
        .map_err(Failure::Stopped)?;
    let complete = seek(server, &reader, &mut read, manifests)?;
    tell(call, &read, complete, open.len() - wanted.len());
    if let Some(missing) = none_found(&read)
        && !work.state.vouches()
    {
        return Err(Failure::Stopped(StopReason::WrongAccount { missing }));
    }
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
    let mut places = server.wait_for(search)?.map_err(Failure::Stopped)?;
    if let PlaceReader::V4(reader) = &reader {
        let missing = holds.iter().chain(protected);
        let missing = missing.filter(|id| places.lies.get(id) == Some(&Lies::Missing));
        let missing: BTreeSet<AssetId> = missing.copied().collect();
        if !missing.is_empty() {
            // What is deleted protects nothing any more, and holds no folder back.
            let most = requests(missing.len());
            let wanted = recently_deleted::Wanted {
                assets: missing.into_iter().map(|id| (id, None)).collect(),
                ..recently_deleted::Wanted::default()
            };
            let search = recently_deleted(reader, &wanted, most);
            for id in server.wait_for(search)?.found.into_keys() {
                places.lies.insert(id, Lies::Deleted(Evidence::Listed));
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
        if let Lies::Deleted(evidence) = *lies {
            let facts = None;
            read.assets.insert(*id, Seen::Deleted { facts, evidence });
        }
    }
    read.places = Some(places);
}

/// Looks in the lists of recently deleted assets for those that the server does not know; says
/// whether all lists were read.
fn seek(
    server: &Reached,
    reader: &Client,
    read: &mut Inventory,
    manifests: &Manifests,
) -> Result<bool, Failure> {
    let missing: Vec<AssetId> = read.missing().collect();
    if missing.is_empty() {
        return Ok(true);
    }
    let mut wanted = recently_deleted::Wanted::default();
    for id in missing {
        let entry = manifests
            .entries
            .binary_search_by_key(&id, |entry| entry.id);
        let entry = entry.ok().and_then(|place| manifests.entries.get(place));
        let pin = entry.and_then(|entry| entry.details.as_ref()?.pin.as_ref());
        wanted.assets.insert(id, pin.and_then(|pin| pin.project));
        if let Some(parent) = pin.and_then(|pin| pin.parent) {
            wanted.parents.insert(id, parent);
        }
    }
    let most = requests(wanted.assets.len());
    let lists = server.wait_for(recently_deleted(reader, &wanted, most))?;
    for id in lists.found.keys() {
        let seen = Seen::Deleted {
            facts: None,
            // They were read just now, and not found.
            evidence: Evidence::Listed,
        };
        read.assets.insert(*id, seen);
    }
    Ok(lists.complete)
}

/// How many assets were asked for, where there were ten or more and none of them was found.
fn none_found(read: &Inventory) -> Option<usize> {
    let missing = read.missing().count();
    (missing >= SAMPLE && missing == read.assets.len()).then_some(missing)
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
            "{missing} not there, {lists}; nothing is sent for them"
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
