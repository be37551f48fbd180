//! Reading assets one by one.

use std::panic::resume_unwind;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{AT_ONCE, Client, Unread};
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::judge_facts;
use crate::frameio::verdict::Live;
use crate::inventory::{Facts, Inventory, Project, Seen, Shown};
use crate::outcome::Evidence;

/// How many readings in a row may come to nothing before the rest is not read either: each was
/// tried several times, so this is an outage, and a plan is to say so before a minute is over.
pub(super) const IN_A_ROW: u32 = 3;

/// How many pages a version stack has at most; no stack comes near it.
pub const PAGES: usize = 1000;

/// How many assets must be asked for, each in vain for want of a right, to say that it is the
/// token that lacks it: as many as make a share (`breaker::SAMPLE`).
const REFUSED: usize = 10;

/// Whether some assets are all that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lot {
    /// They are: where none of the first ones may be read, it is the token, and no more is asked.
    All,
    /// Others are read as well, which may show that the token is allowed to.
    Part,
}

/// Reads assets of which only the kind may be known, as fast as the server's limits allow;
/// `read` hears how many are done.
///
/// One is read at first, and one more at once after each that could be read; after trouble it is
/// one again, so that a server in trouble is asked no more often than by one reading after the
/// other. What cannot be read is counted and left open; what may not be read is told.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn survey(
    client: &Client,
    wanted: &[(AssetId, Option<Kind>)],
    lot: Lot,
    read: impl FnMut(usize),
) -> Result<Inventory, StopReason> {
    let show = |id, kind| {
        let client = client.clone();
        async move { show_asset(&client, id, kind).await }
    };
    read_each((wanted, lot), show, read).await
}

/// Reads assets side by side, one more at once after each that could be read.
pub(super) async fn read_each<F>(
    (wanted, lot): (&[(AssetId, Option<Kind>)], Lot),
    show: impl Fn(AssetId, Option<Kind>) -> F,
    mut read: impl FnMut(usize),
) -> Result<Inventory, StopReason>
where
    F: Future<Output = Result<Option<Found>, Unread>> + Send + 'static,
{
    let mut inventory = Inventory::default();
    let mut rest = wanted.iter().copied();
    let mut under_way = JoinSet::new();
    let (mut at_once, mut troubles) = (1, 0);
    let (mut done, mut told, mut refused) = (0, 0, 0);
    let mut why: Option<(AssetId, String)> = None;
    loop {
        while under_way.len() < at_once
            && troubles < IN_A_ROW
            && let Some((id, kind)) = rest.next()
        {
            let shown = show(id, kind);
            under_way.spawn(async move { (id, shown.await) });
        }
        let Some(joined) = under_way.join_next().await else {
            break;
        };
        let (id, seen) = joined.unwrap_or_else(|broken| resume_unwind(broken.into_panic()));
        done += 1;
        match seen {
            Ok(seen) => {
                troubles = 0;
                at_once = AT_ONCE.min(at_once + 1);
                told += usize::from(seen.is_some());
                if let Some((seen, project)) = seen {
                    inventory.assets.insert(id, seen);
                    inventory.projects.extend(project);
                }
            }
            Err(Unread::Refused(detail)) => {
                troubles = 0;
                told += 1;
                refused += 1;
                if lot == Lot::All && refused >= REFUSED && refused == done {
                    // Not one of them gets through.
                    return Err(StopReason::NotAuthorised { detail });
                }
                let message = Arc::from(detail);
                inventory.assets.insert(id, Seen::Refused { message });
            }
            Err(Unread::Trouble {
                reached: false,
                detail,
            }) => return Err(StopReason::NotReachable { detail }),
            Err(Unread::Absent(detail) | Unread::Malformed(detail)) => {
                troubles = 0;
                why.get_or_insert((id, detail));
            }
            Err(Unread::Trouble {
                reached: true,
                detail,
            }) => {
                troubles += 1;
                at_once = 1;
                why.get_or_insert((id, detail));
            }
            Err(Unread::Stop(reason)) => return Err(reason),
        }
        read(done);
    }
    inventory.unread = wanted.len() - told;
    inventory.unread_why = why.map(|(id, why)| (id, why.into()));
    Ok(inventory)
}

/// What was seen of an asset, and what was told of its project.
pub(super) type Found = (Seen, Option<(AssetId, Project)>);

/// The facts of an asset that was deleted at a moment.
pub(super) fn departed(facts: Facts, at: Timestamp) -> Facts {
    Facts {
        deleted: Some(at),
        ..facts
    }
}

