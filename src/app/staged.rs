//! The server of a connection, as what moves assets aside asks it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use crate::app::connect::{Connection, PAGES};
use crate::app::error::{Error, stopped};
use crate::apply::staged::{Answer, Named, Server, Terms, Wanted};
use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::changer::ChangingClient;
use crate::frameio::client::Unmade;
use crate::frameio::inventory::{self, Question};
use crate::frameio::tree::Nobody;
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::judge_list;
use crate::frameio::v4::call::List;
use crate::frameio::v4::changes::Change;
use crate::inventory::{Connections, Inventory, Marked, Marking};
use crate::plan::consent::Agreed;

/// How a run stages.
#[derive(Debug, Clone)]
pub(crate) struct Staging {
    pub(crate) terms: Terms,
    /// The marks that keep assets.
    pub(crate) marks: Option<Marking>,
}

impl Staging {
    /// The same, for somebody.
    pub(crate) fn by(mut self, actor: Option<String>) -> Self {
        self.terms.actor = actor;
        self
    }
}

/// Asks the server of a connection.
pub(crate) struct Live<'run> {
    client: ChangingClient,
    connection: &'run Connection,
    account: Option<&'run str>,
    marks: Option<&'run Marking>,
    now: &'run dyn Fn() -> Timestamp,
}

impl<'run> Live<'run> {
    pub(crate) fn new(
        (connection, account): (&'run Connection, Option<&'run str>),
        agreed: &Agreed,
        marks: Option<&'run Marking>,
        now: &'run dyn Fn() -> Timestamp,
    ) -> Self {
        Self {
            client: ChangingClient::new(connection.client(account), agreed),
            connection,
            account,
            marks,
            now,
        }
    }
}

impl Server for Live<'_> {
    fn change(&mut self, change: &Change) -> Answer {
        match self.connection.wait_for(self.client.make(change)) {
            Ok(answer) => answer,
            // What is cut off may have been sent.
            Err(error) => Err(Unmade::Denied(stopped(error))),
        }
    }

    fn read(&mut self, wanted: Wanted<'_>) -> Result<Inventory, StopReason> {
        read((self.connection, self.account), wanted).map_err(stopped)
    }

    fn folders_in(&mut self, folder: AssetId) -> Result<Option<Vec<Named>>, StopReason> {
        let client = self.connection.client(self.account);
        let list = |after| Read::List(List::Folders, folder, after);
        let pages = client.pages(list, |reply: &_| judge_list(List::Folders, reply));
        let listed = self
            .connection
            .wait_for(pages.all(PAGES))
            .map_err(stopped)?;
        match listed {
            Ok(rows) => Ok(Some(
                rows.into_iter()
                    .map(|row| Named {
                        id: row.id,
                        name: row.facts.name,
                    })
                    .collect(),
            )),
            Err(unread) => unread.why().map(|_| None),
        }
    }

    fn still_there(&mut self, assets: &[(AssetId, Kind)]) -> Result<Vec<AssetId>, StopReason> {
        let client = self.connection.client(self.account);
        let looking = inventory::still_there(&client, assets);
        self.connection.wait_for(looking).map_err(stopped)?
    }

    fn marked(&self, read: &Inventory) -> BTreeSet<AssetId> {
        let Some(marking) = self.marks else {
            return BTreeSet::new();
        };
        let marked = read
            .all_facts()
            .filter(|(_, facts)| match marking.of(facts) {
                Marked::Yes(_) => true,
                // Files alone bear marks.
                Marked::Unread => facts.kind == Kind::File,
                Marked::No => false,
            });
        marked.map(|(id, _)| id).collect()
    }

    fn pause(&mut self, time: Duration) -> Result<(), StopReason> {
        let paused = self.connection.wait_for(async { sleep(time).await });
        paused.map_err(stopped)
    }

    fn tell(&mut self, text: &str) {
        self.connection.host.message(text);
    }

    fn now(&self) -> Timestamp {
        (self.now)()
    }
}

/// Reads assets, and what is in those that are wanted whole.
pub(crate) fn read(
    (connection, account): (&Connection, Option<&str>),
    wanted: Wanted<'_>,
) -> Result<Inventory, Error> {
    let Wanted {
        assets,
        whole,
        place,
        within,
    } = wanted;
    let question = Question {
        assets,
        going: whole,
        place,
        back: &Arc::default(),
        singly: false,
        within,
    };
    let client = connection.client(account);
    let mut nobody = Nobody;
    let reading = inventory::read_assets(&client, &question, &mut nobody, |_| {});
    let (mut read, _) = connection.wait_for(reading)?.map_err(Error::Stopped)?;
    if !whole.is_empty() {
        let mut containers: BTreeMap<AssetId, Option<Kind>> =
            whole.iter().map(|id| (*id, Some(Kind::Folder))).collect();
        let kinds = assets
            .iter()
            .filter(|(id, kind)| kind.is_some() && whole.contains(id));
        containers.extend(kinds.copied());
        let connections = Connections {
            containers: containers.into_iter().collect(),
            ..Connections::default()
        };
        let reading = inventory::read_around(&client, &connections, &mut read, &mut nobody, |_| {});
        connection.wait_for(reading)?.map_err(Error::Stopped)?;
    }
    Ok(read)
}
