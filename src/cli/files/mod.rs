//! Files in: what is there, and what is in it.
#![expect(clippy::disallowed_methods, reason = "this is a home of files")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use crate::cli::clock::{OutOfTime, TimeLeft};
use crate::manifest::{Part, Source};

mod error;

pub(crate) use error::FilesError;
pub(crate) use error::{DEEPEST, DEFAULTS};
use error::{LARGEST, PATIENCE};

/// A document that somebody named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    Standard,
    File(PathBuf),
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

/// Reads what somebody named, while the command has time.
///
/// # Errors
///
/// Returns why it cannot be read.
pub(crate) fn read(input: &Input, time: TimeLeft) -> Result<Source, FilesError> {
    let (path, bytes) = match input {
        Input::Standard => {
            let path = Path::new("-");
            (path, once(path, || standard(time))?)
        }
        Input::File(path) => (&**path, bytes(path, time)?),
    };
    Ok(Source {
        path: shown(path),
        bytes,
        part: Part::All,
    })
}

/// Reads a file as a whole, or what comes through a pipe while the command has time.
///
/// # Errors
///
/// Returns why it cannot be read.
pub(crate) fn bytes(path: &Path, time: TimeLeft) -> Result<Vec<u8>, FilesError> {
    if sort(path)? == Sort::Pipe {
        return once(path, || piped(path, (PATIENCE, time)));
    }
    whole(path)
}

/// Reads a file as a whole.
fn whole(path: &Path) -> Result<Vec<u8>, FilesError> {
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
    whole(path)
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
fn standard(time: TimeLeft) -> Result<Vec<u8>, FilesError> {
    let read = |path: &Path| bounded(&mut io::stdin().lock(), path, 0);
    let path = Path::new("-");
    if io::stdin().is_terminal() {
        read(path)
    } else {
        within((PATIENCE, time), path, read)
    }
}

/// Reads what comes through a pipe, for so long at most.
fn piped(path: &Path, patience: (Duration, TimeLeft)) -> Result<Vec<u8>, FilesError> {
    within(patience, path, |path| {
        // To open a pipe waits for somebody at its other end.
        let mut file = fs::File::open(path).map_err(FilesError::io(path))?;
        bounded(&mut file, path, 0)
    })
}

/// Reads on a thread of its own, for so long at most, and while the command has time.
fn within(
    (patience, time): (Duration, TimeLeft),
    path: &Path,
    read: impl FnOnce(&Path) -> Result<Vec<u8>, FilesError> + Send + 'static,
) -> Result<Vec<u8>, FilesError> {
    let (sender, receiver) = mpsc::channel();
    let whole = path.to_owned();
    // Who waited may have gone.
    let reading = move || drop(sender.send(read(&whole)));
    let reader = thread::Builder::new().spawn(reading);
    reader.map_err(FilesError::io(path))?;
    let read = receiver.recv_timeout(time.at_most(patience));
    read.unwrap_or_else(|_late| {
        Err(if time.is_over() {
            let pipe = if path.as_os_str() == "-" {
                "standard input".to_owned()
            } else {
                format!("the pipe `{}`", path.display())
            };
            FilesError::OutOfTime(OutOfTime(pipe))
        } else {
            FilesError::Silent(path.to_owned())
        })
    })
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
    use crate::cli::clock::SystemClock;

    #[test]
    fn a_pipe_is_read_while_somebody_fills_it_and_a_device_never() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let wait = Duration::from_millis(50);
        let silent = piped(&pipe, (wait, TimeLeft::unbound()));
        assert!(matches!(silent, Err(FilesError::Silent(_))));
        let late = TimeLeft::new(SystemClock::start(), Some(wait));
        let late = piped(&pipe, (Duration::from_hours(1), late));
        assert!(matches!(late, Err(FilesError::OutOfTime(_))));
        assert!(matches!(plain(&pipe), Err(FilesError::NotPlain(_))));
        let device = bytes(Path::new("/dev/null"), TimeLeft::unbound());
        assert!(matches!(device, Err(FilesError::NoFile(_))));
    }
}
