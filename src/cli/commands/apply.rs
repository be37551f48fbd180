//! `retire apply`: plan, ask, delete, and write every outcome back.

use std::path::PathBuf;
use std::time::Duration;

use crate::apply::strategy::Bulk;
use crate::apply::strategy::Direct;
use crate::apply::strategy::Strategy;
use crate::apply::worker::{Stopper, inbox};
use crate::apply::{self, Options, Run};
use crate::cli::args::Apply;
use crate::cli::call::Call;
use crate::cli::clock::{self, SystemClock};
use crate::cli::console::OutputError;
use crate::cli::exit::Exit;
use crate::cli::failure::{self, Failure};
use crate::cli::identity::Identity;
use crate::cli::reach::{Reached, reach, tell_end_of_v2};
use crate::cli::reporter::Reporter;
use crate::cli::reviewed::Reviewed;
use crate::cli::settings::Settings;
use crate::cli::settings::server::Server;
use crate::cli::settings::table::STATE;
use crate::cli::streams::Streams;
use crate::cli::ticker::Ticker;
use crate::cli::work::{Draft, Prepared};
use crate::cli::{identity, lock, lost, playground, project, survey};
use crate::event::Ending;
use crate::frameio::deleter::{Deleter, DeletingClient};
use crate::manifest::document::Manifests;
use crate::plan::approve::{Approved, Consent, approve, check};
use crate::plan::saved;
use crate::plan::{self, Shelter, Totals};
use crate::render::report::{Summary, SummaryBuilder};
use crate::render::summary;
use crate::render::text::{self, PlanView};
use crate::sandbox::world::World;
use crate::state::Api;
use crate::store::Loaded;
use crate::store::file::FileSession;

/// Plans, or takes a saved plan; asks, deletes, and says what came of it.
pub(in crate::cli) fn run(call: &Call, arguments: &Apply) -> Result<Exit, Failure> {
    let begun = Begun::of(call, arguments);
    // The events go nowhere near the state, also those that only say what was wrong.
    let named = arguments.settings.given.state.as_ref();
    let state = match &begun {
        Ok(begun) => begun.settings.state.value.clone(),
        Err(_) => named.map_or_else(|| STATE.into(), |state| state.value.clone()),
    };
    let mut streams = Streams::open(&call.console, &arguments.events, &state)?;
    let exit = begun.and_then(|begun| apply(call, arguments, begun, &mut streams));
    match exit {
        // Somebody counts on a file that is not whole.
        Ok(Exit::Done) if streams.is_broken() => Ok(Exit::Failed),
        Ok(exit) => Ok(exit),
        Err(failure) => {
            streams.fail(&failure);
            Err(failure)
        }
    }
}

/// What is read before anything is opened.
struct Begun {
    basis: Basis,
    paths: Vec<PathBuf>,
    settings: Settings,
}

impl Begun {
    fn of(call: &Call, arguments: &Apply) -> Result<Self, Failure> {
        let (basis, paths) = Basis::of(call, arguments)?;
        let flags = &arguments.settings.given;
        let mut settings = call.settings(flags, arguments.run, &paths)?;
        if let Some(reviewed) = &basis.reviewed {
            reviewed.settle(&mut settings);
        }
        Ok(Self {
            basis,
            paths,
            settings,
        })
    }
}

fn apply(
    call: &Call,
    arguments: &Apply,
    begun: Begun,
    streams: &mut Streams,
) -> Result<Exit, Failure> {
    let Begun {
        basis,
        paths,
        settings,
    } = begun;
    let who = Identity::find(&call.environment, project::folder(&paths).as_deref());
    let (session, loaded) = lock::open(call, &settings, &who, "apply")?;
    tell_end_of_v2(call, &settings);
    let (draft, skip, plan_id) = basis.draft(call, arguments, &settings, loaded)?;
    let (work, reached) = basis.prepare(call, arguments, (&settings, &paths), draft)?;
    let view = PlanView {
        plan: &work.plan,
        batch_size: settings.batch_size.value.get(),
        forecast: &work.forecast(&settings),
        time_budget: settings.sending.time_budget,
        full: arguments.full,
    };
    if !arguments.events.on_standard() {
        let shown = call
            .console
            .data(|style, sink| text::plan(&view, style, sink));
        // Whether anybody reads it changes nothing of what is to be done.
        OutputError::unless_gone(shown)?;
    }
    // What is in the way is refused whether or not anything is to be done, and nobody is asked.
    if work.plan.shelter != Shelter::NotChecked {
        check(&work.plan, skip)?;
    }
    if !work.plan.has_work() {
        let path = settings.state.value.display().to_string();
        let idle = SummaryBuilder::new(&work.plan, path);
        let (summary, exit) = streams.close(idle, true, exit);
        return say(call, arguments, &summary, exit);
    }
    let question = if plan_id.is_some() {
        Question::Settled(Consent::Saved)
    } else {
        question(call, arguments, &settings, &work.plan.totals)?
    };
    if arguments.events.on_standard() && matches!(question, Question::Ask) {
        // Nobody approves what they cannot see.
        call.console
            .words(|style, sink| text::plan(&view, style, sink));
    }
    let server = if let Some(server) = reached {
        server
    } else {
        let account = work.wanted.as_ref().map(|(_, account)| account.as_str());
        reach(call, &settings, &paths, || basis.world(account))?
    };
    let consent = question.answer(call)?;
    let approved = approve(&work.plan, consent, skip)?;
    let account = if approved.sends() {
        server.account(work.wanted.as_ref())?
    } else {
        None
    };
    // From here on the time counts that the run was given.
    let clock = SystemClock::start();
    let order = Order {
        who,
        work,
        approved,
        account,
        plan: plan_id,
        clock,
    };
    // The run needs no more of it than was approved.
    drop(basis);
    let carry_out = match order.work.home.api {
        Api::V2 => carry_out::<Bulk>,
        Api::V4 => carry_out::<Direct>,
    };
    let (saved, summary) = carry_out(call, &settings, order, session, (&server, &mut *streams));
    let (summary, exit) = streams.close(summary, saved.is_ok(), |summary| match saved {
        Ok(()) => exit(summary),
        Err(()) => Exit::Failed,
    });
    let said = say(call, arguments, &summary, exit);
    if let Some(sandbox) = server.sandbox {
        server.runtime.block_on(sandbox.shut_down());
    }
    said
}

