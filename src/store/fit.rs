//! Whether a journal belongs to the state beside it.

use crate::event::RunInfo;
use crate::state::State;
use crate::store::journal::Header;

/// What somebody should know of a journal that the state has left behind and that has no event.
pub(super) const NO_RUN: &str =
    "it continues an older state and says of nothing that it was sent; it is left out";

/// How a journal and a state belong together.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// The journal continues this state.
    Continues(State),
    /// This state has taken the journal in already, or there is nothing in it to take.
    TakenIn(State),
}

/// Decides whether a journal belongs to the state beside it; `run` is the run that its first
/// event begins.
///
/// # Errors
///
/// Returns what does not fit: then the journal may say what no state knows.
pub(super) fn fit(
    base: Option<State>,
    header: Header,
    run: Option<&RunInfo>,
) -> Result<Fit, String> {
    let Header {
        lineage,
        base: serial,
        last,
        target,
    } = header;
    let Some(state) = base else {
        if serial == 0 {
            return Ok(Fit::Continues(State::new(lineage, target)));
        }
        return Err(format!(
            "it continues serial {serial}, and there is no state"
        ));
    };
    if state.lineage != lineage {
        return Err(format!(
            "it continues a state of lineage `{lineage}`, and the state's lineage is `{}`",
            state.lineage
        ));
    }
    if state.serial < serial {
        return Err(format!(
            "it continues serial {serial}, and the state is older: serial {}",
            state.serial
        ));
    }
    if state.serial > serial {
        let Some(run) = run else {
            return Ok(Fit::TakenIn(state));
        };
        // The run ended after it had replaced the state and before it had dropped the journal.
        return match state.runs.get(&run.number) {
            Some(known) if known.id == run.id => Ok(Fit::TakenIn(state)),
            Some(known) => Err(format!(
                "it is that of run {} with the id `{}`, and run {} in the state is another, `{}`",
                run.number, run.id, run.number, known.id
            )),
            None => Err(format!(
                "it is that of run {} with the id `{}`, which continued serial {serial}; the state is serial {}, and does not know that run",
                run.number, run.id, state.serial
            )),
        };
    }
    let there = state.runs.last_key_value().map(|(_, run)| run.id);
    if let Some(last) = last
        && there != Some(last)
    {
        let there = there.map_or_else(|| "none".to_owned(), |id| format!("`{id}`"));
        return Err(format!(
            "it continues serial {serial} after the run `{last}`, and the last run of the state is {there}"
        ));
    }
    Ok(Fit::Continues(state))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::event::{Provenance, RunEvent};
    use crate::state::{Api, Target};

    fn run(number: u64, id: u128) -> RunInfo {
        RunInfo {
            number,
            id: Uuid::from_u128(id),
            at: Timestamp::UNIX_EPOCH,
            provenance: Provenance::default(),
            account: None,
        }
    }

    /// A state after runs with these ids.
    fn state(ids: &[u128]) -> State {
        let target = Target {
            api: Api::V2,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let mut state = State::new(Uuid::from_u128(7), target);
        for (number, id) in (1..).zip(ids) {
            state.apply(number, &RunEvent::Started(run(number, *id)));
        }
        state
    }

    fn fits(state: &State, header: &Header, run: Option<&RunInfo>) -> Result<bool, String> {
        let fit = fit(Some(state.clone()), header.clone(), run)?;
        Ok(match fit {
            Fit::Continues(after) => {
                assert_eq!(after, *state);
                true
            }
            Fit::TakenIn(after) => {
                assert_eq!(after, *state);
                false
            }
        })
    }

    #[test]
    fn a_journal_continues_the_state_that_it_names() {
        let header = Header::new(&state(&[10, 11]));
        assert_eq!(
            fits(&state(&[10, 11]), &header, Some(&run(3, 12))),
            Ok(true)
        );
        assert_eq!(fits(&state(&[10, 11]), &header, None), Ok(true));
        // The same serial after another run.
        let why = fits(&state(&[10, 21]), &header, Some(&run(3, 12))).unwrap_err();
        assert!(why.contains("after the run"), "{why}");
        let why = fits(&state(&[10]), &header, Some(&run(3, 12))).unwrap_err();
        assert!(why.contains("is older"), "{why}");
        let mut other = state(&[10, 11]);
        other.lineage = Uuid::from_u128(8);
        let why = fits(&other, &header, Some(&run(3, 12))).unwrap_err();
        assert!(why.contains("lineage"), "{why}");
    }

    #[test]
    fn an_older_journal_does_not_say_which_run_was_the_last() {
        let header = Header {
            last: None,
            ..Header::new(&state(&[10, 11]))
        };
        assert_eq!(
            fits(&state(&[10, 21]), &header, Some(&run(3, 12))),
            Ok(true)
        );
        assert!(fits(&state(&[10, 11, 13]), &header, Some(&run(3, 12))).is_err());
    }

    #[test]
    fn what_the_state_has_left_behind_is_dropped_only_where_it_has_that_very_run() {
        let header = Header::new(&state(&[10]));
        let later = state(&[10, 11, 12]);
        assert_eq!(fits(&later, &header, Some(&run(2, 11))), Ok(false));
        assert_eq!(fits(&later, &header, None), Ok(false), "nothing was sent");
        let why = fits(&later, &header, Some(&run(2, 21))).unwrap_err();
        assert!(why.contains("is another"), "{why}");
        let why = fits(&later, &header, Some(&run(4, 11))).unwrap_err();
        assert!(why.contains("does not know that run"), "{why}");
    }

    #[test]
    fn without_a_state_only_the_first_run_has_a_journal() {
        let first = Header::new(&state(&[]));
        let fresh = fit(None, first, Some(&run(1, 10)));
        assert_eq!(fresh, Ok(Fit::Continues(state(&[]))));
        let later = Header::new(&state(&[10]));
        let why = fit(None, later, Some(&run(2, 11))).unwrap_err();
        assert!(why.contains("there is no state"), "{why}");
    }
}
