//! What is said of an asset that is moved aside.

use crate::outcome::{Aside, Phase};
use crate::render::moment;

/// What is to say of an asset that is moved aside.
pub(super) fn waits(aside: Aside) -> String {
    let Aside {
        into: _,
        asset: _,
        due,
        phase,
    } = aside;
    let due = moment(due);
    match phase {
        Phase::There => format!("deleted from {due} on, unless somebody takes it back"),
        Phase::Moving => format!("deleted from {due} on; the next run looks where it is"),
        Phase::Deleting => "its delete was not answered; the next run looks".to_owned(),
    }
}
