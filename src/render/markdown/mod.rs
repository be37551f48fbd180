//! Reports as Markdown, for the comment on a pull request and the summary of a CI job: what is left
//! out where there is no room is what nobody reads in a comment.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::mem;

use jiff::Timestamp;

use crate::render::markdown::inline::code;
use crate::render::model::{Block, Change, Line, NEXT, Piece, Report, Row};
use crate::render::names::Shown;
use crate::render::size::age;
use crate::render::{count, counted, share};

pub(crate) mod inline;

/// How long a comment may be, in bytes: GitHub takes 65,536 characters.
pub(crate) const COMMENT: usize = 60_000;

/// How long the summary of a step may be, in bytes: GitHub takes 1,048,576.
pub(crate) const STEP_SUMMARY: usize = 1_000_000;

/// How many folders the table always has room for.
const FOLDERS: usize = 10;

/// How many rows are told of what stands below a sentence.
const TOLD: usize = 10;

/// How many bytes what the guards count has at least, however tight the room.
const GUARDS: usize = 4_000;

/// How few bytes the row of an asset has.
const LEAST: usize = 40;

/// A list of a report of which as much is written as there is room for.
#[derive(Debug, Default)]
struct List {
    /// What stands above it: a title, and what opens it.
    head: String,
    /// Its rows, the first at first: as many as anybody may have room for.
    rows: Vec<String>,
    /// How many there are in all.
    total: usize,
    /// What stands below it.
    foot: String,
    /// Whether its rows have room before those of others.
    first: bool,
}

impl List {
    /// How many bytes it takes with no row at all.
    fn least(&self) -> usize {
        self.within(usize::MAX, 0, &more_assets).len()
    }

    /// The list in so many bytes: as many rows as fit, `most` at most, and how many there are besides;
    /// nothing where not even that fits. `more` writes how many there are.
    fn within(&self, room: usize, most: usize, more: &dyn Fn(&str) -> String) -> String {
        let Self {
            head,
            rows,
            total,
            foot,
            first: _,
        } = self;
        if *total == 0 {
            return String::new();
        }
        let all: usize = rows.iter().map(String::len).sum();
        let is_whole = rows.len() == *total && *total <= most;
        if is_whole && head.len() + all + foot.len() <= room {
            return [&**head, &*rows.concat(), foot].concat();
        }
        let more = |left: usize| match left {
            0 => String::new(),
            left => more(&count(left)),
        };
        let fixed = head.len() + foot.len() + more(*total).len();
        let Some(mut room) = room.checked_sub(fixed) else {
            return String::new();
        };
        let fits = rows.iter().take(most).take_while(|row| {
            let rest = room.checked_sub(row.len());
            room = rest.unwrap_or(0);
            rest.is_some()
        });
        let shown = fits.count();
        let mut text = head.clone();
        rows[..shown].iter().for_each(|row| text.push_str(row));
        text.push_str(&more(total - shown));
        text.push_str(foot);
        text
    }
}

/// Writes a report in `most` bytes: first the rows of assets are left out, then folders beyond ten, then
/// the names of what is new since an earlier plan, and nothing else, whatever the room.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn report(
    report: &Shown<Report<'_>>,
    most: usize,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut head = opening(report.of, report.key.shown());
    paragraph(&mut head, &format!("**{}**", plain(&report.title)));
    for words in report.below_title() {
        paragraph(&mut head, &line(&words));
    }
    let mut beside = String::new();
    for (title, below) in report.beside(TOLD) {
        paragraph(&mut beside, &line(&title));
        for words in &below {
            item(&mut beside, &line(words));
        }
        beside.push('\n');
    }
    let mut foot = String::new();
    if !report.next.is_empty() {
        paragraph(&mut foot, NEXT);
        report
            .next
            .iter()
            .for_each(|step| item(&mut foot, &line(step)));
        foot.push('\n');
    }
    for words in &report.closing {
        paragraph(&mut foot, &line(words));
    }
    let folders = folders(report);
    let more = |left: &str| format!("| … {left} more | | |\n");
    let few = folders.within(usize::MAX, FOLDERS, &more);
    // What decides is written whole, whatever the room, but that hundreds of guards have none.
    let fixed = head.len() + attention(report, 0).len() + foot.len();
    let besides = fixed + beside.len() + few.len() + counts(report).len();
    let checks = blocks(&report.checks, most.saturating_sub(besides).max(GUARDS)) + &beside;
    let room = most.saturating_sub(fixed + checks.len());
    // How many assets each group has is said beside all the folders that there is room for: in a fold
    // each, or else in one line.
    let lists = assets(report, room);
    let frames: usize = lists.iter().map(List::least).sum();
    let is_tight = frames > room.saturating_sub(few.len());
    let counts = if is_tight {
        counts(report)
    } else {
        String::new()
    };
    let least = if is_tight { counts.len() } else { frames };
    let attention = attention(report, room.saturating_sub(few.len() + least));
    let room = most.saturating_sub(head.len() + attention.len() + checks.len() + foot.len());
    let many = folders.within(room.saturating_sub(least), usize::MAX, &more);
    let folders = if many.len() < few.len() { few } else { many };
    let assets = if is_tight {
        vec![counts]
    } else {
        filled(&lists, room.saturating_sub(folders.len()))
    };
    for part in [head, attention, checks, folders]
        .into_iter()
        .chain(assets)
        .chain([foot])
    {
        sink.write_all(part.as_bytes())?;
    }
    Ok(())
}

