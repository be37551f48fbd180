//! The breakers: when a run stops by itself because something is wrong with all of it. Pure.

use crate::event::{StopReason, Task};

/// How many missing or refused assets a share is made of at least. Below it a run goes on and
/// says what it saw; from it on the shares count.
pub const SAMPLE: usize = 10;

/// When a run stops by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest share of assets, in percent, that the server may not know.
    pub max_404_percent: u8,
    /// The largest share of assets, in percent, that the server may refuse.
    pub max_failure_percent: u8,
    /// How many requests in a row may come to nothing.
    pub max_failed_batches: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_404_percent: 50,
            max_failure_percent: 50,
            max_failed_batches: 10,
        }
    }
}

/// What one answer said of the assets that are new to the server: asked for the first time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many were deleted.
    pub retired: usize,
    /// How many were refused.
    pub failed: usize,
    /// How many of these were refused for want of a right.
    pub forbidden: usize,
    /// How many the server does not know, with nothing that shows them to be deleted.
    pub missing: usize,
    /// How many the server does not know either, and people say to be gone. They have no part in
    /// any share; a server that knows nothing else is the wrong one all the same.
    pub accepted: usize,
    /// How many were shown to be deleted before; they show that the server is the right one, and
    /// have no part in any share.
    pub shown: usize,
}

impl Tally {
    /// How many assets were answered for.
    const fn answered(self) -> usize {
        let Self {
            retired,
            failed,
            forbidden: _,
            missing,
            accepted: _,
            shown: _,
        } = self;
        retired + failed + missing
    }
}

/// Counts what the server says, and trips.
#[derive(Debug, Clone)]
pub struct Breaker {
    limits: Limits,
    /// Whether earlier runs have shown that the account is the right one.
    vouched: bool,
    total: Tally,
    /// Deletes, and readings: after a delete that went wrong its assets are read, and that these
    /// readings go well says nothing of deletes.
    failed_in_a_row: [u32; 2],
}

const fn place(task: Task) -> usize {
    match task {
        Task::Delete | Task::Restore | Task::Stage | Task::Unstage | Task::Collect => 0,
        Task::Resolve => 1,
    }
}

impl Breaker {
    /// Starts with nothing counted; `vouched` says that earlier runs have shown that the account
    /// is the right one.
    #[must_use]
    pub fn new(limits: Limits, vouched: bool) -> Self {
        Self {
            limits,
            vouched,
            total: Tally::default(),
            failed_in_a_row: [0; 2],
        }
    }

    /// Takes an answer; returns why the run must stop, if it must.
    pub fn answered(&mut self, tally: Tally) -> Option<StopReason> {
        let Tally {
            retired,
            failed,
            forbidden,
            missing,
            accepted,
            shown,
        } = tally;
        self.total.retired += retired;
        self.total.failed += failed;
        self.total.forbidden += forbidden;
        self.total.missing += missing;
        self.total.accepted += accepted;
        self.total.shown += shown;
        self.verdict()
    }

    /// Whether it would trip if so many more were missing.
    #[must_use]
    pub fn would_trip(&self, missing: usize) -> bool {
        let mut then = self.clone();
        then.total.missing += missing;
        then.verdict().is_some()
    }

    /// Takes an answer that can be trusted, whatever it says.
    pub const fn sound(&mut self, task: Task) {
        self.failed_in_a_row[place(task)] = 0;
    }

    /// Takes a request of which nothing that can be trusted came back; returns why the run must
    /// stop, if it must.
    pub fn troubled(&mut self, task: Task, detail: &str) -> Option<StopReason> {
        let failed = &mut self.failed_in_a_row[place(task)];
        *failed = failed.saturating_add(1);
        let batches = *failed;
        (batches >= self.limits.max_failed_batches).then(|| StopReason::FailedBatches {
            batches,
            detail: detail.to_owned(),
        })
    }

    /// Whether the server has shown that it knows at least one asset of ours.
    #[must_use]
    const fn has_passed(&self) -> bool {
        self.total.retired + self.total.failed + self.total.shown > 0
    }

    /// How many requests in a row have come to nothing.
    #[must_use]
    pub fn failed_in_a_row(&self) -> u32 {
        let [deletes, readings] = self.failed_in_a_row;
        deletes.max(readings)
    }

    fn verdict(&self) -> Option<StopReason> {
        let Tally {
            retired,
            failed,
            forbidden,
            missing,
            accepted,
            shown,
        } = self.total;
        let answered = self.total.answered();
        let not_known = missing + accepted;
        if not_known >= SAMPLE && !self.has_passed() && !self.vouched {
            return Some(StopReason::WrongAccount { missing: not_known });
        }
        // With V4 a missing right is told asset by asset: where none gets through for want of it,
        // it is the token that lacks it.
        if forbidden >= SAMPLE && forbidden == failed && retired + shown == 0 {
            let detail = format!("each of the first {forbidden} assets was refused (status 403)");
            return Some(StopReason::NotAuthorised { detail });
        }
        if exceeds(missing, answered, self.limits.max_404_percent) {
            return Some(StopReason::TooManyMissing { missing, answered });
        }
        if exceeds(failed, answered, self.limits.max_failure_percent) {
            return Some(StopReason::TooManyFailures { failed, answered });
        }
        None
    }
}

