//! What people use today: a script that deletes one asset a call with the official client.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::process::Server;

/// The script; it waits for nothing and records nothing.
const SCRIPT: &str = "\
import sys
from frameioclient import FrameioClient
client = FrameioClient(sys.argv[2], host=sys.argv[1])
for line in open(sys.argv[3]):
    client.assets.delete(line.strip())
";

/// Deletes everything, and returns how long it took; or why that cannot be measured here.
pub(crate) fn delete_all(server: &Server, ids: &Path) -> Result<Duration, String> {
    let folder = tempfile::tempdir().unwrap();
    let venv = folder.path().join("venv");
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let python = venv.join("bin").join("python");
    run(Command::new(&python).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "frameioclient==1.1.0",
        "setuptools<81",
        "urllib3<2",
    ]))?;
    let start = Instant::now();
    run(Command::new(&python)
        .args(["-c", SCRIPT, server.url(), server.token()])
        .arg(ids))?;
    Ok(start.elapsed())
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|why| format!("python3 cannot be run: {why}"))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last = words.lines().last().unwrap_or("it said nothing");
    Err(last.to_owned())
}
