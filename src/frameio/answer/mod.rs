//! The second decision table: what an answer means.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::asset::AssetId;
use crate::event::StopReason;
use crate::frameio::v2::wire;
use crate::frameio::{Body, Reply};
use crate::outcome::{AssetOutcome, Failure, FailureKind, Outcome};

/// What follows from the answer to a batch of deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The server said what became of each asset.
    Settled {
        /// What became of each asset that was sent.
        outcomes: Vec<AssetOutcome>,
        /// What the server said and should not have said, a sentence each.
        warnings: Vec<String>,
    },
    /// The server refused the batch as a whole because of some of its assets, and deleted
    /// nothing: send its halves.
    Halve {
        /// Whether it does not know some of them (404), rather than not take them.
        missing: bool,
    },
    /// The server asks for patience and did nothing.
    SlowDown {
        /// How long its headers ask to wait.
        wait: Option<Duration>,
    },
    /// Nothing was sent.
    NotSent {
        /// What the connection said.
        detail: String,
    },
    /// Nobody knows what became of the assets.
    Unknown {
        /// What came instead of an answer.
        detail: String,
    },
    /// The run must stop; the assets stay as they were.
    Stop(StopReason),
}

/// What the server says of one asset that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    /// It is there.
    There,
    /// It was deleted.
    Deleted,
    /// The server does not know it.
    Missing,
}

/// What the server says of one asset that was read, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whether it is there.
    pub live: Live,
    /// The folder, or whatever else, that holds it, where the server says so.
    pub parent: Option<AssetId>,
}

/// A page of what is in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What is on it, each with whether it is there, in the order of the page.
    pub assets: Vec<(AssetId, Live)>,
    /// How many pages the list has, where the server says so.
    pub pages: Option<u32>,
}

impl Listed {
    /// Whether it comes in the order of the ids, each once.
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        self.assets.is_sorted_by(|one, other| one.0 < other.0)
    }

    /// The ids that are on this page if they are on a list in the order of the ids.
    #[must_use]
    pub fn span(&self) -> Option<RangeInclusive<AssetId>> {
        let ends = self.assets.first().zip(self.assets.last());
        let ends = ends.filter(|_| self.is_sorted());
        ends.map(|((first, _), (last, _))| *first..=*last)
    }
}

/// What follows from the answer to a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadVerdict<T> {
    /// The server said what was asked.
    Read(T),
    /// The server asks for patience.
    SlowDown {
        /// How long its headers ask to wait.
        wait: Option<Duration>,
    },
    /// Nothing was sent.
    NotSent {
        /// What the connection said.
        detail: String,
    },
    /// The answer cannot be used.
    Unreadable {
        /// What came instead of an answer.
        detail: String,
    },
    /// The run must stop.
    Stop(StopReason),
}

/// Judges the answer to a bulk delete of `sent`.
///
/// Only a whole, well-formed success confirms anything.
#[must_use]
pub fn judge(sent: &[AssetId], reply: &Reply) -> Verdict {
    let (status, wait, body) = match answered(reply) {
        Ok(answer) => answer,
        Err(verdict) => return verdict,
    };
    match status {
        200 => success(sent, body),
        404 => alone_or_halve(sent, true, || Outcome::Gone),
        400 | 409 | 413 | 422 => alone_or_halve(sent, false, || refusal(status, body)),
        429 => Verdict::SlowDown { wait },
        401 | 402 | 403 | 405 | 410 => Verdict::Stop(stop(status, body)),
        300..400 => Verdict::Stop(redirected(status)),
        // Anything else that is no success leaves open whether the delete took effect: 5xx,
        // a proxy's 408, and successes that the API does not document.
        _ => Verdict::Unknown {
            detail: wire::detail(status, body),
        },
    }
}

/// Takes an answer to a delete apart, or says what follows from there being none.
fn answered(reply: &Reply) -> Result<(u16, Option<Duration>, &Body), Verdict> {
    match reply {
        Reply::Answered {
            status,
            wait,
            limits: _,
            pages: _,
            body,
        } => Ok((*status, *wait, body)),
        Reply::NoToken { detail } => Err(Verdict::Stop(StopReason::NotAuthenticated {
            detail: detail.clone(),
        })),
        Reply::NotSent { detail } => Err(Verdict::NotSent {
            detail: detail.clone(),
        }),
        Reply::Lost { detail } => Err(Verdict::Unknown {
            detail: detail.clone(),
        }),
    }
}

fn redirected(status: u16) -> StopReason {
    StopReason::WrongEndpoint {
        detail: format!("it answers with a redirect (status {status}), which is not followed"),
    }
}

