//! `retire schema`: print the JSON Schema of a document.

use crate::cli::args::SchemaName;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::schemas;

pub(crate) fn run(context: &Context, name: SchemaName) -> Result<Exit, Failure> {
    let text = schemas::text(name);
    context
        .console
        .data(|_, sink| sink.write_all(text.as_bytes()))?;
    Ok(Exit::Done)
}
