//! How many calls a run makes to read: what its plan needs, and what it reads again. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::asset::{AssetId, Kind};
use crate::event::RateLimit;
use crate::inventory::{Connections, Contents, Inventory};
use crate::plan::forecast::{Calls, RateForecast, Stage, documented};

/// What is read for a plan.
#[derive(Clone, Copy)]
pub struct Asked<'plan> {
    /// The assets.
    pub assets: &'plan [(AssetId, Option<Kind>)],
    /// What is to be deleted, and what is protected.
    pub connections: Option<&'plan Connections>,
    /// Whether a run knows before in what an asset lies.
    pub is_placed: &'plan dyn Fn(AssetId) -> bool,
}

/// The calls by which all that a plan needs is read, at least.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Who asks, and which custom fields there are.
    once: BTreeMap<RateLimit, usize>,
    /// What the assets are, what is in them and around them.
    assets: BTreeMap<RateLimit, usize>,
    /// What is looked at right before a delete: what goes, and what it lies in.
    near: BTreeMap<RateLimit, usize>,
    /// What is read again once it is too old.
    again: BTreeMap<RateLimit, usize>,
}

/// For which part of the time for which a list is believed an asset itself is: with the ten minutes
/// of the default for half a minute. In that time fifty files go at V4's documented limit, and three
/// hundred can be shown.
const NEAR: u32 = 20;

/// The least time for which an asset itself is believed.
const LEAST: Duration = Duration::from_secs(1);

/// For how long an asset itself is believed, and what it lies in, where a list is believed for `age`
/// and each is looked at right before its delete.
#[must_use]
pub fn near(age: Duration) -> Duration {
    (age / NEAR).max(LEAST).min(age)
}

/// How many assets must lie together for v2 to be asked for their list: it lets through 300
/// readings of an asset while it lets through 40 pages.
const WORTH: usize = 8;

/// The assets that v2 reads by the lists of what they are said to lie in, by that.
pub fn together(
    assets: &[(AssetId, Option<Kind>)],
    parent: impl Fn(AssetId) -> Option<AssetId>,
) -> BTreeMap<AssetId, BTreeSet<AssetId>> {
    let mut inside: BTreeMap<AssetId, BTreeSet<AssetId>> = BTreeMap::new();
    for (id, _) in assets {
        if let Some(parent) = parent(*id) {
            inside.entry(parent).or_default().insert(*id);
        }
    }
    inside.retain(|_, ids| ids.len() >= WORTH);
    inside
}

impl Reads {
    /// Counts the calls of v2: a page for each list of what many lie in, and one for each other
    /// asset.
    #[must_use]
    pub fn of_v2(
        assets: &[(AssetId, Option<Kind>)],
        parent: impl Fn(AssetId) -> Option<AssetId>,
    ) -> Self {
        let lists = together(assets, parent);
        let listed: usize = lists.values().map(BTreeSet::len).sum();
        let alone = assets.len().saturating_sub(listed);
        let calls = [
            (RateLimit::Children, lists.len()),
            (RateLimit::ReadAsset, alone),
        ];
        let assets: BTreeMap<_, _> = calls.into_iter().filter(|(_, calls)| *calls > 0).collect();
        Self {
            again: assets.clone(),
            assets,
            ..Self::default()
        }
    }

