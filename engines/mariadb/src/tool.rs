//! The makers' two tools: what is different between them, where they are, which version, and what
//! they leave behind. How they are run is below.

mod arguments;
mod child;
mod messages;

pub(crate) use arguments::{Arguments, backup_arguments, prepare_arguments};
pub(crate) use child::{Child, Fifo, Start};
pub(crate) use messages::Messages;

use crate::options::OPTIONS;
use errors::{Error, Kind, Result};
use formats::xbstream::Dialect;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fmt, fs};
use stream::{OptionKind, Options};

/// Whose tool makes a backup, and prepares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Flavour {
    /// For MariaDB.
    #[serde(rename = "mariadb-backup")]
    MariaDbBackup,
    /// For MySQL and Percona Server.
    #[serde(rename = "xtrabackup")]
    XtraBackup,
}

impl Flavour {
    /// Reads the name; `None` for any other word.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::MariaDbBackup, Self::XtraBackup].into_iter().find(|it| it.to_string() == text)
    }

    /// Its streams' chunks.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::MariaDbBackup => Dialect::MariaDb,
            Self::XtraBackup => Dialect::Percona,
        }
    }

    /// Where users of file daemons look for its trees: the names that Bareos' plugins have.
    pub(crate) fn tree_directory(self) -> &'static str {
        match self {
            Self::MariaDbBackup => "_mariadb-backup",
            Self::XtraBackup => "_percona",
        }
    }

    /// The program's names.
    pub(crate) fn programs(self) -> &'static [&'static str] {
        match self {
            Self::MariaDbBackup => &["mariadb-backup", "mariabackup"],
            Self::XtraBackup => &["xtrabackup"],
        }
    }

    /// Whether redo log must be told to stay open until the last increment (`--apply-log-only`):
    /// XtraBackup rolls back otherwise, and mariadb-backup does not know the option.
    pub(crate) fn keeps_log_open(self) -> bool {
        self == Self::XtraBackup
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MariaDbBackup => "mariadb-backup",
            Self::XtraBackup => "xtrabackup",
        })
    }
}

/// A tool that is installed.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) flavour: Flavour,
    pub(crate) program: PathBuf,
    /// As it prints it: `10.11.19-MariaDB`, `8.0.35-31`.
    pub(crate) version: String,
}

impl Tool {
    /// Finds the flavour's tool and asks its version.
    ///
    /// # Errors
    /// `tool`: it is not installed, or does not answer.
    pub(crate) fn find(flavour: Flavour, named: Option<&str>) -> Result<Self> {
        let program = locate(flavour, named)?;
        let answer = command(&program).arg("--version").stdin(Stdio::null()).output();
        let answer = answer.map_err(|error| {
            Error::io(format!("run {}", program.display()), error).with_kind(Kind::Tool)
        })?;
        // MariaDB prints it on one of both, by version; XtraBackup on standard error.
        let mut text = String::from_utf8_lossy(&answer.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&answer.stderr));
        let version = version(&text).ok_or_else(|| {
            let text = format!("{} --version does not say a version", program.display());
            Error::new(Kind::Tool, text)
        })?;
        Ok(Self { flavour, program, version })
    }

    /// The tool of an engine's options.
    ///
    /// # Errors
    /// As [`Tool::find`].
    pub(crate) fn of(flavour: Flavour, options: &Options) -> Result<Self> {
        Self::find(flavour, options.text("tool"))
    }

    /// Refuses a tool of another series than the server's: it reads and writes the server's own
    /// formats.
    ///
    /// # Errors
    /// `tool`.
    pub(crate) fn check_fits(&self, server_version: &str) -> Result<()> {
        let (tool, server) = (series(&self.version), series(server_version));
        let fits = match self.flavour {
            Flavour::MariaDbBackup => tool == server,
            // 2.4 is for 5.6 and 5.7; from 8.0 on the series are the server's.
            Flavour::XtraBackup => tool == server || (tool == (2, 4) && server < (8, 0)),
        };
        if fits {
            return Ok(());
        }
        let (name, version) = (self.flavour, &self.version);
        Err(Error::new(Kind::Tool, format!("{name} {version} does not fit {server_version}"))
            .hint("Install the tool of the server's own series, or name it by the option `tool`."))
    }

    /// Whether the tool writes into several pipes at once.
    pub(crate) fn has_fifo_streams(&self) -> bool {
        let patch = self.version.split(['.', '-']).nth(2).and_then(|text| text.parse().ok());
        let patch: u32 = patch.unwrap_or(0);
        let series = series(&self.version);
        self.flavour == Flavour::XtraBackup
            && (series > (8, 0) || (series == (8, 0) && patch >= 33))
    }
}

