//! What goes along with what, and what does not.

use super::tree::Tree;
use super::*;
use crate::plan::saved;

/// A folder (2) with a folder (3), a version stack (4) with a file (5), and files (6, 7); 8 lies
/// beside it.
fn tree() -> Tree {
    let kinds = [
        Kind::Folder,
        Kind::Folder,
        Kind::Folder,
        Kind::Folder,
        Kind::VersionStack,
        Kind::File,
        Kind::File,
        Kind::File,
    ];
    let mut tree = Tree {
        kinds: kinds.to_vec(),
        parents: vec![0, 0, 0, 2, 2, 4, 2, 3],
        bytes: vec![1; 8],
        gone: BTreeSet::new(),
    };
    tree.kinds.resize(14, Kind::File);
    tree.parents.resize(14, 0);
    tree.bytes.resize(14, 1);
    tree
}

struct Row<'row> {
    listed: &'row [u128],
    deferred: Option<u128>,
    held: Option<u128>,
    statuses: &'row [(u128, Status)],
    api: Api,
}

const ROW: Row<'static> = Row {
    listed: &[],
    deferred: None,
    held: None,
    statuses: &[],
    api: Api::V4,
};

fn planned(row: &Row<'_>) -> (Plan, Approved) {
    let mut plan = made(row);
    plan.cover(row.api);
    let approved = approve(&plan, Consent::Auto, true).unwrap();
    (plan, approved)
}

fn made(row: &Row<'_>) -> Plan {
    let tree = tree();
    let entries = row.listed.iter().map(|n| {
        let until = (row.deferred == Some(*n)).then(|| at(NOW + 1));
        let details = until.map(|until| Details {
            not_before: Some(until),
            ..Details::default()
        });
        entry(*n, details)
    });
    let manifests = Manifests {
        entries: entries.collect(),
        holds: row
            .held
            .map(|n| Hold {
                id: id(n),
                spot: SPOT,
                reason: "legal".into(),
                until: None,
            })
            .into_iter()
            .collect(),
        ..Manifests::default()
    };
    let mut state = empty_state();
    state.target.api = row.api;
    for (n, status) in row.statuses {
        state.assets.insert(id(*n), record(status.clone()));
    }
    let none = BTreeSet::new();
    let mut read = tree.read(row.listed, &none, &none);
    if let Some(places) = &mut read.places {
        places.held = row.held.map(|n| (id(n), true)).into_iter().collect();
    }
    plan_seen(&manifests, &state, &read)
}

/// What is covered, and by what; and what has a delete of its own.
fn covered(row: &Row<'_>) -> (Vec<(u128, u128)>, Vec<u128>) {
    let (plan, approved) = planned(row);
    let number = |id: &AssetId| (0..14).find(|n| super::id(*n) == *id).unwrap();
    let steps = plan.steps.iter();
    let covered = steps.filter_map(|step| {
        let Decision::Covered { by, .. } = &step.decision else {
            return None;
        };
        Some((number(&step.id), number(by)))
    });
    (
        covered.collect(),
        approved.delete().iter().map(number).collect(),
    )
}

#[test]
fn each_row_of_what_goes_along() {
    let all = [2, 3, 4, 5, 6, 7, 8];
    let whole = Row {
        listed: &all,
        ..ROW
    };
    let by_2 = [3, 4, 5, 6, 7].map(|n| (n, 2)).to_vec();
    assert_eq!(covered(&whole), (by_2.clone(), vec![2, 8]));
    // Only what is listed has something to say.
    let row = Row {
        listed: &[2, 7],
        ..ROW
    };
    assert_eq!(covered(&row), (vec![(7, 2)], vec![2]));
    let row = Row {
        listed: &[4, 5, 6],
        ..ROW
    };
    assert_eq!(covered(&row), (vec![(5, 4)], vec![4, 6]), "a version");
    // What is protected keeps what it lies in, and all else goes as before.
    for (held, expected) in [
        (6, (vec![(5, 4), (7, 3)], vec![3, 4, 8])),
        (7, (vec![(5, 4)], vec![4, 6, 8])),
        (3, (vec![(5, 4)], vec![4, 6, 8])),
        (8, (by_2.clone(), vec![2])),
    ] {
        let row = Row {
            held: Some(held),
            ..whole
        };
        assert_eq!(covered(&row), expected, "{held} is held");
    }
    let row = Row {
        deferred: Some(5),
        ..whole
    };
    assert_eq!(covered(&row), (vec![(7, 3)], vec![3, 6, 8]));
    // What was refused takes along what is in it when it is tried again, and what was refused too
    // often does not.
    let refused = [(2, failed(1))];
    let row = Row {
        statuses: &refused,
        ..whole
    };
    assert_eq!(covered(&row), (by_2.clone(), vec![2, 8]));
    let blocked = [(2, failed(9))];
    let row = Row {
        statuses: &blocked,
        ..whole
    };
    assert_eq!(covered(&row), (vec![(5, 4), (7, 3)], vec![3, 4, 6, 8]));
    // What was not answered and is there is read once more, and takes along what is in it.
    let unknown = [(2, Status::Unknown { attempts: 1 })];
    let row = Row {
        statuses: &unknown,
        ..whole
    };
    assert_eq!(covered(&row), (by_2.clone(), vec![8]));
    // What was refused before goes along, and what was refused too often keeps it all.
    let refused = [(6, failed(1)), (3, failed(1))];
    let row = Row {
        statuses: &refused,
        ..whole
    };
    assert_eq!(covered(&row), (by_2, vec![2, 8]));
    let blocked = [(6, failed(9))];
    let row = Row {
        statuses: &blocked,
        ..whole
    };
    assert_eq!(covered(&row), (vec![(5, 4), (7, 3)], vec![3, 4, 8]));
    // What becomes of what is in a folder no document of v2 says.
    let row = Row {
        api: Api::V2,
        ..whole
    };
    assert_eq!(covered(&row), (Vec::new(), all.to_vec()));
}

