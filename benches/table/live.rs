//! Plans and searches that read an account of V4, in scaled time: each window of the documented
//! limits is fifty times as short, and so is what is measured.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{self, Measured, Server};
use crate::row;
use crate::worlds::limits;

/// How much faster time goes by.
const SCALE: u32 = 50;

/// An account with folders of a project that hold as many files each, and some a version stack.
struct Account {
    folder: TempDir,
    assets: usize,
}

pub(crate) fn rows() {
    let account = Account::new((200, 49, 200), true);
    let done = account.plan();
    // What the limits allow: the 200 stacks are listed one by one, and the first hundred at once.
    let least = Duration::from_mins(1);
    scaled(
        "live `plan`, 200 folders, 200 stacks among them",
        account.assets,
        done,
        Some(least),
    );
    let account = Account::new((5_000, 20, 0), true);
    let done = account.find();
    scaled("`find` over 5,000 folders", account.assets, done, None);
    let account = Account::new((2_000, 50, 0), false);
    let done = account.plan();
    row(
        "live `plan`, 2,000 folders, without limits",
        Some(account.assets),
        done.wall,
        done.peak,
        None,
    );
}

/// Prints a row in the time of the real limits, beside the least that they allow.
fn scaled(what: &str, assets: usize, done: Measured, least: Option<Duration>) {
    let what = format!("{what}, documented limits, {SCALE} times as fast");
    row(&what, Some(assets), done.wall * SCALE, done.peak, least);
}

fn id(kind: u32, number: usize) -> String {
    format!("8d1f0c52-6a3b-4c7e-{kind:04x}-{number:012x}")
}

impl Account {
    fn new((folders, files, stacks): (usize, usize, usize), is_limited: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (mut world, mut listed, mut assets) = (String::new(), String::new(), 0);
        let project = id(1, 0);
        for day in 0..folders {
            let parent = id(2, day);
            let list = |listed: &mut String, id: &str, kind: &str| {
                writeln!(
                    listed,
                    "  - {{id: {id}, kind: {kind}, pin: {{parent: {parent}, project: {project}}}}}"
                )
                .unwrap();
            };
            write!(
                world,
                "              - {{id: {parent}, name: day {day}, type: folder, children: ["
            )
            .unwrap();
            for file in 0..files {
                let file = id(3, day * files + file);
                write!(world, "{{id: {file}, name: \"{file}.mov\", filesize: 7}}, ").unwrap();
                list(&mut listed, &file, "file");
                assets += 1;
            }
            if day < stacks {
                let stack = id(4, day);
                let (one, two) = (id(5, day), id(6, day));
                write!(world, "{{id: {stack}, name: reel, type: version_stack, children: [{{id: {one}, name: v1}}, {{id: {two}, name: v2}}]}}").unwrap();
                list(&mut listed, &stack, "version_stack");
                assets += 1;
            }
            world.push_str("]}\n");
        }
        let limits = if is_limited {
            format!("{{{}}}", limits(SCALE))
        } else {
            "off".to_owned()
        };
        let seed = format!(
            "version: 1\nlimits: {limits}\naccounts:\n  - id: {}\n    name: Tidewater\n    teams:\n      - id: {}\n        name: Post\n        projects:\n          - id: {project}\n            name: Tide\n            assets:\n{world}",
            id(7, 0),
            id(8, 0)
        );
        fs::write(folder.path().join("sandbox.yaml"), seed).unwrap();
        let waiver =
            "{guard: max-assets, limit: 100000000, reason: benchmark, expires: 2100-01-01}";
        let manifest = format!("version: 1\nwaivers: [{waiver}]\nassets:\n{listed}");
        fs::write(folder.path().join("listed.yaml"), manifest).unwrap();
        let settings = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
        fs::write(folder.path().join("retire.toml"), settings).unwrap();
        Self { folder, assets }
    }

    fn plan(&self) -> Measured {
        let manifest = self.folder.path().join("listed.yaml");
        self.run(&["plan", manifest.to_str().unwrap()])
    }

    fn find(&self) -> Measured {
        self.run(&["find", "--format", "ids"])
    }

    fn run(&self, arguments: &[&str]) -> Measured {
        let server = Server::seeded(&self.folder.path().join("sandbox.yaml"));
        let path = |name: &str| {
            Path::new(self.folder.path())
                .join(name)
                .to_str()
                .unwrap()
                .to_owned()
        };
        let variables = [
            ("RETIRE_API", "v4"),
            ("FRAMEIO_TOKEN", server.token()),
            ("RETIRE_ENDPOINT", server.url()),
            ("RETIRE_CONFIG", &path("retire.toml")),
            ("RETIRE_STATE", &path("state.json")),
            ("RETIRE_CACHE", &path("cache")),
        ];
        process::retire_with(&variables, arguments, None)
    }
}
