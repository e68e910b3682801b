//! All that is looked for; `docs/errors.md` is generated from it.

errors::rules! {
    pub(crate) static;

    CONNECTION "mariadb-connection"
        "Whether the server can be asked at all."
        "Check host, port, socket, user and password, and that the server runs."
    TOOL "mariadb-tool"
        "Whether the tool of the server's makers is installed, and of the server's own series."
        "Install mariadb-backup or XtraBackup of the same series as the server."
    GRANTS "mariadb-grants"
        "The rights that a backup needs. The tools miss some of them only when all data was copied."
        "Run the GRANT of the hint as an administrator."
    DATA_DIRECTORY "mariadb-data-directory"
        "Whether the server's files are on this host, can be read, and are those of the server that answers."
        "Run on the server's host, as root or as the owner of its files."
    BINLOG "mariadb-binlog"
        "Whether the server writes binlogs: without them only the moments of the backups can be reached."
        "Set log_bin and a server_id, and restart the server."
    REDO "mariadb-redo-capacity"
        "Room of the redo log: when it wraps while a backup runs, the backup fails at its end."
        "Raise innodb_log_file_size (innodb_redo_log_capacity), to what the server writes in a backup's time."
    LOG_ARCHIVE "mariadb-log-archive"
        "`innodb_log_archive`: mariadb-backup refuses to work with it."
        "Switch it off while backups are taken with mariadb-backup."
    TEMPORARY "mariadb-temporary-directory"
        "Whether the temporary directory can be written: the tool's option file and small texts lie there."
        "Make room there, or set TMPDIR."
}
