//! The assets of a page as one block of JSON, from which its script makes the table.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde::Serialize;

use crate::asset::{AssetId, Kind};
use crate::inventory::Location;
use crate::render::escape::escape;
use crate::render::html::markup::Markup;
use crate::render::html::tables;
use crate::render::model::{Report, Row};
use crate::render::places::label;
use crate::render::size::age;
use crate::visible;

/// What the script reads.
#[derive(Serialize)]
struct Data {
    groups: Vec<&'static str>,
    /// The folders, as people say them.
    places: Vec<String>,
    /// The projects that Frame.io has a page of.
    projects: Vec<AssetId>,
    rows: Vec<Cells>,
}

/// One asset: group, folder, name, kind, bytes, size, last change in seconds, age, words, id, project.
#[derive(Serialize)]
struct Cells(
    usize,
    Option<usize>,
    Option<String>,
    &'static str,
    Option<u64>,
    Option<String>,
    Option<i64>,
    Option<String>,
    String,
    AssetId,
    Option<usize>,
);

/// The assets of a report, `most` at most, how many are left out, and whether any has a last change.
pub(super) fn data(report: &Report<'_>, most: usize) -> io::Result<(Markup, usize, bool)> {
    let mut places: BTreeMap<Arc<Location>, usize> = BTreeMap::new();
    let mut projects: BTreeMap<AssetId, usize> = BTreeMap::new();
    let mut labels = Vec::new();
    let mut ids = Vec::new();
    let mut cells = Vec::new();
    for (group, (_, rows)) in tables(report).enumerate() {
        for row in rows.assets().take(most - cells.len()) {
            let place = row.place.as_ref().map(|place| {
                *places.entry(Arc::clone(place)).or_insert_with(|| {
                    labels.push(label(place));
                    labels.len() - 1
                })
            });
            let project = row.project.map(|project| {
                *projects.entry(project).or_insert_with(|| {
                    ids.push(project);
                    ids.len() - 1
                })
            });
            cells.push(of_row(&row, (group, place, project), report));
        }
    }
    let total: usize = tables(report).map(|(_, group)| group.total()).sum();
    let left_out = total - cells.len();
    let is_dated = cells.iter().any(|cells: &Cells| cells.6.is_some());
    let data = Data {
        groups: tables(report).map(|(title, _)| title).collect(),
        places: labels,
        projects: ids,
        rows: cells,
    };
    let mut bytes = Vec::new();
    visible::json(&data, &mut bytes)?;
    let text = String::from_utf8(bytes).map_err(io::Error::other)?;
    // Nothing in it ends the block, or begins a comment in it.
    let markup = Markup(text.replace('<', "\\u003c"));
    Ok((markup, left_out, is_dated))
}

fn of_row(
    row: &Row,
    (group, place, project): (usize, Option<usize>, Option<usize>),
    report: &Report<'_>,
) -> Cells {
    let kind = match row.kind {
        Some(Kind::File) | None => "",
        Some(Kind::Folder) => "folder",
        Some(Kind::VersionStack) => "version stack",
    };
    Cells(
        group,
        place,
        row.name.as_ref().map(|name| escape(name).into_owned()),
        kind,
        row.bytes,
        row.size.clone(),
        row.changed.map(jiff::Timestamp::as_second),
        row.changed.map(|at| age(at, report.now)),
        escape(&row.said()).into_owned(),
        row.id,
        project,
    )
}
