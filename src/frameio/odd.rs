//! Why the answer to a reading cannot be used.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;

use crate::diagnostic::of_a_parser;

/// Why the answer to a reading cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Odd {
    /// It is none of the API's: somebody answers in the server's place, for now at least.
    Foreign(String),
    /// A field of it has another form than the documented one. The server says the same whenever
    /// it is asked.
    Field(String),
}

impl From<String> for Odd {
    fn from(why: String) -> Self {
        Self::Foreign(why)
    }
}

/// Reads an answer; where a field of it is not what it should be, the reason names the field.
///
/// # Errors
///
/// Returns why the bytes are not that answer.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Odd> {
    // Only what cannot be read is read so slowly that it is known where that is.
    serde_json::from_slice(bytes).map_err(|error| {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        match serde_path_to_error::deserialize::<_, T>(&mut json) {
            Err(placed) if error.is_data() && placed.path().iter().next().is_some() => {
                let field = placed.path().to_string();
                let why = of_a_parser(&placed.into_inner().to_string());
                Odd::Field(format!("`{field}`: {why}"))
            }
            Ok(_) | Err(_) => Odd::Foreign(of_a_parser(&error.to_string())),
        }
    })
}

/// Takes a field by which no delete is decided: one of another form than the documented one is as
/// one that is not there.
pub(super) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::AssetId;

    #[derive(Debug, PartialEq, Eq, serde::Deserialize)]
    struct Wrapped {
        data: Vec<Item>,
    }

    #[derive(Debug, PartialEq, Eq, serde::Deserialize)]
    struct Item {
        id: AssetId,
        #[serde(default, deserialize_with = "lenient")]
        size: Option<u64>,
    }

    fn read(body: &str) -> Result<Vec<Option<u64>>, Odd> {
        let items = parse::<Wrapped>(body.as_bytes())?.data;
        Ok(items.into_iter().map(|item| item.size).collect())
    }

    #[test]
    fn a_field_that_matters_is_named_and_one_that_does_not_is_left_out() {
        let with = |size: &str| {
            let id = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
            format!(r#"{{"data":[{{"id":"{id}"{size}}}]}}"#)
        };
        assert_eq!(read(&with(r#","size":7"#)), Ok(vec![Some(7)]));
        for size in [
            "",
            "null",
            "-1",
            "1e30",
            "18446744073709551616",
            "\"7\"",
            "7.5",
            "{}",
            "[]",
        ] {
            let size = match size {
                "" => String::new(),
                size => format!(r#","size":{size}"#),
            };
            assert_eq!(read(&with(&size)), Ok(vec![None]), "{size}");
        }
        for (body, why) in [
            (
                r#"{"data":[{"id":5}]}"#,
                "`data[0].id`: the id of an asset belongs here, and not `5`",
            ),
            (r#"{"data":[{}]}"#, "`data[0]`: `id` is missing"),
            (
                r#"{"data":{}}"#,
                "`data`: a list belongs here, and not a table",
            ),
        ] {
            assert_eq!(read(body), Err(Odd::Field(why.to_owned())));
        }
        for body in [
            "<html>",
            "",
            r#"{"data":["#,
            "[]",
            r#"{"error":"upstream"}"#,
            "null",
        ] {
            assert!(matches!(read(body), Err(Odd::Foreign(_))), "{body}");
        }
    }
}
