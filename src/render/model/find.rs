//! What is said of what was found: how much, how large, what is protected, and where it lies.

use std::sync::Arc;

use jiff::Timestamp;

use crate::find::Answer;
use crate::find::filter::By;
use crate::find::sum::{Figures, Order, joined};
use crate::find::{Found, Kept};
use crate::inventory::Location;
use crate::render::model::{FolderRow, Group, Line, Report, Row, Rows, largest_first};
use crate::render::names::{Foreign, path_without_files};
use crate::render::places::label;
use crate::render::{count, counted, find, size};

/// How many folders are named that could not be read.
const NAMED: usize = 10;

/// What is shown beside the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FindReport<'a> {
    pub(crate) answer: &'a Answer<'a>,
    /// The folders that could not be read, by path, and why.
    pub(crate) unread: &'a [(String, String)],
    /// Which moment of an asset counts.
    pub(crate) by: By,
    /// What was asked, in words.
    pub(crate) asked: &'a str,
    pub(crate) now: Timestamp,
}

/// Makes the report of what was found.
pub(crate) fn find<'of>(of: &FindReport<'of>) -> Report<'of> {
    let FindReport {
        answer,
        unread,
        by,
        asked,
        now,
    } = *of;
    let totals = answer.totals(by);
    let folders = folders(answer, by);
    let protected: usize = answer.left_out().iter().map(|(_, number)| number).sum();
    let title = if answer.found.is_empty() {
        "Nothing was found.".to_owned()
    } else {
        format!(
            "{}, {}, in {} of {}.",
            find::things(answer),
            sized(totals),
            counted(folders.len(), "folder", "folders"),
            counted(answer.projects(), "project", "projects"),
        )
    };
    let rows = Rows::assets(answer.found.len(), move |at| {
        row(answer, &answer.found[at], by)
    });
    let found = (rows.len() > 0).then(|| Group::table("Found", rows));
    Report {
        of: "find",
        key: Foreign::new(asked),
        title: Line::words(title),
        fields: Vec::new(),
        figures: vec![
            ("files", count(totals.files)),
            ("size", sized(totals)),
            ("protected", count(protected)),
            ("folders not read", count(unread.len())),
        ],
        lead: Vec::new(),
        attention: attention(answer, unread),
        changes: Vec::new(),
        checks: Vec::new(),
        counted: "files",
        folders,
        groups: found.into_iter().collect(),
        next: Vec::new(),
        closing: vec![Line::words("Asked: ").and_foreign(asked)],
        now,
    }
}

/// What could not be read, and what manifests leave out.
fn attention(answer: &Answer<'_>, unread: &[(String, String)]) -> Vec<Line> {
    let mut lines = Vec::new();
    if !unread.is_empty() {
        let folders = counted(unread.len(), "folder", "folders");
        let words = format!("{folders} could not be read: what is in them is missing here.");
        lines.push(Line::strong(words));
    }
    for (path, why) in unread.iter().take(NAMED) {
        let path = Foreign::new(&**path).or_path(path_without_files(path));
        lines.push(Line::foreign(path).and(": ").and_foreign(&**why));
    }
    let more = unread.len().saturating_sub(NAMED);
    if more > 0 {
        lines.push(Line::words(format!("{} more", count(more))));
    }
    if let Some(left_out) = find::left_out(answer) {
        let line = Line::strong("Protected:");
        lines.push(line.and(format!(" {left_out}; manifests leave that out.")));
    }
    lines
}

/// The sums by folder.
fn folders(answer: &Answer<'_>, by: By) -> Vec<FolderRow> {
    let folders = answer.folders(None, by, Order::Bytes);
    let rows = folders.into_iter().map(|folder| {
        let (project, below) = match folder.path.split_first() {
            Some((project, below)) => (Some(project.as_str().into()), joined(below)),
            None => (None, String::new()),
        };
        let place = Location {
            project,
            folder: below.into(),
        };
        FolderRow {
            label: Some(label(&place)),
            place: Some(Arc::new(place)),
            files: folder.figures.files,
            bytes: folder.figures.bytes,
            size: sized(folder.figures),
            changed: folder.figures.newest,
        }
    });
    let mut rows: Vec<FolderRow> = rows.collect();
    largest_first(&mut rows);
    rows
}

fn row(answer: &Answer<'_>, found: &Found<'_>, by: By) -> Row {
    let path = answer.folder_of(found);
    let place = path.split_first().map(|(project, below)| {
        Arc::new(Location {
            project: Some((*project).into()),
            folder: joined(below).into(),
        })
    });
    let [_, changed] = found.moments(by);
    let kept = found.kept.map(|kept| match kept {
        Kept::Held => "held",
        Kept::Marked => "marked",
        Kept::HoldsHeld => "has something held inside",
        Kept::HoldsMarked => "has something marked inside",
    });
    let creator = found.facts.creator.as_deref();
    let creator = creator.and_then(|person| {
        let said = [&person.email, &person.name, &person.id];
        said.into_iter().find_map(|said| said.as_deref())
    });
    let kept = kept.map(Foreign::own);
    let creator = creator.map(|creator| Foreign::new(creator).or(""));
    Row {
        id: found.id,
        kind: Some(found.facts.kind),
        name: found.facts.name.clone(),
        place,
        project: found.facts.project,
        bytes: found.bytes(),
        size: found.bytes().map(size::bytes),
        changed,
        said: kept.into_iter().chain(creator).collect(),
    }
}

/// How large something is; a lower bound where not all is known.
fn sized(figures: Figures) -> String {
    size::at_least(figures.bytes, figures.unmeasured)
}
