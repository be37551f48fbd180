//! An account and its plan, with a text of its own in each place that has one from elsewhere.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::asset::Kind;
use crate::event::{Other, Path, Subject, Waypoint};
use crate::inventory::{Called, Facts, Known, Location, Mark, Person};
use crate::manifest::document::{Guard, Manifests};
use crate::outcome::{Evidence, FailureKind};
use crate::plan::about::WholeFolder;
use crate::plan::approve::Refused;
use crate::plan::decide::{Decision, Recorded, Why};
use crate::plan::figure::{
    EntryField, Figure, Found, Incomplete, Lack, Loosened, Note, Report as Guards, SetAt,
    Subject as GuardSubject,
};
use crate::plan::holds::{HoldChange, PlannedHold};
use crate::plan::unread_marks::{self, UnreadMarks};
use crate::plan::{Back, Checked, LeftAlone, LiveCheck, Plan, Shelter, Unplaced};
use crate::render::tests::picture::{Account, manifests, planned};
use crate::render::tests::{at, id, step};

/// What a text is that stands in one place only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// The name of a file, or a text that may have one in it.
    File,
    /// Any other that no report has where all of them are withheld.
    Other,
}

/// Texts that occur nowhere else.
pub(super) struct Texts {
    pub(super) stem: String,
    pub(super) made: RefCell<Vec<(String, Sort)>>,
}

impl Texts {
    pub(super) fn new(stem: &str) -> Self {
        Self {
            stem: stem.to_owned(),
            made: RefCell::default(),
        }
    }

    pub(super) fn text(&self, sort: Sort) -> String {
        let mut made = self.made.borrow_mut();
        let text = format!("zq{}{:03}qz", self.stem, made.len());
        made.push((text.clone(), sort));
        text
    }

    /// The name of a file, with an ending or without.
    pub(super) fn file(&self) -> String {
        let text = self.text(Sort::File);
        if self.made.borrow().len().is_multiple_of(2) {
            format!("{text}.mov")
        } else {
            text
        }
    }

    pub(super) fn other(&self) -> String {
        self.text(Sort::Other)
    }

    /// Words of people or of a server, which may name a file.
    pub(super) fn words(&self) -> String {
        format!("about {} and more", self.text(Sort::File))
    }
}

pub(super) fn facts(name: String, parent: u128, kind: Kind) -> Facts {
    Facts {
        name: Some(name.into()),
        project: Some(id(1)),
        parent: Some(id(parent)),
        bytes: (kind == Kind::File).then_some(5_000_000),
        updated: Some(at("2026-06-01T00:00:00Z")),
        ..Facts::of_kind(kind)
    }
}

/// An account, and a manifest that lists and holds things in it.
pub(super) fn account(texts: &Texts) -> (Account, String) {
    let mut account = Account::default();
    account.project(id(1), &texts.other(), id(2));
    account.add(id(3), facts(texts.other(), 2, Kind::Folder));
    account.add(id(4), facts(texts.other(), 3, Kind::Folder));
    let stack = format!("{}.mov", texts.text(Sort::File));
    account.add(id(5), facts(stack, 3, Kind::VersionStack));
    account.add(id(6), facts(texts.file(), 5, Kind::File));
    for number in 10..16 {
        account.add(id(number), facts(texts.file(), 3, Kind::File));
    }
    account.add(id(22), facts(texts.file(), 4, Kind::File));
    account.add(id(23), facts(texts.other(), 3, Kind::Folder));
    let mut text = "version: 1\nassets:\n".to_owned();
    for number in [6, 10, 11, 12] {
        writeln!(
            text,
            "- {{id: {}, reason: {}, ticket: {}, owner: {}}}",
            id(number),
            texts.words(),
            texts.text(Sort::File),
            texts.other()
        )
        .unwrap();
    }
    let pinned = texts.file();
    writeln!(text, "- {{id: {}, pin: {{name: {pinned}}}}}", id(13)).unwrap();
    writeln!(
        text,
        "- {{id: {}, not_before: 2026-12-01, owner: {}}}",
        id(14),
        texts.other()
    )
    .unwrap();
    writeln!(
        text,
        "- {{id: {}}}\n- {{id: {}}}\n- {{id: {}}}",
        id(4),
        id(15),
        id(23)
    )
    .unwrap();
    writeln!(
        text,
        "holds:\n- {{id: {}, reason: {}}}",
        id(22),
        texts.words()
    )
    .unwrap();
    writeln!(text, "- {{id: {}, reason: {}}}", id(15), texts.words()).unwrap();
    (account, text)
}

