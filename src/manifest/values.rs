//! The values of a document: fields, texts, ids, numbers, dates, and what is wrong with them.

use std::sync::Arc;

use jiff::Timestamp;

use super::date::{self, DateError, Reading};
use super::document::MissingPolicy;
use super::text::number;
use super::walk::Walk;
use super::yaml::{Node, Refusal, Value};
use crate::asset::AssetId;

impl Walk<'_, '_> {
    /// Takes in what the parser refused.
    pub(super) fn refusal(&mut self, refusal: Refusal) {
        let Refusal {
            code,
            at,
            message,
            context,
        } = refusal;
        let hint = hint_for(
            code,
            &message,
            &self.text().all[at.min(self.text().all.len())..],
        );
        let tab = self.tab_before(at);
        let began = context.map(|context| self.text().place(context));
        if let Some(found) = self.found(code, number(at), message) {
            found.hint = if tab {
                Some("YAML takes no tab for indentation: use spaces".to_owned())
            } else {
                hint.map(str::to_owned)
            };
            found.related = began
                .map(|place| (place, "it begins here"))
                .into_iter()
                .collect();
        }
    }

    /// Whether a tab stands in the white space around a byte.
    fn tab_before(&self, at: usize) -> bool {
        let bytes = self.text().all.as_bytes();
        let at = at.min(bytes.len());
        let blank = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'-');
        let before = bytes[..at].iter().rev().take_while(blank);
        let after = bytes[at..].iter().take_while(blank);
        before.chain(after).any(|byte| *byte == b'\t')
    }

    pub(super) fn list<'n>(&mut self, node: &'n Node, name: &str) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Null => {
                let message = format!("{name} must be a list, and nothing is there");
                let hint = format!("an empty list is `{}: []`", name.trim_matches('`'));
                self.hinted("wrong-type", node.at, message, hint);
                &[]
            }
            Value::Bool | Value::Number(_) | Value::Text(_) | Value::Map(_) | Value::Tagged(_) => {
                self.wrong_type(node, name, "a list", Some("begin each line with `- `"));
                &[]
            }
        }
    }

    /// Tells which fields are missing.
    pub(super) fn required<const N: usize>(
        &mut self,
        of: &Node,
        what: &str,
        fields: [(&str, Option<&Node>); N],
    ) {
        for (name, node) in fields {
            if node.is_none() {
                self.found("missing-field", of.at, format!("{what} has no `{name}`"));
            }
        }
    }

    /// Finds the known fields of a mapping, and tells of the others.
    pub(super) fn fields<'n, const N: usize>(
        &mut self,
        pairs: &'n [(Node, Node)],
        known: [&str; N],
        what: &str,
    ) -> [Option<&'n Node>; N] {
        let mut keys: [Option<&Node>; N] = [None; N];
        let mut fields = [None; N];
        for (key, value) in pairs {
            let Value::Text(name) = &key.value else {
                self.wrong_type(key, "the name of a field", "text", None);
                continue;
            };
            let Some(index) = known.iter().position(|known| known == name) else {
                let hint = match name.as_str() {
                    "<<" => "merge keys are not supported: use `defaults`".to_owned(),
                    "releases" => "this version lifts no hold by it: remove the hold".to_owned(),
                    _ => near(name, &known, &format!("the fields of {what} are")),
                };
                self.hinted(
                    "unknown-field",
                    key.at,
                    format!("unknown field `{}`", short(name)),
                    hint,
                );
                continue;
            };
            if let Some(first) = keys[index] {
                let place = self.text().place(first.at as usize);
                let message = format!("the field `{name}` is given twice");
                if let Some(found) = self.found("duplicate-key", key.at, message) {
                    found.related.push((place, "the first one"));
                }
                continue;
            }
            keys[index] = Some(key);
            fields[index] = Some(value);
        }
        fields
    }

    pub(super) fn mapping<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n [(Node, Node)]> {
        if let Value::Map(pairs) = &node.value {
            return Some(pairs);
        }
        self.wrong_type(node, name, "a mapping", None);
        None
    }

    pub(super) fn words(&mut self, node: &Node, name: &str) -> Option<String> {
        match &node.value {
            Value::Text(text) if text.trim().is_empty() => {
                self.found("empty-text", node.at, format!("{name} is blank"));
                None
            }
            Value::Text(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool => {
                self.wrong_type(node, name, "text", Some("put it in quotes"));
                None
            }
            Value::Null | Value::List(_) | Value::Map(_) | Value::Tagged(_) => {
                self.wrong_type(node, name, "text", None);
                None
            }
        }
    }

    pub(super) fn shared(&mut self, slot: usize, node: &Node) -> Option<Arc<str>> {
        let names = ["`reason`", "`ticket`", "`owner`", "`name`"];
        let text = self.words(node, names[slot])?;
        Some(self.share(slot, &text))
    }

    pub(super) fn id(&mut self, node: &Node, name: &str) -> Option<AssetId> {
        let Value::Text(text) = &node.value else {
            self.wrong_type(node, name, "an id", None);
            return None;
        };
        match AssetId::parse(text) {
            Ok(id) => Some(id),
            Err(error) => {
                if let Some(found) = self.found("bad-id", node.at, error.to_string()) {
                    found.hint = error.hint();
                }
                None
            }
        }
    }

    pub(super) fn whole(&mut self, node: &Node, name: &str, wanted: &str) -> Option<u64> {
        if let Value::Number(Some(value)) = node.value {
            return Some(value);
        }
        if let Value::Number(None) = node.value {
            let message = format!("{name} must be {wanted}: whole, not negative, below 2^64");
            self.found("wrong-type", node.at, message);
            return None;
        }
        self.wrong_type(node, name, wanted, None);
        None
    }

    pub(super) fn date(&mut self, node: &Node, name: &str, reading: Reading) -> Option<Timestamp> {
        let Value::Text(text) = &node.value else {
            let hint = "write a date such as 2026-12-01, or a time such as 2026-12-01T18:00:00Z";
            self.wrong_type(node, name, "a date", Some(hint));
            return None;
        };
        match date::parse(text, reading) {
            Ok(moment) => Some(moment),
            Err(error) => {
                let shown = short(text);
                let (message, hint) = match error {
                    DateError::NoDate => (
                        format!("`{shown}` is not a date"),
                        "write a date such as 2026-12-01, or a time such as 2026-12-01T18:00:00Z"
                            .to_owned(),
                    ),
                    DateError::NotThere => (
                        format!("there is no `{shown}` in the calendar"),
                        "look at the month's days, or the hours and minutes".to_owned(),
                    ),
                    DateError::NoOffset => (
                        format!("the time `{shown}` has no offset from UTC"),
                        format!("write `{shown}Z` for UTC, or an offset such as `{shown}+01:00`"),
                    ),
                };
                self.hinted("bad-date", node.at, message, hint);
                None
            }
        }
    }

    /// What is to become of an asset that is missing.
    pub(super) fn missing(&mut self, node: &Node) -> Option<MissingPolicy> {
        let word = self.words(node, "`missing`")?;
        if word == "accept" {
            return Some(MissingPolicy::Accept);
        }
        let message = format!("`missing` cannot be `{}`", short(&word));
        let hint = "write `missing: accept` where the asset is known to be gone";
        self.hinted("unknown-policy", node.at, message, hint);
        None
    }

    pub(super) fn wrong_type(&mut self, node: &Node, name: &str, wanted: &str, hint: Option<&str>) {
        if let Value::Tagged(tag) = &node.value {
            let message = format!("the tag `!{}` means nothing here", short(tag));
            self.hinted("wrong-type", node.at, message, "remove the tag");
            return;
        }
        let message = format!("{name} must be {wanted}, and this is {}", kind(&node.value));
        if let Some(found) = self.found("wrong-type", node.at, message) {
            found.hint = hint.map(str::to_owned);
        }
    }
}

