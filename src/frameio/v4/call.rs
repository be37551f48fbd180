//! The calls of V4.
//!
//! Source: docs/frameio-api.md, "Deletes (V4)", "Reading (V4)", "Pages (V4)".

use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::event::RateLimit;
use crate::frameio::call::{self, Method, Request, encoded, segment};

/// How many entries a page is asked to have; the API takes at most this many.
const PAGE: u32 = 100;

/// How many assets of a folder a page is asked to have; the API takes at most this many.
const PAGE_OF_FOLDER: u32 = 500;

/// What people see and choose by, and the API tells only where it is asked to. One list of names: of
/// repeated ones it takes the last alone.
const WITH: &str = "include=creator,project,metadata";

/// Where a list goes on, as the link to the next page has it; nothing for the first page.
pub type Cursor = Option<Arc<str>>;

/// A call of V4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    DeleteFile(AssetId),
    /// Deletes a folder, and with it what is in it.
    DeleteFolder(AssetId),
    Read(Read),
}

/// A call of V4 that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// Reads whose token it is.
    Me,
    /// Lists the accounts of the token.
    Accounts(Cursor),
    /// Lists the workspaces of the account.
    Workspaces(Cursor),
    /// Lists the projects of a workspace.
    Projects(Arc<str>, Cursor),
    /// Lists the projects of the account.
    ProjectsOfAccount(Cursor),
    /// Reads a project of the account.
    Project(AssetId),
    /// Lists the custom fields of the account.
    Fields(Cursor),
    /// Lists what was deleted from a project.
    RecentlyDeleted(Arc<str>, Cursor),
    /// Reads an asset as one of a kind.
    Show(Kind, AssetId),
    /// Reads the same with all that the API tells of it.
    Facts(Kind, AssetId),
    /// Lists what is in a folder or a version stack.
    Children(Kind, AssetId, Cursor),
    /// Lists the same with all that the API tells of each asset.
    List(List, AssetId, Cursor),
}

/// A list of what is in a folder or a version stack. Each has a rate limit of its own, so that
/// folders are read by all of those at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// All that is in a folder.
    Children,
    /// The files in a folder.
    Files,
    /// The folders in a folder.
    Folders,
    /// The version stacks in a folder.
    Stacks,
    /// The files in a version stack.
    Versions,
}

impl List {
    /// The path of it below the path of what it lists.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Children | Self::Versions => "children",
            Self::Files => "files",
            Self::Folders => "folders",
            Self::Stacks => "version_stacks",
        }
    }

    /// What sort of asset it lists the contents of.
    #[must_use]
    pub const fn of(self) -> Kind {
        match self {
            Self::Children | Self::Files | Self::Folders | Self::Stacks => Kind::Folder,
            Self::Versions => Kind::VersionStack,
        }
    }

    /// Whether it shows assets of a kind.
    #[must_use]
    pub const fn shows(self, kind: Kind) -> bool {
        match (self, kind) {
            (Self::Children, Kind::File | Kind::Folder | Kind::VersionStack)
            | (Self::Files | Self::Versions, Kind::File)
            | (Self::Folders, Kind::Folder)
            | (Self::Stacks, Kind::VersionStack) => true,
            (Self::Files | Self::Versions, Kind::Folder | Kind::VersionStack)
            | (Self::Folders, Kind::File | Kind::VersionStack)
            | (Self::Stacks, Kind::File | Kind::Folder) => false,
        }
    }

    /// The rate limit that its pages count against.
    #[must_use]
    pub const fn rate_limit(self) -> RateLimit {
        match self {
            Self::Children => RateLimit::Children,
            Self::Files => RateLimit::FolderFiles,
            Self::Folders => RateLimit::FolderFolders,
            Self::Stacks => RateLimit::FolderStacks,
            Self::Versions => RateLimit::StackChildren,
        }
    }
}

impl Call {
    /// The asset that it asks for, where it asks for one.
    #[must_use]
    pub const fn asset(&self) -> Option<AssetId> {
        match self {
            Self::DeleteFile(id)
            | Self::DeleteFolder(id)
            | Self::Read(
                Read::Show(_, id)
                | Read::Facts(_, id)
                | Read::Children(_, id, _)
                | Read::List(_, id, _),
            ) => Some(*id),
            Self::Read(
                Read::Me
                | Read::Accounts(_)
                | Read::Workspaces(_)
                | Read::Projects(..)
                | Read::ProjectsOfAccount(_)
                | Read::Project(_)
                | Read::Fields(_)
                | Read::RecentlyDeleted(..),
            ) => None,
        }
    }
}

impl call::Call for Call {
    fn rate_limit(&self) -> RateLimit {
        match self {
            Self::DeleteFile(_) => RateLimit::DeleteFile,
            Self::DeleteFolder(_) => RateLimit::DeleteFolder,
            Self::Read(read) => read.rate_limit(),
        }
    }

    fn request(&self, account: &str) -> Request {
        let (kind, id) = match self {
            Self::DeleteFile(id) => (Kind::File, *id),
            Self::DeleteFolder(id) => (Kind::Folder, *id),
            Self::Read(read) => return read.request(account),
        };
        Request::new(Method::Delete, of_account(account, &of_asset(kind, id)))
    }
}

