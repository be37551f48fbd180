//! Outcomes that nobody knows: said wherever an outcome is said, and looked into before anything
//! else is done.

use serde_json::{Value, json};

use crate::harness::{Desk, Done, TOKEN};
use crate::server::{Server, id, manifest};

fn apply(desk: &Desk, server: &Server) -> Done {
    let arguments = ["apply", "--auto-approve", "--retries", "0"];
    let place = ["--endpoint", &server.url, "--canary", "0"];
    let arguments: Vec<&str> = arguments.into_iter().chain(place).collect();
    desk.run_with(&[TOKEN], &arguments)
}

fn value(done: Done) -> Value {
    serde_json::from_str(&done.expect(0).out).unwrap()
}

/// The asset that a path ends with.
fn asset(path: &str) -> &str {
    let path = path.split('?').next().unwrap();
    path.rsplit('/').next().unwrap()
}

/// A desk whose run sent two deletes to a server that took them and never answered.
fn cut_off() -> (Desk, Server) {
    let server = Server::new(|request| match request.line.split_once(' ') {
        Some(("DELETE", _)) if request.number == 1 => None,
        Some(("DELETE", _)) => Some((200, "{}".to_owned())),
        // The first is not there, and the second still is.
        Some(("GET", path)) if asset(path) == id(1) => {
            Some((404, r#"{"code":404,"message":"Not Found"}"#.to_owned()))
        }
        Some((_, path)) => {
            let body = json!({ "id": asset(path), "deleted_at": null });
            Some((200, body.to_string()))
        }
        None => None,
    });
    let desk = Desk::with(&manifest(2));
    let done = apply(&desk, &server).expect(3);
    assert!(done.out.contains("2 unknown"), "{}", done.out);
    assert!(done.out.contains("2 assets are unknown"), "{}", done.out);
    (desk, server)
}

#[test]
fn a_run_decides_what_is_unknown_by_what_it_finds() {
    let (desk, server) = cut_off();
    let done = apply(&desk, &server).expect(3);
    let file = value(desk.run(&["state", "pull"]));
    assert_eq!(
        file["assets"][id(1)]["status"],
        "unknown",
        "{}",
        done.transcript()
    );
    assert_eq!(file["assets"][id(2)]["status"], "retired");
    let asked = server.asked();
    let mut read: Vec<&str> = asked[1..3].iter().map(|one| asset(&one.line)).collect();
    read.sort_unstable();
    assert_eq!(read, [id(1), id(2)], "it reads before it deletes");
    assert_eq!(asked[3].ids, [id(2)]);
    assert_eq!(asked.len(), 4);
}

#[test]
fn an_unknown_asset_that_is_listed_no_more_is_read_and_never_deleted() {
    let (desk, server) = cut_off();
    desk.write("retire.yaml", "version: 1\nassets: []\n");
    apply(&desk, &server).expect(3);
    let file = value(desk.run(&["state", "pull"]));
    assert_eq!(file["assets"][id(1)]["status"], "unknown");
    // It is there, and the delete of the first run may still come true.
    assert_eq!(file["assets"][id(2)]["status"], "unknown");
    assert_eq!(file["assets"][id(2)]["run"], 1);
    assert_eq!(
        server.deleted(),
        [id(1), id(2)],
        "the first run's, and no more"
    );
}

#[test]
fn an_unknown_asset_that_cannot_be_read_stays_unknown_and_open() {
    let server = Server::new(|request| {
        let answered = request.line.starts_with("GET");
        answered.then(|| (200, "{}".to_owned()))
    });
    let desk = Desk::with(&manifest(2));
    apply(&desk, &server).expect(3);
    let before = value(desk.run(&["state", "pull"]))["assets"].clone();
    let done = apply(&desk, &server).expect(3);
    assert!(done.out.contains("2 assets are unknown"), "{}", done.out);
    let after = value(desk.run(&["state", "pull"]))["assets"].clone();
    assert_eq!(after, before);
    assert_eq!(
        server.deleted(),
        [id(1), id(2)],
        "the first run's, and no more"
    );
}
