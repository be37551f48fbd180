//! What the assets of a state were called, where they lay and how large they were.
//!
//! Nothing is decided by it. It stands beside the records and not in them: a record says what
//! became of an asset, and thousands of one run are alike but for this.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::asset::AssetId;
use crate::inventory::{Known, Location};

/// What is known of assets, the places of all of them once.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    assets: BTreeMap<AssetId, Kept>,
    /// The places by their numbers. A number once given stays, so that a run changes no line of
    /// another run's.
    folders: BTreeMap<u32, Folder>,
    numbers: HashMap<Folder, u32>,
}

/// Where assets lay: the same names may be those of several folders.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Folder {
    pub(crate) location: Arc<Location>,
    /// The folder or version stack itself; nothing where no run has kept it.
    pub(crate) id: Option<AssetId>,
}

/// What is kept of one asset: as little as can be, since there may be a million.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) folder: Option<u32>,
    pub(crate) bytes: Option<u64>,
}

impl PartialEq for Catalogue {
    fn eq(&self, other: &Self) -> bool {
        // The numbers follow from the folders.
        (&self.assets, &self.folders) == (&other.assets, &other.folders)
    }
}

impl Eq for Catalogue {}

impl Catalogue {
    /// A catalogue of no asset, in which the places have the numbers that they have in this one.
    #[must_use]
    pub fn of_same_folders(&self) -> Self {
        Self {
            assets: BTreeMap::new(),
            folders: self.folders.clone(),
            numbers: self.numbers.clone(),
        }
    }

    /// What is known of an asset.
    #[must_use]
    pub fn get(&self, id: AssetId) -> Option<Known> {
        let Kept {
            name,
            folder,
            bytes,
        } = self.assets.get(&id)?;
        let folder = folder.and_then(|number| self.folder(number));
        Some(Known {
            name: name.clone(),
            location: folder.map(|folder| Arc::clone(&folder.location)),
            parent: folder.and_then(|folder| folder.id),
            bytes: *bytes,
        })
    }

    /// In what it lay, where a run has kept that; it may lie elsewhere by now.
    #[must_use]
    pub fn parent(&self, id: AssetId) -> Option<AssetId> {
        self.folder(self.assets.get(&id)?.folder?)?.id
    }

    fn folder(&self, number: u32) -> Option<&Folder> {
        self.folders.get(&number)
    }

    /// Its size alone.
    #[must_use]
    pub fn bytes(&self, id: AssetId) -> Option<u64> {
        self.assets.get(&id)?.bytes
    }

    /// Takes over what is known of an asset now; what is no longer known stays as it was.
    pub fn insert(&mut self, id: AssetId, known: Known) {
        let Known {
            name,
            location,
            parent,
            bytes,
        } = known;
        let folder = location.map(|location| {
            // Whoever did not read it says nothing of the folder itself.
            let before = self.assets.get(&id).and_then(|kept| kept.folder);
            let is_same = |number: &u32| {
                let before = self.folder(*number);
                parent.is_none() && before.is_some_and(|folder| folder.location == location)
            };
            let id = parent;
            before
                .filter(is_same)
                .unwrap_or_else(|| self.number(Folder { location, id }))
        });
        let kept = self.assets.entry(id).or_default();
        kept.name = name.or_else(|| kept.name.take());
        kept.folder = folder.or(kept.folder);
        kept.bytes = bytes.or(kept.bytes);
    }

    /// Says how large an asset of which something is known is by itself.
    pub fn set_bytes(&mut self, id: AssetId, bytes: u64) {
        if let Some(kept) = self.assets.get_mut(&id) {
            kept.bytes = Some(bytes);
        }
    }

