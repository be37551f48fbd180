"""Each example is what the tools of its kind take."""

import json
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml
from studio import CI, HERE, ROOT, TOOLS

WORKFLOWS = sorted((CI / "github").glob("*.yaml"))
# What `retire init` writes.
FIRST = ROOT / "src/cli/commands/init/workflow.yaml"


class Lint(unittest.TestCase):
    def run_tool(self, *words):
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
        self.assertEqual(done.returncode, 0, f"{words}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def test_workflows_and_action(self):
        self.assertGreaterEqual(len(WORKFLOWS), 5)
        schema = [TOOLS / "check-jsonschema", "--builtin-schema"]
        self.run_tool(*schema, "vendor.github-workflows", *WORKFLOWS, FIRST)
        self.run_tool(*schema, "vendor.github-actions", ROOT / "action.yml")
        audit = [TOOLS / "zizmor", "--offline", "--no-progress"]
        self.run_tool(*audit, "--persona=pedantic", *WORKFLOWS, ROOT / "action.yml")
        self.run_tool(*audit, FIRST)

    def test_gitlab(self):
        schema = ["--builtin-schema", "vendor.gitlab-ci"]
        self.run_tool(TOOLS / "check-jsonschema", *schema, *(CI / "gitlab").glob("*.yml"))

    def test_kubernetes(self):
        told = self.run_tool(TOOLS / "kubernetes-validate", "--strict", *(CI / "kubernetes").glob("*.yaml"))
        self.assertIn("cronjob", told)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "there is no systemd-analyze here")
    def test_systemd(self):
        with tempfile.TemporaryDirectory() as folder:
            for path in (CI / "systemd").iterdir():
                # The program is not where a package puts it.
                text = path.read_text().replace("/usr/bin/retire", "/bin/true")
                (Path(folder) / path.name).write_text(text)
            units = sorted(Path(folder).iterdir())
            self.assertEqual(len(units), 2)
            told = self.run_tool("systemd-analyze", "verify", "--man=no", *units)
            self.assertEqual(told, "")

    def test_pre_commit(self):
        self.run_tool(TOOLS / "pre-commit", "validate-config", CI / "pre-commit" / ".pre-commit-config.yaml")

    def test_scripts(self):
        """Also those that stand in the pipelines: bash runs them all."""
        with tempfile.TemporaryDirectory() as folder:
            scripts = [CI / "retire.sh", HERE / "fakes" / "curl"]
            for name, text in inner_scripts():
                path = Path(folder) / f"{name}.sh"
                path.write_text("#!/usr/bin/env bash\n" + text)
                scripts.append(path)
            self.assertGreaterEqual(len(scripts), 20)
            # Variables of a pipeline are set elsewhere.
            self.run_tool(TOOLS / "shellcheck", "--exclude=SC2154", *scripts)

    def test_an_expression_never_stands_in_a_script(self):
        for name, text in inner_scripts():
            self.assertNotRegex(text, r"\$\{\{", name)

    def test_actions_are_pinned_by_commit(self):
        for path in [*WORKFLOWS, FIRST]:
            for used in re.findall(r"uses: (.*)", path.read_text()):
                self.assertRegex(used, r"^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", path.name)

    def test_what_scripts_and_tests_install_is_pinned_by_hash(self):
        lists = [*ROOT.glob("tests/*/requirements.txt"), *ROOT.glob(".ci/*requirements.txt")]
        self.assertEqual(len(lists), 4)
        for path in lists:
            lines = [line for line in path.read_text().splitlines() if line and line[0] != "#"]
            for line, next_line in zip(lines, [*lines[1:], ""], strict=True):
                if line[0] != " ":
                    self.assertRegex(line, r"^[a-z0-9-]+==[\w.]+ \\$", path)
                    self.assertRegex(next_line, r"^    --hash=sha256:[0-9a-f]{64}", path)
        for path in ROOT.glob("tests/*/requirements.in"):
            pinned = path.with_suffix(".txt").read_text()
            for line in path.read_text().splitlines():
                if "==" in line:
                    self.assertIn(f"{line.lower()} \\\n", pinned, path)
        locked = json.loads((ROOT / "tests/browser/package-lock.json").read_text())["packages"]
        for name, package in locked.items():
            # The first one is the list itself.
            self.assertTrue(not name or package["integrity"].startswith("sha512-"), name)


def inner_scripts():
    """The scripts in workflows, in the action and in jobs of GitLab, each with a name."""
    for path in [*WORKFLOWS, ROOT / "action.yml"]:
        read = yaml.safe_load(path.read_text())
        jobs = read["jobs"] if "jobs" in read else {"action": read["runs"]}
        for job, body in jobs.items():
            for number, step in enumerate(body["steps"]):
                if "run" in step:
                    yield f"{path.stem}-{job}-{number}", step["run"]
    for path in (CI / "gitlab").glob("*.yml"):
        for job, body in yaml.safe_load(path.read_text()).items():
            for kind in ("before_script", "script"):
                if kind in body:
                    yield f"{job}-{kind}", "\n".join(body[kind])
