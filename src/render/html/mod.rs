//! Reports as one page of HTML that needs nothing else: no server, no network, no other file.
//!
//! A text from elsewhere comes in by three ways, and each has its own escape: between tags and in
//! attributes by `markup`, in the one block of data as JSON without a `<`, and from there only as the
//! text of an element. The policy in the head lets nothing run or load but the one script and the one
//! style, by their hashes.

use std::io::{self, Write};

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::render::html::markup::{Markup, of_line, of_title};
use crate::render::html::treemap::treemap;
use crate::render::model::{Block, Change, FolderRow, Group, Line, Report};
use crate::render::names::Shown;
use crate::render::size::age;
use crate::render::{count, moment};

mod data;
mod markup;
mod treemap;

/// How the page begins: by this a file is told to be one.
pub(crate) const BEGINS: &str = "<!doctype html>\n<!-- retire ";

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// How many assets the table has at most.
const MOST_ROWS: usize = 100_000;

/// How many rows are told of what stands below a sentence.
const TOLD: usize = 1_000;

/// How many folders the table has.
const FOLDERS: usize = 1_000;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'report> {
    of: &'static str,
    /// Whether anything has a last change: what is deleted has none.
    dated: bool,
    heading: String,
    policy: String,
    style: &'static str,
    script: &'static str,
    title: Markup,
    figures: &'report [(&'static str, String)],
    lead: Vec<Markup>,
    attention: Vec<(Markup, Vec<Markup>)>,
    checks: Vec<Part>,
    beside: Vec<(Markup, Vec<Markup>)>,
    treemap: Option<Markup>,
    counted: &'static str,
    folders: Vec<Folder>,
    more_folders: Option<String>,
    groups: Vec<(usize, &'static str, String)>,
    total: String,
    more_assets: Option<String>,
    next: Vec<Markup>,
    closing: Vec<Markup>,
    made: String,
    data: Markup,
}

/// A paragraph, or the items of a list.
enum Part {
    Paragraph(Markup),
    Items(Vec<Markup>),
}

/// A row of the table of folders.
struct Folder {
    /// Its number in the data, which say what lies in it.
    at: usize,
    label: String,
    files: String,
    size: String,
    changed: String,
}

/// Writes a report as a page.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn page(report: &Shown<Report<'_>>, sink: &mut dyn Write) -> io::Result<()> {
    let (data, left_out, is_dated) = data::data(report, MOST_ROWS)?;
    let dated = is_dated || report.folders.iter().any(|row| row.changed.is_some());
    let lines = |lines: &[Line]| lines.iter().map(of_line).collect::<Vec<_>>();
    let more_folders = report.folders.len().saturating_sub(FOLDERS);
    let total: usize = tables(report).map(|(_, group)| group.total()).sum();
    let told = |(title, below): (Line, Vec<Line>)| (of_line(&title), lines(&below));
    let page = Page {
        of: report.of,
        dated,
        heading: report.heading.to_owned(),
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        title: of_title(&report.title),
        figures: &report.figures,
        lead: lines(&report.below_title()),
        attention: report.to_look_at(TOLD, Change::line).map(told).collect(),
        checks: parts(&report.checks),
        treemap: treemap(&report.folders, report.counted),
        beside: report.beside(TOLD).map(told).collect(),
        counted: report.counted,
        folders: report
            .folders
            .iter()
            .take(FOLDERS)
            .enumerate()
            .map(|(at, row)| folder(at, row, report))
            .collect(),
        more_folders: (more_folders > 0).then(|| count(more_folders)),
        groups: tables(report)
            .enumerate()
            .map(|(at, (title, group))| (at, title, count(group.total())))
            .collect(),
        total: count(total),
        more_assets: (left_out > 0).then(|| count(left_out)),
        next: lines(&report.next),
        closing: lines(&report.closing),
        made: moment(report.now),
        data,
    };
    page.write_into(sink).map_err(io::Error::other)
}

/// The groups whose assets are in the table.
fn tables<'report>(
    report: &'report Report<'_>,
) -> impl Iterator<Item = (&'static str, &'report Group<'report>)> {
    let groups = report.groups.iter();
    groups.filter_map(|group| Some((group.table?, group)))
}

/// What the page may do: run the one script, and look like the one style.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

fn parts(blocks: &[Block]) -> Vec<Part> {
    let mut parts = Vec::new();
    for block in blocks {
        match block {
            Block::Paragraph(line) => parts.push(Part::Paragraph(of_line(line))),
            Block::Item(line) => {
                if let Some(Part::Items(items)) = parts.last_mut() {
                    items.push(of_line(line));
                } else {
                    parts.push(Part::Items(vec![of_line(line)]));
                }
            }
        }
    }
    parts
}

fn folder(at: usize, row: &FolderRow, report: &Report<'_>) -> Folder {
    let label = row.label.clone();
    let changed = row.changed.map(|at| age(at, report.now));
    Folder {
        at,
        label: label.unwrap_or_else(|| "nobody knows where".to_owned()),
        files: count(row.files),
        size: row.size.clone(),
        changed: changed.unwrap_or_default(),
    }
}
