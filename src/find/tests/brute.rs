//! What is found, by brute force: asset by asset, from the account itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{day, id};
use crate::asset::{AssetId, Kind};
use crate::find::filter::{By, FieldIs, Filter};
use crate::find::glob::Glob;
use crate::inventory::Facts;

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[aAbB]{1,2}",
        1 => Just("*".to_owned()),
        1 => Just("**".to_owned()),
        1 => Just("a*".to_owned()),
        1 => Just("?".to_owned()),
        1 => Just("*.mov".to_owned()),
        1 => Just("[a]".to_owned()),
        1 => Just("a\\/b".to_owned()),
        1 => Just("[x]*".to_owned()),
        1 => Just("Alpha".to_owned()),
    ]
}

pub(super) fn place() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::collection::vec(part(), 1..5).prop_map(|parts| parts.join("/")),
        1 => (0..20_usize).prop_map(|number| id(number).to_string()),
    ]
}

/// A filter with what it was made of, which the reference reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    kinds: Vec<Kind>,
    names: Vec<String>,
    not_names: Vec<String>,
    older: Option<i64>,
    newer: Option<i64>,
    created: bool,
    larger: Option<u64>,
    smaller: Option<u64>,
    creator: Option<&'static str>,
    media: bool,
    fields: Vec<&'static str>,
    unfinished: Option<i64>,
    keep: Option<usize>,
}

pub(super) fn asked() -> impl Strategy<Value = Asked> {
    let kinds = prop::collection::vec(prop::sample::select(Kind::ALL.to_vec()), 0..3);
    let globs = || {
        prop::collection::vec(
            prop::sample::select(vec!["a*", "*.MOV", "É?", "b", "*é*"]).prop_map(str::to_owned),
            0..2,
        )
    };
    let seldom = |range: std::ops::Range<i64>| prop::option::weighted(0.2, range);
    let size = || prop::option::weighted(0.2, 0..100_u64);
    let creator = prop::option::weighted(0.2, prop::sample::select(vec!["U1", "ada", "p2@X"]));
    let fields = prop::collection::vec(prop::sample::select(vec!["", "approved", "Hold"]), 0..2);
    (
        (kinds, globs(), globs()),
        (seldom(0..40), seldom(0..40), any::<bool>()),
        (size(), size(), creator, prop::bool::weighted(0.1)),
        (
            fields,
            seldom(0..40),
            prop::option::weighted(0.2, 1..3_usize),
        ),
    )
        .prop_map(
            |(
                (kinds, names, not_names),
                (older, newer, created),
                (larger, smaller, creator, media),
                (fields, unfinished, keep),
            )| Asked {
                kinds,
                names,
                not_names,
                older,
                newer,
                created,
                larger,
                smaller,
                creator,
                media,
                fields,
                unfinished,
                keep,
            },
        )
}

impl Asked {
    pub(super) fn filter(&self) -> Filter {
        let globs = |texts: &[String]| {
            texts
                .iter()
                .map(|text| Glob::parse(text).unwrap())
                .collect()
        };
        let is = |value: &&str| FieldIs {
            name: "status".to_owned(),
            value: (*value).to_owned(),
        };
        Filter {
            kinds: self.kinds.clone(),
            names: globs(&self.names),
            not_names: globs(&self.not_names),
            older: self.older.map(day).into_iter().collect(),
            newer: self.newer.map(day).into_iter().collect(),
            by: if self.created {
                By::Created
            } else {
                By::Updated
            },
            larger: self.larger.into_iter().collect(),
            smaller: self.smaller.into_iter().collect(),
            creators: self.creator.map(str::to_owned).into_iter().collect(),
            media_types: self
                .media
                .then(|| Glob::parse("video/*").unwrap())
                .into_iter()
                .collect(),
            fields: self.fields.iter().map(is).collect(),
            unfinished_since: self.unfinished.map(day),
            keep: self.keep,
            none_of: [].into(),
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "each filter once more, one after another"
    )]
    /// The same by brute force, asset by asset, from the account itself.
    pub(super) fn fits(&self, all: &BTreeMap<AssetId, Facts>, own: AssetId) -> bool {
        let facts = &all[&own];
        let low = |text: &str| text.to_lowercase();
        let name = low(facts.name.as_deref().unwrap());
        let globs = |globs: &[String], text: &str| {
            globs.iter().any(|glob| {
                fits(
                    &low(glob).chars().collect::<Vec<_>>(),
                    &text.chars().collect::<Vec<_>>(),
                )
            })
        };
        let below = below(all, own);
        let files: Vec<&Facts> = below
            .iter()
            .map(|id| &all[id])
            .filter(|facts| facts.kind == Kind::File)
            .collect();
        let moment = |facts: &Facts| {
            if self.created {
                facts.created
            } else {
                facts.updated
            }
        };
        let mut moments = vec![moment(facts)];
        let mut sizes = vec![facts.bytes];
        if facts.kind != Kind::File {
            if !files.is_empty() {
                moments.extend(below.iter().map(|id| moment(&all[id])));
            }
            sizes = files.iter().map(|facts| facts.bytes).collect();
        }
        let moments: Option<Vec<Timestamp>> = moments.into_iter().collect();
        let newest = moments.and_then(|moments| moments.into_iter().max());
        let size: Option<u64> = sizes.into_iter().sum();
        let statuses = facts.fields.as_ref().map(|fields| {
            let values = fields.iter().flat_map(|field| field.values.iter());
            values.map(|value| low(value)).collect::<Vec<_>>()
        });
        let kinds = if self.kinds.is_empty() {
            vec![Kind::File]
        } else {
            self.kinds.clone()
        };
        kinds.contains(&facts.kind)
            && (self.names.is_empty() || globs(&self.names, &name))
            && !globs(&self.not_names, &name)
            && self
                .older
                .is_none_or(|than| newest.is_some_and(|newest| newest < day(than)))
            && self
                .newer
                .is_none_or(|than| newest.is_some_and(|newest| newest >= day(than)))
            && self
                .larger
                .is_none_or(|than| size.is_some_and(|size| size > than))
            && self
                .smaller
                .is_none_or(|than| size.is_some_and(|size| size < than))
            && self.creator.is_none_or(|who| {
                facts.creator.as_ref().is_some_and(|person| match who {
                    "U1" => person.id.as_deref() == Some("u1"),
                    "ada" => person.name.is_some(),
                    _ => person.email.as_deref() == Some("P2@x"),
                })
            })
            && (!self.media || facts.media_type.as_deref() == Some("video/quicktime"))
            && (self.fields.is_empty()
                || statuses.is_some_and(|said| {
                    self.fields.iter().any(|value| {
                        if value.is_empty() {
                            said.is_empty()
                        } else {
                            said.contains(&low(value))
                        }
                    })
                }))
            && self.unfinished.is_none_or(|since| {
                facts.kind == Kind::File
                    && facts.upload.as_deref() == Some("created")
                    && facts.created.is_some_and(|created| created <= day(since))
            })
            && self.keep.is_none_or(|keep| {
                let stack = facts
                    .parent
                    .and_then(|parent| Some((parent, all.get(&parent)?)));
                let Some((stack, of)) = stack.filter(|(_, of)| of.kind == Kind::VersionStack)
                else {
                    return false;
                };
                let newer = |(other, that): (&AssetId, &Facts)| {
                    let rank = |id: AssetId, facts: &Facts| {
                        (
                            of.head == Some(id),
                            facts.created.map_or(i64::MAX, Timestamp::as_second),
                        )
                    };
                    that.parent == Some(stack)
                        && (rank(*other, that) > rank(own, facts)
                            || rank(*other, that) == rank(own, facts) && *other < own)
                };
                all.iter()
                    .filter(|(other, that)| newer((other, that)))
                    .count()
                    >= keep
            })
    }
}

