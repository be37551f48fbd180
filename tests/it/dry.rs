//! Dryness: whatever is no command that changes something on the server asks it for nothing but to
//! read.

use std::collections::BTreeSet;

use clap::Command;
use frameio_retire::cli::args::help;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;

use crate::harness::{Desk, repository};
use crate::soak::Served;

/// What a command has to do with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// It reads.
    Reads,
    /// It asks for nothing.
    Nothing,
    /// It may change what is there, which other tests are about.
    Changes,
    /// It signs somebody in, which other tests are about.
    SignsIn,
    /// It is a server.
    Serves,
}

/// Every command, what it has to do with a server, and command lines of it to try. A command that
/// is missing here fails `every_command_is_in_the_table`.
const COMMANDS: &[(&str, Asks, &[&str])] = &[
    ("init", Asks::Reads, &["init fresh"]),
    ("whoami", Asks::Reads, &["whoami", "whoami --format json"]),
    ("login", Asks::SignsIn, &[]),
    ("logout", Asks::Nothing, &["logout"]),
    (
        "find",
        Asks::Reads,
        &[
            "find",
            "find --old-versions --depth 1",
            "find --format manifest --collapse",
            "find --refresh --policy policy.yaml --check",
            "find --out found.yaml",
        ],
    ),
    ("validate", Asks::Nothing, &["validate", "validate ."]),
    (
        "plan",
        Asks::Reads,
        &[
            "plan",
            "plan --format diff",
            "plan --format json",
            "plan --format markdown",
            "plan --check-retired --refresh",
            "plan --only owner=dailies@tidewater.example",
            "plan --detailed-exitcode",
            "plan --retry-blocked --max-attempts 1",
            "plan --skip-mismatched --out skipped.json",
            "plan --out plan.json",
        ],
    ),
    ("apply", Asks::Changes, &[]),
    ("probe", Asks::Changes, &[]),
    ("restore", Asks::Changes, &[]),
    (
        "show",
        Asks::Nothing,
        &["show plan.json", "show state.json", "show run.jsonl"],
    ),
    ("state list", Asks::Nothing, &["state list"]),
    (
        "state show",
        Asks::Nothing,
        &["state show 8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c01"],
    ),
    ("state history", Asks::Nothing, &["state history"]),
    (
        "state rm",
        Asks::Nothing,
        &["state rm 8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c09 --auto-approve"],
    ),
    ("state unstage", Asks::Changes, &[]),
    (
        "state accept-missing",
        Asks::Nothing,
        &["state accept-missing --reason test --auto-approve"],
    ),
    ("state unlock", Asks::Nothing, &["state unlock"]),
    (
        "state pull",
        Asks::Nothing,
        &["state pull", "state pull --out pulled.json"],
    ),
    ("state push", Asks::Nothing, &["state push pulled.json"]),
    (
        "state migrate",
        Asks::Reads,
        &["state migrate --api v4 --account 5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60"],
    ),
    (
        "state rebuild",
        Asks::Reads,
        &["state rebuild --state lost.state.json --auto-approve"],
    ),
    ("sandbox", Asks::Serves, &[]),
    ("schema", Asks::Nothing, &["schema manifest"]),
    ("completions", Asks::Nothing, &["completions bash"]),
    ("man", Asks::Nothing, &["man"]),
];

/// The names of all commands that have none below them.
fn leaves(command: &Command, above: &str, names: &mut BTreeSet<String>) {
    for one in command.get_subcommands() {
        let name = format!("{above}{}", one.get_name());
        if one.has_subcommands() {
            leaves(one, &format!("{name} "), names);
        } else {
            names.insert(name);
        }
    }
}

#[test]
fn every_command_is_in_the_table() {
    let mut names = BTreeSet::new();
    leaves(&help::command(), "", &mut names);
    let known = COMMANDS.iter().map(|(name, ..)| (*name).to_owned());
    assert_eq!(known.collect::<BTreeSet<_>>(), names);
    for (name, asks, lines) in COMMANDS {
        let tried = matches!(asks, Asks::Reads | Asks::Nothing);
        assert_eq!(tried, !lines.is_empty(), "{name}");
        assert!(lines.iter().all(|line| line.starts_with(name)), "{name}");
    }
}

/// The world of the quick start, where V4 finds files, folders, version stacks, held, missing and
/// refused ones.
fn world() -> World {
    let seed = repository().join("examples/quickstart-v4/sandbox.yaml");
    let seed = std::fs::read_to_string(seed).unwrap();
    let seed = seed.replace("version: 1\n", "version: 1\nlimits: off\n");
    World::from_seed(Seed::parse("sandbox.yaml", &seed).unwrap())
}

#[test]
fn nothing_but_reads_come_of_any_command_that_reads() {
    for api in ["v4", "v2"] {
        let served = Served::new(world());
        let desk = Desk::of_example("quickstart-v4");
        std::fs::remove_file(desk.path("retire.toml")).unwrap();
        let policy = "version: 1\nrules:\n  - {name: cuts, places: '*/cuts', filters: {older-than: 1d}, reason: old, manifest: cuts.yaml, max-assets: 100}\n";
        std::fs::write(desk.path("policy.yaml"), policy).unwrap();
        let account = "5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60";
        let url = served.sandbox.url();
        let run = |line: &str| {
            let line: Vec<&str> = line.split(' ').collect();
            let variables = [
                ("FRAMEIO_CLIENT_ID", "sandbox-client"),
                ("FRAMEIO_CLIENT_SECRET", "sandbox-secret"),
                ("RETIRE_IMS_ENDPOINT", &url),
                ("RETIRE_ENDPOINT", &url),
                ("RETIRE_ACCOUNT", account),
                ("RETIRE_STATE", "state.json"),
                ("RETIRE_API", "v4"),
            ];
            let token = [
                ("FRAMEIO_TOKEN", served.sandbox.token()),
                ("RETIRE_ENDPOINT", &url),
                ("RETIRE_STATE", "state.json"),
                ("RETIRE_API", "v2"),
            ];
            let mut command = desk.command(&line);
            command.env("XDG_DATA_HOME", desk.path("data"));
            if api == "v4" {
                command.envs(variables);
            } else {
                command.envs(token);
            }
            desk.done(&mut command)
        };
        // There is something to read of what an earlier run has left.
        run("apply --auto-approve --canary 0 --json-out run.jsonl").expect(3);
        let alive = || {
            served
                .sandbox
                .with_world(|world| world.assets().filter(|(_, alive)| *alive).count())
        };
        let before = alive();
        for (name, asks, lines) in COMMANDS {
            // Of a state that is one of V4 there is nothing to ask, and v2 has nothing to search.
            if matches!(
                (api, *name),
                ("v4", "state migrate") | ("v2", "find" | "state rebuild")
            ) {
                continue;
            }
            for line in *lines {
                let from = served.sandbox.log().len();
                let done = run(line);
                assert!(
                    !matches!(done.code, 7 | 64),
                    "{api} {line}: {}\n{}",
                    done.code,
                    done.err
                );
                let log = served.sandbox.log();
                let asked = &log[from..];
                for request in asked {
                    let (method, target) = (&*request.method, &*request.target);
                    let is_read = method == "GET" || (method, target) == ("POST", "/ims/token/v3");
                    assert!(is_read, "{api} {line}: {method} {target}");
                }
                // Else the test would say nothing.
                let reads = asked.iter().any(|request| request.method == "GET");
                let expected = *asks == Asks::Reads;
                assert_eq!(reads, expected, "{api} {line}: {}\n{}", done.out, done.err);
            }
        }
        assert_eq!(alive(), before, "{api}");
        served.stop();
    }
}
