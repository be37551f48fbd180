//! An embedded server that speaks the Frame.io API over real HTTP, on this machine only.
//!
//! It shares no wire types with the client: a misspelling in both would pass every test.
//! Source: docs/frameio-api.md; where that says *open*, the harsher reading is the default.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::asset::AssetId;
use crate::sandbox::fault::Faults;
use crate::sandbox::limit::Limits;
use crate::sandbox::line::{Door, Line};
use crate::sandbox::log::LoggedRequest;
use crate::sandbox::shared::Shared;
pub use crate::sandbox::shared::{Clock, Stopwatch};
use crate::sandbox::world::World;
use crate::sandbox::world::edit::Change;

mod access;
mod admin;
mod damage;
pub mod endpoint;
pub mod fault;
mod gate;
pub mod limit;
mod line;
pub mod log;
pub mod odd;
mod refuse;
mod roll;
mod schedule;
pub mod seed;
mod shared;
mod surprise;
mod v2;
mod v4;
pub mod world;

#[cfg(test)]
mod tests;

/// How long open connections may keep the server from ending: an answer that drips never ends.
const LAST_CALL: Duration = Duration::from_secs(2);

/// How a sandbox is served.
#[derive(Clone)]
pub struct Options {
    /// The port on this machine; 0 takes a free one.
    pub port: u16,
    pub clock: Clock,
    /// The time that has passed; tokio's clock where this is empty.
    pub stopwatch: Option<Stopwatch>,
    /// Whether requests are kept for [`Sandbox::log`].
    pub log: bool,
}

impl Options {
    /// A free port, and no log.
    #[must_use]
    pub const fn new(clock: Clock) -> Self {
        Self {
            port: 0,
            clock,
            stopwatch: None,
            log: false,
        }
    }
}

/// A sandbox that is being served.
pub struct Sandbox {
    address: SocketAddr,
    token: String,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<io::Result<()>>,
}

/// Serves a world on this machine.
///
/// # Errors
///
/// Returns why the port cannot be listened on.
pub async fn serve(world: World, options: Options) -> io::Result<Sandbox> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let address = listener.local_addr()?;
    let token = world.access.token.clone();
    let began = Instant::now();
    let stopwatch = options.stopwatch;
    let stopwatch = stopwatch.unwrap_or_else(|| Arc::new(move || began.elapsed()));
    let shared = Arc::new(Shared::new(world, options.log, options.clock, stopwatch));
    let (stop, stopped) = oneshot::channel::<()>();
    let routes = v2::routes().merge(v4::routes()).merge(admin::routes());
    let app = gate::guard(routes, Arc::clone(&shared));
    let app = app.into_make_service_with_connect_info::<Line>();
    let server = tokio::spawn(async move {
        axum::serve(Door(listener), app)
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

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Sandbox")
            .field(&self.address)
            .finish()
    }
}

impl Sandbox {
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

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
        let log = self.shared.log();
        log.map_or_else(Vec::new, |log| log.after(0).cloned().collect())
    }

    /// Changes the limits; every bucket is empty again.
    pub fn set_limits(&self, limits: Limits) {
        self.shared.set_limits(limits);
    }

    /// Changes what goes wrong, counted from the next request.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.set_faults(faults);
    }

    /// Hides these assets, and no others: they are answered like what never was there.
    pub fn hide(&self, ids: impl IntoIterator<Item = AssetId>) {
        self.shared.world().hide(ids);
    }

    /// Restores a deleted asset and what was deleted along with it, where it can be.
    pub fn restore(&self, id: AssetId) {
        self.shared.world().restore(id).ok();
    }

    /// Lets go at once of what can still be read though its folder was deleted.
    pub fn end_cascades(&self) {
        self.shared.world().end_cascades();
    }

    /// Makes a change that somebody makes.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be made.
    pub fn change(&self, change: Change) -> Result<(), String> {
        self.shared.change(change)
    }

    /// Makes changes at the very moment of calls, from now on: what `PUT /_sandbox/surprises` takes.
    ///
    /// # Errors
    ///
    /// Returns why the JSON cannot be read.
    pub fn surprise(&self, json: &str) -> Result<(), String> {
        self.shared.set_surprises(json.as_bytes())
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
