//! Notices at the very second at which a hold or a waiver ends.

use crate::manifest::{self, Part, Source};
use crate::plan::Times;
use crate::render::notices::{Most, dated, notices, texts};
use crate::render::tests::at;

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

fn told(text: &str, now: &str) -> Vec<String> {
    let source = Source {
        path: "m.yaml".into(),
        bytes: text.as_bytes().to_vec(),
        part: Part::All,
    };
    notices(&manifest::read(&[source]).unwrap(), at(now))
}

#[test]
fn a_hold_ends_when_its_day_is_over_everywhere() {
    let text = format!("version: 1\nholds:\n- {{id: {A}, reason: r, until: 2027-06-30}}\n");
    assert_eq!(
        told(&text, "2027-07-01T11:59:59.999Z"),
        Vec::<String>::new()
    );
    let ended = format!("m.yaml:3:8: the hold of `{A}` ended at 2027-07-01T12:00:00Z");
    assert_eq!(told(&text, "2027-07-01T12:00:00Z"), [ended]);
    let exact = text.replace("2027-06-30", "2027-06-30T00:00:00Z");
    let ended = format!("m.yaml:3:8: the hold of `{A}` ended at 2027-06-30T00:00:00Z");
    assert_eq!(told(&exact, "2027-06-30T00:00:00Z"), [ended]);
    let last = text.replace("2027-06-30", "9999-12-31");
    assert_eq!(told(&last, "9999-12-30T00:00:00Z"), Vec::<String>::new());
}

#[test]
fn a_waiver_is_told_once_it_has_expired() {
    let text =
        "version: 1\nwaivers:\n- {guard: max-assets, limit: 5, reason: r, expires: 2026-12-15}\n";
    assert_eq!(told(text, "2026-12-14T09:59:59Z"), Vec::<String>::new());
    let expired = "m.yaml:3:11: the waiver of `max-assets` expired at 2026-12-14T10:00:00Z";
    assert_eq!(told(text, "2026-12-14T10:00:00Z"), [expired]);
}

#[test]
fn a_hundred_notices_are_told_in_part() {
    let hold = |number: u128| {
        let id = uuid::Uuid::from_u128(number + 1);
        format!("- {{id: {id}, reason: r, until: 2020-01-01}}\n")
    };
    let text = format!(
        "version: 1\nholds:\n{}",
        (0..100).map(hold).collect::<String>()
    );
    let told = told(&text, "2026-01-01T00:00:00Z");
    assert_eq!(told.len(), 21);
    assert_eq!(told[20], "80 more notices like these");
    let source = Source {
        path: "m.yaml".into(),
        bytes: text.into_bytes(),
        part: Part::All,
    };
    let manifests = manifest::read(&[source]).unwrap();
    let times = Times::of(at("2026-01-01T00:00:00Z"));
    let few = dated(&manifests, times, Most::Few);
    assert_eq!(few[..3], told[..3]);
    assert_eq!(few[3..], ["97 more notices like these; `--full` shows all"]);
    assert_eq!(dated(&manifests, times, Most::All).len(), 100);
}

#[test]
fn a_hold_ends_by_the_earlier_clock_and_a_waiver_by_the_later() {
    let text = format!(
        "version: 1\nassets:\n- {{id: {A}, not_before: 2026-12-10T00:00:00Z}}\nholds:\n- {{id: {A}, reason: see, until: 2026-12-10T00:00:00Z}}\nwaivers:\n- {{guard: max-assets, limit: 5, reason: r, expires: 2026-12-10T00:00:00Z}}\n"
    );
    let source = Source {
        path: "m.yaml".into(),
        bytes: text.into_bytes(),
        part: Part::All,
    };
    let manifests = manifest::read(&[source]).unwrap();
    let told = |earlier, later| {
        dated(
            &manifests,
            Times {
                earlier: at(earlier),
                later: at(later),
            },
            Most::All,
        )
    };
    let (before, after) = ("2026-12-09T00:00:00Z", "2026-12-11T00:00:00Z");
    assert_eq!(told(before, before), Vec::<String>::new());
    let apart = told(before, after);
    assert!(apart.len() == 1 && apart[0].contains("waiver"), "{apart:?}");
    assert_eq!(told(after, after).len(), 3);
    assert_eq!(texts(&manifests, Most::All), Vec::<String>::new());
}
