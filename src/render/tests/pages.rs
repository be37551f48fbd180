//! Pages of HTML, and that no text from elsewhere becomes more than a text there.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::asset::Kind;
use crate::inventory::Location;
use crate::render::escape::escape;
use crate::render::html::{BEGINS, page};
use crate::render::model::{Block, Change, FolderRow, Group, Line, Part, Report, Row, Rows};
use crate::render::names::{Foreign, Names};

/// A report in which one text stands in every place that has one.
fn report(text: &str) -> Report<'_> {
    let place = Some(Arc::new(Location {
        project: Some(format!("x{text}").into()),
        folder: format!("x{text}").into(),
    }));
    Report {
        of: "plan",
        heading: "What would be deleted",
        key: Foreign::new(text),
        title: Line::words("Of ").and_foreign(text),
        fields: vec![("target", Line::foreign(text))],
        figures: vec![("files", "1".to_owned())],
        lead: vec![Line::foreign(text)],
        attention: vec![Line::strong("`apply` refuses it:").and_foreign(text)],
        changes: vec![Change {
            said: Line::strong("New:").and_foreign(text),
            names: vec![Foreign::new(text)],
            total: 2,
        }],
        checks: vec![
            Block::Item(Line::foreign(text)),
            Block::Paragraph(Line::foreign(text)),
        ],
        counted: "files",
        folders: vec![FolderRow {
            label: Some(format!("x{text}/x{text}")),
            place: place.clone(),
            project: None,
            folder: None,
            files: 1,
            bytes: 5,
            unmeasured: 0,
            storage: None,
            oldest: None,
            size: "5 B".to_owned(),
            changed: None,
        }],
        groups: vec![Group {
            title: Some(Line::words("Of ").and_quoted(text)),
            attention: true,
            table: Some("Retire"),
            parts: vec![Part {
                head: Some((Line::foreign(text), 1)),
                rows: Rows::assets(1, move |_| row(text, place.clone())),
            }],
            more: "more",
        }],
        next: vec![Line::foreign(text)],
        closing: vec![Line::foreign(text)],
        now: "2026-11-27T12:00:00Z".parse().unwrap(),
    }
}

fn row(text: &str, place: Option<Arc<Location>>) -> Row {
    Row {
        id: id(7),
        kind: Some(Kind::File),
        name: Some(text.into()),
        place,
        project: Some(id(1)),
        folder: None,
        bytes: Some(5),
        size: Some("5 B".to_owned()),
        changed: None,
        said: vec![Foreign::new(text)],
    }
}

fn shown(report: Report<'_>) -> String {
    let mut bytes = Vec::new();
    page(&report.shown(Names::Full), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The block of data of a page.
fn data(page: &str) -> Value {
    let (_, rest) = page
        .split_once("<script type=\"application/json\" id=\"data\">")
        .unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    assert!(!data.contains('<'), "{data}");
    serde_json::from_str(data).unwrap()
}

#[test]
fn a_page_begins_as_ours_and_lets_only_its_own_script_run() {
    let page = shown(report("a.mov"));
    assert!(page.starts_with(BEGINS), "{page}");
    let (_, policy) = page
        .split_once("content=\"default-src 'none'; script-src 'sha256-")
        .unwrap();
    let (policy, _) = policy.split_once("\">").unwrap();
    assert!(
        policy.ends_with("base-uri 'none'; form-action 'none'"),
        "{policy}"
    );
    assert_eq!(page.matches("<script>").count(), 1);
    assert_eq!(page.matches("<style>").count(), 1);
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        let script = page.matches("https://next.frame.io/").count();
        let found = page.matches(outside).count();
        assert_eq!(
            found,
            if outside == "https:" { script } else { 0 },
            "{outside}"
        );
    }
}

#[test]
fn a_page_has_a_bound_and_says_what_is_left_out() {
    let mut large = report("a.mov");
    let rows = Rows::assets(200_000, |_| row("b.mov", None));
    large.groups = vec![Group::table("Retire", rows)];
    let page = shown(large);
    assert_eq!(data(&page)["rows"].as_array().unwrap().len(), 100_000);
    assert!(page.contains("100,000 more assets have no row in this page"));
}

/// A place by its path.
fn place(folder: &str) -> Arc<Location> {
    Arc::new(Location {
        project: Some("Tide".into()),
        folder: folder.into(),
    })
}

/// What lies in each of some folders, by the names of the assets: each is in a place, and in the folder
/// of an id, where there is one.
fn inside(folders: Vec<FolderRow>, assets: &[(Option<&str>, Option<u128>)]) -> Vec<String> {
    let assets: Vec<_> = assets
        .iter()
        .map(|(folder, of)| (folder.map(place), of.map(id)))
        .collect();
    let rows = Rows::assets(assets.len(), move |at| {
        let (place, folder) = assets[at].clone();
        Row {
            folder,
            ..row(&at.to_string(), place)
        }
    });
    let data = data(&shown(Report {
        folders,
        groups: vec![Group::table("Retire", rows)],
        ..report("a")
    }));
    let lies = |folder: &Value, row: &Value| match folder.as_array() {
        Some(places) => places.contains(&row[1]),
        None => row[1].is_null(),
    };
    let folders = data["folders"].as_array().unwrap().iter();
    let of = |folder: &Value| {
        let rows = data["rows"].as_array().unwrap().iter();
        let rows = rows.filter(|row| lies(folder, row));
        let names = rows.map(|row| row[2].as_str().unwrap());
        names.collect::<Vec<_>>().join(" ")
    };
    folders.map(of).collect()
}

fn folder(path: Option<&str>) -> FolderRow {
    let [row] = <[_; 1]>::try_from(report("a").folders).unwrap();
    FolderRow {
        label: path.map(str::to_owned),
        place: path.map(place),
        ..row
    }
}

#[test]
fn a_folder_of_a_page_has_what_lies_right_in_it() {
    let folders = ["", "day 1", "day 21"].map(|path| folder(Some(path)));
    let folders = folders.into_iter().chain([folder(None)]).collect();
    let assets = [
        (Some(""), None),
        (Some("day 1"), None),
        (Some("day 1/a"), None),
        (Some("day 21"), None),
        (None, None),
    ];
    assert_eq!(inside(folders, &assets), ["0", "1", "3", "4"]);
}

#[test]
fn folders_of_one_path_are_told_apart_by_their_ids() {
    let of = |number| FolderRow {
        folder: Some(id(number)),
        ..folder(Some("day"))
    };
    let day = Some("day");
    let assets = [(day, Some(1)), (day, Some(2)), (day, None)];
    assert_eq!(inside(vec![of(1), of(2)], &assets), ["0 2", "1 2"]);
}

proptest! {
    #[test]
    fn any_text_stays_a_text(text in "\\PC{1,30}|[<>&\"'/a!-]{1,20}") {
        let page = shown(report(&text));
        // Whatever the text, the page has the same tags and attributes.
        let plain = shown(report("aaaa"));
        for mark in ["<", "\""] {
            let of = |page: &str| {
                let (before, rest) = page.split_once("<script type").unwrap();
                let (_, after) = rest.split_once("</script>").unwrap();
                before.matches(mark).count() + after.matches(mark).count()
            };
            prop_assert_eq!(of(&page), of(&plain), "{}", page);
        }
        let data = data(&page);
        let escaped = escape(&text);
        prop_assert_eq!(data["rows"][0][2].as_str(), Some(&*escaped));
        prop_assert_eq!(data["rows"][0][8].as_str(), Some(&*escaped));
    }
}
