//! What is said of a plan: what a reviewer asks first stands first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::plan::about::Sum;
use crate::plan::approve::Refused;
use crate::plan::decide::Decision;
use crate::plan::figure::Figure;
use crate::plan::{Checked, Plan, Step};
use crate::render::model::plan::view::PlanView;
use crate::render::model::{Block, Line, Report};
use crate::render::names::Foreign;
use crate::render::rows;
use crate::render::{checked, count, counted, either, holds, moment, thousands, withheld};
use crate::state::Api;

pub(crate) mod aside;
pub(crate) mod assets;
mod attention;
mod forecast;
pub(crate) mod told;
pub(crate) mod view;

use aside::Waiting;
use assets::{folders, groups};
use attention::attention;
use told::{Told, told};

/// How many owners are named.
const OWNERS: usize = 5;

/// How many entries that lack a field are shown.
const SHOWN: usize = 20;

/// What is shown beside the plan itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlanReport<'of, 'plan> {
    pub(crate) view: &'of PlanView<'plan>,
    /// The state, as the user named it: it tells the comments of two projects apart.
    pub(crate) state: &'of str,
    /// The serial of the state.
    pub(crate) serial: u64,
    /// The plan's id.
    pub(crate) id: &'of str,
    /// The commit that it was made at, where that is known.
    pub(crate) commit: Option<&'of str>,
    /// Up to when `apply` takes it.
    pub(crate) expires_at: Timestamp,
    /// The API that its ids are of: the web app has a page of those of V4.
    pub(crate) api: Api,
    /// Why `apply` refuses it.
    pub(crate) refused: &'of [Refused],
    /// Whether what it is of is not merged yet.
    pub(crate) is_before_merge: bool,
}

/// Makes the report of a plan.
pub(crate) fn plan<'plan>(of: &PlanReport<'_, 'plan>) -> Report<'plan> {
    let view = of.view;
    let Told {
        worth,
        loosened,
        beyond,
        notes,
        part,
        headline,
        changes,
        holds: _,
        forecast,
        unsettled,
        taken_back,
        unchecked,
        single,
        against,
    } = told(view);
    // Which assets are held stands among what stays.
    let holds = holds::beside_held(view.plan);
    let (warned, against) = match view.checked {
        Checked::Live(_) => (None, Some(against)),
        Checked::NotChecked => (Some(against), None),
    };
    // A bound has no room for each of many folders.
    let forecast = forecast.into_iter().flatten();
    let forecast = forecast.filter(|block| matches!(block, Block::Paragraph(_)));
    let (refused, stays) = attention(of);
    let of_guards = loosened.into_iter().chain(notes);
    let before = refused
        .into_iter()
        .chain(warned)
        .chain(worth)
        .chain(of_guards)
        .chain(part);
    let unchecked = unchecked.into_iter().map(Block::Paragraph);
    // The web app has a page of what has an id of V4.
    let tables = groups(view, of.api == Api::V4);
    Report {
        of: "plan",
        heading: heading(view.plan),
        key: Foreign::key(of.state).without_file(),
        title: Line::words(title(of)),
        fields: Vec::new(),
        figures: figures(of),
        lead: [headline].into_iter().chain(owners(view.plan)).collect(),
        attention: before
            .chain(stays)
            .chain(unsettled)
            .chain(taken_back)
            .collect(),
        changes,
        checks: guards(view.plan, beyond)
            .into_iter()
            .chain(forecast)
            .chain(unchecked)
            .collect(),
        counted: "files",
        folders: folders(view),
        groups: holds.into_iter().chain(single).chain(tables).collect(),
        next: Vec::new(),
        closing: against.into_iter().chain([closing(of)]).collect(),
        now: view.now,
    }
}

/// The first line: what was not checked says so there.
fn title(of: &PlanReport<'_, '_>) -> String {
    let headline = headline(of);
    match of.view.checked {
        Checked::NotChecked => format!("{} {headline}", checked::NOT_CHECKED),
        Checked::Live(_) => headline,
    }
}

