//! What a reviewer has to look at first.

use std::collections::BTreeMap;

use crate::plan::Shelter;
use crate::plan::about::About;
use crate::render::group::why_in_words;
use crate::render::model::Line;
use crate::render::model::plan::PlanReport;
use crate::render::model::plan::assets::{by_group, listing};
use crate::render::model::plan::view::PlanView;
use crate::render::names::Foreign;
use crate::render::tree::Leaf;
use crate::render::{count, counted, withheld};

/// How many of one sort are named.
const NAMED: usize = 5;

/// How many places of what is protected are shown that are not known.
const SHOWN: usize = 20;

/// What a reviewer has to look at besides: what `apply` refuses, and what stays.
pub(super) fn attention(of: &PlanReport<'_, '_>) -> (Vec<Line>, Vec<Line>) {
    let refused = of.refused.iter().map(|refused| {
        let line = Line::strong("`apply` refuses it:").and(" ");
        line.and_line(withheld::refused(refused).line())
    });
    let mut lines: Vec<Line> = refused.collect();
    if let Shelter::Checked { unplaced, unread } = &of.view.plan.shelter {
        let unplaced = unplaced.iter().chain(unread.iter().map(|(one, _)| one));
        let more = (unplaced.clone().count()).saturating_sub(SHOWN);
        let unplaced = unplaced.take(SHOWN);
        lines.extend(unplaced.map(|one| withheld::unplaced(one).line()));
        let more = (more > 0).then(|| format!("… {} more cannot be placed", count(more)));
        lines.extend(more.map(Line::words));
    }
    (lines, kept(of.view))
}

/// The groups of what does not go, each in one line with the commonest reason.
fn kept(view: &PlanView<'_>) -> Vec<Line> {
    let listing = listing(view);
    let groups = by_group(view.plan).into_iter();
    let groups = groups.filter(|(group, _)| group.stays());
    let said = groups.map(|(group, leaves)| {
        let (title, why) = group.title();
        let mut reasons: BTreeMap<Foreign, usize> = BTreeMap::new();
        for leaf in &leaves {
            let [why, ..] = listing.said(leaf);
            let own = why_in_words(leaf.step.id, &leaf.step.decision);
            let why = Foreign::new(why.unwrap_or_default());
            let why = own.map_or(why.clone(), |own| why.or(own));
            *reasons.entry(why).or_default() += 1;
        }
        let why = why.strip_prefix(": ").map(|why| format!(" ({why})"));
        let line = Line::strong(format!("{title}: {}", count(leaves.len())));
        let line = line.and(format!("{}: ", why.unwrap_or_default()));
        line.and_line(named(&leaves)).and_line(commonest(reasons))
    });
    said.collect()
}

/// The commonest of some reasons, and how many others there are.
fn commonest(reasons: BTreeMap<Foreign, usize>) -> Line {
    let others = reasons.len().saturating_sub(1);
    let commonest = reasons.into_iter().max_by_key(|(_, number)| *number);
    let Some((reason, _)) = commonest.filter(|(reason, _)| !reason.shown().trim().is_empty())
    else {
        return Line::default();
    };
    let line = Line::words(": ").and_foreign(reason);
    match others {
        0 => line,
        _ => line.and(format!(
            ", and {}",
            counted(others, "other reason", "other reasons")
        )),
    }
}

/// Names the first of some assets, and says how many more there are.
fn named(leaves: &[Leaf<'_>]) -> Line {
    let names = leaves.iter().take(NAMED).map(|leaf| {
        let known = leaf.about.and_then(About::known);
        let kind = leaf.step.kind().or_else(|| leaf.about?.kind);
        Line::foreign(Foreign::asset(leaf.step.id, known.as_ref(), kind))
    });
    let mut names: Vec<Line> = names.collect();
    let more = leaves.len().saturating_sub(NAMED);
    if more > 0 {
        names.push(Line::words(format!("{} more", count(more))));
    }
    Line::joined(names, ", ")
}
