//! What an answer of V4 means: each speaks of one asset.
//!
//! Source: docs/frameio-api.md, "Deletes (V4)".

use crate::asset::AssetId;
use crate::frameio::Reply;
use crate::frameio::answer::{
    Live, ReadVerdict, Verdict, answered, kept, read, redirected, refusal, stop,
};
use crate::frameio::v2::wire::detail;
use crate::frameio::v4::wire::{self, Contents, Line, Named, Page};
use crate::inventory::Facts;
use crate::outcome::{Evidence, Failure, FailureKind, Outcome};

/// Judges the answer to the delete of one file or folder.
///
/// It speaks of this asset alone, so any success confirms it, unless its body says otherwise or
/// is none of the API's.
#[must_use]
pub fn judge_delete(id: AssetId, reply: &Reply) -> Verdict {
    let (status, wait, body) = match answered(reply) {
        Ok(answer) => answer,
        Err(verdict) => return verdict,
    };
    let settled = |outcome| Verdict::Settled {
        outcomes: vec![(id, outcome)],
        doubtful: Vec::new(),
    };
    match status {
        200..=299 if wire::is_success(body) => settled(Outcome::Retired(Evidence::Answer)),
        404 if wire::is_error(body) => Verdict::Settled {
            outcomes: Vec::new(),
            doubtful: vec![(id, kept())],
        },
        403 => settled(Outcome::Failed(Failure {
            kind: FailureKind::Permission,
            message: detail(status, body),
        })),
        400 | 409 | 413 | 422 => settled(refusal(status, body)),
        429 => Verdict::SlowDown { wait },
        401 | 402 | 405 => Verdict::Stop(stop(status, body)),
        300..400 => Verdict::Stop(redirected(status)),
        // A success or a 404 of whoever answers in the server's place, a proxy's 408, 410, 5xx:
        // nobody knows.
        _ => Verdict::Unknown {
            detail: detail(status, body),
        },
    }
}

/// What a reading says that did not find what it was for, where it says so in the API's own form.
fn absence(reply: &Reply) -> Option<Live> {
    match reply {
        Reply::Answered {
            status: 404, body, ..
        } if wire::is_error(body) => Some(Live::Missing),
        Reply::Answered {
            status: 422, body, ..
        } => Some(Live::OtherKind {
            detail: detail(422, body),
        }),
        Reply::Answered { .. }
        | Reply::NoToken { .. }
        | Reply::NotSent { .. }
        | Reply::Lost { .. } => None,
    }
}

/// Judges the answer to the reading of one asset as one of a kind.
#[must_use]
pub fn judge_show(id: AssetId, reply: &Reply) -> ReadVerdict<Live> {
    if let Some(absent) = absence(reply) {
        return ReadVerdict::Read(absent);
    }
    read(reply, |bytes| wire::live(id, bytes))
}

/// Judges the answer to the reading of one asset as one of a kind: whether it is there, and what
/// the server says of it where it is or was.
#[must_use]
pub fn judge_facts(id: AssetId, reply: &Reply) -> ReadVerdict<(Live, Option<Facts>)> {
    if let Some(absent) = absence(reply) {
        return ReadVerdict::Read((absent, None));
    }
    read(reply, |bytes| {
        let live = wire::live(id, bytes)?;
        Ok((live, Some(wire::facts(bytes)?)))
    })
}

/// Judges a page of what a version stack holds; nothing where there is no such stack.
#[must_use]
pub fn judge_children(reply: &Reply) -> ReadVerdict<Option<Contents>> {
    if absence(reply).is_some() {
        return ReadVerdict::Read(None);
    }
    read(reply, |bytes| wire::contents(bytes).map(Some))
}

/// Judges a page of accounts, workspaces or projects.
#[must_use]
pub fn judge_named(reply: &Reply) -> ReadVerdict<Page<Named>> {
    read(reply, wire::named)
}

