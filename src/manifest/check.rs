//! What is wrong across the whole of the manifests: ids that stand twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::document::{Hold, Manifests, Release, Spot, Strategy};
use super::text::Text;
use crate::asset::AssetId;
use crate::diagnostic::{Finding, Place, Severity};
use crate::event::Subject;

/// How many findings of this sort are told; nobody reads more.
const MOST: usize = 10_000;

/// Finds what stands twice, each with the file that it was found in; the entries are sorted.
pub(super) fn twice(said: &Manifests, texts: &[Text<'_>]) -> Vec<(u32, Finding)> {
    let mut found = Vec::new();
    for (id, first, again) in repeats(&said.entries, |entry| (entry.id, entry.spot)) {
        let message = format!("`{id}` is listed twice");
        push(&mut found, texts, ("duplicate-id", message), first, again);
    }
    let holds = |holds: &[Hold]| sorted(holds.iter().map(|hold| (hold.id, hold.spot)));
    let releases = said.releases.iter();
    for (ids, what) in [
        (holds(&said.holds), "is held twice"),
        (holds(&said.project_holds), "is held twice"),
        (
            sorted(releases.map(|release| (release.held.id(), release.spot))),
            "is released twice",
        ),
    ] {
        for (id, first, again) in repeats(&ids, |pair| *pair) {
            let message = format!("`{id}` {what}");
            push(&mut found, texts, ("duplicate-id", message), first, again);
        }
    }
    for (release, hold) in released_and_held(said) {
        let message = format!("`{}` is released here, and held", release.held.id());
        let what = ("released-and-held", message);
        let (said, before) = (release.spot, hold.spot);
        push_both(&mut found, texts, what, (before, "it is held here"), said);
    }
    let waivers = said.waivers.iter();
    let raised = sorted(waivers.map(|waiver| {
        let project = waiver.project.as_deref();
        ((waiver.guard, project), waiver.spot)
    }));
    for (_, first, again) in repeats(&raised, |pair| *pair) {
        let what = ("duplicate-waiver", "this guard is waived twice".to_owned());
        push(&mut found, texts, what, first, again);
    }
    found
}

/// The releases of what a manifest still holds, each with that hold.
fn released_and_held(said: &Manifests) -> Vec<(&Release, &Hold)> {
    let held = |release: &Release| {
        let holds = match release.held {
            Subject::Asset(_) => &said.holds,
            Subject::Project(_) => &said.project_holds,
        };
        holds.iter().find(|hold| hold.id == release.held.id())
    };
    let mut found: Vec<_> = said
        .releases
        .iter()
        .filter_map(|release| Some((release, held(release)?)))
        .collect();
    found.truncate(MOST);
    found
}

/// Finds what only V4 can do, for a run that speaks v2.
pub(crate) fn only_v4(said: &Manifests) -> Vec<Finding> {
    let listed = said.entries.iter().map(|entry| (entry.id, entry.spot));
    let holds = said.holds.iter().chain(&said.project_holds);
    let held = holds.map(|hold| (hold.id, hold.spot));
    let mut found: Vec<(AssetId, Spot)> =
        listed.chain(held).filter(|(id, _)| id.is_adobe()).collect();
    found.sort_unstable_by_key(|(_, spot)| *spot);
    found.truncate(MOST);
    let finding = |code, Spot { file, line, column }: Spot, message, hint: &str| {
        let file = said.files.get(file as usize);
        Finding {
            code,
            severity: Severity::Error,
            place: Place {
                file: file.map(|file| Arc::clone(&file.path)).unwrap_or_default(),
                line,
                column,
            },
            message,
            snippet: None,
            related: Vec::new(),
            hint: Some(hint.to_owned()),
        }
    };
    let ids = found.into_iter().map(|(id, spot)| {
        let hint = "give `--api v4`, or list the asset by its UUID";
        finding("adobe-id", spot, format!("v2 does not take `{id}`"), hint)
    });
    // The first of each file stands for all: its `defaults` say it once.
    let mut files = BTreeSet::new();
    let aside = said.entries.iter().filter_map(|entry| {
        let strategy = entry.strategy().filter(|how| *how != Strategy::Direct)?;
        files.insert(entry.spot.file).then(|| {
            let message = format!(
                "v2 moves nothing aside, and `defaults` say `strategy: {}`",
                strategy.name()
            );
            let hint = "give `--api v4`, or take `strategy` out of `defaults`";
            finding("strategy-of-v4", entry.spot, message, hint)
        })
    });
    ids.chain(aside).collect()
}

fn sorted<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut sorted: Vec<T> = all.collect();
    sorted.sort_unstable();
    sorted
}

/// What stands again in what is sorted, with where it stands first and where again.
fn repeats<E, T: Eq>(sorted: &[E], key: impl Fn(&E) -> (T, Spot)) -> Vec<(T, Spot, Spot)> {
    let mut repeats = Vec::new();
    for group in sorted.chunk_by(|one, other| key(one).0 == key(other).0) {
        if let [first, again @ ..] = group {
            let (_, first) = key(first);
            let again = again.iter().map(&key);
            repeats.extend(again.map(|(what, spot)| (what, first, spot)));
        }
    }
    repeats.sort_unstable_by_key(|(_, _, again)| *again);
    repeats.truncate(MOST);
    repeats
}

fn push(
    found: &mut Vec<(u32, Finding)>,
    texts: &[Text<'_>],
    what: (&'static str, String),
    first: Spot,
    again: Spot,
) {
    let first = (first, "it stands here first");
    push_both(found, texts, what, first, again);
}

fn push_both(
    found: &mut Vec<(u32, Finding)>,
    texts: &[Text<'_>],
    (code, message): (&'static str, String),
    (first, words): (Spot, &'static str),
    again: Spot,
) {
    let text = |spot: Spot| texts.get(spot.file as usize);
    let (Some(text), Some(other)) = (text(again), text(first)) else {
        return;
    };
    let mut finding = text.finding(code, text.byte(again.line, again.column), message);
    let place = Place {
        file: Arc::clone(&other.path),
        line: first.line,
        column: first.column,
    };
    finding.related.push((place, words));
    finding.hint = Some("remove one of the two".to_owned());
    found.push((again.file, finding));
}
