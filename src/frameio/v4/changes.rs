//! The calls of V4 that change something: what is made, moved, renamed, deleted and restored.
//!
//! Source: docs/frameio-api.md, "Changes (V4)", "Deletes (V4)".

use std::sync::Arc;

use serde_json::{Value, json};

use crate::asset::{AssetId, Kind};
use crate::event::RateLimit;
use crate::frameio::call::{self, Method, Request};
use crate::frameio::v4::call::{of_account, of_asset};

/// How many files or folders one call moves at most.
pub const MOVED_AT_ONCE: usize = 100;

/// A call of V4 that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Makes a folder in a folder.
    CreateFolder {
        parent: AssetId,
        name: Arc<str>,
    },
    /// Makes a file that waits for bytes from here, of which none are ever sent.
    CreateFile {
        parent: AssetId,
        name: Arc<str>,
        /// How many bytes are promised; at least 1.
        bytes: u64,
    },
    /// Makes a version stack of 2 to 10 files of the folder, the oldest version first.
    CreateStack {
        parent: AssetId,
        files: Arc<[AssetId]>,
    },
    /// Moves files into a folder, at most [`MOVED_AT_ONCE`] and each named once.
    MoveFiles {
        ids: Arc<[AssetId]>,
        to: AssetId,
    },
    /// Moves folders into a folder, at most [`MOVED_AT_ONCE`] and each named once.
    MoveFolders {
        ids: Arc<[AssetId]>,
        to: AssetId,
    },
    /// Moves a file into a folder or a version stack.
    MoveFile {
        id: AssetId,
        to: AssetId,
    },
    /// Moves a version stack into a folder.
    MoveStack {
        id: AssetId,
        to: AssetId,
    },
    DeleteFile(AssetId),
    /// Deletes a folder, and with it what is in it.
    DeleteFolder(AssetId),
    /// Brings back what was deleted (experimental); what was in it follows in its own time.
    Restore(Kind, AssetId),
}

impl Change {
    /// What goes over HTTP: the method, the path below the account, and what stands in `data`.
    fn parts(&self) -> (Method, String, Option<Value>) {
        let below = |kind, id: &AssetId, rest: &str| format!("{}/{rest}", of_asset(kind, *id));
        let moved = |to: &AssetId| Some(json!({ "parent_id": to }));
        match self {
            Self::CreateFolder { parent, name } => (
                Method::Post,
                below(Kind::Folder, parent, "folders"),
                Some(json!({ "name": name })),
            ),
            Self::CreateFile {
                parent,
                name,
                bytes,
            } => (
                Method::Post,
                below(Kind::Folder, parent, "files/local_upload"),
                Some(json!({ "name": name, "file_size": bytes })),
            ),
            Self::CreateStack { parent, files } => (
                Method::Post,
                below(Kind::Folder, parent, "version_stacks"),
                Some(json!({ "file_ids": **files })),
            ),
            Self::MoveFiles { ids, to } => (
                Method::Patch,
                "files/move".to_owned(),
                Some(json!({ "file_ids": **ids, "parent_id": to })),
            ),
            Self::MoveFolders { ids, to } => (
                Method::Patch,
                "folders/move".to_owned(),
                Some(json!({ "folder_ids": **ids, "parent_id": to })),
            ),
            Self::MoveFile { id, to } => (Method::Patch, below(Kind::File, id, "move"), moved(to)),
            Self::MoveStack { id, to } => {
                let path = below(Kind::VersionStack, id, "move");
                (Method::Patch, path, moved(to))
            }
            Self::DeleteFile(id) => (Method::Delete, of_asset(Kind::File, *id), None),
            Self::DeleteFolder(id) => (Method::Delete, of_asset(Kind::Folder, *id), None),
            Self::Restore(kind, id) => (Method::Patch, below(*kind, id, "restore"), None),
        }
    }
}

impl call::Call for Change {
    fn rate_limit(&self) -> RateLimit {
        match self {
            Self::CreateFolder { .. } => RateLimit::CreateFolder,
            Self::CreateFile { .. } => RateLimit::CreateFile,
            Self::CreateStack { .. } => RateLimit::CreateStack,
            Self::MoveFiles { .. } => RateLimit::MoveFiles,
            Self::MoveFolders { .. } => RateLimit::MoveFolders,
            Self::MoveFile { .. } => RateLimit::MoveFile,
            Self::MoveStack { .. } => RateLimit::MoveStack,
            Self::DeleteFile(_) => RateLimit::DeleteFile,
            Self::DeleteFolder(_) => RateLimit::DeleteFolder,
            Self::Restore(Kind::File, _) => RateLimit::RestoreFile,
            Self::Restore(Kind::Folder, _) => RateLimit::RestoreFolder,
            Self::Restore(Kind::VersionStack, _) => RateLimit::RestoreStack,
        }
    }

