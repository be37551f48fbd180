//! The state in a file, its journal and its lock beside it.
#![expect(clippy::disallowed_methods, reason = "the store is a home of files")]

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tracing::{debug, trace};

use crate::crash;
use crate::event::RunEvent;
use crate::state::{State, format};
use crate::store::journal::{self, Header};
use crate::store::lock::{self, Lock, LockOfOther};
use crate::store::place::Place;
use crate::store::replace;
use crate::store::replay::{self, Damage};
use crate::store::{LARGEST, Loaded, Session, StoreError, Synced, ground};

/// How often a state is read again whose journal does not fit.
const GLANCES: usize = 2;

/// A state in a file.
#[derive(Debug, Clone)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// Names the file; nothing is read yet. A link is followed, also where nothing is behind it
    /// yet, so that replacing the state replaces the file behind it.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: ground::behind(path),
        }
    }

    /// The state's file, links followed.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The files that belong to the state, itself first, each with what it is in words.
    #[must_use]
    pub fn files(&self) -> Vec<(PathBuf, &'static str)> {
        let state = (self.path.clone(), "the state");
        let beside = ground::BESIDE.map(|(end, what)| (ground::beside(&self.path, end), what));
        [state].into_iter().chain(beside).collect()
    }

    #[must_use]
    pub fn journal(&self) -> PathBuf {
        ground::beside(&self.path, ground::JOURNAL)
    }

    /// Reads the state and what its journal adds; nothing where there is neither. Needs no lock.
    ///
    /// # Errors
    ///
    /// Returns why either cannot be read.
    pub fn load(&self) -> Result<Option<Loaded>, StoreError> {
        self.find().map(|found| found.loaded)
    }

    fn find(&self) -> Result<Found, StoreError> {
        let mut found = self.glance();
        for _ in 0..GLANCES {
            // A run that began after another had changed nothing may have left between the two
            // readings; what truly does not fit still does not.
            if !matches!(found, Err(StoreError::OtherRun { .. })) {
                break;
            }
            found = self.glance();
        }
        found
    }

    fn glance(&self) -> Result<Found, StoreError> {
        let journal = self.journal();
        // The journal comes first: a run that ends between the two has replaced the state by
        // then, and its journal is known to be older.
        let lines = read(&journal, "the journal of the state")?;
        let lines = lines.map(|(bytes, _)| bytes);
        let read = read(&self.path, "the state")?;
        let (bytes, metadata) = read.unzip();
        let digest = bytes.as_ref().map(|bytes| Sha256::digest(bytes).into());
        let base = bytes
            .map(|bytes| {
                format::read(&bytes).map_err(|why| StoreError::Format {
                    path: self.path.clone(),
                    why,
                })
            })
            .transpose()?;
        let serial = base.as_ref().map_or(0, |state| state.serial);
        let Some(lines) = lines else {
            return Ok(Found {
                loaded: base.map(|state| Loaded {
                    state,
                    serial,
                    digest,
                    journal: false,
                    warnings: Vec::new(),
                }),
                metadata,
                begun: false,
                notes: Vec::new(),
            });
        };
        let replayed = replay::replay(base, &lines).map_err(|damage| {
            let path = journal.clone();
            let Damage {
                offset,
                why,
                other_run,
            } = damage;
            if other_run {
                StoreError::OtherRun { path, why }
            } else {
                StoreError::Journal { path, offset, why }
            }
        })?;
        let begun = replayed.begun;
        let warnings = replayed.warnings.into_iter();
        let warnings = warnings.map(|warning| format!("{}: {warning}", journal.display()));
        let warnings = warnings.collect();
        Ok(match replayed.state {
            Some(state) => Found {
                loaded: Some(Loaded {
                    state,
                    serial,
                    digest,
                    journal: true,
                    warnings,
                }),
                metadata,
                begun,
                notes: Vec::new(),
            },
            None => Found {
                loaded: None,
                metadata,
                begun,
                notes: warnings,
            },
        })
    }

    /// Clears the word that a process left in the lock which died with it; says what it was.
    ///
    /// # Errors
    ///
    /// Returns who has the lock, or why its file cannot be read or written.
    pub fn unlock(&self) -> Result<Option<String>, StoreError> {
        lock::clear(&self.path)
    }

    /// Takes the lock, and reads the state and what a journal of an earlier run adds, which is written
    /// down by [`FileSession::take_in`] or with the first change; `holder` begins with `process` and
    /// its number.
    ///
    /// # Errors
    ///
    /// Returns who has the lock, or why the state cannot be read or written.
    pub fn open(&self, holder: &str) -> Result<(FileSession, Option<Loaded>), StoreError> {
        let lock = lock::acquire(&self.path, holder)?;
        debug!(path = %self.path.display(), holder, "the lock is taken");
        replace::sweep(&self.path);
        // A run that could not keep a backup at its end had better not begin.
        ground::check_backup(&replace::backup_of(&self.path))?;
        let Found {
            loaded,
            metadata,
            begun,
            notes,
        } = self.find()?;
        crash::point("open.loaded");
        let digest = loaded.as_ref().and_then(|loaded| loaded.digest);
        let mut session = FileSession {
            place: Place::new(&self.path, metadata, digest)?,
            journal_path: self.journal(),
            journal: None,
            header: None,
            sequence: 0,
            whole: 0,
            in_doubt: true,
            is_left: false,
            notes,
            lock,
        };
        if session.journal_path.exists() {
            match &loaded {
                Some(_) if begun => session.is_left = true,
                Some(_) | None => session.put_journal_aside(&self.path)?,
            }
        }
        Ok((session, loaded))
    }
}

