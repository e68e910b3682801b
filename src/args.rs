//! The command line.

mod engine_options;
mod target;
mod wal;

pub(crate) use engine_options::EngineOptions;
pub(crate) use target::{Action, LATEST, Target};
pub(crate) use wal::{Fetch, Push, Wal};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use stream::UnitPattern;

/// Hot backups of databases, brought back to any second.
#[derive(Debug, Parser)]
#[command(name = "seawall", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Configuration file; /etc/seawall/seawall.toml and conf.d beside it by default.
    #[arg(long, global = true, value_name = "FILE", env = "SEAWALL_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The repository: a path, or a name of the configuration.
    // Its variable is read where all others are, so that `config show` knows the origin.
    #[arg(long, global = true, value_name = "PATH|NAME")]
    pub(crate) repo: Option<String>,
    /// How the answer is printed on standard output.
    #[arg(long, global = true, value_enum, default_value_t = Output::Text, env = "SEAWALL_OUTPUT")]
    pub(crate) output: Output,
    /// Log warnings and errors only, and show no progress.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Log more; twice for everything.
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// How log lines look on standard error.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, env = "SEAWALL_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    /// Show no progress bar.
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// One document.
    Json,
    /// One document per line: start, progress, item, error, summary.
    Jsonl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make a repository.
    Init,
    /// Look for everything that would make a backup fail.
    Check(Source),
    /// List what of a server can be backed up and restored alone.
    Units(Source),
    /// Take a backup.
    Backup(Backup),
    /// Let another cluster continue a target: after initdb or an upgrade.
    Accept(Accept),
    /// List the backups of a repository.
    List(Stored),
    /// Show one backup.
    Show(Show),
    /// Bring a backup back, and the log up to a chosen moment.
    Restore(Restore),
    /// Read every stored byte again and compare it with what was written.
    Verify(One),
    /// The server's log: what archive_command and restore_command call.
    #[command(subcommand)]
    Wal(Wal),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(Config),
    /// What the plugins for the file daemons of Bacula and Bareos start.
    #[command(hide = true)]
    FileDaemonBackend,
    /// Print version, engines and supported servers.
    Version,
}

/// A database server.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// The server's URL (postgresql://user@host:port, mariadb://user@localhost), or a target of the
    /// configuration.
    #[arg(value_name = "URL|TARGET")]
    pub(crate) place: String,
    /// The name under which it is kept; made of the URL by default.
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// The engine, where it is not the one of the URL's scheme.
    #[arg(long, value_name = "NAME")]
    pub(crate) engine: Option<String>,
    #[command(flatten)]
    pub(crate) options: EngineOptions,
}

/// Which units of a target.
#[derive(Debug, Args)]
pub(crate) struct Units {
    /// Only this unit of the target; may be repeated. `*`, `?` and `[…]` stand for characters, a
    /// backslash takes one as it is. `seawall units` lists them.
    #[arg(long = "unit", value_name = "NAME")]
    pub(crate) patterns: Vec<UnitPattern>,
}

#[derive(Debug, Args)]
pub(crate) struct Accept {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The cluster's identifier; the server is asked for it by default.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) lineage: Option<String>,
    /// Say what would be accepted, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) units: Units,
    /// How much data: full, differential, incremental, log.
    #[arg(long, default_value = "full")]
    pub(crate) level: stream::Level,
    /// Threads that read, compress and write.
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<String>,
    /// zstd's level, 1 to 19.
    #[arg(long, value_name = "N")]
    pub(crate) compression_level: Option<String>,
    /// List what would be read, and keep nothing. The server enters and leaves backup mode.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// A target in a repository.
#[derive(Debug, Args)]
pub(crate) struct Stored {
    /// The target: its name in the repository, or the URL it was backed up from. The only one of
    /// the repository by default.
    #[arg(value_name = "TARGET|URL")]
    pub(crate) place: Option<String>,
    /// The same, by its name.
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    #[command(flatten)]
    pub(crate) units: Units,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    pub(crate) stored: Stored,
    /// The backup: its name, its job's number, or `latest`.
    #[arg(long, value_name = "BACKUP")]
    pub(crate) backup: Option<String>,
    /// Threads that read and decompress.
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) stored: Stored,
    /// The backup: its name, its job's number, or `latest`.
    #[arg(long, value_name = "BACKUP")]
    pub(crate) backup: Option<String>,
    /// List the restore points that recovery from it can go to.
    #[arg(long)]
    pub(crate) restore_points: bool,
    /// The history to follow: `latest` (the default), `current` (the backup's own), or a number.
    #[arg(long, value_name = "TIMELINE")]
    pub(crate) target_timeline: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    pub(crate) stored: Stored,
    /// The directory to restore to: empty, or not there yet. For backups that a server or a file
    /// takes: the server's URL, a file, or `-` for standard output.
    #[arg(long, value_name = "DIR|FILE|URL|-", allow_hyphen_values = true)]
    pub(crate) to: String,
    /// The engine, where the target has backups of several.
    #[arg(long, value_name = "NAME")]
    pub(crate) engine: Option<String>,
    #[command(flatten)]
    pub(crate) options: EngineOptions,
    /// The backup to start from; the newest that serves the target by default.
    #[arg(long, value_name = "BACKUP")]
    pub(crate) backup: Option<String>,
    #[command(flatten)]
    pub(crate) target: Target,
    /// Put a tablespace elsewhere: its number or old path, and the new path. May be repeated.
    #[arg(long = "tablespace", value_name = "OLD=NEW", value_parser = pair)]
    pub(crate) tablespaces: Vec<(String, String)>,
    /// Where configuration files go that lay outside the data directory; `DIR.configuration` by
    /// default.
    #[arg(long, value_name = "PATH")]
    pub(crate) configuration: Option<PathBuf>,
    /// Unpack the chain into trees `DIR/<restore job>/<from>_<to>_<jobid>`, and prepare nothing.
    #[arg(long)]
    pub(crate) layout_only: bool,
    /// Let the restored server archive its log as the original did.
    #[arg(long)]
    pub(crate) keep_archiving: bool,
    /// Threads that read, decompress and write.
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<String>,
    /// Print the plan, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print every value; secrets are masked.
    Show(ConfigShow),
    /// Read the configuration and say what is wrong with it.
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigShow {
    /// A target of the configuration, or a URL.
    #[arg(value_name = "TARGET|URL")]
    pub(crate) place: Option<String>,
    /// Print where each value came from.
    #[arg(long)]
    pub(crate) origin: bool,
}

pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has no `=`")?;
    Ok((name.to_owned(), value.to_owned()))
}
