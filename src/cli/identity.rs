//! Who runs this, from what and where, as the environment, git and the system tell.

use std::path::Path;

use crate::app::provenance::{Identity, RawIdentity};
use crate::cli::context::Context;
use crate::cli::git::{self, Repository};
use crate::event::Provenance;

/// The machine's name, where the system tells it.
fn host() -> Option<String> {
    #[cfg(unix)]
    return Some(rustix::system::uname().nodename().to_str().ok()?.to_owned());
    #[cfg(not(unix))]
    None
}

/// The words without what the console hides by now, and bounded.
pub(super) fn masked(context: &Context, raw: &RawIdentity) -> Identity {
    raw.masked(|text| context.console.without_secrets(text))
}

/// Finds out who runs this; `folder` is that of the manifests, or nothing where they come through
/// standard input.
pub(super) fn find(context: &Context, folder: Option<&Path>) -> RawIdentity {
    let environment = &context.environment;
    let repository = Repository::around(folder.unwrap_or(Path::new("")));
    let person = || {
        let own = repository.as_ref().map(Repository::config);
        let mut configs = own.into_iter().chain(environment.git_configs());
        configs.find_map(|config| git::user(&config))
    };
    let commit = || repository.as_ref().and_then(Repository::commit);
    // A CI system knows best, then git, and the system itself least.
    let actor = environment.ci_actor().or_else(person);
    let actor = actor.or_else(|| environment.user());
    RawIdentity::new(Identity {
        provenance: Provenance {
            actor,
            commit: environment.ci_commit().or_else(commit),
            ci: environment.ci(),
            plan: None,
        },
        host: host().or_else(|| environment.host()),
    })
}
