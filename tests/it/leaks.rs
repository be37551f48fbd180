//! No run of the program leaves a secret anywhere: whatever runs it, in every test, looks for the
//! secrets of that test in both outputs and in every file of its folder.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

use memchr::memmem;
use regex::Regex;

use crate::harness::Done;

/// The shortest secret that is looked for; the program itself masks shorter ones only as words.
const SHORTEST: usize = 8;

/// What opens a sandbox whose seed says nothing else; the last is how a token begins that it
/// issues.
const OF_SANDBOX: [&str; 4] = [
    "sandbox-token",
    "sandbox-legacy-token",
    "sandbox-secret",
    "sandbox-issued-token",
];

/// The variables that hold a secret.
const VARIABLES: [&str; 2] = ["FRAMEIO_TOKEN", "FRAMEIO_CLIENT_SECRET"];

/// Where a command line has a secret, or names a file with one.
static IN_LINES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:FRAMEIO_TOKEN|FRAMEIO_CLIENT_SECRET)=(\S+)|token-command[ =]'?echo ([^\s']+)")
        .unwrap()
});
static FILES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:token|client-secret)-file[ =](\S+)").unwrap());

/// The secrets of a test, and what the test itself has written into its folder.
#[derive(Debug)]
pub(crate) struct Leaks {
    secrets: Mutex<BTreeSet<String>>,
    own: Mutex<BTreeMap<PathBuf, u64>>,
}

impl Leaks {
    pub(crate) fn new() -> Self {
        Self {
            secrets: Mutex::new(OF_SANDBOX.map(str::to_owned).into()),
            own: Mutex::default(),
        }
    }

    /// Looks for this from now on.
    pub(crate) fn hide(&self, secret: &str) {
        let secret = secret.trim();
        if secret.len() >= SHORTEST {
            self.secrets.lock().unwrap().insert(secret.to_owned());
        }
    }

    /// Looks for what a command is given: by its variables, or in its words.
    pub(crate) fn hide_given(&self, folder: &Path, command: &Command) {
        let variables = command.get_envs();
        for (_, value) in variables.filter(|(name, _)| VARIABLES.iter().any(|one| name == one)) {
            self.hide(value.and_then(OsStr::to_str).unwrap_or_default());
        }
        let words: Vec<&str> = command.get_args().filter_map(OsStr::to_str).collect();
        let line = words.join(" ");
        for found in IN_LINES.captures_iter(&line) {
            let secret = found.get(1).or_else(|| found.get(2));
            self.hide(secret.unwrap().as_str().trim_matches(['\'', '"']));
        }
        for found in FILES.captures_iter(&line) {
            // Where there is no such file, there is no secret in it; a pipe tells it once.
            let path = folder.join(&found[1]);
            if path.is_file() {
                self.hide(&fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }

    /// The test itself wrote this file, so what is in it was not brought there by the program.
    pub(crate) fn is_own(&self, path: &Path) {
        if let Some(digest) = digest(path) {
            self.own.lock().unwrap().insert(path.to_owned(), digest);
        }
    }

    /// The test itself wrote all that is in a folder now.
    pub(crate) fn are_own(&self, folder: &Path) {
        for path in files(folder) {
            self.is_own(&path);
        }
    }

    /// Looks for the secrets in what a run wrote.
    #[track_caller]
    pub(crate) fn check(&self, folder: &Path, done: &Done) {
        for (name, text) in [
            ("standard output", &done.out),
            ("standard error", &done.err),
        ] {
            self.check_text(name, text.as_bytes());
        }
        self.check_files(folder);
    }

    /// Looks for the secrets in all files of a folder but those of the test itself.
    #[track_caller]
    pub(crate) fn check_files(&self, folder: &Path) {
        for path in files(folder) {
            let own = self.own.lock().unwrap().get(&path).copied();
            if own.is_some() && own == digest(&path) {
                continue;
            }
            // Somebody may take it away meanwhile.
            let bytes = fs::read(&path).unwrap_or_default();
            self.check_text(&path.display().to_string(), &bytes);
        }
    }

    #[track_caller]
    fn check_text(&self, place: &str, text: &[u8]) {
        let secrets = self.secrets.lock().unwrap().clone();
        for secret in &secrets {
            for form in forms(secret) {
                if let Some(at) = memmem::find(text, form.as_bytes()) {
                    let line = 1 + memchr::memchr_iter(b'\n', &text[..at]).count();
                    panic!("the secret `{secret}` is in {place}, line {line}, as `{form}`");
                }
            }
        }
    }
}

/// A secret as texts may have it: as it is, in addresses, in JSON and in Base64.
fn forms(secret: &str) -> BTreeSet<String> {
    let each = |write: fn(u8) -> String| secret.bytes().map(write).collect::<String>();
    let some = |write: fn(u8) -> String| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let bytes = secret.bytes();
        let one = |byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                write(byte)
            }
        };
        bytes.map(one).collect::<String>()
    };
    let mut forms = BTreeSet::from([
        secret.to_owned(),
        secret.replace('/', "\\/"),
        each(|byte| format!("%{byte:02x}")),
        each(|byte| format!("%{byte:02X}")),
        some(|byte| format!("%{byte:02x}")),
        some(|byte| format!("%{byte:02X}")),
        each(|byte| format!("\\u{byte:04x}")),
        some(|byte| format!("\\u{byte:04x}")),
    ]);
    // In Base64 it depends on what stands before it how it looks; the letters at its ends also
    // have something of what stands around it.
    for before in ["", "x", "xx"] {
        let whole = base64(format!("{before}{secret}").as_bytes());
        let own = (before.len() * 8).div_ceil(6)..(before.len() + secret.len()) * 8 / 6;
        forms.insert(whole[own.clone()].replace('+', "-").replace('/', "_"));
        forms.insert(whole[own].to_owned());
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = bytes.chunks(3).flat_map(|three| {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        [18, 12, 6, 0].map(|shift| char::from(LETTERS[(bits >> shift & 63) as usize]))
    });
    letters.collect()
}

fn digest(path: &Path) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    fs::read(path).ok()?.hash(&mut hasher);
    Some(hasher.finish())
}

/// All plain files below a folder; links and pipes are no files of their own.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn a_secret_is_found_in_each_form_and_named_with_its_place() {
    const SECRET: &str = "fio-u-Hu5h/+0f";
    // As `printf 'Bearer %s' SECRET | base64` has it.
    const HEADER: &str = "QmVhcmVyIGZpby11LUh1NWgvKzBm";
    let folder = tempfile::tempdir().unwrap();
    let leaks = Leaks::new();
    leaks.hide(SECRET);
    leaks.check_text("a text", b"fio-u-Hu5h, and then /+0f");
    for text in [
        SECRET.to_owned(),
        "fio-u-Hu5h%2F%2b0f".to_owned().replace("%2b", "%2B"),
        "fio-u-Hu5h\\/+0f".to_owned(),
        HEADER.to_owned(),
    ] {
        let place = folder.path().join("found");
        fs::write(&place, format!("one\ntwo {text}")).unwrap();
        let told = std::panic::catch_unwind(|| leaks.check_files(folder.path())).unwrap_err();
        let told = told.downcast_ref::<String>().unwrap();
        assert!(
            told.contains("found, line 2") && told.contains(SECRET),
            "{told}"
        );
        // What the test itself has written may hold it, until somebody else has written there.
        leaks.is_own(&place);
        leaks.check_files(folder.path());
        fs::write(&place, format!("{text} again")).unwrap();
        std::panic::catch_unwind(|| leaks.check_files(folder.path())).unwrap_err();
    }
}
