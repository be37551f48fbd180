//! The command that prints the token: what it is given, how long it may take, and what is said
//! of it. Neither the command nor its output is ever shown, since both may hold a secret.

use std::io::{self, IsTerminal, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::apply::Clock;
use crate::cli::clock::{OutOfTime, SystemClock, TimeLeft};
use crate::cli::env::SECRETS;
use crate::cli::secrets::error::{LONGEST, SecretError};
use crate::cli::settings::kind::TokenCommand;
use crate::cli::settings::origin::Origin;

/// How often a command is looked after: the system tells nobody when it ends within a time.
const GLANCE: Duration = Duration::from_millis(20);

/// The longest token that is read, in bytes; no server takes so long a header.
const LONGEST_TOKEN: usize = 64 << 10;

impl TokenCommand {
    fn command(&self) -> Option<Command> {
        let mut command = match self {
            Self::Shell(text) => {
                let mut shell = Command::new(if cfg!(windows) { "cmd" } else { "sh" });
                shell.args([if cfg!(windows) { "/C" } else { "-c" }, text]);
                shell
            }
            Self::Program(words) => {
                let (program, arguments) = words.split_first()?;
                let mut command = Command::new(program);
                command.args(arguments);
                command
            }
        };
        for secret in SECRETS {
            command.env_remove(secret);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        Some(command)
    }
}

/// How long nothing more may come from a command that has ended: what it printed itself is there
/// at once, and what it left in the background may hold its output open for ever.
const QUIET: Duration = Duration::from_secs(1);

/// Runs a command, and takes what it prints while there is time; `hide` hears all of it, whatever
/// becomes of it.
pub(super) fn run(
    (printer, origin): (&TokenCommand, &Origin),
    time: TimeLeft,
    hide: &dyn Fn(&str),
) -> Result<String, SecretError> {
    let mut command = printer.command().ok_or(SecretError::Missing)?;
    // What it leaves behind can be ended with it. On a terminal it stays with this program, since
    // it could not ask for a password otherwise.
    let is_apart = !io::stdin().is_terminal();
    #[cfg(unix)]
    if is_apart {
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    let longest = time.at_most(LONGEST);
    let clock = SystemClock::start();
    let no_command = |source| SecretError::NoCommand {
        origin: origin.clone(),
        source,
    };
    let mut child = command.spawn().map_err(no_command)?;
    let mut text = Vec::new();
    let status = wait(&mut child, (&clock, longest), &mut text);
    // Whatever it leaves in the background has had its time with it.
    end(&mut child, is_apart);
    hide(&String::from_utf8_lossy(&text));
    match status.map_err(no_command)? {
        Some(status) if status.success() => {
            // What is not text is no token, which is said where it is taken for one.
            Ok(String::from_utf8(text).unwrap_or_default())
        }
        Some(status) => Err(SecretError::Failed {
            origin: origin.clone(),
            status,
        }),
        None if time.is_over() => {
            let command = format!("the token command of {origin}");
            Err(SecretError::OutOfTime(OutOfTime(command)))
        }
        None => Err(SecretError::TooLong {
            origin: origin.clone(),
        }),
    }
}

/// Waits for a command and takes what it prints; nothing where it takes too long.
fn wait(
    child: &mut Child,
    (clock, longest): (&SystemClock, Duration),
    text: &mut Vec<u8>,
) -> io::Result<Option<ExitStatus>> {
    let output = child.stdout.take().map(read).transpose()?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if clock.elapsed() >= longest {
            break None;
        }
        thread::sleep(GLANCE);
    };
    // A process that it has left behind may still hold the pipe.
    if let Some(output) = output {
        let left = || longest.saturating_sub(clock.elapsed()).min(QUIET);
        while let Ok(piece) = output.recv_timeout(left()) {
            text.extend_from_slice(&piece);
        }
    }
    Ok(status)
}

/// Reads on a thread of its own, which ends with the pipe, with nobody listening, or with more
/// than any token has.
fn read(mut output: ChildStdout) -> io::Result<Receiver<Vec<u8>>> {
    let (sender, receiver) = channel();
    let reading = move || {
        let (mut piece, mut more) = ([0; 4096], LONGEST_TOKEN);
        while let Ok(length @ 1..) = output.read(&mut piece) {
            more = more.saturating_sub(length);
            if sender.send(piece[..length].to_vec()).is_err() || more == 0 {
                break;
            }
        }
    };
    thread::Builder::new().spawn(reading)?;
    Ok(receiver)
}

/// Ends a command and, where it is apart, what it has left behind. It is over either way;
/// whether something could be killed changes nothing.
fn end(child: &mut Child, is_apart: bool) {
    #[cfg(unix)]
    if is_apart {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            kill_process_group(group, Signal::KILL).ok();
        }
    }
    #[cfg(not(unix))]
    let _ = is_apart;
    drop(child.kill().and_then(|()| child.wait()));
}
