//! What is sent is journaled: only a sync says so, and neither it nor what it proves is made by hand.

use frameio_retire::apply::order::Journaled;
use frameio_retire::store::Synced;

fn main() {
    let _ = Synced(());
    let _ = Synced::done();
}
