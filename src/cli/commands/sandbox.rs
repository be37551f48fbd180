//! `retire sandbox`: serve the embedded Frame.io sandbox until stopped.

use std::path::PathBuf;
use std::sync::mpsc;

use tokio::runtime;
use uuid::Uuid;

use crate::app::connect::serve;
use crate::app::threads::check_threads;
use crate::cli::args::{Sandbox, ThisRun};
use crate::cli::clock::TimeLeft;
use crate::cli::console::OutputError;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files::FilesError;
use crate::cli::settings::table::Given;
use crate::cli::{clock, playground, project, signals};
use crate::event::StopReason;
use crate::render::counted;
use crate::sandbox::limit::Limits;
use crate::sandbox::world::World;
use crate::state::Api;

/// How many threads serve.
const THREADS: usize = 2;

/// Serves until a signal asks to stop.
pub(crate) fn run(context: &Context, arguments: &Sandbox) -> Result<Exit, Failure> {
    let paths = &arguments.paths.paths;
    let playing = ThisRun {
        sandbox: true,
        ..ThisRun::default()
    };
    let api = context
        .settings(&Given::default(), playing, paths)?
        .api
        .value;
    let world = world(context, arguments)?;
    // Of several accounts V4 needs the name of one.
    let accounts: Vec<Uuid> = world.accounts().collect();
    let account = match *accounts {
        [first, _, ..] if api.abilities().names_accounts => format!(" --account {first}"),
        _ => String::new(),
    };
    let assets = world.assets().count();
    let example = world.assets().find(|(_, alive)| *alive).map(|(id, _)| id);
    check_threads(THREADS + 1).map_err(Failure::system("start the threads of the server"))?;
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(Failure::system("start the threads of the server"))?;
    let (sender, receiver) = mpsc::channel();
    context.signals.forward(move |number| {
        // Whoever waited has gone already.
        sender.send(number).ok();
    });
    let sandbox = runtime.block_on(serve(world, arguments.port, true, clock::now))?;
    let (url, token) = (sandbox.url(), sandbox.token().to_owned());
    let paths: Vec<String> = paths
        .iter()
        .map(|path| format!(" {}", path.display()))
        .collect();
    let (name, paths) = (api.name(), paths.concat());
    let there = format!("--api {name} --endpoint {url}{account}");
    let first = if has_manifests(&arguments.paths.paths) {
        let those = format!("{there} --state play.state.json{paths}");
        format!("\n  retire plan {those}\n  retire apply {those}")
    } else if api.abilities().reads_contents {
        // What it finds is what a manifest is made of.
        format!("\n  retire find {there}")
    } else {
        String::new()
    };
    let assets = counted(assets, "asset", "assets");
    let call = match (api, example) {
        (Api::V2, Some(id)) => format!("v2/assets/{id}"),
        (Api::V2, None) => "v2/me".to_owned(),
        (Api::V4, _) => "v4/accounts".to_owned(),
    };
    let text = format!(
        "The sandbox listens on {url} and holds {assets}.
Ctrl-C ends it, and what it holds is forgotten.

In another terminal:

  export FRAMEIO_TOKEN={token}{first}

  curl -H 'Authorization: Bearer {token}' {url}/{call}
"
    );
    // Its token is meant to be read, also where the environment has it already: nothing is masked.
    let printed = context.console.stream(text.as_bytes());
    printed.map_err(OutputError::from)?;
    let number = receiver.recv().unwrap_or(signals::INTERRUPT);
    runtime.block_on(sandbox.shut_down());
    Ok((&StopReason::Signal { number }).into())
}

/// Whether there is something to plan. Whatever is wrong with a manifest, `retire plan` says it.
fn has_manifests(paths: &[PathBuf]) -> bool {
    let is_none = |why: &FilesError| {
        matches!(
            why,
            FilesError::NoDefault(_) | FilesError::EmptyFolder { .. }
        )
    };
    !project::load(paths, TimeLeft::unbound()).is_err_and(|why| is_none(&why))
}

fn world(context: &Context, arguments: &Sandbox) -> Result<World, Failure> {
    let paths = &arguments.paths.paths;
    let seeded = match &arguments.seed {
        Some(path) => {
            let world = playground::seed(path)?;
            Some(world.ok_or_else(|| Failure::NoSeed(path.clone()))?)
        }
        None => playground::seed_beside(paths)?,
    };
    let world = if let Some(world) = seeded {
        world
    } else {
        // As strict as the real thing, unless a flag says otherwise.
        let manifests = context.manifests(paths, TimeLeft::unbound())?;
        playground::world_of(&manifests, None, &[]).with_limits(Limits::documented())
    };
    Ok(changed(world, arguments))
}

/// The world, with what the flags change of it.
fn changed(world: World, arguments: &Sandbox) -> World {
    let limits = arguments.limits.iter().copied();
    let limits = limits.fold(world.limits().clone(), Limits::with);
    let mut faults = world.faults().clone();
    faults.rules.extend(arguments.fault.iter().cloned());
    faults.seed = arguments.fault_seed.unwrap_or(faults.seed);
    let mut world = world.with_limits(limits).with_faults(faults);
    if let Some(share) = arguments.refuse {
        world = world.with_refusals(share);
    }
    if let Some(lifetime) = arguments.token_lifetime {
        world = world.with_token_lifetime(lifetime.as_secs().max(1));
    }
    world
}
