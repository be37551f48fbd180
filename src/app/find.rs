//! Reads as much of a live account as somebody asks for, and finds it there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::app::Host;
use crate::app::api::adapter;
use crate::app::connect::{AskedAccount, Connection, not_told};
use crate::app::error::Error;
use crate::app::live::remaining;
use crate::app::memory::{Keeping, Memory};
use crate::asset::{AssetId, Kind};
use crate::find::place::{Place, Walked};
use crate::find::tree::Read;
use crate::find::{Query, check, fields};
use crate::frameio::client::Client;
use crate::frameio::survey::{Lot, survey};
use crate::frameio::tree::{Versions, Watch, read_projects, read_tree};
use crate::inventory::{Definition, ListPart, Marked, Marking, Seen, Shown};
use crate::plan::Recalled;
use crate::render::counted;

/// After how many lists people are told how far it is: about every ten seconds under the
/// documented limits.
const EACH: usize = 100;

/// How many folders lie above an asset at most; no tree of people comes near it.
const DEEPEST: usize = 1000;

/// When runs have recorded what became of assets, as far as that is newer than what may be recalled.
pub(crate) type Recent = BTreeMap<AssetId, Timestamp>;

/// What was read of an account.
#[derive(Debug)]
pub(crate) struct Account {
    /// Its id.
    pub(crate) id: Option<String>,
    /// What is in it, as far as somebody asked.
    pub(crate) read: Read,
    /// What was recalled of an earlier reading.
    pub(crate) recalled: Option<Recalled>,
}

/// Reads what questions need, and checks that their places and fields are there.
///
/// # Errors
///
/// Returns why nothing can be read, or what is not there.
pub(crate) fn read_account(
    connection: &Connection,
    asked: Option<&AskedAccount>,
    (queries, marking): (&[Query], Option<&Marking>),
    (keeping, recent): (Option<&Keeping>, &Recent),
) -> Result<Account, Error> {
    let questions = (queries, marking);
    let (id, mut memory) = Keeping::begin(keeping, connection, asked)?;
    memory.drop_before(|id| recent.get(&id).copied());
    let read = read_places((connection, &id), questions, &mut memory);
    // What is not in an earlier reading may be there since.
    let is_absent = matches!(read, Err(Error::NotThere { .. } | Error::NoField(_)));
    let (read, memory) = if is_absent && memory.recalled().is_some() {
        let anew = keeping.map(Keeping::anew);
        let (id, mut memory) = Keeping::begin(anew.as_ref(), connection, asked)?;
        (
            read_places((connection, &id), questions, &mut memory),
            memory,
        )
    } else {
        (read, memory)
    };
    Ok(Account {
        id: Some(id),
        read: read?,
        recalled: memory.recalled(),
    })
}

/// Reads what a question needs of an account, as far as `memory` does not recall it.
fn read_places(
    (connection, id): (&Connection, &str),
    (queries, marking): (&[Query], Option<&Marking>),
    memory: &mut Memory,
) -> Result<Read, Error> {
    let client = connection.client(Some(id));
    let mut read = Read::default();
    read.inventory.projects = if let Some(projects) = memory.projects() {
        projects
    } else {
        let begun = memory.begun_projects();
        let heard = |page| memory.keep_projects(page);
        let projects = connection.wait_for(read_projects(&client, begun, heard))?;
        projects.map_err(not_told)?
    };
    let places: Vec<&Place> = queries.iter().flat_map(|query| &query.places).collect();
    let ids: BTreeSet<AssetId> = places.iter().filter_map(|place| place.id()).collect();
    connection.wait_for(read_named(&client, &ids, &mut read, memory))??;
    let mut pages = Pages::new(&*connection.host, queries, &read, memory);
    let tops = pages.tops(&ids, &read);
    let reading = read_tree(&client, tops, Versions::All, &mut pages);
    let tree = connection.wait_for(reading)?.map_err(Error::Stopped)?;
    for (of, list) in tree.lists {
        match list {
            Ok(_) => drop(read.listed.insert(of)),
            Err(why) => drop(read.unread.insert(of, why)),
        }
    }
    for (id, project) in tree.projects {
        read.inventory.projects.entry(id).or_insert(project);
    }
    let inventory = &mut read.inventory;
    inventory
        .assets
        .retain(|id, _| !tree.facts.contains_key(id));
    inventory.around = tree.facts;
    for place in places {
        check(&read, place).map_err(|why| Error::NotThere {
            place: place.text.clone(),
            why,
        })?;
    }
    let asked = queries.iter().flat_map(|query| &query.filter.fields);
    let is_asked = asked.clone().next().is_some();
    if is_asked || marking.is_some_and(|marking| !bears_mark(&read, marking)) {
        let definitions = definitions((connection, id), memory)?;
        fields::check(&read, definitions.as_deref(), asked).map_err(Error::NoField)?;
        read.definitions = Some(definitions);
    }
    Ok(read)
}

/// Whether an asset bears a mark, which shows that people can set one.
fn bears_mark(read: &Read, marking: &Marking) -> bool {
    let mut all = read.inventory.all_facts();
    all.any(|(_, facts)| matches!(marking.of(facts), Marked::Yes(_)))
}

/// The custom fields of the account, or why they could not be read.
fn definitions(
    (connection, account): (&Connection, &str),
    memory: &mut Memory,
) -> Result<Result<Vec<Definition>, Arc<str>>, Error> {
    if let Some(known) = memory.fields() {
        return Ok(Ok(known));
    }
    let read = adapter(connection.api).read_fields((connection, Some(account)))?;
    if let Ok(definitions) = &read {
        memory.keep_fields(definitions);
    }
    Ok(read)
}

