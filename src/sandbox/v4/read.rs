//! Reading assets and lists of them.

use std::iter;
use std::ops::Bound;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::asset::AssetId;
use crate::sandbox::refuse::ApiError;
use crate::sandbox::seed::{Cursors, Kind, RecentlyDeleted};
use crate::sandbox::shared::Shared;
use crate::sandbox::v4::find::{self, Answer, Place, experimental, seen};
use crate::sandbox::v4::list::{self, Include, LONGEST, LONGEST_OF_ASSETS, Paging, Query};
use crate::sandbox::v4::wire::{Asset, data};
use crate::sandbox::v4::write::{body_ids, fields};
use crate::sandbox::world::{Node, World};

/// What can come along with files; the first four with any asset.
const INCLUDES: [&str; 11] = [
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

/// There are no media in a folder by itself.
fn includes(kind: Option<Kind>) -> &'static [&'static str] {
    if kind == Some(Kind::Folder) {
        &INCLUDES[..4]
    } else {
        &INCLUDES
    }
}

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

/// The names of that; the last one is for lists of files.
const SORTS: [(&str, By); 4] = [
    ("name", By::Name),
    ("created_at", By::Creation),
    ("updated_at", By::Change),
    ("file_size", By::Size),
];

/// Where an asset stands in a sorted list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Text(String),
    Moment(Timestamp),
    Size(u64),
}

impl By {
    fn key(self, id: AssetId, node: &Node) -> Key {
        match self {
            Self::Name => Key::Text(node.name(id)),
            Self::Creation => Key::Moment(node.moment(|details| details.inserted_at)),
            Self::Change => Key::Moment(node.moment(|details| details.updated_at)),
            Self::Size => Key::Size(node.filesize()),
        }
    }
}

pub(super) fn one(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    query: &Query,
    kind: Kind,
) -> Answer {
    let include = query.include(includes(Some(kind)))?;
    let mut world = shared.world();
    let (id, node) = seen(&world, &place, kind)?;
    let found = Asset::new(&world, id, &node, &include);
    world.count_read(id);
    found.map(data).ok_or_else(ApiError::not_found)
}

/// The kinds of asset that V4 knows.
const KINDS: [Kind; 3] = [Kind::File, Kind::Folder, Kind::VersionStack];

/// What a list is asked for, and what comes along with it.
struct Asked<'query> {
    query: &'query Query,
    include: Include,
    paging: Paging,
}

/// A page of assets out of what comes after the cursor, each with what a cursor would say of it.
fn page(
    asked: &Asked<'_>,
    total: Option<usize>,
    mut rest: impl Iterator<Item = (Asset, String)>,
) -> Answer {
    let part: Vec<_> = rest.by_ref().take(asked.paging.size).collect();
    let end = part.last().map(|(_, place)| place.clone());
    let next = end.filter(|_| rest.next().is_some());
    let shown = part.into_iter().map(|(asset, _)| asset);
    list::page(asked.query, shown.collect(), next, total)
}

/// Assets in an order.
fn sorted(
    world: &World,
    (by, reversed): (By, bool),
    ids: impl Iterator<Item = AssetId>,
) -> Vec<(Key, AssetId)> {
    let key = |id: AssetId| Some((by.key(id, world.get(id, true)?), id));
    let mut all: Vec<_> = ids.filter_map(key).collect();
    all.sort_unstable();
    if reversed {
        all.reverse();
    }
    all
}

/// A page of a list whose cursor says how many entries are on the pages before.
fn offset_page(
    world: &World,
    asked: &Asked<'_>,
    total: Option<usize>,
    all: impl Iterator<Item = AssetId>,
) -> Answer {
    let before: Option<usize> = asked.paging.after(|text| text.parse().ok())?;
    let rest = all.enumerate().skip(before.unwrap_or_default());
    let shown = rest.filter_map(|(index, id)| {
        let asset = Asset::new(world, id, &world.seen(id)?, &asked.include)?;
        Some((asset, (index + 1).to_string()))
    });
    page(asked, total, shown)
}

