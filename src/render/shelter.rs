//! What is said of protected assets and of what they are connected with.

use std::rc::Rc;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::Kept;
use crate::inventory::{Known, Mark};
use crate::plan::decide::{Path, Waypoint, Why};
use crate::plan::{Back, LeftAlone, Other, Plan};
use crate::render::escape::escape;
use crate::render::model::{Group, Line, Row, Rows};
use crate::render::names::Foreign;
use crate::render::{Paint, counted, either, moment, rows};

/// Tells what is known of an asset.
pub(super) type Knows<'of> = Rc<dyn Fn(AssetId) -> Option<Known> + 'of>;

/// How the rest of a list is seen that has no room below a plan.
const FULL: &str = "more; `--full` shows all";

/// How it is seen after a run, whose plan has it.
const IN_PLAN: &str = "more; `retire plan --full` shows all";

/// What a plan says of single assets below all others.
pub(super) fn below(plan: &Plan) -> Vec<Group<'_>> {
    let knows: Knows<'_> = Rc::new(|id| plan.about.get(&id)?.known());
    let back = back(plan, Rc::clone(&knows));
    let lifted = lifted(plan, Rc::clone(&knows));
    let left = left_alone(&plan.left_alone, &knows, FULL);
    back.into_iter().chain(lifted).chain(left).collect()
}

/// What a run says of what it left.
pub(super) fn after<'of>(
    kept: &'of [Kept],
    left: &'of [LeftAlone],
    knows: &Knows<'of>,
) -> Vec<Group<'of>> {
    let kept = kept_back(kept, Rc::clone(knows));
    let left = left_alone(left, knows, IN_PLAN);
    kept.into_iter().chain(left).collect()
}

/// Says why an asset stays, and what connects it with what protects it.
pub(super) fn kept(
    id: AssetId,
    why: &Why,
    until: Option<Timestamp>,
    path: Option<&Path>,
) -> String {
    said((id, why, until), path, Some("`"))
}

/// The same, with our own words in its place where it is withheld.
pub(super) fn kept_foreign(
    id: AssetId,
    why: &Why,
    until: Option<Timestamp>,
    path: Option<&Path>,
) -> Foreign {
    Foreign::new(kept(id, why, until, path)).or(kept_by_id(id, why, until, path))
}

/// The same in our own words, with ids in place of names.
pub(super) fn kept_by_id(
    id: AssetId,
    why: &Why,
    until: Option<Timestamp>,
    path: Option<&Path>,
) -> String {
    said((id, why, until), path, None)
}

/// Says it with names, and with this around a mark; without either where there is nothing.
fn said(
    (id, why, until): (AssetId, &Why, Option<Timestamp>),
    path: Option<&Path>,
    quote: Option<&str>,
) -> String {
    let is_named = quote.is_some();
    let is_unrecorded = matches!(why, Why::Unrecorded);
    let quote = quote.unwrap_or_default();
    let until = until.map(moment);
    let why = match (why, until) {
        (Why::Hold(_), Some(until)) if !is_named => format!("held until {until}"),
        (Why::Hold(_), None) if !is_named => "held".to_owned(),
        (Why::Marked(_), _) if !is_named => "marked".to_owned(),
        (Why::Hold(reason), Some(until)) => format!("held until {until}: {}", escape(reason)),
        (Why::Hold(reason), None) => format!("held: {}", escape(reason)),
        (Why::Deferred, Some(until)) => format!("deferred until {until}"),
        (Why::Deferred, None) => "deferred".to_owned(),
        (Why::Pinned, _) => "other than its entry says".to_owned(),
        (Why::Blocked, _) => "blocked".to_owned(),
        (Why::Unread, _) => "not read".to_owned(),
        (Why::Drift, _) => "recorded as deleted or taken back, and is there".to_owned(),
        (Why::Unrecorded, _) => "in a staging folder, and no record says where it was".to_owned(),
        (Why::Marked(mark), _) => marked(mark, quote),
    };
    match path.map(|path| &*path.0) {
        Some([one]) if is_unrecorded && one.id == id => {
            "is a staging folder, and goes only with what a run has moved into it".to_owned()
        }
        Some([folder, .., _]) if is_unrecorded && folder.id != id => {
            let folder = if is_named {
                format!("{quote}{}{quote}", names([folder]))
            } else {
                folder.id.to_string()
            };
            format!(
                "lies in the staging folder {folder}, and no record says where it was; move it out to where it belongs"
            )
        }
        None | Some([]) => why,
        Some([outer, .., last]) if outer.id == id && !is_named => {
            format!("contains {}, which is {why}", last.id)
        }
        Some([outer, inner @ .., last]) if outer.id == id => {
            let inner = names(inner.iter().chain([last]));
            format!("contains {inner} ({}), which is {why}", last.id)
        }
        Some([one]) => format!(
            "is {quote}{}{quote} by another id, and that is {why}",
            one.id
        ),
        Some([around @ .., _]) => {
            let outer = around.first().map_or(id, |outer| outer.id);
            if !is_named {
                return format!("lies in {outer}, which is {why}");
            }
            format!("lies in {} ({outer}), which is {why}", names(around))
        }
    }
}

