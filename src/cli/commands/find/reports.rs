//! The reports of what was found.

use std::path::Path;

use crate::cli::args::{Find, ReportKind};
use crate::cli::clock;
use crate::cli::destination::Document;
use crate::cli::failure::Failure;
use crate::cli::reports::{Asked, Content, Reports};
use crate::find::Answer;
use crate::find::filter::By;
use crate::find::sum::Order;
use crate::render::model::find::FindReport;
use crate::render::{find_data, model};

/// Which reports are asked for.
pub(super) fn asked(arguments: &Find) -> Asked<'_> {
    Asked {
        command: "find",
        reports: &arguments.reports,
        summaries: Some(&arguments.summaries),
        printed: arguments.output.format.into(),
        paths: &[],
        json: Document::Report(ReportKind::Json),
        flags: &arguments.settings.given,
    }
}

/// Writes the reports.
///
/// # Errors
///
/// Returns which of them cannot be written.
pub(super) fn publish(
    reports: &Reports<'_>,
    state: &Path,
    (answer, unread, by): (&Answer<'_>, &[(String, String)], By),
    asked: &str,
) -> Result<(), Failure> {
    let report = FindReport {
        answer,
        unread,
        by,
        depth: None,
        order: Order::Bytes,
        asked,
        now: clock::now(),
    };
    let content = Content {
        checks: &Vec::new,
        report: &|| model::find::find(&report),
        json: &|sink| find_data::json(answer, unread, sink),
    };
    reports.publish(state, &content)
}
