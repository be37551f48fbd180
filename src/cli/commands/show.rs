//! `retire show`: a state or a saved plan, for people or for programs.

use std::path::Path;

use crate::cli::args::{Format, Show};
use crate::cli::call::Call;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::plan::saved::{PlanDocument, SavedError};
use crate::render::text::{self, PlanView};
use crate::render::{json, state};
use crate::store::file::FileStore;

/// How far into a file a plan's id stands at most, in bytes.
const HEAD: usize = 200;

/// Shows a file as what it is.
pub(in crate::cli) fn run(call: &Call, arguments: &Show) -> Result<Exit, Failure> {
    let path = &arguments.file;
    let bytes = files::bytes(path)?;
    if is_plan(&bytes) {
        plan(call, path, &bytes, arguments.format)?;
    } else {
        drop(bytes);
        overview(call, path, arguments.format)?;
    }
    Ok(Exit::Done)
}

/// Whether a document begins as a plan does: a state names its lineage before any id.
fn is_plan(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    let place = |name: &str| head.find(name).unwrap_or(HEAD);
    place("\"id\":") < place("\"lineage\":")
}

fn plan(call: &Call, path: &Path, bytes: &[u8], format: Format) -> Result<(), Failure> {
    let fail = |why: SavedError| Failure::Saved {
        path: path.to_owned(),
        why,
    };
    let document = PlanDocument::read(bytes).map_err(fail)?;
    let plan = document.plan().map_err(fail)?;
    call.console.data(|style, sink| match format {
        Format::Json => document.to_json(sink),
        Format::Text => {
            text::basis(&document, style, sink)?;
            let view = PlanView {
                plan: &plan,
                batch_size: document.settings().batch_size,
                full: true,
            };
            text::plan(&view, style, sink)
        }
    })?;
    Ok(())
}

fn overview(call: &Call, path: &Path, format: Format) -> Result<(), Failure> {
    let loaded = FileStore::new(path).load()?;
    let loaded = loaded.ok_or_else(|| Failure::NoState(path.to_owned()))?;
    for warning in &loaded.warnings {
        call.console.warn(warning);
    }
    call.console.data(|style, sink| match format {
        Format::Json => json::overview(&loaded.state, sink),
        Format::Text => state::overview(&loaded.state, &path.display().to_string(), style, sink),
    })?;
    Ok(())
}
