//! A plan for people: totals first, then one line an asset, grouped by what is to happen.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use crate::asset::{AssetId, Kind};
use crate::manifest::document::Details;
use crate::plan::decide::{Decision, Mismatch};
use crate::plan::forecast::RateForecast;
use crate::plan::saved::PlanDocument;
use crate::plan::{Plan, Step, Totals};
use crate::render::escape::escape;
use crate::render::{
    Paint, Style, count, counted, forecast, moment, share, shelter, thousands, words,
};

/// How many lines of assets are shown before the rest is folded: what somebody still scrolls
/// through; `--full` shows all.
const LINES: usize = 200;

/// How many files of one version stack are shown before the rest is folded.
const FILES: usize = 10;

/// What is said of what is not shown.
const MORE: &str = "more; --full shows them";

/// What is shown of a plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlanView<'plan> {
    pub(crate) plan: &'plan Plan,
    /// How many assets one delete asks for at most.
    pub(crate) batch_size: usize,
    /// How many calls the plan takes at least, and how long.
    pub(crate) forecast: &'plan [RateForecast],
    /// How long a run may take, where somebody says so.
    pub(crate) time_budget: Option<Duration>,
    /// Whether a run leaves out what is mismatched, in place of being refused.
    pub(crate) skip_mismatched: bool,
    /// Whether every asset is shown, however many there are.
    pub(crate) full: bool,
}

/// Writes a plan for people.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn plan(view: &PlanView<'_>, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let (plan, totals) = (view.plan, &view.plan.totals);
    words::heading(&headline(totals), style, sink)?;

    let mut groups: BTreeMap<Group, Vec<&Step>> = BTreeMap::new();
    for step in &plan.steps {
        if let Some(group) = group_of(&step.decision) {
            groups.entry(group).or_default().push(step);
        }
    }
    let lines = if view.full { usize::MAX } else { LINES };
    let sizes: Vec<usize> = groups.values().map(Vec::len).collect();
    for ((group, steps), shown) in groups.into_iter().zip(share(&sizes, lines)) {
        let (title, why) = group.title();
        let title = format!("{title} ({})", count(steps.len()));
        writeln!(sink, "\n{}{why}", style.paint(Paint::Bold, title))?;
        for step in &steps[..shown] {
            let files = plan.stacks.get(&step.id).map(|files| &**files);
            line(group, step, files, style, sink)?;
            stack_files(files.unwrap_or_default(), view.full, style, sink)?;
        }
        words::fold(2, steps.len() - shown, MORE, style, sink)?;
    }

    if totals.changes() > 0 || totals.mismatch > 0 {
        writeln!(sink)?;
        forecast::closing(
            totals,
            (view.batch_size, view.forecast),
            view.skip_mismatched,
            sink,
        )?;
        forecast::duration(view.forecast, view.time_budget, style, sink)?;
    }
    if !plan.unsettled.is_empty() {
        let unsettled = plan.unsettled.len();
        let assets = counted(unsettled, "asset that stays", "assets that stay");
        writeln!(
            sink,
            "An earlier delete of {assets} was not answered: a run reads them, and deletes none."
        )?;
    }
    shelter::left_alone(&plan.left_alone, style, sink)?;
    shelter::notes(&plan.shelter, style, sink)
}

/// Writes what a saved plan was made from, and why it no longer fits where it does not, with an
/// empty line after it.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn basis(
    document: &PlanDocument,
    outdated: Option<&str>,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    words::heading(&format!("Plan {}", document.id), style, sink)?;
    if let Some(why) = outdated {
        let word = style.paint(Paint::Yellow, "stale");
        writeln!(sink, "  {word}     {}", escape(why))?;
    }
    let mut field = |name: &str, value: &str| writeln!(sink, "  {name:9} {value}");
    field("made", &moment(document.created_at))?;
    field("expires", &moment(document.expires_at))?;
    field("by", &format!("retire {}", escape(&document.tool)))?;
    field("for", &escape(&document.target().to_string()))?;
    let state = &document.state;
    let (path, serial) = (escape(&state.path), thousands(state.serial));
    field("state", &format!("{path} at serial {serial}"))?;
    if let Some(commit) = &document.commit {
        field("commit", &escape(commit))?;
    }
    for manifest in &document.manifests {
        let listed = counted(manifest.listed, "asset", "assets");
        field("manifest", &format!("{}, {listed}", escape(&manifest.path)))?;
    }
    writeln!(sink)
}

/// A group of a plan, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Retire,
    Retry,
    Resolve,
    Record,
    Missing,
    Unreadable,
    Mismatch,
    Blocked,
    Held,
    Defer,
    Forget,
}

impl Group {
    const fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Retire => ("Retire", ""),
            Self::Retry => ("Retry", ": refused before"),
            Self::Resolve => (
                "Resolve",
                ": what became of them is not known, so read them first",
            ),
            Self::Record => ("Record", ": gone already, so nothing is sent"),
            Self::Missing => (
                "Missing",
                ": not known to the server, and not shown to be deleted; nothing is sent",
            ),
            Self::Unreadable => (
                "Failed",
                ": the token may not read them, so nothing is sent",
            ),
            Self::Mismatch => ("Mismatched", ": not shown to be what their pins say"),
            Self::Blocked => (
                "Blocked",
                ": refused too often; --retry-blocked tries them again",
            ),
            Self::Held => ("Held", ""),
            Self::Defer => ("Deferred", ""),
            Self::Forget => (
                "Forget",
                ": refused or missing before and no longer listed, so drop their records",
            ),
        }
    }

    const fn symbol(self) -> (&'static str, Paint) {
        match self {
            Self::Retire => ("-", Paint::Red),
            Self::Retry => ("~", Paint::Yellow),
            Self::Resolve => ("?", Paint::Magenta),
            Self::Missing | Self::Unreadable | Self::Mismatch | Self::Blocked => {
                ("!", Paint::Yellow)
            }
            Self::Record => ("=", Paint::Dim),
            Self::Held | Self::Defer => ("·", Paint::Blue),
            Self::Forget => ("x", Paint::Dim),
        }
    }
}

