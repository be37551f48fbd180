//! How commands print what they say.

use clap::ValueEnum;

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    Text,
    /// A unified diff of the state file.
    Diff,
    /// The plan document.
    Json,
    /// For the comment on a pull request, or to be mailed or pasted.
    Markdown,
    /// A page of its own.
    Html,
    /// Annotations of a GitHub workflow.
    Github,
    /// The code quality document of GitLab.
    Gitlab,
    /// JUnit.
    Junit,
}

impl PlanFormat {
    /// How it is written on a command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// How the checks of manifests are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people.
    Text,
    /// Annotations of a GitHub workflow.
    Github,
    /// The code quality document of GitLab.
    Gitlab,
    /// JUnit.
    Junit,
}

/// How a run is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// For people.
    Text,
    /// For a comment, or to be mailed or pasted.
    Markdown,
    /// A page of its own.
    Html,
    /// Annotations of a GitHub workflow.
    Github,
    /// The code quality document of GitLab.
    Gitlab,
    /// JUnit.
    Junit,
}

/// How a state, a saved plan or a run is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For a comment, or to be mailed or pasted.
    Markdown,
    /// A page of its own.
    Html,
}

/// What is printed that can be written into a file as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printed {
    /// For a comment.
    Markdown,
    /// A page of its own.
    Html,
    /// Annotations of a GitHub workflow.
    Github,
    /// The code quality document of GitLab.
    Gitlab,
    /// JUnit.
    Junit,
}

impl From<CheckFormat> for Option<Printed> {
    fn from(format: CheckFormat) -> Self {
        match format {
            CheckFormat::Text => None,
            CheckFormat::Github => Some(Printed::Github),
            CheckFormat::Gitlab => Some(Printed::Gitlab),
            CheckFormat::Junit => Some(Printed::Junit),
        }
    }
}

impl From<RunFormat> for Option<Printed> {
    fn from(format: RunFormat) -> Self {
        match format {
            RunFormat::Text => None,
            RunFormat::Markdown => Some(Printed::Markdown),
            RunFormat::Html => Some(Printed::Html),
            RunFormat::Github => Some(Printed::Github),
            RunFormat::Gitlab => Some(Printed::Gitlab),
            RunFormat::Junit => Some(Printed::Junit),
        }
    }
}

impl From<PlanFormat> for Option<Printed> {
    fn from(format: PlanFormat) -> Self {
        match format {
            PlanFormat::Text | PlanFormat::Diff | PlanFormat::Json => None,
            PlanFormat::Markdown => Some(Printed::Markdown),
            PlanFormat::Html => Some(Printed::Html),
            PlanFormat::Github => Some(Printed::Github),
            PlanFormat::Gitlab => Some(Printed::Gitlab),
            PlanFormat::Junit => Some(Printed::Junit),
        }
    }
}

impl From<ShowFormat> for Option<Printed> {
    fn from(format: ShowFormat) -> Self {
        match format {
            ShowFormat::Text | ShowFormat::Json => None,
            ShowFormat::Markdown => Some(Printed::Markdown),
            ShowFormat::Html => Some(Printed::Html),
        }
    }
}
