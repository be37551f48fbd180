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
use crate::plan::cover;
use crate::plan::decide::Recorded;
use crate::plan::left_alone::LeftAlone;
use crate::plan::model::{Back, Plan, Step};
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
            parent,
            bytes,
        }) = recorded
        {
            // Where nothing was read it tells folders of one path apart, and nothing is compared.
            about.place[1] = about.place[1].or(parent.filter(|_| inventory.is_none()));
            about.name = about.name.or(name);
            about.location = about.location.or(location);
            // What a folder held then it need not hold now.
            about.bytes = about
                .bytes
                .or(bytes.filter(|_| step.kind() == Some(Kind::File)));
        }
        about.name = about.name.or(pinned);
        about.kind = step.kind().or(about.kind);
        about.deleted_by = inputs.state.being_deleted_by(step.id);
        plan.about.insert(step.id, about);
    }
    let files = plan.stacks.values().flat_map(|files| files.iter());
    let lifted = plan.marks.lifted.iter().map(|(id, _)| id);
    for id in files.chain(lifted) {
        if let Some(about) = read.as_mut().and_then(|read| read.about(*id)) {
            plan.about.entry(*id).or_insert(about);
        }
    }
    if let Some(read) = &mut read {
        tell_of_parts(plan, read);
    }
    if let Some(inventory) = inventory {
        plan.whole_folders = whole_folders(plan, inventory);
    }
}

/// Adds what of some assets that were deleted before goes again with something whose entry says so:
/// with the innermost of those.
pub(super) fn tell_of_back(
    plan: &mut Plan,
    inputs: Inputs<'_>,
    freed: impl Iterator<Item = AssetId>,
) {
    let Some(mut read) = inputs.inventory.map(Reading::new) else {
        return;
    };
    let again = plan.steps.iter();
    let again = again.filter(|step| step.goes_again() && step.decision.goes());
    let again = again.map(|step| (step.id, cover::inside(&plan.parts, step.id)));
    let again: Vec<(AssetId, BTreeSet<AssetId>)> = again.collect();
    let back = freed.filter_map(|id| {
        let around = again.iter().filter(|(_, inside)| inside.contains(&id));
        let (with, _) = around.min_by_key(|(_, inside)| inside.len())?;
        let record = inputs.state.assets.get(&id)?;
        let back = Back {
            with: *with,
            recorded: Recorded::of(&record.status)?,
            about: read.about(id).and_then(|about| about.known()),
        };
        Some((id, back))
    });
    plan.back = back.collect();
}

/// Adds what is known of all that goes along: a folder that the server refuses goes part by part,
/// and each has a record of its own.
fn tell_of_parts(plan: &mut Plan, read: &mut Reading<'_>) {
    let parts: BTreeSet<AssetId> = plan.parts.values().flatten().map(|(id, _)| *id).collect();
    for id in parts {
        if plan.about.contains_key(&id) {
            continue;
        }
        let Some(mut about) = read.about(id) else {
            continue;
        };
        if about.kind == Some(Kind::Folder) && about.bytes.is_none() {
            about.bytes = weight(plan, read, id);
        }
        plan.about.insert(id, about);
    }
}

/// What all in a folder weighs; nothing where a list of it is not known, or a size.
fn weight(plan: &Plan, read: &Reading<'_>, folder: AssetId) -> Option<u64> {
    let mut bytes = Some(0_u64);
    for id in cover::inside(&plan.parts, folder)
        .into_iter()
        .chain([folder])
    {
        let facts = read.facts(id)?;
        bytes = match facts.kind {
            Kind::File => bytes?.checked_add(facts.bytes?),
            Kind::Folder | Kind::VersionStack => bytes.filter(|_| plan.parts.contains_key(&id)),
        };
    }
    bytes
}

