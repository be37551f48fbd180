//! PLACE: where to look, as people write it, and what it means in a tree.

use crate::asset::written::{Written, WrittenError};
use crate::asset::{AssetId, Kind};
use crate::find::glob::{Glob, folded, is_glob};

/// The pages of projects in the web app.
const PROJECT_PAGE: &str = "https://next.frame.io/project/";

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As somebody wrote it.
    pub text: String,
    pub(super) means: Means,
}

/// What a place is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Means {
    /// An asset or a project by its id, with the project that its address names.
    Id(AssetId, Option<AssetId>),
    /// A path from the project down.
    Path(Vec<Part>),
}

/// One part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// `**`: any number of folders.
    Any,
    /// `*`: everything.
    All,
    /// A name, or a glob over one.
    Name(Name),
}

/// A name as a part of a path has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    folded: String,
    /// Nothing where it has no such characters, or is only a name with a `[` in it.
    glob: Option<Glob>,
}

impl Name {
    fn matches(&self, name: &str) -> bool {
        let name = folded(name);
        let by_glob = self.glob.as_ref();
        name == self.folded || by_glob.is_some_and(|glob| glob.matches_folded(&name))
    }
}

/// How far somebody who goes down a tree has come in a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// Which parts of the path may come next.
    next: Vec<usize>,
    /// Whether all that is below is meant.
    pub(super) inside: bool,
    /// Whether the asset itself is meant.
    pub(super) itself: bool,
}

impl Reach {
    /// Whether something below may be meant.
    pub(super) fn goes_on(&self) -> bool {
        self.inside || !self.next.is_empty()
    }
}

/// What stands on the way down a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step<'a> {
    pub(super) id: AssetId,
    pub(super) name: &'a str,
    /// Nothing for a project.
    pub(super) kind: Option<Kind>,
    /// Of a project the folder at its top: in the web app its page is the project's.
    pub(super) root: Option<AssetId>,
}

/// A project, folder or stack on the way down a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    id: AssetId,
    name: String,
    kind: Option<Kind>,
    root: Option<AssetId>,
}

impl Walked {
    /// A project, with the folder at its top.
    #[must_use]
    pub fn project(id: AssetId, name: &str, root: Option<AssetId>) -> Self {
        Self {
            id,
            name: name.to_owned(),
            kind: None,
            root,
        }
    }

    /// A folder or a version stack.
    #[must_use]
    pub fn asset(id: AssetId, name: &str, kind: Kind) -> Self {
        Self {
            id,
            name: name.to_owned(),
            kind: Some(kind),
            root: None,
        }
    }

    pub(super) fn step(&self) -> Step<'_> {
        Step {
            id: self.id,
            name: &self.name,
            kind: self.kind,
            root: self.root,
        }
    }
}

impl Place {
    /// Reads a place.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let means = match project_page(text).map_or_else(|| Written::parse(text), Written::parse) {
            Ok(Written { id, project }) => Means::Id(id, project),
            Err(WrittenError::Id(_) | WrittenError::More | WrittenError::Comma) => path(text)?,
            Err(error) if text.contains("://") || error == WrittenError::NoScheme => {
                return Err(refusal(text, &error));
            }
            // Whatever is wrong with it as an id, it may be a name.
            Err(_) => path(text)?,
        };
        Ok(Self {
            text: text.to_owned(),
            means,
        })
    }

    /// Everything.
    #[must_use]
    pub fn everywhere() -> Self {
        Self {
            text: String::new(),
            means: Means::Path(vec![Part::Any]),
        }
    }

    /// The id that it is, where it is one.
    #[must_use]
    pub const fn id(&self) -> Option<AssetId> {
        match &self.means {
            Means::Id(id, _) => Some(*id),
            Means::Path(_) => None,
        }
    }

    /// The project that its address names, where it is one.
    pub(super) const fn project(&self) -> Option<AssetId> {
        match &self.means {
            Means::Id(_, project) => *project,
            Means::Path(_) => None,
        }
    }

    /// Before the first project.
    pub(super) fn start(&self) -> Reach {
        match &self.means {
            // Where it lies is not known, so it may be anywhere.
            Means::Id(..) => Reach::default(),
            Means::Path(parts) => reach(parts, vec![0], false),
        }
    }

    /// How far somebody has come who goes on to a project, a folder, a stack or a file.
    pub(super) fn step(&self, reached: &Reach, step: Step<'_>) -> Reach {
        if reached.inside {
            return Reach {
                next: Vec::new(),
                inside: true,
                itself: true,
            };
        }
        let parts = match &self.means {
            Means::Id(id, _) if *id == step.id || Some(*id) == step.root => {
                return Reach {
                    next: Vec::new(),
                    inside: true,
                    itself: !holds_others(step.kind),
                };
            }
            Means::Id(..) => return Reach::default(),
            Means::Path(parts) => parts,
        };
        let mut next = Vec::new();
        // Whether the last part is met, and whether it is a star, which does not go below.
        let (mut met, mut whole) = (false, false);
        for &at in &reached.next {
            let matches = match &parts[at] {
                Part::Any => {
                    next.push(at);
                    continue;
                }
                Part::All => true,
                Part::Name(name) => name.matches(step.name) || is_id(step, &name.text),
            };
            if !matches {
                continue;
            }
            if at + 1 < parts.len() {
                next.push(at + 1);
            } else {
                met = true;
                whole |= parts[at] != Part::All || step.kind.is_none();
            }
        }
        let mut reach = reach(parts, next, whole);
        // What a stack holds is the one file that people see in the folder.
        reach.inside |= met && step.kind == Some(Kind::VersionStack);
        reach.itself = if holds_others(step.kind) {
            met && !whole
        } else {
            met || reach.inside
        };
        reach
    }

    /// The names at its beginning that are no globs, and whether it is nothing but such names.
    pub(super) fn plain_names(&self) -> (Vec<&str>, bool) {
        let Means::Path(parts) = &self.means else {
            return (Vec::new(), false);
        };
        let plain = parts.iter().map_while(|part| match part {
            // What has a `[` and is no glob can only be a name.
            Part::Name(name) if name.glob.is_none() => Some(&*name.text),
            Part::Name(_) | Part::Any | Part::All => None,
        });
        let plain: Vec<&str> = plain.collect();
        let all = plain.len() == parts.len();
        (plain, all)
    }
}

