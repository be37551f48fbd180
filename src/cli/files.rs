//! Files in: which manifests are meant, and what is in them.
#![expect(clippy::disallowed_methods, reason = "this is a home of files")]

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::manifest::Source;
use crate::render::events;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// The longest first line of an event stream, in bytes.
const STREAM_HEAD: u64 = 1 << 20;

/// How deep folders are looked into.
const DEEPEST: usize = 64;

/// What is read where no PATH is given.
const DEFAULTS: [&str; 2] = ["retire.yaml", "manifests"];

/// A manifest that is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Standard,
    /// A file.
    File(PathBuf),
}

/// Why files cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// No PATH was given, and none of the usual ones is there.
    #[error("there is no manifest: neither `{}` nor `{}/` is in this folder", DEFAULTS[0], DEFAULTS[1])]
    NoDefault,
    /// The system refused something.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that is to be written is something else.
    #[error("`{}` is there already, and is {found}", path.display())]
    Other {
        /// Which file.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// A folder without a manifest.
    #[error("there is no manifest in the folder `{}`", .0.display())]
    EmptyFolder(PathBuf),
    /// Too large a file.
    #[error("`{}` is larger than {} MiB", .0.display(), LARGEST >> 20)]
    TooLarge(PathBuf),
    /// Neither a file nor a folder nor a pipe.
    #[error("`{}` is neither a file nor a folder", .0.display())]
    NoFile(PathBuf),
    /// Folders within folders without end.
    #[error("the folder `{}` is nested more than {DEEPEST} deep", .0.display())]
    TooDeep(PathBuf),
    /// Standard input twice.
    #[error("`-` is given twice, and standard input can be read once")]
    StandardTwice,
}

impl FilesError {
    /// Says what to do about it.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoDefault => Some("name a manifest: a file, a folder, or `-` for standard input"),
            Self::EmptyFolder(_) => {
                Some("manifests end in `.yaml` or `.yml`; `sandbox.yaml` is not one")
            }
            Self::TooLarge(_) => Some("split it into several files"),
            Self::Other { .. } => Some("name another file, or remove this one"),
            Self::Write { .. }
            | Self::Io { .. }
            | Self::NoFile(_)
            | Self::TooDeep(_)
            | Self::StandardTwice => None,
        }
    }

    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// Finds the manifests that PATHs mean, each once, in the order of the PATHs.
///
/// # Errors
///
/// Returns the first PATH that means nothing.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Input>, FilesError> {
    if paths.is_empty() {
        let found = DEFAULTS.iter().map(Path::new).find(|path| path.exists());
        let path = found.ok_or(FilesError::NoDefault)?;
        return find(&[path.to_owned()]);
    }
    let mut inputs = Vec::new();
    let mut seen = HashSet::new();
    for path in paths {
        if path.as_os_str() == "-" {
            if inputs.contains(&Input::Standard) {
                return Err(FilesError::StandardTwice);
            }
            inputs.push(Input::Standard);
            continue;
        }
        let path = tidy(path);
        let mut found = Vec::new();
        let metadata = fs::metadata(&path).map_err(FilesError::io(&path))?;
        if metadata.is_dir() {
            look(&path, 0, &mut found)?;
            if found.is_empty() {
                return Err(FilesError::EmptyFolder(path));
            }
        } else {
            found.push(path);
        }
        for path in found {
            let real = fs::canonicalize(&path).unwrap_or_else(|_gone| path.clone());
            if seen.insert(real) {
                inputs.push(Input::File(path));
            }
        }
    }
    Ok(inputs)
}

/// Collects the manifests below a folder, sorted by name in each folder.
fn look(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), FilesError> {
    if depth > DEEPEST {
        return Err(FilesError::TooDeep(folder.to_owned()));
    }
    let mut entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(FilesError::io(folder))?;
    entries.sort_unstable_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let hidden = name.as_encoded_bytes().starts_with(b".");
        if hidden {
            continue;
        }
        let path = tidy(&entry.path());
        let kind = entry.file_type().map_err(FilesError::io(&path))?;
        // A link to a folder may lead back up; a link to a file is as good as the file.
        if kind.is_dir() {
            look(&path, depth + 1, found)?;
        } else if is_manifest(&path) && !path.is_dir() {
            found.push(path);
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    matches!(ending, Some("yaml" | "yml")) && stem != Some("sandbox")
}

/// A path without the `./` that nobody wrote.
fn tidy(path: &Path) -> PathBuf {
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

/// The folder of the first manifest's PATH; nothing for standard input.
#[must_use]
pub fn folder(paths: &[PathBuf]) -> Option<PathBuf> {
    let path = match paths.first() {
        Some(path) if path.as_os_str() == "-" => return None,
        Some(path) => path.clone(),
        None => {
            let found = DEFAULTS.iter().map(Path::new).find(|path| path.exists());
            found?.to_owned()
        }
    };
    let folder = if path.is_dir() {
        &*path
    } else {
        path.parent()?
    };
    let folder = tidy(folder);
    Some(if folder == Path::new(".") {
        PathBuf::new()
    } else {
        folder
    })
}

/// Whether two paths mean one file, which may not be there yet.
#[must_use]
pub fn are_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        fs::canonicalize(path).or_else(|_missing| {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let folder = fs::canonicalize(folder.unwrap_or(Path::new(".")));
            folder.map(|folder| folder.join(path.file_name().unwrap_or_default()))
        })
    };
    one == other || matches!((real(one), real(other)), (Ok(one), Ok(other)) if one == other)
}

