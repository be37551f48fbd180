//! How this machine's clock goes beside the server's, by the dates of its answers.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

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

/// Compares the two clocks by each answer that has a date.
#[derive(Debug)]
pub(super) struct Clocks {
    now: fn() -> Timestamp,
    ahead: Mutex<Option<Ahead>>,
}

impl Clocks {
    /// Nothing is known yet; `now` tells this machine's time.
    pub(super) const fn new(now: fn() -> Timestamp) -> Self {
        Self {
            now,
            ahead: Mutex::new(None),
        }
    }

    /// What time it is on this machine.
    pub(super) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Takes an answer to what was asked at that time of this machine.
    pub(super) fn look(&self, asked: Timestamp, reply: &Reply) {
        if let Some(date) = reply.date() {
            let found = ahead_seconds(asked, date, self.now());
            let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
            let before = ahead.unwrap_or(Ahead {
                least: found,
                most: found,
            });
            *ahead = Some(Ahead {
                least: before.least.min(found),
                most: before.most.max(found),
            });
        }
    }

    /// By how much this machine is ahead of the server, as far as answers had dates.
    pub(super) fn ahead(&self) -> Option<Ahead> {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
}
