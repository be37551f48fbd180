//! A run under limits and faults: it converges, its record is exact, and it asks for little more
//! than it must.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::limit::Limits;
use frameio_retire::sandbox::log::LoggedRequest;
use frameio_retire::sandbox::world::{World, generated_id};
use frameio_retire::sandbox::{self, Options, Sandbox, Stopwatch};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::harness::{Desk, Done};

/// A sandbox inside the test, so that its truth and its log can be looked at.
pub(crate) struct Served {
    runtime: Runtime,
    pub(crate) sandbox: Sandbox,
}

impl Served {
    pub(crate) fn new(world: World) -> Self {
        Self::timed(world, None)
    }

    /// With a stopwatch of its own.
    pub(crate) fn timed(world: World, stopwatch: Option<Stopwatch>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let options = Options {
            log: true,
            stopwatch,
            ..Options::new(Arc::new(jiff::Timestamp::now))
        };
        let sandbox = runtime.block_on(sandbox::serve(world, options)).unwrap();
        Self { runtime, sandbox }
    }

    pub(crate) fn apply(&self, desk: &Desk, more: &[&str]) -> Done {
        let url = self.sandbox.url();
        let mut arguments = vec![
            "apply",
            "--auto-approve",
            "--endpoint",
            &url,
            "--state",
            "state.json",
        ];
        arguments.extend(more);
        desk.run_with(&[("FRAMEIO_TOKEN", self.sandbox.token())], &arguments)
    }

    fn deletes(&self) -> Vec<LoggedRequest> {
        let log = self.sandbox.log().into_iter();
        log.filter(|request| request.method == "DELETE").collect()
    }

    pub(crate) fn stop(self) {
        self.runtime.block_on(self.sandbox.shut_down());
    }
}

fn listing(count: u64) -> Desk {
    let lines = (0..count).map(|number| format!("  - {}\n", generated_id(number)));
    Desk::with(&format!(
        "version: 1\nassets:\n{}",
        lines.collect::<String>()
    ))
}

#[test]
fn twenty_thousand_assets_under_faults_end_with_an_exact_record() {
    const ASSETS: u64 = 20_000;
    const BATCH: u64 = 50;
    let rules = ["429/20ms=10%", "503=5%", "drop-after=3%", "cut=2%"];
    let faults = Faults {
        seed: 7,
        rules: rules.map(|rule| rule.parse().unwrap()).to_vec(),
    };
    let world = World::generated(ASSETS)
        .with_limits(Limits::off())
        .with_faults(faults)
        .with_refusals("2%".parse().unwrap());
    let served = Served::new(world);
    let desk = listing(ASSETS);
    desk.write("retire.toml", "version = 1\n[guards]\nmax-assets = 20000\n");
    let mut runs = 0;
    loop {
        let done = served.apply(&desk, &["--concurrency", "8"]).expect(3);
        runs += 1;
        if !done.out.contains("unknown") {
            break;
        }
        assert!(runs < 6, "it does not converge:\n{}", done.out);
    }
    let state: Value = serde_json::from_str(&desk.read("state.json")).unwrap();
    let assets = state["assets"].as_object().unwrap();
    assert_eq!(assets.len() as u64, ASSETS);
    served.sandbox.with_world(|world| {
        for (id, alive) in world.assets() {
            let Some(record) = assets.get(&id.to_string()) else {
                continue; // the root folder
            };
            let expected = if world.refusal(id).is_some() {
                assert!(alive);
                "failed"
            } else {
                assert!(!alive);
                "retired"
            };
            assert_eq!(record["status"], expected, "{id}");
        }
    });

    // The least possible: each batch once; each delete that was turned away once more; and each
    // asset read once whose delete may have taken effect without an answer. What readings met is
    // not in it.
    let log = served.sandbox.log();
    let (mut turned_away, mut lost) = (0, HashSet::new());
    for request in served.deletes() {
        match request.fault.as_deref() {
            // The limit is told apart from a server that may have done it all the same.
            Some(fault) if fault.starts_with("429") => turned_away += 1,
            Some(_) => {
                turned_away += 1;
                lost.extend(request.assets);
            }
            None => {}
        }
    }
    let batches = usize::try_from(ASSETS.div_ceil(BATCH)).unwrap();
    let least = batches + turned_away + lost.len();
    assert!(
        log.len() * 10 <= least * 16,
        "{} requests, and {least} would have done ({turned_away} turned away, {} lost)",
        log.len(),
        lost.len()
    );
    served.stop();
}

