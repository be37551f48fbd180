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
fn what_an_asset_lies_in_ends_below_the_top_and_where_nobody_has_read_on() {
    let mut inventory = Inventory::default();
    let file = || there(Kind::File, "a.mov", Some(3));
    assert_eq!(inventory.above_of(&file()), [id(3)], "it was not read");
    let folder = |parent| there(Kind::Folder, "f", parent);
    inventory.around.insert(id(3), folder(Some(2)));
    inventory.around.insert(id(2), folder(Some(1)));
    let project = Project {
        root: Some(id(1)),
        ..Project::default()
    };
    assert_eq!(inventory.above_of(&file()), [3, 2, 1].map(id));
    inventory.projects.insert(id(100), project);
    assert_eq!(inventory.above_of(&file()), [3, 2].map(id));
    // The same where only the folder at the top tells that it is there.
    inventory.projects.clear();
    inventory.around.insert(id(1), folder(None));
    assert_eq!(inventory.above_of(&file()), [3, 2].map(id));
    // A circle, which no server should have, has an end.
    inventory.around.insert(id(2), folder(Some(3)));
    assert_eq!(inventory.above_of(&file()), [3, 2].map(id));
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
