//! How a manifest is read in bounded memory.
//!
//! The parser behind [`yaml`](super::yaml) holds all that it reads as events, which a list of
//! a million assets turns into gigabytes. So a list in block style is taken apart: plain items
//! are read by [`fast`], the others by the parser in pieces of some kilobytes, and
//! what is around the list by the parser as well, with the list left out. Where the text has
//! anything that reaches across items, the document is read as a whole.
//!
//! A piece is cut before a line that begins with a dash in the list's column. Such a line could
//! only fail to begin an item within quotes or brackets, since every other text of an item
//! stands further to the right; but then the piece before it ends within them, the parser
//! refuses it, and the document is read as a whole.

use memchr::{memchr, memmem};

use super::fast;
use super::text::{is_void, number};
use super::walk::Walk;
use super::yaml::{LARGEST, Node, Refusal, Unit, Value};

/// How many bytes a piece has about: large enough that a piece costs little beside its items, and
/// small enough that what the parser holds of it does not count.
const PIECE: usize = 64 << 10;

/// How many items a piece has at most, for the same reason.
const ITEMS: usize = 256;

/// How many bytes the shortest item has as people write them: `- ` and a UUID on a line.
const SHORTEST: usize = 39;

/// Reads a manifest.
pub(super) fn read(walk: &mut Walk<'_, '_>, text: &str) {
    match split(text) {
        Some(parts) => {
            for part in parts {
                document(walk, text, part);
            }
        }
        None => whole(walk, text, Part::new(text), None),
    }
}

/// Reads a manifest without taking it apart.
#[cfg(test)]
pub(super) fn read_whole(walk: &mut Walk<'_, '_>, text: &str) {
    whole(walk, text, Part::new(text), None);
}

/// A stretch of the text, in bytes.
#[derive(Debug, Clone, Copy)]
struct Part {
    start: usize,
    end: usize,
}

impl Part {
    const fn new(text: &str) -> Self {
        Self {
            start: 0,
            end: text.len(),
        }
    }
}

/// Splits a stream into its documents; nothing where only the parser can.
fn split(text: &str) -> Option<Vec<Part>> {
    let bytes = text.as_bytes();
    let begins = |mark: &str| text.starts_with(mark);
    let has = |mark: &str| memmem::find(bytes, mark.as_bytes()).is_some();
    if begins("%") || begins("...") || has("\n%") || has("\n...") || odd_breaks(bytes) {
        return None;
    }
    let mut parts = Vec::new();
    let mut start = 0;
    let mut marker = 0;
    loop {
        let found = if marker == 0 && begins("---") {
            Some(0)
        } else {
            memmem::find(&bytes[marker..], b"\n---").map(|at| marker + at + 1)
        };
        let Some(at) = found else {
            break;
        };
        let line = line_at(text, at);
        marker = at + 3;
        let rest = &line[3..];
        if !rest.is_empty() && !rest.starts_with([' ', '\t', '\r']) {
            // A plain text that begins with dashes.
            continue;
        }
        if !rest.trim_matches([' ', '\r']).is_empty() {
            return None;
        }
        parts.push(Part { start, end: at });
        start = (at + line.len() + 1).min(text.len());
        marker = start.max(marker).saturating_sub(1).max(at + 3);
    }
    parts.push(Part {
        start,
        end: text.len(),
    });
    // What stands before the first marker is a document only where something is there.
    if parts.len() > 1 && is_empty(text, parts[0]) {
        parts.remove(0);
    }
    if let Some(last) = parts.pop_if(|last| is_empty(text, *last))
        && parts.is_empty()
    {
        parts.push(last);
    }
    let empty = parts.len() > 1 && parts.iter().any(|part| is_empty(text, *part));
    (!empty).then_some(parts)
}

