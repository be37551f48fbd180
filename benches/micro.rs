//! The parts of a run by themselves: parse, plan, state, journal, diff.
#![expect(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use std::fmt::Write as _;
use std::io;

use divan::{Bencher, black_box, counter::ItemsCount};
use frameio_retire::asset::AssetId;
use frameio_retire::event::{Provenance, RunEvent, RunInfo, Task};
use frameio_retire::manifest::document::Manifests;
use frameio_retire::manifest::{self, Part, Source};
use frameio_retire::outcome::{Evidence, Outcome};
use frameio_retire::plan::decide::Rules;
use frameio_retire::plan::{self, Inputs, Plan};
use frameio_retire::render::Style;
use frameio_retire::render::diff::{self, DiffView};
use frameio_retire::state::{Api, Record, State, Status, Target, format};
use frameio_retire::store::Session;
use frameio_retire::store::file::FileStore;
use jiff::Timestamp;
use uuid::Uuid;

/// How many assets each benchmark works on.
const SIZES: [usize; 2] = [1_000, 100_000];

fn main() {
    divan::main();
}

/// The id of the nth asset, spread over all ids.
fn id(number: usize) -> AssetId {
    let spread = (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    AssetId::parse(&Uuid::from_u128(spread).to_string()).unwrap()
}

fn manifest(count: usize, full: bool) -> Source {
    let mut text = String::from("version: 1\nassets:\n");
    for number in 0..count {
        if full {
            writeln!(
                text,
                "  - id: {}\n    reason: superseded by v2\n    ticket: POST-{number}",
                id(number)
            )
            .unwrap();
        } else {
            writeln!(text, "  - {}", id(number)).unwrap();
        }
    }
    Source {
        path: "retire.yaml".into(),
        bytes: text.into_bytes(),
        part: Part::All,
    }
}

fn manifests(count: usize) -> Manifests {
    manifest::read(&[manifest(count, false)]).unwrap()
}

fn state(count: usize) -> State {
    let target = Target {
        api: Api::V2,
        endpoint: "sandbox".to_owned(),
        account: None,
    };
    let mut state = State::new(Uuid::from_u128(1), target);
    state.serial = 1;
    state.assets = (0..count)
        .map(|number| {
            let record = Record {
                status: Status::Retired(Evidence::Answer),
                run: 1,
                at: Timestamp::UNIX_EPOCH,
            };
            (id(number), record)
        })
        .collect();
    state
}

fn planned(manifests: &Manifests, state: &State) -> Plan {
    plan::make(Inputs {
        manifests,
        state,
        inventory: None,
        check_retired: false,
        rules: Rules::default(),
        now: Timestamp::UNIX_EPOCH,
    })
}

fn info() -> RunInfo {
    RunInfo {
        number: 2,
        id: Uuid::from_u128(2),
        at: Timestamp::UNIX_EPOCH,
        provenance: Provenance::default(),
        account: None,
    }
}

#[divan::bench(args = SIZES)]
fn parse_bare_ids(bencher: Bencher<'_, '_>, count: usize) {
    let source = [manifest(count, false)];
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| manifest::read(black_box(&source)).unwrap());
}

#[divan::bench(args = SIZES)]
fn parse_full_entries(bencher: Bencher<'_, '_>, count: usize) {
    let source = [manifest(count, true)];
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| manifest::read(black_box(&source)).unwrap());
}

#[divan::bench(args = SIZES)]
fn plan_listed_against_known(bencher: Bencher<'_, '_>, count: usize) {
    let (manifests, state) = (manifests(count), state(count));
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| planned(black_box(&manifests), black_box(&state)));
}

#[divan::bench(args = SIZES)]
fn load_state(bencher: Bencher<'_, '_>, count: usize) {
    let mut bytes = Vec::new();
    format::write(&state(count), &mut bytes).unwrap();
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| format::read(black_box(&bytes)).unwrap());
}

#[divan::bench(args = SIZES)]
fn save_state(bencher: Bencher<'_, '_>, count: usize) {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(&folder.path().join("state.json"));
    let (mut session, _) = store.open("benchmark").unwrap();
    let state = state(count);
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| session.replace(black_box(&state)).unwrap());
}

/// One intent and one outcome of 500 assets, each synced.
#[divan::bench]
fn journal_a_batch_of_500(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(&folder.path().join("state.json"));
    let (mut session, _) = store.open("benchmark").unwrap();
    session.begin(&state(0));
    session.append(&[RunEvent::Started(info())]).unwrap();
    let ids: Vec<AssetId> = (0..500).map(id).collect();
    let intent = [RunEvent::Intent {
        at: None,
        stack: None,
        with: [].into(),
        batch: 1,
        task: Task::Delete,
        ids: ids.clone().into(),
    }];
    let outcome = [RunEvent::Answered {
        batch: 1,
        at: Timestamp::UNIX_EPOCH,
        outcomes: ids
            .into_iter()
            .map(|id| (id, Outcome::Retired(Evidence::Answer)))
            .collect(),
    }];
    bencher.counter(ItemsCount::new(500_usize)).bench_local(|| {
        session.append(black_box(&intent)).unwrap();
        session.append(black_box(&outcome)).unwrap();
    });
}

#[divan::bench(args = SIZES)]
fn diff_of_everything(bencher: Bencher<'_, '_>, count: usize) {
    let state = state(0);
    let plan = planned(&manifests(count), &state);
    let run = info();
    let view = DiffView {
        plan: &plan,
        state: &state,
        exists: true,
        path: "retire.state.json",
        run: &run,
        escaped: false,
    };
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| diff::diff(black_box(&view), Style::default(), &mut io::sink()).unwrap());
}
