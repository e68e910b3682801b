//! The last mile: recovery settings, the signal to recover, and the links to tablespaces.

use crate::roots;
use chrono::{DateTime, Utc};
use errors::{Error, Kind, Result};
use formats::Lsn;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use stream::{LastMile, RecoveryTarget};
use system::failpoint::{Point, SETTINGS, SIGNAL};
use system::{Users, durable};

/// Where the server reads settings that win over all other files.
const AUTO_CONF: &str = "postgresql.auto.conf";
const RECOVERY_SIGNAL: &str = "recovery.signal";
const FILE_MODE: u32 = 0o600;

/// Finishes a restored data directory.
///
/// # Errors
/// `io`, `manifest`.
pub(crate) fn finish(mile: &LastMile<'_>) -> Result<()> {
    let root = roots::data_root()?;
    let data = mile.layout.roots.get(&root).map(PathBuf::as_path);
    let data = data.ok_or_else(|| Error::new(Kind::Bug, "the layout has no data directory"))?;
    link_tablespaces(mile, data)?;
    let mut text = without_recovery_settings(&read(&data.join(AUTO_CONF))?);
    text.extend_from_slice(settings(mile)?.as_bytes());
    write(data, AUTO_CONF, &text, SETTINGS)?;
    warn_of_other_targets(&read(&data.join("postgresql.conf"))?);
    write(data, RECOVERY_SIGNAL, b"", SIGNAL)
}

/// Links lead to where the tablespaces were put now.
fn link_tablespaces(mile: &LastMile<'_>, data: &Path) -> Result<()> {
    for (root, target) in &mile.layout.roots {
        let Some(oid) = roots::tablespace_of(root) else { continue };
        let link = data.join(roots::LINKS).join(oid.to_string());
        let make = || {
            symlink(target, &link)?;
            give_to_owner(&link, data, |path, uid, gid| lchown(path, Some(uid), Some(gid)))
        };
        make().map_err(|error| Error::io(format!("link {}", link.display()), error))?;
    }
    Ok(())
}

fn write(data: &Path, name: &str, bytes: &[u8], point: Point) -> Result<()> {
    let path = data.join(name);
    let write = || {
        durable::replace_file(&path, bytes, FILE_MODE, point)?;
        give_to_owner(&path, data, |path, uid, gid| chown(path, Some(uid), Some(gid)))
    };
    write().map_err(|error| Error::io(format!("write {}", path.display()), error))
}

/// A server reads only what belongs to it: what root writes is given to the directory's owner.
fn give_to_owner(
    path: &Path,
    data: &Path,
    give: impl FnOnce(&Path, u32, u32) -> io::Result<()>,
) -> io::Result<()> {
    if Users::effective_uid() != 0 {
        return Ok(());
    }
    let owner = fs::metadata(data)?;
    give(path, owner.uid(), owner.gid())
}

/// A file's bytes: a server's settings may be in any encoding. None where there is no file.
fn read(path: &Path) -> Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(|error| Error::io(format!("read {}", path.display()), error)),
    }
}

/// Settings of an earlier recovery go: only one target is allowed, or the server does not start.
/// All others are the administrator's, and stay.
fn without_recovery_settings(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let name = setting_name(line);
        let is_ours = name == b"restore_command"
            || name.starts_with(b"recovery_target")
            || line.trim_ascii_end() == HEADER.as_bytes();
        if !is_ours {
            kept.extend_from_slice(line);
        }
    }
    if kept.last().is_some_and(|&last| last != b'\n') {
        kept.push(b'\n');
    }
    kept
}

/// The name that a line of a configuration file sets, in lower case.
fn setting_name(line: &[u8]) -> Vec<u8> {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let name: Vec<u8> = line.trim_ascii_start().iter().take_while(is_name).copied().collect();
    name.to_ascii_lowercase()
}

