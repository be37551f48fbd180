//! The holds that count: those of the manifests, and those that the state has kept. Pure.
//!
//! The line of a manifest says why it counts, and how long at least: a run that has written down a
//! later moment keeps it until then. Where no line says so any more, the hold that a run has written
//! down counts on, until a manifest releases it or its moment comes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::{HoldChanges, Released, SeenHold, Subject};
use crate::inventory::Inventory;
use crate::manifest::document::{Hold, Manifests, Release, Spot};
use crate::plan::decide::HoldInForce;
use crate::state::{KeptHold, State};

/// A hold that counts, or one that the plan lifts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlannedHold {
    /// What is held.
    pub held: Subject,
    /// What it is called, where that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// Why it is held.
    pub reason: Arc<str>,
    /// The moment from which the hold no longer counts: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub until: Option<Timestamp>,
    /// The moment that a manifest says, where a run has written down a later one: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub said: Option<Timestamp>,
    /// Where a manifest says so: `file:line:column`; nothing where only the state does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Arc<str>>,
    /// The run that wrote it down, where one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u64>,
    /// What a run changes of it in the state; nothing where it is kept as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<HoldChange>,
}

/// What becomes of a hold in the state.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HoldChange {
    /// It is kept from now on, or with the words that a manifest says now.
    Kept,
    /// It is lifted, since a manifest releases it.
    Released {
        /// Why.
        reason: Arc<str>,
        /// The ticket under which that was decided.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<Arc<str>>,
        /// Where the manifest says so: `file:line:column`.
        at: Arc<str>,
    },
    /// It is dropped, since its moment has come.
    Ended,
}

impl PlannedHold {
    /// Whether it keeps anything.
    #[must_use]
    pub const fn is_in_force(&self) -> bool {
        match self.change {
            None | Some(HoldChange::Kept) => true,
            Some(HoldChange::Released { .. } | HoldChange::Ended) => false,
        }
    }

    /// Who says that it is held: the place in a manifest, else the state.
    pub(super) fn said_by(&self) -> Arc<str> {
        let kept = || format!("kept since run {}", self.run.unwrap_or_default());
        self.at.clone().unwrap_or_else(|| kept().into())
    }
}

/// The holds that are in force.
#[derive(Debug, Default)]
pub(super) struct InForce {
    pub(super) assets: BTreeMap<AssetId, HoldInForce>,
    pub(super) projects: BTreeMap<AssetId, HoldInForce>,
}

impl InForce {
    /// The hold on a project, be it named as one or as an asset.
    pub(super) fn project(&self, id: AssetId) -> Option<&HoldInForce> {
        self.projects.get(&id).or_else(|| self.assets.get(&id))
    }
}

/// Finds the holds that are in force.
pub(super) fn in_force(
    manifests: &Manifests,
    kept: &BTreeMap<Subject, KeptHold>,
    now: Timestamp,
) -> InForce {
    let mut found = InForce::default();
    let holds = planned(manifests, kept, now);
    for hold in holds.filter(PlannedHold::is_in_force) {
        let PlannedHold {
            held,
            reason,
            until,
            ..
        } = hold;
        let hold = HoldInForce { reason, until };
        match held {
            Subject::Asset(id) => found.assets.insert(id, hold),
            Subject::Project(id) => found.projects.insert(id, hold),
        };
    }
    // Whoever lists it with a date expects it to be there until then, whatever PATH says.
    for (id, date) in &manifests.elsewhere {
        let Some((date, spot)) = date.filter(|(date, _)| *date > now) else {
            continue;
        };
        found.assets.entry(*id).or_insert_with(|| HoldInForce {
            reason: format!("listed with that date at {}", place(manifests, spot)).into(),
            until: Some(date),
        });
    }
    found
}

/// All holds of a plan, with the names that were read.
pub(super) fn all(
    manifests: &Manifests,
    kept: &BTreeMap<Subject, KeptHold>,
    inventory: Option<&Inventory>,
    now: Timestamp,
) -> Vec<PlannedHold> {
    let named = |hold: PlannedHold| PlannedHold {
        name: inventory.and_then(|inventory| name(hold.held, inventory)),
        ..hold
    };
    planned(manifests, kept, now).map(named).collect()
}

/// What is held, assets and projects.
#[must_use]
pub fn held(
    manifests: &Manifests,
    kept: &BTreeMap<Subject, KeptHold>,
    now: Timestamp,
) -> BTreeSet<AssetId> {
    let holds = planned(manifests, kept, now);
    let holds = holds.filter(PlannedHold::is_in_force);
    holds.map(|hold| hold.held.id()).collect()
}

