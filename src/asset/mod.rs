//! The words for an asset: its id, and what sort of asset it is.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::{Serialize, Serializer};
use uuid::Uuid;

mod adobe;
pub mod written;

use adobe::LONGEST;

/// The first UUID of the range that stands for ids that are no UUIDs: 12 bytes of all ones and
/// the number of a text. RFC 9562 gives that range no meaning but that of the Max UUID.
const NUMBERED: u128 = u128::MAX << 32;

/// The id of a Frame.io asset.
///
/// Mostly a UUID, 16 bytes, compared and printed in lower case:
/// `3fa85f64-5717-4562-b3fc-2c963f66afa6`. It is read in any letter case, but only in the
/// hyphenated form of 36 characters, since that is the only form that the API documents.
///
/// V4 also takes `adobe:` and the id that Adobe's storage has given, letter for letter. These
/// sort after the UUIDs, by their text (docs/frameio-api.md, "Ids").
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AssetId(Uuid);

/// What sort of asset one is, as V4 tells them apart: each has calls of its own.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A file.
    File,
    /// A folder, and with it what is in it.
    Folder,
    /// A stack of versions of one file.
    VersionStack,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::File, Self::Folder, Self::VersionStack];

    /// The kind alone, as a list.
    #[must_use]
    pub const fn alone(self) -> &'static [Self] {
        match self {
            Self::File => &[Self::File],
            Self::Folder => &[Self::Folder],
            Self::VersionStack => &[Self::VersionStack],
        }
    }

    /// Every kind, this one first.
    #[must_use]
    pub const fn first(self) -> &'static [Self; 3] {
        match self {
            Self::File => &[Self::File, Self::Folder, Self::VersionStack],
            Self::Folder => &[Self::Folder, Self::File, Self::VersionStack],
            Self::VersionStack => &[Self::VersionStack, Self::File, Self::Folder],
        }
    }

    /// The kind's name, as it stands in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Folder => "folder",
            Self::VersionStack => "version_stack",
        }
    }
}

/// Says why a text is not the id of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssetIdError {
    /// The text is empty.
    #[error("an id is empty")]
    Empty,
    /// The text is a UUID in another notation: without hyphens, in braces, or as a URN.
    #[error("an id is a UUID with hyphens, like `3fa85f64-5717-4562-b3fc-2c963f66afa6`")]
    OtherNotation(Uuid),
    /// The text has another length than 36 characters.
    #[error("an id is a UUID of 36 characters, this has {0}")]
    Length(usize),
    /// A character stands where a UUID cannot have it; `at` counts characters from 1.
    #[error("an id is a UUID, and `{found}` cannot be its character {at}")]
    Character {
        /// The offending character.
        found: char,
        /// Its place in the text, from 1.
        at: usize,
    },
    /// The UUID is of the range that this program uses for other ids.
    #[error("no asset has a UUID that begins with 24 `f`")]
    Reserved,
    /// The text begins with `adobe:` in another letter case.
    #[error("an id begins with `adobe:` in lower case")]
    AdobeCase,
    /// Nothing follows `adobe:`.
    #[error("an id has something after `adobe:`")]
    AdobeEmpty,
    /// What begins with `adobe:` is too long.
    #[error("an id has at most {LONGEST} characters, this has {0}")]
    AdobeLength(usize),
    /// A character stands in an `adobe:` id that none has; `at` counts characters from 1.
    #[error(
        "an id is `adobe:` and the id of Adobe's storage, and `{found}` cannot be its character {at}"
    )]
    AdobeCharacter {
        /// The offending character.
        found: char,
        /// Its place in the text, from 1.
        at: usize,
    },
    /// There are as many `adobe:` ids already as the program can tell apart.
    #[error("there are too many different `adobe:` ids")]
    TooMany,
}

impl AssetIdError {
    /// Says what to do about it, where there is something more to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::OtherNotation(uuid) => Some(format!("write it as `{uuid}`")),
            Self::AdobeCase => Some("write `adobe:`, and the rest as the API has it".to_owned()),
            Self::AdobeEmpty => Some(
                "write it like `adobe:urn:aaid:sc:US:a1b2c3d4-e5f6-7890-abcd-ef1234567890`"
                    .to_owned(),
            ),
            Self::Empty
            | Self::Length(_)
            | Self::Character { .. }
            | Self::Reserved
            | Self::AdobeLength(_)
            | Self::AdobeCharacter { .. }
            | Self::TooMany => None,
        }
    }
}

/// The id of an account as it is compared: a UUID in its usual notation, whatever it was written
/// in, and anything else as it is: what Adobe's storage has given, or what is no id.
#[must_use]
pub fn account_id(text: &str) -> String {
    let text = text.trim();
    Uuid::try_parse(text).map_or_else(|_other| text.to_owned(), |uuid| uuid.to_string())
}

/// Whether a text can be the id of an account: its name is none.
#[must_use]
pub fn is_account_id(text: &str) -> bool {
    text.starts_with(adobe::PREFIX) || Uuid::try_parse(text).is_ok()
}

impl AssetId {
    /// Takes a UUID as an asset id; one of those that [`parse`](Self::parse) refuses as
    /// reserved may come to mean another id.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Reads an id from text: a UUID in any letter case, or `adobe:` and more, as it is.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the text when it is neither.
    pub fn parse(text: &str) -> Result<Self, AssetIdError> {
        if text.len() == 36
            && let Ok(uuid) = Uuid::try_parse(text)
        {
            let id = Self(uuid);
            return if id.is_adobe() {
                Err(AssetIdError::Reserved)
            } else {
                Ok(id)
            };
        }
        Self::parse_adobe(text)
    }

