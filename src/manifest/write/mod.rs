//! Writing what was found into a manifest: a whole new one, or a section of one that people keep.
//!
//! Names of assets stand in quoted scalars and in comments, both escaped, so none of them can be
//! anything but a name. What was written is read again before anybody gets it: the ids must be
//! those that were to be listed, and all else must be as it was.

mod lines;
mod section;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::document::{Details, Entry, Guard, Manifests};
use super::{Part, Source, read};
use crate::asset::{AssetId, Kind};
use crate::diagnostic::Finding;
use crate::event::Subject;
use crate::visible::obeyed;
use lines::Lines;

/// How the header of a section begins.
pub const HEADER: &str = "# retire find: ";

/// How a section ends.
const END: &str = "# end of retire find";

/// How the comment over the assets of one folder begins.
const FOLDER: &str = "# in \"";

/// What is to be listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// What was asked for, in one line: the name of the section.
    pub title: String,
    /// The assets, in the order in which they are listed.
    pub assets: Vec<Proposed>,
    /// What new entries say besides.
    pub fields: Fields,
}

/// An asset to be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// The asset.
    pub id: AssetId,
    /// What sort of asset it is.
    pub kind: Kind,
    /// Its name, where it is known.
    pub name: Option<Arc<str>>,
    /// The size of a file, where it is known.
    pub filesize: Option<u64>,
    /// How many files are in a folder or a version stack.
    pub contents: Option<usize>,
    /// The path of the folder that it lies in.
    pub folder: Arc<str>,
}

/// What new entries say besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// Why they are to go.
    pub reason: Option<String>,
    /// The ticket under which that was decided.
    pub ticket: Option<String>,
    /// Who answers for them.
    pub owner: Option<String>,
    /// The day before which they must not be deleted.
    pub not_before: Option<Date>,
}

/// A manifest with its new section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// All of its text.
    pub text: String,
    /// What came in.
    pub new: Vec<AssetId>,
    /// What went out, with its name where the entry has one.
    pub gone: Vec<(AssetId, Option<Arc<str>>)>,
    /// Entries whose pin or contents are those of the live asset now.
    pub changed: Vec<AssetId>,
    /// What was not listed, since the file lists it elsewhere.
    pub elsewhere: Vec<AssetId>,
}

/// Why a section cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteError {
    /// The manifest is not in order.
    Findings(Vec<Finding>),
    /// Its list of assets is laid out in a way that this program does not edit.
    Layout,
}

/// Writes a new manifest.
///
/// # Errors
///
/// Returns that what was written does not say what it should.
pub fn whole(account: Option<&str>, section: &Section) -> Result<Written, WriteError> {
    let mut text = String::from("version: 1\n");
    if let Some(account) = account {
        line(&mut text, &format!("account: {}", quoted(account)));
    }
    text.push_str("assets: []\n");
    update("", &text, section)
}

/// Writes a section into a manifest, in place of the one of the same title, where it has one;
/// `path` is how findings call the file.
///
/// # Errors
///
/// Returns what is wrong with the manifest, or that its list of assets is laid out in a way that
/// is not edited.
pub fn update(path: &str, text: &str, section: &Section) -> Result<Written, WriteError> {
    let before = parse(path, text)?;
    let lines = Lines::of(text, &section.title).ok_or(WriteError::Layout)?;
    let is_ours = |entry: &&Entry| lines.section.contains(&(entry.spot.line as usize - 1));
    let ours: BTreeSet<AssetId> = before
        .entries
        .iter()
        .filter(is_ours)
        .map(|entry| entry.id)
        .collect();
    let others: BTreeMap<AssetId, Option<Arc<Details>>> = before
        .entries
        .iter()
        .filter(|entry| !ours.contains(&entry.id))
        .map(|entry| (entry.id, entry.details.clone()))
        .collect();
    let (elsewhere, wanted): (Vec<&Proposed>, Vec<&Proposed>) = section
        .assets
        .iter()
        .partition(|asset| others.contains_key(&asset.id));
    let mut items = lines.items(&before).ok_or(WriteError::Layout)?;
    let mut written = Written {
        elsewhere: elsewhere.iter().map(|asset| asset.id).collect(),
        ..Written::default()
    };
    let mut body: Vec<Cow<'_, str>> = Vec::new();
    let mut of_folder: HashMap<&str, usize> = HashMap::new();
    for asset in &wanted {
        *of_folder.entry(&asset.folder).or_default() += 1;
    }
    let mut folder: Option<&str> = None;
    for asset in &wanted {
        if folder != Some(&asset.folder) {
            folder = Some(&asset.folder);
            let number = of_folder.get(&*asset.folder).copied().unwrap_or_default();
            body.push(section::of_folder(&asset.folder, number).into());
        }
        if let Some(item) = items.remove(&asset.id) {
            let (item, is_changed) = section::refreshed(item, asset);
            written.changed.extend(is_changed.then_some(asset.id));
            body.extend(item);
        } else {
            written.new.push(asset.id);
            // One text for all its lines takes less memory than one for each.
            let lines = section::entry(asset, &section.fields);
            body.push(lines.join("\n").into());
        }
    }
    for entry in before
        .entries
        .iter()
        .filter(|entry| items.contains_key(&entry.id))
    {
        let pin = entry
            .details
            .as_ref()
            .and_then(|details| details.pin.as_ref());
        let name = pin.and_then(|pin| pin.name.clone());
        written.gone.push((entry.id, name));
    }
    let is_empty = wanted.is_empty() && others.is_empty();
    written.text = lines.with_section(&section.title, &body, is_empty);
    let rest = Rest::of(&before);
    // All that the old one lists would lie in memory beside all that the new one does.
    drop((items, body, lines, before));
    let wanted: BTreeSet<AssetId> = wanted.iter().map(|asset| asset.id).collect();
    let after = parse(path, &written.text).map_err(|_odd_layout| WriteError::Layout)?;
    if lists_otherwise(&after, &wanted, &others) || Rest::of(&after) != rest {
        return Err(WriteError::Layout);
    }
    Ok(written)
}

