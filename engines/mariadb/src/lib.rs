//! MariaDB and MySQL: backups by mariadb-backup or XtraBackup, proven as they pass.