/// What a page of it is called.
fn heading(plan: &Plan) -> &'static str {
    match Waiting::of(plan) {
        Waiting::None => "What would be deleted",
        Waiting::Some { .. } => "What would be deleted or moved aside",
        Waiting::All { .. } => "What would be moved aside",
    }
}

/// Says in one sentence how much goes, and that nothing has happened yet.
fn headline(of: &PlanReport<'_, '_>) -> String {
    let plan = of.view.plan;
    let going = plan.going();
    let totals = &plan.totals;
    if totals.deletes() == 0 {
        return nothing_goes(plan, of.view.now);
    }
    let size = match rows::sized(going) {
        Some(size) => format!(", {size}"),
        None => ", of which no size is known".to_owned(),
    };
    let back = |files, until| {
        let them = either(files, "it", "them");
        format!("where people can take {them} back until {}", moment(until))
    };
    let verb = match Waiting::of(plan) {
        Waiting::None => either(going.files, "goes", "go").to_owned(),
        Waiting::Some { files, until } => format!(
            "{}: {} into staging folders, {}",
            either(going.files, "goes", "go"),
            count(files),
            back(files, until)
        ),
        Waiting::All { until } => format!(
            "{} moved aside, {}",
            either(going.files, "is", "are"),
            back(going.files, until)
        ),
    };
    let sent = if of.is_before_merge {
        "the merge"
    } else {
        "it is applied"
    };
    let files = capitalised(&rows::files(going));
    format!("{files}{size}, {verb}; nothing is sent before {sent}.")
}

/// Words as a sentence begins with them.
fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.clone()).collect()
}

/// Says that nothing goes, and what waits until it goes.
fn nothing_goes(plan: &Plan, now: Timestamp) -> String {
    let records = plan.totals.changes() > 0;
    let until = plan.steps.iter().filter_map(|step| {
        if let Decision::Staged { until } = step.decision {
            Some(until)
        } else {
            None
        }
    });
    let number = plan.totals.staged;
    let Some(until) = until.min() else {
        let words = if records {
            "Nothing goes; only records change."
        } else {
            "Nothing goes."
        };
        return words.to_owned();
    };
    let records = if records {
        ", and only records change"
    } else {
        ""
    };
    let wait = either(number, "waits in its", "wait in");
    let folders = either(number, "staging folder", "staging folders");
    let next = either(number, "", "the next is ");
    let due = if until <= now { "due since" } else { "due" };
    let assets = counted(number, "asset", "assets");
    format!(
        "Nothing goes now{records}; {assets} {wait} {folders}, {next}{due} {}.",
        moment(until)
    )
}

/// How many, how large, what is protected, what is unusual.
fn figures(of: &PlanReport<'_, '_>) -> Vec<(&'static str, String)> {
    let plan = of.view.plan;
    let (going, totals) = (plan.going(), &plan.totals);
    let protected = totals.held + totals.defer;
    let unusual = totals.missing
        + totals.unreadable
        + totals.unread
        + totals.mismatch
        + totals.rescued
        + totals.drift
        + totals.blocked;
    let size = rows::sized(going).filter(|_| totals.deletes() > 0);
    let staged = (totals.staged > 0).then(|| ("staged", count(totals.staged)));
    let files = match Waiting::of(plan) {
        Waiting::None | Waiting::Some { .. } => "files go",
        Waiting::All { .. } => "files move aside",
    };
    let first = [
        (files, count(going.files)),
        ("size", size.unwrap_or_else(|| "–".to_owned())),
        ("held or deferred", count(protected)),
    ];
    let last = [
        ("in the way", count(in_the_way(of))),
        ("unusual assets", count(unusual)),
    ];
    first.into_iter().chain(staged).chain(last).collect()
}

/// How much there is that `apply` refuses the plan for: what guards refuse, and what else it names.
fn in_the_way(of: &PlanReport<'_, '_>) -> usize {
    let guards = of.view.plan.guards.as_deref();
    let guards = guards.map_or(0, |report| {
        report.refused().count() + report.incomplete.len()
    });
    let besides = of.refused.iter().map(|refused| match refused {
        Refused::Guarded(_) => 0,
        Refused::Mismatched(assets) => *assets,
        Refused::Unplaced(held) | Refused::Projects(held) => held.len(),
        Refused::Unread(held) => held.len(),
        Refused::WrongNumber { .. }
        | Refused::NotChecked
        | Refused::Marks(_)
        | Refused::Unproven(_) => 1,
    });
    guards + besides.sum::<usize>()
}

