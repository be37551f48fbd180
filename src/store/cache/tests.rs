//! What is recalled of what was kept.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::asset::Kind;

const HOUR: Duration = Duration::from_hours(1);

fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n))
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap()
}

fn scope(user: &str) -> Scope {
    Scope {
        api: Api::V4,
        endpoint: "https://api.frame.io".to_owned(),
        owner: Owner {
            account: "a".to_owned(),
            user: user.to_owned(),
        },
    }
}

fn shown(n: u128) -> Shown {
    let facts = Facts {
        name: Some(format!("{n}.mov").into()),
        bytes: Some(7),
        ..Facts::of_kind(Kind::File)
    };
    Shown {
        id: id(n),
        facts,
        project: Some((id(100), Project::default())),
    }
}

fn open(folder: &Path, user: &str, minute: i64) -> Cache {
    Cache::open(folder, &scope(user), (at(minute), HOUR), false).unwrap()
}

#[test]
fn what_was_kept_is_recalled_by_whoever_kept_it_until_it_is_too_old() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut first = open(folder, "u", 0);
    first.keep_list(id(1), &[shown(2), shown(3)], at(0));
    first.keep_list(id(4), &[], at(30));
    let retention = Definition {
        id: "f".into(),
        name: "Retention".into(),
        options: Some(["Keep".into(), "Hold".into()].into()),
    };
    first.keep_fields(std::slice::from_ref(&retention), at(30));
    first.keep_projects(&BTreeMap::from([(id(100), Project::default())]), at(30));
    assert_eq!(first.list(id(1)), None, "it is for the next time");

    let mut next = open(folder, "u", 60);
    assert_eq!(next.oldest(), None);
    assert_eq!(next.list(id(4)), Some(Vec::new()));
    assert_eq!(next.oldest(), Some(at(30)));
    let found = next.asset(id(3)).unwrap();
    assert_eq!(found.facts.parent, Some(id(1)));
    assert_eq!(found.project, shown(3).project);
    assert_eq!(next.oldest(), Some(at(0)));
    assert_eq!(next.fields(), Some(vec![retention]));
    assert_eq!(next.projects().unwrap().len(), 1);
    assert_eq!(next.asset(id(9)), None);

    // One minute later the first list is too old, and at no time is it another's.
    assert_eq!(open(folder, "v", 60).list(id(4)), None);
    let mut later = open(folder, "u", 61);
    assert_eq!(later.list(id(1)), None);
    assert_eq!(later.asset(id(2)), None);
    assert!(later.list(id(4)).is_some());
    // What is ahead of now is not believed either.
    assert_eq!(open(folder, "u", 29).list(id(4)), None);
}

#[test]
fn lists_with_what_a_run_changed_are_forgotten_and_those_read_since_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(
        existing(folder, &scope("u")).is_none(),
        "nothing is made for it"
    );
    let mut cache = open(folder, "u", 0);
    for of in 1..=3 {
        cache.keep_list(id(of), &[shown(of * 10)], at(0));
    }
    existing(folder, &scope("u"))
        .unwrap()
        .forget(vec![id(10), id(2)]);
    cache.keep_list(id(2), &[], at(1));
    let mut next = open(folder, "u", 2);
    assert_eq!(next.list(id(1)), None);
    assert_eq!(next.list(id(2)), Some(Vec::new()));
    assert!(next.list(id(3)).is_some());
    assert_eq!(remove_all(folder).unwrap(), 1);
    assert!(existing(folder, &scope("u")).is_none());
}

#[test]
fn whose_token_it_is_is_known_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let key = TokenKey::new(&[b"token", b"v4"]);
    assert_ne!(key, TokenKey::new(&[b"tokenv", b"4"]));
    assert_eq!(key.owner(folder, (at(0), HOUR)), None);
    let owner = scope("u").owner;
    key.keep(folder, &owner, at(0)).unwrap();
    TokenKey::new(&[b"other"])
        .keep(folder, &scope("v").owner, at(0))
        .unwrap();
    assert_eq!(key.owner(folder, (at(60), HOUR)), Some(owner));
    assert_eq!(key.owner(folder, (at(61), HOUR)), None);
    assert_eq!(key.owner(folder, (at(-1), HOUR)), None);
}
