//! Moving, making and restoring.

use reqwest::Method;
use serde_json::{Value, json};

use crate::asset::AssetId;
use crate::sandbox::fault::Faults;
use crate::sandbox::tests::id;
use crate::sandbox::tests::v4::{ACCOUNT, Guest, PROJECT, ROOT, file, folder, names};

#[tokio::test]
async fn files_move_together_or_not_at_all() {
    let guest = Guest::new().await;
    let target = format!("{ACCOUNT}/files/move");
    let create = format!("{ACCOUNT}/folders/{ROOT}/folders");
    let body = json!({"data": {"name": "to go"}}).to_string();
    let made = guest.send(Method::POST, &create, &[], &body).await;
    assert_eq!(
        (made.status, &made.body["data"]["name"]),
        (201, &json!("to go"))
    );
    let staging = made.body["data"]["id"].as_str().unwrap().to_owned();
    let body = |ids: &[u128], to: &str| {
        let ids: Vec<AssetId> = ids.iter().map(|number| id(*number)).collect();
        json!({"data": {"file_ids": ids, "parent_id": to}})
    };
    for (wrong, status) in [
        (body(&[1, 6], &staging), 422),
        (body(&[1, 2], &staging), 422),
        (body(&[1, 7], &staging), 422),
        (body(&[1, 0xff], &staging), 422),
        (body(&[1], &id(5).to_string()), 422),
        (body(&[1], &id(6).to_string()), 404),
        (body(&[1], &id(0xff).to_string()), 404),
        (body(&[1, 1], &staging), 422),
        (body(&[], &staging), 422),
        (body(&(1..=101).collect::<Vec<_>>(), &staging), 422),
        (json!({"data": {"file_ids": [id(1)]}}), 422),
        (
            json!({"data": {"file_ids": [id(1)], "parent_id": staging, "foo": 1}}),
            422,
        ),
        (json!({"file_ids": [id(1)]}), 422),
    ] {
        assert_eq!(
            guest.patch(&target, wrong.clone()).await.status,
            status,
            "{wrong}"
        );
    }
    let moved = guest.patch(&target, body(&[1, 3, 5], &staging)).await;
    assert_eq!(moved.status, 200);
    assert_eq!(names(&moved.body), ["b.mov", "a.mov", "legal.mov"]);
    assert_eq!(moved.body["data"][0]["parent_id"], staging);
    let again = guest.patch(&target, body(&[1], &staging)).await;
    assert_eq!(again.status, 422, "it is there already");
    let staged = format!("{ACCOUNT}/folders/{staging}");
    assert_eq!(
        names(&guest.get(&format!("{staged}/children")).await),
        ["b.mov", "a.mov", "legal.mov"]
    );
    assert_eq!(
        names(&guest.get(&format!("{}/children", folder(2))).await),
        ["c.mov", "Cut"]
    );
    assert_eq!(guest.status(Method::DELETE, &staged).await, 204);
    assert!(!guest.is_alive(1) && !guest.is_alive(3) && guest.is_alive(5));
    for (body, status) in [
        (json!({"data": {"name": ""}}), 422),
        (json!({"data": {"name": "x".repeat(256)}}), 422),
        (json!({"data": {}}), 422),
    ] {
        let met = guest
            .send(Method::POST, &create, &[], &body.to_string())
            .await;
        assert_eq!(met.status, status, "{body}");
    }
    assert_eq!(
        guest
            .send(Method::POST, &create, &[], "nonsense")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn one_asset_moves_where_it_fits() {
    let guest = Guest::new().await;
    let to = |to: AssetId| json!({"data": {"parent_id": to}});
    let stack = format!("{ACCOUNT}/version_stacks/{}", id(7));
    let root: AssetId = ROOT.parse().unwrap();
    for (target, place, status) in [
        (file(1), id(7), 200),
        (stack.clone(), root, 200),
        (folder(2), id(7), 422),
        (folder(2), id(2), 422),
        (file(3), id(5), 422),
        (file(3), id(6), 404),
        (file(6), id(2), 404),
        (stack.clone(), id(0xff), 404),
    ] {
        let met = guest.patch(&format!("{target}/move"), to(place)).await;
        assert_eq!(met.status, status, "{target} to {place}");
    }
    let versions = guest.get(&format!("{stack}/children")).await;
    assert_eq!(names(&versions), ["cut_v1.mov", "cut_v2.mov", "b.mov"]);
    let root = guest
        .get(&format!("{ACCOUNT}/folders/{ROOT}/children"))
        .await;
    assert_eq!(names(&root), ["Day 1", "legal.mov", "Cut"]);
}

#[tokio::test]
async fn what_is_restored_lives_again() {
    let guest = Guest::new().await;
    let restore = |target: &str| format!("{target}/restore");
    assert_eq!(guest.status(Method::DELETE, &file(3)).await, 204);
    assert_eq!(guest.status(Method::DELETE, &folder(2)).await, 204);
    assert_eq!(
        guest.status(Method::PATCH, &restore(&folder(2))).await,
        404,
        "no header"
    );
    assert_eq!(guest.patch(&restore(&file(8)), json!({})).await.status, 409);
    let back = guest.patch(&restore(&folder(2)), json!({})).await;
    assert_eq!(
        (back.status, &back.body["data"]["name"]),
        (200, &json!("Day 1"))
    );
    // What was in it comes back while it is read.
    let children = format!("{}/children?type=version_stack", folder(2));
    let mut found = Vec::new();
    for _ in 0..3 {
        found.push(names(&guest.get(&children).await).len());
    }
    assert_eq!(found, [0, 1, 1]);
    assert!([2, 7, 8, 9].iter().all(|number| guest.is_alive(*number)));
    for alive in [folder(2), file(8)] {
        assert_eq!(guest.patch(&restore(&alive), json!({})).await.status, 409);
    }
    let back = guest.patch(&restore(&file(6)), json!({})).await;
    assert_eq!(back.status, 200);
    assert!(guest.is_alive(6));
    let list = format!("{ACCOUNT}/projects/{PROJECT}/recently_deleted");
    assert!(!names(&guest.get(&list).await).contains(&"old.mov"));
}

/// The body that moves some files somewhere.
fn moving(ids: &[u128], to: AssetId) -> Value {
    let ids: Vec<AssetId> = ids.iter().map(|number| id(*number)).collect();
    json!({"data": {"file_ids": ids, "parent_id": to}})
}

const MOVE: &str = "/v4/accounts/00000000-0000-0000-0000-0000000000a1/files/move";

#[tokio::test]
async fn the_milder_readings_of_a_move() {
    let guest = Guest::behaving(
        "move_bad_id: partial, move_already_there: ok, move_restricted: ok, move_mixed: ok",
    )
    .await;
    let moved = guest.patch(MOVE, moving(&[1, 6, 2, 0xff, 3], id(2))).await;
    assert_eq!(
        (moved.status, names(&moved.body)),
        (200, vec!["b.mov", "a.mov"])
    );
    let other = "00000000-0000-0000-0000-0000000000c2";
    let other = guest.get(&format!("{ACCOUNT}/projects/{other}")).await;
    let root = other["data"]["root_folder_id"].as_str().unwrap();
    let changes = json!([{"restrict": {"id": id(2), "restricted": true}}]);
    assert_eq!(guest.change(changes).await, 204);
    assert_eq!(guest.patch(MOVE, moving(&[5], id(2))).await.status, 200);
    let there = json!({"data": {"parent_id": root}});
    let moved = guest.patch(&format!("{}/move", folder(2)), there).await;
    assert_eq!(moved.status, 200);
    let version = guest.get(&file(8)).await;
    assert_eq!(
        version["data"]["project_id"], other["data"]["id"],
        "all goes along"
    );
    let guest = Guest::behaving("move_answer: short").await;
    let moved = guest.patch(MOVE, moving(&[1, 5], id(2))).await;
    assert_eq!((moved.status, names(&moved.body)), (200, vec!["b.mov"]));
    let moved = guest.get(&file(5)).await;
    assert_eq!(
        moved["data"]["parent_id"],
        json!(id(2)),
        "it was moved all the same"
    );
}

#[tokio::test]
async fn a_move_is_refused_for_other_projects_restricted_folders_and_names_that_are_taken() {
    let guest = Guest::new().await;
    let other = format!("{ACCOUNT}/projects/00000000-0000-0000-0000-0000000000c2");
    let root = guest.get(&other).await["data"]["root_folder_id"].clone();
    let adobe = "adobe:urn:aaid:sc:US:1|1";
    let changes = json!([
        {"add": {"to": root, "asset": {"id": id(0x20), "name": "pilot.mov"}}},
        {"add": {"to": ROOT, "asset": {"id": id(0x21), "name": "Secret", "type": "folder", "restricted": true}}},
        {"add": {"to": ROOT, "asset": {"id": adobe, "name": "a.mov"}}},
        {"add": {"to": ROOT, "asset": {"id": id(0x22), "name": "a.mov"}}},
    ]);
    assert_eq!(guest.change(changes).await, 204);
    assert_eq!(
        guest.patch(MOVE, moving(&[1, 0x20], id(2))).await.status,
        422
    );
    assert_eq!(guest.patch(MOVE, moving(&[1], id(0x21))).await.status, 403);
    let there = json!({"data": {"file_ids": [adobe], "parent_id": id(2)}});
    assert_eq!(guest.patch(MOVE, there.clone()).await.status, 409);
    assert_eq!(
        guest.patch(MOVE, moving(&[0x22], id(2))).await.status,
        200,
        "two of one name"
    );
    let guest = Guest::behaving("same_name: refused").await;
    let changes = json!([{"add": {"to": ROOT, "asset": {"id": id(0x22), "name": "a.mov"}}}]);
    assert_eq!(guest.change(changes).await, 204);
    assert_eq!(guest.patch(MOVE, moving(&[0x22], id(2))).await.status, 409);
}

#[tokio::test]
async fn folders_move_together_too() {
    let guest = Guest::new().await;
    let changes = json!([
        {"add": {"to": ROOT, "asset": {"id": id(0x20), "name": "to go", "type": "folder"}}},
        {"add": {"to": ROOT, "asset": {"id": id(0x21), "name": "Day 2", "type": "folder"}}},
    ]);
    assert_eq!(guest.change(changes).await, 204);
    let target = format!("{ACCOUNT}/folders/move");
    let body = |ids: &[u128]| {
        let ids: Vec<AssetId> = ids.iter().map(|number| id(*number)).collect();
        json!({"data": {"folder_ids": ids, "parent_id": id(0x20)}})
    };
    for wrong in [&[2, 0x20][..], &[2, 1]] {
        assert_eq!(
            guest.patch(&target, body(wrong)).await.status,
            422,
            "{wrong:?}"
        );
    }
    let moved = guest.patch(&target, body(&[2, 0x21])).await;
    assert_eq!(
        (moved.status, names(&moved.body)),
        (200, vec!["Day 1", "Day 2"])
    );
}

/// Faults of one rule.
fn faults(rule: &str) -> Faults {
    Faults {
        seed: 0,
        rules: vec![rule.parse().unwrap()],
    }
}

#[tokio::test]
async fn a_call_can_be_carried_out_by_half_or_wholly_and_be_answered_with_504() {
    let guest = Guest::new().await;
    let sandbox = &guest.visitor.sandbox;
    let send = async |method: Method, target: &str, body: String| {
        // The document has no 504, so this answer is not held to it.
        let request = guest.visitor.request(method, target).body(body);
        request.send().await.unwrap().status().as_u16()
    };
    sandbox.set_faults(faults("half=first:1@v4_files_move"));
    let body = moving(&[1, 5], id(2)).to_string();
    assert_eq!(send(Method::PATCH, MOVE, body).await, 504);
    let parent = async |number| guest.get(&file(number)).await["data"]["parent_id"].clone();
    assert_eq!(
        (parent(1).await, parent(5).await),
        (json!(id(2)), json!(ROOT))
    );
    sandbox.set_faults(faults("done/504=first:1@v4_folder_delete"));
    assert_eq!(send(Method::DELETE, &folder(2), String::new()).await, 504);
    assert!(!guest.is_alive(2));
}

#[tokio::test]
async fn what_went_with_a_folder_can_be_read_for_a_while() {
    let guest = Guest::new().await;
    assert_eq!(guest.status(Method::DELETE, &folder(2)).await, 204);
    assert!(!guest.is_alive(3), "in truth it is deleted");
    assert_eq!(guest.status(Method::GET, &folder(2)).await, 404);
    let stack = format!("{ACCOUNT}/version_stacks/{}/children", id(7));
    assert_eq!(
        names(&guest.get(&stack).await),
        ["cut_v1.mov", "cut_v2.mov"]
    );
    let found = guest.get(&file(3)).await;
    assert!(found["data"].get("deleted_at").is_none(), "{found}");
    for gone in [file(3), file(8), stack] {
        assert_eq!(guest.status(Method::GET, &gone).await, 404, "{gone}");
    }
    assert_eq!(guest.status(Method::DELETE, &file(8)).await, 404);
    let guest = Guest::behaving("slow_cascade: 0").await;
    assert_eq!(guest.status(Method::DELETE, &folder(2)).await, 204);
    assert_eq!(guest.status(Method::GET, &file(3)).await, 404);
}

#[tokio::test]
async fn a_folder_can_be_too_large_to_be_deleted() {
    let guest = Guest::behaving("too_large: 4").await;
    assert_eq!(guest.status(Method::DELETE, &folder(2)).await, 422);
    assert_eq!(guest.status(Method::DELETE, &file(3)).await, 204);
    assert_eq!(guest.status(Method::DELETE, &folder(2)).await, 204);
}

#[tokio::test]
async fn a_restore_can_be_unknown_and_can_lead_to_the_top() {
    let restore = format!("{}/restore", file(3));
    let guest = Guest::behaving("restore: unsupported").await;
    assert_eq!(guest.status(Method::DELETE, &file(3)).await, 204);
    assert_eq!(guest.patch(&restore, json!({})).await.status, 404);
    for (switches, status) in [
        ("restore_polls: 0", 409),
        ("restore_parent_gone: root", 200),
    ] {
        let guest = Guest::behaving(switches).await;
        assert_eq!(guest.status(Method::DELETE, &file(3)).await, 204);
        assert_eq!(guest.status(Method::DELETE, &folder(2)).await, 204);
        let back = guest.patch(&restore, json!({})).await;
        assert_eq!(back.status, status, "{switches}");
        if status == 200 {
            assert_eq!(back.body["data"]["parent_id"], ROOT);
            let root = guest.get(&format!("{ACCOUNT}/folders/{ROOT}/files")).await;
            assert!(names(&root).contains(&"a.mov"), "{root}");
        } else {
            let back = guest
                .patch(&format!("{}/restore", folder(2)), json!({}))
                .await;
            assert_eq!((back.status, guest.is_alive(9)), (200, true), "at once");
        }
    }
}

#[tokio::test]
async fn files_stacks_and_folders_are_made_and_renamed() {
    let guest = Guest::new().await;
    let post = async |target: &str, body: Value| {
        let target = format!("{}/{target}", folder(2));
        guest
            .send(Method::POST, &target, &[], &body.to_string())
            .await
    };
    let file_of = |name: &str, size: i64| json!({"data": {"name": name, "file_size": size}});
    let mut made = Vec::new();
    for name in ["one.mov", "two.mov"] {
        let file = post("files/local_upload", file_of(name, 7)).await;
        assert_eq!(
            (file.status, &file.body["data"]["status"]),
            (201, &json!("created"))
        );
        assert_eq!(file.body["data"]["upload_urls"][0]["size"], 7);
        made.push(file.body["data"]["id"].clone());
    }
    let stack = post("version_stacks", json!({"data": {"file_ids": made}})).await;
    assert_eq!(
        (stack.status, &stack.body["data"]["name"]),
        (201, &json!("two.mov"))
    );
    assert_eq!(stack.body["data"]["head_version"]["id"], made[1]);
    let children = guest.get(&format!("{}/children", folder(2))).await;
    assert_eq!(names(&children), ["a.mov", "c.mov", "Cut", "two.mov"]);
    for (target, body) in [
        ("files/local_upload", file_of("", 7)),
        ("files/local_upload", file_of("x", 0)),
        ("files/local_upload", json!({"data": {"name": "x"}})),
        ("version_stacks", json!({"data": {"file_ids": [id(1)]}})),
        (
            "version_stacks",
            json!({"data": {"file_ids": [id(1), id(2)]}}),
        ),
        (
            "folders",
            json!({"data": {"name": "x", "restricted": true}}),
        ),
    ] {
        assert_eq!(post(target, body.clone()).await.status, 422, "{body}");
    }
    for (guest, status) in [
        (Guest::new().await, 201),
        (Guest::behaving("same_folder: refused").await, 409),
    ] {
        let target = format!("{ACCOUNT}/folders/{ROOT}/folders");
        let body = json!({"data": {"name": "Day 1"}}).to_string();
        let made = guest.send(Method::POST, &target, &[], &body).await;
        assert_eq!(made.status, status);
    }
    let renamed = guest
        .patch(&folder(2), json!({"data": {"name": "Day 2"}}))
        .await;
    assert_eq!(
        (renamed.status, &renamed.body["data"]["name"]),
        (200, &json!("Day 2"))
    );
}

#[tokio::test]
async fn what_is_deleted_counts_in_the_storage_until_it_is_gone_for_good() {
    for (switches, after) in [("storage: kept", 71), ("storage: freed", 41)] {
        let guest = Guest::behaving(switches).await;
        assert_eq!(guest.status(Method::DELETE, &file(3)).await, 204);
        let project = guest.get(&format!("{ACCOUNT}/projects/{PROJECT}")).await;
        assert_eq!(project["data"]["storage"], after, "{switches}");
        let back = guest
            .patch(&format!("{}/restore", file(3)), json!({}))
            .await;
        assert_eq!(back.status, 200);
        let project = guest.get(&format!("{ACCOUNT}/projects/{PROJECT}")).await;
        assert_eq!(project["data"]["storage"], 71, "{switches}");
    }
}

#[tokio::test]
async fn people_act_at_the_very_moment_of_a_call() {
    let guest = Guest::new().await;
    let set = async |surprises: Value| {
        let request = guest.visitor.request(Method::PUT, "/_sandbox/surprises");
        let response = request.body(surprises.to_string()).send().await;
        response.unwrap().status().as_u16()
    };
    let foreign = json!({"id": id(0x20), "name": "foreign.mov"});
    let changes =
        json!([{"add": {"to": "@asked", "asset": foreign}}, {"move": {"id": id(3), "to": ROOT}}]);
    let before = "at:1@v4_folder_delete";
    assert_eq!(
        set(json!([{"before": before, "changes": changes}])).await,
        204
    );
    assert_eq!(guest.status(Method::GET, &file(0x20)).await, 404);
    assert_eq!(guest.status(Method::DELETE, &folder(2)).await, 204);
    let truth = guest
        .visitor
        .get("/_sandbox/assets")
        .await
        .bytes()
        .await
        .unwrap();
    let truth = String::from_utf8(truth.to_vec()).unwrap();
    assert!(truth.contains("foreign.mov"), "{truth}");
    assert!(!guest.is_alive(0x20) && guest.is_alive(3));
    for wrong in [
        json!([{"before": "often", "changes": []}]),
        json!([{"before": before, "changes": [{"burn": {}}]}]),
    ] {
        assert_eq!(set(wrong.clone()).await, 422, "{wrong}");
    }
}
