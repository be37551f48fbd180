//! What every command is given, and what most of them begin with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::args::ThisRun;
use crate::cli::clock::{self, SystemClock, TimeLeft};
use crate::cli::config;
use crate::cli::console::Console;
use crate::cli::env::{self, Environment};
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::ownership::Project;
use crate::cli::playground;
use crate::cli::project;
use crate::cli::secrets::login;
use crate::cli::settings::access::TokenSource;
use crate::cli::settings::kind::Kind;
use crate::cli::settings::origin::{Origin, SettingsError, Valued};
use crate::cli::settings::server::Server;
use crate::cli::settings::table::Given;
use crate::cli::settings::table::STATE;
use crate::cli::settings::{Settings, Sources};
use crate::cli::signals::Signals;
use crate::diagnostic::{Finding, Place, Severity};
use crate::frameio::mask::Secrets;
use crate::manifest::{self, Source, document::Manifests};
use crate::plan::Times;
use crate::render::escape::escape;
use crate::render::names::Names;
use crate::render::notices::{self, Most};
use crate::store::file::FileStore;

/// What is said of a secret in a file.
const SECRET: &str = "this is a secret, which does not belong here";

/// What to do about it.
const REVOKE: &str = "remove it, and revoke it where others could read it";

/// The name of the config.
const CONFIG: &str = "retire.toml";

/// The flags and the PATHs of a command that reads a state, of which its PATH may be the one itself.
///
/// # Errors
///
/// Returns why what PATH names cannot be told.
pub(crate) fn with_state(
    flags: &Given,
    path: Option<&Path>,
) -> Result<(Given, Vec<PathBuf>), Failure> {
    let mut flags = flags.clone();
    if let (Some(path), None) = (path, &flags.state)
        && let Some(state) = project::named_state(path)?
    {
        flags.state = Some(Valued {
            value: state.to_owned(),
            origin: Origin::Flag("PATH"),
        });
    }
    Ok((flags, path.map(Path::to_owned).into_iter().collect()))
}

/// What every command is given.
#[derive(Debug)]
pub(crate) struct Context {
    /// Where it prints and asks.
    pub(crate) console: Console,
    pub(crate) environment: Environment,
    /// The signals of this process.
    pub(crate) signals: Signals,
    /// `--config`.
    pub(crate) config: Option<PathBuf>,
    /// `--trust-config`.
    pub(crate) trust_config: bool,
    /// How much is said of many dates.
    pub(super) notices: Most,
    /// The time since the command began.
    pub(super) clock: SystemClock,
}

impl Context {
    /// How long the settings let the command go on, from when it began.
    pub(super) const fn time_left(&self, settings: &Settings) -> TimeLeft {
        TimeLeft::new(self.clock, settings.sending.time_budget)
    }

    /// How long the command may go on, before all is decided that it goes by: what a flag, a
    /// variable or a file says that cannot be used is told where they are decided.
    pub(crate) fn time(&self, flags: &Given, paths: &[PathBuf]) -> TimeLeft {
        let variables = Given::by_variables(&self.environment).unwrap_or_default();
        let folder = project::folder(paths).unwrap_or_default();
        let files = self.configs(paths, &folder, false).unwrap_or_default();
        let mut places = [flags, &variables].into_iter().chain(&files);
        let budget = places.find_map(|given| given.time_budget.as_ref());
        TimeLeft::new(self.clock, budget.map(|budget| budget.value))
    }

    /// How much of names leaves the machine, before all is decided that the command goes by: where
    /// that cannot be told, nothing of them does.
    pub(crate) fn names(&self, flags: &Given, paths: &[PathBuf]) -> Names {
        if let Some(names) = &flags.names {
            return names.value;
        }
        let Ok(variables) = Given::by_variables(&self.environment) else {
            return Names::Off;
        };
        if let Some(names) = &variables.names {
            return names.value;
        }
        let folder = project::folder(paths).unwrap_or_default();
        let Ok(files) = self.configs(paths, &folder, false) else {
            return Names::Off;
        };
        let mut said = files.iter().filter_map(|file| file.names.as_ref());
        said.next().map_or(Names::Full, |names| names.value)
    }

