//! The pages of a list.

use std::hash::Hash;

use crate::frameio::client::{Admitted, Client, ENDLESS, Unread};
use crate::frameio::reply::Reply;
use crate::frameio::v4;
use crate::frameio::v4::call::Cursor;
use crate::frameio::v4::trail::{Listed, Trail};
use crate::frameio::v4::wire::Page;
use crate::frameio::verdict::Verdict;

/// The pages of a list of V4, one after another.
#[derive(Debug)]
pub struct Pages<'client, L, J, I: Eq + Hash> {
    client: &'client Client,
    list: L,
    judge: J,
    /// Where the next one begins; nothing after the last.
    next: Option<Cursor>,
    /// What lets the next one through, where that is clear already.
    admitted: Option<Admitted>,
    trail: Trail<I>,
}

impl<'client, L, J, I: Eq + Hash> Pages<'client, L, J, I> {
    pub(super) fn new(client: &'client Client, list: L, judge: J) -> Self {
        Self {
            client,
            list,
            judge,
            next: Some(None),
            admitted: None,
            trail: Trail::default(),
        }
    }
}

impl<L, J, I> Pages<'_, L, J, I>
where
    L: Fn(Cursor) -> v4::Read,
    I: Eq + Hash,
{
    /// The same, where the first page was let through already.
    pub(crate) fn admitted(self, admitted: Option<Admitted>) -> Self {
        Self { admitted, ..self }
    }

    /// The same, where all up to a page was read before; that is taken for the first page.
    ///
    /// # Errors
    ///
    /// Returns that what was read repeats itself.
    pub(crate) fn go_on<T>(mut self, before: &Page<T>) -> Result<Self, Unread>
    where
        T: Listed<Id = I>,
    {
        self.trail.follow(before).map_err(Unread::trouble)?;
        self.next = before.next.clone().map(Some);
        Ok(self)
    }

    /// Whether the last page was read, or one could not be.
    pub const fn is_over(&self) -> bool {
        self.next.is_none()
    }

    /// Reads the next page; nothing after the last.
    ///
    /// # Errors
    ///
    /// Returns why it could not be read, or that the list repeats itself.
    pub async fn next<T>(&mut self) -> Result<Option<Vec<T>>, Unread>
    where
        T: Listed<Id = I>,
        J: Fn(&Reply) -> Verdict<Page<T>>,
    {
        let page = self.next_page().await?;
        Ok(page.map(|page| page.items))
    }

    /// The same, with what the page says of the list.
    ///
    /// # Errors
    ///
    /// Returns why it could not be read, or that the list repeats itself.
    pub(crate) async fn next_page<T>(&mut self) -> Result<Option<Page<T>>, Unread>
    where
        T: Listed<Id = I>,
        J: Fn(&Reply) -> Verdict<Page<T>>,
    {
        let Some(cursor) = self.next.take() else {
            return Ok(None);
        };
        let (admitted, read) = (self.admitted.take(), (self.list)(cursor));
        let client = self.client;
        let page = client.read_admitted(admitted, &read, &self.judge).await?;
        self.trail.follow(&page).map_err(Unread::trouble)?;
        self.next = page.next.clone().map(Some);
        Ok(Some(page))
    }

    /// Reads all pages, at most so many.
    ///
    /// # Errors
    ///
    /// Returns why one could not be read, or that the list does not end.
    pub async fn all<T>(mut self, most: usize) -> Result<Vec<T>, Unread>
    where
        T: Listed<Id = I>,
        J: Fn(&Reply) -> Verdict<Page<T>>,
    {
        let mut all = Vec::new();
        for _ in 0..most {
            all.extend(self.next().await?.unwrap_or_default());
            if self.is_over() {
                return Ok(all);
            }
        }
        Err(Unread::trouble(ENDLESS))
    }
}
