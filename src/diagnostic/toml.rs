//! What the TOML parser says, in words of this program.

/// The parser's message in our words: its own name what its grammar calls things.
#[must_use]
pub fn of_toml(message: &str) -> &'static str {
    let first = message.lines().next().unwrap_or_default();
    let what = first
        .split_once(", expected ")
        .map_or(first, |(what, _)| what);
    match what {
        "string values must be quoted" => {
            "a value belongs here, and a text stands in quotation marks"
        }
        "unclosed array" => "the list does not end: `]` is missing",
        "unclosed inline table" => "the table does not end: `}` is missing",
        "unclosed table" | "unclosed array table" => "`]` belongs behind the name of a table",
        "key with no value" | "missing assignment between key-value pairs" => {
            "`=` and a value belong behind a key"
        }
        "missing value" | "missing value for key" | "invalid value" => "a value belongs here",
        "unexpected key or value" | "unexpected content" | "invalid key-value pair" => {
            "each key has a line of its own, as `key = value`"
        }
        "invalid unquoted key" | "unquoted keys cannot be empty" => {
            "a key has letters, digits, `-` and `_`, or stands in quotation marks"
        }
        "cannot recurse further; max recursion depth met" => {
            "lists and tables lie too deep in one another"
        }
        "carriage return must be followed by newline" => {
            "a carriage return stands without a line feed"
        }
        _ if what.starts_with("missing comma") => "a comma belongs here",
        _ if what.starts_with("extra comma") => "no comma belongs here",
        _ if what.contains("`=`") || what.starts_with("extra assignment") => "no `=` belongs here",
        _ if ["string", "quote", "escape", "unicode"]
            .iter()
            .any(|word| what.contains(word)) =>
        {
            "a text does not end, or has a character that must be escaped there"
        }
        _ if what.contains("number") || what.contains("sign") || what.contains("zero") => {
            "this is no number"
        }
        // Whatever else it names, the place says where it is.
        _ => "this is not written as TOML is",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_get_wrong_is_said_in_our_words() {
        let mut other = Vec::new();
        for (document, said) in [
            (
                "api = v2",
                "a value belongs here, and a text stands in quotation marks",
            ),
            ("a = [1", "the list does not end: `]` is missing"),
            ("a = {b = 1", "the table does not end: `}` is missing"),
            ("[guards\na = 1", "`]` belongs behind the name of a table"),
            ("api\n", "`=` and a value belong behind a key"),
            ("api: v2\n", "`=` and a value belong behind a key"),
            (
                "api =\n",
                "a value belongs here, and a text stands in quotation marks",
            ),
            (
                "a = 1 b = 2",
                "each key has a line of its own, as `key = value`",
            ),
            ("a = [,1]", "no comma belongs here"),
            (
                "a = \"b\n",
                "a text does not end, or has a character that must be escaped there",
            ),
            (
                "a = \"C:\\Users\"",
                "a text does not end, or has a character that must be escaped there",
            ),
            ("a = 007", "this is no number"),
        ] {
            let error = toml::from_str::<toml::Table>(document).unwrap_err();
            if of_toml(error.message()) != said {
                other.push(format!("{document}: {error}"));
            }
        }
        assert_eq!(other, [""; 0]);
        assert_eq!(of_toml("whatever it is"), "this is not written as TOML is");
    }
}
