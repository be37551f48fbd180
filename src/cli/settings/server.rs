//! Which server is meant, and what is left out of its address.

use crate::cli::settings::origin::{Origin, SettingsError, Valued};
use crate::cli::settings::table::Values;
use crate::frameio::transport::{Base, Endpoint};

/// Which server is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Server {
    Sandbox,
    /// A server at an address.
    At(Endpoint),
}

impl Server {
    /// The name under which a state remembers the server.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Sandbox => "sandbox",
            Self::At(endpoint) => endpoint.as_str(),
        }
    }
}

/// A version at the end of an endpoint, which is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) version: &'static str,
    /// Who set the endpoint.
    pub(crate) origin: Origin,
}

/// Decides which server is meant.
pub(super) fn server(
    values: &Values,
    sandbox: bool,
) -> Result<(Valued<Server>, Option<Dropped>), SettingsError> {
    if sandbox {
        let origin = Origin::Flag("--sandbox");
        let value = Server::Sandbox;
        return Ok((Valued { value, origin }, None));
    }
    let Valued { value, origin } = values.endpoint.clone();
    match Base::parse(&value) {
        Ok(Base { endpoint, version }) => {
            let dropped = version.map(|version| Dropped {
                version,
                origin: origin.clone(),
            });
            let value = Server::At(endpoint);
            Ok((Valued { value, origin }, dropped))
        }
        Err(why) => Err(SettingsError::Endpoint { origin, why }),
    }
}
