use std::time::Duration;

use proptest::prelude::*;

use crate::sandbox::endpoint::Endpoint;
use crate::sandbox::fault::{Fault, Faults, Rule};
use crate::sandbox::schedule::{Fate, Schedule};

fn faults(seed: u64, rules: &[&str]) -> Faults {
    let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    Faults { seed, rules }
}

fn fates(schedule: &mut Schedule, count: usize) -> Vec<Fate> {
    (0..count)
        .map(|_| schedule.next(Endpoint::BulkDelete, 1))
        .collect()
}

#[test]
fn shares_add_up_and_are_met() {
    let rules = ["429=10%", "503=5%", "drop-after=3%", "cut=2%"];
    let mut schedule = Schedule::new(faults(7, &rules));
    let fates = fates(&mut schedule, 100_000);
    let share = |wanted: Fault| {
        let met = fates.iter().filter(|fate| fate.fault == Some(wanted));
        met.count()
    };
    for (fault, wanted) in [
        (Fault::Status(429, None), 10_000),
        (Fault::Status(503, None), 5_000),
        (Fault::DropAfter, 3_000),
        (Fault::Cut, 2_000),
    ] {
        let found = share(fault);
        assert!(found.abs_diff(wanted) < wanted / 10, "{fault}: {found}");
    }
}

#[test]
fn every_fault_is_written_as_it_is_read() {
    for text in [
        "503=5%",
        "429/2s=every:7",
        "page/404=first:3@bulk_delete",
        "page/410=100%",
        "odd/errors=at:1+4",
        "odd/code=1%",
        "odd/failure=1%",
        "odd/foreign=1%",
        "odd/list=1%",
        "odd/other=1%",
        "wrong-type=1%",
    ] {
        let rule: Rule = text.parse().unwrap();
        assert_eq!(rule.to_string(), text);
    }
    for wrong in ["page=1%", "page/200=1%", "page/x=1%", "odd=1%", "odd/x=1%"] {
        assert!(wrong.parse::<Rule>().is_err(), "{wrong}");
    }
}

#[test]
fn the_same_number_means_the_same_fates() {
    let of = |seed| {
        fates(
            &mut Schedule::new(faults(seed, &["503=20%", "delay/5ms=20%"])),
            500,
        )
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn places_are_counted_by_rule_and_by_endpoint() {
    let rules = [
        "503=every:3@bulk_delete",
        "429/2s=first:1@bulk_delete",
        "drop-before=at:2+3@bulk_delete+asset_delete",
        "delay/5ms=every:2",
        "delay/7ms=every:4",
    ];
    let mut schedule = Schedule::new(faults(0, &rules));
    // Calls that a rule is not about are not counted by it.
    assert_eq!(schedule.next(Endpoint::AssetRead, 1), Fate::default());
    let fates = fates(&mut schedule, 6);
    let found: Vec<Option<String>> = fates
        .iter()
        .map(|fate| fate.fault.map(|fault| fault.to_string()))
        .collect();
    let expected = [
        Some("429/2s"),
        Some("drop-before"),
        Some("503"),
        None,
        None,
        Some("503"),
    ];
    assert_eq!(found, expected.map(|text| text.map(str::to_owned)));
    let delays: Vec<u64> = fates
        .iter()
        .map(|fate| u64::try_from(fate.delay.as_millis()).unwrap())
        .collect();
    assert_eq!(delays, [5, 0, 12, 0, 5, 0]);
    assert!(fates.iter().all(|fate| fate.stall == Duration::ZERO));
}

#[test]
fn rules_are_written_as_they_are_read() {
    for text in [
        "503=5%",
        "429/2s=every:7",
        "429/500ms=first:3",
        "503/date:3s=at:1+4",
        "drop-before=0.5%",
        "drop-after=100%@bulk_delete",
        "cut=2%@bulk_delete+asset_delete",
        "garbage=12.0625%",
        "wrong-type=every:1",
        "delay/20ms=50%",
        "stall/2000ms=at:3",
        "drip/10ms=first:1",
    ] {
        assert_eq!(text.parse::<Rule>().unwrap().to_string(), text);
    }
    assert_eq!(
        "drip/1s=50.50%@bulk-delete"
            .parse::<Rule>()
            .unwrap()
            .to_string(),
        "drip/1000ms=50.5%@bulk_delete"
    );
    for wrong in [
        "",
        "503",
        "503=",
        "503=5",
        "503=-5%",
        "503=101%",
        "503=1.00001%",
        "503=every:0",
        "503=at:",
        "503=at:1+x",
        "503=last:3",
        "200=5%",
        "600=5%",
        "5xx=5%",
        "drop=5%",
        "delay=5%",
        "cut/5ms=5%",
        "429/soon=5%",
        "503=5%@",
        "503=5%@tape",
    ] {
        assert!(wrong.parse::<Rule>().is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_rule_makes_the_reader_panic(text in "[a-z0-9=@:+%./-]{0,24}") {
        if let Ok(rule) = text.parse::<Rule>() {
            prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
        }
    }
}
