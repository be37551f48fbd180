//! V4: reading folders and version stacks to the bottom.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{Client, ENDLESS, Unread};
use crate::frameio::lists::Ask;
use crate::frameio::reader::{News, Reader};
use crate::frameio::survey::PAGES;
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::judge_projects;
use crate::frameio::v4::wire::Page;
use crate::inventory::{Called, Contents, Facts, ListPart, Project, ProjectsPart, Sharing, Shown};

#[cfg(test)]
pub(super) mod tests;

/// What is read of version stacks that lie in folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// All that is in them: one call more for each stack.
    All,
    /// The newest one alone, which the list of the folder names.
    Head,
}

/// Hears what is read of trees, and answers in the server's place.
pub trait Watch {
    /// What was read before of what is directly in a folder or a version stack, where that is
    /// believed: then the server is not asked.
    fn recall(&mut self, of: AssetId) -> Option<Vec<Shown>>;

    /// What was read before of lists that did not come to their ends, each from its beginning.
    fn begun(&mut self, _of: AssetId) -> Vec<ListPart> {
        Vec::new()
    }

    /// Hears a page of a list of a folder or a version stack.
    fn page(&mut self, _of: AssetId, _page: ListPart) {}

    /// Whether a folder or a version stack is to be read that was found in another one.
    fn enters(&mut self, _of: AssetId, _item: &Shown) -> bool {
        true
    }

    /// Whether what is in something decides whether it goes: then a list of several pages is
    /// compared with what it shows afterwards.
    fn decides(&self) -> bool {
        false
    }

    /// Hears what is directly in a folder or a version stack: all lists of it were read to their
    /// ends just now.
    fn listed(&mut self, of: AssetId, items: &[Shown]);

    /// Hears that lists of a folder or a version stack could not be read to their ends, and why.
    fn unread(&mut self, of: AssetId, why: &str);
}

/// Nobody: nothing is recalled, and nothing kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nobody;

impl Watch for Nobody {
    fn recall(&mut self, _: AssetId) -> Option<Vec<Shown>> {
        None
    }

    fn listed(&mut self, _: AssetId, _: &[Shown]) {}

    fn unread(&mut self, _: AssetId, _: &str) {}
}

/// What was read of folders and version stacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// What the lists tell of all that they show.
    pub facts: BTreeMap<AssetId, Facts>,
    /// What is directly in each folder and version stack, in the order of the ids, or why that
    /// could not be read.
    pub lists: BTreeMap<AssetId, Listed>,
    /// What the server does not know where it is to list it, or only as another kind.
    pub absent: BTreeSet<AssetId>,
    /// What may not be listed.
    pub refused: BTreeSet<AssetId>,
    /// What the lists tell of the projects.
    pub projects: BTreeMap<AssetId, Project>,
}

/// What is directly in a folder or a version stack, or why that could not be read.
pub type Listed = Result<Arc<[AssetId]>, Arc<str>>;

/// Reads all that is in some folders and version stacks, to the bottom.
///
/// Folders are listed by `/children`, and at the same time by `/files`, `/folders` and
/// `/version_stacks`, each under its own limit. What cannot be read is part of the answer and stops
/// nothing else: a list that is refused, fails, repeats an id or a cursor, shows another number of
/// assets than it says that it has, or an asset that another list shows as well, is unread, and
/// with it the contents of whatever it lies in ([`Tree::contents`]). For all that an account has,
/// the tops are the roots of [`read_projects`].
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn read_tree(
    client: &Client,
    tops: impl IntoIterator<Item = (AssetId, Kind)>,
    versions: Versions,
    watch: &mut dyn Watch,
) -> Result<Tree, StopReason> {
    let mut reader = Reader::new(client);
    if watch.decides() {
        reader.compare();
    }
    let mut growth = Growth {
        versions,
        tree: Tree::default(),
        known: BTreeSet::new(),
        shown_in: BTreeMap::new(),
        open: Vec::new(),
        sharing: Sharing::default(),
    };
    for (id, kind) in tops {
        growth.open(id, kind);
    }
    loop {
        while let Some(ask) = growth.open.pop() {
            let (Ask::Folder(of) | Ask::Stack(of)) = ask;
            match watch.recall(of) {
                Some(items) => growth.take(of, items, watch),
                None => reader.ask(ask, watch.begun(of)),
            }
        }
        let (of, answer) = match reader.next().await? {
            None => return Ok(growth.tree),
            Some(News::Page(of, page)) => {
                watch.page(of, page);
                continue;
            }
            Some(News::Answer(Ask::Folder(of) | Ask::Stack(of), answer)) => (of, answer),
        };
        match answer {
            Ok(items) => {
                watch.listed(of, &items);
                growth.take(of, items, watch);
            }
            Err(unread) => {
                match &unread {
                    Unread::Absent(_) => drop(growth.tree.absent.insert(of)),
                    Unread::Refused(_) => drop(growth.tree.refused.insert(of)),
                    Unread::Trouble { .. } | Unread::Malformed(_) | Unread::Stop(_) => {}
                }
                let why = unread.why()?;
                watch.unread(of, &why);
                growth.tree.lists.insert(of, Err(why.into()));
            }
        }
    }
}

