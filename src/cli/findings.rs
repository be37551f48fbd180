//! `retire.probe.json`: what a probe found, in the project folder.

use std::path::{Path, PathBuf};

use crate::app::connect::is_same_server;
use crate::cli::again;
use crate::cli::args::Proof;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::project;
use crate::cli::settings::Settings;
use crate::cli::settings::server::Server;
use crate::plan::Plan;
use crate::plan::approve::{Lack, Refusals, Refused, refusals};
use crate::probe::document::{Document, NAME};
use crate::probe::{Assumption, Findings};
use crate::render::report::{Summary, WayBack};
use crate::render::restorable::PROBE_FIRST;
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

/// What is missing for a probe to have shown on a server what something rests on; nothing where it has.
///
/// # Errors
///
/// Returns why what it found cannot be used.
pub(super) fn lack(
    paths: &[PathBuf],
    server: &str,
    lacking: fn(&Findings) -> Vec<Assumption>,
) -> Result<Option<Lack>, Failure> {
    let Some(found) = load(&place(paths)?)? else {
        return Ok(Some(Lack::NoProbe));
    };
    if !is_same_server(&found.server, server) {
        return Ok(Some(Lack::OtherServer));
    }
    let lacking: Vec<&str> = lacking(&found.findings)
        .into_iter()
        .map(Assumption::name)
        .collect();
    Ok((!lacking.is_empty()).then_some(Lack::NotSeen(lacking)))
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
        let lack = lack(paths, server, Findings::lacking_to_move_aside)?;
        all.extend(lack.map(Refused::Unproven));
    }
    Ok(Refusals::of(all))
}

/// Whether nothing is missing on a server for what was deleted, or moved aside, to be taken back. What
/// cannot be read is named by whoever needs it.
pub(super) fn takes_back(paths: &[PathBuf], server: &str, is_staged: bool) -> bool {
    let lacking = if is_staged {
        Findings::lacking_to_bring_back_staged
    } else {
        Findings::lacking_to_bring_back
    };
    let is_shown = || lack(paths, server, lacking).is_ok_and(|lack| lack.is_none());
    server == Server::Sandbox.name() || is_shown()
}

/// What somebody has to know before something is deleted: a line, where there is something.
pub(super) fn before(settings: &Settings, paths: &[PathBuf], is_staged: bool) -> String {
    let is_said = settings.api.value == Api::V4
        && !takes_back(paths, settings.server.value.name(), is_staged);
    if is_said {
        format!("\n{PROBE_FIRST}")
    } else {
        String::new()
    }
}

/// How what a run has done can be taken back by a command; nothing where there is no such command.
pub(super) fn way_back(
    settings: &Settings,
    paths: &[PathBuf],
    summary: &Summary,
) -> Option<WayBack> {
    let is_staged = summary.counts.staged > 0 || summary.staged.assets > 0;
    if settings.api.value != Api::V4 || (summary.counts.retired == 0 && !is_staged) {
        return None;
    }
    let is_sandbox = settings.server.value == Server::Sandbox;
    Some(WayBack {
        words: again::words(is_sandbox, &settings.state, paths),
        is_proven: takes_back(paths, settings.server.value.name(), is_staged),
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