pub(super) fn held(texts: &Texts) -> (Why, Arc<Path>) {
    let mark = Mark {
        field: texts.words().into(),
        value: texts.words().into(),
    };
    let waypoint = |n, name: String| Waypoint {
        id: id(n),
        name: Some(name.into()),
    };
    let path = Path(vec![
        waypoint(3, texts.text(Sort::File)),
        waypoint(16, texts.file()),
    ]);
    (Why::Marked(mark), Arc::new(path))
}

pub(super) fn unplaced(texts: &Texts) -> Unplaced {
    Unplaced {
        id: id(30),
        why: Why::Hold("claim".into()),
        at: Some(format!("{}:1:2", texts.other()).into()),
        detail: texts.words().into(),
    }
}

pub(super) fn guards(texts: &Texts) -> Guards {
    let in_file = || SetAt::File {
        path: texts.other().into(),
        line: 3,
    };
    let figure = |guard, found| Figure {
        guard,
        project: Some(GuardSubject {
            id: Some(id(1)),
            name: Some(texts.other().into()),
        }),
        found,
        unread: 0,
        limit: 3,
        set_at: in_file(),
    };
    let lack = Lack::Contents {
        id: id(4),
        path: Some(texts.file().into()),
        why: texts.words().into(),
    };
    let age = Found::Age {
        seconds: 1,
        id: id(10),
        path: Some(texts.file().into()),
    };
    Guards {
        at: at("2026-11-27T12:00:00Z"),
        checked: true,
        loosened: vec![Loosened {
            guard: Guard::MaxAssets,
            project: Some(texts.other().into()),
            limit: 5_000,
            set_at: SetAt::Waiver(format!("{}:1:2", texts.other()).into()),
            reason: Some(texts.words().into()),
            until: None,
        }],
        notes: vec![
            Note::Elsewhere {
                project: texts.other().into(),
                set_at: in_file(),
            },
            Note::Near {
                project: texts.other().into(),
                name: texts.other().into(),
                set_at: in_file(),
            },
            Note::Idle {
                guard: Guard::MaxBytes,
                figure: 1,
                limit: 2,
                set_at: in_file(),
            },
        ],
        figures: vec![
            figure(Guard::MaxAssets, Found::Assets(7)),
            figure(Guard::MinAge, age),
            figure(Guard::MaxBytes, Found::Lacking(lack)),
        ],
        incomplete: vec![Incomplete {
            field: EntryField::Owner,
            set_at: in_file(),
            entries: 2,
            first: format!("{}:4:5", texts.other()).into(),
        }],
    }
}

/// A plan with each thing that a text from elsewhere belongs to, and its manifests.
pub(super) fn plan(texts: &Texts) -> (Plan, Manifests) {
    let (account, text) = account(texts);
    let path = format!("{}.yaml", texts.other());
    let manifests = manifests(&[(&path, &text)]);
    let mut plan = planned(&manifests, &account.read());
    let message = || texts.words().into();
    let kind = FailureKind::Conflict;
    let attempts = 2;
    let (why, path) = held(texts);
    for (number, decision) in [
        (
            16,
            Decision::Retry {
                attempts,
                kind,
                message: message(),
            },
        ),
        (
            17,
            Decision::Blocked {
                attempts,
                kind,
                message: message(),
            },
        ),
        (18, Decision::Unreadable { message: message() }),
        (
            19,
            Decision::Held {
                why,
                until: None,
                path: Some(path),
            },
        ),
        (
            20,
            Decision::Record {
                evidence: Evidence::Read,
                run: None,
            },
        ),
        (21, Decision::Missing),
    ] {
        let about = plan.about.get(&id(10)).cloned().unwrap();
        let was = Known {
            name: Some(texts.file().into()),
            location: Some(Arc::new(Location {
                project: Some(texts.text(Sort::File).into()),
                folder: texts.text(Sort::File).into(),
            })),
            ..Known::default()
        };
        let about = crate::plan::about::About {
            name: Some(texts.file().into()),
            was: Some(Arc::new(was)),
            ..about
        };
        plan.about.insert(id(number), about);
        plan.steps.push(step(number, decision, None));
    }
    plan.shelter = Shelter::Checked {
        unplaced: vec![unplaced(texts)],
        unread: vec![(unplaced(texts), 3)],
    };
    plan.guards = Some(Arc::new(guards(texts)));
    plan.only = vec![format!("owner={}", texts.text(Sort::File)).parse().unwrap()];
    besides(&mut plan, texts);
    (plan, manifests)
}

