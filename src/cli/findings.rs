//! `retire.probe.json`: what a probe found, in the project folder.

use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::project;
use crate::probe::document::{Document, NAME};
use crate::store::file::publish;

/// Where the file of a project lies.
///
/// # Errors
///
/// Returns why the project folder cannot be told.
pub(super) fn place(paths: &[PathBuf]) -> Result<PathBuf, Failure> {
    Ok(project::folder(paths)?.join(NAME))
}

/// Reads what a probe found; nothing where there is no such file.
///
/// # Errors
///
/// Returns why it cannot be used: nothing is known then of what it was to say.
pub(super) fn load(path: &Path) -> Result<Option<Document>, Failure> {
    project::refuse_stray(path)?;
    let Some(text) = files::text_if_there(path)? else {
        return Ok(None);
    };
    let document = Document::read(text.as_bytes());
    document.map(Some).map_err(|why| Failure::FindingsFile {
        path: path.to_owned(),
        why,
    })
}

/// Replaces the file.
///
/// # Errors
///
/// Returns why it cannot be written; what was there before is still there then.
pub(super) fn write(path: &Path, document: &Document) -> Result<(), Failure> {
    Ok(publish(path, |sink| document.write(sink))?)
}
