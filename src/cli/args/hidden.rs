//! An argument that may hold a secret.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A text that nobody prints: its debug form is `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

impl FromStr for Hidden {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}
