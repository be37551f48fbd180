//! The console: the only place that prints.

use std::io::{self, BufRead, BufWriter, IsTerminal, Write};

use crate::cli::args::Colour;
use crate::cli::env::Environment;
use crate::render::Style;
use crate::render::escape::escape;

/// Standard output for data, standard error for words, standard input for answers.
#[derive(Debug)]
pub struct Console {
    out: Style,
    err: Style,
    quiet: bool,
    asks: bool,
    /// Whether standard output and standard error are terminals.
    terminals: (bool, bool),
}

/// Says that standard output can no longer be written to.
#[derive(Debug, thiserror::Error)]
#[error("standard output cannot be written to")]
pub struct OutputError(#[from] io::Error);

impl OutputError {
    /// Whether the reader has simply gone, as `head` does.
    #[must_use]
    pub fn is_reader_gone(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }

    /// Takes it for no failure that the reader has gone, for a command that has more to do than
    /// to print.
    ///
    /// # Errors
    ///
    /// Returns any other failure.
    pub fn unless_gone(printed: Result<(), Self>) -> Result<(), Self> {
        match printed {
            Err(error) if !error.is_reader_gone() => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Console {
    /// Makes the console of this process.
    #[must_use]
    pub fn new(colour: Colour, quiet: bool, environment: &Environment) -> Self {
        let plain =
            environment.has("NO_COLOR") || matches!(environment.text("TERM"), Ok(Some("dumb")));
        let style = |terminal: bool| Style {
            colour: match colour {
                Colour::Always => true,
                Colour::Never => false,
                Colour::Auto => terminal && !plain,
            },
        };
        let terminals = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Self {
            out: style(terminals.0),
            err: style(terminals.1),
            quiet,
            asks: io::stdin().is_terminal() && terminals.1,
            terminals,
        }
    }

    /// Whether somebody is there to answer a question.
    #[must_use]
    pub const fn can_ask(&self) -> bool {
        self.asks
    }

    /// Whether somebody reads standard output, and not a program.
    #[must_use]
    pub const fn is_read_by_people(&self) -> bool {
        self.terminals.0
    }

    /// Whether [`Console::status`] redraws one line.
    #[must_use]
    pub const fn redraws(&self) -> bool {
        self.terminals.1
    }

    /// Writes a line that the next one may replace, unless `--quiet`.
    pub fn status(&self, text: &str) {
        if self.redraws() && !self.quiet {
            self.words(|_, sink| write!(sink, "\r\x1b[2K{text}"));
        } else {
            self.message(text);
        }
    }

    /// Takes the line of [`Console::status`] away again.
    pub fn clear_status(&self) {
        if self.redraws() && !self.quiet {
            self.words(|_, sink| write!(sink, "\r\x1b[2K"));
        }
    }

    /// Writes data to standard output.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be written, which may be that nobody reads it any more.
    pub fn data(
        &self,
        write: impl FnOnce(Style, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        let mut sink = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        write(self.out, &mut sink)?;
        sink.flush()?;
        Ok(())
    }

    /// Writes words to standard error, whatever `--quiet` says.
    pub fn words(&self, write: impl FnOnce(Style, &mut dyn Write) -> io::Result<()>) {
        let mut sink = BufWriter::new(io::stderr().lock());
        // Where standard error is gone there is nobody left to tell.
        drop(write(self.err, &mut sink).and_then(|()| sink.flush()));
    }

    /// Writes a line to standard error, unless `--quiet`.
    pub fn message(&self, text: &str) {
        if !self.quiet {
            self.words(|_, sink| writeln!(sink, "{text}"));
        }
    }

    /// Writes a warning to standard error.
    pub fn warn(&self, text: &str) {
        self.words(|style, sink| writeln!(sink, "{} {}", style.warning("warning:"), escape(text)));
    }

    /// Writes an error and what to do about it to standard error.
    pub fn error(&self, text: &str, hint: Option<&str>) {
        self.words(|style, sink| {
            writeln!(sink, "{} {}", style.error("error:"), escape(text))?;
            match hint {
                Some(hint) => writeln!(sink, "  = hint: {}", escape(hint)),
                None => Ok(()),
            }
        });
    }

    /// Asks a question and reads a line; nothing where the input has ended.
    ///
    /// # Errors
    ///
    /// Returns why the answer cannot be read.
    pub fn ask(&self, question: &str) -> io::Result<Option<String>> {
        let mut sink = io::stderr().lock();
        write!(sink, "{question} ")?;
        sink.flush()?;
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }

    /// Asks for a number; nothing where the answer is none.
    ///
    /// # Errors
    ///
    /// Returns why the answer cannot be read.
    pub fn ask_number(&self, question: &str) -> io::Result<Option<usize>> {
        let answer = self.ask(question)?.unwrap_or_default();
        // People write a number as it is shown to them.
        Ok(answer.replace([',', '_', ' '], "").parse().ok())
    }
}
