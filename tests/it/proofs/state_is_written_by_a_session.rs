//! The bytes of a state go out through a session, which is the lock; a store alone writes none.

use frameio_retire::state::State;
use frameio_retire::store::file::FileStore;
use frameio_retire::store::replace::replace;

fn write(store: &FileStore, state: &State) {
    store.replace(state).unwrap();
}

fn main() {}
