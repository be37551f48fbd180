//! What a file is, by its content.

use std::path::Path;

use crate::cli::args::ReportKind;
use crate::cli::files;
use crate::render::checks::junit;
use crate::render::events;
use crate::render::html;
use crate::render::not_run;
use crate::state::format;
use crate::store::{ground, lock};

/// How a line of a journal begins.
pub(super) const JOURNAL: &[u8] = b"{\"sum\":\"";

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing is in it.
    Empty,
    /// A state, also a copy of one.
    State,
    Plan,
    /// The events of runs.
    Events,
    /// A report of this kind.
    Report(ReportKind),
    /// Why a command did nothing, in the place of a document for programs.
    NotRun,
    /// The journal of a run.
    Journal,
    /// A lock that somebody has or had.
    Lock,
    Manifest,
    /// The seed of a sandbox.
    Seed,
    Settings,
    Other,
}

impl Kind {
    /// What it is, in words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Empty => "an empty file behind a link",
            Self::State => "a state",
            Self::Plan => "a saved plan",
            Self::Events => "an event stream",
            Self::Report(kind) => report_words(kind),
            Self::NotRun => "a report of a command that did nothing",
            Self::Journal => "a journal",
            Self::Lock => "a lock",
            Self::Manifest => "a manifest",
            Self::Seed => "the seed of a sandbox",
            Self::Settings => "a file of settings",
            Self::Other => "not a document of `retire`",
        }
    }
}

/// Tells what a file is by how it begins; the last three kinds only matter for the words.
pub(crate) fn kind_of(place: &Path, head: &[u8]) -> Kind {
    if head.is_empty() {
        return Kind::Empty;
    }
    if is_plan(head) {
        return Kind::Plan;
    }
    if is_stream(head) {
        return Kind::Events;
    }
    // Whoever has laid out a state anew may have it begin as a report on one.
    if ground::begins_as_state(head) || is_laid_out_anew(place, head) {
        return Kind::State;
    }
    if head.starts_with(not_run::BEGINS) {
        return Kind::NotRun;
    }
    if let Some(kind) = report(head) {
        return Kind::Report(kind);
    }
    if head.starts_with(JOURNAL) {
        return Kind::Journal;
    }
    if lock::is_text_of_lock(head) {
        return Kind::Lock;
    }
    let text = String::from_utf8_lossy(head);
    let has = |key: &str| {
        text.lines().any(|line| {
            let rest = line.trim_start_matches(['{', '"', ' ']).strip_prefix(key);
            rest.is_some_and(|rest| rest.trim_start_matches(['"', ' ']).starts_with([':', '=']))
        })
    };
    if ["assets", "holds", "releases", "waivers"]
        .into_iter()
        .any(has)
    {
        Kind::Manifest
    } else if has("accounts") {
        Kind::Seed
    } else if place.extension().is_some_and(|ending| ending == "toml") && has("version") {
        Kind::Settings
    } else {
        Kind::Other
    }
}

/// Whether bytes begin as a saved plan of any version does: nobody lays one out otherwise, since
/// its id would no longer fit.
fn is_plan(head: &[u8]) -> bool {
    let version = head.strip_prefix(b"{\"version\":");
    let Some(rest) = version.map(<[u8]>::trim_ascii_start) else {
        return false;
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let id = rest[digits..].strip_prefix(b",\"id\":\"sha256:");
    digits > 0
        && id.is_some_and(|id| {
            id.len() > 64 && id[..64].iter().all(u8::is_ascii_hexdigit) && id[64] == b'"'
        })
}

/// What a report is, in words.
pub(super) const fn report_words(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Json => "a report as JSON",
        ReportKind::Events => "an event stream",
        ReportKind::Junit => "a report as JUnit",
        ReportKind::Gitlab => "a report of code quality",
        ReportKind::Markdown => "a report as Markdown",
        ReportKind::Html => "a report as HTML",
        ReportKind::MarkdownReceipt => "a receipt as Markdown",
        ReportKind::Receipt => "a receipt as JSON",
    }
}

