//! How large and how old something is, in words.

use jiff::Timestamp;

use crate::state::Deleted;

pub(crate) use crate::measure::{bytes, bytes_apart};

/// Shows how many bytes were deleted; nothing where no size is known.
pub(super) fn deleted(deleted: Deleted) -> Option<String> {
    let Deleted {
        bytes: known,
        unmeasured,
    } = deleted;
    let size = bytes(known);
    match (known, unmeasured) {
        (0, _) => None,
        (_, 0) => Some(size),
        _ => Some(format!("at least {size}")),
    }
}

/// Shows how large something is of which the sizes of some parts may not be known.
pub(super) fn at_least(known: u64, unmeasured: usize) -> String {
    match (known, unmeasured) {
        (_, 0) => bytes(known),
        (0, _) => "?".to_owned(),
        _ => format!("at least {}", bytes(known)),
    }
}

/// How many hours are a day.
const DAY: i64 = 24;

/// Shows how long ago something was: `today`, `12 days`, `5 months`, `2 years`.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    let days = now.duration_since(at).as_hours() / DAY;
    let (number, unit) = match days {
        ..1 => return "today".to_owned(),
        1..60 => (days, "day"),
        60..730 => (days * 12 / 365, "month"),
        _ => (days / 365, "year"),
    };
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_at_most_and_the_units_of_the_trade() {
        let shown = [
            0,
            999,
            1_500,
            89_128_960,
            925_892_608,
            1_200_000_000_000,
            u64::MAX,
        ];
        insta::assert_snapshot!(shown.map(bytes).join(" · "), @"0 B · 999 B · 1.5 kB · 89.1 MB · 926 MB · 1.2 TB · 18.4 EB");
    }

    #[test]
    fn ages_are_said_in_the_largest_unit_that_tells_something() {
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        let ages = [
            "2026-11-28T00:00:00Z",
            "2026-11-27T00:00:00Z",
            "2026-11-26T11:00:00Z",
            "2026-10-01T00:00:00Z",
            "2026-09-01T00:00:00Z",
            "2024-12-01T00:00:00Z",
            "2023-01-01T00:00:00Z",
        ];
        let ages = ages.map(|at| age(at.parse().unwrap(), now));
        insta::assert_snapshot!(ages.join(" · "), @"today · today · 1 day · 57 days · 2 months · 23 months · 3 years");
    }
}
