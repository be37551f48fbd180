//! The console: the only place that prints.

use std::borrow::Cow;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anstream::{AutoStream, ColorChoice};
use terminal_size::{Width, terminal_size_of};

use crate::cli::args::Colour;
use crate::cli::env::Environment;
use crate::cli::project::links;
use crate::frameio::mask::{self, Secrets};
use crate::render::Style;
use crate::render::escape::escape;
use crate::render::wrap::wrapped;

/// Standard output for data, standard error for words, standard input for answers.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    out: Style,
    err: Style,
    quiet: bool,
    asks: bool,
    /// Whether standard output and standard error are terminals.
    terminals: (bool, bool),
    /// Whether standard error obeys what redraws a line.
    redraws: bool,
    /// Whether a line of [`Console::status`] stands there now.
    drawn: Arc<AtomicBool>,
    /// Whether a question stands there that nobody has answered yet.
    asking: Arc<AtomicBool>,
    /// The current folder, with a slash behind it: what lies in it is named from there.
    folder: Arc<str>,
    /// What nothing that is printed shows, whoever wrote it.
    hidden: Arc<Mutex<Vec<Secrets>>>,
}

/// How wide a terminal is that does not say so.
const USUAL_WIDTH: usize = 80;

/// Says that standard output can no longer be written to.
#[derive(Debug, thiserror::Error)]
#[error("standard output cannot be written to")]
pub(crate) struct OutputError(#[from] io::Error);

impl OutputError {
    /// Whether the reader has simply gone, as `head` does.
    pub(crate) fn is_reader_gone(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }

    /// Takes it for no failure that the reader has gone, for a command that has more to do than
    /// to print.
    ///
    /// # Errors
    ///
    /// Returns any other failure.
    pub(crate) fn unless_gone(printed: Result<(), Self>) -> Result<(), Self> {
        match printed {
            Err(error) if !error.is_reader_gone() => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

#[expect(
    clippy::unused_self,
    reason = "nobody prints or asks without a console"
)]
impl Console {
    /// Makes the console of this process.
    pub(crate) fn new(colour: Colour, quiet: bool, environment: &Environment) -> Self {
        let dumb = matches!(environment.text("TERM"), Ok(Some("dumb")));
        let style = |wanted_by_default: ColorChoice| Style {
            colour: match colour {
                Colour::Always => true,
                Colour::Never => false,
                Colour::Auto => wanted_by_default != ColorChoice::Never,
            },
        };
        let terminals = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Self {
            out: style(AutoStream::choice(&io::stdout())),
            err: style(AutoStream::choice(&io::stderr())),
            quiet,
            asks: io::stdin().is_terminal() && terminals.1,
            terminals,
            redraws: terminals.1 && !dumb,
            drawn: Arc::default(),
            asking: Arc::default(),
            folder: links::here().map_or_else(
                |_| "".into(),
                |folder| format!("{}/", folder.display()).into(),
            ),
            hidden: Arc::new(Mutex::new(vec![environment.secrets()])),
        }
    }

    /// Hides secrets from now on, in all that is printed and in words of the environment. Nothing
    /// should bring one there; a library that logs, an error that shows a line of a file, or a
    /// manifest with a token in it could.
    pub(crate) fn hide(&self, secrets: &Secrets) {
        let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.push(secrets.clone());
    }

    /// Whether somebody is there to answer a question.
    pub(crate) const fn can_ask(&self) -> bool {
        self.asks
    }

    /// Whether somebody reads standard output, and not a program.
    pub(crate) const fn is_read_by_people(&self) -> bool {
        self.terminals.0
    }

    /// Whether messages are wanted.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// How standard error looks.
    pub(crate) const fn style(&self) -> Style {
        self.err
    }

    /// How wide the terminal is that standard output is; nothing where it is none.
    pub(crate) fn width(&self) -> Option<usize> {
        self.terminals.0.then(|| {
            let width = terminal_size_of(io::stdout());
            width.map_or(USUAL_WIDTH, |(Width(width), _)| usize::from(width))
        })
    }

    /// How many columns a line of [`Console::status`] may have; nothing where lines are not
    /// redrawn.
    pub(crate) fn status_width(&self) -> Option<usize> {
        self.redraws.then(|| {
            let width = terminal_size_of(io::stderr());
            let width = width.map_or(USUAL_WIDTH, |(Width(width), _)| usize::from(width));
            // Many terminals go on to the next line once the last column is written to.
            width.saturating_sub(1)
        })
    }

    /// Writes a line that the next one replaces.
    pub(crate) fn status(&self, text: &str) {
        self.words(|_, sink| write!(sink, "{text}"));
        self.drawn.store(true, Ordering::Relaxed);
    }

    /// Takes the line of [`Console::status`] away again.
    pub(crate) fn clear_status(&self) {
        self.words(|_, _| Ok(()));
    }

    /// Writes a piece of a stream to standard output, at once.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be written, which may be that nobody reads it any more.
    pub(crate) fn stream(&self, bytes: &[u8]) -> io::Result<()> {
        let mut sink = io::stdout().lock();
        sink.write_all(bytes)?;
        sink.flush()
    }

    /// Writes data to standard output.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be written, which may be that nobody reads it any more.
    pub(crate) fn data(
        &self,
        write: impl FnOnce(Style, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        let mut sink = Masking {
            console: self,
            sink: io::stdout().lock(),
            refuses: false,
            lines: Vec::new(),
        };
        write(self.out, &mut sink)?;
        sink.flush()?;
        Ok(())
    }

    /// Writes words for people to standard output, in lines for which a terminal has room.
    ///
    /// # Errors
    ///
    /// Returns why they cannot be written, which may be that nobody reads them any more.
    pub(crate) fn text(
        &self,
        write: impl FnOnce(Style, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        self.data(|style, sink| wrapped(self.width(), sink, |sink| write(style, sink)))
    }

    /// Writes a document to a sink that takes no secret.
    ///
    /// # Errors
    ///
    /// Returns that a secret is in it, or what the sink says.
    pub(crate) fn guard(
        &self,
        sink: &mut dyn Write,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut sink = Masking {
            console: self,
            sink,
            refuses: true,
            lines: Vec::new(),
        };
        write(&mut sink)?;
        sink.flush()
    }

    /// Words of the environment without secrets, and bounded.
    pub(crate) fn without_secrets(&self, text: &str) -> String {
        let hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = text.to_owned();
        // It is cut only once all is hidden: half a secret would not be found.
        mask::bounded(
            &hidden
                .iter()
                .fold(whole, |text, secrets| secrets.hide_in(&text)),
        )
    }

    /// Whether words of somebody else have a secret in them.
    pub(crate) fn shows_secret(&self, text: &str) -> bool {
        let hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.iter().any(|secrets| secrets.shows(text))
    }

    /// Where a document has a secret.
    pub(crate) fn find_secret(&self, document: &[u8]) -> Option<usize> {
        let hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.iter().find_map(|secrets| secrets.find(document))
    }

    /// A text with a mask in place of each secret that is hidden.
    pub(crate) fn masked(&self, mut text: Vec<u8>) -> Vec<u8> {
        let hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        for secrets in hidden.iter() {
            if let Cow::Owned(masked) = secrets.printed(&text) {
                text = masked;
            }
        }
        text
    }

    /// Writes words to standard error, whatever `--quiet` says.
    pub(crate) fn words(&self, write: impl FnOnce(Style, &mut dyn Write) -> io::Result<()>) {
        let mut text = Vec::new();
        let written = write(self.err, &mut text);
        // A secret may have a space in it, at which a line could end.
        let text = self.on_terminal(self.masked(text));
        let mut sink = io::stderr().lock();
        let cleared = if self.drawn.swap(false, Ordering::Relaxed) {
            sink.write_all(b"\r\x1b[2K")
        } else if self.asking.swap(false, Ordering::Relaxed) {
            sink.write_all(b"\n")
        } else {
            Ok(())
        };
        // Where standard error is gone there is nobody left to tell.
        drop(
            written
                .and(cleared)
                .and_then(|()| sink.write_all(&text))
                .and_then(|()| sink.flush()),
        );
    }

    /// Words in lines for which a terminal has room, where standard error is one.
    fn on_terminal(&self, text: Vec<u8>) -> Vec<u8> {
        let width = self.terminals.1.then(|| {
            let width = terminal_size_of(io::stderr());
            width.map_or(USUAL_WIDTH, |(Width(width), _)| usize::from(width))
        });
        let mut lines = Vec::new();
        match wrapped(width, &mut lines, |sink| sink.write_all(&text)) {
            Ok(()) => lines,
            Err(_) => text,
        }
    }

    /// A text that names what lies in the current folder from there, wherever its path came from.
    fn shortened<'text>(&self, text: &'text str) -> Cow<'text, str> {
        if self.folder.len() > 1 && text.contains(&*self.folder) {
            return text.replace(&*self.folder, "").into();
        }
        text.into()
    }

    /// Writes a line to standard error, or several, unless `--quiet`; a path in it is data.
    pub(crate) fn message(&self, text: &str) {
        if !self.quiet {
            let text = self.shortened(text);
            self.words(|_, sink| {
                let mut lines = text.split('\n');
                lines.try_for_each(|line| writeln!(sink, "{}", escape(line)))
            });
        }
    }

    /// Writes a warning to standard error.
    pub(crate) fn warn(&self, text: &str) {
        let text = self.shortened(text);
        self.words(|style, sink| writeln!(sink, "{} {}", style.warning("warning:"), escape(&text)));
    }

    /// Writes an error and what to do about it to standard error.
    pub(crate) fn error(&self, text: &str, hint: Option<&str>) {
        let (text, hint) = (self.shortened(text), hint.map(|hint| self.shortened(hint)));
        self.words(|style, sink| {
            writeln!(sink, "{} {}", style.error("error:"), escape(&text))?;
            match hint {
                Some(hint) => writeln!(sink, "  = hint: {}", escape(&hint)),
                None => Ok(()),
            }
        });
    }

    /// Asks a question and reads a line; nothing where the input has ended.
    ///
    /// # Errors
    ///
    /// Returns why the answer cannot be read.
    pub(crate) fn ask(&self, question: &str) -> io::Result<Option<String>> {
        self.words(|_, sink| write!(sink, "{question} "));
        self.asking.store(true, Ordering::Relaxed);
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line)?;
        // Without an answer nothing has ended the line of the question.
        self.asking.store(read == 0, Ordering::Relaxed);
        Ok((read > 0).then(|| line.trim().to_owned()))
    }

    /// Asks for a secret, which no terminal shows; nothing where nobody answers.
    ///
    /// # Errors
    ///
    /// Returns why the answer cannot be read.
    pub(crate) fn ask_hidden(&self, question: &str) -> io::Result<Option<String>> {
        if !self.asks {
            return self.ask(question);
        }
        let mut sink = io::stderr().lock();
        sink.write_all(&self.masked(format!("{question} ").into_bytes()))?;
        sink.flush()?;
        rpassword::read_password().map(Some)
    }

    /// Asks for a number; nothing where the answer is none.
    ///
    /// # Errors
    ///
    /// Returns why the answer cannot be read.
    pub(crate) fn ask_number(&self, question: &str) -> io::Result<Option<usize>> {
        let answer = self.ask(question)?.unwrap_or_default();
        // People write a number as it is shown to them.
        Ok(answer.replace([',', '_', ' '], "").parse().ok())
    }
}

/// How many bytes of whole lines are looked through at once.
const PIECE: usize = 1 << 16;

/// Looks through whole lines on their way, since no secret goes over the end of one.
struct Masking<'console, W: Write> {
    console: &'console Console,
    sink: W,
    /// Whether a secret is an error; else it is masked.
    refuses: bool,
    lines: Vec<u8>,
}

