//! Whole transcripts: what a user types, and all that the program says to it.
//!
//! tests/it/cases/README.md says how a case is written.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use regex::{Captures, Regex};
use similar::TextDiff;

use crate::harness::{Desk, Done, repository};
use crate::sandbox;
use crate::server::Server;

/// Makes a test of each folder of a name.
macro_rules! cases {
    ($($name:ident)*) => {
        $(#[test] fn $name() { run(stringify!($name)); })*
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

cases! {
    account_contradicted
    account_in_the_sandbox
    account_of_a_saved_plan
    account_of_earnest_in_the_sandbox
    account_of_the_token
    api_by_default
    apply_forgets
    apply_needs_approval
    apply_quick_start
    apply_refuses_pins
    apply_stops_at_attempts
    apply_twice
    config_is_not_trusted
    config_of_the_project
    config_of_the_user
    config_trusted
    config_with_mistakes
    covered
    documents_of_others
    drift
    endpoint_with_a_version
    events_cut_off
    events_in_a_file
    events_of_a_command_that_fails
    events_of_a_run
    events_overwrite_nothing
    files_that_are_missing
    find_fields
    find_filters
    find_formats
    find_manifest
    find_marks
    find_places
    find_policy
    find_table
    find_unread
    find_update
    habits
    guards
    hold_on_a_project
    hold_on_an_unknown_project
    holds_around_a_path
    holds_in_any_letter_case
    holds_of_the_whole_project
    holds_that_cannot_be_read
    holds_that_end
    holds_that_stay
    ids_as_people_write_them
    ids_twice
    init
    links
    links_that_leave
    log
    log_and_the_token
    man_pages
    manifests_beside_the_usual
    manifests_passed_over
    marks
    marks_and_a_saved_plan
    marks_lifted
    marks_that_cannot_be_read
    missing
    names_in_the_state
    one_marker
    only
    pins
    pipes
    plan_checks
    plan_checks_v4
    plan_diff
    plan_due
    plan_document
    plan_exit_code
    plan_long
    plan_markdown
    plan_names_the_moment
    plan_names_what_moved
    plan_of_a_part
    plan_offline
    plan_on_standard_input
    plan_saved
    plan_saved_for_another_server
    plan_saved_of_what
    plan_saved_then_account_changed
    plan_saved_then_done
    plan_saved_then_hold_added
    plan_saved_then_manifest_changed
    plan_saved_then_settings_changed
    plan_saved_then_state_moved
    plan_saved_too_long_ago
    plan_saved_where
    plan_saved_with_other_line_ends
    plan_saved_with_pins
    plan_since
    plan_text
    play_and_earnest
    probe
    project_folder
    projects_inside_a_path
    protection_loosened
    receipts
    remarks_on_manifests
    reports
    reports_without_names
    restore
    restore_staged
    run_by_whom
    sandbox_seed_wrong
    sandbox_wrong_usage
    secret_in_a_manifest
    server_wants_to_be_paid
    shelter_in_something_held
    shelter_of_a_folder_called_a_file
    shelter_of_what_cannot_be_placed
    shelter_of_what_is_held_inside
    shelter_of_what_waits
    shelter_of_what_was_not_answered
    shelter_reads_nothing_in_vain
    shelter_without_a_token
    show_run
    show_what_a_file_is
    state_behind_a_link
    state_broken
    state_history
    state_locked
    state_migrate
    state_missing
    state_of_another_server
    state_of_the_project
    state_pull_and_push
    state_push_refused
    state_rebuild
    state_rm
    state_rm_and_a_saved_plan
    state_shown
    state_takes_ids_as_people_write_them
    state_unlock
    state_unstage
    strategy_of_a_manifest
    state_with_a_journal
    token_from_a_file_or_a_command
    token_is_missing
    token_is_refused
    token_twice
    unknown
    unknown_goes_along
    v2_ends
    v4_account
    v4_client
    v4_deleted_already
    v4_ids
    v4_order
    v4_quick_start
    v4_version_stack
    v4_without_a_seed
    validate
    validate_many
    waivers_and_ended_holds
    whoami
    whoami_of_the_sandbox
    whoami_opens_nothing
    wrong_account
}

#[test]
fn every_folder_is_a_test() {
    let entries = fs::read_dir(folder("")).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    let found: BTreeSet<String> = folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let known = NAMES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, known, "tests/it/cases.rs names each folder");
}

/// All that is kept.
pub(crate) fn transcripts() -> impl Iterator<Item = String> {
    let read = |name: &&str| fs::read_to_string(folder(name).join("transcript.txt")).unwrap();
    NAMES.iter().map(read)
}

fn folder(name: &str) -> PathBuf {
    repository().join("tests/it/cases").join(name)
}

/// Plays a case, and compares its transcript with the one that is kept.
fn run(name: &str) {
    let folder = folder(name);
    let script = fs::read_to_string(folder.join("cmd")).unwrap();
    let found = Scene::new(&folder, &script).play(&script);
    let path = folder.join("transcript.txt");
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &found).unwrap();
        return;
    }
    let diff = TextDiff::from_lines(&kept, &found);
    let diff = diff.unified_diff().header("kept", "found").to_string();
    assert!(
        kept == found,
        "`UPDATE=1 cargo test --test it cases` writes it\n{diff}"
    );
}

