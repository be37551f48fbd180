//! What people type out of habit from other tools, and what there is here in its place.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What is typed, and what to do in its place.
const HABITS: [(&[&str], &str); 11] = [
    (
        &["--dry-run", "-n", "--check", "diff", "preview"],
        "`retire plan` shows what apply would do, and changes nothing",
    ),
    (
        &[
            "-y",
            "--yes",
            "-f",
            "--force",
            "--auto",
            "-auto-approve",
            "-a",
        ],
        "`--auto-approve` of `retire apply` goes ahead without asking",
    ),
    (
        &["--json"],
        "`--format json` prints a document; `retire apply --json` prints the events of a run",
    ),
    (
        &["--target", "-target", "-t"],
        "name the manifests that list what is meant: `retire plan manifests/dailies.yaml`",
    ),
    (
        &["-o", "-out", "--output"],
        "`--out FILE` saves it: `retire plan --out plan.json`",
    ),
    (&["version", "-v"], "`retire --version` prints the version"),
    (
        &["undo", "rollback", "undelete", "recover"],
        "`retire restore run:7` takes back what run 7 deleted, and `retire state unstage run:7` what it moved aside; `retire state history` shows the runs",
    ),
    (
        &["unstage", "history"],
        "it stands below `state`: `retire state unstage run:7`, `retire state history`",
    ),
    (
        &["list", "ls", "status"],
        "`retire state list` lists what became of each asset, and `retire plan` what is still open",
    ),
    (
        &["delete", "destroy", "rm", "run", "retire"],
        "`retire apply` deletes what the manifests list",
    ),
    (
        &["check", "lint", "fmt"],
        "`retire validate` checks the manifests",
    ),
];

/// Takes out of an error that a flag could be meant as a value behind `--`: nobody has a PATH or a
/// PLACE of that name.
pub fn forget_value_tip(error: &mut clap::Error) {
    error.remove(ContextKind::Suggested);
}

/// Takes the parser's own guesses out of an error.
pub fn forget_tips(error: &mut clap::Error) {
    for kind in [
        ContextKind::Suggested,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
    ] {
        error.remove(kind);
    }
}

/// What is written of a plan, and not of what comes due.
const OF_PLANS: [&str; 3] = ["--report", "--summary", "--report-bytes"];

/// How what comes due gets into a file.
const DUE_INTO_FILE: &str =
    "`retire plan --due 7d --format markdown > due.md` writes what comes due into a file";

/// Says what there is in place of what somebody typed, where that is known.
#[must_use]
pub fn hint(error: &clap::Error) -> Option<&'static str> {
    if error.kind() == ErrorKind::ArgumentConflict {
        return is_report_of_due(error).then_some(DUE_INTO_FILE);
    }
    let kind = if error.kind() == ErrorKind::UnknownArgument {
        ContextKind::InvalidArg
    } else if error.kind() == ErrorKind::InvalidSubcommand {
        ContextKind::InvalidSubcommand
    } else {
        return None;
    };
    let Some(ContextValue::String(typed)) = error.get(kind) else {
        return None;
    };
    let mut habits = HABITS.iter();
    let known = habits.find(|(typed_out_of_habit, _)| typed_out_of_habit.contains(&&**typed))?;
    Some(known.1)
}

/// Whether somebody asks for a report of what comes due.
fn is_report_of_due(error: &clap::Error) -> bool {
    let mut named = Vec::new();
    for (_, value) in error.context() {
        if let ContextValue::String(one) = value {
            named.push(&**one);
        } else if let ContextValue::Strings(several) = value {
            named.extend(several.iter().map(String::as_str));
        }
    }
    let is_named = |flag: &str| {
        let mut flags = named.iter();
        flags.any(|named| named.split(' ').next() == Some(flag))
    };
    is_named("--due") && OF_PLANS.into_iter().any(is_named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::help;

    #[test]
    fn a_habit_is_answered() {
        for (line, part) in [
            ("retire apply --dry-run", "`retire plan`"),
            ("retire apply -y", "`--auto-approve`"),
            ("retire apply --yes", "`--auto-approve`"),
            ("retire plan --json", "`--format json`"),
            ("retire plan -target=x", "name the manifests"),
            ("retire plan --target x", "name the manifests"),
            ("retire plan -out p", "`--out FILE`"),
            ("retire plan -out=p", "`--out FILE`"),
            ("retire plan --output p", "`--out FILE`"),
            ("retire version", "`retire --version`"),
            ("retire undo", "`retire restore run:7`"),
            ("retire unstage", "`retire state unstage run:7`"),
            ("retire list", "`retire state list`"),
            ("retire plan --due 7d --report a.md", "> due.md"),
            ("retire plan --summary --due 7d", "> due.md"),
            ("retire plan --due 7d --report-bytes 9000", "> due.md"),
        ] {
            let error = help::command()
                .try_get_matches_from(line.split(' '))
                .unwrap_err();
            let hint = hint(&error).unwrap_or_else(|| panic!("{line}: {error}"));
            assert!(hint.contains(part), "{line}: {hint}");
        }
        let error = help::command().try_get_matches_from(["retire", "plan", "--nonsense"]);
        let mut error = error.unwrap_err();
        assert_eq!(hint(&error), None);
        assert!(error.to_string().contains("-- --nonsense"), "{error}");
        forget_value_tip(&mut error);
        assert!(!error.to_string().contains("tip"), "{error}");
    }
}
