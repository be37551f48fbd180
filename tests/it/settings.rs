//! Flag, environment, `retire.toml`, default; and wrong usage.

use std::collections::BTreeSet;

use frameio_retire::cli::args;
use frameio_retire::cli::exit::Exit;
use frameio_retire::cli::settings::declare::on;
use frameio_retire::cli::settings::table::SETTINGS;

use crate::harness::{Desk, filters};

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

fn one() -> Desk {
    Desk::with(&format!("version: 1\nassets:\n- {A}\n"))
}

/// The endpoint that a plan goes by.
fn endpoint(desk: &Desk, variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let mut all = vec!["plan", "--offline", "--format", "json"];
    all.extend(arguments);
    let done = desk.run_with(variables, &all).expect(0);
    let plan: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    plan["endpoint"].as_str().unwrap().to_owned()
}

#[test]
fn a_flag_beats_the_environment_beats_the_config_beats_the_default() {
    let desk = one();
    assert_eq!(endpoint(&desk, &[], &[]), "https://api.frame.io");
    desk.write(
        "retire.toml",
        "version = 1\nendpoint = 'https://config.example'\n",
    );
    let trusted = ["--trust-config"];
    assert_eq!(endpoint(&desk, &[], &trusted), "https://config.example");
    let variable = [("RETIRE_ENDPOINT", "https://variable.example")];
    assert_eq!(
        endpoint(&desk, &variable, &trusted),
        "https://variable.example"
    );
    let flag = ["--trust-config", "--endpoint", "https://flag.example"];
    assert_eq!(endpoint(&desk, &variable, &flag), "https://flag.example");
}

#[test]
fn the_config_lies_beside_the_manifests_or_is_named() {
    let desk = Desk::new();
    desk.write("show/a.yaml", format!("version: 1\nassets: [{A}]\n"));
    desk.write(
        "show/retire.toml",
        "version = 1\nendpoint = 'https://beside.example'\n",
    );
    desk.write(
        "other.toml",
        "version = 1\nendpoint = 'https://named.example'\n",
    );
    let beside = ["--trust-config", "show"];
    assert_eq!(endpoint(&desk, &[], &beside), "https://beside.example");
    let named = ["--trust-config", "--config", "other.toml", "show"];
    assert_eq!(endpoint(&desk, &[], &named), "https://named.example");
    let variable = [
        ("RETIRE_CONFIG", "other.toml"),
        ("RETIRE_TRUST_CONFIG", "Yes"),
    ];
    assert_eq!(
        endpoint(&desk, &variable, &["show"]),
        "https://named.example"
    );
    desk.run(&["plan", "--config", "none.toml", "show"])
        .expect(8);
}

/// How many seconds a saved plan may wait.
fn plan_age(desk: &Desk, variables: &[(&str, &str)], arguments: &[&str]) -> i64 {
    let mut all = vec![
        "plan",
        "--offline",
        "--format",
        "json",
        "--out",
        "plan.json",
    ];
    all.extend(arguments);
    let done = desk.run_with(variables, &all).expect(0);
    let plan: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    let time = |key: &str| -> jiff::Timestamp { plan[key].as_str().unwrap().parse().unwrap() };
    time("expires_at").as_second() - time("created_at").as_second()
}

