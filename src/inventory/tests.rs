//! What was read, what comes to it, and where it lies.

use uuid::Uuid;

use super::*;

fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n))
}

fn there(kind: Kind, name: &str, parent: Option<u128>) -> Facts {
    Facts {
        name: Some(name.into()),
        parent: parent.map(id),
        project: Some(id(100)),
        ..Facts::of_kind(kind)
    }
}

#[test]
fn what_was_read_later_counts_and_the_rest_is_as_it_was() {
    let shown = |name: &str| Shown {
        id: id(9),
        facts: there(Kind::File, name, Some(1)),
        project: None,
    };
    let project = |name: &str| Project {
        name: Some(name.into()),
        ..Project::default()
    };
    // Of the first nothing is read again, and of the third nothing was known.
    let made = |numbers: [u128; 2], name: &str, is_whole: bool| {
        let ids = numbers.map(id);
        let facts = || there(Kind::File, name, Some(1));
        let ids_in: Arc<[AssetId]> = [id(name.len() as u128)].into();
        let places = Places {
            lies: ids.map(|id| (id, Lies::Unread(name.into()))).into(),
            names: ids.map(|id| (id, name.into())).into(),
            kinds: ids.map(|id| (id, facts().kind)).into(),
            contents: ids.map(|id| (id, ids_in.to_vec())).into(),
            same: ids.map(|id| (id, ids_in[0])).into(),
            listed_whole: is_whole,
            unlisted: ids.map(|id| (id, name.into())).into(),
            held: ids.map(|id| (id, is_whole)).into(),
        };
        Inventory {
            assets: ids.map(|id| (id, Seen::There(facts()))).into(),
            places: Some(places),
            around: ids.map(|id| (id, facts())).into(),
            contents: ids
                .map(|id| (id, Contents::Whole(Arc::clone(&ids_in))))
                .into(),
            lists: ids.map(|id| (id, [(ids_in[0], Kind::File)].into())).into(),
            ahead: ids.map(|id| (id, vec![shown(name)])).into(),
            departed: ids
                .map(|id| (id, (Some(facts()), Timestamp::UNIX_EPOCH)))
                .into(),
            projects: ids.map(|id| (id, project(name))).into(),
            ..Inventory::default()
        }
    };
    let mut read = made([1, 2], "a", true);
    read.add(made([2, 3], "bc", false));
    let (first, rest) = (made([1, 1], "a", true), made([2, 3], "bc", false));
    let of = |number: u128, read: &Inventory| {
        let (id, places) = (id(number), read.places.clone().unwrap());
        let one = (
            read.assets[&id].clone(),
            read.around[&id].clone(),
            read.contents[&id].clone(),
            read.lists[&id].clone(),
            read.ahead[&id].clone(),
            read.departed[&id].clone(),
            read.projects[&id].clone(),
        );
        let place = (
            places.lies[&id].clone(),
            places.names[&id].clone(),
            places.kinds[&id],
            places.contents[&id].clone(),
            places.same[&id],
            places.unlisted[&id].clone(),
            places.held[&id],
        );
        (one, place)
    };
    assert_eq!(of(1, &read), of(1, &first));
    assert_eq!([2, 3].map(|n| of(n, &read)), [2, 3].map(|n| of(n, &rest)));
    // All is listed to the end only where both say so.
    for (before, later) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut read = made([1, 2], "a", before);
        read.add(made([2, 3], "bc", later));
        assert_eq!(read.places.unwrap().listed_whole, before && later);
    }
    let bare = || Inventory {
        places: None,
        ..made([2, 3], "bc", true)
    };
    let mut read = made([1, 2], "a", true);
    read.add(bare());
    assert_eq!(read.places, made([1, 2], "a", true).places);
    let mut read = bare();
    read.add(made([1, 2], "a", true));
    assert_eq!(read.places, made([1, 2], "a", true).places);
}

#[test]
fn what_was_deleted_since_is_in_nothing_that_was_read() {
    let facts = |n| there(Kind::File, "x", Some(n));
    let list: Arc<[(AssetId, Kind)]> = [(id(2), Kind::File), (id(3), Kind::File)].into();
    let places = Places {
        lies: [2, 3].map(|n| (id(n), Lies::In(id(1)))).into(),
        contents: [(id(1), vec![id(2), id(3)])].into(),
        ..Places::default()
    };
    let contents = [
        (id(1), Contents::Whole([2, 3].map(id).into())),
        (id(4), Contents::Unread("trouble".into())),
    ];
    let mut read = Inventory {
        assets: [2, 3].map(|n| (id(n), Seen::There(facts(1)))).into(),
        around: [2, 3].map(|n| (id(n), facts(1))).into(),
        contents: contents.into(),
        lists: [(id(1), list)].into(),
        places: Some(places),
        ..Inventory::default()
    };
    read.forget(&[id(2)].into());
    let left = |ids: Vec<&AssetId>| ids == [&id(3)];
    let places = read.places.as_ref().unwrap();
    assert!(left(read.assets.keys().collect()) && left(read.around.keys().collect()));
    assert!(left(places.lies.keys().collect()));
    assert_eq!(places.contents[&id(1)], [id(3)]);
    assert_eq!(read.contents[&id(1)], Contents::Whole([id(3)].into()));
    assert_eq!(*read.lists[&id(1)], [(id(3), Kind::File)]);
    assert_eq!(read.contents[&id(4)], Contents::Unread("trouble".into()));
    let before = read.clone();
    read.forget(&[id(7)].into());
    assert_eq!(read, before);
}

#[test]
fn a_location_is_read_from_the_top_and_says_where_it_does_not_begin() {
    let mut inventory = Inventory::default();
    let file = there(Kind::File, "a.mov", Some(3));
    inventory.assets.insert(id(4), Seen::There(file));
    let location = |inventory: &Inventory| {
        let Location { project, folder } = inventory.location(id(4))?;
        Some((project.map(|name| name.to_string()), folder.to_string()))
    };
    assert_eq!(location(&inventory), None);
    inventory
        .around
        .insert(id(3), there(Kind::Folder, "day 1/2", Some(2)));
    assert_eq!(location(&inventory), Some((None, "…/day 1\\/2".to_owned())));
    inventory
        .around
        .insert(id(2), there(Kind::Folder, "dailies", Some(1)));
    let project = Project {
        name: Some("Tide".into()),
        root: Some(id(1)),
        storage: None,
    };
    inventory.projects.insert(id(100), project);
    let whole = Some((Some("Tide".to_owned()), "dailies/day 1\\/2".to_owned()));
    assert_eq!(location(&inventory), whole);
    // The same where only the top folder itself tells that it is the top.
    inventory.projects.clear();
    inventory
        .around
        .insert(id(1), there(Kind::Folder, "root", None));
    let whole = Some((None, "dailies/day 1\\/2".to_owned()));
    assert_eq!(location(&inventory), whole);
    inventory
        .around
        .insert(id(2), there(Kind::Folder, "dailies", Some(3)));
    assert!(location(&inventory).unwrap().1.starts_with("…/"));
    // Of a folder that was only placed, nobody knows what it lies in.
    let placed = Facts {
        name: Some("day 1/2".into()),
        ..Facts::of_kind(Kind::Folder)
    };
    inventory.around.insert(id(3), placed);
    assert_eq!(location(&inventory), Some((None, "…/day 1\\/2".to_owned())));
}
