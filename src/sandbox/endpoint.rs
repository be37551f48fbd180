//! The calls that have a limit of their own, and that faults can be aimed at.

use std::fmt;
use std::str::FromStr;

use crate::sandbox::limit::Limit;

/// Writes the endpoints with their names and limits down once.
macro_rules! endpoints {
    ($($(#[$doc:meta])* $endpoint:ident = $name:literal, $limit:expr;)*) => {
        /// A call of the API, or several that are counted as one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Endpoint {
            $($(#[$doc])* $endpoint,)*
        }

        impl Endpoint {
            /// Every endpoint, in the order of their numbers.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$endpoint),*];

            /// Its name in limits and faults.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$endpoint => $name,)*
                }
            }

            /// Its limit (docs/frameio-api.md, "Rate limits").
            #[must_use]
            pub const fn documented(self) -> Option<Limit> {
                match self {
                    $(Self::$endpoint => $limit,)*
                }
            }
        }
    };
}

const fn a_second(requests: u32) -> Limit {
    Limit::of(requests, 1000)
}

const fn a_minute(requests: u32) -> Limit {
    Limit::of(requests, 60_000)
}

endpoints! {
    /// v2: the bulk delete.
    BulkDelete = "bulk_delete", Some(a_second(50));
    /// v2: the delete of one asset.
    AssetDelete = "asset_delete", Some(a_second(50));
    /// v2: reading one asset.
    AssetRead = "asset_read", Some(a_second(5));
    /// v2: making an asset.
    AssetCreate = "asset_create", Some(a_second(5));
    /// v2: what is in a folder.
    Children = "children", Some(a_minute(40));
    /// v2: both searches.
    Search = "search", Some(a_minute(200));
    /// v2: whose token it is.
    Me = "me", Some(a_minute(200));
    /// v2: accounts.
    Accounts = "accounts", Some(a_minute(200));
    /// v2: teams.
    Teams = "teams", Some(a_minute(200));
    /// v2: projects.
    Projects = "projects", Some(a_minute(200));
    /// V4: fetching a token.
    V4Token = "v4_token", None;
    /// V4: whose token it is.
    V4Me = "v4_me", Some(a_minute(100));
    /// V4: accounts.
    V4Accounts = "v4_accounts", Some(a_minute(100));
    /// V4: the workspaces of an account.
    V4Workspaces = "v4_workspaces", Some(a_minute(100));
    /// V4: one workspace.
    V4Workspace = "v4_workspace", Some(a_minute(100));
    /// V4: the projects of a workspace.
    V4WorkspaceProjects = "v4_workspace_projects", Some(a_minute(100));
    /// V4: the projects of an account.
    V4Projects = "v4_projects", Some(a_minute(100));
    /// V4: one project.
    V4Project = "v4_project", Some(a_minute(100));
    /// V4: what was deleted in a project.
    V4RecentlyDeleted = "v4_recently_deleted", Some(a_second(5));
    /// V4: reading a file.
    V4FileRead = "v4_file_read", Some(a_second(10));
    /// V4: deleting a file.
    V4FileDelete = "v4_file_delete", Some(a_minute(100));
    /// V4: moving files together.
    V4FilesMove = "v4_files_move", Some(a_minute(60));
    /// V4: moving a file.
    V4FileMove = "v4_file_move", Some(a_minute(100));
    /// V4: moving a folder.
    V4FolderMove = "v4_folder_move", Some(a_minute(10));
    /// V4: moving a version stack.
    V4StackMove = "v4_stack_move", Some(a_minute(10));
    /// V4: reading several files.
    V4FileBulkGet = "v4_file_bulk_get", Some(a_minute(60));
    /// V4: restoring a file.
    V4FileRestore = "v4_file_restore", Some(a_minute(100));
    /// V4: reading a folder.
    V4FolderRead = "v4_folder_read", Some(a_minute(100));
    /// V4: deleting a folder.
    V4FolderDelete = "v4_folder_delete", Some(a_minute(60));
    /// V4: making a folder.
    V4FolderCreate = "v4_folder_create", Some(a_second(3));
    /// V4: restoring a folder.
    V4FolderRestore = "v4_folder_restore", Some(a_minute(100));
    /// V4: what is in a folder.
    V4FolderChildren = "v4_folder_children", Some(a_minute(100));
    /// V4: the files of a folder.
    V4FolderFiles = "v4_folder_files", Some(a_second(5));
    /// V4: the folders of a folder.
    V4FolderFolders = "v4_folder_folders", Some(a_second(5));
    /// V4: the version stacks of a folder.
    V4FolderStacks = "v4_folder_stacks", Some(a_second(5));
    /// V4: reading a version stack.
    V4StackRead = "v4_stack_read", Some(a_minute(100));
    /// V4: what is in a version stack.
    V4StackChildren = "v4_stack_children", Some(a_minute(100));
    /// V4: restoring a version stack.
    V4StackRestore = "v4_stack_restore", Some(a_minute(100));
}

/// Says that no call has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no endpoint of the sandbox: it has {names}", names = names())]
pub struct NoEndpoint(pub String);

fn names() -> String {
    let names: Vec<_> = Endpoint::ALL
        .iter()
        .map(|endpoint| format!("`{endpoint}`"))
        .collect();
    names.join(", ")
}

impl Endpoint {
    /// Its place in [`Endpoint::ALL`].
    pub(super) const fn number(self) -> usize {
        self as usize
    }

    /// The endpoint that a request goes to.
    #[must_use]
    pub fn of(method: &str, path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let version = parts.next()?;
        let mut rest = [""; 5];
        let mut length = 0;
        for part in parts {
            *rest.get_mut(length)? = part;
            length += 1;
        }
        let rest = rest.get(..length)?;
        match version {
            "v2" => Self::of_v2(method, rest),
            "v4" => Self::of_v4(method, rest),
            "ims" if rest == ["token", "v3"] => Some(Self::V4Token),
            _ => None,
        }
    }

    fn of_v2(method: &str, parts: &[&str]) -> Option<Self> {
        match (method, parts) {
            ("DELETE", ["batch", "assets"]) => Some(Self::BulkDelete),
            ("DELETE", ["assets", _]) => Some(Self::AssetDelete),
            ("GET", ["assets", _]) => Some(Self::AssetRead),
            ("GET", ["assets", _, "children"]) => Some(Self::Children),
            ("POST", ["assets", _, "children"]) => Some(Self::AssetCreate),
            ("GET" | "POST", ["search", "assets" | "library"]) => Some(Self::Search),
            ("GET", ["me"]) => Some(Self::Me),
            ("GET", ["accounts"] | ["accounts", _]) => Some(Self::Accounts),
            ("GET", ["teams"] | ["teams", _] | ["accounts", _, "teams"]) => Some(Self::Teams),
            ("GET", ["teams", _, "projects"] | ["projects", _]) => Some(Self::Projects),
            _ => None,
        }
    }

    fn of_v4(method: &str, parts: &[&str]) -> Option<Self> {
        match (method, parts) {
            ("GET", ["me"]) => return Some(Self::V4Me),
            ("GET", ["accounts"]) => return Some(Self::V4Accounts),
            _ => {}
        }
        let ["accounts", _, parts @ ..] = parts else {
            return None;
        };
        match (method, parts) {
            ("GET", ["workspaces"]) => Some(Self::V4Workspaces),
            ("GET", ["workspaces", _]) => Some(Self::V4Workspace),
            ("GET", ["workspaces", _, "projects"]) => Some(Self::V4WorkspaceProjects),
            ("GET", ["projects"]) => Some(Self::V4Projects),
            ("GET", ["projects", _]) => Some(Self::V4Project),
            ("GET", ["projects", _, "recently_deleted"]) => Some(Self::V4RecentlyDeleted),
            ("PATCH", ["files", "move"]) => Some(Self::V4FilesMove),
            ("PATCH", ["files", _, "move"]) => Some(Self::V4FileMove),
            ("PATCH", ["folders", _, "move"]) => Some(Self::V4FolderMove),
            ("PATCH", ["version_stacks", _, "move"]) => Some(Self::V4StackMove),
            ("POST", ["files", "bulk_get"]) => Some(Self::V4FileBulkGet),
            ("GET", ["files", _]) => Some(Self::V4FileRead),
            ("DELETE", ["files", _]) => Some(Self::V4FileDelete),
            ("PATCH", ["files", _, "restore"]) => Some(Self::V4FileRestore),
            ("GET", ["folders", _]) => Some(Self::V4FolderRead),
            ("DELETE", ["folders", _]) => Some(Self::V4FolderDelete),
            ("PATCH", ["folders", _, "restore"]) => Some(Self::V4FolderRestore),
            ("GET", ["folders", _, "children"]) => Some(Self::V4FolderChildren),
            ("GET", ["folders", _, "files"]) => Some(Self::V4FolderFiles),
            ("GET", ["folders", _, "folders"]) => Some(Self::V4FolderFolders),
            ("POST", ["folders", _, "folders"]) => Some(Self::V4FolderCreate),
            ("GET", ["folders", _, "version_stacks"]) => Some(Self::V4FolderStacks),
            ("GET", ["version_stacks", _]) => Some(Self::V4StackRead),
            ("GET", ["version_stacks", _, "children"]) => Some(Self::V4StackChildren),
            ("PATCH", ["version_stacks", _, "restore"]) => Some(Self::V4StackRestore),
            _ => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Endpoint {
    type Err = NoEndpoint;

    fn from_str(text: &str) -> Result<Self, NoEndpoint> {
        let name = text.replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|endpoint| endpoint.name() == name)
            .ok_or_else(|| NoEndpoint(text.to_owned()))
    }
}
