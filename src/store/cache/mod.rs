//! What was read of a live account, kept for a while: a line of JSON for each list.
//!
//! It is a hint and no record. What is damaged, of another account, too old or ahead of now counts
//! as not there, and a file that cannot be written costs no more than the next reading. Only what
//! is looked at goes by it, never a delete.
#![expect(clippy::disallowed_methods, reason = "the store is a home of files")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::asset::AssetId;
use crate::inventory::{Definition, Facts, Project, Shown};
use crate::state::Api;

mod files;
mod token;

pub use token::{Owner, TokenKey};

#[cfg(test)]
mod tests;

/// The version of the layout; a file of another one is written anew.
const VERSION: u32 = 2;

/// What the names of the files with lists begin with.
const PREFIX: &str = "inventory-";

/// Of what account a cache is, and who read it: what one person may see another may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scope {
    pub api: Api,
    /// The name under which a state remembers the server.
    pub endpoint: String,
    #[serde(flatten)]
    pub owner: Owner,
}

/// A line of the file; the first one is a [`Scope`] with the version of the layout.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    /// All that is directly in a folder or a version stack: its lists were read to their ends.
    List {
        of: AssetId,
        at: Timestamp,
        items: Vec<Shown>,
    },
    /// All projects of the account.
    Projects {
        at: Timestamp,
        projects: Vec<(AssetId, Project)>,
    },
    /// The custom fields of the account.
    Fields {
        at: Timestamp,
        definitions: Vec<Definition>,
    },
    /// Assets of which a run has changed something: no list that names one of them counts any more.
    Changed { assets: Vec<AssetId> },
}

/// What was read of an account, as far as it is believed.
#[derive(Debug)]
pub struct Cache {
    /// Nothing once something could not be written.
    file: Option<File>,
    lists: BTreeMap<AssetId, (Timestamp, Vec<Shown>)>,
    /// The list that shows each asset, and its place there.
    shown_in: HashMap<AssetId, (AssetId, usize)>,
    projects: Option<(Timestamp, Vec<(AssetId, Project)>)>,
    fields: Option<(Timestamp, Vec<Definition>)>,
    /// When the oldest of what was recalled was read.
    oldest: Option<Timestamp>,
}

impl Cache {
    /// Opens what was read of an account, but for what is older than `most` or ahead of `now`;
    /// with `anew` all of it is forgotten.
    ///
    /// # Errors
    ///
    /// Returns what the system says of a file that cannot be read or written.
    pub fn open(
        folder: &Path,
        scope: &Scope,
        (now, most): (Timestamp, Duration),
        anew: bool,
    ) -> io::Result<Self> {
        let path = path(folder, scope);
        let text = if anew {
            String::new()
        } else {
            files::read(&path)?
        };
        let mut cache = Self {
            file: None,
            lists: BTreeMap::new(),
            shown_in: HashMap::new(),
            projects: None,
            fields: None,
            oldest: None,
        };
        let is_young =
            |at: &Timestamp| *at <= now && now.duration_since(*at).unsigned_abs() <= most;
        if !cache.load(&text, &header(scope), is_young) {
            let lines = cache.lines(scope)?;
            files::replace(&path, &lines)?;
        }
        cache.file = Some(files::append(&path)?);
        for (of, (_, items)) in &cache.lists {
            let places = items.iter().enumerate();
            cache
                .shown_in
                .extend(places.map(|(place, item)| (item.id, (*of, place))));
        }
        Ok(cache)
    }

    /// Takes in what the file has; says whether that was all.
    fn load(&mut self, text: &str, header: &str, is_young: impl Fn(&Timestamp) -> bool) -> bool {
        let mut lines = text.lines();
        if lines.next() != Some(header) {
            return false;
        }
        let mut is_whole = text.ends_with('\n');
        for line in lines {
            let Ok(line) = serde_json::from_str(line) else {
                is_whole = false;
                continue;
            };
            match line {
                Line::List { of, at, items } if is_young(&at) => {
                    self.lists.insert(of, (at, items));
                }
                Line::Projects { at, projects } if is_young(&at) => {
                    self.projects = Some((at, projects));
                }
                Line::Fields { at, definitions } if is_young(&at) => {
                    self.fields = Some((at, definitions));
                }
                Line::List { .. } | Line::Projects { .. } | Line::Fields { .. } => is_whole = false,
                Line::Changed { assets } => {
                    is_whole = false;
                    let changed: BTreeSet<AssetId> = assets.into_iter().collect();
                    let shows =
                        |items: &[Shown]| items.iter().any(|item| changed.contains(&item.id));
                    self.lists
                        .retain(|of, (_, items)| !changed.contains(of) && !shows(items));
                }
            }
        }
        is_whole
    }

    /// The whole file.
    fn lines(&self, scope: &Scope) -> io::Result<Vec<u8>> {
        let mut lines = header(scope).into_bytes();
        lines.push(b'\n');
        for (of, (at, items)) in &self.lists {
            let (of, at, items) = (*of, *at, items.clone());
            add(&mut lines, &Line::List { of, at, items })?;
        }
        if let Some((at, projects)) = self.projects.clone() {
            add(&mut lines, &Line::Projects { at, projects })?;
        }
        if let Some((at, definitions)) = self.fields.clone() {
            add(&mut lines, &Line::Fields { at, definitions })?;
        }
        Ok(lines)
    }

