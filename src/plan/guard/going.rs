//! What a plan deletes, as far as that was read.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::inventory::{Contents, Facts, Inventory, Seen};
use crate::measure;
use crate::plan::model::{Plan, Step};

/// What is deleted of one project, or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sum {
    /// How many files go, versions among them; a folder or version stack without any is one.
    pub(super) files: u64,
    /// How many bytes they have.
    pub(super) bytes: u64,
    /// Of how many nobody says that.
    pub(super) without_bytes: usize,
    /// When the one that was changed last was changed, and which that is.
    pub(super) newest: Option<(Timestamp, AssetId)>,
    /// Of how many nobody says that.
    pub(super) without_change: usize,
    /// How many of them may be folders or version stacks with something in them.
    pub(super) unlisted: usize,
}

/// What a plan deletes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Going {
    pub(super) all: Sum,
    /// By project; those of which nobody says it stand under nothing.
    pub(super) projects: BTreeMap<Option<AssetId>, Sum>,
    /// The folders and version stacks of which it is not known what is in them, and why.
    pub(super) unread: Vec<(AssetId, Arc<str>)>,
}

/// Sums up what a plan deletes, each file once.
pub(super) fn going(plan: &Plan, inventory: &Inventory) -> Going {
    let mut files: BTreeMap<AssetId, One> = BTreeMap::new();
    let mut unread = Vec::new();
    // What is staged was judged when it was.
    let new = |step: &&Step| !plan.staging.due.contains(&step.id);
    for step in plan.all_going().filter(new) {
        let id = step.id;
        let Some(facts) = inventory.facts(id) else {
            files
                .entry(id)
                .or_insert_with(|| One::without_facts(inventory.assets.get(&id), step.kind()));
            continue;
        };
        let contents = match (facts.kind, inventory.contents.get(&id)) {
            (Kind::File, _) => None,
            (Kind::Folder | Kind::VersionStack, contents) => contents,
        };
        let members = match contents {
            Some(Contents::Whole(ids)) => Some(&**ids),
            Some(Contents::Unread(why)) => {
                unread.push((id, Arc::clone(why)));
                None
            }
            None => facts.files.as_deref(),
        };
        let mut is_empty = true;
        for member in members.unwrap_or_default() {
            let one = match inventory.facts(*member) {
                Some(inner) if inner.kind != Kind::File => continue,
                Some(inner) => One::of_file(inner, facts.project),
                None => One::only_named(facts.project),
            };
            is_empty = false;
            files.insert(*member, one);
        }
        if facts.kind == Kind::File {
            files.insert(id, One::of_file(facts, None));
        } else if is_empty {
            let is_listed = members.is_some();
            files
                .entry(id)
                .or_insert_with(|| One::empty(facts, is_listed));
        }
    }
    let mut going = Going {
        unread,
        ..Going::default()
    };
    for (id, one) in files {
        going.all.add(id, one);
        // What is not there is in no project that anybody could name.
        if one.project.is_some() || one.is_there {
            going.projects.entry(one.project).or_default().add(id, one);
        }
    }
    going
}

/// One file, or one folder or version stack without any.
#[derive(Debug, Clone, Copy)]
struct One {
    project: Option<AssetId>,
    bytes: Known<u64>,
    changed: Known<Timestamp>,
    /// Whether nothing is in it of which nobody knows.
    is_listed: bool,
    /// Whether it is there, or may be.
    is_there: bool,
}

/// What is known of one asset.
#[derive(Debug, Clone, Copy)]
enum Known<T> {
    Said(T),
    /// There is nothing to be known.
    NotNeeded,
    /// Nobody says it.
    NotSaid,
}

impl<T> From<Option<T>> for Known<T> {
    fn from(said: Option<T>) -> Self {
        said.map_or(Self::NotSaid, Self::Said)
    }
}

impl One {
    fn of_file(facts: &Facts, around: Option<AssetId>) -> Self {
        Self {
            project: facts.project.or(around),
            bytes: facts.bytes.into(),
            changed: changed(facts).into(),
            is_listed: true,
            is_there: true,
        }
    }

    /// What has no file in it, or none that is known.
    fn empty(facts: &Facts, is_listed: bool) -> Self {
        Self {
            bytes: if is_listed {
                Known::NotNeeded
            } else {
                Known::NotSaid
            },
            is_listed,
            ..Self::of_file(facts, None)
        }
    }

    /// A file that a list names and of which it says nothing.
    const fn only_named(project: Option<AssetId>) -> Self {
        Self {
            project,
            bytes: Known::NotSaid,
            changed: Known::NotSaid,
            is_listed: true,
            is_there: true,
        }
    }

    /// What is not there, or was not read.
    fn without_facts(seen: Option<&Seen>, kind: Option<Kind>) -> Self {
        match seen {
            Some(Seen::Deleted { facts, .. }) => Self {
                project: facts.as_ref().and_then(|facts| facts.project),
                ..Self::absent()
            },
            Some(Seen::Missing) => Self::absent(),
            Some(Seen::There(_) | Seen::Refused { .. }) | None => Self {
                is_listed: kind == Some(Kind::File),
                ..Self::only_named(None)
            },
        }
    }

    /// What is not there has neither size nor age.
    const fn absent() -> Self {
        Self {
            project: None,
            bytes: Known::NotNeeded,
            changed: Known::NotNeeded,
            is_listed: true,
            is_there: false,
        }
    }
}

/// When an asset was changed last: its creation is a change as well.
fn changed(facts: &Facts) -> Option<Timestamp> {
    facts
        .updated
        .map(|at| facts.created.map_or(at, |made| made.max(at)))
}

impl Sum {
    fn add(&mut self, id: AssetId, one: One) {
        self.files += 1;
        self.unlisted += usize::from(!one.is_listed);
        match one.bytes {
            Known::Said(bytes) => {
                let is_measured = measure::add(&mut self.bytes, Some(bytes));
                self.without_bytes += usize::from(!is_measured);
            }
            Known::NotNeeded => {}
            Known::NotSaid => self.without_bytes += 1,
        }
        match one.changed {
            Known::Said(at) => self.newest = self.newest.max(Some((at, id))),
            Known::NotNeeded => {}
            Known::NotSaid => self.without_change += 1,
        }
    }
}
