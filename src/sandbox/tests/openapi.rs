//! Holds the answers of the V4 sandbox to Frame.io's own `OpenAPI` document, where it is at hand.
//!
//! The document is not part of this repository. It is looked for as
//! `shared/frameio-v4-openapi.json` beside the repository or any folder above it.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test reads a document that is not part of the repository"
)]

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// The headers of a rate limit.
const LIMITS: [&str; 3] = [
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-window",
];

/// An answer, as a client sees it.
pub(super) struct Answer<'answer> {
    pub(super) method: &'answer str,
    pub(super) path: &'answer str,
    pub(super) status: u16,
    pub(super) headers: &'answer reqwest::header::HeaderMap,
    pub(super) body: &'answer [u8],
}

fn document() -> Option<&'static Value> {
    static DOCUMENT: OnceLock<Option<Value>> = OnceLock::new();
    DOCUMENT
        .get_or_init(|| {
            let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(1);
            let paths = folders.map(|folder| folder.join("shared/frameio-v4-openapi.json"));
            let text = paths.into_iter().find_map(|path| std::fs::read(path).ok());
            if text.is_none() {
                eprintln!("skipped: frameio-v4-openapi.json is not at hand");
            }
            text.map(|text| serde_json::from_slice(&text).unwrap())
        })
        .as_ref()
}

/// The operation that a path stands for; fixed parts go before parameters.
fn operation<'document>(
    document: &'document Value,
    method: &str,
    path: &str,
) -> Option<(&'document str, &'document Value)> {
    let parts: Vec<&str> = path.split('/').collect();
    // Calls that came later than the document.
    let moves = [["files", "move"], ["folders", "move"]];
    if moves.iter().any(|end| parts.ends_with(end)) || parts.ends_with(&["files", "bulk_get"]) {
        return None;
    }
    let fits = |template: &str| {
        let template: Vec<&str> = template.split('/').collect();
        template.len() == parts.len()
            && template
                .iter()
                .zip(&parts)
                .all(|(one, other)| one.starts_with('{') || one == other)
    };
    let paths = document["paths"].as_object()?;
    let found = paths.iter().filter(|(template, _)| fits(template));
    let (template, methods) = found.min_by_key(|(template, _)| template.matches('{').count())?;
    let operation = methods.get(method.to_lowercase())?;
    Some((template, operation))
}

/// An `OpenAPI` 3.0 schema as JSON Schema of 2020-12.
fn converted(schema: &Value) -> Value {
    if let Some(parts) = schema.as_array() {
        return parts.iter().map(converted).collect();
    }
    let Some(fields) = schema.as_object() else {
        return schema.clone();
    };
    let mut made = Map::new();
    for (name, value) in fields {
        match name.as_str() {
            // A word says which of the schemas counts.
            "oneOf" if fields.contains_key("discriminator") => {
                let discriminator = &fields["discriminator"];
                let name = discriminator["propertyName"].as_str().unwrap();
                let mapping = discriminator["mapping"].as_object().unwrap();
                let cases = mapping.iter().map(|(word, schema)| {
                    let words = Map::from_iter([(name.to_owned(), json!({"const": word}))]);
                    json!({
                        "if": {"properties": words},
                        "then": converted(&json!({"$ref": schema})),
                    })
                });
                let cases: Vec<Value> = cases.collect();
                let words: Vec<&String> = mapping.keys().collect();
                let words = Map::from_iter([(name.to_owned(), json!({"enum": words}))]);
                made.insert("allOf".to_owned(), json!(cases));
                made.insert("properties".to_owned(), json!(words));
                made.insert("required".to_owned(), json!([name]));
            }
            "nullable" | "example" | "discriminator" | "title" | "description" | "xml" => {}
            "$ref" => {
                let text = value.as_str().unwrap();
                let text = text.replace("#/components/schemas/", "#/$defs/");
                made.insert(name.clone(), json!(text));
            }
            // Beside `allOf` it would forbid everything that stands in the parts.
            "additionalProperties" if fields.contains_key("allOf") && value == false => {
                made.insert("unevaluatedProperties".to_owned(), json!(false));
            }
            "properties" => {
                let properties = value.as_object().unwrap().iter();
                let properties = properties.map(|(name, schema)| (name.clone(), converted(schema)));
                made.insert(name.clone(), Value::Object(properties.collect()));
            }
            // A property or value may be called like a keyword.
            "enum" | "required" | "default" => {
                made.insert(name.clone(), value.clone());
            }
            _ => {
                made.insert(name.clone(), converted(value));
            }
        }
    }
    if fields.get("nullable") == Some(&json!(true)) {
        return json!({"anyOf": [{"type": "null"}, made]});
    }
    Value::Object(made)
}

