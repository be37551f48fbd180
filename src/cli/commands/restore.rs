//! `retire restore`: take back what was deleted.

use std::path::{Path, PathBuf};

use crate::app::api::adapter;
use crate::app::basis::check_target;
use crate::app::connect::is_same_server;
use crate::app::restore::{Order, plan, restore};
use crate::apply::restore::Restored;
use crate::cli::args::{Back, Restore, ThisRun};
use crate::cli::clock;
use crate::cli::connect::{asked_account, connect_to_played};
use crate::cli::console::OutputError;
use crate::cli::context::{Context, with_state};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::settings::server::Server;
use crate::cli::{findings, identity, lock, playground, project, rescue};
use crate::diagnostic::counted;
use crate::plan::approve::Consent;
use crate::plan::consent::Agreed;
use crate::plan::restore::{Candidate, Chosen, choose};
use crate::render;
use crate::render::escape::escape;
use crate::render::wrap::wrapped;
use crate::sandbox::world::World;
use crate::state::{Api, State, Target};

/// Shows what would come back, asks, restores it, and says what came of it.
pub(crate) fn run(context: &Context, arguments: &Restore) -> Result<Exit, Failure> {
    let (chosen, path) = words(&arguments.words)?;
    let (flags, paths) = with_state(&arguments.settings.given, path)?;
    let run = ThisRun {
        sandbox: arguments.sandbox,
        ..ThisRun::default()
    };
    let settings = context.settings(&flags, run, &paths)?;
    let is_sandbox = settings.server.value == Server::Sandbox;
    let state_path = &settings.state.value;
    let who = identity::find(context, project::beside(&paths).as_deref());
    let (mut session, loaded) = lock::open(context, &settings, &who, "restore")?;
    let loaded = loaded.ok_or_else(|| Failure::NoState(state_path.clone()))?;
    for warning in &loaded.warnings {
        context.console.warn(warning);
    }
    let state = loaded.state;
    if state.target.api == Api::V2 {
        return Err(Failure::RestoreOfV2(state_path.clone()));
    }
    let here = Target {
        api: settings.api.value,
        endpoint: settings.server.value.name().to_owned(),
        account: asked_account(&settings).map(|(_, account)| account),
    };
    check_target(state_path, &state.target, &here)?;
    let candidates = choose(&state, &chosen).map_err(Failure::NotChosen)?;
    if !is_sandbox && !arguments.unproven && !is_proven(&paths, &here.endpoint)? {
        return Err(Failure::Unproven);
    }
    let retries = settings.sending.retries;
    let played = |seeded| played(seeded, &state, &candidates);
    let connection = connect_to_played(context, &settings, &paths, retries, played)?;
    let wanted = asked_account(&settings).or_else(|| {
        let who = format!("the state `{}`", state_path.display());
        Some((who, state.target.account.clone()?))
    });
    let account = adapter(connection.api)
        .who(&connection, wanted.as_ref())?
        .account;
    let at = (&connection, account.as_deref());
    let now = connection.time(clock::now());
    let plan = plan(at, candidates, now)?;
    let width = context.console.width();
    let shown = context.console.data(|style, sink| {
        wrapped(width, sink, |sink| {
            render::restore::plan(&plan, (width.is_some(), now), style, sink)
        })
    });
    OutputError::unless_gone(shown)?;
    if plan.assets() == 0 {
        connection.close();
        return Ok(Exit::Open);
    }
    let place = Target {
        account: account.clone(),
        ..here
    };
    let consents = (arguments.auto_approve, is_sandbox);
    let agreed = approve(context, consents, (plan.assets(), &place))?;
    session.take_in(&state)?;
    let who = identity::masked(context, &who);
    let info = who.run_info(&state, connection.time(clock::now()), account.clone());
    let number = info.number;
    let catalogue = state.catalogue.clone();
    let order = Order {
        info,
        state,
        plan: &plan,
        agreed: &agreed,
        patience: settings.cascade_wait.value,
        now: clock::now,
    };
    let (restored, not_saved) = restore(order, at, session);
    if let Some((not_saved, left)) = &not_saved {
        rescue::print(context, not_saved, left);
    }
    let shown = context.console.data(|style, sink| {
        writeln!(sink)?;
        let came = render::restore::Came {
            run: number,
            back: restored.back,
            unseen: &restored.unseen,
            failed: &restored.failed,
            left: restored.left,
            stop: restored.stop.as_ref(),
            state_path: &state_path.display().to_string(),
            known: &|id| catalogue.get(id),
        };
        wrapped(width, sink, |sink| {
            render::restore::came(&came, width.is_some(), style, sink)
        })
    });
    OutputError::unless_gone(shown)?;
    connection.close();
    Ok(exit(
        &restored,
        plan.rows.iter().any(|(_, one)| !one.is_asked()),
        not_saved.is_none(),
    ))
}

