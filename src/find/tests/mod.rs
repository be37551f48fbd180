mod brute;
mod places;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::find::filter::By;
use crate::inventory::{Field, Marking, Person, Project};
use brute::{asked, below, means, place};

/// What is in a random account: few names, so that globs and filters fit some.
#[derive(Debug, Clone)]
struct Made {
    kind: u8,
    above: prop::sample::Index,
    name: String,
    bytes: Option<u64>,
    created: Option<i64>,
    updated: Option<i64>,
    creator: Option<u8>,
    media: Option<&'static str>,
    status: Option<&'static str>,
    upload: &'static str,
}

fn id(number: usize) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(number as u128 + 1))
}

fn day(days: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * days)
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[aAbB]{1,2}",
        "[aAbBéÉ]{1,2}\\.(mov|MOV|wav)",
        Just("a/b".to_owned()),
        Just("[x]*".to_owned()),
    ]
}

fn made() -> impl Strategy<Value = Made> {
    let moments = (
        prop::option::weighted(0.9, 0..40_i64),
        prop::option::weighted(0.9, 0..40_i64),
    );
    let creator = prop::option::of(0..3_u8);
    let media = prop::option::of(prop::sample::select(vec!["video/quicktime", "audio/wav"]));
    let status = prop::option::of(prop::sample::select(vec!["", "Approved", "Hold"]));
    let upload = prop::sample::select(vec!["created", "uploaded", "transcoded"]);
    (
        (0..5_u8, any::<prop::sample::Index>(), name()),
        prop::option::weighted(0.9, 0..100_u64),
        moments,
        (creator, media, status, upload),
    )
        .prop_map(
            |((kind, above, name), bytes, (created, updated), (creator, media, status, upload))| {
                Made {
                    kind,
                    above,
                    name,
                    bytes,
                    created,
                    updated,
                    creator,
                    media,
                    status,
                    upload,
                }
            },
        )
}

/// Two projects with the tops 0 and 1, ids 2 and 3 for the projects, and assets from 4 on.
fn read(all: &[Made]) -> Read {
    let mut read = Read::default();
    for (top, name) in [(0, "Alpha"), (1, "b")] {
        let project = Project {
            name: Some(name.into()),
            root: Some(id(top)),
            storage: Some(1_000),
        };
        read.inventory.projects.insert(id(top + 2), project);
        read.listed.insert(id(top));
    }
    // The folders and stacks that may hold something, with their project.
    let mut folders = vec![(id(0), id(2)), (id(1), id(3))];
    let mut stacks: Vec<(AssetId, AssetId)> = Vec::new();
    for (number, made) in all.iter().enumerate() {
        let own = id(number + 4);
        let kind = match made.kind {
            0 => Kind::Folder,
            1 => Kind::VersionStack,
            _ => Kind::File,
        };
        let in_stack = made.kind == 4 && !stacks.is_empty();
        let above = if in_stack { &stacks } else { &folders };
        let (parent, project) = above[made.above.index(above.len())];
        match kind {
            Kind::Folder => folders.push((own, project)),
            Kind::VersionStack => stacks.push((own, project)),
            Kind::File => {}
        }
        read.listed.insert(own);
        let person = |number: u8| Person {
            id: Some(format!("u{number}").into()),
            name: (number > 0).then(|| "Ada".into()),
            email: Some(format!("P{number}@x").into()),
        };
        let field = |value: &str| Field {
            id: "f".into(),
            name: "Status".into(),
            values: if value.is_empty() {
                Vec::new()
            } else {
                vec![value.into()]
            },
            unclear: false,
        };
        let facts = Facts {
            name: Some(made.name.as_str().into()),
            project: Some(project),
            parent: Some(parent),
            bytes: made.bytes.filter(|_| kind == Kind::File),
            created: made.created.map(day),
            updated: made.updated.map(day),
            creator: made.creator.map(|number| Arc::new(person(number))),
            media_type: made.media.map(Into::into),
            upload: Some(made.upload.into()),
            fields: made.status.map(|value| Arc::from(vec![field(value)])),
            ..Facts::of_kind(kind)
        };
        read.inventory.around.insert(own, facts);
    }
    // The first of each stack is its head in every other stack.
    let around = &mut read.inventory.around;
    for (stack, _) in stacks.iter().step_by(2) {
        let first = around
            .iter()
            .find(|(_, facts)| facts.parent == Some(*stack));
        let first = first.map(|(id, _)| *id);
        if let Some(facts) = around.get_mut(stack) {
            facts.head = first;
        }
    }
    read
}

