//! A journal is that of one run: one that does not fit the state beside it is kept, and every
//! command says so.
#![cfg(unix)]

use std::fs;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use frameio_retire::store::file::FileStore;
use serde_json::Value;

use crate::harness::{Desk, Done, TOKEN};
use crate::server::{Request, Server, id, manifest};

const STATE: &str = "s.json";
const JOURNAL: &str = "s.json.journal";

/// A server that deletes whatever it is asked to.
fn serving() -> Server {
    Server::new(|_| Some((200, "{}".to_owned())))
}

/// What the states of a test belong to: a state remembers its server's address.
struct Place {
    server: Server,
    /// Takes word of each request that is kept waiting.
    came: Arc<Mutex<Option<Sender<()>>>>,
}

impl Place {
    /// A server that deletes, until it is told to keep all but the first request waiting.
    fn new() -> Self {
        let came: Arc<Mutex<Option<Sender<()>>>> = Arc::default();
        let (waiting, begun) = (Arc::clone(&came), Mutex::new(0));
        let server = Server::new(move |_: &Request| {
            let sender = waiting.lock().unwrap().clone();
            if let Some(sender) = sender {
                let mut begun = begun.lock().unwrap();
                *begun += 1;
                if *begun > 1 {
                    drop(begun);
                    sender.send(()).ok();
                    std::thread::sleep(Duration::from_mins(2));
                    return None;
                }
            }
            Some((200, "{}".to_owned()))
        });
        Self { server, came }
    }

    fn arguments(&self) -> Vec<&str> {
        let mut arguments = vec!["apply", "--auto-approve", "--endpoint", &self.server.url];
        arguments.extend(["--state", STATE, "--batch-size", "2", "--canary", "0"]);
        arguments.extend(["--concurrency", "1"]);
        arguments
    }

    fn apply(&self, desk: &Desk) -> Done {
        desk.run_with(&[TOKEN], &self.arguments())
    }

    /// Applies, and kills the run while its second batch is under way.
    fn kill(&self, desk: &Desk) {
        let (sender, receiver) = mpsc::channel();
        *self.came.lock().unwrap() = Some(sender);
        let mut run = desk
            .command(&self.arguments())
            .env(TOKEN.0, TOKEN.1)
            .spawn()
            .unwrap();
        receiver.recv_timeout(Duration::from_mins(1)).unwrap();
        run.kill().unwrap();
        run.wait().unwrap();
        *self.came.lock().unwrap() = None;
        let journal = desk.read(JOURNAL);
        assert!(journal.contains("answered") && journal.contains("intent"));
    }
}

/// A desk with another manifest and the state of this one, as a clone of its repository.
fn cloned(desk: &Desk, assets: usize) -> Desk {
    let clone = Desk::with(&manifest(assets));
    clone.write(STATE, desk.read(STATE));
    clone
}

/// A run that is in the state, then one of which only the journal has outcomes.
fn a_dead_run(place: &Place) -> Desk {
    let desk = Desk::with(&manifest(1));
    place.apply(&desk).expect(0);
    desk.write("retire.yaml", manifest(6));
    place.kill(&desk);
    desk
}

/// Checks that every command refuses the journal, and that neither file is touched.
fn refused(place: &Place, desk: &Desk, why: &str) {
    let (state, journal) = (desk.read(STATE), desk.read(JOURNAL));
    let asked = place.server.asked().len();
    let one = id(1);
    let pushed = state.clone();
    desk.write("pushed.json", &pushed);
    let commands = [
        &["plan", "--state", STATE][..],
        &["show", STATE],
        &["state", "list", "--state", STATE],
        &["state", "history", "--state", STATE],
        &["state", "pull", "--state", STATE],
        &["state", "rm", &one, "--auto-approve", "--state", STATE],
        &["state", "push", "pushed.json", "--state", STATE],
        &place.arguments(),
    ];
    for command in commands {
        let done = desk.run_with(&[TOKEN], command).expect(8);
        assert!(done.err.contains(JOURNAL), "{command:?}: {}", done.err);
        assert!(done.err.contains(why), "{command:?}: {}", done.err);
        assert!(done.err.contains("the journal is kept"), "{}", done.err);
        assert_eq!(desk.read(STATE), state, "{command:?}");
        assert_eq!(desk.read(JOURNAL), journal, "{command:?}");
    }
    assert_eq!(place.server.asked().len(), asked, "nothing was sent");
}

