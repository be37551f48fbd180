//! The sandbox's world: from a seed file, or from what the manifests list.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::app::basis::Basis;
use crate::asset::{self, AssetId};
use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::project;
use crate::cli::settings::Settings;
use crate::cli::settings::origin::Origin;
use crate::cli::settings::server::Server;
use crate::event::Subject;
use crate::manifest::document::{Entry, Manifests};
use crate::plan::restore::{Candidate, tops};
use crate::sandbox::seed::{self, Seed};
use crate::sandbox::world::World;
use crate::state::State;

/// How a seed beside the manifests is called.
const SEEDS: [&str; 2] = ["sandbox.yaml", "sandbox.yml"];

/// Finds and reads the seed beside the manifests, else that of the project folder, if there is one.
///
/// # Errors
///
/// Returns why it cannot be used.
pub(super) fn seed_beside(paths: &[PathBuf]) -> Result<Option<World>, Failure> {
    let beside = project::beside(paths).unwrap_or_default();
    for folder in [beside, project::folder(paths)?] {
        for name in SEEDS {
            if let Some(world) = seed(&folder.join(name))? {
                return Ok(Some(world));
            }
        }
    }
    Ok(None)
}

/// Reads a seed; nothing where there is no such file.
///
/// # Errors
///
/// Returns why it cannot be used.
pub(super) fn seed(path: &Path) -> Result<Option<World>, Failure> {
    project::refuse_stray(path)?;
    let Some(text) = files::text_if_there(path)? else {
        return Ok(None);
    };
    let seed = Seed::parse(&path.display().to_string(), &text)?;
    Ok(Some(World::from_seed_at(seed, clock::now())))
}

/// Forgets an account that a variable or the config names and the sandbox does not have: it is
/// meant for earnest. What a flag names is meant for this very run.
///
/// # Errors
///
/// Returns why the seed cannot be used.
pub(super) fn settle_account(settings: &mut Settings, paths: &[PathBuf]) -> Result<(), Failure> {
    let Some(account) = &settings.account else {
        return Ok(());
    };
    if settings.server.value != Server::Sandbox || matches!(account.origin, Origin::Flag(_)) {
        return Ok(());
    }
    let seeded = seed_beside(paths)?;
    if !seeded.is_some_and(|world| world.has_account(&account.value)) {
        settings.account = None;
    }
    Ok(())
}

/// Makes a world of what the manifests list, all in one project; what has no kind is a file.
/// It is that of the account that the manifests name, else of the one that is asked for. `kept` is
/// what the state says is held, or waits.
pub(super) fn world_of(
    manifests: &Manifests,
    account: Option<&str>,
    kept: &[(AssetId, Option<asset::Kind>)],
) -> World {
    let listed = manifests.account.as_ref();
    let account = listed.map(|account| &*account.id).or(account);
    let account = account.and_then(|account| Uuid::parse_str(account).ok());
    // In the order in which they are listed, as somebody would have uploaded them.
    let mut entries: Vec<&Entry> = manifests.entries.iter().collect();
    entries.sort_unstable_by_key(|entry| entry.spot);
    let listed = entries
        .into_iter()
        .map(|entry| (entry.id, played(entry.kind())));
    // What is held is there as well, and what waits; the first of two is taken.
    let held = manifests.holds.iter().map(|hold| (hold.id, None));
    let held = held.chain(kept.iter().copied());
    let held = held.map(|(id, kind)| (id, played(kind)));
    World::of_kinds(account, listed.chain(held))
}

/// Makes a world of what the manifests of a plan list.
pub(super) fn world_of_basis(basis: &Basis) -> World {
    let account = basis.account.as_ref();
    let account = account.map(|(_, account)| &**account);
    let kept = basis.state.holds.keys().filter_map(|held| match held {
        Subject::Asset(id) => Some((*id, None)),
        Subject::Project(_) => None,
    });
    let records = basis.state.assets.iter();
    let waits = records.filter_map(|(id, record)| Some((*id, Some(record.status.aside()?.asset))));
    let kept: Vec<(AssetId, Option<asset::Kind>)> = kept.chain(waits).collect();
    world_of(&basis.manifests, account, &kept)
}

/// The world of a seed, else that of a plan, in which what is moved aside waits where it does.
pub(super) fn with_basis(seeded: Option<World>, basis: &Basis) -> World {
    let world = seeded.unwrap_or_else(|| world_of_basis(basis));
    with_staged(world, &basis.state)
}

/// The same, where no manifest is read.
pub(super) fn with_ids(seeded: Option<World>, state: &State) -> World {
    let kinds = state.assets.iter().map(|(id, record)| {
        let aside = record.status.aside();
        (*id, played(aside.map(|aside| aside.asset)))
    });
    let account = state.target.account.as_deref();
    let account = account.and_then(|account| Uuid::parse_str(account).ok());
    let world = seeded.unwrap_or_else(|| World::of_kinds(account, kinds));
    with_staged(world, state)
}

/// Moves what a state has as moved aside to where it waits: a world begins anew with each command.
fn with_staged(mut world: World, state: &State) -> World {
    let asides = state.assets.iter();
    let asides = asides.filter_map(|(id, record)| Some((*id, record.status.aside()?.into)));
    let now = clock::now();
    for (id, into) in asides {
        match state.staging(into) {
            Some(folder) => world.set_aside(id, (into, &folder.name), now),
            // It came along with what it lies in.
            None => drop(world.move_one(id, into, now)),
        }
    }
    world
}

/// Deletes a staging folder with what a state has as gone with it.
pub(super) fn delete_staging(world: &mut World, state: &State, of: &Candidate) {
    let name = of.known.name.as_deref().unwrap_or_default();
    for id in tops(state, &of.with).into_keys() {
        world.set_aside(id, (of.id, name), of.at);
    }
    // It was made a moment ago.
    drop(world.delete(of.id, of.at));
}

/// Makes a world of assets: each a file, all in one project.
pub(super) fn world_of_ids(ids: impl IntoIterator<Item = AssetId>) -> World {
    World::from_ids(None, ids)
}

/// The sandbox's word for a kind; what nobody has said is a file.
fn played(kind: Option<asset::Kind>) -> seed::Kind {
    match kind {
        None | Some(asset::Kind::File) => seed::Kind::File,
        Some(asset::Kind::Folder) => seed::Kind::Folder,
        Some(asset::Kind::VersionStack) => seed::Kind::VersionStack,
    }
}