/// Says by which field somebody has marked an asset.
fn marked(mark: &Mark, quote: &str) -> String {
    let Mark { field, value } = mark;
    let (field, value) = (escape(field), escape(value));
    format!("marked {quote}{field}: {value}{quote}")
}

/// A way from the outside in, by names where they are known.
fn names<'path>(path: impl IntoIterator<Item = &'path Waypoint>) -> String {
    let names: Vec<String> = path
        .into_iter()
        .map(|Waypoint { id, name }| match name {
            Some(name) => escape(name).into_owned(),
            None => id.to_string(),
        })
        .collect();
    names.join("/")
}

/// Says what stays since something protected is connected with it.
fn kept_back<'of>(all: &'of [Kept], knows: Knows<'of>) -> Option<Group<'of>> {
    let assets = counted(all.len(), "listed asset stays", "listed assets stay");
    let title = Line::words(format!("{assets} because of what is protected:"));
    let rows = Rows::assets(all.len(), move |at| {
        let one = &all[at];
        let why = kept_foreign(one.id, &one.why, one.until, Some(&one.path));
        Row::of(one.id, &knows(one.id).unwrap_or_default(), vec![why])
    });
    (!all.is_empty()).then(|| Group::below(title, rows, IN_PLAN))
}

/// Says which marks were lifted since a run has seen them.
fn lifted<'of>(plan: &'of Plan, knows: Knows<'of>) -> Option<Group<'of>> {
    let lifted = &plan.marks.lifted;
    let marks = counted(lifted.len(), "mark was", "marks were");
    let title = warning().and(format!(" {marks} lifted since an earlier run:"));
    let rows = Rows::assets(lifted.len(), move |at| {
        let (id, mark) = &lifted[at];
        let was = Foreign::new(format!("was {}", marked(mark, "`"))).or("was marked");
        Row::of(*id, &knows(*id).unwrap_or_default(), vec![was])
    });
    (!lifted.is_empty()).then(|| Group::below(title, rows, FULL))
}

/// What begins a sentence that warns.
fn warning() -> Line {
    Line::default().and_strong(Paint::Yellow, "warning:")
}

/// Says what was deleted before and goes again with what it lies in.
fn back<'of>(plan: &'of Plan, knows: Knows<'of>) -> Option<Group<'of>> {
    let back: Vec<_> = plan.going_back().collect();
    if back.is_empty() {
        return None;
    }
    let assets = counted(back.len(), "asset goes", "assets go");
    let title = Line::words(format!(
        "{assets} again, deleted before and back since, as an entry around says `again: true`:"
    ));
    let rows = Rows::assets(back.len(), move |at| {
        let (id, back) = back[at];
        let Back {
            with,
            recorded,
            about,
        } = back;
        let path = knows(*with).map(|known| rows::path(&known));
        let path = path.filter(|path| !path.is_empty());
        let own = Foreign::own(with.to_string());
        let with = path.map_or(own, |path| {
            Foreign::new(format!("{path}  {with}")).or(with.to_string())
        });
        let was = with.behind(&format!("was {}, goes with ", recorded.name()));
        Row::of(id, &about.clone().unwrap_or_default(), vec![was])
    });
    Some(Group::below(title, rows, FULL))
}

/// Says what a saved plan leaves alone.
pub(super) fn left_alone<'of>(
    left: &'of [LeftAlone],
    knows: &Knows<'of>,
    more: &'static str,
) -> impl Iterator<Item = Group<'of>> + use<'of> {
    let (left, done): (Vec<&LeftAlone>, Vec<_>) =
        left.iter().partition(|left| left.other.is_open());
    let is_done = !done.is_empty();
    let assets = counted(done.len(), "action of the plan", "actions of the plan");
    let title = Line::words(format!("Left out, since nothing is left to do: {assets}"));
    let of = Rc::clone(knows);
    let rows = Rows::assets(done.len(), move |at| {
        let id = done[at].id;
        Row::of(id, &of(id).unwrap_or_default(), Vec::new())
    });
    let done = is_done.then(|| Group::below(title, rows, more));
    let mut groups: Vec<Group<'of>> = done.into_iter().collect();
    for step in NextStep::ALL {
        let left = left.iter().copied();
        let left: Vec<&LeftAlone> = left
            .filter(|left| NextStep::after(left.other) == step)
            .collect();
        if left.is_empty() {
            continue;
        }
        let title = warning().and(format!(" {}:", step.said(left.len())));
        let of = Rc::clone(knows);
        let rows = Rows::assets(left.len(), move |at| {
            let LeftAlone { id, other } = left[at];
            let why = other_than_reviewed(other, &of).into_iter().collect();
            Row::of(*id, &of(*id).unwrap_or_default(), why)
        });
        groups.push(Group::below(title, rows, more));
    }
    groups.into_iter()
}

