//! What is written beside standard output, and for whom.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use crate::cli::settings::declare::heading;
use crate::cli::settings::kind::whole;
use crate::render::markdown::COMMENT;

/// What a report is, by the ending of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReportKind {
    /// For the comment on a pull request.
    Markdown,
    /// A page of its own.
    Html,
    /// The document for programs.
    Json,
    /// The events of a run.
    Events,
    /// What machines show as tests.
    Junit,
    /// The code quality of GitLab.
    Gitlab,
    /// What a run recorded of which asset, for people.
    MarkdownReceipt,
    /// The same for programs.
    Receipt,
}

impl ReportKind {
    /// All of them; an ending that ends in another one stands before it.
    pub const ALL: [Self; 8] = [
        Self::MarkdownReceipt,
        Self::Markdown,
        Self::Html,
        Self::Gitlab,
        Self::Receipt,
        Self::Json,
        Self::Events,
        Self::Junit,
    ];

    /// What the reports of a command may be.
    #[must_use]
    pub const fn of_command(name: &str) -> &'static [Self] {
        match name.as_bytes() {
            b"validate" => &[Self::Junit, Self::Gitlab],
            b"plan" => &[
                Self::Markdown,
                Self::Html,
                Self::Json,
                Self::Junit,
                Self::Gitlab,
            ],
            b"apply" => &[
                Self::Markdown,
                Self::Html,
                Self::Json,
                Self::Events,
                Self::Junit,
                Self::Gitlab,
                Self::MarkdownReceipt,
                Self::Receipt,
            ],
            b"show" | b"find" => &[Self::Markdown, Self::Html, Self::Json],
            _ => &[],
        }
    }

    /// How the name of such a file ends.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Markdown => ".md",
            Self::Html => ".html",
            Self::Json => ".json",
            Self::Events => ".jsonl",
            Self::Junit => ".xml",
            Self::Gitlab => ".gitlab.json",
            Self::MarkdownReceipt => ".receipt.md",
            Self::Receipt => ".receipt.json",
        }
    }

    /// Whether a name is that of such a file; a receipt needs no other name.
    fn is_named(self, name: &str) -> bool {
        let Some(before) = name.strip_suffix(self.ending()) else {
            return self.is_receipt() && name == self.ending().trim_start_matches('.');
        };
        self.is_receipt() || !before.is_empty()
    }

    /// Whether it is a receipt.
    #[must_use]
    pub const fn is_receipt(self) -> bool {
        match self {
            Self::MarkdownReceipt | Self::Receipt => true,
            Self::Markdown
            | Self::Html
            | Self::Json
            | Self::Events
            | Self::Junit
            | Self::Gitlab => false,
        }
    }

    /// What a file of this name is.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.is_named(&name))
    }
}

/// What is written beside standard output.
#[derive(Debug, Clone, Default, Args)]
pub struct Reports {
    /// Write a report into this file as well; its ending says which
    ///
    /// You may give it several times: .md is Markdown, .html a page, .json the document, .jsonl the
    /// events of a run, .xml JUnit, .gitlab.json the code quality of GitLab, and a name that is
    /// receipt.json or receipt.md, or ends so behind a dot, the receipt of a run. docs/reports.md
    /// says which command writes which.
    #[arg(
        long, value_name = "FILE", value_hint = ValueHint::FilePath,
        help_heading = heading::APPROVAL, hide_short_help = true
    )]
    pub report: Vec<PathBuf>,
}

/// How Markdown is bounded, and where else it goes.
#[derive(Debug, Clone, Default, Args)]
pub struct Summaries {
    /// Write Markdown into the summary of the GitHub job as well
    ///
    /// It goes into the file that GITHUB_STEP_SUMMARY names, and has a million bytes at most.
    #[arg(long, help_heading = heading::APPROVAL, hide_short_help = true)]
    pub summary: bool,
    /// Write at most this many bytes of Markdown into a report
    ///
    /// Rows of assets are left out first, then folders beyond ten, then the names of what is new
    /// since an earlier plan, and nothing else.
    #[arg(
        long, value_name = "N", default_value_t = COMMENT, value_parser = whole::<usize>,
        help_heading = heading::APPROVAL, hide_short_help = true
    )]
    pub report_bytes: usize,
}
