//! Shows on standard error how far a run is.

use std::time::Duration;

use crate::apply::Clock;
use crate::cli::console::Console;
use crate::event::{Listener, RunEvent};
use crate::render::progress::{self, Progress};

/// How often a terminal is redrawn.
const REDRAW: Duration = Duration::from_millis(200);

/// How often a line is written elsewhere.
const LINE: Duration = Duration::from_secs(5);

/// Shows on standard error how far a run is.
pub(in crate::cli) struct Ticker<'run> {
    progress: Progress,
    console: &'run Console,
    clock: &'run dyn Clock,
    last: Duration,
}

impl<'run> Ticker<'run> {
    /// Starts with the number of assets that the plan may delete.
    pub(in crate::cli) fn new(
        total: usize,
        console: &'run Console,
        clock: &'run dyn Clock,
    ) -> Self {
        Self {
            progress: Progress::new(total),
            console,
            clock,
            last: Duration::ZERO,
        }
    }
}

impl Listener for Ticker<'_> {
    fn hear(&mut self, event: &RunEvent) {
        self.progress.hear(event);
        if matches!(event, RunEvent::Ended { .. }) {
            self.console.clear_status();
            return;
        }
        let elapsed = self.clock.elapsed();
        let pause = if self.console.redraws() { REDRAW } else { LINE };
        if elapsed.saturating_sub(self.last) < pause {
            return;
        }
        self.last = elapsed;
        self.progress.tick(elapsed);
        self.console.status(&progress::line(&self.progress));
    }
}
