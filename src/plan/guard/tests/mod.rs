//! Each guard: what trips it, what is at its limit, and what it lacks.

mod edges;

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::asset::Kind;
use crate::inventory::{Contents, Facts, Seen};
use crate::manifest::Part;
use crate::manifest::document::{Entry, SourceFile, Spot, Waiver};
use crate::plan::approve::{Refused, refusals};
use crate::plan::decide::Rules;
use crate::plan::{Inputs, make};
use crate::state::{Api, State, Target};

const GB: u64 = 1_000_000_000;
const DAY: i64 = 24 * 60 * 60;
const NOW: i64 = 100 * DAY;

/// The project of everything, unless somebody says otherwise.
const TIDE: u128 = 900;

fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn file(bytes: u64, age: i64) -> Facts {
    Facts {
        project: Some(id(TIDE)),
        bytes: Some(bytes),
        created: Some(at(0)),
        updated: Some(at(NOW - age)),
        ..Facts::of_kind(Kind::File)
    }
}

fn spot(line: u32) -> Spot {
    Spot {
        file: 0,
        line,
        column: 5,
    }
}

/// A listed account, ready to be looked at.
struct Desk {
    manifests: Manifests,
    inventory: Inventory,
    limits: Limits,
}

impl Desk {
    fn new() -> Self {
        let project = Project {
            name: Some("Tide".into()),
            root: None,
            storage: Some(1000 * GB),
        };
        Self {
            manifests: Manifests {
                files: vec![SourceFile {
                    path: "retire.yaml".into(),
                    sha256: [0; 32],
                    part: Part::All,
                    listed: 0,
                }],
                ..Manifests::default()
            },
            inventory: Inventory {
                asked_all: true,
                projects: [(id(TIDE), project)].into(),
                ..Inventory::default()
            },
            limits: Limits::default(),
        }
    }

    fn list(&mut self, n: u128, facts: Facts) -> &mut Self {
        self.manifests.entries.push(Entry {
            id: id(n),
            spot: spot(u32::try_from(n).unwrap()),
            details: None,
        });
        self.inventory.assets.insert(id(n), Seen::There(facts));
        self
    }

    fn set(&mut self, guard: Guard, project: Option<&str>, figure: u64) -> &mut Self {
        self.limits.set.push(Limit {
            guard,
            project: project.map(Arc::from),
            figure,
            at: SetAt::File {
                path: "retire.toml".into(),
                line: 7,
            },
        });
        self
    }

    fn waive(&mut self, guard: Guard, project: Option<&str>, limit: u64) -> &mut Self {
        let line = 50 + u32::try_from(self.manifests.waivers.len()).unwrap();
        self.manifests.waivers.push(Waiver {
            guard,
            project: project.map(Arc::from),
            spot: spot(line),
            limit,
            reason: "season 3".into(),
            expires: at(NOW + 1),
        });
        self
    }

    fn state() -> State {
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        State::new(Uuid::nil(), target)
    }

    fn plan(&self) -> Plan {
        self.plan_with(&Self::state())
    }

    fn plan_with(&self, state: &State) -> Plan {
        let mut plan = make(Inputs {
            manifests: &self.manifests,
            state,
            inventory: Some(&self.inventory),
            check_retired: false,
            rules: Rules::default(),
            now: at(NOW),
        });
        plan.guards = Some(Arc::new(self.look(&plan, Some(&self.inventory))));
        plan
    }

    fn look(&self, plan: &Plan, inventory: Option<&Inventory>) -> Report {
        let sight = Sight {
            limits: &self.limits,
            manifests: &self.manifests,
            inventory,
            times: Times::of(at(NOW)),
        };
        look(plan, sight)
    }

    fn report(&self) -> Arc<Report> {
        self.plan().guards.unwrap()
    }

    /// What is refused, in words.
    fn refused(&self) -> Vec<String> {
        let report = self.report();
        report.refused().map(ToString::to_string).collect()
    }
}

/// Lists so much of something.
type Fill<'a> = &'a dyn Fn(&mut Desk, u64);

