//! From what was read to a plan: what must be known of the live assets, that, and the plan.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::app::api::{Who, adapter};
use crate::app::connect::{AskedAccount, Connection, is_same_server};
use crate::app::dates::{Dates, has_dates};
use crate::app::error::Error;
use crate::app::memory::{Keeping, Memory, add_recalled, owner, recall};
use crate::app::provenance::random;
use crate::app::silence::{none_allowed, none_found, shows_nothing};
use crate::app::{Host, unlisted};
use crate::apply::breaker;
use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::inventory::Question;
use crate::inventory::{Connections, Inventory, Marking, Marks};
use crate::manifest::document::{Guard, Manifests};
use crate::plan::decide::Rules;
use crate::plan::forecast::{self, Asked, Cut, RateForecast, Reads};
use crate::plan::guard::{self, Limits, Sight};
use crate::plan::holds;
use crate::plan::only::Only;
use crate::plan::part;
use crate::plan::saved::{self, DecidingSettings};
use crate::plan::{self, Checked, Inputs, LiveCheck, Plan, Wanted};
use crate::render::summary::duration;
use crate::render::{count, counted};
use crate::state::{Api, State, Target};
use crate::store::Loaded;

/// After how many assets people are told how far it is: every ten seconds at ten a second.
const EACH: usize = 100;

/// What the settings say of a plan.
#[derive(Debug, Clone)]
pub(crate) struct PlanSettings {
    pub(crate) state: PathBuf,
    pub(crate) api: Api,
    /// The name under which a state remembers the server.
    pub(crate) server: String,
    /// Who asks for an account, and for which.
    pub(crate) account: Option<AskedAccount>,
    /// What decides what is sent.
    pub(crate) deciding: DecidingSettings,
    /// Whether listed assets that are recorded as deleted are read as well.
    pub(crate) check_retired: bool,
    /// How much a plan may delete.
    pub(crate) limits: Limits,
    /// The marks that keep assets.
    pub(crate) marks: Option<Marking>,
    /// What chooses a part of the plan.
    pub(crate) only: Vec<Only>,
    /// How many assets the first delete asks for at most.
    pub(crate) canary: usize,
    /// How old a reading may be when what it decided is deleted.
    pub(crate) verify_age: Duration,
    /// Whether a run follows, which needs what was read.
    pub(crate) is_sent: bool,
}

/// Everything that a plan is made from, but for what is read of the live assets.
#[derive(Debug)]
pub(crate) struct Basis {
    /// What the settings say.
    pub(crate) settings: PlanSettings,
    /// What is listed and held.
    pub(crate) manifests: Manifests,
    /// Which assets the plan speaks of.
    pub(crate) target: Target,
    /// Who asks for an account, and for which; nothing where nobody does.
    pub(crate) account: Option<AskedAccount>,
    pub(crate) state: State,
    /// The serial of the state's file; 0 where there is none.
    pub(crate) serial: u64,
    /// The SHA-256 of the state's bytes; nothing where there is no file.
    pub(crate) digest: Option<[u8; 32]>,
    /// When the plan is made.
    pub(crate) now: Timestamp,
}

/// A plan and what it was made from.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What it was made from.
    pub(crate) basis: Basis,
    pub(crate) plan: Plan,
    /// What it was checked against.
    pub(crate) checked: Checked,
    /// What was read, and when that began and came to its end, where a run follows.
    pub(crate) read: Option<(Inventory, [Instant; 2])>,
    /// What a run of it reads.
    pub(crate) reads: Reads,
}

