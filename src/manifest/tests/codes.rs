//! Every sort of finding has a name that stays.

/// The names of the sorts of findings, each with what it means.
const CODES: [(&str, &str); 32] = [
    (
        "account-conflict",
        "two documents are written for different accounts",
    ),
    (
        "adobe-id",
        "an id of Adobe's storage, which only V4 takes, in a run that speaks v2",
    ),
    (
        "bad-date",
        "a date or time that does not exist or is written otherwise",
    ),
    ("bad-id", "an id that no asset can have"),
    (
        "bad-limit",
        "a figure that the guard of a waiver cannot have",
    ),
    ("control-character", "a character that YAML does not allow"),
    ("duplicate-id", "an asset is listed or held twice"),
    ("duplicate-key", "a field is given twice"),
    ("duplicate-waiver", "a guard is waived twice"),
    ("empty-document", "a document with nothing in it"),
    ("empty-text", "a text with nothing but blanks"),
    ("lfs-pointer", "a file that git has not fetched"),
    ("merge-conflict", "a conflict that git has left"),
    ("missing-field", "a field that must be there"),
    (
        "not-a-manifest",
        "a document with none of the fields of a manifest",
    ),
    ("not-utf8", "bytes that are not UTF-8"),
    ("placeholder", "a reason that only says that one is missing"),
    (
        "project-conflict",
        "an address and a pin that name different projects",
    ),
    (
        "released-and-held",
        "a release of what a manifest still holds",
    ),
    (
        "strategy-of-v4",
        "a strategy of which only V4 is capable, in a run that speaks v2",
    ),
    ("too-deep", "nesting beyond the limit"),
    ("too-large", "a document or its aliases beyond the limit"),
    ("too-many", "more findings than are shown"),
    ("two-fields", "fields of which only one may be there"),
    ("unknown-field", "a field that does not exist"),
    ("unknown-guard", "a guard that does not exist"),
    ("unknown-kind", "a kind of asset that does not exist"),
    (
        "unknown-policy",
        "a word that does not say what is to become of a missing asset",
    ),
    ("unknown-strategy", "a strategy that does not exist"),
    (
        "unsupported-version",
        "a version of the document that this program does not know",
    ),
    ("wrong-type", "a value of another type"),
    ("yaml-syntax", "text that is not YAML"),
];

#[test]
fn every_code_is_on_the_list() {
    let files = [
        "check.rs",
        "conceal.rs",
        "grammar.rs",
        "pieces.rs",
        "text.rs",
        "values.rs",
        "walk.rs",
        "yaml.rs",
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manifest");
    #[expect(clippy::disallowed_methods, reason = "the test reads the sources")]
    let text: String = files
        .iter()
        .map(|file| std::fs::read_to_string(folder.join(file)).unwrap())
        .collect();
    for (code, _) in CODES {
        assert!(
            text.contains(&format!("\"{code}\"")),
            "nothing finds `{code}`"
        );
    }
    assert!(CODES.is_sorted());
}
