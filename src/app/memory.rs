//! What `find` and `plan` recall of an account instead of asking again, and keep for the next time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::app::api::adapter;
use crate::app::connect::{AskedAccount, Connection, choose};
use crate::app::error::Error;
use crate::asset::{AssetId, Kind};
use crate::event::{Listener, RunEvent};
use crate::frameio::inventory::drop_contradicted;
use crate::frameio::tree::Watch;
use crate::inventory::{
    Definition, Facts, Inventory, ListPart, Project, ProjectsPart, Seen, Shown,
};
use crate::plan::Recalled;
use crate::store::cache::{Cache, Owner, Scope, existing, known};

/// Where an account's picture is kept, and for how long it is believed.
#[derive(Debug, Clone)]
pub(crate) struct Keeping {
    pub(crate) folder: PathBuf,
    /// The name under which a state remembers the server.
    pub(crate) server: String,
    pub(crate) most: Duration,
    /// Whether all is to be read anew.
    pub(crate) anew: bool,
    pub(crate) now: fn() -> Timestamp,
}

/// What is recalled and kept; nothing where nothing is.
#[derive(Debug, Default)]
pub(crate) struct Memory(Option<Kept>);

#[derive(Debug)]
struct Kept {
    cache: Cache,
    now: fn() -> Timestamp,
    /// For how long it is believed.
    most: Duration,
}

impl Keeping {
    /// Says in which account a command works, and opens what is known of it.
    ///
    /// The server is asked each time, however much is recalled: a token that was taken back, or is
    /// another's, opens nothing that was read with it.
    ///
    /// # Errors
    ///
    /// Returns that it is another account, or that it is not clear which.
    pub(crate) fn begin(
        keeping: Option<&Self>,
        connection: &Connection,
        asked: Option<&AskedAccount>,
    ) -> Result<(String, Memory), Error> {
        let Some(keeping) = keeping else {
            return Ok((choose(&connection.accounts()?, asked)?, Memory::default()));
        };
        let who = adapter(connection.api).who(connection, asked)?;
        let account = who.account.ok_or(Error::NoAccount)?;
        let memory = match owner(&account, who.user.id.as_deref()) {
            Some(owner) => keeping.open(connection, owner),
            None => Memory::default(),
        };
        Ok((account, memory))
    }

    /// The same, with all to be read anew.
    pub(crate) fn anew(&self) -> Self {
        Self {
            anew: true,
            ..self.clone()
        }
    }

    /// Opens what is known of an account; where that cannot be had, people are told, and all is
    /// read.
    pub(crate) fn open(&self, connection: &Connection, owner: Owner) -> Memory {
        let scope = self.scope(connection, owner);
        let times = ((self.now)(), self.most);
        match Cache::open(&self.folder, &scope, times, self.anew) {
            Ok(cache) => self.kept(cache),
            Err(why) => {
                connection.host.message(&format!(
                    "What is read is not kept in `{}`: {why}",
                    self.folder.display()
                ));
                Memory::default()
            }
        }
    }

    /// Opens what is known of an account for no more than to know where to look first.
    pub(crate) fn hints(&self, connection: &Connection, owner: Owner) -> Memory {
        let times = ((self.now)(), self.most);
        let cache = known(&self.folder, &self.scope(connection, owner), times);
        cache.map_or_else(Memory::default, |cache| self.kept(cache))
    }

    /// Opens what is known of an account for no more than to forget what a run changes.
    pub(crate) fn forgets(&self, connection: &Connection, owner: Owner) -> Memory {
        let cache = existing(&self.folder, &self.scope(connection, owner));
        cache.map_or_else(Memory::default, |cache| self.kept(cache))
    }

    fn kept(&self, cache: Cache) -> Memory {
        Memory(Some(Kept {
            cache,
            now: self.now,
            most: self.most,
        }))
    }

    fn scope(&self, connection: &Connection, owner: Owner) -> Scope {
        Scope {
            api: connection.api,
            endpoint: self.server.clone(),
            owner,
        }
    }
}

/// Whose picture it is; nothing where the server does not say who asks.
pub(crate) fn owner(account: &str, user: Option<&str>) -> Option<Owner> {
    Some(Owner {
        account: account.to_owned(),
        user: user?.to_owned(),
    })
}

impl Memory {
    /// When the oldest of what was recalled was read, and until when that is kept; nothing where
    /// nothing was recalled.
    pub(crate) fn recalled(&self) -> Option<Recalled> {
        let Kept { cache, most, .. } = self.0.as_ref()?;
        let oldest = cache.oldest()?;
        let most = SignedDuration::try_from(*most).unwrap_or(SignedDuration::MAX);
        let until = oldest.saturating_add(most).unwrap_or(Timestamp::MAX);
        Some(Recalled { oldest, until })
    }

    /// What is directly in a folder or a version stack.
    pub(crate) fn list(&mut self, of: AssetId) -> Option<Vec<Shown>> {
        self.0.as_mut()?.cache.list(of)
    }

    /// The same, for whoever asks once.
    pub(crate) fn take_list(&mut self, of: AssetId) -> Option<Vec<Shown>> {
        self.0.as_mut()?.cache.take_list(of)
    }

    /// What the list of something tells of an asset.
    pub(crate) fn asset(&mut self, id: AssetId) -> Option<Shown> {
        self.0.as_mut()?.cache.asset(id)
    }

    /// In what each of some assets lay when it was read, as far as that is known.
    pub(crate) fn parents(
        &mut self,
        assets: &[(AssetId, Option<Kind>)],
    ) -> BTreeMap<AssetId, AssetId> {
        let Some(Kept { cache, .. }) = &mut self.0 else {
            return BTreeMap::new();
        };
        let known = assets.iter();
        let known = known.filter_map(|(id, _)| Some((*id, cache.parent(*id)?)));
        known.collect()
    }

