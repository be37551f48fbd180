//! What the calls of the API ask for, and which limit each counts against.

use serde::{Deserialize, Serialize};

/// What a batch asks of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Delete the assets.
    Delete,
    /// Read the assets, to learn what became of an earlier delete.
    Resolve,
    /// Restore the assets, which we had deleted.
    Restore,
    /// Move the assets aside.
    Stage,
    /// Move the assets back to where they were.
    Unstage,
    /// Delete the staging folder in which the assets are.
    Collect,
}

/// A call of the API, as far as limits are concerned: each has a bucket of its own.
///
/// Source: docs/frameio-api.md, "Rate limits".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RateLimit {
    /// v2: the bulk delete.
    BulkDelete,
    /// v2: reading one asset.
    ReadAsset,
    /// V4: the delete of a file.
    DeleteFile,
    /// V4: the delete of a folder.
    DeleteFolder,
    /// V4: making a folder.
    CreateFolder,
    /// V4: making a file that waits for its bytes.
    CreateFile,
    /// V4: making a version stack.
    CreateStack,
    /// V4: moving several files.
    MoveFiles,
    /// V4: moving several folders.
    MoveFolders,
    /// V4: moving a file.
    MoveFile,
    /// V4: moving a version stack.
    MoveStack,
    /// V4: restoring a file.
    RestoreFile,
    /// V4: restoring a folder.
    RestoreFolder,
    /// V4: restoring a version stack.
    RestoreStack,
    /// V4: reading a file.
    ShowFile,
    /// V4: reading a folder.
    ShowFolder,
    /// V4: reading a version stack.
    ShowStack,
    /// Listing what is in a folder; with v2 also what is in a version stack.
    Children,
    /// V4: listing the files in a folder.
    FolderFiles,
    /// V4: listing the folders in a folder.
    FolderFolders,
    /// V4: listing the version stacks in a folder.
    FolderStacks,
    /// V4: listing what is in a version stack.
    StackChildren,
    /// V4: listing what was deleted from a project.
    RecentlyDeleted,
    /// Reading whose token it is.
    Me,
    /// Listing the accounts of the token.
    Accounts,
    /// Listing the workspaces of an account, which v2 calls teams.
    Workspaces,
    /// Listing the projects of a workspace or an account.
    Projects,
    /// V4: listing the custom fields of an account.
    Fields,
    /// Fetching a token, without which no other call is made.
    Token,
}

impl RateLimit {
    /// What its calls ask for. Whatever changes something counts as a delete: where nobody knows
    /// what became of it, the assets are read before it is asked again.
    #[must_use]
    pub const fn task(self) -> Task {
        match self {
            Self::BulkDelete
            | Self::DeleteFile
            | Self::DeleteFolder
            | Self::CreateFolder
            | Self::CreateFile
            | Self::CreateStack
            | Self::MoveFiles
            | Self::MoveFolders
            | Self::MoveFile
            | Self::MoveStack
            | Self::RestoreFile
            | Self::RestoreFolder
            | Self::RestoreStack => Task::Delete,
            Self::ReadAsset
            | Self::ShowFile
            | Self::ShowFolder
            | Self::ShowStack
            | Self::Children
            | Self::FolderFiles
            | Self::FolderFolders
            | Self::FolderStacks
            | Self::StackChildren
            | Self::RecentlyDeleted
            | Self::Me
            | Self::Accounts
            | Self::Workspaces
            | Self::Projects
            | Self::Fields
            | Self::Token => Task::Resolve,
        }
    }

    /// The rate limit's name, as it stands in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BulkDelete => "bulk_delete",
            Self::ReadAsset => "read_asset",
            Self::DeleteFile => "delete_file",
            Self::DeleteFolder => "delete_folder",
            Self::CreateFolder => "create_folder",
            Self::CreateFile => "create_file",
            Self::CreateStack => "create_version_stack",
            Self::MoveFiles => "move_files",
            Self::MoveFolders => "move_folders",
            Self::MoveFile => "move_file",
            Self::MoveStack => "move_version_stack",
            Self::RestoreFile => "restore_file",
            Self::RestoreFolder => "restore_folder",
            Self::RestoreStack => "restore_version_stack",
            Self::ShowFile => "show_file",
            Self::ShowFolder => "show_folder",
            Self::ShowStack => "show_version_stack",
            Self::Children => "children",
            Self::FolderFiles => "folder_files",
            Self::FolderFolders => "folder_folders",
            Self::FolderStacks => "folder_version_stacks",
            Self::StackChildren => "version_stack_children",
            Self::RecentlyDeleted => "recently_deleted",
            Self::Me => "me",
            Self::Accounts => "accounts",
            Self::Workspaces => "workspaces",
            Self::Projects => "projects",
            Self::Fields => "field_definitions",
            Self::Token => "token",
        }
    }
}
