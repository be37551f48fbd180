//! `retire apply`: plan, ask, delete, and write every outcome back.

use std::path::PathBuf;
use std::time::Duration;

use crate::app::api::adapter;
use crate::app::apply::Order;
use crate::app::basis::{Basis, PlanSettings};
use crate::app::connect::Connection;
use crate::app::memory::{Memory, owner};
use crate::app::prepare::{Prepared, prepare};
use crate::app::provenance::{RawIdentity, random};
use crate::app::reread::Recheck;
use crate::app::saved_plan::SavedPlan;
use crate::app::staged::Staging;
use crate::apply::{Clock, Options, breaker, staged};
use crate::cli::args::{Apply, ReportKind};
use crate::cli::clock::{self, SystemClock, TimeLeft};
use crate::cli::connect::{
    check_wait, connect_to_played, host, keeping, plan_settings, tell_end_of_v2,
};
use crate::cli::console::OutputError;
use crate::cli::context::Context;
use crate::cli::destination::Document;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::reporter::Reporter;
use crate::cli::reports::{Asked, Reports};
use crate::cli::run_report::{Planned, asked, place, report_refused, report_run};
use crate::cli::settings::Settings;
use crate::cli::settings::server::Server;
use crate::cli::streams::Streams;
use crate::cli::ticker::Ticker;
use crate::cli::{findings, identity, lock, playground, project, rescue, saved_plan};
use crate::event::{Ending, Listener};
use crate::manifest::document::{Manifests, SourceFile};
use crate::plan::approve::{Consent, Refusals, approve};
use crate::plan::forecast::RateForecast;
use crate::plan::{Plan, Totals};
use crate::render::checked;
use crate::render::counted;
use crate::render::escape::escape;
use crate::render::model;
use crate::render::model::plan::view::PlanView;
use crate::render::model::stopped::stopped;
use crate::render::progress::Progress;
use crate::render::report::{Summary, SummaryBuilder};
use crate::render::summary;
use crate::render::text;
use crate::render::wrap::wrapped;
use crate::store::Loaded;
use crate::store::file::FileSession;

/// Plans, or takes a saved plan; asks, deletes, and says what came of it.
pub(crate) fn run(context: &Context, arguments: &Apply) -> Result<Exit, Failure> {
    let asked = Asked {
        command: "apply",
        reports: &arguments.reports,
        summaries: Some(&arguments.summaries),
        printed: arguments.format.into(),
        paths: &arguments.paths,
        json: Document::Report(ReportKind::Json),
        flags: &arguments.settings.given,
    };
    let reports = Reports::new(context, &asked)?;
    if reports.prints() && arguments.events.on_standard() {
        return Err(Failure::TwoOnStandard);
    }
    let time = context.time(&arguments.settings.given, &arguments.paths);
    let saved = saved_plan::find(&arguments.paths, time);
    let likely = saved_plan::likely_state(context, arguments, saved.as_ref().ok());
    let begun = saved.and_then(|saved| Begun::new(context, arguments, (saved, time)));
    // The events go nowhere near the state, also those that only say what was wrong.
    let state = begun
        .as_ref()
        .map_or(likely, |begun| begun.settings.state.value.clone());
    reports.check(&state)?;
    let mut streams = Streams::open(&context.console, &arguments.events, (&reports, &state))?;
    let exit = begun.and_then(|begun| apply(context, arguments, begun, (&mut streams, &reports)));
    match exit {
        // Somebody counts on a file that is not whole.
        Ok(Exit::Done) if streams.is_broken() => Ok(Exit::Failed),
        Ok(exit) => Ok(exit),
        Err(failure) => {
            streams.fail(&failure);
            reports.fail(&failure, &state);
            Err(failure)
        }
    }
}

/// What is read before anything is opened.
struct Begun {
    /// The plan that was saved and reviewed, where there is one.
    saved: Option<Box<SavedPlan>>,
    manifests: Manifests,
    /// The manifests' own PATHs.
    paths: Vec<PathBuf>,
    settings: Settings,
}

impl Begun {
    fn new(
        context: &Context,
        arguments: &Apply,
        (saved, time): (Option<Box<SavedPlan>>, TimeLeft),
    ) -> Result<Self, Failure> {
        let flags = &arguments.settings.given;
        if saved.is_some() && !arguments.only.is_empty() {
            return Err(Failure::OnlyOfSaved);
        }
        let (manifests, paths) = match &saved {
            Some(saved) => (saved_plan::manifests(context, saved, time)?, saved.paths()),
            None => (
                context.manifests(&arguments.paths, time)?,
                arguments.paths.clone(),
            ),
        };
        let mut settings = context.settings(flags, arguments.run, &paths)?;
        if let Some(saved) = &saved {
            saved_plan::adopt_settings(saved, &mut settings);
            saved_plan::check(saved, &settings, clock::now())?;
            context.check_state(&settings, &paths)?;
        }
        check_wait(&settings, &manifests)?;
        Ok(Self {
            saved,
            manifests,
            paths,
            settings,
        })
    }
}

