//! What CI systems say in variables: whose job it is, of which commit, and where it is shown.

use crate::cli::env::Environment;

impl Environment {
    /// Who started the CI job, as far as the environment tells.
    pub(crate) fn ci_actor(&self) -> Option<String> {
        self.first(&[
            "GITHUB_ACTOR",
            "GITLAB_USER_LOGIN",
            // Jenkins, with its build-user plug-in.
            "BUILD_USER_ID",
            "CIRCLE_USERNAME",
            "BUILDKITE_BUILD_CREATOR",
            // Azure Pipelines.
            "BUILD_REQUESTEDFOR",
            "BITBUCKET_STEP_TRIGGERER_UUID",
            "DRONE_BUILD_TRIGGER",
            "CODEBUILD_INITIATOR",
        ])
    }

    /// Who wrote the commit that the CI job runs from, as far as the environment tells.
    pub(crate) fn ci_author(&self) -> Option<String> {
        // GitLab and Woodpecker.
        self.first(&["CI_COMMIT_AUTHOR"])
    }

    /// Who let the CI job begin, as far as the environment tells: only GitLab does, of a manual job.
    pub(crate) fn ci_approver(&self) -> Option<String> {
        let is_manual = self.text("CI_JOB_MANUAL").ok()? == Some("true");
        let user = self.first(&["GITLAB_USER_LOGIN"]);
        user.filter(|_| is_manual)
    }

    /// The git commit that the CI job runs from, as far as the environment tells.
    pub(crate) fn ci_commit(&self) -> Option<String> {
        let names = [
            "GITHUB_SHA",
            // GitLab and Woodpecker.
            "CI_COMMIT_SHA",
            // Jenkins.
            "GIT_COMMIT",
            "CIRCLE_SHA1",
            "BUILDKITE_COMMIT",
            // Azure Pipelines.
            "BUILD_SOURCEVERSION",
            "BITBUCKET_COMMIT",
            "DRONE_COMMIT_SHA",
            "TRAVIS_COMMIT",
            "CODEBUILD_RESOLVED_SOURCE_VERSION",
        ];
        let texts = names.iter().filter_map(|name| self.text(name).ok()?);
        texts
            // Some of them may say `HEAD`, or a number of another system.
            .filter(|text| text.chars().all(|letter| letter.is_ascii_hexdigit()))
            .map(str::to_owned)
            .next()
    }

    /// Whether the CI job is that of a change that is not merged yet, as far as the environment tells.
    pub(crate) fn is_before_merge(&self) -> bool {
        let is = |name: &str, wanted: &[&str]| {
            let text = self.text(name).ok().flatten();
            text.is_some_and(|text| wanted.contains(&text))
        };
        // Numbers and addresses of such a change.
        let named = [
            "CI_MERGE_REQUEST_IID",
            // Woodpecker.
            "CI_COMMIT_PULL_REQUEST",
            // Jenkins.
            "CHANGE_ID",
            "CIRCLE_PULL_REQUEST",
            "BUILDKITE_PULL_REQUEST",
            // Azure Pipelines.
            "SYSTEM_PULLREQUEST_PULLREQUESTID",
            "BITBUCKET_PR_ID",
            "DRONE_PULL_REQUEST",
            "TRAVIS_PULL_REQUEST",
        ];
        // Some of them say `false` where there is none.
        let is_named = |name: &&str| self.has(name) && !is(name, &["false"]);
        let events = ["pull_request", "pull_request_target"];
        is("GITHUB_EVENT_NAME", &events) || named.iter().any(is_named)
    }

