//! What a saved plan was made from, for people.

use std::io::{self, Write};

use crate::plan::saved::PlanDocument;
use crate::render::escape::escape;
use crate::render::{Paint, Style, counted, moment, thousands, words};

/// Writes what a saved plan was made from, and why it no longer fits where it does not, with an
/// empty line after it.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn basis(
    document: &PlanDocument,
    outdated: Option<&str>,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    words::heading(&format!("Plan {}", document.id), style, sink)?;
    if let Some(why) = outdated {
        let word = style.paint(Paint::Yellow, "stale");
        writeln!(sink, "  {word}     {}", escape(why))?;
    }
    let mut field = |name: &str, value: &str| writeln!(sink, "  {name:9} {value}");
    field("made", &moment(document.created_at))?;
    field("expires", &moment(document.expires_at))?;
    field("by", &format!("retire {}", escape(&document.tool)))?;
    field("for", &escape(&document.target().to_string()))?;
    let state = &document.state;
    let (path, serial) = (escape(&state.path), thousands(state.serial));
    field("state", &format!("{path} at serial {serial}"))?;
    if let Some(commit) = &document.commit {
        field("commit", &escape(commit))?;
    }
    for manifest in &document.manifests {
        let listed = counted(manifest.listed, "asset", "assets");
        field("manifest", &format!("{}, {listed}", escape(&manifest.path)))?;
    }
    writeln!(sink)
}
