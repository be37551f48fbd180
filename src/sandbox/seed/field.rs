//! Custom fields of an account, and what assets say in them.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// A custom field of an account.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The id of its definition.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What sort of value it takes.
    #[serde(default, rename = "type")]
    pub sort: Sort,
    /// The names of its options, where its values are chosen from some; each has an id that is
    /// made from the field's and from its place.
    #[serde(default)]
    pub options: Vec<String>,
    /// Whether people may change its values.
    #[serde(default = "yes")]
    pub mutable: bool,
}

const fn yes() -> bool {
    true
}

/// What sort of value a custom field takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// A line of text.
    #[default]
    Text,
    /// Some lines of text.
    LongText,
    /// A number.
    Number,
    /// A whole number of stars.
    Rating,
    /// Yes or no.
    Toggle,
    /// A moment, as a text.
    Date,
    /// One of the options.
    Select,
    /// Some of the options.
    SelectMulti,
    /// A person, by the address.
    UserSingle,
    /// Some people, by their addresses.
    UserMulti,
}

impl Sort {
    /// Its name, as the API writes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::LongText => "long_text",
            Self::Number => "number",
            Self::Rating => "rating",
            Self::Toggle => "toggle",
            Self::Date => "date",
            Self::Select => "select",
            Self::SelectMulti => "select_multi",
            Self::UserSingle => "user_single",
            Self::UserMulti => "user_multi",
        }
    }

    /// Whether its values are chosen from options.
    pub(crate) const fn has_options(self) -> bool {
        match self {
            Self::Select | Self::SelectMulti => true,
            Self::Text
            | Self::LongText
            | Self::Number
            | Self::Rating
            | Self::Toggle
            | Self::Date
            | Self::UserSingle
            | Self::UserMulti => false,
        }
    }

    /// What stands for no value.
    pub(crate) fn none(self) -> Value {
        if self.has_options() || self.names_people() {
            json!([])
        } else {
            Value::Null
        }
    }

    /// Whether its values are people.
    pub(crate) const fn names_people(self) -> bool {
        match self {
            Self::UserSingle | Self::UserMulti => true,
            Self::Text
            | Self::LongText
            | Self::Number
            | Self::Rating
            | Self::Toggle
            | Self::Date
            | Self::Select
            | Self::SelectMulti => false,
        }
    }
}

impl Field {
    /// The id of the option at a place.
    pub(crate) fn option_id(&self, place: usize) -> Uuid {
        let place = u128::try_from(place).unwrap_or_default() + 1;
        Uuid::from_u128(self.id.as_u128() ^ (place << 64))
    }

    /// A value as it is kept: options by their ids, which stay when they are renamed, and people
    /// by theirs.
    ///
    /// # Errors
    ///
    /// Returns the part of it that the field does not take.
    pub(crate) fn kept(
        &self,
        value: &Value,
        person: impl Fn(&str) -> Option<Uuid>,
    ) -> Result<Value, String> {
        let option = |name: &str| {
            let place = self.options.iter().position(|option| option == name);
            place.map(|place| self.option_id(place))
        };
        let chosen = |find: &dyn Fn(&str) -> Option<Uuid>, most: usize| {
            let one = [value.clone()];
            let all = match value {
                Value::Array(all) => &all[..],
                Value::Null => &[],
                Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => &one[..],
            };
            if all.len() > most {
                return Err(value.to_string());
            }
            let ids = all.iter().map(|one| {
                let id = one.as_str().and_then(find);
                id.ok_or_else(|| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
            });
            ids.collect::<Result<Vec<Uuid>, String>>()
                .map(|ids| json!(ids))
        };
        let fits = match self.sort {
            Sort::Select => return chosen(&option, 1),
            Sort::SelectMulti => return chosen(&option, usize::MAX),
            Sort::UserSingle => return chosen(&person, 1),
            Sort::UserMulti => return chosen(&person, usize::MAX),
            Sort::Text | Sort::LongText | Sort::Date => value.is_string(),
            Sort::Number => value.is_number(),
            Sort::Rating => value.is_u64(),
            Sort::Toggle => value.is_boolean(),
        };
        if fits || value.is_null() {
            Ok(value.clone())
        } else {
            Err(value.to_string())
        }
    }

    /// What its definition says of its values.
    pub(crate) fn configuration(&self) -> Value {
        match self.sort {
            Sort::Text | Sort::LongText => json!({}),
            Sort::Number => json!({"scale": 0, "number_format": null}),
            Sort::Rating => json!({"max_value": 5, "style": "star", "color": null}),
            Sort::Toggle => json!({"color": null}),
            Sort::Date => json!({"display_format": "iso"}),
            Sort::Select | Sort::SelectMulti => {
                json!({"enable_add_new": false, "options": self.all_options()})
            }
            Sort::UserSingle | Sort::UserMulti => json!({
                "notify_members": false,
                "member_options_type": "all_project_members",
                "custom_members": [],
            }),
        }
    }

    /// Its options, as the API shows them.
    pub(crate) fn all_options(&self) -> Vec<Value> {
        let options = self.options.iter().enumerate();
        options
            .map(|(place, name)| json!({"id": self.option_id(place), "display_name": name}))
            .collect()
    }
}