    /// Whether nothing is known of any asset.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.assets.is_empty()
    }

    /// Forgets an asset.
    pub fn remove(&mut self, id: AssetId) {
        self.assets.remove(&id);
    }

    /// The number of a place, a new one where it has none.
    fn number(&mut self, folder: Folder) -> u32 {
        if let Some(number) = self.numbers.get(&folder) {
            return *number;
        }
        let last = self.folders.last_key_value().map(|(number, _)| *number);
        let number = last.map_or(1, |last| last.saturating_add(1));
        self.folders.insert(number, folder.clone());
        self.numbers.insert(folder, number);
        number
    }

    pub(crate) fn kept(&self, id: AssetId) -> Option<&Kept> {
        self.assets.get(&id)
    }

    /// All that is kept, in the order of the ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&AssetId, &Kept)> {
        self.assets.iter()
    }

    /// Those of the places that have these numbers.
    pub(crate) fn folders<'own>(
        &'own self,
        numbers: &'own BTreeSet<u32>,
    ) -> impl Iterator<Item = (u32, &'own Folder)> {
        let folders = self.folders.iter();
        let wanted = folders.filter(|(number, _)| numbers.contains(number));
        wanted.map(|(number, folder)| (*number, folder))
    }

    /// Puts together what a document says; tells of an asset that names a place that it lacks.
    pub(crate) fn read(
        folders: BTreeMap<u32, Folder>,
        assets: BTreeMap<AssetId, Kept>,
    ) -> Result<Self, (AssetId, u32)> {
        let lacks = |kept: &Kept| kept.folder.filter(|number| !folders.contains_key(number));
        let lost = assets
            .iter()
            .find_map(|(id, kept)| Some((*id, lacks(kept)?)));
        if let Some(lost) = lost {
            return Err(lost);
        }
        let numbers = folders.iter();
        let numbers = numbers.map(|(number, folder)| (folder.clone(), *number));
        Ok(Self {
            numbers: numbers.collect(),
            assets,
            folders,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::event::{Provenance, RunEvent, RunInfo};
    use crate::outcome::{Evidence, Outcome};
    use crate::state::{Api, State, Target, format};

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn known(name: &str, folder: &str, bytes: u64) -> Known {
        let location = Location {
            project: Some("Tide".into()),
            folder: folder.into(),
        };
        Known {
            name: Some(name.into()),
            location: Some(Arc::new(location)),
            parent: None,
            bytes: Some(bytes),
        }
    }

    #[test]
    fn places_keep_their_numbers_and_what_is_not_known_any_more_stays() {
        let mut catalogue = Catalogue::default();
        catalogue.insert(id(1), known("a.mov", "day 2", 7));
        catalogue.insert(id(2), known("b.mov", "day 1", 8));
        catalogue.insert(id(3), known("c.mov", "day 2", 9));
        let folder = |catalogue: &Catalogue, n| catalogue.kept(id(n)).unwrap().folder;
        assert_eq!(
            [1, 2, 3].map(|n| folder(&catalogue, n)),
            [Some(1), Some(2), Some(1)]
        );
        assert_eq!(catalogue.get(id(2)), Some(known("b.mov", "day 1", 8)));
        let moved = Known {
            name: None,
            bytes: None,
            ..known("", "day 3", 0)
        };
        catalogue.insert(id(1), moved);
        assert_eq!(catalogue.get(id(1)), Some(known("a.mov", "day 3", 7)));
        let mut next = catalogue.of_same_folders();
        next.insert(id(9), known("d.mov", "day 1", 1));
        assert_eq!((folder(&next, 9), next.get(id(1))), (Some(2), None));
        catalogue.remove(id(2));
        assert_eq!(catalogue.get(id(2)), None);
    }

    #[test]
    fn folders_of_one_name_are_two_and_whoever_says_no_id_changes_none() {
        let mut catalogue = Catalogue::default();
        let of = |parent: Option<u128>| Known {
            parent: parent.map(id),
            ..known("a.mov", "day 1", 7)
        };
        for (n, parent) in [(1, Some(11)), (2, Some(12)), (3, None)] {
            catalogue.insert(id(n), of(parent));
        }
        let parents = |catalogue: &Catalogue| [1, 2, 3].map(|n| catalogue.parent(id(n)));
        assert_eq!(parents(&catalogue), [Some(id(11)), Some(id(12)), None]);
        assert_eq!(catalogue.get(id(2)), Some(of(Some(12))));
        // It was not read, or only by itself.
        catalogue.insert(id(1), of(None));
        catalogue.insert(id(2), of(Some(11)));
        assert_eq!(parents(&catalogue), [Some(id(11)), Some(id(11)), None]);
        // Another place without an id is one of which nobody knows the id.
        catalogue.insert(id(1), known("a.mov", "day 2", 7));
        assert_eq!(catalogue.parent(id(1)), None);
    }

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn begins(number: u64) -> RunInfo {
        RunInfo {
            number,
            id: Uuid::from_u128(number.into()),
            at: AT,
            provenance: Provenance::default(),
            account: None,
        }
    }

    fn target() -> Target {
        Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        }
    }

    #[test]
    fn what_an_asset_was_called_stays_with_its_record() {
        let mut state = State::new(Uuid::nil(), target());
        state.apply(1, &RunEvent::Started(begins(1)));
        let assets = vec![
            (id(1), known("a \"1\".mov", "day 1", 7)),
            (id(2), known("b.mov", "day 2", 8)),
            (id(3), known("never sent.mov", "day 3", 9)),
            (id(4), known("day 1", "", 7)),
        ];
        state.apply(1, &RunEvent::Described { assets });
        let with = Evidence::With(id(4));
        let outcomes = vec![
            (id(4), Outcome::Retired(Evidence::Answer)),
            (id(1), Outcome::Retired(with)),
            (id(2), Outcome::Unknown),
        ];
        state.apply(
            1,
            &RunEvent::Answered {
                batch: 1,
                at: AT,
                outcomes,
            },
        );
        let mut bytes = Vec::new();
        format::write(&state, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        insta::assert_snapshot!(text);
        let read = format::read(text.as_bytes()).unwrap();
        assert_eq!(read.assets, state.assets);
        for n in [1, 2, 4] {
            assert_eq!(read.catalogue.get(id(n)), state.catalogue.get(id(n)));
        }
        assert_eq!(read.catalogue.get(id(3)), None, "it has no record");
        // What lay in the folder is counted with it.
        let (_, deleted) = read.counts_by_run()[&1];
        assert_eq!((deleted.bytes, deleted.unmeasured), (7, 0));
        // Whoever drops a record forgets its name as well, and the place that nobody names.
        let mut state = read;
        state.remove(&begins(2), &[id(2)]);
        let mut bytes = Vec::new();
        format::write(&state, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("b.mov") && !text.contains("day 2"), "{text}");
    }

    #[test]
    fn a_record_that_names_a_folder_that_is_not_there_is_refused() {
        let text = "{\"version\":1,\"lineage\":\"00000000-0000-0000-0000-000000000000\",\"serial\":1,\"api\":\"v4\",\"endpoint\":\"sandbox\",\"account\":null,\n\"runs\":{},\n\"folders\":{\"1\":{\"path\":\"a\"}},\n\"assets\":{\n\"00000001-0000-0000-0000-000000000000\":{\"status\":\"missing\",\"run\":1,\"at\":\"2026-07-01T10:00:00Z\",\"folder\":2}\n},\n\"holds\":{}}\n";
        let error = format::read(text.as_bytes()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("names folder 2, which `folders` does not have"),
            "{error}"
        );
    }
}
