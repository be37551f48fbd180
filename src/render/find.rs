//! What was found, for people: totals first, then a table by folder.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::find::fields::NoField;
use crate::find::filter::By;
use crate::find::sum::{Figures, Folder, Order, joined};
use crate::find::{Answer, Found, Kept, NotThere};
use crate::manifest::write::{Proposed, Section, Written};
use crate::measure;
use crate::render::escape::{columns, escape};
use crate::render::words::{figures, fold};
use crate::render::{Paint, Style, count, counted};

/// How narrow a terminal is at which the table leaves out two of its columns.
const NARROW: usize = 80;

/// How many folders a terminal shows, and of each folder how many assets.
const SHOWN: usize = 40;

/// How wide the size of an asset is, with the blanks around it.
const BYTES: usize = 15;

/// How far names are padded at most, so that the ids behind them stand below each other.
const PADDED: usize = 60;

/// A folder by its path and its project.
type Key = (Vec<String>, Option<AssetId>);

/// How a name that is too long is cut.
const CUT: &str = "…";

/// What is shown of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FindView<'a> {
    /// What was found.
    pub(crate) answer: &'a Answer<'a>,
    /// The folders that could not be read, by path, and why.
    pub(crate) unread: &'a [(String, String)],
    /// Which moment of an asset counts.
    pub(crate) by: By,
    /// How far down folders are shown, each with all below it.
    pub(crate) depth: Option<usize>,
    /// The order of the folders.
    pub(crate) order: Order,
    /// Whether each asset is shown.
    pub(crate) full: bool,
    /// How many columns a line may have; nothing where nobody minds.
    pub(crate) width: Option<usize>,
}

/// Shows what was found.
///
/// # Errors
///
/// Returns what the sink says.
pub(crate) fn table(view: &FindView<'_>, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    unread(view.unread, style, sink)?;
    let answer = view.answer;
    let totals = answer.totals(view.by);
    if answer.found.is_empty() {
        return writeln!(sink, "Nothing was found.");
    }
    let direct = answer.folders(None, view.by, view.order);
    let title = format!(
        "{}, {}, in {} of {}",
        things(answer),
        size(totals, "at least "),
        counted(direct.len(), "folder", "folders"),
        counted(answer.projects(), "project", "projects"),
    );
    writeln!(sink, "{}", style.paint(Paint::Bold, title))?;
    kept(answer, sink)?;
    writeln!(sink)?;
    let folders = match view.depth {
        None => direct,
        Some(_) => answer.folders(view.depth, view.by, view.order),
    };
    let is_narrow = view.width.is_some_and(|width| width < NARROW);
    let head = ["FILES", "BYTES", "OLDEST", "NEWEST", "SHARE", "FOLDER"];
    let rows: Vec<[String; 6]> = folders.iter().map(row).collect();
    let mut widths = [0; 5];
    for cells in std::iter::once(&head.map(str::to_owned)).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = columns(cell).max(*width);
        }
    }
    let shown = match view.width {
        Some(_) if !view.full => SHOWN,
        Some(_) | None => usize::MAX,
    };
    let line = |cells: &[String; 6]| {
        // Without the oldest and the share, where there is no room for them.
        let cells_before = cells.iter().zip(widths).enumerate();
        let shown = cells_before.filter(|(place, _)| !(is_narrow && matches!(place, 2 | 4)));
        let shown = shown.map(|(_, (cell, width))| format!("{cell:>width$}  "));
        let mut line = shown.collect::<Vec<_>>().concat();
        let left = view.width.map(|all| all.saturating_sub(columns(&line)));
        line.push_str(&cut(&cells[5], left));
        line
    };
    let head = line(&head.map(str::to_owned));
    writeln!(sink, "{}", style.paint(Paint::Dim, head))?;
    let each = view.full.then(|| by_folder(answer));
    for (folder, cells) in folders.iter().zip(&rows).take(shown) {
        writeln!(sink, "{}", line(cells))?;
        if let Some(each) = &each {
            let key = (folder.path.clone(), folder.project);
            let lines = assets(each.get(&key).map_or(&[], Vec::as_slice), view);
            lines.iter().try_for_each(|line| writeln!(sink, "{line}"))?;
        }
    }
    let more = folders.len().saturating_sub(shown);
    fold(0, more, "more folders; `--full` shows all", style, sink)
}

