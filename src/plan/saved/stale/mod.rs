//! Whether a saved plan still fits what is there.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::inventory::Marking;
use crate::manifest::document::SourceFile;
use crate::measure::duration;
use crate::plan::Times;
use crate::plan::aside::Terms;
use crate::plan::figure::Looser;
use crate::plan::saved::{DecidingSettings, ManifestBasis, PlanDocument, StateBasis};
use crate::state::Target;

#[cfg(test)]
mod tests;

/// What the world is like when a saved plan is to be carried out.
#[derive(Debug, Clone, Copy)]
pub struct Current<'now> {
    /// The time.
    pub now: Timestamp,
    /// Which assets the run speaks of.
    pub target: &'now Target,
    /// The state's lineage, serial and bytes; its path is compared before it is read.
    pub state: &'now StateBasis,
    /// The settings of the run that decide what is sent.
    pub settings: DecidingSettings,
    /// The marks that keep assets.
    pub marks: Option<&'now Marking>,
    /// The manifests that the plan's PATHs mean now, in the order in which they were read.
    pub manifests: &'now [SourceFile],
}

/// Why a saved plan no longer fits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// The plan is too old.
    #[error("the plan expired at {0}")]
    Expired(Timestamp),
    /// The plan was made without the server.
    #[error("the plan was made with `--offline`, so nobody knows whether it is true")]
    NotChecked,
    /// The plan was made later than now.
    #[error("the plan was made at {0}, which is still to come")]
    FromFuture(Timestamp),
    /// A hold or a date decides otherwise now.
    #[error("a hold or a date says something else of `{0}` than when the plan was made")]
    Dates(AssetId),
    /// The manifests and the state do not say what the plan says.
    #[error("the plan says something else of `{0}` than its manifests and the state")]
    Action(AssetId),
    /// The manifests and the state do not count what the plan counts.
    #[error("the plan does not count what its manifests and the state give")]
    Totals,
    /// It was made from a manifest that came through standard input.
    #[error("the plan was made from a manifest on standard input, which nobody can read again")]
    Standard,
    /// The state is another file.
    #[error("the plan was made with the state `{planned}`, and this run has `{found}`")]
    StatePath {
        /// The plan's state.
        planned: String,
        /// The run's state.
        found: String,
    },
    /// Another setting would send something else.
    #[error("the plan was made with `{name}` {planned}, and this run has {found}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// The plan's value.
        planned: String,
        /// The run's value.
        found: String,
    },
    /// The settings ask for fewer marks, or for others.
    #[error("the plan was made with {}, and this run has {}", marks(Some(&.0.0)), marks(.0.1.as_ref()))]
    Marks(Box<(Marking, Option<Marking>)>),
    /// A guard allows more.
    #[error("{0}")]
    Guard(Box<Looser>),
    /// It was made for other assets.
    #[error("the plan was made for {planned}, and this run speaks to {found}")]
    Target {
        /// What the plan was made for.
        planned: String,
        /// What the run speaks to.
        found: String,
    },
    /// It was made from another state.
    #[error("the plan was made from the state `{planned}`, and this is the state `{found}`")]
    Lineage {
        /// The plan's lineage.
        planned: Uuid,
        /// The state's lineage.
        found: Uuid,
    },
    /// The state is older than it was.
    #[error("the plan was made from serial {planned} of the state, and it is at serial {found}")]
    Serial {
        /// The plan's serial.
        planned: u64,
        /// The state's serial.
        found: u64,
    },
    /// The state has changed without a run.
    #[error("the state was changed by other means than a run since the plan was made")]
    Digest,
    /// The manifests have changed since.
    #[error("the manifest `{0}` is not the one that the plan was made from")]
    Manifest(Arc<str>),
    /// Only the ends of a manifest's lines have changed.
    #[error("the manifest `{0}` has other line ends than when the plan was made")]
    LineEnds(Arc<str>),
    /// A manifest has gone since, or the PATHs of the plan mean another folder here.
    #[error("there is no manifest `{0}` here that can be read, and the plan was made from it")]
    NoManifest(Arc<str>),
    /// A manifest has come since.
    #[error("the manifest `{0}` is read now, and was not when the plan was made")]
    NewManifest(Arc<str>),
}

/// How marks are asked for.
fn marks(marking: Option<&Marking>) -> String {
    let Some(Marking { field, hold, at }) = marking else {
        return "no `[marks]`".to_owned();
    };
    let words = hold.join("`, `");
    format!("`[marks]` of the field `{field}` with `{words}` ({at})")
}

impl Stale {
    /// Says what to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Target { .. } => {
                "nothing was sent; give the same `--api`, `--endpoint` and `--account`, or make a new plan and have it reviewed"
            }
            Self::Marks(_) | Self::Guard(_) => {
                "nothing was sent; set it as it was reviewed, or make a new plan and have it reviewed"
            }
            Self::Setting { .. } => "leave the flag out, or make a new plan with it",
            Self::FromFuture(_) => {
                "nothing was sent; set the clocks of the machines right, then make a new plan"
            }
            Self::NotChecked => {
                "nothing was sent; a plan of `--offline` is only for reading: make one without it"
            }
            Self::Standard => "save the plan of a manifest that is a file",
            Self::LineEnds(_) => {
                "nothing was sent; git may change line ends where it checks files out: write `*.yaml text eol=lf` into `.gitattributes`, or make a new plan"
            }
            Self::NoManifest(_) => {
                "nothing was sent; apply the plan in the folder in which it was made, with the same manifests"
            }
            Self::StatePath { .. } => "leave `--state` out, or make a new plan with it",
            Self::Expired(_)
            | Self::Dates(_)
            | Self::Action(_)
            | Self::Totals
            | Self::Lineage { .. }
            | Self::Serial { .. }
            | Self::Digest
            | Self::Manifest(_)
            | Self::NewManifest(_) => "nothing was sent; make a new plan and have it reviewed",
        }
    }
}

