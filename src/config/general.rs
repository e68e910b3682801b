//! The options that every engine shares: the one definition of each.

use stream::{OptionKind, OptionSpec};

const fn option(
    name: &'static str,
    kind: OptionKind,
    default: Option<&'static str>,
    text: &'static str,
) -> OptionSpec {
    OptionSpec { default, ..OptionSpec::new(name, kind, text) }
}

/// All of them.
pub(crate) const GENERAL: &[OptionSpec] = &[
    option(
        "repo",
        OptionKind::Text,
        None,
        "The repository: a path, or a name of the configuration.",
    ),
    option(
        "workers",
        OptionKind::Count,
        None,
        "Threads that read, compress and write; as many as processors by default.",
    ),
    OptionSpec {
        range: Some((1, 19)),
        ..option("compression_level", OptionKind::Count, Some("3"), "zstd's level.")
    },
    OptionSpec {
        range: Some((128 << 20, 4 << 30)),
        ..option(
            "volume_size",
            OptionKind::Bytes,
            Some("1GiB"),
            "Stored bytes after which a volume ends.",
        )
    },
    option(
        "state_dir",
        OptionKind::Path,
        None,
        "Where this host keeps what a file daemon's next job needs; below the daemon's working \
         directory by default.",
    ),
    option(
        "allow_inline_secrets",
        OptionKind::Flag,
        Some("true"),
        "Accept passwords in the plugin lines of file daemons, with a warning.",
    ),
    option(
        "max_backup_age",
        OptionKind::Seconds,
        None,
        "Age of the newest backup from which `check` warns: 26h, 8d.",
    ),
];
