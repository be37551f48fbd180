//! The routes of the V4 API (docs/frameio-api.md, "V4").

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, patch, post};

use crate::sandbox::seed::Kind::{File, Folder, VersionStack};
use crate::sandbox::shared::Shared;

mod context;
pub(super) mod cursor;
mod find;
mod list;
mod read;
mod sign_in;
mod token;
mod wire;
mod write;

pub(super) fn routes() -> Router<Arc<Shared>> {
    let account = Router::new()
        .route("/workspaces", get(context::workspaces))
        .route("/workspaces/{id}", get(context::workspace))
        .route(
            "/workspaces/{id}/projects",
            get(context::workspace_projects),
        )
        .route("/projects", get(context::projects))
        .route("/projects/{id}", get(context::project))
        .route(
            "/projects/{id}/recently_deleted",
            get(read::recently_deleted),
        )
        .route("/metadata/field_definitions", get(context::fields))
        .route("/files/{id}/metadata", get(context::metadata))
        .route("/files/bulk_get", post(read::bulk_get))
        .route(
            "/files/move",
            patch(async |s, p, half, body: Bytes| write::move_several(s, p, half, &body, File)),
        )
        .route(
            "/folders/move",
            patch(async |s, p, half, body: Bytes| write::move_several(s, p, half, &body, Folder)),
        )
        .route("/folders/{id}/files/local_upload", post(write::create_file))
        .route(
            "/files/{id}",
            get(async |s, p, q| read::one(s, p, &q, File))
                .delete(async |s, p| write::delete(s, p, File)),
        )
        .route(
            "/folders/{id}",
            get(async |s, p, q| read::one(s, p, &q, Folder))
                .delete(async |s, p| write::delete(s, p, Folder))
                .patch(write::update_folder),
        )
        .route(
            "/version_stacks/{id}",
            get(async |s, p, q| read::one(s, p, &q, VersionStack)),
        )
        .route(
            "/folders/{id}/children",
            get(async |s, p, q| read::children(s, p, &q, Folder, None)),
        )
        .route(
            "/folders/{id}/files",
            get(async |s, p, q| read::children(s, p, &q, Folder, Some(File))),
        )
        .route(
            "/folders/{id}/folders",
            get(async |s, p, q| read::children(s, p, &q, Folder, Some(Folder)))
                .post(write::create_folder),
        )
        .route(
            "/folders/{id}/version_stacks",
            get(async |s, p, q| read::children(s, p, &q, Folder, Some(VersionStack)))
                .post(write::create_stack),
        )
        .route(
            "/version_stacks/{id}/children",
            get(async |s, p, q| read::children(s, p, &q, VersionStack, None)),
        );
    let account = [
        ("files", File),
        ("folders", Folder),
        ("version_stacks", VersionStack),
    ]
    .into_iter()
    .fold(account, |account, (name, kind)| {
        account
            .route(
                &format!("/{name}/{{id}}/move"),
                patch(async move |s, p, body| write::move_one(s, p, &body, kind)),
            )
            .route(
                &format!("/{name}/{{id}}/restore"),
                patch(async move |s, p, headers| write::restore(s, p, &headers, kind)),
            )
    });
    Router::new()
        .route("/ims/token/v3", post(token::issue))
        .route("/ims/authorize/v2", get(sign_in::authorize))
        .route("/ims/revoke", post(sign_in::revoke))
        .route("/v4/me", get(context::me))
        .route("/v4/accounts", get(context::accounts))
        .nest("/v4/accounts/{account}", account)
}
