use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{HOSTILE, id};
use crate::asset::Kind;
use crate::find::filter::By;
use crate::find::sum::Order;
use crate::find::tree::Read;
use crate::find::{Protected, Query, find};
use crate::inventory::{Facts, Project};
use crate::render::Style;
use crate::render::find::{Shown, table};
use crate::render::find_data::{csv, json};
use crate::render::model::find::{self as model, FindReport};

/// An account with folders that are deep, wide, and called what no terminal should obey.
fn account() -> Read {
    let mut read = Read::default();
    let project = Project {
        name: Some("The Long Tide".into()),
        root: Some(id(1)),
        storage: Some(4_000_000_000_000),
    };
    read.inventory.projects.insert(id(9), project);
    let mut add = |own: u128, above: u128, kind: Kind, name: &str, bytes: u64| {
        let days = i64::try_from(own).unwrap() * 24;
        let facts = Facts {
            name: Some(name.into()),
            project: Some(id(9)),
            parent: Some(id(above)),
            bytes: (kind == Kind::File).then_some(bytes),
            created: Some(Timestamp::UNIX_EPOCH),
            updated: Some(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(days)),
            ..Facts::of_kind(kind)
        };
        read.inventory.around.insert(id(own), facts);
    };
    add(2, 1, Kind::Folder, "dailies of the second unit", 0);
    add(3, 2, Kind::Folder, "2026-01-12 harbour, night, rain", 0);
    add(4, 1, Kind::Folder, HOSTILE, 0);
    add(5, 1, Kind::Folder, "日报".repeat(12).as_str(), 0);
    for number in 0..3 {
        add(
            10 + number,
            3,
            Kind::File,
            &format!("A00{number}.mov"),
            73_400_320_000,
        );
    }
    add(20, 4, Kind::File, HOSTILE, 999);
    add(21, 5, Kind::File, "x.wav", 1_200_000_000_000);
    read
}

fn shown(width: Option<usize>, full: bool) -> String {
    let read = account();
    let protected = Protected {
        held: BTreeSet::from([id(20)]),
        marking: None,
    };
    let answer = find(&read, &Query::default(), &protected);
    let unread = [("The Long Tide/vfx".to_owned(), "you may not".to_owned())];
    let report = model::find(&FindReport {
        answer: &answer,
        unread: if full { &unread } else { &[] },
        by: By::Updated,
        depth: None,
        order: Order::Bytes,
        asked: "",
        now: Timestamp::UNIX_EPOCH,
    });
    let mut sink = Vec::new();
    table(&report, Shown { full, width }, Style::default(), &mut sink).unwrap();
    String::from_utf8(sink).unwrap()
}

#[test]
fn a_table_fits_its_terminal() {
    for width in [60, 100, 200] {
        let table = shown(Some(width), false);
        let longest = table.lines().map(super::columns).max();
        assert!(longest <= Some(width), "{table}");
        insta::assert_snapshot!(format!("find_at_{width}"), table);
        let full = shown(Some(width), true);
        assert!(
            full.lines().map(super::columns).max() <= Some(width),
            "{full}"
        );
        insta::assert_snapshot!(format!("find_full_at_{width}"), full);
    }
    insta::assert_snapshot!("find_full", shown(None, true));
}

#[test]
fn documents_show_what_a_terminal_would_obey_by_its_number() {
    let read = account();
    let answer = find(&read, &Query::default(), &Protected::default());
    let mut sink = Vec::new();
    json(&answer, &[], &mut sink).unwrap();
    csv(&answer, true, &mut sink).unwrap();
    let text = String::from_utf8(sink).unwrap();
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{text}");
    // Programs get the names as they are.
    let mut sink = Vec::new();
    csv(&answer, false, &mut sink).unwrap();
    assert!(String::from_utf8(sink).unwrap().contains('\u{202e}'));
}
