//! The values of a document: fields, texts, ids, numbers, dates, and what is wrong with them.

use std::sync::Arc;

use jiff::Timestamp;

use super::date::{self, DateError, Reading};
use super::document::{Guard, MissingPolicy, NO_REASON, Strategy};
use super::walk::{Walk, short};
use super::yaml::{Node, Value};
use crate::asset::written::{self, Written, WrittenError};
use crate::asset::{AssetId, Kind};
use crate::measure;

/// Whether a text is a whole number of YAML 1.2, as its core schema has it.
fn is_whole_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Walk<'_, '_> {
    pub(super) fn list<'n>(&mut self, node: &'n Node, name: &str) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Null => {
                let message = format!("{name} must be a list, and nothing is there");
                let hint = format!("an empty list is `{}: []`", name.trim_matches('`'));
                self.hinted("wrong-type", node.at, message, hint);
                &[]
            }
            Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Map(_)
            | Value::Tagged(_) => {
                let odd = node.text().and_then(|text| text.strip_prefix('-'));
                let hint = match odd.and_then(|rest| rest.chars().next()) {
                    Some(odd) if odd.is_whitespace() => {
                        "the blank behind `-` is none of the keyboard: write a plain one"
                    }
                    Some(_) => "write a blank behind each `-`",
                    None => "begin each line with `- `",
                };
                self.wrong_type(node, name, "a list", Some(hint));
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
            let Some(name) = key.text() else {
                self.wrong_type(key, "the name of a field", "text", None);
                continue;
            };
            let Some(index) = known.iter().position(|known| *known == name) else {
                let hint = match name {
                    "<<" => "merge keys are not supported: use `defaults`".to_owned(),
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
        if node.pairs().is_none() {
            self.wrong_type(node, name, "a mapping", None);
        }
        node.pairs()
    }

    pub(super) fn words(&mut self, node: &Node, name: &str) -> Option<String> {
        match &node.value {
            Value::Text(text) if text.trim().is_empty() => {
                self.found("empty-text", node.at, format!("{name} is blank"));
                None
            }
            // The reader takes `0123` for text, and an editor that goes by the schema for a number.
            Value::Text(text) if is_whole_number(text) && self.is_plain(node) => {
                let message = format!("{name} must be text, and this is a number");
                let hint = "put it in quotes".to_owned();
                self.hinted("wrong-type", node.at, message, hint);
                None
            }
            Value::Text(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => {
                self.wrong_type(node, name, "text", Some("put it in quotes"));
                None
            }
            Value::Null => {
                self.wrong_type(node, name, "text", Some("leave the field out"));
                None
            }
            Value::List(_) | Value::Map(_) | Value::Tagged(_) => {
                self.wrong_type(node, name, "text", None);
                None
            }
        }
    }

    pub(super) fn shared(&mut self, slot: usize, node: &Node) -> Option<Arc<str>> {
        let names = ["`reason`", "`ticket`", "`owner`", "`name`"];
        let text = self.words(node, names[slot])?;
        if self.is_cut(node) {
            let place = self.spot(node.at);
            self.said.cut.push((place, names[slot]));
        }
        Some(self.share(slot, &text))
    }

    /// A reason in words of somebody's own.
    pub(super) fn said_why(&mut self, node: &Node, hint: &'static str) -> Option<Arc<str>> {
        let reason = self.shared(0, node)?;
        let is_said = !reason.trim().eq_ignore_ascii_case(NO_REASON);
        if !is_said {
            let message = format!("`{NO_REASON}` says no reason");
            self.hinted("placeholder", node.at, message, hint);
        }
        is_said.then_some(reason)
    }

    /// Whether a text stands without quotes and in one line.
    fn is_plain(&self, node: &Node) -> bool {
        let rest = &self.text().all[node.at as usize..];
        !rest.starts_with(['"', '\'', '|', '>', '!', '&', '*'])
    }

    /// Whether a plain text ends before a `#` that seems to belong to it: who means a comment
    /// puts a blank behind it.
    fn is_cut(&self, node: &Node) -> bool {
        let rest = &self.text().all[node.at as usize..];
        let line = rest.split('\n').next().unwrap_or_default();
        let after = line.split_once(" #").map(|(_, after)| after);
        self.is_plain(node) && after.is_some_and(|after| after.starts_with(char::is_alphanumeric))
    }

    /// An asset: its id, or the address of its page.
    pub(super) fn written(&mut self, node: &Node, name: &str) -> Option<Written> {
        self.read_id(node, name, Written::parse)
    }

    /// An id, and no address.
    pub(super) fn id(&mut self, node: &Node, name: &str) -> Option<AssetId> {
        self.read_id(node, name, written::parse_id)
    }

    fn read_id<T>(
        &mut self,
        node: &Node,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, WrittenError>,
    ) -> Option<T> {
        let Some(text) = node.text() else {
            // A UUID without hyphens may be all digits, and braces make a mapping.
            let quotes = matches!(node.value, Value::Number(_) | Value::Map(_));
            self.wrong_type(node, name, "an id", quotes.then_some("put it in quotes"));
            return None;
        };
        match parse(text) {
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
        let Some(text) = node.text() else {
            let hint = "write a date such as 2026-12-01, or a time such as 2026-12-01T18:00:00Z";
            self.wrong_type(node, name, "a date", Some(hint));
            return None;
        };
        match date::parse(text, reading) {
            Ok(moment) => Some(moment),
            Err(error) => {
                let shown = short(text);
                let (message, hint) = match error {
                    DateError::NoDate if is_never(text) => (
                        format!("`{shown}` is not a date"),
                        match reading {
                            Reading::Begins => "to keep the asset for good, list it under `holds`",
                            Reading::Ends => "leave `until` out: a hold without it stays",
                            Reading::Expires => "a waiver ends some day: write that day",
                            Reading::Changed => "leave `updated_before` out",
                        }
                        .to_owned(),
                    ),
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

    /// Whether a field says yes.
    pub(super) fn yes(&mut self, node: &Node, name: &str) -> bool {
        if let Value::Bool(yes) = node.value {
            return yes;
        }
        self.wrong_type(node, name, "true or false", None);
        false
    }

    pub(super) fn kind(&mut self, node: &Node) -> Option<Kind> {
        let name = self.words(node, "`kind`")?;
        let known = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        if known.is_none() {
            let hint = near(&name, &Kind::ALL.map(Kind::name), "the kinds are");
            let message = format!("there is no kind `{}`", short(&name));
            self.hinted("unknown-kind", node.at, message, hint);
        }
        known
    }

    pub(super) fn strategy(&mut self, node: &Node) -> Option<Strategy> {
        let name = self.words(node, "`strategy`")?;
        let mut all = Strategy::ALL.into_iter();
        let known = all.find(|strategy| strategy.name() == name);
        if known.is_none() {
            let hint = near(
                &name,
                &Strategy::ALL.map(Strategy::name),
                "the strategies are",
            );
            let message = format!("there is no strategy `{}`", short(&name));
            self.hinted("unknown-strategy", node.at, message, hint);
        }
        known
    }

    pub(super) fn guard(&mut self, node: &Node) -> Option<Guard> {
        let name = self.words(node, "`guard`")?;
        let known = Guard::RAISED.into_iter().find(|guard| guard.name() == name);
        if known.is_none() {
            let hint = near(&name, &Guard::RAISED.map(Guard::name), "the guards are");
            self.hinted(
                "unknown-guard",
                node.at,
                format!("there is no guard `{name}`"),
                hint,
            );
        }
        known
    }

    /// The figure to which a guard is raised, in the form in which the guard itself is set.
    pub(super) fn limit(&mut self, node: &Node, guard: Guard) -> Option<u64> {
        let said = match guard {
            Guard::MaxAssets => return self.whole(node, "`limit`", "a number of assets"),
            Guard::MaxFailedBatches => {
                return self.whole(node, "`limit`", "a number of requests");
            }
            Guard::MaxPercent | Guard::Max404Percent | Guard::MaxFailurePercent => {
                let percent = self.whole(node, "`limit`", "a share in percent")?;
                if percent <= 100 {
                    return Some(percent);
                }
                let message = format!("{percent} is not a share in percent");
                self.hinted("bad-limit", node.at, message, "write a number up to 100");
                return None;
            }
            Guard::MaxBytes => {
                if let Value::Number(Some(bytes)) = node.value {
                    return Some(bytes);
                }
                size(&self.words(node, "`limit`")?)
            }
            Guard::MinAge => age(&self.words(node, "`limit`")?),
        };
        if said.is_none() {
            let (message, hint) = match guard {
                Guard::MinAge => (
                    "`limit` is not a length of time",
                    "write it like `12 hours`",
                ),
                Guard::MaxAssets
                | Guard::MaxPercent
                | Guard::MaxBytes
                | Guard::Max404Percent
                | Guard::MaxFailurePercent
                | Guard::MaxFailedBatches => ("`limit` is not a size", "write it like `3 TB`"),
            };
            self.hinted("bad-limit", node.at, message.to_owned(), hint);
        }
        said
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
}

/// The bytes of a number and its unit, as the schema takes it too.
fn size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    // As many digits as always fit 64 bits: a pattern can count digits, and cannot compare.
    let longest = match unit.strip_suffix('B')? {
        "" | "k" | "K" | "Ki" => 15,
        "M" | "Mi" => 13,
        "G" | "Gi" => 10,
        "T" | "Ti" => 7,
        "P" | "Pi" => 4,
        _ => return None,
    };
    let are_digits = |text: &str, longest| (1..=longest).contains(&text.len()) && is_number(text);
    let fits = are_digits(whole, longest) && are_digits(fraction, 15);
    fits.then(|| measure::parse_bytes(text).ok()).flatten()
}

/// The seconds of a number and its unit, as the schema takes it too.
fn age(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let known = matches!(
        unit,
        "s" | "second"
            | "seconds"
            | "m"
            | "minute"
            | "minutes"
            | "h"
            | "hour"
            | "hours"
            | "d"
            | "day"
            | "days"
            | "w"
            | "week"
            | "weeks"
    );
    let fits = known && (1..=6).contains(&number.len()) && is_number(number);
    let length = fits.then(|| measure::parse_duration(text).ok()).flatten()?;
    Some(length.as_secs())
}

/// A number and its unit, with a blank between them or none.
fn split_unit(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(end);
    Some((number.strip_suffix(' ').unwrap_or(number), unit))
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether somebody says that a day never comes.
fn is_never(text: &str) -> bool {
    ["never", "forever", "always", "none"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
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
