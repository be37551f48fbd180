//! What is said of a state: where it belongs, how its assets stand, what needs somebody, and what was
//! deleted where.

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::inventory::Known;
use crate::outcome::Evidence;
use crate::render::escape::escape;
use crate::render::model::run::sized_alone;
use crate::render::model::waits::{all_waiting, waits};
use crate::render::model::{ByFolder, Group, Line, Report, Row, Rows};
use crate::render::names::Foreign;
use crate::render::report::StagedFigures;
use crate::render::{count, counted, holds, moment, rows, shelter, size, thousands, words};
use crate::state::{
    Accepted, Catalogue, Change, Counts, Deleted, KeptBack, Record, RunRecord, State, Status,
};

/// Makes the report of a state, or of one run that it is reduced to.
pub(crate) fn state<'of>(
    state: &'of State,
    (path, run): (&str, Option<u64>),
    now: Timestamp,
) -> Report<'of> {
    let mut folders = ByFolder::default();
    let mut deleted = Deleted::default();
    let titles = [
        "Failed", "Unknown", "Missing", "Retired", "Gone", "Restored", "Staged", "Rescued",
    ];
    let mut standing: [Vec<(AssetId, &Record)>; 8] = Default::default();
    for (id, record) in &state.assets {
        let at = match &record.status {
            Status::Failed(_) => 0,
            Status::Unknown { .. } => 1,
            Status::Missing => 2,
            Status::Retired(evidence) => {
                let known = state.catalogue.get(*id).unwrap_or_default();
                state.add_deleted(&mut deleted, (*id, *evidence), known.bytes);
                let bytes = sized_alone(state, (*id, &record.status), known.bytes);
                folders.add(known.location.clone(), 1, (bytes, None));
                3
            }
            Status::Gone(_) => 4,
            Status::Restored { .. } => 5,
            Status::Staged(_) => 6,
            Status::Rescued => 7,
        };
        standing[at].push((*id, record));
    }
    let counts = state.counts();
    let open = counts.failed + counts.unknown + counts.missing;
    let freed = size::deleted(deleted);
    let runs = runs(state).filter(|_| run.is_none());
    let before = [holds::of_state(&state.holds), kept(state), runs];
    let called = match run {
        Some(run) => format!("Run {} of ", thousands(run)),
        None => "State ".to_owned(),
    };
    let standing = titles.into_iter().zip(standing);
    let standing = standing.filter(|(_, records)| !records.is_empty());
    let groups = standing.map(|(title, records)| group(state, title, records));
    Report {
        of: if run.is_some() { "run" } else { "state" },
        heading: if run.is_some() {
            "What a run came to"
        } else {
            "What is recorded"
        },
        key: Foreign::key(path).without_file(),
        title: Line::words(called).and_foreign(Foreign::new(path).without_file()),
        fields: fields(state, (counts, now), run.is_some()),
        figures: [
            Some(("retired", count(counts.retired))),
            Some(("deleted", freed.unwrap_or_else(|| "–".to_owned()))),
            (counts.staged > 0).then(|| ("staged", count(counts.staged))),
            Some(("failed, unknown or missing", count(open))),
            Some(("holds", count(state.holds.len()))),
        ]
        .into_iter()
        .flatten()
        .collect(),
        lead: Vec::new(),
        attention: Vec::new(),
        changes: Vec::new(),
        checks: Vec::new(),
        counted: "assets",
        folders: folders.rows(),
        groups: before.into_iter().flatten().chain(groups).collect(),
        next: Vec::new(),
        closing: Vec::new(),
        now,
    }
}

/// Where it belongs, how many assets stand where, and of one run when and by whom it was made.
fn fields(
    state: &State,
    (counts, now): (Counts, Timestamp),
    is_run: bool,
) -> Vec<(&'static str, Line)> {
    let target = &state.target;
    let api = format!("API {} at ", target.api.name());
    let account = target.account.as_ref();
    let account = account.map(|account| ("account", Line::foreign(Foreign::account(account))));
    let assets = [count(state.assets.len()), figures(counts)];
    let assets = assets.into_iter().filter(|part| !part.is_empty());
    let assets = assets.collect::<Vec<_>>().join(": ");
    let endpoint = Foreign::endpoint(&target.endpoint);
    let fields = [
        ("lineage", Line::words(state.lineage.to_string())),
        ("serial", Line::words(thousands(state.serial))),
        ("target", Line::words(api).and_foreign(endpoint)),
    ];
    let fields = fields.into_iter().chain(account);
    let made = state.runs.values().filter(|_| is_run);
    let made = made.map(|run| ("made", run_line(run)));
    let fields = fields.chain([("assets", Line::words(assets))]);
    let staged = all_waiting(&StagedFigures::of_state(state), now);
    let fields = fields.chain(staged.map(|staged| ("staged", staged)));
    fields.chain(made).collect()
}

/// The assets that stand alike; those that need somebody below a sentence.
fn group<'of>(
    state: &'of State,
    title: &'static str,
    records: Vec<(AssetId, &'of Record)>,
) -> Group<'of> {
    let needs = records
        .first()
        .is_some_and(|(_, record)| match record.status {
            Status::Failed(_) | Status::Unknown { .. } | Status::Missing => true,
            Status::Retired(_)
            | Status::Gone(_)
            | Status::Restored { .. }
            | Status::Staged(_)
            | Status::Rescued => false,
        });
    let number = count(records.len());
    let rows = Rows::assets(records.len(), move |at| {
        let (id, record) = records[at];
        let known = state.catalogue.get(id).unwrap_or_default();
        let run = format!("run {}, {}", record.run, moment(record.at));
        let said = vec![remarks(&record.status, &state.catalogue), Foreign::own(run)];
        Row::of(id, &known, said)
    });
    Group {
        title: needs.then(|| Line::strong(format!("{title} ({number})"))),
        ..Group::table(title, rows)
    }
}