/// A reach that has come to these parts; each `**` may also stand for nothing.
fn reach(parts: &[Part], mut next: Vec<usize>, mut inside: bool) -> Reach {
    let mut at = 0;
    while let Some(&part) = next.get(at) {
        if parts[part] == Part::Any {
            if part + 1 == parts.len() {
                inside = true;
            } else if !next.contains(&(part + 1)) {
                next.push(part + 1);
            }
        }
        at += 1;
    }
    next.sort_unstable();
    next.dedup();
    Reach {
        next: if inside { Vec::new() } else { next },
        inside,
        itself: false,
    }
}

/// Whether somebody who means it means what is in it: a project or a folder.
fn holds_others(kind: Option<Kind>) -> bool {
    !matches!(kind, Some(Kind::File | Kind::VersionStack))
}

/// Whether a part of a path is the id of a project.
fn is_id(step: Step<'_>, text: &str) -> bool {
    step.kind.is_none() && AssetId::parse(text) == Ok(step.id)
}

/// The id in the address of a project's page.
fn project_page(text: &str) -> Option<&str> {
    let page = text.split(['?', '#']).next()?.strip_prefix(PROJECT_PAGE)?;
    let id = page.strip_suffix('/').unwrap_or(page);
    AssetId::parse(id).is_ok().then_some(id)
}

fn refusal(text: &str, error: &WrittenError) -> String {
    let hint = error.hint().map(|hint| format!("; {hint}"));
    format!("`{text}`: {error}{}", hint.unwrap_or_default())
}

