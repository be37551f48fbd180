//! What of names leaves the machine: reports and event streams go where titles may not be read that
//! nobody has announced.
//!
//! A text from elsewhere is withheld unless whoever puts it into a report says what stands in its
//! place. What writes a report or checks takes them only as [`Shown`], which withholding alone makes.

use std::borrow::Cow;
use std::ops::Deref;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::asset::{AssetId, Kind};
use crate::inventory::{Known, Location};
use crate::render::places::label;
use crate::render::rows;

/// What stands for a text that is withheld.
pub(crate) const WITHHELD: &str = "(withheld)";

/// What stands for a part of a path that is withheld.
const PART: &str = "…";

/// The servers whose names are no secret.
pub(super) const SERVERS: [&str; 2] = ["sandbox", "https://api.frame.io"];

/// How long the ending of a file's name is at most.
const LONGEST_ENDING: usize = 5;

/// How much of names leaves the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Names {
    /// All that there is.
    #[default]
    Full,
    /// Projects and folders, and no name of a file.
    Path,
    /// Ids, figures, statuses and our own words.
    Off,
}

impl Names {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Full, Self::Path, Self::Off];

    /// How people say it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Path => "path",
            Self::Off => "off",
        }
    }
}

/// What of something may be shown: only withholding makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown<T>(T);

impl<T> Shown<T> {
    pub(super) const fn new(shown: T) -> Self {
        Self(shown)
    }
}

impl<T> Deref for Shown<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A text from elsewhere, and what stands in its place where it is withheld.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Foreign {
    full: String,
    path: Cow<'static, str>,
    off: Cow<'static, str>,
}

impl Foreign {
    /// A text that is withheld wherever anything is.
    pub(crate) fn new(full: impl Into<String>) -> Self {
        Self {
            full: full.into(),
            path: WITHHELD.into(),
            off: WITHHELD.into(),
        }
    }

    /// Words of ours that stand where texts from elsewhere do.
    pub(crate) fn own(words: impl Into<String>) -> Self {
        let words = words.into();
        Self::new(words.clone()).or(words)
    }

    /// The same, with words of ours in its place.
    pub(crate) fn or(self, words: impl Into<Cow<'static, str>>) -> Self {
        let off = words.into();
        Self {
            path: off.clone(),
            off,
            ..self
        }
    }

    /// The same, with this in its place where folders are shown: it holds no name of a file.
    pub(crate) fn or_path(self, path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.into(),
            ..self
        }
    }

    /// The same, with words of ours in its place where nothing else is shown.
    pub(crate) fn or_off(self, off: impl Into<Cow<'static, str>>) -> Self {
        Self {
            off: off.into(),
            ..self
        }
    }

    /// The same, as a text that has no name of a file.
    pub(crate) fn without_file(self) -> Self {
        let path = self.full.clone();
        self.or_path(path)
    }

    /// What tells a report from another one of its sort: what differs, and is no name, in its place.
    pub(crate) fn key(full: impl Into<String>) -> Self {
        let full = full.into();
        // Enough for those of one repository, and little for whoever would find a name by trying many.
        let digest: [u8; 32] = Sha256::digest(full.as_bytes()).into();
        let [one, two, three, ..] = digest;
        Self::new(full).or(format!("{one:02x}{two:02x}{three:02x}"))
    }

    /// An asset by where it lies and what it is called, else by its id.
    pub(crate) fn asset(id: AssetId, known: Option<&Known>, kind: Option<Kind>) -> Self {
        let path = known.map(rows::path).filter(|path| !path.is_empty());
        let Some((path, known)) = path.zip(known) else {
            return Self::own(id.to_string());
        };
        let place = known.location.as_deref();
        let place = place.map(|place| label(&without_files(place)));
        let name = known.name.as_deref();
        let name = name.filter(|name| kind == Some(Kind::Folder) && !is_of_file(name));
        let last = name.map_or_else(|| id.to_string(), str::to_owned);
        let parts: Vec<String> = place.into_iter().chain([last]).collect();
        Self::new(path).or(id.to_string()).or_path(parts.join("/"))
    }

    /// An account: an id, unless somebody has named it otherwise.
    pub(crate) fn account(account: &str) -> Self {
        if is_id(account) {
            Self::own(account)
        } else {
            Self::new(account).without_file()
        }
    }

    /// What the environment of a run tells: of it only a commit has surely no name in it.
    pub(crate) fn of_run(value: &str) -> Self {
        if is_commit(value) {
            Self::own(value)
        } else {
            Self::new(value).without_file()
        }
    }

    /// A plan, by its id or otherwise.
    pub(crate) fn plan(id: &str) -> Self {
        if is_digest(id) {
            Self::own(id)
        } else {
            Self::new(id)
        }
    }

    /// The address of a server.
    pub(crate) fn endpoint(address: &str) -> Self {
        if SERVERS.contains(&address) {
            Self::own(address)
        } else {
            Self::new(address).without_file()
        }
    }

    /// The same, with words of ours behind it, whatever of it is shown.
    pub(crate) fn and(self, words: &str) -> Self {
        let Self { full, path, off } = self;
        Self {
            full: full + words,
            path: format!("{path}{words}").into(),
            off: format!("{off}{words}").into(),
        }
    }

    /// The same, with words of ours in front of it.
    pub(crate) fn behind(self, words: &str) -> Self {
        let Self { full, path, off } = self;
        Self {
            full: format!("{words}{full}"),
            path: format!("{words}{path}").into(),
            off: format!("{words}{off}").into(),
        }
    }

    /// The same, with another text behind it.
    pub(super) fn then(self, other: &Self) -> Self {
        let Self { full, path, off } = other;
        Self {
            full: self.full + full,
            path: format!("{}{path}", self.path).into(),
            off: format!("{}{off}", self.off).into(),
        }
    }

    /// The text as it may be shown.
    pub(crate) fn shown(&self) -> &str {
        &self.full
    }

    /// What is shown of it; nothing else of it is left.
    pub(super) fn withheld(self, names: Names) -> Self {
        let Self { full, path, off } = self;
        let text = match names {
            Names::Full => full,
            Names::Path | Names::Off if full.is_empty() => full,
            Names::Path => path.into_owned(),
            Names::Off => off.into_owned(),
        };
        Self::own(text)
    }
}

