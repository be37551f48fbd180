//! A plan as people see it who know the show and no ids: names, places, sizes and ages.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;
use crate::asset::Kind;
use crate::inventory::{Contents, Facts, Inventory, Lies, Places, Project, Seen};
use crate::manifest::document::Manifests;
use crate::manifest::{self, Part, Source};
use crate::outcome::Evidence;
use crate::plan::decide::Rules;
use crate::plan::forecast::{Cut, forecast};
use crate::plan::{Checked, Inputs, make};
use crate::render::Style;
use crate::render::model::plan::view::PlanView;
use crate::render::text::plan;
use crate::sandbox::seed::{self, Seed};
use crate::state::{Api, State, Target};

/// When the plans of these tests are made.
const NOW: &str = "2026-11-27T12:00:00Z";

/// When what a seed gives no date was made.
const MADE: &str = "2026-06-20T08:00:00Z";

/// An account that was read as a whole.
#[derive(Default)]
pub(super) struct Account {
    pub(super) inventory: Inventory,
    places: Places,
}

impl Account {
    /// Adds an asset; says which id it has.
    pub(super) fn add(&mut self, id: AssetId, facts: Facts) {
        let lies = facts.parent.map_or(Lies::AtTop, Lies::In);
        self.places.lies.insert(id, lies);
        if let Some(name) = &facts.name {
            self.places.names.insert(id, Arc::clone(name));
        }
        self.inventory.assets.insert(id, Seen::There(facts));
    }

    pub(super) fn project(&mut self, id: AssetId, name: &str, root: AssetId) {
        let project = Project {
            name: Some(name.into()),
            root: Some(root),
            storage: None,
        };
        self.inventory.projects.insert(id, project);
        let facts = Facts {
            project: Some(id),
            ..Facts::of_kind(Kind::Folder)
        };
        self.add(root, facts);
    }

    /// Says of each folder and stack what is in it, and gives what was read.
    pub(super) fn read(mut self) -> Inventory {
        let mut below: BTreeMap<AssetId, Vec<AssetId>> = BTreeMap::new();
        for (id, lies) in &self.places.lies {
            let mut here = lies;
            while let Lies::In(parent) = here {
                below.entry(*parent).or_default().push(*id);
                here = &self.places.lies[parent];
            }
        }
        for (id, seen) in &self.inventory.assets {
            if seen.facts().is_some_and(|facts| facts.kind != Kind::File) {
                let lies_in = |other: &&AssetId| self.places.lies[other] == Lies::In(*id);
                let inside = self.places.lies.keys().filter(lies_in);
                let inside = inside
                    .filter_map(|id| Some((*id, self.inventory.assets.get(id)?.facts()?.kind)));
                self.inventory.lists.insert(*id, inside.collect());
                let ids = below.remove(id).unwrap_or_default();
                let whole = Contents::Whole(ids.into());
                self.inventory.contents.insert(*id, whole);
            }
        }
        for (id, seen) in &mut self.inventory.assets {
            let Seen::There(facts) = seen else { continue };
            if facts.kind == Kind::VersionStack
                && let Some(Contents::Whole(ids)) = self.inventory.contents.get(id)
            {
                facts.files = Some(Arc::clone(ids));
            }
        }
        self.places.listed_whole = true;
        self.inventory.places = Some(self.places);
        self.inventory
    }

    fn seeded(&mut self, project: AssetId, parent: AssetId, asset: &seed::Asset) {
        let moment = |date: seed::Date| date.at(at(MADE));
        let changed = asset.updated_at.or(asset.inserted_at);
        let facts = Facts {
            name: Some(asset.name.as_str().into()),
            project: Some(project),
            parent: Some(parent),
            bytes: (asset.kind == seed::Kind::File).then_some(asset.filesize),
            created: Some(asset.inserted_at.map_or(at(MADE), moment)),
            updated: Some(changed.map_or(at(MADE), moment)),
            ..Facts::of_kind(match asset.kind {
                seed::Kind::File => Kind::File,
                seed::Kind::Folder => Kind::Folder,
                seed::Kind::VersionStack => Kind::VersionStack,
                seed::Kind::Bundle => unreachable!("V4 knows no bundles"),
            })
        };
        if asset.deleted_at.is_some() {
            let evidence = Evidence::Listed;
            let facts = Some(facts);
            let deleted = Seen::Deleted { facts, evidence };
            self.inventory.assets.insert(asset.id, deleted);
            return;
        }
        self.add(asset.id, facts);
        for child in &asset.children {
            self.seeded(project, asset.id, child);
        }
    }
}

/// A file of examples/show-wrap.
macro_rules! example {
    ($path:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/examples/show-wrap/",
            $path
        ))
    };
}

/// Plans with what was read, as of [`NOW`].
pub(super) fn planned(manifests: &Manifests, inventory: &Inventory) -> Plan {
    let target = Target {
        api: Api::V4,
        endpoint: "sandbox".to_owned(),
        account: None,
    };
    make(Inputs {
        manifests,
        state: &State::new(Uuid::nil(), target),
        inventory: Some(inventory),
        check_retired: false,
        rules: Rules::default(),
        now: at(NOW),
    })
}

