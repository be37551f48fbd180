//! What was read of a live account, kept for a while: a line of JSON for each page of a list.
//!
//! It is a hint and no record. What is damaged, of another account, too old or ahead of now counts
//! as not there, and a file that cannot be written costs no more than the next reading. Only what
//! is looked at goes by it, never a delete.
#![expect(clippy::disallowed_methods, reason = "the store is a home of files")]

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::asset::AssetId;
use crate::inventory::{Definition, Facts, ListPart, Project, ProjectsPart, Sharing, Shown};
use crate::state::Api;

mod chain;
mod files;
mod line;
mod older;

use chain::{At, Kept};
use line::{Line, add};

#[cfg(test)]
mod tests;

/// The version of the layout; a file of another one is written anew.
const VERSION: u32 = 2;

/// What the names of the files with lists begin with.
const PREFIX: &str = "inventory-";

/// What stands for the name of a list where it shows all.
const ALL: &str = "all";

/// In whose account something was read, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// The account's id.
    pub account: String,
    /// The user's id.
    pub user: String,
}

/// Of what account a cache is, and who read it: what one person may see another may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scope {
    pub api: Api,
    /// The name under which a state remembers the server.
    pub endpoint: String,
    #[serde(flatten)]
    pub owner: Owner,
}

/// What was read of an account, as far as it is believed.
#[derive(Debug)]
pub struct Cache {
    /// Nothing once something could not be written.
    file: Option<File>,
    lists: BTreeMap<AssetId, At<Vec<Shown>>>,
    /// What was read of those that did not come to their ends, each from its beginning.
    begun: BTreeMap<AssetId, Vec<At<ListPart>>>,
    /// The list that shows each asset, and its place there.
    shown_in: Option<HashMap<AssetId, (AssetId, usize)>>,
    /// What the lists tell of the projects.
    told: BTreeMap<AssetId, Project>,
    /// What was read by itself, and not shown by a list.
    alone: BTreeMap<AssetId, At<Facts>>,
    projects: Option<At<ProjectsPart>>,
    fields: Option<At<Vec<Definition>>>,
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
        let file = if anew { None } else { files::open(&path)? };
        let mut cache = Self::empty();
        let is_young = |at: &Timestamp| is_young(*at, (now, most));
        let is_whole = match file {
            Some(file) => cache.load(file, &header(scope), is_young)?,
            None => false,
        };
        if !is_whole {
            files::replace(&path, |sink| cache.write(scope, sink))?;
        }
        cache.file = Some(files::append(&path)?);
        Ok(cache)
    }

    fn empty() -> Self {
        Self {
            file: None,
            lists: BTreeMap::new(),
            begun: BTreeMap::new(),
            shown_in: None,
            told: BTreeMap::new(),
            alone: BTreeMap::new(),
            projects: None,
            fields: None,
            oldest: None,
        }
    }

    /// Takes in what the file has; says whether that was all.
    fn load(
        &mut self,
        mut file: impl BufRead,
        header: &str,
        is_young: impl Fn(&Timestamp) -> bool,
    ) -> io::Result<bool> {
        let mut kept = Kept::default();
        let mut sharing = Sharing::default();
        let mut line = Vec::new();
        file.read_until(b'\n', &mut line)?;
        if line.strip_suffix(b"\n") != Some(header.as_bytes()) {
            return Ok(false);
        }
        let mut is_whole = true;
        for number in 0.. {
            line.clear();
            if file.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let read = line.strip_suffix(b"\n");
            let Some(Ok(read)) = read.map(serde_json::from_slice) else {
                is_whole = false;
                continue;
            };
            match read {
                Line::Page {
                    of,
                    list,
                    lists,
                    at,
                    after,
                    next,
                    total,
                    mut items,
                } if is_young(&at) => {
                    for item in &mut items {
                        sharing.share(&mut item.facts);
                        self.told.extend(item.project.clone());
                    }
                    let part = ListPart {
                        list,
                        lists,
                        after,
                        items,
                        next,
                        total,
                    };
                    kept.chains.entry(of).or_default().take(number, at, part);
                }
                Line::Asset { id, at, facts } if is_young(&at) => {
                    kept.alone.insert(id, (number, (at, *facts)));
                }
                Line::Projects { at, page } if is_young(&at) => self.take_projects(at, page),
                Line::Fields { at, definitions } if is_young(&at) => {
                    self.fields = Some((at, definitions));
                }
                Line::Page { .. }
                | Line::Asset { .. }
                | Line::Projects { .. }
                | Line::Fields { .. } => is_whole = false,
                Line::Changed { assets } => {
                    is_whole = false;
                    let changed = assets.into_iter().map(|id| (id, number));
                    kept.changed.extend(changed);
                }
            }
        }
        kept.forget_changed();
        let alone = kept.alone.into_iter();
        self.alone = alone.map(|(id, (_, facts))| (id, facts)).collect();
        for (of, chains) in kept.chains {
            match chains.whole() {
                Ok(list) => drop(self.lists.insert(of, list)),
                Err(begun) => drop(self.begun.insert(of, begun)),
            }
        }
        Ok(is_whole)
    }

    fn take_projects(&mut self, at: Timestamp, page: ProjectsPart) {
        match &mut self.projects {
            Some((oldest, before)) if page.after.is_some() && before.next == page.after => {
                *oldest = at.min(*oldest);
                before.next = page.next;
                before.projects.extend(page.projects);
            }
            _ if page.after.is_none() => self.projects = Some((at, page)),
            // It goes on elsewhere, and says nothing.
            Some(_) | None => {}
        }
    }

    /// Writes all of it.
    fn write(&self, scope: &Scope, sink: &mut dyn Write) -> io::Result<()> {
        writeln!(sink, "{}", header(scope))?;
        for (of, (at, items)) in &self.lists {
            let part = ListPart {
                list: ALL.into(),
                lists: 1,
                after: None,
                items: items.clone(),
                next: None,
                total: None,
            };
            add(sink, &Line::page(*of, *at, part))?;
        }
        for (of, begun) in &self.begun {
            for (at, part) in begun {
                add(sink, &Line::page(*of, *at, part.clone()))?;
            }
        }
        for (id, (at, facts)) in &self.alone {
            let (id, at, facts) = (*id, *at, Box::new(facts.clone()));
            add(sink, &Line::Asset { id, at, facts })?;
        }
        if let Some((at, page)) = self.projects.clone() {
            add(sink, &Line::Projects { at, page })?;
        }
        if let Some((at, definitions)) = self.fields.clone() {
            add(sink, &Line::Fields { at, definitions })?;
        }
        Ok(())
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
        self.listed(id).or_else(|| {
            let (at, facts) = self.alone.get(&id)?;
            let (at, facts) = (*at, facts.clone());
            self.recalled(at);
            let project = facts.project;
            let project = project.and_then(|id| Some((id, self.told.get(&id)?.clone())));
            Some(Shown { id, facts, project })
        })
    }

    /// The same as [`Self::list`], for whoever asks once.
    pub fn take_list(&mut self, of: AssetId) -> Option<Vec<Shown>> {
        let (at, items) = self.lists.remove(&of)?;
        self.recalled(at);
        Some(items)
    }

    /// In what an asset lay when it was read. That says no more than where to look for it first,
    /// so nobody is told how old it is.
    pub fn parent(&mut self, id: AssetId) -> Option<AssetId> {
        let Some((of, place)) = self.place(id) else {
            return self.alone.get(&id)?.1.parent;
        };
        let shown = self.lists.get(&of)?.1.get(place)?;
        shown.facts.parent.or(Some(of))
    }

    /// The list that shows an asset, and its place there.
    fn place(&mut self, id: AssetId) -> Option<(AssetId, usize)> {
        let lists = &self.lists;
        let shown_in = self.shown_in.get_or_insert_with(|| {
            let each = lists.iter().flat_map(|(of, (_, items))| {
                let places = items.iter().enumerate();
                places.map(|(place, item)| (item.id, (*of, place)))
            });
            each.collect()
        });
        shown_in.get(&id).copied()
    }

    fn listed(&mut self, id: AssetId) -> Option<Shown> {
        let (of, place) = self.place(id)?;
        let (at, items) = self.lists.get(&of)?;
        let shown = items.get(place)?;
        // What the list of something shows lies in it.
        let parent = shown.facts.parent.or(Some(of));
        let facts = Facts {
            parent,
            ..shown.facts.clone()
        };
        let of_project = facts.project;
        let told = of_project.and_then(|id| Some((id, self.told.get(&id)?.clone())));
        let shown = Shown {
            facts,
            id,
            project: shown.project.clone().or(told),
        };
        let at = *at;
        self.recalled(at);
        Some(shown)
    }

    /// All projects of the account, where they were read.
    pub fn projects(&mut self) -> Option<BTreeMap<AssetId, Project>> {
        let (at, part) = self.projects.as_ref()?;
        if part.next.is_some() {
            return None;
        }
        let (at, projects) = (*at, part.projects.iter().cloned().collect());
        self.recalled(at);
        Some(projects)
    }

    /// What was read of the projects, where that did not come to its end.
    pub fn begun_projects(&mut self) -> Option<ProjectsPart> {
        let (at, part) = self.projects.take()?;
        self.recalled(at);
        Some(part)
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

    /// What was read of the lists of something that did not come to their ends.
    pub fn begun(&mut self, of: AssetId) -> Vec<ListPart> {
        let begun = self.begun.remove(&of).unwrap_or_default();
        let parts = begun.into_iter().map(|(at, part)| {
            self.recalled(at);
            part
        });
        parts.collect()
    }

    /// Keeps a page of a list of what is directly in a folder or a version stack, as it was read
    /// just now.
    pub fn keep_page(&mut self, of: AssetId, page: ListPart, at: Timestamp) {
        self.keep(&Line::page(of, at, page));
    }

    /// Keeps what was read just now of an asset by itself.
    pub fn keep_asset(&mut self, id: AssetId, facts: &Facts, at: Timestamp) {
        let facts = Box::new(facts.clone());
        self.keep(&Line::Asset { id, at, facts });
    }

    /// Keeps a page of the projects of the account, as it was read just now.
    pub fn keep_projects(&mut self, page: ProjectsPart, at: Timestamp) {
        self.keep(&Line::Projects { at, page });
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
        ..Cache::empty()
    })
}

/// What was read of an account, as [`Cache::open`] opens it, to look at and to keep nothing in;
/// nothing where there is none that can be read.
#[must_use]
pub fn known(folder: &Path, scope: &Scope, (now, most): (Timestamp, Duration)) -> Option<Cache> {
    let file = files::open(&path(folder, scope)).ok()??;
    let mut cache = Cache::empty();
    let is_young = |at: &Timestamp| is_young(*at, (now, most));
    cache.load(file, &header(scope), is_young).ok()?;
    Some(cache)
}

fn is_young(at: Timestamp, (now, most): (Timestamp, Duration)) -> bool {
    at <= now && now.duration_since(at).unsigned_abs() <= most
}

/// Removes all caches in a folder; says how many there were.
///
/// # Errors
///
/// Returns what the system says of the first that cannot be removed.
pub fn remove_all(folder: &Path) -> io::Result<usize> {
    let mut removed = 0;
    for (path, name) in files::in_folder(folder)? {
        if name.starts_with(PREFIX) && is_lines(&name) {
            fs::remove_file(path)?;
            removed += 1;
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
