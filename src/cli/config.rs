//! `retire.toml`: settings that a repository keeps; and the user's own `config.toml`, which has
//! the same fields.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::cli::guards::Wrong;
use crate::cli::settings::declare::Setting;
use crate::cli::settings::kind::TokenCommand;
use crate::cli::settings::near::nearest;
use crate::cli::settings::table::{Given, SETTINGS};
use crate::cli::{guards, marks};
use crate::diagnostic::{Finding, Place, Severity, Snippet, of_toml};
use crate::plan::figure::SetAt;

/// The version of the file that this program reads.
const VERSION: u64 = 1;

/// What a file with settings begins with.
const WITH_VERSION: &str = "write `version = 1`";

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
/// Returns all that is wrong with it, and where. A line with a token is never shown.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Given, Vec<Finding>> {
    let config = Config { path, text };
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(|error| config.not_toml(error)).collect());
    }
    let table = table.into_inner();
    let mut found: Vec<Finding> = table
        .iter()
        .filter_map(|(key, value)| config.wrong(key, value))
        .collect();
    let line = |at| config.line(at);
    let mut tell = |wrong: Vec<Wrong>| {
        let told = wrong.iter();
        let told = told.map(|(at, message, hint)| config.finding(message, at.clone(), Some(hint)));
        found.extend(told);
    };
    let guards = table.get("guards").map(|value| guards::read(value, &line));
    let guards = guards.and_then(|guards| guards.map_err(&mut tell).ok());
    let mut guards = guards.unwrap_or_default();
    let marks = table.get("marks").map(|value| marks::read(value, &line));
    let marks = marks.and_then(|marks| marks.map_err(&mut tell).ok());
    if !table.contains_key("version") {
        found.push(config.finding("`version` is missing", 0..0, Some(WITH_VERSION)));
    }
    found.sort_by(|one, other| one.place.cmp(&other.place));
    if !found.is_empty() {
        return Err(found);
    }
    guards.limits.extend(guards::breakers(&table, &line));
    // Each key was read by itself already.
    let given: Given = toml::from_str(text).map_err(|error| vec![config.not_toml(&error)])?;
    Ok(Given {
        guards,
        marks,
        ..given
    })
}

/// A file with settings.
#[derive(Clone, Copy)]
struct Config<'text> {
    path: &'text Path,
    text: &'text str,
}

impl Config<'_> {
    /// In which line a byte stands.
    fn line(self, at: usize) -> SetAt {
        SetAt::File {
            path: self.path.to_string_lossy().into(),
            line: self.text[..at.min(self.text.len())].matches('\n').count() + 1,
        }
    }

    fn finding(self, message: &str, span: Range<usize>, hint: Option<&str>) -> Finding {
        finding(self.path, self.text, message, span, hint.map(str::to_owned))
    }

    /// That the file is not even TOML.
    fn not_toml(self, error: &toml::de::Error) -> Finding {
        let message = match error.message().lines().next() {
            Some("duplicate key") => "this key stands twice".to_owned(),
            Some(_) | None => format!("this is not TOML: {}", of_toml(error.message())),
        };
        let mut found = self.finding(&message, error.span().unwrap_or(0..0), None);
        // It may be anything that somebody's link leads to, so that none of it is shown.
        found.snippet = None;
        found
    }

    /// What is wrong with a key or its value.
    fn wrong(self, key: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) -> Option<Finding> {
        let (name, span) = (&**key.get_ref(), key.span());
        match name {
            "version" => return self.wrong_version(span, value),
            // They have findings of their own.
            "guards" | "marks" => return None,
            _ => {}
        }
        if SECRETS.contains(&name) {
            let message = format!("`{name}` does not belong in a file with settings");
            return Some(self.finding(&message, span, Some(instead_of(name))));
        }
        let Some(setting) = SETTINGS.iter().find(|setting| setting.key == name) else {
            let message = format!("there is no setting `{name}`");
            return Some(self.finding(&message, span, Some(&nearest_field(name))));
        };
        let message = wrong_value(setting, &self.text[value.span()], value.get_ref())?;
        Some(self.finding(&message, value.span(), setting_hint(setting)))
    }

    fn wrong_version(self, span: Range<usize>, value: &Spanned<DeValue<'_>>) -> Option<Finding> {
        let version = self.text[value.span()].parse::<u64>();
        if version == Ok(VERSION) {
            return None;
        }
        let message = match version {
            Ok(version) => format!(
                "this is version {version} of the config, and this program knows version {VERSION}"
            ),
            Err(_) => "`version` must be a whole number".to_owned(),
        };
        Some(self.finding(&message, span, Some(WITH_VERSION)))
    }
}

