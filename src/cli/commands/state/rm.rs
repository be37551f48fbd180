//! `retire state rm`: drop records by hand.

use std::path::Path;

use crate::asset::AssetId;
use crate::cli::args::StateRm;
use crate::cli::clock;
use crate::cli::commands::state::{approve, of_words, open};
use crate::cli::console::OutputError;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::identity;
use crate::render::{self, counted};
use crate::state::{Counts, Record, State};
use crate::store::Session;

/// Shows what would be dropped, asks, and drops it.
pub(crate) fn run(context: &Context, arguments: &StateRm) -> Result<Exit, Failure> {
    let flags = &arguments.settings.given;
    let (settings, mut ids) = of_words(context, &arguments.words, flags)?;
    if ids.is_empty() {
        return Err(Failure::NoIds);
    }
    let path = &settings.state.value;
    let (who, mut session, mut state) = open(context, &settings, "state rm")?;
    ids.sort_unstable();
    ids.dedup();
    let rows = recorded(&state, &ids, path)?;
    let mut counts = Counts::default();
    for (_, record) in &rows {
        counts.add(&record.status);
    }
    let shown = context
        .console
        .text(|style, sink| render::state::list(&state, &mut rows.iter().copied(), style, sink));
    OutputError::unless_gone(shown)?;
    for warning in warnings(counts) {
        context.console.warn(&warning);
    }
    if !arguments.auto_approve {
        let question = "\nTo drop them, type the number of records:";
        let change = format!(
            "{} would be dropped",
            counted(ids.len(), "record", "records")
        );
        let hint = "read the records with `retire state show ID`, then give `--auto-approve`";
        approve(context, ids.len(), question, (change, hint))?;
    }
    let info = identity::masked(context, &who).run_info(&state, clock::now(), None);
    state.remove(&info, &ids);
    session.replace(&state)?;
    context.console.message(&format!(
        "Removed {} from `{}`; this is serial {}.",
        counted(ids.len(), "record", "records"),
        path.display(),
        state.serial
    ));
    Ok(Exit::Done)
}

/// The records of the assets, all or none.
fn recorded<'state>(
    state: &'state State,
    ids: &[AssetId],
    path: &Path,
) -> Result<Vec<(AssetId, &'state Record)>, Failure> {
    let record = |id: &AssetId| {
        let record = state.assets.get(id).ok_or_else(|| Failure::NotKnown {
            path: path.to_owned(),
            id: *id,
        })?;
        Ok((*id, record))
    };
    ids.iter().map(record).collect()
}

/// What somebody should know who drops such records.
fn warnings(counts: Counts) -> Vec<String> {
    let Counts {
        retired,
        gone,
        failed: _,
        unknown,
        missing: _,
        restored,
        staged,
        rescued,
    } = counts;
    let them = |number| render::either(number, "it", "them");
    let mut warnings = Vec::new();
    if retired + gone > 0 {
        warnings.push(format!(
            "{} deleted as far as is known; where a manifest lists {them}, the next run asks for {them} again",
            render::counted(retired + gone, "of these assets is", "of these assets are"),
            them = them(retired + gone)
        ));
    }
    if staged > 0 {
        warnings.push(format!(
            "{}; {}: `retire state unstage` moves {} back first",
            render::counted(staged, "of these assets is staged", "of these assets are staged"),
            render::either(
                staged,
                "it stays where it was moved aside to, and nothing knows any more where it came from",
                "they stay where they were moved aside to, and nothing knows any more where they came from"
            ),
            them(staged)
        ));
    }
    if rescued > 0 {
        warnings.push(format!(
            "{}; where a manifest lists {them}, the next run deletes {them}",
            render::counted(
                rescued,
                "of these assets was rescued",
                "of these assets were rescued"
            ),
            them = them(rescued)
        ));
    }
    if restored > 0 {
        warnings.push(format!(
            "{}; where a manifest lists {them}, the next run deletes {them} again",
            render::counted(
                restored,
                "of these assets was restored",
                "of these assets were restored"
            ),
            them = them(restored)
        ));
    }
    if unknown > 0 {
        warnings.push(format!(
            "for {} a delete was sent whose outcome is unknown, and without a record nobody will look what became of it",
            render::counted(unknown, "of these assets", "of these assets")
        ));
    }
    warnings
}
