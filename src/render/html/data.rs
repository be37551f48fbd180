//! The assets of a page as one block of JSON, from which its script makes the table.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde::Serialize;

use crate::asset::{AssetId, Kind};
use crate::inventory::Location;
use crate::render::escape::escape;
use crate::render::html::markup::Markup;
use crate::render::html::{FOLDERS, tables};
use crate::render::model::{FolderRow, Report, Row};
use crate::render::places::label;
use crate::render::size::age;
use crate::visible;

/// What the script reads.
#[derive(Serialize)]
struct Data {
    groups: Vec<&'static str>,
    /// The folders, as people say them.
    places: Vec<String>,
    /// Which places are those of each row in the table of folders; none where nobody knows.
    folders: Vec<Option<Vec<usize>>>,
    /// The projects that Frame.io has a page of.
    projects: Vec<AssetId>,
    rows: Vec<Cells>,
}

/// A project and a folder, as far as their ids are known.
type Ids = [Option<AssetId>; 2];

/// A place as the table of assets has it.
type Place = (Arc<Location>, Ids);

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
    let mut places: BTreeMap<Place, usize> = BTreeMap::new();
    let mut projects: BTreeMap<AssetId, usize> = BTreeMap::new();
    let mut labels = Vec::new();
    let mut ids = Vec::new();
    let mut cells = Vec::new();
    for (group, (_, rows)) in tables(report).enumerate() {
        for row in rows.assets().take(most - cells.len()) {
            let place = row.place.as_ref().map(|place| {
                let spot = (Arc::clone(place), [row.project, row.folder]);
                *places.entry(spot).or_insert_with(|| {
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
        folders: folders(report.folders.iter().take(FOLDERS), &places),
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

/// Says of each folder which places are its own. An id that nobody knows may be that of any.
fn folders<'report>(
    rows: impl Iterator<Item = &'report FolderRow>,
    places: &BTreeMap<Place, usize>,
) -> Vec<Option<Vec<usize>>> {
    let mut at: BTreeMap<&Location, Vec<(Ids, usize)>> = BTreeMap::new();
    for ((location, ids), place) in places {
        at.entry(location).or_default().push((*ids, *place));
    }
    let may_be = |(one, other): (&Option<AssetId>, &Option<AssetId>)| {
        one.zip(*other).is_none_or(|(one, other)| one == other)
    };
    let of = |row: &FolderRow| {
        let own = [row.project, row.folder];
        let places = at.get(&**row.place.as_ref()?).into_iter().flatten();
        let places = places.filter(|(ids, _)| own.iter().zip(ids).all(may_be));
        Some(places.map(|(_, place)| *place).collect())
    };
    rows.map(of).collect()
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
