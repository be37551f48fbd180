//! How much of what goes is moved aside first, and waits there: whoever reads the first sentence of a plan
//! knows by it whether anything is deleted yet.

use jiff::Timestamp;

use crate::plan::Plan;

/// How much of what goes waits in staging folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// Nothing of it: what goes is deleted by the run itself.
    None,
    /// Some of it.
    Some {
        /// How many files.
        files: usize,
        /// The moment from which they are deleted.
        until: Timestamp,
    },
    /// All of it.
    All {
        /// The moment from which it is deleted.
        until: Timestamp,
    },
}

impl Waiting {
    /// How much of what a plan lets go waits.
    pub(crate) fn of(plan: &Plan) -> Self {
        let (moves, totals) = (&plan.moves, &plan.totals);
        let Some(until) = moves.until else {
            return Self::None;
        };
        if moves.at_once + moves.stuck + moves.due + totals.resolve > 0 {
            let files = moves.files;
            return Self::Some { files, until };
        }
        Self::All { until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::aside::Moves;

    #[test]
    fn all_waits_only_where_nothing_is_deleted_at_once() {
        let until = Timestamp::UNIX_EPOCH;
        let waiting = |of: fn(&mut Plan)| {
            let mut plan = Plan {
                moves: Moves {
                    aside: 2,
                    files: 3,
                    until: Some(until),
                    ..Moves::default()
                },
                ..Plan::default()
            };
            of(&mut plan);
            Waiting::of(&plan)
        };
        assert_eq!(waiting(|_| {}), Waiting::All { until });
        let others: [fn(&mut Plan); 4] = [
            |plan| plan.moves.at_once = 1,
            |plan| plan.moves.stuck = 1,
            |plan| plan.moves.due = 1,
            |plan| plan.totals.resolve = 1,
        ];
        for other in others {
            assert_eq!(waiting(other), Waiting::Some { files: 3, until });
        }
        assert_eq!(waiting(|plan| plan.moves.until = None), Waiting::None);
    }
}