    /// Counts the calls of V4 by what was read.
    #[must_use]
    pub fn of(asked: &Asked<'_>, read: &Inventory) -> Self {
        let mut calls = Calls::default();
        let (mut lists, mut stacks) = (BTreeSet::new(), BTreeSet::new());
        let mut inside: BTreeMap<AssetId, (usize, bool)> = BTreeMap::new();
        for (id, _) in asked.assets {
            let Some(parent) = read.facts(*id).and_then(|facts| facts.parent) else {
                // It is asked for as each kind.
                calls.add(RateLimit::ShowFile, 1);
                calls.add(RateLimit::ShowFolder, 1);
                calls.add(RateLimit::ShowStack, 1);
                continue;
            };
            let (count, is_placed) = inside.entry(parent).or_default();
            *count += 1;
            *is_placed |= (asked.is_placed)(*id);
        }
        for (parent, (count, is_placed)) in &inside {
            if !is_placed {
                // One of them tells in what it lies.
                calls.add(RateLimit::ShowFile, 1);
            }
            if *is_placed || *count > 1 {
                lists.insert(*parent);
            }
        }
        let kind = |id: AssetId| read.facts(id).map(|facts| facts.kind);
        let mut within = BTreeSet::new();
        let containers = asked.connections.iter();
        let containers = containers.flat_map(|connections| connections.containers.iter());
        for (top, _) in containers {
            let contents = match read.contents.get(top) {
                Some(Contents::Whole(ids)) => &**ids,
                Some(Contents::Unread(_)) | None => &[],
            };
            for id in contents.iter().chain([top]) {
                match kind(*id) {
                    Some(Kind::Folder) => drop(within.insert(*id)),
                    Some(Kind::VersionStack) => drop(stacks.insert(*id)),
                    Some(Kind::File) | None => {}
                }
            }
        }
        let mut again = Calls::default();
        again.add(RateLimit::StackChildren, stacks.len());
        again.add_lists(within.len());
        lists.extend(within);
        calls.add(RateLimit::StackChildren, stacks.len());
        calls.add_lists(lists.len());
        calls.add_above(inside.into_keys(), read);
        let holds = asked.connections.map(|connections| &connections.holds);
        for hold in holds.into_iter().flatten() {
            // It is asked for as each kind until one fits.
            calls.add(RateLimit::ShowFile, 1);
            match kind(*hold) {
                Some(Kind::File) | None => {}
                Some(Kind::Folder) => calls.add(RateLimit::ShowFolder, 1),
                Some(Kind::VersionStack) => {
                    calls.add(RateLimit::ShowFolder, 1);
                    calls.add(RateLimit::ShowStack, 1);
                }
            }
        }
        let mut once = BTreeMap::from([(RateLimit::Accounts, 1), (RateLimit::Me, 1)]);
        if read
            .marks
            .as_ref()
            .is_some_and(|marks| marks.definitions.is_some())
        {
            once.insert(RateLimit::Fields, 1);
        }
        let listed = asked.connections.map(|connections| &connections.listed);
        let mut near = Calls::default();
        let mut parents = BTreeSet::new();
        for id in listed.into_iter().flatten() {
            let facts = read.facts(*id);
            parents.extend(facts.and_then(|facts| facts.parent));
            near.add(show(facts.map(|facts| facts.kind)), 1);
        }
        near.add_above(parents.into_iter(), read);
        Self {
            once,
            assets: calls.0,
            near: near.0,
            again: again.0,
        }
    }

    /// The same, where only some of what goes is read again right before it goes.
    #[must_use]
    pub fn again_of(&self, part: usize, of: usize) -> Self {
        let some = |calls: &BTreeMap<RateLimit, usize>| {
            let some = |calls: usize| calls.saturating_mul(part).div_ceil(of.max(1));
            calls
                .iter()
                .map(|(limit, calls)| (*limit, some(*calls)))
                .collect()
        };
        Self {
            near: some(&self.near),
            again: some(&self.again),
            ..self.clone()
        }
    }

    /// Adds the calls to those that delete: those before the run, where it has not read yet, and
    /// those that read again what would be older than `age` when it is deleted.
    #[must_use]
    pub fn add_to(
        &self,
        deletes: Vec<RateForecast>,
        (has_read, age): (bool, Duration),
    ) -> Vec<RateForecast> {
        let line = |stage, (limit, calls): (&RateLimit, usize)| {
            let line = RateForecast::new(*limit, calls)?;
            Some(RateForecast { stage, ..line })
        };
        let mut all = Vec::new();
        if !has_read {
            let before = self.once.iter().chain(&self.assets);
            let before = before.map(|(limit, calls)| (limit, *calls));
            all.extend(before.filter_map(|one| line(Stage::Before, one)));
        }
        // What goes within that time is not read again.
        let longest = deletes
            .iter()
            .map(|line| line.seconds)
            .max()
            .unwrap_or_default();
        let share = |calls: usize, age: Duration| {
            let late = u128::from(longest.saturating_sub(age.as_secs()));
            let calls = (calls as u128 * late).div_ceil(u128::from(longest.max(1)));
            usize::try_from(calls).unwrap_or(usize::MAX)
        };
        let mut again = Calls::default();
        for (read, age) in [(&self.near, near(age)), (&self.again, age)] {
            for (limit, calls) in read {
                again.add(*limit, share(*calls, age));
            }
        }
        let again = again.0.iter().map(|(limit, calls)| (limit, *calls));
        let again: Vec<_> = again.filter_map(|one| line(Stage::Again, one)).collect();
        all.extend(deletes);
        all.extend(again);
        all
    }
}

