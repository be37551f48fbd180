//! What refuses a plan or a manifest, as people hear of it.

use crate::cli::console::Console;
use crate::diagnostic::{Finding, in_words};
use crate::plan::approve::{Refusals, Refused};
use crate::render;

/// Writes all that refuses a plan, and what would let it pass.
pub(super) fn print(refusals: &Refusals, console: &Console) {
    for refused in refusals.all() {
        console.error(&in_words(refused), Some(refused.hint()));
        if let Refused::Guarded(report) = refused {
            console.words(|_, sink| render::guards::waivers(report, sink));
        }
    }
}

/// Writes what is wrong with documents.
pub(super) fn findings(findings: &[Finding], console: &Console) {
    let brief = console.is_quiet();
    console.words(|style, sink| render::findings::findings(findings, brief, style, sink));
}
