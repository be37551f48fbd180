use mockito::{Matcher, Mock, Server, ServerGuard};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::event::StopReason;
use crate::frameio::call::{Method, Request};
use crate::frameio::token::Credentials;
use crate::frameio::transport::{Endpoint, Longest, Timeouts, Transport};
use crate::frameio::{Body, Reply};

const TOKEN_PATH: &str = "/ims/token/v3";

fn endpoint(server: &ServerGuard) -> Endpoint {
    Endpoint::parse(&server.url()).unwrap()
}

fn transport(server: &ServerGuard) -> Transport {
    let credentials = Credentials::new("the-client", "hush");
    let times = Timeouts::default();
    let ims = Ims::new(endpoint(server), credentials.unwrap(), times).unwrap();
    Transport::new(endpoint(server), TokenProvider::renewed(ims), times).unwrap()
}

async fn mock_grant(server: &mut ServerGuard, token: &str, lifetime: &str) -> Mock {
    let body = format!(r#"{{"access_token":"{token}"{lifetime},"token_type":"bearer"}}"#);
    let mock = server.mock("POST", TOKEN_PATH).with_body(body);
    mock.create_async().await
}

async fn mock_token(server: &mut ServerGuard, token: &str, times: usize) -> Mock {
    let bearer = format!("Bearer {token}");
    let mock = server
        .mock("GET", "/v4/me")
        .match_header("authorization", bearer.as_str())
        .with_body("{}");
    mock.expect(times).create_async().await
}

async fn status(transport: &Transport) -> u16 {
    match transport
        .send(Request::new(Method::Get, "/v4/me".to_owned()))
        .await
    {
        Reply::Answered { status, .. } => status,
        other @ (Reply::NoToken(_)
        | Reply::Busy { .. }
        | Reply::TokenLate { .. }
        | Reply::NotSent { .. }
        | Reply::Lost { .. }) => {
            panic!("{other:?}")
        }
    }
}

/// Lets time pass between requests; during one the clock runs, or timeouts would strike.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_token_is_asked_for_as_documented_and_shared_by_all() {
    let mut server = Server::new_async().await;
    let asked = server
        .mock("POST", TOKEN_PATH)
        .match_header("content-type", "application/x-www-form-urlencoded")
        .match_body(Matcher::AllOf(vec![
            Matcher::UrlEncoded("grant_type".into(), "client_credentials".into()),
            Matcher::UrlEncoded("client_id".into(), "the-client".into()),
            Matcher::UrlEncoded("client_secret".into(), "hush".into()),
            Matcher::UrlEncoded("scope".into(), "openid AdobeID frame.s2s.all".into()),
        ]))
        .with_body(r#"{"access_token":"one"}"#)
        .create_async()
        .await;
    let used = mock_token(&mut server, "one", 8).await;
    let transport = transport(&server);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let transport = transport.clone();
        tasks.spawn(async move { status(&transport).await });
    }
    assert_eq!(tasks.join_all().await, [200; 8]);
    asked.assert_async().await;
    used.assert_async().await;
}

