//! Running the program and the sandbox as processes of their own, and measuring them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a run took, and its largest resident memory in KiB where the system tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) wall: Duration,
    pub(crate) peak: Option<u64>,
    /// How long its journal was there: from the first intent until the state is written.
    pub(crate) sending: Option<Duration>,
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_retire"));
    command
        .env_clear()
        // The bulk delete is what is measured.
        .env("RETIRE_API", "v2")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn retire(arguments: &[&str]) -> Measured {
    retire_with(&[], arguments, None)
}

/// Runs the program to its end with some variables, and watches the journal of its state.
pub(crate) fn retire_with(
    variables: &[(&str, &str)],
    arguments: &[&str],
    journal: Option<&Path>,
) -> Measured {
    let start = Instant::now();
    let mut child = command()
        .args(arguments)
        .envs(variables.iter().copied())
        .spawn()
        .unwrap();
    let pid = child.id();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(pid, journal, start, &over));
        let status = child.wait().unwrap();
        let wall = start.elapsed();
        over.store(true, Ordering::Relaxed);
        assert!(status.success(), "{arguments:?} ended with {status}");
        let (peak, sending) = watcher.join().unwrap();
        Measured {
            wall,
            peak,
            sending,
        }
    })
}

/// Looks at a process until it is over, the more seldom the longer it takes: each look costs
/// time that it may want.
fn watch(
    pid: u32,
    journal: Option<&Path>,
    start: Instant,
    over: &AtomicBool,
) -> (Option<u64>, Option<Duration>) {
    let mut peak = None;
    let mut seen: Option<(Instant, Instant)> = None;
    while !over.load(Ordering::Relaxed) {
        if journal.is_some_and(Path::exists) {
            let now = Instant::now();
            seen = Some((seen.map_or(now, |(first, _)| first), now));
        }
        // The high-water mark only grows, so the last look before the end is the figure.
        peak = high_water(pid).or(peak);
        let pause = start.elapsed() / 200;
        std::thread::sleep(pause.max(Duration::from_micros(200)));
    }
    (peak, seen.map(|(first, last)| last - first))
}

fn high_water(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A sandbox in a process of its own, without rate limits.
pub(crate) struct Server {
    child: Child,
    url: String,
    token: String,
}

impl Server {
    /// Serves what a manifest lists, and lets each answer take a while.
    pub(crate) fn of(manifest: &Path, delay: Duration) -> Self {
        let fault = format!("delay/{}ms=100%", delay.as_millis());
        let faults = (!delay.is_zero()).then_some(["--fault", &fault]);
        let manifest = manifest.to_str().unwrap();
        let arguments = ["--limits", "off"].into_iter();
        let arguments = arguments.chain(faults.into_iter().flatten());
        Self::start(arguments.chain([manifest]))
    }

    /// Serves a world of V4 with the limits that it says.
    pub(crate) fn seeded(seed: &Path) -> Self {
        Self::start(["--seed", seed.to_str().unwrap()].into_iter())
    }

    fn start<'argument>(arguments: impl Iterator<Item = &'argument str>) -> Self {
        let mut child = command()
            .args(["sandbox", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = None;
        let mut token = None;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while url.is_none() || token.is_none() {
            let line = lines
                .next()
                .expect("the sandbox tells its address")
                .unwrap();
            for word in line.split_whitespace() {
                let word = word.trim_matches(|sign: char| "'\"`,;".contains(sign));
                if word.starts_with("http://127.0.0.1:") {
                    url.get_or_insert_with(|| word.to_owned());
                }
                if let Some(found) = word.strip_prefix("FRAMEIO_TOKEN=") {
                    token.get_or_insert_with(|| found.to_owned());
                }
            }
        }
        Self {
            child,
            url: url.unwrap(),
            token: token.unwrap(),
        }
    }

    /// Its base address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The token that it accepts.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
