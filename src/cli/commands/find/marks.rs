//! Whether the marks could be read of what `find` would list.

use std::sync::Arc;

use crate::find::tree::Read;
use crate::find::{Answer, Found};
use crate::inventory::{Marking, NoMark};
use crate::plan::unread_marks::{Lack, UnreadMarks};

/// Says why nobody knows which of some assets people have marked; nothing where that is known.
pub(super) fn unread(
    read: &Read,
    answer: &Answer<'_>,
    listed: &[Found<'_>],
    marking: &Marking,
) -> Option<UnreadMarks> {
    let of_all = match &read.definitions {
        None => None,
        Some(Err(why)) => Some(Lack::Definitions(Arc::clone(why))),
        Some(Ok(definitions)) => match marking.check(definitions) {
            Ok(()) => None,
            // An account may keep its fields in projects, and has no list of them then.
            Err(NoMark::Field(_)) if shows(read, marking) => None,
            Err(why) => Some(Lack::NoMark(why)),
        },
    };
    let of_some = || {
        let unread = answer.unread_marks(listed, marking);
        let first = read.inventory.called(*unread.first()?);
        let count = unread.len();
        Some(Lack::Assets { count, first })
    };
    Some(UnreadMarks {
        field: Arc::clone(&marking.field),
        at: Arc::clone(&marking.at),
        why: of_all.or_else(of_some)?,
    })
}

/// Whether some asset has something in the field.
fn shows(read: &Read, marking: &Marking) -> bool {
    let mut all = read.inventory.all_facts();
    all.any(|(_, facts)| marking.is_shown(facts))
}
