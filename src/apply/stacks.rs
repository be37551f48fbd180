//! V4: deleting version stacks file by file.
//!
//! V4 has no delete of a version stack as such (docs/frameio-api.md, "Deletes (V4)"): its files
//! are deleted instead. From the first file that is gone until the last one is, the stack is
//! recorded as unknown, which is what it is for whoever finds the run dead. It is deleted when
//! each file that its list showed is shown to be deleted, and the list is empty then.

use crate::apply::dispatcher::Dispatcher;
use crate::apply::follow::pace_of;
use crate::apply::job::Job;
use crate::asset::{AssetId, Kind};
use crate::frameio::Reply;
use crate::frameio::survey::PAGES;
use crate::frameio::v4::answer::judge_files;
use crate::frameio::verdict::Verdict;
use crate::outcome::{Evidence, Failure, FailureKind, Outcome};
use crate::state::{Record, Standing};
use crate::store::Session;

/// A version stack on its way.
#[derive(Debug, Default)]
pub(in crate::apply) struct Stack {
    /// The files that were read so far, as long as more are to come.
    found: Vec<AssetId>,
    /// How many pages that were.
    pages: usize,
    /// How many files are still to be answered for.
    left: usize,
    /// What shows that the files are deleted: the weakest that was needed.
    evidence: Option<Evidence>,
    /// Whether one of them was deleted by us.
    ours: bool,
    /// The first refusal of a file.
    failure: Option<Failure>,
    /// Whether the answer for a file never came.
    lost: bool,
}

