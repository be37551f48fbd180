"""The v2 sandbox as `frameioclient` sees it."""

import unittest

import requests
from frameioclient import FrameioClient

from served import ACCOUNT, FOLDER, GONE, LOCKED, PROJECT, ROOT, TEAM, TOKEN, Sandbox, asset


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
        self.assertEqual([project["id"] for project in projects], [PROJECT])
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

    def test_deleting(self):
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
