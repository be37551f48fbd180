//! Replacing a file as a whole: whoever looks sees the old one or the new one.
#![expect(clippy::disallowed_methods, reason = "the store is a home of files")]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::Builder;

use crate::crash;
use crate::store::{StoreError, ground};

/// How the files end that are about to replace another.
const SUFFIX: &str = ".tmp";

/// How many letters and digits, drawn at random, stand between the beginning and the end of
/// such a name.
const DRAWN: usize = 6;

/// Where the file that a replacement replaced is kept.
pub(super) fn backup_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".backup");
    name.into()
}

/// The folder that holds a file.
pub(super) fn folder_of(path: &Path) -> &Path {
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

/// A builder of files that are about to replace another.
fn builder(prefix: &OsStr) -> Builder<'_, 'static> {
    let mut builder = Builder::new();
    builder.prefix(prefix).suffix(SUFFIX).rand_bytes(DRAWN);
    builder
}

/// Whether a name is one that was drawn for a file that replaces the one with this prefix.
fn is_drawn(name: &OsStr, prefix: &OsStr) -> bool {
    let drawn = name
        .as_encoded_bytes()
        .strip_prefix(prefix.as_encoded_bytes())
        .and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    drawn.is_some_and(|drawn| drawn.len() == DRAWN && drawn.iter().all(u8::is_ascii_alphanumeric))
}

/// Removes what a process left behind that was killed while it replaced the state in `path`.
///
/// Only whoever holds the lock may call it. A file counts as left behind by its name and by
/// what is in it, since another may have a name like that.
pub(super) fn sweep(path: &Path) {
    let prefix = prefix_of(path);
    let Ok(entries) = fs::read_dir(folder_of(path)) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if is_drawn(&entry.file_name(), &prefix) && ground::is_part_of_state(&path) {
            // What cannot be removed is in nobody's way.
            drop(fs::remove_file(&path));
        }
    }
}

/// Writes a file beside `path`, syncs it, keeps the old one as `.backup` where that is asked
/// for, and renames; says what the system says of the new one.
pub(super) fn replace(
    path: &Path,
    backup: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Metadata, StoreError> {
    crash::point("replace.begin");
    let folder = folder_of(path);
    let old = fs::metadata(path).ok();
    let prefix = prefix_of(path);
    let mut builder = builder(&prefix);
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
    if let Some(old) = &old {
        // What the umask takes away is given back.
        let kept = file.as_file().set_permissions(old.permissions());
        kept.map_err(StoreError::io("keep the mode of", path))?;
    }
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
        ground::check_backup(&backup_of(path))?;
        keep(path, &prefix, folder).map_err(StoreError::io("keep a backup of", path))?;
    }
    crash::point("replace.kept");
    let file = file
        .persist(path)
        .map_err(|error| StoreError::io("replace", path)(error.error))?;
    let metadata = file.metadata();
    crash::point("replace.renamed");
    sync_folder(folder)?;
    crash::point("replace.done");
    metadata.map_err(StoreError::io("look at", path))
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
    let twin = builder(prefix).make_in(folder, |twin| {
        let linked = fs::hard_link(path, twin);
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                // `create_new`, since a copy would be written into what lies there.
                let mut copy = OpenOptions::new().write(true).create_new(true).open(twin)?;
                let mut old = File::open(path)?;
                copy.set_permissions(old.metadata()?.permissions())?;
                io::copy(&mut old, &mut copy).map(drop)
            }
            Ok(()) | Err(_) => linked,
        }
    })?;
    crash::point("backup.linked");
    let twin = twin.into_temp_path();
    let name = twin.to_path_buf();
    twin.persist(backup_of(path))?;
    // Two names of one file are left as they are by a rename.
    drop(fs::remove_file(name));
    crash::point("backup.renamed");
    Ok(())
}

/// Makes a rename in a folder last. Other systems open no folder as a file, and write a rename down
/// by themselves.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(StoreError::io("sync the folder", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_temporary_files_of_a_neighbour_are_not_ours() {
        let prefix = prefix_of(Path::new("place/prod"));
        let ours = |name: &str| is_drawn(OsStr::new(name), &prefix);
        assert!(ours(".prod-Ab3dE9.tmp"));
        for other in [
            ".prod-eu-Ab3dE9.tmp",
            ".prod-x.tmp",
            ".prod-.tmp",
            ".prod-Ab3d-9.tmp",
            ".prod-Ab3dE9.tmp~",
            "prod-Ab3dE9.tmp",
            ".prod-Ab3dE94.tmp",
        ] {
            assert!(!ours(other), "{other}");
        }
    }
}
