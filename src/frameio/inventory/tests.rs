//! What is read of a world, and by how many calls.

use super::*;
use crate::frameio::tree::tests::{Nobody, Planted};

/// A folder with so many files in it, in the root.
fn full(files: usize) -> Planted {
    let mut all = vec![(Kind::Folder, 0), (Kind::Folder, 0)];
    all.extend((0..files).map(|_| (Kind::File, 1)));
    Planted(all)
}

/// The ids of some assets, of no known kind.
fn wanted(numbers: impl IntoIterator<Item = usize>) -> Vec<(AssetId, Option<Kind>)> {
    let ids = numbers.into_iter().map(Planted::id);
    ids.map(|id| (id, None)).collect()
}

#[tokio::test]
async fn assets_of_a_known_folder_are_found_by_its_list() {
    let (sandbox, client) = full(12).serve("limits: off").await;
    let place = |_| [None, Some(Planted::id(1))];
    let read = read_assets(&client, &wanted(2..14), place, |_| {}).await;
    let (read, complete) = read.unwrap();
    assert!(complete);
    assert_eq!(read.assets.len(), 12);
    let facts = read.facts(Planted::id(2)).unwrap();
    assert_eq!(
        (facts.kind, facts.parent),
        (Kind::File, Some(Planted::id(1)))
    );
    assert!(facts.fields.is_some());
    assert_eq!(sandbox.log().len(), 1);
}

#[tokio::test]
async fn of_unknown_assets_one_tells_where_the_others_are() {
    let (sandbox, client) = full(12).serve("limits: off").await;
    let read = read_assets(&client, &wanted(2..14), |_| [None; 2], |_| {}).await;
    assert_eq!(read.unwrap().0.assets.len(), 12);
    assert_eq!(sandbox.log().len(), 2);
}

#[tokio::test]
async fn lists_that_show_nothing_are_soon_left() {
    // Each file is alone in its folder.
    let mut all = vec![(Kind::Folder, 0)];
    for folder in (1..81).step_by(2) {
        all.extend([(Kind::Folder, 0), (Kind::File, folder)]);
    }
    let (sandbox, client) = Planted(all).serve("limits: off").await;
    let files = (2..81).step_by(2);
    let read = read_assets(&client, &wanted(files), |_| [None; 2], |_| {}).await;
    let (read, _) = read.unwrap();
    assert_eq!((read.assets.len(), read.unread), (40, 0));
    let calls = sandbox.log().len();
    assert!((40..=56).contains(&calls), "{calls}");
}

#[tokio::test]
async fn what_is_inside_and_around_is_read_and_what_cannot_be_listed_is_refused() {
    // 1 and 2 in the root; 3 in 1; 4 a version stack of 5 in 3; 6 in 2.
    let tree = Planted(vec![
        (Kind::Folder, 0),
        (Kind::Folder, 0),
        (Kind::Folder, 0),
        (Kind::Folder, 1),
        (Kind::VersionStack, 3),
        (Kind::File, 4),
        (Kind::File, 2),
    ]);
    for (faults, is_whole) in [("[]", true), ("['500=every:1@v4_stack_children']", false)] {
        let rest = format!("limits: off\nfaults: {{rules: {faults}}}");
        let (_sandbox, client) = tree.serve(&rest).await;
        let ids = [3, 6].map(Planted::id);
        let read = read_assets(&client, &wanted([3, 6]), |_| [None; 2], |_| {}).await;
        let (mut read, _) = read.unwrap();
        let connections = Connections {
            holds: vec![Planted::id(1)],
            protected: vec![Planted::id(1)],
            listed: ids.to_vec(),
            containers: vec![(ids[0], None)],
        };
        read_around(&client, &connections, &mut read, &mut Nobody, |_| {})
            .await
            .unwrap();
        let places = read.places.as_ref().unwrap();
        assert_eq!(places.lies[&Planted::id(0)], Lies::AtTop);
        assert_eq!(places.held, [(Planted::id(1), false)].into());
        assert_eq!(places.listed_whole, is_whole);
        let location = read.location(ids[1]).unwrap();
        assert_eq!(
            (location.project.as_deref(), &*location.folder),
            (Some("Tide"), "n2")
        );
        if is_whole {
            assert_eq!(read.location(ids[0]).unwrap().folder, "n1".into());
            let Contents::Whole(inside) = &read.contents[&ids[0]] else {
                panic!("it was read to its end");
            };
            assert_eq!(inside.len(), 2);
        } else {
            assert!(matches!(read.contents[&ids[0]], Contents::Unread(_)));
            assert!(matches!(read.assets[&ids[0]], Seen::Refused { .. }));
        }
    }
}

#[tokio::test]
async fn what_one_answer_shows_is_not_deleted_and_not_missing_by_another() {
    // 1 in the root; 2, 3 and 4 in it.
    let file = (Kind::File, 1);
    let tree = Planted(vec![(Kind::Folder, 0), (Kind::Folder, 0), file, file, file]);
    let (_sandbox, client) = tree.serve("limits: off").await;
    let (mut read, _) = read_assets(&client, &wanted([1, 2]), |_| [None; 2], |_| {})
        .await
        .unwrap();
    // They were not there a moment ago.
    read.assets
        .insert(Planted::id(3), deleted(Evidence::Listed));
    read.assets.insert(Planted::id(4), Seen::Missing);
    let connections = Connections {
        listed: vec![Planted::id(1)],
        containers: vec![(Planted::id(1), None)],
        ..Connections::default()
    };
    read_around(&client, &connections, &mut read, &mut Nobody, |_| {})
        .await
        .unwrap();
    let known: Vec<AssetId> = read.assets.keys().copied().collect();
    assert_eq!(known, [1, 2].map(Planted::id));
    assert_eq!(read.unread, 2);
    let (first, why) = read.unread_why.unwrap();
    assert!([3, 4].map(Planted::id).contains(&first));
    assert!(why.contains("one answer shows it"), "{why}");
}
