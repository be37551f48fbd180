//! The groups of a plan, and what is said of a decision beyond them.

use crate::asset::AssetId;
use crate::manifest::document::Details;
use crate::plan::decide::Decision;
use crate::plan::pin::Difference;
use crate::render::escape::escape;
use crate::render::{Paint, moment, shelter, words};

/// A group of a plan, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    Retire,
    Retry,
    Resolve,
    Covered,
    Record,
    Missing,
    Unreadable,
    Unread,
    Mismatch,
    Rescued,
    Drift,
    Blocked,
    Held,
    Defer,
    Staged,
    Unstage,
    Forget,
}

impl Group {
    pub(super) const fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Retire => ("Retire", ""),
            Self::Retry => ("Retry", ": refused before"),
            Self::Resolve => (
                "Resolve",
                ": what became of them is not known, so read them first",
            ),
            Self::Covered => (
                "Covered",
                ": deleted along with the folder or version stack that they lie in",
            ),
            Self::Record => ("Record", ": gone already, so nothing is sent"),
            Self::Missing => (
                "Missing",
                ": not known to the server, and not shown to be deleted; nothing is sent",
            ),
            Self::Unreadable => (
                "Failed",
                ": they may not be read, or not to their ends, so nothing is sent",
            ),
            Self::Unread => (
                "Not read",
                ": the server had trouble, so nothing is sent; run it again",
            ),
            Self::Mismatch => ("Mismatched", ": other than the manifest says"),
            Self::Rescued => (
                "Rescued",
                ": somebody has taken them out of their staging folders, so they stay",
            ),
            Self::Drift => (
                "Drift",
                ": recorded as deleted, and there all the same; nothing is sent until their entries say `again: true`",
            ),
            Self::Blocked => (
                "Blocked",
                ": refused too often; --retry-blocked tries them again",
            ),
            Self::Held => ("Held", ""),
            Self::Defer => ("Deferred", ""),
            Self::Staged => (
                "Staged",
                ": moved aside, and deleted on their dates unless somebody takes them back",
            ),
            Self::Unstage => (
                "Move back",
                ": moved aside and no longer listed, so they go back to where they were",
            ),
            Self::Forget => (
                "Forget",
                ": refused or missing before and no longer listed, so drop their records",
            ),
        }
    }

    pub(super) const fn symbol(self) -> (&'static str, Paint) {
        match self {
            Self::Retire => ("-", Paint::Red),
            Self::Retry => ("~", Paint::Yellow),
            Self::Resolve => ("?", Paint::Magenta),
            Self::Missing
            | Self::Unreadable
            | Self::Unread
            | Self::Mismatch
            | Self::Rescued
            | Self::Drift
            | Self::Blocked => ("!", Paint::Yellow),
            Self::Covered | Self::Record => ("=", Paint::Dim),
            Self::Held | Self::Defer | Self::Staged => ("·", Paint::Blue),
            Self::Unstage => ("<", Paint::Blue),
            Self::Forget => ("x", Paint::Dim),
        }
    }

    /// Whether the assets of a group stay, or need somebody.
    pub(super) const fn stays(self) -> bool {
        match self {
            Self::Retire | Self::Covered | Self::Record | Self::Unstage | Self::Forget => false,
            Self::Retry
            | Self::Resolve
            | Self::Missing
            | Self::Unreadable
            | Self::Unread
            | Self::Mismatch
            | Self::Rescued
            | Self::Drift
            | Self::Blocked
            | Self::Held
            | Self::Defer
            | Self::Staged => true,
        }
    }
}

pub(super) const fn group_of(decision: &Decision) -> Option<Group> {
    Some(match decision {
        Decision::Retire => Group::Retire,
        Decision::Retry { .. } => Group::Retry,
        Decision::Missing => Group::Missing,
        Decision::Resolve { .. } => Group::Resolve,
        Decision::Covered { .. } => Group::Covered,
        Decision::Record { .. } => Group::Record,
        Decision::Unreadable { .. } => Group::Unreadable,
        Decision::Unread => Group::Unread,
        Decision::Mismatch(_) => Group::Mismatch,
        Decision::Rescued => Group::Rescued,
        Decision::Drift { .. } => Group::Drift,
        Decision::Blocked { .. } => Group::Blocked,
        Decision::Held { .. } => Group::Held,
        Decision::Defer { .. } => Group::Defer,
        Decision::Staged { .. } => Group::Staged,
        Decision::Unstage => Group::Unstage,
        Decision::Forget => Group::Forget,
        Decision::Unchanged { .. } => return None,
    })
}

