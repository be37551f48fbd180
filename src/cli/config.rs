//! `retire.toml`: settings that a repository keeps; and the user's own `config.toml`, which has
//! the same fields.

use std::ops::Range;
use std::path::Path;

use crate::cli::settings::kind::TokenCommand;
use crate::cli::settings::near::nearest;
use crate::cli::settings::table::{Given, SETTINGS};
use crate::diagnostic::{Finding, Place, Severity, Snippet};

/// The version of the file that this program reads.
const VERSION: u64 = 1;

/// How many characters of a line are shown.
const LONGEST: usize = 120;

/// What people take for fields and are secrets.
const SECRETS: [&str; 6] = [
    "token",
    "frameio-token",
    "frameio_token",
    "api-token",
    "client-secret",
    "client_secret",
];

/// Reads the text of a config.
///
/// # Errors
///
/// Returns what is wrong with it, and where. A line with a token is never shown.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Given, Box<Finding>> {
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
    let config: Given = toml::from_str(text).map_err(|error| {
        let message = error.message().to_owned();
        let hint = unknown(&message);
        fail(message, error.span(), hint)
    })?;
    let Some(version) = config.version else {
        return Err(fail("missing field `version`".to_owned(), None, None));
    };
    if version != VERSION {
        return Err(fail(
            format!(
                "this is version {version} of the config, and this program knows version {VERSION}"
            ),
            text.find("version").map(|start| start..start + 7),
            None,
        ));
    }
    let no_program = TokenCommand::Program(Vec::new());
    if config
        .token_command
        .as_ref()
        .is_some_and(|command| command.value == no_program)
    {
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
pub(crate) fn untrusted(path: &Path, text: &str, own: Option<&Path>) -> Vec<Finding> {
    // It has been read before, so it parses.
    let table = toml::de::DeTable::parse(text).map(toml::Spanned::into_inner);
    let keys = table.iter().flat_map(|table| table.keys());
    let mut found: Vec<Finding> = keys
        .filter_map(|key| {
            let mut guarded = SETTINGS.iter().filter(|setting| setting.guarded);
            let setting = guarded.find(|setting| setting.key == &**key.get_ref())?;
            let (name, variable) = (setting.key, setting.variable);
            let own = own.map_or_else(String::new, |own| {
                format!(", in your own `{}`", own.display())
            });
            let mut found = finding(
                path,
                text,
                &format!("`{name}` does not count from a file of the project, which a pull request may change"),
                key.span(),
                Some(format!(
                    "say it by `--{name}`, by `{variable}`{own}, or trust this file with `--trust-config` or `RETIRE_TRUST_CONFIG=true`"
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
    let fields = || {
        ["version"]
            .into_iter()
            .chain(SETTINGS.iter().map(|setting| setting.key))
    };
    if let Some(close) = nearest(name, fields()) {
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
            text: cut(line),
            offset: offset.min(LONGEST),
            width: text[start..end].chars().count().max(1),
        }),
        related: Vec::new(),
        hint,
    }
}

/// The beginning of a line, with a mark where it is cut.
fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
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

    fn describe_syntax(text: &str) -> String {
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
        assert_eq!(config.batch_size.unwrap().value.get(), 20);
        let words = TokenCommand::Program(vec!["pass".to_owned(), "show".to_owned()]);
        assert_eq!(config.token_command.unwrap().value, words);
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
        .map(describe_syntax);
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
