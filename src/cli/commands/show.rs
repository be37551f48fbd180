//! `retire show`: a state, a saved plan or a run, for people or for programs.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::app::error::Error;
use crate::app::saved_plan::{SavedPlan, is_plan};
use crate::cli::args::{self, ReportKind, Show, ShowFormat};
use crate::cli::clock::TimeLeft;
use crate::cli::context::Context;
use crate::cli::destination::Document;
use crate::cli::destination::kind::{Kind, kind_of};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Input, Sort};
use crate::cli::reports::{Asked, Content, Reports};
use crate::cli::{clock, project, saved_plan};
use crate::diagnostic::{Damage, in_words};
use crate::plan::approve::refusals;
use crate::plan::since::Comparison;
use crate::render::events::{self, Replayed};
use crate::render::model::plan::PlanReport;
use crate::render::model::plan::view::PlanView;
use crate::render::model::{self, Line, Report};
use crate::render::restorable::restored_since;
use crate::render::text;
use crate::render::wrap::wrapped;
use crate::render::{basis, json, state, summary};
use crate::state::{State, format};
use crate::store::StoreError;
use crate::store::file::FileStore;

/// By which runs how many assets were restored.
type RestoredBy = BTreeMap<u64, usize>;

/// Shows a file as what it is.
pub(crate) fn run(context: &Context, arguments: &Show) -> Result<Exit, Failure> {
    let asked = Asked {
        command: "show",
        reports: &arguments.reports,
        summaries: Some(&arguments.summaries),
        printed: arguments.format.into(),
        paths: &[],
        json: Document::Report(ReportKind::Json),
        flags: &arguments.settings.given,
    };
    let reports = Reports::new(context, &asked)?;
    let shown = Shown {
        context,
        format: arguments.format,
        reports,
    };
    shown.show(arguments)
}

/// How a file is shown.
struct Shown<'run> {
    context: &'run Context,
    format: ShowFormat,
    reports: Reports<'run>,
}

