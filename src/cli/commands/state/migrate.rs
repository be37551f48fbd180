//! `retire state migrate`: a v2 state becomes a V4 state.

use std::path::{Path, PathBuf};

use crate::app::api::adapter;
use crate::app::connect::{Connection, is_same_server};
use crate::app::error::Error;
use crate::asset::{AssetId, Kind};
use crate::cli::args::{StateMigrate, Which};
use crate::cli::clock;
use crate::cli::commands::state::open;
use crate::cli::connect::{asked_account, connect};
use crate::cli::context::{Context, with_state};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::identity;
use crate::cli::playground;
use crate::cli::settings::Settings;
use crate::cli::settings::kind::Percent;
use crate::frameio::survey::{Lot, survey};
use crate::inventory::{Inventory, Seen};
use crate::render::{count, counted};
use crate::state::{Api, State, Status, Target, format};
use crate::store::Session;
use crate::store::file;

/// The share of the open assets, in percent, that V4 must know, unless told otherwise.
const MIN_FOUND: u8 = 80;

/// Looks for what is open, reports it, and writes the state for V4.
pub(crate) fn run(context: &Context, arguments: &StateMigrate) -> Result<Exit, Failure> {
    let Which { path, settings } = &arguments.which;
    let (flags, paths) = with_state(&settings.given, path.as_deref())?;
    let settings = context.settings(&flags, arguments.run, &paths)?;
    if settings.api.value != Api::V4 {
        return Err(Failure::NotToV4);
    }
    let path = &settings.state.value;
    let (who, mut session, old) = open(context, &settings, "state migrate")?;
    if old.target.api == Api::V4 {
        let words = format!(
            "`{}` is a V4 state already; nothing was written.",
            path.display()
        );
        context.console.message(&words);
        return Ok(Exit::Done);
    }
    let kept = kept_at(path);
    check(&old, &settings, &kept)?;
    let open = open_assets(&old);
    let world = || playground::world_of_ids(open.iter().copied());
    let retries = settings.sending.reading;
    let connection = connect(context, &settings, &paths, retries, world)?;
    let target = Target {
        // Only what the settings say: v2's own id of the account need not be V4's.
        account: adapter(connection.api)
            .who(&connection, asked_account(&settings).as_ref())?
            .account,
        api: Api::V4,
        endpoint: settings.server.value.name().to_owned(),
    };
    let seen = read_open(context, &connection, &target, &open)?;
    report(context, &seen, &open)?;
    let percent = arguments.min_found_percent.map_or(MIN_FOUND, Percent::get);
    enough(&seen, open.len(), percent)?;
    file::publish(&kept, |sink| format::write(&old, sink))?;
    let mut state = old;
    // The token is known by now, wherever it came from.
    let who = identity::masked(context, &who);
    let info = who.run_info(&state, clock::now(), target.account.clone());
    state.migrate(&info, target);
    session.replace(&state)?;
    context.console.message(&format!(
        "`{}` is a V4 state now, serial {}; the old one is `{}`.\nGo on without `--api v2`, and without `api = \"v2\"` in `retire.toml`; `retire plan` shows what is left to do.",
        path.display(),
        state.serial,
        kept.display()
    ));
    connection.close();
    Ok(Exit::Done)
}

/// Where the v2 state is kept.
fn kept_at(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".v2");
    name.into()
}

/// Refuses a state of another server, and one whose old self would overwrite another.
fn check(old: &State, settings: &Settings, kept: &Path) -> Result<(), Failure> {
    let here = settings.server.value.name();
    if !is_same_server(&old.target.endpoint, here) {
        return Err(Failure::App(Error::OtherHome {
            path: settings.state.value.clone(),
            there: old.target.to_string(),
            here: format!("API v4 at `{here}`"),
            api: None,
        }));
    }
    // A link that leads nowhere is in the way too.
    if kept.symlink_metadata().is_ok() {
        return Err(Failure::InTheWay(kept.to_owned()));
    }
    Ok(())
}

/// The assets that a later run would ask for.
fn open_assets(state: &State) -> Vec<AssetId> {
    let records = state.assets.iter();
    let open = records.filter(|(_, record)| match record.status {
        Status::Failed(_) | Status::Unknown { .. } | Status::Missing => true,
        Status::Retired(_)
        | Status::Gone(_)
        | Status::Restored { .. }
        | Status::Staged(_)
        | Status::Rescued => false,
    });
    open.map(|(id, _)| *id).collect()
}

fn read_open(
    context: &Context,
    connection: &Connection,
    target: &Target,
    open: &[AssetId],
) -> Result<Inventory, Failure> {
    let wanted: Vec<(AssetId, Option<Kind>)> = open.iter().map(|id| (*id, None)).collect();
    let reader = connection.client(target.account.as_deref());
    let told = |done: usize| {
        if done.is_multiple_of(100) && done < wanted.len() {
            context.console.message(&format!("{} read", count(done)));
        }
    };
    let read = connection.wait_for(survey(&reader, &wanted, Lot::All, told))?;
    Ok(read.map_err(Error::Stopped)?)
}

/// How many of the open assets V4 knows.
fn found(seen: &Inventory) -> usize {
    let known = |seen: &&Seen| matches!(seen, Seen::There(_) | Seen::Deleted { .. });
    seen.assets.values().filter(known).count()
}

/// Tells which of the open assets V4 knows.
fn report(context: &Context, seen: &Inventory, open: &[AssetId]) -> Result<(), Failure> {
    context.console.data(|_, sink| {
        writeln!(
            sink,
            "V4 knows {} of {}.",
            count(found(seen)),
            counted(open.len(), "open asset", "open assets")
        )?;
        for id in open {
            let word = match seen.assets.get(id) {
                Some(Seen::There(facts)) => format!("{:14} there", facts.kind.name()),
                Some(Seen::Deleted { facts, .. }) => {
                    let kind = facts.as_ref().map_or("", |facts| facts.kind.name());
                    format!("{kind:14} deleted")
                }
                Some(Seen::Missing) => format!("{:14} not found", ""),
                Some(Seen::Refused { .. }) => format!("{:14} may not be read", ""),
                None => format!("{:14} not read", ""),
            };
            writeln!(sink, "  {id}  {word}")?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Refuses where V4 knows so few that its ids or its account are probably others.
fn enough(seen: &Inventory, open: usize, percent: u8) -> Result<(), Failure> {
    let found = found(seen);
    if found * 100 >= open * usize::from(percent) {
        return Ok(());
    }
    Err(Failure::TooFewFound {
        found,
        open,
        percent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_of_all_that_is_open() {
        let seen = |missing: u128| Inventory {
            assets: (0..missing)
                .map(|n| (AssetId::from_uuid(uuid::Uuid::from_u128(n)), Seen::Missing))
                .collect(),
            ..Inventory::default()
        };
        assert!(enough(&seen(0), 0, 80).is_ok());
        assert!(enough(&seen(1), 1, 0).is_ok());
        assert!(enough(&seen(1), 1, 1).is_err());
        // What was not read was not found.
        assert!(enough(&seen(0), 1, 80).is_err());
    }
}
