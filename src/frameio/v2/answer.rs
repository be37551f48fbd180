//! What an answer of v2 means.

use std::collections::HashMap;

use crate::asset::AssetId;
use crate::diagnostic::of_a_parser;
use crate::frameio::odd::parse;
use crate::frameio::place::{self, Items, Page, Said};
use crate::frameio::reply::{Body, Reply};
use crate::frameio::v2::wire::{self, Me};
use crate::frameio::v4::wire::Named;
use crate::frameio::verdict::{Answer, Deletion, Live, Verdict, refusal, undocumented};
use crate::frameio::words::{bounded, detail, is_error};
use crate::inventory::{Facts, Project};
use crate::outcome::{Evidence, Failure, FailureKind, Outcome};

/// Judges the answer to a bulk delete of `sent`.
///
/// Only a whole, well-formed success confirms anything.
#[must_use]
pub fn judge_delete(sent: &[AssetId], reply: &Reply) -> Verdict<Deletion> {
    let Answer { status, wait, body } = match Verdict::answer(reply) {
        Ok(answer) => answer,
        Err(verdict) => return verdict,
    };
    match (status, sent) {
        (200, _) => success(sent, body),
        (404, [id]) if is_error(body) => Verdict::Told(Deletion::not_found(*id)),
        (404, _) if is_error(body) => Verdict::Told(Deletion::Halve),
        (400 | 409 | 413 | 422, [id]) => {
            let failed = Outcome::Failed(refusal(status, body));
            Verdict::Told(Deletion::of_one(*id, failed))
        }
        (400 | 409 | 413 | 422, _) => Verdict::Told(Deletion::Halve),
        (429, _) => Verdict::SlowDown { wait },
        (300..=399 | 401..=403 | 405, _) => Verdict::denied(status, body),
        // Anything else that is no success leaves open whether the delete took effect: 5xx,
        // a proxy's 408, a 404 of whoever answers in the server's place, 410, and successes that
        // the API does not document.
        _ => Verdict::Unknown {
            detail: detail(status, body),
        },
    }
}

/// Whether an answer of v2 looks as if that API were not served any more: 410, or a 404 that is
/// not an error of the API.
#[must_use]
pub fn is_ended(reply: &Reply) -> bool {
    reply
        .answer()
        .is_some_and(|(status, body)| status == 410 || (status == 404 && !is_error(body)))
}

fn success(sent: &[AssetId], body: &Body) -> Verdict<Deletion> {
    let bytes = match body {
        Body::Whole(bytes) => bytes,
        Body::Cut { detail } => return Verdict::cut_short(detail),
    };
    let refused = match wire::refusals(bytes) {
        Ok(refused) => refused,
        Err(error) => {
            let detail = undocumented(&of_a_parser(&error.to_string()));
            return Verdict::Unknown { detail };
        }
    };
    let unknown = |detail: &str| Verdict::Unknown {
        detail: bounded(detail),
    };
    let mut told: HashMap<AssetId, Option<String>> = if refused.is_empty() {
        HashMap::new()
    } else {
        sent.iter().map(|id| (*id, None)).collect()
    };
    for (key, message) in refused {
        let place = AssetId::parse(&key).ok().and_then(|id| told.get_mut(&id));
        // An answer that speaks of other assets says nothing of these.
        let Some(place) = place else {
            let detail = format!("the answer names `{key}`, which was not sent: {message}");
            return unknown(&detail);
        };
        if place.replace(message).is_some() {
            return unknown(&format!("the answer names `{key}` twice"));
        }
    }
    let (mut outcomes, mut doubtful) = (Vec::with_capacity(sent.len()), Vec::new());
    for id in sent {
        let Some(message) = told.get_mut(id).and_then(Option::take) else {
            outcomes.push((*id, Outcome::Retired(Evidence::Answer)));
            continue;
        };
        let kind = kind_of(&message);
        let absent = kind != FailureKind::Permission && says_absent(&message);
        let message = bounded(&message);
        if absent {
            doubtful.push((*id, Failure { kind, message }));
        } else {
            outcomes.push((*id, Outcome::Failed(Failure { kind, message })));
        }
    }
    Verdict::Told(Deletion::Settled { outcomes, doubtful })
}

