//! Consent to what is not the plan of a run: a number of things is shown, and somebody agrees to
//! those.

use crate::diagnostic::{count, counted};
use crate::plan::approve::{Approved, Consent};

/// Somebody agreed to what was shown. Whatever changes assets is made from one.
#[derive(Debug)]
pub struct Agreed(());

/// That another number was typed than that of what was shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} was typed, and {} shown", count(*typed), counted(*shown, "was", "were"))]
pub struct WrongNumber {
    /// What was typed.
    pub typed: usize,
    /// How many things were shown.
    pub shown: usize,
}

impl Agreed {
    /// Takes the consent to so many things that were shown.
    ///
    /// # Errors
    ///
    /// Returns that another number was typed.
    pub const fn to(shown: usize, consent: Consent) -> Result<Self, WrongNumber> {
        match consent {
            Consent::Typed(typed) if typed != shown => Err(WrongNumber { typed, shown }),
            Consent::Typed(_) | Consent::Auto | Consent::Saved | Consent::Sandbox => Ok(Self(())),
        }
    }
}

impl Approved {
    /// The same consent, for a run that changes more than it deletes.
    #[must_use]
    pub const fn agreed(&self) -> Agreed {
        Agreed(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_that_was_shown_is_consent() {
        for consent in [
            Consent::Typed(7),
            Consent::Auto,
            Consent::Saved,
            Consent::Sandbox,
        ] {
            assert!(Agreed::to(7, consent).is_ok(), "{consent:?}");
        }
        let wrong = Agreed::to(7, Consent::Typed(1)).unwrap_err();
        assert_eq!(wrong.to_string(), "1 was typed, and 7 were shown");
    }
}
