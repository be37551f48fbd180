//! Whose token it is, and accounts, workspaces and projects.

use std::cmp::Ordering;
use std::sync::Arc;

use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Serialize;

use crate::sandbox::Shared;
use crate::sandbox::refuse::ApiError;
use crate::sandbox::v4::list::{self, Include, LONGEST, Paging};
use crate::sandbox::v4::wire::{Account, Profile, Project, Workspace, data};
use crate::sandbox::v4::{Answer, account, account_of, project as find_project, uuid};
use crate::sandbox::world::World;

/// What these lists can be sorted by; everything was made at the same moment.
#[derive(Debug, Clone, Copy)]
enum By {
    Name,
    Creation,
}

pub(super) async fn me(State(shared): State<Arc<Shared>>) -> Response {
    data(Profile::of(&shared.world()))
}

/// Sorts a list, pages it and answers with it.
fn listed<T: Serialize>(
    uri: &Uri,
    query: &list::Query,
    name_key: &str,
    mut all: Vec<T>,
    name: fn(&T) -> &str,
) -> Answer {
    let paging = Paging::of(query, LONGEST)?;
    let order = list::sort(query, &[(name_key, By::Name), ("created_at", By::Creation)])?;
    if let Some((by, reversed)) = order {
        all.sort_by(|one, other| match by {
            By::Name => name(one).cmp(name(other)),
            By::Creation => Ordering::Equal,
        });
        if reversed {
            all.reverse();
        }
    }
    list::page_of((uri.path(), query), &paging, all)
}

pub(super) async fn accounts(
    State(shared): State<Arc<Shared>>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<list::Query>,
) -> Answer {
    let world = shared.world();
    let all = (0..world.accounts.len()).filter_map(|index| Account::of(&world, index));
    listed(&uri, &query, "display_name", all.collect(), |account| {
        &account.display_name
    })
}

pub(super) async fn workspaces(
    State(shared): State<Arc<Shared>>,
    OriginalUri(uri): OriginalUri,
    Path(account_id): Path<String>,
    Query(query): Query<list::Query>,
) -> Answer {
    let include = Include::of(&query, &["creator"])?;
    let world = shared.world();
    let account = account(&world, &account_id)?;
    let all = (0..world.teams.len())
        .filter(|index| team_account(&world, *index) == Some(account))
        .filter_map(|index| Workspace::of(&world, index, &include));
    listed(&uri, &query, "name", all.collect(), |workspace| {
        &workspace.name
    })
}

fn team_account(world: &World, index: usize) -> Option<usize> {
    world.teams.get(index).map(|team| team.account)
}

/// The workspace of an account that a path names.
fn find_workspace(world: &World, account: usize, text: &str) -> Result<usize, ApiError> {
    let id = uuid(text, "/workspace_id")?;
    let found = world.teams.iter().position(|team| team.id == id);
    found
        .filter(|index| team_account(world, *index) == Some(account))
        .ok_or_else(ApiError::not_found)
}

pub(super) async fn workspace(
    State(shared): State<Arc<Shared>>,
    Path((account_id, id)): Path<(String, String)>,
    Query(query): Query<list::Query>,
) -> Answer {
    let include = Include::of(&query, &["creator"])?;
    let world = shared.world();
    let account = account(&world, &account_id)?;
    let index = find_workspace(&world, account, &id)?;
    let found = Workspace::of(&world, index, &include);
    found.map(data).ok_or_else(ApiError::not_found)
}

pub(super) async fn workspace_projects(
    State(shared): State<Arc<Shared>>,
    OriginalUri(uri): OriginalUri,
    Path((account_id, id)): Path<(String, String)>,
    Query(query): Query<list::Query>,
) -> Answer {
    let world = shared.world();
    let account = account(&world, &account_id)?;
    let team = find_workspace(&world, account, &id)?;
    list_projects(&world, &uri, &query, |index| {
        let project = world.projects.get(index);
        project.is_some_and(|project| project.team == team)
    })
}

pub(super) async fn projects(
    State(shared): State<Arc<Shared>>,
    OriginalUri(uri): OriginalUri,
    Path(account_id): Path<String>,
    Query(query): Query<list::Query>,
) -> Answer {
    let world = shared.world();
    let account = account(&world, &account_id)?;
    list_projects(&world, &uri, &query, |index| {
        account_of(&world, index) == Some(account)
    })
}

fn list_projects(
    world: &World,
    uri: &Uri,
    query: &list::Query,
    takes: impl Fn(usize) -> bool,
) -> Answer {
    let owner = Include::of(query, &["owner"])?.has("owner");
    let all = (0..world.projects.len())
        .filter(|index| takes(*index))
        .filter_map(|index| Project::of(world, index, owner));
    listed(uri, query, "name", all.collect(), |project| &project.name)
}

pub(super) async fn project(
    State(shared): State<Arc<Shared>>,
    Path((account_id, id)): Path<(String, String)>,
    Query(query): Query<list::Query>,
) -> Answer {
    let owner = Include::of(&query, &["owner"])?.has("owner");
    let world = shared.world();
    let account = account(&world, &account_id)?;
    let index = find_project(&world, account, &id)?;
    let found = Project::of(&world, index, owner);
    found.map(data).ok_or_else(ApiError::not_found)
}