#[test]
fn a_journal_of_another_run_with_the_same_number_is_kept() {
    let place = Place::new();
    let desk = a_dead_run(&place);
    let before = cloned(&desk, 6);
    let other = cloned(&desk, 2);
    place.apply(&other).expect(0);
    // `git pull`: the other run 2 is there now.
    desk.write(STATE, other.read(STATE));
    refused(&place, &desk, "run 2 in the state is another");

    // As the hint says: beside the state that it continues, the journal can be read; once it is
    // out of the way, the next run goes on.
    let aside = cloned(&before, 6);
    aside.write(JOURNAL, desk.read(JOURNAL));
    let done = aside.run(&["show", STATE]).expect(0);
    assert!(done.out.contains("retired"), "{}", done.out);
    fs::rename(desk.path(JOURNAL), desk.path("journal-of-run-2")).unwrap();
    place.apply(&desk).expect(0);
}

#[test]
fn a_journal_is_kept_where_the_state_moved_on_by_hand_elsewhere() {
    let place = Place::new();
    let desk = a_dead_run(&place);
    let other = cloned(&desk, 1);
    let one = id(1);
    other
        .run(&["state", "rm", &one, "--auto-approve", "--state", STATE])
        .expect(0);
    desk.write(STATE, other.read(STATE));
    refused(&place, &desk, "run 2 in the state is another");
}

#[test]
fn a_journal_is_kept_where_the_state_knows_no_such_run() {
    let place = Place::new();
    let desk = a_dead_run(&place);
    // Somebody has raised the serial by hand, as for `state push`.
    let raised = desk
        .read(STATE)
        .replacen("\"serial\":1,", "\"serial\":2,", 1);
    desk.write(STATE, raised);
    refused(&place, &desk, "does not know that run");
}

#[test]
fn a_journal_is_kept_where_the_state_of_its_serial_is_another() {
    let place = Place::new();
    let desk = Desk::with(&manifest(1));
    place.apply(&desk).expect(0);
    let other = cloned(&desk, 2);
    place.apply(&other).expect(0);
    desk.write("retire.yaml", manifest(3));
    place.apply(&desk).expect(0);
    desk.write("retire.yaml", manifest(9));
    place.kill(&desk);
    desk.write(STATE, other.read(STATE));
    refused(&place, &desk, "after the run");

    // A journal of before that was written down is compared by lineage and serial alone.
    let journal = desk.read(JOURNAL);
    let (header, rest) = journal.split_once('\n').unwrap();
    let header: Value = serde_json::from_str(header).unwrap();
    let mut body = header["body"].clone();
    body.as_object_mut().unwrap().remove("last").unwrap();
    // The order of the keys does not matter, and the sum is that of these very bytes.
    let body = body.to_string();
    let sum = crc32fast::hash(body.as_bytes());
    let header = format!("{{\"sum\":\"{sum:08x}\",\"body\":{body}}}");
    desk.write(JOURNAL, format!("{header}\n{rest}"));
    desk.run(&["state", "list", "--state", STATE]).expect(0);
}

#[test]
fn a_journal_whose_very_run_the_state_has_is_dropped() {
    let place = Place::new();
    let desk = a_dead_run(&place);
    let journal = desk.read(JOURNAL);
    // Another runner has found both and taken them in, and has gone on.
    let other = cloned(&desk, 6);
    other.write(JOURNAL, &journal);
    let two = id(2);
    other
        .run(&["state", "rm", &two, "--auto-approve", "--state", STATE])
        .expect(0);
    assert!(!other.path(JOURNAL).exists());
    desk.write(STATE, other.read(STATE));
    let before = desk.read(STATE);
    desk.run(&["state", "list", "--state", STATE]).expect(0);
    assert_eq!(desk.read(JOURNAL), journal, "reading changes nothing");
    let other = id(99);
    // Nothing of it is done, and so nothing is written.
    let done = desk
        .run(&["state", "rm", &other, "--auto-approve", "--state", STATE])
        .expect(1);
    assert!(!done.err.contains("journal"), "{}", done.err);
    assert_eq!(desk.read(JOURNAL), journal);
    assert_eq!(desk.read(STATE), before);
    desk.run(&["state", "rm", &id(1), "--auto-approve", "--state", STATE])
        .expect(0);
    assert!(!desk.path(JOURNAL).exists());
}

