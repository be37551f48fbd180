//! The reports of a command: files that `--report` names, the summary of a CI job, and what of them
//! goes to standard output.

use std::cell::Cell;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::args::{self, Printed, ReportKind, Summaries};
use crate::cli::clock;
use crate::cli::context::Context;
use crate::cli::destination::{self, Document};
use crate::cli::env::STEP_SUMMARY;
use crate::cli::failure::Failure;
use crate::cli::settings::table::Given;
use crate::diagnostic::{Finding, in_words};
use crate::render::checks::annotations::annotations;
use crate::render::checks::gitlab::quality;
use crate::render::checks::junit::junit;
use crate::render::checks::{Check, shown};
use crate::render::documents;
use crate::render::html::page;
use crate::render::markdown::{self, COMMENT};
use crate::render::model::{Block, Line, Report, failed};
use crate::render::names::{Foreign, Names};
use crate::render::not_run::NotRun;
use crate::render::receipt::Receipt;

/// The manifest of a project, where nobody names another one.
const TOP: &str = "retire.yaml";

/// How many findings a report for people has: a broken file has as many as it has lines.
const FINDINGS: usize = 20;

/// What to do about an error of which a report may not say all.
const MORE: &str = "where the command ran, its messages say more: mend that, and run it again";

/// A finding as an item of a report.
fn finding(finding: &Finding) -> Block {
    let place = Foreign::new(finding.place.to_string()).without_file();
    let message = Foreign::new(&*finding.message).or(finding.code);
    let line = Line::foreign(place).and(": ").and_foreign(message);
    Block::Item(line)
}

/// What a command asks for.
#[derive(Debug)]
pub(super) struct Asked<'run> {
    /// Its name.
    pub(super) command: &'static str,
    pub(super) reports: &'run args::Reports,
    pub(super) summaries: Option<&'run Summaries>,
    /// What goes to standard output.
    pub(super) printed: Option<Printed>,
    pub(super) paths: &'run [PathBuf],
    /// What it writes for programs.
    pub(super) json: Document<'static>,
    /// What its flags say of settings.
    pub(super) flags: &'run Given,
}

/// What there is to write.
pub(super) struct Content<'run, 'of> {
    /// What was checked.
    pub(super) checks: &'run dyn Fn() -> Vec<Check>,
    /// The report for people.
    pub(super) report: &'run dyn Fn() -> Report<'of>,
    /// The document for programs.
    pub(super) json: &'run dyn Fn(&mut dyn Write) -> io::Result<()>,
}

/// Writes a receipt of one sort.
type WriteReceipt<'run> = &'run dyn Fn(ReportKind, &mut dyn Write) -> io::Result<()>;

/// What is written of a command, beside what it prints for people.
#[derive(Debug)]
pub(super) struct Reports<'run> {
    context: &'run Context,
    command: &'static str,
    files: Vec<(PathBuf, ReportKind)>,
    /// What goes to standard output.
    printed: Option<Printed>,
    /// The summary of the CI job.
    summary: Option<PathBuf>,
    /// How many bytes Markdown has at most.
    most: usize,
    /// Where GitLab shows what has no place of its own.
    top: String,
    /// What a report for programs is as a document.
    json: Cell<Document<'static>>,
    /// How much of names leaves the machine.
    names: Names,
    is_written: Cell<bool>,
    /// Whether what is written says why the command did nothing.
    is_failure: Cell<bool>,
}