impl Shown<'_> {
    fn show(&self, arguments: &Show) -> Result<Exit, Failure> {
        let (run, named) = words(&arguments.words)?;
        if let Some(run) = run {
            return self.run(run, named, arguments);
        }
        let Some(path) = file(named)? else {
            return self.overview(&self.state_of(named, arguments)?);
        };
        project::refuse_stray(path)?;
        let bytes = if path.as_os_str() == "-" {
            files::read(&Input::Standard, TimeLeft::unbound())?.bytes
        } else {
            files::bytes(path, TimeLeft::unbound())?
        };
        if events::is_stream(&bytes) {
            return self.runs(path, &bytes);
        }
        if is_plan(&bytes) {
            self.plan(path, &bytes)?;
        } else if path.as_os_str() == "-" {
            self.state((path, None), &parsed(path, &bytes)?)?;
        } else if let Some(found) = other_than_a_state(path, &bytes) {
            let path = path.to_owned();
            return Err(Failure::NotShown { path, found });
        } else {
            drop(bytes);
            return self.overview(path);
        }
        Ok(Exit::Done)
    }

    /// Writes what is asked for besides, and prints what is no text.
    fn publish<'of>(
        &self,
        path: &Path,
        report: &dyn Fn() -> Report<'of>,
        json: &dyn Fn(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        self.reports.check(path)?;
        let content = Content {
            checks: &Vec::new,
            report,
            json,
        };
        self.reports.publish(path, &content)
    }

    /// Shows what the runs of an event stream came to, as `apply` said it at its end.
    fn runs(&self, path: &Path, bytes: &[u8]) -> Result<Exit, Failure> {
        let context = self.context;
        let replayed = events::replay(bytes).map_err(|why| Failure::Stream {
            path: path.to_owned(),
            why,
        })?;
        let failed = |run: &Replayed| matches!(run, Replayed::Failed { .. });
        let exit = match replayed.last() {
            Some(last) if failed(last) => Exit::Failed,
            Some(_) | None => Exit::Done,
        };
        // Of several runs the last is the one that a page is of.
        if let Some(Replayed::Run(summary)) = replayed.last() {
            let report = || model::run::run(summary, None, clock::now());
            self.publish(path, &report, &|sink| json::summary(summary, sink))?;
        }
        for run in &replayed {
            match run {
                Replayed::Run(summary) => {
                    context.console.data(|style, sink| match self.format {
                        ShowFormat::Json => json::summary(summary, sink),
                        ShowFormat::Text => {
                            let report = model::run::run(summary, None, clock::now());
                            summary::summary(&report, false, style, sink)
                        }
                        ShowFormat::Markdown | ShowFormat::Html => Ok(()),
                    })?;
                }
                Replayed::Failed { message, hint } => context
                    .console
                    .error(&format!("no run began: {message}"), hint.as_deref()),
            }
        }
        Ok(exit)
    }

    fn plan(&self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        let context = self.context;
        let saved = SavedPlan::read(path, bytes)?;
        let document = &saved.document;
        let plan = saved.plan()?;
        // A state that cannot be read is not the one that the plan was made from either.
        let loaded = FileStore::new(Path::new(&document.state.path)).load();
        let stale = match (
            loaded,
            saved_plan::manifests(context, &saved, TimeLeft::unbound()),
        ) {
            (Ok(loaded), Ok(manifests)) => saved
                .check(
                    clock::now(),
                    &document.target(),
                    (document.settings, document.marks.as_ref()),
                    loaded.as_ref(),
                    &manifests.files,
                )
                .and_then(|()| {
                    saved.check_actions(&plan, (&manifests, loaded.as_ref()), clock::now())
                })
                .err()
                .map(|why| in_words(&why)),
            (Err(error), _) => Some(in_words(&error)),
            (_, Err(Failure::App(Error::Stale { why, .. }))) => Some(in_words(&why)),
            (_, Err(error)) => Some(in_words(&error)),
        };
        let beside = Path::new(&document.state.path);
        let since = document.since.clone().map(Comparison::Since);
        let view = PlanView {
            plan: &plan,
            checked: &document.checked,
            no_state: (document.state.digest.is_none() && document.state.serial == 0)
                .then_some(beside),
            since: since.as_ref(),
            batch_size: document.settings.batch_size,
            forecast: &document.forecast,
            time_budget: None,
            skip_mismatched: document.settings.skip_mismatched,
            full: true,
            width: context.console.width(),
            now: clock::now(),
        };
        let refused = refusals(&plan, document.settings.skip_mismatched);
        self.reports.writes(Document::Plan)?;
        let report = || {
            let of = PlanReport {
                view: &view,
                state: &document.state.path,
                serial: document.state.serial,
                id: &document.id,
                commit: document.commit.as_deref(),
                expires_at: document.expires_at,
                api: document.target().api,
                refused: &refused,
                is_before_merge: context.environment.is_before_merge(),
            };
            let mut report = model::plan::plan(&of);
            if let Some(why) = &stale {
                let line = Line::strong("This plan is stale:").and(" ");
                report.attention.insert(0, line.and_foreign(&**why));
            }
            report
        };
        self.publish(beside, &report, &|sink| document.to_json(sink))?;
        context.console.data(|style, sink| match self.format {
            ShowFormat::Json => document.to_json(sink),
            ShowFormat::Text => {
                wrapped(context.console.width(), sink, |sink| {
                    basis::basis(document, stale.as_deref(), style, sink)
                })?;
                text::plan(&view, style, sink)
            }
            ShowFormat::Markdown | ShowFormat::Html => Ok(()),
        })?;
        if let Some(why) = stale.filter(|_| self.format == ShowFormat::Json) {
            context.console.warn(&format!("this plan is stale: {why}"));
        }
        Ok(())
    }

    /// Shows what a run did, as the state has it.
    fn run(&self, run: u64, named: Option<&Path>, arguments: &Show) -> Result<Exit, Failure> {
        let (path, state) = if let Some(path) = named.filter(|path| path.as_os_str() == "-") {
            let bytes = files::read(&Input::Standard, TimeLeft::unbound())?.bytes;
            (path.to_owned(), parsed(path, &bytes)?)
        } else {
            let path = self.state_of(named, arguments)?;
            let state = self.load(&path)?;
            (path, state)
        };
        let since = state.restored_since(true).remove(&run).unwrap_or_default();
        let state = state.of_run(run).map_err(|runs| Failure::NoRun {
            path: path.clone(),
            run,
            runs,
        })?;
        self.state((&path, Some((run, &since))), &state)?;
        Ok(Exit::Done)
    }

    /// Where the state lies that a PATH, a flag or the project says.
    fn state_of(&self, named: Option<&Path>, arguments: &Show) -> Result<PathBuf, Failure> {
        let flags = &arguments.settings.given;
        let settings = self.context.settings_offline(flags, named)?;
        Ok(settings.state.value.clone())
    }

    fn load(&self, path: &Path) -> Result<State, Failure> {
        let loaded = FileStore::new(path).load()?;
        let loaded = loaded.ok_or_else(|| Failure::NoState(path.to_owned()))?;
        for warning in &loaded.warnings {
            self.context.console.warn(warning);
        }
        Ok(loaded.state)
    }

    fn overview(&self, path: &Path) -> Result<Exit, Failure> {
        self.state((path, None), &self.load(path)?)?;
        Ok(Exit::Done)
    }

    /// Shows a state as a whole, or what one run did of it, with what was restored of that since.
    fn state(
        &self,
        (path, run): (&Path, Option<(u64, &RestoredBy)>),
        read: &State,
    ) -> Result<(), Failure> {
        let name = path.display().to_string();
        let since = run.map_or_else(Vec::new, |(run, since)| restored_since(run, since));
        let run = run.map(|(run, _)| run);
        let of = (&*name, run);
        let report = || {
            let mut report = model::state::state(read, of, clock::now());
            let since = since.iter().map(|said| ("since", Line::words(&**said)));
            report.fields.extend(since);
            report
        };
        self.publish(path, &report, &|sink| json::overview(read, run, sink))?;
        let width = self.context.console.width();
        self.context.console.data(|style, sink| match self.format {
            ShowFormat::Json => json::overview(read, run, sink),
            ShowFormat::Text => {
                let recorded = run.map(|run| (read, run));
                wrapped(width, sink, |sink| {
                    state::overview(&report(), recorded, style, sink)
                })
            }
            ShowFormat::Markdown | ShowFormat::Html => Ok(()),
        })?;
        Ok(())
    }
}

