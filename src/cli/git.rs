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

    /// The branch that is checked out.
    fn branch(&self) -> Option<String> {
        let head = text(&self.own.join("HEAD"))?;
        let name = head.strip_prefix("ref:")?.trim();
        Some(name.strip_prefix("refs/heads/")?.to_owned())
    }

    /// Whether the repository keeps its references in tables of a binary form, which nobody reads
    /// here: its `HEAD` names a branch that cannot be.
    pub(super) fn has_reftable(&self) -> bool {
        self.common.join("reftable").is_dir()
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

/// Who somebody is by the settings of git.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    name: Option<String>,
    email: Option<String>,
}

impl Person {
    /// The mail address, else the name.
    pub(super) fn said(self) -> Option<String> {
        self.email.or(self.name)
    }
}

/// Where the settings of git are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'around> {
    /// The folder of the person, which `~` stands for.
    pub(super) home: Option<&'around Path>,
    /// The repository, by which some settings count or not.
    pub(super) repository: Option<&'around Repository>,
}

/// Who the person of a git config is, with what that includes.
pub(super) fn person(config: &Path, around: Around<'_>) -> Person {
    let mut person = Person::default();
    read_person(config, around, MOST_INCLUDED, &mut person);
    person
}

/// How deep files of settings include others, as git has it.
const MOST_INCLUDED: usize = 10;

/// Takes what a file of settings says of the person; as with git, the last word counts.
fn read_person(config: &Path, around: Around<'_>, deeper: usize, person: &mut Person) {
    let Some(text) = text(config) else { return };
    let mut section = Section::Other;
    for line in text.lines().map(str::trim) {
        if let Some(head) = line.strip_prefix('[') {
            section = Section::of(head, config, around);
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let key = key.trim().to_ascii_lowercase();
        match (section, key.as_str()) {
            (Section::User, "name") => person.name = plain(value),
            (Section::User, "email") => person.email = plain(value),
            (Section::Include, "path") if deeper > 0 => {
                if let Some(path) = plain(value).and_then(|path| around.seen_from(config, &path)) {
                    read_person(&path, around, deeper - 1, person);
                }
            }
            (Section::User | Section::Include | Section::Other, _) => {}
        }
    }
}

/// A section of git's settings, as far as it says who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    User,
    /// It names another file, which counts here.
    Include,
    Other,
}

impl Section {
    /// Tells a section by what stands behind its bracket.
    fn of(head: &str, config: &Path, around: Around<'_>) -> Self {
        let head = head.rsplit_once(']').map_or(head, |(head, _)| head);
        let (name, condition) = match head.split_once('"') {
            Some((name, rest)) => (name.trim(), Some(rest.trim_end_matches('"'))),
            None => (head.trim(), None),
        };
        match (name.to_ascii_lowercase().as_str(), condition) {
            ("user", None) => Self::User,
            ("include", None) => Self::Include,
            ("includeif", Some(condition)) if around.fits(config, condition) => Self::Include,
            _ => Self::Other,
        }
    }
}

impl Around<'_> {
    /// A path as a file of settings writes it.
    fn seen_from(self, config: &Path, path: &str) -> Option<PathBuf> {
        match path.strip_prefix("~/") {
            Some(rest) => Some(self.home?.join(rest)),
            None => Some(config.parent()?.join(path)),
        }
    }

    /// Whether a condition of `includeIf` is met, by where the repository is or what is checked out;
    /// any other is not.
    fn fits(self, config: &Path, condition: &str) -> bool {
        let Some((word, pattern)) = condition.split_once(':') else {
            return false;
        };
        let Some(repository) = self.repository else {
            return false;
        };
        match word {
            "gitdir" | "gitdir/i" => {
                let pattern = if pattern.starts_with("~/") || pattern.starts_with("./") {
                    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
                    let Some(path) = self.seen_from(config, pattern) else {
                        return false;
                    };
                    path.to_string_lossy().into_owned()
                } else {
                    pattern.to_owned()
                };
                let own = repository.own.to_string_lossy();
                is_like(&pattern, &own, word.ends_with("/i"))
            }
            "onbranch" => {
                let branch = repository.branch();
                branch.is_some_and(|branch| is_like(pattern, &branch, false))
            }
            _ => false,
        }
    }
}

