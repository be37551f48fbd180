//! What one version of the API does for the use cases.

use std::sync::Arc;

use jiff::Timestamp;

use crate::app::api::opened::Opened;
use crate::app::apply::Order;
use crate::app::connect::{AskedAccount, Connection, is_called, not_told};
use crate::app::error::Error;
use crate::apply::{Clock, NotSaved};
use crate::asset::AssetId;
use crate::diagnostic::Finding;
use crate::event::{Ending, Listener};
use crate::frameio::client::Unread;
use crate::frameio::inventory::Question;
use crate::frameio::tree::Watch;
use crate::frameio::v4::wire::{Named, User};
use crate::inventory::{Connections, Definition, Inventory, Person};
use crate::manifest::document::Manifests;
use crate::render::whoami::TokenKind;
use crate::store::file::{FileSession, Rescue};

/// What the use cases ask of a version of the API.
pub(crate) trait Adapter {
    /// What of the manifests this version cannot do.
    fn check(&self, manifests: &Manifests) -> Vec<Finding>;

    /// What a token is that nothing else tells of.
    fn other_token(&self) -> TokenKind;

    /// Asks the server in which account a command works, and who works in it.
    ///
    /// # Errors
    ///
    /// Returns that it is another, or that it is not clear which.
    fn who(&self, connection: &Connection, wanted: Option<&AskedAccount>) -> Result<Who, Error>;

    /// Asks the server whose token it is and what it opens; `now` tells the time.
    ///
    /// # Errors
    ///
    /// Returns why that cannot be found out, or that it opens nothing.
    fn whoami(
        &self,
        connection: &Connection,
        wanted: Option<&AskedAccount>,
        now: fn() -> Timestamp,
    ) -> Result<Opened, Error>;

    /// Reads what some assets are; `watch` hears the lists that this takes, and `told` how many
    /// were read. Also says whether the missing ones were looked for in all lists of recently
    /// deleted assets.
    ///
    /// # Errors
    ///
    /// Returns why nothing more may be read.
    fn read_assets(
        &self,
        at: (&Connection, Option<&str>),
        question: &Question<'_>,
        watch: &mut dyn Watch,
        told: &mut dyn FnMut(usize),
    ) -> Result<(Inventory, bool), Error>;

    /// Reads what is in assets and around them, as far as this version needs it and `watch` does
    /// not recall it; `told` hears how many requests were made.
    ///
    /// # Errors
    ///
    /// Returns why nothing more may be read.
    fn read_places(
        &self,
        at: (&Connection, Option<&str>),
        connections: &Connections,
        read: &mut Inventory,
        watch: &mut dyn Watch,
        told: &mut dyn FnMut(usize),
    ) -> Result<(), Error>;

    /// Reads held projects, as far as this version can tell whether there is one.
    ///
    /// # Errors
    ///
    /// Returns why nothing more may be read.
    fn read_projects(
        &self,
        at: (&Connection, Option<&str>),
        ids: &[AssetId],
        read: &mut Inventory,
    ) -> Result<(), Error>;

    /// Reads the custom fields of the account, or says why they cannot be read.
    ///
    /// # Errors
    ///
    /// Returns why nothing more may be read.
    fn read_fields(
        &self,
        at: (&Connection, Option<&str>),
    ) -> Result<Result<Vec<Definition>, Arc<str>>, Error>;

    /// Carries out what was approved, until it is done or a signal stops it: the first one in
    /// order, the same one soon after it at once. Says why it ended, and what could not be written
    /// down, with what is left of it.
    fn carry_out(
        &self,
        order: Order,
        connection: &Connection,
        session: FileSession,
        around: (Vec<&mut dyn Listener>, &dyn Clock),
    ) -> (Ending, Option<(NotSaved, Rescue)>);
}

/// In which account a command works, and who works in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Who {
    /// The account; nothing where v2 was not asked.
    pub(crate) account: Option<String>,
    /// What the account is called, where the server says so.
    pub(crate) account_name: Option<Arc<str>>,
    /// Who it is, as far as the server says so.
    pub(crate) user: Person,
}

impl Who {
    /// Puts together what a server says, with the account's name among those that the token opens.
    pub(super) fn new(account: String, accounts: &[Named], user: User) -> Self {
        let mut named = accounts.iter().filter(|named| is_called(named, &account));
        let account_name = named.find_map(|named| named.name.as_deref()).map(Arc::from);
        let User { id, name, email } = user;
        let [id, name, email] = [id, name, email].map(|text| text.map(Arc::from));
        Self {
            account: Some(account),
            account_name,
            user: Person { id, name, email },
        }
    }
}

/// What is not there, or may not be read, has nothing; all else went wrong.
pub(super) fn passed_over<T: Default>(unread: Unread) -> Result<T, Error> {
    match unread {
        Unread::Trouble { reached: true, .. }
        | Unread::Refused(_)
        | Unread::Absent(_)
        | Unread::Malformed(_) => Ok(T::default()),
        Unread::Trouble { reached: false, .. } | Unread::Stop(_) => Err(not_told(unread)),
    }
}
