//! What is logged to standard error, for whoever wants to know what a run does.
//!
//! The token is in no log line: only this crate is logged unless `RUST_LOG` asks for others,
//! and the header that carries it is marked so that no library shows it.

use std::io::{self, Write};

use tracing::{debug, info, trace, warn};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use crate::cli::console::Console;
use crate::cli::env::{Environment, LOG};
use crate::event::{Ending, RunEvent, RunInfo, Staging, Task};
use crate::outcome::{AssetOutcome, Outcome};
use crate::render::model::stopped::stopped;

/// Begins to log, if `-v` or `RUST_LOG` ask for it.
///
/// `-v` decides for this crate; `RUST_LOG` adds others, and decides alone without `-v`.
pub(super) fn start(verbose: u8, environment: &Environment, console: &Console) {
    let level = match verbose {
        0 => None,
        1 => Some(LevelFilter::INFO),
        2 => Some(LevelFilter::DEBUG),
        _ => Some(LevelFilter::TRACE),
    };
    let asked = environment.text(LOG).unwrap_or_else(|error| {
        console.warn(&error.to_string());
        None
    });
    if level.is_none() && asked.is_none() {
        return;
    }
    let mut targets = parse_targets(asked.unwrap_or_default()).unwrap_or_else(|error| {
        console.warn(&format!(
            "the environment variable `{LOG}` sets nothing: {error}"
        ));
        Targets::new()
    });
    if let Some(level) = level {
        targets = targets.with_target(env!("CARGO_CRATE_NAME"), level);
    }
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(console.style().colour)
        .with_writer(Writer(console.clone()))
        .finish()
        .with(targets);
    // Nobody else in the process logs.
    drop(tracing::subscriber::set_global_default(subscriber));
}

/// Reads `TARGET=LEVEL`, `TARGET` and `LEVEL`, separated by commas.
///
/// The parser that [`Targets`] brings takes anything for the name of a target, also what was
/// meant as a filter of spans.
fn parse_targets(text: &str) -> Result<Targets, String> {
    let mut targets = Targets::new();
    for directive in text.split(',').map(str::trim) {
        if directive.is_empty() {
            continue;
        }
        if let Ok(level) = directive.parse::<LevelFilter>() {
            targets = targets.with_default(level);
            continue;
        }
        let (target, level) = directive.split_once('=').unwrap_or((directive, ""));
        if target.is_empty() || target.contains(['[', ']', '{', '}']) {
            return Err(format!(
                "`{directive}` is none of `TARGET=LEVEL`, `TARGET` and `LEVEL`"
            ));
        }
        let level = match level {
            "" => Some(LevelFilter::TRACE),
            level => level.parse().ok(),
        };
        let Some(level) = level else {
            return Err(format!(
                "`{directive}` has no level such as `info` or `debug`"
            ));
        };
        targets = targets.with_target(target, level);
    }
    Ok(targets)
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
        RunEvent::HoldsChanged { at: _, changes } => info!(
            kept = changes.kept.len(),
            released = changes.released.len(),
            ended = changes.ended.len(),
            "the holds of the state change"
        ),
        RunEvent::Described { assets } => trace!(assets = assets.len(), "assets are described"),
        RunEvent::Marked { seen } => debug!(seen = seen.len(), "marks are written down"),
        RunEvent::Kept { kept, over } => held_back(kept.len(), over.len()),
        RunEvent::AgainOver { ids } => {
            debug!(assets = ids.len(), "entries say `again: true` no more");
        }
        RunEvent::AgainUsed { ids } => {
            debug!(assets = ids.len(), "`again: true` of entries is used up");
        }
        RunEvent::Staging(folder) => staging(folder),
        RunEvent::Intent {
            batch,
            task,
            ids,
            stack: _,
            with: _,
            at: _,
        } => debug!(
            batch,
            task = in_words(*task),
            assets = ids.len(),
            "a batch is sent"
        ),
        RunEvent::Opened { stack, files } => {
            debug!(%stack, files = files.len(), "a version stack is deleted file by file");
        }
        RunEvent::FileDone {
            batch,
            stack,
            file: _,
            retired,
        } => debug!(batch, %stack, retired = retired.is_some(), "a file of it is answered for"),
        RunEvent::Answered {
            batch,
            at: _,
            outcomes,
        } => answered(*batch, outcomes),
        RunEvent::Doubted { batch, ids } => doubted(*batch, ids.len()),
        RunEvent::Forgotten { at: _, ids } => info!(records = ids.len(), "records are dropped"),
        RunEvent::LeftAlone { at: _, assets } => {
            warn!(
                assets = assets.len(),
                "read again, assets are other than reviewed"
            );
        }
        RunEvent::Warned { batch, message } => warn!(batch, words = message, "an odd answer"),
        RunEvent::Paced {
            at: _,
            rate_limit,
            wait,
            refused,
            window,
        } => info!(
            rate_limit = rate_limit.name(),
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
        RunEvent::Slow {
            batch,
            at: _,
            rate_limit,
            assets,
            wait,
        } => info!(
            batch,
            call = rate_limit.name(),
            assets,
            ?wait,
            "not answered yet"
        ),
        RunEvent::Stopping { at: _, reason } => warn!("stopping: {}", stopped(reason)),
        RunEvent::Ended { at: _, ending } => match ending {
            Ending::Done => info!("the run is done"),
            Ending::Stopped(_) => info!("the run has stopped"),
        },
    }
}