/// Whether a manifest lists other assets than it should, or says something else of what is not
/// in the section.
fn lists_otherwise(
    after: &Manifests,
    wanted: &BTreeSet<AssetId>,
    others: &BTreeMap<AssetId, Option<Arc<Details>>>,
) -> bool {
    let mut listed = BTreeSet::new();
    let same = after
        .entries
        .iter()
        .all(|entry| match others.get(&entry.id) {
            Some(details) => *details == entry.details,
            None => listed.insert(entry.id),
        });
    let all = after.entries.len() == wanted.len() + others.len();
    !(same && all && listed == *wanted)
}

/// What a manifest says besides what it lists.
#[derive(PartialEq, Eq)]
struct Rest {
    holds: Vec<(AssetId, Arc<str>, Option<Timestamp>)>,
    waivers: Vec<(Guard, Option<Arc<str>>, u64, Timestamp)>,
    releases: Vec<(Subject, Arc<str>)>,
    account: Option<Arc<str>>,
}

impl Rest {
    fn of(said: &Manifests) -> Self {
        let holds = said.holds.iter().chain(&said.project_holds);
        let waivers = said.waivers.iter();
        let releases = said.releases.iter();
        Self {
            holds: holds
                .map(|hold| (hold.id, Arc::clone(&hold.reason), hold.until))
                .collect(),
            waivers: waivers
                .map(|waiver| {
                    let project = waiver.project.clone();
                    (waiver.guard, project, waiver.limit, waiver.expires)
                })
                .collect(),
            releases: releases
                .map(|release| (release.held, Arc::clone(&release.reason)))
                .collect(),
            account: said.account.as_ref().map(|account| Arc::clone(&account.id)),
        }
    }
}

/// What the section of a title lists; nothing where it is not there or cannot be read.
#[must_use]
pub fn owned(text: &str, title: &str) -> BTreeSet<AssetId> {
    let (Ok(said), Some(lines)) = (parse("", text), Lines::of(text, title)) else {
        return BTreeSet::new();
    };
    let entries = said.entries.iter();
    let ours = entries.filter(|entry| lines.section.contains(&(entry.spot.line as usize - 1)));
    ours.map(|entry| entry.id).collect()
}

/// The titles of all sections in a manifest.
#[must_use]
pub fn titles(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim);
    lines.filter_map(|line| line.strip_prefix(HEADER)).collect()
}

fn parse(path: &str, text: &str) -> Result<Manifests, WriteError> {
    let source = Source {
        path: path.into(),
        bytes: text.as_bytes().to_vec(),
        part: Part::All,
    };
    read(&[source]).map_err(WriteError::Findings)
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// A text as a quoted scalar on one line, in which nothing is but what can be seen.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            letter if obeyed(letter) || is_unprintable(letter) => {
                let number = u32::from(letter);
                // Writing to a string cannot fail.
                let escaped = if number > 0xffff {
                    write!(quoted, "\\U{number:08X}")
                } else {
                    write!(quoted, "\\u{number:04X}")
                };
                escaped.unwrap_or_default();
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether YAML does not take a character as it is.
const fn is_unprintable(letter: char) -> bool {
    matches!(letter, '\u{fffe}' | '\u{ffff}')
}

/// A title on one line, in which nothing is but what can be seen.
#[must_use]
pub fn title(text: &str) -> String {
    let mut title = String::with_capacity(text.len());
    for letter in text.trim().chars() {
        if obeyed(letter) || is_unprintable(letter) {
            title.extend(letter.escape_unicode());
        } else {
            title.push(letter);
        }
    }
    title
}
