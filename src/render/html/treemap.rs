//! How bytes are shared among projects and folders, as a picture: rectangles that are as near to
//! squares as they can be (Bruls, Huizing and van Wijk, "Squarified Treemaps", 2000).

use std::fmt::Write as _;

use crate::render::escape::escape;
use crate::render::html::markup::{Markup, of_text};
use crate::render::model::FolderRow;
use crate::render::rows::cut;
use crate::render::{count, counted};

/// How large the picture is.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 400.0;

/// How high the title of a project is.
const TITLE: f64 = 20.0;

/// How many folders have a rectangle of their own.
const MOST: usize = 400;

/// How wide a letter is about; a wide one takes two columns of these.
const LETTER: f64 = 7.0;

/// How many colours projects have, in turns.
const COLOURS: usize = 8;

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Area {
    const fn size(self) -> f64 {
        self.width * self.height
    }

    /// The rectangle within its edges.
    fn within(self, top: f64, edge: f64) -> Self {
        Self {
            x: self.x + edge,
            y: self.y + top,
            width: (self.width - 2.0 * edge).max(0.0),
            height: (self.height - top - edge).max(0.0),
        }
    }
}

/// One rectangle of the picture with its words.
struct Leaf {
    /// What it is called within its project; nothing at the top of it.
    label: String,
    /// What it is called where nothing else says the project.
    whole: String,
    words: String,
    bytes: u64,
}

/// The picture, of files or assets as `unit` says; nothing where no size is known.
pub(super) fn treemap(folders: &[FolderRow], unit: &str) -> Option<Markup> {
    let mut projects: Vec<(String, Vec<Leaf>)> = Vec::new();
    let measured = folders.iter().filter(|row| row.bytes > 0);
    for row in measured.clone().take(MOST) {
        let project = row.place.as_ref().and_then(|place| place.project.clone());
        let project = project.map_or_else(|| "?".to_owned(), |project| project.to_string());
        let folder = row.place.as_ref().map(|place| place.folder.to_string());
        let whole = row.label.clone();
        let whole = whole.unwrap_or_else(|| "nobody knows where".to_owned());
        let files = counted(row.files, unit.trim_end_matches('s'), unit);
        let leaf = Leaf {
            words: format!("{whole}: {}, {files}", row.size),
            label: folder.unwrap_or_default(),
            whole,
            bytes: row.bytes,
        };
        match projects.iter_mut().find(|(name, _)| *name == project) {
            Some((_, leaves)) => leaves.push(leaf),
            None => projects.push((project, vec![leaf])),
        }
    }
    let rest: Vec<&FolderRow> = measured.skip(MOST).collect();
    if !rest.is_empty() {
        let bytes = rest
            .iter()
            .map(|row| row.bytes)
            .fold(0, u64::saturating_add);
        let label = format!("{} smaller folders", count(rest.len()));
        let words = format!("{label}: {}", crate::render::size::bytes(bytes));
        let leaf = Leaf {
            label: String::new(),
            whole: label.clone(),
            words,
            bytes,
        };
        projects.push((label, vec![leaf]));
    }
    if projects.is_empty() {
        return None;
    }
    let sum = |leaves: &[Leaf]| {
        leaves
            .iter()
            .map(|leaf| leaf.bytes)
            .fold(0, u64::saturating_add)
    };
    projects.sort_by_key(|(_, leaves)| std::cmp::Reverse(sum(leaves)));
    let all = Area {
        x: 0.0,
        y: 0.0,
        width: WIDTH,
        height: HEIGHT,
    };
    let sizes: Vec<u64> = projects.iter().map(|(_, leaves)| sum(leaves)).collect();
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Bytes by project and folder; the table of folders says the same\" preserveAspectRatio=\"xMidYMid meet\">"
    );
    for (at, ((name, leaves), area)) in projects.iter().zip(squarify(&sizes, all)).enumerate() {
        draw_project((name, leaves), area, at % COLOURS, &mut svg);
    }
    svg.push_str("</svg>");
    Some(Markup(svg))
}

