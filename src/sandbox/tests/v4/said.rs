//! What is said of assets: who made them and when, their uploads, and their custom fields.

use serde_json::{Value, json};

use crate::sandbox::seed::Seed;
use crate::sandbox::tests::id;
use crate::sandbox::tests::v4::{ACCOUNT, Guest, ROOT, SEED, file, folder, names};
use crate::sandbox::world::World;
use crate::sandbox::world::edit::Change;

const PEOPLE: &str = "\
people:
  - {id: 00000000-0000-0000-0000-0000000000e1, name: Ada, email: ada@studio.example}
accounts:
";

const FIELDS: &str = "    name: Studio
    fields:
      - {id: 00000000-0000-0000-0000-0000000000f1, name: Retention, type: select, options: [Keep, Hold]}
      - {id: 00000000-0000-0000-0000-0000000000f2, name: Note}
      - {id: 00000000-0000-0000-0000-0000000000f3, name: Owner, type: user_multi}
      - {id: 00000000-0000-0000-0000-0000000000f4, name: Done, type: toggle, mutable: false}
      - {id: 00000000-0000-0000-0000-0000000000f5, name: Takes, type: number}
      - {id: 00000000-0000-0000-0000-0000000000f6, name: Stars, type: rating}
      - {id: 00000000-0000-0000-0000-0000000000f7, name: Until, type: date}
      - {id: 00000000-0000-0000-0000-0000000000f8, name: Tags, type: select_multi, options: [vfx, cut]}
      - {id: 00000000-0000-0000-0000-0000000000f9, name: More, type: long_text}
      - {id: 00000000-0000-0000-0000-0000000000fa, name: Lead, type: user_single}
";

const SAID: &str = "{id: 00000000-0000-0000-0000-000000000001, name: b.mov, age: 120d, updated_at: 3d ago, creator: ada@studio.example, upload: created, fields: {Retention: Hold, Note: on tape, Owner: [ada@studio.example], Done: true, Takes: 3, Tags: [cut]},";

fn seed() -> String {
    SEED.replace("accounts:\n", PEOPLE)
        .replace("    name: Studio\n", FIELDS)
        .replace(
            "{id: 00000000-0000-0000-0000-000000000001, name: b.mov,",
            SAID,
        )
        .replace(
            "name: Day 1\n",
            "name: Day 1\n                restricted: true\n",
        )
}

fn world(seed: &str) -> World {
    let seed = Seed::parse("sandbox.yaml", seed).unwrap();
    World::from_seed_at(seed, "2026-11-30T12:00:00Z".parse().unwrap())
}

fn values(file: &Value) -> Vec<(String, Value)> {
    let fields = file["metadata"].as_array().unwrap().iter();
    fields
        .map(|one| {
            let name = one["field_definition_name"].as_str().unwrap();
            (name.to_owned(), one["value"].clone())
        })
        .collect()
}

#[tokio::test]
async fn an_asset_has_its_maker_its_moments_and_its_upload() {
    let guest = Guest::start(world(&seed())).await;
    let found = guest.get(&format!("{}?include=creator", file(1))).await;
    let found = &found["data"];
    assert_eq!(found["creator"]["email"], "ada@studio.example");
    assert_eq!(found["created_at"], "2026-08-02T12:00:00Z");
    assert_eq!(found["updated_at"], "2026-11-27T12:00:00Z");
    assert_eq!(found["status"], "created");
    let other = guest.get(&format!("{}?include=creator", file(3))).await;
    assert_eq!(other["data"]["creator"]["email"], "user@sandbox.example");
    assert_eq!(other["data"]["status"], "transcoded");
    assert_eq!(guest.get(&folder(2)).await["data"]["restricted"], true);
    let root = guest.get(&format!("{ACCOUNT}/folders/{ROOT}")).await;
    assert_eq!(root["data"]["restricted"], false);
}