#[tokio::test]
async fn a_token_is_renewed_a_minute_before_its_end() {
    let mut server = Server::new_async().await;
    let first = mock_grant(&mut server, "one", "").await;
    let one = mock_token(&mut server, "one", 2).await;
    let transport = transport(&server);
    assert_eq!(status(&transport).await, 200);
    // Where the answer names no lifetime, it is a day.
    pass(Duration::from_secs(86_400 - 63)).await;
    assert_eq!(status(&transport).await, 200);
    first.assert_async().await;
    one.assert_async().await;
    first.remove_async().await;
    let second = mock_grant(&mut server, "two", r#","expires_in":90"#).await;
    let two = mock_token(&mut server, "two", 1).await;
    pass(Duration::from_secs(4)).await;
    assert_eq!(status(&transport).await, 200);
    second.assert_async().await;
    two.assert_async().await;
    second.remove_async().await;
    let third = mock_grant(&mut server, "three", "").await;
    let three = mock_token(&mut server, "three", 1).await;
    pass(Duration::from_secs(31)).await;
    assert_eq!(status(&transport).await, 200);
    third.assert_async().await;
    three.assert_async().await;
}

#[tokio::test]
async fn only_an_end_that_was_told_is_one() {
    for (lifetime, left) in [
        ("", None),
        (r#","expires_in":600"#, Some(600)),
        // Milliseconds.
        (r#","expires_in":7200000"#, Some(7200)),
        (r#","expires_in":900000"#, Some(900_000)),
    ] {
        let mut server = Server::new_async().await;
        mock_grant(&mut server, "one", lifetime).await;
        mock_token(&mut server, "one", 1).await;
        let transport = transport(&server);
        let provider = &transport.token_provider;
        assert_eq!(provider.time_left().await, None, "nothing was fetched");
        assert_eq!(status(&transport).await, 200);
        let found = provider.time_left().await.map(|left| left.as_secs_f64());
        let is_near = |found: f64| left.is_some_and(|left| (found - f64::from(left)).abs() < 60.0);
        assert_eq!(found.is_some(), left.is_some(), "{lifetime}");
        assert!(found.is_none_or(is_near), "{lifetime}: {found:?}");
        assert_eq!(provider.sort(), Sort::Client);
    }
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_renewed_once() {
    let mut server = Server::new_async().await;
    let given = mock_grant(&mut server, "one", "").await.expect(2);
    let refused = server.mock("GET", "/v4/me").with_status(401).expect(2);
    let refused = refused.create_async().await;
    let transport = transport(&server);
    assert_eq!(status(&transport).await, 401);
    given.assert_async().await;
    refused.assert_async().await;
    refused.remove_async().await;
    given.remove_async().await;
    mock_grant(&mut server, "two", "").await;
    let accepted = mock_token(&mut server, "two", 1).await;
    let refused = server
        .mock("GET", "/v4/me")
        .match_header("authorization", "Bearer one")
        .with_status(401);
    let refused = refused.create_async().await;
    assert_eq!(status(&transport).await, 200);
    refused.assert_async().await;
    accepted.assert_async().await;
}

#[tokio::test]
async fn a_renewal_that_fails_for_a_while_leaves_the_old_token() {
    let mut server = Server::new_async().await;
    let given = mock_grant(&mut server, "one", r#","expires_in":600"#).await;
    let used = mock_token(&mut server, "one", 3).await;
    let transport = transport(&server);
    assert_eq!(status(&transport).await, 200);
    given.remove_async().await;
    let down = server.mock("POST", TOKEN_PATH).with_status(503);
    let down = down.create_async().await;
    pass(Duration::from_secs(545)).await;
    assert_eq!(status(&transport).await, 200);
    assert_eq!(status(&transport).await, 200);
    // It is not asked again at once.
    down.assert_async().await;
    used.assert_async().await;
    pass(Duration::from_mins(1)).await;
    let reply = transport
        .send(Request::new(Method::Get, "/v4/me".to_owned()))
        .await;
    assert!(matches!(reply, Reply::NotSent { .. }), "{reply:?}");
}

/// A token endpoint that answers once; returns its address.
async fn once() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let body = r#"{"access_token":"one","expires_in":600}"#;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        let (mut first, _) = listener.accept().await.unwrap();
        // Nobody is answered before they have asked.
        let mut asked = [0; 4096];
        assert!(first.read(&mut asked).await.unwrap() > 0);
        first.write_all((head + body).as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    });
    url
}

#[tokio::test]
async fn a_renewal_that_is_not_answered_leaves_the_old_token_and_then_is_told_as_such() {
    let mut server = Server::new_async().await;
    let used = mock_token(&mut server, "one", 2).await;
    let times = Timeouts::default();
    let credentials = Credentials::new("the-client", "hush").unwrap();
    let ims = Endpoint::parse(&once().await).unwrap();
    let ims = Ims::new(ims, credentials, times).unwrap();
    let provider = TokenProvider::renewed(ims);
    let transport = Transport::new(endpoint(&server), provider, times).unwrap();
    assert_eq!(status(&transport).await, 200);
    pass(Duration::from_secs(545)).await;
    assert_eq!(status(&transport).await, 200, "it is good for a minute");
    used.assert_async().await;
    pass(Duration::from_mins(1)).await;
    let longest = Longest {
        token: Duration::from_millis(50),
        answer: Duration::from_mins(1),
    };
    let request = Request::new(Method::Get, "/v4/me".to_owned());
    let reply = transport.send_within(request, longest, &|_, _| {}).await;
    assert!(matches!(reply, Reply::TokenLate { .. }), "{reply:?}");
}

#[tokio::test]
async fn a_refusal_says_why_and_repeats_no_secret() {
    let mut server = Server::new_async().await;
    let place = server.url();
    let refused = "the token endpoint gives no token: invalid_client: no secret ***";
    let refused = StopReason::NoToken {
        detail: refused.to_owned(),
    };
    let elsewhere = StopReason::WrongEndpoint {
        detail: format!(
            "the token endpoint `{place}` answers with a redirect (status 302), which is not followed"
        ),
    };
    // What is no word of the service may come from whoever answers in its place for now.
    let odd = |what: &str| Reply::NotSent {
        detail: format!("the token endpoint `{place}` answers with {what}"),
    };
    let no_token = || odd("something else than a token");
    for (status, body, told) in [
        (
            400,
            r#"{"error":"invalid_client","error_description":"no secret hush"}"#,
            Reply::NoToken(refused),
        ),
        (302, "", Reply::NoToken(elsewhere)),
        (403, "<html>", odd("status 403")),
        (404, r#"{"message":"hush"}"#, odd("status 404")),
        (200, "{}", no_token()),
        (200, r#"["hush"]"#, no_token()),
        (
            200,
            r#"{"access_token":"hush two"}"#,
            odd("a token that cannot be one"),
        ),
    ] {
        let mock = server.mock("POST", TOKEN_PATH);
        let mock = mock.with_status(status).with_body(body);
        let mock = mock.create_async().await;
        let reply = transport(&server)
            .send(Request::new(Method::Get, "/v4/me".to_owned()))
            .await;
        assert_eq!(reply, told);
        mock.remove_async().await;
    }
}

#[tokio::test]
async fn a_legacy_token_is_named_as_one_and_never_renewed() {
    let mut server = Server::new_async().await;
    let token = || Token::new("fio-u-1").unwrap();
    let named = server
        .mock("GET", "/v4/me")
        .match_header("authorization", "Bearer fio-u-1")
        .match_header("x-frameio-legacy-token-auth", "true")
        .with_status(401)
        .create_async()
        .await;
    let plain = server
        .mock("GET", "/v4/accounts")
        .match_header("x-frameio-legacy-token-auth", Matcher::Missing)
        .with_body("whole")
        .create_async()
        .await;
    let by = |token_provider| {
        Transport::new(endpoint(&server), token_provider, Timeouts::default()).unwrap()
    };
    assert_eq!(status(&by(TokenProvider::legacy(token()))).await, 401);
    let ready = by(TokenProvider::ready(token()));
    let reply = ready.send(Request::new(Method::Get, "/v4/accounts".to_owned()));
    let Reply::Answered { body, .. } = reply.await else {
        panic!("it is answered");
    };
    assert_eq!(body, Body::Whole(b"whole".to_vec()));
    named.assert_async().await;
    plain.assert_async().await;
}
