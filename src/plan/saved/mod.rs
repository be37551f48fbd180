//! The plan document: what was decided, why, and what it was decided from.
//!
//! Only this module knows its bytes. The document is written by this program and read by it;
//! nobody edits it, so it is taken only as it was written, down to the last byte.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::diagnostic::of_a_parser;
use crate::inventory::{Mark, Marking};
use crate::manifest::document::{Manifests, SourceFile};
use crate::plan::aside::Moves;
use crate::plan::aside::Terms;
use crate::plan::figure::Report;
use crate::plan::forecast::RateForecast;
use crate::plan::holds::PlannedHold;
use crate::plan::only::Only;
use crate::plan::since::Since;
use crate::plan::{Back, Checked, MarksSince, Plan, Shelter, Totals};
use crate::state::{Api, Target};
use crate::visible::json;

mod about;
mod action;
mod because;
mod compare;
mod digest;
mod error;
mod layout;
mod listing;
mod stale;

#[cfg(test)]
mod tests;

pub use crate::digest::Sha256;
pub use about::{Reviewed, ReviewedContents};
pub use action::{Action, Listing, Verb};
pub use because::Because;
pub use compare::{check, leave_alone};
pub use error::SavedError;
pub use stale::{Current, Stale};

use layout::{Compared, field, rows};
pub(crate) use layout::{with_carriage_returns, with_line_feeds};

/// The version of the document that this program reads and writes.
pub const VERSION: u64 = 3;

/// A saved plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[serde(expecting = "a plan of frameio-retire")]
#[cfg_attr(test, schemars(rename = "Plan"))]
pub struct PlanDocument {
    /// The version of this document.
    #[cfg_attr(test, schemars(range(min = 3, max = 3)))]
    #[serde(deserialize_with = "known_version")]
    version: u64,
    /// `sha256:` and the SHA-256 of the document without this field, as compact JSON.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(test, schemars(regex(pattern = "^sha256:[0-9a-f]{64}$")))]
    pub(crate) id: String,
    /// When the plan was made: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub(crate) created_at: Timestamp,
    /// What it was checked against: `not_checked`, or the live account.
    pub(crate) checked: Checked,
    /// The moment from which it is not carried out any more: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub(crate) expires_at: Timestamp,
    /// The version of the program that made it.
    pub(crate) tool: String,
    /// The state that it was made from.
    pub(crate) state: StateBasis,
    /// The PATHs of the manifests, as they were given; none where the usual ones were read.
    pub(crate) paths: Vec<String>,
    /// What chooses the assets, as it was given with `--only`; none where all are chosen.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    pub(crate) only: Vec<Only>,
    /// The manifests that it was made from, in the order in which they were read.
    pub(crate) manifests: Vec<ManifestBasis>,
    /// The git commit that it was made from, where there is one.
    pub(crate) commit: Option<String>,
    /// The version of the API.
    api: Api,
    /// The server's base address, or `sandbox`.
    endpoint: String,
    /// The account, where it is known.
    account: Option<String>,
    /// The settings that decided.
    pub(crate) settings: DecidingSettings,
    /// How many assets each decision concerns.
    totals: Totals,
    /// How many calls it takes at least, and how long at the API's limits.
    pub(crate) forecast: Vec<RateForecast>,
    /// What the guards have counted.
    pub(crate) guards: Option<Arc<Report>>,
    /// The marks that keep assets, as the settings asked for them; nothing where they asked for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) marks: Option<Marking>,
    /// The holds that are in force, and those that the plan lifts.
    ///
    /// A list called `holds` is that of a manifest.
    pub(crate) protection: Vec<PlannedHold>,
    /// The marks that people had set in Frame.io when an earlier run read them, and that are lifted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lifted: BTreeMap<AssetId, Mark>,
    /// What was deleted before, is back, and goes again with something whose entry says `again: true`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    back: BTreeMap<AssetId, Back>,
    /// What is new since the earlier plan that `--since` named; nothing where it named none that could
    /// be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Since>,
    /// What is moved aside in place of being deleted one by one, and what becomes of what was.
    #[serde(default, skip_serializing_if = "Moves::is_empty")]
    moves: Moves,
    /// What is to happen, sorted by asset; unchanged assets are only counted.
    actions: Vec<Action>,
}

/// The state that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StateBasis {
    /// The state's path, as the user named it.
    pub path: String,
    /// The id that the state got when it was made.
    pub lineage: Uuid,
    /// How often it had been changed.
    pub serial: u64,
    /// The SHA-256 of its bytes; nothing where there was no state yet.
    pub digest: Option<Sha256>,
}

/// A manifest that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ManifestBasis {
    /// The manifest's path, as the user named it; `-` for standard input.
    pub path: Arc<str>,
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
    /// How many assets it lists.
    pub listed: usize,
}