#[tokio::test]
async fn custom_fields_are_defined_and_filled_in() {
    let guest = Guest::start(world(&seed())).await;
    let fields = format!("{ACCOUNT}/metadata/field_definitions");
    let all = guest
        .get(&format!(
            "{fields}?include=creator&include_total_count=true"
        ))
        .await;
    assert_eq!(
        (&all["total_count"], names(&all)[0]),
        (&json!(10), "Retention")
    );
    let options = &all["data"][0]["field_configuration"]["options"];
    let hold = options[1].clone();
    assert_eq!(hold["display_name"], "Hold");
    let mutable = guest
        .get(&format!("{fields}?filters[exclude_immutable]=true"))
        .await;
    assert!(!names(&mutable).contains(&"Done"));
    let list = format!("{ACCOUNT}/folders/{ROOT}/children?include=metadata");
    let listed = guest.get(&list).await;
    let ada = json!([{"id": "00000000-0000-0000-0000-0000000000e1", "type": "user"}]);
    let [said, folder, ..] = &listed["data"].as_array().unwrap()[..] else {
        panic!("{listed}");
    };
    let cut = values(said).pop().unwrap();
    assert_eq!(
        (&*cut.0, &cut.1[0]["display_name"]),
        ("Tags", &json!("cut"))
    );
    let expected = [
        ("Retention", json!([hold])),
        ("Note", json!("on tape")),
        ("Owner", ada),
        ("Done", json!(true)),
        ("Takes", json!(3)),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(values(said)[..5], expected);
    assert_eq!(folder["metadata"], json!([]), "only files say something");
    let shown = guest
        .get(&format!("{}/metadata?show_null=true", file(1)))
        .await;
    assert_eq!(shown["data"]["metadata"].as_array().unwrap().len(), 10);
    let shown = guest.get(&format!("{}/metadata", file(3))).await;
    assert_eq!(shown["data"]["metadata"], json!([]));
}

#[tokio::test]
async fn an_option_keeps_its_id_when_it_is_renamed() {
    let guest = Guest::start(world(&seed())).await;
    let chosen = async || {
        let found = guest.get(&format!("{}?include=metadata", file(1))).await;
        values(&found["data"])[0].1[0].clone()
    };
    let before = chosen().await;
    let renamed = Change::RenameOption {
        field: "Retention".to_owned(),
        option: "Hold".to_owned(),
        name: "Legal hold".to_owned(),
    };
    guest.visitor.sandbox.change(renamed).unwrap();
    let after = chosen().await;
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["display_name"], "Legal hold");
}

#[tokio::test]
async fn options_may_stand_as_bare_ids_and_fields_may_be_those_of_projects() {
    let seed = seed();
    let behaving = |text: &str| seed.replace("people:", &format!("behaviour: {{{text}}}\npeople:"));
    let guest = Guest::start(world(&behaving("chosen: ids"))).await;
    let address = format!("{}?include=metadata", file(1));
    // Frame.io's own document has objects here, so this answer is not held to it.
    let bare = guest.visitor.get(&address).await.bytes().await.unwrap();
    let bare: Value = serde_json::from_slice(&bare).unwrap();
    assert!(values(&bare["data"])[0].1[0].is_string(), "{bare}");
    let guest = Guest::start(world(&behaving("fields: project"))).await;
    assert_eq!(guest.get(&address).await["data"]["metadata"], json!([]));
    let fields = format!("{ACCOUNT}/metadata/field_definitions");
    assert_eq!(guest.get(&fields).await["data"], json!([]));
    let guest = Guest::start(world(&behaving("fields: untold"))).await;
    assert_eq!(guest.get(&address).await["data"]["metadata"], Value::Null);
    assert_ne!(guest.get(&fields).await["data"], json!([]));
}

