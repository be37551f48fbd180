use reqwest::Method;
use serde_json::{Value, json};

use crate::sandbox::seed::Seed;
use crate::sandbox::tests::id;
use crate::sandbox::tests::v4::{ACCOUNT, Guest, PROJECT, ROOT, SEED, file, folder, names};
use crate::sandbox::world::World;

#[tokio::test]
async fn assets_are_read_by_their_kind() {
    let guest = Guest::new().await;
    let found = guest.get(&file(1)).await;
    assert_eq!(found["data"]["name"], "b.mov");
    assert_eq!(found["data"]["file_size"], 10);
    assert_eq!(found["data"]["media_type"], "video/quicktime");
    assert_eq!(found["data"]["parent_id"], ROOT);
    assert_eq!(found["data"]["project_id"], PROJECT);
    let include = "creator,project.owner,metadata,media_links.original,media_links.thumbnail,media_links.efficient";
    let found = guest.get(&format!("{}?include={include}", file(1))).await;
    assert_eq!(found["data"]["creator"]["name"], "Sandbox User");
    assert_eq!(found["data"]["project"]["name"], "Show S01");
    assert_eq!(
        found["data"]["media_links"]["original"]["download_url"],
        Value::Null
    );
    let found = guest.get(&folder(2)).await;
    assert_eq!(
        (&found["data"]["type"], &found["data"]["name"]),
        (&json!("folder"), &json!("Day 1"))
    );
    let found = guest.get(&format!("{ACCOUNT}/folders/{ROOT}")).await;
    assert_eq!(found["data"]["parent_id"], Value::Null);
    let stack = format!("{ACCOUNT}/version_stacks/{}", id(7));
    let found = guest.get(&stack).await;
    assert_eq!(found["data"]["head_version"]["name"], "cut_v2.mov");
    for number in [8, 9] {
        assert_eq!(guest.status(Method::DELETE, &file(number)).await, 204);
    }
    assert_eq!(guest.get(&stack).await["data"]["head_version"], Value::Null);
    assert_eq!(
        guest
            .status(Method::GET, &format!("{}?include=all", file(3)))
            .await,
        422
    );
}

#[tokio::test]
async fn children_come_page_by_page_by_the_cursor() {
    let guest = Guest::new().await;
    let all = guest
        .get(&format!("{}/children?include_total_count=true", folder(2)))
        .await;
    assert_eq!(names(&all), ["a.mov", "c.mov", "Cut"]);
    assert_eq!(
        (&all["total_count"], &all["links"]["next"]),
        (&json!(3), &Value::Null)
    );
    let first = guest
        .get(&format!("{}/children?page_size=2", folder(2)))
        .await;
    assert_eq!(names(&first), ["a.mov", "c.mov"]);
    let next = first["links"]["next"].as_str().unwrap();
    assert!(
        next.starts_with(&format!("{}/children?after=", folder(2))),
        "{next}"
    );
    let rest = guest.get(&format!("{next}&page_size=2")).await;
    assert_eq!(names(&rest), ["Cut"]);
    // A client may escape more of a cursor than it must.
    let (list, cursor) = next.split_once("after=").unwrap();
    let escaped: Vec<_> = cursor.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let escaped = escaped.concat();
    let rest = guest.get(&format!("{list}after={escaped}")).await;
    assert_eq!(names(&rest), ["Cut"]);
    let stack = format!("{ACCOUNT}/version_stacks/{}/children", id(7));
    assert_eq!(
        names(&guest.get(&stack).await),
        ["cut_v1.mov", "cut_v2.mov"]
    );
    let root = format!("{ACCOUNT}/folders/{ROOT}");
    assert_eq!(
        names(&guest.get(&format!("{root}/children")).await),
        ["b.mov", "Day 1", "legal.mov"]
    );
    assert_eq!(
        names(
            &guest
                .get(&format!("{root}/children?type=folder,version_stack"))
                .await
        ),
        ["Day 1"]
    );
    assert_eq!(
        names(&guest.get(&format!("{root}/files")).await),
        ["b.mov", "legal.mov"]
    );
    assert_eq!(
        names(&guest.get(&format!("{root}/folders")).await),
        ["Day 1"]
    );
    assert_eq!(
        names(&guest.get(&format!("{}/version_stacks", folder(2))).await),
        ["Cut"]
    );
    for wrong in [
        "page_size=0",
        "page_size=501",
        "after=zz",
        "after=7a7a",
        "after=%2b1",
        "type=tape",
        "include_total_count=x",
    ] {
        let target = format!("{root}/children?{wrong}");
        assert_eq!(guest.status(Method::GET, &target).await, 422, "{wrong}");
    }
}

