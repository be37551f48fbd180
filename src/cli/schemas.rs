//! The JSON Schemas of all documents, generated from the types that read them.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::cli::args::SchemaName;
use crate::cli::config::Config;
use crate::manifest::schema::Manifest;
use crate::plan::saved::PlanDocument;
use crate::render::events::Event;
use crate::sandbox::seed::Seed;
use crate::state::format::StateDocument;
use crate::store::journal::Line;

/// Every schema, with the name of its file in `schemas/`.
pub const ALL: [(SchemaName, &str); 7] = [
    (SchemaName::Manifest, "manifest.schema.json"),
    (SchemaName::State, "state.schema.json"),
    (SchemaName::Journal, "journal.schema.json"),
    (SchemaName::Plan, "plan.schema.json"),
    (SchemaName::Events, "events.schema.json"),
    (SchemaName::Config, "config.schema.json"),
    (SchemaName::SandboxSeed, "sandbox-seed.schema.json"),
];

/// The text of a schema: JSON Schema, draft 2020-12.
#[must_use]
pub fn text(name: SchemaName) -> String {
    let schema = match name {
        SchemaName::Manifest => of::<Manifest>(),
        SchemaName::State => of::<StateDocument>(),
        SchemaName::Journal => of::<Line<'static>>(),
        SchemaName::Plan => of::<PlanDocument>(),
        SchemaName::Events => of::<Event<'static>>(),
        SchemaName::Config => of::<Config>(),
        SchemaName::SandboxSeed => of::<Seed>(),
    };
    format!("{:#}\n", schema.as_value())
}

fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>()
}