/// The first line of a text: what it is of, and what tells it from another one of its sort.
pub(crate) fn opening(of: &str, key: &str) -> String {
    format!("<!-- retire {of} {} -->\n", comment(key))
}

/// A text in a comment of HTML, which may not hold what ends one.
fn comment(text: &str) -> String {
    let plain = |character: char| {
        if character.is_alphanumeric() || "/._ ".contains(character) {
            character
        } else {
            '_'
        }
    };
    text.chars().map(plain).collect()
}

/// A line with all that it says.
pub(super) fn line(line: &Line) -> String {
    let pieces = line.0.iter().map(|piece| match piece {
        Piece::Words(words) => words.clone(),
        Piece::Strong(_, words) => format!("**{words}**"),
        Piece::Foreign(text) | Piece::Quoted(text) => code(text.shown()),
    });
    pieces.collect()
}

/// A line that is to be seen first as a whole.
fn plain(line: &Line) -> String {
    let pieces = line.0.iter().map(|piece| match piece {
        Piece::Words(words) | Piece::Strong(_, words) => words.clone(),
        Piece::Foreign(text) | Piece::Quoted(text) => code(text.shown()),
    });
    pieces.collect()
}

/// What somebody has to look at, with so many bytes at most for the names of what is new.
fn attention(report: &Report<'_>, room: usize) -> String {
    let mut text = String::new();
    let mut room = room;
    let named = |change: &Change| {
        let least = line(&change.with(0)).len();
        let fits = (0..=change.names.len()).rev().find_map(|most| {
            let shown = change.with(most);
            let more = line(&shown).len() - least;
            (more <= room).then_some((shown, more))
        });
        let (shown, more) = fits.unwrap_or_default();
        room -= more;
        shown
    };
    for (title, below) in report.to_look_at(TOLD, named) {
        item(&mut text, &line(&title));
        for words in &below {
            text.push_str("  ");
            item(&mut text, &line(words));
        }
    }
    if text.is_empty() {
        return text;
    }
    format!("### Attention\n\n{text}\n")
}

/// Paragraphs and lists, one below the other, in about so many bytes: the last items are left out
/// before any paragraph is.
fn blocks(blocks: &[Block], most: usize) -> String {
    let written = |block: &Block| {
        let mut text = String::new();
        match block {
            Block::Paragraph(words) => paragraph(&mut text, &line(words)),
            Block::Item(words) => item(&mut text, &line(words)),
        }
        text
    };
    let is_item = |block: &Block| matches!(block, Block::Item(_));
    let whole = blocks.iter().filter(|block| !is_item(block));
    let mut room = most.saturating_sub(whole.map(|block| written(block).len()).sum());
    let mut left = 0;
    let mut text = String::new();
    for (number, block) in blocks.iter().enumerate() {
        let words = written(block);
        if is_item(block) && words.len() > room {
            (room, left) = (0, left + 1);
        } else {
            room -= if is_item(block) { words.len() } else { 0 };
            text.push_str(&words);
        }
        if is_item(block) && !blocks.get(number + 1).is_some_and(is_item) {
            if left > 0 {
                item(
                    &mut text,
                    &format!("… {} more", count(mem::take(&mut left))),
                );
            }
            text.push('\n');
        }
    }
    text
}

