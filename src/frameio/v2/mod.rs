//! The legacy API, version 2.

use crate::asset::AssetId;
use crate::frameio::call::Call;
use crate::frameio::transport::{Method, Transport};
use crate::frameio::{Deleter, Reader, Reply};

pub mod wire;

/// How many assets a page is asked to have; how many it may have is open (docs/frameio-api.md,
/// "Pages (v2)").
const PAGE: u32 = 100;

/// Speaks v2, without a call that deletes.
#[derive(Debug, Clone)]
pub struct V2Reader(Transport);

/// Speaks v2, the bulk delete included.
#[derive(Debug, Clone)]
pub struct V2Deleter(V2Reader);

impl V2Reader {
    /// Reads through a transport.
    #[must_use]
    pub const fn new(transport: Transport) -> Self {
        Self(transport)
    }

    /// Reads a page of what is in an asset, from 1.
    pub async fn contents(&self, id: AssetId, page: u32) -> Reply {
        let path = format!("/v2/assets/{id}/children?page={page}&page_size={PAGE}");
        self.0.send(Method::Get, &path, None).await
    }
}

impl V2Deleter {
    /// Reads and deletes through a transport.
    #[must_use]
    pub const fn new(transport: Transport) -> Self {
        Self(V2Reader::new(transport))
    }
}

impl Reader for V2Reader {
    async fn read(&self, id: AssetId) -> Reply {
        // A deleted asset is an answer here, not a 404 (docs/frameio-api.md, "Reading assets").
        let path = format!("/v2/assets/{id}?include_deleted=true");
        self.0.send(Method::Get, &path, None).await
    }

    async fn who(&self) -> Reply {
        self.0.send(Method::Get, "/v2/me", None).await
    }
}

impl Reader for V2Deleter {
    fn read(&self, id: AssetId) -> impl Future<Output = Reply> + Send {
        self.0.read(id)
    }

    fn who(&self) -> impl Future<Output = Reply> + Send {
        self.0.who()
    }
}

impl Deleter for V2Deleter {
    async fn send(&self, call: &Call) -> Reply {
        match call {
            Call::BulkDelete(ids) => {
                let body = wire::bulk_delete(ids);
                let transport = &self.0.0;
                transport
                    .send(Method::Delete, "/v2/batch/assets", Some(body))
                    .await
            }
            Call::ReadAsset(id) => self.read(*id).await,
            Call::DeleteFile(_)
            | Call::DeleteFolder(_)
            | Call::Show(..)
            | Call::Children { .. } => Reply::NotSent {
                detail: "v2 has no such call".to_owned(),
            },
        }
    }
}
