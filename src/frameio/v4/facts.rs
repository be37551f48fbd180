//! The wire types of V4: what an answer says of an asset.
//!
//! Source: docs/frameio-api.md, "Reading (V4)"; the SDK's models for `include=creator,metadata`.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::asset::{AssetId, Kind};
use crate::frameio::odd::{Odd, lenient, parse};
use crate::frameio::v4::wire::{Page, Wrapped, page};
use crate::inventory::{Definition, Facts, Field, Person, Project, Shown};

#[derive(Deserialize)]
struct Asset {
    id: AssetId,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<Arc<str>>,
    #[serde(default)]
    project_id: Option<AssetId>,
    #[serde(default)]
    parent_id: Option<AssetId>,
    #[serde(default, deserialize_with = "lenient")]
    file_size: Option<u64>,
    #[serde(default)]
    created_at: Value,
    #[serde(default)]
    updated_at: Value,
    #[serde(default, deserialize_with = "lenient")]
    creator: Option<Creator>,
    #[serde(default)]
    status: Value,
    #[serde(default)]
    media_type: Value,
    #[serde(default)]
    view_url: Value,
    #[serde(default)]
    restricted: Value,
    #[serde(default)]
    head_version: Value,
    #[serde(default, deserialize_with = "lenient")]
    metadata: Option<Vec<Metadatum>>,
    #[serde(default, deserialize_with = "lenient")]
    project: Option<ProjectOfAccount>,
}

#[derive(Deserialize)]
struct ProjectOfAccount {
    id: AssetId,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<Arc<str>>,
    #[serde(default, deserialize_with = "lenient")]
    root_folder_id: Option<AssetId>,
    #[serde(default, deserialize_with = "lenient")]
    storage: Option<u64>,
}

#[derive(Deserialize)]
struct Creator {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    name: Value,
    #[serde(default)]
    email: Value,
}

#[derive(Deserialize)]
struct Metadatum {
    field_definition_id: Arc<str>,
    #[serde(default)]
    field_definition_name: Option<Arc<str>>,
    #[serde(default)]
    field_type: Value,
    #[serde(default)]
    field_options: Option<Vec<Choice>>,
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize)]
struct FieldOfAccount {
    id: Arc<str>,
    name: Arc<str>,
    #[serde(default)]
    field_type: Value,
    #[serde(default)]
    field_configuration: Option<Configuration>,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    options: Option<Vec<Choice>>,
}

#[derive(Deserialize)]
struct Choice {
    id: Arc<str>,
    #[serde(default)]
    display_name: Option<Arc<str>>,
}

/// Reads what the server says of an asset.
///
/// # Errors
///
/// Returns why the bytes are not that answer.
pub fn facts(bytes: &[u8]) -> Result<Shown, Odd> {
    parse::<Wrapped<Asset>>(bytes).map(|asset| asset.data.into_shown())
}

/// Reads a page of what is in a folder or a version stack.
///
/// # Errors
///
/// Returns why the bytes are not such a page.
pub fn assets(bytes: &[u8]) -> Result<Page<Shown>, Odd> {
    page::<Asset>(bytes).map(|page| page.map(Asset::into_shown))
}

/// Reads a project.
///
/// # Errors
///
/// Returns why the bytes are not that answer, or that they speak of another project.
pub fn project(id: AssetId, bytes: &[u8]) -> Result<Project, Odd> {
    let (said, project) = parse::<Wrapped<ProjectOfAccount>>(bytes)?
        .data
        .into_project();
    if said != id {
        return Err(Odd::Foreign(format!(
            "it speaks of `{said}` instead of `{id}`"
        )));
    }
    Ok(project)
}

/// Reads a page of the projects of the account.
///
/// # Errors
///
/// Returns why the bytes are not such a page.
pub fn projects(bytes: &[u8]) -> Result<Page<(AssetId, Project)>, Odd> {
    page::<ProjectOfAccount>(bytes).map(|page| page.map(ProjectOfAccount::into_project))
}

/// Reads a page of the custom fields of the account.
///
/// # Errors
///
/// Returns why the bytes are not such a page.
pub fn definitions(bytes: &[u8]) -> Result<Page<Definition>, Odd> {
    page::<FieldOfAccount>(bytes).map(|page| page.map(FieldOfAccount::into_definition))
}

