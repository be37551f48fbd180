//! The guards as `retire.toml` sets them, under `[guards]` and `[guards.project."NAME or id"]`.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::cli::settings::guards::{GuardsGiven, field};
use crate::cli::settings::near::nearest;
use crate::manifest::document::Guard;
use crate::measure::{parse_bytes, parse_duration};
use crate::plan::figure::SetAt;
use crate::plan::guard::{Limit, Required};

/// The keys of such a table.
const KEYS: [&str; 6] = [
    "max-assets",
    "max-percent",
    "max-bytes",
    "min-age",
    "require",
    "project",
];

/// What is wrong with a value: where it stands, what is wrong, and what to do.
pub(crate) type Wrong = (Range<usize>, String, String);

/// Reads `[guards]`; `line` says in which line of which file a byte stands.
///
/// # Errors
///
/// Returns all that is wrong with it.
pub(crate) fn read(
    value: &Spanned<DeValue<'_>>,
    line: &impl Fn(usize) -> SetAt,
) -> Result<GuardsGiven, Vec<Wrong>> {
    let mut reading = Reading {
        given: GuardsGiven::default(),
        wrong: Vec::new(),
        line,
    };
    match value.get_ref().as_table() {
        Some(table) => reading.table(table, None),
        None => reading.other(value, "guards", "a table", "begin it with `[guards]`"),
    }
    if reading.wrong.is_empty() {
        Ok(reading.given)
    } else {
        Err(reading.wrong)
    }
}

/// The settings at the top of a file that say when a run stops by itself; waivers raise the shares
/// as they do the guards.
pub(crate) fn breakers<'text>(
    table: &'text DeTable<'_>,
    line: &'text impl Fn(usize) -> SetAt,
) -> impl Iterator<Item = Limit> + 'text {
    let guards = [
        Guard::Max404Percent,
        Guard::MaxFailurePercent,
        Guard::MaxFailedBatches,
    ];
    table.iter().filter_map(move |(key, value)| {
        let name = &**key.get_ref();
        let guard = guards.into_iter().find(|guard| guard.name() == name)?;
        Some(Limit {
            guard,
            project: None,
            figure: number(value)?,
            at: line(key.span().start),
        })
    })
}

fn number(value: &Spanned<DeValue<'_>>) -> Option<u64> {
    let number = value.get_ref().as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

struct Reading<'line, L> {
    given: GuardsGiven,
    wrong: Vec<Wrong>,
    line: &'line L,
}

