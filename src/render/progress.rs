//! How far a run is: its events folded into one line, plain or with a bar.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::{Listener, RateLimit, RunEvent};
use crate::outcome::{Outcome, Phase};
use crate::plan::forecast::{RateForecast, Stage};
use crate::render::report::Summary;
use crate::render::{Paint, Style, count, counted, escape, words};
use crate::state::Counts;

/// The shortest wait for the server's limit that is told.
const SHORTEST_WAIT: Duration = Duration::from_millis(500);

/// How much of the reason of a wait is told, in characters: a server's own words may be long.
const REASON: usize = 120;

/// What a run waits for: the server's limit, an answer, or that a request that went wrong is made
/// again, and what went wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum For {
    #[default]
    Limit,
    Answer(RateLimit),
    Retry(String),
}

impl For {
    /// What is said of it where there is room, the shorter one first.
    fn words(&self) -> [String; 2] {
        let words = match self {
            Self::Limit => " for the limit",
            Self::Answer(RateLimit::Token) => " for a token",
            Self::Answer(_) => " for an answer",
            Self::Retry(_) => " to try again",
        };
        let whole = match self {
            Self::Limit | Self::Answer(RateLimit::Token) => words.to_owned(),
            Self::Answer(rate_limit) => format!(" for the answer to `{}`", rate_limit.name()),
            Self::Retry(why) => {
                let short: String = why.chars().take(REASON).collect();
                let cut = if short.len() < why.len() { "…" } else { "" };
                format!("{words}: {}{cut}", escape::escape(&short))
            }
        };
        [words.to_owned(), whole]
    }
}

/// The narrowest and the widest bar, in characters between its brackets.
const BAR: (usize, usize) = (10, 30);

/// How far a run is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// How many assets the plan may delete.
    pub(super) total: usize,
    /// What became of them so far, each counted once by its last outcome.
    pub(super) counts: Counts,
    elapsed: Duration,
    /// Until when the run waits, counted as `elapsed` is, and what for.
    waits: (Duration, For),
    /// The same of what is not answered, by batch.
    slow: BTreeMap<u64, (Duration, For)>,
    /// The assets that were refused or not answered so far, since they may be asked for again.
    open: HashMap<AssetId, Open>,
    /// The assets that wait in a staging folder beyond this run, which is what became of them.
    waiting: HashSet<AssetId>,
    /// The files that are deleted in place of their version stacks, which count as one asset each.
    members: HashSet<AssetId>,
    /// What the plan takes at the server's limits.
    forecast: Vec<RateForecast>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Failed,
    Unknown,
}

impl Progress {
    /// Starts with the number of assets that the plan may delete, and with what that takes.
    pub(crate) fn new(total: usize, mut forecast: Vec<RateForecast>) -> Self {
        // What is read beside that says nothing of how far it is.
        forecast.retain(|line| line.stage == Stage::Run);
        Self {
            total,
            forecast,
            ..Self::default()
        }
    }

    /// Takes the limits that the server has said.
    pub(crate) fn keep_to(&mut self, limits: &[(RateLimit, u32, Duration)]) {
        for (rate_limit, limit, window) in limits {
            let lines = self.forecast.iter_mut();
            for line in lines.filter(|line| line.call == rate_limit.name()) {
                line.keep_to(*limit, *window);
            }
        }
    }

    /// How long what is left takes at least at the server's limits, after a while in which so many
    /// assets were done: the first calls go at once, however few a limit lets through afterwards.
    fn least(&self, elapsed: Duration, done: usize) -> Duration {
        let lines = self.forecast.iter();
        let least = lines.filter_map(|line| line.left(elapsed, (done, self.total)));
        least.max().unwrap_or_default()
    }

    /// The same at the end of a run, by the limits that the server has said by then.
    pub(crate) fn least_after(
        &mut self,
        summary: &Summary,
        limits: &[(RateLimit, u32, Duration)],
    ) -> Duration {
        self.keep_to(limits);
        self.least(summary.elapsed, summary.counts.total())
    }

    /// Takes the time since the run began, for the speed and for what is left.
    pub(crate) const fn tick(&mut self, elapsed: Duration) {
        self.elapsed = elapsed;
    }

    /// Of how many assets that is: what was found beside the plan makes it no more than all of them.
    fn of(&self) -> usize {
        self.total.max(self.done())
    }

    /// How many assets have an outcome.
    pub(crate) const fn done(&self) -> usize {
        self.counts.total()
    }

