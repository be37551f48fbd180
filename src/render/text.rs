//! A plan for people: totals first, then one line an asset, grouped by what is to happen.

use std::io::{self, Write};

use crate::plan::{Checked, Plan};
use crate::render::lines::{self, Most, Order, line};
use crate::render::listing::Listing;
use crate::render::model::plan::aside::Waiting;
use crate::render::model::plan::assets::{by_group, title};
use crate::render::model::plan::told::{Told, told};
use crate::render::model::plan::view::PlanView;
use crate::render::model::{Block, Change, Group, Item, Line};
use crate::render::places::Places;
use crate::render::rows::{self, Page, Widths};
use crate::render::tree::{self, Shape, Tree};
use crate::render::{Style, checked, counted, either, words};

/// How many rows a terminal has for assets, folders, projects and holds, and for what is said of
/// single assets below: with the totals around them a plan is seen at once. `--full` shows all.
pub(super) const ROWS: usize = 20;

/// How many of them are for assets, folders and projects, whatever else there is.
const LEAST_ROWS: usize = 6;

/// Writes a plan for people.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn plan(view: &PlanView<'_>, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let page = Page {
        width: view.width,
        full: view.full,
        now: view.now,
        style,
    };
    let Told {
        worth,
        loosened,
        beyond,
        notes,
        part,
        headline,
        changes,
        holds,
        forecast,
        unsettled,
        taken_back,
        unchecked,
        single,
        against,
    } = told(view);
    match view.checked {
        Checked::Live(_) => {}
        Checked::NotChecked => page.heading(checked::NOT_CHECKED, sink)?,
    }
    prose(&worth, &page, sink)?;
    for line in &loosened {
        writeln!(sink, "{}", lines::cut(line, &page))?;
    }
    prose(&beyond, &page, sink)?;
    prose(&notes, &page, sink)?;
    if !loosened.is_empty() || !notes.is_empty() {
        writeln!(sink)?;
    }
    prose(&part, &page, sink)?;
    page.heading(&headline.text(), sink)?;
    let changes: Vec<Line> = changes.iter().map(Change::line).collect();
    prose(&changes, &page, sink)?;

    let most = if page.folds() {
        Most::GLANCE
    } else {
        Most::All
    };
    let below: usize = single.iter().map(lines::at_a_glance).sum();
    // A blank one, and the title.
    let of_holds = holds.as_ref().map(|holds| 2 + lines::at_a_glance(holds));
    assets(view, (page, below + of_holds.unwrap_or(0)), sink)?;
    if let Some(holds) = &holds {
        self::holds(holds, most, &page, sink)?;
    }
    if forecast.is_some() {
        writeln!(sink)?;
    }
    let mut folded = 0_usize;
    for block in forecast.iter().flatten() {
        match block {
            Block::Paragraph(said) => page.prose(&line(said, style), sink)?,
            Block::Item(_) if page.folds() => folded += 1,
            Block::Item(said) => page.prose(&format!("  {}", line(said, style)), sink)?,
        }
    }
    // One of them is named.
    let folded = folded.saturating_sub(1);
    words::fold(2, folded, "more; `--full` shows all", style, sink)?;
    prose(
        unsettled.iter().chain(&taken_back).chain(&unchecked),
        &page,
        sink,
    )?;
    for group in &single {
        lines::group(group, (most, Order::Names, style), sink)?;
    }
    prose([&against], &page, sink)
}

/// Writes sentences, each in several lines where the terminal has no room for it in one.
fn prose<'said>(
    said: impl IntoIterator<Item = &'said Line>,
    page: &Page,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut said = said.into_iter();
    said.try_for_each(|said| page.prose(&line(said, page.style), sink))
}

/// Writes holds, a row each, but for what is read to its end.
fn holds(group: &Group<'_>, most: Most, page: &Page, sink: &mut dyn Write) -> io::Result<()> {
    writeln!(sink)?;
    prose(&group.title, page, sink)?;
    let shown = most.of(group.total());
    let items = group.parts.iter().flat_map(|part| part.rows.items());
    for item in items.take(shown) {
        match item {
            Item::Whole(said) => page.prose(&format!("  {}", line(&said, page.style)), sink)?,
            Item::Line(said) | Item::Numbered(_, said) => {
                writeln!(sink, "  {}", page.cut(&said.text(), 2))?;
            }
            Item::Asset(row) => writeln!(sink, "  {}", row.id)?,
        }
    }
    words::fold(2, group.total() - shown, group.more, page.style, sink)
}

/// Writes the assets, grouped by what is to happen, and then by where they lie; so many lines are taken
/// `beside` them.
fn assets(
    view: &PlanView<'_>,
    (page, beside): (Page, usize),
    sink: &mut dyn Write,
) -> io::Result<()> {
    let plan = view.plan;
    let listing = Listing { plan, page };
    let groups = by_group(plan).into_iter().map(|(group, leaves)| {
        let title = title(group, &leaves);
        (title, Tree::new(leaves, &|leaf| listing.said(leaf)))
    });
    let (titles, mut trees): (Vec<Line>, Vec<Tree<'_>>) = groups.unzip();
    let folders = trees.iter().flat_map(|tree| tree.projects.iter().flatten());
    let places = Places::new(folders.map(|folder| folder.spot));
    let shapes = if page.folds() {
        let rows = ROWS.saturating_sub(beside).max(LEAST_ROWS);
        tree::fold(&mut trees, rows, &|leaf, folder| {
            listing.asset(leaf, folder, Widths::WIDEST).len()
        })
    } else {
        trees.iter().map(Shape::whole).collect()
    };
    for ((title, tree), shape) in titles.iter().zip(&trees).zip(&shapes) {
        writeln!(sink)?;
        prose([title], &page, sink)?;
        listing.write(tree, shape, &places, sink)?;
    }
    Ok(())
}

/// Says how many files go, and what they weigh: `342 files, 142 GB`; and what is asked for then:
/// `To delete them`.
pub(crate) fn goes(plan: &Plan) -> (String, &'static str) {
    let number = plan.totals.to_type();
    let them = match Waiting::of(plan) {
        Waiting::None | Waiting::Some { .. } => either(number, "delete it", "delete them"),
        Waiting::All { .. } => either(number, "move it aside", "move them aside"),
    };
    let going = plan.going();
    if going.files == 0 {
        return (counted(plan.totals.deletes(), "asset", "assets"), them);
    }
    let size = rows::sized(going).map_or_else(String::new, |size| format!(", {size}"));
    (format!("{}{size}", rows::files(going)), them)
}
