//! What `apply` prints at its end: what happened, what did not, and what to do next.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use crate::asset::AssetId;
use crate::event::{Ending, RateLimit, StopReason};
use crate::inventory::Known;
use crate::outcome::FailureKind;
use crate::render::escape::escape;
use crate::render::names::WITHHELD;
use crate::render::progress::roughly;
use crate::render::report::{FailedAsset, Summary};
use crate::render::shelter::Most;
use crate::render::text::ROWS;
use crate::render::{
    Paint, Style, count, counted, holds, moment, next, rows, share, shelter, size, thousands, words,
};

/// How the lists are seen that only the plan has.
const IN_PLAN: &str = "`retire plan --full` shows all";

/// Writes the end of a run for people. Where it `folds`, as on a terminal, its lists take as many lines
/// together as those of a plan.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn summary(
    summary: &Summary,
    folds: bool,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let groups = failure_groups(summary);
    let kinds = warning_kinds(summary);
    let done = summary.left_alone.iter();
    let done = done.filter(|left| !left.other.is_open()).count();
    let mut lists = [
        groups.len() + summary.failed.len(),
        summary.unknown.len(),
        summary.missing.len(),
        kinds.len(),
        summary.kept.len(),
        done,
        summary.left_alone.len() - done,
    ];
    if folds {
        let shares = share(&lists, ROWS);
        lists.copy_from_slice(&shares);
    }
    let [failed, unknown, missing, warned, kept, done, left_alone] = lists;
    headline(summary, style, sink)?;
    let stop = match &summary.ending {
        Some(Ending::Stopped(reason)) => Some(stopped(reason)),
        None if summary.run.is_some() => Some("the run never came to its end".to_owned()),
        Some(Ending::Done) | None => None,
    };
    if let Some(why) = stop {
        writeln!(sink, "{} {why}", style.paint(Paint::Yellow, "Stopped:"))?;
    }
    if summary.unsent > 0 {
        let assets = counted(summary.unsent, "asset", "assets");
        writeln!(sink, "Nothing was sent for {assets}.")?;
        if let Some(rest) = rest(summary) {
            writeln!(sink, "At the pace of this run the rest takes about {rest}.")?;
        }
    }
    failures(summary, &groups, failed, style, sink)?;
    ids(
        (&summary.unknown, unknown, &summary.known),
        ("asset is unknown:", "assets are unknown:", Paint::Magenta),
        "the delete was sent, and no trustworthy answer came back",
        "unknown",
        style,
        sink,
    )?;
    ids(
        (&summary.missing, missing, &summary.known),
        ("asset is missing:", "assets are missing:", Paint::Yellow),
        "the server does not find what is listed here, and nothing shows that it was deleted",
        "missing",
        style,
        sink,
    )?;
    warnings((summary.warnings.len(), &kinds), warned, style, sink)?;
    left(summary, sink)?;
    let path = |id| {
        let path = rows::path(summary.known.get(&id)?);
        (!path.is_empty()).then_some(path)
    };
    let kept = Most::Lines(kept, IN_PLAN);
    shelter::kept_back(&summary.kept, &path, (kept, style), sink)?;
    let left_alone = [done, left_alone].map(|lines| Most::Lines(lines, IN_PLAN));
    shelter::left_alone(&summary.left_alone, &path, (left_alone, style), sink)?;
    next(summary, style, sink)
}

/// Writes what is to say after a plan with nothing to do, which says that itself.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn after_idle(summary: &Summary, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    next(summary, style, sink)
}

/// How long what is left takes at the pace of the run; nothing where it tells no pace.
fn rest(summary: &Summary) -> Option<String> {
    let done = u128::try_from(summary.counts.total()).ok()?;
    let elapsed = summary.elapsed.as_millis();
    // Shorter than a second tells nothing of hours.
    if done == 0 || elapsed < 1_000 {
        return None;
    }
    let left = u128::try_from(summary.unsent).ok()?;
    let seconds = left.saturating_mul(elapsed).div_ceil(done * 1_000);
    let seconds = u64::try_from(seconds).ok()?;
    // The first requests of a run go at once, and the rest waits for the limit.
    Some(roughly(seconds.max(summary.least.as_secs())))
}

