//! What comes back in pieces: a version stack that was deleted file by file, and a folder that was
//! taken apart.
//!
//! It comes first, since its parts lie in it. The server may bring them along with it or not, so they
//! are looked for in it once, and what is not there is asked for by itself. It counts as seen only
//! when all of them are in it: an empty shell is not what was deleted.

use std::mem;
use std::sync::Arc;

use crate::apply::restore::confirm::{is_there, listed};
use crate::apply::restore::{Asked, BRIEFLY, Pieced, Run, Wanted};
use crate::apply::staged::elsewhere::Back;
use crate::asset::{AssetId, Kind};
use crate::outcome::{AssetOutcome, Outcome};
use crate::store::Session;

impl<Se: Session> Run<'_, '_, Se> {
    /// What may come back along with something.
    pub(super) fn along(&self, wanted: &Wanted) -> Arc<[AssetId]> {
        if wanted.parts.is_empty() {
            return Arc::clone(&wanted.with);
        }
        let parts = wanted.parts.iter();
        let parts = parts.filter(|id| self.is_open(**id) && !wanted.with.contains(id));
        wanted.with.iter().chain(parts).copied().collect()
    }

    /// Looks once at what comes back in pieces, and writes down what of it is there.
    pub(super) fn glimpse(&mut self, (wanted, kind): (&Wanted, Kind), asked: Asked) {
        let read = self
            .server
            .read(&[(wanted.id, Some(kind))], &listed(wanted, kind));
        let read = match read {
            Ok(read) => Some(read).filter(|read| is_there(read, wanted.id)),
            Err(reason) => {
                self.done.stop = Some(reason);
                None
            }
        };
        let mut outcomes: Vec<AssetOutcome> = Vec::new();
        let unseen = Outcome::Restored { seen: false };
        if asked == Asked::Yes || read.is_some() {
            outcomes.push((wanted.id, unseen.clone()));
        }
        if let Some(read) = read {
            let back = Back::listed(read, &self.ledger.state().catalogue);
            outcomes.extend(self.found(wanted.id, &back));
        }
        if asked == Asked::Yes {
            for id in self.along(wanted).iter() {
                if outcomes.iter().all(|(told, _)| told != id) {
                    outcomes.push((*id, unseen.clone()));
                }
            }
        }
        if !outcomes.is_empty() {
            self.answered(outcomes);
        }
        self.pieced.push(Pieced {
            wanted: wanted.clone(),
            kind,
            asked,
        });
    }

    /// Says of what came back in pieces whether it is there with all of them.
    pub(super) fn judge_pieced(&mut self) {
        for pieced in mem::take(&mut self.pieced) {
            let Pieced {
                wanted,
                kind,
                asked,
            } = pieced;
            if self.done.stop.is_none() {
                let longest = match kind {
                    Kind::Folder => self.patience,
                    Kind::File | Kind::VersionStack => BRIEFLY.min(self.patience),
                };
                self.batch += 1;
                self.judge((&wanted, kind), asked, longest);
                continue;
            }
            match asked {
                Asked::Yes => {
                    let with = wanted.with.iter().copied();
                    let with = with.filter(|id| !self.is_seen(*id));
                    let all: Vec<AssetId> = [wanted.id].into_iter().chain(with).collect();
                    self.done.unseen.extend(all);
                }
                Asked::No => self.done.left += wanted.assets(),
            }
        }
    }
}