/// Ends a run that has nothing to do.
fn idle(
    context: &Context,
    arguments: &Apply,
    settings: &Settings,
    (plan, files): (&Plan, &[SourceFile]),
    (who, streams, reports): (&RawIdentity, &mut Streams, &Reports<'_>),
) -> Result<Exit, Failure> {
    let path = settings.state.value.display().to_string();
    let (summary, exit) = streams.close(SummaryBuilder::new(plan, path), true, exit);
    let who = identity::masked(context, who);
    let report = Planned::of(reports, (plan, files), asked(who, None));
    report_run(settings, report.as_ref(), &summary, reports)?;
    if arguments.prints_text() {
        let said = model::run::run(&summary, None, clock::now());
        let shown = context
            .console
            .text(|style, sink| summary::after_idle(&said, style, sink));
        OutputError::unless_gone(shown)?;
    }
    Ok(exit)
}

fn apply(
    context: &Context,
    arguments: &Apply,
    begun: Begun,
    (streams, reports): (&mut Streams, &Reports<'_>),
) -> Result<Exit, Failure> {
    let Begun {
        saved,
        manifests,
        paths,
        settings,
    } = begun;
    let who = identity::find(context, project::beside(&paths).as_deref());
    let (mut session, loaded) = lock::open(context, &settings, &who, "apply")?;
    tell_end_of_v2(context, &settings);
    let retries = settings.sending.retries;
    let terms = terms(arguments, &settings)?;
    let (basis, reviewed) = basis(context, terms, saved.as_deref(), (manifests, loaded))?;
    let played = |seeded| playground::with_basis(seeded, &basis);
    let connection = connect_to_played(context, &settings, &paths, retries, played)?;
    let kept = keeping(context, &settings, false);
    let prepared = prepare(basis, reviewed.as_ref(), Some((&connection, kept.as_ref())))?;
    let skip = prepared.basis.settings.deciding.skip_mismatched;
    let plan = &prepared.plan;
    if let Some(saved) = saved.as_deref() {
        saved_plan::check_again(saved, &settings, &prepared)?;
    }
    let forecast = prepared.forecast();
    let view = view(context, arguments, &settings, (&prepared, &forecast));
    if arguments.prints_text() {
        show(context, &view)?;
    }
    let files = &prepared.basis.manifests.files;
    // What is in the way is refused whether or not anything is to be done, and nobody is asked.
    if let Some(refused) = findings::refused(&settings, (plan, skip), (&paths, arguments.proof))? {
        report_refused(&settings, (plan, files), &refused, reports)?;
        return Err(refused.into());
    }
    if !plan.has_news() {
        session.take_in(&prepared.basis.state)?;
        let planned = (plan, &**files);
        let around = (&who, streams, reports);
        return idle(context, arguments, &settings, planned, around);
    }
    let terms = (saved.is_some(), &plan.totals);
    let consent = consent(context, arguments, &settings, terms)?;
    if !arguments.prints_text() && consent.is_none() {
        // Nobody approves what they cannot see.
        context
            .console
            .words(|style, sink| text::plan(&view, style, sink));
    }
    let consent = consent.map_or_else(|| ask_consent(context, &settings, &paths, &prepared), Ok)?;
    let approved = approve(plan, consent, skip).map_err(Refusals::from)?;
    let stages = !approved.staging().is_empty() || !prepared.basis.state.staging.is_empty();
    let account = (prepared.basis.target.account.clone()).filter(|_| stages || approved.sends());
    let clock = SystemClock::start();
    let asked = asked(identity::masked(context, &who), Some(consent));
    let planned = Planned::of(reports, (plan, files), asked);
    let summary = SummaryBuilder::new(plan, settings.state.value.display().to_string());
    let mut progress = Progress::new(plan.totals.going(), prepared.forecast());
    let memory = memory(context, &settings, &prepared, &connection);
    let breakers = prepared.breakers(settings.sending.breakers);
    session.take_in(&prepared.basis.state)?;
    let staging = stages.then(|| staging(&settings, &prepared));
    let (state, again) = Recheck::of(prepared);
    // The token is known by now, wherever it came from.
    let at = connection.time(clock::now());
    let who = identity::masked(context, &who);
    let mut info = who.run_info(&state, at, account);
    let staging = staging.map(|staging| staging.by(info.provenance.actor.clone()));
    info.provenance.plan = saved.map(|saved| saved.document.id.clone());
    let order = Order {
        info,
        approved,
        state,
        options: options(&settings, breakers, connection.left()),
        again,
        staging,
    };
    let console = Some(&context.console)
        .filter(|console| streams.leaves_room_for_progress() && !console.is_quiet());
    let pacer = connection.pacer(clock.elapsed(), settings.concurrency.value.get());
    let ticker = Ticker::start(progress.clone(), console, clock, pacer.clone());
    let reporter = Reporter::new(summary, streams, ticker);
    let (summary, is_saved) = run_order(
        context,
        order,
        session,
        (&connection, clock),
        (memory, reporter),
    );
    let (mut summary, exit) = streams.close(summary, is_saved, |summary| {
        if is_saved {
            exit(summary)
        } else {
            Exit::Failed
        }
    });
    summary.least = progress.least_after(&summary, &pacer.limits());
    place(&mut summary, &settings, &paths);
    let written = report_run(&settings, planned.as_ref(), &summary, reports);
    let said = say(context, arguments, &summary, exit);
    connection.close();
    tell_over(context, &summary, &written);
    written?;
    said
}

/// Says that a run is over, of which a report could not be written.
fn tell_over(context: &Context, summary: &Summary, written: &Result<(), Failure>) {
    if let (Err(_), Some(run)) = (written, summary.run) {
        context.console.message(&format!(
            "Run {run} is over. What is said of a report below is of that alone: `retire show run:{run}` tells what the run did, also with `--report`."
        ));
    }
}

/// What people are shown of the plan.
fn view<'plan>(
    context: &Context,
    arguments: &Apply,
    settings: &Settings,
    (prepared, forecast): (&'plan Prepared, &'plan [RateForecast]),
) -> PlanView<'plan> {
    PlanView {
        plan: &prepared.plan,
        checked: &prepared.checked,
        no_state: prepared.basis.no_state(),
        since: None,
        batch_size: settings.batch_size.value.get(),
        forecast,
        time_budget: settings.sending.time_budget,
        skip_mismatched: prepared.basis.settings.deciding.skip_mismatched,
        full: arguments.full,
        width: context.console.width(),
        now: prepared.basis.times.earlier,
    }
}

