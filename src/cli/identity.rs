//! Who runs this, from what and where, as it is written into the state and the lock; and
//! random ids.

use std::path::Path;

use jiff::Timestamp;
use uuid::Uuid;

use crate::cli::env::Environment;
use crate::cli::git::{self, Repository};
use crate::event::{Provenance, RunInfo};
use crate::state::State;

/// Draws an id that nobody else has.
#[expect(clippy::disallowed_methods, reason = "this is the home of random ids")]
pub(in crate::cli) fn random() -> Uuid {
    Uuid::new_v4()
}

/// The machine's name, where the system tells it.
fn host() -> Option<String> {
    #[cfg(unix)]
    return Some(rustix::system::uname().nodename().to_str().ok()?.to_owned());
    #[cfg(not(unix))]
    None
}

/// Who runs this, and from what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli) struct Identity {
    /// Who, from which commit and in which CI job; no plan.
    pub(in crate::cli) provenance: Provenance,
    host: Option<String>,
}

impl Identity {
    /// Finds out; `folder` is that of the manifests, or nothing where they come through
    /// standard input.
    pub(in crate::cli) fn find(environment: &Environment, folder: Option<&Path>) -> Self {
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
        Self {
            provenance: Provenance {
                actor: actor.map(words),
                commit: environment.ci_commit().or_else(commit).map(words),
                ci: environment.ci().map(words),
                plan: None,
            },
            host: host().or_else(|| environment.host()).map(words),
        }
    }

    /// Describes the run that comes next.
    pub(in crate::cli) fn run_info(
        &self,
        state: &State,
        at: Timestamp,
        account: Option<String>,
    ) -> RunInfo {
        RunInfo {
            number: state.serial.saturating_add(1),
            id: random(),
            at,
            provenance: self.provenance.clone(),
            account,
        }
    }

    /// Says who holds the lock while `command` runs, in one line.
    pub(in crate::cli) fn holder(&self, command: &str, now: Timestamp) -> String {
        let mut words = format!("process {}", std::process::id());
        let mut add = |before: &str, text: &str| {
            words.push_str(before);
            words.push_str(text);
        };
        if let Some(host) = &self.host {
            add(" on ", host);
        }
        add(" since ", &format!("{now:.0}"));
        add(", ", &format!("`retire {command}`"));
        if let Some(actor) = &self.provenance.actor {
            add(", started by ", actor);
        }
        if let Some(ci) = &self.provenance.ci {
            add(", ", ci);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_says_all_that_helps_to_find_its_holder() {
        let identity = Identity {
            provenance: Provenance {
                actor: Some("ana".to_owned()),
                ci: Some("https://ci.example/7".to_owned()),
                ..Provenance::default()
            },
            host: Some("build-3".to_owned()),
        };
        let holder = identity.holder("apply", Timestamp::UNIX_EPOCH);
        let pid = std::process::id();
        assert_eq!(
            holder,
            format!(
                "process {pid} on build-3 since 1970-01-01T00:00:00Z, `retire apply`, started by ana, https://ci.example/7"
            )
        );
    }
}
