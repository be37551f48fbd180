//! Making a state anew, after it was lost, from what a server shows to be deleted.

use crate::asset::AssetId;
use crate::event::RunInfo;
use crate::inventory::Known;
use crate::outcome::{Evidence, Outcome};
use crate::state::{Change, State};

/// A listed asset that is shown to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Which.
    pub id: AssetId,
    /// What shows it.
    pub evidence: Evidence,
    /// What is known of it, where anything is.
    pub known: Option<Known>,
}

impl State {
    /// Records what is shown to be deleted; the change counts as a run.
    ///
    /// All of it is `gone`: that a run of ours deleted it was written in the state that is lost, and
    /// no list of a server says who deleted something.
    pub fn rebuild(&mut self, info: &RunInfo, shown: &[Shown]) {
        for Shown {
            id,
            evidence,
            known,
        } in shown
        {
            if let Some(known) = known {
                self.catalogue.insert(*id, known.clone());
            }
            self.absorb(*id, &Outcome::Gone(*evidence), info.number, info.at);
        }
        self.start(info, Some(Change::Rebuilt(shown.len())));
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::event::Provenance;
    use crate::state::{Api, Record, Status, Target, format};

    #[test]
    fn what_is_shown_to_be_deleted_is_gone_and_the_history_says_why() {
        let id = |n| AssetId::from_uuid(Uuid::from_u128(n));
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let mut state = State::new(Uuid::nil(), target);
        let info = RunInfo {
            number: 1,
            id: Uuid::from_u128(7),
            at: Timestamp::UNIX_EPOCH,
            provenance: Provenance::default(),
            account: Some("5f0c".to_owned()),
        };
        let known = Known {
            name: Some("a.mov".into()),
            bytes: Some(7),
            ..Known::default()
        };
        let shown = [(1, Some(known)), (2, None)].map(|(n, known)| Shown {
            id: id(n),
            evidence: Evidence::Listed,
            known,
        });
        state.rebuild(&info, &shown);
        let record = Record {
            status: Status::Gone(Evidence::Listed),
            run: 1,
            at: info.at,
        };
        assert_eq!(state.assets.values().collect::<Vec<_>>(), [&record; 2]);
        let name = state.catalogue.get(id(1)).unwrap().name;
        assert_eq!(name.as_deref(), Some("a.mov"));
        assert_eq!((state.serial, state.vouches()), (1, true));
        assert_eq!(state.target.account.as_deref(), Some("5f0c"));
        assert_eq!(state.runs[&1].change, Some(Change::Rebuilt(2)));
        let mut bytes = Vec::new();
        format::write(&state, &mut bytes).unwrap();
        assert_eq!(format::read(&bytes).unwrap(), state);
    }
}