/// Whose the assets are that go, as far as their entries say.
fn owners(plan: &Plan) -> Option<Line> {
    let carried = plan.carried();
    let mut owners: BTreeMap<Option<&str>, Vec<&Step>> = BTreeMap::new();
    let goes = |step: &&Step| step.decision.may_delete() && !carried.contains(&step.id);
    for step in plan.steps.iter().filter(goes) {
        let owner = step
            .details
            .as_ref()
            .and_then(|details| details.owner.as_deref());
        owners.entry(owner).or_default().push(step);
    }
    let mut all: Vec<(Option<&str>, Sum)> = owners
        .into_iter()
        .map(|(owner, steps)| {
            let about = steps.iter();
            let about = about.map(|step| (step.kind(), plan.about.get(&step.id)));
            (owner, Sum::of(about))
        })
        .collect();
    if all.is_empty() {
        return None;
    }
    all.sort_by_key(|(_, sum)| Reverse((sum.files, sum.bytes)));
    let more = all.len().saturating_sub(OWNERS);
    let said = all.iter().take(OWNERS).map(|(owner, sum)| {
        let owner = owner.map_or_else(
            || Line::words("nobody named"),
            |owner| Line::foreign(Foreign::new(owner).without_file()),
        );
        let size = rows::sized(*sum).map_or_else(String::new, |size| format!(" ({size})"));
        owner.and(format!(" {}{size}", rows::files(*sum)))
    });
    let mut said: Vec<Line> = said.collect();
    if more > 0 {
        let more = counted(more, "owner", "owners");
        said.push(Line::words(format!("{more} more")));
    }
    let said = Line::joined(said, " · ");
    Some(Line::words("Whose: ").and_line(said).and("."))
}

/// What the guards counted.
fn guards(plan: &Plan, beyond: Vec<Line>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let Some(report) = plan.guards.as_deref() else {
        return blocks;
    };
    let refused: Vec<&Figure> = report.refused().collect();
    if report.figures.is_empty() && report.incomplete.is_empty() {
        return blocks;
    }
    let verdict = match refused.len() + report.incomplete.len() {
        0 if beyond.is_empty() => Line::words("Guards: all within their limits."),
        0 => Line::words("Guards: all within their limits, of which some are looser than usual."),
        1 => Line::strong("Guards: one is in the way."),
        failed => Line::strong(format!("Guards: {} are in the way.", count(failed))),
    };
    blocks.push(Block::Paragraph(verdict));
    for figure in &refused {
        blocks.push(Block::Item(withheld::figure(figure).line()));
        if let Some(waiver) = figure.waiver(report.at) {
            let line = Line::words("once somebody has agreed, under `waivers:`: ");
            blocks.push(Block::Item(line.and_foreign(Foreign::own(waiver))));
        }
    }
    let incomplete = report.incomplete.iter().take(SHOWN);
    blocks.extend(incomplete.map(|one| Block::Item(withheld::incomplete(one).line())));
    let more = report.incomplete.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!("… {} more lack a field", count(more)));
    blocks.extend(more.map(|more| Block::Item(Line::words(more))));
    blocks.extend(beyond.into_iter().map(Block::Item));
    blocks
}

/// What the plan is good for.
fn closing(of: &PlanReport<'_, '_>) -> Line {
    let mut line = Line::words("Plan ").and_foreign(Foreign::own(of.id));
    line = line
        .and(" · state ")
        .and_foreign(Foreign::new(of.state).without_file());
    line = line.and(format!(" at serial {}", thousands(of.serial)));
    if let Some(commit) = of.commit {
        line = line.and(" · commit ").and_foreign(Foreign::of_run(commit));
    }
    line.and(format!(" · valid until {}", moment(of.expires_at)))
}
