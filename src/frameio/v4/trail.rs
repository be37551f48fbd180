//! The way through the pages of a list: one that repeats itself has no end.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use crate::asset::AssetId;
use crate::frameio::v4::wire::{Line, Named, Page};
use crate::inventory::{Definition, Project, Shown};

/// Something in a list, by which it is known again.
pub trait Listed {
    /// What it is known by.
    type Id: Eq + Hash;

    /// What it is known by.
    fn id(&self) -> Self::Id;
}

impl Listed for AssetId {
    type Id = Self;

    fn id(&self) -> Self {
        *self
    }
}

impl Listed for Shown {
    type Id = AssetId;

    fn id(&self) -> AssetId {
        self.id
    }
}

impl Listed for (AssetId, Project) {
    type Id = AssetId;

    fn id(&self) -> AssetId {
        self.0
    }
}

impl Listed for Line {
    type Id = AssetId;

    fn id(&self) -> AssetId {
        self.id
    }
}

impl Listed for Named {
    type Id = String;

    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Listed for Definition {
    type Id = Arc<str>;

    fn id(&self) -> Arc<str> {
        Arc::clone(&self.id)
    }
}

/// What the pages of a list have shown so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail<I: Eq + Hash> {
    ids: HashSet<I>,
    cursors: HashSet<Arc<str>>,
    /// How many entries the list has, as far as a page has said so.
    total: Option<usize>,
}

impl<I: Eq + Hash> Default for Trail<I> {
    fn default() -> Self {
        Self {
            ids: HashSet::new(),
            cursors: HashSet::new(),
            total: None,
        }
    }
}

impl<I: Eq + Hash> Trail<I> {
    /// Takes notice of the next page.
    ///
    /// # Errors
    ///
    /// Returns in which way the list repeats itself.
    pub fn follow<T: Listed<Id = I>>(&mut self, page: &Page<T>) -> Result<(), &'static str> {
        if !page.items.iter().all(|item| self.ids.insert(item.id())) {
            return Err("the list shows something twice");
        }
        let mut next = page.next.iter();
        if !next.all(|cursor| self.cursors.insert(Arc::clone(cursor))) {
            return Err("the list leads back to a page that was read already");
        }
        // Cursors are offsets: what came or went meanwhile has shifted what the next page shows.
        let total = page.total.or(self.total);
        if self.total.is_some() && total != self.total {
            return Err("the list has changed while it was read");
        }
        self.total = total;
        let is_last = page.next.is_none();
        if is_last && page.total.is_some_and(|total| total != self.ids.len()) {
            return Err("the list does not show as many entries as it says that it has");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_id_or_a_cursor_that_comes_twice_ends_a_list() {
        let page = |ids: &[u128], next: Option<&str>| Page {
            items: ids
                .iter()
                .map(|id| AssetId::from_uuid(Uuid::from_u128(*id)))
                .collect(),
            next: next.map(Arc::from),
            total: None,
        };
        let mut trail = Trail::default();
        assert_eq!(trail.follow(&page(&[1, 2], Some("a"))), Ok(()));
        assert_eq!(trail.follow(&page(&[], Some("b"))), Ok(()));
        assert!(trail.clone().follow(&page(&[3], Some("a"))).is_err());
        assert!(trail.clone().follow(&page(&[3, 2], None)).is_err());
        assert!(Trail::default().follow(&page(&[1, 1], None)).is_err());
        let said = |total| Page {
            total: Some(total),
            ..page(&[3], None)
        };
        for (total, is_whole) in [(2, false), (3, true), (4, false)] {
            assert_eq!(trail.clone().follow(&said(total)).is_ok(), is_whole);
        }
        // One that went from what was read hides another, and one that came shows it twice.
        let mut counted = trail.clone();
        let first = Page {
            next: Some("c".into()),
            ..said(5)
        };
        assert_eq!(counted.follow(&first), Ok(()));
        for (total, is_same) in [(Some(4), false), (Some(5), true), (None, true)] {
            let next = Page {
                total,
                ..page(&[4, 5], None)
            };
            assert_eq!(counted.clone().follow(&next).is_ok(), is_same);
        }
        assert_eq!(trail.follow(&page(&[3], None)), Ok(()));
    }
}
