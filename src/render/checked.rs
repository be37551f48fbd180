//! What a plan was checked against.

use jiff::Timestamp;

use crate::inventory::Person;
use crate::plan::{Checked, LiveCheck, Recalled};
use crate::render::escape::escape;
use crate::render::{counted, moment};

/// What stands in the first line of a plan that was not checked.
pub(crate) const NOT_CHECKED: &str = "Not checked against the server.";

/// Says in one line which account a plan was checked against, by whom, and when.
pub(crate) fn sentence(check: &LiveCheck) -> String {
    let LiveCheck {
        at,
        account: _,
        account_name: _,
        user,
        read,
        recalled,
    } = check;
    let account = account(check).unwrap_or_else(|| "the server".to_owned());
    let user = named(user).map_or_else(String::new, |user| format!(" as {user}"));
    let mut read = format!("{} read", counted(*read, "asset", "assets"));
    if let Some(Recalled { oldest, until: _ }) = recalled {
        // Who and which account it is was asked just now in each case.
        let oldest = moment(*oldest);
        read = format!("{read}, some of it before, at {oldest} the earliest");
    }
    format!("Checked against {account}{user}, {}: {read}.", moment(*at))
}

/// Says that some of what is shown was read before; nothing where all was read for it.
pub(crate) fn recalled(checked: &Checked, now: Timestamp) -> Option<String> {
    let recalled = checked.live()?.recalled?;
    let before = read_before(&recalled, now);
    Some(format!(
        "{before}. `retire apply` reads all that it needs by itself."
    ))
}

/// Says when the oldest of what was recalled was read, and until when it is kept; without a full
/// stop.
pub(crate) fn read_before(recalled: &Recalled, now: Timestamp) -> String {
    let Recalled { oldest, until } = recalled;
    let minutes = now.duration_since(*oldest).as_mins();
    let ago = match minutes {
        ..1 => "a moment ago".to_owned(),
        1..120 => format!("up to {minutes} min ago"),
        120.. => format!("up to {} h ago", minutes / 60),
    };
    if now > *until {
        return format!("Some of it was read before the plan was made, {ago}");
    }
    let until = moment(*until);
    format!("Some of it was read {ago} and is kept until {until}; `--refresh` reads it anew")
}

/// Names the account that a plan was checked against.
pub(crate) fn account(check: &LiveCheck) -> Option<String> {
    let account = escape(check.account.as_deref()?);
    Some(match &check.account_name {
        Some(name) => format!("the account {} ({account})", escape(name)),
        None => format!("the account {account}"),
    })
}

/// Who somebody is, as far as that is known.
pub(super) fn named(person: &Person) -> Option<String> {
    let Person { id, name, email } = person;
    let text = |text: &str| escape(text).into_owned();
    match (name, email, id) {
        (Some(name), Some(email), _) => Some(format!("{} <{}>", text(name), text(email))),
        (Some(one), None, _) | (None, Some(one), _) | (None, None, Some(one)) => Some(text(one)),
        (None, None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_is_said_with_its_age_and_its_end() {
        let recalled = Recalled {
            oldest: "2026-11-01T12:00:00Z".parse().unwrap(),
            until: "2026-11-01T15:00:00Z".parse().unwrap(),
        };
        let said = |now: &str| read_before(&recalled, now.parse().unwrap());
        insta::assert_snapshot!(said("2026-11-01T12:00:59Z"), @"Some of it was read a moment ago and is kept until 2026-11-01T15:00:00Z; `--refresh` reads it anew");
        insta::assert_snapshot!(said("2026-11-01T12:12:00Z"), @"Some of it was read up to 12 min ago and is kept until 2026-11-01T15:00:00Z; `--refresh` reads it anew");
        insta::assert_snapshot!(said("2026-11-01T14:59:00Z"), @"Some of it was read up to 2 h ago and is kept until 2026-11-01T15:00:00Z; `--refresh` reads it anew");
        insta::assert_snapshot!(said("2026-11-02T12:00:00Z"), @"Some of it was read before the plan was made, up to 24 h ago");
    }

    #[test]
    fn the_account_and_the_user_are_named_as_far_as_they_are_known() {
        let mut check = LiveCheck {
            at: "2026-11-01T00:00:00Z".parse().unwrap(),
            account: Some("acc".into()),
            account_name: Some("North".into()),
            user: Person {
                id: Some("u".into()),
                name: Some("Ada".into()),
                email: Some("ada@x".into()),
            },
            read: 1,
            recalled: None,
        };
        let whole = sentence(&check);
        assert!(whole.starts_with("Checked against the account North (acc) as Ada <ada@x>, "));
        assert!(whole.ends_with(": 1 asset read."), "{whole}");
        check.recalled = Some(Recalled {
            oldest: "2026-10-31T23:48:10Z".parse().unwrap(),
            until: "2026-11-01T00:48:10Z".parse().unwrap(),
        });
        let whole = sentence(&check);
        let end = ": 1 asset read, some of it before, at 2026-10-31T23:48:10Z the earliest.";
        assert!(whole.ends_with(end), "{whole}");
        check.user.name = None;
        check.account_name = None;
        assert!(sentence(&check).starts_with("Checked against the account acc as ada@x, "));
        check.user.email = None;
        assert!(sentence(&check).contains(" as u, "));
        check.user = Person::default();
        assert!(sentence(&check).starts_with("Checked against the account acc, "));
    }
}
