use proptest::prelude::*;
use quick_junit::{Report, TestCaseStatus};
use uuid::Uuid;

use super::annotations::annotations;
use super::gitlab::quality;
use super::junit::junit;
use super::*;
use crate::plan::decide::{Decision, Why};
use crate::plan::{Plan, Step};
use crate::render::escape::escape;

fn check(verdict: Verdict, code: &'static str, subject: &str, number: u128) -> Check {
    Check {
        verdict,
        code,
        place: Some(Place {
            file: "manifests/a, b:c.yaml".into(),
            line: 7,
            column: 3,
        }),
        suite: "Held",
        subject: Foreign::new(subject),
        message: Foreign::new("held: claim"),
        id: Some(AssetId::from_uuid(Uuid::from_u128(number))),
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn refusals_come_first_and_the_rest_is_counted() {
    let mut checks: Vec<Check> = (0..141)
        .map(|number| check(Verdict::Kept, "held", "a.mov", number))
        .collect();
    checks.push(check(Verdict::Passed, "retire", "b.mov", 500));
    checks.push(check(Verdict::Failed, "missing", "c.mov", 501));
    checks.push(check(Verdict::Warned, "blocked", "d.mov", 502));
    checks.push(Check::of_failure(
        Foreign::new("the plan is expired"),
        Some("make a new one"),
    ));
    let text = written(|sink| annotations(&shown(checks.clone(), Names::Full), sink));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 11);
    assert_eq!(
        lines[..3],
        [
            "::error title=retire%3A refused::the plan is expired; make a new one",
            "::error file=manifests/a%2C b%3Ac.yaml,line=7,col=3,title=retire%3A missing::c.mov: held: claim",
            "::warning file=manifests/a%2C b%3Ac.yaml,line=7,col=3,title=retire%3A blocked::d.mov: held: claim",
        ]
    );
    assert_eq!(lines[10], "::notice title=retire::and 134 more");
}

#[test]
fn what_is_held_comes_before_what_waits_for_its_date() {
    let until = "2026-12-12T00:00:00Z".parse().unwrap();
    let id = |n: u128| AssetId::from_uuid(Uuid::from_u128(n));
    let step = |n, decision| Step {
        id: id(n),
        decision,
        details: None,
        spot: None,
    };
    let mut steps: Vec<Step> = (1..=12)
        .map(|n| step(n, Decision::Staged { until }))
        .collect();
    steps.push(step(13, Decision::Defer { until }));
    steps.push(step(
        14,
        Decision::Held {
            why: Why::Hold("claim".into()),
            path: None,
            until: None,
        },
    ));
    steps.push(step(15, Decision::Missing));
    steps.push(step(16, Decision::Retire));
    let plan = Plan {
        steps,
        ..Plan::default()
    };
    let checks = plan::checks(&plan, &[], &[]);
    let text = written(|sink| annotations(&shown(checks, Names::Full), sink));
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("::error title=retire%3A missing::"),
        "{text}"
    );
    assert!(
        lines[1].starts_with("::notice title=retire%3A held::"),
        "{text}"
    );
    assert!(
        lines[2].starts_with("::notice title=retire%3A staged::"),
        "{text}"
    );
    assert_eq!(lines[10], "::notice title=retire::and 5 more");
    assert_eq!(lines.len(), 11);
}

#[test]
fn equal_findings_have_fingerprints_of_their_own() {
    let same = Check {
        id: None,
        ..check(Verdict::Refused, "max-assets", "x", 1)
    };
    let moved = Check {
        place: same.place.clone().map(|place| Place { line: 99, ..place }),
        ..same.clone()
    };
    let prints = |checks: &[Check]| -> Vec<String> {
        let text =
            written(|sink| quality(&shown(checks.to_vec(), Names::Full), "retire.yaml", sink));
        let issues: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let print = |issue: &serde_json::Value| issue["fingerprint"].as_str().unwrap().to_owned();
        issues.iter().map(print).collect()
    };
    let twice = prints(&[same.clone(), same.clone()]);
    assert_ne!(twice[0], twice[1]);
    assert_eq!(
        prints(&[same]),
        prints(&[moved]),
        "a line that moves is no new finding"
    );
}

#[test]
fn what_has_no_place_stands_at_the_top_of_a_file() {
    let checks = [Check::of_failure(Foreign::new("no"), None)];
    let text = written(|sink| quality(&shown(checks.to_vec(), Names::Full), "./retire.yaml", sink));
    let issues: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(issues[0]["location"]["path"], "retire.yaml");
    assert_eq!(issues[0]["location"]["lines"]["begin"], 1);
    assert_eq!(issues[0]["severity"], "blocker");
    assert_eq!(
        written(|sink| quality(&shown(Vec::new(), Names::Full), "retire.yaml", sink)),
        "[]\n"
    );
}

proptest! {
    #[test]
    fn any_name_stays_in_its_place(name in "\\PC{0,20}[\\x00-\\x1f%:,<>&\"']{0,6}\\PC{0,8}") {
        let verdicts = [Verdict::Failed, Verdict::Kept, Verdict::Passed];
        let checks = verdicts.map(|verdict| check(verdict, "held", &name, 1));

        let text = written(|sink| annotations(&shown(checks.to_vec(), Names::Full), sink));
        prop_assert_eq!(text.lines().count(), 2, "{}", text);
        for line in text.lines() {
            // What a runner reads: the data ends with the line, and is decoded in this order.
            let data = line.splitn(3, "::").nth(2).unwrap();
            let data = data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
            prop_assert_eq!(data, format!("{}: held: claim", escape(&name)));
        }

        let text = written(|sink| junit(&shown(checks.to_vec(), Names::Full), sink));
        let report = Report::deserialize_from_str(&text).unwrap();
        let cases = &report.test_suites[0].test_cases;
        prop_assert_eq!(cases.len(), 3);
        for case in cases {
            prop_assert_eq!(case.name.as_str(), &*escape(&name), "{}", text);
        }
        let is_skipped = matches!(cases[1].status, TestCaseStatus::Skipped { .. });
        prop_assert!(is_skipped);

        let text = written(|sink| quality(&shown(checks.to_vec(), Names::Full), "retire.yaml", sink));
        let issues: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(issues.len(), 2);
        let described = format!("{}: held: claim", escape(&name));
        prop_assert_eq!(&issues[0]["description"], &described);
    }
}
