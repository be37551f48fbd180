//! `retire completions`: print a completion script for a shell.

use clap_complete::Shell;

use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

pub(crate) fn run(context: &Context, shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    // Into memory first, since the library panics where it cannot write.
    clap_complete::generate(shell, &mut args::help::command(), "retire", &mut script);
    context.console.data(|_, sink| sink.write_all(&script))?;
    Ok(Exit::Done)
}