fn exceeds(part: usize, whole: usize, percent: u8) -> bool {
    part >= SAMPLE && part.saturating_mul(100) > whole.saturating_mul(percent.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(retired: usize, failed: usize, missing: usize) -> Tally {
        Tally {
            retired,
            failed,
            missing,
            ..Tally::default()
        }
    }

    fn breaker() -> Breaker {
        Breaker::new(Limits::default(), false)
    }

    #[test]
    fn a_share_beyond_its_limit_trips_from_the_tenth_on() {
        let mut breaker = Breaker::new(Limits::default(), true);
        assert_eq!(breaker.answered(tally(0, 0, 9)), None);
        assert!(breaker.would_trip(1) && !breaker.would_trip(0));
        let stop = breaker.answered(tally(0, 0, 1));
        assert_eq!(
            stop,
            Some(StopReason::TooManyMissing {
                missing: 10,
                answered: 10
            })
        );

        let mut breaker = self::breaker();
        assert_eq!(breaker.answered(tally(10, 0, 10)), None, "half is allowed");
        assert!(breaker.has_passed());
        assert!(breaker.would_trip(1));
        assert!(breaker.answered(tally(0, 0, 1)).is_some());

        let mut breaker = self::breaker();
        let stop = breaker.answered(tally(3, 12, 0));
        assert_eq!(
            stop,
            Some(StopReason::TooManyFailures {
                failed: 12,
                answered: 15
            })
        );
    }

    #[test]
    fn what_is_shown_to_be_deleted_has_no_part_in_a_share_and_vouches() {
        let mut breaker = self::breaker();
        let shown = Tally {
            shown: 100,
            ..Tally::default()
        };
        assert_eq!(breaker.answered(shown), None);
        assert!(breaker.has_passed());
        assert_eq!(breaker.answered(tally(0, 0, 9)), None);
        assert!(matches!(
            breaker.answered(tally(0, 0, 1)),
            Some(StopReason::TooManyMissing { answered: 10, .. })
        ));
    }

    #[test]
    fn where_nothing_is_found_or_gets_through_it_is_the_account_or_the_token() {
        let limits = Limits {
            max_404_percent: 100,
            max_failure_percent: 100,
            ..Limits::default()
        };
        let mut breaker = Breaker::new(limits, false);
        assert_eq!(breaker.answered(tally(0, 0, 9)), None);
        let stop = breaker.answered(tally(0, 0, 1));
        assert_eq!(stop, Some(StopReason::WrongAccount { missing: 10 }));
        let mut breaker = Breaker::new(limits, true);
        assert_eq!(breaker.answered(tally(0, 0, 500)), None, "vouched for");

        let forbidden = |forbidden| Tally {
            forbidden,
            ..tally(0, forbidden, 0)
        };
        let mut breaker = Breaker::new(limits, false);
        assert_eq!(breaker.answered(forbidden(9)), None);
        assert!(matches!(
            breaker.answered(forbidden(1)),
            Some(StopReason::NotAuthorised { .. })
        ));
        let shown = Tally {
            shown: 1,
            ..Tally::default()
        };
        for one in [tally(1, 0, 0), tally(0, 1, 0), shown] {
            let mut breaker = Breaker::new(limits, false);
            assert_eq!(breaker.answered(one), None);
            assert_eq!(breaker.answered(forbidden(50)), None, "one got through");
        }
    }

    #[test]
    fn what_people_say_to_be_gone_is_no_share_and_no_sign_of_the_right_account() {
        let accepted = |accepted| Tally {
            accepted,
            ..Tally::default()
        };
        let mut breaker = self::breaker();
        assert_eq!(breaker.answered(accepted(9)), None);
        let stop = breaker.answered(tally(0, 0, 1));
        assert_eq!(stop, Some(StopReason::WrongAccount { missing: 10 }));
        let mut breaker = self::breaker();
        assert_eq!(breaker.answered(tally(1, 0, 0)), None);
        assert_eq!(breaker.answered(accepted(500)), None, "one is known");
        let mut breaker = Breaker::new(Limits::default(), true);
        assert_eq!(breaker.answered(accepted(500)), None, "vouched for");
    }

    #[test]
    fn a_limit_of_a_hundred_never_trips() {
        let limits = Limits {
            max_404_percent: 100,
            max_failure_percent: 100,
            ..Limits::default()
        };
        let mut breaker = Breaker::new(limits, false);
        assert_eq!(breaker.answered(tally(0, 500, 500)), None);
        assert_eq!(breaker.answered(tally(0, 0, 100_000)), None);
    }
}
