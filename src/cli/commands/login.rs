//! `retire login` and `retire logout`: sign in at Adobe, as a person.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime;
use tokio::time::{Instant, timeout};

use crate::app::error::Error;
use crate::app::provenance::random;
use crate::app::sign_in::{Patience, ask};
use crate::cli::args::{Login as Arguments, Logout, ThisRun};
use crate::cli::clock::{self, OutOfTime};
use crate::cli::commands::find;
use crate::cli::connect::host;
use crate::cli::context::Context;
use crate::cli::env::{CLIENT_ID, SECRETS};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::private;
use crate::cli::secrets::error::SecretError;
use crate::cli::secrets::login::{LoginFile, NAME};
use crate::cli::settings::Settings;
use crate::cli::settings::sending::SendingSettings;
use crate::event::StopReason;
use crate::frameio::login::{Keeper, alone};
use crate::render::escape::escape;
use crate::render::moment;

/// Signs in, and keeps what that gives.
pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<Exit, Failure> {
    if context.environment.has("CI") {
        return Err(SecretError::NobodyThere.into());
    }
    let settings = context.settings(&arguments.settings.given, ThisRun::default(), &[])?;
    let path = path(context)?;
    let client_id = match &arguments.client_id {
        Some(id) => id.clone(),
        None => match context.environment.text(CLIENT_ID)? {
            Some(id) => id.to_owned(),
            None => known_client(context)?.ok_or(SecretError::NoClientId)?,
        },
    };
    let file = LoginFile::new(path, settings.access.ims.clone(), client_id);
    file.check(&settings)?;
    let login = file.service(&settings)?;
    context.console.hide(login.secrets());
    let ids = [(); 3].map(|()| random());
    let sign_in = login.begin(&arguments.redirect_uri, ids);
    context.console.message(&format!(
        "Sign in at this address; the browser then ends at an address that begins with {}:\n\n{}\n",
        escape(&arguments.redirect_uri),
        sign_in.address
    ));
    if context.console.can_ask() && !arguments.no_browser {
        open_browser(sign_in.address.clone());
    }
    let pasted = context
        .console
        .ask_hidden("Paste the address at which the browser ended (it is not shown):")
        .map_err(Failure::system("read the address"))?
        .unwrap_or_default();
    let code = sign_in
        .code(&pasted)
        .map_err(|why| Failure::SignIn(why.to_string()))?;
    // The time that it took to answer does not count.
    let began = Instant::now();
    let patience = || patience(&settings, began);
    let around = host(context);
    let around = (&*around, clock::now as fn() -> Timestamp);
    let kept = ask(patience(), around, async || {
        login.finish(&sign_in, &code).await
    });
    let kept = kept.map_err(not_signed_in)?;
    {
        let _alone = wait_alone(&file, patience())?;
        file.keep(&kept).map_err(Failure::SignIn)?;
    }
    let until = moment(kept.ends);
    context.console.message(&if kept.refresh.is_some() {
        format!("Signed in; the token is renewed when it ends, first at {until}. `retire whoami` shows what it opens.")
    } else {
        format!("Signed in until {until}. `retire whoami` shows what it opens.")
    });
    Ok(Exit::Done)
}

/// Takes the sign-in back, and forgets it.
pub(crate) fn leave(context: &Context, arguments: &Logout) -> Result<Exit, Failure> {
    let settings = context.settings(&arguments.settings.given, ThisRun::default(), &[])?;
    // It names what is in accounts that nobody is signed in to any more.
    let forgotten = find::forget_all(context)?;
    if forgotten > 0 {
        find::tell_forgotten(context, forgotten);
    }
    let path = path(context)?;
    let began = Instant::now();
    let patience = || patience(&settings, began);
    let around = host(context);
    let around = (&*around, clock::now as fn() -> Timestamp);
    // Whoever renewed it meanwhile would write it anew.
    let mut lock = None;
    if let Ok(Some((file, _))) = LoginFile::open(&path) {
        lock = Some(wait_alone(&file, patience())?);
    }
    let revoked = match LoginFile::open(&path) {
        Ok(Some((file, kept))) => {
            let login = file.service(&settings)?;
            context.console.hide(login.secrets());
            Some(ask(patience(), around, async || login.revoke(&kept).await))
        }
        Ok(None) => {
            context.console.message("Nobody is signed in.");
            return Ok(Exit::Done);
        }
        // What cannot be read can be removed all the same.
        Err(_unreadable) => None,
    };
    private::remove(&path).map_err(Failure::system("remove the sign-in"))?;
    drop(lock);
    let deleted = escape(&path.to_string_lossy()).into_owned();
    context.console.message(&match &revoked {
        Some(Ok(())) => {
            format!("Signed out: `{deleted}` is deleted, and Adobe has taken its token back.")
        }
        Some(Err(_)) => format!("Signed out here: `{deleted}` is deleted."),
        None => format!(
            "`{deleted}` is deleted. It could not be read, so Adobe was not asked to take its token back."
        ),
    });
    if let Some(Err(why)) = revoked {
        context.console.warn(&format!(
            "Adobe did not take the token back, which is good until it ends: {why}"
        ));
        let is_late = Exit::from(&why) == Exit::Stopped;
        return Ok(if is_late { Exit::Stopped } else { Exit::Failed });
    }
    Ok(Exit::Done)
}

fn path(context: &Context) -> Result<std::path::PathBuf, SecretError> {
    let folder = context.environment.own_data();
    folder
        .map(|folder| folder.join(NAME))
        .ok_or(SecretError::NoFolder)
}

/// The client of the last sign-in.
fn known_client(context: &Context) -> Result<Option<String>, SecretError> {
    let open = LoginFile::open(&path(context)?);
    Ok(open
        .ok()
        .flatten()
        .map(|(file, _)| file.client_id().to_owned()))
}

/// How long is waited for what is asked from that moment on.
fn patience(settings: &Settings, began: Instant) -> Patience {
    let SendingSettings {
        reading,
        time_budget,
        timeouts,
        ..
    } = settings.sending;
    Patience {
        retries: reading,
        request: timeouts.request,
        left: time_budget.map(|budget| budget.saturating_sub(began.elapsed())),
    }
}

/// Waits until no other process changes the sign-in.
fn wait_alone(file: &LoginFile, patience: Patience) -> Result<Box<dyn Send>, Failure> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::system("start the thread of the client"))?;
    runtime.block_on(async {
        let left = patience.left.unwrap_or(Duration::MAX);
        let late = || OutOfTime("another process, which renews the sign-in".to_owned());
        let alone = timeout(left, alone(file)).await.map_err(|_late| late())?;
        alone.map_err(Failure::SignIn)
    })
}

/// Says what to do where the sign-in is refused.
fn not_signed_in(error: Error) -> Failure {
    if let Error::Stopped(StopReason::NoToken { detail }) = error {
        return Failure::SignIn(detail);
    }
    error.into()
}

/// Opens an address where there is a browser; where there is none, people do it by hand.
fn open_browser(address: String) {
    let (program, arguments): (_, &[&str]) = if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else if cfg!(target_os = "macos") {
        ("open", &[])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    for secret in SECRETS {
        command.env_remove(secret);
    }
    command.args(arguments).arg(address);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    thread::spawn(move || command.status().ok());
}