/// What is to be done about what was left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextStep {
    /// Somebody reviews it again.
    NewPlan,
    /// Somebody takes out of a staging folder what has no business there.
    MoveOut,
    /// Somebody settles what the server objects to.
    Settle,
    /// The next run finds out how it stands.
    Again,
}

impl NextStep {
    const ALL: [Self; 4] = [Self::NewPlan, Self::MoveOut, Self::Settle, Self::Again];

    const fn after(other: Other) -> Self {
        match other {
            Other::NotReviewed
            | Other::Lifted
            | Other::Kept
            | Other::Grown(_)
            | Other::Changed(_)
            | Other::Contents
            | Other::Renamed
            | Other::Moved
            | Other::Resized
            | Other::Done => Self::NewPlan,
            Other::Foreign(_) => Self::MoveOut,
            Other::Stuck | Other::Displaced | Other::Undeleted => Self::Settle,
            Other::Unsettled | Other::Unread => Self::Again,
        }
    }

    /// Says of how many assets it is, and what is to be done.
    fn said(self, assets: usize) -> String {
        match self {
            Self::NewPlan => {
                let are = counted(assets, "asset is", "assets are");
                format!(
                    "{are} other than reviewed and left alone; make a new plan for what is left"
                )
            }
            Self::MoveOut => {
                let wait = counted(assets, "asset waits", "assets wait");
                let its = either(assets, "its", "their");
                format!(
                    "{wait} with something in {its} staging folder that nobody has reviewed; move that out, then run apply again"
                )
            }
            Self::Settle => {
                let stay = counted(
                    assets,
                    "asset stays where it is",
                    "assets stay where they are",
                );
                let them = either(assets, "it", "them");
                format!(
                    "{stay}, for the reason that stands beside {them}; settle that, then run apply again"
                )
            }
            Self::Again => {
                let were = counted(assets, "asset was", "assets were");
                let them = either(assets, "it stands", "they stand");
                format!(
                    "{were} left alone, since nobody could tell how {them}; run apply again, which looks first"
                )
            }
        }
    }
}

/// Says in what an asset is other than reviewed; nothing where it is only done.
pub(super) fn other_than_reviewed(other: &Other, knows: &Knows<'_>) -> Option<Foreign> {
    let called = |id: AssetId| Foreign::asset(id, knows(id).as_ref(), None);
    let why = match other {
        Other::Done => return None,
        Other::NotReviewed => "the plan does not delete it",
        Other::Lifted => "the mark that kept it was lifted since",
        Other::Kept => "it is kept now",
        Other::Grown(id) => {
            let grown = called(*id).behind("it has `");
            return Some(grown.and("` in it, which the plan does not name"));
        }
        Other::Changed(id) => {
            let changed = called(*id).behind("`");
            let words = "` in it has another name, place or size than reviewed";
            return Some(changed.and(words));
        }
        Other::Contents => "what is in it is other than reviewed",
        Other::Renamed => "it has another name than reviewed",
        Other::Moved => "it lies in another place than reviewed",
        Other::Resized => "it has another size than reviewed",
        Other::Foreign(id) => {
            let foreign = called(*id).behind("somebody has put `");
            let words = "` into its staging folder; move that out, and run it again";
            return Some(foreign.and(words));
        }
        Other::Unsettled => {
            "it was moved aside, and what became of it is not known yet: the next run looks, and `retire state unstage` moves back what is there"
        }
        Other::Stuck => "it could not be moved, and stays where it is",
        Other::Displaced => {
            "its staging folder was renamed or moved, so that nothing of it is deleted: give it back its name and place, or move out what is to stay"
        }
        Other::Undeleted => {
            "the server did not delete its staging folder, and the next run tries again"
        }
        Other::Unread => "it could not be read again before it was to go",
    };
    Some(Foreign::own(why))
}