/// The administrator's own file is not changed; but a target in it keeps the server from starting.
fn warn_of_other_targets(text: &[u8]) {
    let targets = ["", "_name", "_time", "_xid", "_lsn"].map(|end| format!("recovery_target{end}"));
    for line in text.split(|&byte| byte == b'\n') {
        let name = setting_name(line);
        if let Some(name) = targets.iter().find(|target| target.as_bytes() == name) {
            tracing::warn!(
                "postgresql.conf sets {name}: remove it there before the server is started"
            );
        }
    }
}

const HEADER: &str = "# Recovery settings, written by seawall restore.";

fn settings(mile: &LastMile<'_>) -> Result<String> {
    let plan = mile.plan;
    let mut pairs = vec![("restore_command", restore_command(&mile.fetch))];
    match &plan.target {
        RecoveryTarget::Latest => {}
        RecoveryTarget::Immediate => pairs.push(("recovery_target", "immediate".to_owned())),
        RecoveryTarget::Time(time) => pairs.push(("recovery_target_time", server_time(*time))),
        RecoveryTarget::Position(position) => {
            let lsn = u64::try_from(position.value())
                .map_err(|_| Error::new(Kind::Manifest, "the plan's LSN has more than 64 bits"))?;
            pairs.push(("recovery_target_lsn", Lsn(lsn).to_string()));
        }
        RecoveryTarget::Transaction(number) => {
            pairs.push(("recovery_target_xid", number.to_string()));
        }
        RecoveryTarget::Name(name) => pairs.push(("recovery_target_name", name.clone())),
    }
    if plan.target != RecoveryTarget::Latest {
        pairs.push(("recovery_target_inclusive", plan.inclusive.to_string()));
        pairs.push(("recovery_target_action", plan.action.to_string()));
    }
    let timeline = plan.settings.get("timeline").cloned();
    let timeline =
        timeline.ok_or_else(|| Error::new(Kind::Manifest, "the plan has no timeline"))?;
    pairs.push(("recovery_target_timeline", timeline));
    if !mile.keep_archiving {
        // A clone that archived into the original's log would spoil both.
        pairs.push(("archive_mode", "off".to_owned()));
    }
    let mut text = format!("{HEADER}\n");
    for (name, value) in pairs {
        text.push_str(&format!("{name} = '{}'\n", quote_setting(&value)));
    }
    Ok(text)
}

/// As the server prints times: it does not take a `T`, nor a `Z`, in this setting.
fn server_time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string()
}

/// The command that recovery runs for each piece of log. `%f` and `%p` are the server's.
fn restore_command(fetch: &[String]) -> String {
    let words: Vec<String> = fetch.iter().map(|word| shell_word(word).replace('%', "%%")).collect();
    format!("{} %f \"%p\"", words.join(" "))
}

/// A word that a shell takes as it is.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=:,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The inside of a quoted value in a configuration file, where backslashes and quotes mean more.
fn quote_setting(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\'', "''").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_of_a_recovery_go() {
        assert_eq!(without_recovery_settings(b"a = '\xe9'"), b"a = '\xe9'\n");
        let old = "# Do not edit this file manually!\nwork_mem = '8MB'\n\
                   recovery_target_time = '2026-01-01'\nRESTORE_COMMAND='cp x'\n\
                   restore_commandx = 'y'\n# Recovery settings, written by seawall restore.\n";
        assert_eq!(
            without_recovery_settings(old.as_bytes()),
            b"# Do not edit this file manually!\nwork_mem = '8MB'\nrestore_commandx = 'y'\n"
        );
    }

    #[test]
    fn the_command_survives_shell_and_server() {
        let words = ["/opt/sea wall/seawall", "wal", "fetch", "--repo", "/b/100%/it's"];
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let command = restore_command(&words);
        assert_eq!(
            command,
            "'/opt/sea wall/seawall' wal fetch --repo '/b/100%%/it'\\''s' %f \"%p\""
        );
        assert_eq!(quote_setting("a'b\\c"), "a''b\\\\c");
    }
}