/// Reads the projects of the account, with their roots, from where an earlier reading was cut off;
/// `heard` hears each page. Where it cannot go on there, it begins anew: this cursor is a key, and
/// what comes or goes meanwhile shifts nothing.
///
/// # Errors
///
/// Returns why they could not be read to the end.
pub async fn read_projects(
    client: &Client,
    begun: Option<ProjectsPart>,
    mut heard: impl FnMut(ProjectsPart),
) -> Result<BTreeMap<AssetId, Project>, Unread> {
    if let Some(begun) = begun {
        match go_through_projects(client, begun, &mut heard).await {
            Ok(all) => return Ok(all),
            Err(Unread::Stop(reason)) => return Err(Unread::Stop(reason)),
            Err(
                Unread::Trouble { .. }
                | Unread::Refused(_)
                | Unread::Absent(_)
                | Unread::Malformed(_),
            ) => {}
        }
    }
    go_through_projects(client, ProjectsPart::default(), &mut heard).await
}

async fn go_through_projects(
    client: &Client,
    begun: ProjectsPart,
    heard: &mut impl FnMut(ProjectsPart),
) -> Result<BTreeMap<AssetId, Project>, Unread> {
    let mut pages = client.pages(Read::ProjectsOfAccount, judge_projects);
    let mut after = begun.next;
    if after.is_some() {
        pages = pages.go_on(&Page {
            items: begun.projects.clone(),
            next: after.clone(),
            total: None,
        })?;
    }
    let mut all: BTreeMap<AssetId, Project> = begun.projects.into_iter().collect();
    for _ in 0..PAGES {
        let Some(Page { items, next, .. }) = pages.next_page().await? else {
            break;
        };
        all.extend(items.iter().cloned());
        heard(ProjectsPart {
            after,
            next: next.clone(),
            projects: items,
        });
        if next.is_none() {
            return Ok(all);
        }
        after = next;
    }
    Err(Unread::trouble(ENDLESS))
}

/// A tree while it is read.
struct Growth {
    versions: Versions,
    tree: Tree,
    /// What was asked for, or is to be.
    known: BTreeSet<AssetId>,
    /// The list that shows each asset.
    shown_in: BTreeMap<AssetId, AssetId>,
    /// What is to be asked for.
    open: Vec<Ask>,
    sharing: Sharing,
}

impl Growth {
    /// Asks for what is in an asset, where something can be and nobody has asked.
    fn open(&mut self, id: AssetId, kind: Kind) {
        if let Some(ask) = Ask::inside(id, kind)
            && self.known.insert(id)
        {
            self.open.push(ask);
        }
    }

    /// Takes in what is directly in a folder or a version stack.
    fn take(&mut self, of: AssetId, items: Vec<Shown>, watch: &mut dyn Watch) {
        let mut ids: Vec<AssetId> = items.iter().map(|item| item.id).collect();
        ids.sort_unstable();
        let mut doubt = None;
        for item in items {
            // A stack that is no top is opened only where its versions are wanted.
            let is_wanted = match item.facts.kind {
                Kind::File => false,
                Kind::Folder => true,
                Kind::VersionStack => self.versions == Versions::All,
            };
            if is_wanted && watch.enters(of, &item) {
                self.open(item.id, item.facts.kind);
            }
            let Shown {
                id,
                mut facts,
                project,
            } = item;
            self.sharing.share(&mut facts);
            self.tree.projects.extend(project);
            let parent = facts.parent.or(Some(of));
            self.tree.facts.insert(id, Facts { parent, ..facts });
            if let Some(other) = self.shown_in.insert(id, of) {
                let called = self.tree.called(id);
                let why = |other: Called| {
                    Err(format!("{called} is in the list of {other} as well").into())
                };
                doubt = Some(why(self.tree.called(other)));
                let this = why(self.tree.called(of));
                self.tree.lists.insert(other, this);
            }
        }
        self.tree
            .lists
            .insert(of, doubt.unwrap_or_else(|| Ok(ids.into())));
    }
}

impl Tree {
    fn is_folder(&self, id: AssetId) -> bool {
        let facts = self.facts.get(&id);
        facts.is_some_and(|facts| facts.kind == Kind::Folder)
    }

    /// How a sentence names an asset: by its name, where a list has told it.
    fn called(&self, id: AssetId) -> Called {
        let path = self.facts.get(&id).and_then(|facts| facts.name.clone());
        Called { id, path }
    }

    /// All that is in a folder or a version stack that was read, to the bottom; of version stacks
    /// in folders what was wanted.
    #[must_use]
    pub fn contents(&self, top: AssetId) -> Contents {
        match self.read(top) {
            Ok(all) => Contents::Whole(all.into_iter().collect()),
            Err((_, why)) => Contents::Unread(why.into()),
        }
    }

    /// Whether it is for want of a right that nobody knows all that is in something.
    #[must_use]
    pub fn is_refused(&self, top: AssetId) -> bool {
        let unread = self.read(top).err();
        unread.is_some_and(|(of, _)| self.refused.contains(&of))
    }

    /// What is in something, to the bottom, or else what could not be listed, and why.
    fn read(&self, top: AssetId) -> Result<BTreeSet<AssetId>, (AssetId, String)> {
        let mut all = BTreeSet::new();
        let mut open = vec![top];
        while let Some(of) = open.pop() {
            let ids = match self.lists.get(&of) {
                Some(Ok(ids)) => ids,
                Some(Err(why)) => {
                    let called = self.called(of);
                    return Err((of, format!("{called} could not be listed: {why}")));
                }
                None if of == top => return Err((of, "it was not listed".to_owned())),
                None if self.is_folder(of) => {
                    return Err((of, format!("{} was not listed", self.called(of))));
                }
                // A file, or a version stack of which only the newest version was wanted.
                None => continue,
            };
            for id in &**ids {
                if *id == top || !all.insert(*id) {
                    let called = self.called(of);
                    return Err((of, format!("the list of {called} leads round in a circle")));
                }
                open.push(*id);
            }
        }
        Ok(all)
    }
}
