//! What chooses a part, and what is left of a plan.

use uuid::Uuid;

use super::*;
use crate::asset::Kind;
use crate::inventory::{Facts, Known, Location, Project, Seen};
use crate::manifest::Part;
use crate::manifest::document::{Details, Entry, Hold, Manifests, Spot};
use crate::outcome::Evidence;
use crate::plan::approve::{Consent, approve};
use crate::plan::decide::{Decision, Rules};
use crate::plan::saved::{self, Stale};
use crate::plan::{Inputs, make};
use crate::state::{Api, Record, State, Status, Target};

fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n))
}

fn only(texts: &[&str]) -> Vec<Only> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// Three files of two owners in two manifests; the last one lies in a project of its own.
fn listed() -> (Manifests, Inventory) {
    let file = |path: &str| SourceFile {
        path: path.into(),
        sha256: [0; 32],
        part: Part::All,
        listed: 0,
    };
    let entry = |n, file, owner: &str, ticket: Option<&str>| Entry {
        id: id(n),
        spot: Spot {
            file,
            line: 1,
            column: 1,
        },
        details: Some(Arc::new(Details {
            owner: Some(owner.into()),
            ticket: ticket.map(Arc::from),
            ..Details::default()
        })),
    };
    let manifests = Manifests {
        files: vec![file("manifests/a/x.yaml"), file("./manifests/b.yaml")],
        entries: vec![
            entry(1, 0, "ada", Some("T-1")),
            entry(2, 0, "bob", Some("T-1")),
            entry(3, 1, "ada", None),
        ],
        ..Manifests::default()
    };
    let mut inventory = Inventory {
        asked_all: true,
        ..Inventory::flat([1, 2, 3].map(id))
    };
    for (n, project) in [(1, Some(90)), (2, None), (3, Some(91))] {
        let facts = Facts {
            project: project.map(id),
            ..Facts::of_kind(Kind::File)
        };
        inventory.assets.insert(id(n), Seen::There(facts));
    }
    let tide = Project {
        name: Some("Tide".into()),
        ..Project::default()
    };
    inventory.projects.insert(id(90), tide);
    (manifests, inventory)
}

fn state() -> State {
    let target = Target {
        api: Api::V4,
        endpoint: "sandbox".to_owned(),
        account: None,
    };
    State::new(Uuid::nil(), target)
}

fn part(texts: &[&str], state: &State) -> Plan {
    let (manifests, inventory) = listed();
    let mut plan = make(Inputs {
        manifests: &manifests,
        state,
        inventory: Some(&inventory),
        check_retired: false,
        rules: Rules::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
    });
    leave_out(&mut plan, &only(texts), &manifests.files, Some(&inventory));
    plan
}

#[test]
fn each_word_chooses_and_several_of_one_word_are_alternatives() {
    let third = id(3).to_string();
    let project = format!("project={}", id(91));
    let cases: [(&[&str], &[u128]); 14] = [
        (&[], &[1, 2, 3]),
        (&["owner=ada"], &[1, 3]),
        (&["owner=ada", "owner=bob"], &[1, 2, 3]),
        (&["owner=ada", "ticket=T-1"], &[1]),
        (&["owner=Ada"], &[]),
        (&["ticket = T-1"], &[1, 2]),
        (&["manifest=manifests/a"], &[1, 2]),
        (&["manifest=./manifests/a/x.yaml"], &[1, 2]),
        (&["manifest=manifests/b.yaml"], &[3]),
        (&["manifest=manifests/"], &[1, 2, 3]),
        (&["manifest=man"], &[]),
        (&["project=Tide"], &[1]),
        (&[&project, "project=Tide"], &[1, 3]),
        (&["id=00000000-0000-0000-0000-000000000002"], &[2]),
    ];
    for (texts, chosen) in cases {
        let plan = part(texts, &state());
        let steps: Vec<AssetId> = plan.steps.iter().map(|step| step.id).collect();
        let expected: Vec<AssetId> = chosen.iter().map(|n| id(*n)).collect();
        assert_eq!(steps, expected, "{texts:?}");
        assert_eq!(plan.left_out.len(), 3 - chosen.len(), "{texts:?}");
        assert_eq!(plan.totals.retire, chosen.len(), "{texts:?}");
        assert_eq!(plan.totals.files, chosen.len(), "{texts:?}");
        let said: Vec<&str> = plan.only.iter().map(Only::said).collect();
        assert_eq!(said, texts);
    }
    for wrong in ["owner", "owner=", "name=x", "=x", "id=x", &third] {
        assert!(wrong.parse::<Only>().is_err(), "{wrong}");
    }
}