#[test]
fn a_seed_names_only_what_it_has() {
    let seed = seed();
    for (right, wrong, message) in [
        (
            "creator: ada@studio.example",
            "creator: eve@studio.example",
            "nobody of `people` has the address `eve@studio.example`",
        ),
        (
            "fields: {Retention: Hold,",
            "fields: {Retention: Burn,",
            "the field `Retention` does not take `Burn`",
        ),
        (
            "fields: {Retention: Hold,",
            "fields: {Retention: [Keep, Hold],",
            "the field `Retention` does not take `[\"Keep\",\"Hold\"]`",
        ),
        (
            "Takes: 3",
            "Takes: three",
            "the field `Takes` does not take `\"three\"`",
        ),
        ("Takes: 3", "Colour: 3", "the account has no field `Colour`"),
        (
            "name: b.mov,",
            "name: b.mov, type: folder,",
            "a folder has no custom fields: files alone have them",
        ),
        (
            "age: 120d",
            "age: long",
            "`long` is no age: write it like `120d` or `3h`",
        ),
    ] {
        assert!(seed.contains(right), "{right}");
        let error = Seed::parse("sandbox.yaml", &seed.replacen(right, wrong, 1)).unwrap_err();
        assert!(error.message.contains(message), "{error}");
        assert_ne!((error.line, error.column), (1, 1), "{error}");
    }
}

#[tokio::test]
async fn people_change_the_world_while_it_is_served() {
    let guest = Guest::start(world(&seed())).await;
    let changes = json!([
        {"move": {"id": id(3), "to": ROOT}},
        {"rename": {"id": id(3), "name": "moved.mov"}},
        {"mark": {"id": id(3), "fields": {"Retention": "Keep"}}},
        {"restrict": {"id": id(2), "restricted": false}},
        {"delete": {"id": id(1)}},
        {"restore": {"id": id(6)}},
        {"add": {"to": ROOT, "asset": {"id": id(0x20), "name": "New", "type": "folder", "children": [
            {"id": id(0x21), "name": "new.mov", "filesize": 7, "creator": "ada@studio.example"},
        ]}}},
    ]);
    assert_eq!(guest.change(changes).await, 204);
    let moved = guest.get(&format!("{}?include=metadata", file(3))).await;
    let moved = &moved["data"];
    assert_eq!(
        (&moved["name"], &moved["parent_id"]),
        (&json!("moved.mov"), &json!(ROOT))
    );
    assert_eq!(moved["updated_at"], "2027-01-15T08:00:00Z", "now");
    assert_eq!(values(moved)[0].1[0]["display_name"], "Keep");
    assert_eq!(guest.get(&folder(2)).await["data"]["restricted"], false);
    assert!(!guest.is_alive(1) && guest.is_alive(6));
    let inside = guest.get(&format!("{}/children", folder(0x20))).await;
    assert_eq!(names(&inside), ["new.mov"]);
    for wrong in [
        json!([{"move": {"id": id(2), "to": id(2)}}]),
        json!([{"rename": {"id": id(0xff), "name": "x"}}]),
        json!([{"delete": {"id": id(5)}}]),
        json!([{"restore": {"id": id(3)}}]),
        json!([{"mark": {"id": id(3), "fields": {"Colour": "red"}}}]),
        json!([{"mark": {"id": id(0xff), "fields": {"Note": "x"}}}]),
        json!([{"mark": {"id": id(2), "fields": {"Note": "x"}}}]),
        json!([{"add": {"to": ROOT, "asset": {"id": id(3), "name": "again"}}}]),
        json!([{"add": {"to": id(0xff), "asset": {"id": id(0x22), "name": "x"}}}]),
        json!([{"add": {"to": ROOT, "asset": {"id": id(0x22), "name": "x", "creator": "eve"}}}]),
        json!([{"rename_option": {"field": "Retention", "option": "Burn", "name": "x"}}]),
    ] {
        assert_eq!(guest.change(wrong.clone()).await, 409, "{wrong}");
    }
    assert_eq!(guest.change(json!([{"burn": {"id": id(3)}}])).await, 422);
    assert!(!guest.is_alive(0x22));
}

#[tokio::test]
async fn a_switch_leaves_a_moved_asset_as_old_as_it_was() {
    let guest = Guest::behaving("move_updates: false").await;
    let before = guest.get(&file(3)).await["data"]["updated_at"].clone();
    let to = json!({"data": {"parent_id": ROOT}});
    let moved = guest.patch(&format!("{}/move", file(3)), to.clone()).await;
    assert_eq!(moved.body["data"]["updated_at"], before);
    let guest = Guest::new().await;
    let moved = guest.patch(&format!("{}/move", file(3)), to).await;
    assert_eq!(moved.body["data"]["updated_at"], "2027-01-15T08:00:00Z");
}
