//! Signals that ask the program to stop.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::runtime::{self, Runtime};

use crate::cli::console::Console;
use crate::event::StopReason;
use crate::render::model::stopped::stopped;
use crate::store::lock::LockOfOther;

/// The number of the signal that Ctrl-C sends.
pub(super) const INTERRUPT: i32 = 2;

/// The number of the signal that says that the terminal was closed, which asks for the same as the
/// next one and is not the same signal twice.
const HANG_UP: i32 = 1;

/// The number of the signal that asks a program to end.
const TERMINATE: i32 = 15;

/// What follows from a signal.
type Stop = Box<dyn FnMut(i32) + Send>;

/// Hears the signals of this process.
///
/// The system's own way to end a process at a signal does not work for the first process of a
/// container, and has no exit code; so the program ends itself.
#[derive(Clone)]
pub(crate) struct Signals {
    /// What follows from the next one.
    stop: Arc<Mutex<Stop>>,
    /// The lock that is given back where one ends the program.
    lock: Arc<Mutex<Option<LockOfOther>>>,
    /// Where it is said that one has ended the program.
    console: Console,
}

impl fmt::Debug for Signals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signals").finish_non_exhaustive()
    }
}

impl Signals {
    /// Hears them from now on; until [`Signals::forward`], each ends the program at once.
    ///
    /// # Errors
    ///
    /// Returns why they cannot be caught.
    pub(crate) fn install(console: &Console) -> io::Result<Self> {
        check_files()?;
        let lock = Arc::default();
        let signals = Self {
            stop: Arc::new(Mutex::new(ending(console, &lock))),
            lock,
            console: console.clone(),
        };
        let heard = signals.clone();
        let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
        catch(runtime, move |number| heard.pass(number))?;
        Ok(signals)
    }

    /// Gives every signal from now on to somebody who stops in order.
    pub(crate) fn forward(&self, stop: impl FnMut(i32) + Send + 'static) {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(stop);
    }

    /// Ends the program at the next signal, now that nothing is left to be written down.
    pub(crate) fn take_back(&self) {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner) =
            ending(&self.console, &self.lock);
    }

    /// Gives this lock back where a signal ends the program: a file that stays behind says that a
    /// process died.
    pub(crate) fn keep_lock(&self, lock: LockOfOther) {
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = Some(lock);
    }

    fn pass(&self, number: i32) {
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        stop(number);
    }
}

/// How many files and connections a command has open at once at least. What listens for signals
/// panics where it finds none left.
#[cfg(unix)]
const FILES: u64 = 32;

/// Finds out whether enough files can be open at once.
#[cfg(unix)]
fn check_files() -> io::Result<()> {
    use rustix::process::{Resource, getrlimit};

    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < FILES => Err(io::Error::other(format!(
            "only {limit} files may be open at once, and {FILES} are needed: raise the limit (`ulimit -n`)"
        ))),
        Some(_) | None => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_files() -> io::Result<()> {
    Ok(())
}

fn ending(console: &Console, lock: &Arc<Mutex<Option<LockOfOther>>>) -> Stop {
    let (console, lock) = (console.clone(), Arc::clone(lock));
    Box::new(move |number| {
        end_after(&console, number, || {
            let lock = lock.lock().unwrap_or_else(PoisonError::into_inner);
            lock.iter().for_each(LockOfOther::give_back);
        });
    })
}

/// Says that a signal ends the program, and ends it.
pub(super) fn end(console: &Console, number: i32) {
    end_after(console, number, || {});
}

/// Says that a signal ends the program, does what is left to do, and ends it.
#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "this runs only while nothing is under way that is to be written back"
)]
fn end_after(console: &Console, number: i32, last: impl FnOnce()) {
    console.error(&stopped(&StopReason::Signal { number }), None);
    last();
    let number = if number == HANG_UP { TERMINATE } else { number };
    std::process::exit(128 + number);
}