impl PlanDocument {
    /// Compares when it was made with the earlier time by which it is carried out, and its end with
    /// the later.
    ///
    /// # Errors
    ///
    /// Returns that it is from the future, or has expired.
    pub(crate) fn check_times(&self, times: Times) -> Result<(), Stale> {
        if times.earlier < self.created_at {
            return Err(Stale::FromFuture(self.created_at));
        }
        if times.later >= self.expires_at {
            return Err(Stale::Expired(self.expires_at));
        }
        Ok(())
    }

    /// Compares what the plan was made from with what is there now.
    ///
    /// # Errors
    ///
    /// Returns the first thing that no longer fits.
    pub fn check(&self, current: Current<'_>) -> Result<(), Stale> {
        let Current {
            now,
            target,
            state,
            settings,
            marks,
            manifests,
        } = current;
        let ends = self.check_times(Times::of(now));
        if let Err(why @ Stale::FromFuture(_)) = ends {
            return Err(why);
        }
        if self.checked.live().is_none() {
            return Err(Stale::NotChecked);
        }
        if self.paths.iter().any(|path| path == "-") {
            return Err(Stale::Standard);
        }
        ends?;
        let planned = self.target();
        // An account that nobody has named yet is no contradiction.
        let account = |target: &Target| target.account.clone();
        let other_account = account(&planned)
            .zip(account(target))
            .is_some_and(|(planned, found)| planned != found);
        if planned.api != target.api || planned.endpoint != target.endpoint || other_account {
            return Err(Stale::Target {
                planned: planned.to_string(),
                found: target.to_string(),
            });
        }
        self.check_settings(settings)?;
        self.check_marks(marks)?;
        let StateBasis {
            path: _,
            lineage,
            serial,
            digest,
        } = state;
        // Where there was no state there is nothing to compare: each start draws a lineage.
        if self.state.digest.is_none() {
            return self.check_manifests(manifests);
        }
        if *lineage != self.state.lineage {
            return Err(Stale::Lineage {
                planned: self.state.lineage,
                found: *lineage,
            });
        }
        // One that moved on is compared action by action.
        if *serial < self.state.serial {
            return Err(Stale::Serial {
                planned: self.state.serial,
                found: *serial,
            });
        }
        if *serial == self.state.serial && *digest != self.state.digest {
            return Err(Stale::Digest);
        }
        self.check_manifests(manifests)
    }

    fn check_settings(&self, found: DecidingSettings) -> Result<(), Stale> {
        let DecidingSettings {
            max_attempts,
            retry_blocked,
            skip_mismatched,
            batch_size,
            staging,
        } = self.settings;
        let differs = |name, planned: &dyn Display, found: &dyn Display| {
            let (planned, found) = (planned.to_string(), found.to_string());
            if planned == found {
                return Ok(());
            }
            Err(Stale::Setting {
                name,
                planned,
                found,
            })
        };
        differs("max-attempts", &max_attempts, &found.max_attempts)?;
        differs("retry-blocked", &retry_blocked, &found.retry_blocked)?;
        differs("skip-mismatched", &skip_mismatched, &found.skip_mismatched)?;
        differs("batch-size", &batch_size, &found.batch_size)?;
        let name = |terms: Terms| terms.strategy.name();
        differs("strategy", &name(staging), &name(found.staging))?;
        if staging.is_direct() {
            return Ok(());
        }
        let after = |terms: Terms| duration(Duration::from_secs(terms.delete_after_seconds));
        differs("delete-after", &after(staging), &after(found.staging))?;
        differs(
            "staged-from",
            &staging.staged_from,
            &found.staging.staged_from,
        )
    }

    /// More marks than were reviewed only keep more.
    fn check_marks(&self, found: Option<&Marking>) -> Result<(), Stale> {
        let Some(planned) = &self.marks else {
            return Ok(());
        };
        if found.is_some_and(|found| found.covers(planned)) {
            return Ok(());
        }
        let (planned, found) = (planned.clone(), found.cloned());
        Err(Stale::Marks(Box::new((planned, found))))
    }

    fn check_manifests(&self, found: &[SourceFile]) -> Result<(), Stale> {
        let is = |file: &SourceFile, planned: &ManifestBasis| {
            file.path == planned.path && file.sha256 == planned.sha256.0
        };
        let is_gone =
            |planned: &&ManifestBasis| !found.iter().any(|file| file.path == planned.path);
        if let Some(planned) = self.manifests.iter().find(is_gone) {
            return Err(Stale::NoManifest(Arc::clone(&planned.path)));
        }
        let changed = |planned: &&ManifestBasis| !found.iter().any(|file| is(file, planned));
        if let Some(planned) = self.manifests.iter().find(changed) {
            return Err(Stale::Manifest(Arc::clone(&planned.path)));
        }
        let new = |file: &&SourceFile| !self.manifests.iter().any(|planned| is(file, planned));
        if let Some(file) = found.iter().find(new) {
            return Err(Stale::NewManifest(Arc::clone(&file.path)));
        }
        // The places of the entries count into the files in their order.
        let mut pairs = self.manifests.iter().zip(found);
        let moved = pairs.find(|(planned, file)| !is(file, planned));
        moved.map_or(Ok(()), |(planned, _)| {
            Err(Stale::Manifest(Arc::clone(&planned.path)))
        })
    }
}
