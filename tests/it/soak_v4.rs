//! The same for V4, which deletes one asset a call: files, folders and version stacks.

use std::collections::BTreeMap;
use std::time::Duration;

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::endpoint::Endpoint;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::limit::Limits;
use frameio_retire::sandbox::log::LoggedRequest;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::{World, generated_id};
use serde_json::Value;

use crate::harness::{Desk, seed};
use crate::soak::{Served, fast};

/// Assets of every kind, numbered, and a world that has them.
pub(crate) struct Many {
    pub(crate) manifest: String,
    assets: String,
    /// The files of each version stack.
    stacks: BTreeMap<AssetId, [AssetId; 2]>,
    pub(crate) listed: Vec<AssetId>,
}

impl Many {
    /// Of twenty assets one is a version stack, two are folders, and the rest is files, of one
    /// of which the manifest does not say so.
    pub(crate) fn new(count: u64) -> Self {
        let mut many = Self {
            manifest: "version: 1\nassets:\n".to_owned(),
            assets: String::new(),
            stacks: BTreeMap::new(),
            listed: Vec::new(),
        };
        for number in 0..count {
            let id = generated_id(number);
            let inside = [1, 2].map(|part| generated_id(number + part * 1_000_000));
            let [one, other] = inside;
            let (kind, children) = match number % 20 {
                0 => {
                    many.stacks.insert(id, inside);
                    let files = format!("[{{id: {one}, name: b}}, {{id: {other}, name: c}}]");
                    ("version_stack", files)
                }
                1..3 => ("folder", format!("[{{id: {one}, name: b}}]")),
                _ => ("file", "[]".to_owned()),
            };
            let asset = format!("{{id: {id}, name: a, type: {kind}, children: {children}}}");
            many.assets.push_str(&format!("              - {asset}\n"));
            let said = if number % 20 == 3 {
                format!("  - {id}\n")
            } else {
                format!("  - {{id: {id}, kind: {kind}}}\n")
            };
            many.manifest.push_str(&said);
            many.listed.push(id);
        }
        many
    }

    pub(crate) fn world(&self) -> World {
        World::from_seed(Seed::parse("sandbox.yaml", &self.seed()).unwrap())
    }

    /// The seed of the world.
    pub(crate) fn seed(&self) -> String {
        format!("limits: off\n{}", seed(&self.assets))
    }

    /// What an asset is made of that is deleted by itself.
    pub(crate) fn parts(&self, id: AssetId) -> Vec<AssetId> {
        let files = self.stacks.get(&id);
        files.map_or_else(|| vec![id], |files| files.to_vec())
    }
}

fn rule(text: &str) -> Faults {
    Faults {
        seed: 7,
        rules: vec![text.parse().unwrap()],
    }
}

fn records(desk: &Desk) -> Value {
    let mut state: Value = serde_json::from_str(&desk.read("state.json")).unwrap();
    state["assets"].take()
}

#[test]
fn assets_of_every_kind_under_faults_end_with_an_exact_record() {
    const ASSETS: u64 = 400;
    let many = Many::new(ASSETS);
    // What is read before the plan is shown has pauses of a second, so nothing goes wrong there:
    // each version stack is read once, and what is in it.
    let calls = "@v4_file_delete+v4_folder_delete+v4_folder_read";
    let mut rules: Vec<String> = ["429/20ms=10%", "503=5%", "drop-after=3%", "cut=2%"]
        .map(|rule| format!("{rule}{calls}"))
        .to_vec();
    for (fault, nth) in [("503", 3), ("drop-after", 7), ("cut", 11), ("429/20ms", 13)] {
        let place = many.stacks.len() + nth;
        rules.push(format!("{fault}=at:{place}@v4_stack_children"));
        rules.push(format!("{fault}=at:{place}@v4_stack_read"));
    }
    let faults = Faults {
        seed: 7,
        rules: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
    };
    let world = many.world().with_faults(faults);
    let served = Served::new(world.with_refusals("2%".parse().unwrap()));
    let desk = Desk::with(&many.manifest);
    let mut runs = 0;
    loop {
        let done = served
            .apply(&desk, &["--api", "v4", "--concurrency", "8"])
            .expect(3);
        runs += 1;
        if !done.out.contains("unknown") {
            break;
        }
        assert!(runs < 6, "it does not converge:\n{}", done.out);
    }
    let records = records(&desk);
    let (mut refused, mut beside) = (0, 0);
    served.sandbox.with_world(|world| {
        for id in &many.listed {
            let parts = many.parts(*id);
            let stays = |id: &AssetId| world.refusal(*id).is_some();
            for part in &parts {
                assert_eq!(world.is_alive(*part), stays(part), "{part} of {id}");
            }
            let fails = parts.iter().any(stays);
            refused += usize::from(fails);
            let expected = if fails { "failed" } else { "retired" };
            assert_eq!(records[id.to_string()]["status"], expected, "{id}");
            // Each file of a version stack has a record of its own.
            for part in parts.iter().filter(|part| *part != id) {
                let expected = if stays(part) { "failed" } else { "retired" };
                assert_eq!(records[part.to_string()]["status"], expected, "{part}");
                beside += 1;
            }
        }
    });
    assert_eq!(records.as_object().unwrap().len() as u64, ASSETS + beside);
    assert!(beside > 0);
    assert!(refused > 3, "{refused}");

    // The least possible: each delete once, each request that met a fault once more, and of an
    // asset whose delete took effect without an answer the two kinds that it might be instead.
    let mut log = served.sandbox.log();
    // How often folders are looked at again depends on how long the run takes.
    let looks = [Endpoint::V4FolderRead, Endpoint::V4FolderChildren];
    log.retain(|request| !request.endpoint.is_some_and(|at| looks.contains(&at)));
    let faulted = log.iter().filter(|request| request.fault.is_some()).count();
    let lost = |request: &&LoggedRequest| {
        let fault = request.fault.as_deref().unwrap_or_default();
        request.method == "DELETE" && (fault.starts_with("drop-after") || fault.starts_with("cut"))
    };
    let lost = log.iter().filter(lost).count();
    assert!(lost > 10, "{lost}");
    let deletes: usize = many.listed.iter().map(|id| many.parts(*id).len()).sum();
    // A version stack is read before the plan and in the run, and what has no kind before it.
    let reads = many.stacks.len() * 3 + many.listed.len() / 20;
    let least = deletes + reads + faulted + lost * 2 + runs * (refused + 1);
    assert!(
        log.len() * 10 <= least * 11,
        "{} requests, and {least} would have done ({faulted} faults, {lost} lost)",
        log.len(),
    );
    served.stop();
}

