//! The schema of the manifest takes and refuses what the parser takes and refuses, as far as a
//! schema can say it: what spans two entries, such as an id that stands twice, it cannot.

use frameio_retire::cli::args::SchemaName;
use frameio_retire::manifest::{self, Part, Source};
use serde_json::{Value, json};

use crate::schemas::validator;

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const P: &str = "7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e";
/// Stands nowhere else in the document.
const OTHER: &str = "9c1e7c52-6a3b-4c7e-9f21-0b5d7a4e1c01";

/// A document with every field.
fn rich() -> Value {
    json!({
        "$schema": "schemas/manifest.schema.json",
        "version": 1,
        "account": "5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60",
        "defaults": {
            "kind": "file", "reason": "r", "ticket": "t", "owner": "o", "not_before": "2026-12-01",
            "strategy": "staged"
        },
        "assets": [
            A,
            {
                "id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "kind": "folder", "reason": "r",
                "ticket": "t", "owner": "o", "not_before": "2026-12-01T10:00:00+01:00",
                "missing": "accept", "contents": 412,
                "pin": {"name": "n", "project": P, "parent": OTHER, "filesize": 3}
            }
        ],
        "holds": [
            {"id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427", "reason": "r", "until": "2027-01-01"},
            {"project": P, "reason": "r", "until": "2027-01-01"}
        ],
        "releases": [
            {"id": "2b4e28ba-2fa1-11d2-883f-0016d3cca427", "reason": "r", "ticket": "t"},
            {"project": OTHER, "reason": "r"}
        ],
        "waivers": [
            {"guard": "max-404-percent", "limit": 5, "reason": "r", "expires": "2026-12-15"},
            {
                "guard": "max-bytes", "limit": "3 TB", "project": "Tide", "reason": "r",
                "expires": "2026-12-15"
            },
            {
                "guard": "min-age", "limit": "2 h", "project": "Tide", "reason": "r",
                "expires": "2026-12-15"
            }
        ]
    })
}

/// Where everything in a document stands.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    if !at.is_empty() {
        found.push(at.to_owned());
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                places(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, &format!("{at}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The document with another value at a place.
fn with(at: &str, value: Value) -> Value {
    let mut document = rich();
    *document.pointer_mut(at).unwrap() = value;
    document
}

/// The document without what stands at a place.
fn without(at: &str) -> Value {
    let mut document = rich();
    let (parent, name) = at.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.remove(name)),
        Value::Array(items) => drop(items.remove(name.parse().unwrap())),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            panic!("{other}")
        }
    }
    document
}

fn ids() -> Vec<String> {
    let hex = "9c1e7c526a3b4c7e9f210b5d7a4e1c02";
    let id = "9c1e7c52-6a3b-4c7e-9f21-0b5d7a4e1c02";
    let nil = "00000000-0000-0000-0000-000000000000";
    let reserved = "ffffffff-ffff-ffff-ffff-ffff00000001";
    let mut ids = vec![
        id.to_owned(),
        id.to_uppercase(),
        hex.to_owned(),
        hex.to_uppercase(),
        format!("{{{id}}}"),
        format!("{{{hex}}}"),
        format!("urn:uuid:{id}"),
        format!("URN:UUID:{id}"),
        format!("urn:uuid:{hex}"),
        format!("{id} "),
        format!(" {id}"),
        format!("{id},"),
        format!("id:{id}"),
        format!("{id}\u{a0}"),
        format!("{id}\n"),
        id[..35].to_owned(),
        format!("{id}0"),
        id.replace('9', "g"),
        nil.to_owned(),
        nil.replace('-', ""),
        format!("{{{nil}}}"),
        reserved.to_owned(),
        reserved.to_uppercase(),
        reserved.replace('-', ""),
        "adobe:".to_owned(),
        "adobe:x".to_owned(),
        "ADOBE:x".to_owned(),
        "adobe:x y".to_owned(),
        format!("adobe:{}", "x".repeat(249)),
        format!("adobe:{}", "x".repeat(250)),
        "adobe:urn:aaid:sc:US:a1b2c3d4-e5f6-7890-abcd-ef1234567890|2".to_owned(),
        "Tidewater Pictures".to_owned(),
        "${ASSET}".to_owned(),
    ];
    for page in [
        format!("project/{P}/view/{id}"),
        format!("project/{P}/view/{id}/"),
        format!("project/{P}/view/{id}//"),
        format!("project/{P}/view/{id}?version={A}#x"),
        format!("project/{P}/{id}"),
        format!("project/{P}/{id}#comment"),
        format!("project/{P}/{hex}"),
        format!("project/{nil}/view/{id}"),
        format!("project/{P}/view/{nil}"),
        format!("project/{P}"),
        format!("project/{P}/"),
        format!("project/{P}/view"),
        format!("project/{P}/view/{id}/x"),
        format!("player/{id}"),
        format!("player/{id}?a=b"),
        format!("player/{id}/x"),
        format!("share/{P}/view/{id}"),
        format!("embed/{id}"),
        format!("reviews/{P}/{id}"),
        String::new(),
    ] {
        ids.push(format!("https://next.frame.io/{page}"));
        ids.push(format!("https://app.frame.io/{page}"));
        ids.push(format!("http://next.frame.io/{page}"));
        ids.push(format!("next.frame.io/{page}"));
        ids.push(format!("https://next.frame.io.example/{page}"));
    }
    ids.push("https://f.io/abc".to_owned());
    ids
}

