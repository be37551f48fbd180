//! Every setting, declared once. A new one is a row here: from it come its flag, its variable, its
//! key in `retire.toml`, its default, its help, its schema and its line in docs/settings.md.
//!
//! A flag beats the variable, that beats `retire.toml`, that the user's own `config.toml`, and
//! that the default. How a row is written stands in `declare.rs`.
#![expect(
    clippy::doc_markdown,
    reason = "the lines over a setting are its help, which a terminal shows as it is"
)]

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ArgMatches;
use serde::Deserialize;

use crate::apply::staged::Verify;
use crate::cli::env::Environment;
use crate::cli::settings::declare::{
    COLUMNS, Setting, from_file, from_flag, from_variable, heading, on, read_apart, seen_from,
    settings, shown,
};
use crate::cli::settings::guards::GuardsGiven;
use crate::cli::settings::kind::{Kind, Percent, TokenCommand};
use crate::cli::settings::origin::{Origin, SettingsError, Valued};
use crate::inventory::Marking;
use crate::manifest::document::Strategy;
use crate::render::names::Names;
use crate::state::Api;

settings! {
    /// Leave an asset alone after this many refusals
    max_attempts: NonZeroU32 = "5" {
        key: "max-attempts", variable: "RETIRE_MAX_ATTEMPTS", value: "N",
        heading: heading::PLAN, commands: on::PLAN | on::APPLY | on::MIGRATE,
    }

    /// Delete each asset by a call of its own, or many with a folder (V4)
    /// `direct`, `staged` (moved aside into a folder of the project, which is deleted when due) or `auto`
    strategy: Strategy = "direct" {
        key: "strategy", variable: "RETIRE_STRATEGY", value: "STRATEGY",
        heading: heading::PLAN, commands: on::PLAN | on::APPLY,
    }

    /// With `auto`, stage from this many files of a project on
    staged_from: NonZeroUsize = "200" {
        key: "staged-from", variable: "RETIRE_STAGED_FROM", value: "N",
        heading: heading::PLAN, commands: on::PLAN | on::APPLY,
    }

    /// Leave what is staged where people can take it back for this long
    /// and delete it in a later run; 0 deletes it in the same
    delete_after: Duration = "0s" {
        key: "delete-after", variable: "RETIRE_DELETE_AFTER", value: "TIME",
        heading: heading::PLAN, commands: on::PLAN | on::APPLY,
    }

    /// Refuse a saved plan that is older than this
    max_plan_age: Duration = "24h" {
        key: "max-plan-age", variable: "RETIRE_MAX_PLAN_AGE", value: "TIME",
        heading: heading::PLAN, commands: on::PLAN | on::APPLY,
    }

    /// Read anew what was read longer ago than this
    /// or, in `retire apply`, everything
    max_inventory_age: Duration = "1h" {
        key: "max-inventory-age", variable: "RETIRE_MAX_INVENTORY_AGE", value: "TIME",
        heading: heading::SERVER, commands: on::PLAN | on::FIND,
    }

    /// Use this version of the API
    api: Api = "v4" {
        key: "api", variable: "RETIRE_API", value: "API",
        heading: heading::SERVER, commands: on::SERVER, common: true,
    }

    /// Talk to this server
    endpoint: String = ENDPOINT {
        key: "endpoint", variable: "RETIRE_ENDPOINT", value: "URL",
        heading: heading::SERVER, commands: on::SERVER | on::LOGIN, common: true, guarded: true,
    }

    /// Work in this account, and refuse a token of any other
    account: String {
        key: "account", variable: "RETIRE_ACCOUNT", value: "ID",
        heading: heading::SERVER, commands: on::SERVER, common: true,
    }

    /// Read the token from this file
    /// instead of FRAMEIO_TOKEN
    token_file: PathBuf {
        key: "token-file", variable: "RETIRE_TOKEN_FILE", value: "FILE",
        heading: heading::CREDENTIALS, commands: on::SERVER, common: true, guarded: true,
    }

    /// Run this command; it prints the token
    token_command: TokenCommand {
        key: "token-command", variable: "RETIRE_TOKEN_COMMAND", value: "COMMAND",
        heading: heading::CREDENTIALS, commands: on::SERVER, common: true, guarded: true,
        excludes: &["token-file"],
    }

    /// Read the client's id from this file
    /// instead of FRAMEIO_CLIENT_ID (V4, server to server)
    client_id_file: PathBuf {
        key: "client-id-file", variable: "RETIRE_CLIENT_ID_FILE", value: "FILE",
        heading: heading::CREDENTIALS, commands: on::SERVER, guarded: true,
        excludes: &["token-file", "token-command"],
    }

    /// Read the client's secret from this file
    /// instead of FRAMEIO_CLIENT_SECRET (V4, server to server)
    client_secret_file: PathBuf {
        key: "client-secret-file", variable: "RETIRE_CLIENT_SECRET_FILE", value: "FILE",
        heading: heading::CREDENTIALS, commands: on::SERVER, guarded: true,
        excludes: &["token-file", "token-command"],
    }

    /// Fetch Adobe's tokens from this server
    ims_endpoint: String = "https://ims-na1.adobelogin.com" {
        key: "ims-endpoint", variable: "RETIRE_IMS_ENDPOINT", value: "URL",
        heading: heading::CREDENTIALS, commands: on::SERVER | on::LOGIN, guarded: true,
    }

    /// Use a developer token of the legacy API with V4
    legacy_token: bool = "false" {
        key: "legacy-token", variable: "RETIRE_LEGACY_TOKEN", value: "",
        heading: heading::CREDENTIALS, commands: on::SERVER, guarded: true,
    }

    /// Use the sign-in of `retire login`
    /// also where CI is set; elsewhere it counts if you name no other token
    login: bool = "false" {
        key: "login", variable: "RETIRE_LOGIN", value: "",
        heading: heading::CREDENTIALS, commands: on::SERVER, guarded: true,
    }

    /// Keep the state in this file
    /// instead of one in the project folder
    state: PathBuf = STATE, check(is_file) {
        key: "state", variable: "RETIRE_STATE", value: "FILE",
        heading: heading::STATE, commands: on::ALL, common: true,
    }

    /// Wait this long if another run has the state
    lock_timeout: Duration = "0s" {
        key: "lock-timeout", variable: "RETIRE_LOCK_TIMEOUT", value: "TIME",
        heading: heading::STATE, commands: on::APPLY | on::MIGRATE | on::WRITE_STATE | on::RESTORE,
    }

    /// Stop in good order before this time is over
    /// counted from the start of the command, without the time that you take to answer
    time_budget: Duration, check(some_time) {
        key: "time-budget", variable: "RETIRE_TIME_BUDGET", value: "TIME",
        heading: heading::LIMITS, commands: on::SERVER | on::LOGIN, common: true,
    }

    /// Delete this many assets first
    /// and the rest once the answers to these make sense; 0 sends all at once
    canary: usize = "5" {
        key: "canary", variable: "RETIRE_CANARY", value: "N",
        heading: heading::LIMITS, commands: on::APPLY,
    }

    /// Read again, right before it is deleted, what was read longer ago than this
    /// and with V4 an asset itself and what it lies in after a twentieth of that
    verify_age: Duration = "10m", check(some_seconds) {
        key: "verify-age", variable: "RETIRE_VERIFY_AGE", value: "TIME",
        heading: heading::LIMITS, commands: on::APPLY,
    }

    /// Stop if more than this share of the assets is missing
    max_404_percent: Percent = "50" {
        key: "max-404-percent", variable: "RETIRE_MAX_404_PERCENT", value: "PERCENT",
        heading: heading::LIMITS, commands: on::APPLY,
    }

    /// Stop if the server refuses more than this share of the assets
    max_failure_percent: Percent = "50" {
        key: "max-failure-percent", variable: "RETIRE_MAX_FAILURE_PERCENT", value: "PERCENT",
        heading: heading::LIMITS, commands: on::APPLY,
    }

    /// Stop if this many requests in a row fail
    max_failed_batches: NonZeroU32 = "10" {
        key: "max-failed-batches", variable: "RETIRE_MAX_FAILED_BATCHES", value: "N",
        heading: heading::LIMITS, commands: on::APPLY,
    }

    /// When stopped, wait this long for answers that are under way
    grace: Duration = "30s" {
        key: "grace", variable: "RETIRE_GRACE", value: "TIME",
        heading: heading::LIMITS, commands: on::APPLY,
    }

    /// Wait this long for what a deleted folder held to be gone (V4)
    /// and for what a restored one held to be back
    cascade_wait: Duration = "10m" {
        key: "cascade-wait", variable: "RETIRE_CASCADE_WAIT", value: "TIME",
        heading: heading::LIMITS, commands: on::APPLY | on::RESTORE,
    }

    /// Once a staging folder is deleted, see for this much of it that it is gone
    /// `sample` (50 of it, and one of each kind) or `all`
    verify: Verify = "sample" {
        key: "verify", variable: "RETIRE_VERIFY", value: "HOW",
        heading: heading::LIMITS, commands: on::APPLY,
    }

    /// Delete at most this many assets in one request (v2)
    batch_size: NonZeroUsize = "50", check(at_most(LARGEST_BATCH)) {
        key: "batch-size", variable: "RETIRE_BATCH_SIZE", value: "N",
        heading: heading::REQUESTS, commands: on::PLAN | on::APPLY,
    }

    /// Keep at most this many requests under way
    concurrency: NonZeroUsize = "4", check(at_most(MOST_AT_ONCE)) {
        key: "concurrency", variable: "RETIRE_CONCURRENCY", value: "N",
        heading: heading::REQUESTS, commands: on::APPLY, common: true,
    }

    /// Repeat a failed request at most this often
    retries: u32 = "4" {
        key: "retries", variable: "RETIRE_RETRIES", value: "N",
        heading: heading::REQUESTS, commands: on::SERVER | on::LOGIN,
    }

    /// Repeat a failed request for at most this long
    /// and wait no longer for a limit of the server or, beyond 5s, for what it shows; 30s where a command only reads
    retry_for: Duration = "10m" {
        key: "retry-for", variable: "RETIRE_RETRY_FOR", value: "TIME",
        heading: heading::REQUESTS, commands: on::SERVER | on::LOGIN,
    }

    /// Wait this long for a connection
    connect_timeout: Duration = "10s", check(some_time) {
        key: "connect-timeout", variable: "RETIRE_CONNECT_TIMEOUT", value: "TIME",
        heading: heading::REQUESTS, commands: on::APPLY,
    }

    /// Give up on an answer after this long a silence
    read_timeout: Duration = "40s", check(some_time) {
        key: "read-timeout", variable: "RETIRE_READ_TIMEOUT", value: "TIME",
        heading: heading::REQUESTS, commands: on::APPLY,
    }

    /// Give up on a request after this long
    request_timeout: Duration = "1m", check(some_time) {
        key: "request-timeout", variable: "RETIRE_REQUEST_TIMEOUT", value: "TIME",
        heading: heading::REQUESTS, commands: on::APPLY,
    }

    /// Show this much of names in reports and events
    /// `full`, `path` (folders, and no name of a file) or `off` (ids alone)
    names: Names = "full" {
        key: "names", variable: "RETIRE_NAMES", value: "NAMES",
        heading: heading::APPROVAL, commands: on::REPORTS,
    }
}

/// The state's file, unless told otherwise.
pub(crate) const STATE: &str = "retire.state.json";

/// The server of the real API.
pub(crate) const ENDPOINT: &str = "https://api.frame.io";

/// The most assets that one delete may ask for; the API names no bound.
const LARGEST_BATCH: usize = 1000;

/// The most requests that may be under way at once: more than any documented limit serves.
const MOST_AT_ONCE: usize = 64;

fn at_most(most: usize) -> impl Fn(&NonZeroUsize) -> Result<(), String> {
    move |number| {
        if number.get() > most {
            return Err(format!("{number} is too much: at most {most}"));
        }
        Ok(())
    }
}

fn is_file<P: AsRef<Path>>(path: &P) -> Result<(), String> {
    if path.as_ref().as_os_str() == "-" {
        return Err("a state is a file, not a stream".to_owned());
    }
    Ok(())
}

fn some_seconds(time: &Duration) -> Result<(), String> {
    // A reading takes about that long itself.
    if *time < Duration::from_secs(1) {
        return Err("less than a second is too short".to_owned());
    }
    Ok(())
}

fn some_time(time: &Duration) -> Result<(), String> {
    if time.is_zero() {
        return Err("no time at all is too short".to_owned());
    }
    Ok(())
}
