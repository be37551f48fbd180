//! Running the program and the sandbox as processes of their own, and measuring them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a run took, and its largest resident memory in KiB where the system tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) wall: Duration,
    pub(crate) peak: Option<u64>,
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_retire"));
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn retire(arguments: &[&str]) -> Measured {
    retire_with(&[], arguments)
}

/// Runs the program to its end with some variables.
pub(crate) fn retire_with(variables: &[(&str, &str)], arguments: &[&str]) -> Measured {
    let start = Instant::now();
    let mut child = command()
        .args(arguments)
        .envs(variables.iter().copied())
        .spawn()
        .unwrap();
    let mut peak = None;
    loop {
        // The high-water mark only grows, so the last look before the end is the figure.
        peak = high_water(child.id()).or(peak);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{arguments:?} ended with {status}");
            return Measured {
                wall: start.elapsed(),
                peak,
            };
        }
        std::thread::sleep(Duration::from_millis(1));
    }
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
    /// Serves what a manifest lists.
    pub(crate) fn of(manifest: &Path) -> Self {
        let mut child = command()
            .args(["sandbox", "--port", "0", "--limits", "off"])
            .arg(manifest)
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
