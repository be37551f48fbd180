//! In which account a command works, and who works in it.

use std::sync::Arc;

use crate::app::connect::{AskedAccount, Connection, belongs, choose, is_called};
use crate::app::error::Error;
use crate::app::whoami::{accounts_of_v2, passed_over};
use crate::frameio::v4;
use crate::frameio::v4::wire::User;
use crate::inventory::Person;
use crate::state::Api;

/// In which account a command works, and who works in it.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    /// The account; nothing where v2 was not asked.
    pub(crate) account: Option<String>,
    /// What the account is called, where the server says so.
    pub(crate) account_name: Option<Arc<str>>,
    /// Who it is, as far as the server says so.
    pub(crate) user: Person,
}

/// Asks the server in which account a command works, and who works in it.
///
/// V4 always works in one: the one that is asked for, else the only one of the token. With v2 it
/// is that of the token, and only asked for where somebody names one.
///
/// # Errors
///
/// Returns that it is another, or that it is not clear which.
pub(crate) fn who(connection: &Connection, wanted: Option<&AskedAccount>) -> Result<Who, Error> {
    let (account, accounts, user) = match connection.api {
        Api::V2 => {
            let Some((who, wanted)) = wanted else {
                return Ok(Who {
                    account: None,
                    account_name: None,
                    user: Person::default(),
                });
            };
            let me = connection.me(|_| {})?;
            let account = belongs(&me.account, (who, wanted))?;
            (account, accounts_of_v2(connection)?, me.user)
        }
        Api::V4 => {
            let accounts = connection.accounts()?;
            let account = choose(&accounts, wanted)?;
            let client = connection.client(None);
            let me = client.read(&v4::Read::Me, v4::answer::judge_me);
            let user = connection.wait_for(me)?.or_else(passed_over)?;
            (account, accounts, user)
        }
    };
    let mut named = accounts.iter().filter(|named| is_called(named, &account));
    let account_name = named.find_map(|named| named.name.as_deref()).map(Arc::from);
    let User { id, name, email } = user;
    let [id, name, email] = [id, name, email].map(|text| text.map(Arc::from));
    Ok(Who {
        account: Some(account),
        account_name,
        user: Person { id, name, email },
    })
}