/// What shows that something is deleted; a folder that it went with by its path.
pub(crate) fn shown(evidence: Evidence, catalogue: &Catalogue) -> Foreign {
    let of_folder = match evidence {
        Evidence::With(folder) => catalogue.get(folder),
        Evidence::Answer
        | Evidence::Read
        | Evidence::Listed
        | Evidence::ByHand
        | Evidence::Earlier => None,
    };
    let path = of_folder.map(|known| rows::path(&known));
    match path.filter(|path| !path.is_empty()) {
        Some(path) => Foreign::new(format!("{evidence} ({path})")).or(evidence.to_string()),
        None => Foreign::own(evidence.to_string()),
    }
}

/// What is to say of a status beyond its name.
pub(crate) fn remarks(status: &Status, catalogue: &Catalogue) -> Foreign {
    let tried = |attempts| format!("tried {}", words::times(attempts));
    match status {
        // An answer is the rule, and what an earlier version recorded has none to show.
        Status::Retired(Evidence::Answer | Evidence::Earlier) | Status::Missing => {
            Foreign::default()
        }
        Status::Retired(evidence) | Status::Gone(evidence) => {
            shown(*evidence, catalogue).behind("evidence: ")
        }
        Status::Failed(failed) => {
            let how = format!("{}, {}", failed.kind.name(), tried(failed.attempts));
            Foreign::new(format!("{} ({how})", escape(&failed.message))).or(how)
        }
        Status::Unknown { attempts } => Foreign::own(tried(*attempts)),
        Status::Restored { seen: true, .. } => Foreign::default(),
        Status::Staged(staged) => Foreign::own(waits(staged.aside)),
        Status::Rescued => Foreign::own("taken out of its staging folder"),
        Status::Restored { seen: false, .. } => {
            Foreign::own("not seen back yet, or not whole; `retire restore` with its id settles it")
        }
    }
}

/// Says how many assets stand where, without those of whom there are none.
pub(crate) fn figures(counts: Counts) -> String {
    words::figures(&words::outcomes(counts, "gone")).join(", ")
}

/// Says why a listed asset stays, and since which run.
pub(crate) fn keeps(id: AssetId, kept: &KeptBack) -> Foreign {
    let KeptBack {
        why,
        until,
        path,
        run,
    } = kept;
    let why = shelter::kept_foreign(id, why, *until, Some(path));
    why.and(&format!(" · since run {run}"))
}

/// The assets that stay since something protected is connected with them.
fn kept(state: &State) -> Option<Group<'_>> {
    let all: Vec<(&AssetId, &KeptBack)> = state.kept.iter().collect();
    let title = format!("Kept because of what is protected ({})", count(all.len()));
    let rows = Rows::assets(all.len(), move |at| {
        let (id, kept) = all[at];
        Row::of(*id, &Known::default(), vec![keeps(*id, kept)])
    });
    (rows.len() > 0).then(|| Group::below(Line::strong(title), rows, "more"))
}

/// The runs, newest first.
fn runs(state: &State) -> Option<Group<'_>> {
    let all: Vec<(&u64, &RunRecord)> = state.runs.iter().rev().collect();
    let title = format!("Runs ({}), newest first", count(all.len()));
    let rows = Rows::numbered(all.len(), move |at| {
        let (number, run) = all[at];
        (*number, run_line(run))
    });
    let group = Group {
        attention: false,
        ..Group::below(Line::strong(title), rows, "earlier")
    };
    (group.total() > 0).then_some(group)
}

fn run_line(run: &RunRecord) -> Line {
    let from = &run.provenance;
    let mut parts = vec![Line::words(moment(run.at))];
    parts.extend(run.change.as_ref().map(by_hand));
    if !run.released.is_empty() {
        let holds = counted(run.released.len(), "hold", "holds");
        parts.push(Line::words(format!("released {holds}")));
    }
    let of_run = |(name, value): (_, &Option<String>)| {
        let value = Foreign::of_run(value.as_deref()?);
        Some(Line::default().and(name).and_foreign(value))
    };
    let told = [
        ("by ", &from.actor),
        ("commit ", &from.commit),
        ("", &from.ci),
    ];
    parts.extend(told.into_iter().filter_map(of_run));
    let plan = from.plan.as_deref().map(Foreign::plan);
    parts.extend(plan.map(Line::foreign));
    Line::joined(parts, " · ")
}

/// Says what was changed by hand.
pub(crate) fn by_hand(change: &Change) -> Line {
    match change {
        Change::Removed(ids) => {
            let records = counted(ids.len(), "record", "records");
            Line::words(format!("removed {records} by hand"))
        }
        Change::Migrated(before) => Line::words(format!("migrated from {}", before.name())),
        Change::Rebuilt(number) => {
            let assets = counted(*number, "asset", "assets");
            Line::words(format!("rebuilt a lost state with {assets}"))
        }
        Change::AcceptedMissing(Accepted { ids, reason }) => {
            let assets = counted(ids.len(), "missing asset", "missing assets");
            let line = Line::words(format!("took {assets} for gone by hand"));
            match reason {
                Some(reason) => line.and(": ").and_foreign(&**reason),
                None => line,
            }
        }
    }
}
