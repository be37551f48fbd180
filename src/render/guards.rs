//! What the guards say of a plan, for people.

use std::io::{self, Write};

use crate::manifest::document::Guard;
use crate::plan::figure::{Found, Report};
use crate::render::counted;
use crate::render::escape::escape;
use crate::render::moment;
use crate::render::rows::Page;

/// Says at the top of a plan which guards are looser than usual, and what does not count as it may
/// have been meant.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(super) fn loosened(report: &Report, page: &Page, sink: &mut dyn Write) -> io::Result<()> {
    for loosened in &report.loosened {
        let word = page.style.warning("loosened:");
        if page.folds() {
            // A line each: what counts stands first, and where it is set only where it fits.
            let place = format!(" ({})", loosened.set_at);
            let text = loosened.to_string();
            let what = text.strip_suffix(&place).unwrap_or(&text);
            let until = loosened.until.map(|until| until.strftime(" until %F"));
            let until = until.map_or_else(String::new, |until| until.to_string());
            let reason = loosened.reason.as_ref();
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            let text = format!("{what}{until}{reason}");
            let whole = format!("{text}{place}");
            let [text, whole] = [&text, &whole].map(|text| escape(text));
            let taken = "loosened: ".len();
            let fits = page.cut(&whole, taken) == whole;
            let text = if fits { whole } else { page.cut(&text, taken) };
            writeln!(sink, "{word} {text}")?;
            continue;
        }
        let until = loosened
            .until
            .map_or_else(String::new, |until| format!(" until {}", moment(until)));
        let reason = loosened.reason.as_ref();
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        let text = format!("{loosened}{until}{reason}");
        page.prose(&format!("{word} {}", escape(&text)), sink)?;
    }
    for note in &report.notes {
        let word = page.style.warning("note:");
        page.prose(&format!("{word} {}", escape(&note.to_string())), sink)?;
    }
    if !report.loosened.is_empty() || !report.notes.is_empty() {
        writeln!(sink)?;
    }
    Ok(())
}

/// Says below a plan what the guards did not check, since nobody has read it.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(super) fn unchecked(report: &Report, page: &Page, sink: &mut dyn Write) -> io::Result<()> {
    let of_all = report.figures.iter();
    let of_all = of_all.filter(|figure| figure.project.is_none() && figure.unread > 0);
    let most = of_all.clone().map(|figure| figure.unread).max();
    let names: Vec<String> = of_all.map(|figure| quoted(figure.guard)).collect();
    let unread = most.map(|most| {
        let assets = counted(most, "asset that was not read", "assets that were not read");
        format!("{} for {assets}", names.join(", "))
    });
    let mut of_projects = report.figures.iter();
    let share = of_projects
        .any(|figure| figure.guard == Guard::MaxPercent && figure.found == Found::Unchecked);
    let share = share.then(|| format!("{} at all", quoted(Guard::MaxPercent)));
    let all: Vec<String> = unread.into_iter().chain(share).collect();
    if all.is_empty() {
        return Ok(());
    }
    page.prose(&format!("Not checked with v2: {}.", all.join("; ")), sink)
}

fn quoted(guard: Guard) -> String {
    format!("`{}`", guard.name())
}

/// Writes what each of several guards refuses, and the waivers that would allow a plan, as a
/// manifest takes them.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn waivers(report: &Report, sink: &mut dyn Write) -> io::Result<()> {
    let refused = report.refused().map(ToString::to_string);
    let incomplete = report.incomplete.iter().map(ToString::to_string);
    let all: Vec<String> = refused.chain(incomplete).collect();
    if all.len() > 1 {
        writeln!(sink)?;
        for refusal in all {
            writeln!(sink, "  {}", escape(&refusal))?;
        }
    }
    let waivers = report.refused().filter_map(|figure| {
        let project = figure.project.as_ref();
        let name = project.and_then(|project| project.name.as_deref());
        let name = name.map_or_else(String::new, |name| format!("  # {}", escape(name)));
        Some(format!("{}{name}", figure.waiver(report.at)?))
    });
    let waivers: Vec<String> = waivers.collect();
    if waivers.is_empty() {
        return Ok(());
    }
    writeln!(sink, "\nin a manifest, once somebody has agreed:\nwaivers:")?;
    for waiver in waivers {
        writeln!(sink, "  {waiver}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::figure::{Loosened, SetAt};
    use crate::render::Style;

    #[test]
    fn on_a_terminal_what_is_looser_takes_a_line_each() {
        let report = Report {
            at: "2026-11-01T00:00:00Z".parse().unwrap(),
            checked: true,
            loosened: vec![Loosened {
                guard: Guard::MaxPercent,
                project: Some("Tide".into()),
                limit: 85,
                set_at: SetAt::Waiver("m.yaml:7:13".into()),
                reason: Some("wrap of season 1".into()),
                until: Some("2040-02-29T10:00:00Z".parse().unwrap()),
            }],
            notes: Vec::new(),
            figures: Vec::new(),
            incomplete: Vec::new(),
        };
        let shown = |width| {
            let page = Page {
                width,
                full: false,
                now: report.at,
                style: Style { colour: false },
            };
            let mut bytes = Vec::new();
            loosened(&report, &page, &mut bytes).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        insta::assert_snapshot!(shown(None).trim(), @"loosened: `max-percent` is 85 % in `Tide` (the waiver at m.yaml:7:13) until 2040-02-29T10:00:00Z: wrap of season 1");
        insta::assert_snapshot!(shown(Some(110)).trim(), @"loosened: `max-percent` is 85 % in `Tide` until 2040-02-29: wrap of season 1 (the waiver at m.yaml:7:13)");
        insta::assert_snapshot!(shown(Some(90)).trim(), @"loosened: `max-percent` is 85 % in `Tide` until 2040-02-29: wrap of season 1");
        insta::assert_snapshot!(shown(Some(60)).trim(), @"loosened: `max-percent` is 85 % in `Tide` until 2040-02-29:…");
    }
}
