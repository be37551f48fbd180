//! Whether conditions can choose anything: one that fits nothing that is listed is a mistake.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::counted;
use crate::inventory::Inventory;
use crate::manifest::document::{Entry, Manifests};
use crate::plan::model::Step;
use crate::plan::only::{By, Only};
use crate::plan::part::{View, plain};
use crate::state::State;

/// How many values are named at most: the likeliest stand first.
const NAMED: usize = 5;

/// Why some conditions choose nothing, whatever a plan says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChoosesNothing {
    /// No listed asset has this value.
    Value {
        /// The condition as it was written.
        said: Arc<str>,
        /// What no asset has, in words.
        what: &'static str,
        /// Values that are there, the likeliest first.
        there: Vec<Arc<str>>,
        /// How many more there are.
        more: usize,
    },
    /// Each value is there, and no listed asset has all of them.
    Together,
}

impl ChoosesNothing {
    /// Says what to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Value { .. } => {
                "values are compared as they are written, in their letter case; `plan` without `--only` shows what is listed"
            }
            Self::Together => "give less of them: several of one word are alternatives",
        }
    }
}

impl fmt::Display for ChoosesNothing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value {
                said,
                what,
                there,
                more,
            } => {
                write!(formatter, "`--only {said}` chooses nothing: {what}")?;
                for (number, value) in there.iter().enumerate() {
                    let before = if number == 0 { "; there is " } else { ", " };
                    write!(formatter, "{before}`{value}`")?;
                }
                match more {
                    0 => Ok(()),
                    more => write!(formatter, " and {}", counted(*more, "other", "others")),
                }
            }
            Self::Together => formatter.write_str(
                "`--only` chooses nothing: each of these values is there, and no listed asset has all of them",
            ),
        }
    }
}

/// Checks conditions by what is listed and recorded, before anything is read.
///
/// # Errors
///
/// Returns the first that no asset fits, or that none fits all.
pub fn check(only: &[Only], manifests: &Manifests, state: &State) -> Result<(), ChoosesNothing> {
    let entries = &manifests.entries;
    for condition in only {
        let value = condition.value();
        let owners = || entries.iter().filter_map(owner).cloned().collect();
        let tickets = || entries.iter().filter_map(ticket).cloned().collect();
        let (what, all): (_, BTreeSet<Arc<str>>) = match &condition.by {
            By::Id(id) => {
                let is_listed = entries.binary_search_by_key(id, |entry| entry.id).is_ok();
                if is_listed || state.assets.contains_key(id) {
                    continue;
                }
                ("it is neither listed nor in the state", BTreeSet::new())
            }
            By::Owner => ("no listed asset has this owner", owners()),
            By::Ticket => ("no listed asset has this ticket", tickets()),
            By::Manifest => ("no manifest there lists an asset", listing(manifests)),
            // Only the server tells in which project something lies.
            By::Project => continue,
        };
        let is_there = match &condition.by {
            By::Manifest => all.iter().any(|path| is_within(path, value)),
            By::Id(_) | By::Owner | By::Ticket | By::Project => all.contains(value),
        };
        if !is_there {
            return Err(no_value(condition, what, all));
        }
    }
    let is_known = |condition: &&Only| !matches!(condition.by, By::Project);
    let known: Vec<Only> = only.iter().filter(is_known).cloned().collect();
    let has_all = |entry: &Entry| {
        known.iter().all(|condition| {
            let others = known.iter();
            let mut others = others.filter(|other| condition.is_alternative(other));
            others.any(|other| fits(other, entry, manifests))
        })
    };
    // What is recorded and not listed has nothing but its id.
    let by_id = known
        .iter()
        .all(|condition| matches!(condition.by, By::Id(_)));
    if by_id || entries.iter().any(has_all) {
        return Ok(());
    }
    Err(ChoosesNothing::Together)
}

/// Checks the projects that are asked for by what was read; what was not read may lie in any.
///
/// # Errors
///
/// Returns the first in which nothing lies.
pub fn check_projects(
    only: &[Only],
    steps: &[Step],
    inventory: &Inventory,
    state: &State,
) -> Result<(), ChoosesNothing> {
    let view = View {
        files: &[],
        inventory: Some(inventory),
    };
    for condition in only {
        let By::Project = condition.by else {
            continue;
        };
        let value = condition.value();
        // What is done already is not read, and its record tells where it lay.
        let recorded = state
            .assets
            .keys()
            .filter_map(|id| state.catalogue.get(*id)?.location?.project.clone());
        let recorded: BTreeSet<Arc<str>> = recorded.collect();
        let may_lie_there = |step: &Step| view.is_in(step, value) != Some(false);
        if recorded.contains(value) || steps.iter().any(may_lie_there) {
            continue;
        }
        let projects = steps
            .iter()
            .filter_map(|step| inventory.facts(step.id)?.project);
        let projects: BTreeSet<_> = projects.collect();
        let named = projects.into_iter().filter_map(|id| {
            let project = inventory.projects.get(&id)?;
            project.name.clone()
        });
        let all = named.chain(recorded.iter().cloned()).collect();
        let what = "no listed asset lies in a project of this name or id";
        return Err(no_value(condition, what, all));
    }
    Ok(())
}

/// The manifests that list something.
fn listing(manifests: &Manifests) -> BTreeSet<Arc<str>> {
    let used = manifests.entries.iter().map(|entry| entry.spot.file);
    let used: BTreeSet<u32> = used.collect();
    let paths = used.into_iter().filter_map(|number| {
        let file = manifests.files.get(usize::try_from(number).ok()?);
        Some(Arc::clone(&file?.path))
    });
    paths.collect()
}

fn owner(entry: &Entry) -> Option<&Arc<str>> {
    entry.details.as_ref()?.owner.as_ref()
}

fn ticket(entry: &Entry) -> Option<&Arc<str>> {
    entry.details.as_ref()?.ticket.as_ref()
}

fn fits(condition: &Only, entry: &Entry, manifests: &Manifests) -> bool {
    let value = condition.value();
    match &condition.by {
        By::Id(id) => entry.id == *id,
        By::Owner => owner(entry).is_some_and(|owner| &**owner == value),
        By::Ticket => ticket(entry).is_some_and(|ticket| &**ticket == value),
        By::Manifest => {
            let file = usize::try_from(entry.spot.file).ok();
            let file = file.and_then(|file| manifests.files.get(file));
            file.is_some_and(|file| is_within(&file.path, value))
        }
        By::Project => true,
    }
}

/// Whether a path is this one, or lies in this folder.
pub(super) fn is_within(path: &str, value: &str) -> bool {
    let rest = plain(path).strip_prefix(plain(value));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn no_value(condition: &Only, what: &'static str, all: BTreeSet<Arc<str>>) -> ChoosesNothing {
    let wanted = condition.value().to_lowercase();
    let mut there: Vec<Arc<str>> = all.into_iter().collect();
    there.sort_by_cached_key(|value| strsim::damerau_levenshtein(&value.to_lowercase(), &wanted));
    let more = there.len().saturating_sub(NAMED);
    there.truncate(NAMED);
    ChoosesNothing::Value {
        said: condition.said().into(),
        what,
        there,
        more,
    }
}
