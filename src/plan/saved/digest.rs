//! What an asset is like in a document, and a sink that makes a hash.

use std::io::{self, Write};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;

use crate::digest::Sha256;
use crate::plan::about::Look;

impl Serialize for Look {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", u64::from_be_bytes(self.0)))
    }
}

impl<'de> Deserialize<'de> for Look {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let digits = Some(&*text).filter(|text| text.len() == 16 && text.bytes().all(is_digit));
        let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        number
            .map(|number| Self(number.to_be_bytes()))
            .ok_or_else(|| {
                serde::de::Error::custom("these are 16 hexadecimal digits in lower case")
            })
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Look {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Look".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9a-f]{16}$",
            "description": "The first 16 hexadecimal digits of a SHA-256, in lower case."
        })
    }
}

/// A sink that only keeps the hash of what is written.
#[derive(Default)]
pub(super) struct Hashing(sha2::Sha256);

impl Hashing {
    /// The hash of what was written so far.
    pub(super) fn digest(&self) -> Sha256 {
        Sha256(self.0.clone().finalize().into())
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
