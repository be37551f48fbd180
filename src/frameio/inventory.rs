//! Reading what must be known of the live assets before a plan is made.

use std::collections::BTreeSet;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::Client;
use crate::frameio::places::{PlaceReader, find_places};
use crate::frameio::recently_deleted::{Wanted, recently_deleted, requests};
use crate::frameio::survey::survey;
use crate::inventory::{Connections, Facts, Inventory, Lies, Seen};
use crate::outcome::Evidence;

/// Reads what sort of assets some are, and looks for those that are not there in the lists of
/// recently deleted assets; says whether all lists were read.
///
/// `place` says in which project and in what an asset should lie, where somebody knows; `told`
/// hears how many assets are read.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn read_assets(
    client: &Client,
    assets: &[(AssetId, Option<Kind>)],
    place: impl Fn(AssetId) -> [Option<AssetId>; 2],
    told: impl FnMut(usize),
) -> Result<(Inventory, bool), StopReason> {
    let mut read = survey(client, assets, told).await?;
    let mut wanted = Wanted::default();
    for id in read.missing() {
        let [project, parent] = place(id);
        wanted.assets.insert(id, project);
        wanted.parents.extend(parent.map(|parent| (id, parent)));
    }
    if wanted.assets.is_empty() {
        return Ok((read, true));
    }
    let most = requests(wanted.assets.len());
    let lists = recently_deleted(client, &wanted, most).await?;
    for id in lists.found.into_keys() {
        // They were read just now, and not found.
        read.assets.insert(id, deleted(Evidence::Listed));
    }
    Ok((read, lists.complete))
}

/// Reads what protected assets are connected with, and adds it to what was read already; `told`
/// hears how many requests were made.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn read_places(
    reader: &PlaceReader,
    connections: &Connections,
    read: &mut Inventory,
    told: impl FnMut(usize),
) -> Result<(), StopReason> {
    let mut places = find_places(reader, connections, told).await?;
    if let PlaceReader::V4(client) = reader {
        let missing = connections.holds.iter().chain(&connections.protected);
        let missing = missing.filter(|id| places.lies.get(id) == Some(&Lies::Missing));
        let missing: BTreeSet<AssetId> = missing.copied().collect();
        if !missing.is_empty() {
            // What is deleted protects nothing any more, and holds no folder back.
            let most = requests(missing.len());
            let wanted = Wanted {
                assets: missing.into_iter().map(|id| (id, None)).collect(),
                ..Wanted::default()
            };
            let lists = recently_deleted(client, &wanted, most).await?;
            for id in lists.found.into_keys() {
                places.lies.insert(id, Lies::Deleted(Evidence::Listed));
                places.held.remove(&id);
            }
        }
    }
    for (id, kind) in &places.kinds {
        read.assets.entry(*id).or_insert_with(|| {
            Seen::There(Facts {
                name: places.names.get(id).cloned(),
                ..Facts::of_kind(*kind)
            })
        });
    }
    for (id, lies) in &places.lies {
        if let Lies::Deleted(evidence) = *lies {
            read.assets.insert(*id, deleted(evidence));
        }
    }
    read.places = Some(places);
    Ok(())
}

const fn deleted(evidence: Evidence) -> Seen {
    Seen::Deleted {
        facts: None,
        evidence,
    }
}
