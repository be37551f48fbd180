//! What became of assets whose delete was not answered: they are read, several at once where a
//! list can tell of them, else one by one.

use std::collections::HashMap;
use std::sync::Arc;

use crate::apply::batch::{Aim, Job, Others, Queue};
use crate::apply::dispatcher::Dispatcher;
use crate::apply::folders::MISSES;
use crate::apply::follow::{limits_of, pace_of_read};
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
    pub(in crate::apply) fn look_for(&self, mut ids: Vec<AssetId>, listed: bool) -> Vec<Job> {
        ids.sort_unstable();
        let latest = self.folders.latest();
        let page = latest.and_then(|folder| Some((folder, self.folders.page(folder, &ids, None)?)));
        match page {
            Some((folder, page)) => vec![Job::list(folder, page, &ids, listed, 0)],
            None => self.read(&ids, listed, 0),
        }
    }

    /// Reads assets, which are sorted: one to begin with, where its folder's list may tell of the others, else all.
    fn read(&self, ids: &[AssetId], listed: bool, misses: u8) -> Vec<Job> {
        match ids {
            [first, rest @ ..] if misses < MISSES && self.folders.are_worth(rest.len()) => {
                let ids = Arc::from(rest);
                vec![Job {
                    others: Some(Box::new(Others { ids, misses })),
                    ..Job::read(*first, listed)
                }]
            }
            _ => ids.iter().map(|id| Job::read(*id, listed)).collect(),
        }
    }
}

impl<S: Session> Dispatcher<'_, S> {
    /// Looks for assets of which nothing is known.
    pub(in crate::apply) fn look_for(&mut self, ids: Vec<AssetId>, listed: bool) {
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
        let Others { ids, misses } = others;
        let folders = &self.queue.folders;
        let page = folder.and_then(|folder| Some((folder, folders.page(folder, ids, None)?)));
        let jobs = match page {
            Some((folder, page)) => vec![Job::list(folder, page, ids, listed, *misses)],
            None => self.queue.read(ids, listed, misses + 1),
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
                self.take_page(batch, &job, (folder, page, misses), &list);
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
                self.strained(job.lane(), &detail);
                self.queue.folders.failed(folder);
                let given_up = if self.queue.folders.are_worth(job.ids.len()) {
                    self.again(batch, job, &detail).err()
                } else {
                    Some(job)
                };
                if let Some(job) = given_up {
                    self.read_each(&job);
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
        self.read_each(job);
    }

    fn read_each(&mut self, job: &Job) {
        let reads = job.ids.iter().map(|id| Job::read(*id, job.listed));
        self.queue.put_first(reads.collect::<Vec<_>>());
    }

    fn take_page(
        &mut self,
        batch: u64,
        job: &Job,
        (folder, page, misses): (AssetId, u32, u8),
        list: &Listed,
    ) {
        let on_page: HashMap<AssetId, &Live> =
            list.assets.iter().map(|(id, live)| (*id, live)).collect();
        let (mut deleted, mut there, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for id in &*job.ids {
            match on_page.get(id) {
                Some(Live::Deleted) => deleted.push(*id),
                Some(Live::There) => there.push(*id),
                Some(Live::Missing) | None => rest.push(*id),
            }
        }
        let told = deleted.len() + there.len();
        self.found(batch, deleted, there, job.listed);
        let far = self.pacer.is_roomy(job.lane(), self.clock.elapsed());
        let folders = &mut self.queue.folders;
        folders.limit_is_far(far);
        folders.learn(folder, page, list, told);
        let is_miss = told < folders.price();
        let misses = if is_miss { misses + 1 } else { 0 };
        // What should have been on this page lies elsewhere.
        let (mut strays, rest): (Vec<AssetId>, Vec<AssetId>) =
            rest.into_iter().partition(|id| list.spans(*id));
        let after = (!is_miss).then_some(page);
        let next = (misses < MISSES)
            .then(|| self.queue.folders.page(folder, &rest, after))
            .flatten();
        let mut jobs = Vec::new();
        if let Some(next) = next {
            jobs.push(Job::list(folder, next, &rest, job.listed, misses));
        } else {
            if is_miss {
                self.queue.folders.leave(folder);
            }
            strays.extend(rest);
            strays.sort_unstable();
        }
        jobs.extend(self.queue.read(&strays, job.listed, misses));
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
