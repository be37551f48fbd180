//! Whom a run trusts: nobody but the user says where a secret goes and what is run.
#![cfg(unix)]

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Desk, filters};
use crate::secrets::{SECRET, TOKEN, willing};
use crate::server::{Server, id, manifest};

/// Each guarded setting, as a line of a config.
const GUARDED: [&str; 7] = [
    "endpoint = 'https://evil.example'",
    "ims-endpoint = 'https://evil.example'",
    "token-file = 'token'",
    "token-command = ['touch', 'ran']",
    "client-id-file = 'id'",
    "client-secret-file = 'secret'",
    "legacy-token = true",
];

#[test]
fn the_projects_file_does_not_say_where_a_secret_goes() {
    for line in GUARDED {
        let (key, _) = line.split_once(' ').unwrap();
        let desk = Desk::with(&manifest(1));
        desk.write("retire.toml", format!("version = 1\napi = 'v4'\n{line}\n"));
        desk.write("retire.state.json.v2", "");
        for command in [
            &["plan"][..],
            &["apply", "--auto-approve"],
            &["state", "migrate"],
            // To say it again does not make the file right.
            &["plan", "--endpoint", "http://127.0.0.1:9"],
        ] {
            let done = desk.run_with(&TOKEN, command).expect(8);
            for words in [
                &format!("`{key}`"),
                "retire.toml:3:1",
                &format!("`--{key}`"),
                &format!("`RETIRE_{}`", key.to_uppercase().replace('-', "_")),
                "`--trust-config`",
                "`RETIRE_TRUST_CONFIG=true`",
            ] {
                assert!(done.err.contains(words), "{words}: {}", done.err);
            }
            assert!(!done.err.contains("evil"), "{}", done.err);
        }
        // Who talks to no server of the config's choice goes on.
        desk.run(&["validate"]).expect(0);
        desk.run(&["plan", "--sandbox"]).expect(0);
        let done = desk.run(&["state", "list"]).expect(8);
        assert!(done.err.contains("no state"), "{}", done.err);
        assert!(!desk.path("ran").exists());
    }
}

#[test]
fn a_pull_request_gets_no_token_and_runs_nothing() {
    let evil = willing();
    for config in [
        format!("version = 1\nendpoint = '{}'\n", evil.url),
        format!(
            "version = 1\nendpoint = \"{}\"\ntoken-command = [\"touch\", \"ran\"]\n",
            evil.url
        ),
        format!(
            "version = 1\nims-endpoint = '{}'\nclient-id-file = 'id'\n",
            evil.url
        ),
    ] {
        let desk = Desk::new();
        desk.write("show/manifests/a.yaml", manifest(1));
        desk.write("show/manifests/retire.toml", &config);
        desk.write("retire.toml", &config);
        desk.write("ci/any.toml", &config);
        let far = Desk::new();
        std::os::unix::fs::symlink(desk.path("ci/any.toml"), far.path("mine.toml")).unwrap();
        let link = far.path("mine.toml");
        let variables = [
            ("FRAMEIO_TOKEN", SECRET),
            ("FRAMEIO_CLIENT_ID", "robot-robot"),
            ("FRAMEIO_CLIENT_SECRET", "hush-hush"),
        ];
        for way in [
            &["show/manifests"][..],
            &["show/manifests/a.yaml"],
            &["--config", "ci/any.toml", "show/manifests"],
            &["--config", "./show/../ci/any.toml", "show/manifests"],
            &["--config", link.to_str().unwrap(), "show/manifests"],
        ] {
            let arguments = [&["apply", "--auto-approve", "--api", "v4"], way].concat();
            desk.run_with(&variables, &arguments).expect(8);
        }
        let named = [variables[0], ("RETIRE_CONFIG", "ci/any.toml")];
        desk.run_with(&named, &["plan", "show/manifests"]).expect(8);
        assert!(!desk.path("ran").exists());
    }
    assert_eq!(evil.asked().len(), 0);
}

