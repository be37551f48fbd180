//! From what was read to a plan: what must be known of the live assets, that, and the plan.

use std::sync::Arc;

use tokio::time::Instant;

use crate::app::basis::Basis;
use crate::app::connect::Connection;
use crate::app::dates::{Dates, has_dates, tell_dates};
use crate::app::error::Error;
use crate::app::live::{Earlier, read};
use crate::app::memory::Keeping;
use crate::apply::breaker;
use crate::frameio::clocks::earlier;
use crate::inventory::{Inventory, ReadLists};
use crate::manifest::document::Guard;
use crate::plan::forecast::{self, Cut, RateForecast, Reads};
use crate::plan::guard::{self, Sight};
use crate::plan::part;
use crate::plan::saved;
use crate::plan::{self, Checked, Plan};

/// A plan and what it was made from.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What it was made from.
    pub(crate) basis: Basis,
    pub(crate) plan: Plan,
    /// What it was checked against.
    pub(crate) checked: Checked,
    /// What was read, and when that began and came to its end, where a run follows.
    pub(crate) read: Option<(Inventory, [Instant; 2])>,
    /// What a run of it reads.
    pub(crate) reads: Reads,
    /// What of the lists of recently deleted assets was read.
    pub(crate) recently_deleted: ReadLists,
}

/// Reads what the plan needs of the live assets, and makes it; what was not reviewed of a saved
/// one is left alone. `connection` is nothing where nobody reads; what it comes with says where
/// earlier readings are kept, where they are believed.
///
/// # Errors
///
/// Returns why the account is not clear, or why nothing may be read.
pub(crate) fn prepare(
    mut basis: Basis,
    reviewed: Option<&Plan>,
    connection: Option<(&Connection, Option<&Keeping>)>,
) -> Result<Prepared, Error> {
    if reviewed.is_none() {
        let only = &basis.settings.only;
        part::check(only, &basis.manifests, &basis.state).map_err(Error::Only)?;
    }
    let began = Instant::now();
    let kept = |keeping| Earlier { keeping, reviewed };
    let (read, checked, reads) = match connection {
        Some((connection, keeping)) => {
            let mut dates = Dates::of(reviewed.is_some());
            let mut found = read(connection, kept(keeping), (&mut basis, &mut dates))?;
            // What is due, and held, by an earlier time is read by that.
            let is_earlier = dates.compare(&mut basis.times, connection);
            if is_earlier && has_dates(&basis.manifests, &basis.state) {
                found = read(connection, kept(keeping), (&mut basis, &mut dates))?;
            }
            tell_dates(&basis.manifests, basis.times, connection);
            // `min-age` goes by it wherever something was read.
            let matters = dates.matter(&basis.manifests, &basis.state);
            if connection.ahead().is_none() && (matters || !found.0.assets.is_empty()) {
                connection.host.warn(
                    "the server does not say what time it is: dates go by this machine's clock alone, so see that it is right",
                );
            }
            let (read, check, reads) = found;
            (Some(read), Checked::Live(check), reads)
        }
        None => (None, Checked::NotChecked, Reads::default()),
    };
    let ended = Instant::now();
    let mut plan = plan::make(basis.inputs(read.as_ref()));
    if let Some(time) = connection.and_then(|(connection, _)| connection.server_time()) {
        // Nothing that was read alive had been deleted before the reading began.
        plan.alive.1 = earlier(time, began.elapsed());
    }
    // A saved plan was made of something, and what has gone since is told by itself.
    if let (None, Some(read)) = (reviewed, &read) {
        let only = &basis.settings.only;
        part::check_projects(only, &plan.steps, read, &basis.state).map_err(Error::Only)?;
    }
    let (only, files) = (&basis.settings.only, &basis.manifests.files);
    part::leave_out(&mut plan, only, files, read.as_ref());
    if let Some(reviewed) = reviewed {
        plan = saved::leave_alone(plan, reviewed);
        if let Some(read) = &read {
            plan::tell_of_left_alone(&mut plan, read);
        }
    }
    plan.settle_staged(&basis.state, read.as_ref());
    let sight = Sight {
        limits: &basis.settings.limits,
        manifests: &basis.manifests,
        inventory: read.as_ref(),
        times: basis.times,
    };
    plan.guards = Some(Arc::new(guard::look(&plan, sight)));
    plan.cover(basis.settings.api);
    let terms = basis.settings.deciding.staging;
    if basis.settings.api.abilities().reads_contents {
        plan.stage(&basis.state, read.as_ref(), (terms, basis.times.later));
    } else {
        plan.count_at_once(terms);
    }
    let is_kept = basis.settings.is_sent;
    let lists = read.as_ref().map(|read| read.recently_deleted.clone());
    Ok(Prepared {
        basis,
        plan,
        checked,
        recently_deleted: lists.unwrap_or_default(),
        read: read.filter(|_| is_kept).map(|read| (read, [began, ended])),
        reads,
    })
}

impl Prepared {
    /// When the run stops by itself: what is set, or what a waiver raises it to.
    pub(crate) fn breakers(&self, set: breaker::Limits) -> breaker::Limits {
        let Basis {
            manifests,
            settings,
            times,
            ..
        } = &self.basis;
        let raised = |guard, set: u8| {
            let figure = guard::of_run(guard, &settings.limits, manifests, times.later);
            u8::try_from(figure).map_or(set, |figure| figure.max(set))
        };
        breaker::Limits {
            max_404_percent: raised(Guard::Max404Percent, set.max_404_percent),
            max_failure_percent: raised(Guard::MaxFailurePercent, set.max_failure_percent),
            ..set
        }
    }

    /// Forecasts the calls of the plan.
    pub(crate) fn forecast(&self) -> Vec<RateForecast> {
        let settings = &self.basis.settings;
        let cut = Cut {
            api: settings.api,
            batch_size: settings.deciding.batch_size,
            canary: settings.canary,
        };
        let deletes = forecast::forecast(&self.plan, cut);
        // What is moved aside is looked at in its staging folder.
        let all = self.plan.totals.retire + self.plan.totals.retry;
        let staged = self.plan.moves.aside + self.plan.moves.due;
        self.reads
            .again_of(all.max(1).saturating_sub(staged), all.max(1))
            .add_to(deletes, (settings.is_sent, settings.verify_age))
    }
}
