//! Fields that entries must have, and what was not read.

use super::*;
use crate::plan::figure::Note;
use crate::state::{Record, Status};

#[test]
fn entries_have_the_fields_that_they_must_have() {
    let mut desk = Desk::new();
    desk.list(3, file(1, DAY)).list(4, file(1, DAY));
    let with = crate::manifest::document::Details {
        reason: Some("wrapped".into()),
        ..Default::default()
    };
    desk.list(5, file(1, DAY));
    desk.manifests.entries[2].details = Some(Arc::new(with));
    for (field, project) in [
        (EntryField::Reason, None),
        (EntryField::Reason, Some("Tide")),
        (EntryField::Owner, Some("Tide")),
        (EntryField::Ticket, Some("Other")),
    ] {
        desk.limits.required.push(Required {
            field,
            project: project.map(Arc::from),
            at: SetAt::Flag("--require".into()),
        });
    }
    let report = desk.report();
    let words: Vec<String> = report.incomplete.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "`require`: 2 entries have no `reason`, the first at retire.yaml:3:5, and --require requires it",
            "`require`: 3 entries have no `owner`, the first at retire.yaml:3:5, and --require requires it",
        ]
    );
    assert!(matches!(
        &*refusals(&desk.plan(), false),
        [Refused::Guarded(_)]
    ));
}

#[test]
fn with_v2_what_nobody_has_read_is_said_and_a_stricter_guard_refuses() {
    let mut desk = Desk::new();
    desk.inventory.asked_all = false;
    for n in 1..=3 {
        desk.list(n, file(1, 0));
        desk.inventory.assets.remove(&id(n));
    }
    let with_kind = crate::manifest::document::Details {
        kind: Some(Kind::File),
        ..Default::default()
    };
    desk.manifests.entries[2].details = Some(Arc::new(with_kind));
    assert_eq!(desk.refused(), [""; 0]);
    let unread = |desk: &Desk| {
        let report = desk.report();
        let figures = report.figures.iter();
        let figures = figures.map(|figure| (figure.guard, figure.unread));
        figures.collect::<BTreeMap<_, _>>()
    };
    // What is a file has nothing in it.
    let expected = [
        (Guard::MaxAssets, 2),
        (Guard::MaxPercent, 0),
        (Guard::MaxBytes, 3),
        (Guard::MinAge, 3),
    ];
    assert_eq!(unread(&desk), expected.into());
    desk.set(Guard::MaxBytes, None, 3_000 * GB);
    desk.set(Guard::MaxPercent, None, 1);
    assert_eq!(desk.refused(), [""; 0], "one is looser");
    desk.set(Guard::MinAge, None, 2 * 86_400);
    desk.set(Guard::MaxAssets, None, 500);
    let refused = desk.refused();
    assert_eq!(
        refused,
        [
            "`max-assets` cannot count: with v2 2 assets would go unread, and it is stricter than usual, and the limit is 500 (retire.toml:7)",
            "`min-age` cannot count: with v2 3 assets would go unread, and it is stricter than usual, and the limit is 2 days (retire.toml:7)",
        ]
    );
    // What is known counts all the same.
    desk.limits = Limits::default();
    desk.list(4, file(2_001 * GB, 0));
    assert_eq!(desk.refused().len(), 3, "{:?}", desk.refused());
    desk.set(Guard::MaxAssets, None, 3);
    assert!(desk.refused()[0].starts_with("`max-assets`: 4 files would go"));
    // With V4 all of it was asked for.
    desk.limits = Limits::default();
    desk.inventory.asked_all = true;
    desk.manifests.entries.drain(..3);
    desk.inventory.projects.clear();
    let refused = desk.refused();
    assert_eq!(refused.len(), 3, "{refused:?}");
    let words = "the server does not say how many bytes it has";
    assert!(refused[2].contains(words), "{refused:?}");
}

#[test]
fn what_is_left_out_of_a_part_counts_all_the_same() {
    let mut desk = Desk::new();
    for n in 1..=6 {
        desk.list(n, file(1, DAY));
    }
    desk.set(Guard::MaxAssets, None, 5);
    let mut plan = desk.plan();
    let only = format!("id={}", id(3)).parse().unwrap();
    let files = &desk.manifests.files;
    crate::plan::part::leave_out(&mut plan, &[only], files, Some(&desk.inventory));
    assert_eq!(plan.steps.len(), 1);
    let report = desk.look(&plan, Some(&desk.inventory));
    assert_eq!(report.refused().count(), 1);
}