const fn group_of(decision: &Decision) -> Option<Group> {
    Some(match decision {
        Decision::Retire => Group::Retire,
        Decision::Retry { .. } => Group::Retry,
        Decision::Missing => Group::Missing,
        Decision::Resolve { .. } => Group::Resolve,
        Decision::Record { .. } => Group::Record,
        Decision::Unreadable { .. } => Group::Unreadable,
        Decision::Mismatch(_) => Group::Mismatch,
        Decision::Blocked { .. } => Group::Blocked,
        Decision::Held { .. } => Group::Held,
        Decision::Defer { .. } => Group::Defer,
        Decision::Forget => Group::Forget,
        Decision::Unchanged { .. } => return None,
    })
}

fn line(
    group: Group,
    step: &Step,
    files: Option<&[AssetId]>,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let (symbol, paint) = group.symbol();
    write!(sink, "  {} {}", style.paint(paint, symbol), step.id)?;
    let mut parts = Vec::new();
    parts.extend(what(step.kind(), step.decision.may_delete(), files));
    parts.extend(why(step.id, &step.decision));
    parts.extend(step.details.iter().flat_map(|details| wherefore(details)));
    if !parts.is_empty() {
        write!(sink, "  {}", parts.join(" · "))?;
    }
    writeln!(sink)
}

/// What sort of asset it is, where that is not the usual one.
fn what(kind: Option<Kind>, goes: bool, files: Option<&[AssetId]>) -> Option<String> {
    match (kind, files) {
        (None | Some(Kind::File), _) => None,
        (Some(Kind::Folder), _) if !goes => Some("folder".to_owned()),
        (Some(Kind::Folder), _) => Some(
            "the folder and all that is in it, also what is added before the delete".to_owned(),
        ),
        (Some(Kind::VersionStack), None) => Some("version stack".to_owned()),
        (Some(Kind::VersionStack), Some(files)) => Some(format!(
            "version stack of {}",
            counted(files.len(), "file", "files")
        )),
    }
}

/// The files that are deleted in place of a version stack.
fn stack_files(
    files: &[AssetId],
    full: bool,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let shown = if full { files.len() } else { FILES };
    for file in files.iter().take(shown) {
        writeln!(sink, "      {} {file}", style.paint(Paint::Dim, "file"))?;
    }
    words::fold(6, files.len().saturating_sub(shown), MORE, style, sink)
}

/// What the decision itself says beyond its group.
fn why(id: AssetId, decision: &Decision) -> Option<String> {
    match decision {
        Decision::Retire | Decision::Missing | Decision::Forget | Decision::Unchanged { .. } => {
            None
        }
        Decision::Record { evidence } => Some(format!("evidence: {evidence}")),
        Decision::Unreadable { message } => Some(escape(message).into_owned()),
        Decision::Resolve { attempts: 0, .. } => Some("not found by an earlier run".to_owned()),
        Decision::Retry {
            attempts, message, ..
        }
        | Decision::Blocked {
            attempts, message, ..
        } => {
            let times = words::times(*attempts);
            Some(format!("refused {times}: {}", escape(message)))
        }
        Decision::Resolve { listed, attempts } => Some(format!(
            "sent {}{}",
            words::times(*attempts),
            if *listed { "" } else { ", no longer listed" }
        )),
        Decision::Defer { until } => Some(format!("until {}", moment(*until))),
        Decision::Held { why, until, path } => {
            Some(shelter::kept(id, why, *until, path.as_deref()))
        }
        Decision::Mismatch(Mismatch::NotRead) => {
            Some("it has a pin, and this version compares none".to_owned())
        }
    }
}

/// What the manifest says of the asset, as far as people decide by it.
fn wherefore(details: &Details) -> impl Iterator<Item = String> {
    let said = [&details.reason, &details.ticket, &details.owner];
    let said = said.into_iter().flatten();
    said.map(|text| escape(text).into_owned())
}

/// Says in one line how many assets the plan concerns, and how.
pub(crate) fn headline(totals: &Totals) -> String {
    let list = |figures: &[(usize, &str)]| words::figures(figures).join(", ");
    let changes = list(&[
        (totals.retire, "to retire"),
        (totals.retry, "to retry"),
        (totals.resolve, "to resolve"),
        (totals.record, "to record as gone"),
        (totals.missing, "missing"),
        (totals.unreadable, "not to be read"),
        (totals.forget, "to forget"),
    ]);
    let kept = list(&[
        (totals.defer, "deferred"),
        (totals.held, "held"),
        (totals.blocked, "blocked"),
        (totals.mismatch, "mismatched"),
    ]);
    let done = list(&[
        (totals.unchanged, "unchanged"),
        (totals.history, "kept as history"),
    ]);
    let idle = changes.is_empty() && totals.mismatch == 0;
    let parts: Vec<String> = [changes, kept, done]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    match (idle, parts.is_empty()) {
        (true, true) => "Nothing to do: no asset is listed.".to_owned(),
        (true, false) => format!("Nothing to do: {}.", parts.join(", ")),
        (false, _) => format!("Plan: {}", parts.join(" · ")),
    }
}
