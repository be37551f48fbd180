//! A server that goes wrong in many ways, for both versions of the API, and a session of a process
//! that may die.

use std::collections::VecDeque;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::*;
use crate::apply::tests::world::{World, answer, not_found};
use crate::asset::Kind;
use crate::event::Task;
use crate::frameio::call::Call;
use crate::frameio::client::OnWait;
use crate::frameio::deleter::Deleter;
use crate::frameio::recently_deleted::{Deleted, Wanted};
use crate::frameio::transport::Longest;
use crate::frameio::{Body, Reply, v2, v4};
use crate::store::journal;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Twist {
    Step(Step),
    /// The body of the answer ends early.
    Cut,
    /// The body of the answer is no answer of the API.
    Foreign,
    /// A success that is none is answered instead, and nothing comes of it.
    Odd(&'static str),
    /// A web page with this status is answered instead, and nothing comes of it.
    Page(u16),
}

/// Bodies of successes that are none.
const ODD: [&str; 5] = [
    r#"{"errors":[{"title":"No","detail":"No."}]}"#,
    r#"{"code":404,"message":"No"}"#,
    r#"{"success":false,"error":{}}"#,
    r#"{"error":{"all":"No."}}"#,
    "[]",
];

pub(super) fn twist() -> impl Strategy<Value = Twist> {
    prop_oneof![
        4 => Just(Twist::Step(Step::Serve)),
        2 => Just(Twist::Step(Step::LostAfter)),
        1 => Just(Twist::Step(Step::LostBefore)),
        1 => Just(Twist::Step(Step::NotSent)),
        1 => prop::sample::select(vec![400_u16, 401, 403, 413, 422, 429, 500, 503])
            .prop_map(|status| Twist::Step(Step::Status(status))),
        1 => Just(Twist::Cut),
        1 => Just(Twist::Foreign),
        1 => prop::sample::select(&ODD[..]).prop_map(Twist::Odd),
        1 => prop::sample::select(vec![404_u16, 410]).prop_map(Twist::Page),
    ]
}

/// When the process dies: nothing that it does from then on lasts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Death {
    /// At the nth write of the journal, of which only half may reach the disk.
    Append { after: usize, torn: bool },
    /// When the state is to be replaced, or before the journal is dropped.
    Replace { done: bool },
}

pub(super) fn death() -> impl Strategy<Value = Death> {
    prop_oneof![
        4 => (0..9_usize, any::<bool>()).prop_map(|(after, torn)| Death::Append { after, torn }),
        1 => any::<bool>().prop_map(|done| Death::Replace { done }),
    ]
}

/// What goes wrong with the next deletes, and with the next readings.
#[derive(Debug, Clone, Default)]
pub(super) struct Twists {
    pub(super) deletes: VecDeque<Twist>,
    pub(super) readings: VecDeque<Twist>,
}

/// The server, and what goes wrong with it.
#[derive(Clone)]
pub(super) struct Wild {
    pub(super) server: Server,
    pub(super) twists: Arc<Mutex<Twists>>,
}

impl Wild {
    fn send(&self, task: Task, serve: impl FnOnce(&mut World, Step) -> Reply) -> Reply {
        let twist = {
            let mut twists = self.twists.lock().unwrap();
            match task {
                Task::Delete | Task::Restore | Task::Stage | Task::Unstage | Task::Collect => {
                    twists.deletes.pop_front()
                }
                Task::Resolve => twists.readings.pop_front(),
            }
        };
        let mut world = self.server.0.lock().unwrap();
        let body = match twist {
            None => return serve(&mut world, Step::Serve),
            Some(Twist::Step(step)) => return serve(&mut world, step),
            Some(Twist::Odd(body)) => {
                // It is as sent as any other.
                serve(&mut world, Step::LostBefore);
                return answer(200, body);
            }
            Some(Twist::Page(status)) => {
                serve(&mut world, Step::LostBefore);
                return answer(status, "<html>");
            }
            Some(Twist::Cut) => Body::Cut {
                detail: "the script says so".to_owned(),
            },
            Some(Twist::Foreign) => Body::Whole(b"<html>".to_vec()),
        };
        let mut reply = serve(&mut world, Step::Serve);
        if let Reply::Answered { body: said, .. } = &mut reply {
            *said = body;
        }
        reply
    }
}

impl Deleter<v2::Call> for Wild {
    async fn send(&self, call: &v2::Call, _: Longest, _: OnWait) -> Reply {
        self.send(call.task(), |world, step| match call {
            v2::Call::BulkDelete(ids) => world.delete_as(step, ids),
            v2::Call::Read(v2::Read::Asset(id)) => read(step, || world.read(*id)),
            v2::Call::Read(_) => panic!("a run does not ask for it"),
        })
    }
}

