//! Gathers what is known of the assets of a plan, and what it comes to. Pure.
//!
//! Nothing is decided by it. What the server said just now is told first, then what a record
//! keeps, then what the manifest says.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::inventory::{Contents, Facts, Inventory, Known, Location, Seen};
use crate::measure;
use crate::plan::about::{About, Inside, Look, Sum, WholeFolder};
use crate::plan::model::{Plan, Step};
use crate::plan::walk::Inputs;

impl Plan {
    /// What is deleted along with a folder or a version stack that is to be deleted itself.
    #[must_use]
    pub fn carried(&self) -> BTreeSet<AssetId> {
        let going = self.steps.iter().filter(|step| step.decision.may_delete());
        let inside = going.filter_map(|step| self.about.get(&step.id)?.inside.as_ref());
        inside
            .flat_map(|inside| inside.ids.iter().copied())
            .collect()
    }

    /// The files that go, and what they weigh, each counted once.
    #[must_use]
    pub fn going(&self) -> Sum {
        let carried = self.carried();
        let going = self
            .steps
            .iter()
            .filter(|step| step.decision.may_delete() && !carried.contains(&step.id));
        Sum::of(going.map(|step| (step.kind(), self.about.get(&step.id))))
    }

    /// Counts the files that go.
    pub(super) fn measure(&mut self) {
        let Sum {
            files,
            bytes,
            unmeasured,
            unlisted: _,
        } = self.going();
        self.totals.files = files;
        self.totals.bytes = bytes;
        self.totals.unmeasured = unmeasured;
    }
}

/// Adds to a plan what is known of its assets.
pub(super) fn gather(plan: &mut Plan, inputs: Inputs<'_>) {
    let (inventory, catalogue) = (inputs.inventory, &inputs.state.catalogue);
    let mut read = inventory.map(Reading::new);
    for step in &plan.steps {
        let seen = read.as_mut().and_then(|read| read.about(step.id));
        let recorded = catalogue.get(step.id);
        let pinned = pinned(step);
        if seen.is_none() && recorded.is_none() && pinned.is_none() {
            continue;
        }
        let mut about = seen.unwrap_or_default();
        about.was = recorded.as_ref().and_then(|known| about.differs(known));
        if let Some(Known {
            name,
            location,
            bytes,
        }) = recorded
        {
            about.name = about.name.or(name);
            about.location = about.location.or(location);
            // What a folder held then it need not hold now.
            about.bytes = about
                .bytes
                .or(bytes.filter(|_| step.kind() == Some(Kind::File)));
        }
        about.name = about.name.or(pinned);
        about.kind = step.kind().or(about.kind);
        plan.about.insert(step.id, about);
    }
    let files = plan.stacks.values().flat_map(|files| files.iter());
    let lifted = plan.marks.lifted.iter().map(|(id, _)| id);
    for id in files.chain(lifted) {
        if let Some(about) = read.as_mut().and_then(|read| read.about(*id)) {
            plan.about.entry(*id).or_insert(about);
        }
    }
    if let Some(inventory) = inventory {
        plan.whole_folders = whole_folders(plan, inventory);
    }
}

/// What the manifest says that an asset is called.
fn pinned(step: &Step) -> Option<Arc<str>> {
    step.details.as_ref()?.pin.as_ref()?.name.clone()
}

/// A project and a parent.
type Where = (Option<AssetId>, Option<AssetId>);

/// An inventory, with the places that were worked out already.
struct Reading<'read> {
    inventory: &'read Inventory,
    places: HashMap<Where, Option<Arc<Location>>>,
}

impl<'read> Reading<'read> {
    fn new(inventory: &'read Inventory) -> Self {
        Self {
            inventory,
            places: HashMap::new(),
        }
    }

