//! Who runs this, from what and where, as it is written into the state and the lock; and
//! random ids.

use jiff::Timestamp;
use uuid::Uuid;

use crate::event::{Provenance, RunInfo};
use crate::state::State;

/// Draws an id that nobody else has.
#[expect(clippy::disallowed_methods, reason = "this is the home of random ids")]
pub(crate) fn random() -> Uuid {
    Uuid::new_v4()
}

/// Who runs this, and from what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Who, from which commit and in which CI job; no plan.
    pub(crate) provenance: Provenance,
    /// Who wrote that commit, where the CI system says so.
    pub(crate) author: Option<String>,
    /// Who let the CI job begin, where the CI system says so.
    pub(crate) approver: Option<String>,
    pub(crate) host: Option<String>,
}

/// Who runs this, in words as the environment has them.
///
/// They are masked where they are used, since the token may become known only meanwhile; and they
/// are whole until then, since half a secret would not be found.
#[derive(Debug, Clone)]
pub(crate) struct RawIdentity(Identity);

impl RawIdentity {
    /// Takes words as they are.
    pub(crate) const fn new(identity: Identity) -> Self {
        Self(identity)
    }

    /// The words as `masked` makes them.
    pub(crate) fn masked(&self, masked: impl Fn(&str) -> String) -> Identity {
        let Identity {
            provenance,
            author,
            approver,
            host,
        } = &self.0;
        let Provenance {
            actor,
            commit,
            ci,
            plan,
        } = provenance;
        let masked = |text: &Option<String>| text.as_deref().map(&masked);
        Identity {
            provenance: Provenance {
                actor: masked(actor),
                commit: masked(commit),
                ci: masked(ci),
                plan: plan.clone(),
            },
            author: masked(author),
            approver: masked(approver),
            host: masked(host),
        }
    }
}

impl Identity {
    /// Describes the run that comes next.
    pub(crate) fn run_info(
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
    pub(crate) fn holder(&self, command: &str, now: Timestamp) -> String {
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
            ..Identity::default()
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
