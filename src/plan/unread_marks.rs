//! Why nobody knows which assets bear a mark, and how that is said.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::counted;
use crate::inventory::{Called, NoMark};

/// How many names a message tells at most.
const NAMED: usize = 12;

/// Why nobody knows which assets bear a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadMarks {
    /// The field, as it is named where that is set.
    pub field: Arc<str>,
    /// Where that is: `file:line`.
    pub at: Arc<str>,
    /// What is in the way.
    pub why: Lack,
}

/// What is in the way of reading marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// The field is not there, or cannot say that an asset stays.
    NoMark(NoMark),
    /// The fields of the account could not be read.
    Definitions(Arc<str>),
    /// The server does not say what the field says of so many assets.
    Assets {
        /// How many.
        count: usize,
        /// The first of them.
        first: Called,
    },
}

impl UnreadMarks {
    /// Whether nothing is known of any mark, and not only of some assets.
    pub(super) const fn is_of_all(&self) -> bool {
        match self.why {
            Lack::NoMark(_) | Lack::Definitions(_) => true,
            Lack::Assets { .. } => false,
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self.why {
            Lack::NoMark(NoMark::Field(_)) => {
                "nothing was sent; a field has the name that the web app shows, and V4 does not tell fields that belong to a project; correct `[marks]`, or take it out"
            }
            Lack::NoMark(NoMark::Option { .. }) => {
                "nothing was sent; write into `hold` what the field can say: the display name of an option, or `true` of a toggle"
            }
            Lack::Definitions(_) => {
                "nothing was sent; run it again, or give a token that may read the custom fields of the account"
            }
            Lack::Assets { .. } => {
                "nothing was sent; run it again, or give a token that may read their custom fields"
            }
        }
    }

    /// Says what to do about it, where a manifest was to be written.
    #[must_use]
    pub const fn hint_of_find(&self) -> &'static str {
        match self.why {
            Lack::NoMark(NoMark::Field(_)) => {
                "nothing was written; a field has the name that the web app shows, and V4 does not tell fields that belong to a project; correct `[marks]`, or take it out"
            }
            Lack::NoMark(NoMark::Option { .. }) => {
                "nothing was written; write into `hold` what the field can say: the display name of an option, or `true` of a toggle"
            }
            Lack::Definitions(_) => {
                "nothing was written; run it again, or give a token that may read the custom fields of the account"
            }
            Lack::Assets { .. } => {
                "nothing was written; run it again with `--refresh`, or give a token that may read their custom fields"
            }
        }
    }
}

impl fmt::Display for UnreadMarks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, at, why } = self;
        match why {
            Lack::NoMark(NoMark::Field(known)) => {
                write!(formatter, "there is no custom field `{field}` ({at})")?;
                names(formatter, "; there are", known)
            }
            Lack::NoMark(NoMark::Option { lacking, options }) => {
                write!(formatter, "the custom field `{field}` has no option")?;
                names(formatter, "", lacking)?;
                write!(formatter, ", which `hold` asks for ({at})")?;
                names(formatter, "; it has", options)
            }
            Lack::Definitions(why) => {
                write!(
                    formatter,
                    "the custom fields of the account could not be read, so nobody knows what `{field}` says ({at}): {why}"
                )
            }
            Lack::Assets { count, first } => {
                let assets = counted(*count, "asset", "assets");
                write!(
                    formatter,
                    "the server does not say what the custom field `{field}` says of {assets} ({at}), the first {first}"
                )
            }
        }
    }
}

/// Names what there is, and says how much more.
fn names(formatter: &mut fmt::Formatter<'_>, before: &str, all: &[Arc<str>]) -> fmt::Result {
    let named: Vec<String> = all
        .iter()
        .take(NAMED)
        .map(|name| format!("`{name}`"))
        .collect();
    if named.is_empty() {
        return Ok(());
    }
    write!(formatter, "{before} {}", named.join(", "))?;
    match all.len().saturating_sub(NAMED) {
        0 => Ok(()),
        more => write!(formatter, " and {more} more"),
    }
}
