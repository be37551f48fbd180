//! The diff of the state's file: applied, it gives the predicted bytes.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use super::*;
use crate::event::{Provenance, RunEvent, RunInfo};
use crate::outcome::{Evidence, Outcome};
use crate::render::Style;
use crate::render::diff::{DiffView, diff};
use crate::state::format::write;
use crate::state::{Api, Failed, Record, State, Status, Target, absorb};

fn run(state: &State) -> RunInfo {
    RunInfo {
        number: state.serial + 1,
        id: Uuid::max(),
        at: at("2026-07-01T10:00:00Z"),
        provenance: Provenance {
            actor: Some("ci".to_owned()),
            ..Provenance::default()
        },
        account: Some("5f0c".to_owned()),
    }
}

fn state(runs: u64, assets: BTreeMap<AssetId, Record>) -> State {
    let mut state = State::new(
        Uuid::nil(),
        Target {
            api: Api::V2,
            endpoint: "sandbox".to_owned(),
            account: Some("5f0c".to_owned()),
        },
    );
    state.assets = assets;
    for number in 1..=runs {
        let info = RunInfo {
            number,
            id: Uuid::from_u128(number.into()),
            ..run(&state)
        };
        state.apply(number, &RunEvent::Started(info));
    }
    state
}

fn record(status: Status) -> Record {
    Record {
        status,
        run: 1,
        at: at("2026-06-01T08:00:00Z"),
    }
}

fn failed(message: &str) -> Record {
    record(Status::Failed(Box::new(Failed {
        kind: FailureKind::Permission,
        message: message.into(),
        attempts: 1,
    })))
}

