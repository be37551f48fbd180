"""The V4 sandbox as `frameio` and `frameio-experimental` see it."""

import asyncio
import datetime
import json
import unittest

import frameio
import frameio_experimental
import pydantic
from frameio import AsyncFrameio, Frameio
from frameio.auth import AuthenticationError, ServerToServerAuth
from frameio_experimental import FrameioExperimental

from served import ACCOUNT, ADOBE, EMPTY, FOLDER, GONE, LOCKED, OTHER_PROJECT, PROJECT, ROOT
from served import STACK, TEAM, TOKEN, Sandbox, asset

ONCE = {"max_retries": 0}
THUMBNAILS = ["thumbnail", "thumbnail_high_quality", "scrub_sheet"]
LINKS = ["original", "video_h264_180", "high_quality", "efficient", *THUMBNAILS]
ANY = "creator,project,project.owner,metadata"
FILES = ",".join([ANY, *(f"media_links.{link}" for link in LINKS)])


def sorts(*names):
    """What a list can be sorted by."""
    return [f"{name}_{way}" for name in names for way in ("asc", "desc")]


def whole(answer):
    """The answer, after a look that all is in it: this client takes whatever comes."""
    told = getattr(answer, "response", answer)
    assert isinstance(told, pydantic.BaseModel), told
    type(told).model_validate(told.model_dump(by_alias=True))
    return answer


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
            self.assertEqual([project.id for project in projects], [PROJECT, OTHER_PROJECT])
        project = self.client.projects.show(ACCOUNT, PROJECT).data
        self.assertEqual(project.root_folder_id, ROOT)
        self.assertIsInstance(project.created_at, datetime.datetime)

    def test_lists_of_the_way_take_all_that_they_may_be_asked(self):
        for index, arguments, names, include in (
            (self.client.accounts.index, (), ("display_name", "created_at"), None),
            (self.client.workspaces.index, (ACCOUNT,), ("name", "created_at"), "creator"),
            (self.client.projects.index, (ACCOUNT, TEAM), ("name", "created_at"), "owner"),
            (
                self.client.projects.account_projects_index,
                (ACCOUNT,),
                ("name", "created_at"),
                "owner",
            ),
        ):
            asked = {} if include is None else {"include": include}
            count = len(list(index(*arguments)))
            for sort in sorts(*names):
                listed = whole(index(*arguments, sort=sort, page_size=1, **asked))
                self.assertEqual(len(listed.items), 1)
                self.assertEqual(len(list(listed)), count, sort)
                if include is not None:
                    self.assertEqual(getattr(listed.items[0], include).name, "Sandbox User")
            listed = whole(index(*arguments, page_size=100, include_total_count=True))
            self.assertEqual(listed.response.total_count, count)
            with self.assertRaises(frameio.UnprocessableEntityError):
                index(*arguments, page_size=101)
        by_name = self.client.projects.index(ACCOUNT, TEAM, sort="name_asc", page_size=1)
        self.assertEqual([project.name for project in by_name], ["Ebb", "The Long Tide"])
        shown = whole(self.client.projects.show(ACCOUNT, PROJECT, include="owner"))
        self.assertEqual(shown.data.owner.name, "Sandbox User")
        shown = whole(self.client.workspaces.show(ACCOUNT, TEAM, include="creator"))
        self.assertEqual(shown.data.creator.name, "Sandbox User")

    def test_lists_of_assets_take_all_that_they_may_be_asked(self):
        some, more = ("name", "created_at", "updated_at"), ("file_size",)
        for index, parent, names, include in (
            (self.client.folders.index, ROOT, some, FILES),
            (self.client.folders.index, asset(FOLDER), some, FILES),
            (self.client.folders.list, ROOT, some, ANY),
            (self.client.files.list, asset(FOLDER), some + more, FILES),
            (self.client.version_stacks.list, ROOT, some, FILES),
            (self.client.version_stacks.index, asset(STACK), some + more, FILES),
        ):
            ids = [child.id for child in whole(index(ACCOUNT, parent))]
            for sort in sorts(*names):
                asked = {"sort": sort, "include": include, "include_total_count": True}
                listed = whole(index(ACCOUNT, parent, page_size=1, **asked))
                self.assertEqual(listed.response.total_count, len(ids))
                self.assertEqual(listed.items[0].creator.name, "Sandbox User")
                # Further pages have what the link says, and that is all of it in order.
                found = [child.id for child in listed]
                self.assertEqual(sorted(found), sorted(ids), sort)
            listed = index(ACCOUNT, parent, page_size=1)
            if listed.has_next:
                after = listed.response.links.next.partition("after=")[2]
                rest = whole(index(ACCOUNT, parent, page_size=100, after=after))
                self.assertEqual([child.id for child in rest], ids[1:])
            for wrong in ({"page_size": 0}, {"page_size": 501}, {"after": "x"}, {"include": "x"}):
                with self.assertRaises(frameio.UnprocessableEntityError):
                    index(ACCOUNT, parent, **wrong)
        by_name = self.client.files.list(ACCOUNT, asset(FOLDER), sort="name_desc")
        by_name = [take.name for take in by_name]
        self.assertEqual(by_name, [f"take_{number:03}.mov" for number in reversed(range(120))])
        kinds = self.client.folders.index(ACCOUNT, ROOT, type="folder,version_stack", page_size=1)
        self.assertEqual([child.type for child in kinds], ["folder", "version_stack", "folder"])
        with self.assertRaises(frameio.UnprocessableEntityError):
            self.client.folders.list(ACCOUNT, ROOT, include="media_links.original")

    def test_shown_with_all_that_may_come_along(self):
        take = whole(self.client.files.show(ACCOUNT, asset(7), include=FILES)).data
        self.assertEqual(take.project.owner.name, "Sandbox User")
        self.assertEqual(take.metadata, [])
        links = take.media_links.model_dump(by_alias=True)
        for link in LINKS:
            self.assertIsNone(links[link]["download_url"], link)
        folder = whole(self.client.folders.show(ACCOUNT, asset(FOLDER), include=ANY)).data
        self.assertEqual((folder.creator.name, folder.restricted), ("Sandbox User", False))
        stack = whole(self.client.version_stacks.show(ACCOUNT, asset(STACK), include=FILES)).data
        self.assertEqual(stack.head_version.creator.name, "Sandbox User")

    def test_the_other_client_does_the_same_at_once(self):
        async def ask():
            client = AsyncFrameio(token=TOKEN, base_url=self.url)
            pager = await client.folders.index(ACCOUNT, asset(FOLDER), page_size=50)
            ids = [child.id async for child in pager]
            await asyncio.gather(*(client.files.delete(ACCOUNT, id) for id in ids[:10]))
            return ids

        self.assertEqual(asyncio.run(ask()), [asset(number) for number in range(120)])
        self.assertEqual([self.alive(number) for number in (0, 9, 10)], [False, False, True])

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
        for sort in sorts("deleted_at", "name"):
            asked = {"sort": sort, "page_size": 100, "include_total_count": True}
            first = whole(self.client.projects.recently_deleted(ACCOUNT, PROJECT, **asked))
            self.assertEqual(first.total_count, 122)
            after = first.links.next.partition("after=")[2]
            asked["after"] = after
            rest = whole(self.client.projects.recently_deleted(ACCOUNT, PROJECT, **asked))
            self.assertEqual(len({entry.id for entry in first.data + rest.data}), 122, sort)

    def test_an_id_of_adobe(self):
        # This client writes it into the path as it is, but for the bar.
        self.assertIsNone(self.client.files.delete(ACCOUNT, ADOBE))
        self.assertFalse(self.lives(ADOBE))
        deleted = json.loads(self.admin("GET", "log").splitlines()[-1])
        self.assertEqual(deleted["assets"], [ADOBE])

    def test_moving_and_making(self):
        made = self.client.folders.create(ACCOUNT, ROOT, data={"name": "to go"}).data
        self.assertEqual((made.name, made.parent_id), ("to go", ROOT))
        moved = self.client.files.bulk_move(
            ACCOUNT, data={"file_ids": [asset(1), asset(2)], "parent_id": made.id}
        )
        self.assertEqual({entry.parent_id for entry in moved.data}, {made.id})
        moved = self.client.files.move(ACCOUNT, asset(3), data={"parent_id": made.id})
        self.assertEqual(moved.data.parent_id, made.id)
        version = self.client.files.move(ACCOUNT, asset(4), data={"parent_id": asset(STACK)})
        self.assertEqual(whole(version).data.parent_id, asset(STACK))
        head = self.client.version_stacks.show(ACCOUNT, asset(STACK)).data.head_version
        self.assertEqual(head.id, asset(4))
        for move, number in (
            (self.client.folders.move, EMPTY),
            (self.client.version_stacks.move, STACK),
        ):
            moved = whole(move(ACCOUNT, asset(number), data={"parent_id": made.id}))
            self.assertEqual(moved.data.parent_id, made.id)
        for wrong in (asset(5), made.id):
            with self.assertRaises(frameio.UnprocessableEntityError):
                self.client.folders.move(ACCOUNT, made.id, data={"parent_id": wrong})
        with self.assertRaises(frameio.UnprocessableEntityError):
            self.client.folders.create(ACCOUNT, ROOT, data={"name": ""})
        with self.assertRaises(frameio.NotFoundError):
            self.client.folders.create(ACCOUNT, asset(5), data={"name": "in a file"})
        self.client.folders.delete(ACCOUNT, made.id)
        gone = (1, 2, 3, 4, EMPTY, STACK, 201)
        self.assertEqual([self.alive(number) for number in gone], [False] * len(gone))
        self.assertTrue(self.alive(5))

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
        wanted = {"file_ids": [asset(7), asset(8)]}
        read = whole(client.files.bulk_get(ACCOUNT, data=wanted, include="creator"))
        self.assertEqual(read.data[0].file.creator.name, "Sandbox User")
        self.assertEqual([result.status for result in read.data], [200, 404])
        self.assertEqual(read.data[0].file.name, "take_007.mov")
        deleted = client.projects.recently_deleted(ACCOUNT, PROJECT)
        self.assertEqual(deleted.data[0].id, asset(8))
        self.assertEqual(client.files.restore(ACCOUNT, asset(8)).data.id, asset(8))
        self.assertTrue(self.alive(8))
        self.client.folders.delete(ACCOUNT, asset(FOLDER))
        client.folders.restore(ACCOUNT, asset(FOLDER))
        self.assertTrue(self.alive(9))
        # A version stack goes with its folder only, and comes back by itself.
        made = self.client.folders.create(ACCOUNT, ROOT, data={"name": "to go"}).data
        inside = self.client.folders.create(ACCOUNT, made.id, data={"name": "in it"}).data
        self.client.version_stacks.move(ACCOUNT, asset(STACK), data={"parent_id": inside.id})
        self.client.folders.delete(ACCOUNT, inside.id)
        with self.assertRaises(frameio_experimental.ConflictError):
            client.version_stacks.restore(ACCOUNT, asset(STACK), request_options=ONCE)
        self.assertEqual(client.folders.restore(ACCOUNT, inside.id).data.parent_id, made.id)
        self.assertEqual([self.alive(number) for number in (STACK, 201)], [True, True])
        for restore, id in (
            (client.files.restore, asset(7)),
            (client.folders.restore, inside.id),
            (client.version_stacks.restore, asset(STACK)),
        ):
            with self.assertRaises(frameio_experimental.ConflictError):
                restore(ACCOUNT, id, request_options=ONCE)
        plain = FrameioExperimental(token=TOKEN, base_url=self.url)
        with self.assertRaises(frameio_experimental.NotFoundError):
            plain.files.restore(ACCOUNT, asset(GONE))


if __name__ == "__main__":
    unittest.main()
