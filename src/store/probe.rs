//! The journal of a probe: what it makes, written down and synced before anything else is done to
//! it, so that whoever finds the journal of a probe that died can remove what it left.
#![expect(clippy::disallowed_methods, reason = "the store is a home of files")]

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::AssetId;
use crate::probe::thing::Thing;

/// How the names of these files begin and end.
const NAME: (&str, &str) = ("probe-", ".jsonl");

/// The version of the lines.
const VERSION: u32 = 1;

/// The longest journal that is read; one of a probe has some thousand bytes.
const LONGEST: u64 = 1 << 20;

/// Which probe it is, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of the lines.
    version: u32,
    /// The server's address.
    pub server: String,
    pub account: String,
    pub project: AssetId,
    /// The folder at the top of the project.
    pub root: AssetId,
    /// What was drawn for this probe: all that it makes has it in its name.
    pub mark: String,
    /// The name of the folder that all of it is in.
    pub name: String,
    /// When it began.
    pub at: Timestamp,
}

impl Header {
    /// That of a probe in a project of an account, at the top of which is a folder.
    #[must_use]
    pub fn new(
        (server, account): (String, String),
        (project, root): (AssetId, AssetId),
        (mark, name): (String, String),
        at: Timestamp,
    ) -> Self {
        Self {
            version: VERSION,
            server,
            account,
            project,
            root,
            mark,
            name,
            at,
        }
    }
}

/// A line behind the header.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    thing: String,
    /// Its id; nothing where it is about to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<AssetId>,
}

/// What a journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub header: Header,
    /// What was about to be made.
    pub meant: Vec<Thing>,
    /// What is there, or was.
    pub made: Vec<(Thing, AssetId)>,
}

impl Told {
    /// What a journal says that has only its header.
    #[must_use]
    pub const fn new(header: Header) -> Self {
        Self {
            header,
            meant: Vec::new(),
            made: Vec::new(),
        }
    }

    /// The ids of a thing.
    pub fn ids(&self, thing: Thing) -> impl Iterator<Item = AssetId> {
        let made = self.made.iter();
        made.filter(move |(made, _)| *made == thing)
            .map(|(_, id)| *id)
    }

    /// Whether an id stands in it.
    #[must_use]
    pub fn has(&self, id: AssetId) -> bool {
        self.made.iter().any(|(_, made)| *made == id)
    }
}

/// A journal that is written.
#[derive(Debug)]
pub struct Journal {
    told: Told,
    /// Nothing where what is made goes with this process.
    file: Option<(File, PathBuf)>,
}

impl Journal {
    /// Begins one in a folder, which is made where it is not there.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub fn create(folder: &Path, header: Header) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        let (begin, end) = NAME;
        let path = folder.join(format!("{begin}{}{end}", header.mark));
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        let mut journal = Self {
            told: Told::new(header),
            file: Some((file, path)),
        };
        let header = serde_json::to_string(&journal.told.header)?;
        journal.add(&header)?;
        sync_folder(folder)?;
        Ok(journal)
    }

    /// One that nobody will ever find, for what goes with this process.
    #[must_use]
    pub const fn nowhere(header: Header) -> Self {
        Self {
            told: Told::new(header),
            file: None,
        }
    }

    /// What it says so far.
    #[must_use]
    pub const fn told(&self) -> &Told {
        &self.told
    }

    /// Writes down that something is about to be made.
    ///
    /// # Errors
    ///
    /// Returns what the system says; then it must not be made.
    pub fn mean(&mut self, thing: Thing) -> io::Result<()> {
        self.add_line(thing, None)?;
        self.told.meant.push(thing);
        Ok(())
    }

    /// Writes down the id of something.
    ///
    /// # Errors
    ///
    /// Returns what the system says; then nothing must be done to it.
    pub fn record(&mut self, thing: Thing, id: AssetId) -> io::Result<()> {
        self.add_line(thing, Some(id))?;
        self.told.made.push((thing, id));
        Ok(())
    }

    fn add_line(&mut self, thing: Thing, id: Option<AssetId>) -> io::Result<()> {
        let thing = thing.name().to_owned();
        let line = serde_json::to_string(&Line { thing, id })?;
        self.add(&line)
    }

    fn add(&mut self, line: &str) -> io::Result<()> {
        let Some((file, _)) = &mut self.file else {
            return Ok(());
        };
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_all()
    }

    /// Removes it, since nothing of what it names is there any more.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub fn remove(self) -> io::Result<()> {
        match self.file {
            Some((_, path)) => fs::remove_file(path),
            None => Ok(()),
        }
    }
}

/// A journal that somebody left.
#[derive(Debug)]
pub enum Left {
    /// One to go on with.
    Open(Box<Journal>),
    /// One that this program cannot read.
    Odd(PathBuf),
}

