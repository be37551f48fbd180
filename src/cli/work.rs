//! What `plan` and `apply` have in common: from what was read to a plan.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::cli::call::Call;
use crate::cli::failure::Failure;
use crate::cli::identity;
use crate::cli::settings::{Settings, server};
use crate::inventory::Inventory;
use crate::manifest;
use crate::manifest::document::Manifests;
use crate::plan::decide::Rules;
use crate::plan::forecast::{self, Cut, LaneForecast};
use crate::plan::{self, Inputs, Plan};
use crate::state::{Api, Home, State};
use crate::store::Loaded;

/// What a plan is made from, but for what is read of the live assets.
#[derive(Debug)]
pub(in crate::cli) struct Draft<'call> {
    /// What is listed and held.
    pub(in crate::cli) manifests: &'call Manifests,
    /// Which assets the plan will speak of.
    pub(in crate::cli) home: Home,
    /// Who asks for an account, and for which; nothing where nobody does.
    pub(in crate::cli) wanted: Option<(String, String)>,
    /// The state before.
    pub(in crate::cli) state: State,
    digest: Option<[u8; 32]>,
    rules: Rules,
    now: Timestamp,
}

/// A plan and what it was made from.
#[derive(Debug)]
pub(in crate::cli) struct Prepared {
    /// Which assets it speaks of.
    pub(in crate::cli) home: Home,
    /// Who asks for an account, and for which; nothing where nobody does.
    pub(in crate::cli) wanted: Option<(String, String)>,
    /// The state before.
    pub(in crate::cli) state: State,
    /// The SHA-256 of the state's bytes; nothing where there is no file.
    pub(in crate::cli) digest: Option<[u8; 32]>,
    /// When the plan was made.
    pub(in crate::cli) now: Timestamp,
    /// The plan.
    pub(in crate::cli) plan: Plan,
}

impl<'call> Draft<'call> {
    /// Finds out what the plan is made from.
    ///
    /// # Errors
    ///
    /// Returns why the state or the account does not fit this run.
    pub(in crate::cli) fn new(
        call: &Call,
        manifests: &'call Manifests,
        settings: &Settings,
        loaded: Option<Loaded>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        if settings.api.value == Api::V2 {
            let findings = manifest::only_v4(manifests);
            if !findings.is_empty() {
                return Err(Failure::Findings(findings));
            }
        }
        let asked = account(manifests, settings)?;
        let home = Home {
            api: settings.api.value,
            endpoint: settings.server.value.name().to_owned(),
            account: asked.as_ref().map(|(_, account)| account.clone()),
        };
        let (state, digest) = match loaded {
            Some(loaded) => told(call, loaded),
            None => (State::new(identity::random(), home.clone()), None),
        };
        check_home(&state.home, &home, &settings.state.value)?;
        let wanted = asked.or_else(|| remembered(&state, &settings.state.value));
        Ok(Self {
            manifests,
            home,
            wanted,
            state,
            digest,
            rules: settings.rules(),
            now,
        })
    }

    /// What the plan is made from, with what was read of the live assets, where something was.
    pub(in crate::cli) fn inputs<'plan>(
        &'plan self,
        inventory: Option<&'plan Inventory>,
    ) -> Inputs<'plan> {
        Inputs {
            manifests: self.manifests,
            state: &self.state,
            inventory,
            rules: self.rules,
            now: self.now,
        }
    }

    /// The account that somebody asks for.
    pub(in crate::cli) fn account(&self) -> Option<&str> {
        self.wanted.as_ref().map(|(_, account)| account.as_str())
    }

    /// Makes the plan.
    pub(in crate::cli) fn plan(self, inventory: Option<&Inventory>) -> Prepared {
        let plan = plan::make(self.inputs(inventory));
        let Self {
            manifests: _,
            home,
            wanted,
            state,
            digest,
            rules: _,
            now,
        } = self;
        Prepared {
            home,
            wanted,
            state,
            digest,
            now,
            plan,
        }
    }
}

impl Prepared {
    /// Forecasts the calls of the plan.
    pub(in crate::cli) fn forecast(&self, settings: &Settings) -> Vec<LaneForecast> {
        forecast::forecast(
            &self.plan,
            Cut {
                api: self.home.api,
                batch_size: settings.batch_size.value.get(),
                canary: settings.sending.canary,
            },
        )
    }
}

/// Tells how the state was found, and takes it.
pub(in crate::cli) fn told(call: &Call, loaded: Loaded) -> (State, Option<[u8; 32]>) {
    let Loaded {
        state,
        digest,
        journal: _,
        warnings,
    } = loaded;
    for warning in &warnings {
        call.console.warn(warning);
    }
    (state, digest)
}

/// The account that the state remembers, and that it is the state who does.
pub(in crate::cli) fn remembered(state: &State, path: &Path) -> Option<(String, String)> {
    let account = state.home.account.clone()?;
    Some((format!("the state `{}`", path.display()), account))
}

/// Who asks for an account, and for which.
fn account(
    manifests: &Manifests,
    settings: &Settings,
) -> Result<Option<(String, String)>, Failure> {
    let listed = manifests.account.as_ref().map(|account| {
        let who = format!("the manifest (`{}`)", account.place);
        (who, account.id.to_string())
    });
    let set = settings.account.as_ref().map(|account| {
        let who = account.origin.to_string();
        (who, account.value.clone())
    });
    match (listed, set) {
        (Some((one, first)), Some((other, second))) if first != second => {
            Err(Failure::TwoAccounts {
                one,
                first,
                other,
                second,
            })
        }
        (listed, set) => Ok(listed.or(set)),
    }
}

/// Compares where a state belongs with where this run would go.
///
/// # Errors
///
/// Returns both where they differ.
pub(in crate::cli) fn check_home(there: &Home, here: &Home, path: &Path) -> Result<(), Failure> {
    let both = there.account.as_ref().zip(here.account.as_ref());
    let same_account = both.is_none_or(|(there, here)| there == here);
    let same_server = server::is_same(&there.endpoint, &here.endpoint);
    if there.api == here.api && same_server && same_account {
        return Ok(());
    }
    Err(Failure::OtherHome {
        path: PathBuf::from(path),
        there: there.to_string(),
        here: here.to_string(),
        api: same_server && same_account,
    })
}
