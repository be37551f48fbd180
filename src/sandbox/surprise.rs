//! What people do at the very moment of a call.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::asset::AssetId;
use crate::sandbox::endpoint::Endpoint;
use crate::sandbox::fault::{Rule, When};
use crate::sandbox::world::edit::Change;

/// What stands in a change for the asset that the path of the call names.
const ASKED: &str = "@asked";

/// Changes that are made before a call is served.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Surprise {
    /// Before which calls, such as `at:1@v4_folder_delete`.
    before: Before,
    /// The changes; `@asked` stands for the asset that the path of the call names.
    changes: Vec<Value>,
    /// How many such calls there have been.
    #[serde(skip)]
    count: u64,
}

#[derive(Debug, Clone)]
struct Before {
    when: When,
    on: Vec<Endpoint>,
}

impl<'de> Deserialize<'de> for Before {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // It is written like a rule for faults without the fault.
        let rule: Result<Rule, _> = format!("503={text}").parse();
        let Rule { fault: _, when, on } = rule.map_err(serde::de::Error::custom)?;
        Ok(Self { when, on })
    }
}

/// The changes, with the asset that was asked for put in.
fn read(changes: &[Value], asked: AssetId) -> Result<Vec<Change>, serde_json::Error> {
    let text = Value::from(changes).to_string();
    serde_json::from_str(&text.replace(ASKED, &asked.to_string()))
}

impl Surprise {
    /// Why its changes cannot be read, if that is so.
    pub(super) fn mistake(&self) -> Option<String> {
        let asked = AssetId::from_uuid(uuid::Uuid::nil());
        let read = read(&self.changes, asked);
        read.err().map(|error| error.to_string())
    }

    /// Counts a call, and says what is changed before it is served.
    pub(super) fn due(
        &mut self,
        endpoint: Endpoint,
        page: u64,
        asked: Option<AssetId>,
    ) -> Vec<Change> {
        if !(self.before.on.is_empty() || self.before.on.contains(&endpoint)) {
            return Vec::new();
        }
        self.count += 1;
        if !self.before.when.meets(self.count, page) {
            return Vec::new();
        }
        let asked = asked.unwrap_or(AssetId::from_uuid(uuid::Uuid::nil()));
        read(&self.changes, asked).unwrap_or_default()
    }
}