fn headline(summary: &Summary, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let Some(run) = summary.run else {
        let text = if summary.totals.changes() == 0 {
            "Nothing was sent: nothing had to be done."
        } else {
            "Nothing was sent."
        };
        return writeln!(sink, "{}", style.paint(Paint::Bold, text));
    };
    let counts = summary.counts;
    let figures = [
        (counts.retired, "retired", Paint::Green),
        (counts.gone, "already gone", Paint::Green),
        (counts.failed, "failed", Paint::Red),
        (counts.unknown, "unknown", Paint::Magenta),
        (counts.missing, "missing", Paint::Yellow),
        (summary.forgotten, "forgotten", Paint::Dim),
    ];
    let held = holds::figures(summary.holds, ["kept", "released", "ended"]);
    let mut parts: Vec<String> = figures
        .into_iter()
        .filter(|(figure, ..)| *figure > 0)
        .map(|(figure, word, paint)| {
            let text = format!("{} {word}", count(figure));
            style.paint(paint, text).to_string()
        })
        .collect();
    parts.extend(held);
    if parts.is_empty() {
        parts.push("nothing changed".to_owned());
    }
    let run = style.paint(Paint::Bold, format!("Run {}:", thousands(run)));
    let requests = counted(summary.requests, "request", "requests");
    write!(sink, "{run} {} · {requests}", parts.join(", "))?;
    if summary.ending.is_some() {
        write!(sink, " in {}", duration(summary.elapsed))?;
    }
    writeln!(sink)?;
    if let Some(size) = size::deleted(summary.deleted) {
        writeln!(
            sink,
            "Deleted: {size}. Frame.io keeps that for 30 days, and may free the space only later."
        )?;
    }
    if summary.resolved > 0 {
        let assets = counted(summary.resolved, "asset", "assets");
        writeln!(sink, "The run settled {assets} that had been unknown.")?;
    }
    if summary.not_saved {
        return writeln!(sink, "State: not written");
    }
    if summary.state_path.is_empty() {
        return Ok(());
    }
    writeln!(sink, "State: {}", escape(&summary.state_path))
}

/// What an asset is called and where it lies, before its id.
fn named(id: AssetId, known: &BTreeMap<AssetId, Known>) -> String {
    let Some(known) = known.get(&id) else {
        return id.to_string();
    };
    let path = rows::path(known);
    if path.is_empty() {
        return id.to_string();
    }
    format!("{path}  {id}")
}