/// Draws a project with its folders.
fn draw_project((name, leaves): (&str, &[Leaf]), area: Area, colour: usize, svg: &mut String) {
    // Writing to a string cannot fail.
    write!(svg, "<g class=\"c{colour}\">").unwrap_or_default();
    let has_folders = leaves.iter().any(|leaf| !leaf.label.is_empty());
    let has_title = has_folders && area.height > 3.0 * TITLE && area.width > 60.0;
    if has_title {
        rectangle(area, "project", svg);
        words(name, area, svg);
    }
    let top = if has_title { TITLE } else { 0.0 };
    let edge = if has_title { 2.0 } else { 0.0 };
    let sizes: Vec<u64> = leaves.iter().map(|leaf| leaf.bytes).collect();
    for (leaf, area) in leaves.iter().zip(squarify(&sizes, area.within(top, edge))) {
        let title = of_text(&leaf.words);
        write!(svg, "<g><title>{title}</title>").unwrap_or_default();
        rectangle(area, "folder", svg);
        let label = match &*leaf.label {
            "" if has_title => "at the top",
            label if has_title => label,
            _ => &leaf.whole,
        };
        words(label, area, svg);
        svg.push_str("</g>");
    }
    svg.push_str("</g>");
}

fn rectangle(area: Area, class: &str, svg: &mut String) {
    let Area {
        x,
        y,
        width,
        height,
    } = area;
    write!(
        svg,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
    )
    .unwrap_or_default();
}

/// Writes what a rectangle is, as far as there is room.
fn words(label: &str, area: Area, svg: &mut String) {
    if area.height < TITLE {
        return;
    }
    let room = letters((area.width - 8.0) / LETTER);
    if room < 4 {
        return;
    }
    // What is shown is longer than the name where a page would obey some of it.
    let label = escape(label);
    let text = cut(&label, room);
    // Letters that are wider than most end at the edge of a picture in it.
    write!(
        svg,
        "<svg x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{TITLE}\"><text y=\"14\">{}</text></svg>",
        area.x + 4.0,
        area.y,
        area.width - 8.0,
        of_text(&text)
    )
    .unwrap_or_default();
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a width of some letters"
)]
fn letters(width: f64) -> usize {
    width.max(0.0) as usize
}

/// Shares an area among sizes, the largest of which comes first: each has its part of it, and is as
/// near to a square as that can be.
pub(super) fn squarify(sizes: &[u64], area: Area) -> Vec<Area> {
    let total: f64 = sizes.iter().map(|size| float(*size)).sum();
    let scale = if total > 0.0 {
        area.size() / total
    } else {
        0.0
    };
    let sizes: Vec<f64> = sizes.iter().map(|size| float(*size) * scale).collect();
    let mut areas = Vec::with_capacity(sizes.len());
    let (mut left, mut start) = (area, 0);
    while start < sizes.len() {
        let side = left.width.min(left.height);
        let mut end = start + 1;
        while end < sizes.len()
            && worst(&sizes[start..=end], side) <= worst(&sizes[start..end], side)
        {
            end += 1;
        }
        left = row(&sizes[start..end], left, &mut areas);
        start = end;
    }
    areas
}

/// How far from a square the worst of a row is along a side.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let largest = row.iter().copied().fold(0.0, f64::max);
    let smallest = row.iter().copied().fold(f64::INFINITY, f64::min);
    let (side, sum) = (side * side, sum * sum);
    if sum <= 0.0 || smallest <= 0.0 || side <= 0.0 {
        return f64::INFINITY;
    }
    (side * largest / sum).max(sum / (side * smallest))
}

