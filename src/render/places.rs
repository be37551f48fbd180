//! The folders and projects in which assets lie, each apart from others of the same name.
//!
//! Frame.io lets two projects have one name, and two folders of one folder as well. They are told
//! apart by their ids, and people by the path; where that is the same, by the beginning of the id.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use crate::asset::AssetId;
use crate::inventory::Location;
use crate::plan::about::About;
use crate::render::escape::escape;

/// How much of an id is shown where that tells it from others.
const SHORT: usize = 8;

/// How much of its end is shown where the beginnings are the same.
const END: usize = 12;

/// A folder by its path and its ids, as far as they are known. In the order of people: by the names,
/// and only then by the ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot<'plan> {
    location: &'plan Location,
    /// Its project, and the folder itself.
    ids: [Option<AssetId>; 2],
}

impl<'plan> Spot<'plan> {
    /// Where an asset lies; nothing where nobody knows.
    pub(super) fn of(about: &'plan About) -> Option<Self> {
        Some(Self {
            location: about.location.as_deref()?,
            ids: about.place,
        })
    }

    /// Its project, by its name and its id.
    pub(super) fn project(&self) -> (Option<&'plan str>, Option<AssetId>) {
        let Self {
            location,
            ids: [project, _],
        } = self;
        (location.project.as_deref(), *project)
    }

    /// The ids of its project and of itself, as far as they are known.
    pub(super) const fn ids(&self) -> [Option<AssetId>; 2] {
        self.ids
    }

    /// Whether it may be the other one, of which more ids are known.
    fn may_be(&self, other: &Self) -> bool {
        let ids = self.ids.iter().zip(&other.ids);
        self != other && ids.into_iter().all(|(id, of)| id.is_none() || id == of)
    }
}

/// Things by where they lie, and those of which nobody knows that.
type BySpot<'plan, T> = (Vec<(Spot<'plan>, Vec<T>)>, Vec<T>);

/// Puts together what lies in one folder. What has the path alone lies in the one folder of that path;
/// where there are several, nobody knows in which.
pub(super) fn by_spot<'plan, T>(
    all: Vec<T>,
    spot: impl Fn(&T) -> Option<Spot<'plan>>,
) -> BySpot<'plan, T> {
    type Paths<'plan, T> =
        BTreeMap<(Option<&'plan str>, Option<AssetId>, &'plan str), Vec<(Spot<'plan>, Vec<T>)>>;
    let mut bare = Vec::new();
    let mut paths: BTreeMap<&Location, BTreeMap<[Option<AssetId>; 2], Vec<T>>> = BTreeMap::new();
    for one in all {
        match spot(&one) {
            Some(Spot { location, ids }) => {
                let path = paths.entry(location).or_default();
                path.entry(ids).or_default().push(one);
            }
            None => bare.push(one),
        }
    }
    let mut sorted: Paths<'plan, T> = BTreeMap::new();
    for (location, mut path) in paths {
        let spots = path.keys().map(|ids| Spot {
            location,
            ids: *ids,
        });
        let spots: Vec<Spot<'_>> = spots.collect();
        // Those of which most is known stand last.
        for spot in spots.iter().rev() {
            let mut others = spots
                .iter()
                .filter(|other| path.contains_key(&other.ids) && spot.may_be(other));
            if let (Some(only), None) = (others.next(), others.next()) {
                let own = path.remove(&spot.ids).unwrap_or_default();
                path.entry(only.ids).or_default().extend(own);
            }
        }
        for (ids, things) in path {
            let spot = Spot { location, ids };
            let (name, id) = spot.project();
            let folder = (name, id, &*location.folder);
            sorted.entry(folder).or_default().push((spot, things));
        }
    }
    (sorted.into_values().flatten().collect(), bare)
}

/// What a place is called: its project and the path in it.
pub(super) fn label(location: &Location) -> String {
    let Location { project, folder } = location;
    let parts = project.iter().chain(iter::once(folder));
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    let label = parts.iter().map(|part| escape(part)).collect::<Vec<_>>();
    if label.is_empty() {
        return "the top of the project".to_owned();
    }
    label.join("/")
}

/// The ids of what has one name.
type Twins = BTreeSet<AssetId>;

/// What the projects and folders of a plan are called.
#[derive(Debug, Default)]
pub(super) struct Places<'plan> {
    /// The projects of each name.
    projects: BTreeMap<Option<&'plan str>, Twins>,
    /// The folders of each path in a project.
    folders: BTreeMap<(Option<AssetId>, &'plan Location), Twins>,
}

impl<'plan> Places<'plan> {
    /// Those of all that a plan shows: what one group shows is told from what another one does.
    pub(super) fn new(spots: impl IntoIterator<Item = Spot<'plan>>) -> Self {
        let mut places = Self::default();
        for spot in spots {
            let Spot {
                location,
                ids: [project, folder],
            } = spot;
            let name = location.project.as_deref();
            places.projects.entry(name).or_default().extend(project);
            let path = places.folders.entry((project, location));
            path.or_default().extend(folder);
        }
        places
    }

    /// What a project is called; `?` where it has no name.
    pub(super) fn project(&self, spot: &Spot<'_>) -> String {
        let (name, id) = spot.project();
        let twins = self.projects.get(&name);
        let name = name.map_or(Cow::from("?"), escape);
        format!("{name}{}", apart(id, twins))
    }

    /// What a folder is called: its project and the path in it.
    pub(super) fn folder(&self, spot: &Spot<'_>) -> String {
        let Spot {
            location,
            ids: [project, folder],
        } = spot;
        let own = apart(*folder, self.folders.get(&(*project, *location)));
        let name = location.project.as_deref();
        let of_project = apart(*project, self.projects.get(&name));
        if of_project.is_empty() {
            return format!("{}{own}", label(location));
        }
        let slash = if location.folder.is_empty() { "" } else { "/" };
        let folder = escape(&location.folder);
        format!("{}{slash}{folder}{own}", self.project(spot))
    }
}

/// What tells an id from others of the same name, behind the name; nothing where there are none.
fn apart(id: Option<AssetId>, twins: Option<&Twins>) -> String {
    let Some((id, twins)) = id.zip(twins).filter(|(_, twins)| twins.len() > 1) else {
        return String::new();
    };
    let id = id.to_string();
    let others = twins.iter().map(ToString::to_string);
    let others: Vec<String> = others.filter(|other| *other != id).collect();
    let (start, end) = (&id[..SHORT], &id[id.len() - END..]);
    if !others.iter().any(|other| other.starts_with(start)) {
        return format!(" ({start})");
    }
    if !others.iter().any(|other| other.ends_with(end)) {
        return format!(" (…{end})");
    }
    format!(" ({id})")
}
