//! The calls that have a limit of their own, and that faults can be aimed at.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Writes the endpoints with their names, limits and routes down once.
macro_rules! endpoints {
    ($($endpoint:ident = $name:literal, $limit:expr, [$($route:literal),+ $(,)?];)*) => {
        /// A call of the API, or several that are counted as one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Endpoint {
            $(#[doc = concat!($("`", $route, "` "),+)] $endpoint,)*
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

            /// Its limit, so many requests in so many milliseconds (docs/frameio-api.md, "Rate
            /// limits").
            pub(super) const fn documented(self) -> Option<(u32, u64)> {
                match self {
                    $(Self::$endpoint => $limit,)*
                }
            }

            /// The methods and paths that it counts; `{}` is any one segment.
            const fn routes(self) -> &'static [&'static str] {
                match self {
                    $(Self::$endpoint => &[$($route),+],)*
                }
            }
        }
    };
}

const fn a_second(requests: u32) -> (u32, u64) {
    (requests, 1000)
}

const fn a_minute(requests: u32) -> (u32, u64) {
    (requests, 60_000)
}

endpoints! {
    BulkDelete = "bulk_delete", Some(a_second(50)), ["DELETE /v2/batch/assets"];
    AssetDelete = "asset_delete", Some(a_second(50)), ["DELETE /v2/assets/{}"];
    AssetRead = "asset_read", Some(a_second(5)), ["GET /v2/assets/{}"];
    AssetCreate = "asset_create", Some(a_second(5)), ["POST /v2/assets/{}/children"];
    Children = "children", Some(a_minute(40)), ["GET /v2/assets/{}/children"];
    Search = "search", Some(a_minute(200)), [
        "GET /v2/search/assets",
        "GET /v2/search/library",
        "POST /v2/search/assets",
        "POST /v2/search/library",
    ];
    Me = "me", Some(a_minute(200)), ["GET /v2/me"];
    Accounts = "accounts", Some(a_minute(200)), ["GET /v2/accounts", "GET /v2/accounts/{}"];
    Teams = "teams", Some(a_minute(200)), [
        "GET /v2/teams",
        "GET /v2/teams/{}",
        "GET /v2/accounts/{}/teams",
    ];
    Projects = "projects", Some(a_minute(200)), ["GET /v2/teams/{}/projects", "GET /v2/projects/{}"];
    V4Token = "v4_token", None, ["POST /ims/token/v3"];
    V4SignIn = "v4_sign_in", None, ["GET /ims/authorize/v2", "POST /ims/revoke"];
    V4Me = "v4_me", Some(a_minute(100)), ["GET /v4/me"];
    V4Accounts = "v4_accounts", Some(a_minute(100)), ["GET /v4/accounts"];
    V4Workspaces = "v4_workspaces", Some(a_minute(100)), ["GET /v4/accounts/{}/workspaces"];
    V4Workspace = "v4_workspace", Some(a_minute(100)), ["GET /v4/accounts/{}/workspaces/{}"];
    V4WorkspaceProjects = "v4_workspace_projects", Some(a_minute(100)), [
        "GET /v4/accounts/{}/workspaces/{}/projects",
    ];
    V4Projects = "v4_projects", Some(a_minute(100)), ["GET /v4/accounts/{}/projects"];
    V4Project = "v4_project", Some(a_minute(100)), ["GET /v4/accounts/{}/projects/{}"];
    V4RecentlyDeleted = "v4_recently_deleted", Some(a_second(5)), [
        "GET /v4/accounts/{}/projects/{}/recently_deleted",
    ];
    V4FileRead = "v4_file_read", Some(a_second(10)), ["GET /v4/accounts/{}/files/{}"];
    V4Fields = "v4_fields", Some(a_minute(100)), ["GET /v4/accounts/{}/metadata/field_definitions"];
    V4FileMetadata = "v4_file_metadata", Some(a_minute(100)), ["GET /v4/accounts/{}/files/{}/metadata"];
    V4FileDelete = "v4_file_delete", Some(a_minute(100)), ["DELETE /v4/accounts/{}/files/{}"];
    V4FilesMove = "v4_files_move", Some(a_minute(60)), ["PATCH /v4/accounts/{}/files/move"];
    V4FoldersMove = "v4_folders_move", Some(a_minute(10)), ["PATCH /v4/accounts/{}/folders/move"];
    V4FileCreate = "v4_file_create", Some(a_second(5)), [
        "POST /v4/accounts/{}/folders/{}/files/local_upload",
    ];
    V4StackCreate = "v4_stack_create", Some(a_minute(10)), [
        "POST /v4/accounts/{}/folders/{}/version_stacks",
    ];
    V4FileMove = "v4_file_move", Some(a_minute(100)), ["PATCH /v4/accounts/{}/files/{}/move"];
    V4FolderMove = "v4_folder_move", Some(a_minute(10)), ["PATCH /v4/accounts/{}/folders/{}/move"];
    V4StackMove = "v4_stack_move", Some(a_minute(10)), ["PATCH /v4/accounts/{}/version_stacks/{}/move"];
    V4FileBulkGet = "v4_file_bulk_get", Some(a_minute(60)), ["POST /v4/accounts/{}/files/bulk_get"];
    V4FileRestore = "v4_file_restore", Some(a_minute(100)), ["PATCH /v4/accounts/{}/files/{}/restore"];
    V4FolderRead = "v4_folder_read", Some(a_minute(100)), ["GET /v4/accounts/{}/folders/{}"];
    V4FolderUpdate = "v4_folder_update", Some(a_minute(10)), ["PATCH /v4/accounts/{}/folders/{}"];
    V4FolderDelete = "v4_folder_delete", Some(a_minute(60)), ["DELETE /v4/accounts/{}/folders/{}"];
    V4FolderCreate = "v4_folder_create", Some(a_second(3)), ["POST /v4/accounts/{}/folders/{}/folders"];
    V4FolderRestore = "v4_folder_restore", Some(a_minute(100)), [
        "PATCH /v4/accounts/{}/folders/{}/restore",
    ];
    V4FolderChildren = "v4_folder_children", Some(a_minute(100)), [
        "GET /v4/accounts/{}/folders/{}/children",
    ];
    V4FolderFiles = "v4_folder_files", Some(a_second(5)), ["GET /v4/accounts/{}/folders/{}/files"];
    V4FolderFolders = "v4_folder_folders", Some(a_second(5)), ["GET /v4/accounts/{}/folders/{}/folders"];
    V4FolderStacks = "v4_folder_stacks", Some(a_second(5)), [
        "GET /v4/accounts/{}/folders/{}/version_stacks",
    ];
    V4StackRead = "v4_stack_read", Some(a_minute(100)), ["GET /v4/accounts/{}/version_stacks/{}"];
    V4StackChildren = "v4_stack_children", Some(a_minute(100)), [
        "GET /v4/accounts/{}/version_stacks/{}/children",
    ];
    V4StackRestore = "v4_stack_restore", Some(a_minute(100)), [
        "PATCH /v4/accounts/{}/version_stacks/{}/restore",
    ];
}