/// What is wrong with the value of a setting, which stands in the file like this.
fn wrong_value(setting: &Setting, written: &str, value: &DeValue<'_>) -> Option<String> {
    let (key, wanted) = (setting.key, setting.wanted);
    let other = || format!("`{key}` must be {wanted}");
    if value.is_table() {
        return Some(other());
    }
    let given = match toml::from_str::<Given>(&format!("{key} = {written}")) {
        Ok(given) => given,
        Err(error) => {
            // What the library says by itself is about its own types.
            let message = error.message();
            let is_library = ["invalid ", "unknown ", "wanted "]
                .iter()
                .any(|word| message.starts_with(word));
            return Some(if is_library {
                other()
            } else {
                message.lines().next().unwrap_or_default().to_owned()
            });
        }
    };
    let nothing = TokenCommand::Program(Vec::new());
    let command = given.token_command.map(|command| command.value);
    (command == Some(nothing)).then(|| format!("`{key}` names no program"))
}

/// What to do about a value that is none.
fn setting_hint(setting: &Setting) -> Option<&'static str> {
    (setting.key == "token-command").then_some(
        "write `[\"op\", \"read\", \"op://…\"]`; only `--token-command` and `RETIRE_TOKEN_COMMAND` take a command for the shell",
    )
}

/// Where a secret belongs that somebody wrote into the file.
fn instead_of(name: &str) -> &'static str {
    if name.contains("secret") {
        "revoke this secret, and give a new one by `FRAMEIO_CLIENT_SECRET` or `client-secret-file`"
    } else {
        "revoke this token, and give a new one by `FRAMEIO_TOKEN`, `token-file` or `token-command`"
    }
}

