//! Why something is left unread, and how all that is read is cut off.

use tokio::sync::watch;

use crate::event::StopReason;

/// Why something was left unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// No answer came that can be used, however often it was asked.
    Trouble {
        /// Whether the server was reached.
        reached: bool,
        detail: String,
    },
    /// It may not be read.
    Refused(String),
    /// The server does not know it, or only as another kind.
    Absent(String),
    /// The server answers, and a field of its answer is not what it should be.
    Malformed(String),
    /// Nothing can be read at all.
    Stop(StopReason),
}

impl Unread {
    /// That the answer cannot be used.
    pub(crate) fn trouble(detail: &str) -> Self {
        Self::Trouble {
            reached: true,
            detail: detail.to_owned(),
        }
    }

    /// Why this was left unread.
    ///
    /// # Errors
    ///
    /// Returns why nothing else can be read either.
    pub(crate) fn why(self) -> Result<String, StopReason> {
        match self {
            Self::Trouble {
                reached: true,
                detail,
            }
            | Self::Refused(detail)
            | Self::Absent(detail)
            | Self::Malformed(detail) => Ok(detail),
            Self::Trouble {
                reached: false,
                detail,
            } => Err(StopReason::NotReachable { detail }),
            Self::Stop(reason) => Err(reason),
        }
    }
}

/// Cuts off what a client reads.
#[derive(Debug, Clone)]
pub struct CutOff(watch::Sender<Option<i32>>);

impl Default for CutOff {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl CutOff {
    /// Cuts off everything under way and to come because of a signal; says whether it was the
    /// first one.
    #[must_use]
    pub fn signal(&self, number: i32) -> bool {
        self.0.send_if_modified(|told| {
            let is_first = told.is_none();
            told.get_or_insert(number);
            is_first
        })
    }

    /// Cuts off everything that nobody needs any more.
    pub(crate) fn end(&self) {
        self.0.send_modify(|told| *told = told.or(Some(0)));
    }

    /// Why nothing is read any more, where it was cut off.
    #[must_use]
    pub fn reason(&self) -> Option<StopReason> {
        self.0.borrow().map(|number| StopReason::Signal { number })
    }

    /// Does something unless it is cut off.
    pub(crate) async fn unless<T>(&self, work: impl Future<Output = T>) -> Result<T, Unread> {
        let mut told = self.0.subscribe();
        tokio::select! {
            biased;
            Ok(number) = told.wait_for(Option::is_some) => {
                let number = number.unwrap_or_default();
                Err(Unread::Stop(StopReason::Signal { number }))
            }
            done = work => Ok(done),
        }
    }
}
