//! What an answer of V4 means: each speaks of one asset.
//!
//! Source: docs/frameio-api.md, "Deletes (V4)".

use crate::asset::{AssetId, Kind};
use crate::frameio::odd::Odd;
use crate::frameio::reply::Reply;
use crate::frameio::v4::call::List;
use crate::frameio::v4::facts;
use crate::frameio::v4::wire::{self, Line, Named, Page, User};
use crate::frameio::verdict::{Answer, Deletion, Live, Verdict, refusal};
use crate::frameio::words::{detail, is_over, odd_success};
use crate::inventory::{Definition, Project, Shown};
use crate::outcome::{Evidence, Outcome};

/// Judges the answer to the delete of one file or folder.
///
/// It speaks of this asset alone, so any success confirms it, unless its body says otherwise or
/// is none of the API's.
#[must_use]
pub fn judge_delete(id: AssetId, reply: &Reply) -> Verdict<Deletion> {
    let Answer { status, wait, body } = match Verdict::answer(reply) {
        Ok(answer) => answer,
        Err(verdict) => return verdict,
    };
    let settled = |outcome| Verdict::Told(Deletion::of_one(id, outcome));
    match status {
        200..=299 if wire::is_success(body) => settled(Outcome::Retired(Evidence::Answer)),
        404 if wire::is_error(body) => Verdict::Told(Deletion::not_found(id)),
        400 | 403 | 409 | 413 | 422 => settled(Outcome::Failed(refusal(status, body))),
        429 => Verdict::SlowDown { wait },
        300..=399 | 401 | 402 | 405 => Verdict::denied(status, body),
        // A success or a 404 of whoever answers in the server's place, a proxy's 408, 410, 5xx:
        // nobody knows.
        200..=299 => Verdict::Unknown {
            detail: odd_success(status, body),
        },
        _ => Verdict::Unknown {
            detail: detail(status, body),
        },
    }
}

/// What a reading says that did not find what it was for, where it says so in the API's own form.
fn absence(reply: &Reply) -> Option<Live> {
    let (status, body) = reply.answer()?;
    match status {
        404 if wire::is_error(body) => Some(Live::Missing),
        422 => Some(Live::OtherKind {
            detail: detail(status, body),
        }),
        _ => None,
    }
}

/// Judges the answer to the reading of one asset as one of a kind.
#[must_use]
pub fn judge_show(asked: (Kind, AssetId), reply: &Reply) -> Verdict<Live> {
    match absence(reply) {
        Some(absent) => Verdict::Told(absent),
        None => Verdict::of_reading(reply, |bytes| wire::live(asked, bytes)?.so_far(reply)),
    }
}

/// The same, and what the asset lies in where it is there and the server says so.
#[must_use]
pub fn judge_place(asked: (Kind, AssetId), reply: &Reply) -> Verdict<(Live, Option<AssetId>)> {
    match absence(reply) {
        Some(absent) => Verdict::Told((absent, None)),
        None => Verdict::of_reading(reply, |bytes| {
            let live = wire::live(asked, bytes)?.so_far(reply)?;
            Ok((live, wire::parent(bytes)))
        }),
    }
}

/// Judges the answer to the reading of one asset as one of a kind: whether it is there, and what
/// the server says of it where it is or was.
#[must_use]
pub fn judge_facts(asked: (Kind, AssetId), reply: &Reply) -> Verdict<(Live, Option<Shown>)> {
    match absence(reply) {
        Some(absent) => Verdict::Told((absent, None)),
        None => Verdict::of_reading(reply, |bytes| {
            let live = wire::live(asked, bytes)?.so_far(reply)?;
            Ok((live, Some(facts::facts(bytes)?)))
        }),
    }
}

/// Judges a page of the files of a version stack; where there is no such stack, what the server
/// says instead.
#[must_use]
pub fn judge_files(reply: &Reply) -> Verdict<Result<Page<AssetId>, Live>> {
    match absence(reply) {
        Some(absent) => Verdict::Told(Err(absent)),
        None => Verdict::of_reading(reply, |bytes| wire::files(bytes).map(Ok)),
    }
}

/// Judges a page of a list of assets, with all that it tells of each; the last one says how many
/// there are. The server refuses it where it does not know what is to be listed, or only as another
/// kind.
#[must_use]
pub fn judge_list(list: List, reply: &Reply) -> Verdict<Page<Shown>> {
    match absence(reply) {
        Some(Live::Missing) => Verdict::Absent {
            detail: "the server does not know it".to_owned(),
        },
        // Only what was shown as a version stack is asked for its versions, and it has some while it
        // is there: an empty one is told by 404.
        Some(Live::OtherKind { detail }) if list == List::Versions => Verdict::Malformed { detail },
        Some(Live::OtherKind { detail }) => Verdict::Absent { detail },
        Some(Live::There | Live::Deleted(_)) | None => Verdict::of_reading(reply, |bytes| {
            let page = facts::assets(bytes)?;
            if page.next.is_none() && page.total.is_none() {
                // It was asked for, and by nothing else is it known that a list has ended.
                return Err(Odd::Field("`total_count` is missing".to_owned()));
            }
            let odd = page.items.iter().find(|item| !list.shows(item.facts.kind));
            match odd {
                Some(Shown { id, facts, .. }) => {
                    let kind = facts.kind.name();
                    Err(Odd::Foreign(format!("it shows `{id}`, which is a {kind}")))
                }
                None => Ok(page),
            }
        }),
    }
}