/// The settings that a plan's decisions depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DecidingSettings {
    /// How many refusals block an asset.
    pub max_attempts: u32,
    /// Whether blocked assets are tried all the same.
    pub retry_blocked: bool,
    /// Whether the rest goes on without the assets that are not what their pins say.
    pub skip_mismatched: bool,
    /// How many assets one delete asks for at most.
    pub batch_size: usize,
    /// What is moved aside before it is deleted; nothing where each is deleted by itself.
    #[serde(default, skip_serializing_if = "Terms::is_direct")]
    pub staging: Terms,
}

/// What a plan document says beside the plan and its manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// When the plan was made.
    pub created_at: Timestamp,
    /// The moment from which it is not carried out any more.
    pub expires_at: Timestamp,
    /// The version of this program.
    pub tool: String,
    /// The state that it was made from.
    pub state: StateBasis,
    /// The PATHs of the manifests, as they were given.
    pub paths: Vec<String>,
    /// The git commit that it was made from, where there is one.
    pub commit: Option<String>,
    /// Which assets it speaks of.
    pub target: Target,
    /// The settings that decided.
    pub settings: DecidingSettings,
    /// How many calls the plan takes at least, and how long at the API's limits.
    pub forecast: Vec<RateForecast>,
    /// What the plan was checked against.
    pub checked: Checked,
    /// The marks that keep assets.
    pub marks: Option<Marking>,
    /// What is new since an earlier plan.
    pub since: Option<Since>,
}

/// Makes the document of a plan.
#[must_use]
pub fn document(plan: &Plan, manifests: &Manifests, basis: &Basis) -> PlanDocument {
    let Basis {
        created_at,
        expires_at,
        tool,
        state,
        paths,
        commit,
        target: Target {
            api,
            endpoint,
            account,
        },
        settings,
        forecast,
        checked,
        marks,
        since,
    } = basis.clone();
    let files: Vec<Arc<str>> = manifests
        .files
        .iter()
        .map(|file| Arc::clone(&file.path))
        .collect();
    let mut document = PlanDocument {
        version: VERSION,
        id: String::new(),
        created_at,
        checked,
        expires_at,
        tool,
        state,
        paths,
        only: plan.only.clone(),
        manifests: manifests.files.iter().map(ManifestBasis::from).collect(),
        commit,
        api,
        endpoint,
        account,
        settings,
        totals: plan.totals,
        forecast,
        guards: plan.guards.clone(),
        marks,
        protection: plan.holds.clone(),
        lifted: plan.marks.lifted.iter().cloned().collect(),
        back: (plan.going_back().map(|(id, back)| (id, back.clone()))).collect(),
        since,
        moves: plan.moves.clone(),
        actions: plan
            .steps
            .iter()
            .filter_map(|step| Action::new(step, plan, &files))
            .collect(),
    };
    document.id = document.content_id();
    document
}

impl From<&SourceFile> for ManifestBasis {
    fn from(file: &SourceFile) -> Self {
        let SourceFile {
            path,
            sha256,
            part: _,
            listed,
        } = file;
        Self {
            path: Arc::clone(path),
            sha256: Sha256(*sha256),
            listed: if file.is_for_holds() { 0 } else { *listed },
        }
    }
}

