//! Who runs this, from what and where, as the environment, git and the system tell.

use std::path::Path;

use crate::app::provenance::{Identity, RawIdentity};
use crate::cli::context::Context;
use crate::cli::git::{self, Around, Repository};
use crate::event::Provenance;

/// What is said where git keeps the commit in a form that nobody reads here.
const NO_COMMIT: &str = "no commit is recorded: this git repository keeps its references in a reftable, which `retire` does not read; set `GIT_COMMIT` to the commit";

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
        let home = environment.home();
        let around = Around {
            home: home.as_deref(),
            repository: repository.as_ref(),
        };
        configs.find_map(|config| git::person(&config, around).said())
    };
    let commit = || {
        let repository = repository.as_ref()?;
        let commit = repository.commit();
        if commit.is_none() && repository.has_reftable() {
            context.console.warn(NO_COMMIT);
        }
        commit
    };
    // A CI system knows best, then git, and the system itself least.
    let actor = environment.ci_actor().or_else(person);
    let actor = actor.or_else(|| environment.user());
    RawIdentity::new(Identity {
        provenance: Provenance {
            actor,
            commit: environment.ci_commit().or_else(commit),
            ci: environment.ci().as_deref().map(without_user),
            plan: None,
        },
        author: environment.ci_author(),
        approver: environment.ci_approver(),
        host: host().or_else(|| environment.host()),
    })
}

/// An address without what stands before its host.
fn without_user(address: &str) -> String {
    let (scheme, rest) = match address.find("://") {
        Some(at) => address.split_at(at + "://".len()),
        None => ("", address),
    };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    if let Some((_user, host)) = authority.rsplit_once('@') {
        return format!("{scheme}{host}{behind}");
    }
    // What no port can be is a password with such a character in it.
    let port = authority.rsplit_once(':').map_or("", |(_host, port)| port);
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    let is_host = authority.ends_with(']');
    match behind.rsplit_once('@') {
        Some((_user, host)) if !is_port && !is_host => format!("{scheme}{host}"),
        Some(_) | None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_job_has_no_user() {
        for (told, kept) in [
            ("https://bot:pw@host/jobs/7", "https://host/jobs/7"),
            ("https://bot:p@w@host:8080/7", "https://host:8080/7"),
            ("https://bot:p/w#?@host/7", "https://host/7"),
            ("https://token@host", "https://host"),
            ("bot:pw@host/7", "host/7"),
            ("https://host/@ana/7?to=b@c", "https://host/@ana/7?to=b@c"),
            ("https://host:8080/@ana/7", "https://host:8080/@ana/7"),
            ("https://[::1]/@ana/7", "https://[::1]/@ana/7"),
        ] {
            assert_eq!(without_user(told), kept);
        }
    }
}
