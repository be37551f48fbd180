//! What is known of an asset after one outcome.

use std::sync::Arc;

use jiff::Timestamp;

use crate::outcome::{Evidence, Failure, Outcome, Phase};
use crate::state::{Deletion, Failed, Record, Staged, Status};

/// Decides what is known about an asset after one outcome: the third decision table.
///
/// One that was confirmed once stays confirmed: no later answer makes `retired` less than that,
/// except a refusal or a lost answer of a new delete, since then somebody has restored it. That
/// the server does not know an asset settles nothing that is recorded of it but a refusal: least
/// of all a delete of ours that was not answered, which stays unknown.
#[must_use]
pub fn absorb(record: Option<&Record>, outcome: &Outcome, run: u64, at: Timestamp) -> Record {
    let before = record.map(|record| &record.status);
    // A run that asks several times, since answers are lost, makes one attempt.
    let counted = record.is_some_and(|record| record.run == run);
    let attempts = before.map_or(0, Status::attempts);
    let attempts = attempts.saturating_add(u32::from(!counted)).max(1);
    let status = match (outcome, record) {
        (Outcome::Missing, Some(record)) if !settles_missing(&record.status) => {
            return record.clone();
        }
        (Outcome::Gone(_), Some(record)) if matches!(record.status, Status::Retired(_)) => {
            record.status.clone()
        }
        // A delete of ours was under way, and nobody else's is known.
        (Outcome::Gone(evidence), Some(record)) if is_being_deleted(&record.status) => {
            Status::Retired(*evidence)
        }
        // It was asked for and is not back: nothing has deleted it since.
        (Outcome::Retired(evidence), Some(record))
            if let Some(deleted) = still_deleted(record, at) =>
        {
            return Record {
                status: Status::Retired(*evidence),
                run: deleted.run,
                at,
            };
        }
        // When its delete was sent is kept for as long as that may come true: what shows it is no
        // older.
        (Outcome::Staged(aside), Some(record))
            if aside.phase == Phase::Deleting && is_being_deleted(&record.status) =>
        {
            let attempts = record.status.attempts();
            let staged = Staged {
                aside: *aside,
                attempts,
            };
            return Record {
                status: Status::Staged(Box::new(staged)),
                ..record.clone()
            };
        }
        (Outcome::Retired(evidence), _) => Status::Retired(*evidence),
        (Outcome::Gone(evidence), _) => Status::Gone(*evidence),
        (Outcome::Missing, _) => Status::Missing,
        (Outcome::Failed(Failure { kind, message }), _) => Status::Failed(Box::new(Failed {
            kind: *kind,
            message: share(before, message),
            attempts,
        })),
        (Outcome::Unknown, _) => Status::Unknown { attempts },
        (Outcome::Restored { seen }, _) => Status::Restored {
            was: before
                .and_then(Status::was_shown_by)
                .unwrap_or(Evidence::Earlier),
            seen: *seen,
            deleted: record.and_then(Record::deleted).map(Box::new),
        },
        (Outcome::Staged(aside), _) => Status::Staged(Box::new(Staged {
            aside: *aside,
            attempts: before.map_or(0, Status::attempts),
        })),
        (Outcome::Rescued, _) => Status::Rescued,
    };
    Record { status, run, at }
}

/// When an asset was deleted that a run has asked for since, where what is said of that moment is
/// that it is deleted.
fn still_deleted(record: &Record, at: Timestamp) -> Option<Deletion> {
    let (seen, deleted) = record.status.restored()?;
    deleted.copied().filter(|deleted| !seen && deleted.at == at)
}

/// Whether the delete of the staging folder in which it lies was about to be sent.
fn is_being_deleted(status: &Status) -> bool {
    matches!(status, Status::Staged(staged) if staged.aside.phase == Phase::Deleting)
}

/// Whether what is recorded gives way to the news that the server does not know the asset.
#[must_use]
pub const fn settles_missing(status: &Status) -> bool {
    match status {
        Status::Failed(_) => true,
        Status::Retired(_)
        | Status::Gone(_)
        | Status::Unknown { .. }
        | Status::Missing
        | Status::Restored { .. }
        | Status::Staged(_)
        | Status::Rescued => false,
    }
}

