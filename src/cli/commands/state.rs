//! `retire state`: look into the state.

use crate::cli::args::{Format, State, StateFile, StateList, StateShow, Target};
use crate::cli::call::{Call, Flags};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::render;
use crate::state;
use crate::store::file::FileStore;

/// Does what one of its commands says.
pub(in crate::cli) fn run(call: &Call, command: &State) -> Result<Exit, Failure> {
    match command {
        State::List(arguments) => list(call, arguments),
        State::Show(arguments) => show(call, arguments),
    }
}

fn load(call: &Call, file: &StateFile) -> Result<state::State, Failure> {
    let target = Target {
        state: file.state.clone(),
        ..Target::default()
    };
    let settings = call.settings(&target, Flags::default(), &[])?;
    let path = settings.state.value;
    let loaded = FileStore::new(&path).load()?;
    let loaded = loaded.ok_or(Failure::NoState(path))?;
    for warning in &loaded.warnings {
        call.console.warn(warning);
    }
    Ok(loaded.state)
}

fn list(call: &Call, arguments: &StateList) -> Result<Exit, Failure> {
    let state = load(call, &arguments.file)?;
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
    let state = load(call, &arguments.file)?;
    let id = arguments.id;
    call.console
        .data(|style, sink| match arguments.file.format {
            Format::Text => render::state::show(id, &state, style, sink),
            Format::Json => render::json::show(id, &state, sink),
        })?;
    Ok(Exit::Done)
}
