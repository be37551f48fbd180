"""The workflows for GitHub, run by act: without GitHub, without containers, against the sandbox."""

import json
import shutil
import unittest

import yaml
from studio import CI, HERE, NO_SUM, ROOT, TOKEN, Studio

NO_COMMIT = "0" * 40
# The jobs that have the token that deletes: no other one restores.
DELETING = [("retire-apply.yaml", "apply"), ("retire-restore.yaml", "restore")]
TRAILER = "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c09"


class Workflows(Studio):
    def setUp(self):
        super().setUp()
        workflows = self.here / ".github" / "workflows"
        workflows.mkdir(parents=True)
        for path in (CI / "github").glob("*.yaml"):
            # All that a studio changes in them: which release it has checked.
            (workflows / path.name).write_text(path.read_text().replace(NO_SUM, self.sum))
        self.commit("Use the workflows")
        action = self.folder / "action"
        action.mkdir()
        shutil.copy(ROOT / "action.yml", action)
        self.replaced = {f"tidewater/frameio-retire@{NO_COMMIT}": action}
        for path in workflows.iterdir():
            for job in yaml.safe_load(path.read_text())["jobs"].values():
                for used in (step.get("uses", "") for step in job["steps"]):
                    name, _, commit = used.removeprefix("actions/").partition("@")
                    # One repository may have several actions.
                    name = name.split("/")[0]
                    if used.startswith("actions/"):
                        kind = name.removesuffix("-artifact")
                        self.replaced[f"actions/{name}@{commit}"] = HERE / "fakes" / kind

    def act(self, event, workflow, payload, code=0, secrets=None, given=None):
        """Runs a workflow as it is on the disk; returns what was printed."""
        payload = {"repository": {"default_branch": "main", "full_name": "tidewater/retire"}} | payload
        told = self.folder / "event.json"
        told.write_text(json.dumps(payload))
        words = ["act", event, "-W", f".github/workflows/{workflow}", "-e", told]
        words += ["-P", "ubuntu-24.04=-self-hosted", "--no-cache-server", "--no-skip-checkout"]
        for used, folder in self.replaced.items():
            words += ["--local-repository", f"{used}={folder}"]
        known = {"FRAMEIO_VIEW_TOKEN": TOKEN, "FRAMEIO_DELETE_TOKEN": TOKEN, "GITHUB_TOKEN": "ghs"}
        for name, value in (known | (secrets or {})).items():
            words += ["-s", f"{name}={value}"]
        given = (given or {}) | {"GITHUB_REPOSITORY": "tidewater/retire", "ORIGIN": f"file://{self.origin}"}
        for name in ("RETIRE_ENDPOINT", "RETIRE_CACHE", "ARTIFACTS", "CACHES", "GITHUB_FAKE", "RELEASE"):
            given[name] = self.environment[name]
        for name, value in given.items():
            words += ["--env", f"{name}={value}"]
        return self.run_in(self.here, *words, code=code)

    def artifact(self, name: str) -> str:
        return (self.folder / "artifacts" / name).read_text()

    def fake(self, name: str, value=None):
        """What the stand-in for GitHub knows."""
        path = self.folder / "fake" / name
        if value is not None:
            path.write_text(json.dumps(value))
        return json.loads(path.read_text()) if path.exists() else []

    def calls(self) -> list:
        path = self.folder / "fake" / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def pulls(self, owner="tidewater", sha="a" * 40, state="open"):
        """Says which requests there are: another one of the same branch name, and the one that is meant."""
        heads = [("elsewhere", "c" * 40), (owner, sha)]
        pulls = [
            {"number": number, "state": state, "head": {"owner": owner, "ref": "wrap", "sha": sha}}
            for number, (owner, sha) in enumerate(heads, start=6)
        ]
        self.fake("pulls.json", pulls)

    def request(self, owner="tidewater") -> dict:
        head = {"ref": "wrap", "sha": "a" * 40, "repo": {"full_name": f"{owner}/retire"}}
        return {"number": 7, "pull_request": {"number": 7, "head": head, "base": {"ref": "main"}}}

    def finished(self, owner="tidewater", conclusion="success", sha="a" * 40) -> dict:
        repository = {"full_name": f"{owner}/retire", "owner": {"login": owner}}
        here = "https://api.github.com/repos/tidewater/retire"
        return {
            "workflow_run": {
                "id": 4711,
                "event": "pull_request",
                "conclusion": conclusion,
                "head_sha": sha,
                "head_branch": "wrap",
                "head_repository": repository,
                # As GitHub has it: of a fork there is none here.
                "pull_requests": [] if owner != "tidewater" else [{"number": 7, "base": {"repo": {"url": here}}}],
                "html_url": "https://github.com/tidewater/retire/actions/runs/4711",
            }
        }


