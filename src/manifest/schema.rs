//! The JSON Schema of a manifest, generated from these mirrors of what [`read`](super::read)
//! takes. A test holds the two together.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::document::{Guard, MissingPolicy, Strategy};
use crate::asset::Kind;

/// A list of Frame.io assets that are to be deleted, and of those that must not be.
#[derive(JsonSchema)]
#[schemars(
    title = "frameio-retire manifest",
    deny_unknown_fields,
    transform = without_null,
    extend("anyOf" = [{"required": ["assets"]}, {"required": ["holds"]}, {"required": ["releases"]}, {"required": ["waivers"]}])
)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct Manifest {
    /// The schema that an editor takes for this document.
    #[serde(rename = "$schema")]
    schema: Option<String>,
    /// The version of this document: 1.
    #[schemars(range(min = 1, max = 1))]
    version: u64,
    /// The id of the account that the manifest is written for; a token of another one is refused.
    account: Option<WrittenId>,
    /// The ids of the projects outside of which nothing is deleted that this document lists, nor
    /// what others list that name no projects.
    #[schemars(length(min = 1))]
    projects: Option<Vec<WrittenId>>,
    /// What holds for every asset of this document that does not say otherwise.
    defaults: Option<Defaults>,
    /// The assets that are to be deleted.
    assets: Option<Vec<Item>>,
    /// The assets that must not be deleted, whatever lists them, and the projects of which nothing
    /// must.
    holds: Option<Vec<Hold>>,
    /// The holds that are lifted, of those that the state remembers.
    releases: Option<Vec<Release>>,
    /// The guards that are raised for a while.
    waivers: Option<Vec<Waiver>>,
}

/// What holds for every asset of this document that does not say otherwise.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = without_null)]
#[expect(dead_code, reason = "only its schema is used")]
struct Defaults {
    /// What sort of assets they are, which V4 asks the server for where nobody says.
    kind: Option<Kind>,
    /// Why the assets are to go.
    reason: Option<Words>,
    /// The ticket under which that was decided.
    ticket: Option<Words>,
    /// Who answers for it.
    owner: Option<Words>,
    /// The moment before which the assets must not be deleted.
    not_before: Option<Moment>,
    /// How V4 deletes them, whatever the settings say: one a call, or moved aside first.
    strategy: Option<Strategy>,
}

/// An asset: its id, or its id and more.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Item {
    /// The asset's id.
    Bare(WrittenAsset),
    /// The asset's id and more.
    Full(Full),
}

/// An asset that is to be deleted.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = without_null)]
#[expect(dead_code, reason = "only its schema is used")]
struct Full {
    /// The asset.
    id: WrittenAsset,
    /// What sort of asset it is, which V4 asks the server for where nobody says.
    kind: Option<Kind>,
    /// Why it is to go.
    reason: Option<Words>,
    /// The ticket under which that was decided.
    ticket: Option<Words>,
    /// Who answers for it.
    owner: Option<Words>,
    /// The moment before which it must not be deleted.
    not_before: Option<Moment>,
    /// What the live asset must be like; one that differs is not deleted.
    pin: Option<Pin>,
    /// How many files may be in it at most, where it is a folder or a version stack.
    #[schemars(range(max = u64::MAX))]
    contents: Option<u64>,
    /// What is to become of it where the server does not know it.
    missing: Option<MissingPolicy>,
    /// Whether it is deleted all the same, once, where it was deleted before and is back.
    again: Option<bool>,
}

/// What the live asset must be like.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = without_null, extend("minProperties" = 1))]
#[expect(dead_code, reason = "only its schema is used")]
struct Pin {
    /// Its name, letter for letter.
    name: Option<Words>,
    /// The id of its project.
    project: Option<WrittenId>,
    /// The id of the folder or version stack that holds it.
    parent: Option<WrittenId>,
    /// Its size in bytes.
    #[schemars(range(max = u64::MAX))]
    filesize: Option<u64>,
    /// The moment before which it must have been changed last.
    updated_before: Option<Moment>,
}

/// An asset that must not be deleted, or a project of which nothing must.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    transform = without_null,
    extend("oneOf" = [{"required": ["id"]}, {"required": ["project"]}])
)]
#[expect(dead_code, reason = "only its schema is used")]
struct Hold {
    /// The asset.
    id: Option<WrittenAsset>,
    /// The id of the project, in place of an asset.
    project: Option<WrittenId>,
    /// Why it is held.
    reason: Words,
    /// The moment from which the hold no longer counts; without one it stays.
    until: Option<Moment>,
}

/// Lifts a hold that the state remembers.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    transform = without_null,
    extend("oneOf" = [{"required": ["id"]}, {"required": ["project"]}])
)]
#[expect(dead_code, reason = "only its schema is used")]
struct Release {
    /// The asset that was held.
    id: Option<WrittenAsset>,
    /// The id of the project that was held, in place of an asset.
    project: Option<WrittenId>,
    /// Why it is held no longer.
    reason: Why,
    /// The ticket under which that was decided.
    ticket: Option<Words>,
}

