use proptest::prelude::*;

use super::*;

/// The server's own bucket: docs/frameio-api.md, "Rate limits".
struct Server {
    limit: u32,
    window: f64,
    level: f64,
    at: f64,
}

impl Server {
    fn take(&mut self, now: Duration) -> (bool, Limits) {
        let now = now.as_secs_f64() * 1e3;
        self.level = (self.level - (now - self.at)).max(0.0);
        self.at = now;
        let cost = (self.window / f64::from(self.limit)).round();
        let taken = self.level + cost <= self.window;
        if taken {
            self.level += cost;
        }
        let left =
            ((self.window - self.level).max(0.0) / (self.window / f64::from(self.limit))).round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small figure that is not negative"
        )]
        let limits = Limits {
            limit: self.limit,
            remaining: left as u32,
            window: Duration::from_secs_f64(self.window / 1e3),
        };
        (taken, limits)
    }
}

/// Runs for a while against the server with answers that take `latency`; returns how many
/// requests were taken and refused in each window.
fn drive(
    limit: u32,
    window: Duration,
    most: usize,
    latency: Duration,
    windows: u32,
) -> Vec<(u32, u32)> {
    let mut server = Server {
        limit,
        window: window.as_secs_f64() * 1e3,
        level: 0.0,
        at: 0.0,
    };
    let mut pacer = Pacer::new(most);
    let mut figures = vec![(0, 0); windows as usize];
    let mut coming: Vec<(Duration, bool, Limits)> = Vec::new();
    let mut now = Duration::ZERO;
    let end = window * windows;
    while now < end {
        while let Some(at) = pacer.opens(RateLimit::BulkDelete)
            && at <= now
        {
            pacer.sent(RateLimit::BulkDelete, now);
            let (taken, limits) = server.take(now + latency / 2);
            coming.push((now + latency, taken, limits));
            let which = usize::try_from(now.as_nanos() / window.as_nanos()).unwrap();
            if taken {
                figures[which].0 += 1;
            } else {
                figures[which].1 += 1;
            }
        }
        let next = coming.iter().map(|(at, ..)| *at).min();
        let opens = pacer.opens(RateLimit::BulkDelete).filter(|at| *at > now);
        now = [next, opens].into_iter().flatten().min().unwrap();
        let due = coming.iter().position(|(at, ..)| *at <= now);
        if let Some((_, taken, limits)) = due.map(|place| coming.remove(place)) {
            let pace = if taken {
                Pace::Taken
            } else {
                Pace::Refused { wait: None }
            };
            pacer.answered(RateLimit::BulkDelete, now, Some(limits), pace);
        }
    }
    figures
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// After the first window, at least 95 % of what the limit allows gets through, and
    /// fewer than 1 % of the requests are refused.
    #[test]
    fn the_limit_is_used_and_not_strained(
        (limit, window_ms) in prop_oneof![
            Just((50, 1_000)), Just((100, 60_000)), Just((60, 60_000)),
            Just((5, 1_000)), Just((200, 60_000)), (20_u32..500, 1_000_u32..60_000),
        ],
        most in 2_usize..=16,
        latency_ms in 1_u64..40,
    ) {
        let window = Duration::from_millis(window_ms.into());
        let latency = Duration::from_millis(latency_ms);
        // A bound that the latency sets, whatever the limit, is not the pacer's.
        let at_once = u32::try_from(most).unwrap();
        prop_assume!(latency * limit < window * at_once / 2);
        let figures = drive(limit, window, most, latency, 7);
        let (taken, refused) = figures[2..]
            .iter()
            .fold((0, 0), |(taken, refused), (more, less)| (taken + more, refused + less));
        // The server rounds the cost of a request to whole milliseconds.
        let cost = (f64::from(window_ms) / f64::from(limit)).round();
        let allowed = 5.0 * (f64::from(window_ms) / cost).min(f64::from(limit));
        prop_assert!(f64::from(taken) >= 0.95 * allowed, "{taken} of {allowed}");
        prop_assert!(f64::from(refused) < 0.01 * f64::from(taken), "{refused} of {taken}: {figures:?}");
    }
}

#[test]
fn a_refusal_halves_the_window_and_success_widens_it_by_one_a_round() {
    let mut pacer = Pacer::new(8);
    let rate_limit = RateLimit::BulkDelete;
    for _ in 0..8 {
        assert!(pacer.opens(rate_limit).is_some());
        pacer.sent(rate_limit, Duration::ZERO);
    }
    assert_eq!(pacer.opens(rate_limit), None, "never more than eight");
    let now = Duration::from_millis(1);
    let pause = pacer
        .answered(rate_limit, now, None, Pace::Refused { wait: None })
        .unwrap();
    assert_eq!((pause.wait, pause.window), (UNTOLD_PAUSE, 4));
    let again = pacer.answered(rate_limit, now, None, Pace::Refused { wait: None });
    assert_eq!(again.unwrap().window, 4, "together they are one refusal");
    for _ in 0..6 {
        pacer.answered(rate_limit, now, None, Pace::Taken);
    }
    assert_eq!(pacer.opens(rate_limit), Some(now + UNTOLD_PAUSE));
    let mut later = Duration::from_secs(5);
    for _ in 0..64 {
        pacer.sent(rate_limit, later);
        later += Duration::from_millis(1);
        pacer.answered(rate_limit, later, None, Pace::Taken);
    }
    assert_eq!(pacer.window(rate_limit), 8);
}

