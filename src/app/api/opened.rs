//! What a token opens.

use std::cell::Cell;

use jiff::Timestamp;

use crate::app::error::Error;
use crate::frameio::Reply;
use crate::frameio::client::Unread;
use crate::frameio::clocks::ahead_seconds;
use crate::frameio::v4::wire::{Named, User};
use crate::render::model::stopped::stopped;
use crate::render::whoami::{self, Account, Clock, Project};

/// What a server tells of whoever has the token.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) user: whoami::User,
    pub(crate) clock: Option<Clock>,
    pub(crate) accounts: Vec<Account>,
    /// That it does not open the account that somebody asks for.
    pub(crate) wrong: Option<Error>,
}

/// Reads the projects of each account; what cannot be read says why.
pub(super) fn opened(
    (user, watch): (User, ClockCheck),
    (accounts, wrong): (Vec<Named>, Option<Error>),
    read: impl Fn(&Named) -> Result<Result<Vec<Named>, Unread>, Error>,
) -> Result<Opened, Error> {
    let account = |account: Named| {
        let read = read(&account)?.map_err(|unread| match unread {
            Unread::Trouble { detail, .. }
            | Unread::Refused(detail)
            | Unread::Absent(detail)
            | Unread::Malformed(detail) => detail,
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

/// Compares the clocks by the last answer that had a date.
pub(super) struct ClockCheck {
    now: fn() -> Timestamp,
    start: Timestamp,
    clock: Cell<Option<Clock>>,
}

impl ClockCheck {
    pub(super) fn start(now: fn() -> Timestamp) -> Self {
        Self {
            now,
            start: now(),
            clock: Cell::new(None),
        }
    }

    pub(super) fn look(&self, reply: &Reply) {
        if let Some(date) = reply.date() {
            let clock = Clock {
                server: date,
                ahead_seconds: ahead_seconds(self.start, date, (self.now)()),
            };
            self.clock.set(Some(clock));
        }
    }
}