#[test]
fn nothing_is_counted_where_nothing_goes_or_nothing_was_read() {
    let mut desk = Desk::new();
    assert_eq!(desk.report().figures, []);
    desk.list(1, file(1, 0));
    assert_eq!(desk.refused().len(), 1);
    let report = desk.look(&desk.plan(), None);
    assert!(!report.checked && report.is_passed() && report.figures.is_empty());
    // What is not there has neither size nor age, and lies in no project.
    desk.inventory.assets.insert(id(1), Seen::Missing);
    assert_eq!(desk.refused(), [""; 0]);
    let status = Status::Unknown { attempts: 1 };
    let record = Record {
        status,
        run: 1,
        at: at(0),
    };
    let mut state = Desk::state();
    state.assets.insert(id(1), record);
    let plan = desk.plan_with(&state);
    assert!(plan.steps[0].decision.may_delete());
    let report = desk.look(&plan, Some(&desk.inventory));
    assert!(report.is_passed(), "{report:?}");
    assert_eq!(report.figures.len(), 2, "{report:?}");
}

#[test]
fn what_does_not_count_as_it_may_be_meant_is_told() {
    let mut desk = Desk::new();
    for n in 1..=3 {
        desk.list(n, file(1, 0));
    }
    desk.set(Guard::MaxAssets, Some("TIDE"), 2);
    desk.set(Guard::MinAge, Some("tide "), 0);
    desk.set(Guard::MaxAssets, Some("Tied"), 1);
    desk.waive(Guard::MinAge, Some("Tied"), 0);
    desk.waive(Guard::MinAge, Some("tIDE"), 0);
    desk.limits.tightened.push(Limit {
        guard: Guard::MaxAssets,
        project: None,
        figure: 1001,
        at: SetAt::Flag("--max-assets".into()),
    });
    // A name in another letter case tightens, and loosens nothing.
    let refused = desk.refused();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused[0].starts_with("`min-age`: "), "{refused:?}");
    let words =
        "`max-assets`: 3 files of the project `Tide` would go, and the limit is 2 (retire.toml:7)";
    assert_eq!(refused[1], words);
    let report = desk.report();
    let notes: Vec<String> = report.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "the project is called `Tide`, not `TIDE` (retire.toml:7), which counts only where it is stricter",
            "the project is called `Tide`, not `tide ` (retire.toml:7), which counts only where it is stricter",
            "nothing goes of a project `Tied` (retire.toml:7)",
            "nothing goes of a project `Tied` (the waiver at retire.yaml:50:5)",
            "the project is called `Tide`, not `tIDE` (the waiver at retire.yaml:51:5), which counts only where it is stricter",
            "`--max-assets` never loosens: 1,001 does not count, and 1,000 does (the default)",
        ]
    );
}

#[test]
fn a_project_that_is_said_to_hold_nothing_refuses_what_goes_of_it() {
    let mut desk = Desk::new();
    desk.list(1, file(5, DAY));
    for project in desk.inventory.projects.values_mut() {
        project.storage = Some(0);
    }
    let refused = desk.refused();
    let words = "`max-percent`: 5 B of the project `Tide` would go, of which the server says that it has none, and the limit is 30 % (the default)";
    assert_eq!(refused, [words]);
}

#[test]
fn each_limit_that_is_loosened_is_told_and_one_that_another_overrides_is_not() {
    let mut desk = Desk::new();
    desk.list(1, file(1, DAY));
    desk.set(Guard::MaxAssets, None, 2000)
        .set(Guard::MaxAssets, Some("Tide"), 3000)
        .set(Guard::MinAge, Some("Tide"), 60)
        .set(Guard::MinAge, None, 3600)
        // It is what it always is, it is stricter, and it was said before.
        .set(Guard::MaxPercent, Some("Tide"), 30)
        .set(Guard::MaxBytes, None, GB)
        .set(Guard::MaxAssets, None, 4000)
        .set(Guard::MinAge, Some("Tide"), 0);
    let report = desk.report();
    let loosened = report.loosened.iter();
    let loosened: Vec<_> = loosened
        .map(|one| (one.guard, one.project.as_deref(), one.limit))
        .collect();
    assert_eq!(
        loosened,
        [
            (Guard::MaxAssets, None, 2000),
            (Guard::MaxAssets, Some("Tide"), 3000),
            (Guard::MinAge, Some("Tide"), 60),
            (Guard::MinAge, None, 3600),
        ]
    );
}

