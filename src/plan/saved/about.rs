//! What a plan document keeps of an asset as it was reviewed.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::{AssetId, Kind};
use crate::digest::Sha256;
use crate::inventory::{Known, Location};
use crate::plan::about::{About, Inside, Look};

/// How many ids of what is in a folder or a version stack stand in a document at most; its digest
/// tells of any other whether it is the same.
const IDS: usize = 1_000;

/// What was known of an asset when the plan was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reviewed {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// The name of its project, where it has a `folder`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Arc<str>>,
    /// The folders above it, from the top, with `/` between them and a `/` in a name as `\/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<Arc<str>>,
    /// The id of its project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<AssetId>,
    /// The id of the folder or version stack that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<AssetId>,
    /// Its size in bytes; of a folder or a version stack, that of all in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// When it was made: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub created: Option<Timestamp>,
    /// When it was changed last: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub updated: Option<Timestamp>,
    /// What was in the folder or version stack; nothing where it was not read to the bottom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<ReviewedContents>,
    /// What it was called or where it lay when an earlier run sent something for it, where either
    /// was other by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Arc<Known>>,
    /// When it was deleted, of what others have deleted: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub deleted: Option<Timestamp>,
    /// The run that was about to delete it, where one of ours was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<u64>,
}

/// What was in a folder or a version stack, to the bottom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReviewedContents {
    /// How many assets, folders and version stacks among them.
    pub count: usize,
    /// How many of them were files, every version counting as one.
    pub files: usize,
    /// How many bytes these had, as far as that was known.
    pub bytes: u64,
    /// Of how many of them it was not known.
    pub unmeasured: usize,
    /// When the first of them was made: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub oldest: Option<Timestamp>,
    /// When the last of them was changed: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub newest: Option<Timestamp>,
    /// The SHA-256 of all their ids, sorted, each with what it was like.
    pub digest: Sha256,
    /// The ids, sorted; nothing where there are more than 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Arc<[AssetId]>>,
    /// What each of these was like: the first 16 hexadecimal digits of the SHA-256 of its kind, its
    /// project, what it lay in, its size and its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks: Option<Arc<[Look]>>,
}

impl Reviewed {
    /// What is kept of an asset; nothing where nothing is known but its kind.
    pub(super) fn new(about: &About) -> Option<Self> {
        let About {
            // The action says it.
            kind: _,
            name,
            location,
            place: [project_id, parent_id],
            bytes,
            created,
            updated,
            inside,
            was,
            deleted,
            deleted_by,
        } = about.clone();
        let reviewed = Self {
            name,
            project: location.as_ref().and_then(|place| place.project.clone()),
            folder: location.map(|place| Arc::clone(&place.folder)),
            project_id,
            parent_id,
            bytes,
            created,
            updated,
            contents: inside.map(|inside| ReviewedContents::new(&inside)),
            was,
            deleted,
            deleted_by,
        };
        let is_empty = reviewed == Self::default();
        (!is_empty).then_some(reviewed)
    }

    /// Whether what it says of contents is what was read: their count and their digest tell of the
    /// ids that are there, and none is left out of few.
    pub(super) fn is_whole(&self) -> bool {
        self.contents
            .as_ref()
            .is_none_or(ReviewedContents::is_whole)
    }

    /// The same as the plan has it.
    pub(super) fn about(&self, kind: Option<Kind>) -> About {
        let Self {
            name,
            project,
            folder,
            project_id,
            parent_id,
            bytes,
            created,
            updated,
            contents,
            was,
            deleted,
            deleted_by,
        } = self.clone();
        let location = folder.map(|folder| Arc::new(Location { project, folder }));
        About {
            kind,
            name,
            location,
            place: [project_id, parent_id],
            bytes,
            created,
            updated,
            inside: contents.map(|contents| Arc::new(contents.inside())),
            was,
            deleted,
            deleted_by,
        }
    }
}

