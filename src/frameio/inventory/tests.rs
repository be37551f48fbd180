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

/// Reads assets, of which some may be deleted with what is in them.
async fn read_all(
    client: &Client,
    assets: &[(AssetId, Option<Kind>)],
    going: &[usize],
    place: &dyn Fn(AssetId) -> [Option<AssetId>; 2],
) -> Result<(Inventory, bool), StopReason> {
    let going = going.iter().map(|number| Planted::id(*number)).collect();
    let question = Question {
        assets,
        going: &going,
        place,
        back: &Arc::default(),
        singly: false,
        within: &|_| None,
    };
    read_assets(client, &question, &mut Nobody, |_| {}).await
}

/// Whether what two assets say alike is there once.
fn is_shared(read: &Inventory, one: usize, other: usize) -> bool {
    let fields = [one, other].map(|number| read.facts(Planted::id(number)).unwrap().fields.clone());
    let [one, other] = fields.map(Option::unwrap);
    Arc::ptr_eq(&one, &other)
}

#[tokio::test]
async fn assets_of_a_known_folder_are_found_by_its_list() {
    let (sandbox, client) = full(12).serve("limits: off").await;
    let place = |_| [None, Some(Planted::id(1))];
    let read = read_all(&client, &wanted(2..14), &[], &place).await;
    let (read, complete) = read.unwrap();
    assert!(complete);
    assert_eq!(read.assets.len(), 12);
    let facts = read.facts(Planted::id(2)).unwrap();
    assert_eq!(
        (facts.kind, facts.parent),
        (Kind::File, Some(Planted::id(1)))
    );
    assert!(is_shared(&read, 2, 13), "there may be a hundred thousand");
    assert_eq!(sandbox.log().len(), 2, "the list, and the folder itself");
}

#[tokio::test]
async fn of_unknown_assets_one_tells_where_the_others_are() {
    let (sandbox, client) = full(12).serve("limits: off").await;
    let read = read_all(&client, &wanted(2..14), &[], &|_| [None; 2]).await;
    let read = read.unwrap().0;
    assert_eq!(read.assets.len(), 12);
    assert!(is_shared(&read, 3, 12));
    assert_eq!(sandbox.log().len(), 3, "and the folder itself");
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
    let read = read_all(&client, &wanted(files), &[], &|_| [None; 2]).await;
    let (read, _) = read.unwrap();
    assert_eq!((read.assets.len(), read.unread), (40, 0));
    let calls = sandbox.log().len();
    // One of the folders tells where the others are.
    assert!((42..=58).contains(&calls), "{calls}");
}

#[tokio::test]
async fn a_list_is_left_after_three_pages_that_show_nothing() {
    // The two first ones lie each in a folder with two thousand others; all three in one project.
    let mut tree = Planted(vec![(Kind::Folder, 0)]);
    let folders = plant(&mut tree, Kind::Folder, [0, 0]);
    let some = plant(&mut tree, Kind::File, folders.iter().copied());
    plant(&mut tree, Kind::File, each(&folders, 2_000));
    let (sandbox, client) = tree.serve("limits: off").await;
    let read = read_all(&client, &wanted(some), &[], &|_| [None; 2]).await;
    let (read, _) = read.unwrap();
    assert_eq!((read.assets.len(), read.unread), (2, 0));
    assert!(read.lists.is_empty(), "it was not read to its end");
    // Two files, three of the five pages, and the folders above.
    let calls = sandbox.log().len();
    assert!((6..=9).contains(&calls), "{calls}");
}

#[tokio::test(start_paused = true)]
async fn where_no_place_is_known_lists_are_read_under_all_limits() {
    let mut tree = Planted(vec![(Kind::Folder, 0)]);
    let days = plant(&mut tree, Kind::Folder, [0; 300]);
    let files = plant(&mut tree, Kind::File, each(&days, 3));
    let (sandbox, client) = tree.serve("").await;
    let began = tokio::time::Instant::now();
    let read = read_all(&client, &wanted(files), &[], &|_| [None; 2]).await;
    let took = began.elapsed().as_secs_f64();
    let (read, _) = read.unwrap();
    assert_eq!((read.assets.len(), read.lists.len()), (900, 300));
    // By one limit alone it would take two minutes.
    assert!(took < 0.6 * takes(300, 100, 60.0), "{took:.1} s");
    drop(sandbox);
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
    for (faults, is_whole) in [
        ("[]", true),
        ("['500=every:1@v4_stack_children']", false),
        ("['403=every:1@v4_stack_children']", false),
    ] {
        let rest = format!("limits: off\nfaults: {{rules: {faults}}}");
        let (_sandbox, client) = tree.serve(&rest).await;
        let ids = [3, 6].map(Planted::id);
        let read = read_all(&client, &wanted([3, 6]), &[3], &|_| [None; 2]).await;
        let (mut read, _) = read.unwrap();
        let connections = Connections {
            holds: vec![Planted::id(1)],
            protected: vec![Planted::id(1)],
            listed: ids.to_vec(),
            containers: vec![(ids[0], None)],
            homes: Vec::new(),
            waiting: Vec::new(),
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
            // Only what may not be listed is recorded as such.
            let is_refused = matches!(read.assets.get(&ids[0]), Some(Seen::Refused { .. }));
            assert_eq!(is_refused, faults.contains("403"), "{faults}");
            assert_eq!(read.unread, usize::from(!is_refused), "{faults}");
        }
    }
}

