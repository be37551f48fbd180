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
mod live;
mod process;
mod script;
mod staged;
mod worlds;

use std::path::Path;
use std::time::Duration;

use process::{Measured, Server};
use worlds::Desk;

/// The sizes that are measured unless some are named.
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];

/// How many assets one delete asks for.
const BATCH: usize = 50;

/// How many requests are under way at once.
const AT_ONCE: usize = 4;

/// How often each of the two is run where they are compared.
const ROUNDS: usize = 3;

/// The number of assets that is also deleted on a server that is far away.
const FAR: usize = 100_000;

/// How long a request takes to such a server: little, as things go over the internet.
const FAR_AWAY: Duration = Duration::from_millis(20);

/// The number of assets that is also planned with names in the state.
const NAMED: usize = 1_000_000;

/// The largest number of assets that is deleted one by one.
const ONE_BY_ONE: usize = 10_000;

fn main() {
    // cargo passes `--bench`; everything else is a size, or `staged`.
    let words: Vec<String> = std::env::args().skip(1).collect();
    let named: Vec<usize> = words
        .iter()
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
    if words.iter().any(|word| word == "staged") {
        staged::rows();
        return;
    }
    startup();
    for size in &sizes {
        plans(*size);
        applies(*size);
    }
    live::rows();
    staged::rows();
    if sizes.contains(&NAMED) {
        known_by_name();
    }
}

/// Plans what a state knows the names of.
fn known_by_name() {
    let desk = Desk::named(NAMED);
    let done = process::retire(&[
        "plan",
        "--offline",
        "--state",
        desk.path("known.json").to_str().unwrap(),
        desk.path("bare.yaml").to_str().unwrap(),
    ]);
    row(
        "`plan`, bare ids, all known by name",
        Some(NAMED),
        done.wall,
        done.peak,
        None,
    );
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
            "--offline",
            "--state",
            desk.path(state).to_str().unwrap(),
            desk.path(manifest).to_str().unwrap(),
        ]);
        row(what, Some(size), done.wall, done.peak, None);
    }
}

fn applies(size: usize) {
    let desk = Desk::new(size);
    let bare = beside(&desk, Duration::ZERO, ROUNDS);
    if size == FAR {
        beside(&desk, FAR_AWAY, 1);
    }
    one_by_one(&desk, bare);
}

/// Deletes everything with the bare client and with the program, by turns, and prints the
/// medians; returns that of the bare client.
fn beside(desk: &Desk, delay: Duration, rounds: usize) -> Duration {
    let size = desk.ids.len();
    // The program sends in the order of the ids, and the order decides how much of the server's
    // memory is at hand.
    let mut ids = desk.ids.clone();
    ids.sort_unstable();
    let manifest = desk.path("bare.yaml");
    let state = desk.path("applied.json");
    let (mut bares, mut runs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let server = Server::of(&manifest, delay);
        bares.push(bare::delete_all(&server, &ids, BATCH, AT_ONCE));
        drop(server);
        let server = Server::of(&manifest, delay);
        runs.push(apply(&server, &manifest, &state));
        std::fs::remove_file(&state).unwrap();
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let how = if delay.is_zero() {
        String::new()
    } else {
        format!(", answers take {} ms", delay.as_millis())
    };
    let bare = median(bares);
    let what = format!("bare client, records nothing{how}");
    row(&what, Some(size), bare, None, Some(bare));
    let wall = median(runs.iter().map(|run| run.wall).collect());
    let peak = runs.iter().filter_map(|run| run.peak).max();
    row(&format!("`apply`{how}"), Some(size), wall, peak, Some(bare));
    let sending: Vec<Duration> = runs.iter().filter_map(|run| run.sending).collect();
    if sending.len() == runs.len() {
        let what = format!("… its sending and writing back{how}");
        row(&what, Some(size), median(sending), None, Some(bare));
    }
    bare
}

fn apply(server: &Server, manifest: &Path, state: &Path) -> Measured {
    let mut journal = state.as_os_str().to_owned();
    journal.push(".journal");
    process::retire_with(
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
        Some(Path::new(&journal)),
    )
}

fn one_by_one(desk: &Desk, bare: Duration) {
    let size = desk.ids.len();
    if size > ONE_BY_ONE {
        return;
    }
    let server = Server::of(&desk.path("bare.yaml"), Duration::ZERO);
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
