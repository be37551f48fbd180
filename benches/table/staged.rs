//! What moves aside what goes, beside what deletes it one by one, in scaled time.

use std::fmt::Write as _;
use std::fs;

use tempfile::TempDir;

use crate::process::{self, Measured, Server};
use crate::row;
use crate::worlds::limits;

/// How much faster time goes by: the program's own work counts for so much more, and so would what it
/// waits for between two looks at a deleted folder, which the sandbox therefore empties at once.
const SCALE: u32 = 20;

/// What is deleted: so many of a kind in each of so many projects.
#[derive(Clone, Copy)]
struct Job {
    what: &'static str,
    projects: usize,
    each: usize,
    kind: &'static str,
}

pub(crate) fn rows() {
    for job in [
        Job {
            what: "10,000 files of one project",
            projects: 1,
            each: 10_000,
            kind: "file",
        },
        Job {
            what: "10,000 files of 50 projects",
            projects: 50,
            each: 200,
            kind: "file",
        },
        Job {
            what: "1,000 folders",
            projects: 1,
            each: 1_000,
            kind: "folder",
        },
        Job {
            what: "300 version stacks",
            projects: 1,
            each: 300,
            kind: "version_stack",
        },
    ] {
        let staged = job.run("staged");
        let direct = job.run("direct");
        for (how, done) in [("staged", staged), ("one by one", direct)] {
            let what = format!("`apply`, {}, {how}, {SCALE} times as fast", job.what);
            let beside = Some(direct.wall * SCALE);
            let assets = job.projects * job.each;
            row(&what, Some(assets), done.wall * SCALE, done.peak, beside);
        }
    }
}

fn id(kind: usize, number: usize) -> String {
    format!("8d1f0c52-6a3b-4c7e-{kind:04x}-{number:012x}")
}

impl Job {
    /// An account with all of it, and a manifest that lists it.
    fn account(self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut world = format!(
            "version: 1\nlimits: {{{}}}\nbehaviour: {{slow_cascade: 0}}\naccounts:\n  - id: {}\n    name: Tidewater\n    teams:\n      - id: {}\n        name: Post\n        projects:\n",
            limits(SCALE),
            id(7, 0),
            id(8, 0)
        );
        let waiver =
            "{guard: max-assets, limit: 100000000, reason: benchmark, expires: 2100-01-01}";
        let mut listed = format!("version: 1\nwaivers: [{waiver}]\nassets:\n");
        for project in 0..self.projects {
            let (at, day) = (id(1, project), id(2, project));
            writeln!(
                world,
                "          - id: {at}\n            name: Tide {project}\n            assets:\n              - {{id: {day}, name: day, type: folder, children: ["
            )
            .unwrap();
            for number in 0..self.each {
                let number = project * self.each + number;
                let (one, a, b) = (id(3, number), id(4, number), id(5, number));
                let kind = self.kind;
                let inside = match kind {
                    "file" => String::new(),
                    _ => format!(
                        ", children: [{{id: {a}, name: a, filesize: 7}}, {{id: {b}, name: b, filesize: 7}}]"
                    ),
                };
                let size = if kind == "file" { ", filesize: 7" } else { "" };
                writeln!(
                    world,
                    "                  {{id: {one}, name: n{number}, type: {kind}{size}{inside}}},"
                )
                .unwrap();
                writeln!(
                    listed,
                    "  - {{id: {one}, kind: {kind}, pin: {{parent: {day}, project: {at}}}}}"
                )
                .unwrap();
            }
            world.push_str("                ]}\n");
        }
        fs::write(folder.path().join("sandbox.yaml"), world).unwrap();
        fs::write(folder.path().join("listed.yaml"), listed).unwrap();
        let settings = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
        fs::write(folder.path().join("retire.toml"), settings).unwrap();
        folder
    }

    fn run(self, strategy: &str) -> Measured {
        let account = self.account();
        let path = |name: &str| account.path().join(name).to_str().unwrap().to_owned();
        let server = Server::seeded(&account.path().join("sandbox.yaml"));
        let variables = [
            ("RETIRE_API", "v4"),
            ("FRAMEIO_TOKEN", server.token()),
            ("RETIRE_ENDPOINT", server.url()),
            ("RETIRE_CONFIG", &path("retire.toml")),
            ("RETIRE_STATE", &path("state.json")),
            ("RETIRE_CACHE", &path("cache")),
            ("RETIRE_STRATEGY", strategy),
        ];
        let manifest = path("listed.yaml");
        let arguments = ["apply", "--auto-approve", "--unproven", &*manifest];
        process::retire_with(&variables, &arguments, None)
    }
}
