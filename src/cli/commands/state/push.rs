//! `retire state push`: replace the state by a later one.

use std::path::Path;

use crate::cli::args::{StatePush, Which};
use crate::cli::clock::TimeLeft;
use crate::cli::commands::state::changer;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Input};
use crate::cli::lock;
use crate::cli::misfit::Misfit;
use crate::render::counted;
use crate::state::{State, format};
use crate::store::{Loaded, Session, StoreError};

/// Takes a state and puts it in the place of the one that is there.
pub(crate) fn run(context: &Context, arguments: &StatePush) -> Result<Exit, Failure> {
    let given = read(&arguments.file)?;
    let Which { path, settings } = &arguments.which;
    let settings = context.settings_offline(&settings.given, path.as_deref())?;
    let path = &settings.state.value;
    let who = changer(context, &settings);
    let (mut session, loaded) = lock::open(context, &settings, &who, "state push")?;
    for warning in loaded.iter().flat_map(|loaded| &loaded.warnings) {
        context.console.warn(warning);
    }
    let place = path.display();
    if let Some(loaded) = &loaded {
        let misfit = |why| Failure::Misfit {
            path: arguments.file.clone(),
            why,
        };
        if compare(&given, loaded).map_err(misfit)? == Step::None {
            let words = format!("`{place}` is this very state already; nothing was written.");
            context.console.message(&words);
            return Ok(Exit::Done);
        }
    }
    session.replace(&given)?;
    let assets = counted(given.assets.len(), "asset", "assets");
    context.console.message(&format!(
        "`{place}` is serial {} with {assets} now.",
        given.serial
    ));
    Ok(Exit::Done)
}

fn read(path: &Path) -> Result<State, Failure> {
    let input = if path.as_os_str() == "-" {
        Input::Standard
    } else {
        Input::File(path.to_owned())
    };
    let bytes = files::read(&input, TimeLeft::unbound())?.bytes;
    let format = |why| StoreError::Format {
        path: path.to_owned(),
        why,
    };
    Ok(format::read(&bytes).map_err(format)?)
}

/// How far a state is ahead of another.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// They are the same.
    None,
    Ahead,
}

/// Decides whether a state may replace another.
fn compare(given: &State, loaded: &Loaded) -> Result<Step, Misfit> {
    let there = &loaded.state;
    let (here, known) = (given.serial, there.serial);
    if given.lineage != there.lineage {
        return Err(Misfit::Lineage {
            given: given.lineage,
            there: there.lineage,
        });
    }
    if here == known && given == there {
        return Ok(Step::None);
    }
    if here < known {
        return Err(Misfit::Older {
            given: here,
            there: known,
        });
    }
    if here == known {
        return Err(Misfit::Twin(here));
    }
    // Whoever made it from the file alone does not know what the journal tells.
    let last = there.runs.last_key_value();
    let is_known = last.is_none_or(|(number, run)| {
        let given = given.runs.get(number);
        given.is_some_and(|given| given.id == run.id)
    });
    if loaded.journal && !is_known {
        return Err(Misfit::Journal(known));
    }
    Ok(Step::Ahead)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::event::{Provenance, RunEvent, RunInfo};
    use crate::state::{Api, Target};

    fn state(lineage: u128, serial: u64) -> State {
        let target = Target {
            api: Api::V2,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        State {
            serial,
            ..State::new(Uuid::from_u128(lineage), target)
        }
    }

    fn loaded(serial: u64, journal: bool) -> Loaded {
        Loaded {
            state: state(1, serial),
            serial,
            digest: None,
            journal,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn only_a_later_state_of_the_same_lineage_may_replace_one() {
        let calm = loaded(3, false);
        assert_eq!(compare(&state(1, 3), &calm), Ok(Step::None));
        assert_eq!(compare(&state(1, 4), &calm), Ok(Step::Ahead));
        assert_eq!(
            compare(&state(1, 2), &calm),
            Err(Misfit::Older { given: 2, there: 3 })
        );
        let lineages = |given, there| Misfit::Lineage {
            given: Uuid::from_u128(given),
            there: Uuid::from_u128(there),
        };
        assert_eq!(compare(&state(2, 4), &calm), Err(lineages(2, 1)));
        let mut twin = state(1, 3);
        twin.target.account = Some("studio".to_owned());
        assert_eq!(compare(&twin, &calm), Err(Misfit::Twin(3)));
        // What was made from the file alone does not know what the journal tells.
        let run = |id| {
            RunEvent::Started(RunInfo {
                number: 3,
                id: Uuid::from_u128(id),
                at: Timestamp::UNIX_EPOCH,
                provenance: Provenance::default(),
                account: None,
            })
        };
        let after = |mut state: State, id| {
            let serial = state.serial;
            state.apply(3, &run(id));
            State { serial, ..state }
        };
        let mut left = loaded(3, true);
        left.state = after(left.state, 7);
        for given in [state(1, 4), after(state(1, 4), 8)] {
            assert_eq!(compare(&given, &left), Err(Misfit::Journal(3)));
        }
        assert_eq!(compare(&after(state(1, 4), 7), &left), Ok(Step::Ahead));
    }
}