#[test]
fn refusals_in_a_row_wait_longer_each_time_and_as_told() {
    let mut pacer = Pacer::new(1);
    let rate_limit = RateLimit::ReadAsset;
    let mut now = Duration::ZERO;
    let mut waits = Vec::new();
    for _ in 0..9 {
        now = now.max(pacer.opens(rate_limit).unwrap());
        pacer.sent(rate_limit, now);
        let pause = pacer.answered(rate_limit, now, None, Pace::Refused { wait: None });
        waits.push(pause.unwrap().wait.as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    now = now.max(pacer.opens(rate_limit).unwrap());
    pacer.sent(rate_limit, now);
    let told = Some(Duration::from_secs(7));
    let pause = pacer.answered(rate_limit, now, None, Pace::Refused { wait: told });
    assert_eq!(pause.unwrap().wait, Duration::from_secs(7));
    assert_eq!(pacer.rate_limits[&rate_limit].refusals, 10);
}

#[test]
fn nobody_waits_beyond_the_time_that_a_request_is_made_again() {
    let second = Duration::from_secs;
    let rate_limit = RateLimit::Accounts;
    let mut pacer = Pacer::new(1);
    assert_eq!(pacer.is_late(rate_limit, second(0), second(0)), None);
    let refuse = |pacer: &mut Pacer, now, wait: Option<u64>| {
        pacer.sent(rate_limit, second(now));
        let wait = wait.map(second);
        pacer.answered(rate_limit, second(now), None, Pace::Refused { wait });
    };
    refuse(&mut pacer, 10, Some(20));
    assert_eq!(pacer.is_late(rate_limit, second(10), second(20)), None);
    let late = Some((second(20), rate_limit));
    assert_eq!(pacer.is_late(rate_limit, second(10), second(19)), late);
    // What comes later counts from the first refusal on.
    refuse(&mut pacer, 30, Some(20));
    assert_eq!(pacer.is_late(rate_limit, second(30), second(39)), late);
    assert_eq!(pacer.is_late(rate_limit, second(30), second(40)), None);
    assert_eq!(pacer.is_late(rate_limit, second(50), second(0)), None);
    // A limit that the headers foresee is the pace, up to a minute.
    for (window, is_late) in [(60, false), (61, true)] {
        let mut pacer = Pacer::new(1);
        pacer.sent(rate_limit, second(0));
        let limits = Limits {
            limit: 1,
            remaining: 0,
            window: second(window),
        };
        pacer.answered(rate_limit, second(0), Some(limits), Pace::Taken);
        let late = pacer.is_late(rate_limit, second(0), second(30));
        assert_eq!(late.is_some(), is_late, "{window}");
    }
}

#[test]
fn without_a_token_nothing_is_sent_and_its_limit_is_what_keeps_all_closed() {
    let second = Duration::from_secs;
    let (files, folders) = (RateLimit::ShowFile, RateLimit::ShowFolder);
    let mut pacer = Pacer::new(2);
    pacer.sent(files, second(1));
    let wait = Some(second(20));
    let pause = pacer.answered(files, second(1), None, Pace::NoToken { wait });
    let expected = Pause {
        rate_limit: RateLimit::Token,
        wait: second(20),
        window: 1,
    };
    assert_eq!(pause, Some(expected));
    for limit in [files, folders] {
        assert_eq!(pacer.opens(limit), Some(second(21)));
        assert_eq!(pacer.closed_by(limit), RateLimit::Token);
        let late = pacer.is_late(limit, second(1), second(19));
        assert_eq!(late, Some((second(20), RateLimit::Token)));
        assert_eq!(pacer.is_late(limit, second(1), second(20)), None);
    }
    // A limit of its own may keep one closed for longer.
    pacer.pause(folders, second(30));
    assert_eq!(pacer.closed_by(folders), folders);
    // Patience counts anew once there was a token.
    pacer.sent(files, second(21));
    pacer.answered(files, second(21), None, Pace::Taken);
    pacer.sent(files, second(22));
    pacer.answered(files, second(22), None, Pace::NoToken { wait });
    assert_eq!(pacer.is_late(files, second(22), second(20)), None);
}

#[test]
fn a_server_that_asks_for_no_wait_and_refuses_is_not_asked_without_end() {
    let mut pacer = Pacer::new(4);
    let (rate_limit, within) = (RateLimit::BulkDelete, Duration::from_secs(30));
    let (mut now, mut requests) = (Duration::ZERO, 0);
    while pacer.is_late(rate_limit, now, within).is_none() {
        now = pacer.opens(rate_limit).unwrap_or(now).max(now);
        pacer.sent(rate_limit, now);
        let wait = Some(Duration::ZERO);
        pacer.answered(rate_limit, now, None, Pace::Refused { wait });
        requests += 1;
        assert!(requests < 200, "{now:?}");
    }
    assert!(now <= within);
}