/// Reads, or says what goes wrong with it: nobody can tell whether it was served.
fn read(step: Step, serve: impl FnOnce() -> Reply) -> Reply {
    let detail = "the script says so".to_owned();
    match step {
        Step::Serve => serve(),
        Step::Status(status) => answer(status, r#"{"errors":[{"detail":"scripted"}]}"#),
        Step::NotSent => Reply::NotSent { detail },
        Step::LostAfter | Step::LostBefore => Reply::Lost { detail },
        Step::Panic => panic!("scripted"),
    }
}

impl World {
    fn show(&mut self, kind: Kind, id: AssetId) -> Reply {
        if !self.shows(id) && !self.haunts(id) {
            not_found()
        } else if self.kind(id) == kind {
            answer(200, &format!(r#"{{"data":{{"id":"{id}"}}}}"#))
        } else {
            answer(422, r#"{"errors":[{"detail":"It is of another kind."}]}"#)
        }
    }

    /// Deletes one asset of a kind.
    fn delete_one(&mut self, kind: Kind, id: AssetId, step: Step) -> Reply {
        if matches!(step, Step::Serve | Step::LostAfter) && self.kind(id) != kind {
            return not_found();
        }
        let reply = self.delete_as(step, &[id]);
        match reply.answer() {
            Some((200, Body::Whole(body))) if body.as_slice() == br#"{"error":{}}"# => {
                answer(204, "")
            }
            Some((200, _)) => answer(409, r#"{"errors":[{"detail":"not now"}]}"#),
            Some(_) | None => reply,
        }
    }

    /// The files of a version stack.
    fn list(&self, stack: AssetId) -> Reply {
        if !self.shows(stack) {
            return not_found();
        }
        let files = self.children(stack).iter();
        let files = files.filter(|file| self.alive.contains(file));
        let rows = files.map(|file| format!(r#"{{"id":"{file}","type":"file"}}"#));
        let rows: Vec<String> = rows.collect();
        let rows = rows.join(",");
        answer(
            200,
            &format!(r#"{{"data":[{rows}],"links":{{"next":null}}}}"#),
        )
    }

    /// The line that tells of an asset: its own, or that of something that held it and is away.
    fn found(&self, wanted: &Wanted, id: AssetId) -> Option<Timestamp> {
        let mut above = id;
        loop {
            let line = self.line(above);
            if line.is_some() && (above == id || !self.shows(above)) {
                return line;
            }
            above = *wanted.parents.get(&above)?;
        }
    }
}

impl Deleter<v4::Call> for Wild {
    async fn send(&self, call: &v4::Call, _: Longest, _: OnWait) -> Reply {
        self.send(call.task(), |world, step| match call {
            v4::Call::DeleteFile(id) => world.delete_one(Kind::File, *id, step),
            v4::Call::DeleteFolder(id) => world.delete_one(Kind::Folder, *id, step),
            v4::Call::Read(v4::Read::Show(kind, id)) => read(step, || world.show(*kind, *id)),
            v4::Call::Read(v4::Read::Children(_, stack, _)) => read(step, || world.list(*stack)),
            v4::Call::Read(_) => panic!("a run does not ask for it"),
        })
    }

    async fn find_deleted(&self, wanted: &Wanted, _: OnWait) -> Result<Deleted, StopReason> {
        let world = self.server.0.lock().unwrap();
        let found = |id: &AssetId| Some((*id, world.found(wanted, *id)?));
        Ok(Deleted {
            told: std::collections::BTreeMap::new(),
            was_in: std::collections::BTreeMap::new(),
            found: wanted.assets.keys().filter_map(found).collect(),
            complete: true,
            ..Deleted::default()
        })
    }
}

/// The session of a process that may die.
pub(super) struct Mortal<'session> {
    pub(super) inner: &'session mut FileSession,
    pub(super) journal: PathBuf,
    pub(super) death: Option<Death>,
    pub(super) appends: usize,
    pub(super) dead: bool,
}

impl Mortal<'_> {
    fn die<T>(&mut self) -> Result<T, StoreError> {
        self.dead = true;
        Err(full())
    }
}

impl Session for Mortal<'_> {
    fn append(&mut self, events: &[RunEvent]) -> Result<Synced, StoreError> {
        if self.dead {
            return self.die();
        }
        if let Some(Death::Append { after, torn }) = self.death
            && after == self.appends
        {
            if let (true, Some(event), Ok(mut journal)) = (
                torn,
                events.iter().find(|event| event.lasts()),
                std::fs::OpenOptions::new().append(true).open(&self.journal),
            ) {
                let mut line = Vec::new();
                journal::write_event(1, event, &mut line);
                journal.write_all(&line[..line.len() / 2]).unwrap();
            }
            return self.die();
        }
        self.appends += 1;
        self.inner.append(events)
    }

    fn checkpoint(&mut self, state: &State) -> Result<(), StoreError> {
        self.inner.checkpoint(state)
    }

    fn replace(&mut self, state: &State) -> Result<(), StoreError> {
        match self.death {
            Some(Death::Replace { done }) if !self.dead => {
                if done {
                    let journal = std::fs::read(&self.journal).unwrap();
                    self.inner.replace(state)?;
                    std::fs::write(&self.journal, journal).unwrap();
                }
                self.die()
            }
            Some(Death::Replace { .. } | Death::Append { .. }) | None if self.dead => self.die(),
            Some(Death::Replace { .. } | Death::Append { .. }) | None => self.inner.replace(state),
        }
    }

    fn abandon(&mut self) -> Result<(), StoreError> {
        if self.dead {
            return self.die();
        }
        self.inner.abandon()
    }
}
