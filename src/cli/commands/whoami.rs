//! `retire whoami`: whose token it is, what it opens, and the settings in force.

use std::time::Duration;

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
use crate::inventory::Marking;
use crate::manifest::document::Guard;
use crate::measure;
use crate::plan::figure::SetAt;
use crate::plan::guard::{Limit, Limits, default_of};
use crate::render::whoami::{self as render, Setting, Token};

/// The guards that look at a plan before it is carried out; the others are settings like any.
const OF_A_PLAN: [Guard; 4] = [
    Guard::MaxAssets,
    Guard::MaxPercent,
    Guard::MaxBytes,
    Guard::MinAge,
];

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
            "this machine's clock is {difference}; when an asset is due, and a hold over, goes by the earlier one, and when a waiver ends by the later"
        ));
    }
    asked.map(|()| Exit::Done)
}

/// What is known before a server was asked.
fn known(settings: &Settings) -> render::Whoami {
    let settings_in_force = settings.shown().into_iter().map(|(name, valued)| Setting {
        name: name.into(),
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
        settings: settings_in_force.chain(tables(settings)).collect(),
    }
}

/// What the tables of `retire.toml` say: how much a plan may delete, and which marks keep an asset.
fn tables(settings: &Settings) -> Vec<Setting> {
    let Limits {
        set,
        tightened: _,
        required,
    } = &settings.limits;
    let key = |project: Option<&str>, name: &str| match project {
        None => format!("guards.{name}"),
        Some(project) => format!("guards.project.\"{project}\".{name}"),
    };
    let from = |at: &SetAt| match at {
        SetAt::Default => "default".to_owned(),
        SetAt::File { .. } | SetAt::Flag(_) | SetAt::Waiver(_) => at.to_string(),
    };
    let mut all = Vec::new();
    for guard in OF_A_PLAN {
        let limit = |limit: &Limit| Setting {
            name: key(limit.project.as_deref(), guard.name()).into(),
            value: Some(as_written(guard, limit.figure)),
            from: from(&limit.at),
        };
        let said = || set.iter().filter(|limit| limit.guard == guard);
        let whole = said().find(|limit| limit.project.is_none());
        all.push(whole.map_or_else(
            || {
                limit(&Limit {
                    guard,
                    project: None,
                    figure: default_of(guard),
                    at: SetAt::Default,
                })
            },
            limit,
        ));
        all.extend(said().filter(|limit| limit.project.is_some()).map(limit));
    }
    all.extend(required.iter().map(|required| Setting {
        name: key(required.project.as_deref(), "require").into(),
        value: Some(required.field.name().to_owned()),
        from: from(&required.at),
    }));
    if let Some(Marking { field, hold, at }) = &settings.marks {
        let said = [
            ("marks.field", field.to_string()),
            ("marks.hold", hold.join(", ")),
        ];
        all.extend(said.map(|(name, value)| Setting {
            name: name.into(),
            value: Some(value),
            from: at.to_string(),
        }));
    }
    all
}

/// A figure of a guard as a flag takes it.
fn as_written(guard: Guard, figure: u64) -> String {
    match guard {
        Guard::MaxBytes => Some(measure::bytes(figure))
            .filter(|rounded| measure::parse_bytes(rounded) == Ok(figure))
            .unwrap_or_else(|| format!("{figure} B")),
        Guard::MinAge => measure::duration(Duration::from_secs(figure)),
        Guard::MaxAssets
        | Guard::MaxPercent
        | Guard::Max404Percent
        | Guard::MaxFailurePercent
        | Guard::MaxFailedBatches => figure.to_string(),
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
