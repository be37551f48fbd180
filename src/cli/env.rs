//! The environment: every variable that this program reads, and the only place that reads them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::frameio::mask::Secrets;

/// The variable that names the config.
pub(crate) const CONFIG: &str = "RETIRE_CONFIG";

/// The variable that lets the project's settings decide where secrets go.
pub(crate) const TRUST_CONFIG: &str = "RETIRE_TRUST_CONFIG";

/// The variable that names the folder in which what was read is kept for a while.
pub(crate) const CACHE: &str = "RETIRE_CACHE";

/// The variable with the token itself.
pub(crate) const TOKEN: &str = "FRAMEIO_TOKEN";

/// The variable with the id of the client that V4 tokens are asked for with.
pub(crate) const CLIENT_ID: &str = "FRAMEIO_CLIENT_ID";

/// The variable with the secret of that client.
pub(crate) const CLIENT_SECRET: &str = "FRAMEIO_CLIENT_SECRET";

/// The variables of this program that are no setting.
#[cfg(not(feature = "failpoints"))]
pub(crate) const OTHERS: [&str; 3] = [CONFIG, TRUST_CONFIG, CACHE];
/// The variables of this program that are no setting.
#[cfg(feature = "failpoints")]
pub(crate) const OTHERS: [&str; 4] = [CONFIG, TRUST_CONFIG, CACHE, CRASH];

/// The variables that hold a secret, or may hold one. No command that this program starts has
/// them in its environment.
pub(crate) const SECRETS: [&str; 4] = [TOKEN, CLIENT_ID, CLIENT_SECRET, "RETIRE_TOKEN_COMMAND"];

/// The variables that name the proxy on the way to a server, the one that counts more first.
pub(crate) const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The variables that name the servers to which no proxy leads.
pub(crate) const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The variable that names the certificates that count in place of the system's.
pub(crate) const CERTIFICATES: &str = "SSL_CERT_FILE";

/// The variable that names folders of such certificates, as a search path.
pub(crate) const CERTIFICATE_FOLDERS: &str = "SSL_CERT_DIR";

/// The variable that says what is logged, as programs in Rust have it.
pub(crate) const LOG: &str = "RUST_LOG";

/// The file that GitHub shows as the summary of a job.
pub(crate) const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// The variable that names the point at which the process dies, see [`crate::crash`].
#[cfg(feature = "failpoints")]
pub(crate) const CRASH: &str = "RETIRE_CRASH";

/// The variables of the process, or of a test.
///
/// It has no useful `Debug`, since it may hold the token.
#[derive(Clone, Default)]
pub(crate) struct Environment(BTreeMap<OsString, OsString>);

