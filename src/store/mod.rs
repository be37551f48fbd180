//! Where the state lives: locked, loaded, journalled and replaced.

use std::io;
use std::path::{Path, PathBuf};

use crate::event::RunEvent;
use crate::state::State;
use crate::state::format::FormatError;

pub mod cache;
pub mod file;
mod fit;
pub mod ground;
pub mod journal;
pub mod lock;
mod place;
pub mod probe;
mod replace;
pub mod replay;

#[cfg(test)]
mod tests;

/// The largest state or journal that is read, in bytes: about twice a state of a million assets,
/// each with a message of its own.
const LARGEST: u64 = 512 << 20;

/// A state as it was found, with what its journal adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The state, the journal's events taken in.
    pub state: State,
    /// The serial of the state's file; 0 where only a journal was found.
    pub serial: u64,
    /// The SHA-256 of the state file's bytes; nothing where only a journal was found.
    pub digest: Option<[u8; 32]>,
    /// Whether a journal was found beside it.
    pub journal: bool,
    /// What somebody should know about how it was found, a sentence each.
    pub warnings: Vec<String>,
}

/// Shows that events are on the disk: only a store makes one, after the sync.
#[derive(Debug)]
pub struct Synced(());

impl Synced {
    const fn done() -> Self {
        Self(())
    }
}

/// The right to change one state: there is at most one at a time.
pub trait Session {
    /// Makes events last before anything follows from them: when this returns, they survive
    /// a crash.
    ///
    /// # Errors
    ///
    /// Returns why the events may not last; then nothing may follow from them.
    fn append(&mut self, events: &[RunEvent]) -> Result<Synced, StoreError>;

    /// Replaces the state as a whole and keeps the journal, since the run goes on.
    ///
    /// # Errors
    ///
    /// Returns why that failed.
    fn checkpoint(&mut self, state: &State) -> Result<(), StoreError>;

    /// Replaces the state as a whole and drops the journal that led to it.
    ///
    /// # Errors
    ///
    /// Returns why that failed; the journal is still there then.
    fn replace(&mut self, state: &State) -> Result<(), StoreError>;

    /// Drops the journal of a run that changed nothing.
    ///
    /// # Errors
    ///
    /// Returns why the journal is still there.
    fn abandon(&mut self) -> Result<(), StoreError>;
}

/// Why a state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused something.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried, such as `read`.
        action: &'static str,
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is larger than any state.
    #[error("`{}`, {place}, is larger than {} MB", path.display(), LARGEST >> 20)]
    TooLarge {
        path: PathBuf,
        /// What it is, in words.
        place: &'static str,
    },
    /// The state file is not a state.
    #[error("{}:{}:{}: {}", path.display(), why.line, why.column, why.message)]
    Format {
        path: PathBuf,
        /// What is wrong, and where.
        why: FormatError,
    },
    /// The journal is damaged, or belongs to another state.
    #[error("{}: at byte {offset}: {why}", path.display())]
    Journal {
        path: PathBuf,
        /// Where, in bytes from 0.
        offset: usize,
        why: String,
    },
    /// The journal is whole, and that of another run than the state has next.
    #[error("{}: {why}", path.display())]
    OtherRun {
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// Something of somebody else lies where a file of ours belongs.
    #[error("`{}` is {found}, where {place} belongs", path.display())]
    NotOurs {
        path: PathBuf,
        /// What belongs there, in words.
        place: &'static str,
        /// What lies there, in words.
        found: &'static str,
    },
    /// Somebody took away, in mid-run, what shows that this run has the state.
    #[error("{what} was removed, changed or replaced while this run went on: `{}`", path.display())]
    Taken {
        path: PathBuf,
        /// What it was, in words.
        what: &'static str,
    },
    /// Somebody put another state there while a run went on.
    #[error("somebody replaced the state `{}` while this run went on; what this run knows is in `{}`", path.display(), kept.display())]
    Replaced {
        path: PathBuf,
        /// Where the state of this run is.
        kept: PathBuf,
    },
    /// Another run has the state.
    #[error("the state `{}` is locked by another run{}", path.display(), in_words(holder.as_deref()))]
    Locked {
        path: PathBuf,
        /// Who says to have it.
        holder: Option<String>,
    },
    /// The lock's file is there, and this user may not even read it.
    #[error("the lock `{}` is another user's, and this one may not read it", path.display())]
    LockClosed { path: PathBuf },
    /// The file system cannot lock.
    #[error("`{}` cannot be locked on this file system", path.display())]
    NoLocks {
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Says what to do about what the system refuses.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the system has refusals without end, and few with a remedy"
)]
const fn hint_of(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Some("make room there, then run it again")
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Some(
            "the lock, the journal and the state are written beside each other: let this user write into the folder, or name another place with `--state`",
        ),
        _ => None,
    }
}

fn in_words(holder: Option<&str>) -> String {
    holder.map_or_else(String::new, |holder| format!(": {holder}"))
}

impl StoreError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Io { source, .. } => hint_of(source.kind()),
            Self::TooLarge { .. } => Some(
                "nothing was written; this is not a state that `retire` has kept: restore the file from git or from its `.backup`, or name another with `--state`",
            ),
            Self::Format { why, .. } => Some(why.hint.unwrap_or(
                "nothing was written; restore the file from git or from its `.backup`, or name another with `--state`",
            )),
            Self::Journal { .. } => Some(
                "nothing was written; keep the file and compare it with a copy, since it tells what was sent and is not yet in the state",
            ),
            Self::OtherRun { .. } => Some(
                "nothing was written, and the journal is kept, since it tells what its run sent: move it beside a copy of the state that it continues, from git or `.backup`, and read both with `retire state list --state COPY`; the next run here then asks for each listed asset that the state does not know",
            ),
            Self::NotOurs { .. } => {
                Some("it was not touched; move it elsewhere, or name another state with `--state`")
            }
            Self::Taken { .. } => Some(
                "nothing more was sent; run it again, and keep `git clean` and other runs away meanwhile",
            ),
            Self::Replaced { .. } => Some(
                "neither was overwritten: compare the two, and move the one that should count to the state's place; the next run asks again for what it does not know",
            ),
            Self::Locked { .. } => Some(
                "wait for that run to end, or end its process: the lock ends with it, and the next run takes in what it had done",
            ),
            Self::LockClosed { .. } => Some(
                "let this user read it (`chmod a+r`), or remove it while no run is on; who may read a lock can see that it is held",
            ),
            Self::NoLocks { .. } => {
                Some("put the state on a file system that has locks, a local one for example")
            }
        }
    }
}
