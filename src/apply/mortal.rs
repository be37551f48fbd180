//! A session of a process that dies.

use crate::event::RunEvent;
use crate::state::State;
use crate::store::file::FileSession;
use crate::store::{Session, StoreError, Synced};

/// Dies after so many writes: what comes then is neither written nor sent.
pub(super) struct Mortal<'run> {
    pub(super) session: &'run mut FileSession,
    pub(super) left: u32,
}

impl Session for Mortal<'_> {
    fn append(&mut self, events: &[RunEvent]) -> Result<Synced, StoreError> {
        if self.left == 0 {
            return Err(StoreError::Io {
                action: "write",
                path: "journal".into(),
                source: std::io::Error::other("dead"),
            });
        }
        self.left -= 1;
        self.session.append(events)
    }

    fn checkpoint(&mut self, state: &State) -> Result<(), StoreError> {
        self.session.checkpoint(state)
    }

    fn replace(&mut self, state: &State) -> Result<(), StoreError> {
        if self.left == 0 {
            return Err(StoreError::Io {
                action: "write",
                path: "state".into(),
                source: std::io::Error::other("dead"),
            });
        }
        self.session.replace(state)
    }

    fn abandon(&mut self) -> Result<(), StoreError> {
        self.session.abandon()
    }
}
