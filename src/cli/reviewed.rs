//! Saved plans: found among the arguments, and compared with what is there now.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256 as Hasher};

use crate::cli::call::Call;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::settings::{Origin, Settings};
use crate::cli::work::{self, Work};
use crate::manifest::document::SourceFile;
use crate::plan::saved::{Current, DecidingSettings, PlanDocument, Sha256, Stale, StateBasis};
use crate::state::{Home, State};
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

    /// The manifests that it was made from, as PATHs.
    pub(in crate::cli) fn paths(&self) -> Vec<PathBuf> {
        let manifests = self.document.manifests().iter();
        manifests.map(|file| PathBuf::from(&*file.path)).collect()
    }

    /// Takes from the plan what nobody has set for this run.
    pub(in crate::cli) fn settle(&self, settings: &mut Settings) {
        let DecidingSettings {
            max_attempts,
            retry_blocked,
            skip_mismatched: _,
            batch_size,
        } = self.document.settings();
        if settings.state.origin == Origin::Default {
            settings.state.value = PathBuf::from(&self.document.state().path);
        }
        if settings.max_attempts.origin == Origin::Default {
            settings.max_attempts.value = max_attempts;
        }
        settings.retry_blocked |= retry_blocked;
        if settings.batch_size.origin == Origin::Default
            && let Ok(size) = batch_size.try_into()
        {
            settings.batch_size.value = size;
        }
    }

    /// The manifests as they are now; one that cannot be read is left out.
    fn manifests(&self) -> Vec<SourceFile> {
        let planned = self.document.manifests().iter();
        let found = planned.filter_map(|file| {
            // What came through standard input is gone, and nobody can have changed it.
            let sha256 = if &*file.path == "-" {
                file.sha256.0
            } else {
                let bytes = files::bytes(Path::new(&*file.path)).ok()?;
                Hasher::digest(bytes).into()
            };
            Some(SourceFile {
                path: file.path.clone(),
                sha256,
                listed: file.listed,
            })
        });
        found.collect()
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
            runs.find(|(_, run)| run.plan.as_deref() == Some(id))
        });
        self.document.check(Current {
            now,
            home,
            state: &state,
            settings,
            applied: applied.map(|(number, _)| *number),
            manifests: Some(&self.manifests()),
        })
    }

    /// Turns the plan into work, if everything is still as it was.
    ///
    /// # Errors
    ///
    /// Returns what no longer fits.
    pub(in crate::cli) fn work(
        &self,
        call: &Call,
        settings: &Settings,
        skip_mismatched: bool,
        loaded: Option<Loaded>,
        now: Timestamp,
    ) -> Result<Work, Failure> {
        let outdated = |why| Failure::Stale {
            path: self.path.clone(),
            why,
        };
        let document = &self.document;
        if settings.max_plan_age.origin != Origin::Default {
            let age = SignedDuration::try_from(settings.max_plan_age.value);
            let age = age.unwrap_or(SignedDuration::MAX);
            let end = document.created_at().saturating_add(age);
            let end = end.unwrap_or(Timestamp::MAX);
            if now >= end {
                return Err(outdated(Stale::Expired(end)));
            }
        }
        let planned = document.home();
        let set = settings.account.as_ref();
        let home = Home {
            api: settings.api.value,
            endpoint: settings.server.value.name().to_owned(),
            account: set.map_or_else(
                || planned.account.clone(),
                |account| Some(account.value.clone()),
            ),
        };
        let deciding = DecidingSettings {
            max_attempts: settings.max_attempts.value,
            retry_blocked: settings.retry_blocked,
            skip_mismatched: skip_mismatched || document.settings().skip_mismatched,
            batch_size: settings.batch_size.value.get(),
        };
        self.check(now, &home, deciding, loaded.as_ref())
            .map_err(outdated)?;
        let wanted = home.account.clone().map(|account| {
            let who = set.map_or_else(
                || format!("the plan `{}`", self.path.display()),
                |account| account.origin.to_string(),
            );
            (who, account)
        });
        let plan = document.plan().map_err(|why| Failure::Saved {
            path: self.path.clone(),
            why,
        })?;
        let (state, digest) = match loaded {
            Some(loaded) => work::told(call, loaded),
            None => (State::new(document.state().lineage, home.clone()), None),
        };
        work::check_home(&state.home, &home, &settings.state.value)?;
        Ok(Work {
            wanted: wanted.or_else(|| work::remembered(&state, &settings.state.value)),
            home,
            state,
            digest,
            now,
            plan,
        })
    }
}
