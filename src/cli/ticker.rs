//! Shows on standard error how far a run is, also while nothing happens.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::apply::Clock;
use crate::cli::clock::SystemClock;
use crate::cli::console::Console;
use crate::event::{Listener, RunEvent};
use crate::frameio::shared_pacer::SharedPacer;
use crate::render::progress::{self, Progress};

/// How often a terminal is redrawn: five times a second look alive, and cost nothing.
const REDRAW: Duration = Duration::from_millis(200);

/// How often a line is written elsewhere: a run of an hour makes some 360 lines of a CI log.
const LINE: Duration = Duration::from_secs(10);

/// Shows on standard error how far a run is, on a thread of its own: a run that waits says so.
#[derive(Debug)]
pub(super) struct Ticker {
    progress: Arc<Mutex<Progress>>,
    clock: SystemClock,
    pacer: SharedPacer,
    /// Dropped, it tells the thread to end.
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Ticker {
    /// Starts where nothing is done yet, with the pacer that knows the server's limits; where
    /// nobody wants to see it there is no console.
    pub(super) fn start(
        progress: Progress,
        console: Option<&Console>,
        clock: SystemClock,
        pacer: SharedPacer,
    ) -> Self {
        let progress = Arc::new(Mutex::new(progress));
        let show = |console: &Console| show(Arc::clone(&progress), console.clone(), clock);
        let running = console.and_then(show);
        Self {
            progress,
            clock,
            pacer,
            running,
        }
    }

    fn stop(&mut self) {
        if let Some((running, thread)) = self.running.take() {
            drop(running);
            // A display that broke down is no reason to end the run.
            drop(thread.join());
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts the thread that shows the progress; a run goes on without one.
fn show(
    progress: Arc<Mutex<Progress>>,
    console: Console,
    clock: SystemClock,
) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (running, ended) = mpsc::channel();
    let pause = if console.status_width().is_some() {
        REDRAW
    } else {
        LINE
    };
    let thread = thread::Builder::new().name("progress".to_owned());
    let thread = thread.spawn(move || {
        while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            let width = console.status_width();
            let text = {
                let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
                progress.tick(clock.elapsed());
                match width {
                    Some(width) => progress::bar(&progress, width, console.style()),
                    None => progress::line(&progress),
                }
            };
            if width.is_some() {
                console.status(&text);
            } else {
                console.message(&text);
            }
        }
        console.clear_status();
    });
    Some((running, thread.ok()?))
}

impl Listener for Ticker {
    fn on_event(&mut self, event: &RunEvent) {
        if self.running.is_none() {
            return;
        }
        {
            let progress = &self.progress;
            let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
            progress.keep_to(&self.pacer.limits());
            progress.tick(self.clock.elapsed());
            progress.on_event(event);
        }
        if matches!(event, RunEvent::Ended { .. }) {
            self.stop();
        }
    }
}