/// Judges the answer to the reading of a project.
#[must_use]
pub fn judge_project(id: AssetId, reply: &Reply) -> Verdict<Project> {
    match absence(reply) {
        Some(Live::Missing) => Verdict::Absent {
            detail: "the server does not know it".to_owned(),
        },
        Some(Live::OtherKind { detail }) => Verdict::Absent { detail },
        Some(Live::There | Live::Deleted(_)) | None => {
            Verdict::of_reading(reply, |bytes| facts::project(id, bytes))
        }
    }
}

/// Judges a page of the projects of the account, with all that it tells of each.
#[must_use]
pub fn judge_projects(reply: &Reply) -> Verdict<Page<(AssetId, Project)>> {
    Verdict::of_reading(reply, facts::projects)
}

/// Judges a page of the custom fields of the account.
#[must_use]
pub fn judge_definitions(reply: &Reply) -> Verdict<Page<Definition>> {
    Verdict::of_reading(reply, facts::definitions)
}

/// Judges the answer to the question whose token this is.
#[must_use]
pub fn judge_me(reply: &Reply) -> Verdict<User> {
    of_token(reply).unwrap_or_else(|| Verdict::of_reading(reply, wire::user))
}

/// Judges a page of the accounts that a token opens.
#[must_use]
pub fn judge_accounts(reply: &Reply) -> Verdict<Page<Named>> {
    of_token(reply).unwrap_or_else(|| judge_named(reply))
}

/// That the API says of a token itself that there is nothing: the token opens nothing, and asking
/// again changes nothing.
fn of_token<T>(reply: &Reply) -> Option<Verdict<T>> {
    let (status, body) = reply.answer()?;
    (status == 404 && wire::is_error(body)).then(|| Verdict::Refused {
        detail: detail(status, body),
    })
}

/// Judges a page of workspaces or projects.
#[must_use]
pub fn judge_named(reply: &Reply) -> Verdict<Page<Named>> {
    Verdict::of_reading(reply, wire::page)
}

