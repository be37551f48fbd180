"""What the pipelines share, examples/ci/retire.sh: the state goes to a branch, whatever happens."""

import json
import re
import unittest

from studio import ROOT, Studio



class Script(Studio):
    def setUp(self):
        super().setUp()
        self.write("first")
        self.git("add", "--force", "retire.state.json")
        self.commit("A state")
        self.other = self.folder / "other"
        self.run_in(self.folder, "git", "clone", "--quiet", self.origin, self.other)

    def write(self, text, folder=None):
        ((folder or self.here) / "retire.state.json").write_text(text)

    def script(self, *words, code=0, **variables):
        return self.run_in(self.here, "ci/retire.sh", *words, code=code, **variables)

    def somebody_pushes(self, name, text):
        (self.other / name).write_text(text)
        self.run_in(self.other, "git", "add", "--force", name)
        self.run_in(self.other, "git", "commit", "--quiet", "-m", "meanwhile")
        self.run_in(self.other, "git", "push", "--quiet", "origin", "HEAD:main")

    def test_the_state_of_the_branch_counts(self):
        self.somebody_pushes("retire.state.json", "later")
        self.script("fetch")
        self.assertEqual((self.here / "retire.state.json").read_text(), "later")

    def test_what_others_push_meanwhile_stays(self):
        self.script("fetch")
        self.write("second")
        self.somebody_pushes("retire.yaml", "version: 1\nassets: []\n")
        self.script("keep")
        self.assertEqual(self.published("retire.state.json"), "second")
        self.assertEqual(self.published("retire.yaml"), "version: 1\nassets: []\n")
        changed = self.run_in(self.origin, "git", "show", "--format=", "--name-only", "main")
        self.assertEqual(changed, "retire.state.json\n")
        # And once more, from where it stands now.
        self.write("third")
        self.script("keep")
        self.assertEqual(self.published("retire.state.json"), "third")

    def test_a_push_that_is_refused_is_made_again_on_top(self):
        self.script("fetch")
        self.write("second")
        hook = self.origin / "hooks" / "update"
        hook.write_text("#!/bin/sh\n[ -e once ] || { touch once; exit 1; }\n")
        hook.chmod(0o755)
        self.script("keep")
        self.assertEqual(self.published("retire.state.json"), "second")

    def test_two_states_are_both_kept(self):
        self.script("fetch")
        self.write("second")
        self.somebody_pushes("retire.state.json", "another")
        told = self.script("keep", code=1, GITHUB_RUN_ID="4711")
        self.assertIn("retire-state-of-run-4711", told)
        self.assertEqual(self.published("retire.state.json"), "another")
        self.assertEqual(self.published("retire.state.json", "retire-state-of-run-4711"), "second")

    def test_a_branch_of_its_own_begins_with_the_first_state(self):
        self.script("fetch", STATE_BRANCH="retire-state")
        self.write("second")
        self.script("keep", STATE_BRANCH="retire-state")
        self.assertEqual(self.published("retire.state.json", "retire-state"), "second")
        self.assertEqual(self.published("retire.state.json"), "first")
        names = self.run_in(self.origin, "git", "ls-tree", "--name-only", "retire-state")
        self.assertEqual(names, "retire.state.json\n")

    def test_a_journal_goes_along_and_goes_again(self):
        self.script("fetch")
        journal = self.here / "retire.state.json.journal"
        journal.write_text("a run that was killed")
        self.script("keep")
        self.assertEqual(self.published("retire.state.json.journal"), "a run that was killed")
        journal.unlink()
        self.script("fetch")
        self.assertEqual(journal.read_text(), "a run that was killed")
        journal.unlink()
        self.write("second")
        self.script("keep")
        self.assertEqual(self.published("retire.state.json"), "second")
        self.run_in(self.origin, "git", "show", "main:retire.state.json.journal", code=128)

    def test_a_server_that_cannot_be_asked_is_not_an_empty_one(self):
        self.git("remote", "set-url", "origin", str(self.folder / "nowhere"))
        self.script("fetch", code=1)
        self.script("keep", code=1)

    def test_the_token_is_on_no_command_line(self):
        wrapper = self.folder / "bin" / "git"
        real = self.run_in(self.folder, "bash", "-c", "command -v git", PATH="/usr/local/bin:/usr/bin:/bin").strip()
        log = self.folder / "calls"
        wrapper.write_text(f'#!/bin/sh\necho "$@ [$GIT_CONFIG_VALUE_0]" >>{log}\nexec {real} "$@"\n')
        wrapper.chmod(0o755)
        self.script("fetch", GIT_TOKEN="secret")
        calls = log.read_text()
        self.assertIn("[Authorization: basic eC1hY2Nlc3MtdG9rZW46c2VjcmV0]", calls)
        self.assertNotRegex(calls, r"(?m)^[^\[]*(secret|eC1hY2Nlc3Mt)")
        self.assertNotIn("eC1hY2Nlc3Mt", (self.here / ".git" / "config").read_text())

    def test_what_a_plan_leaves_to_do(self):
        plan = self.here / "plan.json"
        plan.write_text(json.dumps({"totals": {"retire": 0, "record": 0, "held": 5}}))
        self.assertEqual(self.script("pending", "0", "plan.json"), "false\n")
        self.assertEqual(self.script("pending", "2", "plan.json"), "true\n")
        self.assertEqual(self.script("pending", "3", "plan.json"), "false\n")
        plan.write_text(json.dumps({"totals": {"retire": 0, "record": 1, "held": 5}}))
        self.assertEqual(self.script("pending", "3", "plan.json"), "true\n")
        self.assertEqual(self.script("pending", "4", "nothing.json"), "false\n")


class Names(Studio):
    def test_each_exit_code_has_a_name(self):
        page = (ROOT / "docs" / "exit-codes.md").read_text().split("<!-- end -->")[0]
        codes = [int(code) for code in re.findall(r"(?m)^\| (\d+) \|", page)]
        self.assertGreater(len(codes), 10)
        for code in codes:
            told = self.run_in(self.here, "ci/retire.sh", "ends", str(code), str(code))
            self.assertNotIn("does not know", told)
            self.assertTrue(told.startswith(f"retire ended with {code}: "))
        self.assertIn("does not know", self.run_in(self.here, "ci/retire.sh", "ends", "77", code=77))
        self.assertEqual(
            self.run_in(self.here, "ci/retire.sh", "ends", "4", "0", "2", code=4, GITHUB_ACTIONS="true"),
            "::error title=retire ended with 4::refused by a guard, a pin or a mark, or not approved; nothing was sent\n",
        )
        self.assertIn("::notice", self.run_in(self.here, "ci/retire.sh", "ends", "2", "0", "2", GITHUB_ACTIONS="true"))