proptest! {
    #[test]
    fn what_is_found_is_what_brute_force_finds(
        all in prop::collection::vec(made(), 0..24),
        places in prop::collection::vec(place(), 0..3),
        asked in asked(),
    ) {
        let read = read(&all);
        let query = Query {
            places: places.iter().map(|place| Place::parse(place).unwrap()).collect(),
            filter: asked.filter(),
        };
        let answer = find(&read, &query, &Protected::default());
        let mut found: Vec<AssetId> = answer.found.iter().map(|found| found.id).collect();
        found.sort_unstable();
        let around = &read.inventory.around;
        let by_force = around.keys().copied().filter(|own| {
            let way = way(&read, *own);
            let is_there = places.is_empty() || places.iter().any(|place| means(place, &way));
            is_there && asked.fits(around, *own)
        });
        let by_force: Vec<AssetId> = by_force.collect();
        prop_assert_eq!(&found, &by_force);
        // All that must be read for it is entered.
        for own in by_force {
            let way = way(&read, own);
            let walked = way.iter().map(|(id, name, kind)| match kind {
                None => Walked::project(*id, name, read.inventory.projects[id].root),
                Some(kind) => Walked::asset(*id, name, *kind),
            });
            let walked: Vec<Walked> = walked.collect();
            let by_path = !places.iter().any(|place| AssetId::parse(place).is_ok());
            let holds = around[&own].kind != Kind::File;
            let above = if holds { walked.len() } else { walked.len() - 1 };
            for length in 1..=above {
                prop_assert!(!by_path || query.enters(&walked[..length]), "{:?}", &walked[..length]);
            }
        }
    }

    #[test]
    fn nothing_held_or_marked_and_nothing_that_holds_it_is_listed(
        all in prop::collection::vec(made(), 0..24),
        held in prop::collection::btree_set(2..28_usize, 0..3),
        is_asked in any::<bool>(),
    ) {
        let read = read(&all);
        let protected = Protected {
            marking: is_asked.then(marking),
            ..holding(&held.into_iter().collect::<Vec<_>>())
        };
        let held = &protected.held;
        let query = Query { filter: Filter { kinds: Kind::ALL.to_vec(), ..Filter::default() }, ..Query::default() };
        let answer = find(&read, &query, &protected);
        prop_assert_eq!(answer.found.len(), all.len());
        let around = &read.inventory.around;
        let says_hold = |id: &AssetId| {
            let fields = around[id].fields.as_ref();
            is_asked && fields.is_some_and(|fields| *fields[0].values == ["Hold".into()])
        };
        let listed: BTreeSet<AssetId> = answer.collapsed().iter().map(|found| found.id).collect();
        for found in &answer.found {
            let above = way(&read, found.id).iter().any(|(id, ..)| held.contains(id));
            let inside = below(around, found.id);
            let expected = if above {
                Some(Kept::Held)
            } else if says_hold(&found.id) {
                Some(Kept::Marked)
            } else if inside.iter().any(|id| held.contains(id)) {
                Some(Kept::HoldsHeld)
            } else {
                inside.iter().any(says_hold).then_some(Kept::HoldsMarked)
            };
            prop_assert_eq!(found.kept, expected);
        }
        for folder in listed.iter().filter(|id| around[*id].kind == Kind::Folder) {
            let whole = below(around, *folder);
            let kept = answer.found.iter().filter(|found| found.kept.is_some());
            let mut kept = kept.filter(|found| whole.contains(&found.id));
            let found = answer.found.iter().find(|found| found.id == *folder);
            prop_assert!(found.is_some_and(|found| found.kept.is_some()) || kept.next().is_none());
        }
        let left_out: usize = answer.left_out().iter().map(|(_, number)| number).sum();
        prop_assert_eq!(left_out, answer.found.iter().filter(|found| found.kept.is_some()).count());
    }
}