/// Lays a row along the shorter side, and returns what is left of the area.
fn row(sizes: &[f64], area: Area, areas: &mut Vec<Area>) -> Area {
    let sum: f64 = sizes.iter().sum();
    let is_wide = area.width >= area.height;
    let side = if is_wide { area.height } else { area.width };
    let depth = if side > 0.0 { sum / side } else { 0.0 };
    let mut at = 0.0;
    for size in sizes {
        let length = if depth > 0.0 { size / depth } else { 0.0 };
        areas.push(if is_wide {
            Area {
                x: area.x,
                y: area.y + at,
                width: depth,
                height: length,
            }
        } else {
            Area {
                x: area.x + at,
                y: area.y,
                width: length,
                height: depth,
            }
        });
        at += length;
    }
    if is_wide {
        Area {
            x: area.x + depth,
            width: (area.width - depth).max(0.0),
            ..area
        }
    } else {
        Area {
            y: area.y + depth,
            height: (area.height - depth).max(0.0),
            ..area
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a part of a picture is rounded to a tenth of a point anyway"
)]
const fn float(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::inventory::Location;
    use crate::render::escape::columns;
    use crate::render::places::label;

    const ALL: Area = Area {
        x: 0.0,
        y: 0.0,
        width: 960.0,
        height: 400.0,
    };

    #[test]
    fn the_example_of_the_paper_comes_out_as_there() {
        let area = Area {
            width: 6.0,
            height: 4.0,
            ..ALL
        };
        let areas = squarify(&[6, 6, 4, 3, 2, 2, 1], area);
        let shown: Vec<String> = areas
            .iter()
            .map(|area| format!("{:.2}x{:.2}", area.width, area.height))
            .collect();
        assert_eq!(shown[..3], ["3.00x2.00", "3.00x2.00", "1.71x2.33"]);
    }

    #[test]
    fn no_word_is_longer_than_its_rectangle() {
        let names = [
            "\u{202e}\u{202d}\u{200b}\u{1b}[31m\u{7}".repeat(6),
            "🎬映画".repeat(20),
            "plain name of a folder".to_owned(),
            "\n".to_owned(),
        ];
        let mut shown = 0;
        for (many, name) in (1..40).flat_map(|many| names.iter().map(move |name| (many, name))) {
            let folders: Vec<FolderRow> = (0..many).map(|_| row(name)).collect();
            let Markup(picture) = treemap(&folders, "files").unwrap();
            for one in picture.split("<svg x=").skip(1) {
                let (_, width) = one.split_once("width=\"").unwrap();
                let (width, rest) = width.split_once('"').unwrap();
                let (_, text) = rest.split_once("<text y=\"14\">").unwrap();
                let (text, _) = text.split_once("</text>").unwrap();
                let columns = u32::try_from(columns(text)).unwrap();
                let width: f64 = width.parse().unwrap();
                assert!(
                    f64::from(columns) * LETTER <= width + 0.1,
                    "{text}: {width}"
                );
                shown += 1;
            }
        }
        assert!(shown > 100, "{shown}");
    }

    /// A folder of a project of this name.
    fn row(name: &str) -> FolderRow {
        let place = Location {
            project: Some(name.into()),
            folder: name.into(),
        };
        FolderRow {
            label: Some(label(&place)),
            place: Some(Arc::new(place)),
            project: None,
            folder: None,
            files: 1,
            bytes: 5,
            unmeasured: 0,
            storage: None,
            size: "5 B".to_owned(),
            oldest: None,
            changed: None,
        }
    }

    proptest! {
        #[test]
        fn each_has_its_part_and_none_lies_on_another(
            mut sizes in prop::collection::vec(1_u64..1 << 40, 1..60),
        ) {
            sizes.sort_unstable_by(|one, other| other.cmp(one));
            let areas = squarify(&sizes, ALL);
            prop_assert_eq!(areas.len(), sizes.len());
            let total: f64 = sizes.iter().map(|size| float(*size)).sum();
            for (size, area) in sizes.iter().zip(&areas) {
                let part = float(*size) / total * ALL.size();
                prop_assert!((area.size() - part).abs() <= ALL.size() * 1e-9, "{:?}", area);
                let ends = (area.x + area.width, area.y + area.height);
                prop_assert!(area.x >= -1e-6 && ends.0 <= ALL.width + 1e-6, "{:?}", area);
                prop_assert!(area.y >= -1e-6 && ends.1 <= ALL.height + 1e-6, "{:?}", area);
            }
            for (at, one) in areas.iter().enumerate() {
                for other in &areas[at + 1..] {
                    let width = (one.x + one.width).min(other.x + other.width) - one.x.max(other.x);
                    let height =
                        (one.y + one.height).min(other.y + other.height) - one.y.max(other.y);
                    let shared = width.max(0.0) * height.max(0.0);
                    prop_assert!(shared <= 1e-3, "{:?} and {:?}", one, other);
                }
            }
        }
    }
}
