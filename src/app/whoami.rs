//! Whose token it is, and what it opens.

use std::cell::Cell;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::app::connect::{AskedAccount, Connection, PAGES, belongs, choose, not_told};
use crate::app::error::Error;
use crate::frameio::Reply;
use crate::frameio::client::{Client, ENDLESS, Unread};
use crate::frameio::token_provider::Sort;
use crate::frameio::v2;
use crate::frameio::v4;
use crate::frameio::v4::wire::{Named, User};
use crate::render::summary::stopped;
use crate::render::whoami::{self, Account, Clock, Project, TokenKind};
use crate::state::Api;

/// What a server tells of whoever has the token.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) user: whoami::User,
    pub(crate) clock: Option<Clock>,
    pub(crate) accounts: Vec<Account>,
    /// That it does not open the account that somebody asks for.
    pub(crate) wrong: Option<Error>,
}

/// What sort of thing opens the API.
pub(crate) const fn token_kind(api: Api, sort: Option<Sort>) -> TokenKind {
    match (sort, api) {
        (None, _) => TokenKind::Sandbox,
        (Some(Sort::Developer), _) => TokenKind::DeveloperToken,
        (Some(Sort::Legacy), _) => TokenKind::LegacyToken,
        (Some(Sort::Client), _) => TokenKind::ClientCredentials,
        (Some(Sort::Person), _) => TokenKind::SignIn,
        // V4 takes no other one.
        (Some(Sort::Other), Api::V4) => TokenKind::AdobeAccessToken,
        (Some(Sort::Other), Api::V2) => TokenKind::Unknown,
    }
}

/// When the token in use ends, where the service that gave it has said so.
pub(crate) fn token_end(connection: &Connection, now: Timestamp) -> Option<Timestamp> {
    let left = connection.wait_for(connection.token_provider.time_left());
    let left = left.ok()??;
    now.checked_add(SignedDuration::try_from(left).ok()?).ok()
}

/// Asks the server whose token it is and what it opens; `now` tells the time.
///
/// # Errors
///
/// Returns why that cannot be found out, or that it opens nothing.
pub(crate) fn whoami(
    connection: &Connection,
    wanted: Option<&AskedAccount>,
    now: fn() -> Timestamp,
) -> Result<Opened, Error> {
    let opened = match connection.api {
        Api::V2 => v2(connection, wanted, now),
        Api::V4 => v4(connection, wanted, now),
    };
    opened.map_err(|error| {
        let kind = token_kind(connection.api, connection.token_sort());
        error.by_token(kind, connection.api)
    })
}

fn v2(
    connection: &Connection,
    wanted: Option<&AskedAccount>,
    now: fn() -> Timestamp,
) -> Result<Opened, Error> {
    let client = connection.client(None);
    let watch = Watch::start(now);
    let me = connection.me(|reply| watch.look(reply))?;
    let wrong = wanted.and_then(|(who, wanted)| belongs(&me.account, (who, wanted)).err());
    // The token works in one account, and may see others.
    let mut accounts = accounts_of_v2(connection)?;
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
        connection.wait_for(projects_of_v2(&client, id))
    };
    opened((me.user, watch), (accounts, wrong), read)
}

fn v4(
    connection: &Connection,
    wanted: Option<&AskedAccount>,
    now: fn() -> Timestamp,
) -> Result<Opened, Error> {
    let client = connection.client(None);
    let watch = Watch::start(now);
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

/// Reads the projects of each account; what cannot be read says why.
fn opened(
    (user, watch): (User, Watch),
    (accounts, wrong): (Vec<Named>, Option<Error>),
    read: impl Fn(&Named) -> Result<Result<Vec<Named>, Unread>, Error>,
) -> Result<Opened, Error> {
    let account = |account: Named| {
        let read = read(&account)?.map_err(|unread| match unread {
            Unread::Trouble { detail, .. } | Unread::Refused(detail) => detail,
            Unread::Stop(reason) => stopped(&reason),
        });
        let Named {
            id,
            name,
            adobe_id,
            roles,
        } = account;
        let (projects, unread) = match read {
            Ok(projects) => (Some(projects.into_iter().map(project).collect()), None),
            Err(why) => (None, Some(why)),
        };
        Ok(Account {
            id,
            name,
            adobe_id,
            roles,
            projects,
            unread,
        })
    };
    let User { id, name, email } = user;
    Ok(Opened {
        user: whoami::User { id, name, email },
        clock: watch.clock.get(),
        accounts: accounts
            .into_iter()
            .map(account)
            .collect::<Result<_, Error>>()?,
        wrong,
    })
}

fn project(project: Named) -> Project {
    let Named { id, name, .. } = project;
    Project { id, name }
}

/// Asks v2 which accounts the token sees.
pub(super) fn accounts_of_v2(connection: &Connection) -> Result<Vec<Named>, Error> {
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

/// What is not there, or may not be read, has nothing; all else went wrong.
pub(super) fn passed_over<T: Default>(unread: Unread) -> Result<T, Error> {
    match unread {
        Unread::Trouble { reached: true, .. } | Unread::Refused(_) => Ok(T::default()),
        Unread::Trouble { reached: false, .. } | Unread::Stop(_) => Err(not_told(unread)),
    }
}

/// Reads the pages of a list of v2.
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

async fn projects_of_v2(client: &Client, account: Arc<str>) -> Result<Vec<Named>, Unread> {
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

/// Compares the clocks by the last answer that had a date.
struct Watch {
    now: fn() -> Timestamp,
    start: Timestamp,
    clock: Cell<Option<Clock>>,
}

impl Watch {
    fn start(now: fn() -> Timestamp) -> Self {
        Self {
            now,
            start: now(),
            clock: Cell::new(None),
        }
    }

    fn look(&self, reply: &Reply) {
        if let Some(date) = reply.date() {
            let clock = Clock::compare(self.start, date, (self.now)());
            self.clock.set(Some(clock));
        }
    }
}
