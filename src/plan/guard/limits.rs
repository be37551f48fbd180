//! How much a plan may delete, and who says so.

use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::asset::written::parse_id;
use crate::manifest::document::{Guard, Manifests, Spot, Waiver};
use crate::plan::figure::{EntryField, SetAt};

/// The limits that a plan goes by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// What files say, the one that counts more first; of one guard and one project, the first
    /// that is there counts.
    pub set: Vec<Limit>,
    /// What flags say: they tighten, whatever else is set.
    pub tightened: Vec<Limit>,
    /// The fields that each entry must have; all that is said counts.
    pub required: Vec<Required>,
}

/// What somebody says of one guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Which guard.
    pub guard: Guard,
    /// The project, by its name or its id; all that a run deletes, and each project, without one.
    pub project: Option<Arc<str>>,
    /// The figure: assets, percent, bytes, or the seconds of an age.
    pub figure: u64,
    /// Where it is set.
    pub at: SetAt,
}

/// A field that each entry must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    /// Which field.
    pub field: EntryField,
    /// The project, by its name or its id; everywhere without one.
    pub project: Option<Arc<str>>,
    /// Where that is set.
    pub at: SetAt,
}

/// What the limits are where nobody sets them.
#[must_use]
pub const fn default_of(guard: Guard) -> u64 {
    match guard {
        Guard::MaxAssets => 1000,
        Guard::MaxPercent => 30,
        Guard::MaxBytes => 2_000_000_000_000,
        Guard::MinAge => 24 * 60 * 60,
        Guard::Max404Percent | Guard::MaxFailurePercent => 50,
        Guard::MaxFailedBatches => 10,
    }
}

/// Whether one figure of a guard allows more than another.
#[must_use]
pub const fn is_looser(guard: Guard, one: u64, other: u64) -> bool {
    match guard {
        Guard::MinAge => one < other,
        Guard::MaxAssets
        | Guard::MaxPercent
        | Guard::MaxBytes
        | Guard::Max404Percent
        | Guard::MaxFailurePercent
        | Guard::MaxFailedBatches => one > other,
    }
}

/// A project as limits name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named<'read> {
    pub(super) id: Option<AssetId>,
    pub(super) name: Option<&'read str>,
}

impl Named<'_> {
    /// Whether somebody means this project; nothing where that cannot be told, as of a name that
    /// differs in letter case alone.
    pub(super) fn is(self, said: &str) -> Option<bool> {
        if let Ok(id) = parse_id(said)
            && let Some(own) = self.id
        {
            return Some(own == id);
        }
        let name = self.name?;
        let is_near = name.trim().to_lowercase() == said.trim().to_lowercase();
        (name == said || !is_near).then_some(name == said)
    }
}

/// What a guard goes by in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InForce {
    pub(super) figure: u64,
    pub(super) at: SetAt,
}

/// Waivers that are in force, with the names of the files in which they stand.
pub(super) struct Waivers<'said> {
    in_force: Vec<&'said Waiver>,
    said: &'said Manifests,
}

impl<'said> Waivers<'said> {
    pub(super) fn new(said: &'said Manifests, now: Timestamp) -> Self {
        let in_force = said.waivers.iter().filter(|waiver| waiver.expires > now);
        Self {
            in_force: in_force.collect(),
            said,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'said Waiver> {
        self.in_force.iter().copied()
    }

    pub(super) fn place(&self, waiver: &Waiver) -> Arc<str> {
        let Spot { file, line, column } = waiver.spot;
        let file = self.said.files.get(file as usize);
        let path = file.map(|file| &*file.path).unwrap_or_default();
        format!("{path}:{line}:{column}").into()
    }
}

impl Limits {
    /// What counts for all that a plan deletes, or for what it deletes of one project.
    pub(super) fn in_force(
        &self,
        guard: Guard,
        project: Option<Named<'_>>,
        waivers: &Waivers<'_>,
    ) -> InForce {
        let mut counts = self.base(guard, project);
        for waiver in waivers.iter().filter(|waiver| waiver.guard == guard) {
            let is_meant = match (&waiver.project, project) {
                (None, _) => true,
                (Some(said), Some(project)) => project.is(said) == Some(true),
                (Some(_), None) => false,
            };
            if is_meant && is_looser(guard, waiver.limit, counts.figure) {
                counts = InForce {
                    figure: waiver.limit,
                    at: SetAt::Waiver(waivers.place(waiver)),
                };
            }
        }
        let tightened = self.tightened.iter().filter(|limit| limit.guard == guard);
        for limit in tightened {
            counts = tighter(guard, counts, limit);
        }
        counts
    }

    /// What files say, else the default.
    pub(super) fn base(&self, guard: Guard, project: Option<Named<'_>>) -> InForce {
        let set = || self.set.iter().filter(move |limit| limit.guard == guard);
        let general = set().find(|limit| limit.project.is_none());
        let general = general.map_or(
            InForce {
                figure: default_of(guard),
                at: SetAt::Default,
            },
            InForce::from,
        );
        let Some(project) = project else {
            return general;
        };
        let mut unclear = general;
        for limit in set() {
            match limit.project.as_deref().map(|said| project.is(said)) {
                Some(Some(true)) => return InForce::from(limit),
                // It may be meant: the tighter of the two counts.
                Some(None) => unclear = tighter(guard, unclear, limit),
                Some(Some(false)) | None => {}
            }
        }
        unclear
    }

    /// The fields that an entry of a project must have, each once.
    pub(super) fn required_in(&self, project: Named<'_>) -> impl Iterator<Item = &Required> {
        let mut seen = Vec::new();
        self.required.iter().filter(move |required| {
            let said = required.project.as_deref();
            let counts = said.is_none_or(|said| project.is(said) != Some(false));
            let is_new = counts && !seen.contains(&required.field);
            if is_new {
                seen.push(required.field);
            }
            is_new
        })
    }
}

impl From<&Limit> for InForce {
    fn from(limit: &Limit) -> Self {
        Self {
            figure: limit.figure,
            at: limit.at.clone(),
        }
    }
}

fn tighter(guard: Guard, counts: InForce, limit: &Limit) -> InForce {
    if is_looser(guard, counts.figure, limit.figure) {
        InForce::from(limit)
    } else {
        counts
    }
}
