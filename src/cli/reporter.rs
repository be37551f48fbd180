//! Who hears of a run: the summary first, then the stream, the log and the progress.

use crate::cli::clock;
use crate::cli::log;
use crate::cli::streams::Streams;
use crate::cli::ticker::Ticker;
use crate::event::{Ending, Listener, RunEvent};
use crate::render::report::SummaryBuilder;

/// Passes each event of a run on to all who want it.
#[derive(Debug)]
pub(super) struct Reporter<'run> {
    summary: SummaryBuilder,
    streams: &'run mut Streams,
    ticker: Ticker,
    ended: bool,
}

impl<'run> Reporter<'run> {
    /// Starts with everybody who listens.
    pub(super) const fn new(
        summary: SummaryBuilder,
        streams: &'run mut Streams,
        ticker: Ticker,
    ) -> Self {
        Self {
            summary,
            streams,
            ticker,
            ended: false,
        }
    }

    /// Ends with the summary; a run that was stopped at once has not said itself that it ended.
    pub(super) fn finish(mut self, ending: &Ending) -> SummaryBuilder {
        if !self.ended {
            self.on_event(&RunEvent::Ended {
                at: clock::now(),
                ending: ending.clone(),
            });
        }
        let Self { summary, .. } = self;
        summary
    }
}

impl Listener for Reporter<'_> {
    fn on_event(&mut self, event: &RunEvent) {
        self.ended |= matches!(event, RunEvent::Ended { .. });
        self.summary.on_event(event);
        self.ticker.on_event(event);
        self.streams.write_event(event, &self.summary);
        log::event(event);
    }
}
