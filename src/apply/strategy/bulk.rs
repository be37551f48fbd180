//! v2: one call deletes many assets, and an answer speaks of each.

use std::borrow::Cow;
use std::sync::Arc;

use crate::apply::follow::{
    back, doubt, forbidden, missing, read_after_loss, record_outcome, refused, settled_alone,
    shown, stays,
};
use crate::apply::strategy::{Effect, Job, Known, Strategy, Subject};
use crate::asset::AssetId;
use crate::event::Task;
use crate::frameio::Reply;
use crate::frameio::v2::{self, Call, Read, answer};
use crate::frameio::verdict::{Deletion, Live, Verdict};
use crate::frameio::words::detail;
use crate::outcome::{Evidence, Outcome};
use crate::plan::approve::{Approved, Resolve};

/// Deletes many assets a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bulk;

/// What an answer of v2 tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// What became of the assets of a delete.
    Deleted(Deletion),
    /// What the server says of an asset that was read.
    Read(Live),
}

fn delete(ids: &[AssetId]) -> Job<Bulk> {
    let ids: Arc<[AssetId]> = Arc::from(ids);
    Job::new(Call::BulkDelete(Arc::clone(&ids)), ids)
}

fn read(id: AssetId, listed: bool) -> Job<Bulk> {
    Job {
        listed,
        ..Job::new(Call::Read(Read::Asset(id)), [id])
    }
}

/// Cuts a delete into two, the first not smaller than the second.
fn halves(job: &Job<Bulk>) -> Vec<Job<Bulk>> {
    let (first, second) = job.ids.split_at(job.ids.len().div_ceil(2));
    let half = |ids| Job {
        looked: job.looked,
        sent: job.sent,
        ..delete(ids)
    };
    vec![half(first), half(second)]
}

/// What follows where a reading found an asset alive.
fn alive(job: Job<Bulk>, id: AssetId, known: &Known<'_, Bulk>) -> Vec<Effect<Bulk>> {
    match job.refusal {
        Some(refusal) => settled_alone(id, Outcome::Failed(*refusal), known),
        None if !job.listed => stays(id, known),
        None => vec![Effect::Alive([id].into()), Effect::Found(id, job.sent)],
    }
}

impl Strategy for Bulk {
    type Call = v2::Call;
    type Aim = ();
    type Answer = Told;
    type Progress = ();

    /// It speaks of all assets of the call at once.
    const TELLS_RIGHTS: bool = false;

    const READS_FIRST: bool = false;

    fn in_order(approved: &Approved) -> Cow<'_, [AssetId]> {
        Cow::Borrowed(approved.delete())
    }

    fn delete(ids: &[AssetId], _: &Approved) -> Job<Self> {
        delete(ids)
    }

    fn read(resolve: Resolve) -> Job<Self> {
        Job {
            refusal: back(resolve),
            ..read(resolve.id, resolve.listed)
        }
    }

    fn read_again(job: &Job<Self>, id: AssetId, _: &Approved) -> Job<Self> {
        Job {
            sent: job.sent,
            ..read(id, job.listed)
        }
    }

    fn targets(job: &Job<Self>) -> &[AssetId] {
        &job.ids
    }

    fn stack(_: &Job<Self>) -> Option<AssetId> {
        None
    }

    /// What becomes of what is in a folder no document of v2 says.
    fn along(_: &Job<Self>, _: &Known<'_, Bulk>) -> Vec<AssetId> {
        Vec::new()
    }

    fn judge(job: &Job<Self>, reply: &Reply) -> Verdict<Told> {
        match &job.call {
            Call::BulkDelete(ids) => answer::judge_delete(ids, reply).map(Told::Deleted),
            Call::Read(_) => answer::judge_read(job.ids[0], reply).map(Told::Read),
        }
    }

    fn on_answer(job: Job<Self>, told: Told, known: &Known<'_, Bulk>) -> Vec<Effect<Self>> {
        let subject = Subject::alone(job.ids[0]);
        match told {
            Told::Deleted(Deletion::Settled { outcomes, doubtful }) => {
                let doubts = doubtful.iter().map(|(id, _)| *id).collect();
                let reads = doubtful.into_iter().map(|(id, refusal)| Job {
                    refusal: Some(Box::new(refusal)),
                    ..Self::read_again(&job, id, known.approved)
                });
                let mut effects = vec![Effect::Requeue(reads.collect())];
                effects.extend(doubt(&job, doubts));
                effects.extend(record_outcome(outcomes, known));
                effects
            }
            Told::Deleted(Deletion::Halve) => {
                let doubt = doubt(&job, job.ids.to_vec());
                let again = Effect::Requeue(halves(&job));
                doubt.into_iter().chain([again]).collect()
            }
            Told::Read(Live::There) => alive(job, subject.id, known),
            Told::Read(Live::Deleted(at)) => shown(subject, at, Evidence::Read, known),
            Told::Read(Live::Missing | Live::OtherKind { .. }) => missing(subject, known),
        }
    }

    fn on_refusal(job: Job<Self>, detail: String, known: &Known<'_, Bulk>) -> Vec<Effect<Self>> {
        match job.task() {
            Task::Delete | Task::Restore | Task::Stage | Task::Unstage | Task::Collect => {
                read_after_loss(&job, detail, known)
            }
            Task::Resolve => refused(Subject::alone(job.ids[0]), forbidden(detail), known),
        }
    }

    fn left_alone(_: &Job<Self>, _: &Known<'_, Bulk>) -> Vec<Effect<Self>> {
        Vec::new()
    }

    fn whole_absent(_: &Job<Self>, _: &Known<'_, Bulk>) -> Option<Vec<Effect<Self>>> {
        None
    }

    fn given_up(_: &Job<Self>, _: &Known<'_, Bulk>) -> Vec<Effect<Self>> {
        Vec::new()
    }

    fn on_outcome(
        subject: Subject,
        outcome: Outcome,
        known: &Known<'_, Bulk>,
    ) -> Vec<Effect<Self>> {
        settled_alone(subject.id, outcome, known)
    }

    fn on_unknown(_: Subject, _: &Known<'_, Bulk>) -> Vec<Effect<Self>> {
        Vec::new()
    }

    fn ended(reply: &Reply) -> Option<String> {
        let (status, body) = reply.answer()?;
        answer::is_ended(reply).then(|| detail(status, body))
    }
}
