//! The reports of a run: what was planned, and how it stands in the state afterwards.

use std::path::PathBuf;

use crate::app::provenance::Identity;
use crate::cli::args::ReportKind;
use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::findings;
use crate::cli::reports::{Content, Reports};
use crate::cli::settings::Settings;
use crate::manifest::document::SourceFile;
use crate::plan::Plan;
use crate::plan::approve::{Consent, Refusals};
use crate::render::receipt::{Approval, Asked, Receipt, Source, markdown};
use crate::render::report::Summary;
use crate::render::{checks, json, model, withheld};
use crate::state::Status;
use crate::store::file::FileStore;

/// What was planned, kept for the reports of what came of it.
#[derive(Debug)]
pub(super) struct Planned {
    plan: Plan,
    files: Vec<SourceFile>,
    /// Who had it carried out.
    asked: Asked,
}

impl Planned {
    /// Keeps it where a report is wanted.
    pub(super) fn of(
        reports: &Reports<'_>,
        (plan, files): (&Plan, &[SourceFile]),
        asked: Asked,
    ) -> Option<Self> {
        reports.are_wanted().then(|| Self {
            plan: plan.clone(),
            files: files.to_vec(),
            asked,
        })
    }
}

/// Says where the state lies after a run, and how what it deleted comes back.
pub(super) fn place(summary: &mut Summary, settings: &Settings, paths: &[PathBuf]) {
    // What a run settles was deleted by an earlier one, which its record names.
    if summary.resolved == 0 || is_its_own(settings, summary) {
        summary.way_back = findings::way_back(settings, paths, summary);
    }
    // A run in which no status changes writes nothing.
    if !files::is_there(&settings.state.value) {
        summary.state_path.clear();
    }
}

/// Whether something is recorded as deleted, or moved aside, by this run.
fn is_its_own(settings: &Settings, summary: &Summary) -> bool {
    let loaded = FileStore::new(&settings.state.value).load().ok().flatten();
    loaded.is_some_and(|loaded| {
        let mut records = loaded.state.assets.values();
        records.any(|record| {
            let is_taken = matches!(record.status, Status::Retired(_) | Status::Staged(_));
            is_taken && Some(record.run) == summary.run
        })
    })
}

/// Writes the reports of a run, by how its assets stand in the state after it.
///
/// # Errors
///
/// Returns which of them cannot be written.
pub(super) fn report_run(
    settings: &Settings,
    planned: Option<&Planned>,
    summary: &Summary,
    reports: &Reports<'_>,
) -> Result<(), Failure> {
    let Some(Planned { plan, files, asked }) = planned else {
        return Ok(());
    };
    let state = &settings.state.value;
    // What could not be written there is not there: then nothing is said to be done.
    let loaded = FileStore::new(state).load().ok().flatten();
    let after = loaded.as_ref().map(|loaded| &loaded.state);
    let content = Content {
        checks: &|| {
            let records = after.into_iter().flat_map(|state| &state.assets);
            // What was sent by an earlier run has the number of that.
            let settling = plan.settling();
            let own = records
                .filter(|(id, record)| Some(record.run) == summary.run || settling.contains(id));
            let own = own.map(|(id, record)| (*id, record.status.clone()));
            checks::run::checks(plan, files, summary, &own.collect())
        },
        report: &|| model::run::run(summary, after, clock::now()),
        json: &|sink| json::summary(summary, sink),
    };
    let path = state.to_string_lossy();
    let source = Source {
        plan,
        files,
        run: summary.run,
        after,
        path: &path,
        is_saved: !summary.not_saved,
        asked,
    };
    reports.publish_with_receipts(state, &content, &|kind, sink| {
        let receipt = Receipt::new(source);
        if kind == ReportKind::Receipt {
            receipt.json(sink)
        } else {
            markdown(&receipt, sink)
        }
    })
}

/// Who has a run carried out, and how that was approved.
pub(super) fn asked(who: Identity, consent: Option<Consent>) -> Asked {
    let Identity {
        provenance,
        author,
        approver,
        host: _,
    } = who;
    Asked {
        actor: provenance.actor,
        commit: provenance.commit,
        commit_author: author,
        approver,
        approval: consent.map(Approval::from),
        ci: provenance.ci,
    }
}

/// Writes the reports of a plan that is not carried out.
///
/// # Errors
///
/// Returns which of them cannot be written.
pub(super) fn report_refused(
    settings: &Settings,
    (plan, files): (&Plan, &[SourceFile]),
    refused: &Refusals,
    reports: &Reports<'_>,
) -> Result<(), Failure> {
    let state = &settings.state.value;
    let key = state.to_string_lossy();
    let content = Content {
        checks: &|| checks::plan::checks(plan, files, refused.all()),
        report: &|| {
            let all = refused
                .all()
                .iter()
                .map(|one| withheld::refused(one).line());
            let why = (all.collect(), refused.hint());
            model::failed(("apply", &key), why, clock::now())
        },
        json: &|_| Ok(()),
    };
    reports.publish_failed(state, &content)
}
