//! Files in: what is there, and what is in it.
#![expect(clippy::disallowed_methods, reason = "this is a home of files")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use crate::asset::written::Written;
use crate::manifest::{Part, Source};

/// The largest file that is read, in bytes: six million assets, while a place still fits 32 bits.
const LARGEST: u64 = 256 << 20;

/// How deep folders are looked into; nobody sorts manifests so deep, and a loop of mounts ends.
pub(super) const DEEPEST: usize = 64;

/// Beside what the state lies where no PATH is given.
pub(super) const DEFAULTS: [&str; 2] = ["retire.yaml", "manifests"];

/// How long is waited for what comes through a pipe.
const PATIENCE: Duration = Duration::from_secs(30);

/// A document that somebody named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    Standard,
    File(PathBuf),
}

/// Why files cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilesError {
    /// No PATH was given, and none of the usual ones is there.
    #[error("there is no manifest: neither `{}` nor `{}/` is in {}", DEFAULTS[0], DEFAULTS[1], folder_in_words(.0))]
    NoDefault(PathBuf),
    /// There is nothing.
    #[error("there is no `{}`", .0.display())]
    Missing(PathBuf),
    /// There is only a link.
    #[error("`{}` is a link that leads nowhere", .0.display())]
    Dangling(PathBuf),
    /// The system refused something.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder without a manifest.
    #[error("there is no manifest in the folder `{}`{}", folder.display(), besides(passed_over))]
    EmptyFolder {
        folder: PathBuf,
        /// What is in it, in words; empty where nothing is.
        passed_over: String,
    },
    /// A link leads out of what belongs together.
    #[error("`{}` leaves `{}` by a link", path.display(), bound.display())]
    Leaves {
        /// The file or folder.
        path: PathBuf,
        /// What it must not leave.
        bound: PathBuf,
    },
    /// A link of the project leads its state out of what belongs together.
    #[error("the state `{}` leaves `{}` by a link", path.display(), bound.display())]
    StateLeaves {
        path: PathBuf,
        /// What it must not leave.
        bound: PathBuf,
    },
    /// PATHs of different projects.
    #[error("`{}` lies in the project folder `{}`, and the PATHs before it in `{}`", path.display(), other.display(), first.display())]
    Apart {
        path: PathBuf,
        other: PathBuf,
        /// That of the PATHs before it.
        first: PathBuf,
    },
    /// What was found is neither a plain file nor a folder.
    #[error("`{}` is not a plain file", .0.display())]
    NotPlain(PathBuf),
    /// A pipe through which nothing comes.
    #[error("{}, and its end did not come within {} s", pipe_in_words(.0), PATIENCE.as_secs())]
    Silent(PathBuf),
    /// Too large a file.
    #[error("`{}` is larger than {} MiB", .0.display(), LARGEST >> 20)]
    TooLarge(PathBuf),
    /// Neither a file nor a folder nor a pipe.
    #[error("`{}` is neither a file nor a folder", .0.display())]
    NoFile(PathBuf),
    /// A folder where a file belongs.
    #[error("`{}` is a folder, where a file belongs", .0.display())]
    Folder(PathBuf),
    /// A file where a folder belongs.
    #[error("`{}` is a file, where a folder belongs", .0.display())]
    NoFolder(PathBuf),
    /// Folders within folders without end.
    #[error("the folder `{}` is nested more than {DEEPEST} deep", .0.display())]
    TooDeep(PathBuf),
    /// A saved plan where manifests are listed.
    #[error("`{}` is a saved plan, not a manifest", .0.display())]
    SavedPlan(PathBuf),
    #[error("`-` is given twice, and standard input can be read once")]
    StandardTwice,
}

impl FilesError {
    /// Says what to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing(path) => {
                let text = path.to_str();
                let is_asset = text.is_some_and(|text| Written::parse(text).is_ok());
                Some(if is_asset {
                    "an id is not a PATH: list the asset in a manifest, and name that"
                } else if text.is_some_and(|text| text.starts_with("run:")) {
                    "`retire state list --run N` lists what a run did, and `retire state history` all runs"
                } else {
                    "check the name, and the folder that you are in"
                })
            }
            Self::Dangling(_) => Some("put the file there that it leads to, or remove the link"),
            Self::NoDefault(_) => {
                Some("name a manifest: a file, a folder, or `-` for standard input")
            }
            Self::EmptyFolder { .. } => Some(
                "manifests end in `.yaml`, `.yml` or `.json`, and have `assets` or `holds`; `sandbox.yaml` is not one",
            ),
            Self::Leaves { .. } => Some(
                "put the file itself there; `retire` follows links inside the git repository or, without one, inside the project folder",
            ),
            Self::StateLeaves { .. } => Some(
                "nothing was read or written there; if you mean that file, name it with `--state`",
            ),
            Self::Apart { .. } => Some("run the command once for each project folder"),
            Self::NotPlain(_) => Some("remove it, or name it as a PATH if it is a pipe"),
            Self::SavedPlan(_) => Some("give it alone to `retire apply`; `retire show` shows it"),
            Self::TooLarge(_) => Some(
                "a list of assets may stand in several manifests; nothing else that belongs here is as large",
            ),
            Self::Silent(_) => Some("write it into a file first, and name that"),
            Self::Io { .. }
            | Self::NoFile(_)
            | Self::Folder(_)
            | Self::NoFolder(_)
            | Self::TooDeep(_)
            | Self::StandardTwice => None,
        }
    }

    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| {
            if source.kind() != io::ErrorKind::NotFound {
                Self::Io { path, source }
            } else if path.is_symlink() {
                Self::Dangling(path)
            } else {
                Self::Missing(path)
            }
        }
    }
}

