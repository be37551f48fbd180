//! `retire state unstage`: move back what is moved aside.

use crate::app::unstage::{plan, unstage};
use crate::apply::staged::unstage::Unstaged;
use crate::cli::args::StateUnstage;
use crate::cli::commands::back::{Opened, Question, approve, show, words};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::{playground, rescue};
use crate::diagnostic::{counted, either};
use crate::plan::approve::Consent;
use crate::plan::consent::Agreed;
use crate::plan::unstage::choose;
use crate::probe::Findings;
use crate::render;
use crate::render::back::Over;
use crate::render::escape::escape;
use crate::state::Target;

/// Shows what would be moved back, asks, moves it, and says what came of it.
pub(crate) fn run(context: &Context, arguments: &StateUnstage) -> Result<Exit, Failure> {
    let (chosen, path) = words(&arguments.words)?;
    let taking = &arguments.taking;
    let mut opened = Opened::new(context, taking, (path, "state unstage"))?;
    let state_path = opened.path().to_owned();
    let waiting = choose(&opened.state, chosen.as_ref()).map_err(Failure::NotStaged)?;
    if waiting.is_empty() {
        opened.take_in()?;
        let nothing = format!("Nothing is staged in `{}`.", state_path.display());
        context.console.message(&nothing);
        return Ok(Exit::Done);
    }
    let here = opened.target()?;
    opened.prove(Findings::lacking_to_move_aside, "moves assets")?;
    let played = |seeded| playground::with_ids(seeded, &opened.state);
    let (connection, account) = opened.connect(context, played)?;
    let at = (&connection, account.as_deref());
    let plan = plan(at, waiting, &opened.state)?;
    show(context, |folds, style, sink| {
        render::unstage::plan(&plan, folds, style, sink)
    })?;
    let is_stuck = plan.rows.iter().any(|(_, one)| one.is_stuck());
    if plan.assets() == 0 && !is_stuck {
        opened.take_in()?;
        connection.close();
        return Ok(Exit::Open);
    }
    let place = Target {
        account: account.clone(),
        ..here
    };
    let consents = (taking.auto_approve, opened.is_sandbox());
    let agreed = match plan.assets() {
        // Nothing is sent: it is only written down that somebody wants it back.
        0 => Agreed::to(0, Consent::Auto).map_err(|_wrong| Failure::Declined)?,
        assets => approve(context, consents, assets, question(assets, &place))?,
    };
    let (order, session) = opened.begin(context, at, (&plan, &agreed))?;
    let (run, catalogue) = (order.info.number, order.state.catalogue.clone());
    let (unstaged, not_saved) = unstage(order, at, session);
    if let Some((not_saved, left)) = &not_saved {
        rescue::print(context, not_saved, left);
    }
    show(context, |folds, style, sink| {
        writeln!(sink)?;
        let over = Over {
            run,
            said: &unstaged.said,
            stop: unstaged.stop.as_ref(),
            state_path: &state_path.display().to_string(),
            known: &|id| catalogue.get(id),
            folds,
        };
        render::unstage::came(
            &over,
            (unstaged.back, unstaged.postponed, &unstaged.still),
            style,
            sink,
        )
    })?;
    connection.close();
    let is_short = plan.rows.iter().any(|(_, one)| !one.is_asked());
    Ok(exit(&unstaged, is_short, not_saved.is_none()))
}

/// How somebody is asked.
fn question(assets: usize, place: &Target) -> Question {
    let go = counted(assets, "asset goes", "assets go");
    let them = either(assets, "it", "them");
    let place = escape(&place.to_string()).into_owned();
    let assets = counted(assets, "asset", "assets");
    Question {
        text: format!(
            "\n{place}: {go} back.\nTo take {them} back, type the number of assets that go back:"
        ),
        change: format!("{assets} would be moved back"),
        hint: "read what would go back, then give `--auto-approve`",
    }
}

/// The exit code; `is_short` says that something could not even be moved.
fn exit(unstaged: &Unstaged, is_short: bool, is_saved: bool) -> Exit {
    if !is_saved {
        return Exit::Failed;
    }
    if let Some(reason) = &unstaged.stop {
        return reason.into();
    }
    if is_short || !unstaged.still.is_empty() {
        Exit::Open
    } else {
        Exit::Done
    }
}
