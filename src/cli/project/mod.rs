//! The project folder: which one it is, and the manifests of it that count.
//!
//! PATHs choose what is listed. What the other manifests of the project folder hold counts all
//! the same, so that no choice of PATHs deletes what is held beside them.

pub(super) mod links;
mod search;

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::cli::clock::TimeLeft;
use crate::cli::files::{self, DEFAULTS, FilesError, Input, Sort};
use crate::manifest::{Part, Source};

pub(super) use links::{keep_state_inside, refuse_stray};
use search::Search;

/// The file that marks a project folder.
const MARK: &str = "retire.toml";

/// The folder of a project's manifests, in any letter case.
const MANIFESTS: &str = "manifests";

/// How the manifest of a project is called, in any letter case.
const USUAL: [&str; 3] = ["retire.yaml", "retire.yml", "retire.json"];

/// How many files are named at most.
const NAMED: usize = 10;

/// What was found of a project.
#[derive(Debug)]
pub(super) struct Found {
    /// The project folder, from the current one; empty where it is that.
    pub(super) folder: Arc<str>,
    /// The manifests: those that list first, then those that are read for their holds alone.
    pub(super) sources: Vec<Source>,
    /// What was passed over, and what is read for its holds alone, in words.
    pub(super) notes: Vec<String>,
    /// What could hold something and is not read, in words.
    pub(super) warnings: Vec<String>,
    /// That a folder below a PATH is a project of its own.
    pub(super) nested: Option<FilesError>,
}

/// Finds and reads the manifests that PATHs mean, each once, and then those of the project
/// folder that count for their holds; what comes through a pipe, while the command has time.
///
/// # Errors
///
/// Returns the first thing that is in the way.
pub(super) fn load(paths: &[PathBuf], time: TimeLeft) -> Result<Found, FilesError> {
    let here = links::here()?;
    let project = project_of(paths, &here)?;
    let shown = seen_from(&here, &project, paths.iter().all(|path| path.is_relative()));
    let mut search = Search::new(&project);
    if paths.is_empty() {
        if !search.usual(&shown, Part::All)? {
            return Err(FilesError::NoDefault(shown));
        }
        if search.sources.is_empty() {
            return Err(search.empty(&shown));
        }
    } else {
        for path in paths {
            named(&mut search, path, time)?;
        }
        search.usual(&shown, Part::Holds)?;
    }
    for folder in above(paths)? {
        if !files::are_same(&folder, &shown) {
            search.around(&folder)?;
        }
    }
    // Whoever keeps lists side by side may keep the holds there too.
    for path in paths.iter().filter(|path| !is_stream(path)) {
        for folder in starts_of(path)? {
            if folder != project {
                search.beside(&seen_from(&here, &folder, path.is_relative()))?;
            }
        }
    }
    Ok(Found::new(search, &shown))
}

impl Found {
    fn new(search: Search<'_>, folder: &Path) -> Self {
        Self {
            folder: files::shown(folder),
            notes: search.notes(),
            warnings: search.warnings(),
            nested: search.nested,
            sources: search.sources,
        }
    }
}

/// Finds and reads all manifests of the project folder, where there are any.
///
/// # Errors
///
/// Returns the first thing that is in the way.
pub(super) fn load_all() -> Result<Found, FilesError> {
    let here = links::here()?;
    let project = project_of(&[], &here)?;
    let shown = seen_from(&here, &project, true);
    let mut search = Search::new(&project);
    search.usual(&shown, Part::All)?;
    Ok(Found::new(search, &shown))
}

/// Takes in what a PATH means.
fn named(search: &mut Search<'_>, path: &Path, time: TimeLeft) -> Result<(), FilesError> {
    if path.as_os_str() == "-" {
        if search.sources.iter().any(|source| &*source.path == "-") {
            return Err(FilesError::StandardTwice);
        }
        search.sources.push(files::read(&Input::Standard, time)?);
        return Ok(());
    }
    let path = files::tidy(path);
    match files::sort(&path)? {
        Sort::Folder => {
            let before = search.met;
            search.folder(&path, Part::All)?;
            if search.met == before {
                return Err(search.empty(&path));
            }
            Ok(())
        }
        Sort::File => search.named_file(&path),
        Sort::Pipe => {
            search.sources.push(files::read(&Input::File(path), time)?);
            Ok(())
        }
        Sort::Other => Err(FilesError::NoFile(path)),
    }
}

