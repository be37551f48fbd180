//! What a probe makes, and what it asks about.

use crate::asset::Kind;
use crate::probe::words::words;

words! {
    /// Something that a probe makes or asks about.
    Thing {
        /// The folder that all of it is in.
        Top = "top",
        /// The folder that files are moved into.
        Drawer = "drawer",
        /// The folder that the version stack is in.
        Box = "box",
        /// A file that is moved.
        First = "first",
        /// Another one.
        Second = "second",
        /// A file that is deleted and restored, and then moved along with one that never was.
        Third = "third",
        /// The same, where the first one did not come back.
        Spare = "spare",
        /// A file that has the name of the first.
        Fourth = "fourth",
        /// The older version of the stack.
        OldVersion = "old-version",
        /// The newer version of the stack.
        NewVersion = "new-version",
        /// The version stack.
        Stack = "stack",
        /// An id that is drawn, and that no asset has.
        Never = "never",
        /// A file that was found among what the probe made, and bears its mark.
        StrayFile = "stray-file",
        /// The same of a folder.
        StrayFolder = "stray-folder",
        /// The same of a version stack.
        StrayStack = "stray-stack",
    }
}

impl Thing {
    /// What sort of asset it is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Top | Self::Drawer | Self::Box | Self::StrayFolder => Kind::Folder,
            Self::Stack | Self::StrayStack => Kind::VersionStack,
            Self::First
            | Self::Second
            | Self::Third
            | Self::Spare
            | Self::Fourth
            | Self::OldVersion
            | Self::NewVersion
            | Self::Never
            | Self::StrayFile => Kind::File,
        }
    }

    /// Something of a kind that was found.
    #[must_use]
    pub const fn stray(kind: Kind) -> Self {
        match kind {
            Kind::File => Self::StrayFile,
            Kind::Folder => Self::StrayFolder,
            Kind::VersionStack => Self::StrayStack,
        }
    }
}
