//! What is recalled of what was kept.

use std::sync::Arc;
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
        project: Some(id(100)),
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

/// All that is in something, as one page.
fn page(items: &[Shown]) -> ListPart {
    ListPart {
        list: "children".into(),
        lists: 1,
        after: None,
        items: items.to_vec(),
        next: None,
        total: None,
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
    first.keep_page(id(1), page(&[shown(2), shown(3)]), at(0));
    first.keep_page(id(4), page(&[]), at(30));
    let retention = Definition {
        id: "f".into(),
        name: "Retention".into(),
        options: Some(["Keep".into(), "Hold".into()].into()),
    };
    first.keep_fields(std::slice::from_ref(&retention), at(30));
    let projects = |after: Option<&str>, next: Option<&str>, n| ProjectsPart {
        after: after.map(Arc::from),
        next: next.map(Arc::from),
        projects: vec![(id(n), Project::default())],
    };
    first.keep_projects(projects(None, Some("b"), 100), at(30));
    let facts = shown(7).facts;
    first.keep_asset(id(7), &facts, at(30));
    assert_eq!(first.list(id(1)), None, "it is for the next time");

    let mut next = open(folder, "u", 60);
    assert_eq!(next.oldest(), None);
    assert_eq!(next.list(id(4)), Some(Vec::new()));
    assert_eq!(next.oldest(), Some(at(30)));
    // What is told of a project stands with the first asset of it, and is told of each.
    let found = next.asset(id(3)).unwrap();
    assert_eq!(found.facts.parent, Some(id(1)));
    assert_eq!(found.project, shown(3).project);
    assert_eq!(next.oldest(), Some(at(0)));
    assert_eq!(next.fields(), Some(vec![retention]));
    assert_eq!(next.asset(id(9)), None);
    assert_eq!(next.asset(id(7)).unwrap().facts, facts);
    // Of the projects there is a page to come.
    assert_eq!(next.projects(), None);
    assert_eq!(next.begun_projects(), Some(projects(None, Some("b"), 100)));
    next.keep_projects(projects(Some("x"), None, 102), at(60));
    next.keep_projects(projects(Some("b"), None, 101), at(60));
    assert_eq!(open(folder, "u", 61).projects().unwrap().len(), 2);

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
        cache.keep_page(id(of), page(&[shown(of * 10)]), at(0));
    }
    existing(folder, &scope("u"))
        .unwrap()
        .forget(vec![id(10), id(2)]);
    cache.keep_page(id(2), page(&[]), at(1));
    let mut next = open(folder, "u", 2);
    assert_eq!(next.list(id(1)), None);
    assert_eq!(next.list(id(2)), Some(Vec::new()));
    assert!(next.list(id(3)).is_some());
    assert_eq!(remove_all(folder).unwrap(), 1);
    assert!(existing(folder, &scope("u")).is_none());
}

#[test]
fn what_is_in_something_that_a_run_changed_is_forgotten_to_the_bottom() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let alone = |parent: u128| Facts {
        parent: Some(id(parent)),
        ..shown(0).facts
    };
    let mut cache = open(folder, "u", 0);
    // 1 has 2, which has 3 and 4; 5 was read by itself and lies in 4, and 6 in 5.
    cache.keep_page(id(1), page(&[shown(2), shown(9)]), at(0));
    cache.keep_page(id(2), page(&[shown(3), shown(4)]), at(0));
    cache.keep_page(id(3), page(&[shown(30)]), at(0));
    cache.keep_asset(id(5), &alone(4), at(0));
    cache.keep_asset(id(6), &alone(5), at(0));
    cache.keep_asset(id(7), &alone(1), at(0));
    cache.forget(vec![id(2)]);
    // What is read since counts, also of what is in it.
    cache.keep_page(id(3), page(&[shown(31)]), at(1));
    cache.keep_asset(id(6), &alone(5), at(1));
    let mut next = open(folder, "u", 2);
    for gone in [2, 4, 5, 9, 30] {
        assert_eq!(next.asset(id(gone)), None, "{gone}");
    }
    assert_eq!((next.list(id(1)), next.list(id(2))), (None, None));
    assert_eq!(next.list(id(3)).map(|items| items[0].id), Some(id(31)));
    assert!(next.asset(id(6)).is_some() && next.asset(id(7)).is_some());
}

