//! One request that is to be made, and what it is for.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::event::{Lane, Task};
use crate::frameio::call::Call as _;
use crate::frameio::deleter::{Deleter, DeletingClient};
use crate::frameio::trash::{Deleted, Wanted};
use crate::frameio::{Reply, v2, v4};
use crate::outcome::Failure;

/// A job whose intent is in the journal: only the dispatcher makes one, after the sync.
#[derive(Debug)]
pub(super) struct Journaled {
    pub(super) batch: u64,
    pub(super) job: Job,
    /// When it was given out, counted from the start of the run.
    pub(super) at: Duration,
    /// The same as a time.
    pub(super) intent: Timestamp,
}

impl Journaled {
    /// The call to make.
    pub(super) const fn call(&self) -> &Call {
        &self.job.call
    }
}

/// What a job is for, beyond what its call asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim {
    /// To learn what becomes of its assets.
    Settle,
    /// V4: to read an asset, by asking for one kind after another.
    Look(Look),
    /// V4: to read what a version stack holds.
    Open,
    /// V4: to delete one file of a version stack.
    Member,
    /// V4: to read whether a version stack holds something still.
    Close,
}

/// How far the reading of an asset is whose kind may be any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The kind that is asked for.
    pub kind: Kind,
    /// The kinds that are asked for next.
    pub next: &'static [Kind],
    /// The kind of which somebody says that it is.
    pub said: Option<Kind>,
    /// Whether it is a file of the version stack that the job is for.
    pub member: bool,
    /// Whether the server has said of a kind that it knows no such asset, rather than that the
    /// asset is none of that kind.
    pub missing: bool,
}

/// How often the delete of an asset went wrong, and since when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// How often.
    pub tries: u32,
    /// When it first went wrong, counted from the start of the run.
    pub since: Option<Duration>,
}

impl Sent {
    /// What is true of a delete of both assets.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let since = match (self.since, other.since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Self {
            tries: self.tries.max(other.tries),
            since,
        }
    }
}

/// A call of the API that the run speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// The legacy API.
    V2(v2::Call),
    /// The current API.
    V4(v4::Call),
}

impl Call {
    /// The rate limit that it counts against.
    #[must_use]
    pub fn rate_limit(&self) -> Lane {
        match self {
            Self::V2(call) => call.rate_limit(),
            Self::V4(call) => call.rate_limit(),
        }
    }
}

impl Deleter<Call> for DeletingClient {
    async fn send(&self, call: &Call) -> Reply {
        match call {
            Call::V2(call) => self.send(call).await,
            Call::V4(call) => self.send(call).await,
        }
    }

    async fn find_deleted(&self, wanted: &Wanted) -> Deleted {
        Deleter::<v4::Call>::find_deleted(self, wanted).await
    }
}

impl From<v2::Call> for Call {
    fn from(call: v2::Call) -> Self {
        Self::V2(call)
    }
}

impl From<v4::Call> for Call {
    fn from(call: v4::Call) -> Self {
        Self::V4(call)
    }
}

/// One request that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The call.
    pub call: Call,
    /// The assets that its answer speaks of; of a file of a version stack, the stack.
    pub ids: Arc<[AssetId]>,
    /// What it is for.
    pub aim: Aim,
    /// Whether its assets may be deleted; only readings of unlisted assets may not.
    pub listed: bool,
    /// Whether its assets were read and found alive, so that reading them again tells nothing.
    pub looked: bool,
    /// Whether it is no part of an earlier job.
    pub fresh: bool,
    /// How often the same request went wrong before.
    pub tries: u32,
    /// When it first went wrong, counted from the start of the run.
    pub since: Option<Duration>,
    /// How often the delete of its assets went wrong.
    pub sent: Sent,
    /// What the delete of its asset was refused with, where a reading finds it alive.
    pub refusal: Option<Box<Failure>>,
}

impl Job {
    fn new(call: impl Into<Call>, ids: Arc<[AssetId]>) -> Self {
        Self {
            call: call.into(),
            ids,
            aim: Aim::Settle,
            listed: true,
            looked: false,
            fresh: false,
            tries: 0,
            since: None,
            sent: Sent::default(),
            refusal: None,
        }
    }

    /// The bulk delete of several assets.
    #[must_use]
    pub fn delete(ids: &[AssetId]) -> Self {
        let ids: Arc<[AssetId]> = Arc::from(ids);
        Self::new(v2::Call::BulkDelete(Arc::clone(&ids)), ids)
    }

    /// The reading of one asset.
    #[must_use]
    pub fn read(id: AssetId, listed: bool) -> Self {
        Self {
            listed,
            ..Self::new(v2::Call::Read(v2::Read::Asset(id)), Arc::from([id]))
        }
    }

