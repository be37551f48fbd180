//! A run, a state and what was found, with a text of its own in each place that has one from elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::planned::{Sort, Texts, facts, held};
use crate::asset::Kind;
use crate::diagnostic::{Finding, Place, Severity};
use crate::event::{
    Ending, HoldChanges, Kept, Listener, Provenance, Released, RunEvent, RunInfo, SeenHold,
    StopReason, Subject, Task,
};
use crate::find::tree::Read;
use crate::inventory::{Facts, Known, Location, Person, Project};
use crate::outcome::{Evidence, Failure, FailureKind, Outcome};
use crate::plan::Plan;
use crate::plan::decide::Why;
use crate::render::checks::Check;
use crate::render::events::{Close, Lines};
use crate::render::names::{Foreign, Names};
use crate::render::report::{Summary, SummaryBuilder};
use crate::render::tests::{at, id};
use crate::state::{
    Accepted, Api, Catalogue, Change, Failed, KeptBack, KeptHold, Record, RunRecord, State, Status,
    Target,
};

/// What happens in a run, with texts of a server and of the environment.
pub(super) fn events(texts: &Texts) -> Vec<RunEvent> {
    let when = at("2026-07-01T10:00:02Z");
    let (why, path) = held(texts);
    let refused = Outcome::Failed(Failure {
        kind: FailureKind::Permission,
        message: texts.words(),
    });
    let detail = texts.words();
    vec![
        RunEvent::Started(RunInfo {
            number: 7,
            id: Uuid::from_u128(7),
            at: when,
            provenance: Provenance {
                actor: Some(texts.other()),
                commit: Some(texts.other()),
                ci: Some(texts.other()),
                plan: Some(texts.text(Sort::File)),
            },
            account: Some(texts.other()),
        }),
        RunEvent::HoldsChanged {
            at: when,
            changes: HoldChanges {
                kept: vec![SeenHold {
                    held: Subject::Asset(id(40)),
                    reason: texts.words().into(),
                    until: None,
                }],
                released: vec![Released {
                    held: Subject::Project(id(41)),
                    reason: texts.words().into(),
                    ticket: Some(texts.words().into()),
                }],
                ended: vec![Subject::Asset(id(42))],
            },
        },
        RunEvent::Kept {
            kept: vec![
                Kept {
                    id: id(3),
                    why,
                    until: None,
                    path: Arc::clone(&path),
                },
                Kept {
                    id: id(3),
                    why: Why::Hold(texts.words().into()),
                    until: None,
                    path,
                },
            ],
            over: vec![id(9)],
        },
        RunEvent::Intent {
            at: None,
            batch: 1,
            task: Task::Delete,
            ids: Arc::new([id(6), id(10), id(11), id(12)]),
            stack: None,
            with: Arc::default(),
        },
        RunEvent::Answered {
            batch: 1,
            at: when,
            outcomes: vec![
                (id(6), refused),
                (id(10), Outcome::Retired(Evidence::With(id(3)))),
                (id(11), Outcome::Unknown),
                (id(12), Outcome::Missing),
            ],
        },
        RunEvent::Warned {
            batch: 1,
            message: texts.words(),
        },
        RunEvent::Retried {
            batch: 1,
            at: when,
            assets: 1,
            tries: 1,
            wait: Duration::from_secs(1),
            why: texts.words(),
        },
        RunEvent::Stopping {
            at: when,
            reason: StopReason::NotPaid {
                detail: detail.clone(),
            },
        },
        RunEvent::Ended {
            at: when,
            ending: Ending::Stopped(StopReason::NotPaid { detail }),
        },
    ]
}

/// The stream of a run and what it came to.
pub(super) fn run(
    plan: &Plan,
    events: &[RunEvent],
    state: &str,
    names: Names,
) -> (String, Summary) {
    let mut builder = SummaryBuilder::new(plan, state);
    let mut lines = Lines::new(names);
    let mut bytes = Vec::new();
    let now = at("2026-07-01T10:00:20Z");
    for event in events {
        builder.on_event(event);
        bytes.extend_from_slice(lines.write_event(event, now, &builder));
    }
    let unanswered = builder.unanswered();
    let summary = builder.finish();
    let (saved, exit) = (true, 3);
    let close = Close { now, saved, exit };
    bytes.extend_from_slice(lines.close(&unanswered, &summary, close));
    (String::from_utf8(bytes).unwrap(), summary)
}

