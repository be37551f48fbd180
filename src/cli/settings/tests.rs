use proptest::prelude::*;

use super::*;
use crate::cli::config::Config;

fn loaded(config: Config) -> Loaded {
    Loaded {
        path: "repo/retire.toml".into(),
        config,
    }
}

fn resolve(
    target: &Target,
    variables: &[(&str, &str)],
    config: Option<&Loaded>,
) -> Result<Settings, SettingsError> {
    let environment = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    Sources {
        times: Times::default(),
        sending: &Sending::default(),
        target,
        batch_size: None,
        concurrency: None,
        environment: &environment,
        config,
        folder: Some(Path::new("repo")),
    }
    .resolve()
}

#[test]
fn without_a_word_the_defaults_hold() {
    let settings = resolve(&Target::default(), &[], None).unwrap();
    assert_eq!(settings.state.value, Path::new("repo/retire.state.json"));
    assert_eq!(settings.server.value.name(), "https://api.frame.io");
    assert_eq!(settings.batch_size.value.get(), 50);
    assert_eq!(settings.concurrency.value.get(), 4);
    assert_eq!(settings.rules(), Rules::default());
    assert_eq!(settings.account, None);
    assert_eq!(settings.token, None);
}

proptest! {
    #[test]
    fn the_nearest_word_counts(flag: bool, variable: bool, config: bool) {
        let target = Target {
            state: flag.then(|| "flag.json".into()),
            endpoint: flag.then(|| "http://127.0.0.1:1".to_owned()),
            account: flag.then(|| "FLAG".to_owned()),
            max_attempts: flag.then_some(NonZeroU32::MIN),
            ..Target::default()
        };
        let variables = [
            ("RETIRE_STATE", "env.json"),
            ("RETIRE_ENDPOINT", "http://127.0.0.1:2"),
            ("RETIRE_ACCOUNT", "ENV"),
            ("RETIRE_MAX_ATTEMPTS", "2"),
        ];
        let variables = if variable { &variables[..] } else { &[] };
        let file = loaded(Config {
            version: 1,
            state: Some("config.json".into()),
            endpoint: Some("http://127.0.0.1:3".to_owned()),
            account: Some("CONFIG".to_owned()),
            max_attempts: NonZeroU32::new(3),
            ..Config::default()
        });
        let settings = resolve(&target, variables, config.then_some(&file)).unwrap();
        let (state, endpoint, account, attempts) = match (flag, variable, config) {
            (true, _, _) => ("flag.json", "http://127.0.0.1:1", Some("flag"), 1),
            (_, true, _) => ("env.json", "http://127.0.0.1:2", Some("env"), 2),
            (_, _, true) => ("repo/config.json", "http://127.0.0.1:3", Some("config"), 3),
            (false, false, false) => ("repo/retire.state.json", ENDPOINT, None, 5),
        };
        prop_assert_eq!(settings.state.value, Path::new(state));
        prop_assert_eq!(settings.server.value.name(), endpoint);
        prop_assert_eq!(settings.account.as_ref().map(|account| account.value.as_str()), account);
        prop_assert_eq!(settings.max_attempts.value, attempts);
    }
}

#[test]
fn the_sandbox_takes_nothing_that_is_meant_for_earnest() {
    let target = Target {
        sandbox: true,
        ..Target::default()
    };
    let file = loaded(Config {
        version: 1,
        account: Some("a".to_owned()),
        token_file: Some("t".into()),
        ..Config::default()
    });
    let variables = [
        (TOKEN, "hush"),
        ("RETIRE_STATE", "real.json"),
        ("RETIRE_ENDPOINT", "https://api.frame.io"),
        ("RETIRE_ACCOUNT", "b"),
    ];
    let settings = resolve(&target, &variables, Some(&file)).unwrap();
    assert_eq!(
        settings.state.value,
        Path::new("repo/retire.sandbox.state.json")
    );
    assert_eq!(settings.server.value, Server::Sandbox);
    assert_eq!(settings.account, None);
    assert_eq!(settings.token, None);
}

#[test]
fn the_token_comes_from_the_nearest_source() {
    let flagged = Target {
        token_file: Some("flag".into()),
        ..Target::default()
    };
    let file = loaded(Config {
        version: 1,
        token_file: Some("secret".into()),
        ..Config::default()
    });
    let token = |target: &Target, variables: &[(&str, &str)]| {
        resolve(target, variables, Some(&file))
            .unwrap()
            .token
            .unwrap()
    };
    let none = Target::default();
    assert_eq!(
        token(&flagged, &[(TOKEN, "x")]),
        TokenSource::File("flag".into())
    );
    assert_eq!(token(&none, &[(TOKEN, "x")]), TokenSource::Environment);
    assert_eq!(
        token(&none, &[("RETIRE_TOKEN_COMMAND", "op read x")]),
        TokenSource::Shell("op read x".to_owned())
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
            "`RETIRE_API`: `v3` is no version of the API: it is `v2`",
        ),
        (
            ("RETIRE_ENDPOINT", "http://10.0.0.1"),
            "`RETIRE_ENDPOINT`: `http://10.0.0.1` is plain HTTP beyond this machine, and would show the token to the network",
        ),
    ] {
        let error = resolve(&Target::default(), &[variables], None).unwrap_err();
        assert_eq!(error.to_string(), words);
        assert!(!error.is_config());
    }
}
