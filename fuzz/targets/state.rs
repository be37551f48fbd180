//! Any bytes are a state that is written as it was read, or they are refused at a place.
#![no_main]

use frameio_retire::state::format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match format::read(bytes) {
        Ok(state) => {
            let mut written = Vec::new();
            format::write(&state, &mut written).expect("memory takes everything");
            let again = format::read(&written).expect("what is written can be read");
            assert_eq!(again, state);
        }
        Err(error) => assert!(error.line >= 1 && error.column >= 1),
    }
});
