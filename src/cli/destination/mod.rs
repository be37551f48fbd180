//! Files out: where a command writes because somebody named the place.
//!
//! A document replaces one of its own kind and fills an empty file; all else is left alone. What
//! a file is, its content tells and not its name.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the home of the files that a command is told to write"
)]

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf, is_separator};

use uuid::Uuid;

use crate::cli::args::ReportKind;
use crate::cli::files;
use crate::cli::settings::SANDBOX_STATE;
use crate::cli::settings::table::STATE;
use crate::state::{State, format};
use crate::store::file::{self, FileStore};
use crate::store::{StoreError, ground, lock};

pub(super) mod kind;

use kind::{JOURNAL, Kind, kind_of, report_words};

/// How much of a file is read to tell what it is: the first lines of an event stream are whole
/// in it.
const HEAD: usize = 1 << 20;

/// What is to be written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Document<'state> {
    Plan,
    Manifest,
    /// The events of a run.
    Events,
    /// A report of this kind.
    Report(ReportKind),
    /// A copy of the state.
    Copy(&'state State),
}

impl Document<'_> {
    const fn words(self) -> &'static str {
        match self {
            Self::Plan => "a saved plan",
            Self::Manifest => "a manifest",
            Self::Events => "an event stream",
            Self::Report(kind) => report_words(kind),
            Self::Copy(_) => "a copy of this state",
        }
    }
}

/// Where a document goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Output {
    Standard,
    /// A file; links are followed already.
    File(PathBuf),
}

/// Why nothing is written in a place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    /// It is a file that this command uses itself.
    #[error("`{}` is {what} `{}`, which this command uses itself", path.display(), state.display())]
    InUse {
        path: PathBuf,
        /// What it is, in words that go before the state's name.
        what: &'static str,
        state: PathBuf,
    },
    /// It is the place of a file beside another state.
    #[error("`{}` is {what} `{}`", path.display(), state.display())]
    Beside {
        path: PathBuf,
        /// What it is, in words that go before the state's name.
        what: &'static str,
        state: PathBuf,
    },
    /// It is where the state of a project lies.
    #[error("`{}` is the place of a project's state", .0.display())]
    OfProject(PathBuf),
    /// No document is written into it, whatever it holds.
    #[error("`{}` is {found}, not a plain file", path.display())]
    NotPlain { path: PathBuf, found: &'static str },
    /// It is another document, or none.
    #[error("`{}` is there already, and is {found}: only {wanted} is replaced there", path.display())]
    Other {
        path: PathBuf,
        found: &'static str,
        /// What would be replaced.
        wanted: &'static str,
    },
    /// It is a state of its own, or one that knows more.
    #[error("`{}` is there already, and is {found}", path.display())]
    OtherState { path: PathBuf, found: String },
    /// The system refused something.
    #[error("cannot write `{}`", path.display())]
    Write {
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It cannot be replaced.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TargetError {
    /// Whether the call itself is wrong, whatever lies there.
    pub(super) const fn is_usage(&self) -> bool {
        match self {
            Self::InUse { .. } | Self::OfProject(_) => true,
            Self::Beside { .. }
            | Self::NotPlain { .. }
            | Self::Other { .. }
            | Self::OtherState { .. }
            | Self::Write { .. }
            | Self::Store(_) => false,
        }
    }

    /// Says what to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::InUse { .. } | Self::Beside { .. } | Self::OfProject(_) => {
                Some("nothing was sent or written; name another file")
            }
            Self::NotPlain { .. } => {
                Some("nothing was sent or written; name a plain file, or `-` for standard output")
            }
            Self::Other { .. } | Self::OtherState { .. } => Some(
                "nothing was sent or written; name another file, or move this one away if nobody needs it",
            ),
            Self::Write { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("make its folder first, as with `mkdir -p`")
            }
            Self::Write { .. } => None,
            Self::Store(error) => error.hint(),
        }
    }

    fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
}

