//! How the API of an account behaves where its documentation leaves it open, as far as `retire probe`
//! has found out.
//!
//! A finding can make a client stricter, or show that what it rests on is so; no finding makes
//! anything evidence that was none before.

use crate::probe::words::words;

pub mod document;
pub mod thing;
mod words;

words! {
    /// What a move of several does where one of its ids is bad.
    BadId {
        /// It is refused as a whole.
        Whole = "whole",
        /// It moves the others.
        Partial = "partial",
    }
}

words! {
    /// What the answer to a move of several lists.
    MoveAnswer {
        /// All that was moved.
        Full = "full",
        /// Less than was moved.
        Short = "short",
    }
}

words! {
    /// Whether something is taken.
    Taken {
        /// It is taken.
        Ok = "ok",
        /// It is refused.
        Refused = "refused",
    }
}

words! {
    /// Whether something is so.
    YesNo {
        /// It is.
        Yes = "yes",
        /// It is not.
        No = "no",
    }
}

words! {
    /// When what is in a folder goes, once the folder was deleted.
    Cascade {
        /// By the time that the delete was answered.
        AtOnce = "at-once",
        /// Some time later.
        Delayed = "delayed",
        /// Not as long as anybody looked.
        NotSeen = "not-seen",
    }
}

words! {
    /// What the list of recently deleted assets shows of a folder that was deleted.
    Lines {
        /// The folder alone.
        FolderOnly = "folder-only",
        /// What was in it as well.
        Descendants = "descendants",
    }
}

words! {
    /// Whether the API brings a deleted file or version stack back.
    Restore {
        /// It does.
        Yes = "yes",
        /// It refuses.
        No = "no",
        /// It has no such call.
        Unsupported = "unsupported",
    }
}

words! {
    /// Whether the API brings a deleted folder back, with what was in it.
    RestoreFolder {
        /// It is whole at once.
        Complete = "complete",
        /// It is whole some time later.
        Slow = "slow",
        /// It is refused, or not whole as long as anybody looked.
        No = "no",
        /// It has no such call.
        Unsupported = "unsupported",
    }
}

words! {
    /// Whether an asset may be moved to where another has its name.
    SameName {
        /// It may.
        Allowed = "allowed",
        /// It is refused.
        Refused = "refused",
    }
}

words! {
    /// Something that the documentation of the API leaves open, and that the program has to expect
    /// one way or the other.
    Assumption {
        /// What a move of several does where one of its ids is bad.
        BulkMoveBadId = "bulk-move-bad-id",
        /// What the answer to a move of several lists.
        BulkMoveAnswer = "bulk-move-answer",
        /// Whether an asset may be moved to where it is.
        MoveAlreadyThere = "move-already-there",
        /// Whether a moved file keeps its id.
        MoveKeepsId = "move-keeps-id",
        /// What the second delete of a file is answered with.
        DeleteTwice = "delete-twice",
        /// When what is in a deleted folder goes.
        FolderDeleteCascade = "folder-delete-cascade",
        /// What the recently deleted show of a deleted folder.
        RecentlyDeleted = "recently-deleted",
        /// Whether a deleted file comes back.
        RestoreFile = "restore-file",
        /// Whether a deleted folder comes back.
        RestoreFolder = "restore-folder",
        /// Whether a deleted version stack comes back.
        RestoreStack = "restore-stack",
        /// What the reading of a deleted file is answered with.
        NotFoundDeleted = "not-found-deleted",
        /// What the reading of a file that never was is answered with.
        NotFoundNever = "not-found-never",
        /// Whether an asset may be moved to where another has its name.
        SameName = "same-name",
    }
}

impl Assumption {
    /// What the program expects until somebody has looked: the reading that asks more of it.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::BulkMoveBadId => BadId::Whole.name(),
            Self::BulkMoveAnswer => MoveAnswer::Full.name(),
            Self::MoveAlreadyThere => Taken::Refused.name(),
            Self::MoveKeepsId => YesNo::Yes.name(),
            Self::FolderDeleteCascade => Cascade::Delayed.name(),
            Self::RecentlyDeleted => Lines::FolderOnly.name(),
            Self::RestoreFile | Self::RestoreStack => Restore::Yes.name(),
            Self::RestoreFolder => RestoreFolder::Slow.name(),
            Self::DeleteTwice | Self::NotFoundDeleted | Self::NotFoundNever => "404",
            Self::SameName => SameName::Allowed.name(),
        }
    }
}

/// Those that were not seen.
fn lacking<const N: usize>(seen: [(Assumption, bool); N]) -> Vec<Assumption> {
    let unseen = seen.into_iter().filter(|(_, is_seen)| !is_seen);
    unseen.map(|(assumption, _)| assumption).collect()
}

/// What was found out; nothing where it could not be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Findings {
    pub bulk_move_bad_id: Option<BadId>,
    pub bulk_move_answer: Option<MoveAnswer>,
    pub move_already_there: Option<Taken>,
    pub move_keeps_id: Option<YesNo>,
    /// The status of the answer.
    pub delete_twice: Option<u16>,
    pub folder_delete_cascade: Option<Cascade>,
    pub recently_deleted: Option<Lines>,
    pub restore_file: Option<Restore>,
    pub restore_folder: Option<RestoreFolder>,
    pub restore_stack: Option<Restore>,
    /// The status of the answer.
    pub not_found_deleted: Option<u16>,
    /// The status of the answer.
    pub not_found_never: Option<u16>,
    pub same_name: Option<SameName>,
}

