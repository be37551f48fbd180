//! How a run is told that takes something back: what came of it, and what to do next.

use std::io::{self, Write};

use crate::asset::AssetId;
use crate::diagnostic::counted;
use crate::event::StopReason;
use crate::inventory::Known;
use crate::render::escape::escape;
use crate::render::model::stopped::stopped;
use crate::render::text::ROWS;
use crate::render::{Paint, Style, rows, thousands, words};

/// A run that is over.
pub(crate) struct Over<'run> {
    pub(crate) run: u64,
    /// What else is to be said.
    pub(crate) said: &'run [String],
    pub(crate) stop: Option<&'run StopReason>,
    pub(crate) state_path: &'run str,
    /// What is known of the assets.
    pub(crate) known: &'run dyn Fn(AssetId) -> Option<Known>,
    /// Whether lists are cut, as on a terminal.
    pub(crate) folds: bool,
}

/// What did not come back.
pub(super) struct Short<'run> {
    /// What is said of it, of one and of several.
    pub(super) title: (&'static str, &'static str),
    pub(super) paint: Paint,
    /// Each with why, where somebody said.
    pub(super) assets: Vec<(AssetId, Option<&'run str>)>,
}

/// Writes what came of a run.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(super) fn write(
    of: &Over<'_>,
    figures: &[(usize, &str)],
    short: &[Short<'_>],
    next: &[String],
    (style, sink): (Style, &mut dyn Write),
) -> io::Result<()> {
    let mut figures = words::figures(figures).join(", ");
    if figures.is_empty() {
        "nothing changed".clone_into(&mut figures);
    }
    let run = style.paint(Paint::Bold, format!("Run {}:", thousands(of.run)));
    writeln!(sink, "{run} {figures}")?;
    writeln!(sink, "State: {}", escape(of.state_path))?;
    if let Some(reason) = of.stop {
        let why = stopped(reason);
        writeln!(sink, "{} {why}", style.paint(Paint::Yellow, "Stopped:"))?;
    }
    for said in of.said {
        writeln!(sink, "{} {}", style.warning("Warning:"), escape(said))?;
    }
    for list in short {
        let number = list.assets.len();
        if number == 0 {
            continue;
        }
        let (one, many) = list.title;
        let title = style.paint(list.paint, counted(number, one, many));
        writeln!(sink, "\n{title}")?;
        let shown = if of.folds { number.min(ROWS) } else { number };
        for (id, why) in &list.assets[..shown] {
            let path = (of.known)(*id).map(|known| rows::path(&known));
            let path = path.filter(|path| !path.is_empty());
            let path = path.map_or_else(String::new, |path| format!("{path}  "));
            let why = why.map_or_else(String::new, |why| format!("  {}", escape(why)));
            writeln!(sink, "    {path}{id}{why}")?;
        }
        words::fold(4, number - shown, "more", style, sink)?;
    }
    if next.is_empty() {
        return Ok(());
    }
    writeln!(sink)?;
    words::heading("What to do next:", style, sink)?;
    for step in next {
        writeln!(sink, "  - {step}")?;
    }
    Ok(())
}