fn holding(held: &[usize]) -> Protected {
    Protected {
        held: held.iter().copied().map(id).collect(),
        marking: None,
    }
}

fn marking() -> Marking {
    Marking {
        field: "status".into(),
        hold: vec!["HOLD".into()],
        at: "retire.toml:3".into(),
    }
}

/// The way from the project down to an asset.
fn way(read: &Read, own: AssetId) -> Vec<(AssetId, String, Option<Kind>)> {
    let around = &read.inventory.around;
    let mut way = Vec::new();
    let mut at = own;
    while let Some(facts) = around.get(&at) {
        way.push((
            at,
            facts.name.as_deref().unwrap().to_owned(),
            Some(facts.kind),
        ));
        at = facts.parent.unwrap();
    }
    let project = around[&own].project.unwrap();
    let name = read.inventory.projects[&project].name.as_deref().unwrap();
    way.push((project, name.to_owned(), None));
    way.reverse();
    way
}

fn world(assets: &[(usize, usize, Kind, &str)]) -> Read {
    let mut read = read(&[]);
    for (own, parent, kind, name) in assets {
        let facts = Facts {
            name: Some((*name).into()),
            project: Some(id(2)),
            parent: Some(id(*parent)),
            ..Facts::of_kind(*kind)
        };
        read.inventory.around.insert(id(*own), facts);
        read.listed.insert(id(*own));
    }
    read
}

#[test]
fn what_could_not_be_read_has_no_size_and_no_versions() {
    let mut read = world(&[
        (4, 0, Kind::Folder, "x"),
        (5, 4, Kind::VersionStack, "v"),
        (6, 5, Kind::File, "1"),
    ]);
    let version = |read: &Read| Tree::new(read).nodes[2].version;
    assert_eq!(version(&read), Some(0));
    read.listed.remove(&id(5));
    let tree = Tree::new(&read);
    assert!(tree.nodes.iter().all(|node| node.within.is_none()));
    assert_eq!(version(&read), None);
}

fn found(read: &Read, kinds: &[Kind]) -> Vec<AssetId> {
    let filter = Filter {
        kinds: kinds.to_vec(),
        ..Filter::default()
    };
    let query = Query {
        filter,
        ..Query::default()
    };
    let answer = find(read, &query, &Protected::default());
    answer.collapsed().iter().map(|found| found.id).collect()
}

/// A world with a folder in a folder, a stack in each, and a file at the top.
fn nested() -> Read {
    let mut read = world(&[
        (4, 0, Kind::Folder, "dailies"),
        (5, 4, Kind::Folder, "day/1"),
        (6, 5, Kind::VersionStack, "cut"),
        (7, 6, Kind::File, "v1"),
        (8, 6, Kind::File, "v2"),
        (9, 4, Kind::File, "a"),
        (10, 0, Kind::File, "b"),
    ]);
    for (number, facts) in (0..).zip(read.inventory.around.values_mut()) {
        facts.updated = Some(day(number));
        facts.bytes = (facts.kind == Kind::File).then_some(100);
    }
    read
}

