//! A plan as a unified diff of the state's file: before, and as it will be if all goes well.
//!
//! Records are matched by id and walked side by side, so the cost grows with the number of
//! assets and no more. The walk is made twice, first for the figures in the heads of the
//! hunks, then for the lines, so that a diff of any length is never held in memory.

use std::collections::{BTreeMap, btree_map};
use std::io::{self, Write};
use std::iter::Peekable;
use std::slice;

use jiff::Timestamp;
use similar::{ChangeTag, TextDiff};

use crate::asset::AssetId;
use crate::event::{RunEvent, RunInfo};
use crate::outcome::{Evidence, Failure, FailureKind, Outcome};
use crate::plan::about::About;
use crate::plan::decide::Decision;
use crate::plan::holds;
use crate::plan::{Plan, Step};
use crate::render::escape::escape;
use crate::render::hunks::{Sort, Stretch, hunks};
use crate::render::record_lines::{Line, Pair};
use crate::render::{Paint, Style};
use crate::state::format::{folders_of, head_lines, tail_lines};
use crate::state::{Catalogue, Deletion, Record, State, absorb, settles_missing};

/// What a diff is made from.
#[derive(Debug, Clone, Copy)]
pub struct DiffView<'plan> {
    /// What is to happen.
    pub plan: &'plan Plan,
    /// The state before; a new one where there is no file yet.
    pub state: &'plan State,
    /// Whether the state's file exists.
    pub exists: bool,
    /// The path of the state's file, as the user named it.
    pub path: &'plan str,
    /// The run that would carry the plan out.
    pub run: &'plan RunInfo,
    /// Whether the lines are escaped, for a terminal; `patch` needs them as they are.
    pub escaped: bool,
}

/// Writes the diff; nothing where the plan changes nothing.
///
/// The lines before are those that [`crate::state::format::write`] makes, so a file whose
/// lines somebody has shuffled does not take the patch before a run has written it again.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub fn diff(view: &DiffView<'_>, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    if view.plan.totals.changes() == 0 && !view.plan.changes_holds() && !view.plan.says_news() {
        return Ok(());
    }
    let change = Change::new(view);
    let hunks = hunks(change.pairs().map(|pair| pair.sort()));
    header(view, style, sink)?;

    let mut pairs = change.pairs();
    let mut passed = 0;
    let mut line = String::new();
    for hunk in &hunks {
        let stretch = |lines: Stretch| format!("{},{}", lines.start(), lines.length);
        let head = format!("@@ -{} +{} @@", stretch(hunk.old), stretch(hunk.new));
        writeln!(sink, "{}", style.paint(Paint::Blue, head))?;
        let shown = pairs.by_ref().take(hunk.to - passed);
        for pair in shown.skip(hunk.from - passed) {
            if pair.sort() == Sort::Changed && style.colour {
                emphasised(pair, view.escaped, style, sink)?;
                continue;
            }
            let shown: [(&str, Option<Paint>, Option<Line<'_>>); 2] = match pair.sort() {
                Sort::Same => [(" ", None, pair.old), (" ", None, None)],
                Sort::Changed | Sort::Removed | Sort::Added => [
                    ("-", Some(Paint::Red), pair.old),
                    ("+", Some(Paint::Green), pair.new),
                ],
            };
            for (sign, paint, text) in shown {
                let Some(text) = text else { continue };
                line.clear();
                line.push_str(sign);
                text.append(&mut line);
                let text = if view.escaped {
                    escape(&line)
                } else {
                    line.as_str().into()
                };
                match paint {
                    Some(paint) => writeln!(sink, "{}", style.paint(paint, text))?,
                    None => writeln!(sink, "{text}")?,
                }
            }
        }
        passed = hunk.to;
    }
    Ok(())
}

