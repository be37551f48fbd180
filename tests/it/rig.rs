//! A sandbox behind a bad line, a manifest for it, and what must be true of the state beside it.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::world::World;
use frameio_retire::sandbox::{self, Options, Sandbox};
use frameio_retire::state::{State, Status};
use frameio_retire::store::file::FileStore;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use crate::cast::Cast;
use crate::harness::{Desk, Done};

/// The state of a rig.
pub(crate) const STATE: &str = "s.json";

/// How often a rig is run again at most until everything is settled.
const PATIENCE: usize = 60;

/// Randomness that a seed repeats: the `SplitMix64` generator.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) const fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }
}

/// What the line between the program and the sandbox does.
#[derive(Debug)]
pub(crate) struct Line {
    dice: Mutex<Dice>,
    /// In a hundred messages, how many go wrong each way.
    faults: AtomicU64,
    /// How long an answer takes, in milliseconds.
    delay: AtomicU64,
}

/// What becomes of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It arrives.
    Arrives,
    /// The line breaks before it arrives.
    Breaks,
    /// It arrives but for its last byte, then the line breaks.
    Cut,
    /// Something between says instead that it went wrong.
    Garbled,
}

impl Line {
    fn fate(&self) -> Fate {
        let faults = self.faults.load(Ordering::Relaxed);
        match self.dice.lock().unwrap().below(100) / faults.max(1) {
            _ if faults == 0 => Fate::Arrives,
            0 => Fate::Breaks,
            1 => Fate::Cut,
            2 => Fate::Garbled,
            _ => Fate::Arrives,
        }
    }
}

/// Carries one connection, as well as the line is.
async fn carry(mut client: TcpStream, sandbox: std::net::SocketAddr, line: Arc<Line>) {
    const GARBLED: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n";
    let Ok(mut server) = TcpStream::connect(sandbox).await else {
        return;
    };
    let (mut request, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let Ok(length @ 1..) = read else { return };
                if line.fate() == Fate::Breaks || server.write_all(&request[..length]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut answer) => {
                let Ok(length @ 1..) = read else { return };
                sleep(Duration::from_millis(line.delay.load(Ordering::Relaxed))).await;
                // Whatever is said here, the sandbox has done what it was asked.
                let (said, goes_on) = match line.fate() {
                    Fate::Arrives => (&answer[..length], true),
                    Fate::Breaks => return,
                    Fate::Cut => (&answer[..length - 1], false),
                    Fate::Garbled => (GARBLED, true),
                };
                if client.write_all(said).await.is_err() || !goes_on {
                    return;
                }
            }
        }
    }
}

/// A sandbox behind a line, and a folder with a manifest for it.
pub(crate) struct Rig {
    pub(crate) desk: Desk,
    pub(crate) line: Arc<Line>,
    url: String,
    sandbox: Sandbox,
    cast: Cast,
    /// What the record said was deleted when it was last looked at.
    confirmed: BTreeSet<AssetId>,
    /// How many requests had been made then.
    seen: usize,
    _runtime: Runtime,
}

impl Rig {
    /// Makes a rig for v2 with `count` assets that are to be deleted, and some that may not be.
    pub(crate) fn new(seed: u64, count: u64) -> Self {
        Self::of(seed, Cast::v2(count))
    }

    /// The same for V4, with files, folders and version stacks.
    pub(crate) fn v4(seed: u64, count: u64) -> Self {
        Self::of(seed, Cast::v4(count))
    }

    fn of(seed: u64, cast: Cast) -> Self {
        let desk = Desk::new();
        desk.write("retire.yaml", &cast.manifest);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let options = Options {
            log: true,
            ..Options::new(Arc::new(Timestamp::now))
        };
        let sandbox = runtime
            .block_on(sandbox::serve(cast.world(), options))
            .unwrap();
        let line = Arc::new(Line {
            dice: Mutex::new(Dice::new(seed)),
            faults: AtomicU64::new(0),
            delay: AtomicU64::new(0),
        });
        let url = runtime.block_on(lay(sandbox.address(), Arc::clone(&line)));
        Self {
            desk,
            line,
            url,
            sandbox,
            cast,
            confirmed: BTreeSet::new(),
            seen: 0,
            _runtime: runtime,
        }
    }

