//! A server that keeps the truth and answers by a script.
#![expect(
    clippy::disallowed_methods,
    reason = "the server looks at the journal of the run that asks it"
)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::iter;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::apply::tests::START;
use crate::asset::{AssetId, Kind};
use crate::frameio::{Body, Reply};

/// How many ids are spread.
const SPREAD: u128 = 511;

/// The asset of a number, in the order of the numbers; the first ones are spread evenly, as ids
/// are.
pub(super) fn asset(number: u128) -> AssetId {
    let spread = if number < SPREAD {
        number << 119
    } else {
        (SPREAD << 119) | number
    };
    AssetId::from_uuid(Uuid::from_u128(spread))
}

/// A server that keeps the truth and answers by a script.
#[derive(Clone, Default)]
pub(super) struct Server(pub(super) Arc<Mutex<World>>);

#[derive(Default)]
pub(super) struct World {
    pub(super) alive: BTreeSet<AssetId>,
    pub(super) dead: BTreeSet<AssetId>,
    pub(super) refuse: BTreeSet<AssetId>,
    pub(super) asked: Vec<Vec<AssetId>>,
    pub(super) read: Vec<AssetId>,
    /// What is answered with 500 when it is read.
    pub(super) unreadable: BTreeSet<AssetId>,
    /// What somebody else has deleted.
    pub(super) others: BTreeSet<AssetId>,
    /// What the token does not see, whether it lives or not.
    pub(super) hidden: BTreeSet<AssetId>,
    /// What a delete does not find, though it lives.
    pub(super) stubborn: BTreeSet<AssetId>,
    /// What was deleted and is back.
    pub(super) restored: BTreeSet<AssetId>,
    /// Whether lists of recently deleted assets show what is back.
    pub(super) is_stale: bool,
    /// Whether they show nothing yet.
    pub(super) is_late: bool,
    /// Whether they leave out what was deleted along with its folder.
    pub(super) has_only_tops: bool,
    /// What was deleted so.
    pub(super) along: BTreeSet<AssetId>,
    /// How often what went along with a folder that we deleted can still be read.
    pub(super) slow: u32,
    /// What can still be read so, and how often.
    pub(super) ghosts: BTreeMap<AssetId, u32>,
    /// The folders and version stacks, each with what is in it; all else is a file.
    pub(super) inside: BTreeMap<AssetId, (Kind, Vec<AssetId>)>,
    pub(super) script: VecDeque<Step>,
    pub(super) journal: Option<std::path::PathBuf>,
}

/// What the server does instead of serving the next delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Serve,
    Status(u16),
    NotSent,
    /// The delete takes effect and the answer is lost.
    LostAfter,
    /// Neither takes effect nor is answered.
    LostBefore,
    Panic,
}

impl Server {
    pub(super) fn with(alive: impl IntoIterator<Item = u128>) -> Self {
        let world = World {
            alive: alive.into_iter().map(asset).collect(),
            ..World::default()
        };
        Self(Arc::new(Mutex::new(world)))
    }

    pub(super) fn script(self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.0.lock().unwrap().script.extend(steps);
        self
    }

    pub(super) fn refuse(self, numbers: impl IntoIterator<Item = u128>) -> Self {
        self.0
            .lock()
            .unwrap()
            .refuse
            .extend(numbers.into_iter().map(asset));
        self
    }

    pub(super) fn asked(&self) -> Vec<Vec<AssetId>> {
        self.0.lock().unwrap().asked.clone()
    }
}

pub(super) fn answer(status: u16, body: &str) -> Reply {
    Reply::Answered {
        status,
        wait: Some(Duration::from_millis(1)),
        limits: None,
        date: Some(START),
        pages: None,
        body: Body::Whole(body.as_bytes().to_vec()),
    }
}

/// The API's answer to what it does not know.
pub(super) fn not_found() -> Reply {
    answer(
        404,
        r#"{"code":404,"errors":[{"code":404,"title":"Not Found","detail":"Not there."}]}"#,
    )
}

impl World {
    /// Whether a delete finds an asset.
    fn finds(&self, id: AssetId) -> bool {
        self.alive.contains(&id) && !self.hidden.contains(&id) && !self.stubborn.contains(&id)
    }

    pub(super) fn delete(&mut self, ids: &[AssetId]) -> Reply {
        let step = self.script.pop_front().unwrap_or(Step::Serve);
        self.delete_as(step, ids)
    }