/// What a run is planned from.
struct Basis {
    /// What the manifests say now.
    manifests: Manifests,
    /// The plan that was saved and reviewed, where there is one.
    reviewed: Option<Box<Reviewed>>,
}

impl Basis {
    /// Reads what the PATHs mean; the manifests' own PATHs come beside it.
    fn of(call: &Call, arguments: &Apply) -> Result<(Self, Vec<PathBuf>), Failure> {
        let reviewed = Reviewed::find(&arguments.paths)?.map(Box::new);
        let (manifests, paths) = match &reviewed {
            Some(reviewed) => (reviewed.manifests(call)?, reviewed.paths()),
            None => (call.manifests(&arguments.paths)?, arguments.paths.clone()),
        };
        let basis = Self {
            manifests,
            reviewed,
        };
        Ok((basis, paths))
    }

    /// Finds out what the plan is made from, and checks the one that was saved against it; with
    /// whether it leaves out what is mismatched, and the saved plan's id.
    fn draft(
        &self,
        call: &Call,
        arguments: &Apply,
        settings: &Settings,
        loaded: Option<Loaded>,
    ) -> Result<(Draft<'_>, bool, Option<String>), Failure> {
        let now = clock::now();
        let skip = arguments.skip_mismatched;
        let Some(reviewed) = &self.reviewed else {
            let draft = Draft::new(call, &self.manifests, settings, loaded, now)?;
            return Ok((draft, skip, None));
        };
        let draft = reviewed.draft(call, (&self.manifests, settings), skip, loaded, now)?;
        let document = reviewed.document();
        let skip = document.settings().skip_mismatched;
        Ok((draft, skip, Some(document.id().to_owned())))
    }

    /// Reads what the plan needs of the live assets, unless there is no token and nobody could
    /// approve it, and makes it; what was not reviewed is left alone.
    fn prepare(
        &self,
        call: &Call,
        arguments: &Apply,
        (settings, paths): (&Settings, &[PathBuf]),
        mut draft: Draft<'_>,
    ) -> Result<(Prepared, Option<Reached>), Failure> {
        let approvable = arguments.auto_approve
            || self.reviewed.is_some()
            || settings.server.value == Server::Sandbox
            || call.console.can_ask();
        let readable = approvable || survey::is_possible(settings);
        let wanted = plan::wanted(draft.inputs(None));
        let (read, server) = if !wanted.is_empty() && readable {
            let server = reach(call, settings, paths, || self.world(draft.account()))?;
            // A run that could not ask cannot send either.
            let read = survey::read(call, &server, &mut draft, wanted)?;
            (Some(read), Some(server))
        } else {
            (None, None)
        };
        let mut prepared = draft.plan(read.as_ref());
        if let Some(reviewed) = &self.reviewed {
            prepared.plan = saved::leave_alone(prepared.plan, &reviewed.plan()?);
        }
        Ok((prepared, server))
    }

    /// The sandbox's world where there is no seed.
    fn world(&self, account: Option<&str>) -> World {
        playground::world_of(&self.manifests, account)
    }
}

/// What is to be carried out.
struct Order {
    who: Identity,
    work: Prepared,
    approved: Approved,
    /// The account that the server named, where it was asked.
    account: Option<String>,
    /// The id of the saved plan, where there is one.
    plan: Option<String>,
    /// It has begun with the first request that is made for the run.
    clock: SystemClock,
}

/// How the approval comes about.
enum Question {
    /// It is there already.
    Settled(Consent),
    /// Somebody must type the number of assets.
    Ask,
}

