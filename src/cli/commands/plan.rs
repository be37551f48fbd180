//! `retire plan`: show what apply would do. It reads, and cannot delete.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::app::basis::Basis;
use crate::app::earlier::Earlier;
use crate::app::prepare::{Prepared, prepare};
use crate::app::provenance::Identity;
use crate::app::saved_plan::document;
use crate::cli::args::{Plan, PlanFormat, is_standard};
use crate::cli::connect::{
    check_wait, connect_to_played, host, keeping, plan_settings, tell_end_of_v2,
};
use crate::cli::console::OutputError;
use crate::cli::context::Context;
use crate::cli::destination::{self, Document};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files::{self, FilesError};
use crate::cli::reports::{Asked, Content, Reports};
use crate::cli::settings::Settings;
use crate::cli::{clock, findings, identity, playground, project};
use crate::diagnostic::without_mark;
use crate::manifest::document::Manifests;
use crate::plan::approve::{Refusals, Refused};
use crate::plan::forecast::RateForecast;
use crate::plan::since::Comparison;
use crate::plan::{Checked, Plan as Planned, Totals, due};
use crate::render;
use crate::render::checked::{NOT_CHECKED, recalled, sentence};
use crate::render::checks::plan::checks;
use crate::render::diff::{self, DiffView};
use crate::render::due::DueView;
use crate::render::escape::escape;
use crate::render::model;
use crate::render::model::plan::PlanReport;
use crate::render::model::plan::told::no_state;
use crate::render::model::plan::view::PlanView;
use crate::render::since;
use crate::render::text;
use crate::render::wrap::wrapped;
use crate::store::Loaded;
use crate::store::file::FileStore;

/// Makes the plan and prints it.
pub(crate) fn run(context: &Context, arguments: &Plan) -> Result<Exit, Failure> {
    let asked = Asked {
        command: "plan",
        reports: &arguments.reports,
        summaries: Some(&arguments.summaries),
        // What comes due has words of its own.
        printed: Option::from(arguments.format).filter(|_| arguments.due.is_none()),
        paths: &arguments.paths.paths,
        json: Document::Plan,
        flags: &arguments.settings.given,
    };
    let reports = Reports::new(context, &asked)?;
    let done = plan(context, arguments, &reports);
    done.inspect_err(|failure| {
        let flags = &arguments.settings.given;
        let state = context.likely_state(flags, arguments.run, &arguments.paths.paths);
        reports.fail(failure, &state.value);
    })
}

fn plan(context: &Context, arguments: &Plan, reports: &Reports<'_>) -> Result<Exit, Failure> {
    let paths = &arguments.paths.paths;
    let standard = paths.iter().any(|path| path.as_os_str() == "-");
    if arguments.out.is_some() && standard {
        return Err(Failure::SavedStandard);
    }
    let manifests = context.manifests(paths, context.time(&arguments.settings.given, paths))?;
    let settings = context.settings(&arguments.settings.given, arguments.run, paths)?;
    if let Some(within) = arguments.due {
        let format = DueFormat::of(arguments.format);
        let format = format.ok_or_else(|| Failure::NotDue(arguments.format.name()))?;
        context.tell_dates(&manifests);
        return show_due(context, format, within, (&settings, &manifests));
    }
    check_wait(&settings, &manifests)?;
    let state = &settings.state.value;
    // What stands in its way is told before anybody waits for a server.
    if let Some(path) = &arguments.out {
        destination::check(path, Document::Plan, state)?;
    }
    reports.check(state)?;
    let printed = is_standard(arguments.out.as_deref());
    if printed && (reports.prints() || arguments.format == PlanFormat::Diff) {
        return Err(Failure::TwoOnStandard);
    }
    let loaded = FileStore::new(state).load()?;
    tell_end_of_v2(context, &settings);
    let earlier = arguments.since.since.as_deref();
    let earlier = earlier.map(|path| earlier_plan(context, arguments, path));
    let earlier = earlier.transpose()?;
    let prepared = prepared(context, arguments, &settings, manifests, loaded)?;
    let since = earlier.map(|earlier| earlier.compare(&prepared));
    let shown = Shown {
        prepared: &prepared,
        forecast: &prepared.forecast(),
        since: since.as_ref(),
    };
    publish(context, arguments, reports, (&settings, shown))
}

