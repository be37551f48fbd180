#!/usr/bin/env python3
"""Runs a suite of tests in Python, with what its requirements.txt names, by version and hash.

Usage: suite.py SUITE RETIRE FOLDER

SUITE is a folder beside this file, RETIRE is the program, FOLDER is where the virtual environment
is made or found again.
Exits with 0 where the suite passed, with 1 where it did not, and with 77 where its requirements
cannot be installed.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

NOT_INSTALLED = 77


def installed(requirements: Path, folder: Path) -> Path:
    """Makes the virtual environment, unless it is there already as it should be."""
    wanted = requirements.read_text()
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp = folder / "installed"
    if not (stamp.is_file() and stamp.read_text() == wanted):
        venv.create(folder, clear=True, with_pip=True)
        pip = [python, "-m", "pip", "--disable-pip-version-check", "--retries", "1"]
        subprocess.run([*pip, "install", "--quiet", "--require-hashes", "-r", requirements], check=True)
        stamp.write_text(wanted)
    return python


def main() -> int:
    suite = Path(__file__).resolve().parent / sys.argv[1]
    program, folder = (Path(argument).resolve() for argument in sys.argv[2:4])
    try:
        python = installed(suite / "requirements.txt", folder)
    except (OSError, subprocess.CalledProcessError) as why:
        print(f"what it needs cannot be installed: {why}", file=sys.stderr)
        return NOT_INSTALLED
    environment = {**os.environ, "RETIRE": str(program), "NO_PROXY": "*"}
    tests = [python, "-B", "-W", "ignore", "-m", "unittest", "discover", "-s", suite, "-t", suite]
    return min(subprocess.run(tests, env=environment).returncode, 1)


if __name__ == "__main__":
    sys.exit(main())
