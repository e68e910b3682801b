//! Tables of every kind of storage, with names that must be escaped in files and streams.

use fixtures::mariadb::Session;

/// A quoted name, and what follows the columns.
const KINDS: &[(&str, &str)] = &[
    ("`app`.`a b`", "ENGINE=InnoDB"),
    ("`app`.`ñ`", "ENGINE=Aria TRANSACTIONAL=1"),
    ("`app`.`aria in pages`", "ENGINE=Aria TRANSACTIONAL=0 ROW_FORMAT=PAGE"),
    ("`app`.`x/y`", "ENGINE=MyISAM"),
    ("`app`.`#p`", "ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 4"),
    ("`odd-db é`.`com.pressed`", "ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8"),
    ("`odd-db é`.`pages`", "ENGINE=InnoDB PAGE_COMPRESSED=1"),
    ("`odd-db é`.`my parts`", "ENGINE=MyISAM PARTITION BY KEY (id) PARTITIONS 2"),
];

/// What the storm makes its tables of; those that are not InnoDB's come last.
pub(super) const STORAGES: &[&str] = &[
    "ENGINE=InnoDB",
    "ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8",
    "ENGINE=InnoDB PAGE_COMPRESSED=1",
    "ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 3",
    "ENGINE=Aria",
    "ENGINE=MyISAM",
];
pub(super) const OF_INNODB: usize = 4;

/// Columns of all of them.
pub(super) const COLUMNS: &str =
    "(id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL, t TEXT, KEY by_n (n))";

/// Rows that each table begins with.
const ROWS: u32 = 500;
/// Accounts, half of them in each of two tables, and what each begins with.
pub(super) const ACCOUNTS: u32 = 100;
const BALANCE: u32 = 1000;

/// Makes and fills them.
pub(super) fn make(session: &mut Session) {
    session.rows("CREATE DATABASE app; CREATE DATABASE `odd-db é`; CREATE DATABASE storm");
    session.rows("CREATE DATABASE ledger; CREATE SEQUENCE app.numbers");
    for (name, storage) in KINDS {
        session.rows(&format!(
            "CREATE TABLE {name} {COLUMNS} {storage}; \
             INSERT INTO {name} (n, t) SELECT seq, REPEAT(MD5(seq), 20) FROM app.seq_1_to_{ROWS}"
        ));
    }
    for half in ["giving", "taking"] {
        session.rows(&format!(
            "CREATE TABLE ledger.{half} (id INT PRIMARY KEY, balance BIGINT NOT NULL); \
             INSERT INTO ledger.{half} SELECT seq, {BALANCE} FROM app.seq_1_to_{ACCOUNTS}"
        ));
    }
    session.rows("CREATE TABLE ledger.commits (writer INT, n BIGINT, PRIMARY KEY (writer, n))");
}

/// Names of the tables that writers write to.
pub(super) fn names() -> Vec<&'static str> {
    KINDS.iter().map(|(name, _)| *name).collect()
}

/// What must hold in every consistent state: nothing is lost between the accounts, and of no writer
/// a commit is missing before a later one; and that tables are whole. Where they were written to
/// `meanwhile`, those of MyISAM need not be: mariadb-backup opens their files under a lock and reads
/// them without it (`common_engine.cc`), so that now and then a header is older than its keys.
pub(super) fn check(session: &mut Session, meanwhile: bool) {
    let sum = session.text(
        "SELECT SUM(balance) FROM (SELECT balance FROM ledger.giving \
         UNION ALL SELECT balance FROM ledger.taking) AS both_halves",
    );
    assert_eq!(sum, (2 * ACCOUNTS * BALANCE).to_string(), "the accounts' sum");
    let gaps =
        session.rows("SELECT writer FROM ledger.commits GROUP BY writer HAVING COUNT(*) <> MAX(n)");
    assert!(gaps.is_empty(), "commits are missing of writers {gaps:?}");
    let names: Vec<String> = session.checksums().into_keys().collect();
    for name in names {
        let made = session.rows(&format!("SHOW CREATE TABLE {name}"));
        if meanwhile && made.iter().flatten().any(|text| text.contains("ENGINE=MyISAM")) {
            continue;
        }
        let answer = session.rows(&format!("CHECK TABLE {name} EXTENDED"));
        let is_whole = answer.last().is_some_and(|row| row.last().is_some_and(|text| text == "OK"));
        assert!(is_whole, "{answer:?}\n{made:?}");
    }
}
