//! What a YAML or JSON document is, told by the keys at its top.
//!
//! Whatever could be a manifest is taken for one, so that [`read`](super::read) says what is
//! wrong with it: only a document that surely lists and holds nothing is anything else. A
//! manifest as people write it is told by a search for one word, without a parse.

use std::fmt;

use memchr::memmem;
use serde::Deserializer as _;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};

use super::text::Text;
use super::yaml::{LARGEST, Node, Unit, Value};
use crate::asset::AssetId;

/// The keys that make a document a manifest.
const LISTS: [&str; 4] = ["assets", "holds", "releases", "waivers"];

/// The other keys at the top of a manifest: a document that has no others is one without a list.
const FRAME: [&str; 5] = ["version", "account", "projects", "defaults", "$schema"];

/// How the other documents of this program begin: state, plan, receipt, policy, line of the journal, event, the
/// end of a run, why nothing was done, what was found, what comes due, a state as a whole, an asset of one. A seed may begin
/// with any of its keys, and has its accounts.
const OURS: [&[&str]; 12] = [
    &["version", "lineage", "serial"],
    &["version", "id", "created_at"],
    &["version", "receipt"],
    &["version", "rules"],
    &["sum"],
    &["type", "version"],
    &["run", "ending"],
    &["not_run"],
    &["version", "totals", "unread"],
    &["version", "until", "owners"],
    &["lineage", "serial", "api"],
    &["id", "record", "run"],
];

/// All the keys of those of them that list something under a name that a manifest has: with another
/// one they are no such document.
const LISTING: [&[&str]; 3] = [
    &["version", "totals", "unread", "assets"],
    &["version", "until", "owners"],
    &[
        "lineage", "serial", "api", "endpoint", "account", "counts", "holds", "kept", "runs",
        "failed", "unknown", "missing",
    ],
];

/// How the items of our lists begin: records of a state, its runs, findings in manifests.
const ITEMS: [&[&str]; 3] = [
    &["id", "status"],
    &["number", "id", "at"],
    &["check_name", "description", "fingerprint"],
];

/// How many first keys decide that.
const DECIDING: usize = 3;

/// The key that only the sandbox's seed has.
const SEED: &str = "accounts";

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocumentKind {
    /// A manifest, or what cannot be told from one that is broken or misspelt.
    Manifest,
    /// Another document of this program.
    Ours,
    /// Neither.
    Other,
}

/// Tells what a document is.
pub(crate) fn kind(bytes: &[u8]) -> DocumentKind {
    let kind = from_bytes(bytes);
    // It may begin as one of ours, and list something all the same, which few of ours do.
    if kind == DocumentKind::Ours && lists_something(bytes) && !lists_as_ours(bytes) {
        DocumentKind::Manifest
    } else {
        kind
    }
}

/// Whether a document lists something as one of ours does, by all of its keys.
fn lists_as_ours(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    if text.trim_start().starts_with('[') {
        // Each item begins as ours do, and these have lists of their own.
        return true;
    }
    let mut top = Top {
        reads_all: true,
        ..Top::default()
    };
    top.read_whole(text) && LISTING.iter().any(|keys| top.keys == *keys)
}

/// Whether a key of a manifest's lists has a list behind it, in any letter case.
pub(crate) fn lists_something(bytes: &[u8]) -> bool {
    let text = bytes.to_ascii_lowercase();
    LISTS.iter().any(|name| {
        let mut places = memmem::find_iter(&text, name.as_bytes());
        places.any(|at| {
            let before = &text[..at];
            let quote = before.last().filter(|byte| matches!(byte, b'"' | b'\''));
            let blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
            let mut back = before.iter().rev();
            let begins = quote.is_some()
                || back
                    .find(|byte| !blank(byte))
                    .is_none_or(|byte| *byte == b'\n');
            let mut rest = &text[at + name.len()..];
            if let Some(quote) = quote {
                let Some(behind) = rest.strip_prefix(&[*quote]) else {
                    return false;
                };
                rest = behind;
            }
            let value = rest.trim_ascii_start().strip_prefix(b":");
            let first = value.and_then(|value| value.trim_ascii_start().first());
            begins && matches!(first, Some(b'[' | b'-'))
        })
    })
}