/// What a plan says besides what it does with its assets.
fn besides(plan: &mut Plan, texts: &Texts) {
    let mark = Mark {
        field: texts.words().into(),
        value: texts.words().into(),
    };
    plan.marks.lifted = vec![(id(10), mark)];
    let left = |id, other| LeftAlone { id, other };
    plan.left_alone = vec![
        left(id(16), Other::Grown(id(17))),
        left(id(18), Other::Changed(id(19))),
        left(id(20), Other::Done),
    ];
    let with = plan.steps.iter().find(|step| step.decision.goes());
    let known = Known {
        name: Some(texts.file().into()),
        location: Some(Arc::new(Location {
            project: Some(texts.other().into()),
            folder: texts.other().into(),
        })),
        ..Known::default()
    };
    let back = Back {
        with: with.unwrap().id,
        recorded: Recorded::Retired,
        about: Some(known),
    };
    plan.back.insert(id(50), back);
    assert_eq!(plan.going_back().count(), 1);
    plan.whole_folders = vec![WholeFolder {
        id: id(3),
        name: Some(texts.other().into()),
        location: Some(Arc::new(Location {
            project: Some(texts.other().into()),
            folder: format!("{}/{}.mov", texts.other(), texts.text(Sort::File)).into(),
        })),
        files: 5,
    }];
    let hold = |held, name: String, change| PlannedHold {
        held,
        name: Some(name.into()),
        reason: texts.words().into(),
        until: Some(at("2026-11-01T00:00:00Z")),
        said: None,
        at: None,
        run: Some(5),
        change,
    };
    let released = HoldChange::Released {
        reason: texts.words().into(),
        ticket: Some(texts.words().into()),
        at: texts.other().into(),
    };
    let asset = Subject::Asset(id(51));
    let [one, other] = [52, 53].map(|number| Subject::Project(id(number)));
    plan.holds.extend([
        hold(asset, texts.file(), Some(released)),
        hold(one, texts.other(), Some(HoldChange::Ended)),
        hold(other, texts.other(), None),
    ]);
}

pub(super) fn checked(texts: &Texts) -> Checked {
    Checked::Live(LiveCheck {
        at: at("2026-11-27T12:00:00Z"),
        account: Some(texts.other().into()),
        account_name: Some(texts.other().into()),
        user: Person {
            id: None,
            name: Some(texts.other().into()),
            email: Some(texts.other().into()),
        },
        read: 2,
        recalled: None,
    })
}

pub(super) fn refusals(texts: &Texts) -> Vec<Refused> {
    let guards = guards(texts);
    let marks = |why| {
        Refused::Marks(UnreadMarks {
            field: texts.words().into(),
            at: texts.other().into(),
            why,
        })
    };
    vec![
        Refused::Mismatched(2),
        Refused::Unplaced(vec![unplaced(texts)]),
        Refused::Unread(vec![(unplaced(texts), 1)]),
        Refused::Projects(vec![unplaced(texts)]),
        marks(unread_marks::Lack::Definitions(texts.words().into())),
        marks(unread_marks::Lack::Assets {
            count: 2,
            first: Called {
                id: id(1),
                path: Some(texts.file().into()),
            },
        }),
        Refused::Guarded(Arc::new(Guards {
            incomplete: Vec::new(),
            figures: vec![guards.figures[1].clone()],
            ..guards.clone()
        })),
        Refused::Guarded(Arc::new(Guards {
            figures: Vec::new(),
            ..guards
        })),
    ]
}
