//! An embedded server that speaks the Frame.io API over real HTTP, on this machine only.
//!
//! It shares no wire types with the client: a misspelling in both would pass every test.
//! Source: docs/frameio-api.md; where that says *open*, the harsher reading is the default.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::serve::ListenerExt;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::asset::AssetId;
use crate::sandbox::world::World;

mod gate;
pub mod seed;
mod v2;
pub mod world;

#[cfg(test)]
mod tests;

/// How long open connections may keep the server from ending.
const LAST_CALL: Duration = Duration::from_secs(2);

/// How many requests the log keeps.
const LOGGED: usize = 100_000;

/// Tells the sandbox what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How a sandbox is served.
#[derive(Clone)]
pub struct Options {
    /// The port on this machine; 0 takes a free one.
    pub port: u16,
    /// The time.
    pub clock: Clock,
    /// Whether requests are kept for [`Sandbox::log`].
    pub log: bool,
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("port", &self.port)
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The method.
    pub method: String,
    /// The path and its query.
    pub target: String,
    /// The status of the answer.
    pub status: u16,
    /// The assets that a bulk delete asked for.
    pub assets: Vec<AssetId>,
}

/// A sandbox that is being served.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    token: String,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<io::Result<()>>,
}

/// What every request sees.
pub(in crate::sandbox) struct Shared {
    world: Mutex<World>,
    log: Option<Mutex<VecDeque<LoggedRequest>>>,
    clock: Clock,
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// The world, for as long as one request takes.
    fn world(&self) -> MutexGuard<'_, World> {
        // A handler that panicked left the world as good as it was: each change is one call.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn note(&self, request: impl FnOnce() -> LoggedRequest) {
        if let Some(log) = &self.log {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            if log.len() == LOGGED {
                log.pop_front();
            }
            log.push_back(request());
        }
    }
}

/// Serves a world on this machine.
///
/// # Errors
///
/// Returns why the port cannot be listened on.
pub async fn serve(world: World, options: Options) -> io::Result<Sandbox> {
    let Options { port, clock, log } = options;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let token = world.token.clone();
    let shared = Arc::new(Shared {
        world: Mutex::new(world),
        log: log.then(Mutex::default),
        clock,
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let app = gate::guard(v2::routes(), Arc::clone(&shared));
    let listener = listener.tap_io(|stream| {
        // Without it each answer waits for the client's acknowledgement of the one before.
        drop(stream.set_nodelay(true));
    });
    let server = tokio::spawn(async move {
        axum::serve(listener, app)
            .with_graceful_shutdown(async {
                // Dropping the sandbox stops it as well.
                drop(stopped.await);
            })
            .await
    });
    Ok(Sandbox {
        address,
        token,
        shared,
        stop: Some(stop),
        server,
    })
}

impl Sandbox {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token that it accepts.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The last requests that were answered, where the options ask for a log.
    #[must_use]
    pub fn log(&self) -> Vec<LoggedRequest> {
        let log = self.shared.log.as_ref();
        log.map_or_else(Vec::new, |log| {
            let log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.iter().cloned().collect()
        })
    }

    /// Looks at the world as it is now.
    pub fn with_world<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.shared.world())
    }

    /// Stops the server; open connections get a moment to end.
    pub async fn shut_down(mut self) {
        if let Some(stop) = self.stop.take() {
            // A server that has ended already needs no word.
            stop.send(()).ok();
        }
        if tokio::time::timeout(LAST_CALL, &mut self.server)
            .await
            .is_err()
        {
            self.server.abort();
        }
    }
}
