//! What people have marked stays, and so does what it lies in.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::inventory::{Contents, Definition, Field, Mark, Marking, Marks, NoMark};
use crate::plan::saved::leave_alone;
use crate::plan::unread_marks::{Lack, UnreadMarks};
use crate::plan::wanted;

fn says(value: &str) -> Arc<[Field]> {
    Arc::from(vec![Field {
        id: "f".into(),
        name: "Retention".into(),
        values: vec![value.into()],
        unclear: false,
    }])
}

fn file(fields: Option<Arc<[Field]>>) -> Facts {
    Facts {
        fields,
        ..Facts::of_kind(Kind::File)
    }
}

fn asked(definitions: Option<Result<Vec<Definition>, Arc<str>>>) -> Marks {
    Marks {
        marking: Marking {
            field: "Retention".into(),
            hold: vec!["Hold".into()],
            at: "retire.toml:3".into(),
        },
        definitions,
    }
}

/// Nothing listed lies in anything, and each is a file with these fields.
fn flat(files: &[(u128, Option<Arc<[Field]>>)], marks: impl Into<Option<Marks>>) -> Inventory {
    let there = files.iter();
    let there = there.map(|(n, fields)| (id(*n), Seen::There(file(fields.clone()))));
    Inventory {
        assets: there.collect(),
        asked_all: true,
        marks: marks.into(),
        ..Inventory::flat((0..40).map(id))
    }
}

fn listing(ids: &[u128]) -> Manifests {
    Manifests {
        entries: ids.iter().map(|n| entry(*n, None)).collect(),
        ..Manifests::default()
    }
}

fn mark() -> Mark {
    Mark {
        field: "Retention".into(),
        value: "hold".into(),
    }
}

fn select(options: &[&str]) -> Definition {
    Definition {
        id: "f".into(),
        name: "Retention".into(),
        options: Some(options.iter().map(|option| Arc::from(*option)).collect()),
    }
}

#[test]
fn a_marked_asset_is_held_and_another_option_is_not() {
    let inventory = flat(
        &[(1, Some(says("hold"))), (2, Some(says("Keep")))],
        asked(None),
    );
    let plan = plan_seen(&listing(&[1, 2]), &empty_state(), &inventory);
    let marked = Decision::Held {
        why: Why::Marked(mark()),
        until: None,
        path: None,
    };
    assert_eq!(plan.steps[0].decision, marked);
    assert_eq!(plan.steps[1].decision, Decision::Retire);
    let approved = approve(&plan, Consent::Auto, false).unwrap();
    assert_eq!(approved.delete(), [id(2)]);
    assert!(approved.is_protected(id(1)));
    // Where nobody asks for marks there are none.
    let inventory = Inventory {
        marks: None,
        ..inventory
    };
    let plan = plan_seen(&listing(&[1, 2]), &empty_state(), &inventory);
    assert_eq!(plan.totals.retire, 2);
}

#[test]
fn a_mark_counts_before_a_date_and_after_a_hold_and_what_is_deleted_bears_none() {
    let bare = entry(1, None);
    let later = Details {
        not_before: Some(at(NOW + 1)),
        ..Details::default()
    };
    let later = entry(1, Some(later));
    let hold = HoldInForce {
        reason: "legal".into(),
        until: None,
    };
    let mark = mark();
    let there = Seen::There(file(Some(says("hold"))));
    let of = |entry, hold, status: Option<Status>| {
        let record = status.map(record);
        let case = Case {
            entry: Some(entry),
            record: record.as_ref(),
            hold,
            mark: Some(&mark),
            seen: Some(&there),
            ..Case::default()
        };
        decide(case, Rules::default(), at(NOW)).unwrap()
    };
    let why = |decision| {
        let Decision::Held { why, .. } = decision else {
            return None;
        };
        Some(why)
    };
    let marked = Some(Why::Marked(mark.clone()));
    for status in [
        None,
        Some(failed(9)),
        Some(Status::Unknown { attempts: 1 }),
        Some(Status::Missing),
    ] {
        assert_eq!(why(of(&bare, None, status.clone())), marked);
        assert_eq!(why(of(&later, None, status.clone())), marked);
        let by_hold = why(of(&bare, Some(&hold), status));
        assert_eq!(by_hold, Some(Why::Hold("legal".into())));
    }
    let drift = of(&bare, None, Some(Status::Retired(Evidence::Answer)));
    assert!(matches!(drift, Decision::Drift { .. }));
}

