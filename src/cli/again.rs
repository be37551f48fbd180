//! What the words of a later command need to find what this one has found.

use std::path::{Path, PathBuf};

use crate::cli::project;
use crate::cli::settings::origin::{Origin, Valued};

/// The words behind `retire restore` and its like, each after a space: none where such a command finds
/// the same state by itself.
pub(super) fn words(is_sandbox: bool, state: &Valued<PathBuf>, paths: &[PathBuf]) -> String {
    let mut words = String::new();
    if is_sandbox {
        words.push_str(" --sandbox");
    }
    match (&state.origin, paths) {
        (Origin::Flag(_), _) => {
            words.push_str(" --state ");
            words.push_str(&quoted(&state.value));
        }
        // Its folder is found from anywhere below it.
        (_, [first, ..]) if project::folder(paths).ok() != project::folder(&[]).ok() => {
            words.push(' ');
            words.push_str(&quoted(first));
        }
        (Origin::Environment(_) | Origin::Config(_) | Origin::Default, _) => {}
    }
    words
}

/// A path as a shell takes it for one word.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "._-/+:@%".contains(one);
    if !text.is_empty() && text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_command_is_told_what_this_one_was_told() {
        let state = |origin, path: &str| Valued {
            value: PathBuf::from(path),
            origin,
        };
        let flag = || Origin::Flag("--state");
        for (is_sandbox, state, expected) in [
            (false, state(Origin::Default, "a.json"), ""),
            (true, state(Origin::Default, "a.json"), " --sandbox"),
            (false, state(flag(), "a.json"), " --state a.json"),
            (
                true,
                state(flag(), "it's a.json"),
                r" --sandbox --state 'it'\''s a.json'",
            ),
        ] {
            assert_eq!(words(is_sandbox, &state, &[]), expected);
        }
        let state = state(Origin::Default, "a.json");
        let elsewhere = tempfile::tempdir().unwrap();
        let path = elsewhere.path().to_owned();
        let expected = format!(" {}", path.display());
        assert_eq!(words(false, &state, &[path]), expected);
    }
}