/// Calls `stop` with a signal's number each time one asks to stop.
#[cfg(unix)]
fn catch(runtime: Runtime, mut stop: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let inside = runtime.enter();
    // What whoever started this wants ignored stays so: `nohup` has the program go on when its
    // terminal is closed, and a shell keeps Ctrl-C from what it has put into the background.
    let listen = |kind: SignalKind| {
        let counts = !is_ignored(kind.as_raw_value());
        counts.then(|| signal(kind)).transpose()
    };
    let mut interrupts = listen(SignalKind::interrupt())?;
    let mut terminations = listen(SignalKind::terminate())?;
    let mut hangups = listen(SignalKind::hangup())?;
    // A file that grows beyond the limit of the process is an error like a full disk, and not
    // the end.
    let overruns = signal(SignalKind::from_raw(FILE_SIZE))?;
    drop(inside);
    let listening = move || {
        runtime.block_on(async move {
            let _caught = overruns;
            loop {
                let number = tokio::select! {
                    () = hear(interrupts.as_mut()) => INTERRUPT,
                    () = hear(terminations.as_mut()) => TERMINATE,
                    () = hear(hangups.as_mut()) => HANG_UP,
                };
                stop(number);
            }
        });
    };
    thread::Builder::new().spawn(listening).map(drop)
}

/// Waits for a signal, if it matters.
#[cfg(unix)]
async fn hear(signals: Option<&mut tokio::signal::unix::Signal>) {
    match signals {
        Some(signals) => drop(signals.recv().await),
        None => std::future::pending().await,
    }
}

/// The number of the signal that says that a file is larger than the process may make it.
#[cfg(unix)]
const FILE_SIZE: i32 = 25;

/// Whether whoever started this process wants a signal to be ignored, as `nohup` does.
#[cfg(unix)]
fn is_ignored(number: i32) -> bool {
    use std::path::Path;

    use crate::cli::files;

    let status = files::text_if_there(Path::new("/proc/self/status"));
    let status = status.ok().flatten();
    status.map_or_else(
        || is_ignored_without_status(number, is_of_a_terminal()),
        |status| is_ignored_by(&status, number),
    )
}

/// Whether the system says in a status of this process that it ignores a signal.
#[cfg(unix)]
fn is_ignored_by(status: &str, number: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}

/// What is taken for ignored where the system has no such status, as on macOS: `nohup` takes every
/// stream from the terminal, and what has none is not told that it was closed for a reason of its own.
#[cfg(unix)]
const fn is_ignored_without_status(number: i32, is_of_a_terminal: bool) -> bool {
    number == HANG_UP && !is_of_a_terminal
}

#[cfg(unix)]
fn is_of_a_terminal() -> bool {
    use std::io::IsTerminal;

    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}

/// Calls `stop` each time Ctrl-C asks to stop, or the system says that it ends the program: its
/// window is closed, its user signs out, the machine shuts down.
#[cfg(not(unix))]
fn catch(runtime: Runtime, mut stop: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
    use tokio::signal::windows;

    let inside = runtime.enter();
    let mut interrupts = windows::ctrl_c()?;
    let mut breaks = windows::ctrl_break()?;
    let mut closings = windows::ctrl_close()?;
    let mut goodbyes = windows::ctrl_logoff()?;
    let mut shutdowns = windows::ctrl_shutdown()?;
    drop(inside);
    let listening = move || {
        runtime.block_on(async move {
            loop {
                let number = tokio::select! {
                    _ = interrupts.recv() => INTERRUPT,
                    _ = breaks.recv() => TERMINATE,
                    // The system gives a few seconds, which is enough to write the state.
                    _ = closings.recv() => HANG_UP,
                    _ = goodbyes.recv() => HANG_UP,
                    _ = shutdowns.recv() => TERMINATE,
                };
                stop(number);
            }
        });
    };
    thread::Builder::new().spawn(listening).map(drop)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_read_from_the_status_or_guessed_from_the_streams() {
        let status = "Name:\tretire\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
        assert!(is_ignored_by(status, HANG_UP));
        assert!(!is_ignored_by(status, INTERRUPT));
        assert!(!is_ignored_by("Name:\tretire\n", HANG_UP));
        assert!(!is_ignored_by("SigIgn:\tnonsense\n", HANG_UP));
        assert!(is_ignored_without_status(HANG_UP, false));
        assert!(!is_ignored_without_status(HANG_UP, true));
        assert!(!is_ignored_without_status(INTERRUPT, false));
        assert!(!is_ignored_without_status(TERMINATE, false));
    }
}
