//! `retire show`: a state, a saved plan or a run, for people or for programs.

use std::path::Path;

use crate::app::error::Error;
use crate::app::saved_plan::{SavedPlan, is_plan};
use crate::cli::args::{Format, Show};
use crate::cli::clock::TimeLeft;
use crate::cli::context::Context;
use crate::cli::destination::kind::{Kind, kind_of};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Input, Sort};
use crate::cli::{clock, project, saved_plan};
use crate::diagnostic::{Damage, in_words};
use crate::render::events::{self, Replayed};
use crate::render::text::{self, PlanView};
use crate::render::wrap::wrapped;
use crate::render::{basis, json, state, summary};
use crate::state::{State, format};
use crate::store::StoreError;
use crate::store::file::FileStore;

/// Shows a file as what it is.
pub(crate) fn run(context: &Context, arguments: &Show) -> Result<Exit, Failure> {
    let Some(path) = file(arguments)? else {
        let flags = &arguments.settings.given;
        let settings = context.settings_offline(flags, arguments.file.as_deref())?;
        return overview(context, &settings.state.value, arguments.format);
    };
    project::refuse_stray(path)?;
    let bytes = if path.as_os_str() == "-" {
        files::read(&Input::Standard, TimeLeft::unbound())?.bytes
    } else {
        files::bytes(path, TimeLeft::unbound())?
    };
    if events::is_stream(&bytes) {
        return runs(context, path, &bytes, arguments.format);
    }
    if is_plan(&bytes) {
        plan(context, path, &bytes, arguments.format)?;
    } else if path.as_os_str() == "-" {
        let read = format::read(&bytes).map_err(|why| StoreError::Format {
            path: path.to_owned(),
            why,
        })?;
        state_as_a_whole(context, path, &read, arguments.format)?;
    } else if let Some(found) = other_than_a_state(path, &bytes) {
        let path = path.to_owned();
        return Err(Failure::NotShown { path, found });
    } else {
        drop(bytes);
        return overview(context, path, arguments.format);
    }
    Ok(Exit::Done)
}

/// The file that is to be shown; nothing where it is the state of a project.
fn file(arguments: &Show) -> Result<Option<&Path>, Failure> {
    let Some(path) = arguments.file.as_deref() else {
        return Ok(None);
    };
    let standard = path.as_os_str() == "-";
    Ok((standard || files::sort(path)? != Sort::Folder).then_some(path))
}

/// What a file is that is neither a state nor a broken one.
fn other_than_a_state(path: &Path, bytes: &[u8]) -> Option<&'static str> {
    if Damage::find(bytes).is_some() {
        return None;
    }
    match kind_of(path, bytes) {
        Kind::Empty | Kind::State => None,
        // What else is JSON may be a state that somebody broke.
        Kind::Other if bytes.trim_ascii_start().starts_with(b"{") => None,
        kind @ (Kind::Plan
        | Kind::Events
        | Kind::Journal
        | Kind::Lock
        | Kind::Manifest
        | Kind::Seed
        | Kind::Settings
        | Kind::Other) => Some(kind.words()),
    }
}

/// Shows what the runs of an event stream came to, as `apply` said it at its end.
fn runs(context: &Context, path: &Path, bytes: &[u8], format: Format) -> Result<Exit, Failure> {
    let replayed = events::replay(bytes).map_err(|why| Failure::Stream {
        path: path.to_owned(),
        why,
    })?;
    let failed = |run: &Replayed| matches!(run, Replayed::Failed { .. });
    let exit = match replayed.last() {
        Some(last) if failed(last) => Exit::Failed,
        Some(_) | None => Exit::Done,
    };
    for run in &replayed {
        match run {
            Replayed::Run(summary) => context.console.data(|style, sink| match format {
                Format::Json => json::summary(summary, sink),
                Format::Text => summary::summary(summary, false, style, sink),
            })?,
            Replayed::Failed { message, hint } => context
                .console
                .error(&format!("no run began: {message}"), hint.as_deref()),
        }
    }
    Ok(exit)
}

fn plan(context: &Context, path: &Path, bytes: &[u8], format: Format) -> Result<(), Failure> {
    let saved = SavedPlan::read(path, bytes)?;
    let document = &saved.document;
    let plan = saved.plan()?;
    // A state that cannot be read is not the one that the plan was made from either.
    let loaded = FileStore::new(Path::new(&document.state.path)).load();
    let stale = match (
        loaded,
        saved_plan::manifests(context, &saved, TimeLeft::unbound()),
    ) {
        (Ok(loaded), Ok(manifests)) => saved
            .check(
                clock::now(),
                &document.target(),
                (document.settings, document.marks.as_ref()),
                loaded.as_ref(),
                &manifests.files,
            )
            .and_then(|()| saved.check_actions(&plan, (&manifests, loaded.as_ref()), clock::now()))
            .err()
            .map(|why| in_words(&why)),
        (Err(error), _) => Some(in_words(&error)),
        (_, Err(Failure::App(Error::Stale { why, .. }))) => Some(in_words(&why)),
        (_, Err(error)) => Some(in_words(&error)),
    };
    context.console.data(|style, sink| match format {
        Format::Json => document.to_json(sink),
        Format::Text => {
            wrapped(context.console.width(), sink, |sink| {
                basis::basis(document, stale.as_deref(), style, sink)
            })?;
            let view = PlanView {
                plan: &plan,
                checked: &document.checked,
                no_state: (document.state.digest.is_none() && document.state.serial == 0)
                    .then_some(Path::new(&document.state.path)),
                batch_size: document.settings.batch_size,
                forecast: &document.forecast,
                time_budget: None,
                skip_mismatched: document.settings.skip_mismatched,
                full: true,
                width: context.console.width(),
                now: clock::now(),
            };
            text::plan(&view, style, sink)
        }
    })?;
    if let Some(why) = stale.filter(|_| format == Format::Json) {
        context.console.warn(&format!("this plan is stale: {why}"));
    }
    Ok(())
}

fn overview(context: &Context, path: &Path, format: Format) -> Result<Exit, Failure> {
    let loaded = FileStore::new(path).load()?;
    let loaded = loaded.ok_or_else(|| Failure::NoState(path.to_owned()))?;
    for warning in &loaded.warnings {
        context.console.warn(warning);
    }
    state_as_a_whole(context, path, &loaded.state, format)?;
    Ok(Exit::Done)
}

fn state_as_a_whole(
    context: &Context,
    path: &Path,
    read: &State,
    format: Format,
) -> Result<(), Failure> {
    let width = context.console.width();
    context.console.data(|style, sink| match format {
        Format::Json => json::overview(read, sink),
        Format::Text => wrapped(width, sink, |sink| {
            state::overview(read, &path.display().to_string(), style, sink)
        }),
    })?;
    Ok(())
}
