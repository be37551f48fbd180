//! `retire init`: a starter project.

use std::path::{Path, PathBuf};

use crate::app::api::Opened;
use crate::app::whoami::whoami;
use crate::cli::args::{Init, ThisRun};
use crate::cli::clock;
use crate::cli::connect::{asked_account, can_read, connect};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::playground;
use crate::cli::project;
use crate::cli::settings::Settings;
use crate::cli::starter;
use crate::render::escape::escape;
use crate::render::whoami::Account;
use crate::state::Api;

const MANIFEST: &str = include_str!("manifest.yaml");
const RETENTION: &str = include_str!("retention.yaml");
const GITIGNORE: &str = include_str!("gitignore");
const WORKFLOW: &str = include_str!("workflow.yaml");

/// How marks are asked for; the names of field and options are the studio's own.
const MARKS: [&str; 6] = [
    "",
    "# What people mark in Frame.io's web app stays: a custom field, and what it says of such a file.",
    "# Take the `#` off the next three lines, and write the names that your account has.",
    "# [marks]",
    "# field = \"Retention\"",
    "# hold = [\"Hold\"]",
];

/// What becomes of the account.
enum Which {
    /// The token opens this one, or somebody has named it.
    One(Account),
    /// It opens these, and nobody has said which is meant.
    Several(Vec<Account>),
    /// There is no token to ask with.
    NotAsked,
}

/// Writes the files that are not there yet; a question is never asked.
pub(crate) fn run(context: &Context, arguments: &Init) -> Result<Exit, Failure> {
    let folder = arguments.folder.as_deref().unwrap_or(Path::new("."));
    let run = ThisRun {
        sandbox: arguments.sandbox,
        ..ThisRun::default()
    };
    let paths = [folder.to_owned()];
    let in_folder = |name: &str| match &arguments.folder {
        Some(folder) => folder.join(name),
        None => PathBuf::from(name),
    };
    let settings = context.settings(&arguments.settings.given, run, &paths)?;
    // Whoever has a token learns whether it works before a file is there.
    let which = ask(context, &settings)?;
    let ignores = in_folder(".gitignore");
    let mut told = Vec::new();
    let mut write = |path: PathBuf, text: &str| {
        let is_new = starter::write_new(&path, text)?;
        told.push((path, is_new));
        Ok::<(), Failure>(())
    };
    write(
        in_folder("retire.toml"),
        &config(settings.api.value, &which),
    )?;
    write(in_folder("retire.yaml"), MANIFEST)?;
    // Without it `retire find` finds nothing.
    if settings.api.value.abilities().reads_contents {
        write(in_folder("retention.yaml"), RETENTION)?;
    }
    write(ignores.clone(), GITIGNORE)?;
    let (path, text) = workflow(folder);
    write(path, &text)?;
    context.console.data(|_, sink| {
        for (path, is_new) in &told {
            let path = escape(&path.to_string_lossy()).into_owned();
            let word = if *is_new { "wrote" } else { "kept " };
            writeln!(sink, "{word} {path}")?;
        }
        Ok(())
    })?;
    let text = files::text_if_there(&ignores)?;
    let missing = missing_lines(text.as_deref());
    if !missing.is_empty() {
        let missing = missing.join("`, `");
        context.console.warn(&format!(
            "`{}` was there and stays as it is; add `{missing}` to it",
            escape(&ignores.to_string_lossy())
        ));
    }
    let account = match &which {
        Which::One(_) => "",
        Which::Several(_) => "say in retire.toml which account is meant, ",
        Which::NotAsked => "give it a token (`retire whoami` shows what it opens), ",
    };
    context.console.message(&format!(
        "Next: {account}list assets in retire.yaml, then run `retire plan`."
    ));
    Ok(Exit::Done)
}

/// Asks the server which accounts the token opens.
fn ask(context: &Context, settings: &Settings) -> Result<Which, Failure> {
    if !can_read(settings) {
        return Ok(Which::NotAsked);
    }
    let world = || playground::world_of_ids([]);
    let connection = connect(context, settings, &[], settings.sending.reading, world)?;
    let asked = asked_account(settings);
    let opened = whoami(&connection, asked.as_ref(), clock::now);
    connection.close();
    let Opened {
        accounts, wrong, ..
    } = opened?;
    if let Some(wrong) = wrong {
        return Err(wrong.into());
    }
    let is_asked = |account: &&Account| {
        asked
            .as_ref()
            .is_some_and(|(_, id)| account.id.eq_ignore_ascii_case(id))
    };
    if let Some(account) = accounts.iter().find(is_asked) {
        return Ok(Which::One(account.clone()));
    }
    Ok(match <[Account; 1]>::try_from(accounts) {
        Ok([account]) => Which::One(account),
        Err(accounts) => Which::Several(accounts),
    })
}

/// The workflow of the new project. GitHub reads those at the root of a repository alone.
fn workflow(folder: &Path) -> (PathBuf, String) {
    const PLACE: &str = ".github/workflows/retire.yaml";
    match project::below_git_root(folder) {
        Some((root, below)) => {
            let below = serde_json::Value::from(below.to_string_lossy().replace('\\', "/"));
            let defaults = format!("defaults:\n  run:\n    working-directory: {below}\njobs:\n");
            (root.join(PLACE), WORKFLOW.replacen("jobs:\n", &defaults, 1))
        }
        None if folder == Path::new(".") => (PathBuf::from(PLACE), WORKFLOW.to_owned()),
        None => (folder.join(PLACE), WORKFLOW.to_owned()),
    }
}

/// The settings of the new project.
fn config(api: Api, which: &Which) -> String {
    let mut lines = vec![
        "# The settings of this project; `retire whoami` shows those in force, and where each comes from.".to_owned(),
        "version = 1".to_owned(),
    ];
    // It is no default.
    if api.abilities().ends {
        lines.push(format!("api = \"{}\"", api.name()));
    }
    let line = |account: &Account| {
        let name = account.name.as_deref().unwrap_or("no name");
        // As a string of JSON it is one of TOML, whatever is in it.
        let id = serde_json::Value::from(account.id.as_str());
        format!("account = {id}  # {}", escape(name))
    };
    match which {
        Which::One(account) => lines.push(line(account)),
        Which::Several(accounts) => {
            lines.push("# The token opens several accounts: keep the line of one.".to_owned());
            lines.extend(
                accounts
                    .iter()
                    .map(|account| format!("# {}", line(account))),
            );
        }
        Which::NotAsked => {
            lines.push("# account = \"…\"  # `retire whoami` shows its id".to_owned());
        }
    }
    // Files of V4 alone have custom fields.
    if api.abilities().reads_contents {
        lines.extend(MARKS.map(str::to_owned));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The lines that somebody's own file lacks.
fn missing_lines(text: Option<&str>) -> Vec<&'static str> {
    let there: Vec<&str> = text.unwrap_or_default().lines().collect();
    let wanted = GITIGNORE.lines().filter(|line| !line.starts_with('#'));
    wanted.filter(|line| !there.contains(line)).collect()
}