/// The project folder of PATHs, from the root, where they have one in common.
pub(super) fn common_folder(paths: &[PathBuf]) -> Option<PathBuf> {
    project_of(paths, &links::here().ok()?).ok()
}

/// The one project folder of PATHs, from the root.
fn project_of(paths: &[PathBuf], here: &Path) -> Result<PathBuf, FilesError> {
    let Some((first, more)) = paths.split_first() else {
        return folder_of(None, here);
    };
    let project = folder_of(Some(first), here)?;
    for path in more {
        let other = folder_of(Some(path), here)?;
        if other != project {
            return Err(FilesError::Apart {
                path: path.clone(),
                other,
                first: project,
            });
        }
    }
    Ok(project)
}

/// The project folder of one PATH, from the root: that of the `retire.toml` found upwards from it,
/// else from the current folder, not beyond the git repository; without one, the current folder
/// where the PATH lies in it, else the PATH's own folder.
fn folder_of(path: Option<&Path>, here: &Path) -> Result<PathBuf, FilesError> {
    let path = path.filter(|path| !is_stream(path));
    let mut starts = path.map(starts_of).transpose()?.unwrap_or_default();
    starts.push(here.to_owned());
    if let Some(marked) = starts.iter().find_map(|start| marked_above(start)) {
        return Ok(marked.to_owned());
    }
    let place = path.map(links::from_root).transpose()?;
    let place = place.filter(|place| !place.starts_with(here));
    Ok(place.map_or_else(
        || here.to_owned(),
        |place| of_manifests(links::folder_of(&place)).to_owned(),
    ))
}

/// The folder of a PATH, from the root: as it is named, and as it truly is where a link leads there.
fn starts_of(path: &Path) -> Result<Vec<PathBuf>, FilesError> {
    let place = links::from_root(path)?;
    let named = links::folder_of(&place).to_owned();
    let real = place.canonicalize().ok();
    let real = real.map(|real| links::folder_of(&real).to_owned());
    let real = real.filter(|real| *real != named);
    Ok([Some(named), real].into_iter().flatten().collect())
}

/// The nearest folder with a `retire.toml`, upwards from one and not beyond the git repository;
/// without one not beyond the folder itself, or the one above it where it is called `manifests`.
fn marked_above(start: &Path) -> Option<&Path> {
    let root = links::git_root(start).unwrap_or_else(|| of_manifests(start));
    let upwards = start.ancestors();
    let mut upwards = upwards.take_while(|folder| folder.starts_with(root));
    upwards.find(|folder| folder.join(MARK).symlink_metadata().is_ok())
}

/// The folder that one belongs to: the one above it where it is called `manifests`, else itself.
fn of_manifests(folder: &Path) -> &Path {
    let name = folder.file_name().unwrap_or_default();
    let above = folder.parent();
    let above = above.filter(|_| name.eq_ignore_ascii_case(MANIFESTS));
    above.unwrap_or(folder)
}

/// Whether a PATH is standard input or a pipe without a place of its own, as shells make them.
fn is_stream(path: &Path) -> bool {
    let nowhere = path.starts_with("/dev") || path.starts_with("/proc");
    path.as_os_str() == "-" || (nowhere && files::sort(path).is_ok_and(|sort| sort == Sort::Pipe))
}

/// The project folder of PATHs as it is seen from the current one: empty where it is that.
///
/// # Errors
///
/// Returns that they have none in common.
pub(super) fn folder(paths: &[PathBuf]) -> Result<PathBuf, FilesError> {
    let here = links::here()?;
    let project = project_of(paths, &here)?;
    let relative = paths.iter().all(|path| path.is_relative());
    Ok(seen_from(&here, &project, relative))
}

/// The root of the git repository around a folder, where that is another one, and how the folder
/// is named from there.
pub(super) fn below_git_root(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let whole = files::place_of(folder).ok()?;
    let root = links::git_root(&whole)?;
    let below = whole.strip_prefix(root).ok()?;
    (!below.as_os_str().is_empty()).then(|| (root.to_owned(), below.to_owned()))
}

