//! What of an account must not be listed for a delete: what is held or marked, and what holds it.

use std::collections::BTreeSet;

use crate::asset::{AssetId, Kind};
use crate::find::tree::Tree;
use crate::find::{Answer, Found};
use crate::inventory::{Marked, Marking};

/// What protects assets.
#[derive(Debug, Clone, Default)]
pub struct Protected {
    /// The assets and projects that are held.
    pub held: BTreeSet<AssetId>,
    /// The marks that people have set in Frame.io; nothing where nobody asks for them.
    pub marking: Option<Marking>,
}

/// Why an asset must not be listed for a delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is held, by itself or by what it lies in.
    Held,
    /// It is marked.
    Marked,
    /// Something in it is held.
    HoldsHeld,
    /// Something in it is marked.
    HoldsMarked,
}

impl Kept {
    /// Every reason, the one that counts first before the others.
    pub const ALL: [Self; 4] = [Self::Held, Self::Marked, Self::HoldsHeld, Self::HoldsMarked];
}

/// What of a tree must not be listed. A hold keeps what is in it as well, and a mark the asset alone:
/// both keep whatever they lie in.
pub(super) fn kept(tree: &Tree<'_>, protected: &Protected) -> Vec<Option<Kept>> {
    let Protected { held, marking } = protected;
    let mut kept: Vec<Option<Kept>> = Vec::with_capacity(tree.nodes.len());
    for node in &tree.nodes {
        let by_above = match node.above {
            Some(above) => kept[above] == Some(Kept::Held),
            None => node.project.is_some_and(|project| held.contains(&project)),
        };
        let is_marked = || {
            let marking = marking.as_ref();
            marking.is_some_and(|marking| matches!(marking.of(node.facts), Marked::Yes(_)))
        };
        kept.push(if by_above || held.contains(&node.id) {
            Some(Kept::Held)
        } else {
            is_marked().then_some(Kept::Marked)
        });
    }
    // Whether something in each is held, or marked.
    let mut inside = vec![[false; 2]; tree.nodes.len()];
    for place in (0..tree.nodes.len()).rev() {
        let [held, marked] = inside[place];
        let own = kept[place];
        kept[place] = own
            .or(held.then_some(Kept::HoldsHeld))
            .or(marked.then_some(Kept::HoldsMarked));
        if let Some(above) = tree.nodes[place].above {
            inside[above][0] |= held || own == Some(Kept::Held);
            inside[above][1] |= marked || own == Some(Kept::Marked);
        }
    }
    kept
}

impl Answer<'_> {
    /// How much of what was found must not be listed, by the reason.
    #[must_use]
    pub fn left_out(&self) -> Vec<(Kept, usize)> {
        let number = |why: Kept| {
            let found = self.found.iter();
            found.filter(|found| found.kept == Some(why)).count()
        };
        let all = Kept::ALL.into_iter().map(|why| (why, number(why)));
        all.filter(|(_, number)| *number > 0).collect()
    }

    /// What of some assets and of all in them may bear a mark that was not read. Files alone bear
    /// marks.
    #[must_use]
    pub fn unread_marks(&self, of: &[Found<'_>], marking: &Marking) -> Vec<AssetId> {
        let mut unread = Vec::new();
        for found in of {
            let node = &self.tree.nodes[found.place];
            if node.facts.kind != Kind::File && node.within.is_none() {
                unread.push(found.id);
                continue;
            }
            let inside = &self.tree.nodes[found.place..node.end];
            let files = inside.iter().filter(|node| node.facts.kind == Kind::File);
            let may_be_marked = files.filter(|node| marking.of(node.facts) == Marked::Unread);
            unread.extend(may_be_marked.map(|node| node.id));
        }
        unread
    }
}
