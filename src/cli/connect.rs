//! What the settings say to the use cases: what a plan is made from, and whom to speak to.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::app::basis::PlanSettings;
use crate::app::connect::{self, AskedAccount, Connection, Patience, Peer};
use crate::app::memory::Keeping;
use crate::app::{Host, OnSignal};
use crate::cli::args::Choices;
use crate::cli::clock;
use crate::cli::console::Console;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::playground;
use crate::cli::route::route;
use crate::cli::secrets;
use crate::cli::settings::Settings;
use crate::cli::settings::origin::{Origin, SettingsError};
use crate::cli::settings::server::Server;
use crate::cli::settings::table::ENDPOINT;
use crate::cli::signals::{self, Signals};
use crate::frameio::mask::Secrets;
use crate::frameio::retry::Retries;
use crate::manifest::document::{Entry, Manifests, Strategy};
use crate::plan::aside::Terms;
use crate::plan::decide::Rules;
use crate::plan::saved::DecidingSettings;
use crate::render::notices::Most;
use crate::sandbox::world::World;
use crate::state::Api;

/// The last day on which the legacy API is supported (docs/frameio-api.md).
const V2_ENDS: &str = "2026-12-01";

/// The console and the signals of this process.
#[derive(Debug)]
struct Process {
    console: Console,
    notices: Most,
    signals: Signals,
}

/// What the use cases take this process for.
pub(super) fn host(context: &Context) -> Arc<dyn Host> {
    Arc::new(Process {
        console: context.console.clone(),
        notices: context.notices,
        signals: context.signals.clone(),
    })
}

impl Host for Process {
    fn message(&self, text: &str) {
        self.console.message(text);
    }

    fn warn(&self, text: &str) {
        self.console.warn(text);
    }

    fn notices(&self) -> Most {
        self.notices
    }

    fn hide(&self, secrets: &Secrets) {
        self.console.hide(secrets);
    }

    fn give_signals(&self, mut to: OnSignal) {
        let console = self.console.clone();
        self.signals.forward(move |number| {
            if !to(number) {
                signals::end(&console, number);
            }
        });
    }

    fn take_signals_back(&self) {
        self.signals.take_back();
    }
}

/// Connects with the server that the settings name, for somebody who makes a reading that went
/// wrong again like this; `world` is the sandbox's where there is no seed.
///
/// # Errors
///
/// Returns why there is no token, or no server.
pub(super) fn connect(
    context: &Context,
    settings: &Settings,
    paths: &[PathBuf],
    retries: Retries,
    world: impl FnOnce() -> World,
) -> Result<Connection, Failure> {
    let played = |seeded: Option<World>| seeded.unwrap_or_else(world);
    connect_to_played(context, settings, paths, retries, played)
}

/// The same, where `played` makes the sandbox's world of that of a seed, where there is one.
///
/// # Errors
///
/// Returns why there is no token, or no server.
pub(super) fn connect_to_played(
    context: &Context,
    settings: &Settings,
    paths: &[PathBuf],
    retries: Retries,
    played: impl FnOnce(Option<World>) -> World,
) -> Result<Connection, Failure> {
    let time = context.time_left(settings);
    let peer = match &settings.server.value {
        Server::Sandbox => {
            let seeded = playground::seed_beside(paths)?;
            Peer::Sandbox(Box::new(played(seeded)))
        }
        Server::At(endpoint) => {
            let (token_provider, warnings) =
                secrets::token_provider(settings, (&context.environment, time), &|secrets| {
                    context.console.hide(secrets);
                })?;
            let secrets = token_provider.secrets();
            if secrets.find(endpoint.as_str().as_bytes()).is_some() {
                let origin = settings.server.origin.clone();
                let name = "endpoint";
                return Err(SettingsError::Secret { origin, name }.into());
            }
            for warning in &warnings {
                context.console.warn(warning);
            }
            Peer::Server(route(endpoint, &context.environment)?, token_provider)
        }
    };
    let patience = Patience {
        timeouts: settings.sending.timeouts,
        retries,
        left: time.left(),
    };
    let around = (host(context), clock::now as fn() -> Timestamp);
    Ok(connect::connect(
        settings.api.value,
        peer,
        patience,
        around,
    )?)
}

