//! The words for an asset: its id.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::{Serialize, Serializer};
use uuid::Uuid;

/// The id of a Frame.io asset.
///
/// A UUID, 16 bytes, compared and printed in lower case: `3fa85f64-5717-4562-b3fc-2c963f66afa6`.
/// It is read in any letter case, but only in the hyphenated form of 36 characters, since that
/// is the only form that the API documents (docs/frameio-api.md, "Ids").
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssetId(Uuid);

/// Says why a text is not the id of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssetIdError {
    /// The text is empty.
    #[error("an asset id is empty")]
    Empty,
    /// The text is a UUID in another notation: without hyphens, in braces, or as a URN.
    #[error("an asset id is a UUID with hyphens, like `3fa85f64-5717-4562-b3fc-2c963f66afa6`")]
    OtherNotation(Uuid),
    /// The text has another length than 36 characters.
    #[error("an asset id is a UUID of 36 characters, this has {0}")]
    Length(usize),
    /// A character stands where a UUID cannot have it; `at` counts characters from 1.
    #[error("an asset id is a UUID, and `{found}` cannot be its character {at}")]
    Character {
        /// The offending character.
        found: char,
        /// Its place in the text, from 1.
        at: usize,
    },
}

impl AssetIdError {
    /// Says what to do about it, where there is something more to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::OtherNotation(uuid) => Some(format!("write it as `{uuid}`")),
            Self::Empty | Self::Length(_) | Self::Character { .. } => None,
        }
    }
}

impl AssetId {
    /// Takes a UUID as an asset id.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Reads an id from text, in any letter case.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the text when it is not a hyphenated UUID.
    pub fn parse(text: &str) -> Result<Self, AssetIdError> {
        if text.len() == 36
            && let Ok(uuid) = Uuid::try_parse(text)
        {
            return Ok(Self(uuid));
        }
        Err(Self::why_not(text))
    }

    #[cold]
    fn why_not(text: &str) -> AssetIdError {
        if text.is_empty() {
            return AssetIdError::Empty;
        }
        if let Ok(uuid) = Uuid::try_parse(text) {
            return AssetIdError::OtherNotation(uuid);
        }
        let wrong = text.chars().take(36).enumerate().find(|(index, found)| {
            if matches!(index, 8 | 13 | 18 | 23) {
                *found != '-'
            } else {
                !found.is_ascii_hexdigit()
            }
        });
        let length = text.chars().count();
        match wrong {
            // A text of another length is mostly a cut or doubled id; the length says more then.
            Some((index, found)) if length == 36 => AssetIdError::Character {
                found,
                at: index + 1,
            },
            Some(_) | None => AssetIdError::Length(length),
        }
    }

    /// Writes the id in lower case into `buffer` and returns it as text.
    pub fn encode(self, buffer: &mut [u8; 36]) -> &str {
        self.0.as_hyphenated().encode_lower(buffer)
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.encode(&mut [0; 36]))
    }
}

impl fmt::Debug for AssetId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for AssetId {
    type Err = AssetIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for AssetId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.encode(&mut [0; 36]))
    }
}

impl<'de> Deserialize<'de> for AssetId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = AssetId;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the id of an asset")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<AssetId, E> {
                AssetId::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text).map_err(D::Error::custom)
    }
}

impl schemars::JsonSchema for AssetId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AssetId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "uuid",
            "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
            "description": "The id of a Frame.io asset: a UUID with hyphens, in any letter case."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

    #[test]
    fn letter_case_does_not_matter() {
        let upper = AssetId::parse(&ID.to_uppercase()).unwrap();
        assert_eq!(upper, AssetId::parse(ID).unwrap());
        assert_eq!(upper.to_string(), ID);
    }

    #[test]
    fn other_notations_are_refused_with_the_right_one() {
        for text in [
            "3fa85f6457174562b3fc2c963f66afa6",
            "{3fa85f64-5717-4562-b3fc-2c963f66afa6}",
            "urn:uuid:3fa85f64-5717-4562-b3fc-2c963f66afa6",
        ] {
            let error = AssetId::parse(text).unwrap_err();
            assert_eq!(error.hint(), Some(format!("write it as `{ID}`")), "{text}");
        }
    }

    #[test]
    fn a_wrong_text_is_told_why() {
        assert_eq!(AssetId::parse(""), Err(AssetIdError::Empty));
        assert_eq!(AssetId::parse(&ID[1..]), Err(AssetIdError::Length(35)));
        assert_eq!(
            AssetId::parse("3fa85f64-5717-4562-b3fc-2c963f66afag"),
            Err(AssetIdError::Character { found: 'g', at: 36 })
        );
        assert_eq!(
            AssetId::parse("3fa85f64-5717-4562-b3fc-2c963f66afaß"),
            Err(AssetIdError::Character {
                found: 'ß', at: 36
            })
        );
    }
}
