use std::collections::BTreeMap;

use super::*;
use crate::frameio::v4::changes_answer::Placed;
use crate::inventory::Facts;
use crate::outcome::FailureKind;
use crate::probe::{Assumption, BadId, Lines, MoveAnswer, Restore, SameName, Taken, YesNo};

/// A server that does one thing or the other, in few lines.
struct Model {
    bad: BadId,
    answer: MoveAnswer,
    there: Taken,
    keeps: YesNo,
    twice: u16,
    /// How often what was in a deleted folder is still seen.
    cascade: usize,
    lines: Lines,
    restores: [Restore; 3],
    /// How often a restored folder is listed before it is whole.
    slow: usize,
    gone: u16,
    same: SameName,
    /// The files, folders and stacks: where each is, how it is called, and what it was deleted with.
    nodes: BTreeMap<AssetId, Node>,
    next: u128,
    /// How often it is still seen, and how often a restored folder is still not whole.
    ghosts: usize,
    left: usize,
    changes: usize,
}

#[derive(Debug, Clone)]
struct Node {
    kind: Kind,
    parent: AssetId,
    name: Arc<str>,
    deleted: Option<AssetId>,
}

fn id(number: u128) -> AssetId {
    AssetId::from_uuid(uuid::Uuid::from_u128(number))
}

