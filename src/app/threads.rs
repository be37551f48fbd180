//! Whether the threads of a run can be had.

use std::hint;
use std::io;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

/// The address space that a thread needs, in bytes: a stack of 2 MiB, and what lies around it.
const ROOM: usize = 4 << 20;

/// Finds out whether so many threads more can be had: the runtime would panic without.
///
/// They start one after another: a thread that gets its stack and then no room for the stack of
/// its signals panics, and what is free is known only while no other thread is about to take it.
///
/// # Errors
///
/// Returns why one of them cannot be had.
pub(crate) fn check_threads(count: usize) -> io::Result<()> {
    let all: Vec<JoinHandle<()>> = (0..count).map(|_| start()).collect::<io::Result<_>>()?;
    for thread in all {
        thread.thread().unpark();
        drop(thread.join());
    }
    Ok(())
}

/// Starts one thread that waits for its end, and returns once it runs.
fn start() -> io::Result<JoinHandle<()>> {
    let mut room: Vec<u8> = Vec::new();
    room.try_reserve_exact(ROOM)
        .map_err(|_full| io::ErrorKind::OutOfMemory)?;
    drop(hint::black_box(room));
    let (runs, running) = mpsc::channel();
    let thread = thread::Builder::new().spawn(move || {
        drop(runs);
        thread::park();
    })?;
    // It says nothing, it ends the channel: with its start, or with its end.
    let _ended: Result<(), mpsc::RecvError> = running.recv();
    Ok(thread)
}
