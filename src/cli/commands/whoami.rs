//! `retire whoami`: whose token it is, what it opens, and the settings in force.

use crate::app::api::Opened;
use crate::app::whoami::{token_end, token_kind, whoami};
use crate::cli::args::{Format, ThisRun, Whoami};
use crate::cli::clock;
use crate::cli::connect::{asked_account, connect, tell_end_of_v2};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::playground;
use crate::cli::settings::Settings;
use crate::render::whoami::{self as render, Setting, Token};

/// The least difference between the clocks, in seconds, that is warned of.
const WORTH_A_WORD: u64 = 60;

/// Asks the server, and prints all that is known, also where it does not say anything.
pub(crate) fn run(context: &Context, arguments: &Whoami) -> Result<Exit, Failure> {
    let run = ThisRun {
        sandbox: arguments.sandbox,
        ..ThisRun::default()
    };
    let settings = context.settings(&arguments.settings.given, run, &[])?;
    tell_end_of_v2(context, &settings);
    let mut document = known(&settings);
    let asked = ask(context, &settings, &mut document);
    context.console.data(|style, sink| match arguments.format {
        Format::Text => render::text(&document, style, sink),
        Format::Json => render::document(&document, sink),
    })?;
    let ahead = document
        .clock
        .filter(|clock| clock.ahead_seconds.unsigned_abs() >= WORTH_A_WORD);
    if let Some(difference) = ahead.and_then(render::Clock::difference) {
        context.console.warn(&format!(
            "this machine's clock is {difference}; it decides when an asset is due and how old a plan is"
        ));
    }
    asked.map(|()| Exit::Done)
}

/// What is known before a server was asked.
fn known(settings: &Settings) -> render::Whoami {
    let settings_in_force = settings.shown().into_iter().map(|(name, valued)| Setting {
        name,
        from: valued
            .as_ref()
            .map_or_else(|| "default".to_owned(), |valued| valued.origin.name()),
        value: valued.map(|valued| valued.value),
    });
    render::Whoami {
        version: 1,
        api: settings.api.value,
        server: settings.server.value.name().to_owned(),
        token: None,
        user: None,
        clock: None,
        accounts: Vec::new(),
        settings: settings_in_force.collect(),
    }
}

/// Asks the server, and adds what it says.
fn ask(
    context: &Context,
    settings: &Settings,
    document: &mut render::Whoami,
) -> Result<(), Failure> {
    let world = || playground::world_of_ids([]);
    let connection = connect(context, settings, &[], settings.sending.reading, world)?;
    let kind = token_kind(&connection);
    let opened = whoami(&connection, asked_account(settings).as_ref(), clock::now);
    let source = settings.access.token.as_ref();
    let token = Token {
        kind,
        from: source
            .map_or(&settings.server.origin, |source| &source.origin)
            .name(),
        ends: token_end(&connection, clock::now()),
    };
    connection.close();
    document.token = Some(token);
    let Opened {
        user,
        clock,
        accounts,
        wrong,
    } = opened?;
    document.user = Some(user);
    document.clock = clock;
    document.accounts = accounts;
    wrong.map_or(Ok(()), |wrong| Err(wrong.into()))
}
