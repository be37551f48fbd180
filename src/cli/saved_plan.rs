//! Saved plans: found among the arguments, and compared with the files and settings of this run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::app::prepare::Prepared;
use crate::app::saved_plan::{HEAD, SavedPlan, is_plan};
use crate::cli::args::Apply;
use crate::cli::clock::TimeLeft;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::files::{self, FilesError, Input, Sort};
use crate::cli::project;
use crate::cli::settings::Settings;
use crate::cli::settings::origin::Origin;
use crate::diagnostic::without_mark;
use crate::manifest::document::Manifests;
use crate::plan::saved::{DecidingSettings, Stale};

/// Reads the one PATH of a command, if it is a saved plan, while the command has time.
///
/// # Errors
///
/// Returns what is wrong with it.
pub(super) fn find(paths: &[PathBuf], time: TimeLeft) -> Result<Option<Box<SavedPlan>>, Failure> {
    let [path] = paths else {
        return Ok(None);
    };
    let head = if path.as_os_str() == "-" {
        files::read(&Input::Standard, time)?.bytes
    } else {
        match files::sort(path) {
            Ok(Sort::File) => {
                project::refuse_stray(path)?;
                files::head(path, HEAD)?
            }
            Ok(Sort::Pipe) => files::bytes(path, time)?,
            Ok(Sort::Folder | Sort::Other) | Err(_) => return Ok(None),
        }
    };
    // What an editor has written before it is no part of it, as line ends are not.
    if !is_plan(without_mark(&head)) {
        return Ok(None);
    }
    let bytes = if path.is_file() {
        files::plain(path)?
    } else {
        head
    };
    let saved = SavedPlan::read(path, without_mark(&bytes))?;
    Ok(Some(Box::new(saved)))
}

/// Reads again what the PATHs of a plan mean, while the command has time.
///
/// # Errors
///
/// Returns that a manifest is not the one that the plan was made from, or what else is wrong
/// with the manifests.
pub(super) fn manifests(
    context: &Context,
    saved: &SavedPlan,
    time: TimeLeft,
) -> Result<Manifests, Failure> {
    let paths = saved.paths();
    if paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(saved.stale(Stale::Standard).into());
    }
    let read = context.manifests(&paths, time);
    let bytes = |path: &Path| files::bytes(path, time).ok();
    let changed = match &read {
        Err(Failure::Files(FilesError::OutOfTime(_))) => None,
        // What cannot be read any more, or not as a manifest, has changed since.
        Err(Failure::Findings(_) | Failure::Files(_)) => saved.changed_manifest(bytes),
        Err(_) => None,
        Ok(_) => saved.other_line_ends(bytes),
    };
    changed.map_or(read, |changed| Err(changed.into()))
}

/// Where the state lies by which reports are told where nothing comes of `apply`: as the settings say
/// it, and else as the plan does that it was to carry out.
pub(super) fn likely_state(
    context: &Context,
    arguments: &Apply,
    saved: Option<&Option<Box<SavedPlan>>>,
) -> PathBuf {
    let flags = &arguments.settings.given;
    let saved = saved.and_then(Option::as_deref);
    let paths = saved.map_or_else(|| arguments.paths.clone(), SavedPlan::paths);
    let likely = context.likely_state(flags, arguments.run, &paths);
    match saved {
        Some(saved) if likely.origin == Origin::Default => {
            PathBuf::from(&saved.document.state.path)
        }
        Some(_) | None => likely.value,
    }
}

/// Takes from a plan what nobody has set for this run.
pub(super) fn adopt_settings(saved: &SavedPlan, settings: &mut Settings) {
    let document = &saved.document;
    let DecidingSettings {
        max_attempts,
        retry_blocked,
        skip_mismatched: _,
        batch_size,
        staging,
    } = document.settings;
    // Which server is spoken to stays with whoever runs it.
    if settings.api.origin == Origin::Default {
        settings.api.value = document.target().api;
    }
    // A plan that says that there is no state yet does not lead away from the one that is.
    let first = document.state.digest.is_none();
    let leads_away = first && settings.state.value.exists();
    if settings.state.origin == Origin::Default && !leads_away {
        settings.state.value = PathBuf::from(&document.state.path);
    }
    if settings.max_attempts.origin == Origin::Default
        && let Ok(most) = max_attempts.try_into()
    {
        settings.max_attempts.value = most;
    }
    settings.retry_blocked |= retry_blocked;
    if settings.strategy.origin == Origin::Default {
        settings.strategy.value = staging.strategy;
    }
    if settings.staged_from.origin == Origin::Default
        && let Ok(from) = staging.staged_from.try_into()
    {
        settings.staged_from.value = from;
    }
    if settings.delete_after.origin == Origin::Default {
        settings.delete_after.value = Duration::from_secs(staging.delete_after_seconds);
    }
    if settings.batch_size.origin == Origin::Default
        && let Ok(size) = batch_size.try_into()
    {
        settings.batch_size.value = size;
    }
}

/// Checks the age that this run allows, and the state that it uses.
///
/// # Errors
///
/// Returns which of them does not fit.
pub(super) fn check(saved: &SavedPlan, settings: &Settings, now: Timestamp) -> Result<(), Failure> {
    let document = &saved.document;
    let age = SignedDuration::try_from(settings.max_plan_age.value);
    let end = document
        .created_at
        .saturating_add(age.unwrap_or(SignedDuration::MAX))
        .unwrap_or(Timestamp::MAX);
    if now >= end {
        return Err(saved.stale(Stale::Expired(end)).into());
    }
    let planned = &document.state.path;
    if files::are_same(Path::new(planned), &settings.state.value) {
        return Ok(());
    }
    let stale = saved.stale(Stale::StatePath {
        planned: planned.clone(),
        found: settings.state.value.display().to_string(),
    });
    Err(stale.into())
}

/// Checks what could not be judged before the server was asked: its ends by both clocks, and what the
/// guards allow.
///
/// # Errors
///
/// Returns which of them does not fit.
pub(super) fn check_again(
    saved: &SavedPlan,
    settings: &Settings,
    prepared: &Prepared,
) -> Result<(), Failure> {
    let times = prepared.basis.times;
    saved.check_times(times)?;
    check(saved, settings, times.later)?;
    Ok(saved.check_guards(&prepared.plan)?)
}
