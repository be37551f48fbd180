//! What several texts say in the same way.

use std::io::{self, Write};

use crate::render::{Paint, Style, count, thousands};
use crate::state::Counts;

/// Says figures with their words, without those that are none: `3 retired`, `1 failed`.
pub(super) fn figures(figures: &[(usize, &str)]) -> Vec<String> {
    let some = figures.iter().filter(|(figure, _)| *figure > 0);
    some.map(|(figure, word)| format!("{} {word}", count(*figure)))
        .collect()
}

/// What became of assets, each figure with its word; `gone` is that for what was gone already.
pub(super) const fn outcomes(counts: Counts, gone: &'static str) -> [(usize, &'static str); 8] {
    let Counts {
        retired,
        gone: already,
        failed,
        unknown,
        missing,
        restored,
        staged,
        rescued,
    } = counts;
    [
        (retired, "retired"),
        (already, gone),
        (failed, "failed"),
        (unknown, "unknown"),
        (missing, "missing"),
        (restored, "restored"),
        (staged, "staged"),
        (rescued, "rescued"),
    ]
}

/// Says how often something was done: `once`, `3 times`.
pub(super) fn times(number: u32) -> String {
    match number {
        1 => "once".to_owned(),
        number => format!("{} times", thousands(number.into())),
    }
}

/// Writes a line that stands out.
pub(super) fn heading(text: &str, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    writeln!(sink, "{}", style.paint(Paint::Bold, text))
}

/// Writes how many more of a list there are, where there are some.
pub(super) fn fold(
    indent: usize,
    more: usize,
    what: &str,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    if more == 0 {
        return Ok(());
    }
    let text = format!("{:indent$}… {} {what}", "", count(more));
    writeln!(sink, "{}", style.paint(Paint::Dim, text))
}
