use std::sync::Arc;

use jiff::Timestamp;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::sandbox::seed::Seed;
use crate::sandbox::tests::{SEED, id};
use crate::sandbox::world::World;
use crate::sandbox::{Options, Sandbox, Stopwatch, serve};

const ROOT: &str = "00000000-0000-0000-0000-0000000000d1";

pub(super) struct Visitor {
    pub(super) sandbox: Sandbox,
    pub(super) client: Client,
}

impl Visitor {
    async fn new() -> Self {
        let world = World::from_seed(Seed::parse("sandbox.yaml", SEED).unwrap());
        Self::start(world, None).await
    }

    pub(super) async fn start(world: World, stopwatch: Option<Stopwatch>) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let options = Options {
            log: true,
            stopwatch,
            ..Options::new(Arc::new(|| Timestamp::from_second(1_800_000_000).unwrap()))
        };
        Self {
            sandbox: serve(world, options).await.unwrap(),
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub(super) fn request(&self, method: Method, target: &str) -> RequestBuilder {
        let address = format!("{}{target}", self.sandbox.url());
        self.client
            .request(method, address)
            .bearer_auth(self.sandbox.token())
    }

    pub(super) async fn get(&self, target: &str) -> Response {
        self.request(Method::GET, target).send().await.unwrap()
    }

    async fn json(&self, target: &str) -> Value {
        let response = self.get(target).await;
        assert_eq!(response.status(), 200, "{target}");
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    async fn delete_batch(&self, body: impl Into<String>) -> (u16, Value) {
        let request = self.request(Method::DELETE, "/v2/batch/assets");
        let response = request.body(body.into()).send().await.unwrap();
        let status = response.status().as_u16();
        let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        (status, body)
    }
}

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|asset| asset["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_bulk_delete_answers_as_documented() {
    let visitor = Visitor::new().await;
    let ask = |ids: &[u128]| {
        let ids: Vec<_> = ids.iter().map(|number| id(*number)).collect();
        json!({ "asset_ids": ids }).to_string()
    };
    let (status, body) = visitor.delete_batch(ask(&[1, 4, 5])).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({"error": {
            id(4).to_string(): "Failed to delete asset due to permission restrictions.",
            id(5).to_string(): "Asset is locked.",
        }})
    );
    assert_eq!(visitor.delete_batch(ask(&[3])).await, (200, json!({})));
    let (status, body) = visitor.delete_batch(ask(&[2, 99])).await;
    assert_eq!(status, 404);
    assert_eq!(body["message"], "Not Found");
    assert_eq!(body["errors"][0]["status"], 404);
    let upper = json!({"asset_ids": [id(2).to_string().to_uppercase()]});
    assert_eq!(visitor.delete_batch(upper.to_string()).await.0, 200);

    let log = visitor.sandbox.log();
    assert_eq!(log.len(), 4);
    assert_eq!(log[0].assets, [id(1), id(4), id(5)]);
    assert_eq!(
        (log[2].status, log[2].method.as_str()),
        (Some(404), "DELETE")
    );
    visitor.sandbox.shut_down().await;
}

#[tokio::test]
async fn files_and_folders_are_made_in_folders() {
    let visitor = Visitor::new().await;
    let make = async |parent: &str, body: Value| {
        let target = format!("/v2/assets/{parent}/children");
        let request = visitor.request(Method::POST, &target);
        let response = request.body(body.to_string()).send().await.unwrap();
        let status = response.status().as_u16();
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        (status, body)
    };
    let (status, folder) = make(ROOT, json!({"name": "new", "type": "folder"})).await;
    assert_eq!(status, 200);
    let folder = folder["id"].as_str().unwrap();
    let file = json!({"name": "a.mov", "type": "file", "filetype": "video/mp4", "filesize": 5});
    let (_, inside) = make(folder, file).await;
    assert_eq!(
        (&inside["parent_id"], &inside["filesize"]),
        (&json!(folder), &json!(5))
    );
    let list = format!("/v2/assets/{folder}/children");
    assert_eq!(names(&visitor.json(&list).await), ["a.mov"]);
    for (parent, body, expected) in [
        (ROOT, json!({"type": "file"}), 422),
        (ROOT, json!({"name": "x"}), 422),
        (ROOT, json!({"name": "x", "type": "version_stack"}), 422),
    ] {
        assert_eq!(make(parent, body.clone()).await.0, expected, "{body}");
    }
}

#[tokio::test]
async fn what_is_no_folder_has_nothing_made_in_it() {
    let visitor = Visitor::new().await;
    for parent in [id(1).to_string(), id(99).to_string(), "nonsense".to_owned()] {
        let target = format!("/v2/assets/{parent}/children");
        let request = visitor.request(Method::POST, &target);
        let body = r#"{"name": "x", "type": "folder"}"#;
        let response = request.body(body).send().await.unwrap();
        assert_eq!(response.status(), 404, "{parent}");
    }
}

#[tokio::test]
async fn a_bad_body_is_refused_and_deletes_nothing() {
    let visitor = Visitor::new().await;
    for (body, expected) in [
        ("", 400),
        ("nonsense", 400),
        ("{}", 422),
        ("[]", 422),
        (r#"{"asset_ids": []}"#, 422),
        (r#"{"asset_ids": "all"}"#, 422),
        (r#"{"asset_ids": ["x"]}"#, 422),
        (r#"{"asset_ids": [7]}"#, 422),
    ] {
        let (status, answer) = visitor.delete_batch(body).await;
        assert_eq!(status, expected, "{body}");
        assert_eq!(answer["code"], expected, "{body}");
    }
    visitor
        .sandbox
        .with_world(|world| assert!(world.is_alive(id(1))));
}

#[tokio::test]
async fn nobody_gets_in_without_the_token() {
    let visitor = Visitor::new().await;
    let address = format!("{}/v2/me", visitor.sandbox.url());
    for header in [
        None,
        Some("Bearer wrong"),
        Some("open-sesame"),
        Some("Basic open-sesame"),
    ] {
        let mut request = visitor.client.get(&address);
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401, "{header:?}");
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(body["errors"][0]["title"], "Unauthorized");
    }
}

#[tokio::test]
async fn an_asset_is_read_and_deleted_alone() {
    let visitor = Visitor::new().await;
    let path = format!("/v2/assets/{}", id(1));
    let asset = visitor.json(&path).await;
    assert_eq!(asset["name"], "b.mov");
    assert_eq!(asset["parent_id"], ROOT);
    assert_eq!(asset["deleted_at"], Value::Null);
    let deleted = visitor.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(deleted.status(), 200);
    assert_eq!(visitor.get(&path).await.status(), 404);
    let again = visitor.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(again.status(), 404);
    let asset = visitor.json(&format!("{path}?include_deleted=true")).await;
    assert_eq!(asset["deleted_at"], "2027-01-15T08:00:00Z");
    assert_eq!(asset["hard_deleted_at"], "2027-02-14T08:00:00Z");
    let refused = visitor.request(Method::DELETE, &format!("/v2/assets/{}", id(5)));
    assert_eq!(refused.send().await.unwrap().status(), 403);
    for wrong in ["/v2/assets/nonsense", "/v2/nowhere", "/"] {
        assert_eq!(visitor.get(wrong).await.status(), 404, "{wrong}");
    }
    let wrong = visitor.request(Method::PATCH, &path).send().await.unwrap();
    assert_eq!(wrong.status(), 405);
}

fn id_of(asset: &Value) -> &str {
    asset["id"].as_str().unwrap()
}

#[tokio::test]
async fn children_come_in_pages_and_in_order() {
    let visitor = Visitor::new().await;
    let path = format!("/v2/assets/{ROOT}/children");
    let all = visitor.json(&path).await;
    assert_eq!(names(&all), ["b.mov", "Day 1", "legal.mov"]);
    let with_deleted = visitor
        .json(&format!("{path}?include_deleted=true&sort=-name"))
        .await;
    assert_eq!(
        names(&with_deleted),
        ["old.mov", "legal.mov", "b.mov", "Day 1"]
    );
    let by_id = visitor
        .json(&format!("{path}?include_deleted=true&sort=id"))
        .await;
    let ids: Vec<&str> = by_id.as_array().unwrap().iter().map(id_of).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    // Which takes another way than any other order.
    let slowly = visitor
        .json(&format!("{path}?include_deleted=true&sort=id,name"))
        .await;
    assert_eq!((by_id.as_array().unwrap().len(), &by_id), (4, &slowly));
    let backwards = visitor
        .json(&format!("{path}?include_deleted=true&sort=-id"))
        .await;
    assert_eq!(id_of(&backwards[0]), ids[3]);
    let folders = visitor
        .json(&format!("{path}?type=folder&include=children"))
        .await;
    assert_eq!(names(&folders[0]["children"]), ["a.mov", "c.mov"]);
    assert_eq!(folders[0]["item_count"], 2);

    let mut seen = Vec::new();
    for page in 1..=2 {
        let response = visitor
            .get(&format!("{path}?page_size=2&page={page}"))
            .await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(
            (
                header("page-number"),
                header("per-page"),
                header("total"),
                header("total-pages")
            ),
            (
                page.to_string(),
                "2".to_owned(),
                "3".to_owned(),
                "2".to_owned()
            )
        );
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        seen.extend(names(&body).into_iter().map(str::to_owned));
    }
    assert_eq!(seen, ["b.mov", "Day 1", "legal.mov"]);
    for wrong in [
        "page=0",
        "page_size=x",
        "sort=colour",
        "type=tape",
        "include=all",
        "include_deleted=maybe",
    ] {
        assert_eq!(
            visitor.get(&format!("{path}?{wrong}")).await.status(),
            422,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn the_context_of_an_asset_can_be_walked() {
    let visitor = Visitor::new().await;
    let me = visitor.json("/v2/me").await;
    let account = me["account_id"].as_str().unwrap();
    assert_eq!(visitor.json("/v2/accounts").await[0]["id"], account);
    assert_eq!(
        visitor.json(&format!("/v2/accounts/{account}")).await["name"],
        "Studio"
    );
    let teams = visitor.json(&format!("/v2/accounts/{account}/teams")).await;
    assert_eq!(teams, visitor.json("/v2/teams").await);
    let team = teams[0]["id"].as_str().unwrap();
    let projects = visitor.json(&format!("/v2/teams/{team}/projects")).await;
    let project = projects[0]["id"].as_str().unwrap();
    let project = visitor.json(&format!("/v2/projects/{project}")).await;
    assert_eq!(project["root_asset_id"], ROOT);
    assert_eq!(
        (&project["file_count"], &project["folder_count"]),
        (&json!(4), &json!(1))
    );
    assert_eq!(project["storage"], 60);
    // A JSON body with a GET is what one client sends.
    let request = visitor.request(Method::GET, "/v2/me").body("{}");
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_search_finds_by_name_and_place() {
    let visitor = Visitor::new().await;
    let found = visitor.json("/v2/search/assets?q=MOV&sort=name").await;
    assert_eq!(names(&found), ["a.mov", "b.mov", "c.mov", "legal.mov"]);
    let request = visitor
        .request(Method::POST, "/v2/search/library")
        .body(json!({"query": "old", "include_deleted": true, "page_size": 1}).to_string());
    let response = request.send().await.unwrap();
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(names(&body), ["old.mov"]);
    let nowhere = visitor
        .json(&format!("/v2/search/assets?project_id={}", id(1)))
        .await;
    assert_eq!(nowhere, json!([]));
}
