//! How this machine's clock goes beside the server's, by the dates of its answers.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::frameio::reply::Reply;

/// By how many seconds this machine's clock is ahead of the server's, by all answers; negative where
/// it is behind.
///
/// Whatever made an answer older or younger than it seems: what keeps goes by the earlier time, and
/// what allows something until its end by the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ahead {
    /// The least that an answer showed.
    pub(crate) least: i64,
    /// The most that an answer showed.
    pub(crate) most: i64,
}

/// What the answers have told of the time.
#[derive(Debug, Clone, Copy)]
struct Told {
    ahead: Ahead,
    /// The server's time at a moment that nothing sets back.
    anchor: (Instant, Timestamp),
}

impl Told {
    /// What time it is on the server, at least: an answer is as old as its way was long, and its date
    /// has seconds only.
    fn time(&self) -> Timestamp {
        let (moment, date) = self.anchor;
        later(date, moment.elapsed())
    }
}

/// Compares the two clocks by each answer that has a date.
#[derive(Debug)]
pub(super) struct Clocks {
    now: fn() -> Timestamp,
    told: Mutex<Option<Told>>,
}

impl Clocks {
    /// Nothing is known yet; `now` tells this machine's time.
    pub(super) const fn new(now: fn() -> Timestamp) -> Self {
        Self {
            now,
            told: Mutex::new(None),
        }
    }

    /// What time it is on this machine.
    pub(super) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Takes an answer to what was asked at that time of this machine.
    pub(super) fn look(&self, asked: Timestamp, reply: &Reply) {
        let Some(date) = reply.date() else {
            return;
        };
        let found = ahead_seconds(asked, date, self.now());
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let anchor = (Instant::now(), date);
        *told = Some(match *told {
            None => Told {
                ahead: Ahead {
                    least: found,
                    most: found,
                },
                anchor,
            },
            Some(before) => Told {
                ahead: Ahead {
                    least: before.ahead.least.min(found),
                    most: before.ahead.most.max(found),
                },
                // The latest that an answer showed is the nearest.
                anchor: if before.time() < date {
                    anchor
                } else {
                    before.anchor
                },
            },
        });
    }

    /// By how much this machine is ahead of the server, as far as answers had dates.
    pub(super) fn ahead(&self) -> Option<Ahead> {
        Some(self.told()?.ahead)
    }

    /// What time it is on the server, as far as answers had dates; however this machine's clock is
    /// set meanwhile, it goes on evenly.
    pub(super) fn time(&self) -> Option<Timestamp> {
        Some(self.told()?.time())
    }

    fn told(&self) -> Option<Told> {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time so much before another, to the millisecond.
#[must_use]
pub(crate) fn earlier(time: Timestamp, elapsed: Duration) -> Timestamp {
    let elapsed = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
    let earlier = time.checked_sub(SignedDuration::from_millis(elapsed));
    earlier.unwrap_or(Timestamp::MIN)
}

/// The time so much after another, to the millisecond.
#[must_use]
pub(crate) fn later(time: Timestamp, elapsed: Duration) -> Timestamp {
    let elapsed = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
    let later = time.checked_add(SignedDuration::from_millis(elapsed));
    later.unwrap_or(Timestamp::MAX)
}

/// By how many seconds this machine's clock is ahead of the server's, at least, by an answer that
/// came between two moments of this machine's clock; negative where it is behind.
///
/// The date of an answer is a whole second, and the answer was made at some time in it.
#[must_use]
pub(crate) fn ahead_seconds(asked: Timestamp, date: Timestamp, came: Timestamp) -> i64 {
    let date = date.as_second();
    let ahead = (asked.as_second() - date).max(0);
    let behind = (date - came.as_second()).max(0);
    ahead - behind
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use tokio::time::advance;

    use super::*;
    use crate::frameio::Body;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn dated(date: Option<i64>) -> Reply {
        Reply::Answered {
            status: 200,
            wait: None,
            limits: None,
            date: date.map(at),
            pages: None,
            body: Body::Whole(Vec::new()),
        }
    }

    #[test]
    fn a_date_between_question_and_answer_shows_no_difference_however_long_that_took() {
        for (asked, date, came, ahead) in [
            (1_000, 1_000, 1_000, 0),
            (1_000, 1_000, 4_600, 0),
            (1_000, 4_600, 4_600, 0),
            (1_000, 999, 4_600, 1),
            (1_000, 4_601, 4_600, -1),
            (1_000, -171_800, 1_000, 172_800),
        ] {
            assert_eq!(ahead_seconds(at(asked), at(date), at(came)), ahead);
        }
    }

    #[test]
    fn the_earliest_and_the_latest_time_of_the_server_count_and_no_date_changes_nothing() {
        let clocks = Clocks::new(|| Timestamp::from_second(1_000).unwrap());
        clocks.look(clocks.now(), &dated(None));
        assert_eq!(clocks.ahead(), None);
        for (date, least, most) in [
            (1_060, -60, -60),
            (1_030, -60, -30),
            (900, -60, 100),
            (1_000, -60, 100),
            (1_090, -90, 100),
        ] {
            clocks.look(clocks.now(), &dated(Some(date)));
            assert_eq!(clocks.ahead(), Some(Ahead { least, most }));
        }
    }

    /// What was sent before the clock of the machine was set ahead would seem to be later, or what was
    /// seen alive earlier, than it was: so would a line of somebody else's delete be taken for ours.
    #[tokio::test(start_paused = true)]
    async fn the_time_of_the_server_goes_on_evenly_whatever_is_done_to_the_clock_of_the_machine() {
        static MACHINE: AtomicI64 = AtomicI64::new(1_000);
        let clocks = Clocks::new(|| at(MACHINE.load(Ordering::Relaxed)));
        assert_eq!(clocks.time(), None);
        clocks.look(clocks.now(), &dated(None));
        assert_eq!(clocks.time(), None);
        clocks.look(clocks.now(), &dated(Some(5_000)));
        assert_eq!(clocks.time(), Some(at(5_000)));
        for set in [900_000, 0, 1_000] {
            MACHINE.store(set, Ordering::Relaxed);
            let before = clocks.time().unwrap();
            advance(Duration::from_millis(1_500)).await;
            let after = clocks.time().unwrap();
            assert_eq!(
                after.duration_since(before),
                SignedDuration::from_millis(1_500)
            );
        }
        // 4.5 seconds have gone by: an answer that took long moves nothing, and one that is nearer does.
        clocks.look(clocks.now(), &dated(Some(5_003)));
        assert_eq!(
            clocks.time(),
            Some(later(at(5_000), Duration::from_millis(4_500)))
        );
        clocks.look(clocks.now(), &dated(Some(5_005)));
        assert_eq!(clocks.time(), Some(at(5_005)));
    }

    #[test]
    fn times_end_where_they_cannot_be_counted_any_more() {
        assert_eq!(later(Timestamp::MAX, Duration::MAX), Timestamp::MAX);
        assert_eq!(earlier(Timestamp::MIN, Duration::MAX), Timestamp::MIN);
        assert_eq!(earlier(at(10), Duration::from_secs(3)), at(7));
    }
}