/// Shows a plan; whether anybody reads it changes nothing of what is to be done.
fn show(context: &Context, view: &PlanView<'_>) -> Result<(), Failure> {
    let shown = context
        .console
        .data(|style, sink| text::plan(view, style, sink));
    Ok(OutputError::unless_gone(shown)?)
}

/// What flags and settings say of the plan.
fn terms(arguments: &Apply, settings: &Settings) -> Result<PlanSettings, Failure> {
    let mut terms = plan_settings(settings, arguments.choices)?;
    arguments.guards.tighten(&mut terms.limits);
    terms.only.clone_from(&arguments.only);
    terms.is_sent = true;
    Ok(terms)
}

/// What the plan is made from, and what was reviewed of it, where that was saved.
fn basis(
    context: &Context,
    settings: PlanSettings,
    saved: Option<&SavedPlan>,
    (manifests, loaded): (Manifests, Option<Loaded>),
) -> Result<(Basis, Option<Plan>), Failure> {
    let (now, hears) = (clock::now(), host(context));
    let Some(saved) = saved else {
        let basis = Basis::new(settings, manifests, loaded, now, &*hears)?;
        return Ok((basis, None));
    };
    let (basis, plan) = saved.basis(settings, manifests, loaded, now, &*hears)?;
    Ok((basis, Some(plan)))
}

/// How it sends, with what is left of the command's time.
fn options(settings: &Settings, breakers: breaker::Limits, left: Option<Duration>) -> Options {
    let sending = settings.sending;
    Options {
        batch_size: settings.batch_size.value,
        concurrency: settings.concurrency.value,
        canary: sending.canary,
        breakers,
        retries: sending.retries,
        time_budget: left,
        grace: settings.grace.value,
        cascade_wait: settings.cascade_wait.value,
        seed: random().as_u64_pair().0,
    }
}

/// How assets are moved aside.
fn staging(settings: &Settings, prepared: &Prepared) -> Staging {
    Staging {
        terms: staged::Terms {
            actor: None,
            patience: settings.cascade_wait.value,
            verify: settings.verify.value,
        },
        marks: prepared.basis.settings.marks.clone(),
    }
}

