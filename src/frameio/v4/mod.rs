//! The current API, version 4: it deletes one asset a call.

use std::fmt::Write as _;

use crate::asset::{AssetId, Kind};
use crate::frameio::call::Call;
use crate::frameio::transport::{Method, Transport};
use crate::frameio::trash::{Deleted, Wanted, recently_deleted, requests};
use crate::frameio::{Deleter, Reader, Reply};

pub mod wire;

/// How many entries a page is asked to have; the API takes at most this many
/// (docs/frameio-api.md, "Pages (V4)").
const PAGE: u32 = 100;

/// How many assets of a folder a page is asked to have; the API takes at most this many
/// (docs/frameio-api.md, "Pages (V4)").
const PAGE_OF_FOLDER: u32 = 500;

/// Reads a page of the token's accounts.
pub async fn accounts(transport: &Transport, after: Option<&str>) -> Reply {
    let path = page("/v4/accounts", PAGE, after);
    transport.send(Method::Get, &path, None).await
}

/// Speaks V4 of one account, without a call that deletes.
#[derive(Debug, Clone)]
pub struct V4Reader {
    transport: Transport,
    account: String,
}

/// Speaks V4 of one account, the deletes included.
#[derive(Debug, Clone)]
pub struct V4Deleter(V4Reader);

impl V4Reader {
    /// Reads an account through a transport.
    #[must_use]
    pub const fn new(transport: Transport, account: String) -> Self {
        Self { transport, account }
    }

    async fn get(&self, path: &str) -> Reply {
        self.transport.send(Method::Get, path, None).await
    }

    /// Reads an asset as one of a kind.
    pub async fn show(&self, kind: Kind, id: AssetId) -> Reply {
        self.get(&self.of_asset(kind, id)).await
    }

    /// Reads a page of what is in a version stack.
    pub async fn children(&self, stack: AssetId, after: Option<&str>) -> Reply {
        let path = self.of_asset(Kind::VersionStack, stack);
        self.get(&page(&format!("{path}/children"), PAGE, after))
            .await
    }

    /// Reads a page of what is in a folder or a version stack.
    pub async fn contents(&self, kind: Kind, id: AssetId, after: Option<&str>) -> Reply {
        let size = match kind {
            Kind::Folder => PAGE_OF_FOLDER,
            Kind::File | Kind::VersionStack => PAGE,
        };
        let path = self.of_asset(kind, id);
        self.get(&page(&format!("{path}/children"), size, after))
            .await
    }

    /// Reads a page of what was deleted from a project.
    pub async fn recently_deleted(&self, project: &str, after: Option<&str>) -> Reply {
        let account = segment(&self.account);
        let project = segment(project);
        let path = format!("/v4/accounts/{account}/projects/{project}/recently_deleted");
        self.get(&page(&path, PAGE, after)).await
    }

    /// Reads a page of the account's workspaces.
    pub async fn workspaces(&self, after: Option<&str>) -> Reply {
        let account = segment(&self.account);
        self.get(&page(
            &format!("/v4/accounts/{account}/workspaces"),
            PAGE,
            after,
        ))
        .await
    }

    /// Reads a page of a workspace's projects.
    pub async fn projects(&self, workspace: &str, after: Option<&str>) -> Reply {
        let account = segment(&self.account);
        let workspace = segment(workspace);
        let path = format!("/v4/accounts/{account}/workspaces/{workspace}/projects");
        self.get(&page(&path, PAGE, after)).await
    }

    fn of_asset(&self, kind: Kind, id: AssetId) -> String {
        let folder = match kind {
            Kind::File => "files",
            Kind::Folder => "folders",
            Kind::VersionStack => "version_stacks",
        };
        let mut buffer = [0; 36];
        let id = segment(id.encode(&mut buffer));
        format!("/v4/accounts/{}/{folder}/{id}", segment(&self.account))
    }
}

impl V4Deleter {
    /// Reads and deletes in an account through a transport.
    #[must_use]
    pub const fn new(transport: Transport, account: String) -> Self {
        Self(V4Reader::new(transport, account))
    }

    /// The part of it that cannot delete.
    #[must_use]
    pub const fn reader(&self) -> &V4Reader {
        &self.0
    }

    async fn delete(&self, kind: Kind, id: AssetId) -> Reply {
        let path = self.0.of_asset(kind, id);
        self.0.transport.send(Method::Delete, &path, None).await
    }
}

impl Reader for V4Reader {
    fn read(&self, id: AssetId) -> impl Future<Output = Reply> + Send {
        self.show(Kind::File, id)
    }

    async fn who(&self) -> Reply {
        accounts(&self.transport, None).await
    }
}

impl Reader for V4Deleter {
    fn read(&self, id: AssetId) -> impl Future<Output = Reply> + Send {
        self.0.read(id)
    }

    fn who(&self) -> impl Future<Output = Reply> + Send {
        self.0.who()
    }
}

impl Deleter for V4Deleter {
    async fn find_deleted(&self, wanted: &Wanted) -> Deleted {
        let most = requests(wanted.assets.len());
        recently_deleted(&self.0, wanted, most).await
    }

    async fn send(&self, call: &Call) -> Reply {
        match call {
            Call::DeleteFile(id) => self.delete(Kind::File, *id).await,
            Call::DeleteFolder(id) => self.delete(Kind::Folder, *id).await,
            Call::Show(kind, id) => self.0.show(*kind, *id).await,
            Call::Children { of, after } => self.0.children(*of, after.as_deref()).await,
            Call::BulkDelete(_) | Call::ReadAsset(_) => Reply::NotSent {
                detail: "V4 has no such call".to_owned(),
            },
        }
    }
}

/// The path of a page: a link to the next one carries only its cursor, so the rest is said
/// again. The cursor is encoded already, as far as whoever wrote the link cared to.
fn page(path: &str, size: u32, after: Option<&str>) -> String {
    let mut path = format!("{path}?page_size={size}");
    if let Some(after) = after {
        path.push_str("&after=");
        path.push_str(&encoded(after, |byte| b"%!$'()*+,;=:@/?".contains(&byte)));
    }
    path
}

/// A text as one segment of a path (RFC 3986, section 3.3).
fn segment(text: &str) -> String {
    encoded(text, |byte| b"!$&'()*+,;=:@".contains(&byte))
}

fn encoded(text: &str, stands: impl Fn(u8) -> bool) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if unreserved || stands(byte) {
            path.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            write!(path, "%{byte:02X}").ok();
        }
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
            page("/v4/accounts", PAGE, Some("g3Q=+/%2B% &#x")),
            "/v4/accounts?page_size=100&after=g3Q=+/%2B%%20%26%23x"
        );
    }
}
