//! The policies of a project: `retention.yaml`, rules that propose what is to go.
//!
//! A rule finds assets and keeps a section of a manifest up to date. It only ever proposes: names,
//! ages and sizes are what whoever uploads makes them, so people review what a rule lists.

use std::collections::BTreeSet;
use std::path::{Component, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;

use crate::find::Query;
use crate::find::asked::{Around, Asked};
use crate::find::moment;
#[cfg(test)]
use crate::find::one_or_many::OneOrMany;
use crate::find::one_or_many::one_or_many;
use crate::find::place::Place;
use crate::manifest::write::{self, Fields};

/// The version of the document that this program reads.
const VERSION: u64 = 1;

/// Rules that propose what is to go.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "frameio-retire retention policy"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// The version of this document: 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 1)))]
    version: u64,
    /// The rules; what an earlier one lists is not listed by a later one.
    pub(crate) rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Rule {
    /// Its name, by which its section is known.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(crate) name: String,
    /// Where it looks, each as a PLACE of `retire find`; the whole account where nothing is said.
    #[serde(default, deserialize_with = "one_or_many")]
    #[cfg_attr(test, schemars(with = "OneOrMany<String>"))]
    places: Vec<String>,
    /// What it finds, each filter as the flag of `retire find` of the same name.
    #[serde(default)]
    filters: Asked,
    /// How many of the newest versions of each version stack are left: it finds the others.
    #[serde(default)]
    #[cfg_attr(test, schemars(range(min = 1)))]
    keep: Option<u32>,
    /// Why they are to go.
    #[cfg_attr(test, schemars(length(min = 1)))]
    reason: String,
    /// The ticket under which that was decided.
    #[serde(default)]
    ticket: Option<String>,
    /// Who answers for it.
    #[serde(default)]
    owner: Option<String>,
    /// How long people are told before.
    #[serde(default)]
    notice: Option<Notice>,
    /// The manifest that it keeps up to date, from the folder of this file.
    #[cfg_attr(test, schemars(with = "String", length(min = 1)))]
    pub(crate) manifest: PathBuf,
    /// How many files it may list at most, those in folders and version stacks as well; with more,
    /// its section stays as it is.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub(crate) max_assets: usize,
    /// Whether a whole folder is listed where all in it is found.
    #[serde(default)]
    pub(crate) collapse: bool,
}

/// How long people are told before something is deleted.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Notice {
    /// From the day on which an asset is found first, like `+14d`.
    not_before: String,
}

/// Why a policy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}:{line}:{column}: {message}")]
pub struct PolicyError {
    name: String,
    line: usize,
    column: usize,
    message: String,
}

impl Policy {
    /// Reads a policy; `name` is how errors call its file.
    ///
    /// # Errors
    ///
    /// Returns what is wrong, and where.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, PolicyError> {
        let fail = |(line, column): (usize, usize), message: String| PolicyError {
            name: name.to_owned(),
            line,
            column,
            message,
        };
        let policy: Self = serde_yaml::from_str(text).map_err(|error| {
            let place = error.location();
            let place = place.map_or((1, 1), |place| (place.line(), place.column()));
            let message = error.to_string();
            let end = message.rfind(" at line ").unwrap_or(message.len());
            fail(place, message[..end].to_owned())
        })?;
        if policy.version != VERSION {
            let message = format!(
                "this is version {} of the policy, and this program knows version {VERSION}",
                policy.version
            );
            return Err(fail((1, 1), message));
        }
        let mut names = BTreeSet::new();
        for rule in &policy.rules {
            let line = text.lines().position(|line| {
                let value = line.trim().trim_start_matches("- ").strip_prefix("name:");
                let value = value.map(|value| value.trim().trim_matches(['"', '\'']));
                value == Some(&*rule.name)
            });
            let place = (line.map_or(1, |line| line + 1), 1);
            // By this its section is known.
            if !names.insert(rule.title()) {
                let message = format!("two rules are called `{}`", rule.name);
                return Err(fail(place, message));
            }
            // Whether it can be read does not depend on the time.
            let around = Around::default();
            let read = rule.check().and_then(|()| {
                rule.query(&around)?;
                rule.fields(around.now).map(|_| ())
            });
            read.map_err(|message| fail(place, format!("rule `{}`: {message}", rule.name)))?;
        }
        Ok(policy)
    }
}

impl Rule {
    fn check(&self) -> Result<(), String> {
        let blank = |text: &str| text.trim().is_empty();
        if blank(&self.name) || blank(&self.reason) {
            return Err("a `name` and a `reason` have words in them".to_owned());
        }
        let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if self.manifest.as_os_str().is_empty() || !self.manifest.components().all(inside) {
            return Err("`manifest` is a file in the folder of the policy or below".to_owned());
        }
        if self.max_assets == 0 {
            return Err("`max-assets` is at least 1".to_owned());
        }
        if self.keep == Some(0) {
            return Err("`keep` is at least 1".to_owned());
        }
        if self.keep.is_none() && self.filters.old_versions {
            return Err("`old-versions` needs `keep`".to_owned());
        }
        Ok(())
    }