fn definitions(document: &Value) -> &'static Value {
    static DEFINITIONS: OnceLock<Value> = OnceLock::new();
    DEFINITIONS.get_or_init(|| {
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let schemas = schemas.iter();
        let schemas = schemas.map(|(name, schema)| (name.clone(), converted(schema)));
        Value::Object(schemas.collect())
    })
}

/// The errors of a body, as one schema of the document has it.
fn errors(document: &Value, schema: &Value, body: &Value) -> Vec<String> {
    static VALIDATORS: Mutex<Option<HashMap<String, Validator>>> = Mutex::new(None);
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = validators
        .get_or_insert_default()
        .entry(schema.to_string())
        .or_insert_with(|| {
            let mut schema = converted(schema);
            schema["$defs"] = definitions(document).clone();
            jsonschema::draft202012::options()
                .should_validate_formats(true)
                .build(&schema)
                .unwrap()
        });
    validator
        .iter_errors(body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Checks an answer, and says whether there was something to check it against.
#[track_caller]
pub(super) fn check(answer: &Answer<'_>) -> bool {
    let Answer {
        method,
        path,
        status,
        headers,
        body,
    } = answer;
    let what = format!("{method} {path}: {status}");
    let Some(document) = document() else {
        return false;
    };
    let Some((template, operation)) = operation(document, method, path) else {
        return false;
    };
    let response = &operation["responses"][status.to_string()];
    assert!(response.is_object(), "{what} is not in the document");
    for name in LIMITS {
        let declared = !response["headers"][name].is_null();
        let number = headers.get(name).map(|value| {
            let text = value.to_str().unwrap();
            text.parse::<u32>().unwrap()
        });
        assert_eq!(number.is_some(), declared, "{what}: {name} of {template}");
    }
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_null() {
        assert!(body.is_empty(), "{what} has a body");
        return true;
    }
    assert_eq!(headers["content-type"], "application/json", "{what}");
    let body: Value = serde_json::from_slice(body).unwrap();
    let errors = errors(document, schema, &body);
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{body:#}");
    true
}

#[test]
fn the_check_tells_a_wrong_answer_from_a_right_one() {
    let Some(document) = document() else {
        return;
    };
    let path = "/v4/me";
    let (_, operation) = operation(document, "GET", path).unwrap();
    let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let right = json!({"data": {
        "id": "9571e103-40c4-481a-8549-8f13495c537d", "name": "n", "email": "e", "avatar_url": null
    }});
    assert_eq!(errors(document, schema, &right), Vec::<String>::new());
    for field in ["id", "name", "email", "avatar_url"] {
        let mut wrong = right.clone();
        wrong["data"][field] = json!(12);
        assert!(!errors(document, schema, &wrong).is_empty(), "{field}");
        wrong["data"].as_object_mut().unwrap().remove(field);
        assert!(!errors(document, schema, &wrong).is_empty(), "{field}");
    }
    let mut wrong = right;
    wrong["data"]["id"] = json!("nonsense");
    assert!(!errors(document, schema, &wrong).is_empty());
}