    fn facts(&self, id: AssetId) -> Option<&'read Facts> {
        match self.inventory.assets.get(&id) {
            Some(Seen::There(facts)) => Some(facts),
            Some(Seen::Deleted { facts, .. }) => facts.as_ref(),
            Some(Seen::Missing | Seen::Refused { .. }) | None => self.inventory.facts(id),
        }
    }

    fn about(&mut self, id: AssetId) -> Option<About> {
        let facts = self.facts(id)?;
        let place = self.places.entry((facts.project, facts.parent));
        let inventory = self.inventory;
        let location = place.or_insert_with(|| inventory.location_of(facts).map(Arc::new));
        let location = location.clone();
        let inside = self.inside(id, facts).map(Arc::new);
        let within = inside.as_ref().filter(|inside| inside.is_measured());
        Some(About {
            kind: Some(facts.kind),
            name: facts.name.clone(),
            location,
            place: [facts.project, facts.parent],
            bytes: match facts.kind {
                Kind::File => facts.bytes,
                Kind::Folder | Kind::VersionStack => within.map(|inside| inside.bytes),
            },
            created: facts.created,
            updated: facts.updated,
            inside,
            was: None,
        })
    }

    fn inside(&self, id: AssetId, facts: &Facts) -> Option<Inside> {
        let listed = match self.inventory.contents.get(&id) {
            Some(Contents::Whole(ids)) => Some(ids),
            Some(Contents::Unread(_)) => return None,
            None => None,
        };
        let ids = Arc::clone(listed.or(facts.files.as_ref())?);
        let ids = sorted(ids);
        let looks: Arc<[Look]> = ids.iter().map(|id| Look::of(self.facts(*id))).collect();
        let mut inside = Inside {
            ids: Arc::clone(&ids),
            count: ids.len(),
            digest: Inside::digest_of(&ids, &looks),
            looks,
            files: 0,
            bytes: 0,
            unmeasured: 0,
            oldest: None,
            newest: None,
        };
        for id in ids.iter() {
            let facts = self.facts(*id);
            // What nobody has said anything of is a version of a stack.
            if facts.is_some_and(|facts| facts.kind != Kind::File) {
                continue;
            }
            inside.files += 1;
            let Some(facts) = facts else {
                inside.unmeasured += 1;
                continue;
            };
            inside.unmeasured += usize::from(!measure::add(&mut inside.bytes, facts.bytes));
            let made = facts.created.or(facts.updated);
            inside.oldest = inside.oldest.into_iter().chain(made).min();
            inside.newest = inside.newest.max(facts.updated.or(facts.created));
        }
        Some(inside)
    }
}

/// Ids in their order: a server lists versions as it likes.
fn sorted(ids: Arc<[AssetId]>) -> Arc<[AssetId]> {
    if ids.is_sorted() {
        return ids;
    }
    let mut all = ids.to_vec();
    all.sort_unstable();
    all.into()
}

/// Finds the folders that might be listed in place of all their files: the outermost ones.
fn whole_folders(plan: &Plan, inventory: &Inventory) -> Vec<WholeFolder> {
    let carried = plan.carried();
    let is_listed = |id: &AssetId| {
        let step = plan.steps.binary_search_by_key(id, |step| step.id);
        step.is_ok_and(|step| plan.steps[step].decision.may_delete())
    };
    let goes = |id: &AssetId| carried.contains(id) || is_listed(id);
    let is_file = |id: &AssetId| {
        let facts = inventory.facts(*id);
        facts.is_some_and(|facts| facts.kind == Kind::File)
    };
    let mut found: Vec<(WholeFolder, &Arc<[AssetId]>)> = Vec::new();
    for (id, contents) in &inventory.contents {
        let (Contents::Whole(ids), Some(facts)) = (contents, inventory.facts(*id)) else {
            continue;
        };
        // The folder at the top of a project is no folder that can be deleted.
        if facts.kind != Kind::Folder || facts.parent.is_none() || goes(id) {
            continue;
        }
        let files = ids.iter().filter(|id| is_file(id));
        let (gone, files): (Vec<&AssetId>, Vec<&AssetId>) = files.partition(|id| goes(id));
        if !files.is_empty() || gone.len() < 2 {
            continue;
        }
        let folder = WholeFolder {
            id: *id,
            name: facts.name.clone(),
            location: inventory.location_of(facts).map(Arc::new),
            files: gone.len(),
        };
        found.push((folder, ids));
    }
    let inner: BTreeSet<AssetId> = found
        .iter()
        .flat_map(|(_, ids)| ids.iter().copied())
        .collect();
    let outer = found.into_iter().map(|(folder, _)| folder);
    outer.filter(|folder| !inner.contains(&folder.id)).collect()
}
