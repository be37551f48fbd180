//! The holds that count, and what a run changes of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::event::{Released, Subject};
use crate::plan::Plan;
use crate::plan::decide::{Decision, Why};
use crate::plan::holds::{HoldChange, PlannedHold};
use crate::render::escape::escape;
use crate::render::model::{Group, Line, Rows};
use crate::render::names::Foreign;
use crate::render::report::HoldFigures;
use crate::render::{count, counted, moment};
use crate::state::KeptHold;

/// The holds of a plan; what is lifted comes first, then what no line says any more, then what is new.
pub(super) fn planned(holds: &[PlannedHold]) -> Option<Group<'_>> {
    group(holds, |_| false)
}

/// The same beside what says which assets are held, and why: a hold that says no more has no row.
pub(super) fn beside_held(plan: &Plan) -> Option<Group<'_>> {
    group(&plan.holds, |hold| is_told(plan, hold))
}

/// Whether an asset stands among those that are held with all that its hold says.
fn is_told(plan: &Plan, hold: &PlannedHold) -> bool {
    let Subject::Asset(id) = hold.held else {
        return false;
    };
    let is_held = plan.step(id).is_some_and(|step| {
        matches!(
            &step.decision,
            Decision::Held { why: Why::Hold(reason), until, path: None }
                if (reason, *until) == (&hold.reason, hold.until)
        )
    });
    let is_plain = match (&hold.change, hold.run) {
        (None, _) | (Some(HoldChange::Kept), None) => true,
        (Some(HoldChange::Kept | HoldChange::Released { .. } | HoldChange::Ended), _) => false,
    };
    is_held && is_plain && hold.at.is_some() && hold.said.is_none()
}

fn group(holds: &[PlannedHold], is_told: impl Fn(&PlannedHold) -> bool) -> Option<Group<'_>> {
    let all = holds.len();
    let holds = holds.iter().filter(|hold| !is_told(hold));
    let (lifted, rest): (Vec<_>, Vec<_>) = holds.partition(|hold| !hold.is_in_force());
    let (alone, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|hold| hold.at.is_none());
    let (new, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|hold| hold.change.is_some());
    let shown = lifted.into_iter().chain(alone).chain(new).chain(rest);
    let shown: Vec<&PlannedHold> = shown.collect();
    let title = Line::strong(format!("Holds ({})", count(all)));
    let title = match all - shown.len() {
        0 => title,
        told => title.and(format!(", {} of them on what is held", count(told))),
    };
    let rows = Rows::holds(shown.len(), move |at| {
        let hold = shown[at];
        // Why it is lifted, or how that is done, is read to its end.
        let is_read = !hold.is_in_force() || hold.at.is_none();
        (is_read, line(hold))
    });
    (rows.len() > 0).then(|| Group::below(title, rows, "more; `--full` shows all"))
}

fn line(hold: &PlannedHold) -> Line {
    let PlannedHold {
        held,
        name,
        reason,
        until,
        said,
        at,
        run,
        change,
    } = hold;
    let what = Line::foreign(subject(*held, name.as_ref()));
    let why = held_until(reason, *until);
    let since = run.map(|run| Line::words(format!("kept since run {run}")));
    let placed = |at: &Arc<str>| Line::foreign(Foreign::new(&**at).without_file());
    let at = at.as_ref().map(|at| match said {
        Some(said) => placed(at).and(format!(" says until {}", moment(*said))),
        None => placed(at),
    });
    let said = match change {
        // Whoever took the line out may think that it lifts the hold.
        None if at.is_none() => {
            let gone = "no manifest holds it any more; `releases:` lifts it";
            [Some(why), since, Some(Line::words(gone))]
        }
        None => [Some(why), at, since],
        Some(HoldChange::Kept) => {
            let kept = match run {
                None => "a run keeps it".to_owned(),
                Some(run) => format!("other than in run {run}"),
            };
            [Some(why), at, Some(Line::words(kept))]
        }
        Some(HoldChange::Released {
            reason: release,
            ticket,
            at,
        }) => {
            let released = with_ticket(release, ticket.as_ref());
            let released = Line::words("released: ").and_foreign(released);
            let was = Line::words("was ").and_line(why);
            [Some(released), Some(placed(at)), Some(was)]
        }
        Some(HoldChange::Ended) => {
            let at = until.map(moment).unwrap_or_default();
            let ended = Line::words(format!("ended at {at}: ")).and_foreign(&**reason);
            [Some(ended), None, None]
        }
    };
    let said = Line::joined(said.into_iter().flatten(), " · ");
    what.and("  ").and_line(said)
}

