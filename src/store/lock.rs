//! The lock of a state: the system's own, so that it dies with its process.
//!
//! The file beside the state stays; only the lock on it counts. Its text says who has it, and
//! goes when the lock is given back in order.
#![expect(clippy::disallowed_methods, reason = "the store is a home of files")]

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::crash;
use crate::store::StoreError;

/// How much of a lock file is read to tell who has it.
const LONGEST_HOLDER: u64 = 4096;

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // What stays behind speaks of a process that died.
        drop(self.file.set_len(0));
        // A child process that was forked meanwhile may hold a copy of the file until it runs
        // its program, so closing ours would not be enough.
        drop(self.file.unlock());
    }
}

/// The file that is locked for the state in `path`.
#[must_use]
pub fn path_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Takes the lock of a state without waiting, and leaves word of who has it.
///
/// # Errors
///
/// Returns who has the lock, or why there cannot be one.
pub fn take(state: &Path, holder: &str) -> Result<Lock, StoreError> {
    let path = path_of(state);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(StoreError::io("open the lock", &path))?;
    try_lock(&mut file, state, &path)?;
    crash::point("lock.taken");
    write_holder(&mut file, holder).map_err(StoreError::io("write the lock", &path))?;
    crash::point("lock.signed");
    Ok(Lock { file })
}

/// Clears what a process that died has left in the lock's file, and says what that was.
///
/// The file itself stays: were it removed, one process could lock it and another its
/// successor. A lock that is held cannot be taken away, and need not be, since it ends with
/// its process.
///
/// # Errors
///
/// Returns who has the lock, or why its file cannot be read or written.
pub fn clear(state: &Path) -> Result<Option<String>, StoreError> {
    let path = path_of(state);
    let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("open the lock", &path)(error)),
    };
    try_lock(&mut file, state, &path)?;
    let holder = read_holder(&mut file);
    file.set_len(0)
        .map_err(StoreError::io("write the lock", &path))?;
    drop(Lock { file });
    Ok(holder)
}

fn try_lock(file: &mut File, state: &Path, path: &Path) -> Result<(), StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked {
            path: state.to_owned(),
            holder: read_holder(file),
        }),
        Err(TryLockError::Error(source)) => Err(StoreError::NoLocks {
            path: path.to_owned(),
            source,
        }),
    }
}

fn read_holder(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.take(LONGEST_HOLDER).read_to_string(&mut text).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn write_holder(file: &mut File, holder: &str) -> io::Result<()> {
    file.set_len(0)?;
    crash::point("lock.cleared");
    file.rewind()?;
    writeln!(file, "{holder}")
}
