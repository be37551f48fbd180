//! Retires Frame.io assets on purpose.
//!
//! Data goes one way: manifests and the state go into the pure planner, the plan is
//! reviewed and approved, `apply` sends the bulk deletes, and every effect comes back as
//! an event that passes the journal before the state takes it in and the reports hear of it.
//!
//! The modules below are the rooms of that flow, in reading order. Who may import whom is
//! written in ARCHITECTURE.md and held by a test.

pub mod asset;
pub mod diagnostic;
pub mod event;
pub mod outcome;

pub mod apply;
pub mod cli;
pub mod frameio;
pub mod manifest;
pub mod plan;
pub mod render;
pub mod sandbox;
pub mod state;
pub mod store;
