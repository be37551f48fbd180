//! What comes due, by owner: to be read, mailed or pasted.

use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::asset::{AssetId, Kind};
use crate::plan::due::{Due, OfOwner, Waits};
use crate::render::escape::escape;
use crate::render::markdown::inline::code;
use crate::render::markdown::line;
use crate::render::model::Line;
use crate::render::names::{Foreign, Names};
use crate::render::rows::path;
use crate::render::size::bytes;
use crate::render::{Paint, Style, counted};
use crate::visible;

/// What is said of what is moved aside.
const STAGED: &str = "staged: people can take it back until then";

/// What is said of it once its date is past.
const OVERDUE: &str =
    "staged, and due: the next `retire apply` deletes it, unless somebody takes it back";

/// What is said of what a hold keeps until then.
const HELD: &str = "until then held";

/// What is said of those for whom nobody answers.
const NOBODY: &str = "no owner";

/// What is shown of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DueView<'due> {
    pub(crate) owners: &'due [OfOwner],
    /// The moment up to which it was looked for.
    pub(crate) until: Timestamp,
}

impl DueView<'_> {
    fn headline(&self) -> String {
        let all = self.owners.iter().map(|of| of.assets.len()).sum();
        // Nobody asks for it to the second.
        let until = self.until.strftime("%Y-%m-%d %H:%M UTC");
        match all {
            0 => format!("Nothing comes due until {until}."),
            1 => format!("1 asset comes due until {until}."),
            all => format!(
                "{} come due until {until}.",
                counted(all, "asset", "assets")
            ),
        }
    }
}

/// A moment as a calendar has it, to the second where it is not that of a minute.
fn minute(at: Timestamp) -> String {
    let form = if at.as_second() % 60 == 0 {
        "%Y-%m-%d %H:%M UTC"
    } else {
        "%Y-%m-%d %H:%M:%S UTC"
    };
    at.strftime(form).to_string()
}

/// Says what is known beyond the name, as far as it may be shown.
fn said(due: &Due, names: Names) -> Vec<Line> {
    let shown = |text: &str| {
        let text = Foreign::new(text).or("").withheld(names);
        let is_said = !text.shown().trim().is_empty();
        is_said.then(|| Line::foreign(text))
    };
    let shown_of = |text: &Option<Arc<str>>| text.as_deref().and_then(shown);
    let waits = match &due.waits {
        Waits::Date => None,
        Waits::Hold(reason) => Some(match shown(reason) {
            Some(reason) => Line::words(format!("{HELD}: ")).and_line(reason),
            None => Line::words(HELD),
        }),
        Waits::Staged => Some(Line::words(STAGED)),
        Waits::Overdue => Some(Line::words(OVERDUE)),
    };
    let known = [
        due.known.bytes.map(|known| Line::words(bytes(known))),
        waits,
        shown_of(&due.reason),
        shown_of(&due.ticket),
    ];
    known.into_iter().flatten().collect()
}

/// Writes it for people.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn text(view: &DueView<'_>, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    writeln!(sink, "{}", style.paint(Paint::Bold, view.headline()))?;
    for OfOwner { owner, assets } in view.owners {
        let owner = owner.as_deref().map_or(NOBODY.into(), escape);
        let title = format!("{owner} ({})", assets.len());
        writeln!(sink, "\n{}", style.paint(Paint::Bold, title))?;
        for due in assets {
            let (at, name) = (minute(due.at), path(&due.known));
            let id = style.paint(Paint::Dim, due.id);
            let said = said(due, Names::Full).into_iter();
            let said = said.chain([Line::foreign(&*due.listed)]);
            let said = Line::joined(said, " · ").text();
            if name.is_empty() {
                writeln!(sink, "  {at}  {id}")?;
            } else {
                writeln!(sink, "  {at}  {name}\n      {id}")?;
            }
            writeln!(sink, "      {said}")?;
        }
    }
    Ok(())
}

/// Writes it as Markdown.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn markdown(view: &DueView<'_>, names: Names, sink: &mut dyn Write) -> io::Result<()> {
    writeln!(sink, "{}", view.headline())?;
    for OfOwner { owner, assets } in view.owners {
        let owner = owner.as_deref().map_or_else(
            || NOBODY.to_owned(),
            |owner| code(Foreign::new(owner).without_file().withheld(names).shown()),
        );
        writeln!(sink, "\n## {owner}\n")?;
        writeln!(sink, "| due | asset | id | |")?;
        writeln!(sink, "|---|---|---|---|")?;
        for due in assets {
            writeln!(
                sink,
                "| {} | {} | `{}` | {} |",
                minute(due.at),
                code(called(due).withheld(names).shown()),
                due.id,
                line(&Line::joined(said(due, names), " · "))
            )?;
        }
    }
    Ok(())
}

/// What it is called, and where it lies.
fn called(due: &Due) -> Foreign {
    if path(&due.known).is_empty() {
        return Foreign::default();
    }
    Foreign::asset(due.id, Some(&due.known), due.kind)
}

/// What `plan --due --format json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "frameio-retire due"))]
pub(crate) struct Document<'a> {
    /// The version of this document.
    version: u32,
    /// The moment up to which it was looked for: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    until: Timestamp,
    /// What comes due, by owner.
    owners: Vec<Owner<'a>>,
}

/// The assets of one owner.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Owner<'a> {
    /// Who answers for them; null where no entry says.
    owner: Option<&'a str>,
    /// What comes due, the first at first.
    assets: Vec<Asset<'a>>,
}

/// An asset that comes due.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Asset<'a> {
    /// The moment from which it may be deleted: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    due: Timestamp,
    /// The asset.
    id: AssetId,
    /// What sort of asset it is, where its entry says.
    kind: Option<Kind>,
    /// What it is called, where that is known.
    name: Option<&'a str>,
    /// The name of its project, where that is known.
    project: Option<&'a str>,
    /// The folders above it, where that is known.
    folder: Option<&'a str>,
    /// How large it is, in bytes, where that is known.
    bytes: Option<u64>,
    /// Why it is held until then; null where it waits for the date of its entry, or is staged.
    hold: Option<&'a str>,
    /// Why it is to go.
    reason: Option<&'a str>,
    /// The ticket under which that was decided.
    ticket: Option<&'a str>,
    /// Where a manifest lists it: `file:line:column`.
    at: &'a str,
}

impl<'a> Asset<'a> {
    fn new(due: &'a Due) -> Self {
        let location = due.known.location.as_deref();
        Self {
            due: due.at,
            id: due.id,
            kind: due.kind,
            name: due.known.name.as_deref(),
            project: location.and_then(|place| place.project.as_deref()),
            folder: location.map(|place| &*place.folder),
            bytes: due.known.bytes,
            hold: match &due.waits {
                Waits::Date | Waits::Staged | Waits::Overdue => None,
                Waits::Hold(reason) => Some(reason),
            },
            reason: due.reason.as_deref(),
            ticket: due.ticket.as_deref(),
            at: &due.listed,
        }
    }
}

/// Writes it for programs.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn json(view: &DueView<'_>, sink: &mut dyn Write) -> io::Result<()> {
    let owners = view.owners.iter().map(|OfOwner { owner, assets }| Owner {
        owner: owner.as_deref(),
        assets: assets.iter().map(Asset::new).collect(),
    });
    let document = Document {
        version: 1,
        until: view.until,
        owners: owners.collect(),
    };
    visible::json(&document, sink)?;
    writeln!(sink)
}
