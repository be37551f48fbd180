//! Retires Frame.io assets on purpose.
//!
//! Data goes one way: manifests and the state go into the pure planner, the plan is
//! reviewed and approved, `apply` sends the bulk deletes, and every effect comes back as
//! an event that passes the journal before the state takes it in and the reports hear of it.
//!
//! The planner needs neither a file nor a network:
//!
//! ```
//! use frameio_retire::manifest::{self, Part, Source};
//! use frameio_retire::plan::{self, Inputs, decide::Rules};
//! use frameio_retire::state::{Api, Target, State};
//!
//! let source = Source {
//!     path: "retire.yaml".into(),
//!     bytes: b"version: 1\nassets: [3fa85f64-5717-4562-b3fc-2c963f66afa6]\n".to_vec(),
//!     part: Part::All,
//! };
//! let manifests = manifest::read(&[source]).expect("nothing is wrong with it");
//! let target = Target {
//!     api: Api::V2,
//!     endpoint: "sandbox".to_owned(),
//!     account: None,
//! };
//! let plan = plan::make(Inputs {
//!     manifests: &manifests,
//!     state: &State::new(uuid::Uuid::nil(), target),
//!     rules: Rules::default(),
//!     inventory: None,
//!     check_retired: false,
//!     now: jiff::Timestamp::UNIX_EPOCH,
//! });
//! assert_eq!(plan.totals.retire, 1);
//! ```
//!
//! The modules below are those of that flow, in reading order. Shown are the pure ones, which read
//! manifests and a state and make a plan; the others serve the program, its tests and its benches.
//! Who may import whom is written in ARCHITECTURE.md and held by a test.

pub mod asset;
pub mod diagnostic;
pub mod digest;
pub mod event;
pub mod inventory;
#[doc(hidden)]
pub mod measure;
pub mod outcome;
#[doc(hidden)]
pub mod probe;
mod visible;

pub mod manifest;
pub mod plan;
pub mod state;

#[doc(hidden)]
pub mod app;
#[doc(hidden)]
pub mod apply;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod crash;
#[doc(hidden)]
pub mod find;
#[doc(hidden)]
pub mod frameio;
#[doc(hidden)]
pub mod render;
#[doc(hidden)]
pub mod sandbox;
#[doc(hidden)]
pub mod store;
