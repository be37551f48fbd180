//! Asks the token endpoint for what a sign-in needs, for no longer than anything is waited for.

use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime;
use tokio::time::{Instant, sleep, timeout};

use crate::app::Host;
use crate::app::error::Error;
use crate::app::provenance::random;
use crate::app::waits::told_of_wait;
use crate::event::{RateLimit, StopReason};
use crate::frameio::client::{SLOW, Wait, Why};
use crate::frameio::ims::NoToken;
use crate::frameio::jitter::Jitter;
use crate::frameio::retry::Retries;

/// How long somebody waits who signs in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// How often what went wrong is asked again, and for how long.
    pub(crate) retries: Retries,
    /// How long a request may take in all.
    pub(crate) request: Duration,
    /// How much is left of the time that the command was given.
    pub(crate) left: Option<Duration>,
}

/// Asks until there is an answer; whoever is around hears of each wait.
///
/// # Errors
///
/// Returns why there is none.
pub(crate) fn ask<T>(
    patience: Patience,
    around: (&dyn Host, fn() -> Timestamp),
    ask: impl AsyncFn() -> Result<T, NoToken>,
) -> Result<T, Error> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let asking = asked(patience, around, ask);
    runtime.map_err(Error::Threads)?.block_on(async {
        let Some(left) = patience.left else {
            return asking.await;
        };
        let late = || Error::OutOfTime("the answer of the token endpoint".to_owned());
        timeout(left, asking).await.map_err(|_late| late())?
    })
}

async fn asked<T>(
    Patience {
        retries, request, ..
    }: Patience,
    (host, now): (&dyn Host, fn() -> Timestamp),
    ask: impl AsyncFn() -> Result<T, NoToken>,
) -> Result<T, Error> {
    let began = Instant::now();
    let mut jitter = Jitter::new(random().as_u64_pair().0);
    let mut short = Duration::ZERO;
    let mut tell = |wait: &Wait| {
        if let Some(text) = told_of_wait(wait, &mut short, now()) {
            host.message(&text);
        }
    };
    let mut tries = 0;
    loop {
        let longest = retries.answer(began.elapsed()).min(request);
        let mut asking = pin!(timeout(longest, ask()));
        let answer = if let Ok(answer) = timeout(SLOW, &mut asking).await {
            answer
        } else {
            tell(&Wait {
                rate_limit: RateLimit::Token,
                time: longest.saturating_sub(SLOW),
                why: Why::Answer,
            });
            asking.await
        };
        let waited = began.elapsed();
        let silent = || StopReason::no_answer(RateLimit::Token, waited);
        let answer = answer.map_err(|_late| Error::Stopped(silent()))?;
        let (time, why) = match answer {
            Ok(told) => return Ok(told),
            Err(why) => next(why, retries, (tries, waited), silent).map_err(Error::Stopped)?,
        };
        tries += 1;
        let wait = Wait {
            rate_limit: RateLimit::Token,
            time: match why {
                Why::Retry { .. } => jitter.up_to(time),
                Why::Limit | Why::Answer => time,
            },
            why,
        };
        tell(&wait);
        sleep(wait.time).await;
    }
}