/// Saves a plan, prints it and writes what is asked for besides.
fn publish(
    context: &Context,
    arguments: &Plan,
    reports: &Reports<'_>,
    (settings, shown): (&Settings, Shown<'_>),
) -> Result<Exit, Failure> {
    let paths = &arguments.paths.paths;
    let state = &settings.state.value;
    let Shown {
        prepared,
        forecast: _,
        since,
    } = shown;
    let Prepared { plan, checked, .. } = prepared;
    let who = identity::find(context, project::beside(paths).as_deref());
    let who = identity::masked(context, &who);
    // A run would refuse it as well, so there is nothing to hand on.
    let skip = arguments.choices.skip_mismatched;
    let refused = findings::refused(settings, (plan, skip), (paths, arguments.proof))?;
    let all = refused.as_ref().map_or(&[][..], Refusals::all);
    let all = all
        .iter()
        .filter(|refused| **refused != Refused::NotChecked);
    let refused = Refusals::of(all.cloned().collect());
    let all = refused.as_ref().map_or(&[][..], Refusals::all);
    let is_unsheltered = all.iter().any(Refused::is_unsheltered);
    let out = arguments.out.as_ref().filter(|_| !is_unsheltered);
    let commit = who.provenance.commit.as_deref();
    let news = match since {
        Some(Comparison::Since(since)) => Some(since),
        Some(Comparison::None { .. }) | None => None,
    };
    let document = || {
        let age = settings.max_plan_age.value;
        document(prepared, paths, (commit, news), age)
    };
    if let Some(path) = out {
        destination::publish(path, Document::Plan, state, |sink| {
            context.console.guard(sink, |sink| document().to_json(sink))
        })?;
    }
    let format = if is_standard(arguments.out.as_deref()) {
        PlanFormat::Json
    } else {
        arguments.format
    };
    let report = || {
        let document = document();
        let state = settings.state.value.to_string_lossy();
        let view = view(context, arguments, settings, shown);
        let report = PlanReport {
            view: &view,
            state: &state,
            serial: document.state.serial,
            id: &document.id,
            commit,
            expires_at: document.expires_at,
            api: settings.api.value,
            refused: all,
            is_before_merge: context.environment.is_before_merge(),
        };
        model::plan::plan(&report)
    };
    match format {
        PlanFormat::Text => {
            let view = view(context, arguments, settings, shown);
            let print = |style, sink: &mut dyn Write| text::plan(&view, style, sink);
            context.console.data(print)?;
        }
        PlanFormat::Diff => show_diff(context, settings, shown, &who)?,
        PlanFormat::Json => context.console.data(|_, sink| document().to_json(sink))?,
        // These are printed with the other reports.
        PlanFormat::Markdown
        | PlanFormat::Html
        | PlanFormat::Github
        | PlanFormat::Gitlab
        | PlanFormat::Junit => {}
    }
    let files = &prepared.basis.manifests.files;
    let reported = Content {
        checks: &|| checks(plan, files, all),
        report: &report,
        json: &|sink| document().to_json(sink),
    };
    reports.publish(state, &reported)?;
    if let Some(path) = &arguments.out
        && format == PlanFormat::Text
    {
        let fate = match &refused {
            None if *checked == Checked::NotChecked => Fate::ToBeRead,
            None => Fate::Done,
            Some(_) if is_unsheltered => Fate::NotSaved,
            Some(_) => Fate::Refused,
        };
        tell_saved(context, settings, path, fate);
    }
    if let Some(refused) = refused {
        return Err(refused.into());
    }
    Ok(exit(plan, arguments.detailed_exitcode))
}

/// What becomes of a plan that was to be saved.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// `apply` does what it says.
    Done,
    /// It was not checked.
    ToBeRead,
    /// `apply` refuses it.
    Refused,
    /// It is not saved.
    NotSaved,
}

/// Says where the plan lies, and what can be done with it.
fn tell_saved(context: &Context, settings: &Settings, path: &Path, fate: Fate) {
    let path = path.display().to_string();
    let path = escape(&path);
    let sandbox = settings.again();
    let saved = format!("Saved as `{path}`; `retire apply{sandbox} {path}`");
    context.console.message(&match fate {
        Fate::ToBeRead => format!("Saved as `{path}`, to be read: apply does not take it."),
        Fate::Done => format!("{saved} does exactly that."),
        Fate::NotSaved => format!("Not saved as `{path}`, since `retire apply` would refuse it."),
        Fate::Refused => format!("{saved} refuses it as well, until what stands below is settled."),
    });
}

/// How what comes due is printed.
#[derive(Debug, Clone, Copy)]
enum DueFormat {
    Text,
    Markdown,
    Json,
}

impl DueFormat {
    /// What it is; nothing of what only a plan has.
    const fn of(format: PlanFormat) -> Option<Self> {
        match format {
            PlanFormat::Text => Some(Self::Text),
            PlanFormat::Markdown => Some(Self::Markdown),
            PlanFormat::Json => Some(Self::Json),
            PlanFormat::Diff
            | PlanFormat::Html
            | PlanFormat::Github
            | PlanFormat::Gitlab
            | PlanFormat::Junit => None,
        }
    }
}

/// Prints what comes due, as far as manifests and state say.
fn show_due(
    context: &Context,
    format: DueFormat,
    within: Duration,
    (settings, manifests): (&Settings, &Manifests),
) -> Result<Exit, Failure> {
    let loaded = FileStore::new(&settings.state.value).load()?;
    let warnings = loaded.iter().flat_map(|loaded| &loaded.warnings);
    warnings.for_each(|warning| context.console.warn(warning));
    let now = clock::now();
    let until = now.saturating_add(SignedDuration::try_from(within).unwrap_or(SignedDuration::MAX));
    let until = until.unwrap_or(Timestamp::MAX);
    let state = loaded.as_ref().map(|loaded| &loaded.state);
    let owners = due::due(manifests, state, (now, until));
    let view = DueView {
        owners: &owners,
        until,
    };
    context.console.data(|style, sink| match format {
        DueFormat::Text => wrapped(context.console.width(), sink, |sink| {
            render::due::text(&view, style, sink)
        }),
        DueFormat::Markdown => render::due::markdown(&view, settings.names.value, sink),
        DueFormat::Json => render::due::json(&view, sink),
    })?;
    Ok(Exit::Done)
}