/// Whether there is a line break that is neither LF nor CR LF.
fn odd_breaks(bytes: &[u8]) -> bool {
    let lone = |at: usize| bytes.get(at + 1) != Some(&b'\n');
    memchr::memchr_iter(b'\r', bytes).any(lone)
        || ["\u{85}", "\u{2028}", "\u{2029}"]
            .iter()
            .any(|mark| memmem::find(bytes, mark.as_bytes()).is_some())
}

/// The line that begins at a byte, without its LF.
fn line_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    &rest[..memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())]
}

fn is_empty(text: &str, part: Part) -> bool {
    text[part.start..part.end].split('\n').all(is_void)
}

fn document(walk: &mut Walk<'_, '_>, text: &str, part: Part) {
    let mark = walk.mark();
    let mut refused = None;
    if let Some(region) = region(text, part) {
        match apart(walk, text, part, &region) {
            Ok(()) => return,
            Err(refusal) => refused = refusal,
        }
        walk.back(mark);
    }
    whole(walk, text, part, refused);
}

/// Reads a stretch as a whole. Where that is too much, what was refused before is told.
fn whole(walk: &mut Walk<'_, '_>, text: &str, part: Part, refused: Option<Refusal>) {
    if part.end - part.start > LARGEST {
        walk.refusal(refused.unwrap_or_else(|| Refusal {
            code: "too-large",
            at: part.start,
            message: format!(
                "a document of more than {} MiB must list its assets one a line",
                LARGEST >> 20
            ),
            context: None,
        }));
        return;
    }
    let (documents, refused) = Unit::new(&text[part.start..part.end], part.start).documents();
    for document in &documents {
        walk.document(document);
    }
    if let Some(refusal) = refused {
        walk.refusal(refusal);
    }
}

/// Where in a document the list of assets stands, in bytes of the manifest.
#[derive(Debug)]
struct Region {
    /// The line with `assets:`.
    key: usize,
    /// The first line after it.
    start: usize,
    /// The first line after the list.
    end: usize,
    /// The column of the dashes, from 0.
    column: usize,
}

/// Finds the list of assets where it may be taken apart.
fn region(text: &str, part: Part) -> Option<Region> {
    let inside = &text[part.start..part.end];
    let first = inside.split('\n').find(|line| !is_void(line))?;
    // A document that begins with a letter in the first column is a block mapping or no mapping.
    first
        .starts_with(|letter: char| letter.is_ascii_alphabetic())
        .then_some(())?;
    let key = if inside.starts_with("assets:") {
        part.start
    } else {
        part.start + memmem::find(inside.as_bytes(), b"\nassets:")? + 1
    };
    let line = line_at(text, key);
    let rest = line["assets:".len()..].trim_end_matches('\r');
    let blank = rest.trim_start_matches(' ');
    if !(blank.is_empty() || (blank.starts_with('#') && blank.len() < rest.len())) {
        return None;
    }
    let start = key + line.len() + 1;
    if start >= part.end {
        return None;
    }
    let end = region_end(text, start, part.end);
    let first = text[start..end].split('\n').find(|line| !is_void(line))?;
    let column = first.len() - first.trim_start_matches(' ').len();
    is_dash(&first[column..]).then_some(Region {
        key,
        start,
        end,
        column,
    })
}

/// The first line that stands in the first column and is no item.
fn region_end(text: &str, start: usize, end: usize) -> usize {
    let bytes = &text.as_bytes()[..end];
    let mut at = start;
    while at < end {
        match bytes[at] {
            b' ' | b'\n' | b'\r' | b'#' => {}
            b'-' if is_dash(&text[at..end]) => {}
            _ => return at,
        }
        at = memchr(b'\n', &bytes[at..]).map_or(end, |line| at + line + 1);
    }
    end
}

/// Whether a text begins with the dash of an item.
fn is_dash(text: &str) -> bool {
    matches!(text.as_bytes(), [b'-'] | [b'-', b' ' | b'\n' | b'\r', ..])
}