/// What differs from run to run, and what a transcript has instead.
static UNSTEADY: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"sha256:[0-9a-f]{64}", "sha256:[DIGEST]"),
        (r"(requests? in) [0-9.]+ m?s\b", "$1 [DURATION]"),
        (r#""elapsed_ms":\d+"#, r#""elapsed_ms":[MS]"#),
        // The waiver that is offered ends a week from now.
        (r"(reason: say why, expires: )[0-9-]+", "$1[DAY]"),
        // Thirty days from now.
        (
            r#"(restorable until |restorable_until":")2\d{3}-\d\d-\d\dT[\d:.]+Z"#,
            "$1[LATER]",
        ),
        // How old an asset is, in a column of its own and in what is said of a folder.
        (
            r" +(?:today|\d+ (?:day|month|year)s?)(  (?:file|folder|stack)\b)",
            "  [AGE]$1",
        ),
        (
            r"(version| · oldest|, newest| in it ·|versions? ·) (?:today|\d+ (?:day|month|year)s?)",
            "$1 [AGE]",
        ),
    ];
    let patterns = patterns.into_iter();
    patterns
        .map(|(pattern, instead)| (Regex::new(pattern).unwrap(), instead))
        .collect()
});

/// An id, as assets, runs and states have one.
static ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").unwrap());

/// A moment, as documents and people write it.
static MOMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(\.\d+)?)?( UTC|Z)").unwrap()
});

/// Where the lines of a case are run, and what they have set so far.
struct Scene {
    /// The folder of the case.
    case: PathBuf,
    desk: Desk,
    /// The current folder, seen from that of the desk.
    current: String,
    variables: Vec<(String, String)>,
    hidden: Vec<(Regex, String)>,
    /// What the case itself says: ids that occur there are the same in each run.
    said: String,
    lock: Option<File>,
    sandbox: Option<Child>,
}

impl Scene {
    fn new(case: &Path, script: &str) -> Self {
        let mut scene = Self {
            case: case.to_owned(),
            desk: Desk::new(),
            current: String::new(),
            variables: Vec::new(),
            hidden: Vec::new(),
            said: script.to_lowercase(),
            lock: None,
            sandbox: None,
        };
        scene.begin();
        scene
    }

    /// Begins in a folder with what the case has, and with nothing set.
    fn begin(&mut self) {
        self.stop();
        self.desk = Desk::new();
        self.current.clear();
        self.variables.clear();
        self.lock = None;
        self.bring(&self.case.clone());
        for name in ["cmd", "transcript.txt"] {
            fs::remove_file(self.desk.path(name)).ok();
        }
    }

    /// Copies what is in a folder.
    fn bring(&mut self, from: &Path) {
        self.desk.bring(from, &self.current);
        self.said += &texts(from);
    }

    fn stop(&mut self) {
        if let Some(child) = self.sandbox.take() {
            sandbox::stop(child, "-TERM");
        }
    }

    /// Plays all lines; returns them with what was to be seen after each.
    fn play(mut self, script: &str) -> String {
        let mut transcript = String::new();
        let mut lines = script.lines().peekable();
        while let Some(line) = lines.next() {
            let mut line = line.to_owned();
            while line.ends_with('\\') {
                line = line + "\n" + lines.next().unwrap();
            }
            if line.is_empty() || line.starts_with('#') {
                transcript += &format!("{line}\n");
                continue;
            }
            transcript += &format!("$ {line}\n");
            let mut text = String::new();
            while let Some(more) = lines.next_if(|line| line.starts_with('|')) {
                transcript += &format!("{more}\n");
                text += &format!("{}\n", more[1..].strip_prefix(' ').unwrap_or_default());
            }
            transcript += &self.act(&line, &text);
        }
        transcript
    }

