//! What people see of the assets of a plan: names, places, sizes and ages.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::asset::{AssetId, Kind};
use crate::inventory::{Facts, Known, Location};
use crate::measure;

/// What is known of one asset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// What sort of asset it is.
    pub kind: Option<Kind>,
    /// Its name.
    pub name: Option<Arc<str>>,
    /// Where it lies; shared, since neighbours lie in one place.
    pub location: Option<Arc<Location>>,
    /// Its project, and what holds it, by their ids: others may have the same names. Nothing where
    /// nobody read it.
    pub place: [Option<AssetId>; 2],
    /// Its own size in bytes, or that of all that is in it.
    pub bytes: Option<u64>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it was changed last.
    pub updated: Option<Timestamp>,
    /// What is in it; nothing of a file, and where it was not read.
    pub inside: Option<Arc<Inside>>,
    /// What it was called or where it lay when an earlier run sent something for it, where either
    /// is other now.
    pub was: Option<Arc<Known>>,
    /// When it was deleted, of what others have deleted.
    pub deleted: Option<Timestamp>,
    /// The run of ours that was about to delete it, where it was one: its end nobody has heard of.
    pub deleted_by: Option<u64>,
}

/// What is in a folder or a version stack, to the bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// All that is in it, folders and version stacks as well, in the order of the ids; none where
    /// a saved plan has left them out, since they are many.
    pub ids: Arc<[AssetId]>,
    /// What each of them was like, in the same order.
    pub looks: Arc<[Look]>,
    /// How many they are.
    pub count: usize,
    /// The SHA-256 of the ids, each with what it is like behind it.
    pub digest: [u8; 32],
    /// How many of them are files, versions among them.
    pub files: usize,
    /// How many bytes these have, as far as that is known.
    pub bytes: u64,
    /// Of how many of them it is not known.
    pub unmeasured: usize,
    /// When the first of them was made.
    pub oldest: Option<Timestamp>,
    /// When the last of them was changed.
    pub newest: Option<Timestamp>,
}

/// What an asset is like that goes along with another one: its kind, its project, what it lies in, its
/// size and its name. These are the first bytes of their SHA-256, which are enough to tell whether
/// people have changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look(pub [u8; 8]);

impl Look {
    /// What an asset of such facts is like; of nothing is known what one is like without any.
    #[must_use]
    pub fn of(facts: Option<&Facts>) -> Self {
        let mut hash = Sha256::new();
        if let Some(facts) = facts {
            hash.update(facts.kind.name());
            for text in [
                facts.project.map(|project| project.to_string()),
                facts.parent.map(|parent| parent.to_string()),
                facts.bytes.map(|bytes| bytes.to_string()),
                facts.name.as_deref().map(str::to_owned),
            ] {
                // Neither the one nor the other can be written so that it reads as both.
                let length = text.as_ref().map_or(u64::MAX, |text| text.len() as u64);
                hash.update(length.to_le_bytes());
                hash.update(text.unwrap_or_default());
            }
        }
        let all: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&all[..8]);
        Self(first)
    }
}

impl Inside {
    /// The digest of ids, each with what it is like.
    #[must_use]
    pub fn digest_of(ids: &[AssetId], looks: &[Look]) -> [u8; 32] {
        let mut hash = Sha256::new();
        for (id, Look(look)) in ids.iter().zip(looks) {
            hash.update(id.encode(&mut [0; 36]));
            hash.update(b"\n");
            hash.update(look);
        }
        hash.finalize().into()
    }

    /// Whether the size of some of it is known; what is empty has none.
    pub(super) const fn is_measured(&self) -> bool {
        self.files == 0 || self.unmeasured < self.files
    }
}

/// A folder that is not listed, and of which each file is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeFolder {
    /// The folder.
    pub id: AssetId,
    /// Its name.
    pub name: Option<Arc<str>>,
    /// Where it lies.
    pub location: Option<Arc<Location>>,
    /// How many files are in it.
    pub files: usize,
}

impl About {
    /// What is kept of it, for the time when nobody can read it any more; nothing where nothing is
    /// known.
    #[must_use]
    pub fn known(&self) -> Option<Known> {
        let inside = self.inside.as_ref();
        let is_whole = inside.is_none_or(|inside| inside.unmeasured == 0);
        let known = Known {
            name: self.name.clone(),
            location: self.location.clone(),
            parent: self.place[1].filter(|_| self.location.is_some()),
            // What is kept is a size and no lower bound.
            bytes: self.bytes.filter(|_| is_whole),
        };
        (known != Known::default()).then_some(known)
    }

