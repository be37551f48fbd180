//! `retire validate`: every broken manifest ends with exit 8, a place and a message.

use std::fmt::Write as _;

use crate::harness::{Desk, filters};

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const B: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// Manifests that are wrong, each with a name.
fn broken() -> Vec<(&'static str, Vec<u8>)> {
    let item = |item: &str| format!("version: 1\nassets:\n{item}\n").into_bytes();
    let text = |text: &str| text.as_bytes().to_vec();
    let mut cases = vec![
        ("empty", Vec::new()),
        ("only a comment", text("# nothing yet\n")),
        ("only blank lines", text("\n\n  \n")),
        ("null", text("~\n")),
        ("a list", text("- 1\n")),
        ("a text", text("hello\n")),
        ("no version", text("assets: []\n")),
        ("version 2", text("version: 2\nassets: []\n")),
        ("version in words", text("version: one\nassets: []\n")),
        ("version in quotes", text("version: \"1\"\nassets: []\n")),
        ("nothing listed", text("version: 1\n")),
        ("assets is a text", text("version: 1\nassets: all\n")),
        ("assets is a mapping", text("version: 1\nassets: {a: b}\n")),
        ("assets is null", text("version: 1\nassets:\n")),
        ("a tab", text("version: 1\nassets:\n\t- 1\n")),
        (
            "a tab after the dash",
            item(&format!("-\tid: {A}\n\treason: x")),
        ),
        (
            "a short id",
            item("  - 3fa85f64-5717-4562-b3fc-2c963f66afa"),
        ),
        (
            "an id without hyphens that is all digits",
            item("  - 33333333444455556666777777777777"),
        ),
        (
            "an id in braces without quotes",
            item(&format!("  - {{{A}}}")),
        ),
        (
            "the nil id",
            item("  - 00000000-0000-0000-0000-000000000000"),
        ),
        ("a comma behind an id", item(&format!("  - {A},"))),
        (
            "a name behind an id",
            item(&format!("  - {A} A001_C003.mov")),
        ),
        (
            "a no-break space behind an id",
            item(&format!("  - {A}\u{a0}")),
        ),
        ("no blank behind id:", item(&format!("  - id:{A}"))),
        ("a variable", item("  - ${ASSET}")),
        (
            "a share",
            item(&format!("  - https://next.frame.io/share/{A}/view/{B}")),
        ),
        ("a short link", item("  - https://f.io/x1y2")),
        (
            "a project",
            item(&format!("  - https://next.frame.io/project/{A}")),
        ),
        (
            "a review",
            item(&format!("  - https://app.frame.io/reviews/{A}/{B}")),
        ),
        (
            "the legacy app",
            item(&format!("  - https://app.frame.io/player/{A}?version={B}")),
        ),
        (
            "an address and a pin of another project",
            item(&format!(
                "  - id: https://next.frame.io/project/{A}/view/{B}\n    pin: {{project: {B}}}"
            )),
        ),
        (
            "an address in a pin",
            item(&format!(
                "  - id: {A}\n    pin: {{parent: https://next.frame.io/player/{B}}}"
            )),
        ),
        (
            "a bare id under holds",
            text(&format!("version: 1\nholds:\n  - {A}\n")),
        ),
        (
            "until never",
            text(&format!(
                "version: 1\nholds:\n  - {{id: {A}, reason: x, until: never}}\n"
            )),
        ),
        (
            "not before never",
            item(&format!("  - id: {A}\n    not_before: never")),
        ),
        (
            "the name of an account",
            text("version: 1\naccount: Tidewater Pictures\nassets: []\n"),
        ),
        (
            "a merge conflict",
            text(&format!(
                "version: 1\nassets:\n<<<<<<< HEAD\n  - {A}\n=======\n  - {B}\n>>>>>>> other\n"
            )),
        ),
        (
            "a pointer of Git LFS",
            text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n"),
        ),
        (
            "an id with a letter too far",
            item("  - 3fa85f64-5717-4562-b3fc-2c963f66afag"),
        ),
        ("an id that is a number", item("  - 12")),
        ("an id that is null", item("  - ~")),
        ("an item that is a list", item("  - [1, 2]")),
        ("an item without an id", item("  - reason: x")),
        (
            "a misspelt field",
            item(&format!("  - id: {A}\n    resaon: x")),
        ),
        (
            "an unknown field",
            text("version: 1\nassets: []\ncolour: blue\n"),
        ),
        (
            "a field twice",
            item(&format!("  - id: {A}\n    reason: a\n    reason: b")),
        ),
        ("assets twice", text("version: 1\nassets: []\nassets: []\n")),
        (
            "a reason that is a number",
            item(&format!("  - id: {A}\n    reason: 42")),
        ),
        (
            "a reason that is null",
            item(&format!("  - id: {A}\n    reason:")),
        ),
        (
            "a blank reason",
            item(&format!("  - id: {A}\n    reason: '  '")),
        ),
        (
            "the same id twice",
            item(&format!("  - {A}\n  - {B}\n  - {}", A.to_uppercase())),
        ),
        (
            "a date that does not exist",
            item(&format!("  - id: {A}\n    not_before: 2026-02-30")),
        ),
        (
            "a date in words",
            item(&format!("  - id: {A}\n    not_before: tomorrow")),
        ),
        (
            "a time without an offset",
            item(&format!("  - id: {A}\n    not_before: 2026-12-01T10:00:00")),
        ),
        (
            "a hold without a reason",
            text(&format!("version: 1\nholds:\n  - id: {A}\n")),
        ),
        (
            "a hold twice",
            text(&format!(
                "version: 1\nholds:\n  - {{id: {A}, reason: a}}\n  - {{id: {A}, reason: b}}\n"
            )),
        ),
        (
            "a waiver without an end",
            text("version: 1\nwaivers:\n  - {guard: max-assets, limit: 5, reason: x}\n"),
        ),
        (
            "a waiver of an unknown guard",
            text(
                "version: 1\nwaivers:\n  - {guard: max-asset, limit: 5, reason: x, expires: 2026-12-01}\n",
            ),
        ),
        (
            "a negative limit",
            text(
                "version: 1\nwaivers:\n  - {guard: max-assets, limit: -5, reason: x, expires: 2026-12-01}\n",
            ),
        ),
        (
            "a waiver without the unit of its guard",
            text(
                "version: 1\nwaivers:\n  - {guard: min-age, limit: 1, reason: x, expires: 2026-12-01}\n  - {guard: max-bytes, limit: 3 tapes, reason: x, expires: 2026-12-01}\n",
            ),
        ),
        (
            "a waiver of more than everything",
            text(
                "version: 1\nwaivers:\n  - {guard: max-percent, limit: 101, reason: x, expires: 2026-12-01}\n",
            ),
        ),
        (
            "a waiver of a run's guard for one project",
            text(
                "version: 1\nwaivers:\n  - {guard: max-404-percent, limit: 60, project: Tide, reason: x, expires: 2026-12-01}\n",
            ),
        ),
        (
            "a guard that is waived twice for one project",
            text(
                "version: 1\nwaivers:\n  - {guard: max-assets, limit: 5, project: Tide, reason: x, expires: 2026-12-01}\n  - {guard: max-assets, limit: 6, reason: x, expires: 2026-12-01}\n  - {guard: max-assets, limit: 7, project: Tide, reason: x, expires: 2026-12-01}\n",
            ),
        ),
        (
            "a hold on an asset and a project at once",
            text(&format!(
                "version: 1\nholds:\n  - {{id: {A}, project: {B}, reason: x}}\n"
            )),
        ),
        (
            "a release of nothing",
            text("version: 1\nreleases:\n  - {reason: closed by legal}\n"),
        ),
        (
            "a release without a reason",
            text(&format!("version: 1\nreleases: [{A}]\n")),
        ),
        (
            "a release that says no reason",
            text(&format!(
                "version: 1\nreleases:\n  - {{id: {A}, reason: Say why}}\n"
            )),
        ),
        (
            "a release of what is held",
            text(&format!(
                "version: 1\nholds:\n  - {{project: {A}, reason: x}}\nreleases:\n  - {{project: {A}, reason: y}}\n  - {{id: {A}, reason: y}}\n"
            )),
        ),
        (
            "contents in words",
            item(&format!("  - id: {A}\n    contents: a few")),
        ),
        (
            "a huge file size",
            item(&format!(
                "  - id: {A}\n    pin: {{filesize: 99999999999999999999999}}"
            )),
        ),
        ("an empty pin", item(&format!("  - id: {A}\n    pin: {{}}"))),
        ("a tag", item(&format!("  - !uuid {A}"))),
        ("an unknown anchor", item("  - *nobody")),
        ("an open quote", item("  - 'abc")),
        ("an open bracket", text("version: 1\nassets: [\n")),
        (
            "bad indentation",
            text(&format!("version: 1\nassets:\n  - {A}\n - {B}\n")),
        ),
        ("a NUL byte", b"version: 1\nassets:\n  - \0\n".to_vec()),
        (
            "invalid UTF-8",
            b"version: 1\nassets: # \xff\xfe\n  - x\n".to_vec(),
        ),
        ("UTF-16", b"\xff\xfev\0e\0r\0s\0i\0o\0n\0".to_vec()),
        (
            "a byte order mark in the middle",
            text(&format!("version: 1\nassets:\n  - {A}\u{feff}\n")),
        ),
        ("nothing but markers", text("---\n---\n")),
        (
            "CRLF with a bad id",
            text("version: 1\r\nassets:\r\n  - nonsense\r\n"),
        ),
        (
            "a second document that is wrong",
            text(&format!(
                "version: 1\nassets: [{A}]\n---\nversion: 1\nassets: [x]\n"
            )),
        ),
        (
            "two accounts",
            text(&format!(
                "version: 1\naccount: {A}\nassets: []\n---\nversion: 1\naccount: {B}\nassets: []\n"
            )),
        ),
        (
            "a merge key",
            item(&format!("  - <<: {{reason: x}}\n    id: {A}")),
        ),
    ];
    let mut laughs = "version: 1\na: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (to, from) in ('b'..='i').zip('a'..) {
        let _ = writeln!(
            laughs,
            "{to}: &{to} [{}]",
            vec![format!("*{from}"); 9].join(", ")
        );
    }
    cases.push(("a billion laughs", (laughs + "assets: *i\n").into_bytes()));
    cases.push((
        "deep flow",
        text(&format!(
            "version: 1\nassets: {}{}\n",
            "[".repeat(10_000),
            "]".repeat(10_000)
        )),
    ));
    cases.push((
        "deep flow that never ends",
        text(&format!("version: 1\nassets: {}\n", "[".repeat(1_000_000))),
    ));
    cases.push((
        "deep mappings",
        text(&format!("version: 1\nassets: {}\n", "{a: ".repeat(10_000))),
    ));
    cases.push(("deep dashes", item(&format!("  {}x", "- ".repeat(10_000)))));
    let mut deep = "version: 1\nassets:\n".to_owned();
    for depth in 0..10_000 {
        let _ = writeln!(deep, "{}- a:", " ".repeat(depth.min(2_000)));
    }
    cases.push(("deep blocks", deep.into_bytes()));
    cases.push((
        "one endless word",
        text(&format!(
            "version: 1\nassets:\n  - {}\n",
            "x".repeat(5_000_000)
        )),
    ));
    cases.push((
        "ten thousand wrong ids",
        item(&"  - nonsense\n".repeat(10_000)),
    ));
    cases.push((
        "ten thousand wrong ids in flow",
        text(&format!(
            "version: 1\nassets: [{}]\n",
            "nonsense, ".repeat(10_000)
        )),
    ));
    cases
}

