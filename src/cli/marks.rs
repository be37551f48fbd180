//! The marks as `retire.toml` asks for them, under `[marks]`.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use crate::cli::guards::Wrong;
use crate::cli::settings::near::nearest;
use crate::inventory::Marking;
use crate::plan::figure::SetAt;

/// The keys of the table.
const KEYS: [&str; 2] = ["field", "hold"];

/// How they are written.
const FIELD: &str = "write the name of the custom field, as the web app shows it: `\"Retention\"`";
const HOLD: &str =
    "write what the field says of an asset that stays: `[\"Hold\", \"Legal\"]`, or `true`";

/// Reads `[marks]`; `line` says in which line of which file a byte stands.
///
/// # Errors
///
/// Returns all that is wrong with it.
pub(crate) fn read(
    value: &Spanned<DeValue<'_>>,
    line: &impl Fn(usize) -> SetAt,
) -> Result<Marking, Vec<Wrong>> {
    let Some(table) = value.get_ref().as_table() else {
        let hint = "begin it with `[marks]`";
        return Err(vec![wrong(value.span(), "`marks` must be a table", hint)]);
    };
    let mut found = Vec::new();
    let (mut field, mut hold) = (None, None);
    for (key, value) in table {
        match &**key.get_ref() {
            "field" => {
                let name = word(value).filter(|_| value.get_ref().is_str());
                if name.is_none() {
                    let message = "`field` must be the name of a custom field";
                    found.push(wrong(value.span(), message, FIELD));
                }
                field = Some((name.unwrap_or_default(), line(key.span().start)));
            }
            "hold" => hold = Some(words(value, &mut found)),
            name => {
                let hint = match nearest(name, KEYS.into_iter()) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => "it has `field` and `hold`".to_owned(),
                };
                let message = format!("`[marks]` has no `{name}`");
                found.push(wrong(key.span(), &message, &hint));
            }
        }
    }
    if field.is_none() {
        found.push(wrong(value.span(), "`[marks]` needs `field`", FIELD));
    }
    if hold.is_none() {
        found.push(wrong(value.span(), "`[marks]` needs `hold`", HOLD));
    }
    match (field, hold) {
        (Some((field, at)), Some(hold)) if found.is_empty() => Ok(Marking {
            field,
            hold,
            at: at.to_string().into(),
        }),
        (_, _) => Err(found),
    }
}

fn wrong(at: Range<usize>, message: &str, hint: &str) -> Wrong {
    (at, message.to_owned(), hint.to_owned())
}

/// What the field says of an asset that stays: a word, or several.
fn words(value: &Spanned<DeValue<'_>>, found: &mut Vec<Wrong>) -> Vec<Arc<str>> {
    let message = "`hold` must be a list of what the field says";
    let Some(items) = value.get_ref().as_array() else {
        let one = word(value);
        if one.is_none() {
            found.push(wrong(value.span(), message, HOLD));
        }
        return one.into_iter().collect();
    };
    if items.is_empty() {
        found.push(wrong(value.span(), message, HOLD));
    }
    let mut words = Vec::new();
    for item in items {
        match word(item) {
            Some(word) => words.push(word),
            None => found.push(wrong(item.span(), message, HOLD)),
        }
    }
    words
}

/// A text that says something, or what stands for it of a toggle.
fn word(value: &Spanned<DeValue<'_>>) -> Option<Arc<str>> {
    let value = value.get_ref();
    if let Some(toggle) = value.as_bool() {
        return Some(toggle.to_string().into());
    }
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.into())
}

/// The schema of `[marks]`.
#[cfg(test)]
pub(crate) fn schema() -> serde_json::Value {
    use serde_json::json;
    let text = json!({"type": "string", "pattern": "\\S"});
    let word = json!({"anyOf": [text, {"type": "boolean"}]});
    json!({
        "description": "The marks by which people keep assets in Frame.io itself, in a custom field of files; V4 only.",
        "type": "object",
        "properties": {
            "field": {
                "description": "The custom field, by its name or its id.",
                "type": "string", "pattern": "\\S"
            },
            "hold": {
                "description": "What the field says of an asset that stays: the display names of options, a text, or `true` of a toggle.",
                "anyOf": [
                    {"type": "array", "items": word, "minItems": 1},
                    {"type": "string", "pattern": "\\S"},
                    {"type": "boolean"}
                ]
            }
        },
        "required": ["field", "hold"],
        "additionalProperties": false
    })
}
