//! How lists go on, and how they do not.

use reqwest::Method;
use serde_json::{Value, json};

use crate::sandbox::fault::{Faults, Rule};
use crate::sandbox::tests::id;
use crate::sandbox::tests::v4::{ACCOUNT, Guest, PROJECT, ROOT, file, folder, names};
use crate::sandbox::world::edit::Change;

/// A guest of a world whose cursors name a place, and keep the order and the kinds of their list.
async fn keeping() -> Guest {
    Guest::behaving("cursors: place, bare_after: keeps").await
}

fn next(page: &Value) -> &str {
    page["links"]["next"].as_str().unwrap()
}

#[tokio::test]
async fn a_cursor_skips_what_moves_up_when_something_leaves_the_list() {
    let guest = Guest::new().await;
    let list = format!("{}/children?page_size=1", folder(2));
    let first = guest.get(&list).await;
    assert_eq!(names(&first), ["a.mov"]);
    let after = format!("{}&page_size=1", next(&first));
    assert_eq!(names(&guest.get(&after).await), ["c.mov"]);
    let to = ROOT.parse().unwrap();
    let sandbox = &guest.visitor.sandbox;
    sandbox.change(Change::Move { id: id(3), to }).unwrap();
    assert_eq!(names(&guest.get(&after).await), ["Cut"], "c.mov is skipped");
    // What comes to the front of a sorted list is told twice by another.
    let list = format!("{ACCOUNT}/folders/{ROOT}/files?sort=created_at_desc&page_size=1");
    let first = guest.get(&list).await;
    let name = names(&first)[0].to_owned();
    let body =
        json!([{"add": {"to": ROOT, "asset": {"id": id(0x30), "name": "new.mov", "age": "1d"}}}]);
    assert_eq!(guest.change(body).await, 204);
    let after = format!("{}&sort=created_at_desc&page_size=1", next(&first));
    assert_eq!(names(&guest.get(&after).await), [name]);
}

#[tokio::test]
async fn a_cursor_of_the_milder_kind_goes_on_after_the_last_entry() {
    let guest = keeping().await;
    let first = guest
        .get(&format!("{}/children?page_size=2", folder(2)))
        .await;
    assert_eq!(names(&first), ["a.mov", "c.mov"]);
    assert_eq!(guest.status(Method::DELETE, &file(3)).await, 204);
    assert_eq!(names(&guest.get(next(&first)).await), ["Cut"]);
}

#[tokio::test]
async fn a_link_alone_loses_the_parameters_of_its_list() {
    let guest = Guest::new().await;
    let list = format!(
        "{}/children?type=file&include=creator&include_total_count=true&sort=name_desc&page_size=1",
        folder(2)
    );
    let first = guest.get(&list).await;
    assert_eq!(
        (names(&first), &first["total_count"]),
        (vec!["c.mov"], &json!(2))
    );
    assert_eq!(first["data"][0]["creator"]["name"], "Sandbox User");
    let bare = guest.get(next(&first)).await;
    assert_eq!(names(&bare), ["c.mov", "Cut"], "all kinds, by their places");
    assert!(bare["data"][0].get("creator").is_none() && bare.get("total_count").is_none());
    let whole = list.replace(
        "children?",
        &format!("children?{}&", next(&first).split_once('?').unwrap().1),
    );
    assert_eq!(names(&guest.get(&whole).await), ["a.mov"]);
}

#[tokio::test]
async fn of_what_is_included_twice_the_last_counts() {
    let guest = Guest::new().await;
    let found = guest
        .get(&format!("{}?include=creator&include=project", file(1)))
        .await;
    assert!(found["data"].get("creator").is_none());
    assert_eq!(found["data"]["project"]["name"], "Show S01");
}

#[tokio::test]
async fn a_list_can_fail_or_end_or_repeat_on_any_page() {
    let guest = Guest::new().await;
    let faults = |rule: &str| Faults {
        seed: 0,
        rules: vec![rule.parse::<Rule>().unwrap()],
    };
    let list = format!("{}/children?page_size=1", folder(2));
    let second = async || format!("{}&page_size=1", next(&guest.get(&list).await));
    let sandbox = &guest.visitor.sandbox;

    sandbox.set_faults(faults("503=page:2@v4_folder_children"));
    let target = second().await;
    for _ in 0..2 {
        let address = format!("{}{target}", sandbox.url());
        let met = guest.visitor.client.get(address).bearer_auth("open-sesame");
        assert_eq!(met.send().await.unwrap().status(), 503);
    }

    sandbox.set_faults(faults("list-ends=page:2@v4_folder_children"));
    let target = second().await;
    let ends = guest.get(&target).await;
    assert_eq!(
        (names(&ends), &ends["links"]["next"]),
        (vec!["c.mov"], &Value::Null)
    );

    sandbox.set_faults(faults("list-repeats=page:2@v4_folder_children"));
    let target = second().await;
    let repeats = guest.get(&target).await;
    assert_eq!(names(&repeats), ["c.mov"]);
    let again = guest.get(&format!("{}&page_size=1", next(&repeats))).await;
    assert_eq!(again["data"], repeats["data"]);

    sandbox.set_faults(faults("list-repeats=page:1"));
    for list in [
        list,
        format!("{ACCOUNT}/projects?page_size=1"),
        format!("{ACCOUNT}/projects/{PROJECT}/recently_deleted?page_size=1"),
    ] {
        let first = guest.get(&list).await;
        let again = guest.get(&format!("{}&page_size=1", next(&first))).await;
        assert_eq!(again["data"], first["data"], "{list}");
    }
}

#[tokio::test]
async fn a_link_goes_on_in_the_order_of_its_list() {
    let guest = keeping().await;
    for (list, expected) in [
        (
            format!("{ACCOUNT}/folders/{ROOT}/children?sort=name_desc"),
            &["legal.mov", "b.mov", "Day 1"][..],
        ),
        (
            format!("{}/children?type=file&sort=name_desc", folder(2)),
            &["c.mov", "a.mov"],
        ),
        (
            format!("{}/children?type=file,version_stack", folder(2)),
            &["a.mov", "c.mov", "Cut"],
        ),
        (
            format!("{ACCOUNT}/projects?sort=name_desc"),
            &["Show S01", "A pilot"],
        ),
    ] {
        let mut link = format!("{list}&page_size=1");
        let mut found = Vec::new();
        loop {
            let page = guest.get(&link).await;
            found.extend(names(&page).iter().map(|name| (*name).to_owned()));
            let Some(next) = page["links"]["next"].as_str() else {
                break;
            };
            // Letter for letter, as Frame.io's own clients do, but for the size of a page.
            link = format!("{next}&page_size=1");
        }
        assert_eq!(found, expected, "{list}");
    }
    let list = format!("{ACCOUNT}/folders/{ROOT}/files");
    let page = guest
        .get(&format!("{list}?sort=name_asc&page_size=1"))
        .await;
    let next = page["links"]["next"].as_str().unwrap();
    let same = format!("{next}&sort=name_asc");
    assert_eq!(names(&guest.get(&same).await), ["legal.mov"]);
    // A place in one order is none in another.
    let other = format!("{next}&sort=name_desc");
    assert_eq!(guest.status(Method::GET, &other).await, 422);
}