/// Which of our reports bytes begin as.
fn report(head: &[u8]) -> Option<ReportKind> {
    const XML: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    let junit = format!("<testsuites name=\"{}\"", junit::NAME);
    let rest = head.strip_prefix(XML).map(<[u8]>::trim_ascii_start);
    if rest.is_some_and(|rest| rest.starts_with(junit.as_bytes())) {
        return Some(ReportKind::Junit);
    }
    // Where nothing was found there is only an empty list.
    if head.starts_with(b"[{\"check_name\":\"retire/") || head.trim_ascii() == b"[]" {
        return Some(ReportKind::Gitlab);
    }
    if head.starts_with(html::BEGINS.as_bytes()) {
        return Some(ReportKind::Html);
    }
    if head.starts_with(b"<!-- retire receipt ") {
        return Some(ReportKind::MarkdownReceipt);
    }
    if head.starts_with(b"{\"version\":1,\"receipt\":") {
        return Some(ReportKind::Receipt);
    }
    if head.starts_with(b"<!-- retire ") {
        return Some(ReportKind::Markdown);
    }
    let is_run =
        head.starts_with(b"{\"run\":") && memchr::memmem::find(head, b",\"ending\":").is_some();
    // What was found, and a state as a whole.
    let begins = [&b"{\"version\":1,\"totals\":"[..], b"{\"lineage\":\""];
    if is_run || begins.iter().any(|begins| head.starts_with(begins)) {
        return Some(ReportKind::Json);
    }
    None
}

/// Whether whole lines are those of an event stream.
fn is_stream(head: &[u8]) -> bool {
    let end = memchr::memrchr(b'\n', head).map_or(head.len(), |end| end + 1);
    events::is_stream(head) && events::replay(&head[..end]).is_ok_and(|runs| !runs.is_empty())
}

/// Whether a file is a state that somebody has laid out anew.
fn is_laid_out_anew(place: &Path, head: &[u8]) -> bool {
    head.trim_ascii_start().starts_with(b"{")
        && !head.starts_with(JOURNAL)
        && files::plain(place).is_ok_and(|bytes| format::read(&bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;
    use crate::state::{Api, State, Target};

    #[test]
    fn a_file_is_what_its_content_says() {
        let plan = format!("{{\"version\":1,\"id\":\"sha256:{}\",", "0a".repeat(32));
        let kinds = [
            ("", Kind::Empty),
            (&*plan, Kind::Plan),
            (&plan.replace("sha256", "sha1"), Kind::Other),
            ("{\"version\":1,\"lineage\":\"x\"", Kind::State),
            ("{\"sum\":\"0a\",\"body\":1}\n", Kind::Journal),
            ("process 7 on build-3\n", Kind::Lock),
            ("version: 1\nassets: []\n", Kind::Manifest),
            ("{\"holds\": []}\n", Kind::Manifest),
            ("version: 1\naccounts: []\n", Kind::Seed),
            ("{\"type\":\"module\",\"version\":1}\n", Kind::Other),
            (" \n", Kind::Other),
            ("dear diary: nothing\n", Kind::Other),
            (
                "<!-- retire plan x -->\n",
                Kind::Report(ReportKind::Markdown),
            ),
            (
                "<!doctype html>\n<!-- retire plan -->\n",
                Kind::Report(ReportKind::Html),
            ),
            (
                "<!-- retire receipt x -->\n",
                Kind::Report(ReportKind::MarkdownReceipt),
            ),
            (
                "{\"version\":1,\"receipt\":null,",
                Kind::Report(ReportKind::Receipt),
            ),
            ("<!doctype html>\n<html>\n", Kind::Other),
            ("<!-- mine -->\n", Kind::Other),
            ("[]\n", Kind::Report(ReportKind::Gitlab)),
            ("[1]\n", Kind::Other),
            (
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"retire\" tests=\"1\"",
                Kind::Report(ReportKind::Junit),
            ),
            (
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mine\"",
                Kind::Other,
            ),
            (
                "{\"run\":7,\"ending\":\"done\"",
                Kind::Report(ReportKind::Json),
            ),
            ("{\"run\":7}", Kind::Other),
            ("{\"not_run\":{\"command\":\"plan\"", Kind::NotRun),
            (
                "{\"version\":1,\"totals\":{\"files\":1}",
                Kind::Report(ReportKind::Json),
            ),
            (
                "{\"lineage\":\"x\",\"serial\":1",
                Kind::Report(ReportKind::Json),
            ),
        ];
        for (text, kind) in kinds {
            assert_eq!(kind_of(Path::new("p"), text.as_bytes()), kind, "{text}");
        }
        let settings = kind_of(Path::new("retire.toml"), b"version = 1\n");
        assert_eq!(settings, Kind::Settings);
    }

    #[test]
    fn a_state_that_begins_as_a_report_on_one_is_a_state() {
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let mut bytes = Vec::new();
        format::write(&State::new(Uuid::from_u128(7), target), &mut bytes).unwrap();
        let mut fields: serde_json::Map<String, Value> = serde_json::from_slice(&bytes).unwrap();
        let lineage = fields.remove("lineage").unwrap();
        let rest = serde_json::to_string(&fields).unwrap();
        let text = format!("{{\"lineage\":{lineage},{}", &rest[1..]);
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("laid-out-anew.json");
        std::fs::write(&place, &text).unwrap();
        assert_eq!(kind_of(&place, text.as_bytes()), Kind::State, "{text}");
    }
}
