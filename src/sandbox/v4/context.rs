//! Whose token it is, and accounts, workspaces and projects.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::json;

use crate::sandbox::seed::Kind;
use crate::sandbox::shared::Shared;
use crate::sandbox::v4::find::{self, Answer, Place};
use crate::sandbox::v4::list::{self, LONGEST, Query};
use crate::sandbox::v4::wire::{self, Account, Project, User, Workspace, data, definition};
use crate::sandbox::world::{self, World};

pub(super) async fn me(State(shared): State<Arc<Shared>>) -> Response {
    data(User::profile(&shared.world()))
}

/// Sorts a list, pages it and answers with it.
fn listed<T: Serialize>(
    query: &Query,
    name_key: &str,
    mut all: Vec<T>,
    name: fn(&T) -> &str,
) -> Answer {
    let paging = query.paging(LONGEST)?;
    // Everything was made at the same moment.
    let known = [(name_key, true), ("created_at", false)];
    if let Some((by_name, reversed)) = query.sort(&known)? {
        if by_name {
            all.sort_by(|one, other| name(one).cmp(name(other)));
        }
        if reversed {
            all.reverse();
        }
    }
    let total = paging.wants_total.then_some(all.len());
    let from: usize = paging.after(|text| text.parse().ok())?.unwrap_or(0);
    let end = from.saturating_add(paging.size);
    let next = (end < all.len()).then(|| end.to_string());
    let part = all.into_iter().skip(from).take(paging.size).collect();
    list::page(query, part, next, total)
}

pub(super) async fn accounts(State(shared): State<Arc<Shared>>, query: Query) -> Answer {
    let world = shared.world();
    let all = world.accounts.iter();
    let all = all.map(|account| Account::new(&world, account)).collect();
    listed(&query, "display_name", all, |account| &account.display_name)
}

pub(super) async fn workspaces(
    State(shared): State<Arc<Shared>>,
    Path(account_id): Path<String>,
    query: Query,
) -> Answer {
    let include = query.include(&["creator"])?;
    let world = shared.world();
    let account = find::account(&world, &account_id)?;
    let all = world.teams.iter().filter(|team| team.account == account);
    let all = all.map(|team| Workspace::new(&world, team, &include));
    listed(&query, "name", all.collect(), |workspace| &workspace.name)
}

pub(super) async fn workspace(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    query: Query,
) -> Answer {
    let include = query.include(&["creator"])?;
    let world = shared.world();
    let team = find::workspace(&world, &place)?;
    Ok(data(Workspace::new(&world, team, &include)))
}

pub(super) async fn workspace_projects(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    query: Query,
) -> Answer {
    let world = shared.world();
    let team = find::workspace(&world, &place)?.id;
    list_projects(&world, &query, |project| project.team == team)
}

pub(super) async fn projects(
    State(shared): State<Arc<Shared>>,
    Path(account_id): Path<String>,
    query: Query,
) -> Answer {
    let world = shared.world();
    let account = find::account(&world, &account_id)?;
    list_projects(&world, &query, |project| project.account == account)
}

fn list_projects(world: &World, query: &Query, takes: impl Fn(&world::Project) -> bool) -> Answer {
    let owner = query.include(&["owner"])?.has("owner");
    let all = world.projects.iter().filter(|project| takes(project));
    let all = all.map(|project| Project::new(world, project, owner));
    listed(query, "name", all.collect(), |project| &project.name)
}

pub(super) async fn project(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    query: Query,
) -> Answer {
    let owner = query.include(&["owner"])?.has("owner");
    let world = shared.world();
    let project = find::project(&world, &place)?;
    Ok(data(Project::new(&world, project, owner)))
}

/// Lists the custom fields of an account.
pub(super) async fn fields(
    State(shared): State<Arc<Shared>>,
    Path(account_id): Path<String>,
    query: Query,
) -> Answer {
    let creator = query.include(&["creator"])?.has("creator");
    let immutable = !query.flag("filters[exclude_immutable]")?;
    let world = shared.world();
    let account = find::account(&world, &account_id)?;
    let all = world.shown_fields(account).iter();
    let all = all.filter(|field| field.mutable || immutable);
    let all = all.map(|field| definition(&world, field, creator));
    listed(&query, "name", all.collect(), |field| {
        field["name"].as_str().unwrap_or_default()
    })
}

/// Shows what a file says in custom fields.
pub(super) async fn metadata(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    query: Query,
) -> Answer {
    let empty = query.flag("show_null")?;
    let world = shared.world();
    let (id, node) = find::asset(&world, &place, Kind::File, false)?;
    let mut shown = wire::metadata(&world, node);
    if empty {
        let account = world.account_of(node).unwrap_or_default();
        for field in world.shown_fields(account) {
            let id = json!(field.id);
            if !shown.iter().any(|one| one["field_definition_id"] == id) {
                let value = json!(field.sort.none());
                shown.push(wire::metadatum(&world, field, &value));
            }
        }
    }
    Ok(data(json!({"file_id": id, "metadata": shown})))
}
