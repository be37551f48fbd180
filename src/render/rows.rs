//! The rows of a plan: one for an asset or a folder, cut to the width of a terminal.

use std::borrow::Cow;
use std::io::{self, Write};

use jiff::Timestamp;
use unicode_width::UnicodeWidthChar;

use crate::asset::{AssetId, Kind};
use crate::inventory::Known;
use crate::plan::Plan;
use crate::plan::about::{About, Sum};
use crate::render::escape::{columns, escape};
use crate::render::places::label;
use crate::render::size::{age, bytes};
use crate::render::tree::Leaf;
use crate::render::{Paint, Style, counted};

/// What stands before a name at most: its indent and its symbol.
const BEFORE: usize = 6;
/// What stands between two columns.
const GAP: usize = 2;
/// A whole id, and what is shown of one where there is little room.
const ID: usize = 36;
const SHORT_ID: usize = 8;
/// How long a name is shown at most where there is no width to keep to in columns: longer ones
/// push theirs to the right.
const LONGEST: usize = 48;
/// What a name is worth: with less, ids are cut first.
const NAME: usize = 24;

/// How many columns the parts of a row take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Widths {
    name: usize,
    size: usize,
    age: usize,
    kind: usize,
}

impl Widths {
    /// What they take at most.
    pub(super) const WIDEST: Self = Self {
        name: LONGEST,
        size: "89.1 MB".len(),
        age: "23 months".len(),
        kind: "folder".len(),
    };

    /// How much of a row they take beside the name, with what stands before and between them.
    const fn fixed(self) -> usize {
        let mut taken = BEFORE;
        let (mut column, widths) = (0, [self.size, self.age, self.kind]);
        while column < widths.len() {
            if widths[column] > 0 {
                taken += GAP + widths[column];
            }
            column += 1;
        }
        taken + GAP
    }
}

/// The figures of an asset.
struct Figures<'plan> {
    name: Cow<'plan, str>,
    size: String,
    age: String,
    kind: &'static str,
}

/// Where rows are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    /// How wide it is; nothing where it is no terminal.
    pub(super) width: Option<usize>,
    /// Whether nothing is cut.
    pub(super) full: bool,
    /// What ages are counted to.
    pub(super) now: Timestamp,
    pub(super) style: Style,
}

impl Page {
    /// Whether it shows only so much as there is room for.
    pub(super) const fn folds(&self) -> bool {
        self.width.is_some() && !self.full
    }

