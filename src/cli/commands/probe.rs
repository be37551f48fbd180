//! `retire probe`: find out what the API does where its documentation leaves it open.

use crate::app::probe::{
    self, Earlier, Early, Journals, Outcome, Rest, Site, account, clean_up, site,
};
use crate::cli::args::{Format, Probe, ThisRun};
use crate::cli::clock;
use crate::cli::connect::{asked_account, connect};
use crate::cli::console::OutputError;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::settings::Settings;
use crate::cli::settings::server::Server;
use crate::cli::{findings, playground, private};
use crate::plan::approve::Consent;
use crate::plan::consent::Agreed;
use crate::probe::document::Document;
use crate::render::escape::escape;
use crate::render::model::stopped::stopped;
use crate::render::{counted, probe as render};

/// The name of the lock that keeps two probes apart.
const LOCK: &str = "probe.lock";

/// Cleans up, asks, probes, and says what it found.
pub(crate) fn run(context: &Context, arguments: &Probe) -> Result<Exit, Failure> {
    let run = ThisRun {
        sandbox: arguments.sandbox,
        ..ThisRun::default()
    };
    let settings = context.settings(&arguments.settings.given, run, &[])?;
    if !settings.api.value.abilities().reads_contents {
        return Err(Failure::ProbesOnlyV4);
    }
    let is_play = settings.server.value == Server::Sandbox;
    let file = findings::place(&[])?;
    if !is_play {
        // What lies there is replaced only where a probe wrote it.
        findings::load(&file)?;
    }
    let (journals, _alone) = journals(context, is_play)?;
    let world = || playground::world_of_ids([]);
    let connection = connect(context, &settings, &[], settings.sending.reading, world)?;
    let server = settings.server.value.name();
    let account = account(&connection, asked_account(&settings).as_ref())?;
    let here = (server, &*account);
    let mut is_clean = true;
    if let Journals::In(folder) = &journals {
        for earlier in clean_up(&connection, here, folder, clock::now())? {
            is_clean &= tell_earlier(context, &earlier);
        }
    }
    let wanted = (arguments.project, arguments.here);
    let site = site(&connection, here, wanted, clock::now())?;
    let agreed = agree(context, arguments, &settings, &site)?;
    let folder = site.folder().to_owned();
    let outcome = probe::run(&connection, site, &journals, (&agreed, clock::now))?;
    connection.close();
    let exit = say(context, arguments, (&outcome, &folder))?;
    if outcome.early.is_none() && !is_play {
        let document = Document {
            at: clock::now(),
            server: server.to_owned(),
            findings: outcome.findings,
        };
        findings::write(&file, &document)?;
        context.console.message(&format!(
            "The findings are in `{}`: commit it, so that they can be reviewed.",
            file.display()
        ));
        for line in render::unlocked(&outcome.findings) {
            context.console.message(&line);
        }
    }
    Ok(if is_clean || exit != Exit::Done {
        exit
    } else {
        Exit::Open
    })
}

/// Where journals are kept; meanwhile no other probe of this user is made.
fn journals(
    context: &Context,
    is_play: bool,
) -> Result<(Journals, Option<std::fs::File>), Failure> {
    if is_play {
        return Ok((Journals::Nowhere, None));
    }
    let folder = context.environment.own_data().ok_or(Failure::NoData)?;
    let lock = private::lock(&folder.join(LOCK));
    let lock = lock.map_err(Failure::system("lock the journals of probes"))?;
    let lock = lock.ok_or(Failure::ProbeRuns)?;
    Ok((Journals::In(folder), Some(lock)))
}

