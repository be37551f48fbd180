//! Taking the lock of a state, at once or within a while.

use std::time::Duration;

use crate::app::provenance::RawIdentity;
use crate::apply::Clock;
use crate::cli::clock::{self, OutOfTime, SystemClock};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::identity;
use crate::cli::settings::Settings;
use crate::render::escape::escape;
use crate::store::file::{FileSession, FileStore};
use crate::store::{Loaded, StoreError};

/// How often a lock that somebody else has is tried again: the system tells nobody when it is free.
const GLANCE: Duration = Duration::from_millis(100);

/// Takes the lock of the state for `who` and its command, and reads the state; waits for
/// another run as long as the settings say.
///
/// # Errors
///
/// Returns who has the lock, or why the state cannot be read.
pub(super) fn open(
    context: &Context,
    settings: &Settings,
    who: &RawIdentity,
    command: &str,
) -> Result<(FileSession, Option<Loaded>), Failure> {
    let store = FileStore::new(&settings.state.value);
    let holder = identity::masked(context, who).holder(command, clock::now());
    let clock = SystemClock::start();
    let timeout = settings.lock_timeout.value;
    let time = context.time_left(settings);
    let mut told = false;
    loop {
        let error = match store.open(&holder) {
            Ok((session, loaded)) => {
                context.signals.keep_lock(session.lock());
                for note in session.notes() {
                    context.console.warn(note);
                }
                return Ok((session, loaded));
            }
            Err(error) => error,
        };
        let left = timeout.saturating_sub(clock.elapsed());
        if !matches!(error, StoreError::Locked { .. }) || left.is_zero() {
            return Err(error.into());
        }
        let left = time.at_most(left);
        if left.is_zero() {
            let lock = format!("the lock; {}", escape(&error.to_string()));
            return Err(OutOfTime(lock).into());
        }
        if !told {
            context
                .console
                .message(&format!("{}; waiting", escape(&error.to_string())));
            told = true;
        }
        std::thread::sleep(GLANCE.min(left));
    }
}
