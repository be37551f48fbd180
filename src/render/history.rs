//! The runs of a state for people: who changed it, when, and from what.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;

use crate::render::escape::escape;
use crate::render::model::state::{by_hand, figures};
use crate::render::{Paint, Style, count, holds, moment, restorable, size};
use crate::state::{Counts, Deleted, RunRecord, State};

/// How many characters of a commit or a plan's id are shown.
const SHORT: usize = 12;

/// How many characters of a name are shown; the document for programs has all of it.
const LONGEST: usize = 24;

/// How an id begins that is a digest.
const DIGEST: &str = "sha256:";

/// The names of the columns.
const HEAD: [&str; 6] = ["run", "at", "by", "commit", "plan", "its records"];

/// How many runs are named where there is none of a number.
const NAMED: usize = 10;

/// Says which runs there are.
pub(crate) fn named(runs: &[u64]) -> String {
    let all: Vec<String> = runs.iter().map(u64::to_string).collect();
    match &*all {
        [] => "no run has changed it yet".to_owned(),
        [one] => format!("it has run {one} alone"),
        [first @ .., last] if all.len() <= NAMED => {
            format!("it has the runs {} and {last}", first.join(", "))
        }
        many => {
            let (count, last) = (count(many.len()), many[many.len() - NAMED..].join(", "));
            format!("it has {count} runs, the last of them {last}")
        }
    }
}

/// Writes a table of the runs, newest first; `now` says for how long each can be taken back.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn history(
    state: &State,
    now: Timestamp,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    if state.runs.is_empty() {
        return writeln!(sink, "No run has changed this state yet.");
    }
    let (counts, restorable) = (state.counts_by_run(), state.restorable());
    let restored = state.restored_since();
    let rows: Vec<[String; 6]> = state
        .runs
        .iter()
        .rev()
        .map(|(number, run)| {
            let counts = counts.get(number).copied();
            let restored = restored.get(number);
            row(*number, run, (counts.unwrap_or_default(), restored))
        })
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.fold(HEAD[column].len(), usize::max)
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let head = laid_out(&HEAD.map(str::to_owned), &widths);
    writeln!(sink, "{}", style.paint(Paint::Dim, head))?;
    for (row, (number, run)) in rows.iter().zip(state.runs.iter().rev()) {
        writeln!(sink, "{}", laid_out(row, &widths))?;
        if let Some(ci) = &run.provenance.ci {
            let indent = widths[0] + 2;
            let line = format!("{:indent$}{}", "", escape(ci));
            writeln!(sink, "{}", style.paint(Paint::Dim, line))?;
        }
        if let Some(restorable) = restorable.get(number) {
            let indent = widths[0] + 2;
            let line = restorable::line(*restorable, now, style);
            writeln!(sink, "{:indent$}{line}", "")?;
        }
        for released in &run.released {
            let indent = widths[0] + 2;
            writeln!(sink, "{:indent$}{}", "", holds::released(released).text())?;
        }
    }
    Ok(())
}

fn row(
    number: u64,
    run: &RunRecord,
    ((counts, deleted), restored): ((Counts, Deleted), Option<&BTreeMap<u64, usize>>),
) -> [String; 6] {
    let from = &run.provenance;
    let mut records: Vec<String> = run
        .change
        .iter()
        .map(|change| by_hand(change).text())
        .collect();
    let stand = told((counts, deleted));
    let came = run.came.map(|came| told((came.counts, came.deleted())));
    let came = came.filter(|came| !came.is_empty() && *came != stand);
    let restored = restored.into_iter().flatten();
    let restored =
        restored.map(|(by, number)| format!("{} deleted and restored by run {by}", count(*number)));
    let mut now: Vec<String> = stand.into_iter().chain(restored).collect();
    if let Some(mut came) = came {
        if let Some(last) = came.last_mut() {
            let none = "none of these";
            let first = now.first_mut().map_or(none.to_owned(), std::mem::take);
            *last = format!("{last}; now {first}");
        }
        records.extend(came);
        now = now.into_iter().skip(1).collect();
    }
    records.extend(now);
    if records.is_empty() {
        records.push("-".to_owned());
    }
    let short = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or("-");
        let text = text.strip_prefix(DIGEST).unwrap_or(text);
        escape(&text.chars().take(SHORT).collect::<String>()).into_owned()
    };
    [
        number.to_string(),
        moment(run.at),
        who(from.actor.as_deref().unwrap_or("-")),
        short(&from.commit),
        short(&from.plan),
        records.join(", "),
    ]
}

/// How many assets came to what, and how much was deleted.
fn told((counts, deleted): (Counts, Deleted)) -> Vec<String> {
    let figures = Some(figures(counts)).filter(|words| !words.is_empty());
    let size = size::deleted(deleted).map(|size| format!("{size} deleted"));
    figures.into_iter().chain(size).collect()
}

/// Who it was, in few columns: of an address what stands before the `@`.
fn who(actor: &str) -> String {
    let name = actor.split_once('@').map_or(actor, |(name, _)| name);
    let name = escape(name);
    if name.chars().count() <= LONGEST {
        return name.into_owned();
    }
    let kept = name.chars().take(LONGEST - 1);
    kept.chain(['…']).collect()
}

/// Puts cells under each other: the numbers to the right, the rest to the left.
fn laid_out(row: &[String; 6], widths: &[usize; 5]) -> String {
    let [number, at, by, commit, plan, records] = row;
    let [numbers, ats, bys, commits, plans] = *widths;
    format!("{number:>numbers$}  {at:ats$}  {by:bys$}  {commit:commits$}  {plan:plans$}  {records}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runs_that_there_are_are_named_and_of_many_the_last() {
        for (runs, said) in [
            (0, "no run has changed it yet"),
            (1, "it has run 1 alone"),
            (2, "it has the runs 1 and 2"),
            (10, "it has the runs 1, 2, 3, 4, 5, 6, 7, 8, 9 and 10"),
            (
                1_204,
                "it has 1,204 runs, the last of them 1195, 1196, 1197, 1198, 1199, 1200, 1201, 1202, 1203, 1204",
            ),
        ] {
            assert_eq!(named(&(1..=runs).collect::<Vec<_>>()), said);
        }
    }
}