/// Finds the journals in a folder that were left there. Only who is alone may call it.
///
/// One without a whole header is removed: nothing is sent before that is on the disk.
///
/// # Errors
///
/// Returns what the system says.
pub fn left(folder: &Path) -> io::Result<Vec<Left>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let (begin, end) = NAME;
        if name.is_some_and(|name| name.starts_with(begin) && name.ends_with(end)) {
            paths.push(path);
        }
    }
    paths.sort();
    let mut left = Vec::with_capacity(paths.len());
    for path in paths {
        if !fs::symlink_metadata(&path)?.is_file() {
            left.push(Left::Odd(path));
            continue;
        }
        let mut text = String::new();
        let read = File::open(&path)?.take(LONGEST).read_to_string(&mut text);
        if read.is_err() {
            left.push(Left::Odd(path));
            continue;
        }
        match parse(&text) {
            Parsed::Told(told) => {
                let file = OpenOptions::new().append(true).open(&path)?;
                mend(&file, &text)?;
                let file = Some((file, path));
                left.push(Left::Open(Box::new(Journal { told, file })));
            }
            Parsed::Nothing => fs::remove_file(&path)?,
            Parsed::Odd => left.push(Left::Odd(path)),
        }
    }
    Ok(left)
}

/// What the text of a journal is.
enum Parsed {
    Told(Told),
    /// Its first line was never whole.
    Nothing,
    Odd,
}

/// Reads a journal up to its last whole line.
fn parse(text: &str) -> Parsed {
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|first| first.ends_with('\n')) else {
        return Parsed::Nothing;
    };
    let header = serde_json::from_str::<Header>(first);
    let Some(header) = header.ok().filter(|header| header.version == VERSION) else {
        return Parsed::Odd;
    };
    let mut told = Told::new(header);
    for line in lines.filter(|line| line.ends_with('\n')) {
        let line = serde_json::from_str::<Line>(line);
        let known = line.ok().and_then(|line| {
            let thing = Thing::named(&line.thing)?;
            Some((thing, line.id))
        });
        match known {
            Some((thing, Some(id))) => told.made.push((thing, id)),
            Some((thing, None)) => told.meant.push(thing),
            None => return Parsed::Odd,
        }
    }
    Parsed::Told(told)
}

/// Ends a line that was not written to its end, so that the next one has a line of its own.
fn mend(file: &File, text: &str) -> io::Result<()> {
    let whole = text.rfind('\n').map_or(0, |at| at + 1);
    if whole < text.len() {
        file.set_len(u64::try_from(whole).unwrap_or(u64::MAX))?;
        file.sync_all()?;
    }
    Ok(())
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
const fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> AssetId {
        AssetId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn header(mark: &str) -> Header {
        let name = format!("_retire probe {mark}");
        Header::new(
            ("https://api.frame.io".to_owned(), "a".to_owned()),
            (id(1), id(2)),
            (mark.to_owned(), name),
            Timestamp::UNIX_EPOCH,
        )
    }

    fn only(folder: &Path) -> Journal {
        let mut all = left(folder).unwrap();
        assert_eq!(all.len(), 1);
        match all.remove(0) {
            Left::Open(journal) => *journal,
            Left::Odd(path) => panic!("{}", path.display()),
        }
    }

    #[test]
    fn what_was_written_is_found_wherever_the_writer_died() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path(), header("x")).unwrap();
        journal.mean(Thing::Top).unwrap();
        journal.record(Thing::Top, id(7)).unwrap();
        journal.mean(Thing::First).unwrap();
        let path = folder.path().join("probe-x.jsonl");
        let whole = fs::read_to_string(&path).unwrap();
        drop(journal);
        for length in 0..=whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let lines = whole[..length].matches('\n').count();
            if lines == 0 {
                assert!(left(folder.path()).unwrap().is_empty());
                assert!(!path.exists(), "nothing was sent");
                continue;
            }
            let mut journal = only(folder.path());
            assert_eq!(journal.told().header, header("x"));
            assert_eq!(
                journal.told().meant.len(),
                usize::from(lines > 1) + usize::from(lines > 3)
            );
            assert_eq!(journal.told().has(id(7)), lines > 2);
            // Who goes on writes lines of his own.
            journal.record(Thing::StrayFile, id(9)).unwrap();
            drop(journal);
            assert!(only(folder.path()).told().has(id(9)), "{length}");
        }
        only(folder.path()).remove().unwrap();
        assert!(left(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(left(&folder.path().join("none")).unwrap().is_empty());
        let path = folder.path().join("probe-x.jsonl");
        fs::write(folder.path().join("other.jsonl"), "x").unwrap();
        let mut header = serde_json::to_value(header("x")).unwrap();
        header["version"] = 2.into();
        for odd in [format!("{header}\n"), "x\n".to_owned()] {
            fs::write(&path, odd).unwrap();
            let left = left(folder.path()).unwrap();
            assert!(matches!(&*left, [Left::Odd(odd)] if *odd == path));
            assert!(path.exists());
        }
    }
}
