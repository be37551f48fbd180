//! Looking for assets whose delete was not answered, in the list of their folder.

use std::num::NonZeroUsize;

use super::*;
use crate::apply::tests::bench::Page;
use crate::event::Task;

const FOLDER: u128 = 1 << 90;

fn bench(batch_size: usize) -> Bench {
    let mut bench = Bench::new();
    bench.options.batch_size = NonZeroUsize::new(batch_size).unwrap();
    bench.options.concurrency = NonZeroUsize::new(1).unwrap();
    bench
}

/// A server that names the folder of its assets, and lists it as told, then as it is.
fn server(alive: u128, lists: impl IntoIterator<Item = Page>) -> Server {
    let server = Server::with(1..=alive);
    let mut world = server.0.lock().unwrap();
    world.folder = Some(asset(FOLDER));
    world.lists.extend(lists);
    drop(world);
    server
}

/// How many single readings and which pages were asked for.
fn asked_for(server: &Server) -> (usize, Vec<u32>) {
    let world = server.0.lock().unwrap();
    (world.read.len(), world.pages.clone())
}

/// Deletes assets, without a word to anybody.
fn kill(server: &Server, numbers: impl IntoIterator<Item = u128>) {
    let mut world = server.0.lock().unwrap();
    for id in numbers.into_iter().map(asset) {
        world.alive.remove(&id);
        world.dead.insert(id);
    }
}

fn unknown(numbers: impl IntoIterator<Item = u128>) -> State {
    let mut known = state();
    for number in numbers {
        known.assets.insert(
            asset(number),
            Record {
                standing: Standing::Unknown { attempts: 1 },
                run: 0,
                at: Timestamp::UNIX_EPOCH,
            },
        );
    }
    known
}

#[test]
fn a_lost_batch_is_found_on_one_page_and_the_next_without_a_reading() {
    let bench = bench(40);
    let server = server(80, []).script([Step::LostAfter]);
    kill(&server, 1..=40);
    let (mut session, _) = bench.open();
    let known = unknown(1..=40);
    session.begin(&known);
    let (ended, heard) = bench.apply_to(&mut session, known, &server, 1..=80, inbox());
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(ended.state.counts().retired, 80);
    assert_eq!(asked_for(&server), (1, vec![1, 1]));
    assert_eq!(ended.requests, 2 + 3);
    let looked_for = |event: &RunEvent| {
        if let RunEvent::Intent {
            task: Task::Resolve,
            ids,
            ..
        } = event
        {
            return Some(ids.len());
        }
        None
    };
    let told: Vec<usize> = heard.iter().filter_map(looked_for).collect();
    assert_eq!(told, [1, 39, 40], "one request each, for so many assets");
}

#[test]
fn what_the_list_shows_alive_is_deleted_again_if_it_is_listed_and_else_forgotten() {
    for listed in [true, false] {
        let bench = bench(50);
        let server = server(60, []);
        kill(&server, 1..=20);
        let (mut session, _) = bench.open();
        let known = unknown(1..=50);
        session.begin(&known);
        let numbers = if listed { 1..=50 } else { 51..=60 };
        let (ended, _) = bench.apply_to(&mut session, known, &server, numbers, inbox());
        assert_eq!(ended.ending, Ending::Done);
        assert_eq!(asked_for(&server), (1, vec![1]));
        let asked: Vec<AssetId> = server.asked().concat();
        let expected = if listed { 21..=50 } else { 51..=60 };
        let expected: Vec<AssetId> = expected.map(asset).collect();
        let mut sorted = asked.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected);
        let retired = if listed { 50 } else { 30 };
        assert_eq!(ended.state.counts().retired, retired);
        assert_eq!(ended.state.counts().unknown, 0);
        assert_eq!(ended.state.assets.len(), retired);
    }
}

#[test]
fn a_list_that_does_not_help_is_done_without() {
    for (lists, most_pages) in [
        (vec![Page::Status(404)], 1),
        (vec![Page::Status(403)], 1),
        (vec![Page::Status(422)], 1),
        (vec![Page::Alive], 1),
        (vec![Page::Status(429); 9], 4),
        (vec![Page::Status(500); 9], 4),
        (vec![Page::Lost; 9], 4),
    ] {
        let bench = bench(30);
        let server = server(30, lists.clone()).script([Step::LostAfter]);
        let (ended, _) = bench.apply(&server, 1..=30);
        assert_eq!(ended.ending, Ending::Done, "{lists:?}");
        assert_eq!(ended.state.counts().retired, 30, "{lists:?}");
        let (read, pages) = asked_for(&server);
        assert_eq!(read, 30, "{lists:?}");
        assert!(pages.len() <= most_pages, "{lists:?}: {pages:?}");
    }
}

#[test]
fn a_page_that_goes_wrong_once_is_asked_for_again() {
    for step in [Page::Status(429), Page::Status(503), Page::Lost] {
        let bench = bench(30);
        let server = server(30, [step]).script([Step::LostAfter]);
        let (ended, _) = bench.apply(&server, 1..=30);
        assert_eq!(ended.state.counts().retired, 30, "{step:?}");
        assert_eq!(asked_for(&server), (1, vec![1, 1]), "{step:?}");
    }
}

#[test]
fn a_list_in_another_order_is_read_page_by_page() {
    let bench = bench(250);
    let server = server(250, [Page::Reversed; 3]).script([Step::LostAfter]);
    let (ended, _) = bench.apply(&server, 1..=250);
    assert_eq!(ended.state.counts().retired, 250);
    assert_eq!(asked_for(&server), (1, vec![1, 2, 3]));
}

#[test]
fn a_refused_token_or_server_stops_at_a_list_as_well() {
    for (page, word) in [
        (Page::Status(401), "NotAuthenticated"),
        (Page::Status(302), "FailedBatches"),
    ] {
        let mut bench = bench(30);
        bench.options.breakers.max_failed_batches = 2;
        let server = server(60, [page; 5]).script([Step::LostAfter]);
        let (ended, _) = bench.apply(&server, 1..=30);
        let Ending::Stopped(reason) = &ended.ending else {
            panic!("{:?}", ended.ending);
        };
        assert!(format!("{reason:?}").starts_with(word), "{reason:?}");
        assert_eq!(ended.state.counts().unknown, 29);
        assert_eq!(ended.left, 29);
    }
}

#[test]
fn a_first_asset_that_cannot_be_read_does_not_keep_the_others_from_it() {
    let bench = bench(30);
    let server = server(30, []).script([Step::LostAfter]);
    server.0.lock().unwrap().unreadable.insert(asset(1));
    let (ended, _) = bench.apply(&server, 1..=30);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(standing(&ended.state, 1), Some("unknown"));
    assert_eq!(ended.state.counts().retired, 29);
    assert_eq!(asked_for(&server).1, [1]);
}
