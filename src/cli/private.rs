//! Files that only their owner reads.
#![expect(clippy::disallowed_methods, reason = "this is a home of files")]

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file as a whole; others than the owner cannot read it, not even for a moment.
///
/// # Errors
///
/// Returns what the system says.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    // A temporary file is made with mode 600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Removes a file; says whether it was there.
///
/// # Errors
///
/// Returns what the system says.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes the lock of a file, which is made where it is not there; nothing while somebody else has
/// it.
///
/// # Errors
///
/// Returns what the system says.
pub(super) fn lock(path: &Path) -> io::Result<Option<File>> {
    make_folder(path.parent().unwrap_or(Path::new(".")))?;
    let file = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Whether others than the owner may read a file.
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
