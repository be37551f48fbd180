//! Saved plans: made from what was prepared, and compared with what is there now.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256 as Hasher};

use crate::app::Host;
use crate::app::basis::{Basis, PlanSettings};
use crate::app::error::Error;
use crate::app::prepare::Prepared;
use crate::inventory::Marking;
use crate::manifest::document::{Manifests, SourceFile};
use crate::plan::decide::Rules;
use crate::plan::saved::{
    self, Current, DecidingSettings, PlanDocument, Sha256, Stale, StateBasis,
    with_carriage_returns, with_line_feeds,
};
use crate::plan::since::Since;
use crate::plan::{Inputs, Plan, Times, guard};
use crate::state::{State, Target};
use crate::store::Loaded;

/// How far into a file a plan's id stands at most, in bytes: it is the second field.
pub(crate) const HEAD: usize = 200;

/// Whether a document begins as a plan does, whose id is a digest: assets have ids of other forms.
pub(crate) fn is_plan(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    let after = |text: &str| {
        let (_, rest) = text.split_once("\"id\"")?;
        let value = rest.trim_start().strip_prefix(':')?.trim_start();
        Some(value.starts_with("\"sha256:"))
    };
    head.trim_start_matches('\u{feff}').starts_with('{') && after(&head) == Some(true)
}

/// Makes the document of a plan that was made from what some PATHs mean, at a commit, with what is new
/// since an earlier one.
pub(crate) fn document(
    prepared: &Prepared,
    paths: &[PathBuf],
    (commit, since): (Option<&str>, Option<&Since>),
    max_age: Duration,
) -> PlanDocument {
    let Prepared {
        basis,
        plan,
        checked,
        read: _,
        reads: _,
        recently_deleted: _,
    } = prepared;
    let Basis {
        settings,
        manifests,
        target,
        account: _,
        state,
        serial,
        digest,
        times,
    } = basis;
    let now = &times.earlier;
    let expires_at = now.saturating_add(signed(max_age));
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    let basis = saved::Basis {
        created_at: *now,
        expires_at: expires_at.unwrap_or(Timestamp::MAX),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        state: StateBasis {
            path: text(&settings.state),
            lineage: state.lineage,
            serial: *serial,
            digest: digest.map(Sha256),
        },
        paths: paths.iter().map(text).collect(),
        commit: commit.map(str::to_owned),
        target: target.clone(),
        settings: settings.deciding,
        forecast: prepared.forecast(),
        checked: checked.clone(),
        marks: settings.marks.clone(),
        since: since.cloned(),
    };
    saved::document(plan, manifests, &basis)
}

fn signed(age: Duration) -> SignedDuration {
    SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX)
}

/// A saved plan and its file.
#[derive(Debug)]
pub(crate) struct SavedPlan {
    path: PathBuf,
    pub(crate) document: PlanDocument,
}

/// How much two comparisons of the same clocks may differ: the date of an answer is a whole second.
const NEARLY: SignedDuration = SignedDuration::from_secs(2);

