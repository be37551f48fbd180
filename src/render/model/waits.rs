//! What is said of an asset that is moved aside.

use jiff::Timestamp;

use crate::outcome::{Aside, Phase};
use crate::render::model::Line;
use crate::render::names::Foreign;
use crate::render::report::StagedFigures;
use crate::render::{count, counted, either, moment, size};

/// What is to say of an asset that is moved aside.
pub(super) fn waits(aside: Aside) -> String {
    let Aside {
        into: _,
        asset: _,
        due,
        phase,
        inside: _,
    } = aside;
    let due = moment(due);
    match phase {
        Phase::There => format!("deleted from {due} on, unless somebody takes it back"),
        Phase::Moving => format!("deleted from {due} on; the next run looks where it is"),
        Phase::Returning => format!(
            "asked back; deleted from {due} on, where the next run still finds it in its staging folder"
        ),
        Phase::Deleting => "its delete was not answered; the next run looks".to_owned(),
    }
}

/// How many folders are named.
const NAMED: usize = 5;

/// What waits aside: how much, in which folders, and until when; nothing where nothing does.
pub(super) fn all_waiting(staged: &StagedFigures, now: Timestamp) -> Option<Line> {
    let StagedFigures {
        assets,
        bytes,
        unmeasured,
        folders,
        due,
    } = staged;
    if *assets == 0 {
        return None;
    }
    let mut parts = vec![counted(*assets, "asset", "assets")];
    let is_sized = *bytes > 0 || *unmeasured == 0;
    parts.extend(is_sized.then(|| size::at_least(*bytes, *unmeasured)));
    let line = Line::words(parts.join(", "));
    let names = folders.iter().take(NAMED);
    let names = names.map(|name| {
        let name = Foreign::new(&**name).without_file();
        Line::default().and_quoted(name)
    });
    let mut names: Vec<Line> = names.collect();
    let more = folders.len().saturating_sub(NAMED);
    names.extend((more > 0).then(|| Line::words(format!("{} more", count(more)))));
    let line = if names.is_empty() {
        line
    } else {
        line.and(" in ").and_line(Line::joined(names, ", "))
    };
    let first = either(folders.len().max(1), "", "the first of them is ");
    let them = either(*assets, "it", "them");
    let until = match due.map(|due| (due <= now, moment(due))) {
        None => String::new(),
        Some((true, due)) => format!("; {first}due since {due}"),
        Some((false, due)) => {
            format!("; {first}deleted from {due} on, unless somebody takes {them} back")
        }
    };
    Some(line.and(until))
}
