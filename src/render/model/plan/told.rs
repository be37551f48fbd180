//! What is said of a plan wherever it is shown, in the order in which a terminal shows it: reports say
//! more, and set it out otherwise.

use std::path::Path;

use crate::manifest::document::Guard;
use crate::plan::about::Sum;
use crate::plan::figure::{Found, Loosened, Report as Guards};
use crate::plan::guard::default_of;
use crate::plan::holds::changes as changes_of;
use crate::plan::{Checked, Plan};
use crate::render::model::plan::aside::Waiting;
use crate::render::model::plan::forecast::forecast;
use crate::render::model::plan::view::PlanView;
use crate::render::model::{Block, Change, Group, Line};
use crate::render::names::Foreign;
use crate::render::report::HoldFigures;
use crate::render::{
    Paint, checked, count, counted, either, holds, moment, rows, shelter, since, withheld, words,
};

/// What is said of a plan wherever it is shown, but for its assets.
pub(crate) struct Told<'plan> {
    /// What it is worth, in sentences.
    pub(crate) worth: Vec<Line>,
    /// Which guards are looser than usual: what counts stands first.
    pub(crate) loosened: Vec<Line>,
    /// What guards have counted that is beyond their usual limits, and passes since these are looser.
    pub(crate) beyond: Vec<Line>,
    /// What does not count as it may have been meant.
    pub(crate) notes: Vec<Line>,
    /// What chooses a part of it.
    pub(crate) part: Option<Line>,
    /// How many assets it concerns, and how.
    pub(crate) headline: Line,
    /// What is new since an earlier plan, or why nobody says it.
    pub(crate) changes: Vec<Change>,
    pub(crate) holds: Option<Group<'plan>>,
    /// What a run of it would send, and how long that takes.
    pub(crate) forecast: Option<Vec<Block>>,
    /// Of how many assets that stay an earlier delete was not answered.
    pub(crate) unsettled: Option<Line>,
    /// What to do about what was taken back and is still listed.
    pub(crate) taken_back: Option<Line>,
    /// What the guards did not check, since nobody has read it.
    pub(crate) unchecked: Option<Line>,
    /// What is said of single assets.
    pub(crate) single: Vec<Group<'plan>>,
    /// What it was checked against.
    pub(crate) against: Line,
}

/// Says it.
pub(crate) fn told<'plan>(view: &PlanView<'plan>) -> Told<'plan> {
    let plan = view.plan;
    let worth = [
        checked::recalled(view.checked, view.now).map(Line::words),
        view.no_state.map(no_state),
    ];
    let guards = plan.guards.as_deref();
    let of_guards = guards.into_iter();
    let loosened = of_guards.clone().flat_map(|guards| &guards.loosened);
    let notes = of_guards.flat_map(|guards| &guards.notes);
    let notes = notes.map(|note| {
        let line = Line::default().and_strong(Paint::Yellow, "note:");
        line.and(" ").and_line(withheld::note(note).line())
    });
    let deletes = guards.filter(|_| plan.totals.deletes() > 0);
    Told {
        worth: worth.into_iter().flatten().collect(),
        loosened: loosened.map(self::loosened).collect(),
        beyond: guards.into_iter().flat_map(beyond).collect(),
        notes: notes.collect(),
        part: (!plan.only.is_empty()).then(|| part(plan)),
        headline: Line::words(if plan.steps.is_empty() && !plan.only.is_empty() {
            "Nothing to do: no open asset is chosen.".to_owned()
        } else {
            headline(plan, plan.going())
        }),
        changes: since::changes(plan, view.since),
        holds: holds::planned(&plan.holds),
        forecast: forecast(view),
        unsettled: unsettled(plan),
        taken_back: taken_back(plan.totals.taken_back),
        unchecked: deletes.and_then(unchecked),
        single: shelter::below(plan),
        against: match view.checked {
            Checked::Live(check) => withheld::sentence(check).line(),
            Checked::NotChecked => Line::default().and_strong(Paint::Yellow, "warning:").and(
                " not checked: token, account and assets may be others, no pin was compared, and a listed folder may contain something held; `retire apply` does not take this plan",
            ),
        },
    }
}

/// Says that a plan knows nothing of earlier runs.
pub(crate) fn no_state(path: &Path) -> Line {
    let path = Foreign::new(path.display().to_string()).without_file();
    let line = Line::words("No state yet: ").and_quoted(path);
    line.and(" is not there, so nothing of earlier runs counts.")
}

/// Says what chooses a part of a plan, and how much it leaves out.
fn part(plan: &Plan) -> Line {
    let only = plan.only.iter();
    let only = only.map(|only| Line::default().and_quoted(only.said()));
    let rest = match plan.left_out.len() {
        0 => String::new(),
        rest => format!("; {} left out", counted(rest, "asset is", "assets are")),
    };
    let line = Line::words("Only ").and_line(Line::joined(only, ", "));
    line.and(format!("{rest}. Holds and guards count over all."))
}

