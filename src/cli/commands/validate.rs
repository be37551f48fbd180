//! `retire validate`: check manifests, without a server and without a token.

use crate::cli::args::Paths;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::render::counted;

/// Reads the manifests and says what is in them.
pub(crate) fn run(context: &Context, arguments: &Paths) -> Result<Exit, Failure> {
    let manifests = context.manifests_to_check(&arguments.paths)?;
    let listed = manifests.files.iter().filter(|file| !file.is_for_holds());
    let files = counted(listed.count(), "manifest", "manifests");
    let mut parts = vec![counted(manifests.entries.len(), "asset", "assets")];
    for (number, one, many) in [
        (
            manifests.holds.len() + manifests.project_holds.len(),
            "hold",
            "holds",
        ),
        (manifests.releases.len(), "release", "releases"),
        (manifests.waivers.len(), "waiver", "waivers"),
    ] {
        if number > 0 {
            parts.push(counted(number, one, many));
        }
    }
    let parts = parts.join(", ");
    context
        .console
        .data(|_, sink| writeln!(sink, "{files}, {parts}: no errors"))?;
    Ok(Exit::Done)
}
