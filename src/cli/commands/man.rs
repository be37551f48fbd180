//! `retire man`: print a man page, or write those of all commands.

use std::path::Path;

use clap::Command;
use clap_mangen::Man;

use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::starter;
use crate::render::escape::escape;

pub(crate) fn run(context: &Context, folder: Option<&Path>) -> Result<Exit, Failure> {
    let mut command = args::help::command();
    // Only then has each command its whole name, such as `retire-state-list`.
    command.build();
    let Some(folder) = folder else {
        let page = page(&command).map_err(Failure::system("write the page"))?;
        context
            .console
            .data(|_, sink| sink.write_all(page.as_bytes()))?;
        return Ok(Exit::Done);
    };
    let mut names = Vec::new();
    write(&command, folder, &mut names)?;
    context.console.data(|_, sink| {
        for name in &names {
            writeln!(sink, "{}", escape(name))?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// Writes the page of a command, and those of the commands below it.
fn write(command: &Command, folder: &Path, names: &mut Vec<String>) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let path = folder.join(format!("{name}.1"));
    let page = page(command).map_err(Failure::system("write the page"))?;
    if !starter::write_new(&path, &page)? && files::text_if_there(&path)?.as_ref() != Some(&page) {
        return Err(Failure::InTheWay(path));
    }
    names.push(path.to_string_lossy().into_owned());
    let below = command.get_subcommands();
    let mut below = below.filter(|command| command.get_name() != "help");
    below.try_for_each(|command| write(command, folder, names))
}

fn page(command: &Command) -> std::io::Result<String> {
    let mut page = Vec::new();
    // Without the date of the build, so that the same version has the same pages.
    Man::new(command.clone()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
