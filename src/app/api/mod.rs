//! What the use cases ask of a version of the API. Here alone they tell the versions apart.

mod adapter;
mod opened;
mod v2;
mod v4;

pub(crate) use adapter::{Adapter, Who};
pub(crate) use opened::Opened;

use crate::state::Api;

/// What is done in one version of the API.
pub(crate) fn adapter(api: Api) -> &'static dyn Adapter {
    match api {
        Api::V2 => &v2::V2,
        Api::V4 => &v4::V4,
    }
}