/// All that is in an asset, to the bottom.
pub(super) fn below(all: &BTreeMap<AssetId, Facts>, own: AssetId) -> Vec<AssetId> {
    let mut below = Vec::new();
    let mut waiting = vec![own];
    while let Some(above) = waiting.pop() {
        let lies = all.iter().filter(|(_, facts)| facts.parent == Some(above));
        for (id, _) in lies {
            below.push(*id);
            waiting.push(*id);
        }
    }
    below
}

/// A glob by brute force.
fn fits(glob: &[char], text: &[char]) -> bool {
    match (glob, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=text.len()).any(|from| fits(rest, &text[from..])),
        (['?', rest @ ..], [_, more @ ..]) => fits(rest, more),
        (['[', letter, ']', rest @ ..] | [letter, rest @ ..], [first, more @ ..]) => {
            letter == first && fits(rest, more)
        }
        _ => false,
    }
}

/// Whether a path means the way to an asset, by brute force: the way from the project down.
pub(super) fn means(place: &str, way: &[(AssetId, String, Option<Kind>)]) -> bool {
    let holds = |kind: Option<Kind>| !matches!(kind, Some(Kind::File | Kind::VersionStack));
    let (own, above) = way.split_last().unwrap();
    if let Ok(said) = AssetId::parse(place) {
        // The folder at the top of a project is the project.
        let tops = [(id(0), id(2)), (id(1), id(3))];
        let top = tops.iter().find(|(top, _)| *top == said);
        let id = top.map_or(said, |(_, project)| *project);
        return above.iter().any(|(other, ..)| *other == id) || own.0 == id && !holds(own.2);
    }
    let place = place.replace("\\/", "\u{1}");
    let parts: Vec<String> = place
        .split('/')
        .map(|part| part.replace('\u{1}', "/").to_lowercase())
        .collect();
    let is_star = parts.last().is_some_and(|part| part == "*");
    let names: Vec<String> = way.iter().map(|(_, name, _)| name.to_lowercase()).collect();
    let reaches = |length: usize| way_fits(&parts, &names[..length]);
    let all_below = |length: usize| {
        let kind = way[length - 1].2;
        !is_star || kind.is_none() || kind == Some(Kind::VersionStack)
    };
    let whole = way.len();
    (1..whole).any(|length| reaches(length) && all_below(length))
        || reaches(whole) && (is_star || !holds(own.2))
}

fn way_fits(parts: &[String], names: &[String]) -> bool {
    match (parts, names) {
        ([], []) => true,
        ([part, rest @ ..], _) if part == "**" => {
            (0..=names.len()).any(|from| way_fits(rest, &names[from..]))
        }
        ([part, rest @ ..], [name, more @ ..]) => {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            (part == name || fits(&letters(part), &letters(name))) && way_fits(rest, more)
        }
        _ => false,
    }
}