fn moments() -> Vec<String> {
    let mut moments = vec!["never".to_owned(), "tomorrow".to_owned()];
    for day in [
        "2026-12-01",
        "2026-12-31",
        "2026-12-32",
        "2026-00-01",
        "2026-13-01",
        "2026-01-00",
        "2026-02-28",
        "2026-02-29",
        "2028-02-29",
        "1900-02-29",
        "2000-02-29",
        "2100-02-29",
        "0000-02-29",
        "0000-01-01",
        "2026-04-30",
        "2026-04-31",
        "2026-06-31",
        "2026-09-31",
        "2026-11-31",
        "9999-12-31",
        "1026-12-01",
        "26-12-01",
        "2026-1-01",
        "20261201",
        "2026-12-01T",
        "+2026-12-01",
    ] {
        moments.push(day.to_owned());
    }
    for time in [
        "T10:00:00Z",
        "t10:00:00z",
        " 10:00:00Z",
        "T10:00:00",
        "T10:00Z",
        "T24:00:00Z",
        "T23:59:59Z",
        "T23:59:60Z",
        "T23:60:00Z",
        "T10:00:00.1Z",
        "T10:00:00.123456789Z",
        "T10:00:00.1234567891Z",
        "T10:00:00.Z",
        "T10:00:00+01:00",
        "T10:00:00-12:00",
        "T10:00:00+23:59",
        "T10:00:00+24:00",
        "T10:00:00+25:59",
        "T10:00:00+26:00",
        "T10:00:60Z",
        "T10:00:00+01",
        "T10:00:00+01:60",
        "T10:00:00 Z",
        "T10:00:00Z[UTC]",
        "X10:00:00Z",
    ] {
        moments.push(format!("2026-12-01{time}"));
        moments.push(format!("9999-12-31{time}"));
    }
    moments
}

