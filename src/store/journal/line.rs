//! The lines of a journal, each of one event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::event::{HoldChanges, Kept, Task};
use crate::inventory::{Known, Mark};
use crate::outcome::{Aside, Evidence, FailureKind};

#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum EventLine<'line> {
    /// The run began.
    Started {
        run: u64,
        id: Uuid,
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        actor: Option<String>,
        commit: Option<String>,
        ci: Option<String>,
        plan: Option<String>,
        account: Option<String>,
    },
    /// The holds that the state keeps are others now.
    HoldsChanged {
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        changes: Cow<'line, HoldChanges>,
    },
    /// What assets are called, where they lie and how large they are.
    Described { assets: BTreeMap<AssetId, Known> },
    /// The marks that people have set in Frame.io are other than before.
    Marked {
        /// Those that are new, or say something else.
        seen: BTreeMap<AssetId, Mark>,
    },
    /// What stays since something protected is connected with it.
    Kept {
        /// All that the plan holds back so.
        #[serde(default, skip_serializing_if = "<[Kept]>::is_empty")]
        kept: Cow<'line, [Kept]>,
        /// What an earlier run held back, and this plan does not.
        #[serde(default, skip_serializing_if = "<[AssetId]>::is_empty")]
        over: Cow<'line, [AssetId]>,
    },
    /// Entries that had said `again: true` say it no more.
    AgainOver { ids: Cow<'line, [AssetId]> },
    /// Assets whose entries say `again: true` are deleted, which uses that up.
    AgainUsed { ids: Cow<'line, [AssetId]> },
    /// A folder is about to be made that assets are moved into; with its id, it is made.
    Staging {
        project: AssetId,
        name: Cow<'line, str>,
        /// The folder at the top of the project.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        root: Option<AssetId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<AssetId>,
        /// Whether nothing is in it, nothing went with it, and it is gone or somebody's own.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        over: bool,
    },
    /// A batch is about to be sent; without an answer its assets are unknown.
    Intent {
        batch: u64,
        task: Task,
        ids: Cow<'line, [AssetId]>,
        /// The version stack that they are files of, where they are deleted in its place: without
        /// an answer it is unknown as well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stack: Option<AssetId>,
        /// What goes along with the folder that is deleted: unless that is refused, it is unknown
        /// until a later line names it.
        #[serde(default, skip_serializing_if = "<[AssetId]>::is_empty")]
        with: Cow<'line, [AssetId]>,
        /// When that was, of a delete, by the server's clock as far as it had told the time: what was
        /// deleted before was deleted by others. Earlier versions did not keep it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
        at: Option<Timestamp>,
    },
    /// A version stack is about to be deleted file by file, or something is about to be moved aside
    /// with what is in it.
    Opened {
        stack: AssetId,
        /// The files that it was found to hold; of what is moved aside, all that is in it.
        files: Cow<'line, [AssetId]>,
    },
    /// It is known what became of a file that is deleted in place of its version stack. As long as
    /// that is not deleted, the file has a record of its own where we deleted it.
    FileDone {
        batch: u64,
        stack: AssetId,
        file: AssetId,
        /// What shows that we deleted it; nothing where we did not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retired: Option<Evidence>,
    },
    /// A batch was answered; what is missing here stays as it was.
    Answered {
        batch: u64,
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        /// Deleted by us, as the answer to the delete says.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        retired: Vec<AssetId>,
        /// Shown to be deleted by something else than the answer to a delete.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        shown: BTreeMap<AssetId, Shown>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<AssetId>,
        /// Only in journals of earlier versions, which took what is missing for gone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gone: Vec<AssetId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unknown: Vec<AssetId>,
        #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
        failed: BTreeMap<AssetId, FailureLine<'line>>,
        /// Restored by us; with each whether a reading has shown it alive.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        restored: BTreeMap<AssetId, bool>,
        /// Moved aside, or about to be; with each where it waits, and until when.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        staged: BTreeMap<AssetId, Aside>,
        /// Taken by somebody out of where they were moved aside to.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rescued: Vec<AssetId>,
    },
    /// The server did not know these assets when it was to delete them; until a later line names
    /// one, it is unknown.
    Doubted {
        batch: u64,
        ids: Cow<'line, [AssetId]>,
    },
    /// Records that nothing needs any more are dropped.
    Forgotten {
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        ids: Cow<'line, [AssetId]>,
    },
    /// Assets were found deleted before anything was sent for them; only in journals of earlier
    /// versions, which did not ask for more than a line in a list.
    FoundDeleted {
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        ids: Cow<'line, [AssetId]>,
    },
    /// The server said something that it should not say.
    Warned {
        batch: u64,
        #[serde(borrow)]
        message: Cow<'line, str>,
    },
    /// The run ended, of itself or in order before that.
    Ended {
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        done: bool,
    },
}

/// Who deleted an asset, and what shows it.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    pub(super) status: ShownStatus,
    pub(super) evidence: Evidence,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum ShownStatus {
    /// We did.
    Retired,
    /// Somebody else did.
    Gone,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct FailureLine<'line> {
    pub(super) kind: FailureKind,
    #[serde(borrow)]
    pub(super) message: Cow<'line, str>,
}
