//! Who runs this, as it is written into the state and the lock; and random ids.

use jiff::Timestamp;
use uuid::Uuid;

use crate::cli::env::Environment;
use crate::event::RunInfo;
use crate::state::State;

/// Draws an id that nobody else has.
#[expect(clippy::disallowed_methods, reason = "this is the home of random ids")]
pub(in crate::cli) fn random() -> Uuid {
    Uuid::new_v4()
}

/// Describes the run that comes next.
pub(in crate::cli) fn run_info(
    environment: &Environment,
    state: &State,
    at: Timestamp,
    account: Option<String>,
) -> RunInfo {
    RunInfo {
        number: state.serial.saturating_add(1),
        id: random(),
        at,
        actor: environment.actor(),
        commit: environment.commit(),
        ci: environment.ci(),
        plan: None,
        account,
    }
}

/// Says who holds the lock, in one line.
pub(in crate::cli) fn holder(environment: &Environment, now: Timestamp) -> String {
    let mut words = format!("process {} since {now:.0}", std::process::id());
    if let Some(actor) = environment.actor() {
        words.push_str(", started by ");
        words.push_str(&actor);
    }
    if let Some(ci) = environment.ci() {
        words.push_str(", ");
        words.push_str(&ci);
    }
    words
}
