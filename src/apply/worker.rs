//! The workers: they send what the dispatcher has written down, and nothing else.

use tokio::time::Instant;

use crate::apply::inbox::Worker;
use crate::crash;
use crate::frameio::Deleter;

/// Takes batches, sends them and brings the answers back, until there are no more.
///
/// There are never more workers than requests may be under way at once.
pub(in crate::apply) async fn work<D: Deleter>(deleter: D, mut worker: Worker) {
    while let Some(batch) = worker.take().await {
        let began = Instant::now();
        let reply = deleter.send(batch.call()).await;
        crash::point("batch.answered");
        worker.done(reply, began.elapsed());
    }
}
