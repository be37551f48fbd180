//! The lock of a state: the system's own, so that it dies with its process.
//!
//! Only the lock on the file beside the state counts, and not the file: its text says who has it,
//! and both go when the lock is given back in order. Whoever takes a lock looks afterwards whether
//! its file is still the one that lies there, so that two never have the locks of two files. A file
//! with another text is somebody else's: it is neither emptied nor shown.
//!
//! Windows lets nobody else read what is locked, so there the text stands in a second file as well,
//! which says nothing but who it is.
#![expect(clippy::disallowed_methods, reason = "the store is a home of files")]

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use crate::crash;
use crate::store::{StoreError, ground};

/// How long the text of a lock is at most, in bytes.
const LONGEST_HOLDER: usize = 4096;

/// How every text of a lock begins; the number of the process follows.
const PROCESS: &str = "process ";

/// What belongs into a lock's place.
const PLACE: &str = "the lock of the state";

/// How often a lock is taken whose file is another one by then: each time another run has ended in
/// between.
const MOST_TRIES: usize = 10;

/// Whether others can read a file that is locked.
const READABLE: bool = cfg!(unix);

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock(Arc<Held>);

/// A lock that somebody else holds, and that can be given back in a hurry.
#[derive(Debug, Clone)]
pub struct LockOfOther(Weak<Held>);

impl LockOfOther {
    /// Gives the lock back, if it is still held: the process ends at once.
    pub fn give_back(&self) {
        if let Some(held) = self.0.upgrade() {
            held.give_back();
        }
    }
}

#[derive(Debug)]
struct Held {
    file: File,
    path: PathBuf,
    /// The second file, which says who has the lock, where there is one.
    second: Option<PathBuf>,
    /// Whether a run of ours made the file: an empty one that lay there may be anybody's.
    ours: bool,
}

impl Lock {
    /// Checks that others meet this very lock.
    ///
    /// # Errors
    ///
    /// Returns that its file was removed or replaced, so that another may lock its successor.
    pub fn check(&self) -> Result<(), StoreError> {
        if ground::is_at(&self.0.file, &self.0.path) {
            return Ok(());
        }
        Err(StoreError::Taken {
            path: self.0.path.clone(),
            what: PLACE,
        })
    }