/// Tells the sort of a refusal from its words, as far as they tell.
fn kind_of(message: &str) -> FailureKind {
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["permission", "forbidden", "not allowed", "not authorized"]) {
        FailureKind::Permission
    } else if says(&["not found", "does not exist"]) {
        FailureKind::NotFound
    } else if says(&["conflict"]) {
        FailureKind::Conflict
    } else if says(&["invalid"]) {
        FailureKind::Invalid
    } else {
        FailureKind::Other
    }
}

/// Whether the words of a refusal say that the asset is not there, or no longer.
fn says_absent(message: &str) -> bool {
    let message = message.to_lowercase();
    ["not found", "does not exist", "deleted"]
        .iter()
        .any(|words| message.contains(words))
}

/// Judges the answer to the reading of one asset, deleted ones included.
#[must_use]
pub fn judge_read(id: AssetId, reply: &Reply) -> Verdict<Live> {
    match reply.answer() {
        Some((404, body)) if is_error(body) => Verdict::Told(Live::Missing),
        Some(_) | None => Verdict::of_reading(reply, |bytes| wire::live(id, bytes)?.so_far(reply)),
    }
}

/// Judges the answer to the reading of one asset, deleted ones included: whether it is there, and
/// what the server says of it where it is or was. What is none of our kinds is none of them.
#[must_use]
pub fn judge_facts(id: AssetId, reply: &Reply) -> Verdict<(Live, Option<Facts>)> {
    match reply.answer() {
        Some((404, body)) if is_error(body) => Verdict::Told((Live::Missing, None)),
        Some(_) | None => Verdict::of_reading(reply, |bytes| {
            let live = wire::live(id, bytes)?.so_far(reply)?;
            let facts = wire::facts(bytes)?;
            Ok(match (live, facts) {
                (Live::There, Err(kind)) => {
                    let detail = format!("its type is `{kind}`");
                    (Live::OtherKind { detail }, None)
                }
                (live, facts) => (live, facts.ok()),
            })
        }),
    }
}

/// Judges the answer to the question whose token this is.
#[must_use]
pub fn judge_me(reply: &Reply) -> Verdict<Me> {
    Verdict::of_reading(reply, wire::me)
}

/// Judges a page of accounts, teams or projects, and tells whether another one follows.
#[must_use]
pub fn judge_named(page: u32, reply: &Reply) -> Verdict<(Vec<Named>, bool)> {
    Verdict::of_reading(reply, wire::named).map(|named| {
        // Where nobody says how many pages there are, an empty one is behind the last.
        let more = reply
            .pages()
            .map_or(!named.is_empty(), |pages| page < pages);
        (named, more)
    })
}

/// Judges the answer to the reading of one project.
#[must_use]
pub fn judge_project(id: AssetId, reply: &Reply) -> Verdict<Project> {
    match reply.answer() {
        Some((404, body)) if is_error(body) => Verdict::Absent {
            detail: "the server does not know it".to_owned(),
        },
        Some(_) | None => Verdict::of_reading(reply, |bytes| wire::project(id, bytes)),
    }
}

/// Judges a page of what is in an asset for what it tells of all that is there, and tells whether
/// another one follows. What does not say in what it lies lies in that asset.
#[must_use]
pub fn judge_list(
    (of, page): (AssetId, u32),
    reply: &Reply,
) -> Verdict<(Vec<(AssetId, Facts)>, bool)> {
    if matches!(reply.answer(), Some((404, body)) if is_error(body)) {
        return Verdict::Told((Vec::new(), false));
    }
    Verdict::of_reading(reply, wire::list).map(|(rows, mut there)| {
        for (_, facts) in &mut there {
            facts.parent = facts.parent.or(Some(of));
        }
        // Where nobody says how many pages there are, an empty one is behind the last.
        let more = reply.pages().map_or(rows > 0, |pages| page < pages);
        (there, more)
    })
}

/// Judges a page of what is in an asset.
pub(crate) fn judge_items(page: Page, reply: &Reply) -> Verdict<Said<Items>> {
    place::judge(reply, |bytes| {
        let assets: Vec<place::Asset> = parse(bytes)?;
        let before = page.before + 1;
        // Where nobody says how many pages there are, an empty one is behind the last.
        let more = reply
            .pages()
            .map_or(!assets.is_empty(), |pages| before < pages);
        let items = assets.into_iter().map(|asset| asset.item(reply));
        Ok(Items {
            all: items.collect::<Result<_, _>>()?,
            next: more.then_some(Page { before }),
        })
    })
}
