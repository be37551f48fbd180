//! One action of a plan document, and the way from a step of a plan and back.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::{AssetId, Kind};
use crate::inventory::Mark;
use crate::manifest::document::{Details, MissingPolicy, Spot};
use crate::outcome::{Evidence, FailureKind};
use crate::plan::decide::{Decision, Path, Recorded, Waypoint, Why};
use crate::plan::pin::Difference;
use crate::plan::saved::about::Reviewed;
use crate::plan::saved::because::Because;
pub use crate::plan::saved::listing::Listing;
use crate::plan::{Plan, Step};

/// What is to happen to one asset, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The asset.
    pub id: AssetId,
    /// What is to happen to it.
    pub action: Verb,
    /// What sort of asset it is, where somebody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_kind: Option<Kind>,
    /// The folder or version stack that it goes along with, or the folder that is deleted already and
    /// with which it is on its way out; only with `covered` and `resolve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<AssetId>,
    /// The files that V4 deletes in place of a version stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Arc<[AssetId]>>,
    /// How often a delete was tried and not confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// What sort of refusal the last one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FailureKind>,
    /// The server's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Arc<str>>,
    /// What shows that it is deleted; only with `record`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The run that deleted the folder with which it went; only with `record`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u64>,
    /// What a manifest says is to become of it where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingPolicy>,
    /// Why somebody holds the asset, or the one that `path` connects it with; only with `held`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Arc<str>>,
    /// Why the asset that `path` connects it with stays, where that is no hold; only with `held`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Because>,
    /// The mark in Frame.io by which it stays, or the one that `path` connects it with; only with
    /// `held`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// What connects it with what is protected, from the outermost asset to the innermost; only
    /// with `held`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Vec<Waypoint>>,
    /// The moment up to which it is left alone: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub until: Option<Timestamp>,
    /// In what it is other than its entry says, or not shown to be the same; only with `mismatch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub mismatch: Option<Arc<[Difference]>>,
    /// What is recorded of it, though it is there; only with `drift`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Recorded>,
    /// When that was recorded: RFC 3339; only with `drift`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub recorded_at: Option<Timestamp>,
    /// The run that has used up the `again: true` of its entry; only with `drift`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_run: Option<u64>,
    /// Why the manifest lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// The ticket under which that was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Arc<str>>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Arc<str>>,
    /// Where a manifest lists it: `file:line:column`; nothing where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Listing>,
    /// What was known of it when the plan was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Reviewed>,
}

/// What can be done with an asset, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Delete it.
    Retire,
    /// Delete it again.
    Retry,
    /// Read it live, then decide.
    Resolve,
    /// Send nothing for it: it goes along with a folder or version stack.
    Covered,
    /// Write down that it is gone.
    Record,
    /// Leave it: not found, and not shown to be deleted.
    Missing,
    /// Leave it: it may not be read.
    Unreadable,
    /// Leave it: refused too often.
    Blocked,
    /// Leave it until its date.
    Defer,
    /// Leave it where it was moved aside to, until its date.
    Staged,
    /// Leave it: held.
    Held,
    /// Leave it: it could not be read.
    Unread,
    /// Refuse it: other than its entry says, or not shown to be the same.
    Mismatch,
    /// Leave it: taken out of where it was moved aside to.
    Rescued,
    /// Leave it: recorded as deleted, and there all the same.
    Drift,
    /// Move it back to where it was.
    Unstage,
    /// Drop its record.
    Forget,
}

impl Action {
    /// Says a step in the document's words; nothing of an unchanged asset.
    ///
    /// `files` are the paths that the step's place counts into.
    pub(super) fn new(step: &Step, plan: &Plan, files: &[Arc<str>]) -> Option<Self> {
        Some(Self {
            files: plan.stacks.get(&step.id).cloned(),
            about: plan.about.get(&step.id).and_then(Reviewed::new),
            ..Self::of_step(step, files)?
        })
    }