    /// Reads the manifests that PATHs mean, while the command has time. Their dates are told once it
    /// is clear by which clock they go.
    ///
    /// # Errors
    ///
    /// Returns all that is wrong with them.
    pub(crate) fn manifests(
        &self,
        paths: &[PathBuf],
        time: TimeLeft,
    ) -> Result<Manifests, Failure> {
        let found = project::load(paths, time)?;
        if let Some(nested) = found.nested {
            return Err(nested.into());
        }
        let manifests = self.read_manifests(found)?;
        for notice in notices::texts(&manifests, self.notices) {
            self.console.warn(&notice);
        }
        Ok(manifests)
    }

    /// Reads the manifests that PATHs mean, of several projects too: nothing is done with them.
    ///
    /// # Errors
    ///
    /// Returns all that is wrong with them.
    pub(crate) fn manifests_to_check(&self, paths: &[PathBuf]) -> Result<Manifests, Failure> {
        self.read_and_tell(project::load(paths, TimeLeft::unbound())?)
    }

    /// Reads manifests, and tells of what they say by this machine's clock.
    fn read_and_tell(&self, found: project::Found) -> Result<Manifests, Failure> {
        let manifests = self.read_manifests(found)?;
        for notice in notices::notices(&manifests, clock::now()) {
            self.console.warn(&notice);
        }
        Ok(manifests)
    }

    /// Tells of the dates in manifests by this machine's clock, where no server is asked.
    pub(crate) fn tell_dates(&self, manifests: &Manifests) {
        for notice in notices::dated(manifests, Times::of(clock::now()), self.notices) {
            self.console.warn(&notice);
        }
    }

    /// Reads all manifests of the project folder, where there are any.
    ///
    /// # Errors
    ///
    /// Returns all that is wrong with them.
    pub(crate) fn project_manifests(&self) -> Result<Manifests, Failure> {
        self.read_and_tell(project::load_all()?)
    }

    fn read_manifests(&self, found: project::Found) -> Result<Manifests, Failure> {
        for note in &found.notes {
            self.console.message(&escape(note));
        }
        for warning in &found.warnings {
            self.console.warn(&escape(warning));
        }
        let read = manifest::read(&found.sources);
        let manifests = read.map_err(|findings| Failure::Findings(self.masked(findings)))?;
        let with_secret: Vec<Finding> = found
            .sources
            .iter()
            .filter_map(|source| self.secret_in(source))
            .collect();
        if !with_secret.is_empty() {
            return Err(Failure::Findings(with_secret));
        }
        Ok(Manifests {
            folder: found.folder,
            ..manifests
        })
    }

    /// That a manifest has a secret in it, whatever line it is in: what a manifest says ends up
    /// in plans and in reviews.
    fn secret_in(&self, source: &Source) -> Option<Finding> {
        let at = self.console.find_secret(&source.bytes)?;
        let before = &source.bytes[..at];
        let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count();
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Some(Finding {
            code: "secret",
            severity: Severity::Error,
            place: Place {
                file: Arc::clone(&source.path),
                line: number(memchr::memchr_iter(b'\n', before).count() + 1),
                column: number(column + 1),
            },
            message: SECRET.to_owned(),
            snippet: None,
            related: Vec::new(),
            hint: Some(REVOKE.to_owned()),
        })
    }

    /// Findings without the lines that hold a secret of this run.
    fn masked(&self, mut findings: Vec<Finding>) -> Vec<Finding> {
        let shows = |text: &str| self.console.shows_secret(text);
        for finding in &mut findings {
            if finding
                .snippet
                .as_ref()
                .is_some_and(|snippet| shows(&snippet.text))
            {
                finding.snippet = None;
            }
            if shows(&finding.message) {
                SECRET.clone_into(&mut finding.message);
                finding.hint = Some(REVOKE.to_owned());
            }
        }
        findings
    }

    /// Decides the settings of a command that talks to a server.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with a flag, a variable or a config; also what a file of the
    /// project says that only counts where somebody trusts it.
    pub(crate) fn settings(
        &self,
        flags: &Given,
        run: ThisRun,
        paths: &[PathBuf],
    ) -> Result<Settings, Failure> {
        // The sandbox of this one run is on this machine, and no secret goes there.
        let talks = !run.sandbox;
        let settings = self.resolve(flags, run, paths, talks)?;
        for note in settings.notes() {
            self.console.warn(&note);
        }
        Ok(settings)
    }

