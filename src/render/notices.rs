//! What manifests say and somebody should know, though nothing is wrong with it.

use jiff::Timestamp;

use crate::diagnostic::Place;
use crate::manifest::document::{Hold, Manifests, Spot, Waiver};
use crate::render::{count, moment};

/// How many notices are told at most: a screen of them.
const MOST: usize = 20;

/// Tells of waivers, which no guard of this version reads, and of holds that have ended.
pub(crate) fn notices(said: &Manifests, now: Timestamp) -> Vec<String> {
    let waivers = said.waivers.iter().map(|waiver| unread(waiver, now));
    let ended = said.holds.iter().filter_map(|hold| ended(hold, now));
    let mut found: Vec<(Spot, String)> = waivers.chain(ended).collect();
    found.sort_by_key(|(spot, _)| *spot);
    let more = found.len().saturating_sub(MOST);
    let placed = |(Spot { file, line, column }, text): (Spot, String)| {
        let file = said.files.get(file as usize);
        let file = file.map(|file| file.path.clone()).unwrap_or_default();
        format!("{}: {text}", Place { file, line, column })
    };
    let mut notices: Vec<String> = found.into_iter().take(MOST).map(placed).collect();
    if more > 0 {
        notices.push(format!("{} more holds and waivers like these", count(more)));
    }
    notices
}

fn unread(waiver: &Waiver, now: Timestamp) -> (Spot, String) {
    let name = waiver.guard.name();
    let expired = if waiver.expires <= now {
        format!(", and it expired at {}", moment(waiver.expires))
    } else {
        String::new()
    };
    let text = format!("no guard of this version reads the waiver of `{name}`{expired}");
    (waiver.spot, text)
}

fn ended(hold: &Hold, now: Timestamp) -> Option<(Spot, String)> {
    let until = hold.until.filter(|until| *until <= now)?;
    let text = format!("the hold of `{}` ended at {}", hold.id, moment(until));
    Some((hold.spot, text))
}
