//! The options of this engine: the one definition of each. Names that the Bareos plugins for
//! mariabackup and percona use are aliases.

use errors::{Error, Kind, Result};
use std::path::Path;
use stream::{OptionKind, OptionSpec, Options};

/// All of them.
pub(crate) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        aliases: &["db_host"],
        ..OptionSpec::new("host", OptionKind::Text, "Host name or address; the socket by default.")
    },
    OptionSpec {
        aliases: &["db_port"],
        native_env: Some("MYSQL_TCP_PORT"),
        ..OptionSpec::new("port", OptionKind::Count, "Port; 3306 by default.")
    },
    OptionSpec {
        native_env: Some("MYSQL_UNIX_PORT"),
        ..OptionSpec::new(
            "socket",
            OptionKind::Path,
            "The server's socket; used where no host but localhost is named.",
        )
    },
    OptionSpec {
        aliases: &["db_user"],
        ..OptionSpec::new(
            "user",
            OptionKind::Text,
            "Database user; the user of this process by default.",
        )
    },
    OptionSpec {
        aliases: &["db_password"],
        native_env: Some("MYSQL_PWD"),
        ..OptionSpec::new("password", OptionKind::Secret, "Password; better in a file.")
    },
    OptionSpec::new("password_file", OptionKind::Path, "A file whose first line is the password."),
    OptionSpec {
        aliases: &["mycnf"],
        ..OptionSpec::new(
            "defaults_file",
            OptionKind::Path,
            "An option file of the server's own tools: its client groups say where the server is.",
        )
    },
    OptionSpec {
        default: Some("auto"),
        ..OptionSpec::new(
            "flavour",
            OptionKind::Choice(&["auto", "mariadb-backup", "xtrabackup"]),
            "The tool: by default that of the server's makers.",
        )
    },
    OptionSpec {
        aliases: &["dumpbinary"],
        ..OptionSpec::new(
            "tool",
            OptionKind::Text,
            "The tool's program, where it is not in the PATH.",
        )
    },
    OptionSpec {
        aliases: &["dumpoptions"],
        ..OptionSpec::new(
            "tool_options",
            OptionKind::Text,
            "Options for the tool instead of none; those that Seawall sets itself are passed over.",
        )
    },
    OptionSpec {
        aliases: &["extradumpoptions"],
        ..OptionSpec::new("extra_tool_options", OptionKind::Text, "More options for the tool.")
    },
    OptionSpec {
        aliases: &["log"],
        ..OptionSpec::new(
            "tool_log",
            OptionKind::Text,
            "A file (absolute) to which the tool's messages go as well; `false` for none.",
        )
    },
    OptionSpec {
        aliases: &["restorecommand"],
        unused: Some("Seawall unpacks by itself"),
        ..OptionSpec::new(
            "restore_command",
            OptionKind::Text,
            "Accepted for configurations of Bareos; Seawall unpacks by itself.",
        )
    },
    OptionSpec {
        aliases: &["mysqlcmd"],
        unused: Some("Seawall speaks to the server by itself"),
        ..OptionSpec::new(
            "sql_command",
            OptionKind::Text,
            "Accepted for configurations of Bareos; Seawall speaks to the server by itself.",
        )
    },
    OptionSpec {
        aliases: &["strictIncremental"],
        default: Some("false"),
        ..OptionSpec::new(
            "strict_incremental",
            OptionKind::Flag,
            "An incremental writes nothing when InnoDB's log has not moved. Changes of Aria and \
             MyISAM tables alone are not seen then.",
        )
    },
    OptionSpec {
        default: Some("full"),
        ..OptionSpec::new(
            "without_parent",
            OptionKind::Choice(&["full", "fail"]),
            "What an incremental becomes where no backup can be its parent.",
        )
    },
    OptionSpec {
        default: Some("2"),
        ..OptionSpec::new("parallel", OptionKind::Count, "Threads of the tool that copy.")
    },
    OptionSpec {
        default: Some("10m"),
        ..OptionSpec::new(
            "lock_timeout_secs",
            OptionKind::Seconds,
            "Longest wait of the tool for the server's locks.",
        )
    },
    OptionSpec {
        default: Some("false"),
        ..OptionSpec::new(
            "checkpoint",
            OptionKind::Flag,
            "Let InnoDB make a checkpoint first, so that increments stay small; needs SUPER.",
        )
    },
    OptionSpec {
        default: Some("true"),
        ..OptionSpec::new(
            "fifo_streams",
            OptionKind::Flag,
            "Take several streams at once, where the tool can (XtraBackup from 8.0.33).",
        )
    },
    OptionSpec {
        default: Some("30"),
        ..OptionSpec::new(
            "cancel_grace_secs",
            OptionKind::Seconds,
            "How long a cancelled tool may take to end before it is killed.",
        )
    },
    OptionSpec {
        aliases: &["connect_timeout"],
        default: Some("10"),
        ..OptionSpec::new(
            "connect_timeout_secs",
            OptionKind::Seconds,
            "Longest wait for a connection.",
        )
    },
    OptionSpec::new(
        "data_directory",
        OptionKind::Path,
        "The data directory as this host sees it, where that differs from what the server says.",
    ),
    OptionSpec::new(
        "encryption_key_file",
        OptionKind::Path,
        "The key of members that XtraBackup encrypted; for restores, and for backups that are read.",
    ),
];

