//! Saved plans: found among the arguments, and compared with what is there now.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256 as Hasher};

use crate::cli::call::Call;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::project;
use crate::cli::settings::Settings;
use crate::cli::settings::origin::Origin;
use crate::cli::work::Draft;
use crate::manifest::document::{Manifests, SourceFile};
use crate::plan::Plan;
use crate::plan::saved::{
    self, Current, DecidingSettings, PlanDocument, Sha256, Stale, StateBasis,
};
use crate::state::Home;
use crate::store::Loaded;

/// How far into a file a plan's id stands at most, in bytes.
const HEAD: usize = 200;

/// Whether a document begins as a plan does: a state names its lineage before any id.
pub(in crate::cli) fn is_plan(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    let place = |name: &str| head.find(name).unwrap_or(HEAD);
    head.starts_with('{') && place("\"id\":") < place("\"lineage\":")
}

/// A saved plan and its file.
#[derive(Debug)]
pub(in crate::cli) struct Reviewed {
    path: PathBuf,
    document: PlanDocument,
}

impl Reviewed {
    /// Reads a saved plan.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    pub(in crate::cli) fn read(path: &Path, bytes: &[u8]) -> Result<Self, Failure> {
        let document = PlanDocument::read(bytes).map_err(|why| Failure::Saved {
            path: path.to_owned(),
            why,
        })?;
        Ok(Self {
            path: path.to_owned(),
            document,
        })
    }

    /// Reads the one PATH of a command, if it is a saved plan.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    pub(in crate::cli) fn find(paths: &[PathBuf]) -> Result<Option<Self>, Failure> {
        let [path] = paths else {
            return Ok(None);
        };
        if path.as_os_str() == "-" || !path.is_file() {
            return Ok(None);
        }
        project::refuse_stray(path)?;
        if is_plan(&files::head(path, HEAD)?) {
            Self::read(path, &files::bytes(path)?).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The document.
    pub(in crate::cli) const fn document(&self) -> &PlanDocument {
        &self.document
    }

    /// The PATHs that it was made from, as they were given.
    pub(in crate::cli) fn paths(&self) -> Vec<PathBuf> {
        self.document.paths().iter().map(PathBuf::from).collect()
    }

    /// Reads again what the PATHs mean.
    ///
    /// # Errors
    ///
    /// Returns that a manifest is not the one that the plan was made from, or what else is wrong
    /// with the manifests.
    pub(in crate::cli) fn manifests(&self, call: &Call) -> Result<Manifests, Failure> {
        let paths = self.paths();
        if paths.iter().any(|path| path.as_os_str() == "-") {
            return Err(self.stale(Stale::Standard));
        }
        let read = call.manifests(&paths);
        let Err(Failure::Findings(_) | Failure::Files(_)) = &read else {
            return read;
        };
        // What cannot be read any more, or not as a manifest, has changed since.
        let mut planned = self.document.manifests().iter();
        let changed = planned.find(|file| {
            let bytes = files::bytes(Path::new(&*file.path));
            bytes.map_or(true, |bytes| {
                <[u8; 32]>::from(Hasher::digest(bytes)) != file.sha256.0
            })
        });
        match changed {
            Some(file) => Err(self.stale(Stale::Manifest(Arc::clone(&file.path)))),
            None => read,
        }
    }

    fn stale(&self, why: Stale) -> Failure {
        Failure::Stale {
            path: self.path.clone(),
            why,
        }
    }

    /// Takes from the plan what nobody has set for this run.
    pub(in crate::cli) fn settle(&self, settings: &mut Settings) {
        let DecidingSettings {
            max_attempts,
            retry_blocked,
            skip_mismatched: _,
            batch_size,
        } = self.document.settings();
        // Which server is spoken to stays with whoever runs it.
        if settings.api.origin == Origin::Default {
            settings.api.value = self.document.home().api;
        }
        // A plan that says that there is no state yet does not lead away from the one that is.
        let first = self.document.state().digest.is_none();
        let leads_away = first && settings.state.value.exists();
        if settings.state.origin == Origin::Default && !leads_away {
            settings.state.value = PathBuf::from(&self.document.state().path);
        }
        if settings.max_attempts.origin == Origin::Default
            && let Ok(most) = max_attempts.try_into()
        {
            settings.max_attempts.value = most;
        }
        settings.retry_blocked |= retry_blocked;
        if settings.batch_size.origin == Origin::Default
            && let Ok(size) = batch_size.try_into()
        {
            settings.batch_size.value = size;
        }
    }

    /// Compares what the plan was made from with what is there now.
    ///
    /// # Errors
    ///
    /// Returns the first thing that no longer fits.
    pub(in crate::cli) fn check(
        &self,
        now: Timestamp,
        home: &Home,
        settings: DecidingSettings,
        loaded: Option<&Loaded>,
        manifests: &[SourceFile],
    ) -> Result<(), Stale> {
        let planned = self.document.state();
        let state = StateBasis {
            path: planned.path.clone(),
            lineage: loaded.map_or(planned.lineage, |loaded| loaded.state.lineage),
            serial: loaded.map_or(0, |loaded| loaded.state.serial),
            digest: loaded.and_then(|loaded| loaded.digest).map(Sha256),
        };
        let id = self.document.id();
        let applied = loaded.and_then(|loaded| {
            let mut runs = loaded.state.runs.iter();
            runs.find(|(_, run)| run.provenance.plan.as_deref() == Some(id))
        });
        self.document.check(Current {
            now,
            home,
            state: &state,
            settings,
            applied: applied.map(|(number, _)| *number),
            manifests,
        })
    }

    /// Finds out what the plan is made from again, if everything is still as it was.
    ///
    /// # Errors
    ///
    /// Returns what no longer fits.
    pub(in crate::cli) fn draft<'call>(
        &self,
        call: &Call,
        (manifests, settings): (&'call Manifests, &Settings),
        skip_mismatched: bool,
        loaded: Option<Loaded>,
        now: Timestamp,
    ) -> Result<Draft<'call>, Failure> {
        let document = &self.document;
        let age = SignedDuration::try_from(settings.max_plan_age.value);
        let end = document
            .created_at()
            .saturating_add(age.unwrap_or(SignedDuration::MAX))
            .unwrap_or(Timestamp::MAX);
        let is_set = settings.max_plan_age.origin != Origin::Default;
        if is_set && now >= end {
            return Err(self.stale(Stale::Expired(end)));
        }
        let planned = &document.state().path;
        if !files::are_same(Path::new(planned), &settings.state.value) {
            return Err(self.stale(Stale::StatePath {
                planned: planned.clone(),
                found: settings.state.value.display().to_string(),
            }));
        }
        let set = settings.account.as_ref();
        let home = Home {
            api: settings.api.value,
            endpoint: settings.server.value.name().to_owned(),
            account: set.map_or_else(
                || document.home().account,
                |account| Some(account.value.clone()),
            ),
        };
        let deciding = DecidingSettings {
            max_attempts: settings.max_attempts.value.get(),
            retry_blocked: settings.retry_blocked,
            skip_mismatched: skip_mismatched || document.settings().skip_mismatched,
            batch_size: settings.batch_size.value.get(),
        };
        let files = &manifests.files;
        self.check(now, &home, deciding, loaded.as_ref(), files)
            .map_err(|why| self.stale(why))?;
        let mut draft = Draft::new(call, manifests, settings, loaded, now)?;
        saved::check(&self.plan()?, draft.inputs(None), document.created_at())
            .map_err(|why| self.stale(why))?;
        let who = || format!("the plan `{}`", self.path.display());
        let account = document.home().account.map(|account| (who(), account));
        draft.wanted = draft.wanted.or(account);
        Ok(draft)
    }

    /// The plan as it was reviewed.
    ///
    /// # Errors
    ///
    /// Returns what is wrong where it is none that this program makes.
    pub(in crate::cli) fn plan(&self) -> Result<Plan, Failure> {
        self.document.plan().map_err(|why| Failure::Saved {
            path: self.path.clone(),
            why,
        })
    }
}
