//! What a file says of the guards, and the fields that they can require.

use crate::plan::figure::EntryField;
use crate::plan::guard::{Limit, Limits, Required, is_looser};

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

    /// Takes over what another file says, where that is tighter.
    pub(super) fn tighten(&mut self, by: Self) {
        let same =
            |one: &Limit, other: &Limit| one.guard == other.guard && one.project == other.project;
        for said in &mut self.limits {
            let own = by.limits.iter().find(|limit| same(limit, said));
            let general = || {
                let mut limits = by.limits.iter();
                limits.find(|limit| limit.guard == said.guard && limit.project.is_none())
            };
            let tighter = own.or_else(general);
            let tighter = tighter.filter(|limit| is_looser(said.guard, said.figure, limit.figure));
            if let Some(Limit { figure, at, .. }) = tighter {
                (said.figure, said.at) = (*figure, at.clone());
            }
        }
        for limit in by.limits {
            if !self.limits.iter().any(|said| same(said, &limit)) {
                self.limits.push(limit);
            }
        }
        self.required.extend(by.required);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::document::Guard::{self, MaxAssets, MaxPercent, MinAge};
    use crate::plan::figure::SetAt;

    fn given(limits: &[(Guard, Option<&str>, u64)]) -> GuardsGiven {
        let limit = |&(guard, project, figure): &(Guard, Option<&str>, u64)| Limit {
            guard,
            project: project.map(Into::into),
            figure,
            at: SetAt::Default,
        };
        GuardsGiven {
            limits: limits.iter().map(limit).collect(),
            required: Vec::new(),
        }
    }

    #[test]
    fn another_file_only_tightens() {
        let mut named = given(&[
            (MaxAssets, None, 900),
            (MaxAssets, Some("Tide"), 500),
            (MinAge, None, 3600),
            (MaxPercent, Some("Tide"), 5),
        ]);
        named.tighten(given(&[
            (MaxAssets, None, 50),
            (MinAge, None, 60),
            (MaxPercent, Some("Tide"), 10),
            (MaxPercent, Some("Ebb"), 10),
        ]));
        let expected = given(&[
            (MaxAssets, None, 50),
            (MaxAssets, Some("Tide"), 50),
            (MinAge, None, 3600),
            (MaxPercent, Some("Tide"), 5),
            (MaxPercent, Some("Ebb"), 10),
        ]);
        assert_eq!(named, expected);
    }
}
