//! How an address is shown that may hold a password.

use crate::frameio::mask;

/// An address as it may be shown, also one that cannot be read: without a user and a password,
/// without a query, and bounded.
#[must_use]
pub(super) fn shown(text: &str) -> String {
    let is_scheme = |scheme: &str| {
        let name = scheme.strip_suffix(':');
        name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    let (scheme, rest) = match text.split_once("//") {
        Some((scheme, rest)) if is_scheme(scheme) => (format!("{scheme}//"), rest),
        Some(_) | None => (String::new(), text),
    };
    // A password may hold any character, so all up to the last `@` may be of one.
    let rest = match rest.rsplit_once('@') {
        Some((_, server)) => format!("***@{server}"),
        None => rest.to_owned(),
    };
    let (rest, query) = match rest.find(['?', '#']) {
        Some(start) => (&rest[..start], "…"),
        None => (&*rest, ""),
    };
    let (server, path) = match rest.find('/') {
        Some(start) => rest.split_at(start),
        None => (rest, ""),
    };
    // Where the host is missing, the port is a password.
    let server = match server.rsplit_once(':') {
        Some((host, port)) if !server.ends_with(']') && !is_number(port) => format!("{host}:***"),
        Some(_) | None => server.to_owned(),
    };
    mask::bounded(&format!("{scheme}{server}{path}{query}"))
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_secret_is_shown() {
        for text in [
            "api.frame.io",
            "localhost:8787",
            "http://10.0.0.1:80/frameio",
            "http://[::2]",
            "http://[::2]:80",
            "https://a.example/v2/batch/assets",
        ] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("https://me:x@a b:80/c?d=e"), "https://***@a b:80/c…");
        assert!(shown(&"x".repeat(9000)).chars().count() <= mask::LONGEST);
    }
}
