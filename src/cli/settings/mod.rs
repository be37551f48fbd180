//! Settings: each declared once (`table.rs`), said in several places, and decided here.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use crate::asset::account_id;
use crate::cli::env::Environment;
use crate::inventory::Marking;
use crate::manifest::document::Guard;
use crate::plan::decide::Rules;
use crate::plan::figure::SetAt;
use crate::plan::guard::{Limit, Limits};

pub(crate) mod access;
pub mod declare;
pub(crate) mod guards;
pub(crate) mod kind;
pub(crate) mod near;
pub(crate) mod origin;
pub(crate) mod sending;
pub(crate) mod server;
pub mod table;

use access::{Access, Place};
use origin::{Origin, SettingsError, Valued};
use sending::SendingSettings;
use server::{Dropped, Server};
use table::{Given, STATE, Values};

/// The state's file of the sandbox, so that play never mixes with earnest.
pub(crate) const SANDBOX_STATE: &str = "retire.sandbox.state.json";

/// Everything that a command goes by: each setting of the table, and what follows from several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    values: Values,
    pub(crate) server: Valued<Server>,
    /// The version that the server's address had.
    pub(crate) dropped: Option<Dropped>,
    /// Who names a state that does not count, since the sandbox has its own.
    pub(crate) other_state: Option<Origin>,
    /// Whether assets that were refused too often are tried all the same.
    pub(crate) retry_blocked: bool,
    /// How much a plan may delete, as files say it.
    pub(crate) limits: Limits,
    /// The marks that keep assets, as the file says it that counts more.
    pub(crate) marks: Option<Marking>,
    /// How a run sends.
    pub(crate) sending: SendingSettings,
    /// How tokens are got and shown to the server.
    pub(crate) access: Access,
}

impl Deref for Settings {
    type Target = Values;

    fn deref(&self) -> &Values {
        &self.values
    }
}

impl DerefMut for Settings {
    fn deref_mut(&mut self) -> &mut Values {
        &mut self.values
    }
}

/// The settings that name the file of a secret.
const SECRET_FILES: [&str; 3] = ["token-file", "client-id-file", "client-secret-file"];

impl Settings {
    /// What the next command says that is to speak to the same server, where only a flag says so.
    pub(crate) const fn again(&self) -> &'static str {
        match self.server.value {
            Server::Sandbox => " --sandbox",
            Server::At(_) => "",
        }
    }

    /// What decisions depend on.
    pub(crate) fn rules(&self) -> Rules {
        Rules {
            max_attempts: self.max_attempts.value.get(),
            retry_blocked: self.retry_blocked,
        }
    }

    /// Each setting that is in force by its key, as people may see it, and who set it.
    #[must_use]
    pub(crate) fn shown(&self) -> Vec<(&'static str, Option<Valued<String>>)> {
        let mut shown = self.values.shown();
        for (key, value) in &mut shown {
            if *key == "endpoint" {
                // What is asked in the end: that of a sandbox, or an address without a version.
                *value = Some(Valued {
                    value: self.server.value.name().to_owned(),
                    origin: self.server.origin.clone(),
                });
            }
            // Somebody may have given the secret itself.
            let is_path = SECRET_FILES.contains(key);
            if let Some(given) = value.as_mut().filter(|_| is_path)
                && !Path::new(&given.value).exists()
            {
                "(no such file, and not shown)".clone_into(&mut given.value);
            }
        }
        shown
    }

    /// Says in words what of the settings does not count.
    pub(crate) fn notes(&self) -> Vec<String> {
        let dropped = self.dropped.iter().map(|Dropped { version, origin }| {
            let api = self.api.value.name();
            format!(
                "{origin}: `/{version}` is left out of the endpoint; `--api` says the version, here {api}"
            )
        });
        let second = self.access.second.iter().map(|(first, second)| {
            format!("the token comes from {first}, and {second} is not used")
        });
        let state = self.other_state.iter().map(|origin| {
            let state = self.state.value.display();
            format!("{origin}: the sandbox keeps a state of its own, here `{state}`; `--state` names another")
        });
        dropped.chain(second).chain(state).collect()
    }
}

