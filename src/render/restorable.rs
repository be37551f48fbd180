//! Up to when what a run has deleted can be taken back, in words.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::render::escape::escape;
use crate::render::{Paint, Style, counted, either, moment};
use crate::state::{Restorable, State};

/// How long before the end people are warned of it.
const SOON: SignedDuration = SignedDuration::from_hours(3 * 24);

/// How something stands of which the end is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// All of it can be taken back for long.
    Whole(Timestamp),
    /// The same, and not for much longer.
    Soon(Timestamp),
    /// What was deleted first cannot be taken back any more.
    Part(Timestamp),
    Over(Timestamp),
}

impl Left {
    fn new([all, last]: [Timestamp; 2], now: Timestamp) -> Self {
        if last <= now {
            Self::Over(last)
        } else if all <= now {
            Self::Part(last)
        } else if all.duration_since(now) <= SOON {
            Self::Soon(all)
        } else {
            Self::Whole(all)
        }
    }

    fn words(self, now: Timestamp) -> String {
        match self {
            Self::Whole(at) => format!("restorable until {}", moment(at)),
            Self::Soon(at) => format!(
                "restorable for {} more, until {}",
                time_to(at, now),
                moment(at)
            ),
            Self::Part(at) => format!(
                "restorable in part only, for {} more, until {}",
                time_to(at, now),
                moment(at)
            ),
            Self::Over(at) => {
                format!(
                    "no longer restorable: its 30 days were over at {}",
                    moment(at)
                )
            }
        }
    }
}

/// What is said where no probe has shown what a restore rests on: whoever needs one is in a hurry.
pub(crate) const PROBE_FIRST: &str = "`retire restore` and `retire state unstage` ask for what `retire probe --project ID` finds in an empty project, or for `--unproven`: make the probe before you need it.";

/// Says which runs have restored since what a run deleted, and where that is listed.
pub(crate) fn restored_since(run: u64, by_run: &BTreeMap<u64, usize>) -> Vec<String> {
    let said = by_run.iter().map(|(by, number)| {
        let assets = counted(*number, "asset", "assets");
        let were = either(*number, "was", "were");
        let them = either(*number, "it", "them");
        format!(
            "{assets} that run {run} deleted {were} restored by run {by}; `retire state list --run {by}` lists {them}"
        )
    });
    said.collect()
}

/// How long it is to a moment, in days or in what people still reckon with.
fn time_to(at: Timestamp, now: Timestamp) -> String {
    let left = at.duration_since(now);
    let (number, [one, many]) = match left.as_hours() {
        48.. => (left.as_hours() / 24, ["day", "days"]),
        2.. => (left.as_hours(), ["hour", "hours"]),
        _ => (left.as_mins().max(1), ["minute", "minutes"]),
    };
    counted(usize::try_from(number).unwrap_or_default(), one, many)
}

/// Says up to when a run can be taken back.
pub(super) fn line(
    (run, restorable): (u64, Restorable),
    (words, now): (&str, Timestamp),
    style: Style,
) -> String {
    let Restorable { until, undated } = restorable;
    let command = format!("`retire restore run:{run}{}` takes it back", escape(words));
    let Some(until) = until else {
        return style
            .paint(
                Paint::Dim,
                format!(
                    "restorable for 30 days from its deletes: no answer told when these were; {command}"
                ),
            )
            .to_string();
    };
    let left = Left::new(until, now);
    let mut words = left.words(now);
    if undated > 0 {
        let assets = counted(undated, "asset", "assets");
        words = format!("{words}; of {assets} no answer told the time");
    }
    words = match left {
        Left::Whole(_) | Left::Soon(_) | Left::Part(_) => format!("{words}; {command}"),
        Left::Over(_) => words,
    };
    let paint = match left {
        Left::Whole(_) | Left::Over(_) => Paint::Dim,
        Left::Soon(_) | Left::Part(_) => Paint::Yellow,
    };
    style.paint(paint, words).to_string()
}

/// Warns of each run that cannot be taken back for much longer, the oldest first.
pub(crate) fn warnings(state: &State, now: Timestamp) -> Vec<String> {
    let runs = state.restorable().into_iter();
    let warnings = runs.filter_map(|(run, restorable)| {
        let left = Left::new(restorable.until?, now);
        match left {
            Left::Soon(_) | Left::Part(_) => {
                let words = left.words(now);
                Some(format!(
                    "run {run} is {words}: `retire restore run:{run}` takes back what must not be lost"
                ))
            }
            Left::Whole(_) | Left::Over(_) => None,
        }
    });
    warnings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_warned_in_the_last_three_days() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let until = [at("2026-12-20T10:00:00Z"), at("2026-12-20T12:00:00Z")];
        let said = |now: &str, undated| {
            let restorable = Restorable {
                until: Some(until),
                undated,
            };
            line((7, restorable), ("", at(now)), Style { colour: true })
        };
        let lines = [
            said("2026-12-17T09:59:59Z", 0),
            said("2026-12-17T10:00:00Z", 0),
            said("2026-12-18T11:00:00Z", 1),
            said("2026-12-20T09:59:30Z", 0),
            said("2026-12-20T10:00:00Z", 0),
            said("2026-12-20T12:00:00Z", 2),
            line((7, Restorable::default()), ("", until[0]), Style::default()),
        ];
        let lines = lines.join("\n").replace('\u{1b}', "ESC");
        insta::assert_snapshot!(lines);
    }
}
