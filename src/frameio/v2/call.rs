//! The calls of v2.
//!
//! Source: docs/frameio-api.md, "Bulk delete (v2)", "Reading assets (v2)", "Pages (v2)".

use std::sync::Arc;

use crate::asset::AssetId;
use crate::event::RateLimit;
use crate::frameio::call::{self, Method, Request, segment};
use crate::frameio::v2::wire;

/// How many assets a page is asked to have; how many it may have is open (docs/frameio-api.md,
/// "Pages (v2)").
const PAGE: u32 = 100;

/// A call of v2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    BulkDelete(Arc<[AssetId]>),
    Read(Read),
}

/// A call of v2 that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// Reads whose token it is.
    Me,
    /// Reads a page of the accounts of the token, from 1.
    Accounts(u32),
    /// Reads a page of the teams of an account, from 1.
    Teams(Arc<str>, u32),
    /// Reads a page of the projects of a team, from 1.
    Projects(Arc<str>, u32),
    /// Reads one project.
    Project(AssetId),
    /// Reads one asset, a deleted one included.
    Asset(AssetId),
    /// Reads a page of what is in an asset, from 1; what is deleted included.
    Children(AssetId, u32),
}

impl call::Call for Call {
    fn rate_limit(&self) -> RateLimit {
        match self {
            Self::BulkDelete(_) => RateLimit::BulkDelete,
            Self::Read(read) => read.rate_limit(),
        }
    }

    fn request(&self, account: &str) -> Request {
        match self {
            Self::BulkDelete(ids) => Request {
                body: Some(wire::bulk_delete(ids)),
                ..Request::new(Method::Delete, "/v2/batch/assets".to_owned())
            },
            Self::Read(read) => read.request(account),
        }
    }
}

impl call::Call for Read {
    fn rate_limit(&self) -> RateLimit {
        match self {
            Self::Me => RateLimit::Me,
            Self::Accounts(_) => RateLimit::Accounts,
            Self::Teams(..) => RateLimit::Workspaces,
            Self::Projects(..) | Self::Project(_) => RateLimit::Projects,
            Self::Asset(_) => RateLimit::ReadAsset,
            Self::Children(..) => RateLimit::Children,
        }
    }

    fn request(&self, _: &str) -> Request {
        let list = |path: &str, page: &u32| format!("/v2/{path}?page={page}&page_size={PAGE}");
        let path = match self {
            Self::Me => "/v2/me".to_owned(),
            Self::Accounts(page) => list("accounts", page),
            Self::Teams(account, page) => {
                list(&format!("accounts/{}/teams", segment(account)), page)
            }
            Self::Projects(team, page) => list(&format!("teams/{}/projects", segment(team)), page),
            Self::Project(id) => format!("/v2/projects/{id}"),
            // A deleted asset is an answer here, not a 404.
            Self::Asset(id) => format!("/v2/assets/{id}?include_deleted=true"),
            // What is deleted has its place still: somebody may restore it there.
            Self::Children(id, page) => {
                let list = list(&format!("assets/{id}/children"), page);
                format!("{list}&include_deleted=true")
            }
        };
        Request::new(Method::Get, path)
    }
}

impl call::Read for Read {}
