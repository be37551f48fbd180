//! Globs over a whole name, in any letter case.

use glob::Pattern;

/// A glob: `*`, `?`, `[a-z]` and `[!a-z]`; a star may stand for a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    pattern: Pattern,
}

/// How a text is compared where its letter case does not matter.
pub(super) fn folded(text: &str) -> String {
    text.to_lowercase()
}

impl Glob {
    /// Reads a glob.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        // The crate folds ASCII alone, so both sides are folded before. Two stars mean folders to
        // it, of which a name has none.
        let mut folded = folded(text);
        while folded.contains("**") {
            folded = folded.replace("**", "*");
        }
        let pattern = Pattern::new(&folded)
            .map_err(|error| format!("`{text}` is not a glob: {}", error.msg))?;
        Ok(Self { pattern })
    }

    /// Whether it means a whole name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.matches_folded(&folded(name))
    }

    /// The same of a name that is folded already.
    pub(super) fn matches_folded(&self, name: &str) -> bool {
        self.pattern.matches(name)
    }
}

/// Whether a text has a character that means something in a glob.
pub(super) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_means_the_whole_name_in_any_letter_case() {
        let rows = [
            ("*.mov", "A001.MOV", true),
            ("*.MOV", "a001.mov", true),
            ("A00?", "a001", true),
            ("A00?", "a0011", false),
            ("a001", "A001_v2", false),
            ("*", "", true),
            ("*x*", "a/x/b", true),
            ("sch?n", "SCHÖN", true),
            ("[a-c]1", "B1", true),
            ("[!a-c]1", "B1", false),
            ("[*]", "*", true),
            ("[*]", "x", false),
            ("**.mov", "a.mov", true),
            ("*.mov", ".mov", true),
            ("a\\b", "A\\B", true),
        ];
        for (glob, name, expected) in rows {
            let glob = Glob::parse(glob).unwrap();
            assert_eq!(glob.matches(name), expected, "{glob:?} {name}");
        }
        assert!(Glob::parse("[a").is_err());
    }
}
