//! A server for the tests of the steps.

use std::collections::BTreeMap;

use crate::app::probe::script::*;
use crate::frameio::v4::changes_answer::Placed;
use crate::inventory::Facts;
use crate::outcome::FailureKind;
use crate::probe::{BadId, Lines, MoveAnswer, Restore, SameName, Taken, YesNo};

/// A server that does one thing or the other, in few lines.
pub(super) struct Model {
    pub(super) bad: BadId,
    pub(super) answer: MoveAnswer,
    pub(super) there: Taken,
    pub(super) keeps: YesNo,
    /// Whether the answer to a move of several lists none of them.
    pub(super) says_nothing: bool,
    pub(super) twice: u16,
    /// How often what was in a deleted folder is still seen.
    pub(super) cascade: usize,
    pub(super) lines: Lines,
    pub(super) restores: [Restore; 3],
    /// How often a restored folder is listed before it is whole.
    pub(super) slow: usize,
    pub(super) gone: u16,
    pub(super) same: SameName,
    /// How often a stack is read before it is back with its folder, by which alone it comes back.
    pub(super) late_stack: Option<usize>,
    /// Whether the delete of a file changes nothing, and the restore of one.
    pub(super) keeps_file: bool,
    pub(super) loses_file: bool,
    /// Which reading is answered with 403.
    pub(super) hiccup: Option<usize>,
    pub(super) reads: usize,
    /// The files, folders and stacks: where each is, how it is called, and what it was deleted with.
    pub(super) nodes: BTreeMap<AssetId, Node>,
    pub(super) next: u128,
    /// How often it is still seen, and how often a restored folder is still not whole.
    pub(super) ghosts: usize,
    pub(super) left: usize,
    pub(super) changes: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    kind: Kind,
    parent: AssetId,
    name: Arc<str>,
    deleted: Option<AssetId>,
}

pub(super) fn id(number: u128) -> AssetId {
    AssetId::from_uuid(uuid::Uuid::from_u128(number))
}

pub(super) fn refusal(status: u16) -> Refusal {
    Refusal {
        status,
        kind: match status {
            403 => FailureKind::Permission,
            404 => FailureKind::NotFound,
            409 => FailureKind::Conflict,
            _ => FailureKind::Invalid,
        },
        detail: format!("status {status}"),
    }
}

impl Model {
    pub(super) fn harsher() -> Self {
        Self {
            bad: BadId::Whole,
            answer: MoveAnswer::Full,
            there: Taken::Refused,
            keeps: YesNo::Yes,
            says_nothing: false,
            twice: 404,
            cascade: 2,
            lines: Lines::FolderOnly,
            restores: [Restore::Yes; 3],
            slow: 1,
            gone: 404,
            same: SameName::Allowed,
            late_stack: None,
            keeps_file: false,
            loses_file: false,
            hiccup: None,
            reads: 0,
            nodes: BTreeMap::new(),
            next: 100,
            ghosts: 0,
            left: 0,
            changes: 0,
        }
    }

    pub(super) fn make(&mut self, kind: Kind, parent: AssetId, name: &Arc<str>) -> Changed {
        self.next += 1;
        let made = id(self.next);
        let name = Arc::clone(name);
        let node = Node {
            kind,
            parent,
            name,
            deleted: None,
        };
        self.nodes.insert(made, node);
        Changed::Created(self.placed(made))
    }

    fn placed(&self, id: AssetId) -> Placed {
        let node = &self.nodes[&id];
        Placed {
            kind: node.kind,
            id,
            name: Arc::clone(&node.name),
            parent: node.parent,
            project: self::id(1),
        }
    }