    /// When the oldest of what was recalled so far was read; nothing where nothing was.
    #[must_use]
    pub const fn oldest(&self) -> Option<Timestamp> {
        self.oldest
    }

    /// What is directly in a folder or a version stack, where that was read.
    pub fn list(&mut self, of: AssetId) -> Option<Vec<Shown>> {
        let (at, items) = self.lists.get(&of)?;
        let (at, items) = (*at, items.clone());
        self.recalled(at);
        Some(items)
    }

    /// What the list of something tells of an asset, where it was read.
    pub fn asset(&mut self, id: AssetId) -> Option<Shown> {
        let (of, place) = self.shown_in.get(&id)?;
        let (at, items) = self.lists.get(of)?;
        let shown = items.get(*place)?;
        // What the list of something shows lies in it.
        let parent = shown.facts.parent.or(Some(*of));
        let facts = Facts {
            parent,
            ..shown.facts.clone()
        };
        let shown = Shown {
            facts,
            ..shown.clone()
        };
        let at = *at;
        self.recalled(at);
        Some(shown)
    }

    /// All projects of the account, where they were read.
    pub fn projects(&mut self) -> Option<BTreeMap<AssetId, Project>> {
        let (at, projects) = self.projects.as_ref()?;
        let (at, projects) = (*at, projects.iter().cloned().collect());
        self.recalled(at);
        Some(projects)
    }

    /// The custom fields of the account, where they were read.
    pub fn fields(&mut self) -> Option<Vec<Definition>> {
        let (at, definitions) = self.fields.clone()?;
        self.recalled(at);
        Some(definitions)
    }

    fn recalled(&mut self, at: Timestamp) {
        self.oldest = Some(self.oldest.map_or(at, |oldest| oldest.min(at)));
    }

    /// Keeps what is directly in a folder or a version stack, as it was read just now.
    pub fn keep_list(&mut self, of: AssetId, items: &[Shown], at: Timestamp) {
        let items = items.to_vec();
        self.keep(&Line::List { of, at, items });
    }

    /// Keeps all projects of the account, as they were read just now.
    pub fn keep_projects(&mut self, projects: &BTreeMap<AssetId, Project>, at: Timestamp) {
        let projects = projects.iter().map(|(id, project)| (*id, project.clone()));
        let projects = projects.collect();
        self.keep(&Line::Projects { at, projects });
    }

    /// Keeps the custom fields of the account, as they were read just now.
    pub fn keep_fields(&mut self, definitions: &[Definition], at: Timestamp) {
        let definitions = definitions.to_vec();
        self.keep(&Line::Fields { at, definitions });
    }

    /// Forgets all lists that show one of these assets or what is in it, since a run has changed
    /// something of it.
    pub fn forget(&mut self, assets: Vec<AssetId>) {
        self.keep(&Line::Changed { assets });
    }

    fn keep(&mut self, line: &Line) {
        let Some(file) = &mut self.file else {
            return;
        };
        let mut bytes = Vec::new();
        let kept = add(&mut bytes, line).and_then(|()| file.write_all(&bytes));
        if kept.is_err() {
            self.file = None;
        }
    }
}

/// Opens the cache of an account for no more than to forget some of it; nothing where there is
/// none.
#[must_use]
pub fn existing(folder: &Path, scope: &Scope) -> Option<Cache> {
    let path = path(folder, scope);
    fs::symlink_metadata(&path)
        .ok()
        .filter(fs::Metadata::is_file)?;
    Some(Cache {
        file: Some(files::append(&path).ok()?),
        lists: BTreeMap::new(),
        shown_in: HashMap::new(),
        projects: None,
        fields: None,
        oldest: None,
    })
}

/// Removes all caches in a folder; says how many there were.
///
/// # Errors
///
/// Returns what the system says of the first that cannot be removed.
pub fn remove_all(folder: &Path) -> io::Result<usize> {
    let mut removed = 0;
    for (path, name) in files::in_folder(folder)? {
        let is_own = name.starts_with(PREFIX) && is_lines(&name) || name == token::NAME;
        if is_own {
            fs::remove_file(path)?;
            removed += usize::from(name != token::NAME);
        }
    }
    Ok(removed)
}

fn is_lines(name: &str) -> bool {
    Path::new(name).extension() == Some("jsonl".as_ref())
}

/// The file of an account: its name tells nobody which that is.
fn path(folder: &Path, scope: &Scope) -> PathBuf {
    let name = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(header(scope)));
    folder.join(format!("{PREFIX}{name}.jsonl"))
}

/// The first line of the file of an account.
fn header(scope: &Scope) -> String {
    #[derive(Serialize)]
    struct Header<'a> {
        version: u32,
        #[serde(flatten)]
        scope: &'a Scope,
    }
    let header = Header {
        version: VERSION,
        scope,
    };
    serde_json::to_string(&header).unwrap_or_default()
}

fn add(lines: &mut Vec<u8>, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *lines, line)?;
    lines.push(b'\n');
    Ok(())
}