class PullRequests(Workflows):
    def test_a_request_is_planned_and_commented_on(self):
        self.act("pull_request", "retire-plan.yaml", self.request())
        plan = self.artifact("retire-plan/plan.md")
        self.assertIn("**10 files, 2.3 GB, go; nothing is sent before the merge.**", plan)
        self.assertIn("Checked against the account `Tidewater Pictures`", plan)
        self.assertTrue(self.artifact("retire-plan/plan.html").startswith("<!doctype html>"))
        self.pulls()
        people = {"id": 1, "user": {"login": "ana"}, "body": "<!-- retire plan x --> mine"}
        self.fake("comments.json", [people])
        # Twice: the second time, the comment is there.
        for _ in range(2):
            self.act("workflow_run", "retire-comment.yaml", self.finished())
            comments = self.fake("comments.json")
            self.assertEqual(comments[0], people)
            self.assertEqual([one["body"] for one in comments[1:]], [plan])
        self.assertFalse([call for call in self.calls() if "check-runs" in str(call)])

    def test_the_next_plan_of_a_request_says_what_is_new(self):
        self.act("pull_request", "retire-plan.yaml", self.request())
        self.assertIn("No earlier plan", self.artifact("retire-plan/plan.md"))
        self.keep(TRAILER)
        # A run of another number of the same request takes the last plan, whatever became of it.
        with (self.here / "retire.toml").open("a") as settings:
            settings.write("[guards]\nmax-assets = 3\n")
        self.commit("Guard")
        run = {"GITHUB_RUN_ID": "2"}
        self.act("pull_request", "retire-plan.yaml", self.request(), code=1, given=run)
        self.assertIn("- **No longer in it:** 1 file, 367 MB.\n", self.artifact("retire-plan/plan.md"))
        run = {"GITHUB_RUN_ID": "3"}
        self.act("pull_request", "retire-plan.yaml", self.request(), code=1, given=run)
        self.assertIn("- Nothing has changed since the plan of ", self.artifact("retire-plan/plan.md"))
        self.assertEqual(len(list((self.folder / "caches").iterdir())), 3)
        # Another request has none of them, and a cache that cannot be kept fails nothing.
        other = self.request()
        other["pull_request"]["number"] = 70
        self.act("pull_request", "retire-plan.yaml", other, code=1)
        self.assertIn("No earlier plan", self.artifact("retire-plan/plan.md"))
        shutil.rmtree(self.folder / "caches")
        shutil.copy(ROOT / "examples/quickstart-v4/retire.toml", self.here)
        self.commit("Without the guard")
        self.act("pull_request", "retire-plan.yaml", self.request())
        self.assertIn("No earlier plan", self.artifact("retire-plan/plan.md"))

    def test_a_refused_plan_fails_and_is_commented_on_all_the_same(self):
        with (self.here / "retire.toml").open("a") as settings:
            settings.write("[guards]\nmax-assets = 3\n")
        self.commit("Guard")
        self.act("pull_request", "retire-plan.yaml", self.request(), code=1)
        self.pulls()
        self.act("workflow_run", "retire-comment.yaml", self.finished(conclusion="failure"))
        body = self.fake("comments.json")[0]["body"]
        self.assertTrue(body.startswith("<!-- retire plan retire.state.json -->\nThe plan did not pass: [see why]"))
        self.assertIn("`max-assets`", body)

    def test_a_fork_is_not_checked(self):
        self.act("pull_request", "retire-plan.yaml", self.request("mallory"), secrets={"FRAMEIO_VIEW_TOKEN": ""})
        self.assertIn("Not checked against the server", self.artifact("retire-plan/plan.md"))
        self.assertIn("No state yet", self.artifact("retire-plan/plan.md"))
        self.pulls("mallory")
        self.act("workflow_run", "retire-comment.yaml", self.finished("mallory"))
        first, second = self.fake("comments.json")[0]["body"].split("\n")[:2]
        self.assertEqual(first, "<!-- retire plan retire.state.json -->")
        self.assertTrue(second.startswith("**Not checked:**"))
        check = next(call for call in self.calls() if "check-runs" in str(call))
        self.assertEqual(check["fields"]["conclusion"], "neutral")

    def test_the_plan_of_a_fork_knows_the_state_on_its_branch(self):
        workflows = self.here / ".github" / "workflows"
        for name in ("retire-apply.yaml", "retire-plan.yaml"):
            text = (workflows / name).read_text()
            (workflows / name).write_text(text.replace("STATE_BRANCH: main", "STATE_BRANCH: retire-state"))
        self.commit("Keep the state elsewhere")
        self.act("push", "retire-apply.yaml", {"ref": "refs/heads/main"}, code=1)
        self.act("pull_request", "retire-plan.yaml", self.request("mallory"), secrets={"FRAMEIO_VIEW_TOKEN": ""})
        plan = self.artifact("retire-plan/plan.md")
        self.assertIn("Not checked against the server", plan)
        self.assertNotIn("No state yet", plan)

    def test_what_a_request_hands_over_is_only_text(self):
        handed = self.folder / "artifacts" / "retire-plan"
        handed.mkdir()
        self.pulls()
        for text in ("$(touch pwned) `touch pwned`\n::set-env name=A::b\n", "<!-- retire plan x -->\n" + "x" * 70_000):
            (handed / "plan.md").write_text(text)
            self.act("workflow_run", "retire-comment.yaml", self.finished(conclusion="failure"))
            body = self.fake("comments.json")[0]["body"]
            self.assertTrue(body.startswith("<!-- retire plan -->\nThe plan did not pass"), body[:200])
            self.assertLess(len(body), 300)
        # A request that has moved on gets the comment of its own run.
        (self.folder / "fake" / "comments.json").unlink()
        self.act("workflow_run", "retire-comment.yaml", self.finished(sha="b" * 40))
        self.assertEqual(self.fake("comments.json"), [])
        # So does one that is closed, and so do those of forks.
        self.pulls(state="closed")
        self.act("workflow_run", "retire-comment.yaml", self.finished())
        self.pulls("mallory")
        self.act("workflow_run", "retire-comment.yaml", self.finished("mallory", sha="b" * 40))
        self.assertEqual(self.fake("comments.json"), [])


