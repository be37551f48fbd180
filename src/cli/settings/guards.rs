//! What a file says of the guards, and the fields that they can require.

use crate::plan::figure::EntryField;
use crate::plan::guard::{Limit, Limits, Required};

/// What one file says of the guards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GuardsGiven {
    pub(crate) limits: Vec<Limit>,
    pub(crate) required: Vec<Required>,
}

impl GuardsGiven {
    /// Adds what a file says to what counts more.
    pub(crate) fn add_to(&self, limits: &mut Limits) {
        limits.set.extend(self.limits.iter().cloned());
        limits.required.extend(self.required.iter().cloned());
    }
}

/// The field of an entry that has a name.
pub(crate) fn field(name: &str) -> Option<EntryField> {
    let mut fields = EntryField::ALL.into_iter();
    fields.find(|field| field.name() == name.trim())
}

/// Reads the name of a field that each entry must have.
///
/// # Errors
///
/// Returns which fields there are.
pub(crate) fn required_field(name: &str) -> Result<EntryField, String> {
    field(name).ok_or_else(|| "the fields are `reason`, `ticket` and `owner`".to_owned())
}
