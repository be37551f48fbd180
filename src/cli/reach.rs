//! The server of a command: reached with a token, and the account that the command works in.

use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::{self, Runtime};

use crate::asset::account_id;
use crate::cli::call::Call;
use crate::cli::failure::Failure;
use crate::cli::playground;
use crate::cli::secrets::{self, SecretError};
use crate::cli::settings::{Server, Settings};
use crate::event::StopReason;
use crate::frameio::Reply;
use crate::frameio::authority::Authority;
use crate::frameio::call::Read;
use crate::frameio::client::Client;
use crate::frameio::deleter::DeletingClient;
use crate::frameio::places::PlaceReader;
use crate::frameio::token::Token;
use crate::frameio::transport::{Endpoint, Transport};
use crate::frameio::v2;
use crate::frameio::v4;
use crate::frameio::v4::wire::Named;
use crate::frameio::verdict::Verdict;
use crate::plan::approve::Approved;
use crate::render::counted;
use crate::sandbox::Sandbox;
use crate::sandbox::world::World;
use crate::state::Api;

/// How often the server is asked whose token it is.
const TRIES: u32 = 4;

/// How long the program waits before it asks again.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many pages of accounts are read at most.
const PAGES: usize = 50;

/// How many accounts are named at most.
const NAMED: usize = 10;

/// The last day on which the legacy API is supported (docs/frameio-api.md).
const V2_ENDS: &str = "2026-12-01";

/// A server that can be spoken to.
#[derive(Debug)]
pub(in crate::cli) struct Reached {
    api: Api,
    transport: Transport,
    /// The threads that requests run on.
    pub(in crate::cli) runtime: Runtime,
    /// The embedded one, which ends with the run.
    pub(in crate::cli) sandbox: Option<Sandbox>,
}

/// Who asks for an account, and for which.
pub(in crate::cli) type Wanted = (String, String);

/// Reaches the server that the settings name; `world` is the sandbox's where there is no seed.
///
/// # Errors
///
/// Returns why there is no token, or no server.
pub(in crate::cli) fn reach(
    call: &Call,
    settings: &Settings,
    paths: &[PathBuf],
    world: impl FnOnce() -> World,
) -> Result<Reached, Failure> {
    // One thread sends faster than any limit allows, and two only wake each other; the sandbox
    // has work of its own.
    let threads = match &settings.server.value {
        Server::Sandbox => 2,
        Server::At(_) => 1,
    };
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(Failure::system("start the threads of the run"))?;
    let (endpoint, authority, sandbox) = match &settings.server.value {
        Server::Sandbox => {
            let world = match playground::seed_beside(paths)? {
                Some(world) => world,
                None => world(),
            };
            let sandbox = runtime.block_on(playground::serve(world, 0, false))?;
            let endpoint = Endpoint::parse(&sandbox.url())?;
            let token = Token::new(sandbox.token()).map_err(|why| SecretError::NoToken {
                place: "the sandbox's seed".to_owned(),
                why,
            })?;
            (endpoint, Authority::ready(token), Some(sandbox))
        }
        Server::At(endpoint) => {
            let (authority, warnings) = secrets::authority(settings, &call.environment)?;
            for warning in &warnings {
                call.console.warn(warning);
            }
            (endpoint.clone(), authority, None)
        }
    };
    call.console.hide(authority.secrets());
    Ok(Reached {
        api: settings.api.value,
        transport: Transport::new(endpoint, authority, settings.sending.timeouts)?,
        runtime,
        sandbox,
    })
}

/// Tells once, against the real server, when the legacy API ends.
pub(in crate::cli) fn tell_end_of_v2(call: &Call, settings: &Settings) {
    let real = settings.server.value.name() == crate::cli::settings::ENDPOINT;
    if real && settings.api.value == Api::V2 {
        call.console.message(&format!(
            "The v2 API is unsupported after {V2_ENDS} and will be removed; `--api v4` speaks the one that stays."
        ));
    }
}

impl Reached {
    /// Finds out the account that a command works in, if it matters.
    ///
    /// V4 always works in one: the one that is asked for, else the only one of the token. With
    /// v2 it is that of the token, and only asked for where somebody names one.
    ///
    /// # Errors
    ///
    /// Returns that it is another, or that it is not clear which.
    pub(in crate::cli) fn account(
        &self,
        wanted: Option<&Wanted>,
    ) -> Result<Option<String>, Failure> {
        match self.api {
            Api::V2 => {
                let Some((who, wanted)) = wanted else {
                    return Ok(None);
                };
                let client = self.client(None);
                let asked = patiently(&client, self.api, &v2::Read::Me, v2::answer::judge_who);
                let found = account_id(&self.runtime.block_on(asked)?);
                if found == *wanted {
                    return Ok(Some(found));
                }
                Err(Failure::OtherAccount {
                    found,
                    who: who.clone(),
                    wanted: wanted.clone(),
                })
            }
            Api::V4 => {
                let accounts = self.runtime.block_on(accounts(&self.client(None)))?;
                choose(&accounts, wanted).map(Some)
            }
        }
    }

    /// Reads, and cannot delete; V4 does so in an account.
    pub(in crate::cli) fn client(&self, account: Option<&str>) -> Client {
        Client::new(self.transport.clone(), account)
    }

