//! The search for manifests in folders: what is one, what is passed over, and what must not be.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::links::{self, keep_inside};
use super::{MANIFESTS, MARK, USUAL, some};
use crate::app::saved_plan::{HEAD as PLAN_HEAD, is_plan};
use crate::cli::files::{self, DEEPEST, FilesError, Sort};
use crate::cli::settings::table::STATE;
use crate::diagnostic::without_mark;
use crate::manifest::kind::{DocumentKind, has_list, kind, lists_something};
use crate::manifest::{Part, Source};

/// How a sandbox's seed is called, whatever its ending.
const SEED: &str = "sandbox";

/// What people call the folder of manifests by mistake.
const MANIFEST: &str = "manifest";

/// How other lists end that somebody may take for manifests, in any letter case.
const OTHER_LISTS: [&str; 5] = ["csv", "tsv", "xls", "xlsx", "ods"];

/// How far into a file that is not read it is told what it is, in bytes.
const HEAD: usize = 64 << 10;

/// How many folders down a hidden folder is looked into.
const HIDDEN: usize = 3;

/// Why what could be a manifest is passed over.
const DOUBTFUL: &str = "by its name, though it looks like a manifest";

/// How manifests end, in any letter case.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// What has been found so far.
pub(super) struct Search<'p> {
    /// The project folder, from the root.
    project: &'p Path,
    pub(super) sources: Vec<Source>,
    /// How often a manifest was met, or a folder again.
    pub(super) met: usize,
    /// The files that were read, and the folders that were looked into, as they truly are.
    files: HashSet<PathBuf>,
    folders: HashSet<PathBuf>,
    /// What is no manifest.
    others: Vec<String>,
    /// What is hidden, or a seed by its name, and could be a manifest.
    doubtful: Vec<String>,
    /// What lies beside the usual manifests and ends as they do.
    beside: Vec<PathBuf>,
    /// That a folder below a PATH is a project of its own.
    pub(super) nested: Option<FilesError>,
}

impl<'p> Search<'p> {
    pub(super) fn new(project: &'p Path) -> Self {
        Self {
            project,
            sources: Vec::new(),
            met: 0,
            files: HashSet::new(),
            folders: HashSet::new(),
            others: Vec::new(),
            doubtful: Vec::new(),
            beside: Vec::new(),
            nested: None,
        }
    }

    /// Takes in the usual manifests of the project folder; says whether there are any, or a
    /// folder for them.
    pub(super) fn usual(&mut self, folder: &Path, part: Part) -> Result<bool, FilesError> {
        let bound = links::bound(&links::from_root(folder)?, self.project);
        let (mut there, mut folders) = (false, Vec::new());
        for path in files::entries(folder)? {
            let name = path.file_name().unwrap_or_default();
            let is = |usual: &str| name.eq_ignore_ascii_case(usual);
            if is(MARK) && name != MARK {
                return Err(FilesError::Miscalled { path });
            }
            if is(MANIFEST) && path.is_dir() && could_list(&path, 0) {
                self.doubtful.push(format!("{}/", files::shown(&path)));
            }
            if !is(MANIFESTS) && !USUAL.into_iter().any(is) {
                if has_ending(&path) && !is_seed(&path) {
                    self.beside.push(path);
                }
                continue;
            }
            there = true;
            if path.is_dir() {
                folders.push(path);
            } else if is(MANIFESTS) {
                // A link that leads nowhere, or into what cannot be read, may mean a folder.
                files::sort(&path)?;
                self.others.push(files::shown(&path).to_string());
            } else {
                self.found(&path, &bound, part)?;
            }
        }
        for path in folders {
            self.folder(&path, part)?;
        }
        Ok(there)
    }

    /// Takes in the holds of the usual manifests of a folder around a PATH.
    pub(super) fn around(&mut self, folder: &Path) -> Result<(), FilesError> {
        let beside = self.beside.len();
        self.usual(folder, Part::Holds)?;
        // What else lies in the folders above is nobody's business here.
        self.beside.truncate(beside);
        Ok(())
    }

    /// Looks for what lies beside a PATH and is not read, though it could be a manifest.
    pub(super) fn beside(&mut self, folder: &Path) -> Result<(), FilesError> {
        for path in files::entries(folder)? {
            let path = files::tidy(&path);
            if has_ending(&path) && !is_hidden(&path) && !is_seed(&path) {
                self.beside.push(path);
            }
        }
        Ok(())
    }

    /// Takes in the manifests below a folder.
    pub(super) fn folder(&mut self, folder: &Path, part: Part) -> Result<(), FilesError> {
        let place = links::from_root(folder)?;
        let bound = links::bound(links::folder_of(&place), self.project);
        self.search_folder(folder, &bound, part, 0)
    }