#[test]
fn pages_go_on_where_a_list_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let part =
        |list: &str, lists, (after, next): (Option<&str>, Option<&str>), items: &[u128]| ListPart {
            list: list.into(),
            lists,
            after: after.map(Arc::from),
            next: next.map(Arc::from),
            total: Some(5),
            items: items.iter().map(|n| shown(*n)).collect(),
        };
    let ids = |items: &[Shown]| items.iter().map(|item| item.id).collect::<Vec<_>>();
    let mut cache = open(folder, "u", 0);
    cache.keep_page(
        id(1),
        part("children", 1, (None, Some("a")), &[10, 11]),
        at(0),
    );
    cache.keep_page(
        id(1),
        part("children", 1, (Some("a"), Some("b")), &[12]),
        at(1),
    );
    // Of a folder that is read by three lists, two are there, one of them to its end.
    cache.keep_page(id(2), part("files", 3, (None, None), &[20]), at(1));
    cache.keep_page(id(2), part("folders", 3, (None, Some("c")), &[21]), at(1));

    let mut next = open(folder, "u", 2);
    assert_eq!((next.list(id(1)), next.list(id(2))), (None, None));
    let begun = next.begun(id(1));
    assert_eq!((begun.len(), begun[0].next.as_deref()), (1, Some("b")));
    assert_eq!(ids(&begun[0].items), [10, 11, 12].map(id));
    assert_eq!(begun[0].total, Some(5));
    assert_eq!(next.oldest(), Some(at(0)));
    assert_eq!(next.begun(id(2)).len(), 2);
    assert_eq!(next.begun(id(9)), []);
    // A page that goes on elsewhere says nothing, and the last one ends the list.
    next.keep_page(id(1), part("children", 1, (Some("a"), None), &[13]), at(2));
    next.keep_page(id(1), part("children", 1, (Some("b"), None), &[14]), at(3));
    next.keep_page(id(2), part("folders", 3, (Some("c"), None), &[]), at(3));
    next.keep_page(id(2), part("version_stacks", 3, (None, None), &[22]), at(3));
    let mut last = open(folder, "u", 4);
    let first = [10, 11, 12, 14].map(id);
    assert_eq!(ids(&last.list(id(1)).unwrap()), first);
    let second = last.list(id(2)).unwrap();
    assert_eq!(ids(&second), [20, 21, 22].map(id));
    // It is written anew without the rest, and is the same.
    existing(folder, &scope("u")).unwrap().forget(vec![id(20)]);
    let mut anew = open(folder, "u", 4);
    assert_eq!(ids(&anew.list(id(1)).unwrap()), first);
    assert_eq!(anew.begun(id(2)), []);
    // One that is read from its beginning takes the place of what was read before.
    anew.keep_page(id(1), part("children", 1, (None, Some("x")), &[30]), at(5));
    let mut anew = open(folder, "u", 6);
    assert_eq!(anew.list(id(1)), None);
    assert_eq!(ids(&anew.begun(id(1))[0].items), [id(30)]);
    // What is older than is believed cannot be gone on with.
    assert_eq!(open(folder, "u", 66).begun(id(1)), []);
}

#[test]
fn what_was_read_before_something_became_of_it_is_not_believed_to_the_bottom() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let alone = |parent: u128| Facts {
        parent: Some(id(parent)),
        ..shown(0).facts
    };
    let mut cache = open(folder, "u", 0);
    // 1 has 2, which has 3; 5 was read by itself and lies in 3.
    cache.keep_page(id(1), page(&[shown(2), shown(9)]), at(5));
    cache.keep_page(id(2), page(&[shown(3)]), at(5));
    cache.keep_page(id(3), page(&[shown(30)]), at(15));
    cache.keep_asset(id(5), &alone(3), at(5));
    cache.keep_asset(id(6), &alone(3), at(15));
    let begun = ListPart {
        next: Some("b".into()),
        ..page(&[shown(40)])
    };
    cache.keep_page(id(4), begun, at(5));
    let mut next = open(folder, "u", 20);
    assert_eq!(next.parent(id(3)), Some(id(2)));
    let became = |asset| (asset == id(2) || asset == id(40)).then_some(at(10));
    next.drop_before(became);
    assert_eq!((next.list(id(1)), next.list(id(2))), (None, None));
    assert_eq!((next.asset(id(9)), next.asset(id(5))), (None, None));
    assert_eq!(next.begun(id(4)), []);
    assert!(next.list(id(3)).is_some() && next.asset(id(6)).is_some());
    assert_eq!(next.parent(id(9)), None);
    // What was read since stays whole.
    let mut later = open(folder, "u", 20);
    later.drop_before(|_| Some(at(4)));
    assert!(later.list(id(1)).is_some() && later.asset(id(5)).is_some());
    // In one and the same moment nobody knows what came first.
    later.drop_before(|asset| (asset == id(9)).then_some(at(5)));
    assert_eq!(later.list(id(1)), None);
}