/// Shows how long something took: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`.
pub(crate) fn duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds {
        0..10 => format!("{}.{} s", seconds, elapsed.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Says what follows from the first signal, with how long answers are waited for at most.
pub(crate) fn stop_asked(grace: Duration) -> String {
    format!(
        "stopping: the run sends nothing more and waits up to {} for open answers; the same signal again within 2 s stops at once",
        match grace.as_secs() {
            0 => "0 s".to_owned(),
            _ => duration(grace),
        }
    )
}

/// Says why a run stopped.
/// The same in our own words alone.
pub(super) fn stopped_in_words(reason: &StopReason) -> String {
    let mut reason = reason.clone();
    match &mut reason {
        StopReason::NotAuthenticated { detail }
        | StopReason::NoToken { detail }
        | StopReason::NotAuthorised { detail }
        | StopReason::NotPaid { detail }
        | StopReason::NotReachable { detail }
        | StopReason::WrongEndpoint { detail }
        | StopReason::Ended { detail }
        | StopReason::FailedBatches { batches: _, detail }
        | StopReason::Broken { detail }
        | StopReason::NotRecorded { detail } => WITHHELD.clone_into(detail),
        StopReason::RateLimited { .. }
        | StopReason::NoAnswer { .. }
        | StopReason::TooManyMissing { .. }
        | StopReason::TooManyFailures { .. }
        | StopReason::WrongAccount { .. }
        | StopReason::TimeBudget
        | StopReason::Signal { .. } => {}
    }
    stopped(&reason)
}

pub(crate) fn stopped(reason: &StopReason) -> String {
    match reason {
        StopReason::NotAuthenticated { detail } => {
            format!("the server does not accept the token: {}", escape(detail))
        }
        StopReason::NoToken { detail } => escape(detail).into_owned(),
        StopReason::NotAuthorised { detail } => {
            format!("the server refuses the call: {}", escape(detail))
        }
        StopReason::NotPaid { detail } => format!(
            "what the account pays for does not allow the call: {}",
            escape(detail)
        ),
        StopReason::NotReachable { detail } => {
            format!("the server could not be reached: {}", escape(detail))
        }
        StopReason::WrongEndpoint { detail } => format!(
            "the server does not answer as the Frame.io API does: {}",
            escape(detail)
        ),
        StopReason::RateLimited { call, seconds } if *call == RateLimit::Token.name() => format!(
            "the token endpoint gives no token for another {}, and `--retry-for` ends before that",
            roughly(*seconds)
        ),
        StopReason::RateLimited { call, seconds } => format!(
            "the server lets no `{}` request through for another {}, and `--retry-for` ends before that",
            escape(call),
            roughly(*seconds)
        ),
        StopReason::NoAnswer { call, seconds } if *call == RateLimit::Token.name() => format!(
            "the token endpoint takes requests and answers none: waited {} for a token, which is as long as `--retry-for` and `--retries` allow",
            roughly(*seconds)
        ),
        StopReason::NoAnswer { call, seconds } => format!(
            "the server takes requests and answers none: waited {} for the answer to `{}`, which is as long as `--retry-for` and `--retries` allow",
            roughly(*seconds),
            escape(call)
        ),
        StopReason::TooManyMissing { missing, answered } => format!(
            "the server does not know {} of {}: this looks like the wrong account, token or server",
            count(*missing),
            counted(*answered, "asset", "assets")
        ),
        StopReason::TooManyFailures { failed, answered } => format!(
            "the server refused {} of {}: this looks like a fault or a missing right",
            count(*failed),
            counted(*answered, "asset", "assets")
        ),
        StopReason::WrongAccount { missing } => format!(
            "none of the {} that were asked for was found, and the state has no asset of this account yet: this is the wrong account or token",
            counted(*missing, "asset", "assets")
        ),
        StopReason::Ended { detail } => format!(
            "v2 has ended: the server does not answer as that API does: {}",
            escape(detail)
        ),
        StopReason::FailedBatches { batches, detail } => format!(
            "{} in a row failed: this looks like an outage: {}",
            counted(
                usize::try_from(*batches).unwrap_or(usize::MAX),
                "request",
                "requests"
            ),
            escape(detail)
        ),
        StopReason::TimeBudget => "the time budget is used up".to_owned(),
        StopReason::Broken { detail } => {
            format!("a worker of this program broke down: {}", escape(detail))
        }
        StopReason::NotRecorded { detail } => format!(
            "`retire` could no longer write down what happens: {}",
            escape(detail)
        ),
        StopReason::Signal { number } => match number {
            1 => "its terminal was closed (SIGHUP)".to_owned(),
            2 => "interrupted (SIGINT)".to_owned(),
            15 => "terminated (SIGTERM)".to_owned(),
            number => format!("asked to by signal {number}"),
        },
    }
}

/// Assets that were refused alike.
type FailureGroup<'run> = ((FailureKind, &'run str), Vec<&'run FailedAsset>);

/// The refusals, those that most assets share first.
fn failure_groups(summary: &Summary) -> Vec<FailureGroup<'_>> {
    let mut groups: BTreeMap<(FailureKind, &str), Vec<&FailedAsset>> = BTreeMap::new();
    for failed in &summary.failed {
        let group = groups.entry((failed.kind, &*failed.message));
        group.or_default().push(failed);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, assets)| std::cmp::Reverse(assets.len()));
    groups
}

