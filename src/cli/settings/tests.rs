use clap::{Args, FromArgMatches};
use proptest::prelude::*;

use super::*;
use crate::cli::args::Flags;
use crate::cli::config;
use crate::cli::env::TOKEN;
use crate::cli::settings::access::{ClientSource, Half, TokenSource};
use crate::cli::settings::declare::{Setting, on};
use crate::cli::settings::kind::TokenCommand;
use crate::cli::settings::table::{ENDPOINT, SETTINGS};
use crate::state::Api;

/// What a file says, without the line of its version.
fn file(path: &str, trusted: bool, text: &str) -> Given {
    let text = format!("version = 1\n{text}");
    let given = config::parse(Path::new(path), &text).unwrap();
    given.of_file(Path::new(path), trusted)
}

fn loaded(text: &str) -> Given {
    file("repo/retire.toml", true, text)
}

/// What flags say.
fn flags(words: &[&str]) -> Given {
    let command = clap::Command::new("test").no_binary_name(true);
    let command = Flags::<{ on::APPLY | on::PLAN }>::augment_args(command);
    let read =
        Flags::<{ on::APPLY | on::PLAN }>::from_arg_matches(&command.get_matches_from(words));
    read.unwrap().given
}

fn variables(pairs: &[(&str, &str)]) -> Environment {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

fn resolve(
    flags: &Given,
    pairs: &[(&str, &str)],
    config: Option<&Given>,
) -> Result<Settings, SettingsError> {
    Sources {
        flags,
        sandbox: false,
        retry_blocked: false,
        environment: &variables(pairs),
        files: config.map_or(&[], std::slice::from_ref),
        folder: Path::new("repo"),
    }
    .resolve()
}

#[test]
fn without_a_word_the_defaults_hold() {
    let settings = resolve(&Given::default(), &[], None).unwrap();
    assert_eq!(settings.state.value, Path::new("repo/retire.state.json"));
    assert_eq!(settings.server.value.name(), "https://api.frame.io");
    assert_eq!(settings.batch_size.value.get(), 50);
    assert_eq!(settings.concurrency.value.get(), 4);
    assert_eq!(settings.rules(), Rules::default());
    assert_eq!(settings.account, None);
    assert_eq!(settings.access.token, None);
}

proptest! {
    #[test]
    fn the_nearest_word_counts(has_flag: bool, variable: bool, config: bool) {
        let words = [
            "--state=flag.json",
            "--endpoint=http://127.0.0.1:1",
            "--account=FLAG",
            "--max-attempts=1",
        ];
        let flags = flags(if has_flag { &words[..] } else { &[] });
        let variables = [
            ("RETIRE_STATE", "env.json"),
            ("RETIRE_ENDPOINT", "http://127.0.0.1:2"),
            ("RETIRE_ACCOUNT", "ENV"),
            ("RETIRE_MAX_ATTEMPTS", "2"),
        ];
        let variables = if variable { &variables[..] } else { &[] };
        let file = loaded(
            "state = 'config.json'\nendpoint = 'http://127.0.0.1:3'\naccount = 'CONFIG'\nmax-attempts = 3\n",
        );
        let settings = resolve(&flags, variables, config.then_some(&file)).unwrap();
        let (state, endpoint, account, attempts) = match (has_flag, variable, config) {
            (true, _, _) => ("flag.json", "http://127.0.0.1:1", Some("FLAG"), 1),
            (_, true, _) => ("env.json", "http://127.0.0.1:2", Some("ENV"), 2),
            (_, _, true) => ("repo/config.json", "http://127.0.0.1:3", Some("CONFIG"), 3),
            (false, false, false) => ("repo/retire.state.json", ENDPOINT, None, 5),
        };
        prop_assert_eq!(&settings.state.value, Path::new(state));
        prop_assert_eq!(settings.server.value.name(), endpoint);
        prop_assert_eq!(settings.account.as_ref().map(|account| account.value.as_str()), account);
        prop_assert_eq!(settings.max_attempts.value.get(), attempts);
    }
}

#[test]
fn the_sandbox_takes_nothing_that_is_meant_for_earnest() {
    let file = loaded("account = 'a'\ntoken-file = 't'\n");
    let variables = [
        (TOKEN, "hush"),
        ("RETIRE_STATE", "real.json"),
        ("RETIRE_ENDPOINT", "https://api.frame.io"),
        ("RETIRE_ACCOUNT", "b"),
        ("RETIRE_API", "v2"),
    ];
    let settings = Sources {
        flags: &Given::default(),
        sandbox: true,
        retry_blocked: false,
        environment: &self::variables(&variables),
        files: std::slice::from_ref(&file),
        folder: Path::new("repo"),
    };
    let settings = settings.resolve().unwrap();
    assert_eq!(
        settings.state.value,
        Path::new("repo/retire.sandbox.state.json")
    );
    assert_eq!(settings.server.value, Server::Sandbox);
    assert_eq!(settings.account, None);
    assert_eq!(settings.access.token, None);
}

#[test]
fn the_token_comes_from_the_nearest_source() {
    let flagged = flags(&["--token-file=flag"]);
    let file = loaded("token-file = 'secret'\n");
    let token = |target: &Given, variables: &[(&str, &str)]| {
        resolve(target, variables, Some(&file))
            .unwrap()
            .access
            .token
            .unwrap()
            .value
    };
    let none = Given::default();
    assert_eq!(
        token(&flagged, &[(TOKEN, "x")]),
        TokenSource::File("flag".into())
    );
    assert_eq!(token(&none, &[(TOKEN, "x")]), TokenSource::Environment);
    assert_eq!(
        token(&none, &[("RETIRE_TOKEN_COMMAND", "op read x")]),
        TokenSource::Command(TokenCommand::Shell("op read x".to_owned()))
    );
    assert_eq!(token(&none, &[]), TokenSource::File("repo/secret".into()));
}

#[test]
fn a_value_that_does_not_fit_names_who_set_it() {
    for (variables, words) in [
        (
            ("RETIRE_BATCH_SIZE", "0"),
            "`RETIRE_BATCH_SIZE`: `0` is not a whole number from 1",
        ),
        (
            ("RETIRE_BATCH_SIZE", "5000"),
            "`RETIRE_BATCH_SIZE`: 5000 is too much: at most 1000",
        ),
        (
            ("RETIRE_API", "v3"),
            "`RETIRE_API`: `v3` is not a version of the API: it is `v2` or `v4`",
        ),
        (
            ("RETIRE_ENDPOINT", "http://10.0.0.1"),
            "`RETIRE_ENDPOINT`: `http://10.0.0.1` is plain HTTP beyond this machine, and would show the token to the network",
        ),
    ] {
        let error = resolve(&Given::default(), &[variables], None).unwrap_err();
        assert_eq!(error.to_string(), words);
        assert!(!error.is_config());
    }
}

#[test]
fn a_client_is_put_together_from_the_nearest_halves() {
    let file = loaded("client-id-file = 'id'\nclient-secret-file = 'secret'\n");
    let client = |target: &Given, variables: &[(&str, &str)], config| match resolve(
        target, variables, config,
    )
    .unwrap()
    .access
    .token
    .map(|token| token.value)
    {
        Some(TokenSource::Client(ClientSource { id, secret })) => (id, secret),
        other => panic!("{other:?}"),
    };
    let half = |path: &str, origin| {
        let value = path.into();
        Some(Half::File(Valued { value, origin }))
    };
    let path = |path| half(path, Origin::Config("repo/retire.toml".into()));
    let none = Given::default();
    assert_eq!(
        client(&none, &[], Some(&file)),
        (path("repo/id"), path("repo/secret"))
    );
    assert_eq!(
        client(&none, &[("FRAMEIO_CLIENT_SECRET", "hush")], Some(&file)),
        (
            path("repo/id"),
            Some(Half::Variable("FRAMEIO_CLIENT_SECRET"))
        )
    );
    let flagged = flags(&["--client-id-file=flag"]);
    let flag = || half("flag", Origin::Flag("--client-id-file"));
    let variables = [(TOKEN, "x"), ("RETIRE_CLIENT_SECRET_FILE", "env")];
    assert_eq!(
        client(&flagged, &variables, None),
        (
            flag(),
            half("env", Origin::Environment("RETIRE_CLIENT_SECRET_FILE"))
        )
    );
    assert_eq!(client(&flagged, &[], None), (flag(), None));
    // A token that is ready needs nobody to ask.
    let ready = resolve(
        &none,
        &[(TOKEN, "x"), ("FRAMEIO_CLIENT_ID", "y")],
        Some(&file),
    );
    let settings = ready.unwrap();
    assert_eq!(
        settings.notes(),
        ["the token comes from `FRAMEIO_TOKEN`, and `FRAMEIO_CLIENT_ID` is not used"]
    );
    let token = settings.access.token.unwrap();
    assert_eq!(token.value, TokenSource::Environment);
    assert_eq!(token.origin, Origin::Environment(TOKEN));
}

#[test]
fn v4_and_its_access_are_set_like_the_rest() {
    let file = loaded(
        "api = 'v4'\naccount = 'adobe:ABC@AdobeOrg'\nlegacy-token = true\nims-endpoint = 'http://127.0.0.1:9'\n",
    );
    let settings = resolve(&Given::default(), &[], Some(&file)).unwrap();
    assert_eq!(settings.api.value, Api::V4);
    assert!(settings.access.legacy);
    assert_eq!(settings.access.ims.as_str(), "http://127.0.0.1:9");
    assert_eq!(
        settings.account.as_ref().unwrap().value,
        "adobe:ABC@AdobeOrg"
    );
    let variables = [("RETIRE_LEGACY_TOKEN", "0"), ("RETIRE_API", "v2")];
    let settings = resolve(&Given::default(), &variables, Some(&file)).unwrap();
    assert!(!settings.access.legacy);
    assert_eq!(settings.api.value, Api::V2);
    for (name, value) in [
        ("RETIRE_IMS_ENDPOINT", "http://ims.example"),
        ("RETIRE_LEGACY_TOKEN", "maybe"),
        ("RETIRE_API", "v3"),
    ] {
        assert!(resolve(&Given::default(), &[(name, value)], None).is_err());
    }
    let both = [("RETIRE_LEGACY_TOKEN", "true"), ("FRAMEIO_CLIENT_ID", "x")];
    let error = resolve(&Given::default(), &both, None).unwrap_err();
    assert!(
        error.to_string().contains("`RETIRE_LEGACY_TOKEN`"),
        "{error}"
    );
}

/// All that decides where a secret goes and what is executed, but for the token command.
fn guarded(name: &str) -> String {
    format!(
        "endpoint = 'https://{name}.example'\nims-endpoint = 'https://ims.{name}.example'\ntoken-file = '{name}'\nclient-id-file = '{name}'\nclient-secret-file = '{name}'\nlegacy-token = true\nbatch-size = 7\n"
    )
}

fn of_files(pairs: &[(&str, &str)], files: &[Given]) -> Settings {
    let sources = Sources {
        flags: &Given::default(),
        sandbox: false,
        retry_blocked: false,
        environment: &variables(pairs),
        files,
        folder: Path::new(""),
    };
    sources.resolve().unwrap()
}

#[test]
fn what_is_not_trusted_says_nothing_of_secrets() {
    let project = file("repo/retire.toml", false, &guarded("project"));
    let own = file("/home/me/config.toml", true, &guarded("own"));
    let settings = of_files(&[], std::slice::from_ref(&project));
    assert_eq!(settings.server.value.name(), ENDPOINT);
    assert_eq!(settings.access.ims.as_str(), crate::frameio::ims::ENDPOINT);
    assert_eq!(settings.access.token, None);
    assert!(!settings.access.legacy);
    assert_eq!(settings.batch_size.value.get(), 7);
    let client = of_files(
        &[("FRAMEIO_CLIENT_ID", "x")],
        std::slice::from_ref(&project),
    );
    let Some(TokenSource::Client(client)) = client.access.token.map(|token| token.value) else {
        panic!("a client is named");
    };
    assert_eq!(client.secret, None);
    let settings = of_files(&[], &[project, own]);
    assert_eq!(settings.server.value.name(), "https://own.example");
    let origin = Origin::Config("/home/me/config.toml".into());
    assert_eq!(settings.server.origin, origin);
    assert_eq!(
        settings.batch_size.origin,
        Origin::Config("repo/retire.toml".into())
    );
    assert!(settings.access.legacy);
    let token = settings.access.token.unwrap();
    assert_eq!(token.value, TokenSource::File("/home/me/own".into()));
    assert_eq!(token.origin, origin);
}

#[test]
fn one_place_names_one_way_to_a_token() {
    let variables = [("RETIRE_TOKEN_FILE", "f"), ("RETIRE_TOKEN_COMMAND", "c")];
    let error = resolve(&Given::default(), &variables, None).unwrap_err();
    assert!(error.to_string().contains("`RETIRE_TOKEN_FILE`"), "{error}");
    assert!(!error.is_config());
    let file = loaded("token-file = 'f'\ntoken-command = ['c']\n");
    let error = resolve(&Given::default(), &[], Some(&file)).unwrap_err();
    assert!(error.to_string().contains("`token-file`"), "{error}");
    assert!(error.is_config());
}

#[test]
fn a_version_behind_the_endpoint_is_left_out_with_a_word() {
    let settings = resolve(
        &Given::default(),
        &[("RETIRE_ENDPOINT", "http://127.0.0.1:9/v4/")],
        None,
    )
    .unwrap();
    assert_eq!(settings.server.value.name(), "http://127.0.0.1:9");
    assert_eq!(
        settings.notes(),
        ["`RETIRE_ENDPOINT`: `/v4` is left out of the endpoint; `--api` says the version, here v4"]
    );
    for (one, other, same) in [
        ("http://127.0.0.1:9/v2", "http://127.0.0.1:9", true),
        ("https://a.example/v4/", "https://a.example/v2", true),
        ("https://a.example", "https://b.example", false),
        ("https://a.example/x", "https://a.example", false),
        ("sandbox", "sandbox", true),
        ("sandbox", "https://a.example", false),
        ("nonsense", "nonsense/v2", false),
    ] {
        assert_eq!(
            crate::app::connect::is_same_server(one, other),
            same,
            "{one} {other}"
        );
    }
}

#[test]
fn a_command_is_in_no_debug_form() {
    let flags = flags(&["--token-command", "TOKEN=hush op"]);
    let settings = resolve(&flags, &[], None).unwrap();
    let words = vec!["op".to_owned(), "hush".to_owned()];
    let program = TokenSource::Command(TokenCommand::Program(words));
    let shown = format!("{flags:?} {settings:?} {program:?}");
    assert!(!shown.contains("hush"), "{shown}");
}

#[test]
fn a_misspelt_variable_is_told() {
    let environment = variables(&[("RETIRE_ENDPONT", "x"), ("RETIRE_STATE", "y")]);
    assert_eq!(
        near::misspelt_variables(&environment),
        ["the environment variable `RETIRE_ENDPONT` sets nothing, did you mean `RETIRE_ENDPOINT`?"]
    );
}

/// What says where a secret is, where it goes or what is run must be guarded.
#[test]
fn every_setting_of_a_secret_is_guarded() {
    for setting in SETTINGS {
        let words = ["token", "client", "secret", "endpoint", "command", "login"];
        let of_secret = words.iter().any(|word| setting.key.contains(word));
        assert_eq!(setting.guarded, of_secret, "{}", setting.key);
    }
}

/// The defaults of the parts that a setting changes are those of the table.
#[test]
fn the_defaults_are_those_of_the_parts() {
    let settings = resolve(&Given::default(), &[], None).unwrap();
    assert_eq!(
        settings.sending.breakers,
        crate::apply::breaker::Limits::default()
    );
    assert_eq!(
        settings.sending.timeouts,
        crate::frameio::transport::Timeouts::default()
    );
    assert_eq!(settings.access.ims.as_str(), crate::frameio::ims::ENDPOINT);
}

/// A value that a setting takes, as text and as it stands in a file.
fn sample(setting: &Setting) -> (&'static str, &'static str) {
    let schema = (setting.schema)();
    match (schema["type"].as_str(), setting.value) {
        (Some("integer"), _) => ("7", "7"),
        (Some("boolean"), _) => ("true", "true"),
        (Some("array"), _) => ("pass", "['pass']"),
        (Some(_), "TIME") => ("7 days", "'7 days'"),
        (Some(_), _) => ("text", "'text'"),
        (None, "NAMES") => ("off", "'off'"),
        (None, "STRATEGY") => ("auto", "'auto'"),
        (None, "HOW") => ("all", "'all'"),
        (None, _) => ("v4", "'v4'"),
    }
}

#[test]
fn a_setting_is_read_wherever_it_is_said() {
    for setting in SETTINGS {
        let Setting {
            key,
            variable,
            value,
            ..
        } = setting;
        let (text, in_file) = sample(setting);
        let flag = format!("--{key}");
        let flags = if value.is_empty() {
            flags(&[&flag])
        } else {
            flags(&[&flag, text])
        };
        let variables = Given::by_variables(&variables(&[(*variable, text)])).unwrap();
        let file = Given {
            version: None,
            ..loaded(&format!("{key} = {in_file}\n"))
        };
        let origins = [
            format!("Flag({flag:?})"),
            format!("Environment({variable:?})"),
            "Config(".to_owned(),
        ];
        for (given, origin) in [flags, variables, file].iter().zip(origins) {
            let shown = format!("{given:?}");
            assert!(
                shown.contains(&format!("{}: Some(", key.replace('-', "_"))),
                "{shown}"
            );
            assert_eq!(shown.matches("Some(").count(), 1, "{shown}");
            assert!(shown.contains(&origin), "{shown}");
        }
    }
}

#[test]
fn a_breaker_is_said_with_its_place_and_a_flag_beats_every_waiver() {
    let config = loaded("max-404-percent = 60\nmax-failure-percent = 70\n");
    let pairs = [("RETIRE_MAX_FAILURE_PERCENT", "80")];
    let flags = flags(&["--max-404-percent", "10"]);
    let said = |flags: &Given| {
        let limits = resolve(flags, &pairs, Some(&config)).unwrap().limits;
        let said = |limits: &[Limit]| {
            let limits = limits.iter();
            let said =
                limits.map(|limit| format!("{} {} {}", limit.guard.name(), limit.figure, limit.at));
            said.collect::<Vec<_>>()
        };
        (said(&limits.set), said(&limits.tightened))
    };
    let (set, tightened) = said(&Given::default());
    // The first counts.
    let file = [
        "max-404-percent 60 repo/retire.toml:2",
        "max-failure-percent 70 repo/retire.toml:3",
    ];
    let variable = "max-failure-percent 80 RETIRE_MAX_FAILURE_PERCENT";
    assert_eq!(set, [variable, file[0], file[1]]);
    assert_eq!(tightened, [""; 0]);
    let (set, tightened) = said(&flags);
    let flag = "max-404-percent 10 --max-404-percent";
    assert_eq!(set, [flag, variable, file[0], file[1]]);
    assert_eq!(tightened, [flag]);
}