/// Says why a PLACE is not there, or what it could mean.
pub(crate) fn not_there(place: &str, why: &NotThere) -> String {
    let list = |named: &[(String, AssetId)]| {
        let named = named.iter().map(|(name, id)| format!("`{name}` ({id})"));
        named.collect::<Vec<_>>().join(", ")
    };
    let within = |within: &str| match within {
        "" => "the account".to_owned(),
        within => format!("`{within}`"),
    };
    match why {
        NotThere::Id(id) => format!("neither a project nor an asset has the id `{id}`"),
        NotThere::Elsewhere { id, said, project } => {
            format!("the address names the project `{said}`, and `{id}` lies in `{project}`")
        }
        NotThere::Missing {
            within: above,
            name,
            instead,
            more,
        } => {
            let there = match (&**instead, more) {
                ([], _) => "; nothing is in there".to_owned(),
                (some, 0) => format!("; there is {}", list(some)),
                (some, more) => format!("; there is {} and {} more", list(some), count(*more)),
            };
            let above = within(above);
            format!("PLACE `{place}` is not there: {above} has no `{name}`{there}")
        }
        NotThere::Ambiguous {
            within: above,
            name: _,
            candidates,
        } => {
            let (above, list) = (within(above), list(candidates));
            let number = count(candidates.len());
            format!("PLACE `{place}` means {number}: {above} has {list}")
        }
    }
}

/// Says why no custom field says what is asked for, and which would.
pub(crate) fn no_field(why: &NoField) -> String {
    let list = |names: &[Arc<str>], more: usize| {
        let names = names.iter().map(|name| format!("`{name}`"));
        let names = names.collect::<Vec<_>>().join(", ");
        match more {
            0 => names,
            more => format!("{names} and {} more", count(more)),
        }
    };
    match why {
        NoField::Name { name, there, more } if there.is_empty() && *more == 0 => {
            format!("there is no custom field `{name}`, nor any other")
        }
        NoField::Name { name, there, more } => {
            let there = list(there, *more);
            format!("there is no custom field `{name}`; there is {there}")
        }
        NoField::Value {
            field,
            value,
            says,
            more,
        } if says.is_empty() && *more == 0 => {
            format!("the custom field `{field}` has no option `{value}`, nor any other")
        }
        NoField::Value {
            field,
            value,
            says,
            more,
        } => {
            let says = list(says, *more);
            format!("the custom field `{field}` never says `{value}`; it says {says}")
        }
        NoField::Unread { name, why } => {
            format!(
                "the custom fields of the account could not be read, so nobody knows whether there is a `{name}`: {why}"
            )
        }
    }
}

/// Shows what came into a section of a manifest, and what went out.
///
/// # Errors
///
/// Returns what the sink says.
pub(crate) fn difference(
    title: &str,
    written: &Written,
    section: &Section,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let Written {
        text: _,
        new,
        gone,
        changed,
        elsewhere,
    } = written;
    let title = escape(title);
    let listed = section.assets.len() - elsewhere.len();
    if new.is_empty() && gone.is_empty() && changed.is_empty() {
        let entries = counted(listed, "entry", "entries");
        writeln!(sink, "{title} is up to date: {entries}")?;
    } else {
        let counts = [
            (new.len(), "new"),
            (gone.len(), "taken out"),
            (changed.len(), "changed"),
            (listed - new.len() - changed.len(), "as before"),
        ];
        writeln!(sink, "{title}: {}", figures(&counts).join(", "))?;
    }
    let names: BTreeMap<AssetId, &Proposed> = section
        .assets
        .iter()
        .map(|asset| (asset.id, asset))
        .collect();
    let name = |id: &AssetId| {
        let asset = names.get(id);
        let name = asset.map(|asset| {
            let name = asset.name.as_deref().unwrap_or("?");
            format!("{}/{}", asset.folder, name.replace('/', "\\/"))
        });
        name.unwrap_or_default()
    };
    for id in new {
        let line = format!("+ {id}  {}", escape(&name(id)));
        writeln!(sink, "{}", style.paint(Paint::Green, line))?;
    }
    for (id, name) in gone {
        let name = name.as_deref().unwrap_or_default();
        let line = format!("- {id}  {}", escape(name));
        writeln!(sink, "{}", style.paint(Paint::Red, line.trim_end()))?;
    }
    for id in changed {
        let line = format!("~ {id}  {}", escape(&name(id)));
        writeln!(sink, "{}", style.paint(Paint::Yellow, line))?;
    }
    if !elsewhere.is_empty() {
        let assets = counted(elsewhere.len(), "asset is", "assets are");
        writeln!(sink, "{assets} listed elsewhere in it already")?;
    }
    Ok(())
}

/// What was found, by the folder that it lies in.
fn by_folder<'a>(answer: &'a Answer<'a>) -> BTreeMap<Key, Vec<&'a Found<'a>>> {
    let mut each: BTreeMap<Key, Vec<&Found<'_>>> = BTreeMap::new();
    for found in &answer.found {
        let path = answer.folder_of(found).into_iter().map(str::to_owned);
        let key = (path.collect(), found.facts.project);
        each.entry(key).or_default().push(found);
    }
    each
}

/// Says what could not be read, before anything else.
fn unread(unread: &[(String, String)], style: Style, sink: &mut dyn Write) -> io::Result<()> {
    if unread.is_empty() {
        return Ok(());
    }
    let folders = counted(unread.len(), "folder", "folders");
    let them = if unread.len() == 1 { "it" } else { "them" };
    let text = format!("{folders} could not be read: what is in {them} is missing below");
    writeln!(sink, "{}", style.paint(Paint::BoldRed, text))?;
    for (path, why) in unread.iter().take(SHOWN) {
        writeln!(sink, "  {}: {}", escape(path), escape(why))?;
    }
    fold(2, unread.len().saturating_sub(SHOWN), "more", style, sink)?;
    writeln!(sink)
}

