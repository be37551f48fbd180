//! The runs of a state for people: who changed it, when, and from what.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;

use crate::render::escape::escape;
use crate::render::model::state::{by_hand, figures};
use crate::render::{Paint, Style, count, counted, holds, moment, restorable, size};
use crate::state::{Counts, Deleted, RunRecord, State};

/// How many characters of a commit or a plan's id are shown.
const SHORT: usize = 12;

/// How many characters of a name are shown; the document for programs has all of it.
const LONGEST: usize = 24;

/// How an id begins that is a digest.
const DIGEST: &str = "sha256:";

/// The names of the columns.
const HEAD: [&str; 6] = ["run", "at", "by", "commit", "plan", "its records"];

/// How many projects of a run are named.
const PLACES: usize = 3;

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

/// Writes a table of the runs, newest first; `now` says for how long each can be taken back, and `words`
/// what the command that does needs besides the run.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn history(
    state: &State,
    (words, now): (&str, Timestamp),
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    if state.runs.is_empty() {
        return writeln!(sink, "No run has changed this state yet.");
    }
    let (counts, restorable) = (state.counts_by_run(), state.restorable());
    let back = [true, false].map(|seen| state.restored_since(seen));
    let places = places(state);
    let rows: Vec<[String; 6]> = state
        .runs
        .iter()
        .rev()
        .map(|(number, run)| {
            let counts = counts.get(number).copied();
            let back = Back::of(*number, &back);
            row(*number, run, (counts.unwrap_or_default(), &back))
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
        let indent = widths[0] + 2;
        if let Some(places) = places.get(number) {
            writeln!(sink, "{:indent$}{}", "", named_places(places))?;
        }
        if let Some(ci) = &run.provenance.ci {
            let line = format!("{:indent$}{}", "", escape(ci));
            writeln!(sink, "{}", style.paint(Paint::Dim, line))?;
        }
        if let Some(restorable) = restorable.get(number) {
            let line = restorable::line((*number, *restorable), (words, now), style);
            writeln!(sink, "{:indent$}{line}", "")?;
        }
        if counts
            .get(number)
            .is_some_and(|(counts, _)| counts.staged > 0)
        {
            let words = escape(words);
            let due = due(state, *number);
            let due = due.map_or_else(String::new, |due| {
                format!("deleted from {} on; ", moment(due))
            });
            let line =
                format!("{due}`retire state unstage run:{number}{words}` moves back what waits");
            writeln!(sink, "{:indent$}{}", "", style.paint(Paint::Dim, line))?;
        }
        for released in &run.released {
            writeln!(sink, "{:indent$}{}", "", holds::released(released).text())?;
        }
    }
    Ok(())
}

/// From when on the first of what a run moved aside is deleted.
fn due(state: &State, run: u64) -> Option<Timestamp> {
    let own = state.assets.values().filter(|record| record.run == run);
    let asides = own.filter_map(|record| record.status.aside());
    asides.map(|aside| aside.due).min()
}

/// What was restored since.
struct Back {
    /// Of what a run deleted, by the run that restored it.
    seen: BTreeMap<u64, usize>,
    /// The same of what nobody has seen back yet.
    asked: BTreeMap<u64, usize>,
    /// How many of those that a run asked for itself are not seen back.
    unseen: usize,
}

impl Back {
    fn of(run: u64, [seen, asked]: &[BTreeMap<u64, BTreeMap<u64, usize>>; 2]) -> Self {
        let own = |all: &BTreeMap<u64, _>| all.get(&run).cloned().unwrap_or_default();
        let by_it = asked.values().filter_map(|by| by.get(&run));
        Self {
            seen: own(seen),
            asked: own(asked),
            unseen: by_it.sum(),
        }
    }
}

fn row(
    number: u64,
    run: &RunRecord,
    ((counts, deleted), back): ((Counts, Deleted), &Back),
) -> [String; 6] {
    let from = &run.provenance;
    let mut records: Vec<String> = run
        .change
        .iter()
        .map(|change| by_hand(change).text())
        .collect();
    let mut stand = told((counts, deleted));
    let came = run.came.map(|came| told((came.counts, came.deleted())));
    let came = came.filter(|came| !came.is_empty() && *came != stand);
    if back.unseen > 0 {
        stand.push(format!("{} of these not seen back", count(back.unseen)));
    }
    let seen = back.seen.iter();
    stand.extend(seen.map(|(by, number)| format!("{} restored by run {by}", count(*number))));
    let asked = back.asked.iter();
    stand.extend(asked.map(|(by, number)| {
        let number = count(*number);
        format!("{number} asked for by run {by} and not seen back")
    }));
    match came {
        Some(came) if stand.is_empty() => {
            let came = came.join(", ");
            records.push(format!("{came}; later runs have recorded these anew"));
        }
        Some(came) => records.push(format!("{}; now {}", came.join(", "), stand.join(", "))),
        None => records.extend(stand),
    }
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

/// In which projects that lies or lay which each run has recorded or deleted, and how much of it.
fn places(state: &State) -> BTreeMap<u64, BTreeMap<Arc<str>, usize>> {
    let mut places: BTreeMap<u64, BTreeMap<Arc<str>, usize>> = BTreeMap::new();
    for (id, record) in &state.assets {
        let known = state.catalogue.get(*id);
        let location = known.and_then(|known| known.location);
        let Some(project) = location.and_then(|location| location.project.clone()) else {
            continue;
        };
        let deleted = record.deleted().map(|deleted| deleted.run);
        let runs: BTreeSet<u64> = deleted.into_iter().chain([record.run]).collect();
        for run in runs {
            let all = places.entry(run).or_default();
            *all.entry(Arc::clone(&project)).or_default() += 1;
        }
    }
    places
}

/// Names the projects with most of it.
fn named_places(places: &BTreeMap<Arc<str>, usize>) -> String {
    let mut all: Vec<(&Arc<str>, &usize)> = places.iter().collect();
    all.sort_by_key(|(project, number)| (Reverse(**number), Arc::clone(project)));
    let named = all.iter().take(PLACES).map(|(project, number)| {
        let assets = counted(**number, "asset", "assets");
        format!("{}: {assets}", escape(project))
    });
    let mut named: Vec<String> = named.collect();
    if all.len() > PLACES {
        let more = counted(all.len() - PLACES, "project", "projects");
        named.push(format!("{more} more"));
    }
    named.join(", ")
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