    /// The name of its section.
    pub(crate) fn title(&self) -> String {
        write::title(&format!("rule {}", self.name))
    }

    /// What it asks for.
    ///
    /// # Errors
    ///
    /// Returns what cannot be read.
    pub(crate) fn query(&self, around: &Around) -> Result<Query, String> {
        let places = self.places.iter().map(|place| Place::parse(place));
        let asked = Asked {
            old_versions: self.keep.is_some(),
            ..self.filters.clone()
        };
        let keep = self.keep.unwrap_or(1) as usize;
        let around = Around {
            keep,
            ..around.clone()
        };
        Ok(Query {
            places: places.collect::<Result<_, _>>()?,
            filter: asked.filter(&around)?,
        })
    }

    /// What its new entries say.
    ///
    /// # Errors
    ///
    /// Returns what cannot be read.
    pub(crate) fn fields(&self, now: Timestamp) -> Result<Fields, String> {
        let notice = self.notice.as_ref().map(|notice| &*notice.not_before);
        let day = notice.map(|day| moment::day_after(day, now));
        Ok(Fields {
            reason: Some(self.reason.trim().to_owned()),
            ticket: self.ticket.clone(),
            owner: self.owner.clone(),
            not_before: day.transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "version: 1\nrules:\n  - name: dailies\n    reason: old\n    manifest: manifests/x.yaml\n    max-assets: 5\n";

    #[test]
    fn a_rule_takes_one_value_or_many() {
        let text = format!(
            "{RULE}    places: '*/dailies'\n    filters: {{older-than: 90d, name: ['*.mov', '*.mxf'], by: created}}\n    keep: 2\n    notice: {{not_before: +14d}}\n"
        );
        let policy = Policy::parse("retention.yaml", &text).unwrap();
        let around = Around {
            now: "2026-11-26T12:00:00Z".parse().unwrap(),
            ..Around::default()
        };
        let query = policy.rules[0].query(&around).unwrap();
        assert_eq!((query.places.len(), query.filter.names.len()), (1, 2));
        assert_eq!(query.filter.keep, Some(2));
        let fields = policy.rules[0].fields(around.now).unwrap();
        assert_eq!(fields.not_before, "2026-12-10".parse().ok());
        assert_eq!(policy.rules[0].title(), "rule dailies");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let told = |text: String| {
            Policy::parse("retention.yaml", &text)
                .unwrap_err()
                .to_string()
        };
        let rows = [
            (
                RULE.replace("version: 1", "version: 2"),
                "retention.yaml:1:1: this is version 2",
            ),
            (
                RULE.replace("manifests/", "../"),
                "retention.yaml:3:1: rule `dailies`: `manifest` is",
            ),
            (
                RULE.replace("manifests/", "/tmp/"),
                "retention.yaml:3:1: rule `dailies`: `manifest` is",
            ),
            (
                RULE.replace("max-assets: 5", "max-assets: 0"),
                "retention.yaml:3:1: rule `dailies`: `max-assets`",
            ),
            (
                format!("{RULE}    filters: {{older-than: soon}}\n"),
                "retention.yaml:3:1: rule `dailies`: `soon`",
            ),
            (
                format!("{RULE}    places: /x\n"),
                "retention.yaml:3:1: rule `dailies`: `/x`",
            ),
            (
                format!("{RULE}    notice: {{not_before: 14d}}\n"),
                "retention.yaml:3:1: rule `dailies`: `14d`",
            ),
            (
                format!("{RULE}    filters: {{old-versions: true}}\n"),
                "retention.yaml:3:1: rule `dailies`: `old-versions`",
            ),
            (
                format!("{RULE}    keep: 0\n"),
                "retention.yaml:3:1: rule `dailies`: `keep`",
            ),
            (
                format!("{RULE}{}", &RULE["version: 1\nrules:\n".len()..]),
                "retention.yaml:3:1: two rules",
            ),
            // The same section would be written by both.
            (
                format!("{RULE}{}", &RULE["version: 1\nrules:\n".len()..]).replacen(
                    "name: dailies",
                    "name: 'dailies '",
                    1,
                ),
                "retention.yaml:7:1: two rules",
            ),
            (
                format!("{RULE}    nonsense: 1\n"),
                "unknown field `nonsense`",
            ),
        ];
        for (text, expected) in rows {
            let message = told(text);
            assert!(message.contains(expected), "{message}");
        }
    }
}
