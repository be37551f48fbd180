//! Links: followed inside the git repository or the project folder, and refused beyond.
//!
//! A pull request can bring a link along, and what it leads to is read with the rights of whoever
//! runs the command.

use std::env;
use std::path::{Component, Path, PathBuf};

use crate::cli::files::{self, FilesError, Sort};

pub(crate) fn here() -> Result<PathBuf, FilesError> {
    env::current_dir().map_err(FilesError::io(Path::new(".")))
}

/// A path from the root, its links not followed but where `..` follows one.
pub(super) fn from_root(path: &Path) -> Result<PathBuf, FilesError> {
    let mut whole = here()?;
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                // What is above a link's target is not what is above the link.
                whole = whole.canonicalize().unwrap_or(whole);
                whole.pop();
            }
            Component::Normal(name) => whole.push(name),
            Component::RootDir | Component::Prefix(_) => whole.push(part),
        }
    }
    Ok(whole)
}

/// The folder of the git repository around a folder, as it is named from the root.
pub(super) fn git_root(folder: &Path) -> Option<&Path> {
    folder
        .ancestors()
        .find(|folder| folder.join(".git").exists())
}

/// What links must not leave, where a search begins in a folder: the git repository around it,
/// else the project folder, else the folder itself.
pub(super) fn bound(folder: &Path, project: &Path) -> PathBuf {
    let root = git_root(folder);
    let around = root.unwrap_or(if folder.starts_with(project) {
        project
    } else {
        folder
    });
    around.to_owned()
}

/// The folder that a path belongs to: a folder to itself, and a link to where the link is.
pub(super) fn folder_of(path: &Path) -> &Path {
    if path.is_dir() && !path.is_symlink() {
        path
    } else {
        path.parent().unwrap_or(path)
    }
}

/// Refuses a path that links lead out of its bound; both are from the root. What is no file and
/// no folder is not followed anyway.
pub(super) fn keep_inside(path: &Path, bound: &Path, named: &Path) -> Result<(), FilesError> {
    if matches!(files::sort(path)?, Sort::Pipe | Sort::Other) {
        return Ok(());
    }
    let real = path.canonicalize().map_err(FilesError::io(named))?;
    let inside = bound
        .canonicalize()
        .is_ok_and(|bound| real.starts_with(bound));
    if inside || real == path {
        return Ok(());
    }
    Err(FilesError::Leaves {
        path: named.to_owned(),
        bound: bound.to_owned(),
    })
}

/// Refuses a state that a link leads out of the git repository around it or, without one, of the
/// project folder, to `real`, where nothing may be yet.
///
/// # Errors
///
/// Returns where it leads out of.
pub(crate) fn keep_state_inside(path: &Path, real: &Path) -> Result<(), FilesError> {
    let (whole, real) = (from_root(path)?, from_root(real)?);
    let project = super::folder_of(Some(path), &here()?)?;
    let bound = bound(folder_of(&whole), &project);
    let inside = bound
        .canonicalize()
        .is_ok_and(|bound| real.starts_with(bound));
    if inside || real == whole {
        return Ok(());
    }
    Err(FilesError::StateLeaves {
        path: path.to_owned(),
        bound,
    })
}

/// Refuses a file that somebody named and that is a link, or lies behind one, which leaves the
/// git repository around it or, without one, its project folder. What is not there is no link.
///
/// # Errors
///
/// Returns where it leads out of.
pub(crate) fn refuse_stray(path: &Path) -> Result<(), FilesError> {
    if path.as_os_str() == "-" || !path.exists() {
        return Ok(());
    }
    let whole = from_root(path)?;
    let project = super::folder_of(Some(path), &here()?)?;
    keep_inside(&whole, &bound(folder_of(&whole), &project), path)
}
