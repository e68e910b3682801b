//! What an operator may choose for a restore: Bacula's "Plugin Options", Bareos' `pluginoptions=`.

use crate::line;
use crate::target::PointInTime;
use errors::{Error, Kind, Result};
use formats::PluginLine;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use stream::{Engine, OptionKind, Options};

/// What comes of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mode {
    /// What the engine makes of them: a server's directory, or trees of a tool.
    #[default]
    Server,
    /// Files, each where the daemon would write it.
    Files,
}

/// Where things go instead of their original place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// An absolute path.
    Path(PathBuf),
    /// A running server.
    Url(String),
}

/// All choices.
#[derive(Debug, Clone, Default)]
pub(super) struct Choices {
    pub(super) mode: Mode,
    pub(super) to: Option<Place>,
    /// Old and new paths of tablespaces.
    pub(super) tablespaces: Vec<(String, PathBuf)>,
    /// Streams are unpacked and prepared.
    pub(super) prepare: bool,
    pub(super) keep_archiving: bool,
    pub(super) point: PointInTime,
    /// Options of the engines, each one known by at least one of them.
    pub(super) engine_options: Vec<(String, String)>,
}

/// Name, Bacula's type, what a prompt says.
const ALL: &[(&str, &str, &str)] = &[
    ("mode", "@STR@", "server or files"),
    ("to", "@STR@", "Directory or URL"),
    ("tablespaces", "@STR@", "OLD=NEW,OLD=NEW"),
    ("prepare", "@BOOL@", "Prepare streams"),
    ("keep_archiving", "@BOOL@", "Keep archiving"),
    ("target_time", "@STR@", "Time with offset, latest"),
    ("target_lsn", "@STR@", "Log position"),
    ("target_xid", "@STR@", "Transaction"),
    ("target_name", "@STR@", "Restore point"),
    ("target_immediate", "@BOOL@", "When consistent"),
    ("target_timeline", "@STR@", "latest, current, N"),
    ("target_action", "@STR@", "pause, promote, shutdown"),
    ("exclusive", "@BOOL@", "Stop just before"),
    ("engine_options", "@STR@", "NAME=VALUE NAME=VALUE"),
];

/// What the file daemon stores as it is; it compresses what is longer, and nobody knows the length then.
const STORED_PLAIN_BYTES: usize = 1000;

/// The choices in the words of Bacula's director. A director of Bacula 9.6 with SQLite loses objects
/// whose stored length leaves a rest of 1 when it is divided by 3 (measured): so the text is short, and
/// filled up.
pub(crate) fn declaration() -> String {
    let mut text = "# Seawall\n# Version 1\n".to_owned();
    for (name, kind, prompt) in ALL {
        // A string is a vector of bytes with room: this never fails.
        let _ = write!(text, "OptPrompt=\"{prompt}\"\nOptDefault=\"*None*\"\n{name}={kind}\n\n");
    }
    debug_assert!(text.len() <= STORED_PLAIN_BYTES, "{} bytes", text.len());
    while !text.len().is_multiple_of(3) {
        text.push('\n');
    }
    text
}

impl Choices {
    /// Reads what an operator chose: `name = value` lines, or the spelling of plugin lines. What is
    /// not a choice of this program's own must be an option of one of the engines.
    ///
    /// # Errors
    /// `usage`: an unknown choice, a value that is not valid, or a secret.
    pub(super) fn parse(text: &str, engines: &[&'static dyn Engine]) -> Result<Self> {
        let mut choices = Self::default();
        let lines = text.lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            for (name, value) in pairs(line, engines)? {
                choices
                    .set(&name, &value, engines)
                    .map_err(|error| error.context("read the restore options"))?;
            }
        }
        Ok(choices)
    }