impl PlanDocument {
    /// Reads a document, and takes it only as it was written, but for what git makes of the ends
    /// of its lines.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the bytes, and where; or that they were changed.
    pub fn read(bytes: &[u8]) -> Result<Self, SavedError> {
        // No text in it has a line end of its own, which JSON escapes.
        let bytes = &*with_line_feeds(bytes);
        if let Some(older) = version(bytes).filter(|version| *version < VERSION) {
            return Err(SavedError::Older(older));
        }
        let mut document: Self = serde_json::from_slice(bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            SavedError::Format {
                line: line.max(1),
                column: column.max(1),
                message: of_a_parser(&error.to_string()),
            }
        })?;
        let said = std::mem::take(&mut document.id);
        let content = document.content_id();
        if said != content {
            return Err(SavedError::WrongId { said, content });
        }
        document.id = said;
        let mut compared = Compared::with(bytes);
        // The sink refuses at the first byte that differs, and what it lacks stays over.
        if document.to_json(&mut compared).is_err() || !compared.is_all() {
            return Err(SavedError::Layout {
                line: compared.line(),
            });
        }
        Ok(document)
    }

    /// Writes the document: the head first, then one action a line.
    ///
    /// # Errors
    ///
    /// Returns what the sink says when it cannot take the bytes.
    pub fn to_json(&self, sink: &mut dyn Write) -> io::Result<()> {
        let Self {
            version,
            id,
            created_at,
            checked,
            expires_at,
            tool,
            state,
            paths,
            only,
            manifests,
            commit,
            api,
            endpoint,
            account,
            settings,
            totals,
            forecast,
            guards,
            marks,
            protection,
            lifted,
            back,
            since,
            moves,
            actions,
        } = self;
        let mut sink = io::BufWriter::new(sink);
        write!(sink, "{{\"version\":{version},\"id\":")?;
        json(id, &mut sink)?;
        field(&mut sink, ",\"created_at\":", created_at)?;
        field(&mut sink, ",\"checked\":", checked)?;
        field(&mut sink, ",\n\"expires_at\":", expires_at)?;
        field(&mut sink, ",\"tool\":", tool)?;
        field(&mut sink, ",\n\"state\":", state)?;
        field(&mut sink, ",\n\"paths\":", paths)?;
        field(&mut sink, ",\"only\":", only)?;
        rows(&mut sink, ",\n\"manifests\":[", manifests)?;
        field(&mut sink, ",\n\"commit\":", commit)?;
        field(&mut sink, ",\n\"api\":", api)?;
        field(&mut sink, ",\"endpoint\":", endpoint)?;
        field(&mut sink, ",\"account\":", account)?;
        field(&mut sink, ",\n\"settings\":", settings)?;
        field(&mut sink, ",\n\"totals\":", totals)?;
        field(&mut sink, ",\n\"forecast\":", forecast)?;
        field(&mut sink, ",\n\"guards\":", guards)?;
        if let Some(marks) = marks {
            field(&mut sink, ",\n\"marks\":", marks)?;
        }
        if !lifted.is_empty() {
            field(&mut sink, ",\n\"lifted\":", lifted)?;
        }
        if !back.is_empty() {
            field(&mut sink, ",\n\"back\":", back)?;
        }
        if let Some(since) = since {
            field(&mut sink, ",\n\"since\":", since)?;
        }
        if !moves.is_empty() {
            field(&mut sink, ",\n\"moves\":", moves)?;
        }
        rows(&mut sink, ",\n\"protection\":[", protection)?;
        rows(&mut sink, ",\n\"actions\":[", actions)?;
        sink.write_all(b"}\n")?;
        sink.flush()
    }

    /// Makes the plan again that the document was made from.
    ///
    /// Its steps hold the reason, ticket and owner of an asset; dates and pins have become
    /// decisions and are not told again.
    ///
    /// # Errors
    ///
    /// Returns what is wrong where the actions are no plan that this program makes.
    pub fn plan(&self) -> Result<Plan, SavedError> {
        let files: Vec<Arc<str>> = self
            .manifests
            .iter()
            .map(|file| Arc::clone(&file.path))
            .collect();
        let mut plan = Plan {
            steps: Vec::with_capacity(self.actions.len()),
            totals: self.totals.without_actions(),
            shelter: match &self.checked {
                Checked::Live(_) => Shelter::NotNeeded,
                Checked::NotChecked => Shelter::NotChecked,
            },
            guards: self.guards.clone(),
            holds: self.protection.clone(),
            marks: MarksSince {
                seen: Vec::new(),
                lifted: self.lifted.clone().into_iter().collect(),
            },
            back: self.back.clone(),
            only: self.only.clone(),
            moves: self.moves.clone(),
            ..Plan::default()
        };
        for action in &self.actions {
            let id = action.id;
            if plan.steps.last().is_some_and(|last| last.id >= id) {
                return Err(SavedError::Unsorted(id));
            }
            let step = action
                .step(&files)
                .map_err(|why| SavedError::Action { id, why })?;
            if let Some(files) = &action.files {
                if !step.decision.may_delete() {
                    let why = "names files, and deletes nothing";
                    return Err(SavedError::Action { id, why });
                }
                plan.stacks.insert(id, Arc::clone(files));
            }
            if let Some(reviewed) = &action.about {
                if !reviewed.is_whole() {
                    let why = "has contents that are not those of its digest";
                    return Err(SavedError::Action { id, why });
                }
                plan.about.insert(id, reviewed.about(step.kind()));
            }
            plan.totals.count(&step.decision);
            plan.steps.push(step);
        }
        if plan.totals != self.totals {
            return Err(SavedError::Totals);
        }
        Ok(plan)
    }

    /// Which assets it speaks of.
    #[must_use]
    pub fn target(&self) -> Target {
        Target {
            api: self.api,
            endpoint: self.endpoint.clone(),
            account: self.account.clone(),
        }
    }

    /// Makes the id of the content; the document's own id must be empty.
    fn content_id(&self) -> String {
        let mut sink = io::BufWriter::new(digest::Hashing::default());
        // Neither the document nor the hash can refuse; if one did, the id would fit nothing.
        let whole = serde_json::to_writer(&mut sink, self).is_ok() && sink.flush().is_ok();
        if whole {
            format!("sha256:{}", sink.get_ref().digest())
        } else {
            String::new()
        }
    }
}

/// The version of a document, whatever else is in it.
fn version(bytes: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Head {
        version: u64,
    }
    let head: Head = serde_json::from_slice(bytes).ok()?;
    Some(head.version)
}

fn known_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let found = u64::deserialize(deserializer)?;
    if found == VERSION {
        return Ok(found);
    }
    Err(serde::de::Error::custom(format_args!(
        "this is version {found} of the plan, and this program knows version {VERSION}"
    )))
}
