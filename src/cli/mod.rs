//! The command line: arguments, settings, files, the console and exit codes.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::FromArgMatches;

use args::{Arguments, Command};
use clock::SystemClock;
use console::Console;
use context::Context;
use env::Environment;
use exit::Exit;
use failure::Failure;
use settings::near::misspelt_variables;
use signals::Signals;

use crate::render::escape;
use crate::render::notices::Most;

mod again;
pub mod args;
mod ci;
mod clock;
mod commands;
mod config;
mod connect;
mod console;
mod context;
mod destination;
mod env;
pub mod exit;
mod failure;
mod files;
mod findings;
mod git;
mod guards;
mod identity;
mod lock;
mod log;
mod marks;
mod misfit;
mod ownership;
mod playground;
mod private;
mod project;
mod refusals;
mod reporter;
mod reports;
mod rescue;
mod route;
mod run_report;
mod saved_plan;
pub mod schemas;
mod secrets;
pub mod settings;
mod signals;
mod starter;
mod streams;
mod ticker;

/// Does what the arguments of this process say, and tells how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let matches = args::help::command().try_get_matches();
    let arguments = matches.and_then(|matches| Arguments::from_arg_matches(&matches));
    let environment = Environment::of_process();
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(mut error) => {
            let hint = args::habits::hint(&error);
            args::habits::forget_value_tip(&mut error);
            if hint.is_some() {
                // The parser guesses by letters, and people do not mean what is spelt alike.
                args::habits::forget_tips(&mut error);
            }
            // Where nobody reads the help any more there is nobody left to tell.
            drop(print_usage(&error, &environment));
            if let Some(hint) = hint {
                drop(writeln!(anstream::stderr(), "\n  = hint: {hint}"));
            }
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
            return exit.into();
        }
    };
    let clock = SystemClock::start();
    #[cfg(feature = "failpoints")]
    if let Ok(Some(order)) = environment.text(env::CRASH) {
        crate::crash::arm(order);
    }
    let console = Console::new(arguments.color, arguments.quiet, &environment);
    for warning in misspelt_variables(&environment) {
        console.warn(&warning);
    }
    log::start(arguments.verbose, &environment, &console);
    let signals = match Signals::install(&console) {
        Ok(signals) => signals,
        Err(error) => {
            let failure = Failure::system("catch signals")(error);
            failure.print(&console);
            return failure.exit().into();
        }
    };
    let notices = match arguments.command.is_full() {
        // As with the rest of a plan.
        Some(full) if full || console.width().is_none() => Most::All,
        Some(_) => Most::Few,
        None => Most::Screen,
    };
    let context = Context {
        notices,
        console,
        environment,
        signals,
        config: arguments.config,
        trust_config: arguments.trust_config,
        clock,
    };
    let exit = match run(&context, &arguments.command) {
        Ok(exit) => exit,
        Err(failure) => {
            failure.print(&context.console);
            failure.exit()
        }
    };
    exit.into()
}

/// Prints a help text, or what is wrong with the arguments: one of them may be a secret.
fn print_usage(error: &clap::Error, environment: &Environment) -> io::Result<()> {
    let text = printable(&error.render().ansi().to_string());
    let secrets = environment.secrets();
    let text = secrets.printed(text.as_bytes());
    if error.use_stderr() {
        anstream::stderr().write_all(&text)
    } else {
        anstream::stdout().write_all(&text)
    }
}

/// A text with colours, and with nothing else that a terminal obeys: it repeats the arguments.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let colour = colour(rest);
        if colour > 0 {
            shown.push_str(&rest[..colour]);
        } else if matches!(character, '\n' | '\t') {
            shown.push(character);
        } else {
            escape::push(character, &mut shown);
        }
        rest = &rest[colour.max(character.len_utf8())..];
    }
    shown
}

/// How many bytes set a colour at the beginning of a text.
fn colour(text: &str) -> usize {
    let Some(order) = text.strip_prefix("\u{1b}[") else {
        return 0;
    };
    let end = order.find(|letter: char| !(letter.is_ascii_digit() || letter == ';'));
    match end {
        Some(end) if order[end..].starts_with('m') => "\u{1b}[".len() + end + 1,
        Some(_) | None => 0,
    }
}

fn run(context: &Context, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(arguments) => commands::init::run(context, arguments),
        Command::Login(arguments) => commands::login::run(context, arguments),
        Command::Logout(arguments) => commands::login::leave(context, arguments),
        Command::Whoami(arguments) => commands::whoami::run(context, arguments),
        Command::Find(arguments) => commands::find::run(context, arguments),
        Command::Validate(arguments) => commands::validate::run(context, arguments),
        Command::Probe(arguments) => commands::probe::run(context, arguments),
        Command::Plan(arguments) => commands::plan::run(context, arguments),
        Command::Apply(arguments) => commands::apply::run(context, arguments),
        Command::Restore(arguments) => commands::restore::run(context, arguments),
        Command::Show(arguments) => commands::show::run(context, arguments),
        Command::State(arguments) => commands::state::run(context, arguments),
        Command::Sandbox(arguments) => commands::sandbox::run(context, arguments),
        Command::Schema { name } => commands::schema::run(context, *name),
        Command::Completions { shell } => commands::completions::run(context, *shell),
        Command::Man { folder } => commands::man::run(context, folder.as_deref()),
    }
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_is_printed_of_arguments_sets_colours_and_nothing_else() {
        let plain = "\u{1b}[1merror:\u{1b}[0m\n\tunknown `é`\n";
        assert_eq!(printable(plain), plain);
        let odd = "\u{1b}]0;x\u{7} \u{9b}2J \u{202e} \u{1b}[2J \u{1b}[ \r";
        let shown = "\\u{1b}]0;x\\u{7} \\u{9b}2J \\u{202e} \\u{1b}[2J \\u{1b}[ \\r";
        assert_eq!(printable(odd), shown);
    }
}