impl<'run> Reports<'run> {
    /// Takes what the arguments of a command ask for.
    ///
    /// # Errors
    ///
    /// Returns which file has another ending, that there is no summary, or which report would name
    /// what is withheld.
    pub(super) fn new(context: &'run Context, asked: &Asked<'_>) -> Result<Self, Failure> {
        let kinds = ReportKind::of_command(asked.command);
        let files = asked.reports.report.iter().map(|path| {
            let kind = ReportKind::of(path).filter(|kind| kinds.contains(kind));
            let kind = kind.ok_or_else(|| Failure::NoReport {
                path: path.clone(),
                endings: kinds.iter().map(|kind| kind.ending()).collect(),
            })?;
            Ok((path.clone(), kind))
        });
        let is_manifest = |path: &&PathBuf| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            matches!(ending, Some("yaml" | "yml"))
        };
        let top = asked.paths.iter().find(is_manifest);
        let top = top.map_or_else(|| TOP.into(), |path| path.to_string_lossy());
        let wants = asked.summaries.is_some_and(|summaries| summaries.summary);
        let summary = match context.environment.text(STEP_SUMMARY)? {
            Some(path) if wants => Some(PathBuf::from(path)),
            None if wants => return Err(Failure::NoSummary),
            Some(_) | None => None,
        };
        let names = context.names(asked.flags, asked.paths);
        let reports = Self {
            context,
            command: asked.command,
            files: files.collect::<Result<_, Failure>>()?,
            printed: asked.printed,
            summary,
            most: asked
                .summaries
                .map_or(COMMENT, |summaries| summaries.report_bytes),
            top: top.into_owned(),
            json: Cell::new(asked.json),
            names,
            is_written: Cell::new(false),
            is_failure: Cell::new(false),
        };
        reports.writes(asked.json)?;
        let mut files = reports.files.iter();
        match files.find(|(_, kind)| kind.is_receipt()) {
            Some((path, _)) if names != Names::Full => Err(Failure::NamesInReceipt(path.clone())),
            Some(_) | None => Ok(reports),
        }
    }

    /// Says what the document for programs is, where that is clear only now.
    ///
    /// # Errors
    ///
    /// Returns the report that would be a plan with every name in it, where names are withheld.
    pub(super) fn writes(&self, json: Document<'static>) -> Result<(), Failure> {
        self.json.set(json);
        let mut files = self.files.iter();
        let document = files.find(|(_, kind)| *kind == ReportKind::Json);
        match (json, document) {
            (Document::Plan, Some((path, _))) if self.names != Names::Full => {
                Err(Failure::NamesInPlan(path.clone()))
            }
            (
                Document::Plan
                | Document::Manifest
                | Document::Events
                | Document::Report(_)
                | Document::Copy(_),
                _,
            ) => Ok(()),
        }
    }

    /// Checks that each may be written, before anybody waits for a server; `state` is the state that
    /// the command uses.
    ///
    /// # Errors
    ///
    /// Returns what lies there.
    pub(super) fn check(&self, state: &Path) -> Result<(), Failure> {
        for (path, kind) in &self.files {
            destination::check(path, self.document(*kind), state)?;
        }
        if let Some(path) = &self.summary {
            destination::length_of_summary(path)?;
        }
        Ok(())
    }

    /// Whether a report goes to standard output.
    pub(super) const fn prints(&self) -> bool {
        self.printed.is_some()
    }

    /// Whether anything is written of what comes of the command.
    pub(super) fn are_wanted(&self) -> bool {
        let is_other = |(_, kind): &(PathBuf, ReportKind)| *kind != ReportKind::Events;
        self.prints() || self.summary.is_some() || self.files.iter().any(is_other)
    }

    /// The files that the events of a run go to.
    pub(super) fn events(&self) -> impl Iterator<Item = &Path> {
        let files = self.files.iter();
        let events = files.filter(|(_, kind)| *kind == ReportKind::Events);
        events.map(|(path, _)| &**path)
    }

    /// Writes all of them, and prints what is to be printed.
    ///
    /// # Errors
    ///
    /// Returns which cannot be written.
    pub(super) fn publish(&self, state: &Path, content: &Content<'_, '_>) -> Result<(), Failure> {
        // Only `apply` has receipts, which it writes otherwise.
        self.publish_with_receipts(state, content, &|_, _| Ok(()))
    }

    /// Does the same for a command that did nothing: what programs read says why, and of what was not
    /// carried out the receipt says so.
    ///
    /// # Errors
    ///
    /// Returns which cannot be written.
    pub(super) fn publish_failed(
        &self,
        state: &Path,
        content: &Content<'_, '_>,
    ) -> Result<(), Failure> {
        let Content {
            checks,
            report,
            json: _,
        } = content;
        let not_run = NotRun::new(self.command, &report().shown(self.names));
        let path = state.to_string_lossy();
        let receipt = |kind: ReportKind, sink: &mut dyn Write| {
            if kind == ReportKind::Receipt {
                return Receipt::of_nothing(&not_run, &path).json(sink);
            }
            let report = Report {
                of: "receipt",
                ..report()
            };
            markdown::report(&report.shown(self.names), self.most, sink)
        };
        let content = Content {
            checks: *checks,
            report: *report,
            json: &|sink| not_run.json(sink),
        };
        self.is_failure.set(true);
        self.publish_with_receipts(state, &content, &receipt)
    }

    /// Does the same for a run that has something to acknowledge.
    ///
    /// # Errors
    ///
    /// Returns which cannot be written.
    pub(super) fn publish_with_receipts(
        &self,
        state: &Path,
        content: &Content<'_, '_>,
        receipt: WriteReceipt<'_>,
    ) -> Result<(), Failure> {
        self.is_written.set(true);
        let console = &self.context.console;
        let files = self.files.iter();
        let files = files.map(|(path, kind)| {
            let at = (&**path, *kind);
            self.write_file(at, state, (content, receipt))
        });
        let mut written: Vec<Result<(), Failure>> = files.collect();
        let summary = self.summary.as_ref();
        written.extend(summary.map(|path| self.summarise(path, content)));
        if let Some(printed) = self.printed {
            let printed = console.data(|_, sink| self.write(printed, content, sink));
            written.push(printed.map_err(Failure::from));
        }
        // One that cannot be written keeps nobody from the others: what a run did is told once.
        let mut failures = written.into_iter().filter_map(Result::err);
        let first = failures.next();
        failures.for_each(|failure| failure.print(console));
        first.map_or(Ok(()), Err)
    }

    /// Writes one file.
    fn write_file(
        &self,
        (path, kind): (&Path, ReportKind),
        state: &Path,
        (content, receipt): (&Content<'_, '_>, WriteReceipt<'_>),
    ) -> Result<(), Failure> {
        let printed = match kind {
            // The stream of events has its file open.
            ReportKind::Events => return Ok(()),
            ReportKind::Json | ReportKind::MarkdownReceipt | ReportKind::Receipt => None,
            ReportKind::Markdown => Some(Printed::Markdown),
            ReportKind::Html => Some(Printed::Html),
            ReportKind::Junit => Some(Printed::Junit),
            ReportKind::Gitlab => Some(Printed::Gitlab),
        };
        let write = |sink: &mut dyn Write| match printed {
            Some(printed) => self.write(printed, content, sink),
            None if kind.is_receipt() => receipt(kind, sink),
            None => self.write_json(content, sink),
        };
        let console = &self.context.console;
        let document = self.document(kind);
        Ok(destination::publish(path, document, state, |sink| {
            console.guard(sink, write)
        })?)
    }

    fn write(
        &self,
        printed: Printed,
        content: &Content<'_, '_>,
        sink: &mut dyn Write,
    ) -> io::Result<()> {
        let Content {
            checks,
            report,
            json: _,
        } = content;
        match printed {
            Printed::Markdown => markdown::report(&report().shown(self.names), self.most, sink),
            Printed::Html => page(&report().shown(self.names), sink),
            Printed::Github => annotations(&shown(checks(), self.names), sink),
            Printed::Gitlab => quality(&shown(checks(), self.names), self.top(), sink),
            Printed::Junit => junit(&shown(checks(), self.names), sink),
        }
    }

    /// Where GitLab shows what has no place of its own.
    fn top(&self) -> &str {
        match self.names {
            Names::Full | Names::Path => &self.top,
            Names::Off => TOP,
        }
    }

    /// Writes the document for programs, without what is withheld.
    fn write_json(&self, content: &Content<'_, '_>, sink: &mut dyn Write) -> io::Result<()> {
        // Of a failure no more is said than the report for people may.
        if self.names == Names::Full || self.is_failure.get() {
            return (content.json)(sink);
        }
        let mut bytes = Vec::new();
        (content.json)(&mut bytes)?;
        documents::withheld(&bytes, self.names, sink)
    }

    /// How much of names leaves the machine.
    pub(super) const fn names(&self) -> Names {
        self.names
    }

    /// Writes behind what the summary of the CI job has, as much as there is room for.
    fn summarise(&self, path: &Path, content: &Content<'_, '_>) -> Result<(), Failure> {
        let there = destination::length_of_summary(path)?;
        let there = usize::try_from(there).unwrap_or(usize::MAX);
        let most = markdown::STEP_SUMMARY.saturating_sub(there);
        let report = (content.report)().shown(self.names);
        let mut text = Vec::new();
        let written = self
            .context
            .console
            .guard(&mut text, |sink| markdown::report(&report, most, sink));
        written.map_err(Failure::system("write the summary of the job"))?;
        Ok(destination::append_summary(path, &text)?)
    }

    /// What such a report is as a document.
    fn document(&self, kind: ReportKind) -> Document<'static> {
        match kind {
            ReportKind::Events => Document::Events,
            ReportKind::Json => self.json.get(),
            ReportKind::Junit
            | ReportKind::Gitlab
            | ReportKind::Markdown
            | ReportKind::Html
            | ReportKind::MarkdownReceipt
            | ReportKind::Receipt => Document::Report(kind),
        }
    }

    /// Writes why the command did nothing, where no report says so yet: one of an earlier time would
    /// be taken for that of this one.
    pub(super) fn fail(&self, failure: &Failure, state: &Path) {
        if self.is_written.get() || !self.are_wanted() {
            return;
        }
        let text = self.context.console.masked(in_words(failure).into_bytes());
        let text = String::from_utf8_lossy(&text).into_owned();
        let own = failure.own_words();
        let content = Content {
            checks: &|| {
                if let Failure::Findings(findings) = failure {
                    return findings.iter().map(Check::of_finding).collect();
                }
                let why = Foreign::new(&*text).or(own.clone());
                vec![Check::of_failure(why, failure.hint())]
            },
            report: &|| {
                let key = state.to_string_lossy();
                let (why, more) = match self.names {
                    Names::Full => (Line::foreign(&*text), None),
                    Names::Path | Names::Off => (Line::words(format!("{own}.")), Some(MORE)),
                };
                let hint = failure.hint().or(more);
                let mut report = failed((self.command, &key), (vec![why], hint), clock::now());
                if let Failure::Findings(findings) = failure {
                    report.checks = findings.iter().take(FINDINGS).map(finding).collect();
                }
                report
            },
            json: &|_| Ok(()),
        };
        // The failure itself is told anyway.
        let written = self.publish_failed(state, &content);
        if let Err(other) = written
            && in_words(&other) != in_words(failure)
        {
            other.print(&self.context.console);
        }
    }
}
