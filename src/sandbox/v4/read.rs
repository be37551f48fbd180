//! Reading assets and lists of them.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::asset::AssetId;
use crate::sandbox::Shared;
use crate::sandbox::refuse::ApiError;
use crate::sandbox::seed::{Kind, RecentlyDeleted};
use crate::sandbox::v4::list::{self, Include, LONGEST, LONGEST_OF_ASSETS, Paging};
use crate::sandbox::v4::wire::{Asset, data, name};
use crate::sandbox::v4::write::{body_ids, fields};
use crate::sandbox::v4::{Answer, account, asset, experimental, project};
use crate::sandbox::world::{Node, World};

/// What can come along with any asset.
const INCLUDES: [&str; 4] = ["creator", "project", "project.owner", "metadata"];

/// What can come along with files.
const FILE_INCLUDES: [&str; 11] = [
    "creator",
    "project",
    "project.owner",
    "metadata",
    "media_links.original",
    "media_links.thumbnail",
    "media_links.thumbnail_high_quality",
    "media_links.video_h264_180",
    "media_links.high_quality",
    "media_links.efficient",
    "media_links.scrub_sheet",
];

/// The most files in one bulk read.
const BULK: usize = 50;

/// What a list of assets can be sorted by.
#[derive(Debug, Clone, Copy)]
enum By {
    Name,
    Creation,
    Change,
    Size,
}

/// Where an asset stands in a sorted list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Text(String),
    Moment(Option<Timestamp>),
    Size(u64),
}

impl By {
    fn key(self, id: AssetId, node: &Node) -> Key {
        let details = node.details.as_deref();
        match self {
            Self::Name => Key::Text(name(id, node)),
            Self::Creation => Key::Moment(details.map(|details| details.inserted_at)),
            Self::Change => Key::Moment(details.map(|details| details.updated_at)),
            Self::Size => Key::Size(details.map_or(0, |details| details.filesize)),
        }
    }
}

type Place = (String, String);

fn one(shared: &Shared, (account, id): &Place, kind: Kind, include: &Include) -> Answer {
    let world = shared.world();
    let (id, node) = asset(&world, (account, id), kind, false)?;
    let found = Asset::of(&world, id, node, include);
    found.map(data).ok_or_else(ApiError::not_found)
}

pub(super) async fn file(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    Query(query): Query<list::Query>,
) -> Answer {
    one(
        &shared,
        &place,
        Kind::File,
        &Include::of(&query, &FILE_INCLUDES)?,
    )
}

pub(super) async fn folder(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    Query(query): Query<list::Query>,
) -> Answer {
    one(
        &shared,
        &place,
        Kind::Folder,
        &Include::of(&query, &INCLUDES)?,
    )
}

pub(super) async fn stack(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    Query(query): Query<list::Query>,
) -> Answer {
    let include = Include::of(&query, &FILE_INCLUDES)?;
    one(&shared, &place, Kind::VersionStack, &include)
}

/// A list of what is in a folder or a stack.
struct Children<'query> {
    parent: (AssetId, &'query Uri),
    query: &'query list::Query,
    longest: usize,
    takes: &'query [Kind],
    includes: &'query [&'query str],
    sorts: &'query [(&'query str, By)],
}

/// What a list of any assets can be sorted by.
const SORTS: [(&str, By); 3] = [
    ("name", By::Name),
    ("created_at", By::Creation),
    ("updated_at", By::Change),
];

/// What a list of files can be sorted by.
const FILE_SORTS: [(&str, By); 4] = [
    ("name", By::Name),
    ("created_at", By::Creation),
    ("updated_at", By::Change),
    ("file_size", By::Size),
];

/// The kinds of asset that V4 knows.
const KINDS: [Kind; 3] = [Kind::File, Kind::Folder, Kind::VersionStack];

/// Lists what is in an asset, in the order that is asked for or in which it came.
fn children(world: &World, list: &Children<'_>) -> Answer {
    let include = Include::of(list.query, list.includes)?;
    if let Some((by, reversed)) = list::sort(list.query, list.sorts)? {
        let (parent, uri) = list.parent;
        let all = world
            .alive_below(parent, None)
            .filter(|(_, node)| list.takes.contains(&node.kind))
            .map(|(id, node)| (by.key(id, node), id))
            .collect();
        let order = Sorted {
            by,
            reversed,
            longest: list.longest,
            all,
        };
        return sorted(world, uri, (list.query, &include), order);
    }
    let paging = Paging::of(list.query, list.longest)?;
    let after: Option<u32> = paging.after(|text| text.parse().ok())?;
    let (parent, uri) = list.parent;
    let takes = |node: &Node| list.takes.contains(&node.kind);
    let total = paging.wants_total.then(|| {
        let all = world.alive_below(parent, None);
        all.filter(|(_, node)| takes(node)).count()
    });
    let mut rest = world
        .alive_below(parent, after)
        .filter(|(_, node)| takes(node));
    let part: Vec<_> = rest.by_ref().take(paging.size).collect();
    let end = part.last().map(|(_, node)| node.place.to_string());
    let next = end.filter(|_| rest.next().is_some());
    let shown = part
        .into_iter()
        .filter_map(|(id, node)| Asset::of(world, id, node, &include));
    list::page((uri.path(), list.query), shown.collect(), next, total)
}