/// Reads a document whose list is taken apart.
///
/// # Errors
///
/// Says that the document must be read as a whole, with what the parser refused of a part.
fn apart(
    walk: &mut Walk<'_, '_>,
    text: &str,
    part: Part,
    region: &Region,
) -> Result<(), Option<Refusal>> {
    let frame = [&text[part.start..region.start], &text[region.end..part.end]].concat();
    let cut = (region.start - part.start, region.end - region.start);
    let root = only_document(&Unit::with_cut(&frame, part.start, cut))?;
    if !has_gap(&root, region.key) {
        return Err(None);
    }
    if walk.root(&root).is_some() {
        items(walk, text, region)?;
    }
    Ok(())
}

/// The one document of a stretch.
///
/// # Errors
///
/// Returns what the parser refused; nothing where there is another number of documents.
fn only_document(unit: &Unit<'_>) -> Result<Node, Option<Refusal>> {
    let (mut documents, refused) = unit.documents();
    match (documents.pop(), refused) {
        (Some(root), None) if documents.is_empty() => Ok(root),
        (Some(_) | None, refused) => Err(refused),
    }
}

/// Whether the list belongs to the key `assets` of the document itself.
fn has_gap(root: &Node, key: usize) -> bool {
    let pairs = root.pairs().unwrap_or_default().iter();
    let mut found = pairs.filter(|(name, _)| name.text() == Some("assets"));
    let one = found
        .next()
        .is_some_and(|(name, value)| name.at as usize == key && value.value == Value::Null);
    one && found.next().is_none()
}

fn items(walk: &mut Walk<'_, '_>, text: &str, region: &Region) -> Result<(), Option<Refusal>> {
    let text = &text[..region.end];
    let mut at = region.start;
    let mut line = walk.line_of(at);
    walk.expect((region.end - at) / SHORTEST);
    while at < text.len() {
        let this = line_at(text, at);
        if is_void(this) {
            at += this.len() + 1;
            line += 1;
            continue;
        }
        if indent(this) != region.column || !is_dash(&this[region.column..]) {
            return Err(None);
        }
        if let Some(item) = fast::item(text, at, region.column) {
            walk.plain(item.id, line + item.id_line, item.id_column, &item.plain);
            at = item.next;
            line += item.lines;
            continue;
        }
        let end = piece_end(text, at, region.column)?;
        let piece = &text[at..end];
        if has_anchor(piece) {
            return Err(None);
        }
        let root = only_document(&Unit::new(piece, at))?;
        let Value::List(list) = root.value else {
            return Err(None);
        };
        if list.first().is_some_and(Node::begins_empty) {
            return Err(None);
        }
        for item in &list {
            walk.item(item);
        }
        line += number(memchr::memchr_iter(b'\n', piece.as_bytes()).count());
        at = end;
    }
    Ok(())
}

/// Where a piece ends that begins at a byte.
///
/// # Errors
///
/// Says that a line stands too far left for an item.
fn piece_end(text: &str, start: usize, column: usize) -> Result<usize, Option<Refusal>> {
    let mut items = 0;
    let mut at = start;
    while at < text.len() {
        let this = line_at(text, at);
        let blanks = indent(this);
        if !is_void(this) && blanks <= column {
            if blanks < column || !is_dash(&this[column..]) {
                return Err(None);
            }
            let full = items >= ITEMS || at - start >= PIECE;
            if at > start && (full || fast::item(text, at, column).is_some()) {
                return Ok(at);
            }
            items += 1;
        }
        at += this.len() + 1;
    }
    Ok(text.len())
}

/// How many blanks a line begins with.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Whether something in a text could be an anchor, which later items could refer to.
fn has_anchor(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'&', bytes).any(|at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let after = bytes.get(at + 1);
        let begins = before.is_none_or(|byte| b" \t\n[{,".contains(byte));
        begins && after.is_some_and(|byte| !b" \t\r\n".contains(byte))
    })
}
