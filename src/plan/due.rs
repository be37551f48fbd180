//! What comes due within some time, or waits aside and is due already, as far as manifests and state
//! say. Pure.
//!
//! No server is asked: what lies in something that is held, or is marked in Frame.io, is found by
//! the plan of that day.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::inventory::Known;
use crate::manifest::document::{Details, Entry, Manifests, Spot};
use crate::outcome::Aside;
use crate::plan::holds::{InForce, in_force};
use crate::state::{Record, State, Status};

/// The assets of one owner that come due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfOwner {
    /// Who answers for them; nothing where no entry says.
    pub owner: Option<Arc<str>>,
    /// What comes due, the first at first.
    pub assets: Vec<Due>,
}

/// An asset that comes due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The moment from which it may be deleted.
    pub at: Timestamp,
    /// The asset.
    pub id: AssetId,
    /// What it waits for.
    pub waits: Waits,
    /// What sort of asset it is, where its entry says.
    pub kind: Option<Kind>,
    /// What is known of it.
    pub known: Known,
    /// Why it is to go.
    pub reason: Option<Arc<str>>,
    /// The ticket under which that was decided.
    pub ticket: Option<Arc<str>>,
    /// Where a manifest lists it: `file:line:column`.
    pub listed: Arc<str>,
}

/// What an asset waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waits {
    /// The date of its entry.
    Date,
    /// The end of a hold, for this reason.
    Hold(Arc<str>),
    /// The date of its staging folder.
    Staged,
    /// Nothing: the date of its staging folder is past, and it is there as far as the state knows.
    Overdue,
}

/// Finds what comes due up to `until`, by owner; what is due by `now` only where it waits aside.
#[must_use]
pub fn due(
    manifests: &Manifests,
    state: Option<&State>,
    (now, until): (Timestamp, Timestamp),
) -> Vec<OfOwner> {
    let none = BTreeMap::new();
    let kept = state.map_or(&none, |state| &state.holds);
    let holds = in_force(manifests, kept, now);
    let mut by_owner: BTreeMap<Option<Arc<str>>, Vec<Due>> = BTreeMap::new();
    for entry in &manifests.entries {
        let record = state.and_then(|state| state.assets.get(&entry.id));
        let again = state.and_then(|state| state.again.get(&entry.id));
        if is_over(record, entry, again.is_some()) {
            continue;
        }
        let aside = record.and_then(|record| record.status.aside());
        let Some((at, waits)) = begins(&holds, entry, aside, now) else {
            continue;
        };
        if at > until {
            continue;
        }
        let details = entry.details.as_deref();
        let text =
            |text: fn(&Details) -> &Option<Arc<str>>| details.and_then(|said| text(said).clone());
        let recorded = state.and_then(|state| state.catalogue.get(entry.id));
        let recorded = recorded.unwrap_or_default();
        let pinned = details
            .and_then(|details| details.pin.clone())
            .unwrap_or_default();
        let found = Due {
            at,
            id: entry.id,
            waits,
            kind: entry.kind(),
            known: Known {
                name: recorded.name.or(pinned.name),
                location: recorded.location,
                parent: recorded.parent,
                bytes: recorded.bytes.or(pinned.filesize),
            },
            reason: text(|details| &details.reason),
            ticket: text(|details| &details.ticket),
            listed: place(manifests, entry.spot),
        };
        by_owner
            .entry(text(|details| &details.owner))
            .or_default()
            .push(found);
    }
    // Those for whom nobody answers come last.
    let mut owners: Vec<OfOwner> = by_owner
        .into_iter()
        .map(|(owner, mut assets)| {
            assets.sort_by_key(|due| (due.at, due.id));
            OfOwner { owner, assets }
        })
        .collect();
    owners.sort_by_key(|of| of.owner.is_none());
    owners
}

/// Whether an asset is deleted already, so that nothing comes due for it.
fn is_over(record: Option<&Record>, entry: &Entry, again: bool) -> bool {
    match record.map(Record::status) {
        Some(Status::Retired(_) | Status::Gone(_) | Status::Restored { .. } | Status::Rescued) => {
            again || !entry.goes_again()
        }
        Some(Status::Failed(_) | Status::Unknown { .. } | Status::Missing | Status::Staged(_))
        | None => false,
    }
}