/// Keeps the message of the last refusal where the new one says the same.
fn share(before: Option<&Status>, message: &str) -> Arc<str> {
    match before {
        Some(Status::Failed(failed)) if *failed.message == *message => Arc::clone(&failed.message),
        Some(
            Status::Failed(_)
            | Status::Retired(_)
            | Status::Gone(_)
            | Status::Unknown { .. }
            | Status::Missing
            | Status::Restored { .. }
            | Status::Staged(_)
            | Status::Rescued,
        )
        | None => Arc::from(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::{AssetId, Kind};
    use crate::outcome::{Aside, FailureKind};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn failed(attempts: u32) -> Status {
        Status::Failed(Box::new(Failed {
            kind: FailureKind::Permission,
            message: "No.".into(),
            attempts,
        }))
    }

    fn after(before: Option<Status>, outcome: &Outcome) -> Status {
        let record = before.map(|status| Record {
            status,
            run: 1,
            at: at(1),
        });
        let now = absorb(record.as_ref(), outcome, 2, at(2));
        if record.as_ref() != Some(&now) {
            assert_eq!((now.run, now.at), (2, at(2)));
        }
        now.status
    }

    #[test]
    fn each_row_of_the_table() {
        let refusal = Outcome::Failed(Failure {
            kind: FailureKind::Permission,
            message: "No.".to_owned(),
        });
        let unknown = |attempts| Status::Unknown { attempts };
        let retired = Outcome::Retired(Evidence::Answer);
        let gone = Outcome::Gone(Evidence::Read);

        for before in [
            None,
            Some(failed(3)),
            Some(unknown(1)),
            Some(Status::Gone(Evidence::Read)),
            Some(Status::Missing),
            Some(Status::Retired(Evidence::Answer)),
        ] {
            assert_eq!(after(before, &retired), Status::Retired(Evidence::Answer));
        }
        for before in [
            None,
            Some(failed(1)),
            Some(unknown(1)),
            Some(Status::Gone(Evidence::Read)),
            Some(Status::Missing),
        ] {
            assert_eq!(after(before, &gone), Status::Gone(Evidence::Read));
        }
        let kept = Status::Retired(Evidence::Answer);
        assert_eq!(after(Some(kept.clone()), &gone), kept);

        // That the server does not know an asset is no evidence.
        let missing = Outcome::Missing;
        assert_eq!(after(None, &missing), Status::Missing);
        assert_eq!(after(Some(failed(1)), &missing), Status::Missing);
        for kept in [
            unknown(3),
            Status::Retired(Evidence::Answer),
            Status::Gone(Evidence::Read),
            Status::Missing,
        ] {
            let record = Record {
                status: kept,
                run: 1,
                at: at(1),
            };
            assert_eq!(absorb(Some(&record), &missing, 2, at(2)), record);
        }

        assert_eq!(after(None, &refusal), failed(1));
        assert_eq!(after(Some(failed(1)), &refusal), failed(2));
        assert_eq!(after(Some(unknown(2)), &refusal), failed(3));
        assert_eq!(after(Some(Status::Missing), &refusal), failed(1));
        assert_eq!(after(Some(failed(u32::MAX)), &refusal), failed(u32::MAX));

        assert_eq!(after(None, &Outcome::Unknown), unknown(1));
        assert_eq!(after(Some(failed(2)), &Outcome::Unknown), unknown(3));

        // However often one run asks, it is one attempt.
        let moment = at;
        let at = Timestamp::UNIX_EPOCH;
        let first = absorb(None, &Outcome::Unknown, 7, at);
        let second = absorb(Some(&first), &Outcome::Unknown, 7, at);
        let third = absorb(Some(&second), &refusal, 7, at);
        assert_eq!(third.status, failed(1));
        assert_eq!(absorb(Some(&third), &refusal, 8, at).status, failed(2));

        // When the delete of its folder was sent is not overtaken by a later try to move it back.
        let sent = |due| {
            Outcome::Staged(Aside {
                into: AssetId::from_uuid(uuid::Uuid::nil()),
                asset: Kind::File,
                due: moment(due),
                phase: Phase::Deleting,
                inside: None,
            })
        };
        let first = absorb(None, &sent(5), 7, moment(5));
        let again = absorb(Some(&first), &sent(9), 8, moment(9));
        assert_eq!((again.run, again.at), (7, moment(5)));
        assert_eq!(again.status.aside().unwrap().due, moment(9));

        // What shows it stays with it.
        let shown = absorb(None, &gone, 1, at);
        assert_eq!(shown.status, Status::Gone(Evidence::Read));
        let refused = absorb(Some(&shown), &refusal, 2, at);
        assert_eq!(refused.status.evidence(), None);
    }
}