/// What a plan lifts, for whoever shows findings: the line that lifts it, what is held, and why.
pub(super) fn lifted(plan: &Plan) -> impl Iterator<Item = (Option<&Arc<str>>, Foreign, Line)> {
    let lifted = plan.holds.iter().filter(|hold| !hold.is_in_force());
    lifted.map(|hold| {
        let at = match &hold.change {
            Some(HoldChange::Released { at, .. }) => Some(at),
            Some(HoldChange::Kept | HoldChange::Ended) | None => hold.at.as_ref(),
        };
        (at, subject(hold.held, hold.name.as_ref()), line(hold))
    })
}

/// Says what a run has released, and why.
pub(super) fn released(released: &Released) -> Line {
    let Released {
        held,
        reason,
        ticket,
    } = released;
    let why = with_ticket(reason, ticket.as_ref());
    let what = Line::words("released ").and_foreign(subject(*held, None));
    what.and(": ").and_foreign(why)
}

/// A reason, and the ticket under which that was decided.
fn with_ticket(reason: &str, ticket: Option<&Arc<str>>) -> String {
    let ticket = ticket.map(|ticket| format!(" ({})", escape(ticket)));
    format!("{}{}", escape(reason), ticket.unwrap_or_default())
}

/// What is held, by its name where that is known, and its id.
fn subject(held: Subject, name: Option<&Arc<str>>) -> Foreign {
    let (project, id) = match held {
        Subject::Asset(id) => ("", id),
        Subject::Project(id) => ("project ", id),
    };
    let own = Foreign::own(id.to_string());
    let called = name.map_or(own, |name| {
        let called = Foreign::new(format!("{}  {id}", escape(name)));
        match held {
            Subject::Asset(_) => called.or(id.to_string()),
            Subject::Project(_) => called.without_file().or_off(id.to_string()),
        }
    });
    called.behind(project)
}

/// Why something is held, and up to when.
fn held_until(reason: &str, until: Option<Timestamp>) -> Line {
    let until = until.map(|until| format!(" until {}", moment(until)));
    Line::words(format!("held{}: ", until.unwrap_or_default())).and_foreign(reason)
}

/// Says why something is held that a state keeps a hold of.
pub(super) fn kept(hold: &KeptHold) -> Line {
    let KeptHold {
        reason,
        until,
        run,
        at: _,
    } = hold;
    held_until(reason, *until).and(format!(" · since run {run}"))
}

/// The holds that a state keeps.
pub(super) fn of_state(holds: &BTreeMap<Subject, KeptHold>) -> Option<Group<'_>> {
    let all: Vec<(&Subject, &KeptHold)> = holds.iter().collect();
    let title = Line::strong(format!("Holds ({})", count(all.len())));
    let rows = Rows::lines(all.len(), move |at| {
        let (subject, hold) = all[at];
        let line = Line::foreign(self::subject(*subject, None));
        line.and("  ").and_line(kept(hold))
    });
    (rows.len() > 0).then(|| Group::below(title, rows, "more"))
}

/// Says in figures what a plan or a run changes of the holds.
pub(super) fn figures(changed: HoldFigures, [kept, released, ended]: [&str; 3]) -> Vec<String> {
    let figures = [
        (changed.kept, kept),
        (changed.released, released),
        (changed.ended, ended),
    ];
    figures
        .into_iter()
        .filter(|(figure, _)| *figure > 0)
        .map(|(figure, word)| format!("{} {word}", counted(figure, "hold", "holds")))
        .collect()
}
