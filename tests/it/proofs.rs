//! What must not happen does not compile.

use std::io::Write;

/// Each file of `proofs/` is a program that must not compile, beside what the compiler says to it.
///
/// The compiler has to see the dependencies once more for it, in a folder of its own, so that this
/// runs in CI only. `CI=true TRYBUILD=overwrite cargo test --test it proofs` writes anew what the
/// compiler says.
#[test]
fn what_must_not_happen_does_not_compile() {
    if std::env::var_os("CI").is_none() {
        // Not by `eprintln!`, which a test that passes keeps to itself.
        let mut terminal = std::io::stderr();
        writeln!(
            terminal,
            "SKIPPED: the proofs are compiled where `CI` is set"
        )
        .unwrap();
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/it/proofs/*.rs");
}