    fn moves(&mut self, ids: &[AssetId], to: AssetId) -> Result<Changed, Refusal> {
        let mut good = Vec::new();
        for id in ids {
            let node = self.nodes.get(id).filter(|node| node.deleted.is_none());
            let mut inside = self.nodes.iter().filter(|(_, other)| other.parent == to);
            let taken = node.is_some_and(|node| {
                inside.any(|(other, there)| other != id && there.name == node.name)
            });
            let is_bad = match node {
                None => true,
                Some(node) if node.parent == to => self.there == Taken::Refused,
                Some(_) => taken && self.same == SameName::Refused,
            };
            if !is_bad {
                good.push(*id);
            } else if self.bad == BadId::Whole {
                return Err(refusal(422));
            }
        }
        let mut moved = Vec::new();
        for id in good {
            let mut node = self.nodes[&id].clone();
            let mut now = id;
            if self.keeps == YesNo::No && node.parent != to {
                self.next += 1;
                now = self::id(self.next);
                self.nodes.remove(&id);
            }
            node.parent = to;
            self.nodes.insert(now, node);
            moved.push(self.placed(now));
        }
        if self.answer == MoveAnswer::Short {
            moved.pop();
        }
        if self.says_nothing {
            moved.clear();
        }
        Ok(Changed::Moved(moved))
    }

    fn delete(&mut self, top: AssetId) -> Result<Changed, Refusal> {
        if self.keeps_file && self.nodes[&top].kind == Kind::File {
            return Ok(Changed::Deleted(204));
        }
        if self.nodes[&top].deleted.is_some() {
            return match self.twice {
                204 => Ok(Changed::Deleted(204)),
                status => Err(refusal(status)),
            };
        }
        let mut parents = vec![top];
        let mut seen = 0;
        while let Some(parent) = parents.get(seen).copied() {
            let below = self.nodes.iter().filter(|(_, node)| node.parent == parent);
            parents.extend(below.map(|(id, _)| *id));
            seen += 1;
        }
        for id in parents {
            self.nodes.get_mut(&id).unwrap().deleted = Some(top);
        }
        self.ghosts = self.cascade;
        Ok(Changed::Deleted(204))
    }

    fn restore(&mut self, kind: Kind, top: AssetId) -> Result<Changed, Refusal> {
        if self.late_stack.is_some() && kind == Kind::VersionStack {
            return Err(refusal(409));
        }
        if self.loses_file && kind == Kind::File {
            return Ok(Changed::Restored(self.placed(top)));
        }
        let [file, folder, stack] = self.restores;
        match match kind {
            Kind::File => file,
            Kind::Folder => folder,
            Kind::VersionStack => stack,
        } {
            Restore::Yes => {}
            Restore::No => return Err(refusal(409)),
            Restore::Unsupported => return Err(refusal(404)),
        }
        let only = kind == Kind::Folder && self.slow > 0;
        self.left = if only { self.slow } else { 0 };
        for (id, node) in &mut self.nodes {
            let is_below = node.deleted == Some(top) && !only && node.kind != Kind::VersionStack;
            if *id == top || is_below {
                node.deleted = None;
            }
        }
        Ok(Changed::Restored(self.placed(top)))
    }

    pub(super) fn change(&mut self, change: Change) -> Result<Changed, Refusal> {
        self.changes += 1;
        match change {
            Change::CreateFolder { parent, name } => Ok(self.make(Kind::Folder, parent, &name)),
            Change::CreateFile { parent, name, .. } => Ok(self.make(Kind::File, parent, &name)),
            Change::CreateStack { parent, files } => {
                let made = self.make(Kind::VersionStack, parent, &"stack".into());
                for file in &*files {
                    self.nodes.get_mut(file).unwrap().parent = id(self.next);
                }
                Ok(made)
            }
            Change::MoveFiles { ids, to } => self.moves(&ids, to),
            Change::MoveFile { id, to } => {
                let (bad, answer) = (self.bad, self.answer);
                (self.bad, self.answer) = (BadId::Whole, MoveAnswer::Full);
                let moved = self.moves(&[id], to);
                (self.bad, self.answer) = (bad, answer);
                moved
            }
            Change::DeleteFile(id) | Change::DeleteFolder(id) => self.delete(id),
            Change::Restore(kind, id) => self.restore(kind, id),
            change @ (Change::MoveFolders { .. } | Change::MoveStack { .. }) => {
                panic!("{change:?}")
            }
        }
    }

