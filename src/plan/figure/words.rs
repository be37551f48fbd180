//! The words for what the guards have counted, and the waivers that would allow it.

use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::{Figure, Found, Incomplete, Lack, Loosened, Looser, Note, SetAt, Subject};
use crate::diagnostic::{counted, thousands};
use crate::inventory::Called;
use crate::manifest::document::{Guard, NO_REASON};
use crate::measure;

/// For how many days a waiver is proposed.
const PROPOSED_DAYS: i64 = 8;

impl Figure {
    /// The waiver that would allow it, as a line of a manifest that was looked at then; nothing
    /// where none would.
    #[must_use]
    pub fn waiver(&self, at: Timestamp) -> Option<String> {
        let limit = match &self.found {
            Found::Assets(figure) => figure.to_string(),
            Found::Bytes(bytes) => measure::bytes_at_least(*bytes),
            Found::Share { bytes, of } => percent_at_least(*bytes, *of).min(100).to_string(),
            Found::Age { seconds, .. } => measure::duration(rounded_down(*seconds)),
            // What allows all needs nothing to count.
            Found::Lacking(_) | Found::Unchecked => match self.guard {
                Guard::MinAge => measure::duration(Duration::ZERO),
                Guard::MaxPercent => "100".to_owned(),
                Guard::MaxAssets
                | Guard::MaxBytes
                | Guard::Max404Percent
                | Guard::MaxFailurePercent
                | Guard::MaxFailedBatches => return None,
            },
        };
        if matches!(self.set_at, SetAt::Flag(_)) {
            return None;
        }
        let project = self.project.as_ref().and_then(|project| project.id);
        let project = project.map_or_else(String::new, |id| format!(", project: {id}"));
        let expires = TimeZone::UTC.to_datetime(at).date();
        let expires = expires.saturating_add(Span::new().days(PROPOSED_DAYS));
        let guard = self.guard.name();
        Some(format!(
            "- {{guard: {guard}, limit: {limit}{project}, reason: {NO_REASON}, expires: {expires}}}"
        ))
    }
}

/// The whole percents that are not below a share.
fn percent_at_least(bytes: u64, of: u64) -> u64 {
    let percent = (u128::from(bytes) * 100).div_ceil(u128::from(of.max(1)));
    u64::try_from(percent).unwrap_or(u64::MAX)
}

/// How many seconds a minute, an hour and a day have.
const UNITS: [u64; 3] = [60, 60 * 60, 24 * 60 * 60];

/// The whole days of an age that has two, else its whole hours, else its minutes.
fn rounded_down(seconds: u64) -> Duration {
    let [minute, hour, day] = UNITS;
    let unit = match seconds {
        _ if seconds >= 2 * day => day,
        _ if seconds >= hour => hour,
        _ => minute,
    };
    Duration::from_secs(seconds / unit * unit)
}

/// Shows two figures of a guard that are compared.
fn shown_apart(guard: Guard, one: u64, other: u64) -> [String; 2] {
    match guard {
        Guard::MaxBytes => measure::bytes_apart(one, other),
        Guard::MaxAssets
        | Guard::MaxFailedBatches
        | Guard::MaxPercent
        | Guard::Max404Percent
        | Guard::MaxFailurePercent
        | Guard::MinAge => [one, other].map(|figure| shown(guard, figure)),
    }
}

