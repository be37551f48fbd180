//! Filters: what must be so of an asset to be found.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::find::glob::{Glob, folded};
use crate::inventory::{Facts, Field};

/// The word of the server for an upload that has not finished.
const UNFINISHED: &str = "created";

/// What is asked of assets; all of it must be so, and of several values of one filter any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// What sorts of assets; files where nothing is said.
    pub kinds: Vec<Kind>,
    /// What it is called.
    pub names: Vec<Glob>,
    /// What it is not called.
    pub not_names: Vec<Glob>,
    /// Changed before any of these moments.
    pub older: Vec<Timestamp>,
    /// Changed after any of these moments.
    pub newer: Vec<Timestamp>,
    /// Which of its moments these are about.
    pub by: By,
    /// Larger than any of these, in bytes.
    pub larger: Vec<u64>,
    /// Smaller than any of these, in bytes.
    pub smaller: Vec<u64>,
    /// Who made it: an id, an address or a name.
    pub creators: Vec<String>,
    /// What sort of media it is.
    pub media_types: Vec<Glob>,
    /// What its custom fields say.
    pub fields: Vec<FieldIs>,
    /// Begun before this moment, and never finished.
    pub unfinished_since: Option<Timestamp>,
    /// In a version stack, and not one of so many of its newest versions.
    pub keep: Option<usize>,
    /// None of these.
    pub none_of: BTreeSet<AssetId>,
}

/// A moment of an asset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// When it was changed last.
    #[default]
    Updated,
    /// When it was made.
    Created,
}

/// What a custom field must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldIs {
    /// The display name of the field.
    pub name: String,
    /// What it says; nothing where it is not set.
    pub value: String,
}

/// What a folder or a version stack holds, to the bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within {
    /// How many files, versions in stacks each on its own.
    pub files: usize,
    /// How many bytes; nothing where that is not known of all.
    pub bytes: Option<u64>,
    /// When something in it was changed and made last; nothing where that is not known of all.
    pub newest: [Option<Timestamp>; 2],
    /// When something in it was changed and made first, as far as that is known.
    pub oldest: [Option<Timestamp>; 2],
}

/// An asset that may be found.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The asset.
    pub id: AssetId,
    /// What is known of it.
    pub facts: &'a Facts,
    /// What is in a folder or a stack; nothing of a file, and where it could not be read.
    pub within: Option<Within>,
    /// Which version it is in a version stack, the newest being 0; nothing of what is in none,
    /// and where that cannot be told.
    pub version: Option<usize>,
}

impl Candidate<'_> {
    /// Its size: of a folder or a stack that of what is in it.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        match self.facts.kind {
            Kind::File => self.facts.bytes,
            Kind::Folder | Kind::VersionStack => self.within?.bytes,
        }
    }

    /// When it, or anything in it, was changed or made last.
    #[must_use]
    pub fn moment(&self, by: By) -> Option<Timestamp> {
        let (own, place) = match by {
            By::Updated => (self.facts.updated, 0),
            By::Created => (self.facts.created, 1),
        };
        match self.facts.kind {
            Kind::File => own,
            Kind::Folder | Kind::VersionStack => {
                let within = self.within?;
                if within.files == 0 {
                    return own;
                }
                Some(own?.max(within.newest[place]?))
            }
        }
    }
}

impl Filter {
    /// Whether an asset is found; what is not known of it passes no filter.
    #[must_use]
    pub fn matches(&self, asset: &Candidate<'_>) -> bool {
        let Self {
            kinds,
            names,
            not_names,
            older,
            newer,
            by,
            larger,
            smaller,
            creators,
            media_types,
            fields,
            unfinished_since,
            keep,
            none_of,
        } = self;
        let facts = asset.facts;
        let any = |globs: &[Glob], text: Option<&str>| {
            globs.is_empty() || text.is_some_and(|text| globs.iter().any(|glob| glob.matches(text)))
        };
        let name = facts.name.as_deref();
        let is_named = any(names, name)
            && (not_names.is_empty()
                || name.is_some_and(|name| !not_names.iter().any(|glob| glob.matches(name))));
        let moment = asset.moment(*by);
        let compares = |than: &[Timestamp], fits: fn(&Timestamp, &Timestamp) -> bool| {
            than.is_empty()
                || moment.is_some_and(|moment| than.iter().any(|than| fits(&moment, than)))
        };
        let bytes = asset.bytes();
        let sizes = |than: &[u64], fits: fn(&u64, &u64) -> bool| {
            than.is_empty() || bytes.is_some_and(|bytes| than.iter().any(|than| fits(&bytes, than)))
        };
        self.is_of_kind(facts.kind, kinds)
            && !none_of.contains(&asset.id)
            && is_named
            && compares(older, Timestamp::lt)
            && compares(newer, Timestamp::ge)
            && sizes(larger, u64::gt)
            && sizes(smaller, u64::lt)
            && (creators.is_empty() || creators.iter().any(|creator| is_by(facts, creator)))
            && any(media_types, facts.media_type.as_deref())
            && has_fields(facts, fields)
            && unfinished_since.is_none_or(|since| is_unfinished(facts, since))
            && keep.is_none_or(|keep| asset.version.is_some_and(|version| version >= keep))
    }

