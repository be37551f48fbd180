//! What a page has from the program itself, between `<!-- generated: NAME -->` and `<!-- end -->`.

use frameio_retire::cli::args;
use frameio_retire::cli::args::ReportKind;
use frameio_retire::cli::exit::Exit;
use frameio_retire::cli::settings::table::SETTINGS;

use crate::settings::helps;

/// What may be generated.
const NAMES: [&str; 4] = ["commands", "exit codes", "formats", "settings"];

/// A page with what the program says now; `seen` gets the names.
pub(super) fn fill(page: &str, seen: &mut Vec<String>) -> String {
    let mut filled = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        filled += &format!("{line}\n");
        let name = line
            .strip_prefix("<!-- generated: ")
            .and_then(|line| line.strip_suffix(" -->"));
        let Some(name) = name else { continue };
        filled += &match name {
            "commands" => commands(),
            "exit codes" => exit_codes(),
            "formats" => formats(),
            "settings" => settings(),
            other => panic!("nothing generates `{other}`"),
        };
        filled += "<!-- end -->\n";
        seen.push(name.to_owned());
        assert!(lines.any(|line| line == "<!-- end -->"), "`{name}` ends");
    }
    filled
}

/// Checks that everything that is generated stands somewhere, once.
pub(super) fn check(mut seen: Vec<String>) {
    seen.sort();
    assert_eq!(seen, NAMES);
}

fn exit_codes() -> String {
    let rows = Exit::ALL.map(|exit| format!("| {} | {} |\n", exit.code(), exit.meaning()));
    format!("| code | meaning |\n|---|---|\n{}", rows.concat())
}

fn settings() -> String {
    let mut text = String::new();
    let mut heading = "";
    for row in SETTINGS {
        if heading != row.heading {
            heading = row.heading;
            text +=
                &format!("### {heading}\n\n| setting | default | what it does |\n|---|---|---|\n");
        }
        let star = if row.guarded { " *" } else { "" };
        let default = row.default.map(|default| format!("`{default}`"));
        let words: Vec<&str> = row.help.iter().map(|line| line.trim()).collect();
        text += &format!(
            "| `{}`{star} | {} | {} |\n",
            row.key,
            default.unwrap_or_default(),
            words.join(", ")
        );
        let next = SETTINGS
            .iter()
            .skip_while(|other| other.key != row.key)
            .nth(1);
        if next.is_some_and(|next| next.heading != heading) {
            text += "\n";
        }
    }
    text
}

/// What each command prints, and which reports it writes.
fn formats() -> String {
    let mut text = "| command | `--format` | `--report` |\n|---|---|---|\n".to_owned();
    for command in args::help::command().get_subcommands() {
        let format = command.get_arguments().find(|arg| arg.get_id() == "format");
        let Some(format) = format else { continue };
        let formats = format.get_possible_values();
        let formats: Vec<String> = formats
            .iter()
            .map(|format| format!("`{}`", format.get_name()))
            .collect();
        let reports = ReportKind::of_command(command.get_name()).iter();
        let reports: Vec<String> = reports.map(|kind| format!("`{}`", kind.ending())).collect();
        text += &format!(
            "| `{}` | {} | {} |\n",
            command.get_name(),
            formats.join(", "),
            reports.join(", ")
        );
    }
    text
}

/// The help of each command; what is the same in each stands below the first.
fn commands() -> String {
    let mut found = Vec::new();
    helps(args::help::command(), 80, true, &mut found);
    let shown = found
        .iter()
        .filter(|(name, _)| name.split(' ').all(|word| word != "help"));
    let mut text = String::new();
    for (name, help) in shown {
        let (mut help, _) = help.split_once("\nExit codes:").unwrap();
        let examples;
        if name != "retire" {
            let (own, global) = help.split_once("Global options:\n").unwrap();
            let (_, below) = global.split_once("Examples:\n").unwrap();
            examples = format!("{own}Examples:\n{below}");
            help = &examples;
        }
        let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
        text += &format!("## {name}\n\n```text\n{}\n```\n\n", lines.join("\n"));
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}