fn pipe_in_words(path: &Path) -> String {
    if path.as_os_str() == "-" {
        "standard input is a pipe".to_owned()
    } else {
        format!("`{}` is a pipe", path.display())
    }
}

fn folder_in_words(folder: &Path) -> String {
    if folder.as_os_str().is_empty() {
        "this folder".to_owned()
    } else {
        format!("`{}`", folder.display())
    }
}

fn besides(passed_over: &str) -> String {
    if passed_over.is_empty() {
        String::new()
    } else {
        format!("; {passed_over}")
    }
}

/// What stands at a path, links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Folder,
    File,
    /// A pipe with a name.
    Pipe,
    /// A device or a socket.
    Other,
}

/// Says what stands at a path, links followed.
///
/// # Errors
///
/// Returns what the system says where nothing is there.
pub(crate) fn sort(path: &Path) -> Result<Sort, FilesError> {
    let metadata = fs::metadata(path).map_err(FilesError::io(path))?;
    Ok(if metadata.is_dir() {
        Sort::Folder
    } else if metadata.is_file() {
        Sort::File
    } else if is_pipe(&metadata) {
        Sort::Pipe
    } else {
        Sort::Other
    })
}

/// What a folder holds, sorted by name.
///
/// # Errors
///
/// Returns what the system says.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, FilesError> {
    let place = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut entries = fs::read_dir(place)
        .and_then(|entries| {
            let names = entries.map(|entry| Ok(folder.join(entry?.file_name())));
            names.collect::<io::Result<Vec<_>>>()
        })
        .map_err(FilesError::io(place))?;
    entries.sort_unstable();
    Ok(entries)
}

/// A path without the `./` that nobody wrote.
pub(super) fn tidy(path: &Path) -> PathBuf {
    let tidy: PathBuf = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .collect();
    if tidy.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        tidy
    }
}

/// Whether there is something at a path, links followed.
#[must_use]
pub(crate) fn is_there(path: &Path) -> bool {
    path.exists()
}

/// Whether two paths mean one file, which may not be there yet.
pub(crate) fn are_same(one: &Path, other: &Path) -> bool {
    let same = |one: PathBuf| place_of(other).is_ok_and(|other| one == other);
    one == other || place_of(one).is_ok_and(same)
}

/// Where a path leads: links are followed, and the last part need not be there.
pub(super) fn place_of(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path).or_else(|error| {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(error);
        };
        let here = Path::new(".");
        let folder = if folder.as_os_str().is_empty() {
            here
        } else {
            folder
        };
        Ok(fs::canonicalize(folder)?.join(name))
    })
}

/// Reads what somebody named.
///
/// # Errors
///
/// Returns why it cannot be read.
pub(crate) fn read(input: &Input) -> Result<Source, FilesError> {
    let (path, bytes) = match input {
        Input::Standard => {
            let path = Path::new("-");
            (path, once(path, standard)?)
        }
        Input::File(path) => (&**path, bytes(path)?),
    };
    Ok(Source {
        path: shown(path),
        bytes,
        part: Part::All,
    })
}

/// Reads a file as a whole, or what comes through a pipe.
///
/// # Errors
///
/// Returns why it cannot be read.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, FilesError> {
    if sort(path)? == Sort::Pipe {
        return once(path, || piped(path, PATIENCE));
    }
    let (mut file, size) = open(path)?;
    bounded(&mut file, path, size)
}

/// Reads a file that was found and not named, which must be a plain one: nobody may be there to
/// fill a pipe.
///
/// # Errors
///
/// Returns why it cannot be read.
pub(crate) fn plain(path: &Path) -> Result<Vec<u8>, FilesError> {
    if sort(path)? != Sort::File {
        return Err(FilesError::NotPlain(path.to_owned()));
    }
    bytes(path)
}

/// What came through standard input and pipes so far.
static STREAMS: Mutex<BTreeMap<PathBuf, Vec<u8>>> = Mutex::new(BTreeMap::new());

