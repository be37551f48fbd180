//! The assets of a plan: by project and folder, and one by one.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::plan::Plan;
use crate::plan::about::{About, Sum};
use crate::render::group::{Group, group_of};
use crate::render::listing::Listing;
use crate::render::markdown::List;
use crate::render::markdown::inline::code;
use crate::render::places::{Places, by_spot};
use crate::render::rows::{self, Page};
use crate::render::size::age;
use crate::render::text::PlanView;
use crate::render::tree::{Leaf, sum};
use crate::render::{Style, count, counted};

/// How few bytes the row of an asset has at least: what there is no room for is not made.
const LEAST: usize = 40;

/// The assets that go, by project and folder.
pub(super) fn folders(view: &PlanView<'_>) -> List {
    let plan = view.plan;
    let all = leaves(plan);
    let going = all.filter(|leaf| leaf.step.decision.may_delete() && !leaf.carried);
    let (folders, bare) = by_spot(going.collect(), Leaf::spot);
    let places = Places::new(folders.iter().map(|(spot, _)| *spot));
    let row = |label: String, leaves: &[Leaf<'_>]| {
        let all = sum(leaves);
        let size = rows::sized(all).unwrap_or_else(|| "?".to_owned());
        let changed = leaves.iter().filter_map(|leaf| leaf.about?.changed());
        let newest = changed
            .max()
            .map_or_else(String::new, |at| age(at, view.now));
        (
            all,
            format!("| {label} | {} | {size} | {newest} |\n", count(all.files)),
        )
    };
    let mut table: Vec<(Sum, String)> = folders
        .iter()
        .map(|(spot, leaves)| row(code(&places.folder(spot)), leaves))
        .collect();
    if !bare.is_empty() {
        table.push(row("nobody knows where".to_owned(), &bare));
    }
    table.sort_by_key(|(sum, _)| Reverse((sum.bytes, sum.files)));
    List {
        total: table.len(),
        head: "| project / folder | files | size | last change |\n|---|--:|--:|---|\n".to_owned(),
        rows: table.into_iter().map(|(_, row)| row).collect(),
        foot: "\n".to_owned(),
    }
}

/// The assets of each group, in as much room as there is.
pub(super) fn assets(view: &PlanView<'_>, room: usize) -> Vec<String> {
    let listing = listing(view);
    let mut groups: BTreeMap<Group, Vec<Leaf<'_>>> = BTreeMap::new();
    for leaf in leaves(view.plan) {
        if let Some(group) = group_of(&leaf.step.decision) {
            groups.entry(group).or_default().push(leaf);
        }
    }
    let mut room = room;
    let mut left = groups.len();
    let mut lists = Vec::new();
    for (group, mut leaves) in groups {
        leaves.sort_by_key(|leaf| {
            let about = leaf.about;
            let place = about.and_then(|about| about.location.as_ref().map(Arc::clone));
            (
                place,
                about.and_then(|about| about.name.as_ref().map(Arc::clone)),
            )
        });
        let (title, _) = group.title();
        let assets = counted(leaves.len(), "asset", "assets");
        let list = List {
            head: format!("<details><summary>{title}: {assets}</summary>\n\n"),
            total: leaves.len(),
            // What there is no room for is not made.
            rows: leaves
                .iter()
                .take(room / LEAST)
                .map(|leaf| row(&listing, leaf))
                .collect(),
            foot: "\n</details>\n\n".to_owned(),
        };
        let share = room / left.max(1);
        let text = list.within(share, usize::MAX, &|left| format!("- … {left} more\n"));
        room = room.saturating_sub(text.len());
        left -= 1;
        lists.push(text);
    }
    lists
}

/// The row of one asset.
fn row(listing: &Listing<'_>, leaf: &Leaf<'_>) -> String {
    let about = leaf.about;
    let known = about.and_then(About::known);
    let path = known
        .as_ref()
        .map(rows::path)
        .filter(|path| !path.is_empty());
    let sum = about.and_then(|about| rows::sized(Sum::of([(about.kind, Some(about))])));
    let changed = about.and_then(About::changed);
    let changed = changed.map(|at| age(at, listing.page.now));
    let said: Vec<String> = listing.said(leaf).into_iter().flatten().collect();
    let said = (!said.is_empty()).then(|| code(&said.join(" · ")));
    let id = code(&leaf.step.id.to_string());
    let parts = [path.map(|path| code(&path)), sum, changed, said, Some(id)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("- {}\n", parts.join(" · "))
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
pub(super) fn leaves(plan: &Plan) -> impl Iterator<Item = Leaf<'_>> {
    let carried = plan.carried();
    plan.steps.iter().map(move |step| Leaf {
        step,
        about: plan.about.get(&step.id),
        carried: carried.contains(&step.id),
    })
}