#[test]
fn a_marked_version_keeps_its_stack_and_the_folders_around_it() {
    let says = |value: &str| {
        let field = Field {
            id: "f".into(),
            name: "Status".into(),
            values: vec![value.into()],
            unclear: value == "?",
        };
        Some(Arc::from(vec![field]))
    };
    let mut read = nested();
    for facts in read.inventory.around.values_mut() {
        facts.fields = says("Keep");
    }
    let marked = |read: &Read, collapse: bool| {
        let query = Query::default();
        let protected = Protected {
            marking: Some(marking()),
            ..Protected::default()
        };
        let answer = find(read, &query, &protected);
        let all = if collapse {
            answer.collapsed()
        } else {
            answer.found.clone()
        };
        let listed = all.into_iter().filter(|found| found.kept.is_none());
        let listed: Vec<Found<'_>> = listed.collect();
        let unread = answer.unread_marks(&listed, &marking());
        (
            listed.iter().map(|found| found.id).collect::<Vec<_>>(),
            unread,
        )
    };
    assert_eq!(marked(&read, true), (vec![id(10), id(4)], vec![]));
    // A version of the stack 6, which lies in the folder 5 in the folder 4.
    let version = read.inventory.around.get_mut(&id(7)).unwrap();
    version.fields = says("hold");
    let (listed, unread) = marked(&read, true);
    assert!(!listed.contains(&id(4)) && !listed.contains(&id(5)) && !listed.contains(&id(7)));
    assert!(listed.contains(&id(8)) && unread.is_empty(), "{listed:?}");
    // Of what is not listed nobody needs to know; of all else everything in it.
    let version = read.inventory.around.get_mut(&id(7)).unwrap();
    version.fields = says("?");
    assert_eq!(marked(&read, true), (vec![id(10), id(4)], vec![id(7)]));
    read.inventory.around.get_mut(&id(10)).unwrap().fields = None;
    assert_eq!(marked(&read, false).1, [id(10), id(7)]);
}

#[test]
fn figures_are_by_folder_or_so_far_down_and_count_each_file_once() {
    let read = nested();
    let query = |kinds: &[Kind]| Query {
        filter: Filter {
            kinds: kinds.to_vec(),
            ..Filter::default()
        },
        ..Query::default()
    };
    let rows = |kinds: &[Kind], depth, order| {
        let answer = find(&read, &query(kinds), &Protected::default());
        assert_eq!(answer.totals(By::Updated).files, 4);
        assert_eq!(answer.totals(By::Updated).bytes, 400);
        let folders = answer.folders(depth, By::Updated, order);
        let rows = folders
            .iter()
            .map(|row| (sum::joined(&row.path), row.figures.files));
        rows.collect::<Vec<_>>()
    };
    let row = |path: &str, files| (path.to_owned(), files);
    let (project, dailies, day) = ("Alpha", "Alpha/dailies", "Alpha/dailies/day\\/1");
    let each = [row(day, 2), row(project, 1), row(dailies, 1)];
    assert_eq!(rows(&[], None, sum::Order::Bytes), each);
    let deep = [row(project, 4), row(dailies, 3)];
    assert_eq!(rows(&[], Some(1), sum::Order::Bytes), deep);
    assert_eq!(rows(&[], Some(0), sum::Order::Name), [row(project, 4)]);
    let aged = [row(day, 2), row(dailies, 1), row(project, 1)];
    assert_eq!(rows(&[], None, sum::Order::Age), aged);
    assert_eq!(
        rows(&Kind::ALL, Some(0), sum::Order::Name),
        [row(project, 4)]
    );
}

#[test]
fn a_folder_is_listed_whole_where_all_in_it_is_found_and_may_go() {
    let mut read = nested();
    assert_eq!(found(&read, &[]), [id(10), id(4)]);
    let query = Query::default();
    let answer = find(&read, &query, &holding(&[9]));
    let listed: Vec<AssetId> = answer.collapsed().iter().map(|found| found.id).collect();
    assert_eq!(listed, [id(10), id(9), id(5)]);
    // What was not read to the end is never whole.
    read.listed.remove(&id(5));
    assert_eq!(found(&read, &[]), [id(10), id(9), id(7), id(8)]);
    let nothing = [Kind::VersionStack];
    assert_eq!(found(&read, &nothing), [id(6)]);
}