/// Says what became of what an earlier probe left; whether nothing is left of it here.
fn tell_earlier(context: &Context, earlier: &Earlier) -> bool {
    let console = &context.console;
    match earlier {
        Earlier::Removed(name) => {
            console.message(&format!(
                "An earlier probe had not come to its end; its folder `{name}` is removed."
            ));
            true
        }
        Earlier::Left(name, rest) => {
            console.warn(&format!("of an earlier probe {}", left(name, *rest)));
            false
        }
        Earlier::Elsewhere {
            name,
            server,
            account,
        } => {
            console.warn(&format!(
                "an earlier probe of `{server}`, account {account}, had not come to its end; the next one there removes its folder `{name}`"
            ));
            true
        }
        Earlier::Odd(path) => {
            console.warn(&format!(
                "`{}` is no journal that this program can read; what it names is left alone",
                path.display()
            ));
            true
        }
    }
}

/// What is left of a probe, behind `of the probe`.
fn left(name: &str, rest: Rest) -> String {
    match rest {
        Rest::Nothing => "nothing is left".to_owned(),
        Rest::MayCome => format!("the folder `{name}` may still turn up; the next one removes it"),
        Rest::Some { foreign: 0, live } => format!(
            "{} left in the folder `{name}`, which the server does not delete; the next one tries again",
            counted(live, "asset is", "assets are")
        ),
        Rest::Some { foreign, live } => format!(
            "the folder `{name}` is left ({}), since {} in it that the probe did not put there; move that elsewhere, and the next one removes the folder",
            counted(live, "asset", "assets"),
            counted(foreign, "asset is", "assets are")
        ),
    }
}

/// Shows what would be done, and has somebody agree to it.
fn agree(
    context: &Context,
    arguments: &Probe,
    settings: &Settings,
    site: &Site,
) -> Result<Agreed, Failure> {
    let project = match site.project.as_deref() {
        Some(name) => format!("the project `{name}` ({})", arguments.project),
        None => format!("the project {}", arguments.project),
    };
    let server = settings.server.value.name();
    let place = format!("{project}, account {} at {server}", site.account());
    // Nobody reads it where nobody is asked, nor wants to hear anything.
    if !(arguments.auto_approve && context.console.is_quiet()) {
        context
            .console
            .words(|style, sink| render::plan((site.folder(), &place), style, sink));
    }
    let changes = render::changes();
    let consent = if arguments.auto_approve {
        Consent::Auto
    } else if settings.server.value == Server::Sandbox {
        Consent::Sandbox
    } else if context.console.can_ask() {
        let question = "To make them, type the number of changes:";
        let typed = context.console.ask_number(question);
        let typed = typed.map_err(Failure::system("read the answer"))?;
        Consent::Typed(typed.ok_or(Failure::Declined)?)
    } else {
        let changes = counted(changes, "change", "changes");
        return Err(Failure::Unapproved {
            change: format!("the probe would make {changes}"),
            hint: "read above what it would do, then give `--auto-approve`",
        });
    };
    Ok(Agreed::to(changes, consent).map_err(crate::app::error::Error::from)?)
}

/// Says what came of it.
fn say(
    context: &Context,
    arguments: &Probe,
    (outcome, folder): (&Outcome, &str),
) -> Result<Exit, Failure> {
    let Outcome {
        findings,
        early,
        rest,
    } = outcome;
    let shown = match arguments.format {
        Format::Text => context
            .console
            .text(|style, sink| render::table(findings, style, sink)),
        Format::Json => context.console.data(|_, sink| render::list(findings, sink)),
    };
    OutputError::unless_gone(shown)?;
    match rest {
        Some(Rest::Nothing) => context
            .console
            .message("Nothing is left of what the probe made."),
        Some(rest) => context
            .console
            .warn(&format!("of the probe {}", left(folder, *rest))),
        None => context.console.warn(&format!(
            "what the probe made may still be there, in the folder `{}`: the next `retire probe` of this account removes it",
            escape(folder)
        )),
    }
    let exit = match early {
        None if *rest == Some(Rest::Nothing) && findings.is_complete() => Exit::Done,
        None => Exit::Open,
        Some(Early::Because(why)) => {
            let words = format!("the probe did not come to its end: {why}");
            context.console.error(&words, None);
            Exit::Open
        }
        Some(Early::Stopped(reason)) => {
            context.console.error(&stopped(reason), None);
            reason.into()
        }
    };
    Ok(exit)
}