/// Judges a page of what was deleted from a project; a line of a moment that is not over says
/// nothing.
#[must_use]
pub fn judge_deleted(reply: &Reply) -> Verdict<Page<Line>> {
    Verdict::of_reading(reply, wire::deleted).map(|mut page| {
        for line in &mut page.items {
            line.at = line.at.filter(|at| is_over(*at, reply.date()));
        }
        page
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frameio::reply::Body;
    use crate::outcome::{Failure, FailureKind};

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

    fn judged(status: u16, body: &str) -> Verdict<Deletion> {
        judge_delete(id(), &reply(status, body))
    }

    #[test]
    fn a_success_with_an_odd_body_is_told_with_the_body() {
        for (body, said) in [
            ("<html>hello", "`<html>hello`"),
            (r#"{"ok":true}"#, r#"`{"ok":true}`"#),
        ] {
            let Verdict::Unknown { detail } = judged(200, body) else {
                panic!("{body}");
            };
            assert!(
                detail.contains("status 200") && detail.contains(said),
                "{detail}"
            );
        }
    }

    #[test]
    fn what_is_deleted_only_later_is_not_deleted() {
        let at = |at: &str, date: Option<&str>| {
            let mut reply = reply(
                200,
                &format!(r#"{{"data":{{"id":"{A}","type":"file","deleted_at":"{at}"}}}}"#),
            );
            let list = Reply::Answered {
                status: 200,
                wait: None,
                limits: None,
                date: date.map(|date| date.parse().unwrap()),
                pages: None,
                body: Body::Whole(
                    format!(r#"{{"data":[{{"id":"{A}","deleted_at":"{at}"}}]}}"#).into_bytes(),
                ),
            };
            if let Reply::Answered { date: said, .. } = &mut reply {
                *said = date.map(|date| date.parse().unwrap());
            }
            let shown = matches!(
                judge_show((Kind::File, id()), &reply),
                Verdict::Told(Live::Deleted(_))
            );
            let read = matches!(
                judge_facts((Kind::File, id()), &reply),
                Verdict::Told((Live::Deleted(_), _))
            );
            let Verdict::Told(page) = judge_deleted(&list) else {
                panic!("the list cannot be read");
            };
            let lines = page.items.iter().filter(|line| line.at.is_some());
            (shown, read, lines.count())
        };
        let now = Some("2026-11-01T12:00:00Z");
        let (yes, no) = ((true, true, 1), (false, false, 0));
        assert_eq!(at("2026-11-01T11:00:00Z", now), yes);
        // Two servers need not agree to the second.
        assert_eq!(at("2026-11-01T12:04:00Z", now), yes);
        assert_eq!(at("2026-11-01T12:06:00Z", now), no);
        assert_eq!(at("2030-01-01T00:00:00Z", now), no);
        assert_eq!(at("2030-01-01T00:00:00Z", None), no, "nobody can tell");
    }

    #[test]
    fn each_status_of_a_delete_has_its_row() {
        let settled = |outcome| {
            Verdict::Told(Deletion::Settled {
                outcomes: vec![(id(), outcome)],
                doubtful: Vec::new(),
            })
        };
        for status in [200, 201, 202, 204, 206] {
            for body in ["", "\n", "{}"] {
                let retired = settled(Outcome::Retired(Evidence::Answer));
                assert_eq!(judged(status, body), retired, "{status}");
            }
            for body in [
                ERROR,
                "<html>",
                "null",
                "[]",
                r#"{"data":{"id":"x","status":"created"}}"#,
                r#"{"data":{"errors":[{"title":"no"}]}}"#,
                r#"{"title":"Denied","detail":"no"}"#,
                r#"{"success":false}"#,
                r#"{"error":"no"}"#,
                r#"{"code":404}"#,
            ] {
                let unknown = matches!(judged(status, body), Verdict::Unknown { .. });
                assert!(unknown, "{status} {body}");
            }
        }
        let kept = Failure {
            kind: FailureKind::Conflict,
            message: "the server refuses the delete of an asset that is there".to_owned(),
        };
        let doubtful = Verdict::Told(Deletion::Settled {
            outcomes: Vec::new(),
            doubtful: vec![(id(), kept)],
        });
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
            assert!(matches!(judged(status, ""), Verdict::Denied(_)), "{status}");
            let said = judged(status, ERROR);
            let own = matches!(said, Verdict::Stop(_));
            assert_eq!(own, matches!(status, 401 | 402), "{status}: {said:?}");
        }
        assert_eq!(judged(429, ""), Verdict::SlowDown { wait: None });
        let detail = || "x".to_owned();
        let lost = judge_delete(id(), &Reply::Lost { detail: detail() });
        assert_eq!(lost, Verdict::Unknown { detail: detail() });
        let unsent = judge_delete(id(), &Reply::NotSent { detail: detail() });
        assert_eq!(unsent, Verdict::NotSent { detail: detail() });
    }

    #[test]
    fn the_last_page_of_a_list_says_how_many_entries_there_are() {
        let of = |rest: &str| {
            let body = format!(r#"{{"data":[{{"id":"{A}","type":"file"}}]{rest}}}"#);
            judge_list(List::Children, &reply(200, &body))
        };
        for whole in [
            r#","links":{"next":null},"total_count":1"#,
            r#","links":{"next":"/v4/x?after=c"}"#,
        ] {
            assert!(matches!(of(whole), Verdict::Told(_)), "{whole}");
        }
        for odd in [
            "",
            r#","links":{"next":null}"#,
            r#","links":{"next":null},"total_count":null"#,
            r#","links":{"next":null},"total_count":"1""#,
        ] {
            assert!(matches!(of(odd), Verdict::Malformed { .. }), "{odd}");
        }
    }

    #[test]
    fn each_status_of_a_reading_has_its_row() {
        let show = |status, body| judge_show((Kind::File, id()), &reply(status, body));
        for body in [ERROR, r#"{"errors":[{"title":"No"}]}"#] {
            assert_eq!(show(404, body), Verdict::Told(Live::Missing));
        }
        let detail = || "You may not.".to_owned();
        let other = Live::OtherKind { detail: detail() };
        assert_eq!(show(422, ERROR), Verdict::Told(other));
        assert_eq!(show(403, ERROR), Verdict::Refused { detail: detail() });
        for (status, body) in [
            (404, ""),
            (404, "{}"),
            (404, "<html>"),
            (410, ERROR),
            (500, ""),
        ] {
            assert!(
                matches!(show(status, body), Verdict::Unknown { .. }),
                "{status} {body}"
            );
            let list = judge_files(&reply(status, body));
            assert!(matches!(list, Verdict::Unknown { .. }), "{status}");
        }
        for status in [301, 401, 402] {
            assert!(matches!(show(status, ""), Verdict::Denied(_)), "{status}");
        }
        for status in [404, 422] {
            let absent = match status {
                404 => Live::Missing,
                _ => Live::OtherKind { detail: detail() },
            };
            let none = judge_files(&reply(status, ERROR));
            assert_eq!(none, Verdict::Told(Err(absent)));
            let none = judge_facts((Kind::File, id()), &reply(status, ERROR));
            assert!(matches!(none, Verdict::Told((_, None))));
        }
    }
}
