//! `retire validate`: check the manifests and the settings of a project, without a server and without
//! a token.

use std::path::{Path, PathBuf};

use crate::cli::args::Validate;
use crate::cli::clock;
use crate::cli::context::Context;
use crate::cli::destination::Document;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::project;
use crate::cli::reports::{Asked, Content, Reports};
use crate::cli::settings::table::STATE;
use crate::manifest::document::Manifests;
use crate::render::checks::Check;
use crate::render::counted;
use crate::render::model::failed;

/// Reads the manifests and says what is in them.
pub(crate) fn run(context: &Context, arguments: &Validate) -> Result<Exit, Failure> {
    let Validate {
        paths,
        format,
        reports,
        settings,
    } = arguments;
    let paths = &paths.paths;
    let asked = Asked {
        command: "validate",
        reports,
        summaries: None,
        printed: (*format).into(),
        paths,
        json: Document::Events,
        flags: &settings.given,
    };
    let reports = Reports::new(context, &asked)?;
    let state = Path::new(STATE);
    reports.check(state)?;
    let manifests = check(context, paths);
    let manifests = manifests.inspect_err(|failure| reports.fail(failure, state))?;
    let reported = Content {
        checks: &|| {
            let files = manifests.files.iter();
            files.map(|file| Check::passed(&file.path)).collect()
        },
        report: &|| failed(("validate", STATE), (Vec::new(), None), clock::now()),
        json: &|_| Ok(()),
    };
    reports.publish(state, &reported)?;
    if !reports.prints() {
        tell(context, &manifests)?;
    }
    Ok(Exit::Done)
}

/// Reads the manifests, and the settings by which a plan of them would go; tells all that is wrong
/// with the ones and the others.
fn check(context: &Context, paths: &[PathBuf]) -> Result<Manifests, Failure> {
    // Nothing is asked of a server, so that it may name one.
    let settings = project::folder(paths).map_err(Failure::from);
    let settings = settings.and_then(|folder| context.configs(paths, &folder, false));
    match (context.manifests_to_check(paths), settings) {
        (Err(Failure::Findings(mut found)), Err(Failure::Findings(more))) => {
            found.extend(more);
            Err(Failure::Findings(found))
        }
        (Ok(manifests), Ok(_)) => Ok(manifests),
        (Err(failure), _) | (Ok(_), Err(failure)) => Err(failure),
    }
}

/// Says what is in them.
fn tell(context: &Context, manifests: &Manifests) -> Result<(), Failure> {
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
    Ok(())
}