/// Decides where a document goes that somebody wants in `path`, and whether it may; `state` is
/// the state that the command uses.
///
/// # Errors
///
/// Returns what lies there, or why nothing can be written there.
pub(super) fn check(
    path: &Path,
    document: Document<'_>,
    state: &Path,
) -> Result<Output, TargetError> {
    if path.as_os_str() == "-" {
        return Ok(Output::Standard);
    }
    let there = match fs::symlink_metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(TargetError::write(path)(error)),
    };
    let linked = there.as_ref().is_some_and(Metadata::is_symlink);
    let not_plain = |found| TargetError::NotPlain {
        path: path.to_owned(),
        found,
    };
    // The rest of the program would take `new/` for `new`.
    if path.as_os_str().to_string_lossy().ends_with(is_separator) {
        return Err(not_plain("a folder"));
    }
    // A link is followed only to a document that is there: who names one does not always know
    // where it leads.
    let there = if linked {
        let behind = fs::metadata(path);
        Some(behind.map_err(|_dangling| not_plain("a link that leads to no file"))?)
    } else {
        there
    };
    if let Some(metadata) = &there
        && let Some(found) = ground::oddity(metadata)
    {
        return Err(not_plain(found));
    }
    let place = files::place_of(path).map_err(TargetError::write(path))?;
    let (Some(folder), Some(_)) = (place.parent(), place.file_name()) else {
        return Err(not_plain("a folder"));
    };
    if !folder.is_dir() {
        return Err(TargetError::write(path)(io::ErrorKind::NotFound.into()));
    }
    of_the_command(path, &place, there.as_ref(), state)?;
    // Also where another one is used this time, as that of the sandbox: the next run would find it.
    let name = place.file_name();
    let is_of_project = [STATE, SANDBOX_STATE]
        .map(Some)
        .contains(&name.and_then(OsStr::to_str));
    if is_of_project && !matches!(document, Document::Copy(_)) {
        return Err(TargetError::OfProject(path.to_owned()));
    }
    beside_a_state(path, &place, there.as_ref())?;
    if there.is_some() {
        let mut options = OpenOptions::new();
        let file = ground::without_following(options.read(true)).open(&place);
        let mut file = file.map_err(TargetError::write(path))?;
        judge(&mut file, (path, &place), document, linked)?;
    }
    Ok(Output::File(place))
}

/// Writes a document into a place that [`check`] allows now as it did before.
///
/// # Errors
///
/// Returns why not; what was there before is still there then.
pub(super) fn publish(
    path: &Path,
    document: Document<'_>,
    state: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), TargetError> {
    match check(path, document, state)? {
        Output::File(place) => Ok(file::publish(&place, write)?),
        Output::Standard => Ok(()),
    }
}

/// How much of a summary of a CI job is there already.
///
/// # Errors
///
/// Returns what it is, where it is no plain file.
pub(super) fn length_of_summary(path: &Path) -> Result<u64, TargetError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => match ground::oddity(&metadata) {
            Some(found) => Err(TargetError::NotPlain {
                path: path.to_owned(),
                found,
            }),
            None => Ok(metadata.len()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(TargetError::write(path)(error)),
    }
}

/// Writes behind what is in the summary of a CI job.
///
/// # Errors
///
/// Returns why it cannot be written.
pub(super) fn append_summary(path: &Path, bytes: &[u8]) -> Result<(), TargetError> {
    let wrong = TargetError::write(path);
    let mut options = OpenOptions::new();
    let file = ground::without_following(options.append(true).create(true)).open(path);
    file.and_then(|mut file| file.write_all(bytes))
        .map_err(wrong)
}

/// Makes the folders that a document lies in, where they are not there.
///
/// # Errors
///
/// Returns what the system says where one cannot be made.
pub(super) fn make_folder_of(path: &Path) -> Result<(), TargetError> {
    let folder = path.parent();
    match folder.filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::create_dir_all(folder).map_err(TargetError::write(path)),
        None => Ok(()),
    }
}

/// Opens a place that [`check`] allows for the events of a run, and empties it.
///
/// # Errors
///
/// Returns why it cannot be written, or what else it is by now.
pub(super) fn create_stream(place: &Path) -> Result<File, TargetError> {
    let wrong = TargetError::write(place);
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match ground::without_following(&mut options).open(place) {
        Ok(mut file) => {
            // What is emptied is the very file that was looked at.
            let metadata = file.metadata().map_err(TargetError::write(place))?;
            if let Some(found) = ground::oddity(&metadata) {
                let path = place.to_owned();
                return Err(TargetError::NotPlain { path, found });
            }
            judge(&mut file, (place, place), Document::Events, false)?;
            file.set_len(0)
                .and_then(|()| file.rewind())
                .map_err(wrong)?;
            Ok(file)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            options.create_new(true).open(place).map_err(wrong)
        }
        Err(error) => Err(wrong(error)),
    }
}

