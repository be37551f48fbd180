//! What a plan was checked against.

use std::io::{self, Write};

use crate::inventory::Person;
use crate::plan::{Checked, LiveCheck};
use crate::render::escape::escape;
use crate::render::rows::Page;
use crate::render::{counted, moment};

/// What stands in the first line of a plan that was not checked.
pub(crate) const NOT_CHECKED: &str = "Not checked against the server.";

/// Says below a plan what it was checked against.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(super) fn note(checked: &Checked, page: &Page, sink: &mut dyn Write) -> io::Result<()> {
    let text = match checked {
        Checked::Live(check) => sentence(check),
        Checked::NotChecked => format!(
            "{} not checked: token, account and assets may be others, no pin was compared, and a listed folder may contain something held; `retire apply` does not take this plan",
            page.style.warning("warning:")
        ),
    };
    page.prose(&text, sink)
}

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
    let read = counted(*read, "asset", "assets");
    let recalled = recalled.map_or_else(String::new, |oldest| {
        let oldest = moment(oldest);
        format!(" Some of it was read before, at {oldest} the earliest; `--refresh` reads it anew.")
    });
    format!(
        "Checked against {account}{user}, {}: {read} read.{recalled}",
        moment(*at)
    )
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
fn named(person: &Person) -> Option<String> {
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
        check.user.name = None;
        check.account_name = None;
        assert!(sentence(&check).starts_with("Checked against the account acc as ada@x, "));
        check.user.email = None;
        assert!(sentence(&check).contains(" as u, "));
        check.user = Person::default();
        assert!(sentence(&check).starts_with("Checked against the account acc, "));
    }
}
