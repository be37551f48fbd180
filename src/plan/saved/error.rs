//! Why bytes are no plan that can be carried out.

use crate::asset::AssetId;
use crate::plan::saved::VERSION;

/// Why bytes are not a plan that can be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// The bytes are not a plan document.
    #[error("{message}")]
    Format {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// It is of a version that says less than is compared today.
    #[error("the plan is of version {0}, and this program carries out version {VERSION}")]
    Older(u64),
    /// The content is not the one that the id was made from.
    #[error("the plan says that its id is `{said}`, and its content has another one")]
    WrongId {
        /// The id in the document.
        said: String,
        /// The id that its content has. It is in no message: that would help whoever has changed
        /// the rest.
        content: String,
    },
    /// The content is right, and the bytes are not those that this program writes.
    #[error("the plan is not laid out as it was written, from line {line} on")]
    Layout {
        /// The first line that differs, from 1.
        line: usize,
    },
    /// The actions are not sorted by asset, or one stands twice.
    #[error("`{0}` does not stand in the order of the ids")]
    Unsorted(AssetId),
    /// An action makes no sense.
    #[error("the action of `{id}` {why}")]
    Action {
        /// The asset.
        id: AssetId,
        /// What is wrong with its action.
        why: &'static str,
    },
    /// The totals are not those of the actions.
    #[error("the totals of the plan are not those of its actions")]
    Totals,
}

impl SavedError {
    /// Says what to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Older(_) => "nothing was sent; make a new plan and have it reviewed",
            Self::Format { .. } | Self::Action { .. } | Self::Unsorted(_) | Self::Totals => {
                "make the plan again with `retire plan --out`"
            }
            Self::WrongId { .. } | Self::Layout { .. } => {
                "the file was changed after it was written; make the plan again with `retire plan --out`"
            }
        }
    }
}
