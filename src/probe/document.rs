//! The bytes of `retire.probe.json`: what a probe found, for review in git. It has no names and no
//! ids.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::diagnostic::of_a_parser;
use crate::probe::{Assumption, Findings};

/// The name of the file, in the project folder.
pub const NAME: &str = "retire.probe.json";

/// The version of the document.
const VERSION: u32 = 1;

/// What stands for what could not be found out.
pub const UNCLEAR: &str = "unclear";

/// What a probe found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// When the probe ended.
    pub at: Timestamp,
    /// The server's address.
    pub server: String,
    pub findings: Findings,
}

/// Why a file is no such document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It is another document, or none.
    #[error("it is not what a probe wrote: {0}")]
    Layout(String),
    /// A later version wrote it.
    #[error("it is version {0}, and this program knows version {VERSION}")]
    Version(u32),
    /// It says something of which this version knows nothing.
    #[error("`{0}` cannot be `{1}`")]
    Word(String, String),
}

/// One finding, as every document has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What the documentation of the API leaves open.
    #[cfg_attr(test, schemars(with = "Assumption"))]
    pub assumption: String,
    /// What the program expects where nobody has looked.
    pub expected: String,
    /// What the probe saw; `unclear` where it could not be found out.
    pub observed: String,
}

/// The document as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ProbeDocument"))]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The version of the document.
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    version: u32,
    /// When the probe ended.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    probed_at: Timestamp,
    /// The server's address.
    server: String,
    /// What was found, one line for each assumption.
    findings: Vec<Line>,
}

/// The findings, one line for each assumption, in their order.
#[must_use]
pub fn lines(findings: &Findings) -> Vec<Line> {
    let line = |assumption: Assumption| Line {
        assumption: assumption.name().to_owned(),
        expected: assumption.expected().to_owned(),
        observed: findings
            .observed(assumption)
            .unwrap_or_else(|| UNCLEAR.to_owned()),
    };
    Assumption::ALL.into_iter().map(line).collect()
}

impl Document {
    /// Writes the document, a finding a line.
    ///
    /// # Errors
    ///
    /// Returns what the sink says.
    pub fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        let json = |text: &str| serde_json::Value::from(text);
        let Self {
            at,
            server,
            findings,
        } = self;
        writeln!(sink, "{{")?;
        writeln!(sink, "  \"version\": {VERSION},")?;
        writeln!(sink, "  \"probed_at\": \"{at:.0}\",")?;
        writeln!(sink, "  \"server\": {},", json(server))?;
        writeln!(sink, "  \"findings\": [")?;
        let mut left = Assumption::ALL.len();
        for Line {
            assumption,
            expected,
            observed,
        } in lines(findings)
        {
            left -= 1;
            writeln!(
                sink,
                "    {{\"assumption\": {}, \"expected\": {}, \"observed\": {}}}{}",
                json(&assumption),
                json(&expected),
                json(&observed),
                if left > 0 { "," } else { "" }
            )?;
        }
        writeln!(sink, "  ]")?;
        writeln!(sink, "}}")
    }

    /// Reads a document. What it does not say was not found out, and what it says must be known:
    /// a word that means nothing here is no reason to expect anything.
    ///
    /// # Errors
    ///
    /// Returns why the bytes are no such document.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let layout =
            |error: serde_json::Error| DocumentError::Layout(of_a_parser(&error.to_string()));
        let Versioned { version } = serde_json::from_slice(bytes).map_err(layout)?;
        if version != VERSION {
            return Err(DocumentError::Version(version));
        }
        let Written {
            version: _,
            probed_at: at,
            server,
            findings: lines,
        } = serde_json::from_slice(bytes).map_err(layout)?;
        let mut findings = Findings::default();
        let mut seen = Vec::with_capacity(lines.len());
        for Line {
            assumption,
            expected: _,
            observed,
        } in lines
        {
            let known = Assumption::named(&assumption).filter(|known| !seen.contains(known));
            let is_known = known.is_some_and(|known| {
                seen.push(known);
                observed == UNCLEAR || findings.take(known, &observed)
            });
            if !is_known {
                return Err(DocumentError::Word(assumption, observed));
            }
        }
        Ok(Self {
            at,
            server,
            findings,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{BadId, Cascade, Restore, Taken};

    fn document() -> Document {
        Document {
            at: "2026-11-28T09:00:00Z".parse().unwrap(),
            server: "https://api.frame.io".to_owned(),
            findings: Findings {
                bulk_move_bad_id: Some(BadId::Partial),
                move_already_there: Some(Taken::Ok),
                delete_twice: Some(404),
                folder_delete_cascade: Some(Cascade::NotSeen),
                restore_file: Some(Restore::Unsupported),
                ..Findings::default()
            },
        }
    }

    fn written(document: &Document) -> String {
        let mut bytes = Vec::new();
        document.write(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_was_written_is_read_again() {
        let text = written(&document());
        assert_eq!(Document::read(text.as_bytes()), Ok(document()));
        assert_eq!(text.matches("\"unclear\"").count(), 8);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["findings"].as_array().map(Vec::len), Some(13));
        assert!(!document().findings.is_complete());
    }

    #[test]
    fn a_word_that_means_nothing_here_is_refused() {
        let text = written(&document());
        for (from, to) in [
            ("\"partial\"", "\"half\""),
            ("\"404\"", "\"none\""),
            ("\"404\"", "\"7\""),
            ("delete-twice", "delete-thrice"),
            ("restore-file", "restore-folder"),
            ("\"version\": 1", "\"version\": 2"),
            ("\"server\"", "\"servers\""),
            ("2026-11-28T", "2026-13-28T"),
        ] {
            let other = text.replace(from, to);
            assert_ne!(other, text);
            assert!(Document::read(other.as_bytes()).is_err(), "{from} {to}");
        }
        for other in ["", "{}", "[]", "{\"version\":1}", "null"] {
            assert!(Document::read(other.as_bytes()).is_err(), "{other}");
        }
    }

    #[test]
    fn each_word_of_each_assumption_is_read_as_it_is_written() {
        for assumption in Assumption::ALL {
            let mut findings = Findings::default();
            assert!(findings.take(assumption, assumption.expected()));
            let observed = findings.observed(assumption);
            assert_eq!(observed.as_deref(), Some(assumption.expected()));
            let mut others = Assumption::ALL
                .into_iter()
                .filter(|other| *other != assumption);
            assert!(others.all(|other| findings.observed(other).is_none()));
            assert!(!findings.take(assumption, "perhaps"));
        }
    }
}