#[test]
fn a_plan_that_was_made_beside_a_journal_fits_whoever_takes_the_journal_in() {
    for by_another in [false, true] {
        let place = Place::new();
        let desk = a_dead_run(&place);
        let out = ["--batch-size", "2", "--out", "plan.json"];
        let arguments = ["plan", "--state", STATE, "--endpoint", &place.server.url];
        desk.run_with(&[TOKEN], &[&arguments[..], &out].concat())
            .expect(0);
        if by_another {
            let store = FileStore::new(&desk.path(STATE));
            let (mut session, loaded) = store.open("test").unwrap();
            session.take_in(&loaded.unwrap().state).unwrap();
            assert!(!desk.path(JOURNAL).exists());
        }
        let mut arguments = place.arguments();
        arguments.extend(["--retries", "0", "plan.json"]);
        let done = desk.run_with(&[("FRAMEIO_TOKEN", "fio-u-of-the-tests")], &arguments);
        // What was under way is read, and this server says nothing that can be trusted.
        assert!(matches!(done.code, 0 | 3), "{}", done.transcript());
        assert!(desk.read(STATE).contains(&id(6)), "{}", done.transcript());
    }
}

#[test]
fn a_journal_beside_an_older_state_or_none_is_kept() {
    let place = Place::new();
    let desk = a_dead_run(&place);
    let journal = desk.read(JOURNAL);
    fs::remove_file(desk.path(STATE)).unwrap();
    let done = desk.run(&["plan", "--state", STATE]).expect(8);
    assert!(done.err.contains("there is no state"), "{}", done.err);
    place.apply(&desk).expect(8);
    assert_eq!(desk.read(JOURNAL), journal);
}

#[test]
fn a_journal_that_is_damaged_in_its_only_line_is_never_lost() {
    let place = Place {
        server: serving(),
        came: Arc::default(),
    };
    let dead = Place::new();
    let whole = a_dead_run(&dead).read(JOURNAL);
    let header = whole.lines().next().unwrap();
    let one_line = whole.replace('\n', " ");
    let damaged = [
        header.replacen("lineage", "lineagf", 1),
        header.replacen("{\"sum\"", "{\"som\"", 1),
        one_line,
        "somebody's own notes".to_owned(),
        format!("{header} and more"),
    ];
    for text in damaged {
        let desk = Desk::with(&manifest(1));
        desk.write(JOURNAL, &text);
        for _ in 0..2 {
            let done = place.apply(&desk).expect(8);
            assert!(done.err.contains(JOURNAL), "{}", done.err);
            desk.run(&["plan", "--state", STATE]).expect(8);
            assert_eq!(desk.read(JOURNAL), text);
        }
        assert!(!desk.path(STATE).exists());
    }
    assert_eq!(place.server.asked().len(), 0);

    // One that was cut off while it was written says nothing, and is put aside with a word, also
    // beside a state.
    let desk = Desk::with(&manifest(1));
    for (assets, aside) in [(1, "s.json.journal-cut"), (2, "s.json.journal-cut-2")] {
        desk.write("retire.yaml", manifest(assets));
        let cut = &header[..header.len() / (assets + 1)];
        desk.write(JOURNAL, cut);
        let arguments = ["plan", "--state", STATE, "--endpoint", &place.server.url];
        desk.run_with(&[TOKEN], &arguments).expect(0);
        assert_eq!(desk.read(JOURNAL), cut, "reading changes nothing");
        let done = place.apply(&desk).expect(0);
        assert!(done.err.contains("cut short"), "{}", done.err);
        assert!(done.err.contains(aside), "{}", done.err);
        assert!(!desk.path(JOURNAL).exists());
        assert_eq!(desk.read(aside), cut);
    }
    // An empty one is nothing at all.
    desk.write(JOURNAL, "");
    desk.write("retire.yaml", manifest(3));
    let done = place.apply(&desk).expect(0);
    assert!(!done.err.contains("cut short"), "{}", done.err);
    assert!(!desk.path("s.json.journal-cut-3").exists());
}