    /// Decides the settings of a command that talks to nobody, whatever they say of servers.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with a flag, a variable or a config.
    pub(crate) fn settings_offline(
        &self,
        flags: &Given,
        path: Option<&Path>,
    ) -> Result<Settings, Failure> {
        let (flags, paths) = with_state(flags, path)?;
        self.resolve(&flags, ThisRun::default(), &paths, false)
    }

    /// Refuses the state of a project that a link leads elsewhere, and a run that would begin anew
    /// beside the state of earlier ones.
    ///
    /// # Errors
    ///
    /// Returns where it leads out of, or where that state lies.
    pub(crate) fn check_state(
        &self,
        settings: &Settings,
        paths: &[PathBuf],
    ) -> Result<(), Failure> {
        let Valued { value, origin } = &settings.state;
        let is_projects = match origin {
            Origin::Flag(_) | Origin::Environment(_) => false,
            Origin::Config(config) => {
                !self.trusts_config()? && Project::containing(paths).has(config)
            }
            Origin::Default => true,
        };
        let store = FileStore::new(value);
        if is_projects {
            project::keep_state_inside(value, store.path())?;
        }
        let is_plays = settings.server.value == Server::Sandbox;
        if *origin != Origin::Default || is_plays {
            let usual = project::folder(paths)?.join(STATE);
            let is_new = store.path().symlink_metadata().is_err();
            if is_new && !is_plays && usual.symlink_metadata().is_ok() {
                let (state, usual) = (value.display(), usual.display());
                self.console.warn(&format!(
                    "there is no state `{state}` yet ({origin}), so nothing is known of earlier runs; `{usual}` lies in the project folder"
                ));
            }
            return Ok(());
        }
        let Some(old) = project::old_state(paths, value) else {
            return Ok(());
        };
        if store.path().symlink_metadata().is_err() {
            let state = value.clone();
            return Err(Failure::StateElsewhere { old, state });
        }
        let (old, state) = (old.display(), value.display());
        let words = format!("a state `{old}` lies there too, and is not used: `{state}` is");
        self.console.warn(&words);
        Ok(())
    }

    /// Where the state lies by which reports of what came to nothing are told, as far as anything says.
    pub(crate) fn likely_state(
        &self,
        flags: &Given,
        run: ThisRun,
        paths: &[PathBuf],
    ) -> Valued<PathBuf> {
        let folder = project::folder(paths).unwrap_or_default();
        let files = self.configs(paths, &folder, false).unwrap_or_default();
        let sources = Sources {
            flags,
            sandbox: run.sandbox,
            retry_blocked: run.retry_blocked,
            environment: &self.environment,
            files: &files,
            folder: &folder,
        };
        sources.likely_state()
    }

    fn resolve(
        &self,
        flags: &Given,
        ThisRun {
            sandbox,
            retry_blocked,
        }: ThisRun,
        paths: &[PathBuf],
        talks: bool,
    ) -> Result<Settings, Failure> {
        let folder = project::folder(paths)?;
        let files = self.configs(paths, &folder, talks)?;
        let sources = Sources {
            flags,
            sandbox,
            retry_blocked,
            environment: &self.environment,
            files: &files,
            folder: &folder,
        };
        let mut settings = sources.resolve()?;
        self.use_login(&mut settings);
        self.hide_files(&settings);
        self.refuse_secrets(&settings)?;
        self.check_state(&settings, paths)?;
        playground::settle_account(&mut settings, paths)?;
        Ok(settings)
    }