    /// Reads where assets lie, and cannot delete; V4 does so in an account.
    pub(in crate::cli) fn places(&self, account: Option<&str>) -> PlaceReader {
        let client = self.client(account);
        match self.api {
            Api::V2 => PlaceReader::V2(client),
            Api::V4 => PlaceReader::V4(client),
        }
    }

    /// Reads and deletes; V4 does so in an account.
    pub(in crate::cli) fn deleter(
        &self,
        account: Option<&str>,
        approved: &Approved,
    ) -> DeletingClient {
        DeletingClient::new(self.client(account), approved)
    }
}

/// The account that was asked for, else the only one.
fn choose(accounts: &[Named], wanted: Option<&Wanted>) -> Result<String, Failure> {
    if let Some((who, wanted)) = wanted {
        let is_wanted = |account: &Named| {
            let adobe = account.adobe_id.as_ref();
            account_id(&account.id) == *wanted
                || adobe.is_some_and(|id| wanted.strip_prefix("adobe:") == Some(id))
        };
        if accounts.iter().any(is_wanted) {
            return Ok(wanted.clone());
        }
        return Err(Failure::NotAmong {
            found: told(accounts),
            who: who.clone(),
            wanted: wanted.clone(),
        });
    }
    match accounts {
        [account] => Ok(account_id(&account.id)),
        [] => Err(Failure::NoAccount),
        _ => Err(Failure::SeveralAccounts(told(accounts))),
    }
}

/// Accounts with their names, in one sentence's part.
fn told(accounts: &[Named]) -> String {
    if accounts.is_empty() {
        return "no account".to_owned();
    }
    let one = |account: &Named| match &account.name {
        Some(name) => format!("`{}` ({name})", account.id),
        None => format!("`{}`", account.id),
    };
    let more = accounts.len().saturating_sub(NAMED);
    let mut named: Vec<String> = accounts.iter().take(NAMED).map(one).collect();
    if more > 0 {
        named.push(format!("and {}", counted(more, "other", "others")));
    }
    named.join(", ")
}

/// All accounts of the token.
async fn accounts(client: &Client) -> Result<Vec<Named>, Failure> {
    let mut all = Vec::new();
    let mut after = None;
    for _ in 0..PAGES {
        let read = v4::Read::Accounts(after);
        let page = patiently(client, Api::V4, &read, v4::answer::judge_named).await?;
        all.extend(page.items);
        if page.next.is_none() {
            break;
        }
        after = page.next;
    }
    Ok(all)
}

/// Asks, again where it goes wrong for now.
async fn patiently<T>(
    client: &Client,
    api: Api,
    read: &impl Read,
    judge: fn(&Reply) -> Verdict<T>,
) -> Result<T, Failure> {
    let mut tries = 1;
    loop {
        let reply = client.read(read).await;
        let is_v2_gone = api == Api::V2 && v2::answer::is_ended(&reply);
        let (wait, why) = match judge(&reply) {
            Verdict::Told(value) => return Ok(value),
            Verdict::Stop(reason) => return Err(Failure::Stopped(reason)),
            Verdict::Refused { detail } => {
                return Err(Failure::Stopped(StopReason::NotAuthorised { detail }));
            }
            Verdict::SlowDown { wait } => (wait, "its rate limit is used up".to_owned()),
            Verdict::NotSent { detail } | Verdict::Unknown { detail } => (None, detail),
        };
        if tries >= TRIES {
            if is_v2_gone {
                return Err(Failure::Stopped(StopReason::Ended { detail: why }));
            }
            return Err(Failure::Who(why));
        }
        tries += 1;
        tokio::time::sleep(wait.unwrap_or(PATIENCE)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: &str, name: &str) -> Named {
        Named {
            id: id.to_owned(),
            name: Some(name.to_owned()),
            adobe_id: Some(format!("{name}@AdobeOrg")),
        }
    }

    fn chosen(accounts: &[Named], wanted: Option<&str>) -> Result<String, String> {
        let wanted = wanted.map(|wanted| ("`--account`".to_owned(), wanted.to_owned()));
        choose(accounts, wanted.as_ref()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_only_account_is_taken_and_several_are_told() {
        let two = [named("A-1", "North"), named("b-2", "South")];
        assert_eq!(chosen(&two[..1], None).as_deref(), Ok("a-1"));
        assert_eq!(
            chosen(&two, None).unwrap_err(),
            "the token opens several accounts: `A-1` (North), `b-2` (South)"
        );
        let many: Vec<Named> = (0..12).map(|n| named(&n.to_string(), "x")).collect();
        let error = chosen(&many, None).unwrap_err();
        assert!(error.ends_with("`9` (x), and 2 others"), "{error}");
        assert!(chosen(&[], None).is_err());
        assert_eq!(chosen(&two, Some("a-1")).as_deref(), Ok("a-1"));
        let adobe = "adobe:South@AdobeOrg";
        assert_eq!(chosen(&two, Some(adobe)).as_deref(), Ok(adobe));
        assert_eq!(
            chosen(&two[..1], Some("b-2")).unwrap_err(),
            "the token opens `A-1` (North), and `--account` asks for `b-2`"
        );
    }
}
