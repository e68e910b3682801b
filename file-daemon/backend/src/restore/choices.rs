//! What an operator may choose for a restore: Bacula's "Plugin Options", Bareos' `pluginoptions=`.

use crate::line;
use errors::{Error, Kind, Result};
use formats::PluginLine;
use std::fmt::Write;
use std::path::PathBuf;

/// What comes of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mode {
    /// What the engine makes of them: a server's directory, or trees of a tool.
    #[default]
    Server,
    /// Files, each where the daemon would write it.
    Files,
}

/// Where a recovery shall end, in the operator's words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PointInTime {
    /// A time with its offset, or `latest`.
    pub time: Option<String>,
    /// A position of the log.
    pub position: Option<String>,
    /// A transaction.
    pub transaction: Option<String>,
    /// A named restore point.
    pub name: Option<String>,
    /// As soon as the data is consistent.
    pub immediate: bool,
    /// The history to follow.
    pub timeline: Option<String>,
    /// `pause`, `promote`, `shutdown`.
    pub action: Option<String>,
    /// Stop before what lies exactly at the target.
    pub exclusive: bool,
}

/// All choices.
#[derive(Debug, Clone, Default)]
pub(super) struct Choices {
    pub(super) mode: Mode,
    /// The directory instead of the original one.
    pub(super) to: Option<PathBuf>,
    /// Old and new paths of tablespaces.
    pub(super) tablespaces: Vec<(String, PathBuf)>,
    /// Streams are unpacked and prepared.
    pub(super) prepare: bool,
    pub(super) keep_archiving: bool,
    pub(super) point: PointInTime,
}

/// Name, Bacula's type, what a prompt says.
const ALL: &[(&str, &str, &str)] = &[
    ("mode", "@STR@", "server: ready to start; files: plain files"),
    ("to", "@STR@", "Directory instead of the original one"),
    ("tablespaces", "@STR@", "Tablespaces elsewhere: OLD=NEW,OLD=NEW"),
    ("prepare", "@BOOL@", "Prepare the streams of MariaDB or MySQL"),
    ("keep_archiving", "@BOOL@", "Let the restored server archive its log"),
    ("target_time", "@STR@", "End at this time, with its offset; or latest"),
    ("target_lsn", "@STR@", "End at this position of the log"),
    ("target_xid", "@STR@", "End with this transaction"),
    ("target_name", "@STR@", "End at this restore point"),
    ("target_immediate", "@BOOL@", "End as soon as the data is consistent"),
    ("target_timeline", "@STR@", "History to follow: latest, current, a number"),
    ("target_action", "@STR@", "What then: pause, promote, shutdown"),
    ("exclusive", "@BOOL@", "End before what lies exactly at the target"),
];

/// The choices in the words of Bacula's director.
pub(crate) fn declaration() -> String {
    let mut text = "# Seawall\n# Version 1\n".to_owned();
    for (name, kind, prompt) in ALL {
        // A string is a vector of bytes with room: this never fails.
        let _ = write!(text, "OptPrompt=\"{prompt}\"\nOptDefault=\"*None*\"\n{name}={kind}\n\n");
    }
    text
}

impl Choices {
    /// Reads what an operator chose: `name = value` lines, or the spelling of plugin lines.
    ///
    /// # Errors
    /// `usage`: an unknown choice, or a value that is none.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut choices = Self::default();
        let lines = text.lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            for (name, value) in pairs(line)? {
                choices
                    .set(&name, &value)
                    .map_err(|error| error.context("read the restore options"))?;
            }
        }
        Ok(choices)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        // What Bacula's console shows for an option without a value.
        if value.is_empty() || value == "*None*" {
            return Ok(());
        }
        let text = || Some(value.to_owned());
        match name {
            "mode" => self.mode = mode(value)?,
            "to" => self.to = Some(absolute(name, value)?),
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
            _ => {
                let known: Vec<&str> = ALL.iter().map(|(name, ..)| *name).collect();
                let error = Error::new(Kind::Usage, format!("unknown option {name:?}"));
                return Err(error.hint(format!("Known options: {}.", known.join(", "))));
            }
        }
        Ok(())
    }
}

/// A line `name = value`, or several pairs as in a plugin line, with or without the plugin's name.
fn pairs(line: &str) -> Result<Vec<(String, String)>> {
    let prefix = format!("{}:", protocol::PLUGIN);
    let line = line.strip_prefix(&prefix).unwrap_or(line).trim();
    if let Some((name, value)) =
        line.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
        && !holds_another(value)
        && is_known(name)
    {
        // Times have colons: a value that stands alone needs no quotes.
        let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        return Ok(vec![(name.to_owned(), quoted.unwrap_or(value).to_owned())]);
    }
    let line = PluginLine::parse(&(prefix + line)).map_err(|error| line::refused(&error))?;
    Ok(line.pairs.into_iter().map(|pair| (pair.name, pair.value.expose().to_owned())).collect())
}

fn is_known(name: &str) -> bool {
    ALL.iter().any(|(known, ..)| *known == name)
}

/// Whether a second choice follows in the same line.
fn holds_another(value: &str) -> bool {
    let words = value.split([':', ' ']).skip(1);
    words.filter_map(|word| word.split_once('=')).any(|(name, _)| is_known(name))
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
            let choices = Choices::parse(text).unwrap();
            assert_eq!(choices.to.as_deref(), Some(std::path::Path::new("/srv/new")), "{text}");
            assert!(choices.prepare && choices.mode == Mode::Server);
            assert_eq!(choices.point.time.as_deref(), Some("2026-11-20 15:00:00+01:00"));
        }
        assert!(Choices::parse("prepare=1\n").unwrap().prepare);
    }

    #[test]
    fn a_time_that_stands_alone_needs_no_quotes() {
        for text in ["target_time=2100-01-01T00:00:00Z", "seawall:target_time=2100-01-01T00:00:00Z"]
        {
            let time = Choices::parse(text).unwrap().point.time;
            assert_eq!(time.as_deref(), Some("2100-01-01T00:00:00Z"));
        }
    }

    #[test]
    fn what_is_unknown_is_told() {
        for bad in ["tto=/x", "to=x", "mode=tree", "prepare=maybe", "tablespaces=1"] {
            assert!(Choices::parse(bad).is_err(), "{bad}");
        }
        let error = Choices::parse("tto=/x").unwrap_err();
        assert!(error.hints()[0].contains("tablespaces"));
    }

    #[test]
    fn every_declared_choice_can_be_made() {
        for (name, kind, prompt) in ALL {
            let value = match *name {
                "mode" => "files",
                "tablespaces" => "1=/x",
                "to" => "/x",
                _ if *kind == "@BOOL@" => "yes",
                _ => "x",
            };
            Choices::default().set(name, value).unwrap();
            assert!(!prompt.contains('"'));
        }
        assert!(declaration().matches("OptPrompt").count() <= 32);
    }
}