pub(super) fn manifests(texts: &[(&str, &str)]) -> Manifests {
    let sources: Vec<Source> = texts
        .iter()
        .map(|(path, text)| Source {
            path: (*path).into(),
            bytes: text.as_bytes().to_vec(),
            part: Part::All,
        })
        .collect();
    manifest::read(&sources).unwrap()
}

/// What a terminal of such a width shows; all, where it is none.
pub(super) fn shown(shown: &Plan, width: Option<usize>, full: bool) -> String {
    let cut = Cut {
        api: Api::V4,
        batch_size: 50,
        canary: 5,
    };
    let view = PlanView {
        plan: shown,
        checked: &Checked::in_tests(),
        no_state: None,
        since: None,
        batch_size: 50,
        forecast: &forecast(shown, cut),
        time_budget: None,
        skip_mismatched: false,
        full,
        width,
        now: at(NOW),
    };
    let mut bytes = Vec::new();
    plan(&view, Style { colour: false }, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The plan of examples/show-wrap, with all read.
fn show_wrap() -> Plan {
    let seed = Seed::parse("seed", example!("sandbox.yaml")).unwrap();
    let mut account = Account::default();
    let teams = seed.accounts.iter().flat_map(|account| &account.teams);
    for (number, project) in teams.flat_map(|team| &team.projects).enumerate() {
        let root = project.root.unwrap_or(id(0xf00 + number as u128));
        let project_id = AssetId::from_uuid(project.id);
        account.project(project_id, &project.name, root);
        for asset in &project.assets {
            account.seeded(project_id, root, asset);
        }
    }
    let texts = [
        ("dailies.yaml", example!("manifests/dailies.yaml")),
        ("editorial.yaml", example!("manifests/editorial.yaml")),
        ("marketing.yaml", example!("manifests/marketing.yaml")),
        ("sound.yml", example!("manifests/sound.yml")),
        ("vfx.yaml", example!("manifests/vfx.yaml")),
    ];
    planned(&manifests(&texts), &account.read())
}

#[test]
fn whoever_knows_the_show_reads_its_plan_on_a_terminal() {
    let plan = show_wrap();
    for width in [60, 80, 100, 160] {
        let shown = shown(&plan, Some(width), false);
        insta::assert_snapshot!(format!("show_wrap_{width}"), shown);
        // It is seen at once on a terminal of forty lines, its command and the prompt included.
        assert!(width < 100 || shown.lines().count() <= 38, "{shown}");
        let rows = shown.lines().filter(|line| line.starts_with("  "));
        let longest = rows.map(columns).max().unwrap();
        assert!(longest <= width, "{longest} of {width}: {shown}");
    }
}

#[test]
fn where_it_is_no_terminal_each_asset_has_its_line() {
    let plan = show_wrap();
    let all = shown(&plan, None, false);
    assert_eq!(shown(&plan, None, true), all, "nothing is left out");
    for step in &plan.steps {
        assert!(all.contains(&step.id.to_string()), "{}", step.id);
    }
    for about in plan.about.values() {
        assert!(all.contains(&**about.name.as_ref().unwrap()), "{about:?}");
    }
    let dailies: String = all.lines().take(40).fold(String::new(), |mut text, line| {
        writeln!(text, "{line}").unwrap();
        text
    });
    insta::assert_snapshot!(dailies);
}

#[test]
fn what_is_folded_keeps_its_sums_and_says_why_most_of_it_stays() {
    let mut account = Account::default();
    account.project(id(1), "Tide", id(2));
    let mut listed = "version: 1\nassets:\n".to_owned();
    let mut holds = "holds:\n".to_owned();
    for day in 0..2 {
        let folder = id(10 + day);
        account.add(
            folder,
            Facts {
                name: Some(format!("day {day}").into()),
                project: Some(id(1)),
                parent: Some(id(2)),
                ..Facts::of_kind(Kind::Folder)
            },
        );
        for number in 0..60 {
            let file = id(1_000 * (day + 1) + number);
            account.add(
                file,
                Facts {
                    name: Some(format!("{number:02}.mov").into()),
                    project: Some(id(1)),
                    parent: Some(folder),
                    bytes: Some(1_000_000_000),
                    ..Facts::of_kind(Kind::File)
                },
            );
            writeln!(listed, "  - {file}").unwrap();
            if day == 1 {
                let claim = if number < 50 { "claim A" } else { "claim B" };
                writeln!(holds, "  - {{id: {file}, reason: {claim}}}").unwrap();
            }
        }
    }
    let text = format!("{listed}{holds}");
    let plan = planned(&manifests(&[("retire.yaml", &text)]), &account.read());
    let glance = shown(&plan, Some(100), false);
    let line = |start: &str| {
        let found = glance
            .lines()
            .find(|line| line.trim_start().starts_with(start));
        found.unwrap_or_else(|| panic!("{start}: {glance}")).trim()
    };
    assert_eq!(
        line("Tide/day 1"),
        "Tide/day 1  60 files  60 GB  held: claim A · and 1 other reason"
    );
    // The beginning of what goes is shown, and what the rest comes to.
    let more = line("… ");
    let rest = more
        .strip_prefix("… ")
        .and_then(|more| more.split(' ').next());
    let rest: usize = rest.unwrap().parse().unwrap();
    assert!((40..60).contains(&rest), "{more}");
    assert_eq!(more, format!("… {rest} more, {rest} GB; --full shows them"));
    // What is no terminal has all of it.
    let whole = shown(&plan, None, false);
    let (_, holds) = whole.split_once("Holds (60)\n").unwrap();
    let all = holds.lines().take_while(|line| !line.is_empty());
    assert_eq!(all.count(), 60);
}

/// A project with so many folders, of which each has as many files as its number says, all of a size.
fn many_folders(account: &mut Account, number: u128, folders: u128) -> String {
    let (project, root) = (id(number), id(number + 1));
    account.project(project, &format!("Show {number}"), root);
    let mut listed = String::new();
    for folder in 1..=folders {
        let own = id(number + 100 * folder);
        let facts = |name: String, parent, kind| Facts {
            name: Some(name.into()),
            project: Some(project),
            parent: Some(parent),
            bytes: (kind == Kind::File).then_some(1_000_000),
            ..Facts::of_kind(kind)
        };
        account.add(own, facts(format!("day {folder:02}"), root, Kind::Folder));
        for file in 1..=folder {
            let one = id(number + 100 * folder + file);
            account.add(one, facts(format!("{file:02}.mov"), own, Kind::File));
            writeln!(listed, "  - {one}").unwrap();
        }
    }
    listed
}

#[test]
fn of_a_project_with_many_folders_the_largest_are_seen() {
    let mut account = Account::default();
    let one = many_folders(&mut account, 10_000, 41);
    let text = format!("version: 1\nassets:\n{one}");
    let plan = planned(&manifests(&[("retire.yaml", &text)]), &account.read());
    let glance = shown(&plan, Some(100), false);
    insta::assert_snapshot!(glance);
    let rows = glance.lines().filter(|line| line.starts_with("  "));
    let rows: Vec<&str> = rows.collect();
    assert_eq!(
        rows.iter().filter(|row| row.contains("files")).count(),
        20,
        "{glance}"
    );
    let said = "  … 861 assets have no rows of their own; --full shows them";
    assert!(rows.contains(&said), "{glance}");
    // Nothing is lost: 861 files are all of them.
    let files = rows.iter().filter_map(|row| {
        let (before, _) = row.split_once(" files")?;
        before.rsplit(' ').next()?.parse::<usize>().ok()
    });
    assert_eq!(files.sum::<usize>(), 861, "{glance}");
}

#[test]
fn several_projects_with_many_folders_share_the_rows() {
    let mut account = Account::default();
    let mut text = "version: 1\nassets:\n".to_owned();
    for project in [10_000, 20_000, 30_000] {
        text += &many_folders(&mut account, project, 30);
    }
    let plan = planned(&manifests(&[("retire.yaml", &text)]), &account.read());
    let glance = shown(&plan, Some(100), false);
    for project in ["Show 10000", "Show 20000", "Show 30000"] {
        let rows = glance
            .lines()
            .filter(|line| line.trim_start().starts_with(project));
        let rows: Vec<&str> = rows.collect();
        assert!((4..=8).contains(&rows.len()), "{glance}");
        assert!(rows.last().unwrap().contains("more folders"), "{glance}");
        // The largest.
        assert!(rows[rows.len() - 2].contains("day 30"), "{glance}");
    }
    let rows = glance.lines().filter(|line| line.starts_with("  Show"));
    assert_eq!(rows.count(), 20, "{glance}");
}

#[test]
fn of_more_projects_than_there_are_rows_the_largest_are_seen() {
    let mut account = Account::default();
    let mut text = "version: 1\nassets:\n".to_owned();
    // Each has one file more than the one before.
    for project in 1..=30 {
        text += &many_folders(&mut account, 10_000 * project, project);
    }
    let plan = planned(&manifests(&[("retire.yaml", &text)]), &account.read());
    let glance = shown(&plan, Some(100), false);
    let rows: Vec<&str> = glance
        .lines()
        .filter_map(|line| line.strip_prefix("  Show "))
        .collect();
    assert_eq!(rows.len(), 19, "{glance}");
    let largest = (12..=30).map(|project| (10_000 * project).to_string());
    for name in largest {
        assert!(
            rows.iter().any(|row| row.starts_with(&name)),
            "{name}: {glance}"
        );
    }
    assert!(glance.contains("\n  … 286 more, 286 MB"), "{glance}");
}