/// Adds what is known of the assets that a saved plan leaves alone, and of what in them is other
/// than reviewed.
pub fn tell_of_left_alone(plan: &mut Plan, inventory: &Inventory) {
    let mut read = Reading::new(inventory);
    for id in plan.left_alone.iter().flat_map(LeftAlone::ids) {
        if let Some(about) = read.about(id) {
            plan.about.entry(id).or_insert(about);
        }
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
        let seen = self.inventory.assets.get(&id);
        let departed = matches!(seen, Some(Seen::Deleted { .. }))
            .then(|| self.inventory.departed.get(&id))
            .flatten();
        let told = departed.and_then(|(facts, _)| facts.as_ref());
        let at = departed.map(|(_, at)| *at);
        let Some(facts) = self.facts(id).or(told) else {
            return at.map(|at| About {
                deleted: Some(at),
                ..About::default()
            });
        };
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
            deleted: facts.deleted.or(at),
            deleted_by: None,
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
    let wholes = Wholes {
        plan,
        inventory,
        carried: plan.carried(),
    };
    let places = inventory.places.as_ref();
    let inside = places.into_iter().flat_map(|places| places.contents.keys());
    let candidates: BTreeSet<AssetId> = inventory.lists.keys().chain(inside).copied().collect();
    let mut found: Vec<WholeFolder> = Vec::new();
    let mut inner = BTreeSet::new();
    for id in candidates {
        let Some(facts) = inventory.facts(id) else {
            continue;
        };
        // The folder at the top of a project is no folder that can be deleted.
        if facts.kind != Kind::Folder || facts.parent.is_none() || wholes.goes(id) {
            continue;
        }
        let Some((files, below)) = wholes.files(id).filter(|(files, _)| *files > 1) else {
            continue;
        };
        inner.extend(below);
        found.push(WholeFolder {
            id,
            name: facts.name.clone(),
            location: inventory.location_of(facts).map(Arc::new),
            files,
        });
    }
    found.retain(|folder| !inner.contains(&folder.id));
    found
}

/// Tells of what folders nothing would stay.
struct Wholes<'plan> {
    plan: &'plan Plan,
    inventory: &'plan Inventory,
    carried: BTreeSet<AssetId>,
}

impl Wholes<'_> {
    /// Whether an asset goes, itself or along with another one.
    fn goes(&self, id: AssetId) -> bool {
        let steps = &self.plan.steps;
        let step = steps.binary_search_by_key(&id, |step| step.id);
        self.carried.contains(&id) || step.is_ok_and(|step| steps[step].decision.may_delete())
    }

    /// How many listed files go of a folder, and the folders and version stacks in it that are not
    /// listed; nothing where something would stay, or where nobody has seen all of it.
    fn files(&self, top: AssetId) -> Option<(usize, BTreeSet<AssetId>)> {
        let mut open = vec![top];
        let (mut files, mut below) = (0, BTreeSet::new());
        while let Some(id) = open.pop() {
            for (id, kind) in self.list(id)? {
                match (self.goes(id), kind) {
                    (true, Kind::File) => files += 1,
                    // A stack goes by its versions.
                    (true, Kind::VersionStack) => files += self.inventory.files_in(id).unwrap_or(1),
                    (true, Kind::Folder) => {}
                    (false, Kind::Folder | Kind::VersionStack) if below.insert(id) => open.push(id),
                    // A file stays; and a circle, which no server should have, leads to no end.
                    (false, Kind::File | Kind::Folder | Kind::VersionStack) => return None,
                }
            }
        }
        Some((files, below))
    }

    /// What is directly in a folder or a version stack, where its list was read to its end.
    fn list(&self, id: AssetId) -> Option<Vec<(AssetId, Kind)>> {
        if let Some(all) = self.inventory.lists.get(&id) {
            return Some(all.to_vec());
        }
        let places = self.inventory.places.as_ref()?;
        let kind = |id: &AssetId| {
            let facts = self.inventory.facts(*id).map(|facts| facts.kind);
            Some((*id, facts.or_else(|| places.kinds.get(id).copied())?))
        };
        places.contents.get(&id)?.iter().map(kind).collect()
    }
}
