//! Replacing a file as a whole: whoever looks sees the old one or the new one.
#![expect(clippy::disallowed_methods, reason = "the store is a home of files")]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::Builder;

use crate::crash;
use crate::store::StoreError;

/// How the files end that are about to replace another.
const SUFFIX: &str = ".tmp";

/// Where the file that a replacement replaced is kept.
pub(in crate::store) fn backup_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".backup");
    name.into()
}

/// The folder that holds a file.
pub(in crate::store) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

/// How the files begin that are about to replace another.
fn prefix_of(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push("-");
    prefix
}

/// Removes what a process left behind that was killed while it replaced `path`.
///
/// Only whoever holds the lock may call it.
pub(in crate::store) fn sweep(path: &Path) {
    let prefix = prefix_of(path);
    let Ok(entries) = fs::read_dir(folder_of(path)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(prefix.as_encoded_bytes()) && name.ends_with(SUFFIX.as_bytes()) {
            let path = entry.path();
            // What cannot be removed is in nobody's way.
            drop(fs::remove_file(&path).or_else(|_folder| fs::remove_dir_all(&path)));
        }
    }
}

/// Writes a file beside `path`, syncs it, keeps the old one as `.backup` where that is asked
/// for, and renames.
pub(in crate::store) fn replace(
    path: &Path,
    backup: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), StoreError> {
    crash::point("replace.begin");
    let folder = folder_of(path);
    let old = fs::metadata(path).ok();
    let prefix = prefix_of(path);
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX);
    let permissions = old
        .as_ref()
        .map_or_else(by_umask, |old| Some(old.permissions()));
    if let Some(permissions) = permissions {
        builder.permissions(permissions);
    }
    let file = builder
        .tempfile_in(folder)
        .map_err(StoreError::io("write into the folder", folder))?;
    crash::point("replace.created");
    let mut sink = BufWriter::with_capacity(1 << 20, file);
    write(&mut sink)
        .and_then(|()| sink.flush())
        .map_err(StoreError::io("write", path))?;
    let file = sink
        .into_inner()
        .map_err(|error| StoreError::io("write", path)(error.into_error()))?;
    crash::point("replace.written");
    file.as_file()
        .sync_all()
        .map_err(StoreError::io("sync", path))?;
    crash::point("replace.synced");
    if old.is_some() && backup {
        keep(path, &prefix, folder).map_err(StoreError::io("keep a backup of", path))?;
    }
    crash::point("replace.kept");
    file.persist(path)
        .map_err(|error| StoreError::io("replace", path)(error.error))?;
    crash::point("replace.renamed");
    sync_folder(folder)?;
    crash::point("replace.done");
    Ok(())
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no such mode")]
fn by_umask() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn by_umask() -> Option<Permissions> {
    None
}

/// Gives the old file its second name, by a link where the file system has them.
fn keep(path: &Path, prefix: &OsStr, folder: &Path) -> io::Result<()> {
    let spare = Builder::new()
        .prefix(prefix)
        .suffix(SUFFIX)
        .tempdir_in(folder)?;
    let twin = spare.path().join("backup");
    if fs::hard_link(path, &twin).is_err() {
        fs::copy(path, &twin)?;
    }
    crash::point("backup.linked");
    fs::rename(&twin, backup_of(path))?;
    crash::point("backup.renamed");
    Ok(())
}

/// Makes a rename in a folder last.
pub(in crate::store) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(StoreError::io("sync the folder", folder))
}
