//! Lines and groups of a report as text for people: what is said is in the model, and here it is laid
//! out.

use std::io::{self, Write};

use crate::render::escape::escape;
use crate::render::model::{Group, Item, Line, Part, Piece, Row};
use crate::render::rows::Page;
use crate::render::{Paint, Style, share, words};

/// How much of one list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Most {
    /// So many, and how many more there are.
    First(usize),
    /// So many lines, the last of which says how many more there are.
    Lines(usize),
    /// Each of them.
    All,
}

/// How many of one list are shown where what stands around it is to be seen at once.
const GLANCE: usize = 3;

impl Most {
    /// The first few.
    pub(super) const GLANCE: Self = Self::First(GLANCE);

    /// How many of so many are shown.
    pub(super) fn of(self, all: usize) -> usize {
        match self {
            Self::First(most) => all.min(most),
            Self::Lines(lines) if all > lines => lines.saturating_sub(1),
            Self::Lines(_) | Self::All => all,
        }
    }
}

/// A line as a terminal shows it.
pub(super) fn line(line: &Line, style: Style) -> String {
    dressed(line, None, style)
}

/// The same, with a look of their own for texts from elsewhere.
fn dressed(line: &Line, foreign: Option<Paint>, style: Style) -> String {
    let pieces = line.0.iter().map(|piece| match piece {
        Piece::Words(words) => words.clone(),
        Piece::Strong(paint, words) => style.paint(*paint, words).to_string(),
        Piece::Foreign(text) => match foreign {
            Some(paint) => style.paint(paint, escape(text.shown())).to_string(),
            None => escape(text.shown()).into_owned(),
        },
        Piece::Quoted(text) => format!("`{}`", escape(text.shown())),
    });
    pieces.collect()
}

/// A line in one row, cut where that has no room for all of it.
pub(super) fn cut(said: &Line, page: &Page) -> String {
    let text = said.text();
    let cut = page.cut(&text, 0);
    match said.0.first() {
        _ if *cut == *text => line(said, page.style),
        Some(Piece::Strong(paint, word)) => {
            let rest = cut.strip_prefix(&**word);
            rest.map_or_else(
                || cut.to_string(),
                |rest| format!("{}{rest}", page.style.paint(*paint, word)),
            )
        }
        Some(Piece::Words(_) | Piece::Foreign(_) | Piece::Quoted(_)) | None => cut.into_owned(),
    }
}

/// How many lines a list takes, its rows and what they have in common.
pub(super) fn lines_of(group: &Group<'_>) -> usize {
    group.total() + heads(group)
}

/// How many lines it takes at a glance, its title being no part of them.
pub(super) fn at_a_glance(group: &Group<'_>) -> usize {
    let all = lines_of(group);
    Most::GLANCE.of(all) + usize::from(all > GLANCE)
}

fn heads(group: &Group<'_>) -> usize {
    let heads = group.parts.iter().filter(|part| part.head.is_some());
    heads.count()
}

/// How assets stand below a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// By their names, with their ids behind.
    Names,
    /// By their ids, with no more than the first of what is said of each.
    Ids,
}

/// Writes a group below an empty line, as much of its rows as there is room for.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(super) fn group(
    group: &Group<'_>,
    (most, order, style): (Most, Order, Style),
    sink: &mut dyn Write,
) -> io::Result<()> {
    let Some(title) = &group.title else {
        return Ok(());
    };
    writeln!(sink, "\n{}", line(title, style))?;
    rows(group, (most, order, style), sink)
}

/// Writes the rows of a group, as many as there is room for.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(super) fn rows(
    group: &Group<'_>,
    (most, order, style): (Most, Order, Style),
    sink: &mut dyn Write,
) -> io::Result<()> {
    let lines = most.of(lines_of(group));
    // What they have in common wants an asset below it.
    let told = match heads(group) {
        0 => group.parts.len(),
        heads => heads.min(lines.div_ceil(2)),
    };
    let told = &group.parts[..told];
    let heads = told.iter().filter(|part| part.head.is_some()).count();
    let sizes: Vec<usize> = told.iter().map(|part| part.rows.len()).collect();
    let shares = share(&sizes, lines - heads);
    let first = group.parts.first();
    let indent = match (order, first.and_then(|part| part.rows.items().next())) {
        (Order::Names, Some(Item::Asset(_))) => 4,
        (Order::Ids, _) | (_, Some(Item::Line(_) | Item::Whole(_) | Item::Numbered(..)) | None) => {
            2
        }
    };
    for (part, share) in told.iter().zip(&shares) {
        let Part { head, rows } = part;
        if let Some((head, _)) = head {
            writeln!(sink, "  {}", dressed(head, Some(Paint::Bold), style))?;
        }
        let told = head.as_ref().map_or(0, |(_, told)| *told);
        for item in rows.items().take(*share) {
            match item {
                Item::Line(words) | Item::Whole(words) => {
                    writeln!(sink, "  {}", line(&words, style))?;
                }
                Item::Numbered(number, words) => {
                    writeln!(sink, "  {number:>5}  {}", line(&words, style))?;
                }
                Item::Asset(row) => match order {
                    Order::Names => writeln!(sink, "    {}", asset(&row, told))?,
                    Order::Ids => writeln!(sink, "  {}", recorded(&row))?,
                },
            }
        }
    }
    let more = group.total() - shares.iter().sum::<usize>();
    words::fold(indent, more, group.more, style, sink)
}