/// The limit under which an asset of a kind is shown; most of what nobody knows are files.
const fn show(kind: Option<Kind>) -> RateLimit {
    match kind {
        None | Some(Kind::File) => RateLimit::ShowFile,
        Some(Kind::Folder) => RateLimit::ShowFolder,
        Some(Kind::VersionStack) => RateLimit::ShowStack,
    }
}

impl Calls {
    /// Adds the lists of so many folders, each by the one list of all that is in it or by the three
    /// of what sort each is, whichever limits let it through first.
    fn add_lists(&mut self, lists: usize) {
        let a_minute = |limit| {
            let (most, window, _) = documented(limit);
            let windows = Duration::from_mins(1).as_millis() / window.as_millis().max(1);
            let windows = usize::try_from(windows).unwrap_or(usize::MAX);
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            (most, most.saturating_mul(windows))
        };
        let (at_once, whole) = a_minute(RateLimit::Children);
        let (at_once_apart, each) = a_minute(RateLimit::FolderFiles);
        let waiting = lists.saturating_sub(at_once + at_once_apart);
        let apart = lists.saturating_sub(at_once).min(at_once_apart);
        let apart = apart + waiting.saturating_mul(each) / (whole + each).max(1);
        self.add(RateLimit::Children, lists - apart);
        for limit in [
            RateLimit::FolderFiles,
            RateLimit::FolderFolders,
            RateLimit::FolderStacks,
        ] {
            self.add(limit, apart);
        }
    }

    /// Adds the folders above assets: of those in one folder, one is read by itself, and a list
    /// shows the others.
    fn add_above(&mut self, parents: impl Iterator<Item = AssetId>, read: &Inventory) {
        let roots = read.projects.values().filter_map(|project| project.root);
        let mut passed: BTreeSet<AssetId> = roots.collect();
        let mut groups: BTreeMap<Option<AssetId>, usize> = BTreeMap::new();
        for parent in parents {
            let mut next = Some(parent);
            while let Some(id) = next.filter(|id| passed.insert(*id)) {
                next = read.facts(id).and_then(|facts| facts.parent);
                // What was asked for is shown by a list anyway.
                if !read.assets.contains_key(&id) {
                    *groups.entry(next).or_default() += 1;
                }
            }
        }
        for (above, folders) in groups {
            let is_listed = above.is_some() && folders > 1;
            self.add(RateLimit::ShowFolder, if is_listed { 1 } else { folders });
            self.add(RateLimit::FolderFolders, usize::from(is_listed));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::inventory::{Facts, Project, Seen};
    use crate::plan::forecast::at_least;

    fn id(number: usize) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(number as u128))
    }

    fn facts(kind: Kind, parent: usize) -> Facts {
        Facts {
            parent: Some(id(parent)),
            project: Some(id(9_000)),
            ..Facts::of_kind(kind)
        }
    }

    fn counted(lines: &[RateForecast]) -> Vec<(&str, u64)> {
        let lines = lines.iter();
        let mut lines: Vec<_> = lines.map(|line| (&*line.call, line.calls)).collect();
        lines.sort_unstable();
        lines
    }

    /// Two files and a version stack of three files in each of two folders of the root 1, and a
    /// folder with another one in it.
    fn world() -> (Inventory, Vec<(AssetId, Option<Kind>)>, Connections) {
        let mut read = Inventory::default();
        let project = Project {
            root: Some(id(1)),
            ..Project::default()
        };
        read.projects.insert(id(9_000), project);
        let mut assets = Vec::new();
        let mut ask = |read: &mut Inventory, number, kind, parent| {
            let seen = Seen::There(facts(kind, parent));
            read.assets.insert(id(number), seen);
            assets.push((id(number), None));
        };
        for folder in [10, 20] {
            read.around.insert(id(folder), facts(Kind::Folder, 1));
            ask(&mut read, folder + 1, Kind::File, folder);
            ask(&mut read, folder + 2, Kind::File, folder);
            ask(&mut read, folder + 3, Kind::VersionStack, folder);
            let files: Arc<[AssetId]> = [folder + 4, folder + 5, folder + 6].map(id).into();
            read.contents.insert(id(folder + 3), Contents::Whole(files));
        }
        ask(&mut read, 30, Kind::Folder, 1);
        read.around.insert(id(31), facts(Kind::Folder, 30));
        read.contents
            .insert(id(30), Contents::Whole([id(31)].into()));
        let connections = Connections {
            containers: vec![(id(13), None), (id(23), None), (id(30), None)],
            ..Connections::default()
        };
        (read, assets, connections)
    }

