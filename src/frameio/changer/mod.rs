//! What makes, moves, renames, deletes and restores assets of V4, beside the deletes of a run.

use crate::frameio::client::{Client, Unmade};
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::changes_answer::{Changed, Refusal, judge_change};
use crate::plan::consent::Agreed;

/// Changes assets. Only who was shown what would be done, and agreed, holds one.
#[derive(Debug, Clone)]
pub struct ChangingClient(Client);

impl ChangingClient {
    /// Lets what reads change things as well, since somebody agreed to it.
    #[must_use]
    pub const fn new(client: Client, _: &Agreed) -> Self {
        Self(client)
    }

    /// What reads.
    #[must_use]
    pub const fn reading(&self) -> &Client {
        &self.0
    }

    /// Makes a change at the server's pace, or says in its words why the server does not.
    ///
    /// # Errors
    ///
    /// Returns why it was not made, or is not known to be: then what it is about must be read
    /// before it is asked again.
    pub async fn make(&self, change: &Change) -> Result<Result<Changed, Refusal>, Unmade> {
        let judge = |reply: &_| judge_change(change, reply);
        self.0.change(change, judge).await
    }
}

#[cfg(test)]
mod tests;
