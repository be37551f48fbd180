//! The `retire` binary: arguments in, exit code out, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    frameio_retire::cli::main()
}
