//! `retire state rebuild`: make the state anew, after it was lost, from manifests and from what the
//! server shows to be deleted.

use std::path::{Path, PathBuf};

use crate::app::basis::Basis;
use crate::app::prepare::{Prepared, prepare};
use crate::asset::AssetId;
use crate::cli::args::{Choices, StateRebuild, ThisRun};
use crate::cli::clock;
use crate::cli::commands::state::approve;
use crate::cli::connect::{connect, host, plan_settings};
use crate::cli::console::OutputError;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::{identity, lock, playground, project};
use crate::inventory::ReadLists;
use crate::outcome::Evidence;
use crate::plan::Plan;
use crate::plan::about::About;
use crate::plan::decide::Decision;
use crate::render::escape::escape;
use crate::render::{self, count, counted};
use crate::state::{Api, Record, Shown};
use crate::store::Session;
use crate::store::file::FileStore;

/// Shows what would be recorded as gone, asks, and writes the state.
pub(crate) fn run(context: &Context, arguments: &StateRebuild) -> Result<Exit, Failure> {
    let (paths, flags) = (&arguments.paths.paths, &arguments.settings.given);
    let manifests = context.manifests(paths, context.time(flags, paths))?;
    let run = ThisRun {
        sandbox: arguments.sandbox,
        ..ThisRun::default()
    };
    let settings = context.settings(flags, run, paths)?;
    if settings.api.value != Api::V4 {
        return Err(Failure::NoLists);
    }
    let path = &settings.state.value;
    refuse_what_is_there(path)?;
    if let Some(backup) = backup_beside(path) {
        context.console.warn(&format!(
            "`{}` is the state as it was before its last run, and knows more than a server does: put that back instead, and let the next run find out the rest",
            backup.display()
        ));
    }
    let who = identity::find(context, project::beside(paths).as_deref());
    let (mut session, loaded) = lock::open(context, &settings, &who, "state rebuild")?;
    if loaded.is_some() {
        return Err(Failure::StateThere(path.clone()));
    }
    let terms = plan_settings(
        &settings,
        Choices {
            skip_mismatched: false,
            check_retired: false,
        },
    )?;
    let basis = Basis::new(terms, manifests, None, clock::now(), &*host(context))?;
    let (retries, world) = (settings.sending.reading, playground::world_of_basis);
    let connection = connect(context, &settings, paths, retries, || world(&basis))?;
    // What was read earlier shows nothing: somebody may have restored it since.
    let prepared = prepare(basis, None, Some((&connection, None)))?;
    let Prepared {
        basis,
        plan,
        recently_deleted,
        ..
    } = prepared;
    let shown = shown(&plan);
    let listed = basis.manifests.entries.len();
    let exit = unread(context, &recently_deleted, &plan);
    let account = basis.target.account.clone();
    let mut state = basis.state;
    // The token is known by now, wherever it came from.
    let who = identity::masked(context, &who);
    let info = who.run_info(&state, connection.time(clock::now()), account);
    connection.close();
    if shown.is_empty() {
        let is_whole = exit == Exit::Done;
        let far = if is_whole {
            ""
        } else {
            ", as far as it could be read"
        };
        let words = format!(
            "The server shows none of {} to be deleted{far}; nothing was written.",
            counted(listed, "listed asset", "listed assets")
        );
        context.console.message(&words);
        let lists = &recently_deleted;
        let is_blind = lists.read == 0 && !lists.unread.is_empty();
        let is_blind = is_blind || (listed > 0 && plan.totals.unread == listed);
        return Ok(if is_blind { Exit::Failed } else { exit });
    }
    state.rebuild(&info, &shown);
    let written = context.console.text(|style, sink| {
        let mut rows = state.assets.iter().map(|(id, record)| (*id, record));
        let rows: &mut dyn Iterator<Item = (AssetId, &Record)> = &mut rows;
        render::state::list(&state, rows, style, sink)
    });
    OutputError::unless_gone(written)?;
    let assets = counted(shown.len(), "asset", "assets");
    if !arguments.auto_approve {
        let question = "\nTo record them as gone, type the number of assets:";
        let change = format!("{assets} would be recorded as gone");
        let hint = "read the list, then give `--auto-approve`";
        approve(context, shown.len(), question, (change, hint))?;
    }
    session.replace(&state)?;
    context.console.message(&format!(
        "Recorded {assets} as gone in `{}`; this is serial {}.{}",
        path.display(),
        state.serial,
        left(listed - shown.len(), plan.totals.missing)
    ));
    Ok(exit)
}

/// Says which lists of what was deleted could not be read, and how the command ends for it: what is in
/// them is not known to be there.
fn unread(context: &Context, lists: &ReadLists, plan: &Plan) -> Exit {
    for (what, why) in &lists.unread {
        let (what, why) = (escape(what), escape(why));
        context
            .console
            .warn(&format!("{what} could not be read: {why}"));
    }
    let assets = plan.totals.unread + plan.totals.unreadable;
    if lists.unread.is_empty() && assets == 0 {
        Exit::Done
    } else {
        Exit::Open
    }
}

/// The listed assets that the server shows to be deleted; what their entries alone say of them is
/// for the next run.
fn shown(plan: &Plan) -> Vec<Shown> {
    let steps = plan.steps.iter();
    let shown = steps.filter_map(|step| match step.decision {
        Decision::Record {
            evidence: evidence @ (Evidence::Read | Evidence::Listed),
            run: _,
        } => Some(Shown {
            id: step.id,
            evidence,
            known: plan.about.get(&step.id).and_then(About::known),
        }),
        Decision::Record {
            evidence: Evidence::Answer | Evidence::With(_) | Evidence::ByHand | Evidence::Earlier,
            run: _,
        }
        | Decision::Retire
        | Decision::Retry { .. }
        | Decision::Resolve { .. }
        | Decision::Covered { .. }
        | Decision::Missing
        | Decision::Unreadable { .. }
        | Decision::Blocked { .. }
        | Decision::Defer { .. }
        | Decision::Staged { .. }
        | Decision::Held { .. }
        | Decision::Unread
        | Decision::Mismatch(_)
        | Decision::Rescued
        | Decision::Drift { .. }
        | Decision::Unstage
        | Decision::Forget
        | Decision::Unchanged { .. } => None,
    });
    shown.collect()
}

/// Says what became of the rest.
fn left(open: usize, missing: usize) -> String {
    if open == 0 {
        return String::new();
    }
    let missing = match missing {
        0 => String::new(),
        missing => format!(", {} of them not found", count(missing)),
    };
    format!(
        "\nWithout a record: {}{missing}. What somebody has restored looks like what was never deleted: read what `retire plan` shows before you apply it.",
        counted(open, "listed asset", "listed assets")
    )
}

/// Refuses where anything of a state is left: that knows more than a server does.
fn refuse_what_is_there(path: &Path) -> Result<(), Failure> {
    let journal = FileStore::new(path).journal();
    let places = [path, &journal];
    // A link that leads nowhere is in the way too.
    let there = places
        .into_iter()
        .find(|place| place.symlink_metadata().is_ok());
    there.map_or(Ok(()), |place| Err(Failure::StateThere(place.to_owned())))
}

fn backup_beside(path: &Path) -> Option<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(".backup");
    let backup = PathBuf::from(name);
    backup.is_file().then_some(backup)
}
