//! What several commands have: the flags of the settings, as the table says, and few others.

use clap::{
    Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, ValueEnum, ValueHint,
};

use crate::cli::settings::declare::{Setting, heading};
use crate::cli::settings::table::{Given, SETTINGS};

/// The flags of the settings that a command has; `COMMAND` is one or more of [`on`].
///
/// [`on`]: crate::cli::settings::declare::on
#[derive(Debug, Clone, Default)]
pub struct Flags<const COMMAND: u16> {
    /// What they say.
    pub(crate) given: Given,
}

impl<const COMMAND: u16> Args for Flags<COMMAND> {
    fn augment_args(command: Command) -> Command {
        let flags = SETTINGS.iter().filter(|row| row.commands & COMMAND != 0);
        command.args(flags.map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<const COMMAND: u16> FromArgMatches for Flags<COMMAND> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = Given::by_flags(matches);
        Ok(Self { given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.given = Given::by_flags(matches);
        Ok(())
    }
}

fn flag(setting: &Setting) -> Arg {
    let flag = Arg::new(setting.key)
        .long(setting.key)
        .help_heading(setting.heading)
        .help(setting.help[0].trim())
        .long_help(setting.long_help())
        .hide_short_help(!setting.common)
        .value_parser((setting.parser)())
        .ignore_case(!setting.value.is_empty())
        .conflicts_with_all(setting.excludes);
    if setting.value.is_empty() {
        // Not `SetTrue`, which says no where nobody has said anything.
        let flag = flag.action(ArgAction::Set).num_args(0);
        return flag.default_missing_value("true");
    }
    flag.value_name(setting.value)
        .value_hint(match setting.value {
            "FILE" => ValueHint::FilePath,
            "URL" => ValueHint::Url,
            "COMMAND" => ValueHint::CommandString,
            _ => ValueHint::Unknown,
        })
}

/// What is said for one run alone, and is no setting.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct ThisRun {
    /// Try assets again that the server refused too often
    #[arg(long, help_heading = heading::PLAN, hide_short_help = true)]
    pub retry_blocked: bool,
    /// Play: start the embedded sandbox for this one run
    ///
    /// The sandbox uses no real token.
    #[arg(long, help_heading = heading::SERVER, conflicts_with_all = guarded())]
    pub sandbox: bool,
}

/// The settings that the sandbox has no use for: where a secret goes and what is executed.
pub(super) fn guarded() -> impl Iterator<Item = &'static str> {
    let guarded = SETTINGS.iter().filter(|setting| setting.guarded);
    guarded.map(|setting| setting.key)
}

/// How other things are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What is read anew of what earlier commands read.
#[derive(Debug, Clone, Copy, Args)]
pub struct Recall {
    /// Read everything anew, however lately it was read
    #[arg(long, help_heading = heading::SERVER, hide_short_help = true)]
    pub refresh: bool,
}

/// The number of the run that a word names (`run:7`); nothing where it names none.
pub(super) fn run_number(word: &str) -> Option<Result<u64, &'static str>> {
    let (first, number) = word.split_at_checked("run:".len())?;
    if !first.eq_ignore_ascii_case("run:") {
        return None;
    }
    let number = number.parse();
    Some(number.map_err(|_why| "a run is named by its number: `run:7`"))
}

/// The run that somebody may have meant by a word that names none: `run7`, `run-7`, `#7` or `7`.
pub(super) fn run_meant(word: &str) -> Option<u64> {
    let word = word.to_ascii_lowercase();
    let rest = word.strip_prefix("run").unwrap_or(&word);
    rest.trim_start_matches(['-', '_', '#', '=', ' '])
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_number_and_known_by_what_looks_like_it() {
        assert_eq!(run_number("run:7"), Some(Ok(7)));
        assert_eq!(run_number("RUN:7"), Some(Ok(7)));
        assert!(matches!(run_number("run:"), Some(Err(_))));
        for word in ["run7", "run", "7", "é7é7", ""] {
            assert_eq!(run_number(word), None, "{word}");
        }
        for word in ["run7", "run-7", "Run 7", "#7", "7"] {
            assert_eq!(run_meant(word), Some(7), "{word}");
        }
        for word in ["run", "runs", "7a", ""] {
            assert_eq!(run_meant(word), None, "{word}");
        }
    }
}