impl<S: Session> Dispatcher<'_, S> {
    /// Follows up a page of what a version stack holds.
    pub(in crate::apply) fn opened(&mut self, batch: u64, job: Job, reply: &Reply) {
        let stack = job.ids[0];
        let verdict = judge_files(reply);
        self.paced(job.lane(), reply.limits(), pace_of(&verdict));
        match verdict {
            Verdict::Told(None) if job.looked => {
                self.leave_alone(batch, stack, "the server does not list its files");
            }
            Verdict::Told(None) => {
                self.settle(batch, Vec::new());
                let said = Some(Kind::VersionStack);
                let look = Job::look(stack, said, true);
                self.queue.put_first([Job {
                    sent: job.sent,
                    ..look
                }]);
            }
            Verdict::Told(Some(page)) => {
                let entry = self.stacks.entry(stack).or_default();
                entry.found.extend(page.items);
                entry.pages += 1;
                let endless = entry.pages >= PAGES;
                if let Some(after) = page.next {
                    if endless {
                        let why = "the list of its files does not end";
                        return self.leave_alone(batch, stack, why);
                    }
                    self.settle(batch, Vec::new());
                    let next = Job {
                        looked: true,
                        ..Job::open(stack, Some(after))
                    };
                    return self.queue.put_first([next]);
                }
                self.take_files(batch, stack);
            }
            Verdict::Refused { detail } => {
                self.stacks.remove(&stack);
                let failure = Failure {
                    kind: FailureKind::Permission,
                    message: detail,
                };
                self.settled(batch, vec![(stack, Outcome::Failed(failure))]);
            }
            Verdict::SlowDown { .. }
            | Verdict::NotSent { .. }
            | Verdict::Unknown { .. }
            | Verdict::Stop(_) => self.unread(batch, job, verdict),
        }
    }

    /// Sends the deletes of the files that a version stack was found to hold.
    fn take_files(&mut self, batch: u64, stack: AssetId) {
        let files = std::mem::take(&mut self.stacks.entry(stack).or_default().found);
        let approved = self.queue.approved();
        if let Some(held) = files.iter().find(|file| approved.is_protected(**file)) {
            let why = format!("`{held}` in it must stay");
            return self.leave_alone(batch, stack, &why);
        }
        // A stack that was reviewed file by file must not have grown since.
        let grown = approved.files(stack).and_then(|planned| {
            let unplanned = files.iter().find(|file| !planned.contains(file));
            unplanned.copied()
        });
        if let Some(file) = grown {
            let why = format!("it holds `{file}`, which the plan does not name");
            return self.leave_alone(batch, stack, &why);
        }
        if files.is_empty() {
            return self.found_empty(batch, stack);
        }
        self.settle(batch, Vec::new());
        self.stacks.entry(stack).or_default().left = files.len();
        let members: Vec<Job> = files
            .into_iter()
            .map(|file| Job::member(stack, file))
            .collect();
        self.queue.put_first(members);
    }

    /// Takes notice of a version stack that holds no file.
    ///
    /// The files that the plan names may be deleted by now, each for itself; and an earlier run
    /// that deleted them may not have come to its end. Else nothing was ever seen of it that
    /// could have been deleted.
    fn found_empty(&mut self, batch: u64, stack: AssetId) {
        let standing = |id: &AssetId| self.state.assets.get(id).map(Record::standing);
        let is_deleted =
            |id: &AssetId| matches!(standing(id), Some(Standing::Retired | Standing::Gone));
        let planned = self.queue.approved().files(stack);
        let each = planned.is_some_and(|files| !files.is_empty() && files.iter().all(is_deleted));
        let was_unknown = matches!(standing(&stack), Some(Standing::Unknown { .. }));
        if each {
            self.stacks.remove(&stack);
            let retired = Outcome::Retired(Evidence::Read);
            return self.settled(batch, vec![(stack, retired)]);
        }
        if was_unknown {
            self.stacks.remove(&stack);
            self.canary.came_back();
            return self.hold_back(batch, (stack, Outcome::Gone(Evidence::Read)));
        }
        self.leave_alone(
            batch,
            stack,
            "it holds no file, and has no delete of its own",
        );
    }

    fn leave_alone(&mut self, batch: u64, stack: AssetId, why: &str) {
        self.stacks.remove(&stack);
        let failure = Failure {
            kind: FailureKind::Conflict,
            message: format!("the version stack was left alone: {why}"),
        };
        self.settled(batch, vec![(stack, Outcome::Failed(failure))]);
    }

    /// Takes notice of what became of one file of a version stack.
    pub(in crate::apply) fn member_done(
        &mut self,
        batch: u64,
        stack: AssetId,
        file: AssetId,
        outcome: Outcome,
    ) {
        let was_sent = self.intents.contains_key(&file);
        let entry = self.stacks.entry(stack).or_default();
        match outcome {
            Outcome::Retired(evidence) => {
                entry.ours = true;
                entry.evidence = entry.evidence.max(Some(evidence));
            }
            Outcome::Gone(evidence) => entry.evidence = entry.evidence.max(Some(evidence)),
            Outcome::Failed(failure) => {
                entry.failure.get_or_insert(failure);
            }
            Outcome::Missing if was_sent => entry.lost = true,
            Outcome::Missing => {
                entry.failure.get_or_insert_with(|| Failure {
                    kind: FailureKind::NotFound,
                    message: format!("its file `{file}` is neither there nor shown to be deleted"),
                });
            }
            Outcome::Unknown => entry.lost = true,
        }
        let is_told = |state: &Record| matches!(state.standing, Standing::Unknown { .. });
        let told = self.state.assets.get(&stack).is_some_and(is_told);
        if self.is_last(stack) {
            return self.all_done(batch, stack);
        }
        let outcomes = if told {
            Vec::new()
        } else {
            vec![(stack, Outcome::Unknown)]
        };
        self.settle(batch, outcomes);
    }

    /// Takes notice of a file whose delete was never answered.
    pub(in crate::apply) fn member_lost(&mut self, stack: AssetId) {
        self.stacks.entry(stack).or_default().lost = true;
        // It is recorded as unknown already, and stays so.
        if self.is_last(stack) {
            self.stacks.remove(&stack);
        }
    }

    /// Counts a file as answered for; says whether it was the last.
    fn is_last(&mut self, stack: AssetId) -> bool {
        let Some(entry) = self.stacks.get_mut(&stack) else {
            return false;
        };
        entry.left = entry.left.saturating_sub(1);
        entry.left == 0
    }

    /// Decides on a version stack whose files are all answered for.
    fn all_done(&mut self, batch: u64, stack: AssetId) {
        let entry = self.stacks.get_mut(&stack);
        let failure = entry.as_ref().and_then(|entry| entry.failure.clone());
        // What is unknown counts more: the next run reads it before it does anything.
        let lost = entry.is_none_or(|entry| entry.lost);
        match failure {
            _ if lost => {
                self.stacks.remove(&stack);
                self.settled(batch, vec![(stack, Outcome::Unknown)]);
            }
            Some(failure) => {
                self.stacks.remove(&stack);
                self.settled(batch, vec![(stack, Outcome::Failed(failure))]);
            }
            None => {
                // Somebody may have put a file into it meanwhile.
                self.settle(batch, vec![(stack, Outcome::Unknown)]);
                self.queue.put_first([Job::close(stack)]);
            }
        }
    }

    /// Follows up the reading of whether a version stack holds something still.
    pub(in crate::apply) fn closed(&mut self, batch: u64, job: Job, reply: &Reply) {
        let stack = job.ids[0];
        let verdict = judge_files(reply);
        self.paced(job.lane(), reply.limits(), pace_of(&verdict));
        let is_empty = match &verdict {
            Verdict::Told(None) => true,
            Verdict::Told(Some(page)) => page.items.is_empty() && page.next.is_none(),
            Verdict::Refused { detail } => {
                let why = format!("its list could not be read again: {detail}");
                return self.leave_alone(batch, stack, &why);
            }
            Verdict::SlowDown { .. }
            | Verdict::NotSent { .. }
            | Verdict::Unknown { .. }
            | Verdict::Stop(_) => return self.unread(batch, job, verdict),
        };
        if !is_empty {
            let why = "it holds a file still, though each that it showed before is deleted";
            return self.leave_alone(batch, stack, why);
        }
        let entry = self.stacks.remove(&stack).unwrap_or_default();
        let evidence = entry.evidence.unwrap_or(Evidence::Read);
        if entry.ours {
            self.settled(batch, vec![(stack, Outcome::Retired(evidence))]);
        } else {
            self.hold_back(batch, (stack, Outcome::Gone(evidence)));
        }
    }
}
