//! What was found, for programs: JSON, CSV, and ids alone.

use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::asset::{AssetId, Kind};
use crate::find::filter::By;
use crate::find::{Answer, Found};
use crate::render::escape::escape;
use crate::visible;

/// What `find --format json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "frameio-retire find"))]
pub(crate) struct Document<'a> {
    /// The version of this document.
    version: u32,
    /// All of it.
    totals: Totals,
    /// The folders that could not be read: what is in them is missing.
    unread: Vec<Unread<'a>>,
    /// What was found, by path.
    assets: Vec<Asset<'a>>,
}

/// How much was found, each file once.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Totals {
    /// How many files.
    files: usize,
    /// How many bytes, as far as that is known.
    bytes: u64,
}

/// A folder that could not be read.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Unread<'a> {
    /// Its path.
    path: &'a str,
    /// Why.
    why: &'a str,
}

/// An asset that was found.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Asset<'a> {
    /// The asset.
    id: AssetId,
    /// What sort of asset it is.
    kind: Kind,
    /// Its name.
    name: Option<&'a str>,
    /// The names from its project down to it, with a slash between them and `\/` for a slash in
    /// a name: a PLACE.
    path: String,
    /// The name of its project.
    project: Option<&'a str>,
    /// Its size; of a folder or a version stack that of what is in it.
    bytes: Option<u64>,
    /// When it was made.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    created: Option<Timestamp>,
    /// When it was changed last.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    updated: Option<Timestamp>,
    /// Who made it: an address, else a name, else an id.
    creator: Option<&'a str>,
    /// What sort of media it is.
    media_type: Option<&'a str>,
    /// How far its upload has come.
    status: Option<&'a str>,
}

impl<'a> Asset<'a> {
    fn new(answer: &'a Answer<'_>, found: &'a Found<'_>) -> Self {
        let facts = found.facts;
        let text = |text: &'a Option<Arc<str>>| text.as_deref();
        let creator = facts.creator.as_deref();
        Self {
            id: found.id,
            kind: facts.kind,
            name: text(&facts.name),
            path: answer.path_of(found),
            project: answer.project_of(found),
            bytes: found.bytes(),
            created: facts.created,
            updated: facts.updated,
            creator: creator.and_then(|person| {
                let said = [&person.email, &person.name, &person.id];
                said.into_iter().find_map(|said| said.as_deref())
            }),
            media_type: text(&facts.media_type),
            status: text(&facts.upload),
        }
    }
}

/// Writes the document.
///
/// # Errors
///
/// Returns what the sink says.
pub(crate) fn json(
    answer: &Answer<'_>,
    unread: &[(String, String)],
    sink: &mut dyn Write,
) -> io::Result<()> {
    let totals = answer.totals(By::Updated);
    let document = Document {
        version: 1,
        totals: Totals {
            files: totals.files,
            bytes: totals.bytes,
        },
        unread: unread
            .iter()
            .map(|(path, why)| Unread { path, why })
            .collect(),
        assets: answer
            .found
            .iter()
            .map(|found| Asset::new(answer, found))
            .collect(),
    };
    visible::json(&document, sink)?;
    writeln!(sink)
}

/// Writes a line for each asset, after one with the names of the columns; escaped, where a
/// terminal shows it.
///
/// # Errors
///
/// Returns what the sink says.
pub(crate) fn csv(answer: &Answer<'_>, escaped: bool, sink: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(sink);
    writer.write_record([
        "id",
        "kind",
        "name",
        "path",
        "project",
        "bytes",
        "created",
        "updated",
        "creator",
        "media_type",
        "status",
    ])?;
    for found in &answer.found {
        let Asset {
            id,
            kind,
            name,
            path,
            project,
            bytes,
            created,
            updated,
            creator,
            media_type,
            status,
        } = Asset::new(answer, found);
        let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        let text = |text: Option<&str>| text.map(|text| shown(text, escaped));
        let cells = [
            Some(id.to_string()),
            Some(kind.name().to_owned()),
            text(name),
            Some(shown(&path, escaped)),
            text(project),
            bytes.map(|bytes| bytes.to_string()),
            moment(created),
            moment(updated),
            text(creator),
            text(media_type),
            text(status),
        ];
        writer.write_record(cells.map(Option::unwrap_or_default))?;
    }
    writer.flush()
}

fn shown(text: &str, escaped: bool) -> String {
    if escaped {
        escape(text).into_owned()
    } else {
        text.to_owned()
    }
}

/// Writes the ids, one a line.
///
/// # Errors
///
/// Returns what the sink says.
pub(crate) fn ids(answer: &Answer<'_>, sink: &mut dyn Write) -> io::Result<()> {
    answer
        .found
        .iter()
        .try_for_each(|found| writeln!(sink, "{}", found.id))
}
