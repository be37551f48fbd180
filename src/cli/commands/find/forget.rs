//! What earlier readings kept, removed.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::render::counted;
use crate::store::cache;

/// Removes all that earlier readings kept; returns of how many accounts that was.
pub(crate) fn forget_all(context: &Context) -> Result<usize, Failure> {
    let folder = context.environment.cache();
    let removed = folder.map_or(Ok(0), |folder| cache::remove_all(&folder));
    removed.map_err(Failure::system("remove what earlier readings kept"))
}

/// Says of how many accounts that was.
pub(crate) fn tell_forgotten(context: &Context, removed: usize) {
    let accounts = counted(removed, "account", "accounts");
    context
        .console
        .message(&format!("Forgot what was read of {accounts}."));
}
