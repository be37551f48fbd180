//! Whose token it is and what it opens, with the settings in force: for people and for programs.

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::render::escape::escape;
use crate::render::summary::duration;
use crate::render::{Style, count, words};
use crate::state::Api;
use crate::visible::json;

/// How many projects of an account are shown to people before the rest is folded.
const PROJECTS: usize = 10;

/// What `retire whoami` tells. What is not known is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "frameio-retire whoami"))]
pub(crate) struct Whoami {
    /// The version of this document: 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 1)))]
    pub version: u64,
    /// Which version of the API is spoken.
    pub api: Api,
    /// The server, or `sandbox` for the one of this run.
    pub server: String,
    /// What opens the server; null where there is nothing.
    pub token: Option<Token>,
    /// Whose it is; null where the server did not say.
    pub user: Option<User>,
    /// How this machine's clock goes beside the server's; null where no answer had a date.
    pub clock: Option<Clock>,
    /// The accounts that it opens.
    pub accounts: Vec<Account>,
    /// Every setting, with where it comes from.
    pub settings: Vec<Setting>,
}

/// What opens a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Token {
    /// What sort of thing it is.
    pub kind: TokenKind,
    /// Where it comes from: a flag, a variable or a file.
    pub from: String,
    /// When it ends; null where nobody has said so.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub ends: Option<Timestamp>,
}

/// What sort of thing opens a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A developer token of the legacy API.
    DeveloperToken,
    /// A developer token that V4 is told to be one of the legacy API.
    LegacyToken,
    /// An access token of Adobe's identity service.
    AdobeAccessToken,
    /// The id and the secret of a client, which fetches access tokens from Adobe.
    ClientCredentials,
    /// What somebody has signed in with by `retire login`.
    SignIn,
    /// The token of the sandbox of this run.
    Sandbox,
    /// A token of which nothing tells what it is.
    Unknown,
}

impl TokenKind {
    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeveloperToken => "developer token",
            Self::LegacyToken => "legacy token",
            Self::AdobeAccessToken => "Adobe access token",
            Self::ClientCredentials => "client",
            Self::SignIn => "sign-in",
            Self::Sandbox => "sandbox's token",
            Self::Unknown => "token",
        }
    }

    /// The same with what else is known by it.
    const fn described(self) -> &'static str {
        match self {
            Self::DeveloperToken => "developer token",
            Self::LegacyToken => "legacy token: a developer token, told to V4 as such",
            Self::AdobeAccessToken => "Adobe access token",
            Self::ClientCredentials => "client credentials, which fetch Adobe access tokens",
            Self::SignIn => "sign-in of `retire login`, which is renewed by itself",
            Self::Sandbox => "the sandbox's own",
            Self::Unknown => "of a kind that is not known",
        }
    }
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct User {
    /// The id.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
}

/// How this machine's clock goes beside a server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Clock {
    /// What the server's clock said, to the second.
    #[cfg_attr(test, schemars(with = "String"))]
    pub server: Timestamp,
    /// By how many seconds this machine's clock is ahead, at least; negative where it is behind,
    /// and 0 where the two agree as far as one answer shows.
    pub ahead_seconds: i64,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Account {
    /// The id, as `account` takes it.
    pub id: String,
    /// The name.
    pub name: Option<String>,
    /// The id of its organisation at Adobe.
    pub adobe_id: Option<String>,
    /// What the user is in it; the legacy API does not say so.
    pub roles: Option<Vec<String>>,
    /// The projects that the token sees; null where they could not be read.
    pub projects: Option<Vec<Project>>,
    /// Why its projects could not be read.
    pub unread: Option<String>,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Project {
    /// The id.
    pub id: String,
    /// The name.
    pub name: Option<String>,
}

/// A setting that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Setting {
    /// Its key in `retire.toml`, with a table before it where it has one; else also its flag without
    /// the `--`.
    pub name: Cow<'static, str>,
    /// Its value, as a flag would say it; null where it has none.
    pub value: Option<String>,
    /// Who set it: a flag, a variable, a file, or `default`.
    pub from: String,
}

