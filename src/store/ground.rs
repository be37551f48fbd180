//! What lies where a file of ours belongs: looked at before it is opened, and left alone where
//! it is somebody else's.
#![expect(clippy::disallowed_methods, reason = "the store is a home of files")]

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::state::format;
use crate::store::{LARGEST, StoreError};

/// How the name of a state's lock ends.
pub const LOCK: &str = ".lock";

/// How the name of the file ends that says who holds a state's lock, where the system lets nobody
/// read what is locked.
pub const HOLDER: &str = ".lock.holder";

/// How the name of a state's journal ends.
pub const JOURNAL: &str = ".journal";

/// How the files beside a state end, with what each is, in words.
pub const BESIDE: [(&str, &str); 5] = [
    (JOURNAL, "the journal of the state"),
    (LOCK, "the lock of the state"),
    (HOLDER, "the holder of the lock of the state"),
    (".backup", "the backup of the state"),
    (".v2", "the old self of the state"),
];

/// The file beside a state whose name ends so.
#[must_use]
pub fn beside(state: &Path, ending: &str) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// How a state begins, as this program writes it.
const STATE: &[u8] = b"{\"version\":";

/// What every state names behind its version.
const LINEAGE: &[u8] = b"\"lineage\":\"";

/// How much of a file is read to tell whether it begins as a state does.
const HEAD: u64 = 128;

/// How many copies with one ending lie beside a state at most.
const MOST_COPIES: usize = 1000;

/// How many links are followed one after another, as many as Linux follows.
const MOST_LINKS: usize = 40;

/// What something is that is no plain file; nothing for a plain file.
#[must_use]
pub fn oddity(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return None;
    }
    if kind.is_symlink() {
        return Some("a link");
    }
    if kind.is_dir() {
        return Some("a folder");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
    }
    Some("a device")
}

/// Whether something lies at a path; `place` says in words what belongs there.
///
/// # Errors
///
/// Returns what lies there if it is no plain file. A link is none: it is not followed.
pub(super) fn is_there(path: &Path, place: &'static str) -> Result<bool, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => oddity(&metadata).map_or(Ok(true), |found| {
            Err(StoreError::NotOurs {
                path: path.to_owned(),
                place,
                found,
            })
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io("look at", path)(error)),
    }
}

/// Refuses a file that has a second name, but for the backup, which is the same file for as long as
/// its state was not replaced.
pub(super) fn check_names(path: &Path, metadata: &Metadata) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let backup = fs::symlink_metadata(beside(path, ".backup"));
        let ours = 1 + u64::from(backup.is_ok_and(|backup| is_same(&backup, metadata)));
        if metadata.nlink() > ours {
            return Err(StoreError::NotOurs {
                path: path.to_owned(),
                place: "the state",
                found: "a file with a second name, a hard link,",
            });
        }
    }
    #[cfg(not(unix))]
    {
        let _no_such_count = (path, metadata);
    }
    Ok(())
}

/// A name beside a state that nothing has yet.
pub(super) fn free_beside(state: &Path, ending: &str) -> Result<PathBuf, StoreError> {
    let names = (1..=MOST_COPIES).map(|number| match number {
        1 => beside(state, ending),
        number => beside(state, &format!("{ending}-{number}")),
    });
    let is_free = |name: &PathBuf| {
        let there = fs::symlink_metadata(name);
        there.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    };
    let taken = || StoreError::io("keep a copy beside", state)(io::ErrorKind::AlreadyExists.into());
    names.into_iter().find(is_free).ok_or_else(taken)
}

/// Has a file opened only where it is no link, and without waiting for anybody.
pub fn without_following(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        use rustix::fs::OFlags;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        options.custom_flags(flags.cast_signed());
    }
    options
}

/// Whether an open file is the one that lies at a path, and not behind a link there.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(there)) = (file.metadata(), fs::symlink_metadata(path)) else {
        return false;
    };
    is_same(&open, &there)
}

/// Whether two descriptions are those of one file, whatever its names.
#[must_use]
pub fn is_same(one: &Metadata, other: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }
    #[cfg(not(unix))]
    {
        one.len() == other.len() && one.modified().ok() == other.modified().ok()
    }
}

/// Whether bytes begin as a state does that this program has written.
#[must_use]
pub fn begins_as_state(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64)];
    head.starts_with(STATE) && head.windows(LINEAGE.len()).any(|part| part == LINEAGE)
}

/// Whether a file is the temporary file of a state: empty, or a state as far as it was written.
pub(super) fn is_part_of_state(path: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return false;
    };
    if oddity(&metadata).is_some() {
        return false;
    }
    head(path).is_ok_and(|head| head.is_empty() || begins_as_state(&head))
}

/// Refuses what lies where the backup of a state belongs and is no state.
pub(super) fn check_backup(path: &Path) -> Result<(), StoreError> {
    const PLACE: &str = "the backup of the state";
    if !is_there(path, PLACE)? {
        return Ok(());
    }
    let read = StoreError::io("read", path);
    let state = match head(path) {
        Ok(head) if begins_as_state(&head) => Ok(true),
        // Somebody may have laid it out anew before it was replaced.
        Ok(_) => fs::metadata(path).and_then(|metadata| {
            let is_read = metadata.len() <= LARGEST;
            Ok(is_read && format::read(&fs::read(path)?).is_ok())
        }),
        Err(error) => Err(error),
    };
    if state.map_err(read)? {
        return Ok(());
    }
    Err(StoreError::NotOurs {
        path: path.to_owned(),
        place: PLACE,
        found: "no state",
    })
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    without_following(OpenOptions::new().read(true))
        .open(path)?
        .take(HEAD)
        .read_to_end(&mut head)?;
    Ok(head)
}

/// The file that a path leads to, also where there is none yet: two links to one place are one
/// state, and have one lock.
pub(super) fn behind(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let mut place = path.to_owned();
    let mut links = 0;
    while let Ok(next) = fs::read_link(&place) {
        links += 1;
        if links > MOST_LINKS {
            // It leads round in circles, which reading it says.
            return path.to_owned();
        }
        let folder = place.parent().unwrap_or(Path::new(""));
        place = folder.join(next);
    }
    if links == 0 {
        return path.to_owned();
    }
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        return place;
    };
    fs::canonicalize(folder).map_or_else(|_missing| place.clone(), |folder| folder.join(name))
}