/// Reads a path; a slash in a name has a backslash before it.
fn path(text: &str) -> Result<Means, String> {
    let mut names = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek() == Some(&'/') => {
                letters.next();
                names.last_mut().into_iter().for_each(|name| name.push('/'));
            }
            '/' => names.push(String::new()),
            letter => names
                .last_mut()
                .into_iter()
                .for_each(|name| name.push(letter)),
        }
    }
    // `Tide/` is the folder itself.
    if names.len() > 1 && names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    if names.iter().any(String::is_empty) {
        return Err(format!(
            "`{text}` has an empty part: write a path as `PROJECT/FOLDER/…`, with `\\/` for a slash in a name"
        ));
    }
    let part = |name: String| match &*name {
        "**" => Part::Any,
        "*" => Part::All,
        _ => Part::Name(Name {
            folded: folded(&name),
            glob: is_glob(&name).then(|| Glob::parse(&name).ok()).flatten(),
            text: name,
        }),
    };
    Ok(Means::Path(names.into_iter().map(part).collect()))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// What a place means of a way down: each name with its kind, `p`, `d`, `s` or `f`; the
    /// last one alone is told.
    fn reached(place: &str, way: &[(&str, char)]) -> (bool, bool) {
        let place = Place::parse(place).unwrap();
        let mut reach = place.start();
        for (n, (name, kind)) in (1..).zip(way) {
            let kind = match kind {
                'p' => None,
                'd' => Some(Kind::Folder),
                's' => Some(Kind::VersionStack),
                _ => Some(Kind::File),
            };
            let id = AssetId::from_uuid(Uuid::from_u128(n));
            let root = None;
            let step = Step {
                id,
                name,
                kind,
                root,
            };
            reach = place.step(&reach, step);
        }
        (reach.itself, reach.goes_on())
    }

    #[test]
    fn each_place_means_its_own() {
        let (tide, day, file) = (("The Long Tide", 'p'), ("Day 1", 'd'), ("A001.mov", 'f'));
        let dailies = ("dailies", 'd');
        let both = |place: &str, way: &[(&str, char)]| reached(place, way);
        // A folder means all below it, in any letter case, and not itself.
        for place in [
            "the long tide/Dailies",
            "the long tide/dailies/",
            "*/dailies",
            "**/dailies",
            "The*/d?ilies",
        ] {
            assert_eq!(both(place, &[tide, dailies]), (false, true), "{place}");
            assert_eq!(
                both(place, &[tide, dailies, day, file]),
                (true, true),
                "{place}"
            );
        }
        assert_eq!(both("The Long Tide", &[tide, ("x", 'd')]), (true, true));
        assert_eq!(both("*", &[tide, ("x", 'd'), file]), (true, true));
        // `/*` means what is directly in it, with the versions of its stacks.
        let place = "The Long Tide/dailies/*";
        assert_eq!(both(place, &[tide, dailies, file]), (true, false));
        assert_eq!(both(place, &[tide, dailies, day]), (true, false));
        assert_eq!(both(place, &[tide, dailies, day, file]), (false, false));
        assert_eq!(
            both(place, &[tide, dailies, ("A", 's'), file]),
            (true, true)
        );
        assert_eq!(both(place, &[tide, ("x", 'd')]), (false, false));
        // A file, a stack, and what is at any depth.
        assert_eq!(
            both("*/dailies/A001.mov", &[tide, dailies, file]),
            (true, true)
        );
        assert_eq!(
            both("*/dailies/A", &[tide, dailies, ("A", 's')]),
            (true, true)
        );
        let any = "The Long Tide/**/*.mov";
        assert_eq!(both(any, &[tide, file]), (true, true));
        assert_eq!(both(any, &[tide, dailies, day, file]), (true, true));
        assert_eq!(
            both(any, &[tide, dailies, ("A001.wav", 'f')]),
            (false, true)
        );
        assert_eq!(both("The Long Tide/**", &[tide, dailies]), (true, true));
        assert_eq!(both("x/**/y", &[tide]), (false, false));
        // A slash in a name, and a name that looks like a glob.
        assert_eq!(both("A\\/B/c", &[("A/B", 'p'), ("c", 'f')]), (true, true));
        assert_eq!(both("[old]", &[("[old]", 'p'), file]), (true, true));
        assert_eq!(both("[old", &[("[old", 'p'), file]), (true, true));
        assert_eq!(both("[old]/x", &[("o", 'p'), ("x", 'f')]), (true, true));
    }

    #[test]
    fn an_id_and_an_address_mean_one_asset_and_a_project_can_begin_a_path() {
        let id = AssetId::from_uuid(Uuid::from_u128(2));
        for place in [
            id.to_string(),
            format!("https://next.frame.io/project/7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e/view/{id}"),
            format!("https://next.frame.io/project/7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e/{id}?x=1"),
            format!("https://next.frame.io/project/{id}/"),
        ] {
            assert_eq!(Place::parse(&place).unwrap().id(), Some(id), "{place}");
        }
        let first = AssetId::from_uuid(Uuid::from_u128(1));
        assert_eq!(reached(&first.to_string(), &[("x", 'p')]), (false, true));
        assert_eq!(
            reached(&id.to_string(), &[("x", 'p'), ("y", 'd')]),
            (false, true)
        );
        let way = [("x", 'p'), ("y", 'd'), ("z", 'f')];
        assert_eq!(reached(&id.to_string(), &way), (true, true));
        assert_eq!(
            reached(&id.to_string(), &[("x", 'p'), ("y", 'f')]),
            (true, true)
        );
        assert_eq!(reached(&format!("{first}/y"), &way), (true, true));
        assert_eq!(reached(&format!("{first}/z"), &way), (false, false));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in [
            "",
            "/x",
            "x//y",
            "https://f.io/abc",
            "https://example.com/x",
            "https://next.frame.io/share/x",
            "next.frame.io/project/x",
        ] {
            assert!(Place::parse(text).is_err(), "{text}");
        }
        for text in ["x", "x: y", "id:3fa85f64", "Tide (v2), final", "$HOME"] {
            assert!(Place::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn plain_names_end_at_the_first_glob() {
        let plain = |text: &str| {
            let place = Place::parse(text).unwrap();
            let (names, all) = place.plain_names();
            (names.join("|"), all)
        };
        assert_eq!(plain("a/b/c"), ("a|b|c".to_owned(), true));
        assert_eq!(plain("a/b*/c"), ("a".to_owned(), false));
        assert_eq!(plain("**/c"), (String::new(), false));
        assert_eq!(plain("a/*"), ("a".to_owned(), false));
    }
}
