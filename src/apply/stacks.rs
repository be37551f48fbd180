//! V4: finding out kinds, and deleting version stacks file by file.
//!
//! V4 has no delete of a version stack as such (docs/frameio-api.md, "Deletes (V4)"): its files
//! are deleted instead. From the first file that is gone until the last one is, the stack is
//! recorded as unknown, which is what it is for whoever finds the run dead.

use std::sync::Arc;

use crate::apply::dispatcher::Dispatcher;
use crate::apply::follow::{limits_of, pace_of_read};
use crate::apply::job::Job;
use crate::asset::{AssetId, Kind};
use crate::frameio::Reply;
use crate::frameio::answer::{Live, ReadVerdict, v4};
use crate::frameio::survey::PAGES;
use crate::outcome::{Failure, FailureKind, Outcome};
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
    /// The first refusal of a file.
    failure: Option<Failure>,
    /// Whether the answer for a file never came.
    lost: bool,
}

impl<S: Session> Dispatcher<'_, S> {
    /// Follows up the reading of an asset as one of a `kind`; `next` are the kinds to ask for
    /// where it is none, and `said` is the kind that the manifest names and that it is not.
    pub(in crate::apply) fn looked(
        &mut self,
        batch: u64,
        job: Job,
        (kind, next, said): (Kind, &'static [Kind], Option<Kind>),
        reply: &Reply,
    ) {
        let id = job.ids[0];
        let verdict = v4::judge_show(id, reply);
        self.paced(job.lane(), limits_of(reply), pace_of_read(&verdict));
        match verdict {
            ReadVerdict::Read(Live::Deleted) => {
                self.canary.came_back();
                self.settle(batch, vec![(id, Outcome::Gone)], false);
            }
            ReadVerdict::Read(Live::Missing) if !next.is_empty() => {
                self.settle(batch, Vec::new(), false);
                let job = Job::look(id, next, said, job.listed);
                self.queue.put_first([job]);
            }
            ReadVerdict::Read(Live::Missing) => self.missing(batch, id),
            ReadVerdict::Read(Live::There) => match said {
                Some(said) => {
                    let message = format!(
                        "the manifest says that it is a {}, and the server has a {}",
                        in_words(said),
                        in_words(kind)
                    );
                    let failure = Failure {
                        kind: FailureKind::Invalid,
                        message,
                    };
                    self.settled(batch, vec![(id, Outcome::Failed(failure))], true);
                }
                None if job.listed => {
                    self.settle(batch, Vec::new(), false);
                    self.queue.put_first([Job {
                        looked: true,
                        ..Job::single(id, Some(kind))
                    }]);
                }
                None => {
                    self.settle(batch, Vec::new(), false);
                    self.forget(vec![id]);
                }
            },
            ReadVerdict::SlowDown { .. }
            | ReadVerdict::NotSent { .. }
            | ReadVerdict::Unreadable { .. }
            | ReadVerdict::Stop(_) => self.unread(batch, job, verdict),
        }
    }

    /// Asks for the other kinds of an asset that the server does not know as what the manifest
    /// says: only when it knows none of them is it missing.
    pub(in crate::apply) fn look_further(&mut self, batch: u64, id: AssetId, said: Kind) {
        self.settle(batch, Vec::new(), false);
        let job = Job::look(id, said.others(), Some(said), true);
        self.queue.put_first([job]);
    }

    /// Follows up a page of what a version stack holds.
    pub(in crate::apply) fn opened(&mut self, batch: u64, job: Job, reply: &Reply) {
        let stack = job.ids[0];
        let verdict = v4::judge_children(reply);
        self.paced(job.lane(), limits_of(reply), pace_of_read(&verdict));
        match verdict {
            ReadVerdict::Read(None) if job.looked => self.missing(batch, stack),
            ReadVerdict::Read(None) => self.look_further(batch, stack, Kind::VersionStack),
            ReadVerdict::Read(Some(page)) => {
                let entry = self.stacks.entry(stack).or_default();
                entry.found.extend(page.files);
                entry.pages += 1;
                let endless = entry.pages >= PAGES;
                if let Some(after) = page.next {
                    self.settle(batch, Vec::new(), false);
                    if endless {
                        let why = "the list of its files does not end";
                        return self.leave_alone(batch, stack, why);
                    }
                    let next = Job {
                        looked: true,
                        ..Job::open(stack, Some(Arc::from(after)))
                    };
                    return self.queue.put_first([next]);
                }
                self.take_files(batch, stack);
            }
            ReadVerdict::SlowDown { .. }
            | ReadVerdict::NotSent { .. }
            | ReadVerdict::Unreadable { .. }
            | ReadVerdict::Stop(_) => self.unread(batch, job, verdict),
        }
    }

    /// Sends the deletes of the files that a version stack was found to hold.
    fn take_files(&mut self, batch: u64, stack: AssetId) {
        let files = std::mem::take(&mut self.stacks.entry(stack).or_default().found);
        self.settle(batch, Vec::new(), false);
        if let Some(held) = files.iter().find(|file| self.queue.is_protected(**file)) {
            let why = format!("`{held}` in it must stay");
            return self.leave_alone(batch, stack, &why);
        }
        // A stack that was reviewed file by file must not have grown since.
        let grown = self.queue.files(stack).and_then(|planned| {
            let unplanned = files.iter().find(|file| !planned.contains(file));
            unplanned.copied()
        });
        if let Some(file) = grown {
            let why = format!("it holds `{file}`, which the plan does not name");
            return self.leave_alone(batch, stack, &why);
        }
        if files.is_empty() {
            self.stacks.remove(&stack);
            self.canary.came_back();
            return self.settle(batch, vec![(stack, Outcome::Gone)], false);
        }
        self.stacks.entry(stack).or_default().left = files.len();
        let members: Vec<Job> = files
            .into_iter()
            .map(|file| Job::member(stack, file))
            .collect();
        self.queue.put_first(members);
    }

    fn leave_alone(&mut self, batch: u64, stack: AssetId, why: &str) {
        self.stacks.remove(&stack);
        let failure = Failure {
            kind: FailureKind::Conflict,
            message: format!("the version stack was left alone: {why}"),
        };
        self.settled(batch, vec![(stack, Outcome::Failed(failure))], true);
    }

    /// Takes notice of what became of one file of a version stack.
    pub(in crate::apply) fn member_done(&mut self, batch: u64, stack: AssetId, outcome: Outcome) {
        if let Outcome::Failed(failure) = outcome {
            let entry = self.stacks.entry(stack).or_default();
            entry.failure.get_or_insert(failure);
        }
        if let Some(whole) = self.one_less(stack) {
            return self.settled(batch, vec![(stack, whole)], true);
        }
        let before = self.state.assets.get(&stack).map(Record::standing);
        let told = matches!(before, Some(Standing::Unknown { .. }));
        let outcomes = if told {
            Vec::new()
        } else {
            vec![(stack, Outcome::Unknown)]
        };
        self.settle(batch, outcomes, false);
    }

    /// Takes notice of a file whose delete was never answered.
    pub(in crate::apply) fn member_lost(&mut self, stack: AssetId) {
        self.stacks.entry(stack).or_default().lost = true;
        // It is recorded as unknown already, and stays so.
        drop(self.one_less(stack));
    }

    /// Counts a file as answered for; returns what became of the stack with the last one.
    fn one_less(&mut self, stack: AssetId) -> Option<Outcome> {
        let entry = self.stacks.get_mut(&stack)?;
        entry.left = entry.left.saturating_sub(1);
        if entry.left > 0 {
            return None;
        }
        let Stack {
            found: _,
            pages: _,
            left: _,
            failure,
            lost,
        } = self.stacks.remove(&stack)?;
        Some(match failure {
            // What is unknown counts more: the next run reads it before it does anything.
            _ if lost => Outcome::Unknown,
            Some(failure) => Outcome::Failed(failure),
            None => Outcome::Retired,
        })
    }
}

const fn in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Folder => "folder",
        Kind::VersionStack => "version stack",
    }
}
