//! Filters as people write them: on the command line, and in a policy.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::asset::{AssetId, Kind};
use crate::find::filter::{By, FieldIs, Filter};
use crate::find::glob::Glob;
use crate::find::moment;
#[cfg(test)]
use crate::find::one_or_many::OneOrMany;
use crate::find::one_or_many::one_or_many;
use crate::find::place::Place;
use crate::measure::parse_bytes;

/// After how long an upload that has not finished never will.
const NEVER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is asked of assets, each value as somebody wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Asked {
    /// What sorts of assets: files where nothing is said; the versions in stacks are files.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(test, schemars(with = "OneOrMany<Kind>"))]
    pub kind: Vec<Kind>,
    /// Globs over the whole name.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(test, schemars(with = "OneOrMany<String>"))]
    pub name: Vec<String>,
    /// Globs that the name must not fit.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(test, schemars(with = "OneOrMany<String>"))]
    pub not_name: Vec<String>,
    /// Last changed before this: an age like `90d`, or a date.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(test, schemars(with = "OneOrMany<String>"))]
    pub older_than: Vec<String>,
    /// Last changed since this: an age like `90d`, or a date.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(test, schemars(with = "OneOrMany<String>"))]
    pub newer_than: Vec<String>,
    /// Whether these go by the last change or by when it was made.
    pub by: By,
    /// Larger than this, like `500 MB` or `2 TiB`.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(test, schemars(with = "OneOrMany<String>"))]
    pub larger_than: Vec<String>,
    /// Smaller than this.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(test, schemars(with = "OneOrMany<String>"))]
    pub smaller_than: Vec<String>,
    /// Made by this user: an id, an address or a name.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(test, schemars(with = "OneOrMany<String>"))]
    pub creator: Vec<String>,
    /// Globs over the media type.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(test, schemars(with = "OneOrMany<String>"))]
    pub media_type: Vec<String>,
    /// What custom fields say, each as `NAME=VALUE`; `NAME=` where it is not set.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(test, schemars(with = "OneOrMany<String>"))]
    pub field: Vec<String>,
    /// Whose upload has come so far.
    pub uploads: Option<Uploads>,
    /// All but the newest versions of each version stack.
    pub old_versions: bool,
    /// Not listed in any manifest of the project folder.
    pub not_listed: bool,
    /// Not recorded as deleted in the state.
    pub not_retired: bool,
}

/// How far an upload has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Uploads {
    /// Begun 7 days ago or earlier, and never finished.
    Unfinished,
}

/// What must be known besides to filter: the time, and what stands in files.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// The time.
    pub now: Timestamp,
    /// How many versions of each stack are left.
    pub keep: usize,
    /// What the manifests of the project folder list.
    pub listed: BTreeSet<AssetId>,
    /// What the state records as deleted.
    pub retired: BTreeSet<AssetId>,
}

impl Asked {
    /// Makes the filter of it.
    ///
    /// # Errors
    ///
    /// Returns the first value that cannot be read.
    pub fn filter(&self, around: &Around) -> Result<Filter, String> {
        let Self {
            kind,
            name,
            not_name,
            older_than,
            newer_than,
            by,
            larger_than,
            smaller_than,
            creator,
            media_type,
            field,
            uploads,
            old_versions,
            not_listed,
            not_retired,
        } = self;
        let moment = |text: &String| moment::before(text, around.now);
        let mut none_of = BTreeSet::new();
        if *not_listed {
            none_of.extend(&around.listed);
        }
        if *not_retired {
            none_of.extend(&around.retired);
        }
        Ok(Filter {
            kinds: kind.clone(),
            names: all(name, |text| Glob::parse(text))?,
            not_names: all(not_name, |text| Glob::parse(text))?,
            older: all(older_than, moment)?,
            newer: all(newer_than, moment)?,
            by: *by,
            larger: all(larger_than, |text| parse_bytes(text))?,
            smaller: all(smaller_than, |text| parse_bytes(text))?,
            creators: creator.clone(),
            media_types: all(media_type, |text| Glob::parse(text))?,
            fields: all(field, |text| FieldIs::parse(text))?,
            unfinished_since: uploads
                .map(|Uploads::Unfinished| around.now.checked_sub(NEVER).unwrap_or(Timestamp::MIN)),
            keep: old_versions.then_some(around.keep),
            none_of,
        })
    }

