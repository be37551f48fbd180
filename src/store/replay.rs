//! What a journal adds to the state that it continues.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::diagnostic::counted;
use crate::event::{OpenBatches, RunEvent, RunInfo};
use crate::state::format::LAST_SERIAL;
use crate::state::{State, Status};
use crate::store::fit::{self, Fit};
use crate::store::journal;

/// Where a journal is damaged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The byte at which the damaged line begins, from 0.
    pub offset: usize,
    /// What is wrong with it.
    pub why: String,
    /// Whether the line is whole, and the journal is that of another run than the state has
    /// next.
    pub other_run: bool,
}

/// What a journal adds to a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The state after the journal's events; nothing where there was no state and the journal
    /// has not even a first line.
    pub state: Option<State>,
    /// Whether the journal has a first line, so that it is one.
    pub begun: bool,
    /// What somebody should know, a sentence each.
    pub warnings: Vec<String>,
}

/// Continues a state by the events of a journal.
///
/// A last line that was cut short is dropped with a warning: it was never synced, so nothing
/// followed from it. A batch without an answer leaves its assets unknown.
///
/// # Errors
///
/// Returns the first damage that is not a cut last line, or that the journal is that of another
/// state or of another run than the state has next.
pub fn replay(base: Option<State>, bytes: &[u8]) -> Result<Replayed, Damage> {
    let mut lines = Lines {
        bytes,
        offset: 0,
        torn: None,
    };
    let Some((offset, first)) = lines.next()? else {
        // Only a first line that was never whole is nothing: a damaged one, or several that run
        // together, may tell what was sent.
        if !bytes.is_empty() && !journal::is_cut_header(bytes) {
            return Err(Damage {
                offset: 0,
                why: "this is neither the first line of a journal nor the beginning of one"
                    .to_owned(),
                other_run: false,
            });
        }
        return Ok(Replayed {
            state: base,
            begun: false,
            warnings: lines.warnings(),
        });
    };
    let damage = |offset| {
        move |why| Damage {
            offset,
            why,
            other_run: false,
        }
    };
    let header = journal::read_header(first).map_err(damage(offset))?;
    let run = lines.clone().run()?;
    let fit = fit::fit(base, header, run.as_ref()).map_err(|why| Damage {
        offset,
        why,
        other_run: true,
    })?;
    let base = match fit {
        Fit::Continues(state) => state,
        Fit::TakenIn(state) => {
            let mut warnings = lines.warnings();
            if run.is_none() {
                warnings.push(fit::NO_RUN.to_owned());
            }
            return Ok(Replayed {
                state: Some(state),
                begun: true,
                warnings,
            });
        }
    };
    let mut fold = Fold::new(base);
    while let Some((offset, line)) = lines.next()? {
        fold.read_line(line).map_err(damage(offset))?;
    }
    let mut warnings = lines.warnings();
    let state = fold.end(&mut warnings);
    Ok(Replayed {
        state: Some(state),
        begun: true,
        warnings,
    })
}

/// The lines of a journal that are whole.
#[derive(Clone)]
struct Lines<'bytes> {
    bytes: &'bytes [u8],
    offset: usize,
    torn: Option<usize>,
}

impl<'bytes> Lines<'bytes> {
    fn next(&mut self) -> Result<Option<(usize, &'bytes [u8])>, Damage> {
        let offset = self.offset;
        let rest = &self.bytes[offset..];
        if rest.is_empty() {
            return Ok(None);
        }
        let damaged = || Damage {
            offset,
            why: "the line is damaged: its checksum does not fit".to_owned(),
            other_run: false,
        };
        if let Some(end) = memchr::memchr(b'\n', rest) {
            self.offset = offset + end + 1;
            return journal::body(&rest[..end])
                .map(|body| Some((offset, body)))
                .ok_or_else(damaged);
        }
        self.offset = self.bytes.len();
        if let Some(body) = journal::body(rest) {
            return Ok(Some((offset, body)));
        }
        // A whole line with another byte in place of its end was written whole, and synced.
        let (_, all_but_last) = rest.split_last().unwrap_or((&0, rest));
        if journal::body(all_but_last).is_some() {
            return Err(damaged());
        }
        self.torn = Some(offset);
        Ok(None)
    }

    /// The run that the next line begins; nothing where there is no further line.
    fn run(mut self) -> Result<Option<RunInfo>, Damage> {
        let Some((offset, line)) = self.next()? else {
            return Ok(None);
        };
        let damage = |why| Damage {
            offset,
            why,
            other_run: false,
        };
        let (_, event) = journal::read_event(line).map_err(damage)?;
        if let RunEvent::Started(info) = event {
            Ok(Some(info))
        } else {
            Err(damage("the first event does not begin a run".to_owned()))
        }
    }

    fn warnings(&self) -> Vec<String> {
        let torn = self.torn.map(|offset| {
            format!("its last line, at byte {offset}, was cut short and is left out: nothing followed from it")
        });
        torn.into_iter().collect()
    }
}

/// A state on its way through a journal.
struct Fold {
    state: State,
    run: u64,
    sequence: u64,
    last: Timestamp,
    open: OpenBatches,
}

impl Fold {
    fn new(state: State) -> Self {
        Self {
            run: state.serial,
            state,
            sequence: 0,
            last: Timestamp::UNIX_EPOCH,
            open: OpenBatches::default(),
        }
    }

    fn read_line(&mut self, body: &[u8]) -> Result<(), String> {
        let (seq, event) = journal::read_event(body)?;
        if seq != self.sequence + 1 {
            return Err(format!(
                "event {seq} follows event {}: lines are missing or doubled",
                self.sequence
            ));
        }
        self.sequence = seq;
        if let RunEvent::Started(info) = &event {
            if self.sequence > 1 {
                return Err(format!(
                    "a second run begins, {}: a journal is that of one run",
                    info.number
                ));
            }
            if info.number > LAST_SERIAL {
                return Err(format!("run {} is beyond {LAST_SERIAL}", info.number));
            }
            if info.number <= self.run {
                return Err(format!("run {} follows run {}", info.number, self.run));
            }
            self.run = info.number;
        }
        self.last = event.at().unwrap_or(self.last);
        self.open.apply(&event);
        self.state.apply(self.run, &event);
        Ok(())
    }

    fn end(mut self, warnings: &mut Vec<String>) -> State {
        let open = self.open.give_up();
        // One asset may be open in several batches, as a version and with its stack.
        let mut assets = BTreeSet::new();
        for (batch, outcomes) in open {
            assets.extend(outcomes.iter().map(|(id, _)| *id));
            let at = self.last;
            let event = RunEvent::Answered {
                batch,
                at,
                outcomes,
            };
            self.state.apply(self.run, &event);
        }
        self.state.drop_answered();
        let records = assets.iter().filter_map(|id| self.state.assets.get(id));
        let unknown = records.filter(|record| matches!(record.status, Status::Unknown { .. }));
        let unknown = unknown.count();
        if unknown > 0 {
            warnings.push(format!(
                "{} sent and not answered: unknown until a run finds out",
                counted(unknown, "asset was", "assets were")
            ));
        }
        self.state
    }
}
