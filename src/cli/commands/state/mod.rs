//! `retire state`: look into the state, or change it by hand.

use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::app::provenance::RawIdentity;
use crate::asset::AssetId;
use crate::cli::again;
use crate::cli::args::{
    Format, State, StateFile, StateList, StatePull, StateShow, Which, Words, is_standard,
};
use crate::cli::clock;
use crate::cli::context::Context;
use crate::cli::destination::{self, Document};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::findings;
use crate::cli::identity;
use crate::cli::lock;
use crate::cli::settings::Settings;
use crate::cli::settings::declare::on;
use crate::cli::settings::server::Server;
use crate::cli::settings::table::Given;
use crate::inventory::Known;
use crate::render;
use crate::render::escape::escape;
use crate::render::wrap::wrapped;
use crate::state::{self, Api, Record, format};
use crate::store::Loaded;
use crate::store::file::{FileSession, FileStore};

mod accept;
mod migrate;
mod push;
mod rebuild;
mod rm;
mod unstage;

/// Does what one of its commands says.
pub(crate) fn run(context: &Context, command: &State) -> Result<Exit, Failure> {
    match command {
        State::List(arguments) => list(context, arguments),
        State::Show(arguments) => show(context, arguments),
        State::History(arguments) => history(context, arguments),
        State::Rm(arguments) => rm::run(context, arguments),
        State::Unstage(arguments) => unstage::run(context, arguments),
        State::AcceptMissing(arguments) => accept::run(context, arguments),
        State::Unlock(which) => unlock(context, which),
        State::Pull(arguments) => pull(context, arguments),
        State::Push(arguments) => push::run(context, arguments),
        State::Migrate(arguments) => migrate::run(context, arguments),
        State::Rebuild(arguments) => rebuild::run(context, arguments),
    }
}

/// Who changes a state by hand, and from what: the repository around the state itself.
fn changer(context: &Context, settings: &Settings) -> RawIdentity {
    identity::find(context, settings.state.value.parent())
}

/// Takes the lock of a state that must be there, for whoever changes it by hand, and reads it.
fn open(
    context: &Context,
    settings: &Settings,
    command: &str,
) -> Result<(RawIdentity, FileSession, state::State), Failure> {
    let who = changer(context, settings);
    let (session, loaded) = lock::open(context, settings, &who, command)?;
    let state = expect_state(context, loaded, &settings.state.value)?;
    Ok((who, session, state))
}

/// The state, with what was found out while it was read said.
fn expect_state(
    context: &Context,
    loaded: Option<Loaded>,
    path: &Path,
) -> Result<state::State, Failure> {
    let loaded = loaded.ok_or_else(|| Failure::NoState(path.to_owned()))?;
    for warning in &loaded.warnings {
        context.console.warn(warning);
    }
    Ok(loaded.state)
}

