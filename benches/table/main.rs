//! The whole program, measured from outside: one command that prints a table.
//!
//! `plan` and `apply` at several sizes, `apply` beside a bare client that sends the same batches
//! and records nothing, and beside the script that people use today; see benches/README.md.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark may fail loudly, and measures with files and clocks"
)]

mod bare;
mod process;
mod script;
mod worlds;

use std::time::Duration;

use process::{Measured, Server};
use worlds::Desk;

/// The sizes that are measured unless some are named.
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];

/// How many assets one delete asks for.
const BATCH: usize = 50;

/// How many requests are under way at once.
const AT_ONCE: usize = 4;

/// The largest number of assets that is deleted one by one.
const ONE_BY_ONE: usize = 10_000;

fn main() {
    // cargo passes `--bench`; everything else is a size.
    let named: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|word| word.replace(['_', ','], "").parse().ok())
        .collect();
    let sizes = if named.is_empty() {
        SIZES.to_vec()
    } else {
        named
    };
    println!(
        "| what | assets | wall time | peak memory | assets a second | beside the bare client |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    startup();
    for size in sizes {
        plans(size);
        applies(size);
    }
}

fn startup() {
    let runs: Vec<Measured> = (0..20).map(|_| process::retire(&["--version"])).collect();
    let best = runs.iter().map(|run| run.wall).min().unwrap();
    let memory = runs.iter().filter_map(|run| run.peak).max();
    row("`retire --version`, best of 20", None, best, memory, None);
}

fn plans(size: usize) {
    let desk = Desk::new(size);
    for (what, manifest, state) in [
        ("`plan`, bare ids, nothing known", "bare.yaml", "none.json"),
        ("`plan`, bare ids, all known", "bare.yaml", "known.json"),
        (
            "`plan`, full entries, nothing known",
            "full.yaml",
            "none.json",
        ),
        ("`plan`, full entries, all known", "full.yaml", "known.json"),
    ] {
        let done = process::retire(&[
            "plan",
            "--state",
            desk.path(state).to_str().unwrap(),
            desk.path(manifest).to_str().unwrap(),
        ]);
        row(what, Some(size), done.wall, done.peak, None);
    }
}

fn applies(size: usize) {
    let desk = Desk::new(size);
    let manifest = desk.path("bare.yaml");
    let server = Server::of(&manifest);
    // The program sends in the order of the ids, and the order decides how much of the server's
    // memory is at hand.
    let mut ids = desk.ids.clone();
    ids.sort_unstable();
    let bare = bare::delete_all(&server, &ids, BATCH, AT_ONCE);
    row(
        "bare client, records nothing",
        Some(size),
        bare,
        None,
        Some(bare),
    );
    drop(server);

    let server = Server::of(&manifest);
    let state = desk.path("applied.json");
    let done = process::retire_with(
        &[("FRAMEIO_TOKEN", server.token())],
        &[
            "apply",
            "--auto-approve",
            "--quiet",
            "--endpoint",
            server.url(),
            "--state",
            state.to_str().unwrap(),
            manifest.to_str().unwrap(),
        ],
    );
    row("`apply`", Some(size), done.wall, done.peak, Some(bare));
    drop(server);

    if size > ONE_BY_ONE {
        return;
    }
    let server = Server::of(&manifest);
    match script::delete_all(&server, &desk.path("ids.txt")) {
        Ok(wall) => row(
            "script with `frameioclient` 1.1.0, one by one",
            Some(size),
            wall,
            None,
            Some(bare),
        ),
        Err(why) => {
            println!("| script with `frameioclient` 1.1.0 | {size} | skipped: {why} | | | |");
        }
    }
}

/// Prints a row; `bare` is how long the bare client took for the same.
fn row(what: &str, size: Option<usize>, wall: Duration, peak: Option<u64>, bare: Option<Duration>) {
    let assets = size.map_or_else(String::new, |size| size.to_string());
    let memory = peak.map_or_else(String::new, |kib| format!("{} MB", kib.div_ceil(1_024)));
    let speed = size.map_or_else(String::new, |size| {
        let milliseconds = wall.as_millis().max(1);
        (size as u128 * 1_000 / milliseconds).to_string()
    });
    let ratio = bare.map_or_else(String::new, |bare| {
        format!("{:.0} %", 100.0 * bare.as_secs_f64() / wall.as_secs_f64())
    });
    println!(
        "| {what} | {assets} | {:.3} s | {memory} | {speed} | {ratio} |",
        wall.as_secs_f64()
    );
}