/// Every document of the test, each with what is unusual in it.
fn documents() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    places(&rich(), "", &mut found);
    let mut documents = vec![("nothing".to_owned(), rich())];
    let values = [
        json!(null),
        json!(""),
        json!(" "),
        json!("\u{a0}\t"),
        json!("x"),
        json!("1"),
        json!(0),
        json!(1),
        json!(2),
        json!(-1),
        json!(1.0),
        json!(3.0),
        json!(1.5),
        json!(255),
        json!(u64::MAX),
        json!(1e30),
        json!(true),
        json!([]),
        json!({}),
        json!([null]),
        json!([OTHER]),
        json!([{}]),
        json!({"id": OTHER}),
        json!({"x": 1}),
    ];
    for at in &found {
        documents.push((format!("no {at}"), without(at)));
        for value in &values {
            documents.push((format!("{at}: {value}"), with(at, value.clone())));
        }
        if rich().pointer(at).unwrap().is_object() {
            let mut more = rich();
            more.pointer_mut(at).unwrap()["colour"] = json!("blue");
            documents.push((format!("{at}/colour"), more));
        }
    }
    for at in [
        "/account",
        "/assets/0",
        "/assets/1/id",
        "/holds/0/id",
        "/holds/1/project",
        "/releases/0/id",
        "/releases/1/project",
        "/assets/1/pin/parent",
        "/assets/1/pin/project",
    ] {
        for id in ids() {
            documents.push((format!("{at}: {id}"), with(at, json!(id))));
        }
    }
    for reason in ["say why", " Say Why\n", "say why not", "-", " "] {
        let at = "/releases/0/reason";
        documents.push((format!("{at}: {reason}"), with(at, json!(reason))));
    }
    for at in [
        "/defaults/not_before",
        "/assets/1/not_before",
        "/holds/0/until",
        "/waivers/0/expires",
    ] {
        for moment in moments() {
            documents.push((format!("{at}: {moment}"), with(at, json!(moment))));
        }
    }
    for (at, names) in [
        (
            "/defaults/kind",
            &["file", "folder", "version_stack", "File", "stack", "bundle"][..],
        ),
        ("/assets/1/missing", &["accept", "Accept", "ignore"]),
        (
            "/waivers/0/guard",
            &[
                "max-assets",
                "max-percent",
                "max-bytes",
                "min-age",
                "max-failure-percent",
                "max-age",
            ],
        ),
        (
            "/waivers/0/reason",
            &["say why", " Say Why ", "say why it is"],
        ),
    ] {
        for name in names {
            documents.push((format!("{at}: {name}"), with(at, json!(name))));
        }
    }
    for (at, limits) in [
        (
            "/waivers/1/limit",
            &[
                "3TB",
                "3 tb",
                "3  TB",
                "3 TiB",
                "3 KiB",
                "3 kiB",
                "3 kB",
                "3.5 GB",
                "3. GB",
                ".5 GB",
                "3 B",
                "3",
                "B",
                "-3 TB",
                "1234567890123456 B",
                "9999 PB",
                "9999.999999999999999 PiB",
                "99999 PB",
                "9999999 TiB",
                "99999999 TiB",
                "9999999999 GiB",
                "99999999999 GB",
                "9999999999999 MiB",
                "99999999999999 MB",
                "999999999999999 KiB",
                "999999999999999.999999999999999 PiB",
                "999999999999999.999999999999999999 PiB",
                "3 TB ",
                " 3 TB",
                "3 EB",
                "1e3 GB",
                "3,5 GB",
                "3 days",
            ][..],
        ),
        (
            "/waivers/2/limit",
            &[
                "1 day",
                "1 days",
                "2d",
                "90 s",
                "1 minute",
                "2 weeks",
                "1w",
                "1.5 h",
                "1h 30m",
                "soon",
                "1 month",
                "999999 weeks",
                "1234567 s",
                "0 seconds",
                "-1 h",
                "1  h",
                "1 Day",
                "PT1H",
                "30",
                "3 TB",
            ],
        ),
    ] {
        for limit in limits {
            documents.push((format!("{at}: {limit}"), with(at, json!(limit))));
        }
    }
    for (at, field) in [
        ("/holds/0", "project"),
        ("/holds/1", "id"),
        ("/releases/0", "project"),
        ("/releases/1", "id"),
        ("/waivers/0", "project"),
    ] {
        let mut both = rich();
        both.pointer_mut(at).unwrap()[field] = json!(OTHER);
        documents.push((format!("{at}/{field}"), both));
    }
    for guard in ["min-age", "max-bytes", "max-percent"] {
        for limit in [
            json!(5),
            json!(101),
            json!("5"),
            json!("5 h"),
            json!("5 GB"),
        ] {
            let mut other = with("/waivers/0/guard", json!(guard));
            other["waivers"][0]["limit"] = limit.clone();
            documents.push((format!("{guard} {limit}"), other));
        }
    }
    documents.extend([
        ("empty mapping".to_owned(), json!({})),
        ("a list".to_owned(), json!([])),
        ("a text".to_owned(), json!("x")),
        ("only a version".to_owned(), json!({"version": 1})),
        (
            "only a frame".to_owned(),
            json!({"version": 1, "$schema": "x", "defaults": {}}),
        ),
        ("only holds".to_owned(), json!({"version": 1, "holds": []})),
        (
            "only assets".to_owned(),
            json!({"version": 1, "assets": []}),
        ),
        (
            "only waivers".to_owned(),
            json!({"version": 1, "waivers": []}),
        ),
        (
            "only releases".to_owned(),
            json!({"version": 1, "releases": []}),
        ),
    ]);
    documents
}

#[test]
fn the_schema_and_the_parser_agree() {
    let validator = validator(SchemaName::Manifest);
    let documents = documents();
    assert!(documents.len() >= 200, "{}", documents.len());
    let mut taken = 0;
    let mut differ = Vec::new();
    for (what, document) in &documents {
        let source = Source {
            path: "m.yaml".into(),
            bytes: serde_json::to_vec(document).unwrap(),
            part: Part::All,
        };
        let read = manifest::read(&[source]);
        let fits = validator.is_valid(document);
        taken += usize::from(fits);
        if read.is_ok() != fits {
            let why = read.err().map(|findings| findings[0].message.clone());
            differ.push(format!("{what}: schema {fits}, parser {why:?}"));
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");
    assert!(
        taken >= 100 && documents.len() - taken >= 100,
        "{taken} are taken"
    );
}