    /// Makes the line bad: `faults` in a hundred messages go wrong in each of three ways, and an
    /// answer takes `delay` milliseconds.
    pub(crate) fn trouble(&self, faults: u64, delay: u64) {
        self.line.faults.store(faults, Ordering::Relaxed);
        self.line.delay.store(delay, Ordering::Relaxed);
    }

    fn arguments<'url>(&'url self, more: &[&'url str]) -> Vec<&'url str> {
        let mut arguments = vec!["apply", "--endpoint", &self.url, "--state", STATE];
        arguments.extend(["--api", self.cast.api, "--auto-approve", "--batch-size"]);
        arguments.extend(more);
        arguments
    }

    /// Starts to apply; `more` begins with the batch size.
    pub(crate) fn start(&self, variables: &[(&str, &str)], more: &[&str]) -> Child {
        let mut command = self.desk.command(&self.arguments(more));
        command
            .env("FRAMEIO_TOKEN", self.sandbox.token())
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Applies; `more` begins with the batch size.
    pub(crate) fn apply(&self, more: &[&str]) -> Done {
        let token = self.sandbox.token().to_owned();
        self.desk
            .run_with(&[("FRAMEIO_TOKEN", &token)], &self.arguments(more))
    }

    /// Plans without the server.
    pub(crate) fn plan(&self) -> Done {
        let arguments = [
            "plan",
            "--offline",
            "--endpoint",
            &self.url,
            "--state",
            STATE,
        ];
        self.desk.run(&arguments)
    }

    /// The state with what its journal adds.
    pub(crate) fn state(&self) -> Option<State> {
        let store = FileStore::new(&self.desk.path(STATE));
        store.load().unwrap().map(|loaded| loaded.state)
    }

    /// How many requests the sandbox has answered.
    pub(crate) fn requests(&self) -> usize {
        self.sandbox.log().len()
    }

    /// Compares the record with the truth; nobody may be applying.
    pub(crate) fn check(&mut self) {
        let state = self.state();
        let record = |id: &AssetId| {
            let record = state.as_ref().and_then(|state| state.assets.get(id));
            record.map(|record| &record.status)
        };
        let log = self.sandbox.log();
        for request in &log[self.seen..] {
            for id in &request.assets {
                let id = self.cast.stack_of(*id).unwrap_or(*id);
                assert!(
                    !self.confirmed.contains(&id),
                    "`{id}` was confirmed, and asked for again"
                );
                assert!(self.cast.listed.contains(&id), "`{id}` is not listed");
            }
        }
        self.seen = log.len();
        for id in &self.confirmed {
            let kept = matches!(record(id), Some(Status::Retired(_) | Status::Gone(_)));
            assert!(kept, "`{id}` was confirmed, and is now {:?}", record(id));
        }
        self.sandbox
            .with_world(|world| compare(&self.cast, world, record));
        let confirmed =
            |id: &&AssetId| matches!(record(id), Some(Status::Retired(_) | Status::Gone(_)));
        self.confirmed = self.cast.listed.iter().filter(confirmed).copied().collect();
    }

    /// Applies until everything is settled, and compares what came of it.
    pub(crate) fn settle(&mut self, more: &[&str]) {
        for round in 0..PATIENCE {
            if round > 0 {
                self.trouble(0, 0);
            }
            let done = self.apply(more);
            // Where a reading never came through, what is protected cannot be placed.
            let is_troubled = round == 0 && done.code == 4;
            assert!(matches!(done.code, 0 | 3 | 9) || is_troubled, "{done:?}");
            self.check();
            let Some(state) = self.state() else {
                continue;
            };
            let cast = &self.cast;
            let open =
                cast.listed.len() - self.confirmed.len() - cast.refused.len() - cast.missing.len();
            // What never was there is missing, or unknown where the answer to its delete was lost.
            let is_unknown = |id: &AssetId| {
                let record = state.assets.get(id);
                record.is_some_and(|record| matches!(record.status, Status::Unknown { .. }))
            };
            let unknown = cast.missing.iter().filter(|id| is_unknown(id)).count();
            if open > 0 || state.counts().unknown > unknown {
                continue;
            }
            assert_eq!(state.counts().missing + unknown, cast.missing.len());
            // A stack is left alone where it is found to hold a held file only once it is read.
            let failed = state.assets.iter().filter(|(id, record)| {
                let failed = matches!(record.status, Status::Failed(_));
                let is_own = cast.stack_of(**id).is_none();
                failed && is_own && !cast.spared.contains(id)
            });
            let failed: BTreeSet<AssetId> = failed.map(|(id, _)| *id).collect();
            assert_eq!(failed, cast.refused);
            let left = self.desk.names();
            let known = ["retire.yaml", "s.json", "s.json.backup", "s.json.lock"];
            // A run may have been killed while it wrote the first line of its journal.
            let is_known =
                |name: &String| known.contains(&&**name) || name.starts_with("s.json.journal-cut");
            assert!(left.iter().all(is_known), "{left:?}");
            return;
        }
        panic!("{PATIENCE} runs did not settle it");
    }
}

/// Compares what the record says of each asset with the truth.
fn compare<'state>(
    cast: &Cast,
    world: &World,
    record: impl Fn(&AssetId) -> Option<&'state Status>,
) {
    for (id, alive) in world.assets() {
        // What nobody lists goes with its folder or its stack, which has the record.
        if let Some(folder) = cast.inside.get(&id) {
            assert_eq!(alive, world.is_alive(*folder), "`{id}` in `{folder}`");
            continue;
        }
        if let Some(stack) = cast.stack_of(id) {
            // It goes for itself: its version stack speaks for it only once that is deleted.
            let deleted = |status: Option<&Status>| {
                matches!(status, Some(Status::Retired(_) | Status::Gone(_)))
            };
            let is_covered = deleted(record(&stack)) || record(&id).is_some();
            assert!(alive || is_covered, "`{id}` was deleted, and has no record");
            let lies = alive && deleted(record(&id));
            assert!(!lies, "`{id}` lives, and is recorded as {:?}", record(&id));
            continue;
        }
        let files = cast.stacks.get(&id).filter(|_| cast.api == "v4");
        let lives = |id: &&AssetId| world.is_alive(**id);
        let (alive, touched) = match files {
            Some(files) => {
                let left = files.iter().filter(lives).count();
                (left > 0, left < files.len())
            }
            None => (alive, !alive),
        };
        match record(&id) {
            Some(status @ (Status::Restored { .. } | Status::Staged(_) | Status::Rescued)) => {
                panic!("nobody moved or restored `{id}`, and it is recorded as {status:?}")
            }
            Some(status @ (Status::Retired(_) | Status::Gone(_))) => {
                assert!(!alive, "`{id}` lives, and is recorded as {status:?}");
            }
            None => assert!(!touched, "`{id}` was deleted, and has no record"),
            Some(status @ Status::Failed(_)) => {
                assert!(alive, "`{id}` was deleted, and is recorded as {status:?}");
            }
            Some(Status::Unknown { .. }) => {}
            Some(Status::Missing) => panic!("`{id}` is known to the server, and missing"),
        }
    }
    for id in &cast.spared {
        assert!(world.is_alive(*id), "`{id}` was to be spared");
    }
}

/// Lays a line to a sandbox; returns its address.
async fn lay(sandbox: std::net::SocketAddr, line: Arc<Line>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            drop(client.set_nodelay(true));
            tokio::spawn(carry(client, sandbox, Arc::clone(&line)));
        }
    });
    format!("http://{address}")
}

/// Whether a process was killed, and did not end by itself.
pub(crate) fn was_killed(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal() == Some(9)
}