    fn request(&self, account: &str) -> Request {
        let (method, path, data) = self.parts();
        Request {
            body: data.map(|data| json!({ "data": data }).to_string().into_bytes()),
            is_experimental: matches!(self, Self::Restore(..)),
            ..Request::new(method, of_account(account, &path))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frameio::call::Call as _;

    fn id(number: u128) -> AssetId {
        AssetId::from_uuid(uuid::Uuid::from_u128(number))
    }

    /// Checks what goes over HTTP for a change.
    fn check(change: &Change, (method, path): (Method, &str), data: Option<&Value>, limit: &str) {
        let request = change.request("acc/1");
        assert_eq!(request.method, method, "{change:?}");
        assert_eq!(request.path, format!("/v4/accounts/acc%2F1/{path}"));
        let body = request.body.as_deref().map(serde_json::from_slice::<Value>);
        let body = body.map(Result::unwrap);
        assert_eq!(body, data.map(|data| json!({ "data": data })));
        let is_restore = matches!(change, Change::Restore(..));
        assert_eq!(request.is_experimental, is_restore, "{change:?}");
        assert_eq!(change.rate_limit().name(), limit);
    }

    #[test]
    fn what_is_made_has_its_request() {
        let [a, b, parent] = [1, 2, 3].map(id);
        let name: Arc<str> = "_retire \"x\"".into();
        let named = json!({ "name": name });
        let folder = Change::CreateFolder {
            parent,
            name: Arc::clone(&name),
        };
        let path = format!("folders/{parent}/folders");
        check(
            &folder,
            (Method::Post, &path),
            Some(&named),
            "create_folder",
        );
        let file = Change::CreateFile {
            parent,
            name: Arc::clone(&name),
            bytes: 7,
        };
        let path = format!("folders/{parent}/files/local_upload");
        let data = json!({ "name": name, "file_size": 7 });
        check(&file, (Method::Post, &path), Some(&data), "create_file");
        let stack = Change::CreateStack {
            parent,
            files: [a, b].into(),
        };
        let path = format!("folders/{parent}/version_stacks");
        let data = json!({ "file_ids": [a, b] });
        check(
            &stack,
            (Method::Post, &path),
            Some(&data),
            "create_version_stack",
        );
    }

    #[test]
    fn what_is_moved_has_its_request() {
        let [a, b, to] = [1, 2, 3].map(id);
        let ids: Arc<[AssetId]> = [a, b].into();
        let files = Change::MoveFiles {
            ids: Arc::clone(&ids),
            to,
        };
        let data = json!({ "file_ids": [a, b], "parent_id": to });
        check(
            &files,
            (Method::Patch, "files/move"),
            Some(&data),
            "move_files",
        );
        let data = json!({ "folder_ids": [a, b], "parent_id": to });
        let folders = Change::MoveFolders { ids, to };
        check(
            &folders,
            (Method::Patch, "folders/move"),
            Some(&data),
            "move_folders",
        );
        let data = json!({ "parent_id": to });
        for (change, kind, limit) in [
            (Change::MoveFile { id: a, to }, "files", "move_file"),
            (
                Change::MoveStack { id: a, to },
                "version_stacks",
                "move_version_stack",
            ),
        ] {
            let path = format!("{kind}/{a}/move");
            check(&change, (Method::Patch, &path), Some(&data), limit);
        }
    }

    #[test]
    fn what_is_deleted_or_restored_has_its_request() {
        let a = id(1);
        let path = format!("files/{a}");
        let file = Change::DeleteFile(a);
        check(&file, (Method::Delete, &path), None, "delete_file");
        let path = format!("folders/{a}");
        let folder = Change::DeleteFolder(a);
        check(&folder, (Method::Delete, &path), None, "delete_folder");
        for (kind, kinds, limit) in [
            (Kind::File, "files", "restore_file"),
            (Kind::Folder, "folders", "restore_folder"),
            (
                Kind::VersionStack,
                "version_stacks",
                "restore_version_stack",
            ),
        ] {
            let path = format!("{kinds}/{a}/restore");
            let restore = Change::Restore(kind, a);
            check(&restore, (Method::Patch, &path), None, limit);
        }
    }
}