#[tokio::test]
async fn a_stack_whose_list_fails_is_not_taken_for_an_empty_one() {
    // A version stack in the root, of which the list takes two pages.
    let mut tree = Planted(vec![(Kind::Folder, 0), (Kind::VersionStack, 0)]);
    plant(&mut tree, Kind::File, [1; 120]);
    for (fault, contents) in [
        // Its last version is gone, and the stack with it.
        ("404=every:1", Some(0)),
        ("404=page:2", None),
        ("422=page:2", None),
        ("422=every:1", None),
        ("500=page:2", None),
        ("list-ends=page:1", None),
        ("list-repeats=page:1", None),
    ] {
        let rest = format!("limits: off\nfaults: {{rules: ['{fault}@v4_stack_children']}}");
        let (_sandbox, client) = tree.serve(&rest).await;
        let read = read_all(&client, &wanted([1]), &[1], &|_| [None; 2]).await;
        let mut read = read.unwrap().0;
        let id = Planted::id(1);
        let connections = Connections {
            listed: vec![id],
            containers: vec![(id, None)],
            ..Connections::default()
        };
        read_around(&client, &connections, &mut read, &mut Nobody, |_| {})
            .await
            .unwrap();
        let whole = match &read.contents[&id] {
            Contents::Whole(ids) => Some(ids.len()),
            Contents::Unread(_) => None,
        };
        assert_eq!(whole, contents, "{fault}");
        assert_eq!(read.unread, usize::from(contents.is_none()), "{fault}");
    }
}

