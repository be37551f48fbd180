//! V4: a server that knows assets by kind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;
use crate::apply::tests::world::{answer, not_found};
use crate::asset::Kind;
use crate::frameio::client::{OnWait, Wait};
use crate::frameio::deleter::Deleter;
use crate::frameio::recently_deleted::{Deleted, Wanted};
use crate::frameio::transport::Longest;
use crate::frameio::{Reply, v4};

/// A server that knows assets by kind.
#[derive(Clone, Default)]
pub(super) struct V4(pub(super) Arc<Mutex<Known>>);

#[derive(Default)]
pub(super) struct Known {
    pub(super) alive: BTreeMap<AssetId, Kind>,
    pub(super) stacks: BTreeMap<AssetId, Vec<AssetId>>,
    /// The stacks that are none any more once they are empty.
    pub(super) turns: Vec<AssetId>,
    pub(super) refuse: Vec<AssetId>,
    /// How often a delete of what is there is refused as invalid.
    pub(super) invalid: BTreeMap<AssetId, u32>,
    /// The deletes that take effect and are not answered.
    pub(super) lost: Vec<AssetId>,
    /// The deletes that come too soon, once.
    pub(super) busy: Vec<AssetId>,
    /// What every reading is answered with 503 for.
    pub(super) silent: Vec<AssetId>,
    /// What is of no kind, whichever it is asked for as.
    pub(super) odd: Vec<AssetId>,
    pub(super) endless: Vec<AssetId>,
    /// What a delete does not find, though it lives.
    pub(super) stubborn: Vec<AssetId>,
    /// What is called deleted, and is there still.
    pub(super) feigned: Vec<AssetId>,
    /// What is in folders, which goes along with them.
    pub(super) folders: BTreeMap<AssetId, Vec<AssetId>>,
    /// How many readings find what has gone along with a folder still there.
    pub(super) slow: u32,
    /// What a reading says of where an asset lies.
    pub(super) parents: BTreeMap<AssetId, AssetId>,
    /// What has gone so.
    pub(super) ghosts: BTreeMap<AssetId, Kind>,
    /// How much a folder holds at most that one delete takes.
    pub(super) most: Option<usize>,
    /// The stacks that may not be listed.
    pub(super) closed: Vec<AssetId>,
    pub(super) calls: Vec<v4::Call>,
    /// The list of recently deleted assets.
    pub(super) lines: BTreeMap<AssetId, Timestamp>,
    /// What was looked for in it.
    pub(super) sought: Vec<Wanted>,
    /// What a search in it waits for, and why it then stops, where it does.
    pub(super) waits: (Vec<Wait>, Option<StopReason>),
}

impl Known {
    fn delete(&mut self, kind: Kind, id: AssetId) -> Reply {
        if let Some(place) = self.busy.iter().position(|busy| *busy == id) {
            self.busy.remove(place);
            return answer(429, r#"{"errors":[{"detail":"Too many requests."}]}"#);
        }
        if self.alive.get(&id) != Some(&kind) || self.stubborn.contains(&id) {
            return not_found();
        }
        if self.refuse.contains(&id) {
            return answer(403, r#"{"errors":[{"detail":"You may not."}]}"#);
        }
        if let Some(left @ 1..) = self.invalid.get_mut(&id) {
            *left -= 1;
            return answer(422, r#"{"errors":[{"detail":"It is too large."}]}"#);
        }
        let inside = self.inside(id);
        // A version stack is nothing once it is empty.
        let counts = |id: &&AssetId| self.alive.get(id) != Some(&Kind::VersionStack);
        let count = inside.iter().filter(counts).count();
        if self.most.is_some_and(|most| count > most) {
            return answer(422, r#"{"errors":[{"detail":"There is too much in it."}]}"#);
        }
        if !self.feigned.contains(&id) {
            self.alive.remove(&id);
            self.lines.insert(id, START);
            for id in inside {
                let kind = self.alive.remove(&id).unwrap();
                self.ghosts.insert(id, kind);
            }
        }
        if let Some(place) = self.lost.iter().position(|lost| *lost == id) {
            self.lost.remove(place);
            return Reply::Lost {
                detail: "scripted".to_owned(),
            };
        }
        answer(204, "")
    }

    /// What lives in a folder, to the bottom.
    fn inside(&self, id: AssetId) -> Vec<AssetId> {
        let mut all = Vec::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let below = self.folders.get(&id).into_iter().flatten();
            open.extend(below);
            all.push(id);
        }
        all.retain(|one| *one != id && self.alive.contains_key(one));
        all
    }

    fn show(&self, id: AssetId) -> Reply {
        let parent = self.parents.get(&id);
        let data = serde_json::json!({"id": id, "parent_id": parent});
        answer(200, &serde_json::json!({ "data": data }).to_string())
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
                self.show(*id)
            }
            v4::Call::Read(v4::Read::Show(kind, id))
                if self.slow > 0 && self.ghosts.get(id) == Some(kind) =>
            {
                self.slow -= 1;
                self.show(*id)
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
            told: BTreeMap::new(),
            was_in: BTreeMap::new(),
            found: found.collect(),
            complete: true,
            ..Deleted::default()
        })
    }

    async fn send(&self, call: &v4::Call, _: Longest, _: OnWait) -> Reply {
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

    pub(super) fn calls(&self) -> Vec<v4::Call> {
        self.0.lock().unwrap().calls.clone()
    }

    /// What a search waits for, and why it then stops.
    pub(super) fn wait_in_search(&self, waits: [Wait; 3], reason: StopReason) {
        self.0.lock().unwrap().waits = (waits.into(), Some(reason));
    }

    pub(super) fn is_alive(&self, number: u128) -> bool {
        self.0.lock().unwrap().alive.contains_key(&asset(number))
    }
}
