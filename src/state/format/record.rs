//! What the line of one asset says.

use std::sync::Arc;

use jiff::Timestamp;

use crate::outcome::Evidence;
use crate::state::format::{RecordLine, StatusName};
use crate::state::{Failed, Record, Staged, Status};

/// The last texts that were read, since neighbours mostly share them.
#[derive(Default)]
pub(super) struct Memory {
    at: Option<(String, Timestamp)>,
    message: Option<Arc<str>>,
}

impl Memory {
    pub(super) fn record(&mut self, line: RecordLine<'_>) -> Result<Record, String> {
        let RecordLine {
            status,
            evidence,
            kind,
            message,
            attempts,
            seen,
            aside,
            deleted,
            run,
            at,
            // They were taken out before.
            name: _,
            folder: _,
            bytes: _,
            files: _,
        } = line;
        let was_deleted = matches!(
            status,
            StatusName::Retired | StatusName::Gone | StatusName::Restored
        );
        if evidence.is_some() && !was_deleted {
            return Err(
                "has `evidence`, which only `retired`, `gone` and `restored` have".to_owned(),
            );
        }
        if seen.is_some() != (status == StatusName::Restored) {
            return Err("has `seen` without being `restored`, or the other way about".to_owned());
        }
        if aside.is_some() != (status == StatusName::Staged) {
            return Err("has `aside` without being `staged`, or the other way about".to_owned());
        }
        if deleted.is_some() && status != StatusName::Restored {
            return Err("has `deleted` without being `restored`".to_owned());
        }
        let status = match (status, kind, message, attempts) {
            (StatusName::Missing, None, None, None) => Status::Missing,
            (StatusName::Retired, None, None, None) => {
                Status::Retired(evidence.unwrap_or(Evidence::Earlier))
            }
            // Versions that kept no evidence called gone what the server did not know.
            (StatusName::Gone, None, None, None) => evidence.map_or(Status::Missing, Status::Gone),
            (StatusName::Failed, Some(kind), Some(message), Some(attempts)) => {
                Status::Failed(Box::new(Failed {
                    kind,
                    message: self.share(&message),
                    attempts,
                }))
            }
            (StatusName::Unknown, None, None, Some(attempts)) => Status::Unknown { attempts },
            (StatusName::Restored, None, None, None) => Status::Restored {
                was: evidence.unwrap_or(Evidence::Earlier),
                seen: seen.unwrap_or_default(),
                deleted: deleted.map(Box::new),
            },
            (StatusName::Staged, None, None, attempts) if let Some(aside) = aside => {
                Status::Staged(Box::new(Staged {
                    aside,
                    attempts: attempts.unwrap_or_default(),
                }))
            }
            (StatusName::Rescued, None, None, None) => Status::Rescued,
            (StatusName::Failed, ..) => {
                return Err("is `failed` and needs `kind`, `message` and `attempts`".to_owned());
            }
            (StatusName::Unknown, ..) => {
                return Err(
                    "is `unknown` and has `attempts`, no `kind` and no `message`".to_owned(),
                );
            }
            (
                StatusName::Retired
                | StatusName::Gone
                | StatusName::Missing
                | StatusName::Restored
                | StatusName::Staged
                | StatusName::Rescued,
                ..,
            ) => {
                return Err(
                    "has `kind`, `message` or `attempts`, which only a failure has".to_owned(),
                );
            }
        };
        let at = self.timestamp(&at)?;
        Ok(Record { status, run, at })
    }

    fn timestamp(&mut self, text: &str) -> Result<Timestamp, String> {
        if let Some((last, at)) = &self.at
            && last == text
        {
            return Ok(*at);
        }
        let at = text
            .parse()
            .map_err(|_ignored: jiff::Error| format!("has no RFC 3339 time in `at`: `{text}`"))?;
        self.at = Some((text.to_owned(), at));
        Ok(at)
    }

    fn share(&mut self, text: &str) -> Arc<str> {
        match &self.message {
            Some(last) if **last == *text => Arc::clone(last),
            Some(_) | None => {
                let fresh: Arc<str> = Arc::from(text);
                self.message = Some(Arc::clone(&fresh));
                fresh
            }
        }
    }
}