    /// It in one line, as somebody would type it: the same question gives the same words.
    #[must_use]
    pub fn words(&self, places: &[Place], keep: usize) -> String {
        let Self {
            kind,
            name,
            not_name,
            older_than,
            newer_than,
            by,
            larger_than,
            smaller_than,
            creator,
            media_type,
            field,
            uploads,
            old_versions,
            not_listed,
            not_retired,
        } = self;
        let kinds: Vec<String> = kind.iter().map(|kind| kind.name().to_owned()).collect();
        let texts = [
            ("kind", &kinds),
            ("name", name),
            ("not-name", not_name),
            ("older-than", older_than),
            ("newer-than", newer_than),
            ("larger-than", larger_than),
            ("smaller-than", smaller_than),
            ("creator", creator),
            ("media-type", media_type),
            ("field", field),
        ];
        let mut words: Vec<String> = places.iter().map(|place| word(&place.text)).collect();
        for (flag, values) in texts {
            let mut values: Vec<&String> = values.iter().collect();
            values.sort_unstable();
            let each = values
                .into_iter()
                .map(|value| format!("--{flag} {}", word(value)));
            words.extend(each);
        }
        let switches = [
            (*by == By::Created, "--by created".to_owned()),
            (uploads.is_some(), "--uploads unfinished".to_owned()),
            (*old_versions, format!("--old-versions --keep {keep}")),
            (*not_listed, "--not-listed".to_owned()),
            (*not_retired, "--not-retired".to_owned()),
        ];
        words.extend(
            switches
                .into_iter()
                .filter(|(is, _)| *is)
                .map(|(_, word)| word),
        );
        if words.is_empty() {
            return "everything".to_owned();
        }
        words.join(" ")
    }
}

fn all<T>(texts: &[String], read: impl Fn(&String) -> Result<T, String>) -> Result<Vec<T>, String> {
    texts.iter().map(read).collect()
}

/// A value as a shell takes it.
fn word(text: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:=@+,".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_words() {
        let places = [Place::parse("The Long Tide/dailies").unwrap()];
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let asked = Asked {
            name: texts(&["*.mov", "b'c"]),
            older_than: texts(&["90d"]),
            old_versions: true,
            ..Asked::default()
        };
        let words = asked.words(&places, 2);
        let expected = r"'The Long Tide/dailies' --name '*.mov' --name 'b'\''c' --older-than 90d --old-versions --keep 2";
        assert_eq!(words, expected);
        let other = Asked {
            name: texts(&["b'c", "*.mov"]),
            ..asked
        };
        assert_eq!(other.words(&places, 2), words);
        assert_eq!(Asked::default().words(&[], 1), "everything");
    }

    #[test]
    fn what_is_listed_or_retired_is_left_out_where_that_is_asked() {
        let id = |number| AssetId::from_uuid(uuid::Uuid::from_u128(number));
        let around = Around {
            keep: 3,
            listed: [id(1)].into(),
            retired: [id(2)].into(),
            ..Around::default()
        };
        let asked = Asked {
            not_retired: true,
            ..Asked::default()
        };
        let filter = asked.filter(&around).unwrap();
        assert_eq!((filter.none_of, filter.keep), ([id(2)].into(), None));
        let both = Asked {
            not_listed: true,
            old_versions: true,
            ..asked
        };
        let filter = both.filter(&around).unwrap();
        assert_eq!((filter.none_of.len(), filter.keep), (2, Some(3)));
        let wrong = Asked {
            larger_than: vec!["much".to_owned()],
            ..Asked::default()
        };
        assert!(wrong.filter(&around).is_err());
    }
}
