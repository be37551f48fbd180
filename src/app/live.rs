//! Reading what a plan needs of the live assets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::app::api::{Who, adapter};
use crate::app::basis::Basis;
use crate::app::connect::Connection;
use crate::app::dates::Dates;
use crate::app::error::Error;
use crate::app::memory::{Keeping, Memory, add_recalled, owner, recall};
use crate::app::silence::{none_allowed, none_found, shows_nothing};
use crate::app::unlisted;
use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::inventory::Question;
use crate::inventory::{Connections, Inventory, Marks};
use crate::manifest::document::Manifests;
use crate::plan::forecast::{Asked, Reads};
use crate::plan::{self, LiveCheck, Plan, Wanted};
use crate::render::summary::duration;
use crate::render::{count, counted};
use crate::state::Api;

/// After how many assets people are told how far it is: every ten seconds at ten a second.
const EACH: usize = 100;

/// What was learnt of the assets earlier.
#[derive(Clone, Copy)]
pub(super) struct Earlier<'run> {
    /// Where earlier readings are kept; nothing where they are not.
    pub(super) keeping: Option<&'run Keeping>,
    /// The plan as it was reviewed, where it was saved.
    pub(super) reviewed: Option<&'run Plan>,
}

/// Where assets are looked for first. Whoever says it may be wrong: what is not there is looked for
/// by itself.
struct Hints<'run> {
    basis: &'run Basis,
    reviewed: Option<&'run Plan>,
    /// What earlier readings say.
    kept: BTreeMap<AssetId, AssetId>,
}

impl Hints<'_> {
    /// The project and the parent of an asset, as far as somebody knows; the newest knowledge first.
    fn place(&self, id: AssetId) -> [Option<AssetId>; 2] {
        let [project, parent] = pinned_place(&self.basis.manifests, id);
        let reviewed = || self.reviewed?.about.get(&id)?.place[1];
        // What was moved aside is where it was moved to, as far as anybody knows.
        let aside = self.basis.state.aside(id).map(|aside| aside.into);
        let parent = aside
            .or(parent)
            .or_else(|| self.kept.get(&id).copied())
            .or_else(reviewed)
            .or_else(|| self.basis.state.catalogue.parent(id));
        [project, parent]
    }
}

/// Reads what the plan needs of the live assets, and in whose account that is.
pub(super) fn read(
    connection: &Connection,
    Earlier { keeping, reviewed }: Earlier<'_>,
    (basis, dates): (&mut Basis, &mut Dates),
) -> Result<(Inventory, LiveCheck, Reads), Error> {
    let Who {
        account,
        account_name,
        user,
    } = adapter(connection.api).who(connection, basis.account.as_ref())?;
    let tells = connection.api == Api::V4 || connection.ahead().is_some();
    if !tells && dates.matter(&basis.manifests, &basis.state) {
        // v2 was asked nothing yet, and may be asked nothing before a delete.
        connection.try_token()?;
    }
    dates.compare(&mut basis.times, connection);
    let owner = account
        .as_deref()
        .and_then(|account| owner(account, user.id.as_deref()));
    let is_sent = basis.settings.is_sent;
    let memory = keeping.zip(owner).map(|(keeping, owner)| {
        if is_sent {
            keeping.hints(connection, owner)
        } else {
            keeping.open(connection, owner)
        }
    });
    let mut memory = memory.unwrap_or_default();
    let Wanted {
        assets: wanted,
        connections: going,
        back,
        definitions: _,
        projects: _,
    } = plan::wanted(basis.inputs(None));
    let going = going_into(going.as_ref());
    let kept = memory.parents(&wanted);
    if is_sent {
        // A run believes nothing that was read before it began.
        memory = Memory::default();
    }
    memory.drop_before(|id| Some(basis.state.assets.get(&id)?.at));
    let recalled = recall(&mut memory, &wanted, &back);
    let mut unknown = wanted.clone();
    unknown.retain(|(id, _)| !recalled.assets.contains_key(id));
    let at = (connection, account.as_deref());
    let hints = Hints {
        basis,
        reviewed,
        kept,
    };
    let (mut read, complete) = read_assets(at, &hints, (&unknown, &going, &back), &mut memory)?;
    memory.keep_assets(&read);
    add_recalled(&mut read, recalled);
    unlisted::report_assets(&*connection.host, &read, complete);
    if let Some(missing) = none_found(&read)
        && !basis.state.vouches()
    {
        return Err(Error::Stopped(StopReason::WrongAccount { missing }));
    }
    let refused = none_allowed(&read, wanted.len()).filter(|_| !basis.state.vouches());
    // What was read tells what is a folder, and what is deleted already.
    let connections = plan::wanted(basis.inputs(Some(&read))).connections;
    if wanted.is_empty() && account.is_none() && !is_sent {
        // It may read nothing at all, and says that it was checked all the same.
        connection.try_token()?;
    }
    if let Some(connections) = &connections {
        // What could not be read a moment ago stays so: nobody has looked what lies in it.
        let unread = wanted.iter().map(|(id, _)| *id);
        let unread = unread.filter(|id| !read.assets.contains_key(id));
        let unread: BTreeSet<AssetId> = unread.collect();
        read_places(
            connection,
            account.as_deref(),
            connections,
            (&mut read, &mut memory),
        )?;
        read.assets.retain(|id, _| !unread.contains(id));
        unlisted::report(&*connection.host, &read);
    }
    // What is held, or lies around, may have shown that the token is allowed to read something.
    if let Some(reason) = refused.filter(|_| shows_nothing(&read)) {
        return Err(Error::Stopped(reason));
    }
    read_held_projects((connection, account.as_deref()), basis, &mut read)?;
    read.marks = basis.settings.marks.clone().map(|marking| Marks {
        marking,
        definitions: None,
    });
    if plan::wanted(basis.inputs(Some(&read))).definitions {
        let definitions = adapter(connection.api).read_fields((connection, account.as_deref()))?;
        if let Some(marks) = &mut read.marks {
            marks.definitions = Some(definitions);
        }
    }
    let check = LiveCheck {
        at: basis.times.earlier,
        account: account.as_deref().map(Arc::from),
        account_name,
        user,
        read: wanted.len().saturating_sub(read.unread),
        recalled: memory.recalled(),
    };
    if account.is_some() {
        basis.target.account = account;
    }
    let reads = reads_of(basis, (&wanted, connections.as_ref()), &read);
    Ok((read, check, reads))
}