/// What is to come back, and the PATH that names its state.
fn words(words: &[Back]) -> Result<(Chosen, Option<&Path>), Failure> {
    let (mut run, mut assets, mut path) = (None, Vec::new(), None);
    for word in words {
        match word {
            Back::Run(_) if run.is_some() => return Err(Failure::TwoChoices),
            Back::Run(number) => run = Some(*number),
            Back::Asset(id) => assets.push(*id),
            Back::Path(second) if path.is_some() => {
                return Err(Failure::TwoStates(second.clone()));
            }
            Back::Path(one) => path = Some(&**one),
        }
    }
    let chosen = match (run, assets) {
        (Some(run), assets) if assets.is_empty() => Chosen::Run(run),
        (Some(_), _) => return Err(Failure::TwoChoices),
        (None, assets) if assets.is_empty() => return Err(Failure::NothingChosen),
        (None, assets) => Chosen::Assets(assets),
    };
    Ok((chosen, path))
}

/// Whether a probe has seen on this server that what was deleted comes back.
fn is_proven(paths: &[PathBuf], server: &str) -> Result<bool, Failure> {
    let found = findings::load(&findings::place(paths)?)?;
    Ok(found
        .is_some_and(|found| is_same_server(&found.server, server) && found.findings.bring_back()))
}

/// A world for the sandbox, which begins anew with each command: what is to come back was deleted.
fn played(seeded: Option<World>, state: &State, candidates: &[Candidate]) -> World {
    let assets = || playground::world_of_ids(state.assets.keys().copied());
    let mut world = seeded.unwrap_or_else(assets);
    // What was deleted first comes last.
    for candidate in candidates.iter().rev() {
        for id in [candidate.id].iter().chain(&*candidate.with) {
            // Each of them was made a moment ago.
            drop(world.delete(*id, candidate.at));
        }
    }
    world
}

/// Has somebody agree to what was shown.
fn approve(
    context: &Context,
    (is_approved, is_sandbox): (bool, bool),
    (assets, place): (usize, &Target),
) -> Result<Agreed, Failure> {
    let consent = if is_sandbox {
        Consent::Sandbox
    } else if is_approved {
        Consent::Auto
    } else if context.console.can_ask() {
        let assets = counted(assets, "asset comes", "assets come");
        let place = escape(&place.to_string()).into_owned();
        let question = format!(
            "\n{place}: {assets} back.\nTo restore them, type the number of assets that come back:"
        );
        let typed = context.console.ask_number(&question);
        let typed = typed.map_err(Failure::system("read the answer"))?;
        Consent::Typed(typed.ok_or(Failure::Declined)?)
    } else {
        let assets = counted(assets, "asset", "assets");
        return Err(Failure::Unapproved {
            change: format!("{assets} would be restored"),
            hint: "read what would come back, then give `--auto-approve`",
        });
    };
    Agreed::to(assets, consent).map_err(|_wrong| Failure::Declined)
}

/// The exit code; `is_short` says that something could not even be asked for.
fn exit(restored: &Restored, is_short: bool, is_saved: bool) -> Exit {
    if !is_saved {
        return Exit::Failed;
    }
    if let Some(reason) = &restored.stop {
        return reason.into();
    }
    let is_open = !restored.unseen.is_empty() || !restored.failed.is_empty();
    if is_open || is_short {
        Exit::Open
    } else {
        Exit::Done
    }
}