/// Reads the assets that are named by their ids, and the folders above them.
async fn read_named(
    client: &Client,
    ids: &BTreeSet<AssetId>,
    read: &mut Read,
    memory: &mut Memory,
) -> Result<(), Error> {
    let inventory = &mut read.inventory;
    let is_project = |id: &AssetId| inventory.projects.contains_key(id);
    let mut wanted: Vec<AssetId> = ids.iter().copied().filter(|id| !is_project(id)).collect();
    let roots: BTreeSet<AssetId> = inventory
        .projects
        .values()
        .filter_map(|of| of.root)
        .collect();
    for _ in 0..DEEPEST {
        if wanted.is_empty() {
            break;
        }
        let mut asked: Vec<(AssetId, Option<Kind>)> = Vec::new();
        for id in &wanted {
            match memory.asset(*id) {
                Some(shown) => drop(inventory.assets.insert(*id, Seen::There(shown.facts))),
                None => asked.push((*id, None)),
            }
        }
        let found = survey(client, &asked, Lot::All, |_| {})
            .await
            .map_err(Error::Stopped)?;
        for (id, seen) in &found.assets {
            if let Seen::There(facts) = seen {
                memory.keep_asset(*id, facts);
            }
        }
        inventory.assets.extend(found.assets);
        let above = wanted.iter().filter_map(|id| inventory.facts(*id)?.parent);
        let above: BTreeSet<AssetId> = above
            .filter(|id| !roots.contains(id) && !inventory.assets.contains_key(id))
            .collect();
        wanted = above.into_iter().collect();
    }
    Ok(())
}

/// Follows the reading of a tree: which folders are entered, and how far it is.
struct Pages<'a> {
    host: &'a dyn Host,
    queries: &'a [Query],
    memory: &'a mut Memory,
    /// The way to each folder that was entered; of one in which everything is asked for, nothing.
    ways: HashMap<AssetId, Option<Vec<Walked>>>,
    lists: usize,
    files: usize,
    known: usize,
    began: Instant,
}

impl<'a> Pages<'a> {
    fn new(host: &'a dyn Host, queries: &'a [Query], read: &Read, memory: &'a mut Memory) -> Self {
        let mut ways = HashMap::new();
        for (id, project) in &read.inventory.projects {
            let name = project.name.as_deref().unwrap_or_default();
            let way = vec![Walked::project(*id, name, project.root)];
            if let Some(root) = project.root
                && queries.iter().any(|query| query.enters(&way))
            {
                ways.insert(root, Some(way));
            }
        }
        Self {
            host,
            queries,
            memory,
            ways,
            lists: 0,
            files: 0,
            known: 0,
            began: Instant::now(),
        }
    }

    /// The folders and stacks to begin with.
    fn tops(&mut self, ids: &BTreeSet<AssetId>, read: &Read) -> Vec<(AssetId, Kind)> {
        let inventory = &read.inventory;
        let roots = self.ways.keys().map(|root| (*root, Kind::Folder));
        let mut tops: Vec<(AssetId, Kind)> = roots.collect();
        for id in ids {
            let Some(facts) = inventory.assets.get(id).and_then(Seen::facts) else {
                continue;
            };
            match (facts.kind, facts.parent) {
                (Kind::Folder | Kind::VersionStack, _) => {
                    tops.push((*id, facts.kind));
                    self.ways.insert(*id, None);
                }
                // The list that shows it tells more of it: its maker, its fields, its version.
                (Kind::File, Some(parent)) => {
                    let above = inventory.facts(parent);
                    let kind = above.map_or(Kind::Folder, |facts| facts.kind);
                    tops.push((parent, kind));
                }
                (Kind::File, None) => {}
            }
        }
        tops.sort_unstable();
        tops.dedup();
        self.known = tops.len();
        tops
    }
}

impl Watch for Pages<'_> {
    fn begun(&mut self, of: AssetId) -> Vec<ListPart> {
        self.memory.begun(of)
    }

    fn page(&mut self, of: AssetId, page: ListPart) {
        self.memory.keep_page(of, page);
    }

    fn recall(&mut self, of: AssetId) -> Option<Vec<Shown>> {
        let items = self.memory.take_list(of)?;
        // Nobody waits for it.
        self.known = self.known.saturating_sub(1);
        Some(items)
    }

    fn enters(&mut self, of: AssetId, item: &Shown) -> bool {
        let Some(above) = self.ways.get(&of) else {
            return false;
        };
        let way = above.as_ref().map(|above| {
            let name = item.facts.name.as_deref().unwrap_or("?");
            let mut way = above.clone();
            way.push(Walked::asset(item.id, name, item.facts.kind));
            way
        });
        let enters = way
            .as_ref()
            .is_none_or(|way| self.queries.iter().any(|query| query.enters(way)));
        if enters {
            self.known += 1;
            self.ways.insert(item.id, way);
        }
        enters
    }

    fn listed(&mut self, _of: AssetId, items: &[Shown]) {
        let files = items.iter().filter(|item| item.facts.kind == Kind::File);
        self.files += files.count();
        self.lists += 1;
        if self.lists.is_multiple_of(EACH) && self.known > self.lists {
            let left = self.known - self.lists;
            let more = remaining(self.began.elapsed(), self.lists, left);
            self.host.message(&format!(
                "{} read, with {}; {} known so far: at least {}",
                counted(self.lists, "folder", "folders"),
                counted(self.files, "file", "files"),
                counted(left, "more is", "more are"),
                more,
            ));
        }
    }

    fn unread(&mut self, _of: AssetId, _why: &str) {
        self.lists += 1;
    }
}
