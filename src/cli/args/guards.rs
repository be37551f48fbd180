//! The flags that tighten guards.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::cli::settings::declare::heading;
use crate::cli::settings::guards::required_field;
use crate::cli::settings::kind::Percent;
use crate::manifest::document::Guard;
use crate::measure::{parse_bytes, parse_duration};
use crate::plan::figure::{EntryField, SetAt};
use crate::plan::guard::{Limit, Limits, Required};

/// How much a plan may delete, for one run: a flag tightens what `retire.toml` and the waivers say,
/// and never loosens it.
#[derive(Debug, Clone, Default, Args)]
pub struct GuardFlags {
    /// Refuse a plan that would delete more files than this
    ///
    /// It tightens what retire.toml and the waivers allow, and never loosens it.
    #[arg(
        long, value_name = "N", value_parser = files,
        help_heading = heading::GUARDS, hide_short_help = true
    )]
    pub max_assets: Option<u64>,
    /// Refuse a plan that would delete more than this share of a project's bytes
    ///
    /// It tightens what retire.toml and the waivers allow, and never loosens it.
    #[arg(long, value_name = "PERCENT", help_heading = heading::GUARDS, hide_short_help = true)]
    pub(crate) max_percent: Option<Percent>,
    /// Refuse a plan that would delete more bytes than this, such as `2 TB`
    ///
    /// It tightens what retire.toml and the waivers allow, and never loosens it.
    #[arg(
        long, value_name = "SIZE", value_parser = parse_bytes,
        help_heading = heading::GUARDS, hide_short_help = true
    )]
    pub max_bytes: Option<u64>,
    /// Refuse a plan that would delete what was changed more recently than this
    ///
    /// It tightens what retire.toml and the waivers allow, and never loosens it.
    #[arg(
        long, value_name = "TIME", value_parser = parse_duration,
        help_heading = heading::GUARDS, hide_short_help = true
    )]
    pub min_age: Option<Duration>,
    /// Refuse a plan that would delete what has no reason, ticket or owner
    #[arg(
        long, value_name = "FIELD", value_delimiter = ',', value_parser = required_field,
        help_heading = heading::GUARDS, hide_short_help = true
    )]
    pub require: Vec<EntryField>,
}

impl GuardFlags {
    /// Adds what the flags say to what else is said.
    pub(crate) fn tighten(&self, limits: &mut Limits) {
        let Self {
            max_assets,
            max_percent,
            max_bytes,
            min_age,
            require,
        } = self;
        let figures = [
            (Guard::MaxAssets, *max_assets),
            (
                Guard::MaxPercent,
                max_percent.map(|share| share.get().into()),
            ),
            (Guard::MaxBytes, *max_bytes),
            (Guard::MinAge, min_age.map(|age| age.as_secs())),
        ];
        for (guard, figure) in figures {
            limits.tightened.extend(figure.map(|figure| Limit {
                guard,
                project: None,
                figure,
                at: flag(guard.name()),
            }));
        }
        limits.required.extend(require.iter().map(|field| Required {
            field: *field,
            project: None,
            at: flag("require"),
        }));
    }
}

fn files(text: &str) -> Result<u64, String> {
    let number = text.trim().parse();
    number.map_err(|_why| format!("`{text}` is not a whole number of files"))
}

fn flag(name: &str) -> SetAt {
    SetAt::Flag(Arc::from(format!("--{name}")))
}