/// Reads what the plan needs of the live assets, and makes it; what was not reviewed of a saved
/// one is left alone. `connection` is nothing where nobody reads; what it comes with says where
/// earlier readings are kept, where they are believed.
///
/// # Errors
///
/// Returns why the account is not clear, or why nothing may be read.
pub(crate) fn prepare(
    mut basis: Basis,
    reviewed: Option<&Plan>,
    connection: Option<(&Connection, Option<&Keeping>)>,
) -> Result<Prepared, Error> {
    if reviewed.is_none() {
        let only = &basis.settings.only;
        part::check(only, &basis.manifests, &basis.state).map_err(Error::Only)?;
    }
    let began = Instant::now();
    let (read, checked, reads) = match connection {
        Some((connection, keeping)) => {
            let mut dates = Dates::default();
            let mut found = read(connection, keeping, (&mut basis, &mut dates))?;
            // What is due, and held, by an earlier time is read by that.
            let is_earlier = dates.set_back(&mut basis.now, connection);
            if is_earlier && has_dates(&basis.manifests, &basis.state) {
                found = read(connection, keeping, (&mut basis, &mut dates))?;
            }
            let (read, check, reads) = found;
            (Some(read), Checked::Live(check), reads)
        }
        None => (None, Checked::NotChecked, Reads::default()),
    };
    let ended = Instant::now();
    let mut plan = plan::make(basis.inputs(read.as_ref()));
    // A saved plan was made of something, and what has gone since is told by itself.
    if let (None, Some(read)) = (reviewed, &read) {
        let only = &basis.settings.only;
        part::check_projects(only, &plan.steps, read, &basis.state).map_err(Error::Only)?;
    }
    let files = &basis.manifests.files;
    part::leave_out(&mut plan, &basis.settings.only, files, read.as_ref());
    if let Some(reviewed) = reviewed {
        plan = saved::leave_alone(plan, reviewed);
        if let Some(read) = &read {
            plan::tell_of_left_alone(&mut plan, read);
        }
    }
    let sight = Sight {
        limits: &basis.settings.limits,
        manifests: &basis.manifests,
        inventory: read.as_ref(),
        now: basis.now,
    };
    plan.guards = Some(Arc::new(guard::look(&plan, sight)));
    plan.cover(basis.settings.api);
    let is_kept = basis.settings.is_sent;
    Ok(Prepared {
        basis,
        plan,
        checked,
        read: read.filter(|_| is_kept).map(|read| (read, [began, ended])),
        reads,
    })
}

impl Basis {
    /// Puts together what a plan is made from.
    ///
    /// # Errors
    ///
    /// Returns why the manifests, the state or the account do not fit this run.
    pub(crate) fn new(
        settings: PlanSettings,
        manifests: Manifests,
        loaded: Option<Loaded>,
        now: Timestamp,
        host: &dyn Host,
    ) -> Result<Self, Error> {
        let api = settings.api;
        if let Some(marking) = settings.marks.as_ref().filter(|_| api == Api::V2) {
            return Err(Error::MarksOnlyV4(Arc::clone(&marking.at)));
        }
        let findings = adapter(api).check(&manifests);
        if !findings.is_empty() {
            return Err(Error::Findings(findings));
        }
        let asked = asked_account(&manifests, &settings)?;
        let target = Target {
            api: settings.api,
            endpoint: settings.server.clone(),
            account: asked.as_ref().map(|(_, account)| account.clone()),
        };
        let warnings = loaded.iter().flat_map(|loaded| &loaded.warnings);
        warnings.for_each(|warning| host.warn(warning));
        let (state, serial, digest) = match loaded {
            Some(loaded) => (loaded.state, loaded.serial, loaded.digest),
            None => (State::new(random(), target.clone()), 0, None),
        };
        settings.check_target(&state.target, &target)?;
        for (held, at) in holds::idle_releases(&manifests, &state) {
            let id = held.id();
            host.warn(&format!(
                "{at}: `releases` names `{id}`, and no run has kept a hold of it: check the id"
            ));
        }
        let account = asked.or_else(|| {
            let who = format!("the state `{}`", settings.state.display());
            Some((who, state.target.account.clone()?))
        });
        Ok(Self {
            settings,
            manifests,
            target,
            account,
            state,
            serial,
            digest,
            now,
        })
    }

    /// What the plan is made from, with what was read of the live assets, where something was.
    /// Where the state belongs, where there is none yet.
    pub(crate) fn no_state(&self) -> Option<&Path> {
        // A journal alone is all there is after a first run that died.
        let is_first = self.digest.is_none() && self.state.runs.is_empty();
        is_first.then_some(&*self.settings.state)
    }

    pub(crate) fn inputs<'plan>(&'plan self, inventory: Option<&'plan Inventory>) -> Inputs<'plan> {
        let DecidingSettings {
            max_attempts,
            retry_blocked,
            ..
        } = self.settings.deciding;
        Inputs {
            manifests: &self.manifests,
            state: &self.state,
            inventory,
            check_retired: self.settings.check_retired,
            rules: Rules {
                max_attempts,
                retry_blocked,
            },
            now: self.now,
        }
    }
}

impl Prepared {
    /// When the run stops by itself: what is set, or what a waiver raises it to.
    pub(crate) fn breakers(&self, set: breaker::Limits) -> breaker::Limits {
        let Basis {
            manifests,
            settings,
            now,
            ..
        } = &self.basis;
        let raised = |guard, set: u8| {
            let figure = guard::of_run(guard, &settings.limits, manifests, *now);
            u8::try_from(figure).map_or(set, |figure| figure.max(set))
        };
        breaker::Limits {
            max_404_percent: raised(Guard::Max404Percent, set.max_404_percent),
            max_failure_percent: raised(Guard::MaxFailurePercent, set.max_failure_percent),
            ..set
        }
    }

