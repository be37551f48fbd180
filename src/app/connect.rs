//! The connection with a server, and the account that a command works in.

use std::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::{self, Handle, Runtime};
use tokio::time::{Instant, timeout};

use crate::app::error::Error;
use crate::app::provenance::random;
use crate::app::threads::check_threads;
use crate::app::waits::told_of_wait;
use crate::app::{Host, OnSignal};
use crate::asset::account_id;
use crate::event::StopReason;
use crate::frameio::Reply;
use crate::frameio::client::{Client, CutOff, OnWait, Unread, Waiting};
use crate::frameio::clocks::Ahead;
use crate::frameio::deleter::DeletingClient;
use crate::frameio::mask::Secrets;
use crate::frameio::retry::Retries;
use crate::frameio::shared_pacer::SharedPacer;
use crate::frameio::token::Token;
use crate::frameio::token_provider::{Sort, TokenProvider};
use crate::frameio::transport::{Base, Endpoint, Timeouts, Transport};
use crate::frameio::v2;
use crate::frameio::v2::wire::Me;
use crate::frameio::v4;
use crate::frameio::v4::wire::Named;
use crate::frameio::verdict::Verdict;
use crate::plan::approve::Approved;
use crate::render::counted;
use crate::sandbox::world::World;
use crate::sandbox::{self, Options, Sandbox};
use crate::state::Api;

/// How many pages of accounts are read at most: nobody has five thousand accounts.
pub(crate) const PAGES: usize = 50;

/// How many accounts are named at most, so that a refusal fits a screen.
const NAMED: usize = 10;

/// A server that can be spoken to.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Which version of the API is spoken.
    pub(crate) api: Api,
    /// What opens the server.
    pub(crate) token_provider: TokenProvider,
    client: Client,
    cut_off: CutOff,
    /// Who hears of it.
    pub(crate) host: Arc<dyn Host>,
    /// The threads that requests run on.
    threads: Threads,
    /// Whether signals cut off what is read; else a run hears them.
    hears_signals: bool,
    /// How much is left of the time that the command was given.
    left: Cell<Option<Duration>>,
    /// The embedded one, which ends with the run.
    sandbox: Option<Sandbox>,
}

/// The program around what is read beside a run: nothing is said of it.
#[derive(Debug)]
struct Silent;

impl Host for Silent {
    fn message(&self, _: &str) {}

    fn warn(&self, _: &str) {}

    fn hide(&self, _: &Secrets) {}

    fn give_signals(&self, _: OnSignal) {}

    fn take_signals_back(&self) {}
}

/// Who asks for an account, and for which.
pub(crate) type AskedAccount = (String, String);

/// The server to connect with.
#[derive(Debug)]
pub(crate) enum Peer {
    /// The embedded one, with what is in it.
    Sandbox(Box<World>),
    /// One at an address, with what opens it.
    Server(Endpoint, TokenProvider),
}

/// How long a command waits for its server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// How long a connection, a silence and a request may take.
    pub(crate) timeouts: Timeouts,
    /// How often a reading that went wrong is made again, and for how long.
    pub(crate) retries: Retries,
    /// How much is left of the time that the command was given.
    pub(crate) left: Option<Duration>,
}

