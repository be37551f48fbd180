//! Moving assets aside.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::apply::staged::Stager;
use crate::asset::{AssetId, Kind};
use crate::event::{Other, RunEvent, Task};
use crate::outcome::{Aside, AssetOutcome, Failure, Outcome, Phase};
use crate::plan::aside::Group;
use crate::store::Session;

impl<Se: Session> Stager<'_, '_, Se> {
    /// Moves assets of one project aside.
    pub(super) fn move_aside(
        &mut self,
        run: u64,
        (project, group): (AssetId, &Group),
        due: Timestamp,
    ) {
        let Some(approved) = self.approved.filter(|_| self.stop.is_none()) else {
            return;
        };
        let folder = match self.folder((project, group.root), (run, due)) {
            Ok(folder) => folder,
            Err(why) => {
                if self.stop.is_none() {
                    self.warn(format!(
                        "no staging folder could be made in the project `{project}`: {why}"
                    ));
                    let ids = group.assets.iter().map(|(id, _)| *id);
                    self.leave_alone(ids, Other::Stuck);
                }
                return;
            }
        };
        let kinds: BTreeMap<AssetId, Kind> = group.assets.iter().copied().collect();
        let ids = group.assets.iter().map(|(id, _)| *id);
        let described = self.ledger.describe(ids, approved);
        if !self.commit(described.into_iter().collect()) {
            return;
        }
        let aside = |into, asset, phase, inside| {
            Outcome::Staged(Aside {
                into,
                asset,
                due,
                phase,
                inside,
            })
        };
        let of = |id: AssetId, phase| {
            let kind = kinds.get(&id).copied().unwrap_or(Kind::File);
            let inside = approved.digest_inside(id).filter(|_| kind != Kind::File);
            (id, aside(folder, kind, phase, inside))
        };
        let lies = approved.lies();
        // What is listed in it waits with it, where it is.
        let along = |id: AssetId| -> Vec<AssetOutcome> {
            let listed = approved.inside(id).iter();
            let listed = listed.filter_map(|inner| {
                let parent = *lies.get(inner)?;
                let kind = approved.kind_in(*inner).unwrap_or(Kind::File);
                Some((*inner, aside(parent, kind, Phase::There, None)))
            });
            listed.collect()
        };
        let before = |id: AssetId| {
            let is_file = kinds.get(&id) == Some(&Kind::File);
            let opened = (!is_file).then(|| RunEvent::Opened {
                stack: id,
                files: approved.all_inside(id).into_iter().collect(),
            });
            (opened, Some(of(id, Phase::Moving)))
        };
        let after = |id: AssetId| {
            let mut all = along(id);
            all.push(of(id, Phase::There));
            all
        };
        // What lies in one folder is read again with one list.
        let mut assets = group.assets.clone();
        assets.sort_by_key(|(id, _)| (approved.place(*id).parent, *id));
        let moved = self.move_all((Task::Stage, project), (&assets, folder), (&before, &after));
        let refused = moved.refused.into_iter().map(|(id, refusal)| {
            let failure = Failure {
                kind: refusal.kind,
                message: refusal.detail,
            };
            (id, Outcome::Failed(failure))
        });
        let refused: Vec<AssetOutcome> = refused.collect();
        if !refused.is_empty() {
            let refused = self.said(refused);
            self.commit(vec![refused]);
        }
        if !moved.open.is_empty() && self.stop.is_none() {
            self.leave_alone(moved.open, Other::Unsettled);
        }
    }
}
