//! What neither the state nor the journal would take: it is printed, so that somebody can put
//! it where it belongs.

use crate::apply::NotSaved;
use crate::cli::context::Context;
use crate::diagnostic::in_words;
use crate::event::RunEvent;
use crate::render::counted;
use crate::store::StoreError;
use crate::store::file::Rescue;

/// Says what could not be written down and what to do with it; the lines come last.
pub(crate) fn print(context: &Context, not_saved: &NotSaved, rescue: &Rescue) {
    let NotSaved { error, lost } = not_saved;
    if let StoreError::Replaced { .. } = error {
        // It is written down, and where somebody decides what becomes of it.
        context.console.error(&in_words(error), error.hint());
        return;
    }
    let Rescue {
        journal,
        lines,
        continues,
    } = rescue;
    let journal = journal.display();
    let answers = lost.iter().map(answered).sum();
    let answers = counted(answers, "asset", "assets");
    let hint = if lines.is_empty() {
        format!("`{journal}` has all of it; make room, then run apply again")
    } else if *continues {
        format!(
            "nothing but the lines below says what became of {answers}: append them to `{journal}`, then run apply again"
        )
    } else {
        format!(
            "nothing but the lines below says what this run has done: put the folder and the state in it back as they were before, save the lines as `{journal}`, then run apply again"
        )
    };
    let words = format!("the run could not be written down: {}", in_words(error));
    context.console.error(&words, Some(&hint));
    context.console.words(|_, sink| sink.write_all(lines));
}

/// For how many assets an event says what became of them.
fn answered(event: &RunEvent) -> usize {
    if let RunEvent::Answered { outcomes, .. } = event {
        outcomes.len()
    } else {
        0
    }
}