/// Shows a figure of a guard in its unit.
fn shown(guard: Guard, figure: u64) -> String {
    match guard {
        Guard::MaxAssets | Guard::MaxFailedBatches => thousands(figure),
        Guard::MaxPercent | Guard::Max404Percent | Guard::MaxFailurePercent => {
            format!("{figure} %")
        }
        Guard::MaxBytes => measure::bytes(figure),
        Guard::MinAge => measure::duration(Duration::from_secs(figure)),
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.id) {
            (Some(name), _) => write!(formatter, "the project `{name}`"),
            (None, Some(id)) => write!(formatter, "the project `{id}`"),
            (None, None) => formatter.write_str("a project that nobody names"),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            guard,
            project,
            found,
            unread: _,
            limit,
            set_at,
        } = self;
        write!(formatter, "`{}`", guard.name())?;
        let subject = |word: &str| {
            let project = project.as_ref();
            project.map_or_else(String::new, |project| format!(" {word} {project}"))
        };
        let (of, for_it) = (subject("of"), subject("for"));
        let mut allowed = shown(*guard, *limit);
        match found {
            Found::Assets(figure) => {
                let files = thousands(*figure);
                let noun = if *figure == 1 { "file" } else { "files" };
                write!(formatter, ": {files} {noun}{of} would go")?;
            }
            Found::Bytes(bytes) => {
                // What is beyond a limit is not to look as if it was at it.
                let [bytes, most] = measure::bytes_apart(*bytes, *limit);
                allowed = most;
                write!(formatter, ": {bytes}{of} would go")?;
            }
            Found::Share { bytes, of: 0 } => {
                let bytes = measure::bytes(*bytes);
                write!(
                    formatter,
                    ": {bytes}{of} would go, of which the server says that it has none"
                )?;
            }
            Found::Share { bytes, of: all } => {
                let percent = percent_at_least(*bytes, *all);
                let [bytes, all] = measure::bytes_apart(*bytes, *all);
                write!(formatter, ": {percent} %{of} would go, {bytes} of {all}")?;
            }
            Found::Age { seconds, id, path } => {
                let ago = match rounded_down(*seconds) {
                    Duration::ZERO => "less than a minute".to_owned(),
                    rounded => measure::duration(rounded),
                };
                let (id, path) = (*id, path.clone());
                write!(formatter, ": {} was changed {ago} ago", Called { id, path })?;
            }
            Found::Lacking(lack) => write!(formatter, " cannot count{for_it}: {lack}")?,
            Found::Unchecked => return write!(formatter, " was not checked{for_it}"),
        }
        write!(formatter, ", and the limit is {allowed} ({set_at})")
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = |number: usize| counted(number, "file", "files");
        match self {
            Self::Contents { id, path, why } => {
                let (id, path) = (*id, path.clone());
                let called = Called { id, path };
                write!(formatter, "what is in {called} was not read: {why}")
            }
            Self::Lists(number) => {
                let lists = counted(*number, "folder or stack", "folders or stacks");
                write!(formatter, "what is in {lists} was not read")
            }
            Self::Unread(number) => {
                let assets = counted(*number, "asset", "assets");
                write!(
                    formatter,
                    "with v2 {assets} would go unread, and it is stricter than usual"
                )
            }
            Self::Sizes(number) => {
                write!(
                    formatter,
                    "the server does not say the size of {}",
                    files(*number)
                )
            }
            Self::Changes(number) => {
                let files = files(*number);
                write!(
                    formatter,
                    "the server does not say when {files} changed last"
                )
            }
            Self::Storage => formatter.write_str("the server does not say how many bytes it has"),
            Self::Projects(number) => {
                let lie = if *number == 1 {
                    "file lies"
                } else {
                    "files lie"
                };
                let number = thousands(*number);
                write!(
                    formatter,
                    "the server does not say in which project {number} {lie}"
                )
            }
        }
    }
}

impl fmt::Display for Incomplete {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            set_at,
            entries,
            first,
        } = self;
        let entries = counted(*entries, "entry has", "entries have");
        write!(
            formatter,
            "`require`: {entries} no `{}`, the first at {first}, and {set_at} requires it",
            field.name()
        )
    }
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elsewhere { project, set_at } => {
                write!(
                    formatter,
                    "nothing goes of a project `{project}` ({set_at})"
                )
            }
            Self::Near {
                project,
                name,
                set_at,
            } => write!(
                formatter,
                "the project is called `{name}`, not `{project}` ({set_at}), which counts only where it is stricter"
            ),
            Self::Idle {
                guard,
                figure,
                limit,
                set_at,
            } => {
                let name = guard.name();
                let [figure, limit] = shown_apart(*guard, *figure, *limit);
                write!(
                    formatter,
                    "{set_at} raises nothing: `{name}` is {limit} without it, and {figure} with it"
                )
            }
            Self::Looser {
                guard,
                figure,
                limit,
                set_at,
            } => {
                let name = guard.name();
                let [figure, limit] = shown_apart(*guard, *figure, *limit);
                write!(
                    formatter,
                    "`--{name}` never loosens: {figure} does not count, and {limit} does ({set_at})"
                )
            }
        }
    }
}

impl fmt::Display for Looser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            guard,
            project,
            planned,
            limit,
            set_at,
        } = self;
        let name = guard.name();
        let [planned, limit] = shown_apart(*guard, *planned, *limit);
        write!(formatter, "the plan was made with `{name}` {planned}")?;
        if let Some(project) = project {
            write!(formatter, " for {project}")?;
        }
        write!(formatter, ", and this run has {limit} ({set_at})")
    }
}

impl Figure {
    /// Shows a figure in the unit of the guard.
    pub(crate) fn in_its_unit(&self, figure: u64) -> String {
        shown(self.guard, figure)
    }
}

impl Loosened {
    /// What is looser, without where.
    pub(crate) fn limit(&self) -> String {
        format!(
            "`{}` is {}",
            self.guard.name(),
            shown(self.guard, self.limit)
        )
    }
}
