//! Why a plan is not carried out.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::{count, counted};
use crate::plan::Unplaced;
use crate::plan::figure::Report;
use crate::plan::unread_marks::UnreadMarks;

/// Why a plan is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The number that was typed is not the number of files.
    #[error("{} was typed, and the plan would delete {}", count(*typed), counted(*planned, "file", "files"))]
    WrongNumber {
        /// What was typed.
        typed: usize,
        /// How many files the plan would delete.
        planned: usize,
    },
    /// Some assets are other than their entries say, or not shown to be the same.
    #[error("{} from what the manifest says", counted(*.0, "asset differs", "assets differ"))]
    Mismatched(usize),
    /// No live asset was read.
    #[error("the plan was not checked against the server")]
    NotChecked,
    /// Protected assets may lie in what is to be deleted.
    #[error(
        "a listed folder or version stack may contain what is protected: {}",
        each(.0.iter().map(ToString::to_string))
    )]
    Unplaced(Vec<Unplaced>),
    /// Listed assets may lie in something that is held.
    #[error(
        "listed assets may lie in what is held: {}",
        each(.0.iter().map(|(held, listed)| {
            format!("{held}, for {}", counted(*listed, "listed asset", "listed assets"))
        }))
    )]
    Unread(Vec<(Unplaced, usize)>),
    /// There may be no such project as one that is held.
    #[error(
        "nobody knows what a hold on a project keeps: {}",
        each(.0.iter().map(Unplaced::unread))
    )]
    Projects(Vec<Unplaced>),
    /// Nobody knows which assets bear a mark.
    #[error("{0}")]
    Marks(UnreadMarks),
    /// Assets are to be moved aside, and nobody has shown what the API does with them.
    #[error(
        "nobody has published how the API treats what is moved into a folder that is deleted, and {0}"
    )]
    Unproven(Lack),
    /// Guards are in the way.
    #[error("{}", guarded(.0))]
    Guarded(Arc<Report>),
}

/// All that keeps a plan from being carried out: whoever mends one would meet the next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Refusals(Vec<Refused>);

impl Refusals {
    /// Some of them; nothing where there is none.
    #[must_use]
    pub fn of(all: Vec<Refused>) -> Option<Self> {
        (!all.is_empty()).then_some(Self(all))
    }

    /// Each of them, what stands in the way of the others first.
    #[must_use]
    pub fn all(&self) -> &[Refused] {
        &self.0
    }

    /// What to do about the first.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        self.0.first().map(Refused::hint)
    }
}

impl From<Refused> for Refusals {
    fn from(one: Refused) -> Self {
        Self(vec![one])
    }
}

/// What a guard has counted and refuses; several have a line each below the message.
fn guarded(report: &Report) -> String {
    let refused = report.refused().map(ToString::to_string);
    let incomplete = report.incomplete.iter().map(ToString::to_string);
    let all: Vec<String> = refused.chain(incomplete).collect();
    match &*all {
        [one] => one.clone(),
        several => format!("{} guards refuse the plan", several.len()),
    }
}

/// Why nothing shows what the API does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// There is no file of a probe.
    NoProbe,
    /// What a probe found is of another server.
    OtherServer,
    /// A probe has not seen this, by the names in its document.
    NotSeen(Vec<&'static str>),
}

impl Lack {
    /// What to do.
    pub const HINT: &str = "nothing was sent; `retire probe --project ID`, in an empty project, finds it out on your own account, or give `--unproven`";
}

impl fmt::Display for Lack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProbe => formatter.write_str("no probe has shown it here"),
            Self::OtherServer => {
                formatter.write_str("what `retire.probe.json` says is of another server")
            }
            Self::NotSeen(all) => write!(
                formatter,
                "the probe has not seen what that relies on (`{}`)",
                all.join("`, `")
            ),
        }
    }
}

/// How many protected assets a refusal names at most, so that its hint stays in sight.
const NAMED: usize = 5;

/// Names several things, and says how many more there are.
fn each(things: impl ExactSizeIterator<Item = String>) -> String {
    let more = things.len().saturating_sub(NAMED);
    let named: Vec<String> = things.take(NAMED).collect();
    let named = named.join("; ");
    match more {
        0 => named,
        more => format!("{named}; and {} more", count(more)),
    }
}

impl Refused {
    /// Whether nobody knows what is protected: such a plan is not even saved.
    #[must_use]
    pub const fn is_unsheltered(&self) -> bool {
        matches!(
            self,
            Self::Unplaced(_) | Self::Unread(_) | Self::Projects(_)
        )
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotChecked => "nothing was sent; make the plan without `--offline`",
            Self::Unplaced(_) | Self::Unread(_) => {
                "nothing was sent; if the server had trouble, run it again; else correct the id in that line (a project is held by `project: ID`), or give a token that may read the asset"
            }
            Self::Projects(_) => {
                "nothing was sent; if the server had trouble, run it again; else correct the id in that line, lift the hold by a line under `releases` where that project is over, or give a token that may read it"
            }
            Self::Marks(unread) => unread.hint(),
            Self::Unproven(_) => Lack::HINT,
            Self::WrongNumber { .. } => {
                "read the plan again, then type the number of files that it would delete"
            }
            Self::Guarded(report) => match (report.refused().count(), report.incomplete.len()) {
                (0, _) => "nothing was sent; give the entries the fields that they lack",
                (_, 0) => {
                    "nothing was sent; list less, or let somebody review a waiver of each guard that counts too much"
                }
                _ => {
                    "nothing was sent; list less, give entries the fields that they lack, or let somebody review a waiver of each guard that counts too much"
                }
            },
            Self::Mismatched(_) => {
                "nothing was sent; correct the ids or the pins, or leave those assets out with `--skip-mismatched`"
            }
        }
    }
}
