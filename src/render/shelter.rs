//! What a plan says of protected assets and of what they are connected with.

use std::io::{self, Write};

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::Kept;
use crate::inventory::Mark;
use crate::plan::decide::{Path, Waypoint, Why};
use crate::plan::{Back, LeftAlone, Other, Plan};
use crate::render::escape::escape;
use crate::render::names::Foreign;
use crate::render::{Style, counted, moment, rows, words};

/// How much of one list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Most {
    /// The first few: the plan around them is to be seen at once.
    Glance,
    /// So many lines, the last of which says how many more there are, and how they are seen.
    Lines(usize, &'static str),
    /// Each of them.
    All,
}

impl Most {
    /// How many of so many are shown.
    const fn of(self, all: usize) -> usize {
        let most = match self {
            Self::Glance => GLANCE,
            Self::Lines(lines, _) if all > lines => lines.saturating_sub(1),
            Self::Lines(..) | Self::All => all,
        };
        if most < all { most } else { all }
    }

    /// Says how many more there are.
    fn fold(self, all: usize, style: Style, sink: &mut dyn Write) -> io::Result<()> {
        let how = match self {
            Self::Glance => "`--full` shows all",
            Self::Lines(_, how) => how,
            Self::All => return Ok(()),
        };
        words::fold(4, all - self.of(all), &format!("more; {how}"), style, sink)
    }
}

/// How many of one list are shown at a glance.
const GLANCE: usize = 3;

/// How many lines the lists below a plan take at a glance, their titles being no part of them.
pub(super) fn lines(plan: &Plan) -> usize {
    let open = plan.left_alone.iter().filter(|left| left.other.is_open());
    let open = open.count();
    let lists = [
        plan.going_back().count(),
        plan.marks.lifted.len(),
        plan.left_alone.len() - open,
        open,
    ];
    let lines = lists.map(|all| Most::Glance.of(all) + usize::from(all > GLANCE));
    lines.iter().sum()
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

/// The same, with our own words in its place where it is withheld; a report shows all of it as code.
pub(super) fn kept_foreign(
    id: AssetId,
    why: &Why,
    until: Option<Timestamp>,
    path: Option<&Path>,
) -> Foreign {
    let [full, own] = [Some(""), None].map(|quote| said((id, why, until), path, quote));
    Foreign::new(full).or(own)
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
        (Why::Drift, _) => "recorded as deleted, and there".to_owned(),
        (Why::Marked(mark), _) => marked(mark, quote),
    };
    match path.map(|path| &*path.0) {
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
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(super) fn kept_back(
    all: &[Kept],
    path: &dyn Fn(AssetId) -> Option<String>,
    (most, style): (Most, Style),
    sink: &mut dyn Write,
) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let assets = counted(all.len(), "listed asset stays", "listed assets stay");
    writeln!(sink, "\n{assets} because of what is protected:")?;
    for one in all.iter().take(most.of(all.len())) {
        let why = kept(one.id, &one.why, one.until, Some(&one.path));
        writeln!(sink, "    {}  {why}", named(one.id, path))?;
    }
    most.fold(all.len(), style, sink)
}

/// Says which marks were lifted since a run has seen them; `path` tells where an asset lies and what
/// it is called.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(super) fn lifted(
    plan: &Plan,
    path: &dyn Fn(AssetId) -> Option<String>,
    (most, style): (Most, Style),
    sink: &mut dyn Write,
) -> io::Result<()> {
    let lifted = &plan.marks.lifted;
    if lifted.is_empty() {
        return Ok(());
    }
    let marks = counted(lifted.len(), "mark was", "marks were");
    let word = style.warning("warning:");
    writeln!(sink, "\n{word} {marks} lifted since an earlier run:")?;
    for (id, mark) in lifted.iter().take(most.of(lifted.len())) {
        writeln!(sink, "    {}  was {}", named(*id, path), marked(mark, "`"))?;
    }
    most.fold(lifted.len(), style, sink)
}

