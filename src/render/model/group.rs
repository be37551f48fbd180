//! Things of which the same is to say, below a sentence or in a table.

use crate::render::count;
use crate::render::model::{Line, Row};

/// How many assets are named in one line.
const NAMED: usize = 5;

/// How many rows more are told of those that are read to their end, which come first.
const WHOLE: usize = 100;

/// A row of a group.
pub(crate) enum Item {
    Asset(Row),
    Line(Line),
    /// A line that is read to its end, however long it is.
    Whole(Line),
    /// A line of a run, by its number.
    Numbered(u64, Line),
}

/// The rows of a group, each made when it is written: there may be a million.
pub(crate) struct Rows<'of> {
    total: usize,
    at: Box<dyn Fn(usize) -> Item + 'of>,
}

impl<'of> Rows<'of> {
    /// So many assets.
    pub(crate) fn assets(total: usize, at: impl Fn(usize) -> Row + 'of) -> Self {
        let at = Box::new(move |number| Item::Asset(at(number)));
        Self { total, at }
    }

    /// So many lines.
    pub(crate) fn lines(total: usize, at: impl Fn(usize) -> Line + 'of) -> Self {
        let at = Box::new(move |number| Item::Line(at(number)));
        Self { total, at }
    }

    /// So many lines of holds, and whether each is read to its end.
    pub(crate) fn holds(total: usize, at: impl Fn(usize) -> (bool, Line) + 'of) -> Self {
        let at = Box::new(move |number| match at(number) {
            (true, line) => Item::Whole(line),
            (false, line) => Item::Line(line),
        });
        Self { total, at }
    }

    /// So many lines of runs, each by its number.
    pub(crate) fn numbered(total: usize, at: impl Fn(usize) -> (u64, Line) + 'of) -> Self {
        let at = Box::new(move |place| {
            let (number, line) = at(place);
            Item::Numbered(number, line)
        });
        Self { total, at }
    }

    /// The same, with each made into another.
    pub(super) fn map(self, into: impl Fn(Item) -> Item + 'of) -> Self {
        let Self { total, at } = self;
        let at = Box::new(move |number| into(at(number)));
        Self { total, at }
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.total
    }

    /// Makes one after the other.
    pub(crate) fn items(&self) -> impl Iterator<Item = Item> {
        (0..self.total).map(|number| (self.at)(number))
    }

    /// The same of those that are assets.
    fn rows(&self) -> impl Iterator<Item = Row> {
        self.items().filter_map(|item| match item {
            Item::Asset(row) => Some(row),
            Item::Line(_) | Item::Whole(_) | Item::Numbered(..) => None,
        })
    }
}

/// Some of a group, with what they alone have in common.
pub(crate) struct Part<'of> {
    /// What that is, and how many of what is said of each it tells.
    pub(crate) head: Option<(Line, usize)>,
    pub(crate) rows: Rows<'of>,
}

/// Things of which the same is to say.
pub(crate) struct Group<'of> {
    /// The sentence above them; nothing where they have no more than a table.
    pub(crate) title: Option<Line>,
    /// Whether somebody has to look at it.
    pub(crate) attention: bool,
    /// What the table of its assets is called; nothing where they have none.
    pub(crate) table: Option<&'static str>,
    pub(crate) parts: Vec<Part<'of>>,
    /// What is said of those that are not shown, behind their number.
    pub(crate) more: &'static str,
}

impl<'of> Group<'of> {
    /// A sentence alone.
    pub(crate) const fn sentence(title: Line) -> Self {
        Self {
            title: Some(title),
            attention: true,
            table: None,
            parts: Vec::new(),
            more: "",
        }
    }

    /// Assets that have a table, and no sentence.
    pub(crate) fn table(name: &'static str, rows: Rows<'of>) -> Self {
        Self {
            title: None,
            attention: true,
            table: Some(name),
            parts: vec![Part { head: None, rows }],
            more: "more",
        }
    }

