//! The event stream of a run: JSON lines that programs read while the run goes on, or later.
//!
//! Only this module knows its bytes. Each line is one [`Event`], complete in itself, and holds no
//! secret: ids, counts, times and the server's own words.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::event::{HoldChanges, Kept, Other, StopReason, Task};
use crate::inventory::Known;
use crate::outcome::{Aside, Evidence, FailureKind};
use crate::plan::Totals;
use crate::render::figures::StagedFigures;
use crate::state::Counts;

mod fields;
mod line;
mod replay;
mod write;

pub(crate) use fields::{At, EndingName, Version};
pub(crate) use replay::{Replayed, StreamError, is_stream, replay};
pub(crate) use write::{Close, Lines};

/// The version of the stream that this program reads and writes.
pub(crate) const VERSION: u64 = 1;

/// One line of the event stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[serde(expecting = "an event of a run of frameio-retire")]
pub(crate) enum Event<'line> {
    /// The run began.
    RunStarted {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number, as the state records it.
        run: u64,
        /// The run's own id.
        id: Uuid,
        /// Who started it, as far as the environment tells.
        actor: Option<Cow<'line, str>>,
        /// The git commit that it ran from, as far as the environment tells.
        commit: Option<Cow<'line, str>>,
        /// The address of the CI job that it ran in, as far as the environment tells.
        ci: Option<Cow<'line, str>>,
        /// The id of the saved plan that it carries out, where there is one.
        plan: Option<Cow<'line, str>>,
        /// The account that the server named, where the run asked for it.
        account: Option<Cow<'line, str>>,
        /// Where the state lies, as the user named it.
        state: Cow<'line, str>,
        /// What was planned.
        #[serde(serialize_with = "fields::every_figure")]
        planned: Totals,
        /// The earliest date of the deferred and the staged assets.
        next_due: Option<At>,
    },
    /// The holds that the state keeps are others now.
    HoldsChanged {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// Which.
        changes: Cow<'line, HoldChanges>,
    },
    /// What stays since something protected is connected with it.
    Kept {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// All that the plan holds back so.
        kept: Cow<'line, [Kept]>,
        /// What an earlier run held back, and this plan does not.
        #[serde(default, skip_serializing_if = "<[AssetId]>::is_empty")]
        over: Cow<'line, [AssetId]>,
    },
    /// A batch is about to be sent. Without an answer its assets are unknown.
    BatchSent {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch's number within the run, from 1.
        batch: u64,
        /// What it asks.
        task: Task,
        /// For which assets.
        ids: Cow<'line, [AssetId]>,
        /// The version stack that they are files of, where they are deleted in its place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stack: Option<AssetId>,
        /// What the plan knows of what goes along with the folder that is deleted.
        #[serde(default, skip_serializing_if = "<[AssetId]>::is_empty")]
        with: Cow<'line, [AssetId]>,
    },
    /// It is known what became of a file that is deleted in place of its version stack. The line
    /// of the version stack says more; where it stays, or none comes, the file was deleted if this
    /// line says so.
    FileDone {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch that told it.
        batch: u64,
        /// The version stack.
        stack: AssetId,
        /// The file.
        file: AssetId,
        /// What shows that we deleted it; nothing where we did not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retired: Option<Evidence>,
    },
    /// A batch was answered. The lines of its assets come before this one; an asset without a
    /// line stays as it was.
    Answered {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch's number within the run; 0 for what was read before the run.
        batch: u64,
        /// What became of its assets.
        counts: Counts,
        /// Always false: an answer is that of a whole batch.
        more: bool,
    },
    /// We deleted an asset.
    AssetRetired {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch that it belongs to.
        batch: u64,
        /// The asset.
        id: AssetId,
        /// What is known of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Cow<'line, Known>>,
        /// What shows it; nothing in streams of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<Evidence>,
    },
    /// The server does not know an asset, and nothing shows that it was deleted.
    AssetMissing {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch that it belongs to.
        batch: u64,
        /// The asset.
        id: AssetId,
        /// What is known of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Cow<'line, Known>>,
    },
    /// An asset was already deleted before.
    AssetGone {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch that it belongs to.
        batch: u64,
        /// The asset.
        id: AssetId,
        /// What is known of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Cow<'line, Known>>,
        /// What shows it; nothing in streams of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<Evidence>,
    },
    /// The server refused to delete an asset.
    AssetFailed {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch that it belongs to.
        batch: u64,
        /// The asset.
        id: AssetId,
        /// What is known of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Cow<'line, Known>>,
        /// What sort of refusal it is.
        kind: FailureKind,
        /// The server's own words.
        message: Cow<'line, str>,
        /// How often a delete was tried and not confirmed, earlier runs included.
        attempts: u32,
    },
    /// The delete of an asset was sent, and no answer that can be trusted came back. A later
    /// line of the same asset may still say more.
    AssetUnknown {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch that it belongs to.
        batch: u64,
        /// The asset.
        id: AssetId,
        /// What is known of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Cow<'line, Known>>,
        /// How often a delete was tried and not confirmed, earlier runs included.
        attempts: u32,
    },
    /// We restored an asset that we had deleted.
    AssetRestored {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch that it belongs to.
        batch: u64,
        /// The asset.
        id: AssetId,
        /// What is known of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Cow<'line, Known>>,
        /// What had shown that it was deleted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<Evidence>,
        /// Whether a reading has shown it alive; else the server was asked, and nobody knows.
        seen: bool,
    },
    /// An asset is moved aside, or about to be.
    AssetStaged {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch that it belongs to.
        batch: u64,
        /// The asset.
        id: AssetId,
        /// What is known of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Cow<'line, Known>>,
        /// Where it waits, and until when.
        aside: Aside,
    },
    /// Somebody has taken an asset out of where it was moved aside to.
    AssetRescued {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch that it belongs to.
        batch: u64,
        /// The asset.
        id: AssetId,
        /// What is known of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Cow<'line, Known>>,
    },
    /// The server did not know assets when it was to delete them. Until a later line says more of
    /// one, it is unknown.
    Doubted {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch that asked for them.
        batch: u64,
        /// Which.
        ids: Cow<'line, [AssetId]>,
    },
    /// Records that nothing needs any more are dropped.
    Forgotten {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// Whose records.
        ids: Cow<'line, [AssetId]>,
    },
    /// Assets were found deleted before anything was sent for them; only in streams of earlier
    /// versions.
    FoundDeleted {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// Those that somebody else has deleted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gone: Vec<AssetId>,
        /// Those whose own delete was not answered before: it took effect.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        retired: Vec<AssetId>,
    },
    /// Assets that were to be deleted stay: read again before they were sent, they were other than
    /// reviewed.
    LeftAlone {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// Which, and what is other of each.
        assets: BTreeMap<AssetId, Other>,
    },
    /// The server said something that it should not say.
    Warned {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The batch's number within the run.
        batch: u64,
        /// What it said, in one sentence.
        message: Cow<'line, str>,
    },
    /// Nothing is sent by one call of the API for a while, because of the server's limit.
    Paced {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The call: `bulk_delete`, `read_asset` and so on.
        #[serde(rename = "lane")]
        rate_limit: Cow<'line, str>,
        /// For how long, in milliseconds.
        wait_ms: u64,
        /// Whether the server refused a request (status 429), and not the run's own foresight.
        refused: bool,
        /// How many requests of this call may be under way from now on.
        window: usize,
    },
    /// A request went wrong and is made again.
    Retried {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The number of the batch that went wrong.
        batch: u64,
        /// How many assets it asks for.
        assets: usize,
        /// How often it went wrong so far.
        tries: u32,
        /// After which pause it is made again, in milliseconds.
        wait_ms: u64,
        /// What went wrong.
        why: Cow<'line, str>,
    },
    /// What was asked for is not answered yet. The answer, the next try or the stop is told by a line
    /// of its own.
    Slow {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// The number of the batch; 0 for what is read beside the run.
        batch: u64,
        /// What is not answered: `bulk_delete`, `read_asset` and so on, or `token` where a token is
        /// waited for.
        call: Cow<'line, str>,
        /// How many assets it asks for.
        assets: usize,
        /// For how much longer the answer is waited for at most, in milliseconds.
        wait_ms: u64,
    },
    /// Nothing new is sent from now on.
    Stopped {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number.
        run: u64,
        /// Why.
        reason: Cow<'line, StopReason>,
        /// The same in one sentence.
        message: Cow<'line, str>,
    },
    /// The run ended; the last line of a stream. Without it the run never came to its end.
    RunEnded {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// The run's number; none where nothing had to be done.
        run: Option<u64>,
        /// How.
        ending: EndingName,
        /// Why, where it was stopped.
        reason: Option<Cow<'line, StopReason>>,
        /// The same in one sentence.
        message: Option<Cow<'line, str>>,
        /// Where the state lies, as the user named it.
        state: Cow<'line, str>,
        /// What was planned.
        #[serde(serialize_with = "fields::every_figure")]
        planned: Totals,
        /// The earliest date of the deferred and the staged assets.
        next_due: Option<At>,
        /// What the run has moved aside and waits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        staged: Option<Cow<'line, StagedFigures>>,
        /// What stays since something protected is connected with it; only where nothing had to be
        /// done, else the line `kept` says it.
        #[serde(default, skip_serializing_if = "<[Kept]>::is_empty")]
        kept: Cow<'line, [Kept]>,
        /// What became of the assets, each counted once by its last outcome.
        counts: Counts,
        /// How many bytes were deleted, as far as that is known.
        #[serde(default)]
        bytes: u64,
        /// Of how many deleted assets it is not known.
        #[serde(default)]
        unmeasured: usize,
        /// How many assets were unknown before the run, and are known now.
        resolved: usize,
        /// How many records were dropped.
        forgotten: usize,
        /// How many assets of the plan have no outcome, since the run stopped before them.
        unsent: usize,
        /// How many requests were made, without those that were repeated.
        requests: usize,
        /// How long it took, in milliseconds.
        elapsed_ms: u64,
        /// Whether all of it is written down, in the state or in its journal.
        saved: bool,
        /// The exit code of the command.
        exit: u8,
    },
    /// The command failed before a run began; nothing was sent.
    Error {
        /// The version of the stream.
        version: Version,
        /// When.
        at: At,
        /// None: there is no run.
        run: Option<u64>,
        /// What failed.
        message: Cow<'line, str>,
        /// What to do about it.
        hint: Option<Cow<'line, str>>,
        /// The exit code of the command.
        exit: u8,
    },
}