pub(super) async fn folder_children(
    State(shared): State<Arc<Shared>>,
    OriginalUri(uri): OriginalUri,
    Path((account_id, id)): Path<Place>,
    Query(query): Query<list::Query>,
) -> Answer {
    let kinds = list::kinds(&query)?;
    let world = shared.world();
    let (id, _) = asset(&world, (&account_id, &id), Kind::Folder, false)?;
    let list = Children {
        parent: (id, &uri),
        query: &query,
        longest: LONGEST_OF_ASSETS,
        takes: kinds.as_deref().unwrap_or(&KINDS),
        includes: &FILE_INCLUDES,
        sorts: &SORTS,
    };
    children(&world, &list)
}

pub(super) async fn stack_children(
    State(shared): State<Arc<Shared>>,
    OriginalUri(uri): OriginalUri,
    Path((account_id, id)): Path<Place>,
    Query(query): Query<list::Query>,
) -> Answer {
    let world = shared.world();
    let (id, _) = asset(&world, (&account_id, &id), Kind::VersionStack, false)?;
    let list = Children {
        parent: (id, &uri),
        query: &query,
        longest: LONGEST,
        takes: &KINDS,
        includes: &FILE_INCLUDES,
        sorts: &FILE_SORTS,
    };
    children(&world, &list)
}

fn of_kind(shared: &Shared, uri: &Uri, place: &Place, query: &list::Query, kind: Kind) -> Answer {
    let world = shared.world();
    let (id, _) = asset(&world, (&place.0, &place.1), Kind::Folder, false)?;
    let list = Children {
        parent: (id, uri),
        query,
        longest: LONGEST_OF_ASSETS,
        takes: &[kind],
        // There are no media in a folder by itself.
        includes: if kind == Kind::Folder {
            &INCLUDES
        } else {
            &FILE_INCLUDES
        },
        sorts: if kind == Kind::File {
            &FILE_SORTS
        } else {
            &SORTS
        },
    };
    children(&world, &list)
}

pub(super) async fn folder_folders(
    State(shared): State<Arc<Shared>>,
    OriginalUri(uri): OriginalUri,
    Path(place): Path<Place>,
    Query(query): Query<list::Query>,
) -> Answer {
    of_kind(&shared, &uri, &place, &query, Kind::Folder)
}

pub(super) async fn folder_stacks(
    State(shared): State<Arc<Shared>>,
    OriginalUri(uri): OriginalUri,
    Path(place): Path<Place>,
    Query(query): Query<list::Query>,
) -> Answer {
    of_kind(&shared, &uri, &place, &query, Kind::VersionStack)
}

pub(super) async fn folder_files(
    State(shared): State<Arc<Shared>>,
    OriginalUri(uri): OriginalUri,
    Path(place): Path<Place>,
    Query(query): Query<list::Query>,
) -> Answer {
    of_kind(&shared, &uri, &place, &query, Kind::File)
}

/// A list that is sorted by something.
struct Sorted {
    by: By,
    reversed: bool,
    longest: usize,
    all: Vec<(Key, AssetId)>,
}

/// Pages a sorted list; the cursor names the last asset, wherever it is by then.
fn sorted(
    world: &World,
    uri: &Uri,
    (query, include): (&list::Query, &Include),
    list: Sorted,
) -> Answer {
    let Sorted {
        by,
        reversed,
        longest,
        mut all,
    } = list;
    let paging = Paging::of(query, longest)?;
    let total = paging.wants_total.then_some(all.len());
    let after = paging.after(|text| {
        let id = AssetId::parse(text).ok()?;
        Some((by.key(id, world.get(id, true)?), id))
    })?;
    all.sort_unstable();
    if reversed {
        all.reverse();
    }
    let from = after.map_or(0, |after| {
        all.partition_point(|entry| {
            if reversed {
                *entry >= after
            } else {
                *entry <= after
            }
        })
    });
    let rest = all.get(from..).unwrap_or_default();
    let part = rest.get(..paging.size).unwrap_or(rest);
    let end = part.last().map(|(_, id)| id.to_string());
    let next = end.filter(|_| part.len() < rest.len());
    let shown = part
        .iter()
        .filter_map(|(_, id)| Asset::of(world, *id, world.get(*id, true)?, include));
    list::page((uri.path(), query), shown.collect(), next, total)
}

