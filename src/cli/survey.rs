//! What `plan` and `apply` read of the live assets before they show the plan.

use crate::apply::breaker::SAMPLE;
use crate::asset::{AssetId, Kind};
use crate::cli::call::Call;
use crate::cli::failure::Failure;
use crate::cli::reach::Reached;
use crate::cli::settings::Settings;
use crate::cli::settings::server::Server;
use crate::cli::work::Draft;
use crate::event::StopReason;
use crate::frameio::inventory;
use crate::frameio::places::Ask;
use crate::inventory::Inventory;
use crate::manifest::document::Manifests;
use crate::plan::{self, Connections, Wanted};
use crate::render::{count, counted};

/// How many assets are read at most before the plan is shown; a run reads the others just
/// before it deletes them.
const MOST: usize = 1_000;

/// After how many assets people are told how far it is.
const EACH: usize = 100;

/// Whether something can be read.
pub(in crate::cli) fn is_possible(settings: &Settings) -> bool {
    settings.access.token.is_some() || settings.server.value == Server::Sandbox
}

/// Reads what the plan needs of the live assets.
///
/// # Errors
///
/// Returns why the account is not clear, or why nothing may be read.
pub(in crate::cli) fn read(
    call: &Call,
    server: &Reached,
    draft: &mut Draft<'_>,
    wanted: Wanted,
) -> Result<Inventory, Failure> {
    let found = server.account(draft.wanted.as_ref())?;
    let account = found.as_deref();
    let mut read = Inventory::default();
    let mut connections = wanted.connections;
    if !wanted.assets.is_empty() {
        read = read_assets(call, server, account, draft, &wanted.assets)?;
        // What was read tells what is a folder, and what is deleted already.
        connections = plan::wanted(draft.inputs(Some(&read))).connections;
    }
    if let Some(connections) = connections {
        read_places(call, server, account, &connections, &mut read)?;
    }
    if found.is_some() {
        draft.home.account = found;
    }
    Ok(read)
}

/// Reads what sort of assets some are, and what is in version stacks.
fn read_assets(
    call: &Call,
    server: &Reached,
    account: Option<&str>,
    draft: &Draft<'_>,
    wanted: &[(AssetId, Option<Kind>)],
) -> Result<Inventory, Failure> {
    let (first, rest) = wanted.split_at(wanted.len().min(MOST));
    let assets = counted(first.len(), "asset", "assets");
    call.console.message(&format!("Reading {assets} …"));
    let told = |done: usize| {
        if done.is_multiple_of(EACH) && done < first.len() {
            call.console
                .message(&format!("{} of {assets} read", count(done)));
        }
    };
    let client = server.client(account);
    let place = |id| pinned_place(draft.manifests, id);
    let reading = inventory::read_assets(&client, first, place, told);
    let (read, complete) = server.wait_for(reading)?.map_err(Failure::Stopped)?;
    tell(call, &read, complete, rest.len());
    if let Some(missing) = none_found(&read)
        && !draft.state.vouches()
    {
        return Err(Failure::Stopped(StopReason::WrongAccount { missing }));
    }
    Ok(read)
}

/// The project and the parent that a pin names.
fn pinned_place(manifests: &Manifests, id: AssetId) -> [Option<AssetId>; 2] {
    let entries = &manifests.entries;
    let place = entries.binary_search_by_key(&id, |entry| entry.id);
    let entry = place.ok().and_then(|place| entries.get(place));
    let pin = entry.and_then(|entry| entry.details.as_ref()?.pin.as_ref());
    pin.map_or([None; 2], |pin| [pin.project, pin.parent])
}

/// Reads what protected assets are connected with.
fn read_places(
    call: &Call,
    server: &Reached,
    account: Option<&str>,
    connections: &Connections,
    read: &mut Inventory,
) -> Result<(), Failure> {
    call.console.message("Reading where protected assets lie …");
    let told = |requests: usize| {
        if requests.is_multiple_of(EACH) {
            let requests = counted(requests, "request", "requests");
            call.console.message(&format!("{requests} made so far"));
        }
    };
    let Connections {
        holds,
        protected,
        listed,
        containers,
    } = connections;
    let ask = Ask {
        holds,
        protected,
        listed,
        containers,
    };
    let reader = server.places(account);
    let reading = inventory::read_places(&reader, ask, read, told);
    server.wait_for(reading)?.map_err(Failure::Stopped)
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
