//! `retire state`: look into the state, or change it by hand.

use std::path::Path;

use crate::app::provenance::Identity;
use crate::cli::args::{Format, State, StateFile, StateList, StatePull, StateShow, is_standard};
use crate::cli::call::Call;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::identity;
use crate::cli::lock;
use crate::cli::settings::Settings;
use crate::cli::settings::table::Given;
use crate::cli::target::{self, Document};
use crate::render;
use crate::render::escape::escape;
use crate::state::{self, format};
use crate::store::Loaded;
use crate::store::file::{FileSession, FileStore};

mod accept;
mod migrate;
mod push;
mod rm;

/// Does what one of its commands says.
pub(in crate::cli) fn run(call: &Call, command: &State) -> Result<Exit, Failure> {
    match command {
        State::List(arguments) => list(call, arguments),
        State::Show(arguments) => show(call, arguments),
        State::History(arguments) => history(call, arguments),
        State::Rm(arguments) => rm::run(call, arguments),
        State::AcceptMissing(arguments) => accept::run(call, arguments),
        State::Unlock(flags) => unlock(call, &flags.given),
        State::Pull(arguments) => pull(call, arguments),
        State::Push(arguments) => push::run(call, arguments),
        State::Migrate(arguments) => migrate::run(call, arguments),
    }
}

/// Who changes a state by hand, and from what: the repository around the state itself.
fn changer(call: &Call, settings: &Settings) -> Identity {
    identity::find(&call.environment, settings.state.value.parent())
}

/// Takes the lock of a state that must be there, for whoever changes it by hand, and reads it.
fn open(
    call: &Call,
    settings: &Settings,
    command: &str,
) -> Result<(Identity, FileSession, state::State), Failure> {
    let who = changer(call, settings);
    let (session, loaded) = lock::open(call, settings, &who, command)?;
    let state = told(call, loaded, &settings.state.value)?;
    Ok((who, session, state))
}

/// The state, with what was found out while it was read said.
fn told(call: &Call, loaded: Option<Loaded>, path: &Path) -> Result<state::State, Failure> {
    let loaded = loaded.ok_or_else(|| Failure::NoState(path.to_owned()))?;
    for warning in &loaded.warnings {
        call.console.warn(warning);
    }
    Ok(loaded.state)
}

/// Has somebody type how many records or assets change.
fn approve(call: &Call, number: usize, question: &str, nobody: Failure) -> Result<(), Failure> {
    if !call.console.can_ask() {
        return Err(nobody);
    }
    let typed = call.console.ask_number(question);
    let typed = typed.map_err(Failure::system("read the answer"))?;
    if typed == Some(number) {
        Ok(())
    } else {
        Err(Failure::Kept)
    }
}

fn load(call: &Call, flags: &Given) -> Result<state::State, Failure> {
    let path = call.settings_offline(flags)?.state.clone().value;
    told(call, FileStore::new(&path).load()?, &path)
}

fn list(call: &Call, arguments: &StateList) -> Result<Exit, Failure> {
    let state = load(call, &arguments.file.settings.given)?;
    let wanted: Vec<&str> = arguments
        .status
        .iter()
        .map(|status| status.name())
        .collect();
    let mut rows = state
        .assets
        .iter()
        .filter(|(_, record)| wanted.is_empty() || wanted.contains(&record.standing.name()))
        .map(|(id, record)| (*id, record));
    call.console
        .data(|style, sink| match arguments.file.format {
            Format::Text => render::state::list(&mut rows, style, sink),
            Format::Json => render::json::list(&mut rows, sink),
        })?;
    Ok(Exit::Done)
}

fn show(call: &Call, arguments: &StateShow) -> Result<Exit, Failure> {
    let state = load(call, &arguments.file.settings.given)?;
    let id = arguments.id;
    call.console
        .data(|style, sink| match arguments.file.format {
            Format::Text => render::state::show(id, &state, style, sink),
            Format::Json => render::json::show(id, &state, sink),
        })?;
    Ok(Exit::Done)
}

fn history(call: &Call, arguments: &StateFile) -> Result<Exit, Failure> {
    let state = load(call, &arguments.settings.given)?;
    call.console.data(|style, sink| match arguments.format {
        Format::Text => render::history::history(&state, style, sink),
        Format::Json => render::json::history(&state, sink),
    })?;
    Ok(Exit::Done)
}

fn pull(call: &Call, arguments: &StatePull) -> Result<Exit, Failure> {
    let flags = &arguments.settings.given;
    let path = call.settings_offline(flags)?.state.clone().value;
    let state = load(call, flags)?;
    match &arguments.out {
        Some(out) if !is_standard(Some(out)) => {
            target::publish(out, Document::Copy(&state), &path, |sink| {
                format::write(&state, sink)
            })?;
        }
        Some(_) | None => call.console.data(|_, sink| format::write(&state, sink))?,
    }
    Ok(Exit::Done)
}

fn unlock(call: &Call, flags: &Given) -> Result<Exit, Failure> {
    let settings = call.settings_offline(flags)?;
    let path = &settings.state.value;
    let last = FileStore::new(path).unlock()?;
    let path = path.display();
    call.console.data(|_, sink| match &last {
        Some(holder) => writeln!(
            sink,
            "The state `{path}` is not locked.\nWhoever had it last ended without giving it back: {}",
            escape(holder)
        ),
        None => writeln!(sink, "The state `{path}` is not locked."),
    })?;
    Ok(Exit::Done)
}
