"""What GitLab, Kubernetes, systemd and pre-commit would run, run against the sandbox."""

import json
import shlex
import shutil

import yaml
from studio import CI, ROOT, TOKEN, Studio


class GitLab(Studio):
    def setUp(self):
        super().setUp()
        self.pipeline = yaml.safe_load((CI / "gitlab" / "retire.gitlab-ci.yml").read_text())
        self.given = {name: str(value) for name, value in self.pipeline["variables"].items()}
        self.given |= {
            "GITLAB_CI": "true",
            "RETIRE_SHA256": self.sum,
            "STATE_BRANCH": "main",
            "CI_JOB_TOKEN": "job",
            "CI_SERVER_URL": "https://gitlab.studio.example",
        }

    def job(self, name, code=0, **variables):
        """Runs a job in a checkout of its own, with what the jobs before it hand over."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        self.run_in(self.folder, "git", "clone", "--quiet", "--depth", "1", f"file://{self.origin}", folder)
        body = self.pipeline[".retire"] | self.pipeline[name]
        cache = self.folder / "cache" / variables.get("CI_MERGE_REQUEST_IID", "none")
        cached = body.get("cache", {"paths": []})["paths"]
        if cached and cache.exists():
            shutil.copytree(cache, folder, dirs_exist_ok=True)
        for earlier in body.get("needs", []):
            handed = self.pipeline[earlier]["artifacts"]
            for path in handed["paths"]:
                shutil.copy(self.folder / earlier / path, folder)
            for line in (self.folder / earlier / handed["reports"]["dotenv"]).read_text().splitlines():
                key, value = line.split("=", 1)
                variables[key] = value
        script = "\n".join(["set -eo pipefail", *body["before_script"], *body["script"]])
        told = self.run_in(folder, "bash", "-c", script, code=code, **(self.given | variables))
        for path in cached:
            if (folder / path).exists():
                shutil.copytree(folder / path, cache / path, dirs_exist_ok=True)
        return told

    def test_a_request_is_planned(self):
        told = self.job("retire-plan", FRAMEIO_VIEW_TOKEN=TOKEN, CI_MERGE_REQUEST_IID="7")
        self.assertIn("Plan: 10 files go, 2.3 GB", told)
        handed = self.folder / "retire-plan"
        self.assertIn("go; nothing is sent before the merge.**", (handed / "plan.md").read_text())
        self.assertIn("<testsuites", (handed / "plan.xml").read_text())
        found = json.loads((handed / "retire.gitlab.json").read_text())
        self.assertTrue(all(one["location"]["lines"]["begin"] > 0 for one in found))
        self.assertTrue((handed / "plan.html").read_text().startswith("<!doctype html>"))
        self.assertIn("retire ended with 2: changes are pending", told)
        self.assertIn("No earlier plan", told)
        # What comes with the next push is new.
        self.keep("8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c09")
        told = self.job("retire-plan", FRAMEIO_VIEW_TOKEN=TOKEN, CI_MERGE_REQUEST_IID="7")
        self.assertIn("No longer in it: 1 file, 367 MB.", told)
        told = self.job("retire-plan", FRAMEIO_VIEW_TOKEN=TOKEN, CI_MERGE_REQUEST_IID="8")
        self.assertIn("No earlier plan", told)
        told = self.job("retire-plan")
        self.assertIn("Not checked against the server", told)

    def test_what_was_merged_goes_and_the_state_comes_back(self):
        self.job("retire-plan-again", FRAMEIO_VIEW_TOKEN=TOKEN)
        told = self.job("retire-apply", code=3, FRAMEIO_DELETE_TOKEN=TOKEN, RETIRE_STATE_TOKEN="project")
        self.assertIn("retire ended with 3", told)
        self.assertEqual(self.statuses(), {"retired": 8, "failed": 1, "gone": 1})
        self.assertNotIn(".retire-bin", self.run_in(self.origin, "git", "ls-tree", "--name-only", "main"))

    def test_another_archive_is_not_run(self):
        told = self.job("retire-plan", code=1, FRAMEIO_VIEW_TOKEN=TOKEN, RETIRE_SHA256="1" * 64)
        self.assertNotIn("Plan", told)

    def test_what_a_run_deleted_comes_back(self):
        delete = {"FRAMEIO_DELETE_TOKEN": TOKEN, "RETIRE_STATE_TOKEN": "project"}
        self.job("retire-plan-again", FRAMEIO_VIEW_TOKEN=TOKEN)
        self.job("retire-apply", code=3, **delete)
        for run in ("7; touch pwned", "--state=x", ""):
            self.job("retire-restore", code=64, RESTORE_RUN=run, **delete)
        # No probe has been made here.
        self.job("retire-restore", code=4, RESTORE_RUN="1", **delete)
        self.job("retire-restore", RESTORE_RUN="1", RESTORE_UNPROVEN="yes", **delete)
        self.assertEqual(self.statuses(), {"restored": 8, "failed": 1, "gone": 1})

    def test_the_token_that_deletes_is_in_jobs_behind_one_environment(self):
        for name, job in self.pipeline.items():
            deletes = "FRAMEIO_DELETE_TOKEN" in str(job)
            self.assertEqual(deletes, name in ("retire-apply", "retire-restore"), name)
            self.assertEqual(deletes, job.get("environment") == "retire-delete", name)


class Services(Studio):
    def setUp(self):
        super().setUp()
        self.program = self.folder / "retire"
        self.run_in(self.folder, "tar", "-xzf", self.environment["RELEASE"], "--strip-components", "1")

    def test_what_the_cron_job_runs(self):
        read = yaml.safe_load_all((CI / "kubernetes" / "cronjob.yaml").read_text())
        job = next(read)["spec"]["jobTemplate"]["spec"]
        self.assertEqual(job["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"], [9])
        container = job["template"]["spec"]["containers"][0]
        # As Kubernetes mounts a secret: a link to a link, for the group.
        data = self.folder / "secret" / "..2026"
        data.mkdir(parents=True)
        (data / "token").write_text(TOKEN)
        (data / "token").chmod(0o440)
        (data.parent / "..data").symlink_to("..2026")
        (data.parent / "token").symlink_to("..data/token")
        words = [word.replace("/run/secrets/frameio", str(data.parent)) for word in container["args"]]
        self.assertIn(f"--token-file={data.parent}/token", words)
        variables = {one["name"]: one["value"] for one in container["env"]}
        told = self.run_in(self.here, self.program, *words, code=3, **variables)
        self.assertIn("Run 1: 8 retired", told)

    def test_a_run_without_time_ends_with_9(self):
        variables = {"FRAMEIO_TOKEN": TOKEN}
        words = ["apply", "--auto-approve", "--time-budget", "1ms"]
        self.run_in(self.here, self.program, *words, code=9, **variables)

    def test_what_the_service_runs(self):
        unit = (CI / "systemd" / "retire.service").read_text()
        settings = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and line[0] != "#")
        self.assertEqual(settings["SuccessExitStatus"], "9")
        name, _ = settings["LoadCredential"].split(":")
        credentials = self.folder / "credentials"
        credentials.mkdir()
        (credentials / name).write_text(TOKEN + "\n")
        (credentials / name).chmod(0o400)
        program, *words = shlex.split(settings["ExecStart"].replace("%d", str(credentials)))
        self.assertEqual(program, "/usr/bin/retire")
        told = self.run_in(self.here, self.program, *words, code=3)
        self.assertIn("Run 1: 8 retired", told)

    def test_the_hook_finds_a_wrong_manifest(self):
        shutil.copy(CI / "pre-commit" / ".pre-commit-config.yaml", self.here)
        self.git("add", "--all")
        path = f"{self.folder}:{self.environment['PATH']}"
        hook = ("pre-commit", "run", "--all-files")
        self.assertIn("Passed", self.run_in(self.here, *hook, PATH=path))
        with (self.here / "retire.yaml").open("a") as manifest:
            manifest.write("  - id: 8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c0d\n    raeson: typed wrong\n")
        self.git("add", "--all")
        told = self.run_in(self.here, *hook, code=1, PATH=path)
        self.assertIn("retire.yaml:", told)


class Readme(Studio):
    def test_each_example_is_named(self):
        page = (CI / "README.md").read_text()
        for path in sorted(CI.rglob("*")):
            if path.is_file() and path.name != "README.md":
                self.assertIn(f"({path.relative_to(CI)})", page)
        self.assertTrue((ROOT / "action.yml").is_file())
