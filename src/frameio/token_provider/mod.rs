//! What opens the API for a run: a token that is there, or one that is fetched and renewed.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout};

use crate::frameio::ims::{Fetched, Ims, NoToken};
use crate::frameio::login::{Keeper, Login, Renewal};
use crate::frameio::mask::Secrets;
use crate::frameio::token::Token;

/// How long before its end a token is renewed: as long as one request may take.
const AHEAD: Duration = Duration::from_mins(1);

/// How long a renewal is waited for while the token is still good, and how long that is used before
/// it is tried again: half a dozen tries before it ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// What opens the API; all workers of a run share one.
#[derive(Debug, Clone)]
pub struct TokenProvider {
    source: Source,
    legacy: bool,
    secrets: Secrets,
}

#[derive(Debug, Clone)]
enum Source {
    Ready(Token),
    Renewed(Arc<Renewed>),
}

/// A token that is fetched when it is needed, and again before it ends.
#[derive(Debug)]
struct Renewed {
    fetcher: Fetcher,
    /// Whoever has it renews, and everybody else waits for the new token.
    held: Mutex<Held>,
    /// Whether no token is waited for any more.
    given_up: watch::Sender<bool>,
}

/// Where the next token comes from.
#[derive(Debug)]
enum Fetcher {
    Client(Ims),
    Person(Arc<Renewal>),
}

#[derive(Debug, Default)]
struct Held {
    current: Option<Current>,
    /// How many tokens there have been.
    generation: u64,
}

#[derive(Debug)]
struct Current {
    token: Token,
    /// From when on it is renewed.
    renew: Instant,
    /// When it is taken to end.
    end: Instant,
    /// When it ends as the service says.
    told: Option<Instant>,
}

/// What sort of thing opens the API, as far as it can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A token that has the form of a developer token.
    Developer,
    /// A developer token that V4 is told to be one of the legacy API.
    Legacy,
    /// A client that fetches its tokens.
    Client,
    /// What somebody has signed in with.
    Person,
    Other,
}

/// A token for one request.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    /// The header that carries it.
    pub(super) header: HeaderValue,
    generation: u64,
}

impl TokenProvider {
    /// Goes by a token that is there.
    #[must_use]
    pub fn ready(token: Token) -> Self {
        Self {
            secrets: Secrets::of_token(&token),
            source: Source::Ready(token),
            legacy: false,
        }
    }

    /// Goes by a developer token of the legacy API, which V4 takes where it is told so.
    #[must_use]
    pub fn legacy(token: Token) -> Self {
        Self {
            legacy: true,
            ..Self::ready(token)
        }
    }

    /// Fetches tokens, server to server, and renews them.
    #[must_use]
    pub fn renewed(ims: Ims) -> Self {
        let secrets = ims.secrets().clone();
        Self::fetched(Fetcher::Client(ims), secrets)
    }

    /// Goes by what somebody has signed in with, and renews it.
    #[must_use]
    pub fn signed_in(login: Login, keeper: Arc<dyn Keeper>) -> Self {
        let secrets = login.secrets().clone();
        let renewal = Arc::new(Renewal::new(login, keeper));
        Self::fetched(Fetcher::Person(renewal), secrets)
    }

    fn fetched(fetcher: Fetcher, secrets: Secrets) -> Self {
        let renewed = Renewed {
            fetcher,
            held: Mutex::default(),
            given_up: watch::Sender::default(),
        };
        Self {
            source: Source::Renewed(Arc::new(renewed)),
            legacy: false,
            secrets,
        }
    }

    /// What nobody may read: all tokens so far, and what they are fetched with.
    #[must_use]
    pub const fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// What sort of thing it is.
    #[must_use]
    pub fn sort(&self) -> Sort {
        match &self.source {
            Source::Renewed(renewed) => match renewed.fetcher {
                Fetcher::Client(_) => Sort::Client,
                Fetcher::Person(_) => Sort::Person,
            },
            Source::Ready(_) if self.legacy => Sort::Legacy,
            Source::Ready(token) if token.is_developer() => Sort::Developer,
            Source::Ready(_) => Sort::Other,
        }
    }

    /// How long the token in use is good, where the service that gave it has said so.
    pub async fn time_left(&self) -> Option<Duration> {
        let Source::Renewed(renewed) = &self.source else {
            return None;
        };
        let held = renewed.held.lock().await;
        let end = held.current.as_ref()?.told?;
        Some(end.saturating_duration_since(Instant::now()))
    }

    /// Whether V4 must be told that the token is one of the legacy API.
    pub(super) const fn is_legacy(&self) -> bool {
        self.legacy
    }

