//! Rows and properties of the state: what an outcome changes, and its bytes.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::asset::Kind;
use crate::inventory::{Known, Location, Mark};
use crate::outcome::{Aside, Failure, Phase};

fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n))
}

fn any_id() -> impl Strategy<Value = AssetId> {
    prop_oneof![
        3 => any::<u128>().prop_map(id),
        1 => "adobe:[-0-9A-Za-z:@'|]{1,8}".prop_map(|text| text.parse().unwrap()),
    ]
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn only_what_the_server_has_shown_vouches_for_the_account() {
    let of = |outcome: &Outcome| {
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let mut state = State::new(Uuid::nil(), target);
        let record = absorb(None, outcome, 1, at(1));
        state.assets.insert(id(1), record);
        state.vouches()
    };
    let failed = |kind| {
        let message = "No.".to_owned();
        Outcome::Failed(Failure { kind, message })
    };
    for outcome in [
        Outcome::Retired(Evidence::Answer),
        Outcome::Gone(Evidence::Read),
        Outcome::Retired(Evidence::With(id(2))),
        Outcome::Gone(Evidence::Listed),
        failed(FailureKind::Conflict),
    ] {
        assert!(of(&outcome), "{outcome:?}");
    }
    for outcome in [
        Outcome::Gone(Evidence::ByHand),
        Outcome::Missing,
        Outcome::Unknown,
        failed(FailureKind::NotFound),
        failed(FailureKind::Permission),
    ] {
        assert!(!of(&outcome), "{outcome:?}");
    }
}

fn evidence() -> impl Strategy<Value = Evidence> {
    prop_oneof![
        Just(Evidence::Answer),
        any_id().prop_map(Evidence::With),
        Just(Evidence::Read),
        Just(Evidence::Listed),
        Just(Evidence::ByHand),
    ]
}

/// A state with one record, as its document says it.
fn state_of(record: &str) -> Result<State, format::FormatError> {
    let document = format!(
        r#"{{"version":1,"lineage":"{}","serial":1,"api":"v2","endpoint":"sandbox","account":null,"runs":{{}},"assets":{{"{}":{record}}},"holds":{{}}}}"#,
        Uuid::nil(),
        id(1)
    );
    format::read(document.as_bytes())
}

#[test]
fn what_an_earlier_version_recorded_without_evidence_is_believed_only_where_nothing_is_lost_by_it()
{
    const REST: &str = r#""run":1,"at":"2026-06-01T08:00:00Z""#;
    let read = |fields: &str| {
        let state = state_of(&format!("{{{fields},{REST}}}"));
        state.map(|state| state.assets[&id(1)].status.clone())
    };
    // It is never deleted again, and says of itself that nothing shows it.
    let retired = read(r#""status":"retired""#).unwrap();
    assert_eq!(retired, Status::Retired(Evidence::Earlier));
    assert_eq!(retired.evidence(), None);
    // Such a version called gone what the server did not know.
    assert_eq!(read(r#""status":"gone""#), Ok(Status::Missing));
    for (said, evidence) in [
        (r#""answer""#.to_owned(), Evidence::Answer),
        (format!(r#"{{"with":"{}"}}"#, id(2)), Evidence::With(id(2))),
        (r#""by_hand""#.to_owned(), Evidence::ByHand),
    ] {
        let read = |status| read(&format!(r#""status":"{status}","evidence":{said}"#));
        assert_eq!(read("retired"), Ok(Status::Retired(evidence)));
        assert_eq!(read("gone"), Ok(Status::Gone(evidence)));
        assert!(read("missing").is_err(), "{said}");
    }
    for odd in [
        r#""earlier""#,
        r#""with""#,
        r#"{"with":"x"}"#,
        r#"{"answer":null,"read":null}"#,
    ] {
        assert!(
            read(&format!(r#""status":"gone","evidence":{odd}"#)).is_err(),
            "{odd}"
        );
    }
}

fn any_aside() -> impl Strategy<Value = Aside> {
    let phase = prop_oneof![
        Just(Phase::Moving),
        Just(Phase::Returning),
        Just(Phase::There),
        Just(Phase::Deleting)
    ];
    let kind = prop_oneof![
        Just(Kind::File),
        Just(Kind::Folder),
        Just(Kind::VersionStack)
    ];
    (any_id(), kind, 0_i64..2_000_000_000, phase).prop_map(|(into, asset, due, phase)| Aside {
        into,
        asset,
        due: at(due),
        phase,
        inside: None,
    })
}

fn any_state() -> impl Strategy<Value = State> {
    let deleted = (0_u64..9, 0_i64..4_000_000_000);
    let deleted = deleted.prop_map(|(run, second)| {
        Box::new(Deletion {
            run,
            at: at(second),
        })
    });
    let restored = (evidence(), any::<bool>(), proptest::option::of(deleted));
    let status = prop_oneof![
        (any_aside(), 0_u32..9)
            .prop_map(|(aside, attempts)| Status::Staged(Box::new(Staged { aside, attempts }))),
        Just(Status::Rescued),
        evidence().prop_map(Status::Retired),
        restored.prop_map(|(was, seen, deleted)| Status::Restored { was, seen, deleted }),
        Just(Status::Retired(Evidence::Earlier)),
        evidence().prop_map(Status::Gone),
        Just(Status::Missing),
        (1_u32.., ".{0,12}").prop_map(|(attempts, message)| Status::Failed(Box::new(Failed {
            kind: FailureKind::Other,
            message: message.into(),
            attempts,
        }))),
        (1_u32..).prop_map(|attempts| Status::Unknown { attempts }),
    ];
    let record =
        (status, 0_u64..9, 0_i64..4_000_000_000).prop_map(|(status, run, second)| Record {
            status,
            run,
            at: at(second),
        });
    let run = (
        any::<u128>(),
        0_i64..4_000_000_000,
        proptest::option::of(".{0,8}"),
        proptest::option::of(proptest::collection::vec(any::<u128>().prop_map(id), 0..3)),
        proptest::option::of((any::<u32>(), 0_usize..3)),
    )
        .prop_map(|(run, second, actor, removed, came)| RunRecord {
            id: Uuid::from_u128(run),
            at: at(second),
            provenance: Provenance {
                actor,
                ..Provenance::default()
            },
            change: removed.map(Change::Removed),
            released: Vec::new(),
            came: came.map(|(bytes, number)| Came {
                counts: Counts {
                    retired: number,
                    ..Counts::default()
                },
                bytes: bytes.into(),
                unmeasured: number,
            }),
        });
    (
        any::<u128>(),
        ".{0,20}",
        proptest::option::of(".{0,20}"),
        proptest::collection::btree_map(0_u64..9, run, 0..4),
        proptest::collection::btree_map(any_id(), record, 0..20),
        proptest::collection::btree_map(hold::any::subject(), hold::any::kept(), 0..4),
    )
        .prop_map(|(lineage, endpoint, account, runs, assets, holds)| State {
            catalogue: catalogue(&endpoint, &assets),
            files: files(&assets),
            marks: marks(&assets),
            kept: kept::tests::all(&assets),
            again: assets.keys().step_by(4).map(|id| (*id, 3)).collect(),
            staging: staging(&assets),
            unanswered: assets.keys().step_by(4).map(|id| (*id, *id)).collect(),
            sent: assets.keys().step_by(3).map(|id| (*id, at(7))).collect(),
            under_way: BTreeMap::new(),
            lineage: Uuid::from_u128(lineage),
            serial: 9,
            target: Target {
                api: Api::V2,
                endpoint,
                account,
            },
            runs: hold::any::with_releases(runs, &holds),
            assets,
            holds,
        })
}

/// Marks of every third asset.
fn marks(assets: &BTreeMap<AssetId, Record>) -> BTreeMap<AssetId, Mark> {
    let mark = |(place, id): (usize, &AssetId)| {
        let (field, value) = ("Retention".into(), format!("\"{place}").into());
        (*id, Mark { field, value })
    };
    let some = assets.keys().enumerate().skip(1).step_by(3);
    some.map(mark).collect()
}

/// Files of every second asset that may have some.
fn files(assets: &BTreeMap<AssetId, Record>) -> BTreeMap<AssetId, BTreeSet<AssetId>> {
    let open = assets.iter().filter(|(_, record)| match record.status {
        Status::Failed(_) | Status::Unknown { .. } | Status::Staged(_) => true,
        Status::Retired(_)
        | Status::Gone(_)
        | Status::Missing
        | Status::Restored { .. }
        | Status::Rescued => false,
    });
    let some = assets.keys().copied().take(3);
    open.step_by(2)
        .map(|(stack, _)| (*stack, some.clone().collect()))
        .collect()
}

/// A staging folder that was made, and one of which nobody knows, for every third asset.
fn staging(assets: &BTreeMap<AssetId, Record>) -> Vec<StagingFolder> {
    let some = assets.keys().step_by(3).enumerate();
    some.map(|(number, id)| StagingFolder {
        project: *id,
        name: format!("_retire \"{number}\"").into(),
        run: 3,
        root: Some(*id).filter(|_| number % 3 == 0),
        id: Some(*id).filter(|_| number % 2 == 0),
    })
    .collect()
}

/// Something of every second asset.
fn catalogue(name: &str, assets: &BTreeMap<AssetId, Record>) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for (number, id) in assets.keys().enumerate().step_by(2) {
        let location = Location {
            project: (number % 4 == 0).then(|| name.into()),
            folder: format!("{}/{name}", number / 3).into(),
        };
        let known = Known {
            name: Some(name.into()),
            location: Some(Arc::new(location)),
            parent: (number % 3 == 0).then_some(*id),
            bytes: u64::try_from(number).ok().filter(|bytes| *bytes > 3),
        };
        catalogue.insert(*id, known);
    }
    catalogue
}

fn bytes(state: &State) -> Vec<u8> {
    let mut bytes = Vec::new();
    format::write(state, &mut bytes).unwrap();
    bytes
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(state in any_state()) {
        let written = bytes(&state);
        prop_assert_eq!(format::read(&written).unwrap(), state.clone());
        // One line an asset: the head, the runs, the assets and the end, nothing else.
        let lines = written.split(|byte| *byte == b'\n').count() - 1;
        let folders = format::folders_of(state.assets.keys().copied(), &[&state.catalogue]);
        let expected = format::head_lines(&state, &folders).len()
            + state.assets.len()
            + format::tail_lines(&state).len();
        prop_assert_eq!(lines, expected);
    }

    #[test]
    fn a_cut_state_is_refused(state in any_state(), cut in any::<prop::sample::Index>()) {
        let written = bytes(&state);
        // Without its last line end it is still whole, so that byte does not count.
        let cut = cut.index(written.len() - 1);
        prop_assert!(format::read(&written[..cut]).is_err());
    }

    #[test]
    fn a_changed_byte_never_panics(
        state in any_state(), place in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let mut written = bytes(&state);
        let place = place.index(written.len());
        written[place] = byte;
        if let Err(error) = format::read(&written) {
            prop_assert!(error.line >= 1 && error.column >= 1);
        }
    }
}

fn refusal(text: &str) -> String {
    let error = format::read(text.as_bytes()).unwrap_err();
    format!("{}:{}: {}", error.line, error.column, error.message)
}

#[test]
fn nonsense_is_refused_with_its_place() {
    let head = r#"{"version":1,"lineage":"3fa85f64-5717-4562-b3fc-2c963f66afa6","serial":3,"api":"v2","endpoint":"sandbox","account":null,"runs":{},"#;
    let texts = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        r#"{"version":2}"#.to_owned(),
        r#"{"version":1,"versoin":1}"#.to_owned(),
        r#"{"version":1,"version":1}"#.to_owned(),
        format!("{head}\n\"assets\":{{}}}}"),
        format!("{head}\n\"assets\":{{\n\"x\":{{}}}},\"holds\":{{}}}}"),
        format!(
            "{head}\n\"assets\":{{}},\n\"holds\":{{\n\"3fa85f64-5717-4562-b3fc-2c963f66afa6\":{{\"reason\":\"legal\"}}}}}}"
        ),
        format!(
            "{head}\n\"assets\":{{}},\n\"holds\":{{}},\"project_holds\":{{\n\"3fa85f64-5717-4562-b3fc-2c963f66afa6\":{{\"reason\":\"legal\",\"run\":4,\"at\":\"2026-01-01T00:00:00Z\"}}}}}}"
        ),
        format!(
            "{head}\n\"assets\":{{\n\"3fa85f64-5717-4562-b3fc-2c963f66afa6\":{{\"status\":\"retierd\",\"run\":1,\"at\":\"2026-01-01T00:00:00Z\"}}}},\"holds\":{{}}}}"
        ),
        format!(
            "{head}\n\"assets\":{{\n\"3fa85f64-5717-4562-b3fc-2c963f66afa6\":{{\"status\":\"failed\",\"run\":1,\"at\":\"2026-01-01T00:00:00Z\"}}}},\"holds\":{{}}}}"
        ),
        format!(
            "{head}\n\"assets\":{{\n\"3fa85f64-5717-4562-b3fc-2c963f66afa6\":{{\"status\":\"gone\",\"run\":4,\"at\":\"2026-01-01T00:00:00Z\"}}}},\"holds\":{{}}}}"
        ),
        format!(
            "{head}\n\"assets\":{{\n\"3fa85f64-5717-4562-b3fc-2c963f66afa6\":{{\"status\":\"gone\",\"run\":1,\"at\":\"2026-01-01T00:00:00Z\"}},\n\"3FA85F64-5717-4562-b3fc-2c963f66afa6\":{{\"status\":\"gone\",\"run\":1,\"at\":\"2026-02-30T00:00:00Z\"}}}},\"holds\":{{}}}}"
        ),
        format!(
            "{head}\n\"assets\":{{\n\"3fa85f64-5717-4562-b3fc-2c963f66afa6\":{{\"status\":\"gone\",\"run\":1,\"at\":\"2026-01-01T00:00:00Z\"}},\n\"3FA85F64-5717-4562-b3fc-2c963f66afa6\":{{\"status\":\"gone\",\"run\":1,\"at\":\"2026-01-01T00:00:00Z\"}}}},\"holds\":{{}}}}"
        ),
    ];
    let refusals: Vec<String> = texts.iter().map(|text| refusal(text)).collect();
    insta::assert_snapshot!(refusals.join("\n"));
}

fn begins(number: u64) -> RunInfo {
    RunInfo {
        number,
        id: Uuid::from_u128(number.into()),
        at: at(i64::try_from(number).unwrap()),
        provenance: Provenance {
            actor: Some("ada".to_owned()),
            ..Provenance::default()
        },
        account: Some("acc".to_owned()),
    }
}

fn target(api: Api) -> Target {
    Target {
        api,
        endpoint: "https://api.example".to_owned(),
        account: None,
    }
}

/// A state that two runs made: the first confirmed 1, the second found 2 gone, had 3 refused and
/// lost the answer for 4.
fn made_by_two_runs() -> State {
    let mut state = State::new(Uuid::from_u128(9), target(Api::V2));
    let refusal = Outcome::Failed(Failure {
        kind: FailureKind::Permission,
        message: "No.".to_owned(),
    });
    for (run, outcomes) in [
        (1, vec![(id(1), Outcome::Retired(Evidence::Answer))]),
        (
            2,
            vec![
                (id(2), Outcome::Gone(Evidence::Read)),
                (id(3), refusal),
                (id(4), Outcome::Unknown),
            ],
        ),
    ] {
        state.apply(run, &RunEvent::Started(begins(run)));
        let answered = RunEvent::Answered {
            batch: 1,
            at: at(3),
            outcomes,
        };
        state.apply(run, &answered);
    }
    state
}

#[test]
fn assets_are_counted_by_where_they_stand_and_by_run() {
    let state = made_by_two_runs();
    let all = Counts {
        retired: 1,
        gone: 1,
        failed: 1,
        unknown: 1,
        missing: 0,
        restored: 0,
        staged: 0,
        rescued: 0,
    };
    assert_eq!(state.counts(), all);
    let first = Counts {
        retired: 1,
        ..Counts::default()
    };
    let second = Counts { retired: 0, ..all };
    let by_run: Vec<_> = state.counts_by_run().into_iter().collect();
    let unmeasured = |unmeasured| Deleted {
        bytes: 0,
        unmeasured,
    };
    let expected = [(1, (first, unmeasured(1))), (2, (second, unmeasured(0)))];
    assert_eq!(by_run, expected);
}

#[test]
fn a_change_by_hand_counts_as_a_run_and_says_what_it_was() {
    let mut state = made_by_two_runs();
    state.remove(&begins(3), &[id(2), id(3)]);
    assert_eq!(state.serial, 3);
    assert_eq!(state.target.account.as_deref(), Some("acc"));
    let left: Vec<AssetId> = state.assets.keys().copied().collect();
    assert_eq!(left, [id(1), id(4)]);
    let change = state.runs[&3].change.clone();
    assert_eq!(change, Some(Change::Removed(vec![id(2), id(3)])));
    assert_eq!(state.runs[&2].change, None);

    state.migrate(&begins(4), target(Api::V4));
    assert_eq!((state.serial, state.target.api), (4, Api::V4));
    assert_eq!(state.runs[&4].change, Some(Change::Migrated(Api::V2)));
    assert_eq!(state.assets.len(), 2, "history stays");
}

#[test]
fn a_state_in_conflict_is_not_joined_by_hand() {
    let error = format::read(b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> b\n").unwrap_err();
    assert!(error.hint.unwrap().starts_with("do not join"));
}
