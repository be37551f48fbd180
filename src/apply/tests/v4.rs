//! V4: one call an asset, kinds by reading, version stacks file by file.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;
use crate::apply::Options;
use crate::apply::strategy::Direct;
use crate::apply::tests::world::{answer, not_found};
use crate::asset::Kind;
use crate::frameio::client::{OnWait, Wait};
use crate::frameio::deleter::Deleter;
use crate::frameio::recently_deleted::{Deleted, Wanted};
use crate::frameio::{Reply, v4};
use crate::inventory::{Facts, Inventory, Seen};
use crate::manifest::document::{Details, Entry, Hold, Manifests, Spot};
use crate::outcome::Evidence;
use crate::plan::approve::{Approved, Consent, approve};
use crate::plan::decide::Rules;
use crate::plan::{Inputs, make};
use crate::state::{Api, Target};

/// A server that knows assets by kind.
#[derive(Clone, Default)]
pub(super) struct V4(pub(super) Arc<Mutex<Known>>);

#[derive(Default)]
pub(super) struct Known {
    alive: BTreeMap<AssetId, Kind>,
    pub(super) stacks: BTreeMap<AssetId, Vec<AssetId>>,
    /// The stacks that are none any more once they are empty.
    pub(super) turns: Vec<AssetId>,
    pub(super) refuse: Vec<AssetId>,
    /// The deletes that take effect and are not answered.
    pub(super) lost: Vec<AssetId>,
    /// What every reading is answered with 503 for.
    pub(super) silent: Vec<AssetId>,
    /// What is of no kind, whichever it is asked for as.
    pub(super) odd: Vec<AssetId>,
    endless: Vec<AssetId>,
    /// What a delete does not find, though it lives.
    pub(super) stubborn: Vec<AssetId>,
    /// What is called deleted, and is there still.
    pub(super) feigned: Vec<AssetId>,
    /// The stacks that may not be listed.
    closed: Vec<AssetId>,
    calls: Vec<v4::Call>,
    /// The list of recently deleted assets.
    pub(super) lines: BTreeMap<AssetId, Timestamp>,
    /// What was looked for in it.
    pub(super) sought: Vec<Wanted>,
    /// What a search in it waits for, and why it then stops, where it does.
    waits: (Vec<Wait>, Option<StopReason>),
}

