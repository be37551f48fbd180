//! What `find` and `plan` recall of an account instead of asking again, and keep for the next time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::app::api::adapter;
use crate::app::connect::{AskedAccount, Connection, choose};
use crate::app::error::Error;
use crate::asset::{AssetId, Kind};
use crate::event::{Listener, RunEvent};
use crate::frameio::tree::Watch;
use crate::inventory::{
    Definition, Facts, Inventory, ListPart, Project, ProjectsPart, Seen, Shown,
};
use crate::store::cache::{Cache, Owner, Scope, TokenKey, existing};

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
pub(crate) struct Memory(Option<(Cache, fn() -> Timestamp)>);

impl Keeping {
    /// Says in which account a command works, and opens what is known of it.
    ///
    /// The server is asked only where it was not asked with this token a while ago.
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
        let now = (keeping.now)();
        let key = keeping.token_key(connection, asked)?;
        let known = key.as_ref().filter(|_| !keeping.anew);
        let known = known.and_then(|key| key.owner(&keeping.folder, (now, keeping.most)));
        if let Some(owner) = known {
            let account = owner.account.clone();
            return Ok((account, keeping.open(connection, owner)));
        }
        let who = adapter(connection.api).who(connection, asked)?;
        let account = who.account.clone().ok_or(Error::NoAccount)?;
        let Some(owner) = owner(&account, who.user.id.as_deref()) else {
            return Ok((account, Memory::default()));
        };
        if let Some(key) = key {
            // Where it cannot be kept it is asked again.
            key.keep(&keeping.folder, &owner, now).ok();
        }
        Ok((account, keeping.open(connection, owner)))
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
            Ok(cache) => Memory(Some((cache, self.now))),
            Err(why) => {
                connection.host.message(&format!(
                    "What is read is not kept in `{}`: {why}",
                    self.folder.display()
                ));
                Memory::default()
            }
        }
    }

    /// Opens what is known of an account for no more than to forget what a run changes.
    pub(crate) fn forgets(&self, connection: &Connection, owner: Owner) -> Memory {
        let cache = existing(&self.folder, &self.scope(connection, owner));
        Memory(cache.map(|cache| (cache, self.now)))
    }

    fn scope(&self, connection: &Connection, owner: Owner) -> Scope {
        Scope {
            api: connection.api,
            endpoint: self.server.clone(),
            owner,
        }
    }

    /// What tells this token and account from others; nothing where there is no token, which
    /// whoever asks with it will say.
    fn token_key(
        &self,
        connection: &Connection,
        asked: Option<&AskedAccount>,
    ) -> Result<Option<TokenKey>, Error> {
        let digest = connection.wait_for(connection.token_provider.digest())?;
        let account = asked.map_or("", |(_, account)| account);
        let parts = |digest: [u8; 32]| {
            TokenKey::new(&[
                &digest,
                connection.api.name().as_bytes(),
                self.server.as_bytes(),
                account.as_bytes(),
            ])
        };
        Ok(digest.map(parts))
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
    /// When the oldest of what was recalled was read; nothing where nothing was.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        self.0.as_ref()?.0.oldest()
    }

    /// What is directly in a folder or a version stack.
    pub(crate) fn list(&mut self, of: AssetId) -> Option<Vec<Shown>> {
        self.0.as_mut()?.0.list(of)
    }

    /// The same, for whoever asks once.
    pub(crate) fn take_list(&mut self, of: AssetId) -> Option<Vec<Shown>> {
        self.0.as_mut()?.0.take_list(of)
    }

    /// What the list of something tells of an asset.
    pub(crate) fn asset(&mut self, id: AssetId) -> Option<Shown> {
        self.0.as_mut()?.0.asset(id)
    }

    /// All projects of the account.
    pub(crate) fn projects(&mut self) -> Option<BTreeMap<AssetId, Project>> {
        self.0.as_mut()?.0.projects()
    }

    /// The custom fields of the account.
    pub(crate) fn fields(&mut self) -> Option<Vec<Definition>> {
        self.0.as_mut()?.0.fields()
    }

    /// What was read of lists that did not come to their ends.
    pub(crate) fn begun(&mut self, of: AssetId) -> Vec<ListPart> {
        let cache = self.0.as_mut().map(|(cache, _)| cache);
        cache.map(|cache| cache.begun(of)).unwrap_or_default()
    }

    pub(crate) fn keep_page(&mut self, of: AssetId, page: ListPart) {
        if let Some((cache, now)) = &mut self.0 {
            cache.keep_page(of, page, now());
        }
    }

    /// What was read of the projects, where that did not come to its end.
    pub(crate) fn begun_projects(&mut self) -> Option<ProjectsPart> {
        self.0.as_mut()?.0.begun_projects()
    }

    pub(crate) fn keep_projects(&mut self, page: ProjectsPart) {
        if let Some((cache, now)) = &mut self.0 {
            cache.keep_projects(page, now());
        }
    }

    /// Keeps what was read of an asset by itself.
    pub(crate) fn keep_asset(&mut self, id: AssetId, facts: &Facts) {
        if let Some((cache, now)) = &mut self.0 {
            cache.keep_asset(id, facts, now());
        }
    }

    pub(crate) fn keep_fields(&mut self, definitions: &[Definition]) {
        if let Some((cache, now)) = &mut self.0 {
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

/// What a run asks to delete is not as it was, whatever came of it.
impl Listener for Memory {
    fn on_event(&mut self, event: &RunEvent) {
        if let (Some((cache, _)), RunEvent::Intent { ids, .. }) = (&mut self.0, event) {
            cache.forget(ids.to_vec());
        }
    }
}

/// What was read before of some assets, and of the folders above them.
pub(super) fn recall(memory: &mut Memory, wanted: &[(AssetId, Option<Kind>)]) -> Inventory {
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
