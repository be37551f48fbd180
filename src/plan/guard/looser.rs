//! Whether a guard allows more than when a plan was reviewed. Pure.

use crate::manifest::document::Guard;
use crate::plan::figure::{Figure, Looser, Report, Subject};
use crate::plan::guard::limits::is_looser;

/// Finds the first guard that allows more than it did.
///
/// A guard that nobody has counted by then, since nothing went that it looks at, has said nothing
/// that could be loosened.
#[must_use]
pub fn looser(reviewed: &Report, found: &Report) -> Option<Looser> {
    let all = || reviewed.figures.iter().chain(&found.figures);
    all().find_map(|figure| {
        let (guard, project) = (figure.guard, figure.project.as_ref());
        let planned = counting(reviewed, guard, project)?.limit;
        let now = counting(found, guard, project)?;
        is_looser(guard, now.limit, planned).then(|| Looser {
            guard,
            project: project.cloned(),
            planned,
            limit: now.limit,
            set_at: now.set_at.clone(),
        })
    })
}

/// The figure that says what a guard allows in a project: its own, else that of the whole plan,
/// which is told once where both allow the same.
fn counting<'report>(
    report: &'report Report,
    guard: Guard,
    project: Option<&Subject>,
) -> Option<&'report Figure> {
    let id = |figure: &Figure| figure.project.as_ref().map(|project| project.id);
    let of = |wanted| {
        let mut figures = report.figures.iter();
        figures.find(|figure| figure.guard == guard && id(figure) == wanted)
    };
    of(project.map(|project| project.id)).or_else(|| of(None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::AssetId;
    use crate::plan::figure::{Found, SetAt};

    const TIDE: u128 = 0x8d1f;

    fn report(limits: &[(Guard, Option<u128>, u64)]) -> Report {
        let figure = |&(guard, project, limit): &(Guard, Option<u128>, u64)| Figure {
            guard,
            project: project.map(|id| Subject {
                id: Some(AssetId::from_uuid(uuid::Uuid::from_u128(id))),
                name: Some("Tide".into()),
            }),
            found: Found::Assets(1),
            unread: 0,
            limit,
            set_at: SetAt::Default,
        };
        Report {
            at: jiff::Timestamp::UNIX_EPOCH,
            checked: true,
            loosened: Vec::new(),
            notes: Vec::new(),
            figures: limits.iter().map(figure).collect(),
            incomplete: Vec::new(),
        }
    }

    #[test]
    fn only_what_allows_more_is_looser() {
        use Guard::{MaxAssets, MaxPercent, MinAge};
        let reviewed = [
            (MaxAssets, None, 1000),
            (MinAge, None, 86_400),
            (MaxPercent, Some(TIDE), 30),
            (MaxAssets, Some(TIDE), 10),
        ];
        let said = |now: &[(Guard, Option<u128>, u64)]| {
            looser(&report(&reviewed), &report(now)).map(|looser| looser.to_string())
        };
        assert_eq!(said(&reviewed), None);
        let tighter = [
            (MaxAssets, None, 10),
            (MinAge, None, 86_401),
            (MaxPercent, Some(TIDE), 0),
        ];
        assert_eq!(said(&tighter), None, "and the project has what all have");
        for (now, expected) in [
            (
                (MaxAssets, None, 1001),
                "the plan was made with `max-assets` 1,000, and this run has 1,001 (the default)",
            ),
            (
                (MinAge, None, 7_200),
                "the plan was made with `min-age` 1 day, and this run has 2 hours (the default)",
            ),
            (
                (MaxPercent, Some(TIDE), 31),
                "the plan was made with `max-percent` 30 % for the project `Tide`, and this run has 31 % (the default)",
            ),
            // The project has no limit of its own any more.
            (
                (MaxAssets, None, 1000),
                "the plan was made with `max-assets` 10 for the project `Tide`, and this run has 1,000 (the default)",
            ),
            // It had none before.
            (
                (MinAge, Some(TIDE), 3600),
                "the plan was made with `min-age` 1 day for the project `Tide`, and this run has 1 hour (the default)",
            ),
        ] {
            assert_eq!(said(&[now]).as_deref(), Some(expected));
        }
        // Nothing goes that it looks at.
        assert_eq!(said(&[]), None);
    }
}