    /// Cuts a text that is too long for what is left of a row.
    pub(super) fn cut<'text>(&self, text: &'text str, taken: usize) -> Cow<'text, str> {
        match self.width {
            Some(width) if !self.full => cut(text, width.saturating_sub(taken)),
            Some(_) | None => text.into(),
        }
    }

    /// Writes a sentence, in several lines where the terminal has no room for it in one.
    pub(super) fn prose(&self, text: &str, sink: &mut dyn Write) -> io::Result<()> {
        let width = self.width.unwrap_or(usize::MAX);
        let mut taken = 0;
        for (number, word) in text.split(' ').enumerate() {
            let wide = shown(word);
            if number > 0 && taken + 1 + wide > width {
                write!(sink, "\n  ")?;
                taken = 2;
            } else if number > 0 {
                write!(sink, " ")?;
                taken += 1;
            }
            write!(sink, "{word}")?;
            taken += wide;
        }
        writeln!(sink)
    }

    /// Writes a sentence that stands out.
    pub(super) fn heading(&self, text: &str, sink: &mut dyn Write) -> io::Result<()> {
        let text = self.style.paint(Paint::Bold, text).to_string();
        self.prose(&text, sink)
    }

    fn figures<'plan>(&self, leaf: &Leaf<'plan>) -> Figures<'plan> {
        let about = leaf.about;
        let name = about.and_then(|about| about.name.as_deref()).unwrap_or("?");
        let size = about.and_then(|about| sized(Sum::of([(about.kind, Some(about))])));
        let changed = about.and_then(About::changed);
        let changed = changed.map(|at| age(at, self.now));
        let said = leaf.step.kind().or_else(|| about?.kind);
        Figures {
            name: escape(name),
            size: size.unwrap_or_default(),
            age: changed.unwrap_or_default(),
            kind: said.map_or("", kind),
        }
    }

    /// How many columns the parts of the rows of some neighbours take.
    pub(super) fn widths(&self, leaves: &[Leaf<'_>]) -> Widths {
        let mut widths = Widths {
            name: 0,
            size: 0,
            age: 0,
            kind: 0,
        };
        let is_named = |leaf: &&Leaf<'_>| leaf.about.is_some();
        for leaf in leaves.iter().filter(is_named) {
            let figures = self.figures(leaf);
            widths.name = widths.name.max(columns(&figures.name));
            widths.size = widths.size.max(figures.size.len());
            widths.age = widths.age.max(figures.age.len());
            widths.kind = widths.kind.max(figures.kind.len());
        }
        widths
    }

    /// How many columns names have, and whether whole ids stand behind them.
    fn names(&self, widths: Widths) -> (usize, bool) {
        let fixed = widths.fixed();
        let room = self.width.map(|width| width.saturating_sub(fixed));
        match room {
            None => (widths.name.min(LONGEST), true),
            Some(room) if room >= ID + widths.name.clamp(NAME, LONGEST) => (widths.name, true),
            Some(room) if room >= ID + NAME => (widths.name.min(room - ID), true),
            Some(room) => {
                let room = room.saturating_sub(SHORT_ID + 1).max(SHORT_ID);
                (widths.name.min(room), false)
            }
        }
    }

    /// The rows of an asset whose name is known: the second has what did not fit.
    pub(super) fn asset(
        &self,
        leaf: &Leaf<'_>,
        (symbol, paint): (&str, Paint),
        (indent, widths): (usize, Widths),
        said: &[String],
    ) -> Vec<String> {
        let (room, whole) = self.names(widths);
        let Figures {
            name,
            size,
            age,
            kind,
        } = self.figures(leaf);
        let name = if self.folds() {
            cut_within(&name, room)
        } else {
            name
        };
        let id = leaf.step.id.to_string();
        let mut said: Vec<Cow<'_, str>> = said.iter().map(|text| text.as_str().into()).collect();
        let shown = if whole {
            id.as_str().into()
        } else if self.full {
            said.insert(0, id.as_str().into());
            "".into()
        } else {
            cut(&id, SHORT_ID + 1)
        };
        let right = |text: &str, width: usize| format!("  {text:>width$}");
        let left = |text: &str, width: usize| format!("  {text:width$}");
        let mut figures = Vec::new();
        figures.extend((widths.size > 0).then(|| right(&size, widths.size)));
        figures.extend((widths.age > 0).then(|| right(&age, widths.age)));
        figures.extend((widths.kind > 0).then(|| left(kind, widths.kind)));
        let figures = figures.concat();
        let mut head = format!(
            "{:indent$}{} {}{figures}  {}",
            "",
            self.style.paint(paint, symbol),
            padded(&name, room),
            self.style.paint(Paint::Dim, &shown)
        );
        if shown.is_empty() {
            head.truncate(head.trim_end().len());
        }
        let said = said.join(" · ");
        if said.is_empty() {
            return vec![head];
        }
        let taken = indent + 2 + columns(&name).max(room) + figures.len() + GAP;
        let taken = taken + columns(&shown) + GAP + columns(&said);
        if self.width.is_none_or(|width| taken <= width) {
            return vec![format!("{head}  {said}")];
        }
        let under = indent + 2;
        let said = self.cut(&said, under);
        let second = format!("{:under$}{}", "", self.style.paint(Paint::Dim, said));
        vec![head, second]
    }
}

/// A row of a folder or a project, before the columns of its neighbours are known.
#[derive(Debug)]
pub(super) struct PlaceRow {
    label: String,
    files: String,
    size: String,
    said: String,
}

impl PlaceRow {
    pub(super) fn new(label: String, sum: Sum, said: &[String]) -> Self {
        Self {
            label,
            files: files(sum),
            size: sized(sum).unwrap_or_default(),
            said: said.join(" · "),
        }
    }