impl<W: Write> Masking<'_, W> {
    /// Hands on so many of the bytes that wait.
    fn hand_on(&mut self, length: usize) -> io::Result<()> {
        let rest = self.lines.split_off(length);
        let lines = std::mem::replace(&mut self.lines, rest);
        if self.refuses && self.console.find_secret(&lines).is_some() {
            let why = "a secret of this run would be in it; look for it in the manifests";
            return Err(io::Error::other(why));
        }
        self.sink.write_all(&self.console.masked(lines))
    }
}

impl<W: Write> Write for Masking<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let before = self.lines.len();
        self.lines.extend_from_slice(bytes);
        // What waits is not looked through again: a document of one line comes in small pieces.
        if self.lines.len() >= PIECE
            && let Some(end) = memchr::memrchr(b'\n', bytes)
        {
            self.hand_on(before + end + 1)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hand_on(self.lines.len())?;
        self.sink.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document of one line is millions of pieces: looking through all that waits at each of them
    /// would never end.
    #[test]
    fn a_long_line_is_looked_through_once_and_takes_no_secret() {
        let console = Console::new(Colour::Never, true, &Environment::default());
        let secrets = Secrets::default();
        secrets.keep("hush-hush-hush");
        console.hide(&secrets);
        let mut out = Vec::new();
        let piece = b"hush-hush-hush, and ";
        let count = 32 * PIECE / piece.len();
        let written = console.guard(&mut out, |sink| {
            (0..count).try_for_each(|_| sink.write_all(piece))
        });
        assert!(written.is_err() && out.is_empty());
        let mut sink = Masking {
            console: &console,
            sink: Vec::new(),
            refuses: false,
            lines: Vec::new(),
        };
        for _ in 0..count {
            // Also where a piece ends in the middle of a secret.
            sink.write_all(&piece[..5]).unwrap();
            sink.write_all(&piece[5..]).unwrap();
        }
        assert!(sink.sink.is_empty());
        sink.write_all(b"\nrest").unwrap();
        let first = sink.sink.len();
        assert!(first > PIECE && sink.sink.ends_with(b"\n"));
        sink.flush().unwrap();
        let text = String::from_utf8(sink.sink).unwrap();
        assert!(!text.contains("hush") && text.ends_with("\nrest"));
        assert_eq!(text.matches(", and ").count(), count);
    }
}
