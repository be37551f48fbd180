//! Which files are the project's own, so that a pull request may change them.

use std::path::{Component, Path, PathBuf};

use crate::cli::project;

/// What surely belongs to the project: the folder of the manifests, the current folder, and the
/// work trees of git around them.
#[derive(Debug, Clone)]
pub(super) struct Project {
    folders: Vec<PathBuf>,
    trees: Vec<PathBuf>,
}

impl Project {
    /// The project of the manifests that PATHs mean.
    pub(super) fn containing(paths: &[PathBuf]) -> Self {
        let meant = paths.iter().filter(|path| path.as_os_str() != "-");
        let folders = meant.filter_map(|path| {
            if path.is_dir() {
                Some(&**path)
            } else {
                path.parent()
            }
        });
        let here = [Path::new("")];
        let whole = project::common_folder(paths);
        let folders = here.into_iter().chain(folders).chain(whole.as_deref());
        let folders: Vec<PathBuf> = folders.flat_map(names).collect();
        let trees = folders.iter().flat_map(|folder| trees(folder));
        let trees = trees.map(Path::to_owned).collect();
        Self { folders, trees }
    }

    /// Whether a file lies in the project, by its name or in truth, or in any work tree of git:
    /// a repository may lie in another one, and its files come from whoever may change that.
    pub(super) fn has(&self, file: &Path) -> bool {
        let is_in_a_tree = || {
            let names = names(file);
            names.iter().any(|name| trees(name).next().is_some())
        };
        is_in_a_tree() || is_below(file, &self.folders)
    }

    /// Whether a file lies in a work tree of git around the project, the nearest or another. The
    /// folder of somebody who works at home is no proof that a file in it is not their own.
    pub(super) fn is_tracked(&self, file: &Path) -> bool {
        is_below(file, &self.trees)
    }
}

/// The work trees of git around a path, the nearest one first: a submodule lies in another.
fn trees(path: &Path) -> impl Iterator<Item = &Path> {
    let is_tree = |folder: &&Path| folder.join(".git").symlink_metadata().is_ok();
    path.ancestors().filter(is_tree)
}

fn is_below(file: &Path, folders: &[PathBuf]) -> bool {
    names(file)
        .iter()
        .any(|name| folders.iter().any(|folder| name.starts_with(folder)))
}

/// A path from the root on: as it is written, and with the links in it followed, as far as they
/// lead anywhere.
fn names(path: &Path) -> Vec<PathBuf> {
    let written = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let plain = std::path::absolute(written).map(|path| plain(&path));
    let real = written.canonicalize();
    // A file may lie behind a link that itself lies elsewhere.
    let parent = written.parent().zip(written.file_name());
    let beside = parent.and_then(|(parent, name)| {
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        Some(parent.canonicalize().ok()?.join(name))
    });
    plain.into_iter().chain(real).chain(beside).collect()
}

/// A path without `..`, as it reads.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "a test lays out the files that it needs"
)]
mod tests {
    use std::fs;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_lies_in_the_project_is_the_projects_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for made in ["repo/.git", "repo/show", "repo/ci", "elsewhere"] {
            fs::create_dir_all(root.join(made)).unwrap();
        }
        for file in ["repo/ci/a.toml", "elsewhere/b.toml"] {
            fs::write(root.join(file), "").unwrap();
        }
        let link = std::os::unix::fs::symlink::<PathBuf, PathBuf>;
        link(root.join("repo/ci/a.toml"), root.join("elsewhere/in.toml")).unwrap();
        link(root.join("repo/ci"), root.join("elsewhere/ci")).unwrap();
        link(root.join("elsewhere/b.toml"), root.join("repo/out.toml")).unwrap();
        let show = root.join("repo/show");
        let project = Project::containing(&[show.clone(), PathBuf::from("-")]);
        for (file, is_in) in [
            ("repo/ci/a.toml", true),
            ("repo/show/x.toml", true),
            ("elsewhere/../repo/ci/a.toml", true),
            ("elsewhere/in.toml", true),
            ("elsewhere/ci/a.toml", true),
            ("elsewhere/ci/not-there.toml", true),
            ("repo/out.toml", true),
            ("elsewhere/b.toml", false),
            ("repo/../elsewhere/b.toml", false),
            ("repository/b.toml", false),
        ] {
            assert_eq!(project.has(&root.join(file)), is_in, "{file}");
            assert_eq!(project.is_tracked(&root.join(file)), is_in, "{file}");
        }
        // A repository in another one: what lies in the outer one is the project's too.
        fs::create_dir_all(root.join("repo/show/sub/.git")).unwrap();
        let inner = Project::containing(&[root.join("repo/show/sub")]);
        for file in ["repo/ci/a.toml", "repo/show/x.toml", "elsewhere/in.toml"] {
            assert!(inner.has(&root.join(file)), "{file}");
            assert!(inner.is_tracked(&root.join(file)), "{file}");
        }
        assert!(!inner.has(&root.join("elsewhere/b.toml")));
        // What lies in another repository is somebody's who may change that one.
        let outside = Project::containing(&[root.join("elsewhere")]);
        assert!(outside.has(&root.join("repo/ci/a.toml")));
        assert!(!outside.is_tracked(&root.join("repo/ci/a.toml")));
        fs::remove_dir_all(root.join("repo/show/sub")).unwrap();
        // Without git, the folder of the manifests is the project.
        fs::remove_dir(root.join("repo/.git")).unwrap();
        let project = Project::containing(&[show.join("x.yaml")]);
        assert!(project.has(&show.join("x.toml")) && !project.is_tracked(&show.join("x.toml")));
        assert!(!project.has(&root.join("repo/ci/a.toml")));
    }
}
