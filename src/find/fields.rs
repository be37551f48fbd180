//! Whether a custom field that is asked for is there, and can say what is asked.

use std::sync::Arc;

use crate::find::filter::{FieldIs, has_fields};
use crate::find::glob::folded;
use crate::find::tree::{Read, facts};
use crate::inventory::Definition;

/// How many candidates are named at most, so that they fit a screen.
const NAMED: usize = 12;

/// Why no asset can say what is asked of a custom field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoField {
    /// No field has this name.
    Name {
        /// The name.
        name: String,
        /// Those that are there, the likeliest first.
        there: Vec<Arc<str>>,
        /// How many more there are.
        more: usize,
    },
    /// The field is there, and its values are chosen from others.
    Value {
        /// The name of the field.
        field: Arc<str>,
        /// What it was to say.
        value: String,
        /// What it can say, the likeliest first.
        says: Vec<Arc<str>>,
        /// How much more that is.
        more: usize,
    },
    /// Nobody knows which fields there are.
    Unread {
        /// The name of the field.
        name: String,
        /// Why.
        why: Arc<str>,
    },
}

/// Checks that each field is there and can say what is asked, by the fields of the account and by
/// what its assets say: an account may keep its fields in projects, and has no list of them then.
///
/// # Errors
///
/// Returns what is not there, with what is.
pub fn check<'a>(
    read: &Read,
    definitions: Result<&[Definition], &Arc<str>>,
    asked: impl Iterator<Item = &'a FieldIs>,
) -> Result<(), NoField> {
    let of_account = definitions.unwrap_or_default();
    for is in asked {
        let name = folded(&is.name);
        let defined: Vec<&Definition> = of_account
            .iter()
            .filter(|definition| folded(&definition.name) == name)
            .collect();
        if defined.is_empty() {
            if is_seen(read, &name) {
                continue;
            }
            return Err(match definitions {
                Ok(_) => no_name(read, of_account, is),
                Err(why) => NoField::Unread {
                    name: is.name.clone(),
                    why: Arc::clone(why),
                },
            });
        }
        let takes = |definition: &&Definition| definition.takes(&is.value);
        if is.value.is_empty() || defined.iter().any(takes) || is_said(read, is) {
            continue;
        }
        let options = defined.iter().flat_map(|definition| &definition.options);
        let options = options.flat_map(|options| options.iter().cloned());
        let (says, more) = nearest(options.collect(), &is.value);
        return Err(NoField::Value {
            field: Arc::clone(&defined[0].name),
            value: is.value.clone(),
            says,
            more,
        });
    }
    Ok(())
}

fn no_name(read: &Read, of_account: &[Definition], is: &FieldIs) -> NoField {
    let seen = facts(&read.inventory).filter_map(|(_, facts)| facts.fields.as_ref());
    let seen = seen.flat_map(|fields| fields.iter().map(|field| &field.name));
    let defined = of_account.iter().map(|definition| &definition.name);
    let mut all: Vec<Arc<str>> = Vec::new();
    for name in defined.chain(seen) {
        if !all.contains(name) {
            all.push(Arc::clone(name));
        }
    }
    let (there, more) = nearest(all, &is.name);
    NoField::Name {
        name: is.name.clone(),
        there,
        more,
    }
}

/// Whether an asset has such a field, set or not; `name` is folded.
fn is_seen(read: &Read, name: &str) -> bool {
    let mut fields = facts(&read.inventory).filter_map(|(_, facts)| facts.fields.as_ref());
    fields.any(|fields| fields.iter().any(|field| folded(&field.name) == name))
}

/// Whether an asset says so, whatever the account tells of the field.
fn is_said(read: &Read, is: &FieldIs) -> bool {
    let mut all = facts(&read.inventory);
    all.any(|(_, facts)| has_fields(facts, std::slice::from_ref(is)))
}

/// The likeliest of some names, and how many more there are.
fn nearest(mut names: Vec<Arc<str>>, to: &str) -> (Vec<Arc<str>>, usize) {
    let to = folded(to);
    names.sort_by_cached_key(|name| {
        let far = strsim::damerau_levenshtein(&folded(name), &to);
        (far, Arc::clone(name))
    });
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    (names, more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::{AssetId, Kind};
    use crate::inventory::{Facts, Field};

    fn definition(name: &str, options: Option<&[&str]>) -> Definition {
        let options = options.map(|all| all.iter().map(|one| Arc::from(*one)).collect());
        Definition {
            id: format!("id of {name}").into(),
            name: name.into(),
            options,
        }
    }

    /// An account with one asset, which says something in a field.
    fn read(field: &str, value: &str) -> Read {
        let field = Field {
            id: "f".into(),
            name: field.into(),
            values: vec![value.into()],
            unclear: false,
        };
        let facts = Facts {
            fields: Some([field].into()),
            ..Facts::of_kind(Kind::File)
        };
        let mut read = Read::default();
        let id = AssetId::from_uuid(uuid::Uuid::from_u128(1));
        read.inventory.around.insert(id, facts);
        read
    }

    fn told(read: &Read, known: Result<&[Definition], &Arc<str>>, asked: &str) -> String {
        let is = FieldIs::parse(asked).unwrap();
        match check(read, known, std::iter::once(&is)) {
            Ok(()) => "ok".to_owned(),
            Err(NoField::Name { name, there, .. }) => format!("no {name}: {}", there.join(", ")),
            Err(NoField::Value {
                field, value, says, ..
            }) => format!("{field} is no {value}: {}", says.join(", ")),
            Err(NoField::Unread { name, why }) => format!("nobody knows {name}: {why}"),
        }
    }

    #[test]
    fn what_a_field_cannot_say_is_told_with_what_it_can() {
        let all = [
            definition("Retention", Some(&["Keep", "Hold", "Legal"])),
            definition("Note", None),
            definition("Rating", Some(&[])),
        ];
        let read = read("Old field", "Legal hold");
        let told = |asked: &str| told(&read, Ok(&all), asked);
        for asked in [
            "retention=HOLD",
            "Retention=",
            "note=whatever",
            // What an asset says counts, whatever the account tells.
            "old field=anything",
        ] {
            assert_eq!(told(asked), "ok", "{asked}");
        }
        assert_eq!(
            told("Retention=Hodl"),
            "Retention is no Hodl: Hold, Keep, Legal"
        );
        assert_eq!(told("Rating=5"), "Rating is no 5: ");
        assert_eq!(
            told("Retentoin=Hold"),
            "no Retentoin: Retention, Rating, Note, Old field"
        );
    }

    #[test]
    fn an_option_that_is_only_on_an_asset_is_there() {
        let all = [definition("Retention", Some(&["Keep"]))];
        let read = read("Retention", "Hold");
        assert_eq!(told(&read, Ok(&all), "Retention=hold"), "ok");
        assert_ne!(told(&read, Ok(&all), "Retention=hol"), "ok");
        // Of two fields of one name either will do.
        let two = [all[0].clone(), definition("RETENTION", Some(&["Hol"]))];
        assert_eq!(told(&read, Ok(&two), "Retention=hol"), "ok");
    }

    #[test]
    fn where_the_fields_could_not_be_read_nobody_knows() {
        let why = Arc::from("you may not");
        let read = read("Retention", "Hold");
        assert_eq!(told(&read, Err(&why), "Retention=Typo"), "ok");
        assert_eq!(
            told(&read, Err(&why), "Status=x"),
            "nobody knows Status: you may not"
        );
        let none = Read::default();
        assert_eq!(told(&none, Ok(&[]), "Status=x"), "no Status: ");
    }
}