    /// V4: what deletes one asset, or finds out how to.
    #[must_use]
    pub fn single(id: AssetId, kind: Option<Kind>) -> Self {
        let ids = Arc::from([id]);
        match kind {
            Some(Kind::File) => Self::new(v4::Call::DeleteFile(id), ids),
            Some(Kind::Folder) => Self::new(v4::Call::DeleteFolder(id), ids),
            Some(Kind::VersionStack) => Self::open(id, None),
            None => Self::look(id, None, true),
        }
    }

    /// V4: the reading of an asset as one kind after another, the one first that somebody said.
    #[must_use]
    pub fn look(id: AssetId, said: Option<Kind>, listed: bool) -> Self {
        let [kind, next @ ..] = said.map_or(&Kind::ALL, Kind::first);
        let look = Look {
            kind: *kind,
            next,
            said,
            member: false,
            missing: false,
        };
        Self {
            aim: Aim::Look(look),
            listed,
            ..Self::new(show(*kind, id), Arc::from([id]))
        }
    }

    /// V4: the reading of a file of a version stack.
    #[must_use]
    pub fn look_member(stack: AssetId, file: AssetId) -> Self {
        let [kind, next @ ..] = Kind::File.first();
        let look = Look {
            kind: *kind,
            next,
            said: None,
            member: true,
            missing: false,
        };
        Self {
            aim: Aim::Look(look),
            ..Self::new(show(*kind, file), Arc::from([stack]))
        }
    }

    /// V4: the same reading as one of the next kind, where there is one; `missing` says that the
    /// server knows no such asset.
    #[must_use]
    pub fn look_on(&self, look: &Look, missing: bool) -> Option<Self> {
        let [kind, next @ ..] = look.next else {
            return None;
        };
        let look = Look {
            kind: *kind,
            next,
            missing: look.missing || missing,
            ..look.clone()
        };
        Some(Self {
            call: show(*kind, self.target()).into(),
            aim: Aim::Look(look),
            tries: 0,
            since: None,
            ..self.clone()
        })
    }

    /// V4: the reading of a page of what a version stack holds.
    #[must_use]
    pub fn open(stack: AssetId, after: Option<Arc<str>>) -> Self {
        Self {
            aim: Aim::Open,
            ..Self::new(
                v4::Call::Read(v4::Read::Children(Kind::VersionStack, stack, after)),
                Arc::from([stack]),
            )
        }
    }

    /// V4: the reading of whether a version stack holds something still.
    #[must_use]
    pub fn close(stack: AssetId) -> Self {
        Self {
            aim: Aim::Close,
            ..Self::open(stack, None)
        }
    }

    /// V4: the delete of one file of a version stack.
    #[must_use]
    pub fn member(stack: AssetId, file: AssetId) -> Self {
        Self {
            aim: Aim::Member,
            ..Self::new(v4::Call::DeleteFile(file), Arc::from([stack]))
        }
    }

    /// The asset that its call asks for; the first one of several.
    #[must_use]
    pub fn target(&self) -> AssetId {
        match &self.call {
            Call::V2(_) => self.ids[0],
            Call::V4(call) => call.asset().unwrap_or(self.ids[0]),
        }
    }

    /// The assets that its call asks for.
    #[must_use]
    pub fn targets(&self) -> Vec<AssetId> {
        match &self.call {
            Call::V2(_) => self.ids.to_vec(),
            Call::V4(_) => vec![self.target()],
        }
    }

    /// When it goes: files before version stacks, and these before folders, so that each has an
    /// answer of its own.
    #[must_use]
    pub const fn rank(&self) -> usize {
        match (&self.aim, &self.call) {
            (Aim::Open | Aim::Member | Aim::Close, _) => 1,
            (Aim::Settle | Aim::Look(_), Call::V4(v4::Call::DeleteFolder(_))) => 2,
            (Aim::Settle | Aim::Look(_), _) => 0,
        }
    }

    /// The lane that it goes through.
    #[must_use]
    pub fn lane(&self) -> Lane {
        self.call.rate_limit()
    }

    /// What it asks for.
    #[must_use]
    pub fn task(&self) -> Task {
        self.lane().task()
    }

    /// Cuts a bulk delete into two, the first not smaller than the second.
    #[must_use]
    pub fn halves(&self) -> [Self; 2] {
        let (first, second) = self.ids.split_at(self.ids.len().div_ceil(2));
        [first, second].map(|ids| Self {
            looked: self.looked,
            sent: self.sent,
            ..Self::delete(ids)
        })
    }
}

/// V4: the reading of an asset as one of a kind.
const fn show(kind: Kind, id: AssetId) -> v4::Call {
    v4::Call::Read(v4::Read::Show(kind, id))
}
