//! The command line: arguments, settings, files, the console and exit codes.

use std::process::ExitCode;

use clap::FromArgMatches;

use args::{Arguments, Command};
use call::Call;
use console::Console;
use env::Environment;
use exit::Exit;
use failure::Failure;
use settings::near::misspelt_variables;
use signals::Signals;

pub mod args;
pub mod call;
mod clock;
mod commands;
pub mod config;
mod connect;
pub mod console;
pub mod duration;
pub mod env;
pub mod exit;
pub mod failure;
pub mod files;
mod git;
mod identity;
mod lock;
mod log;
mod lost;
mod ownership;
mod playground;
mod project;
mod reporter;
mod saved_plan;
pub mod schemas;
pub mod secrets;
pub mod settings;
pub mod signals;
mod streams;
pub mod target;
mod ticker;

/// Does what the arguments of this process say, and tells how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let matches = args::help::command().try_get_matches();
    let arguments = matches.and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => {
            // Where nobody reads the help any more there is nobody left to tell.
            drop(error.print());
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
            return exit.into();
        }
    };
    let environment = Environment::of_process();
    #[cfg(feature = "failpoints")]
    if let Ok(Some(order)) = environment.text(env::CRASH) {
        crate::crash::arm(order);
    }
    let console = Console::new(arguments.color, arguments.quiet, &environment);
    for warning in misspelt_variables(&environment) {
        console.warn(&warning);
    }
    log::start(arguments.verbose, &environment, &console);
    let signals = match Signals::hear() {
        Ok(signals) => signals,
        Err(error) => {
            let failure = Failure::system("catch signals")(error);
            failure.tell(&console);
            return failure.exit().into();
        }
    };
    let call = Call {
        console,
        environment,
        signals,
        config: arguments.config,
        trust_config: arguments.trust_config,
    };
    let exit = match run(&call, &arguments.command) {
        Ok(exit) => exit,
        Err(failure) => {
            failure.tell(&call.console);
            failure.exit()
        }
    };
    exit.into()
}

fn run(call: &Call, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Validate(arguments) => commands::validate::run(call, arguments),
        Command::Plan(arguments) => commands::plan::run(call, arguments),
        Command::Apply(arguments) => commands::apply::run(call, arguments),
        Command::Show(arguments) => commands::show::run(call, arguments),
        Command::State(arguments) => commands::state::run(call, arguments),
        Command::Sandbox(arguments) => commands::sandbox::run(call, arguments),
        Command::Schema { name } => commands::schema::run(call, *name),
        Command::Completions { shell } => commands::completions::run(call, *shell),
    }
}
