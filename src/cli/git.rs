//! What a git repository says of itself, read from its files: no program is run, so that
//! nothing depends on git being there, or on what its settings make it do.

use std::path::{Path, PathBuf};

use crate::cli::files;

/// How often one name of a commit may stand for another.
const LONGEST_CHAIN: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repository {
    /// The folder of this work tree.
    own: PathBuf,
    /// The folder that all work trees share.
    common: PathBuf,
}

impl Repository {
    /// Finds the repository around a folder.
    pub(super) fn around(folder: &Path) -> Option<Self> {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let folder = folder.canonicalize().ok()?;
        let own = folder.ancestors().find_map(git_folder)?;
        let common = match text(&own.join("commondir")) {
            Some(path) => own.join(path.trim()),
            None => own.clone(),
        };
        Some(Self { own, common })
    }

    /// The commit that is checked out; nothing before the first one.
    pub(super) fn commit(&self) -> Option<String> {
        let mut value = text(&self.own.join("HEAD"))?;
        for _ in 0..LONGEST_CHAIN {
            let Some(name) = value.strip_prefix("ref:") else {
                let commit = value.trim();
                return is_commit(commit).then(|| commit.to_owned());
            };
            value = self.reference(name.trim())?;
        }
        None
    }

    /// What a name stands for.
    fn reference(&self, name: &str) -> Option<String> {
        let plain = name.starts_with("refs/") && !name.split('/').any(|part| part == "..");
        if !plain {
            return None;
        }
        text(&self.own.join(name))
            .or_else(|| text(&self.common.join(name)))
            .or_else(|| {
                let packed = text(&self.common.join("packed-refs"))?;
                let mut lines = packed.lines().filter_map(|line| line.split_once(' '));
                let (commit, _) = lines.find(|(_, known)| *known == name)?;
                Some(commit.to_owned())
            })
    }

    /// Where the repository keeps its settings.
    pub(super) fn config(&self) -> PathBuf {
        self.common.join("config")
    }
}

/// Who the person of a git config is: the mail address, else the name.
pub(super) fn user(config: &Path) -> Option<String> {
    user_of(&text(config)?)
}

fn user_of(config: &str) -> Option<String> {
    let (mut name, mut email) = (None, None);
    let mut inside = false;
    for line in config.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.split(']').next().unwrap_or_default().trim();
            inside = section.eq_ignore_ascii_case("user");
        } else if inside && let Some((key, value)) = line.split_once('=') {
            let slot = match key.trim().to_ascii_lowercase().as_str() {
                "name" => &mut name,
                "email" => &mut email,
                _ => continue,
            };
            *slot = plain(value);
        }
    }
    email.or(name)
}

/// A value without its quotes and its comment; nothing where nothing is left.
fn plain(value: &str) -> Option<String> {
    let mut text = String::new();
    let mut quoted = false;
    for letter in value.trim().chars() {
        match letter {
            '"' => quoted = !quoted,
            '#' | ';' if !quoted => break,
            _ => text.push(letter),
        }
    }
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The repository's folder, if it stands in this one.
fn git_folder(folder: &Path) -> Option<PathBuf> {
    let place = folder.join(".git");
    let own = if place.is_dir() {
        place
    } else {
        // A further work tree and a submodule have a file that says where the folder is.
        let link = text(&place)?;
        folder.join(link.strip_prefix("gitdir:")?.trim())
    };
    own.join("HEAD").exists().then_some(own)
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.chars().all(|letter| letter.is_ascii_hexdigit())
}

/// A file's text; what cannot be read says nothing.
fn text(path: &Path) -> Option<String> {
    files::text_if_there(path).ok()?
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the tests lay out repositories of their own"
)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const A: &str = "0123456789abcdef0123456789abcdef01234567";
    const B: &str = "89abcdef0123456789abcdef0123456789abcdef";

    fn laid_out(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn commit(folder: &TempDir, inside: &str) -> Option<String> {
        let inside = folder.path().join(inside);
        fs::create_dir_all(&inside).unwrap();
        Repository::around(&inside)?.commit()
    }

    #[test]
    fn the_commit_is_found_however_it_is_kept() {
        let loose = laid_out(&[
            (".git/HEAD", "ref: refs/heads/main\n"),
            (".git/refs/heads/main", &format!("{A}\n")),
            // A loose name beats a packed one.
            (".git/packed-refs", &format!("{B} refs/heads/main\n")),
        ]);
        assert_eq!(commit(&loose, "manifests/deep").as_deref(), Some(A));
        let packed = laid_out(&[
            (".git/HEAD", "ref: refs/heads/main\n"),
            (
                ".git/packed-refs",
                &format!(
                    "# pack-refs with: peeled\n{A} refs/heads/mai\n^{A}\n{B} refs/heads/main\n"
                ),
            ),
        ]);
        assert_eq!(commit(&packed, "").as_deref(), Some(B));
        let detached = laid_out(&[(".git/HEAD", &format!("{A}\n"))]);
        assert_eq!(commit(&detached, "").as_deref(), Some(A));
    }

    #[test]
    fn a_further_work_tree_has_a_head_of_its_own() {
        let folder = laid_out(&[
            ("main/.git/HEAD", &format!("{B}\n")),
            ("main/.git/refs/heads/side", &format!("{A}\n")),
            ("main/.git/worktrees/side/HEAD", "ref: refs/heads/side\n"),
            ("main/.git/worktrees/side/commondir", "../..\n"),
            ("side/.git", "gitdir: ../main/.git/worktrees/side\n"),
        ]);
        assert_eq!(commit(&folder, "side").as_deref(), Some(A));
        assert_eq!(commit(&folder, "main").as_deref(), Some(B));
    }

    #[test]
    fn what_is_no_commit_is_not_told() {
        for files in [
            &[(".git/HEAD", "ref: refs/heads/unborn\n")][..],
            &[(".git/HEAD", "ref: ../../../etc/hostname\n")],
            &[(".git/HEAD", "ref: refs/../HEAD\n")],
            &[(".git/HEAD", "nonsense\n")],
            &[(".git", "gitdir: nowhere\n")],
            &[
                (".git/HEAD", "ref: refs/heads/a\n"),
                (".git/refs/heads/a", "ref: refs/heads/a\n"),
            ],
        ] {
            // Whatever is around the folder of the tests is not asked.
            let folder = laid_out(files);
            let found = git_folder(folder.path()).map(|own| Repository {
                common: own.clone(),
                own,
            });
            assert_eq!(found.and_then(|found| found.commit()), None, "{files:?}");
        }
    }

    #[test]
    fn the_person_is_read_from_the_config() {
        let config = "[core]\n\temail = no@example\n[User]\n\tname = \"Ana # One\" ; said so\n";
        assert_eq!(user_of(config).as_deref(), Some("Ana # One"));
        let config = format!("{config}\tEmail = ana@example # mail\n[user \"x\"]\nemail = x\n");
        assert_eq!(user_of(&config).as_deref(), Some("ana@example"));
        assert_eq!(user_of("[user]\nemail =\n"), None);
        assert_eq!(user_of("email = a"), None);
    }
}