/// The PATH of a command that reads a state, where it is the state itself, and not manifests or a
/// folder of its project.
///
/// # Errors
///
/// Returns why it cannot be told.
pub(super) fn named_state(path: &Path) -> Result<Option<&Path>, FilesError> {
    if path.as_os_str() == "-" || files::sort(path)? != Sort::File {
        return Ok(None);
    }
    let is_manifest = search::is_manifest(path)?;
    Ok((!is_manifest).then_some(path))
}

/// A state with this name near a project without one: where it was looked for before its place was
/// the project folder, and above the PATHs, since manifests may have moved into a folder of theirs.
pub(super) fn old_state(paths: &[PathBuf], state: &Path) -> Option<PathBuf> {
    let name = state.file_name()?;
    let project = state.parent().unwrap_or(Path::new(""));
    let mut places: Vec<PathBuf> = beside(paths).into_iter().collect();
    places.push(project.join(MANIFESTS));
    places.extend(above(paths).unwrap_or_default());
    let mut states = places.into_iter().map(|place| place.join(name));
    states.find(|old| {
        let plain = files::sort(old).is_ok_and(|sort| sort == Sort::File);
        plain && !files::are_same(old, state)
    })
}

/// The folders around PATHs and around the current one, as they are seen from there: upwards to a project folder that
/// a `retire.toml` marks, else to the root of the git repository; without one, to the PATH's own
/// folder or the one above it where it is called `manifests`.
fn above(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FilesError> {
    let here = links::here()?;
    let relative = paths.iter().all(|path| path.is_relative());
    let project = project_of(paths, &here)?;
    let is_marked = project.join(MARK).symlink_metadata().is_ok();
    let places = paths.iter().filter(|path| !is_stream(path));
    let starts = places
        .map(|path| starts_of(path))
        .collect::<Result<Vec<_>, _>>()?;
    let mut starts = starts.concat();
    starts.push(here.clone());
    let mut found = Vec::new();
    for start in &starts {
        let end = if is_marked && start.starts_with(&project) {
            &project
        } else {
            links::git_root(start).unwrap_or_else(|| of_manifests(start))
        };
        let upwards = start.ancestors();
        let upwards = upwards.take_while(|folder| folder.starts_with(end));
        found.extend(upwards.map(|folder| seen_from(&here, folder, relative)));
    }
    Ok(found)
}

/// The folder of the first manifest's PATH; nothing for standard input.
pub(super) fn beside(paths: &[PathBuf]) -> Option<PathBuf> {
    let path = match paths.first() {
        Some(path) if path.as_os_str() == "-" => return None,
        Some(path) => path.clone(),
        None => {
            // As it would lie if the command ran in the project folder.
            let above = folder_above();
            let base = above.as_deref().unwrap_or(Path::new(""));
            let mut usual = DEFAULTS.iter().map(|name| base.join(name));
            match usual.find(|path| path.exists()) {
                Some(path) => path,
                None => return above,
            }
        }
    };
    let folder = if path.is_dir() {
        &*path
    } else {
        path.parent()?
    };
    let parts = folder
        .components()
        .filter(|part| *part != Component::CurDir);
    Some(parts.collect())
}

/// The project folder without a PATH where it is above the current one.
fn folder_above() -> Option<PathBuf> {
    let here = links::here().ok()?;
    let project = folder_of(None, &here).ok()?;
    (project != here).then(|| seen_from(&here, &project, true))
}

/// A folder as it is seen from the current one: empty where it is that, and from the root where
/// neither is in the other or nobody asks for less.
fn seen_from(here: &Path, folder: &Path, relative: bool) -> PathBuf {
    if let Ok(below) = folder.strip_prefix(here) {
        return below.to_owned();
    }
    let shared = here.ancestors().find(|shared| folder.starts_with(shared));
    match shared.filter(|shared| relative && shared.parent().is_some()) {
        Some(shared) => {
            let ups = here.strip_prefix(shared).unwrap_or(here).components();
            let below = folder.strip_prefix(shared).unwrap_or(folder);
            ups.map(|_| "..").collect::<PathBuf>().join(below)
        }
        None => folder.to_owned(),
    }
}

/// Some names, and how many more there are.
fn some<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let some: Vec<String> = names.take(NAMED).map(|name| format!("`{name}`")).collect();
    let some = some.join(", ");
    match more {
        0 => some,
        more => format!("{some} and {more} more"),
    }
}
