//! What parsers say, in words of this program.

/// The longest name out of a document that is repeated; what is longer may be anything.
const LONGEST_NAME: usize = 40;

/// A parser's message in our words, without its place and without a text that it found where
/// another type belongs: the file may be one that nobody meant to show.
#[must_use]
pub fn of_a_parser(message: &str) -> String {
    let message = without_place(message);
    wrong_type(message)
        .or_else(|| wrong_name(message))
        .or_else(|| wrong_form(message).map(str::to_owned))
        .unwrap_or_else(|| message.to_owned())
}

/// The message without the place that stands behind it.
fn without_place(message: &str) -> &str {
    let place = message.rsplit_once(" at line ");
    let is_place = |place: &str| {
        let numbers = place.split_once(" column ");
        numbers.is_some_and(|(line, column)| {
            let mut figures = line.bytes().chain(column.bytes());
            figures.all(|byte| byte.is_ascii_digit())
        })
    };
    match place {
        Some((message, place)) if is_place(place) => message,
        Some(_) | None => message,
    }
}

/// Something stands where something else belongs.
fn wrong_type(message: &str) -> Option<String> {
    let rest = message.strip_prefix("invalid type: ");
    let rest = rest.or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, wanted) = rest.rsplit_once(", expected ")?;
    let figure = found.split_once('`').and_then(|(kind, figure)| {
        let is_figure = matches!(kind, "integer " | "floating point " | "boolean ");
        figure.strip_suffix('`').filter(|_| is_figure)
    });
    let found = match (figure, found) {
        (Some(figure), _) => format!("`{figure}`"),
        (None, "null" | "unit value" | "Option value") => "`null`".to_owned(),
        (None, "sequence") => "a list".to_owned(),
        (None, "map") => "a table".to_owned(),
        (None, text) if text.starts_with("string ") => "a text".to_owned(),
        (None, _) => "something else".to_owned(),
    };
    let wanted = match wanted {
        "u8" => "a whole number from 0 to 255",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0 on",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a formatted UUID string" => "a UUID",
        "a string" | "a borrowed string" | "str" => "a text",
        "a sequence" => "a list",
        "a map" => "a table",
        table if table.starts_with("struct ") || table.starts_with("enum ") => "a table",
        other => other,
    };
    Some(format!("{wanted} belongs here, and not {found}"))
}

/// A name is missing, doubled or not known.
fn wrong_name(message: &str) -> Option<String> {
    let quoted = |prefix: &str| {
        message.strip_prefix(prefix)?.split_once("` ").or_else(|| {
            let name = message.strip_prefix(prefix)?.strip_suffix('`')?;
            Some((name, ""))
        })
    };
    if let Some((name, _)) = quoted("missing field `") {
        return Some(format!("`{name}` is missing"));
    }
    if let Some((name, _)) = quoted("duplicate field `") {
        return Some(format!("`{name}` stands twice"));
    }
    let rest = message.strip_prefix("unknown field `");
    let rest = rest.or_else(|| message.strip_prefix("unknown variant `"))?;
    // The name is from the document and may have anything in it, but what is known has not.
    let (name, known) = ["`, expected one of ", "`, expected "]
        .iter()
        .find_map(|between| rest.rsplit_once(between))?;
    let name = match name.chars().count() {
        0..=LONGEST_NAME => format!("`{name}`"),
        _ => "this text".to_owned(),
    };
    Some(format!("{name} is not known here; known: {known}"))
}

/// The document is not of its form.
fn wrong_form(message: &str) -> Option<&'static str> {
    Some(match message {
        "expected `,` or `}`" => "a comma or the end of the table belongs here",
        "expected `,` or `]`" => "a comma or the end of the list belongs here",
        "expected `:`" => "a colon belongs here",
        "expected value" | "expected ident" => "a value belongs here",
        "key must be a string" => "a name in quotation marks belongs here",
        "trailing comma" => "no comma belongs before the end",
        "trailing characters" => "nothing belongs behind the end of the document",
        "invalid number" => "this is no number",
        "number out of range" => "the number is too large",
        "invalid escape" => "this is no escape",
        "recursion limit exceeded" => "lists and tables lie too deep in one another",
        _ if message.starts_with("UUID parsing failed") => "a UUID belongs here",
        _ if message.starts_with("EOF while parsing ") => "the document ends too early",
        _ if message.starts_with("control character ") => {
            "a character stands in a text that must be escaped there"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_parser_says_is_said_in_our_words() {
        for (message, shown) in [
            (
                r#"invalid type: string "a\", expected u", expected u64 at line 3 column 9"#,
                "a whole number from 0 on belongs here, and not a text",
            ),
            (
                "invalid value: integer `-1`, expected u32",
                "a whole number from 0 to 4294967295 belongs here, and not `-1`",
            ),
            (
                "invalid type: integer `3`, expected a string",
                "a text belongs here, and not `3`",
            ),
            (
                "invalid type: null, expected struct RunLine",
                "a table belongs here, and not `null`",
            ),
            (
                "invalid type: integer `3`, expected a formatted UUID string at line 1 column 2",
                "a UUID belongs here, and not `3`",
            ),
            (
                "UUID parsing failed: invalid length: expected 32 bytes, found 1 at line 1 column 2",
                "a UUID belongs here",
            ),
            ("missing field `version`", "`version` is missing"),
            ("duplicate field `serial`", "`serial` stands twice"),
            (
                "unknown variant `lost`, expected `gone` or `missing`",
                "`lost` is not known here; known: `gone` or `missing`",
            ),
            (
                "unknown field `cereal`, expected one of `serial`, `api`",
                "`cereal` is not known here; known: `serial`, `api`",
            ),
            (
                "expected `,` or `}` at line 1 column 2",
                "a comma or the end of the table belongs here",
            ),
            ("EOF while parsing a string", "the document ends too early"),
            (
                "the serial 7 is odd at line noise",
                "the serial 7 is odd at line noise",
            ),
        ] {
            assert_eq!(of_a_parser(message), shown);
        }
        let long = format!("unknown field `{}`, expected `a`", "x".repeat(41));
        assert_eq!(
            of_a_parser(&long),
            "this text is not known here; known: `a`"
        );
    }

    #[test]
    fn each_message_of_the_json_parser_is_known() {
        for document in [
            "",
            "{",
            "[1",
            "\"a",
            "{\"a\"",
            "{\"a\" 1}",
            "[1 2]",
            "{\"a\":1 \"b\":2}",
            "[1,]",
            "tru",
            "{1:2}",
            "1 2",
            "01",
            "1e999",
            "\"\\q\"",
            "\"\u{1}\"",
            "x",
        ] {
            let error = serde_json::from_str::<serde_json::Value>(document).unwrap_err();
            let said = error.to_string();
            assert_ne!(of_a_parser(&said), without_place(&said), "{document}");
        }
    }
}