    fn of_step(step: &Step, files: &[Arc<str>]) -> Option<Self> {
        let Step {
            id,
            decision,
            details,
            spot,
        } = step;
        let mut action = Self::bare(*id, Verb::Retire);
        match decision {
            Decision::Retire => {}
            Decision::Retry {
                attempts,
                kind,
                message,
            } => action.refused(Verb::Retry, *attempts, *kind, message),
            Decision::Blocked {
                attempts,
                kind,
                message,
            } => action.refused(Verb::Blocked, *attempts, *kind, message),
            Decision::Resolve {
                listed: _,
                attempts,
                with,
            } => {
                action.action = Verb::Resolve;
                action.attempts = Some(*attempts);
                action.with = *with;
            }
            Decision::Covered { by, alone: _ } => {
                action.action = Verb::Covered;
                action.with = Some(*by);
            }
            Decision::Defer { until } => {
                action.action = Verb::Defer;
                action.until = Some(*until);
            }
            Decision::Staged { until } => {
                action.action = Verb::Staged;
                action.until = Some(*until);
            }
            Decision::Held { why, until, path } => {
                action.action = Verb::Held;
                action.because = Because::new(why);
                match why {
                    Why::Hold(reason) => action.hold = Some(Arc::clone(reason)),
                    Why::Marked(mark) => action.mark = Some(mark.clone()),
                    Why::Deferred
                    | Why::Pinned
                    | Why::Blocked
                    | Why::Unread
                    | Why::Drift
                    | Why::Unrecorded => {}
                }
                action.until = *until;
                action.path = path.as_ref().map(|path| path.0.clone());
            }
            Decision::Unread => action.action = Verb::Unread,
            Decision::Mismatch(other) => {
                action.action = Verb::Mismatch;
                action.mismatch = Some(Arc::clone(other));
            }
            Decision::Rescued => action.action = Verb::Rescued,
            Decision::Drift {
                recorded,
                at,
                again,
            } => {
                action.action = Verb::Drift;
                action.recorded = Some(*recorded);
                action.recorded_at = Some(*at);
                action.again_run = *again;
            }
            Decision::Record { evidence, run } => {
                action.action = Verb::Record;
                action.evidence = Some(*evidence);
                action.run = *run;
            }
            Decision::Missing => action.action = Verb::Missing,
            Decision::Unreadable { message } => {
                action.action = Verb::Unreadable;
                action.message = Some(Arc::clone(message));
            }
            Decision::Unstage => action.action = Verb::Unstage,
            Decision::Forget => action.action = Verb::Forget,
            Decision::Unchanged { .. } => return None,
        }
        if let Some(details) = details {
            action.asset_kind = details.kind;
            action.reason.clone_from(&details.reason);
            action.ticket.clone_from(&details.ticket);
            action.owner.clone_from(&details.owner);
            action.missing = details.missing;
        }
        action.at = spot.map(|Spot { file, line, column }| Listing {
            // A place that counts into no file keeps its line, and is refused when it is read.
            file: files.get(file as usize).cloned().unwrap_or_default(),
            line,
            column,
        });
        Some(action)
    }

    const fn bare(id: AssetId, action: Verb) -> Self {
        Self {
            id,
            action,
            asset_kind: None,
            with: None,
            files: None,
            attempts: None,
            kind: None,
            message: None,
            evidence: None,
            run: None,
            missing: None,
            hold: None,
            because: None,
            mark: None,
            path: None,
            until: None,
            mismatch: None,
            recorded: None,
            recorded_at: None,
            again_run: None,
            reason: None,
            ticket: None,
            owner: None,
            at: None,
            about: None,
        }
    }

    fn refused(&mut self, action: Verb, attempts: u32, kind: FailureKind, message: &Arc<str>) {
        self.action = action;
        self.attempts = Some(attempts);
        self.kind = Some(kind);
        self.message = Some(Arc::clone(message));
    }

