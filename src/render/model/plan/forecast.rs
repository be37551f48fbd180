//! What a run of a plan would send, and how long that takes.

use std::cmp::Reverse;
use std::time::Duration;

use crate::event::RateLimit;
use crate::plan::Totals;
use crate::plan::about::WholeFolder;
use crate::plan::aside::{Cost, Moves, Ways};
use crate::plan::forecast::{RateForecast, Stage, at_least};
use crate::render::escape::escape;
use crate::render::model::plan::view::PlanView;
use crate::render::model::{Block, Line};
use crate::render::names::{Foreign, path_without_files};
use crate::render::places::label;
use crate::render::progress::roughly;
use crate::render::{Paint, count, counted, either, moment, thousands};

/// Says what a run would send, how long it would take at least, and whether that fits; nothing where
/// nothing changes.
pub(super) fn forecast(view: &PlanView<'_>) -> Option<Vec<Block>> {
    let totals = &view.plan.totals;
    let moves = &view.plan.moves;
    if totals.changes() == 0 && totals.mismatch == 0 && moves.is_empty() {
        return None;
    }
    let lines = [
        sent((totals, moves), (view.batch_size, view.forecast)),
        home(moves),
        stuck(moves),
        at_once(moves),
        ways(moves),
        mismatched(totals, view.skip_mismatched),
        reading(view.forecast),
        duration(view.forecast),
        too_long(view.forecast, view.time_budget),
    ];
    let lines = lines.into_iter().flatten().map(Block::Paragraph);
    let folders = whole_folders(&view.plan.whole_folders, view.forecast);
    Some(lines.chain(folders).collect())
}

/// Says how long the limits of the API let it take at least.
fn duration(forecast: &[RateForecast]) -> Option<Line> {
    let least = at_least(forecast);
    if least.is_zero() {
        return None;
    }
    let limits = forecast.iter().filter(|limit| limit.seconds > 0);
    let limits = limits.map(|limit| {
        let window = match limit.window_ms {
            1_000 => "a second".to_owned(),
            60_000 => "a minute".to_owned(),
            window => format!("in {} ms", thousands(window)),
        };
        let assumed = if limit.documented {
            ""
        } else {
            ", which is assumed"
        };
        let stage = match limit.stage {
            Stage::Before => " to read first",
            Stage::Run => "",
            Stage::Again => " to read again",
        };
        let (calls, call, limit) = (thousands(limit.calls), &limit.call, limit.limit);
        format!("{calls} `{call}`{stage} at {limit} {window}{assumed}")
    });
    let least = roughly(least.as_secs());
    let limits: Vec<String> = limits.collect();
    Some(Line::words(format!(
        "At the API's limits that takes at least {least}: {}.",
        limits.join("; ")
    )))
}

/// Warns where that is longer than a run may take.
fn too_long(forecast: &[RateForecast], time_budget: Option<Duration>) -> Option<Line> {
    let budget = time_budget.filter(|budget| *budget < at_least(forecast))?;
    let budget = roughly(budget.as_secs());
    let line = Line::default().and_strong(Paint::Yellow, "warning:");
    Some(line.and(format!(
        " the time budget of {budget} is not enough: the run stops in good order, and the next one goes on."
    )))
}

/// Says how often a run reads, before it sends anything and on its way.
fn reading(forecast: &[RateForecast]) -> Option<Line> {
    let calls = |stage| {
        let lines = forecast.iter().filter(|line| line.stage == stage);
        lines.map(|line| line.calls).sum()
    };
    Some(Line::words(
        match (calls(Stage::Before), calls(Stage::Again)) {
            (0, 0) => return None,
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
        },
    ))
}

