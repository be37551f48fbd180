//! The version of the API that a run was told to speak.

use crate::asset::AssetId;
use crate::frameio::call::Call;
use crate::frameio::trash::{Deleted, Wanted};
use crate::frameio::v2::V2Deleter;
use crate::frameio::v4::V4Deleter;
use crate::frameio::{Deleter, Reader, Reply};

/// Speaks one version or the other, the deletes included.
#[derive(Debug, Clone)]
pub enum EitherDeleter {
    /// The legacy API.
    V2(V2Deleter),
    /// The current API.
    V4(V4Deleter),
}

impl Reader for EitherDeleter {
    async fn read(&self, id: AssetId) -> Reply {
        match self {
            Self::V2(deleter) => deleter.read(id).await,
            Self::V4(deleter) => deleter.read(id).await,
        }
    }

    async fn who(&self) -> Reply {
        match self {
            Self::V2(deleter) => deleter.who().await,
            Self::V4(deleter) => deleter.who().await,
        }
    }
}

impl Deleter for EitherDeleter {
    async fn find_deleted(&self, wanted: &Wanted) -> Deleted {
        match self {
            Self::V2(deleter) => deleter.find_deleted(wanted).await,
            Self::V4(deleter) => deleter.find_deleted(wanted).await,
        }
    }

    async fn send(&self, call: &Call) -> Reply {
        match self {
            Self::V2(deleter) => deleter.send(call).await,
            Self::V4(deleter) => deleter.send(call).await,
        }
    }
}
