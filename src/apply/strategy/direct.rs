//! V4: one call an asset, its kind by reading, a version stack file by file.

use std::borrow::Cow;
use std::slice;

use crate::apply::follow::{
    back, doubt, forbidden, read_after_loss, refused, shown, stays, went_along,
};
use crate::apply::strategy::asks::{
    Aim, Direct, Look, Told, delete, delete_member, delete_part, look_at_member, show_asset,
    subject, target,
};
use crate::apply::strategy::way::Way;
use crate::apply::strategy::{Effect, Job, Known, Rank, Strategy, Subject, Tries};
use crate::apply::strategy::{folders, stacks};
use crate::asset::{AssetId, Kind};
use crate::frameio::Reply;
use crate::frameio::v4::{self, Call, Read, answer};
use crate::frameio::verdict::{Deletion, Live, Verdict};
use crate::outcome::{Evidence, Failure, FailureKind, Outcome};
use crate::plan::approve::{Approved, Resolve};

/// What follows from the answer to a delete.
fn deleted(
    job: &Job<Direct>,
    deletion: Deletion,
    known: &Known<'_, Direct>,
) -> Vec<Effect<Direct>> {
    let (outcomes, doubtful) = match deletion {
        Deletion::Settled { outcomes, doubtful } => (outcomes, doubtful),
        // There is nothing to halve, so nobody knows.
        Deletion::Halve => return read_after_loss(job, "the delete was refused".to_owned(), known),
    };
    let mut doubts: Vec<AssetId> = doubtful.iter().map(|(id, _)| *id).collect();
    // It may have gone all the same, and what was in it with it.
    if let (Call::DeleteFolder(folder), [_, ..], None) = (&job.call, &*doubts, subject(job).stack) {
        doubts.extend(folders::along(*folder, known));
    }
    let reads = doubtful.into_iter().map(|(id, refusal)| Job {
        refusal: Some(Box::new(refusal)),
        ..Direct::read_again(job, id, known.approved)
    });
    let mut effects = vec![Effect::Requeue(reads.collect())];
    effects.extend(doubt(job, doubts));
    match subject(job).stack {
        None => effects.extend(folders::told(job, outcomes, known)),
        Some(whole) if folders::is_apart(whole, known) => {
            let part = (whole, *target(job));
            effects.extend(folders::told_of_part(part, outcomes, known));
        }
        Some(stack) => {
            effects.extend(
                outcomes
                    .into_iter()
                    .flat_map(|(file, outcome)| stacks::member_done(stack, file, outcome, known)),
            );
        }
    }
    effects
}

/// What follows where a reading found an asset alive.
fn alive(job: Job<Direct>, look: &Look, known: &Known<'_, Direct>) -> Vec<Effect<Direct>> {
    let subject = subject(&job);
    if let Some(folder) = look.with {
        return folders::stays(folder, (subject.id, look.parent), known);
    }
    let failure = other_kind(look).or_else(|| job.refusal.map(|refusal| *refusal));
    if let Some(failure) = failure {
        return Direct::on_outcome(subject, Outcome::Failed(failure), known);
    }
    let Subject { id, stack } = subject;
    match stack {
        Some(stack) if !job.listed && !folders::is_apart(stack, known) => {
            return stacks::moved(stack, id, known);
        }
        // The delete of what it lies in settles it, and its record keeps what it was.
        None if !job.listed && known.approved.goes_along(id) => return Vec::new(),
        None if !job.listed => return stays(id, known),
        Some(_) | None => {}
    }
    let again = match stack {
        Some(whole) if folders::is_apart(whole, known) => delete_part(whole, id, look.kind),
        Some(stack) => delete_member(stack, id),
        None => delete(id, Some(look.kind)),
    };
    let again = Job {
        looked: true,
        sent: job.sent,
        ..again
    };
    vec![Effect::Alive([id].into()), Effect::Requeue(vec![again])]
}