/// A guard that is raised to one figure until one date.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    transform = without_null,
    extend("allOf" = [
        when(&["max-assets"], &json!({"limit": {"type": "integer"}})),
        when(
            &["max-percent"],
            &json!({"limit": {"type": "integer", "maximum": 100}})
        ),
        when(
            &["max-404-percent", "max-failure-percent"],
            &json!({"limit": {"type": "integer", "maximum": 100}, "project": false})
        ),
        when(
            &["max-bytes"],
            &json!({"limit": {
                "if": {"type": "string"},
                "then": {
                    "pattern": "^([0-9]{1,15}([.][0-9]{1,15})? ?(k|Ki?)?|[0-9]{1,13}([.][0-9]{1,15})? ?Mi?|[0-9]{1,10}([.][0-9]{1,15})? ?Gi?|[0-9]{1,7}([.][0-9]{1,15})? ?Ti?|[0-9]{1,4}([.][0-9]{1,15})? ?Pi?)B$",
                    "patternErrorMessage": "write the size with its unit, like 3 TB"
                }
            }})
        ),
        when(
            &["min-age"],
            &json!({"limit": {
                "type": "string",
                "pattern": "^[0-9]{1,6} ?(s|seconds?|m|minutes?|h|hours?|d|days?|w|weeks?)$",
                "patternErrorMessage": "write a length of time, like 12 hours"
            }})
        ),
    ])
)]
#[expect(dead_code, reason = "only its schema is used")]
struct Waiver {
    /// Which guard.
    #[schemars(schema_with = "raised")]
    guard: Guard,
    /// The figure that holds instead: assets, percent, a size such as `3 TB`, or an age such as
    /// `12 hours`.
    limit: Limit,
    /// The project in which it holds, by its name or its id; in all of them without one.
    project: Option<Words>,
    /// Why.
    reason: Why,
    /// The moment from which the waiver no longer counts.
    expires: Moment,
}

/// The guards that a waiver can raise.
fn raised(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = Guard::json_schema(generator);
    let names = Guard::RAISED.map(Guard::name);
    let is_raised = |guard: &Value| {
        guard["const"]
            .as_str()
            .is_some_and(|name| names.contains(&name))
    };
    if let Some(guards) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
        guards.retain(is_raised);
    }
    schema
}

/// What must hold besides where a waiver is of one of these guards.
fn when(guards: &[&str], properties: &Value) -> Value {
    json!({
        "if": {"properties": {"guard": {"enum": guards}}},
        "then": {"properties": properties}
    })
}

struct Limit;

impl JsonSchema for Limit {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "minimum": 0,
            "maximum": u64::MAX,
            "description": "A number of assets, a share in percent, a size such as `3 TB`, or an age such as `12 hours`."
        })
    }
}

/// Takes the null from what may be left out: a field is there and says something, or it is not
/// there.
fn without_null(schema: &mut Schema) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for property in properties.values_mut() {
        if let Some(Value::Array(types)) = property.get_mut("type") {
            types.retain(|name| name != "null");
            if let [one] = &mut **types {
                *property.get_mut("type").unwrap() = one.take();
            }
        }
        let null = json!({"type": "null"});
        if let Some(Value::Array(any)) = property.get_mut("anyOf") {
            any.retain(|one| *one != null);
            if let [Value::Object(one)] = &mut **any {
                let one = std::mem::take(one);
                let property = property.as_object_mut().unwrap();
                property.remove("anyOf");
                property.extend(one);
            }
        }
    }
}

/// A UUID with hyphens: neither the nil one nor one of those that this program uses itself.
const UUID: &str = "(?!0{8}-0{4}-0{4}-0{4}-0{12}|[fF]{8}-[fF]{4}-[fF]{4}-[fF]{4}-[fF]{4})[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

/// An id in any notation.
fn any_id() -> String {
    format!(
        "{UUID}|[{{]{UUID}[}}]|[uU][rR][nN]:[uU][uU][iI][dD]:{UUID}|(?!0{{32}}|[fF]{{24}})[0-9a-fA-F]{{32}}|adobe:[-0-9A-Za-z._~:@!$&'()*+,;=/%|]{{1,249}}"
    )
}

/// Says the schema of a text that has a pattern, with what an editor says where it does not fit.
macro_rules! text {
    ($name:ident, $pattern:expr, $wrong:literal, $description:literal) => {
        struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "pattern": $pattern,
                    "patternErrorMessage": $wrong,
                    "description": $description
                })
            }
        }
    };
}

text!(
    Words,
    "\\S",
    "write some words, or leave the field out",
    "Some words."
);

text!(
    Why,
    "^(?!\\s*[sS][aA][yY] [wW][hH][yY]\\s*$)[\\s\\S]*\\S",
    "say it in words of your own",
    "Some words, which say why."
);

text!(
    WrittenId,
    format!("^({})$", any_id()),
    "write an id, like 3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "An id: a UUID, or, with V4, `adobe:` and the id that Adobe's storage has given."
);

text!(
    WrittenAsset,
    format!(
        "^({}|https://next[.]frame[.]io/(project/{UUID}/(view/)?{UUID}|player/{UUID})/?([?#].*)?)$",
        any_id()
    ),
    "write the asset's id, like 3fa85f64-5717-4562-b3fc-2c963f66afa6, or the address of its page, like https://next.frame.io/project/…/view/…",
    "The id of an asset: a UUID, or, with V4, `adobe:` and the id that Adobe's storage has given; or the address of its page in the web app, whose project becomes a pin."
);

text!(
    Moment,
    format!("^{DAY}([Tt ]{TIME})?$"),
    "write a date, like 2026-12-01, or a time with its offset, like 2026-12-01T18:00:00+01:00",
    "An RFC 3339 time with its offset, which is exact, or a date such as 2026-12-01, which takes the reading that deletes later: `not_before` begins at 12:00 UTC of its day, `until` ends at 12:00 UTC of the next, `expires` and `updated_before` at 10:00 UTC of the day before."
);

/// A day of the calendar.
const DAY: &str = "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)";

/// A time of that day.
const TIME: &str = "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-5]):[0-5][0-9])";
