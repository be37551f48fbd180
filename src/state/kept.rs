//! What stays for the sake of something protected, as the last run that planned over it held it
//! back.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::AssetId;
use crate::event::{Kept, Path, Why};

/// Why a listed asset stays, and what connects it with what protects it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeptBack {
    /// What protects the other asset.
    pub why: Why,
    /// The moment up to which that is protected, where that is known: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub until: Option<Timestamp>,
    /// What connects the two, from the outermost asset to the innermost.
    pub path: Arc<Path>,
    /// The number of the run that wrote it down.
    pub run: u64,
}

impl KeptBack {
    /// Whether this is what is kept, and how.
    #[must_use]
    pub fn is(&self, kept: &Kept) -> bool {
        let Self {
            why,
            until,
            path,
            run: _,
        } = self;
        (why, until, path) == (&kept.why, &kept.until, &kept.path)
    }
}

/// Decides what stands there after a run has planned; what stays for the same reason as before
/// keeps the run that said so first.
pub(super) fn absorb(
    all: &mut BTreeMap<AssetId, KeptBack>,
    (kept, over): (&[Kept], &[AssetId]),
    run: u64,
) {
    for id in over {
        all.remove(id);
    }
    for one in kept {
        if all.get(&one.id).is_some_and(|before| before.is(one)) {
            continue;
        }
        let Kept {
            id,
            why,
            until,
            path,
        } = one.clone();
        let back = KeptBack {
            why,
            until,
            path,
            run,
        };
        all.insert(id, back);
    }
}

/// Whether that would change anything.
pub(super) fn is_news(all: &BTreeMap<AssetId, KeptBack>, kept: &[Kept], over: &[AssetId]) -> bool {
    let is_new = |kept: &Kept| !all.get(&kept.id).is_some_and(|before| before.is(kept));
    over.iter().any(|id| all.contains_key(id)) || kept.iter().any(is_new)
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::event::{RunEvent, kept_samples};
    use crate::outcome::{Evidence, Outcome};
    use crate::state::{Api, Record, State, Target, format};

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    /// What keeps every fifth of some assets.
    pub(crate) fn all(assets: &BTreeMap<AssetId, Record>) -> BTreeMap<AssetId, KeptBack> {
        let all = assets.keys().enumerate().step_by(5);
        let back = |(place, id): (usize, &AssetId)| {
            let Kept {
                id,
                why,
                until,
                path,
            } = kept_samples::kept(place, *id);
            let run = place as u64 % 9;
            let back = KeptBack {
                why,
                until,
                path,
                run,
            };
            (id, back)
        };
        all.map(back).collect()
    }

    fn kept(number: usize, asset: u128) -> Kept {
        kept_samples::kept(number, id(asset))
    }

    fn state() -> State {
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        State::new(Uuid::nil(), target)
    }

    fn said(kept: &[Kept], over: &[u128]) -> RunEvent {
        RunEvent::Kept {
            kept: kept.to_vec(),
            over: over.iter().copied().map(id).collect(),
        }
    }

    fn runs(state: &State) -> Vec<(AssetId, u64)> {
        let all = state.kept.iter();
        all.map(|(id, kept)| (*id, kept.run)).collect()
    }

    #[test]
    fn what_stays_for_the_same_reason_keeps_the_run_that_said_so_first() {
        let mut state = state();
        state.apply(1, &said(&[kept(0, 1), kept(1, 2), kept(2, 3)], &[]));
        assert_eq!(runs(&state), [(id(1), 1), (id(2), 1), (id(3), 1)]);
        assert!(state.kept[&id(2)].is(&kept(1, 2)));

        // The first says the same, the second something else; the third is held back no more, and
        // of what is not named nothing changes.
        state.apply(2, &said(&[kept(0, 1), kept(3, 2)], &[3]));
        assert_eq!(runs(&state), [(id(1), 1), (id(2), 2)]);
        assert_eq!(state.kept[&id(2)].why, Why::Blocked);
        state.apply(3, &said(&[kept(4, 4)], &[]));
        assert_eq!(runs(&state), [(id(1), 1), (id(2), 2), (id(4), 3)]);
    }

    #[test]
    fn only_what_changes_something_is_news() {
        let mut state = state();
        assert!(!state.keeps_other(&[], &[id(1)]));
        assert!(state.keeps_other(&[kept(0, 1)], &[]));
        state.apply(1, &said(&[kept(0, 1)], &[]));
        assert!(!state.keeps_other(&[kept(0, 1)], &[id(2)]));
        for other in [
            Kept {
                why: Why::Drift,
                ..kept(0, 1)
            },
            Kept {
                until: Some(Timestamp::UNIX_EPOCH),
                ..kept(0, 1)
            },
            Kept {
                path: kept(1, 1).path,
                ..kept(0, 1)
            },
            kept(0, 2),
        ] {
            assert!(state.keeps_other(std::slice::from_ref(&other), &[]));
        }
        assert!(state.keeps_other(&[], &[id(1)]));
    }

    #[test]
    fn a_state_of_an_earlier_version_has_none_and_no_later_run_has_said_it() {
        let read = |more: &str| {
            let document = format!(
                r#"{{"version":1,"lineage":"{}","serial":1,"api":"v4","endpoint":"sandbox","account":null,"runs":{{}},{more}"assets":{{}},"holds":{{}}}}"#,
                Uuid::nil()
            );
            format::read(document.as_bytes())
        };
        assert_eq!(read("").unwrap().kept, BTreeMap::new());
        let line = |run: u64, more: &str| {
            let one = id(1);
            format!(r#""kept":{{"{one}":{{"why":"drift","path":[],"run":{run}{more}}}}},"#)
        };
        assert_eq!(read(&line(1, "")).unwrap().kept[&id(1)].why, Why::Drift);
        for wrong in [line(2, ""), line(1, r#","by":1"#), line(1, "").repeat(2)] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_goes_is_held_back_no_more_and_what_stays_is() {
        let at = Timestamp::UNIX_EPOCH;
        for (outcome, stays) in [
            (Outcome::Retired(Evidence::Answer), false),
            (Outcome::Gone(Evidence::Read), false),
            (Outcome::Unknown, true),
            (Outcome::Missing, true),
        ] {
            let mut state = state();
            state.apply(1, &said(&[kept(0, 1)], &[]));
            let outcomes = vec![(id(1), outcome)];
            let answered = RunEvent::Answered {
                batch: 1,
                at,
                outcomes,
            };
            state.apply(2, &answered);
            assert_eq!(state.kept.contains_key(&id(1)), stays);
        }
        // A record may be dropped while its asset stays.
        let mut state = state();
        state.apply(1, &said(&[kept(0, 1)], &[]));
        let ids = vec![id(1)];
        state.apply(1, &RunEvent::Forgotten { at, ids });
        assert!(state.kept.contains_key(&id(1)));
    }
}