fn unread(inventory: &Inventory) -> Option<Lack> {
    let plan = plan_seen(&listing(&[1, 2]), &empty_state(), inventory);
    let unread = plan.unread_marks.clone();
    assert_eq!(
        approve(&plan, Consent::Auto, false).err(),
        unread.clone().map(Refused::Marks)
    );
    let UnreadMarks { field, at, why } = unread?;
    assert_eq!((&*field, &*at), ("Retention", "retire.toml:3"));
    Some(why)
}

#[test]
fn what_was_not_read_refuses_the_plan() {
    let keep = || Some(says("Keep"));
    let all = [(1, keep()), (2, keep())];
    let known = || Some(Ok(vec![select(&["Keep", "HOLD"])]));
    assert_eq!(unread(&flat(&all, asked(known()))), None);
    // One of them was listed without its fields.
    let some = [(1, keep()), (2, None)];
    let first = |count, first| {
        let first = id(first).into();
        Some(Lack::Assets { count, first })
    };
    assert_eq!(unread(&flat(&some, asked(known()))), first(1, 2));
    assert_eq!(unread(&flat(&some, None)), None);
    let none = [(1, None), (2, None)];
    assert_eq!(unread(&flat(&none, asked(known()))), first(2, 1));
    // What a reading did not find has no mark to be read: an earlier delete may have taken it.
    let mut gone = flat(&[(1, keep())], asked(known()));
    gone.assets.insert(id(2), Seen::Missing);
    let mut state = empty_state();
    let unanswered = record(Status::Unknown { attempts: 1 });
    state.assets.insert(id(2), unanswered);
    let plan = plan_seen(&listing(&[1, 2]), &state, &gone);
    assert_eq!(plan.unread_marks, None);
    assert_eq!((plan.totals.retire, plan.totals.resolve), (1, 1));
    // A field that has another name, that cannot say it, or that nobody could read.
    let other = Definition {
        name: "Status".into(),
        ..select(&["Hold"])
    };
    let bare = [(1, Some(Arc::from(vec![]))), (2, Some(Arc::from(vec![])))];
    let no_field = NoMark::Field(vec!["Status".into()]);
    assert_eq!(
        unread(&flat(
            &bare,
            asked(Some(Ok(vec![Definition {
                id: "g".into(),
                ..other
            }])))
        )),
        Some(Lack::NoMark(no_field))
    );
    assert_eq!(
        unread(&flat(&bare, asked(Some(Ok(Vec::new()))))),
        Some(Lack::NoMark(NoMark::Field(Vec::new())))
    );
    // An account may keep its fields in projects, and an asset shows that it is there.
    assert_eq!(unread(&flat(&all, asked(Some(Ok(Vec::new()))))), None);
    let no_option = NoMark::Option {
        lacking: vec!["Hold".into()],
        options: vec!["Keep".into()],
    };
    assert_eq!(
        unread(&flat(&all, asked(Some(Ok(vec![select(&["Keep"])]))))),
        Some(Lack::NoMark(no_option))
    );
    assert_eq!(
        unread(&flat(&all, asked(Some(Err("No.".into()))))),
        Some(Lack::Definitions("No.".into()))
    );
    // Where nothing is to be deleted nobody needs to know.
    let inventory = flat(&none, asked(Some(Err("No.".into()))));
    let plan = plan_seen(&listing(&[]), &empty_state(), &inventory);
    assert_eq!(plan.unread_marks, None);
}

#[test]
fn a_folder_or_stack_that_was_not_read_to_its_end_may_hold_a_marked_file() {
    let known = || Some(Ok(vec![select(&["Hold"])]));
    for (contents, is_known) in [
        (Some(Contents::Whole(Arc::from(vec![id(10)]))), true),
        (Some(Contents::Whole(Arc::from(vec![id(11)]))), false),
        (Some(Contents::Whole(Arc::from(vec![id(12)]))), false),
        (Some(Contents::Unread("No.".into())), false),
        (None, false),
    ] {
        let mut inventory = flat(&[(2, Some(says("Keep")))], asked(known()));
        let stack = Seen::There(Facts::of_kind(Kind::VersionStack));
        inventory.assets.insert(id(1), stack);
        inventory
            .around
            .insert(id(10), file(Some(Arc::from(vec![]))));
        inventory.around.insert(id(11), file(None));
        inventory.contents = contents
            .map(|contents| (id(1), contents))
            .into_iter()
            .collect();
        assert_eq!(
            unread(&inventory).is_none(),
            is_known,
            "{:?}",
            inventory.contents
        );
    }
}