/// Who asks for an account, and for which.
pub(super) fn asked_account(settings: &Settings) -> Option<AskedAccount> {
    let account = settings.account.as_ref()?;
    Some((account.origin.to_string(), account.value.clone()))
}

/// Where earlier readings of the server's accounts are kept; nothing of the embedded sandbox, and
/// nowhere where the environment names no folder.
pub(super) fn keeping(context: &Context, settings: &Settings, anew: bool) -> Option<Keeping> {
    let is_real = settings.server.value != Server::Sandbox;
    Some(Keeping {
        folder: context.environment.cache().filter(|_| is_real)?,
        server: settings.server.value.name().to_owned(),
        most: settings.max_inventory_age.value,
        anew,
        now: clock::now,
    })
}

/// Whether something can be read.
pub(super) fn can_read(settings: &Settings) -> bool {
    settings.access.token.is_some() || settings.server.value == Server::Sandbox
}

/// What the settings say of a plan.
pub(super) fn plan_settings(
    settings: &Settings,
    choices: Choices,
) -> Result<PlanSettings, Failure> {
    let Choices {
        skip_mismatched,
        check_retired,
    } = choices;
    // What people were to see for two weeks is not deleted at once in place of that.
    let strategy = settings.strategy.value;
    if settings.api.value == Api::V2 && strategy != Strategy::Direct {
        return Err(Failure::Words(format!(
            "the strategy is `{}` and the API is v2, which moves nothing aside: give `--api v4`, or `--strategy direct`",
            strategy.name()
        )));
    }
    let Rules {
        max_attempts,
        retry_blocked,
    } = settings.rules();
    Ok(PlanSettings {
        state: settings.state.value.clone(),
        api: settings.api.value,
        server: settings.server.value.name().to_owned(),
        account: asked_account(settings),
        deciding: DecidingSettings {
            max_attempts,
            retry_blocked,
            skip_mismatched,
            batch_size: settings.batch_size.value.get(),
            staging: Terms {
                strategy,
                staged_from: settings.staged_from.value.get(),
                delete_after_seconds: settings.delete_after.value.as_secs(),
            },
        },
        check_retired,
        limits: settings.limits.clone(),
        marks: settings.marks.clone(),
        only: Vec::new(),
        canary: settings.sending.canary,
        verify_age: settings.verify_age.value,
        is_sent: false,
    })
}

/// Refuses a wait that somebody asks for where nothing is staged, so that nothing would wait: all
/// would be deleted at once, and without a word.
pub(super) fn check_wait(settings: &Settings, manifests: &Manifests) -> Result<(), Failure> {
    let wait = &settings.delete_after;
    let is_asked = !wait.value.is_zero() && matches!(wait.origin, Origin::Flag(_));
    let is_direct = |strategy| strategy == Strategy::Direct;
    let mut said = manifests.entries.iter().filter_map(Entry::strategy);
    if !is_asked || !is_direct(settings.strategy.value) || !said.all(is_direct) {
        return Ok(());
    }
    let words = match settings.api.value {
        Api::V2 => {
            "`--delete-after` waits only for what is staged, and v2 moves nothing aside: leave it out, or give `--api v4 --strategy staged`"
        }
        Api::V4 => {
            "`--delete-after` waits only for what is staged, and nothing is; give `--strategy staged` as well"
        }
    };
    Err(Failure::Words(words.to_owned()))
}

/// Tells once, against the real server, when the legacy API ends.
pub(super) fn tell_end_of_v2(context: &Context, settings: &Settings) {
    let real = settings.server.value.name() == ENDPOINT;
    if real && settings.api.value.abilities().ends {
        context.console.message(&format!(
            "The v2 API is unsupported after {V2_ENDS} and will be removed; `--api v4` speaks the one that stays."
        ));
    }
}
