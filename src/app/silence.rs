//! When what was read says that it is the account or the token, and not the assets.

use crate::apply::breaker::SAMPLE;
use crate::event::StopReason;
use crate::inventory::{Inventory, Seen};

/// How many assets were asked for, where there were ten or more and none of them was found.
pub(super) fn none_found(read: &Inventory) -> Option<usize> {
    let missing = read.missing().count();
    (missing >= SAMPLE && missing == read.assets.len()).then_some(missing)
}

/// That it is the token, where two or more assets were asked for and each was refused; of one
/// alone it may be the asset.
pub(super) fn none_allowed(read: &Inventory, asked: usize) -> Option<StopReason> {
    let mut refused = read.assets.values().filter_map(|seen| match seen {
        Seen::Refused { message } => Some(message),
        Seen::There(_) | Seen::Deleted { .. } | Seen::Missing => None,
    });
    let detail = refused.next()?.to_string();
    let all = 1 + refused.count();
    (all == asked && all > 1).then_some(StopReason::NotAuthorised { detail })
}

/// Whether nothing of an account was read.
pub(super) fn shows_nothing(read: &Inventory) -> bool {
    let mut facts = read.assets.values().filter_map(Seen::facts);
    facts.next().is_none() && read.around.is_empty()
}
