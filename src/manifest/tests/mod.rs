//! The module's own tests: both ways of reading agree, places are right, nothing panics.

mod aliases;
mod codes;
mod defaults;
mod written;

use std::sync::Arc;

use proptest::prelude::*;

use super::document::{Hold, Manifests};
use super::{Part, Source, pieces, read, read_with};
use crate::asset::Kind;
use crate::diagnostic::Finding;

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const ADOBE: &str = "adobe:urn:aaid:sc:US:a1b2c3d4-e5f6-7890-abcd-ef1234567890|2";
const B: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

fn source(text: &str) -> Source {
    Source {
        path: "m.yaml".into(),
        bytes: text.as_bytes().to_vec(),
        part: Part::All,
    }
}

fn apart(text: &str) -> Result<Manifests, Vec<Finding>> {
    read(&[source(text)])
}

fn whole(text: &str) -> Result<Manifests, Vec<Finding>> {
    read_with(&[source(text)], pieces::read_whole)
}

/// Whether a refusal of the parser is among the findings: what is told beside one may differ.
fn is_refused(findings: &[Finding]) -> bool {
    let refusals = ["yaml-syntax", "too-deep", "too-large"];
    findings
        .iter()
        .any(|finding| refusals.contains(&finding.code))
}

fn agree(text: &str) {
    match (apart(text), whole(text)) {
        (Err(apart), Err(whole)) => {
            if !is_refused(&apart) && !is_refused(&whole) {
                assert_eq!(apart, whole, "{text}");
            }
        }
        (apart, whole) => assert_eq!(apart, whole, "{text}"),
    }
}

/// A piece of text as people write it, and as they should not.
fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{3,9}( [a-z]{2,5}){0,2}",
        1 => Just("a: b".to_owned()),
        1 => Just("a #b".to_owned()),
        1 => Just("a # b".to_owned()),
        1 => Just("'it''s'".to_owned()),
        1 => Just("'quoted: #text'".to_owned()),
        1 => Just("\"two\\nlines\"".to_owned()),
        1 => Just("\"over\n      two lines\"".to_owned()),
        1 => Just("'over\n  - two lines'".to_owned()),
        1 => Just("|\n      literal\n      - text".to_owned()),
        1 => Just(">-\n      folded\n\n      text".to_owned()),
        1 => Just("plain over\n      two lines".to_owned()),
        1 => Just("42".to_owned()),
        1 => Just("null".to_owned()),
        1 => Just("True".to_owned()),
        1 => Just("1e5".to_owned()),
        1 => Just(".inf".to_owned()),
        1 => Just("&a text".to_owned()),
        1 => Just("*a".to_owned()),
        1 => Just("R&D".to_owned()),
        1 => Just("!t text".to_owned()),
        1 => Just("trailing:".to_owned()),
        1 => Just("[a, b]".to_owned()),
        1 => Just("[a,\n  - b]".to_owned()),
        1 => Just("é – ü".to_owned()),
        1 => Just("a\tb".to_owned()),
        1 => Just(String::new()),
    ]
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => any::<u128>().prop_map(|bits| uuid::Uuid::from_u128(bits).to_string()),
        2 => Just(A.to_owned()),
        2 => "adobe:[-0-9A-Za-z._~:@!$&'()*+,;=/%|]{1,6}",
        1 => Just(ADOBE.to_owned()),
        1 => Just(format!("'{ADOBE}'")),
        1 => Just(format!("{ADOBE} # a note")),
        1 => Just(format!("{ADOBE}:")),
        1 => Just(format!("{ADOBE}: {A}")),
        1 => Just(B.to_uppercase()),
        1 => Just(format!("\"{B}\"")),
        1 => Just(format!("&id {B}")),
        1 => Just("*id".to_owned()),
        1 => Just("nonsense".to_owned()),
        1 => Just("12".to_owned()),
        1 => Just(format!("{A}  # a note")),
        1 => Just(format!("{A}#no note")),
    ]
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        (
            prop::sample::select(vec!["reason", "ticket", "owner", "resaon"]),
            scalar()
        )
            .prop_map(|(name, text)| format!("{name}: {text}")),
        Just("not_before: 2026-12-01".to_owned()),
        Just("not_before: 2026-02-30".to_owned()),
        Just("not_before: '2026-12-01T00:00:00Z'   # soon".to_owned()),
        Just("pin: {name: a.mov, filesize: 12}".to_owned()),
        Just("pin: {}".to_owned()),
        Just("kind: file".to_owned()),
        Just("kind: 'version_stack'  # of two".to_owned()),
        Just("kind: bundle".to_owned()),
        Just("pin:\n      name: b.mov".to_owned()),
        Just("# a note".to_owned()),
        Just(String::new()),
    ]
}

