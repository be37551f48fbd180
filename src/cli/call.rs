//! What every command is given, and what most of them begin with.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use crate::cli::args::{Sending, Target};
use crate::cli::clock;
use crate::cli::config::{self, Loaded};
use crate::cli::console::Console;
use crate::cli::env::{self, Environment};
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::playground;
use crate::cli::project;
use crate::cli::settings::{Settings, Sources, Times};
use crate::cli::signals::Signals;
use crate::diagnostic::Finding;
use crate::manifest::{self, document::Manifests};
use crate::render::escape::escape;
use crate::render::notices::notices;

/// The name of the config.
const CONFIG: &str = "retire.toml";

/// The variables with secrets.
const SECRETS: [&str; 2] = [env::TOKEN, env::CLIENT_SECRET];

/// What every command is given.
#[derive(Debug)]
pub struct Call {
    /// Where it prints and asks.
    pub console: Console,
    /// The environment.
    pub environment: Environment,
    /// The signals of this process.
    pub signals: Signals,
    /// `--config`.
    pub config: Option<PathBuf>,
}

/// The flags that only some commands have.
#[derive(Debug, Clone, Copy, Default)]
pub struct Flags {
    /// `--batch-size`.
    pub batch_size: Option<NonZeroUsize>,
    /// `--concurrency`.
    pub concurrency: Option<NonZeroUsize>,
    /// The flags with times.
    pub times: Times,
    /// The flags that say how a run sends.
    pub sending: Sending,
}

impl Call {
    /// Reads the manifests that PATHs mean.
    ///
    /// # Errors
    ///
    /// Returns all that is wrong with them.
    pub fn manifests(&self, paths: &[PathBuf]) -> Result<Manifests, Failure> {
        let found = project::load(paths)?;
        for note in &found.notes {
            self.console.message(&escape(note));
        }
        let read = manifest::read(&found.sources);
        let manifests = read.map_err(|findings| Failure::Findings(self.masked(findings)))?;
        for notice in notices(&manifests, clock::now()) {
            self.console.warn(&notice);
        }
        Ok(Manifests {
            folder: found.folder,
            ..manifests
        })
    }

    /// Findings without the lines that hold a secret of this run.
    fn masked(&self, mut findings: Vec<Finding>) -> Vec<Finding> {
        let secrets: Vec<&str> = SECRETS
            .iter()
            .filter_map(|name| self.environment.text(name).ok().flatten())
            .filter(|secret| !secret.trim().is_empty())
            .collect();
        let shows = |text: &str| secrets.iter().any(|secret| text.contains(secret.trim()));
        for finding in &mut findings {
            if finding
                .snippet
                .as_ref()
                .is_some_and(|snippet| shows(&snippet.text))
            {
                finding.snippet = None;
            }
            if shows(&finding.message) {
                "this is a secret, which does not belong here".clone_into(&mut finding.message);
                finding.hint =
                    Some("remove it, and revoke it where others could read it".to_owned());
            }
        }
        findings
    }

    /// Decides the settings.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with a flag, a variable or the config.
    pub fn settings(
        &self,
        target: &Target,
        flags: Flags,
        paths: &[PathBuf],
    ) -> Result<Settings, Failure> {
        let folder = files::folder(paths);
        let config = self.config(folder.as_deref())?;
        let sources = Sources {
            target,
            batch_size: flags.batch_size,
            concurrency: flags.concurrency,
            times: flags.times,
            sending: &flags.sending,
            environment: &self.environment,
            config: config.as_ref(),
            folder: folder.as_deref(),
        };
        let mut settings = sources.resolve()?;
        playground::settle_account(&mut settings, paths)?;
        Ok(settings)
    }

    /// Reads the config: the one that is named, else the one beside the manifests, else the
    /// one in the current folder.
    fn config(&self, folder: Option<&Path>) -> Result<Option<Loaded>, Failure> {
        let named = match &self.config {
            Some(path) => Some(path.clone()),
            None => self.environment.text("RETIRE_CONFIG")?.map(PathBuf::from),
        };
        let beside = folder.map(|folder| folder.join(CONFIG));
        let usual = beside.into_iter().chain([PathBuf::from(CONFIG)]);
        let candidates = named
            .clone()
            .map_or_else(|| usual.collect(), |path| vec![path]);
        for path in candidates {
            project::refuse_stray(&path)?;
            let Some(text) = files::text_if_there(&path)? else {
                continue;
            };
            let config = config::parse(&path, &text)
                .map_err(|found| Failure::Findings(self.masked(vec![*found])))?;
            return Ok(Some(Loaded { path, config }));
        }
        match named {
            Some(path) => Err(Failure::NoConfig(path)),
            None => Ok(None),
        }
    }
}
