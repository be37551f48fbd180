//! Documents for programs without what is not to leave the machine.
//!
//! Numbers, yes and no, and nothing at all say no name. A text stays where its key says that it is an
//! id, a moment or a word of ours, and where it looks like one; so what is added to a document is
//! withheld until somebody names it here.

use std::fmt;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

use crate::render::names::{
    Names, SERVERS, WITHHELD, is_commit, is_digest, is_id, path_without_files,
};
use crate::visible;

/// The keys of ids.
const IDS: &str = "account asset changed ended file files gone grown id ids into lineage missing over \
    parent project removed retired stack unknown with";

/// The keys of moments.
const MOMENTS: &str = "at created due next_due until updated";

/// The keys of our own words.
const OWN: &str =
    "api call code ending evidence kind lane migrated phase retired status task type why";

/// Our own words in documents: events, statuses, kinds, evidence, calls, reasons.
const WORDS: &str = "accounts answer answered asset_failed asset_gone asset_missing asset_rescued \
    asset_restored asset_retired asset_staged asset_unknown batch_sent blocked broken bulk_delete \
    by_hand children collect conflict contents deferred delete delete_file delete_folder deleting done doubted drift ended error failed failed_batches \
    field_definitions file file_done folder folder_files folder_folders folder_version_stacks \
    foreign forgotten found_deleted gone holds_changed idle invalid kept left_alone lifted listed me missing \
    moved moving no_answer no_token not_authenticated not_authorised not_found not_paid not_reachable \
    not_recorded not_reviewed other paced permission pinned projects rate_limited read read_asset \
    recently_deleted renamed resized resolve retired retried run_ended run_started show_file \
    show_folder show_version_stack signal slow stage stopped stuck there time_budget token \
    too_many_failures too_many_missing unknown unread unsettled unstage v2 v4 version_stack version_stack_children warned workspaces \
    wrong_account wrong_endpoint";

/// What may be shown where folders are: it has no name of a file.
const OF_FOLDERS: &str = "account actor ci commit endpoint owner project state";

/// What may be missing, and is where it is withheld.
const OPTIONAL: &str = "account actor ci commit creator folder media_type name owner plan project \
    status ticket";

/// Writes a document that was written whole as one line, without what is withheld.
///
/// # Errors
///
/// Returns what the sink says, or that it is no such document.
pub(crate) fn withheld(document: &[u8], names: Names, sink: &mut dyn Write) -> io::Result<()> {
    if document.trim_ascii().is_empty() {
        return Ok(());
    }
    let mut node: Node = serde_json::from_slice(document)?;
    node.withhold("", names);
    visible::json(&node, sink)?;
    sink.write_all(b"\n")
}

fn has(keys: &str, key: &str) -> bool {
    keys.split_ascii_whitespace().any(|one| one == key)
}

/// A value of a document; the fields of an object keep their order.
enum Node {
    Plain(Option<bool>),
    Number(Number),
    Text(String),
    List(Vec<Self>),
    Fields(Vec<(String, Self)>),
}

impl Node {
    /// Withholds what has no business outside; `key` is that of the nearest object around.
    fn withhold(&mut self, key: &str, names: Names) {
        match self {
            Self::Plain(_) | Self::Number(_) => {}
            Self::List(nodes) => nodes.iter_mut().for_each(|node| node.withhold(key, names)),
            Self::Fields(fields) => {
                for (key, node) in fields {
                    node.withhold(key, names);
                }
            }
            Self::Text(text) => {
                if let Some(shown) = shown(key, text, names) {
                    *text = shown;
                } else if has(OPTIONAL, key) {
                    *self = Self::Plain(None);
                } else {
                    WITHHELD.clone_into(text);
                }
            }
        }
    }
}

/// What is shown of a text.
fn shown(key: &str, text: &str, names: Names) -> Option<String> {
    let is_own = match names {
        Names::Full => true,
        Names::Path => has(OF_FOLDERS, key) || says_no_name(key, text),
        Names::Off => says_no_name(key, text),
    };
    if is_own {
        return Some(text.to_owned());
    }
    let shows_folders = names == Names::Path && key == "folder";
    shows_folders.then(|| path_without_files(text))
}

/// Whether a text has no name in it, by its key and its looks.
fn says_no_name(key: &str, text: &str) -> bool {
    let is_moment = || {
        let looks = |letter: char| letter.is_ascii_digit() || "-:.TZ".contains(letter);
        text.chars().all(looks) && text.parse::<Timestamp>().is_ok()
    };
    match key {
        "plan" => is_digest(text),
        "commit" => is_commit(text),
        "endpoint" => SERVERS.contains(&text),
        // Whoever fails says it in our own words, and the types see to that.
        "hint" => true,
        _ => {
            has(IDS, key) && is_id(text)
                || has(MOMENTS, key) && is_moment()
                // What is said of each asset has its id for a key.
                || (has(OWN, key) || is_id(key)) && has(WORDS, text)
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(plain) => plain.serialize(serializer),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(nodes) => serializer.collect_seq(nodes),
            Self::Fields(fields) => {
                serializer.collect_map(fields.iter().map(|(key, node)| (key, node)))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a document")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Plain(None))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Plain(Some(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        let number = Number::from_f64(value);
        Ok(number.map_or(Node::Plain(None), Node::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Node::Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(document: &str, names: Names) -> String {
        let mut bytes = Vec::new();
        withheld(document.as_bytes(), names, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_nobody_names_is_withheld() {
        let document =
            r#"{"run":7,"new":"Tide","news":["Tide"],"deep":{"id":"Tide","kind":"Tide"}}"#;
        let expected = r#"{"run":7,"new":"(withheld)","news":["(withheld)"],"deep":{"id":"(withheld)","kind":"(withheld)"}}"#;
        for names in [Names::Path, Names::Off] {
            assert_eq!(left(document, names).trim_end(), expected);
        }
    }

    #[test]
    fn ids_moments_and_our_own_words_stay_where_they_belong() {
        let document = r#"{"type":"asset_failed","at":"2026-11-01T00:00:00Z","id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","kind":"conflict","message":"3fa85f64-5717-4562-b3fc-2c963f66afa6","name":"done","why":{"hold":"done"},"saved":true,"reason":null}"#;
        let expected = r#"{"type":"asset_failed","at":"2026-11-01T00:00:00Z","id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","kind":"conflict","message":"(withheld)","name":null,"why":{"hold":"(withheld)"},"saved":true,"reason":null}"#;
        assert_eq!(left(document, Names::Off).trim_end(), expected);
        assert_eq!(left("", Names::Off), "");
    }

    #[test]
    fn a_path_stays_without_names_of_files() {
        let document =
            r#"{"name":"b.mov","project":"Tide","folder":"day 1/a.mov","path":"Tide/day 1/b.mov"}"#;
        let expected = r#"{"name":null,"project":"Tide","folder":"day 1/…","path":"(withheld)"}"#;
        assert_eq!(left(document, Names::Path).trim_end(), expected);
        let expected = r#"{"name":null,"project":null,"folder":null,"path":"(withheld)"}"#;
        assert_eq!(left(document, Names::Off).trim_end(), expected);
    }
}