fn from_bytes(bytes: &[u8]) -> DocumentKind {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return DocumentKind::Manifest;
    };
    if let Some(kind) = json(text) {
        return kind;
    }
    let nowhere = "".into();
    if names_list(text) || text.len() > LARGEST || Text::decode(&nowhere, bytes).is_err() {
        return DocumentKind::Manifest;
    }
    match Unit::new(text, 0).documents() {
        (documents, None) if !documents.is_empty() => {
            let kinds = documents.iter().map(of_root);
            kinds.reduce(surest).unwrap_or(DocumentKind::Manifest)
        }
        (_, _) => DocumentKind::Manifest,
    }
}

/// Whether a text has one of a manifest's lists at its top, however broken it is elsewhere.
pub(crate) fn has_list(text: &str) -> bool {
    match Top::read(text).0 {
        Some(DocumentKind::Manifest) => true,
        // A state has its holds at the beginning of a line too.
        Some(DocumentKind::Ours) => false,
        Some(DocumentKind::Other) | None => names_list(text),
    }
}

/// Whether a key is that of one of a manifest's lists.
pub(super) fn is_list(key: &str) -> bool {
    LISTS.contains(&key)
}

/// Of two documents in one file, the one that must not be passed over.
fn surest(one: DocumentKind, other: DocumentKind) -> DocumentKind {
    match (one, other) {
        (DocumentKind::Manifest, _) | (_, DocumentKind::Manifest) => DocumentKind::Manifest,
        (DocumentKind::Ours, DocumentKind::Ours) => DocumentKind::Ours,
        (DocumentKind::Other, _) | (_, DocumentKind::Other) => DocumentKind::Other,
    }
}

/// Whether a line begins with the key of a list, plain or in quotes.
fn names_list(text: &str) -> bool {
    LISTS.iter().any(|name| names_key(text, name))
}

/// Whether a text says the version of its document, as every manifest must and hardly a file of
/// somebody else does that happens to have `assets`.
pub(crate) fn has_version(text: &str) -> bool {
    names_key(text, "version")
        || text.trim_start().starts_with('{') && memmem::find(text.as_bytes(), b"version").is_some()
}

/// Whether a line begins with a key, plain or in quotes.
fn names_key(text: &str, name: &str) -> bool {
    ["", "\"", "'"].iter().any(|quote| {
        let key = format!("{quote}{name}{quote}:");
        text.starts_with(&key)
            || memmem::find(text.as_bytes(), format!("\n{key}").as_bytes()).is_some()
    })
}

/// What the root of a document says that it is.
fn of_root(root: &Node) -> DocumentKind {
    match &root.value {
        Value::Map(pairs) => {
            let keys = pairs.iter().filter_map(|(key, _)| key.text());
            of_keys(&keys.collect::<Vec<_>>())
        }
        Value::List(items) if !items.is_empty() && items.iter().all(is_our_item) => {
            DocumentKind::Ours
        }
        Value::List(items) if items.iter().any(lists_asset) => DocumentKind::Manifest,
        // A pointer of Git LFS stands for a file that was not fetched, and a key without the
        // blank behind it makes the whole a text.
        Value::Text(text)
            if text.contains("git-lfs") || LISTS.iter().any(|name| text.contains(name)) =>
        {
            DocumentKind::Manifest
        }
        Value::Null | Value::Tagged(_) => DocumentKind::Manifest,
        Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => DocumentKind::Other,
    }
}

/// Whether an item is one of a list of ours.
fn is_our_item(item: &Node) -> bool {
    let pairs = item.pairs().unwrap_or_default().iter();
    let keys: Vec<&str> = pairs.filter_map(|(key, _)| key.text()).collect();
    ITEMS.iter().any(|first| keys.starts_with(first))
}

/// Whether an item could be one of a list whose key is missing.
fn lists_asset(item: &Node) -> bool {
    let is_id = |node: &Node| node.text().is_some_and(|text| AssetId::parse(text).is_ok());
    let mut pairs = item.pairs().unwrap_or_default().iter();
    is_id(item) || pairs.any(|(key, value)| key.text() == Some("id") && is_id(value))
}

/// What the keys of a mapping, in their order, say that it is.
fn of_keys(keys: &[&str]) -> DocumentKind {
    if is_ours(keys) {
        return DocumentKind::Ours;
    }
    let only_frame = !keys.is_empty() && keys.iter().all(|key| FRAME.contains(key));
    if only_frame || keys.iter().any(|key| is_near(key)) {
        DocumentKind::Manifest
    } else if keys.contains(&SEED) {
        DocumentKind::Ours
    } else {
        DocumentKind::Other
    }
}

