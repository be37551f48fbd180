//! Marks: what people set in a custom field of an asset, in Frame.io itself, so that it stays.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::inventory::{Facts, Field};

/// Which values of which custom field keep an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Marking {
    /// The field, by its name or its id.
    pub field: Arc<str>,
    /// What it says of an asset that stays: names of options, a text, or `true`.
    pub hold: Vec<Arc<str>>,
    /// Where that is set: `file:line`.
    pub at: Arc<str>,
}

/// What a custom field said of an asset that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The name of the field.
    pub field: Arc<str>,
    /// What it said.
    pub value: Arc<str>,
}

/// What marks a plan goes by, and what was read to find them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Which values of which field keep an asset.
    pub marking: Marking,
    /// The custom fields of the account, or why they could not be read; nothing where nobody
    /// asked for them, since an asset bears a mark.
    pub definitions: Option<Result<Vec<Definition>, Arc<str>>>,
}

/// A custom field of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Its id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// All that it can say, where its values are chosen from some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Arc<[Arc<str>]>>,
}

/// What is known of the mark of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marked {
    /// It stays.
    Yes(Mark),
    /// The field does not say that it stays.
    No,
    /// Its fields were not read, or nobody knows what this one says.
    Unread,
}

/// Why nobody can have set a mark, as far as the account tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoMark {
    /// There is no such field; these are there.
    Field(Vec<Arc<str>>),
    /// The field cannot say some of the words of a mark.
    Option {
        /// These.
        lacking: Vec<Arc<str>>,
        /// All that it can say.
        options: Vec<Arc<str>>,
    },
}

impl Definition {
    /// Whether somebody means this field.
    #[must_use]
    pub fn is(&self, said: &str) -> bool {
        is_field(&self.name, &self.id, said)
    }

    /// Whether the field can say something.
    #[must_use]
    pub fn takes(&self, value: &str) -> bool {
        let mut options = self.options.iter().flat_map(|options| options.iter());
        self.options.is_none() || options.any(|option| is_same(option, value))
    }
}

impl Marking {
    /// Whether it keeps all that another one would keep.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let has = |word: &Arc<str>| self.hold.iter().any(|hold| is_same(hold, word));
        is_same(&self.field, &other.field) && other.hold.iter().all(has)
    }

    /// What is known of the mark of an asset.
    #[must_use]
    pub fn of(&self, facts: &Facts) -> Marked {
        let Some(fields) = &facts.fields else {
            return Marked::Unread;
        };
        let is_meant = |field: &&Field| is_field(&field.name, &field.id, &self.field);
        // One whose name the server does not tell may be the one that is meant by its name.
        let is_nameless = |field: &Field| field.name == field.id && !field.values.is_empty();
        let may_be_meant = |field: &Field| is_nameless(field) && !is_meant(&field);
        let mut marked = if fields.iter().any(may_be_meant) {
            Marked::Unread
        } else {
            Marked::No
        };
        for field in fields.iter().filter(is_meant) {
            let said = |value: &&Arc<str>| self.hold.iter().any(|hold| is_same(value, hold));
            if let Some(value) = field.values.iter().find(said) {
                return Marked::Yes(Mark {
                    field: Arc::clone(&field.name),
                    value: Arc::clone(value),
                });
            }
            if field.unclear {
                marked = Marked::Unread;
            }
        }
        marked
    }

    /// Whether an asset has something in the field, whatever that is.
    #[must_use]
    pub fn is_shown(&self, facts: &Facts) -> bool {
        let mut fields = facts.fields.iter().flat_map(|fields| fields.iter());
        fields.any(|field| is_field(&field.name, &field.id, &self.field))
    }

    /// Checks that people can set such a mark, by the fields of the account.
    ///
    /// # Errors
    ///
    /// Returns why nobody can.
    pub fn check(&self, definitions: &[Definition]) -> Result<(), NoMark> {
        let meant: Vec<&Definition> = definitions
            .iter()
            .filter(|definition| definition.is(&self.field))
            .collect();
        if meant.is_empty() {
            let names = definitions.iter();
            let names = names.map(|definition| Arc::clone(&definition.name));
            return Err(NoMark::Field(names.collect()));
        }
        // One that is not there may be the one that somebody renamed, and marks by it since.
        let is_said = |hold: &&Arc<str>| meant.iter().any(|definition| definition.takes(hold));
        let lacking: Vec<Arc<str>> = self
            .hold
            .iter()
            .filter(|hold| !is_said(hold))
            .cloned()
            .collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let options = meant.iter().flat_map(|definition| &definition.options);
        let options = options.flat_map(|options| options.iter().cloned());
        Err(NoMark::Option {
            lacking,
            options: options.collect(),
        })
    }
}

/// Whether somebody means a field of this name and id.
fn is_field(name: &str, id: &str, said: &str) -> bool {
    is_same(name, said) || is_same(id, said)
}