fn staging(folder: &Staging) {
    let Staging {
        project,
        name: _,
        root: _,
        id,
        is_over,
    } = folder;
    debug!(%project, made = id.is_some(), over = is_over, "a staging folder");
}

fn doubted(batch: u64, assets: usize) {
    debug!(
        batch,
        assets, "the server did not know what it was to delete"
    );
}

fn held_back(kept: usize, over: usize) {
    debug!(
        kept,
        over, "what stays for the sake of something else is written down"
    );
}

fn answered(batch: u64, outcomes: &[AssetOutcome]) {
    let of =
        |fits: fn(&Outcome) -> bool| outcomes.iter().filter(|(_, outcome)| fits(outcome)).count();
    debug!(
        batch,
        retired = of(|outcome| matches!(outcome, Outcome::Retired(_))),
        gone = of(|outcome| matches!(outcome, Outcome::Gone(_))),
        failed = of(|outcome| matches!(outcome, Outcome::Failed(_))),
        unknown = of(|outcome| matches!(outcome, Outcome::Unknown)),
        missing = of(|outcome| matches!(outcome, Outcome::Missing)),
        restored = of(|outcome| matches!(outcome, Outcome::Restored { .. })),
        "a batch is answered"
    );
}

const fn in_words(task: Task) -> &'static str {
    match task {
        Task::Delete => "delete",
        Task::Resolve => "resolve",
        Task::Restore => "restore",
        Task::Stage => "move aside",
        Task::Unstage => "move back",
        Task::Collect => "delete a staging folder of",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_list_of_targets_and_levels() {
        for (text, same) in [
            ("", Targets::new()),
            ("debug", Targets::new().with_default(LevelFilter::DEBUG)),
            ("2", Targets::new().with_default(LevelFilter::WARN)),
            (
                "hyper",
                Targets::new().with_target("hyper", LevelFilter::TRACE),
            ),
            (
                "hyper=",
                Targets::new().with_target("hyper", LevelFilter::TRACE),
            ),
            (
                "warn, rustls::client=Info,,h2=off",
                Targets::new()
                    .with_default(LevelFilter::WARN)
                    .with_target("rustls::client", LevelFilter::INFO)
                    .with_target("h2", LevelFilter::OFF),
            ),
        ] {
            assert_eq!(parse_targets(text), Ok(same), "{text}");
        }
        for text in [
            "=info",
            "hyper[send]=info",
            "[{batch}]",
            "hyper=loud",
            "a=b=info",
        ] {
            parse_targets(text).expect_err(text);
        }
    }
}