/// A page of a sorted list; the cursor names the last asset, wherever it is by then.
fn sorted_page(
    world: &World,
    asked: &Asked<'_>,
    (by, reversed): (By, bool),
    ids: impl Iterator<Item = AssetId>,
) -> Answer {
    let key = |id: AssetId| Some((by.key(id, world.get(id, true)?), id));
    let all = sorted(world, (by, reversed), ids);
    let total = asked.paging.wants_total.then_some(all.len());
    let after = asked.paging.after(|text| key(AssetId::parse(text).ok()?))?;
    let is_before = |entry: &(Key, AssetId)| match &after {
        None => false,
        Some(after) if reversed => entry >= after,
        Some(after) => entry <= after,
    };
    let rest = all.into_iter().skip_while(is_before);
    let shown = rest.filter_map(|(_, id)| {
        let asset = Asset::new(world, id, world.get(id, true)?, &asked.include)?;
        Some((asset, id.to_string()))
    });
    page(asked, total, shown)
}

/// Lists what is in a folder or a stack: all of it, or what is of one kind.
pub(super) fn children(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    query: &Query,
    parent: Kind,
    only: Option<Kind>,
) -> Answer {
    let is_stack = parent == Kind::VersionStack;
    let kinds = match only {
        Some(kind) => vec![kind],
        None if is_stack => KINDS.to_vec(),
        None => query.kinds()?.unwrap_or(KINDS.to_vec()),
    };
    let mut world = shared.world();
    let (parent, _) = seen(&world, &place, parent)?;
    let include = query.include(includes(only))?;
    let by_size = is_stack || only == Some(Kind::File);
    let order = query.sort(if by_size { &SORTS } else { &SORTS[..3] })?;
    let longest = if is_stack { LONGEST } else { LONGEST_OF_ASSETS };
    let asked = Asked {
        query,
        include,
        paging: query.paging(longest)?,
    };
    let answer = list_children(&world, &asked, parent, &kinds, order);
    world.count_read(parent);
    answer
}

fn list_children(
    world: &World,
    asked: &Asked<'_>,
    parent: AssetId,
    kinds: &[Kind],
    order: Option<(By, bool)>,
) -> Answer {
    if !world.is_alive(parent) {
        // It went with its folder, and is still there for those who read.
        let all = world.ghosts_below(parent).into_iter();
        let all = all
            .filter(|(_, kind)| kinds.contains(kind))
            .map(|(id, _)| id);
        let all: Vec<AssetId> = all.collect();
        let total = asked.paging.wants_total.then_some(all.len());
        return offset_page(world, asked, total, all.into_iter());
    }
    let below = |after| {
        let below = world.alive_below(parent, after);
        below.filter(|(id, node)| kinds.contains(&node.kind) && !world.is_hidden(*id))
    };
    match (world.behaviour.cursors, order) {
        (Cursors::Offset, None) => {
            let total = asked.paging.wants_total.then(|| below(None).count());
            let all = below(None).map(|(id, _)| id);
            offset_page(world, asked, total, all)
        }
        (Cursors::Offset, Some(order)) => {
            let all = sorted(world, order, below(None).map(|(id, _)| id));
            let total = asked.paging.wants_total.then_some(all.len());
            offset_page(world, asked, total, all.into_iter().map(|(_, id)| id))
        }
        (Cursors::Place, Some(order)) => {
            sorted_page(world, asked, order, below(None).map(|(id, _)| id))
        }
        (Cursors::Place, None) => {
            let after: Option<u32> = asked.paging.after(|text| text.parse().ok())?;
            let total = asked.paging.wants_total.then(|| below(None).count());
            let rest = below(after).filter_map(|(id, node)| {
                let asset = Asset::new(world, id, node, &asked.include)?;
                Some((asset, node.place.to_string()))
            });
            page(asked, total, rest)
        }
    }
}

