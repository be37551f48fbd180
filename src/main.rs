//! The `retire` binary: arguments in, exit code out, nothing else.

fn main() {}
