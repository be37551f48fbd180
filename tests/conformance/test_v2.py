"""The v2 sandbox as `frameioclient` sees it."""

import unittest

import requests
from frameioclient import FrameioClient

from served import ACCOUNT, EMPTY, FOLDER, GONE, LOCKED, OTHER_PROJECT, PROJECT, ROOT, STACK
from served import TEAM, TOKEN, Sandbox, asset


class V2(Sandbox):
    def setUp(self):
        super().setUp()
        self.client = FrameioClient(TOKEN, host=self.url)
        self.addCleanup(self.client.session.close)

    def refused(self, status, call, *arguments):
        with self.assertRaises(requests.HTTPError) as told:
            call(*arguments)
        self.assertEqual(told.exception.response.status_code, status)
        return told.exception.response

    def delete(self, *numbers):
        ids = [asset(number) for number in numbers]
        return self.client._api_call("delete", "/batch/assets", {"asset_ids": ids})

    def test_the_way_to_a_project(self):
        self.assertEqual(self.client.users.get_me()["account_id"], ACCOUNT)
        self.assertEqual([team["id"] for team in self.client.teams.list_all()], [TEAM])
        self.assertEqual([team["id"] for team in self.client.teams.list(ACCOUNT)], [TEAM])
        self.assertEqual(self.client.teams.get(TEAM)["name"], "Post")
        projects = self.client.teams.list_projects(TEAM)
        ids = [project["id"] for project in projects]
        self.assertEqual(ids, [PROJECT, OTHER_PROJECT])
        first = self.client.teams.list_projects(TEAM, page_size=1)
        self.assertEqual((first.total_pages, len(first)), (2, 2))
        self.assertEqual([project["id"] for project in first.results], [PROJECT])
        self.assertEqual(self.client.projects.get(PROJECT)["root_asset_id"], ROOT)

    def test_reading_and_paging(self):
        found = self.client.assets.get(asset(7))
        self.assertEqual((found["name"], found["filesize"]), ("take_007.mov", 7))
        self.assertEqual(found["parent_id"], asset(FOLDER))
        children = self.client.assets.get_children(asset(FOLDER))
        self.assertEqual((len(children), children.total_pages), (120, 3))
        ids = [child["id"] for child in children]
        self.assertEqual(ids, [asset(number) for number in range(120)])
        # This client sends what it asks for as the body of a GET.
        first = self.client.assets.get_children(asset(FOLDER), page_size=10, page=2)
        self.assertEqual(first.page_size, 10)
        self.assertEqual(first.results[0]["id"], asset(10))

    def test_what_a_list_is_asked_for(self):
        def names(**asked):
            return [child["name"] for child in self.client.assets.get_children(ROOT, **asked)]

        self.assertEqual(names(type="folder"), ["dailies", "empty"])
        self.assertEqual(names(sort="-name", type="folder"), ["empty", "dailies"])
        self.assertEqual(names(sort="filesize,-name")[:2], ["empty", "dailies"])
        self.assertIn("take_1002.mov", names(include_deleted=True))
        self.assertNotIn("take_1002.mov", names())
        children = self.client.assets.get_children(ROOT, include="children", type="version_stack")
        versions = [version["id"] for version in children[0]["children"]]
        self.assertEqual(versions, [asset(201), asset(202)])
        search = {"account_id": ACCOUNT, "q": "take_00", "page_size": 7, "sort": "-name"}
        found = self.client._api_call("post", "/search/assets", search)
        self.assertEqual((found.page_size, len(found)), (7, 10))
        self.assertEqual(found.results[0]["name"], "take_009.mov")

    def test_making(self):
        made = self.client.assets.create(asset(EMPTY), name="new", type="folder")
        self.assertEqual((made["type"], made["parent_id"]), ("folder", asset(EMPTY)))
        file = {"name": "a.mov", "type": "file", "filetype": "video/quicktime", "filesize": 5}
        inside = self.client.assets.create(made["id"], **file)
        self.assertEqual({key: inside[key] for key in file}, file)
        self.assertEqual(self.client.assets.get(inside["id"])["parent_id"], made["id"])
        self.client.assets.delete(asset(EMPTY))
        self.refused(404, self.client.assets.get, inside["id"])
        for parent in (asset(7), asset(EMPTY), asset(999)):
            with self.assertRaises(requests.HTTPError) as told:
                self.client.assets.create(parent, name="new", type="folder")
            self.assertEqual(told.exception.response.status_code, 404)

    def test_deleting(self):
        stack = self.client.assets.delete(asset(STACK))
        self.assertEqual(stack["type"], "version_stack")
        self.assertFalse(self.alive(201))
        deleted = self.client.assets.delete(asset(3))
        self.assertEqual(deleted["id"], asset(3))
        self.assertFalse(self.alive(3))
        self.assertEqual(self.delete(4, 5), {})
        answer = self.delete(6, LOCKED)
        self.assertEqual(list(answer["error"]), [asset(LOCKED)])
        self.assertEqual([self.alive(number) for number in (4, 5, 6, LOCKED)], [False] * 3 + [True])
        left = self.client.assets.get_children(asset(FOLDER))
        self.assertEqual(len(left), 116)

    def test_errors(self):
        stranger = FrameioClient("wrong", host=self.url)
        self.addCleanup(stranger.session.close)
        self.refused(401, stranger.users.get_me)
        self.refused(403, self.client.assets.delete, asset(LOCKED))
        for missing in (GONE, 999):
            body = self.refused(404, self.client.assets.get, asset(missing)).json()
            self.assertEqual((body["code"], body["message"]), (404, "Not Found"))
            self.refused(404, self.delete, 7, missing)
        self.assertTrue(self.alive(7))
        self.admin("PUT", "limits", {"bulk_delete": "1/1h"})
        self.delete(8)
        refused = self.refused(429, self.delete, 9)
        self.assertEqual(refused.headers["x-ratelimit-window"], "3600000")
        self.assertTrue(self.alive(9))


if __name__ == "__main__":
    unittest.main()
