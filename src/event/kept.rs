//! What a plan holds back for the sake of something else, and what connects the two.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::AssetId;
use crate::inventory::Mark;

/// A listed asset that stays, since something protected is connected with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The asset.
    pub id: AssetId,
    /// What protects the other one.
    pub why: Why,
    /// The moment up to which it is protected, where that is known: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub until: Option<Timestamp>,
    /// What connects the two, from the outermost asset to the innermost.
    pub path: Arc<Path>,
}

/// Why an asset stays, and with it what it lies in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Somebody holds it, for this reason.
    Hold(Arc<str>),
    /// Its date is ahead.
    Deferred,
    /// It is other than its entry says.
    Pinned,
    /// It was refused too often.
    Blocked,
    /// It could not be read.
    Unread,
    /// It is recorded as deleted, and is there all the same.
    Drift,
    /// It is, or lies in, a staging folder, and no record says where it was before.
    Unrecorded,
    /// Somebody has marked it in Frame.io.
    Marked(Mark),
}

impl Why {
    /// Whether it keeps what is in the asset as well, and not only what the asset is in.
    pub(crate) const fn keeps_contents(&self) -> bool {
        match self {
            Self::Hold(_) | Self::Marked(_) | Self::Drift => true,
            Self::Deferred | Self::Pinned | Self::Blocked | Self::Unread | Self::Unrecorded => {
                false
            }
        }
    }
}

/// What connects an asset with what protects it, from the outermost to the innermost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Path(pub Vec<Waypoint>);

/// One asset of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Waypoint {
    /// The asset.
    pub id: AssetId,
    /// What it is called, where that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
}

#[cfg(test)]
pub(crate) mod samples {
    //! What stays, of each sort.

    use uuid::Uuid;

    use super::*;
    use crate::event::RunEvent;

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn why(number: usize) -> Why {
        match number % 8 {
            0 => Why::Hold("\"legal\u{7}".into()),
            1 => Why::Deferred,
            2 => Why::Pinned,
            3 => Why::Blocked,
            4 => Why::Unread,
            5 => Why::Drift,
            6 => Why::Unrecorded,
            _ => Why::Marked(Mark {
                field: "Retention".into(),
                value: "Hold".into(),
            }),
        }
    }

    /// What keeps an asset by way of others, of which some have no name.
    pub(crate) fn kept(number: usize, asset: AssetId) -> Kept {
        let waypoint = |n: usize| Waypoint {
            id: if n == 0 { asset } else { id(n as u128) },
            name: n.is_multiple_of(2).then(|| "a/b \u{202e}".into()),
        };
        let second = i64::try_from(number).unwrap();
        Kept {
            id: asset,
            why: why(number),
            until: (number % 2 == 1).then(|| Timestamp::from_second(second).unwrap()),
            path: Arc::new(Path((0..=number % 3).map(waypoint).collect())),
        }
    }

    /// Each sort of it, on the assets from 1.
    pub(crate) fn event() -> RunEvent {
        let kept = (1..=8_usize).map(|n| kept(n, id(n as u128)));
        RunEvent::Kept {
            kept: kept.collect(),
            over: vec![id(9)],
        }
    }
}
