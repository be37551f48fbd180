//! A plan as Markdown: what a reviewer asks first stands first, and what is left out where there is
//! no room is what nobody reads in a comment.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;

use crate::plan::about::Sum;
use crate::plan::approve::Refused;
use crate::plan::figure::{Figure, Report};
use crate::plan::forecast::at_least;
use crate::plan::{Checked, Plan, Step};
use crate::render::markdown::inline::code;
use crate::render::markdown::{item, paragraph};
use crate::render::progress::roughly;
use crate::render::rows;
use crate::render::text::PlanView;
use crate::render::{checked, count, counted, moment, thousands};

mod assets;
mod attention;

use assets::{assets, folders};
use attention::attention;

/// How many owners are named.
const OWNERS: usize = 5;

/// How many folders the table always has room for.
const FOLDERS: usize = 10;

/// How many entries that lack a field are shown.
const SHOWN: usize = 20;

/// What is shown beside the plan itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MarkdownPlan<'plan> {
    pub(crate) view: &'plan PlanView<'plan>,
    /// The state, as the user named it: it tells the comments of two projects apart.
    pub(crate) state: &'plan str,
    /// The serial of the state.
    pub(crate) serial: u64,
    /// The plan's id.
    pub(crate) id: &'plan str,
    /// The commit that it was made at, where that is known.
    pub(crate) commit: Option<&'plan str>,
    /// Up to when `apply` takes it.
    pub(crate) expires_at: Timestamp,
    /// Why `apply` refuses it.
    pub(crate) refused: Option<&'plan Refused>,
    /// How long the whole may be, in bytes.
    pub(crate) most: usize,
}

/// Writes a plan as Markdown.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn plan(report: &MarkdownPlan<'_>, sink: &mut dyn Write) -> io::Result<()> {
    let MarkdownPlan { view, most, .. } = report;
    let mut head = format!("<!-- retire plan {} -->\n", comment(report.state));
    paragraph(&mut head, &format!("**{}**", headline(view.plan)));
    if let Some(owners) = owners(view.plan) {
        paragraph(&mut head, &owners);
    }
    let attention = attention(report);
    let guards = guards(view);
    let foot = foot(report);
    // What decides is written whole, whatever the room.
    let fixed = head.len() + attention.len() + guards.len() + foot.len();
    let mut room = most.saturating_sub(fixed);
    let folders = folders(view);
    let more = |left: &str| format!("| … {left} more | | | |\n");
    let few = folders.within(usize::MAX, FOLDERS, &more);
    let assets = assets(view, room.saturating_sub(few.len()));
    room = room.saturating_sub(assets.iter().map(String::len).sum());
    let whole = folders.within(room, usize::MAX, &more);
    let folders = if whole.is_empty() { few } else { whole };
    for part in [head, attention, guards, folders]
        .into_iter()
        .chain(assets)
        .chain([foot])
    {
        sink.write_all(part.as_bytes())?;
    }
    Ok(())
}

/// A text in a comment of HTML, which may not hold what ends one.
fn comment(text: &str) -> String {
    let plain = |character: char| {
        if character.is_alphanumeric() || "/._ ".contains(character) {
            character
        } else {
            '_'
        }
    };
    text.chars().map(plain).collect()
}

/// Says in one sentence how much goes, and that nothing has happened yet.
fn headline(plan: &Plan) -> String {
    let going = plan.going();
    let totals = &plan.totals;
    if totals.deletes() == 0 {
        return match totals.changes() {
            0 => "Nothing goes.".to_owned(),
            _ => "Nothing goes; only records change.".to_owned(),
        };
    }
    let size = match rows::sized(going) {
        Some(size) => format!(", {size}"),
        None => ", of which no size is known".to_owned(),
    };
    let verb = if going.files == 1 { "goes" } else { "go" };
    format!(
        "{}{size}, {verb}; nothing is sent before the merge.",
        rows::files(going)
    )
}