    fn search_folder(
        &mut self,
        folder: &Path,
        bound: &Path,
        part: Part,
        depth: usize,
    ) -> Result<(), FilesError> {
        if depth > DEEPEST {
            return Err(FilesError::TooDeep(folder.to_owned()));
        }
        keep_inside(&links::from_root(folder)?, bound, folder)?;
        let real = folder.canonicalize().map_err(FilesError::io(folder))?;
        // The search may have been here for its lists, or on another way around a loop of links.
        if !self.folders.insert(real) {
            self.met += 1;
            return Ok(());
        }
        if part == Part::All && depth > 0 {
            self.meet_project(folder)?;
        }
        for path in files::entries(folder)? {
            let path = files::tidy(&path);
            let hidden = is_hidden(&path);
            // What cannot be looked at could be a folder of manifests.
            if !path.is_symlink() {
                files::sort(&path)?;
            }
            if path.is_dir() {
                if hidden {
                    self.hidden_folder(&path);
                } else {
                    self.search_folder(&path, bound, part, depth + 1)?;
                }
            } else if !has_ending(&path) {
                // It cannot be a manifest, unless it is a link to a folder of them.
                if !hidden && path.is_symlink() && !path.exists() {
                    self.others.push(files::shown(&path).to_string());
                } else if lists(&path) {
                    self.doubtful.push(files::shown(&path).to_string());
                } else if !hidden && ends_with(&path, &OTHER_LISTS) {
                    self.others.push(files::shown(&path).to_string());
                }
            } else if hidden || is_seed(&path) {
                self.doubt(&path, hidden);
            } else {
                self.found(&path, bound, part)?;
            }
        }
        Ok(())
    }

    /// Keeps in mind a folder that is a project of its own: its guards do not count here, nor what
    /// its state remembers.
    fn meet_project(&mut self, folder: &Path) -> Result<(), FilesError> {
        let marks = [MARK, STATE].map(|name| folder.join(name));
        let mark = marks.iter().find(|mark| mark.symlink_metadata().is_ok());
        let is_own = links::from_root(folder)? == *self.project;
        // The place beside the manifests is where states lay once, and is told by itself.
        let is_manifests = folder
            .file_name()
            .is_some_and(|name| name.eq_ignore_ascii_case(MANIFESTS));
        if let Some(mark) = mark.filter(|mark| !(is_own || is_manifests && mark.ends_with(STATE))) {
            self.nested.get_or_insert_with(|| FilesError::Nested {
                folder: folder.to_owned(),
                mark: mark.clone(),
            });
        }
        Ok(())
    }

    /// Takes in a file that was found, if it is a manifest.
    fn found(&mut self, path: &Path, bound: &Path, part: Part) -> Result<(), FilesError> {
        keep_inside(&links::from_root(path)?, bound, path)?;
        if !self.is_new(path) {
            return Ok(());
        }
        let bytes = files::plain(path)?;
        match kind(&bytes) {
            DocumentKind::Manifest => {
                self.met += 1;
                self.sources.push(Source {
                    path: files::shown(path),
                    bytes,
                    part,
                });
            }
            DocumentKind::Ours => {}
            DocumentKind::Other => self.others.push(files::shown(path).to_string()),
        }
        Ok(())
    }

    /// Takes in a file that somebody named, whatever it is.
    pub(super) fn named_file(&mut self, path: &Path) -> Result<(), FilesError> {
        let place = links::from_root(path)?;
        let bound = links::bound(links::folder_of(&place), self.project);
        keep_inside(&place, &bound, path)?;
        if path.file_name().is_some_and(|name| name == MARK) {
            return Err(FilesError::Settings(path.to_owned()));
        }
        if is_plan(without_mark(&files::head(path, PLAN_HEAD)?)) {
            return Err(FilesError::SavedPlan(path.to_owned()));
        }
        if self.is_new(path) {
            self.sources.push(Source {
                path: files::shown(path),
                bytes: files::plain(path)?,
                part: Part::All,
            });
        }
        Ok(())
    }

    fn is_new(&mut self, path: &Path) -> bool {
        let real = path.canonicalize().unwrap_or_else(|_gone| path.to_owned());
        let new = self.files.insert(real);
        // What a PATH before has listed is no reason to call a folder empty.
        self.met += usize::from(!new);
        new
    }

    /// Looks whether a file that is passed over by its name could be a manifest.
    fn doubt(&mut self, path: &Path, hidden: bool) {
        let manifest = match files::sort(path) {
            Ok(Sort::File) => files::plain(path).is_ok_and(|bytes| {
                if hidden {
                    kind(&bytes) == DocumentKind::Manifest
                } else {
                    std::str::from_utf8(&bytes).is_ok_and(has_list)
                }
            }),
            Ok(Sort::Folder | Sort::Pipe | Sort::Other) | Err(_) => false,
        };
        if manifest {
            self.doubtful.push(files::shown(path).to_string());
        }
    }