    /// Deletes, or does what a step says instead.
    pub(super) fn delete_as(&mut self, step: Step, ids: &[AssetId]) -> Reply {
        if let Some(journal) = &self.journal {
            let text = std::fs::read_to_string(journal).unwrap();
            for id in ids {
                assert!(text.contains(&id.to_string()), "sent without an intent");
            }
        }
        self.asked.push(ids.to_vec());
        let detail = "the script says so".to_owned();
        match step {
            Step::NotSent => return Reply::NotSent { detail },
            Step::LostBefore => return Reply::Lost { detail },
            Step::Status(status) => return answer(status, r#"{"message":"scripted"}"#),
            Step::Panic => panic!("scripted"),
            Step::Serve | Step::LostAfter => {}
        }
        if ids.iter().any(|id| !self.finds(*id)) {
            return not_found();
        }
        let mut errors = BTreeMap::new();
        for id in ids {
            if self.refuse.contains(id) {
                errors.insert(id.to_string(), "no permission");
            } else {
                self.kill(*id, true);
            }
        }
        if step == Step::LostAfter {
            return Reply::Lost { detail };
        }
        answer(200, &serde_json::json!({ "error": errors }).to_string())
    }
}

impl World {
    pub(super) fn read(&mut self, id: AssetId) -> Reply {
        self.read.push(id);
        if self.unreadable.contains(&id) {
            return answer(500, "{}");
        }
        let deleted_at = self.deleted_at(id);
        let known = deleted_at.is_some() || self.alive.contains(&id);
        if known && !self.hidden.contains(&id) {
            let said = serde_json::json!({ "id": id, "deleted_at": deleted_at });
            answer(200, &said.to_string())
        } else {
            not_found()
        }
    }

    /// What sort of asset one is.
    pub(super) fn kind(&self, id: AssetId) -> Kind {
        self.inside.get(&id).map_or(Kind::File, |(kind, _)| *kind)
    }

    /// What is in an asset.
    pub(super) fn children(&self, id: AssetId) -> &[AssetId] {
        self.inside.get(&id).map_or(&[], |(_, inside)| inside)
    }

    /// What is in an asset, to the bottom.
    pub(super) fn below(&self, id: AssetId) -> Vec<AssetId> {
        let mut all = self.children(id).to_vec();
        let mut place = 0;
        while let Some(one) = all.get(place).copied() {
            all.extend(self.children(one));
            place += 1;
        }
        all
    }

    /// What holds an asset.
    pub(super) fn parent(&self, id: AssetId) -> Option<AssetId> {
        let mut all = self.inside.iter();
        let found = all.find(|(_, (_, inside))| inside.contains(&id));
        found.map(|(parent, _)| *parent)
    }

    /// Deletes what lives of an asset and of what is in it; a version stack goes with the last of
    /// its files.
    pub(super) fn kill(&mut self, id: AssetId, by_us: bool) {
        for one in iter::once(id).chain(self.below(id)) {
            if !self.alive.remove(&one) {
                continue;
            }
            if by_us {
                self.dead.insert(one);
            } else {
                self.others.insert(one);
            }
            if one != id {
                self.along.insert(one);
                if by_us && self.slow > 0 && self.kind(id) == Kind::Folder {
                    self.ghosts.insert(one, self.slow);
                }
            }
        }
        if let Some(parent) = self.parent(id)
            && self.kind(parent) == Kind::VersionStack
            && !self.lives(parent)
        {
            self.kill(parent, by_us);
        }
    }

    /// Whether an asset lives; a version stack does as long as one of its files does.
    pub(super) fn lives(&self, id: AssetId) -> bool {
        match self.kind(id) {
            Kind::File | Kind::Folder => self.alive.contains(&id),
            Kind::VersionStack => {
                let mut files = self.children(id).iter();
                files.any(|file| self.alive.contains(file))
            }
        }
    }

    /// When an asset was deleted; we did it after it was asked of us.
    fn deleted_at(&self, id: AssetId) -> Option<Timestamp> {
        if self.others.contains(&id) {
            return Some("2025-12-31T23:59:59Z".parse().unwrap());
        }
        self.dead.contains(&id).then_some(START)
    }

    /// Reads what may have gone along with its folder a moment ago; says whether it is seen still.
    pub(super) fn haunts(&mut self, id: AssetId) -> bool {
        let Some(left) = self.ghosts.get_mut(&id) else {
            return false;
        };
        *left -= 1;
        if *left == 0 {
            self.ghosts.remove(&id);
        }
        !self.hidden.contains(&id)
    }

    /// Whether an asset lives and the token sees it.
    pub(super) fn shows(&self, id: AssetId) -> bool {
        self.alive.contains(&id) && !self.hidden.contains(&id)
    }

    /// The line of an asset in the lists of recently deleted assets.
    pub(super) fn line(&self, id: AssetId) -> Option<Timestamp> {
        let is_left_out = self.has_only_tops && self.along.contains(&id);
        if self.is_late || is_left_out || self.hidden.contains(&id) {
            return None;
        }
        let stale = self.is_stale && self.restored.contains(&id);
        let stale = stale.then_some(START);
        self.deleted_at(id).or(stale)
    }

    /// Brings a deleted asset back, with what is in it and what it lies in.
    pub(super) fn restore(&mut self, id: AssetId) {
        if !self.dead.contains(&id) && !self.others.contains(&id) {
            return;
        }
        let mut back = self.below(id);
        back.push(id);
        let mut above = self.parent(id);
        while let Some(one) = above {
            back.push(one);
            above = self.parent(one);
        }
        for one in back {
            self.along.remove(&one);
            self.ghosts.remove(&one);
            // A version stack lives again with one of its files.
            let was_dead = self.dead.remove(&one) || self.others.remove(&one);
            if was_dead || self.kind(one) == Kind::VersionStack {
                self.alive.insert(one);
                self.restored.insert(one);
            }
        }
    }
}