/// Says what was deleted before and goes again with what it lies in.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(super) fn back(
    plan: &Plan,
    path: &dyn Fn(AssetId) -> Option<String>,
    (most, style): (Most, Style),
    sink: &mut dyn Write,
) -> io::Result<()> {
    let back: Vec<_> = plan.going_back().collect();
    if back.is_empty() {
        return Ok(());
    }
    let assets = counted(back.len(), "asset goes", "assets go");
    writeln!(
        sink,
        "\n{assets} again, deleted before and back since, as an entry around says `again: true`:"
    )?;
    for (
        id,
        Back {
            with,
            recorded,
            about,
        },
    ) in back.iter().take(most.of(back.len()))
    {
        let own = |_| {
            about
                .as_ref()
                .map(rows::path)
                .filter(|path| !path.is_empty())
        };
        let (asset, with) = (named(*id, &own), named(*with, path));
        let recorded = recorded.name();
        writeln!(sink, "    {asset}  was {recorded}, goes with {with}")?;
    }
    most.fold(back.len(), style, sink)
}

/// An asset by its place and its name, as far as these are known, with its id behind.
fn named(id: AssetId, path: &dyn Fn(AssetId) -> Option<String>) -> String {
    path(id).map_or_else(|| id.to_string(), |path| format!("{path}  {id}"))
}

/// Says what a saved plan leaves alone, so much of what is done already and of what is other than
/// reviewed; `path` tells where an asset lies and what it is called.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(super) fn left_alone(
    left: &[LeftAlone],
    path: &dyn Fn(AssetId) -> Option<String>,
    ([most_done, most], style): ([Most; 2], Style),
    sink: &mut dyn Write,
) -> io::Result<()> {
    let (left, done): (Vec<_>, Vec<_>) = left.iter().partition(|left| left.other.is_open());
    if !done.is_empty() {
        let assets = counted(done.len(), "action of the plan", "actions of the plan");
        writeln!(sink, "\nLeft out, since nothing is left to do: {assets}")?;
        for LeftAlone { id, .. } in done.iter().take(most_done.of(done.len())) {
            writeln!(sink, "    {}", named(*id, path))?;
        }
        most_done.fold(done.len(), style, sink)?;
    }
    if left.is_empty() {
        return Ok(());
    }
    let assets = counted(left.len(), "asset is", "assets are");
    writeln!(
        sink,
        "\n{} {assets} other than reviewed and left alone; make a new plan for what is left:",
        style.warning("warning:")
    )?;
    for LeftAlone { id, other } in left.iter().take(most.of(left.len())) {
        let why = match other {
            Other::Done => continue,
            Other::NotReviewed => "the plan does not delete it".to_owned(),
            Other::Lifted => "the mark that kept it was lifted since".to_owned(),
            Other::Kept => "it is kept now".to_owned(),
            Other::Grown(id) => {
                let other = path(*id).unwrap_or_else(|| id.to_string());
                format!("it has `{other}` in it, which the plan does not name")
            }
            Other::Changed(id) => {
                let other = path(*id).unwrap_or_else(|| id.to_string());
                format!("`{other}` in it has another name, place or size than reviewed")
            }
            Other::Contents => "what is in it is other than reviewed".to_owned(),
            Other::Renamed => "it has another name than reviewed".to_owned(),
            Other::Moved => "it lies in another place than reviewed".to_owned(),
            Other::Resized => "it has another size than reviewed".to_owned(),
            Other::Unread => "it could not be read again before it was to go".to_owned(),
        };
        writeln!(sink, "    {}  {why}", named(*id, path))?;
    }
    most.fold(left.len(), style, sink)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_glance_shows_the_first_few_and_how_many_more_there_are() {
        let left: Vec<LeftAlone> = (0..60)
            .map(|n| LeftAlone {
                id: AssetId::from_uuid(Uuid::from_u128(n)),
                other: Other::Kept,
            })
            .collect();
        let lines = |most, number: usize| {
            let mut shown = Vec::new();
            let style = Style { colour: false };
            left_alone(&left[..number], &|_| None, ([most; 2], style), &mut shown).unwrap();
            let shown = String::from_utf8(shown).unwrap();
            let rows = shown
                .lines()
                .filter(|line| line.ends_with("it is kept now"));
            let more = shown.lines().find(|line| line.contains("more"));
            (rows.count(), more.map(|more| more.trim().to_owned()))
        };
        let more = |more: &str| Some(format!("… {more}"));
        let all = Most::Lines(10, "`retire plan` shows all");
        assert_eq!(
            lines(Most::Glance, 60),
            (3, more("57 more; `--full` shows all"))
        );
        assert_eq!(lines(Most::Glance, 3), (3, None));
        assert_eq!(
            lines(all, 60),
            (9, more("51 more; `retire plan` shows all"))
        );
        assert_eq!(lines(all, 10), (10, None));
        assert_eq!(lines(Most::All, 60), (60, None));
    }
}
