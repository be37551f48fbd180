#!/usr/bin/env python3
"""Lets Frame.io's own Python clients drive the sandbox.

Usage: run.py RETIRE FOLDER

RETIRE is the program, FOLDER is where the virtual environment is made or found again.
Exits with 0 where the clients got along with the sandbox, with 1 where they did not, and with
77 where they cannot be installed.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
NOT_INSTALLED = 77


def installed(folder: Path) -> Path:
    """Makes the virtual environment, unless it is there already as it should be."""
    wanted = (HERE / "requirements.txt").read_text()
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp = folder / "installed"
    if not (stamp.is_file() and stamp.read_text() == wanted):
        venv.create(folder, clear=True, with_pip=True)
        pip = [python, "-m", "pip", "--disable-pip-version-check", "--retries", "1"]
        subprocess.run([*pip, "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    return python


def main() -> int:
    program, folder = (Path(argument).resolve() for argument in sys.argv[1:3])
    try:
        python = installed(folder)
    except (OSError, subprocess.CalledProcessError) as why:
        print(f"the clients cannot be installed: {why}", file=sys.stderr)
        return NOT_INSTALLED
    environment = {**os.environ, "RETIRE": str(program), "NO_PROXY": "*"}
    tests = [python, "-B", "-W", "ignore", "-m", "unittest", "discover", "-s", HERE, "-t", HERE]
    return min(subprocess.run(tests, env=environment).returncode, 1)


if __name__ == "__main__":
    sys.exit(main())
