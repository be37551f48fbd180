//! What people are told of the waits of what is read.

use std::mem;
use std::time::Duration;

use jiff::Timestamp;

use crate::event::RateLimit;
use crate::frameio::client::{Wait, Why};
use crate::render::escape::escape;
use crate::render::summary::duration;

/// The shortest wait that is told: after it people ask themselves whether anything goes on.
const LONG_WAIT: Duration = Duration::from_secs(5);

/// How long short waits take together until they are told: a line every few seconds.
const LONG_PACE: Duration = Duration::from_secs(10);

/// What is told of a wait that people would wonder about: why it is, how long, and when it ends.
/// Short ones follow one another where a limit sets the pace: they are told together, `short` so
/// much of them at a time.
pub(super) fn told_of_wait(wait: &Wait, short: &mut Duration, now: Timestamp) -> Option<String> {
    let Wait {
        rate_limit,
        time,
        why,
    } = wait;
    let end = now.checked_add(*time).unwrap_or(now).strftime("%H:%M:%S");
    let call = rate_limit.name();
    // Of an answer it is told only after a while, however soon that ends.
    if *time < LONG_WAIT && *why != Why::Answer {
        if *why == Why::Limit {
            *short += *time;
        }
        if *short < LONG_PACE {
            return None;
        }
        let waited = duration(mem::take(short));
        return Some(format!(
            "The server's limit of `{call}` sets the pace: waited {waited} in all, now until {end} UTC …"
        ));
    }
    *short = Duration::ZERO;
    let time = format!("{}, until {end} UTC …", duration(*time));
    Some(match why {
        Why::Limit if *rate_limit == RateLimit::Token => {
            format!("The limit of the token endpoint is used up: waiting {time}")
        }
        Why::Limit => format!("The server's limit of `{call}` is used up: waiting {time}"),
        Why::Answer if *rate_limit == RateLimit::Token => {
            format!("No answer of the token endpoint yet: waiting for it, at most {time}")
        }
        Why::Answer => format!("No answer to `{call}` yet: waiting for it, at most {time}"),
        Why::Retry { tries: _, detail } => {
            let detail = escape(detail);
            format!("A `{call}` request went wrong ({detail}) and is made again: waiting {time}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_waits_are_told_together_and_a_long_one_at_once() {
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        let mut short = Duration::ZERO;
        let mut told = |millis| {
            let wait = Wait {
                rate_limit: RateLimit::Children,
                time: Duration::from_millis(millis),
                why: Why::Limit,
            };
            told_of_wait(&wait, &mut short, now)
        };
        for _ in 0..16 {
            assert_eq!(told(600), None);
        }
        assert_eq!(
            told(600).unwrap(),
            "The server's limit of `children` sets the pace: waited 10 s in all, now until 12:00:00 UTC …"
        );
        assert_eq!(told(4_999), None);
        assert_eq!(
            told(5_000).unwrap(),
            "The server's limit of `children` is used up: waiting 5.0 s, until 12:00:05 UTC …"
        );
        assert_eq!(told(4_999), None, "the long one was told");
        let answer = Wait {
            rate_limit: RateLimit::Children,
            time: Duration::from_secs(55),
            why: Why::Answer,
        };
        assert_eq!(
            told_of_wait(&answer, &mut short, now).unwrap(),
            "No answer to `children` yet: waiting for it, at most 55 s, until 12:00:55 UTC …"
        );
    }
}
