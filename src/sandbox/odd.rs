//! Successes that are none: status 200, and a body that no delete of the API is answered with.

use std::fmt;

/// What such a body looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    Errors,
    /// The code of an error.
    Code,
    /// The word that it was no success.
    Failure,
    /// A refusal of an asset that nobody asked for.
    Foreign,
    List,
    /// Nothing that the API says, and nothing that speaks of trouble.
    Other,
}

impl Odd {
    const ALL: [Self; 6] = [
        Self::Errors,
        Self::Code,
        Self::Failure,
        Self::Foreign,
        Self::List,
        Self::Other,
    ];

    /// The form with a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|odd| odd.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Code => "code",
            Self::Failure => "failure",
            Self::Foreign => "foreign",
            Self::List => "list",
            Self::Other => "other",
        }
    }

    pub(super) const fn body(self) -> &'static str {
        match self {
            Self::Errors => r#"{"errors":[{"title":"Not Found","detail":"It is not there."}]}"#,
            Self::Code => r#"{"code":404,"message":"Not Found"}"#,
            Self::Failure => r#"{"success":false,"error":{}}"#,
            Self::Foreign => r#"{"error":{"all":"Failed to delete assets."}}"#,
            Self::List => "[]",
            Self::Other => r#""queued""#,
        }
    }
}

impl fmt::Display for Odd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
