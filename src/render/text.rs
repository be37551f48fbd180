//! A plan for people: totals first, then one line an asset, grouped by what is to happen.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::plan::about::Sum;
use crate::plan::forecast::RateForecast;
use crate::plan::holds::changes as changes_of;
use crate::plan::since::Comparison;
use crate::plan::{Checked, Plan};
use crate::render::escape::escape;
use crate::render::group::{Group, group_of};
use crate::render::lines::{Most, Order};
use crate::render::listing::Listing;
use crate::render::places::Places;
use crate::render::report::HoldFigures;
use crate::render::rows::{self, Page, Widths};
use crate::render::tree::{self, Leaf, Shape, Tree};
use crate::render::words;
use crate::render::{
    Paint, Style, checked, count, counted, forecast, guards, holds, lines, shelter, since,
};

/// How many rows a terminal has for assets, folders, projects and holds, and for what is said of
/// single assets below: with the totals around them a plan is seen at once. `--full` shows all.
pub(super) const ROWS: usize = 20;

/// How many of them are for assets, folders and projects, whatever else there is.
const LEAST_ROWS: usize = 6;

/// What is shown of a plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlanView<'plan> {
    pub(crate) plan: &'plan Plan,
    /// What it was checked against.
    pub(crate) checked: &'plan Checked,
    /// The state, where it is not there yet.
    pub(crate) no_state: Option<&'plan Path>,
    /// What came of comparing it with an earlier plan, where somebody named one.
    pub(crate) since: Option<&'plan Comparison>,
    /// How many assets one delete asks for at most.
    pub(crate) batch_size: usize,
    /// How many calls the plan takes at least, and how long.
    pub(crate) forecast: &'plan [RateForecast],
    /// How long a run may take, where somebody says so.
    pub(crate) time_budget: Option<Duration>,
    /// Whether a run leaves out what is mismatched, in place of being refused.
    pub(crate) skip_mismatched: bool,
    /// Whether every asset is shown on a terminal too, however many there are, and nothing is cut.
    pub(crate) full: bool,
    /// How wide the terminal is; nothing where it is none.
    pub(crate) width: Option<usize>,
    /// What ages are counted to.
    pub(crate) now: Timestamp,
}

/// Writes a plan for people.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn plan(view: &PlanView<'_>, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let (plan, totals) = (view.plan, &view.plan.totals);
    let page = Page {
        width: view.width,
        full: view.full,
        now: view.now,
        style,
    };
    match view.checked {
        Checked::Live(_) => {}
        Checked::NotChecked => page.heading(checked::NOT_CHECKED, sink)?,
    }
    if let Some(recalled) = checked::recalled(view.checked, view.now) {
        page.prose(&recalled, sink)?;
    }
    if let Some(path) = view.no_state {
        page.prose(&no_state(path), sink)?;
    }
    if let Some(report) = &plan.guards {
        guards::loosened(report, &page, sink)?;
    }
    if !plan.only.is_empty() {
        page.prose(&part(plan), sink)?;
    }
    if plan.steps.is_empty() && !plan.only.is_empty() {
        page.heading("Nothing to do: no open asset is chosen.", sink)?;
    } else {
        page.heading(&headline(plan, plan.going()), sink)?;
    }
    since::told(&since::changes(plan, view.since), &page, sink)?;

    let below = shelter::below(plan);
    let lines = below.iter().map(lines::at_a_glance).sum();
    groups(view, (page, lines), sink)?;
    holds::planned(&plan.holds, &page, sink)?;

    if totals.changes() > 0 || totals.mismatch > 0 {
        writeln!(sink)?;
        forecast::closing(
            totals,
            (view.batch_size, view.forecast),
            view.skip_mismatched,
            &page,
            sink,
        )?;
        forecast::duration(view.forecast, view.time_budget, &page, sink)?;
        forecast::whole_folders(&plan.whole_folders, view.forecast, &page, sink)?;
    }
    if !plan.unsettled.is_empty() {
        let unsettled = plan.unsettled.len();
        let assets = counted(unsettled, "asset that stays", "assets that stay");
        writeln!(
            sink,
            "An earlier delete of {assets} was not answered: a run reads them, and deletes none."
        )?;
    }
    if let Some(report) = plan.guards.as_ref().filter(|_| totals.deletes() > 0) {
        guards::unchecked(report, &page, sink)?;
    }
    let most = if page.folds() {
        Most::GLANCE
    } else {
        Most::All
    };
    for group in &below {
        lines::group(group, (most, Order::Names, style), sink)?;
    }
    checked::note(view.checked, &page, sink)
}

/// Says that a plan knows nothing of earlier runs.
pub(crate) fn no_state(path: &Path) -> String {
    let path = path.display().to_string();
    let path = escape(&path);
    format!("No state yet: `{path}` is not there, so nothing of earlier runs counts.")
}