    /// A token for one request.
    ///
    /// # Errors
    ///
    /// Returns why there is none.
    pub(super) async fn grant(&self) -> Result<Grant, NoToken> {
        match &self.source {
            Source::Ready(token) => Ok(Grant {
                header: token.header(),
                generation: 0,
            }),
            Source::Renewed(renewed) => {
                let mut given_up = renewed.given_up.subscribe();
                tokio::select! {
                    biased;
                    granted = renewed.grant() => granted,
                    _ = given_up.wait_for(|given_up| *given_up) => Err(NoToken::Silent {
                        detail: "no token is waited for, since the run stops".to_owned(),
                    }),
                }
            }
        }
    }

    /// Waits for no token any more, from now on: what has none is not sent.
    pub(crate) fn give_up(&self) {
        if let Source::Renewed(renewed) = &self.source {
            renewed.given_up.send_replace(true);
        }
    }

    /// Whether another token can be had once one is not accepted.
    pub(super) const fn is_renewed(&self) -> bool {
        match self.source {
            Source::Ready(_) => false,
            Source::Renewed(_) => true,
        }
    }

    /// Takes notice that the server did not accept a token (status 401): it is renewed.
    pub(super) async fn reject(&self, grant: &Grant) {
        if let Source::Renewed(renewed) = &self.source {
            let mut held = renewed.held.lock().await;
            // Others may have renewed it since.
            if held.generation == grant.generation {
                held.current = None;
            }
        }
    }
}

impl Renewed {
    async fn grant(&self) -> Result<Grant, NoToken> {
        let mut held = self.held.lock().await;
        let now = Instant::now();
        let fresh = held.current.as_ref().is_some_and(|held| now < held.renew);
        if !fresh {
            let fetched = match &held.current {
                // Nobody waits long for the next token who can go on with this one.
                Some(current) if now + PATIENCE < current.end => {
                    let fetched = timeout(PATIENCE, self.fetch()).await;
                    fetched.unwrap_or_else(|_late| {
                        let detail = "the token endpoint does not answer".to_owned();
                        Err(NoToken::Silent { detail })
                    })
                }
                Some(_) | None => self.fetch().await,
            };
            let now = Instant::now();
            match fetched {
                Ok(fetched) => {
                    held.current = Some(Current::new(fetched, now));
                    held.generation += 1;
                }
                Err(why) => held.put_up_with(why, now)?,
            }
        }
        let generation = held.generation;
        let header = held.current.as_ref().map(|held| held.token.header());
        header
            .map(|header| Grant { header, generation })
            .ok_or_else(NoToken::none)
    }

    async fn fetch(&self) -> Result<Fetched, NoToken> {
        match &self.fetcher {
            Fetcher::Client(ims) => ims.fetch().await,
            Fetcher::Person(renewal) => renew(renewal).await,
        }
    }
}

/// Renews what somebody signed in with, to the end: a refresh token is good once, and whoever
/// waits for the next one may have no more time.
async fn renew(renewal: &Arc<Renewal>) -> Result<Fetched, NoToken> {
    let renews = Arc::clone(renewal);
    let renewed = tokio::spawn(async move { renews.fetch().await }).await;
    let fetched = renewed.unwrap_or_else(|broken| {
        Err(NoToken::NotReachable {
            detail: format!("the sign-in could not be renewed: {broken}"),
        })
    })?;
    // Where nobody waited so long, the next one who asks uses what is kept.
    renewal.is_used(&fetched.token);
    Ok(fetched)
}

impl Held {
    /// Goes on with a token that is still good where the next one cannot be had yet.
    fn put_up_with(&mut self, why: NoToken, now: Instant) -> Result<(), NoToken> {
        match (why, &mut self.current) {
            (
                NoToken::Silent { .. } | NoToken::NotReachable { .. } | NoToken::Busy { .. },
                Some(current),
            ) if now < current.end => {
                current.renew = now + PATIENCE;
                Ok(())
            }
            (
                why @ (NoToken::Silent { .. }
                | NoToken::NotReachable { .. }
                | NoToken::Busy { .. }
                | NoToken::Redirected { .. }
                | NoToken::Refused { .. }),
                _,
            ) => {
                self.current = None;
                Err(why)
            }
        }
    }
}

impl Current {
    fn new(fetched: Fetched, now: Instant) -> Self {
        let Fetched {
            token,
            lifetime,
            told,
            refresh: _,
        } = fetched;
        // A token that hardly outlives a minute would be renewed at each request.
        let ahead = if lifetime > AHEAD {
            AHEAD
        } else {
            lifetime / 2
        };
        let end = now + lifetime;
        Self {
            token,
            renew: end - ahead,
            end,
            told: told.and_then(|lifetime| now.checked_add(lifetime)),
        }
    }
}

#[cfg(test)]
mod tests;
