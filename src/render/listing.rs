//! The assets of a group of a plan, by project and folder.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::iter;

use crate::asset::{AssetId, Kind};
use crate::inventory::Known;
use crate::plan::Plan;
use crate::plan::about::Inside;
use crate::plan::decide::Decision;
use crate::render::escape::escape;
use crate::render::group::{Group, group_of, wherefore, why, why_in_words};
use crate::render::names::Foreign;
use crate::render::places::Places;
use crate::render::rows::{Page, PlaceRow, Widths, files, path_in, sized};
use crate::render::size::{age, bytes};
use crate::render::tree::{Folder, Leaf, Opened, Said, Shape, Tree, shared, sum, unshared};
use crate::render::{Paint, counted, either, words};

/// What is said of what is not shown: what it comes to, and how it is seen.
fn more<'leaves>(leaves: impl IntoIterator<Item = &'leaves Leaf<'leaves>> + Clone) -> String {
    let assets = leaves.clone().into_iter().count();
    let sum = sum(leaves);
    let mut figures = vec!["more".to_owned()];
    if sum.files != assets {
        figures.push(files(sum));
    }
    figures.extend(sized(sum));
    format!("{}; --full shows them", figures.join(", "))
}

/// Writes the assets of a plan.
#[derive(Clone, Copy)]
pub(super) struct Listing<'plan> {
    pub(super) plan: &'plan Plan,
    pub(super) page: Page,
}

