//! What goes between the dispatcher and the workers, seen from outside.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::apply::dispatcher::Dispatcher;
use crate::apply::readings::Readings;
use crate::apply::strategy::Bulk;
use crate::apply::tests::bench::{Heard, info};
use crate::apply::tests::world::answer;
use crate::apply::worker::Workers;
use crate::apply::{Clock, Run};
use crate::event::RateLimit;
use crate::frameio::client::OnWait;
use crate::frameio::deleter::Deleter;
use crate::frameio::transport::Longest;
use crate::frameio::{Reply, v2};

/// Answers at once or after a while, now and then with trouble, and counts what is under way.
#[derive(Clone)]
struct Fickle {
    seed: Arc<AtomicUsize>,
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Deleter<v2::Call> for Fickle {
    async fn send(&self, call: &v2::Call, _: Longest, _: OnWait) -> Reply {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let random = self.seed.fetch_add(0x9e37_79b9, Ordering::SeqCst);
        let random = random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        match random % 5 {
            0 => tokio::task::yield_now().await,
            1 => tokio::time::sleep(Duration::from_micros(random as u64 / 7 % 3_000)).await,
            _ => {}
        }
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        if let v2::Call::Read(v2::Read::Asset(id)) = call {
            let gone = format!(r#"{{"id":"{id}","deleted_at":"2026-01-01T00:00:00Z"}}"#);
            return answer(200, &gone);
        }
        match random / 11 % 200 {
            0 => answer(503, "{}"),
            1 => answer(429, "{}"),
            2 => Reply::Lost {
                detail: "lost".to_owned(),
            },
            3 => answer(200, "{"),
            4 => answer(422, "{}"),
            _ => answer(200, r#"{"error":{}}"#),
        }
    }
}

#[test]
fn every_batch_is_heard_of_once_and_no_more_are_under_way_than_may() {
    for (round, at_once) in [1, 2, 3, 8, 64].into_iter().enumerate() {
        let mut bench = Bench::new();
        bench.options.concurrency = NonZeroUsize::new(at_once).unwrap();
        bench.options.batch_size = NonZeroUsize::new(1 + round % 3).unwrap();
        bench.options.canary = round % 2 * 3;
        let server = Fickle {
            seed: Arc::new(AtomicUsize::new(round)),
            under_way: Arc::default(),
            most: Arc::default(),
        };
        let (mut session, state) = bench.open();
        let approved = approved(&state, 1..=1_500);
        let mut heard = Heard::default();
        let ended = bench.run(
            &mut session,
            state,
            &approved,
            &server,
            &mut heard,
            inbox::<Bulk>(),
        );
        assert_eq!((ended.ending, ended.left), (Ending::Done, 0));
        assert!(server.most.load(Ordering::SeqCst) <= at_once);
        let (mut given, mut closed) = (BTreeSet::new(), BTreeSet::new());
        for event in &heard.0 {
            if let RunEvent::Intent { batch, .. } = event {
                assert!(given.insert(*batch));
            } else if let RunEvent::Answered { batch, .. } = event {
                closed.insert(*batch);
            }
        }
        assert_eq!(given, closed);
        assert_eq!(ended.state.assets.len(), 1_500);
    }
}

/// A clock that is set by hand.
#[derive(Default)]
struct Hand(Mutex<Duration>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        START
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

#[test]
fn what_opens_during_a_sync_is_not_slept_through() {
    let bench = Bench::new();
    let (mut session, state) = bench.open();
    let approved = approved(&state, 1..=3);
    let clock = Hand::default();
    let (_stopper, inbox) = inbox::<Bulk>();
    let pacer = bench.pacer();
    let run = Run {
        info: info(&state),
        approved: &approved,
        state,
        session: &mut session,
        listeners: Vec::new(),
        options: bench.options,
        pacer: pacer.clone(),
        readings: Readings::default(),
        clock: &clock,
    };
    let mut dispatcher = Dispatcher::new(
        run,
        Workers::new(unbounded_channel().0, inbox),
        Box::new(|_| ()),
    );
    let [looked, opens, later] = [1, 5, 9].map(Duration::from_millis);
    pacer.pause(RateLimit::BulkDelete, opens);
    *clock.0.lock().unwrap() = looked;
    assert!(dispatcher.assign(looked).is_empty());
    assert_eq!(dispatcher.sleep(), opens.checked_sub(looked).unwrap());
    *clock.0.lock().unwrap() = later;
    assert_eq!(dispatcher.sleep(), Duration::ZERO);
    assert_eq!(dispatcher.assign(later).len(), 1);
}