class Applying(Workflows):
    def test_what_was_merged_goes_and_the_state_comes_back(self):
        # One asset is refused by the server: exit code 3, and the state is kept all the same.
        self.act("push", "retire-apply.yaml", {"ref": "refs/heads/main"}, code=1)
        self.assertEqual(self.statuses(), {"retired": 8, "failed": 1, "gone": 1})
        log = self.run_in(self.origin, "git", "log", "--format=%s", "main")
        self.assertTrue(log.startswith("Record what was retired [skip ci]\n"), log)
        # The night after, only what is open is tried again.
        self.git("pull", "--quiet", "origin", "main")
        self.act("schedule", "retire-apply.yaml", {}, code=1)
        runs = json.loads(self.published("retire.state.json"))["runs"]
        self.assertEqual(len(runs), 2)
        self.assertEqual(self.statuses(), {"retired": 8, "failed": 1, "gone": 1})
        # Without that one, there is nothing to ask anybody about.
        manifest = self.here / "retire.yaml"
        kept = manifest.read_text().split("  # The server refuses")
        manifest.write_text(kept[0] + "  # Somebody has" + kept[1].split("  # Somebody has")[1])
        self.git("pull", "--quiet", "origin", "main")
        self.commit("Keep the trailer")
        self.act("push", "retire-apply.yaml", {"ref": "refs/heads/main"})
        self.assertIn("forget", self.artifact("retire-saved-plan/plan.json"))
        shutil.rmtree(self.folder / "artifacts" / "retire-saved-plan")
        self.act("schedule", "retire-apply.yaml", {})
        self.assertFalse((self.folder / "artifacts" / "retire-saved-plan").exists())

    def test_a_state_that_lies_on_a_branch_of_its_own(self):
        workflow = self.here / ".github" / "workflows" / "retire-apply.yaml"
        workflow.write_text(workflow.read_text().replace("STATE_BRANCH: main", "STATE_BRANCH: retire-state"))
        self.commit("Keep the state elsewhere")
        for _ in range(2):
            self.act("push", "retire-apply.yaml", {"ref": "refs/heads/main"}, code=1)
            self.assertEqual(self.statuses("retire-state"), {"retired": 8, "failed": 1, "gone": 1})
        self.assertNotIn("retire.state.json", self.run_in(self.origin, "git", "ls-tree", "--name-only", "main"))
        runs = json.loads(self.published("retire.state.json", "retire-state"))["runs"]
        self.assertEqual(len(runs), 2, "the second run went on with the state of the first")