    /// Writes rows below each other.
    pub(super) fn lay_out(rows: &[Self], page: &Page) -> Vec<String> {
        let widest = |text: fn(&Self) -> &str| {
            let widths = rows.iter().map(|row| columns(text(row)));
            widths.max().unwrap_or(0)
        };
        // A long path must not push the figures out of sight.
        let most = page.width.map_or(usize::MAX, |width| (width / 2).max(NAME));
        let most = if page.full { usize::MAX } else { most };
        let labels = widest(|row| &row.label).min(most);
        let (files, sizes) = (widest(|row| &row.files), widest(|row| &row.size));
        let row = |row: &Self| {
            let label = padded(&cut_within(&row.label, labels), labels);
            let label = page.style.paint(Paint::Bold, label);
            let mut figures = format!("{:>files$}", row.files);
            if sizes > 0 {
                figures = format!("{figures}  {:>sizes$}", row.size);
            }
            let before = GAP + labels + GAP + columns(&figures) + GAP;
            let said = page.cut(&row.said, before);
            if said.is_empty() {
                return format!("  {label}  {}", figures.trim_end());
            }
            format!(
                "  {label}  {figures}  {}",
                page.style.paint(Paint::Dim, said)
            )
        };
        rows.iter().map(row).collect()
    }
}

/// Says how many files there are.
pub(super) fn files(sum: Sum) -> String {
    let files = counted(sum.files, "file", "files");
    if sum.unlisted > 0 {
        // What was not listed to its end counts as one, and may have many in it.
        return format!("at least {files}");
    }
    files
}

/// Says how large some files are; nothing where no size is known.
pub(super) fn sized(sum: Sum) -> Option<String> {
    let Sum {
        files,
        bytes: known,
        unmeasured,
        unlisted: _,
    } = sum;
    match unmeasured {
        0 => Some(bytes(known)),
        some if some >= files || known == 0 => None,
        _ => Some(format!("at least {}", bytes(known))),
    }
}

/// Where an asset lies and what it is called, as far as that is known: `Tide/day 1/a.mov`.
pub(super) fn path(known: &Known) -> String {
    let place = known.location.as_ref().map(|place| label(place));
    let name = known.name.as_ref().map(|name| escape(name).into_owned());
    let path: Vec<String> = place.into_iter().chain(name).collect();
    path.join("/")
}

/// The same of an asset of a plan; nothing where that is not known.
pub(super) fn path_in(plan: &Plan, id: AssetId) -> Option<String> {
    let path = path(&plan.about.get(&id)?.known()?);
    (!path.is_empty()).then_some(path)
}

/// What sort of asset it is, in one word.
pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Folder => "folder",
        Kind::VersionStack => "stack",
    }
}

/// How many columns a terminal shows of a text, colours being none.
pub(super) fn shown(text: &str) -> usize {
    columns(text).saturating_sub(colours(text))
}

/// How many columns of an escaped text are colours, which a terminal does not show.
fn colours(text: &str) -> usize {
    let colours = text.split('\u{1b}').skip(1);
    let colours = colours.filter_map(|rest| rest.split_inclusive('m').next());
    colours
        .map(|colour| columns("\u{1b}") + columns(colour))
        .sum()
}

/// Fills a text up to so many columns.
fn padded(text: &str, to: usize) -> String {
    let missing = to.saturating_sub(columns(text));
    format!("{text}{:missing$}", "")
}

/// Cuts the end off a text that is too long.
pub(super) fn cut(text: &str, to: usize) -> Cow<'_, str> {
    if columns(text) <= to {
        return text.into();
    }
    let mut kept = first(text, to.saturating_sub(1)).to_owned();
    kept.push('…');
    kept.into()
}

/// Cuts a text that is too long in its middle: names of one folder mostly begin alike.
fn cut_within(text: &str, to: usize) -> Cow<'_, str> {
    if columns(text) <= to {
        return text.into();
    }
    let room = to.saturating_sub(1);
    let start = first(text, room - room / 2);
    let end: String = text.chars().rev().collect();
    let end: String = first(&end, room / 2).chars().rev().collect();
    format!("{start}…{end}").into()
}

/// What of the beginning of a text fits into so many columns.
fn first(text: &str, to: usize) -> &str {
    let mut taken = 0;
    let end = text.char_indices().find(|(_, character)| {
        taken += character.width().unwrap_or(0);
        taken > to
    });
    &text[..end.map_or(text.len(), |(end, _)| end)]
}
