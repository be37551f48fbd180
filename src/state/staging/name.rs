//! What staging folders are called: people read it, and a run that has lost its state knows them by it.

use jiff::Timestamp;
use jiff::civil::Date;

/// How long the name of a folder may be.
const LONGEST: usize = 255;

/// What a staging folder is called: when it is deleted, by which run, and whom to ask.
#[must_use]
pub(crate) fn staging_name(due: Timestamp, run: u64, actor: Option<&str>) -> String {
    let date = due.to_string();
    let date = date.split('T').next().unwrap_or_default();
    let mut name = format!("_retire {date} run {run}");
    if let Some(actor) = actor {
        let actor: String = actor
            .chars()
            .filter(|letter| !letter.is_control() && *letter != '/')
            .collect();
        if !actor.trim().is_empty() {
            name.push_str(" ask ");
            name.push_str(actor.trim());
        }
    }
    name.chars().take(LONGEST).collect()
}

/// Whether a folder is called as staging folders are, whichever run has made it.
#[must_use]
pub(crate) fn is_staging_name(name: &str) -> bool {
    let Some((date, rest)) = name
        .strip_prefix("_retire ")
        .and_then(|rest| rest.split_once(" run "))
    else {
        return false;
    };
    let (run, _actor) = rest.split_once(" ask ").unwrap_or((rest, ""));
    let is_date = date.len() >= 10 && date.parse::<Date>().is_ok();
    is_date && !run.is_empty() && run.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_calls_its_folder_is_known_again() {
        let due = Timestamp::from_second(1_800_000_000).unwrap();
        let long = "a".repeat(400);
        for actor in [
            None,
            Some(""),
            Some("jo@tidewater.example"),
            Some("a / b ask c"),
            Some(&*long),
        ] {
            for run in [0, 7, u64::MAX] {
                let name = staging_name(due, run, actor);
                assert!(is_staging_name(&name), "{name}");
                assert!(name.chars().count() <= LONGEST);
            }
        }
        assert_eq!(
            staging_name(due, 7, Some("jo")),
            "_retire 2027-01-15 run 7 ask jo"
        );
    }

    #[test]
    fn what_people_call_their_folders_is_not() {
        for name in [
            "",
            "_retire",
            "_retire 2026-12-10",
            "_retire 2026-12-10 run",
            "_retire 2026-12-10 run ",
            "_retire 2026-12-10 run x",
            "_retire 2026-13-10 run 7",
            "_retire soon run 7",
            "_retire 2026-12-10 run 7 or so",
            "retire 2026-12-10 run 7",
            "x_retire 2026-12-10 run 7",
        ] {
            assert!(!is_staging_name(name), "{name}");
        }
    }
}