class Restoring(Workflows):
    def dispatch(self, code=0, **inputs):
        inputs = {"run": "1", "what": "restore", "unproven": "true"} | inputs
        return self.act("workflow_dispatch", "retire-restore.yaml", {"inputs": inputs}, code=code)

    def test_what_a_run_deleted_comes_back_and_the_state_says_so(self):
        self.act("push", "retire-apply.yaml", {"ref": "refs/heads/main"}, code=1)
        # No probe has been made here.
        self.dispatch(code=1, unproven="false")
        self.assertEqual(self.statuses(), {"retired": 8, "failed": 1, "gone": 1})
        self.dispatch()
        self.assertEqual(self.statuses(), {"restored": 8, "failed": 1, "gone": 1})

    def test_what_a_run_moved_aside_goes_back(self):
        with (self.here / "retire.toml").open("a") as settings:
            settings.write('strategy = "staged"\ndelete-after = "14d"\n')
        workflow = self.here / ".github" / "workflows" / "retire-apply.yaml"
        text = workflow.read_text().replace("retire apply plan.json", "retire apply plan.json --unproven")
        workflow.write_text(text.replace("retire plan ", "retire plan --unproven "))
        self.commit("Stage first")
        self.act("push", "retire-apply.yaml", {"ref": "refs/heads/main"})
        staged = self.statuses()["staged"]
        self.git("pull", "--quiet", "origin", "main")
        self.dispatch(what="unstage")
        self.assertEqual(self.statuses()["rescued"], staged)

    def test_an_input_is_never_part_of_a_script(self):
        self.act("push", "retire-apply.yaml", {"ref": "refs/heads/main"}, code=1)
        for run in ("1; touch pwned", "$(touch pwned)", "--state=x", "1\n2", ""):
            self.dispatch(code=1, run=run)
        self.assertFalse(list(self.folder.rglob("pwned")))
        self.assertEqual(self.statuses(), {"retired": 8, "failed": 1, "gone": 1})


