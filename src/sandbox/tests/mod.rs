mod fault;
mod http;
mod limit;
mod openapi;
mod trouble;
mod v4;

use proptest::prelude::*;
use uuid::Uuid;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::sandbox::seed::{Kind, Seed};
use crate::sandbox::world::{BatchRefused, NotFound, World, generated_id};

fn id(number: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(number))
}

const SEED: &str = "\
version: 1
token: open-sesame
limits: off
accounts:
  - id: 00000000-0000-0000-0000-0000000000a1
    name: Studio
    teams:
      - id: 00000000-0000-0000-0000-0000000000b1
        name: Dailies
        projects:
          - id: 00000000-0000-0000-0000-0000000000c1
            name: Show S01
            root: 00000000-0000-0000-0000-0000000000d1
            assets:
              - {id: 00000000-0000-0000-0000-000000000001, name: b.mov, filesize: 10, filetype: video/quicktime}
              - id: 00000000-0000-0000-0000-000000000002
                name: Day 1
                type: folder
                children:
                  - {id: 00000000-0000-0000-0000-000000000003, name: a.mov, filesize: 30, label: approved}
                  - {id: 00000000-0000-0000-0000-000000000004, name: c.mov, filesize: 20, refuse: true}
              - {id: 00000000-0000-0000-0000-000000000005, name: legal.mov, refuse: Asset is locked.}
              - {id: 00000000-0000-0000-0000-000000000006, name: old.mov, deleted_at: 2026-10-01T08:00:00Z}
";

fn world() -> World {
    World::from_seed(Seed::parse("sandbox.yaml", SEED).unwrap())
}

#[test]
fn a_folder_takes_what_is_in_it_but_not_what_is_refused() {
    let mut world = world();
    assert_eq!(world.delete(id(2), Timestamp::UNIX_EPOCH), Ok(None));
    assert!(!world.is_alive(id(2)) && !world.is_alive(id(3)));
    assert!(world.is_alive(id(4)) && world.is_alive(id(1)));
    assert_eq!(
        world.delete(id(2), Timestamp::UNIX_EPOCH),
        Err(NotFound(id(2)))
    );
}

#[test]
fn one_unknown_id_refuses_the_whole_batch() {
    let mut world = world();
    for stranger in [id(99), id(6)] {
        let refused = world.delete_batch(&[id(1), stranger], Timestamp::UNIX_EPOCH);
        assert_eq!(refused, Err(BatchRefused::NotFound(stranger)));
        assert!(world.is_alive(id(1)));
    }
    let twice = world.delete_batch(&[id(1), id(1)], Timestamp::UNIX_EPOCH);
    assert_eq!(twice, Err(BatchRefused::NotFound(id(1))));
}

#[test]
fn the_switches_pick_the_other_reading() {
    let seed = SEED.replace(
        "token: open-sesame",
        "behaviour: {unknown_id: in_error, second_delete: ok, cascade: false, max_batch: 3}",
    );
    let mut world = World::from_seed(Seed::parse("sandbox.yaml", &seed).unwrap());
    let errors = world
        .delete_batch(&[id(2), id(99), id(6)], Timestamp::UNIX_EPOCH)
        .unwrap();
    assert_eq!(errors.into_keys().collect::<Vec<_>>(), [id(99)]);
    assert!(world.is_alive(id(3)), "no cascade");
    let refused = world.delete_batch(&[id(1), id(3), id(4), id(5)], Timestamp::UNIX_EPOCH);
    assert_eq!(refused, Err(BatchRefused::TooMany(3)));
}

#[test]
fn what_is_deaf_or_hidden_lives_and_is_not_found() {
    let seed = SEED
        .replace("name: b.mov", "name: b.mov, deaf: true")
        .replace("name: a.mov", "name: a.mov, hidden: true");
    let mut world = World::from_seed(Seed::parse("sandbox.yaml", &seed).unwrap());
    for number in [1, 3] {
        let now = Timestamp::UNIX_EPOCH;
        let refused = Err(BatchRefused::NotFound(id(number)));
        assert_eq!(world.delete_batch(&[id(number)], now), refused);
        assert_eq!(world.delete(id(number), now), Err(NotFound(id(number))));
        assert!(world.is_alive(id(number)));
    }
    assert!(world.get(id(1), false).is_some(), "a reading finds it");
    assert!(world.get(id(3), true).is_none());
    // What is hidden goes with its folder all the same.
    assert_eq!(world.delete(id(2), Timestamp::UNIX_EPOCH), Ok(None));
    assert!(!world.is_alive(id(3)));
    world.hide([id(5)]);
    assert!(world.get(id(3), true).is_some() && world.get(id(5), true).is_none());
}

