//! In which order what is to come back is asked for: what others lay in comes before them, since they
//! can only go back to what is there.

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::AssetId;
use crate::plan::restore::Candidate;
use crate::state::State;

/// The same candidates, each behind those in which it lay, or lay before it was moved aside.
pub(super) fn in_order(state: &State, candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut holders: BTreeMap<AssetId, usize> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let with = candidate.with.iter().copied();
        for id in with.chain([candidate.id]) {
            holders.entry(id).or_insert(at);
        }
    }
    let needs: Vec<BTreeSet<usize>> = candidates
        .iter()
        .enumerate()
        .map(|(at, candidate)| {
            let staged = candidate.staged.iter().map(|(id, _)| *id);
            let ids = staged.chain([candidate.id]);
            let needed = ids.filter_map(|id| around(state, id, (at, &holders)));
            needed.collect()
        })
        .collect();
    let mut order = Vec::with_capacity(candidates.len());
    let mut begun = vec![false; candidates.len()];
    for at in 0..candidates.len() {
        place(at, &needs, &mut begun, &mut order);
    }
    let mut candidates: Vec<Option<Candidate>> = candidates.into_iter().map(Some).collect();
    let ordered = order.into_iter().filter_map(|at| candidates[at].take());
    ordered.collect()
}

/// The candidate with which that comes back in which an asset lay, other than its own.
fn around(
    state: &State,
    id: AssetId,
    (own, holders): (usize, &BTreeMap<AssetId, usize>),
) -> Option<usize> {
    let mut passed = BTreeSet::from([id]);
    let mut above = state.catalogue.parent(id);
    while let Some(here) = above.filter(|here| passed.insert(*here)) {
        let holder = holders.get(&here).copied();
        if let Some(holder) = holder.filter(|holder| *holder != own) {
            return Some(holder);
        }
        above = state.catalogue.parent(here);
    }
    None
}

/// Puts a candidate behind what it needs. The way down is a stack of its own: a chain of folders may be
/// long.
fn place(at: usize, needs: &[BTreeSet<usize>], begun: &mut [bool], order: &mut Vec<usize>) {
    let mut waiting = vec![(at, false)];
    while let Some((at, is_over)) = waiting.pop() {
        if is_over {
            order.push(at);
        } else if !begun[at] {
            begun[at] = true;
            waiting.push((at, true));
            waiting.extend(needs[at].iter().rev().map(|need| (*need, false)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::inventory::{Known, Location};
    use crate::state::{Api, Target};

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn candidate(own: u128, with: &[u128], staged: &[u128]) -> Candidate {
        Candidate {
            id: id(own),
            at: Timestamp::UNIX_EPOCH,
            known: Known::default(),
            with: with.iter().map(|n| id(*n)).collect(),
            went_with: None,
            staged: staged.iter().map(|n| (id(*n), Known::default())).collect(),
            parts: Arc::default(),
            parts_of_stack: Arc::default(),
            only_with: None,
        }
    }

    #[test]
    fn what_others_lay_in_comes_before_them() {
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let mut state = State::new(Uuid::nil(), target);
        let location = Arc::new(Location::default());
        // 3 lay in 2, that in 1, and 5 in 4, which went with 1; 7 and 8 lie in each other.
        for (n, parent) in [(3, 2), (2, 1), (5, 4), (4, 1), (7, 8), (8, 7)] {
            let known = Known {
                parent: Some(id(parent)),
                location: Some(Arc::clone(&location)),
                ..Known::default()
            };
            state.catalogue.insert(id(n), known);
        }
        let order = |candidates: Vec<Candidate>| -> Vec<u128> {
            let ordered = in_order(&state, candidates);
            ordered
                .iter()
                .map(|one| (1..30).find(|n| id(*n) == one.id).unwrap())
                .collect()
        };
        let alone = |n| candidate(n, &[], &[]);
        assert_eq!(
            order(vec![alone(3), alone(6), alone(2), alone(1)]),
            [1, 2, 3, 6]
        );
        // What was moved aside goes back into a folder that came along with another.
        let staging = candidate(20, &[5], &[5]);
        assert_eq!(order(vec![staging, candidate(1, &[4], &[])]), [1, 20]);
        assert_eq!(order(vec![alone(7), alone(8)]), [8, 7]);
        assert_eq!(order(vec![alone(6), alone(9)]), [6, 9]);
    }
}
