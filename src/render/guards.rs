//! What the guards say of a plan, for people.

use std::io::{self, Write};

use crate::plan::figure::Report;
use crate::render::escape::escape;

/// Writes what each of several guards refuses, and the waivers that would allow a plan, as a
/// manifest takes them.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn waivers(report: &Report, sink: &mut dyn Write) -> io::Result<()> {
    let refused = report.refused().map(ToString::to_string);
    let incomplete = report.incomplete.iter().map(ToString::to_string);
    let all: Vec<String> = refused.chain(incomplete).collect();
    if all.len() > 1 {
        writeln!(sink)?;
        for refusal in all {
            writeln!(sink, "  {}", escape(&refusal))?;
        }
    }
    let waivers = report.refused().filter_map(|figure| {
        let project = figure.project.as_ref();
        let name = project.and_then(|project| project.name.as_deref());
        let name = name.map_or_else(String::new, |name| format!("  # {}", escape(name)));
        Some(format!("{}{name}", figure.waiver(report.at)?))
    });
    let waivers: Vec<String> = waivers.collect();
    if waivers.is_empty() {
        return Ok(());
    }
    writeln!(sink, "\nin a manifest, once somebody has agreed:\nwaivers:")?;
    for waiver in waivers {
        writeln!(sink, "  {waiver}")?;
    }
    Ok(())
}