#[tokio::test]
async fn what_one_answer_shows_is_not_deleted_and_not_missing_by_another() {
    // 1 in the root; 2, 3 and 4 in it.
    let file = (Kind::File, 1);
    let tree = Planted(vec![(Kind::Folder, 0), (Kind::Folder, 0), file, file, file]);
    let (_sandbox, client) = tree.serve("limits: off").await;
    let read = read_all(&client, &wanted([1, 2]), &[], &|_| [None; 2]).await;
    let mut read = read.unwrap().0;
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

/// How long so many calls take at least, by a documented limit (docs/frameio-api.md, "Rate limits"):
/// a full bucket at once, and then one after another.
fn takes(calls: usize, most: u32, window: f64) -> f64 {
    let calls = u32::try_from(calls).unwrap();
    f64::from(calls.saturating_sub(most)) * window / f64::from(most)
}

/// What must be read of a world, however that is done.
#[derive(Debug, Clone, Default)]
struct Must {
    /// The folders of which all is wanted, or several assets.
    lists: usize,
    /// The assets that are alone in their folders.
    alone: usize,
    /// The version stacks of which all is wanted.
    stacks: usize,
    /// How many folders are to be known of those in each folder above.
    above: Vec<usize>,
}

/// The least time that the documented limits allow, over all ways to divide the calls.
fn least(must: &Must) -> f64 {
    let mut groups = must.above.clone();
    groups.sort_unstable_by_key(|group| std::cmp::Reverse(*group));
    let all: usize = groups.iter().sum();
    let mut best = f64::MAX;
    for shown in 0..=must.alone {
        let lists = must.lists + must.alone - shown;
        for apart in 0..=lists {
            for by_list in 0..=groups.len() {
                let saved: usize = groups[..by_list].iter().map(|group| group - 1).sum();
                let all = [
                    takes(lists - apart, 100, 60.0),
                    takes(apart, 5, 1.0),
                    takes(apart + by_list, 5, 1.0),
                    takes(shown, 10, 1.0),
                    takes(all - saved, 100, 60.0),
                    takes(must.stacks, 100, 60.0),
                ];
                best = best.min(all.into_iter().fold(0.0, f64::max));
            }
        }
    }
    best
}

/// Reads a world whose parents are known, with all that is in what goes, at the documented limits;
/// says how long that took by a clock that only moves where everybody waits.
async fn time_of(tree: &Planted, assets: &[usize], going: &[usize]) -> f64 {
    let (sandbox, client) = tree.serve("").await;
    let place = |id| {
        let number = (0..tree.0.len()).find(|number| Planted::id(*number) == id);
        [None, number.map(|number| Planted::id(tree.0[number].1))]
    };
    let began = tokio::time::Instant::now();
    let wanted = wanted(assets.iter().copied());
    let read = read_all(&client, &wanted, going, &place).await;
    let mut read = read.unwrap().0;
    let containers = going.iter().map(|number| (Planted::id(*number), None));
    let connections = Connections {
        listed: wanted.iter().map(|(id, _)| *id).collect(),
        containers: containers.collect(),
        ..Connections::default()
    };
    read_around(&client, &connections, &mut read, &mut Nobody, |_| {})
        .await
        .unwrap();
    let took = began.elapsed().as_secs_f64();
    assert_eq!(read.assets.len(), assets.len());
    assert_eq!(read.contents.len(), going.len());
    for (id, _) in wanted {
        assert!(read.location(id).unwrap().is_whole(), "its path is known");
    }
    drop(sandbox);
    took
}

/// Adds assets to a tree; gives their numbers.
fn plant(tree: &mut Planted, kind: Kind, parents: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let first = tree.0.len();
    tree.0
        .extend(parents.into_iter().map(|parent| (kind, parent)));
    (first..tree.0.len()).collect()
}

/// Several of each.
fn each(parents: &[usize], count: usize) -> impl Iterator<Item = usize> {
    parents
        .iter()
        .flat_map(move |parent| std::iter::repeat_n(*parent, count))
}

#[tokio::test(start_paused = true)]
async fn reading_takes_little_more_than_the_limits_allow() {
    let root = || Planted(vec![(Kind::Folder, 0)]);
    // Files in folders that lie in several folders.
    let mut files = root();
    let weeks = plant(&mut files, Kind::Folder, [0; 5]);
    let days = plant(&mut files, Kind::Folder, each(&weeks, 60));
    let all = plant(&mut files, Kind::File, each(&days, 2));
    let must = Must {
        lists: 300,
        above: vec![60, 60, 60, 60, 60, 5],
        ..Must::default()
    };
    let mut worlds = vec![("files", files, all, Vec::new(), must)];
    // Each file alone in its folder.
    let mut alone = root();
    let days = plant(&mut alone, Kind::Folder, [0; 400]);
    let all = plant(&mut alone, Kind::File, days);
    let must = Must {
        alone: 400,
        above: vec![400],
        ..Must::default()
    };
    worlds.push(("alone", alone, all, Vec::new(), must));
    // Files and version stacks, of which the versions are wanted.
    let mut stacks = root();
    let days = plant(&mut stacks, Kind::Folder, [0; 160]);
    let of_days = plant(&mut stacks, Kind::VersionStack, days.iter().copied());
    let more = plant(&mut stacks, Kind::File, each(&days, 2));
    plant(&mut stacks, Kind::File, each(&of_days, 2));
    let all = [of_days.clone(), more].concat();
    let must = Must {
        lists: 160,
        stacks: 160,
        above: vec![160],
        ..Must::default()
    };
    worlds.push(("stacks", stacks, all, of_days, must));
    // Folders that go with what is in them.
    let mut whole = root();
    let weeks = plant(&mut whole, Kind::Folder, [0; 4]);
    let days = plant(&mut whole, Kind::Folder, each(&weeks, 60));
    plant(
        &mut whole,
        Kind::VersionStack,
        days.iter().copied().take(120),
    );
    plant(&mut whole, Kind::File, each(&days, 1));
    let must = Must {
        lists: 1 + 4 + 240,
        stacks: 120,
        ..Must::default()
    };
    worlds.push(("whole", whole, weeks.clone(), weeks, must));
    for (name, tree, assets, going, must) in worlds {
        let took = time_of(&tree, &assets, &going).await;
        let least = least(&must);
        let times = format!("{name}: {took:.1} s where {least:.1} s would do");
        assert!(took <= 1.2 * least, "{times}");
        assert!(least <= took, "{times}: it was not the least");
    }
}

#[tokio::test]
async fn what_is_back_is_told_where_a_list_shows_it_and_a_stack_only_with_files() {
    // 1 in the root; files 2 to 4 in it, and version stacks 5, and 6 with file 7.
    let file = (Kind::File, 1);
    let stack = (Kind::VersionStack, 1);
    let root = (Kind::Folder, 0);
    let tree = Planted(vec![
        root,
        root,
        file,
        file,
        file,
        stack,
        stack,
        (Kind::File, 6),
    ]);
    let mut back = [2, 5, 6].map(Planted::id);
    back.sort_unstable();
    let back: Arc<[AssetId]> = back.into();
    for parent in [None, Some(Planted::id(1))] {
        let (_sandbox, client) = tree.serve("limits: off").await;
        let question = Question {
            assets: &wanted([3, 4]),
            going: &BTreeSet::new(),
            place: &|_| [None, parent],
            back: &back,
            singly: false,
            within: &|_| None,
        };
        let (read, _) = read_assets(&client, &question, &mut Nobody, |_| {})
            .await
            .unwrap();
        let found = [2, 5, 6].map(|number| read.facts(Planted::id(number)).is_some());
        assert_eq!(found, [true, false, true], "{parent:?}");
        assert_eq!(read.assets.len(), 2, "nobody asked for it");
    }
}
