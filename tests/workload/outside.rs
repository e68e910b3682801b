//! Operations that no transaction may hold. What they change of a table's rows is nothing; where
//! rows change, a transaction with its row in the oracle does that part.

use crate::databases;
use crate::driver::Driver;
use crate::inside::{indexes, partitions, rows, tables};
use crate::model::Draft;
use crate::random::Random;

type Act = fn(&mut Driver<'_>, &mut Random);

/// Name, weight, what it does.
pub(crate) const OPERATIONS: &[(&str, usize, Act)] = &[
    ("vacuum", 6, |driver, random| on_some_table(driver, random, "VACUUM")),
    ("vacuum freeze", 3, |driver, random| on_some_table(driver, random, "VACUUM (FREEZE)")),
    ("vacuum full", 4, |driver, random| on_some_table(driver, random, "VACUUM FULL")),
    ("analyze", 2, |driver, random| on_some_table(driver, random, "ANALYZE")),
    ("delete, vacuum, bulk insert", 6, truncate_by_vacuum),
    ("reindex index concurrently", 3, reindex_index),
    ("reindex table concurrently", 3, reindex_table),
    ("create index concurrently", 5, create_index),
    ("drop index concurrently", 3, drop_index),
    ("detach partition concurrently", 5, detach),
    ("checkpoint", 3, |driver, _| drop(driver.run_sql("CHECKPOINT"))),
    ("switch of the log", 3, |driver, _| drop(driver.run_sql("SELECT pg_switch_wal()"))),
    ("create tablespace", 2, databases::create_tablespace),
    ("drop tablespace", 1, databases::drop_tablespace),
    // Each of these makes hundreds of files, in every restore anew: few of them go a long way.
    ("create database, wal_log", 1, databases::create_by_log),
    ("create database, file_copy", 1, databases::create_by_copy),
    ("write into a database", 2, databases::write),
    ("rewrite catalogs of a database", 1, databases::rewrite_catalogs),
    ("database set tablespace", 1, databases::set_tablespace),
    ("drop database", 1, databases::drop_some),
];

/// Runs a statement that takes a table's name at its end.
fn on_some_table(driver: &mut Driver<'_>, random: &mut Random, statement: &str) {
    let at = some_table(driver, random);
    let name = driver.model.tables[at].name.clone();
    driver.run_sql(&format!("{statement} {name}"));
}

/// Some table; where there is none, it is made in a transaction of its own.
fn some_table(driver: &mut Driver<'_>, random: &mut Random) -> usize {
    if driver.model.tables.is_empty() {
        in_transaction(driver, random, tables::create);
    }
    random.index(driver.model.tables.len())
}

/// A transaction with its row.
pub(crate) fn in_transaction(
    driver: &mut Driver<'_>,
    random: &mut Random,
    write: impl Fn(&mut Draft<'_>),
) {
    driver.run_sql("BEGIN");
    driver.draft(random, write);
    driver.commit();
}

/// A table that a vacuum makes short, and that then grows again past its old end.
fn truncate_by_vacuum(driver: &mut Driver<'_>, random: &mut Random) {
    let at = some_table(driver, random);
    let name = driver.model.tables[at].name.clone();
    in_transaction(driver, random, |draft| {
        let count = draft.random.between(500, 1500);
        rows::insert_into(draft, at, count);
    });
    if random.chance(50) {
        driver.run_sql("CHECKPOINT");
    }
    in_transaction(driver, random, |draft| {
        draft.model.tables[at].rows = 0;
        // What is left lies on the first page.
        draft.add(format!("DELETE FROM {name} WHERE ctid >= '(1,0)'"));
    });
    driver.run_sql(&format!("VACUUM (TRUNCATE) {name}"));
    if random.chance(50) {
        driver.run_sql("CHECKPOINT");
    }
    let by_copy = random.chance(50);
    in_transaction(driver, random, |draft| {
        let count = draft.random.between(800, 2500);
        if by_copy {
            rows::copy_into(draft, at, count);
        } else {
            rows::insert_into(draft, at, count);
        }
    });
}

/// A table that has an index; both names.
fn some_index(driver: &mut Driver<'_>, random: &mut Random) -> (usize, String) {
    let at = some_table(driver, random);
    if driver.model.tables[at].indexes.is_empty() {
        in_transaction(driver, random, |draft| drop(indexes::create_on(draft, at)));
    }
    (at, driver.model.tables[at].indexes[0].name.clone())
}

fn reindex_index(driver: &mut Driver<'_>, random: &mut Random) {
    let (_, index) = some_index(driver, random);
    driver.run_sql(&format!("REINDEX INDEX CONCURRENTLY {index}"));
}

fn reindex_table(driver: &mut Driver<'_>, random: &mut Random) {
    let (at, _) = some_index(driver, random);
    let name = driver.model.tables[at].name.clone();
    driver.run_sql(&format!("REINDEX TABLE CONCURRENTLY {name}"));
}

fn create_index(driver: &mut Driver<'_>, random: &mut Random) {
    let at = some_table(driver, random);
    driver.draft(random, |draft| indexes::create_concurrently(draft, at));
}

fn drop_index(driver: &mut Driver<'_>, random: &mut Random) {
    let (at, _) = some_index(driver, random);
    driver.draft(random, |draft| indexes::drop_first(draft, at, "CONCURRENTLY "));
}

/// Between the two transactions of this one the parent does not show the partition's rows: so it
/// has none.
fn detach(driver: &mut Driver<'_>, random: &mut Random) {
    in_transaction(driver, random, |draft| {
        let number = partitions::some(draft);
        draft.add(format!("TRUNCATE p{number}"));
        // The one that is detached below.
        draft.model.attached.retain(|other| *other != number);
        draft.model.attached.push(number);
    });
    let number = *driver.model.attached.last().unwrap();
    driver.draft(random, |draft| {
        draft.add(format!("ALTER TABLE part DETACH PARTITION p{number} CONCURRENTLY"));
        partitions::moved_out(draft, number);
    });
}
