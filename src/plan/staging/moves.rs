//! What a plan says of what is moved, and what the strategies would take.

use std::collections::BTreeMap;

use crate::asset::{AssetId, Kind};
use crate::event::RateLimit;
use crate::plan::about::Sum;
use crate::plan::aside::{Cost, Group, Moves, Ways};
use crate::plan::forecast::moves::{Calls, collected, moved};
use crate::plan::forecast::{RateForecast, at_least, of_calls};
use crate::plan::model::Plan;

/// From how many assets on a plan says what each strategy would take, whichever it goes by.
const MANY: usize = 200;

/// Says in figures what a plan moves; `movable` is what could be moved aside, and `stuck` is how many
/// cannot be that were to be.
pub(super) fn moves(plan: &Plan, movable: &BTreeMap<AssetId, Group>, stuck: usize) -> Moves {
    let staging = &plan.staging;
    let aside = staging.all_aside().count();
    let assets: usize = movable.values().map(|group| group.assets.len()).sum();
    let is_told = aside > 0 || assets >= MANY;
    let moved = staging.all_aside();
    let moved = moved.map(|(id, kind)| (Some(kind), plan.about.get(&id)));
    Moves {
        aside,
        files: Sum::of(moved).files,
        folders: staging.aside.len(),
        until: Some(staging.due_at).filter(|_| aside > 0 && !staging.is_due_at_once),
        due: staging.due.len(),
        due_folders: staging.due_folders.len(),
        back: staging.back.len(),
        home: staging.home.len(),
        stuck,
        at_once: 0,
        ways: is_told.then(|| Ways {
            assets,
            direct: cost(&direct(plan, movable)),
            staged: cost(&staged(movable)),
        }),
    }
}

fn cost(calls: &Calls) -> Cost {
    let lines: Vec<RateForecast> = of_calls(calls);
    Cost {
        calls: lines.iter().map(|line| line.calls).sum(),
        seconds: at_least(&lines).as_secs(),
    }
}

fn staged(movable: &BTreeMap<AssetId, Group>) -> Calls {
    let mut calls = moved(movable);
    let sizes = movable.values().map(|group| group.assets.len());
    collected(sizes, &mut calls);
    calls
}

fn direct(plan: &Plan, movable: &BTreeMap<AssetId, Group>) -> Calls {
    let mut calls = Calls::new();
    for (id, kind) in movable.values().flat_map(|group| &group.assets) {
        match kind {
            Kind::File => *calls.entry(RateLimit::DeleteFile).or_default() += 1,
            Kind::Folder => *calls.entry(RateLimit::DeleteFolder).or_default() += 1,
            Kind::VersionStack => {
                let files = plan.stacks.get(id).map_or(1, |files| files.len());
                *calls.entry(RateLimit::DeleteFile).or_default() += files;
                *calls.entry(RateLimit::StackChildren).or_default() += 1;
            }
        }
    }
    calls
}
