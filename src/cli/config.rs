//! `retire.toml`: settings that a repository keeps; and the user's own `config.toml`, which has
//! the same fields.

use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cli::settings::sending::Percent;
use crate::cli::span::Span;
use crate::diagnostic::{Finding, Place, Severity, Snippet};
use crate::state::Api;

/// The version of the file that this program reads.
const VERSION: u64 = 1;

/// The fields of the file, for hints.
const FIELDS: [&str; 26] = [
    "version",
    "state",
    "api",
    "endpoint",
    "account",
    "batch-size",
    "concurrency",
    "max-attempts",
    "lock-timeout",
    "grace",
    "max-plan-age",
    "canary",
    "max-404-percent",
    "max-failure-percent",
    "max-failed-batches",
    "retries",
    "retry-for",
    "time-budget",
    "connect-timeout",
    "read-timeout",
    "request-timeout",
    "token-file",
    "client-id-file",
    "client-secret-file",
    "ims-endpoint",
    "legacy-token",
];

/// What people take for fields and are secrets.
const SECRETS: [&str; 6] = [
    "token",
    "frameio-token",
    "frameio_token",
    "api-token",
    "client-secret",
    "client_secret",
];

/// The fields that decide where a secret goes or what is executed, each with its flag and its
/// variable. A pull request may change the project's file, so that they count there only where
/// somebody trusts it.
const GUARDED: [(&str, &str, &str); 7] = [
    ("endpoint", "--endpoint", "RETIRE_ENDPOINT"),
    ("ims-endpoint", "--ims-endpoint", "RETIRE_IMS_ENDPOINT"),
    ("token-file", "--token-file", "RETIRE_TOKEN_FILE"),
    ("token-command", "--token-command", "RETIRE_TOKEN_COMMAND"),
    (
        "client-id-file",
        "--client-id-file",
        "RETIRE_CLIENT_ID_FILE",
    ),
    (
        "client-secret-file",
        "--client-secret-file",
        "RETIRE_CLIENT_SECRET_FILE",
    ),
    ("legacy-token", "--legacy-token", "RETIRE_LEGACY_TOKEN"),
];

/// The settings of `retire.toml`, and of the user's own `config.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(test, schemars(title = "retire.toml"))]
pub struct Config {
    /// The version of this file: 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 1)))]
    pub version: u64,
    /// Where the state is kept, seen from the file's folder.
    pub state: Option<PathBuf>,
    /// The version of the API.
    pub api: Option<ConfigApi>,
    /// The server's base address.
    pub endpoint: Option<String>,
    /// The account that the token must belong to.
    pub account: Option<String>,
    /// How many assets one delete asks for at most.
    pub batch_size: Option<NonZeroUsize>,
    /// How many requests are under way at once at most.
    pub concurrency: Option<NonZeroUsize>,
    /// After how many refusals an asset is left alone.
    pub max_attempts: Option<NonZeroU32>,
    /// How long a run waits for the lock of another, such as `5m`.
    pub lock_timeout: Option<Span>,
    /// How long an orderly stop waits for the answers that are under way, such as `30s`.
    pub grace: Option<Span>,
    /// How old a saved plan may be, such as `24h`.
    pub max_plan_age: Option<Span>,
    /// How many assets the first delete asks for; 0 sends all at once.
    pub canary: Option<usize>,
    /// The largest share of assets, in percent, that the server may not know.
    #[serde(rename = "max-404-percent")]
    pub max_404_percent: Option<Percent>,
    /// The largest share of assets, in percent, that the server may refuse.
    pub max_failure_percent: Option<Percent>,
    /// How many requests in a row may come to nothing.
    pub max_failed_batches: Option<NonZeroU32>,
    /// How often a request that went wrong is made again.
    pub retries: Option<u32>,
    /// For how long a request is made again, such as `10m`.
    pub retry_for: Option<Span>,
    /// How long a run may take, such as `25m`.
    pub time_budget: Option<Span>,
    /// How long a connection may take, such as `10s`.
    pub connect_timeout: Option<Span>,
    /// How long a server may be silent, such as `40s`.
    pub read_timeout: Option<Span>,
    /// How long a request may take in all, such as `1m`.
    pub request_timeout: Option<Span>,
    /// The file that the token is read from, seen from the file's folder.
    pub token_file: Option<PathBuf>,
    /// The program that prints the token, and its arguments; no shell is involved.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub token_command: Option<Vec<String>>,
    /// The file that the client's id for V4 tokens is read from, seen from the file's folder.
    pub client_id_file: Option<PathBuf>,
    /// The file that the client's secret for V4 tokens is read from, seen from the file's folder.
    pub client_secret_file: Option<PathBuf>,
    /// The server that is asked for V4 tokens.
    pub ims_endpoint: Option<String>,
    /// Whether the token is a developer token of the legacy API, which V4 must be told.
    pub legacy_token: Option<bool>,
}

