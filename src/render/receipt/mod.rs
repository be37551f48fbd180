//! The receipt of a run: what it recorded of which asset, who had asked for it, and what shows it.
//!
//! It is made from the state after the run, so it says no more than what was written down.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::asset::{AssetId, Kind};
use crate::inventory::Known;
use crate::manifest::document::SourceFile;
use crate::outcome::{Evidence, FailureKind};
use crate::plan::about::About;
use crate::plan::approve::Consent;
use crate::plan::{Plan, Step};
use crate::render::not_run::NotRun;
use crate::state::{Api, Counts, Deleted, Record, State, Status, restorable_until};
use crate::visible;

pub(crate) use markdown::markdown;

mod markdown;

/// Who had a run carried out, as far as the environment tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Asked {
    /// Who started it.
    pub(crate) actor: Option<String>,
    /// The git commit that it ran from.
    pub(crate) commit: Option<String>,
    /// Who wrote that commit, where the CI system says so.
    pub(crate) commit_author: Option<String>,
    /// Who let the job begin, where the CI system says so.
    pub(crate) approver: Option<String>,
    /// How it was approved; null where nothing was to be done.
    pub(crate) approval: Option<Approval>,
    /// The address of the CI job.
    pub(crate) ci: Option<String>,
}

/// Who had carried out what was not.
static NOBODY: Asked = Asked {
    actor: None,
    commit: None,
    commit_author: None,
    approver: None,
    approval: None,
    ci: None,
};

/// How a run was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Approval {
    /// Whoever started it typed the number of files on a terminal.
    Typed,
    /// `--auto-approve` was given.
    AutoApprove,
    /// A saved plan was handed in.
    SavedPlan,
    /// The assets are the embedded sandbox's.
    Sandbox,
}

impl From<Consent> for Approval {
    fn from(consent: Consent) -> Self {
        match consent {
            Consent::Typed(_) => Self::Typed,
            Consent::Auto => Self::AutoApprove,
            Consent::Saved => Self::SavedPlan,
            Consent::Sandbox => Self::Sandbox,
        }
    }
}

/// What a receipt is made from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'run> {
    pub(crate) plan: &'run Plan,
    pub(crate) files: &'run [SourceFile],
    /// The run's number; nothing where nothing was to be done.
    pub(crate) run: Option<u64>,
    /// The state as it is after the run; nothing where there is none.
    pub(crate) after: Option<&'run State>,
    /// Where the state lies, as the user named it.
    pub(crate) path: &'run str,
    /// Whether the run could be written there.
    pub(crate) is_saved: bool,
    pub(crate) asked: &'run Asked,
}

/// The receipt of a run: what `apply --report receipt.json` writes.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "frameio-retire receipt"))]
pub(crate) struct Receipt<'run> {
    /// The version of this document: 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 1)))]
    version: u64,
    /// The run; null where nothing was to be done, or nothing was done.
    #[serde(rename = "receipt")]
    run: Option<Run<'run>>,
    /// Why the command did nothing; only where it did nothing, and then nothing else is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_run: Option<&'run NotRun>,
    /// Who had it carried out.
    asked: &'run Asked,
    /// The state that the run was written into.
    state: StateOf<'run>,
    /// How many assets the run recorded, by status.
    counts: Counts,
    /// How many bytes were deleted, as far as that is known.
    bytes: u64,
    /// Of how many assets that were deleted it is not known.
    unmeasured: usize,
    /// What the run recorded, one asset a line, in the order of the ids.
    records: Vec<Row<'run>>,
}

/// A run.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Run<'run> {
    /// Its number in the state.
    #[serde(rename = "run")]
    number: u64,
    /// Its own id.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "uuid")))]
    id: Uuid,
    /// When it started: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    at: Timestamp,
    /// The id of the saved plan that it carried out; null where there was none.
    plan: Option<&'run str>,
}

/// The state that a run is written into.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct StateOf<'run> {
    /// Where it lies, as the command named it.
    path: &'run str,
    /// Its lineage; null where there is no state.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "uuid")))]
    lineage: Option<Uuid>,
    /// Which version of the API it is of.
    api: Option<Api>,
    /// The server, or `sandbox`.
    endpoint: Option<&'run str>,
    /// The account, where the server named it.
    account: Option<&'run str>,
    /// Whether the run could be written there: if not, the records are what was found there, and
    /// something may be deleted that is not among them.
    saved: bool,
}

