//! The gate that every request passes: it keeps their number, and calls back what waits there.
//!
//! While the journal is synced nothing is handed out. Where answers are as quick as that, a few
//! batches are journalled ahead, and wait here for one under way to be answered.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit, watch};

/// A way for so many requests at once, of which the dispatcher and each worker have one end.
#[derive(Debug, Clone)]
pub(in crate::apply) struct Gate {
    permits: Arc<Semaphore>,
    calls: watch::Sender<u64>,
}

impl Gate {
    /// Lets so many requests be under way at once.
    pub(in crate::apply) fn new(at_once: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS))),
            calls: watch::Sender::new(0),
        }
    }

    /// What a batch carries that is handed out now.
    pub(in crate::apply) fn stamp(&self) -> u64 {
        *self.calls.borrow()
    }

    /// Calls back every batch that was handed out and is not sent.
    pub(in crate::apply) fn call_back(&self) {
        self.calls.send_modify(|calls| *calls += 1);
    }

    /// Waits until the request of a batch may go; nothing where the batch was called back.
    pub(in crate::apply) async fn enter(&self, stamp: u64) -> Option<SemaphorePermit<'_>> {
        let mut calls = self.calls.subscribe();
        tokio::select! {
            // A batch that was called back is not sent, even where it could be.
            biased;
            _ = calls.wait_for(|calls| *calls != stamp) => None,
            permit = self.permits.acquire() => permit.ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_so_many_pass_and_who_waits_is_called_back() {
        let gate = Gate::new(1);
        let second = gate.clone();
        let stamp = gate.stamp();
        let permit = gate.enter(stamp).await;
        assert!(permit.is_some());
        let waits = tokio::spawn(async move { second.enter(stamp).await.is_some() });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished(), "one is under way");
        gate.call_back();
        assert!(!waits.await.unwrap());
        drop(permit);
        assert!(gate.enter(stamp).await.is_none(), "it was called back");
        assert!(gate.enter(gate.stamp()).await.is_some());
    }
}
