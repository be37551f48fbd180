//! Whether a place is there, and is one place.

use super::{id, world};
use crate::asset::Kind;
use crate::find::place::Place;
use crate::find::{NotThere, check as there};

#[test]
fn a_place_that_is_not_there_or_means_two_says_so_with_what_is() {
    let read = world(&[
        (4, 0, Kind::Folder, "dailies"),
        (5, 0, Kind::Folder, "Proxies"),
        (6, 0, Kind::Folder, "proxies"),
        (7, 4, Kind::File, "a.mov"),
        (8, 4, Kind::File, "A.mov"),
        (9, 4, Kind::Folder, "day"),
        (10, 4, Kind::Folder, "day"),
    ]);
    let check = |text: &str| there(&read, &Place::parse(text).unwrap());
    for text in [
        "alpha",
        "Alpha/dailies",
        "ALPHA/Dailies/A.mov",
        "Alpha/Proxies",
        "Alpha/x*",
        "**/x",
        "Alpha/dailies/*",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
    assert_eq!(check(&id(7).to_string()), Ok(()));
    assert_eq!(check(&id(3).to_string()), Ok(()));
    assert_eq!(check(&id(99).to_string()), Err(NotThere::Id(id(99))));
    // An address names a project as well, which must be that of the asset.
    let page = |project: usize| {
        let (project, asset) = (id(project), id(7));
        check(&format!(
            "https://next.frame.io/project/{project}/view/{asset}"
        ))
    };
    assert_eq!(page(2), Ok(()));
    let (said, project) = (id(3), id(2));
    let elsewhere = NotThere::Elsewhere {
        id: id(7),
        said,
        project,
    };
    assert_eq!(page(3), Err(elsewhere));
    // What looks like a glob and is none is a name.
    assert!(check("[x").is_err() && check("Alpha/[x").is_err());
    let Err(NotThere::Missing {
        within, instead, ..
    }) = check("alpha/daily/x*")
    else {
        panic!("it is not there");
    };
    assert_eq!(
        (within.as_str(), instead[0].0.as_str()),
        ("alpha", "dailies")
    );
    let two = |text: &str| match check(text) {
        Err(NotThere::Ambiguous { candidates, .. }) => candidates.len(),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(two("Alpha/dailies/day"), 2);
    assert_eq!(two("Alpha/PROXIES"), 2);
    assert_eq!(two("Alpha/dailies/a.MOV"), 2);
    // What could not be read may be there.
    let mut unread = read.clone();
    unread.unread.insert(id(4), "you may not".into());
    let place = Place::parse("Alpha/dailies/x").unwrap();
    assert_eq!(there(&unread, &place), Ok(()));
    assert!(there(&read, &place).is_err());
    // A file is not on the way to anything.
    assert!(check("Alpha/dailies/a.mov/x").is_err());
}