#[tokio::test]
async fn files_are_sorted_and_paged_in_that_order() {
    let guest = Guest::new().await;
    let files = format!("{ACCOUNT}/folders/{ROOT}/files");
    for (sort, expected) in [
        ("name_asc", ["b.mov", "legal.mov"]),
        ("name_desc", ["legal.mov", "b.mov"]),
        ("file_size_asc", ["legal.mov", "b.mov"]),
        ("file_size_desc", ["b.mov", "legal.mov"]),
        ("created_at_asc", ["b.mov", "legal.mov"]),
        ("updated_at_desc", ["legal.mov", "b.mov"]),
    ] {
        let first = guest.get(&format!("{files}?sort={sort}&page_size=1")).await;
        assert_eq!(names(&first), expected[..1], "{sort}");
        let next = first["links"]["next"].as_str().unwrap();
        assert!(!next.contains("sort"), "the cursor alone: {next}");
        let rest = guest.get(&format!("{next}&sort={sort}&page_size=1")).await;
        assert_eq!(names(&rest), expected[1..], "{sort}");
        assert_eq!(rest["links"]["next"], Value::Null);
    }
    let children = format!("{ACCOUNT}/folders/{ROOT}/children");
    let sorted = guest.get(&format!("{children}?sort=name_desc")).await;
    assert_eq!(names(&sorted), ["legal.mov", "b.mov", "Day 1"]);
    assert_eq!(
        guest
            .status(Method::GET, &format!("{files}?sort=colour_asc"))
            .await,
        422
    );
}

#[tokio::test]
async fn what_was_deleted_is_listed_newest_first() {
    let guest = Guest::behaving("recently_deleted: all").await;
    let list = format!("{ACCOUNT}/projects/{PROJECT}/recently_deleted");
    assert_eq!(names(&guest.get(&list).await), ["old.mov"]);
    assert_eq!(guest.status(Method::DELETE, &folder(2)).await, 204);
    let all = guest.get(&format!("{list}?include_total_count=true")).await;
    assert_eq!(all["total_count"], 6);
    assert_eq!(names(&all).last(), Some(&"old.mov"));
    let deleted = &all["data"][0];
    assert_eq!(deleted["deleted_at"], "2027-01-15T08:00:00Z");
    assert!(deleted.get("view_url").is_none());
    let sorted = guest
        .get(&format!("{list}?sort=name_asc&page_size=4"))
        .await;
    assert_eq!(names(&sorted), ["Cut", "Day 1", "a.mov", "cut_v1.mov"]);
    let next = sorted["links"]["next"].as_str().unwrap();
    let rest = guest
        .get(&format!("{next}&sort=name_asc&page_size=4"))
        .await;
    assert_eq!(names(&rest), ["cut_v2.mov", "old.mov"]);

    for sort in ["deleted_at_desc", "deleted_at_asc"] {
        let mut seen: Vec<String> = Vec::new();
        let mut target = format!("{list}?sort={sort}&page_size=2");
        loop {
            let page = guest.get(&target).await;
            seen.extend(names(&page).into_iter().map(str::to_owned));
            let Some(next) = page["links"]["next"].as_str() else {
                break;
            };
            target = format!("{next}&sort={sort}&page_size=2");
        }
        assert_eq!(seen.len(), 6, "{sort}: {seen:?}");
        let old = if sort == "deleted_at_asc" { 0 } else { 5 };
        assert_eq!(seen[old], "old.mov");
    }
    let other = format!("{ACCOUNT}/projects/00000000-0000-0000-0000-0000000000c2/recently_deleted");
    assert_eq!(guest.get(&other).await["data"], json!([]));
    assert_eq!(
        guest.status(Method::GET, &format!("{list}?after=00")).await,
        422
    );
}

#[tokio::test]
async fn of_what_was_deleted_the_folder_is_listed_alone() {
    let guest = Guest::new().await;
    assert_eq!(guest.status(Method::DELETE, &folder(2)).await, 204);
    let list = format!("{ACCOUNT}/projects/{PROJECT}/recently_deleted");
    assert_eq!(names(&guest.get(&list).await), ["Day 1", "old.mov"]);
}