    pub(super) fn read(&mut self, asked: AssetId) -> Seen {
        self.reads += 1;
        if self.hiccup == Some(self.reads) {
            return Seen {
                status: 403,
                is_there: false,
                parent: None,
            };
        }
        if let (Some(late), Some(node)) = (self.late_stack, self.nodes.get(&asked))
            && node.kind == Kind::VersionStack
            && self.nodes[&node.parent].deleted.is_none()
        {
            self.late_stack = Some(late.saturating_sub(1));
            if late == 0 {
                self.nodes.get_mut(&asked).unwrap().deleted = None;
            }
        }
        let node = self.nodes.get(&asked);
        let is_ghost = node.is_some_and(|node| node.deleted.is_some_and(|top| top != asked));
        let is_there = match node {
            Some(node) if node.deleted.is_some() => is_ghost && self.ghosts > 0,
            Some(_) => true,
            None => false,
        };
        self.ghosts = self.ghosts.saturating_sub(1);
        Seen {
            status: if is_there { 200 } else { self.gone },
            is_there,
            parent: None,
        }
    }

    pub(super) fn list(&mut self, folder: AssetId) -> Option<Vec<Shown>> {
        if self.nodes[&folder].deleted.is_some() {
            return None;
        }
        if self.left == 0 {
            for node in self.nodes.values_mut() {
                let back = node.deleted == Some(folder) && node.kind != Kind::VersionStack;
                if back {
                    node.deleted = None;
                }
            }
        }
        self.left = self.left.saturating_sub(1);
        let inside = self.nodes.iter().filter(|(_, node)| node.parent == folder);
        let there = inside.filter(|(_, node)| node.deleted.is_none());
        let shown = there.map(|(id, node)| Shown {
            id: *id,
            facts: Facts {
                name: Some(Arc::clone(&node.name)),
                ..Facts::of_kind(node.kind)
            },
            project: None,
        });
        Some(shown.collect())
    }

    /// What is taken of its answer: one that names what was not asked for says nothing.
    fn answer(&mut self, change: Change) -> Result<Result<Changed, Refusal>, Unmade> {
        let asked: Arc<[AssetId]> = if let Change::MoveFiles { ids, .. } = &change {
            Arc::clone(ids)
        } else {
            [].into()
        };
        let answer = self.change(change);
        if let Ok(Changed::Moved(moved)) = &answer
            && !asked.is_empty()
            && moved.iter().any(|moved| !asked.contains(&moved.id))
        {
            let detail = "it speaks of others".to_owned();
            return Err(Unmade::Unknown { detail });
        }
        Ok(answer)
    }

    pub(super) fn look_into(&mut self, folder: AssetId) -> Option<Inside> {
        let foreign = Vec::new();
        self.list(folder).map(|shown| Inside { shown, foreign })
    }

    /// Probes it; what it was asked has to be over some time.
    pub(super) fn probe(&mut self) -> (Findings, Ended) {
        let mut script = Script::new(Mark("m".to_owned()), ("top", id(2)), id(3));
        let mut asked = 0;
        let mut waited = Duration::ZERO;
        while let Some(ask) = script.ask() {
            asked += 1;
            assert!(asked < 100, "{script:?}");
            let heard = match ask {
                Ask::Make(_, change) | Ask::Change(change) => Heard::Changed(self.answer(change)),
                Ask::Read(_, id) => Heard::Read(Ok(self.read(id))),
                Ask::List(folder) => Heard::Listed(Ok(self.list(folder))),
                Ask::LookInto(folder) => Heard::LookedInto(Ok(self.look_into(folder))),
                Ask::Lines([folder, _]) => {
                    let gone = self.nodes.iter().filter(|(_, node)| node.deleted.is_some());
                    let shows = |id| id == folder || self.lines == Lines::Descendants;
                    let lines = gone.map(|(id, _)| *id).filter(|id| shows(*id));
                    Heard::Lines(Ok(Deleted {
                        ids: lines.collect(),
                        is_whole: true,
                    }))
                }
                Ask::Wait(pause) => {
                    waited += pause;
                    Heard::Waited
                }
            };
            script.hear(heard);
        }
        assert!(waited < Duration::from_secs(90), "{waited:?}");
        script.into_end()
    }
}