/// Asks for the next kind of an asset that is not found as one kind; `other` are the words by
/// which the server says that it is of another.
fn show_next_kind(
    job: Job<Direct>,
    look: Look,
    other: Option<String>,
    known: &Known<'_, Direct>,
) -> Vec<Effect<Direct>> {
    let subject = subject(&job);
    // Of a known kind only its own answer says that it is not there: a 422 to that one says the
    // contrary, whatever those of the other kinds are.
    let known_kind = look.said.or(look.member.and(Some(Kind::File)));
    let counts = known_kind.is_none_or(|kind| kind == look.kind);
    let missing = look.missing || (counts && other.is_none());
    if let [kind, next @ ..] = look.next {
        let aim = Aim::Look(Look {
            kind: *kind,
            next,
            missing,
            ..look
        });
        return vec![Effect::Requeue(vec![Job {
            call: Call::Read(Read::Show(*kind, subject.id)),
            aim,
            tries: Tries::default(),
            ..job
        }])];
    }
    match look.with {
        Some(folder) if missing => return folders::went(folder, subject.id, known),
        Some(folder) => return folders::unclear(folder, known),
        None if missing && let Some(went) = known.went_with(subject) => {
            return went_along(subject, went, known);
        }
        None if missing => return vec![Effect::Seek(subject)],
        None => {}
    }
    let none = || "the server takes it for no asset of its kind, and knows no other".to_owned();
    let failure = Failure {
        kind: FailureKind::Invalid,
        message: other.unwrap_or_else(none),
    };
    refused(subject, failure, known)
}

/// Says that an asset is of another kind than the manifest says.
fn other_kind(look: &Look) -> Option<Failure> {
    let Look { kind, said, .. } = look;
    let said = said.filter(|said| said != kind)?;
    let (said, kind) = (in_words(said), in_words(*kind));
    Some(Failure {
        kind: FailureKind::Invalid,
        message: format!(
            "the manifest says that it is a {said}, and the server has a {kind}; correct its `kind`"
        ),
    })
}

const fn in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Folder => "folder",
        Kind::VersionStack => "version stack",
    }
}

impl Strategy for Direct {
    type Call = v4::Call;
    type Aim = Aim;
    type Answer = Told;
    type Progress = Way;

    const TELLS_RIGHTS: bool = true;

    const READS_FIRST: bool = true;

