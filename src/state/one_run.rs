//! What one run did of all that a state has.

use crate::state::State;

impl State {
    /// The state with nothing in it but what one run wrote down and no later one has replaced: its
    /// records, the holds and what it kept, and its own line among the runs.
    ///
    /// Up to when something can be taken back depends on earlier runs, so nothing is asked of that.
    ///
    /// # Errors
    ///
    /// Returns the runs that there are, where this is none of them.
    pub fn of_run(mut self, run: u64) -> Result<Self, Vec<u64>> {
        if !self.runs.contains_key(&run) {
            return Err(self.runs.into_keys().collect());
        }
        // Taken apart by name, so that what is added to a state is not forgotten here.
        let Self {
            lineage: _,
            serial: _,
            target: _,
            runs,
            assets,
            files,
            holds,
            // What goes with a folder names that, whichever run has recorded it.
            catalogue: _,
            marks,
            kept,
            again,
            // It says where assets were moved to.
            staging: _,
            unanswered: _,
            sent: _,
            under_way: _,
        } = &mut self;
        runs.retain(|number, _| *number == run);
        assets.retain(|_, record| record.run == run);
        files.retain(|id, _| assets.contains_key(id));
        holds.retain(|_, hold| hold.run == run);
        // Nothing says which run has read one.
        marks.clear();
        kept.retain(|_, kept| kept.run == run);
        again.retain(|_, number| *number == run);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::asset::AssetId;
    use crate::event::{Provenance, RunEvent, RunInfo, kept_samples};
    use crate::outcome::{Evidence, Outcome};
    use crate::state::{Api, Target};

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn state() -> State {
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let mut state = State::new(Uuid::nil(), target);
        for (number, assets) in [(1, [1, 2]), (2, [2, 3])] {
            let at = Timestamp::UNIX_EPOCH;
            state.apply(number, &RunEvent::Started(info(number)));
            let retired = |n| (id(n), Outcome::Retired(Evidence::Answer));
            let answered = RunEvent::Answered {
                batch: 1,
                at,
                outcomes: assets.map(retired).to_vec(),
            };
            state.apply(number, &answered);
            let kept = kept_samples::kept(0, id(u128::from(number) + 10));
            let said = RunEvent::Kept {
                kept: vec![kept],
                over: Vec::new(),
            };
            state.apply(number, &said);
        }
        state
    }

    fn info(number: u64) -> RunInfo {
        RunInfo {
            number,
            id: Uuid::from_u128(number.into()),
            at: Timestamp::UNIX_EPOCH,
            provenance: Provenance::default(),
            account: None,
        }
    }

    #[test]
    fn only_what_the_run_wrote_down_last_is_left() {
        let of = |run| state().of_run(run).unwrap();
        let ids = |state: &State| state.assets.keys().copied().collect::<Vec<_>>();
        assert_eq!(ids(&of(1)), [id(1)]);
        assert_eq!(ids(&of(2)), [id(2), id(3)]);
        for run in [1, 2] {
            let one = of(run);
            assert_eq!(one.runs.keys().copied().collect::<Vec<_>>(), [run]);
            let kept: Vec<u64> = one.kept.values().map(|kept| kept.run).collect();
            assert_eq!(kept, [run]);
            assert_eq!((one.serial, one.lineage), (state().serial, Uuid::nil()));
        }
        assert_eq!(state().of_run(7), Err(vec![1, 2]));
    }
}
