//! `retire restore`: take back what was deleted.

use jiff::Timestamp;

use crate::app::restore::{find_out, plan, restore};
use crate::apply::restore::Restored;
use crate::cli::args::Restore;
use crate::cli::clock;
use crate::cli::commands::back::{Opened, Question, approve, show, words};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::{playground, rescue};
use crate::diagnostic::{counted, either};
use crate::event::RunEvent;
use crate::plan::restore::{Candidate, Chosen, Settled, Unanswered, choose};
use crate::probe::Findings;
use crate::render;
use crate::render::back::Over;
use crate::render::escape::escape;
use crate::sandbox::world::World;
use crate::state::{Api, State, Target};

/// Shows what would come back, asks, restores it, and says what came of it.
pub(crate) fn run(context: &Context, arguments: &Restore) -> Result<Exit, Failure> {
    let (chosen, path) = words(&arguments.words)?;
    let chosen = chosen.ok_or(Failure::NothingChosen)?;
    let taking = &arguments.taking;
    let mut opened = Opened::new(context, taking, (path, "restore"))?;
    let state_path = opened.path().to_owned();
    if opened.state.target.api == Api::V2 {
        return Err(Failure::RestoreOfV2(state_path));
    }
    let here = opened.target()?;
    let unanswered = Unanswered::of(&opened.state, &chosen);
    let candidates = match choose(&opened.state, &unanswered.rest_of(&chosen)) {
        // What is found out may be what is to come back.
        Err(_) if matches!(chosen, Chosen::Run(_)) && !unanswered.is_empty() => Vec::new(),
        candidates => candidates.map_err(Failure::NotChosen)?,
    };
    if candidates.is_empty() && unanswered.is_empty() {
        return all_back(context, &chosen, &mut opened);
    }
    if candidates.iter().any(Candidate::is_staging) || !unanswered.folders.is_empty() {
        opened.prove(
            Findings::lacking_to_bring_back_staged,
            "restores and moves assets",
        )?;
    } else {
        opened.prove(Findings::lacking_to_bring_back, "restores")?;
    }
    let played = |seeded| played(seeded, &opened.state, &candidates);
    let (connection, account) = opened.connect(context, played)?;
    let at = (&connection, account.as_deref());
    let now = connection.time(clock::now());
    let (candidates, settled) = if unanswered.is_empty() {
        (candidates, Settled::default())
    } else {
        let settled = find_out(at, (&unanswered, &opened.state), now)?;
        for said in render::restore::settled(&settled) {
            context.console.warn(&said);
        }
        let chosen = unanswered.settled_of(&chosen, &settled);
        let candidates = choose_settled(&opened.state, &chosen, (&settled, now));
        (candidates, settled)
    };
    let open = settled.is_open();
    let plan = plan(at, candidates, now)?;
    if plan.rows.is_empty() {
        connection.close();
        if !unanswered.is_empty() {
            opened.take_in()?;
            return Ok(if open { Exit::Open } else { Exit::Done });
        }
        return all_back(context, &chosen, &mut opened);
    }
    show(context, |folds, style, sink| {
        render::restore::plan(&plan, (folds, now), style, sink)
    })?;
    if plan.assets() == 0 {
        opened.take_in()?;
        connection.close();
        return Ok(Exit::Open);
    }
    let place = Target {
        account: account.clone(),
        ..here
    };
    let consents = (taking.auto_approve, opened.is_sandbox());
    let question = question(plan.assets(), &place);
    let agreed = approve(context, consents, plan.assets(), question)?;
    let (order, session) = opened.begin(context, at, (&plan, &agreed))?;
    let (run, catalogue) = (order.info.number, order.state.catalogue.clone());
    let (restored, not_saved) = restore((order, settled.outcomes), at, session);
    if let Some((not_saved, left)) = &not_saved {
        rescue::print(context, not_saved, left);
    }
    show(context, |folds, style, sink| {
        writeln!(sink)?;
        let over = Over {
            run,
            said: &restored.said,
            stop: restored.stop.as_ref(),
            state_path: &state_path.display().to_string(),
            known: &|id| catalogue.get(id),
            folds,
        };
        let came = render::restore::Came {
            back: restored.back,
            partial: &restored.partial,
            unseen: &restored.unseen,
            failed: &restored.failed,
            left: restored.left,
        };
        render::restore::came(&over, &came, style, sink)
    })?;
    connection.close();
    Ok(exit(
        &restored,
        open || plan.rows.iter().any(|(_, one)| !one.is_asked()),
        not_saved.is_none(),
    ))
}

/// Says that nothing is to be restored.
fn all_back(context: &Context, chosen: &Chosen, opened: &mut Opened) -> Result<Exit, Failure> {
    opened.take_in()?;
    show(context, |_, _, sink| {
        render::restore::all_back((chosen, &opened.state), sink)
    })?;
    Ok(Exit::Done)
}

/// What is to come back by what was found out; none where nothing of it is deleted.
fn choose_settled(
    state: &State,
    chosen: &Chosen,
    (settled, at): (&Settled, Timestamp),
) -> Vec<Candidate> {
    let mut state = state.clone();
    let answered = RunEvent::Answered {
        batch: 0,
        at,
        outcomes: settled.outcomes.clone(),
    };
    state.apply(state.serial + 1, &answered);
    choose(&state, chosen).unwrap_or_default()
}

/// A world for the sandbox, which begins anew with each command: what is to come back was deleted.
fn played(seeded: Option<World>, state: &State, candidates: &[Candidate]) -> World {
    let mut world = playground::with_ids(seeded, state);
    // What was deleted first comes last.
    for candidate in candidates.iter().rev() {
        if candidate.is_staging() {
            playground::delete_staging(&mut world, state, candidate);
            continue;
        }
        for id in [candidate.id].iter().chain(&*candidate.with) {
            // Each of them was made a moment ago.
            drop(world.delete(*id, candidate.at));
        }
    }
    world
}

/// How somebody is asked.
fn question(assets: usize, place: &Target) -> Question {
    let come = counted(assets, "asset comes", "assets come");
    let them = either(assets, "it", "them");
    let place = escape(&place.to_string()).into_owned();
    let assets = counted(assets, "asset", "assets");
    Question {
        text: format!(
            "\n{place}: {come} back.\nTo restore {them}, type the number of assets that come back:"
        ),
        change: format!("{assets} would be restored"),
        hint: "read what would come back, then give `--auto-approve`",
    }
}

/// The exit code; `is_short` says that something could not even be asked for.
fn exit(restored: &Restored, is_short: bool, is_saved: bool) -> Exit {
    if !is_saved {
        return Exit::Failed;
    }
    if let Some(reason) = &restored.stop {
        return reason.into();
    }
    let is_open =
        !restored.unseen.is_empty() || !restored.partial.is_empty() || !restored.failed.is_empty();
    if is_open || is_short {
        Exit::Open
    } else {
        Exit::Done
    }
}