/// What a list of the deleted can be sorted by.
#[derive(Debug, Clone, Copy)]
enum DeletedBy {
    Deletion,
    Name,
}

pub(super) async fn recently_deleted(
    State(shared): State<Arc<Shared>>,
    OriginalUri(uri): OriginalUri,
    Path((account_id, id)): Path<Place>,
    Query(query): Query<list::Query>,
) -> Answer {
    let known = [
        ("deleted_at", DeletedBy::Deletion),
        ("name", DeletedBy::Name),
    ];
    let order = list::sort(&query, &known)?.unwrap_or((DeletedBy::Deletion, true));
    let world = shared.world();
    let account = account(&world, &account_id)?;
    let index = project(&world, account, &id)?;
    let project = world.projects.get(index).ok_or_else(ApiError::not_found)?;
    let is_shown = |id: AssetId| {
        world.get(id, true).is_some_and(|node| {
            node.kind != Kind::Bundle && (shows_all(&world) || stands_alone(&world, node))
        })
    };
    let (DeletedBy::Deletion, reversed) = order else {
        let all = project.deleted.iter().map(|(_, id)| *id);
        let all = all.filter(|id| is_shown(*id)).filter_map(|id| {
            let node = world.get(id, true)?;
            Some((By::Name.key(id, node), id))
        });
        let list = Sorted {
            by: By::Name,
            reversed: order.1,
            longest: LONGEST,
            all: all.collect(),
        };
        return sorted(&world, &uri, (&query, &Include::default()), list);
    };
    let paging = Paging::of(&query, LONGEST)?;
    let after: Option<(Timestamp, AssetId)> = paging.after(|text| {
        let (at, id) = text.split_once('|')?;
        Some((at.parse().ok()?, AssetId::parse(id).ok()?))
    })?;
    let total = paging.wants_total.then(|| {
        let all = project.deleted.iter();
        all.filter(|(_, id)| is_shown(*id)).count()
    });
    let mut rest: Box<dyn Iterator<Item = &(Timestamp, AssetId)>> = match (after, reversed) {
        (None, true) => Box::new(project.deleted.iter().rev()),
        (None, false) => Box::new(project.deleted.iter()),
        (Some(after), true) => Box::new(project.deleted.range(..after).rev()),
        (Some(after), false) => {
            let from = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
            Box::new(project.deleted.range(from))
        }
    };
    let mut rest = rest.by_ref().filter(|(_, id)| is_shown(*id));
    let part: Vec<_> = rest.by_ref().take(paging.size).collect();
    let end = part.last().map(|(at, id)| format!("{at}|{id}"));
    let next = end.filter(|_| rest.next().is_some());
    let include = Include::default();
    let found = part
        .into_iter()
        .filter_map(|(_, id)| Asset::of(&world, *id, world.get(*id, true)?, &include));
    list::page((uri.path(), &query), found.collect(), next, total)
}

fn shows_all(world: &World) -> bool {
    world.behaviour.recently_deleted == RecentlyDeleted::All
}

/// Whether an asset was deleted by itself, and not along with its folder.
fn stands_alone(world: &World, node: &Node) -> bool {
    let parent = node.parent.and_then(|parent| world.get(parent, true));
    parent.is_none_or(|parent| parent.deleted_at != node.deleted_at)
}

/// Reads several files of one project, and says of each whether it is there.
pub(super) async fn bulk_get(
    State(shared): State<Arc<Shared>>,
    Path(account_id): Path<String>,
    Query(query): Query<list::Query>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    experimental(&headers)?;
    let include = Include::of(&query, &FILE_INCLUDES)?;
    let fields = fields(&body)?;
    let ids = body_ids(&fields, BULK)?;
    let world = shared.world();
    let account = account(&world, &account_id)?;
    let found = |id: AssetId| {
        world
            .get(id, false)
            .filter(|node| node.kind == Kind::File && world.account_of(node) == Some(account))
    };
    let mut projects = ids
        .iter()
        .filter_map(|id| found(*id))
        .map(|node| node.project);
    if let Some(first) = projects.next()
        && projects.any(|project| project != first)
    {
        let detail = "All files must belong to the same project.";
        return Err(ApiError::invalid("/data/file_ids", detail));
    }
    let results = ids.iter().map(|id| {
        let file = found(*id).and_then(|node| Asset::of(&world, *id, node, &include));
        match file {
            Some(file) => json!({"id": id, "status": StatusCode::OK.as_u16(), "file": file}),
            None => json!({
                "id": id,
                "status": StatusCode::NOT_FOUND.as_u16(),
                "error": {"title": "Not Found", "detail": "The resource could not be found."},
            }),
        }
    });
    let results: Vec<Value> = results.collect();
    Ok(Json(json!({ "data": results })).into_response())
}