    /// A hidden folder is not searched; where a file in it could be a manifest, it is named.
    fn hidden_folder(&mut self, path: &Path) {
        if !path.ends_with(".git") && could_list(path, 0) {
            self.doubtful.push(format!("{}/", files::shown(path)));
        }
    }

    /// What to say of what is not listed.
    pub(super) fn notes(&self) -> Vec<String> {
        let for_holds: Vec<&str> = self
            .sources
            .iter()
            .filter(|source| source.part == Part::Holds)
            .map(|source| &*source.path)
            .collect();
        let mut notes = Vec::new();
        if !for_holds.is_empty() {
            let named = some(for_holds.into_iter());
            notes.push(format!("also read for their holds: {named}"));
        }
        notes.extend(passed_over(&self.others, "not a manifest"));
        notes
    }

    /// What could hold something and is not read, whatever the reason.
    pub(super) fn warnings(&self) -> Vec<String> {
        let doubtful = passed_over(&self.doubtful, DOUBTFUL);
        let beside = self.beside.iter();
        let beside: Vec<_> = beside
            .filter(|path| self.is_unread_list(path))
            .map(|path| files::shown(path))
            .collect();
        let beside = (!beside.is_empty()).then(|| {
            let names = some(beside.iter().map(|name| &**name));
            format!(
                "not read, though it looks like a manifest: {names}; only `retire.yaml`, `manifests/` and PATHs are read"
            )
        });
        doubtful.into_iter().chain(beside).collect()
    }

    /// Whether a file that nothing asks for looks like a manifest, as far as its first lines show
    /// it: a state may lie there too, and be large.
    fn is_unread_list(&self, path: &Path) -> bool {
        let read = path
            .canonicalize()
            .is_ok_and(|real| self.files.contains(&real));
        let plain = files::sort(path).is_ok_and(|sort| sort == Sort::File);
        plain && !read && looks_like_a_list(path)
    }

    /// That a folder has no manifest.
    pub(super) fn empty(&self, folder: &Path) -> FilesError {
        FilesError::EmptyFolder {
            folder: files::tidy(folder),
            passed_over: [
                passed_over(&self.others, "not a manifest"),
                passed_over(&self.doubtful, DOUBTFUL),
            ]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("; "),
        }
    }
}

fn passed_over(names: &[String], why: &str) -> Option<String> {
    (!names.is_empty()).then(|| {
        let names = some(names.iter().map(String::as_str));
        format!("passed over, {why}: {names}")
    })
}

/// Whether a file could be a manifest by its first lines, or is one, or a broken one, that is
/// written in another way.
fn looks_like_a_list(path: &Path) -> bool {
    let Ok(head) = files::head(path, HEAD) else {
        return false;
    };
    let text = String::from_utf8_lossy(&head);
    if has_list(&text) {
        return true;
    }
    let small = text.to_lowercase();
    let speaks_of_one = ["hold", "asset", "release", "waiver"]
        .iter()
        .any(|word| small.contains(word));
    let whole = || files::plain(path).is_ok_and(|bytes| kind(&bytes) == DocumentKind::Manifest);
    (speaks_of_one || head.len() >= HEAD) && whole()
}

/// Whether a file is a manifest by its ending, or lists something: any other that somebody names
/// for a state is the state.
pub(super) fn is_manifest(path: &Path) -> Result<bool, FilesError> {
    let ending = path.extension().unwrap_or_default();
    if has_ending(path) && !ending.eq_ignore_ascii_case("json") {
        return Ok(true);
    }
    let head = files::head(path, HEAD)?;
    Ok(has_list(&String::from_utf8_lossy(&head)))
}

/// Whether a file that does not end like a manifest begins as one that lists something.
fn lists(path: &Path) -> bool {
    let plain = files::sort(path).is_ok_and(|sort| sort == Sort::File);
    plain && files::head(path, HEAD).is_ok_and(|head| lists_something(&head))
}

/// Whether something in a hidden folder ends like a manifest and lists something, also some
/// folders down: a pipeline of CI does not.
fn could_list(folder: &Path, depth: usize) -> bool {
    let inside = files::entries(folder).unwrap_or_default();
    let is_link = |path: &Path| path.is_symlink();
    inside.iter().any(|path| {
        let below = || depth < HIDDEN && path.is_dir() && !is_link(path);
        (has_ending(path) && lists(path)) || (below() && could_list(path, depth + 1))
    })
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// Whether a file ends as manifests do.
fn has_ending(path: &Path) -> bool {
    ends_with(path, &ENDINGS)
}

fn ends_with(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().unwrap_or_default();
    let mut endings = endings.iter();
    endings.any(|known| ending.eq_ignore_ascii_case(known))
}

/// Whether a file is a sandbox's seed by its name.
fn is_seed(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default();
    stem.eq_ignore_ascii_case(SEED)
}