/// The moment from which an asset may be deleted, and what it waits for until then; nothing where
/// it waits for nothing, or for something without an end.
fn begins(
    holds: &InForce,
    entry: &Entry,
    aside: Option<&Aside>,
    now: Timestamp,
) -> Option<(Timestamp, Waits)> {
    let details = entry.details.as_deref();
    let date = details.and_then(|details| details.not_before);
    let project = details.and_then(|details| details.pin.as_ref()?.project);
    let of_asset = holds.assets.get(&entry.id);
    let of_project = project.and_then(|project| holds.projects.get(&project));
    let date = date.map(|date| (date, Waits::Date));
    let staged = aside.map(|aside| match aside.due {
        due if due > now => (due, Waits::Staged),
        due => (due, Waits::Overdue),
    });
    let ahead = date.filter(|(at, _)| *at > now);
    let mut begins = ahead.into_iter().chain(staged).max_by_key(|(at, _)| *at);
    for hold in of_asset.into_iter().chain(of_project) {
        let until = hold.until?;
        if begins.as_ref().is_none_or(|(at, _)| *at < until) {
            begins = Some((until, Waits::Hold(Arc::clone(&hold.reason))));
        }
    }
    begins
}

fn place(manifests: &Manifests, spot: Spot) -> Arc<str> {
    let Spot { file, line, column } = spot;
    let file = manifests.files.get(file as usize);
    let path = file.map(|file| &*file.path).unwrap_or_default();
    format!("{path}:{line}:{column}").into()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::event::Subject;
    use crate::manifest::document::{Hold, Pin, Release};
    use crate::outcome::{Evidence, Phase};
    use crate::state::{Api, KeptHold, Staged, Target};

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    const SPOT: Spot = Spot {
        file: 0,
        line: 1,
        column: 1,
    };

    fn entry(n: u128, owner: Option<&str>, not_before: Option<i64>) -> Entry {
        let details = Details {
            owner: owner.map(Arc::from),
            not_before: not_before.map(at),
            pin: Some(Pin {
                project: Some(id(100)),
                ..Pin::default()
            }),
            ..Details::default()
        };
        Entry {
            id: id(n),
            spot: SPOT,
            details: Some(Arc::new(details)),
        }
    }

    fn hold(n: u128, until: Option<i64>) -> Hold {
        Hold {
            id: id(n),
            spot: SPOT,
            reason: "claim".into(),
            until: until.map(at),
        }
    }

    /// What comes due: by owner, the second and the number of each asset.
    type Found = Vec<(Option<String>, Vec<(i64, u128)>)>;

    fn found(manifests: &Manifests, state: &State) -> Found {
        let all = due(manifests, Some(state), (at(100), at(200)));
        let number = |id: AssetId| (1..20).find(|n| self::id(*n) == id).unwrap();
        all.into_iter()
            .map(|of| {
                let assets = of.assets.iter();
                let assets = assets.map(|due| (due.at.as_second(), number(due.id)));
                (of.owner.map(|owner| owner.to_string()), assets.collect())
            })
            .collect()
    }

    fn state() -> State {
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        State::new(Uuid::nil(), target)
    }

    #[test]
    fn what_comes_due_in_time_is_found_by_owner_and_in_its_order() {
        let (ada, bo) = (Some("ada"), Some("bo"));
        let manifests = Manifests {
            entries: vec![
                entry(1, bo, Some(200)),
                entry(2, ada, Some(150)),
                // Due already, later, and never.
                entry(3, ada, Some(100)),
                entry(4, ada, Some(201)),
                entry(5, ada, None),
                entry(6, ada, Some(101)),
                entry(7, None, Some(120)),
            ],
            ..Manifests::default()
        };
        let expected = [
            (Some("ada".to_owned()), vec![(101, 6), (150, 2)]),
            (Some("bo".to_owned()), vec![(200, 1)]),
            (None, vec![(120, 7)]),
        ];
        assert_eq!(found(&manifests, &state()), expected);
        let mut state = state();
        let retired = Record {
            status: Status::Retired(Evidence::Answer),
            run: 1,
            at: at(1),
        };
        state.assets.insert(id(1), retired);
        let owners = found(&manifests, &state);
        assert!(owners.iter().all(|(owner, _)| owner.as_deref() != bo));
    }

    #[test]
    fn a_hold_ends_before_or_after_a_date_or_never() {
        let of = |holds: Vec<Hold>, projects: Vec<Hold>, not_before| {
            let manifests = Manifests {
                entries: vec![entry(1, None, not_before)],
                holds,
                project_holds: projects,
                ..Manifests::default()
            };
            let all = found(&manifests, &state()).into_iter();
            all.flat_map(|(_, assets)| assets).map(|(at, _)| at).next()
        };
        assert_eq!(of(vec![hold(1, Some(150))], vec![], None), Some(150));
        assert_eq!(of(vec![hold(1, Some(150))], vec![], Some(160)), Some(160));
        assert_eq!(of(vec![hold(1, Some(150))], vec![], Some(140)), Some(150));
        assert_eq!(of(vec![hold(1, None)], vec![], Some(140)), None);
        assert_eq!(of(vec![hold(2, None)], vec![], Some(140)), Some(140));
        // One that has ended holds nothing, and what waits for nothing is due already.
        assert_eq!(of(vec![hold(1, Some(100))], vec![], Some(140)), Some(140));
        assert_eq!(of(vec![hold(1, Some(100))], vec![], None), None);
        assert_eq!(of(vec![], vec![hold(100, Some(180))], Some(140)), Some(180));
        assert_eq!(of(vec![], vec![hold(100, None)], Some(140)), None);
        assert_eq!(of(vec![], vec![hold(101, None)], Some(140)), Some(140));
    }

    #[test]
    fn what_is_staged_comes_due_with_its_folder() {
        let of = |due: i64, not_before: Option<i64>, holds: Vec<Hold>| {
            let manifests = Manifests {
                entries: vec![entry(1, None, not_before)],
                holds,
                ..Manifests::default()
            };
            let mut state = state();
            let aside = Aside {
                into: id(50),
                asset: Kind::File,
                due: at(due),
                phase: Phase::There,
                inside: None,
            };
            let staged = Record {
                status: Status::Staged(Box::new(Staged { aside, attempts: 0 })),
                run: 1,
                at: at(1),
            };
            state.assets.insert(id(1), staged);
            let all = found(&manifests, &state).into_iter();
            all.flat_map(|(_, assets)| assets).map(|(at, _)| at).next()
        };
        assert_eq!(of(150, None, vec![]), Some(150));
        assert_eq!(of(150, Some(90), vec![]), Some(150), "its own date is over");
        assert_eq!(of(100, None, vec![]), Some(100), "it is due already");
        // What its entry or a hold says goes on longer than its folder does.
        assert_eq!(of(150, Some(160), vec![]), Some(160));
        assert_eq!(of(150, None, vec![hold(1, Some(170))]), Some(170));
        assert_eq!(of(150, None, vec![hold(1, None)]), None);
    }

    #[test]
    fn a_hold_that_the_state_keeps_counts_until_it_is_released() {
        let of = |until: Option<i64>, holds: Vec<Hold>, releases: Vec<Release>| {
            let manifests = Manifests {
                entries: vec![entry(1, None, Some(140))],
                holds,
                releases,
                ..Manifests::default()
            };
            let mut state = state();
            let kept = KeptHold {
                reason: "claim".into(),
                until: until.map(at),
                run: 1,
                at: at(1),
            };
            state.holds.insert(Subject::Asset(id(1)), kept);
            let all = found(&manifests, &state).into_iter();
            all.flat_map(|(_, assets)| assets).map(|(at, _)| at).next()
        };
        assert_eq!(of(None, vec![], vec![]), None, "it has no end");
        assert_eq!(of(Some(180), vec![], vec![]), Some(180));
        assert_eq!(of(Some(100), vec![], vec![]), Some(140), "it has ended");
        // The later of both ends counts, as in a plan.
        assert_eq!(of(Some(180), vec![hold(1, Some(150))], vec![]), Some(180));
        let release = Release {
            held: Subject::Asset(id(1)),
            spot: SPOT,
            reason: "closed".into(),
            ticket: None,
        };
        assert_eq!(of(None, vec![], vec![release]), Some(140));
    }
}
