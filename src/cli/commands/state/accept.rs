//! `retire state accept-missing`: record assets as gone by hand.

use std::path::Path;

use crate::asset::AssetId;
use crate::cli::args::StateAcceptMissing;
use crate::cli::clock;
use crate::cli::commands::state::{approve, of_words, open};
use crate::cli::console::OutputError;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::identity;
use crate::render::{self, counted};
use crate::state::{Record, State, Status};
use crate::store::Session;

/// Shows what would be recorded as gone, asks, and records it.
pub(crate) fn run(context: &Context, arguments: &StateAcceptMissing) -> Result<Exit, Failure> {
    let flags = &arguments.settings.given;
    let (settings, named) = of_words(context, &arguments.words, flags)?;
    let path = &settings.state.value;
    let (who, mut session, mut state) = open(context, &settings, "state accept-missing")?;
    let ids = chosen(&state, &named, path)?;
    if ids.is_empty() {
        let words = format!(
            "`{}` has no missing asset; nothing was written.",
            path.display()
        );
        context.console.message(&words);
        return Ok(Exit::Done);
    }
    let rows = ids
        .iter()
        .filter_map(|id| Some((*id, state.assets.get(id)?)));
    let rows: Vec<(AssetId, &Record)> = rows.collect();
    let shown = context
        .console
        .text(|style, sink| render::state::list(&state, &mut rows.iter().copied(), style, sink));
    OutputError::unless_gone(shown)?;
    if !arguments.auto_approve {
        let question = "\nTo record them as gone, type the number of assets:";
        let assets = counted(ids.len(), "asset", "assets");
        let change = format!("{assets} would be recorded as gone");
        let hint = "make sure that the assets are gone, then give `--auto-approve`";
        approve(context, ids.len(), question, (change, hint))?;
    }
    let info = identity::masked(context, &who).run_info(&state, clock::now(), None);
    let reason = arguments.reason.as_deref();
    let reason = reason.map(|text| context.console.without_secrets(text));
    state.accept_missing(&info, &ids, reason);
    session.replace(&state)?;
    context.console.message(&format!(
        "Recorded {} as gone in `{}`; this is serial {}.",
        counted(ids.len(), "asset", "assets"),
        path.display(),
        state.serial
    ));
    Ok(Exit::Done)
}

/// The assets that are meant: all that are missing, or those that are named, of which each must
/// be missing or unknown.
fn chosen(state: &State, named: &[AssetId], path: &Path) -> Result<Vec<AssetId>, Failure> {
    if named.is_empty() {
        let missing = state.assets.iter();
        let missing = missing.filter(|(_, record)| record.status == Status::Missing);
        return Ok(missing.map(|(id, _)| *id).collect());
    }
    let mut ids = named.to_vec();
    ids.sort_unstable();
    ids.dedup();
    for id in &ids {
        let status = state.assets.get(id).map(Record::status);
        match status {
            Some(Status::Missing | Status::Unknown { .. }) => {}
            Some(
                other @ (Status::Retired(_)
                | Status::Gone(_)
                | Status::Failed(_)
                | Status::Restored { .. }
                | Status::Staged(_)
                | Status::Rescued),
            ) => {
                return Err(Failure::NotMissing {
                    id: *id,
                    status: other.name(),
                });
            }
            None => {
                return Err(Failure::NotKnown {
                    path: path.to_owned(),
                    id: *id,
                });
            }
        }
    }
    Ok(ids)
}