/// What the decision itself says beyond its group.
pub(super) fn why(
    id: AssetId,
    decision: &Decision,
    path: impl Fn(AssetId) -> Option<String>,
) -> Option<String> {
    match decision {
        Decision::Retire
        | Decision::Missing
        | Decision::Unread
        | Decision::Rescued
        | Decision::Unstage
        | Decision::Forget
        | Decision::Unchanged { .. } => None,
        Decision::Covered { by, .. } => {
            let by = path(*by).unwrap_or_else(|| by.to_string());
            Some(format!("with {by}"))
        }
        Decision::Record {
            run: Some(run),
            evidence: _,
        } => Some(format!("deleted by run {run}, with its folder")),
        Decision::Record {
            evidence,
            run: None,
        } => Some(format!("evidence: {evidence}")),
        Decision::Unreadable { message } => Some(escape(message).into_owned()),
        Decision::Resolve {
            with: Some(with), ..
        } => {
            let with = path(*with).unwrap_or_else(|| with.to_string());
            Some(format!("being deleted with {with}"))
        }
        Decision::Resolve { attempts: 0, .. } => Some("not found by an earlier run".to_owned()),
        Decision::Retry {
            attempts, message, ..
        }
        | Decision::Blocked {
            attempts, message, ..
        } => {
            let times = words::times(*attempts);
            Some(format!("refused {times}: {}", escape(message)))
        }
        Decision::Resolve {
            listed,
            attempts,
            with: None,
        } => Some(format!(
            "sent {}{}",
            words::times(*attempts),
            if *listed { "" } else { ", no longer listed" }
        )),
        Decision::Defer { until } => Some(format!("until {}", moment(*until))),
        // It may be past, where the plan does not speak of all that is in its folder.
        Decision::Staged { until } => Some(format!("due {}", moment(*until))),
        Decision::Held { why, until, path } => {
            Some(shelter::kept(id, why, *until, path.as_deref()))
        }
        Decision::Mismatch(other) => {
            let other: Vec<String> = other.iter().map(difference).collect();
            Some(other.join(" · "))
        }
        Decision::Drift {
            recorded,
            // Neighbours say the same, to the second or not: `state show` tells the moment.
            at: _,
            again,
        } => {
            let status = recorded.name();
            let again = again.map(|run| {
                format!(
                    "; its `again: true` was used up by run {run}: take the line out, apply, and write it anew"
                )
            });
            let again = again.unwrap_or_default();
            Some(format!("recorded as {status}, and it is there{again}"))
        }
    }
}

/// The same in our own words, with ids in place of names.
pub(super) fn why_in_words(id: AssetId, decision: &Decision) -> Option<String> {
    match decision {
        Decision::Unreadable { .. } => None,
        Decision::Retry { attempts, kind, .. } | Decision::Blocked { attempts, kind, .. } => {
            let times = words::times(*attempts);
            Some(format!("refused {times}: {}", kind.name()))
        }
        Decision::Held { why, until, path } => {
            Some(shelter::kept_by_id(id, why, *until, path.as_deref()))
        }
        Decision::Mismatch(other) => {
            let fields: Vec<&str> = other.iter().map(|other| other.field.name()).collect();
            Some(format!("other: {}", fields.join(", ")))
        }
        Decision::Retire
        | Decision::Missing
        | Decision::Unread
        | Decision::Unstage
        | Decision::Forget
        | Decision::Unchanged { .. }
        | Decision::Covered { .. }
        | Decision::Record { .. }
        | Decision::Resolve { .. }
        | Decision::Defer { .. }
        | Decision::Staged { .. }
        | Decision::Rescued
        | Decision::Drift { .. } => why(id, decision, |_| None),
    }
}

/// Says in what an asset is other than its entry says, both values side by side.
fn difference(other: &Difference) -> String {
    let Difference {
        field,
        wanted,
        found,
    } = other;
    let (field, wanted) = (field.name(), escape(wanted));
    match found {
        Some(found) => format!("{field}: wanted `{wanted}`, found `{}`", escape(found)),
        None => format!("{field}: wanted `{wanted}`, and the server does not say it"),
    }
}

/// What the manifest says of the asset, as far as people decide by it.
pub(super) fn wherefore(details: &Details) -> [Option<String>; 3] {
    let said = [&details.reason, &details.ticket, &details.owner];
    said.map(|text| text.as_ref().map(|text| escape(text).into_owned()))
}