/// A program, without the secrets that this process was given: the tool's password is in its option
/// file, and what else it starts needs none.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for option in OPTIONS.iter().filter(|option| matches!(option.kind, OptionKind::Secret)) {
        command.env_remove(format!("SEAWALL_{}", option.name.to_ascii_uppercase()));
        if let Some(name) = option.native_env {
            command.env_remove(name);
        }
    }
    command
}

fn locate(flavour: Flavour, named: Option<&str>) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/usr/sbin"));
    let names: Vec<&str> = named.map_or_else(|| flavour.programs().to_vec(), |name| vec![name]);
    for name in &names {
        if name.contains('/') {
            let path = PathBuf::from(name);
            if path.is_file() {
                return Ok(path);
            }
            continue;
        }
        let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|it| it.is_file());
        if let Some(found) = found {
            return Ok(found);
        }
    }
    Err(Error::new(Kind::Tool, format!("there is no {} on this host", names.join(" or "))).hint(
        "Install the package of the server's makers, or name the program by the option `tool`.",
    ))
}

/// `… based on MariaDB server 10.11.19-MariaDB debian-linux-gnu`, `xtrabackup version 8.0.35-31 …`.
fn version(text: &str) -> Option<String> {
    let after = |mark: &str| {
        let (_, rest) = text.split_once(mark)?;
        let word = rest.split_whitespace().next()?;
        word.starts_with(|letter: char| letter.is_ascii_digit()).then(|| word.to_owned())
    };
    after("based on MariaDB server ").or_else(|| after("xtrabackup version "))
}

/// The text in a directory, and its name there.
pub(crate) fn read_either(dir: &Path, names: [&'static str; 2]) -> Option<(&'static str, Vec<u8>)> {
    names.into_iter().find_map(|name| Some((name, fs::read(dir.join(name)).ok()?)))
}

/// The first two numbers of a version.
pub(crate) fn series(version: &str) -> (u32, u32) {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(flavour: Flavour, version: &str) -> Tool {
        Tool { flavour, program: PathBuf::new(), version: version.to_owned() }
    }

    #[test]
    fn versions_as_the_tools_print_them() {
        let mariadb =
            "mariadb-backup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu (x86_64)\n";
        assert_eq!(version(mariadb).as_deref(), Some("10.11.19-MariaDB"));
        let percona = "xtrabackup version 8.0.35-31 based on MySQL server 8.0.35 Linux (x86_64)\n";
        assert_eq!(version(percona).as_deref(), Some("8.0.35-31"));
        assert_eq!(version("usage"), None);
    }

    #[test]
    fn a_tool_is_for_its_own_series() {
        let mariadb = tool(Flavour::MariaDbBackup, "10.11.19-MariaDB");
        mariadb.check_fits("10.11.2-MariaDB-log").unwrap();
        assert_eq!(mariadb.check_fits("11.8.9-MariaDB").unwrap_err().kind(), Kind::Tool);
        tool(Flavour::XtraBackup, "2.4.20").check_fits("5.7.36-log").unwrap();
        assert!(tool(Flavour::XtraBackup, "8.0.35-31").check_fits("8.4.0").is_err());
    }

    #[test]
    fn pipes_came_with_8_0_33() {
        assert!(!tool(Flavour::XtraBackup, "8.0.32-26").has_fifo_streams());
        assert!(tool(Flavour::XtraBackup, "8.0.33-27").has_fifo_streams());
        assert!(tool(Flavour::XtraBackup, "8.4.0-1").has_fifo_streams());
        assert!(!tool(Flavour::MariaDbBackup, "11.8.9-MariaDB").has_fifo_streams());
    }

    #[test]
    fn a_tool_that_is_missing_is_named() {
        let error = Tool::find(Flavour::XtraBackup, Some("/nowhere/xb")).unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (Kind::Tool, "there is no /nowhere/xb on this host")
        );
    }

    #[test]
    fn series_of_versions() {
        assert_eq!(series("10.11.19-MariaDB-0+deb12u1-log"), (10, 11));
        assert_eq!(series("8.0.36-28"), (8, 0));
        assert_eq!(series("odd"), (0, 0));
    }
}
