//! Whether a live asset is what its entry says. Pure.

use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::inventory::Facts;
use crate::manifest::document::{Details, Pin};

/// In what a live asset is other than its entry says, or is not shown to be the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// What was compared.
    pub field: Compared,
    /// What the manifest says.
    pub wanted: Arc<str>,
    /// What the server says; nothing where it does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Arc<str>>,
}

/// What of a live asset is compared with its entry.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// Its kind.
    Kind,
    /// The projects outside of which nothing is deleted.
    Projects,
    /// Its name, letter for letter.
    Name,
    /// Its project.
    Project,
    /// What holds it.
    Parent,
    /// Its size in bytes.
    Filesize,
    /// When it was changed last.
    UpdatedBefore,
    /// How many files may go with it at most.
    Contents,
}

impl Compared {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Kind,
        Self::Projects,
        Self::Name,
        Self::Project,
        Self::Parent,
        Self::Filesize,
        Self::UpdatedBefore,
        Self::Contents,
    ];

    /// Its name in a manifest.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Projects => "projects",
            Self::Name => "name",
            Self::Project => "project",
            Self::Parent => "parent",
            Self::Filesize => "filesize",
            Self::UpdatedBefore => "updated_before",
            Self::Contents => "contents",
        }
    }
}

/// Compares a live asset, and how many files go with it, with what its entry says; what the
/// server does not say is no match.
pub(super) fn differences(
    details: &Details,
    facts: &Facts,
    files: Option<usize>,
) -> Vec<Difference> {
    let Details {
        kind,
        reason: _,
        ticket: _,
        owner: _,
        not_before: _,
        pin,
        contents,
        missing: _,
        again: _,
        strategy: _,
        projects,
    } = details;
    let Pin {
        name,
        project,
        parent,
        filesize,
        updated_before,
    } = pin.as_ref().unwrap_or(&NO_PIN);
    let compare = |field, wanted: Option<Arc<str>>, found: Option<Arc<str>>, fits: bool| {
        let wanted = wanted.filter(|_| !fits)?;
        Some(Difference {
            field,
            wanted,
            found,
        })
    };
    let id = |id: AssetId| Arc::from(id.to_string());
    let files = files.and_then(|files| u64::try_from(files).ok());
    let moment = |moment: Timestamp| Arc::from(moment.to_string());
    let number = |number: u64| Arc::from(number.to_string());
    let in_projects = projects.as_ref().is_none_or(|projects| {
        facts
            .project
            .is_some_and(|project| projects.contains(&project))
    });
    let each = |projects: &Arc<[AssetId]>| {
        let projects: Vec<String> = projects.iter().map(ToString::to_string).collect();
        Arc::from(projects.join(", "))
    };
    let is_older =
        updated_before.is_some_and(|before| facts.updated.is_some_and(|updated| updated < before));
    let all = [
        compare(
            Compared::Kind,
            kind.map(|kind| kind.name().into()),
            Some(facts.kind.name().into()),
            *kind == Some(facts.kind),
        ),
        compare(
            Compared::Projects,
            projects.as_ref().map(each),
            facts.project.map(id),
            in_projects,
        ),
        compare(
            Compared::Name,
            name.clone(),
            facts.name.clone(),
            *name == facts.name,
        ),
        compare(
            Compared::Project,
            project.map(id),
            facts.project.map(id),
            *project == facts.project,
        ),
        compare(
            Compared::Parent,
            parent.map(id),
            facts.parent.map(id),
            *parent == facts.parent,
        ),
        compare(
            Compared::Filesize,
            filesize.map(number),
            facts.bytes.map(number),
            *filesize == facts.bytes,
        ),
        compare(
            Compared::UpdatedBefore,
            updated_before.map(moment),
            facts.updated.map(moment),
            is_older,
        ),
        compare(
            Compared::Contents,
            contents.map(number),
            files.map(number),
            contents.is_some_and(|most| files.is_some_and(|files| files <= most)),
        ),
    ];
    all.into_iter().flatten().collect()
}

