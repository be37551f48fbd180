//! The lock of a state: the system's own, so that it dies with its process.
//!
//! The file beside the state stays; only the lock on it counts. Its text says who has it.
#![expect(clippy::disallowed_methods, reason = "the store is a home of files")]

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

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
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(StoreError::Locked {
                path: state.to_owned(),
                holder: read_holder(&mut file),
            });
        }
        Err(TryLockError::Error(source)) => {
            return Err(StoreError::NoLocks { path, source });
        }
    }
    write_holder(&mut file, holder).map_err(StoreError::io("write the lock", &path))?;
    Ok(Lock { file })
}

fn read_holder(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.take(LONGEST_HOLDER).read_to_string(&mut text).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn write_holder(file: &mut File, holder: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{holder}")
}