/// Whether the values of a field are chosen from options.
fn has_options(field_type: &Value) -> bool {
    matches!(field_type.as_str(), Some("select" | "select_multi"))
}

impl FieldOfAccount {
    fn into_definition(self) -> Definition {
        let listed = self.field_configuration.and_then(|said| said.options);
        let named = |options: Vec<Choice>| {
            let names = options.into_iter();
            names.map(|option| option.display_name.unwrap_or(option.id))
        };
        let options = if has_options(&self.field_type) {
            listed.map(|options| named(options).collect())
        } else if self.field_type == "toggle" {
            Some(["true", "false"].map(Arc::from).into())
        } else {
            None
        };
        Definition {
            id: self.id,
            name: self.name,
            options,
        }
    }
}

impl ProjectOfAccount {
    fn into_project(self) -> (AssetId, Project) {
        let project = Project {
            name: self.name,
            root: self.root_folder_id,
            storage: self.storage,
        };
        (self.id, project)
    }
}

impl Asset {
    fn into_shown(mut self) -> Shown {
        let project = self.project.take();
        Shown {
            id: self.id,
            project: project.map(ProjectOfAccount::into_project),
            facts: self.into_facts(),
        }
    }

    /// What people see but nothing is decided by is left out where it is of an odd form; a moment
    /// that cannot be read is none, so that what is decided by it is refused.
    fn into_facts(self) -> Facts {
        let head = self.head_version;
        // The head stands as a whole file in some answers, and as its id in others.
        let head = text(head.get("id").unwrap_or(&head));
        Facts {
            kind: self.kind,
            deleted: None,
            name: self.name,
            project: self.project_id,
            parent: self.parent_id,
            bytes: self.file_size,
            created: moment(&self.created_at),
            updated: moment(&self.updated_at),
            creator: self.creator.map(|creator| {
                Arc::new(Person {
                    id: text(&creator.id),
                    name: text(&creator.name),
                    email: text(&creator.email),
                })
            }),
            upload: text(&self.status),
            media_type: text(&self.media_type),
            view_url: text(&self.view_url),
            restricted: self.restricted.as_bool(),
            head: head.and_then(|head| AssetId::parse(&head).ok()),
            fields: self
                .metadata
                .map(|fields| fields.into_iter().map(Metadatum::into_field).collect()),
            files: None,
        }
    }
}

impl Metadatum {
    fn into_field(self) -> Field {
        let options = self.field_options.unwrap_or_default();
        let is_chosen = has_options(&self.field_type);
        let mut unclear = false;
        // An option stands as an object or as its bare id.
        let mut said = |value: &Value| {
            let id = text(value.get("id").unwrap_or(value));
            let mut name = ["display_name", "name", "email"].iter();
            let said = name.find_map(|name| text(value.get(name)?));
            let known = || {
                let option = options
                    .iter()
                    .find(|option| Some(&option.id) == id.as_ref());
                option.and_then(|option| option.display_name.clone())
            };
            let named = said.or_else(known);
            // Where nobody says of which type the field is, an id is no text.
            let is_id = id.as_deref().is_none_or(|id| AssetId::parse(id).is_ok());
            unclear |= named.is_none() && (is_chosen || is_id);
            named.or(id)
        };
        let values = match &self.value {
            Value::Null => Vec::new(),
            Value::Array(values) => values.iter().filter_map(said).collect(),
            Value::Object(_) | Value::String(_) => said(&self.value).into_iter().collect(),
            Value::Bool(_) | Value::Number(_) => vec![self.value.to_string().into()],
        };
        Field {
            name: self
                .field_definition_name
                .unwrap_or_else(|| Arc::clone(&self.field_definition_id)),
            id: self.field_definition_id,
            values,
            unclear,
        }
    }
}

fn text(value: &Value) -> Option<Arc<str>> {
    value.as_str().map(Arc::from)
}

fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    const PROJECT: &str = r#"{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","name":"Tide",
        "root_folder_id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","storage":9}"#;

    #[test]
    fn an_option_without_a_name_is_unclear_and_a_field_tells_its_options() {
        let body = format!(
            r#"{{"data":{{"id":"{A}","type":"file","metadata":[
              {{"field_definition_id":"a","field_type":"select","value":["o"],
                "field_options":[{{"id":"o","display_name":"Hold"}}]}},
              {{"field_definition_id":"b","field_type":"select","value":["o"]}},
              {{"field_definition_id":"c","field_type":"select_multi","value":[7]}},
              {{"field_definition_id":"d","field_type":"text","value":"o"}},
              {{"field_definition_id":"e","field_type":"text","value":{{"x":1}}}},
              {{"field_definition_id":"f","field_type":"user_single","value":[{{"id":"u"}}]}},
              {{"field_definition_id":"g","field_type":"toggle","value":true}},
              {{"field_definition_id":"h","field_type":"select","value":[]}}]}}}}"#
        );
        let shown = facts(body.as_bytes()).unwrap();
        let fields = shown.facts.fields.unwrap();
        let unclear = fields.iter().filter(|field| field.unclear);
        let unclear: Vec<&str> = unclear.map(|field| &*field.id).collect();
        assert_eq!(unclear, ["b", "c", "e"]);
        let body = r#"{"data":[
            {"id":"a","name":"Retention","field_type":"select","field_configuration":
              {"options":[{"id":"o","display_name":"Hold"},{"id":"p"}]}},
            {"id":"b","name":"On tape","field_type":"toggle","field_configuration":{"color":null}},
            {"id":"c","name":"Note","field_type":"text","field_configuration":null},
            {"id":"d","name":"Old","field_type":"select"}]}"#;
        let page = definitions(body.as_bytes()).unwrap();
        let said = page.items.iter().map(|field| {
            let options = field.options.as_ref();
            options.map(|options| options.join(","))
        });
        let said: Vec<Option<String>> = said.collect();
        let options = [Some("Hold,p"), Some("true,false"), None, None];
        assert_eq!(said, options.map(|said| said.map(str::to_owned)));
        assert!(definitions(br#"{"data":[{"id":"a"}]}"#).is_err());
    }

    #[test]
    fn all_that_is_said_of_an_asset_is_read_and_odd_forms_are_left_out() {
        let body = format!(
            r#"{{"data":[{{"id":"{A}","type":"version_stack","name":"x","file_size":7,
            "created_at":"2026-01-02T03:04:05Z","updated_at":"never","status":"uploaded",
            "creator":{{"id":"u","name":"Ada","email":"ada@x"}},"restricted":true,
            "head_version":{{"id":"{A}"}},"media_type":"video/mp4","view_url":"https://x",
            "metadata":[{{"field_definition_id":"f","field_definition_name":"Retention",
              "field_options":[{{"id":"o","display_name":"Hold"}}],"value":["o"]}},
              {{"field_definition_id":"g","value":[{{"id":"p","display_name":"Legal"}}]}},
              {{"field_definition_id":"h","value":null}},{{"field_definition_id":"i","value":true}},
              {{"field_definition_id":"j","value":"on tape"}}],"project":{PROJECT}}}]}}"#
        );
        let page = assets(body.as_bytes()).unwrap();
        let Shown { id, facts, project } = &page.items[0];
        assert_eq!(*id, AssetId::parse(A).unwrap());
        assert_eq!(facts.head, Some(*id));
        let tide = Project {
            name: Some("Tide".into()),
            root: Some(*id),
            storage: Some(9),
        };
        assert_eq!(*project, Some((*id, tide.clone())));
        let listed = format!(r#"{{"data":[{PROJECT}]}}"#);
        let listed = projects(listed.as_bytes()).unwrap();
        assert_eq!(listed.items, [(*id, tide)]);
        assert_eq!(facts.created.unwrap().to_string(), "2026-01-02T03:04:05Z");
        assert_eq!((facts.updated, facts.restricted), (None, Some(true)));
        let creator = facts.creator.as_ref().unwrap();
        assert_eq!(creator.email.as_deref(), Some("ada@x"));
        let fields = facts.fields.as_ref().unwrap().iter();
        let fields: Vec<_> = fields
            .map(|field| (&*field.name, field.values.join(",")))
            .collect();
        let expected = [
            ("Retention", "Hold"),
            ("g", "Legal"),
            ("h", ""),
            ("i", "true"),
            ("j", "on tape"),
        ];
        assert_eq!(
            fields,
            expected.map(|(name, value)| (name, value.to_owned()))
        );
        let bare = format!(r#"{{"data":[{{"id":"{A}","type":"file"}}]}}"#);
        let page = assets(bare.as_bytes()).unwrap();
        assert_eq!(page.items[0].facts, Facts::of_kind(Kind::File));
    }
}
