//! Runs the real binary in a folder of its own, as a user would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Once;
use std::thread;

use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

use crate::leaks::Leaks;

/// A token that the servers of tests take; any that is as long would do.
pub(crate) const TOKEN: (&str, &str) = ("FRAMEIO_TOKEN", "fio-u-of-the-tests");

/// Sees to it that SIGINT reaches what the tests start.
static INTERRUPTIBLE: Once = Once::new();

/// Catches SIGINT: what is ignored stays ignored in a child, as it is where a shell has started the
/// tests in the background, and what is caught becomes the default there.
fn become_interruptible() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let [interrupt, terminate, hangup] = {
        let _entered = runtime.enter();
        [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ]
        .map(|kind| signal(kind).unwrap())
    };
    thread::spawn(move || {
        let (mut interrupt, mut terminate, mut hangup) = (interrupt, terminate, hangup);
        let code = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => 130,
                _ = terminate.recv() => 143,
                _ = hangup.recv() => 129,
            }
        });
        #[expect(
            clippy::exit,
            reason = "what ends the tests ends them as it does without this"
        )]
        std::process::exit(code);
    });
}

/// A folder in which the binary runs.
pub(crate) struct Desk {
    folder: TempDir,
    leaks: Leaks,
}

/// What one run of the binary did.
#[derive(Debug)]
pub(crate) struct Done {
    /// Its exit code.
    pub(crate) code: i32,
    /// What it wrote to standard output.
    pub(crate) out: String,
    /// What it wrote to standard error.
    pub(crate) err: String,
}

impl Desk {
    /// Makes an empty folder.
    pub(crate) fn new() -> Self {
        INTERRUPTIBLE.call_once(become_interruptible);
        let leaks = Leaks::new();
        leaks.hide(TOKEN.1);
        Self {
            folder: tempfile::tempdir().unwrap(),
            leaks,
        }
    }

    /// Makes a folder with one manifest, `retire.yaml`.
    pub(crate) fn with(manifest: &str) -> Self {
        let desk = Self::new();
        desk.write("retire.yaml", manifest);
        desk
    }

    /// Makes a folder with a copy of what an example has.
    pub(crate) fn of_example(name: &str) -> Self {
        let desk = Self::new();
        desk.bring(&repository().join("examples").join(name), "");
        desk
    }

    /// The path of something in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders that it needs.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        self.leaks.is_own(&path);
    }

    /// Copies what is in a folder, but for what runs of an example leave, to a place.
    pub(crate) fn bring(&self, from: &Path, to: &str) {
        copy(from, &self.path(to));
        self.leaks.are_own(&self.path(to));
    }

    /// Says that the test itself has written all that is here now.
    pub(crate) fn is_own(&self) {
        self.leaks.are_own(self.folder.path());
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names of the files in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// A command in the folder, with nothing of the test's own environment but the path. It speaks
    /// v2 unless the test says otherwise: most tests are about the bulk delete.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_retire"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("RETIRE_API", "v2")
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(&[], arguments)
    }

    /// Runs the binary with a token and other variables.
    pub(crate) fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Done {
        let mut command = self.command(arguments);
        self.done(command.envs(variables.iter().copied()))
    }

    /// Runs a command to its end, and looks for the secrets that it was given.
    #[track_caller]
    pub(crate) fn done(&self, command: &mut Command) -> Done {
        self.leaks.hide_given(self.folder.path(), command);
        let done = Done::of(command.output().unwrap());
        self.leaks.check(self.folder.path(), &done);
        done
    }
}

/// What ran in the background, or was killed, may have left a secret as well.
impl Drop for Desk {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.leaks.check_files(self.folder.path());
        }
    }
}

impl Done {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is UTF-8");
        let done = Self {
            code: output.status.code().expect("it ended by itself"),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        assert!(!done.err.contains("panicked at"), "{}", done.err);
        done
    }

    /// Checks the exit code, showing everything where it differs.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.out, self.err
        );
        self
    }

    /// All of it in one text for a snapshot.
    pub(crate) fn transcript(&self) -> String {
        format!(
            "exit {}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.out, self.err
        )
    }
}

/// Copies all of a folder but what runs of an example leave.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() {
            fs::create_dir_all(to.join(name)).unwrap();
            copy(&path, &to.join(name));
        } else if !name.to_str().unwrap().contains(".state.json") {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// The folder of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Makes what differs from run to run the same in a snapshot.
pub(crate) fn filters() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT");
    settings.add_filter(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z", "[TIME]");
    settings.add_filter(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})? UTC", "[TIME]");
    settings.add_filter(r"\d+(\.\d+)? (ms|s)\b", "[DURATION]");
    settings.add_filter(r"sha256:[0-9a-f]{64}", "sha256:[DIGEST]");
    settings.set_prepend_module_to_snapshot(false);
    settings
}

/// The account of [`seed`].
pub(crate) const TIDEWATER: &str = "5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60";

/// A sandbox's seed with one account and one project; `assets` are items of its list, each of
/// their lines indented by at least 14 columns.
pub(crate) fn seed(assets: &str) -> String {
    format!(
        "version: 1
accounts:
  - id: {TIDEWATER}
    name: Tidewater
    teams:
      - id: 6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d
        name: Post
        projects:
          - id: 7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e
            name: Tide
            assets:
{assets}"
    )
}
