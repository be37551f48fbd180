//! V4: what `plan` and `apply` read of the live assets before they show the plan.

use crate::asset::{AssetId, Kind};
use crate::cli::call::Call;
use crate::cli::failure::Failure;
use crate::cli::reach::Reached;
use crate::cli::settings::{Server, Settings};
use crate::cli::work::Work;
use crate::diagnostic::in_words;
use crate::frameio::survey::survey;
use crate::inventory::Inventory;
use crate::manifest::document::Manifests;
use crate::render::{count, counted};
use crate::state::Api;

/// How many assets are read at most before the plan is shown; a run reads the others just
/// before it deletes them.
const MOST: usize = 1_000;

/// After how many assets people are told how far it is.
const EACH: usize = 100;

/// The assets of a plan whose kind V4 needs and nobody says, and the version stacks, whose
/// files are deleted in their place; nothing where nothing can be read.
pub(in crate::cli) fn open(work: &Work, settings: &Settings) -> Vec<(AssetId, Option<Kind>)> {
    let readable = settings.access.token.is_some() || settings.server.value == Server::Sandbox;
    if work.home.api != Api::V4 || !readable {
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

/// Reads what is open, and makes the plan again with what was found.
///
/// # Errors
///
/// Returns why the account is not clear, or why nothing may be read.
pub(in crate::cli) fn look(
    call: &Call,
    server: &Reached,
    (manifests, settings): (&Manifests, &Settings),
    mut work: Work,
    open: &[(AssetId, Option<Kind>)],
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
    let reader = server.v4(account.as_deref().unwrap_or_default());
    let wanted = &open[..open.len().min(MOST)];
    let assets = counted(wanted.len(), "asset", "assets");
    call.console.message(&format!("Reading {assets} …"));
    let told = |done: usize| {
        if done.is_multiple_of(EACH) && done < wanted.len() {
            call.console
                .message(&format!("{} of {assets} read", count(done)));
        }
    };
    let read = server
        .runtime
        .block_on(survey(&reader, wanted, told))
        .map_err(Failure::Stopped)?;
    tell(call, &read, open.len() - wanted.len());
    work.home.account = account;
    Ok(work.again(manifests, settings, &read))
}

/// Tells what is missing, and what was not read.
fn tell(call: &Call, read: &Inventory, more: usize) {
    let absent = read.absent();
    if absent > 0 {
        call.console.warn(&format!(
            "{} not there, or deleted already; a run asks for them all the same",
            counted(absent, "asset is", "assets are")
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
