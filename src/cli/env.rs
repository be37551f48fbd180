//! The environment: every variable that this program reads, and the only place that reads them.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// The variables that settings come from, with what they set.
pub const SETTINGS: [&str; 22] = [
    "RETIRE_STATE",
    "RETIRE_API",
    "RETIRE_ENDPOINT",
    "RETIRE_ACCOUNT",
    "RETIRE_BATCH_SIZE",
    "RETIRE_CONCURRENCY",
    "RETIRE_MAX_ATTEMPTS",
    "RETIRE_LOCK_TIMEOUT",
    "RETIRE_GRACE",
    "RETIRE_MAX_PLAN_AGE",
    "RETIRE_CANARY",
    "RETIRE_MAX_404_PERCENT",
    "RETIRE_MAX_FAILURE_PERCENT",
    "RETIRE_MAX_FAILED_BATCHES",
    "RETIRE_RETRIES",
    "RETIRE_RETRY_FOR",
    "RETIRE_TIME_BUDGET",
    "RETIRE_CONNECT_TIMEOUT",
    "RETIRE_READ_TIMEOUT",
    "RETIRE_REQUEST_TIMEOUT",
    "RETIRE_CONFIG",
    "RETIRE_TOKEN_FILE",
];

/// The variable with the shell command that prints the token.
pub const TOKEN_COMMAND: &str = "RETIRE_TOKEN_COMMAND";

/// The variable with the token itself.
pub const TOKEN: &str = "FRAMEIO_TOKEN";

/// The variable that says what is logged, as programs in Rust have it.
pub const LOG: &str = "RUST_LOG";

/// The variables of the process, or of a test.
///
/// It has no useful `Debug`, since it may hold the token.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl std::fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// Says that a variable is not text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable `{0}` is not UTF-8 text")]
pub struct NotText(pub String);

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl Environment {
    /// Takes the variables of this process.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// A variable's text; an empty one counts as not set.
    ///
    /// # Errors
    ///
    /// Returns its name where it is not text.
    pub fn text(&self, name: &str) -> Result<Option<&str>, NotText> {
        let Some(value) = self.0.get(&OsString::from(name)) else {
            return Ok(None);
        };
        let text = value.to_str().ok_or_else(|| NotText(name.to_owned()))?;
        Ok((!text.is_empty()).then_some(text))
    }

    /// Whether a variable is set to anything but nothing.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0
            .get(&OsString::from(name))
            .is_some_and(|value| !value.is_empty())
    }

    /// The first of several variables that says something.
    fn first(&self, names: &[&str]) -> Option<String> {
        let texts = names.iter().filter_map(|name| self.text(name).ok()?);
        texts.map(str::to_owned).next()
    }

    /// Who runs this, as far as the environment tells.
    #[must_use]
    pub fn actor(&self) -> Option<String> {
        self.first(&[
            "GITHUB_ACTOR",
            "GITLAB_USER_LOGIN",
            "BUILDKITE_BUILD_CREATOR",
            "CIRCLE_USERNAME",
            "USER",
            "LOGNAME",
            "USERNAME",
        ])
    }

    /// The git commit that this runs from, as far as the environment tells.
    #[must_use]
    pub fn commit(&self) -> Option<String> {
        self.first(&[
            "GITHUB_SHA",
            "CI_COMMIT_SHA",
            "BUILDKITE_COMMIT",
            "CIRCLE_SHA1",
            "GIT_COMMIT",
        ])
    }

    /// The address of the CI job that this runs in, as far as the environment tells.
    #[must_use]
    pub fn ci(&self) -> Option<String> {
        let github = || {
            Some(format!(
                "{}/{}/actions/runs/{}",
                self.text("GITHUB_SERVER_URL").ok()??,
                self.text("GITHUB_REPOSITORY").ok()??,
                self.text("GITHUB_RUN_ID").ok()??
            ))
        };
        github().or_else(|| {
            self.first(&[
                "CI_JOB_URL",
                "BUILDKITE_BUILD_URL",
                "CIRCLE_BUILD_URL",
                "BUILD_URL",
            ])
        })
    }

    /// What is wrong with the variables themselves: a misspelt one does nothing, silently.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let known = || SETTINGS.into_iter().chain([TOKEN_COMMAND]);
        let names = self.0.keys().filter_map(|name| name.to_str());
        names
            .filter(|name| name.starts_with("RETIRE_") && known().all(|known| known != *name))
            .map(|name| {
                let close = known()
                    .map(|known| (strsim::damerau_levenshtein(known, name), known))
                    .min()
                    .filter(|(distance, _)| *distance <= 3);
                let hint = close.map_or_else(String::new, |(_, known)| {
                    format!(", did you mean `{known}`?")
                });
                format!("the environment variable `{name}` sets nothing{hint}")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    #[test]
    fn a_misspelt_variable_is_told() {
        let warnings = environment(&[("RETIRE_ENDPONT", "x"), ("RETIRE_STATE", "y")]).warnings();
        assert_eq!(
            warnings,
            [
                "the environment variable `RETIRE_ENDPONT` sets nothing, did you mean `RETIRE_ENDPOINT`?"
            ]
        );
    }

    #[test]
    fn the_run_knows_where_it_comes_from() {
        let github = environment(&[
            ("GITHUB_ACTOR", "ana"),
            ("USER", "runner"),
            ("GITHUB_SHA", "abc"),
            ("GITHUB_SERVER_URL", "https://git.example"),
            ("GITHUB_REPOSITORY", "studio/retire"),
            ("GITHUB_RUN_ID", "7"),
        ]);
        assert_eq!(github.actor().as_deref(), Some("ana"));
        assert_eq!(github.commit().as_deref(), Some("abc"));
        assert_eq!(
            github.ci().as_deref(),
            Some("https://git.example/studio/retire/actions/runs/7")
        );
        assert_eq!(
            environment(&[("USER", "bo")]).actor().as_deref(),
            Some("bo")
        );
        assert_eq!(environment(&[]).ci(), None);
    }

    #[test]
    fn no_value_is_ever_shown() {
        let shown = format!("{:?}", environment(&[(TOKEN, "hush")]));
        assert!(!shown.contains("hush"), "{shown}");
    }
}
