//! Looking for assets whose delete was not answered, in the list of their folder.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::time::Duration;

use super::*;
use crate::apply::folders::MISSES;
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
    world.folders = vec![asset(FOLDER)];
    world.lists.extend(lists);
    drop(world);
    server
}

/// How many single readings and which pages were asked for.
fn asked_for(server: &Server) -> (usize, Vec<u32>) {
    let world = server.0.lock().unwrap();
    let pages = world.pages.iter().map(|(_, page)| *page);
    (world.read.len(), pages.collect())
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
    unanswered(state(), numbers)
}

#[test]
fn a_lost_batch_is_found_on_one_page_and_the_next_without_a_reading() {
    let bench = bench(40);
    let server = server(80, []).script([Step::LostAfter]);
    kill(&server, 1..=40);
    let known = unknown(1..=40);
    let (ended, heard) = bench.apply_on(known, &server, 1..=80);
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
        let known = unknown(1..=50);
        let numbers = if listed { 1..=50 } else { 51..=60 };
        let (ended, _) = bench.apply_on(known, &server, numbers);
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
        (vec![Page::Status(302); 9], 4),
    ] {
        let mut bench = bench(30);
        // Lists that fail stop no run.
        bench.options.breakers.max_failed_batches = 2;
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
fn a_server_that_knows_what_we_deleted_is_the_right_one() {
    let mut bench = bench(40);
    bench.options.canary = 5;
    let server = server(100, []);
    kill(&server, 1..=20);
    let known = unknown(1..=20);
    let (ended, _) = bench.apply_on(known, &server, 1..=100);
    assert_eq!(ended.state.counts().retired, 100);
    let sizes: Vec<usize> = server.asked().iter().map(Vec::len).collect();
    assert_eq!(sizes, [40, 40], "no small batch has to find that out");
}

#[test]
fn a_list_is_not_waited_for_longer_than_readings_take() {
    let bench = bench(10);
    let server = server(10, [Page::Wait(Duration::from_secs(5))]).script([Step::LostAfter]);
    let (ended, _) = bench.apply(&server, 1..=10);
    assert_eq!(ended.state.counts().retired, 10);
    // Nine at five a second.
    assert_eq!(asked_for(&server), (10, vec![1]));
}

#[test]
fn lists_that_are_given_up_are_not_asked_again_by_those_who_waited_for_them() {
    let mut bench = bench(30);
    bench.options.concurrency = NonZeroUsize::new(6).unwrap();
    let server = server(180, [Page::Status(500); 99]).script([Step::LostAfter; 6]);
    let (ended, _) = bench.apply(&server, 1..=180);
    assert_eq!(ended.state.counts().retired, 180);
    let (read, pages) = asked_for(&server);
    assert_eq!(read, 180);
    assert!(pages.len() <= 6 + 4, "{pages:?}");
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
fn a_refused_token_stops_at_a_list_as_well() {
    let bench = bench(30);
    let server = server(60, [Page::Status(401)]).script([Step::LostAfter]);
    let (ended, _) = bench.apply(&server, 1..=30);
    let Ending::Stopped(reason) = &ended.ending else {
        panic!("{:?}", ended.ending);
    };
    assert!(format!("{reason:?}").starts_with("NotAuthenticated"));
    assert_eq!(ended.state.counts().unknown, 29);
    assert_eq!(ended.left, 29);
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

#[test]
fn assets_that_are_listed_and_that_are_not_are_not_looked_for_together() {
    let bench = bench(50);
    let server = server(60, []);
    let known = unknown(1..=60);
    // Twelve of the one sort, twelve of the other, and so on; all of them are alive.
    let numbers = (1..=60).filter(|number| (number / 12) % 2 == 0);
    let (ended, _) = bench.apply_on(known, &server, numbers.clone());
    assert_eq!(ended.ending, Ending::Done);
    let mut asked = server.asked().concat();
    asked.sort_unstable();
    assert_eq!(asked, numbers.map(asset).collect::<Vec<_>>());
    assert_eq!(ended.state.counts().unknown, 0);
    assert_eq!(ended.state.assets.len(), asked.len());
}

#[test]
fn a_list_without_a_length_is_followed_to_where_the_assets_are() {
    for way in [Page::Counted(None), Page::Reversed] {
        let bench = bench(20);
        let server = server(100, [way; 9]);
        server.0.lock().unwrap().page = Some(20);
        kill(&server, 50..=69);
        let known = unknown(50..=69);
        let (ended, _) = bench.apply_on(known, &server, 50..=69);
        assert_eq!(ended.state.counts().retired, 20);
        let (read, pages) = asked_for(&server);
        let last = if way == Page::Reversed { 3 } else { 4 };
        assert_eq!(pages, (1..=last).collect::<Vec<u32>>());
        assert_eq!(read, 1);
    }
}

#[test]
fn an_empty_page_says_how_long_the_list_is_and_nothing_of_its_order() {
    let bench = bench(100);
    // The list seems to be a hundred times as long as it is.
    let server = server(400, [Page::Counted(Some(400)); 2]);
    server.0.lock().unwrap().page = Some(100);
    kill(&server, 250..=349);
    let known = unknown(250..=349);
    let (ended, _) = bench.apply_on(known, &server, 250..=349);
    assert_eq!(ended.state.counts().retired, 100);
    let (read, pages) = asked_for(&server);
    assert_eq!(read, 1, "{pages:?}");
    assert!(pages.len() <= 5, "{pages:?}");
}

#[test]
fn a_folder_that_shows_nothing_deleted_is_not_listed_again_and_again() {
    // What is deleted stands before what is shown, or in the midst of it.
    let odd = |number: &u128| number % 2 == 1;
    for dead in [
        (1..=200).collect::<Vec<_>>(),
        (1..=200).filter(odd).collect(),
    ] {
        let bench = bench(100);
        let server = server(300, [Page::Alive; 99]);
        kill(&server, dead.iter().copied());
        let known = unknown(dead.iter().copied());
        let listed = dead.iter().copied();
        let (ended, _) = bench.apply_on(known, &server, listed);
        assert_eq!(ended.state.counts().retired, dead.len());
        assert_eq!(asked_for(&server), (dead.len(), vec![1]));
    }
}

#[test]
fn pages_that_tell_nothing_are_followed_a_few_times_in_a_row() {
    // Backwards, ten to a page: the assets stand on every other page, or on the last ones.
    let every_other: Vec<u128> = (1..=120).filter(|n| (n - 1) / 10 % 2 == 0).collect();
    let last: Vec<u128> = (1..=40).collect();
    for (dead, read, pages) in [(every_other, 1, 12), (last, 40, u32::from(MISSES))] {
        let bench = bench(100);
        let server = server(120, [Page::Reversed; 99]);
        server.0.lock().unwrap().page = Some(10);
        kill(&server, dead.iter().copied());
        let known = unknown(dead.iter().copied());
        let listed = dead.iter().copied();
        let (ended, _) = bench.apply_on(known, &server, listed);
        assert_eq!(ended.state.counts().retired, dead.len());
        assert_eq!(asked_for(&server), (read, (1..=pages).collect()));
    }
}

#[test]
fn assets_of_several_folders_are_found_in_each_of_them() {
    let bench = bench(60);
    let server = server(120, []).script([Step::LostAfter]);
    let folders = [FOLDER, FOLDER + 1, FOLDER + 2].map(asset);
    server.0.lock().unwrap().folders = folders.to_vec();
    let (ended, _) = bench.apply(&server, 1..=60);
    assert_eq!(ended.state.counts().retired, 60);
    let (read, pages) = asked_for(&server);
    assert_eq!((read, pages), (3, vec![1, 1, 1]));
}

#[test]
fn a_page_that_contradicts_itself_tells_nothing_of_that_asset() {
    let bench = bench(30);
    let server = server(30, [Page::Twice]).script([Step::LostAfter]);
    let (ended, _) = bench.apply(&server, 1..=30);
    assert_eq!(ended.state.counts().retired, 30);
    let world = server.0.lock().unwrap();
    assert_eq!(world.read, [1, 30].map(asset));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever lists say, the run ends, nothing stays unknown that a reading tells, only what
    /// is listed is deleted, and what is recorded as deleted is.
    #[test]
    fn whatever_lists_say(
        (count, listed, dead) in (1_u128..300, 1_u128..6, 1_u128..5),
        (batch, workers, canary) in (1_usize..60, 1_usize..7, 0_usize..10),
        (folders, length) in (0_u128..4, 5_usize..150),
        lists in prop::collection::vec(prop::sample::select(vec![
            Page::Serve, Page::Serve, Page::Status(500), Page::Status(404), Page::Status(429),
            Page::Lost, Page::Foreign, Page::Alive, Page::Reversed, Page::Empty, Page::Twice,
            Page::Counted(None), Page::Counted(Some(0)), Page::Counted(Some(u32::MAX)),
            Page::Counted(Some(3)),
        ]), 0..40),
        steps in prop::collection::vec(prop::sample::select(vec![
            Step::Serve, Step::LostAfter, Step::LostBefore, Step::Status(429),
        ]), 0..6),
    ) {
        let mut bench = bench(batch);
        bench.options.concurrency = NonZeroUsize::new(workers).unwrap();
        bench.options.canary = canary;
        bench.options.breakers.max_404_percent = 100;
        bench.options.retries.tries = 50;
        bench.options.retries.within = Duration::from_secs(20);
        let server = server(count + count / 2, lists).script(steps);
        {
            let mut world = server.0.lock().unwrap();
            world.folders = (0..folders).map(|number| asset(FOLDER + number)).collect();
            world.page = Some(length);
        }
        kill(&server, (1..=count).filter(|number| number % dead == 0));
        let is_listed = |number: &u128| listed == 1 || number % listed != 1;
        let known = unknown(1..=count);
        let numbers = (1..=count + count / 2).filter(is_listed);
        let (ended, _) = bench.apply_on(known, &server, numbers.clone());
        prop_assert_eq!(&ended.ending, &Ending::Done);
        prop_assert_eq!((ended.left, ended.state.counts().unknown), (0, 0));
        let wanted: HashSet<AssetId> = numbers.map(asset).collect();
        let world = server.0.lock().unwrap();
        prop_assert!(world.asked.iter().flatten().all(|id| wanted.contains(id)));
        prop_assert!(wanted.iter().all(|id| world.dead.contains(id)));
        for (id, record) in &ended.state.assets {
            prop_assert!(matches!(record.standing, Standing::Retired | Standing::Gone));
            prop_assert!(world.dead.contains(id), "{id}");
        }
    }
}