/// Whether a document begins as another one of this program does.
fn is_ours(keys: &[&str]) -> bool {
    OURS.iter().any(|first| keys.starts_with(first))
}

/// Whether a key is probably meant for that of a list.
pub(super) fn is_near(key: &str) -> bool {
    if key == "<<" {
        // What is merged in is not seen here.
        return true;
    }
    let plain: String = key
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    let plain = plain.to_lowercase();
    let about_holds =
        words(key).any(|word| matches!(&*word, "hold" | "holds" | "held" | "holding" | "holdings"));
    about_holds
        || ["hold", "asset", "release", "waiver", "waive"].contains(&&*plain)
        || LISTS.iter().any(|list| {
            let far = if plain.len() < 6 { 1 } else { 2 };
            plain.len() >= 4 && strsim::damerau_levenshtein(list, &plain) <= far
        })
}

/// The words of a key, in lower case: `legal-holds` and `legalHolds` have two.
fn words(key: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for letter in key.chars() {
        let begins = !letter.is_alphanumeric() || (letter.is_uppercase() && small);
        if begins {
            words.push(String::new());
        }
        small = letter.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.into_iter()
}

/// What a JSON object is; nothing where the text is none, or YAML that only begins like it.
fn json(text: &str) -> Option<DocumentKind> {
    match Top::read(text) {
        (Some(kind), _) => Some(kind),
        (None, Some(keys)) => {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            Some(of_keys(&keys))
        }
        (None, None) => None,
    }
}

/// Reads the keys at the top of a JSON object, and stops where they are enough.
#[derive(Default)]
struct Top {
    keys: Vec<String>,
    sure: Option<DocumentKind>,
    /// Whether it reads on where they are enough.
    reads_all: bool,
}

impl Top {
    /// What is sure, and all keys where the text is one whole JSON object.
    fn read(text: &str) -> (Option<DocumentKind>, Option<Vec<String>>) {
        if !text.trim_start().starts_with('{') {
            return (None, None);
        }
        let mut top = Self::default();
        let whole = top.read_whole(text);
        (top.sure, whole.then_some(top.keys))
    }

    /// Whether the text is one whole JSON object, read to its end.
    fn read_whole(&mut self, text: &str) -> bool {
        let mut source = serde_json::Deserializer::from_str(text);
        source.deserialize_map(self).is_ok() && source.end().is_ok()
    }
}

impl<'de> Visitor<'de> for &mut Top {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let list = is_list(&key);
            self.keys.push(key);
            let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
            if keys.len() <= DECIDING && is_ours(&keys) {
                self.sure = Some(DocumentKind::Ours);
            } else if list {
                self.sure = Some(DocumentKind::Manifest);
            }
            if self.sure.is_some() && !self.reads_all {
                return Err(A::Error::custom("enough"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

    #[test]
    fn each_document_is_told_by_the_keys_at_its_top() {
        let manifest = [
            "version: 1\nassets: []\n",
            "holds: []\n",
            "\u{feff}version: 1\nholds: []\n",
            "'holds': []\n",
            "version: 1\n\"releases\":\n",
            "{\"version\": 1, \"holds\": []}",
            "{version: 1, waivers: []}",
            "{\"version\":1,\"id\":\"x\",\"holds\":[]}",
            "name: x\n---\nholds: []\n",
            // Without a list, but nothing else either.
            "version: 1\n",
            "version: 1\naccount: a\ndefaults: {}\n",
            // Empty, or no YAML, or not fetched.
            "",
            "# all is commented out\n",
            "~\n",
            "a: [\n",
            "{\"a\": 1,",
            "version: 1\nholds:[x]\n",
            "<<<<<<< HEAD\nname: x\n=======\n",
            "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n",
            "!manifest {name: x}\n",
            "name: \u{1}\n",
            // Nearly one of ours, with what none of them has.
            "{\"version\":1,\"totals\":{},\"unread\":[],\"assets\":[],\"holds\":[]}\n",
            "{\"version\":1,\"totals\":{},\"unread\":[],\"holds\":[]}\n",
            "{\"run\":7,\"ending\":\"done\",\"holds\":[]}\n",
            &format!("[{{\"id\":\"{A}\",\"status\":\"gone\"}}, {{\"id\":\"{A}\"}}]\n"),
            // A list whose key is missing.
            &format!("- {A}\n"),
            &format!("- id: {A}\n  reason: legal\n"),
        ];
        for text in manifest {
            assert_eq!(kind(text.as_bytes()), DocumentKind::Manifest, "{text}");
        }
        assert_eq!(kind(b"name: \xff\n"), DocumentKind::Manifest);
        let ours = [
            "{\"version\":1,\"lineage\":\"x\",\"serial\":1,\"holds\":{}}",
            "{\"version\":1,\"id\":\"sha256:0\",\"created_at\":\"x\",\"held\":[]}",
            "{\"version\":1,\"receipt\":{\"run\":7},\"records\":[{\"id\":\"x\"}]}",
            "{\"sum\":\"00\",\"line\":{}}\n{\"sum\":\"01\",\"line\":{}}\n",
            "{\"type\":\"run_started\",\"version\":1}\n{\"type\":\"run_ended\"}\n",
            "version: 1\naccounts: []\n",
            "accounts: []\nversion: 1\n",
            "version: 1\nrules: []\n",
            "{\"run\":7,\"ending\":\"done\",\"holds\":{\"kept\":1}}\n",
            "{\"version\":1,\"totals\":{},\"unread\":[],\"assets\":[{\"id\":\"x\"}]}\n",
            "{\"version\":1,\"until\":\"x\",\"owners\":[{\"owner\":null,\"assets\":[]}]}\n",
            "{\"lineage\":\"x\",\"serial\":1,\"api\":\"v4\",\"endpoint\":\"x\",\"account\":null,\"counts\":{},\"holds\":[],\"kept\":[],\"runs\":[],\"failed\":[],\"unknown\":[],\"missing\":[]}\n",
            "{\"id\":\"x\",\"record\":null,\"run\":null,\"hold\":null}\n",
            &format!("[\n{{\"id\":\"{A}\",\"status\":\"gone\",\"run\":7}}\n]\n"),
            &format!("[\n{{\"number\":7,\"id\":\"{A}\",\"at\":\"x\",\"released\":[]}}\n]\n"),
            "[{\"check_name\":\"retire/held\",\"description\":\"x\",\"fingerprint\":\"x\"}]\n",
        ];
        for text in ours {
            assert_eq!(kind(text.as_bytes()), DocumentKind::Ours, "{text}");
        }
        let other = [
            "services: {web: {image: x}}\nversion: '3'\n",
            "{\"name\": \"x\", \"emoji\": \"\\ud83d\\ude00\"}",
            "{\"$schema\": \"x\", \"properties\": {\"holds\": {}}}",
            "- hosts: all\n  tasks: []\n",
            "hello\n",
            "42\n",
            "{}\n",
            "spec:\n  holds: []\n",
        ];
        for text in other {
            assert_eq!(kind(text.as_bytes()), DocumentKind::Other, "{text}");
        }
    }

    #[test]
    fn a_misspelt_list_is_never_passed_over() {
        for key in [
            "hold",
            "Holds",
            "HOLDS",
            "hodls",
            "holdss",
            "hol",
            "asset",
            "Assets",
            "aseets",
            "assests",
            "release",
            "relases",
            "waiver",
            "Waviers",
            "legal_holds",
            "legal-hold",
            "legalHolds",
            "holds\u{a0}",
            "on hold",
            "<<",
        ] {
            let near = is_near(key) || key == "hol";
            assert!(near, "{key}");
            let text = format!("name: x\n\"{key}\": []\n");
            let expected = if key == "hol" {
                DocumentKind::Other
            } else {
                DocumentKind::Manifest
            };
            assert_eq!(kind(text.as_bytes()), expected, "{key}");
        }
        for key in [
            "hosts",
            "services",
            "name",
            "on",
            "jobs",
            "accounts",
            "household",
            "threshold",
            "facets",
            "version",
        ] {
            assert!(!is_near(key), "{key}");
        }
    }

    #[test]
    fn a_large_manifest_is_told_without_a_parse() {
        let broken = "version: 1\nassets:\n- [\n";
        assert!(has_list(broken));
        assert!(has_list("{\"version\": 1, \"assets\": [nonsense"));
        assert!(!has_list("token: secret\nversion: 1\n"));
        assert!(!has_list("  assets: []\n"));
        assert!(!has_list(
            "{\"version\":1,\"lineage\":\"x\",\"serial\":1,\n\"holds\":{"
        ));
    }
}