impl Listing<'_> {
    /// Writes as much of a tree as its shape says.
    pub(super) fn write(
        &self,
        tree: &Tree<'_>,
        shape: &Shape,
        places: &Places<'_>,
        sink: &mut dyn Write,
    ) -> io::Result<()> {
        let style = self.page.style;
        let mut rows = Vec::new();
        let shapes = shape.opened.iter().zip(&shape.folders);
        for (project, (opened, folders)) in tree.projects[..shape.projects].iter().zip(shapes) {
            match opened {
                Opened::Whole => {
                    let each = project.iter().zip(folders);
                    let row = |(folder, shown): (&Folder<'_>, &usize)| {
                        self.folder_row(folder, places, *shown == 0)
                    };
                    rows.extend(each.map(row));
                }
                Opened::Partly(shown) => {
                    let all = project.iter().enumerate();
                    let (seen, rest): (Vec<_>, Vec<_>) =
                        all.partition(|(at, _)| shown.contains(at));
                    rows.extend(
                        seen.iter()
                            .map(|(_, folder)| self.folder_row(folder, places, true)),
                    );
                    let rest: Vec<&Folder<'_>> =
                        rest.into_iter().map(|(_, folder)| folder).collect();
                    let more = counted(rest.len(), "more folder", "more folders");
                    rows.push(self.project_row(&rest, &more, places));
                }
                Opened::Closed => {
                    let all: Vec<&Folder<'_>> = project.iter().collect();
                    let folders = counted(all.len(), "folder", "folders");
                    rows.push(self.project_row(&all, &folders, places));
                }
            }
        }
        let mut rows = PlaceRow::lay_out(&rows, &self.page).into_iter();
        let shown = tree.projects[..shape.projects].iter().zip(&shape.folders);
        for ((project, folders), opened) in shown.zip(&shape.opened) {
            let alone = match opened {
                Opened::Whole => 0,
                Opened::Partly(shown) => shown.len() + 1,
                Opened::Closed => 1,
            };
            if alone > 0 {
                write_rows(rows.by_ref().take(alone), sink)?;
                continue;
            }
            for (folder, shown) in project.iter().zip(folders) {
                write_rows(rows.next(), sink)?;
                if *shown > 0 {
                    self.leaves(&folder.leaves, *shown, Some(folder), sink)?;
                }
            }
        }
        let unseen = shape.unseen(tree);
        let have = counted(unseen, "asset has no row", "assets have no rows");
        let said = format!(
            "  … {have} of {} own; --full shows {}",
            either(unseen, "its", "their"),
            either(unseen, "it", "them")
        );
        if unseen > 0 {
            writeln!(sink, "{}", style.paint(Paint::Dim, said))?;
        }
        let more = &tree.projects[shape.projects..];
        if more.is_empty() {
            return self.leaves(&tree.bare, shape.bare, None, sink);
        }
        let folded = more.iter().flatten();
        let folded = folded.flat_map(|folder| &folder.leaves).chain(&tree.bare);
        let assets = folded.clone().count();
        words::fold(2, assets, &self::more(folded), style, sink)
    }

    /// The row of folders of a project that have none of their own.
    fn project_row(&self, folders: &[&Folder<'_>], what: &str, places: &Places<'_>) -> PlaceRow {
        let leaves = folders.iter().flat_map(|folder| &folder.leaves);
        let said = folders.iter().map(|folder| folder.said.clone());
        let said = said.reduce(|said, other| shared(said, &other));
        let mut said = said.unwrap_or_default();
        if said[0].is_none() {
            said[0] = self.some_of_why(leaves.clone());
        }
        let said: Vec<String> = said.into_iter().flatten().collect();
        let name = folders.first().map(|first| places.project(&first.spot));
        let name = name.unwrap_or_default();
        PlaceRow::new(format!("{name}, {what}"), sum(leaves), &said)
    }

    /// The row of a folder, `alone` where none of its assets has one.
    fn folder_row(&self, folder: &Folder<'_>, places: &Places<'_>, alone: bool) -> PlaceRow {
        let mut said = folder.said.clone();
        if alone && said[0].is_none() {
            said[0] = self.some_of_why(&folder.leaves);
        }
        let said: Vec<String> = said.into_iter().flatten().collect();
        PlaceRow::new(places.folder(&folder.spot), sum(&folder.leaves), &said)
    }

    /// Why most of some assets stay or go, and how many other reasons there are, where a row stands
    /// for all of them.
    fn some_of_why<'leaves>(
        &self,
        leaves: impl IntoIterator<Item = &'leaves Leaf<'leaves>>,
    ) -> Option<String> {
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for leaf in leaves {
            let [why, ..] = self.said(leaf);
            *reasons.entry(why?).or_default() += 1;
        }
        let others = reasons.len().saturating_sub(1);
        let (first, _) = reasons.into_iter().max_by_key(|(_, count)| *count)?;
        let others = counted(others, "other reason", "other reasons");
        Some(format!("{first} · and {others}"))
    }

    fn leaves(
        &self,
        leaves: &[Leaf<'_>],
        shown: usize,
        folder: Option<&Folder<'_>>,
        sink: &mut dyn Write,
    ) -> io::Result<()> {
        let widths = self.page.widths(&leaves[..shown]);
        for leaf in &leaves[..shown] {
            write_rows(self.asset(leaf, folder, widths), sink)?;
            if !self.page.folds() {
                self.files(leaf.step.id, sink)?;
            }
        }
        let indent = if folder.is_some() { 4 } else { 2 };
        let more = more(&leaves[shown..]);
        words::fold(indent, leaves.len() - shown, &more, self.page.style, sink)
    }

    /// The rows of an asset below and above its neighbours.
    pub(super) fn asset(
        &self,
        leaf: &Leaf<'_>,
        folder: Option<&Folder<'_>>,
        widths: Widths,
    ) -> Vec<String> {
        let said = self.said(leaf);
        let said: Vec<String> = match folder {
            Some(folder) => unshared(said, &folder.said).into_iter().flatten().collect(),
            None => said.into_iter().flatten().collect(),
        };
        let symbol = group_of(&leaf.step.decision).map_or((" ", Paint::Dim), Group::symbol);
        let is_named = leaf.about.is_some_and(|about| about.name.is_some());
        if folder.is_some() || is_named {
            let indent = if folder.is_some() { 4 } else { 2 };
            return self.page.asset(leaf, symbol, (indent, widths), &said);
        }
        let (symbol, paint) = symbol;
        let rest = format!("{}  {}", leaf.step.id, said.join(" · "));
        let rest = self.page.cut(rest.trim_end(), 4);
        vec![format!("  {} {rest}", self.page.style.paint(paint, symbol))]
    }

    /// What is to say of an asset beyond its name and its figures.
    pub(super) fn said(&self, leaf: &Leaf<'_>) -> Said {
        let step = leaf.step;
        let is_named = leaf.about.is_some_and(|about| about.name.is_some());
        let goes = step.decision.goes();
        let files = self.plan.stacks.get(&step.id).map(|files| &**files);
        let inside = leaf.about.and_then(|about| about.inside.as_deref());
        let what = match inside {
            Some(inside) if is_named => Some(self.inside(inside, step.kind())),
            Some(_) | None => what(step.kind(), goes, files).filter(|_| !is_named || goes),
        };
        let was = leaf.about.and_then(|about| about.was.as_deref()).map(was);
        let what = match (was, what) {
            (Some(was), Some(what)) => Some(format!("{was} · {what}")),
            (was, what) => was.or(what),
        };
        let [reason, ticket, owner] = step
            .details
            .as_ref()
            .map_or_else(Default::default, |details| wherefore(details));
        let is_gone = matches!(step.decision, Decision::Record { run: None, .. });
        let about = leaf.about.filter(|_| is_gone);
        let deleted = about.and_then(|about| {
            let by = about.deleted_by.map(|run| format!("run {run}"));
            let at = about.deleted.map(|at| format!(", {}", at.strftime("%F")));
            let is_told = by.is_some() || at.is_some();
            let (by, at) = (by.as_deref().unwrap_or("others"), at.unwrap_or_default());
            is_told.then(|| format!("deleted by {by}{at}"))
        });
        let why: Vec<String> = deleted
            .into_iter()
            .chain(why(step.id, &step.decision, |id| path_in(self.plan, id)))
            .collect();
        let why = (!why.is_empty()).then(|| why.join(" · "));
        [why, what, reason, ticket, owner]
    }

    /// The same for a report, with what stands in its place where it is withheld.
    pub(super) fn foreign(&self, leaf: &Leaf<'_>) -> Vec<Foreign> {
        let own = self.in_words(leaf).map(Option::unwrap_or_default);
        // Of what the manifest says nothing stands in its place.
        let own = own.into_iter().chain(iter::repeat(String::new()));
        let said = self.said(leaf).into_iter().zip(own);
        let said = said.filter_map(|(said, own)| Some(Foreign::new(said?).or(own)));
        said.collect()
    }

    /// The first of it in our own words, with ids in place of names.
    fn in_words(&self, leaf: &Leaf<'_>) -> [Option<String>; 2] {
        let step = leaf.step;
        let why = why_in_words(step.id, &step.decision);
        let files = self.plan.stacks.get(&step.id).map(|files| &**files);
        let inside = leaf.about.and_then(|about| about.inside.as_deref());
        let what = match inside {
            Some(inside) => Some(self.inside(inside, step.kind())),
            None => what(step.kind(), step.decision.goes(), files),
        };
        [why, what]
    }

    /// What is in a folder or a version stack.
    fn inside(&self, inside: &Inside, kind: Option<Kind>) -> String {
        let files = match kind {
            Some(Kind::VersionStack) => counted(inside.files, "version", "versions"),
            Some(Kind::File | Kind::Folder) | None => {
                counted(inside.files, "file in it", "files in it")
            }
        };
        let Some(ages) = inside.oldest.zip(inside.newest) else {
            return files;
        };
        let (oldest, newest) = (age(ages.0, self.page.now), age(ages.1, self.page.now));
        if oldest == newest {
            return format!("{files} · {newest}");
        }
        format!("{files} · oldest {oldest}, newest {newest}")
    }

    /// The files that are deleted in place of a version stack.
    fn files(&self, stack: AssetId, sink: &mut dyn Write) -> io::Result<()> {
        let files = self.plan.stacks.get(&stack);
        for file in files.into_iter().flat_map(|files| files.iter()) {
            let about = self.plan.about.get(file);
            let name = about.and_then(|about| about.name.as_deref());
            let size = about.and_then(|about| about.bytes).map(bytes);
            let name = name.map(|name| escape(name).into_owned());
            let said = [name, size, Some(file.to_string())];
            let said: Vec<String> = said.into_iter().flatten().collect();
            let word = self.page.style.paint(Paint::Dim, "file");
            writeln!(sink, "      {word} {}", said.join("  "))?;
        }
        Ok(())
    }
}