    /// Forecasts the calls of the plan.
    pub(crate) fn forecast(&self) -> Vec<RateForecast> {
        let settings = &self.basis.settings;
        let cut = Cut {
            api: settings.api,
            batch_size: settings.deciding.batch_size,
            canary: settings.canary,
        };
        let deletes = forecast::forecast(&self.plan, cut);
        self.reads
            .add_to(deletes, (settings.is_sent, settings.verify_age))
    }
}

/// Who asks for an account, and for which.
fn asked_account(
    manifests: &Manifests,
    settings: &PlanSettings,
) -> Result<Option<AskedAccount>, Error> {
    let listed = manifests.account.as_ref().map(|account| {
        let who = format!("the manifest (`{}`)", account.place);
        (who, account.id.to_string())
    });
    match (listed, settings.account.clone()) {
        (Some((one, first)), Some((other, second))) if first != second => Err(Error::TwoAccounts {
            one,
            first,
            other,
            second,
        }),
        (listed, set) => Ok(listed.or(set)),
    }
}

impl PlanSettings {
    /// Compares where a state belongs with where this run would go.
    fn check_target(&self, there: &Target, here: &Target) -> Result<(), Error> {
        let both = there.account.as_ref().zip(here.account.as_ref());
        let same_account = both.is_none_or(|(there, here)| there == here);
        let same_server = is_same_server(&there.endpoint, &here.endpoint);
        if there.api == here.api && same_server && same_account {
            return Ok(());
        }
        Err(Error::OtherHome {
            path: self.state.clone(),
            there: there.to_string(),
            here: here.to_string(),
            api: (same_server && same_account).then_some(there.api),
        })
    }
}

/// Reads what the plan needs of the live assets, and in whose account that is.
fn read(
    connection: &Connection,
    keeping: Option<&Keeping>,
    (basis, dates): (&mut Basis, &mut Dates),
) -> Result<(Inventory, LiveCheck, Reads), Error> {
    let Who {
        account,
        account_name,
        user,
    } = adapter(connection.api).who(connection, basis.account.as_ref())?;
    let tells = connection.api == Api::V4 || connection.ahead_seconds().is_some();
    if !tells && has_dates(&basis.manifests, &basis.state) {
        // v2 was asked nothing yet, and may be asked nothing before a delete.
        connection.try_token()?;
    }
    dates.set_back(&mut basis.now, connection);
    let owner = account
        .as_deref()
        .and_then(|account| owner(account, user.id.as_deref()));
    let memory = keeping
        .zip(owner)
        .map(|(keeping, owner)| keeping.open(connection, owner));
    let mut memory = memory.unwrap_or_default();
    let Wanted {
        assets: wanted,
        connections: going,
        back,
        definitions: _,
    } = plan::wanted(basis.inputs(None));
    let going = going_into(going.as_ref());
    let recalled = recall(&mut memory, &wanted, &back);
    let mut unknown = wanted.clone();
    unknown.retain(|(id, _)| !recalled.assets.contains_key(id));
    let at = (connection, account.as_deref());
    let (mut read, complete) = read_assets(at, basis, (&unknown, &going, &back), &mut memory)?;
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
    if wanted.is_empty() && account.is_none() && !basis.settings.is_sent {
        // It may read nothing at all, and says that it was checked all the same.
        connection.try_token()?;
    }
    if let Some(connections) = &connections {
        read_places(
            connection,
            account.as_deref(),
            connections,
            (&mut read, &mut memory),
        )?;
        unlisted::report(&*connection.host, &read);
    }
    // What is held, or lies around, may have shown that the token is allowed to read something.
    if let Some(reason) = refused.filter(|_| shows_nothing(&read)) {
        return Err(Error::Stopped(reason));
    }
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
        at: basis.now,
        account: account.as_deref().map(Arc::from),
        account_name,
        user,
        read: wanted.len().saturating_sub(read.unread),
        recalled: memory.recalled(),
    };
    if account.is_some() {
        basis.target.account = account;
    }
    let reads = if connection.api.abilities().reads_contents {
        let asked = Asked {
            assets: &wanted,
            connections: connections.as_ref(),
            is_placed: &|id| pinned_place(&basis.manifests, id)[1].is_some(),
        };
        Reads::of(&asked, &read)
    } else {
        Reads::of_v2(&wanted, |id| pinned_place(&basis.manifests, id)[1])
    };
    Ok((read, check, reads))
}

/// An asset that is to be read, with what somebody said that it is.
type Sought = (AssetId, Option<Kind>);

/// Reads what some assets are, and what is in version stacks; says whether the missing ones were
/// looked for in all lists of recently deleted assets.
fn read_assets(
    at: (&Connection, Option<&str>),
    basis: &Basis,
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
    let place = |id| pinned_place(&basis.manifests, id);
    let question = Question {
        assets: wanted,
        going,
        place: &place,
        back,
        singly: false,
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