impl From<String> for Foreign {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Foreign {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// Whether a name ends as those of files do: version stacks are called so as well, and stand in the
/// paths of what they hold.
pub(super) fn is_of_file(name: &str) -> bool {
    let Some((before, ending)) = name.rsplit_once('.') else {
        return false;
    };
    let is_short = (1..=LONGEST_ENDING).contains(&ending.chars().count());
    let mut letters = ending.chars();
    !before.is_empty()
        && is_short
        && letters.clone().all(char::is_alphanumeric)
        && letters.any(char::is_alphabetic)
}

/// A place without the names in it that files may have.
pub(super) fn without_files(place: &Location) -> Location {
    let Location { project, folder } = place;
    Location {
        project: project.clone(),
        folder: path_without_files(folder).into(),
    }
}

/// The same of a path, with `/` between its parts and `\/` in them.
pub(super) fn path_without_files(path: &str) -> String {
    let mut parts = vec![String::new()];
    let mut before = ' ';
    for letter in path.chars() {
        if letter == '/' && before != '\\' {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
        before = letter;
    }
    let shown = parts.into_iter().map(|part| {
        // A label tells two folders of one name apart by an id behind it.
        let apart = part.rsplit_once(" (").filter(|_| part.ends_with(')'));
        match apart {
            Some((name, id)) if is_of_file(name) => format!("{PART} ({id}"),
            None if is_of_file(part.trim_end()) => PART.to_owned(),
            Some(_) | None => part,
        }
    });
    shown.collect::<Vec<_>>().join("/")
}

/// Whether a text is the id of a commit, and no name.
pub(super) fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text is the id of a plan, and no name.
pub(super) fn is_digest(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:");
    digits.is_some_and(|digits| digits.len() == 64 && is_commit(digits))
}

/// Whether a text is the id of something, and no name.
pub(super) fn is_id(text: &str) -> bool {
    // An address has an id in it as well.
    let id = text.parse::<AssetId>();
    id.is_ok_and(|id| id.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_path_that_files_may_be_called_are_withheld() {
        for (path, shown) in [
            ("", ""),
            ("day 1", "day 1"),
            ("day 1/A001.mov", "day 1/…"),
            ("day 1/A001.mov/", "day 1/…/"),
            ("A001.mov/b", "…/b"),
            ("a\\/b.mov/c", "…/c"),
            ("a\\/b/c", "a\\/b/c"),
            ("v1.2/cut 3.5", "v1.2/cut 3.5"),
            (".hidden/x.y.R3D", ".hidden/…"),
            ("Tide/A001.mov (3fa85f64)", "Tide/… (3fa85f64)"),
            ("Tide/day (1)", "Tide/day (1)"),
            ("…/day 2", "…/day 2"),
        ] {
            assert_eq!(path_without_files(path), shown, "{path}");
        }
    }

    #[test]
    fn what_nobody_says_more_of_is_withheld() {
        let text = Foreign::new("Tide");
        assert_eq!(text.clone().withheld(Names::Full).shown(), "Tide");
        for names in [Names::Path, Names::Off] {
            assert_eq!(text.clone().withheld(names), Foreign::own(WITHHELD));
            assert_eq!(Foreign::new("").withheld(names).shown(), "");
            assert_eq!(
                Foreign::new("Tide").or("held").withheld(names).shown(),
                "held"
            );
        }
        let place = Foreign::new("Tide/a.mov").or("1").or_path("Tide");
        assert_eq!(place.clone().withheld(Names::Path).shown(), "Tide");
        assert_eq!(place.withheld(Names::Off).shown(), "1");
    }
}