impl std::fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// Says that a variable is not text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable `{0}` is not UTF-8 text")]
pub(crate) struct NotText(pub String);

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl Environment {
    /// Takes the variables of this process.
    pub(crate) fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// A variable's text; an empty one counts as not set.
    ///
    /// # Errors
    ///
    /// Returns its name where it is not text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, NotText> {
        let Some(value) = self.0.get(OsStr::new(name)) else {
            return Ok(None);
        };
        let text = value.to_str().ok_or_else(|| NotText(name.to_owned()))?;
        Ok((!text.is_empty()).then_some(text))
    }

    /// Whether a variable is set to nothing.
    pub(crate) fn is_blank(&self, name: &str) -> bool {
        let value = self.0.get(OsStr::new(name));
        value.is_some_and(|value| value.is_empty())
    }

    /// Whether a variable is set to anything but nothing.
    pub(crate) fn has(&self, name: &str) -> bool {
        let value = self.0.get(OsStr::new(name));
        value.is_some_and(|value| !value.is_empty())
    }

    /// The first of several variables that says something.
    pub(crate) fn first(&self, names: &[&str]) -> Option<String> {
        let texts = names.iter().filter_map(|name| self.text(name).ok()?);
        texts.map(str::to_owned).next()
    }

    /// The name that the system has for whoever runs this.
    pub(crate) fn user(&self) -> Option<String> {
        self.first(&["USER", "LOGNAME", "USERNAME"])
    }

    /// The name of this machine, as far as the environment tells.
    pub(crate) fn host(&self) -> Option<String> {
        self.first(&["HOSTNAME", "COMPUTERNAME"])
    }

    /// The secrets that stand in the variables themselves.
    pub(crate) fn secrets(&self) -> Secrets {
        let secrets = Secrets::default();
        for name in [TOKEN, CLIENT_SECRET] {
            if let Ok(Some(text)) = self.text(name) {
                secrets.keep(text);
            }
        }
        secrets
    }

    /// A folder that a variable names from the root on.
    fn folder(&self, name: &str) -> Option<PathBuf> {
        let folder = self.0.get(OsStr::new(name)).map(PathBuf::from);
        folder.filter(|folder| folder.is_absolute())
    }

    /// Where this program keeps the settings of a person; nothing where the environment names no
    /// folder from the root on, since any other folder may be the project's.
    pub(crate) fn own_config(&self) -> Option<PathBuf> {
        let folder = |name| self.folder(name);
        let configs = if cfg!(windows) {
            folder("APPDATA")
        } else {
            folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))
        };
        Some(configs?.join("frameio-retire").join("config.toml"))
    }

    /// Where this program keeps the data of a person; nothing where the environment names no
    /// folder from the root on.
    pub(crate) fn own_data(&self) -> Option<PathBuf> {
        let folder = |name| self.folder(name);
        let data = if cfg!(windows) {
            folder("LOCALAPPDATA")
        } else {
            folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")))
        };
        Some(data?.join("frameio-retire"))
    }

    /// Where this program keeps what it has read, for a while; nothing where the environment names
    /// no folder from the root on, or says that nothing is to be kept.
    pub(crate) fn cache(&self) -> Option<PathBuf> {
        if self.0.contains_key(OsStr::new(CACHE)) {
            return self.folder(CACHE);
        }
        let folder = |name| self.folder(name);
        let cache = if cfg!(windows) {
            Some(folder("LOCALAPPDATA")?.join("frameio-retire"))
        } else if cfg!(target_os = "macos") {
            Some(folder("HOME")?.join("Library/Caches"))
        } else {
            folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))
        };
        Some(cache?.join("frameio-retire"))
    }

    /// The folder of whoever runs this.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.first(&["HOME", "USERPROFILE"]).map(PathBuf::from)
    }

    /// Where git keeps the settings of a person, the one that counts more first.
    pub(crate) fn git_configs(&self) -> Vec<PathBuf> {
        let home = self.home();
        let own = home.as_ref().map(|home| home.join(".gitconfig"));
        let shared = match self.first(&["XDG_CONFIG_HOME"]) {
            Some(folder) => Some(PathBuf::from(folder)),
            None => home.map(|home| home.join(".config")),
        };
        let shared = shared.map(|folder| folder.join("git").join("config"));
        own.into_iter().chain(shared).collect()
    }

    /// The names of all variables that are text.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|name| name.to_str())
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

    #[cfg(unix)]
    #[test]
    fn the_users_own_config_is_where_the_system_keeps_such_files() {
        let rows = [
            (
                &[("HOME", "/h")][..],
                Some("/h/.config/frameio-retire/config.toml"),
            ),
            (
                &[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")],
                Some("/x/frameio-retire/config.toml"),
            ),
            (
                &[("HOME", "/h"), ("XDG_CONFIG_HOME", "here")],
                Some("/h/.config/frameio-retire/config.toml"),
            ),
            (&[("HOME", "")], None),
            (&[("HOME", ".")], None),
            (&[], None),
        ];
        for (variables, path) in rows {
            let found = environment(variables).own_config();
            assert_eq!(found, path.map(PathBuf::from), "{variables:?}");
        }
    }

    #[test]
    fn no_value_is_ever_shown() {
        let shown = format!("{:?}", environment(&[(TOKEN, "hush")]));
        assert!(!shown.contains("hush"), "{shown}");
    }
}