    #[expect(clippy::unused_self, reason = "it reads as a question to the filter")]
    fn is_of_kind(&self, kind: Kind, kinds: &[Kind]) -> bool {
        if kinds.is_empty() {
            kind == Kind::File
        } else {
            kinds.contains(&kind)
        }
    }

    /// Whether folders or version stacks may be found, of which it must be known what is in them.
    #[must_use]
    pub fn finds_containers(&self) -> bool {
        self.kinds.iter().any(|kind| *kind != Kind::File)
    }
}

impl FieldIs {
    /// Reads `NAME=VALUE`.
    ///
    /// # Errors
    ///
    /// Returns that it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => Ok(Self {
                name: name.trim().to_owned(),
                value: value.trim().to_owned(),
            }),
            Some(_) | None => Err(format!(
                "`{text}` names no field: write `NAME=VALUE`, or `NAME=` where it is not set"
            )),
        }
    }
}

fn is_by(facts: &Facts, creator: &str) -> bool {
    let Some(person) = &facts.creator else {
        return false;
    };
    let creator = folded(creator);
    let said = [&person.id, &person.email, &person.name];
    said.into_iter()
        .flatten()
        .any(|said| folded(said) == creator)
}

fn is_unfinished(facts: &Facts, since: Timestamp) -> bool {
    let is_begun = facts.upload.as_deref() == Some(UNFINISHED);
    facts.kind == Kind::File && is_begun && facts.created.is_some_and(|created| created <= since)
}

/// Whether the fields say so: of one field any of its values will do.
pub(super) fn has_fields(facts: &Facts, asked: &[FieldIs]) -> bool {
    let mut by_name: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for field in asked {
        let values = by_name.entry(folded(&field.name)).or_default();
        values.push(&field.value);
    }
    // Where no fields were read, nobody knows that one is not set.
    by_name.is_empty()
        || facts.fields.as_ref().is_some_and(|fields| {
            by_name
                .iter()
                .all(|(name, values)| values.iter().any(|value| says(fields, name, value)))
        })
}

/// Whether a field of an asset says something; `name` is folded.
fn says(fields: &[Field], name: &str, value: &str) -> bool {
    let named = fields.iter().filter(|field| folded(&field.name) == name);
    let mut values = named
        .flat_map(|field| &field.values)
        .filter(|value| !value.trim().is_empty())
        .peekable();
    if value.is_empty() {
        return values.peek().is_none();
    }
    let value = folded(value);
    values.any(|said| {
        let said = folded(said);
        said.trim() == value || (is_date(&said) && dated(&said).starts_with(&dated(&value)))
    })
}

/// A date with one mark between its day and its time.
fn dated(text: &str) -> String {
    text.trim().replacen('t', " ", 1)
}

/// Whether all of a folded text is a date, with or without a time.
fn is_date(text: &str) -> bool {
    let text = text.trim();
    let (day, time) = text.split_at(text.len().min(10));
    let parsed: Result<jiff::civil::Date, _> = day.parse();
    if day.len() != 10 || parsed.is_err() {
        return false;
    }
    let is_clock = |time: &str| {
        let mut letters = time.chars();
        letters
            .all(|letter| letter.is_ascii_digit() || matches!(letter, ':' | '.' | 'z' | '+' | '-'))
    };
    time.is_empty() || time.strip_prefix([' ', 't']).is_some_and(is_clock)
}