/// Finds out who must approve, before anything else is done.
fn question(
    call: &Call,
    arguments: &Apply,
    settings: &Settings,
    totals: &Totals,
) -> Result<Question, Failure> {
    let planned = totals.deletes();
    if settings.server.value == Server::Sandbox {
        return Ok(Question::Settled(Consent::Sandbox));
    }
    // Where nothing may be deleted there is nothing to approve.
    if arguments.auto_approve || planned == 0 {
        return Ok(Question::Settled(Consent::Auto));
    }
    if call.console.can_ask() {
        Ok(Question::Ask)
    } else {
        Err(Failure::Unapproved(planned))
    }
}

impl Question {
    fn answer(self, call: &Call) -> Result<Consent, Failure> {
        if let Self::Settled(consent) = self {
            return Ok(consent);
        }
        let words = "\nTo delete them, type the number of assets that may be deleted:";
        let typed = call.console.ask_number(words);
        let typed = typed.map_err(Failure::system("read the answer"))?;
        typed.map(Consent::Typed).ok_or(Failure::Declined)
    }
}

/// Carries out what was approved, and sums it up.
fn carry_out<S: Strategy>(
    call: &Call,
    settings: &Settings,
    order: Order,
    mut session: FileSession,
    (server, streams): (&Reached, &mut Streams),
) -> (Result<(), ()>, SummaryBuilder)
where
    DeletingClient: Deleter<S::Call>,
{
    let Order {
        who,
        work,
        approved,
        account,
        plan,
        clock,
    } = order;
    let Prepared {
        state,
        plan: planned,
        ..
    } = work;
    let deleter = server.deleter(account.as_deref(), &approved);
    let path = settings.state.value.display().to_string();
    let sending = settings.sending;
    let summary = SummaryBuilder::new(&planned, path);
    let total = planned.totals.deletes();
    // It would lie in memory for as long as the run takes.
    drop(planned);
    let (stopper, inbox) = inbox::<S>();
    stop_in_order(call, stopper.clone(), settings.grace.value);
    session.begin(&state);
    let shown = streams.leaves_room_for_progress() && !call.console.is_quiet();
    let ticker = Ticker::start(total, &call.console, clock, shown);
    let mut reporter = Reporter::new(summary, streams, ticker);
    let mut info = who.run_info(&state, clock::now(), account);
    info.provenance.plan = plan;
    let run = Run {
        info,
        approved: &approved,
        state,
        session: &mut session,
        listeners: vec![&mut reporter],
        options: Options {
            batch_size: settings.batch_size.value,
            concurrency: settings.concurrency.value,
            canary: sending.canary,
            breakers: sending.breakers,
            retries: sending.retries,
            time_budget: sending.time_budget,
            grace: settings.grace.value,
            seed: identity::random().as_u64_pair().0,
        },
        clock: &clock,
    };
    let handle = server.runtime.handle();
    let ended = apply::run(run, &deleter, (stopper, inbox), handle);
    let summary = reporter.finish(&ended.ending);
    // What nobody else has is told before anything can go wrong with the summary.
    let saved = ended.saved.map_err(|not_saved| {
        let rescue = session.rescue(&not_saved.lost);
        lost::tell(call, &not_saved, &rescue);
    });
    call.signals.take_back();
    (saved, summary)
}

/// Has each signal from now on stop the run, and says so at the first: people who see nothing
/// happen press Ctrl-C again, which does not wait for the answers.
fn stop_in_order<S: Strategy>(call: &Call, run: Stopper<S>, grace: Duration) {
    let console = call.console.clone();
    let mut told = false;
    call.signals.give(move |number| {
        run.signal(number);
        if !std::mem::replace(&mut told, true) {
            console.message(&summary::stop_asked(grace));
        }
    });
}

/// Prints the summary.
fn say(call: &Call, arguments: &Apply, summary: &Summary, exit: Exit) -> Result<Exit, Failure> {
    if !arguments.events.on_standard() {
        let shown = call.console.data(|style, sink| {
            writeln!(sink)?;
            summary::summary(summary, style, sink)
        });
        OutputError::unless_gone(shown)?;
    }
    if let Some(Ending::Stopped(reason)) = &summary.ending
        && (arguments.events.on_standard() || !call.console.is_read_by_people())
    {
        // Where the summary goes into a file, nobody would see why the run stopped.
        call.console.error(&summary::stopped(reason), None);
    }
    Ok(exit)
}

/// The exit code of a run whose outcomes are written down.
fn exit(summary: &Summary) -> Exit {
    if let Some(Ending::Stopped(reason)) = &summary.ending {
        return failure::stopped(reason);
    }
    let open = summary.failed.len()
        + summary.unknown.len()
        + summary.missing.len()
        + summary.unsent
        + summary.totals.blocked
        + summary.totals.mismatch
        + summary.left_alone.len();
    if open > 0 { Exit::Open } else { Exit::Done }
}
