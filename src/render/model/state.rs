//! What is said of a state: how its assets stand, what needs somebody, and what was deleted where.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::event::Subject;
use crate::render::model::plan::commonest;
use crate::render::model::run::{row, sized_alone};
use crate::render::model::{Assets, Block, ByFolder, Line, Report};
use crate::render::names::Foreign;
use crate::render::state::{by_hand, by_hand_in_words, figures as in_words, restored};
use crate::render::{count, counted, holds, moment, shelter, size, thousands, words};
use crate::state::{Deleted, State, Status};

/// How many runs and holds are told.
const TOLD: usize = 10;

/// Makes the report of a state, or of one run that it is reduced to; a group has `most` rows at most.
pub(crate) fn state(
    state: &State,
    (path, run): (&str, Option<u64>),
    most: usize,
    now: Timestamp,
) -> Report {
    let mut folders = ByFolder::default();
    let mut deleted = Deleted::default();
    let titles = [
        "Failed", "Unknown", "Missing", "Retired", "Gone", "Restored",
    ];
    let mut groups = titles.map(|title| Assets {
        title: title.to_owned(),
        total: 0,
        rows: Vec::new(),
    });
    let mut reasons: [BTreeMap<Foreign, usize>; 3] = Default::default();
    for (id, record) in &state.assets {
        let known = state.catalogue.get(*id).unwrap_or_default();
        let (at, said) = match &record.status {
            Status::Failed(failed) => {
                let kind = failed.kind.name();
                let reason = format!("{} ({kind})", failed.message);
                *reasons[0]
                    .entry(Foreign::new(&*reason).or(kind))
                    .or_default() += 1;
                let times = words::times(failed.attempts);
                (
                    0,
                    [
                        format!("{reason} · tried {times}"),
                        format!("{kind} · tried {times}"),
                    ],
                )
            }
            Status::Unknown { attempts } => {
                (1, twice(format!("tried {}", words::times(*attempts))))
            }
            Status::Missing => (2, twice(String::new())),
            Status::Retired(evidence) => {
                deleted.add(*evidence, known.bytes);
                let bytes = sized_alone(&record.status, known.bytes);
                folders.add(known.location.clone(), 1, (bytes, None));
                (3, twice(format!("evidence: {evidence}")))
            }
            Status::Gone(evidence) => (4, twice(format!("evidence: {evidence}"))),
            Status::Restored { seen, .. } => (5, twice(restored(*seen).to_owned())),
        };
        let group = &mut groups[at];
        group.total += 1;
        if group.rows.len() < most {
            let run = format!("run {}, {}", record.run, moment(record.at));
            let [said, own] = said.map(|said| {
                let parts = [&*said, &*run].into_iter().filter(|part| !part.is_empty());
                parts.collect::<Vec<_>>().join(" · ")
            });
            let said = Foreign::new(said).or(own);
            group.rows.push(row(*id, &known, said));
        }
    }
    let counts = state.counts();
    let open = counts.failed + counts.unknown + counts.missing;
    let freed = size::deleted(deleted);
    let assets = counted(state.assets.len(), "asset", "assets");
    let of = run.map_or_else(String::new, |run| format!("Run {}: ", thousands(run)));
    let title = match &*in_words(counts) {
        "" => format!("{of}{assets} recorded."),
        figures => format!("{of}{assets} recorded: {figures}."),
    };
    let mut attention = Vec::new();
    for (group, reasons) in groups.iter().zip(reasons) {
        if group.total > 0 {
            let line = Line::strong(format!("{}: {}", group.title, count(group.total)));
            attention.push(line.and_line(commonest(reasons)));
        }
    }
    attention.extend(kept(state));
    Report {
        of: if run.is_some() { "run" } else { "state" },
        key: Foreign::new(path).without_file(),
        title: Line::words(title),
        figures: vec![
            ("retired", count(counts.retired)),
            ("deleted", freed.unwrap_or_else(|| "–".to_owned())),
            ("failed, unknown or missing", count(open)),
            ("holds", count(state.holds.len())),
        ],
        lead: Vec::new(),
        attention,
        changes: Vec::new(),
        checks: runs(state, run.is_some()),
        counted: "assets",
        folders: folders.rows(),
        groups: groups.into_iter().filter(|group| group.total > 0).collect(),
        closing: closing(state, path),
        now,
    }
}

/// Words that hold nothing from elsewhere.
fn twice(words: String) -> [String; 2] {
    [words.clone(), words]
}

/// What stays because of something that is protected, and what is held.
fn kept(state: &State) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut reasons: BTreeMap<Foreign, usize> = BTreeMap::new();
    for (id, kept) in &state.kept {
        let why = shelter::kept_foreign(*id, &kept.why, kept.until, Some(&kept.path));
        *reasons.entry(why).or_default() += 1;
    }
    if !state.kept.is_empty() {
        let kept = count(state.kept.len());
        let line = Line::strong(format!("Kept because of what is protected: {kept}"));
        lines.push(line.and_line(commonest(reasons)));
    }
    for (subject, hold) in state.holds.iter().take(TOLD) {
        let line = Line::strong("Hold:")
            .and(" ")
            .and_foreign(Foreign::own(held(*subject)));
        let hold = Foreign::new(holds::kept(hold)).or(holds::kept_in_words(hold));
        lines.push(line.and(": ").and_foreign(hold));
    }
    let more = state.holds.len().saturating_sub(TOLD);
    if more > 0 {
        lines.push(Line::words(format!("{} more holds", count(more))));
    }
    lines
}

/// What a hold is of.
fn held(subject: Subject) -> String {
    match subject {
        Subject::Asset(id) => id.to_string(),
        Subject::Project(id) => format!("project {id}"),
    }
}

/// The latest runs, or the one that the state is reduced to.
fn runs(state: &State, is_one: bool) -> Vec<Block> {
    let mut blocks = Vec::new();
    if state.runs.is_empty() {
        return blocks;
    }
    if !is_one {
        let runs = counted(state.runs.len(), "run", "runs");
        let words = format!("{runs}, newest first:");
        blocks.push(Block::Paragraph(Line::words(words)));
    }
    for (number, run) in state.runs.iter().rev().take(TOLD) {
        let mut line = Line::words(format!("Run {}: {}", thousands(*number), moment(run.at)));
        if let Some(change) = &run.change {
            let change = Foreign::new(by_hand(change)).or(by_hand_in_words(change));
            line = line.and(" · ").and_foreign(change);
        }
        let from = &run.provenance;
        for (name, value) in [
            ("by ", &from.actor),
            ("commit ", &from.commit),
            ("", &from.ci),
        ] {
            if let Some(value) = value {
                line = line
                    .and(format!(" · {name}"))
                    .and_foreign(Foreign::of_run(value));
            }
        }
        blocks.push(Block::Item(line));
    }
    blocks
}

/// Where it belongs.
fn closing(state: &State, path: &str) -> Vec<Line> {
    let target = &state.target;
    let mut line = Line::words("State ").and_foreign(Foreign::new(path).without_file());
    line = line.and(format!(" at serial {}", thousands(state.serial)));
    line = line.and(format!(" · lineage {}", state.lineage));
    line = line.and(format!(" · API {} at ", target.api.name()));
    line = line.and_foreign(Foreign::endpoint(&target.endpoint));
    if let Some(account) = &target.account {
        line = line
            .and(" · account ")
            .and_foreign(Foreign::account(account));
    }
    vec![line]
}
