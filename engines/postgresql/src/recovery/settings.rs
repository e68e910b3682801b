//! What a server is told about its recovery: which settings, and in which file its major wants them.

use crate::state::State;
use chrono::{DateTime, Utc};
use errors::{Error, Kind, Result};

use formats::Lsn;
use stream::{Plan, RecoveryTarget};
use system::failpoint::{Point, SETTINGS, SIGNAL};

/// Where the server reads settings that win over all other files.
pub(super) const AUTO_CONF: &str = "postgresql.auto.conf";
/// From 12: an empty file.
const RECOVERY_SIGNAL: &str = "recovery.signal";
/// Before 12: signal and settings in one. The server reads it once and renames it.
const RECOVERY_CONF: &str = "recovery.conf";
/// The first major whose recovery settings are settings like all others.
pub(super) const SETTINGS_SINCE: u16 = 12;

const HEADER: &str = "# Recovery settings, written by seawall restore.";

/// Names and values, not yet quoted.
pub(super) type Pairs = Vec<(&'static str, String)>;

/// A small file to be written.
pub(super) struct SmallFile {
    pub(super) name: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) point: Point,
}

/// The files that make a server of this major recover, in the order in which they are written:
/// the one that makes it recover is the last.
///
/// `auto_conf` is what the restored directory brings.
pub(super) fn files(
    major: u16,
    auto_conf: &[u8],
    recovery: &Pairs,
    lasting: &Pairs,
) -> [SmallFile; 2] {
    let mut automatic = without_recovery_settings(auto_conf);
    let (signal, told) = if major < SETTINGS_SINCE {
        (RECOVERY_CONF, format!("{HEADER}\n{}", print(recovery)))
    } else {
        automatic.extend_from_slice(format!("{HEADER}\n{}", print(recovery)).as_bytes());
        (RECOVERY_SIGNAL, String::new())
    };
    automatic.extend_from_slice(print(lasting).as_bytes());
    [
        SmallFile { name: AUTO_CONF, bytes: automatic, point: SETTINGS },
        SmallFile { name: signal, bytes: told.into_bytes(), point: SIGNAL },
    ]
}

/// Where recovery gets its log, where it ends, and what then.
///
/// # Errors
/// `manifest`: the plan is not one of this engine.
pub(super) fn recovery(plan: &Plan, fetch: &[String]) -> Result<Pairs> {
    let mut pairs = vec![("restore_command", restore_command(fetch))];
    match &plan.target {
        RecoveryTarget::Latest => {}
        RecoveryTarget::Immediate => pairs.push(("recovery_target", "immediate".to_owned())),
        RecoveryTarget::Time(time) => pairs.push(("recovery_target_time", server_time(*time))),
        RecoveryTarget::Position(position) => {
            let lsn = u64::try_from(position.value())
                .map_err(|_| Error::new(Kind::Manifest, "the plan's LSN has more than 64 bits"))?;
            pairs.push(("recovery_target_lsn", Lsn(lsn).to_string()));
        }
        RecoveryTarget::Transaction(text) => pairs.push(("recovery_target_xid", text.clone())),
        RecoveryTarget::Name(name) => pairs.push(("recovery_target_name", name.clone())),
    }
    if plan.target != RecoveryTarget::Latest {
        pairs.push(("recovery_target_inclusive", plan.inclusive.to_string()));
        pairs.push(("recovery_target_action", plan.action.to_string()));
    }
    // Never left to the default: it is another one before 12.
    let timeline = plan.settings.get("timeline").cloned();
    let timeline =
        timeline.ok_or_else(|| Error::new(Kind::Manifest, "the plan has no timeline"))?;
    pairs.push(("recovery_target_timeline", timeline));
    Ok(pairs)
}

/// The recovery of a standby's backup.
///
/// Its log may end with the record that makes it consistent, and only the end of a transaction stops
/// the server there by itself: after any other record it looks for a next one, and fails. So it is
/// told which record that is. And what a standby's settings do in any recovery they must not do in
/// this one: hold commits back, remove segments from an archive, run what a failover needs.
pub(super) fn of_standby(recovery: Pairs, state: &State) -> Pairs {
    let is_immediate = |(name, _): &(&str, String)| *name == "recovery_target";
    let mut pairs = recovery;
    if let Some(lsn) = state.last_record
        && pairs.iter().any(is_immediate)
    {
        pairs.retain(|pair| !is_immediate(pair) && pair.0 != "recovery_target_inclusive");
        pairs.push(("recovery_target_lsn", lsn.to_string()));
        pairs.push(("recovery_target_inclusive", true.to_string()));
    }
    if state.major >= SETTINGS_SINCE {
        pairs.push(("recovery_min_apply_delay", "0".to_owned()));
        pairs.push(("archive_cleanup_command", String::new()));
        pairs.push(("recovery_end_command", String::new()));
    }
    pairs
}

/// What the restored server needs beyond its recovery.
pub(super) fn lasting(keep_archiving: bool, tablespaces_in_place: bool) -> Pairs {
    let mut pairs = Vec::new();
    if !keep_archiving {
        // A clone that archived into the original's log would spoil both.
        pairs.push(("archive_mode", "off".to_owned()));
    }
    if tablespaces_in_place {
        // Whichever minor made such a tablespace knows the setting: 15, and the last ones of 10 to
        // 14.
        pairs.push(("allow_in_place_tablespaces", "on".to_owned()));
    }
    pairs
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
pub(super) fn setting_name(line: &[u8]) -> Vec<u8> {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let name: Vec<u8> = line.trim_ascii_start().iter().take_while(is_name).copied().collect();
    name.to_ascii_lowercase()
}

fn print(pairs: &Pairs) -> String {
    pairs.iter().map(|(name, value)| format!("{name} = '{}'\n", quote(value))).collect()
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
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=:,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The inside of a quoted value in a configuration file, where backslashes and quotes mean more.
fn quote(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\'', "''").replace('\n', "\\n")
}

#[cfg(test)]
mod tests;