/// Says that no call has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an endpoint of the sandbox{more}", more = more(.0))]
pub struct NoEndpoint(pub String);

/// The endpoint that was probably meant, else where all of them stand.
fn more(name: &str) -> String {
    let names = Endpoint::ALL.into_iter().map(Endpoint::name);
    let distances = names.map(|known| (strsim::damerau_levenshtein(known, name), known));
    match distances.min() {
        Some((0..=3, close)) => format!(", did you mean `{close}`?"),
        Some(_) | None => {
            ": `GET /_sandbox/limits` has all of them, such as `bulk_delete` and `v4_file_delete`"
                .to_owned()
        }
    }
}

impl Endpoint {
    /// Its place in [`Endpoint::ALL`].
    pub(super) const fn number(self) -> usize {
        self as usize
    }

    /// The endpoint that a request goes to.
    pub(crate) fn matching(method: &str, path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| {
            let mut routes = endpoint.routes().iter();
            routes.any(|route| takes(route, method, path))
        })
    }
}

fn takes(route: &str, method: &str, path: &str) -> bool {
    let Some(route) = route
        .strip_prefix(method)
        .and_then(|rest| rest.strip_prefix(' '))
    else {
        return false;
    };
    let mut parts = path.split('/');
    let mut fits = |wanted: &str| {
        let part = parts.next();
        part.is_some_and(|part| wanted == "{}" || wanted == part)
    };
    route.split('/').all(&mut fits) && parts.next().is_none()
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

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
