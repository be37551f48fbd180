//! What a world knows of one asset beside its place.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::seed::{self, Upload};

/// When an asset was made whose seed does not say, in seconds since 1970: 2026-01-15, noon.
const MADE: i64 = 1_768_478_400;

/// The moment that stands for every date that a seed leaves out.
pub(crate) fn made() -> Timestamp {
    Timestamp::from_second(MADE).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// What a seed says of an asset, its ages counted and its names looked up.
#[derive(Debug, Clone)]
pub(crate) struct Details {
    pub(crate) name: String,
    pub(crate) filesize: u64,
    pub(crate) filetype: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) inserted_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) uploaded_at: Timestamp,
    pub(crate) archived_at: Option<Timestamp>,
    /// The id of who made it; whose token it is, where nobody is named.
    pub(crate) creator: Option<Uuid>,
    pub(crate) upload: Upload,
    pub(crate) restricted: bool,
    /// Its values in custom fields, by the ids of these.
    pub(crate) fields: Vec<(Uuid, Value)>,
    pub(crate) view_count: u64,
    /// What the delete of it is refused with.
    pub(crate) refusal: Option<String>,
    pub(crate) deaf: bool,
    pub(crate) feigned: bool,
}

impl Details {
    /// The details of an asset of which only the name is known.
    pub(super) fn named(name: String, now: Timestamp) -> Self {
        Self {
            name,
            filesize: 0,
            filetype: None,
            label: None,
            inserted_at: now,
            updated_at: now,
            uploaded_at: now,
            archived_at: None,
            creator: None,
            upload: Upload::default(),
            restricted: false,
            fields: Vec::new(),
            view_count: 0,
            refusal: None,
            deaf: false,
            feigned: false,
        }
    }

    /// The details of an asset of which nothing is known but its id.
    pub(super) fn bare(id: AssetId) -> Self {
        Self::named(bare_name(id), made())
    }

    /// What a seed says of an asset, counted from when the sandbox began; who made it and what
    /// it says in custom fields is yet to be looked up.
    pub(super) fn of_seed(asset: &seed::Asset, now: Timestamp) -> Self {
        let at = |date: Option<seed::Date>| date.map(|date| date.at(now));
        let aged = asset.age.map(|age| age.before(now));
        let inserted_at = at(asset.inserted_at).or(aged).unwrap_or_else(made);
        Self {
            filesize: asset.filesize,
            filetype: asset.filetype.clone(),
            label: asset.label.clone(),
            updated_at: at(asset.updated_at).unwrap_or(inserted_at),
            uploaded_at: at(asset.uploaded_at).unwrap_or(inserted_at),
            archived_at: at(asset.archived_at),
            upload: asset.upload,
            restricted: asset.restricted,
            view_count: asset.view_count,
            refusal: asset.refuse.0.clone(),
            deaf: asset.deaf,
            feigned: asset.feigned,
            ..Self::named(asset.name.clone(), inserted_at)
        }
    }
}

/// What a file is called whose name nobody has said.
pub(super) fn bare_name(id: AssetId) -> String {
    format!("{id}.mov")
}
