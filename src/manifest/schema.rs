//! The JSON Schema of a manifest, generated from these mirrors of what [`read`](super::read)
//! takes. A test holds the two together.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::document::{Guard, MissingPolicy};
use crate::asset::{AssetId, Kind};

/// A list of Frame.io assets that are to be deleted, and of those that must not be.
#[derive(JsonSchema)]
#[schemars(title = "frameio-retire manifest", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct Manifest {
    /// The version of this document: 1.
    #[schemars(range(min = 1, max = 1))]
    version: u64,
    /// The id of the account that the manifest is written for; a token of another one is refused.
    #[schemars(length(min = 1))]
    account: Option<String>,
    /// What holds for every asset of this document that does not say otherwise.
    defaults: Option<Defaults>,
    /// The assets that are to be deleted.
    assets: Option<Vec<Item>>,
    /// The assets that must not be deleted, whatever lists them.
    holds: Option<Vec<Hold>>,
    /// The guards that are raised for a while.
    waivers: Option<Vec<Waiver>>,
}

/// What holds for every asset of this document that does not say otherwise.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Defaults {
    /// What sort of assets they are, which V4 asks the server for where nobody says.
    kind: Option<Kind>,
    /// Why the assets are to go.
    #[schemars(length(min = 1))]
    reason: Option<String>,
    /// The ticket under which that was decided.
    #[schemars(length(min = 1))]
    ticket: Option<String>,
    /// Who answers for it.
    #[schemars(length(min = 1))]
    owner: Option<String>,
    /// The moment before which the assets must not be deleted.
    not_before: Option<Moment>,
}

/// An asset: its id, or its id and more.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Item {
    /// The asset's id.
    Bare(AssetId),
    /// The asset's id and more.
    Full(Full),
}

/// An asset that is to be deleted.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Full {
    /// The asset.
    id: AssetId,
    /// What sort of asset it is, which V4 asks the server for where nobody says.
    kind: Option<Kind>,
    /// Why it is to go.
    #[schemars(length(min = 1))]
    reason: Option<String>,
    /// The ticket under which that was decided.
    #[schemars(length(min = 1))]
    ticket: Option<String>,
    /// Who answers for it.
    #[schemars(length(min = 1))]
    owner: Option<String>,
    /// The moment before which it must not be deleted.
    not_before: Option<Moment>,
    /// What the live asset must be like; one that differs is not deleted.
    pin: Option<Pin>,
    /// What is to become of it where the server does not know it.
    missing: Option<MissingPolicy>,
}

/// What the live asset must be like.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
#[expect(dead_code, reason = "only its schema is used")]
struct Pin {
    /// Its name, letter for letter.
    #[schemars(length(min = 1))]
    name: Option<String>,
    /// The id of its project.
    project: Option<AssetId>,
    /// The id of the folder or version stack that holds it.
    parent: Option<AssetId>,
    /// Its size in bytes.
    filesize: Option<u64>,
}

/// An asset that must not be deleted.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Hold {
    /// The asset.
    id: AssetId,
    /// Why it is held.
    #[schemars(length(min = 1))]
    reason: String,
    /// The moment from which the hold no longer counts; without one it stays.
    until: Option<Moment>,
}

/// A guard that is raised to one figure until one date.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Waiver {
    /// Which guard.
    guard: Guard,
    /// The figure that holds instead, in the guard's own unit.
    limit: u64,
    /// Why.
    #[schemars(length(min = 1))]
    reason: String,
    /// The moment from which the waiver no longer counts.
    expires: Moment,
}

/// A date, which takes the reading that deletes later, or a time by RFC 3339.
struct Moment;

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$",
            "description": "An RFC 3339 time with its offset, which is exact, or a date such as 2026-12-01, which takes the reading that deletes later: `not_before` begins at 12:00 UTC of its day, `until` ends at 12:00 UTC of the next, `expires` at 10:00 UTC of the day before."
        })
    }
}
