//! Where `apply` did nothing, each of its reports says why, and an earlier one is not taken for it.

use std::fs;

use frameio_retire::cli::args::SchemaName;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use serde_json::Value;

use crate::harness::{Desk, Done, seed};
use crate::schemas::{fits, validator};
use crate::soak::Served;

const MANIFEST: &str = "version: 1\nassets:\n- {id: 00000000-0000-4000-8000-000000000001}\n";

const FILE: &str =
    "              - {id: 00000000-0000-4000-8000-000000000001, name: a.mov, filesize: 5000}\n";

fn served(rules: &[&str]) -> Served {
    let faults = Faults {
        seed: 1,
        rules: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
    };
    let text = format!("limits: off\n{}", seed(FILE));
    let world = World::from_seed(Seed::parse("sandbox.yaml", &text).unwrap());
    Served::new(world.with_faults(faults))
}

fn apply(served: &Served, desk: &Desk, more: &[&str]) -> Done {
    let reports = ["receipt.json", "receipt.md", "run.json", "run.md"];
    let reports = reports.iter().flat_map(|name| ["--report", name]);
    let mut command = desk.command(&["apply"]);
    command
        .args(reports)
        .args(more)
        .env("FRAMEIO_TOKEN", served.sandbox.token())
        .env("RETIRE_ENDPOINT", served.sandbox.url())
        .env("RETIRE_API", "v4");
    desk.done(&mut command)
}

#[test]
fn whatever_kept_apply_from_doing_anything_its_reports_say_it() {
    let approved = &["--auto-approve"][..];
    let soon = &["--auto-approve", "--retries", "1", "--retry-for", "1s"][..];
    // How it is done, what goes wrong, what is listed, the exit code, and what is said of it.
    let ways = [
        ("not approved", "", MANIFEST, &[][..], 4, "approve"),
        (
            "a guard",
            "",
            MANIFEST,
            &["--auto-approve", "--max-bytes", "1"],
            4,
            "max-bytes",
        ),
        (
            "a pin",
            "",
            "version: 1\nassets:\n- {id: 00000000-0000-4000-8000-000000000001, pin: {name: b.mov}}\n",
            approved,
            4,
            "differs",
        ),
        ("no right", "401=100%", MANIFEST, soon, 7, "token"),
        ("a broken server", "500=100%", MANIFEST, soon, 1, ""),
        (
            "no time",
            "delay/700ms=100%",
            MANIFEST,
            &["--auto-approve", "--time-budget", "1s"],
            9,
            "time",
        ),
        (
            "a broken manifest",
            "",
            "version: 1\nassets:\n- nope\n",
            approved,
            8,
            "",
        ),
        (
            "an id that is none",
            "",
            "version: 1\nassets:\n- {id: x}\n",
            approved,
            8,
            "",
        ),
    ];
    for (way, rule, manifest, more, code, word) in ways {
        let desk = Desk::with(MANIFEST);
        desk.write("retire.toml", "version = 1\n[guards]\nmax-percent = 100\n");
        let well = served(&[]);
        apply(&well, &desk, &["--auto-approve"]).expect(0);
        let earlier = desk.read("receipt.json");
        well.stop();
        fs::remove_file(desk.path("retire.state.json")).unwrap();
        desk.write("retire.yaml", manifest);
        let rules: Vec<&str> = Some(rule)
            .filter(|rule| !rule.is_empty())
            .into_iter()
            .collect();
        let ill = served(&rules);
        let done = apply(&ill, &desk, more);
        let said = done.transcript();
        assert_eq!(done.code, code, "{way}: {said}");
        let log = ill.sandbox.log();
        assert!(log.iter().all(|call| call.method == "GET"), "{way}");
        ill.stop();
        let receipt = desk.read("receipt.json");
        assert_ne!(receipt, earlier, "{way}");
        let receipt: Value = serde_json::from_str(&receipt).unwrap();
        fits(&validator(SchemaName::Receipt), &receipt, way);
        assert!(receipt["receipt"].is_null(), "{way}: {receipt}");
        assert_eq!(receipt["records"], Value::Array(Vec::new()), "{way}");
        let why = &receipt["not_run"];
        assert_eq!(why["command"], "apply", "{way}: {receipt}");
        let text = why["why"].as_str().unwrap();
        assert!(!text.is_empty() && text.contains(word), "{way}: {receipt}");
        let run: Value = serde_json::from_str(&desk.read("run.json")).unwrap();
        assert_eq!(&run["not_run"], why, "{way}");
        for name in ["receipt.md", "run.md"] {
            let text = desk.read(name);
            assert!(
                text.contains("`retire apply` did nothing."),
                "{way}: {text}"
            );
        }
        // The next run has its reports where these are.
        desk.write("retire.yaml", MANIFEST);
        let well = served(&[]);
        apply(&well, &desk, &["--auto-approve"]).expect(0);
        well.stop();
        let receipt: Value = serde_json::from_str(&desk.read("receipt.json")).unwrap();
        assert_eq!(receipt["receipt"]["run"], 1, "{way}: {receipt}");
        assert!(receipt.get("not_run").is_none(), "{way}");
        assert!(desk.read("run.json").starts_with("{\"run\":1,"), "{way}");
    }
}

#[test]
fn what_a_failed_plan_leaves_is_no_plan_and_replaced_by_the_next_one() {
    let desk = Desk::with("version: 1\nassets:\n- nope\n");
    let plan = ["plan", "--offline", "--report", "plan.json"];
    let names = [("RETIRE_NAMES", "full"), ("RETIRE_API", "v4")];
    desk.run_with(&names, &plan).expect(8);
    let document: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    assert_eq!(document["not_run"]["command"], "plan");
    let found = document["not_run"]["findings"].as_array().unwrap();
    assert!(!found.is_empty(), "{document}");
    let done = desk.run_with(&names, &["apply", "--sandbox", "plan.json"]);
    assert_ne!(done.code, 0, "{}", done.transcript());
    desk.write("retire.yaml", MANIFEST);
    desk.run_with(&names, &plan).expect(0);
    assert!(desk.read("plan.json").starts_with("{\"version\":"));
}
