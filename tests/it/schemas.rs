//! What people and programs write fits the schemas in `schemas/`, and so does everything in
//! `examples/`. That they are those of the types is tested beside the types.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use frameio_retire::cli::args::SchemaName;
use frameio_retire::cli::schemas;
use jsonschema::Validator;
use serde_json::Value;

use crate::harness::{Desk, Done, repository};

fn file(name: SchemaName) -> String {
    let argument = name.to_possible_value().unwrap();
    format!("{}.schema.json", argument.get_name())
}

pub(crate) fn validator(name: SchemaName) -> Validator {
    // From the file: where the schemas have just been written, the program still has the old.
    let text = fs::read_to_string(repository().join("schemas").join(file(name))).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

#[track_caller]
pub(crate) fn fits(validator: &Validator, document: &Value, what: &str) {
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

fn yaml(text: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(text);
    documents
        .map(|document| serde::Deserialize::deserialize(document).unwrap())
        .collect()
}

#[test]
fn the_command_prints_the_same() {
    let desk = Desk::new();
    for name in SchemaName::value_variants() {
        let argument = name.to_possible_value().unwrap();
        // That of the seed has the sandbox's usual tokens, which are no secrets.
        let output = desk.command(&["schema", argument.get_name()]).output();
        assert_eq!(
            Done::of(output.unwrap()).expect(0).out,
            schemas::text(*name)
        );
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn every_example_fits_its_schema() {
    let mut found = Vec::new();
    files(&repository().join("examples"), &mut found);
    let mut checked = 0;
    for path in found {
        let name = path.file_name().unwrap().to_str().unwrap();
        // Pipelines are no documents of ours; tests/pipelines reads them.
        if path.starts_with(repository().join("examples/ci")) {
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str());
        // What runs leave behind is git's to ignore.
        if name.contains(".state.json") || ending == Some("md") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let (schema, documents) = match name {
            "sandbox.yaml" => (SchemaName::SandboxSeed, yaml(&text)),
            "retention.yaml" => (SchemaName::Retention, yaml(&text)),
            "retire.toml" => {
                let table: toml::Table = toml::from_str(&text).unwrap();
                let table = serde_json::to_value(table).unwrap();
                (SchemaName::Config, vec![table])
            }
            _ if matches!(ending, Some("yaml" | "yml")) => (SchemaName::Manifest, yaml(&text)),
            other => panic!("no schema is known for {other}"),
        };
        let validator = validator(schema);
        for document in documents {
            fits(&validator, &document, name);
        }
        let file = file(schema);
        if name != "retire.toml" {
            let first = text.lines().next().unwrap();
            assert!(first.contains(&file), "{name} does not name its schema");
        }
        checked += 1;
    }
    assert!(checked >= 8, "{checked}");
}

/// What the program writes, and what it reads, fit the schemas as well.
#[test]
fn what_a_run_leaves_fits_the_schemas() {
    for example in ["quickstart", "show-wrap"] {
        let desk = Desk::of_example(example);
        if example == "show-wrap" {
            // V2 has no marks.
            desk.write("retire.toml", "version = 1\n");
        }
        desk.run(&["apply", "--sandbox", "."]).expect(3);
        let state: Value = serde_json::from_str(&desk.read("retire.sandbox.state.json")).unwrap();
        fits(&validator(SchemaName::State), &state, "the state");
        let done = desk
            .run(&["plan", "--sandbox", "--format", "json", "."])
            .expect(0);
        let plan: Value = serde_json::from_str(&done.out).unwrap();
        fits(&validator(SchemaName::Plan), &plan, "the plan");
    }
}