/// Says which folders might be listed in place of all their files, and of several each.
fn whole_folders(folders: &[WholeFolder], forecast: &[RateForecast]) -> Vec<Block> {
    // A bulk delete takes no more calls for the files.
    let mut limits = forecast.iter();
    let Some(limit) = limits.find(|limit| limit.call == RateLimit::DeleteFile.name()) else {
        return Vec::new();
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
    let whole = |folder: &WholeFolder| whole_folder(folder, &told(folder.files));
    match &folders[..] {
        [] => Vec::new(),
        [only] => vec![Block::Paragraph(
            Line::words("hint: all ").and_line(whole(only)),
        )],
        [first, ..] => {
            let files = folders.iter().map(|folder| folder.files).sum();
            let (number, saved) = (count(folders.len()), told(files));
            let hint = format!("hint: all files of {number} folders are listed, such as ");
            let hint = Line::words(hint).and_quoted(path(first));
            let hint = hint.and(format!(
                "; you could list the folders themselves: {number} calls in place of {saved}"
            ));
            let each = folders.iter().map(|folder| Block::Item(whole(folder)));
            [Block::Paragraph(hint)].into_iter().chain(each).collect()
        }
    }
}

fn whole_folder(folder: &WholeFolder, saved: &str) -> Line {
    let line = Line::words(format!("{} files of ", count(folder.files)));
    line.and_quoted(path(folder)).and(format!(
        " are listed; you could list the folder itself (`{}`): 1 call in place of {saved}",
        folder.id
    ))
}

fn path(folder: &WholeFolder) -> Foreign {
    let place = folder.location.as_ref().map(|location| label(location));
    let name = folder.name.as_ref().map(|name| escape(name).into_owned());
    let path: Vec<String> = place.into_iter().chain(name).collect();
    let path = path.join("/");
    let shown = path_without_files(&path);
    Foreign::new(path).or(folder.id.to_string()).or_path(shown)
}

fn requests(calls: u64) -> String {
    let calls = usize::try_from(calls).unwrap_or(usize::MAX);
    counted(calls, "request", "requests")
}

/// Says how many requests the deletes of V4 take, of which each is for one file or folder.
fn each(assets: usize, deletes: &str, (moves, forecast): (&Moves, &[RateForecast])) -> String {
    let single = [RateLimit::DeleteFile, RateLimit::DeleteFolder].map(RateLimit::name);
    let rate_limits = forecast
        .iter()
        .filter(|rate_limit| single.contains(&&*rate_limit.call));
    let requests: u64 = rate_limits.map(|rate_limit| rate_limit.calls).sum();
    let at_once = if moves.until.is_none() {
        moves.folders
    } else {
        0
    };
    let of_staging = u64::try_from(at_once + moves.due_folders).unwrap_or(u64::MAX);
    let requests = requests.saturating_sub(of_staging);
    if u64::try_from(assets) == Ok(requests) {
        let each = either(assets, "", ", a request each");
        return format!("send {deletes}{each}");
    }
    format!("send {deletes} in at least {}", self::requests(requests))
}

/// Says what a run would move, and what it would delete of what was moved.
fn staged(moves: &Moves) -> Vec<String> {
    let mut parts = Vec::new();
    if moves.back > 0 {
        let assets = counted(moves.back, "staged asset", "staged assets");
        let were = either(moves.back, "it was", "they were");
        parts.push(format!("move {assets} back to where {were}"));
    }
    if moves.aside > 0 {
        let assets = counted(moves.aside, "asset", "assets");
        let folders = counted(moves.folders, "staging folder", "staging folders");
        parts.push(match moves.until {
            None => format!("move {assets} into {folders} and delete what is in there"),
            Some(until) => format!(
                "move {assets} into {folders}, where people can take {} back until {}",
                either(moves.aside, "it", "them"),
                moment(until)
            ),
        });
    }
    if moves.due > 0 {
        let assets = counted(moves.due, "staged asset", "staged assets");
        let theirs = either(moves.due, "its staging folder", "their staging folders");
        parts.push(format!("delete {assets} with {theirs}"));
    }
    parts
}

/// Says how much is where it was before, though its record calls it staged.
fn home(moves: &Moves) -> Option<Line> {
    let number = moves.home;
    let assets = counted(number, "staged asset is", "staged assets are");
    let words = format!(
        "{assets} back where {} before, by a move that nobody answered: {} dropped.",
        either(number, "it was", "they were"),
        either(number, "its record is", "their records are"),
    );
    (number > 0).then(|| Line::words(words))
}

/// Says how much goes at once that was to be moved aside.
fn stuck(moves: &Moves) -> Option<Line> {
    let number = moves.stuck;
    if number == 0 {
        return None;
    }
    let (assets, go, them) = if number == 1 {
        ("asset", "goes", "it")
    } else {
        ("assets", "go", "them")
    };
    let line = Line::default().and_strong(Paint::Yellow, "warning:");
    Some(line.and(format!(
        " {} {assets} {go} at once and will not wait aside: not all members of the project see {them}, a version stack holds {them}, a run has begun to delete {them}, or the API moves no such asset.",
        count(number)
    )))
}

/// Warns of what nobody wanted to stage and goes at once, though a wait is set.
fn at_once(moves: &Moves) -> Option<Line> {
    let number = moves.at_once;
    if number == 0 {
        return None;
    }
    let are = if number == 1 {
        "asset is not staged and goes"
    } else {
        "assets are not staged and go"
    };
    let line = Line::default().and_strong(Paint::Yellow, "warning:");
    Some(line.and(format!(
        " {} {are} at once: `delete-after` waits only for what is staged, as with `--strategy staged`.",
        count(number)
    )))
}

/// Says what each strategy would take, and what moving changes.
fn ways(moves: &Moves) -> Option<Line> {
    let Ways {
        assets,
        direct,
        staged,
    } = moves.ways?;
    let cost = |cost: Cost| {
        let calls = counted(
            usize::try_from(cost.calls).unwrap_or(usize::MAX),
            "call",
            "calls",
        );
        match cost.seconds {
            0 => calls,
            seconds => format!("{calls}, at least {}", roughly(seconds)),
        }
    };
    let takes = counted(assets, "asset takes", "assets take");
    let (direct, staged) = (cost(direct), cost(staged));
    let sides = match (moves.aside, assets) {
        (0, 1) => {
            " `--strategy staged` moves it aside; it leaves the shares of its folder at once then."
        }
        (0, _) => {
            " `--strategy staged` moves them aside; they leave the shares of their folders at once then."
        }
        (1, _) => {
            " Moved aside, it leaves the shares of the folder that it lies in at once, and all members of its project see it in the staging folder."
        }
        _ => {
            " Moved aside, they leave the shares of the folders that they lie in at once, and all members of their project see them in its staging folder."
        }
    };
    Some(Line::words(format!(
        "One by one {takes} {direct}; staged {staged}.{sides}"
    )))
}

/// Says what a run would send.
fn sent(
    (totals, moves): (&Totals, &Moves),
    (batch_size, forecast): (usize, &[RateForecast]),
) -> Option<Line> {
    let assets = (totals.retire + totals.retry).saturating_sub(moves.aside + moves.due);
    let mut bulk = forecast.iter();
    let bulk = bulk.find(|rate_limit| rate_limit.call == RateLimit::BulkDelete.name());
    let mut parts = staged(moves);
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
            None => each(assets, &deletes, (moves, forecast)),
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
    let (last, before) = parts.split_last()?;
    let and = if before.is_empty() { "" } else { ", and " };
    Some(Line::words(format!(
        "A run would {}{and}{last}.",
        before.join(", ")
    )))
}

/// Says what becomes of what is other than its entry says.
fn mismatched(totals: &Totals, is_skipped: bool) -> Option<Line> {
    if totals.mismatch == 0 {
        return None;
    }
    Some(Line::words(if is_skipped {
        let assets = counted(totals.mismatch, "mismatched asset", "mismatched assets");
        format!("It leaves out {assets}.")
    } else {
        let assets = counted(totals.mismatch, "asset is", "assets are");
        format!(
            "`apply` refuses it while {assets} mismatched; `--skip-mismatched` leaves such assets out."
        )
    }))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn one_and_many_have_their_own_words() {
        let moves = |number| Moves {
            aside: number,
            folders: number,
            until: Some(Timestamp::UNIX_EPOCH),
            due: number,
            due_folders: number,
            back: number,
            home: number,
            stuck: 0,
            at_once: number,
            files: number,
            ways: Some(Ways {
                assets: number,
                direct: Cost {
                    calls: 1,
                    seconds: 0,
                },
                staged: Cost {
                    calls: 6,
                    seconds: 0,
                },
            }),
        };
        let said = |number| {
            let moves = moves(number);
            let ways = ways(&moves).map(|line| line.text());
            let warned = at_once(&moves).map(|line| line.text());
            let said = staged(&moves).into_iter().chain(ways);
            said.chain(warned).collect::<Vec<_>>()
        };
        assert_eq!(
            said(1),
            [
                "move 1 staged asset back to where it was",
                "move 1 asset into 1 staging folder, where people can take it back until 1970-01-01T00:00:00Z",
                "delete 1 staged asset with its staging folder",
                "One by one 1 asset takes 1 call; staged 6 calls. Moved aside, it leaves the shares of the folder that it lies in at once, and all members of its project see it in the staging folder.",
                "warning: 1 asset is not staged and goes at once: `delete-after` waits only for what is staged, as with `--strategy staged`.",
            ]
        );
        assert_eq!(
            said(2),
            [
                "move 2 staged assets back to where they were",
                "move 2 assets into 2 staging folders, where people can take them back until 1970-01-01T00:00:00Z",
                "delete 2 staged assets with their staging folders",
                "One by one 2 assets take 1 call; staged 6 calls. Moved aside, they leave the shares of the folders that they lie in at once, and all members of their project see them in its staging folder.",
                "warning: 2 assets are not staged and go at once: `delete-after` waits only for what is staged, as with `--strategy staged`.",
            ]
        );
    }
}
