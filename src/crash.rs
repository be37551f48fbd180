//! Named places at which a test may kill the process, to prove that its record survives.
//!
//! They exist with the cargo feature `failpoints` alone; without it, every call is nothing.

#[cfg(feature = "failpoints")]
use std::sync::{Mutex, PoisonError};

/// Where the process dies.
#[cfg(feature = "failpoints")]
struct Armed {
    point: String,
    /// How often the point is still passed; at 1 it kills.
    left: u64,
}

#[cfg(feature = "failpoints")]
static ARMED: Mutex<Option<Armed>> = Mutex::new(None);

/// Arms one point, written as `NAME` or `NAME:N`: the process dies there the first or Nth time.
#[cfg(feature = "failpoints")]
pub fn arm(order: &str) {
    let (point, left) = order
        .split_once(':')
        .and_then(|(point, left)| Some((point, left.parse().ok()?)))
        .unwrap_or((order, 1));
    let armed = Armed {
        point: point.to_owned(),
        left,
    };
    *ARMED.lock().unwrap_or_else(PoisonError::into_inner) = Some(armed);
}

/// Kills the process where the point is armed, with no chance to clean up.
#[cfg(feature = "failpoints")]
pub fn point(name: &str) {
    let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(armed) = armed.as_mut().filter(|armed| armed.point == name) else {
        return;
    };
    armed.left = armed.left.saturating_sub(1);
    if armed.left > 0 {
        return;
    }
    #[cfg(unix)]
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).ok();
    std::process::abort();
}

/// Kills the process where the point is armed: nothing in this build.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub const fn point(_name: &str) {}

/// How much of a write of `length` bytes comes before the point in its middle.
#[must_use]
pub const fn middle(length: usize) -> usize {
    if cfg!(feature = "failpoints") {
        length / 2
    } else {
        length
    }
}
