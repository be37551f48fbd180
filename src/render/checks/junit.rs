//! Checks as `JUnit`, which every CI system shows: a suite for each sort of thing, a case for each.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::render::checks::{Check, Verdict};
use crate::render::escape::escape;
use crate::render::names::Shown;

/// The name of the report, by which a file is told to be one.
pub(crate) const NAME: &str = "retire";

/// Writes the report.
///
/// # Errors
///
/// Returns what the sink says.
pub(crate) fn junit(checks: &Shown<Vec<Check>>, sink: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new(NAME);
    let mut suites: Vec<&'static str> = Vec::new();
    for check in checks.iter() {
        if !suites.contains(&check.suite) {
            suites.push(check.suite);
        }
    }
    for name in suites {
        let mut suite = TestSuite::new(name);
        let own = checks.iter().filter(|check| check.suite == name);
        suite.add_test_cases(own.map(case));
        report.add_test_suite(suite);
    }
    let written = report.serialize(&mut *sink);
    written.map_err(io::Error::other)?;
    Ok(())
}

fn case(check: &Check) -> TestCase {
    let message = escape(check.message.shown()).into_owned();
    let status = match check.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Waits | Verdict::Kept | Verdict::Warned => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(message);
            status
        }
        Verdict::Refused | Verdict::Failed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(message);
            status.set_type(check.code);
            status
        }
    };
    let mut case = TestCase::new(escape(check.subject.shown()).into_owned(), status);
    case.set_classname(check.code);
    if let Some(place) = &check.place {
        let file = escape(&place.file).into_owned();
        case.extra.insert("file".into(), file.into());
        case.extra
            .insert("line".into(), place.line.to_string().into());
    }
    if let Some(id) = check.id {
        case.add_property(("id", &*id.to_string()));
    }
    case
}