/// The sums by project and folder.
fn folders(report: &Report<'_>) -> List {
    let is_dated = report.folders.iter().any(|row| row.changed.is_some());
    let rows = report.folders.iter().map(|row| {
        let label = row.label.as_ref().map(|label| code(label));
        let label = label.unwrap_or_else(|| "nobody knows where".to_owned());
        let newest = row
            .changed
            .map_or_else(String::new, |at| age(at, report.now));
        let newest = if is_dated {
            format!(" {newest} |")
        } else {
            String::new()
        };
        format!(
            "| {label} | {} | {} |{newest}\n",
            count(row.files),
            row.size
        )
    });
    List {
        total: report.folders.len(),
        head: format!(
            "| project / folder | {} | size |{}\n|---|--:|--:|{}\n",
            report.counted,
            if is_dated { " last change |" } else { "" },
            if is_dated { "---|" } else { "" },
        ),
        rows: rows.collect(),
        foot: "\n".to_owned(),
        first: false,
    }
}

/// The assets of each group; what there is no room for is not made.
fn assets(report: &Report<'_>, room: usize) -> Vec<List> {
    let tables = report.groups.iter();
    let tables = tables.filter_map(|group| Some((group.table?, group)));
    let lists = tables.map(|(title, group)| {
        let total = group.total();
        let assets = counted(total, "asset", "assets");
        let rows = group.assets().take(room / LEAST);
        List {
            head: format!("<details><summary>{title}: {assets}</summary>\n\n"),
            total,
            rows: rows.map(|asset| row(&asset, report.now)).collect(),
            foot: "\n</details>\n\n".to_owned(),
            first: group.attention,
        }
    });
    lists.collect()
}

/// What stands in a fold for the assets that have no row in it.
fn more_assets(left: &str) -> String {
    format!("- … {left} more\n")
}

/// Fills so many bytes with lists: how many each has goes before the rows of any, and what stays or
/// failed before what goes. The small ones are shown whole, and the large ones share what is left, to
/// the last row that has room.
fn filled(lists: &[List], room: usize) -> Vec<String> {
    let rows = |list: &List| list.rows.iter().map(String::len).sum();
    let frames: usize = lists.iter().map(List::least).sum();
    let room_of_rows = room.saturating_sub(frames);
    let of = |first: bool| -> Vec<usize> {
        let rows = |list: &List| if list.first == first { rows(list) } else { 0 };
        lists.iter().map(rows).collect()
    };
    let before = share(&of(true), room_of_rows);
    let behind = share(&of(false), room_of_rows - before.iter().sum::<usize>());
    let shares = before.into_iter().zip(behind);
    let shares = shares.map(|(before, behind)| before + behind);
    let texts = lists.iter().zip(shares);
    let mut texts: Vec<String> = texts
        .map(|(list, share)| list.within(list.least() + share, usize::MAX, &more_assets))
        .collect();
    let taken: usize = texts.iter().map(String::len).sum();
    let mut left = room.saturating_sub(taken);
    for (list, text) in lists.iter().zip(&mut texts) {
        let longer = list.within(text.len() + left, usize::MAX, &more_assets);
        left = (left + text.len()).saturating_sub(longer.len());
        *text = longer;
    }
    texts
}

/// How many assets each group has, where there is no room for their folds.
fn counts(report: &Report<'_>) -> String {
    let tables = report.groups.iter();
    let tables = tables.filter_map(|group| Some((group.table?, group.total())));
    let said = tables
        .filter(|(_, total)| *total > 0)
        .map(|(title, total)| {
            let assets = counted(total, "asset", "assets");
            format!("{title}: {assets}")
        });
    let said: Vec<String> = said.collect();
    let mut text = String::new();
    if !said.is_empty() {
        let said = said.join(", ");
        paragraph(&mut text, &format!("No room for a row of each: {said}."));
    }
    text
}

/// The row of one asset.
fn row(row: &Row, now: Timestamp) -> String {
    let path = row.path().map(|path| code(&path));
    let changed = row.changed.map(|at| age(at, now));
    let said = row.said();
    let said = (!said.is_empty()).then(|| code(&said));
    let id = code(&row.id.to_string());
    let parts = [path, row.size.clone(), changed, said, Some(id)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("- {}\n", parts.join(" · "))
}

/// Appends a paragraph.
fn paragraph(text: &mut String, words: &str) {
    // Writing to a string cannot fail.
    writeln!(text, "{words}\n").unwrap_or_default();
}

/// Appends a line of a list.
fn item(text: &mut String, words: &str) {
    // Writing to a string cannot fail.
    writeln!(text, "- {words}").unwrap_or_default();
}
