//! Whose token was asked for: within the time that is believed, it is not asked again.

use std::io;
use std::path::Path;
use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::store::cache::files;

/// The name of the file.
pub(super) const NAME: &str = "tokens.json";

/// How many tokens are remembered at most; the oldest goes.
const MOST: usize = 50;

/// In whose account something was read, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// The account's id.
    pub account: String,
    /// The user's id.
    pub user: String,
}

/// What tells a token, and the account that was asked for, from all others: a digest, of which
/// nobody learns the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenKey(String);

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    token: TokenKey,
    at: Timestamp,
    owner: Owner,
}

impl TokenKey {
    /// Makes it of all that decides whose token it is and where it works.
    #[must_use]
    pub fn new(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        Self(BASE64_URL_SAFE_NO_PAD.encode(digest.finalize()))
    }

    /// Whose token it is, where that was asked no longer ago than `most`.
    #[must_use]
    pub fn owner(&self, folder: &Path, (now, most): (Timestamp, Duration)) -> Option<Owner> {
        let is_young = |at: Timestamp| at <= now && now.duration_since(at).unsigned_abs() <= most;
        let seen = read(folder).into_iter().find(|seen| seen.token == *self)?;
        is_young(seen.at).then_some(seen.owner)
    }

    /// Keeps whose token it is.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub fn keep(&self, folder: &Path, owner: &Owner, at: Timestamp) -> io::Result<()> {
        let mut all = read(folder);
        all.retain(|seen| seen.token != *self);
        all.insert(
            0,
            Seen {
                token: self.clone(),
                at,
                owner: owner.clone(),
            },
        );
        all.truncate(MOST);
        let bytes = serde_json::to_vec(&all)?;
        files::replace(&folder.join(NAME), |sink| sink.write_all(&bytes))
    }
}

/// What is kept; nothing where the file is not there or damaged.
fn read(folder: &Path) -> Vec<Seen> {
    let text = files::read(&folder.join(NAME)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}
