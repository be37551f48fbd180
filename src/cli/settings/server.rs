//! Which server is meant, and what is left out of its address.

use crate::cli::settings::{
    ENDPOINT, Origin, Settings, SettingsError, Sources, Valued, flag, or_default,
};
use crate::frameio::ims;
use crate::frameio::transport::{Base, Endpoint};

/// Which server is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Server {
    /// The embedded sandbox.
    Sandbox,
    /// A server at an address.
    At(Endpoint),
}

impl Server {
    /// The name under which a state remembers the server.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Sandbox => "sandbox",
            Self::At(endpoint) => endpoint.as_str(),
        }
    }
}

/// Whether two names of servers, as states remember them, mean the same one. A state may be
/// older than the rule that an endpoint has no version.
#[must_use]
pub fn is_same(one: &str, other: &str) -> bool {
    let base = |name: &str| Base::parse(name).ok().map(|base| base.endpoint);
    one == other || matches!((base(one), base(other)), (Some(one), Some(other)) if one == other)
}

/// A version at the end of an endpoint, which is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The version.
    version: &'static str,
    /// Who set the endpoint.
    origin: Origin,
}

impl Settings {
    /// Says in words what of the settings does not count.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let dropped = self.dropped.iter().map(|Dropped { version, origin }| {
            let api = self.api.value.name();
            format!(
                "{origin}: `/{version}` is left out of the endpoint; `--api` says the version, here {api}"
            )
        });
        let second = self.access.second.iter().map(|(first, second)| {
            format!("the token comes from {first}, and {second} is not used")
        });
        dropped.chain(second).collect()
    }
}

impl Sources<'_> {
    pub(super) fn server(self) -> Result<(Valued<Server>, Option<Dropped>), SettingsError> {
        if self.target.sandbox {
            let server = Valued {
                value: Server::Sandbox,
                origin: Origin::Flag("--sandbox"),
            };
            return Ok((server, None));
        }
        let address = flag("--endpoint", self.target.endpoint.as_ref())
            .or(self.variable("RETIRE_ENDPOINT", |text| Ok(text.to_owned()))?)
            .or_else(|| self.trusted(|loaded| loaded.config.endpoint.clone()));
        let Valued { value, origin } = or_default(address, ENDPOINT.to_owned());
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

    pub(super) fn ims(self) -> Result<Endpoint, SettingsError> {
        let address = flag("--ims-endpoint", self.target.ims_endpoint.as_ref())
            .or(self.variable("RETIRE_IMS_ENDPOINT", |text| Ok(text.to_owned()))?)
            .or_else(|| self.trusted(|loaded| loaded.config.ims_endpoint.clone()));
        let Valued { value, origin } = or_default(address, ims::ENDPOINT.to_owned());
        Endpoint::parse(&value).map_err(|why| SettingsError::Endpoint { origin, why })
    }
}