/// Reads a manifest.
///
/// # Errors
///
/// Returns why it cannot be read.
pub fn read(input: &Input) -> Result<Source, FilesError> {
    match input {
        Input::Standard => {
            let path = Path::new("-");
            let bytes = bounded(&mut io::stdin().lock(), path, 0)?;
            Ok(Source {
                path: Arc::from("-"),
                bytes,
            })
        }
        Input::File(path) => Ok(Source {
            path: shown(path),
            bytes: bytes(path)?,
        }),
    }
}

/// Reads a file as a whole.
///
/// # Errors
///
/// Returns why it cannot be read.
pub fn bytes(path: &Path) -> Result<Vec<u8>, FilesError> {
    let (mut file, size) = open(path)?;
    bounded(&mut file, path, size)
}

/// Reads the first bytes of a file, at most so many.
///
/// # Errors
///
/// Returns why it cannot be read.
pub fn head(path: &Path, longest: usize) -> Result<Vec<u8>, FilesError> {
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
    if metadata.is_dir() || is_device(&metadata) {
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
pub fn text_if_there(path: &Path) -> Result<Option<String>, FilesError> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = bytes(path)?;
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let source = io::Error::new(io::ErrorKind::InvalidData, error.utf8_error());
        FilesError::io(path)(source)
    })
}

/// Opens a file for an event stream. What is there already is only overwritten if it is one.
///
/// # Errors
///
/// Returns why it cannot be written, or what else it is.
pub fn create_stream(path: &Path) -> Result<fs::File, FilesError> {
    let wrong = |source| FilesError::Write {
        path: path.to_owned(),
        source,
    };
    if path.is_file() {
        let mut head = Vec::new();
        let mut file = fs::File::open(path).map_err(wrong)?;
        file.by_ref()
            .take(STREAM_HEAD)
            .read_to_end(&mut head)
            .map_err(wrong)?;
        if !head.is_empty() && !events::is_stream(&head) {
            return Err(FilesError::Other {
                path: path.to_owned(),
                found: "no event stream",
            });
        }
    }
    fs::File::create(path).map_err(wrong)
}

#[cfg(unix)]
fn is_device(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    kind.is_block_device() || kind.is_char_device() || kind.is_socket()
}

#[cfg(not(unix))]
fn is_device(_metadata: &fs::Metadata) -> bool {
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

fn shown(path: &Path) -> Arc<str> {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        text.into()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/").into()
    }
}

/// Whether others than the owner may read a file.
#[must_use]
pub fn is_open_to_others(path: &Path) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(inputs: &[Input], root: &Path) -> Vec<String> {
        let name = |input: &Input| match input {
            Input::Standard => "-".to_owned(),
            Input::File(path) => shown(path.strip_prefix(root).unwrap()).to_string(),
        };
        inputs.iter().map(name).collect()
    }

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "version: 1\n").unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_means_its_manifests_sorted() {
        let folder = folder_with(&[
            "b.yaml",
            "a.yml",
            "sandbox.yaml",
            "c/z.yaml",
            "c/sandbox.yml",
            "notes.md",
            ".hidden.yaml",
            ".git/x.yaml",
        ]);
        let root = folder.path();
        let found = find(&[root.to_owned()]).unwrap();
        assert_eq!(names(&found, root), ["a.yml", "b.yaml", "c/z.yaml"]);
    }

    #[test]
    fn the_same_file_is_read_once() {
        let folder = folder_with(&["a.yaml", "b.yaml"]);
        let root = folder.path();
        let found = find(&[root.join("b.yaml"), root.to_owned(), root.join("./a.yaml")]).unwrap();
        assert_eq!(names(&found, root), ["b.yaml", "a.yaml"]);
    }

    #[test]
    fn what_means_nothing_is_told() {
        let folder = folder_with(&["c/notes.md"]);
        let root = folder.path();
        assert!(matches!(
            find(&[root.join("c")]),
            Err(FilesError::EmptyFolder(_))
        ));
        assert!(matches!(
            find(&[root.join("none.yaml")]),
            Err(FilesError::Io { .. })
        ));
        assert!(matches!(
            find(&["-".into(), "-".into()]),
            Err(FilesError::StandardTwice)
        ));
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_nowhere_twice() {
        let folder = folder_with(&["c/a.yaml"]);
        let root = folder.path();
        std::os::unix::fs::symlink(root, root.join("c/up")).unwrap();
        std::os::unix::fs::symlink(root.join("c/a.yaml"), root.join("c/b.yaml")).unwrap();
        let found = find(&[root.to_owned()]).unwrap();
        assert_eq!(names(&found, root), ["c/a.yaml"]);
        assert!(matches!(
            bytes(Path::new("/dev/null")),
            Err(FilesError::NoFile(_))
        ));
    }
}
