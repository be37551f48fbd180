//! v2: reading assets by the lists of what they are said to lie in, and else one by one.

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{AT_ONCE, Client, Unread, side_by_side};
use crate::frameio::reply::Reply;
use crate::frameio::survey::{Lot, PAGES, departed, read_each};
use crate::frameio::v2;
use crate::frameio::verdict::Live;
use crate::inventory::{Facts, Inventory, Seen};
use crate::outcome::Evidence;
use crate::plan::forecast::together;

/// Reads assets of whatever kind, deleted ones included; `parent` says in what each should lie,
/// where somebody knows, and `told` hears how many are read.
///
/// A list only shows what is there. What it does not show, shows as deleted or shows twice is read
/// by itself, and so is what lies in something that cannot be listed.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn survey_v2(
    client: &Client,
    wanted: &[(AssetId, Option<Kind>)],
    parent: impl Fn(AssetId) -> Option<AssetId>,
    mut told: impl FnMut(usize),
) -> Result<Inventory, StopReason> {
    let lists: Vec<(AssetId, BTreeSet<AssetId>)> = together(wanted, parent).into_iter().collect();
    let mut found = BTreeMap::new();
    for some in lists.chunks(AT_ONCE) {
        let lists = some
            .iter()
            .map(|(of, ids)| read_list(client.clone(), *of, ids.clone()));
        for list in side_by_side(lists).await {
            found.extend(list?);
        }
        told(found.len());
    }
    let rest = wanted.iter().filter(|(id, _)| !found.contains_key(id));
    let rest: Vec<(AssetId, Option<Kind>)> = rest.copied().collect();
    let before = found.len();
    let lot = if found.is_empty() {
        Lot::All
    } else {
        Lot::Part
    };
    let show = |id, _| {
        let client = client.clone();
        async move {
            let asset = v2::Read::Asset(id);
            let judge = |reply: &Reply| v2::answer::judge_facts(id, reply);
            let seen = match client.read(&asset, judge).await? {
                (Live::There, facts) => facts.map(Seen::There),
                (Live::Deleted(at), facts) => {
                    let (facts, evidence) =
                        (facts.map(|facts| departed(facts, at)), Evidence::Read);
                    Some(Seen::Deleted { facts, evidence })
                }
                (Live::Missing, _) => Some(Seen::Missing),
                (Live::OtherKind { detail: _ }, _) => None,
            };
            // What its project is called is not told.
            Ok(seen.map(|seen| (seen, None)))
        }
    };
    let mut inventory = read_each((&rest, lot), show, |done| told(before + done)).await?;
    let found = found.into_iter();
    let found = found.map(|(id, facts)| (id, Seen::There(facts)));
    inventory.assets.extend(found);
    Ok(inventory)
}

