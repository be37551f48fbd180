//! What a plan is made from, but for what is read of the live assets.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::app::Host;
use crate::app::api::adapter;
use crate::app::connect::{AskedAccount, is_same_server};
use crate::app::error::Error;
use crate::app::provenance::random;
use crate::inventory::{Inventory, Marking};
use crate::manifest::document::Manifests;
use crate::plan::decide::Rules;
use crate::plan::guard::Limits;
use crate::plan::holds;
use crate::plan::only::Only;
use crate::plan::saved::DecidingSettings;
use crate::plan::{Inputs, Times};
use crate::state::{Api, State, Target};
use crate::store::Loaded;

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
    pub(crate) times: Times,
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
        check_target(&settings.state, &state.target, &target)?;
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
            times: Times::of(now),
        })
    }

    /// Where the state belongs, where there is none yet.
    pub(crate) fn no_state(&self) -> Option<&Path> {
        // A journal alone is all there is after a first run that died.
        let is_first = self.digest.is_none() && self.state.runs.is_empty();
        is_first.then_some(&*self.settings.state)
    }

    /// What the plan is made from, with what was read of the live assets, where something was.
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
            now: self.times.earlier,
        }
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

/// Compares where a state belongs with where a run would go.
///
/// # Errors
///
/// Returns that it is elsewhere.
pub(crate) fn check_target(path: &Path, there: &Target, here: &Target) -> Result<(), Error> {
    let both = there.account.as_ref().zip(here.account.as_ref());
    let same_account = both.is_none_or(|(there, here)| there == here);
    let same_server = is_same_server(&there.endpoint, &here.endpoint);
    if there.api == here.api && same_server && same_account {
        return Ok(());
    }
    Err(Error::OtherHome {
        path: path.to_owned(),
        there: there.to_string(),
        here: here.to_string(),
        api: (same_server && same_account).then_some(there.api),
    })
}