/// Writes a record before and after, with the fields that differ standing out.
fn emphasised(pair: Pair<'_>, escaped: bool, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let text = |line: Option<Line<'_>>| {
        let mut text = String::new();
        if let Some(line) = line {
            line.append(&mut text);
        }
        if escaped {
            escape(&text).into_owned()
        } else {
            text
        }
    };
    let (old, new) = (text(pair.old), text(pair.new));
    // A record is one line of JSON without spaces: its commas part what may differ.
    let parts = |text| str::split_inclusive(text, ',').collect::<Vec<_>>();
    let (old, new) = (parts(&old), parts(&new));
    let fields = TextDiff::from_slices(&old, &new);
    for (sign, tag, same, differs) in [
        ("-", ChangeTag::Delete, Paint::Red, Paint::BoldRed),
        ("+", ChangeTag::Insert, Paint::Green, Paint::BoldGreen),
    ] {
        write!(sink, "{}", style.paint(same, sign))?;
        for change in fields.iter_all_changes() {
            let paint = match change.tag() {
                ChangeTag::Equal => same,
                found if found == tag => differs,
                ChangeTag::Delete | ChangeTag::Insert => continue,
            };
            write!(sink, "{}", style.paint(paint, change.value()))?;
        }
        writeln!(sink)?;
    }
    Ok(())
}

fn header(view: &DiffView<'_>, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let path = view.path.strip_prefix("./").unwrap_or(view.path);
    let path = escape(path.trim_start_matches('/'));
    // Without the tab, `patch` takes a name with a space in it for shorter than it is.
    let end = if path.contains(' ') { "\t" } else { "" };
    let old = if view.exists {
        format!("--- a/{path}{end}")
    } else {
        "--- /dev/null".to_owned()
    };
    writeln!(sink, "{}", style.paint(Paint::Bold, old))?;
    let new = format!("+++ b/{path}{end}");
    writeln!(sink, "{}", style.paint(Paint::Bold, new))
}

/// The state before and after, up to the records, which are walked.
struct Change<'plan> {
    view: &'plan DiffView<'plan>,
    old_head: Vec<String>,
    new_head: Vec<String>,
    /// The holds before and after.
    tails: [Vec<String>; 2],
    /// What is recorded of an asset that the run deletes, and of one that it finds deleted.
    expected: Expected,
    /// What the run learns of the assets that it deals with.
    catalogue: Catalogue,
    /// How many assets there are after the run.
    new_length: usize,
}

impl<'plan> Change<'plan> {
    fn new(view: &'plan DiffView<'plan>) -> Self {
        let (state, assets) = (view.state, &view.state.assets);
        // The head does not depend on the assets, which may be a million.
        let mut after = State {
            lineage: state.lineage,
            serial: state.serial,
            target: state.target.clone(),
            runs: state.runs_so_far(),
            assets: BTreeMap::new(),
            files: BTreeMap::new(),
            holds: state.holds.clone(),
            catalogue: described(view),
            marks: state.marks.clone(),
            kept: state.kept.clone(),
            again: view.plan.again_after(state, view.run.number),
            staging: state.staging.clone(),
            unanswered: state.unanswered.clone(),
            sent: state.sent.clone(),
            under_way: BTreeMap::new(),
        };
        let number = view.run.number;
        after.apply(number, &RunEvent::Started(view.run.clone()));
        let (at, changes) = (view.run.at, holds::changes(&view.plan.holds));
        after.apply(number, &RunEvent::HoldsChanged { at, changes });
        let news = [view.plan.marks.news(), view.plan.says_kept()];
        for news in news.iter().flatten() {
            after.apply(number, news);
        }
        let expected = Expected::new(view.plan, assets, number, view.run.at);
        let new = || {
            let walk = Records::walk(assets, &view.plan.steps, &expected);
            walk.filter_map(|(id, _, new)| new.map(|_| id))
        };
        let old_folders = folders_of(assets.keys().copied(), &[&state.catalogue]);
        let new_folders = folders_of(new(), &[&after.catalogue, &state.catalogue]);
        let new_length = new().count();
        Self {
            view,
            old_head: head_lines(view.state, &old_folders),
            new_head: head_lines(&after, &new_folders),
            tails: [tail_lines(state), tail_lines(&after)],
            expected,
            catalogue: after.catalogue,
            new_length,
        }
    }

