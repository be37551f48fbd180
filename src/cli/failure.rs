//! Why a command could not do what it was asked to, and the exit code of each reason.

use std::io;
use std::path::{Path, PathBuf};

use crate::app;
use crate::app::policy::PolicyError;
use crate::asset::AssetId;
use crate::cli::args::ReportKind;
use crate::cli::clock::OutOfTime;
use crate::cli::console::{Console, OutputError};
use crate::cli::destination::TargetError;
use crate::cli::env::NotText;
use crate::cli::exit::Exit;
use crate::cli::files::FilesError;
use crate::cli::misfit::Misfit;
use crate::cli::refusals;
use crate::cli::secrets::error::SecretError;
use crate::cli::settings::origin::SettingsError;
use crate::diagnostic::{Finding, in_words};
use crate::frameio::transport::TransportError;
use crate::plan::approve::{Lack, Refusals};
use crate::plan::restore::NotChosen;
use crate::plan::unread_marks::UnreadMarks;
use crate::plan::unstage::NotStaged;
use crate::probe::document::DocumentError;
use crate::render;
use crate::render::events::StreamError;
use crate::sandbox::seed::SeedError;
use crate::store::StoreError;

/// Why a command could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Standard output cannot be written to.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A file cannot be read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Manifests or the config are wrong.
    #[error("{}", render::findings::tally(.0))]
    Findings(Vec<Finding>),
    /// A config that was asked for is not there.
    #[error("there is no config `{}`", .0.display())]
    NoConfig(PathBuf),
    /// A seed that was asked for is not there.
    #[error("there is no seed `{}`", .0.display())]
    NoSeed(PathBuf),
    /// A variable is not text.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A sign-in did not come to its end.
    #[error("{0}")]
    SignIn(String),
    /// There is no token.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The state cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The time of the command was over before something came that it waited for.
    #[error(transparent)]
    OutOfTime(#[from] OutOfTime),
    /// There is no state where one was asked for.
    #[error("there is no state `{}` here", .0.display())]
    NoState(PathBuf),
    /// There is no state in the project folder, and one lies where it was looked for before.
    #[error("there is no state `{}`, and one lies at `{}`", state.display(), old.display())]
    StateElsewhere { old: PathBuf, state: PathBuf },
    /// There is no such run.
    #[error("the state `{}` has no run {run}: {}", path.display(), render::history::named(runs))]
    NoRun {
        path: PathBuf,
        run: u64,
        /// Those that there are.
        runs: Vec<u64>,
    },
    /// A file is nothing that can be shown.
    #[error("`{}` is {found}", path.display())]
    NotShown {
        path: PathBuf,
        /// What it is, in words.
        found: &'static str,
    },
    /// A file looks like an event stream and is none.
    #[error("{}:{}: {why}", path.display(), why.line)]
    Stream {
        path: PathBuf,
        /// What is wrong with it.
        why: StreamError,
    },
    #[error("nobody approved: {change}, and nobody is there to ask")]
    Unapproved {
        /// What would have been done.
        change: String,
        /// What to do before it is approved.
        hint: &'static str,
    },
    /// Somebody was asked and did not approve.
    #[error("not approved: nothing was sent")]
    Declined,
    /// An asset is not missing.
    #[error(
        "the asset `{id}` is `{status}`, and only what is `missing` or `unknown` can be recorded as gone; nothing was written"
    )]
    NotMissing { id: AssetId, status: &'static str },
    /// Somebody was asked and did not confirm a change of the state.
    #[error("not approved: the state is as it was")]
    Kept,
    /// The state knows nothing of an asset.
    #[error("the state `{}` has no record of `{id}`; nothing was changed", path.display())]
    NotKnown { path: PathBuf, id: AssetId },
    /// What somebody wants back cannot be.
    #[error("{0}; nothing was sent")]
    NotChosen(NotChosen),
    /// What somebody wants back does not wait.
    #[error("{0}; nothing was sent")]
    NotStaged(NotStaged),
    /// A run and single assets are to come back at once.
    #[error("name one run, or assets, and not both")]
    TwoChoices,
    /// Two runs are to come back at once.
    #[error("two runs are named, and a command takes back one")]
    TwoRuns,
    /// Nothing is to be restored.
    #[error("nothing is named that is to come back")]
    NothingChosen,
    /// V2 restores nothing here.
    #[error("the state `{}` is one of v2, and only V4 restores", .0.display())]
    RestoreOfV2(PathBuf),
    /// Nobody has shown how the API does something.
    #[error("nobody has published how the API {0}, and {1}")]
    Unproven(&'static str, Lack),
    /// Two PATHs where one state is changed.
    #[error("`{}` is the second PATH, and a command changes one state at a time", .0.display())]
    TwoStates(PathBuf),
    /// A policy that was asked for is not there.
    #[error("there is no policy `{}`", .0.display())]
    NoPolicy(PathBuf),
    /// A policy is wrong.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Something on the command line cannot be read.
    #[error("{0}")]
    Words(String),
    /// The legacy API was to be searched.
    #[error("`retire find` needs V4")]
    OnlyV4,
    /// The legacy API was to be probed.
    #[error("`retire probe` needs V4")]
    ProbesOnlyV4,
    /// The environment names no folder for a journal.
    #[error("the environment names no folder for the journal of a probe")]
    NoData,
    /// Another probe is being made.
    #[error("another probe of this user is under way")]
    ProbeRuns,
    /// What a probe is said to have found cannot be read.
    #[error("`{}`: {why}", path.display())]
    FindingsFile {
        path: PathBuf,
        /// What is wrong with it.
        why: DocumentError,
    },
    /// What comes due is no change of the state.
    #[error("`--format {0}` does not go with `--due`")]
    NotDue(String),
    /// A new manifest would replace another one.
    #[error("`{}` is there already, and this would not be the same manifest", .0.display())]
    ManifestThere(PathBuf),
    /// A manifest cannot be edited.
    #[error("`{}` has no `assets` with a line of its own for each item", .0.display())]
    Layout(PathBuf),
    /// No asset was named.
    #[error("no asset is named")]
    NoIds,
    /// A state cannot replace the one that is there.
    #[error("`{}` cannot replace the state: {why}", path.display())]
    Misfit {
        /// The file with the state that was given.
        path: PathBuf,
        why: Misfit,
    },
    /// Nothing is written where somebody wants it.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A report has an ending of which the command writes none.
    #[error("`{}` {}", path.display(), no_report(path, endings))]
    NoReport {
        path: PathBuf,
        /// The endings that the command knows.
        endings: Vec<&'static str>,
    },
    /// A report was asked for that has every name, where names are withheld.
    #[error("`{}` would be the plan document, which has every name, and `names` withholds them", .0.display())]
    NamesInPlan(PathBuf),
    /// A receipt was asked for where names are withheld.
    #[error("`{}` would be a receipt, which names what was deleted, and `names` withholds that", .0.display())]
    NamesInReceipt(PathBuf),
    /// The summary of a CI job was asked for where there is none.
    #[error("`--summary` writes into the file that GITHUB_STEP_SUMMARY names, and that is not set")]
    NoSummary,
    /// Two documents would go to standard output.
    #[error("the plan and its document would both go to standard output")]
    TwoOnStandard,
    /// A part of a saved plan was to be applied.
    #[error("a saved plan is applied as it was reviewed, and `--only` chooses nothing of it")]
    OnlyOfSaved,
    /// A state was to be migrated, and not to V4.
    #[error("`retire state migrate` makes a state of V4 only")]
    NotToV4,
    /// A state was to be rebuilt, and v2 shows nothing to be deleted.
    #[error("v2 has no lists of deleted assets, so no state can be rebuilt from it")]
    NoLists,
    /// A state was to be rebuilt, and one is there.
    #[error("`{}` is there; a state is only rebuilt where nothing is left of it", .0.display())]
    StateThere(PathBuf),
    /// What is to be kept would overwrite something.
    #[error("`{}` is in the way", .0.display())]
    InTheWay(PathBuf),
    /// V4 knows too few of the open assets of a state.
    #[error(
        "V4 knows {} of {}, and at least {percent} % must be known; the state is as it was",
        render::count(*found), render::counted(*open, "open asset", "open assets")
    )]
    TooFewFound {
        /// How many it knows.
        found: usize,
        /// How many are open.
        open: usize,
        /// The share that must be known, in percent.
        percent: u8,
    },
    /// The plan of a manifest on standard input was to be saved.
    #[error("a plan of a manifest on standard input cannot be saved: nobody can read it again")]
    SavedStandard,
    /// The plan is refused.
    #[error(transparent)]
    Refused(#[from] Refusals),
    /// What is to be listed may be marked.
    #[error("{0}")]
    UnreadMarks(UnreadMarks),
    /// The seed of the sandbox is wrong.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The system refused something that should always work.
    #[error("cannot {action}")]
    System {
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// No HTTP client could be made for the token endpoint.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A use case could not do what it was asked to.
    #[error(transparent)]
    App(app::error::Error),
}

/// Says why a command writes no report of such a name.
fn no_report(path: &Path, endings: &[&str]) -> String {
    if ReportKind::of(path).is_some_and(ReportKind::is_receipt) {
        return "is a receipt, and a receipt is a report of `retire apply`".to_owned();
    }
    let endings = endings.join(", ");
    format!("ends in none of {endings}, so it is no report of this command")
}

impl From<app::error::Error> for Failure {
    fn from(error: app::error::Error) -> Self {
        if let app::error::Error::Findings(findings) = error {
            // They are shown with their lines.
            return Self::Findings(findings);
        }
        Self::App(error)
    }
}

impl Failure {
    /// Names what the system refused.
    pub(crate) fn system(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { action, source }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            // `head` has seen enough, which is no failure.
            Self::Output(error) if error.is_reader_gone() => Exit::Done,
            Self::Target(error) if error.is_usage() => Exit::Usage,
            Self::Output(_)
            | Self::Target(_)
            | Self::NotKnown { .. }
            | Self::NotMissing { .. }
            | Self::NotChosen(_)
            | Self::NotStaged(_)
            | Self::NoRun { .. }
            | Self::InTheWay(_)
            | Self::ManifestThere(_)
            | Self::Layout(_)
            | Self::NoData
            | Self::System { .. }
            | Self::Transport(_) => Exit::Failed,
            Self::App(error) => error.into(),
            Self::OutOfTime(_)
            | Self::Files(FilesError::OutOfTime(_))
            | Self::Secret(SecretError::OutOfTime(_)) => Exit::Stopped,
            Self::Files(
                FilesError::Apart { .. } | FilesError::Nested { .. } | FilesError::NoFolder(_),
            ) => Exit::Usage,
            Self::Files(_)
            | Self::NotShown { .. }
            | Self::Stream { .. }
            | Self::Findings(_)
            | Self::NoConfig(_)
            | Self::NoSeed(_)
            | Self::NoPolicy(_)
            | Self::FindingsFile { .. }
            | Self::Policy(_)
            | Self::NoState(_)
            | Self::StateElsewhere { .. }
            | Self::Seed(_)
            | Self::Misfit { .. } => Exit::Invalid,
            Self::Settings(error) if error.is_config() => Exit::Invalid,
            Self::Settings(_)
            | Self::NotText(_)
            | Self::TwoOnStandard
            | Self::NoReport { .. }
            | Self::NamesInPlan(_)
            | Self::NamesInReceipt(_)
            | Self::NoSummary
            | Self::OnlyOfSaved
            | Self::SavedStandard
            | Self::NotToV4
            | Self::RestoreOfV2(_)
            | Self::TwoChoices
            | Self::TwoRuns
            | Self::NothingChosen
            | Self::NoLists
            | Self::Words(_)
            | Self::OnlyV4
            | Self::ProbesOnlyV4
            | Self::NotDue(_)
            | Self::TwoStates(_)
            | Self::NoIds => Exit::Usage,
            Self::ProbeRuns => Exit::Locked,
            Self::Secret(_) | Self::SignIn(_) => Exit::Denied,
            Self::Store(error) => match error {
                StoreError::Locked { .. } => Exit::Locked,
                StoreError::Format { .. }
                | StoreError::TooLarge { .. }
                | StoreError::Journal { .. }
                | StoreError::OtherRun { .. } => Exit::Invalid,
                StoreError::Io { .. }
                | StoreError::LockClosed { .. }
                | StoreError::NoLocks { .. }
                | StoreError::NotOurs { .. }
                | StoreError::Taken { .. }
                | StoreError::Replaced { .. } => Exit::Failed,
            },
            Self::Unapproved { .. }
            | Self::Unproven(..)
            | Self::Declined
            | Self::Kept
            | Self::TooFewFound { .. }
            | Self::StateThere(_)
            | Self::Refused(_)
            | Self::UnreadMarks(_) => Exit::Refused,
        }
    }

    /// Says in our own words alone why the command did nothing, and how it ended.
    pub(crate) fn own_words(&self) -> String {
        let exit = self.exit();
        let why = if let Self::Settings(error) = self {
            error.own_words()
        } else if let Self::Findings(findings) = self {
            render::findings::tally(findings)
        } else if exit == Exit::Failed {
            "it failed".to_owned()
        } else {
            exit.meaning().to_owned()
        };
        format!("{why} (exit code {})", exit.code())
    }

    /// Says what to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::OutOfTime(_) => Some(OutOfTime::HINT),
            Self::Files(error) => error.hint(),
            Self::Settings(error) => error.hint(),
            Self::Secret(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::App(error) => error.hint(),
            Self::Refused(why) => why.hint(),
            Self::UnreadMarks(why) => Some(why.hint_of_find()),
            Self::NoState(_) => Some(
                "the first `retire apply` writes it; if it lies elsewhere, give its folder as PATH, or name it with `--state`, as `retire.sandbox.state.json` where that was in the sandbox; if it is lost, look in git, or make one from the manifests with `retire state rebuild`",
            ),
            Self::StateElsewhere { .. } => Some(
                "a state lies in the project folder, whatever PATH says: move it there with the files next to it, or name it with `--state`",
            ),
            Self::SignIn(_) => Some("run `retire login` again, and paste the whole address"),
            Self::NoIds => Some("name the assets whose records are to be dropped"),
            Self::NotToV4 => Some("give `--api v4`"),
            Self::NotChosen(why) => why.hint(),
            Self::NotStaged(why) => Some(why.hint()),
            Self::NoRun { .. } => Some("`retire state history` shows all of them"),
            Self::NothingChosen => Some("name a run, as in `run:7`, or assets by their ids"),
            Self::TwoChoices | Self::TwoRuns => Some("take back one after the other"),
            Self::RestoreOfV2(_) => Some(
                "make it one of V4 with `retire state migrate`, then restore; or restore in the web app, in the project's recently deleted assets",
            ),
            Self::Unproven(..) => Some(Lack::HINT),
            Self::NoLists => {
                Some("give `--api v4` and a token of V4, where the ids are those of V4")
            }
            Self::StateThere(_) => {
                Some("`retire plan` goes on from it; it knows more than a server does")
            }
            Self::NoPolicy(_) => Some("`retire schema retention` says what a policy may say"),
            Self::NotDue(_) => Some("what comes due has `text`, `markdown` and `json`"),
            Self::NoData => Some("set `XDG_DATA_HOME` or `HOME`"),
            Self::ProbeRuns => Some("wait for its end, two minutes at most, and try again"),
            Self::FindingsFile { .. } => {
                Some("nothing was sent; restore the file from git, or move it away and probe again")
            }
            Self::OnlyV4 | Self::ProbesOnlyV4 => Some("give `--api v4` and a token of V4"),
            Self::ManifestThere(_) => Some(
                "nothing was written; `--update` brings its section of this search up to date, and keeps what people added",
            ),
            Self::Layout(_) => Some(
                "nothing was written; write `assets:` at the beginning of a line and each item below it, or name another file",
            ),
            Self::InTheWay(_) => {
                Some("nothing was written over it; move what is there elsewhere, and try again")
            }
            Self::SavedStandard => Some("write the manifest into a file, and name that"),
            Self::TooFewFound { .. } => Some(
                "check the account; V4 may not know the ids of v2; `--min-found-percent` takes less",
            ),
            Self::Unapproved { hint, .. } => Some(hint),
            Self::NotMissing { .. } => Some("`retire state list --status missing` shows them"),
            Self::NotKnown { .. } => Some("`retire state list` shows what it knows"),
            Self::Misfit { why, .. } => Some(why.hint()),
            Self::Target(error) => error.hint(),
            Self::TwoOnStandard => Some("name a file for `--out`, or give `--format json`"),
            Self::NamesInPlan(_) => {
                Some("save it with `--out` for `retire apply`, or say `--names full`")
            }
            Self::NamesInReceipt(_) => {
                Some("say `--names full`, and keep the receipt where the names may be seen")
            }
            Self::OnlyOfSaved => {
                Some("save a plan of that part: `retire plan --only … --out FILE`")
            }
            Self::NotShown { .. } => Some(
                "`retire show` takes a state, a saved plan or the events of a run; `retire validate` and `retire plan` take manifests, and `retire state list` reads a journal with its state",
            ),
            Self::Stream { .. } => Some("the lines before it are whole: show a copy of them"),
            Self::Output(_)
            | Self::Findings(_)
            | Self::NoConfig(_)
            | Self::NoSeed(_)
            | Self::Policy(_)
            | Self::TwoStates(_)
            | Self::NoReport { .. }
            | Self::NoSummary
            | Self::NotText(_)
            | Self::Words(_)
            | Self::Seed(_)
            | Self::System { .. } => None,
            Self::Transport(_) => Some(TransportError::HINT),
            Self::Declined | Self::Kept => Some(
                "to approve, type the number that the question asks for, and nothing else; `--auto-approve` goes ahead without a question",
            ),
        }
    }

    /// Writes it to standard error.
    pub(crate) fn print(&self, console: &Console) {
        if let Self::Findings(findings) = self {
            return refusals::findings(findings, console);
        }
        if let Self::Refused(refused) = self {
            return refusals::print(refused, console);
        }
        if !matches!(self, Self::Output(error) if error.is_reader_gone()) {
            console.error(&in_words(self), self.hint());
        }
    }
}
