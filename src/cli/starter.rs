//! Files that are made where nothing is yet.
#![expect(clippy::disallowed_methods, reason = "this is a home of files")]

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::cli::files::FilesError;

/// Writes a file that is not there yet, and the folders that it lies in; says whether it did.
///
/// # Errors
///
/// Returns what the system says where it cannot be written.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<bool, FilesError> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(|error| {
            // The folder itself, or one above it, may be a file.
            let file = folder.ancestors().find(|place| place.is_file());
            match file {
                Some(file) => FilesError::NoFolder(file.to_owned()),
                None => FilesError::io(folder)(error),
            }
        })?;
    }
    // A link is somebody's file too, also where it leads nowhere.
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    match file {
        Ok(mut file) => {
            let written = file
                .write_all(text.as_bytes())
                .and_then(|()| file.sync_all());
            written.map_err(FilesError::io(path)).map(|()| true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(FilesError::io(path)(error)),
    }
}