    /// All lines before and after, side by side.
    fn pairs(&self) -> impl Iterator<Item = Pair<'_>> {
        let exists = self.view.exists;
        let [old_tail, new_tail] = &self.tails;
        let tail = head(old_tail, new_tail);
        head(&self.old_head, &self.new_head)
            .chain(self.records())
            .chain(tail)
            .map(move |mut pair| {
                if !exists {
                    pair.old = None;
                }
                pair
            })
            .filter(|pair| pair.old.is_some() || pair.new.is_some())
    }

    fn records(&self) -> impl Iterator<Item = Pair<'_>> {
        let assets = &self.view.state.assets;
        let mut left = (assets.len(), self.new_length);
        Records::walk(assets, &self.view.plan.steps, &self.expected).map(move |(id, old, new)| {
            let (before, after) = (&self.view.state.catalogue, &self.catalogue);
            let anew = after
                .get(id)
                .filter(|known| before.get(id).as_ref() != Some(known));
            let line = |record: Option<_>, left: &mut usize, anew: bool| {
                record.map(|record| {
                    *left -= 1;
                    Line::Record {
                        id,
                        record,
                        known: if anew { after } else { before },
                        files: &self.view.state.files,
                        anew,
                        comma: *left > 0,
                    }
                })
            };
            Pair {
                old: line(old, &mut left.0, false),
                new: line(new, &mut left.1, anew.is_some()),
            }
        })
    }
}

/// What a run says of the assets that it deals with, beyond what the state has of them.
fn described(view: &DiffView<'_>) -> Catalogue {
    let before = &view.state.catalogue;
    let mut catalogue = before.of_same_folders();
    for step in &view.plan.steps {
        let known = view.plan.about.get(&step.id).and_then(About::known);
        if let Some(known) = known
            && step.decision.is_carried_out()
        {
            catalogue.insert(step.id, before.get(step.id).unwrap_or_default());
            catalogue.insert(step.id, known);
        }
    }
    catalogue
}

/// The records that a run is expected to write.
struct Expected {
    retired: Record,
    with: BTreeMap<AssetId, Record>,
    gone: BTreeMap<Evidence, Record>,
    missing: Record,
    unreadable: BTreeMap<AssetId, Record>,
}

impl Expected {
    fn new(plan: &Plan, assets: &BTreeMap<AssetId, Record>, run: u64, at: Timestamp) -> Self {
        let record = |before, outcome: &Outcome| absorb(before, outcome, run, at);
        let (mut with, mut gone) = (BTreeMap::new(), BTreeMap::new());
        let mut unreadable = BTreeMap::new();
        for step in &plan.steps {
            if let Decision::Record { evidence, run } = step.decision {
                let shown = || match (evidence, run) {
                    // It is recorded as what its folder was deleted by.
                    (Evidence::With(folder), Some(_)) => {
                        let retired = record(None, &Outcome::Retired(evidence));
                        let deleted = assets.get(&folder).and_then(Record::deleted);
                        deleted.map_or(retired.clone(), |Deletion { run, at }| Record {
                            run,
                            at,
                            ..retired
                        })
                    }
                    (_, _) => record(None, &Outcome::Gone(evidence)),
                };
                gone.entry(evidence).or_insert_with(shown);
            } else if let Decision::Covered { by, .. } = step.decision {
                let evidence = plan.evidence_with(by);
                let shown = || record(None, &Outcome::Retired(evidence));
                with.entry(by).or_insert_with(shown);
            } else if let Decision::Unreadable { message } = &step.decision {
                let refused = Outcome::Failed(Failure {
                    kind: FailureKind::Permission,
                    message: message.to_string(),
                });
                unreadable.insert(step.id, record(assets.get(&step.id), &refused));
            }
        }
        Self {
            retired: record(None, &Outcome::Retired(Evidence::Answer)),
            with,
            gone,
            missing: record(None, &Outcome::Missing),
            unreadable,
        }
    }

