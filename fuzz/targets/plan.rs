//! Any bytes are a saved plan that is written as it was read, or they are refused.
#![no_main]

use frameio_retire::plan::saved::{PlanDocument, SavedError};
use libfuzzer_sys::fuzz_target;

/// Reads a plan; one that names the wrong content is given the right name, since nothing else
/// would be tried otherwise.
fn read(bytes: &[u8]) -> Option<PlanDocument> {
    let error = match PlanDocument::read(bytes) {
        Ok(document) => return Some(document),
        Err(error) => error,
    };
    let SavedError::WrongId { said, content } = error else {
        return None;
    };
    let text = std::str::from_utf8(bytes).ok()?;
    PlanDocument::read(text.replacen(&said, &content, 1).as_bytes()).ok()
}

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = read(bytes) else {
        return;
    };
    let plan = document.plan();
    let mut written = Vec::new();
    document
        .to_json(&mut written)
        .expect("memory takes everything");
    let again = PlanDocument::read(&written).expect("what is written can be read");
    assert_eq!(again, document);
    assert_eq!(again.plan().is_ok(), plan.is_ok());
});