/// How a mapping on one line begins, what stands between its fields, and how it ends.
fn flow() -> impl Strategy<Value = (&'static str, &'static str, &'static str)> {
    (
        prop::sample::select(vec!["{", "{ ", "{  ", "{,"]),
        prop::sample::select(vec![", ", ",", "  ,  ", ", , ", " "]),
        prop::sample::select(vec!["}", " }", "}  # a note", "}#", "} x", ",}", ", }", ""]),
    )
}

/// An item, its dash in a column.
fn item() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => id().prop_map(|id| format!("- {id}")),
        4 => (id(), prop::collection::vec(field(), 0..4), any::<bool>()).prop_map(|(id, mut fields, first)| {
            let id = format!("id: {id}");
            if first { fields.insert(0, id) } else { fields.push(id) }
            format!("- {}", fields.join("\n  "))
        }),
        4 => (id(), prop::collection::vec(field(), 0..3), any::<bool>(), flow()).prop_map(
            |(id, mut fields, first, (open, between, close))| {
                let id = format!("id: {id}");
                if first { fields.insert(0, id) } else { fields.push(id) }
                format!("- {open}{}{close}", fields.join(between))
            }
        ),
        1 => Just("- {}".to_owned()),
        1 => Just("- []".to_owned()),
        1 => Just("-".to_owned()),
        1 => Just("- - x".to_owned()),
        1 => Just(format!("-   {A}\n      more")),
        1 => Just(format!("- {{id: {B}, reason: flow}}")),
        1 => Just("# between".to_owned()),
        1 => Just(String::new()),
        1 => Just("    # far right".to_owned()),
        1 => Just("stray".to_owned()),
    ]
}

