//! What a worker sends is journaled, and nobody else can say so.

use frameio_retire::apply::job::Journaled;

fn main() {
    let _: Journaled;
}