    /// Things below a sentence.
    pub(crate) fn below(title: Line, rows: Rows<'of>, more: &'static str) -> Self {
        Self {
            title: Some(title),
            attention: true,
            table: None,
            parts: vec![Part { head: None, rows }],
            more,
        }
    }

    /// How many rows there are.
    pub(crate) fn total(&self) -> usize {
        self.parts.iter().map(|part| part.rows.len()).sum()
    }

    /// Its assets, one after the other.
    pub(crate) fn assets(&self) -> impl Iterator<Item = Row> {
        self.parts.iter().flat_map(|part| part.rows.rows())
    }

    /// Some of its assets, by their numbers.
    pub(crate) fn at(&self, numbers: &[usize]) -> Vec<Row> {
        let rows = numbers.iter().filter_map(|number| {
            let mut left = *number;
            let part = self.parts.iter().find(|part| {
                let is_in = left < part.rows.len();
                left -= if is_in { 0 } else { part.rows.len() };
                is_in
            });
            match (part?.rows.at)(left) {
                Item::Asset(row) => Some(row),
                Item::Line(_) | Item::Whole(_) | Item::Numbered(..) => None,
            }
        });
        rows.collect()
    }

    /// Its sentence, and what of its rows is told below it where a table has all of them: so many rows
    /// and parts.
    pub(super) fn glance(&self, most: usize) -> Option<(Line, Vec<Line>)> {
        let title = self.title.clone()?;
        let mut below = Vec::new();
        for part in self.parts.iter().take(most) {
            match &part.head {
                Some((head, _)) => {
                    let names = named(part.rows.rows(), part.rows.len());
                    below.push(head.clone().and(": ").and_line(names));
                }
                None => match part.rows.rows().next() {
                    Some(first) if first.said().is_empty() => {
                        let names = named(part.rows.rows(), part.rows.len());
                        let colon = if title.text().ends_with(':') { "" } else { ":" };
                        let title = title.and(format!("{colon} ")).and_line(names);
                        return Some((title, below));
                    }
                    Some(_) | None => below.extend(first(&part.rows, most)),
                },
            }
        }
        let more = self.parts.len().saturating_sub(most);
        below.extend((more > 0).then(|| Line::words(format!("… {} more", count(more)))));
        Some((title, below))
    }
}

/// Names the first of some assets, and says how many more there are.
fn named(rows: impl Iterator<Item = Row>, total: usize) -> Line {
    let names = rows.take(NAMED).map(|row| Line::foreign(called(&row)));
    let mut names: Vec<Line> = names.collect();
    let more = total.saturating_sub(NAMED);
    names.extend((more > 0).then(|| Line::words(format!("{} more", count(more)))));
    Line::joined(names, ", ")
}

/// The first rows, each with what is said of it.
fn first(rows: &Rows<'_>, most: usize) -> Vec<Line> {
    let whole = rows.items().take(WHOLE);
    let whole = whole.take_while(|item| matches!(item, Item::Whole(_)));
    let told = whole.count() + most;
    let lines = rows.items().take(told).map(|item| match item {
        Item::Line(line) | Item::Whole(line) => line,
        Item::Numbered(number, line) => Line::words(format!("run {number}: ")).and_line(line),
        Item::Asset(row) => {
            let said = row.said.iter().filter(|said| !said.shown().is_empty());
            let said = said.cloned().map(Line::foreign);
            Line::joined([Line::foreign(called(&row))].into_iter().chain(said), " · ")
        }
    });
    let mut lines: Vec<Line> = lines.collect();
    let more = rows.len().saturating_sub(told);
    lines.extend((more > 0).then(|| Line::words(format!("… {} more", count(more)))));
    lines
}

/// An asset by its place and its name, or by its id in place of that.
fn called(row: &Row) -> String {
    let id = || row.id.to_string();
    match (row.path(), &row.name) {
        (Some(path), Some(_)) => path,
        (Some(place), None) => format!("{place}/{}", id()),
        (None, _) => id(),
    }
}