/// What a run recorded of one asset. What is not known is null.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row<'run> {
    /// The asset.
    id: AssetId,
    /// How it stands, in the words of the state: `retired`, `gone`, `failed`, `unknown`, `missing`.
    status: &'static str,
    /// What it was called.
    name: Option<Arc<str>>,
    /// Its project, the folders above it and its name, with `/` between them.
    path: Option<Arc<str>>,
    /// How large it was, in bytes; of a folder or a version stack, all that was in it.
    bytes: Option<u64>,
    /// What sort of asset it was.
    kind: Option<Kind>,
    /// The manifest that lists it, or what it went with.
    manifest: Option<&'run str>,
    /// The line of that manifest.
    line: Option<u32>,
    /// The listed folder or version stack that it went with, where it is not listed itself.
    with: Option<AssetId>,
    /// Why it was to go.
    reason: Option<&'run str>,
    /// The ticket under which that was decided.
    ticket: Option<&'run str>,
    /// Who answers for it.
    owner: Option<&'run str>,
    /// What shows that it is deleted.
    evidence: Option<Evidence>,
    /// When that was recorded: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    at: Timestamp,
    /// Up to when it can be taken back, of what was deleted with V4 at a time that is known: RFC
    /// 3339.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    restorable_until: Option<Timestamp>,
    /// What sort of refusal it is; only with `failed`.
    failure: Option<FailureKind>,
    /// The server's own words; only with `failed`.
    message: Option<&'run str>,
    /// How often a delete was tried and not confirmed; only with `failed` and `unknown`.
    attempts: Option<u32>,
}

impl<'run> Receipt<'run> {
    /// Makes the receipt of a run.
    pub(crate) fn new(source: Source<'run>) -> Self {
        let Source {
            run,
            after,
            path,
            is_saved,
            asked,
            ..
        } = source;
        let around = Around::of(source.plan);
        // What this run has found out of an earlier one is recorded under that, which has no receipt
        // that says it.
        let settling = source.plan.settling();
        let is_settled = |id: &AssetId, record: &Record| {
            let is_open = matches!(record.status, Status::Unknown { .. });
            run.is_some() && settling.contains(id) && !is_open
        };
        let own = after.into_iter().flat_map(|state| {
            let records = state.assets.iter();
            let own =
                records.filter(|(id, record)| Some(record.run) == run || is_settled(id, record));
            own.map(move |(id, record)| (state, *id, record))
        });
        let (mut counts, mut deleted) = (Counts::default(), Deleted::default());
        let mut records = Vec::new();
        for (state, id, record) in own {
            let row = around.row(source, state, (id, record));
            counts.add(&record.status);
            if let ("retired", Some(evidence)) = (row.status, row.evidence) {
                state.add_deleted(&mut deleted, (id, evidence), row.bytes);
            }
            records.push(row);
        }
        let number = run.and_then(|run| Some((run, after?.runs.get(&run)?)));
        Self {
            version: 1,
            run: number.map(|(number, record)| Run {
                number,
                id: record.id,
                at: record.at,
                plan: record.provenance.plan.as_deref(),
            }),
            not_run: None,
            asked,
            state: StateOf {
                path,
                lineage: after.map(|state| state.lineage),
                api: after.map(|state| state.target.api),
                endpoint: after.map(|state| &*state.target.endpoint),
                account: after.and_then(|state| state.target.account.as_deref()),
                saved: is_saved,
            },
            counts,
            bytes: deleted.bytes,
            unmeasured: deleted.unmeasured,
            records,
        }
    }

    /// That of a command that did nothing, of the state at this path.
    pub(crate) fn of_nothing(not_run: &'run NotRun, path: &'run str) -> Self {
        Self {
            version: 1,
            run: None,
            not_run: Some(not_run),
            asked: &NOBODY,
            state: StateOf {
                path,
                lineage: None,
                api: None,
                endpoint: None,
                account: None,
                // Nothing was to be written there.
                saved: true,
            },
            counts: Counts::default(),
            bytes: 0,
            unmeasured: 0,
            records: Vec::new(),
        }
    }