    #[test]
    fn what_is_read_is_counted_by_its_limits() {
        let (read, assets, connections) = world();
        let asked = |is_placed| Asked {
            assets: &assets,
            connections: Some(&connections),
            is_placed,
        };
        let placed = Reads::of(&asked(&|_| true), &read);
        let lines = placed.add_to(Vec::new(), (false, Duration::ZERO));
        assert!(lines.iter().all(|line| line.stage == Stage::Before));
        let expected = [
            ("accounts", 1),
            // The root, two folders, and the two that go.
            ("children", 5),
            // The two folders lie in the root, which is the top.
            ("folder_folders", 1),
            ("me", 1),
            ("show_folder", 1),
            ("version_stack_children", 2),
        ];
        assert_eq!(counted(&lines), expected);
        // Of what nobody knows where it lies one is read first.
        let unplaced = Reads::of(&asked(&|_| false), &read);
        assert_eq!(unplaced.assets[&RateLimit::ShowFile], 3);
        assert_eq!(unplaced.assets[&RateLimit::Children], 4, "one is alone");
    }

    #[test]
    fn v2_reads_by_lists_what_many_lie_in() {
        let assets: Vec<_> = (0..20).map(|n| (id(n), None)).collect();
        let reads = Reads::of_v2(&assets, |asset| {
            // Eight in one folder, seven in another, and nobody knows of the rest.
            let folder = match (0..20).find(|n| id(*n) == asset)? {
                0..8 => 100,
                8..15 => 101,
                _ => return None,
            };
            Some(id(folder))
        });
        let calls = [(RateLimit::Children, 1), (RateLimit::ReadAsset, 12)];
        assert_eq!(reads.assets, calls.into());
        assert_eq!(reads.again, reads.assets);
        assert_eq!(Reads::of_v2(&[], |_| None), Reads::default());
    }

    #[test]
    fn lists_are_divided_as_their_limits_allow() {
        let of = |lists| {
            let mut calls = Calls::default();
            calls.add_lists(lists);
            let calls = |limit| calls.0.get(&limit).copied().unwrap_or_default();
            (calls(RateLimit::Children), calls(RateLimit::FolderStacks))
        };
        assert_eq!(of(100), (100, 0));
        assert_eq!(of(105), (100, 5));
        // Three of four go apart: 300 a minute beside 100.
        assert_eq!(of(505), (200, 305));
    }

    #[test]
    fn what_goes_is_looked_at_right_before() {
        let (read, assets, mut connections) = world();
        connections.listed = [11, 12, 13, 21, 22, 30].map(id).to_vec();
        let asked = Asked {
            assets: &assets,
            connections: Some(&connections),
            is_placed: &|_| true,
        };
        let reads = Reads::of(&asked, &read);
        let expected = [
            (RateLimit::ShowFile, 4),
            (RateLimit::ShowStack, 1),
            // What goes, and one of the two folders, which lie in the root.
            (RateLimit::ShowFolder, 2),
            (RateLimit::FolderFolders, 1),
        ];
        assert_eq!(reads.near, expected.into());
        assert_eq!(reads.again[&RateLimit::StackChildren], 2);
        let files = RateForecast::new(RateLimit::DeleteFile, 200);
        let lines = reads.add_to(files.into_iter().collect(), (true, Duration::from_mins(10)));
        let again = lines.iter().filter(|line| line.stage == Stage::Again);
        let shown = again.filter(|line| line.call == RateLimit::ShowFile.name());
        // In a minute, of which the first half goes by what was read before.
        assert_eq!(shown.map(|line| line.calls).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn what_is_deleted_late_is_read_again() {
        let reads = Reads {
            assets: [(RateLimit::Children, 100)].into(),
            again: [(RateLimit::Children, 100)].into(),
            ..Reads::default()
        };
        let files = |calls| {
            RateForecast::new(RateLimit::DeleteFile, calls)
                .into_iter()
                .collect()
        };
        let age = Duration::from_mins(10);
        let again = |calls| {
            let lines = reads.add_to(files(calls), (true, age));
            lines
                .iter()
                .find(|line| line.stage == Stage::Again)
                .map(|line| line.calls)
        };
        assert_eq!(again(1_100), None, "ten minutes");
        assert_eq!(again(2_100), Some(50), "half of it goes later");
        assert_eq!(again(10_100), Some(90));
        let all = reads.add_to(files(1_100), (false, age));
        assert_eq!(at_least(&all), age, "the lists take a bucket");
    }
}
