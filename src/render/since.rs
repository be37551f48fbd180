//! What is new of a plan since an earlier one, for people.

use std::io::{self, Write};

use crate::asset::AssetId;
use crate::plan::Plan;
use crate::plan::about::About;
use crate::plan::since::{Comparison, Incomparable, Moved, Since};
use crate::render::model::{Change, Line};
use crate::render::names::Foreign;
use crate::render::rows;
use crate::render::{counted, moment};
use crate::state::Target;

/// How many assets of one sort are named.
const NAMED: usize = 5;

/// What is new of a plan, or why nobody says it.
pub(super) fn changes(plan: &Plan, compared: Option<&Comparison>) -> Vec<Change> {
    match compared {
        None => Vec::new(),
        Some(Comparison::None { path, why }) => vec![Change::new(incomparable(path, why))],
        Some(Comparison::Since(since)) => of_since(plan, since),
    }
}

fn of_since(plan: &Plan, since: &Since) -> Vec<Change> {
    let Since {
        plan: _,
        created_at,
        checked,
        came,
        went,
        changed,
    } = since;
    let not = if *checked {
        ""
    } else {
        ", which was not checked"
    };
    let then = format!("since the plan of {}{not}", moment(*created_at));
    let mut changes = vec![match came.is_empty() {
        true if since.is_nothing() => {
            Change::new(Line::words(format!("Nothing has changed {then}.")))
        }
        true => Change::new(Line::words(format!("Nothing is new {then}."))),
        false => Change {
            said: Line::strong(format!("New {then}:")).and(format!(" {}", figures(came))),
            ..named(plan, came)
        },
    }];
    if !went.is_empty() {
        let line = Line::strong("No longer in it:").and(format!(" {}.", figures(went)));
        changes.push(Change::new(line));
    }
    if !changed.is_empty() {
        let assets = counted(changed.ids.len(), "asset", "assets");
        let figures = figures(changed);
        changes.push(Change {
            said: Line::strong("Other than in it:").and(format!(" {assets}, now {figures}")),
            ..named(plan, changed)
        });
    }
    changes
}

/// How many files some assets are, and what they weigh; how many assets, where they have no file that
/// the other plan has not.
fn figures(moved: &Moved) -> String {
    let sum = moved.sum();
    if sum.files == 0 {
        return counted(moved.ids.len(), "asset", "assets");
    }
    let size = rows::sized(sum).map_or_else(String::new, |size| format!(", {size}"));
    format!("{}{size}", rows::files(sum))
}

/// The first of some assets by where they lie.
fn named(plan: &Plan, moved: &Moved) -> Change {
    let about = |id: &AssetId| plan.about.get(id);
    let mut ids = moved.ids.clone();
    ids.sort_by_cached_key(|id| {
        let place = about(id).map(|about| (about.location.clone(), about.name.clone()));
        (place.is_none(), place)
    });
    let names = ids.iter().take(NAMED).map(|id| {
        let known = about(id).and_then(About::known);
        let kind = about(id).and_then(|about| about.kind);
        Foreign::asset(*id, known.as_ref(), kind)
    });
    Change {
        said: Line::default(),
        names: names.collect(),
        total: ids.len(),
    }
}

/// Says why a plan is not compared.
fn incomparable(path: &str, why: &Incomparable) -> Line {
    let path = Foreign::new(path).without_file();
    if *why == Incomparable::NotThere {
        let line = Line::words("No earlier plan: ").and_quoted(path);
        return line.and(" is not there, so nothing says what is new.");
    }
    let line = Line::words("Nothing says what is new: the earlier plan ").and_quoted(path);
    match why {
        Incomparable::NotThere | Incomparable::OtherPart => {
            line.and(" is of another part (`--only`).")
        }
        Incomparable::Older(version) => {
            line.and(format!(" is of version {version} of the document."))
        }
        Incomparable::Elsewhere(Target {
            api,
            endpoint,
            account,
        }) => {
            let line = line.and(format!(" is of API {} at ", api.name()));
            let line = line.and_quoted(Foreign::endpoint(endpoint));
            match account {
                Some(account) => line.and(", account ").and_quoted(Foreign::account(account)),
                None => line,
            }
            .and(".")
        }
    }
}

/// Says what is new in lines of a document that has comments.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn commented(
    plan: &Plan,
    compared: Option<&Comparison>,
    sink: &mut dyn Write,
) -> io::Result<()> {
    for change in changes(plan, compared) {
        writeln!(sink, "# {}", change.line().text())?;
    }
    Ok(())
}
