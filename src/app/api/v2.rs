//! The use cases in v2.

use std::sync::Arc;

use jiff::Timestamp;

use crate::app::api::adapter::{Adapter, Who, passed_over};
use crate::app::api::opened::{ClockCheck, Opened, opened};
use crate::app::apply::{Order, run};
use crate::app::connect::{AskedAccount, Connection, PAGES, belongs};
use crate::app::error::Error;
use crate::apply::strategy::Bulk;
use crate::apply::{Clock, NotSaved};
use crate::asset::AssetId;
use crate::diagnostic::Finding;
use crate::event::{Ending, Listener};
use crate::frameio::client::{Client, ENDLESS, Unread};
use crate::frameio::inventory::{self, Question};
use crate::frameio::survey_v2::survey_v2;
use crate::frameio::tree::Watch;
use crate::frameio::v2;
use crate::frameio::v4::wire::Named;
use crate::inventory::{Connections, Definition, Inventory};
use crate::manifest;
use crate::manifest::document::Manifests;
use crate::render::whoami::TokenKind;
use crate::store::file::{FileSession, Rescue};

/// The version that deletes in bulk.
pub(super) struct V2;

impl Adapter for V2 {
    fn check(&self, manifests: &Manifests) -> Vec<Finding> {
        manifest::only_v4(manifests)
    }

    fn other_token(&self) -> TokenKind {
        TokenKind::Unknown
    }

    /// The account is that of the token, and only asked for where somebody names one.
    fn who(&self, connection: &Connection, wanted: Option<&AskedAccount>) -> Result<Who, Error> {
        let Some((who, wanted)) = wanted else {
            return Ok(Who::default());
        };
        let me = connection.me(|_| {})?;
        let account = belongs(&me.account, (who, wanted))?;
        Ok(Who::new(account, &accounts(connection)?, me.user))
    }

    fn whoami(
        &self,
        connection: &Connection,
        wanted: Option<&AskedAccount>,
        now: fn() -> Timestamp,
    ) -> Result<Opened, Error> {
        let client = connection.client(None);
        let watch = ClockCheck::start(now);
        let me = connection.me(|reply| watch.look(reply))?;
        let wrong = wanted.and_then(|(who, wanted)| belongs(&me.account, (who, wanted)).err());
        // The token works in one account, and may see others.
        let mut accounts = accounts(connection)?;
        if !accounts
            .iter()
            .any(|account| account.id.eq_ignore_ascii_case(&me.account))
        {
            accounts.insert(
                0,
                Named {
                    id: me.account,
                    name: None,
                    adobe_id: None,
                    roles: None,
                },
            );
        }
        let read = |account: &Named| {
            let id: Arc<str> = Arc::from(&*account.id);
            connection.wait_for(projects(&client, id))
        };
        opened((me.user, watch), (accounts, wrong), read)
    }

    /// It reads a deleted asset as well, and has no lists of them.
    fn read_assets(
        &self,
        (connection, account): (&Connection, Option<&str>),
        question: &Question<'_>,
        _: &mut dyn Watch,
        told: &mut dyn FnMut(usize),
    ) -> Result<(Inventory, bool), Error> {
        let client = connection.client(account);
        let read = connection.wait_for(survey_v2(
            &client,
            question.assets,
            |id| (question.place)(id)[1],
            told,
        ))?;
        Ok((read.map_err(Error::Stopped)?, false))
    }

    /// It reads as far as something protected may be.
    fn read_places(
        &self,
        (connection, account): (&Connection, Option<&str>),
        connections: &Connections,
        read: &mut Inventory,
        _: &mut dyn Watch,
        told: &mut dyn FnMut(usize),
    ) -> Result<(), Error> {
        connection
            .host
            .message("Reading where protected assets lie …");
        let client = connection.client(account);
        let reading = inventory::read_places(&client, connections, read, told);
        connection.wait_for(reading)?.map_err(Error::Stopped)
    }

    fn read_projects(
        &self,
        (connection, account): (&Connection, Option<&str>),
        ids: &[AssetId],
        read: &mut Inventory,
    ) -> Result<(), Error> {
        let client = connection.client(account);
        let ask = |id| {
            let client = client.clone();
            async move {
                let judge = |reply: &_| v2::answer::judge_project(id, reply);
                client.read(&v2::Read::Project(id), judge).await
            }
        };
        let reading = inventory::read_held_projects(ids, ask, read);
        connection.wait_for(reading)?.map_err(Error::Stopped)
    }

    /// It has none.
    fn read_fields(
        &self,
        _: (&Connection, Option<&str>),
    ) -> Result<Result<Vec<Definition>, Arc<str>>, Error> {
        Ok(Ok(Vec::new()))
    }

    fn carry_out(
        &self,
        order: Order,
        connection: &Connection,
        session: FileSession,
        around: (Vec<&mut dyn Listener>, &dyn Clock),
    ) -> (Ending, Option<(NotSaved, Rescue)>) {
        run::<Bulk>(order, connection, session, around)
    }
}

/// Asks which accounts the token sees.
fn accounts(connection: &Connection) -> Result<Vec<Named>, Error> {
    let client = &connection.client(None);
    let listed = pages(|page| {
        let read = v2::Read::Accounts(page);
        async move {
            client
                .read(&read, |reply| v2::answer::judge_named(page, reply))
                .await
        }
    });
    connection.wait_for(listed)?.or_else(passed_over)
}

/// Reads the pages of a list.
async fn pages<F>(read: impl Fn(u32) -> F) -> Result<Vec<Named>, Unread>
where
    F: Future<Output = Result<(Vec<Named>, bool), Unread>>,
{
    let mut all = Vec::new();
    for page in 1..=u32::try_from(PAGES).unwrap_or(u32::MAX) {
        let (named, more) = read(page).await?;
        all.extend(named);
        if !more {
            return Ok(all);
        }
    }
    Err(Unread::trouble(ENDLESS))
}

async fn projects(client: &Client, account: Arc<str>) -> Result<Vec<Named>, Unread> {
    let teams = pages(|page| {
        let read = v2::Read::Teams(Arc::clone(&account), page);
        async move {
            client
                .read(&read, |reply| v2::answer::judge_named(page, reply))
                .await
        }
    });
    let mut projects = Vec::new();
    for team in teams.await? {
        let team: Arc<str> = Arc::from(team.id);
        let of_team = pages(|page| {
            let read = v2::Read::Projects(Arc::clone(&team), page);
            async move {
                client
                    .read(&read, |reply| v2::answer::judge_named(page, reply))
                    .await
            }
        });
        projects.extend(of_team.await?);
    }
    Ok(projects)
}
