//! A world that answers as it likes.

use std::collections::VecDeque;

use uuid::Uuid;

use super::*;

pub(super) fn id(number: u8) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(number.into()))
}

/// Assets 1 to 3 are files that were deleted one by one, 3 out of folder 9; then folder 10 went with
/// 11 and 12 in it, and last folder 9. Stack 20 went as its files did.
pub(super) const FILES: [u8; 3] = [1, 2, 3];
pub(super) const FOLDERS: [u8; 2] = [9, 10];
pub(super) const INSIDE: [u8; 2] = [11, 12];
pub(super) const STACK: u8 = 20;
pub(super) const VERSIONS: [u8; 2] = [21, 22];

/// What becomes of an empty version stack, and what its own restore does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stacks {
    /// Whether it is deleted with the last of its files.
    pub(super) dies: bool,
    /// Whether it is shown while nothing is in it.
    pub(super) is_shown: bool,
    /// Whether its files come along with it.
    pub(super) brings: bool,
}

pub(super) const SHELL: Stacks = Stacks {
    dies: true,
    is_shown: true,
    brings: false,
};

/// How the server answers a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Serve,
    /// It does it, and no answer comes.
    LostDone,
    /// It does nothing, and no answer comes.
    Lost,
    Refuse,
    /// The same in words that speak of every other kind.
    NoSuch,
    DeniedDone,
    Stop,
    /// It says that it has, and has not.
    Lie,
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) alive: BTreeSet<u8>,
    pub(super) ways: VecDeque<Way>,
    /// How many readings it takes until what was in a folder is back.
    pub(super) slow: u32,
    pub(super) coming: Vec<u8>,
    /// Which reading fails.
    pub(super) fails: Option<u32>,
    pub(super) readings: u32,
    pub(super) asked: Vec<u8>,
    pub(super) stacks: Stacks,
    /// What people have moved since, and into what.
    pub(super) moved: BTreeMap<u8, u8>,
    /// What was in no record: by what it lies in, with its bytes.
    pub(super) others: BTreeMap<u8, (u8, u64)>,
}

pub(super) fn kind(number: u8) -> Kind {
    if FOLDERS.contains(&number) {
        Kind::Folder
    } else if number == STACK {
        Kind::VersionStack
    } else {
        Kind::File
    }
}

pub(super) fn parent(number: u8) -> u8 {
    match number {
        3 => 9,
        11 | 12 => 10,
        21 | 22 => STACK,
        _ => 50,
    }
}

pub(super) fn number(asset: AssetId) -> u8 {
    (0..=50).find(|number| id(*number) == asset).unwrap()
}

impl World {
    pub(super) fn lies_in(&self, number: u8) -> u8 {
        let other = self.others.get(&number).map(|(parent, _)| parent);
        let moved = self.moved.get(&number).or(other);
        moved.copied().unwrap_or_else(|| parent(number))
    }

    pub(super) fn facts(&self, number: u8) -> Facts {
        let bytes = self.others.get(&number).map_or(5, |(_, bytes)| *bytes);
        Facts {
            parent: Some(id(self.lies_in(number))),
            bytes: Some(bytes).filter(|_| kind(number) == Kind::File),
            ..Facts::of_kind(kind(number))
        }
    }

    /// What lives in something, however deep.
    pub(super) fn inside(&self, whole: u8) -> Vec<u8> {
        let is_in = |number: &u8| {
            let mut above = self.lies_in(*number);
            while above != whole && above != 50 {
                above = self.lies_in(above);
            }
            above == whole
        };
        let others = self
            .others
            .keys()
            .filter(|number| !self.alive.contains(number));
        let all: BTreeSet<u8> = self.alive.iter().chain(others).copied().collect();
        all.into_iter()
            .filter(|number| *number != 50)
            .filter(is_in)
            .collect()
    }

    pub(super) fn revive(&mut self, number: u8) {
        self.alive.insert(number);
        if number == 10 {
            self.coming = INSIDE.to_vec();
            if self.slow == 0 {
                self.alive.extend(self.coming.drain(..));
            }
        }
        if number == STACK && self.stacks.brings {
            self.alive.extend(VERSIONS);
        }
    }

    pub(super) fn shows(&self, number: u8) -> bool {
        let is_empty = || !VERSIONS.iter().any(|file| self.alive.contains(file));
        let is_hidden = number == STACK && !self.stacks.is_shown && is_empty();
        self.alive.contains(&number) && !is_hidden
    }
}

impl Server for World {
    fn restore(&mut self, of: Kind, asset: AssetId) -> Answer {
        let number = number(asset);
        self.asked.push(number);
        let refused = |is_other_kind, detail: &str| {
            Answer::Refused(Refused {
                is_other_kind,
                detail: detail.to_owned(),
            })
        };
        let way = self.ways.pop_front().unwrap_or(Way::Serve);
        let can = of == kind(number) && !self.alive.contains(&number);
        let can = can && (parent(number) == 50 || self.alive.contains(&parent(number)));
        let signal = StopReason::Signal { number: 2 };
        match way {
            Way::Refuse => refused(false, "No."),
            Way::NoSuch => refused(true, "None."),
            Way::Lost => Answer::Unknown,
            Way::Stop => Answer::Stop(signal),
            Way::Lie => Answer::Restored,
            Way::Serve | Way::LostDone | Way::DeniedDone if can => {
                self.revive(number);
                match way {
                    Way::Serve => Answer::Restored,
                    Way::LostDone => Answer::Unknown,
                    Way::DeniedDone
                    | Way::Lost
                    | Way::Refuse
                    | Way::NoSuch
                    | Way::Stop
                    | Way::Lie => Answer::Denied(signal),
                }
            }
            Way::Serve | Way::LostDone | Way::DeniedDone => {
                refused(of != kind(number), "It cannot be.")
            }
        }
    }

    fn read(
        &mut self,
        assets: &[(AssetId, Option<Kind>)],
        folders: &BTreeSet<AssetId>,
    ) -> Result<Inventory, StopReason> {
        self.readings += 1;
        if self.fails == Some(self.readings) {
            return Err(StopReason::TimeBudget);
        }
        if self.readings >= self.slow {
            self.alive.extend(self.coming.drain(..));
        }
        let mut read = Inventory::default();
        for (asset, _) in assets {
            let number = number(*asset);
            let seen = if self.shows(number) {
                Seen::There(self.facts(number))
            } else if self.alive.contains(&number) {
                Seen::Missing
            } else {
                Seen::Deleted {
                    facts: None,
                    evidence: Evidence::Listed,
                }
            };
            read.assets.insert(*asset, seen);
        }
        for folder in folders {
            let inside = self.inside(number(*folder));
            let around = inside
                .iter()
                .map(|inside| (id(*inside), self.facts(*inside)));
            read.around.extend(around);
            let ids = inside.into_iter().map(id).collect();
            read.contents.insert(*folder, Contents::Whole(ids));
        }
        Ok(read)
    }

    fn pause(&mut self, _: Duration) -> Result<(), StopReason> {
        Ok(())
    }

    fn tell(&mut self, _: usize, _: usize) {}

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}