/// Writes what was refused, in so many lines.
fn failures(
    summary: &Summary,
    groups: &[FailureGroup<'_>],
    lines: usize,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    if summary.failed.is_empty() {
        return Ok(());
    }
    let assets = counted(summary.failed.len(), "asset failed", "assets failed");
    writeln!(sink, "\n{}:", style.paint(Paint::Red, assets))?;
    let all = groups.len() + summary.failed.len();
    // One of them says how many more there are, and each message wants an asset.
    let lines = if lines < all {
        lines.saturating_sub(1)
    } else {
        lines
    };
    let told = groups.len().min(lines.div_ceil(2));
    let sizes: Vec<usize> = groups[..told].iter().map(|(_, ids)| ids.len()).collect();
    let mut shown = 0;
    for (((kind, message), assets), share) in groups.iter().zip(share(&sizes, lines - told)) {
        let number = counted(assets.len(), "asset", "assets");
        let message = style.paint(Paint::Bold, escape(message));
        writeln!(sink, "  {message} ({}, {number})", kind.name())?;
        for FailedAsset { id, attempts, .. } in &assets[..share] {
            let asset = named(*id, &summary.known);
            writeln!(sink, "    {asset}  tried {}", words::times(*attempts))?;
        }
        shown += share;
    }
    fold(summary.failed.len() - shown, "failed", style, sink)
}

fn ids(
    (ids, lines, known): (&[AssetId], usize, &BTreeMap<AssetId, Known>),
    (one, many, paint): (&str, &str, Paint),
    why: &str,
    status: &str,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let assets = style.paint(paint, counted(ids.len(), one, many));
    writeln!(sink, "\n{assets} {why}:")?;
    let shown = if lines < ids.len() {
        lines.saturating_sub(1)
    } else {
        ids.len()
    };
    for id in &ids[..shown] {
        writeln!(sink, "    {}", named(*id, known))?;
    }
    fold(ids.len() - shown, status, style, sink)
}

/// Writes how many more assets have a status, and how to see them.
fn fold(more: usize, status: &str, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let what = format!("more; `retire state list --status {status}` lists them");
    words::fold(4, more, &what, style, sink)
}

/// What the server has answered that was not to be expected, each with how often.
fn warning_kinds(summary: &Summary) -> BTreeMap<&str, usize> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for warning in &summary.warnings {
        *kinds.entry(warning).or_default() += 1;
    }
    kinds
}

fn warnings(
    (number, kinds): (usize, &BTreeMap<&str, usize>),
    lines: usize,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    if kinds.is_empty() {
        return Ok(());
    }
    let answers = counted(number, "unexpected answer", "unexpected answers");
    let answers = style.paint(Paint::Yellow, answers);
    writeln!(sink, "\n{answers} from the server:")?;
    let shown = if lines < kinds.len() {
        lines.saturating_sub(1)
    } else {
        kinds.len()
    };
    for (warning, times) in kinds.iter().take(shown) {
        let times = match times {
            1 => String::new(),
            times => format!(" ({} times)", count(*times)),
        };
        writeln!(sink, "  {}{times}", escape(warning))?;
    }
    let what = "more of other words";
    words::fold(2, kinds.len() - shown, what, style, sink)
}

/// Counts what the plan itself left alone.
fn left(summary: &Summary, sink: &mut dyn Write) -> io::Result<()> {
    let totals = summary.totals;
    let mut parts = Vec::new();
    if totals.defer > 0 {
        let next = summary.next_due.map_or_else(String::new, |next| {
            format!(" (the next is due {})", moment(next))
        });
        parts.push(format!("{} deferred{next}", count(totals.defer)));
    }
    parts.extend(words::figures(&[
        (totals.held, "held"),
        (totals.blocked, "blocked"),
        (totals.mismatch, "mismatched"),
        (totals.drift, "in drift"),
    ]));
    if parts.is_empty() {
        return Ok(());
    }
    writeln!(sink, "\nLeft as they were: {}.", parts.join(", "))
}

fn next(summary: &Summary, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let steps = next::next_steps(summary);
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(sink)?;
    words::heading("What to do next:", style, sink)?;
    for step in steps {
        writeln!(sink, "  - {step}")?;
    }
    Ok(())
}
