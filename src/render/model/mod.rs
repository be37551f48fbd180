//! What is said of a plan, a run, a state or a finding: one model, from which text, Markdown and HTML
//! are written.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::inventory::{Known, Location};
use crate::render::escape::escape;
use crate::render::names::{Foreign, Names};
use crate::render::places::label;
use crate::render::size::{at_least, bytes};
use crate::render::{Paint, count};

pub(crate) mod find;
mod group;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod state;
pub(crate) mod stopped;
mod waits;
mod withhold;

pub(crate) use group::{Group, Item, Part, Rows};

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Words of ours; what stands between accents is code.
    Words(String),
    /// The same, and what is to be seen first, with its look on a terminal.
    Strong(Paint, String),
    /// A text from elsewhere, of which nothing is made.
    Foreign(Foreign),
    /// The same, which a terminal shows between accents.
    Quoted(Foreign),
}

/// A line of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line(pub(crate) Vec<Piece>);

impl Line {
    /// A line of our words.
    pub(crate) fn words(text: impl Into<String>) -> Self {
        Self::default().and(text)
    }

    /// A line that begins with what is to be seen first.
    pub(crate) fn strong(text: impl Into<String>) -> Self {
        Self::default().and_strong(Paint::Bold, text)
    }

    /// A line of a text from elsewhere.
    pub(crate) fn foreign(text: impl Into<Foreign>) -> Self {
        Self::default().and_foreign(text)
    }

    /// The line, and words of ours behind it.
    pub(crate) fn and(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.0.push(Piece::Words(text));
        }
        self
    }

    /// The line, and behind it what is to be seen first.
    pub(crate) fn and_strong(mut self, paint: Paint, text: impl Into<String>) -> Self {
        self.0.push(Piece::Strong(paint, text.into()));
        self
    }

    /// The line, and a text from elsewhere behind it.
    pub(crate) fn and_foreign(mut self, text: impl Into<Foreign>) -> Self {
        self.0.push(Piece::Foreign(text.into()));
        self
    }

    /// The line, and a text from elsewhere between accents behind it.
    pub(crate) fn and_quoted(mut self, text: impl Into<Foreign>) -> Self {
        self.0.push(Piece::Quoted(text.into()));
        self
    }

    /// The line, and another one behind it.
    pub(crate) fn and_line(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The line as plain text.
    pub(crate) fn text(&self) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Words(words) | Piece::Strong(_, words) => words.clone(),
            Piece::Foreign(text) => escape(text.shown()).into_owned(),
            Piece::Quoted(text) => format!("`{}`", escape(text.shown())),
        });
        pieces.collect()
    }

    /// The line as a text from elsewhere.
    pub(crate) fn into_foreign(self) -> Foreign {
        let shown = |names| withhold::line(self.clone(), names).text();
        let [path, off] = [shown(Names::Path), shown(Names::Off)];
        Foreign::new(self.text()).or_path(path).or_off(off)
    }

    /// Several lines as one, with words of ours between them.
    pub(crate) fn joined(lines: impl IntoIterator<Item = Self>, between: &str) -> Self {
        let mut all = Self::default();
        for (number, line) in lines.into_iter().enumerate() {
            if number > 0 {
                all = all.and(between);
            }
            all = all.and_line(line);
        }
        all
    }
}

/// What is new since an earlier plan, with the first of the assets that it is of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// How much it is; that is said wherever anything is.
    pub(crate) said: Line,
    pub(crate) names: Vec<Foreign>,
    /// How many assets it is of; where no asset is named, none is to be.
    pub(crate) total: usize,
}

impl Change {
    /// What is said by itself.
    pub(crate) fn new(said: Line) -> Self {
        Self {
            said,
            ..Self::default()
        }
    }

    /// All of it, with its names.
    pub(crate) fn line(&self) -> Line {
        self.with(self.names.len())
    }

    /// The same with so many names at most, and how many more assets there are.
    pub(crate) fn with(&self, most: usize) -> Line {
        let Self { said, names, total } = self;
        let shown = names.iter().take(most);
        let mut shown: Vec<Line> = shown
            .map(|name| Line::default().and_quoted(name.clone()))
            .collect();
        if shown.is_empty() {
            return said.clone();
        }
        let more = total.saturating_sub(shown.len());
        if more > 0 {
            shown.push(Line::words(format!("{} more", count(more))));
        }
        said.clone().and(": ").and_line(Line::joined(shown, ", "))
    }
}