impl call::Call for Read {
    fn rate_limit(&self) -> RateLimit {
        match self {
            Self::Me => RateLimit::Me,
            Self::Accounts(_) => RateLimit::Accounts,
            Self::Workspaces(_) => RateLimit::Workspaces,
            Self::Projects(..) | Self::ProjectsOfAccount(_) | Self::Project(_) => {
                RateLimit::Projects
            }
            Self::Fields(_) => RateLimit::Fields,
            Self::RecentlyDeleted(..) => RateLimit::RecentlyDeleted,
            Self::Show(Kind::File, _) | Self::Facts(Kind::File, _) => RateLimit::ShowFile,
            Self::Show(Kind::Folder, _) | Self::Facts(Kind::Folder, _) => RateLimit::ShowFolder,
            Self::Show(Kind::VersionStack, _) | Self::Facts(Kind::VersionStack, _) => {
                RateLimit::ShowStack
            }
            Self::Children(Kind::VersionStack, ..) => RateLimit::StackChildren,
            Self::Children(Kind::File | Kind::Folder, ..) => RateLimit::Children,
            Self::List(list, ..) => list.rate_limit(),
        }
    }

    fn request(&self, account: &str) -> Request {
        let list = |rest: &str, after: &Cursor| page(&of_account(account, rest), PAGE, after);
        let path = match self {
            Self::Me => "/v4/me".to_owned(),
            Self::Accounts(after) => page("/v4/accounts", PAGE, after),
            Self::Workspaces(after) => list("workspaces", after),
            Self::Projects(workspace, after) => list(
                &format!("workspaces/{}/projects", segment(workspace)),
                after,
            ),
            Self::ProjectsOfAccount(after) => list("projects", after),
            Self::Project(id) => {
                let mut buffer = [0; 36];
                let project = segment(id.encode(&mut buffer));
                of_account(account, &format!("projects/{project}"))
            }
            Self::Fields(after) => list("metadata/field_definitions", after),
            Self::RecentlyDeleted(project, after) => {
                let project = segment(project);
                list(&format!("projects/{project}/recently_deleted"), after)
            }
            Self::Show(kind, id) => of_account(account, &of_asset(*kind, *id)),
            Self::Facts(kind, id) => {
                format!("{}?{WITH}", of_account(account, &of_asset(*kind, *id)))
            }
            Self::Children(kind, id, after) => {
                let children = format!("{}/children", of_asset(*kind, *id));
                page(&of_account(account, &children), page_size(*kind), after)
            }
            Self::List(list, id, after) => {
                let kind = list.of();
                let path = format!("{}/{}", of_asset(kind, *id), list.name());
                let path = page(&of_account(account, &path), page_size(kind), after);
                format!("{path}&include_total_count=true&{WITH}")
            }
        };
        Request::new(Method::Get, path)
    }
}

impl call::Read for Read {}

const fn page_size(kind: Kind) -> u32 {
    match kind {
        Kind::Folder => PAGE_OF_FOLDER,
        Kind::File | Kind::VersionStack => PAGE,
    }
}

pub(super) fn of_account(account: &str, rest: &str) -> String {
    format!("/v4/accounts/{}/{rest}", segment(account))
}

pub(super) fn of_asset(kind: Kind, id: AssetId) -> String {
    let folder = match kind {
        Kind::File => "files",
        Kind::Folder => "folders",
        Kind::VersionStack => "version_stacks",
    };
    let mut buffer = [0; 36];
    format!("{folder}/{}", segment(id.encode(&mut buffer)))
}

/// The path of a page: a link to the next one carries only its cursor, so the rest is said
/// again. The cursor is encoded already, as far as whoever wrote the link cared to.
fn page(path: &str, size: u32, after: &Cursor) -> String {
    let mut path = format!("{path}?page_size={size}");
    if let Some(after) = after {
        path.push_str("&after=");
        path.push_str(&encoded(after, |byte| b"%!$'()*+,;=:@/?".contains(&byte)));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_one_segment_whatever_is_in_it() {
        assert_eq!(segment("adobe:urn:a"), "adobe:urn:a");
        assert_eq!(segment("a/../b?c#d%e|f"), "a%2F..%2Fb%3Fc%23d%25e%7Cf");
        assert_eq!(
            page("/v4/accounts", PAGE, &Some("g3Q=+/%2B% &#x".into())),
            "/v4/accounts?page_size=100&after=g3Q=+/%2B%%20%26%23x"
        );
    }

    #[test]
    fn each_page_of_a_list_is_asked_for_with_all_that_the_first_was() {
        let id = AssetId::from_uuid(uuid::Uuid::nil());
        let of = |list, after: Option<&str>| {
            let read = Read::List(list, id, after.map(Arc::from));
            call::Call::request(&read, "a").path
        };
        let folder = format!("/v4/accounts/a/folders/{id}");
        let with = "include_total_count=true&include=creator,project,metadata";
        for (list, name) in [
            (List::Children, "children"),
            (List::Files, "files"),
            (List::Folders, "folders"),
            (List::Stacks, "version_stacks"),
        ] {
            let first = format!("{folder}/{name}?page_size=500&{with}");
            assert_eq!(of(list, None), first);
            let next = format!("{folder}/{name}?page_size=500&after=c&{with}");
            assert_eq!(of(list, Some("c")), next);
        }
        let stack = format!("/v4/accounts/a/version_stacks/{id}/children?page_size=100&{with}");
        assert_eq!(of(List::Versions, None), stack);
    }
}