#[test]
fn a_guard_of_a_run_goes_by_what_is_set_for_all_and_by_its_waiver() {
    let mut desk = Desk::new();
    let found = |desk: &Desk, second| {
        of_run(
            Guard::Max404Percent,
            &desk.limits,
            &desk.manifests,
            at(NOW + second),
        )
    };
    assert_eq!(found(&desk, 0), 50);
    desk.set(Guard::Max404Percent, None, 20);
    assert_eq!(found(&desk, 0), 20);
    desk.waive(Guard::Max404Percent, None, 70);
    // The waiver ends after a second.
    assert_eq!((found(&desk, 0), found(&desk, 1)), (70, 20));
}

#[test]
fn a_folder_that_is_empty_lacks_no_size_and_one_that_was_not_listed_does() {
    let folder = |bytes| Facts {
        bytes,
        ..Facts {
            kind: Kind::Folder,
            ..file(0, DAY)
        }
    };
    let mut desk = Desk::new();
    desk.list(1, folder(None));
    let whole = Contents::Whole([].into());
    desk.inventory.contents.insert(id(1), whole);
    assert_eq!(desk.refused(), [""; 0]);
    // What a folder says of its own size is not that of all in it.
    let mut desk = Desk::new();
    desk.list(1, folder(Some(1)));
    let refused = desk.refused();
    let lacks = |guard: &str| refused.iter().any(|words| words.starts_with(guard));
    assert!(lacks("`max-assets` cannot count"), "{refused:?}");
    assert!(lacks("`max-bytes` cannot count"), "{refused:?}");
}

#[test]
fn more_bytes_than_can_be_counted_refuse() {
    let mut desk = Desk::new();
    desk.list(1, file(u64::MAX, DAY)).list(2, file(1, DAY));
    desk.set(Guard::MaxBytes, None, u64::MAX)
        .set(Guard::MaxPercent, None, 100);
    let refused = desk.refused();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0].starts_with("`max-bytes` cannot count"));
}

#[test]
fn what_was_deleted_meanwhile_counts_in_the_project_that_it_lay_in() {
    let mut desk = Desk::new();
    desk.list(1, file(1, DAY));
    let deleted = Seen::Deleted {
        facts: Some(file(1, DAY)),
        evidence: crate::outcome::Evidence::Read,
    };
    desk.inventory.assets.insert(id(1), deleted);
    desk.set(Guard::MaxAssets, Some("Tide"), 0);
    let record = Record {
        status: Status::Unknown { attempts: 1 },
        run: 1,
        at: at(0),
    };
    let mut state = Desk::state();
    state.assets.insert(id(1), record);
    let report = desk.look(&desk.plan_with(&state), Some(&desk.inventory));
    let refused: Vec<String> = report.refused().map(ToString::to_string).collect();
    let words =
        "`max-assets`: 1 file of the project `Tide` would go, and the limit is 0 (retire.toml:7)";
    assert_eq!(refused, [words]);
}

#[test]
fn a_waiver_that_allows_no_more_than_the_rest_is_told_and_loosens_nothing() {
    let mut desk = Desk::new();
    desk.list(1, file(1, DAY));
    desk.waive(Guard::MaxAssets, Some("Tide"), 1000)
        .waive(Guard::MaxAssets, None, 900)
        .waive(Guard::MinAge, Some("Tide"), 60)
        .waive(Guard::MinAge, None, 3600);
    let notes = |desk: &Desk| -> Vec<_> {
        let report = desk.report();
        let idle = report.notes.iter().map(|note| match note {
            Note::Idle { guard, figure, .. } => Some((*guard, *figure)),
            Note::Elsewhere { .. } | Note::Near { .. } | Note::Looser { .. } => None,
        });
        idle.collect()
    };
    let idle = [
        Some((Guard::MaxAssets, 1000)),
        Some((Guard::MaxAssets, 900)),
    ];
    assert_eq!(notes(&desk), idle);
    let report = desk.report();
    let loosened = report.loosened.iter();
    let loosened: Vec<_> = loosened.map(|one| (one.guard, one.limit)).collect();
    assert_eq!(loosened, [(Guard::MinAge, 60), (Guard::MinAge, 3600)]);
    // A project that nobody names may be the one that is meant.
    desk.inventory.projects.get_mut(&id(TIDE)).unwrap().name = None;
    assert_eq!(notes(&desk), idle[1..]);
}