fn document() -> impl Strategy<Value = String> {
    let frame = prop::sample::select(vec![
        ("version: 1\n", ""),
        (
            "version: 1\n",
            "holds:\n  - {id: 1b4e28ba-2fa1-11d2-883f-0016d3cca427, reason: x}\n",
        ),
        (
            "# head\nversion: 1\naccount: 5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60\n",
            "defaults: {reason: all}\n",
        ),
        ("version: 1\ndefaults: {kind: folder}\n", ""),
        ("version: 2\n", ""),
        ("", "version: 1\n"),
        ("version: 1\nassets: []\n", ""),
        ("{version: 1,\n", "}\n"),
        ("version: 1\nx: 'a\n", "'\n"),
        ("version: &id 1\n", "colour: *id\n"),
        ("  version: 1\n", ""),
        ("- version: 1\n", ""),
    ]);
    let key = prop::sample::select(vec![
        "assets:",
        "assets: # list",
        "assets:  ",
        "assets: &list",
        "assets",
    ]);
    let items = prop::collection::vec(item(), 0..8);
    (frame, key, items, 0_usize..4).prop_map(|((before, after), key, items, indent)| {
        let mut text = format!("{before}{key}\n");
        for item in items {
            for line in item.split('\n') {
                text.push_str(&" ".repeat(indent));
                text.push_str(line);
                text.push('\n');
            }
        }
        text + after
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn both_ways_of_reading_agree(text in document()) {
        agree(&text);
        agree(&text.replace('\n', "\r\n"));
    }

    #[test]
    fn streams_of_documents_agree(
        documents in prop::collection::vec(document(), 1..4),
        marker in prop::sample::select(vec!["---\n", "--- # next\n", "--- \n", "...\n", "...\n---\n", "---x\n", "%YAML 1.1\n---\n"]),
        last in prop::sample::select(vec!["", "---\n", "...\n", "# end\n"]),
    ) {
        agree(&(documents.join(marker) + last));
    }

    #[test]
    fn mutations_agree(text in document(), edits in prop::collection::vec((any::<prop::sample::Index>(), "[-:#'\"\\[\\]{}&*!|>,\\n\\t\\r ax\u{85}]{0,2}"), 1..4)) {
        let mut letters: Vec<char> = text.chars().collect();
        for (index, new) in edits {
            if letters.is_empty() {
                break;
            }
            let at = index.index(letters.len());
            letters.splice(at..=at, new.chars());
        }
        agree(&letters.into_iter().collect::<String>());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let source = Source { path: "m.yaml".into(), bytes, part: Part::All };
        drop(read(&[source]));
    }

    #[test]
    fn every_entry_stands_where_it_says(ids in prop::collection::btree_set(any::<u128>(), 1..600), shapes in prop::collection::vec(0_u8..4, 600)) {
        let mut text = "version: 1\nassets:\n".to_owned();
        for (id, shape) in ids.iter().zip(shapes) {
            let id = uuid::Uuid::from_u128(*id);
            let item = match shape {
                0 => format!("  - {id}\n"),
                1 => format!("  - id: {id}\n    reason: plain text\n"),
                2 => format!("  - reason: \"é\\u00e9\"\n    pin: {{filesize: 1}}\n    id: {id}\n"),
                _ => format!("  - {{ticket: \"ü\", id: {id}}}\n"),
            };
            text.push_str(&item);
        }
        let said = apart(&text).unwrap();
        prop_assert_eq!(said.entries.len(), ids.len());
        let lines: Vec<&str> = text.lines().collect();
        for entry in said.entries {
            let line = lines[entry.spot.line as usize - 1];
            let rest: String = line.chars().skip(entry.spot.column as usize - 1).collect();
            prop_assert!(rest.starts_with(&entry.id.to_string()), "{} {:?}", line, entry.spot);
        }
    }
}

#[test]
fn a_lost_letter_changes_both_ways_alike() {
    let text = format!(
        "version: 1\nassets: # list\n- []\n- []\n- pin: {{}}\n  id: {A}\n- {B}\n-   {A}\n      more\n- {{id: {A},\n  reason: 'a\n  - b'}}\nholds:\n  - {{id: {B}, reason: x}}\n"
    );
    for (at, letter) in text.char_indices() {
        let (before, after) = (&text[..at], &text[at + letter.len_utf8()..]);
        agree(&[before, after].concat());
    }
}

/// What is found in a text, a line each.
fn told(text: &str) -> Vec<String> {
    let line = |finding: &Finding| {
        let place = &finding.place;
        format!("{}:{} {}", place.line, place.column, finding.code)
    };
    apart(text).unwrap_err().iter().map(line).collect()
}

#[test]
fn places_are_exact() {
    let cases = [
        ("version: 1\nassets:\n  - {}\n", "3:5 missing-field"),
        (
            &format!("version: 1\nassets: [{A}, {{}}]\n"),
            "2:48 missing-field",
        ),
        ("version: 1\nassets:\n  - []\n", "3:5 wrong-type"),
        (
            "version: 1\nassets:\n  - é: ~\n    id: 1\n",
            "3:5 unknown-field",
        ),
        ("version: 1\nassets:\n  - \"\\x41\"\n", "3:5 bad-id"),
        ("version: 1\nassets:\n  -\n", "3:4 wrong-type"),
        ("version: 1\nassets: [1.5]\n", "2:10 wrong-type"),
        ("version: 1\r\nassets: [true]\r\n", "2:10 wrong-type"),
        ("version: 1\u{2028}assets: [~]\n", "2:10 wrong-type"),
        ("", "1:1 empty-document"),
    ];
    for (text, expected) in cases {
        assert_eq!(told(text)[0], expected, "{text}");
    }
}

#[test]
fn places_on_one_long_line_are_exact() {
    let items: Vec<String> = (0..500).map(|item| format!("[é, {item}, true]")).collect();
    let text = format!("{{\"version\": 1, \"assets\": [{}]}}", items.join(", "));
    let mut expected = Vec::new();
    for at in text.match_indices("[é").map(|(at, _)| at) {
        // A list stands where its first scalar does.
        let column = text[..=at].chars().count() + 1;
        expected.push(format!("1:{column} wrong-type"));
    }
    assert_eq!(told(&text), expected);
}

#[test]
fn no_line_is_shown_of_a_file_that_names_no_version() {
    let texts = [
        "api_key: `secret`\nassets:\n  path: public\n",
        "assets:\n  path: public\napi_key: secret\n",
        "{\"api_key\": \"secret\", \"assets\": [}",
    ];
    for text in texts {
        let findings = apart(text).unwrap_err();
        assert!(findings.iter().all(|finding| finding.snippet.is_none()));
        let shown = format!("version: 1\n{}", texts[1]);
        assert!(apart(&shown).unwrap_err()[0].snippet.is_some());
    }
}

#[test]
fn an_error_after_the_list_is_placed_right() {
    let text = format!("version: 1\nassets:\n  - {A}\n  - {B}\nholds: 3\ncolour: blue\n");
    assert_eq!(told(&text), ["5:8 wrong-type", "6:1 unknown-field"]);
    let text = format!("version: 1\nassets:\n  - {A}\nholds: [\n");
    assert_eq!(told(&text)[0].split(' ').next_back(), Some("yaml-syntax"));
}

#[test]
fn repeats_are_found_across_files_with_both_places() {
    let one = Source {
        path: "a.yaml".into(),
        bytes: format!("version: 1\nassets:\n  - {A}\n").into(),
        part: Part::All,
    };
    let two = Source {
        path: "b.yaml".into(),
        bytes: format!("version: 1\nassets: [{B}, {}]\n", A.to_uppercase()).into(),
        part: Part::All,
    };
    let findings = read(&[one, two]).unwrap_err();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].place.to_string(), "b.yaml:2:48");
    assert_eq!(findings[0].related[0].0.to_string(), "a.yaml:3:5");
}

