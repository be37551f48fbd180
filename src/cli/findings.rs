//! `retire.probe.json`: what a probe found, in the project folder.

use std::path::{Path, PathBuf};

use crate::app::connect::is_same_server;
use crate::cli::args::Proof;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::project;
use crate::cli::settings::Settings;
use crate::cli::settings::server::Server;
use crate::plan::Plan;
use crate::plan::approve::{Refusals, Refused, refusals};
use crate::probe::Findings;
use crate::probe::document::{Document, NAME};
use crate::render::report::{Summary, WayBack};
use crate::state::Api;
use crate::store::file::publish;

/// Where the file of a project lies.
///
/// # Errors
///
/// Returns why the project folder cannot be told.
pub(super) fn place(paths: &[PathBuf]) -> Result<PathBuf, Failure> {
    Ok(project::folder(paths)?.join(NAME))
}

/// Reads what a probe found; nothing where there is no such file.
///
/// # Errors
///
/// Returns why it cannot be used: nothing is known then of what it was to say.
pub(super) fn load(path: &Path) -> Result<Option<Document>, Failure> {
    project::refuse_stray(path)?;
    let Some(text) = files::text_if_there(path)? else {
        return Ok(None);
    };
    let document = Document::read(text.as_bytes());
    document.map(Some).map_err(|why| Failure::FindingsFile {
        path: path.to_owned(),
        why,
    })
}

/// Whether a probe has seen on a server what something rests on.
///
/// # Errors
///
/// Returns why what it found cannot be used.
pub(super) fn show(
    paths: &[PathBuf],
    server: &str,
    rests: fn(&Findings) -> bool,
) -> Result<bool, Failure> {
    let found = load(&place(paths)?)?;
    Ok(found.is_some_and(|found| is_same_server(&found.server, server) && rests(&found.findings)))
}

/// Why a plan is not carried out, whoever approves it; nothing where it may be. One reason is that it
/// moves assets aside, and that no probe has seen what the API does with them. The sandbox is known.
///
/// # Errors
///
/// Returns why what a probe found cannot be used.
pub(super) fn refused(
    settings: &Settings,
    (plan, skip_mismatched): (&Plan, bool),
    (paths, proof): (&[PathBuf], Proof),
) -> Result<Option<Refusals>, Failure> {
    let mut all = refusals(plan, skip_mismatched);
    let is_real = settings.server.value != Server::Sandbox;
    if is_real && !plan.staging.is_empty() && !proof.unproven {
        let server = settings.server.value.name();
        let is_shown = show(paths, server, Findings::move_aside)?;
        all.extend((!is_shown).then_some(Refused::Unproven));
    }
    Ok(Refusals::of(all))
}

/// Whether a probe has shown what it takes to bring back what was deleted on a server. What cannot be read
/// is named by whoever needs it.
pub(super) fn brings_back(paths: &[PathBuf], server: &str) -> bool {
    server == Server::Sandbox.name() || show(paths, server, Findings::bring_back).unwrap_or(false)
}

/// How what a run has deleted can be taken back by a command; nothing where there is no such command.
pub(super) fn way_back(
    settings: &Settings,
    paths: &[PathBuf],
    summary: &Summary,
) -> Option<WayBack> {
    if settings.api.value != Api::V4 || summary.counts.retired == 0 {
        return None;
    }
    Some(if brings_back(paths, settings.server.value.name()) {
        WayBack::Proven
    } else {
        WayBack::Unproven
    })
}

/// Replaces the file.
///
/// # Errors
///
/// Returns why it cannot be written; what was there before is still there then.
pub(super) fn write(path: &Path, document: &Document) -> Result<(), Failure> {
    Ok(publish(path, |sink| document.write(sink))?)
}
