//! What is said of a state: how its assets stand, what needs somebody, and what was deleted where.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::Subject;
use crate::render::model::plan::commonest;
use crate::render::model::run::sized_alone;
use crate::render::model::{Block, ByFolder, Group, Line, Report, Row, Rows};
use crate::render::names::Foreign;
use crate::render::state::{by_hand, by_hand_in_words, figures as in_words, restored};
use crate::render::{count, counted, holds, moment, shelter, size, thousands, words};
use crate::state::{Deleted, Failed, Record, State, Status};

/// How many runs and holds are told.
const TOLD: usize = 10;

/// Makes the report of a state, or of one run that it is reduced to.
pub(crate) fn state<'of>(
    state: &'of State,
    (path, run): (&str, Option<u64>),
    now: Timestamp,
) -> Report<'of> {
    let mut folders = ByFolder::default();
    let mut deleted = Deleted::default();
    let titles = [
        "Failed", "Unknown", "Missing", "Retired", "Gone", "Restored",
    ];
    let mut groups: [Vec<(AssetId, &Record)>; 6] = Default::default();
    let mut reasons: [BTreeMap<Foreign, usize>; 3] = Default::default();
    for (id, record) in &state.assets {
        let at = match &record.status {
            Status::Failed(failed) => {
                *reasons[0].entry(refused(failed)).or_default() += 1;
                0
            }
            Status::Unknown { .. } => 1,
            Status::Missing => 2,
            Status::Retired(evidence) => {
                let known = state.catalogue.get(*id).unwrap_or_default();
                deleted.add(*evidence, known.bytes);
                let bytes = sized_alone(&record.status, known.bytes);
                folders.add(known.location.clone(), 1, (bytes, None));
                3
            }
            Status::Gone(_) => 4,
            Status::Restored { .. } => 5,
        };
        groups[at].push((*id, record));
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
    for ((title, records), reasons) in titles.iter().zip(&groups).zip(reasons) {
        if !records.is_empty() {
            let line = Line::strong(format!("{title}: {}", count(records.len())));
            attention.push(line.and_line(commonest(reasons)));
        }
    }
    attention.extend(kept(state));
    let groups = titles.into_iter().zip(groups);
    let groups = groups.filter(|(_, records)| !records.is_empty());
    let tables = groups.map(|(title, records)| {
        let rows = Rows::assets(records.len(), move |at| {
            let (id, record) = records[at];
            let known = state.catalogue.get(id).unwrap_or_default();
            Row::of(id, &known, said(record))
        });
        Group::table(title, rows)
    });
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
        groups: tables.collect(),
        next: Vec::new(),
        closing: closing(state, path),
        now,
    }
}

/// What is said of one record.
fn said(record: &Record) -> Vec<Foreign> {
    let tried = |attempts| format!("tried {}", words::times(attempts));
    let (refused, own) = match &record.status {
        Status::Failed(failed) => (Some(refused(failed)), Some(tried(failed.attempts))),
        Status::Unknown { attempts } => (None, Some(tried(*attempts))),
        Status::Missing => (None, None),
        Status::Retired(evidence) | Status::Gone(evidence) => {
            (None, Some(format!("evidence: {evidence}")))
        }
        Status::Restored { seen, .. } => (None, Some(restored(*seen).to_owned())),
    };
    let run = format!("run {}, {}", record.run, moment(record.at));
    let own = own.into_iter().chain([run]).map(Foreign::own);
    refused.into_iter().chain(own).collect()
}

/// What the server said when it refused an asset.
fn refused(failed: &Failed) -> Foreign {
    let kind = failed.kind.name();
    Foreign::new(format!("{} ({kind})", failed.message)).or(kind)
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