#[test]
fn holds_releases_and_waivers_say_what_they_are_about() {
    let text = format!(
        "version: 1\nassets:\n- {{id: {A}, contents: 412}}\nholds:\n- {{id: {B}, reason: r}}\n- {{project: {A}, reason: claim open}}\nreleases:\n- {{id: {ADOBE}, reason: closed, ticket: LEGAL-90}}\nwaivers:\n- {{guard: max-bytes, limit: 3 TB, project: Tide, reason: r, expires: 2026-12-15}}\n- {{guard: min-age, limit: 36 hours, reason: r, expires: 2026-12-15}}\n"
    );
    let said = apart(&text).unwrap();
    assert_eq!(
        said.entries[0].details.as_ref().unwrap().contents,
        Some(412)
    );
    let held = |holds: &[Hold]| {
        holds
            .iter()
            .map(|hold| hold.id.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(held(&said.holds), [B]);
    assert_eq!(held(&said.project_holds), [A]);
    let release = &said.releases[0];
    assert_eq!(
        (release.held.id().to_string(), release.spot.line),
        (ADOBE.to_owned(), 8)
    );
    assert_eq!(release.ticket.as_deref(), Some("LEGAL-90"));
    let limits: Vec<u64> = said.waivers.iter().map(|waiver| waiver.limit).collect();
    assert_eq!(limits, [3_000_000_000_000, 129_600]);
    assert_eq!(said.waivers[0].project.as_deref(), Some("Tide"));
    // A hold on the project of that id is another one than that on the asset.
    let text =
        format!("version: 1\nholds: [{{id: {A}, reason: r}}, {{project: {A}, reason: r}}]\n");
    assert!(apart(&text).is_ok());
}

#[test]
fn a_kind_holds_as_the_defaults_do_and_is_shared() {
    let text = format!(
        "version: 1\ndefaults: {{kind: file}}\nassets:\n- {A}\n- id: {ADOBE}\n  kind: folder\n- {B}\n- {{id: '{ADOBE}3', kind: folder}}\n"
    );
    let said = apart(&text).unwrap();
    let details: Vec<_> = said
        .entries
        .iter()
        .map(|entry| entry.details.as_ref().unwrap())
        .collect();
    let kinds: Vec<Option<Kind>> = details.iter().map(|details| details.kind).collect();
    let (file, folder) = (Some(Kind::File), Some(Kind::Folder));
    assert_eq!(
        kinds,
        [file, file, folder, folder],
        "in the order of the ids"
    );
    assert!(Arc::ptr_eq(details[0], details[1]) && Arc::ptr_eq(details[2], details[3]));
    assert_eq!(said.entries[2].id.to_string(), ADOBE);
}

#[test]
fn a_million_wrong_things_are_told_in_part() {
    let text = format!("version: 1\nassets:\n{}", "  - x\n".repeat(20_000));
    let findings = apart(&text).unwrap_err();
    assert_eq!(findings.len(), 10_001);
    assert_eq!(findings.last().unwrap().code, "too-many");
}

#[test]
fn blanks_of_other_programs_are_named() {
    for (text, hint) in [
        (
            format!("version: 1\nassets:\n  -\u{a0}{A}\n"),
            "the blank behind `-` is none of the keyboard: write a plain one",
        ),
        (
            format!("version: 1\nassets:\n  -{A}\n"),
            "write a blank behind each `-`",
        ),
        (
            format!("version: 1\nassets:\n\u{a0} - {A}\n"),
            "the line begins with a blank that is none of the keyboard: use plain spaces",
        ),
        (
            format!("version: 1\nassets: {A}\n"),
            "begin each line with `- `",
        ),
    ] {
        let found = apart(&text).unwrap_err();
        assert_eq!(found[0].hint.as_deref(), Some(hint), "{text}");
    }
}