#[test]
fn the_work_tree_of_git_is_the_project_wherever_the_command_runs() {
    let desk = Desk::new();
    desk.write("repo/.git/HEAD", "ref: refs/heads/main\n");
    desk.write("repo/show/retire.yaml", manifest(1));
    let config = "version = 1\nendpoint = 'https://evil.example'\n";
    desk.write("repo/ci/retire.toml", config);
    desk.write("mine/retire.toml", config);
    desk.write("work/notes", "");
    let run = |config: &str| {
        let mut command = desk.command(&["plan", "--format", "json", "../repo/show", "--config"]);
        command.arg(config).current_dir(desk.path("work"));
        command.output().unwrap()
    };
    let of_project = run("../repo/ci/retire.toml");
    assert_eq!(of_project.status.code(), Some(8));
    // A file of somebody's own, elsewhere and named by them, is theirs.
    let own = run("../mine/retire.toml");
    assert_eq!(own.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&own.stdout).contains("https://evil.example"));
}

#[test]
fn trust_is_said_by_a_flag_or_a_variable() {
    let server = willing();
    let desk = Desk::with(&manifest(1));
    desk.write(
        "retire.toml",
        format!(
            "version = 1\nendpoint = '{}'\ntoken-command = ['cat', 'token']\n",
            server.url
        ),
    );
    desk.write("token", SECRET);
    for word in ["no", "FALSE", "0", ""] {
        let variables = [("RETIRE_TRUST_CONFIG", word)];
        desk.run_with(&variables, &["plan"]).expect(8);
    }
    let done = desk.run_with(&[("RETIRE_TRUST_CONFIG", "maybe")], &["plan"]);
    assert!(done.expect(64).err.contains("`RETIRE_TRUST_CONFIG`"));
    for word in ["1", "true", "yes", "True"] {
        let variables = [("RETIRE_TRUST_CONFIG", word)];
        desk.run_with(&variables, &["plan"]).expect(0);
    }
    desk.run(&["apply", "--auto-approve", "--trust-config"])
        .expect(0);
    assert_eq!(server.deleted(), [id(1)]);
}

#[test]
fn the_users_own_config_counts_below_the_projects_and_may_say_all() {
    let server = willing();
    let home = Desk::new();
    home.write(
        ".config/frameio-retire/config.toml",
        format!(
            "version = 1\nendpoint = '{}'\ntoken-file = 'token'\nbatch-size = 9\n",
            server.url
        ),
    );
    home.write(".config/frameio-retire/token", SECRET);
    let desk = Desk::with(&manifest(1));
    desk.write("retire.toml", "version = 1\nbatch-size = 3\n");
    let own = home.path(".config/frameio-retire/config.toml");
    let (home_folder, xdg) = (home.path(""), home.path(".config"));
    let at_home = [("HOME", home_folder.to_str().unwrap())];
    let at_xdg = [("XDG_CONFIG_HOME", xdg.to_str().unwrap())];
    for variables in [&at_home[..], &at_xdg] {
        let done = desk.run_with(variables, &["plan", "--format", "json"]);
        let plan: Value = serde_json::from_str(&done.expect(0).out).unwrap();
        assert_eq!(plan["endpoint"], server.url);
        assert_eq!(plan["settings"]["batch_size"], 3);
    }
    let flag = [
        "plan",
        "--format",
        "json",
        "--endpoint",
        "http://127.0.0.1:9",
    ];
    let done = desk.run_with(&at_home, &flag).expect(0);
    assert!(done.out.contains("\"http://127.0.0.1:9\""), "{}", done.out);
    desk.run_with(&at_home, &["apply", "--auto-approve"])
        .expect(0);
    assert_eq!(server.deleted(), [id(1)]);
    // What the project may not say, the hint says where to say.
    desk.write(
        "retire.toml",
        "version = 1\nendpoint = 'https://x.example'\n",
    );
    let done = desk.run_with(&at_home, &["plan"]).expect(8);
    assert!(done.err.contains(own.to_str().unwrap()), "{}", done.err);
    desk.write("retire.toml", "version = 1\n");
    home.write(
        ".config/frameio-retire/config.toml",
        "version = 1\nendpont = 'x'\n",
    );
    let done = desk.run_with(&at_home, &["plan"]).expect(8);
    assert!(done.err.contains(own.to_str().unwrap()), "{}", done.err);
    // One that is there and cannot be read is not one that says nothing.
    fs::remove_file(&own).unwrap();
    for make in [
        |path: &Path| fs::create_dir(path).unwrap(),
        |path: &Path| {
            fs::remove_dir(path).unwrap();
            std::os::unix::fs::symlink("nowhere", path).unwrap();
        },
    ] {
        make(&own);
        let done = desk.run_with(&at_home, &["plan"]).expect(8);
        assert!(done.err.contains(own.to_str().unwrap()), "{}", done.err);
    }
}