    /// The same lock for whoever ends the process while it is held.
    #[must_use]
    pub fn for_other(&self) -> LockOfOther {
        LockOfOther(Arc::downgrade(&self.0))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl Held {
    fn give_back(&self) {
        if let Some(second) = &self.second {
            drop(fs::remove_file(second));
        }
        // What stays behind speaks of a process that died. A file that was opened for reading
        // alone has nothing of ours.
        drop(self.file.set_len(0));
        // While it is still locked: whoever opened it before meets nothing at its place afterwards,
        // and takes the lock of its successor.
        if self.ours && ground::is_at(&self.file, &self.path) {
            drop(fs::remove_file(&self.path));
        }
        // A child process that was forked meanwhile may hold a copy of the file until it runs
        // its program, so closing ours would not be enough.
        drop(self.file.unlock());
    }
}

/// The file that is locked for the state in `path`.
#[must_use]
pub fn path_of(path: &Path) -> PathBuf {
    ground::beside(path, ground::LOCK)
}

/// Whether the text of a file is that of a lock which somebody has or had.
#[must_use]
pub fn is_text_of_lock(bytes: &[u8]) -> bool {
    matches!(word_of(bytes), Word::Holder(_))
}

/// Takes the lock of a state without waiting, and leaves word of who has it: `holder` begins
/// with `process` and its number.
///
/// # Errors
///
/// Returns who has the lock, or why there cannot be one.
pub fn acquire(state: &Path, holder: &str) -> Result<Lock, StoreError> {
    let path = path_of(state);
    for _ in 0..MOST_TRIES {
        let there = ground::is_there(&path, PLACE)?;
        let Some((mut file, writable)) = open(&path, true)? else {
            continue;
        };
        let left = lock(&mut file, state, &path)?;
        // Whoever removed the file meanwhile has let somebody else lock its successor.
        if !ground::is_at(&file, &path) {
            continue;
        }
        crash::point("lock.taken");
        if writable {
            write_holder(&mut file, holder).map_err(StoreError::io("write the lock", &path))?;
        }
        let second = ground::beside(state, ground::HOLDER);
        let second = (!READABLE && write_second(&second, holder)).then_some(second);
        crash::point("lock.signed");
        return Ok(Lock(Arc::new(Held {
            ours: writable && (!there || left.is_some()),
            file,
            path,
            second,
        })));
    }
    let gone = io::ErrorKind::NotFound.into();
    Err(StoreError::io("open the lock", &path)(gone))
}

/// Removes the lock's file that a process has left which died, and says whose it was.
///
/// A lock that is held cannot be taken away, and need not be, since it ends with its process.
///
/// # Errors
///
/// Returns who has the lock, or why its file cannot be read or written.
pub fn clear(state: &Path) -> Result<Option<String>, StoreError> {
    let path = path_of(state);
    let Some((mut file, writable)) = open(&path, false)? else {
        return Ok(None);
    };
    let holder = lock(&mut file, state, &path)?;
    if holder.is_some() {
        if !writable {
            let denied = io::ErrorKind::PermissionDenied.into();
            return Err(StoreError::io("write the lock", &path)(denied));
        }
        file.set_len(0)
            .map_err(StoreError::io("write the lock", &path))?;
    }
    if !ground::is_at(&file, &path) {
        // Somebody else has cleared it meanwhile.
        return Ok(None);
    }
    drop(Held {
        ours: writable && holder.is_some(),
        file,
        path,
        second: None,
    });
    Ok(holder)
}

/// Opens the lock's file, and says whether it can be written: a lock needs only reading, and the
/// file may be another user's.
fn open(path: &Path, create: bool) -> Result<Option<(File, bool)>, StoreError> {
    let there = ground::is_there(path, PLACE)?;
    if !there && !create {
        return Ok(None);
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(create);
    let opened = ground::without_following(&mut options).open(path);
    let (file, writable) = match opened {
        Ok(file) => (file, true),
        Err(error) if there && error.kind() == io::ErrorKind::PermissionDenied => {
            let file = ground::without_following(OpenOptions::new().read(true)).open(path);
            let file = file.map_err(|error| {
                if error.kind() == io::ErrorKind::PermissionDenied {
                    let path = path.to_owned();
                    return StoreError::LockClosed { path };
                }
                StoreError::io("open the lock", path)(error)
            });
            (file?, false)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !create => return Ok(None),
        Err(error) => return Err(StoreError::io("open the lock", path)(error)),
    };
    // Between the look and the opening it may have become something else.
    let metadata = file.metadata();
    let metadata = metadata.map_err(StoreError::io("look at", path))?;
    if let Some(found) = ground::oddity(&metadata) {
        return Err(not_ours(path, found));
    }
    Ok(Some((file, writable)))
}

/// Locks an open file, and says who has left word in it that had it before.
fn lock(file: &mut File, state: &Path, path: &Path) -> Result<Option<String>, StoreError> {
    let locked = match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(source)) => {
            return Err(StoreError::NoLocks {
                path: path.to_owned(),
                source,
            });
        }
    };
    let word = if locked || READABLE {
        read_word(file).map_err(StoreError::io("read the lock", path))?
    } else {
        read_second(&ground::beside(state, ground::HOLDER))
    };
    let holder = match word {
        Word::Nothing => None,
        Word::Holder(holder) => Some(holder),
        Word::Foreign => return Err(not_ours(path, "no lock of this program")),
    };
    if locked {
        Ok(holder)
    } else {
        Err(StoreError::Locked {
            path: state.to_owned(),
            holder,
        })
    }
}

fn not_ours(path: &Path, found: &'static str) -> StoreError {
    StoreError::NotOurs {
        path: path.to_owned(),
        place: PLACE,
        found,
    }
}

/// What stands in a lock's file.
enum Word {
    /// Nothing: nobody has it, or whoever has it has not yet left word.
    Nothing,
    /// Who has it or had it.
    Holder(String),
    /// Something that no lock of ours says.
    Foreign,
}

fn read_word(file: &mut File) -> io::Result<Word> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(LONGEST_HOLDER as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(word_of(&bytes))
}

fn word_of(bytes: &[u8]) -> Word {
    if bytes.is_empty() {
        return Word::Nothing;
    }
    let text = std::str::from_utf8(bytes).ok();
    let line = text.map(|text| text.strip_suffix('\n').unwrap_or(text));
    let holder = line.filter(|line| {
        let number = line.strip_prefix(PROCESS);
        bytes.len() <= LONGEST_HOLDER
            && number.is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
            && !line.contains(['\n', '\0'])
    });
    holder.map_or(Word::Foreign, |holder| Word::Holder(holder.to_owned()))
}

fn write_holder(file: &mut File, holder: &str) -> io::Result<()> {
    file.set_len(0)?;
    crash::point("lock.cleared");
    file.rewind()?;
    file.write_all(line_of(holder).as_bytes())
}

/// Writes into the second file who has the lock, and says whether it is there; nobody needs it to
/// have the lock.
fn write_second(path: &Path, holder: &str) -> bool {
    if matches!(read_second(path), Word::Foreign) {
        return false;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let file = ground::without_following(&mut options).open(path);
    file.and_then(|mut file| file.write_all(line_of(holder).as_bytes()))
        .is_ok()
}

/// Reads the second file; where there is none, nobody has left word.
fn read_second(path: &Path) -> Word {
    match ground::is_there(path, PLACE) {
        Ok(true) => {}
        Ok(false) => return Word::Nothing,
        Err(_) => return Word::Foreign,
    }
    let file = ground::without_following(OpenOptions::new().read(true)).open(path);
    let word = file.and_then(|mut file| read_word(&mut file));
    word.unwrap_or(Word::Nothing)
}

/// A holder as one line that [`word_of`] knows again, whatever a variable has put into it.
fn line_of(holder: &str) -> String {
    let mut line = holder.replace(char::is_control, " ");
    line.truncate(line.floor_char_boundary(LONGEST_HOLDER - 1));
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_of_ours_is_told_by_its_text() {
        for ours in [
            "process 7\n",
            "process 7 on build-3 since today",
            "process 0",
        ] {
            assert!(is_text_of_lock(ours.as_bytes()), "{ours:?}");
        }
        let long = format!("process 7 {}", "x".repeat(LONGEST_HOLDER));
        for foreign in [
            "",
            "\n",
            "# yarn lockfile v1\n",
            "process\n",
            "process x\n",
            "processes 7\n",
            "process 7\nand more\n",
            "process 7\0",
            &long,
        ] {
            assert!(!is_text_of_lock(foreign.as_bytes()), "{foreign:?}");
        }
        assert!(!is_text_of_lock(b"process 7 \xff"));
    }

    #[test]
    fn a_second_file_says_who_has_the_lock_and_takes_no_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("holder");
        assert!(matches!(read_second(&path), Word::Nothing));
        for holder in ["process 7 on build-3 since today", "process 8"] {
            assert!(write_second(&path, holder));
            assert!(matches!(read_second(&path), Word::Holder(who) if who == holder));
        }
        fs::write(&path, "notes of somebody").unwrap();
        assert!(!write_second(&path, "process 9"));
        assert!(matches!(read_second(&path), Word::Foreign));
        assert_eq!(fs::read_to_string(&path).unwrap(), "notes of somebody");
        let within = path.with_file_name("folder");
        fs::create_dir(&within).unwrap();
        assert!(!write_second(&within, "process 9"));
    }

    #[test]
    fn what_a_lock_says_is_known_again_whatever_it_is_made_of() {
        let holder = format!("process 7, started by a\nb\u{1b}[31m{}", "é".repeat(9_000));
        let line = line_of(&holder);
        assert!(
            line.starts_with("process 7, started by a b [31mé"),
            "{line}"
        );
        assert!(is_text_of_lock(line.as_bytes()));
    }
}
