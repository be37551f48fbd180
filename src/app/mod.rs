//! The use cases: what a command does, without arguments, settings and console.
//!
//! The time and the environment come in as arguments, and what must be said on the way goes to
//! the `Host`.

use std::fmt::Debug;

use crate::frameio::mask::Secrets;
use crate::render::notices::Most;

pub(crate) mod api;
pub(crate) mod apply;
pub(crate) mod back;
pub(crate) mod basis;
pub(crate) mod connect;
mod dates;
pub(crate) mod earlier;
pub mod error;
pub(crate) mod find;
mod live;
pub(crate) mod memory;
pub mod policy;
pub(crate) mod prepare;
pub(crate) mod probe;
pub(crate) mod provenance;
pub(crate) mod reread;
pub(crate) mod restore;
pub(crate) mod saved_plan;
pub(crate) mod sign_in;
mod silence;
pub(crate) mod staged;
pub(crate) mod threads;
mod unlisted;
pub(crate) mod unstage;
mod waits;
pub(crate) mod whoami;

/// What hears a signal by its number, and says whether it takes the next one as well.
pub(crate) type OnSignal = Box<dyn FnMut(i32) -> bool + Send>;

/// The program around the use cases.
pub(crate) trait Host: Debug + Send + Sync {
    /// Says what only matters to whoever waits.
    fn message(&self, text: &str);

    /// Says what somebody should look at.
    fn warn(&self, text: &str);

    /// How much is said of many dates.
    fn notices(&self) -> Most {
        Most::Screen
    }

    /// Shows these secrets nowhere from now on.
    fn hide(&self, secrets: &Secrets);

    /// Gives every signal from now on to somebody, until it is one too many and ends the program.
    fn give_signals(&self, to: OnSignal);

    /// Ends the program at the next signal.
    fn take_signals_back(&self);
}
