//! The manifest: the reviewed YAML document that lists what is to go.
//!
//! [`read`] takes the bytes of all manifests of a run and returns what they say, or all that
//! is wrong with them.

mod check;
mod conceal;
mod date;
pub mod document;
mod fast;
mod grammar;
pub(crate) mod kind;
mod order;
mod pieces;
#[cfg(test)]
pub(crate) mod schema;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod walk;
pub mod write;
mod yaml;

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use sha2::{Digest, Sha256};

use crate::asset::AssetId;
use crate::diagnostic::Finding;
pub(crate) use check::only_v4;
use document::{Details, Manifests, SourceFile};
use text::Text;
use walk::Walk;

/// From how many bytes on a second thread is worth its start: reading fewer takes some
/// milliseconds.
const WORTH: usize = 1 << 20;

/// A manifest that has been loaded but not yet read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path as the user named it; `-` for standard input.
    pub path: Arc<str>,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What is taken from it.
    pub part: Part,
}

/// What is taken from a manifest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part {
    /// All that it says.
    #[default]
    All,
    /// What it holds and waives, and not what it lists.
    Holds,
}

/// Reads all manifests of a run, and checks them within and across files.
///
/// # Errors
///
/// Returns everything that is wrong, in the order of the files and of the places in them.
pub fn read(sources: &[Source]) -> Result<Manifests, Vec<Finding>> {
    read_with(sources, pieces::read)
}

fn read_with(
    sources: &[Source],
    reader: impl Fn(&mut Walk<'_, '_>, &str),
) -> Result<Manifests, Vec<Finding>> {
    let digests = || {
        let digests = sources.iter().map(|source| Sha256::digest(&source.bytes));
        digests.map(Into::into).collect::<Vec<[u8; 32]>>()
    };
    let bytes: usize = sources.iter().map(|source| source.bytes.len()).sum();
    thread::scope(|scope| {
        let beside = || thread::Builder::new().spawn_scoped(scope, digests).ok();
        let beside = if bytes < WORTH { None } else { beside() };
        let mut said = read_all(sources, reader)?;
        let digests = match beside {
            Some(beside) => beside.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // It is not worth a thread, or there is none to be had.
            None => digests(),
        };
        for (file, sha256) in said.files.iter_mut().zip(digests) {
            file.sha256 = sha256;
        }
        Ok(said)
    })
}

/// Reads all files, without their digests.
fn read_all(
    sources: &[Source],
    reader: impl Fn(&mut Walk<'_, '_>, &str),
) -> Result<Manifests, Vec<Finding>> {
    let mut said = Manifests::default();
    let mut texts = Vec::with_capacity(sources.len());
    let mut findings: Vec<(u32, Finding)> = Vec::new();
    for (file, source) in (0..).zip(sources) {
        let before = said.entries.len();
        let projects = said.projects.len();
        // What is read for its holds alone may be written for another account's run.
        let account = match source.part {
            Part::All => None,
            Part::Holds => said.account.take(),
        };
        match Text::decode(&source.path, &source.bytes) {
            Ok(text) => {
                let mut walk = Walk::new(&text, file, &mut said);
                reader(&mut walk, text.all);
                let found = walk.finish();
                findings.extend(found.into_iter().map(|finding| (file, finding)));
                texts.push(text);
            }
            Err(finding) => {
                findings.push((file, *finding));
                texts.push(Text::new(&source.path, ""));
            }
        }
        said.files.push(SourceFile {
            path: Arc::clone(&source.path),
            sha256: [0; 32],
            part: source.part,
            listed: said.entries.len() - before,
        });
        if source.part == Part::Holds {
            for entry in said.entries.split_off(before) {
                let date = said.elsewhere.entry(entry.id).or_default();
                *date = (*date).max(entry.date());
            }
            said.account = account;
            said.projects.truncate(projects);
        }
    }
    bound(&mut said);
    order::by_id(&mut said.entries);
    findings.extend(check::twice(&said, &texts));
    if findings.is_empty() {
        return Ok(said);
    }
    // The last finding of a file may be the one that counts those left out.
    findings.sort_by_key(|(file, finding)| {
        (
            *file,
            finding.code == "too-many",
            finding.place.line,
            finding.place.column,
        )
    });
    Err(findings.into_iter().map(|(_, finding)| finding).collect())
}

/// Binds what is listed by documents that name no projects to those that the others name.
fn bound(said: &mut Manifests) {
    if said.projects.is_empty() {
        return;
    }
    let projects: Arc<[AssetId]> = Arc::from(&*said.projects);
    let bare = Arc::new(Details {
        projects: Some(Arc::clone(&projects)),
        ..Details::default()
    });
    // Neighbours mostly share what is said of them.
    let mut last: Option<(Arc<Details>, Arc<Details>)> = None;
    for entry in &mut said.entries {
        let Some(details) = &entry.details else {
            entry.details = Some(Arc::clone(&bare));
            continue;
        };
        if details.projects.is_some() {
            continue;
        }
        let known = last.take().filter(|(one, _)| Arc::ptr_eq(one, details));
        let (_, bound) = last.insert(known.unwrap_or_else(|| {
            let bound = Details {
                projects: Some(Arc::clone(&projects)),
                ..Details::clone(details)
            };
            (Arc::clone(details), Arc::new(bound))
        }));
        entry.details = Some(Arc::clone(bound));
    }
}
