//! What answers, readings and lists show.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{
    ALL_PAUSES, Deleted, Ended, FOR_NO, Inside, LONGEST, PAUSES, Said, Script, Seen, Step,
};
use crate::asset::{AssetId, Kind};
use crate::frameio::v4::changes_answer::Refusal;
use crate::inventory::Shown;
use crate::outcome::FailureKind;
use crate::probe::thing::Thing;
use crate::probe::{
    BadId, Cascade, Lines, MoveAnswer, Restore, RestoreFolder, SameName, Taken, YesNo,
};

/// What a refused restore says.
pub(super) const fn refused(refusal: &Refusal) -> Restore {
    match refusal.kind {
        // What is deleted was there before, so it is the call that is not.
        FailureKind::NotFound => Restore::Unsupported,
        FailureKind::Permission
        | FailureKind::Conflict
        | FailureKind::Invalid
        | FailureKind::Other => Restore::No,
    }
}

/// Whether a move was refused because of what was to be moved where; nothing where the answer is
/// about something else.
pub(super) const fn is_refused(said: &Said) -> Option<bool> {
    match said {
        Said::Done(_) => Some(false),
        Said::Refused(refusal) => match refusal.kind {
            FailureKind::NotFound | FailureKind::Conflict | FailureKind::Invalid => Some(true),
            FailureKind::Permission | FailureKind::Other => None,
        },
        Said::Unknown => None,
    }
}

impl Script {
    /// Looks at the same again after a pause; says whether there is one left.
    fn look_again(&mut self) -> bool {
        let is_early = matches!(self.step, Some(Step::Deleted | Step::Restored));
        let kept = if is_early { ALL_PAUSES } else { Duration::ZERO };
        let pause = PAUSES.get(self.looks).copied();
        let pause = pause.filter(|pause| self.waited + *pause + kept <= LONGEST);
        self.waited += pause.unwrap_or_default();
        self.looked += pause.unwrap_or_default();
        self.looks += 1;
        self.pauses = pause.is_some();
        self.pauses
    }

    /// Whether what was in the deleted folder was seen to go.
    const fn is_cascade_seen(&self) -> bool {
        matches!(
            self.findings.folder_delete_cascade,
            Some(Cascade::AtOnce | Cascade::Delayed)
        )
    }

    /// Whether an answer shows that something is gone: by itself, or since that is how this server
    /// answers of a deleted file. Who may not read something knows nothing of it.
    fn is_gone(&self, seen: Seen) -> bool {
        let says_so = matches!(seen.status, 200 | 404 | 410);
        !seen.is_there && (says_so || self.findings.not_found_deleted == Some(seen.status))
    }

    /// Whether something that was restored is back: it is not only where it was waited for.
    fn restored(&self, is_there: Option<bool>) -> Option<Restore> {
        match is_there {
            Some(true) => Some(Restore::Yes),
            Some(false) if self.looked >= FOR_NO => Some(Restore::No),
            Some(false) | None => None,
        }
    }

    /// Goes on with the version stack: only where what is in a folder goes with it, since a stack
    /// has no delete of its own.
    pub(super) fn go_to_stack(&mut self) {
        if self.is_cascade_seen() {
            self.go(Step::Make(Thing::Box));
        } else {
            self.step = None;
        }
    }

    /// Takes in what the reading of one asset says; nothing where it says nothing.
    pub(super) fn read(&mut self, step: Step, seen: Option<Seen>) {
        if let Some(Seen {
            status,
            is_there: false,
            ..
        }) = seen
            && !matches!(status, 200 | 404)
            && self.odd != Some(status)
        {
            // It may be the answer of a moment.
            self.odd = Some(status);
            return;
        }
        let is_there = seen.map(|seen| seen.is_there);
        let is_gone = seen.is_some_and(|seen| self.is_gone(seen));
        let gone = seen.filter(|seen| !seen.is_there).map(|seen| seen.status);
        match step {
            Step::Deleted => {
                if is_there == Some(true) && self.look_again() {
                    return;
                }
                self.findings.not_found_deleted = gone;
                self.go(Step::DeleteAgain);
            }
            Step::Restored => {
                if is_there == Some(false) && self.look_again() {
                    return;
                }
                // What was not seen to be gone shows nothing by being there.
                let is_shown = self.findings.not_found_deleted.is_some();
                let restored = self.restored(is_there).filter(|_| is_shown);
                self.findings.restore_file = restored;
                if restored == Some(Restore::Yes) {
                    self.go(Step::Never);
                } else {
                    self.spare();
                }
            }
            Step::Never => {
                self.findings.not_found_never = gone;
                self.go(Step::Move);
            }
            Step::Cascade => {
                if seen.is_some() && !is_gone && self.look_again() {
                    return;
                }
                self.findings.folder_delete_cascade = match is_there {
                    Some(true) if self.looked >= ALL_PAUSES => Some(Cascade::NotSeen),
                    Some(false) if is_gone && self.looks == 0 => Some(Cascade::AtOnce),
                    Some(false) if is_gone => Some(Cascade::Delayed),
                    Some(true | false) | None => None,
                };
                self.is_drawer_gone = self.is_cascade_seen();
                self.go(Step::Lines);
            }
            Step::StackGone => match seen {
                Some(_) if is_gone => self.go(Step::RestoreBox),
                Some(_) if self.look_again() => {}
                Some(_) | None => self.step = None,
            },
            Step::StackRestored => {
                if is_there == Some(false) && self.comes && self.look_again() {
                    return;
                }
                self.findings.restore_stack = if self.comes || is_there != Some(false) {
                    self.restored(is_there)
                } else {
                    Some(Restore::No)
                };
                self.step = None;
            }
            Step::Make(_)
            | Step::Delete
            | Step::DeleteAgain
            | Step::Restore
            | Step::Move
            | Step::MoveAgain
            | Step::MoveOne
            | Step::MoveBad
            | Step::MoveSame
            | Step::Look
            | Step::DeleteDrawer
            | Step::Lines
            | Step::RestoreDrawer
            | Step::Whole
            | Step::LookIntoBox
            | Step::DeleteBox
            | Step::RestoreBox
            | Step::RestoreStack => {}
        }
    }