fn refusal(status: u16) -> Refusal {
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
    fn harsher() -> Self {
        Self {
            bad: BadId::Whole,
            answer: MoveAnswer::Full,
            there: Taken::Refused,
            keeps: YesNo::Yes,
            twice: 404,
            cascade: 2,
            lines: Lines::FolderOnly,
            restores: [Restore::Yes; 3],
            slow: 1,
            gone: 404,
            same: SameName::Allowed,
            nodes: BTreeMap::new(),
            next: 100,
            ghosts: 0,
            left: 0,
            changes: 0,
        }
    }

    fn make(&mut self, kind: Kind, parent: AssetId, name: &Arc<str>) -> Changed {
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
            project: super::tests::id(1),
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
                now = super::tests::id(self.next);
                self.nodes.remove(&id);
            }
            node.parent = to;
            self.nodes.insert(now, node);
            moved.push(self.placed(now));
        }
        if self.answer == MoveAnswer::Short {
            moved.pop();
        }
        Ok(Changed::Moved(moved))
    }

    fn delete(&mut self, top: AssetId) -> Result<Changed, Refusal> {
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

    fn change(&mut self, change: Change) -> Result<Changed, Refusal> {
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
            change @ (Change::RenameFolder { .. }
            | Change::MoveFolders { .. }
            | Change::MoveStack { .. }) => panic!("{change:?}"),
        }
    }

    fn read(&mut self, asked: AssetId) -> Seen {
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

    fn list(&mut self, folder: AssetId) -> Option<Vec<Shown>> {
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

    fn look_into(&mut self, folder: AssetId) -> Option<Inside> {
        let foreign = Vec::new();
        self.list(folder).map(|shown| Inside { shown, foreign })
    }

    /// Probes it; what it was asked has to be over some time.
    fn probe(&mut self) -> (Findings, Ended) {
        let mut script = Script::new(Mark("m".to_owned()), ("top", id(2)), id(3));
        let mut asked = 0;
        let mut waited = Duration::ZERO;
        while let Some(ask) = script.ask() {
            asked += 1;
            assert!(asked < 100, "{script:?}");
            let heard = match ask {
                Ask::Make(_, change) | Ask::Change(change) => {
                    Heard::Changed(Ok(self.change(change)))
                }
                Ask::Read(_, id) => Heard::Read(Ok(self.read(id))),
                Ask::List(folder) => Heard::Listed(Ok(self.list(folder))),
                Ask::LookInto(folder) => Heard::LookedInto(Ok(self.look_into(folder))),
                Ask::Lines(folder) => {
                    let gone = self.nodes.iter().filter(|(_, node)| node.deleted.is_some());
                    let shows = |id| id == folder || self.lines == Lines::Descendants;
                    let lines = gone.map(|(id, _)| *id).filter(|id| shows(*id));
                    Heard::Lines(Ok(lines.collect()))
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

fn observed(findings: &Findings, assumption: Assumption) -> String {
    let observed = findings.observed(assumption);
    observed.unwrap_or_else(|| "unclear".to_owned())
}

#[test]
fn a_server_of_the_harsher_readings_is_as_expected() {
    let mut model = Model::harsher();
    let (findings, ended) = model.probe();
    assert_eq!(ended, Ended::Whole);
    for assumption in Assumption::ALL {
        let observed = observed(&findings, assumption);
        assert_eq!(observed, assumption.expected(), "{assumption:?}");
    }
    assert!(
        model.changes <= crate::render::probe::changes(),
        "{}",
        model.changes
    );
}

#[test]
fn each_other_reading_is_told_whatever_the_rest_is() {
    type Switch = (Assumption, &'static str, fn(&mut Model));
    let switches: [Switch; 17] = [
        (Assumption::BulkMoveBadId, "partial", |model| {
            model.bad = BadId::Partial;
        }),
        (Assumption::BulkMoveAnswer, "short", |model| {
            model.answer = MoveAnswer::Short;
        }),
        (Assumption::MoveAlreadyThere, "ok", |model| {
            model.there = Taken::Ok;
        }),
        (Assumption::MoveKeepsId, "no", |model| {
            model.keeps = YesNo::No;
        }),
        (Assumption::DeleteTwice, "204", |model| {
            model.twice = 204;
        }),
        (Assumption::DeleteTwice, "410", |model| {
            model.twice = 410;
        }),
        (Assumption::FolderDeleteCascade, "at-once", |model| {
            model.cascade = 0;
        }),
        (Assumption::FolderDeleteCascade, "not-seen", |model| {
            model.cascade = 1000;
        }),
        (Assumption::RecentlyDeleted, "descendants", |model| {
            model.lines = Lines::Descendants;
        }),
        (Assumption::RestoreFile, "no", |model| {
            model.restores[0] = Restore::No;
        }),
        (Assumption::RestoreFile, "unsupported", |model| {
            model.restores[0] = Restore::Unsupported;
        }),
        (Assumption::RestoreFolder, "complete", |model| {
            model.slow = 0;
        }),
        (Assumption::RestoreFolder, "unsupported", |model| {
            model.restores[1] = Restore::Unsupported;
        }),
        (Assumption::RestoreStack, "no", |model| {
            model.restores[2] = Restore::No;
        }),
        (Assumption::RestoreStack, "unsupported", |model| {
            model.restores[2] = Restore::Unsupported;
        }),
        (Assumption::NotFoundDeleted, "422", |model| {
            model.gone = 422;
        }),
        (Assumption::SameName, "refused", |model| {
            model.same = SameName::Refused;
        }),
    ];
    for (number, (assumption, word, set)) in switches.iter().enumerate() {
        let mut model = Model::harsher();
        set(&mut model);
        let (findings, ended) = model.probe();
        assert_eq!(ended, Ended::Whole);
        assert_eq!(observed(&findings, *assumption), *word, "{assumption:?}");
        // Together with each other one.
        for (other, of_other, set_other) in &switches[..number] {
            let mut model = Model::harsher();
            set(&mut model);
            set_other(&mut model);
            let (findings, _) = model.probe();
            let depends = *other == *assumption
                || hides((*other, of_other), *assumption)
                || hides((*assumption, word), *other);
            if !depends {
                assert_eq!(
                    observed(&findings, *assumption),
                    *word,
                    "{other:?} {of_other}"
                );
                assert_eq!(
                    observed(&findings, *other),
                    *of_other,
                    "{assumption:?} {word}"
                );
            }
        }
    }
}

/// Whether one reading leaves nothing to see of another assumption.
fn hides((one, word): (Assumption, &str), other: Assumption) -> bool {
    match (one, word) {
        // No stack is made in what might not be deleted with its folder.
        (Assumption::FolderDeleteCascade, "not-seen") => other == Assumption::RestoreStack,
        // What moves is another file afterwards.
        (Assumption::MoveKeepsId, "no") => matches!(
            other,
            Assumption::BulkMoveAnswer
                | Assumption::BulkMoveBadId
                | Assumption::MoveAlreadyThere
                | Assumption::SameName
        ),
        _ => false,
    }
}

#[test]
fn what_cannot_be_made_ends_it_and_a_stop_stops_it() {
    let begin = || Script::new(Mark("m".to_owned()), ("top", id(2)), id(3));
    let mut script = begin();
    script.hear(Heard::Changed(Ok(Err(refusal(403)))));
    assert_eq!(script.ask(), None);
    let (findings, ended) = script.into_end();
    assert_eq!(ended, Ended::Early("status 403".to_owned()));
    assert_eq!(findings, Findings::default());
    let mut script = begin();
    let detail = "closed".to_owned();
    script.hear(Heard::Changed(Err(Unmade::Unknown { detail })));
    assert_eq!(script.ask(), None, "nothing is made twice");
    let mut script = begin();
    let reason = StopReason::Signal { number: 2 };
    script.hear(Heard::Changed(Err(Unmade::Stop(reason.clone()))));
    assert_eq!(script.ask(), None);
    assert_eq!(script.into_end().1, Ended::Stopped(reason));
}

#[test]
fn something_foreign_in_a_folder_ends_it_before_the_delete() {
    // In the first folder, or in the second one.
    for (looks, kind) in [
        (0, Kind::File),
        (1, Kind::File),
        (1, Kind::VersionStack),
        (1, Kind::Folder),
    ] {
        let mut model = Model::harsher();
        let mut script = Script::new(Mark("m".to_owned()), ("top", id(2)), id(3));
        let mut looked = 0;
        while let Some(ask) = script.ask() {
            let heard = match ask {
                Ask::Make(_, change) | Ask::Change(change) => {
                    let deletes = matches!(change, Change::DeleteFolder(_));
                    assert!(!deletes || looked <= looks, "{change:?}");
                    Heard::Changed(Ok(model.change(change)))
                }
                Ask::Read(_, id) => Heard::Read(Ok(model.read(id))),
                Ask::List(folder) => Heard::Listed(Ok(model.list(folder))),
                Ask::LookInto(folder) => {
                    let mut inside = model.look_into(folder).unwrap();
                    if looked == looks {
                        let Changed::Created(made) = model.make(kind, folder, &"mine".into())
                        else {
                            panic!("it was not made");
                        };
                        let facts = Facts::of_kind(kind);
                        inside.shown.push(Shown {
                            id: made.id,
                            facts,
                            project: None,
                        });
                        // A folder is nobody's own there, whatever is said of it.
                        if kind != Kind::Folder {
                            inside.foreign.push(made.id);
                        }
                    }
                    looked += 1;
                    Heard::LookedInto(Ok(Some(inside)))
                }
                Ask::Lines(_) => Heard::Lines(Ok(BTreeSet::new())),
                Ask::Wait(_) => Heard::Waited,
            };
            script.hear(heard);
        }
        assert_eq!(looked, looks + 1, "{kind:?}");
        assert!(matches!(script.into_end().1, Ended::Early(_)));
    }
}
