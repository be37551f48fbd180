//! The earlier plan that a new one is compared with.

use std::path::Path;

use crate::app::connect::is_same_server;
use crate::app::error::Error;
use crate::app::prepare::Prepared;
use crate::app::saved_plan::SavedPlan;
use crate::plan::saved::SavedError;
use crate::plan::since::{Comparison, Incomparable, Since};
use crate::plan::{Checked, Plan};
use crate::state::Target;

/// An earlier plan, as far as it can be read.
#[derive(Debug)]
pub(crate) struct Earlier {
    /// Its file, as somebody named it.
    path: String,
    read: Result<Box<(SavedPlan, Plan)>, Incomparable>,
}

impl Earlier {
    /// Takes the bytes of an earlier plan; nothing where there is no such file.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the bytes.
    pub(crate) fn read(path: &Path, bytes: Option<&[u8]>) -> Result<Self, Error> {
        let read = match bytes.map(|bytes| SavedPlan::read(path, bytes)) {
            None => Err(Incomparable::NotThere),
            // An update of this program is no reason to fail: there is nothing that anybody can mend.
            Some(Err(Error::Saved {
                why: SavedError::Older(version),
                ..
            })) => Err(Incomparable::Older(version)),
            Some(saved) => {
                let saved = saved?;
                let plan = saved.plan()?;
                Ok(Box::new((saved, plan)))
            }
        };
        Ok(Self {
            path: path.to_string_lossy().into_owned(),
            read,
        })
    }

    /// Compares a new plan with it.
    pub(crate) fn compare(&self, prepared: &Prepared) -> Comparison {
        self.since(prepared)
            .map_or_else(|why| self.none(why), Comparison::Since)
    }

    fn none(&self, why: Incomparable) -> Comparison {
        Comparison::None {
            path: self.path.clone(),
            why,
        }
    }

    fn since(&self, prepared: &Prepared) -> Result<Since, Incomparable> {
        let (saved, before) = &**self.read.as_ref().map_err(Clone::clone)?;
        let document = &saved.document;
        let target = document.target();
        if !is_same(&target, &prepared.basis.target) {
            return Err(Incomparable::Elsewhere(target));
        }
        if document.only != prepared.plan.only {
            return Err(Incomparable::OtherPart);
        }
        let checked = document.checked != Checked::NotChecked;
        let of = (&*document.id, document.created_at, checked);
        Ok(Since::new(of, before, &prepared.plan))
    }
}

/// Whether two plans speak of the same assets, as far as both say.
fn is_same(one: &Target, other: &Target) -> bool {
    let accounts = one.account.as_ref().zip(other.account.as_ref());
    one.api == other.api
        && is_same_server(&one.endpoint, &other.endpoint)
        && accounts.is_none_or(|(one, other)| one == other)
}