/// How many assets were found, by kind.
pub(super) fn things(answer: &Answer<'_>) -> String {
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
fn kept(answer: &Answer<'_>, sink: &mut dyn Write) -> io::Result<()> {
    for (why, number) in answer.left_out() {
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
        writeln!(sink, "{number} of them {them}; manifests leave {what}")?;
    }
    Ok(())
}

/// Says what was found and must not be listed; nothing where all of it may be.
pub(crate) fn left_out(answer: &Answer<'_>) -> Option<String> {
    let words = answer.left_out().into_iter().map(|(why, number)| {
        let why = match why {
            Kept::Held => "held",
            Kept::Marked => "marked",
            Kept::HoldsHeld => "with something held inside",
            Kept::HoldsMarked => "with something marked inside",
        };
        (number, why)
    });
    let words = figures(&words.collect::<Vec<_>>()).join(", ");
    (!words.is_empty()).then_some(words)
}

fn row(folder: &Folder) -> [String; 6] {
    let figures = folder.figures;
    [
        count(figures.files),
        size(figures, "≥ "),
        day(figures.oldest),
        day(figures.newest),
        share(figures, folder.storage),
        escape(&joined(&folder.path)).into_owned(),
    ]
}

/// The lines of the assets of one folder, the id behind each; where there is no room for it, it has
/// a line of its own.
fn assets(all: &[&Found<'_>], view: &FindView<'_>) -> Vec<String> {
    let is_narrow = view.width.is_some_and(|width| width < NARROW);
    let cells = all.iter().map(|found| {
        let kind = match found.facts.kind {
            Kind::File => "",
            Kind::Folder => "/",
            Kind::VersionStack => " (version stack)",
        };
        let name = found.facts.name.as_deref().unwrap_or("?");
        let [_, newest] = found.moments(view.by);
        let bytes = found.bytes().map_or_else(|| "–".to_owned(), measure::bytes);
        let before = format!("{bytes:>width$}  {:>10}  ", day(newest), width = BYTES - 2);
        let id = found.id.to_string();
        let behind = if is_narrow { 0 } else { columns(&id) + 2 };
        let taken = columns(&before) + behind;
        let left = view.width.map(|all| all.saturating_sub(taken));
        (before, cut(&format!("{}{kind}", escape(name)), left), id)
    });
    let cells: Vec<(String, String, String)> = cells.collect();
    let names = cells.iter().map(|(_, name, _)| columns(name));
    // One long name does not push the ids of all others aside.
    let widest = names.filter(|width| *width <= PADDED).max().unwrap_or(0);
    let line = |(before, name, id): &(String, String, String)| {
        if is_narrow {
            return format!("{before}{name}\n{:pad$}{id}", "", pad = BYTES);
        }
        let pad = widest.saturating_sub(columns(name));
        format!("{before}{name}{:pad$}  {id}", "")
    };
    cells.iter().map(line).collect()
}

/// Cuts a text in its middle, so that both its ends are seen.
fn cut(text: &str, most: Option<usize>) -> String {
    let Some(most) = most.filter(|most| columns(text) > *most) else {
        return text.to_owned();
    };
    let half = most.saturating_sub(1) / 2;
    let take = |letters: &mut dyn Iterator<Item = char>, most: usize| {
        let mut taken = String::new();
        for letter in letters {
            let longer = format!("{taken}{letter}");
            if columns(&longer) > most {
                break;
            }
            taken = longer;
        }
        taken
    };
    let begin = take(&mut text.chars(), half);
    let rest = most.saturating_sub(1).saturating_sub(columns(&begin));
    let end: String = take(&mut text.chars().rev(), rest).chars().rev().collect();
    format!("{begin}{CUT}{end}")
}

fn day(moment: Option<Timestamp>) -> String {
    moment.map_or_else(
        || "–".to_owned(),
        |moment| moment.strftime("%Y-%m-%d").to_string(),
    )
}

/// How large something is, with a word before what is a lower bound.
fn size(figures: Figures, bound: &str) -> String {
    let bound = if figures.unmeasured > 0 { bound } else { "" };
    format!("{bound}{}", measure::bytes(figures.bytes))
}

/// The share of a project's bytes.
fn share(figures: Figures, storage: Option<u64>) -> String {
    let Some(storage) = storage.filter(|storage| *storage > 0) else {
        return "–".to_owned();
    };
    let tenths = u128::from(figures.bytes) * 1000 / u128::from(storage);
    let bound = if figures.unmeasured > 0 { "≥ " } else { "" };
    format!("{bound}{}.{} %", tenths / 10, tenths % 10)
}