    fn set(&mut self, name: &str, value: &str, engines: &[&'static dyn Engine]) -> Result<()> {
        // What Bacula's console shows for an option without a value.
        if value.is_empty() || value == "*None*" {
            return Ok(());
        }
        let text = || Some(value.to_owned());
        match name {
            "mode" => self.mode = mode(value)?,
            "to" => self.to = Some(place(value)?),
            "tablespaces" => self.tablespaces = tablespaces(value)?,
            "prepare" => self.prepare = flag(name, value)?,
            "keep_archiving" => self.keep_archiving = flag(name, value)?,
            "target_time" => self.point.time = text(),
            "target_lsn" => self.point.position = text(),
            "target_xid" => self.point.transaction = text(),
            "target_name" => self.point.name = text(),
            "target_immediate" => self.point.immediate = flag(name, value)?,
            "target_timeline" => self.point.timeline = text(),
            "target_action" => self.point.action = text(),
            "exclusive" => self.point.exclusive = flag(name, value)?,
            "engine_options" => {
                for (name, value) in spelled_as_a_plugin_line(value)? {
                    self.set_engine_option(&name, &value, engines)?;
                }
            }
            _ => self.set_engine_option(name, value, engines)?,
        }
        Ok(())
    }

    /// The value must be valid for each engine that has such an option.
    fn set_engine_option(
        &mut self,
        name: &str,
        value: &str,
        engines: &[&'static dyn Engine],
    ) -> Result<()> {
        let mut is_known = false;
        for engine in engines {
            let mut options = Options::new(engine.descriptor().options);
            let Some(spec) = options.spec(name) else { continue };
            if spec.kind == OptionKind::Secret {
                let text = format!("{name} is secret, and restore options are not");
                return Err(Error::new(Kind::Usage, text)
                    .hint("The director keeps and shows them. Put it into a file."));
            }
            options.set(name, value).map_err(|error| error.with_kind(Kind::Usage))?;
            is_known = true;
        }
        if !is_known {
            return Err(unknown(name, engines));
        }
        self.engine_options.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    /// The directory that things go to instead of their original place.
    ///
    /// # Errors
    /// `usage`: a server was chosen.
    pub(super) fn to_directory(&self, engine: &dyn Engine) -> Result<Option<&Path>> {
        match &self.to {
            None => Ok(None),
            Some(Place::Path(path)) => Ok(Some(path)),
            Some(Place::Url(_)) => {
                let name = engine.descriptor().name;
                let text = format!("a backup of {name} is restored to a directory, not to a URL");
                Err(Error::new(Kind::Usage, text).hint("Write to=DIR, with an absolute path."))
            }
        }
    }
}

fn unknown(name: &str, engines: &[&'static dyn Engine]) -> Error {
    let known: Vec<&str> = ALL.iter().map(|(name, ..)| *name).collect();
    let error = Error::new(Kind::Usage, format!("unknown option {name:?}"))
        .hint(format!("Known options: {}.", known.join(", ")));
    engines.iter().fold(error, |error, engine| {
        let descriptor = engine.descriptor();
        let specs = descriptor.options.iter().filter(|spec| spec.kind != OptionKind::Secret);
        let names: Vec<&str> = specs.map(|spec| spec.name).collect();
        error.hint(format!("Options of {}: {}.", descriptor.name, names.join(", ")))
    })
}

/// A line `name = value`, or several pairs as in a plugin line, with or without the plugin's name.
fn pairs(line: &str, engines: &[&'static dyn Engine]) -> Result<Vec<(String, String)>> {
    let prefix = format!("{}:", protocol::PLUGIN);
    let line = line.strip_prefix(&prefix).unwrap_or(line).trim();
    if let Some((name, value)) =
        line.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
        && !holds_another(value, engines)
        && is_known(name, engines)
    {
        // Times have colons: a value that stands alone needs no quotes.
        let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        return Ok(vec![(name.to_owned(), quoted.unwrap_or(value).to_owned())]);
    }
    spelled_as_a_plugin_line(line)
}

fn spelled_as_a_plugin_line(text: &str) -> Result<Vec<(String, String)>> {
    let line = format!("{}:{text}", protocol::PLUGIN);
    let line = PluginLine::parse(&line).map_err(|error| line::refused(&error))?;
    Ok(line.pairs.into_iter().map(|pair| (pair.name, pair.value.expose().to_owned())).collect())
}

fn is_known(name: &str, engines: &[&'static dyn Engine]) -> bool {
    let is_of_engine = |engine: &&'static dyn Engine| {
        Options::new(engine.descriptor().options).spec(name).is_some()
    };
    ALL.iter().any(|(known, ..)| *known == name) || engines.iter().any(is_of_engine)
}

/// Whether a second choice follows in the same line. Quotes around the whole value keep it one.
fn holds_another(value: &str, engines: &[&'static dyn Engine]) -> bool {
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if inside.is_some_and(|inside| !inside.contains('"')) {
        return false;
    }
    let words = value.split([':', ' ']).skip(1);
    words.filter_map(|word| word.split_once('=')).any(|(name, _)| is_known(name, engines))
}

fn wrong(name: &str, value: &str, wanted: &str) -> Error {
    Error::new(Kind::Usage, format!("option {name} is {value:?}, but must be {wanted}"))
}

fn mode(value: &str) -> Result<Mode> {
    match value {
        "server" => Ok(Mode::Server),
        "files" => Ok(Mode::Files),
        _ => Err(wrong("mode", value, "server or files")),
    }
}

fn flag(name: &str, value: &str) -> Result<bool> {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" | "1" => Ok(true),
        "no" | "false" | "off" | "0" => Ok(false),
        _ => Err(wrong(name, value, "yes or no")),
    }
}

/// A URL, or an absolute path.
fn place(value: &str) -> Result<Place> {
    if value.contains("://") && !value.starts_with('/') {
        return Ok(Place::Url(value.to_owned()));
    }
    let path = PathBuf::from(value);
    match path.is_absolute() {
        true => Ok(Place::Path(path)),
        false => Err(wrong("to", value, "an absolute path, or a server's URL")),
    }
}

fn absolute(name: &str, value: &str) -> Result<PathBuf> {
    let path = PathBuf::from(value);
    if path.is_absolute() { Ok(path) } else { Err(wrong(name, value, "an absolute path")) }
}

fn tablespaces(value: &str) -> Result<Vec<(String, PathBuf)>> {
    let pair = |text: &str| {
        let (old, new) =
            text.split_once('=').ok_or_else(|| wrong("tablespaces", text, "OLD=NEW"))?;
        Ok((old.to_owned(), absolute("tablespaces", new)?))
    };
    value.split(',').map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_daemons_words_are_read() {
        let bacula = "# x\n\nto=\"/srv/new\"\n\nprepare=\"yes\"\n\ntarget_time=\"2026-11-20 15:00:00+01:00\"\n\nmode=\"*None*\"\n";
        let bareos = "seawall:to=/srv/new:prepare=yes:target_time=\"2026-11-20 15:00:00+01:00\"";
        for text in [bacula, bareos] {
            let choices = Choices::parse(text, &[]).unwrap();
            assert_eq!(choices.to, Some(Place::Path("/srv/new".into())), "{text}");
            assert!(choices.prepare && choices.mode == Mode::Server);
            assert_eq!(choices.point.time.as_deref(), Some("2026-11-20 15:00:00+01:00"));
        }
        assert!(Choices::parse("prepare=1\n", &[]).unwrap().prepare);
    }

    #[test]
    fn a_time_that_stands_alone_needs_no_quotes() {
        for text in ["target_time=2100-01-01T00:00:00Z", "seawall:target_time=2100-01-01T00:00:00Z"]
        {
            let time = Choices::parse(text, &[]).unwrap().point.time;
            assert_eq!(time.as_deref(), Some("2100-01-01T00:00:00Z"));
        }
    }

    #[test]
    fn what_is_unknown_is_told() {
        for bad in ["tto=/x", "to=x", "mode=tree", "prepare=maybe", "tablespaces=1"] {
            assert!(Choices::parse(bad, &[]).is_err(), "{bad}");
        }
        let error = Choices::parse("tto=/x", &[]).unwrap_err();
        assert!(error.hints()[0].contains("tablespaces"));
    }

    #[test]
    fn every_declared_choice_can_be_made() {
        for (name, kind, prompt) in ALL {
            let value = match *name {
                "mode" => "files",
                "tablespaces" => "1=/x",
                "to" => "/x",
                // Which options an engine has is another test.
                "engine_options" => "*None*",
                _ if *kind == "@BOOL@" => "yes",
                _ => "x",
            };
            Choices::default().set(name, value, &[]).unwrap();
            assert!(!prompt.contains('"'));
        }
        let declared = declaration();
        assert!(declared.matches("OptPrompt").count() <= 32);
        assert!(declared.len() <= STORED_PLAIN_BYTES && declared.len().is_multiple_of(3));
    }
}
