//! Moving, making and restoring.

use reqwest::Method;
use serde_json::json;

use crate::asset::AssetId;
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
        (body(&[1, 6], &staging), 404),
        (body(&[1, 2], &staging), 404),
        (body(&[1], &id(5).to_string()), 404),
        (body(&[1, 1], &staging), 422),
        (body(&[], &staging), 422),
        (body(&(1..=101).collect::<Vec<_>>(), &staging), 422),
        (json!({"data": {"file_ids": [id(1)]}}), 422),
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
    assert!([2, 7, 8, 9].iter().all(|number| guest.is_alive(*number)));
    assert_eq!(
        guest.patch(&restore(&folder(2)), json!({})).await.status,
        404
    );
    let back = guest.patch(&restore(&file(6)), json!({})).await;
    assert_eq!(back.status, 200);
    assert!(guest.is_alive(6));
    let list = format!("{ACCOUNT}/projects/{PROJECT}/recently_deleted");
    assert!(!names(&guest.get(&list).await).contains(&"old.mov"));
}