/// Says what chooses a part of a plan, and how much it leaves out.
fn part(plan: &Plan) -> String {
    let only: Vec<String> = plan
        .only
        .iter()
        .map(|only| format!("`{}`", escape(only.said())))
        .collect();
    let rest = match plan.left_out.len() {
        0 => String::new(),
        rest => format!("; {} left out", counted(rest, "asset is", "assets are")),
    };
    format!(
        "Only {}{rest}. Holds and guards count over all.",
        only.join(", ")
    )
}

/// Writes the assets, grouped by what is to happen, and then by where they lie; so many lines are taken
/// `below` them.
fn groups(
    view: &PlanView<'_>,
    (page, below): (Page, usize),
    sink: &mut dyn Write,
) -> io::Result<()> {
    let plan = view.plan;
    let carried = plan.carried();
    let mut groups: BTreeMap<Group, Vec<Leaf<'_>>> = BTreeMap::new();
    for step in &plan.steps {
        if let Some(group) = group_of(&step.decision) {
            let leaf = Leaf {
                step,
                about: plan.about.get(&step.id),
                carried: carried.contains(&step.id),
            };
            groups.entry(group).or_default().push(leaf);
        }
    }
    let listing = Listing { plan, page };
    let (groups, trees): (Vec<Group>, Vec<Tree<'_>>) = groups
        .into_iter()
        .map(|(group, leaves)| (group, Tree::new(leaves, &|leaf| listing.said(leaf))))
        .unzip();
    let folders = trees.iter().flat_map(|tree| tree.projects.iter().flatten());
    let places = Places::new(folders.map(|folder| folder.spot));
    let shapes = if page.folds() {
        let beside = holds::lines(&plan.holds, &page) + below;
        let rows = ROWS.saturating_sub(beside).max(LEAST_ROWS);
        tree::fold(&trees, rows, &|leaf, folder| {
            listing.asset(leaf, folder, Widths::WIDEST).len()
        })
    } else {
        trees.iter().map(Shape::whole).collect()
    };
    for ((group, tree), shape) in groups.into_iter().zip(&trees).zip(&shapes) {
        let (title, why) = group.title();
        let sum = tree::sum(tree.leaves());
        let assets = tree.leaves().count();
        let mut figures = vec![count(assets)];
        if sum.files != assets {
            figures.push(rows::files(sum));
        }
        figures.extend(rows::sized(sum));
        let title = format!("{title} ({})", figures.join(" · "));
        writeln!(sink)?;
        page.prose(
            &format!("{}{why}", page.style.paint(Paint::Bold, title)),
            sink,
        )?;
        listing.write(tree, shape, &places, sink)?;
    }
    Ok(())
}

/// Says how many files go, and what they weigh: `342 files, 142 GB`.
pub(crate) fn goes(plan: &Plan) -> String {
    let going = plan.going();
    if going.files == 0 {
        return counted(plan.totals.deletes(), "asset", "assets");
    }
    let size = rows::sized(going).map_or_else(String::new, |size| format!(", {size}"));
    format!("{}{size}", rows::files(going))
}

/// Says in one line how many assets the plan concerns, and how.
fn headline(plan: &Plan, going: Sum) -> String {
    let totals = &plan.totals;
    let list = |figures: &[(usize, &str)]| words::figures(figures).join(", ");
    let changes = list(&[
        (totals.retire, "to retire"),
        (totals.retry, "to retry"),
        (totals.resolve, "to resolve"),
        (totals.covered, "covered"),
        (totals.record, "to record as gone"),
        (totals.missing, "missing"),
        (totals.unreadable, "not to be read"),
        (totals.forget, "to forget"),
    ]);
    let held = HoldFigures::of(&changes_of(&plan.holds));
    let held = holds::figures(held, ["to keep", "to release", "to drop"]).join(", ");
    let changes: Vec<String> = [changes, held]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let changes = changes.join(", ");
    let kept = list(&[
        (totals.defer, "deferred"),
        (totals.held, "held"),
        (totals.blocked, "blocked"),
        (totals.mismatch, "mismatched"),
        (totals.unread, "not read"),
        (totals.drift, "in drift"),
    ]);
    let done = list(&[
        (totals.unchanged, "unchanged"),
        (totals.history, "kept as history"),
    ]);
    let idle = changes.is_empty() && totals.mismatch + totals.unread + totals.drift == 0;
    let freed = rows::sized(going).filter(|_| going.files > 0);
    let verb = if going.files == 1 { "goes" } else { "go" };
    let freed = freed.map_or_else(String::new, |bytes| {
        format!("{} {verb}, {bytes}", rows::files(going))
    });
    let parts: Vec<String> = [freed, changes, kept, done]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    match (idle, parts.is_empty()) {
        (true, true) if !plan.left_alone.is_empty() => {
            let left = plan.left_alone.len();
            let assets = counted(left, "listed asset is", "listed assets are");
            format!("Nothing to do: {assets} left alone.")
        }
        (true, true) => "Nothing to do: no asset is listed.".to_owned(),
        (true, false) => format!("Nothing to do: {}.", parts.join(", ")),
        (false, _) => format!("Plan: {}", parts.join(" · ")),
    }
}
