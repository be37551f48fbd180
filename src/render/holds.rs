//! The holds that count, and what a run changes of them.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;

use crate::event::{Released, Subject};
use crate::plan::holds::{HoldChange, PlannedHold};
use crate::render::escape::escape;
use crate::render::model::{Group, Line, Rows};
use crate::render::names::Foreign;
use crate::render::report::HoldFigures;
use crate::render::rows::Page;
use crate::render::{count, counted, moment, words};
use crate::state::KeptHold;

/// How many a terminal shows: the plan around them is to be seen at once.
const SEEN_AT_ONCE: usize = 3;

/// Writes the holds of a plan, a line each; what changes comes first, then what no line says any more.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(super) fn planned(holds: &[PlannedHold], page: &Page, sink: &mut dyn Write) -> io::Result<()> {
    if holds.is_empty() {
        return Ok(());
    }
    writeln!(sink)?;
    page.heading(&format!("Holds ({})", count(holds.len())), sink)?;
    let (changed, rest): (Vec<_>, Vec<_>) = holds.iter().partition(|hold| hold.change.is_some());
    let (alone, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|hold| hold.at.is_none());
    let shown = shown(holds, page);
    for hold in changed.into_iter().chain(alone).chain(rest).take(shown) {
        let text = format!("  {}", line(hold));
        if hold.is_in_force() && hold.at.is_some() {
            writeln!(sink, "{}", page.cut(&text, 0))?;
        } else {
            // Why it is lifted, or how that is done, is read to its end.
            page.prose(&text, sink)?;
        }
    }
    words::fold(
        2,
        holds.len() - shown,
        "more; `--full` shows all",
        page.style,
        sink,
    )
}

/// How many holds are shown.
fn shown(holds: &[PlannedHold], page: &Page) -> usize {
    if page.folds() {
        holds.len().min(SEEN_AT_ONCE)
    } else {
        holds.len()
    }
}

/// How many lines the holds of a plan take.
pub(super) fn lines(holds: &[PlannedHold], page: &Page) -> usize {
    match shown(holds, page) {
        0 => 0,
        // A blank one, the title, and one that says how many more there are.
        shown => 2 + shown + usize::from(shown < holds.len()),
    }
}

fn line(hold: &PlannedHold) -> String {
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
    let what = subject(*held, name.as_ref());
    let why = held_until(reason, *until);
    let since = run.map(|run| format!("kept since run {run}"));
    let at = at.as_ref().map(|at| match said {
        Some(said) => format!("{} says until {}", escape(at), moment(*said)),
        None => escape(at).into_owned(),
    });
    let said: Vec<String> = match change {
        // Whoever took the line out may think that it lifts the hold.
        None if at.is_none() => {
            let gone = "no manifest holds it any more; `releases:` lifts it".to_owned();
            [Some(why), since, Some(gone)]
                .into_iter()
                .flatten()
                .collect()
        }
        None => [Some(why), at, since].into_iter().flatten().collect(),
        Some(HoldChange::Kept) => {
            let kept = match run {
                None => "a run keeps it".to_owned(),
                Some(run) => format!("other than in run {run}"),
            };
            [Some(why), at, Some(kept)].into_iter().flatten().collect()
        }
        Some(HoldChange::Released {
            reason: release,
            ticket,
            at,
        }) => {
            let released = format!("released: {}", with_ticket(release, ticket.as_ref()));
            let was = format!("was {why}");
            vec![released, escape(at).into_owned(), was]
        }
        Some(HoldChange::Ended) => {
            let at = until.map(moment).unwrap_or_default();
            vec![format!("ended at {at}: {}", escape(reason))]
        }
    };
    format!("{what}  {}", said.join(" · "))
}

/// Says what was released, and why.
pub(super) fn released(released: &Released) -> String {
    let Released {
        held,
        reason,
        ticket,
    } = released;
    let why = with_ticket(reason, ticket.as_ref());
    format!("released {}: {why}", subject(*held, None))
}

/// A reason, and the ticket under which that was decided.
fn with_ticket(reason: &str, ticket: Option<&Arc<str>>) -> String {
    let ticket = ticket.map(|ticket| format!(" ({})", escape(ticket)));
    format!("{}{}", escape(reason), ticket.unwrap_or_default())
}

/// What is held, by its name where that is known, and its id.
fn subject(held: Subject, name: Option<&Arc<str>>) -> String {
    let project = match held {
        Subject::Asset(_) => "",
        Subject::Project(_) => "project ",
    };
    let name = name.map(|name| format!("{}  ", escape(name)));
    format!("{project}{}{}", name.unwrap_or_default(), held.id())
}

/// Why something is held, and up to when.
fn held_until(reason: &str, until: Option<Timestamp>) -> String {
    let until = until.map(|until| format!(" until {}", moment(until)));
    format!("held{}: {}", until.unwrap_or_default(), escape(reason))
}

/// Says why something is held that a state keeps a hold of.
pub(super) fn kept(hold: &KeptHold) -> Line {
    let KeptHold {
        reason,
        until,
        run,
        at: _,
    } = hold;
    let until = until.map(|until| format!(" until {}", moment(until)));
    let line = Line::words(format!("held{}: ", until.unwrap_or_default()));
    let line = line.and_foreign(&**reason);
    line.and(format!(" · since run {run}"))
}

/// The holds that a state keeps.
pub(super) fn of_state(holds: &BTreeMap<Subject, KeptHold>) -> Option<Group<'_>> {
    let all: Vec<(&Subject, &KeptHold)> = holds.iter().collect();
    let title = Line::strong(format!("Holds ({})", count(all.len())));
    let rows = Rows::lines(all.len(), move |at| {
        let (subject, hold) = all[at];
        let project = match subject {
            Subject::Asset(_) => "",
            Subject::Project(_) => "project ",
        };
        let line = Line::default().and(project);
        let line = line.and_foreign(Foreign::own(subject.id().to_string()));
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