/// Who approves it; nothing where somebody must type the number of files.
fn consent(
    context: &Context,
    arguments: &Apply,
    settings: &Settings,
    (is_saved, totals): (bool, &Totals),
) -> Result<Option<Consent>, Failure> {
    if is_saved {
        return Ok(Some(Consent::Saved));
    }
    if settings.server.value == Server::Sandbox {
        return Ok(Some(Consent::Sandbox));
    }
    // Where nothing may be deleted there is nothing to approve.
    if arguments.auto_approve || totals.deletes() == 0 {
        return Ok(Some(Consent::Auto));
    }
    if context.console.can_ask() {
        Ok(None)
    } else {
        let planned = counted(totals.to_type(), "file", "files");
        Err(Failure::Unapproved {
            change: format!("the plan would delete {planned}"),
            hint: "read the plan with `retire plan`, then give `--auto-approve`",
        })
    }
}

/// Has somebody type how many files go, with where they go from and what they weigh in sight.
fn ask_consent(
    context: &Context,
    settings: &Settings,
    paths: &[PathBuf],
    prepared: &Prepared,
) -> Result<Consent, Failure> {
    let target = &prepared.basis.target;
    let (goes, them) = text::goes(&prepared.plan);
    let account = prepared.checked.live().and_then(checked::account);
    let place = match account {
        Some(account) => {
            let endpoint = escape(&target.endpoint);
            format!("API {} at `{endpoint}`, {account}", target.api.name())
        }
        None => escape(&target.to_string()).into_owned(),
    };
    let hint = findings::before(settings, paths, !prepared.plan.staging.is_empty());
    let words = format!("\n{place}: {goes}.{hint}\nTo {them}, type the number of files that go:");
    let typed = context.console.ask_number(&words);
    let typed = typed.map_err(Failure::system("read the answer"))?;
    typed.map(Consent::Typed).ok_or(Failure::Declined)
}

/// What earlier readings kept of the account: what the run asks to delete is forgotten.
fn memory(
    context: &Context,
    settings: &Settings,
    prepared: &Prepared,
    connection: &Connection,
) -> Memory {
    let live = prepared.checked.live();
    let owner = live.and_then(|live| owner(live.account.as_deref()?, live.user.id.as_deref()));
    let kept = keeping(context, settings, false).zip(owner);
    kept.map_or_else(Memory::default, |(keeping, owner)| {
        keeping.forgets(connection, owner)
    })
}

/// Carries out what was approved, and says whether all of it could be written down.
fn run_order(
    context: &Context,
    order: Order,
    session: FileSession,
    (connection, clock): (&Connection, SystemClock),
    (mut memory, mut reporter): (Memory, Reporter<'_>),
) -> (SummaryBuilder, bool) {
    let around = (
        vec![&mut memory as &mut dyn Listener, &mut reporter],
        &clock as &dyn Clock,
    );
    let (ending, not_saved) = adapter(connection.api).carry_out(order, connection, session, around);
    let summary = reporter.finish(&ending);
    // What nobody else has is told before anything can go wrong with the summary.
    if let Some((not_saved, rescue)) = &not_saved {
        rescue::print(context, not_saved, rescue);
    }
    context.signals.take_back();
    (summary, not_saved.is_none())
}

fn say(
    context: &Context,
    arguments: &Apply,
    summary: &Summary,
    exit: Exit,
) -> Result<Exit, Failure> {
    if arguments.prints_text() {
        let folds = context.console.width().is_some() && !arguments.full;
        let said = model::run::run(summary, None, clock::now());
        let shown = context.console.data(|style, sink| {
            writeln!(sink)?;
            let print = |sink: &mut dyn std::io::Write| summary::summary(&said, folds, style, sink);
            wrapped(context.console.width(), sink, print)
        });
        OutputError::unless_gone(shown)?;
    }
    if let Some(Ending::Stopped(reason)) = &summary.ending
        && (!arguments.prints_text() || !context.console.is_read_by_people())
    {
        // Where the summary goes into a file, nobody would see why the run stopped.
        context.console.error(&stopped(reason), None);
    }
    Ok(exit)
}

/// The exit code of a run whose outcomes are written down.
fn exit(summary: &Summary) -> Exit {
    if let Some(Ending::Stopped(reason)) = &summary.ending {
        return reason.into();
    }
    let open = summary.failed.len()
        + summary.unknown.len()
        + summary.missing.len()
        + summary.unsent
        + summary.totals.blocked
        + summary.totals.mismatch
        + summary.totals.unread
        + summary.totals.drift
        + summary.counts.rescued
        + summary.left_alone.len();
    if open > 0 { Exit::Open } else { Exit::Done }
}