/// A paragraph, or an item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    Paragraph(Line),
    Item(Line),
}

/// What is said of all that lies in one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FolderRow {
    /// What it is called; nothing where nobody knows where it is.
    pub(crate) label: Option<String>,
    /// Where it is.
    pub(crate) place: Option<Arc<Location>>,
    /// Its project, where one name may be that of several.
    pub(crate) project: Option<AssetId>,
    /// Its id, where one path may be that of several.
    pub(crate) folder: Option<AssetId>,
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    /// Of how many of them no size is known.
    pub(crate) unmeasured: usize,
    /// How many bytes are in its project, where that is known.
    pub(crate) storage: Option<u64>,
    /// How large it is, in words.
    pub(crate) size: String,
    /// When the first of it was changed last, where that is said.
    pub(crate) oldest: Option<Timestamp>,
    /// When the last of it was changed.
    pub(crate) changed: Option<Timestamp>,
}

/// Sorts the largest first.
pub(super) fn largest_first(folders: &mut [FolderRow]) {
    folders.sort_by_key(|row| Reverse((row.bytes, row.files)));
}

/// What is said of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: AssetId,
    pub(crate) kind: Option<Kind>,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) place: Option<Arc<Location>>,
    /// Its project, by which a page of Frame.io shows it.
    pub(crate) project: Option<AssetId>,
    /// The folder that it lies in.
    pub(crate) folder: Option<AssetId>,
    pub(crate) bytes: Option<u64>,
    /// How large it is, in words; a size may be a lower bound.
    pub(crate) size: Option<String>,
    pub(crate) changed: Option<Timestamp>,
    /// What else is to say of it, each with texts from elsewhere.
    pub(crate) said: Vec<Foreign>,
}

impl Row {
    /// What is said of an asset by what is kept of it.
    pub(crate) fn of(id: AssetId, known: &Known, said: Vec<Foreign>) -> Self {
        Self {
            id,
            kind: None,
            name: known.name.clone(),
            place: known.location.as_ref().map(Arc::clone),
            project: None,
            folder: None,
            bytes: known.bytes,
            size: known.bytes.map(bytes),
            changed: None,
            said,
        }
    }

    /// What is said of it, in one text.
    pub(crate) fn said(&self) -> String {
        let said = self.said.iter().map(Foreign::shown);
        let said = said.filter(|said| !said.is_empty());
        said.collect::<Vec<_>>().join(" · ")
    }

    /// Where it lies and what it is called, as far as that is known.
    pub(crate) fn path(&self) -> Option<String> {
        let place = self.place.as_ref().map(|place| label(place));
        let name = self.name.as_ref().map(|name| escape(name).into_owned());
        let path: Vec<String> = place.into_iter().chain(name).collect();
        let path = path.join("/");
        (!path.is_empty()).then_some(path)
    }
}

