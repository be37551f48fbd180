//! What the commands share that take something back: their words, the state that they open, and who
//! agrees.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::app::api::adapter;
use crate::app::back::Order;
use crate::app::basis::check_target;
use crate::app::connect::Connection;
use crate::app::provenance::RawIdentity;
use crate::cli::args::{Back, Taking, ThisRun};
use crate::cli::clock;
use crate::cli::connect::{asked_account, connect_to_played};
use crate::cli::console::OutputError;
use crate::cli::context::{Context, with_state};
use crate::cli::failure::Failure;
use crate::cli::settings::Settings;
use crate::cli::settings::server::Server;
use crate::cli::{findings, identity, lock, project};
use crate::plan::approve::Consent;
use crate::plan::consent::Agreed;
use crate::plan::restore::Chosen;
use crate::probe::{Assumption, Findings};
use crate::render::Style;
use crate::sandbox::world::World;
use crate::state::{State, Target};
use crate::store::file::FileSession;

/// What is to come back, where anything is named, and the PATH that names its state.
pub(super) fn words(words: &[Back]) -> Result<(Option<Chosen>, Option<&Path>), Failure> {
    let (mut run, mut assets, mut path) = (None, Vec::new(), None);
    for word in words {
        match word {
            Back::Run(_) if run.is_some() => return Err(Failure::TwoRuns),
            Back::Run(number) => run = Some(*number),
            Back::Asset(id) => assets.push(*id),
            Back::Path(second) if path.is_some() => {
                return Err(Failure::TwoStates(second.clone()));
            }
            Back::Path(one) => path = Some(&**one),
        }
    }
    let chosen = match (run, assets) {
        (Some(run), assets) if assets.is_empty() => Some(Chosen::Run(run)),
        (Some(_), _) => return Err(Failure::TwoChoices),
        (None, assets) if assets.is_empty() => None,
        (None, assets) => Some(Chosen::Assets(assets)),
    };
    Ok((chosen, path))
}

/// A state that is about to change, under its lock.
pub(super) struct Opened {
    settings: Settings,
    paths: Vec<PathBuf>,
    who: RawIdentity,
    session: FileSession,
    pub(super) state: State,
    is_unproven: bool,
}

impl Opened {
    /// Takes the lock of a state that must be there, and reads it.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be opened.
    pub(super) fn new(
        context: &Context,
        taking: &Taking,
        (path, command): (Option<&Path>, &str),
    ) -> Result<Self, Failure> {
        let (flags, paths) = with_state(&taking.settings.given, path)?;
        let run = ThisRun {
            sandbox: taking.sandbox,
            ..ThisRun::default()
        };
        let settings = context.settings(&flags, run, &paths)?;
        let who = identity::find(context, project::beside(&paths).as_deref());
        let (session, loaded) = lock::open(context, &settings, &who, command)?;
        let loaded = loaded.ok_or_else(|| Failure::NoState(settings.state.value.clone()))?;
        for warning in &loaded.warnings {
            context.console.warn(warning);
        }
        Ok(Self {
            settings,
            paths,
            who,
            session,
            state: loaded.state,
            is_unproven: taking.unproven,
        })
    }

    /// Its file.
    pub(super) fn path(&self) -> &Path {
        &self.settings.state.value
    }

    pub(super) fn is_sandbox(&self) -> bool {
        self.settings.server.value == Server::Sandbox
    }

    /// Writes down what the journal of an earlier run adds, where nothing else is to be done.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be.
    pub(super) fn take_in(&mut self) -> Result<(), Failure> {
        Ok(self.session.take_in(&self.state)?)
    }

    /// What the settings name, which is that of the state.
    ///
    /// # Errors
    ///
    /// Returns that it is another.
    pub(super) fn target(&self) -> Result<Target, Failure> {
        let settings = &self.settings;
        let here = Target {
            api: settings.api.value,
            endpoint: settings.server.value.name().to_owned(),
            account: asked_account(settings).map(|(_, account)| account),
        };
        check_target(self.path(), &self.state.target, &here)?;
        Ok(here)
    }

    /// Refuses where no probe has shown what something rests on, and nobody does without.
    ///
    /// # Errors
    ///
    /// Returns that, by what `does` says of the API.
    pub(super) fn prove(
        &self,
        lacking: fn(&Findings) -> Vec<Assumption>,
        does: &'static str,
    ) -> Result<(), Failure> {
        let server = self.settings.server.value.name();
        if self.is_sandbox() || self.is_unproven {
            return Ok(());
        }
        match findings::lack(&self.paths, server, lacking)? {
            None => Ok(()),
            Some(lack) => Err(Failure::Unproven(does, lack)),
        }
    }

    /// Connects, and finds out the account; `played` makes the sandbox's world.
    ///
    /// # Errors
    ///
    /// Returns why there is no token, no server, or another account.
    pub(super) fn connect(
        &self,
        context: &Context,
        played: impl FnOnce(Option<World>) -> World,
    ) -> Result<(Connection, Option<String>), Failure> {
        let retries = self.settings.sending.retries;
        let connection = connect_to_played(context, &self.settings, &self.paths, retries, played)?;
        let wanted = asked_account(&self.settings).or_else(|| {
            let who = format!("the state `{}`", self.path().display());
            Some((who, self.state.target.account.clone()?))
        });
        let found = adapter(connection.api).who(&connection, wanted.as_ref())?;
        Ok((connection, found.account))
    }

    /// Goes on to carry out a plan that somebody has agreed to.
    ///
    /// # Errors
    ///
    /// Returns why a run cannot begin.
    pub(super) fn begin<'run, P>(
        self,
        context: &Context,
        (connection, account): (&Connection, Option<&str>),
        (plan, agreed): (&'run P, &'run Agreed),
    ) -> Result<(Order<'run, P>, FileSession), Failure> {
        let Self {
            settings,
            who,
            mut session,
            state,
            ..
        } = self;
        session.take_in(&state)?;
        let who = identity::masked(context, &who);
        let now = connection.time(clock::now());
        let order = Order {
            info: who.run_info(&state, now, account.map(str::to_owned)),
            state,
            plan,
            agreed,
            patience: settings.cascade_wait.value,
            now: clock::now,
        };
        Ok((order, session))
    }
}

/// Shows text, as wide as the terminal; it is told whether there is one, so that lists are cut.
///
/// # Errors
///
/// Returns why it cannot be shown.
pub(super) fn show(
    context: &Context,
    write: impl Fn(bool, Style, &mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let folds = context.console.width().is_some();
    let shown = context
        .console
        .text(|style, sink| write(folds, style, sink));
    Ok(OutputError::unless_gone(shown)?)
}

/// How somebody is asked, and refused where nobody can be.
pub(super) struct Question {
    pub(super) text: String,
    pub(super) change: String,
    pub(super) hint: &'static str,
}

/// Has somebody agree to what was shown.
///
/// # Errors
///
/// Returns that nobody does.
pub(super) fn approve(
    context: &Context,
    (is_approved, is_sandbox): (bool, bool),
    assets: usize,
    question: Question,
) -> Result<Agreed, Failure> {
    let consent = if is_sandbox {
        Consent::Sandbox
    } else if is_approved {
        Consent::Auto
    } else if context.console.can_ask() {
        let typed = context.console.ask_number(&question.text);
        let typed = typed.map_err(Failure::system("read the answer"))?;
        Consent::Typed(typed.ok_or(Failure::Declined)?)
    } else {
        let Question { change, hint, .. } = question;
        return Err(Failure::Unapproved { change, hint });
    };
    Agreed::to(assets, consent).map_err(|_wrong| Failure::Declined)
}