impl Clock {
    /// The difference in words, where people should know of it.
    #[must_use]
    pub(crate) fn difference(self) -> Option<String> {
        difference(self.ahead_seconds)
    }
}

/// By how much this machine's clock is ahead or behind, in words; nothing where it is neither.
#[must_use]
pub(crate) fn difference(ahead_seconds: i64) -> Option<String> {
    let time = || duration(Duration::from_secs(ahead_seconds.unsigned_abs()));
    match ahead_seconds {
        0 => None,
        1.. => Some(format!("{} ahead of the server's", time())),
        ..0 => Some(format!("{} behind the server's", time())),
    }
}

/// Writes it for programs.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn document(whoami: &Whoami, sink: &mut dyn Write) -> io::Result<()> {
    json(whoami, sink)?;
    sink.write_all(b"\n")
}

/// Writes it for people.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn text(whoami: &Whoami, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let Whoami {
        version: _,
        api,
        server,
        token,
        user,
        clock,
        accounts,
        settings,
    } = whoami;
    let mut field = |name: &str, value: &str| writeln!(sink, "{name:9} {}", escape(value));
    field("Server", &format!("{server}, {}", api.name()))?;
    match token {
        Some(token) => {
            field("Token", token.kind.described())?;
            field("", &format!("from {}; {}", token.from, end(token)))?;
        }
        None => field("Token", "none")?,
    }
    field(
        "User",
        &user.as_ref().and_then(named_user).unwrap_or_else(unknown),
    )?;
    if let Some(id) = user.as_ref().and_then(|user| user.id.as_deref()) {
        field("", id)?;
    }
    let clock = clock.map(Clock::difference);
    let clock = clock.map(|difference| difference.unwrap_or_else(|| "as the server's".to_owned()));
    field("Clock", &clock.unwrap_or_else(unknown))?;
    for account in accounts {
        writeln!(sink)?;
        write_account(account, style, sink)?;
    }
    writeln!(sink)?;
    words::heading("Settings, and where each comes from", style, sink)?;
    for Setting { name, value, from } in settings {
        let value = value.as_deref().unwrap_or("–");
        writeln!(sink, "  {name:19} {:31} {}", escape(value), escape(from))?;
    }
    Ok(())
}

fn unknown() -> String {
    "not known".to_owned()
}

/// When a token ends, as far as that is known.
fn end(token: &Token) -> String {
    match token.ends {
        Some(end) => format!("it ends {}", end.strftime("%Y-%m-%dT%H:%M:%SZ")),
        None => "nothing tells when it ends".to_owned(),
    }
}

/// The name and the address of a user, as far as they are known.
fn named_user(user: &User) -> Option<String> {
    let User { id: _, name, email } = user;
    let email = email.as_ref().map(|email| format!("<{email}>"));
    match (name, email) {
        (Some(name), Some(email)) => Some(format!("{name} {email}")),
        (name, email) => name.clone().or(email),
    }
}

fn write_account(account: &Account, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let Account {
        id,
        name,
        adobe_id,
        roles,
        projects,
        unread,
    } = account;
    let name = name.as_deref().unwrap_or("without a name");
    words::heading(
        &format!("Account {}  {}", escape(id), escape(name)),
        style,
        sink,
    )?;
    let roles = roles.as_ref().map(|roles| roles.join(", "));
    let roles = roles.filter(|roles| !roles.is_empty());
    writeln!(
        sink,
        "  roles     {}",
        escape(&roles.unwrap_or_else(unknown))
    )?;
    if let Some(adobe_id) = adobe_id {
        writeln!(sink, "  Adobe id  {}", escape(adobe_id))?;
    }
    let Some(projects) = projects else {
        let why = unread.as_deref().unwrap_or_default();
        return writeln!(sink, "  projects  not known: {}", escape(why));
    };
    writeln!(sink, "  projects  {}", count(projects.len()))?;
    for Project { id, name } in projects.iter().take(PROJECTS) {
        let name = name.as_deref().unwrap_or("without a name");
        writeln!(sink, "    {}  {}", escape(id), escape(name))?;
    }
    let more = projects.len().saturating_sub(PROJECTS);
    words::fold(4, more, "more; `--format json` has all", style, sink)
}
