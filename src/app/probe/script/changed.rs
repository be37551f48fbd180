//! What follows from the answers to changes.

use super::shown::{is_refused, refused};
use super::{Ended, Said, Script, Step};
use crate::frameio::client::Unmade;
use crate::frameio::v4::changes_answer::{Changed, Refusal};
use crate::probe::thing::Thing;
use crate::probe::{Restore, RestoreFolder};

impl Script {
    /// What was made has its place; without it nothing that follows can be.
    fn made(&mut self, thing: Thing, said: Said) {
        let why = match said {
            Said::Done(Changed::Created(placed)) => {
                self.ids.insert(thing, placed.id);
                self.after_making(thing);
                return;
            }
            Said::Done(Changed::Moved(_) | Changed::Deleted(_) | Changed::Restored(_))
            | Said::Unknown => "nobody knows whether it was made".to_owned(),
            Said::Refused(refusal) => refusal.detail,
        };
        self.step = None;
        // Whether a stack comes back is all that is left by then.
        let is_late = matches!(
            thing,
            Thing::OldVersion | Thing::NewVersion | Thing::Stack | Thing::Box
        );
        if !is_late {
            self.ended = Ended::Early(why);
        }
    }

    fn after_making(&mut self, thing: Thing) {
        self.go(match thing {
            Thing::Top => Step::Make(Thing::Drawer),
            Thing::Drawer => Step::Make(Thing::First),
            Thing::First => Step::Make(Thing::Second),
            Thing::Second => Step::Make(Thing::Third),
            Thing::Third => Step::Delete,
            Thing::Spare => Step::Never,
            Thing::Fourth => Step::MoveSame,
            Thing::Box => Step::Make(Thing::OldVersion),
            Thing::OldVersion => Step::Make(Thing::NewVersion),
            Thing::NewVersion => Step::Make(Thing::Stack),
            Thing::Stack
            | Thing::Never
            | Thing::StrayFile
            | Thing::StrayFolder
            | Thing::StrayStack => Step::LookIntoBox,
        });
    }

    pub(super) fn changed(&mut self, step: Step, answer: Result<Result<Changed, Refusal>, Unmade>) {
        let said = match answer {
            Ok(Ok(changed)) => Said::Done(changed),
            Ok(Err(refusal)) => Said::Refused(refusal),
            Err(Unmade::Unknown { .. }) => Said::Unknown,
            Err(Unmade::Denied(reason) | Unmade::Stop(reason)) => return self.stop(reason),
        };
        match step {
            Step::Make(thing) => self.made(thing, said),
            Step::Delete => match said {
                Said::Done(_) => self.go(Step::Deleted),
                // What is there cannot be deleted twice.
                Said::Refused(_) => self.go(Step::Never),
                Said::Unknown => self.spare(),
            },
            Step::DeleteAgain => {
                self.findings.delete_twice = match said {
                    Said::Done(Changed::Deleted(status)) => Some(status),
                    Said::Refused(refusal) => Some(refusal.status),
                    Said::Done(_) | Said::Unknown => None,
                };
                self.go(Step::Restore);
            }
            Step::Restore => match said {
                Said::Done(_) => self.go(Step::Restored),
                Said::Refused(refusal) => {
                    // What was not seen to be gone may not be deleted yet, and then it is refused.
                    let is_gone = self.findings.not_found_deleted.is_some();
                    let restore = Some(refused(&refusal));
                    self.findings.restore_file =
                        restore.filter(|restore| is_gone || *restore == Restore::Unsupported);
                    self.spare();
                }
                Said::Unknown => self.spare(),
            },
            Step::Move => self.moved(&said),
            Step::MoveAgain | Step::MoveOne => self.moved_again(step, &said),
            Step::MoveBad => {
                self.bad = is_refused(&said);
                self.go(Step::Make(Thing::Fourth));
            }
            Step::MoveSame => {
                self.same = is_refused(&said);
                self.go(Step::Look);
            }
            Step::DeleteDrawer => match said {
                Said::Done(_) => self.go(Step::Cascade),
                Said::Refused(_) | Said::Unknown => self.step = None,
            },
            Step::RestoreDrawer => match said {
                Said::Done(_) => self.go(Step::Whole),
                Said::Refused(refusal) => {
                    self.findings.restore_folder = match refused(&refusal) {
                        Restore::Unsupported => Some(RestoreFolder::Unsupported),
                        Restore::Yes | Restore::No => {
                            self.is_drawer_gone.then_some(RestoreFolder::No)
                        }
                    };
                    self.go_to_stack();
                }
                Said::Unknown => self.go_to_stack(),
            },
            Step::DeleteBox => match said {
                Said::Done(_) => self.go(Step::StackGone),
                Said::Refused(_) | Said::Unknown => self.step = None,
            },
            // At once: the stack is still away where a folder comes back bit by bit, and what it
            // was in is there.
            Step::RestoreBox => {
                self.comes = match said {
                    Said::Done(_) | Said::Unknown => true,
                    Said::Refused(_) => false,
                };
                self.go(Step::RestoreStack);
            }
            Step::RestoreStack => match said {
                Said::Refused(refusal) if refused(&refusal) == Restore::Unsupported => {
                    self.findings.restore_stack = Some(Restore::Unsupported);
                    self.step = None;
                }
                Said::Done(_) => {
                    self.comes = true;
                    self.go(Step::StackRestored);
                }
                // What comes back with its folder, at once or later, is refused as well.
                Said::Refused(_) => self.go(Step::StackRestored),
                Said::Unknown => self.step = None,
            },
            Step::Deleted
            | Step::Restored
            | Step::Never
            | Step::Look
            | Step::Cascade
            | Step::Lines
            | Step::Whole
            | Step::LookIntoBox
            | Step::StackGone
            | Step::StackRestored => {}
        }
    }

    /// Goes on with another file in place of one that may not be there.
    pub(super) fn spare(&mut self) {
        self.third = Thing::Spare;
        self.go(Step::Make(Thing::Spare));
    }

    fn moved(&mut self, said: &Said) {
        self.moved = match said {
            Said::Done(Changed::Moved(moved)) => Some(moved.len()),
            Said::Done(_) | Said::Refused(_) | Said::Unknown => None,
        };
        // Where nobody knows where they are by now, nothing shows what it means that they are.
        self.go(match self.moved {
            Some(_) => Step::MoveAgain,
            None => Step::MoveBad,
        });
    }

    fn moved_again(&mut self, step: Step, said: &Said) {
        if let (Step::MoveAgain, Said::Done(Changed::Moved(moved))) = (step, said)
            && moved.is_empty()
        {
            // A server that leaves bad ones out, or one whose answers are short: a single one tells.
            return self.go(Step::MoveOne);
        }
        self.again = is_refused(said);
        self.go(Step::MoveBad);
    }
}