impl SavedPlan {
    /// Reads a saved plan.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let document = PlanDocument::read(bytes).map_err(|why| Error::Saved {
            path: path.to_owned(),
            why,
        })?;
        Ok(Self {
            path: path.to_owned(),
            document,
        })
    }

    /// The PATHs that it was made from, as they were given.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.document.paths.iter().map(PathBuf::from).collect()
    }

    /// The plan as it was reviewed.
    ///
    /// # Errors
    ///
    /// Returns what is wrong where it is none that this program makes.
    pub(crate) fn plan(&self) -> Result<Plan, Error> {
        self.document.plan().map_err(|why| Error::Saved {
            path: self.path.clone(),
            why,
        })
    }

    /// Says that the plan no longer fits.
    pub(crate) fn stale(&self, why: Stale) -> Error {
        Error::Stale {
            path: self.path.clone(),
            why,
        }
    }

    /// Finds a manifest that is not the one that the plan was made from, or not there; `read` gives
    /// the bytes of one that can be read.
    pub(crate) fn changed_manifest(
        &self,
        read: impl Fn(&Path) -> Option<Vec<u8>>,
    ) -> Option<Error> {
        let mut planned = self.document.manifests.iter();
        planned.find_map(|file| {
            let path = || Arc::clone(&file.path);
            match read(Path::new(&*file.path)) {
                None => Some(self.stale(Stale::NoManifest(path()))),
                Some(bytes) if <[u8; 32]>::from(Hasher::digest(&bytes)) == file.sha256.0 => None,
                Some(_) => Some(self.stale(Stale::Manifest(path()))),
            }
        })
    }

    /// Finds a manifest of which only the ends of the lines differ from what they were; `read`
    /// gives the bytes of one that can be read.
    pub(crate) fn other_line_ends(&self, read: impl Fn(&Path) -> Option<Vec<u8>>) -> Option<Error> {
        let digest = |bytes: &[u8]| <[u8; 32]>::from(Hasher::digest(bytes));
        let mut planned = self.document.manifests.iter();
        let file = planned.find(|file| {
            let planned = file.sha256.0;
            read(Path::new(&*file.path)).is_some_and(|bytes| {
                digest(&bytes) != planned
                    && (digest(&with_line_feeds(&bytes)) == planned
                        || digest(&with_carriage_returns(&bytes)) == planned)
            })
        })?;
        Some(self.stale(Stale::LineEnds(Arc::clone(&file.path))))
    }

    /// Compares when it was made, and when it ends, with the times by which it is carried out.
    ///
    /// # Errors
    ///
    /// Returns that it is from the future, or has expired.
    pub(crate) fn check_times(&self, times: Times) -> Result<(), Error> {
        let earlier = times.earlier.saturating_add(NEARLY);
        let checked = self.document.check_times(Times {
            earlier: earlier.unwrap_or(Timestamp::MAX),
            ..times
        });
        checked.map_err(|why| self.stale(why))
    }

    /// Compares what the guards allowed with what they allow now.
    ///
    /// # Errors
    ///
    /// Returns the first that allows more.
    pub(crate) fn check_guards(&self, plan: &Plan) -> Result<(), Error> {
        let (reviewed, found) = (self.document.guards.as_deref(), plan.guards.as_deref());
        let looser = reviewed
            .zip(found)
            .and_then(|(reviewed, found)| guard::looser(reviewed, found));
        looser.map_or(Ok(()), |looser| {
            Err(self.stale(Stale::Guard(Box::new(looser))))
        })
    }

    /// Compares what the plan was made from with what is there now.
    ///
    /// # Errors
    ///
    /// Returns the first thing that no longer fits.
    pub(crate) fn check(
        &self,
        now: Timestamp,
        target: &Target,
        (settings, marks): (DecidingSettings, Option<&Marking>),
        loaded: Option<&Loaded>,
        manifests: &[SourceFile],
    ) -> Result<(), Stale> {
        let planned = &self.document.state;
        let state = StateBasis {
            path: planned.path.clone(),
            lineage: loaded.map_or(planned.lineage, |loaded| loaded.state.lineage),
            serial: loaded.map_or(0, |loaded| loaded.serial),
            digest: loaded.and_then(|loaded| loaded.digest).map(Sha256),
        };
        self.document.check(Current {
            now,
            target,
            state: &state,
            settings,
            marks,
            manifests,
        })
    }

    /// Compares the actions of the plan with what the manifests and the state give now, as far as
    /// that can be said without the server.
    ///
    /// # Errors
    ///
    /// Returns the first asset of which they say something else.
    pub(crate) fn check_actions(
        &self,
        plan: &Plan,
        (manifests, loaded): (&Manifests, Option<&Loaded>),
        now: Timestamp,
    ) -> Result<(), Stale> {
        let document = &self.document;
        let none = State::new(document.state.lineage, document.target());
        let inputs = Inputs {
            manifests,
            state: loaded.map_or(&none, |loaded| &loaded.state),
            inventory: None,
            check_retired: false,
            rules: Rules {
                max_attempts: document.settings.max_attempts,
                retry_blocked: document.settings.retry_blocked,
            },
            now,
        };
        saved::check(plan, inputs, document.created_at)
    }

    /// Puts together what the plan is made from again, if everything is still as it was.
    ///
    /// # Errors
    ///
    /// Returns what no longer fits.
    pub(crate) fn basis(
        &self,
        mut settings: PlanSettings,
        manifests: Manifests,
        loaded: Option<Loaded>,
        now: Timestamp,
        host: &dyn Host,
    ) -> Result<(Basis, Plan), Error> {
        let document = &self.document;
        settings.deciding.skip_mismatched |= document.settings.skip_mismatched;
        settings.only.clone_from(&document.only);
        let account = || document.target().account;
        let target = Target {
            api: settings.api,
            endpoint: settings.server.clone(),
            account: match &settings.account {
                Some((_, account)) => Some(account.clone()),
                None => account(),
            },
        };
        let files = &manifests.files;
        let deciding = (settings.deciding, settings.marks.as_ref());
        self.check(now, &target, deciding, loaded.as_ref(), files)
            .map_err(|why| self.stale(why))?;
        let mut basis = Basis::new(settings, manifests, loaded, now, host)?;
        let plan = self.plan()?;
        saved::check(&plan, basis.inputs(None), document.created_at)
            .map_err(|why| self.stale(why))?;
        let who = || format!("the plan `{}`", self.path.display());
        basis.account = basis.account.or_else(|| Some((who(), account()?)));
        Ok((basis, plan))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_told_by_its_digest() {
        for (text, is) in [
            (r#"{"version":3,"id":"sha256:00","created_at":"#, true),
            ("{\n  \"version\": 2,\n  \"id\" : \"sha256:00\"", true),
            ("\u{feff}{\"version\":3,\"id\":\"sha256:00\"", true),
            (
                r#"{"version":1,"assets":[{"id":"8d1f0c52-6a3b-4c7e-9f21-000000000100"}]}"#,
                false,
            ),
            (r#"{"version":4,"lineage":"00"}"#, false),
            ("version: 1\nassets:\n- {\"id\": \"sha256:00\"}", false),
        ] {
            assert_eq!(is_plan(text.as_bytes()), is, "{text}");
        }
    }
}