    /// How long the run still waits; nothing where it does not.
    pub(crate) fn wait(&self) -> Option<Duration> {
        let wait = self.longest_wait().0.saturating_sub(self.elapsed);
        // A pause that nobody can see is the pace itself, and no wait.
        (wait >= SHORTEST_WAIT).then_some(wait)
    }

    /// The wait that ends last.
    fn longest_wait(&self) -> &(Duration, For) {
        let all = self.slow.values().chain([&self.waits]);
        all.max_by_key(|(until, _)| *until).unwrap_or(&self.waits)
    }

    /// Takes notice that a batch is answered, or goes on; what is read beside the run has no line of
    /// its own for that, so that whatever happens is taken for it.
    fn goes_on(&mut self, batch: u64) {
        if !self.slow.is_empty() {
            self.slow.remove(&batch);
            self.slow.remove(&0);
        }
    }

    /// The wait that ends last is the one that is told.
    fn wait_for(&mut self, what: For, wait: Duration) {
        let until = self.elapsed + wait;
        if until > self.waits.0 {
            self.waits = (until, what);
        }
    }

    fn record_outcome(&mut self, id: AssetId, outcome: &Outcome, at: Timestamp) {
        if !self.waiting.is_empty() && self.waiting.remove(&id) {
            self.counts.staged -= 1;
        }
        // Mostly there are none, and then there is nothing to look up.
        let before = (!self.open.is_empty())
            .then(|| self.open.remove(&id))
            .flatten();
        match before {
            Some(Open::Failed) => self.counts.failed -= 1,
            Some(Open::Unknown) => self.counts.unknown -= 1,
            None => {}
        }
        match outcome {
            Outcome::Retired(_) => self.counts.retired += 1,
            Outcome::Gone(_) => self.counts.gone += 1,
            // A delete of ours that was not answered stays unknown.
            Outcome::Missing if before == Some(Open::Unknown) => {
                self.counts.unknown += 1;
                self.open.insert(id, Open::Unknown);
            }
            Outcome::Missing => self.counts.missing += 1,
            Outcome::Restored { .. } => self.counts.restored += 1,
            // On its way there, and where the same run deletes it, nothing has become of it yet.
            Outcome::Staged(aside) => {
                if aside.phase == Phase::There && aside.due > at {
                    self.counts.staged += 1;
                    self.waiting.insert(id);
                }
            }
            Outcome::Rescued => self.counts.rescued += 1,
            Outcome::Failed(_) => {
                self.counts.failed += 1;
                self.open.insert(id, Open::Failed);
            }
            Outcome::Unknown => {
                self.counts.unknown += 1;
                self.open.insert(id, Open::Unknown);
            }
        }
    }
}

impl Listener for Progress {
    fn on_event(&mut self, event: &RunEvent) {
        if let RunEvent::Answered { batch, .. } | RunEvent::Intent { batch, .. } = event {
            self.goes_on(*batch);
        } else if let RunEvent::LeftAlone { .. } = event {
            self.goes_on(0);
        }
        // What was read before the run, as batch 0, is no part of its total.
        if let RunEvent::Answered {
            batch: 1..,
            at,
            outcomes,
        } = event
        {
            for (id, outcome) in outcomes {
                if !self.members.contains(id) {
                    self.record_outcome(*id, outcome, *at);
                }
            }
        } else if let RunEvent::Intent {
            ids,
            stack: Some(_),
            ..
        } = event
        {
            self.members.extend(ids.iter());
        } else if let RunEvent::Paced { wait, .. } = event {
            self.wait_for(For::Limit, *wait);
        } else if let RunEvent::Retried { wait, why, .. } = event {
            self.wait_for(For::Retry(why.clone()), *wait);
        } else if let RunEvent::Slow {
            batch,
            rate_limit,
            wait,
            ..
        } = event
        {
            let until = self.elapsed + *wait;
            self.slow.insert(*batch, (until, For::Answer(*rate_limit)));
        }
    }
}

/// Says in one line how far a run is, how fast, and how long it still takes.
pub(crate) fn line(progress: &Progress) -> String {
    let done = progress.done();
    let mut parts = vec![format!(
        "{} of {}",
        count(done),
        counted(progress.of(), "asset", "assets")
    )];
    parts.extend(words::figures(&words::outcomes(
        progress.counts,
        "already gone",
    )));
    let (speed, left) = forecast(progress);
    parts.extend(speed);
    parts.extend(left.map(|left| format!("about {left} left")));
    let wait = progress.wait();
    let [_, what] = progress.longest_wait().1.words();
    parts.extend(wait.map(|wait| waiting(wait) + &what));
    parts.join(" · ")
}

