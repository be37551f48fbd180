//! Taking back what is moved aside: which assets, and what the server says of each. Pure.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::inventory::{Inventory, Known, Seen};
use crate::outcome::Aside;
use crate::plan::restore::Chosen;
use crate::state::State;

#[cfg(test)]
mod tests;

/// Why nothing of what somebody wants back can be moved back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotStaged {
    /// Nothing waits of what this run has moved aside; of these something does.
    Run(u64, Vec<u64>),
    /// The state does not know the asset.
    NotKnown(AssetId),
    /// The asset is recorded as something else than staged.
    Other(AssetId, &'static str),
    /// The asset lies in a folder or version stack that was moved aside as a whole.
    Inside(AssetId, AssetId),
}

impl NotStaged {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Other(_, "retired") => "`retire restore` takes back what is deleted",
            Self::Run(..) | Self::NotKnown(_) | Self::Other(..) | Self::Inside(..) => {
                "`retire state list --status staged` shows what is"
            }
        }
    }
}

impl fmt::Display for NotStaged {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run, others) => {
                write!(formatter, "nothing of run {run} is staged")?;
                if others.is_empty() {
                    return formatter.write_str(", nor is anything else");
                }
                let others: Vec<String> = others.iter().map(|run| format!("`run:{run}`")).collect();
                write!(formatter, "; something is of {}", others.join(", "))
            }
            Self::NotKnown(id) => write!(formatter, "the state has no record of `{id}`"),
            Self::Other(id, status) => write!(
                formatter,
                "`{id}` is recorded as {status}, and only what is staged is moved back"
            ),
            Self::Inside(id, whole) => write!(
                formatter,
                "`{id}` lies in `{whole}`, which was moved aside as a whole: name that, and it goes back with it"
            ),
        }
    }
}

/// An asset that waits in a staging folder, by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The asset.
    pub id: AssetId,
    /// Where it waits, and until when.
    pub aside: Aside,
    /// What was known of it before it was moved.
    pub known: Known,
    /// What is recorded of what lies in it: it goes back with it.
    pub with: Arc<[AssetId]>,
    /// The project, and what its staging folder is called.
    pub place: (AssetId, Arc<str>),
}

/// Chooses what is to go back: all that waits, where nothing is named.
///
/// # Errors
///
/// Returns what of it cannot.
pub fn choose(state: &State, chosen: Option<&Chosen>) -> Result<Vec<Waiting>, NotStaged> {
    let wanted: Vec<AssetId> = match chosen {
        None => tops(state).collect(),
        Some(Chosen::Run(run)) => {
            let own = tops(state).filter(|id| runs(state, *id).contains(run));
            let own: Vec<AssetId> = own.collect();
            if own.is_empty() {
                let others = tops(state).flat_map(|id| runs(state, id));
                let others: BTreeSet<u64> = others.collect();
                return Err(NotStaged::Run(*run, others.into_iter().collect()));
            }
            own
        }
        Some(Chosen::Assets(ids)) => {
            for id in ids {
                let record = state.assets.get(id).ok_or(NotStaged::NotKnown(*id))?;
                let aside = record.status.aside();
                let aside = aside.ok_or(NotStaged::Other(*id, record.status.name()))?;
                if !state.is_staging(aside.into) {
                    let whole = tops(state).find(|top| along(state, *top).any(|one| one == *id));
                    return Err(NotStaged::Inside(*id, whole.unwrap_or(aside.into)));
                }
            }
            let ids: BTreeSet<AssetId> = ids.iter().copied().collect();
            ids.into_iter().collect()
        }
    };
    let waiting = wanted.into_iter().filter_map(|id| {
        let aside = *state.aside(id)?;
        let folder = state.staging(aside.into)?;
        Some(Waiting {
            id,
            aside,
            known: state.catalogue.get(id).unwrap_or_default(),
            with: along(state, id).collect(),
            place: (folder.project, Arc::clone(&folder.name)),
        })
    });
    Ok(waiting.collect())
}

/// What was moved aside by itself.
fn tops(state: &State) -> impl Iterator<Item = AssetId> {
    let records = state.assets.iter();
    let asides = records.filter_map(|(id, record)| Some((*id, record.status.aside()?)));
    let tops = asides.filter(|(_, aside)| state.is_staging(aside.into));
    tops.map(|(id, _)| id)
}

/// What is recorded of what lies in something that is moved aside.
fn along(state: &State, id: AssetId) -> impl Iterator<Item = AssetId> {
    let inside = state.files.get(&id).into_iter().flatten().copied();
    inside.filter(|inside| state.aside(*inside).is_some())
}

/// The runs by which somebody may call what waits: that by which its folder is called, and that
/// which wrote of it last.
fn runs(state: &State, id: AssetId) -> BTreeSet<u64> {
    let record = state.assets.get(&id);
    let into = record.and_then(|record| record.status.aside());
    let folder = into.and_then(|aside| state.staging(aside.into));
    let last = record.map(|record| record.run);
    last.into_iter()
        .chain(folder.map(|folder| folder.run))
        .collect()
}