/// Refuses the state that the command uses, and the files beside it, under whatever name.
fn of_the_command(
    path: &Path,
    place: &Path,
    there: Option<&Metadata>,
    state: &Path,
) -> Result<(), TargetError> {
    let mut used = FileStore::new(state).files();
    // Where the state is a link, its old self lies beside the link.
    used.extend(ground::BESIDE.map(|(ending, what)| (ground::beside(state, ending), what)));
    for (file, what) in used {
        let same_file = || {
            let (Some(there), Ok(file)) = (there, fs::metadata(&file)) else {
                return false;
            };
            ground::is_same(there, &file)
        };
        if files::place_of(&file).is_ok_and(|file| file == *place) || same_file() {
            return Err(TargetError::InUse {
                path: path.to_owned(),
                what,
                state: state.to_owned(),
            });
        }
    }
    Ok(())
}

/// Refuses the place of a file that belongs to any other state.
fn beside_a_state(path: &Path, place: &Path, there: Option<&Metadata>) -> Result<(), TargetError> {
    for (ending, what) in ground::BESIDE {
        let name = place.as_os_str().to_string_lossy();
        let Some(state) = name.strip_suffix(ending).map(PathBuf::from) else {
            continue;
        };
        // A lock that nobody has is empty.
        let lock = ending == ground::LOCK && there.is_some_and(|there| there.len() == 0);
        if lock || is_place_of_state(&state) {
            return Err(TargetError::Beside {
                path: path.to_owned(),
                what,
                state,
            });
        }
    }
    Ok(())
}

/// Whether a state lies in a place, or what a run has left that began one there.
fn is_place_of_state(path: &Path) -> bool {
    let head = |path: &Path| files::head(path, HEAD).unwrap_or_default();
    path.is_file() && kind_of(path, &head(path)) == Kind::State
        || head(&ground::beside(path, ground::JOURNAL)).starts_with(JOURNAL)
        || lock::is_text_of_lock(&head(&ground::beside(path, ground::LOCK)))
}

/// Decides by its content whether a file may be replaced by a document.
fn judge(
    file: &mut File,
    (path, place): (&Path, &Path),
    document: Document<'_>,
    linked: bool,
) -> Result<(), TargetError> {
    let mut head = Vec::new();
    file.take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(TargetError::write(path))?;
    let kind = kind_of(place, &head);
    match (document, kind) {
        // Behind a link an empty file may be anybody's.
        (_, Kind::Empty) if !linked => Ok(()),
        (Document::Plan, Kind::Plan)
        // Its place is where the document would be.
        | (Document::Plan | Document::Report(ReportKind::Json), Kind::NotRun)
        | (Document::Manifest, Kind::Manifest)
        | (Document::Events, Kind::Events) => Ok(()),
        (Document::Report(wanted), Kind::Report(found)) if wanted == found => Ok(()),
        (Document::Copy(state), Kind::State) => judge_state(path, place, state),
        (
            Document::Plan
            | Document::Manifest
            | Document::Events
            | Document::Report(_)
            | Document::Copy(_),
            found,
        ) => Err(TargetError::Other {
            path: path.to_owned(),
            found: found.words(),
            wanted: document.words(),
        }),
    }
}

/// Decides whether a state may be replaced by a copy of another.
fn judge_state(path: &Path, place: &Path, state: &State) -> Result<(), TargetError> {
    let other = |found: String| TargetError::OtherState {
        path: path.to_owned(),
        found,
    };
    let used = ground::BESIDE
        .iter()
        .any(|(ending, _)| fs::symlink_metadata(ground::beside(place, ending)).is_ok());
    if used {
        return Err(other(
            "a state in use: a journal, a lock or a backup lies beside it".to_owned(),
        ));
    }
    let there = files::plain(place).ok();
    let Some(there) = there.and_then(|bytes| format::read(&bytes).ok()) else {
        return Err(other("a state that cannot be read".to_owned()));
    };
    match compare((there.lineage, there.serial), (state.lineage, state.serial)) {
        None => Ok(()),
        Some(found) => Err(other(found)),
    }
}

/// Says what is wrong with replacing a state of one lineage and serial by a copy of another.
fn compare(there: (Uuid, u64), copy: (Uuid, u64)) -> Option<String> {
    if there.0 != copy.0 {
        return Some(format!("a state of another lineage, `{}`", there.0));
    }
    (there.1 > copy.1).then(|| {
        format!(
            "a later state, serial {} where this one is serial {}",
            there.1, copy.1
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_replaces_an_earlier_copy_of_the_same_state() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(compare((one, 3), (one, 3)), None);
        assert_eq!(compare((one, 3), (one, 4)), None);
        assert!(compare((one, 5), (one, 4)).unwrap().contains("serial 5"));
        assert!(compare((other, 3), (one, 4)).unwrap().contains("lineage"));
    }
}