/// An asset by its place and its name, as far as these are known, its id and what is said of it.
fn asset(row: &Row, told: usize) -> String {
    let id = row.id.to_string();
    let said = row.said.iter().skip(told).map(|said| escape(said.shown()));
    let path = row.path().map(Into::into);
    let parts = path.into_iter().chain([id.into()]).chain(said);
    parts.collect::<Vec<_>>().join("  ")
}

/// An asset by its id, and the first of what is said of it.
fn recorded(row: &Row) -> String {
    let said = row.said.first().map(|said| escape(said.shown()));
    let said = row.path().map(Into::into).into_iter().chain(said);
    let said = said.filter(|said| !said.is_empty());
    let parts = [row.id.to_string().into()].into_iter().chain(said);
    parts.collect::<Vec<_>>().join("  ")
}

/// Writes what to do next.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(super) fn next(steps: &[Line], style: Style, sink: &mut dyn Write) -> io::Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(sink)?;
    words::heading(crate::render::model::NEXT, style, sink)?;
    steps
        .iter()
        .try_for_each(|step| writeln!(sink, "  - {}", line(step, style)))
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use uuid::Uuid;

    use super::*;
    use crate::asset::AssetId;
    use crate::manifest::document::Guard;
    use crate::plan::figure::{Loosened, SetAt};
    use crate::plan::{LeftAlone, Other};
    use crate::render::model::plan::told::loosened;
    use crate::render::shelter::{Knows, left_alone};

    #[test]
    fn on_a_terminal_what_is_looser_takes_a_line_each() {
        let said = loosened(&Loosened {
            guard: Guard::MaxPercent,
            project: Some("Tide".into()),
            limit: 85,
            set_at: SetAt::Waiver("m.yaml:7:13".into()),
            reason: Some("wrap of season 1".into()),
            until: Some("2040-02-29T10:00:00Z".parse().unwrap()),
        });
        let shown = |width, colour| {
            let page = Page {
                width,
                full: false,
                now: "2026-11-01T00:00:00Z".parse().unwrap(),
                style: Style { colour },
            };
            cut(&said, &page)
        };
        insta::assert_snapshot!(shown(None, false), @"loosened: `max-percent` is 85 % in `Tide` until 2040-02-29T10:00:00Z: wrap of season 1 (the waiver at m.yaml:7:13)");
        insta::assert_snapshot!(shown(Some(90), false), @"loosened: `max-percent` is 85 % in `Tide` until 2040-02-29T10:00:00Z: wrap of season 1 (t…");
        insta::assert_snapshot!(shown(Some(60), false), @"loosened: `max-percent` is 85 % in `Tide` until 2040-02-29T…");
        let word = Style { colour: true }.warning("loosened:");
        for width in [None, Some(60)] {
            let plain = shown(width, false);
            let rest = plain.strip_prefix("loosened:").unwrap();
            assert_eq!(shown(width, true), format!("{word}{rest}"));
        }
    }

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
            let knows: Knows<'_> = Rc::new(|_| None);
            let more = "more; `--full` shows all";
            for list in left_alone(&left[..number], &knows, more) {
                group(&list, (most, Order::Names, Style::default()), &mut shown).unwrap();
            }
            let shown = String::from_utf8(shown).unwrap();
            let rows = shown
                .lines()
                .filter(|line| line.ends_with("it is kept now"));
            let more = shown.lines().find(|line| line.contains("more"));
            (rows.count(), more.map(|more| more.trim().to_owned()))
        };
        let more = |more: &str| Some(format!("… {more}"));
        let all = Most::Lines(10);
        assert_eq!(
            lines(Most::GLANCE, 60),
            (3, more("57 more; `--full` shows all"))
        );
        assert_eq!(lines(Most::GLANCE, 3), (3, None));
        assert_eq!(lines(all, 60), (9, more("51 more; `--full` shows all")));
        assert_eq!(lines(all, 10), (10, None));
        assert_eq!(lines(Most::All, 60), (60, None));
    }
}