#[test]
fn what_is_left_out_is_neither_counted_nor_acted_on() {
    let mut state = state();
    let record = |status| Record {
        status,
        run: 1,
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    // Two are no longer listed.
    state.assets.insert(id(8), record(Status::Missing));
    let unknown = Status::Unknown { attempts: 1 };
    state.assets.insert(id(9), record(unknown));
    let whole = part(&[], &state);
    assert_eq!((whole.totals.forget, whole.totals.resolve), (1, 1));
    let plan = part(&["owner=bob"], &state);
    assert_eq!(plan.totals.changes(), 1);
    assert_eq!(plan.steps[0].decision, Decision::Retire);
    assert_eq!(plan.left_out.len(), 4);
    assert!(!plan.places.contains_key(&id(1)));
}

#[test]
fn a_delete_that_was_not_answered_is_found_out_of_what_is_chosen_alone() {
    let (mut manifests, inventory) = listed();
    let mut state = state();
    // Both stay, and a delete of each was not answered.
    for n in [2, 3] {
        let record = Record {
            status: Status::Unknown { attempts: 1 },
            run: 1,
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        state.assets.insert(id(n), record);
        manifests.holds.push(Hold {
            id: id(n),
            spot: manifests.entries[0].spot,
            reason: "legal".into(),
            until: None,
        });
    }
    let asked = |texts: &[&str]| {
        let mut plan = make(Inputs {
            manifests: &manifests,
            state: &state,
            inventory: Some(&inventory),
            check_retired: false,
            rules: Rules::default(),
            now: jiff::Timestamp::UNIX_EPOCH,
        });
        leave_out(&mut plan, &only(texts), &manifests.files, Some(&inventory));
        let approved = approve(&plan, Consent::Auto, false).unwrap();
        let resolve = approved.resolve().iter().map(|resolve| resolve.id);
        resolve.collect::<Vec<AssetId>>()
    };
    assert_eq!(asked(&[]), [2, 3].map(id));
    assert_eq!(asked(&["owner=bob"]), [id(2)]);
    assert_eq!(asked(&["ticket=T-1"]), [id(2)]);
    assert_eq!(asked(&["owner=ada"]), [id(3)]);
    assert_eq!(asked(&["id=00000000-0000-0000-0000-000000000001"]), []);
}

#[test]
fn what_only_the_server_can_say_is_not_said_without_it() {
    let (manifests, inventory) = listed();
    let plan = part(&[], &state());
    let chooses = |texts: &[&str], inventory, n: usize| {
        let files = &manifests.files;
        View { files, inventory }.chooses(&only(texts), &plan.steps[n])
    };
    assert_eq!(chooses(&["project=Tide"], None, 0), None);
    assert_eq!(
        chooses(&["project=Tide", "owner=bob"], None, 0),
        Some(false)
    );
    assert_eq!(chooses(&["project=Tide"], Some(&inventory), 0), Some(true));
    assert_eq!(chooses(&["project=Tide"], Some(&inventory), 1), None);
    assert_eq!(chooses(&["project=Tide"], Some(&inventory), 2), Some(false));
}

#[test]
fn a_saved_part_is_compared_with_the_same_part() {
    let (manifests, _) = listed();
    let mut state = state();
    let done = Record {
        status: Status::Retired(Evidence::Answer),
        run: 1,
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    let check = |saved: &Plan, state: &State| {
        let inputs = Inputs {
            manifests: &manifests,
            state,
            inventory: None,
            check_retired: false,
            rules: Rules::default(),
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        saved::check(saved, inputs, jiff::Timestamp::UNIX_EPOCH)
    };
    let ada = part(&["owner=ada"], &state);
    let tide = part(&["project=Tide"], &state);
    for saved in [&ada, &tide, &part(&[], &state)] {
        assert_eq!(check(saved, &state), Ok(()));
    }
    let mut cut = ada.clone();
    cut.steps.remove(0);
    assert_eq!(check(&cut, &state), Err(Stale::Action(id(1))));
    let mut more = ada.clone();
    more.steps
        .insert(1, part(&["owner=bob"], &state).steps.remove(0));
    assert_eq!(check(&more, &state), Err(Stale::Action(id(2))));
    let mut counted = ada.clone();
    counted.totals.unchanged = 1;
    assert_eq!(check(&counted, &state), Err(Stale::Totals));
    // Another run may have done what is left out, or what is chosen.
    for n in [2, 1] {
        state.assets.insert(id(n), done.clone());
        for saved in [&ada, &tide] {
            assert_eq!(check(saved, &state), Ok(()), "{n}");
        }
    }
    assert_eq!(part(&["owner=bob"], &state).totals.unchanged, 0);
}

#[test]
fn what_chooses_nothing_that_is_listed_is_told_with_what_would() {
    let (manifests, inventory) = listed();
    let mut state = state();
    let told = |texts: &[&str], state: &State| {
        let whole = part(&[], state);
        let only = only(texts);
        check(&only, &manifests, state)
            .and_then(|()| check_projects(&only, &whole.steps, &inventory, state))
            .map_or_else(|why| why.to_string(), |()| "ok".to_owned())
    };
    let third = format!("project={}", id(91));
    for texts in [
        &[][..],
        &["owner=ada"],
        &["owner=ada", "owner=bob"],
        &["owner=ada", "ticket=T-1"],
        &["manifest=manifests/"],
        &["manifest=./manifests/a/x.yaml", "owner=bob"],
        &["project=Tide"],
        &[&third],
        &["id=00000000-0000-0000-0000-000000000002"],
        &["id=00000000-0000-0000-0000-000000000002", "owner=bob"],
        // The second lies nobody knows where.
        &["project=tide"],
    ] {
        assert_eq!(told(texts, &state), "ok", "{texts:?}");
    }
    for (texts, expected) in [
        (
            &["owner=Ada"][..],
            "`--only owner=Ada` chooses nothing: no listed asset has this owner; there is `ada`, `bob`",
        ),
        (
            &["owner=ada", "ticket=t-1"],
            "`--only ticket=t-1` chooses nothing: no listed asset has this ticket; there is `T-1`",
        ),
        (
            &["manifest=man"],
            "`--only manifest=man` chooses nothing: no manifest there lists an asset; there is `./manifests/b.yaml`, `manifests/a/x.yaml`",
        ),
        (
            &["id=00000000-0000-0000-0000-000000000008"],
            "`--only id=00000000-0000-0000-0000-000000000008` chooses nothing: it is neither listed nor in the state",
        ),
        (
            &["id=00000000-0000-0000-0000-000000000002", "owner=ada"],
            "`--only` chooses nothing: each of these values is there, and no listed asset has all of them",
        ),
        (
            &["manifest=manifests/b.yaml", "owner=bob"],
            "`--only` chooses nothing: each of these values is there, and no listed asset has all of them",
        ),
    ] {
        assert_eq!(told(texts, &state), expected);
    }
    // What is recorded can be chosen by its id, and by the project in which it lay.
    let retired = Record {
        status: Status::Retired(Evidence::Answer),
        run: 1,
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    state.assets.insert(id(8), retired.clone());
    state.assets.insert(id(2), retired);
    let place = Location {
        project: Some("Harbour".into()),
        folder: "x".into(),
    };
    let known = Known {
        location: Some(place.into()),
        ..Known::default()
    };
    state.catalogue.insert(id(8), known);
    assert_eq!(
        told(&["id=00000000-0000-0000-0000-000000000008"], &state),
        "ok"
    );
    assert_eq!(told(&["project=Harbour"], &state), "ok");
    let facts = Facts {
        project: Some(id(91)),
        ..Facts::of_kind(Kind::File)
    };
    let mut inventory = inventory.clone();
    inventory.assets.insert(id(2), Seen::There(facts));
    let steps = part(&[], &state).steps;
    let why = check_projects(&only(&["project=tide"]), &steps, &inventory, &state);
    assert_eq!(
        why.unwrap_err().to_string(),
        "`--only project=tide` chooses nothing: no listed asset lies in a project of this name or id; there is `Tide`, `Harbour`"
    );
}
