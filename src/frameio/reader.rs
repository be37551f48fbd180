//! V4: reading much at once, each call under a rate limit of its own.
//!
//! A call takes a place under its limit before it is chosen what is asked for: so whichever limit
//! is free takes what waits, and nothing waits for one limit while another is free.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::asset::AssetId;
use crate::event::{RateLimit, StopReason};
use crate::frameio::client::{AT_ONCE, Admitted, Client, Closed, Unread};
use crate::frameio::lists::{Answer, Ask, Lists, Sought, Way};
use crate::frameio::survey::IN_A_ROW;
use crate::inventory::ListPart;

/// How many answers are awaited at once at most, under all limits together.
const MOST: usize = 3 * AT_ONCE;

/// What is said of what is not asked for any more.
const IN_TROUBLE: &str = "several answers in a row could not be used, so nothing more was asked";

/// What is heard of what was asked for.
pub(super) enum News {
    /// A page of a list of something.
    Page(AssetId, ListPart),
    /// All of its lists, read to their ends, or why that could not be.
    Answer(Ask, Answer),
}

/// Asks for much, and gives the answers as they come.
pub(super) struct Reader {
    client: Client,
    /// What waits to be asked for.
    waiting: BTreeMap<Queue, VecDeque<AssetId>>,
    /// What was begun before, with what is known of it: few, so each waits for its own limits.
    begun: VecDeque<(Ask, Vec<ListPart>)>,
    /// What is looked for, where a list that shows none of it is left.
    sought: Option<Sought>,
    under_way: JoinSet<(Ask, Answer)>,
    /// The pages as they come, and what came after those that wait here.
    tell: UnboundedSender<(AssetId, ListPart)>,
    pages: UnboundedReceiver<(AssetId, ListPart)>,
    answered: Option<(Ask, Answer)>,
    /// Whether lists of several pages are compared with what they show afterwards.
    compares: bool,
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

/// What the limits allow of what waits for them.
enum Choice {
    Go(Way, Vec<Option<Admitted>>),
    /// An answer lets more through, or this limit after so long.
    Wait(Option<(RateLimit, Duration)>),
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

    /// The queue in which something waits.
    const fn of(ask: Ask) -> Self {
        match ask {
            Ask::Folder(_) => Self::Folders,
            Ask::Stack(_) => Self::Stacks,
        }
    }
}

impl Reader {
    pub(super) fn new(client: &Client) -> Self {
        let (tell, pages) = unbounded_channel();
        Self {
            client: client.clone(),
            waiting: BTreeMap::new(),
            begun: VecDeque::new(),
            sought: None,
            under_way: JoinSet::new(),
            tell,
            pages,
            answered: None,
            compares: false,
            at_once: 1,
            troubles: 0,
        }
    }

    /// Compares each list of several pages with what it shows afterwards.
    pub(super) const fn compare(&mut self) {
        self.compares = true;
    }

    /// Leaves from now on each list of which so many pages show nothing that is looked for.
    pub(super) fn seek(&mut self, wanted: Arc<BTreeSet<AssetId>>, in_vain: usize) {
        self.sought = Some(Sought { wanted, in_vain });
    }

    /// Asks for something, after what waits already; with what was read of it before.
    pub(super) fn ask(&mut self, ask: Ask, begun: Vec<ListPart>) {
        if !begun.is_empty() {
            self.begun.push_back((ask, begun));
            return;
        }
        let waiting = self.waiting.entry(Queue::of(ask)).or_default();
        waiting.push_back(ask.id());
    }

    /// The next page or answer, in whatever order they come, an answer after its pages; nothing
    /// where no more is to come.
    ///
    /// One is asked for at first, and one more at once after each answer that can be used; after
    /// trouble it is one again, and after several in a row the rest is not asked for: this is an
    /// outage, and whoever waits is to hear of it before a minute is over.
    ///
    /// # Errors
    ///
    /// Returns why nothing can be read at all.
    pub(super) async fn next(&mut self) -> Result<Option<News>, StopReason> {
        let client = self.client.clone();
        loop {
            if let Ok((of, page)) = self.pages.try_recv() {
                return Ok(Some(News::Page(of, page)));
            }
            if let Some((ask, answer)) = self.answered.take() {
                return Ok(Some(News::Answer(ask, self.learn(answer)?)));
            }
            if self.troubles >= IN_A_ROW
                && let Some(ask) = self.take_any()
            {
                return Ok(Some(News::Answer(ask, Err(Unread::trouble(IN_TROUBLE)))));
            }
            // Who is told of answers is so from before it is looked whether one is needed.
            let answered = client.answered();
            let opens = self.start()?;
            let waits = self.waiting.values().any(|queue| !queue.is_empty());
            if self.under_way.is_empty() && !waits && self.begun.is_empty() {
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
                    let answered = joined.unwrap_or_else(|broken| resume_unwind(broken.into_panic()));
                    self.answered = Some(answered);
                }
                Some((of, page)) = self.pages.recv() => return Ok(Some(News::Page(of, page))),
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
        while self.under_way.len() < self.at_once
            && let Some((ask, begun)) = self.begun.pop_front()
        {
            let lists = self.lists(ask);
            self.under_way
                .spawn(async move { (ask, lists.go_on(ask, begun).await) });
        }
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
                    let lists = self.lists(ask);
                    self.under_way
                        .spawn(async move { (ask, lists.read(way, admitted).await) });
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

    fn lists(&self, ask: Ask) -> Lists {
        Lists {
            client: self.client.clone(),
            of: ask.id(),
            tell: self.tell.clone(),
            compares: self.compares,
            sought: self.sought.clone(),
        }
    }

    fn take_any(&mut self) -> Option<Ask> {
        let begun = self.begun.pop_front();
        let waiting = || Queue::ALL.iter().find_map(|queue| self.take(*queue));
        begun.map(|(ask, _)| ask).or_else(waiting)
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
