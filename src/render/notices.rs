//! What manifests say and somebody should know, though nothing is wrong with it.

use jiff::Timestamp;

use crate::diagnostic::Place;
use crate::manifest::document::{Hold, Manifests, Spot, Waiver};
use crate::plan::Times;
use crate::render::{count, counted, moment};

/// How many notices are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Most {
    /// The first few, above a plan that is to be seen at once, and how many more there are.
    Few,
    /// A screen of them.
    #[default]
    Screen,
    /// Each of them.
    All,
}

impl Most {
    /// How many of so many, and what is said of the rest.
    const fn of(self, all: usize) -> (usize, &'static str) {
        let (most, rest) = match self {
            Self::Few => (3, "more notices like these; `--full` shows all"),
            Self::Screen => (20, "more notices like these"),
            Self::All => (all, ""),
        };
        (if most < all { most } else { all }, rest)
    }
}

/// Tells of all that somebody should know where no server is asked.
pub(crate) fn notices(said: &Manifests, now: Timestamp) -> Vec<String> {
    let mut found = of_dates(said, Times::of(now));
    found.extend(of_texts(said));
    told(said, Most::Screen, found)
}

/// Tells of texts that YAML cuts.
pub(crate) fn texts(said: &Manifests, most: Most) -> Vec<String> {
    told(said, most, of_texts(said).collect())
}

/// Tells of waivers that have expired, of holds that have ended, and of dates that wait for nothing,
/// by the times by which a plan goes.
pub(crate) fn dated(said: &Manifests, times: Times, most: Most) -> Vec<String> {
    told(said, most, of_dates(said, times))
}

fn of_dates(said: &Manifests, times: Times) -> Vec<(Spot, String)> {
    let Times { earlier, later } = times;
    let waivers = said.waivers.iter();
    let waivers = waivers.filter_map(|waiver| expired(waiver, later));
    let holds = said.holds.iter().map(|hold| ("", hold));
    let projects = said.project_holds.iter().map(|hold| ("project ", hold));
    let ended = holds
        .chain(projects)
        .filter_map(|(what, hold)| ended(what, hold, earlier));
    waivers.chain(ended).chain(begun(said, earlier)).collect()
}

fn of_texts(said: &Manifests) -> impl Iterator<Item = (Spot, String)> {
    said.cut.iter().map(|(spot, name)| {
        let text = format!("{name} ends before the ` #`, which begins a comment in YAML: put the text in quotes if it belongs to it");
        (*spot, text)
    })
}

/// In the order of the manifests, each with its place.
fn told(said: &Manifests, most: Most, mut found: Vec<(Spot, String)>) -> Vec<String> {
    found.sort_by_key(|(spot, _)| *spot);
    let (shown, rest) = most.of(found.len());
    let more = found.len() - shown;
    let placed = |(Spot { file, line, column }, text): (Spot, String)| {
        let file = said.files.get(file as usize);
        let file = file.map(|file| file.path.clone()).unwrap_or_default();
        format!("{}: {text}", Place { file, line, column })
    };
    let mut notices: Vec<String> = found.into_iter().take(shown).map(placed).collect();
    if more > 0 {
        notices.push(format!("{} {rest}", count(more)));
    }
    notices
}

fn expired(waiver: &Waiver, now: Timestamp) -> Option<(Spot, String)> {
    let text = format!(
        "the waiver of `{}` expired at {}",
        waiver.guard.name(),
        moment(waiver.expires)
    );
    (waiver.expires <= now).then_some((waiver.spot, text))
}

fn ended(what: &str, hold: &Hold, now: Timestamp) -> Option<(Spot, String)> {
    let until = hold.until.filter(|until| *until <= now)?;
    let text = format!("the hold of {what}`{}` ended at {}", hold.id, moment(until));
    Some((hold.spot, text))
}

/// The assets that wait no longer, in one sentence: it is said at the earliest, whose year may be
/// a slip.
fn begun(said: &Manifests, now: Timestamp) -> Option<(Spot, String)> {
    let dates = said.entries.iter().filter_map(|entry| {
        let date = entry.details.as_ref()?.not_before?;
        (date <= now).then_some((date, entry.spot))
    });
    let number = dates.clone().count();
    let (date, spot) = dates.min()?;
    let assets = counted(number, "asset waits", "assets wait");
    let earliest = if number > 1 { "the earliest" } else { "it" };
    let text = format!(
        "{assets} no longer, since `not_before` has passed; {earliest} was {}",
        moment(date)
    );
    Some((spot, text))
}
