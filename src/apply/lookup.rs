//! What became of assets whose delete was not answered: they are read, several at once where a
//! list can tell of them, else one by one.

use std::sync::Arc;

use crate::apply::batch::Queue;
use crate::apply::dispatcher::Dispatcher;
use crate::apply::folders::{MISSES, Search, Told};
use crate::apply::follow::{limits_of, pace_of_read};
use crate::apply::job::{Aim, Job, Others};
use crate::asset::AssetId;
use crate::frameio::Reply;
use crate::frameio::answer::{Found, Listed, Live, ReadVerdict, judge_list, judge_read};
use crate::frameio::call::Call;
use crate::outcome::Outcome;
use crate::store::Session;

/// How often in a row a list may be refused for its limit before the assets are read instead:
/// readings have a limit of their own.
const REFUSALS: u32 = 3;

impl Queue<'_> {
    /// What looks for assets of which nothing is known.
    pub(in crate::apply) fn look_for(&self, ids: &[AssetId], listed: bool) -> Vec<Job> {
        let latest = self.folders.latest();
        let page = latest.and_then(|folder| Some((folder, self.folders.page(folder, ids, None)?)));
        match page {
            Some((folder, page)) => vec![Job::list(folder, page, ids, listed, 0)],
            None => self.read(ids, listed, 0, None),
        }
    }

    /// Reads assets: one to begin with, where its folder's list may tell of the
    /// others, else all.
    fn read(&self, ids: &[AssetId], listed: bool, misses: u8, left: Option<AssetId>) -> Vec<Job> {
        match ids {
            [first, rest @ ..] if misses < MISSES && self.folders.are_worth(rest.len()) => {
                let others = Others {
                    ids: Arc::from(rest),
                    misses,
                    left,
                };
                vec![Job {
                    others: Some(Box::new(others)),
                    ..Job::read(*first, listed)
                }]
            }
            _ => Job::reads(ids, listed),
        }
    }
}

impl<S: Session> Dispatcher<'_, S> {
    /// Looks for assets of which nothing is known.
    pub(in crate::apply) fn look_for(&mut self, ids: &[AssetId], listed: bool) {
        let jobs = self.queue.look_for(ids, listed);
        self.queue.put_first(jobs);
    }

    /// Follows up the reading of one asset.
    pub(in crate::apply) fn resolved(&mut self, batch: u64, job: Job, reply: &Reply) {
        let [id] = *job.ids else {
            return self.settle(batch, Vec::new(), false);
        };
        let verdict = judge_read(id, reply);
        self.paced(job.lane(), limits_of(reply), pace_of_read(&verdict));
        let Found { live, parent } = match verdict {
            ReadVerdict::Read(found) => found,
            ReadVerdict::SlowDown { .. }
            | ReadVerdict::NotSent { .. }
            | ReadVerdict::Unreadable { .. }
            | ReadVerdict::Stop(_) => return self.unread(batch, job, verdict),
        };
        match live {
            Live::Deleted => self.found(batch, vec![id], Vec::new(), job.listed),
            Live::There => self.found(batch, Vec::new(), vec![id], job.listed),
            Live::Missing => self.missing(batch, id),
        }
        if let Some(others) = job.others {
            self.look_beside(parent, &others, job.listed);
        }
    }

    /// Looks for assets in the folder of one of them, where it is known.
    fn look_beside(&mut self, folder: Option<AssetId>, others: &Others, listed: bool) {
        let Others { ids, misses, left } = others;
        let page = |folder| Some((folder, self.queue.folders.page(folder, ids, None)?));
        let jobs = if folder.is_some() && folder == *left {
            // Its list does not show what is in it.
            Job::reads(ids, listed)
        } else if let Some((folder, page)) = folder.and_then(page) {
            vec![Job::list(folder, page, ids, listed, *misses)]
        } else {
            self.queue.read(ids, listed, misses + 1, None)
        };
        self.queue.put_first(jobs);
    }

    /// Follows up a page of what is in a folder.
    pub(in crate::apply) fn listed(&mut self, batch: u64, job: Job, reply: &Reply) {
        let (&Call::ListFolder { folder, page, .. }, Aim::List { misses }) = (&job.call, job.aim)
        else {
            return self.settle(batch, Vec::new(), false);
        };
        let verdict = judge_list(reply);
        self.paced(job.lane(), limits_of(reply), pace_of_read(&verdict));
        match verdict {
            ReadVerdict::Read(Some(list)) => {
                let search = Search {
                    folder,
                    page,
                    misses,
                };
                self.take_page(batch, &job, search, &list);
            }
            ReadVerdict::Read(None) => {
                self.settle(batch, Vec::new(), false);
                self.unlisted(folder, &job);
            }
            ReadVerdict::SlowDown { .. } if self.pacer.refusals(job.lane()).0 > REFUSALS => {
                self.settle(batch, Vec::new(), false);
                self.unlisted(folder, &job);
            }
            ReadVerdict::Unreadable { detail } => {
                self.settle(batch, Vec::new(), false);
                self.warn(batch, format!("`{folder}` could not be listed: {detail}"));
                // The run goes on without lists, so that this one does not stop it.
                self.queue.folders.failed(folder);
                let given_up = if self.queue.folders.are_trusted() {
                    self.again(batch, job, &detail).err()
                } else {
                    Some(job)
                };
                if let Some(job) = given_up {
                    self.queue.put_first(Job::reads(&job.ids, job.listed));
                }
            }
            ReadVerdict::SlowDown { .. } | ReadVerdict::NotSent { .. } | ReadVerdict::Stop(_) => {
                self.unread(batch, job, verdict);
            }
        }
    }

    /// Does without a list that cannot be had.
    fn unlisted(&mut self, folder: AssetId, job: &Job) {
        self.queue.folders.failed(folder);
        self.queue.put_first(Job::reads(&job.ids, job.listed));
    }

    /// Takes in a page on which assets were looked for, and looks for the others.
    fn take_page(&mut self, batch: u64, job: &Job, search: Search, list: &Listed) {
        let far = self.pacer.is_roomy(job.lane(), self.clock.elapsed());
        self.queue.folders.limit_is_far(far);
        let Told {
            deleted,
            there,
            next,
            elsewhere,
            misses,
        } = self.queue.folders.take(search, &job.ids, list);
        self.found(batch, deleted, there, job.listed);
        let folder = search.folder;
        let next = next.map(|(page, ids)| Job::list(folder, page, &ids, job.listed, misses));
        let reads = self
            .queue
            .read(&elsewhere, job.listed, misses, Some(folder));
        let jobs: Vec<Job> = next.into_iter().chain(reads).collect();
        self.queue.put_first(jobs);
    }

    /// Writes down what readings said: which assets are deleted, and which are there and to be
    /// deleted again, or to be forgotten where they are not listed any more.
    fn found(&mut self, batch: u64, deleted: Vec<AssetId>, there: Vec<AssetId>, listed: bool) {
        if !deleted.is_empty() {
            // The server knows the assets, so it is the right server.
            self.canary.came_back();
        }
        let gone = deleted.into_iter().map(|id| (id, Outcome::Gone));
        self.settle(batch, gone.collect(), false);
        if listed {
            for id in there {
                self.queue.put_found(id);
            }
        } else if !there.is_empty() {
            self.forget(there);
        }
    }
}
