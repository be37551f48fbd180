//! `retire find --policy`: the manifests that the rules of a policy own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{
    around, check_marks, check_place, keep_ids, listed, listed_elsewhere, publish, read, section,
    text_of, updated,
};
use crate::app::policy::{Policy, Rule};
use crate::asset::AssetId;
use crate::cli::args::Recall;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::project;
use crate::cli::settings::Settings;
use crate::find::asked::Around;
use crate::find::{Found, Query, find};
use crate::manifest::document::Manifests;
use crate::manifest::write::{self, Written};
use crate::render::find as table;
use crate::render::{count, counted};

/// Brings the manifests of all rules up to date; where they are only checked, says whether one
/// would change.
pub(super) fn run(
    context: &Context,
    settings: &Settings,
    path: &Path,
    (checks, recall): (bool, Recall),
) -> Result<Exit, Failure> {
    project::refuse_stray(path)?;
    let text = files::text_if_there(path)?;
    let text = text.ok_or_else(|| Failure::NoPolicy(path.to_owned()))?;
    let policy = Policy::parse(&path.display().to_string(), &text)?;
    let state = &settings.state.value;
    let folder = path.parent().unwrap_or(Path::new(""));
    let place = |rule: &Rule| folder.join(&rule.manifest);
    for rule in &policy.rules {
        let path = place(rule);
        project::refuse_stray(&path)?;
        check_place(&path, state)?;
    }
    let mut manifests = context.project_manifests()?;
    let (around, protected, recent) = around(context, settings, &manifests, 1)?;
    keep_ids(settings, &mut manifests);
    let query = |rule: &Rule| {
        let around = Around {
            listed: listed_elsewhere(&manifests, &place(rule), &rule.title())?,
            ..around.clone()
        };
        rule.query(&around).map_err(Failure::Words)
    };
    let queries: Vec<Query> = policy.rules.iter().map(query).collect::<Result<_, _>>()?;
    let account = read(
        context,
        settings,
        &manifests,
        (&queries, &protected, (recall, &recent)),
    )?;
    let mut texts: BTreeMap<PathBuf, String> = BTreeMap::new();
    for rule in &policy.rules {
        texts.insert(place(rule), text_of(&place(rule))?);
    }
    let before = texts.clone();
    let mut taken = listed_by_people(&manifests, &policy, &texts, place);
    let (mut too_many, mut is_incomplete) = (false, false);
    for (rule, query) in policy.rules.iter().zip(&queries) {
        let answer = find(&account.read, query, &protected);
        let unread = answer.unread(&account.read);
        if !unread.is_empty() {
            is_incomplete = true;
            let folders = counted(unread.len(), "folder", "folders");
            context.console.warn(&format!(
                "{folders} could not be read, like `{}` ({}): no manifest was written",
                unread[0].0, unread[0].1
            ));
            break;
        }
        let mut found = listed(&answer, rule.collapse);
        let before = found.len();
        found.retain(|found| !taken.contains(&found.id));
        let files = files_of(&found, found.len() == before);
        check_marks(&account.read, &answer, &found, &protected)?;
        if let Some(left_out) = table::left_out(&answer) {
            let name = &rule.name;
            context
                .console
                .message(&format!("rule `{name}` leaves out: {left_out}"));
        }
        if files > rule.max_assets {
            too_many = true;
            tell_too_many(context, rule, files);
            continue;
        }
        taken.extend(found.iter().map(|found| found.id));
        let fields = rule.fields(around.now).map_err(Failure::Words)?;
        let section = section(&answer, &found, rule.title(), fields);
        let path = place(rule);
        let there = texts.get(&path).map(String::as_str).unwrap_or_default();
        if there.is_empty() && section.assets.is_empty() {
            continue;
        }
        let written = updated(&path, there, (account.id.as_deref(), &section))?;
        context.console.data(|style, sink| {
            let title = format!("rule `{}`, `{}`", rule.name, path.display());
            table::difference(&title, &written, &section, style, sink)
        })?;
        let Written { text, .. } = written;
        texts.insert(path, text);
    }
    if is_incomplete {
        return Ok(Exit::Open);
    }
    let changed: Vec<(&PathBuf, &String)> = texts
        .iter()
        .filter(|(path, text)| before.get(*path) != Some(text))
        .collect();
    if !checks {
        for (path, text) in &changed {
            publish(context, path, text, state)?;
        }
    }
    Ok(match (too_many, checks && !changed.is_empty()) {
        (true, _) => Exit::Refused,
        (false, true) => Exit::Pending,
        (false, false) => Exit::Done,
    })
}

/// Says that a rule finds more than it may list.
fn tell_too_many(context: &Context, rule: &Rule, files: usize) {
    context.console.warn(&format!(
        "rule `{}` finds {}, and lists {} at most (`max-assets`): its section stays as it is",
        rule.name,
        counted(files, "file", "files"),
        count(rule.max_assets),
    ));
}

/// How many files would go, every version as one; an empty folder counts as one as well. What lies
/// in another one of them counts once, as long as that one is among them.
fn files_of(found: &[Found<'_>], all: bool) -> usize {
    let counted = found.iter().filter(|found| !(all && found.covered));
    counted
        .map(|found| found.files().unwrap_or_default().max(1))
        .sum()
}

/// What manifests list of their own: a second entry would make them invalid.
fn listed_by_people(
    manifests: &Manifests,
    policy: &Policy,
    texts: &BTreeMap<PathBuf, String>,
    place: impl Fn(&Rule) -> PathBuf,
) -> BTreeSet<AssetId> {
    let mut owned = BTreeSet::new();
    for rule in &policy.rules {
        let path = place(rule);
        let text = texts.get(&path).map(String::as_str).unwrap_or_default();
        owned.extend(write::owned(text, &rule.title()));
    }
    let entries = manifests.entries.iter().map(|entry| entry.id);
    entries.filter(|id| !owned.contains(id)).collect()
}