    /// Writes it for programs: one asset a line.
    ///
    /// # Errors
    ///
    /// Returns what the sink says when it cannot take the bytes.
    pub(crate) fn json(mut self, sink: &mut dyn Write) -> io::Result<()> {
        let records = std::mem::take(&mut self.records);
        let mut head = Vec::new();
        visible::json(&self, &mut head)?;
        // The list is the last of it, and empty.
        let head = head.strip_suffix(b"]}").unwrap_or(&head);
        sink.write_all(head)?;
        for (number, row) in records.iter().enumerate() {
            let before: &[u8] = if number == 0 { b"\n" } else { b",\n" };
            sink.write_all(before)?;
            visible::json(row, sink)?;
        }
        sink.write_all(if records.is_empty() {
            b"]}\n"
        } else {
            b"\n]}\n"
        })
    }
}

/// What a plan knows of what lies in what.
struct Around {
    /// What holds an asset that goes along with it.
    above: BTreeMap<AssetId, AssetId>,
    /// What sort of asset each of them is.
    kinds: BTreeMap<AssetId, Kind>,
}

impl Around {
    fn of(plan: &Plan) -> Self {
        let (mut above, mut kinds) = (BTreeMap::new(), BTreeMap::new());
        for (top, inside) in &plan.parts {
            for (id, kind) in inside {
                above.insert(*id, *top);
                kinds.extend(kind.map(|kind| (*id, kind)));
            }
        }
        for (stack, files) in &plan.stacks {
            for file in &**files {
                above.insert(*file, *stack);
                kinds.insert(*file, Kind::File);
            }
        }
        Self { above, kinds }
    }

    /// The asset, or the nearest one around it, that a manifest lists.
    fn listed(&self, plan: &Plan, id: AssetId, evidence: Option<Evidence>) -> Option<AssetId> {
        let is_listed = |id: &AssetId| plan.step(*id).is_some_and(|step| step.spot.is_some());
        let mut at = Some(id);
        // No folders lie deeper, and where one holds what holds it this comes to an end.
        for _ in 0..=self.above.len().min(100) {
            let here = at?;
            if is_listed(&here) {
                return at;
            }
            at = self.above.get(&here).copied();
        }
        match evidence {
            Some(Evidence::With(folder)) => Some(folder).filter(is_listed),
            Some(
                Evidence::Answer
                | Evidence::Read
                | Evidence::Listed
                | Evidence::ByHand
                | Evidence::Earlier,
            )
            | None => None,
        }
    }

    fn row<'run>(
        &self,
        source: Source<'run>,
        state: &'run State,
        (id, record): (AssetId, &'run Record),
    ) -> Row<'run> {
        let Source { plan, files, .. } = source;
        let Record { status, at, .. } = record;
        let evidence = status.evidence();
        let about = plan.about.get(&id);
        let known = state.catalogue.get(id);
        let known: Known = known
            .or_else(|| about.and_then(About::known))
            .unwrap_or_default();
        let listed = self.listed(plan, id, evidence);
        let step = listed.and_then(|id| plan.step(id));
        let spot = step.and_then(|step| step.spot);
        let manifest = spot.and_then(|spot| files.get(usize::try_from(spot.file).ok()?));
        let details = step.and_then(|step| step.details.as_deref());
        let own = plan.step(id).and_then(Step::kind);
        let refusal = status.refusal();
        let kind = about.and_then(|about| about.kind).or(own);
        Row {
            id,
            status: status.name(),
            path: known.path(),
            name: known.name,
            bytes: known.bytes,
            kind: kind.or_else(|| self.kinds.get(&id).copied()),
            manifest: manifest.map(|file| &*file.path),
            line: manifest.and(spot).map(|spot| spot.line),
            with: listed.filter(|listed| *listed != id),
            reason: details.and_then(|details| details.reason.as_deref()),
            ticket: details.and_then(|details| details.ticket.as_deref()),
            owner: details.and_then(|details| details.owner.as_deref()),
            evidence,
            at: *at,
            restorable_until: deleted_at(state, id, (evidence, about)).map(restorable_until),
            failure: refusal.map(|refusal| refusal.kind),
            message: refusal.map(|refusal| &*refusal.message),
            attempts: status.tries(),
        }
    }
}

/// When an asset was deleted with V4, as far as an answer told it.
fn deleted_at(
    state: &State,
    id: AssetId,
    (evidence, about): (Option<Evidence>, Option<&About>),
) -> Option<Timestamp> {
    match evidence? {
        Evidence::Answer | Evidence::With(_) => state.deleted_at(id),
        Evidence::Read | Evidence::Listed => about
            .and_then(|about| about.deleted)
            .filter(|_| state.target.api == Api::V4),
        Evidence::ByHand | Evidence::Earlier => None,
    }
}