#[tokio::test]
async fn the_list_of_the_deleted_can_be_late_and_stale() {
    let behaviour = "behaviour: {late_lists: 1, stale_lists: true}\naccounts:\n";
    let seed = SEED.replace("accounts:\n", behaviour);
    let world = World::from_seed(Seed::parse("sandbox.yaml", &seed).unwrap());
    let guest = Guest::start(world).await;
    let file = format!("{ACCOUNT}/files/{}", id(1));
    assert_eq!(guest.status(Method::DELETE, &file).await, 204);
    let list = format!("{ACCOUNT}/projects/{PROJECT}/recently_deleted");
    assert_eq!(names(&guest.get(&list).await), ["old.mov"]);
    let told = guest.get(&list).await;
    assert_eq!(names(&told), ["b.mov", "old.mov"]);
    let restored = guest.visitor.request(Method::POST, "/_sandbox/restored");
    let restored = restored.body(json!([id(1)]).to_string()).send().await;
    assert_eq!(restored.unwrap().status(), 204);
    assert_eq!(guest.status(Method::GET, &file).await, 200);
    let stale = guest.get(&list).await;
    assert_eq!(stale["data"], told["data"]);
    let again = guest.visitor.request(Method::POST, "/_sandbox/restored");
    let again = again.body(json!([id(1)]).to_string()).send().await;
    assert_eq!(again.unwrap().status(), 409, "it lives");
}

#[tokio::test]
async fn what_is_hidden_is_in_no_list_and_behind_no_address() {
    let guest = Guest::new().await;
    let hide = guest.visitor.request(Method::PUT, "/_sandbox/hidden");
    let hide = hide.body(json!([id(3), id(5)]).to_string()).send().await;
    assert_eq!(hide.unwrap().status(), 200);
    let children = guest.get(&format!("{}/children", folder(2))).await;
    assert_eq!(names(&children), ["c.mov", "Cut"]);
    for number in [3, 5] {
        let file = format!("{ACCOUNT}/files/{}", id(number));
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(guest.status(method, &file).await, 404);
        }
    }
    let hidden = guest.visitor.request(Method::GET, "/_sandbox/hidden");
    let hidden = hidden.send().await.unwrap().text().await.unwrap();
    assert_eq!(hidden, json!([id(3), id(5)]).to_string());
}

#[tokio::test]
async fn several_files_are_read_at_once() {
    let guest = Guest::new().await;
    let target = format!("{ACCOUNT}/files/bulk_get");
    let experimental = [("api-version", "experimental")];
    let body = json!({"data": {"file_ids": [id(1), id(6), id(3)]}}).to_string();
    let met = guest
        .send(Method::POST, &target, &experimental, &body)
        .await;
    assert_eq!(met.status, 200);
    let statuses: Vec<_> = (0..3)
        .map(|index| met.body["data"][index]["status"].clone())
        .collect();
    assert_eq!(statuses, [200, 404, 200]);
    assert_eq!(met.body["data"][0]["file"]["name"], "b.mov");
    assert_eq!(met.body["data"][1]["error"]["title"], "Not Found");
    assert_eq!(
        guest.send(Method::POST, &target, &[], &body).await.status,
        404
    );
}

#[tokio::test]
async fn the_way_to_a_project_can_be_walked() {
    let guest = Guest::new().await;
    assert_eq!(guest.get("/v4/me").await["data"]["name"], "Sandbox User");
    let accounts = guest
        .get("/v4/accounts?sort=display_name_asc&include_total_count=true")
        .await;
    assert_eq!(accounts["data"][0]["display_name"], "Another");
    assert_eq!(accounts["total_count"], 2);
    assert_eq!(accounts["data"][1]["storage_usage"], 71);
    let workspaces = guest
        .get(&format!("{ACCOUNT}/workspaces?page_size=1&include=creator"))
        .await;
    assert_eq!(names(&workspaces), ["Dailies"]);
    let next = workspaces["links"]["next"].as_str().unwrap();
    assert_eq!(names(&guest.get(next).await), ["Archive"]);
    let workspace = format!("{ACCOUNT}/workspaces/00000000-0000-0000-0000-0000000000b1");
    assert_eq!(guest.get(&workspace).await["data"]["name"], "Dailies");
    let projects = guest
        .get(&format!("{workspace}/projects?sort=name_desc"))
        .await;
    assert_eq!(names(&projects), ["Show S01", "A pilot"]);
    let projects = guest
        .get(&format!("{ACCOUNT}/projects?sort=name_asc&include=owner"))
        .await;
    assert_eq!(names(&projects), ["A pilot", "Show S01"]);
    let project = guest
        .get(&format!("{ACCOUNT}/projects/{PROJECT}?include=owner"))
        .await;
    assert_eq!(project["data"]["root_folder_id"], ROOT);
    assert_eq!(project["data"]["storage"], 71);
    let other = "/v4/accounts/00000000-0000-0000-0000-0000000000a2";
    assert_eq!(
        guest
            .status(Method::GET, &format!("{other}/projects/{PROJECT}"))
            .await,
        404
    );
    assert_eq!(
        guest.get(&format!("{other}/projects")).await["data"],
        json!([])
    );
}
