//! The manifest: the reviewed YAML document that lists what is to go.
//!
//! [`read`] takes the bytes of all manifests of a run and returns what they say, or all that
//! is wrong with them.

mod check;
mod conceal;
mod date;
pub mod document;
mod fast;
pub mod kind;
mod lanes;
mod order;
#[cfg(test)]
pub(crate) mod schema;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod walk;
mod yaml;

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use sha2::{Digest, Sha256};

use crate::diagnostic::Finding;
pub use check::only_v4;
use document::{Manifests, SourceFile};
use text::Text;
use walk::Walk;

/// The names of the sorts of findings, each with what it means.
pub const CODES: [(&str, &str); 24] = [
    (
        "account-conflict",
        "two documents are written for different accounts",
    ),
    (
        "adobe-id",
        "an id of Adobe's storage, which only V4 takes, in a run that speaks v2",
    ),
    (
        "bad-date",
        "a date or time that does not exist or is written otherwise",
    ),
    ("bad-id", "an id that no asset can have"),
    ("byte-order-mark", "the file begins with a byte order mark"),
    ("control-character", "a character that YAML does not allow"),
    ("duplicate-id", "an asset is listed or held twice"),
    ("duplicate-key", "a field is given twice"),
    ("duplicate-waiver", "a guard is waived twice"),
    ("empty-document", "a document with nothing in it"),
    ("empty-text", "a text with nothing but blanks"),
    ("missing-field", "a field that must be there"),
    (
        "not-a-manifest",
        "a document with none of the fields of a manifest",
    ),
    ("not-utf8", "bytes that are not UTF-8"),
    ("too-deep", "nesting beyond the limit"),
    ("too-large", "a document or its aliases beyond the limit"),
    ("too-many", "more findings than are shown"),
    ("unknown-field", "a field that does not exist"),
    ("unknown-guard", "a guard that does not exist"),
    ("unknown-kind", "a kind of asset that does not exist"),
    (
        "unknown-policy",
        "a word that does not say what is to become of a missing asset",
    ),
    (
        "unsupported-version",
        "a version of the document that this program does not know",
    ),
    ("wrong-type", "a value of another type"),
    ("yaml-syntax", "text that is not YAML"),
];

/// From how many bytes on a second thread is worth its start.
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
    read_with(sources, lanes::read)
}

fn read_with(
    sources: &[Source],
    lane: impl Fn(&mut Walk<'_, '_>, &str),
) -> Result<Manifests, Vec<Finding>> {
    let digests = || {
        sources
            .iter()
            .map(|source| Sha256::digest(&source.bytes).into())
    };
    let bytes: usize = sources.iter().map(|source| source.bytes.len()).sum();
    if bytes < WORTH {
        return read_all(sources, lane).map(|said| said.of(sources, digests()));
    }
    thread::scope(|scope| {
        let all = || digests().collect::<Vec<[u8; 32]>>();
        let beside = thread::Builder::new().spawn_scoped(scope, all);
        let said = read_all(sources, lane);
        let digests = match beside {
            Ok(beside) => beside.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // There is no thread to be had.
            Err(_) => all(),
        };
        said.map(|said| said.of(sources, digests))
    })
}

/// What the files say, and how many assets each of them lists.
struct Said {
    manifests: Manifests,
    listed: Vec<usize>,
}

impl Said {
    /// Adds which files those are.
    fn of(self, sources: &[Source], digests: impl IntoIterator<Item = [u8; 32]>) -> Manifests {
        let files = sources.iter().zip(digests).zip(self.listed);
        let files = files.map(|((source, sha256), listed)| SourceFile {
            path: Arc::clone(&source.path),
            sha256,
            part: source.part,
            listed,
        });
        Manifests {
            files: files.collect(),
            ..self.manifests
        }
    }
}

fn read_all(
    sources: &[Source],
    lane: impl Fn(&mut Walk<'_, '_>, &str),
) -> Result<Said, Vec<Finding>> {
    let mut said = Manifests::default();
    let mut listed = Vec::with_capacity(sources.len());
    let mut texts = Vec::with_capacity(sources.len());
    let mut findings: Vec<(u32, Finding)> = Vec::new();
    for (file, source) in (0..).zip(sources) {
        let before = said.entries.len();
        // What is read for its holds alone may be written for another account's run.
        let account = match source.part {
            Part::All => None,
            Part::Holds => said.account.take(),
        };
        match Text::new(&source.path, &source.bytes) {
            Ok(text) => {
                let mut walk = Walk::new(&text, file, &mut said);
                lane(&mut walk, text.all);
                let found = walk.finish();
                findings.extend(found.into_iter().map(|finding| (file, finding)));
                texts.push(text);
            }
            Err(finding) => {
                findings.push((file, *finding));
                texts.push(Text::of(&source.path, ""));
            }
        }
        listed.push(said.entries.len() - before);
        if source.part == Part::Holds {
            said.entries.truncate(before);
            said.account = account;
        }
    }
    order::by_id(&mut said.entries);
    findings.extend(check::twice(&said, &texts));
    if findings.is_empty() {
        return Ok(Said {
            manifests: said,
            listed,
        });
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
