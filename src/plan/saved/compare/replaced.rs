//! What is called as it was reviewed, and is another all the same.

use std::sync::Arc;

use crate::asset::Kind;
use crate::inventory::Location;
use crate::plan::Other;
use crate::plan::about::About;
use crate::plan::decide::Decision;
use crate::plan::saved::compare::leave_alone;
use crate::plan::saved::compare::tests::{id, plan, step};

#[test]
fn what_lies_in_another_place_of_the_same_name_or_has_another_size_is_left_alone() {
    let about = |place: [u128; 2], bytes: Option<u64>, kind: Kind| About {
        kind: Some(kind),
        name: Some("a.mov".into()),
        location: Some(Arc::new(Location {
            project: Some("Tide".into()),
            folder: "day 1".into(),
        })),
        place: place.map(|n| (n > 0).then(|| id(n))),
        bytes,
        ..About::default()
    };
    let file = |place, bytes| about(place, bytes, Kind::File);
    // Without the name of a place, as v2 tells it.
    let bare = |place| About {
        location: None,
        ..file(place, None)
    };
    let reviewed = || file([8, 9], Some(7));
    for (was, is, expected) in [
        (reviewed(), reviewed(), None),
        (reviewed(), file([7, 9], Some(7)), Some(Other::Moved)),
        (reviewed(), file([8, 7], Some(7)), Some(Other::Moved)),
        // What is no longer told, or was taken out of the plan, is not known to be the same.
        (reviewed(), file([8, 0], Some(7)), Some(Other::Moved)),
        (file([0, 9], Some(7)), reviewed(), Some(Other::Moved)),
        (reviewed(), file([8, 9], Some(8)), Some(Other::Resized)),
        (reviewed(), file([8, 9], None), Some(Other::Resized)),
        (file([8, 9], None), reviewed(), Some(Other::Resized)),
        (bare([8, 9]), bare([8, 9]), None),
        (bare([8, 9]), bare([0, 0]), Some(Other::Moved)),
        (bare([0, 0]), bare([8, 9]), None),
        // What is in a folder is compared one by one.
        (
            about([8, 9], Some(7), Kind::Folder),
            about([8, 9], Some(3), Kind::Folder),
            None,
        ),
    ] {
        let mut saved = plan(vec![step(1, Decision::Retire)]);
        saved.about.insert(id(1), was);
        let mut live = plan(vec![step(1, Decision::Retire)]);
        live.about.insert(id(1), is.clone());
        let left = leave_alone(live, &saved).left_alone;
        assert_eq!(left.first().map(|left| left.other), expected, "{is:?}");
    }
}