#[test]
fn a_rerun_of_v4_asks_who_it_is_and_nothing_else() {
    let many = Many::new(60);
    let served = Served::new(many.world());
    let desk = Desk::with(&many.manifest);
    let apply = || served.apply(&desk, &["--api", "v4"]);
    apply().expect(0);
    served.sandbox.with_world(|world| {
        for id in &many.listed {
            let gone = |part: &AssetId| !world.is_alive(*part);
            assert!(many.parts(*id).iter().all(gone), "{id}");
        }
    });
    let (before, asked) = (desk.read("state.json"), served.sandbox.log().len());
    let again = apply().expect(0);
    assert!(again.out.contains("Nothing to do"), "{}", again.out);
    let asked: Vec<_> = served.sandbox.log().split_off(asked);
    let who = [Some(Endpoint::V4Accounts), Some(Endpoint::V4Me)];
    assert!(
        asked.iter().all(|request| who.contains(&request.endpoint)),
        "{asked:?}"
    );
    assert_eq!(desk.read("state.json"), before);
    served.stop();
}

#[test]
fn the_pace_of_v4_is_kept_though_its_successes_do_not_tell_it() {
    let limits = Limits::off().with("v4_file_delete=10/2s".parse().unwrap());
    let world = World::generated(30).with_limits(limits);
    let served = Served::timed(world, Some(fast()));
    let lines = (0..30).map(|number| format!("  - {{id: {}, kind: file}}\n", generated_id(number)));
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n{}",
        lines.collect::<String>()
    ));
    served
        .apply(
            &desk,
            &["--api", "v4", "--canary", "0", "--concurrency", "1"],
        )
        .expect(0);
    let deletes: Vec<LoggedRequest> = served
        .sandbox
        .log()
        .into_iter()
        .filter(|request| request.endpoint == Some(Endpoint::V4FileDelete))
        .collect();
    // An answer of 204 has no headers, so the first refusal is the first word of the limit; one
    // more is to spare.
    let refused = deletes.iter().filter(|request| request.status == Some(429));
    assert!((1..=2).contains(&refused.count()), "{deletes:?}");
    // One every 200 ms once the bucket is full: twenty of them take four seconds at least.
    let last = deletes.last().unwrap().at;
    assert!(last >= Duration::from_millis(3_500), "{last:?}");
    served.stop();
}

#[test]
fn the_wrong_account_stops_a_run_of_v4_before_it_sends_anything() {
    let served = Served::new(World::generated(3));
    let others =
        (1_000..1_060).map(|number| format!("  - {{id: {}, kind: file}}\n", generated_id(number)));
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n{}",
        others.collect::<String>()
    ));
    let done = served.apply(&desk, &["--api", "v4"]).expect(7);
    assert!(
        done.err.contains("this is the wrong account or token"),
        "{}",
        done.err
    );
    assert!(!desk.names().contains(&"state.json".to_owned()));
    let asked = served.sandbox.log();
    assert!(asked.iter().all(|request| request.method != "DELETE"));
    served.stop();
}

#[test]
fn a_token_that_may_delete_nothing_stops_a_run_of_v4() {
    let served = Served::new(World::generated(40).with_faults(rule("403=100%@v4_file_delete")));
    let lines = (0..40).map(|number| format!("  - {{id: {}, kind: file}}\n", generated_id(number)));
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n{}",
        lines.collect::<String>()
    ));
    let done = served.apply(&desk, &["--api", "v4"]).expect(7);
    assert!(done.out.contains("403"), "{}", done.out);
    let asked = served.sandbox.log();
    let deletes = asked.iter().filter(|request| request.method == "DELETE");
    // It gives up at the sample of its breaker, and with what was under way by then.
    assert!(deletes.count() <= 20, "{asked:?}");
    served.stop();
}
