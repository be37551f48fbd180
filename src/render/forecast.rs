//! What a run of a plan would send, and how long that takes.

use std::cmp::Reverse;
use std::io::{self, Write};
use std::time::Duration;

use crate::event::RateLimit;
use crate::plan::Totals;
use crate::plan::about::WholeFolder;
use crate::plan::forecast::{RateForecast, Stage, at_least};
use crate::render::escape::escape;
use crate::render::places::label;
use crate::render::progress::roughly;
use crate::render::rows::Page;
use crate::render::{count, counted, thousands};

/// Says how long a run would take at least, and whether that fits.
pub(super) fn duration(
    forecast: &[RateForecast],
    time_budget: Option<Duration>,
    page: &Page,
    sink: &mut dyn Write,
) -> io::Result<()> {
    reading(forecast, page, sink)?;
    let least = at_least(forecast);
    if !least.is_zero() {
        let rate_limits: Vec<String> = forecast
            .iter()
            .filter(|rate_limit| rate_limit.seconds > 0)
            .map(|rate_limit| {
                let window = match rate_limit.window_ms {
                    1_000 => "a second".to_owned(),
                    60_000 => "a minute".to_owned(),
                    window => format!("in {} ms", thousands(window)),
                };
                let assumed = if rate_limit.documented {
                    ""
                } else {
                    ", which is assumed"
                };
                let stage = match rate_limit.stage {
                    Stage::Before => " to read first",
                    Stage::Run => "",
                    Stage::Again => " to read again",
                };
                format!(
                    "{} `{}`{stage} at {} {window}{assumed}",
                    thousands(rate_limit.calls),
                    rate_limit.call,
                    rate_limit.limit
                )
            })
            .collect();
        let least = roughly(least.as_secs());
        let limits = rate_limits.join("; ");
        let text = format!("At the API's limits that takes at least {least}: {limits}.");
        page.prose(&text, sink)?;
    }
    if let Some(budget) = time_budget.filter(|budget| *budget < least) {
        let budget = roughly(budget.as_secs());
        page.prose(
            &format!(
                "{} the time budget of {budget} is not enough: the run stops in good order, and the next one goes on.",
                page.style.warning("warning:")
            ),
            sink,
        )?;
    }
    Ok(())
}

/// Says how often a run reads, before it sends anything and on its way.
fn reading(forecast: &[RateForecast], page: &Page, sink: &mut dyn Write) -> io::Result<()> {
    let calls = |stage| {
        let lines = forecast.iter().filter(|line| line.stage == stage);
        lines.map(|line| line.calls).sum()
    };
    let text = match (calls(Stage::Before), calls(Stage::Again)) {
        (0, 0) => return Ok(()),
        (before, 0) => format!(
            "Before that it makes at least {} to read.",
            requests(before)
        ),
        (0, again) => format!(
            "Meanwhile it makes at least {} to read again what it read too long ago.",
            requests(again)
        ),
        (before, again) => format!(
            "Before that it makes at least {} to read, and meanwhile {} to read again what it read too long ago.",
            requests(before),
            thousands(again)
        ),
    };
    page.prose(&text, sink)
}

/// Says which folders might be listed in place of all their files; `each` of them, or all in one
/// line.
pub(super) fn whole_folders(
    folders: &[WholeFolder],
    forecast: &[RateForecast],
    page: &Page,
    sink: &mut dyn Write,
) -> io::Result<()> {
    // A bulk delete takes no more calls for the files.
    let mut limits = forecast.iter();
    let Some(limit) = limits.find(|limit| limit.call == RateLimit::DeleteFile.name()) else {
        return Ok(());
    };
    let told = |files: usize| {
        let files = u64::try_from(files).unwrap_or(u64::MAX);
        let windows = u64::from(limit.limit.max(1)) * 1_000;
        match files.saturating_mul(limit.window_ms) / windows {
            ..60 => thousands(files),
            seconds => roughly(seconds),
        }
    };
    let mut folders: Vec<&WholeFolder> = folders.iter().collect();
    folders.sort_by_key(|folder| Reverse(folder.files));
    let [first, _, ..] = folders[..] else {
        return folders.iter().try_for_each(|folder| {
            let hint = format!("hint: all {}", whole_folder(folder, &told(folder.files)));
            page.prose(&hint, sink)
        });
    };
    let files = folders.iter().map(|folder| folder.files).sum();
    let (number, saved) = (count(folders.len()), told(files));
    let hint = format!(
        "hint: all files of {number} folders are listed, such as `{}`; you could list the folders themselves: {number} calls in place of {saved}",
        path(first)
    );
    page.prose(&hint, sink)?;
    if page.folds() {
        return Ok(());
    }
    folders.iter().try_for_each(|folder| {
        let hint = format!("  {}", whole_folder(folder, &told(folder.files)));
        page.prose(&hint, sink)
    })
}

