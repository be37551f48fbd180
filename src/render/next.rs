//! What to do after a run.

use crate::event::{Ending, StopReason};
use crate::outcome::FailureKind;
use crate::render::model::Line;
use crate::render::report::{FailedAsset, Summary};
use crate::render::{counted, either};

/// Says what to do next, the most urgent first.
pub(super) fn next_steps(summary: &Summary) -> Vec<Line> {
    let mut steps = Vec::new();
    match &summary.ending {
        Some(Ending::Stopped(reason)) => steps.push(after_stop(reason)),
        None if summary.run.is_some() => {
            steps.push("run apply again; it takes in what the journal has".to_owned());
        }
        Some(Ending::Done) | None => {}
    }
    for kind in [
        FailureKind::Permission,
        FailureKind::NotFound,
        FailureKind::Conflict,
        FailureKind::Invalid,
        FailureKind::Other,
    ] {
        let failed = summary.failed.iter().filter(|failed| failed.kind == kind);
        let is_unmoved = |failed: &&FailedAsset| summary.unmoved.contains(&failed.id);
        let (unmoved, failed): (Vec<_>, Vec<_>) = failed.partition(is_unmoved);
        if !unmoved.is_empty() {
            steps.push(after_refused_move(kind, unmoved.len()));
        }
        let number = failed.len();
        if number > 0 {
            steps.push(format!(
                "{}: {}",
                counted(
                    number,
                    &format!("{} failure", kind.name()),
                    &format!("{} failures", kind.name())
                ),
                after_failure(kind)
            ));
        }
    }
    if !summary.unknown.is_empty() {
        steps.push(
            "unknown: run apply again; it reads these assets and deletes those that are still there; if you know that one is gone, record it with `retire state accept-missing ID`"
                .to_owned(),
        );
    }
    if !summary.missing.is_empty() {
        steps.push(
            "missing: check the ids, the account and the token; if you know that they are gone, record it with `retire state accept-missing`"
                .to_owned(),
        );
    }
    if summary.totals.blocked > 0 {
        steps.push(
            "blocked: clear what the server objects to, then run apply with `--retry-blocked`"
                .to_owned(),
        );
    }
    if summary.totals.mismatch > 0 {
        steps.push("mismatched: compare the pins in the manifest with the live assets".to_owned());
    }
    if summary.counts.rescued > 0 {
        steps.push(
            "rescued: somebody wants them kept: take them out of the manifests, or hold them; `retire` leaves them alone from now on until their entries say `again: true`"
                .to_owned(),
        );
    }
    if summary.totals.drift > 0 {
        steps.push(
            "in drift: they were deleted, and somebody may have restored them: ask, then take them out of the manifest, or write `again: true` into their entries"
                .to_owned(),
        );
    }
    steps.into_iter().map(Line::words).collect()
}

fn after_stop(reason: &StopReason) -> String {
    match reason {
        StopReason::NotAuthenticated { .. } => {
            "give a valid token (`FRAMEIO_TOKEN`, `--token-file` or `--token-command`), then run apply again"
        }
        StopReason::NoToken { .. } => {
            "check the client's id and secret (`FRAMEIO_CLIENT_ID`, `FRAMEIO_CLIENT_SECRET`) and `--ims-endpoint`, then run apply again"
        }
        StopReason::NotAuthorised { .. } => {
            "use a token of this account that may delete (v2: with the scope `asset.delete`), or deal with what the server says, then run apply again"
        }
        StopReason::NotPaid { .. } => {
            "settle it with Frame.io, then run apply again: it is no matter of the token"
        }
        StopReason::NotReachable { .. } => {
            "check the network, `--endpoint` and, where tokens are fetched, `--ims-endpoint`, then run apply again"
        }
        StopReason::WrongEndpoint { .. } => {
            "check `--endpoint`, `--api` and, where tokens are fetched, `--ims-endpoint`, and whether a proxy answers in the server's place"
        }
        StopReason::RateLimited { .. } => {
            "run apply again after that, or with a longer `--retry-for`"
        }
        StopReason::NoAnswer { .. } => {
            "wait until the server answers, then run apply again, or with a longer `--retry-for`"
        }
        StopReason::TooManyMissing { .. } => {
            "check the account, the token and the endpoint; if so many really are missing, run apply again with `--max-404-percent 100`"
        }
        StopReason::WrongAccount { .. } => {
            "check the account, the token and the endpoint; what was asked for is unknown, and the next run reads it before it deletes anything"
        }
        StopReason::Ended { .. } => {
            "move the state with `retire state migrate --api v4`, then run apply with `--api v4`"
        }
        StopReason::TooManyFailures { .. } => {
            "read the messages above; if you expected them, run apply again with a higher `--max-failure-percent`"
        }
        StopReason::FailedBatches { .. } => {
            "wait until the server is well again, then run apply again"
        }
        StopReason::Broken { .. } => {
            "run apply again; report this as a defect of frameio-retire, with the words above"
        }
        StopReason::NotRecorded { .. } => {
            "clear what is in the way there, then run apply again"
        }
        StopReason::TimeBudget | StopReason::Signal { .. } => "run apply again to go on",
    }
    .to_owned()
}

/// What to do about assets that the server did not move aside: they are where they were.
fn after_refused_move(kind: FailureKind, assets: usize) -> String {
    let were = counted(
        assets,
        "asset was not moved aside, and is where it was",
        "assets were not moved aside, and are where they were",
    );
    let (them, each) = (either(assets, "it", "them"), either(assets, "it", "each"));
    let step = match kind {
        FailureKind::Permission => format!(
            "ask an account admin for the right to move {them}, or delete {each} by itself with `--strategy direct`"
        ),
        FailureKind::NotFound => {
            "look whether the staging folder is there, and what was to be moved, then run apply again"
                .to_owned()
        }
        FailureKind::Conflict | FailureKind::Invalid | FailureKind::Other => format!(
            "read the messages above, then run apply again, or delete {each} by itself with `--strategy direct`"
        ),
    };
    format!("{were} ({}): {step}", kind.name())
}

const fn after_failure(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Permission => {
            "ask an account admin for the right to delete, then run apply again"
        }
        FailureKind::NotFound => {
            "check the ids and the account; if the assets are gone, take them out of the manifest"
        }
        FailureKind::Conflict => {
            "look at the assets in Frame.io; something there forbids the delete for now"
        }
        FailureKind::Invalid => "check the ids; the server refuses the request for these assets",
        FailureKind::Other => "read the messages above, then run apply again",
    }
}
