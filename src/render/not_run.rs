//! Why a command did nothing, for programs: what its reports as JSON say then.

use std::io::{self, Write};

use serde::Serialize;

use crate::render::model::{Block, Line, Report};
use crate::render::names::Shown;
use crate::visible;

/// Why a command did nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct NotRun {
    /// The command.
    command: &'static str,
    /// Why, in one sentence.
    why: String,
    /// What to do about it.
    hint: Option<String>,
    /// What is wrong with the manifests, up to 20 of it.
    findings: Vec<String>,
}

impl NotRun {
    /// What the report of a command that did nothing says of it.
    pub(crate) fn new(command: &'static str, report: &Shown<Report<'_>>) -> Self {
        let mut lines = report.attention.iter().map(Line::text);
        let findings = report.checks.iter().map(|block| match block {
            Block::Item(line) | Block::Paragraph(line) => line.text(),
        });
        Self {
            command,
            why: lines.next().unwrap_or_default(),
            hint: lines.next(),
            findings: findings.collect(),
        }
    }

    /// Writes it as a document of its own.
    ///
    /// # Errors
    ///
    /// Returns what the sink says when it cannot take the bytes.
    pub(crate) fn json(&self, sink: &mut dyn Write) -> io::Result<()> {
        sink.write_all(BEGINS)?;
        visible::json(self, sink)?;
        sink.write_all(b"}\n")
    }
}

/// How the document begins.
pub(crate) const BEGINS: &[u8] = b"{\"not_run\":";