fn whole_folder(folder: &WholeFolder, saved: &str) -> String {
    format!(
        "{} files of `{}` are listed; you could list the folder itself (`{}`): 1 call in place of {saved}",
        count(folder.files),
        path(folder),
        folder.id
    )
}

fn path(folder: &WholeFolder) -> String {
    let place = folder.location.as_ref().map(|location| label(location));
    let name = folder.name.as_ref().map(|name| escape(name).into_owned());
    let path: Vec<String> = place.into_iter().chain(name).collect();
    path.join("/")
}

fn requests(calls: u64) -> String {
    let calls = usize::try_from(calls).unwrap_or(usize::MAX);
    counted(calls, "request", "requests")
}

/// Says how many requests the deletes of V4 take, of which each is for one file or folder.
fn each(assets: usize, deletes: &str, forecast: &[RateForecast]) -> String {
    let single = [RateLimit::DeleteFile, RateLimit::DeleteFolder].map(RateLimit::name);
    let rate_limits = forecast
        .iter()
        .filter(|rate_limit| single.contains(&&*rate_limit.call));
    let requests = rate_limits.map(|rate_limit| rate_limit.calls).sum();
    if u64::try_from(assets) == Ok(requests) {
        return format!("send {deletes}, a request each");
    }
    format!("send {deletes} in at least {}", self::requests(requests))
}

/// Says what a run would send.
pub(super) fn closing(
    totals: &Totals,
    (batch_size, forecast): (usize, &[RateForecast]),
    skip_mismatched: bool,
    page: &Page,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let assets = totals.retire + totals.retry;
    let mut bulk = forecast.iter();
    let bulk = bulk.find(|rate_limit| rate_limit.call == RateLimit::BulkDelete.name());
    let mut parts = Vec::new();
    if assets > 0 {
        let deletes = counted(assets, "delete", "deletes");
        parts.push(match bulk {
            Some(bulk) => {
                let (calls, size) = (requests(bulk.calls), count(batch_size.max(1)));
                let more = if assets > 1 {
                    ", more where the server refuses some"
                } else {
                    ""
                };
                format!("send {deletes} in {calls} of up to {size}{more}")
            }
            None => each(assets, &deletes, forecast),
        });
    }
    if totals.resolve > 0 {
        parts.push(format!(
            "read {} and delete what is still there and listed",
            counted(totals.resolve, "asset", "assets")
        ));
    }
    if totals.record > 0 {
        let assets = counted(totals.record, "asset", "assets");
        parts.push(format!("record {assets} as gone"));
    }
    if totals.forget > 0 {
        let records = counted(totals.forget, "record", "records");
        parts.push(format!("drop {records}"));
    }
    if let Some((last, before)) = parts.split_last() {
        let and = if before.is_empty() { "" } else { ", and " };
        let text = format!("A run would {}{and}{last}.", before.join(", "));
        page.prose(&text, sink)?;
    }
    if totals.mismatch > 0 && skip_mismatched {
        let assets = counted(totals.mismatch, "mismatched asset", "mismatched assets");
        writeln!(sink, "It leaves out {assets}.")?;
    } else if totals.mismatch > 0 {
        writeln!(
            sink,
            "`apply` refuses it while {} mismatched; `--skip-mismatched` leaves such assets out.",
            counted(totals.mismatch, "asset is", "assets are")
        )?;
    }
    Ok(())
}