    /// What a run writes of a missing asset: nothing where it is recorded so already.
    fn missing<'plan>(&'plan self, old: Option<&'plan Record>) -> Option<&'plan Record> {
        old.filter(|record| !settles_missing(&record.status))
            .or(Some(&self.missing))
    }
}

/// Pairs the lines before the assets: the first, the runs that stay, those that change, the end.
fn head<'lines>(
    old: &'lines [String],
    new: &'lines [String],
) -> impl Iterator<Item = Pair<'lines>> {
    let shorter = old.len().min(new.len());
    let start = old
        .iter()
        .zip(new)
        .skip(1)
        .take_while(|(old, new)| old == new)
        .count();
    // The first line holds the serial and always changes, so it is paired by itself.
    let start = (start + 1).min(shorter);
    let end = old[start..]
        .iter()
        .rev()
        .zip(new[start..].iter().rev())
        .take_while(|(old, new)| old == new)
        .count();
    let both = |old: &'lines [String], new: &'lines [String]| {
        let both = old.iter().zip(new);
        both.map(|(old, new)| Pair::of(Some(old), Some(new)))
    };
    let (old_end, new_end) = (old.len() - end, new.len() - end);
    let removed = old[start..old_end].iter();
    let removed = removed.map(|line| Pair::of(Some(line), None));
    let added = new[start..new_end].iter();
    let added = added.map(|line| Pair::of(None, Some(line)));
    both(&old[..start], &new[..start])
        .chain(removed)
        .chain(added)
        .chain(both(&old[old_end..], &new[new_end..]))
}

/// Walks what is recorded and what is planned side by side, in the order of the ids.
struct Records<'plan> {
    recorded: Peekable<btree_map::Iter<'plan, AssetId, Record>>,
    planned: Peekable<slice::Iter<'plan, Step>>,
    expected: &'plan Expected,
}

impl<'plan> Records<'plan> {
    fn walk(
        assets: &'plan BTreeMap<AssetId, Record>,
        steps: &'plan [Step],
        expected: &'plan Expected,
    ) -> Self {
        Self {
            recorded: assets.iter().peekable(),
            planned: steps.iter().peekable(),
            expected,
        }
    }
}

impl<'plan> Iterator for Records<'plan> {
    type Item = (AssetId, Option<&'plan Record>, Option<&'plan Record>);

    fn next(&mut self) -> Option<Self::Item> {
        let recorded = self.recorded.peek().map(|(id, _)| **id);
        let planned = self.planned.peek().map(|step| step.id);
        let id = match (recorded, planned) {
            (Some(recorded), Some(planned)) => recorded.min(planned),
            (Some(id), None) | (None, Some(id)) => id,
            (None, None) => return None,
        };
        let old = self
            .recorded
            .next_if(|(recorded, _)| **recorded == id)
            .map(|(_, record)| record);
        let step = self.planned.next_if(|step| step.id == id);
        let new = match step.map(|step| &step.decision) {
            Some(
                Decision::Retire | Decision::Retry { .. } | Decision::Resolve { with: None, .. },
            ) => Some(&self.expected.retired),
            Some(Decision::Record { evidence, run: _ }) => self.expected.gone.get(evidence),
            Some(Decision::Missing) => self.expected.missing(old),
            Some(Decision::Unreadable { .. }) => self.expected.unreadable.get(&id),
            Some(Decision::Covered { by, .. }) => self.expected.with.get(by),
            Some(Decision::Unstage | Decision::Forget) => None,
            // What is on its way out is there still.
            Some(
                Decision::Resolve { with: Some(_), .. }
                | Decision::Blocked { .. }
                | Decision::Defer { .. }
                | Decision::Staged { .. }
                | Decision::Held { .. }
                | Decision::Unread
                | Decision::Mismatch(_)
                | Decision::Rescued
                | Decision::Drift { .. }
                | Decision::Unchanged { .. },
            )
            | None => old,
        };
        Some((id, old, new))
    }
}