fn bytes(state: &State) -> String {
    let mut bytes = Vec::new();
    write(state, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn shown(plan: &Plan, state: &State, exists: bool, style: Style) -> String {
    let view = DiffView {
        plan,
        state,
        exists,
        path: "retire.state.json",
        run: &run(state),
        escaped: false,
    };
    let mut bytes = Vec::new();
    diff(&view, style, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// What the state is if all goes well, made the plain way.
fn predicted(plan: &Plan, state: &State) -> State {
    let mut after = state.clone();
    let run = run(state);
    after.apply(run.number, &RunEvent::Started(run.clone()));
    for step in &plan.steps {
        match step.decision {
            Decision::Retire | Decision::Retry { .. } | Decision::Resolve { .. } => {
                let retired = Record {
                    status: Status::Retired(Evidence::Answer),
                    run: run.number,
                    at: run.at,
                };
                let before = after.assets.insert(step.id, retired);
                let before = before.map(|record| record.status);
                let says_again = step.details.as_ref().is_some_and(|said| said.again);
                let was_deleted = matches!(before, Some(Status::Retired(_) | Status::Gone(_)));
                if says_again || was_deleted {
                    after.again.insert(step.id, run.number);
                }
            }
            Decision::Covered { by, .. } => {
                let with = Record {
                    status: Status::Retired(Evidence::With(by)),
                    run: run.number,
                    at: run.at,
                };
                let before = after.assets.insert(step.id, with);
                let before = before.map(|record| record.status);
                let says_again = step.details.as_ref().is_some_and(|said| said.again);
                let was_deleted = matches!(before, Some(Status::Retired(_) | Status::Gone(_)));
                if says_again || was_deleted {
                    after.again.insert(step.id, run.number);
                }
            }
            Decision::Record { evidence, run: _ } => {
                let gone = Record {
                    status: Status::Gone(evidence),
                    run: run.number,
                    at: run.at,
                };
                after.assets.insert(step.id, gone);
            }
            Decision::Missing => {
                let before = after.assets.get(&step.id);
                let record = absorb(before, &Outcome::Missing, run.number, run.at);
                after.assets.insert(step.id, record);
            }
            Decision::Unstage | Decision::Forget => {
                after.assets.remove(&step.id);
            }
            Decision::Blocked { .. }
            | Decision::Defer { .. }
            | Decision::Staged { .. }
            | Decision::Held { .. }
            | Decision::Unread
            | Decision::Mismatch(_)
            | Decision::Rescued
            | Decision::Drift { .. }
            | Decision::Unreadable { .. }
            | Decision::Unchanged { .. } => {}
        }
    }
    after
}

/// Applies a diff as strictly as can be: each line stands where the heads say.
fn patched(before: &str, diff: &str) -> String {
    let before: Vec<&str> = before.lines().collect();
    let mut after: Vec<&str> = Vec::new();
    let mut passed = 0;
    let mut lines = diff.lines().skip(2).peekable();
    while let Some(head) = lines.next() {
        let figures: Vec<usize> = head
            .strip_prefix("@@ -")
            .and_then(|head| head.strip_suffix(" @@"))
            .unwrap()
            .split([',', ' '])
            .map(|figure| figure.trim_start_matches('+').parse().unwrap())
            .collect();
        let [old, old_length, new, new_length] = figures[..] else {
            panic!("{head}")
        };
        let start = old - usize::from(old_length > 0);
        assert!(start >= passed);
        after.extend(&before[passed..start]);
        passed = start;
        assert_eq!(after.len(), new - usize::from(new_length > 0));
        let (mut olds, mut news) = (0, 0);
        while let Some(line) = lines.next_if(|line| !line.starts_with("@@")) {
            let (sign, text) = line.split_at(1);
            if sign != "+" {
                assert_eq!(before[passed], text);
                passed += 1;
                olds += 1;
            }
            if sign != "-" {
                after.push(text);
                news += 1;
            }
            assert!(["+", "-", " "].contains(&sign), "{line}");
        }
        assert_eq!((olds, news), (old_length, new_length), "{head}");
    }
    after.extend(&before[passed..]);
    after.push("");
    after.join("\n")
}

fn plan_of(decisions: Vec<(u128, Decision)>) -> Plan {
    let mut totals = Totals::default();
    let steps: Vec<Step> = decisions
        .into_iter()
        .map(|(n, decision)| step(n, decision, None))
        .collect();
    for step in &steps {
        // Only whether there are changes matters to the diff.
        let total = match step.decision {
            Decision::Retire | Decision::Retry { .. } => &mut totals.retire,
            Decision::Resolve { .. } => &mut totals.resolve,
            Decision::Covered { .. } => &mut totals.covered,
            Decision::Record { .. } => &mut totals.record,
            Decision::Missing => &mut totals.missing,
            Decision::Unreadable { .. } => &mut totals.unreadable,
            Decision::Unstage => &mut totals.unstage,
            Decision::Forget => &mut totals.forget,
            Decision::Blocked { .. }
            | Decision::Defer { .. }
            | Decision::Staged { .. }
            | Decision::Held { .. }
            | Decision::Unread
            | Decision::Mismatch(_)
            | Decision::Rescued
            | Decision::Drift { .. }
            | Decision::Unchanged { .. } => &mut totals.held,
        };
        *total += 1;
    }
    Plan {
        steps,
        totals,
        ..Plan::default()
    }
}

fn resolve() -> Decision {
    Decision::Resolve {
        listed: true,
        attempts: 1,
        with: None,
    }
}

fn defer() -> Decision {
    Decision::Defer {
        until: at("2026-12-01T00:00:00Z"),
    }
}

#[test]
fn a_first_run_makes_the_file() {
    let fresh = state(0, BTreeMap::new());
    let plan = plan_of(vec![
        (1, Decision::Retire),
        (2, defer()),
        (3, Decision::Retire),
    ]);
    insta::assert_snapshot!(shown(&plan, &fresh, false, Style::default()));
}

/// Twelve known assets, of which one is retried in the middle and the last is forgotten.
fn known() -> (Plan, State) {
    let mut assets: BTreeMap<AssetId, Record> = (1..=12)
        .map(|n| (id(n), record(Status::Retired(Evidence::Earlier))))
        .collect();
    assets.insert(id(5), failed("No."));
    assets.insert(id(12), failed("映像"));
    let plan = plan_of(vec![(5, refused(1)), (12, Decision::Forget)]);
    (plan, state(2, assets))
}

#[test]
fn a_change_is_shown_with_its_context() {
    let (plan, state) = known();
    let text = shown(&plan, &state, true, Style::default());
    insta::assert_snapshot!(text);
    let coloured = shown(&plan, &state, true, Style { colour: true });
    assert_eq!(without_colour(&coloured), text);
    // What both records have is plain, and the fields that differ stand out.
    assert!(
        coloured.contains("\u{1b}[1m\u{1b}[31m\"serial\":2,"),
        "{coloured}"
    );
    assert!(coloured.contains("\u{1b}[31m\"api\":"), "{coloured}");
}

#[test]
fn a_terminal_gets_escaped_lines() {
    let (plan, mut state) = known();
    state.assets.insert(id(12), failed("映像 \u{202e}\u{9b}"));
    let view = DiffView {
        plan: &plan,
        state: &state,
        exists: true,
        path: "./my state\u{1b}.json",
        run: &run(&state),
        escaped: true,
    };
    let mut bytes = Vec::new();
    diff(&view, Style::default(), &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("--- a/my state\\u{1b}.json\t\n"), "{text}");
    // What is in the document is a JSON escape there already.
    assert!(text.contains("映像 \\u202e\\u009b"), "{text}");
}

#[test]
fn no_change_is_no_diff() {
    let (_, state) = known();
    assert_eq!(shown(&Plan::default(), &state, true, Style::default()), "");
    let kept = plan_of(vec![(40, defer())]);
    assert_eq!(shown(&kept, &state, true, Style::default()), "");
}

fn any_world() -> impl Strategy<Value = (Plan, State)> {
    let decision = prop_oneof![
        2 => Just(None),
        2 => Just(Some(Decision::Retire)),
        1 => Just(Some(refused(1))),
        1 => Just(Some(resolve())),
        1 => Just(Some(defer())),
        1 => Just(Some(Decision::Forget)),
        1 => Just(Some(Decision::Record { evidence: Evidence::Listed, run: None })),
        1 => Just(Some(Decision::Missing)),
    ];
    let known = prop_oneof![
        2 => Just(None),
        3 => Just(Some(record(Status::Retired(Evidence::Earlier)))),
        1 => ".{0,5}".prop_map(|message| Some(failed(&message))),
    ];
    (
        0_u64..12,
        proptest::collection::vec((decision, known), 0..60),
    )
        .prop_map(|(runs, rows)| {
            let (mut decisions, mut assets) = (Vec::new(), BTreeMap::new());
            for (n, (decision, known)) in (1_u128..).zip(rows) {
                decisions.extend(decision.map(|decision| (n, decision)));
                assets.extend(known.map(|known| (id(n), known)));
            }
            (plan_of(decisions), state(runs, assets))
        })
}

proptest! {
    #[test]
    fn the_diff_leads_to_the_predicted_bytes((plan, state) in any_world(), exists in any::<bool>()) {
        let before = if exists { bytes(&state) } else { String::new() };
        let text = shown(&plan, &state, exists, Style::default());
        if plan.totals.changes() == 0 {
            prop_assert_eq!(text, "");
        } else {
            prop_assert_eq!(patched(&before, &text), bytes(&predicted(&plan, &state)));
        }
    }
}

/// Hands a diff to the `patch` of this machine; `None` where there is none.
fn really_patched(before: Option<&str>, diff: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("retire.state.json");
    if let Some(before) = before {
        std::io::Write::write_all(
            &mut tempfile::NamedTempFile::new_in(folder.path())
                .and_then(|made| made.persist(&file).map_err(std::io::Error::from))
                .unwrap(),
            before.as_bytes(),
        )
        .unwrap();
    }
    let mut patch = Command::new("patch")
        .args(["-p1", "--fuzz=0", "--output=after.json"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .ok()?;
    let mut input = patch.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, diff.as_bytes()).unwrap();
    drop(input);
    assert!(patch.wait().unwrap().success());
    let cat = Command::new("cat")
        .arg(folder.path().join("after.json"))
        .output()
        .unwrap();
    Some(String::from_utf8(cat.stdout).unwrap())
}

#[test]
fn patch_takes_the_diff() {
    let (plan, known) = known();
    let text = shown(&plan, &known, true, Style::default());
    if let Some(after) = really_patched(Some(&bytes(&known)), &text) {
        assert_eq!(after, bytes(&predicted(&plan, &known)));
    }
    let fresh = state(0, BTreeMap::new());
    let plan = plan_of(vec![(1, Decision::Retire)]);
    let text = shown(&plan, &fresh, false, Style::default());
    if let Some(after) = really_patched(None, &text) {
        assert_eq!(after, bytes(&predicted(&plan, &fresh)));
    }
}
