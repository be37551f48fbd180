//! Projects and folders of one name, which a plan must not show as one.

use std::fmt::Write as _;

use super::picture::{Account, manifests, planned, shown};
use super::*;
use crate::asset::Kind;
use crate::inventory::Facts;

/// Two projects of one name with a folder of one path each, and a second such folder in the first;
/// a file in each, one more in the last, and one of another name. Ids of which the first 8 digits
/// are the same are told by their ends.
fn account(spread: u128) -> (Account, String) {
    let long = |n: u128| AssetId::from_uuid(Uuid::from_u128((n * spread) << 96 | n));
    let mut account = Account::default();
    let folder = |project: u128, parent: u128| Facts {
        name: Some("dailies".into()),
        project: Some(long(project)),
        parent: Some(long(parent)),
        ..Facts::of_kind(Kind::Folder)
    };
    account.project(long(1), "Tide", long(11));
    account.project(long(2), "Tide", long(12));
    account.project(long(3), "Ebb", long(13));
    account.add(long(21), folder(1, 11));
    account.add(long(22), folder(1, 11));
    account.add(long(23), folder(2, 12));
    account.add(long(24), folder(3, 13));
    let mut listed = "version: 1\nassets:\n".to_owned();
    for (file, folder, project) in [
        (31, 21, 1),
        (32, 22, 1),
        (33, 23, 2),
        (34, 23, 2),
        (35, 24, 3),
        (36, 12, 2),
    ] {
        let facts = Facts {
            name: Some("a.mov".into()),
            project: Some(long(project)),
            parent: Some(long(folder)),
            bytes: Some(1_000),
            ..Facts::of_kind(Kind::File)
        };
        account.add(long(file), facts);
        writeln!(listed, "  - {}", long(file)).unwrap();
    }
    // What one group shows is told from what another one does.
    writeln!(listed, "holds: [{{id: {}, reason: claim}}]", long(32)).unwrap();
    (account, listed)
}

/// The rows of folders and projects.
fn rows(text: &str) -> String {
    let rows = text.lines().filter(|line| {
        let name = line.trim_start();
        name.starts_with("Tide") || name.starts_with("Ebb")
    });
    rows.collect::<Vec<_>>().join("\n")
}

#[test]
fn projects_and_folders_of_one_name_stand_apart() {
    let (account, listed) = account(1);
    let plan = planned(&manifests(&[("retire.yaml", &listed)]), &account.read());
    insta::assert_snapshot!(rows(&shown(&plan, None, true)));
    // On a terminal too, however narrow it is.
    for width in [60, 80, 100] {
        let shown = rows(&shown(&plan, Some(width), false));
        let rows: std::collections::BTreeSet<&str> = shown.lines().collect();
        assert_eq!(rows.len(), shown.lines().count(), "{shown}");
        assert!(shown.lines().count() >= 5, "{shown}");
    }
}

#[test]
fn what_begins_alike_is_told_by_its_end() {
    let (account, listed) = account(0);
    let plan = planned(&manifests(&[("retire.yaml", &listed)]), &account.read());
    insta::assert_snapshot!(rows(&shown(&plan, None, true)));
}

#[test]
fn what_has_the_path_alone_lies_in_the_one_folder_of_that_path() {
    let (account, listed) = account(1);
    let all = account.read();
    let listed = listed.replace("holds:", "# ");
    let plan = |forgotten: &[u128]| {
        let mut plan = planned(&manifests(&[("retire.yaml", &listed)]), &all);
        for (id, about) in &mut plan.about {
            if forgotten
                .iter()
                .any(|n| id.to_string().ends_with(&format!("{n:x}")))
            {
                about.place = [None; 2];
            }
        }
        rows(&shown(&plan, None, true))
    };
    let lines = |text: &str| {
        let figures = |line: &str| {
            let parts = line.split("  ").map(str::trim);
            let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
            parts[..2].join(": ")
        };
        text.lines().map(figures).collect::<Vec<_>>()
    };
    // The file of `Ebb` has one folder to be in, and that of `Tide/dailies` three.
    let said = plan(&[35, 33]);
    assert!(
        lines(&said).contains(&"Ebb/dailies: 1 file".to_owned()),
        "{said}"
    );
    assert!(
        lines(&said).contains(&"Tide/dailies: 1 file".to_owned()),
        "{said}"
    );
    assert_eq!(said.lines().count(), 6, "{said}");
}
