//! What makes the calls of a run, the deletes included.

use crate::event::StopReason;
use crate::frameio::client::{Client, OnWait};
use crate::frameio::recently_deleted::{Deleted, Wanted, recently_deleted, requests};
use crate::frameio::reply::Reply;
use crate::frameio::transport::Longest;
use crate::frameio::{v2, v4};
use crate::plan::approve::Approved;

/// Makes the calls of a run, the deletes included; `C` are those of a version of the API.
pub trait Deleter<C>: Send + Sync {
    /// Makes a call, of which nothing is waited for longer than this; `on_wait` hears what takes
    /// long.
    fn send(
        &self,
        call: &C,
        longest: Longest,
        on_wait: OnWait,
    ) -> impl Future<Output = Reply> + Send;

    /// Looks for assets in the lists of recently deleted assets, where the API has such lists.
    ///
    /// # Errors
    ///
    /// Returns why nothing can be read at all, or not soon enough.
    fn find_deleted(
        &self,
        wanted: &Wanted,
        on_wait: OnWait,
    ) -> impl Future<Output = Result<Deleted, StopReason>> + Send {
        // Nothing is looked for, and so nothing is found.
        let (_, _): (&Wanted, OnWait) = (wanted, on_wait);
        async { Ok(Deleted::default()) }
    }
}

/// Reads and deletes. Only `apply` holds one.
#[derive(Debug, Clone)]
pub struct DeletingClient(Client);

impl DeletingClient {
    /// Lets what reads delete as well, for a plan that was approved.
    #[must_use]
    pub const fn new(client: Client, _: &Approved) -> Self {
        Self(client)
    }
}

impl Deleter<v2::Call> for DeletingClient {
    async fn send(&self, call: &v2::Call, longest: Longest, on_wait: OnWait) -> Reply {
        self.0.send_telling(call, longest, &*on_wait).await
    }
}

impl Deleter<v4::Call> for DeletingClient {
    async fn send(&self, call: &v4::Call, longest: Longest, on_wait: OnWait) -> Reply {
        self.0.send_telling(call, longest, &*on_wait).await
    }

    async fn find_deleted(&self, wanted: &Wanted, on_wait: OnWait) -> Result<Deleted, StopReason> {
        let most = requests(wanted.assets.len());
        recently_deleted(&self.0.with_waits(on_wait), wanted, most).await
    }
}
