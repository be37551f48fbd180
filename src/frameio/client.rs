//! What makes the calls of either version of the API.

use std::sync::Arc;

use crate::frameio::call::{Call, Read};
use crate::frameio::reply::Reply;
use crate::frameio::transport::Transport;

/// Reads, and cannot delete; with V4 it does so in an account.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Transport,
    account: Arc<str>,
}

impl Client {
    /// Reads through a transport.
    #[must_use]
    pub fn new(transport: Transport, account: Option<&str>) -> Self {
        Self {
            transport,
            account: Arc::from(account.unwrap_or_default()),
        }
    }

    /// Makes a call that reads.
    pub async fn read(&self, read: &impl Read) -> Reply {
        self.send(read).await
    }

    pub(super) async fn send(&self, call: &impl Call) -> Reply {
        self.transport.send(call.request(&self.account)).await
    }
}
