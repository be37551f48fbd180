//! The lines of a section: its folders and its entries, without their indent.

use std::borrow::Cow;

use super::{FOLDER, Fields, Proposed, quoted};
use crate::asset::Kind;

/// How the line of an entry's pin begins, where this program wrote it.
const PIN: &str = "  pin: {";

/// How that of its contents does.
const CONTENTS: &str = "  contents: ";

/// The comment over the assets of a folder.
pub(super) fn of_folder(folder: &str, count: usize) -> String {
    let quoted = quoted(folder);
    let beginning = FOLDER.trim_end_matches('"');
    let noun = if count == 1 { "entry" } else { "entries" };
    format!("{beginning}{quoted}: {count} {noun}")
}

/// The lines of a new entry.
pub(super) fn entry(asset: &Proposed, fields: &Fields) -> Vec<String> {
    let Fields {
        reason,
        ticket,
        owner,
        not_before,
    } = fields;
    let id = asset.id.to_string();
    let id = if asset.id.is_adobe() { quoted(&id) } else { id };
    let mut lines = vec![
        format!("- id: {id}"),
        format!("  kind: {}", asset.kind.name()),
    ];
    lines.extend(pin(asset));
    lines.extend(contents(asset));
    for (name, text) in [("reason", reason), ("ticket", ticket), ("owner", owner)] {
        let text = text.as_ref();
        lines.extend(text.map(|text| format!("  {name}: {}", quoted(text))));
    }
    lines.extend(not_before.map(|day| format!("  not_before: {day}")));
    lines
}

/// The lines of an entry that is there, with what the live asset is now where this program wrote
/// what it was; says whether anything changed.
pub(super) fn refreshed<'a>(lines: Vec<&'a str>, asset: &Proposed) -> (Vec<Cow<'a, str>>, bool) {
    let mut is_changed = false;
    let refreshed = lines.into_iter().map(|line| {
        let new = if line.starts_with(PIN) && is_own_pin(line) {
            pin(asset)
        } else if line.strip_prefix(CONTENTS).is_some_and(is_number) {
            contents(asset)
        } else {
            None
        };
        match new {
            Some(new) if new != line => {
                is_changed = true;
                new.into()
            }
            Some(_) | None => line.into(),
        }
    });
    (refreshed.collect(), is_changed)
}

/// Whether a pin has no field that somebody else wrote, and no comment behind it.
fn is_own_pin(line: &str) -> bool {
    let Some(inside) = line
        .strip_prefix(PIN)
        .and_then(|rest| rest.strip_suffix('}'))
    else {
        return false;
    };
    match inside.strip_prefix("name: \"") {
        None => inside.strip_prefix("filesize: ").is_some_and(is_number),
        Some(rest) => {
            let mut escaped = false;
            let end = rest.find(|letter| {
                let ends = letter == '"' && !escaped;
                escaped = letter == '\\' && !escaped;
                ends
            });
            let behind = end.map(|end| &rest[end + 1..]);
            behind.is_some_and(|behind| {
                behind.is_empty() || behind.strip_prefix(", filesize: ").is_some_and(is_number)
            })
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn pin(asset: &Proposed) -> Option<String> {
    let name = asset.name.as_deref().filter(|name| !name.trim().is_empty());
    let name = name.map(|name| format!("name: {}", quoted(name)));
    let size = asset.filesize.filter(|_| asset.kind == Kind::File);
    let size = size.map(|size| format!("filesize: {size}"));
    let fields: Vec<String> = name.into_iter().chain(size).collect();
    (!fields.is_empty()).then(|| format!("{PIN}{}}}", fields.join(", ")))
}

fn contents(asset: &Proposed) -> Option<String> {
    let contents = asset.contents?;
    Some(format!("{CONTENTS}{contents}"))
}
