//! What is said of folders and version stacks whose lists could not be read.

use crate::app::Host;
use crate::diagnostic::counted;
use crate::inventory::{Contents, Inventory};
use crate::render::escape::escape;

/// Says of which folders and version stacks nobody knows what is in them, and why of the first.
pub(super) fn report(host: &dyn Host, read: &Inventory) {
    let mut unread = read
        .contents
        .iter()
        .filter_map(|(id, inside)| match inside {
            Contents::Unread(why) => Some((id, why)),
            Contents::Whole(_) => None,
        });
    let Some((id, why)) = unread.next() else {
        return;
    };
    let others = match unread.count() {
        0 => String::new(),
        count => format!(", nor in {}", counted(count, "other", "others")),
    };
    let why = escape(why);
    host.warn(&format!(
        "nobody knows what is in `{id}`{others}, since it could not be listed: {why}"
    ));
}
