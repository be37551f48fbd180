//! How long things took lately, and how far ahead of the answers that lets a run write. Pure.

use std::time::Duration;

use crate::apply::Options;

/// What a mean gives to the newest figure: one part in so many.
const MEMORY: u32 = 8;

/// An answer that takes so many turns is worth no batch ahead: to wait for the turn after it costs
/// a worker two hundredths of its time.
const SLOW: u128 = 50;

/// An answer that takes fewer turns is so quick that it matters how often threads are woken.
const QUICK: u128 = 8;

/// How many turns' worth is journalled at once: with more at hand the turns, and the syncs and
/// wake-ups that they cost, can be fewer.
const SHARE: usize = 3;

/// How many batches are journalled ahead at least where answers are slower than quick: so many
/// may be answered at the same moment.
const FEW: usize = 4;

/// How many batches may be journalled beyond those under way at least and at most where answers
/// are quick, for each of these.
const EACH: [usize; 2] = [2, 8];

/// How long things took lately.
#[derive(Debug, Clone, Default)]
pub(in crate::apply) struct Tempo {
    /// How long a batch may take from when it is handed out to its answer.
    pub(in crate::apply) latency: Duration,
    /// How long a request took, in the mean; nothing before the first answer.
    answer: Option<Duration>,
    /// How long a turn of the dispatcher took, in the mean.
    turn: Duration,
}

impl Tempo {
    /// Takes notice of an answer: how long ago its batch was handed out, and how long its
    /// request took.
    pub(in crate::apply) fn answered(&mut self, since_given: Duration, took: Duration) {
        // What was slow lately may be slow again, and is forgotten by and by.
        self.latency = since_given.max(self.latency * 9 / 10);
        self.answer = Some(self.answer.map_or(took, |mean| blend(mean, took)));
    }

    /// Takes notice of a turn of the dispatcher: how long ago news were due when it handed out.
    pub(in crate::apply) fn turned(&mut self, took: Duration) {
        self.turn = blend(self.turn, took);
    }

    /// How many batches may be journalled beyond those under way, so that none of these has to
    /// wait for the journal: what is answered during a few turns.
    ///
    /// Whatever is journalled and not sent is unknown to whoever finds the run dead. So there is
    /// none where an answer takes much longer than a turn, as over a network, and never more
    /// than is under way unless answers are nearly as quick as turns.
    pub(in crate::apply) fn ahead(&self, options: Options) -> usize {
        let Some(answer) = self.answer.map(|answer| answer.as_nanos().max(1)) else {
            return 0;
        };
        let turn = self.turn.as_nanos();
        if turn.saturating_mul(SLOW) < answer {
            return 0;
        }
        let at_once = options.concurrency.get();
        // To the nearest number.
        let answered = ((at_once as u128).saturating_mul(turn) + answer / 2) / answer;
        let answered = usize::try_from(answered).unwrap_or(usize::MAX);
        let [least, most] = if turn.saturating_mul(QUICK) < answer {
            [FEW.min(at_once), at_once]
        } else {
            EACH.map(|each| at_once.saturating_mul(each))
        };
        answered.saturating_mul(SHARE).clamp(least, most)
    }
}

fn blend(mean: Duration, newest: Duration) -> Duration {
    (mean * (MEMORY - 1) + newest) / MEMORY
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::apply::tests::bench::Bench;

    #[test]
    fn it_runs_ahead_as_far_as_a_turn_is_long() {
        let options = Bench::new().options;
        let at_once = options.concurrency.get();
        let mut tempo = Tempo::default();
        let [short, long] = [1, 100].map(Duration::from_millis);
        tempo.turned(long);
        assert_eq!(tempo.ahead(options), 0, "nothing is answered yet");
        let mut tempo = Tempo::default();
        for _ in 0..100 {
            tempo.turned(short);
            tempo.answered(long, long);
        }
        assert_eq!(tempo.ahead(options), 0, "an answer takes a hundred turns");
        for _ in 0..100 {
            tempo.turned(short * 4);
        }
        assert_eq!(tempo.ahead(options), at_once, "it takes twenty-five");
        let many = Options {
            concurrency: NonZeroUsize::new(50).unwrap(),
            ..options
        };
        assert_eq!(tempo.ahead(many), 6, "two of fifty during a turn, thrice");
        for _ in 0..100 {
            tempo.turned(short);
        }
        for _ in 0..100 {
            tempo.answered(short, short);
        }
        assert_eq!(tempo.ahead(options), 3 * at_once, "one for one, thrice");
        for _ in 0..100 {
            tempo.turned(long);
        }
        assert_eq!(tempo.ahead(options), 8 * at_once, "and never further");
    }

    #[test]
    fn the_bounds_belong_to_the_quicker_side() {
        let options = Bench::new().options;
        let at_once = options.concurrency.get();
        let of = |answer: u64| Tempo {
            latency: Duration::ZERO,
            answer: Some(Duration::from_millis(answer)),
            turn: Duration::from_millis(1),
        };
        assert_eq!(of(51).ahead(options), 0);
        assert_eq!(of(50).ahead(options), FEW.min(at_once));
        assert_eq!(of(9).ahead(options), at_once);
        assert_eq!(of(8).ahead(options), 2 * at_once);
    }

    #[test]
    fn what_was_is_forgotten_by_and_by() {
        let mut tempo = Tempo::default();
        let [long, short] = [80, 0].map(Duration::from_millis);
        tempo.turned(long);
        assert_eq!(tempo.turn, long / 8);
        tempo.answered(long, long);
        tempo.answered(short, short);
        assert_eq!(tempo.answer, Some(long * 7 / 8));
        assert_eq!(tempo.latency, long * 9 / 10);
    }
}