impl Known {
    fn delete(&mut self, kind: Kind, id: AssetId) -> Reply {
        if self.alive.get(&id) != Some(&kind) || self.stubborn.contains(&id) {
            return not_found();
        }
        if self.refuse.contains(&id) {
            return answer(403, r#"{"errors":[{"detail":"You may not."}]}"#);
        }
        if !self.feigned.contains(&id) {
            self.alive.remove(&id);
            self.lines.insert(id, Timestamp::UNIX_EPOCH);
        }
        if let Some(place) = self.lost.iter().position(|lost| *lost == id) {
            self.lost.remove(place);
            return Reply::Lost {
                detail: "scripted".to_owned(),
            };
        }
        answer(204, "")
    }

    fn serve(&mut self, call: &v4::Call) -> Reply {
        self.calls.push(call.clone());
        match call {
            v4::Call::DeleteFile(id) => self.delete(Kind::File, *id),
            v4::Call::DeleteFolder(id) => self.delete(Kind::Folder, *id),
            v4::Call::Read(v4::Read::Show(_, id)) if self.silent.contains(id) => answer(503, ""),
            v4::Call::Read(v4::Read::Show(_, id)) if self.odd.contains(id) => {
                answer(422, r#"{"errors":[{"detail":"It is none."}]}"#)
            }
            v4::Call::Read(v4::Read::Show(kind, id)) if self.alive.get(id) == Some(kind) => {
                answer(200, &format!(r#"{{"data":{{"id":"{id}"}}}}"#))
            }
            v4::Call::Read(v4::Read::Show(..)) => not_found(),
            v4::Call::Read(v4::Read::Children(_, of, _)) if self.closed.contains(of) => {
                answer(403, r#"{"errors":[{"detail":"You may not."}]}"#)
            }
            v4::Call::Read(v4::Read::Children(_, of, after)) => {
                let Some(files) = self.stacks.get(of) else {
                    return not_found();
                };
                let alive: Vec<&AssetId> = files
                    .iter()
                    .filter(|file| self.alive.contains_key(file))
                    .collect();
                if alive.is_empty() && self.turns.contains(of) {
                    return answer(422, r#"{"errors":[{"detail":"It is none."}]}"#);
                }
                // One a page, so that pages matter.
                let start = after.as_ref().map_or(0, |after| after.parse().unwrap());
                let rows = alive
                    .get(start)
                    .map(|file| format!(r#"{{"id":"{file}","type":"file"}}"#));
                let next = if self.endless.contains(of) {
                    Some(format!(r#""/v4/x?after={start}""#))
                } else {
                    (start + 1 < alive.len()).then(|| format!(r#""/v4/x?after={}""#, start + 1))
                };
                answer(
                    200,
                    &format!(
                        r#"{{"data":[{}],"links":{{"next":{}}}}}"#,
                        rows.unwrap_or_default(),
                        next.unwrap_or_else(|| "null".to_owned())
                    ),
                )
            }
            v4::Call::Read(_) => panic!("a run does not ask for it"),
        }
    }
}

impl Deleter<v4::Call> for V4 {
    async fn find_deleted(&self, wanted: &Wanted, on_wait: OnWait) -> Result<Deleted, StopReason> {
        let mut known = self.0.lock().unwrap();
        known.sought.push(wanted.clone());
        let (waits, stop) = std::mem::take(&mut known.waits);
        for wait in waits {
            on_wait(wait);
        }
        if let Some(reason) = stop {
            return Err(reason);
        }
        let found = wanted.assets.keys();
        let found = found.filter_map(|id| Some((*id, *known.lines.get(id)?)));
        Ok(Deleted {
            was_in: BTreeMap::new(),
            found: found.collect(),
            complete: true,
        })
    }

    async fn send(&self, call: &v4::Call) -> Reply {
        tokio::task::yield_now().await;
        self.0.lock().unwrap().serve(call)
    }
}

impl V4 {
    pub(super) fn with(alive: impl IntoIterator<Item = (u128, Kind)>) -> Self {
        let server = Self::default();
        server.0.lock().unwrap().alive = alive
            .into_iter()
            .map(|(number, kind)| (asset(number), kind))
            .collect();
        server
    }

    fn calls(&self) -> Vec<v4::Call> {
        self.0.lock().unwrap().calls.clone()
    }

    /// What a search waits for, and why it then stops.
    pub(super) fn wait_in_search(&self, waits: [Wait; 2], reason: StopReason) {
        self.0.lock().unwrap().waits = (waits.into(), Some(reason));
    }

    pub(super) fn is_alive(&self, number: u128) -> bool {
        self.0.lock().unwrap().alive.contains_key(&asset(number))
    }
}

pub(super) fn empty() -> State {
    let target = Target {
        api: Api::V4,
        ..state().target
    };
    State { target, ..state() }
}

/// Approves a plan of what is listed and what is held, of which nothing lies in anything.
pub(super) fn listing(state: &State, listed: &[(u128, Option<Kind>)], kept: &[u128]) -> Approved {
    listing_in(state, listed, kept, &[])
}

/// The same where folders are known to hold something.
pub(super) fn listing_in(
    state: &State,
    listed: &[(u128, Option<Kind>)],
    kept: &[u128],
    contents: &[(u128, &[u128])],
) -> Approved {
    let spot = Spot {
        file: 0,
        line: 1,
        column: 1,
    };
    let entries = listed.iter().map(|(number, kind)| Entry {
        id: asset(*number),
        spot,
        details: kind.map(|kind| {
            Arc::new(Details {
                kind: Some(kind),
                ..Details::default()
            })
        }),
    });
    let holds = kept.iter().map(|number| Hold {
        id: asset(*number),
        spot,
        reason: "legal".into(),
        until: None,
    });
    let manifests = Manifests {
        entries: entries.collect(),
        holds: holds.collect(),
        ..Manifests::default()
    };
    let known = manifests.entries.iter().map(|entry| entry.id);
    let known = known.chain(kept.iter().map(|number| asset(*number)));
    let mut inventory = Inventory::flat(known);
    let places = inventory.places.as_mut().unwrap();
    for (folder, inside) in contents {
        let inside = inside.iter().map(|number| asset(*number));
        places.contents.insert(asset(*folder), inside.collect());
    }
    let stacks = listed
        .iter()
        .filter(|(_, kind)| *kind == Some(Kind::VersionStack));
    for (stack, inside) in contents {
        if stacks.clone().any(|(listed, _)| listed == stack) {
            let facts = Facts {
                files: Some(inside.iter().map(|number| asset(*number)).collect()),
                ..Facts::of_kind(Kind::VersionStack)
            };
            inventory.assets.insert(asset(*stack), Seen::There(facts));
        }
    }
    let plan = make(Inputs {
        manifests: &manifests,
        state,
        inventory: Some(&inventory),
        check_retired: false,
        rules: Rules::default(),
        now: Timestamp::UNIX_EPOCH,
    });
    approve(&plan, Consent::Auto, false).unwrap()
}

pub(super) fn run_on(
    server: &V4,
    known: State,
    listed: &[(u128, Option<Kind>)],
    held: &[u128],
) -> crate::apply::Ended {
    let approved = listing(&known, listed, held);
    run_approved(server, known, &approved)
}

pub(super) fn run_approved(server: &V4, known: State, approved: &Approved) -> crate::apply::Ended {
    hear_approved(server, known, approved).0
}

pub(super) fn hear_approved(
    server: &V4,
    known: State,
    approved: &Approved,
) -> (crate::apply::Ended, Vec<RunEvent>) {
    let mut bench = Bench::new();
    bench.options = Options {
        canary: 5,
        ..bench.options
    };
    let (mut session, _) = bench.open();
    session.begin(&known);
    let before = known.clone();
    let mut heard = bench::Heard::default();
    let ended = bench.run(
        &mut session,
        known,
        approved,
        server,
        &mut heard,
        inbox::<Direct>(),
    );
    let replayed = heard.0.iter().fold(before, |mut state, event| {
        state.apply(1, event);
        state
    });
    assert_eq!(replayed.counts(), ended.state.counts());
    (ended, heard.0)
}

#[test]
fn each_kind_has_its_call_and_an_open_kind_is_read_first() {
    let server = V4::with([
        (1, Kind::File),
        (2, Kind::Folder),
        (3, Kind::Folder),
        (4, Kind::File),
    ]);
    let listed = [
        (1, Some(Kind::File)),
        (2, Some(Kind::Folder)),
        (3, None),
        (4, None),
        (5, None),
    ];
    let ended = run_on(&server, empty(), &listed, &[]);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(ended.state.counts().retired, 4);
    assert_eq!(status(&ended.state, 5), Some("missing"));
    let calls = server.calls();
    assert!(calls.contains(&v4::Call::DeleteFolder(asset(3))));
    assert!(
        !calls.contains(&v4::Call::DeleteFile(asset(3))),
        "it was read first"
    );
    let shown = calls
        .iter()
        .filter(|call| matches!(call, v4::Call::Read(v4::Read::Show(_, id)) if *id == asset(5)));
    assert_eq!(shown.count(), 3, "none of the kinds");
}

#[test]
fn a_wrong_kind_in_the_manifest_deletes_nothing_and_is_not_gone() {
    let server = V4::with([(1, Kind::Folder), (2, Kind::File), (3, Kind::File)]);
    let listed = [
        (1, Some(Kind::File)),
        (2, Some(Kind::Folder)),
        (3, Some(Kind::VersionStack)),
        (4, Some(Kind::File)),
    ];
    let ended = run_on(&server, empty(), &listed, &[]);
    for number in 1..=3 {
        assert_eq!(status(&ended.state, number), Some("failed"));
        assert!(server.is_alive(number));
    }
    assert_eq!(status(&ended.state, 4), Some("missing"));
}

#[test]
fn a_refusal_speaks_of_its_asset_alone_unless_all_are_refused() {
    let server = V4::with((1..=30).map(|number| (number, Kind::File)));
    server.0.lock().unwrap().refuse = vec![asset(2), asset(9)];
    let listed: Vec<_> = (1..=30).map(|number| (number, Some(Kind::File))).collect();
    let ended = run_on(&server, empty(), &listed, &[]);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(ended.state.counts().retired, 28);
    assert_eq!(ended.state.counts().failed, 2);

    let server = V4::with((1..=30).map(|number| (number, Kind::File)));
    server.0.lock().unwrap().refuse = (1..=30).map(asset).collect();
    let ended = run_on(&server, empty(), &listed, &[]);
    assert!(
        matches!(
            ended.ending,
            Ending::Stopped(StopReason::NotAuthorised { .. })
        ),
        "{:?}",
        ended.ending
    );
    assert!(server.calls().len() <= 12);
}

#[test]
fn a_stack_goes_file_by_file_and_a_lost_answer_is_looked_for() {
    let server = V4::with([
        (1, Kind::VersionStack),
        (11, Kind::File),
        (12, Kind::File),
        (13, Kind::File),
        (2, Kind::VersionStack),
        (21, Kind::File),
    ]);
    {
        let mut known = server.0.lock().unwrap();
        known
            .stacks
            .insert(asset(1), [11, 12, 13].map(asset).to_vec());
        known.stacks.insert(asset(2), vec![asset(21)]);
        known.lost = vec![asset(12)];
    }
    let listed = [(1, Some(Kind::VersionStack)), (2, None)];
    let ended = run_on(&server, empty(), &listed, &[]);
    assert_eq!(ended.ending, Ending::Done);
    for number in [11, 12, 13, 21] {
        assert!(!server.is_alive(number), "{number}");
    }
    assert_eq!(status(&ended.state, 1), Some("retired"));
    assert_eq!(status(&ended.state, 2), Some("retired"));
}

#[test]
fn a_stack_with_a_held_file_is_left_alone() {
    let server = V4::with([
        (1, Kind::VersionStack),
        (11, Kind::File),
        (12, Kind::File),
        (3, Kind::File),
    ]);
    server
        .0
        .lock()
        .unwrap()
        .stacks
        .insert(asset(1), [11, 12].map(asset).to_vec());
    let listed = [(1, None), (3, Some(Kind::File))];
    let ended = run_on(&server, empty(), &listed, &[12]);
    assert!(server.is_alive(11) && server.is_alive(12));
    assert_eq!(status(&ended.state, 1), Some("failed"));
    assert_eq!(status(&ended.state, 3), Some("retired"));
}

#[test]
fn a_stack_whose_pages_do_not_end_is_left_alone() {
    let server = V4::with([(1, Kind::VersionStack), (2, Kind::File), (3, Kind::File)]);
    {
        let mut known = server.0.lock().unwrap();
        known.stacks.insert(asset(1), vec![asset(2)]);
        known.endless.push(asset(1));
    }
    let listed = [(1, Some(Kind::VersionStack)), (3, Some(Kind::File))];
    let ended = run_on(&server, empty(), &listed, &[]);
    assert_eq!(ended.ending, Ending::Done);
    let record = &ended.state.assets[&asset(1)];
    let Status::Failed(failed) = &record.status else {
        panic!("{record:?}");
    };
    assert!(failed.message.ends_with("twice"), "{failed:?}");
    assert!(server.is_alive(2) && !server.is_alive(3));
}

#[test]
fn an_unknown_is_read_before_it_is_deleted_again() {
    let server = V4::with([(1, Kind::File), (3, Kind::File)]);
    let known = unanswered(empty(), [1, 2]);
    let listed = [(1, Some(Kind::File)), (2, None), (3, Some(Kind::File))];
    let ended = run_on(&server, known, &listed, &[]);
    assert_eq!(ended.state.counts().retired, 2);
    assert_eq!(status(&ended.state, 2), Some("unknown"), "nothing shows it");
    let calls = server.calls();
    let shown = calls
        .iter()
        .position(|call| *call == v4::Call::Read(v4::Read::Show(Kind::File, asset(1))));
    let deleted = calls
        .iter()
        .position(|call| *call == v4::Call::DeleteFile(asset(1)));
    assert!(shown.unwrap() < deleted.unwrap());
    assert!(
        !calls.contains(&v4::Call::DeleteFile(asset(2))),
        "it is not there"
    );
}

#[test]
fn a_stack_whose_file_a_delete_does_not_find_and_that_lives_failed() {
    let server = V4::with([(1, Kind::VersionStack), (11, Kind::File), (12, Kind::File)]);
    {
        let mut known = server.0.lock().unwrap();
        known.stacks.insert(asset(1), [11, 12].map(asset).to_vec());
        known.stubborn = vec![asset(12)];
    }
    let listed = [(1, Some(Kind::VersionStack))];
    let ended = run_on(&server, empty(), &listed, &[]);
    assert!(server.is_alive(12));
    let Status::Failed(failed) = &ended.state.assets[&asset(1)].status else {
        panic!("{:?}", ended.state.assets);
    };
    assert!(failed.message.contains("refuses the delete"), "{failed:?}");
    assert!(failed.message.contains(&format!("`{}`", asset(11))));
    // It is deleted, and has a record of its own: nothing else would tell of it.
    let file = &ended.state.assets[&asset(11)].status;
    assert_eq!(*file, Status::Retired(Evidence::Answer));
    // Once it goes, the stack is looked at again, and its list is empty.
    server.0.lock().unwrap().stubborn.clear();
    let ended = run_on(&server, ended.state, &listed, &[]);
    assert_eq!(status(&ended.state, 1), Some("retired"));
    assert_eq!(status(&ended.state, 11), Some("retired"), "it is kept");
    let closing = server.calls().pop().unwrap();
    assert!(matches!(closing, v4::Call::Read(v4::Read::Children(_, of, _)) if of == asset(1)));
}

#[test]
fn a_stack_that_may_not_be_listed_failed_and_the_rest_goes_on() {
    let server = V4::with([(1, Kind::VersionStack), (2, Kind::Folder)]);
    server.0.lock().unwrap().closed = vec![asset(1)];
    let listed = [(1, Some(Kind::VersionStack)), (2, Some(Kind::Folder))];
    let ended = run_on(&server, empty(), &listed, &[]);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(status(&ended.state, 1), Some("failed"));
    assert_eq!(status(&ended.state, 2), Some("retired"));
}