/// Whether two words are the same to people.
fn is_same(one: &str, other: &str) -> bool {
    let folded = |text: &str| text.trim().to_lowercase();
    folded(one) == folded(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Kind;

    fn marking(hold: &[&str]) -> Marking {
        Marking {
            field: "Retention".into(),
            hold: hold.iter().map(|word| Arc::from(*word)).collect(),
            at: "retire.toml:3".into(),
        }
    }

    fn says(name: &str, id: &str, values: &[&str]) -> Field {
        Field {
            id: id.into(),
            name: name.into(),
            values: values.iter().map(|value| Arc::from(*value)).collect(),
            unclear: false,
        }
    }

    fn facts(fields: Option<Vec<Field>>) -> Facts {
        Facts {
            fields: fields.map(Into::into),
            ..Facts::of_kind(Kind::File)
        }
    }

    #[test]
    fn a_field_without_a_name_may_be_the_one_that_is_meant() {
        let hold = marking(&["Hold"]);
        let of = |fields: Vec<Field>| hold.of(&facts(Some(fields)));
        assert_eq!(of(vec![says("f", "f", &["Hold"])]), Marked::Unread);
        assert_eq!(of(vec![says("f", "f", &[])]), Marked::No);
        let named = says("Retention", "g", &["Hold"]);
        assert!(matches!(
            of(vec![says("f", "f", &["x"]), named]),
            Marked::Yes(_)
        ));
    }

    #[test]
    fn a_mark_is_found_by_name_or_id_in_any_letter_case() {
        let hold = marking(&["Hold", "LEGAL", "true"]);
        for (field, value) in [
            (says("Retention", "f", &["hold"]), Some("hold")),
            (says(" RETENTION", "f", &["Keep", "Legal"]), Some("Legal")),
            (says("Label", "retention", &["true"]), Some("true")),
            (says("Retention", "f", &["Holding"]), None),
            (says("Retention", "f", &["false"]), None),
            (says("Retention", "f", &[]), None),
            (says("Status", "f", &["Hold"]), None),
            (says("retention", "retention", &["Keep"]), None),
        ] {
            let name = Arc::clone(&field.name);
            let expected = value.map_or(Marked::No, |value| {
                Marked::Yes(Mark {
                    field: name,
                    value: value.into(),
                })
            });
            assert_eq!(hold.of(&facts(Some(vec![field]))), expected);
        }
        // Of two fields of one name each counts.
        let two = vec![
            says("Retention", "f", &["Keep"]),
            says("retention", "g", &["Hold"]),
        ];
        assert!(matches!(hold.of(&facts(Some(two))), Marked::Yes(_)));
    }

    #[test]
    fn what_was_not_read_is_not_unmarked() {
        let hold = marking(&["Hold"]);
        assert_eq!(hold.of(&facts(None)), Marked::Unread);
        let unclear = |values: &[&str]| Field {
            unclear: true,
            ..says("Retention", "f", values)
        };
        let of = |field| hold.of(&facts(Some(vec![field])));
        assert_eq!(of(unclear(&["0b1c"])), Marked::Unread);
        assert!(matches!(of(unclear(&["0b1c", "hold"])), Marked::Yes(_)));
        // Of another field it may be so.
        let other = Field {
            name: "Status".into(),
            ..unclear(&[])
        };
        assert_eq!(of(other), Marked::No);
        assert_eq!(hold.of(&facts(Some(Vec::new()))), Marked::No);
    }

    #[test]
    fn a_field_that_is_not_there_or_cannot_say_it_is_told() {
        let definition = |name: &str, options: Option<&[&str]>| Definition {
            id: format!("id of {name}").into(),
            name: name.into(),
            options: options
                .map(|options| options.iter().map(|option| Arc::from(*option)).collect()),
        };
        let all = [
            definition("Status", None),
            definition("retention", Some(&["Keep", "Hold"])),
        ];
        assert_eq!(marking(&["keep ", "HOLD"]).check(&all), Ok(()));
        // One of several that is not there may have been renamed.
        for hold in [&["Legal"][..], &["Legal", "HOLD"]] {
            let no_option = NoMark::Option {
                lacking: vec!["Legal".into()],
                options: vec!["Keep".into(), "Hold".into()],
            };
            assert_eq!(marking(hold).check(&all), Err(no_option));
        }
        assert_eq!(
            marking(&["Hold"]).check(&all[..1]),
            Err(NoMark::Field(vec!["Status".into()]))
        );
        // Text says anything.
        let text = [definition("Retention", None)];
        assert_eq!(marking(&["Legal"]).check(&text), Ok(()));
        let by_id = Marking {
            field: "ID of Retention".into(),
            ..marking(&["x"])
        };
        assert_eq!(by_id.check(&text), Ok(()));
    }
}
