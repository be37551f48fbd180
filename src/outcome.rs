//! The words for what became of one asset.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::{AssetId, Kind};
use crate::digest::Sha256;

/// What one answered request says of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// We deleted the asset, and this shows it.
    Retired(Evidence),
    /// Somebody else deleted the asset, and this shows it.
    Gone(Evidence),
    /// The server said that it did not delete the asset.
    Failed(Failure),
    /// The delete was sent, and no answer that can be trusted came back.
    Unknown,
    /// The server does not know the asset, and nothing shows that it was deleted.
    Missing,
    /// We restore the asset that we had deleted, or have restored it.
    Restored {
        /// Whether a reading has shown it alive; else the server was asked, and nobody knows.
        seen: bool,
    },
    /// It is moved aside, or about to be, to be deleted on a date.
    Staged(Aside),
    /// Somebody has taken it out of where it was moved aside to.
    Rescued,
}

/// How an asset stands aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Aside {
    /// The folder in which it waits: a staging folder, or a folder that was moved into one.
    pub into: AssetId,
    /// What sort of asset it is: each is moved by a call of its own.
    #[serde(rename = "kind")]
    pub asset: Kind,
    /// From when on it is to be deleted.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub due: Timestamp,
    /// How far that has come.
    pub phase: Phase,
    /// What lay in it when it was moved, to the bottom: the SHA-256 of the ids, each with its kind,
    /// project, place, size and name. Nothing of a file, and of what went along with what it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Sha256>,
}

/// How far an asset has come that is moved aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// A move was about to be sent, there or back: where it is, only a reading shows.
    Moving,
    /// A move back was about to be sent, since somebody wants it back: where it is, only a reading
    /// shows, and outside its staging folder it is theirs.
    Returning,
    /// It was shown to be there.
    There,
    /// The delete of the staging folder was about to be sent.
    Deleting,
}

impl Phase {
    /// Whether it counts as being where it waits: it was seen there, and is on no way of which nobody
    /// knows the end.
    #[must_use]
    pub const fn is_known(self) -> bool {
        match self {
            Self::There | Self::Deleting => true,
            Self::Moving | Self::Returning => false,
        }
    }
}

/// What shows that an asset is deleted. That the server does not know it is no evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The server's answer to the delete.
    Answer,
    /// The server's answer to the delete of this folder, in which the last complete list before it
    /// showed the asset.
    With(AssetId),
    /// A reading of the asset, which tells when it was deleted.
    Read,
    /// A line in its project's list of recently deleted assets, its own or that of what held it,
    /// and a reading that does not find it.
    Listed,
    /// Somebody's word.
    ByHand,
    /// The word of an earlier version, which kept none: only what reads its documents says so, and
    /// no document has a name for it.
    #[serde(skip)]
    Earlier,
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer => formatter.write_str("answer"),
            Self::With(folder) => write!(formatter, "with {folder}"),
            Self::Read => formatter.write_str("read"),
            Self::Listed => formatter.write_str("listed"),
            Self::ByHand => formatter.write_str("by hand"),
            Self::Earlier => formatter.write_str("not kept by the version that recorded it"),
        }
    }
}

/// Why the server did not delete an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What sort of refusal it is, as far as the message or the status tells.
    pub kind: FailureKind,
    /// The server's own words, unchanged.
    pub message: String,
}

/// What sort of refusal a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The token may not delete this asset.
    Permission,
    /// The server says in words that it does not know the asset.
    NotFound,
    /// The asset is in a state that forbids the delete (status 409).
    Conflict,
    /// The server refuses the request for this asset as invalid (status 400, 413, 422).
    Invalid,
    /// Anything else.
    Other,
}

impl FailureKind {
    /// The kind's name, as it stands in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::Other => "other",
        }
    }
}

/// The outcome of one asset of a batch.
pub type AssetOutcome = (AssetId, Outcome);
