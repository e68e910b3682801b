//! Preparing: what makes a data directory of unpacked trees.
//!
//! Every tree is fresh from the repository: mariadb-backup deletes an increment's pages once they
//! are applied, and XtraBackup refuses to apply them twice (measured).

use crate::state::State;
use crate::tool::{Child, Flavour, Start, Tool, prepare_arguments, read_either};
use errors::{Error, Kind, Result};
use formats::mysql_texts::{BackupType, CHECKPOINTS_NAMES, Checkpoints};
use std::fs;
use std::path::Path;
use std::time::Duration;
use stream::{Chain, Link, Options, Preparation, RestoreJob};

/// How long a cancelled preparation may take to end.
const GRACE: Duration = Duration::from_secs(10);
/// What the tools leave in a tree and no server reads; `*_info` stays, as with `--copy-back`: it
/// says which backup the server came from.
const LEFT_OVERS: &[&str] = &[
    "xtrabackup_checkpoints",
    "mariadb_backup_checkpoints",
    "xtrabackup_binlog_info",
    "mariadb_backup_binlog_info",
    "xtrabackup_binlog_pos_innodb",
    "xtrabackup_logfile",
    "xtrabackup_master_key_id",
    "xtrabackup_tablespaces",
    "backup-my.cnf",
    "backup_meta.json",
];

/// Refuses links that give no data directory, and a tool that could not prepare them. Trees alone
/// can be had of every link.
///
/// # Errors
/// `not-found`: a backup of some databases; `tool`.
pub(crate) fn check(chain: &Chain<'_>, job: &RestoreJob) -> Result<()> {
    for link in chain.links() {
        if State::of(link)?.is_partial {
            return Err(Error::new(
                Kind::NotFound,
                format!("{} holds only some databases", link.name()),
            )
            .hint("No server starts on it. `--layout-only` unpacks it; see mariadb-backup --prepare --export."));
        }
        let version = link.server.get("version").map(String::as_str).unwrap_or_default();
        tool(link, &job.options)?.check_fits(version)?;
    }
    Ok(())
}

/// The tool that the operator names, or the one that is installed. A variable per flavour serves
/// those who restore backups of both.
fn tool(link: &Link, options: &Options) -> Result<Tool> {
    let flavour: Flavour = State::of(link)?.flavour;
    let variable = format!("SEAWALL_{}", flavour.to_string().to_uppercase().replace('-', "_"));
    let named = std::env::var(variable).ok();
    Tool::find(flavour, options.text("tool").or(named.as_deref()))
}

/// Applies one tree.
///
/// # Errors
/// `tool`, `interrupted`.
pub(crate) fn apply(step: &Preparation<'_>, job: &RestoreJob) -> Result<()> {
    let tool = tool(step.link, &job.options)?;
    let arguments = prepare_arguments(&tool, step.base, step.increment, step.is_last);
    let start = Start { arguments: &arguments, log: None, has_output: false };
    let mut child = Child::start(&tool, &start)?;
    let status = child.wait(&job.cancel, GRACE, |_| None)?;
    if !status.success() {
        return Err(child.failure(status));
    }
    if !child.messages.say_success() {
        let complaint = child.messages.complaint();
        let text = format!("{} ended without the words of success: {complaint}", tool.flavour);
        return Err(Error::new(Kind::Tool, text));
    }
    check_reached(step)
}

/// The base must stand where the link ends, and say so itself.
fn check_reached(step: &Preparation<'_>) -> Result<()> {
    let text = read_either(step.base, CHECKPOINTS_NAMES);
    let checkpoints =
        text.and_then(|(_, text)| Checkpoints::parse(&text).ok()).ok_or_else(|| {
            Error::new(Kind::RestoreCheck, "the prepared tree does not say where it stands")
        })?;
    let is_prepared =
        matches!(checkpoints.backup_type, BackupType::LogApplied | BackupType::FullPrepared);
    if is_prepared && u128::from(checkpoints.to_lsn) == step.link.to.value() {
        return Ok(());
    }
    let (is, at) = (&checkpoints.backup_type, checkpoints.to_lsn);
    let name = step.link.name();
    Err(Error::new(Kind::RestoreCheck, format!("after {name} the tree is {is:?} at LSN {at}")))
}

/// Removes what is the tool's and not the server's; and the links to tablespaces elsewhere
/// (`DATA DIRECTORY`): the tool puts those tablespaces into the tree, but a server would follow the
/// links to the original's own files (measured).
///
/// # Errors
/// `io`.
pub(crate) fn tidy(base: &Path) -> Result<()> {
    remove_links(base).map_err(|error| {
        Error::io(format!("remove links to tablespaces below {}", base.display()), error)
    })?;
    for name in LEFT_OVERS {
        let path = base.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io(format!("remove {}", path.display()), error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Files `<database>/<table>.isl`.
fn remove_links(base: &Path) -> std::io::Result<()> {
    for database in fs::read_dir(base)? {
        let database = database?;
        if !database.file_type()?.is_dir() {
            continue;
        }
        for entry in fs::read_dir(database.path())? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "isl") {
                fs::remove_file(path)?;
            }
        }
    }
    Ok(())
}
