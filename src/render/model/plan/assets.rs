//! The assets of a plan: by project and folder, and one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::asset::AssetId;
use crate::plan::Plan;
use crate::plan::about::{About, Sum};
use crate::render::group::{Group, group_of};
use crate::render::listing::Listing;
use crate::render::model::plan::view::PlanView;
use crate::render::model::{self, FolderRow, Line, Row, Rows, largest_first};
use crate::render::places::{Places, by_spot};
use crate::render::rows::{self, Page};
use crate::render::tree::{Leaf, sum};
use crate::render::{Style, count};

/// The assets that go, by project and folder.
pub(super) fn folders(view: &PlanView<'_>) -> Vec<FolderRow> {
    let all = leaves(view.plan);
    let going = all.filter(|leaf| leaf.step.decision.may_delete() && !leaf.carried);
    let (folders, bare) = by_spot(going.collect(), Leaf::spot);
    let places = Places::new(folders.iter().map(|(spot, _)| *spot));
    let row = |of: Option<(String, [Option<AssetId>; 2])>, leaves: &[Leaf<'_>]| {
        let (label, [project, folder]) =
            of.map_or((None, [None; 2]), |(label, ids)| (Some(label), ids));
        let all = sum(leaves);
        let changed = leaves.iter().filter_map(|leaf| leaf.about?.changed());
        let first = leaves.iter().find_map(|leaf| leaf.about?.location.clone());
        FolderRow {
            place: first.filter(|_| label.is_some()),
            label,
            project,
            folder,
            files: all.files,
            bytes: all.bytes,
            unmeasured: all.unmeasured,
            storage: None,
            oldest: None,
            size: rows::sized(all).unwrap_or_else(|| "?".to_owned()),
            changed: changed.max(),
        }
    };
    let named = folders.iter();
    let named = named.map(|(spot, leaves)| row(Some((places.folder(spot), spot.ids())), leaves));
    let bare = Some(&bare).filter(|bare| !bare.is_empty());
    let rows = named.chain(bare.map(|leaves| row(None, leaves)));
    // Those that lie nobody knows where come last of what is as large.
    let mut rows: Vec<FolderRow> = rows.collect();
    rows.sort_by_key(|row| row.label.is_none());
    largest_first(&mut rows);
    rows
}

/// The assets of a plan, grouped by what is to happen.
pub(crate) fn by_group(plan: &Plan) -> BTreeMap<Group, Vec<Leaf<'_>>> {
    let mut groups: BTreeMap<Group, Vec<Leaf<'_>>> = BTreeMap::new();
    for leaf in leaves(plan) {
        if let Some(group) = group_of(&leaf.step.decision) {
            groups.entry(group).or_default().push(leaf);
        }
    }
    groups
}

/// What stands above the assets of a group: how many they are, what they come to, and why.
pub(crate) fn title(group: Group, leaves: &[Leaf<'_>]) -> Line {
    let (title, why) = group.title();
    let sum = sum(leaves);
    let mut figures = vec![count(leaves.len())];
    if sum.files != leaves.len() {
        figures.push(rows::files(sum));
    }
    figures.extend(rows::sized(sum));
    Line::strong(format!("{title} ({})", figures.join(" · "))).and(why)
}

/// The assets of each group; `pages` where the web app has a page of each.
pub(super) fn groups<'plan>(view: &PlanView<'plan>, pages: bool) -> Vec<model::Group<'plan>> {
    let listing = listing(view);
    let groups = by_group(view.plan).into_iter().map(|(group, mut leaves)| {
        leaves.sort_by_key(|leaf| {
            let about = leaf.about;
            let place = about.and_then(|about| about.location.as_ref().map(Arc::clone));
            let name = about.and_then(|about| about.name.as_ref().map(Arc::clone));
            (place, name)
        });
        let (title, _) = group.title();
        let rows = Rows::assets(leaves.len(), move |at| {
            let row = row(&listing, &leaves[at]);
            Row {
                project: row.project.filter(|_| pages),
                ..row
            }
        });
        model::Group {
            attention: group.stays(),
            ..model::Group::table(title, rows)
        }
    });
    groups.collect()
}

/// What is said of one asset.
fn row(listing: &Listing<'_>, leaf: &Leaf<'_>) -> Row {
    let about = leaf.about;
    let sum = about.map(|about| Sum::of([(about.kind, Some(about))]));
    Row {
        id: leaf.step.id,
        kind: leaf.step.kind().or_else(|| about?.kind),
        name: about.and_then(|about| about.name.clone()),
        place: about.and_then(|about| about.location.clone()),
        project: about.and_then(|about| about.place[0]),
        folder: about.and_then(|about| about.place[1]),
        bytes: about.and_then(|about| about.bytes),
        size: sum.and_then(rows::sized),
        changed: about.and_then(About::changed),
        said: listing.foreign(leaf),
    }
}

pub(super) fn listing<'plan>(view: &PlanView<'plan>) -> Listing<'plan> {
    Listing {
        plan: view.plan,
        page: Page {
            width: None,
            full: true,
            now: view.now,
            style: Style { colour: false },
        },
    }
}

/// The assets of a plan, with what is known of each.
fn leaves(plan: &Plan) -> impl Iterator<Item = Leaf<'_>> {
    let carried = plan.carried();
    plan.steps.iter().map(move |step| Leaf {
        step,
        about: plan.about.get(&step.id),
        carried: carried.contains(&step.id),
    })
}
