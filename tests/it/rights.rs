//! A token that may not do what it is for, told from an asset that is closed to it.

use serde_json::json;

use crate::evidence_v4::{apply, file, files, listing, record, serve, text};
use crate::harness::{Desk, TOKEN};
use crate::server::Server;

#[test]
fn what_may_not_be_read_failed_at_once_and_where_nothing_may_it_is_the_token() {
    // All is read before the plan.
    let served = serve(&(file(1) + &file(2)), "", &["403=at:1@v4_file_read"]);
    let lines = format!("- {}\n- {{id: {}, kind: file}}\n", text(1), text(2));
    let desk = Desk::with(&format!("version: 1\nassets:\n{lines}"));
    apply(&served, &desk, &[]).expect(3);
    let failed = record(&desk, 1);
    assert_eq!(
        (&failed["status"], &failed["kind"]),
        (&json!("failed"), &json!("permission"))
    );
    assert_eq!(record(&desk, 2)["status"], "retired");
    let reads = served.sandbox.log();
    let reads = reads
        .iter()
        .filter(|request| request.target.contains(&text(1)));
    assert_eq!(reads.count(), 1, "without retries");
    served.stop();

    let assets: String = (1..=20).map(file).collect();
    let served = serve(&assets, "", &["403=100%@v4_file_read"]);
    for (asked, exit) in [(1, 3), (2, 7), (3, 7), (9, 7), (10, 7), (11, 7), (20, 7)] {
        let lines: Vec<String> = (1..=asked)
            .map(|number| format!("- {}", text(number)))
            .collect();
        let lines = lines.join("\n");
        let desk = Desk::with(&format!("version: 1\nassets:\n{lines}\n"));
        let done = apply(&served, &desk, &[]);
        assert_eq!(done.code, exit, "{asked}: {}{}", done.out, done.err);
        assert_eq!(desk.path("state.json").exists(), exit == 3, "{asked}");
    }
    served.stop();
}

#[test]
fn what_may_not_be_read_is_no_matter_of_a_token_that_has_deleted_something() {
    let assets: String = (1..=3).map(file).collect();
    let served = serve(&assets, "", &["403=at:2+3+4+5@v4_file_read"]);
    let desk = listing(&files(1..=1));
    apply(&served, &desk, &[]).expect(0);
    desk.write("retire.yaml", listing(&files(1..=3)).read("retire.yaml"));
    for _ in 0..2 {
        apply(&served, &desk, &[]).expect(3);
        assert_eq!(record(&desk, 1)["status"], "retired");
        assert_eq!(record(&desk, 2)["kind"], "permission");
    }
    served.stop();
}

#[test]
fn where_the_api_knows_nobody_it_is_the_token() {
    let error = r#"{"errors":[{"title":"Not Found","detail":"Nothing here."}]}"#;
    let server = Server::new(|_| Some((404, error.to_owned())));
    let desk = listing(&files(1..=5));
    for command in [&["plan"][..], &["whoami"], &["apply", "--auto-approve"]] {
        let asked = server.asked().len();
        let mut arguments = command.to_vec();
        arguments.extend(["--api", "v4", "--endpoint", &server.url]);
        let done = desk.run_with(&[TOKEN], &arguments).expect(7);
        assert!(done.err.contains("Nothing here."), "{}", done.err);
        assert_eq!(server.asked().len(), asked + 1, "it asks once");
    }
}
