//! A link within the repository leads to a file, and to a heading of it.

use std::sync::LazyLock;

use regex::Regex;

use super::page::{self, Page};
use crate::harness::repository;

/// The links of a page that lead nowhere, each with its place.
fn dead(page: &Page) -> Vec<String> {
    static LINK: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)").unwrap());
    let mut found = Vec::new();
    for (line, text) in page.prose() {
        for link in LINK.captures_iter(&text) {
            let link = link.get(1).or(link.get(2)).unwrap().as_str();
            if let Some(why) = wrong(page, link) {
                found.push(format!("{}: `{link}` {why}", page.place(line)));
            }
        }
    }
    found
}

/// What is wrong with a link; what lies outside the repository is not looked at.
fn wrong(page: &Page, link: &str) -> Option<&'static str> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let folder = page.path.parent().unwrap();
    let target = if path.is_empty() {
        page.path.clone()
    } else {
        folder.join(path)
    };
    if !repository().join(&target).exists() {
        return Some("leads to no file");
    }
    if anchor.is_empty() {
        return None;
    }
    if target.extension().is_none_or(|ending| ending != "md") {
        return Some("leads to a heading of what is no page");
    }
    let is_there = Page::read(&target).anchors().iter().any(|it| it == anchor);
    (!is_there).then_some("leads to no heading")
}

#[test]
fn every_link_leads_somewhere() {
    let pages = page::all();
    assert!(pages.len() > 20, "{}", pages.len());
    let found: Vec<String> = pages.iter().flat_map(dead).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_dead_link_is_told_with_its_line() {
    let page = Page {
        path: "docs/find.md".into(),
        text: "# A\n\n[a](nothing.md) and [b](plan.md#nothing), `[c](code.md)`\n\
               ```sh\n[d](code.md)\n```\n[e](../README.md), [f](#places)\n[g]: ../none\n"
            .to_owned(),
    };
    assert_eq!(
        dead(&page),
        [
            "docs/find.md:3: `nothing.md` leads to no file",
            "docs/find.md:3: `plan.md#nothing` leads to no heading",
            "docs/find.md:8: `../none` leads to no file",
        ]
    );
}
