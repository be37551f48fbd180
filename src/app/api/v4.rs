//! The use cases in V4.

use std::sync::Arc;

use jiff::Timestamp;

use crate::app::api::adapter::{Adapter, Who, passed_over};
use crate::app::api::opened::{ClockCheck, Opened, opened};
use crate::app::apply::{Order, run};
use crate::app::connect::{AskedAccount, Connection, PAGES, choose, not_told};
use crate::app::error::Error;
use crate::apply::strategy::Direct;
use crate::apply::{Clock, NotSaved};
use crate::asset::AssetId;
use crate::diagnostic::Finding;
use crate::event::{Ending, Listener};
use crate::frameio::Reply;
use crate::frameio::inventory::{self, Question};
use crate::frameio::tree::Watch;
use crate::frameio::v4;
use crate::frameio::v4::wire::Named;
use crate::inventory::{Connections, Definition, Inventory};
use crate::manifest::document::Manifests;
use crate::render::whoami::TokenKind;
use crate::store::file::{FileSession, Rescue};

/// The version that deletes one by one.
pub(super) struct V4;

impl Adapter for V4 {
    fn check(&self, _: &Manifests) -> Vec<Finding> {
        Vec::new()
    }

    /// It takes no other one.
    fn other_token(&self) -> TokenKind {
        TokenKind::AdobeAccessToken
    }

    /// It always works in an account: the one that is asked for, else the only one of the token.
    fn who(&self, connection: &Connection, wanted: Option<&AskedAccount>) -> Result<Who, Error> {
        let accounts = connection.accounts()?;
        let account = choose(&accounts, wanted)?;
        let client = connection.client(None);
        let me = client.read(&v4::Read::Me, v4::answer::judge_me);
        let user = connection.wait_for(me)?.or_else(passed_over)?;
        Ok(Who::new(account, &accounts, user))
    }

    fn whoami(
        &self,
        connection: &Connection,
        wanted: Option<&AskedAccount>,
        now: fn() -> Timestamp,
    ) -> Result<Opened, Error> {
        let client = connection.client(None);
        let watch = ClockCheck::start(now);
        let judge = |reply: &Reply| {
            watch.look(reply);
            v4::answer::judge_me(reply)
        };
        let user = connection.wait_for(client.read(&v4::Read::Me, judge))?;
        let user = user.map_err(not_told)?;
        let accounts = connection.accounts()?;
        if accounts.is_empty() {
            return Err(Error::NoAccount);
        }
        let wrong = wanted.and_then(|wanted| choose(&accounts, Some(wanted)).err());
        let read = |account: &Named| {
            let client = connection.client(Some(&account.id));
            let pages = client.pages(v4::Read::ProjectsOfAccount, v4::answer::judge_named);
            connection.wait_for(pages.all(PAGES))
        };
        opened((user, watch), (accounts, wrong), read)
    }

    /// It asks for all of them.
    fn read_assets(
        &self,
        (connection, account): (&Connection, Option<&str>),
        question: &Question<'_>,
        watch: &mut dyn Watch,
        told: &mut dyn FnMut(usize),
    ) -> Result<(Inventory, bool), Error> {
        let client = connection.client(account);
        let reading = inventory::read_assets(&client, question, watch, told);
        connection.wait_for(reading)?.map_err(Error::Stopped)
    }

    fn read_places(
        &self,
        (connection, account): (&Connection, Option<&str>),
        connections: &Connections,
        read: &mut Inventory,
        watch: &mut dyn Watch,
        told: &mut dyn FnMut(usize),
    ) -> Result<(), Error> {
        connection
            .host
            .message("Reading what is in them and around them …");
        let client = connection.client(account);
        let reading = inventory::read_around(&client, connections, read, watch, told);
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
            async move { inventory::read_project(&client, id).await }
        };
        let reading = inventory::read_held_projects(ids, ask, read);
        connection.wait_for(reading)?.map_err(Error::Stopped)
    }

    fn read_fields(
        &self,
        (connection, account): (&Connection, Option<&str>),
    ) -> Result<Result<Vec<Definition>, Arc<str>>, Error> {
        let client = connection.client(account);
        let pages = client.pages(v4::Read::Fields, v4::answer::judge_definitions);
        match connection.wait_for(pages.all(PAGES))? {
            Ok(definitions) => Ok(Ok(definitions)),
            Err(unread) => unread
                .why()
                .map(|why| Err(why.into()))
                .map_err(Error::Stopped),
        }
    }

    fn carry_out(
        &self,
        order: Order,
        connection: &Connection,
        session: FileSession,
        around: (Vec<&mut dyn Listener>, &dyn Clock),
    ) -> (Ending, Option<(NotSaved, Rescue)>) {
        run::<Direct>(order, connection, session, around)
    }
}