pub(super) async fn recently_deleted(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    query: Query,
) -> Answer {
    let known = [("deleted_at", false), ("name", true)];
    let (by_name, reversed) = query.sort(&known)?.unwrap_or((false, true));
    let asked = Asked {
        query: &query,
        include: Include::default(),
        paging: query.paging(LONGEST)?,
    };
    let mut world = shared.world();
    let project = find::project(&world, &place)?.id;
    if asked.paging.is_first() {
        world.count_list(project);
    }
    let world = world;
    let deleted = &find::project(&world, &place)?.deleted;
    let is_shown = |(_, id): &&(Timestamp, AssetId)| {
        world.get(*id, true).is_some_and(|node| {
            let is_listed = shows_all(&world) || stands_alone(&world, node);
            node.kind != Kind::Bundle && is_listed && world.is_told(*id)
        })
    };
    if by_name {
        let ids = deleted.iter().filter(is_shown).map(|(_, id)| *id);
        return sorted_page(&world, &asked, (By::Name, reversed), ids);
    }
    let after: Option<(Timestamp, AssetId)> = asked.paging.after(|text| {
        let (at, id) = text.split_once('|')?;
        Some((at.parse().ok()?, AssetId::parse(id).ok()?))
    })?;
    let paging = &asked.paging;
    let total = paging
        .wants_total
        .then(|| deleted.iter().filter(is_shown).count());
    let mut rest = deleted.range(match after {
        None => (Bound::Unbounded, Bound::Unbounded),
        Some(after) if reversed => (Bound::Unbounded, Bound::Excluded(after)),
        Some(after) => (Bound::Excluded(after), Bound::Unbounded),
    });
    let next = || {
        if reversed {
            rest.next_back()
        } else {
            rest.next()
        }
    };
    let rest = iter::from_fn(next).filter(is_shown);
    let shown = rest.filter_map(|(at, id)| {
        // A stale list says of what was restored when that had been deleted.
        let node = Node {
            deleted_at: Some(*at),
            ..world.get(*id, true)?.clone()
        };
        let asset = Asset::new(&world, *id, &node, &asked.include)?;
        Some((asset, format!("{at}|{id}")))
    });
    page(&asked, total, shown)
}

fn shows_all(world: &World) -> bool {
    world.behaviour.recently_deleted == RecentlyDeleted::All
}

/// Whether an asset was deleted by itself, and not along with its folder.
fn stands_alone(world: &World, node: &Node) -> bool {
    let parent = node.parent.and_then(|parent| world.get(parent, true));
    parent.is_none_or(|parent| parent.deleted_at.is_none() || parent.deleted_at != node.deleted_at)
}

/// Reads several files of one project, and says of each whether it is there.
pub(super) async fn bulk_get(
    State(shared): State<Arc<Shared>>,
    Path(account_id): Path<String>,
    query: Query,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    experimental(&headers)?;
    let include = query.include(&INCLUDES)?;
    let fields = fields(&body, &["file_ids"])?;
    let ids = body_ids(&fields, "file_ids", 1..=BULK)?;
    let world = shared.world();
    let account = find::account(&world, &account_id)?;
    let found = |id: AssetId| {
        world
            .get(id, false)
            .filter(|node| node.kind == Kind::File && world.account_of(node) == Some(account))
    };
    let files = ids.iter().filter_map(|id| found(*id));
    let mut projects = files.map(|node| node.project);
    if let Some(first) = projects.next()
        && projects.any(|project| project != first)
    {
        let detail = "All files must belong to the same project.";
        return Err(ApiError::invalid("/data/file_ids", detail));
    }
    let results = ids.iter().map(|id| {
        let file = found(*id).and_then(|node| Asset::new(&world, *id, node, &include));
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
