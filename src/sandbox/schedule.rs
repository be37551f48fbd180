//! Which fault meets which request. Pure.

use std::time::Duration;

use crate::sandbox::endpoint::Endpoint;
use crate::sandbox::fault::{Fault, Faults, When};
use crate::sandbox::roll::roll;

/// What becomes of one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) delay: Duration,
    pub(super) stall: Duration,
    pub(super) fault: Option<Fault>,
}

impl Fate {
    fn add(&mut self, fault: Fault) {
        match fault {
            Fault::Delay(time) => self.delay += time,
            Fault::Stall(time) => self.stall += time,
            Fault::Status(..)
            | Fault::DropBefore
            | Fault::DropAfter
            | Fault::Cut
            | Fault::Garbage
            | Fault::Drip(_)
            | Fault::WrongType
            | Fault::Page(_)
            | Fault::Odd(_)
            | Fault::Done(_)
            | Fault::Half
            | Fault::ListEnds
            | Fault::ListStops
            | Fault::ListRepeats => self.fault = self.fault.or(Some(fault)),
        }
    }
}

/// Faults, and how many requests they have seen.
#[derive(Debug)]
pub(super) struct Schedule {
    faults: Faults,
    by_rule: Vec<u64>,
    by_endpoint: [u64; Endpoint::ALL.len()],
}

impl Schedule {
    pub(super) fn new(faults: Faults) -> Self {
        Self {
            by_rule: vec![0; faults.rules.len()],
            by_endpoint: [0; Endpoint::ALL.len()],
            faults,
        }
    }

    pub(super) const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Counts a request, which asks for a page, and says what becomes of it.
    pub(super) fn next(&mut self, endpoint: Endpoint, page: u64) -> Fate {
        let mut fate = Fate::default();
        let place = &mut self.by_endpoint[endpoint.number()];
        *place += 1;
        let place = *place;
        let salt = |rule: usize| {
            let rule = u64::try_from(rule).unwrap_or(u64::MAX);
            roll([self.faults.seed, (rule << 8) | endpoint as u64, place])
        };
        // One roll for all shares: they add up, and two of them never meet one request.
        let one = salt(0);
        let mut reached = 0_u32;
        let rules = self.faults.rules.iter().zip(&mut self.by_rule);
        for (index, (rule, place)) in rules.enumerate() {
            if !(rule.on.is_empty() || rule.on.contains(&endpoint)) {
                continue;
            }
            *place += 1;
            let waits = matches!(rule.fault, Fault::Delay(_) | Fault::Stall(_));
            let met = match &rule.when {
                When::Share(share) if waits => salt(index + 1) < share.0,
                When::Share(share) => {
                    let from = reached;
                    reached = reached.saturating_add(share.0);
                    (from..reached).contains(&one)
                }
                When::Every(_) | When::First(_) | When::At(_) | When::Page(_) => {
                    rule.when.meets(*place, page)
                }
            };
            if met {
                fate.add(rule.fault);
            }
        }
        fate
    }
}