#[test]
fn every_broken_manifest_ends_with_a_place_and_a_message() {
    let mut transcript = String::new();
    let cases = broken();
    assert!(cases.len() >= 50);
    for (name, bytes) in cases {
        let desk = Desk::new();
        desk.write("m.yaml", &bytes);
        let done = desk.run(&["validate", "m.yaml"]);
        assert_eq!(done.code, 8, "{name}: {}", done.out);
        let text = done.out + &done.err;
        let place = has_place(&text);
        assert!(place, "{name}: no place in\n{text}");
        assert!(
            !text.contains('\u{0}') && !text.contains('\u{1b}'),
            "{name}: control characters"
        );
        let mut short: String = text.lines().take(14).collect::<Vec<_>>().join("\n");
        if text.lines().count() > 14 {
            short.push_str("\n…");
        }
        let _ = writeln!(transcript, "## {name}\n{short}\n");
        // The same by `plan` and `apply`: exit 8, before anything else.
        desk.run(&["plan", "m.yaml"]).expect(8);
    }
    filters().bind(|| insta::assert_snapshot!("broken_manifests", transcript));
}

/// Whether the text has `m.yaml:line:column`.
fn has_place(text: &str) -> bool {
    text.match_indices("m.yaml:").any(|(place, found)| {
        let rest = &text[place + found.len()..];
        let mut parts = rest.splitn(3, ':');
        let number = |part: Option<&str>| {
            part.is_some_and(|part| {
                let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
                !digits.is_empty()
            })
        };
        number(parts.next()) && number(parts.next())
    })
}
