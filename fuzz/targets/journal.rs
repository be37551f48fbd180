//! Any lines continue a state, or are refused at their place; nothing is deleted that no line
//! says.
#![no_main]

use frameio_retire::state::{Api, Target, Status, State, format};
use frameio_retire::store::replay::replay;
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;

/// Gives each line the frame that it needs to be read at all.
fn framed(bodies: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    for body in bodies.split(|byte| *byte == b'\n') {
        let sum = crc32fast::hash(body);
        lines.extend_from_slice(format!("{{\"sum\":\"{sum:08x}\",\"body\":").as_bytes());
        lines.extend_from_slice(body);
        lines.extend_from_slice(b"}\n");
    }
    lines
}

fn check(base: Option<State>, lines: &[u8]) {
    match replay(base, lines) {
        Ok(replayed) => {
            let Some(state) = replayed.state else { return };
            let said = |word: &[u8]| lines.windows(word.len()).any(|part| part == word);
            for record in state.assets.values() {
                match record.status {
                    Status::Retired(_) | Status::Gone(_) => {
                        assert!(said(b"retired") || said(b"gone"));
                    }
                    Status::Failed(_) => assert!(said(b"failed")),
                    // Journals of before there was evidence said of these that they are gone.
                    Status::Missing => {
                        assert!(said(b"missing") || said(b"gone") || said(b"found_deleted"));
                    }
                    Status::Unknown { .. } => assert!(said(b"intent") || said(b"unknown")),
                    // Of what was asked for and not answered the intent says so.
                    Status::Restored { .. } => assert!(said(b"restore")),
                    Status::Staged(_) => assert!(said(b"staged")),
                    Status::Rescued => assert!(said(b"rescued")),
                }
            }
            let mut written = Vec::new();
            format::write(&state, &mut written).expect("memory takes everything");
            let again = format::read(&written).expect("what is written can be read");
            assert_eq!(again, state);
        }
        Err(damage) => assert!(damage.offset <= lines.len()),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let target = Target {
        api: Api::V2,
        endpoint: "sandbox".to_owned(),
        account: None,
    };
    let base = State::new(Uuid::from_u128(7), target);
    check(None, bytes);
    check(None, &framed(bytes));
    check(Some(base), &framed(bytes));
});