    /// Does not believe what was read of an asset before a run recorded what became of it: `recorded`
    /// says when that was.
    pub(crate) fn drop_before(&mut self, recorded: impl Fn(AssetId) -> Option<Timestamp>) {
        if let Some(Kept { cache, .. }) = &mut self.0 {
            cache.drop_before(recorded);
        }
    }

    /// All projects of the account.
    pub(crate) fn projects(&mut self) -> Option<BTreeMap<AssetId, Project>> {
        self.0.as_mut()?.cache.projects()
    }

    /// The custom fields of the account.
    pub(crate) fn fields(&mut self) -> Option<Vec<Definition>> {
        self.0.as_mut()?.cache.fields()
    }

    /// What was read of lists that did not come to their ends.
    pub(crate) fn begun(&mut self, of: AssetId) -> Vec<ListPart> {
        let kept = self.0.as_mut();
        kept.map(|kept| kept.cache.begun(of)).unwrap_or_default()
    }

    pub(crate) fn keep_page(&mut self, of: AssetId, page: ListPart) {
        if let Some(Kept { cache, now, .. }) = &mut self.0 {
            cache.keep_page(of, page, now());
        }
    }

    /// What was read of the projects, where that did not come to its end.
    pub(crate) fn begun_projects(&mut self) -> Option<ProjectsPart> {
        self.0.as_mut()?.cache.begun_projects()
    }

    pub(crate) fn keep_projects(&mut self, page: ProjectsPart) {
        if let Some(Kept { cache, now, .. }) = &mut self.0 {
            cache.keep_projects(page, now());
        }
    }

    /// Keeps what was read of an asset by itself.
    pub(crate) fn keep_asset(&mut self, id: AssetId, facts: &Facts) {
        if let Some(Kept { cache, now, .. }) = &mut self.0 {
            cache.keep_asset(id, facts, now());
        }
    }

    /// Keeps what was read before a plan of assets that no list shows that was kept.
    pub(crate) fn keep_assets(&mut self, read: &Inventory) {
        if self.0.is_none() {
            return;
        }
        let lists = read.lists.values().flat_map(|items| items.iter());
        let listed: BTreeSet<AssetId> = lists.map(|(id, _)| *id).collect();
        for (id, facts) in read.all_facts().filter(|(id, _)| !listed.contains(id)) {
            self.keep_asset(id, facts);
        }
    }

    pub(crate) fn keep_fields(&mut self, definitions: &[Definition]) {
        if let Some(Kept { cache, now, .. }) = &mut self.0 {
            cache.keep_fields(definitions, now());
        }
    }
}

impl Watch for Memory {
    fn recall(&mut self, of: AssetId) -> Option<Vec<Shown>> {
        self.list(of)
    }

    fn begun(&mut self, of: AssetId) -> Vec<ListPart> {
        self.begun(of)
    }

    fn page(&mut self, of: AssetId, page: ListPart) {
        self.keep_page(of, page);
    }

    fn listed(&mut self, _: AssetId, _: &[Shown]) {}

    fn unread(&mut self, _: AssetId, _: &str) {}
}

/// What a run asks to delete is not as it was, whatever came of it, and what it learns of an asset
/// is newer than what was kept. Where somebody reads meanwhile and keeps what is deleted in the same
/// moment, the outcome has it forgotten.
impl Listener for Memory {
    fn on_event(&mut self, event: &RunEvent) {
        let Some(Kept { cache, .. }) = &mut self.0 else {
            return;
        };
        if let RunEvent::Intent {
            ids, stack, with, ..
        } = event
        {
            let all = ids.iter().chain(stack).chain(&**with);
            cache.forget(all.copied().collect());
        } else if let RunEvent::Answered { outcomes, .. } = event {
            cache.forget(outcomes.iter().map(|(id, _)| *id).collect());
        }
    }
}

/// What was read before of some assets, and of the folders above them; what is `back` as well, where
/// a list of these shows it.
pub(super) fn recall(
    memory: &mut Memory,
    wanted: &[(AssetId, Option<Kind>)],
    back: &[AssetId],
) -> Inventory {
    let mut recalled = Inventory::default();
    for (id, _) in wanted {
        let Some(Shown { id, facts, project }) = memory.asset(*id) else {
            continue;
        };
        let mut above = facts.parent;
        if let Some(parent) = above.filter(|parent| !recalled.lists.contains_key(parent))
            && let Some(items) = memory.list(parent)
        {
            recalled.add_list(parent, &items);
            let is_back = |item: &Shown| back.binary_search(&item.id).is_ok();
            let shown = items.into_iter().filter(is_back);
            let shown = shown.map(|item| (item.id, item.facts));
            recalled.around.extend(shown);
        }
        recalled.assets.insert(id, Seen::There(facts));
        recalled.projects.extend(project);
        while let Some(id) = above.filter(|id| !recalled.around.contains_key(id)) {
            let Some(Shown { facts, project, .. }) = memory.asset(id) else {
                break;
            };
            above = facts.parent;
            recalled.around.insert(id, facts);
            recalled.projects.extend(project);
        }
    }
    recalled
}

/// Adds what was read before to what was read now: rows that contradict each other are no better
/// for their age.
pub(super) fn add_recalled(read: &mut Inventory, mut recalled: Inventory) {
    if recalled.assets.is_empty() {
        return;
    }
    read.assets.append(&mut recalled.assets);
    read.around.append(&mut recalled.around);
    read.lists.append(&mut recalled.lists);
    read.projects.append(&mut recalled.projects);
    drop_contradicted(read);
}
