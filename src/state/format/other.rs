//! What a document is that stands where a state belongs.

/// The keys at the top of a manifest.
const LISTS: [&str; 4] = ["assets", "holds", "releases", "waivers"];

/// The keys of a state that nothing else has at its top.
const OWN: [&[u8]; 2] = [b"\"lineage\"", b"\"serial\""];

/// What to do about it.
pub(super) const HINT: &str = "name the state itself, which is `retire.state.json` in the project folder unless somebody says otherwise";

/// Says what a document is that is no state, and no broken one either, as far as that can be told.
pub(super) fn what(bytes: &[u8]) -> Option<&'static str> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Some("this is not text, and a state is");
    };
    let text = text.trim_start();
    if !text.starts_with('{') {
        let begins = |line: &str, key: &str| {
            let rest = line.trim_start_matches('"').strip_prefix(key);
            rest.is_some_and(|rest| rest.trim_start_matches(['"', ' ']).starts_with(':'))
        };
        let lists = |line: &str| LISTS.iter().any(|key| begins(line, key));
        return Some(match text.chars().next() {
            _ if text.lines().any(lists) => "this is a manifest, and not a state",
            Some('<') => "this is a page or another document with tags, and not a state",
            _ => "this is not a state, which is a JSON document",
        });
    }
    // A broken state has something of its own left.
    if OWN
        .iter()
        .any(|own| memchr::memmem::find(bytes, own).is_some())
    {
        return None;
    }
    let document: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    let version = document.get("version").and_then(serde_json::Value::as_u64);
    if version.is_some_and(|version| version != super::VERSION) {
        return None;
    }
    Some(if LISTS.iter().any(|key| document.contains_key(*key)) {
        "this is a manifest, and not a state"
    } else {
        "this is a JSON document, and not a state of `retire`"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_state_is_called_what_it_is() {
        let manifest = Some("this is a manifest, and not a state");
        for (bytes, found) in [
            (&b"version: 1\nassets: []\n"[..], manifest),
            (b"holds : []\n", manifest),
            (b"{\"version\":1,\"assets\":[]}", manifest),
            (
                b"<!doctype html>\n",
                Some("this is a page or another document with tags, and not a state"),
            ),
            (b"\x89PNG\r\n", Some("this is not text, and a state is")),
            (
                b"dear diary",
                Some("this is not a state, which is a JSON document"),
            ),
            (
                b"{\"a\":1}",
                Some("this is a JSON document, and not a state of `retire`"),
            ),
            // These may have been one.
            (b"{\"version\":1,\"lineage\":\"x\",\"assets\":{}}", None),
            (b"{\"version\":1,", None),
            (b"{\"version\":2,\"records\":{}}", None),
        ] {
            assert_eq!(what(bytes), found, "{bytes:?}");
        }
    }
}