/// After how long it is asked again, and why; or why not.
fn next(
    why: NoToken,
    retries: Retries,
    (tries, waited): (u32, Duration),
    silent: impl Fn() -> StopReason,
) -> Result<(Duration, Why), StopReason> {
    let pause = retries.pause(tries, waited);
    match why {
        NoToken::Refused { detail } => Err(StopReason::NoToken { detail }),
        NoToken::Redirected { detail } => Err(StopReason::WrongEndpoint { detail }),
        // A code is good once, and it may have been taken.
        NoToken::Silent { detail: _ } => Err(silent()),
        NoToken::Busy { wait, detail: _ } => {
            let time = wait.unwrap_or_else(|| retries.longest(tries));
            let fits = pause.is_some() && waited.saturating_add(time) <= retries.within;
            if fits {
                Ok((time, Why::Limit))
            } else {
                Err(StopReason::rate_limited(RateLimit::Token, time))
            }
        }
        NoToken::NotReachable { detail } => match pause {
            Some(longest) => {
                let tries = tries + 1;
                Ok((longest, Why::Retry { tries, detail }))
            }
            None => Err(StopReason::NotReachable { detail }),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::app::OnSignal;
    use crate::frameio::mask::Secrets;

    /// Who hears what is said.
    #[derive(Debug, Default)]
    struct Heard(std::sync::Mutex<Vec<String>>);

    impl Host for Heard {
        fn message(&self, text: &str) {
            self.0.lock().unwrap().push(text.to_owned());
        }

        fn warn(&self, _: &str) {}

        fn hide(&self, _: &Secrets) {}

        fn give_signals(&self, _: OnSignal) {}

        fn take_signals_back(&self) {}
    }

    /// What comes of answers one after another, none of which is waited for where there is none
    /// left; and how often was asked, and what was said.
    async fn asks(answers: Vec<Result<(), NoToken>>) -> (Result<(), String>, usize, String) {
        let second = Duration::from_secs;
        let patience = Patience {
            retries: Retries {
                tries: 3,
                within: second(20),
                answer: second(5),
                backoff: second(1),
            },
            request: second(60),
            left: None,
        };
        let heard = Heard::default();
        let (asked_for, answers) = (Cell::new(0), RefCell::new(answers.into_iter()));
        let ask = async || {
            asked_for.set(asked_for.get() + 1);
            let next = answers.borrow_mut().next();
            match next {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        };
        let now = || Timestamp::UNIX_EPOCH;
        let told = asked(patience, (&heard, now), ask).await;
        let told = told.map_err(|error| error.to_string());
        let said = heard.0.into_inner().unwrap().join("\n");
        (told, asked_for.get(), said)
    }

    fn busy(seconds: u64) -> Result<(), NoToken> {
        Err(NoToken::Busy {
            wait: Some(Duration::from_secs(seconds)),
            detail: "status 429".to_owned(),
        })
    }

    fn detail() -> String {
        "words".to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn every_wait_of_a_sign_in_has_an_end_and_a_reason() {
        assert_eq!(asks(vec![Ok(())]).await, (Ok(()), 1, String::new()));
        let (told, times, said) = asks(vec![busy(8), Ok(())]).await;
        assert_eq!((told, times), (Ok(()), 2));
        let limit =
            "The limit of the token endpoint is used up: waiting 8.0 s, until 00:00:08 UTC …";
        assert_eq!(said, limit);
        let (told, times, _) = asks(vec![busy(3_600)]).await;
        assert!(told.unwrap_err().contains("for another 1 h"), "an hour");
        assert_eq!(times, 1);
        let (told, times, said) = asks(Vec::new()).await;
        let silent = "the token endpoint takes requests and answers none: waited 20 s for a token";
        assert!(told.unwrap_err().starts_with(silent));
        assert_eq!(times, 1, "a code is good once");
        assert!(said.contains("at most 15 s, until 00:00:15 UTC"), "{said}");
        let away = || Err(NoToken::NotReachable { detail: detail() });
        let (told, times, _) = asks(vec![away(), Ok(())]).await;
        assert_eq!((told, times), (Ok(()), 2));
        let (told, times, _) = asks((0..9).map(|_| away()).collect()).await;
        assert!(told.unwrap_err().contains("could not be reached"));
        assert_eq!(times, 4);
        for why in [
            NoToken::Refused { detail: detail() },
            NoToken::Redirected { detail: detail() },
            NoToken::Silent { detail: detail() },
        ] {
            let (told, times, _) = asks(vec![Err(why)]).await;
            assert!(told.is_err());
            assert_eq!(times, 1);
        }
    }
}
