//! The dispatcher's one inbox: what workers and signals send it.

use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::apply::dispatcher::Journaled;
use crate::frameio::Reply;

/// What is sent to the dispatcher.
#[derive(Debug)]
pub(in crate::apply) enum Message {
    /// A worker asks for a batch, and brings the answer to the last one.
    Next {
        /// The last batch and what came of it.
        done: Option<(Journaled, Came)>,
        /// Where the next batch goes; nothing tells the worker to end.
        give: oneshot::Sender<Option<Journaled>>,
    },
    /// A worker broke down with a batch under way.
    Broken(Journaled),
    /// A signal came in; its number as the system counts them.
    Signal(i32),
}

/// What came of a batch.
#[derive(Debug)]
pub(in crate::apply) enum Came {
    /// An answer, or none, and how long that took.
    Reply(Reply, Duration),
    /// The batch itself: it was called back before it was sent.
    Back,
}

/// Where the dispatcher reads its messages.
#[derive(Debug)]
pub struct Inbox(pub(in crate::apply) Receiver<Message>);

/// Lets others speak to a run.
#[derive(Debug, Clone)]
pub struct Remote(pub(in crate::apply) Sender<Message>);

/// Makes the inbox of a run.
#[must_use]
pub fn inbox() -> (Remote, Inbox) {
    let (sender, receiver) = mpsc::channel();
    (Remote(sender), Inbox(receiver))
}

impl Remote {
    /// Asks the run to stop in order; asked again, it stops at once.
    ///
    /// A run that is over already does not mind.
    pub fn signal(&self, number: i32) {
        drop(self.0.send(Message::Signal(number)));
    }
}