/// What a run of the plan reads, that knows no more than what pins and the state say of where assets
/// lie: what is kept here, its machine need not have.
fn reads_of(
    basis: &Basis,
    (assets, connections): (&[Sought], Option<&Connections>),
    read: &Inventory,
) -> Reads {
    let parent = |id| {
        let pinned = pinned_place(&basis.manifests, id)[1];
        pinned.or_else(|| basis.state.catalogue.parent(id))
    };
    if basis.settings.api.abilities().reads_contents {
        let asked = Asked {
            assets,
            connections,
            is_placed: &|id| parent(id).is_some(),
        };
        Reads::of(&asked, read)
    } else {
        Reads::of_v2(assets, parent)
    }
}

/// An asset that is to be read, with what somebody said that it is.
type Sought = (AssetId, Option<Kind>);

/// Reads what some assets are, and what is in version stacks; says whether the missing ones were
/// looked for in all lists of recently deleted assets.
fn read_assets(
    at: (&Connection, Option<&str>),
    hints: &Hints<'_>,
    (wanted, going, back): (&[Sought], &BTreeSet<AssetId>, &Arc<[AssetId]>),
    memory: &mut Memory,
) -> Result<(Inventory, bool), Error> {
    let (connection, _) = at;
    let assets = counted(wanted.len(), "asset", "assets");
    if !wanted.is_empty() {
        connection.host.message(&format!("Reading {assets} …"));
    }
    let began = Instant::now();
    let mut last = 0;
    let mut told = |done: usize| {
        if done / EACH > last && done < wanted.len() {
            last = done / EACH;
            let left = wanted.len() - done;
            let left = remaining(began.elapsed(), done, left);
            let done = count(done);
            connection
                .host
                .message(&format!("{done} of {assets} read; about {left} left"));
        }
    };
    let place = |id| hints.place(id);
    let state = &hints.basis.state;
    let within = |id| {
        let along = || state.unanswered.get(&id).copied();
        state.lay_in(id).or_else(along)
    };
    let question = Question {
        assets: wanted,
        going,
        place: &place,
        back,
        singly: false,
        within: &within,
    };
    adapter(connection.api).read_assets(at, &question, memory, &mut told)
}

/// The folders and version stacks that are to be deleted, as far as somebody said.
pub(super) fn going_into(connections: Option<&Connections>) -> BTreeSet<AssetId> {
    let containers = connections.map(|connections| connections.containers.iter());
    let containers = containers.into_iter().flatten();
    containers.map(|(id, _)| *id).collect()
}

/// How long the rest takes, going by what was done in a time.
pub(super) fn remaining(spent: Duration, done: usize, left: usize) -> String {
    let each = spent / u32::try_from(done).unwrap_or(u32::MAX);
    let rest = each * u32::try_from(left).unwrap_or(u32::MAX);
    duration(rest.max(Duration::from_secs(1)))
}

/// The project and the parent that a pin names.
pub(super) fn pinned_place(manifests: &Manifests, id: AssetId) -> [Option<AssetId>; 2] {
    let entries = &manifests.entries;
    let place = entries.binary_search_by_key(&id, |entry| entry.id);
    let entry = place.ok().and_then(|place| entries.get(place));
    let pin = entry.and_then(|entry| entry.details.as_ref()?.pin.as_ref());
    pin.map_or([None; 2], |pin| [pin.project, pin.parent])
}

/// Reads the held projects of which nothing was read so far.
fn read_held_projects(
    at: (&Connection, Option<&str>),
    basis: &Basis,
    read: &mut Inventory,
) -> Result<(), Error> {
    let (connection, _) = at;
    let held = plan::wanted(basis.inputs(Some(read))).projects;
    if held.is_empty() {
        return Ok(());
    }
    adapter(connection.api).read_projects(at, &held, read)
}

/// Reads what is in assets and around them.
fn read_places(
    connection: &Connection,
    account: Option<&str>,
    connections: &Connections,
    (read, memory): (&mut Inventory, &mut Memory),
) -> Result<(), Error> {
    let mut told = |requests: usize| {
        if requests.is_multiple_of(EACH) {
            let requests = counted(requests, "request", "requests");
            connection.host.message(&format!("{requests} made so far"));
        }
    };
    let at = (connection, account);
    adapter(connection.api).read_places(at, connections, read, memory, &mut told)
}
