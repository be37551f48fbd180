//! Signals that ask a run to stop.

use std::io;

use tokio::runtime::Handle;

/// The signals that ask to stop, by the numbers that the system gives them.
pub(in crate::cli) const INTERRUPT: i32 = 2;

/// Calls `stop` with a signal's number each time one asks to stop, from now on.
///
/// # Errors
///
/// Returns why signals cannot be caught.
#[cfg(unix)]
pub(in crate::cli) fn catch(
    runtime: &Handle,
    mut stop: impl FnMut(i32) + Send + 'static,
) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let _inside = runtime.enter();
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hangups = signal(SignalKind::hangup())?;
    runtime.spawn(async move {
        loop {
            let number = tokio::select! {
                _ = interrupts.recv() => INTERRUPT,
                _ = terminations.recv() => SignalKind::terminate().as_raw_value(),
                // A terminal that is closed asks for the same.
                _ = hangups.recv() => SignalKind::terminate().as_raw_value(),
            };
            stop(number);
        }
    });
    Ok(())
}

/// Calls `stop` each time Ctrl-C asks to stop, from now on.
///
/// # Errors
///
/// Never: elsewhere than on Unix the wait itself fails.
#[cfg(not(unix))]
pub(in crate::cli) fn catch(
    runtime: &Handle,
    mut stop: impl FnMut(i32) + Send + 'static,
) -> io::Result<()> {
    runtime.spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            stop(INTERRUPT);
        }
    });
    Ok(())
}
