//! Marks that people have set in Frame.io: what they keep, and whether they could be read. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::inventory::{Contents, Facts, Inventory, Mark, Marked, Marking, Marks, NoMark, Seen};
use crate::plan::model::{MarksSince, Plan};
use crate::plan::unread_marks::{Lack, UnreadMarks};

/// The marks that are in force, by asset.
pub(super) fn in_force(inventory: Option<&Inventory>) -> BTreeMap<AssetId, Mark> {
    let Some((inventory, marks)) = asked(inventory) else {
        return BTreeMap::new();
    };
    let marked = |(id, facts): (AssetId, &Facts)| match marks.marking.of(facts) {
        Marked::Yes(mark) => Some((id, mark)),
        Marked::No | Marked::Unread => None,
    };
    // What is deleted bears its mark still: somebody may restore it.
    let deleted = inventory.assets.iter().filter_map(|(id, seen)| match seen {
        Seen::Deleted { facts, .. } => Some((*id, facts.as_ref()?)),
        Seen::There(_) | Seen::Missing | Seen::Refused { .. } => None,
    });
    let all = inventory.all_facts().chain(deleted);
    all.filter_map(marked).collect()
}

fn asked(inventory: Option<&Inventory>) -> Option<(&Inventory, &Marks)> {
    let inventory = inventory?;
    Some((inventory, inventory.marks.as_ref()?))
}

/// What is new of marks beside those of earlier runs. Of what was not read nobody knows whether it
/// was lifted; where nobody asks for marks any more, none counts.
pub(super) fn since(
    before: &BTreeMap<AssetId, Mark>,
    now: &BTreeMap<AssetId, Mark>,
    inventory: Option<&Inventory>,
) -> MarksSince {
    let is_lifted = |id: &AssetId| {
        let Some(facts) = inventory.and_then(|inventory| inventory.facts(*id)) else {
            return false;
        };
        let asked = inventory.and_then(|inventory| inventory.marks.as_ref());
        asked.is_none_or(|asked| asked.marking.of(facts) == Marked::No)
    };
    let seen = now.iter().filter(|(id, mark)| before.get(id) != Some(mark));
    let lifted = before.iter().filter(|(id, _)| is_lifted(id));
    let pair = |(id, mark): (&AssetId, &Mark)| (*id, mark.clone());
    MarksSince {
        seen: seen.map(pair).collect(),
        lifted: lifted.map(pair).collect(),
    }
}

/// Whether the fields of the account are to be read, which show whether people can still set each
/// such mark: one that somebody bears shows nothing of the others.
pub(super) fn needs_definitions(inventory: Option<&Inventory>) -> bool {
    let marks = asked(inventory).map(|(_, marks)| marks);
    marks.is_some_and(|marks| marks.definitions.is_none())
}

/// Says why marks could not be read of what a plan would delete; nothing where they could, or
/// where nobody asks for them.
pub(super) fn unread(plan: &Plan, inventory: Option<&Inventory>) -> Option<UnreadMarks> {
    let (
        inventory,
        Marks {
            marking,
            definitions,
        },
    ) = asked(inventory)?;
    let mut going = plan.all_going().map(|step| step.id).peekable();
    going.peek()?;
    let why = match definitions {
        Some(Err(why)) => Some(Lack::Definitions(Arc::clone(why))),
        Some(Ok(definitions)) => {
            let shows = || {
                inventory
                    .all_facts()
                    .any(|(_, facts)| marking.is_shown(facts))
            };
            match marking.check(definitions) {
                Ok(()) => None,
                // An account may keep its fields in projects, and has no list of them then.
                Err(NoMark::Field(_)) if shows() => None,
                Err(why) => Some(Lack::NoMark(why)),
            }
        }
        None => None,
    };
    let why = why.or_else(|| {
        let mut count = 0;
        let mut first = None;
        // What a reading did not find has no mark to be read, and goes in no case: should the run find
        // it there again, it deletes none of it.
        let is_there =
            |id: &AssetId| matches!(inventory.assets.get(id), Some(Seen::There(_)) | None);
        for id in going.filter(is_there) {
            for id in unread_in(inventory, marking, id) {
                count += 1;
                first.get_or_insert(id);
            }
        }
        first.map(|first| Lack::Assets {
            count,
            first: inventory.called(first),
        })
    })?;
    Some(UnreadMarks {
        field: Arc::clone(&marking.field),
        at: Arc::clone(&marking.at),
        why,
    })
}

/// What of an asset and of all in it may bear a mark that was not read. Files alone bear marks.
fn unread_in(inventory: &Inventory, marking: &Marking, id: AssetId) -> Vec<AssetId> {
    let may_be_marked = |id: &AssetId| match inventory.facts(*id) {
        Some(facts) if facts.kind != Kind::File => false,
        Some(facts) => marking.of(facts) == Marked::Unread,
        None => true,
    };
    let is_container = inventory
        .facts(id)
        .is_some_and(|facts| facts.kind != Kind::File);
    match inventory.contents.get(&id) {
        Some(Contents::Whole(ids)) => ids.iter().copied().filter(may_be_marked).collect(),
        Some(Contents::Unread(_)) => vec![id],
        None if is_container => vec![id],
        None => Some(id).filter(may_be_marked).into_iter().collect(),
    }
}
