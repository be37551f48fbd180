//! V4: reading much at once, each call under a rate limit of its own.
//!
//! A call takes a place under its limit before it is chosen what is asked for: so whichever limit
//! is free takes what waits, and nothing waits for one limit while another is free.

use std::collections::{BTreeMap, VecDeque};
use std::panic::resume_unwind;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::asset::AssetId;
use crate::event::{RateLimit, StopReason};
use crate::frameio::client::{AT_ONCE, Admitted, Client, Closed, ENDLESS, Unread, side_by_side};
use crate::frameio::survey::{IN_A_ROW, PAGES};
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::judge_list;
use crate::frameio::v4::call::List;
use crate::inventory::Shown;

/// How many answers are awaited at once at most, under all limits together.
const MOST: usize = 3 * AT_ONCE;

/// What is said of what is not asked for any more.
const IN_TROUBLE: &str = "several answers in a row could not be used, so nothing more was asked";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// What is in a folder.
    Folder(AssetId),
    /// What is in a version stack.
    Stack(AssetId),
}

/// What comes of it.
pub(super) type Answer = Result<Vec<Shown>, Unread>;

/// Asks for much, and gives the answers as they come.
pub(super) struct Reader {
    client: Client,
    /// What waits to be asked for.
    waiting: BTreeMap<Queue, VecDeque<AssetId>>,
    under_way: JoinSet<(Ask, Answer)>,
    /// How many answers may be awaited at once.
    at_once: usize,
    /// How many in a row could not be used.
    troubles: u32,
}

/// What waits for the same limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Queue {
    Folders,
    Stacks,
}

/// A way to ask, under limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The one list of all that is in a folder.
    Whole,
    /// The three lists of what is in a folder, side by side.
    Apart,
    /// The list of what is in a version stack.
    Stack,
}

/// What the limits allow of what waits for them.
enum Choice {
    Go(Way, Vec<Option<Admitted>>),
    /// An answer lets more through, or this limit after so long.
    Wait(Option<(RateLimit, Duration)>),
}

impl Ask {
    const fn queue(self) -> (Queue, AssetId) {
        match self {
            Self::Folder(id) => (Queue::Folders, id),
            Self::Stack(id) => (Queue::Stacks, id),
        }
    }
}

impl Queue {
    const ALL: [Self; 2] = [Self::Folders, Self::Stacks];

    /// The ways to ask for it, the one that takes the fewest calls first.
    const fn ways(self) -> &'static [Way] {
        match self {
            Self::Folders => &[Way::Whole, Way::Apart],
            Self::Stacks => &[Way::Stack],
        }
    }

    const fn ask(self, id: AssetId) -> Ask {
        match self {
            Self::Folders => Ask::Folder(id),
            Self::Stacks => Ask::Stack(id),
        }
    }
}

impl Way {
    const fn lists(self) -> &'static [List] {
        match self {
            Self::Whole => &[List::Children],
            Self::Apart => &[List::Files, List::Folders, List::Stacks],
            Self::Stack => &[List::Versions],
        }
    }
}