    /// Takes what somebody has signed in with, where no other way to a token is named: never in
    /// CI, unless somebody says so.
    fn use_login(&self, settings: &mut Settings) {
        let asked = settings.login.value;
        let is_last = settings.access.token.is_none() && !self.environment.has("CI");
        let is_real = settings.server.value != Server::Sandbox
            && settings.api.value.abilities().takes_adobe_tokens;
        if !is_real || !(asked || is_last) {
            return;
        }
        let path = self
            .environment
            .own_data()
            .map(|folder| folder.join(login::NAME));
        if let Some(path) = path.filter(|path| asked || files::is_there(path)) {
            let origin = Origin::Config(path.clone());
            settings.access.token = Some(Valued {
                value: TokenSource::Login(path),
                origin,
            });
        }
    }

    /// Hides the secrets that lie in plain files, before anything is written down; what is wrong
    /// with one is told where it is needed.
    fn hide_files(&self, settings: &Settings) {
        let secrets = Secrets::default();
        for path in settings.access.files() {
            let text = files::plain(path).ok().map(String::from_utf8);
            if let Some(Ok(text)) = text {
                secrets.keep(&text);
            }
        }
        self.console.hide(&secrets);
    }

    /// Refuses a setting with a secret in it: what is no secret is printed and written down.
    fn refuse_secrets(&self, settings: &Settings) -> Result<(), SettingsError> {
        for (name, valued) in settings.shown() {
            let shows = |valued: &Valued<String>| {
                self.console.find_secret(valued.value.as_bytes()).is_some()
            };
            if let Some(Valued { value: _, origin }) = valued.filter(shows) {
                return Err(SettingsError::Secret { origin, name });
            }
        }
        Ok(())
    }

    /// Reads the configs, the one that counts more first: the one that is named, else that of the
    /// project folder; then the user's own. Where another one is named, that of the project folder
    /// still protects what it does.
    pub(super) fn configs(
        &self,
        paths: &[PathBuf],
        folder: &Path,
        talks: bool,
    ) -> Result<Vec<Given>, Failure> {
        let own = self.environment.own_config();
        let project = Project::containing(paths);
        let trusts = self.trusts_config()?;
        let named = match &self.config {
            Some(path) => Some(path.clone()),
            None => self.environment.text(env::CONFIG)?.map(PathBuf::from),
        };
        let project_file = folder.join(CONFIG);
        let mut configs = Vec::new();
        if let Some(path) = &named {
            let is_own = own.as_ref() == Some(path) && !project.is_tracked(path);
            let trusted = trusts || is_own || !project.has(path);
            if !is_own {
                project::refuse_stray(path)?;
            }
            let loaded = self.config(path, trusted, talks)?;
            let mut named = loaded.ok_or_else(|| Failure::NoConfig(path.clone()))?;
            if !files::are_same(path, &project_file) {
                // Whoever names another file says nothing of what protects this project.
                project::refuse_stray(&project_file)?;
                if let Some(file) = self.config(&project_file, trusts, false)? {
                    named.protect(file);
                }
            }
            configs.push(named);
        } else {
            project::refuse_stray(&project_file)?;
            configs.extend(self.config(&project_file, trusts, talks)?);
        }
        if let Some(path) = own.filter(|own| Some(own) != named.as_ref()) {
            let trusted = trusts || !project.is_tracked(&path);
            configs.extend(self.config(&path, trusted, talks)?);
        }
        Ok(configs)
    }

    /// Reads a config; nothing where there is no such file.
    fn config(&self, path: &Path, trusted: bool, talks: bool) -> Result<Option<Given>, Failure> {
        let Some(text) = files::text_if_there(path)? else {
            return Ok(None);
        };
        let config =
            config::parse(path, &text).map_err(|found| Failure::Findings(self.masked(found)))?;
        if talks && !trusted {
            let own = self.environment.own_config();
            let found = config::untrusted(path, &text, own.as_deref());
            if !found.is_empty() {
                return Err(Failure::Findings(found));
            }
        }
        Ok(Some(config.of_file(path, trusted)))
    }

    /// Whether the project's config may decide where secrets go and what is executed.
    fn trusts_config(&self) -> Result<bool, Failure> {
        if self.trust_config {
            return Ok(true);
        }
        let trusts = match self.environment.text(env::TRUST_CONFIG)? {
            Some(text) => {
                let origin = Origin::Environment(env::TRUST_CONFIG);
                Valued::parse(origin, text, bool::parse)?.value
            }
            None => false,
        };
        Ok(trusts)
    }
}