/// Says which guard is looser than usual, until when and why, and where that is set.
pub(crate) fn loosened(loosened: &Loosened) -> Line {
    let line = Line::default().and_strong(Paint::Yellow, "loosened:");
    let mut line = line.and(format!(" {}", loosened.limit()));
    if let Some(project) = &loosened.project {
        line = line.and(" in ");
        line = line.and_quoted(Foreign::new(&**project).without_file());
    }
    if let Some(until) = loosened.until {
        line = line.and(format!(" until {}", moment(until)));
    }
    if let Some(reason) = &loosened.reason {
        line = line.and(": ").and_foreign(&**reason);
    }
    let place = withheld::set_at(&loosened.set_at);
    line.and(" (").and_line(place).and(")")
}

/// Says what passes since a guard is looser than usual, with the limit that it has else.
fn beyond(guards: &Guards) -> impl Iterator<Item = Line> {
    let figures = guards.figures.iter();
    figures.filter_map(|figure| {
        let default = default_of(figure.guard);
        let said = withheld::figure(figure).line();
        let default_in_words = figure.in_its_unit(default);
        figure
            .passes_beyond(default)
            .then(|| said.and(format!("; the default is {default_in_words}")))
    })
}

/// Says of how many assets that stay an earlier delete was not answered.
fn unsettled(plan: &Plan) -> Option<Line> {
    let unsettled = plan.unsettled.len();
    let assets = counted(unsettled, "asset that stays", "assets that stay");
    let words = format!(
        "An earlier delete of {assets} was not answered: a run reads {}.",
        either(
            unsettled,
            "it, and does not delete it",
            "them, and deletes none"
        )
    );
    (unsettled > 0).then(|| Line::words(words))
}

/// Says what to do about what was restored, or taken out of a staging folder, and is still listed.
fn taken_back(number: usize) -> Option<Line> {
    let assets = counted(number, "listed asset was", "listed assets were");
    let words = format!(
        "{assets} taken back, and {}: take {} out of the manifest, or say `again: true` there to delete {} again.",
        either(number, "stays", "stay"),
        either(number, "its entry", "their entries"),
        either(number, "it", "them"),
    );
    (number > 0).then(|| Line::words(words))
}

/// Says what the guards did not check, since nobody has read it.
fn unchecked(report: &Guards) -> Option<Line> {
    let of_all = report.figures.iter();
    let of_all = of_all.filter(|figure| figure.project.is_none() && figure.unread > 0);
    let most = of_all.clone().map(|figure| figure.unread).max();
    let names: Vec<String> = of_all.map(|figure| quoted(figure.guard)).collect();
    let unread = most.map(|most| {
        let assets = counted(most, "asset that was not read", "assets that were not read");
        format!("{} for {assets}", names.join(", "))
    });
    let mut of_projects = report.figures.iter();
    let share = of_projects
        .any(|figure| figure.guard == Guard::MaxPercent && figure.found == Found::Unchecked);
    let share = share.then(|| format!("{} at all", quoted(Guard::MaxPercent)));
    let all: Vec<String> = unread.into_iter().chain(share).collect();
    let words = format!("Not checked with v2: {}.", all.join("; "));
    (!all.is_empty()).then(|| Line::words(words))
}

fn quoted(guard: Guard) -> String {
    format!("`{}`", guard.name())
}

/// Says in one line how many assets the plan concerns, and how.
fn headline(plan: &Plan, going: Sum) -> String {
    let totals = &plan.totals;
    let list = |figures: &[(usize, &str)]| words::figures(figures).join(", ");
    // What is held or waits for its date may go back as well; what only manifests say is not known
    // to be anywhere.
    let back = match (plan.moves.back, plan.moves.home) {
        (0, 0) => totals.unstage,
        (back, _) => back,
    };
    let changes = list(&[
        (totals.retire, "to retire"),
        (totals.retry, "to retry"),
        (totals.resolve, "to resolve"),
        (totals.covered, "covered"),
        (totals.record, "to record as gone"),
        (totals.missing, "missing"),
        (totals.unreadable, "not to be read"),
        (back, "to move back"),
        (plan.moves.home, "back already"),
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
        (totals.rescued, "rescued"),
        (totals.drift, "in drift"),
        (totals.staged, "staged"),
    ]);
    let done = list(&[
        (
            totals.unchanged.saturating_sub(totals.taken_back),
            "unchanged",
        ),
        (totals.taken_back, "taken back and still listed"),
        (totals.history, "kept as history"),
    ]);
    let idle =
        changes.is_empty() && totals.mismatch + totals.unread + totals.drift + totals.rescued == 0;
    let freed = rows::sized(going).filter(|_| going.files > 0);
    let verb = match Waiting::of(plan) {
        Waiting::None => either(going.files, "goes", "go").to_owned(),
        Waiting::Some { files, .. } => {
            let goes = either(going.files, "goes", "go");
            format!("{goes}, {} of them aside", count(files))
        }
        Waiting::All { .. } => either(going.files, "moves aside", "move aside").to_owned(),
    };
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
