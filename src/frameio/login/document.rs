//! The bytes of a sign-in that is kept. They hold secrets, so they are for its own file alone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::frameio::endpoint::Endpoint;
use crate::frameio::login::Kept;
use crate::frameio::token::Token;

/// The version of the file.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    ims_endpoint: String,
    client_id: String,
    access_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    ends: Timestamp,
}

/// Writes a sign-in of a client at an identity service.
#[must_use]
pub fn write(ims: &Endpoint, client_id: &str, kept: &Kept) -> Vec<u8> {
    let document = Document {
        version: VERSION,
        ims_endpoint: ims.as_str().to_owned(),
        client_id: client_id.to_owned(),
        access_token: kept.access.text().to_owned(),
        refresh_token: kept.refresh.as_ref().map(|token| token.text().to_owned()),
        ends: kept.ends,
    };
    // Texts and a moment always can be.
    serde_json::to_vec_pretty(&document).unwrap_or_default()
}

/// Reads one: the service, the client, and what is kept. Nothing where it is none: what a parser
/// says could repeat a token.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<(Endpoint, String, Kept)> {
    let document: Document = serde_json::from_slice(bytes).ok()?;
    if document.version != VERSION {
        return None;
    }
    let refresh = document.refresh_token.as_deref().map(Token::new);
    let kept = Kept {
        access: Token::new(&document.access_token).ok()?,
        refresh: refresh.transpose().ok()?,
        ends: document.ends,
    };
    let ims = Endpoint::parse(&document.ims_endpoint).ok()?;
    Some((ims, document.client_id, kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let ims = Endpoint::parse("https://ims-na1.adobelogin.com").unwrap();
        for refresh in [None, Some(Token::new("hush-2").unwrap())] {
            let kept = Kept {
                access: Token::new("hush-1").unwrap(),
                refresh,
                ends: Timestamp::UNIX_EPOCH,
            };
            let bytes = write(&ims, "studio", &kept);
            let read = read(&bytes).unwrap();
            assert_eq!(read, (ims.clone(), "studio".to_owned(), kept));
        }
        for odd in ["", "{}", r#"{"version":2}"#, "[]"] {
            assert!(read(odd.as_bytes()).is_none());
        }
    }
}
