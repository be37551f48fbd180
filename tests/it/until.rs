//! Until when a run can be taken back, by a clock that is this machine's.
#![cfg(unix)]

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::harness::Desk;

const STATE: &str = "retire.state.json";

/// A state whose one run deleted something so many hours ago.
fn desk(hours: i64) -> Desk {
    let at = Timestamp::now() - SignedDuration::from_hours(hours);
    let lineage = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";
    let asset = "8d1f0c52-6a3b-4c7e-9f21-000000000100";
    let run = format!(
        r#"{{"id":"{lineage}","at":"{at}","actor":null,"commit":null,"ci":null,"plan":null}}"#
    );
    let record = format!(r#"{{"status":"retired","evidence":"answer","run":1,"at":"{at}"}}"#);
    let desk = Desk::new();
    desk.write(
        STATE,
        format!(
            "{{\"version\":1,\"lineage\":\"{lineage}\",\"serial\":1,\"api\":\"v4\",\"endpoint\":\"https://api.frame.io\",\"account\":null,\n\"runs\":{{\"1\":{run}}},\n\"assets\":{{\"{asset}\":{record}}},\n\"holds\":{{}}}}\n"
        ),
    );
    desk
}

#[test]
fn a_run_is_warned_of_in_its_last_three_days_and_not_after_them() {
    for (hours, said, warned) in [
        (24, "restorable until ", false),
        (28 * 24, "restorable for 47 hours more, until ", true),
        (
            30 * 24 + 1,
            "no longer restorable: its 30 days were over at ",
            false,
        ),
    ] {
        let desk = desk(hours);
        let text = desk.run(&["state", "history", STATE]).expect(0);
        assert!(text.out.contains(said), "{}", text.transcript());
        let json = desk.run(&["state", "history", STATE, "--format", "json"]);
        for done in [&text, &json] {
            let is_warned = done
                .err
                .contains("warning: run 1 is restorable for 47 hours more");
            assert_eq!(is_warned, warned, "{}", done.transcript());
        }
        let runs: Value = serde_json::from_str(&json.expect(0).out).unwrap();
        let until = runs[0]["restorable_until"].as_str().unwrap();
        let until: Timestamp = until.parse().unwrap();
        let left = until.duration_since(Timestamp::now()).as_hours();
        assert!(
            (30 * 24 - hours - 1..=30 * 24 - hours).contains(&left),
            "{until}"
        );
    }
}