    /// Does what a line says with the text below it; returns what is to be seen of it.
    fn act(&mut self, line: &str, text: &str) -> String {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let place = format!("{}{rest}", self.current);
        match word {
            "again" => self.begin(),
            "use" => self.bring(&repository().join(rest)),
            "cd" => self.current = format!("{place}/"),
            "write" => self.desk.write(&place, text),
            "replace" => {
                let (before, after) = two(text);
                let whole = self.desk.read(&place);
                assert!(whole.contains(before), "`{line}`: {whole}");
                self.desk.write(&place, whole.replace(before, after));
            }
            "export" => {
                let (name, value) = rest.split_once('=').unwrap();
                self.set(name, value);
            }
            "hide" => {
                let (pattern, instead) = two(text);
                let pattern = Regex::new(pattern).unwrap();
                self.hidden.push((pattern, instead.to_owned()));
            }
            "serve" => {
                self.stop();
                let flags: Vec<&str> = rest.split_whitespace().collect();
                let (child, url) = sandbox::serve(&self.desk, &flags);
                self.sandbox = Some(child);
                self.set("URL", &url);
            }
            "answer" => {
                let answer = (rest.parse().unwrap(), text.to_owned());
                let server = Server::new(move |_| Some(answer.clone()));
                self.set("URL", &server.url);
            }
            "lock" => {
                self.desk.write(&place, text);
                let file = File::open(self.desk.path(&place)).unwrap();
                file.lock().unwrap();
                self.lock = Some(file);
            }
            "unlock" => self.lock = None,
            _ => return self.shell(line),
        }
        String::new()
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Has a shell run a line; returns what it wrote and how it ended.
    fn shell(&self, line: &str) -> String {
        let binary = Path::new(env!("CARGO_BIN_EXE_retire")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(self.desk.path(&self.current))
            .env_clear()
            .env("PATH", path)
            .env("RETIRE_API", "v2")
            .envs(self.variables.clone())
            .stdin(Stdio::null());
        let done = if line.contains("retire ") {
            self.desk.done(&mut command)
        } else {
            let done = Done::of(command.output().unwrap());
            self.desk.is_own();
            done
        };
        let mut seen = done.out;
        if !done.err.is_empty() {
            seen = format!("{seen}[stderr]\n{}", done.err);
        }
        if done.code != 0 || line.contains("retire ") {
            seen = format!("{seen}[exit {}]\n", done.code);
        }
        self.steady(&seen)
    }

    /// A text without what differs from run to run.
    fn steady(&self, text: &str) -> String {
        let folder = self.desk.path("");
        let folder = folder.to_str().unwrap().trim_end_matches('/');
        let mut text = text.replace(folder, "[FOLDER]");
        let hidden = self.hidden.iter();
        let hidden = hidden.map(|(pattern, instead)| (pattern, instead.as_str()));
        let usual = UNSTEADY
            .iter()
            .map(|(pattern, instead)| (pattern, *instead));
        for (pattern, instead) in hidden.chain(usual) {
            text = pattern.replace_all(&text, instead).into_owned();
        }
        let id = |found: &Captures<'_>| {
            let is_known = self.said.contains(&found[0]);
            if is_known {
                found[0].to_owned()
            } else {
                "[ID]".to_owned()
            }
        };
        let text = ID.replace_all(&text, id);
        let now = Timestamp::now();
        let moment = |found: &Captures<'_>| {
            let seconds = found.get(3).map_or(":00", |seconds| seconds.as_str());
            let parsed: Result<Timestamp, _> =
                format!("{}T{}{seconds}Z", &found[1], &found[2]).parse();
            let is_near = parsed.is_ok_and(|moment| {
                now.duration_since(moment).abs() < SignedDuration::from_hours(48)
            });
            if is_near {
                "[TIME]".to_owned()
            } else {
                found[0].to_owned()
            }
        };
        MOMENT.replace_all(&text, moment).into_owned()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The two lines of a text.
fn two(text: &str) -> (&str, &str) {
    text.strip_suffix('\n').unwrap().split_once('\n').unwrap()
}

/// All that the files of a folder say, in lower case.
fn texts(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let texts = entries.map(|entry| match entry.path() {
        path if path.is_dir() => texts(&path),
        path => String::from_utf8_lossy(&fs::read(path).unwrap()).to_lowercase(),
    });
    texts.collect()
}