/// A pin that says nothing.
const NO_PIN: Pin = Pin {
    name: None,
    project: None,
    parent: None,
    filesize: None,
    updated_before: None,
};

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::asset::Kind;

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn told(details: &Details, facts: &Facts) -> Vec<(&'static str, String, Option<String>)> {
        let all = differences(details, facts, Some(1)).into_iter();
        all.map(|one| {
            let found = one.found.map(|found| found.to_string());
            (one.field.name(), one.wanted.to_string(), found)
        })
        .collect()
    }

    fn all() -> Details {
        Details {
            kind: Some(Kind::File),
            projects: Some([id(1), id(2)].into()),
            contents: Some(1),
            pin: Some(Pin {
                name: Some("a.mov".into()),
                project: Some(id(1)),
                parent: Some(id(3)),
                filesize: Some(7),
                updated_before: Some("2026-10-31T10:00:00Z".parse().unwrap()),
            }),
            ..Details::default()
        }
    }

    fn same() -> Facts {
        Facts {
            name: Some("a.mov".into()),
            project: Some(id(1)),
            parent: Some(id(3)),
            bytes: Some(7),
            updated: Some("2026-10-31T09:59:59Z".parse().unwrap()),
            ..Facts::of_kind(Kind::File)
        }
    }

    #[test]
    fn an_asset_that_is_what_its_entry_says_has_no_difference() {
        assert_eq!(told(&all(), &same()), []);
        let bare = Details::default();
        assert_eq!(told(&bare, &Facts::of_kind(Kind::Folder)), []);
    }

    #[test]
    fn each_field_is_compared_alone_with_both_values() {
        let change = |field: Compared, facts: &mut Facts| match field {
            Compared::Kind => facts.kind = Kind::Folder,
            Compared::Projects => facts.project = Some(id(9)),
            Compared::Name => facts.name = Some("A.mov".into()),
            Compared::Project => facts.project = Some(id(2)),
            Compared::Parent => facts.parent = Some(id(9)),
            Compared::Filesize => facts.bytes = Some(8),
            Compared::Contents => {}
            // The moment itself is too late.
            Compared::UpdatedBefore => {
                facts.updated = Some("2026-10-31T10:00:00Z".parse().unwrap());
            }
        };
        for field in Compared::ALL {
            if field == Compared::Contents {
                continue;
            }
            let mut facts = same();
            change(field, &mut facts);
            let found = told(&all(), &facts);
            assert!(found.iter().any(|(name, ..)| *name == field.name()));
            // What lies outside the projects is in another one than the pin's, too.
            let more = usize::from(field == Compared::Projects);
            assert_eq!(found.len(), 1 + more, "{field:?}");
        }
        let mut facts = same();
        facts.bytes = Some(8);
        let expected = ("filesize", "7".to_owned(), Some("8".to_owned()));
        assert_eq!(told(&all(), &facts), [expected]);
    }

    #[test]
    fn no_more_files_go_than_the_entry_allows() {
        for (files, other) in [(Some(1), 0), (Some(0), 0), (Some(2), 1), (None, 1)] {
            let found = differences(&all(), &same(), files);
            assert_eq!(found.len(), other, "{files:?}");
            let said = found.first().and_then(|one| one.found.clone());
            assert_eq!(
                said,
                files
                    .filter(|_| other > 0)
                    .map(|files| files.to_string().into())
            );
        }
    }

    #[test]
    fn what_the_server_does_not_say_is_no_match() {
        let found = told(&all(), &Facts::of_kind(Kind::File));
        let names: Vec<&str> = found.iter().map(|(name, ..)| *name).collect();
        let said = [
            "projects",
            "name",
            "project",
            "parent",
            "filesize",
            "updated_before",
        ];
        assert_eq!(names, said);
        assert!(found.iter().all(|(_, _, found)| found.is_none()));
    }
}