/// Reads the plan that the new one is compared with.
fn earlier_plan(context: &Context, arguments: &Plan, path: &Path) -> Result<Earlier, Failure> {
    let time = context.time(&arguments.settings.given, &arguments.paths.paths);
    let bytes = match files::bytes(path, time) {
        Err(FilesError::Missing(_)) => None,
        read => Some(read?),
    };
    let bytes = bytes.as_deref().map(without_mark);
    Ok(Earlier::read(path, bytes)?)
}

/// What is shown of a plan, and what it came of.
#[derive(Debug, Clone, Copy)]
struct Shown<'plan> {
    prepared: &'plan Prepared,
    forecast: &'plan [RateForecast],
    /// What came of comparing it with an earlier one.
    since: Option<&'plan Comparison>,
}

/// What people are shown of the plan.
fn view<'plan>(
    context: &Context,
    arguments: &Plan,
    settings: &Settings,
    shown: Shown<'plan>,
) -> PlanView<'plan> {
    let Shown {
        prepared,
        forecast,
        since,
    } = shown;
    PlanView {
        plan: &prepared.plan,
        checked: &prepared.checked,
        no_state: prepared.basis.no_state(),
        since,
        batch_size: settings.batch_size.value.get(),
        forecast,
        time_budget: settings.sending.time_budget,
        skip_mismatched: arguments.choices.skip_mismatched,
        full: arguments.full,
        width: context.console.width(),
        now: prepared.basis.times.earlier,
    }
}

/// Prints the plan as a diff of the state, between comments that say what it was checked against.
fn show_diff(
    context: &Context,
    settings: &Settings,
    shown: Shown<'_>,
    who: &Identity,
) -> Result<(), OutputError> {
    let Prepared {
        basis,
        plan,
        checked,
        read: _,
        reads: _,
        recently_deleted: _,
    } = shown.prepared;
    let path: PathBuf = settings.state.value.components().collect();
    let path = path.to_string_lossy();
    // A run that sends nothing writes down no account.
    let account = basis.target.account.clone();
    let account = account.filter(|_| plan.totals.deletes() + plan.unsettled.len() > 0);
    let info = who.run_info(&basis.state, basis.times.earlier, account);
    let view = DiffView {
        plan,
        state: &basis.state,
        exists: basis.digest.is_some(),
        path: &path,
        run: &info,
        escaped: context.console.is_read_by_people(),
    };
    context.console.data(|style, sink| {
        if *checked == Checked::NotChecked {
            writeln!(sink, "# {NOT_CHECKED}")?;
        }
        if let Some(recalled) = recalled(checked, basis.times.earlier) {
            writeln!(sink, "# {recalled}")?;
        }
        if let Some(path) = basis.no_state() {
            writeln!(sink, "# {}", no_state(path).text())?;
        }
        since::commented(plan, shown.since, sink)?;
        diff::diff(&view, style, sink)?;
        match checked.live() {
            Some(check) => writeln!(sink, "# {}", sentence(check)),
            None => Ok(()),
        }
    })
}

/// How the command ends.
fn exit(plan: &Planned, detailed: bool) -> Exit {
    let Totals {
        missing,
        unreadable,
        unread,
        rescued,
        drift,
        ..
    } = plan.totals;
    let mut steps = plan.steps.iter();
    let unusual = missing + unreadable + unread + rescued + drift;
    if unusual > 0 || steps.any(|step| step.decision.is_missing()) {
        return Exit::Open;
    }
    if detailed && plan.has_work() {
        return Exit::Pending;
    }
    Exit::Done
}

/// Prepares the plan; where nothing can be read, without the live assets.
fn prepared(
    context: &Context,
    arguments: &Plan,
    settings: &Settings,
    manifests: Manifests,
    loaded: Option<Loaded>,
) -> Result<Prepared, Failure> {
    let mut terms = plan_settings(settings, arguments.choices)?;
    arguments.guards.tighten(&mut terms.limits);
    terms.only.clone_from(&arguments.only);
    let basis = Basis::new(terms, manifests, loaded, clock::now(), &*host(context))?;
    if arguments.offline {
        context.tell_dates(&basis.manifests);
        return Ok(prepare(basis, None, None)?);
    }
    let (paths, retries) = (&arguments.paths.paths, settings.sending.reading);
    let played = |seeded| playground::with_basis(seeded, &basis);
    let connection = connect_to_played(context, settings, paths, retries, played)?;
    let keeping = keeping(context, settings, arguments.recall.refresh);
    let prepared = prepare(basis, None, Some((&connection, keeping.as_ref())));
    connection.close();
    Ok(prepared?)
}