/// Judges a page of what was deleted from a project.
#[must_use]
pub fn judge_deleted(reply: &Reply) -> ReadVerdict<Page<Line>> {
    read(reply, wire::deleted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frameio::Body;

    const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

    /// The API's error body.
    const ERROR: &str =
        r#"{"errors":[{"title":"Forbidden","detail":"You may not.","source":{"pointer":"/"}}]}"#;

    fn id() -> AssetId {
        AssetId::parse(A).unwrap()
    }

    fn reply(status: u16, body: &str) -> Reply {
        Reply::Answered {
            status,
            wait: None,
            limits: None,
            date: None,
            pages: None,
            body: Body::Whole(body.as_bytes().to_vec()),
        }
    }

    fn judged(status: u16, body: &str) -> Verdict {
        judge_delete(id(), &reply(status, body))
    }

    #[test]
    fn each_status_of_a_delete_has_its_row() {
        let settled = |outcome| Verdict::Settled {
            outcomes: vec![(id(), outcome)],
            doubtful: Vec::new(),
        };
        for status in [200, 201, 202, 204, 206] {
            for body in ["", "\n", "{}", r#"{"data":{"id":"x","status":"created"}}"#] {
                let retired = settled(Outcome::Retired(Evidence::Answer));
                assert_eq!(judged(status, body), retired, "{status}");
            }
            for body in [
                ERROR,
                "<html>",
                "null",
                "[]",
                r#"{"success":false}"#,
                r#"{"error":"no"}"#,
                r#"{"code":404}"#,
            ] {
                let unknown = matches!(judged(status, body), Verdict::Unknown { .. });
                assert!(unknown, "{status} {body}");
            }
        }
        let doubtful = Verdict::Settled {
            outcomes: Vec::new(),
            doubtful: vec![(id(), kept())],
        };
        assert_eq!(judged(404, ERROR), doubtful);
        for (status, kind) in [
            (403, FailureKind::Permission),
            (409, FailureKind::Conflict),
            (400, FailureKind::Invalid),
            (413, FailureKind::Invalid),
            (422, FailureKind::Invalid),
        ] {
            let message = "You may not.".to_owned();
            let failed = settled(Outcome::Failed(Failure { kind, message }));
            assert_eq!(judged(status, ERROR), failed, "{status}");
        }
        for (status, body) in [
            (408, ""),
            (500, ""),
            (502, ""),
            (503, ERROR),
            (504, ""),
            (410, ERROR),
            (404, ""),
            (404, "{}"),
            (404, "<html>"),
            (404, r#"{"errors":[]}"#),
            (404, r#"{"errors":[{}]}"#),
            (404, r#"{"errors":[{"title":"No"},"x"]}"#),
            (404, r#"{"code":404}"#),
        ] {
            assert!(
                matches!(judged(status, body), Verdict::Unknown { .. }),
                "{status} {body}"
            );
        }
        for status in [301, 302, 401, 402, 405] {
            assert!(matches!(judged(status, ""), Verdict::Stop(_)), "{status}");
        }
        assert_eq!(judged(429, ""), Verdict::SlowDown { wait: None });
        let detail = || "x".to_owned();
        let lost = judge_delete(id(), &Reply::Lost { detail: detail() });
        assert_eq!(lost, Verdict::Unknown { detail: detail() });
        let unsent = judge_delete(id(), &Reply::NotSent { detail: detail() });
        assert_eq!(unsent, Verdict::NotSent { detail: detail() });
    }

    #[test]
    fn each_status_of_a_reading_has_its_row() {
        let show = |status, body| judge_show(id(), &reply(status, body));
        for body in [ERROR, r#"{"errors":[{"title":"No"}]}"#] {
            assert_eq!(show(404, body), ReadVerdict::Read(Live::Missing));
        }
        let detail = || "You may not.".to_owned();
        let other = Live::OtherKind { detail: detail() };
        assert_eq!(show(422, ERROR), ReadVerdict::Read(other));
        assert_eq!(show(403, ERROR), ReadVerdict::Refused { detail: detail() });
        for (status, body) in [
            (404, ""),
            (404, "{}"),
            (404, "<html>"),
            (410, ERROR),
            (500, ""),
        ] {
            assert!(
                matches!(show(status, body), ReadVerdict::Unreadable { .. }),
                "{status} {body}"
            );
            let list = judge_children(&reply(status, body));
            assert!(matches!(list, ReadVerdict::Unreadable { .. }), "{status}");
        }
        for status in [301, 401, 402] {
            assert!(matches!(show(status, ""), ReadVerdict::Stop(_)), "{status}");
        }
        for status in [404, 422] {
            let none = judge_children(&reply(status, ERROR));
            assert_eq!(none, ReadVerdict::Read(None));
            let none = judge_facts(id(), &reply(status, ERROR));
            assert!(matches!(none, ReadVerdict::Read((_, None))));
        }
    }
}