/// A state as it was found, or what is to be said of a journal that led to none.
struct Found {
    loaded: Option<Loaded>,
    /// What the system says of the state's file.
    metadata: Option<Metadata>,
    /// Whether a journal with a first line lies beside it.
    begun: bool,
    notes: Vec<String>,
}

/// Writes a document that is no state: as a whole, or not at all.
///
/// # Errors
///
/// Returns why it cannot be written; what was there before is still there then.
pub fn publish(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), StoreError> {
    replace::replace(path, false, write).map(drop)
}

fn write(journal: &mut File, lines: &[u8]) -> io::Result<()> {
    crash::point("journal.write");
    let (first, rest) = lines.split_at(crash::middle(lines.len()));
    journal.write_all(first)?;
    crash::point("journal.half");
    journal.write_all(rest)?;
    crash::point("journal.written");
    Ok(())
}

fn length(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
}

/// Reads a file as a whole, which must be a plain one: a pipe would be waited for.
fn read(path: &Path, place: &'static str) -> Result<Option<(Vec<u8>, Metadata)>, StoreError> {
    if !ground::is_there(path, place)? {
        return Ok(None);
    }
    let read = File::open(path).and_then(|file| {
        let metadata = file.metadata()?;
        if metadata.len() > LARGEST {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
        // It may still grow.
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 <= LARGEST).then_some((bytes, metadata)))
    });
    match read {
        Ok(Some(read)) => Ok(Some(read)),
        Ok(None) => Err(StoreError::TooLarge {
            path: path.to_owned(),
            place,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

/// The right to change a state in a file.
#[derive(Debug)]
pub struct FileSession {
    place: Place,
    journal_path: PathBuf,
    journal: Option<File>,
    header: Option<Header>,
    sequence: u64,
    /// How long the journal is as far as it is known to be whole, in bytes.
    whole: u64,
    /// Whether something may stand behind that.
    in_doubt: bool,
    /// Whether a journal of an earlier run lies there that the state's file does not know yet.
    is_left: bool,
    /// What somebody should know of a journal that was dropped and led to no state.
    notes: Vec<String>,
    lock: Lock,
}

/// What somebody must put into a journal by hand, since no file would take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescue {
    pub journal: PathBuf,
    /// What it misses: JSON lines.
    pub lines: Vec<u8>,
    /// Whether it is still there and is to be continued; else the lines are all of it.
    pub continues: bool,
}

impl FileSession {
    /// Its lock for whoever ends the process while the session is open.
    #[must_use]
    pub fn lock(&self) -> LockOfOther {
        self.lock.for_other()
    }

    /// What somebody should know about how the state was found, where there was none.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Turns what the journal did not take into the lines that it misses.
    pub fn rescue(&mut self, lost: &[RunEvent]) -> Rescue {
        let mut lines = Vec::new();
        let continues = match &mut self.journal {
            // Half a line at its end would be damage in the middle once it is continued.
            Some(file) if ground::is_at(file, &self.journal_path) => {
                let is_there = length(file).is_ok_and(|there| there >= self.whole);
                is_there && file.set_len(self.whole).is_ok()
            }
            Some(_) | None => false,
        };
        if !continues && let Some(file) = &mut self.journal {
            // What cannot be read back any more cannot be told either.
            drop(
                file.rewind()
                    .and_then(|()| file.take(self.whole).read_to_end(&mut lines)),
            );
        }
        if lines.is_empty()
            && !continues
            && let Some(header) = &self.header
        {
            journal::write_header(header, &mut lines);
        }
        for (event, sequence) in lost
            .iter()
            .filter(|event| event.lasts())
            .zip(self.sequence + 1..)
        {
            journal::write_event(sequence, event, &mut lines);
        }
        Rescue {
            journal: self.journal_path.clone(),
            lines,
            continues,
        }
    }

    /// Writes down what the journal of an earlier run adds, where one was left: `state` is what was
    /// read. Until then, and where nothing is changed, both files stay as they are.
    ///
    /// # Errors
    ///
    /// Returns why it is not written down; the journal is still there then.
    pub fn take_in(&mut self, state: &State) -> Result<(), StoreError> {
        if self.is_left {
            self.replace(state)?;
        }
        Ok(())
    }

    /// Says what state the journal of the coming run starts from, with what an earlier one has left
    /// taken in; needed before the first event.
    pub fn begin(&mut self, base: &State) {
        self.header = Some(Header::new(base));
        self.sequence = 0;
        self.whole = 0;
        self.in_doubt = true;
    }

    /// Keeps what was to become a journal, and has no first line yet, under another name.
    fn put_journal_aside(&mut self, state: &Path) -> Result<(), StoreError> {
        let metadata = fs::metadata(&self.journal_path);
        if metadata.is_ok_and(|metadata| metadata.len() == 0) {
            return self.drop_journal();
        }
        let aside = ground::free_beside(state, ".journal-cut")?;
        fs::rename(&self.journal_path, &aside)
            .map_err(StoreError::io("rename", &self.journal_path))?;
        replace::sync_folder(replace::folder_of(&aside))?;
        let (journal, aside) = (self.journal_path.display(), aside.display());
        self.notes.push(format!(
            "`{journal}` was cut short in its first line, so that nothing followed from it; it is kept as `{aside}`"
        ));
        Ok(())
    }

    fn drop_journal(&mut self) -> Result<(), StoreError> {
        let journal = self.journal.take();
        if journal.is_some_and(|file| !ground::is_at(&file, &self.journal_path)) {
            // Another one lies there by now, or none.
            return Ok(());
        }
        crash::point("journal.remove");
        match fs::remove_file(&self.journal_path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", &self.journal_path)(error))
            }
            Ok(()) | Err(_) => {
                crash::point("journal.removed");
                replace::sync_folder(replace::folder_of(&self.journal_path))
            }
        }
    }

    fn file(&mut self) -> Result<&mut File, StoreError> {
        if self.journal.is_none() {
            crash::point("journal.create");
            // `create_new`, since a journal that is still there was not taken in yet.
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&self.journal_path)
                .map_err(StoreError::io("create", &self.journal_path))?;
            self.journal = Some(file);
            crash::point("journal.created");
            replace::sync_folder(replace::folder_of(&self.journal_path))?;
        }
        self.journal.as_mut().ok_or_else(|| StoreError::Io {
            action: "open",
            path: self.journal_path.clone(),
            source: io::ErrorKind::NotFound.into(),
        })
    }
}