    fn in_order(approved: &Approved) -> Cow<'_, [AssetId]> {
        let mut ids = approved.delete().to_vec();
        // What is of no known kind is looked at first, and then takes its place. What lies together
        // goes together: should it be read again before, one list shows all of it.
        ids.sort_by_key(|id| {
            let rank = delete(*id, approved.kind(*id)).rank;
            (rank, approved.place(*id).parent)
        });
        Cow::Owned(ids)
    }

    fn delete(ids: &[AssetId], approved: &Approved) -> Job<Self> {
        delete(ids[0], approved.kind(ids[0]))
    }

    fn read(resolve: Resolve) -> Job<Self> {
        Job {
            listed: resolve.listed,
            refusal: back(resolve),
            ..show_asset(resolve.id, resolve.kind)
        }
    }

    fn read_again(job: &Job<Self>, id: AssetId, approved: &Approved) -> Job<Self> {
        let said = approved.kind(id);
        let read = match (&job.aim, job.rank) {
            (Aim::Member(_), _) => {
                let kind = approved.kind_in(id).unwrap_or(Kind::File);
                look_at_member(job.ids[0], id, kind)
            }
            (_, Rank::Folder) => show_asset(id, said.or(Some(Kind::Folder))),
            (_, Rank::File | Rank::Stack) => show_asset(id, said.or(Some(Kind::File))),
        };
        Job {
            listed: job.listed,
            sent: job.sent,
            ..read
        }
    }

    fn targets(job: &Job<Self>) -> &[AssetId] {
        slice::from_ref(target(job))
    }

    fn stack(job: &Job<Self>) -> Option<AssetId> {
        subject(job).stack
    }

    fn along(job: &Job<Self>, known: &Known<'_, Direct>) -> Vec<AssetId> {
        match &job.call {
            Call::DeleteFolder(folder) => folders::along(*folder, known),
            Call::DeleteFile(_) => folders::stack_of(subject(job), known),
            Call::Read(_) => Vec::new(),
        }
    }

    fn judge(job: &Job<Self>, reply: &Reply) -> Verdict<Told> {
        let id = *target(job);
        match &job.aim {
            Aim::Delete | Aim::Member(_) => answer::judge_delete(id, reply).map(Told::Deleted),
            Aim::Look(look @ Look { with: Some(_), .. }) => {
                answer::judge_place((look.kind, id), reply)
                    .map(|(live, parent)| Told::Read(Look { parent, ..*look }, live))
            }
            Aim::Look(look) => {
                answer::judge_show((look.kind, id), reply).map(|live| Told::Read(*look, live))
            }
            Aim::Open => answer::judge_files(reply).map(Told::Opened),
            Aim::Close => answer::judge_files(reply).map(Told::Closed),
        }
    }

    fn on_answer(job: Job<Self>, told: Told, known: &Known<'_, Direct>) -> Vec<Effect<Self>> {
        match told {
            Told::Deleted(deletion) => deleted(&job, deletion, known),
            Told::Read(look, Live::There) => alive(job, &look, known),
            Told::Read(
                Look {
                    with: Some(folder), ..
                },
                Live::Deleted(_),
            ) => folders::went(folder, job.ids[0], known),
            Told::Read(_, Live::Deleted(at)) => shown(subject(&job), at, Evidence::Read, known),
            Told::Read(look, Live::Missing) => show_next_kind(job, look, None, known),
            Told::Read(look, Live::OtherKind { detail }) => {
                show_next_kind(job, look, Some(detail), known)
            }
            Told::Opened(page) => stacks::opened(&job, page, known),
            Told::Closed(page) => stacks::closed(job.ids[0], page, known),
        }
    }

    fn on_refusal(job: Job<Self>, detail: String, known: &Known<'_, Direct>) -> Vec<Effect<Self>> {
        match &job.aim {
            Aim::Delete | Aim::Member(_) => read_after_loss(&job, detail, known),
            Aim::Look(Look {
                with: Some(folder), ..
            }) => folders::unclear(*folder, known),
            Aim::Look(_) => refused(subject(&job), forbidden(detail), known),
            Aim::Open => stacks::failed(job.ids[0], forbidden(detail), known),
            Aim::Close => {
                let why = format!("its list could not be read again: {detail}");
                stacks::unlisted(job.ids[0], &why, known)
            }
        }
    }

    fn left_alone(job: &Job<Self>, known: &Known<'_, Direct>) -> Vec<Effect<Self>> {
        match subject(job) {
            Subject {
                id,
                stack: Some(whole),
            } if folders::is_apart(whole, known) => folders::part_left(whole, id, known),
            Subject {
                id,
                stack: Some(stack),
            } => stacks::member_left(stack, id, known),
            Subject { id, stack: None } if folders::is_apart(id, known) => {
                folders::left_half_way(id, known)
            }
            Subject { stack: None, .. } => Vec::new(),
        }
    }

    fn whole_absent(job: &Job<Self>, known: &Known<'_, Direct>) -> Option<Vec<Effect<Self>>> {
        let whole = subject(job).stack?;
        folders::is_apart(whole, known).then(|| folders::part_absent(whole, known))
    }

    fn given_up(job: &Job<Self>, known: &Known<'_, Direct>) -> Vec<Effect<Self>> {
        match &job.aim {
            Aim::Look(Look {
                with: Some(folder), ..
            }) => folders::unclear(*folder, known),
            Aim::Delete | Aim::Member(_) | Aim::Look(_) | Aim::Open | Aim::Close => {
                Self::on_unknown(subject(job), known)
            }
        }
    }

    fn on_outcome(
        subject: Subject,
        outcome: Outcome,
        known: &Known<'_, Direct>,
    ) -> Vec<Effect<Self>> {
        match subject.stack {
            Some(whole) if folders::is_apart(whole, known) => {
                folders::part_done(whole, subject.id, outcome, known)
            }
            Some(stack) => stacks::member_done(stack, subject.id, outcome, known),
            // Nothing is left of a version stack once its files are deleted.
            None if outcome == Outcome::Missing && known.state.files.contains_key(&subject.id) => {
                stacks::absent(subject.id, known)
            }
            None => folders::settled(subject.id, outcome, known),
        }
    }

    fn on_unknown(subject: Subject, known: &Known<'_, Direct>) -> Vec<Effect<Self>> {
        match subject.stack {
            Some(whole) if folders::is_apart(whole, known) => folders::part_lost(whole, known),
            Some(stack) => stacks::member_lost(stack, known),
            None => Vec::new(),
        }
    }

    fn ended(_: &Reply) -> Option<String> {
        None
    }
}