    /// Makes the step again, or says what the action lacks or has too much.
    ///
    /// Its details hold what the document says; dates and pins have become decisions.
    pub(super) fn step(&self, files: &[Arc<str>]) -> Result<Step, &'static str> {
        const WRONG: &str = "has not the fields of its action";
        let listed = self.at.is_some();
        let message = || self.message.clone();
        let refusal = || Some((self.attempts?, self.kind?, message()?));
        let decision = match self.action {
            Verb::Retire => Some(Decision::Retire),
            Verb::Retry => refusal().map(|(attempts, kind, message)| Decision::Retry {
                attempts,
                kind,
                message,
            }),
            Verb::Blocked => refusal().map(|(attempts, kind, message)| Decision::Blocked {
                attempts,
                kind,
                message,
            }),
            Verb::Resolve => self.attempts.map(|attempts| Decision::Resolve {
                listed: listed && self.with.is_none(),
                attempts,
                with: self.with,
            }),
            Verb::Covered => self.with.map(|by| Decision::Covered {
                by,
                alone: Box::new(Decision::Retire),
            }),
            Verb::Defer => self.until.map(|until| Decision::Defer { until }),
            Verb::Staged => self.until.map(|until| Decision::Staged { until }),
            Verb::Held => self.why().map(|why| Decision::Held {
                why,
                until: self.until,
                path: self.path.clone().map(|path| Arc::new(Path(path))),
            }),
            Verb::Unread => Some(Decision::Unread),
            Verb::Mismatch => {
                let other = self.mismatch.clone().filter(|other| !other.is_empty());
                other.map(Decision::Mismatch)
            }
            Verb::Rescued => Some(Decision::Rescued),
            Verb::Drift => {
                self.recorded
                    .zip(self.recorded_at)
                    .map(|(recorded, at)| Decision::Drift {
                        recorded,
                        at,
                        again: self.again_run,
                    })
            }
            Verb::Record => self.evidence.map(|evidence| Decision::Record {
                evidence,
                run: self.run,
            }),
            Verb::Missing => Some(Decision::Missing),
            Verb::Unreadable => message().map(|message| Decision::Unreadable { message }),
            Verb::Unstage => Some(Decision::Unstage),
            Verb::Forget => Some(Decision::Forget),
        };
        let decision = decision.ok_or(WRONG)?;
        fits_listing(self.action, listed)?;
        let details = Details {
            kind: self.asset_kind,
            reason: self.reason.clone(),
            ticket: self.ticket.clone(),
            owner: self.owner.clone(),
            missing: self.missing,
            ..Details::default()
        };
        let step = Step {
            id: self.id,
            decision,
            details: (details != Details::default()).then(|| Arc::new(details)),
            spot: self.at.as_ref().map(|at| place(at, files)).transpose()?,
        };
        // What the step does not say again is a field too many. The files stand in the plan.
        let again = Self::of_step(&step, files).map(|again| Self {
            files: self.files.clone(),
            about: self.about.clone(),
            ..again
        });
        if again.as_ref() == Some(self) {
            Ok(step)
        } else {
            Err(WRONG)
        }
    }

    /// Why it is held; without a hold only what connects it with something says that.
    fn why(&self) -> Option<Why> {
        if let Some(mark) = &self.mark {
            return Some(Why::Marked(mark.clone()));
        }
        match (&self.hold, self.because, &self.path) {
            (Some(reason), _, _) => Some(Why::Hold(Arc::clone(reason))),
            (None, Some(because), Some(_)) => Some(because.why()),
            (None, _, _) => None,
        }
    }
}

/// Whether an action may be that of an asset that a manifest lists, or of one that none does.
fn fits_listing(action: Verb, listed: bool) -> Result<(), &'static str> {
    match action {
        Verb::Forget | Verb::Unstage if listed => {
            Err("is forgotten or moved back, and listed all the same")
        }
        // What is moved aside may be unlisted by then.
        Verb::Forget | Verb::Unstage | Verb::Resolve | Verb::Record | Verb::Rescued => Ok(()),
        Verb::Retire
        | Verb::Retry
        | Verb::Covered
        | Verb::Missing
        | Verb::Unreadable
        | Verb::Blocked
        | Verb::Defer
        | Verb::Staged
        | Verb::Held
        | Verb::Unread
        | Verb::Mismatch
        | Verb::Drift => {
            let wrong = "names no manifest that lists it";
            listed.then_some(()).ok_or(wrong)
        }
    }
}

fn place(at: &Listing, files: &[Arc<str>]) -> Result<Spot, &'static str> {
    let file = files.iter().position(|file| *file == at.file);
    Ok(Spot {
        file: file
            .and_then(|file| u32::try_from(file).ok())
            .ok_or("is listed by a manifest that the plan does not name")?,
        line: at.line,
        column: at.column,
    })
}
