"""A studio that uses the examples: a repository, its server, a sandbox, and what runs pipelines."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "examples" / "ci"
HERE = Path(__file__).resolve().parent
TOOLS = Path(sys.executable).parent
NO_SUM = "0" * 64
TOKEN = "sandbox-token"


class Studio(unittest.TestCase):
    """A test with a studio of its own, which begins with `example`."""

    example = "quickstart-v4"

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in ("home", "bin", "artifacts", "caches", "fake", "here"):
            (self.folder / name).mkdir()
        for tool in ("gh", "curl"):
            (self.folder / "bin" / tool).symlink_to(HERE / "fakes" / tool)
        self.environment = {
            "PATH": f"{self.folder / 'bin'}:{TOOLS}:{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "RETIRE_CACHE": "",
            "ARTIFACTS": str(self.folder / "artifacts"),
            "CACHES": str(self.folder / "caches"),
            "GITHUB_FAKE": str(self.folder / "fake"),
            "RELEASE": str(self.folder / "release.tar.gz"),
            "GIT_AUTHOR_NAME": "Robin Post",
            "GIT_AUTHOR_EMAIL": "robin@tidewater.example",
            "GIT_COMMITTER_NAME": "Robin Post",
            "GIT_COMMITTER_EMAIL": "robin@tidewater.example",
            "NO_PROXY": "*",
        }
        self.sum = self.release()
        self.origin = self.folder / "origin.git"
        self.here = self.folder / "here"
        self.run_in(self.folder, "git", "init", "--quiet", "--bare", "-b", "main", self.origin)
        self.run_in(self.here, "git", "init", "--quiet", "-b", "main")
        self.git("remote", "add", "origin", self.origin)
        for path in (ROOT / "examples" / self.example).iterdir():
            shutil.copy(path, self.here)
        shutil.copy(ROOT / "src/cli/commands/init/gitignore", self.here / ".gitignore")
        (self.here / "ci").mkdir()
        shutil.copy(CI / "retire.sh", self.here / "ci")
        self.commit("Begin")
        self.endpoint = self.serve()
        self.environment["RETIRE_ENDPOINT"] = self.endpoint

    def release(self) -> str:
        """Makes the archive of a release, of which the program is a link to the real one."""
        program = self.folder / "bin" / "retire"
        program.write_text(f'#!/bin/sh\nexec "{os.environ["RETIRE"]}" "$@"\n')
        program.chmod(0o755)
        archive = self.environment["RELEASE"]
        with tarfile.open(archive, "w:gz") as packed:
            packed.add(program, "frameio-retire-0.1.0-x86_64-unknown-linux-musl/retire")
        # What a pipeline installs is not there before.
        program.unlink()
        return hashlib.sha256(Path(archive).read_bytes()).hexdigest()

    def serve(self) -> str:
        process = subprocess.Popen(
            [os.environ["RETIRE"], "sandbox", "--port", "0", "--limits", "off"],
            cwd=self.here,
            stdout=subprocess.PIPE,
            text=True,
        )

        def stop():
            process.terminate()
            process.wait()
            process.stdout.close()

        self.addCleanup(stop)
        words = process.stdout.readline().split()
        return next(word for word in words if word.startswith("http://"))

    def run_in(self, folder, *words, code=0, **variables) -> str:
        done = subprocess.run(
            words,
            cwd=folder,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}")
        return done.stdout

    def git(self, *words, code=0) -> str:
        return self.run_in(self.here, "git", *words, code=code).strip()

    def commit(self, message: str, branch="main"):
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", message)
        self.git("push", "--quiet", "origin", f"HEAD:{branch}")

    def keep(self, asset: str):
        """Lists an asset no more: its line, and what of it stands on the lines below."""
        manifest = self.here / "retire.yaml"
        kept, gone = [], False
        for line in manifest.read_text().splitlines(keepends=True):
            gone = asset in line or (gone and line.startswith("    "))
            if not gone:
                kept.append(line)
        manifest.write_text("".join(kept))
        self.commit("Keep one")

    def published(self, path: str, branch="main") -> str:
        """A file as the server has it."""
        return self.run_in(self.origin, "git", "show", f"{branch}:{path}")

    def statuses(self, branch="main") -> dict:
        """How many records of each status the published state has."""
        found = {}
        state = json.loads(self.published("retire.state.json", branch))
        for record in state["assets"].values():
            found[record["status"]] = found.get(record["status"], 0) + 1
        return found
