//! What was found, for people: totals first, then a table by folder.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::find::fields::NoField;
use crate::find::{Answer, Kept, NotThere};
use crate::inventory::Location;
use crate::manifest::write::{Proposed, Section, Written};
use crate::measure;
use crate::render::escape::{columns, escape};
use crate::render::lines::{self, Most, line, rows};
use crate::render::model::{FolderRow, Group, Report, Row};
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

/// The rows of the table of assets of each folder, by its place and its project.
type ByFolder = BTreeMap<(Option<Arc<Location>>, Option<AssetId>), Vec<usize>>;

/// How a name that is too long is cut.
const CUT: &str = "…";

/// How an answer is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    /// Whether each asset is.
    pub(crate) full: bool,
    /// How many columns a line may have; nothing where nobody minds.
    pub(crate) width: Option<usize>,
}

/// Shows what was found.
///
/// # Errors
///
/// Returns what the sink says.
pub(crate) fn table(
    report: &Report<'_>,
    shown: Shown,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    for group in &report.groups {
        if let Some(title) = &group.title {
            writeln!(sink, "{}", line(title, style))?;
            rows(
                group,
                (Most::First(SHOWN), lines::Order::Names, style),
                sink,
            )?;
            writeln!(sink)?;
        }
    }
    writeln!(sink, "{}", line(&report.title, style))?;
    let Some(found) = report.groups.iter().find(|group| group.table.is_some()) else {
        return Ok(());
    };
    for said in &report.attention {
        writeln!(sink, "{}", line(said, style))?;
    }
    writeln!(sink)?;
    folders(report, found, (shown, style), sink)
}

/// Shows the sums by folder, and the assets of each where each is shown.
fn folders(
    report: &Report<'_>,
    found: &Group<'_>,
    (look, style): (Shown, Style),
    sink: &mut dyn Write,
) -> io::Result<()> {
    let Shown { full, width } = look;
    let is_narrow = width.is_some_and(|width| width < NARROW);
    let head = ["FILES", "BYTES", "OLDEST", "NEWEST", "SHARE", "FOLDER"];
    let cells: Vec<[String; 6]> = report.folders.iter().map(row).collect();
    let mut widths = [0; 5];
    for cells in std::iter::once(&head.map(str::to_owned)).chain(&cells) {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = columns(cell).max(*width);
        }
    }
    let shown = match width {
        Some(_) if !full => SHOWN,
        Some(_) | None => usize::MAX,
    };
    let line = |cells: &[String; 6]| {
        // Without the oldest and the share, where there is no room for them.
        let cells_before = cells.iter().zip(widths).enumerate();
        let shown = cells_before.filter(|(place, _)| !(is_narrow && matches!(place, 2 | 4)));
        let shown = shown.map(|(_, (cell, width))| format!("{cell:>width$}  "));
        let mut line = shown.collect::<Vec<_>>().concat();
        let left = width.map(|all| all.saturating_sub(columns(&line)));
        line.push_str(&cut(&cells[5], left));
        line
    };
    let head = line(&head.map(str::to_owned));
    writeln!(sink, "{}", style.paint(Paint::Dim, head))?;
    let each = full.then(|| by_folder(found));
    for (folder, cells) in report.folders.iter().zip(&cells).take(shown) {
        writeln!(sink, "{}", line(cells))?;
        if let Some(each) = &each {
            let key = (folder.place.clone(), folder.project);
            let of = each.get(&key).map_or(&[][..], Vec::as_slice);
            let lines = assets(&found.at(of), width);
            lines.iter().try_for_each(|line| writeln!(sink, "{line}"))?;
        }
    }
    let more = report.folders.len().saturating_sub(shown);
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
fn by_folder(found: &Group<'_>) -> ByFolder {
    let mut each = ByFolder::new();
    for (at, row) in found.assets().enumerate() {
        each.entry((row.place, row.project)).or_default().push(at);
    }
    each
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

fn row(folder: &FolderRow) -> [String; 6] {
    [
        count(folder.files),
        bound(folder, measure::bytes(folder.bytes)),
        day(folder.oldest),
        day(folder.changed),
        share(folder),
        folder.label.clone().unwrap_or_default(),
    ]
}

/// The lines of the assets of one folder, the id behind each; where there is no room for it, it has
/// a line of its own.
fn assets(all: &[Row], width: Option<usize>) -> Vec<String> {
    let is_narrow = width.is_some_and(|width| width < NARROW);
    let cells = all.iter().map(|found| {
        let kind = match found.kind {
            Some(Kind::File) | None => "",
            Some(Kind::Folder) => "/",
            Some(Kind::VersionStack) => " (version stack)",
        };
        let name = found.name.as_deref().unwrap_or("?");
        let bytes = found.bytes.map_or_else(|| "–".to_owned(), measure::bytes);
        let before = format!(
            "{bytes:>width$}  {:>10}  ",
            day(found.changed),
            width = BYTES - 2
        );
        let id = found.id.to_string();
        let behind = if is_narrow { 0 } else { columns(&id) + 2 };
        let taken = columns(&before) + behind;
        let left = width.map(|all| all.saturating_sub(taken));
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

/// A figure of a folder, which is a lower bound where not all is known.
fn bound(folder: &FolderRow, figure: String) -> String {
    match folder.unmeasured {
        0 => figure,
        _ => format!("≥ {figure}"),
    }
}

/// The share of a project's bytes.
fn share(folder: &FolderRow) -> String {
    let Some(storage) = folder.storage.filter(|storage| *storage > 0) else {
        return "–".to_owned();
    };
    let tenths = u128::from(folder.bytes) * 1000 / u128::from(storage);
    bound(folder, format!("{}.{} %", tenths / 10, tenths % 10))
}