fn success(sent: &[AssetId], body: &Body) -> Verdict {
    let unknown = |detail: String| Verdict::Unknown { detail };
    let bytes = match body {
        Body::Whole(bytes) => bytes,
        Body::Cut { detail } => return unknown(format!("the answer was cut short: {detail}")),
    };
    let refused = match wire::refusals(bytes) {
        Ok(refused) => refused,
        Err(error) => return unknown(format!("the answer is not the documented one: {error}")),
    };
    let mut outcomes: Vec<AssetOutcome> = sent.iter().map(|id| (*id, Outcome::Retired)).collect();
    let mut warnings = Vec::new();
    let places: HashMap<AssetId, usize> = if refused.is_empty() {
        HashMap::new()
    } else {
        sent.iter()
            .enumerate()
            .map(|(place, id)| (*id, place))
            .collect()
    };
    for (key, message) in refused {
        let place = AssetId::parse(&key).ok().and_then(|id| places.get(&id));
        match place.and_then(|place| outcomes.get_mut(*place)) {
            Some((_, outcome)) => {
                *outcome = Outcome::Failed(Failure {
                    kind: kind_of(&message),
                    message,
                });
            }
            None => warnings.push(format!(
                "the answer names `{key}`, which was not sent: {message}"
            )),
        }
    }
    Verdict::Settled { outcomes, warnings }
}

fn alone_or_halve(sent: &[AssetId], missing: bool, outcome: impl FnOnce() -> Outcome) -> Verdict {
    match sent {
        [id] => Verdict::Settled {
            outcomes: vec![(*id, outcome())],
            warnings: Vec::new(),
        },
        _ => Verdict::Halve { missing },
    }
}

fn refusal(status: u16, body: &Body) -> Outcome {
    Outcome::Failed(Failure {
        kind: if status == 409 {
            FailureKind::Conflict
        } else {
            FailureKind::Invalid
        },
        message: wire::detail(status, body),
    })
}

fn stop(status: u16, body: &Body) -> StopReason {
    let detail = wire::detail(status, body);
    match status {
        401 => StopReason::NotAuthenticated { detail },
        402 | 403 => StopReason::NotAuthorised { detail },
        _ => StopReason::WrongEndpoint { detail },
    }
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

/// Judges the answer to the reading of one asset, deleted ones included.
#[must_use]
pub fn judge_read(id: AssetId, reply: &Reply) -> ReadVerdict<Found> {
    if let Reply::Answered { status: 404, .. } = reply {
        return ReadVerdict::Read(Found {
            live: Live::Missing,
            parent: None,
        });
    }
    read(reply, |bytes| wire::found(id, bytes))
}

/// Judges a page of what is in a folder; nothing where the server does not list that folder.
///
/// The list is a shorter way to what readings tell as well, so that the run goes on without it.
#[must_use]
pub fn judge_list(reply: &Reply) -> ReadVerdict<Option<Listed>> {
    match reply {
        Reply::Answered {
            status: 400 | 403..=405 | 409 | 410 | 413 | 422,
            ..
        } => ReadVerdict::Read(None),
        Reply::Answered { pages, .. } => read(reply, |bytes| {
            let (assets, pages) = (wire::listed(bytes)?, *pages);
            Ok(Some(Listed { assets, pages }))
        }),
        Reply::NoToken { .. } | Reply::NotSent { .. } | Reply::Lost { .. } => {
            read(reply, |_| Ok(None))
        }
    }
}

/// Judges the answer to the question whose token this is; it reads the account's id.
#[must_use]
pub fn judge_who(reply: &Reply) -> ReadVerdict<String> {
    read(reply, wire::account)
}

fn read<T>(reply: &Reply, parse: impl FnOnce(&[u8]) -> Result<T, String>) -> ReadVerdict<T> {
    match reply {
        Reply::NoToken { detail } => ReadVerdict::Stop(StopReason::NotAuthenticated {
            detail: detail.clone(),
        }),
        Reply::NotSent { detail } => ReadVerdict::NotSent {
            detail: detail.clone(),
        },
        Reply::Lost { detail } => ReadVerdict::Unreadable {
            detail: detail.clone(),
        },
        Reply::Answered {
            status,
            wait,
            limits: _,
            pages: _,
            body,
        } => match (status, body) {
            (200, Body::Whole(bytes)) => match parse(bytes) {
                Ok(value) => ReadVerdict::Read(value),
                Err(error) => ReadVerdict::Unreadable {
                    detail: format!("the answer is not the documented one: {error}"),
                },
            },
            (429, _) => ReadVerdict::SlowDown { wait: *wait },
            (401..=403 | 405 | 410, _) => ReadVerdict::Stop(stop(*status, body)),
            (_, _) => ReadVerdict::Unreadable {
                detail: wire::detail(*status, body),
            },
        },
    }
}

pub(in crate::frameio) mod place;
pub mod v4;

#[cfg(test)]
mod tests;