/// The run that is to be shown, and the file that is named.
fn words(words: &[args::Shown]) -> Result<(Option<u64>, Option<&Path>), Failure> {
    let (mut run, mut file) = (None, None);
    for word in words {
        match word {
            args::Shown::Run(number) if run.is_none() => run = Some(*number),
            args::Shown::File(path) if file.is_none() => file = Some(&**path),
            args::Shown::Run(_) | args::Shown::File(_) => {
                return Err(Failure::Words(
                    "one file or one run is shown at a time".to_owned(),
                ));
            }
        }
    }
    Ok((run, file))
}

fn parsed(path: &Path, bytes: &[u8]) -> Result<State, Failure> {
    let read = format::read(bytes).map_err(|why| StoreError::Format {
        path: path.to_owned(),
        why,
    });
    Ok(read?)
}

/// The file that is to be shown; nothing where it is the state of a project.
fn file(named: Option<&Path>) -> Result<Option<&Path>, Failure> {
    let Some(path) = named else {
        return Ok(None);
    };
    let standard = path.as_os_str() == "-";
    Ok((standard || files::sort(path)? != Sort::Folder).then_some(path))
}

/// What a file is that is neither a state nor a broken one.
fn other_than_a_state(path: &Path, bytes: &[u8]) -> Option<&'static str> {
    if Damage::find(bytes).is_some() {
        return None;
    }
    match kind_of(path, bytes) {
        Kind::Empty | Kind::State => None,
        // What else is JSON may be a state that somebody broke.
        Kind::Other if bytes.trim_ascii_start().starts_with(b"{") => None,
        kind @ (Kind::Plan
        | Kind::Events
        | Kind::Report(_)
        | Kind::NotRun
        | Kind::Journal
        | Kind::Lock
        | Kind::Manifest
        | Kind::Seed
        | Kind::Settings
        | Kind::Other) => Some(kind.words()),
    }
}
