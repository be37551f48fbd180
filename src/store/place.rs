//! The place of a state while a session has it: replaced only as long as it holds what the session
//! has read or written there.
//!
//! The lock keeps out only who asks for it. `git checkout` does not, and a lock that was removed in
//! mid-run keeps out nobody.
#![expect(clippy::disallowed_methods, reason = "the store is a home of files")]

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tracing::info;

use crate::state::{State, format};
use crate::store::{StoreError, ground, replace};

/// The place of a state.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    /// What the system said of the file there when it was last read or written by this session.
    seen: Option<Metadata>,
    /// The SHA-256 of what was read there.
    digest: Option<[u8; 32]>,
    /// Whether this run has replaced the state before its end, so that the one before it is the
    /// backup already.
    is_checkpoint: bool,
    /// Where the state is written since somebody put another one there.
    aside: Option<PathBuf>,
}

impl Place {
    /// The place of a state that was read, or that is not there yet.
    ///
    /// # Errors
    ///
    /// Returns that the file has a second name, under which another run could have it: each name
    /// has a lock of its own.
    pub(super) fn new(
        path: &Path,
        seen: Option<Metadata>,
        digest: Option<[u8; 32]>,
    ) -> Result<Self, StoreError> {
        if let Some(seen) = &seen {
            ground::check_names(path, seen)?;
        }
        Ok(Self {
            path: path.to_owned(),
            seen,
            digest,
            is_checkpoint: false,
            aside: None,
        })
    }

    /// Replaces the state before the end of a run.
    ///
    /// # Errors
    ///
    /// Returns why it is not written, or that it is written elsewhere.
    pub(super) fn checkpoint(&mut self, state: &State) -> Result<(), StoreError> {
        self.write(state)?;
        self.is_checkpoint = true;
        Ok(())
    }

    /// Replaces the state.
    ///
    /// # Errors
    ///
    /// Returns why it is not written, or that it is written elsewhere.
    pub(super) fn replace(&mut self, state: &State) -> Result<(), StoreError> {
        self.write(state)?;
        self.is_checkpoint = false;
        Ok(())
    }

    /// Writes the state; where another one lies there by now, both are kept.
    fn write(&mut self, state: &State) -> Result<(), StoreError> {
        if self.aside.is_none() && !self.is_as_seen()? {
            let ending = format!(".run-{}", state.serial);
            self.aside = Some(ground::free_beside(&self.path, &ending)?);
        }
        if let Some(aside) = self.aside.clone() {
            replace::replace(&aside, false, |sink| format::write(state, sink))?;
            return Err(StoreError::Replaced {
                path: self.path.clone(),
                kept: aside,
            });
        }
        let backup = !self.is_checkpoint;
        let seen = replace::replace(&self.path, backup, |sink| format::write(state, sink))?;
        self.seen = Some(seen);
        self.digest = None;
        info!(path = %self.path.display(), serial = state.serial, "the state is replaced");
        Ok(())
    }

    /// Whether nobody has put another state there; one that was removed overwrites nothing.
    fn is_as_seen(&self) -> Result<bool, StoreError> {
        let there = match fs::symlink_metadata(&self.path) {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(StoreError::io("look at", &self.path)(error)),
        };
        let same = |seen: &Metadata| {
            ground::is_same(seen, &there)
                && seen.len() == there.len()
                && seen.modified().ok() == there.modified().ok()
        };
        if self.seen.as_ref().is_some_and(same) {
            return Ok(true);
        }
        let Some(digest) = self.digest.filter(|_| there.is_file()) else {
            return Ok(false);
        };
        let bytes = fs::read(&self.path).map_err(StoreError::io("read", &self.path))?;
        Ok(<[u8; 32]>::from(Sha256::digest(bytes)) == digest)
    }
}