#[test]
fn a_length_of_time_may_have_days_wherever_it_is_said() {
    let desk = one();
    assert_eq!(plan_age(&desk, &[], &["--max-plan-age", "2 days"]), 172_800);
    let variable = [("RETIRE_MAX_PLAN_AGE", "1d 2h")];
    assert_eq!(plan_age(&desk, &variable, &[]), 93_600);
    desk.write("retire.toml", "version = 1\nmax-plan-age = '1 week'\n");
    assert_eq!(plan_age(&desk, &[], &[]), 604_800);
    desk.write("retire.toml", "version = 1\nmax-plan-age = '1 month'\n");
    let done = desk.run(&["plan"]).expect(8);
    assert!(done.err.contains("retire.toml:2:16"), "{}", done.err);
    assert!(
        done.err.contains("`1 month` is not a length of time"),
        "{}",
        done.err
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_its_code() {
    let desk = one();
    let mut transcript = String::new();
    let cases: [(&[&str], i32); 14] = [
        (&[], 64),
        (&["retire"], 64),
        (&["plan", "--fromat", "json"], 64),
        (&["plan", "--format", "yaml"], 64),
        (&["apply", "--batch-size", "0"], 64),
        (&["apply", "--batch-size", "5000"], 64),
        (&["plan", "--endpoint", "http://api.frame.io"], 64),
        (&["plan", "--endpoint", "api.frame.io"], 64),
        (&["plan", "--endpoint", "https://me:hush@a b"], 64),
        (&["plan", "--endpoint", "https://a.example/v2/me"], 64),
        (
            &["plan", "--sandbox", "--endpoint", "http://127.0.0.1:1"],
            64,
        ),
        (&["state"], 64),
        (&["state", "show", "nonsense"], 64),
        (&["schema", "manifesto"], 64),
    ];
    for (arguments, code) in cases {
        let done = desk.run(arguments).expect(code);
        transcript.push_str(&format!("## {}\n{}\n", arguments.join(" "), done.err));
    }
    desk.write(
        "retire.toml",
        "version = 1\nendpont = 'https://x.example'\n",
    );
    let done = desk.run(&["plan"]).expect(8);
    transcript.push_str(&format!("## a misspelt setting\n{}\n", done.err));
    desk.write(
        "retire.toml",
        "version = 1\nendpoint = 'http://x.example'\n",
    );
    let done = desk.run(&["plan", "--trust-config"]).expect(8);
    transcript.push_str(&format!("## plain HTTP in the config\n{}\n", done.err));
    let done = desk.run(&["plan"]).expect(8);
    transcript.push_str(&format!("## an endpoint in the config\n{}\n", done.err));
    std::fs::remove_file(desk.path("retire.toml")).unwrap();
    let done = desk
        .run_with(&[("RETIRE_BATCH_SIZE", "many")], &["plan"])
        .expect(64);
    transcript.push_str(&format!("## a variable\n{}\n", done.err));
    filters().bind(|| insta::assert_snapshot!("wrong_settings", transcript));
}

#[test]
fn help_and_version_are_no_errors() {
    let desk = Desk::new();
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["help", "apply"],
        &["apply", "--help"],
        &["-h"],
    ] {
        let done = desk.run(arguments).expect(0);
        assert_eq!(done.err, "");
        assert!(!done.out.is_empty());
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = desk.run(&["completions", shell]).expect(0);
        assert!(done.out.contains("retire"));
    }
}

/// One row of the table gives a setting its flag, its variable, its key and its place in the
/// schema; and nothing there comes from anywhere else.
#[test]
fn a_setting_is_declared_once() {
    let variables: BTreeSet<String> = SETTINGS.iter().map(|row| row.variable.to_owned()).collect();
    let named = SETTINGS
        .iter()
        .map(|row| format!("RETIRE_{}", row.key.replace('-', "_").to_uppercase()));
    assert_eq!(variables, named.collect());

    let desk = Desk::new();
    let schema = desk.run(&["schema", "config"]).expect(0);
    let schema: serde_json::Value = serde_json::from_str(&schema.out).unwrap();
    let properties = schema["properties"].as_object().unwrap().keys().cloned();
    let keys = SETTINGS
        .iter()
        .map(|row| row.key)
        .chain(["version", "guards", "marks"]);
    assert_eq!(
        properties.collect::<BTreeSet<_>>(),
        keys.map(str::to_owned).collect()
    );
}

#[test]
fn a_command_has_the_flags_that_the_table_gives_it() {
    let commands: [(&[&str], u16); 10] = [
        (&["whoami"], on::WHOAMI),
        (&["find"], on::FIND),
        (&["plan", "--out=-"], on::PLAN),
        (&["apply"], on::APPLY),
        (&["restore", "run:1", "--unproven"], on::RESTORE),
        (&["state", "migrate"], on::MIGRATE),
        (&["state", "list"], on::READ_STATE),
        (&["state", "rm", A], on::WRITE_STATE),
        (&["validate"], on::VALIDATE),
        (&["show"], on::SHOW),
    ];
    for setting in SETTINGS {
        let flag = match (setting.value, setting.key) {
            ("", key) => format!("--{key}"),
            ("API", key) => format!("--{key}=v4"),
            ("NAMES", key) => format!("--{key}=off"),
            ("STRATEGY", key) => format!("--{key}=auto"),
            ("HOW", key) => format!("--{key}=all"),
            ("TIME", key) => format!("--{key}=7s"),
            (_, key) => format!("--{key}=7"),
        };
        for (words, on) in commands {
            let words = ["retire"].iter().chain(words).copied().chain([&*flag]);
            let read = args::help::command().try_get_matches_from(words);
            assert_eq!(read.is_ok(), setting.commands & on != 0, "{flag}: {read:?}");
        }
    }
}

/// The help of a command and of all below it, as a terminal of `width` columns shows it.
pub(crate) fn helps(
    command: clap::Command,
    width: usize,
    long: bool,
    found: &mut Vec<(String, String)>,
) {
    let mut command = command.term_width(width);
    command.build();
    let text = if long {
        command.render_long_help()
    } else {
        command.render_help()
    };
    let name = command.get_bin_name().unwrap_or("retire").to_owned();
    let below: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    found.push((name, text.to_string()));
    for command in below {
        helps(command, width, long, found);
    }
}

#[test]
fn the_short_help_fits_a_terminal() {
    let mut found = Vec::new();
    helps(args::help::command(), 80, false, &mut found);
    assert!(found.len() > 15, "{found:?}");
    for (name, text) in found {
        assert!(text.lines().count() <= 40, "{name}\n{text}");
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{name}\n{text}");
    }
}

/// Each flag stands below a heading, and these have their order; examples and exit codes follow.
#[test]
fn the_long_help_has_headings_examples_and_exit_codes() {
    let order = [
        "Arguments",
        "Plan",
        "Guards",
        "Filters",
        "Approval and output",
        "Manifest",
        "Server and account",
        "Credentials",
        "State",
        "Limits that stop a run",
        "Requests",
        "Global options",
        "Examples",
        "Exit codes",
    ];
    let mut found = Vec::new();
    helps(args::help::command(), 80, true, &mut found);
    for (name, text) in &found {
        if name.split(' ').any(|word| word == "help") {
            continue;
        }
        let headings: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_suffix(':').filter(|line| !line.starts_with(' ')))
            .filter(|heading| !matches!(*heading, "Commands" | "Options"))
            .collect();
        let expected = order.iter().filter(|heading| headings.contains(heading));
        assert_eq!(headings, expected.copied().collect::<Vec<_>>(), "{name}");
        assert!(headings.ends_with(&order[11..]), "{name}: {headings:?}");
        let (_, examples) = text.split_once("Examples:\n").unwrap();
        let examples = examples.lines().take_while(|line| !line.trim().is_empty());
        let mut count = 0;
        for example in examples {
            let words = example.split_whitespace();
            let words = words.take_while(|word| !matches!(*word, "#" | "<" | ">"));
            let read = args::help::command().try_get_matches_from(words);
            assert!(read.is_ok(), "{name}: {example}");
            count += 1;
        }
        assert_eq!(count, 3, "{name}");
        for exit in Exit::ALL {
            let (code, meaning) = (exit.code(), exit.meaning());
            let plain: Vec<&str> = text.split_whitespace().collect();
            let meant: Vec<&str> = meaning.split_whitespace().collect();
            let meant = format!("{code} {}", meant.join(" "));
            assert!(plain.join(" ").contains(&meant), "{name}: {code}");
        }
    }
    let (_, apply) = found
        .iter()
        .find(|(name, _)| name == "retire apply")
        .unwrap();
    let headings = order
        .iter()
        .filter(|heading| apply.contains(&format!("\n{heading}:\n")));
    // All but those of `find`.
    assert_eq!(headings.count(), order.len() - 2);
}

/// Nothing is a terminal here, so that colour is for who asks for it.
#[test]
fn colour_is_for_who_asks_for_it() {
    const FORCED: (&str, &str) = ("CLICOLOR_FORCE", "1");
    const NONE: (&str, &str) = ("NO_COLOR", "1");
    let desk = Desk::of_example("quickstart");
    let cases = [
        (vec![], "auto", false),
        (vec![FORCED], "auto", true),
        (vec![FORCED, NONE], "auto", false),
        (vec![NONE], "always", true),
        (vec![FORCED], "never", false),
        (vec![("TERM", "dumb")], "always", true),
    ];
    for (variables, when, coloured) in cases {
        let arguments = ["plan", "--sandbox", "--color", when, "."];
        let done = desk.run_with(&variables, &arguments).expect(0);
        let shown = done.out.contains("\u{1b}[");
        assert_eq!(shown, coloured, "{variables:?} {when}: {}", done.out);
    }
}
