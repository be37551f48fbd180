//! Why files cannot be read.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::asset::written::Written;
use crate::cli::clock::OutOfTime;

/// The largest file that is read, in bytes: six million assets, while a place still fits 32 bits.
pub(super) const LARGEST: u64 = 256 << 20;

/// How deep folders are looked into; nobody sorts manifests so deep, and a loop of mounts ends.
pub(crate) const DEEPEST: usize = 64;

/// Beside what the state lies where no PATH is given.
pub(crate) const DEFAULTS: [&str; 2] = ["retire.yaml", "manifests"];

/// How long is waited for what comes through a pipe.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

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
    /// A folder below a PATH is a project of its own.
    #[error("`{}` is a project of its own: `{}` is there, and counts for none but its PATHs", folder.display(), mark.display())]
    Nested {
        folder: PathBuf,
        /// What shows it.
        mark: PathBuf,
    },
    /// A config in another letter case.
    #[error("`{}` does not count: a config is called `retire.toml`", path.display())]
    Miscalled { path: PathBuf },
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
    /// A pipe through which nothing came while the command had time.
    #[error(transparent)]
    OutOfTime(OutOfTime),
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
    /// The settings of a project where manifests are listed.
    #[error("`{}` has the settings of a project, and is not a manifest", .0.display())]
    Settings(PathBuf),
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
                    "`retire show run:N` shows what a run did, and `retire state history` all runs"
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
            Self::Miscalled { .. } => Some("rename it to `retire.toml`, or remove it"),
            Self::Nested { .. } | Self::Apart { .. } => {
                Some("run the command once for each project folder")
            }
            Self::NotPlain(_) => Some("remove it, or name it as a PATH if it is a pipe"),
            Self::Settings(_) => Some(
                "`retire validate` without a PATH, or with a manifest, checks the settings as well",
            ),
            Self::SavedPlan(_) => Some("give it alone to `retire apply`; `retire show` shows it"),
            Self::TooLarge(_) => Some(
                "a list of assets may stand in several manifests; nothing else that belongs here is as large",
            ),
            Self::Silent(_) => Some("write it into a file first, and name that"),
            Self::OutOfTime(_) => Some(OutOfTime::HINT),
            Self::Io { path: _, source } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some(
                    "nothing goes on without what it may say: let this user read it, and look into the folders above it",
                )
            }
            Self::Io { .. }
            | Self::NoFile(_)
            | Self::Folder(_)
            | Self::NoFolder(_)
            | Self::TooDeep(_)
            | Self::StandardTwice => None,
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
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
