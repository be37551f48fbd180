use std::sync::mpsc::{self, Receiver};

use mockito::{Server, ServerGuard};
use tokio::time::sleep;

use super::*;
use crate::frameio::token::Token;
use crate::frameio::token_provider::TokenProvider;
use crate::frameio::transport::{Endpoint, Timeouts};
use crate::frameio::v2::Read;
use crate::frameio::v2::answer::judge_me;

/// A client whose waits are heard.
fn client(server: &ServerGuard, cut_off: &CutOff) -> (Client, Receiver<Wait>) {
    let endpoint = Endpoint::parse(&server.url()).unwrap();
    let token_provider = TokenProvider::ready(Token::new("t").unwrap());
    let transport = Transport::new(endpoint, token_provider, Timeouts::default()).unwrap();
    let (heard, waits) = mpsc::channel();
    let waiting = Waiting {
        on_wait: Arc::new(move |wait| heard.send(wait).unwrap()),
        cut_off: cut_off.clone(),
        seed: 1,
        ..Waiting::default()
    };
    (Client::new(transport, waiting), waits)
}

#[tokio::test]
async fn a_reading_waits_for_its_limit_and_says_so() {
    let mut server = Server::new_async().await;
    let full = server
        .mock("GET", "/v2/me")
        .with_header("x-ratelimit-limit", "50")
        .with_header("x-ratelimit-remaining", "0")
        .with_header("x-ratelimit-window", "5000")
        .with_body(r#"{"account_id":"a"}"#);
    let full = full.expect(2).create_async().await;
    let (client, waits) = client(&server, &CutOff::default());
    for _ in 0..2 {
        let told = client.read(&Read::Me, judge_me).await;
        assert_eq!(told.map(|me| me.account), Ok("a".to_owned()));
    }
    let wait = waits.try_recv().unwrap();
    assert!(wait.why == Why::Limit && wait.time > Duration::from_millis(50));
    assert_eq!(wait.rate_limit, RateLimit::Me);
    full.assert_async().await;
}

#[tokio::test]
async fn trouble_is_asked_again_and_a_refusal_is_not() {
    let mut server = Server::new_async().await;
    for (status, requests) in [(500, 4), (404, 4), (400, 1), (403, 1), (401, 1)] {
        let mock = server.mock("GET", "/v2/me").with_status(status);
        let mock = mock.expect(requests).create_async().await;
        let (client, waits) = client(&server, &CutOff::default());
        let told = client.read(&Read::Me, judge_me).await.unwrap_err();
        let trouble = matches!(told, Unread::Trouble { reached: true, .. });
        assert_eq!(trouble, !matches!(status, 401 | 403), "{status}");
        let retries = waits.try_iter().filter(|wait| wait.why != Why::Limit);
        assert_eq!(retries.count(), requests - 1, "{status}");
        mock.assert_async().await;
        mock.remove_async().await;
    }
}

#[tokio::test]
async fn a_signal_cuts_off_a_wait_and_all_that_comes() {
    let mut server = Server::new_async().await;
    let busy = server.mock("GET", "/v2/me").with_status(429);
    let busy = busy.with_header("retry-after", "25").expect_at_most(2);
    let busy = busy.create_async().await;
    let cut_off = CutOff::default();
    let (client, waits) = client(&server, &cut_off);
    let both = side_by_side((0..2).map(|_| {
        let client = client.clone();
        async move { client.read(&Read::Me, judge_me).await }
    }));
    let signal = async {
        while waits.try_recv().is_err() {
            sleep(Duration::from_millis(1)).await;
        }
        assert!(cut_off.signal(2));
        assert!(!cut_off.signal(15), "the first one counts");
    };
    let (both, ()) = tokio::join!(both, signal);
    let stopped = Err(Unread::Stop(StopReason::Signal { number: 2 }));
    assert!(both.iter().all(|told| *told == stopped), "{both:?}");
    assert_eq!(client.read(&Read::Me, judge_me).await, stopped);
    assert_eq!(cut_off.reason(), Some(StopReason::Signal { number: 2 }));
    busy.assert_async().await;
}

#[tokio::test]
async fn a_reading_goes_on_once_the_run_has_an_answer_that_shares_its_pacer() {
    let mut server = Server::new_async().await;
    let me = server.mock("GET", "/v2/me");
    let me = me.with_body(r#"{"account_id":"a"}"#).expect(1);
    let me = me.create_async().await;
    let (client, _waits) = client(&server, &CutOff::default());
    // The run has all requests under way that may be.
    let run = client.hand_over_pacer(Duration::ZERO, 1);
    run.sent(RateLimit::Me, Duration::ZERO);
    let read = client.read(&Read::Me, judge_me);
    let answered = async {
        sleep(Duration::from_millis(20)).await;
        assert!(!me.matched_async().await, "there is no room for it");
        run.answered(RateLimit::Me, Duration::from_secs(1), None, Pace::Taken);
    };
    let (told, ()) = tokio::join!(read, answered);
    assert_eq!(told.map(|me| me.account), Ok("a".to_owned()));
}
