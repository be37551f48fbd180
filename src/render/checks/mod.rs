//! What a command says to machines that show findings: one check an asset, a guard or a finding, from
//! which annotations, code quality and `JUnit` are written.

use crate::asset::AssetId;
use crate::diagnostic::{Finding, Place, Severity};
use crate::render::names::{Foreign, Names, Shown};

pub(crate) mod annotations;
pub(crate) mod gitlab;
pub(crate) mod junit;
pub(crate) mod plan;
pub(crate) mod run;

#[cfg(test)]
mod tests;

/// The suite of what concerns a whole command.
const COMMAND: &str = "retire";

/// What a check came to, the worst first: this is the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// The whole is refused because of it.
    Refused,
    /// The asset needs somebody.
    Failed,
    /// Somebody should look.
    Warned,
    /// The asset stays, as somebody wants it.
    Kept,
    /// The asset waits for its date.
    Waits,
    /// There is nothing to say against it.
    Passed,
}

/// What may be shown of checks.
pub(crate) fn shown(checks: Vec<Check>, names: Names) -> Shown<Vec<Check>> {
    let checks = checks.into_iter().map(|check| {
        let Check {
            verdict,
            code,
            place,
            suite,
            subject,
            message,
            id,
        } = check;
        Check {
            verdict,
            code,
            // A manifest may be called as a project is.
            place: place.filter(|_| names != Names::Off),
            suite,
            subject: subject.withheld(names),
            message: message.withheld(names),
            id,
        }
    });
    Shown::new(checks.collect())
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) verdict: Verdict,
    /// A stable name for this sort of check.
    pub(crate) code: &'static str,
    /// Where the manifest or the settings say it.
    pub(crate) place: Option<Place>,
    /// What it belongs to: the name of a suite.
    pub(crate) suite: &'static str,
    /// What was checked; a text from elsewhere.
    pub(crate) subject: Foreign,
    /// What is to say of it; texts from elsewhere are in it.
    pub(crate) message: Foreign,
    /// The asset, where it is one.
    pub(crate) id: Option<AssetId>,
}

impl Check {
    /// A finding in a document.
    pub(crate) fn of_finding(finding: &Finding) -> Self {
        let Finding {
            code,
            severity,
            place,
            message,
            snippet: _,
            related,
            hint,
        } = finding;
        let related = related.iter().map(|(place, why)| format!("{place}: {why}"));
        let lines: Vec<String> = [message.clone()]
            .into_iter()
            .chain(related)
            .chain(hint.clone())
            .collect();
        Self {
            verdict: match severity {
                Severity::Error => Verdict::Refused,
                Severity::Warning => Verdict::Warned,
            },
            code,
            place: Some(place.clone()),
            suite: "manifests",
            subject: Foreign::new(place.to_string()).without_file(),
            message: Foreign::new(lines.join("; ")).or(*code),
            id: None,
        }
    }

    /// Why a command did nothing.
    pub(crate) fn of_failure(message: Foreign, hint: Option<&'static str>) -> Self {
        let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
        Self {
            verdict: Verdict::Refused,
            code: "refused",
            place: None,
            suite: COMMAND,
            subject: Foreign::own(COMMAND),
            message: message.and(&hint),
            id: None,
        }
    }

    /// A document in which nothing is wrong.
    pub(crate) fn passed(file: &str) -> Self {
        Self {
            verdict: Verdict::Passed,
            code: "manifest",
            place: None,
            suite: "manifests",
            subject: Foreign::new(file).without_file(),
            message: Foreign::default(),
            id: None,
        }
    }

    /// Whether somebody is to see it.
    const fn is_shown(&self) -> bool {
        match self.verdict {
            Verdict::Refused
            | Verdict::Failed
            | Verdict::Warned
            | Verdict::Kept
            | Verdict::Waits => true,
            Verdict::Passed => false,
        }
    }

    /// What was checked and what is to say of it, in one line.
    fn words(&self) -> String {
        if self.id.is_some() {
            format!("{}: {}", self.subject.shown(), self.message.shown())
        } else {
            self.message.shown().to_owned()
        }
    }
}
