//! What is said of what could not be read: assets, and what is in folders and version stacks.

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
        "nobody knows what is in {}{others}, since it could not be listed: {why}",
        escape(&read.called(*id).to_string())
    ));
}

/// Tells what is missing, and what was not read; `complete` says that the missing ones were
/// looked for in all lists of recently deleted assets.
pub(super) fn report_assets(host: &dyn Host, read: &Inventory, complete: bool) {
    let missing = read.missing().count();
    if missing > 0 {
        let missing = counted(missing, "asset is", "assets are");
        let lists = if complete {
            "and not among the recently deleted: check the ids"
        } else {
            "or deleted long ago"
        };
        host.warn(&format!("{missing} not there, {lists}; nothing is sent"));
    }
    if read.unread > 0 {
        let assets = counted(read.unread, "asset could", "assets could");
        let why = read.unread_why.as_ref().map(|(id, why)| {
            let why = escape(why);
            format!(" ({}: {why})", escape(&read.called(*id).to_string()))
        });
        let why = why.unwrap_or_default();
        let them = if read.unread == 1 { "it" } else { "them" };
        host.warn(&format!(
            "{assets} not be read{why}; nothing is sent for {them}"
        ));
    }
}