impl Findings {
    /// Which findings are not there that bringing back rests on: a file was seen to come back, and a
    /// folder with what was in it. What did not go with its folder did not come back with it.
    #[must_use]
    pub fn lacking_to_bring_back(&self) -> Vec<Assumption> {
        lacking([
            (
                Assumption::RestoreFile,
                matches!(self.restore_file, Some(Restore::Yes)),
            ),
            (
                Assumption::RestoreFolder,
                matches!(
                    self.restore_folder,
                    Some(RestoreFolder::Complete | RestoreFolder::Slow)
                ),
            ),
            (
                Assumption::FolderDeleteCascade,
                !matches!(self.folder_delete_cascade, Some(Cascade::NotSeen)),
            ),
        ])
    }

    /// Which findings are not there that moving aside rests on: a moved file was seen to keep its id, and
    /// what is in a folder to go once that is deleted.
    #[must_use]
    pub fn lacking_to_move_aside(&self) -> Vec<Assumption> {
        lacking([
            (
                Assumption::MoveKeepsId,
                matches!(self.move_keeps_id, Some(YesNo::Yes)),
            ),
            (
                Assumption::FolderDeleteCascade,
                matches!(
                    self.folder_delete_cascade,
                    Some(Cascade::AtOnce | Cascade::Delayed)
                ),
            ),
        ])
    }

    /// The same of what went with the folder that it was moved aside into: it comes back with that folder,
    /// and goes from there to where it was, as it went aside.
    #[must_use]
    pub fn lacking_to_bring_back_staged(&self) -> Vec<Assumption> {
        let mut all = self.lacking_to_bring_back();
        for one in self.lacking_to_move_aside() {
            if !all.contains(&one) {
                all.push(one);
            }
        }
        all
    }

    /// What was observed, in the words of the document; nothing where that could not be found out.
    #[must_use]
    pub fn observed(&self, assumption: Assumption) -> Option<String> {
        let word = |name: Option<&'static str>| name.map(str::to_owned);
        let status = |status: Option<u16>| status.map(|status| status.to_string());
        match assumption {
            Assumption::BulkMoveBadId => word(self.bulk_move_bad_id.map(BadId::name)),
            Assumption::BulkMoveAnswer => word(self.bulk_move_answer.map(MoveAnswer::name)),
            Assumption::MoveAlreadyThere => word(self.move_already_there.map(Taken::name)),
            Assumption::MoveKeepsId => word(self.move_keeps_id.map(YesNo::name)),
            Assumption::DeleteTwice => status(self.delete_twice),
            Assumption::FolderDeleteCascade => word(self.folder_delete_cascade.map(Cascade::name)),
            Assumption::RecentlyDeleted => word(self.recently_deleted.map(Lines::name)),
            Assumption::RestoreFile => word(self.restore_file.map(Restore::name)),
            Assumption::RestoreFolder => word(self.restore_folder.map(RestoreFolder::name)),
            Assumption::RestoreStack => word(self.restore_stack.map(Restore::name)),
            Assumption::NotFoundDeleted => status(self.not_found_deleted),
            Assumption::NotFoundNever => status(self.not_found_never),
            Assumption::SameName => word(self.same_name.map(SameName::name)),
        }
    }

    /// Takes in what was observed, in the words of the document; says whether they are its words.
    #[must_use]
    pub fn take(&mut self, assumption: Assumption, observed: &str) -> bool {
        let status = || observed.parse().ok().filter(|status| *status >= 100);
        match assumption {
            Assumption::BulkMoveBadId => set(&mut self.bulk_move_bad_id, BadId::named(observed)),
            Assumption::BulkMoveAnswer => {
                set(&mut self.bulk_move_answer, MoveAnswer::named(observed))
            }
            Assumption::MoveAlreadyThere => {
                set(&mut self.move_already_there, Taken::named(observed))
            }
            Assumption::MoveKeepsId => set(&mut self.move_keeps_id, YesNo::named(observed)),
            Assumption::DeleteTwice => set(&mut self.delete_twice, status()),
            Assumption::FolderDeleteCascade => {
                set(&mut self.folder_delete_cascade, Cascade::named(observed))
            }
            Assumption::RecentlyDeleted => set(&mut self.recently_deleted, Lines::named(observed)),
            Assumption::RestoreFile => set(&mut self.restore_file, Restore::named(observed)),
            Assumption::RestoreFolder => {
                set(&mut self.restore_folder, RestoreFolder::named(observed))
            }
            Assumption::RestoreStack => set(&mut self.restore_stack, Restore::named(observed)),
            Assumption::NotFoundDeleted => set(&mut self.not_found_deleted, status()),
            Assumption::NotFoundNever => set(&mut self.not_found_never, status()),
            Assumption::SameName => set(&mut self.same_name, SameName::named(observed)),
        }
    }

    /// Whether all of it was found out.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let mut all = Assumption::ALL.iter();
        all.all(|assumption| self.observed(*assumption).is_some())
    }
}

/// Sets what was read; says whether anything was.
fn set<T>(place: &mut Option<T>, read: Option<T>) -> bool {
    *place = read;
    place.is_some()
}
