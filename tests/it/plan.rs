//! `retire plan` for other programs: `patch`, and one that reads no more.

use std::io::Write;
use std::process::{Command, Stdio};

use frameio_retire::sandbox::endpoint::Endpoint;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::{World, generated_id};

use crate::harness::{Desk, seed};
use crate::soak::Served;

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const B: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// A state in which one asset was refused and one retired.
fn known() -> String {
    format!(
        r#"{{"version":1,"lineage":"11111111-2222-4333-8444-555555555555","serial":1,"api":"v2","endpoint":"https://api.frame.io","account":null,
"runs":{{
"1":{{"id":"99999999-2222-4333-8444-555555555555","at":"2026-11-01T10:00:00Z","actor":"ana"}}
}},
"assets":{{
"{A}":{{"status":"failed","kind":"permission","message":"Not yours.","attempts":1,"run":1,"at":"2026-11-01T10:00:01Z"}},
"{B}":{{"status":"retired","run":1,"at":"2026-11-01T10:00:01Z"}}
}},
"holds":{{}}}}
"#
    )
}

fn listed(count: u32) -> String {
    let ids = (0..count).map(|number| format!("- 00000000-0000-4000-8000-{number:012}\n"));
    "version: 1\nassets:\n".to_owned() + &ids.collect::<String>()
}

#[test]
fn the_diff_is_a_patch_of_the_state() {
    for state in [None, Some(known())] {
        let desk = Desk::with(&format!(
            "version: 1\nassets:\n- {A}\n- {B}\n- 00000000-0000-4000-8000-000000000001\n"
        ));
        if let Some(state) = &state {
            desk.write("retire.state.json", state);
        }
        let diff = desk
            .run(&["plan", "--offline", "--format", "diff"])
            .expect(0)
            .out;
        let patch = Command::new("patch")
            .args(["-p1", "--quiet"])
            .current_dir(desk.path(""))
            .stdin(Stdio::piped())
            .spawn();
        let mut patch = match patch {
            Err(error) if std::env::var_os("CI").is_none() => {
                eprintln!("SKIPPED: there is no `patch` on this machine: {error}");
                return;
            }
            patch => patch.unwrap(),
        };
        patch
            .stdin
            .take()
            .unwrap()
            .write_all(diff.as_bytes())
            .unwrap();
        assert!(patch.wait().unwrap().success(), "{diff}");
        // What the patch makes is a state, with everything that was planned done.
        let done = desk
            .run(&["plan", "--offline", "--detailed-exitcode"])
            .expect(0);
        assert!(done.out.contains("Nothing to do"), "{}", done.out);
    }
}

/// `head` closes its end early; that is no failure and no panic.
#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let desk = Desk::with(&listed(20_000));
    let mut child = desk
        .command(&["plan", "--offline", "--full", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn v2_reads_by_one_list_what_is_pinned_to_one_parent() {
    let folder = generated_id(100);
    let files: Vec<String> = (0..10)
        .map(|n| {
            format!(
                "{{id: {}, name: f{n}.mov, filesize: 7000000}}",
                generated_id(n)
            )
        })
        .collect();
    let assets = format!(
        "              - {{id: {folder}, name: day 1, type: folder, children: [{}]}}\n",
        files.join(", ")
    );
    let world = Seed::parse("sandbox.yaml", &format!("limits: off\n{}", seed(&assets))).unwrap();
    let served = Served::new(World::from_seed(world));
    let listed: Vec<String> = (0..10)
        .map(|n| {
            format!(
                "  - {{id: {}, pin: {{parent: {folder}}}}}\n",
                generated_id(n)
            )
        })
        .collect();
    let desk = Desk::with(&format!("version: 1\nassets:\n{}", listed.concat()));
    let url = served.sandbox.url();
    let arguments = ["plan", "--api", "v2", "--endpoint", &url];
    let token = [("FRAMEIO_TOKEN", served.sandbox.token())];
    let plan = desk.run_with(&token, &arguments).expect(0).out;
    // Names and sizes are known by it, as if each had been read.
    assert!(plan.starts_with("No state yet"), "{plan}");
    assert!(plan.contains("10 files go, 70 MB"), "{plan}");
    assert!(plan.contains("f9.mov"), "{plan}");
    let asked: Vec<_> = served.sandbox.log();
    let asked: Vec<_> = asked.iter().filter_map(|one| one.endpoint).collect();
    assert_eq!(asked, [Endpoint::Children], "{asked:?}");
    served.stop();
}