/// Threads that nobody waits for at the end: what they still do, such as to look up a name,
/// matters to nobody.
#[derive(Debug)]
struct Threads {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl From<Runtime> for Threads {
    fn from(runtime: Runtime) -> Self {
        Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Connects with a server; `now` tells the time.
///
/// # Errors
///
/// Returns why there is no server to speak to.
pub(crate) fn connect(
    api: Api,
    peer: Peer,
    patience: Patience,
    (host, now): (Arc<dyn Host>, fn() -> Timestamp),
) -> Result<Connection, Error> {
    // One thread sends faster than any limit allows, and two only wake each other; the sandbox
    // has work of its own.
    let threads = match &peer {
        Peer::Sandbox(_) => 2,
        Peer::Server(..) => 1,
    };
    check_threads(threads + 1).map_err(Error::Threads)?;
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(Error::Threads)?;
    let (endpoint, token_provider, sandbox) = match peer {
        Peer::Sandbox(world) => {
            let sandbox = runtime.block_on(serve(*world, 0, false, now))?;
            let endpoint = Endpoint::parse(&sandbox.url())?;
            let token = Token::new(sandbox.token()).map_err(Error::SandboxToken)?;
            (endpoint, TokenProvider::ready(token), Some(sandbox))
        }
        Peer::Server(endpoint, token_provider) => (endpoint, token_provider, None),
    };
    host.hide(token_provider.secrets());
    let Patience {
        timeouts,
        retries,
        left,
    } = patience;
    let transport = Transport::new(endpoint, token_provider.clone(), timeouts)?;
    let cut_off = CutOff::default();
    let hears = Arc::clone(&host);
    let short = Mutex::new(Duration::ZERO);
    let began = Instant::now();
    let waiting = Waiting {
        on_wait: Arc::new(move |mut wait| {
            // What the command was given may be over before.
            let left = left.map(|left| left.saturating_sub(began.elapsed()));
            wait.time = left.map_or(wait.time, |left| left.min(wait.time));
            let mut short = short.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(text) = told_of_wait(&wait, &mut short, now()) {
                hears.message(&text);
            }
        }),
        cut_off: cut_off.clone(),
        retries,
        seed: random().as_u64_pair().0,
        now,
    };
    Ok(Connection {
        api,
        token_provider,
        client: Client::new(transport, waiting),
        cut_off,
        host,
        threads: runtime.into(),
        hears_signals: true,
        left: Cell::new(left),
        sandbox,
    })
}

/// Serves a world on this machine; with a log, its admin routes can tell what was asked.
///
/// # Errors
///
/// Returns why the port cannot be listened on.
pub(crate) async fn serve(
    world: World,
    port: u16,
    log: bool,
    now: fn() -> Timestamp,
) -> Result<Sandbox, Error> {
    let options = Options {
        port,
        log,
        ..Options::new(Arc::new(now))
    };
    let served = sandbox::serve(world, options).await;
    served.map_err(|source| Error::Port { port, source })
}

/// Whether two names of servers, as states remember them, mean the same one. A state may be
/// older than the rule that an endpoint has no version.
pub(crate) fn is_same_server(one: &str, other: &str) -> bool {
    let base = |name: &str| Base::parse(name).ok().map(|base| base.endpoint);
    one == other || matches!((base(one), base(other)), (Some(one), Some(other)) if one == other)
}

impl Connection {
    /// Asks v2 whose token it is; `look` sees each answer.
    ///
    /// # Errors
    ///
    /// Returns why that cannot be found out.
    pub(crate) fn me(&self, look: impl Fn(&Reply)) -> Result<Me, Error> {
        let is_ended = Cell::new(false);
        let judge = |reply: &_| {
            look(reply);
            is_ended.set(v2::answer::is_ended(reply));
            v2::answer::judge_me(reply)
        };
        match self.wait_for(self.client.read(&v2::Read::Me, judge))? {
            Err(Unread::Trouble { detail, .. }) if is_ended.get() => {
                Err(Error::Stopped(StopReason::Ended { detail }))
            }
            found @ (Ok(_) | Err(_)) => found.map_err(not_told),
        }
    }

    /// Asks v2 whether it takes the token, where nothing else is asked of it; what a server answers
    /// that knows no such question says nothing.
    ///
    /// # Errors
    ///
    /// Returns that it refuses the token, or is not reached.
    pub(crate) fn try_token(&self) -> Result<(), Error> {
        let judge = |reply: &_| {
            let verdict = v2::answer::judge_me(reply).map(drop);
            let says_nothing =
                matches!(verdict, Verdict::Unknown { .. } | Verdict::Malformed { .. });
            if says_nothing {
                Verdict::Told(())
            } else {
                verdict
            }
        };
        let asked = self.wait_for(self.client.read(&v2::Read::Me, judge))?;
        asked.map_err(not_told)
    }

    /// Asks V4 which accounts the token opens.
    ///
    /// # Errors
    ///
    /// Returns why that cannot be found out.
    pub(crate) fn accounts(&self) -> Result<Vec<Named>, Error> {
        let pages = self
            .client
            .pages(v4::Read::Accounts, v4::answer::judge_accounts);
        self.wait_for(pages.all(PAGES))?.map_err(not_told)
    }

    /// What sort of thing opens the server; nothing for the embedded one.
    pub(crate) fn token_sort(&self) -> Option<Sort> {
        let is_served_here = self.sandbox.is_some();
        (!is_served_here).then(|| self.token_provider.sort())
    }

    /// Waits for what is read; a signal cuts it off, and a second one ends the program.
    ///
    /// # Errors
    ///
    /// Returns that it was cut off, or that the time of the command is over.
    pub(crate) fn wait_for<T>(&self, reading: impl Future<Output = T>) -> Result<T, Error> {
        let began = Instant::now();
        let left = self.left.get();
        let cut_off = self.cut_off.clone();
        if !self.hears_signals {
            let read = self.threads.handle.block_on(cut_off.unless(reading));
            return read.map_err(not_told);
        }
        self.host
            .give_signals(Box::new(move |number| cut_off.signal(number)));
        let read = self.threads.handle.block_on(async {
            match left {
                Some(left) => timeout(left, reading).await.ok(),
                None => Some(reading.await),
            }
        });
        self.host.take_signals_back();
        let spent = began.elapsed();
        self.left.set(left.map(|left| left.saturating_sub(spent)));
        if let Some(reason) = self.cut_off.reason() {
            return Err(Error::Stopped(reason));
        }
        read.ok_or_else(|| Error::OutOfTime(self.client.waited_for()))
    }

    /// The same for what is read beside a run, which hears of its waits and of the signals itself,
    /// and stops in time; else it is silent. What is given with it cuts it off.
    pub(crate) fn beside_run(&self, on_wait: OnWait) -> (Self, CutOff) {
        let cut_off = CutOff::default();
        let connection = Self {
            api: self.api,
            token_provider: self.token_provider.clone(),
            client: self.client.with_waits(on_wait),
            cut_off: cut_off.clone(),
            host: Arc::new(Silent),
            threads: Threads {
                handle: self.threads.handle.clone(),
                runtime: None,
            },
            hears_signals: false,
            left: Cell::new(None),
            sandbox: None,
        };
        (connection, cut_off)
    }

    /// What cuts off all that is asked.
    pub(crate) const fn cut_off(&self) -> &CutOff {
        &self.cut_off
    }

    /// How much is left of the time that the command was given.
    pub(crate) const fn left(&self) -> Option<Duration> {
        self.left.get()
    }

    /// By how much this machine's clock is ahead of the server's, where the server has told the time.
    pub(crate) fn ahead(&self) -> Option<Ahead> {
        self.client.ahead()
    }

    /// What time it is on the server, where it has told the time.
    pub(crate) fn server_time(&self) -> Option<Timestamp> {
        self.client.server_time()
    }

    /// What time it is: the server's, where it has told the time, since what it says of times is
    /// compared with that.
    pub(crate) fn time(&self, here: Timestamp) -> Timestamp {
        self.server_time().unwrap_or(here)
    }

    /// The threads that requests run on.
    pub(crate) const fn handle(&self) -> &Handle {
        &self.threads.handle
    }

    /// Ends the embedded server, where it is one.
    pub(crate) fn close(self) {
        if let Some(sandbox) = self.sandbox {
            self.threads.handle.block_on(sandbox.shut_down());
        }
    }

    /// Reads, and cannot delete; V4 does so in an account.
    pub(crate) fn client(&self, account: Option<&str>) -> Client {
        self.client.in_account(account)
    }

    /// The pacer of a run that began so long ago: it knows what was learnt before.
    pub(crate) fn pacer(&self, elapsed: Duration, most: usize) -> SharedPacer {
        self.client.hand_over_pacer(elapsed, most)
    }

    /// Reads and deletes; V4 does so in an account.
    pub(crate) fn deleter(&self, account: Option<&str>, approved: &Approved) -> DeletingClient {
        DeletingClient::new(self.client(account), approved)
    }
}

/// Refuses a token of v2 that is of another account than the one that is asked for.
pub(crate) fn belongs(found: &str, (who, wanted): (&str, &str)) -> Result<String, Error> {
    let found = account_id(found);
    if found == wanted {
        return Ok(found);
    }
    Err(Error::OtherAccount {
        found: format!("belongs to the account `{found}`"),
        who: who.to_owned(),
        wanted: wanted.to_owned(),
    })
}

/// The account that was asked for, else the only one.
pub(crate) fn choose(accounts: &[Named], wanted: Option<&AskedAccount>) -> Result<String, Error> {
    if let Some((who, wanted)) = wanted {
        if accounts.iter().any(|account| is_called(account, wanted)) {
            return Ok(wanted.clone());
        }
        return Err(Error::OtherAccount {
            found: format!("opens {}", list_accounts(accounts)),
            who: who.clone(),
            wanted: wanted.clone(),
        });
    }
    match accounts {
        [account] => Ok(account_id(&account.id)),
        [] => Err(Error::NoAccount),
        _ => Err(Error::SeveralAccounts(list_accounts(accounts))),
    }
}

/// Whether an account has an id, be it the one that Adobe's storage has given it.
pub(crate) fn is_called(account: &Named, id: &str) -> bool {
    let adobe = account.adobe_id.as_ref();
    account_id(&account.id) == id
        || adobe.is_some_and(|adobe| id.strip_prefix("adobe:") == Some(adobe))
}

/// Accounts with their names, in one sentence's part.
fn list_accounts(accounts: &[Named]) -> String {
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
pub(crate) fn not_told(why: Unread) -> Error {
    match why {
        Unread::Trouble { detail, .. } | Unread::Malformed(detail) => Error::Who(detail),
        // The API itself says that there is nothing for this token.
        Unread::Refused(detail) | Unread::Absent(detail) => {
            Error::Stopped(StopReason::NotAuthorised { detail })
        }
        Unread::Stop(reason) => Error::Stopped(reason),
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
            roles: None,
        }
    }

    fn chosen(accounts: &[Named], wanted: Option<&str>) -> Result<String, String> {
        let wanted = wanted.map(|wanted| ("`--account`".to_owned(), wanted.to_owned()));
        choose(accounts, wanted.as_ref()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_only_account_is_taken_and_several_are_told() {
        let two = [named("A-1", "North"), named("b-2", "South")];
        assert_eq!(chosen(&two[..1], None).as_deref(), Ok("A-1"));
        assert_eq!(
            chosen(&two, None).unwrap_err(),
            "the token opens several accounts: `A-1` (North), `b-2` (South)"
        );
        let many: Vec<Named> = (0..12).map(|n| named(&n.to_string(), "x")).collect();
        let error = chosen(&many, None).unwrap_err();
        assert!(error.ends_with("`9` (x), and 2 others"), "{error}");
        assert!(chosen(&[], None).is_err());
        assert_eq!(chosen(&two, Some("A-1")).as_deref(), Ok("A-1"));
        let adobe = "adobe:South@AdobeOrg";
        assert_eq!(chosen(&two, Some(adobe)).as_deref(), Ok(adobe));
        assert_eq!(
            chosen(&two[..1], Some("b-2")).unwrap_err(),
            "the token opens `A-1` (North), and `--account` asks for `b-2`"
        );
    }
}
