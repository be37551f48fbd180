use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::inventory::Person;

fn file() -> Facts {
    Facts {
        name: Some("A001_C003.mov".into()),
        bytes: Some(1_000),
        created: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        updated: Some("2026-06-01T00:00:00Z".parse().unwrap()),
        creator: Some(Arc::new(Person {
            id: Some("u-1".into()),
            name: Some("Ada Lovelace".into()),
            email: Some("Ada@studio.example".into()),
        })),
        upload: Some("transcoded".into()),
        media_type: Some("video/quicktime".into()),
        fields: Some(Arc::from(vec![
            field("Status", &["Approved"]),
            field("Tags", &["Hero", "Night"]),
            field("On tape", &["true"]),
            field("Wrap", &["2026-07-17 21:34:21.954509Z"]),
            field("Note", &["2026-07-17 final"]),
            field("Empty", &[]),
            field("Blank", &[" "]),
        ])),
        ..Facts::of_kind(Kind::File)
    }
}

fn field(name: &str, values: &[&str]) -> Field {
    Field {
        id: name.into(),
        name: name.into(),
        values: values.iter().map(|value| (*value).into()).collect(),
        unclear: false,
    }
}

fn is_found(facts: &Facts, filter: &Filter) -> bool {
    let candidate = Candidate {
        id: AssetId::from_uuid(Uuid::from_u128(1)),
        facts,
        within: None,
        version: None,
    };
    filter.matches(&candidate)
}

fn globs(texts: &[&str]) -> Vec<Glob> {
    texts
        .iter()
        .map(|text| Glob::parse(text).unwrap())
        .collect()
}

fn with(set: impl FnOnce(&mut Filter)) -> Filter {
    let mut filter = Filter::default();
    set(&mut filter);
    filter
}

fn moments(text: &str) -> Vec<Timestamp> {
    vec![text.parse().unwrap()]
}

fn check(rows: Vec<(&str, Filter, bool)>) {
    for (what, filter, expected) in rows {
        assert_eq!(is_found(&file(), &filter), expected, "{what}");
        let bare = Facts::of_kind(Kind::File);
        assert!(!is_found(&bare, &filter), "nothing known: {what}");
    }
}

#[test]
fn each_filter_takes_what_fits_and_nothing_that_is_not_known() {
    assert!(is_found(&file(), &Filter::default()));
    let created = with(|filter| {
        filter.older = moments("2026-02-01T00:00:00Z");
        filter.by = By::Created;
    });
    let listed = AssetId::from_uuid(Uuid::from_u128(1));
    let older = |text| with(|filter| filter.older = moments(text));
    let newer = |text| with(|filter| filter.newer = moments(text));
    let named = |names: &[&str]| with(|filter| filter.names = globs(names));
    let unnamed = |names: &[&str]| with(|filter| filter.not_names = globs(names));
    let larger = |sizes: &[u64]| with(|filter| filter.larger = sizes.to_vec());
    let smaller = |sizes: &[u64]| with(|filter| filter.smaller = sizes.to_vec());
    let by = |who: &str| with(|filter| filter.creators = vec![who.to_owned()]);
    let media = |glob| with(|filter| filter.media_types = globs(&[glob]));
    let since = |since| with(|filter| filter.unfinished_since = Some(since));
    check(vec![
        (
            "kind",
            with(|filter| filter.kinds = vec![Kind::Folder]),
            false,
        ),
        ("name", named(&["x", "a001*.MOV"]), true),
        ("part of a name", named(&["A001"]), false),
        ("not name", unnamed(&["x", "*.mov"]), false),
        ("other name", unnamed(&["x"]), true),
        ("older", older("2026-06-02T00:00:00Z"), true),
        ("not older", older("2026-06-01T00:00:00Z"), false),
        ("newer", newer("2026-06-01T00:00:00Z"), true),
        ("by created", created, true),
        ("larger", larger(&[1_000]), false),
        ("larger than one", larger(&[2_000, 999]), true),
        ("smaller", smaller(&[1_001]), true),
        ("creator's id", by("U-1"), true),
        ("creator's address", by("ada@STUDIO.example"), true),
        ("creator's name", by("ada lovelace"), true),
        ("part of a creator", by("ada"), false),
        ("media", media("video/*"), true),
        ("other media", media("audio/*"), false),
        ("upload", since(Timestamp::MAX), false),
        ("no version", with(|filter| filter.keep = Some(1)), false),
        (
            "listed",
            with(|filter| filter.none_of = [listed].into()),
            false,
        ),
    ]);
}

#[test]
fn each_field_is_compared_as_what_it_is() {
    let is = |texts: &[&str]| {
        let fields = texts.iter().map(|text| FieldIs::parse(text).unwrap());
        with(|filter| filter.fields = fields.collect())
    };
    check(vec![
        ("select", is(&["status=APPROVED"]), true),
        ("one of many", is(&["Tags=night"]), true),
        ("part of a text", is(&["Status=App"]), false),
        ("toggle", is(&["on tape=TRUE"]), true),
        ("date", is(&["Wrap=2026-07-17"]), true),
        ("date and hour", is(&["Wrap=2026-07-17T21"]), true),
        ("other date", is(&["Wrap=2026-07-18"]), false),
        ("text like a date", is(&["Note=2026-07-17"]), false),
        ("unset", is(&["Empty="]), true),
        ("blank", is(&["Blank="]), true),
        ("not there", is(&["Nowhere="]), true),
        ("set", is(&["Status="]), false),
        ("any value", is(&["Tags=x", "tags=Hero"]), true),
        ("all fields", is(&["Tags=Hero", "Status=x"]), false),
    ]);
}

#[test]
fn an_upload_is_unfinished_once_it_is_old_enough() {
    let mut stuck = file();
    stuck.upload = Some("created".into());
    let at = |moment: &str| Filter {
        unfinished_since: Some(moment.parse().unwrap()),
        ..Filter::default()
    };
    assert!(is_found(&stuck, &at("2026-01-01T00:00:00Z")));
    assert!(!is_found(&stuck, &at("2025-12-31T23:59:59Z")));
}

#[test]
fn a_folder_is_as_large_and_as_new_as_what_is_in_it() {
    let mut facts = Facts::of_kind(Kind::Folder);
    facts.updated = Some("2026-01-01T00:00:00Z".parse().unwrap());
    let newest = "2026-05-01T00:00:00Z".parse().ok();
    let within = |files, newest| Within {
        files,
        bytes: Some(70),
        newest: [newest, None],
        oldest: [None; 2],
    };
    let of = |within| Candidate {
        id: AssetId::from_uuid(Uuid::from_u128(1)),
        facts: &facts,
        within,
        version: None,
    };
    assert_eq!(of(Some(within(2, newest))).moment(By::Updated), newest);
    assert_eq!(of(Some(within(2, newest))).bytes(), Some(70));
    assert_eq!(of(Some(within(2, None))).moment(By::Updated), None);
    assert_eq!(of(Some(within(0, None))).moment(By::Updated), facts.updated);
    assert_eq!(of(None).moment(By::Updated), None);
    assert_eq!(of(None).bytes(), None);
}
