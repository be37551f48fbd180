//! Why a run stopped.

use crate::event::{RateLimit, StopReason};
use crate::render::model::Line;
use crate::render::names::Foreign;
use crate::render::progress::roughly;
use crate::render::{count, counted};

/// Says why a run stopped, where that is an error.
pub(crate) fn stopped(reason: &StopReason) -> String {
    said(reason).text()
}

/// The same as a line of a report.
pub(crate) fn said(reason: &StopReason) -> Line {
    let because = |words: &str, detail: &str| Line::words(format!("{words}: ")).and_foreign(detail);
    match reason {
        StopReason::NotAuthenticated { detail } => {
            because("the server does not accept the token", detail)
        }
        StopReason::NoToken { detail } => Line::foreign(&**detail),
        StopReason::NotAuthorised { detail } => because("the server refuses the call", detail),
        StopReason::NotPaid { detail } => {
            because("what the account pays for does not allow the call", detail)
        }
        StopReason::NotReachable { detail } => because("the server could not be reached", detail),
        StopReason::WrongEndpoint { detail } => because(
            "the server does not answer as the Frame.io API does",
            detail,
        ),
        StopReason::RateLimited { call, seconds } => limited(call, *seconds),
        StopReason::NoAnswer { call, seconds } => unanswered(call, *seconds),
        StopReason::TooManyMissing { missing, answered } => Line::words(format!(
            "the server does not know {} of {}: this looks like the wrong account, token or server",
            count(*missing),
            counted(*answered, "asset", "assets")
        )),
        StopReason::TooManyFailures { failed, answered } => Line::words(format!(
            "the server refused {} of {}: this looks like a fault or a missing right",
            count(*failed),
            counted(*answered, "asset", "assets")
        )),
        StopReason::WrongAccount { missing } => Line::words(format!(
            "none of the {} that were asked for was found, and the state has no asset of this account yet: this is the wrong account or token",
            counted(*missing, "asset", "assets")
        )),
        StopReason::Ended { detail } => because(
            "v2 has ended: the server does not answer as that API does",
            detail,
        ),
        StopReason::FailedBatches { batches, detail } => {
            let batches = usize::try_from(*batches).unwrap_or(usize::MAX);
            let requests = counted(batches, "request", "requests");
            because(
                &format!("{requests} in a row failed: this looks like an outage"),
                detail,
            )
        }
        StopReason::TimeBudget => Line::words("the time budget is used up"),
        StopReason::Broken { detail } => because("a worker of this program broke down", detail),
        StopReason::NotRecorded { detail } => {
            because("`retire` could no longer write down what happens", detail)
        }
        StopReason::Signal { number } => Line::words(match number {
            1 => "its terminal was closed (SIGHUP)".to_owned(),
            2 => "interrupted (SIGINT)".to_owned(),
            15 => "terminated (SIGTERM)".to_owned(),
            number => format!("asked to by signal {number}"),
        }),
    }
}

fn limited(call: &str, seconds: u64) -> Line {
    let after = format!(
        "for another {}, and `--retry-for` ends before that",
        roughly(seconds)
    );
    if call == RateLimit::Token.name() {
        return Line::words("the token endpoint gives no token ").and(after);
    }
    let line = Line::words("the server lets no ").and_quoted(Foreign::own(call));
    line.and(" request through ").and(after)
}

fn unanswered(call: &str, seconds: u64) -> Line {
    let waited = roughly(seconds);
    let long = ", which is as long as `--retry-for` and `--retries` allow";
    if call == RateLimit::Token.name() {
        return Line::words(format!(
            "the token endpoint takes requests and answers none: waited {waited} for a token{long}"
        ));
    }
    let line = Line::words(format!(
        "the server takes requests and answers none: waited {waited} for the answer to "
    ));
    line.and_quoted(Foreign::own(call)).and(long)
}