/// What settings are made from.
#[derive(Debug)]
pub(crate) struct Sources<'call> {
    /// The flags of the command.
    pub(crate) flags: &'call Given,
    /// `--sandbox`.
    pub(crate) sandbox: bool,
    /// `--retry-blocked`.
    pub(crate) retry_blocked: bool,
    pub(crate) environment: &'call Environment,
    /// The files with settings, the one that counts more first.
    pub(crate) files: &'call [Given],
    pub(crate) folder: &'call Path,
}

impl Sources<'_> {
    /// Where the state lies, also where something else that is set does not fit.
    pub(crate) fn likely_state(&self) -> Valued<PathBuf> {
        let usual = || Valued {
            value: self
                .folder
                .join(if self.sandbox { SANDBOX_STATE } else { STATE }),
            origin: Origin::Default,
        };
        match self.resolve() {
            Ok(settings) => settings.state.clone(),
            Err(_) => self.flags.state.clone().unwrap_or_else(usual),
        }
    }

    /// Decides each setting.
    ///
    /// # Errors
    ///
    /// Returns the first value that does not fit, and who set it.
    pub(crate) fn resolve(&self) -> Result<Settings, SettingsError> {
        let variables = Given::by_variables(self.environment)?;
        let places: Vec<Place<'_>> = [Place::new(self.flags)]
            .into_iter()
            .chain([Place::of_environment(&variables, self.environment)])
            .chain(self.files.iter().map(Place::new))
            .collect();
        let given: Vec<&Given> = places.iter().map(|place| place.given).collect();
        let mut values = Values::resolve(&given)?;
        let mut other_state = None;
        if self.sandbox {
            // What is meant for earnest must not keep anybody from playing: only a flag names the
            // state, and the account unless V4 needs the name of one.
            let is_flag = |origin: &Origin| matches!(origin, Origin::Flag(_));
            if !is_flag(&values.state.origin) {
                let named = values.state.origin.clone();
                other_state = Some(named).filter(|origin| *origin != Origin::Default);
                values.state = Valued {
                    value: SANDBOX_STATE.into(),
                    origin: Origin::Default,
                };
            }
            let names_accounts = values.api.value.abilities().names_accounts;
            let counts = |account: &Valued<String>| names_accounts || is_flag(&account.origin);
            values.account = values.account.filter(counts);
        }
        if let Some(account) = &mut values.account {
            account.value = account_id(&account.value);
        }
        if values.state.origin == Origin::Default {
            values.state.value = self.folder.join(&values.state.value);
        }
        let (server, dropped) = server::server(&values, self.sandbox)?;
        Ok(Settings {
            server,
            dropped,
            other_state,
            retry_blocked: self.retry_blocked,
            limits: limits(self.files, &values),
            marks: self.files.iter().find_map(|file| file.marks.clone()),
            sending: SendingSettings::new(&values),
            access: Access::new(&places, &values, self.sandbox)?,
            values,
        })
    }
}

impl Given {
    /// Takes over what protects the project, from its own file: whoever names another file says
    /// nothing of that.
    pub(crate) fn protect(&mut self, project: Self) {
        self.guards.tighten(project.guards);
        if project.marks.is_some() {
            self.marks = project.marks;
        }
    }
}

/// How much a plan may delete, and when a run stops by itself: what flags and variables say, then
/// the files.
fn limits(files: &[Given], values: &Values) -> Limits {
    let mut limits = Limits::default();
    let (missing, failed) = (&values.max_404_percent, &values.max_failure_percent);
    let batches = &values.max_failed_batches;
    for (guard, figure, origin) in [
        (
            Guard::Max404Percent,
            missing.value.get().into(),
            &missing.origin,
        ),
        (
            Guard::MaxFailurePercent,
            failed.value.get().into(),
            &failed.origin,
        ),
        (
            Guard::MaxFailedBatches,
            batches.value.get().into(),
            &batches.origin,
        ),
    ] {
        let limit = |name: &str| Limit {
            guard,
            project: None,
            figure,
            at: SetAt::Flag(name.into()),
        };
        match origin {
            // Files say it with its line.
            Origin::Default | Origin::Config(_) => {}
            Origin::Environment(name) => limits.set.push(limit(name)),
            Origin::Flag(name) => {
                limits.set.push(limit(name));
                // No waiver goes beyond what somebody says for this very run.
                limits.tightened.push(limit(name));
            }
        }
    }
    for file in files {
        file.guards.add_to(&mut limits);
    }
    limits
}

#[cfg(test)]
mod tests;
