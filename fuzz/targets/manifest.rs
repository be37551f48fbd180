//! Any bytes are a manifest, or all that is wrong with them is told at its place.
#![no_main]

use std::collections::HashSet;

use frameio_retire::manifest::{self, Part, Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let source = Source {
        path: "retire.yaml".into(),
        bytes: bytes.to_vec(),
        part: Part::All,
    };
    match manifest::read(&[source]) {
        Ok(manifests) => {
            let mut seen = HashSet::new();
            for entry in &manifests.entries {
                assert!(seen.insert(entry.id), "no id stands twice");
                assert!(entry.spot.line >= 1 && entry.spot.column >= 1);
            }
        }
        Err(findings) => assert!(!findings.is_empty()),
    }
});