/// What the server says of an asset that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It waits, and goes back into this, which is called so now.
    Back {
        /// In what it lay.
        parent: AssetId,
        /// What that is called now, where that is known.
        name: Option<Arc<str>>,
    },
    /// Somebody has taken it out: only its record follows.
    Away,
    /// It waits, and what it lay in is gone.
    NoParent(AssetId),
    /// It waits, and no run has kept in what it lay.
    NoPlace,
    /// It waits, and what it lay in is moved aside too, and stays there.
    ParentAside(AssetId),
    /// It can be read, and its staging folder is deleted: it goes with that, which this run was about to
    /// delete, as far as that is known.
    Going(Option<u64>),
    /// It is deleted.
    Deleted,
    /// It, its staging folder, or what it lay in, could not be read.
    Unread,
}

impl Standing {
    /// Whether it waits, and cannot go back: whoever wants it back is given time for that.
    #[must_use]
    pub const fn is_stuck(&self) -> bool {
        match self {
            Self::NoParent(_) | Self::NoPlace | Self::ParentAside(_) | Self::Unread => true,
            Self::Back { .. } | Self::Away | Self::Going(_) | Self::Deleted => false,
        }
    }

    /// Whether anything follows.
    #[must_use]
    pub const fn is_asked(&self) -> bool {
        match self {
            Self::Back { .. } | Self::Away => true,
            Self::NoParent(_)
            | Self::NoPlace
            | Self::ParentAside(_)
            | Self::Going(_)
            | Self::Deleted
            | Self::Unread => false,
        }
    }
}

/// What goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unstage {
    /// Each asset, and what the server says of it.
    pub rows: Vec<(Waiting, Standing)>,
}

impl Unstage {
    /// What the server says of each.
    #[must_use]
    pub fn new(waiting: Vec<Waiting>, state: &State, read: &Inventory) -> Self {
        let chosen: BTreeSet<AssetId> = waiting.iter().map(|one| one.id).collect();
        let rows = waiting.into_iter().map(|one| {
            let standing = standing(&one, state, (read, &chosen));
            (one, standing)
        });
        Self {
            rows: rows.collect(),
        }
    }

    /// How many assets go back, or are back, those in folders among them.
    #[must_use]
    pub fn assets(&self) -> usize {
        let asked = self.rows.iter().filter(|(_, standing)| standing.is_asked());
        asked.map(|(waiting, _)| 1 + waiting.with.len()).sum()
    }
}

/// What is to be read: what waits, in what it waits and in what it lay, each with its kind.
#[must_use]
pub fn to_read(waiting: &[Waiting]) -> Vec<(AssetId, Option<Kind>)> {
    let assets = waiting.iter().map(|one| (one.id, Some(one.aside.asset)));
    let parents: BTreeSet<AssetId> = waiting.iter().filter_map(|one| one.known.parent).collect();
    // A file may have lain in a version stack.
    let parents = parents.into_iter().map(|id| (id, None));
    let folders: BTreeSet<AssetId> = waiting.iter().map(|one| one.aside.into).collect();
    let folders = folders.into_iter().map(|id| (id, Some(Kind::Folder)));
    assets.chain(parents).chain(folders).collect()
}

fn standing(
    waiting: &Waiting,
    state: &State,
    (read, chosen): (&Inventory, &BTreeSet<AssetId>),
) -> Standing {
    let facts = match read.assets.get(&waiting.id) {
        Some(Seen::There(facts)) => facts,
        Some(Seen::Deleted { .. }) => return Standing::Deleted,
        Some(Seen::Missing | Seen::Refused { .. }) | None => return Standing::Unread,
    };
    match facts.parent {
        Some(parent) if parent == waiting.aside.into => {}
        Some(_) => return Standing::Away,
        None => return Standing::Unread,
    }
    match read.assets.get(&waiting.aside.into) {
        Some(Seen::There(_)) => {}
        Some(Seen::Deleted { .. } | Seen::Missing) => {
            return Standing::Going(state.being_deleted_by(waiting.id));
        }
        Some(Seen::Refused { .. }) | None => return Standing::Unread,
    }
    let Some(parent) = waiting.known.parent else {
        return Standing::NoPlace;
    };
    if state.aside(parent).is_some() && !chosen.contains(&parent) {
        return Standing::ParentAside(parent);
    }
    match read.assets.get(&parent) {
        Some(Seen::There(facts)) => Standing::Back {
            parent,
            name: facts.name.clone(),
        },
        Some(Seen::Deleted { .. } | Seen::Missing) => Standing::NoParent(parent),
        Some(Seen::Refused { .. }) | None => Standing::Unread,
    }
}