/// A version of the API, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ConfigApi {
    /// The legacy API.
    V2,
    /// The current API.
    V4,
}

impl From<ConfigApi> for Api {
    fn from(api: ConfigApi) -> Self {
        match api {
            ConfigApi::V2 => Self::V2,
            ConfigApi::V4 => Self::V4,
        }
    }
}

/// A config and the file that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The file, as it was named.
    pub path: PathBuf,
    /// What it says.
    pub config: Config,
    /// Whether it may decide where a secret goes and what is executed.
    pub trusted: bool,
}

impl Loaded {
    /// A path of the file, seen from where the program runs.
    #[must_use]
    pub fn beside(&self, path: &Path) -> PathBuf {
        self.path
            .parent()
            .map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }
}

/// Reads the text of a config.
///
/// # Errors
///
/// Returns what is wrong with it, and where. A line with a token is never shown.
pub fn parse(path: &Path, text: &str) -> Result<Config, Box<Finding>> {
    let fail = |message: String, span: Option<Range<usize>>, hint: Option<String>| {
        Box::new(finding(path, text, &message, span.unwrap_or(0..0), hint))
    };
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let mut found = fail(error.message().to_owned(), error.span(), None);
        // It may be anything that somebody's link leads to, so that none of it is shown.
        found.snippet = None;
        found
    })?;
    if let Some(name) = SECRETS.into_iter().find(|name| table.contains_key(*name)) {
        return Err(fail(
            format!("`{name}` does not belong into a file with settings"),
            text.find(name).map(|start| start..start + name.len()),
            Some(if name.contains("secret") {
                "revoke this secret, and give a new one by `FRAMEIO_CLIENT_SECRET` or `client-secret-file`".to_owned()
            } else {
                "revoke this token, and give a new one by `FRAMEIO_TOKEN`, `token-file` or `token-command`".to_owned()
            }),
        ));
    }
    let config: Config = toml::from_str(text).map_err(|error| {
        let message = error.message().to_owned();
        let hint = unknown(&message);
        fail(message, error.span(), hint)
    })?;
    if config.version != VERSION {
        return Err(fail(
            format!(
                "this is version {} of the config, and this program knows version {VERSION}",
                config.version
            ),
            text.find("version").map(|start| start..start + 7),
            None,
        ));
    }
    if config.token_command.as_ref().is_some_and(Vec::is_empty) {
        return Err(fail(
            "`token-command` names no program".to_owned(),
            text.find("token-command").map(|start| start..start + 13),
            Some(
                "write the program and its arguments: `[\"op\", \"read\", \"op://…\"]`".to_owned(),
            ),
        ));
    }
    Ok(config)
}

/// The fields of a config that only count where somebody trusts it; `own` is the user's own
/// config, where the environment says where it is.
///
/// Their lines are not shown, since an address may hold a password.
#[must_use]
pub fn untrusted(path: &Path, text: &str, own: Option<&Path>) -> Vec<Finding> {
    // It has been read before, so it parses.
    let table = toml::de::DeTable::parse(text).map(toml::Spanned::into_inner);
    let keys = table.iter().flat_map(|table| table.keys());
    let mut found: Vec<Finding> = keys
        .filter_map(|key| {
            let name: &str = key.get_ref();
            let (name, flag, variable) = GUARDED.into_iter().find(|(field, ..)| *field == name)?;
            let own = own.map_or_else(String::new, |own| {
                format!(", in your own `{}`", own.display())
            });
            let mut found = finding(
                path,
                text,
                &format!("`{name}` does not count from a file of the project, which a pull request may change"),
                key.span(),
                Some(format!(
                    "say it by `{flag}`, by `{variable}`{own}, or trust this file with `--trust-config` or `RETIRE_TRUST_CONFIG=true`"
                )),
            );
            found.code = "untrusted-config";
            found.snippet = None;
            Some(found)
        })
        .collect();
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found
}

/// A hint for an unknown field, out of the library's message.
fn unknown(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field `")?;
    let (name, _) = rest.split_once('`')?;
    let fields = || FIELDS.into_iter().chain(["token-command"]);
    let (distance, close) = fields()
        .map(|field| (strsim::damerau_levenshtein(field, name), field))
        .min()?;
    if distance <= 3 {
        return Some(format!("did you mean `{close}`?"));
    }
    let known: Vec<&str> = fields().collect();
    Some(format!("the fields are `{}`", known.join("`, `")))
}

fn finding(
    path: &Path,
    text: &str,
    message: &str,
    span: Range<usize>,
    hint: Option<String>,
) -> Finding {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let line_end = text[start..]
        .find('\n')
        .map_or(text.len(), |end| start + end);
    let line = &text[line_start..line_end];
    let secret = ["token", "secret"]
        .iter()
        .any(|word| line.to_lowercase().contains(word));
    let offset = text[line_start..start].chars().count();
    let end = text.floor_char_boundary(span.end.clamp(start, line_end));
    Finding {
        code: "config",
        severity: Severity::Error,
        place: Place {
            file: path.to_string_lossy().into(),
            line: number(text[..start].matches('\n').count() + 1),
            column: number(offset + 1),
        },
        message: short(message),
        // The line of a token may hold one, even where the file does not parse; and of a file
        // that is no config nothing is shown at all.
        snippet: (!secret && is_config(text)).then(|| Snippet {
            text: line.chars().take(120).collect(),
            offset: offset.min(119),
            width: text[start..end].chars().count().max(1),
        }),
        related: Vec::new(),
        hint,
    }
}

