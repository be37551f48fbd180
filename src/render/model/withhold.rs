//! A report without what is not to leave the machine.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::asset::Kind;
use crate::inventory::Location;
use crate::render::model::{Block, Change, FolderRow, Group, Item, Line, Part, Piece, Report, Row};
use crate::render::names::{
    Foreign, Names, Shown, WITHHELD, is_of_file, path_without_files, without_files,
};
use crate::render::places::label;

impl Report<'_> {
    /// What may be shown of it.
    pub(crate) fn shown(self, names: Names) -> Shown<Self> {
        let places = Places {
            names,
            ..Places::default()
        };
        Shown::new(withheld(self, places))
    }
}

/// Takes a report apart by name, so that what is added to one is not forgotten here.
fn withheld(report: Report<'_>, mut places: Places) -> Report<'_> {
    let names = places.names;
    let Report {
        of,
        heading,
        key,
        title,
        fields,
        figures,
        lead,
        attention,
        changes,
        checks,
        counted,
        folders,
        groups,
        next,
        closing,
        now,
    } = report;
    let folders = folders.into_iter().map(|row| folder(row, &mut places));
    let folders = folders.collect();
    // A row is made when it is written, and what stands for its place is then as it was before.
    let places = Rc::new(RefCell::new(places));
    let groups = groups.into_iter().map(|one| group(one, names, &places));
    let groups = groups.collect();
    let line = |said| line(said, names);
    let lines = |lines: Vec<Line>| lines.into_iter().map(line).collect();
    let field = |(name, said)| (name, line(said));
    let block = |block| match block {
        Block::Paragraph(said) => Block::Paragraph(line(said)),
        Block::Item(said) => Block::Item(line(said)),
    };
    let change = |change| {
        let Change {
            said,
            names: all,
            total,
        } = change;
        let all = all.into_iter().map(|name: Foreign| name.withheld(names));
        Change {
            said: line(said),
            names: all.collect(),
            total,
        }
    };
    Report {
        of,
        heading,
        key: key.withheld(names),
        title: line(title),
        fields: fields.into_iter().map(field).collect(),
        figures,
        lead: lines(lead),
        attention: lines(attention),
        changes: changes.into_iter().map(change).collect(),
        checks: checks.into_iter().map(block).collect(),
        counted,
        folders,
        groups,
        next: lines(next),
        closing: lines(closing),
        now,
    }
}

pub(super) fn line(Line(pieces): Line, names: Names) -> Line {
    let pieces = pieces.into_iter().map(|piece| match piece {
        Piece::Words(words) => Piece::Words(words),
        Piece::Strong(paint, words) => Piece::Strong(paint, words),
        Piece::Foreign(text) => Piece::Foreign(text.withheld(names)),
        Piece::Quoted(text) => Piece::Quoted(text.withheld(names)),
    });
    Line(pieces.collect())
}

fn folder(row: FolderRow, places: &mut Places) -> FolderRow {
    let FolderRow {
        label: called,
        place,
        project,
        folder,
        files,
        bytes,
        unmeasured,
        storage,
        size,
        oldest,
        changed,
    } = row;
    let place = places.withheld(place);
    let called = called.map(|called| match places.names {
        Names::Full => called,
        Names::Path => path_without_files(&called),
        Names::Off => place.as_deref().map_or_else(|| WITHHELD.to_owned(), label),
    });
    FolderRow {
        label: called,
        place,
        project,
        folder,
        files,
        bytes,
        unmeasured,
        storage,
        size,
        oldest,
        changed,
    }
}

fn group<'of>(group: Group<'of>, names: Names, places: &Rc<RefCell<Places>>) -> Group<'of> {
    let Group {
        title,
        attention,
        table,
        parts,
        more,
    } = group;
    let parts = parts.into_iter().map(|part| {
        let Part { head, rows } = part;
        let places = Rc::clone(places);
        Part {
            head: head.map(|(said, told)| (line(said, names), told)),
            rows: rows.map(move |item| match item {
                Item::Asset(one) => Item::Asset(row(one, &mut places.borrow_mut())),
                Item::Line(said) => Item::Line(line(said, names)),
                Item::Whole(said) => Item::Whole(line(said, names)),
                Item::Numbered(number, said) => Item::Numbered(number, line(said, names)),
            }),
        }
    });
    Group {
        title: title.map(|said| line(said, names)),
        attention,
        table,
        parts: parts.collect(),
        more,
    }
}

fn row(row: Row, places: &mut Places) -> Row {
    let Row {
        id,
        kind,
        name,
        place,
        project,
        folder,
        bytes,
        size,
        changed,
        said,
    } = row;
    let is_shown = |name: &Arc<str>| match places.names {
        Names::Full => true,
        Names::Path => kind == Some(Kind::Folder) && !is_of_file(name),
        Names::Off => false,
    };
    let said = said.into_iter().map(|said| said.withheld(places.names));
    let said = said.collect();
    Row {
        id,
        kind,
        name: name.filter(is_shown),
        place: places.withheld(place),
        project,
        folder,
        bytes,
        size,
        changed,
        said,
    }
}

/// The places of a report, each with what stands for it.
#[derive(Debug, Default)]
struct Places {
    names: Names,
    /// The projects in the order in which they are met.
    projects: BTreeMap<Option<Arc<str>>, usize>,
    stand_ins: BTreeMap<Arc<Location>, Arc<Location>>,
}

impl Places {
    /// What is shown of a place: where nothing of it may be, it is told from others by a number.
    fn withheld(&mut self, place: Option<Arc<Location>>) -> Option<Arc<Location>> {
        let place = place?;
        let shown = match self.names {
            Names::Full => return Some(place),
            Names::Path => without_files(&place),
            Names::Off => {
                if let Some(shown) = self.stand_ins.get(&place) {
                    return Some(Arc::clone(shown));
                }
                let next = self.projects.len() + 1;
                let project = *self.projects.entry(place.project.clone()).or_insert(next);
                let folder = self.stand_ins.len() + 1;
                Location {
                    project: Some(format!("project {project}").into()),
                    folder: format!("folder {folder}").into(),
                }
            }
        };
        let shown = Arc::new(shown);
        self.stand_ins.insert(place, Arc::clone(&shown));
        Some(shown)
    }
}