/// Has somebody type how many records or assets change.
fn approve(
    context: &Context,
    number: usize,
    question: &str,
    (change, hint): (String, &'static str),
) -> Result<(), Failure> {
    if !context.console.can_ask() {
        return Err(Failure::Unapproved { change, hint });
    }
    let typed = context.console.ask_number(question);
    let typed = typed.map_err(Failure::system("read the answer"))?;
    if typed == Some(number) {
        Ok(())
    } else {
        Err(Failure::Kept)
    }
}

/// The file of a state that is only read.
fn path_of(context: &Context, which: &Which<{ on::READ_STATE }>) -> Result<PathBuf, Failure> {
    let Which { path, settings } = which;
    let settings = context.settings_offline(&settings.given, path.as_deref())?;
    Ok(settings.state.value.clone())
}

fn load(context: &Context, which: &Which<{ on::READ_STATE }>) -> Result<state::State, Failure> {
    let path = path_of(context, which)?;
    expect_state(context, FileStore::new(&path).load()?, &path)
}

/// The settings and the assets of a command that changes a state by hand.
fn of_words(
    context: &Context,
    words: &Words,
    flags: &Given,
) -> Result<(Settings, Vec<AssetId>), Failure> {
    let path = match *words.paths() {
        [] => None,
        [path] => Some(path),
        [_, second, ..] => return Err(Failure::TwoStates(second.to_owned())),
    };
    Ok((context.settings_offline(flags, path)?, words.ids()))
}

fn list(context: &Context, arguments: &StateList) -> Result<Exit, Failure> {
    let state = load(context, &arguments.file.which)?;
    let wanted: Vec<&str> = arguments
        .status
        .iter()
        .map(|status| status.name())
        .collect();
    let StateList {
        name, path, run, ..
    } = arguments;
    let fits = |id: AssetId, record: &Record| {
        let is_status = wanted.is_empty() || wanted.contains(&record.status.name());
        let is_run = run.is_none_or(|run| run == record.run);
        let is_asked = is_status && is_run;
        let is_named = name.is_none() && path.is_none();
        is_asked && (is_named || is_called(state.catalogue.get(id), name.as_ref(), path.as_ref()))
    };
    let mut rows = state
        .assets
        .iter()
        .filter(|(id, record)| fits(**id, record))
        .map(|(id, record)| (*id, record));
    let since = run.and_then(|run| Some((run, state.restored_since(true).remove(&run)?)));
    let since = since.map(|(run, since)| render::restorable::restored_since(run, &since));
    let width = context.console.width();
    context
        .console
        .data(|style, sink| match arguments.file.format {
            Format::Text => wrapped(width, sink, |sink| {
                render::state::list(&state, &mut rows, style, sink)?;
                let mut since = since.iter().flatten();
                since.try_for_each(|said| writeln!(sink, "{said}."))
            }),
            Format::Json => render::json::list(&state, &mut rows, sink),
        })?;
    Ok(Exit::Done)
}

/// Whether an asset is called and lies as two patterns say; one of which nothing is known does
/// not.
fn is_called(known: Option<Known>, name: Option<&Pattern>, path: Option<&Pattern>) -> bool {
    let Some(known) = known else { return false };
    let options = MatchOptions {
        case_sensitive: false,
        require_literal_separator: true,
        require_literal_leading_dot: false,
    };
    let called = known.name.as_deref().unwrap_or_default();
    // A slash in a name is none between folders.
    let in_path = called.replace('/', "\\/");
    let place = known.location.as_deref();
    let parts = place.map(|place| [place.project.as_deref(), Some(&*place.folder)]);
    let parts = parts.into_iter().flatten().flatten().chain([&*in_path]);
    let whole: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let whole = whole.join("/");
    let any = MatchOptions {
        require_literal_separator: false,
        ..options
    };
    name.is_none_or(|name| name.matches_with(called, any))
        && path.is_none_or(|path| path.matches_with(&whole, options))
}

fn show(context: &Context, arguments: &StateShow) -> Result<Exit, Failure> {
    let state = load(context, &arguments.file.which)?;
    let id = arguments.id;
    let width = context.console.width();
    context
        .console
        .data(|style, sink| match arguments.file.format {
            Format::Text => wrapped(width, sink, |sink| {
                render::state::show(id, &state, style, sink)
            }),
            Format::Json => render::json::show(id, &state, sink),
        })?;
    Ok(Exit::Done)
}

fn history(context: &Context, arguments: &StateFile) -> Result<Exit, Failure> {
    let Which { path, settings } = &arguments.which;
    let settings = context.settings_offline(&settings.given, path.as_deref())?;
    let place = &settings.state;
    let state = expect_state(context, FileStore::new(&place.value).load()?, &place.value)?;
    let paths: Vec<PathBuf> = path.iter().cloned().collect();
    let target = &state.target;
    let words = again::words(target.endpoint == Server::Sandbox.name(), place, &paths);
    let (width, now) = (context.console.width(), clock::now());
    context.console.data(|style, sink| match arguments.format {
        Format::Text => wrapped(width, sink, |sink| {
            render::history::history(&state, (&words, now), style, sink)
        }),
        Format::Json => render::json::history(&state, sink),
    })?;
    for warning in render::restorable::warnings(&state, now) {
        context.console.warn(&warning);
    }
    let waits = state
        .assets
        .values()
        .any(|record| record.status.aside().is_some());
    if target.api == Api::V4
        && (waits || !state.restorable().is_empty())
        && !findings::takes_back(&paths, &target.endpoint, waits)
    {
        context.console.message(render::restorable::PROBE_FIRST);
    }
    Ok(Exit::Done)
}

fn pull(context: &Context, arguments: &StatePull) -> Result<Exit, Failure> {
    let path = path_of(context, &arguments.which)?;
    let state = expect_state(context, FileStore::new(&path).load()?, &path)?;
    match &arguments.out {
        Some(out) if !is_standard(Some(out)) => {
            destination::publish(out, Document::Copy(&state), &path, |sink| {
                context
                    .console
                    .guard(sink, |sink| format::write(&state, sink))
            })?;
        }
        Some(_) | None => context
            .console
            .data(|_, sink| format::write(&state, sink))?,
    }
    Ok(Exit::Done)
}

fn unlock(context: &Context, which: &Which<{ on::READ_STATE }>) -> Result<Exit, Failure> {
    let path = path_of(context, which)?;
    let last = FileStore::new(&path).unlock()?;
    let path = path.display();
    context.console.data(|_, sink| match &last {
        Some(holder) => writeln!(
            sink,
            "The state `{path}` is not locked.\nWhoever had it last ended without giving it back: {}",
            escape(holder)
        ),
        None => writeln!(sink, "The state `{path}` is not locked."),
    })?;
    Ok(Exit::Done)
}
