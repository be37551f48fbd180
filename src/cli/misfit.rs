//! Why a state cannot replace another.

use uuid::Uuid;

/// Why a state cannot replace another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misfit {
    /// It is another state altogether.
    #[error("its lineage is `{given}`, and that of the state is `{there}`")]
    Lineage {
        /// The lineage of the one that was given.
        given: Uuid,
        /// The lineage of the one that is there.
        there: Uuid,
    },
    #[error("it is serial {given}, and the state is serial {there} already")]
    Older {
        /// The serial of the one that was given.
        given: u64,
        /// The serial of the one that is there.
        there: u64,
    },
    /// It is as old and says something else.
    #[error("both are serial {0}, and they differ")]
    Twin(u64),
    /// It does not know what the journal adds.
    #[error(
        "it does not know the run of the journal beside the state, which is serial {0} with that"
    )]
    Journal(u64),
}

impl Misfit {
    /// Says what to do about it.
    pub(super) const fn hint(&self) -> &'static str {
        match self {
            Self::Lineage { .. } => {
                "one state never becomes another: name the right one with `--state`"
            }
            Self::Older { .. } | Self::Twin(_) | Self::Journal(_) => {
                "read the state with `retire state pull`, make the change there, and raise its serial by one"
            }
        }
    }
}
