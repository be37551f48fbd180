//! The server of a command: reached with a token, and the account that the command works in.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::{self, Runtime};

use crate::asset::account_id;
use crate::cli::call::Call;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::identity;
use crate::cli::playground;
use crate::cli::secrets::{self, error::SecretError};
use crate::cli::settings::Settings;
use crate::cli::settings::server::Server;
use crate::cli::settings::table::ENDPOINT;
use crate::cli::signals::{self, Signals};
use crate::event::StopReason;
use crate::frameio::authority::Authority;
use crate::frameio::client::{Client, CutOff, Unread, Wait, Waiting};
use crate::frameio::deleter::DeletingClient;
use crate::frameio::places::PlaceReader;
use crate::frameio::token::Token;
use crate::frameio::transport::{Endpoint, Transport};
use crate::frameio::v2;
use crate::frameio::v4;
use crate::frameio::v4::wire::Named;
use crate::plan::approve::Approved;
use crate::render::counted;
use crate::render::summary::duration;
use crate::sandbox::Sandbox;
use crate::sandbox::world::World;
use crate::state::Api;

/// How many pages of accounts are read at most.
const PAGES: usize = 50;

/// The shortest wait that is told.
const LONG_WAIT: Duration = Duration::from_secs(5);

/// How many accounts are named at most.
const NAMED: usize = 10;

/// The last day on which the legacy API is supported (docs/frameio-api.md).
const V2_ENDS: &str = "2026-12-01";

/// A server that can be spoken to.
#[derive(Debug)]
pub(in crate::cli) struct Reached {
    api: Api,
    client: Client,
    cut_off: CutOff,
    signals: Signals,
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
    let transport = Transport::new(endpoint, authority, settings.sending.timeouts)?;
    let cut_off = CutOff::default();
    let console = call.console.clone();
    let waiting = Waiting {
        on_wait: Box::new(move |wait| tell_wait(&console, wait)),
        cut_off: cut_off.clone(),
        seed: identity::random().as_u64_pair().0,
    };
    Ok(Reached {
        api: settings.api.value,
        client: Client::new(transport, waiting),
        cut_off,
        signals: call.signals.clone(),
        runtime,
        sandbox,
    })
}

/// Tells of a wait that people would wonder about.
fn tell_wait(console: &Console, wait: Wait) {
    if wait.time < LONG_WAIT {
        return;
    }
    let time = duration(wait.time);
    console.message(&if wait.retries {
        format!("A request went wrong and is made again in {time} …")
    } else {
        let call = wait.rate_limit.name();
        format!("The server's limit of `{call}` is used up: waiting {time} …")
    });
}

/// Tells once, against the real server, when the legacy API ends.
pub(in crate::cli) fn tell_end_of_v2(call: &Call, settings: &Settings) {
    let real = settings.server.value.name() == ENDPOINT;
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
                let is_ended = Cell::new(false);
                let judge = |reply: &_| {
                    is_ended.set(v2::answer::is_ended(reply));
                    v2::answer::judge_who(reply)
                };
                let asked = self.client.read(&v2::Read::Me, judge);
                let found = match self.wait_for(asked)? {
                    Err(Unread::Trouble { detail, .. }) if is_ended.get() => {
                        return Err(Failure::Stopped(StopReason::Ended { detail }));
                    }
                    found @ (Ok(_) | Err(_)) => account_id(&found.map_err(not_told)?),
                };
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
                let pages = self
                    .client
                    .pages(v4::Read::Accounts, v4::answer::judge_named);
                let accounts = self.wait_for(pages.all(PAGES))?;
                choose(&accounts.map_err(not_told)?, wanted).map(Some)
            }
        }
    }

    /// Waits for what is read; a signal cuts it off, and a second one ends the program.
    ///
    /// # Errors
    ///
    /// Returns that it was cut off.
    pub(super) fn wait_for<T>(&self, reading: impl Future<Output = T>) -> Result<T, Failure> {
        let cut_off = self.cut_off.clone();
        self.signals.give(move |number| {
            if !cut_off.signal(number) {
                signals::end(number);
            }
        });
        let read = self.runtime.block_on(reading);
        self.signals.take_back();
        match self.cut_off.reason() {
            Some(reason) => Err(Failure::Stopped(reason)),
            None => Ok(read),
        }
    }

    /// Reads, and cannot delete; V4 does so in an account.
    pub(in crate::cli) fn client(&self, account: Option<&str>) -> Client {
        self.client.in_account(account)
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

/// Why the server does not tell whose the token is.
fn not_told(why: Unread) -> Failure {
    match why {
        Unread::Trouble { detail, .. } => Failure::Who(detail),
        Unread::Refused(detail) => Failure::Stopped(StopReason::NotAuthorised { detail }),
        Unread::Stop(reason) => Failure::Stopped(reason),
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
