//! What is known of one asset when it is decided upon.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::inventory::{Mark, Seen};
use crate::manifest::document::Entry;
use crate::state::Record;

/// A hold that is in force.
#[derive(Debug, Clone)]
pub struct HoldInForce {
    /// Why the asset is held.
    pub reason: Arc<str>,
    /// The moment from which it no longer counts.
    pub until: Option<Timestamp>,
}

/// What is known of one asset when it is decided upon.
#[derive(Debug, Clone, Copy, Default)]
pub struct Case<'plan> {
    /// What lists it.
    pub entry: Option<&'plan Entry>,
    /// What is recorded of it.
    pub record: Option<&'plan Record>,
    /// What holds it, if that is in force at `now`.
    pub hold: Option<&'plan HoldInForce>,
    /// The mark that it bears, where marks are asked for and it was read.
    pub mark: Option<&'plan Mark>,
    /// What a live reading found, where there was one.
    pub seen: Option<&'plan Seen>,
    /// Whether some answer shows it, be it only the list of what it lies in.
    pub is_there: bool,
    /// The run that has deleted it again, since its entry said so then.
    pub again: Option<u64>,
    /// In what it lay before it was moved aside, as far as is recorded.
    pub was_in: Option<AssetId>,
    /// How many files go with it, where that was read.
    pub files: Option<usize>,
    /// The files that it held when their delete began, where the state has that: what became of
    /// them says what became of it.
    pub held: Option<&'plan BTreeSet<AssetId>>,
    /// Whether what is in it is still to be read: until then nothing is compared with it.
    pub is_unopened: bool,
    /// Whether every open asset that is listed should have been read.
    pub is_checked: bool,
    /// The folder that we have deleted a short while ago, and with which it is on its way out.
    pub leaves: Option<AssetId>,
    /// The folder that we have deleted, with which it is shown to have gone, and by which run.
    pub went: Option<(AssetId, u64)>,
}
