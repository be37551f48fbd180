//! The workers: they send what the dispatcher has written down, and nothing else.

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::apply::dispatcher::Journaled;
use crate::apply::gate::Gate;
use crate::apply::inbox::{Came, Message, Remote};
use crate::crash;
use crate::frameio::Deleter;

/// Fetches batches, sends them and brings the answers back, until there are no more.
pub(in crate::apply) async fn work<D: Deleter>(deleter: D, remote: Remote, gate: Gate) {
    let mut done = None;
    loop {
        let (give, given) = oneshot::channel();
        if remote.0.send(Message::Next { done, give }).is_err() {
            return;
        }
        let Ok(Some(batch)) = given.await else {
            return;
        };
        let mut under_way = UnderWay {
            remote: &remote,
            batch: Some(batch),
        };
        let Some(batch) = &under_way.batch else {
            return;
        };
        let came = match gate.enter(batch.stamp).await {
            Some(_permit) => {
                let began = Instant::now();
                let reply = deleter.send(batch.call()).await;
                if reply.is_trouble() {
                    // What waits at the gate must not follow before the dispatcher has heard.
                    gate.call_back();
                }
                crash::point("batch.answered");
                Came::Reply(reply, began.elapsed())
            }
            None => Came::Back,
        };
        done = under_way.batch.take().map(|batch| (batch, came));
    }
}

/// Tells the dispatcher of a batch whose worker broke down.
struct UnderWay<'worker> {
    remote: &'worker Remote,
    batch: Option<Journaled>,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(batch) = self.batch.take() {
            drop(self.remote.0.send(Message::Broken(batch)));
        }
    }
}