fn write_rows(rows: impl IntoIterator<Item = String>, sink: &mut dyn Write) -> io::Result<()> {
    rows.into_iter().try_for_each(|row| writeln!(sink, "{row}"))
}

/// What an asset was called and where it lay before.
fn was(known: &Known) -> String {
    let name = known.name.as_ref();
    let name = name.map(|name| format!("was called `{}`", escape(name)));
    let place = known.location.as_ref().map(|place| {
        let project = place.project.as_ref();
        let project = project.map_or("?".into(), |project| escape(project));
        let folder = escape(&place.folder);
        let slash = if folder.is_empty() { "" } else { "/" };
        format!("was in `{project}{slash}{folder}`")
    });
    let both: Vec<String> = name.into_iter().chain(place).collect();
    both.join(", ")
}

/// What sort of asset it is, where that is not the usual one.
fn what(kind: Option<Kind>, goes: bool, files: Option<&[AssetId]>) -> Option<String> {
    match (kind, files) {
        (None | Some(Kind::File), _) => None,
        (Some(Kind::Folder), _) if !goes => Some("folder".to_owned()),
        (Some(Kind::Folder), _) => Some(
            "the folder and all that is in it, also what is added before the delete".to_owned(),
        ),
        (Some(Kind::VersionStack), None) => Some("version stack".to_owned()),
        (Some(Kind::VersionStack), Some(files)) => Some(format!(
            "version stack of {}",
            counted(files.len(), "file", "files")
        )),
    }
}
