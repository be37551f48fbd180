//! Names that are almost those of settings: a misspelt one does nothing, silently.

use crate::cli::env::{self, Environment};
use crate::cli::settings::table::SETTINGS;

/// The name that was probably meant.
pub(crate) fn nearest<'known>(
    name: &str,
    known: impl Iterator<Item = &'known str>,
) -> Option<&'known str> {
    let distances = known.map(|known| (strsim::damerau_levenshtein(known, name), known));
    let (distance, close) = distances.min()?;
    (distance <= 3).then_some(close)
}

/// Warns of each variable of this program that sets nothing.
pub(crate) fn misspelt_variables(environment: &Environment) -> Vec<String> {
    let known = || {
        let settings = SETTINGS.iter().map(|setting| setting.variable);
        settings.chain(env::OTHERS)
    };
    let names = environment.names();
    let unknown =
        names.filter(|name| name.starts_with("RETIRE_") && known().all(|known| known != *name));
    unknown
        .map(|name| {
            let close = nearest(name, known());
            let hint = close.map_or_else(String::new, |known| format!(", did you mean `{known}`?"));
            format!("the environment variable `{name}` sets nothing{hint}")
        })
        .collect()
}
