//! What an answer of V4 means: each speaks of one asset.
//!
//! Source: docs/frameio-api.md, "Deletes (V4)".

use crate::asset::AssetId;
use crate::frameio::Reply;
use crate::frameio::answer::{Live, ReadVerdict, Verdict, answered, read, redirected, stop};
use crate::frameio::v2::wire::detail;
use crate::frameio::v4::wire::{self, Contents, Named, Page};
use crate::inventory::Facts;
use crate::outcome::{Failure, FailureKind, Outcome};

/// Judges the answer to the delete of one file or folder.
///
/// Only 204 confirms it.
#[must_use]
pub fn judge_delete(id: AssetId, reply: &Reply) -> Verdict {
    let (status, wait, body) = match answered(reply) {
        Ok(answer) => answer,
        Err(verdict) => return verdict,
    };
    let settled = |outcome| Verdict::Settled {
        outcomes: vec![(id, outcome)],
        warnings: Vec::new(),
    };
    let failed = |kind| {
        settled(Outcome::Failed(Failure {
            kind,
            message: detail(status, body),
        }))
    };
    match status {
        204 => settled(Outcome::Retired),
        404 => settled(Outcome::Gone),
        403 => failed(FailureKind::Permission),
        409 => failed(FailureKind::Conflict),
        400 | 413 | 422 => failed(FailureKind::Invalid),
        429 => Verdict::SlowDown { wait },
        401 | 402 | 405 | 410 => Verdict::Stop(stop(status, body)),
        300..400 => Verdict::Stop(redirected(status)),
        // A success that the API does not document, a proxy's 408, 5xx: nobody knows.
        _ => Verdict::Unknown {
            detail: detail(status, body),
        },
    }
}

/// Judges the answer to the reading of one asset as one of a kind.
#[must_use]
pub fn judge_show(id: AssetId, reply: &Reply) -> ReadVerdict<Live> {
    match reply {
        Reply::Answered { status: 404, .. } => ReadVerdict::Read(Live::Missing),
        // One asset that may not be read says nothing about the others.
        Reply::Answered {
            status: 403, body, ..
        } => ReadVerdict::Unreadable {
            detail: detail(403, body),
        },
        Reply::Answered { .. }
        | Reply::NoToken { .. }
        | Reply::NotSent { .. }
        | Reply::Lost { .. } => read(reply, |bytes| wire::live(id, bytes)),
    }
}

/// Judges the answer to the reading of one asset as one of a kind; what the server says of it,
/// and whether it is deleted, or nothing where there is no such asset.
#[must_use]
pub fn judge_facts(id: AssetId, reply: &Reply) -> ReadVerdict<Option<(Facts, bool)>> {
    match judge_show(id, reply) {
        ReadVerdict::Read(Live::Missing) => ReadVerdict::Read(None),
        ReadVerdict::Read(Live::There | Live::Deleted) => {
            read(reply, |bytes| wire::facts(bytes).map(Some))
        }
        ReadVerdict::SlowDown { wait } => ReadVerdict::SlowDown { wait },
        ReadVerdict::NotSent { detail } => ReadVerdict::NotSent { detail },
        ReadVerdict::Unreadable { detail } => ReadVerdict::Unreadable { detail },
        ReadVerdict::Stop(reason) => ReadVerdict::Stop(reason),
    }
}

/// Judges a page of what a version stack holds; nothing where there is no such stack.
#[must_use]
pub fn judge_children(reply: &Reply) -> ReadVerdict<Option<Contents>> {
    if let Reply::Answered { status: 404, .. } = reply {
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
pub fn judge_deleted(reply: &Reply) -> ReadVerdict<Page<AssetId>> {
    read(reply, wire::deleted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frameio::Body;

    const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

    fn empty() -> Body {
        Body::Whole(Vec::new())
    }

    fn reply(status: u16, body: Body) -> Reply {
        Reply::Answered {
            status,
            wait: None,
            limits: None,
            pages: None,
            body,
        }
    }

    fn judged(status: u16) -> Verdict {
        judge_delete(AssetId::parse(A).unwrap(), &reply(status, empty()))
    }

    fn outcome(status: u16) -> Outcome {
        match judged(status) {
            Verdict::Settled { mut outcomes, .. } => outcomes.remove(0).1,
            verdict @ (Verdict::Halve { .. }
            | Verdict::SlowDown { .. }
            | Verdict::NotSent { .. }
            | Verdict::Unknown { .. }
            | Verdict::Stop(_)) => panic!("{status}: {verdict:?}"),
        }
    }

    #[test]
    fn each_status_of_a_delete_has_its_row() {
        assert_eq!(outcome(204), Outcome::Retired);
        assert_eq!(outcome(404), Outcome::Gone);
        for (status, kind) in [
            (403, FailureKind::Permission),
            (409, FailureKind::Conflict),
            (400, FailureKind::Invalid),
            (413, FailureKind::Invalid),
            (422, FailureKind::Invalid),
        ] {
            let Outcome::Failed(failure) = outcome(status) else {
                panic!("{status} is no failure");
            };
            assert_eq!(failure.kind, kind);
        }
        for status in [200, 202, 408, 500, 502, 503, 504] {
            assert!(
                matches!(judged(status), Verdict::Unknown { .. }),
                "{status}"
            );
        }
        for status in [301, 302, 401, 402, 405, 410] {
            assert!(matches!(judged(status), Verdict::Stop(_)), "{status}");
        }
        assert_eq!(judged(429), Verdict::SlowDown { wait: None });
        let id = AssetId::parse(A).unwrap();
        let detail = || "x".to_owned();
        let lost = judge_delete(id, &Reply::Lost { detail: detail() });
        assert_eq!(lost, Verdict::Unknown { detail: detail() });
        let unsent = judge_delete(id, &Reply::NotSent { detail: detail() });
        assert_eq!(unsent, Verdict::NotSent { detail: detail() });
    }

    #[test]
    fn the_words_of_a_refusal_are_kept() {
        let body = br#"{"errors":[{"title":"Forbidden","detail":"You may not.","source":{"pointer":"/"}}]}"#;
        let id = AssetId::parse(A).unwrap();
        let verdict = judge_delete(id, &reply(403, Body::Whole(body.to_vec())));
        let failure = Failure {
            kind: FailureKind::Permission,
            message: "You may not.".to_owned(),
        };
        assert_eq!(
            verdict,
            Verdict::Settled {
                outcomes: vec![(id, Outcome::Failed(failure))],
                warnings: Vec::new(),
            }
        );
    }

    #[test]
    fn a_missing_asset_and_one_that_may_not_be_read_are_told_apart() {
        let id = AssetId::parse(A).unwrap();
        let missing = judge_show(id, &reply(404, empty()));
        assert_eq!(missing, ReadVerdict::Read(Live::Missing));
        let refused = judge_show(id, &reply(403, empty()));
        assert!(matches!(refused, ReadVerdict::Unreadable { .. }));
        let unknown = judge_show(id, &reply(401, empty()));
        assert!(matches!(unknown, ReadVerdict::Stop(_)));
        let none = judge_children(&reply(404, empty()));
        assert_eq!(none, ReadVerdict::Read(None));
    }
}
