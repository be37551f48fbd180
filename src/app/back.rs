//! What the runs share that take something back.

use std::time::Duration;

use jiff::Timestamp;

use crate::apply::NotSaved;
use crate::event::RunInfo;
use crate::plan::consent::Agreed;
use crate::state::State;
use crate::store::file::{FileSession, Rescue};

/// What is to be carried out.
pub(crate) struct Order<'run, P> {
    pub(crate) info: RunInfo,
    pub(crate) state: State,
    pub(crate) plan: &'run P,
    pub(crate) agreed: &'run Agreed,
    /// For how long something is waited for: that all is in a folder that was in it, or that a move
    /// shows.
    pub(crate) patience: Duration,
    /// Tells this machine's time.
    pub(crate) now: fn() -> Timestamp,
}

/// What could not be written down, with what is left of it.
pub(super) fn lost(
    not_saved: Option<NotSaved>,
    session: &mut FileSession,
) -> Option<(NotSaved, Rescue)> {
    let not_saved = not_saved?;
    let rescue = session.rescue(&not_saved.lost);
    Some((not_saved, rescue))
}
