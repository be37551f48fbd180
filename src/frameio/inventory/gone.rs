//! V4: looking whether what was deleted is gone.

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{AT_ONCE, Client, Unread, side_by_side};
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::judge_facts;
use crate::frameio::verdict::Live;

/// Asks for assets that a list showed a moment ago, each by one call as what it was, and returns
/// those that are not shown to be gone. That one is not found is no evidence by itself.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn still_there(
    client: &Client,
    assets: &[(AssetId, Kind)],
) -> Result<Vec<AssetId>, StopReason> {
    let mut there = Vec::new();
    for some in assets.chunks(AT_ONCE) {
        let asked = some
            .iter()
            .map(|(id, kind)| is_gone(client.clone(), *id, *kind));
        for ((id, _), gone) in some.iter().zip(side_by_side(asked).await) {
            if !gone? {
                there.push(*id);
            }
        }
    }
    Ok(there)
}

async fn is_gone(client: Client, id: AssetId, kind: Kind) -> Result<bool, StopReason> {
    let judge = |reply: &_| judge_facts((kind, id), reply);
    let read: Result<_, Unread> = client.read(&Read::Facts(kind, id), judge).await;
    match read {
        Ok((Live::Missing | Live::Deleted(_), _)) => Ok(true),
        Ok((Live::There | Live::OtherKind { detail: _ }, _)) => Ok(false),
        Err(unread) => unread.why().map(|_| false),
    }
}
