//! The plan document: its bytes, what it refuses, and the plan that it gives back.

use proptest::prelude::*;

use sha2::Digest as _;

use super::*;
use crate::asset::{AssetId, Kind};
use crate::event::Subject;
use crate::inventory::Mark;
use crate::manifest::Part;
use crate::manifest::document::{Details, MissingPolicy, Spot};
use crate::outcome::FailureKind;
use crate::plan::Step;
use crate::plan::aside::Terms;
use crate::plan::decide::{Decision, Path, Recorded, Waypoint, Why};
use crate::plan::figure::Report;
use crate::plan::forecast::{Cut, forecast};
use crate::plan::holds::PlannedHold;
use crate::plan::pin::{Compared, Difference};
use crate::plan::saved::action::Verb;

fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n))
}

fn any_id() -> impl Strategy<Value = AssetId> {
    prop_oneof![
        3 => any::<u128>().prop_map(id),
        1 => "adobe:[-0-9A-Za-z:@'|]{1,8}".prop_map(|text| text.parse().unwrap()),
    ]
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn mismatch((wanted, found): (Arc<str>, Option<Arc<str>>)) -> Decision {
    let field = Compared::Name;
    let other = Difference {
        field,
        wanted,
        found,
    };
    Decision::Mismatch([other].into())
}

pub(super) fn manifests() -> Manifests {
    let file = |path: &str, listed| SourceFile {
        path: path.into(),
        sha256: [0xab; 32],
        part: Part::All,
        listed,
    };
    Manifests {
        files: vec![file("manifests/a.yaml", 3), file("odd:name 1:2.yaml", 1)],
        ..Manifests::default()
    }
}

pub(super) fn basis() -> Basis {
    Basis {
        created_at: at(1_800_000_000),
        expires_at: at(1_800_086_400),
        tool: "0.1.0".to_owned(),
        state: StateBasis {
            path: "retire.state.json".to_owned(),
            lineage: Uuid::nil(),
            serial: 7,
            digest: Some(Sha256([0x0f; 32])),
        },
        paths: vec!["manifests".to_owned()],
        commit: Some("8e75841".to_owned()),
        marks: None,
        since: None,
        target: Target {
            api: Api::V2,
            endpoint: "https://api.frame.io".to_owned(),
            account: None,
        },
        settings: DecidingSettings {
            max_attempts: 5,
            retry_blocked: false,
            skip_mismatched: false,
            batch_size: 50,
            staging: Terms::default(),
        },
        forecast: forecast(
            &Plan {
                totals: Totals {
                    retire: 2,
                    ..Totals::default()
                },
                ..Plan::default()
            },
            Cut {
                api: Api::V2,
                batch_size: 50,
                canary: 5,
            },
        ),
        checked: Checked::in_tests(),
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let text = || ".{0,9}".prop_map(Arc::<str>::from);
    let why = || {
        prop_oneof![
            text().prop_map(Why::Hold),
            Just(Why::Deferred),
            Just(Why::Pinned),
            Just(Why::Blocked),
            Just(Why::Unread),
            Just(Why::Drift),
            Just(Why::Unrecorded),
        ]
    };
    let refusal = (any::<u32>(), text());
    let decision = prop_oneof![
        3 => Just(Decision::Retire),
        1 => refusal.clone().prop_map(|(attempts, message)| Decision::Retry {
            attempts,
            kind: FailureKind::NotFound,
            message,
        }),
        1 => refusal.prop_map(|(attempts, message)| Decision::Blocked {
            attempts,
            kind: FailureKind::Permission,
            message,
        }),
        1 => (any::<bool>(), any::<u32>())
            .prop_map(|(listed, attempts)| Decision::Resolve { listed, attempts, with: None }),
        1 => (0_i64..4_000_000_000).prop_map(|until| Decision::Defer { until: at(until) }),
        1 => (why(), proptest::option::of(0_i64..4_000_000_000), any::<bool>()).prop_map(
            |(why, until, is_around)| {
                let waypoint = |n, name: Option<&str>| Waypoint {
                    id: id(n),
                    name: name.map(Arc::from),
                };
                let path = Path(vec![waypoint(91, Some("reels")), waypoint(92, None)]);
                let is_around = is_around || !matches!(why, Why::Hold(_));
                Decision::Held {
                    why,
                    until: until.map(at),
                    path: is_around.then(|| Arc::new(path)),
                }
            },
        ),
        1 => (text(), proptest::option::of(text())).prop_map(mismatch),
        1 => Just(Decision::Unread),
        1 => (0_u128..9).prop_map(|by| Decision::Covered {
            by: id(by),
            alone: Box::new(Decision::Retire),
        }),
        1 => (0_i64..4_000_000_000).prop_map(|then| Decision::Drift {
            recorded: Recorded::Gone,
            at: at(then),
            again: (then % 2 == 0).then_some(7),
        }),
        1 => Just(Decision::Forget),
    ];
    (
        any_id(),
        decision,
        proptest::option::of(text()),
        proptest::option::of(text()),
        proptest::option::of(prop::sample::select(Kind::ALL.to_vec())),
        (0_u32..2, any::<u32>(), any::<u32>()),
    )
        .prop_map(
            |(id, decision, reason, owner, kind, (file, line, column))| {
                let unlisted = matches!(
                    decision,
                    Decision::Forget | Decision::Resolve { listed: false, .. }
                );
                let said = !unlisted && (kind.is_some() || reason.is_some() || owner.is_some());
                Step {
                    id,
                    decision,
                    details: said.then(|| {
                        Arc::new(Details {
                            kind,
                            reason,
                            owner,
                            ..Details::default()
                        })
                    }),
                    spot: (!unlisted).then_some(Spot { file, line, column }),
                }
            },
        )
}

fn any_plan() -> impl Strategy<Value = Plan> {
    (
        proptest::collection::vec(any_step(), 0..12),
        0_usize..9,
        0_usize..9,
    )
        .prop_map(|(mut steps, unchanged, history)| {
            steps.sort_by_key(|step| step.id);
            steps.dedup_by_key(|step| step.id);
            let mut totals = Totals {
                unchanged,
                history,
                ..Totals::default()
            };
            for step in &steps {
                totals.count(&step.decision);
            }
            let mut plan = Plan {
                steps,
                totals,
                ..Plan::default()
            };
            for step in &plan.steps {
                if step.kind() == Some(Kind::VersionStack) && step.decision.may_delete() {
                    plan.stacks.insert(step.id, [id(7), id(8)].into());
                }
            }
            plan
        })
}

fn bytes(document: &PlanDocument) -> Vec<u8> {
    let mut bytes = Vec::new();
    document.to_json(&mut bytes).unwrap();
    bytes
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(plan in any_plan()) {
        let document = document(&plan, &manifests(), &basis());
        let written = bytes(&document);
        let read = PlanDocument::read(&written).unwrap();
        prop_assert_eq!(&read, &document);
        prop_assert_eq!(bytes(&read), written);
        prop_assert_eq!(read.plan().unwrap(), plan);
    }

    #[test]
    fn one_changed_byte_is_found(
        plan in any_plan(), place in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let mut written = bytes(&document(&plan, &manifests(), &basis()));
        let place = place.index(written.len());
        prop_assume!(written[place] != byte);
        written[place] = byte;
        prop_assert!(PlanDocument::read(&written).is_err());
    }

    #[test]
    fn a_cut_plan_is_refused(plan in any_plan(), cut in any::<prop::sample::Index>()) {
        let written = bytes(&document(&plan, &manifests(), &basis()));
        prop_assert!(PlanDocument::read(&written[..cut.index(written.len())]).is_err());
    }
}

/// A plan of two assets.
pub(super) fn small() -> Plan {
    let listed = |n, line, decision| Step {
        id: id(n),
        decision,
        details: None,
        spot: Some(Spot {
            file: 0,
            line,
            column: 5,
        }),
    };
    Plan {
        steps: vec![
            Step {
                details: Some(Arc::new(Details {
                    reason: Some("superseded by v2".into()),
                    ticket: Some("POST-1182".into()),
                    ..Details::default()
                })),
                ..listed(1, 4, Decision::Retire)
            },
            listed(
                2,
                5,
                Decision::Retry {
                    attempts: 2,
                    kind: FailureKind::Permission,
                    message: "No.".into(),
                },
            ),
        ],
        totals: Totals {
            retire: 1,
            retry: 1,
            unchanged: 12,
            ..Totals::default()
        },
        ..Plan::default()
    }
}

#[test]
fn the_layout_is_stable() {
    let written = bytes(&document(&small(), &manifests(), &basis()));
    insta::assert_snapshot!(String::from_utf8(written).unwrap());
    let empty = bytes(&document(&Plan::default(), &Manifests::default(), &basis()));
    insta::assert_snapshot!(String::from_utf8(empty).unwrap());
}

#[test]
fn the_id_is_the_hash_of_the_compact_document_without_it() {
    let document = document(&small(), &manifests(), &basis());
    let text = serde_json::to_string(&document).unwrap();
    let without = text.replace(&format!("\"id\":\"{}\",", document.id), "");
    assert_ne!(without, text);
    let digest = Sha256(sha2::Sha256::digest(without.as_bytes()).into());
    assert_eq!(document.id, format!("sha256:{digest}"));
}

#[test]
fn nonsense_is_refused_with_its_place() {
    let written = String::from_utf8(bytes(&document(&small(), &manifests(), &basis()))).unwrap();
    let texts = [
        String::new(),
        "[]".to_owned(),
        written.replace("\"version\":3", "\"version\":4"),
        written.replace("\"version\":3", "\"version\":1"),
        written.replace("\"tool\"", "\"tolo\""),
        written.replace("\"retry\",", "\"delete\","),
        written.replace("a.yaml:4:5", "a.yaml"),
        written.replace("abab", "ABAB"),
        written.replace("superseded", "supersedes"),
        written.replace("\n\"api\"", "\"api\""),
        format!("{written}\n"),
    ];
    let refusals: Vec<String> = texts
        .iter()
        .map(|text| {
            let error = PlanDocument::read(text.as_bytes()).unwrap_err();
            if let SavedError::Format { line, column, .. } = error {
                format!("{line}:{column}: {error}")
            } else {
                format!("{error}\n  {}", error.hint())
            }
        })
        .collect();
    insta::assert_snapshot!(refusals.join("\n"));
}

/// Changes a document as somebody could who also makes its id anew.
fn forged(change: impl FnOnce(&mut PlanDocument)) -> SavedError {
    let mut document = document(&small(), &manifests(), &basis());
    change(&mut document);
    document.id = String::new();
    document.id = document.content_id();
    let read = PlanDocument::read(&bytes(&document)).unwrap();
    read.plan().unwrap_err()
}

#[test]
fn a_plan_that_this_program_does_not_make_is_refused() {
    assert_eq!(forged(|plan| plan.totals.retire = 2), SavedError::Totals);
    assert_eq!(
        forged(|plan| plan.actions.swap(0, 1)),
        SavedError::Unsorted(id(1))
    );
    let why = |change: fn(&mut Action)| match forged(|plan| change(&mut plan.actions[1])) {
        SavedError::Action { id: found, why } => {
            assert_eq!(found, id(2));
            why
        }
        other @ (SavedError::Format { .. }
        | SavedError::Older(_)
        | SavedError::WrongId { .. }
        | SavedError::Layout { .. }
        | SavedError::Unsorted(_)
        | SavedError::Totals) => panic!("{other}"),
    };
    assert_eq!(
        why(|action| action.message = None),
        "has not the fields of its action"
    );
    assert_eq!(
        why(|action| action.at = None),
        "names no manifest that lists it"
    );
    assert_eq!(
        why(|action| {
            if let Some(at) = &mut action.at {
                at.file = "else.yaml".into();
            }
        }),
        "is listed by a manifest that the plan does not name"
    );
    let forget = |action: &mut Action| {
        action.action = Verb::Forget;
        action.attempts = None;
        action.kind = None;
        action.message = None;
    };
    assert_eq!(
        why(forget),
        "is forgotten or moved back, and listed all the same"
    );
}

#[test]
fn what_a_plan_says_beside_its_actions_is_read_back() {
    let report = Report {
        at: at(1_800_000_000),
        checked: true,
        loosened: Vec::new(),
        notes: Vec::new(),
        figures: Vec::new(),
        incomplete: Vec::new(),
    };
    let hold = PlannedHold {
        held: Subject::Asset(id(3)),
        name: None,
        reason: "legal".into(),
        until: None,
        said: None,
        at: None,
        run: Some(4),
        change: None,
    };
    let mark = Mark {
        field: "Retention".into(),
        value: "Hold".into(),
    };
    let mut plan = Plan {
        guards: Some(Arc::new(report)),
        holds: vec![hold],
        only: vec!["owner=ada".parse().unwrap()],
        ..small()
    };
    plan.marks.lifted = vec![(id(1), mark)];
    (plan.totals.files, plan.totals.unmeasured) = (2, 1);
    let accepted = Some(Arc::new(Details {
        missing: Some(MissingPolicy::Accept),
        ..Details::default()
    }));
    plan.steps[1].details = accepted;
    for (checked, shelter) in [
        (Checked::in_tests(), Shelter::NotNeeded),
        (Checked::NotChecked, Shelter::NotChecked),
    ] {
        let basis = Basis { checked, ..basis() };
        let written = bytes(&document(&plan, &manifests(), &basis));
        let read = PlanDocument::read(&written).unwrap().plan().unwrap();
        let expected = Plan {
            shelter,
            ..plan.clone()
        };
        assert_eq!(read, expected);
    }
}
