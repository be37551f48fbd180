//! V4: reading what sort of asset each one is, and what version stacks hold.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::answer::ReadVerdict;
use crate::frameio::answer::v4::{judge_children, judge_facts};
use crate::frameio::v4::V4Reader;
use crate::frameio::{Limits, Reply};
use crate::inventory::{Facts, Inventory, Seen};

/// How often one request is made at most.
const TRIES: u32 = 4;

/// The first pause before a request is made again; each further one is twice as long.
const PAUSE: Duration = Duration::from_secs(1);

/// How many assets in a row may be left unread before the rest is not read either.
const IN_A_ROW: u32 = 3;

/// How many pages a version stack has at most; no stack comes near it.
const PAGES: usize = 1000;

/// Why something was left unread.
enum Unread {
    /// The answer cannot be used.
    Trouble,
    /// Nothing can be read at all.
    Stop(StopReason),
}

/// Reads assets of which only the kind may be known, one after the other, as fast as the
/// server's limits allow; `read` hears how many are done.
///
/// What cannot be read is counted and left open.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn survey(
    reader: &V4Reader,
    wanted: &[(AssetId, Option<Kind>)],
    mut read: impl FnMut(usize),
) -> Result<Inventory, StopReason> {
    let mut inventory = Inventory::default();
    let mut troubles = 0;
    for (done, (id, kind)) in wanted.iter().enumerate() {
        if troubles >= IN_A_ROW {
            inventory.unread += wanted.len() - done;
            break;
        }
        match look(reader, *id, *kind).await {
            Ok(seen) => {
                troubles = 0;
                inventory.assets.insert(*id, seen);
            }
            Err(Unread::Trouble) => {
                troubles += 1;
                inventory.unread += 1;
            }
            Err(Unread::Stop(reason)) => return Err(reason),
        }
        read(done + 1);
    }
    Ok(inventory)
}

async fn look(reader: &V4Reader, id: AssetId, kind: Option<Kind>) -> Result<Seen, Unread> {
    let kinds = kind.map_or_else(|| Kind::ALL.to_vec(), |kind| vec![kind]);
    for kind in kinds {
        let found = patiently(
            async || reader.show(kind, id).await,
            |reply| judge_facts(id, reply),
        );
        match found.await? {
            None => {}
            Some((facts, true)) => return Ok(Seen::Deleted(facts)),
            Some((facts, false)) => return Ok(Seen::There(with_files(reader, id, facts).await?)),
        }
    }
    Ok(Seen::Missing)
}

/// Adds what a version stack holds.
async fn with_files(reader: &V4Reader, id: AssetId, facts: Facts) -> Result<Facts, Unread> {
    if facts.kind != Kind::VersionStack {
        return Ok(facts);
    }
    let mut files = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..PAGES {
        let page = patiently(
            async || reader.children(id, after.as_deref()).await,
            judge_children,
        );
        let page = page.await?.ok_or(Unread::Trouble)?;
        files.extend(page.files);
        if page.next.is_none() {
            return Ok(Facts {
                files: Some(Arc::from(files)),
                ..facts
            });
        }
        after = page.next;
    }
    Err(Unread::Trouble)
}

/// Makes a request, again where it goes wrong, and leaves the server the time it asks for.
async fn patiently<T>(
    ask: impl AsyncFn() -> Reply,
    judge: impl Fn(&Reply) -> ReadVerdict<T>,
) -> Result<T, Unread> {
    let mut pause = PAUSE;
    for _ in 0..TRIES {
        let reply = ask().await;
        match judge(&reply) {
            ReadVerdict::Read(value) => {
                sleep(breath(&reply)).await;
                return Ok(value);
            }
            ReadVerdict::SlowDown { wait } => sleep(wait.unwrap_or(pause)).await,
            ReadVerdict::NotSent { .. } => sleep(pause).await,
            ReadVerdict::Unreadable { .. } if is_refusal(&reply) => return Err(Unread::Trouble),
            ReadVerdict::Unreadable { .. } => sleep(pause).await,
            ReadVerdict::Stop(reason) => return Err(Unread::Stop(reason)),
        }
        pause *= 2;
    }
    Err(Unread::Trouble)
}

/// Whether asking again would bring the same answer.
const fn is_refusal(reply: &Reply) -> bool {
    matches!(
        reply,
        Reply::Answered {
            status: 200..=499,
            ..
        }
    )
}

/// How long the next request must wait where the server takes no more at once.
fn breath(reply: &Reply) -> Duration {
    match reply {
        Reply::Answered {
            limits:
                Some(Limits {
                    limit,
                    remaining: 0,
                    window,
                }),
            ..
        } => *window / *limit,
        Reply::Answered { .. }
        | Reply::NoToken { .. }
        | Reply::NotSent { .. }
        | Reply::Lost { .. } => Duration::ZERO,
    }
}
