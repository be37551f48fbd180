//! V4: reading the projects that did not come along with their assets.

use std::collections::BTreeSet;

use crate::asset::AssetId;
use crate::event::StopReason;
use crate::frameio::client::{AT_ONCE, Client, Unread, side_by_side};
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::judge_project;
use crate::inventory::{Inventory, Project, Seen};

/// Reads the projects of all that was read, each once, as far as nothing has told of them: a server
/// need not heed `include=project`. Of one that cannot be read nothing is known.
pub(super) async fn read_projects(client: &Client, read: &mut Inventory) -> Result<(), StopReason> {
    let asked = read.assets.values().filter_map(Seen::facts);
    let all = asked.chain(read.around.values());
    let all = all.filter_map(|facts| facts.project);
    let unknown: BTreeSet<AssetId> = all.filter(|id| !read.projects.contains_key(id)).collect();
    let unknown: Vec<AssetId> = unknown.into_iter().collect();
    for some in unknown.chunks(AT_ONCE) {
        let asked = some.iter().map(|id| {
            let (client, id) = (client.clone(), *id);
            async move { read_project(&client, id).await }
        });
        for (id, project) in some.iter().zip(side_by_side(asked).await) {
            let project = match project {
                Ok(project) => project,
                Err(unread) => {
                    unread.why()?;
                    Project::default()
                }
            };
            read.projects.insert(*id, project);
        }
    }
    Ok(())
}

/// Reads some projects, each by itself as `ask` does it; what cannot be read is told of with why.
///
/// # Errors
///
/// Returns why nothing more may be read.
pub async fn read_held_projects<F>(
    ids: &[AssetId],
    ask: impl Fn(AssetId) -> F,
    read: &mut Inventory,
) -> Result<(), StopReason>
where
    F: Future<Output = Result<Project, Unread>> + Send + 'static,
{
    for some in ids.chunks(AT_ONCE) {
        let asked = some.iter().map(|id| ask(*id));
        for (id, project) in some.iter().zip(side_by_side(asked).await) {
            match project {
                Ok(project) => drop(read.projects.insert(*id, project)),
                Err(unread) => drop(read.unread_projects.insert(*id, unread.why()?.into())),
            }
        }
    }
    Ok(())
}

/// Reads one project.
///
/// # Errors
///
/// Returns why it could not be read.
pub async fn read_project(client: &Client, id: AssetId) -> Result<Project, Unread> {
    let judge = |reply: &_| judge_project(id, reply);
    client.read(&Read::Project(id), judge).await
}