pub(super) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool => "true or false",
        Value::Number(_) => "a number",
        Value::Text(_) => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
        Value::Tagged(_) => "tagged",
    }
}

/// The name that was probably meant, or all there are.
pub(super) fn near(name: &str, known: &[&str], all: &str) -> String {
    let name = short(name);
    let close = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known, &name), *known))
        .min();
    match close {
        Some((distance, known)) if distance <= 2 || distance * 3 <= known.len() => {
            format!("did you mean `{known}`?")
        }
        Some(_) | None => format!("{all} `{}`", known.join("`, `")),
    }
}

/// The beginning of a text, for a message.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn hint_for(code: &str, message: &str, rest: &str) -> Option<&'static str> {
    let has = |part: &str| message.contains(part);
    if code == "too-deep" {
        return Some("a manifest needs no more than a list of mappings");
    }
    if code == "too-large" {
        return Some("list each asset once, without aliases");
    }
    if has("has no anchor") {
        return Some("to begin a text with `*`, put it in quotes");
    }
    if has("quoted scalar") {
        return Some("a quote is opened and never closed, or an escape in it is unknown");
    }
    if has("flow sequence") || has("flow mapping") {
        return Some("a bracket is opened and never closed, or a comma is missing");
    }
    if has("mapping values are not allowed") {
        return Some("put text with `: ` in it in quotes, or look at the indentation");
    }
    if rest.starts_with(['@', '`', '%']) {
        return Some("put text that begins like this in quotes");
    }
    if has("did not find expected") || has("could not find expected") {
        return Some("look at the indentation: items of one list begin in one column");
    }
    None
}