    /// The address of the CI job that this runs in, as far as the environment tells; some runners
    /// have a user and a password in it.
    pub(crate) fn ci(&self) -> Option<String> {
        let joined = |parts: [&str; 5]| {
            let [root, between, middle, before, number] = parts;
            let (root, number) = (self.text(root).ok()??, self.text(number).ok()??);
            let middle = if middle.is_empty() {
                String::new()
            } else {
                self.text(middle).ok()??.replace(' ', "%20")
            };
            let root = root.trim_end_matches('/');
            Some(format!("{root}{between}{middle}{before}{number}"))
        };
        let single = [
            // GitLab.
            "CI_JOB_URL",
            "BUILDKITE_BUILD_URL",
            "CIRCLE_BUILD_URL",
            // Jenkins.
            "BUILD_URL",
            "DRONE_BUILD_LINK",
            // Woodpecker.
            "CI_PIPELINE_URL",
            "TRAVIS_BUILD_WEB_URL",
            "CODEBUILD_PUBLIC_BUILD_URL",
        ];
        joined([
            "GITHUB_SERVER_URL",
            "/",
            "GITHUB_REPOSITORY",
            "/actions/runs/",
            "GITHUB_RUN_ID",
        ])
        .or_else(|| self.first(&single))
        .or_else(|| {
            // Azure Pipelines.
            joined([
                "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
                "/",
                "SYSTEM_TEAMPROJECT",
                "/_build/results?buildId=",
                "BUILD_BUILDID",
            ])
        })
        .or_else(|| {
            joined([
                "BITBUCKET_GIT_HTTP_ORIGIN",
                "",
                "",
                "/pipelines/results/",
                "BITBUCKET_BUILD_NUMBER",
            ])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    #[test]
    fn what_waits_for_a_merge_is_known() {
        for (pairs, wanted) in [
            (&[("GITHUB_EVENT_NAME", "pull_request")][..], true),
            (&[("GITHUB_EVENT_NAME", "push")], false),
            (&[("GITHUB_EVENT_NAME", "schedule")], false),
            (&[("CI_MERGE_REQUEST_IID", "7")], true),
            (&[("CI_PIPELINE_SOURCE", "push")], false),
            (&[("BUILDKITE_PULL_REQUEST", "false")], false),
            (&[("BUILDKITE_PULL_REQUEST", "7")], true),
            (&[("CHANGE_ID", "")], false),
            (&[], false),
        ] {
            assert_eq!(environment(pairs).is_before_merge(), wanted, "{pairs:?}");
        }
    }

    /// What a CI system sets, and what is read from it: actor, commit, address of the job.
    type Row<'row> = (&'row [(&'row str, &'row str)], [Option<&'row str>; 3]);

    #[test]
    fn the_run_knows_where_it_comes_from() {
        let rows: [Row<'_>; 8] = [
            (
                &[
                    ("GITHUB_ACTOR", "ana"),
                    ("GITHUB_SHA", "abc"),
                    ("GITHUB_SERVER_URL", "https://git.example"),
                    ("GITHUB_REPOSITORY", "studio/retire"),
                    ("GITHUB_RUN_ID", "7"),
                ],
                [
                    Some("ana"),
                    Some("abc"),
                    Some("https://git.example/studio/retire/actions/runs/7"),
                ],
            ),
            (
                &[
                    ("GITLAB_USER_LOGIN", "bo"),
                    ("CI_COMMIT_SHA", "abc"),
                    ("CI_JOB_URL", "https://lab.example/-/jobs/7"),
                ],
                [
                    Some("bo"),
                    Some("abc"),
                    Some("https://lab.example/-/jobs/7"),
                ],
            ),
            (
                &[
                    ("GIT_COMMIT", "abc"),
                    ("BUILD_URL", "https://jenkins.example/7/"),
                ],
                [None, Some("abc"), Some("https://jenkins.example/7/")],
            ),
            (
                &[
                    ("BUILDKITE_BUILD_CREATOR", "Cy"),
                    ("BUILDKITE_COMMIT", "HEAD"),
                    ("BUILDKITE_BUILD_URL", "https://kite.example/7"),
                ],
                [Some("Cy"), None, Some("https://kite.example/7")],
            ),
            (
                &[
                    ("BUILD_REQUESTEDFOR", "Di"),
                    ("BUILD_SOURCEVERSION", "abc"),
                    (
                        "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
                        "https://azure.example/studio/",
                    ),
                    ("SYSTEM_TEAMPROJECT", "Show One"),
                    ("BUILD_BUILDID", "7"),
                ],
                [
                    Some("Di"),
                    Some("abc"),
                    Some("https://azure.example/studio/Show%20One/_build/results?buildId=7"),
                ],
            ),
            (
                &[
                    ("BITBUCKET_COMMIT", "abc"),
                    (
                        "BITBUCKET_GIT_HTTP_ORIGIN",
                        "https://bucket.example/studio/retire",
                    ),
                    ("BITBUCKET_BUILD_NUMBER", "7"),
                ],
                [
                    None,
                    Some("abc"),
                    Some("https://bucket.example/studio/retire/pipelines/results/7"),
                ],
            ),
            (
                &[
                    ("DRONE_BUILD_TRIGGER", "ed"),
                    ("DRONE_COMMIT_SHA", "abc"),
                    ("DRONE_BUILD_LINK", "https://drone.example/7"),
                ],
                [Some("ed"), Some("abc"), Some("https://drone.example/7")],
            ),
            (&[("USER", "fay"), ("GITHUB_REPOSITORY", "x")], [None; 3]),
        ];
        for (variables, expected) in rows {
            let environment = environment(variables);
            let found = [
                environment.ci_actor(),
                environment.ci_commit(),
                environment.ci(),
            ];
            assert_eq!(found.each_ref().map(Option::as_deref), expected);
        }
    }

    /// What a CI system sets, and what is read from it: author and approver.
    type Approved<'row> = (&'row [(&'row str, &'row str)], [Option<&'row str>; 2]);

    #[test]
    fn who_approved_a_job_is_only_known_where_the_ci_system_says_so() {
        let author = ("CI_COMMIT_AUTHOR", "Ana <ana@studio.example>");
        let user = ("GITLAB_USER_LOGIN", "bo");
        let rows: [Approved<'_>; 5] = [
            (
                &[author, user, ("CI_JOB_MANUAL", "true")],
                [Some("Ana <ana@studio.example>"), Some("bo")],
            ),
            (&[author, user], [Some("Ana <ana@studio.example>"), None]),
            (&[user, ("CI_JOB_MANUAL", "false")], [None; 2]),
            (&[("CI_JOB_MANUAL", "true")], [None; 2]),
            // No variable of GitHub names either of them.
            (&[("GITHUB_ACTOR", "ana"), ("GITHUB_SHA", "abc")], [None; 2]),
        ];
        for (variables, expected) in rows {
            let environment = environment(variables);
            let found = [environment.ci_author(), environment.ci_approver()];
            assert_eq!(found.each_ref().map(Option::as_deref), expected);
        }
    }
}
