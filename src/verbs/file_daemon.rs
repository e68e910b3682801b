//! `seawall file-daemon-backend`: what the plugins for file daemons start. Nobody types it.

use super::target;
use crate::args::{Action, Target as TargetFlags};
use crate::config::{Request, Settings};
use crate::context::Context;
use crate::printer::Answer;
use crate::registry;
use errors::{Error, Kind, Result};
use file_daemon_backend::{Host, PointInTime, Target, Wanted};
use serde_json::json;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use stream::{Engine, RecoveryRequest};

/// # Errors
/// Whatever makes the daemon's job fail; the plugin has been told.
pub(crate) fn run(context: &Context) -> Result<Answer> {
    let socket = io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from);
    let socket = socket.map_err(|error| Error::io("take the socket", error))?;
    if socket.peer_addr().is_err() {
        let text = "standard input is not a socket: this verb is for the plugins of file daemons";
        return Err(Error::new(Kind::Usage, text).hint("scripts/install-plugin installs them."));
    }
    context.end_on_signal()?;
    file_daemon_backend::run(socket, &Command { context }, &context.cancel)?;
    Ok(Answer::new("seawall.file-daemon-backend/1", String::new(), json!({})))
}

/// What the backend asks of the command.
struct Command<'a> {
    context: &'a Context,
}

impl Command<'_> {
    fn settings(&self, wanted: &Wanted) -> Result<Settings> {
        let options = wanted.options.iter();
        let request = Request {
            place: wanted.url.clone(),
            target: wanted.target.clone(),
            engine: wanted.engine.clone(),
            flags: Vec::new(),
            sets: options.map(|(name, value)| (name.clone(), value.expose().to_owned())).collect(),
            is_plugin_line: true,
        };
        self.context.settings(request)
    }
}

impl Host for Command<'_> {
    fn targets(&self) -> Result<Vec<String>> {
        Ok(self.context.files()?.targets.into_keys().collect())
    }

    fn engine(&self, name: &str) -> Result<&'static dyn Engine> {
        registry::by_name(name)
    }

    fn engine_of(&self, wanted: &Wanted) -> Result<&'static dyn Engine> {
        let settings = self.settings(&Wanted { options: Vec::new(), ..wanted.clone() })?;
        settings.engine.map(|(engine, _)| engine).ok_or_else(|| no_engine(wanted))
    }

    fn target(&self, wanted: &Wanted) -> Result<Target> {
        let settings = self.settings(wanted)?;
        let (engine, options) = settings.engine.ok_or_else(|| no_engine(wanted))?;
        let name = settings.target.ok_or_else(|| Error::new(Kind::Bug, "no target"))?;
        Ok(Target {
            engine,
            options,
            name,
            allow_inline_secrets: settings.general.flag("allow_inline_secrets"),
            state_dir: settings.general.text("state_dir").map(PathBuf::from),
        })
    }

    fn configuration_dir(&self) -> PathBuf {
        let named = self.context.global.config.as_deref();
        let file = named.unwrap_or(Path::new(crate::config::DEFAULT));
        file.parent().map(Path::to_owned).unwrap_or_default()
    }

    fn point_in_time(&self, engine: &dyn Engine, point: &PointInTime) -> Result<RecoveryRequest> {
        let action = match point.action.as_deref() {
            None => None,
            Some("pause") => Some(Action::Pause),
            Some("promote") => Some(Action::Promote),
            Some("shutdown") => Some(Action::Shutdown),
            Some(other) => {
                let text = format!("option target_action is {other:?}");
                return Err(Error::new(Kind::Usage, text).hint("Use pause, promote or shutdown."));
            }
        };
        let flags = TargetFlags {
            target_time: point.time.clone(),
            target_lsn: point.position.clone(),
            target_immediate: point.immediate,
            target_xid: point.transaction.clone(),
            target_name: point.name.clone(),
            target_timeline: point.timeline.clone(),
            target_action: action,
            inclusive: false,
            exclusive: point.exclusive,
        };
        target::request(engine, &flags, None)
    }
}

fn no_engine(wanted: &Wanted) -> Error {
    match &wanted.target {
        Some(name) => {
            Error::new(Kind::Config, format!("there is no target {name:?} in the configuration"))
                .hint("Write [target.NAME] into Seawall's configuration, or name engine= and its options in the plugin line.")
        }
        None => Error::new(Kind::Config, "the plugin line names no target")
            .hint("For example seawall:target=pg-main, or seawall:engine=postgresql:host=/run/postgresql."),
    }
}