/// The fields of a config that only count where somebody trusts it; `own` is the user's own
/// config, where the environment says where it is.
///
/// Their lines are not shown, since an address may hold a password.
pub(crate) fn untrusted(path: &Path, text: &str, own: Option<&Path>) -> Vec<Finding> {
    // It has been read before, so it parses.
    let table = DeTable::parse(text).map(Spanned::into_inner);
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
                &format!("`{name}` does not count in a file of the project, since a pull request can change that file"),
                key.span(),
                Some(format!(
                    "set it by `--{name}`, by `{variable}`{own}, or trust this file with `--trust-config` or `RETIRE_TRUST_CONFIG=true`"
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

/// The field that was probably meant, else all that there are.
fn nearest_field(name: &str) -> String {
    let fields = || {
        ["version", "guards", "marks"]
            .into_iter()
            .chain(SETTINGS.iter().map(|setting| setting.key))
    };
    if let Some(close) = nearest(name, fields()) {
        return format!("did you mean `{close}`?");
    }
    let known: Vec<&str> = fields().collect();
    format!("the settings are `{}`", known.join("`, `"))
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
        message: message.to_owned(),
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

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::guard::Limits;

    fn wrong(text: &str) -> Vec<Finding> {
        parse(Path::new("retire.toml"), text).unwrap_err()
    }

    fn describe_syntax(text: &str) -> String {
        let lines = wrong(text).into_iter().map(|finding| {
            let place = finding.place;
            format!(
                "{}:{}: {} | {}",
                place.line,
                place.column,
                finding.message,
                finding.hint.unwrap_or_default()
            )
        });
        lines.collect::<Vec<_>>().join("\n")
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
    fn guards_are_read_with_their_lines() {
        let text = "version = 1\nmax-404-percent = 60 # more\n[guards]\nmax-assets = 0x10\nmax-bytes = '1.5 TiB'\nmin-age = '1 day'\nrequire = ['reason', 'owner']\n[guards.project.Tide]\nmax-percent = 5\n";
        let config = parse(Path::new("retire.toml"), text).unwrap();
        let mut limits = Limits::default();
        config.guards.add_to(&mut limits);
        let told = limits.set.iter().map(|limit| {
            let (guard, project) = (limit.guard.name(), limit.project.as_deref());
            format!("{guard} {project:?} {} {}", limit.figure, limit.at)
        });
        let mut told: Vec<String> = told.collect();
        told.sort();
        let expected = [
            "max-404-percent None 60 retire.toml:2",
            "max-assets None 16 retire.toml:4",
            "max-bytes None 1649267441664 retire.toml:5",
            "max-percent Some(\"Tide\") 5 retire.toml:9",
            "min-age None 86400 retire.toml:6",
        ];
        assert_eq!(told, expected);
        let required: Vec<&str> = limits.required.iter().map(|one| one.field.name()).collect();
        assert_eq!(required, ["reason", "owner"]);
    }

    #[test]
    fn marks_are_read_with_their_line() {
        let read = |hold: &str| {
            let text = format!("version = 1\n[marks]\nhold = {hold}\nfield = ' Retention '\n");
            parse(Path::new("retire.toml"), &text).unwrap().marks
        };
        for (hold, words) in [
            ("['Hold', ' Legal ']", vec!["Hold", "Legal"]),
            ("['Hold', true]", vec!["Hold", "true"]),
            ("'Hold'", vec!["Hold"]),
            ("true", vec!["true"]),
        ] {
            let marks = read(hold).unwrap();
            let said: Vec<&str> = marks.hold.iter().map(|word| &**word).collect();
            assert_eq!(said, words);
            assert_eq!((&*marks.field, &*marks.at), ("Retention", "retire.toml:4"));
        }
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
            "version = '1'\napi = 4\ngrace = '30 apples'\nretries = true\nstate = 1\n[canary]\nn = 1\n",
            "version = 1\napi = 'v2'\napi = 'v4'\n",
            "version = 1\napi = v4\ngrace = 30s\n",
            "version = 1\nmax-404-percent = 300\nmax-failure-percent = 101\n",
            "version = 1\nguards = 3\n",
            "version = 1\n[guards]\nmax-assets = -1\nmax-percent = 101\nmax-bytes = '2 tapes'\nmin-age = 3\nrequire = 'reason'\nmax-asset = 4\nmax-404-percent = 5\n",
            "version = 1\n[guards]\nrequire = ['reason', 'name']\nproject = 3\n",
            "version = 1\nmarks = 'Hold'\n",
            "version = 1\n[marks]\n",
            "version = 1\n[marks]\nfield = ' '\nhold = []\nfeld = 3\nproject = 'Tide'\n",
            "version = 1\n[marks]\nfield = true\nhold = ['Hold', 3, '']\n",
            "version = 1\n[marks]\nfield = 'Retention'\nhold = 3\n",
            "version = 1\n[guards.project]\nTide = 3\n[guards.project.Other]\nmax-bytes = true\nproject = {}\n",
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
        let found = wrong("version = 1\ntoken = 'fio-u-hush'\n");
        assert!(!format!("{found:?}").contains("hush"));
        assert!(found[0].hint.as_ref().unwrap().contains("revoke"));
        let broken = parse(
            Path::new("retire.toml"),
            "version = 1\ntoken = 'fio-u-hush\n",
        );
        assert!(!format!("{broken:?}").contains("hush"));
        for other in ["fio-u-hush\n", "A=b\0C=hush\0", "A=hush\nB=c\n"] {
            let found = wrong(other);
            assert!(!format!("{found:?}").contains("hush"), "{found:?}");
        }
    }
}