impl<L: Fn(usize) -> SetAt> Reading<'_, L> {
    fn other(&mut self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str, hint: &str) {
        let message = format!("`{key}` must be {wanted}");
        self.wrong.push((value.span(), message, hint.to_owned()));
    }

    fn table(&mut self, table: &DeTable<'_>, project: Option<&str>) {
        for (key, value) in table {
            let name = &**key.get_ref();
            let guard = match name {
                "max-assets" => Guard::MaxAssets,
                "max-percent" => Guard::MaxPercent,
                "max-bytes" => Guard::MaxBytes,
                "min-age" => Guard::MinAge,
                "require" => {
                    self.require(value, project, key.span());
                    continue;
                }
                "project" if project.is_none() => {
                    self.projects(value);
                    continue;
                }
                _ => {
                    let message = format!("there is no guard `{name}`");
                    let hint = hint_for(name, project.is_some());
                    self.wrong.push((key.span(), message, hint));
                    continue;
                }
            };
            if let Some(figure) = self.figure(guard, value) {
                self.given.limits.push(Limit {
                    guard,
                    project: project.map(Arc::from),
                    figure,
                    at: (self.line)(key.span().start),
                });
            }
        }
    }

    fn figure(&mut self, guard: Guard, value: &Spanned<DeValue<'_>>) -> Option<u64> {
        let inner = value.get_ref();
        let number = number(value);
        let said = match guard {
            Guard::MaxAssets => number,
            Guard::MaxPercent => number.filter(|percent| *percent <= 100),
            Guard::MaxBytes => match inner.as_str() {
                Some(text) => parse_bytes(text).ok(),
                None => number,
            },
            Guard::MinAge => {
                let length = inner.as_str().map(parse_duration);
                length.and_then(Result::ok).map(|length| length.as_secs())
            }
            // They are settings of their own, at the top of the file.
            Guard::Max404Percent | Guard::MaxFailurePercent | Guard::MaxFailedBatches => None,
        };
        if said.is_none() {
            let (wanted, hint) = match guard {
                Guard::MinAge => ("a length of time", "write it like `\"1 day\"`"),
                Guard::MaxBytes => ("a size", "write it like `\"2 TB\"`"),
                Guard::MaxPercent => ("a share in percent", "write a number up to 100"),
                Guard::MaxAssets
                | Guard::Max404Percent
                | Guard::MaxFailurePercent
                | Guard::MaxFailedBatches => ("a number of assets", "write it like `1000`"),
            };
            self.other(value, guard.name(), wanted, hint);
        }
        said
    }

    fn require(&mut self, value: &Spanned<DeValue<'_>>, project: Option<&str>, at: Range<usize>) {
        let fields = "write some of `reason`, `ticket` and `owner`: `[\"reason\"]`";
        let Some(items) = value.get_ref().as_array() else {
            self.other(value, "require", "a list of fields", fields);
            return;
        };
        for item in items {
            let field = item.get_ref().as_str().and_then(field);
            let Some(field) = field else {
                self.other(item, "require", "a list of fields of an entry", fields);
                continue;
            };
            self.given.required.push(Required {
                field,
                project: project.map(Arc::from),
                at: (self.line)(at.start),
            });
        }
    }

    fn projects(&mut self, value: &Spanned<DeValue<'_>>) {
        let hint = "name each project: `[guards.project.\"NAME or id\"]`";
        let Some(projects) = value.get_ref().as_table() else {
            self.other(value, "project", "a table", hint);
            return;
        };
        for (name, value) in projects {
            match value.get_ref().as_table() {
                Some(table) => self.table(table, Some(name.get_ref())),
                None => self.other(value, name.get_ref(), "a table", hint),
            }
        }
    }
}

fn hint_for(name: &str, in_project: bool) -> String {
    if [
        "max-404-percent",
        "max-failure-percent",
        "max-failed-batches",
    ]
    .contains(&name)
    {
        return format!("`{name}` stands at the top of the file, before `[guards]`");
    }
    let known = || {
        let known = KEYS.into_iter();
        known.filter(move |key| !in_project || *key != "project")
    };
    if let Some(close) = nearest(name, known()) {
        return format!("did you mean `{close}`?");
    }
    let all: Vec<&str> = known().collect();
    format!("the guards are `{}`", all.join("`, `"))
}

/// The schema of `[guards]`.
#[cfg(test)]
pub(crate) fn schema() -> serde_json::Value {
    use serde_json::json;
    let properties = json!({
        "max-assets": {
            "description": "How many files a plan may delete.",
            "type": "integer", "minimum": 0
        },
        "max-percent": {
            "description": "What share of a project's bytes a plan may delete, in percent.",
            "type": "integer", "minimum": 0, "maximum": 100
        },
        "max-bytes": {
            "description": "How many bytes a plan may delete, such as `2 TB` or `1.5 TiB`.",
            "type": ["integer", "string"], "minimum": 0
        },
        "min-age": {
            "description": "How long ago an asset must have been changed last, such as `1 day`.",
            "type": "string"
        },
        "require": {
            "description": "The fields that each entry must have.",
            "type": "array", "items": {"enum": ["reason", "ticket", "owner"]}
        }
    });
    let mut all = properties.clone();
    all["project"] = json!({
        "description": "The same for single projects, by their names or ids.",
        "type": "object",
        "additionalProperties": {
            "type": "object", "properties": properties, "additionalProperties": false
        }
    });
    json!({
        "description": "The guards: how much a plan may delete, once in all and once for each project.",
        "type": "object", "properties": all, "additionalProperties": false
    })
}
