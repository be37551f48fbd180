//! What stands below the help of each command: three examples, and the exit codes.

use clap::{Command, CommandFactory};

use crate::cli::args::Arguments;
use crate::cli::exit::Exit;

/// How wide the meaning of an exit code is, so that it fits a terminal of 80 columns.
const WIDTH: usize = 72;

/// Three examples each, and what they do; those of `retire state` stand below each of its commands.
const EXAMPLES: [(&str, &str); 17] = [
    (
        "retire",
        "  retire apply --sandbox examples/quickstart     # play, without an account
  retire plan                                    # show what apply would do
  retire apply                                   # ask, and do it",
    ),
    (
        "init",
        "  retire init                                    # here
  retire init shows/tide                         # a project of its own
  retire init --account 5f0c…                    # where the token opens several",
    ),
    (
        "login",
        "  retire login --client-id 3f0a…                 # your studio's own client
  retire login                                   # the same client again
  retire login --no-browser                      # over SSH",
    ),
    (
        "logout",
        "  retire logout                                  # take the token back
  retire login --client-id 3f0a…                 # and sign in as another
  retire whoami                                  # who is it now?",
    ),
    (
        "whoami",
        "  retire whoami                                  # whose token, what it opens
  retire whoami --format json                    # for programs
  retire whoami --api v4 --legacy-token          # does V4 take this one?",
    ),
    (
        "probe",
        "  retire probe --project 7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e   # it asks
  retire probe --project 7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e --auto-approve
  retire probe --project 7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e --format json",
    ),
    (
        "find",
        "  retire find 'The Long Tide' --depth 1          # what fills a project?
  retire find --old-versions --keep 2 --full     # all but the newest two
  retire find --older-than 90d --out old.yaml    # list it, for review",
    ),
    (
        "validate",
        "  retire validate                                # manifests and retire.toml
  retire validate manifests/dailies.yaml         # one of them
  retire validate - < retire.yaml                # standard input",
    ),
    (
        "plan",
        "  retire plan                                    # what apply would do
  retire plan --out plan.json                    # save it for review
  retire plan --detailed-exitcode                # exit 2 where changes wait",
    ),
    (
        "apply",
        "  retire apply                                   # plan, ask, and delete
  retire apply plan.json                         # do exactly what was reviewed
  retire apply --auto-approve --time-budget 25m  # in CI",
    ),
    (
        "restore",
        "  retire restore run:7                           # what run 7 deleted
  retire restore run:7 --auto-approve            # in a job
  retire restore 3fa85f64-5717-4562-b3fc-2c963f66afa6",
    ),
    (
        "show",
        "  retire show retire.state.json                  # the state as a whole
  retire show plan.json                          # a saved plan, stale or not
  retire show run:7                              # what run 7 did, by the state",
    ),
    (
        "state",
        "  retire state list --status failed              # what was refused, and why
  retire state history                           # who changed it, and when
  retire state unstage run:7                     # move back what it staged",
    ),
    (
        "sandbox",
        "  retire sandbox                                 # serve what the manifests list
  retire sandbox --seed world.yaml --port 0      # another world, any port
  retire sandbox --fault 503=5% --refuse 2%      # let things go wrong",
    ),
    (
        "schema",
        "  retire schema manifest                         # for your editor
  retire schema config                           # retire.toml
  retire schema events                           # the lines of `apply --json`",
    ),
    (
        "completions",
        "  retire completions bash > retire.bash          # source it in ~/.bashrc
  retire completions zsh > _retire               # into a folder of $fpath
  retire completions fish > retire.fish          # in ~/.config/fish/completions",
    ),
    (
        "man",
        "  retire man > retire.1                          # the page of retire alone
  retire man ~/.local/share/man/man1             # those of all commands
  retire man packages/man                        # for a package",
    ),
];

/// The whole command line, with what stands below the help of each command.
#[must_use]
pub fn command() -> Command {
    let all = Arguments::command().mut_subcommands(|command| {
        let mut known = EXAMPLES.iter();
        let own = known.find(|(name, _)| *name == command.get_name());
        let (_, examples) = own.unwrap_or(&EXAMPLES[0]);
        with_examples(command, examples)
    });
    let below = below(&all, EXAMPLES[0].1);
    all.after_long_help(below)
}

/// The command and those below it.
fn with_examples(command: Command, examples: &str) -> Command {
    let below = below(&command, examples);
    let command = command.after_long_help(below).mut_args(|arg| {
        // `--max-assets -3` is a wrong figure, and not a flag `-3` of which nobody knows.
        let number = arg.get_num_args();
        let takes_one = number.map_or(arg.get_action().takes_values(), |range| {
            range.takes_values()
        });
        if takes_one && !arg.is_positional() {
            arg.allow_negative_numbers(true)
        } else {
            arg
        }
    });
    command.mut_subcommands(|command| with_examples(command, examples))
}

fn below(command: &Command, examples: &str) -> String {
    let header = command.get_styles().get_header();
    let mut lines = vec![format!(
        "{header}Examples:{header:#}\n{examples}\n\n{header}Exit codes:{header:#}"
    )];
    for exit in Exit::ALL {
        let mut code = exit.code().to_string();
        for line in wrapped(exit.meaning()) {
            lines.push(format!("  {code:4}{line}"));
            code.clear();
        }
    }
    lines.join("\n")
}

/// A text, cut into lines between its words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}
