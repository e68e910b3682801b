//! The tool's command line.

use super::{Flavour, Tool};
use crate::options::split_words;
use errors::Result;
use std::ffi::OsString;
use std::path::Path;
use stream::Options;

/// Options that Seawall sets, or that would change what it relies on; those with a value of their
/// own are written with it.
const OURS: &[&str] = &[
    "backup",
    "prepare",
    "stream",
    "extra-lsndir",
    "target-dir",
    "incremental-lsn",
    "incremental-basedir",
    "incremental-dir",
    "incremental-history-name",
    "incremental-history-uuid",
    "defaults-file",
    "defaults-extra-file",
    "user",
    "password",
    "host",
    "port",
    "socket",
    "fifo-streams",
    "fifo-dir",
];

/// Those of them that have a letter.
const SHORT: &[(char, &str)] =
    &[('u', "user"), ('p', "password"), ('H', "host"), ('P', "port"), ('S', "socket")];

/// What decides the arguments of a backup.
pub(crate) struct Arguments<'a> {
    pub(crate) options: &'a Options,
    /// The option file with the connection.
    pub(crate) option_file: &'a Path,
    pub(crate) data_directory: &'a Path,
    /// Where the tool writes its small texts once more.
    pub(crate) lsn_dir: &'a Path,
    /// Where an increment begins.
    pub(crate) from: Option<u64>,
    /// Named pipes instead of standard output: the directory, and how many.
    pub(crate) fifos: Option<(&'a Path, usize)>,
}

/// All arguments of a backup.
///
/// # Errors
/// `config`: the operator's options cannot be split into words.
pub(crate) fn backup_arguments(tool: &Tool, with: &Arguments<'_>) -> Result<Vec<OsString>> {
    // Only as the first one does the tool take it.
    let mut words = vec![flag("defaults-file", with.option_file)];
    words.push("--backup".into());
    words.push("--stream=xbstream".into());
    words.push(flag("extra-lsndir", with.lsn_dir));
    words.push(flag("datadir", with.data_directory));
    if let Some(from) = with.from {
        words.push(format!("--incremental-lsn={from}").into());
    }
    if let Some((dir, count)) = with.fifos {
        words.push(format!("--fifo-streams={count}").into());
        words.push(flag("fifo-dir", dir));
    }
    // Each pipe has a thread of its own.
    let pipes = with.fifos.map_or(1, |(_, count)| count as u64);
    let threads = with.options.count("parallel").unwrap_or(1).max(pipes);
    words.push(format!("--parallel={threads}").into());
    if with.options.flag("checkpoint") && tool.flavour == Flavour::MariaDbBackup {
        words.push("--innodb-log-checkpoint-now".into());
    }
    words.extend(theirs(with.options)?.into_iter().map(OsString::from));
    Ok(words)
}

/// The operator's own options, without those that are Seawall's to set.
fn theirs(options: &Options) -> Result<Vec<String>> {
    let mut words = Vec::new();
    for option in ["tool_options", "extra_tool_options"] {
        let given = split_words(option, options.text(option).unwrap_or_default())?;
        let mut given = given.into_iter().peekable();
        while let Some(word) = given.next() {
            let Some(name) = ours(&word) else {
                words.push(word);
                continue;
            };
            tracing::info!("{option}: --{name} is passed over: Seawall sets it");
            // Its value is the next word where it has none. The tools take no words by themselves.
            let has_value = word.contains('=') || (!word.starts_with("--") && word.len() > 2);
            if !has_value {
                given.next_if(|next| !next.starts_with('-'));
            }
        }
    }
    Ok(words)
}

/// The option that a word sets, if that is Seawall's to set. A password in the arguments could be
/// read by every user of the host.
fn ours(word: &str) -> Option<&'static str> {
    let name = match word.strip_prefix("--") {
        Some(long) => long.split('=').next().unwrap_or_default().replace('_', "-"),
        None => {
            let letter = word.strip_prefix('-')?.chars().next()?;
            SHORT.iter().find(|(short, _)| *short == letter)?.1.to_owned()
        }
    };
    OURS.iter().find(|ours| **ours == name).copied()
}

/// All arguments of one step of a preparation.
pub(crate) fn prepare_arguments(
    tool: &Tool,
    base: &Path,
    increment: Option<&Path>,
    is_last: bool,
) -> Vec<OsString> {
    // The settings that matter are those of backup-my.cnf, which the tool reads itself.
    let mut words: Vec<OsString> = vec!["--no-defaults".into(), "--prepare".into()];
    if tool.flavour.keeps_log_open() && !is_last {
        words.push("--apply-log-only".into());
    }
    words.push(flag("target-dir", base));
    words.extend(increment.map(|increment| flag("incremental-dir", increment)));
    words
}

fn flag(name: &str, path: &Path) -> OsString {
    let mut word = OsString::from(format!("--{name}="));
    word.push(path);
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::OPTIONS;

    fn tool(flavour: Flavour) -> Tool {
        Tool { flavour, program: "/bin/false".into(), version: "8.0.35-31".to_owned() }
    }

    #[test]
    fn operators_add_options_but_do_not_replace_ours() {
        let mut options = Options::new(OPTIONS);
        options.set("dumpoptions", "--backup --stream=tar --user=x --databases='a b'").unwrap();
        options.set("extradumpoptions", "--galera-info").unwrap();
        let with = Arguments {
            options: &options,
            option_file: Path::new("/t/o.cnf"),
            data_directory: Path::new("/d"),
            lsn_dir: Path::new("/t/lsn"),
            from: Some(44420),
            fifos: None,
        };
        let words = backup_arguments(&tool(Flavour::MariaDbBackup), &with).unwrap();
        let words: Vec<_> = words.iter().map(|word| word.to_str().unwrap()).collect();
        assert_eq!(
            words,
            [
                "--defaults-file=/t/o.cnf",
                "--backup",
                "--stream=xbstream",
                "--extra-lsndir=/t/lsn",
                "--datadir=/d",
                "--incremental-lsn=44420",
                "--parallel=2",
                "--databases=a b",
                "--galera-info",
            ]
        );
    }

    #[test]
    fn values_of_passed_over_options_go_with_them() {
        let mut options = Options::new(OPTIONS);
        let given = "--user root -u root -uroot --host db -pgeheim --galera-info -P 3306 \
                     --password --throttle 7 --target_dir /x --databases a";
        options.set("tool_options", given).unwrap();
        let words = theirs(&options).unwrap();
        assert_eq!(words, ["--galera-info", "--throttle", "7", "--databases", "a"]);
    }

    #[test]
    fn only_xtrabackup_is_told_to_keep_the_log_open() {
        let (base, increment) = (Path::new("/b"), Some(Path::new("/i")));
        let has = |flavour, is_last| {
            let words = prepare_arguments(&tool(flavour), base, increment, is_last);
            words.contains(&OsString::from("--apply-log-only"))
        };
        assert!(has(Flavour::XtraBackup, false));
        assert!(!has(Flavour::XtraBackup, true));
        assert!(!has(Flavour::MariaDbBackup, false));
    }
}
