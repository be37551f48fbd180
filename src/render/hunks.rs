//! Which stretches of a long list of changes are shown. Pure.

/// How many unchanged lines stand around a change.
const CONTEXT: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Same,
    Changed,
    Removed,
    Added,
}

/// A stretch of pairs that is shown, and where its lines stand before and after.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hunk {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) old: Stretch,
    pub(super) new: Stretch,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stretch {
    /// How many lines stand before it.
    pub(super) before: usize,
    pub(super) length: usize,
}

impl Stretch {
    /// The number of its first line, or of the line before it where it is empty.
    pub(super) const fn start(self) -> usize {
        self.before + if self.length == 0 { 0 } else { 1 }
    }
}

/// Cuts the pairs into hunks: changes with their context, joined where that meets.
pub(super) fn hunks(sorts: impl Iterator<Item = Sort>) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    // The lines passed so far, and how many unchanged pairs stand directly before this one.
    let (mut old, mut new, mut quiet) = (0, 0, 0);
    for (index, sort) in sorts.enumerate() {
        let (in_old, in_new) = match sort {
            Sort::Same | Sort::Changed => (1, 1),
            Sort::Removed => (1, 0),
            Sort::Added => (0, 1),
        };
        old += in_old;
        new += in_new;
        if sort == Sort::Same {
            quiet += 1;
            if quiet <= CONTEXT
                && let Some(last) = hunks.last_mut()
            {
                last.to = index + 1;
                last.old.length += 1;
                last.new.length += 1;
            }
            continue;
        }
        // Three lines of context are in the last hunk already; up to three more join the two.
        match hunks.last_mut() {
            Some(last) if quiet <= 2 * CONTEXT => {
                let between = quiet.saturating_sub(CONTEXT);
                last.to = index + 1;
                last.old.length += between + in_old;
                last.new.length += between + in_new;
            }
            Some(_) | None => {
                let context = quiet.min(CONTEXT);
                hunks.push(Hunk {
                    from: index - context,
                    to: index + 1,
                    old: Stretch {
                        before: old - in_old - context,
                        length: context + in_old,
                    },
                    new: Stretch {
                        before: new - in_new - context,
                        length: context + in_new,
                    },
                });
            }
        }
        quiet = 0;
    }
    hunks
}
