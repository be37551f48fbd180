//! Who runs this, from what and where, as the environment, git and the system tell.

use std::path::Path;

use crate::app::provenance::Identity;
use crate::cli::env::Environment;
use crate::cli::git::{self, Repository};
use crate::event::Provenance;

/// The machine's name, where the system tells it.
fn host() -> Option<String> {
    #[cfg(unix)]
    return Some(rustix::system::uname().nodename().to_str().ok()?.to_owned());
    #[cfg(not(unix))]
    None
}

/// Finds out who runs this; `folder` is that of the manifests, or nothing where they come through
/// standard input.
pub(super) fn find(environment: &Environment, folder: Option<&Path>) -> Identity {
    let repository = Repository::around(folder.unwrap_or(Path::new("")));
    let person = || {
        let own = repository.as_ref().map(Repository::config);
        let mut configs = own.into_iter().chain(environment.git_configs());
        configs.find_map(|config| git::user(&config))
    };
    let commit = || repository.as_ref().and_then(Repository::commit);
    // These words go into the state and the lock, whoever wrote them.
    let secrets = environment.secrets();
    let words = |text: String| secrets.words(&text);
    // A CI system knows best, then git, and the system itself least.
    let actor = environment.ci_actor().or_else(person);
    let actor = actor.or_else(|| environment.user());
    Identity {
        provenance: Provenance {
            actor: actor.map(words),
            commit: environment.ci_commit().or_else(commit).map(words),
            ci: environment.ci().map(words),
            plan: None,
        },
        host: host().or_else(|| environment.host()).map(words),
    }
}
