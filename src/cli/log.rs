//! What is logged to standard error, for whoever wants to know what a run does.
//!
//! The token is in no log line: only this crate is logged unless `RUST_LOG` asks for others,
//! and the header that carries it is marked so that no library shows it.

use std::io::{self, Write};

use tracing::{debug, info, warn};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::cli::console::Console;
use crate::cli::env::{Environment, LOG};
use crate::event::{Ending, RunEvent, RunInfo, Task};
use crate::outcome::Outcome;
use crate::render::summary::stopped;

/// Begins to log, if `-v` or `RUST_LOG` ask for it.
///
/// `-v` decides for this crate; `RUST_LOG` adds others, and decides alone without `-v`.
pub(super) fn start(verbose: u8, environment: &Environment, console: &Console) {
    let level = match verbose {
        0 => None,
        1 => Some("info"),
        2 => Some("debug"),
        _ => Some("trace"),
    };
    let own = level.map(|level| format!("{}={level}", env!("CARGO_CRATE_NAME")));
    let asked = match environment.text(LOG) {
        Ok(asked) => asked,
        Err(error) => {
            console.warn(&error.to_string());
            None
        }
    };
    let directives: Vec<&str> = asked.into_iter().chain(own.as_deref()).collect();
    if directives.is_empty() {
        return;
    }
    let filter = EnvFilter::try_new(directives.join(",")).or_else(|error| {
        console.warn(&format!(
            "the environment variable `{LOG}` sets nothing: {error}"
        ));
        EnvFilter::try_new(own.as_deref().unwrap_or("off"))
    });
    let Ok(filter) = filter else {
        return;
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(console.style().colour)
        .with_writer(Writer(console.clone()))
        .finish();
    // Nobody else in the process logs.
    drop(tracing::subscriber::set_global_default(subscriber));
}

/// Writes each line through the console, so that it does not end up in the progress.
#[derive(Debug, Clone)]
struct Writer(Console);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.words(|_, sink| sink.write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'writer> MakeWriter<'writer> for Writer {
    type Writer = Self;

    fn make_writer(&'writer self) -> Self {
        self.clone()
    }
}

/// Logs one event of a run.
pub(super) fn event(event: &RunEvent) {
    match event {
        RunEvent::Started(RunInfo { number, id, .. }) => info!(run = number, %id, "the run begins"),
        RunEvent::Intent { batch, task, ids } => {
            let task = match task {
                Task::Delete => "delete",
                Task::Resolve => "resolve",
            };
            debug!(batch, task, assets = ids.len(), "a batch is sent");
        }
        RunEvent::Answered {
            batch,
            at: _,
            outcomes,
            more,
        } => {
            let of = |fits: fn(&Outcome) -> bool| {
                outcomes.iter().filter(|(_, outcome)| fits(outcome)).count()
            };
            debug!(
                batch,
                retired = of(|outcome| matches!(outcome, Outcome::Retired(_))),
                gone = of(|outcome| matches!(outcome, Outcome::Gone(_))),
                failed = of(|outcome| matches!(outcome, Outcome::Failed(_))),
                unknown = of(|outcome| matches!(outcome, Outcome::Unknown)),
                missing = of(|outcome| matches!(outcome, Outcome::Missing)),
                more,
                "a batch is answered"
            );
        }
        RunEvent::Forgotten { at: _, ids } => info!(records = ids.len(), "records are dropped"),
        RunEvent::Warned { batch, message } => warn!(batch, words = message, "an odd answer"),
        RunEvent::Paced {
            at: _,
            lane,
            wait,
            refused,
            window,
        } => info!(
            lane = lane.name(),
            ?wait,
            refused,
            window,
            "waiting for the limit"
        ),
        RunEvent::Retried {
            batch,
            at: _,
            assets,
            tries,
            wait,
            why,
        } => info!(batch, assets, tries, ?wait, why, "a request is made again"),
        RunEvent::Stopping { at: _, reason } => warn!("stopping: {}", stopped(reason)),
        RunEvent::Ended { at: _, ending } => match ending {
            Ending::Done => info!("the run is done"),
            Ending::Stopped(_) => info!("the run has stopped"),
        },
    }
}