/// The releases that lift nothing and never have: neither does the state keep such a hold, nor has
/// a run lifted it.
pub fn idle_releases<'plan>(
    manifests: &'plan Manifests,
    state: &'plan State,
) -> impl Iterator<Item = (Subject, Arc<str>)> + use<'plan> {
    let lines: BTreeSet<Subject> = lines(manifests).map(|(held, _)| held).collect();
    let lifted = state.runs.values().flat_map(|run| &run.released);
    let lifted: BTreeSet<Subject> = lifted.map(|released| released.held).collect();
    let idle = manifests.releases.iter().filter(move |release| {
        let held = release.held;
        !lines.contains(&held) && !lifted.contains(&held) && !state.holds.contains_key(&held)
    });
    idle.map(|release| (release.held, place(manifests, release.spot)))
}

/// What a run changes of the holds that the state keeps.
#[must_use]
pub fn changes(holds: &[PlannedHold]) -> HoldChanges {
    let mut changes = HoldChanges::default();
    for hold in holds {
        let held = hold.held;
        match &hold.change {
            None => {}
            Some(HoldChange::Kept) => changes.kept.push(SeenHold {
                held,
                reason: Arc::clone(&hold.reason),
                until: hold.until,
            }),
            Some(HoldChange::Released { reason, ticket, .. }) => changes.released.push(Released {
                held,
                reason: Arc::clone(reason),
                ticket: ticket.clone(),
            }),
            Some(HoldChange::Ended) => changes.ended.push(held),
        }
    }
    changes
}

/// Decides of each hold, in the order of what is held, whether it counts and what is kept of it.
fn planned<'plan>(
    manifests: &'plan Manifests,
    kept: &'plan BTreeMap<Subject, KeptHold>,
    now: Timestamp,
) -> impl Iterator<Item = PlannedHold> + use<'plan> {
    let counts = move |until: &Option<Timestamp>| until.is_none_or(|until| until > now);
    let lines = lines(manifests);
    // A line whose moment has come says nothing any more.
    let lines = lines.filter(|(_, hold)| counts(&hold.until));
    let lines: BTreeMap<Subject, &Hold> = lines.collect();
    let released: BTreeMap<Subject, &Release> = manifests
        .releases
        .iter()
        .map(|release| (release.held, release))
        .collect();
    let subjects: BTreeSet<Subject> = lines.keys().chain(kept.keys()).copied().collect();
    subjects.into_iter().filter_map(move |held| {
        let kept = kept.get(&held);
        let run = kept.map(|kept| kept.run);
        if let Some(line) = lines.get(&held) {
            // A nearer moment would lift what nobody has released.
            let until = kept.map_or(line.until, |kept| later(kept.until, line.until));
            let is_same =
                kept.is_some_and(|kept| (&kept.reason, kept.until) == (&line.reason, until));
            return Some(PlannedHold {
                held,
                name: None,
                reason: Arc::clone(&line.reason),
                until,
                said: line.until.filter(|_| line.until != until),
                at: Some(place(manifests, line.spot)),
                run,
                change: (!is_same).then_some(HoldChange::Kept),
            });
        }
        let kept = kept?;
        let change = if counts(&kept.until) {
            released.get(&held).map(|release| HoldChange::Released {
                reason: Arc::clone(&release.reason),
                ticket: release.ticket.clone(),
                at: place(manifests, release.spot),
            })
        } else {
            Some(HoldChange::Ended)
        };
        Some(PlannedHold {
            held,
            name: None,
            reason: Arc::clone(&kept.reason),
            until: kept.until,
            said: None,
            at: None,
            run,
            change,
        })
    })
}

/// The later of two ends; no end is later than each.
fn later(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.zip(other).map(|(one, other)| one.max(other))
}

/// What the manifests hold.
fn lines(manifests: &Manifests) -> impl Iterator<Item = (Subject, &Hold)> {
    let assets = manifests.holds.iter();
    let assets = assets.map(|hold| (Subject::Asset(hold.id), hold));
    let projects = manifests.project_holds.iter();
    assets.chain(projects.map(|hold| (Subject::Project(hold.id), hold)))
}

/// A place in a manifest: `file:line:column`.
pub(super) fn place(manifests: &Manifests, spot: Spot) -> Arc<str> {
    let Spot { file, line, column } = spot;
    let file = usize::try_from(file).ok();
    let file = file.and_then(|file| manifests.files.get(file));
    let path = file.map_or("", |file| &file.path);
    format!("{path}:{line}:{column}").into()
}

fn name(held: Subject, inventory: &Inventory) -> Option<Arc<str>> {
    match held {
        Subject::Asset(id) => {
            let read = inventory.facts(id).and_then(|facts| facts.name.clone());
            let placed = || inventory.places.as_ref()?.names.get(&id).cloned();
            let project = || inventory.projects.get(&id)?.name.clone();
            read.or_else(placed).or_else(project)
        }
        Subject::Project(id) => inventory.projects.get(&id)?.name.clone(),
    }
}