/// Whether a text is what a pattern of git's settings means: `**` stands for any folders, also before
/// a pattern that begins nowhere and behind one that ends with `/`.
fn is_like(pattern: &str, text: &str, any_case: bool) -> bool {
    let mut pattern = pattern.to_owned();
    if text.starts_with('/') && !pattern.starts_with('/') {
        pattern = format!("**/{pattern}");
    }
    if pattern.ends_with('/') {
        pattern.push_str("**");
    }
    // Here `**` stands for whole folders alone, and the folder itself is meant as well.
    let options = glob::MatchOptions {
        case_sensitive: !any_case,
        require_literal_separator: true,
        require_literal_leading_dot: false,
    };
    glob::Pattern::new(&pattern).is_ok_and(|pattern| pattern.matches_with(text, options))
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
        let user_of = |config: &str| {
            let folder = laid_out(&[("config", config)]);
            person(&folder.path().join("config"), NOWHERE).said()
        };
        let config = "[core]\n\temail = no@example\n[User]\n\tname = \"Ana # One\" ; said so\n";
        assert_eq!(user_of(config).as_deref(), Some("Ana # One"));
        let config = format!("{config}\tEmail = ana@example # mail\n[user \"x\"]\nemail = x\n");
        assert_eq!(user_of(&config).as_deref(), Some("ana@example"));
        assert_eq!(user_of("[user]\nemail =\n"), None);
        assert_eq!(user_of("email = a"), None);
    }

    const NOWHERE: Around<'_> = Around {
        home: None,
        repository: None,
    };

    #[test]
    fn what_a_config_includes_counts_where_it_stands() {
        let folder = laid_out(&[
            (
                "home/.gitconfig",
                "[user]\nemail = own@x\n[include]\npath = more\n",
            ),
            (
                "home/more",
                "[user]\nemail = more@x\n[include]\npath = ~/deep/er\n",
            ),
            (
                "home/deep/er",
                "[user]\nname = Deeper\n[include]\npath = er\n",
            ),
            (
                "home/first",
                "[include]\npath = more\n[user]\nemail = last@x\n",
            ),
            (
                "home/lost",
                "[user]\nemail = own@x\n[include]\npath = nowhere\n",
            ),
        ]);
        let home = folder.path().join("home");
        let around = Around {
            home: Some(&home),
            repository: None,
        };
        let read = |name: &str| person(&home.join(name), around);
        assert_eq!(read(".gitconfig").email.as_deref(), Some("more@x"));
        assert_eq!(read(".gitconfig").name.as_deref(), Some("Deeper"));
        assert_eq!(read("first").email.as_deref(), Some("last@x"));
        assert_eq!(read("lost").email.as_deref(), Some("own@x"));
    }

    #[test]
    fn an_include_with_a_condition_counts_where_that_is_met() {
        let folder = laid_out(&[
            ("home/work/show/.git/HEAD", "ref: refs/heads/show/one\n"),
            ("home/who", "[user]\nemail = show@x\n"),
        ]);
        let home = folder.path().canonicalize().unwrap().join("home");
        let repository = Repository::around(&home.join("work/show")).unwrap();
        let around = Around {
            home: Some(&home),
            repository: Some(&repository),
        };
        let here = home.display();
        for (condition, counts) in [
            ("gitdir:~/work/", true),
            ("gitdir:~/Work/", false),
            ("gitdir/i:~/Work/", true),
            ("gitdir:./work/", true),
            ("gitdir:work/", true),
            ("gitdir:ork/", false),
            ("gitdir:show/.git", true),
            ("gitdir:~/other/", false),
            (&format!("gitdir:{here}/**/.git"), true),
            ("onbranch:show/", true),
            ("onbranch:show/one", true),
            ("onbranch:main", false),
            ("hasconfig:remote.*.url:https://x/**", false),
            ("nonsense", false),
        ] {
            let config = home.join("config");
            let text = format!("[includeIf \"{condition}\"]\n\tpath = who\n");
            fs::write(&config, text).unwrap();
            let found = person(&config, around).said();
            assert_eq!(found.is_some(), counts, "{condition}");
            // Without a repository none is met.
            assert_eq!(
                person(
                    &config,
                    Around {
                        repository: None,
                        ..around
                    }
                )
                .said(),
                None
            );
        }
    }

    #[test]
    fn a_reftable_is_told() {
        let folder = laid_out(&[
            (".git/HEAD", "ref: refs/heads/.invalid\n"),
            (".git/reftable/tables.list", "x.ref\n"),
        ]);
        let found = Repository::around(folder.path()).unwrap();
        assert!(found.has_reftable());
        assert_eq!(found.commit(), None);
    }
}
