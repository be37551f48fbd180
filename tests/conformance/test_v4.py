"""The V4 sandbox as `frameio` and `frameio-experimental` see it."""

import datetime
import unittest

import frameio
from frameio import Frameio
from frameio.auth import AuthenticationError, ServerToServerAuth
from frameio_experimental import FrameioExperimental

from served import ACCOUNT, EMPTY, FOLDER, GONE, LOCKED, PROJECT, ROOT, STACK, TEAM, TOKEN
from served import Sandbox, asset

ONCE = {"max_retries": 0}


class V4(Sandbox):
    def setUp(self):
        super().setUp()
        self.client = Frameio(token=TOKEN, base_url=self.url)

    def test_the_way_to_a_project(self):
        me = self.client.users.show().data
        self.assertEqual(me.name, "Sandbox User")
        accounts = list(self.client.accounts.index())
        self.assertEqual([account.id for account in accounts], [ACCOUNT])
        self.assertEqual(accounts[0].display_name, "Tidewater Pictures")
        workspaces = list(self.client.workspaces.index(ACCOUNT))
        self.assertEqual([workspace.id for workspace in workspaces], [TEAM])
        self.assertEqual(self.client.workspaces.show(ACCOUNT, TEAM).data.name, "Post")
        for projects in (
            self.client.projects.index(ACCOUNT, TEAM),
            self.client.projects.account_projects_index(ACCOUNT, include="owner"),
        ):
            self.assertEqual([project.id for project in projects], [PROJECT])
        project = self.client.projects.show(ACCOUNT, PROJECT).data
        self.assertEqual(project.root_folder_id, ROOT)
        self.assertIsInstance(project.created_at, datetime.datetime)

    def test_reading(self):
        found = self.client.files.show(ACCOUNT, asset(7), include="creator").data
        self.assertEqual((found.type, found.name, found.file_size), ("file", "take_007.mov", 7))
        self.assertEqual((found.parent_id, found.project_id), (asset(FOLDER), PROJECT))
        self.assertEqual(found.creator.name, "Sandbox User")
        self.assertIsInstance(found.updated_at, datetime.datetime)
        folder = self.client.folders.show(ACCOUNT, asset(FOLDER)).data
        self.assertEqual((folder.type, folder.parent_id), ("folder", ROOT))
        stack = self.client.version_stacks.show(ACCOUNT, asset(STACK)).data
        self.assertEqual(stack.head_version.name, "take_202.mov")

    def test_children_page_by_page(self):
        pager = self.client.folders.index(ACCOUNT, asset(FOLDER), page_size=50)
        pages = [len(page.items) for page in pager.iter_pages()]
        self.assertEqual(pages, [50, 50, 20])
        pager = self.client.folders.index(ACCOUNT, asset(FOLDER), include_total_count=True)
        self.assertEqual(pager.response.total_count, 120)
        self.assertEqual([child.id for child in pager], [asset(number) for number in range(120)])
        kinds = [child.type for child in self.client.folders.index(ACCOUNT, ROOT)]
        self.assertEqual(kinds, ["folder", "version_stack", "folder", "file"])
        versions = self.client.version_stacks.index(ACCOUNT, asset(STACK))
        self.assertEqual([version.id for version in versions], [asset(201), asset(202)])
        files = self.client.files.list(ACCOUNT, asset(FOLDER), sort="name_desc", page_size=500)
        self.assertEqual(files.items[0].name, "take_119.mov")
        folders = self.client.folders.list(ACCOUNT, ROOT, sort="name_desc")
        self.assertEqual([folder.name for folder in folders], ["empty", "dailies"])
        stacks = self.client.version_stacks.list(ACCOUNT, ROOT)
        self.assertEqual([stack.id for stack in stacks], [asset(STACK)])
        self.assertEqual(list(self.client.folders.index(ACCOUNT, asset(EMPTY))), [])

    def test_deleting(self):
        self.assertIsNone(self.client.files.delete(ACCOUNT, asset(3)))
        self.assertFalse(self.alive(3))
        self.client.folders.delete(ACCOUNT, asset(FOLDER))
        self.assertFalse(self.alive(4))
        self.assertTrue(self.alive(201))
        deleted = self.client.projects.recently_deleted(ACCOUNT, PROJECT, page_size=100)
        names = [entry.name for entry in deleted.data]
        self.assertEqual(len(names), 100)
        self.assertIsInstance(deleted.data[0].deleted_at, datetime.datetime)
        self.assertIn(deleted.data[0].type, ("file", "folder"))
        cursor = deleted.links.next.partition("after=")[2]
        rest = self.client.projects.recently_deleted(
            ACCOUNT, PROJECT, page_size=100, after=cursor
        )
        names += [entry.name for entry in rest.data]
        self.assertEqual(len(set(names)), 122)
        self.assertIsNone(rest.links.next)
        oldest = self.client.projects.recently_deleted(ACCOUNT, PROJECT, sort="deleted_at_asc")
        self.assertEqual(oldest.data[0].id, asset(GONE))

    def test_moving_and_making(self):
        made = self.client.folders.create(ACCOUNT, ROOT, data={"name": "to go"}).data
        self.assertEqual((made.name, made.parent_id), ("to go", ROOT))
        moved = self.client.files.bulk_move(
            ACCOUNT, data={"file_ids": [asset(1), asset(2)], "parent_id": made.id}
        )
        self.assertEqual({entry.parent_id for entry in moved.data}, {made.id})
        moved = self.client.files.move(ACCOUNT, asset(3), data={"parent_id": made.id})
        self.assertEqual(moved.data.parent_id, made.id)
        self.client.folders.delete(ACCOUNT, made.id)
        self.assertEqual([self.alive(number) for number in (1, 2, 3, 4)], [False] * 3 + [True])

    def test_errors_have_their_types(self):
        stranger = Frameio(token="wrong", base_url=self.url)
        with self.assertRaises(frameio.UnauthorizedError) as told:
            stranger.users.show()
        self.assertEqual(
            told.exception.body.errors[0].detail, "Invalid or missing authorization token"
        )
        with self.assertRaises(frameio.ForbiddenError) as told:
            self.client.files.delete(ACCOUNT, asset(LOCKED))
        self.assertIn("permission", told.exception.body.errors[0].detail)
        for missing in (asset(GONE), asset(999)):
            with self.assertRaises(frameio.NotFoundError):
                self.client.files.delete(ACCOUNT, missing)
            with self.assertRaises(frameio.NotFoundError):
                self.client.files.show(ACCOUNT, missing)
        with self.assertRaises(frameio.UnprocessableEntityError):
            self.client.files.show(ACCOUNT, "nonsense")
        self.admin("PUT", "limits", {"v4_file_delete": "1/1h"})
        self.client.files.delete(ACCOUNT, asset(5), request_options=ONCE)
        with self.assertRaises(frameio.TooManyRequestsError) as told:
            self.client.files.delete(ACCOUNT, asset(6), request_options=ONCE)
        self.assertEqual(told.exception.headers["x-ratelimit-limit"], "1")
        self.assertEqual(told.exception.body.errors[0].detail, "Too many requests")
        self.assertTrue(self.alive(6))

    def test_a_token_is_fetched(self):
        auth = ServerToServerAuth(
            client_id="sandbox-client", client_secret="sandbox-secret", ims_base_url=self.url
        )
        client = Frameio(token=auth.get_token, base_url=self.url)
        self.assertEqual(client.users.show().data.name, "Sandbox User")
        stranger = ServerToServerAuth(
            client_id="sandbox-client", client_secret="wrong", ims_base_url=self.url
        )
        with self.assertRaises(AuthenticationError):
            stranger.get_token()

    def test_a_legacy_token_needs_its_header(self):
        legacy = {"additional_headers": {"x-frameio-legacy-token-auth": "true"}}
        client = Frameio(token="sandbox-legacy-token", base_url=self.url)
        self.assertEqual(client.users.show(request_options=legacy).data.name, "Sandbox User")
        with self.assertRaises(frameio.UnauthorizedError):
            client.users.show()

    def test_what_is_experimental(self):
        client = FrameioExperimental(
            token=TOKEN, base_url=self.url, api_version="experimental"
        )
        self.client.files.delete(ACCOUNT, asset(8))
        read = client.files.bulk_get(ACCOUNT, data={"file_ids": [asset(7), asset(8)]})
        self.assertEqual([result.status for result in read.data], [200, 404])
        self.assertEqual(read.data[0].file.name, "take_007.mov")
        deleted = client.projects.recently_deleted(ACCOUNT, PROJECT)
        self.assertEqual(deleted.data[0].id, asset(8))
        self.assertEqual(client.files.restore(ACCOUNT, asset(8)).data.id, asset(8))
        self.assertTrue(self.alive(8))
        self.client.folders.delete(ACCOUNT, asset(FOLDER))
        client.folders.restore(ACCOUNT, asset(FOLDER))
        self.assertTrue(self.alive(9))


if __name__ == "__main__":
    unittest.main()
