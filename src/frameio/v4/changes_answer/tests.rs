use serde_json::json;

use super::*;
use crate::event::StopReason;

const ERROR: &str = r#"{"errors":[{"title":"Conflict","detail":"Not so."}]}"#;

fn id(number: u128) -> AssetId {
    AssetId::from_uuid(uuid::Uuid::from_u128(number))
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

fn judged(change: &Change, status: u16, body: &str) -> Verdict<Result<Changed, Refusal>> {
    judge_change(change, &reply(status, body))
}

fn asset(kind: &str, number: u128, parent: u128) -> Value {
    json!({
        "id": id(number), "type": kind, "name": "a", "parent_id": id(parent),
        "project_id": id(90), "view_url": "https://next.frame.io/x",
    })
}

fn placed(kind: Kind, number: u128, parent: u128) -> Placed {
    Placed {
        kind,
        id: id(number),
        name: "a".into(),
        parent: id(parent),
        project: id(90),
    }
}

fn wrapped(data: &Value) -> String {
    json!({ "data": data }).to_string()
}

/// A change with the status and the body of its success, and what that says.
type Success = (Change, u16, String, Changed);

/// The body of an answer with one asset, and what it says.
fn one(kind: Kind) -> (String, Placed) {
    (wrapped(&asset(kind.name(), 1, 50)), placed(kind, 1, 50))
}

/// What is made.
fn makings() -> Vec<Success> {
    let parent = id(50);
    let name: Arc<str> = "a".into();
    let (folder, a_folder) = one(Kind::Folder);
    let (file, a_file) = one(Kind::File);
    let (stack, a_stack) = one(Kind::VersionStack);
    let made = |change, (body, placed)| (change, 201, body, Changed::Created(placed));
    let create = Change::CreateFolder {
        parent,
        name: Arc::clone(&name),
    };
    let upload = Change::CreateFile {
        parent,
        name,
        bytes: 1,
    };
    let files = [id(1), id(2)].into();
    vec![
        made(create, (folder, a_folder)),
        made(upload, (file, a_file)),
        made(Change::CreateStack { parent, files }, (stack, a_stack)),
    ]
}

/// What is moved.
fn moves() -> Vec<Success> {
    let to = id(50);
    let ids: Arc<[AssetId]> = [id(1), id(2)].into();
    let several = |change, kind: Kind| {
        let data = json!([asset(kind.name(), 2, 50), asset(kind.name(), 1, 50)]);
        let moved = vec![placed(kind, 2, 50), placed(kind, 1, 50)];
        (change, 200, wrapped(&data), Changed::Moved(moved))
    };
    let single = |change, kind| {
        let (body, placed) = one(kind);
        (change, 200, body, Changed::Moved(vec![placed]))
    };
    let files = Change::MoveFiles {
        ids: Arc::clone(&ids),
        to,
    };
    vec![
        several(files, Kind::File),
        several(Change::MoveFolders { ids, to }, Kind::Folder),
        single(Change::MoveFile { id: id(1), to }, Kind::File),
        single(Change::MoveStack { id: id(1), to }, Kind::VersionStack),
    ]
}

/// Each change that there is.
fn successes() -> Vec<Success> {
    let deleted = |change| (change, 204, String::new(), Changed::Deleted(204));
    let restored = Kind::ALL.map(|kind| {
        let (body, placed) = one(kind);
        let change = Change::Restore(kind, id(1));
        (change, 200, body, Changed::Restored(placed))
    });
    let mut all = makings();
    all.extend(moves());
    all.extend([Change::DeleteFile(id(1)), Change::DeleteFolder(id(1))].map(deleted));
    all.extend(restored);
    all
}

#[test]
fn each_change_has_its_success() {
    for (change, status, body, changed) in successes() {
        let told = judged(&change, status, &body);
        assert_eq!(told, Verdict::Told(Ok(changed)), "{change:?}");
    }
}

#[test]
fn a_success_of_another_form_is_unknown() {
    for (change, status, body, _) in successes() {
        let is_delete = matches!(change, Change::DeleteFile(_) | Change::DeleteFolder(_));
        for odd in [
            "<html>",
            "null",
            "[]",
            r#"{"data":{}}"#,
            r#"{"data":[{}]}"#,
            r#"{"data":null}"#,
            ERROR,
        ] {
            let told = judged(&change, status, odd);
            assert!(
                matches!(told, Verdict::Unknown { .. }),
                "{change:?} {odd} {told:?}"
            );
        }
        let cut = Reply::Answered {
            status,
            wait: None,
            limits: None,
            date: None,
            pages: None,
            body: Body::Cut {
                detail: "closed".to_owned(),
            },
        };
        assert!(matches!(
            judge_change(&change, &cut),
            Verdict::Unknown { .. }
        ));
        if is_delete {
            continue;
        }
        // A status that says less than done, and nothing at all.
        for (status, body) in [
            (202, &*body),
            (206, &body),
            (204, ""),
            (200, ""),
            (200, "{}"),
        ] {
            let told = judged(&change, status, body);
            assert!(
                matches!(told, Verdict::Unknown { .. }),
                "{change:?} {status}"
            );
        }
        // A field of another form, an asset of another kind, and one that is deleted.
        for (field, value) in [
            ("id", json!("1")),
            ("type", json!("project")),
            (
                "type",
                json!(if body.contains("\"file\"") {
                    "folder"
                } else {
                    "file"
                }),
            ),
            ("parent_id", json!(null)),
            ("project_id", json!(null)),
            ("name", json!(null)),
            ("deleted_at", json!("2026-11-01T12:00:00Z")),
            ("deleted_at", json!(false)),
        ] {
            let mut odd: Value = serde_json::from_str(&body).unwrap();
            let place = if odd["data"].is_array() {
                "/data/0"
            } else {
                "/data"
            };
            odd.pointer_mut(place).unwrap()[field] = value.clone();
            let told = judged(&change, status, &odd.to_string());
            let unknown = matches!(told, Verdict::Unknown { .. });
            assert!(unknown, "{change:?} {field} {value} {told:?}");
        }
    }
}

#[test]
fn each_refusal_and_each_trouble_has_its_row() {
    for (change, ..) in successes() {
        for (status, kind) in [
            (400, FailureKind::Invalid),
            (403, FailureKind::Permission),
            (404, FailureKind::NotFound),
            (409, FailureKind::Conflict),
            (410, FailureKind::NotFound),
            (413, FailureKind::Invalid),
            (422, FailureKind::Invalid),
        ] {
            let refusal = Refusal {
                status,
                kind,
                detail: "Not so.".to_owned(),
            };
            assert_eq!(judged(&change, status, ERROR), Verdict::Told(Err(refusal)));
            // Whoever answers in the server's place says nothing of the change.
            for body in ["<html>", "", "{}", r#"{"errors":[]}"#] {
                let told = judged(&change, status, body);
                let unsaid = matches!(told, Verdict::Unknown { .. });
                let denied = status == 403 && matches!(told, Verdict::Denied(_) | Verdict::Stop(_));
                assert!(unsaid || denied, "{change:?} {status} {body}");
            }
        }
        let slow = Verdict::SlowDown { wait: None };
        assert_eq!(judged(&change, 429, ERROR), slow);
        for status in [100, 408, 500, 502, 503, 504] {
            for body in [ERROR, "<html>"] {
                let told = judged(&change, status, body);
                assert!(
                    matches!(told, Verdict::Unknown { .. }),
                    "{change:?} {status}"
                );
            }
        }
        let stops = |status, body| judged(&change, status, body);
        let stop = Verdict::Stop(StopReason::NotAuthenticated {
            detail: "Not so.".to_owned(),
        });
        assert_eq!(stops(401, ERROR), stop);
        let stop = Verdict::Stop(StopReason::NotPaid {
            detail: "Not so.".to_owned(),
        });
        assert_eq!(stops(402, ERROR), stop);
        for (status, body) in [(401, "<html>"), (402, "<html>"), (302, ""), (405, ERROR)] {
            let denied = matches!(stops(status, body), Verdict::Denied(_));
            assert!(denied, "{status} {body}");
        }
        let lost = Reply::Lost {
            detail: "timed out".to_owned(),
        };
        let unknown = Verdict::Unknown {
            detail: "timed out".to_owned(),
        };
        assert_eq!(judge_change(&change, &lost), unknown);
        let not_sent = Reply::NotSent {
            detail: "refused".to_owned(),
        };
        let never = Verdict::NotSent {
            detail: "refused".to_owned(),
        };
        assert_eq!(judge_change(&change, &not_sent), never);
    }
}

#[test]
fn a_move_speaks_of_what_was_asked_for_and_once() {
    let ids: Arc<[AssetId]> = [id(1), id(2)].into();
    let change = Change::MoveFiles { ids, to: id(50) };
    let told = |data: &Value| judged(&change, 200, &wrapped(data));
    let file = |number, parent| asset("file", number, parent);
    // What a short answer leaves out, and what lies elsewhere, is for the caller to see.
    let short = told(&json!([file(1, 50)]));
    let one = Changed::Moved(vec![placed(Kind::File, 1, 50)]);
    assert_eq!(short, Verdict::Told(Ok(one)));
    assert_eq!(told(&json!([])), Verdict::Told(Ok(Changed::Moved(vec![]))));
    let elsewhere = Changed::Moved(vec![placed(Kind::File, 1, 51)]);
    assert_eq!(told(&json!([file(1, 51)])), Verdict::Told(Ok(elsewhere)));
    for odd in [
        json!([file(1, 50), file(3, 50)]),
        json!([file(1, 50), file(1, 50)]),
        file(1, 50),
    ] {
        assert!(matches!(told(&odd), Verdict::Unknown { .. }), "{odd}");
    }
}

#[test]
fn what_is_made_elsewhere_or_is_another_is_not_what_was_asked_for() {
    let made = Change::CreateFolder {
        parent: id(50),
        name: "a".into(),
    };
    let elsewhere = wrapped(&asset("folder", 1, 51));
    assert!(matches!(
        judged(&made, 201, &elsewhere),
        Verdict::Unknown { .. }
    ));
    let other = wrapped(&asset("folder", 1, 50));
    assert!(matches!(
        judged(&Change::Restore(Kind::Folder, id(2)), 200, &other),
        Verdict::Unknown { .. }
    ));
    // What is asked for by an id of Adobe's storage answers with its own.
    let adobe = AssetId::parse("adobe:urn:aaid:sc:US:1").unwrap();
    let told = judged(
        &Change::MoveFile {
            id: adobe,
            to: id(50),
        },
        200,
        &wrapped(&asset("file", 1, 50)),
    );
    let moved = Changed::Moved(vec![placed(Kind::File, 1, 50)]);
    assert_eq!(told, Verdict::Told(Ok(moved)));
}
