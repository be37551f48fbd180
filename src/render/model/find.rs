//! What is said of what was found: how much, how large, what is protected, and where it lies.

use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::Kind;
use crate::find::filter::By;
use crate::find::sum::{Figures, Folder, Order, joined};
use crate::find::{Answer, Found, Kept};
use crate::inventory::Location;
use crate::render::escape::escape;
use crate::render::model::{FolderRow, Group, Line, Report, Row, Rows};
use crate::render::names::{Foreign, path_without_files};
use crate::render::{Paint, count, counted, either, size};

/// What is shown beside the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FindReport<'a> {
    pub(crate) answer: &'a Answer<'a>,
    /// The folders that could not be read, by path, and why.
    pub(crate) unread: &'a [(String, String)],
    /// Which moment of an asset counts.
    pub(crate) by: By,
    /// How far down folders are shown, each with all below it.
    pub(crate) depth: Option<usize>,
    /// The order of the folders.
    pub(crate) order: Order,
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
        depth,
        order,
        asked,
        now,
    } = *of;
    let totals = answer.totals(by);
    let direct = answer.folders(None, by, order);
    let protected: usize = answer.left_out().iter().map(|(_, number)| number).sum();
    let title = if answer.found.is_empty() {
        Line::words("Nothing was found.")
    } else {
        Line::strong(format!(
            "{}, {}, in {} of {}",
            things(answer),
            sized(totals),
            counted(direct.len(), "folder", "folders"),
            counted(answer.projects(), "project", "projects"),
        ))
    };
    let folders = match depth {
        None => direct,
        Some(_) => answer.folders(depth, by, order),
    };
    let rows = Rows::assets(answer.found.len(), move |at| {
        row(answer, &answer.found[at], by)
    });
    let found = (rows.len() > 0).then(|| Group::table("Found", rows));
    Report {
        of: "find",
        heading: "What was found",
        key: Foreign::key(asked),
        title,
        fields: Vec::new(),
        figures: vec![
            ("files", count(totals.files)),
            ("size", sized(totals)),
            ("protected", count(protected)),
            ("folders not read", count(unread.len())),
        ],
        lead: Vec::new(),
        attention: kept(answer),
        changes: Vec::new(),
        checks: Vec::new(),
        counted: "files",
        folders: folders.into_iter().map(folder).collect(),
        groups: missing(unread).into_iter().chain(found).collect(),
        next: Vec::new(),
        closing: vec![Line::words("Asked: ").and_foreign(asked)],
        now,
    }
}

/// What could not be read.
fn missing(unread: &[(String, String)]) -> Option<Group<'_>> {
    let folders = counted(unread.len(), "folder", "folders");
    let them = either(unread.len(), "it", "them");
    let words = format!("{folders} could not be read: what is in {them} is missing below");
    let title = Line::default().and_strong(Paint::BoldRed, words);
    let rows = Rows::lines(unread.len(), move |at| {
        let (path, why) = &unread[at];
        let path = Foreign::new(&**path).or_path(path_without_files(path));
        Line::foreign(path).and(": ").and_foreign(&**why)
    });
    (rows.len() > 0).then(|| Group::below(title, rows, "more"))
}

/// How many assets were found, by kind.
fn things(answer: &Answer<'_>) -> String {
    let number = |kind: Kind| {
        let found = answer.found.iter();
        found.filter(|found| found.facts.kind == kind).count()
    };
    let figures = [
        (number(Kind::File), "file", "files"),
        (
            number(Kind::VersionStack),
            "version stack",
            "version stacks",
        ),
        (number(Kind::Folder), "folder", "folders"),
    ];
    let some = figures.into_iter().filter(|(number, _, _)| *number > 0);
    let words: Vec<String> = some
        .map(|(number, one, many)| counted(number, one, many))
        .collect();
    words.join(", ")
}

/// Says what manifests leave out.
fn kept(answer: &Answer<'_>) -> Vec<Line> {
    let lines = answer.left_out().into_iter().map(|(why, number)| {
        let (one, many, what) = match why {
            Kept::Held => ("is held", "are held", "out what is held"),
            Kept::Marked => ("is marked", "are marked", "out what is marked"),
            Kept::HoldsHeld => (
                "has something held inside",
                "have something held inside",
                "that out",
            ),
            Kept::HoldsMarked => (
                "has something marked inside",
                "have something marked inside",
                "that out",
            ),
        };
        let them = if number == 1 { one } else { many };
        let number = count(number);
        Line::words(format!("{number} of them {them}; manifests leave {what}"))
    });
    lines.collect()
}

/// A folder by the names from its project down to it.
fn place<T: AsRef<str>>(path: &[T]) -> Option<Arc<Location>> {
    let (project, below) = path.split_first()?;
    Some(Arc::new(Location {
        project: Some(joined(&[project]).into()),
        folder: joined(below).into(),
    }))
}

/// What was found in one folder.
fn folder(folder: Folder) -> FolderRow {
    let Folder {
        path,
        project,
        figures,
        storage,
    } = folder;
    FolderRow {
        label: Some(escape(&joined(&path)).into_owned()),
        place: place(&path),
        project,
        folder: None,
        files: figures.files,
        bytes: figures.bytes,
        unmeasured: figures.unmeasured,
        storage,
        size: sized(figures),
        oldest: figures.oldest,
        changed: figures.newest,
    }
}

fn row(answer: &Answer<'_>, found: &Found<'_>, by: By) -> Row {
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
        place: place(&answer.folder_of(found)),
        project: found.facts.project,
        folder: None,
        bytes: found.bytes(),
        size: found.bytes().map(size::bytes),
        changed,
        said: kept.into_iter().chain(creator).collect(),
    }
}

/// How large something is; a lower bound where not all is known.
fn sized(figures: Figures) -> String {
    let bound = if figures.unmeasured > 0 {
        "at least "
    } else {
        ""
    };
    format!("{bound}{}", size::bytes(figures.bytes))
}