/// What is said of a plan, a run, a state or a finding.
pub(crate) struct Report<'of> {
    /// What it is of, in one word.
    pub(crate) of: &'static str,
    /// What a page of it is called.
    pub(crate) heading: &'static str,
    /// What tells it from another one of its sort: the name of the state.
    pub(crate) key: Foreign,
    /// The one sentence that is read first.
    pub(crate) title: Line,
    /// What it is of more closely, each with its name.
    pub(crate) fields: Vec<(&'static str, Line)>,
    /// The figures that are seen at once, each with its name.
    pub(crate) figures: Vec<(&'static str, String)>,
    /// What follows the sentence: whose it is.
    pub(crate) lead: Vec<Line>,
    /// What somebody has to look at first.
    pub(crate) attention: Vec<Line>,
    /// What is new since an earlier plan, or why nobody says it.
    pub(crate) changes: Vec<Change>,
    /// What was counted, and how long it takes.
    pub(crate) checks: Vec<Block>,
    /// What the sums by folder count: files or assets.
    pub(crate) counted: &'static str,
    /// The sums by folder, the largest first.
    pub(crate) folders: Vec<FolderRow>,
    /// What else is to say, and of which assets.
    pub(crate) groups: Vec<Group<'of>>,
    /// What to do next.
    pub(crate) next: Vec<Line>,
    pub(crate) closing: Vec<Line>,
    /// What ages are counted to.
    pub(crate) now: Timestamp,
}

impl Report<'_> {
    /// What follows its first sentence.
    pub(crate) fn below_title(&self) -> Vec<Line> {
        let fields = self.fields.iter();
        let fields =
            fields.map(|(name, said)| Line::words(format!("{name} ")).and_line(said.clone()));
        let fields = Line::joined(fields, " · ");
        let fields = Some(fields).filter(|fields| !fields.0.is_empty());
        fields
            .into_iter()
            .chain(self.lead.iter().cloned())
            .collect()
    }

    /// What somebody has to look at, each with so many rows of what stands below it; `named` says what
    /// is new, with as many names as there is room for.
    pub(crate) fn to_look_at(
        &self,
        most: usize,
        named: impl FnMut(&Change) -> Line,
    ) -> impl Iterator<Item = (Line, Vec<Line>)> {
        let alone = self.attention.iter().cloned();
        let alone = alone.chain(self.changes.iter().map(named));
        let alone = alone.map(|line| (line, Vec::new()));
        alone.chain(self.glances(true, most))
    }

    /// What else is told besides, in the same way.
    pub(crate) fn beside(&self, most: usize) -> impl Iterator<Item = (Line, Vec<Line>)> {
        self.glances(false, most)
    }

    fn glances(&self, attention: bool, most: usize) -> impl Iterator<Item = (Line, Vec<Line>)> {
        let groups = self.groups.iter();
        let groups = groups.filter(move |group| group.attention == attention);
        groups.filter_map(move |group| group.glance(most))
    }
}

/// The report of a command that did nothing, and why.
pub(crate) fn failed(
    (command, key): (&'static str, &str),
    (why, hint): (Vec<Line>, Option<&'static str>),
    now: Timestamp,
) -> Report<'static> {
    let of = if command == "apply" { "run" } else { command };
    let mut attention = why;
    attention.extend(hint.map(Line::words));
    Report {
        of,
        heading: "What came to nothing",
        key: Foreign::key(key).without_file(),
        title: Line::words(format!("`retire {command}` did nothing.")),
        fields: Vec::new(),
        figures: Vec::new(),
        lead: Vec::new(),
        attention,
        changes: Vec::new(),
        checks: Vec::new(),
        counted: "files",
        folders: Vec::new(),
        groups: Vec::new(),
        next: Vec::new(),
        closing: Vec::new(),
        now,
    }
}

/// What stands above what to do next.
pub(crate) const NEXT: &str = "What to do next:";

/// What lies in one folder.
#[derive(Debug, Default)]
struct Sum {
    count: usize,
    bytes: u64,
    unmeasured: usize,
    newest: Option<Timestamp>,
}

/// Sums of assets by folder, in the order of the folders.
#[derive(Debug, Default)]
pub(super) struct ByFolder {
    sums: BTreeMap<Option<Arc<Location>>, Sum>,
}

impl ByFolder {
    /// Adds an asset of so many files.
    pub(super) fn add(
        &mut self,
        place: Option<Arc<Location>>,
        count: usize,
        (bytes, changed): (Option<u64>, Option<Timestamp>),
    ) {
        let sum = self.sums.entry(place).or_default();
        sum.count += count;
        sum.unmeasured += usize::from(bytes.is_none());
        sum.bytes = sum.bytes.saturating_add(bytes.unwrap_or_default());
        sum.newest = sum.newest.max(changed);
    }

    /// The rows, the largest first.
    pub(super) fn rows(self) -> Vec<FolderRow> {
        let rows = self.sums.into_iter();
        let rows = rows.map(|(place, sum)| FolderRow {
            label: place.as_deref().map(label),
            place,
            project: None,
            folder: None,
            files: sum.count,
            bytes: sum.bytes,
            unmeasured: sum.unmeasured,
            storage: None,
            size: at_least(sum.bytes, sum.unmeasured),
            oldest: None,
            changed: sum.newest,
        });
        let mut rows: Vec<FolderRow> = rows.collect();
        largest_first(&mut rows);
        rows
    }
}