#[test]
fn the_fields_of_the_account_are_wanted_where_something_goes() {
    let state = empty_state();
    let wants = |ids: &[u128], inventory: &Inventory| {
        let manifests = listing(ids);
        wanted(Inputs {
            manifests: &manifests,
            state: &state,
            inventory: Some(inventory),
            check_retired: false,
            rules: Rules::default(),
            now: at(NOW),
        })
        .definitions
    };
    let keep = [(1, Some(says("Keep")))];
    assert!(wants(&[1], &flat(&keep, asked(None))));
    assert!(!wants(&[1], &flat(&keep, None)));
    assert!(!wants(&[1], &flat(&keep, asked(Some(Ok(Vec::new()))))));
    assert!(!wants(&[], &flat(&keep, asked(None))), "nothing is deleted");
    let one = [(1, Some(says("Keep"))), (2, Some(says("Hold")))];
    assert!(
        wants(&[1, 2], &flat(&one, asked(None))),
        "that one bears a mark shows nothing of another"
    );
    assert!(!wants(&[2], &flat(&one, asked(None))), "it stays");
}

#[test]
fn a_mark_set_or_lifted_since_the_review_leaves_an_asset_alone() {
    let keep = Some(says("Keep"));
    let held = Some(says("Hold"));
    let plan = |one: &Option<Arc<[Field]>>, two: &Option<Arc<[Field]>>| {
        let inventory = flat(&[(1, one.clone()), (2, two.clone())], asked(None));
        plan_seen(&listing(&[1, 2]), &empty_state(), &inventory)
    };
    let saved = plan(&keep, &held);
    let now = leave_alone(plan(&held, &keep), &saved);
    let left = |n, other| LeftAlone { id: id(n), other };
    assert_eq!(
        now.left_alone,
        [left(1, Other::Kept), left(2, Other::Lifted)]
    );
    assert_eq!(now.totals.deletes(), 0);
    let same = leave_alone(plan(&keep, &held), &saved);
    assert_eq!((same.left_alone.len(), same.totals.deletes()), (0, 1));
}

#[test]
fn a_mark_is_remembered_and_named_once_it_is_lifted() {
    let keep = || Some(says("Keep"));
    let hold = || Some(says("hold"));
    let since = |state: &State, inventory: &Inventory| {
        plan_seen(&listing(&[1, 2, 3]), state, inventory).marks
    };
    let files = [(1, hold()), (2, keep()), (3, None)];
    let mut state = empty_state();
    let first = since(&state, &flat(&files, asked(None)));
    assert_eq!(first.seen, [(id(1), mark())]);
    assert_eq!(first.lifted, []);
    state.apply(1, &first.news().unwrap());
    assert_eq!(since(&state, &flat(&files, asked(None))).news(), None);
    // Another value is news, and another letter case of it too.
    let legal = Mark {
        value: "Legal".into(),
        ..mark()
    };
    for n in [1, 2, 3, 4] {
        state.marks.insert(id(n), legal.clone());
    }
    let next = since(&state, &flat(&files, asked(None)));
    assert_eq!(next.seen, [(id(1), mark())]);
    // The third was read without its fields, and the fourth not at all.
    assert_eq!(next.lifted, [(id(2), legal.clone())]);
    // Where nobody knows what a mark looks like, none was lifted.
    let no_field = (Some([].into()), Ok(Vec::new()));
    let no_answer = (keep(), Err("timed out".into()));
    for (fields, definitions) in [no_field, no_answer] {
        let live = flat(&[(2, fields)], asked(Some(definitions)));
        assert_eq!(since(&state, &live).lifted, [], "{:?}", live.marks);
    }
    // Where nobody asks for marks any more none of them counts.
    let dropped = since(&state, &flat(&files, None));
    let ids: Vec<AssetId> = dropped.lifted.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [1, 2, 3].map(id));
    // It is no news for a run, and each plan names it until the asset is deleted.
    assert_eq!(dropped.news(), None);
    let mut after = state.clone();
    let answered = |n, outcome| RunEvent::Answered {
        batch: 1,
        at: at(NOW),
        outcomes: vec![(id(n), outcome)],
    };
    after.apply(2, &answered(1, Outcome::Unknown));
    after.apply(2, &answered(2, Outcome::Gone(Evidence::Listed)));
    after.apply(2, &answered(3, Outcome::Retired(Evidence::Answer)));
    let kept = [1, 2, 4].map(|n| (id(n), legal.clone()));
    assert_eq!(after.marks, kept.into());
    // Without a look at the server nobody knows.
    let blind = make(Inputs {
        manifests: &listing(&[1, 2, 3]),
        state: &state,
        inventory: None,
        check_retired: false,
        rules: Rules::default(),
        now: at(NOW),
    });
    assert_eq!(blind.marks.news(), None);
}

