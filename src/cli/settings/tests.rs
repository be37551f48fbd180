use proptest::prelude::*;

use super::*;
use crate::cli::config::Config;
use crate::cli::env::TOKEN;
use crate::cli::settings::access::{ClientSource, Half, TokenSource};

fn loaded(config: Config) -> Loaded {
    Loaded {
        path: "repo/retire.toml".into(),
        config,
        trusted: true,
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
        configs: config.map_or(&[], std::slice::from_ref),
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
    assert_eq!(settings.access.token, None);
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
    assert_eq!(settings.access.token, None);
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
            .access
            .token
            .unwrap()
            .value
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
            "`RETIRE_API`: `v3` is no version of the API: it is `v2` or `v4`",
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

#[test]
fn a_client_is_put_together_from_the_nearest_halves() {
    let file = loaded(Config {
        version: 1,
        client_id_file: Some("id".into()),
        client_secret_file: Some("secret".into()),
        ..Config::default()
    });
    let client = |target: &Target, variables: &[(&str, &str)], config| match resolve(
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
    let path = |path: &str| Some(Half::File(path.into()));
    let none = Target::default();
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
    let flagged = Target {
        client_id_file: Some("flag".into()),
        ..Target::default()
    };
    let variables = [(TOKEN, "x"), ("RETIRE_CLIENT_SECRET_FILE", "env")];
    assert_eq!(
        client(&flagged, &variables, None),
        (path("flag"), path("env"))
    );
    assert_eq!(client(&flagged, &[], None), (path("flag"), None));
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
    let file = loaded(Config {
        version: 1,
        api: Some(crate::cli::config::ConfigApi::V4),
        account: Some("adobe:ABC@AdobeOrg".to_owned()),
        legacy_token: Some(true),
        ims_endpoint: Some("http://127.0.0.1:9".to_owned()),
        ..Config::default()
    });
    let settings = resolve(&Target::default(), &[], Some(&file)).unwrap();
    assert_eq!(settings.api.value, Api::V4);
    assert!(settings.access.legacy);
    assert_eq!(settings.access.ims.as_str(), "http://127.0.0.1:9");
    assert_eq!(settings.account.unwrap().value, "adobe:ABC@AdobeOrg");
    let variables = [("RETIRE_LEGACY_TOKEN", "0"), ("RETIRE_API", "v2")];
    let settings = resolve(&Target::default(), &variables, Some(&file)).unwrap();
    assert!(!settings.access.legacy);
    assert_eq!(settings.api.value, Api::V2);
    for (name, value) in [
        ("RETIRE_IMS_ENDPOINT", "http://ims.example"),
        ("RETIRE_LEGACY_TOKEN", "maybe"),
        ("RETIRE_API", "v3"),
    ] {
        assert!(resolve(&Target::default(), &[(name, value)], None).is_err());
    }
    let both = [("RETIRE_LEGACY_TOKEN", "true"), ("FRAMEIO_CLIENT_ID", "x")];
    let error = resolve(&Target::default(), &both, None).unwrap_err();
    assert!(
        error.to_string().contains("`RETIRE_LEGACY_TOKEN`"),
        "{error}"
    );
}

/// All that decides where a secret goes and what is executed.
fn guarded(name: &str) -> Config {
    Config {
        version: 1,
        endpoint: Some(format!("https://{name}.example")),
        ims_endpoint: Some(format!("https://ims.{name}.example")),
        token_file: Some(name.into()),
        client_id_file: Some(name.into()),
        client_secret_file: Some(name.into()),
        legacy_token: Some(true),
        batch_size: NonZeroUsize::new(7),
        ..Config::default()
    }
}

fn of_files(variables: &[(&str, &str)], configs: &[Loaded]) -> Settings {
    let environment = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let sources = Sources {
        times: Times::default(),
        sending: &Sending::default(),
        target: &Target::default(),
        batch_size: None,
        concurrency: None,
        environment: &environment,
        configs,
        folder: None,
    };
    sources.resolve().unwrap()
}

#[test]
fn what_is_not_trusted_says_nothing_of_secrets() {
    let project = Loaded {
        trusted: false,
        ..loaded(guarded("project"))
    };
    let own = Loaded {
        path: "/home/me/config.toml".into(),
        config: guarded("own"),
        trusted: true,
    };
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
    let error = resolve(&Target::default(), &variables, None).unwrap_err();
    assert!(error.to_string().contains("`RETIRE_TOKEN_FILE`"), "{error}");
    assert!(!error.is_config());
    let file = loaded(Config {
        version: 1,
        token_file: Some("f".into()),
        token_command: Some(vec!["c".to_owned()]),
        ..Config::default()
    });
    let error = resolve(&Target::default(), &[], Some(&file)).unwrap_err();
    assert!(error.to_string().contains("`token-file`"), "{error}");
    assert!(error.is_config());
}

#[test]
fn a_version_behind_the_endpoint_is_left_out_with_a_word() {
    let settings = resolve(
        &Target::default(),
        &[("RETIRE_ENDPOINT", "http://127.0.0.1:9/v4/")],
        None,
    )
    .unwrap();
    assert_eq!(settings.server.value.name(), "http://127.0.0.1:9");
    assert_eq!(
        settings.notes(),
        ["`RETIRE_ENDPOINT`: `/v4` is left out of the endpoint; `--api` says the version, here v2"]
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
        assert_eq!(server::is_same(one, other), same, "{one} {other}");
    }
}

#[test]
fn a_command_is_in_no_debug_form() {
    let target = Target {
        token_command: Some(crate::cli::args::Hidden("TOKEN=hush op".to_owned())),
        ..Target::default()
    };
    let settings = resolve(&target, &[], None).unwrap();
    let program = TokenSource::Program(vec!["op".to_owned(), "hush".to_owned()]);
    let shown = format!("{target:?} {settings:?} {program:?}");
    assert!(!shown.contains("hush"), "{shown}");
}