impl Reader {
    pub(super) fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            waiting: BTreeMap::new(),
            under_way: JoinSet::new(),
            at_once: 1,
            troubles: 0,
        }
    }

    /// Asks for something, after what waits already.
    pub(super) fn ask(&mut self, ask: Ask) {
        let (queue, id) = ask.queue();
        self.waiting.entry(queue).or_default().push_back(id);
    }

    /// The next answer, in whatever order they come; nothing where no more is to come.
    ///
    /// One is asked for at first, and one more at once after each answer that can be used; after
    /// trouble it is one again, and after several in a row the rest is not asked for: this is an
    /// outage, and whoever waits is to hear of it before a minute is over.
    ///
    /// # Errors
    ///
    /// Returns why nothing can be read at all.
    pub(super) async fn next(&mut self) -> Result<Option<(Ask, Answer)>, StopReason> {
        let client = self.client.clone();
        loop {
            if self.troubles >= IN_A_ROW
                && let Some(ask) = Queue::ALL.iter().find_map(|queue| self.take(*queue))
            {
                return Ok(Some((ask, Err(Unread::trouble(IN_TROUBLE)))));
            }
            // Who is told of answers is so from before it is looked whether one is needed.
            let answered = client.answered();
            let opens = self.start()?;
            if self.under_way.is_empty() && self.waiting.values().all(VecDeque::is_empty) {
                return Ok(None);
            }
            let opening = async {
                if let Some((rate_limit, time)) = opens {
                    return client.wait_for_limit(rate_limit, time).await;
                }
                answered.await;
                Ok(())
            };
            tokio::select! {
                Some(joined) = self.under_way.join_next() => {
                    let (ask, answer) = joined.unwrap_or_else(|broken| resume_unwind(broken.into_panic()));
                    return Ok(Some((ask, self.learn(answer)?)));
                }
                opened = opening => if let Err(unread) = opened {
                    unread.why()?;
                },
            }
        }
    }

    /// Asks for as much as may be asked for now; says which limit opens first, and when, where more
    /// waits for one.
    fn start(&mut self) -> Result<Option<(RateLimit, Duration)>, StopReason> {
        let mut opens: Option<(RateLimit, Duration)> = None;
        for queue in Queue::ALL {
            while self.under_way.len() < self.at_once && self.waits(queue) > 0 {
                let (way, admitted) = match self.choose(queue)? {
                    Choice::Go(way, admitted) => (way, admitted),
                    Choice::Wait(one) => {
                        let both = opens.into_iter().chain(one);
                        opens = both.min_by_key(|(_, time)| *time);
                        break;
                    }
                };
                if let Some(ask) = self.take(queue) {
                    let client = self.client.clone();
                    let lists = way.lists();
                    self.under_way.spawn(async move {
                        (
                            ask,
                            read_lists(&client, ask.queue().1, lists, admitted).await,
                        )
                    });
                }
            }
        }
        Ok(opens)
    }

    /// Chooses a way to ask for what waits. The lists apart take three calls in place of one, so
    /// they are asked only where one list cannot be asked of all that waits.
    fn choose(&self, queue: Queue) -> Result<Choice, StopReason> {
        let mut late = None;
        let mut is_full = false;
        let mut opens = Vec::new();
        for way in queue.ways() {
            let closed = way.lists().iter().map(|list| {
                let rate_limit = list.rate_limit();
                (rate_limit, self.client.closed(rate_limit))
            });
            let mut longest: Option<(RateLimit, Duration)> = None;
            let (mut is_late, mut awaits) = (None, false);
            for (rate_limit, closed) in closed {
                match closed {
                    None => {}
                    Some(Closed::Late(reason)) => is_late = Some(reason),
                    Some(Closed::Full) => awaits = true,
                    Some(Closed::For(time)) => {
                        let both = longest.into_iter().chain([(rate_limit, time)]);
                        longest = both.max_by_key(|(_, time)| *time);
                    }
                }
            }
            match (is_late, longest, awaits) {
                (Some(reason), _, _) => late = Some(reason),
                (None, Some(longest), _) => opens.push(longest),
                (None, None, true) => {
                    let room = self.client.room(way.lists()[0].rate_limit());
                    if room.is_none_or(|room| room >= self.waits(queue)) {
                        return Ok(Choice::Wait(None));
                    }
                    is_full = true;
                }
                (None, None, false) => {
                    let lists = way.lists().iter();
                    let admitted = lists.map(|list| self.client.try_admit(list.rate_limit()).ok());
                    return Ok(Choice::Go(*way, admitted.collect()));
                }
            }
        }
        match late {
            Some(reason) if opens.is_empty() && !is_full => Err(reason),
            Some(_) | None => Ok(Choice::Wait(
                opens.into_iter().min_by_key(|(_, time)| *time),
            )),
        }
    }

    fn waits(&self, queue: Queue) -> usize {
        self.waiting.get(&queue).map_or(0, VecDeque::len)
    }

    fn take(&mut self, queue: Queue) -> Option<Ask> {
        let id = self.waiting.get_mut(&queue)?.pop_front()?;
        Some(queue.ask(id))
    }

    /// Takes notice of how it went; gives the answer where it says something of what was asked.
    fn learn(&mut self, answer: Answer) -> Result<Answer, StopReason> {
        match answer {
            Ok(_) | Err(Unread::Refused(_) | Unread::Absent(_) | Unread::Malformed(_)) => {
                self.troubles = 0;
                self.at_once = MOST.min(self.at_once + 1);
            }
            Err(Unread::Trouble { reached: true, .. }) => {
                self.troubles += 1;
                self.at_once = 1;
            }
            Err(Unread::Trouble {
                reached: false,
                detail,
            }) => return Err(StopReason::NotReachable { detail }),
            Err(Unread::Stop(reason)) => return Err(reason),
        }
        Ok(answer)
    }
}

/// Reads lists side by side, each to its end.
async fn read_lists(
    client: &Client,
    of: AssetId,
    lists: &'static [List],
    admitted: Vec<Option<Admitted>>,
) -> Answer {
    let reads = lists.iter().zip(admitted).map(|(list, admitted)| {
        let (client, list) = (client.clone(), *list);
        async move { read_list(&client, of, list, admitted).await }
    });
    let mut all = Vec::new();
    for items in side_by_side(reads).await {
        all.extend(items?);
    }
    Ok(all)
}

/// Reads a list to its end; one that goes on after a page with nothing on it, repeats itself or
/// shows another number of assets than it says that it has cannot be trusted.
async fn read_list(client: &Client, of: AssetId, list: List, admitted: Option<Admitted>) -> Answer {
    let page = |after| Read::List(list, of, after);
    let judge = |reply: &_| judge_list(list, reply);
    let mut pages = client.pages(page, judge).admitted(admitted);
    let mut all = Vec::new();
    for _ in 0..PAGES {
        let items = pages.next().await?.unwrap_or_default();
        let is_empty = items.is_empty();
        all.extend(items);
        if pages.is_over() {
            return Ok(all);
        }
        if is_empty {
            break;
        }
    }
    Err(Unread::trouble(ENDLESS))
}