impl Session for FileSession {
    fn append(&mut self, events: &[RunEvent]) -> Result<Synced, StoreError> {
        if !events.iter().any(RunEvent::lasts) {
            // There is nothing that has to last.
            return Ok(Synced::done());
        }
        let mut lines = Vec::new();
        if self.sequence == 0
            && let Some(header) = &self.header
        {
            journal::write_header(header, &mut lines);
        }
        let mut sequence = self.sequence;
        for event in events.iter().filter(|event| event.lasts()) {
            sequence += 1;
            journal::write_event(sequence, event, &mut lines);
        }
        let path = self.journal_path.clone();
        let whole = self.whole;
        let in_doubt = std::mem::replace(&mut self.in_doubt, true);
        let what = "the journal of the run";
        let file = self.file()?;
        // What somebody cut off is gone, and more would hide that.
        let there = length(file).map_err(StoreError::io("look at", &path))?;
        if there < whole || (there > whole && !in_doubt) {
            return Err(StoreError::Taken { path, what });
        }
        if in_doubt {
            // What an append left behind that failed half-way would be damage in the middle.
            file.set_len(whole)
                .and_then(|()| file.seek(SeekFrom::Start(whole)))
                .map_err(StoreError::io("append to", &path))?;
        }
        write(file, &lines).map_err(StoreError::io("append to", &path))?;
        file.sync_data().map_err(StoreError::io("sync", &path))?;
        // A file that was removed meanwhile takes everything, and nobody will ever read it.
        let after = whole + lines.len() as u64;
        if !ground::is_at(file, &path) || length(file).ok() != Some(after) {
            return Err(StoreError::Taken { path, what });
        }
        self.lock.check()?;
        crash::point("journal.synced");
        self.in_doubt = false;
        self.sequence = sequence;
        self.whole = after;
        trace!(
            events = sequence,
            bytes = self.whole,
            "the journal is synced"
        );
        Ok(Synced::done())
    }

    fn checkpoint(&mut self, state: &State) -> Result<(), StoreError> {
        self.place.checkpoint(state)
    }

    fn replace(&mut self, state: &State) -> Result<(), StoreError> {
        self.place.replace(state)?;
        self.drop_journal()?;
        self.is_left = false;
        Ok(())
    }

    fn abandon(&mut self) -> Result<(), StoreError> {
        if self.journal.is_some() {
            self.drop_journal()?;
        }
        Ok(())
    }
}