#[test]
fn the_shell_of_a_version_stack_whose_files_are_deleted_keeps_no_folder() {
    let (none, mut tree) = (BTreeSet::new(), tree());
    tree.gone = [5].into();
    let manifests = Manifests {
        entries: [2, 4].map(|n| entry(n, None)).into(),
        ..Manifests::default()
    };
    let mut state = empty_state();
    for n in [4, 5] {
        let retired = Status::Retired(Evidence::Answer);
        state.assets.insert(id(n), record(retired));
    }
    let read = tree.read(&[2, 4], &none, &none);
    let mut plan = plan_seen(&manifests, &state, &read);
    plan.cover(Api::V4);
    let totals = plan.totals;
    assert_eq!((totals.retire, totals.held, totals.drift), (1, 0, 0));
}

#[test]
fn what_was_not_answered_is_read_and_not_deleted_where_it_goes_along() {
    let unknown = [(6, Status::Unknown { attempts: 3 })];
    let row = Row {
        listed: &[2, 6],
        statuses: &unknown,
        ..ROW
    };
    let (plan, approved) = planned(&row);
    assert_eq!((plan.totals.covered, plan.totals.resolve), (1, 0));
    let [resolve] = approved.resolve() else {
        panic!("{:?}", approved.resolve());
    };
    assert!(resolve.id == id(6) && !resolve.listed);
    assert_eq!(approved.inside(id(2)), [id(6)]);
}

#[test]
fn a_file_that_was_not_answered_is_settled_with_the_stack_that_it_is_still_in() {
    let unknown = [
        (4, Status::Unknown { attempts: 1 }),
        (5, Status::Unknown { attempts: 1 }),
    ];
    let row = Row {
        listed: &[4],
        statuses: &unknown,
        ..ROW
    };
    let (plan, approved) = planned(&row);
    assert_eq!(plan.totals.resolve, 1);
    let resolved = approved.resolve().iter().map(|resolve| resolve.id);
    assert_eq!(resolved.collect::<Vec<_>>(), [id(4)]);
    // Where the stack stays, it is found out what became of the file.
    let kept = Row {
        held: Some(4),
        ..row
    };
    let (plan, approved) = planned(&kept);
    assert_eq!((plan.totals.held, plan.totals.resolve), (1, 1));
    let resolved = approved.resolve().iter().map(|resolve| resolve.id);
    assert_eq!(resolved.collect::<Vec<_>>(), [id(4), id(5)]);
}

#[test]
fn what_was_reviewed_as_covered_goes_on_its_own_where_its_folder_stays() {
    let whole = Row {
        listed: &[2, 6],
        ..ROW
    };
    let (reviewed, _) = planned(&whole);
    let live = made(&Row {
        held: Some(5),
        ..whole
    });
    let mut live = saved::leave_alone(live, &reviewed);
    live.cover(Api::V4);
    let approved = approve(&live, Consent::Saved, true).unwrap();
    assert_eq!(approved.delete(), [id(6)]);
    // And where it does not, it is covered again.
    let mut same = saved::leave_alone(made(&whole), &reviewed);
    assert!(same.left_alone.is_empty());
    same.cover(Api::V4);
    assert_eq!(same.totals.covered, 1);
}