    /// Takes in what is in a folder that is about to be deleted; nothing where there is none.
    pub(super) fn looked_into(&mut self, step: Step, inside: Option<&Inside>) {
        let Some(Inside { shown, foreign }) = inside else {
            self.step = None;
            return;
        };
        // The probe has made no folder in either, and nobody has looked into one.
        let is_folder = |shown: &Shown| shown.facts.kind == Kind::Folder;
        if !foreign.is_empty() || shown.iter().any(is_folder) {
            let why = "somebody has put something into the folder of the probe";
            self.ended = Ended::Early(why.to_owned());
            self.step = None;
        } else if step == Step::Look {
            self.look(shown);
        } else {
            self.go(Step::DeleteBox);
        }
    }

    /// Sees from what is in the drawer what the moves did.
    fn look(&mut self, listed: &[Shown]) {
        let there: BTreeSet<AssetId> = listed.iter().map(|shown| shown.id).collect();
        let is_here = |thing| self.id(thing).is_some_and(|id| there.contains(&id));
        let both = is_here(Thing::First) && is_here(Thing::Second);
        let is_named = |thing| {
            let name = self.mark.name(thing);
            let mut others = listed
                .iter()
                .filter(|shown| !self.ids.values().any(|id| *id == shown.id));
            others.any(|shown| shown.facts.name.as_ref() == Some(&name))
        };
        let renewed = is_named(Thing::First) && is_named(Thing::Second);
        let (third, fourth) = (is_here(self.third), is_here(Thing::Fourth));
        let moves = self.moved.is_some();
        let first = is_here(Thing::First);
        let kept = listed.iter().filter(|shown| shown.facts.kind == Kind::File);
        let kept = kept.map(|shown| shown.id).collect();
        let findings = &mut self.findings;
        findings.move_keeps_id = match (both, renewed) {
            (true, _) => Some(YesNo::Yes),
            // Nothing else has these names, whatever the answer was.
            (false, true) => Some(YesNo::No),
            (false, false) => None,
        };
        findings.bulk_move_answer = self.moved.filter(|_| both).map(|moved| match moved {
            2 => MoveAnswer::Full,
            _ => MoveAnswer::Short,
        });
        // Where they have other ids, or are elsewhere, it was something else that was refused.
        findings.move_already_there = self
            .again
            .filter(|_| both)
            .map(|refused| if refused { Taken::Refused } else { Taken::Ok });
        findings.bulk_move_bad_id = match self.bad.filter(|_| moves && both) {
            Some(true | false) if third => Some(BadId::Partial),
            Some(true) => Some(BadId::Whole),
            Some(false) | None => None,
        };
        findings.same_name = match self.same.filter(|_| moves && first) {
            Some(true | false) if fourth => Some(SameName::Allowed),
            // A server that leaves out what it does not move has left it out.
            Some(true | false) => Some(SameName::Refused),
            None => None,
        };
        self.kept = kept;
        if self.kept.is_empty() {
            self.step = None;
        } else {
            self.go(Step::DeleteDrawer);
        }
    }

    /// Takes in what the list of recently deleted assets shows.
    pub(super) fn lines(&mut self, Deleted { ids, is_whole }: &Deleted) {
        let shows = |id: Option<AssetId>| id.is_some_and(|id| ids.contains(&id));
        if shows(self.id(Thing::Drawer)) {
            self.is_drawer_gone = true;
            // What has not gone yet cannot be listed.
            let is_due = *is_whole && self.is_cascade_seen();
            self.findings.recently_deleted = if shows(self.witness()) {
                Some(Lines::Descendants)
            } else {
                is_due.then_some(Lines::FolderOnly)
            };
        } else if self.look_again() {
            return;
        }
        self.go(Step::RestoreDrawer);
    }

    /// Sees whether all that was in the drawer is back; nothing where it may not be listed.
    pub(super) fn whole(&mut self, listed: Option<&[Shown]>) {
        let shown = listed.into_iter().flatten();
        let there: BTreeSet<AssetId> = shown.map(|shown| shown.id).collect();
        let is_whole = self.kept.is_subset(&there);
        // What never went does not come back.
        let is_shown = self.is_cascade_seen();
        if is_shown && !is_whole && self.look_again() {
            return;
        }
        let restored = match (is_whole, self.looks) {
            (true, 0) => Some(RestoreFolder::Complete),
            (true, _) => Some(RestoreFolder::Slow),
            (false, _) if listed.is_some() && self.looked >= FOR_NO => Some(RestoreFolder::No),
            (false, _) => None,
        };
        self.findings.restore_folder = restored.filter(|_| is_shown);
        self.go_to_stack();
    }
}