    /// Reads an id that is no UUID.
    fn parse_adobe(text: &str) -> Result<Self, AssetIdError> {
        let Some(rest) = text.strip_prefix(adobe::PREFIX) else {
            return Err(Self::why_not(text));
        };
        if rest.is_empty() {
            return Err(AssetIdError::AdobeEmpty);
        }
        if let Some((found, at)) = adobe::wrong_character(text) {
            return Err(AssetIdError::AdobeCharacter { found, at });
        }
        if text.len() > LONGEST {
            return Err(AssetIdError::AdobeLength(text.len()));
        }
        let number = adobe::number(text).ok_or(AssetIdError::TooMany)?;
        Ok(Self(Uuid::from_u128(NUMBERED | u128::from(number))))
    }

    /// Whether it is an id of Adobe's storage and no UUID; only V4 takes these.
    pub(crate) const fn is_adobe(self) -> bool {
        self.0.as_u128() >= NUMBERED
    }

    /// The text of an id that is no UUID.
    fn adobe(self) -> Option<&'static str> {
        let number = self.0.as_u128().checked_sub(NUMBERED)?;
        adobe::text(u32::try_from(number).ok()?)
    }

    #[cold]
    fn why_not(text: &str) -> AssetIdError {
        if text.is_empty() {
            return AssetIdError::Empty;
        }
        if let Ok(uuid) = Uuid::try_parse(text) {
            return AssetIdError::OtherNotation(uuid);
        }
        let prefix = text.get(..adobe::PREFIX.len()).unwrap_or_default();
        if prefix.eq_ignore_ascii_case(adobe::PREFIX) {
            return AssetIdError::AdobeCase;
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

    /// The id as text; `buffer` is where that of a UUID is written, in lower case.
    ///
    /// It has no character that JSON would escape.
    pub fn encode(self, buffer: &mut [u8; 36]) -> &str {
        if let Some(text) = self.adobe() {
            return text;
        }
        self.0.as_hyphenated().encode_lower(buffer)
    }
}

impl Ord for AssetId {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        // The numbers of texts stand above every UUID, and say nothing about their order.
        if self.is_adobe() && other.is_adobe() {
            return self.adobe().cmp(&other.adobe()).then(self.0.cmp(&other.0));
        }
        // As two numbers they are compared at once, as bytes one after the other.
        self.0.as_u128().cmp(&other.0.as_u128())
    }
}

impl PartialOrd for AssetId {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
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

#[cfg(test)]
impl schemars::JsonSchema for AssetId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AssetId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|adobe:[-0-9A-Za-z._~:@!$&'()*+,;=/%|]{1,249})$",
            "description": "The id of a Frame.io asset: a UUID with hyphens, in any letter case, or, with V4, `adobe:` and the id that Adobe's storage has given."
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const URN: &str = "adobe:urn:aaid:sc:US:a1b2c3d4-e5f6-7890-abcd-ef1234567890|2";

    fn any_id() -> impl Strategy<Value = AssetId> {
        prop_oneof![
            any::<u128>().prop_map(|bits| AssetId(Uuid::from_u128(bits & !(1 << 127)))),
            "adobe:[-0-9A-Za-z._~:@!$&'()*+,;=/%|]{1,8}".prop_map(|text| text.parse().unwrap()),
        ]
    }

    #[test]
    fn an_account_is_one_in_every_notation_of_its_id() {
        let usual = "5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60";
        for text in [
            " 5F0C9A1E-3D42-4B8E-A6F7-1C2D3E4F5A60",
            "{5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60}",
            "5f0c9a1e3d424b8ea6f71c2d3e4f5a60",
            usual,
        ] {
            assert_eq!(account_id(text), usual);
        }
        assert_eq!(account_id("adobe:ABC@AdobeOrg"), "adobe:ABC@AdobeOrg");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(id in any_id()) {
            prop_assert_eq!(AssetId::parse(&id.to_string()), Ok(id));
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(&json, &format!("\"{id}\""));
            prop_assert_eq!(serde_json::from_str::<AssetId>(&json).unwrap(), id);
        }

        #[test]
        fn ids_sort_as_their_texts_do_and_uuids_come_first(mut ids in prop::collection::vec(any_id(), 0..12)) {
            ids.sort_unstable();
            let texts: Vec<(bool, String)> =
                ids.iter().map(|id| (id.is_adobe(), id.to_string())).collect();
            prop_assert!(texts.is_sorted(), "{:?}", texts);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "(adobe:|ADOBE:|[0-9a-f]{8}-)?.{0,40}") {
            if let Ok(id) = AssetId::parse(&text) {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn an_adobe_id_is_kept_letter_for_letter_in_16_bytes() {
        assert_eq!(size_of::<AssetId>(), 16);
        let id = AssetId::parse(URN).unwrap();
        assert_eq!(id.to_string(), URN);
        assert_eq!(AssetId::parse(URN), Ok(id));
        assert_ne!(AssetId::parse(&URN.replace("US", "us")), Ok(id));
        assert!(id > AssetId::from_uuid(Uuid::from_u128(u128::MAX >> 1)));
    }

    #[test]
    fn a_wrong_adobe_id_is_told_why() {
        let told = |text: &str| {
            let error = AssetId::parse(text).unwrap_err();
            let hint = error.hint().map(|hint| format!(" | {hint}"));
            format!("{error}{}", hint.unwrap_or_default())
        };
        let long = format!("adobe:{}", "x".repeat(250));
        let wrongs = [
            "adobe:",
            "Adobe:urn:aaid:sc:US:1",
            "adobe:<adobe_asset_id>",
            "adobe:two words",
            "adobe:\"x\"",
            "adobe:\u{e9}",
            &long,
            "ffffffff-ffff-ffff-ffff-ffff00000007",
        ];
        insta::assert_snapshot!(wrongs.map(told).join("\n"));
    }

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