/// Whose the assets are that go, as far as their entries say.
fn owners(plan: &Plan) -> Option<String> {
    let carried = plan.carried();
    let mut owners: BTreeMap<Option<&str>, Vec<&Step>> = BTreeMap::new();
    let goes = |step: &&Step| step.decision.may_delete() && !carried.contains(&step.id);
    for step in plan.steps.iter().filter(goes) {
        let owner = step
            .details
            .as_ref()
            .and_then(|details| details.owner.as_deref());
        owners.entry(owner).or_default().push(step);
    }
    let mut all: Vec<(Option<&str>, Sum)> = owners
        .into_iter()
        .map(|(owner, steps)| {
            let about = steps.iter();
            let about = about.map(|step| (step.kind(), plan.about.get(&step.id)));
            (owner, Sum::of(about))
        })
        .collect();
    if all.is_empty() {
        return None;
    }
    all.sort_by_key(|(_, sum)| Reverse((sum.files, sum.bytes)));
    let more = all.len().saturating_sub(OWNERS);
    let said = all.iter().take(OWNERS).map(|(owner, sum)| {
        let owner = owner.map_or_else(|| "nobody named".to_owned(), code);
        let size = rows::sized(*sum).map_or_else(String::new, |size| format!(" ({size})"));
        format!("{owner} {}{size}", rows::files(*sum))
    });
    let mut said: Vec<String> = said.collect();
    if more > 0 {
        said.push(format!("{} more", counted(more, "owner", "owners")));
    }
    Some(format!("Whose: {}.", said.join(" · ")))
}

/// What the guards counted, and how long it takes.
fn guards(view: &PlanView<'_>) -> String {
    let mut text = String::new();
    if let Some(report) = view.plan.guards.as_deref() {
        guard_table(report, &mut text);
    }
    let least = at_least(view.forecast);
    if !least.is_zero() {
        let calls: u64 = view.forecast.iter().map(|line| line.calls).sum();
        let words = format!(
            "At the API's limits that takes at least {}, with {} requests.",
            roughly(least.as_secs()),
            thousands(calls)
        );
        paragraph(&mut text, &words);
    }
    text
}

fn guard_table(report: &Report, text: &mut String) {
    let refused: Vec<&Figure> = report.refused().collect();
    if report.figures.is_empty() && report.incomplete.is_empty() {
        return;
    }
    let failed = refused.len() + report.incomplete.len();
    let verdict = match failed {
        0 => "Guards: all within their limits.".to_owned(),
        1 => "**Guards: one is in the way.**".to_owned(),
        failed => format!("**Guards: {} are in the way.**", count(failed)),
    };
    paragraph(text, &verdict);
    for figure in &refused {
        item(text, &code(&figure.to_string()));
        if let Some(waiver) = figure.waiver(report.at) {
            let waiver = code(&waiver);
            item(
                text,
                &format!("once somebody has agreed, under `waivers:`: {waiver}"),
            );
        }
    }
    for incomplete in report.incomplete.iter().take(SHOWN) {
        item(text, &code(&incomplete.to_string()));
    }
    if failed > 0 {
        text.push('\n');
    }
}

/// What the plan is good for.
fn foot(report: &MarkdownPlan<'_>) -> String {
    let MarkdownPlan {
        view,
        state,
        serial,
        id,
        commit,
        expires_at,
        ..
    } = report;
    let mut text = String::new();
    if let Checked::Live(check) = view.checked {
        paragraph(&mut text, &code(&checked::sentence(check)));
    }
    let commit = commit.map(|commit| format!(" · commit {}", code(commit)));
    paragraph(
        &mut text,
        &format!(
            "Plan {} · state {} at serial {}{} · valid until {}",
            code(id),
            code(state),
            thousands(*serial),
            commit.unwrap_or_default(),
            moment(*expires_at)
        ),
    );
    text
}