class Finding(Workflows):
    example = "policies"

    def test_what_the_rules_find_is_proposed(self):
        owners = "dailies@tidewater.example ana tidewater/dailies\nsound@tidewater.example bo\nnobody@x.example zed\n"
        (self.here / ".github" / "retire-reviewers").write_text(owners)
        self.commit("Say who reviews")
        self.act("schedule", "retire-find.yaml", {}, secrets={"RETIRE_PR_TOKEN": "ghp"})
        self.assertIn("rule dailies", self.published("manifests/dailies.yaml", "retire-find"))
        self.run_in(self.origin, "git", "show", "main:manifests/dailies.yaml", code=128)
        words = [call["words"] for call in self.calls()]
        made = next(call for call in self.calls() if call["words"][:2] == ["pr", "create"])
        self.assertIn("    rule `dailies`, `manifests/dailies.yaml`: 2 new", made["body"])
        asked = next(word for word in words if "--add-reviewer" in word)
        self.assertEqual(asked[-1], "ana,bo,tidewater/dailies")
        self.assertFalse([word for word in words if "merge" in word])
        # Once merged, there is nothing to propose.
        self.git("pull", "--quiet", "origin", "retire-find")
        self.git("push", "--quiet", "origin", "HEAD:main")
        before = len(self.calls())
        self.act("schedule", "retire-find.yaml", {}, secrets={"RETIRE_PR_TOKEN": "ghp"})
        self.assertEqual(len(self.calls()), before)


class Action(Studio):
    """The script of the action by itself: act loses lines of what fails at once."""

    def install(self, code=0, **variables):
        script = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][0]["run"]
        given = {
            "VERSION": "0.1.0",
            "SHA256": self.sum,
            "ARCHIVE": "",
            "REPOSITORY": "tidewater/frameio-retire",
            "SERVER": "https://github.com",
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_PATH": str(self.folder / "path"),
        }
        told = self.run_in(self.folder, "bash", "-c", script, code=code, **(given | variables))
        self.assertEqual((self.folder / "path").exists(), code == 0)
        return told

    def test_the_release_is_downloaded_or_there_already(self):
        self.assertEqual(self.install(), "retire 0.1.0\n")
        (self.folder / "bin" / "curl").unlink()
        self.assertEqual(self.install(ARCHIVE=self.environment["RELEASE"]), "retire 0.1.0\n")
        home = (self.folder / "path").read_text().splitlines()[-1]
        self.assertTrue(home.endswith("/temp/frameio-retire-0.1.0-x86_64-unknown-linux-musl"), home)

    def test_an_archive_of_another_sum_is_not_unpacked(self):
        self.assertIn("is another one than", self.install(code=1, SHA256="1" * 64))
        self.assertFalse(list((self.folder / "temp").rglob("retire")))

    def test_an_input_is_never_part_of_a_script(self):
        for version in ("0.1.0; touch pwned", "$(touch pwned)", "../../x", "0.1.0\n1"):
            self.assertIn("the input \"version\" is no version", self.install(code=1, VERSION=version))
        for sum in ("", self.sum.upper(), f"{self.sum}  x\n{self.sum}"):
            self.assertIn("the input \"sha256\" is no sum", self.install(code=1, SHA256=sum))
        self.assertIn("there is no release for Windows on X64", self.install(code=1, RUNNER_OS="Windows"))
        self.assertFalse((self.folder / "pwned").exists())


class Secrets(unittest.TestCase):
    def test_the_token_that_deletes_is_behind_one_environment(self):
        for path in (CI / "github").glob("*.yaml"):
            workflow = yaml.safe_load(path.read_text())
            for name, job in workflow["jobs"].items():
                deletes = "FRAMEIO_DELETE_TOKEN" in json.dumps(job)
                self.assertEqual(deletes, job.get("environment") == "retire-delete", f"{path}: {name}")
                self.assertEqual(deletes, (path.name, name) in DELETING)
            # What stands outside the jobs has no secret.
            self.assertNotIn("secrets.", json.dumps({k: v for k, v in workflow.items() if k != "jobs"}))
