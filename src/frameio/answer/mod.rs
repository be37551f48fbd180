//! The second decision table: what an answer means.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::StopReason;
use crate::frameio::v2::wire;
use crate::frameio::{Body, Reply};
use crate::outcome::{AssetOutcome, Evidence, Failure, FailureKind, Outcome};

mod words;

pub use words::{LONGEST, bounded, moment};

/// What follows from the answer to a batch of deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The server said what became of each asset.
    Settled {
        /// What became of the assets.
        outcomes: Vec<AssetOutcome>,
        /// The others, which are to be read: the server says that they are not there. With each
        /// the refusal that this is where it is found alive.
        doubtful: Vec<(AssetId, Failure)>,
    },
    /// The server refused the batch as a whole because of some of its assets, and deleted
    /// nothing: send its halves.
    Halve,
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
    /// It was deleted at this moment.
    Deleted(Timestamp),
    /// The server does not know it.
    Missing,
    /// The server knows no such asset of the kind that was asked for (V4, status 422).
    OtherKind {
        /// The server's own words.
        detail: String,
    },
}

/// What follows from the answer to a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadVerdict<T> {
    /// The server said what was asked.
    Read(T),
    /// It may not be read (status 403), which says nothing of anything else.
    Refused {
        /// The server's own words.
        detail: String,
    },
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
        404 if wire::is_error(body) => match sent {
            [id] => Verdict::Settled {
                outcomes: Vec::new(),
                doubtful: vec![(*id, kept())],
            },
            _ => Verdict::Halve,
        },
        400 | 409 | 413 | 422 => match sent {
            [id] => Verdict::Settled {
                outcomes: vec![(*id, refusal(status, body))],
                doubtful: Vec::new(),
            },
            _ => Verdict::Halve,
        },
        429 => Verdict::SlowDown { wait },
        401..=403 | 405 => Verdict::Stop(stop(status, body)),
        300..400 => Verdict::Stop(redirected(status)),
        // Anything else that is no success leaves open whether the delete took effect: 5xx,
        // a proxy's 408, a 404 of whoever answers in the server's place, 410, and successes that
        // the API does not document.
        _ => Verdict::Unknown {
            detail: wire::detail(status, body),
        },
    }
}

/// Whether an answer of v2 looks as if that API were not served any more: 410, or a 404 that is
/// not an error of the API.
#[must_use]
pub fn is_ended(reply: &Reply) -> bool {
    match reply {
        Reply::Answered { status: 410, .. } => true,
        Reply::Answered {
            status: 404, body, ..
        } => !wire::is_error(body),
        Reply::Answered { .. }
        | Reply::NoToken { .. }
        | Reply::NotSent { .. }
        | Reply::Lost { .. } => false,
    }
}

/// Takes an answer to a delete apart, or says what follows from there being none.
fn answered(reply: &Reply) -> Result<(u16, Option<Duration>, &Body), Verdict> {
    match reply {
        Reply::Answered {
            status,
            wait,
            limits: _,
            date: _,
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

/// The refusal of an asset that a delete did not find, and that a reading finds alive.
fn kept() -> Failure {
    Failure {
        kind: FailureKind::Conflict,
        message: "the server refuses the delete of an asset that is there".to_owned(),
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
        Err(error) => {
            let detail = format!("the answer is not the documented one: {error}");
            return unknown(bounded(&detail));
        }
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
            return unknown(bounded(&detail));
        };
        if place.replace(message).is_some() {
            return unknown(bounded(&format!("the answer names `{key}` twice")));
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
    Verdict::Settled { outcomes, doubtful }
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

/// Whether the words of a refusal say that the asset is not there, or no longer.
fn says_absent(message: &str) -> bool {
    let message = message.to_lowercase();
    ["not found", "does not exist", "deleted"]
        .iter()
        .any(|words| message.contains(words))
}

/// Judges the answer to the reading of one asset, deleted ones included.
#[must_use]
pub fn judge_read(id: AssetId, reply: &Reply) -> ReadVerdict<Live> {
    match reply {
        Reply::Answered {
            status: 404, body, ..
        } if wire::is_error(body) => ReadVerdict::Read(Live::Missing),
        Reply::Answered { .. }
        | Reply::NoToken { .. }
        | Reply::NotSent { .. }
        | Reply::Lost { .. } => read(reply, |bytes| wire::live(id, bytes)),
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
            date: _,
            pages: _,
            body,
        } => match (status, body) {
            (200, Body::Whole(bytes)) => match parse(bytes) {
                Ok(value) => ReadVerdict::Read(value),
                Err(error) => {
                    let detail = format!("the answer is not the documented one: {error}");
                    ReadVerdict::Unreadable {
                        detail: bounded(&detail),
                    }
                }
            },
            (200, Body::Cut { detail }) => ReadVerdict::Unreadable {
                detail: format!("the answer was cut short: {detail}"),
            },
            (429, _) => ReadVerdict::SlowDown { wait: *wait },
            (403, _) => ReadVerdict::Refused {
                detail: wire::detail(*status, body),
            },
            (300..=399, _) => ReadVerdict::Stop(redirected(*status)),
            (401 | 402 | 405, _) => ReadVerdict::Stop(stop(*status, body)),
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