/// Says the same in one line of at most `columns` columns, with a bar where there is room: what
/// matters less is left out first.
pub(crate) fn bar(progress: &Progress, columns: usize, style: Style) -> String {
    let Counts {
        failed, unknown, ..
    } = progress.counts;
    let (speed, left) = forecast(progress);
    let told =
        |figure: usize, word: &str| (figure > 0).then(|| format!("{} {word}", count(figure)));
    let done = format!("{} of {}", count(progress.done()), count(progress.of()));
    // In the order of the line; the smaller number is the more important.
    let mut pieces = [
        (0, Some(done), None),
        (2, told(failed, "failed"), Some(Paint::Red)),
        (3, told(unknown, "unknown"), Some(Paint::Magenta)),
        (5, speed, None),
        (4, left.map(|left| format!("{left} left")), None),
        (1, progress.wait().map(waiting), Some(Paint::Yellow)),
    ];
    let texts = pieces.iter().filter_map(|(_, text, _)| text.as_deref());
    let needed: usize = texts.map(|text| escape::columns(text) + BETWEEN).sum();
    if let (_, Some(wait), _) = &mut pieces[5] {
        let words = progress.longest_wait().1.words().into_iter().rev();
        let mut fitting =
            words.filter(|words| needed + escape::columns(words) <= columns + BETWEEN);
        wait.push_str(&fitting.next().unwrap_or_default());
    }
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|index| pieces[*index].0);
    let mut room = columns;
    let mut chosen = vec![false; pieces.len()];
    for index in order {
        let Some(text) = &pieces[index].1 else {
            continue;
        };
        let between = if room == columns { 0 } else { BETWEEN };
        let needed = escape::columns(text) + between;
        if needed <= room {
            room -= needed;
            chosen[index] = true;
        } else if between == 0 {
            // Without how many are done no other figure means anything.
            return String::new();
        }
    }
    let shown = pieces.into_iter().zip(chosen).filter(|(_, chosen)| *chosen);
    let parts: Vec<String> = shown
        .filter_map(|((_, text, paint), _)| {
            let text = text?;
            Some(paint.map_or_else(
                || text.clone(),
                |paint| style.paint(paint, &text).to_string(),
            ))
        })
        .collect();
    let (narrowest, widest) = BAR;
    // The brackets and the space behind them.
    match room.checked_sub(3).filter(|width| *width >= narrowest) {
        Some(width) => format!(
            "{} {}",
            filled(progress, width.min(widest)),
            parts.join(" · ")
        ),
        None => parts.join(" · "),
    }
}

/// How many columns stand between two pieces.
const BETWEEN: usize = 3;

fn filled(progress: &Progress, width: usize) -> String {
    let done = progress.done().min(progress.total);
    let full = (width * done).checked_div(progress.total).unwrap_or(width);
    format!("[{}{}]", "=".repeat(full), " ".repeat(width - full))
}

fn waiting(wait: Duration) -> String {
    let seconds = u64::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX);
    format!("waiting {}", roughly(seconds))
}

/// How fast a run is, and how long it still takes, as far as that can be told.
fn forecast(progress: &Progress) -> (Option<String>, Option<String>) {
    let (done, elapsed) = (progress.done(), progress.elapsed.as_millis());
    // Before half a second a speed says nothing, and without an outcome there is none.
    if elapsed < 500 || done == 0 {
        return (None, None);
    }
    let left = progress.total.saturating_sub(done);
    let milliseconds = (left as u128).saturating_mul(elapsed) / done as u128;
    let seconds = u64::try_from(milliseconds.div_ceil(1_000)).unwrap_or(u64::MAX);
    let seconds = seconds.max(progress.least(progress.elapsed, done).as_secs());
    let left = (left > 0).then(|| roughly(seconds));
    (Some(speed(done, elapsed)), left)
}

fn speed(done: usize, elapsed: u128) -> String {
    let per = |milliseconds: u128| {
        let rate = (done as u128).saturating_mul(milliseconds) / elapsed;
        usize::try_from(rate).unwrap_or(usize::MAX)
    };
    match (per(1_000), per(60_000)) {
        (0, minute) => format!("{}/min", count(minute)),
        (second, _) => format!("{}/s", count(second)),
    }
}

/// Shows roughly how long something takes.
pub(crate) fn roughly(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!(
            "{} h {} min",
            crate::render::thousands(seconds / 3_600),
            seconds % 3_600 / 60
        ),
    }
}