#[test]
fn what_a_run_left_unknown_is_read_once() {
    const ASSETS: u64 = 30;
    let rules = (1..=3).map(|number| format!("drop-after=at:{number}@bulk_delete"));
    let faults = Faults {
        seed: 1,
        rules: rules.map(|rule| rule.parse().unwrap()).collect(),
    };
    let served = Served::new(World::generated(ASSETS).with_faults(faults));
    let desk = listing(ASSETS);
    let once = ["--canary", "0", "--retries", "0", "--batch-size", "10"];
    let done = served.apply(&desk, &once).expect(3);
    assert!(done.out.contains("30 unknown"), "{}", done.out);
    let before = served.sandbox.log().len();
    let done = served.apply(&desk, &[]).expect(0);
    assert!(done.out.contains("settled 30 assets"), "{}", done.out);
    let log = served.sandbox.log().split_off(before);
    let asked = log.iter().filter(|request| request.endpoint.is_some());
    assert!(asked.count() <= 35, "{log:?}");
    assert!(log.iter().all(|request| request.method == "GET"), "{log:?}");
    served.stop();
}

/// A sandbox's clock that runs a little fast, so that a machine that stalls now and then, and has
/// requests come in closer than they were sent, is refused nothing.
pub(crate) fn fast() -> Stopwatch {
    let start = Instant::now();
    Arc::new(move || start.elapsed() * 3 / 2)
}

#[test]
fn the_documented_pace_is_kept() {
    let limits = Limits::off().with("bulk_delete=10/2s".parse().unwrap());
    let world = World::generated(30).with_limits(limits);
    let served = Served::timed(world, Some(fast()));
    let desk = listing(30);
    served
        .apply(&desk, &["--batch-size", "1", "--canary", "0"])
        .expect(0);
    let deletes = served.deletes();
    let refused = |request: &&LoggedRequest| request.status == Some(429);
    // One to learn of the limit by, and one to spare; without pacing there would be dozens.
    assert!(deletes.iter().filter(refused).count() <= 2, "{deletes:?}");
    // One every 200 ms once the bucket is full: twenty of them take four seconds at least.
    let last = deletes.last().unwrap().at;
    assert!(last >= Duration::from_millis(3_500), "{last:?}");
    served.stop();
}

#[test]
fn a_run_ends_in_time_and_the_next_one_goes_on() {
    let limits = Limits::off().with("bulk_delete=1/30s".parse().unwrap());
    let served = Served::new(World::generated(30).with_limits(limits));
    let desk = listing(30);
    let arguments = [
        "--batch-size",
        "10",
        "--canary",
        "0",
        "--time-budget",
        "1500ms",
    ];
    let done = served.apply(&desk, &arguments).expect(9);
    assert!(
        done.out.contains("the time budget is used up"),
        "{}",
        done.out
    );
    assert!(
        done.out.contains("Nothing was sent for 20 assets"),
        "{}",
        done.out
    );
    assert!(done.out.contains("At the pace of this run"), "{}", done.out);
    let state: Value = serde_json::from_str(&desk.read("state.json")).unwrap();
    assert_eq!(state["assets"].as_object().unwrap().len(), 10);
    let plan = desk.run(&[
        "plan",
        "--offline",
        "--state",
        "state.json",
        "--endpoint",
        &served.sandbox.url(),
    ]);
    assert!(plan.out.contains("20 to retire"), "{}", plan.out);
    served.stop();
}