#[test]
fn a_home_in_the_work_tree_is_the_projects() {
    let desk = Desk::with(&manifest(1));
    let config = "version = 1\nendpoint = 'https://evil.example'\n";
    desk.write(".config/frameio-retire/config.toml", config);
    let home = desk.path("");
    let at_home = [("HOME", home.to_str().unwrap())];
    desk.run_with(&at_home, &["plan"]).expect(0);
    desk.write(".git/HEAD", "ref: refs/heads/main\n");
    desk.run_with(&at_home, &["plan"]).expect(8);
    // A folder that is not named from the root on is nobody's home.
    desk.run_with(&[("XDG_CONFIG_HOME", ".config")], &["plan"])
        .expect(0);
}

#[test]
fn a_version_in_the_endpoint_is_left_out_with_a_word() {
    for suffix in ["/v2", "/v2/", "/v4"] {
        let server = willing();
        let url = format!("{}{suffix}", server.url);
        let desk = Desk::with(&manifest(1));
        let done = desk.run_with(&TOKEN, &["apply", "--auto-approve", "--endpoint", &url]);
        let done = done.expect(0);
        assert!(done.err.contains("is left out"), "{}", done.err);
        let asked = server.asked();
        let wrong = asked.iter().find(|one| one.line.contains("/v2/v"));
        assert!(wrong.is_none(), "{wrong:?}");
        assert_eq!(server.deleted(), [id(1)]);
        // With and without it, the server is the same.
        let state = desk.read("retire.state.json");
        assert!(state.contains(&format!("\"{}\"", server.url)), "{state}");
        let plain = [TOKEN[0], ("RETIRE_ENDPOINT", &server.url)];
        desk.run_with(&plain, &["plan"]).expect(0);
        // So it is for a state that an earlier version has written.
        let older = state.replace(&server.url, &format!("{}/v2", server.url));
        desk.write("retire.state.json", older);
        desk.run_with(&plain, &["plan"]).expect(0);
        let versioned = [TOKEN[0], ("RETIRE_ENDPOINT", &url)];
        desk.run_with(&versioned, &["plan"]).expect(0);
        let config = format!("version = 1\nendpoint = '{url}'\n");
        desk.write("retire.toml", config);
        let done = desk.run(&["plan", "--trust-config"]).expect(0);
        assert!(done.err.contains("is left out"), "{}", done.err);
    }
    let desk = Desk::with(&manifest(1));
    for wrong in ["/v2/batch/assets", "/V4", "/v2?x=hush", "/v4/accounts/"] {
        let url = format!("https://api.frame.io{wrong}");
        let done = desk.run(&["plan", "--endpoint", &url]).expect(64);
        assert!(!done.err.contains("hush"), "{}", done.err);
        desk.run_with(&[("RETIRE_ENDPOINT", &url)], &["plan"])
            .expect(64);
    }
}

#[test]
fn a_second_way_to_a_token_is_told() {
    let server = Server::new(|_| Some((403, "{}".to_owned())));
    let desk = Desk::with(&manifest(1));
    let variables = [TOKEN[0], ("FRAMEIO_CLIENT_ID", "robot-robot")];
    let arguments = ["apply", "--auto-approve", "--endpoint", &server.url];
    let done = desk.run_with(&variables, &arguments).expect(7);
    filters().bind(|| {
        insta::assert_snapshot!(done.err, @r"
        warning: the token comes from `FRAMEIO_TOKEN`, and `FRAMEIO_CLIENT_ID` is not used
        error: the server refuses the call: status 403
        ");
    });
}

#[test]
fn a_config_of_the_project_folder_is_the_projects_without_git_as_well() {
    let desk = Desk::new();
    desk.write("proj/retire.yaml", manifest(1));
    desk.write("proj/manifests/l.yaml", manifest(1));
    desk.write(
        "proj/retire.toml",
        "version = 1\ntoken-command = [\"touch\", \"ran\"]\n",
    );
    std::fs::create_dir(desk.path("o")).unwrap();
    let mut command = desk.command(&[
        "apply",
        "../proj/manifests/l.yaml",
        "--config",
        "../proj/retire.toml",
        "--auto-approve",
    ]);
    let done = command.current_dir(desk.path("o")).output().unwrap();
    let err = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(8), "{err}");
    assert!(!desk.path("o/ran").exists() && !desk.path("proj/ran").exists());
}