impl ReviewedContents {
    fn new(inside: &Inside) -> Self {
        let Inside {
            ids,
            looks,
            count,
            digest,
            files,
            bytes,
            unmeasured,
            oldest,
            newest,
        } = inside.clone();
        Self {
            count,
            files,
            bytes,
            unmeasured,
            oldest,
            newest,
            digest: Sha256(digest),
            ids: (count <= IDS).then_some(ids),
            looks: (count <= IDS).then_some(looks),
        }
    }

    fn is_whole(&self) -> bool {
        match (&self.ids, &self.looks) {
            (Some(ids), Some(looks)) => {
                let counts = [ids.len(), looks.len()];
                counts == [self.count; 2] && Inside::digest_of(ids, looks) == self.digest.0
            }
            (None, None) => self.count > IDS,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    fn inside(self) -> Inside {
        let Self {
            count,
            files,
            bytes,
            unmeasured,
            oldest,
            newest,
            digest: Sha256(digest),
            ids,
            looks,
        } = self;
        Inside {
            ids: ids.unwrap_or_default(),
            looks: looks.unwrap_or_default(),
            count,
            digest,
            files,
            bytes,
            unmeasured,
            oldest,
            newest,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn holding(count: u128) -> About {
        let ids: Vec<AssetId> = (0..count)
            .map(|n| AssetId::from_uuid(Uuid::from_u128(n)))
            .collect();
        let looks: Vec<Look> = ids.iter().map(|_| Look::of(None)).collect();
        let inside = Inside {
            count: ids.len(),
            digest: Inside::digest_of(&ids, &looks),
            ids: ids.into(),
            looks: looks.into(),
            files: 3,
            bytes: 7,
            unmeasured: 1,
            oldest: Some(Timestamp::UNIX_EPOCH),
            newest: Some(Timestamp::MAX),
        };
        let location = Location {
            project: Some("Tide".into()),
            folder: "day 1".into(),
        };
        About {
            kind: Some(Kind::Folder),
            name: Some("reel".into()),
            location: Some(Arc::new(location)),
            place: [7, 8].map(|n| Some(AssetId::from_uuid(Uuid::from_u128(n)))),
            bytes: Some(7),
            created: None,
            updated: Some(Timestamp::UNIX_EPOCH),
            inside: Some(Arc::new(inside)),
            was: Some(Arc::new(Known {
                name: Some("rushes".into()),
                ..Known::default()
            })),
            deleted: Some(Timestamp::UNIX_EPOCH),
            deleted_by: Some(7),
        }
    }

    #[test]
    fn what_was_reviewed_comes_back_and_many_ids_as_their_digest() {
        let few = holding(1_000);
        let reviewed = Reviewed::new(&few).unwrap();
        assert_eq!(reviewed.about(Some(Kind::Folder)), few);
        let many = holding(1_001);
        let reviewed = Reviewed::new(&many).unwrap();
        assert_eq!(reviewed.contents.as_ref().unwrap().ids, None);
        let inside = reviewed.about(None).inside.unwrap();
        let before = many.inside.unwrap();
        assert_eq!((inside.count, inside.digest), (1_001, before.digest));
        assert!(reviewed.is_whole());
        assert_ne!(before.digest, few.inside.unwrap().digest);
        let bare = About {
            kind: Some(Kind::File),
            ..About::default()
        };
        assert_eq!(Reviewed::new(&bare), None);
    }

    #[test]
    fn contents_that_are_not_those_of_their_digest_are_seen() {
        let whole = Reviewed::new(&holding(3)).unwrap();
        assert!(whole.is_whole());
        let changes: [fn(&mut ReviewedContents); 6] = [
            |contents| contents.ids = contents.ids.as_ref().map(|ids| ids[1..].into()),
            |contents| {
                contents.ids = contents.ids.as_ref().map(|ids| ids[1..].into());
                contents.looks = contents.looks.as_ref().map(|looks| looks[1..].into());
                contents.count = 2;
            },
            |contents| contents.looks = None,
            |contents| (contents.ids, contents.looks) = (None, None),
            |contents| contents.count = 4,
            |contents| contents.digest = Sha256([0; 32]),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut forged = whole.clone();
            change(forged.contents.as_mut().unwrap());
            assert!(!forged.is_whole(), "{number}");
        }
    }
}
