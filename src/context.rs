//! What every verb works with: flags, configuration, printer, progress, the cancel.

use crate::args::{Global, Output};
use crate::config::{ConfigFiles, Environment, Request, Settings};
use crate::logging;
use crate::operations::Work;
use crate::printer::Printer;
use crate::progress;
use errors::{Error, Kind, Result};
use repository::Repository;
use repository::storage::{Storage, driver_of};
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use stream::{Cancel, Engine, Job, JobId, Level, Options, Progress, Silent, TargetName};
use uuid::Uuid;

/// What a verb works with.
pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) printer: Printer,
    pub(crate) cancel: Cancel,
}

impl Context {
    pub(crate) fn new(global: Global) -> Self {
        let printer = Printer::new(global.output);
        Self { global, printer, cancel: Cancel::new() }
    }

    /// Starts the log. Verbs that a server calls are silent when all is well.
    pub(crate) fn start_log(&self, silent: bool) {
        logging::start(&self.global, silent);
    }

    /// From now on the first signal ends the work in order.
    ///
    /// # Errors
    /// The handlers could not be installed.
    pub(crate) fn end_on_signal(&self) -> Result<()> {
        let cancel = self.cancel.clone();
        system::on_end_signal(move |name| {
            tracing::warn!("{name}: ending the work in order");
            cancel.cancel();
        })
    }

    /// Shows the progress of long work.
    pub(crate) fn progress(&self) -> Arc<dyn Progress> {
        let quiet = self.global.quiet || self.global.no_progress;
        progress::choose(quiet, self.global.output == Output::Jsonl)
    }

    /// How the work of a verb is done.
    pub(crate) fn work(&self) -> Work {
        Work { cancel: self.cancel.clone(), progress: self.progress() }
    }

    /// A job for questions: a full of nothing that is kept. Verbs change what is different.
    pub(crate) fn job(&self, target: TargetName, options: &Options) -> Job {
        Job {
            id: JobId::new(0),
            uuid: Uuid::new_v4(),
            target,
            level: Level::Full,
            options: options.clone(),
            links: Vec::new(),
            accepted: Vec::new(),
            parent_rows: None,
            cancel: self.cancel.clone(),
            progress: Arc::new(Silent),
        }
    }

    /// Merges configuration, environment and flags.
    ///
    /// # Errors
    /// `config`, `usage`.
    pub(crate) fn settings(&self, mut request: Request) -> Result<Settings> {
        if let Some(repo) = &self.global.repo {
            request.flags.push(("repo", repo.clone()));
        }
        Settings::merge(&self.files()?, &environment(), &request)
    }

    /// The configuration files.
    ///
    /// # Errors
    /// `config`.
    pub(crate) fn files(&self) -> Result<ConfigFiles> {
        ConfigFiles::read(self.global.config.as_deref())
    }
}

/// The environment, but for variables that are no text: none of ours is such.
fn environment() -> Environment {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

impl Settings {
    /// The storage of the repository.
    ///
    /// # Errors
    /// `usage`: no repository is named, or there is no driver for its place.
    pub(crate) fn storage(&self) -> Result<Arc<dyn Storage>> {
        let (place, options) = self.repo.as_ref().ok_or_else(|| {
            Error::new(Kind::Usage, "no repository is named")
                .hint("Give --repo PATH, set SEAWALL_REPO, or write `repo` into the configuration.")
        })?;
        (driver_of(place)?.open)(place, options)
    }

    /// The repository, recognised.
    ///
    /// # Errors
    /// `usage`, `repository-missing`, or it is damaged.
    pub(crate) fn open_repository(&self) -> Result<Repository> {
        Repository::open(self.storage()?)
    }

    /// The engine and its options.
    ///
    /// # Errors
    /// `usage`: neither URL nor configuration names one.
    pub(crate) fn engine(&self) -> Result<(&'static dyn Engine, &Options)> {
        self.engine.as_ref().map(|(engine, options)| (*engine, options)).ok_or_else(|| {
            Error::new(Kind::Usage, "there is no such target in the configuration")
                .hint("Give the server's URL, for example postgresql://postgres@localhost:5432.")
        })
    }

    /// The name under which the target is kept.
    ///
    /// # Errors
    /// `bug`: an engine has no name for its target.
    pub(crate) fn target(&self) -> Result<TargetName> {
        self.target.clone().ok_or_else(|| Error::new(Kind::Bug, "no target"))
    }

    /// How many threads do the work.
    pub(crate) fn workers(&self) -> usize {
        let processors = available_parallelism().map_or(2, NonZero::get);
        let asked = self.general.count("workers").and_then(|count| usize::try_from(count).ok());
        asked.unwrap_or(processors).clamp(1, 256)
    }
}
