//! What every request of a sandbox sees.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::sandbox::access::Tokens;
use crate::sandbox::endpoint::Endpoint;
use crate::sandbox::fault::Faults;
use crate::sandbox::limit::{Limiter, Limits};
use crate::sandbox::log::Log;
use crate::sandbox::schedule::Schedule;
use crate::sandbox::surprise::Surprise;
use crate::sandbox::world::World;
use crate::sandbox::world::edit::Change;

/// Tells the sandbox what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Tells the sandbox how much time has passed since it began; the rate limits go by it.
pub type Stopwatch = Arc<dyn Fn() -> Duration + Send + Sync>;

pub(super) struct Shared {
    tokens: Mutex<Tokens>,
    world: Mutex<World>,
    limiter: Mutex<Limiter>,
    schedule: Mutex<Schedule>,
    surprises: Mutex<Vec<Surprise>>,
    log: Option<Mutex<Log>>,
    clock: Clock,
    stopwatch: Stopwatch,
}

/// Takes a lock for as long as one call takes. A handler that panicked left what it guards as
/// good as it was, since each change is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(world: World, log: bool, clock: Clock, stopwatch: Stopwatch) -> Self {
        Self {
            tokens: Mutex::new(Tokens::new(world.access.clone())),
            limiter: Mutex::new(Limiter::new(world.limits.clone())),
            schedule: Mutex::new(Schedule::new(world.faults.clone())),
            world: Mutex::new(world),
            surprises: Mutex::default(),
            log: log.then(Mutex::default),
            clock,
            stopwatch,
        }
    }

    pub(super) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        lock(&self.tokens)
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(super) fn limiter(&self) -> MutexGuard<'_, Limiter> {
        lock(&self.limiter)
    }

    pub(super) fn schedule(&self) -> MutexGuard<'_, Schedule> {
        lock(&self.schedule)
    }

    pub(super) fn log(&self) -> Option<MutexGuard<'_, Log>> {
        self.log.as_ref().map(lock)
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(super) fn elapsed(&self) -> Duration {
        (self.stopwatch)()
    }

    /// Makes a change that somebody makes; returns why it cannot be made.
    pub(super) fn change(&self, change: Change) -> Result<(), String> {
        let now = self.now();
        self.world().change(change, now)
    }

    /// Makes the changes that come before a call.
    pub(super) fn surprise(&self, endpoint: Endpoint, page: u64, asked: Option<AssetId>) {
        let mut surprises = lock(&self.surprises);
        let due = surprises
            .iter_mut()
            .flat_map(|surprise| surprise.due(endpoint, page, asked));
        for change in due {
            // Where somebody else was faster, there is nothing left to change.
            self.change(change).ok();
        }
    }

    /// From now on these changes come before calls, counted from the next request; returns why the
    /// JSON cannot be read.
    pub(super) fn set_surprises(&self, json: &[u8]) -> Result<(), String> {
        let set = serde_json::from_slice(json);
        let surprises: Vec<Surprise> = set.map_err(|error| error.to_string())?;
        if let Some(mistake) = surprises.iter().find_map(Surprise::mistake) {
            return Err(mistake);
        }
        *lock(&self.surprises) = surprises;
        Ok(())
    }

    /// From now on these are the limits, and every bucket is empty.
    pub(super) fn set_limits(&self, limits: Limits) {
        *self.limiter() = Limiter::new(limits);
    }

    /// From now on this goes wrong, counted from the next request.
    pub(super) fn set_faults(&self, faults: Faults) {
        *self.schedule() = Schedule::new(faults);
    }
}