#[test]
fn each_guard_passes_at_its_limit_and_trips_beyond_it() {
    let cases: [(Guard, Fill<'_>, u64, &str); 4] = [
        (
            Guard::MaxAssets,
            &|desk, number| {
                for n in 0..number {
                    desk.list(n.into(), file(1, DAY));
                }
            },
            1000,
            "`max-assets`: 1,001 files would go, and the limit is 1,000 (the default)",
        ),
        (
            Guard::MaxPercent,
            &|desk, percent| {
                desk.list(1, file(percent * 10 * GB, DAY));
            },
            30,
            "`max-percent`: 31 % of the project `Tide` would go, 310 GB of 1 TB, and the limit is 30 % (the default)",
        ),
        (
            Guard::MaxBytes,
            &|desk, bytes| {
                desk.inventory.projects.get_mut(&id(TIDE)).unwrap().storage = Some(100_000 * GB);
                desk.list(1, file(bytes, DAY));
            },
            2_000 * GB,
            "`max-bytes`: 2.000000000001 TB would go, and the limit is 2 TB (the default)",
        ),
        (
            Guard::MinAge,
            &|desk, age| {
                // What is listed beside it is older.
                desk.list(2, file(1, 90 * DAY));
                desk.list(1, file(1, i64::try_from(age).unwrap()));
            },
            86_400,
            "`min-age`: `00000000-0000-0000-0000-000000000001` was changed 23 hours ago, and the limit is 1 day (the default)",
        ),
    ];
    for (guard, fill, limit, words) in cases {
        let mut desk = Desk::new();
        fill(&mut desk, limit);
        assert_eq!(desk.refused(), [""; 0], "{guard:?} at its limit");
        assert_eq!(refusals(&desk.plan(), false), []);
        let mut desk = Desk::new();
        let beyond = if guard == Guard::MinAge {
            limit - 1
        } else {
            limit + 1
        };
        fill(&mut desk, beyond);
        assert_eq!(desk.refused(), [words]);
        let refused = refusals(&desk.plan(), false).remove(0);
        assert!(matches!(refused, Refused::Guarded(_)), "{refused:?}");
        // The waiver that is proposed allows it, as a manifest reads it.
        let report = desk.report();
        let waiver = report.refused().next().unwrap().waiver(report.at).unwrap();
        let waiver = waiver.replace(crate::manifest::document::NO_REASON, "agreed");
        let source = crate::manifest::Source {
            path: "w.yaml".into(),
            bytes: format!("version: 1\nwaivers:\n  {waiver}\n").into(),
            part: Part::All,
        };
        desk.manifests.waivers = crate::manifest::read(&[source]).unwrap().waivers;
        assert_eq!(desk.refused(), [""; 0], "{waiver}");
    }
}

#[test]
fn a_guard_that_lacks_what_it_needs_refuses() {
    let mut desk = Desk::new();
    desk.list(
        1,
        Facts {
            bytes: None,
            created: None,
            updated: None,
            ..file(1, DAY)
        },
    );
    assert_eq!(
        desk.refused(),
        [
            "`max-bytes` cannot count: the server does not say the size of 1 file, and the limit is 2 TB (the default)",
            "`min-age` cannot count: the server does not say when 1 file changed last, and the limit is 1 day (the default)",
            "`max-percent` cannot count for the project `Tide`: the server does not say the size of 1 file, and the limit is 30 % (the default)",
        ]
    );
    // What allows all needs nothing to count.
    let report = desk.report();
    let waivers: Vec<String> = report
        .refused()
        .filter_map(|figure| figure.waiver(at(0)))
        .collect();
    assert_eq!(waivers.len(), 2);
    assert!(
        waivers[0].contains("min-age, limit: 0 seconds"),
        "{waivers:?}"
    );
    assert!(
        waivers[1].contains("max-percent, limit: 100,"),
        "{waivers:?}"
    );
    desk.waive(Guard::MinAge, None, 0);
    desk.waive(Guard::MaxPercent, None, 100);
    assert_eq!(desk.refused().len(), 1, "{:?}", desk.refused());
    let mut desk = Desk::new();
    desk.list(1, file(1, DAY));
    desk.inventory.projects.get_mut(&id(TIDE)).unwrap().storage = None;
    let expected = "the server does not say how many bytes it has";
    assert!(desk.refused()[0].contains(expected), "{:?}", desk.refused());
    let placeless = Facts {
        project: None,
        ..file(1, DAY)
    };
    desk.inventory.assets.insert(id(1), Seen::There(placeless));
    let expected = "the server does not say in which project 1 file lies";
    assert!(desk.refused()[0].contains(expected), "{:?}", desk.refused());
    // With v2 that guard counts only where a project says what it has.
    desk.inventory.asked_all = false;
    assert_eq!(desk.refused(), [""; 0]);
    let unchecked = |figure: &&Figure| figure.found == Found::Unchecked;
    assert_eq!(desk.report().figures.iter().filter(unchecked).count(), 1);
    desk.list(2, file(310 * GB, DAY));
    desk.inventory.projects = Desk::new().inventory.projects;
    assert_eq!(desk.refused().len(), 1);
}

#[test]
fn what_is_in_folders_counts_once_and_must_be_known() {
    let mut desk = Desk::new();
    let folder = || Facts {
        updated: Some(at(NOW)),
        ..Facts::of_kind(Kind::Folder)
    };
    let around = [
        (
            id(11),
            Facts {
                project: Some(id(TIDE)),
                ..folder()
            },
        ),
        (id(20), file(200 * GB, DAY)),
        (id(21), file(110 * GB, 2 * DAY)),
    ];
    desk.list(
        10,
        Facts {
            project: Some(id(TIDE)),
            ..folder()
        },
    );
    desk.list(21, file(110 * GB, 2 * DAY));
    desk.inventory.around = around.into();
    let contents = Contents::Whole([id(11), id(20), id(21)].into());
    desk.inventory.contents.insert(id(10), contents);
    assert_eq!(
        desk.refused(),
        [
            "`max-percent`: 31 % of the project `Tide` would go, 310 GB of 1 TB, and the limit is 30 % (the default)"
        ]
    );
    let figures = |desk: &Desk| -> BTreeMap<Guard, Found> {
        let report = desk.report();
        let figures = report.figures.iter();
        figures
            .map(|figure| (figure.guard, figure.found.clone()))
            .collect()
    };
    assert_eq!(figures(&desk)[&Guard::MaxAssets], Found::Assets(2));
    // A change of the folder itself is none of its files: our own deletes are such changes.
    let age = Found::Age {
        seconds: 86_400,
        id: id(20),
        path: None,
    };
    assert_eq!(figures(&desk)[&Guard::MinAge], age);
    // It is named where its name is known.
    let facts = desk.inventory.around.get_mut(&id(20)).unwrap();
    facts.name = Some("a.mov".into());
    let report = desk.report();
    let is_age = |figure: &&Figure| figure.guard == Guard::MinAge;
    let said = report.figures.iter().find(is_age).unwrap().to_string();
    let named = format!(": `Tide/a.mov` ({}) was changed 1 day ago", id(20));
    assert!(said.contains(&named), "{said}");
    // A file that is only named has neither size nor age.
    desk.inventory.around.remove(&id(20));
    assert_eq!(desk.refused().len(), 3);
    // Of an empty folder its own age counts.
    desk.inventory
        .contents
        .insert(id(10), Contents::Whole([id(11)].into()));
    assert_eq!(figures(&desk)[&Guard::MaxAssets], Found::Assets(2));
    let age = Found::Age {
        seconds: 0,
        id: id(10),
        path: None,
    };
    assert_eq!(figures(&desk)[&Guard::MinAge], age);
    let unread = Contents::Unread("the server had trouble".into());
    desk.inventory.contents.insert(id(10), unread);
    let refused = desk.refused();
    let words = "`max-assets` cannot count: what is in `00000000-0000-0000-0000-00000000000a` was not read: the server had trouble, and the limit is 1,000 (the default)";
    assert_eq!(refused[0], words);
    desk.inventory.contents.clear();
    let refused = desk.refused();
    let words = "`max-assets` cannot count: what is in 1 folder or stack was not read, and the limit is 1,000 (the default)";
    assert_eq!(refused[0], words);
}

#[test]
fn the_nearest_says_the_limit_and_a_flag_only_tightens() {
    let mut desk = Desk::new();
    for n in 1..=6 {
        desk.list(n, file(1, DAY));
    }
    let limit = |desk: &Desk| {
        let refused = desk.refused();
        refused
            .first()
            .map(|words| words.rsplit_once("limit is ").unwrap().1.to_owned())
    };
    assert_eq!(limit(&desk), None);
    desk.set(Guard::MaxAssets, None, 5);
    // A file that counts less changes nothing.
    desk.set(Guard::MaxAssets, None, 2);
    assert_eq!(limit(&desk).unwrap(), "5 (retire.toml:7)");
    desk.waive(Guard::MaxAssets, None, 6);
    assert_eq!(limit(&desk), None);
    let flag = |figure| Limit {
        guard: Guard::MaxAssets,
        project: None,
        figure,
        at: SetAt::Flag("--max-assets".into()),
    };
    desk.limits.tightened = vec![flag(500)];
    assert_eq!(limit(&desk), None, "it loosens nothing");
    desk.limits.tightened.push(flag(3));
    assert_eq!(limit(&desk).unwrap(), "3 (--max-assets)");
    let report = desk.report();
    let figure = report.refused().next().unwrap();
    assert_eq!(figure.waiver(report.at), None, "no waiver beats a flag");
}

#[test]
fn a_project_has_limits_of_its_own_by_name_or_by_id() {
    let tide = id(TIDE).to_string();
    for project in ["Tide", &tide] {
        let mut desk = Desk::new();
        for n in 1..=6 {
            desk.list(n, file(1, DAY));
        }
        desk.set(Guard::MaxAssets, Some("Other"), 1);
        assert_eq!(desk.refused(), [""; 0]);
        desk.set(Guard::MaxAssets, Some(project), 5);
        let words = "`max-assets`: 6 files of the project `Tide` would go, and the limit is 5 (retire.toml:7)";
        assert_eq!(desk.refused(), [words]);
        let report = desk.report();
        let waiver = report.refused().next().unwrap().waiver(report.at).unwrap();
        let waiver = waiver.replace(crate::manifest::document::NO_REASON, "agreed");
        assert!(
            waiver.contains(&format!("limit: 6, project: {tide}")),
            "{waiver}"
        );
        desk.waive(Guard::MaxAssets, Some("Other"), 100);
        assert_eq!(desk.refused().len(), 1, "it is another project's");
        desk.waive(Guard::MaxAssets, Some(project), 6);
        assert_eq!(desk.refused(), [""; 0]);
    }
    // Whether a project is meant whose name nobody says is not known: the tighter limit counts,
    // and no waiver does.
    let mut desk = Desk::new();
    desk.list(1, file(1, DAY)).list(2, file(1, DAY));
    desk.inventory.projects.get_mut(&id(TIDE)).unwrap().name = None;
    desk.set(Guard::MaxAssets, Some("Other"), 1);
    desk.waive(Guard::MaxAssets, Some("Other"), 5);
    assert_eq!(desk.refused().len(), 1);
}

#[test]
fn a_waiver_counts_until_its_end_and_is_told_with_all_that_is_loosened() {
    let mut desk = Desk::new();
    desk.list(1, file(310 * GB, DAY));
    desk.waive(Guard::MaxPercent, None, 31);
    desk.waive(Guard::MaxPercent, Some("Other"), 90);
    desk.set(Guard::MinAge, None, 3600);
    desk.set(Guard::MaxBytes, None, GB * 1000);
    desk.set(Guard::MaxAssets, Some("Tide"), 5000);
    assert_eq!(desk.refused(), [""; 0]);
    let loosened = |desk: &Desk| -> Vec<String> {
        let report = desk.report();
        let said = report.loosened.iter().map(|loosened| {
            let project = loosened.project.as_ref();
            let project = project.map_or_else(String::new, |project| format!(" in `{project}`"));
            format!("{}{project} ({})", loosened.limit(), loosened.set_at)
        });
        said.collect()
    };
    let expected = [
        "`min-age` is 1 hour (retire.toml:7)",
        "`max-assets` is 5,000 in `Tide` (retire.toml:7)",
        "`max-percent` is 31 % (the waiver at retire.yaml:50:5)",
    ];
    // Nothing goes of the other project, which a note says.
    assert_eq!(loosened(&desk), expected);
    for waiver in &mut desk.manifests.waivers {
        waiver.expires = at(NOW);
    }
    assert_eq!(desk.refused().len(), 1, "it has expired");
    assert_eq!(loosened(&desk), expected[..2]);
}
