//! The JSON Schemas of all documents, as they lie in `schemas/`.

use crate::cli::args::SchemaName;

/// The text of a schema: JSON Schema, draft 2020-12.
///
/// A test holds it equal to what the types that read and write the document generate.
#[must_use]
pub const fn text(name: SchemaName) -> &'static str {
    match name {
        SchemaName::Manifest => include_str!("../../schemas/manifest.schema.json"),
        SchemaName::State => include_str!("../../schemas/state.schema.json"),
        SchemaName::Journal => include_str!("../../schemas/journal.schema.json"),
        SchemaName::Plan => include_str!("../../schemas/plan.schema.json"),
        SchemaName::Due => include_str!("../../schemas/due.schema.json"),
        SchemaName::Events => include_str!("../../schemas/events.schema.json"),
        SchemaName::Receipt => include_str!("../../schemas/receipt.schema.json"),
        SchemaName::Whoami => include_str!("../../schemas/whoami.schema.json"),
        SchemaName::Find => include_str!("../../schemas/find.schema.json"),
        SchemaName::Probe => include_str!("../../schemas/probe.schema.json"),
        SchemaName::Retention => include_str!("../../schemas/retention.schema.json"),
        SchemaName::Config => include_str!("../../schemas/config.schema.json"),
        SchemaName::SandboxSeed => include_str!("../../schemas/sandbox-seed.schema.json"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use clap::ValueEnum;
    use schemars::JsonSchema;
    use schemars::generate::SchemaSettings;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::app::policy::Policy;
    use crate::cli::settings::table::SETTINGS;
    use crate::cli::{guards, marks};
    use crate::manifest::schema::Manifest;
    use crate::plan::saved::PlanDocument;
    use crate::probe::document as probe;
    use crate::render::due;
    use crate::render::events::Event;
    use crate::render::find_data::Document;
    use crate::render::receipt::Receipt;
    use crate::render::whoami::Whoami;
    use crate::sandbox::seed::Seed;
    use crate::state::format::StateDocument;
    use crate::store::journal::Line;

    fn generated(name: SchemaName) -> String {
        let schema = match name {
            SchemaName::Manifest => schema_of::<Manifest>(),
            SchemaName::State => schema_of::<StateDocument>(),
            SchemaName::Journal => schema_of::<Line<'static>>(),
            SchemaName::Plan => schema_of::<PlanDocument>(),
            SchemaName::Due => schema_of::<due::Document<'static>>(),
            SchemaName::Events => schema_of::<Event<'static>>(),
            SchemaName::Receipt => schema_of::<Receipt<'static>>(),
            SchemaName::Whoami => schema_of::<Whoami>(),
            SchemaName::Find => schema_of::<Document<'static>>(),
            SchemaName::Probe => schema_of::<probe::Written>(),
            SchemaName::Retention => schema_of::<Policy>(),
            SchemaName::Config => return format!("{:#}\n", config()),
            SchemaName::SandboxSeed => schema_of::<Seed>(),
        };
        format!("{:#}\n", schema.as_value())
    }

    fn schema_of<T: JsonSchema>() -> schemars::Schema {
        SchemaSettings::draft2020_12()
            .into_generator()
            .into_root_schema_for::<T>()
    }

    /// That of `retire.toml` has a property for each setting.
    fn config() -> Value {
        let mut properties: Map<String, Value> = SETTINGS
            .iter()
            .map(|setting| {
                let mut schema = (setting.schema)();
                let more = schema["description"].as_str().unwrap_or_default();
                let description = format!("{}. {more}", setting.words());
                schema["description"] = description.trim_end().into();
                (setting.key.to_owned(), schema)
            })
            .collect();
        let version = json!({"description": "The version of this file.", "const": 1});
        properties.insert("version".to_owned(), version);
        properties.insert("guards".to_owned(), guards::schema());
        properties.insert("marks".to_owned(), marks::schema());
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "retire.toml",
            "description": "The settings of `retire.toml`, and of the user's own `config.toml`.",
            "type": "object",
            "properties": properties,
            "required": ["version"],
            "additionalProperties": false
        })
    }

    /// `UPDATE=1 cargo test` writes the schemas anew.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "it writes into the repository")]
    fn the_schemas_are_those_of_the_types() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let mut names = BTreeSet::new();
        for name in SchemaName::value_variants() {
            let argument = name.to_possible_value().unwrap();
            let file = format!("{}.schema.json", argument.get_name());
            let text = generated(*name);
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(folder.join(&file), text).unwrap();
            } else {
                assert!(
                    text == super::text(*name),
                    "{file} has drifted: run `UPDATE=1 cargo test`"
                );
            }
            names.insert(file);
        }
        let found: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(found, names);
    }
}
