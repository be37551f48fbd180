//! What people are shown, held by snapshots, and the properties behind it.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::manifest::document::{Details, Spot};
use crate::outcome::FailureKind;
use crate::plan::decide::{Decision, Recorded, Why};
use crate::plan::pin::{Compared, Difference};
use crate::plan::{Plan, Step, Totals};
use crate::render::escape::{columns, escape};
use crate::render::{counted, moment, share, thousands};

mod diff;
mod events;
mod find;
mod findings;
mod markdown;
mod names;
mod notices;
mod pages;
mod picture;
mod places;
mod progress;
mod receipt;
mod staged;
mod state;
mod summary;
mod text;

/// Text that a terminal would obey.
const HOSTILE: &str = "evil\u{1b}[2J\r\n\u{202e}cod\u{200b}\u{9b}1m \u{2028}end";

fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n << 96))
}

/// What is left of a text on a terminal when its colours are taken away.
fn without_colour(coloured: &str) -> String {
    let mut text = String::new();
    let mut rest = coloured;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        text.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    text.push_str(rest);
    text
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn step(n: u128, decision: Decision, details: Option<Details>) -> Step {
    Step {
        id: id(n),
        decision,
        details: details.map(Arc::new),
        spot: Some(Spot {
            file: 0,
            line: u32::try_from(n).unwrap(),
            column: 5,
        }),
    }
}

fn reason(text: &str) -> Details {
    Details {
        reason: Some(text.into()),
        ..Details::default()
    }
}

fn refused(attempts: u32) -> Decision {
    Decision::Retry {
        attempts,
        kind: FailureKind::Permission,
        message: "Failed to delete asset due to permission restrictions.".into(),
    }
}

fn covered(by: u128) -> Decision {
    Decision::Covered {
        by: id(by),
        alone: Box::new(Decision::Retire),
    }
}

fn drift() -> Decision {
    Decision::Drift {
        recorded: Recorded::Retired,
        at: at("2026-11-01T00:00:00Z"),
        again: None,
    }
}

/// A plan that says each thing once.
fn each_thing() -> Plan {
    let blocked = Decision::Blocked {
        attempts: 5,
        kind: FailureKind::Conflict,
        message: "Asset is locked.".into(),
    };
    let held = |until: Option<&str>| Decision::Held {
        why: Why::Hold("legal hold 2026-117".into()),
        path: None,
        until: until.map(at),
    };
    let forget = Step {
        spot: None,
        ..step(11, Decision::Forget, None)
    };
    Plan {
        steps: vec![
            step(1, Decision::Retire, None),
            step(
                2,
                Decision::Retire,
                Some(Details {
                    ticket: Some("POST-1182".into()),
                    owner: Some("dailies@studio.example".into()),
                    ..reason("superseded by v2")
                }),
            ),
            step(3, Decision::Retire, Some(reason(HOSTILE))),
            step(4, refused(1), None),
            step(
                5,
                Decision::Resolve {
                    listed: true,
                    attempts: 2,
                    with: None,
                },
                None,
            ),
            Step {
                spot: None,
                ..step(
                    6,
                    Decision::Resolve {
                        listed: false,
                        attempts: 1,
                        with: None,
                    },
                    None,
                )
            },
            step(7, blocked, Some(reason("Show wrapped"))),
            step(8, held(None), None),
            step(9, held(Some("2027-06-30T00:00:00Z")), None),
            step(
                10,
                Decision::Defer {
                    until: at("2026-12-01T00:00:00Z"),
                },
                Some(reason("grace period")),
            ),
            forget,
            step(
                12,
                Decision::Mismatch(
                    [
                        other(Compared::Filesize, "7", Some("8")),
                        other(Compared::Name, HOSTILE, None),
                    ]
                    .into(),
                ),
                None,
            ),
            step(13, Decision::Unread, None),
            step(14, drift(), None),
            step(15, covered(1), None),
        ],
        totals: Totals {
            retire: 3,
            retry: 1,
            resolve: 2,
            covered: 1,
            blocked: 1,
            defer: 1,
            held: 2,
            mismatch: 1,
            unread: 1,
            drift: 1,
            forget: 1,
            unchanged: 1_204,
            history: 7,
            files: 5,
            unmeasured: 5,
            ..Totals::default()
        },
        ..Plan::default()
    }
}

fn other(field: Compared, wanted: &str, found: Option<&str>) -> Difference {
    Difference {
        field,
        wanted: wanted.into(),
        found: found.map(Arc::from),
    }
}

#[test]
fn figures_read_well() {
    let figures = [0, 7, 999, 1_000, 12_345, 1_000_000, u64::MAX].map(thousands);
    insta::assert_snapshot!(figures.join(" "), @"0 7 999 1,000 12,345 1,000,000 18,446,744,073,709,551,615");
    assert_eq!(counted(1, "asset", "assets"), "1 asset");
    assert_eq!(counted(0, "asset", "assets"), "0 assets");
    assert_eq!(moment(at("2026-12-01T00:00:00Z")), "2026-12-01T00:00:00Z");
    assert_eq!(
        moment(at("2026-12-01T14:05:09.25Z")),
        "2026-12-01T14:05:09Z"
    );
    assert_eq!(moment(at("1969-12-31T00:00:00.5Z")), "1969-12-31T00:00:00Z");
}

#[test]
fn lines_are_shared_fairly() {
    assert_eq!(share(&[], 10), Vec::<usize>::new());
    assert_eq!(share(&[1_000, 3, 0, 1_000], 13), [5, 3, 0, 5]);
    assert_eq!(share(&[2, 3], 13), [2, 3]);
    assert_eq!(share(&[9, 9, 9], 2), [1, 1, 0]);
}

#[test]
fn what_a_terminal_would_obey_is_shown_by_its_number() {
    assert_eq!(
        escape(HOSTILE),
        "evil\\u{1b}[2J\\r\\n\\u{202e}cod\\u{200b}\\u{9b}1m \\u{2028}end"
    );
    assert_eq!(
        escape("Größe 映像 🎬 A001_C003 \\ \"q\""),
        "Größe 映像 🎬 A001_C003 \\ \"q\""
    );
    assert_eq!(columns("Größe 映像 🎬e\u{301}"), 6 + 5 + 2 + 1);
}

proptest! {
    #[test]
    fn nothing_that_is_obeyed_survives(text in any::<String>(), other in "[\u{0}-\u{a0}\u{200b}-\u{206f}\u{feff}a-c]{0,20}") {
        for text in [text, other] {
            let shown = escape(&text);
            let harmless = shown.chars().all(|shown| {
                !shown.is_control()
                    && !('\u{200b}'..='\u{200f}').contains(&shown)
                    && !('\u{2028}'..='\u{202e}').contains(&shown)
                    && !('\u{2060}'..='\u{206f}').contains(&shown)
                    && shown != '\u{feff}'
            });
            prop_assert!(harmless);
            // What needs no escape is not touched, and escaping twice changes nothing more.
            prop_assert_eq!(escape(&shown), shown.clone());
            if text.chars().all(|plain| plain.is_ascii_graphic()) {
                prop_assert_eq!(shown, text.as_str());
            }
        }
    }

    #[test]
    fn no_line_is_lost_or_shared_twice(sizes in proptest::collection::vec(0_usize..300, 0..9), lines in 0_usize..250) {
        let shares = share(&sizes, lines);
        let total: usize = shares.iter().sum();
        prop_assert_eq!(total, lines.min(sizes.iter().sum()));
        prop_assert!(shares.iter().zip(&sizes).all(|(share, size)| share <= size));
        let waiting = sizes.iter().filter(|size| **size > 0).count();
        if lines >= sizes.len() {
            prop_assert_eq!(shares.iter().filter(|share| **share > 0).count(), waiting);
        }
    }
}