/// Splits words as a shell would, but runs none: what would need one is refused.
///
/// # Errors
/// `config`: a quote that does not end, or a character that only a shell understands.
pub(crate) fn split_words(option: &str, text: &str) -> Result<Vec<String>> {
    let bad = |why: &str| {
        Error::new(Kind::Config, format!("{option}: {why}"))
            .hint("It is no shell that reads it: write words, and quotes where a word has blanks.")
    };
    let (mut words, mut word, mut quote, mut has_word) = (Vec::new(), String::new(), None, false);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            (_, Some(end)) if letter == end => quote = None,
            ('\\', None | Some('"')) => {
                word.push(letters.next().ok_or_else(|| bad("it ends with a backslash"))?);
                has_word = true;
            }
            (_, Some(_)) => word.push(letter),
            ('"' | '\'', None) => (quote, has_word) = (Some(letter), true),
            ('|' | '<' | '>' | ';' | '&' | '`' | '$' | '\n', None) => {
                return Err(bad(&format!("{letter:?} has no meaning here")));
            }
            (' ' | '\t', None) => {
                if std::mem::take(&mut has_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            (_, None) => {
                word.push(letter);
                has_word = true;
            }
        }
    }
    if quote.is_some() {
        return Err(bad("a quote does not end"));
    }
    if has_word {
        words.push(word);
    }
    Ok(words)
}

/// The file for the tool's messages. Bareos says `false` for none, and a relative path there begins
/// in its own directory.
///
/// # Errors
/// `config`: it is neither.
pub(crate) fn tool_log(options: &Options) -> Result<Option<&Path>> {
    match options.text("tool_log") {
        None => Ok(None),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(None),
        Some(text) if text.starts_with('/') => Ok(Some(Path::new(text))),
        Some(text) => {
            let told =
                format!("option tool_log is {text:?}, but must be an absolute path or false");
            Err(Error::new(Kind::Config, told)
                .hint("What Bareos would write to is /var/log/bareos/ and this name."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_and_shells_refused() {
        let split = |text| split_words("tool_options", text);
        assert_eq!(
            split(r#"--a=1  '--b=x y' --c="d \"e" f\ g '' "#).unwrap(),
            ["--a=1", "--b=x y", "--c=d \"e", "f g", ""]
        );
        assert!(split("").unwrap().is_empty());
        for bad in ["a | b", "a > b", "a; b", "`a`", "$A", "'a", "a\\"] {
            assert_eq!(split(bad).unwrap_err().kind(), Kind::Config, "{bad:?}");
        }
    }

    /// Every option of Bareos's plugins for mariabackup and percona, with a value that it has there.
    #[test]
    fn options_of_the_bareos_plugins_are_known() {
        let mut options = Options::new(OPTIONS);
        for (name, value) in [
            ("dumpbinary", "mariadb-backup"),
            ("dumpoptions", " --backup --stream=xbstream"),
            ("extradumpoptions", "--parallel=2"),
            ("restorecommand", "mbstream -x -C "),
            ("mycnf", "/root/.my.cnf"),
            ("mysqlcmd", "mariadb --raw"),
            ("strictIncremental", "True"),
            ("log", "false"),
        ] {
            options.set(name, value).unwrap();
        }
        assert!(options.flag("strict_incremental"));
        assert_eq!(options.unused().count(), 2);
        assert_eq!(tool_log(&options).unwrap(), None);
        options.set("log", "/var/log/x").unwrap();
        assert_eq!(tool_log(&options).unwrap(), Some(Path::new("/var/log/x")));
        options.set("log", "x.log").unwrap();
        assert_eq!(tool_log(&options).unwrap_err().kind(), Kind::Config);
    }
}