#[test]
fn a_broken_seed_says_where() {
    let mistakes = [
        "",
        "version: 2\naccounts: []\n",
        "version: 1\n",
        "version: 1\naccounts: []\ncolour: blue\n",
        "version: 1\naccounts:\n  - id: nonsense\n    name: x\n",
        "version: 1\naccounts: [\n",
        "version: 1\naccounts: []\nbehaviour: {unknown_id: maybe}\n",
        "version: 1\naccounts: []\nlimits: {bulk_delet: off}\n",
        "version: 1\naccounts: []\nlimits: {bulk_delete: 50 a second}\n",
        "version: 1\naccounts: []\nlimits: {bulk_delete: 5000/1s}\n",
        "version: 1\naccounts: []\nlimits: none\n",
        "version: 1\naccounts: []\nfaults: {rules: [dropped=5%]}\n",
        "version: 1\naccounts: []\nfaults: {rules: [503]}\n",
        "version: 1\naccounts: []\nfaults: {rules: [503=often]}\n",
        "version: 1\naccounts: []\nbehaviour: {refuse: 101%}\n",
        &SEED.replace("000000000003", "000000000001"),
        &SEED.replace("refuse: true", "refuse: 12"),
        &SEED.replace("2026-10-01T08:00:00Z", "2026-13-01"),
        &format!("version: 1\naccounts: {}", "[".repeat(10_000)),
    ]
    .map(|text| Seed::parse("sandbox.yaml", text).unwrap_err().to_string());
    insta::assert_snapshot!(mistakes.join("\n"));
}

proptest! {
    #[test]
    fn a_batch_deletes_all_of_it_or_says_why(
        asked in prop::collection::btree_set(1_u128..9, 1..6),
    ) {
        let mut world = world();
        let ids: Vec<AssetId> = asked.into_iter().map(id).collect();
        let before = world.clone();
        match world.delete_batch(&ids, Timestamp::UNIX_EPOCH) {
            Ok(errors) => for id in &ids {
                prop_assert_eq!(world.is_alive(*id), errors.contains_key(id));
            },
            Err(_) => for (id, alive) in before.assets() {
                prop_assert_eq!(world.is_alive(id), alive);
            },
        }
    }
}

#[test]
fn a_world_of_ids_has_them_all() {
    let world = World::from_ids(None, (1..=1000).map(id));
    assert!((1..=1000).all(|number| world.is_alive(id(number))));
    assert!(!world.is_alive(id(1001)));
}

#[test]
fn a_made_up_stack_has_files_that_nothing_else_is() {
    let stacks = || [(id(7), Kind::VersionStack), (id(8), Kind::Folder)];
    let files = |world: &World| -> Vec<AssetId> {
        let below = world.children(id(7), false).into_iter();
        below.map(|(id, _)| id).collect()
    };
    let world = World::of_kinds(None, stacks());
    let made = files(&world);
    assert_eq!(made.len(), 2);
    assert_eq!(
        files(&World::of_kinds(None, stacks().into_iter().rev())),
        made
    );
    // One that is listed itself is no file of the stack.
    let crowded = World::of_kinds(None, stacks().into_iter().chain([(made[0], Kind::File)]));
    let others = files(&crowded);
    assert_eq!(others.len(), 2);
    assert!(!others.contains(&made[0]));
}

#[test]
fn a_share_of_the_assets_is_refused_and_always_the_same() {
    let world = World::generated(20_000).with_refusals("2%".parse().unwrap());
    let refused: Vec<AssetId> = (0..20_000)
        .map(generated_id)
        .filter(|id| world.refusal(*id).is_some())
        .collect();
    assert!((350..450).contains(&refused.len()), "{}", refused.len());
    let mut again = World::generated(20_000).with_refusals("2%".parse().unwrap());
    let ids: Vec<AssetId> = (0..20_000).map(generated_id).collect();
    let errors = again.delete_batch(&ids, Timestamp::UNIX_EPOCH).unwrap();
    let mut refused = refused;
    refused.sort_unstable();
    assert_eq!(errors.into_keys().collect::<Vec<_>>(), refused);
}