/// Reads what the list of a folder or a version stack shows of some assets, until it has shown all
/// of them. Where it cannot be read it shows nothing.
async fn read_list(
    client: Client,
    of: AssetId,
    ids: BTreeSet<AssetId>,
) -> Result<BTreeMap<AssetId, Facts>, StopReason> {
    let (mut found, mut twice) = (BTreeMap::new(), BTreeSet::new());
    let pages = u32::try_from(PAGES).unwrap_or(u32::MAX);
    for page in 1..=pages {
        let list = v2::Read::Children(of, page);
        let judge = |reply: &Reply| v2::answer::judge_list((of, page), reply);
        let (items, more) = match client.read(&list, judge).await {
            Ok(read) => read,
            // Each of them is read by itself, which says whether anything can be.
            Err(unread @ Unread::Stop(_)) => return unread.why().map(|_| BTreeMap::new()),
            Err(
                Unread::Trouble { .. }
                | Unread::Refused(_)
                | Unread::Absent(_)
                | Unread::Malformed(_),
            ) => break,
        };
        let ours = items.into_iter().filter(|(id, _)| ids.contains(id));
        for (id, facts) in ours {
            if found.insert(id, facts).is_some() {
                twice.insert(id);
            }
        }
        if !more || found.len() == ids.len() {
            break;
        }
    }
    found.retain(|id, _| !twice.contains(id));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use mockito::{Server, ServerGuard};
    use uuid::Uuid;

    use super::*;
    use crate::frameio::client::Waiting;
    use crate::frameio::token::Token;
    use crate::frameio::token_provider::TokenProvider;
    use crate::frameio::transport::{Endpoint, Timeouts, Transport};

    const ERROR: &str = r#"{"code":404,"errors":[{"code":404,"title":"Not Found"}]}"#;

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn client(server: &ServerGuard) -> Client {
        let endpoint = Endpoint::parse(&server.url()).unwrap();
        let token_provider = TokenProvider::ready(Token::new("t").unwrap());
        let transport = Transport::new(endpoint, token_provider, Timeouts::default()).unwrap();
        Client::new(transport, Waiting::default())
    }

    /// A row of a list, or the answer to the reading of an asset.
    fn row(n: u128, rest: &str) -> String {
        format!(
            r#"{{"id":"{}","type":"file","name":"{n}.mov","filesize":{n}{rest}}}"#,
            id(n)
        )
    }

    async fn mock_list(
        server: &mut ServerGuard,
        (of, page): (u128, u32),
        status: usize,
        body: &str,
    ) {
        let path = format!(
            "/v2/assets/{}/children?page={page}&page_size=100&include_deleted=true",
            id(of)
        );
        let mock = server.mock("GET", path.as_str()).with_status(status);
        let mock = mock.with_header("total-pages", "3").with_body(body);
        mock.expect(1).create_async().await;
    }

    async fn mock_asset(server: &mut ServerGuard, n: u128, status: usize, body: &str) {
        let path = format!("/v2/assets/{}?include_deleted=true", id(n));
        let mock = server.mock("GET", path.as_str()).with_status(status);
        mock.with_body(body).expect(1).create_async().await;
    }

    #[tokio::test]
    async fn what_lies_together_is_read_by_its_list_and_the_rest_one_by_one() {
        let mut server = Server::new_async().await;
        // Of the eight in 100, six stand on the first page, of which one is deleted and one comes
        // again, one on the second, and one nowhere.
        let first: Vec<String> = (1..=6)
            .map(|n| {
                let deleted = r#","deleted_at":"2026-01-01T00:00:00Z""#;
                row(n, if n == 2 { deleted } else { "" })
            })
            .chain([row(50, "")])
            .collect();
        let body = format!("[{}]", first.join(","));
        mock_list(&mut server, (100, 1), 200, &body).await;
        let other = format!(r#","parent_id":"{}""#, id(101));
        let body = format!("[{},{}]", row(7, &other), row(3, ""));
        mock_list(&mut server, (100, 2), 200, &body).await;
        mock_list(&mut server, (100, 3), 200, "[]").await;
        // The one in 200 is read by itself, and 300 is not there.
        mock_list(&mut server, (300, 1), 404, ERROR).await;
        for n in [2, 3, 8, 20] {
            mock_asset(&mut server, n, 200, &row(n, "")).await;
        }
        for n in 31..=38 {
            mock_asset(&mut server, n, 404, ERROR).await;
        }
        let all = (1..=8).chain([20]).chain(31..=38);
        let wanted: Vec<_> = all.map(|n| (id(n), None)).collect();
        let parent = |asset: AssetId| {
            let parent = match (1..=40).find(|n| id(*n) == asset)? {
                1..=8 => 100,
                20 => 200,
                _ => 300,
            };
            Some(id(parent))
        };
        let mut heard = Vec::new();
        let client = client(&server);
        let read = survey_v2(&client, &wanted, parent, |done| heard.push(done));
        let read = read.await.unwrap();
        assert_eq!((heard.first(), heard.last()), (Some(&5), Some(&17)));
        assert_eq!((read.assets.len(), read.unread), (17, 0));
        assert_eq!(read.missing().count(), 8);
        let facts = |n| read.assets[&id(n)].facts().unwrap().clone();
        assert_eq!(facts(1).name.as_deref(), Some("1.mov"));
        assert_eq!((facts(1).bytes, facts(1).parent), (Some(1), Some(id(100))));
        // What the row itself says counts, for the pin to be compared with.
        assert_eq!(facts(7).parent, Some(id(101)));
        assert_eq!(facts(8).parent, None);
    }

    #[tokio::test]
    async fn a_token_that_is_not_taken_ends_it() {
        let mut server = Server::new_async().await;
        mock_list(&mut server, (100, 1), 401, "").await;
        let wanted: Vec<_> = (1..=8).map(|n| (id(n), None)).collect();
        let client = client(&server);
        let read = survey_v2(&client, &wanted, |_| Some(id(100)), |_| {}).await;
        assert!(matches!(
            read.unwrap_err(),
            StopReason::NotAuthenticated { .. }
        ));
    }
}
