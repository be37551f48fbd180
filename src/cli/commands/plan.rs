//! `retire plan`: show what apply would do. It reads, and cannot delete.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::cli::args::{Plan, PlanFormat, is_standard};
use crate::cli::call::Call;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::identity::Identity;
use crate::cli::reach::{reach, tell_end_of_v2};
use crate::cli::settings::Settings;
use crate::cli::target::{self, Document};
use crate::cli::work::{Draft, Prepared};
use crate::cli::{clock, project};
use crate::cli::{playground, survey};
use crate::diagnostic::in_words;
use crate::manifest::document::Manifests;
use crate::plan;
use crate::plan::approve::{Refused, check};
use crate::plan::saved::{self, Basis, DecidingSettings, PlanDocument, Sha256, StateBasis};
use crate::render::diff::{self, DiffView};
use crate::render::text::{self, PlanView};
use crate::store::file::FileStore;

/// Makes the plan and prints it.
pub(in crate::cli) fn run(call: &Call, arguments: &Plan) -> Result<Exit, Failure> {
    let paths = &arguments.paths.paths;
    let standard = paths.iter().any(|path| path.as_os_str() == "-");
    if arguments.out.is_some() && standard {
        return Err(Failure::SavedStandard);
    }
    let manifests = call.manifests(paths)?;
    let settings = call.settings(&arguments.settings.given, arguments.run, paths)?;
    let state = &settings.state.value;
    // What stands in its way is told before anybody waits for a server.
    if let Some(path) = &arguments.out {
        target::check(path, Document::Plan, state)?;
    }
    let printed = is_standard(arguments.out.as_deref());
    if printed && arguments.format == PlanFormat::Diff {
        return Err(Failure::TwoOnStandard);
    }
    let loaded = FileStore::new(state).load()?;
    tell_end_of_v2(call, &settings);
    let draft = Draft::new(call, &manifests, &settings, loaded, clock::now())?;
    let work = prepare(call, (&settings, paths), draft)?;
    let who = Identity::find(&call.environment, project::folder(paths).as_deref());
    // A run would refuse it as well, so there is nothing to hand on.
    let refused = match check(&work.plan, arguments.skip_mismatched) {
        Err(Refused::NotChecked) | Ok(()) => None,
        Err(refused) => Some(refused),
    };
    let is_unsheltered = matches!(refused, Some(Refused::Unplaced(_) | Refused::Unread(_)));
    let out = arguments.out.as_ref().filter(|_| !is_unsheltered);
    let document = || document(&who, arguments, &manifests, &settings, &work);
    if let Some(path) = out {
        target::publish(path, Document::Plan, state, |sink| document().to_json(sink))?;
    }
    let format = if printed {
        PlanFormat::Json
    } else {
        arguments.format
    };
    match format {
        PlanFormat::Text => {
            let view = PlanView {
                plan: &work.plan,
                batch_size: settings.batch_size.value.get(),
                forecast: &work.forecast(&settings),
                time_budget: settings.sending.time_budget,
                full: arguments.full,
            };
            call.console
                .data(|style, sink| text::plan(&view, style, sink))?;
        }
        PlanFormat::Diff => {
            let path: PathBuf = settings.state.value.components().collect();
            let path = path.to_string_lossy();
            let info = who.run_info(&work.state, work.now, work.home.account.clone());
            let view = DiffView {
                plan: &work.plan,
                state: &work.state,
                exists: work.digest.is_some(),
                path: &path,
                run: &info,
                escaped: call.console.is_read_by_people(),
            };
            call.console
                .data(|style, sink| diff::diff(&view, style, sink))?;
        }
        PlanFormat::Json => {
            call.console.data(|_, sink| document().to_json(sink))?;
        }
    }
    if let Some(path) = out
        && format == PlanFormat::Text
    {
        let path = path.display();
        call.console.message(&format!(
            "Saved as `{path}`; `retire apply {path}` does exactly that."
        ));
    }
    if let Some(refused) = refused {
        return Err(refused.into());
    }
    let steps = &work.plan.steps;
    if work.plan.totals.unreadable > 0 || steps.iter().any(|step| step.decision.is_missing()) {
        return Ok(Exit::Open);
    }
    if arguments.detailed_exitcode && work.plan.has_work() {
        return Ok(Exit::Pending);
    }
    Ok(Exit::Done)
}

/// Reads what the plan needs of the live assets, where that can be read, and makes it.
fn prepare(
    call: &Call,
    (settings, paths): (&Settings, &[PathBuf]),
    mut draft: Draft<'_>,
) -> Result<Prepared, Failure> {
    let wanted = plan::wanted(draft.inputs(None));
    if wanted.is_empty() || !survey::is_possible(settings) {
        return Ok(draft.plan(None));
    }
    let world = || playground::world_of(draft.manifests, draft.account());
    let server = reach(call, settings, paths, world)?;
    let read = match survey::read(call, &server, &mut draft, wanted) {
        Ok(read) => Some(read),
        Err(why @ Failure::Who(_)) => {
            let why = in_words(&why);
            call.console.warn(&format!("no asset was read: {why}"));
            None
        }
        Err(why) => return Err(why),
    };
    if let Some(sandbox) = server.sandbox {
        server.runtime.block_on(sandbox.shut_down());
    }
    Ok(draft.plan(read.as_ref()))
}

fn document(
    who: &Identity,
    arguments: &Plan,
    manifests: &Manifests,
    settings: &Settings,
    work: &Prepared,
) -> PlanDocument {
    let age = SignedDuration::try_from(settings.max_plan_age.value);
    let expires_at = work.now.saturating_add(age.unwrap_or(SignedDuration::MAX));
    let basis = Basis {
        created_at: work.now,
        expires_at: expires_at.unwrap_or(Timestamp::MAX),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        state: StateBasis {
            path: settings.state.value.to_string_lossy().into_owned(),
            lineage: work.state.lineage,
            serial: work.state.serial,
            digest: work.digest.map(Sha256),
        },
        paths: arguments
            .paths
            .paths
            .iter()
            .map(|path| path.to_string_lossy().into_owned())
            .collect(),
        commit: who.provenance.commit.clone(),
        home: work.home.clone(),
        settings: DecidingSettings {
            max_attempts: settings.max_attempts.value.get(),
            retry_blocked: settings.retry_blocked,
            skip_mismatched: arguments.skip_mismatched,
            batch_size: settings.batch_size.value.get(),
        },
        forecast: work.forecast(settings),
    };
    saved::document(&work.plan, manifests, &basis)
}