    /// What a record says otherwise of its name and its place; nothing of what is not known now.
    #[must_use]
    pub(super) fn differs(&self, recorded: &Known) -> Option<Arc<Known>> {
        let Known { name, location, .. } = recorded.clone();
        let own_name = self.name.as_ref();
        let own_place = self.location.as_ref().filter(|place| place.is_whole());
        let was = Known {
            name: name.filter(|name| own_name.is_some_and(|own| own != name)),
            location: location
                .filter(|place| place.is_whole() && own_place.is_some_and(|own| own != place)),
            parent: None,
            bytes: None,
        };
        (was != Known::default()).then(|| Arc::new(was))
    }

    /// When it was changed last, as far as the server says.
    #[must_use]
    pub fn changed(&self) -> Option<Timestamp> {
        self.updated.or(self.created)
    }

    /// What it adds to a sum.
    fn sum(&self) -> Sum {
        let bytes = self.bytes.unwrap_or(0);
        match (&self.inside, self.kind) {
            (Some(inside), _) => Sum {
                files: inside.files,
                bytes,
                unmeasured: inside.unmeasured,
                unlisted: 0,
            },
            (None, kind) => Sum {
                files: 1,
                bytes,
                unmeasured: usize::from(self.bytes.is_none()),
                unlisted: usize::from(matches!(kind, Some(Kind::Folder | Kind::VersionStack))),
            },
        }
    }
}

/// What some assets come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many files they are, or have in them; what was not listed to its end counts as one.
    pub files: usize,
    /// How many bytes these have, as far as that is known.
    pub bytes: u64,
    /// Of how many files it is not known.
    pub unmeasured: usize,
    /// How many folders and version stacks of them were not listed to their ends.
    pub unlisted: usize,
}

impl Sum {
    /// Adds what is known of assets, each with its kind where that is said elsewhere.
    #[must_use]
    pub fn of<'about>(
        assets: impl IntoIterator<Item = (Option<Kind>, Option<&'about About>)>,
    ) -> Self {
        let mut all = Self::default();
        for (kind, about) in assets {
            let bare = || About {
                kind,
                ..About::default()
            };
            let Self {
                files,
                bytes,
                unmeasured,
                unlisted,
            } = about.map_or_else(|| bare().sum(), About::sum);
            all.files += files;
            let is_measured = measure::add(&mut all.bytes, Some(bytes));
            all.unmeasured += if is_measured { unmeasured } else { files };
            all.unlisted += unlisted;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_an_asset_is_like_changes_with_each_of_its_parts() {
        let id = |n| Some(AssetId::from_uuid(Uuid::from_u128(n)));
        let facts = |name: Option<&str>, parent, bytes| Facts {
            name: name.map(Arc::from),
            parent,
            bytes,
            ..Facts::of_kind(Kind::File)
        };
        let all = [
            facts(Some("a"), id(1), Some(7)),
            facts(Some("b"), id(1), Some(7)),
            facts(None, id(1), Some(7)),
            facts(Some("a"), id(2), Some(7)),
            facts(Some("a"), None, Some(7)),
            facts(Some("a"), id(1), Some(8)),
            facts(Some("a"), id(1), None),
            Facts {
                project: id(3),
                ..facts(Some("a"), id(1), Some(7))
            },
            // One text is not taken for the other.
            facts(Some("7"), id(1), None),
            facts(Some(""), id(1), None),
            Facts {
                kind: Kind::Folder,
                ..facts(Some("a"), id(1), Some(7))
            },
        ];
        let looks: Vec<Look> = all.iter().map(|facts| Look::of(Some(facts))).collect();
        for (n, look) in looks.iter().enumerate() {
            assert!(!looks[..n].contains(look), "{:?}", all[n]);
            assert_ne!(*look, Look::of(None));
        }
        // When it was changed last says nothing of what was reviewed.
        let touched = Facts {
            updated: Some(Timestamp::MAX),
            ..all[0].clone()
        };
        assert_eq!(Look::of(Some(&touched)), looks[0]);
    }
}