/// Reads a stream where it was not read before: it comes once, and its content decides whether it
/// is a saved plan or a manifest.
fn once(
    path: &Path,
    read: impl FnOnce() -> Result<Vec<u8>, FilesError>,
) -> Result<Vec<u8>, FilesError> {
    let mut streams = STREAMS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bytes) = streams.get(path) {
        return Ok(bytes.clone());
    }
    let bytes = read()?;
    streams.insert(path.to_owned(), bytes.clone());
    Ok(bytes)
}

/// Reads standard input. Whoever types there may take their time.
fn standard() -> Result<Vec<u8>, FilesError> {
    let read = |path: &Path| bounded(&mut io::stdin().lock(), path, 0);
    let path = Path::new("-");
    if io::stdin().is_terminal() {
        read(path)
    } else {
        within(PATIENCE, path, read)
    }
}

/// Reads what comes through a pipe, for so long at most.
fn piped(path: &Path, patience: Duration) -> Result<Vec<u8>, FilesError> {
    within(patience, path, |path| {
        // To open a pipe waits for somebody at its other end.
        let mut file = fs::File::open(path).map_err(FilesError::io(path))?;
        bounded(&mut file, path, 0)
    })
}

/// Reads on a thread of its own, for so long at most.
fn within(
    patience: Duration,
    path: &Path,
    read: impl FnOnce(&Path) -> Result<Vec<u8>, FilesError> + Send + 'static,
) -> Result<Vec<u8>, FilesError> {
    let (sender, receiver) = mpsc::channel();
    let whole = path.to_owned();
    // Who waited may have gone.
    let reading = move || drop(sender.send(read(&whole)));
    let reader = thread::Builder::new().spawn(reading);
    reader.map_err(FilesError::io(path))?;
    let read = receiver.recv_timeout(patience);
    read.unwrap_or_else(|_late| Err(FilesError::Silent(path.to_owned())))
}

/// Reads the first bytes of a file, at most so many.
///
/// # Errors
///
/// Returns why it cannot be read.
pub(crate) fn head(path: &Path, longest: usize) -> Result<Vec<u8>, FilesError> {
    let (file, size) = open(path)?;
    let mut bytes = Vec::with_capacity(longest.min(size));
    file.take(longest as u64)
        .read_to_end(&mut bytes)
        .map_err(FilesError::io(path))?;
    Ok(bytes)
}

/// Opens a file that is not too large, and says how large it is.
fn open(path: &Path) -> Result<(fs::File, usize), FilesError> {
    let metadata = fs::metadata(path).map_err(FilesError::io(path))?;
    if metadata.is_dir() {
        return Err(FilesError::Folder(path.to_owned()));
    }
    if !metadata.is_file() {
        return Err(FilesError::NoFile(path.to_owned()));
    }
    if metadata.len() > LARGEST {
        return Err(FilesError::TooLarge(path.to_owned()));
    }
    let file = fs::File::open(path).map_err(FilesError::io(path))?;
    // It is below the bound, which fits.
    Ok((file, usize::try_from(metadata.len()).unwrap_or_default()))
}

/// Reads a file's text, or nothing where there is no such file.
///
/// # Errors
///
/// Returns why it cannot be read.
pub(crate) fn text_if_there(path: &Path) -> Result<Option<String>, FilesError> {
    // A link to nowhere, and a folder that may not be looked into, are not nothing.
    match path.symlink_metadata() {
        Err(error) if is_absent(&error) => return Ok(None),
        Ok(_) | Err(_) => {}
    }
    let bytes = plain(path)?;
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let source = io::Error::new(io::ErrorKind::InvalidData, error.utf8_error());
        FilesError::io(path)(source)
    })
}

/// Whether there is no such file.
fn is_absent(error: &io::Error) -> bool {
    let kind = error.kind();
    kind == io::ErrorKind::NotFound || kind == io::ErrorKind::NotADirectory
}

#[cfg(unix)]
fn is_pipe(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_fifo()
}

#[cfg(not(unix))]
fn is_pipe(_metadata: &fs::Metadata) -> bool {
    false
}

/// Reads to the end, which should come after `size` bytes.
fn bounded(source: &mut dyn Read, path: &Path, size: usize) -> Result<Vec<u8>, FilesError> {
    // With a byte to spare, the end is found without growing.
    let mut bytes = Vec::with_capacity(size + 1);
    source
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(FilesError::io(path))?;
    if bytes.len() as u64 > LARGEST {
        return Err(FilesError::TooLarge(path.to_owned()));
    }
    Ok(bytes)
}

/// A path as it is shown and kept: with slashes.
pub(super) fn shown(path: &Path) -> Arc<str> {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        text.into()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/").into()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_pipe_is_read_while_somebody_fills_it_and_a_device_never() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let silent = piped(&pipe, Duration::from_millis(50));
        assert!(matches!(silent, Err(FilesError::Silent(_))));
        assert!(matches!(plain(&pipe), Err(FilesError::NotPlain(_))));
        let device = bytes(Path::new("/dev/null"));
        assert!(matches!(device, Err(FilesError::NoFile(_))));
    }
}
