//! The canary: the first deletes are few, and the rest waits until they came back sane. Pure.

/// How far the first, small deletes are.
#[derive(Debug, Clone)]
pub(super) struct Canary {
    size: usize,
    /// How many assets may still be asked for before the answers are in.
    left: usize,
    /// Whether an answer showed that deletes come back sane.
    good: bool,
    over: bool,
}

impl Canary {
    /// Starts with deletes of so many assets; with 0 everything goes at once.
    pub(super) const fn new(size: usize) -> Self {
        Self {
            size,
            left: size,
            good: false,
            over: size == 0,
        }
    }

    /// Takes notice that a delete came back sane.
    pub(super) const fn came_back(&mut self) {
        self.good = true;
    }

    /// Takes notice of a new delete of so many assets.
    pub(super) const fn sent(&mut self, assets: usize) {
        self.left = self.left.saturating_sub(assets);
    }

    /// How many assets a new delete may ask for; nothing while none may go out.
    ///
    /// `idle` says that nothing is under way and nothing waits to be sent again: then either an
    /// answer was sane, or another few are tried.
    pub(super) fn may_ask(&mut self, idle: bool, most: usize) -> Option<usize> {
        if !self.over && idle {
            if self.good {
                self.over = true;
            } else {
                self.left = self.size;
            }
        }
        if self.over {
            return Some(most);
        }
        Some(self.left.min(most)).filter(|size| *size > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_go_until_one_answer_is_sane() {
        let mut canary = Canary::new(5);
        assert_eq!(canary.may_ask(true, 50), Some(5));
        canary.sent(5);
        assert_eq!(canary.may_ask(false, 50), None, "the answer is not in");
        assert_eq!(canary.may_ask(true, 50), Some(5), "it was not sane");
        canary.sent(1);
        assert_eq!(canary.may_ask(false, 50), Some(4), "one call an asset");
        canary.sent(4);
        canary.came_back();
        assert_eq!(canary.may_ask(false, 50), None);
        assert_eq!(canary.may_ask(true, 50), Some(50));
        assert_eq!(canary.may_ask(false, 50), Some(50));
        assert_eq!(Canary::new(0).may_ask(false, 50), Some(50));
        assert_eq!(Canary::new(80).may_ask(true, 50), Some(50));
    }
}
