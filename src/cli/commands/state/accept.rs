//! `retire state accept-missing`: record assets as gone by hand.

use std::path::Path;

use crate::asset::AssetId;
use crate::cli::args::StateAcceptMissing;
use crate::cli::call::Call;
use crate::cli::clock;
use crate::cli::commands::state::{approve, open};
use crate::cli::console::OutputError;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::render::{self, counted};
use crate::state::{Record, Standing, State};
use crate::store::Session;

/// Shows what would be recorded as gone, asks, and records it.
pub(in crate::cli) fn run(call: &Call, arguments: &StateAcceptMissing) -> Result<Exit, Failure> {
    let settings = call.settings_offline(&arguments.settings.given)?;
    let path = &settings.state.value;
    let (who, mut session, mut state) = open(call, &settings, "state accept-missing")?;
    let ids = chosen(&state, &arguments.ids, path)?;
    if ids.is_empty() {
        let words = format!(
            "`{}` has no missing asset; nothing was written.",
            path.display()
        );
        call.console.message(&words);
        return Ok(Exit::Done);
    }
    let rows = ids
        .iter()
        .filter_map(|id| Some((*id, state.assets.get(id)?)));
    let rows: Vec<(AssetId, &Record)> = rows.collect();
    let shown = call
        .console
        .data(|style, sink| render::state::list(&mut rows.iter().copied(), style, sink));
    OutputError::unless_gone(shown)?;
    if !arguments.auto_approve {
        let question = "\nTo record them as gone, type the number of assets:";
        approve(call, ids.len(), question, Failure::Unaccepted(ids.len()))?;
    }
    let info = who.run_info(&state, clock::now(), None);
    state.accept_missing(&info, &ids, arguments.reason.clone());
    session.replace(&state)?;
    call.console.message(&format!(
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
        let missing = missing.filter(|(_, record)| record.standing == Standing::Missing);
        return Ok(missing.map(|(id, _)| *id).collect());
    }
    let mut ids = named.to_vec();
    ids.sort_unstable();
    ids.dedup();
    for id in &ids {
        let standing = state.assets.get(id).map(Record::standing);
        match standing {
            Some(Standing::Missing | Standing::Unknown { .. }) => {}
            Some(other @ (Standing::Retired | Standing::Gone | Standing::Failed(_))) => {
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