/// Whether a text is meant for a config: a line gives its version.
fn is_config(text: &str) -> bool {
    text.lines().any(|line| {
        let value = line.trim_start().strip_prefix("version");
        value.is_some_and(|value| value.trim_start().starts_with('='))
    })
}

/// The first line of a message, without the list of names that the hint has.
fn short(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let cut = if line.starts_with("unknown field") {
        line.split(", expected").next()
    } else {
        None
    };
    cut.unwrap_or(line).to_owned()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let finding = parse(Path::new("retire.toml"), text).unwrap_err();
        let place = finding.place;
        format!(
            "{}:{}: {} | {}",
            place.line,
            place.column,
            finding.message,
            finding.hint.unwrap_or_default()
        )
    }

    #[test]
    fn every_field_is_read() {
        let config = parse(
            Path::new("retire.toml"),
            "version = 1\nstate = 's.json'\napi = 'v2'\nendpoint = 'https://api.frame.io'\naccount = 'a'\nbatch-size = 20\nconcurrency = 2\nmax-attempts = 9\ntoken-file = 't'\ntoken-command = ['pass', 'show']\n",
        )
        .unwrap();
        assert_eq!(config.batch_size, NonZeroUsize::new(20));
        assert_eq!(config.token_command.unwrap(), ["pass", "show"]);
    }

    #[test]
    fn each_mistake_has_a_place_and_a_hint() {
        let mistakes = [
            "",
            "version = 2\n",
            "version = 1\nbatchsize = 3\n",
            "version = 1\nbatch-size = 0\n",
            "version = 1\nbatch-size = -5\n",
            "version = 1\napi = 'v9'\n",
            "version = 1\ncolour = 'blue'\n",
            "version = 1\nendpoint = [\n",
            "version = 1\ntoken-command = []\n",
            "version = 1\ntoken-command = 'op read'\n",
        ]
        .map(told);
        insta::assert_snapshot!(mistakes.join("\n"));
    }

    #[test]
    fn each_guarded_field_is_found_where_it_stands() {
        let text = "version = 1\n\"token-command\" = ['op']\nbatch-size = 5\n  \"endp\\u006fint\" = 'https://me:hush@x'\n";
        let found = untrusted(
            Path::new("retire.toml"),
            text,
            Some(Path::new("/h/config.toml")),
        );
        let places: Vec<String> = found.iter().map(|found| found.place.to_string()).collect();
        assert_eq!(places, ["retire.toml:2:1", "retire.toml:4:3"]);
        assert!(found[1].message.contains("`endpoint`"), "{found:?}");
        assert!(!format!("{found:?}").contains("hush"), "{found:?}");
        for way in [
            "`--endpoint`",
            "`RETIRE_ENDPOINT`",
            "`/h/config.toml`",
            "`--trust-config`",
        ] {
            assert!(found[1].hint.as_ref().unwrap().contains(way), "{found:?}");
        }
    }

    /// A field that says where a secret is, where it goes or what is run must be guarded.
    #[test]
    fn every_field_of_a_secret_is_guarded() {
        let fields = FIELDS.into_iter().chain(["token-command"]);
        let of_secrets = fields.filter(|field| {
            let words = ["token", "client", "secret", "endpoint", "command"];
            words.iter().any(|word| field.contains(word))
        });
        let mut of_secrets: Vec<&str> = of_secrets.collect();
        let mut guarded = GUARDED.map(|(field, ..)| field);
        of_secrets.sort_unstable();
        guarded.sort_unstable();
        assert_eq!(of_secrets, guarded);
    }

    #[test]
    fn a_token_in_the_file_is_refused_and_not_repeated() {
        let finding = parse(
            Path::new("retire.toml"),
            "version = 1\ntoken = 'fio-u-hush'\n",
        )
        .unwrap_err();
        assert!(!format!("{finding:?}").contains("hush"));
        assert!(finding.hint.unwrap().contains("revoke"));
        let broken = parse(
            Path::new("retire.toml"),
            "version = 1\ntoken = 'fio-u-hush\n",
        );
        assert!(!format!("{broken:?}").contains("hush"));
        for other in ["fio-u-hush\n", "A=b\0C=hush\0", "A=hush\nB=c\n"] {
            let finding = parse(Path::new("retire.toml"), other).unwrap_err();
            assert!(!format!("{finding:?}").contains("hush"), "{finding:?}");
        }
    }
}
