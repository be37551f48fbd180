//! What became of assets whose delete was not answered: they are read, several at once where a
//! list can tell of them, else one by one.

use std::collections::HashMap;
use std::sync::Arc;

use crate::apply::batch::Queue;
use crate::apply::dispatcher::Dispatcher;
use crate::apply::folders::MISSES;
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
            _ => ids.iter().map(|id| Job::read(*id, listed)).collect(),
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
            ids.iter().map(|id| Job::read(*id, listed)).collect()
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
                // The run goes on without lists, so that this one does not stop it.
                self.queue.folders.failed(folder);
                let given_up = if self.queue.folders.are_trusted() {
                    self.again(batch, job, &detail).err()
                } else {
                    Some(job)
                };
                if let Some(job) = given_up {
                    self.queue.put_first(job.alone());
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
        self.queue.put_first(job.alone());
    }

    fn take_page(
        &mut self,
        batch: u64,
        job: &Job,
        (folder, page, misses): (AssetId, u32, u8),
        list: &Listed,
    ) {
        let mut on_page: HashMap<AssetId, Option<&Live>> = HashMap::new();
        for (id, live) in &list.assets {
            // What stands twice and differs tells nothing.
            let known = on_page.entry(*id).or_insert(Some(live));
            *known = known.filter(|known| *known == live);
        }
        let (mut deleted, mut there, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for id in &*job.ids {
            match on_page.get(id).copied().flatten() {
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
        let span = list.span();
        let is_stray = |id: &AssetId| span.as_ref().is_some_and(|span| span.contains(id));
        let (mut strays, rest): (Vec<AssetId>, Vec<AssetId>) = rest.into_iter().partition(is_stray);
        let next = (misses < MISSES)
            .then(|| self.queue.folders.page(folder, &rest, Some(page)))
            .flatten();
        let mut jobs = Vec::new();
        if let Some(next) = next {
            jobs.push(Job::list(folder, next, &rest, job.listed, misses));
        } else {
            if is_miss {
                self.queue.folders.leave(folder);
            }
            strays.extend(rest);
        }
        let reads = self.queue.read(&strays, job.listed, misses, Some(folder));
        jobs.extend(reads);
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
