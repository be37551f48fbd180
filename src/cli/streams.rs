//! Where the event stream of a run goes: standard output, a file, or both.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::args::Events;
use crate::cli::clock;
use crate::cli::console::Console;
use crate::cli::destination::{self, Document, Output};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::reports::Reports;
use crate::diagnostic::in_words;
use crate::event::RunEvent;
use crate::render::events::{Close, Lines};
use crate::render::report::{Summary, SummaryBuilder};

/// The event stream of a run. Nothing that goes wrong with it stops the run.
#[derive(Debug)]
pub(super) struct Streams {
    lines: Lines,
    sinks: Sinks,
    /// Whether it has a line, so that an error is no longer one of before the run.
    begun: bool,
}

impl Streams {
    /// Opens what the arguments ask for; `state` is the state that the run uses.
    ///
    /// # Errors
    ///
    /// Returns why the file cannot be written, or what it is that is left alone.
    pub(super) fn open(
        console: &Console,
        arguments: &Events,
        (reports, state): (&Reports<'_>, &Path),
    ) -> Result<Self, Failure> {
        let mut files = Vec::new();
        let named = arguments.json_out.iter().map(|path| &**path);
        for path in named.chain(reports.events()) {
            match destination::check(path, Document::Events, state)? {
                Output::File(place) => {
                    files.push((path.to_owned(), destination::create_stream(&place)?));
                }
                Output::Standard => {}
            }
        }
        Ok(Self {
            lines: Lines::new(reports.names()),
            sinks: Sinks {
                console: console.clone(),
                out: arguments.on_standard(),
                files,
                broken: false,
            },
            begun: false,
        })
    }

    /// Whether a stream misses something that somebody waits for.
    pub(super) const fn is_broken(&self) -> bool {
        self.sinks.broken
    }

    /// Whether progress on the terminal would not stand in the way of the stream.
    pub(super) const fn leaves_room_for_progress(&self) -> bool {
        !(self.sinks.out && self.sinks.console.is_read_by_people())
    }

    /// Tells one event, which `summary` has heard already.
    pub(super) fn write_event(&mut self, event: &RunEvent, summary: &SummaryBuilder) {
        if self.sinks.is_open() {
            self.begun = true;
            self.sinks
                .send(self.lines.write_event(event, clock::now(), summary));
        }
    }

    /// Tells how the command ended, and sums the run up.
    pub(super) fn close(
        &mut self,
        summary: SummaryBuilder,
        saved: bool,
        exit: impl FnOnce(&Summary) -> Exit,
    ) -> (Summary, Exit) {
        let unanswered = summary.unanswered();
        let summary = Summary {
            not_saved: !saved,
            ..summary.finish()
        };
        let exit = exit(&summary);
        if self.sinks.is_open() {
            self.begun = true;
            let close = Close {
                now: clock::now(),
                saved,
                exit: exit.code(),
            };
            self.sinks
                .send(self.lines.close(&unanswered, &summary, close));
        }
        (summary, exit)
    }

    /// Tells why no run began.
    pub(super) fn fail(&mut self, failure: &Failure) {
        if self.begun || !self.sinks.is_open() {
            return;
        }
        let (message, exit) = (in_words(failure), failure.exit().code());
        // Somebody may have given a token where a setting belongs.
        let message = self.sinks.console.masked(message.into_bytes());
        let message = String::from_utf8_lossy(&message);
        let bytes = self
            .lines
            .error(clock::now(), &message, failure.hint(), exit);
        self.sinks.send(bytes);
    }
}

/// Where the lines go, as far as anybody still takes them.
#[derive(Debug)]
struct Sinks {
    console: Console,
    out: bool,
    files: Vec<(PathBuf, File)>,
    broken: bool,
}

impl Sinks {
    fn is_open(&self) -> bool {
        self.out || !self.files.is_empty()
    }

    fn send(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.out
            && let Err(error) = self.console.stream(bytes)
        {
            self.out = false;
            self.lost("standard output", &error);
        }
        let mut lost = Vec::new();
        self.files.retain_mut(|(path, file)| {
            let written = file.write_all(bytes);
            let is_whole = written.is_ok();
            lost.extend(written.err().map(|error| (path.clone(), error)));
            is_whole
        });
        for (path, error) in lost {
            self.lost(&format!("`{}`", path.display()), &error);
        }
    }

    /// Says once that a stream is not whole; the run goes on, and the state has all of it.
    fn lost(&mut self, name: &str, error: &io::Error) {
        if error.kind() == io::ErrorKind::BrokenPipe {
            let text = format!("nobody reads the events in {name} any more; the run goes on");
            self.console.warn(&text);
        } else {
            self.broken = true;
            self.console.error(
                &format!("the events in {name} are not complete: {error}"),
                Some("the run goes on, and the state will have what became of each asset"),
            );
        }
    }
}
