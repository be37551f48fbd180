//! Holds are found wherever the project has them.

use crate::harness::{Desk, Done};

pub(crate) const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const B: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

const C: &str = "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c01";
const D: &str = "9d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c01";

/// A manifest that lists assets.
pub(crate) fn lists(ids: &[&str]) -> String {
    format!("version: 1\nassets: [{}]\n", ids.join(", "))
}

/// A manifest that holds one asset.
pub(crate) fn holds(id: &str) -> String {
    format!("version: 1\nholds:\n- {{id: {id}, reason: legal hold}}\n")
}

/// The first line.
pub(crate) fn first(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Plans, and checks that the asset A is held and B is to go.
#[track_caller]
fn keeps_a(desk: &Desk, arguments: &[&str]) -> Done {
    let done = desk.run(&[&["plan"], arguments].concat()).expect(0);
    assert!(
        done.out.starts_with("Plan: 1 to retire · 1 held"),
        "{arguments:?}\n{}{}",
        done.out,
        done.err
    );
    done
}

#[test]
fn a_hold_file_may_be_called_in_any_letter_case_and_be_json() {
    for name in [
        "HOLDS.YAML",
        "holds.YML",
        "Holds.Yaml",
        "holds.json",
        "holds.JSON",
        "legal/2026/holds.yaml",
    ] {
        let desk = Desk::new();
        desk.write("manifests/list.yaml", lists(&[A, B]));
        let text = if name.to_lowercase().ends_with("json") {
            format!(
                "{{\n\t\"version\": 1,\n\t\"holds\": [{{\"id\": \"{A}\", \"reason\": \"legal \\u00e9\"}}]\n}}\n"
            )
        } else {
            holds(A)
        };
        desk.write(&format!("manifests/{name}"), text);
        for arguments in [&[][..], &["manifests"], &["."]] {
            keeps_a(&desk, arguments);
        }
    }
}

#[test]
fn the_usual_names_count_in_any_letter_case_and_both_places_together() {
    for (file, folder) in [
        ("retire.yaml", "manifests"),
        ("RETIRE.YAML", "Manifests"),
        ("retire.yml", "MANIFESTS"),
        ("Retire.json", "manifests"),
    ] {
        let desk = Desk::new();
        // JSON is YAML, so that the text fits each of the names.
        let text = format!("{{\"version\": 1, \"assets\": [\"{A}\", \"{B}\"]}}\n");
        desk.write(file, text);
        desk.write(&format!("{folder}/legal.yaml"), holds(A));
        keeps_a(&desk, &[]);
        let done = desk.run(&["validate"]).expect(0);
        assert_eq!(done.out, "2 manifests, 2 assets, 1 hold: no errors\n");
        assert_eq!(done.err, "");
    }
}

#[test]
fn holds_of_the_whole_project_count_for_every_path() {
    let desk = Desk::new();
    desk.write("retire.yaml", holds(A));
    desk.write("manifests/other.yaml", lists(&[A]));
    desk.write("lists/list.yaml", lists(&[A, B]));
    for arguments in [&["lists"][..], &["lists/list.yaml"], &["./lists/../lists/"]] {
        let done = keeps_a(&desk, arguments);
        assert_eq!(
            first(&done.err),
            "also read for their holds: `retire.yaml`, `manifests/other.yaml`"
        );
    }
    let piped = desk
        .run_on(lists(&[A, B]).as_bytes(), &["plan", "-"])
        .expect(0);
    assert!(
        piped.out.starts_with("Plan: 1 to retire · 1 held"),
        "{}",
        piped.out
    );
    // What is read for its holds alone is not listed, and is counted as no manifest of the list.
    let done = desk.run(&["validate", "lists"]).expect(0);
    assert_eq!(done.out, "1 manifest, 2 assets, 1 hold: no errors\n");
    let desk = Desk::new();
    desk.write("manifests/legal.yaml", holds(A));
    desk.write("manifests/list.yaml", lists(&[A, B]));
    keeps_a(&desk, &["manifests/list.yaml"]);
    let done = desk
        .run(&["apply", "--sandbox", "manifests/list.yaml"])
        .expect(0);
    assert!(done.out.contains("1 held"), "{}", done.out);
}

#[test]
fn the_project_folder_is_found_by_its_settings_or_by_the_path() {
    let desk = Desk::new();
    desk.write("studio/retire.toml", "version = 1\n");
    desk.write("studio/manifests/legal.yaml", holds(A));
    desk.write("studio/lists/list.yaml", lists(&[A, B]));
    // Without a git repository nothing above the PATH's own folder is looked at.
    let done = desk.run(&["plan", "studio/lists/list.yaml"]).expect(0);
    assert!(done.out.starts_with("Plan: 2 to retire"), "{}", done.out);
    desk.write(".git/HEAD", "ref: refs/heads/main\n");
    let done = keeps_a(&desk, &["studio/lists/list.yaml"]);
    assert_eq!(
        first(&done.err),
        "also read for their holds: `studio/manifests/legal.yaml`"
    );
    // From within, without a PATH: the project folder above is listed.
    desk.write("studio/retire.yaml", lists(&[A, B]));
    desk.write("studio/deep/er/note.txt", "");
    let mut inside = desk.command(&["plan"]);
    inside.current_dir(desk.path("studio/deep/er"));
    let out = String::from_utf8(inside.output().unwrap().stdout).unwrap();
    assert!(out.starts_with("Plan: 1 to retire · 1 held"), "{out}");
    let mut inside = desk.command(&["apply", "--sandbox", "-q"]);
    inside.current_dir(desk.path("studio/deep/er"));
    assert_eq!(inside.output().unwrap().status.code(), Some(0));
    assert!(desk.path("studio/retire.sandbox.state.json").is_file());
    // Outside of the current folder, it is the PATH's, and the one above `manifests`.
    let elsewhere = Desk::new();
    elsewhere.write("p/retire.yaml", holds(A));
    elsewhere.write("p/manifests/list.yaml", lists(&[A, B]));
    elsewhere.write("here/note.txt", "");
    for path in ["../p/manifests", "../p/manifests/list.yaml"] {
        let mut outside = elsewhere.command(&["plan", path]);
        outside.current_dir(elsewhere.path("here"));
        let output = outside.output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(out.starts_with("Plan: 1 to retire · 1 held"), "{out}");
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(first(&err), "also read for their holds: `../p/retire.yaml`");
    }
}

#[test]
fn paths_of_two_projects_are_wrong_usage() {
    let desk = Desk::new();
    for project in ["a", "b"] {
        desk.write(&format!("{project}/retire.toml"), "version = 1\n");
        desk.write(&format!("{project}/retire.yaml"), lists(&[]));
    }
    let done = desk.run(&["plan", "a", "b"]).expect(64);
    assert!(
        done.err.contains("`b` lies in the project folder"),
        "{}",
        done.err
    );
}

#[test]
fn what_could_hold_and_cannot_be_read_is_an_error() {
    for (name, text) in [
        ("typo.yaml", format!("hold:\n- {{id: {A}, reason: x}}\n")),
        (
            "typo.yaml",
            format!("version: 1\nHolds:\n- {{id: {A}, reason: x}}\n"),
        ),
        (
            "typo.json",
            format!("{{\"legal-holds\": [{{\"id\": \"{A}\"}}]}}"),
        ),
        ("asset.yml", "asset: []\nname: x\n".to_owned()),
        ("open.yaml", "holds: [\n".to_owned()),
        ("open.json", "{\"name\": ".to_owned()),
        ("merge.yaml", format!("<<<<<<< HEAD\n{}=======\n", holds(A))),
        (
            "lfs.yaml",
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\n".to_owned(),
        ),
        ("empty.yaml", String::new()),
        ("bare.yaml", format!("- id: {A}\n  reason: x\n")),
        (
            "bad-hold.yaml",
            format!("version: 1\nholds:\n- {{id: {A}}}\n"),
        ),
        (
            "later.yaml",
            format!("version: 1\nholds: []\nreleases:\n- {{id: {A}}}\n"),
        ),
    ] {
        let desk = Desk::new();
        desk.write(&format!("manifests/{name}"), text);
        desk.write("lists/list.yaml", lists(&[A]));
        desk.write("manifests/list.yaml", lists(&[B]));
        for path in ["lists", "manifests"] {
            let done = desk.run(&["plan", path]).expect(8);
            assert!(done.err.contains(name), "{name}: {}", done.err);
        }
    }
}

#[test]
fn an_id_twice_is_an_error_only_where_it_is_listed_and_a_hold_twice_always() {
    let desk = Desk::new();
    desk.write("manifests/a.yaml", lists(&[A]));
    desk.write("manifests/b.yaml", lists(&[A]));
    desk.run(&["validate"]).expect(8);
    desk.run(&["validate", "manifests/a.yaml"]).expect(0);
    desk.write("manifests/b.yaml", holds(B));
    desk.write("manifests/c.yaml", holds(B));
    let done = desk.run(&["validate", "manifests/a.yaml"]).expect(8);
    assert!(
        done.err.contains("manifests/b.yaml:3:8") && done.err.contains("manifests/c.yaml:3:8"),
        "{}",
        done.err
    );
}

#[test]
fn another_account_of_the_project_is_no_contradiction_unless_it_is_listed() {
    let desk = Desk::new();
    let of = |account: &str, id: &str| format!("version: 1\naccount: {account}\nassets: [{id}]\n");
    desk.write(
        "manifests/a.yaml",
        of("5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60", A),
    );
    desk.write(
        "manifests/b.yaml",
        of("6f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60", B),
    );
    desk.run(&["validate"]).expect(8);
    desk.run(&["validate", "manifests/b.yaml"]).expect(0);
}

#[test]
fn a_plan_names_the_moment_at_which_a_date_begins_or_ends() {
    let desk = Desk::with(&format!(
        "version: 1
assets:
- {A}
- {{id: {B}, not_before: 2090-12-01}}
- {{id: {C}, not_before: 9999-12-31}}
- {{id: {D}, not_before: 2090-12-01T10:00:00+01:00}}
holds:
- {{id: {A}, reason: legal, until: 2090-06-30}}
"
    ));
    let done = desk.run(&["plan"]).expect(0);
    for line in [
        format!("{A}  held until 2090-07-01T12:00:00Z: legal"),
        format!("{B}  until 2090-12-01T12:00:00Z"),
        format!("{C}  until 9999-12-30T22:00:00Z"),
        format!("{D}  until 2090-12-01T09:00:00Z"),
    ] {
        assert!(done.out.contains(&line), "{line}\n{}", done.out);
    }
}

#[test]
fn waivers_and_ended_holds_are_warned_of_with_their_place() {
    let desk = Desk::new();
    desk.write("manifests/list.yaml", lists(&[A]));
    desk.write(
        "manifests/legal.yaml",
        format!(
            "version: 1
holds:
- {{id: {A}, reason: legal, until: 2020-06-30}}
waivers:
- {{guard: max-assets, limit: 5000, reason: wrap, expires: 2020-12-15}}
- {{guard: min-age, limit: 1, reason: wrap, expires: 2090-12-15}}
"
        ),
    );
    for arguments in [
        &["validate"][..],
        &["plan", "manifests/list.yaml"],
        &["apply", "--sandbox", "manifests/list.yaml"],
    ] {
        let done = desk.run(arguments).expect(0);
        for line in [
            format!("warning: manifests/legal.yaml:3:8: the hold of `{A}` ended at 2020-07-01T12:00:00Z\n"),
            "warning: manifests/legal.yaml:5:11: no guard of this version reads the waiver of `max-assets`, and it expired at 2020-12-14T10:00:00Z\n".to_owned(),
            "warning: manifests/legal.yaml:6:11: no guard of this version reads the waiver of `min-age`\n".to_owned(),
        ] {
            assert!(done.err.contains(&line), "{arguments:?}: {line}\n{}", done.err);
        }
    }
}

#[cfg(unix)]
mod pipes {
    use std::process::Command;

    use super::*;

    fn pipe(desk: &Desk, name: &str) {
        let made = Command::new("mkfifo")
            .arg(desk.path(name))
            .status()
            .unwrap();
        assert!(made.success());
    }

    #[test]
    fn a_pipe_that_is_named_is_read_and_the_project_holds_beside_it() {
        let desk = Desk::with(&holds(A));
        pipe(&desk, "list.yaml");
        let path = desk.path("list.yaml");
        let writer = std::thread::spawn(move || std::fs::write(path, lists(&[A, B])).unwrap());
        keeps_a(&desk, &["list.yaml"]);
        writer.join().unwrap();
        // As shells make one for `<(…)`.
        let line = format!(
            "exec {} plan <(printf '%s' '{}')",
            env!("CARGO_BIN_EXE_retire"),
            lists(&[A, B])
        );
        let mut shell = desk.command(&[]);
        shell = {
            let mut bash = Command::new("bash");
            bash.args(["-c", &line])
                .current_dir(shell.get_current_dir().unwrap());
            bash
        };
        let output = shell.output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(out.starts_with("Plan: 1 to retire · 1 held"), "{out}");
    }

    #[test]
    fn a_pipe_that_is_found_is_refused_and_a_device_always() {
        let desk = Desk::with(&lists(&[A]));
        std::fs::create_dir(desk.path("manifests")).unwrap();
        pipe(&desk, "manifests/holds.yaml");
        for arguments in [&["plan"][..], &["plan", "retire.yaml"], &["validate", "."]] {
            let done = desk.run(arguments).expect(8);
            assert!(
                done.err.contains("`manifests/holds.yaml` is no plain file"),
                "{}",
                done.err
            );
        }
        std::fs::remove_file(desk.path("manifests/holds.yaml")).unwrap();
        // With a name that no manifest has, it is nobody's business.
        pipe(&desk, "manifests/queue");
        desk.run(&["plan"]).expect(0);
        let done = desk.run(&["plan", "/dev/null"]).expect(8);
        assert!(
            done.err.contains("neither a file nor a folder"),
            "{}",
            done.err
        );
        pipe(&desk, "sandbox.yaml");
        desk.run(&["apply", "--sandbox"]).expect(8);
        std::fs::remove_file(desk.path("sandbox.yaml")).unwrap();
        pipe(&desk, "retire.toml");
        desk.run(&["plan"]).expect(8);
    }
}
