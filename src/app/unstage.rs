//! Moving back what is moved aside: what the server says of it, and the run that does it.

use std::collections::BTreeMap;

use crate::app::back::{Order, lost};
use crate::app::connect::Connection;
use crate::app::error::Error;
use crate::app::staged::{Live, read};
use crate::apply::NotSaved;
use crate::apply::staged::unstage::{Unstaged, Unstaging, run};
use crate::apply::staged::{Terms, Verify, Wanted};
use crate::asset::AssetId;
use crate::plan::unstage::{Standing, Unstage, Waiting, to_read};
use crate::state::State;
use crate::store::file::{FileSession, Rescue};

/// Reads where each is, in what it waits, and in what it lay.
///
/// # Errors
///
/// Returns why nothing can be read.
pub(crate) fn plan(
    at: (&Connection, Option<&str>),
    waiting: Vec<Waiting>,
    state: &State,
) -> Result<Unstage, Error> {
    let known: BTreeMap<AssetId, [Option<AssetId>; 2]> = waiting
        .iter()
        .flat_map(|one| {
            let (project, _) = one.place;
            let parent = one.known.parent.map(|id| (id, [Some(project), None]));
            let own = (one.id, [Some(project), Some(one.aside.into)]);
            let folder = (one.aside.into, [Some(project), None]);
            parent.into_iter().chain([own, folder])
        })
        .collect();
    let wanted = Wanted {
        assets: &to_read(&waiting),
        whole: &[].into(),
        place: &|id| known.get(&id).copied().unwrap_or_default(),
        within: &|_| None,
    };
    let read = read(at, wanted)?;
    Ok(Unstage::new(waiting, state, &read))
}

/// Moves back what was agreed to. What could not be written down comes with what is left of it.
pub(crate) fn unstage(
    order: Order<'_, Unstage>,
    (connection, account): (&Connection, Option<&str>),
    mut session: FileSession,
) -> (Unstaged, Option<(NotSaved, Rescue)>) {
    let Order {
        info,
        state,
        plan,
        agreed,
        patience,
        now,
    } = order;
    session.begin(&state);
    let rows = || plan.rows.iter();
    let back = rows().filter(|(_, standing)| matches!(standing, Standing::Back { .. }));
    let away = rows().filter(|(_, standing)| *standing == Standing::Away);
    let stuck = rows().filter(|(_, standing)| standing.is_stuck());
    let unstaging = Unstaging {
        info,
        state,
        session: &mut session,
        back: back.map(|(waiting, _)| waiting.id).collect(),
        away: away.map(|(waiting, _)| waiting.id).collect(),
        stuck: stuck.map(|(waiting, _)| waiting.id).collect(),
        terms: Terms {
            actor: None,
            patience,
            verify: Verify::default(),
        },
    };
    let time = || connection.time(now());
    let mut server = Live::new((connection, account), agreed, None, &time);
    let mut unstaged = run(unstaging, &mut server);
    let not_saved = lost(unstaged.not_saved.take(), &mut session);
    (unstaged, not_saved)
}