pub(super) fn state(texts: &Texts) -> State {
    let (why, path) = held(texts);
    let hold = KeptHold {
        reason: texts.words().into(),
        until: None,
        run: 7,
        at: at("2026-07-01T10:00:00Z"),
    };
    let failed = Status::Failed(Box::new(Failed {
        kind: FailureKind::Permission,
        message: texts.words().into(),
        attempts: 2,
    }));
    let mut catalogue = Catalogue::default();
    let statuses = [
        Status::Retired(Evidence::Answer),
        Status::Gone(Evidence::Listed),
        failed,
        Status::Unknown { attempts: 1 },
        Status::Missing,
    ];
    let mut assets = BTreeMap::new();
    for (number, status) in (1..).zip(statuses) {
        let location = Location {
            project: Some(texts.other().into()),
            folder: format!("{}/{}.mov", texts.other(), texts.text(Sort::File)).into(),
        };
        let known = Known {
            name: Some(texts.file().into()),
            location: Some(Arc::new(location)),
            parent: Some(id(9)),
            bytes: Some(5),
        };
        catalogue.insert(id(number), known);
        let at = at("2026-07-01T10:00:04.5Z");
        assets.insert(id(number), Record { status, run: 7, at });
    }
    State {
        runs: BTreeMap::from([(
            7,
            RunRecord {
                id: Uuid::from_u128(7),
                at: at("2026-07-01T10:00:00Z"),
                provenance: Provenance {
                    actor: Some(texts.other()),
                    commit: Some(texts.other()),
                    ci: Some(texts.other()),
                    plan: None,
                },
                change: Some(Change::AcceptedMissing(Accepted {
                    ids: vec![id(3)],
                    reason: Some(texts.words()),
                })),
                released: Vec::new(),
                came: None,
            },
        )]),
        assets,
        holds: BTreeMap::from([(Subject::Asset(id(5)), hold)]),
        catalogue,
        kept: BTreeMap::from([(
            id(3),
            KeptBack {
                why,
                until: None,
                path,
                run: 7,
            },
        )]),
        ..State::new(
            Uuid::nil(),
            Target {
                api: Api::V4,
                endpoint: format!("https://{}.example", texts.other()),
                account: Some(texts.other()),
            },
        )
    }
}

pub(super) fn live(texts: &Texts) -> Read {
    let mut read = Read::default();
    let project = Project {
        name: Some(texts.other().into()),
        root: Some(id(2)),
        storage: None,
    };
    read.inventory.projects.insert(id(1), project);
    read.inventory
        .around
        .insert(id(3), facts(texts.other(), 2, Kind::Folder));
    for number in 10..12 {
        let creator = Person {
            email: Some(texts.text(Sort::File).into()),
            ..Person::default()
        };
        let facts = Facts {
            creator: Some(Arc::new(creator)),
            upload: Some(texts.text(Sort::File).into()),
            media_type: Some(texts.text(Sort::File).into()),
            ..facts(texts.file(), 3, Kind::File)
        };
        read.inventory.around.insert(id(number), facts);
    }
    read
}

pub(super) fn findings(texts: &Texts) -> Vec<Check> {
    let place = || Place {
        file: texts.other().into(),
        line: 1,
        column: 2,
    };
    let finding = Finding {
        code: "unknown-field",
        severity: Severity::Error,
        place: place(),
        message: texts.words(),
        snippet: None,
        related: vec![(place(), "listed here as well")],
        hint: Some(texts.words()),
    };
    vec![
        Check::of_finding(&finding),
        Check::passed(&texts.other()),
        Check::of_failure(Foreign::new(texts.words()), None),
    ]
}