/// A tree of folders and files: each but the first lies in an earlier folder.
#[derive(Debug, Clone)]
struct World {
    /// Each with what it lies in, whether it is a folder, and what its field says.
    nodes: BTreeMap<u128, (Option<u128>, bool, Option<&'static str>)>,
    listed: BTreeSet<u128>,
}

fn world() -> impl Strategy<Value = World> {
    let said = prop_oneof![
        3 => Just(None),
        2 => Just(Some("Keep")),
        1 => Just(Some("HOLD")),
    ];
    let node = (any::<proptest::sample::Index>(), any::<bool>(), said);
    let listed = proptest::collection::btree_set(2_u128..24, 0..12);
    (proptest::collection::vec(node, 1..22), listed).prop_map(|(all, listed)| {
        let mut nodes = BTreeMap::from([(1, (None, true, None))]);
        let mut folders = vec![1];
        for (n, (above, is_folder, said)) in (2..).zip(all) {
            let above = folders[above.index(folders.len())];
            nodes.insert(n, (Some(above), is_folder, said.filter(|_| !is_folder)));
            folders.extend(is_folder.then_some(n));
        }
        let listed = listed.into_iter().filter(|n| nodes.contains_key(n));
        World {
            listed: listed.collect(),
            nodes,
        }
    })
}

impl World {
    fn is_in(&self, mut n: u128, folder: u128) -> bool {
        loop {
            if n == folder {
                return true;
            }
            let Some(above) = self.nodes[&n].0 else {
                return false;
            };
            n = above;
        }
    }

    fn within(&self, folder: u128) -> impl Iterator<Item = u128> {
        let all = self.nodes.keys().copied();
        all.filter(move |n| self.is_in(*n, folder))
    }

    fn bears_a_mark(&self, n: u128) -> bool {
        self.nodes[&n].2 == Some("HOLD")
    }

    fn facts(&self, n: u128) -> Facts {
        let (above, is_folder, said) = self.nodes[&n];
        let kind = if is_folder { Kind::Folder } else { Kind::File };
        let fields = said.map_or_else(|| Arc::from(vec![]), says);
        Facts {
            parent: above.map(id),
            fields: Some(fields).filter(|_| !is_folder),
            ..Facts::of_kind(kind)
        }
    }

    /// What a reading of it finds.
    fn inventory(&self) -> Inventory {
        let mut places = Places {
            listed_whole: true,
            ..Places::default()
        };
        for (n, (above, ..)) in &self.nodes {
            let lies = above.map_or(Lies::AtTop, |above| Lies::In(id(above)));
            places.lies.insert(id(*n), lies);
        }
        let mut inventory = Inventory {
            asked_all: true,
            marks: Some(asked(Some(Ok(vec![select(&["Hold"])])))),
            ..Inventory::default()
        };
        for n in &self.listed {
            let seen = Seen::There(self.facts(*n));
            inventory.assets.insert(id(*n), seen);
            if self.nodes[n].1 {
                let inside: Vec<u128> = self.within(*n).filter(|inner| inner != n).collect();
                let facts = inside.iter().map(|n| (id(*n), self.facts(*n)));
                inventory.around.extend(facts);
                let ids = inside.into_iter().map(id).collect();
                inventory.contents.insert(id(*n), Contents::Whole(ids));
            }
        }
        inventory.places = Some(places);
        inventory
    }
}

proptest! {
    #[test]
    fn nothing_marked_goes_and_all_else_that_is_listed_does(world in world()) {
        let listed: Vec<u128> = world.listed.iter().copied().collect();
        let plan = plan_seen(&listing(&listed), &empty_state(), &world.inventory());
        let approved = approve(&plan, Consent::Auto, false).unwrap();
        for n in listed {
            let keeps = world.within(n).any(|inner| world.bears_a_mark(inner));
            prop_assert_eq!(approved.delete().contains(&id(n)), !keeps, "{}", n);
            let step = plan.steps.iter().find(|step| step.id == id(n)).unwrap();
            let Decision::Held { why: Why::Marked(_), path, .. } = &step.decision else {
                prop_assert!(!keeps);
                continue;
            };
            // The path leads from it to what bears the mark.
            let ends = path.as_ref().map(|path| (path.0[0].id, path.0[path.0.len() - 1].id));
            let (first, last) = ends.unwrap_or((id(n), id(n)));
            prop_assert_eq!(first, id(n));
            let bears = world.within(n).any(|inner| id(inner) == last && world.bears_a_mark(inner));
            prop_assert!(bears);
        }
    }
}