/// Reads an asset as one kind after another, beginning with the one that somebody said; nothing
/// where the server takes its id for none of them.
async fn show_asset(
    client: &Client,
    id: AssetId,
    kind: Option<Kind>,
) -> Result<Option<Found>, Unread> {
    let mut is_missing = false;
    let said = kind;
    for kind in kind.map_or(&Kind::ALL, Kind::first) {
        let show = Read::Facts(*kind, id);
        match client
            .read(&show, |reply| judge_facts((*kind, id), reply))
            .await?
        {
            // Of a known kind only its own answer says so: a 422 to that one says the contrary.
            (Live::Missing, _) => is_missing |= said.is_none_or(|said| said == *kind),
            (Live::OtherKind { detail: _ }, _) => {}
            (Live::Deleted(at), shown) => {
                let seen = Seen::Deleted {
                    facts: shown.map(|shown| departed(shown.facts, at)),
                    evidence: Evidence::Read,
                };
                return Ok(Some((seen, None)));
            }
            (Live::There, Some(Shown { facts, project, .. })) => {
                return Ok(Some((Seen::There(facts), project)));
            }
            (Live::There, None) => {
                return Err(Unread::trouble("the server does not say what it is"));
            }
        }
    }
    Ok(is_missing.then_some((Seen::Missing, None)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use mockito::{Mock, Server, ServerGuard};
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;
    use uuid::Uuid;

    use super::*;
    use crate::frameio::client::Waiting;
    use crate::frameio::token::Token;
    use crate::frameio::token_provider::TokenProvider;
    use crate::frameio::transport::{Endpoint, Timeouts, Transport};

    const FILE: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    const STACK: &str = "adobe:urn:aaid:sc:US:1|2";
    const GONE: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    const CLOSED: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

    fn client(server: &ServerGuard) -> Client {
        client_of(&server.url())
    }

    fn client_of(address: &str) -> Client {
        let endpoint = Endpoint::parse(address).unwrap();
        let token_provider = TokenProvider::ready(Token::new("t").unwrap());
        let transport = Transport::new(endpoint, token_provider, Timeouts::default()).unwrap();
        Client::new(transport, Waiting::default()).in_account(Some("acc"))
    }

    async fn mock_answer(server: &mut ServerGuard, path: &str, status: usize, body: &str) -> Mock {
        let path = format!("/v4/accounts/acc/{path}?include=creator,project,metadata");
        let mock = server.mock("GET", path.as_str()).with_status(status);
        mock.with_body(body).create_async().await
    }

    fn asset(id: &str, rest: &str) -> String {
        format!(r#"{{"data":{{"id":"{id}","name":"x","project_id":"{CLOSED}"{rest}}}}}"#)
    }

    fn id(text: &str) -> AssetId {
        AssetId::parse(text).unwrap()
    }

    /// The API's error body.
    const ERROR: &str = r#"{"errors":[{"title":"No","detail":"No."}]}"#;

    #[tokio::test]
    async fn kinds_are_found_one_after_the_other() {
        let mut server = Server::new_async().await;
        let stack = "adobe:urn:aaid:sc:US:1%7C2";
        let file = asset(FILE, r#","type":"file","file_size":7"#);
        let deleted = asset(
            GONE,
            r#","type":"folder","deleted_at":"2026-01-01T00:00:00Z""#,
        );
        let of_stack = asset(CLOSED, r#","type":"version_stack""#);
        let mut mocks = Vec::new();
        for (path, status, body) in [
            (format!("files/{FILE}"), 200, file.as_str()),
            (format!("files/{GONE}"), 404, ERROR),
            (format!("folders/{GONE}"), 200, &deleted),
            (format!("files/{stack}"), 422, ERROR),
            (format!("folders/{stack}"), 404, ERROR),
            (format!("version_stacks/{stack}"), 200, &of_stack),
            (format!("files/{CLOSED}"), 403, ERROR),
        ] {
            mocks.push(mock_answer(&mut server, &path, status, body).await);
        }
        let ids = [FILE, GONE, STACK, CLOSED].map(|text| (id(text), None));
        let mut heard = Vec::new();
        let client = client(&server);
        let seen = survey(&client, &ids, Lot::All, |done| heard.push(done))
            .await
            .unwrap();
        for mock in mocks {
            mock.assert_async().await;
        }
        assert_eq!(heard, [1, 2, 3, 4]);
        assert_eq!(seen.unread, 0);
        let message = Arc::from("No.");
        assert_eq!(seen.assets[&id(CLOSED)], Seen::Refused { message });
        assert!(matches!(
            seen.assets[&id(GONE)],
            Seen::Deleted {
                facts: Some(_),
                evidence: Evidence::Read
            }
        ));
        assert_eq!(seen.missing().count(), 0);
        let found = seen.assets[&id(FILE)].facts().unwrap();
        assert_eq!((found.kind, found.bytes), (Kind::File, Some(7)));
        assert_eq!(found.project, Some(id(CLOSED)));
        let stack = seen.assets[&id(STACK)].facts().unwrap();
        assert_eq!(stack.kind, Kind::VersionStack);
    }

    #[tokio::test]
    async fn a_422_to_what_is_known_as_that_kind_does_not_say_that_it_is_missing() {
        let mut server = Server::new_async().await;
        for (path, status) in [("files", 422), ("folders", 404), ("version_stacks", 404)] {
            mock_answer(&mut server, &format!("{path}/{FILE}"), status, ERROR).await;
        }
        let client = client(&server);
        for (kind, missing) in [(Some(Kind::File), 0), (Some(Kind::Folder), 1), (None, 1)] {
            let one = [(id(FILE), kind)];
            let seen = survey(&client, &one, Lot::All, |_| {}).await.unwrap();
            assert_eq!(seen.missing().count(), missing, "{kind:?}");
            assert_eq!(seen.unread, 1 - missing, "{kind:?}");
        }
    }

    #[tokio::test]
    async fn what_nobody_may_read_stops_it_and_trouble_in_a_row_ends_it() {
        let mut server = Server::new_async().await;
        mock_answer(&mut server, &format!("files/{FILE}"), 401, "").await;
        let client = client(&server);
        let one = [(id(FILE), Some(Kind::File))];
        let refused = survey(&client, &one, Lot::All, |_| {}).await.unwrap_err();
        assert!(matches!(refused, StopReason::NotAuthenticated { .. }));
        let broken = mock_answer(&mut server, &format!("folders/{CLOSED}"), 400, "").await;
        let broken = broken.expect(3);
        let many = [(id(CLOSED), Some(Kind::Folder)); 9];
        let seen = survey(&client, &many, Lot::All, |_| {}).await.unwrap();
        assert_eq!(seen.unread, 9);
        broken.assert_async().await;
    }

    #[tokio::test]
    async fn where_nothing_may_be_read_it_is_the_token() {
        let mut server = Server::new_async().await;
        let closed = mock_answer(&mut server, &format!("folders/{CLOSED}"), 403, ERROR).await;
        let closed = closed.expect(31);
        let client = client(&server);
        let nine = [(id(CLOSED), Some(Kind::Folder)); 9];
        let seen = survey(&client, &nine, Lot::All, |_| {}).await.unwrap();
        assert!(matches!(seen.assets[&id(CLOSED)], Seen::Refused { .. }));
        // What else is read may show that the token is allowed to.
        let others = [(id(CLOSED), Some(Kind::Folder)); 12];
        let seen = survey(&client, &others, Lot::Part, |_| {}).await.unwrap();
        assert!(matches!(seen.assets[&id(CLOSED)], Seen::Refused { .. }));
        let many = [(id(CLOSED), Some(Kind::Folder)); 30];
        let stop = survey(&client, &many, Lot::All, |_| {}).await.unwrap_err();
        assert!(matches!(stop, StopReason::NotAuthorised { .. }));
        closed.assert_async().await;
    }

    #[tokio::test]
    async fn what_is_none_of_the_kinds_is_not_missing() {
        let mut server = Server::new_async().await;
        for (asset, statuses) in [(FILE, [404, 422, 404]), (GONE, [422, 422, 422])] {
            for (kind, status) in ["files", "folders", "version_stacks"].iter().zip(statuses) {
                mock_answer(&mut server, &format!("{kind}/{asset}"), status, ERROR).await;
            }
        }
        let ids = [(id(FILE), Some(Kind::VersionStack)), (id(GONE), None)];
        let seen = survey(&client(&server), &ids, Lot::All, |_| {})
            .await
            .unwrap();
        assert_eq!(seen.assets[&id(FILE)], Seen::Missing);
        assert_eq!((seen.assets.len(), seen.unread), (1, 1));
    }
    /// Answers each request after a moment, and counts how many it has at once.
    async fn serve(listener: TcpListener, most: Arc<AtomicUsize>) {
        let now = Arc::new(AtomicUsize::new(0));
        while let Ok((mut stream, _)) = listener.accept().await {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            tokio::spawn(async move {
                let mut lines = BufReader::new(&mut stream).lines();
                let first = lines.next_line().await.unwrap().unwrap();
                while lines.next_line().await.unwrap() != Some(String::new()) {}
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(30)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                let path = first.split([' ', '?']).nth(1).unwrap();
                let file = asset(path.rsplit('/').next().unwrap(), r#","type":"file""#);
                let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length";
                let answer = format!("{head}: {}\r\n\r\n{file}", file.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
            });
        }
    }

    #[tokio::test]
    async fn assets_are_read_side_by_side_within_the_bound() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let most = Arc::new(AtomicUsize::new(0));
        let server = tokio::spawn(serve(listener, Arc::clone(&most)));
        let wanted: Vec<(AssetId, Option<Kind>)> = (0..60)
            .map(|number| {
                (
                    AssetId::from_uuid(Uuid::from_u128(number)),
                    Some(Kind::File),
                )
            })
            .collect();
        let seen = survey(&client_of(&address), &wanted, Lot::All, |_| {})
            .await
            .unwrap();
        assert_eq!((seen.assets.len(), seen.unread), (60, 0));
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
        server.abort();
    }
}
