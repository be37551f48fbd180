"""A sandbox in a process of its own, with a world that both versions of the API show."""

import json
import os
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path

ACCOUNT = "5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60"
TEAM = "6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
PROJECT = "7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e"
OTHER_PROJECT = "7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5f"
ROOT = "8c3d4e5f-6a7b-4c8d-8e9f-1a2b3c4d5e6f"
TOKEN = "sandbox-token"


def asset(number: int) -> str:
    """The id of an asset of this world."""
    return f"8d1f0c52-6a3b-4c7e-9f21-{number:012x}"


def file(number: int, **fields) -> dict:
    """A file of this world."""
    name = f"take_{number:03}.mov"
    return {"id": asset(number), "name": name, "filesize": number, **fields}


ADOBE = "adobe:urn:aaid:sc:US:a1b2c3d4-e5f6-7890-abcd-ef1234567890|2"
LOCKED, GONE, FOLDER, STACK, EMPTY = 1001, 1002, 1003, 1004, 1005

SEED = {
    "version": 1,
    "limits": "off",
    # What these clients rely on where no document says what the server does.
    "behaviour": {"bare_after": "keeps", "recently_deleted": "all", "restore_polls": 0},
    "accounts": [
        {
            "id": ACCOUNT,
            "name": "Tidewater Pictures",
            "teams": [
                {
                    "id": TEAM,
                    "name": "Post",
                    "projects": [
                        {
                            "id": PROJECT,
                            "name": "The Long Tide",
                            "root": ROOT,
                            "assets": [
                                {
                                    "id": asset(FOLDER),
                                    "name": "dailies",
                                    "type": "folder",
                                    "children": [file(number) for number in range(120)],
                                },
                                {
                                    "id": asset(STACK),
                                    "name": "cut",
                                    "type": "version_stack",
                                    "children": [file(201), file(202)],
                                },
                                {"id": asset(EMPTY), "name": "empty", "type": "folder"},
                                file(LOCKED, refuse=True),
                                file(GONE, deleted_at="2026-09-30T16:20:00Z"),
                            ],
                        },
                        {
                            "id": OTHER_PROJECT,
                            "name": "Ebb",
                            "assets": [{"id": ADOBE, "name": "stored.mov"}],
                        },
                    ],
                }
            ],
        }
    ],
}


class Sandbox(unittest.TestCase):
    """A test with a sandbox of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        seed = Path(folder.name) / "sandbox.yaml"
        seed.write_text(json.dumps(SEED))
        self.process = subprocess.Popen(
            [os.environ["RETIRE"], "sandbox", "--port", "0", "--seed", seed],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(self.stop)
        words = self.process.stdout.readline().split()
        self.url = next(word for word in words if word.startswith("http://"))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def admin(self, method: str, path: str, body=None) -> bytes:
        """Asks one of the sandbox's own routes."""
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {TOKEN}"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request) as answer:
            return answer.read()

    def lives(self, id: str) -> bool:
        """Whether an asset truly lives."""
        lines = self.admin("GET", "assets").splitlines()
        assets = {entry["id"]: entry for entry in map(json.loads, lines)}
        return assets[id]["deleted_at"] is None

    def alive(self, number: int) -> bool:
        """Whether a numbered asset truly lives."""
        return self.lives(asset(number))
